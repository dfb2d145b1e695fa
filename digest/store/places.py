"""Places: the order of announcements in numbers, by which the full-text index has the newest first without sorting.

A revision that days show has the place of its first announcement, whatever the order in which the days came in: those
of a later date are greater, and those of one date fall, so that from the greatest to the least each day's papers come
as its digest has them. One that no day shows any more has none, and is not searched.
"""

from datetime import date

ROOM = 2**20
"""How many places a date has: all categories of arXiv together announce some thousand papers."""


def places_of(when: date) -> range:
    """Return the places of a date."""
    first = when.toordinal() * ROOM
    return range(first, first + ROOM)
