"""arXiv's own terms that even the configuration speaks of; ``model`` has the values made of them."""

import re
from datetime import date
from enum import StrEnum

CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
"""An arXiv archive or category, such as ``astro-ph``, ``cs.CV`` or ``cond-mat.mes-hall``."""

YEARS = range(1991, 2991)
"""The years that a date here may be of: arXiv began in 1991, and no calendar of digest's reaches beyond 2990."""


def parse_listing_date(text: str) -> date:
    """Return the date that ``text`` is in ISO 8601, of a year that a listing can have.

    Raises:
        ValueError: it is none.
    """
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(f"expected a date from {YEARS[0]} to {YEARS[-1]}, found {day}")
    return day


class Section(StrEnum):
    """The sections of a listing, in the order in which arXiv shows them."""

    NEW = "new"
    CROSS = "cross"
    REPLACEMENT = "replacement"
