"""A day record → the day, whole or refused (docs/RECORDS.md)."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.errors import DamageError, FormatTooNewError, quoted
from digest.model import (
    CATEGORY,
    RECORD_FORMAT,
    ArxivId,
    Day,
    Entry,
    Link,
    PageRef,
    Paper,
    RawText,
    Section,
    Source,
    State,
)

_MOST = 2**31
"""What every database takes for a number."""

_LINE_BREAK = re.compile(r"[\t-\r\x1c-\x1f]")
_ANCHOR = r'<a(?: (?:class|data-arxiv-id|data-doi|rel)="[^"<>]*")*(?: href="(?i:https?)://[^"<>]*")(?: rel="[^"<>]*")?>'
_MARKUP = re.compile(rf"(?:[^<\r\n]++|<br>|{_ANCHOR}(?:[^<\r\n]++|<br>)*+</a>)*+")
_ADDRESS = re.compile(r"https?://[^\x00-\x20]+", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLACES = ("abstract", "comments")


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What the first line of a record says of its day: enough to know whether it needs further proof."""

    category: str
    date: date
    state: State
    source: Source


def parse_header(line: bytes) -> RecordHeader:
    """Read the first line of a record, and prove no more than that it is one.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut or damaged.
    """
    if not line.endswith(b"\n"):
        raise DamageError("expected a header line that ends with a line end, found it cut")
    try:
        header = json.loads(line)
        _require_known_format(header)
        category, when = _category(header["category"]), date.fromisoformat(header["date"])
        return RecordHeader(category, when, State(header["state"]), Source(header["source"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamageError(f"expected a day record, found it damaged ({type(error).__name__}: {error})") from error


def parse_record(data: bytes) -> Day:
    """Read the record of a day.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut, or does not hold what its header says.
    """
    # Only "\n" ends a line: a text may hold other characters that Python calls line ends.
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise DamageError("expected a record that ends with a line end, found it cut")
    try:
        rows = [json.loads(line) for line in lines]
        return _day(rows)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        where = "".join(f"in line {note}: " for note in getattr(error, "__notes__", ()))
        raise DamageError(
            f"expected a day record, found it damaged ({where}{type(error).__name__}: {error})"
        ) from error


def _entries(rows: Iterable[Any]) -> Iterator[Entry]:
    for number, row in enumerate(rows, 2):
        try:
            yield _entry(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            error.add_note(str(number))
            raise


def _day(rows: list[Any]) -> Day:
    header = rows[0]
    _require_known_format(header)
    day = Day(
        category=_category(header["category"]),
        date=date.fromisoformat(header["date"]),
        state=State(header["state"]),
        source=Source(header["source"]),
        declared={Section(name): _number(count) for name, count in header["declared"].items()},
        entries=tuple(_entries(rows[1:])),
        pages=tuple(PageRef(_text(page["url"]), _like(_SHA256, page["sha256"])) for page in header["pages"]),
        parser_version=_number(header["parser"]),
        link_rules=_number(header.get("link_rules", 1)),
    )
    stored = {section.value: count for section, count in day.counts.items()}
    if stored != header["stored"]:
        raise DamageError(f"expected {header['stored']} entries as its header says, found {stored}")
    if day.source is not Source.FEED and any(day.counts[one] > day.declared.get(one, 0) for one in Section):
        raise DamageError(f"expected no more entries than declared ({header['declared']}), found {stored}")
    positions = [entry.position for entry in day.entries]
    if positions != sorted({*positions} - {0}) or len({entry.paper.arxiv_id for entry in day.entries}) < len(positions):
        raise DamageError("expected rising positions and different ids, found a repetition or another order")
    return day


def _require_known_format(header: dict[str, Any]) -> None:
    if _number(header["format"]) > RECORD_FORMAT:
        found = header["format"]
        raise FormatTooNewError(f"expected record format 1 to {RECORD_FORMAT}, found {found}; upgrade digest")
    if header["format"] == 0:
        raise ValueError("expected record format 1 or higher, found 0")


def _entry(row: dict[str, Any]) -> Entry:
    paper = Paper(
        arxiv_id=ArxivId.parse(row["id"]),
        title=_line(row["title"]),
        authors=tuple(map(_line, row["authors"])),
        primary_category=_category(row["primary"]),
        categories=tuple(map(_category, row["categories"])),
        abstract=_markup(row["abstract"]),
        comments=_markup(row["comments"]),
        journal_ref=None if row["journal_ref"] is None else _line(row["journal_ref"]),
        links=tuple(map(_link, row["links"])),
        raw=_raw(row["raw"]) if "raw" in row else None,
    )
    if paper.categories[:1] != (paper.primary_category,):
        raise ValueError(f"expected {paper.primary_category} first, found {paper.categories}")
    return Entry(Section(row["section"]), _number(row["position"]), paper)


def _raw(row: dict[str, Any]) -> RawText:
    return RawText(
        title=_text(row["title"]),
        authors=tuple(map(_text, row["authors"])),
        abstract=_text_or_none(row["abstract"]),
        comments=_text_or_none(row["comments"]),
    )


def _link(row: dict[str, Any]) -> Link:
    link = Link(_like(_ADDRESS, row["url"]), _line(row["kind"]), _text(row["found_in"]))
    if link.found_in not in _PLACES:
        raise ValueError(f"expected a link of {' or '.join(_PLACES)}, found {quoted(link.found_in)}")
    return link


def _line(value: object) -> str:
    """Return a text that stands on one line of a digest: a line break in it could begin a heading."""
    text = _text(value)
    if not text or _LINE_BREAK.search(text):
        raise ValueError(f"expected a text on one line, found {quoted(text)}")
    return text


def _markup(value: object) -> str | None:
    """Return one line of HTML with ``a`` (http, https) and ``br`` only, which a digest holds as it is; or None."""
    return None if value is None else _like(_MARKUP, value)


def _like(pattern: re.Pattern[str], value: object) -> str:
    text = _text(value)
    if not pattern.fullmatch(text):
        raise ValueError(f"expected what docs/RECORDS.md allows, found {quoted(text)}")
    return text


def _category(value: object) -> str:
    if not CATEGORY.fullmatch(_text(value)):
        raise ValueError(f"expected a category, found {quoted(value)}")
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {quoted(value)}")
    value.encode()  # JSON can spell half a character, which no file can hold
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise TypeError(f"expected a number from 0 to {_MOST - 1}, found {quoted(value)}")
    return value
