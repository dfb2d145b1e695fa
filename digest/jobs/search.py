"""A search in the store's own full-text index. Offline."""

from dataclasses import dataclass

from digest.archive.archive import Archive
from digest.model import Found, Query
from digest.views.search import parse_query


@dataclass(frozen=True)
class Hits:
    """What a search found; ``has_more``: there are more papers than were asked for."""

    papers: tuple[Found, ...]
    has_more: bool


def read_query(text: str) -> Query:
    """Return what a person asks for, before anything is opened.

    Raises:
        UsageError: it cannot be understood.
    """
    return parse_query(text)


def search(archive: Archive, query: Query, *, ranked: bool, limit: int) -> Hits:
    """Return up to ``limit`` papers: the newest first, or (``ranked``) those first that suit the query best."""
    found = archive.find(query, ranked=ranked, limit=limit + 1)
    return Hits(tuple(found[:limit]), len(found) > limit)
