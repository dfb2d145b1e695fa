"""A ``/recent`` page → how many entries each of the newest listing dates has. It shows no replacements."""

import re
from datetime import date

from lxml import etree

from digest.errors import PageRefusedError
from digest.parse.dates import parse_date
from digest.parse.markup import plain_text
from digest.parse.page import listing_root

_TITLE = "Authors and titles for recent submissions"
_NOTHING = "No updates for this time period."
_TOTAL = re.compile(r"\bTotal of ([0-9]{1,9}) entries")
_HEADING = re.compile(
    r"(?P<date>[^(]+?) \((?:continued, )?showing (?:first |last )?"
    r"(?P<shown>[0-9]{1,9}) of (?P<all>[0-9]{1,9}) entries ?\)"
)


def parse_recent(body: bytes) -> dict[date, int]:
    """Return the new submissions and cross-lists of each listing date that a ``/list/…/recent`` page shows.

    The layouts since 2024 are known; those before state no numbers. A page may be cut after any entry.

    Raises:
        PageRefusedError: the page is no such page, is cut in transfer, or contradicts itself.
    """
    try:
        return _read_recent(listing_root(body))
    except RecursionError:
        raise PageRefusedError("expected the markup of a listing, found it nested beyond all measure") from None


def _read_recent(root: etree._Element) -> dict[date, int]:
    titles = [plain_text(title) for title in root.iter("h2")]
    if titles != [_TITLE]:
        raise PageRefusedError(f"expected a page titled {_TITLE!r}, found {titles}")
    counts: dict[date, int] = {}
    for heading in root.iter("h3"):
        day, count = _read_heading(heading)
        if counts and day >= min(counts):
            raise PageRefusedError(f"expected the dates newest first, found {day} after {min(counts)}")
        counts[day] = count
    _prove(root, counts)
    return counts


def _read_heading(heading: etree._Element) -> tuple[date, int]:
    text = plain_text(heading)
    following = heading.getnext()
    if following is not None and plain_text(following) == _NOTHING:
        return parse_date(text), 0  # announced, and nothing of it in this category
    match = _HEADING.fullmatch(text)
    if match is None or int(match["shown"]) > int(match["all"]):
        raise PageRefusedError(f"expected 'Wed, 20 Oct 2021 (showing 46 of 46 entries )', found {text!r}")
    return parse_date(match["date"]), int(match["all"])


def _prove(root: etree._Element, counts: dict[date, int]) -> None:
    paging = " ".join(plain_text(element) for element in root.iter("div") if element.get("class") == "paging")
    totals = set(_TOTAL.findall(paging))
    if not counts and not totals and next(root.iter("dt"), None) is None:
        return  # nothing was announced for a week
    if not totals and not any(counts.values()):
        return  # nothing was announced in this category for a week
    if len(totals) != 1 or not 0 < sum(counts.values()) <= int(min(totals)):
        expected = "one total, and dates with no more entries"
        raise PageRefusedError(f"expected {expected}, found {sorted(totals)} and {sum(counts.values())} entries")
