"""A day record → the day, whole or refused (docs/RECORDS.md)."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
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
from digest.terms import parse_listing_date

_MOST = 2**31
"""What every database takes for a number."""

_LINE_BREAK = re.compile(r"[\t-\r\x1c-\x1f]")
_ANCHOR = r'<a(?: (?:class|data-arxiv-id|data-doi|rel)="[^"<>]*")*(?: href="(?i:https?)://[^"<>]*")(?: rel="[^"<>]*")?>'
_MARKUP = re.compile(rf"(?:[^<]++|<br>|{_ANCHOR}(?:[^<]++|<br>)*+</a>)*+")
_WEB = re.compile(r"https?://.+", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[^\x00-\x20]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLACES = ("abstract", "comments")

_CHECKED_SINCE = 3
"""The parser since which texts are held to docs/RECORDS.md. What an older one wrote is taken, and told."""

Tell = Callable[[str], object]


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
        category, when = _category(header["category"]), parse_listing_date(header["date"])
        return RecordHeader(category, when, State(header["state"]), Source(header["source"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamageError(f"expected a day record, found it damaged ({type(error).__name__}: {error})") from error


def parse_record(data: bytes, tell: Tell = lambda _words: None) -> Day:
    """Read the record of a day; ``tell`` hears, with its line, what an older version wrote against today's rules.

    Such a text stays as it is, and what renders it makes it harmless. Markup that no version wrote is damage in any.

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
        return _day(rows, tell)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        where = "".join(f"in line {note}: " for note in getattr(error, "__notes__", ()))
        raise DamageError(
            f"expected a day record, found it damaged ({where}{type(error).__name__}: {error})"
        ) from error


def _entries(rows: Iterable[Any], tell: Tell, *, is_older: bool) -> Iterator[Entry]:
    for number, row in enumerate(rows, 2):
        try:
            entry, breaches = _checked_entry(row, is_older=is_older)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            error.add_note(str(number))
            raise
        for breach in breaches:
            tell(f"line {number}: {breach}")
        yield entry


def _checked_entry(row: Any, *, is_older: bool) -> tuple[Entry, list[str]]:
    """Return an entry, and what in it breaks the rules; only an older version may have written that."""
    entry = _entry(row)
    breaches = list(_breaches(entry.paper))
    if breaches and not is_older:
        raise ValueError(breaches[0])
    return entry, breaches


def _breaches(paper: Paper) -> Iterator[str]:
    """Yield what breaks the rules of docs/RECORDS.md: a line break in a text could begin a heading in a digest."""
    lines = [paper.title, *paper.authors, *(link.kind for link in paper.links)]
    lines += [text for text in (paper.journal_ref,) if text is not None]
    yield from (_otherwise("a text on one line", text) for text in lines if not text or _LINE_BREAK.search(text))
    marked = [text for text in (paper.abstract, paper.comments) if text is not None]
    yield from (_otherwise("one line of HTML", text) for text in marked if "\n" in text or "\r" in text)
    for link in paper.links:
        if not _ADDRESS.fullmatch(link.url):
            yield _otherwise("an address without blanks", link.url)
        if link.found_in not in _PLACES:
            yield _otherwise(f"a link of {' or '.join(_PLACES)}", link.found_in)
    if paper.categories[:1] != (paper.primary_category,):
        yield f"expected {paper.primary_category} first, found {paper.categories}"


def _otherwise(expected: str, found: str) -> str:
    return f"expected {expected}, found {quoted(found)}"


def _day(rows: list[Any], tell: Tell) -> Day:
    header = rows[0]
    _require_known_format(header)
    parser = _number(header["parser"])
    day = Day(
        category=_category(header["category"]),
        date=parse_listing_date(header["date"]),
        state=State(header["state"]),
        source=Source(header["source"]),
        declared={Section(name): _number(count) for name, count in header["declared"].items()},
        entries=tuple(_entries(rows[1:], tell, is_older=parser < _CHECKED_SINCE)),
        pages=tuple(PageRef(_text(page["url"]), _like(_SHA256, page["sha256"])) for page in header["pages"]),
        parser_version=parser,
        link_rules=_number(header.get("link_rules", 1)),
    )
    stored = {section.value: count for section, count in day.counts.items()}
    if stored != header["stored"]:
        raise DamageError(f"expected {header['stored']} entries as its header says, found {stored}")
    if day.state is State.EMPTY and day.entries:
        raise DamageError(f"expected no entries of a day that is empty, found {len(day.entries)}")
    if day.source is not Source.FEED and any(day.counts[one] > day.declared.get(one, 0) for one in Section):
        breach = f"expected no more entries than declared ({header['declared']}), found {stored}"
        if parser >= _CHECKED_SINCE:
            raise DamageError(breach)
        tell(f"line 1: {breach}")
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
        title=_text(row["title"]),
        authors=tuple(map(_text, row["authors"])),
        primary_category=_category(row["primary"]),
        categories=tuple(map(_category, row["categories"])),
        abstract=_markup(row["abstract"]),
        comments=_markup(row["comments"]),
        journal_ref=_text_or_none(row["journal_ref"]),
        links=tuple(map(_link, row["links"])),
        raw=_raw(row["raw"]) if "raw" in row else None,
    )
    return Entry(Section(row["section"]), _number(row["position"]), paper)


def _raw(row: dict[str, Any]) -> RawText:
    return RawText(
        title=_text(row["title"]),
        authors=tuple(map(_text, row["authors"])),
        abstract=_text_or_none(row["abstract"]),
        comments=_text_or_none(row["comments"]),
    )


def _link(row: dict[str, Any]) -> Link:
    return Link(_like(_WEB, row["url"]), _text(row["kind"]), _text(row["found_in"]))


def _markup(value: object) -> str | None:
    """Return HTML with ``a`` (http, https) and ``br`` only, which a digest holds as it is; or None."""
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
