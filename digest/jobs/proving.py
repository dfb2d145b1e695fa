"""Kept listings that no settled day is made of, such as pages that the parser of their time refused."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive.archive import Archive
from digest.decide import in_short
from digest.errors import DigestError, MissingError, PageRefusedError, StoreError
from digest.jobs.doubt import take
from digest.jobs.kept import KeptListing, kept_listings, proven_day
from digest.jobs.replayed import Replay
from digest.jobs.steps import each
from digest.model import Day, DaySummary, Source, State

log = logging.getLogger(__name__)

_Key = tuple[str, date]


@dataclass(frozen=True)
class Chosen:
    """Which days to replay: of these categories, within these spans of dates (None: no bound); without spans, all."""

    categories: Sequence[str]
    spans: Sequence[tuple[date | None, date | None]] = ()

    def has(self, category: str, when: date) -> bool:
        """Whether the day is chosen."""
        is_within = not self.spans or any(
            (first is None or first <= when) and (last is None or when <= last) for first, last in self.spans
        )
        return category in self.categories and is_within


class Proving:
    """The search for chosen days that kept listings prove and that are not settled; ``proven`` has them."""

    def __init__(self, archive: Archive, chosen: Chosen, found: Replay, *, write: bool) -> None:
        self.proven: set[_Key] = set()
        self._archive = archive
        self._chosen = chosen
        self._found = found
        self._write = write
        self._stored = {(day.category, day.date): day for day in archive.store.summaries()}
        self._settled = {key for key, day in self._stored.items() if _is_settled(day)}
        self._unproven: list[tuple[_Key, DigestError]] = []

    def candidates(self) -> list[KeptListing]:
        """Return the kept listings that may prove a chosen day, in the order in which they count."""
        spans = self._chosen.spans
        if spans and not any(None in span or self._besides(self._settled, *span) for span in spans):
            return []
        named = self._archive.store.page_hashes()
        used = {sha256 for key in self._settled for sha256 in named.get(key, ())}
        return [
            kept
            for kept in kept_listings(row for row in self._archive.store.raw_pages() if row.path)
            if kept.category in self._chosen.categories and kept.rows[0].sha256 not in used
        ]

    def _besides(self, known: Collection[_Key], first: date | None, last: date | None) -> list[_Key]:
        """Return the days of a span that are not ``known``; a single date counts whatever the calendar says.

        An open end is where the stored days begin, or what is overdue by now.
        """
        calendar, now = self._archive.calendar, self._archive.now
        start = first or min((when for _, when in self._stored), default=None) or calendar.newest_overdue(now)
        end = last or calendar.newest_overdue(now)
        dates = [start] if first is not None and first == last else list(calendar.listing_dates(start, end))
        return [(name, when) for name in self._chosen.categories for when in dates if (name, when) not in known]

    def attempt(self, kept: KeptListing) -> None:
        """Take in the day that a kept listing proves, if it is wanted."""
        if kept.asked is not None and not self._is_wanted(kept.category, kept.asked):
            return
        try:
            day = proven_day(self._archive.raw, kept)
        except (PageRefusedError, StoreError) as error:
            log.info("%s", error)
            # What a refused page is of is only a guess, to name it as the reason why that day is missing.
            guess = kept.asked or self._archive.calendar.newest_expected(kept.rows[0].fetched_at)
            self._unproven.append(((kept.category, guess), error))
            self._found.useless += 1
            return
        if self._is_wanted(day.category, day.date):
            each([f"{day.category} {day.date}"], lambda _: self._add(day), self._found.report)

    def _is_wanted(self, category: str, when: date) -> bool:
        return self._chosen.has(category, when) and (category, when) not in self._settled | self.proven

    def _add(self, day: Day) -> None:
        key = (day.category, day.date)
        self.proven.add(key)
        self._found.proves(day, self._stored.get(key))
        if self._write:
            take(self._archive, day, self._found.report)

    def tell_unproven(self) -> None:
        """Note which of the days that were asked for are not here, and why; of all days, which pages are damaged."""
        report = self._found.report
        if not self._chosen.spans:
            report.failures += [error for _, error in self._unproven if isinstance(error, StoreError)]
        reasons = dict(reversed(self._unproven))
        for span in self._chosen.spans:
            missing = self._besides({*self._stored, *self.proven}, *span)
            for key in missing:
                if key in reasons:
                    report.fail(f"{key[0]} {key[1]}", reasons[key])
            self._tell_missing(
                [key for key in missing if key not in reasons], is_one=span[0] is not None and span[0] == span[1]
            )

    def _tell_missing(self, missing: Sequence[_Key], *, is_one: bool) -> None:
        report, archive = self._found.report, self._archive
        for category in dict.fromkeys(name for name, _ in missing):
            dates = [when for name, when in missing if name == category]
            if is_one:
                report.fail(f"{category} {dates[0]}", archive.why_not_stored(category, dates[0]))
            else:
                report.fail(category, MissingError(f"not stored: {in_short(dates)}"))


def _is_settled(day: DaySummary) -> bool:
    """Whether no kept listing may replace ``day``: a doubtful one waits for another look at arXiv, not at a file."""
    is_doubtful = day.state is State.PROVISIONAL and day.source in (Source.LISTING, Source.CATCHUP)
    return day.is_proven or (is_doubtful and day.size > 0)
