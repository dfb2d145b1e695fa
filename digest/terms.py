"""arXiv's own terms that even the configuration speaks of; ``model`` has the values made of them."""

import re
from enum import StrEnum

CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
"""An arXiv archive or category, such as ``astro-ph``, ``cs.CV`` or ``cond-mat.mes-hall``."""


class Section(StrEnum):
    """The sections of a listing, in the order in which arXiv shows them."""

    NEW = "new"
    CROSS = "cross"
    REPLACEMENT = "replacement"
