"""A paper's history: (its announcements, what is stored) → when it was announced, and what changed. Pure.

::

    announcements ─by date→ events ─what each is known to show→ changes from one event to the next
"""

from digest.history.absence import why_not_stored
from digest.history.data import PathOf, history_data
from digest.history.events import Event, History, history_of
from digest.history.fields import Change, Field, Value
from digest.history.reference import Reference, parse_reference
from digest.history.withdrawal import says_withdrawn
from digest.history.words import Mark, Piece, difference

__all__ = [
    "Change",
    "Event",
    "Field",
    "History",
    "Mark",
    "PathOf",
    "Piece",
    "Reference",
    "Value",
    "difference",
    "history_data",
    "history_of",
    "parse_reference",
    "says_withdrawn",
    "why_not_stored",
]
