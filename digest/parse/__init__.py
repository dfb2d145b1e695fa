"""Bytes and texts → values. Pure; the only importer of bs4, lxml and feedparser."""

PARSER_VERSION = 3
"""Kept with each day; raised when the same page gives other entries than before."""
