"""What can be done on the night itself when the newest listing cannot be had."""

import logging
from datetime import date

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.calendar import expected_at
from digest.decide import PATIENCE
from digest.errors import (
    DigestError,
    ListingDoubtfulError,
    MissingError,
    NotServedError,
    PageRefusedError,
    TryLaterError,
)
from digest.jobs.fallback import take_feed
from digest.jobs.past import get_day
from digest.jobs.patience import is_due, remember_vain

log = logging.getLogger(__name__)


def is_rescued(archive: Archive, category: str, expected: date, error: DigestError, report: Report) -> bool:
    """Make the best of a listing that cannot be had; return whether nothing is left to complain of.

    A refused page is made up for at once, one that is late or out of reach after six hours: by the catchup
    page, if it may be there by now, else by the feed. Older days are left to the healing.
    """
    is_refused = isinstance(error, PageRefusedError)
    is_late = archive.now >= expected_at(expected) + PATIENCE
    is_out_of_reach = isinstance(error, TryLaterError) and is_late
    if archive.client.forbidden or isinstance(error, ListingDoubtfulError) or not (is_refused or is_out_of_reach):
        return False
    is_proven = make_up(archive, category, expected, report)
    if is_proven:
        log.warning("%s; the catchup page of %s proves the listing all the same", error, expected)
    return is_proven and not is_refused


def make_up(archive: Archive, category: str, expected: date, report: Report) -> bool:
    """Try the catchup page, if it may be there by now, then the feed; return whether the listing is proven."""
    if is_due(archive, category, expected) and _is_in_catchup(archive, category, expected, report):
        return True
    if archive.store.summary(category, expected) is None:
        take_feed(archive, category, expected, report)
    return False


def _is_in_catchup(archive: Archive, category: str, expected: date, report: Report) -> bool:
    try:
        get_day(archive, category, expected, report)
    except (MissingError, NotServedError, PageRefusedError, TryLaterError) as error:
        log.info("%s %s: %s", category, expected, error)
        remember_vain(archive, category, expected)
    return archive.is_proven(category, expected)
