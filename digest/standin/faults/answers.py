"""What arXiv itself has answered, or could, in the place of what it should."""

import re
from dataclasses import replace

from digest.standin.announcements import Announcement
from digest.standin.faults.combine import always, only
from digest.standin.pages import no_updates_page
from digest.standin.paging import SHOW_VALUES
from digest.standin.replies import HTML, Fault, Reply, Request
from digest.standin.site import Site

_BUSY = "This listing is temporarily unavailable; please retry in a few minutes."
_COUNTS = re.compile(rb"showing (\d+) of (\d+) entries")
_UNKNOWN_MARKUP = (
    (b"<dl id='articles'>", b"<section class='paper-list'>"),
    (b"</dl>", b"</section>"),
    (b"<dt>", b"<header>"),
    (b"</dt>", b"</header>"),
    (b"<dd>", b"<article>"),
    (b"</dd>", b"</article>"),
    (b"<div class='meta'>", b"<div class='paper'>"),
    (b"class='list-", b"class='paper-"),
    (b"class='descriptor'", b"class='label'"),
    (b'class="primary-subject"', b'class="paper-primary"'),
    (b"<p class='mathjax'>", b"<p class='paper-abstract'>"),
)


def status(code: int, retry_after: str | None = None, times: int | None = None) -> Fault:
    """Answer with the status ``code`` and a short text; with a Retry-After when one is given."""
    headers = (("Content-Type", HTML), *((("Retry-After", retry_after),) if retry_after is not None else ()))
    return always(Reply(status=code, headers=headers, body=_BUSY.encode()), times)


def rate_exceeded(times: int | None = None) -> Fault:
    """Throttle as arXiv also does: status 200, and two words in the place of the page."""
    return always(Reply(headers=(("Content-Type", "text/plain"),), body=b"Rate exceeded."), times)


def lag_partial(hidden: int) -> Fault:
    """A replica lacks the last ``hidden`` new papers: "showing 15 of 20 entries", and no paging.

    Of the days on ``/recent`` it lacks the newest's. Feeds come from elsewhere and are honest.
    """

    def fail(request: Request, reply: Reply) -> Reply:
        whole = reply.announcement
        if whole is None or not _is_for_page(request):
            return reply
        return _held(reply, replace(whole, new=whole.new[: max(0, len(whole.new) - hidden)]))

    return fail


def unlisted(hidden: int) -> Fault:
    """ArXiv counts the last ``hidden`` new papers and lists them nowhere, for good: on no page, in no feed.

    Its counts and its entries come from two queries; only the second asks for a current record
    (``browse/services/database/listings.py`` of arXiv/arxiv-browse).
    """

    def fail(_request: Request, reply: Reply) -> Reply:
        whole = reply.announcement
        if whole is None:
            return reply
        return _held(reply, replace(whole, new=whole.new[: max(0, len(whole.new) - hidden)]))

    return fail


def lag_full() -> Fault:
    """A replica has nothing yet: 503 for a listing, a total and "No updates for" in a catchup page.

    Feeds come from elsewhere and are honest.
    """
    busy = status(503, retry_after="300")

    def fail(request: Request, reply: Reply) -> Reply:
        if reply.announcement is None or not _is_for_page(request):
            return reply
        if request.path.startswith("/list/"):
            return busy(request, reply)
        return _held(reply, Announcement(reply.announcement.category, reply.announcement.date))

    return fail


def frozen_empty() -> Fault:
    """A cache has kept an empty ``/new``: "No updates today." under the right date; other paths are honest."""

    def fail(_request: Request, reply: Reply) -> Reply:
        shown = reply.announcement
        return reply if shown is None else replace(reply, body=no_updates_page(shown.category, shown.date).encode())

    return only(r"^/list/[^/]+/new\b", fail)


def stale_page(before: Announcement) -> Fault:
    """A cache still shows ``before`` as ``/new`` of its category; other paths are honest."""
    site = Site({(before.category, before.date): before}, before.date, SHOW_VALUES[-1])
    return only(rf"^/list/{re.escape(before.category)}/new\b", lambda request, _reply: site.answer(request.path))


def stale_feed(before: Announcement) -> Fault:
    """The feeds of one category silently repeat the items of ``before``, under fresh dates."""

    def fail(_request: Request, reply: Reply) -> Reply:
        shown = reply.announcement
        return reply if shown is None else _held(reply, replace(before, date=shown.date))

    return only(rf"^/(rss|atom)/{re.escape(before.category)}$", fail)


def new_layout() -> Fault:
    """Pages are whole, but their records are marked up in a way that nobody knows yet; feeds are honest."""

    def fail(request: Request, reply: Reply) -> Reply:
        body = reply.body
        for known, unknown in _UNKNOWN_MARKUP if _is_for_page(request) else ():
            body = body.replace(known, unknown)
        return replace(reply, body=body)

    return fail


def wrong_count() -> Fault:
    """The first section's heading claims one entry more than there is, and not as a lagging replica."""

    def fail(_request: Request, reply: Reply) -> Reply:
        def more(match: re.Match[bytes]) -> bytes:
            return b"showing %d of %d entries" % (int(match[1]) + 1, int(match[2]) + 1)

        return replace(reply, body=_COUNTS.sub(more, reply.body, count=1))

    return fail


def _is_for_page(request: Request) -> bool:
    return request.path.startswith(("/list/", "/catchup/"))


def _held(reply: Reply, held: Announcement) -> Reply:
    return replace(reply, body=reply.render(held).encode()) if reply.render else reply
