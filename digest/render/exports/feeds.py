"""Announcements → an Atom feed (RFC 4287) or a JSON Feed (https://www.jsonfeed.org/version/1.1/).

Both have each paper once, dated by its announcement, and never by the run: a feed is a function of what is stored.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from digest.calendar import expected_at
from digest.markup import readable
from digest.model import Announcement, Paper
from digest.render.exports.rows import Why, as_json, each_paper_once, plain, provenance, reasons
from digest.render.markdown import code_urls, web_address

ARXIV = "http://arxiv.org/schemas/atom"
"""The namespace and category scheme of arXiv's own feeds (https://info.arxiv.org/help/api/user-manual.html)."""

_FIRST_ANNOUNCEMENT = date(1991, 8, 14)
"""arXiv began on this day; the date of an empty feed of no date."""

# XML 1.0, section 2.2: no document holds them, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Feed:
    """What a feed is besides its entries.

    ``title``: what a feed reader calls it.
    ``seed``: what it is, in words that do not change: its id is made of them.
    ``empty_at``: the listing date by which it is dated if it has no entries.
    ``digest_address``: where the digest of an announcement is published; "" if it is not.
    ``address``: where the feed itself is published, ``home``: the page that it is of; "" if they are not.
    ``why``: why a view shows an announcement, where the entries are to say so.
    """

    title: str
    seed: str
    empty_at: date | None = None
    digest_address: Callable[[Announcement], str] = lambda _one: ""
    address: str = ""
    home: str = ""
    why: Why | None = None


def atom_feed(feed: Feed, announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield a feed of ``announcements``, which come the newest first; a paper that comes again is left out."""
    updated, papers = _newest_first(announcements, feed.empty_at)
    provenance_namespace = _feed_id("the namespace of provenance")
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="{ARXIV}" xmlns:digest="{provenance_namespace}">\n'
    yield _element("id", _feed_id(feed.seed))
    yield _element("title", feed.title, type="text")
    yield _element("updated", updated)
    yield f"<author>{_element('name', 'arXiv')}{_element('uri', 'https://arxiv.org/')}</author>\n"
    if feed.address:
        yield _element("link", rel="self", type="application/atom+xml", href=feed.address)
    if feed.home:
        yield _element("link", rel="alternate", type="text/html", href=feed.home)
    for one in papers:
        yield f"<entry>\n{''.join(_entry(feed, one))}</entry>\n"
    yield "</feed>\n"


def _entry(feed: Feed, one: Announcement) -> Iterator[str]:
    paper, when = one.paper, _announced_at(one.date)
    yield _element("id", paper.abstract_url)
    yield _element("title", paper.title, type="text")
    yield _element("published", when)
    yield _element("updated", when)
    for name in _authors(paper):
        yield f"<author>{_element('name', name)}</author>\n"
    for category in paper.categories:
        yield _element("category", term=category, scheme=ARXIV)
    yield _element("link", rel="alternate", type="text/html", href=paper.abstract_url)
    yield _element("link", rel="related", type="application/pdf", title="pdf", href=paper.pdf_url)
    for url in code_urls(paper):
        yield _element("link", rel="related", title="code", href=web_address(url))
    if digest_address := feed.digest_address(one):
        yield _element("link", rel="related", title="digest", href=digest_address)
    if paper.abstract is not None:
        yield _element("summary", readable(paper.abstract), type="text")
    if paper.primary_category:
        yield _element("arxiv:primary_category", term=paper.primary_category, scheme=ARXIV)
    for name, text in (("comment", plain(paper.comments)), ("journal_ref", paper.journal_ref)):
        if text is not None:
            yield _element(f"arxiv:{name}", text)
    for reason in feed.why(one) if feed.why else ():
        yield _element("digest:reason", reason)
    yield _element("digest:announcement", **{name: str(value) for name, value in provenance(one).items()})


def _element(name: str, text: str = "", **attributes: str) -> str:
    """Return an element of XML; a character that XML forbids becomes U+FFFD."""
    shown = "".join(f" {key}={quoteattr(_FORBIDDEN.sub(_REPLACEMENT, value))}" for key, value in attributes.items())
    # A carriage return that is not escaped is a line feed to whoever reads XML.
    inner = escape(_FORBIDDEN.sub(_REPLACEMENT, text), {"\r": "&#13;"})
    return f"<{name}{shown}>{inner}</{name}>\n" if inner else f"<{name}{shown}/>\n"


def json_feed(feed: Feed, announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield a feed of ``announcements``, which come the newest first; a paper that comes again is left out.

    What the specification has no name for stands in ``_digest``.
    """
    updated, papers = _newest_first(announcements, feed.empty_at)
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "language": "en",
        **({"home_page_url": feed.home} if feed.home else {}),
        **({"feed_url": feed.address} if feed.address else {}),
        "_digest": {"id": _feed_id(feed.seed), "updated": updated},
    }
    yield f'{as_json(head)[:-1]}, "items": ['
    before = "\n"
    for one in papers:
        yield f"{before}{as_json(_item(feed, one))}"
        before = ",\n"
    yield "\n]}\n"


def _item(feed: Feed, one: Announcement) -> dict[str, Any]:
    paper, when, digest_address = one.paper, _announced_at(one.date), feed.digest_address(one)
    authors = [{"name": name} for name in _authors(paper)]
    return {
        "id": paper.abstract_url,
        "url": paper.abstract_url,
        "title": paper.title,
        "content_text": plain(paper.abstract) or paper.title,  # an item must have a content
        "date_published": when,
        "date_modified": when,
        **({"authors": authors} if authors else {}),
        "tags": list(paper.categories),
        "_digest": {
            **provenance(one),
            "primary": paper.primary_category or None,
            "comments": plain(paper.comments),
            "journal_ref": paper.journal_ref,
            "pdf_url": paper.pdf_url,
            "code_urls": code_urls(paper),
            **({"digest_url": digest_address} if digest_address else {}),
            **reasons(one, feed.why),
        },
    }


def _authors(paper: Paper) -> list[str]:
    return [*filter(str.strip, paper.authors), *(["and others"] if paper.may_have_more_authors else [])]


def _newest_first(announcements: Iterable[Announcement], empty_at: date | None) -> tuple[str, Iterator[Announcement]]:
    """Return when the newest of ``announcements`` (the first) went out, and all of them, each paper once.

    Without any, it is the time of ``empty_at``, or of arXiv's beginning: never that of the run.
    """
    ordered = each_paper_once(announcements)
    first = next(ordered, None)
    if first is None:
        return _announced_at(empty_at or _FIRST_ANNOUNCEMENT), ordered
    return _announced_at(first.date), chain([first], ordered)


def _announced_at(day: date) -> str:
    """Return when the listing of ``day`` went out by arXiv's schedule, in RFC 3339 with the offset of New York."""
    return expected_at(day).isoformat()


def _feed_id(seed: str) -> str:
    """Return the URN of a feed: a UUID of version 8 (RFC 9562, section 5.8) out of the SHA-256 of ``seed``."""
    digits = hashlib.sha256(f"arxiv-digest feed {seed}".encode()).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
