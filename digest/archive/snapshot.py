"""What is known of an archive at one moment, as one value; what is missing and what is open follow from it. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from digest.decide import in_reach_since, is_final_answer, is_in_reach
from digest.model import LOST, State
from digest.records.day import record_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime

    from digest.calendar import Calendar
    from digest.model import DaySummary, Decision, Ledger, Unfiled

    Key = tuple[str, date]


@dataclass(frozen=True)
class CategoryStatus:
    """What is stored of a category, and which listing dates are not, up to the newest expected one.

    ``missing`` are those that arXiv still serves; ``lost`` those that it does not, or that a person gave up.
    ``overdue`` are those of both that should be here and that nobody gave up. Of the provisional days, ``provable``
    are those that arXiv can still prove, ``stuck`` those that it cannot and that nobody accepted. ``unfiled`` tells of
    reconstructed days that the database alone has, ``filled`` which of them stand in gaps.
    """

    category: str
    days: tuple[DaySummary, ...]
    missing: tuple[date, ...]
    lost: tuple[date, ...]
    overdue: tuple[date, ...]
    provable: tuple[date, ...]
    stuck: tuple[date, ...]
    accepted: Mapping[date, Decision]
    unfiled: Unfiled | None = None
    filled: tuple[date, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether arXiv need not be asked for anything, and there is nothing to complain of."""
        return not (self.missing or self.overdue or self.provable or self.stuck)


@dataclass(frozen=True)
class Snapshot:
    """All that is known of an archive but the entries of its days: from its database, or from its day records alone.

    ``table`` is the calendar before arXiv corrected it, ``configured_start`` what [store] start says. Of the days that
    the database alone has, reconstructed ones, ``unfiled`` tells no more than how many there are of a category; from
    its start on, ``filled`` has their dates: there they stand in gaps.
    """

    days: Mapping[Key, DaySummary]
    ledger: Ledger
    table: Calendar
    configured_start: date | None = None
    unfiled: Mapping[str, Unfiled] = field(default_factory=dict)
    filled: Mapping[str, Collection[date]] = field(default_factory=dict)

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar, with what arXiv was seen to have or not to have."""
        return self.table.corrected(self.ledger.calendar_corrections)

    @cached_property
    def summaries(self) -> tuple[DaySummary, ...]:
        """The stored days by category and date."""
        return tuple(self.days[key] for key in sorted(self.days))

    @cached_property
    def by_date(self) -> Mapping[date, Mapping[str, DaySummary]]:
        """The stored days by date, the newest first, and by category."""
        found: dict[date, dict[str, DaySummary]] = {}
        for day in self.summaries:
            found.setdefault(day.date, {})[day.category] = day
        return {when: found[when] for when in sorted(found, reverse=True)}

    @cached_property
    def records(self) -> Mapping[str, Key]:
        """Which day's record lies at which path, by the path."""
        return {record_path(*key): key for key in self.days}

    @cached_property
    def unloaded(self) -> tuple[DaySummary, ...]:
        """The days whose entries are in their records alone: with any, a database is a part of the archive."""
        return tuple(day for day in self.summaries if not day.content_hash)

    @cached_property
    def _by_category(self) -> Mapping[str, tuple[DaySummary, ...]]:
        found: dict[str, list[DaySummary]] = defaultdict(list)
        for day in self.summaries:
            found[day.category].append(day)
        return {category: tuple(days) for category, days in found.items()}

    @property
    def categories(self) -> Collection[str]:
        """The categories that any day is stored of."""
        return self._by_category.keys()

    def days_of(self, category: str) -> tuple[DaySummary, ...]:
        """Return the stored days of a category, the oldest first."""
        return self._by_category.get(category, ())

    def day(self, category: str, when: date) -> DaySummary | None:
        """Return a stored day, or None."""
        return self.days.get((category, when))

    def is_proven(self, category: str, when: date) -> bool:
        """Whether a day is stored that needs no further proof."""
        stored = self.day(category, when)
        return stored is not None and stored.is_proven

    def has_moved_on(self, category: str, when: date) -> bool:
        """Whether a later listing is stored: /new no longer shows that of ``when``."""
        return any(day.date > when for day in self.days_of(category)[-1:])

    def first_run(self, category: str) -> date | None:
        """Return the listing date that the first run of ``category`` asked for, as far as anything tells it."""
        if category not in self._first_runs:
            days = [(day.date, day.source) for day in self.days_of(category)]
            self._first_runs[category] = self.ledger.start_of(category, days)
        return self._first_runs[category]

    @cached_property
    def _first_runs(self) -> dict[str, date | None]:
        return {}

    def start(self, category: str) -> date | None:
        """Return the listing date from which on ``category`` has to be whole; None before its first run."""
        return self.configured_start or self.first_run(category)

    def gaps(self, category: str, now: datetime, known: Collection[date] | None = None) -> list[date]:
        """Return the listing dates of a category that are not among those ``known`` (default: stored), oldest first.

        Before the first run there is no gap between days; of an archive without any, the newest listing is missing.
        """
        known = [day.date for day in self.days_of(category)] if known is None else known
        newest, start = self.calendar.newest_expected(now), self.start(category)
        if start is None and known:
            return []
        return self.calendar.lacking(min(start or newest, newest), newest, {*known, *self.filled.get(category, ())})

    def status(self, category: str, now: datetime) -> CategoryStatus:
        """Say which listing dates of a category are stored and which are not since its start."""
        if (category, now) not in self._told:
            self._told[category, now] = self._status(category, now)
        return self._told[category, now]

    @cached_property
    def _told(self) -> dict[tuple[str, datetime], CategoryStatus]:
        return {}

    def _status(self, category: str, now: datetime) -> CategoryStatus:
        days = self.days_of(category)
        decisions, given_up = self.ledger.decisions_of(category), self.ledger.losses_of(category)
        # A person may have given up a date before the start, too.
        unstored = [when for when in given_up if self.day(category, when) is None]
        gaps = sorted({*self.gaps(category, now), *filter(self.calendar.is_listing_date, unstored)})
        # A decision counts as long as it says what its date still is: a lost day may have turned up since.
        stored = {when: self.day(category, when) for when in decisions}
        states = {when: day.state.value if day else LOST for when, day in stored.items() if day or when in gaps}
        accepted = {when: one for when, one in decisions.items() if one.state == states.get(when)}
        provisional = [day.date for day in days if day.state is State.PROVISIONAL]
        provable = tuple(when for when in provisional if self._is_provable(category, when, now))
        oldest, overdue = in_reach_since(now), self.calendar.newest_overdue(now)
        return CategoryStatus(
            category=category,
            days=days,
            missing=tuple(when for when in gaps if when not in given_up and when >= oldest),
            lost=tuple(when for when in gaps if when in given_up or when < oldest),
            overdue=tuple(when for when in gaps if when not in given_up and when <= overdue),
            provable=provable,
            stuck=tuple(when for when in provisional if when not in provable and when not in accepted),
            accepted=accepted,
            unfiled=self.unfiled.get(category),
            filled=tuple(sorted(self.filled.get(category, ()))),
        )

    def _is_provable(self, category: str, when: date, now: datetime) -> bool:
        """Whether another look at arXiv can tell more of a provisional day."""
        is_told = self.has_moved_on(category, when) and is_final_answer(self.ledger.readings_of(category, when))
        return self.calendar.is_listing_date(when) and is_in_reach(when, now) and not is_told

    def with_days(self, days: Mapping[Key, DaySummary]) -> Snapshot:
        """Return what is known once ``days`` are stored."""
        known = replace(self, days={**self.days, **days})
        if "records" in self.__dict__:  # of thousands, one is new
            known.__dict__["records"] = {**self.records, **{record_path(*key): key for key in days}}
        return known

    def without(self, key: Key) -> Snapshot:
        """Return what is known without a day."""
        return replace(self, days={other: day for other, day in self.days.items() if other != key})

    def with_ledger(self, ledger: Ledger) -> Snapshot:
        """Return what is known with another ledger."""
        return replace(self, ledger=ledger)
