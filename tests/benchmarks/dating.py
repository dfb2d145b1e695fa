"""How right reconstructed dates are, on simulated years: the tables of docs/PAST.md."""

from dataclasses import fields, replace
from datetime import date

from digest.calendar import Calendar
from digest.config.resources import read_calendar
from tests.simulated import Score, World, score

_TITLES = (
    *("simulated", "by blocks, % right", "of new", "by clock, % right", "of new"),
    *("in the range given", "one date possible", "of these, right"),
)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.2f}" if whole else "     -"


def _row(name: str, world: World, seeds: int, lacking: frozenset[date] = frozenset()) -> str:
    """Return a line of the table: the mean of several years; ``lacking``: deferrals that the table does not have."""
    deferred = read_calendar().deferred
    scores = [score(replace(world, seed=seed), deferred, Calendar(deferred - lacking)) for seed in range(seeds)]
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
    print(_row("a deferral missing from the table (2021-10-20)", World(), seeds, frozenset({date(2021, 10, 20)})))


if __name__ == "__main__":
    main()
