"""Ways in which arXiv, or the network before it, has failed or could: ready for ``StandIn.fault``.

Each function returns a fault: called with a request and the honest reply, it returns the reply to send.
"""

import gzip
import re
import zlib
from dataclasses import replace
from itertools import count

from digest.standin.announcements import Mailing
from tests.standin.pages import SHOW_VALUES, no_updates_page
from tests.standin.site import HTML, Fault, Reply, Request, Site, html_reply

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
_LOGIN = """<!DOCTYPE html>
<html><head><title>Guest network</title></head>
<body><form action="/login" method="post"><p>Please sign in to go online.</p>
<input name="room"><button>Sign in</button></form></body>
</html>
"""


# --- when and where a fault applies, and several at once -------------------------------------------


def first(times: int, fault: Fault) -> Fault:
    """Apply ``fault`` to the first ``times`` requests only; those after get the honest reply."""
    calls = count(1)

    def fail(request: Request, reply: Reply) -> Reply:
        return fault(request, reply) if next(calls) <= times else reply

    return fail


def only(pattern: str, fault: Fault) -> Fault:
    """Apply ``fault`` where the regular expression is found in the path with its query; be honest elsewhere."""
    return lambda request, reply: fault(request, reply) if re.search(pattern, request.path) else reply


def chain(*faults: Fault) -> Fault:
    """Apply ``faults`` one after another, each to the reply that those before it have left."""

    def fail(request: Request, reply: Reply) -> Reply:
        for fault in faults:
            reply = fault(request, reply)
        return reply

    return fail


def always(answer: Reply, times: int | None = None) -> Fault:
    """Answer every request, or the first ``times``, with ``answer``."""

    def fail(_request: Request, _reply: Reply) -> Reply:
        return answer

    return fail if times is None else first(times, fail)


# --- what arXiv itself has answered, or could ------------------------------------------------------


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
        return _held(reply, Mailing(reply.announcement.category, reply.announcement.date))

    return fail


def frozen_empty() -> Fault:
    """A cache has kept an empty ``/new``: "No updates today." under the right date; other paths are honest."""

    def fail(_request: Request, reply: Reply) -> Reply:
        shown = reply.announcement
        return reply if shown is None else replace(reply, body=no_updates_page(shown.category, shown.date).encode())

    return only(r"^/list/[^/]+/new\b", fail)


def stale_page(before: Mailing) -> Fault:
    """A cache still shows ``before`` as ``/new`` of its category; other paths are honest."""
    site = Site({(before.category, before.date): before}, before.date, SHOW_VALUES[-1])
    return only(rf"^/list/{re.escape(before.category)}/new\b", lambda request, _reply: site.answer(request.path))


def stale_feed(before: Mailing) -> Fault:
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


def _held(reply: Reply, held: Mailing) -> Reply:
    return replace(reply, body=reply.render(held).encode()) if reply.render else reply


def dead_token() -> Fault:
    """Take back the token of a list of OAI-PMH, as arXiv does at midnight UTC."""

    def fail(_request: Request, reply: Reply) -> Reply:
        error = b"<error code='badResumptionToken'>The value is invalid or expired.</error>"
        body = re.sub(rb"<ListRecords>.*</ListRecords>", error, reply.body, flags=re.DOTALL)
        return replace(reply, body=re.sub(rb"<request [^>]*>", b"<request>", body))

    return fail


# --- what the network does to a page, and what others answer in arXiv's place ----------------------


def down() -> Fault:
    """Take the request, and close the connection without a word."""
    return always(Reply(hang_up=True))


def login_page() -> Fault:
    """Answer with another site's page and status 200, as a guest network does."""
    return always(html_reply(_LOGIN))


def empty_body() -> Fault:
    """Answer with status 200 and nothing."""
    return always(html_reply(""))


def redirect_to(url: str) -> Fault:
    """Send the client to ``url``."""
    return always(Reply(status=302, headers=(("Location", url), ("Content-Type", HTML))))


def content_type(value: str) -> Fault:
    """Call the honest page ``value``."""
    return lambda _request, reply: reply.with_header("Content-Type", value)


def cut_transfer(at: int) -> Fault:
    """Declare the whole length, and break off after ``at`` bytes."""
    return lambda _request, reply: replace(reply, body=reply.body[:at], declared_length=len(reply.body))


def cut_page(at: int) -> Fault:
    """Send ``at`` bytes of the page as though they were all: the length is right, the page is not."""
    return lambda _request, reply: replace(reply, body=reply.body[:at])


def no_length_cut(at: int) -> Fault:
    """Declare no length, and close after ``at`` bytes."""
    return lambda _request, reply: replace(reply, body=reply.body[:at], send_length=False)


def chunked_cut() -> Fault:
    """Send half of the page in the chunked coding, without the coding's end."""
    return lambda _request, reply: replace(reply, chunked_and_cut=True)


def gzip_encoded() -> Fault:
    """Compress the page, properly."""
    return lambda _request, reply: _gzipped(reply, gzip.compress(reply.body, mtime=0))


def cut_gzip() -> Fault:
    """Compress the page and send half of that, with the length of the half."""

    def fail(_request: Request, reply: Reply) -> Reply:
        packed = gzip.compress(reply.body, mtime=0)
        return _gzipped(reply, packed[: len(packed) // 2])

    return fail


def gzip_bomb(size_bytes: int) -> Fault:
    """Send the page, followed by blanks that unpack to ``size_bytes`` in all or more."""
    block = b" " * 1_000_000

    def fail(_request: Request, reply: Reply) -> Reply:
        packer = zlib.compressobj(wbits=31)
        parts = [packer.compress(reply.body)]
        parts += [packer.compress(block) for _ in range(0, size_bytes - len(reply.body), len(block))]
        return _gzipped(reply, b"".join([*parts, packer.flush()]))

    return fail


def slow_drip(seconds_per_byte: float) -> Fault:
    """Send the page byte by byte."""
    return lambda _request, reply: replace(reply, chunk_size=1, chunk_delay=seconds_per_byte)


def slow_start(seconds: float) -> Fault:
    """Wait before answering at all."""
    return lambda _request, reply: replace(reply, header_delay=seconds)


def _gzipped(reply: Reply, body: bytes) -> Reply:
    return replace(reply, body=body).with_header("Content-Encoding", "gzip")
