"""What both kinds of feed share: each paper once, dated by its announcement."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from digest.calendar import expected_at
from digest.model import Announcement
from digest.render.exports.fields import each_paper_once

_FIRST_ANNOUNCEMENT = date(1991, 8, 14)
"""arXiv began on this day; the date of an empty feed of no date."""


def feed_id(seed: str) -> str:
    """Return the URN of a feed: a UUID of version 8 (RFC 9562, section 5.8) out of the SHA-256 of ``seed``."""
    digits = hashlib.sha256(f"arxiv-digest feed {seed}".encode()).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def announced_at(day: date) -> str:
    """Return when the listing of ``day`` went out by arXiv's schedule, in RFC 3339 with the offset of New York."""
    return expected_at(day).isoformat()


def newest_first(announcements: Iterable[Announcement], empty_at: date | None) -> tuple[str, Iterator[Announcement]]:
    """Return when the newest of ``announcements`` (the first) went out, and all of them, each paper once.

    Without any, it is the time of ``empty_at``, or of arXiv's beginning: never that of the run.
    """
    ordered = each_paper_once(announcements)
    first = next(ordered, None)
    if first is None:
        return announced_at(empty_at or _FIRST_ANNOUNCEMENT), ordered
    return announced_at(first.date), chain([first], ordered)
