"""arXiv's own terms, for all who need them and little else: categories, sections, years."""

import re
from enum import StrEnum
from functools import lru_cache

CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
"""An arXiv archive or category, such as ``astro-ph``, ``cs.CV`` or ``cond-mat.mes-hall``."""

YEARS = range(1991, 2991)
"""The years that a date here may be of: arXiv began in 1991, and no calendar of digest's reaches beyond 2990."""


@lru_cache(10_000)  # thousands of papers are in the same ones
def is_among(categories: str, names: frozenset[str]) -> bool:
    """Whether a paper is in one of some categories or whole archives; its own stand with blanks between them."""
    return any(name in names or name.partition(".")[0] in names for name in categories.split(" "))


class Section(StrEnum):
    """The sections of a listing, in the order in which arXiv shows them."""

    NEW = "new"
    CROSS = "cross"
    REPLACEMENT = "replacement"

    def how_many(self, number: int) -> str:
        """Return a number of its entries in words: ``3 new``, ``1 cross-list``, ``2 replacements``."""
        noun = "cross-list" if self is Section.CROSS else self.value
        return f"{number} {noun}" if number == 1 or self is Section.NEW else f"{number} {noun}s"
