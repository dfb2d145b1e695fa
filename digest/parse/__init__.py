"""Bytes and texts → values. Pure; the only importer of bs4, lxml and feedparser.

What reads pages is loaded at first use: nights on which nothing is out need none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.parse.entries import belongs
    from digest.parse.feed import Feed, parse_feed
    from digest.parse.foreign import other_kind
    from digest.parse.links import LINK_RULES
    from digest.parse.listing import Listing, Page, join_pages, parse_page
    from digest.parse.recent import RecentDay, parse_recent
    from digest.parse.typed import relinked

PARSER_VERSION = 3
"""Kept with each day; raised when the same page gives other entries than before."""

__all__ = [
    "LINK_RULES",
    "PARSER_VERSION",
    "Feed",
    "Listing",
    "Page",
    "RecentDay",
    "belongs",
    "join_pages",
    "other_kind",
    "parse_feed",
    "parse_page",
    "parse_recent",
    "relinked",
]

_HOMES = {
    "LINK_RULES": "links",
    "Feed": "feed",
    "Listing": "listing",
    "Page": "listing",
    "RecentDay": "recent",
    "belongs": "entries",
    "join_pages": "listing",
    "other_kind": "foreign",
    "parse_feed": "feed",
    "parse_page": "listing",
    "parse_recent": "recent",
    "relinked": "typed",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
