"""How right reconstructed dates are, on simulated years: the tables of docs/PAST.md."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date

from digest.calendar import Calendar
from digest.config.resources import read_calendar
from tests.conftest import SHARED
from tests.days import real_days
from tests.simulated import Score, World, score, score_real

_TITLES = (
    *("simulated", "by blocks, % right", "of new", "by clock, % right", "of new"),
    *("in the range given", "one date possible", "of these, right"),
)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.2f}" if whole else "     -"


def _row(name: str, world: World, seeds: int, lacking: frozenset[date] = frozenset()) -> str:
    """Return a line of the table: the mean of several years; ``lacking``: deferrals that the table does not have."""
    deferred = read_calendar().deferred
    worlds = (replace(world, seed=seed) for seed in range(seeds))
    return _line(name, [score(one, deferred, Calendar(deferred - lacking)) for one in worlds])


def _line(name: str, scores: Sequence[Score]) -> str:
    total = Score(*(sum(getattr(one, field.name) for one in scores) for field in fields(Score)))
    columns = (
        *((total.by_blocks, total.total), (total.new_by_blocks, total.new)),
        *((total.by_clock, total.total), (total.new_by_clock, total.new)),
        *((total.within, total.total - total.late), (total.sure, total.total), (total.sure_and_right, total.sure)),
    )
    return f"| {name:46} | {' | '.join(_percent(*one) for one in columns)} |"


def main(seeds: int = 1) -> None:
    """Print the tables of docs/PAST.md."""
    print(f"| {' | '.join(_TITLES)} |")
    print("|---" * len(_TITLES) + "|")
    for held in (0.0, 0.01, 0.02, 0.04, 0.06):
        for late in (0.0, 0.004, 0.01):
            print(_row(f"held {held:.0%}, late cross-lists {late:.1%}", World(held=held, late=late), seeds))
    worlds = {
        "as measured (1 % held, 0.4 % late)": World(),
        "the category's ids alone": World(knows_all=False),
        "a small category (6 a day), its ids alone": World(knows_all=False, share=0.024),
        "held for one or two days": World(holds=(1, 2)),
        "held for one or two days, ids alone": World(holds=(1, 2), knows_all=False),
        "held for a month or two": World(holds=(20, 45)),
        "numbered at random": World(order="random"),
        "numbered at random, ids alone": World(order="random", knows_all=False),
        "held ones numbered last": World(order="held last"),
        "held ones numbered last, ids alone": World(order="held last", knows_all=False),
        "very uneven days": World(uneven=1.0),
        "quiet days (60 to all of arXiv)": World(a_day=60, share=0.2),
        "2009: closed at 16:00": World(first=date(2009, 1, 1), last=date(2009, 12, 31)),
        "the same, ids alone, 2009": World(first=date(2009, 1, 1), last=date(2009, 12, 31), knows_all=False),
    }
    for name, world in worlds.items():
        print(_row(name, world, seeds))
    autumn = World(first=date(2021, 9, 1), last=date(2021, 11, 20))
    print(_row("autumn 2021", autumn, seeds))
    print(_row("the same, a deferral missing from the table", autumn, seeds, frozenset({date(2021, 10, 20)})))
    if SHARED.is_dir():
        days, calendar = real_days(SHARED), read_calendar()
        for held in (0.0, 0.01, 0.06):
            worlds_of = [World(held=held, seed=seed) for seed in range(10)]
            scores = [score_real(days, world, calendar) for world in worlds_of]
            print(_line(f"20 real days, invented times, held {held:.0%}", scores))


if __name__ == "__main__":
    main()
