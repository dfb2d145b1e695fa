"""Bytes and texts → values. Pure; the only importer of bs4, lxml and feedparser.

What reads pages is loaded at first use: who asks for a version alone does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.parse.entries import belongs as belongs
    from digest.parse.feed import Feed as Feed
    from digest.parse.feed import parse_feed as parse_feed
    from digest.parse.foreign import other_kind as other_kind
    from digest.parse.links import LINK_RULES as LINK_RULES
    from digest.parse.listing import Listing as Listing
    from digest.parse.listing import Page as Page
    from digest.parse.listing import join_pages as join_pages
    from digest.parse.listing import parse_page as parse_page
    from digest.parse.recent import RecentDay as RecentDay
    from digest.parse.recent import parse_recent as parse_recent
    from digest.parse.typed import relinked as relinked

PARSER_VERSION = 3
"""Kept with each day; raised when the same page gives other entries than before."""

_HOMES = {
    "entries": ("belongs",),
    "feed": ("Feed", "parse_feed"),
    "foreign": ("other_kind",),
    "links": ("LINK_RULES",),
    "listing": ("Listing", "Page", "join_pages", "parse_page"),
    "recent": ("RecentDay", "parse_recent"),
    "typed": ("relinked",),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
