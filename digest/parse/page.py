"""One listing or catchup page → its entries, proven to be all that the page says it shows.

Every layout since 2014 that carries abstracts is known (today's; July 2024; 12 to 23 September 2024, which
bears no date; the one before 2024). A page that cannot prove itself is refused, with what was expected and
what was found.
"""

import re
from codecs import utf_8_decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from digest.calendar import CATEGORY
from digest.errors import PageRefusedError, quoted, shortened
from digest.model import SHOW_VALUES, Entry, Section, Source
from digest.parse.dates import parse_date
from digest.parse.document import plain_text, put_tex_back, require_modest_page, require_modest_text, without_displays
from digest.parse.entries import Record, as_entries, read_record
from digest.parse.markup import collapse

_Date = date  # in a class with a field of this name

_SECTIONS = {
    "New submissions": Section.NEW,
    "Cross submissions": Section.CROSS,
    "Cross-lists": Section.CROSS,
    "Replacement submissions": Section.REPLACEMENT,
    "Replacements": Section.REPLACEMENT,
}
_NAMES = "|".join(_SECTIONS)
_TITLE_DATE = re.compile(r"Showing new listings for (.+)")
_CATCHUP_DATE = re.compile(r"Catchup results for .+ on (.+)")
_HEADING = re.compile(
    rf"(?P<name>{_NAMES})(?: for (?P<date>[^(]+?))?"
    r" \((?P<cut>continued, )?showing (?P<part>first |last )?(?P<shown>[0-9]{1,9}) of (?P<all>[0-9]{1,9}) entries ?\)"
)
_OLD_HEADING = re.compile(rf"(?P<name>{_NAMES}) for (?P<date>[^(]+)")
_TOTAL = re.compile(r"\b[Tt]otal of ([0-9]{1,9}) entries")
_OLD_TOTAL = re.compile(r"\[ total of [0-9]+ entries:")
_NO_UPDATES_TODAY = re.compile(r"\bNo updates today\.")
_NO_UPDATES = re.compile(r"No updates (?:today|for [^.]+)\.")
_NO_FURTHER_UPDATES = re.compile(r"No further updates for ")
_OWN_ADDRESS = re.compile(r"(?:https://arxiv\.org)?/(?:list|catchup)/([^/?#]+)/(?:new|recent|[0-9-]{10})\b.*")
_NEXT_DAY = "Continue to the next day"
_CATCHUP_ADDRESS = re.compile(r"(?:https://arxiv\.org)?/catchup/[^/?#]+/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\?.*)?")
_END = re.compile(rb"</html>\s*+(?:<!--[^>]*+(?<=--)>\s*+)*+\Z", re.IGNORECASE)  # a browser may have added a comment

_PIECE = 1 << 20
_CHARACTERS: Callable[[etree._Element], float] = etree.XPath("string-length()")  # type: ignore[assignment]


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


@dataclass
class _Reading:
    """What has been read of a page so far."""

    dates: set[date] = field(default_factory=set)
    shown: dict[Section, int] = field(default_factory=dict)
    declared: dict[Section, int] = field(default_factory=dict)
    partial: list[Section] = field(default_factory=list)
    is_cut: bool = False
    records: list[Record] = field(default_factory=list)
    section: Section | None = None
    term: etree._Element | None = None

    def found(self, section: Section) -> int:
        return sum(record.section is section for record in self.records)


def parse_page(body: bytes) -> Page:
    """Parse the bytes of a ``/list/…/new`` or ``/catchup/…`` page.

    Raises:
        PageRefusedError: the page is cut, of an unknown layout, or contradicts itself.
    """
    try:
        page = _read_page(listing_root(body))
    except RecursionError:
        raise PageRefusedError("expected the markup of a listing, found it nested beyond all measure") from None
    _prove_closed(body)
    return page


def _prove_closed(body: bytes) -> None:
    """See that each link and each label among the records has both its tags: a parser makes up for one that is lost."""
    records = body[body.find(b"<dl") : body.rfind(b"</dl>")].lower()
    for name in (b"a", b"span"):
        begins, ends = len(re.findall(rb"<%s[\s>]" % name, records)), records.count(b"</%s>" % name)
        if begins != ends:
            raise PageRefusedError(f"expected as many ends of <{name.decode()}> as begins, found {ends} and {begins}")


def _read_page(root: etree._Element) -> Page:
    reading = _Reading()
    for element in root.iter("h1", "h3", "dt", "dd"):
        _READERS[str(element.tag)](element, reading)
    total, is_old = _total(root, reading)
    if is_old:
        reading.declared = _linked_sections(root, total, set(reading.declared))
    elif sum(reading.declared.values()) < total and not _is_past_end(root):
        _add_unseen_sections(root, total, reading)
    source = _source(root)
    day = _only_date(reading.dates)
    page = Page(
        source=source,
        date=day,
        category=_category(root),
        total=total,
        declared=reading.declared,
        entries=as_entries(reading.records),
        partial=tuple(reading.partial),
        is_cut=reading.is_cut and len(reading.records) in SHOW_VALUES,
        lost=_lost(reading),
        next_day=_next_day(root, day) if source is Source.CATCHUP else None,
    )
    _prove(page, reading, root)
    return page


def _lost(reading: _Reading) -> str:
    short = [section for section, shown in reading.shown.items() if reading.found(section) < shown]
    return "; ".join(_expected(section, reading) for section in short)


def _expected(section: Section, reading: _Reading) -> str:
    counts = f"{reading.shown[section]} of {reading.declared[section]} {section} entries"
    return f"expected {counts}, found {reading.found(section)}"


def listing_root(body: bytes) -> etree._Element:
    """Return the element of a listing's page that holds all that is about the listing.

    Raises:
        PageRefusedError: the page is cut, or of an unknown layout.
    """
    if not body.strip():
        raise PageRefusedError("expected a listing page, found an empty body")
    if not _END.search(body):
        raise PageRefusedError(f"expected the page to end with </html>, found it cut after {len(body)} bytes")
    _require_utf8(body)
    require_modest_page(body)
    is_rendered = b"MathJax" in body or b"mjx-container" in body
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    document = etree.fromstring(without_displays(body) if is_rendered else body, parser)
    root = None if document is None else document.find(".//div[@id='dlpage']")
    if root is None:
        title = "" if document is None else collapse(document.findtext(".//title") or "")
        raise PageRefusedError(f"expected a listing page, found an unknown layout titled {quoted(title)}")
    if is_rendered:
        put_tex_back(root)
    require_modest_text(int(_CHARACTERS(root)), sum(1 for _ in root.iter("dd")))
    return root


def _require_utf8(body: bytes) -> None:
    """Pass a body in UTF-8; it is read in pieces, because a text may take four times the memory of its bytes."""
    start = 0
    while start < len(body):
        end = start + _PIECE
        try:
            start += utf_8_decode(body[start:end], "strict", end >= len(body))[1]
        except UnicodeDecodeError as error:
            raise PageRefusedError(f"expected UTF-8, found {error.reason} at byte {start + error.start}") from error


def _read_title(element: etree._Element, reading: _Reading) -> None:
    if match := _CATCHUP_DATE.fullmatch(plain_text(element)):
        reading.dates.add(parse_date(match[1]))


def _read_heading(element: etree._Element, reading: _Reading) -> None:
    text = plain_text(element)
    if match := _TITLE_DATE.fullmatch(text):
        reading.dates.add(parse_date(match[1]))
        return
    match = _HEADING.fullmatch(text) or _OLD_HEADING.fullmatch(text)
    if match is None:
        raise PageRefusedError(f"expected the heading of a known section, found {quoted(text)}")
    section = _SECTIONS[match["name"]]
    if section in reading.declared:
        raise PageRefusedError(f"expected each section once, found {section} twice")
    if match["date"]:
        reading.dates.add(parse_date(match["date"]))
    reading.section = section
    counts = match.groupdict()
    reading.declared[section] = int(counts.get("all") or 0)
    if "shown" not in counts:
        return
    reading.shown[section] = int(counts["shown"])
    is_to_its_end = counts["part"] == "last " or not (counts["part"] or counts["cut"])
    reading.is_cut = reading.is_cut or not is_to_its_end
    if not counts["cut"] and not counts["part"] and counts["shown"] != counts["all"]:
        reading.partial.append(section)


def _read_term(element: etree._Element, reading: _Reading) -> None:
    if reading.term is not None:
        raise PageRefusedError("expected each dt to be followed by its dd, found a dt alone")
    reading.term = element


def _read_description(element: etree._Element, reading: _Reading) -> None:
    if reading.term is None or reading.section is None:
        raise PageRefusedError("expected each dd after its dt inside a section, found one elsewhere")
    record = read_record(reading.section, reading.term, element)
    # Before 2024, when the headings did not count yet, replacements had no abstract.
    is_counted = reading.section in reading.shown
    if "abstract" not in record.markup and (is_counted or reading.section is not Section.REPLACEMENT):
        raise PageRefusedError(f"expected an abstract in {record.arxiv_id}, found none")
    reading.records.append(record)
    reading.term = None


_READERS: Mapping[str, Callable[[etree._Element, _Reading], None]] = {
    "h1": _read_title,
    "h3": _read_heading,
    "dt": _read_term,
    "dd": _read_description,
}


def _outside_text(root: etree._Element) -> str:
    """Return the page's own words: all text of the listing outside its records."""
    parts = [root.text or ""]
    for child in root:
        if child.tag != "dl" and isinstance(child.tag, str):
            parts.append(_outside_text(child))
        parts.append(child.tail or "")
    return collapse(" ".join(parts))


def _total(root: etree._Element, reading: _Reading) -> tuple[int, bool]:
    """Return the page's own count of all entries, and whether it is one of the layout before 2024."""
    text = _outside_text(root)
    totals = set(_TOTAL.findall(text))
    # arXiv's list template leaves the paging out, and with it the total, when the count is 0.
    if not totals and not reading.declared and not reading.records and _NO_UPDATES_TODAY.search(text):
        return 0, False
    if len(totals) != 1:
        raise PageRefusedError(f"expected one total such as 'Total of 86 entries', found {quoted(sorted(totals))}")
    return int(totals.pop()), bool(_OLD_TOTAL.search(text))


def _is_past_end(root: etree._Element) -> bool:
    """Whether this is the page after the last one of a catchup listing, to which 2000 x n entries lead."""
    return bool(_NO_FURTHER_UPDATES.search(_outside_text(root)))


def _add_unseen_sections(root: etree._Element, total: int, reading: _Reading) -> None:
    """Take in a section of which the page shows nothing, although arXiv counts it, if the page's links tell its size.

    They do on the first page of a listing; on others their items are numbered otherwise.
    """
    try:
        linked = _linked_sections(root, total, set(reading.declared))
    except PageRefusedError:
        return
    if all(linked[section] == size for section, size in reading.declared.items()) and min(linked.values()) > 0:
        reading.declared = linked


def _linked_sections(root: etree._Element, total: int, shown: set[Section]) -> dict[Section, int]:
    """Work out the sections' sizes from the item that each begins with, to which the page's first list links.

    Raises:
        PageRefusedError: there is no link to a section that is ``shown``.
    """
    starts: dict[Section, int] = {}
    for anchor in root.iterfind("ul/li/a"):
        section = _SECTIONS.get(plain_text(anchor))
        match = re.search(r"#item([0-9]{1,9})\Z", anchor.get("href") or "")
        if section:
            starts[section] = max(int(match[1]), 1) if match else 1  # today's pages call the first item0
    if not starts:
        raise PageRefusedError("expected links to the sections, found none")
    if missing := shown - set(starts):
        raise PageRefusedError(f"expected a link to each section, found none to {', '.join(sorted(missing))}")
    ordered = sorted(starts, key=list(Section).index)
    ends = [starts[section] for section in ordered[1:]] + [total + 1]
    return {section: end - starts[section] for section, end in zip(ordered, ends, strict=True)}


def _source(root: etree._Element) -> Source:
    titles = (plain_text(title) for title in root.iter("h1"))
    return Source.CATCHUP if any(_CATCHUP_DATE.fullmatch(title) for title in titles) else Source.LISTING


def _only_date(dates: set[date]) -> date | None:
    if len(dates) > 1:
        raise PageRefusedError(f"expected one date, found {shortened(', '.join(map(str, sorted(dates))))}")
    return next(iter(dates), None)


def _own_anchors(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the page's own links; those of the records are foreign, and there are thousands."""
    return (anchor for child in root if child.tag != "dl" for anchor in child.iter("a"))


def _next_day(root: etree._Element, day: date | None) -> date | None:
    links = [anchor.get("href") or "" for anchor in _own_anchors(root) if plain_text(anchor) == _NEXT_DAY]
    matches = [_CATCHUP_ADDRESS.fullmatch(link) for link in links]
    try:
        dates = {date.fromisoformat(match[1]) if match else None for match in matches}
    except ValueError:  # such as 2021-02-30
        dates = {None}
    found = next(iter(dates), None)
    if dates and (len(dates) > 1 or found is None or day is None or found <= day):
        raise PageRefusedError(f"expected the next day's links to lead to one date after {day}, found {quoted(links)}")
    return found


def _category(root: etree._Element) -> str | None:
    matches = (_OWN_ADDRESS.fullmatch(anchor.get("href") or "") for anchor in _own_anchors(root))
    names = {match[1] for match in matches if match and CATEGORY.fullmatch(match[1])}
    if len(names) > 1:
        raise PageRefusedError(f"expected links to one category, found {shortened(', '.join(sorted(names)))}")
    return next(iter(names), None)


def _prove(page: Page, reading: _Reading, root: etree._Element) -> None:
    if reading.term is not None:
        raise PageRefusedError("expected each dt to be followed by its dd, found the page to end after a dt")
    _prove_not_blank(page, root)
    for section, shown in reading.shown.items():
        if reading.found(section) > shown or shown > page.declared[section]:
            raise PageRefusedError(_expected(section, reading))
    _prove_numbers(page)


def _prove_not_blank(page: Page, root: etree._Element) -> None:
    if page.entries:
        return
    if not _NO_UPDATES.search(_outside_text(root)) and not _is_past_end(root):
        raise PageRefusedError(f"expected entries or 'No updates', found neither (total {page.total})")


def _prove_numbers(page: Page) -> None:
    positions = [entry.position for entry in page.entries]
    if positions and positions != list(range(positions[0], positions[0] + len(positions))):
        raise PageRefusedError("expected item numbers that run on, found a gap or a repetition")
    ids = {entry.paper.arxiv_id for entry in page.entries}
    if len(ids) != len(positions):
        raise PageRefusedError(f"expected {len(positions)} different ids, found {len(ids)}")
    sections = [entry.section for entry in page.entries]
    if sections != sorted(sections, key=list(Section).index):
        raise PageRefusedError("expected new submissions, cross-lists, replacements in this order, found another")
