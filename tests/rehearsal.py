"""A rehearsal of the nightly job over many nights: an arXiv that fails as arXiv fails, a clock that is simulated.

``test_rehearsal.py`` plays thirty nights of it, and a year.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.cli.console import Console
from digest.cli.runner import work
from digest.cli.session import Session
from digest.jobs.run import run
from tests.standin import Fault, Mailing, Reply, Request, StandIn, faults, invent

NEW_YORK = ZoneInfo("America/New_York")
CATEGORY = "cs.CV"
HOURS = (20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
"""New York's hours in which cron fires, each at 17 minutes past: from the announcement to an hour after noon."""
CALM_HOURS = (21, 3)
"""When cron fires where nothing goes wrong."""

_ON_TIME = timedelta(minutes=40)
_CONFIG = """\
[arxiv]
pages_url = "{url}"
feeds_url = "{url}"
contact = "rehearsal@example.org"

[store]
records = "data"
start = "{start}"
"""


@dataclass
class Clock:
    """A machine's clock that goes only where it is told to, and when somebody sleeps."""

    now: float

    def time(self) -> float:
        """Seconds since 1970."""
        return self.now

    def monotonic(self) -> float:
        """The same: this clock never runs backwards."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Be later at once."""
        self.now += seconds


@dataclass(frozen=True)
class Trouble:
    """What goes wrong from one instant to another."""

    begins: datetime
    ends: datetime
    fault: Fault


@dataclass(frozen=True)
class Play:
    """What arXiv announces, when each announcement is out, and what goes wrong."""

    announcements: Mapping[date, Mailing]
    late: Mapping[date, timedelta] = field(default_factory=dict)
    troubles: Sequence[Trouble] = ()

    def out_at(self, when: date) -> datetime:
        """When the listing of ``when`` can be seen."""
        return evening(when) + self.late.get(when, _ON_TIME)


@dataclass
class Seen:
    """What the stand-in was asked, with the time of the simulated machine, and how the runs ended."""

    requests: list[tuple[float, Request]] = field(default_factory=list)
    codes: dict[datetime, int] = field(default_factory=dict)
    asked: dict[datetime, int] = field(default_factory=dict)


def evening(when: date) -> datetime:
    """Return 20:00 in New York on the evening before ``when``."""
    return datetime.combine(when - timedelta(days=1), time(20), NEW_YORK)


def nights(first: date, number: int) -> list[date]:
    """Return ``number`` dates from ``first`` on; a night is named by the date that it ends in."""
    return [first + timedelta(days=offset) for offset in range(number)]


def instants(when: date, at: Sequence[int]) -> Iterator[datetime]:
    """Yield when cron fires in the night that ends in ``when``; an hour that the clocks leave out is left out."""
    for hour in at:
        day = when - timedelta(days=1) if hour >= 20 else when
        local = datetime.combine(day, time(hour, 17), NEW_YORK)
        moment = local.astimezone(UTC)
        if moment.astimezone(NEW_YORK).hour == hour:
            yield moment


def perform(folder: Path, play: Play, dates: Sequence[date], at: Sequence[int] = HOURS) -> Seen:
    """Run the nightly job in ``folder`` at these hours of every night."""
    seen = Seen()
    clock = Clock(0.0)
    with StandIn((), today=dates[0]) as arxiv:
        arxiv.fault = stage(play, clock, seen)
        (folder / "config.toml").write_text(_CONFIG.format(url=arxiv.url, start=dates[0]))
        for moment in (moment for night in dates for moment in instants(night, at)):
            clock.now = max(clock.now, moment.timestamp())
            show_out(arxiv, play, moment)
            before = len(seen.requests)
            seen.codes[moment] = _run(folder, moment, clock)
            seen.asked[moment] = len(seen.requests) - before
    return seen


def show_out(arxiv: StandIn, play: Play, moment: datetime) -> None:
    """Let arXiv have announced what is out by now."""
    out = [when for when in play.announcements if play.out_at(when) <= moment]
    arxiv.today = max([moment.astimezone(NEW_YORK).date(), *out])
    for when in out:
        arxiv.announce(play.announcements[when])


def stage(play: Play, clock: Clock, seen: Seen) -> Fault:
    """Return what notes each request, and lets go wrong what does at its time."""

    def act(request: Request, reply: Reply) -> Reply:
        seen.requests.append((clock.now, request))
        now = datetime.fromtimestamp(clock.now, UTC)
        for trouble in play.troubles:
            if trouble.begins <= now < trouble.ends:
                reply = trouble.fault(request, reply)
        return reply

    return act


def _run(folder: Path, moment: datetime, clock: Clock) -> int:
    console = Console()
    console.quiet = True
    session = Session(console, folder / "config.toml", moment, environment={}, machine=clock)
    return work(session, "run", lambda archive: run(archive, [CATEGORY])).exit_code


def digests(folder: Path) -> dict[str, bytes]:
    """Return the digests of an archive by path."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("cs.CV/*/*/*.md"))}


def states(folder: Path) -> dict[date, str]:
    """Return the state of each stored day of an archive."""
    with closing(sqlite3.connect(folder / "archive.db")) as database:
        return {date.fromisoformat(when): state for when, state in database.execute("SELECT date, state FROM day")}


def ill_mannered(seen: Seen) -> Iterator[str]:
    """Yield each way in which a request broke arXiv's rules."""
    for (before, _), (at, request) in pairwise(seen.requests):
        is_feed = request.path.startswith(("/rss/", "/atom/"))
        least = 3.0 if is_feed else 15.0
        if at - before < least:
            yield f"{request.path}: {at - before:.1f} s after the one before"
    for _, request in seen.requests:
        if not request.headers.get("accept") or "rehearsal@example.org" not in request.headers.get("user-agent", ""):
            yield f"{request.path}: without Accept or a contact"
        if any(name.startswith("if-") for name in request.headers):
            yield f"{request.path}: conditional"


# --- what is played ---------------------------------------------------------------------------------


def size_of(when: date) -> dict[str, int]:
    """Return how much is announced; like arXiv's, no two days have the same size, and Tuesday's is the biggest."""
    base = 6 + when.toordinal() * 5 % 5 + (4 if when.weekday() == 1 else 0)
    return {"new": base, "cross": base // 2, "replacement": base * 2 // 3}


def announced(dates: Iterable[date]) -> dict[date, Mailing]:
    """Invent the announcements of ``dates``."""
    days = {when: invent(CATEGORY, when, **size_of(when)) for when in dates}
    small = {when: invent(CATEGORY, when, new=1, cross=1, replacement=0) for when in SMALL if when in days}
    return days | small | {when: Mailing(CATEGORY, when) for when in EMPTY if when in days}


def hours(begins: date, after: float, until: float, fault: Fault) -> Trouble:
    """Let ``fault`` reign from ``after`` to ``until`` hours after the evening on which ``begins`` is announced."""
    start = evening(begins)
    return Trouble(start + timedelta(hours=after), start + timedelta(hours=until), fault)


def scenes(play: Play, days: Sequence[date]) -> Iterator[tuple[str, Trouble]]:
    """Yield the troubles of a month; ``days`` are its listing dates, at least twenty of them."""
    stale = faults.stale_page(play.announcements[days[2]])
    yield "a stale page for six hours", hours(days[3], 0, 6, stale)
    yield "a stale page till the afternoon", hours(days[4], 0, 17, faults.stale_page(play.announcements[days[3]]))
    yield "a replica that lags, partly", hours(days[5], 0, 4, faults.lag_partial(2))
    yield "a replica that lags, wholly", hours(days[6], 0, 8, faults.lag_full())
    yield "an empty page frozen in a cache", hours(days[7], 0, 10, faults.frozen_empty())
    yield "three nights of downtime", hours(days[8], 0, 70, faults.down())
    yield "a layout that cannot be parsed for a week", hours(days[12], 0, 166, faults.new_layout())
    yield "a throttled night", hours(days[18], 0, 5, faults.status(429, retry_after="1800"))
    yield "a feed that is stale as well", hours(days[12], 40, 60, faults.stale_feed(play.announcements[days[12]]))


def disturbed(play: Play, listing_dates: Sequence[date], months: int) -> Play:
    """Return ``play`` with a month of troubles, played ``months`` times, and listings that are late by hours."""
    troubles: list[Trouble] = []
    late: dict[date, timedelta] = {}
    for month in range(months):
        days = listing_dates[month * 20 : month * 20 + 20]
        if len(days) == 20:
            troubles += [trouble for _, trouble in scenes(play, days)]
            late |= {
                days[1]: timedelta(hours=3),
                days[17]: timedelta(hours=15),
                days[19]: timedelta(hours=1, minutes=5),
            }
    return Play(play.announcements, late, troubles)


def rehearse(place: Path, first: date, number: int, listed: Callable[[date], bool]) -> "Outcome":
    """Play ``number`` nights from ``first`` on, undisturbed and disturbed; ``listed`` tells what arXiv announces."""
    dates = nights(first, number)
    listing_dates = [when for when in dates if listed(when)]
    before = max(when for when in nights(first - timedelta(days=10), 10) if listed(when))
    play = Play(announced([before, *listing_dates]))
    calm, rough = place / "calm", place / "rough"
    calm.mkdir()
    rough.mkdir()
    return Outcome(
        listing_dates,
        perform(calm, play, dates, CALM_HOURS),
        perform(rough, disturbed(play, listing_dates, len(listing_dates) // 20), dates),
        calm,
        rough,
    )


@dataclass(frozen=True)
class Outcome:
    """What a rehearsal left: two archives, and what each asked of arXiv."""

    listing_dates: Sequence[date]
    calm: Seen
    rough: Seen
    calm_folder: Path
    rough_folder: Path


def arxiv_announces(when: date) -> bool:
    """Whether the arXiv of the rehearsal has a listing of ``when``; of some dates no table knows it."""
    from digest.config.resources import read_calendar  # noqa: PLC0415  # the table is read once a call; kept out of imports

    if when in UNKNOWN_HOLIDAYS:
        return False
    return when in SURPRISES or read_calendar().is_listing_date(when)


UNKNOWN_HOLIDAYS = (date(2025, 10, 15), date(2026, 5, 13))
SURPRISES = (date(2025, 11, 28), date(2026, 1, 20))
"""Dates that the table of deferrals takes away, and that the rehearsal's arXiv has all the same."""

SMALL = (date(2025, 12, 24),)
EMPTY = (date(2026, 3, 4), date(2025, 10, 31))
"""Days with next to nothing, and with nothing at all."""

START = date(2025, 10, 6)
