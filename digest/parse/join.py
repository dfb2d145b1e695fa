"""The pages of one listing → the listing, complete or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from digest.errors import ListingIncompleteError, PageRefusedError
from digest.model import Entry, Section, Source
from digest.parse.page import Page

_Date = date  # in a class with a field of this name


@dataclass(frozen=True)
class Listing:
    """A whole listing, as its pages prove it. ``date`` is None where no page bears one.

    ``next_day`` is the next date with a mailing, where a catchup page links to it.
    """

    source: Source
    date: date | None
    category: str
    declared: Mapping[Section, int]
    entries: tuple[Entry, ...]
    next_day: _Date | None = None


def join_pages(pages: Sequence[Page], category: str) -> Listing:
    """Put the pages of one listing of ``category`` together, in whatever order they come.

    Raises:
        PageRefusedError: they contradict one another, or are of another category.
        ListingIncompleteError: they agree, but entries are missing.
    """
    first = pages[0]
    _agree("date", [page.date for page in pages])
    _agree("total", [page.total for page in pages])
    _agree("kind of page", [page.source for page in pages])
    next_days = [page.next_day for page in pages if page.next_day]  # whether each page has the link is not known
    _agree("next day", next_days)
    declared = _declared(pages)
    entries = _union(pages)
    _prove_category(pages, entries, category)
    _prove_whole(pages, declared, entries)
    return Listing(first.source, first.date, category, declared, entries, next(iter(next_days), None))


def _agree(what: str, values: Sequence[object]) -> None:
    if len(set(values)) > 1:
        found = ", ".join(sorted(map(str, set(values))))
        raise PageRefusedError(f"expected pages of one listing with one {what}, found {found}")


def _declared(pages: Sequence[Page]) -> dict[Section, int]:
    declared: dict[Section, int] = {}
    for section in Section:
        counts = [page.declared[section] for page in pages if section in page.declared]
        _agree(f"number of {section} entries", counts)
        if counts:
            declared[section] = counts[0]
    return declared


def _union(pages: Sequence[Page]) -> tuple[Entry, ...]:
    by_position: dict[int, Entry] = {}
    for entry in (entry for page in pages for entry in page.entries):
        if by_position.setdefault(entry.position, entry) != entry:
            raise PageRefusedError(f"expected one item {entry.position}, found two that differ")
    entries = tuple(by_position[position] for position in sorted(by_position))
    ids = {entry.paper.arxiv_id for entry in entries}
    if len(ids) != len(entries):
        raise PageRefusedError(f"expected {len(entries)} different ids, found {len(ids)}")
    return entries


def _prove_category(pages: Sequence[Page], entries: Sequence[Entry], category: str) -> None:
    named = {page.category for page in pages if page.category}
    if named - {category}:
        raise PageRefusedError(f"expected a listing of {category}, found one of {', '.join(sorted(named))}")
    strangers = [entry for entry in entries if not belongs(entry, category)]
    if strangers:
        example = strangers[0].paper
        raise PageRefusedError(
            f"expected a listing of {category}, found {example.arxiv_id} in {', '.join(example.categories)} only"
        )


def belongs(entry: Entry, category: str) -> bool:
    """Whether a paper is in ``category``; an archive such as ``astro-ph`` holds all its categories."""
    return any(name == category or name.startswith(f"{category}.") for name in entry.paper.categories)


def _prove_whole(pages: Sequence[Page], declared: Mapping[Section, int], entries: Sequence[Entry]) -> None:
    total = pages[0].total
    found = {section: sum(entry.section is section for entry in entries) for section in declared}
    short = [f"{section} {found[section]} of {declared[section]}" for section in found]
    # Where a section is not known at all, it may be the one that a lagging replica has nothing of.
    is_settled = len(declared) == len(Section) or len(entries) == total or any(page.partial for page in pages)
    if sum(declared.values()) != total and is_settled:
        raise PageRefusedError(f"expected sections that add up to {total} entries, found {', '.join(short)}")
    if len(entries) < total:
        raise ListingIncompleteError(f"expected {total} entries, found {len(entries)} ({', '.join(short)})")
    if [entry.position for entry in entries] != list(range(1, total + 1)):
        raise PageRefusedError(f"expected items 1 to {total}, found other numbers")
    if found != dict(declared):
        raise PageRefusedError(f"expected whole sections, found {', '.join(short)}")
