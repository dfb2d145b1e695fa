"""What is missing or provisional, while arXiv's catchup pages still have it."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.archive.status import status
from digest.calendar import is_overdue, today
from digest.decide import WARNING_DAYS, after_refusal, in_reach_until, in_short
from digest.errors import (
    BudgetSpentError,
    DigestError,
    ListingDoubtfulError,
    ListingIncompleteError,
    MissingError,
    NotAskedError,
    PageRefusedError,
    TryLaterError,
)
from digest.jobs.deferrals import announced_after_all
from digest.jobs.past import get_day
from digest.jobs.patience import is_due, is_time, remember_vain
from digest.jobs.steps import Track, begin, publish, untracked

log = logging.getLogger(__name__)

_TO_COME = "later than today"
"""How arXiv refuses a catchup date that it has not reached (``controllers/catchup_page.py`` of arXiv/arxiv-browse)."""

_MOST_TO_COME = 2
"""Such answers after which the clock must be wrong; one there is around midnight, for arXiv's is in another zone."""

_MOST_REFUSED = 3
"""Refused pages after which no more are asked for in a run: the layout will have changed for the others, too."""


def fetch_missing(archive: Archive, categories: Sequence[str], track: Track = untracked) -> Report:
    """Get everything that is missing or provisional and that arXiv still serves, the newest first."""
    report = begin(archive, track)
    _heal(archive, categories, report, track, patiently=False)
    publish(archive, report)
    tell_missing(archive, categories, report)
    return report


def plan_missing(archive: Archive, categories: Sequence[str]) -> list[str]:
    """Say what ``fetch_missing`` would ask arXiv for, a line each."""
    return [
        f"would ask for {category} {when}"
        for category, when in _unproven(archive, categories)
        if is_time(archive, category, when)
    ]


def heal(archive: Archive, categories: Sequence[str], report: Report, track: Track = untracked) -> None:
    """Get what is missing or provisional, the newest first; what was asked for in vain a little while ago waits."""
    _heal(archive, categories, report, track, patiently=True)


def _heal(archive: Archive, categories: Sequence[str], report: Report, track: Track, *, patiently: bool) -> None:
    """Get what is not proven; ``patiently``, without what may still come or rests, and without a word about it."""
    categories = [category for category in categories if category not in report.not_served]
    archive.client.budget = archive.config.arxiv.heal_requests
    parts = [
        part
        for part in _unproven(archive, categories)
        if is_time(archive, *part) and (is_due(archive, *part) or not patiently)
    ]
    try:
        _get(archive, parts, report, track, patiently=patiently)
        categories = [category for category in categories if category not in report.not_served]
        found = [(category, when) for when in announced_after_all(archive, categories) for category in categories]
        _get(archive, found, report, track, patiently=patiently)
    finally:
        archive.client.budget = None


def plan_heal(archive: Archive, categories: Sequence[str]) -> list[str]:
    """Say what ``heal`` would ask arXiv for, a line each."""
    return [
        f"would ask for {category} {when}, which is missing or provisional"
        for category, when in _unproven(archive, categories)
        if is_time(archive, category, when) and is_due(archive, category, when)
    ]


def _unproven(archive: Archive, categories: Sequence[str]) -> Iterator[tuple[str, date]]:
    """Yield the days that a catchup page could still prove: the newest first, then what was asked for in vain.

    Of those the one that rests longest is the first: a day that cannot be had must not stand before all others.
    """
    parts = []
    for category in categories:
        attempts = archive.store.attempts(category)
        for when in _unproven_dates(archive, category):
            asked = attempts.get(when)
            parts.append((asked.timestamp() if asked else 0.0, -when.toordinal(), category, when))
    yield from ((category, when) for _, _, category, when in sorted(parts))


def _unproven_dates(archive: Archive, category: str) -> list[date]:
    (found,) = status(archive, [category])
    return [*found.missing, *found.provable]


def _get(archive: Archive, parts: Sequence[tuple[str, date]], report: Report, track: Track, *, patiently: bool) -> None:
    if archive.client.is_silent(archive.config.arxiv.pages_url):
        return
    named = {f"{category} {when}": (category, when) for category, when in parts}
    refused = to_come = 0
    for number, name in enumerate(track(list(named)), 1):
        if named[name][0] in report.not_served:
            continue
        try:
            _get_one(archive, *named[name], report)
            report.succeeded += 1
        except NotAskedError as error:
            why = "[arxiv] heal_requests" if isinstance(error, BudgetSpentError) else error
            log.warning("%s left for the next run (%s)", _days(len(named) - number + 1), why)
            return
        except DigestError as error:
            refused += isinstance(error, PageRefusedError)
            to_come += _TO_COME in str(error)
            if not patiently or _is_news(archive, *named[name], error, report):
                report.fail(name, error)
                report.told.add(named[name])
            else:
                log.info("%s: %s", name, error)
        if report.is_ended or archive.client.is_silent(archive.config.arxiv.pages_url):
            return
        if to_come == _MOST_TO_COME:
            log.warning("arXiv says that %s is yet to come: is the clock right (%s)?", name, archive.now.isoformat())
            return
        if refused == _MOST_REFUSED and number < len(named):
            log.warning("%s left for a later run: %d pages were refused", _days(len(named) - number), refused)
            return


def _days(number: int) -> str:
    return "1 day is" if number == 1 else f"{number} days are"


def _is_news(archive: Archive, category: str, when: date, error: DigestError, report: Report) -> bool:
    """Whether it has to be said that a day cannot be had: not before it is overdue, and not twice."""
    is_absence = isinstance(error, (MissingError, TryLaterError)) and not isinstance(error, ListingDoubtfulError)
    return not is_absence or (is_overdue(when, archive.now) and (category, when) not in report.told)


def _get_one(archive: Archive, category: str, when: date, report: Report) -> None:
    before = archive.client.requests_made
    try:
        get_day(archive, category, when, report)
    except BudgetSpentError:
        if archive.client.requests_made > before:  # it takes more than is left: others come first next time
            remember_vain(archive, category, when)
        raise
    except (MissingError, PageRefusedError):
        remember_vain(archive, category, when)
        raise
    except TryLaterError as error:
        if isinstance(error, NotAskedError):
            raise
        if isinstance(error, (ListingIncompleteError, ListingDoubtfulError)):
            remember_vain(archive, category, when)
        raise after_refusal(error, when, archive.now) from error


def tell_missing(archive: Archive, categories: Sequence[str], report: Report) -> None:
    """Say loudly which days are overdue and not here, and which will soon be out of reach."""
    for found in status(archive, categories):
        current = today(archive.now)
        for word, dates in (("missing", found.missing), ("provisional", found.provable)):
            old = [when for when in dates if (current - when).days >= WARNING_DAYS]
            if old:
                until = in_reach_until(min(old))
                log.warning(
                    "%s: %s; %s, and arXiv serves the first of them until %s only",
                    *(found.category, in_short(old), word, until),
                )
        for word, overdue in (("overdue and missing", found.overdue), ("provisional for good", found.stuck)):
            silent = [when for when in overdue if (found.category, when) not in report.told]
            if silent:
                report.told |= {(found.category, when) for when in silent}
                report.fail(found.category, MissingError(f"{word}: {in_short(silent)}; `digest status` tells more"))
