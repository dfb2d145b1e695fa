"""Canonical HTML, as texts are kept (only ``a`` and ``br`` occur in it), and the text that it shows."""

import html
import re

_TAG = re.compile(r"<[^>]*>")
_ANCHOR = re.compile(r'<a [^>]*href="(?P<address>[^"]*)"[^>]*>(?P<shown>[^<]*)</a>')
_PLACEHOLDER = re.compile(r"this [a-z]+ URL")


def without_markup(line: str) -> str:
    """Return the text of one ``line`` of canonical HTML, in which only ``a`` and ``br`` occur."""
    return html.unescape(_TAG.sub("", line))


def readable(line: str) -> str:
    """Return the text of one ``line`` of canonical HTML, each address in the place of arXiv's "this https URL"."""
    return without_markup(_ANCHOR.sub(_shown, line))


def _shown(anchor: re.Match[str]) -> str:
    return anchor["address"] if _PLACEHOLDER.fullmatch(anchor["shown"]) else anchor["shown"]
