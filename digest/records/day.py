"""The record of a day: deterministic, lossless text, a header line and a line an entry."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from digest.calendar import parse_listing_date
from digest.errors import UNREADABLE, DamageError, FormatTooNewError, quoted
from digest.model import (
    ArxivId,
    Basis,
    Dating,
    Day,
    DayHeader,
    Entry,
    Link,
    PageRef,
    Paper,
    RawText,
    Section,
    Source,
    State,
)
from digest.records.values import category, from_json, text, to_json

FORMAT = 5
"""The newest version of the format."""

_SHORT, _WITHOUT_COUNTS, _DATED = 3, 4, 5
"""The formats of a day with less entries than arXiv declared, of one of which nothing tells what arXiv declared, and of
one that is reconstructed: its entries tell how they were dated."""

_PATH = re.compile(r"[^/]+/[0-9]{4}/[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")

# What every database takes for a number: PostgreSQL's integers have 32 bits.
_MOST = 2**31

_LINE_BREAK = re.compile(r"[\t-\r\x1c-\x1f]")
# What parse/markup.py makes: the attributes and their order. Possessive ("++"), so that no text takes long to refuse.
_ANCHOR = r'<a(?: (?:class|data-arxiv-id|data-doi|rel)="[^"<>]*")*(?: href="(?i:https?)://[^"<>]*")(?: rel="[^"<>]*")?>'
_MARKUP = re.compile(rf"(?:[^<]++|<br>|{_ANCHOR}(?:[^<]++|<br>)*+</a>)*+")
_WEB = re.compile(r"https?://.+", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[^\x00-\x20]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLACES = ("abstract", "comments")

_UNPROVEN = (State.PROVISIONAL, State.IMPORTED, State.RECONSTRUCTED)
"""The states of days of which nothing may be counted."""

_CHECKED_SINCE = 3
"""The parser since which texts are held to docs/RECORDS.md. What an older one wrote is taken, and told."""

CR_LF = (
    "expected lines that end with LF, found CR LF: git changed them; put `* -text` into .gitattributes and check the "
    "file out again"
)

Tell = Callable[[str], object]


def record_path(category: str, day: date) -> str:
    """Return where a day's record lies in the folder of records."""
    text = day.isoformat()
    return f"{category}/{text[:4]}/{text}.jsonl"


def record_key(path: str) -> tuple[str, date] | None:
    """Return the category and date of the day whose record lies at ``path``; None if no day's can."""
    name, _, file = path.split("/")
    try:
        return name, date.fromisoformat(file.removesuffix(".jsonl"))
    except ValueError:
        return None


def is_record_path(path: str) -> bool:
    """Whether ``path`` looks like that of a record; anything else in the folder is somebody's own."""
    return _PATH.fullmatch(path) is not None


# --- written --------------------------------------------------------------------------------------


def render_record(day: Day) -> bytes:
    """Return the record of ``day`` in UTF-8.

    It is of the oldest format that can hold the day, so that an upgrade changes no older record.
    """
    if any(entry.dating is not None for entry in day.entries):
        number = _DATED
    elif _is_uncounted(day, day.counts):
        number = _WITHOUT_COUNTS
    elif day.shortage:
        number = _SHORT
    else:
        has_raw = any(entry.paper.raw is not None for entry in day.entries)
        number = 1 if day.link_rules == 1 and not has_raw else 2
    header = _header_row(day, day.counts, number)
    return "".join(f"{to_json(line)}\n" for line in (header, *map(_entry_row, day.entries))).encode()


def proven_record(day: Day) -> bytes:
    """Return the record of a day of which it is proven that it gives the day back.

    Raises:
        DamageError: it does not: a text of the day is none that a record may hold.
    """
    try:
        record = render_record(day)
    except UnicodeEncodeError as error:
        raise DamageError("expected text, found half a character") from error
    if parse_record(record) != day:
        raise DamageError("expected a day that its record gives back, found another")
    return record


def _is_uncounted(day: Day, counts: Mapping[Section, int]) -> bool:
    """Whether it is a day of which nothing tells what arXiv counted: imported from a digest, a feed or an export."""
    return day.source is Source.IMPORT and not day.declared and any(counts.values())


def _header_row(day: Day, counts: Mapping[Section, int], number: int) -> dict[str, Any]:
    """Return the header of a record of the format ``number``."""
    header: dict[str, Any] = {
        "format": number,
        "category": day.category,
        "date": day.date.isoformat(),
        "state": day.state.value,
        "source": day.source.value,
        "declared": {section.value: count for section, count in day.declared.items()},
        "stored": {section.value: count for section, count in counts.items()},
        "pages": [{"url": page.url, "sha256": page.sha256} for page in day.pages],
        "parser": day.parser_version,
    }
    if number > 1:
        header["link_rules"] = day.link_rules
    return header


def _entry_row(entry: Entry) -> dict[str, Any]:
    paper, raw = entry.paper, entry.paper.raw
    row: dict[str, Any] = {
        "position": entry.position,
        "section": entry.section.value,
        "id": str(paper.arxiv_id),
        "title": paper.title,
        "authors": paper.authors,
        "primary": paper.primary_category or None,
        "categories": paper.categories,
        "abstract": paper.abstract,
        "comments": paper.comments,
        "journal_ref": paper.journal_ref,
        "links": [{"url": link.url, "kind": link.kind, "found_in": link.found_in} for link in paper.links],
    }
    if raw is not None:
        row["raw"] = {"title": raw.title, "authors": raw.authors, "abstract": raw.abstract, "comments": raw.comments}
    if entry.dating is not None:
        row["dating"] = entry.dating.data
    return row


# --- read -----------------------------------------------------------------------------------------


def parse_header(line: bytes) -> DayHeader:
    """Read the first line of a record, which tells all but the entries.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut, damaged or not as digest writes it.
    """
    if not line.endswith(b"\n"):
        raise DamageError("expected a header line that ends with a line end, found it cut")
    try:
        header = from_json(line)
        day, number = _day_without_entries(header), header["format"]
        counts = {section: _number(header["stored"][section.value]) for section in Section}
    except UNREADABLE as error:
        raise DamageError(f"expected a day record, found it damaged ({type(error).__name__}: {error})") from error
    _require_possible(day, counts, lambda _words: None)
    is_short = sum(day.declared.values()) > sum(counts.values())
    is_of_format = (number == _WITHOUT_COUNTS) is _is_uncounted(day, counts) and (number == _SHORT) is is_short
    if not (is_of_format or number == _DATED) or f"{to_json(_header_row(day, counts, number))}\n".encode() != line:
        raise DamageError(CR_LF if line.endswith(b"\r\n") else "expected the header of a record as digest writes it")
    return DayHeader(day, counts)


def parse_record(data: bytes, tell: Tell = lambda _words: None) -> Day:
    """Read the record of a day; ``tell`` hears, with its line, what an older version wrote against today's rules.

    Such a text stays as it is, and what renders it makes it harmless. Markup that no version wrote is damage in any.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut, or does not hold what its header says.
    """
    lines = data.split(b"\n")  # splitlines() would break a text at other characters that Python calls line ends
    if lines.pop() != b"":
        raise DamageError("expected a record that ends with a line end, found it cut")
    number = 1  # of the line that is read; damage is named with it
    try:
        header = from_json(lines[0])
        day, stored = _day_without_entries(header), header["stored"]
        entries = []
        for number, line in enumerate(lines[1:], 2):
            entries.append(_entry(from_json(line)))
            if entries[-1].paper.has_texts_alone and header["format"] < _WITHOUT_COUNTS:
                raise ValueError("expected its categories, found none")
            for breach in _breaches(entries[-1].paper):
                if day.parser_version >= _CHECKED_SINCE:
                    raise ValueError(breach)
                tell(f"line {number}: {breach}")
    except UNREADABLE as error:
        words = f"in line {number}: {type(error).__name__}: {error}"
        raise DamageError(f"expected a day record, found it damaged ({words})") from error
    day = replace(day, entries=tuple(entries))
    _require_whole(day, stored, tell)
    return day


def _day_without_entries(header: dict[str, Any]) -> Day:
    _require_known_format(header)
    return Day(
        category=category(header["category"]),
        date=parse_listing_date(header["date"]),
        state=State(header["state"]),
        source=Source(header["source"]),
        declared={Section(name): _number(count) for name, count in header["declared"].items()},
        entries=(),
        pages=tuple(PageRef(text(page["url"]), _like(_SHA256, page["sha256"])) for page in header["pages"]),
        parser_version=_number(header["parser"]),
        link_rules=_number(header.get("link_rules", 1)),
    )


def _require_known_format(header: dict[str, Any]) -> None:
    found = _number(header["format"])
    if found > FORMAT:
        raise FormatTooNewError(f"expected record format 1 to {FORMAT}, found {found}; upgrade digest")
    if found == 0:
        raise ValueError("expected record format 1 or higher, found 0")


def _entry(row: dict[str, Any]) -> Entry:
    raw = None
    if "raw" in row:
        typed = row["raw"]
        names = tuple(map(text, typed["authors"]))
        raw = RawText(text(typed["title"]), names, _text_or_none(typed["abstract"]), _text_or_none(typed["comments"]))
    paper = Paper(
        arxiv_id=ArxivId.parse(row["id"]),
        title=text(row["title"]),
        authors=tuple(map(text, row["authors"])),
        primary_category="" if row["primary"] is None else category(row["primary"]),
        categories=tuple(map(category, row["categories"])),
        abstract=_markup_or_none(row["abstract"]),
        comments=_markup_or_none(row["comments"]),
        journal_ref=_text_or_none(row["journal_ref"]),
        links=tuple(Link(_like(_WEB, one["url"]), text(one["kind"]), text(one["found_in"])) for one in row["links"]),
        raw=raw,
    )
    dating = _dating(row["dating"]) if "dating" in row else None
    return Entry(Section(row["section"]), _number(row["position"]), paper, dating)


def _dating(row: dict[str, Any]) -> Dating:
    earliest, latest = parse_listing_date(row["earliest"]), parse_listing_date(row["latest"])
    if latest < earliest:
        raise ValueError(f"expected a range of dates, found {earliest} to {latest}")
    version = row["text_version"]
    return Dating(Basis(row["basis"]), earliest, latest, None if version is None else _number(version))


def _breaches(paper: Paper) -> Iterator[str]:
    """Yield what breaks the rules of docs/RECORDS.md: a line break in a text could begin a heading in a digest."""
    # Authors may be none (arXiv itself cannot read some lines), but none may be blank.
    lines = [paper.title, *paper.authors, *(link.kind for link in paper.links)]
    if paper.journal_ref is not None:
        lines.append(paper.journal_ref)
    for line in lines:
        if not line or _LINE_BREAK.search(line):
            yield f"expected a text on one line, found {quoted(line)}"
    for marked in (paper.abstract, paper.comments):
        if marked is not None and ("\n" in marked or "\r" in marked):
            yield f"expected one line of HTML, found {quoted(marked)}"
    for link in paper.links:
        if not _ADDRESS.fullmatch(link.url):
            yield f"expected an address without blanks, found {quoted(link.url)}"
        if link.found_in not in _PLACES:
            yield f"expected a link of {' or '.join(_PLACES)}, found {quoted(link.found_in)}"
    if (paper.categories[:1] or ("",)) != (paper.primary_category,):
        yield f"expected {paper.primary_category} first, found {paper.categories}"


def _require_whole(day: Day, stored: object, tell: Tell) -> None:
    """Refuse a day that is not what its header says, or that no listing can be."""
    found = {section.value: count for section, count in day.counts.items()}
    if found != stored:
        raise DamageError(f"expected {stored} entries as its header says, found {found}")
    _require_possible(day, day.counts, tell)
    positions = [entry.position for entry in day.entries]
    if positions != sorted({*positions} - {0}) or len({entry.paper.arxiv_id for entry in day.entries}) < len(positions):
        raise DamageError("expected rising positions and different ids, found a repetition or another order")


def _require_possible(day: Day, counts: Mapping[Section, int], tell: Tell) -> None:
    """Refuse numbers of entries that no listing can have."""
    if day.state is State.EMPTY and any(counts.values()):
        raise DamageError(f"expected no entries of a day that is empty, found {sum(counts.values())}")
    # Feeds, digests and metadata declare nothing. No page was ever accepted with more entries than it counts itself.
    is_told = day.source not in (Source.FEED, Source.OAI) and not (
        day.state in _UNPROVEN and _is_uncounted(day, counts)
    )
    if is_told and any(counts[one] > day.declared.get(one, 0) for one in Section):
        declared, found = ({section.value: count for section, count in of.items()} for of in (day.declared, counts))
        breach = f"expected no more entries than declared ({declared}), found {found}"
        if day.parser_version >= _CHECKED_SINCE:
            raise DamageError(breach)
        tell(f"line 1: {breach}")


def _markup_or_none(value: object) -> str | None:
    return None if value is None else _like(_MARKUP, value)


def _like(pattern: re.Pattern[str], value: object) -> str:
    found = text(value)
    if not pattern.fullmatch(found):
        raise ValueError(f"expected what docs/RECORDS.md allows, found {quoted(found)}")
    return found


def _text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:  # isinstance() would take true for 1
        raise TypeError(f"expected a number from 0 to {_MOST - 1}, found {quoted(value)}")
    return value
