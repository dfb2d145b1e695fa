"""A day record → the day, whole or refused (docs/RECORDS.md)."""

import json
from datetime import date
from typing import Any

from digest.errors import DamageError
from digest.model import ArxivId, Day, Entry, Link, PageRef, Paper, Section, Source, State

_FORMAT = 1


def parse_record(data: bytes) -> Day:
    """Read the record of a day.

    Raises:
        DamageError: it is of a newer format, cut, or does not hold what its header says.
    """
    # Only "\n" ends a line: a text may hold other characters that Python calls line ends.
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise DamageError("expected a record that ends with a line end, found it cut")
    try:
        rows = [json.loads(line) for line in lines]
        return _day(rows)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise DamageError(f"expected a day record, found it damaged ({type(error).__name__}: {error})") from error


def _day(rows: list[Any]) -> Day:
    header = rows[0]
    if header["format"] != _FORMAT:
        raise DamageError(f"expected record format {_FORMAT}, found {header['format']!r}; upgrade digest")
    day = Day(
        category=header["category"],
        date=date.fromisoformat(header["date"]),
        state=State(header["state"]),
        source=Source(header["source"]),
        declared={Section(name): int(count) for name, count in header["declared"].items()},
        entries=tuple(_entry(row) for row in rows[1:]),
        pages=tuple(PageRef(page["url"], page["sha256"]) for page in header["pages"]),
        parser_version=int(header["parser"]),
    )
    stored = {section.value: count for section, count in day.counts.items()}
    if stored != header["stored"]:
        raise DamageError(f"expected {header['stored']} entries as its header says, found {stored}")
    ids = {entry.paper.arxiv_id for entry in day.entries}
    if len(ids) != len(day.entries) or len({entry.position for entry in day.entries}) != len(day.entries):
        raise DamageError("expected different ids and positions, found a repetition")
    return day


def _entry(row: dict[str, Any]) -> Entry:
    paper = Paper(
        arxiv_id=ArxivId.parse(row["id"]),
        title=row["title"],
        authors=tuple(row["authors"]),
        primary_category=row["primary"],
        categories=tuple(row["categories"]),
        abstract=row["abstract"],
        comments=row["comments"],
        journal_ref=row["journal_ref"],
        links=tuple(Link(link["url"], link["kind"], link["found_in"]) for link in row["links"]),
    )
    return Entry(Section(row["section"]), row["position"], paper)
