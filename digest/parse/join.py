"""The pages of one listing → the listing, complete or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from digest.errors import ListingIncompleteError, PageRefusedError, shortened
from digest.model import Entry, Section, Source
from digest.parse.page import Page

_Date = date  # in a class with a field of this name


@dataclass(frozen=True)
class Listing:
    """A listing, as its pages prove it. ``date`` is None where no page bears one.

    ``next_day`` is the next date with a mailing, where a catchup page links to it. ``shortage`` says what is wrong if
    arXiv counts more entries than its pages list: its replica lags, or the listing is short for good, for it counts
    papers that it does not list (browse/services/database/listings.py of arXiv/arxiv-browse: two queries).
    """

    source: Source
    date: date | None
    category: str
    declared: Mapping[Section, int]
    entries: tuple[Entry, ...]
    next_day: _Date | None = None
    shortage: ListingIncompleteError | PageRefusedError | None = None


def join_pages(pages: Sequence[Page], category: str) -> Listing:
    """Put the pages of one listing of ``category`` together, in whatever order they come.

    Raises:
        PageRefusedError: they contradict one another, or are of another category.
        ListingIncompleteError: they agree, but pages are missing.
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
    shortage = _prove_whole(pages, declared, entries)
    return Listing(first.source, first.date, category, declared, entries, next(iter(next_days), None), shortage)


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
        found = f"{example.arxiv_id} in {shortened(', '.join(example.categories))} only"
        raise PageRefusedError(f"expected a listing of {category}, found {found}")


def belongs(entry: Entry, category: str) -> bool:
    """Whether a paper is in ``category``; an archive such as ``astro-ph`` holds all its categories."""
    return any(name == category or name.startswith(f"{category}.") for name in entry.paper.categories)


def _prove_whole(
    pages: Sequence[Page], declared: Mapping[Section, int], entries: Sequence[Entry]
) -> ListingIncompleteError | PageRefusedError | None:
    """Prove that the listing is whole; return what it lacks, if all its pages are here and nothing else is wrong."""
    total = pages[0].total
    found = {section: sum(entry.section is section for entry in entries) for section in declared}
    short = ", ".join(f"{section} {found[section]} of {declared[section]}" for section in found)
    shortage = _lacking(pages, total, len(entries), short)
    # Where a section is not known at all, it may be the one that a lagging replica has nothing of.
    is_settled = len(declared) == len(Section) or len(entries) == total or any(page.partial for page in pages)
    if sum(declared.values()) != total and is_settled:
        words = f"expected sections that add up to {total} entries, found {short}"
        raise shortage if isinstance(shortage, PageRefusedError) else PageRefusedError(words)
    is_past_end = bool(entries) and not all(page.entries for page in pages)
    is_cut = max(pages, key=_last_position).is_cut and not is_past_end
    is_to_its_end = not is_cut and sum(declared.values()) == total
    if shortage is not None and not (is_to_its_end and (entries or pages[0].source is Source.CATCHUP)):
        raise shortage
    if any(found[section] > declared[section] for section in found):
        raise PageRefusedError(f"expected no more entries than declared, found {short}")
    if [entry.position for entry in entries] != list(range(1, len(entries) + 1)):
        raise shortage or PageRefusedError(f"expected items 1 to {total}, found other numbers")
    if shortage is None and found != dict(declared):
        raise PageRefusedError(f"expected whole sections, found {short}")
    return shortage


def _last_position(page: Page) -> int:
    return page.entries[-1].position if page.entries else 0


def _lacking(
    pages: Sequence[Page], total: int, found: int, short: str
) -> ListingIncompleteError | PageRefusedError | None:
    for page in pages:
        if page.lost:
            return PageRefusedError(page.lost)
    if found >= total:
        return None
    if not found and pages[0].source is Source.LISTING:
        return PageRefusedError(f"expected {total} entries, found 'No updates': a page past the listing's end")
    if not found:
        return ListingIncompleteError(f"expected {total} entries, found 'No updates' (arXiv is lagging)")
    return ListingIncompleteError(f"expected {total} entries, found {found} ({short})")
