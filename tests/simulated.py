"""Years of announcements, simulated by arXiv's own rules, to measure reconstructed dates by. All is invented.

The rules are those of https://info.arxiv.org/help/availability.html and .../arxiv_identifier.html, written down once
more: submissions close on working days, an evening's mailing gives each of its papers the next number of the month, and
what moderation holds is announced in a later mailing. ``python -m tests.benchmarks.dating``
prints the tables of docs/PAST.md.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from digest.calendar import Calendar
from digest.history.reconstruction import Dated, reconstruct
from digest.model import ArxivId, Day, Section
from digest.model.harvest import Submission

_Date = date  # in a class with a field of this name
ZONE = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class World:
    """What is not known of arXiv, and is therefore varied.

    ``held`` and ``late`` are shares: of papers that moderation holds, and of announcements in the category (of other
    archives' papers) that come after that of the paper itself. ``holds``: how many working days, at the least and the
    most. ``order``: how a mailing numbers its papers. ``a_day``: submissions on a working day to all of arXiv, of which
    ``share`` are in the category. ``knows_all``: whether the
    ids of other categories are known, too.
    """

    first: date = date(2021, 1, 1)
    last: date = date(2021, 6, 30)
    a_day: int = 250
    share: float = 0.2
    held: float = 0.01
    late: float = 0.004
    holds: tuple[int, int] = (1, 20)
    order: str = "submitted"
    knows_all: bool = True
    uneven: float = 0.3
    seed: int = 1


@dataclass(frozen=True)
class Announced:
    """One announcement in the category: of which paper, when, and in which section."""

    arxiv_id: ArxivId
    submitted: datetime
    date: _Date
    is_new: bool
    is_late: bool = False


@dataclass
class _Paper:
    submitted: datetime
    is_ours: bool
    is_primary: bool
    closes: date
    """The working day at whose closing time it was in."""
    is_held: bool


def mails(evening: date, deferred: frozenset[date]) -> bool:
    """Whether arXiv announces on an evening: Sunday to Thursday, unless it defers."""
    if evening.weekday() == 6:
        return evening not in deferred and evening - 2 * DAY not in deferred
    return evening.weekday() < 4 and evening not in deferred


def simulate(world: World, deferred: frozenset[date]) -> tuple[list[tuple[ArxivId, datetime]], list[Announced]]:
    """Return the ids that are known with the times of their first versions, and what was announced in the category."""
    chance = random.Random(world.seed)  # noqa: S311 - a simulation
    mailings: dict[date, list[_Paper]] = {}  # by the evening
    for paper in _submissions(world, chance):
        mailings.setdefault(_evening_of(paper, world, deferred, chance), []).append(paper)
    number, month = 0, ""
    known, announced = [], []
    for evening in sorted(mailings):
        number, month = number if month == f"{evening:%y%m}" else 0, f"{evening:%y%m}"
        digits = 5 if evening.year >= 2015 else 4
        for paper in _ordered(mailings[evening], world.order, chance):
            number += 1
            arxiv_id = ArxivId.parse(f"{month}.{number:0{digits}d}")
            if paper.is_ours or world.knows_all:
                known.append((arxiv_id, paper.submitted))
            if paper.is_ours:
                announced.append(_announced(arxiv_id, paper, evening, world, deferred, chance))
    return known, announced


def _next_mailing(evening: date, deferred: frozenset[date]) -> date:
    while not mails(evening, deferred):
        evening += DAY
    return evening


def _evening_of(paper: _Paper, world: World, deferred: frozenset[date], chance: random.Random) -> date:
    """Return when a paper is announced; what is held is let go on a working day."""
    evening = paper.closes
    for _ in range(chance.randint(*world.holds) if paper.is_held else 0):
        evening += DAY
        while evening.weekday() > 4:
            evening += DAY
    return _next_mailing(evening + (2 * DAY if evening.weekday() == 4 else timedelta()), deferred)


def _announced(
    arxiv_id: ArxivId, paper: _Paper, evening: date, world: World, deferred: frozenset[date], chance: random.Random
) -> Announced:
    """Return the announcement in the category; what comes late is a cross-list of up to forty days after."""
    if chance.random() >= world.late:
        return Announced(arxiv_id, paper.submitted, evening + DAY, paper.is_primary)
    late = _next_mailing(evening + chance.randint(1, 40) * DAY, deferred)
    return Announced(arxiv_id, paper.submitted, late + DAY, is_new=False, is_late=True)


def _submissions(world: World, chance: random.Random) -> Iterator[_Paper]:
    """Yield papers by the time of their submission; few come on weekends, most before the closing time."""
    day = world.first - 40 * DAY
    while day <= world.last:
        mean = world.a_day * (0.25 if day.weekday() > 4 else 1.0)
        for _ in range(round(mean * chance.lognormvariate(0, world.uneven))):
            hour = chance.choice((*range(24), *range(6, 15), 12, 13, 13))
            local = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), ZONE)
            closes = day
            if hour >= (14 if day >= date(2017, 1, 2) else 16):
                closes += DAY
            while closes.weekday() > 4:
                closes += DAY
            is_ours = chance.random() < world.share
            is_primary = is_ours and chance.random() < 0.7
            yield _Paper(local.astimezone(UTC), is_ours, is_primary, closes, chance.random() < world.held)
        day += DAY


def _ordered(papers: list[_Paper], order: str, chance: random.Random) -> list[_Paper]:
    """Return the papers of a mailing as it numbers them."""
    chance.shuffle(papers)
    if order == "submitted":
        papers.sort(key=lambda paper: paper.submitted)
    elif order == "held last":
        papers.sort(key=lambda paper: (paper.is_held, paper.submitted))
    return papers


@dataclass
class Score:
    """How many dates were right, of how many, and how many lay within the range that was given."""

    total: int = 0
    late: int = 0
    by_blocks: int = 0
    by_clock: int = 0
    within: int = 0
    new: int = 0
    new_by_blocks: int = 0
    new_by_clock: int = 0
    sure: int = 0
    sure_and_right: int = 0


def score(world: World, deferred: frozenset[date], calendar: Calendar) -> Score:
    """Return how well ``calendar`` reconstructs what was announced by ``deferred``."""
    known, announced = simulate(world, deferred)
    first, last = world.first + 5 * DAY, world.last - 5 * DAY
    return _score(known, [one for one in announced if first <= one.date <= last], calendar)


def score_real(days: Sequence[Day], world: World, calendar: Calendar) -> Score:
    """Return how well real listings of a category are reconstructed: real ids and dates, with invented times.

    A paper whose id is far before the others of its listing was announced before, elsewhere: it is a late cross-list.
    """
    chance = random.Random(world.seed)  # noqa: S311 - a simulation
    known, announced = [], []
    for day in days:
        ids = sorted(entry.paper.arxiv_id for entry in day.entries)
        sections = {entry.paper.arxiv_id: entry.section for entry in day.entries}
        closes = datetime.combine(day.date - (3 if day.date.weekday() == 0 else 1) * DAY, time(14), ZONE)
        late = sum(
            after.month != before.month or after.number - before.number > 150 for before, after in pairwise(ids[:4])
        )
        times = sorted(closes - timedelta(hours=chance.uniform(0, 24)) for _ in ids)
        for place, (arxiv_id, at) in enumerate(zip(ids, times, strict=True)):
            submitted = at
            if place < late:  # some thousand papers come on a working day
                submitted = datetime(
                    arxiv_id.year, arxiv_id.month, 1 + min(arxiv_id.number // 1000, 27), 9, tzinfo=ZONE
                )
            elif chance.random() < world.held:
                submitted = at - chance.randint(*world.holds) * DAY
            known.append((arxiv_id, submitted.astimezone(UTC)))
            is_new = sections[arxiv_id] is Section.NEW and place >= late
            announced.append(Announced(arxiv_id, submitted, day.date, is_new, place < late))
    return _score(sorted(known), announced, calendar)


def _score(known: Sequence[tuple[ArxivId, datetime]], announced: Sequence[Announced], calendar: Calendar) -> Score:
    until = max(one.date for one in announced) + 60 * DAY
    papers = [Submission(arxiv_id.text, submitted, is_day=False, categories=None) for arxiv_id, submitted in known]
    found: Mapping[str, tuple[date, Dated]] = {
        one.arxiv_id: (when, dated)
        for one, when, dated in reconstruct(papers, calendar.listing_of, calendar.listing_dates, until)
    }
    result = Score()
    for one in announced:
        when, dated = found[one.arxiv_id.text]
        is_right, is_sure = dated.date == one.date, dated.earliest == dated.latest
        result.total += 1
        result.late += one.is_late
        result.by_blocks += is_right
        result.by_clock += when == one.date
        result.new += one.is_new
        result.new_by_blocks += one.is_new and is_right
        result.new_by_clock += one.is_new and when == one.date
        result.within += not one.is_late and dated.earliest <= one.date <= dated.latest
        result.sure += is_sure
        result.sure_and_right += is_sure and is_right
    return result
