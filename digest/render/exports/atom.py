"""Announcements → an Atom feed (RFC 4287)."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from digest.model import Announcement, Paper
from digest.render.exports.feeds import announced_at, feed_id, newest_first
from digest.render.exports.fields import code_urls, plain, provenance, web_address

ARXIV = "http://arxiv.org/schemas/atom"
"""The namespace and category scheme of arXiv's own feeds (https://info.arxiv.org/help/api/user-manual.html)."""

_PROVENANCE = feed_id("the namespace of provenance")

# XML 1.0, section 2.2: no document holds them, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom_feed(
    title: str,
    feed_id_seed: str,
    announcements: Iterable[Announcement],
    *,
    empty_at: date | None = None,
    digest_address: Callable[[Announcement], str] = lambda _one: "",
) -> Iterator[str]:
    """Yield the feed of ``announcements``, which come the newest first; a paper that comes again is left out.

    Args:
        title: what a feed reader calls it.
        feed_id_seed: what the feed is, in words that do not change: its id is made of them.
        announcements: what is in it.
        empty_at: the listing date by which a feed without entries is dated.
        digest_address: where the digest of an announcement is published; "" if it is not.
    """
    updated, entries = newest_first(announcements, empty_at)
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="{ARXIV}" xmlns:digest="{_PROVENANCE}">\n'
    yield _element("id", feed_id(feed_id_seed))
    yield _element("title", title, type="text")
    yield _element("updated", updated)
    yield f"<author>{_element('name', 'arXiv')}{_element('uri', 'https://arxiv.org/')}</author>\n"
    for one in entries:
        yield f"<entry>\n{''.join(_entry(one, digest_address(one)))}</entry>\n"
    yield "</feed>\n"


def _entry(one: Announcement, digest_address: str) -> Iterator[str]:
    paper, when = one.paper, announced_at(one.date)
    yield _element("id", paper.abstract_url)
    yield _element("title", paper.title, type="text")
    yield _element("published", when)
    yield _element("updated", when)
    for name in filter(str.strip, paper.authors):
        yield f"<author>{_element('name', name)}</author>\n"
    if paper.may_have_more_authors:
        yield f"<author>{_element('name', 'and others')}</author>\n"
    for category in paper.categories:
        yield _element("category", term=category, scheme=ARXIV)
    yield from _links(paper)
    if digest_address:
        yield _element("link", rel="related", title="digest", href=digest_address)
    yield from _texts(paper)
    yield _element("digest:announcement", **{name: str(value) for name, value in provenance(one).items()})


def _links(paper: Paper) -> Iterator[str]:
    yield _element("link", rel="alternate", type="text/html", href=paper.abstract_url)
    yield _element("link", rel="related", type="application/pdf", title="pdf", href=paper.pdf_url)
    for url in code_urls(paper):
        yield _element("link", rel="related", title="code", href=web_address(url))


def _texts(paper: Paper) -> Iterator[str]:
    abstract = plain(paper.abstract)
    if abstract is not None:
        yield _element("summary", abstract, type="text")
    yield _element("arxiv:primary_category", term=paper.primary_category, scheme=ARXIV)
    for name, text in (("comment", plain(paper.comments)), ("journal_ref", paper.journal_ref)):
        if text is not None:
            yield _element(f"arxiv:{name}", text)


def _element(name: str, text: str = "", **attributes: str) -> str:
    """Return an element of XML; a character that XML forbids becomes U+FFFD."""
    shown = "".join(f" {key}={quoteattr(_allowed(value))}" for key, value in attributes.items())
    inner = escape(_allowed(text), {"\r": "&#13;"})
    return f"<{name}{shown}>{inner}</{name}>\n" if inner else f"<{name}{shown}/>\n"


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
