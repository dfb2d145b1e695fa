"""Past listings: those of given dates, or all that is missing or provisional while arXiv still serves it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from digest import decide
from digest.archive.archive import Archive
from digest.archive.days import begin, update_files
from digest.archive.report import Report, Track, untracked
from digest.calendar import is_overdue, today
from digest.errors import (
    BudgetSpentError,
    DigestError,
    ListingDoubtfulError,
    ListingIncompleteError,
    MissingError,
    NotAskedError,
    PageRefusedError,
    TryLaterError,
    UsageError,
    how_many,
)
from digest.jobs.catchup import (
    get_day,
    is_announced,
    is_catchup_due,
    may_look_again,
    remember_vain,
    unconfirmed_deferrals,
)
from digest.jobs.selection import Selection, is_one_date

log = logging.getLogger(__name__)

# How arXiv refuses a catchup date that it has not reached (``controllers/catchup_page.py`` of arXiv/arxiv-browse), and
# after how many such answers the clock must be wrong: one there is around midnight, for arXiv's is in another zone.
_TO_COME = "later than today"
_MOST_TO_COME = 2

# Refused pages after which no more are asked for in a run: the layout will have changed for the others, too.
_MOST_REFUSED = 3

_A_MOMENT = 60
"""Seconds that a person waits without asking why."""

# How arXiv answers about a day for which it need not be asked again at once.
_IN_VAIN = (MissingError, PageRefusedError, ListingIncompleteError, ListingDoubtfulError)


@dataclass(frozen=True)
class Get:
    """A step of a plan: to get one past listing; ``why`` is words for a person, or "" where they asked for it."""

    category: str
    date: date
    why: str = ""

    @property
    def name(self) -> str:
        """What it gets, as it is shown."""
        return f"{self.category} {self.date}"

    def __str__(self) -> str:
        return f"would ask for {self.name}{self.why}"


@dataclass(frozen=True)
class Confirm:
    """A step of a plan: to look whether arXiv deferred a date on which its table says so."""

    date: date

    def __str__(self) -> str:
        return f"would look whether arXiv announced {self.date} after all"


@dataclass(frozen=True)
class Limit:
    """A step of a plan: to leave for the next run what takes more than so many ``requests``."""

    requests: int

    def __str__(self) -> str:
        words = "would leave for the next run what takes more than"
        return f"{words} {how_many(self.requests, 'request', 'requests')} ([arxiv] heal_requests)"


@dataclass(frozen=True)
class Refuse:
    """A step of a plan: not to ask for what ``name`` says, because arXiv cannot have it, or has it no longer."""

    name: str
    error: DigestError

    def __str__(self) -> str:
        return f"would not ask for {self.name}: {self.error}"


def plan_fetch(archive: Archive, chosen: Selection) -> list[Get | Refuse]:
    """Return what ``fetch`` does; a day that is proven already is not asked for.

    Raises:
        UsageError: there is no listing date among the chosen ones, or one is in the future.
    """
    dates, is_proven = _dates(archive, chosen), archive.snapshot.is_proven
    steps = [Get(name, when) for when in dates for name in chosen.categories if not is_proven(name, when)]
    if len(dates) == 1:
        refusals = {step: _refusal(archive, step.category, step.date) for step in steps}
        return [Refuse(step.name, error) if error else step for step, error in refusals.items()]
    refused = []
    for category in chosen.categories:
        gone = [
            step.date for step in steps if step.category == category and not decide.is_in_reach(step.date, archive.now)
        ]
        if gone:
            words = f"{decide.in_short(gone)}: {archive.why_not_stored(category, gone[-1])}"
            refused.append(Refuse(category, MissingError(words)))
    return [*refused, *(step for step in steps if decide.is_in_reach(step.date, archive.now))]


def time_needed(listings: int, delay: float) -> str:
    """Say how many listings are asked for, and how long that takes with so many seconds between requests.

    A listing of more than 2000 entries takes a request more for each 2000.
    """
    minutes = round(listings * delay / 60)
    hours = f"{minutes / 60:.1f} hours" if minutes > 90 else how_many(max(minutes, 1), "minute")
    return f"{how_many(listings, 'listing')}, about {hours} at a request every {delay:g} seconds"


def patience(archive: Archive, plan: Sequence[Get | Refuse]) -> str:
    """Say how long a plan takes; "" if that is a moment."""
    listings, delay = sum(isinstance(step, Get) for step in plan), archive.config.arxiv.pages_delay
    return time_needed(listings, delay) if listings * delay > _A_MOMENT else ""


def fetch(
    archive: Archive, chosen: Selection, track: Track = untracked, tell: Callable[[str], object] = lambda _: None
) -> Report:
    """Get past listings from arXiv's catchup pages.

    An open span begins with the oldest that arXiv serves, and ends today in New York. ``tell`` hears beforehand how
    long it takes, if that is more than a moment.

    Raises:
        UsageError: there is no listing date among the chosen ones, or one is in the future.
    """
    report = begin(archive, track)
    dates, is_proven = _dates(archive, chosen), archive.snapshot.is_proven
    report.succeeded += sum(is_proven(category, when) for category in chosen.categories for when in dates)
    if words := patience(archive, plan_fetch(archive, chosen)):
        tell(f"asks arXiv for {words}; if it is interrupted, run it again: it goes on")
    done: set[str] = set()
    # The pages may tell of listings that the calendar did not know: those are asked for in another round.
    while steps := {step.name: step for step in plan_fetch(archive, chosen) if step.name not in done}:
        for name in track(list(steps)):
            step = steps[name]
            if isinstance(step, Refuse):
                report.fail(name, step.error)
            elif step.category not in report.not_served:
                problem = get_day(archive, step.category, step.date, report)
                report.result(name, problem and decide.after_refusal(problem, step.date, archive.now))
            if report.is_ended:
                break
        done |= steps.keys()
        if report.is_ended:
            break
    update_files(archive, report, track)
    return report


def _dates(archive: Archive, chosen: Selection) -> list[date]:
    (span,) = chosen.spans
    start, end = span[0] or decide.in_reach_since(archive.now), span[1] or today(archive.now)
    dates = [start] if is_one_date(span) else list(archive.calendar.listing_dates(start, end))
    if not dates:
        raise UsageError(f"expected a listing date in {start}..{end}, found none")
    refusal = _refusal(archive, chosen.categories[0], dates[-1])
    if isinstance(refusal, UsageError):
        raise type(refusal)(f"{dates[-1]}: {refusal}")
    return dates


def _refusal(archive: Archive, category: str, when: date) -> DigestError | None:
    """Say why arXiv need not be asked for ``when``: it cannot have it, or has it no longer."""
    is_denied = not archive.calendar.is_listing_date(when)
    if is_denied and not (when in archive.calendar.surprises and decide.is_in_reach(when, archive.now)):
        return decide.not_stored(when, archive.calendar, archive.now, archive.snapshot.start(category))
    current = today(archive.now)
    if when > max(current, archive.calendar.newest_expected(archive.now)):
        return UsageError(f"is in the future; in New York it is {current}")
    return None if decide.is_in_reach(when, archive.now) else archive.why_not_stored(category, when)


def fetch_missing(archive: Archive, categories: Sequence[str], track: Track = untracked) -> Report:
    """Get everything that is missing or provisional and that arXiv still serves, the newest first."""
    report = begin(archive, track)
    heal(archive, categories, report, track, patiently=False)
    update_files(archive, report)
    report_overdue(archive, categories, report)
    return report


def plan_healing(archive: Archive, categories: Sequence[str], *, patiently: bool = True) -> list[Get | Confirm | Limit]:
    """Return the days that a catchup page could still prove, and the deferrals to be confirmed.

    A ``Limit`` ends it where these take more requests than a run may make; each takes at least one.

    The newest day comes first; those that were asked for in vain come last, of them the one that rests longest first:
    a day that cannot be had must not stand before all others. ``patiently``: without what may still come or rests.
    """
    steps = []
    why = ", which is missing or provisional" if patiently else ""
    for category in categories:
        found, attempts = archive.snapshot.status(category, archive.now), archive.attempts(category)
        for when in (*found.missing, *found.provable):
            asked = attempts.get(when)
            rank = (asked.timestamp() if asked else 0.0, -when.toordinal(), category)
            if may_look_again(archive, category, when) and (not patiently or is_catchup_due(archive, category, when)):
                steps.append((rank, Get(category, when, why)))
    in_order = [step for _, step in sorted(steps, key=lambda item: item[0])]
    looks: list[Get | Confirm | Limit] = [*in_order, *map(Confirm, unconfirmed_deferrals(archive, categories))]
    allowed = archive.config.arxiv.heal_requests
    return [*looks, Limit(allowed)] if len(looks) > allowed else looks


def heal(
    archive: Archive, categories: Sequence[str], report: Report, track: Track = untracked, *, patiently: bool = True
) -> None:
    """Carry out ``plan_healing``; ``patiently``, without a word about what is not news."""

    def served() -> list[str]:
        return [category for category in categories if category not in report.not_served]

    plan = plan_healing(archive, served(), patiently=patiently)
    if not plan:  # most runs: what asks arXiv is not even loaded
        return
    archive.client.budget = archive.config.arxiv.heal_requests
    try:
        _get(archive, [step for step in plan if isinstance(step, Get)], report, track, patiently=patiently)
        # What came in may have told of a deferral, or shown that it can be confirmed by now.
        found = _announced_after_all(archive, served())
        _get(archive, [Get(name, when) for when in found for name in served()], report, track, patiently=patiently)
    finally:
        archive.client.budget = None


def _announced_after_all(archive: Archive, categories: Sequence[str]) -> list[date]:
    """Look once whether arXiv really deferred where its table says so; return the dates on which it did not."""
    found = []
    for when in unconfirmed_deferrals(archive, categories):
        is_told = when in archive.calendar.corrections  # by the link that told of another
        if is_told or archive.client.is_silent(archive.config.arxiv.pages_url):
            continue
        try:
            with archive.claiming(categories[0]) as is_ours:
                found += [when] if is_ours and is_announced(archive, categories[0], when) else []
        except NotAskedError:
            break
        except (MissingError, PageRefusedError, TryLaterError) as error:
            log.info("%s: whether arXiv deferred it is not known yet: %s", when, error)
            remember_vain(archive, categories[0], when)
    return found


def _get(archive: Archive, steps: Sequence[Get], report: Report, track: Track, *, patiently: bool) -> None:
    """Get one day after another, as long as it makes sense to ask on."""
    if archive.client.is_silent(archive.config.arxiv.pages_url):
        return
    named = {step.name: step for step in steps}
    refused = to_come = 0
    for number, name in enumerate(track(list(named)), 1):
        step, left = named[name], len(named) - number
        if step.category in report.not_served:
            continue
        problem = _get_one(archive, step, report)
        if isinstance(problem, NotAskedError):
            why = "[arxiv] heal_requests" if isinstance(problem, BudgetSpentError) else problem
            log.warning("%s left for the next run (%s)", how_many(left + 1, "day is", "days are"), why)
            return
        if problem is None or not patiently or _is_news(archive, step, problem, report):
            report.result(name, problem)
            report.unobtainable |= {(step.category, step.date)} if problem else set()
        else:
            log.info("%s: %s", name, problem)
        refused += isinstance(problem, PageRefusedError)
        to_come += _TO_COME in str(problem)
        if report.is_ended or archive.client.is_silent(archive.config.arxiv.pages_url):
            return
        if to_come == _MOST_TO_COME:
            log.warning("arXiv says that %s is yet to come: is the clock right (%s)?", name, archive.now.isoformat())
            return
        if refused == _MOST_REFUSED and left:
            words = "%s left for a later run: %d pages were refused"
            log.warning(words, how_many(left, "day is", "days are"), refused)
            return


def _is_news(archive: Archive, step: Get, problem: DigestError, report: Report) -> bool:
    """Whether it has to be said that a day cannot be had: not before it is overdue, and not twice."""
    is_absence = isinstance(problem, (MissingError, TryLaterError)) and not isinstance(problem, ListingDoubtfulError)
    is_told = (step.category, step.date) in report.unobtainable
    return not is_absence or (is_overdue(step.date, archive.now) and not is_told)


def _get_one(archive: Archive, step: Get, report: Report) -> DigestError | None:
    """Get one day; return what stands in the way. What was asked for in vain is noted, so that it rests."""
    before = archive.client.requests_made
    with archive.claiming(step.category) as is_ours:
        is_here = archive.config.is_shared and archive.snapshot.is_proven(step.category, step.date)
        problem = get_day(archive, step.category, step.date, report) if is_ours and not is_here else None
    # A day that takes more requests than are left was asked for: others come first next time.
    is_cut = isinstance(problem, BudgetSpentError) and archive.client.requests_made > before
    if is_cut or isinstance(problem, _IN_VAIN):
        remember_vain(archive, step.category, step.date)
    if problem is None or isinstance(problem, NotAskedError):
        return problem
    return decide.after_refusal(problem, step.date, archive.now)


def report_overdue(archive: Archive, categories: Sequence[str], report: Report) -> None:
    """Say loudly which days are overdue and not here, and which will soon be out of reach."""
    for category in categories:
        found = archive.snapshot.status(category, archive.now)
        for word, dates in (("missing", found.missing), ("provisional", found.provable)):
            old = [when for when in dates if (today(archive.now) - when).days >= decide.WARNING_DAYS]
            if old:
                words = "%s: %s; %s, and arXiv serves the first of them until %s only"
                log.warning(words, category, decide.in_short(old), word, decide.in_reach_until(min(old)))
        for word, overdue in (("overdue and missing", found.overdue), ("provisional for good", found.stuck)):
            silent = [when for when in overdue if (category, when) not in report.unobtainable]
            if silent:
                report.unobtainable |= {(category, when) for when in silent}
                report.fail(category, MissingError(f"{word}: {decide.in_short(silent)}; `digest status` says more"))
