"""When papers were announced that nobody captured: version-1 times and ids → dates. Pure.

::

    v1 time ─calendar→ clock date ┐
    id ─month, order────────────→ ┴ the dates along the ids that agree with most clocks → Dating

No public source states the date of an old announcement. Two things tell of it:

* The time of version 1, through the calendar of closing times and deferrals: the clock. A paper can be held by
  moderation, and is announced later then; never before it was submitted.
* The id. It is given when the paper is announced, in the month of its announcement ("the arXiv identifier cannot be
  back-dated", https://info.arxiv.org/help/availability.html), in New York: that of the evening on which the listing
  goes out, so that the listing of Wed, 1 Oct 2025 has ids of September. Each mailing is one block of ids.

So dates never fall along the ids of a month, and each is among those that the month has. Of all such dates, those are
taken that agree with the clocks of most papers; that of a held paper follows from its neighbours. Until March 2007 each
archive counted for itself (https://info.arxiv.org/help/arxiv_identifier.html), and until about October 2005 at the
upload, so that the last papers of a month were announced in the next one.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, groupby
from operator import add

from digest.model import ArxivId, Basis
from digest.model.harvest import Submission

FIRST_DAY = date(2004, 1, 1)
"""No listing before is reconstructed: arXiv's deferrals are known from December 2003 on."""

Clock = Callable[[datetime], date]
Dates = Callable[[date, date], Iterable[date]]
_Date = date  # in a class with a field of this name

_DAY = timedelta(days=1)
_NOON, _LAST_HOUR = timedelta(hours=16), timedelta(hours=23)  # of a day in UTC
_AFTER = 4 * _DAY  # the first listings after a month's end are announced by then

# What it costs that a paper's date is not that of its clock: it was held, which one in a hundred is; or it was
# announced before it was submitted, which only a wrong time or a wrong calendar makes it seem.
_HELD, _TOO_EARLY = 1, 5
_NEXT_MONTH = 1  # besides: the id is of the month before
_NOT_AS_KNOWN = 20

_SLACK = 10 * _DAY
"""Clocks may lie so far in the next month: of the last evening's papers, or where arXiv rested longer than is known."""

_MOST_OUT_OF_ORDER = 0.15
"""Of the papers of a month: more are not held, and a mailing in any order has half of them out of it."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The listing date that a paper was given, on what ``basis``, and the first and the last that are possible."""

    date: _Date
    basis: Basis
    earliest: _Date
    latest: _Date


def reconstruct(
    papers: Iterable[Submission],
    clock: Clock,
    listing_dates: Dates,
    until: date,
    known: Mapping[str, date] | None = None,
) -> Iterator[tuple[Submission, date, Dated]]:
    """Yield each paper with the date of its clock, and what date it was given; those of a month in the order of ids.

    Args:
        papers: when they came, the more of arXiv's the better; those of an archive and month follow one another.
        clock: in which listing a paper is that was submitted at an instant, if it was not held.
        listing_dates: which listings there are from one date to another.
        until: the newest listing that is out.
        known: the dates on which captured days list papers as new.
    """
    clock = lru_cache(maxsize=100_000)(clock)  # closing times are full hours
    for (_, year, month), series in groupby(map(_with_id, papers), lambda one: _series(one[0])):
        members = sorted(series, key=lambda member: (member[0].number, member[0].text))
        dates, inside = _dates_of(date(year, month, 1), listing_dates, until)
        if dates:
            yield from _of_month([one for _, one in members], clock, (dates, inside), known or {})


def contradicts(year: int, month: int, clock: date) -> bool:
    """Whether a paper was submitted, by its clock, long after the month in which its id was given: one is wrong."""
    return clock > (date(year, month, 1) + 31 * _DAY).replace(day=1) + _SLACK


def _with_id(one: Submission) -> tuple[ArxivId, Submission]:
    return ArxivId.parse(one.arxiv_id), one


def _series(one: ArxivId) -> tuple[str, int, int]:
    """Return the archive (of old ids), year and month within which ids are counted."""
    return one.archive.partition(".")[0], one.year, one.month


def _of_month(
    members: Sequence[Submission], clock: Clock, dates: tuple[Sequence[date], int], known: Mapping[str, date]
) -> Iterator[tuple[Submission, date, Dated]]:
    moments = [one.submitted + _NOON if one.is_day else one.submitted for one in members]
    clocks = [clock(moment.replace(minute=0, second=0, microsecond=0)) for moment in moments]
    in_time = _in_time(moments)
    votes = [when if is_told else None for when, is_told in zip(clocks, in_time, strict=True)]
    month = _Month(clocks, votes, [known.get(one.arxiv_id) for one in members], *dates)
    # Held ones are numbered first, as far as is known; a month that begins with none and ends with some has them last.
    dated_papers = _dated(month, has_held_first=clocks[0] < month.dates[0] or in_time[-1])
    for one, when, dated in zip(members, clocks, dated_papers, strict=True):
        if one.is_day and dated.date == when:  # of the two listings that a day's papers go to
            earliest, latest = clock(one.submitted), clock(one.submitted + _LAST_HOUR)
            earliest, latest = min(dated.earliest, earliest), max(dated.latest, latest)
            yield one, when, Dated(when, Basis.CLOCK, earliest, latest)
        else:
            yield one, when, dated


def _in_time(times: Sequence[datetime]) -> list[bool]:
    """Return whether the clock of each paper is to be believed, as far as the order of the times tells.

    Where a mailing numbers its papers in the order of their submission, the held ones come first: one of the day before
    would be taken for the end of its block. Held are those whose time lies before that of a paper with a lower id, and
    out of the longest row of rising times. Where many are, papers are numbered otherwise: the order tells nothing then.
    """
    row, told, newest = _longest_rising(times), [True] * len(times), None
    for i, submitted in enumerate(times):
        if i in row:
            newest = submitted
        elif newest is not None and submitted < newest:
            told[i] = False
    return told if told.count(False) <= _MOST_OUT_OF_ORDER * len(times) else [True] * len(times)


def _longest_rising(times: Sequence[datetime]) -> set[int]:
    """Return the places of the longest row of times that never falls (patience sorting)."""
    ends: list[datetime] = []  # the earliest time with which a row of each length ends
    places: list[int] = []  # and its place
    before: list[int] = []  # for each place, that of the time before it in its row
    for i, submitted in enumerate(times):
        length = bisect_right(ends, submitted)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [submitted]
        places[length : length + 1] = [i]
    row, place = set(), places[-1] if places else -1
    while place >= 0:
        row.add(place)
        place = before[place]
    return row


def _dates_of(first: date, listing_dates: Dates, until: date) -> tuple[list[date], int]:
    """Return the listing dates that papers of the month of ``first`` can have, and how many of them are its own."""
    end = (first + 31 * _DAY).replace(day=1)  # of the next month
    own = list(listing_dates(first + _DAY, min(end, until)))
    after = list(listing_dates(end + _DAY, min(end + _AFTER, until)))
    return own + after, len(own)


@dataclass(frozen=True, slots=True)
class _Month:
    """Papers whose ids are of one month, in their order, and the listing dates that they can have.

    ``votes`` are those of the ``clocks`` that are to be believed; ``fixed`` are the dates that captured days tell;
    ``inside`` of the ``dates`` are the month's own.
    """

    clocks: Sequence[date]
    votes: Sequence[date | None]
    fixed: Sequence[date | None]
    dates: Sequence[date]
    inside: int


def _dated(month: _Month, *, has_held_first: bool) -> Iterator[Dated]:
    """Yield what date each paper of a month is given."""
    dates, given = month.dates, _cheapest([*_tables(month)], has_held_first=has_held_first)
    told = zip(given, month.votes, month.fixed, strict=True)
    agrees = [dates[number] == (known or vote) for number, vote, known in told]
    last = max(month.inside - 1, given[-1])
    before, after = _neighbours(given, agrees, 0), _neighbours(given[::-1], agrees[::-1], last)[::-1]
    for i, number in enumerate(given):
        when = dates[number]
        if month.fixed[i] == when:
            yield Dated(when, Basis.BLOCK, when, when)
            continue
        low, high = max(dates[min(before[i], number)], min(month.clocks[i], when)), dates[max(after[i], number)]
        yield Dated(when, Basis.CLOCK if agrees[i] and low != high else Basis.BLOCK, low, high)


def _tables(month: _Month) -> Iterator[Sequence[int]]:
    """Yield for each paper what each date costs at the least, with those of the papers before it."""
    costs: dict[tuple[date, bool, bool], list[int]] = {}
    so_far: list[int] = [0] * len(month.dates)  # the least cost of the papers by now, if the last has at most this date
    for when, vote, known in zip(month.clocks, month.votes, month.fixed, strict=True):
        key = known or when, known is not None, vote is None
        if key not in costs:
            paper_costs = [_cost(one, *key) for one in month.dates]
            costs[key] = [cost + _NEXT_MONTH * (i >= month.inside) for i, cost in enumerate(paper_costs)]
        table = list(map(add, so_far, costs[key]))
        yield table
        so_far = list(accumulate(table, min))


def _cost(one: date, when: date, is_known: bool, is_doubted: bool) -> int:
    """Return what it costs to date a paper ``one``, whose clock (or a captured day) says ``when``."""
    if is_known:
        return 0 if one == when else _NOT_AS_KNOWN
    return _TOO_EARLY if one < when else _HELD if one > when or is_doubted else 0


def _cheapest(tables: Sequence[Sequence[int]], *, has_held_first: bool) -> list[int]:
    """Return the number of each paper's date: never falling, and the cheapest together.

    Of two blocks, those in between go to the later one if a mailing ``has_held_first``. After the last block nothing
    tells of a later one.
    """
    given: list[int] = []
    for table in reversed(tables):
        within = table[: given[-1] + 1] if given else table
        least = min(within)
        is_last = bool(given) and has_held_first
        given.append(len(within) - 1 - within[::-1].index(least) if is_last else within.index(least))
    return given[::-1]


def _neighbours(given: Sequence[int], agrees: Sequence[bool], start: int) -> list[int]:
    """Return the date's number of the last paper before each whose clock agrees with its date."""
    found, last = [], start
    for number, is_sure in zip(given, agrees, strict=True):
        found.append(last)
        if is_sure:
            last = number
    return found
