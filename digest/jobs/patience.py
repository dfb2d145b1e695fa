"""When arXiv may be asked for a date again."""

from datetime import date, timedelta

from digest.archive.archive import Archive
from digest.calendar import expected_at
from digest.decide import PATIENCE, REST, SETTLING, next_look


def is_time(archive: Archive, category: str, when: date) -> bool:
    """Whether a second look, if that is what is needed, may be taken already."""
    again = next_look(archive.store.ledger().readings_of(category, when))
    return again is None or not archive.now < again <= archive.now + SETTLING  # beyond, the clock was ahead


def is_due(archive: Archive, category: str, when: date) -> bool:
    """Whether the job of the night leaves it to us, and it was not asked for in vain a little while ago."""
    is_late = archive.now >= expected_at(when) + PATIENCE
    return is_late and is_rested(archive, category, when, REST)


def is_rested(archive: Archive, category: str, when: date, rest: timedelta) -> bool:
    """Whether a date was not asked for in vain within the last ``rest``."""
    asked = archive.store.attempts(category).get(when)
    return asked is None or not asked <= archive.now < asked + rest  # before, the clock was ahead


def remember_vain(archive: Archive, category: str, when: date) -> None:
    """Note that arXiv was asked for a day in vain; if it did not answer at all, nothing was asked."""
    if not archive.client.is_silent(archive.config.arxiv.pages_url):
        archive.store.remember_attempt(category, when, archive.now)
