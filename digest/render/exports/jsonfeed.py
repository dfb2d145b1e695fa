"""Announcements → a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from digest.model import Announcement
from digest.render.exports.feeds import announced_at, feed_id, newest_first
from digest.render.exports.fields import as_json, code_urls, plain, provenance


def json_feed(
    title: str,
    feed_id_seed: str,
    announcements: Iterable[Announcement],
    *,
    empty_at: date | None = None,
    digest_address: Callable[[Announcement], str] = lambda _one: "",
) -> Iterator[str]:
    """Yield the feed of ``announcements``, which come the newest first; a paper that comes again is left out.

    The arguments are those of ``atom_feed``. What the specification has no name for stands in ``_digest``.
    """
    updated, entries = newest_first(announcements, empty_at)
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "language": "en",
        "_digest": {"id": feed_id(feed_id_seed), "updated": updated},
    }
    yield f'{as_json(head)[:-1]}, "items": ['
    before = "\n"
    for one in entries:
        yield f"{before}{as_json(_item(one, digest_address(one)))}"
        before = ",\n"
    yield "\n]}\n"


def _item(one: Announcement, digest_address: str) -> dict[str, Any]:
    paper, when = one.paper, announced_at(one.date)
    authors = [{"name": name} for name in paper.authors if name.strip()]
    authors += [{"name": "and others"}] if paper.may_have_more_authors else []
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
            "primary": paper.primary_category,
            "comments": plain(paper.comments),
            "journal_ref": paper.journal_ref,
            "pdf_url": paper.pdf_url,
            "code_urls": code_urls(paper),
            **({"digest_url": digest_address} if digest_address else {}),
        },
    }
