"""What is to be told, and when: decided on values. Pure.

Each listing date has one message: when all categories have it proven, or at noon in New York with what there is. So has
each week of a weekly view: when all its listings are proven, or with what there is when the next week has begun.
Trouble is reported when it changes, daily while it lasts, and when it is over. A channel that did not take a message is
tried by each run, alone, until it is given up: on the third night if it refuses it for good, else after a week.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from digest.calendar import Calendar
from digest.config.settings import week_of
from digest.errors import DigestError, NotifyError, TryLaterError, gravest
from digest.model import Alert, DaySummary, Reach, Told, Trouble
from digest.notify.messages import Message, alert_message, recovery_message

_WINDOW = timedelta(days=7)
"""What could not be told for so long is news no more."""

_THIRD_NIGHT = timedelta(hours=47)
"""What a channel refused for so long, it will refuse for ever; an hour less than two days, since runs drift."""

_AGAIN = timedelta(hours=24)
_PASSING = (3, 75)
"""Exit codes of runs that say nothing of what lasts: another run holds the lock, or arXiv is to be asked later."""

_LONGEST_SUBJECT = 80


def recent_dates(calendar: Calendar, now: datetime) -> list[date]:
    """Return the listing dates that may have a message, the oldest first; the last is the newest expected one."""
    newest = calendar.newest_expected(now)
    return [when for when in calendar.listing_dates(newest - _WINDOW, newest) if when > newest - _WINDOW]


@dataclass(frozen=True, slots=True)
class Turn:
    """The dates of which a subject may have a message now, the oldest first: listing dates, or weeks that are over.

    What is before ``newest`` is no news for somebody new.
    """

    dates: Sequence[date]
    newest: date

    @classmethod
    def of(cls, period: str, calendar: Calendar, now: datetime) -> "Turn":
        """Return the dates, or the weeks, of the listing dates that may have a message."""
        dates = recent_dates(calendar, now)
        if period == "day":
            return cls(dates, dates[-1])
        weeks = dict.fromkeys(map(week_of, dates))
        return cls([one for one in weeks if calendar.latest(one) <= dates[-1]], week_of(dates[-1]))


Turns = Mapping[str, Turn]
"""The turn of each subject."""


def opened(told: Told, turns: Turns) -> Told:
    """Return what was sent about the subjects; of a new one, all dates before the newest count as told.

    Nobody who sets up messages wants to hear of last week.
    """
    known = {
        subject: told.dates.get(subject, frozenset(one for one in turn.dates if one < turn.newest))
        for subject, turn in turns.items()
    }
    reached = {key: reach for key, reach in told.reached.items() if key[0] in known}
    return Told(known, told.alert, reached)


def reach(
    before: Reach | None, took: Collection[str], lacking: Collection[str], refused: Collection[str], now: datetime
) -> Reach | None:
    """Return how far a message has come after it was tried; None if nobody is left to try.

    Args:
        before: how far it had come; None if it was tried for the first time.
        took: the channels that took it now.
        lacking: those that did not.
        refused: those among them that will not take it as it is; they are given up on the third night.
        now: the time.
    """
    since = before.since if before else now
    given_up = lacking if now - since >= _WINDOW else refused if now - since >= _THIRD_NIGHT else ()
    if not set(lacking).difference(given_up):
        return None
    return Reach(frozenset({*(before.channels if before else ()), *took, *given_up}), since)


def is_nothing_due(told: Told, turns: Turns) -> bool:
    """Whether nothing is left to tell: neither of any date nor that trouble is over."""
    is_told = all(told.has(subject, when) for subject, turn in turns.items() for when in turn.dates)
    return is_told and told.alert is None and not told.reached


@dataclass(frozen=True, slots=True)
class Listing:
    """What is stored of a listing date, by category, and for which of them nothing is expected: they gave it up."""

    days: Mapping[str, DaySummary | None]
    given_up: Collection[str] = ()

    @property
    def is_void(self) -> bool:
        """Whether there will never be anything: every category gave it up."""
        return all(day is None and category in self.given_up for category, day in self.days.items())

    @property
    def is_waiting(self) -> bool:
        """Whether a day may still come, or be proven."""
        expected = [day for category, day in self.days.items() if category not in self.given_up]
        return any(day is None or not day.is_proven for day in expected)


def is_ripe(listings: Sequence[Listing], *, is_late: bool) -> bool:
    """Whether it is time to tell of listings: they are proven or, once it ``is_late``, some are stored."""
    # Late with what there is: a message that waits for one category for ever would tell of none.
    has_any = any(day is not None for one in listings for day in one.days.values())
    return has_any and (is_late or not any(one.is_waiting for one in listings))


@dataclass(frozen=True, slots=True)
class DueMessages:
    """What is to be sent, by subject and date; ``told`` is what was told already, these not among it.

    ``expired``: the messages that some channels lack and that are too old by now to be news.
    """

    told: Told
    messages: Mapping[tuple[str, date], Message] = field(default_factory=dict)
    expired: Collection[tuple[str, date]] = ()


@dataclass(frozen=True, slots=True)
class DueAlert:
    """The trouble that is not over once ``message`` is sent; without one there is nothing to tell.

    ``reach``: how far the message has come; None if it is new to all.
    """

    alert: Alert | None
    message: Message | None = None
    reach: Reach | None = None


def due_alert(
    known: Alert | None,
    failures: Iterable[DigestError],
    categories: tuple[str, ...],
    now: datetime,
    left_out: Collection[str] = (),
) -> DueAlert:
    """Decide what to tell of the ``failures`` of a run, which name no secrets, when ``known`` was told before.

    Channels that fail are no trouble to tell through channels; a run that is to try later changes nothing. Of the
    categories that it left out a run knows nothing: their trouble goes on, and is not told again.
    """
    own = [failure for failure in failures if not isinstance(failure, NotifyError)]
    exit_code = gravest(failure.exit_code for failure in own)
    if exit_code in _PASSING:
        return DueAlert(known)
    if known and known.is_over:
        if not own:
            return DueAlert(known, recovery_message(categories, known.about, known.since), known.reach)
        known = None  # new trouble, which begins now, whoever has not yet heard of the end of the old one
    others = [trouble for trouble in known.about if trouble.subject.partition(" ")[0] in left_out] if known else []
    # Trouble that comes and goes with the hours is no change worth a message.
    lasting = [failure for failure in own if not isinstance(failure, TryLaterError)]
    about = tuple(sorted({*others, *(Trouble(failure.exit_code, _subject(failure)) for failure in lasting)}))
    if not own:
        if known is None or about:
            return DueAlert(replace(known, about=about) if known else None)
        message = recovery_message(categories, known.about, known.since)
        return DueAlert(replace(known, is_over=True, reach=None), message)
    goes_on = known is not None and not {*known.about}.isdisjoint(about)
    since = known.since if known and goes_on else now
    message = alert_message(categories, exit_code, list(dict.fromkeys(map(str, lasting))), since)
    if known and known.about == about and now - known.told_at < _AGAIN:
        return DueAlert(known, message if known.reach else None, known.reach)
    return DueAlert(Alert(about, since, now), message)


def _subject(failure: DigestError) -> str:
    """Return what failed; of a path or an address the last part, since notices.json may be published."""
    subject = str(failure).partition(": ")[0]
    return subject.rstrip("/").rpartition("/")[2][:_LONGEST_SUBJECT]
