"""Whether arXiv really deferred where its table says so: one look at each such date."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from digest.archive.archive import Archive
from digest.decide import in_reach_since
from digest.errors import MissingError, NotAskedError, PageRefusedError, TryLaterError
from digest.jobs.past import is_announced
from digest.jobs.patience import is_rested, remember_vain

log = logging.getLogger(__name__)

_LONGEST_PAUSE = timedelta(days=7)
_DAY = timedelta(days=1)


def announced_after_all(archive: Archive, categories: Sequence[str]) -> Iterator[date]:
    """Look once whether arXiv really deferred where its table says so; yield the dates on which it did not."""
    if not categories:
        return
    for when in archive.calendar.unconfirmed_deferrals(*_watched_span(archive, categories)):
        is_told = when in archive.calendar.corrections  # by the link that told of another
        if is_told or archive.client.is_silent(archive.config.arxiv.pages_url):
            continue
        if not is_rested(archive, categories[0], when, _DAY):
            continue
        try:
            if is_announced(archive, categories[0], when):
                yield when
        except NotAskedError:
            return
        except (MissingError, PageRefusedError, TryLaterError) as error:
            log.info("%s: whether arXiv deferred it is not known yet: %s", when, error)
            remember_vain(archive, categories[0], when)


def _watched_span(archive: Archive, categories: Sequence[str]) -> tuple[date, date]:
    """Return the dates between which deferrals can be confirmed: arXiv has what was before them, and after."""
    stored = {category: [day.date for day in archive.store.summaries(category)] for category in categories}
    newest = archive.calendar.newest_expected(archive.now)
    first = min(archive.start(category) or newest for category in categories)
    last = max((when for dates in stored.values() for when in dates), default=first)
    return max(first, in_reach_since(archive.now) + _LONGEST_PAUSE), min(last, newest)
