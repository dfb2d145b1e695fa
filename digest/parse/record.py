"""A day record → the day, whole or refused (docs/RECORDS.md)."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.errors import DamageError, FormatTooNewError
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


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What the first line of a record says of its day: enough to know whether it needs further proof."""

    category: str
    date: date
    state: State


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
        return RecordHeader(_category(header["category"]), date.fromisoformat(header["date"]), State(header["state"]))
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
        raise DamageError(f"expected a day record, found it damaged ({type(error).__name__}: {error})") from error


def _day(rows: list[Any]) -> Day:
    header = rows[0]
    _require_known_format(header)
    day = Day(
        category=_category(header["category"]),
        date=date.fromisoformat(header["date"]),
        state=State(header["state"]),
        source=Source(header["source"]),
        declared={Section(name): _number(count) for name, count in header["declared"].items()},
        entries=tuple(_entry(row) for row in rows[1:]),
        pages=tuple(PageRef(_text(page["url"]), _text(page["sha256"])) for page in header["pages"]),
        parser_version=_number(header["parser"]),
        link_rules=_number(header.get("link_rules", 1)),
    )
    stored = {section.value: count for section, count in day.counts.items()}
    if stored != header["stored"]:
        raise DamageError(f"expected {header['stored']} entries as its header says, found {stored}")
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
        abstract=_text_or_none(row["abstract"]),
        comments=_text_or_none(row["comments"]),
        journal_ref=_text_or_none(row["journal_ref"]),
        links=tuple(Link(*(_text(link[key]) for key in ("url", "kind", "found_in"))) for link in row["links"]),
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


def _category(value: object) -> str:
    if not CATEGORY.fullmatch(_text(value)):
        raise ValueError(f"expected a category, found {value!r}")
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {value!r}")
    value.encode()  # JSON can spell half a character, which no file can hold
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise TypeError(f"expected a number from 0 to {_MOST - 1}, found {value!r}")
    return value
