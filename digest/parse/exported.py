"""digest's own exports (json, jsonl, csv) → the entries of each day in them.

An export does not tell what arXiv counted, and may hold a part of a day: what runs on from its first position without a
gap is taken for a day, anything else is refused. Texts come from the HTML in JSON; CSV has none, so that line breaks
inside abstracts are not in it.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from digest.calendar import parse_listing_date
from digest.errors import UNREADABLE, PageRefusedError, quoted
from digest.model import CATEGORY, ArxivId, Basis, Dating, Entry, Link, Paper, Section, Source, State
from digest.parse.document import MOST_ENTRIES, collapse, require_at_most, require_utf8
from digest.parse.links import find_links
from digest.parse.markup import with_anchors

Row = Mapping[str, Any]
"""A record of an export."""

JSON_START, CSV_START = (b'[\n{"date": "', b'{"date": "'), b"date,category,section,position,source,state,id,"
"""How exports begin."""

_POSITION = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Exported:
    """What an export has of one day: the ``entries`` with the ``rows`` that they stand in, and their line numbers.

    ``state`` and ``source`` are what the archive knew that exported it.
    """

    category: str
    date: date
    state: State
    source: Source
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]
    lines: tuple[int, ...]


def parse_export(body: bytes) -> list[Exported]:
    """Parse the bytes of an export as JSON, JSON Lines or CSV; return its days in their order.

    Raises:
        PageRefusedError: it is cut or damaged, or does not hold whole days; the line is named.
    """
    require_utf8(body)
    is_csv = body.startswith(CSV_START)
    read, entry_of = (_csv_rows, _from_csv) if is_csv else (_json_rows, _from_json)
    days: dict[tuple[str, date, State, Source], list[tuple[int, Row, Entry]]] = {}
    seen: set[tuple[str, date, ArxivId]] = set()
    number, key, before = 1, None, None
    try:
        for number, row in read(body.decode()):
            if "reasons" in row:
                raise ValueError("expected an export of whole days, found one of a view")
            before, key = key, _key(row)
            if key in days and key != before:
                raise ValueError("expected each day in one piece, found it again")
            entry = entry_of(row)
            _prove_place(days.setdefault(key, []), entry)
            if (*key[:2], entry.paper.arxiv_id) in seen:
                raise ValueError(f"expected each paper once, found {entry.paper.arxiv_id} again")
            seen.add((*key[:2], entry.paper.arxiv_id))
            days[key].append((number, row, entry))
    except csv.Error as error:
        raise PageRefusedError(f"line {number}: expected CSV, found {error}") from error
    except UNREADABLE as error:
        words = str(error) if str(error).startswith("expected") else f"expected a record of an export, found {error!r}"
        raise PageRefusedError(f"line {number}: {words}") from error
    if not days:
        raise PageRefusedError("expected an export of some days, found an empty one")
    found = []
    for (category, when, state, source), members in days.items():
        lines, rows, entries = zip(*members, strict=True)
        found.append(Exported(category, when, state, source, entries, rows, lines))
    return found


def _json_rows(text: str) -> Iterator[tuple[int, Row]]:
    """Yield each record, which stands on a line of its own, with the number of the line."""
    lines = text.removesuffix("\n").replace("\r\n", "\n").split("\n")
    is_array = lines[0] == "["
    if is_array and lines.pop() != "]":
        raise PageRefusedError("expected the array to end with ']', found it cut")
    if not text.endswith("\n"):
        raise PageRefusedError(f"line {len(lines)}: expected it to end with a line end, found it cut")
    for number, line in enumerate(lines, 1):
        if is_array and number == 1:
            continue
        is_last = number == len(lines)
        if is_array and line.endswith(",") is is_last:
            raise PageRefusedError(f"line {number}: expected one record a line with commas between them, found another")
        row = json.loads(line.removesuffix(",") if is_array else line)
        json.dumps(row, ensure_ascii=False).encode()  # half a character is in no file
        yield number, row


def _csv_rows(text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader((f"{line}\n" for line in text.removesuffix("\n").split("\n")), strict=True)
    number = 2
    for row in reader:
        if None in row or None in row.values():
            raise PageRefusedError(f"line {number}: expected as many fields as the header has, found others")
        yield number, row
        number = reader.line_num + 1
    if not text.endswith("\n"):
        raise PageRefusedError(f"line {number}: expected it to end with a line end, found it cut")


def _key(row: Row) -> tuple[str, date, State, Source]:
    if not CATEGORY.fullmatch(row["category"]):
        raise ValueError(f"expected a category, found {quoted(row['category'])}")
    return row["category"], parse_listing_date(row["date"]), State(row["state"]), Source(row["source"])


def _prove_place(before: list[tuple[int, Row, Entry]], entry: Entry) -> None:
    """See that an entry comes next after those before it, in a section that may."""
    require_at_most("entries of a day", len(before), 10 * MOST_ENTRIES)
    if entry.position != len(before) + 1:
        expected = f"position {len(before) + 1}, as in an export of whole days"
        raise ValueError(f"expected {expected}, found {entry.position}")
    sections = list(Section)
    if before and sections.index(entry.section) < sections.index(before[-1][2].section):
        raise ValueError(f"expected the sections in arXiv's order, found {entry.section} after {before[-1][2].section}")


def _from_json(row: Row) -> Entry:
    links = tuple(Link(one["url"], one["kind"], one["found_in"]) for one in row["links"])
    if type(row["position"]) is not int:
        raise TypeError(f"expected a position, found {quoted(row['position'])}")
    texts = Paper(ArxivId.parse(row["id"]), row["title"], (), "", (), row["abstract_html"], row["comments_html"])
    return _entry(row, replace(texts, links=links), (row["authors"], row["categories"]), row.get("dating"))


def _from_csv(row: Row) -> Entry:
    """Return the entry of a row of texts; what is empty is none."""
    abstract, comments = (with_anchors(row[name]) or None for name in ("abstract", "comments"))
    authors, categories = ([*filter(None, row[name].split("; "))] for name in ("authors", "categories"))
    links = find_links(abstract=abstract, comments=comments, title=row["title"])
    texts = Paper(ArxivId.parse(row["id"]), row["title"], (), "", (), abstract, comments, links=links)
    return _entry(row, texts, (authors, categories), row if row.get("basis") else None)


def _entry(row: Row, texts: Paper, lists: tuple[list[str], list[str]], dating: Row | None) -> Entry:
    """Return the entry of a row, whose ``texts``, authors and categories were read; ``dating``: where it is told."""
    authors, categories = lists
    paper = replace(texts, authors=tuple(authors), categories=tuple(categories), journal_ref=row["journal_ref"] or None)
    paper = replace(paper, primary_category=row["primary"] or "")
    if not paper.title or collapse(paper.title) != paper.title:
        raise ValueError(f"expected a title on one line, found {quoted(paper.title)}")
    if not _POSITION.fullmatch(str(row["position"])):
        raise ValueError(f"expected a position, found {quoted(row['position'])}")
    return Entry(Section(row["section"]), int(row["position"]), paper, None if dating is None else _dating(dating))


def _dating(row: Row) -> Dating:
    """Return how a reconstructed announcement was dated."""
    earliest, latest = parse_listing_date(row["earliest"]), parse_listing_date(row["latest"])
    version = row["text_version"]
    return Dating(Basis(row["basis"]), earliest, latest, None if version in (None, "") else int(version))
