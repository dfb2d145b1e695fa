"""The stored days that views are made from, read no further than is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from digest.errors import DamageError
from digest.render import NewestHits
from digest.views import newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from digest.config import View
    from digest.model import Day, DaySummary, Hit
    from digest.store import Store

FEED_DATES = 100
"""A feed shows a view's newest papers of so many dates: rare papers shall not cost the reading of a whole archive."""

_README_DATES = 30
_IN_README = 10

ReadDay = Callable[[str, "date"], "Day"]
"""Category and date → the stored day; raises ``DamageError`` if it cannot be read."""


def dates_of(view: View, stored: Iterable[DaySummary]) -> dict[date, list[DaySummary]]:
    """Return the stored days of a view's categories by date, the newest first, in the order of its categories."""
    by_key: Mapping[date, dict[str, DaySummary]] = defaultdict(dict)
    for day in stored:
        by_key[day.date][day.category] = day
    found = {
        when: [days[category] for category in view.categories if category in days]
        for when, days in sorted(by_key.items(), reverse=True)
    }
    return {when: days for when, days in found.items() if days}


def day_reader(store: Store, held: int) -> ReadDay:
    """Return how to read stored days; the last ``held`` ones are not read twice."""
    return lru_cache(maxsize=held)(lambda category, when: _read_day(store, category, when))


def _read_day(store: Store, category: str, when: date) -> Day:
    day = store.day(category, when)
    if day is None:
        raise DamageError(f"{category} {when}: expected a stored day, found none")
    return day


def newest_of(view: View, dates: Mapping[date, Sequence[DaySummary]], read: ReadDay, limit: int) -> tuple[Hit, ...]:
    """Return the newest papers that a view shows of ``dates``, at most ``limit``; no more days are read than needed."""
    return newest(view, ([read(day.category, when) for day in days] for when, days in dates.items()), limit)


def hits_for_readme(store: Store, views: Sequence[View], stored: Iterable[DaySummary]) -> NewestHits | None:
    """Return what the archive's README shows of its first view; None without views."""
    if not views:
        return None
    first, read = views[0], day_reader(store, held=1)
    dates = dict(islice(dates_of(first, stored).items(), _README_DATES))
    return NewestHits(first.name, newest_of(first, dates, read, _IN_README), first.digest_path)
