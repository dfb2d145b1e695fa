"""Bytes and texts → values. Pure; the only importer of bs4, lxml and feedparser."""

from digest.parse.feed import Feed, parse_feed
from digest.parse.join import Listing, belongs, join_pages
from digest.parse.links import LINK_RULES
from digest.parse.page import Page, parse_page
from digest.parse.recent import parse_recent
from digest.parse.relink import relinked

PARSER_VERSION = 2
"""Kept with each day; raised when the same page gives other entries than before."""

__all__ = [
    "LINK_RULES",
    "PARSER_VERSION",
    "Feed",
    "Listing",
    "Page",
    "belongs",
    "join_pages",
    "parse_feed",
    "parse_page",
    "parse_recent",
    "relinked",
]
