"""A digest from arXiv's feed, where the listing cannot be had: provisional until the listing proves it."""

import logging
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import store
from digest.archive.report import Report
from digest.decide import repetition
from digest.errors import NotServedError, PageRefusedError, TryLaterError, errors_about
from digest.fetch.documents import FEEDS, atom_url, recent_url, rss_url
from digest.model import Day, PageRef, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.feed import ParsedFeed, parse_feed
from digest.parse.links import LINK_RULES
from digest.parse.recent import parse_recent

log = logging.getLogger(__name__)

_NO_HELP = (PageRefusedError, TryLaterError, NotServedError)


def take_feed(archive: Archive, category: str, when: date, report: Report) -> None:
    """Store the listing of ``when`` as the feed has it, if nothing speaks against it.

    A feed proves nothing by itself: its date, the entries that /recent lists, and the day before must agree with it.
    Whatever goes wrong is said, and leaves things as they were.
    """
    base = archive.config.arxiv.feeds_url.rstrip("/")
    # Both forms have the same entries: what is wrong with one need not be wrong with the other.
    for url in (rss_url(base, category), atom_url(base, category)):
        try:
            page = archive.client.get(url, archive.keep, FEEDS)
            with errors_about(page.url):
                feed = parse_feed(page.body)
        except _NO_HELP as error:
            log.warning("the feed is not used: %s", error)
            continue
        objection = _objection(archive, category, when, feed)
        if archive.client.forbidden:  # at another address, which was named
            return
        if objection is not None:
            log.warning("%s: not used: %s", page.url, objection)
            return
        pages = (PageRef(page.url, page.sha256),)
        day = Day(category, when, State.PROVISIONAL, Source.FEED, {}, feed.entries, pages, PARSER_VERSION, LINK_RULES)
        store(archive, day, report)
        log.warning("%s %s: made from the feed, until arXiv's listing proves it", category, when)
        return


def _objection(archive: Archive, category: str, when: date, feed: ParsedFeed) -> str | None:
    if feed.category != category:
        return f"expected the feed of {category}, found that of {feed.category}"
    if feed.date != when or not feed.entries:
        return f"expected the announcement of {when}, found {len(feed.entries)} entries of {feed.date}"
    ids = frozenset(str(entry.paper.arxiv_id) for entry in feed.entries)
    neighbours = archive.neighbours(category, when)
    if repeated := repetition(ids, neighbours):
        return repeated
    url = recent_url(archive.config.arxiv.pages_url.rstrip("/"), category)
    try:
        page = archive.client.get(url, archive.keep)
        with errors_about(page.url):
            recent = parse_recent(page.body).get(when)
    except _NO_HELP as error:
        is_forbidden = archive.client.forbidden
        words = "the feed is not used" if is_forbidden else "the feed cannot be compared"
        log.log(logging.WARNING if is_forbidden else logging.INFO, "%s: %s", words, error)
        recent = None
    if recent is None:
        return None
    shown = sum(entry.section is not Section.REPLACEMENT for entry in feed.entries)
    # Papers of the day before may slide up under the heading of this one (``RecentDay``): they are no objection.
    if shown > recent.count or recent.ids.difference(ids, *neighbours.values()):
        return f"expected the {recent.count} new submissions and cross-lists of /recent, found {shown}"
    if shown < recent.count:  # arXiv counts papers that it does not list
        log.warning("%s %s: the feed has %d entries, /recent counts %d", category, when, shown, recent.count)
    return None
