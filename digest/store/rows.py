"""What rows hold: the values that go into them and come out of them, whatever reads or writes them. Pure."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol

from digest.errors import DamageError, StoreError
from digest.model import (
    CATEGORY,
    ArxivId,
    Basis,
    Dating,
    Day,
    DaySummary,
    Entry,
    FileRow,
    Link,
    PageRef,
    Paper,
    RawPage,
    RawText,
    Section,
    Source,
    State,
)
from digest.store.places import places_of
from digest.store.plain import plain_texts

Row = dict[str, Any]
"""What a row of a table holds, by the names of its columns."""

Values = Sequence[Any]
"""What a row holds, in the order of the columns that were asked for."""

RevisionKey = tuple[str, str, str]
"""What makes a revision the same: the paper, the hash of its text, the hash of its other fields."""

_as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call


# In


def day_row(day: Day, counts: Mapping[Section, int], content_hash: str, *, has_files: bool = True) -> Row:
    """Return the row of a day that has so many entries, without its number."""
    return {
        "category": day.category,
        "date": day.date,
        "state": day.state.value,
        "source": day.source.value,
        "declared": {section.value: count for section, count in day.declared.items()},
        "stored": {section.value: count for section, count in counts.items()},
        "pages": [[page.url, page.sha256] for page in day.pages],
        "parser_version": day.parser_version,
        "link_rules": day.link_rules,
        "content_hash": content_hash,
        "has_files": has_files,
    }


def entry_rows(day: Day, day_id: int, numbers: Sequence[int]) -> list[Row]:
    """Return the rows of the entries of a day, of whose papers the revisions have these ``numbers``."""
    return [
        {
            "day_id": day_id,
            "position": entry.position,
            "arxiv_id": str(entry.paper.arxiv_id),
            "section": entry.section.value,
            "revision_id": number,
            **_dating_row(entry.dating),
        }
        for number, entry in zip(numbers, day.entries, strict=True)
    ]


def _dating_row(dating: Dating | None) -> Row:
    if dating is None:
        return dict.fromkeys(DATING)
    return dict(zip(DATING, (dating.basis.value, dating.earliest, dating.latest, dating.text_version), strict=True))


def key_of(paper: Paper) -> RevisionKey:
    """Return the key of a paper's revision."""
    links = [(link.url, link.kind, link.found_in) for link in paper.links]
    fields = (paper.authors, paper.comments, paper.journal_ref, paper.primary_category, paper.categories, links)
    # Only where there is one: revisions that were stored before there was a raw text keep their hashes.
    raw = [] if paper.raw is None else [asdict(paper.raw)]
    return str(paper.arxiv_id), _hash(paper.title, paper.abstract), _hash(*fields, *raw)


def _hash(*values: Any) -> str:
    return hashlib.sha256(_as_json(values).encode()).hexdigest()


def revision_row(number: int, paper: Paper, key: RevisionKey | None = None) -> Row:
    """Return the row of a paper as one listing showed it, without its place; ``key``, if it is known."""
    arxiv_id, text_hash, fields_hash = key or key_of(paper)
    return {
        "id": number,
        "arxiv_id": arxiv_id,
        "text_hash": text_hash,
        "fields_hash": fields_hash,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "comments": paper.comments,
        "journal_ref": paper.journal_ref,
        "primary_category": paper.primary_category,
        "categories": list(paper.categories),
        "raw": None if paper.raw is None else asdict(paper.raw),
        **plain_texts(paper.authors, paper.abstract, paper.comments),
    }


def link_rows(papers: Mapping[int, Paper]) -> list[Row]:
    """Return the rows of the links of papers, by the number of their revision's row."""
    return [
        {"revision_id": number, "ordinal": i, "url": link.url, "kind": link.kind, "found_in": link.found_in}
        for number, paper in papers.items()
        for i, link in enumerate(paper.links)
    ]


def page_row(page: RawPage, path: str) -> Row:
    """Return the row of a kept page, without its number."""
    return {
        "url": page.url,
        "status": page.status,
        "fetched_at": page.fetched_at,
        "headers": page.headers,
        "sha256": page.sha256,
        "path": path,
    }


def file_rows(rows: Iterable[FileRow]) -> list[Row]:
    """Return the rows of files, the last one of each path."""
    return list({row.path: row._asdict() for row in rows}.values())


class Access(Protocol):
    """How rows are stored and read, in a transaction of whoever calls; JSON and dates are read as texts."""

    def day_row(self, category: str, when: date) -> Values | None:
        """Return the values of ``DAY`` of a stored day, or None."""

    def entry_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``ENTRY`` of each entry of a day, by position, and after them those of ``PAPER``."""

    def link_rows(self, day_id: int) -> Sequence[Values]:
        """Return the values of ``LINK`` of the papers of a day, in the order of the links of each."""

    def paper_rows(self, ids: Sequence[str]) -> Iterable[Values]:
        """Return the values of ``PAPER`` of all announced revisions of these papers, those of each by date."""

    def known_revisions(self, ids: Sequence[str]) -> dict[RevisionKey, tuple[int, int | None]]:
        """Return the number and the place of all revisions of these papers, by their keys."""

    def exclude_writers(self) -> None:
        """Let nobody else store days until the transaction ends; to be called before anything is read in it."""

    def new_numbers(self, count: int) -> Sequence[int]:
        """Return numbers for so many new revisions, greater than all that there are."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; there may be none."""

    def insert_day(self, row: Row) -> int:
        """Add the row of a day; return its number."""

    def delete_day(self, category: str, when: date) -> set[int]:
        """Remove a day with its entries, if it is there; return the numbers of the revisions that it showed."""

    def least_place(self, places: range) -> int | None:
        """Return the least of these places that is taken, or None."""

    def announced(self, numbers: Sequence[int]) -> Sequence[tuple[int, int | None, date | None]]:
        """Return the number of each of these revisions, its place, and the first date on which a day shows it."""

    def move(self, number: int, place: int | None) -> None:
        """Give a revision another place, or none, and take it out of the full-text index."""

    def index(self, places: range) -> None:
        """Add the revisions in these places to the full-text index; none of them is in it."""


def write_day(access: Access, day: Day, content_hash: str, *, has_files: bool = True) -> None:
    """Store ``day`` in place of what is stored of its date; revisions are only ever added."""
    access.exclude_writers()
    former = access.delete_day(day.category, day.date)
    numbers = _number_revisions(access, day.date, [entry.paper for entry in day.entries])
    day_id = access.insert_day(day_row(day, day.counts, content_hash, has_files=has_files))
    access.insert("entry", entry_rows(day, day_id, numbers))
    _displace(access, former.difference(numbers))


def forget_day(access: Access, category: str, when: date) -> None:
    """Remove a day with its entries, if it is there; its revisions stay."""
    access.exclude_writers()
    _displace(access, access.delete_day(category, when))


def _number_revisions(access: Access, when: date, papers: Sequence[Paper]) -> list[int]:
    """Return the row of each paper's revision; those not known yet are added in the order given.

    Those that no earlier day shows get the next places of this one.
    """
    keys = [key_of(paper) for paper in papers]
    known = access.known_revisions([key[0] for key in keys])
    lacking = dict.fromkeys(key for key in keys if key not in known)
    numbers = dict(zip(lacking, access.new_numbers(len(lacking)), strict=True))
    # Nobody else stores days meanwhile, so places can be given out here.
    places, after = _free_places(access, when), places_of(when).stop
    given: list[int] = []
    added: dict[int, Paper] = {}
    rows = []
    for key, paper in zip(keys, papers, strict=True):
        row, place = known.get(key, (0, None))
        if place is not None and place < after:
            continue
        given.append(next(places))
        if row:
            access.move(row, given[-1])
        else:
            row = numbers[key]
            added[row] = paper
            rows.append(revision_row(row, paper, key) | {"place": given[-1]})
        known[key] = row, given[-1]
    access.insert("revision", rows)
    access.insert("link", link_rows(added))
    if given:
        access.index(range(given[-1], given[0] + 1))
    return [known[key][0] for key in keys]


def _free_places(access: Access, when: date) -> Iterator[int]:
    """Yield the places of a date that come after all that are taken.

    Raises:
        StoreError: there are no more.
    """
    places = places_of(when)
    taken = access.least_place(places)
    yield from range((places.stop if taken is None else taken) - 1, places.start - 1, -1)
    raise StoreError(f"{when}: expected up to {len(places)} different texts of papers on one date, found more")


def _displace(access: Access, numbers: Collection[int]) -> None:
    """Give revisions that a day showed, and shows no more, the places of what is their first announcement now."""
    for number, place, first in sorted(access.announced([*numbers]), key=lambda row: row[1] or 0):
        if first is None:
            access.move(number, None)
        elif place not in places_of(first):
            new = next(_free_places(access, first))
            access.move(number, new)
            access.index(range(new, new + 1))


# Out; SQLite lets anything stand in any column, so that the kind of each value is looked at

SUMMARY = ("category", "date", "state", "source", "declared", "stored", "content_hash")
"""The columns that a summary is made of."""

_SECTIONS = {section.value: section for section in Section}
_STATES = {state.value: state for state in State}
_SOURCES = {source.value: source for source in Source}
_USUAL = re.compile("{" + ", ".join(rf'"{section}": (?:0|[1-9][0-9]{{0,8}})' for section in Section) + "}")
"""How the numbers of entries of all sections are written."""


def summaries_of(rows: Sequence[Sequence[Any]]) -> list[DaySummary]:
    """Return what rows of ``SUMMARY`` say, whose date and numbers are texts.

    There are thousands of days, and few of whose numbers anybody asks for.
    """
    numbers = {text: _numbers(text) for text in {*map(itemgetter(4), rows), *map(itemgetter(5), rows)}}
    for text in {row[5] for row in rows}:
        found = numbers[text]
        if not isinstance(found, _Numbers) and len(found) < len(Section):  # all of them, or it is damage
            raise ValueError(f"{text} is not the number of entries of each section")
    for category in {row[0] for row in rows}:
        if not CATEGORY.fullmatch(category):  # paths are made of it
            raise ValueError(f"{category!r} is no category")
    when = date.fromisoformat
    return [
        DaySummary._make((name, when(day), _STATES[state], _SOURCES[source], numbers[one], numbers[other], content))
        for name, day, state, source, one, other, content in rows
    ]


def _numbers(text: str) -> Mapping[Section, int]:
    """Return the numbers of entries by section that a text holds; of the usual one they are read when asked for."""
    return _Numbers(text) if _USUAL.fullmatch(text) else counts(json.loads(text))


class _Numbers(Mapping[Section, int]):
    """The numbers of entries of all sections, read when they are asked for."""

    __slots__ = ("_found", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: Mapping[Section, int] | None = None

    def _read(self) -> Mapping[Section, int]:
        if self._found is None:
            self._found = counts(json.loads(self._text))
        return self._found

    def __getitem__(self, section: Section) -> int:
        return self._read()[section]

    def __iter__(self) -> Iterator[Section]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(Section)


DAY = (*SUMMARY, "id", "pages", "parser_version", "link_rules")
"""The columns that a day is made of."""

DATING = ("basis", "earliest", "latest", "text_version")
"""The columns of an entry that a dating is made of."""

ENTRY = ("section", "position", *DATING)
"""The columns that an entry is made of, its paper aside."""

PAPER = (
    *("id", "arxiv_id", "title", "authors", "primary_category", "categories", "abstract", "comments", "journal_ref"),
    "raw",
)
"""The columns of a revision that a paper is made of: the hashes are asked for only to find one."""

_OF_PAPER = len(ENTRY)

LINK = ("revision_id", "url", "kind", "found_in")
"""The columns that a link is made of."""

AS_TEXT = frozenset({"date", "declared", "stored", "pages", "authors", "categories", "raw", "earliest", "latest"})
"""The columns of JSON and dates."""


def read_day(access: Access, category: str, when: date) -> Day | None:
    """Return a stored day with its entries, or None.

    Raises:
        DamageError: its entries were not stored yet.
    """
    row = access.day_row(category, when)
    if row is None:
        return None
    _, _, state, source, declared, stored, content_hash, number, pages, parser, link_rules = row
    require(int, parser, link_rules)
    pages = tuple(PageRef(url, sha256) for url, sha256 in json.loads(pages))
    require(str, *(text for page in pages for text in (page.url, page.sha256)))
    links = links_of(access.link_rows(number))
    rows = access.entry_rows(number)
    require(int, *map(itemgetter(1), rows))
    papers = papers_of([row[_OF_PAPER:] for row in rows], links)
    entries = tuple(
        Entry(_SECTIONS[row[0]], row[1], paper, row[2] and dating_of(row[2:_OF_PAPER]))
        for row, paper in zip(rows, papers, strict=True)
    )
    if not entries and not content_hash and any(json.loads(stored).values()):  # never to be taken for an empty day
        raise DamageError(f"{category} {when}: expected its entries, found the header of its record alone")
    declared = counts(json.loads(declared))
    return Day(category, when, _STATES[state], _SOURCES[source], declared, entries, pages, parser, link_rules)


def read_papers(access: Access, ids: Sequence[str]) -> dict[str, Paper]:
    """Return those of these papers that are stored, as they were first announced with an abstract, by their ids.

    An id is in the form that every paper has once. Their links are left out.
    """
    papers = papers_of([*access.paper_rows(ids)], {})
    return {paper.arxiv_id.without_class: paper for paper in reversed(papers)}


def dating_of(row: Values) -> Dating | None:
    """Return what the values of ``DATING`` say, whose dates are texts."""
    basis, earliest, latest, version = row
    if basis is None:
        return None
    require(int, *([] if version is None else [version]))
    return Dating(Basis(basis), date.fromisoformat(earliest), date.fromisoformat(latest), version)


def links_of(rows: Iterable[Values]) -> defaultdict[int, list[Link]]:
    """Return the links that rows of ``LINK`` hold, by the number of the revision's row, in the order given."""
    links: defaultdict[int, list[Link]] = defaultdict(list)
    for number, *parts in rows:
        links[number].append(Link(*parts))
    return links


def paper_of(row: Values, links: Sequence[Link]) -> Paper:
    """Return the paper that a row of ``PAPER`` holds; raises as ``papers_of`` does."""
    return papers_of([row], {row[0]: links})[0]


def papers_of(rows: Sequence[Values], links: Mapping[int, Sequence[Link]]) -> list[Paper]:
    """Return the papers that rows of ``PAPER`` hold, whose links stand in ``links`` by the number of the row.

    Raises:
        TypeError: a text is none, which only SQLite stores.
        ValueError: JSON is damaged.
    """
    if not rows:
        return []
    numbers, ids, titles, names, primaries, subjects, abstracts, comments, journals, raws = zip(*rows, strict=True)
    # Each kind of value at once: a call for each takes longer than making the papers.
    authors, categories = _lists(names), _lists(subjects)
    require(str, *titles, *primaries, *filter(None, (*abstracts, *comments, *journals)))
    require(str, *chain.from_iterable((*authors, *categories)))
    require(str, *(part for its in links.values() for link in its for part in (link.url, link.kind, link.found_in)))
    own_links = (tuple(links.get(number, ())) for number in numbers)
    raw_texts = (None if raw is None else _raw_text(json.loads(raw)) for raw in raws)
    values = zip(
        map(ArxivId.parse, ids),
        *(titles, map(tuple, authors), primaries, map(tuple, categories), abstracts, comments, journals),
        *(own_links, raw_texts),
        strict=True,
    )
    return [Paper(*fields) for fields in values]


def _lists(texts: Sequence[str]) -> list[list[Any]]:
    """Return the lists that texts of JSON are, one of each."""
    found: list[list[Any]] = json.loads(f"[{','.join(texts)}]")
    require(list, *found)
    if len(found) != len(texts):
        raise ValueError(f"expected {len(texts)} lists, found {len(found)}")
    return found


def _raw_text(fields: dict[str, Any] | None) -> RawText | None:
    return None if fields is None else RawText(**{**fields, "authors": tuple(fields["authors"])})


def counts(stored: Mapping[str, int]) -> dict[Section, int]:
    """Return how many entries each section has, as they are stored."""
    require(int, *stored.values())
    return {Section(name): count for name, count in stored.items()}


def require(kind: type, *values: object) -> None:
    """Refuse values that are not of ``kind``."""
    if others := {*map(type, values)} - {kind}:  # True and False are integers to isinstance
        raise TypeError(f"expected {kind.__name__}, found {', '.join(sorted(other.__name__ for other in others))}")
