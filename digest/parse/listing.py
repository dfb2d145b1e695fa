"""The pages of one listing → the listing, complete or refused.

Each page is proven to hold all that it says it shows; then the pages are proven to be one whole listing. Every layout
since 2014 that carries abstracts is known (today's; July 2024; 12 to 23 September 2024, which bears no date; the one
before 2024). What cannot prove itself is refused, with what was expected and what was found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from lxml import etree

from digest.errors import ListingIncompleteError, PageRefusedError, quoted, shortened
from digest.model import CATEGORY, SHOW_VALUES, Day, Entry, PageRef, RawPage, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.document import collapse, listing_root, lost_tags, only_date, parse_date, plain_text
from digest.parse.entries import Record, prove_category, prove_distinct, read_record, with_texts
from digest.parse.links import LINK_RULES
from digest.parse.markup import Lines

_Date = date  # in a class with a field of this name

_SECTIONS = {
    "New submissions": Section.NEW,
    "Cross submissions": Section.CROSS,
    "Cross-lists": Section.CROSS,
    "Replacement submissions": Section.REPLACEMENT,
    "Replacements": Section.REPLACEMENT,
}
_TITLE_DATE = re.compile(r"Showing new listings for (.+)")
_CATCHUP_DATE = re.compile(r"Catchup results for .+ on (.+)")
_HEADING = re.compile(
    rf"(?P<name>{'|'.join(_SECTIONS)})(?: for (?P<date>[^(]+?))?(?: \((?P<cut>continued, )?"
    r"showing (?P<part>first |last )?(?P<shown>[0-9]{1,9}) of (?P<all>[0-9]{1,9}) entries ?\))?"
)
_TOTAL = re.compile(r"\b[Tt]otal of ([0-9]{1,9}) entries")
_OLD_TOTAL = re.compile(r"\[ total of [0-9]{1,9} entries:")
_NO_UPDATES = re.compile(r"No updates (?:today|for [^.]+)\.")
_PAST_END = "No further updates for "  # on the page to which a catchup listing of 2000 x n entries leads at its end
_OWN_ADDRESS = re.compile(r"(?:https://arxiv\.org)?/(?:list|catchup)/([^/?#]+)/(?:new|recent|[0-9-]{10})\b.*")
_CATCHUP_ADDRESS = re.compile(r"(?:https://arxiv\.org)?/catchup/[^/?#]+/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\?.*)?")


@dataclass(frozen=True)
class Page:
    """What one page shows, and what it says of the whole listing that it belongs to.

    ``declared`` holds the entries that each section has on all pages together, ``total`` their sum by
    the page's own count. ``date`` is None where the layout bears none; ``category`` where no link of the
    page names it. ``partial`` names sections that are short although the page was not cut: a lagging
    replica, or one that is short for good. ``is_cut`` tells that a section goes on after this page; ``lost`` says
    what a section shows less than its heading says, which no lagging replica does. ``next_day`` is the next date
    with a mailing, where a catchup page links to it.
    """

    source: Source
    date: date | None
    category: str | None
    total: int
    declared: Mapping[Section, int]
    entries: tuple[Entry, ...]
    partial: tuple[Section, ...] = ()
    is_cut: bool = False
    lost: str = ""
    next_day: _Date | None = None


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


def parse_page(body: bytes) -> Page:
    """Parse the bytes of a ``/list/…/new`` or ``/catchup/…`` page.

    Raises:
        PageRefusedError: the page is cut, of an unknown layout, or contradicts itself.
    """
    try:
        root, tags = listing_root(body)
        lost = lost_tags(tags[tags.find(b"<dl") : tags.rfind(b"</dl>")].lower())
        del tags  # of a big page they are a quarter
        page = _read_page(root)
    except RecursionError:
        raise PageRefusedError("expected the markup of a listing, found it nested too deeply") from None
    if lost:
        raise PageRefusedError(lost)
    return page


@dataclass
class _Reading:
    """What has been read of a page so far.

    ``words`` are all that stands outside its records, ``anchors`` the page's own links; those of the records are
    foreign, and there are thousands.
    """

    root: etree._Element
    words: str
    anchors: Sequence[etree._Element]
    lines: Lines = field(default_factory=Lines)
    dates: set[date] = field(default_factory=set)
    shown: dict[Section, int] = field(default_factory=dict)
    declared: dict[Section, int] = field(default_factory=dict)
    partial: list[Section] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    section: Section | None = None
    term: etree._Element | None = None
    source: Source = Source.LISTING
    is_cut: bool = False

    def read(self, element: etree._Element) -> None:
        """Read one of the elements by which a listing is told: h1, h3, dt or dd."""
        if element.tag == "h1":
            if match := _CATCHUP_DATE.fullmatch(plain_text(element)):
                self.source = Source.CATCHUP
                self.dates.add(parse_date(match[1]))
        elif element.tag == "h3":
            self.take_heading(plain_text(element))
        elif element.tag == "dt":
            if self.term is not None:
                raise PageRefusedError("expected each dt to be followed by its dd, found a dt alone")
            self.term = element
        else:
            self.take_description(element)

    def take_heading(self, text: str) -> None:
        """Read a heading: the date of the whole, or a section with what it shows and has."""
        if match := _TITLE_DATE.fullmatch(text):
            self.dates.add(parse_date(match[1]))
            return
        match = _HEADING.fullmatch(text)
        if match is None or not (match["date"] or match["all"]):
            raise PageRefusedError(f"expected the heading of a known section, found {quoted(text)}")
        section = _SECTIONS[match["name"]]
        if section in self.declared:
            raise PageRefusedError(f"expected each section once, found {section} twice")
        if match["date"]:
            self.dates.add(parse_date(match["date"]))
        self.section = section
        self.declared[section] = int(match["all"] or 0)  # which no heading tells in the layout before 2024
        if match["shown"]:
            self.shown[section] = int(match["shown"])
            is_part = bool(match["part"] or match["cut"])
            self.is_cut |= is_part and match["part"] != "last "  # which alone says that a section ends on this page
            if not is_part and match["shown"] != match["all"]:
                self.partial.append(section)

    def take_description(self, element: etree._Element) -> None:
        """Read a record, whose dt was the element before."""
        if self.term is None or self.section is None:
            raise PageRefusedError("expected each dd after its dt inside a section, found one elsewhere")
        record = read_record(self.section, self.term, element, self.lines)
        # Before 2024, when the headings did not count yet, replacements had no abstract.
        needs_abstract = self.section in self.shown or self.section is not Section.REPLACEMENT
        if needs_abstract and "abstract" not in record.marked:
            raise PageRefusedError(f"expected an abstract in {record.arxiv_id}, found none")
        self.records.append(record)
        for read in (self.term, element):  # what was read of a page needs no memory any more
            read.clear()
        self.term = None

    def found(self, section: Section) -> int:
        """Return how many records of a section were read."""
        return sum(record.section is section for record in self.records)

    def expected(self, section: Section) -> str:
        """Say what a section should show, and what it shows."""
        counts = f"{self.shown[section]} of {self.declared[section]} {section} entries"
        return f"expected {counts}, found {self.found(section)}"

    def total(self) -> int:
        """Return the page's own count of all entries."""
        totals = set(_TOTAL.findall(self.words))
        # arXiv's list template leaves the paging out, and with it the total, when the count is 0.
        is_empty = not totals and not self.declared and not self.records
        if is_empty and re.search(r"\bNo updates today\.", self.words):
            return 0
        if len(totals) != 1:
            raise PageRefusedError(f"expected one total such as 'Total of 86 entries', found {quoted(sorted(totals))}")
        return int(totals.pop())

    def sizes(self, total: int) -> dict[Section, int]:
        """Return how many entries each section has, by the headings or by the item that each begins with.

        To these items the page's first list links. On the first page of a listing they tell the sections' sizes; on
        others they are numbered otherwise.
        """
        starts: dict[Section, int] = {}
        for anchor in self.root.iterfind("ul/li/a"):
            section = _SECTIONS.get(plain_text(anchor))
            match = re.search(r"#item([0-9]{1,9})\Z", anchor.get("href") or "")
            if section:
                starts[section] = max(int(match[1]), 1) if match else 1  # today's pages call the first item0
        ordered = sorted(starts, key=list(Section).index)
        bounds = pairwise([*(starts[section] for section in ordered), total + 1])
        linked = {section: end - start for section, (start, end) in zip(ordered, bounds, strict=True)}
        if _OLD_TOTAL.search(self.words):  # of the layout before 2024
            missing = ", ".join(sorted(self.declared.keys() - linked.keys()))
            if missing or not linked:
                raise PageRefusedError(f"expected a link to each section, found none to {missing or 'any'}")
            return linked
        # arXiv may count a section of which the page shows nothing: its replica lags, or is short for good.
        is_unseen = sum(self.declared.values()) < total and _PAST_END not in self.words
        agree = all(linked.get(section) == size for section, size in self.declared.items())
        return linked if is_unseen and agree and min(linked.values(), default=0) > 0 else self.declared

    def category(self) -> str | None:
        """Return the category to which the page's own links lead."""
        matches = (_OWN_ADDRESS.fullmatch(anchor.get("href") or "") for anchor in self.anchors)
        names = {match[1] for match in matches if match and CATEGORY.fullmatch(match[1])}
        if len(names) > 1:
            raise PageRefusedError(f"expected links to one category, found {shortened(', '.join(sorted(names)))}")
        return next(iter(names), None)

    def next_day(self, day: date | None) -> date | None:
        """Return the date that the page names as the next one with a mailing."""
        links = [a.get("href") or "" for a in self.anchors if plain_text(a) == "Continue to the next day"]
        matches = [_CATCHUP_ADDRESS.fullmatch(link) for link in links]
        try:
            dates = {date.fromisoformat(match[1]) if match else None for match in matches}
        except ValueError:  # such as 2021-02-30
            dates = {None}
        found = next(iter(dates), None)
        if dates and (len(dates) > 1 or found is None or day is None or found <= day):
            expected = f"the next day's links to lead to one date after {day}"
            raise PageRefusedError(f"expected {expected}, found {quoted(links)}")
        return found

    def prove(self, page: Page) -> None:
        """Prove that the entries are as many as the page says, in arXiv's order, and numbered without a gap."""
        if self.term is not None:
            raise PageRefusedError("expected each dt to be followed by its dd, found the page to end after a dt")
        if not page.entries and not _NO_UPDATES.search(self.words) and _PAST_END not in self.words:
            raise PageRefusedError(f"expected entries or 'No updates', found neither (total {page.total})")
        for section, shown in self.shown.items():
            if self.found(section) > shown or shown > page.declared[section]:
                raise PageRefusedError(self.expected(section))
        positions = [entry.position for entry in page.entries]
        if positions and positions != list(range(positions[0], positions[0] + len(positions))):
            raise PageRefusedError("expected item numbers that run on, found a gap or a repetition")
        prove_distinct(page.entries)
        sections = [entry.section for entry in page.entries]
        if sections != sorted(sections, key=list(Section).index):
            expected = "new submissions, cross-lists, replacements in this order"
            raise PageRefusedError(f"expected {expected}, found another")


def _read_page(root: etree._Element) -> Page:
    anchors = [anchor for child in root if child.tag != "dl" for anchor in child.iter("a")]
    reading = _Reading(root, _outside_text(root), anchors)
    for element in [*root.iter("h1", "h3", "dt", "dd")]:  # found at once, for what is read is cleared
        reading.read(element)
    total = reading.total()
    declared = reading.sizes(total)
    day = only_date(reading.dates)
    page = Page(
        source=reading.source,
        date=day,
        category=reading.category(),
        total=total,
        declared=declared,
        entries=with_texts(reading.records, reading.lines.finished()),
        partial=tuple(reading.partial),
        # A page of another length than can be asked for ends where arXiv's own list ends.
        is_cut=reading.is_cut and len(reading.records) in SHOW_VALUES,
        lost="; ".join(reading.expected(one) for one, shown in reading.shown.items() if reading.found(one) < shown),
        next_day=reading.next_day(day) if reading.source is Source.CATCHUP else None,
    )
    reading.prove(page)
    return page


def _outside_text(root: etree._Element) -> str:
    """Return the page's own words: all text of the listing outside its records."""
    parts = [root.text or ""]
    for child in root:
        if child.tag != "dl" and isinstance(child.tag, str):
            parts.append(_outside_text(child))
        parts.append(child.tail or "")
    return collapse(" ".join(parts))


def join_pages(pages: Sequence[Page], category: str) -> Listing:
    """Put the pages of one listing of ``category`` together, in whatever order they come.

    Raises:
        PageRefusedError: they contradict one another, or are of another category.
        ListingIncompleteError: they agree, but pages are missing.
    """
    _agree("date", [page.date for page in pages])
    _agree("total", [page.total for page in pages])
    _agree("kind of page", [page.source for page in pages])
    next_days = [page.next_day for page in pages if page.next_day]  # whether each page has the link is not known
    _agree("next day", next_days)
    declared: dict[Section, int] = {}
    for section in Section:
        if counts := [page.declared[section] for page in pages if section in page.declared]:
            _agree(f"number of {section} entries", counts)
            declared[section] = counts[0]
    by_position: dict[int, Entry] = {}
    for entry in (entry for page in pages for entry in page.entries):
        if by_position.setdefault(entry.position, entry) != entry:
            raise PageRefusedError(f"expected one item {entry.position}, found two that differ")
    entries = tuple(by_position[position] for position in sorted(by_position))
    prove_distinct(entries)
    named = {page.category for page in pages if page.category}
    if named - {category}:
        raise PageRefusedError(f"expected a listing of {category}, found one of {', '.join(sorted(named))}")
    prove_category(entries, category, "listing")
    shortage = _prove_whole(pages, declared, entries)
    next_day = next(iter(next_days), None)
    return Listing(pages[0].source, pages[0].date, category, declared, entries, next_day, shortage)


def _agree(what: str, values: Sequence[object]) -> None:
    if len(set(values)) > 1:
        found = ", ".join(sorted(map(str, set(values))))
        raise PageRefusedError(f"expected pages of one listing with one {what}, found {found}")


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
    last = max(pages, key=lambda page: page.entries[-1].position if page.entries else 0)
    is_cut = last.is_cut and not is_past_end
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


def proven_listing(pages: Sequence[Page], category: str) -> Listing:
    """Put pages together to a whole listing that has entries.

    Raises:
        PageRefusedError: they contradict one another.
        ListingIncompleteError: entries are missing, or there are none: no single page proves a day empty.
    """
    listing = join_pages(pages, category)
    if listing.shortage:
        raise listing.shortage
    if not listing.entries:
        raise ListingIncompleteError("found 'No updates' with a total of 0, which one page alone does not prove")
    return listing


def as_day(listing: Listing, when: date, state: State, pages: Sequence[RawPage | PageRef]) -> Day:
    """Return the day that a whole listing is, known as well as ``state``, by these ``pages``."""
    return Day(
        category=listing.category,
        date=when,
        state=state,
        source=listing.source,
        declared=listing.declared,
        entries=listing.entries,
        pages=tuple(PageRef(page.url, page.sha256) for page in pages),
        parser_version=PARSER_VERSION,
        link_rules=LINK_RULES,
    )


def require_date(listing: Listing) -> date:
    """Return the date that a listing bears.

    Raises:
        PageRefusedError: it bears none (arXiv's layout of 12 to 23 September 2024).
    """
    if listing.date is None:
        raise PageRefusedError("expected a date on the page, found none; `digest import --date` can take it in")
    return listing.date
