"""Texts of pages as the parser keeps them, for tests that have the markup alone."""

from collections.abc import Iterable

from lxml import etree

from digest.parse.markup import Lines


def one_line_html(elements: Iterable[etree._Element]) -> list[str]:
    """Return the inner HTML of each of ``elements`` in canonical form, one line each."""
    lines = Lines()
    for element in elements:
        lines.add(element)
    return lines.finished()
