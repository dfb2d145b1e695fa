"""A ``/recent`` page → what it counts and lists of each of the newest listing dates. It shows no replacements."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

from digest.errors import PageRefusedError, quoted
from digest.parse.document import ABSTRACT_PAGE, listing_root, parse_date, plain_text

_TITLE = "Authors and titles for recent submissions"
_NOTHING = "No updates for this time period."
_TOTAL = re.compile(r"\bTotal of ([0-9]{1,9}) entries")
_HEADING = re.compile(
    r"(?P<date>[^(]+?) \((?:continued, )?showing (?:first |last )?"
    r"(?P<shown>[0-9]{1,9}) of (?P<all>[0-9]{1,9}) entries ?\)"
)


@dataclass(frozen=True)
class RecentDay:
    """What a page tells of a date: how many entries arXiv counts, and the identifiers under its heading.

    Where the page is cut these are fewer; where arXiv counts more than it lists, those of the date before slide up.
    """

    count: int
    ids: frozenset[str]


def parse_recent(body: bytes) -> Mapping[date, RecentDay]:
    """Return the new submissions and cross-lists of each listing date that a ``/list/…/recent`` page shows.

    The layouts since 2024 are known; those before state no numbers. A page may be cut after any entry.

    Raises:
        PageRefusedError: the page is no such page, is cut in transfer, or contradicts itself.
    """
    try:
        root, _ = listing_root(body)
        return _read_days(root)
    except RecursionError:
        raise PageRefusedError("expected the markup of a listing, found it nested too deeply") from None


def _read_days(root: etree._Element) -> dict[date, RecentDay]:
    titles = [plain_text(title) for title in root.iter("h2")]
    if titles != [_TITLE]:
        raise PageRefusedError(f"expected a page titled {_TITLE!r}, found {quoted(titles)}")
    counts: dict[date, int] = {}
    ids: dict[date, set[str]] = {}
    for element in root.iter("h3", "a"):
        if element.tag == "h3":
            day, count = _read_heading(element)
            if counts and day >= min(counts):
                raise PageRefusedError(f"expected the dates newest first, found {day} after {min(counts)}")
            counts[day], ids[day] = count, set()
        elif counts and element.get("title") == "Abstract":
            ids[min(counts)].add(ABSTRACT_PAGE.sub("", element.get("href") or ""))
    paging = " ".join(plain_text(element) for element in root.iter("div") if element.get("class") == "paging")
    totals = set(_TOTAL.findall(paging))
    # arXiv counts more where the page is cut. Without any entry there is no total
    # (`page_divs` in browse/templates/list/list_macros.html of arXiv/arxiv-browse).
    if (totals or any(counts.values())) and not (len(totals) == 1 and 0 < sum(counts.values()) <= int(min(totals))):
        found = f"{quoted(sorted(totals))} and {sum(counts.values())} entries"
        raise PageRefusedError(f"expected one total, and dates with no more entries, found {found}")
    return {day: RecentDay(count, frozenset(ids[day])) for day, count in counts.items()}


def _read_heading(heading: etree._Element) -> tuple[date, int]:
    text = plain_text(heading)
    following = heading.getnext()
    match = _HEADING.fullmatch(text)
    if match is None and following is not None and plain_text(following) == _NOTHING:
        return parse_date(text), 0  # announced, and nothing of it in this category
    if match is None or int(match["shown"]) > int(match["all"]):
        raise PageRefusedError(f"expected 'Wed, 20 Oct 2021 (showing 46 of 46 entries )', found {quoted(text)}")
    return parse_date(match["date"]), int(match["all"])
