"""(what is stored, what the page says, now) → what to change, or why not. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from digest.calendar import Calendar, is_overdue
from digest.errors import DigestError, MissingError, TryLaterError, UsageError
from digest.model import DaySummary, State

_NAMED = 12
_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to store a listing, and why or why not, in words for a person."""

    stores: bool
    reason: str


def needs_listing(newest_expected: date, proven: Iterable[date]) -> bool:
    """Whether arXiv has to be asked at all: not when the newest expected listing, or the one after, is proven.

    A date far in the future (a page imported under a clock that was wrong) proves nothing about tonight.
    """
    return not any(newest_expected <= day <= newest_expected + _SOON for day in proven)


def decide(stored: DaySummary | None, state: State) -> Decision:
    """Decide whether a listing known as well as ``state`` replaces what is ``stored`` of its date.

    What was announced is never rewritten: only a day that is less well known gives way.
    """
    if stored is None:
        return Decision(stores=True, reason="new")
    if stored.state.strength >= state.strength:
        return Decision(stores=False, reason=f"stored already, {stored.state} from {stored.source}")
    return Decision(stores=True, reason=f"replaces what was {stored.state} from {stored.source}")


def after_refusal(error: DigestError, expected: date, now: datetime) -> DigestError:
    """Return what a failure means at the instant ``now``: "try later" is "missing" once a listing is overdue."""
    if isinstance(error, TryLaterError) and is_overdue(expected, now):
        return MissingError(f"the listing of {expected} is overdue: {error}")
    return error


def lateness(shown: date, expected: date, now: datetime) -> MissingError | None:
    """Return what it means that arXiv shows the listing of ``shown`` when ``expected`` was due."""
    if shown >= expected or not is_overdue(expected, now):
        return None
    return MissingError(f"the listing of {expected} is overdue: arXiv still shows that of {shown}")


def in_short(dates: Sequence[date]) -> str:
    """Name the newest of ``dates``, the newest first, and how many more there are."""
    named = ", ".join(map(str, sorted(dates, reverse=True)[:_NAMED]))
    return named if len(dates) <= _NAMED else f"{named} and {len(dates) - _NAMED} more"


def not_stored(when: date, calendar: Calendar, now: datetime) -> DigestError:
    """Return why no listing of ``when`` is here, and the way out."""
    if when.weekday() > 4:
        return UsageError("there is no listing: arXiv announces none for a Saturday or Sunday")
    if not calendar.is_listing_date(when):
        return MissingError("there is no listing: arXiv deferred the announcement of the evening before")
    if when > calendar.newest_expected(now):
        return MissingError("the listing is not announced yet")
    return MissingError(f"not stored; `digest fetch {when}` gets it, while arXiv still serves it")


def proven_dates(summaries: Sequence[DaySummary]) -> list[date]:
    """Return the dates of the days that need no further proof."""
    return [summary.date for summary in summaries if summary.state in (State.COMPLETE, State.EMPTY)]
