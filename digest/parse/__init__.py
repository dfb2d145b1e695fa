"""Bytes and texts → values. Pure; the only importer of bs4 and lxml."""

from digest.parse.join import Listing, belongs, join_pages
from digest.parse.page import Page, parse_page

PARSER_VERSION = 1
"""Kept with each day; raised when the same page gives other entries than before."""

__all__ = ["PARSER_VERSION", "Listing", "Page", "belongs", "join_pages", "parse_page"]
