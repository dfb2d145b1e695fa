"""The kept pages, parsed again: what a mended parser would change. All offline.

Links are found again by the current rules, also in texts whose pages are lost. The version of the parser or of those
rules alone is no change: a day that comes out the same keeps its record, byte for byte, and the numbers of the first.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from digest.archive.archive import Archive
from digest.archive.days import begin, put_in_place, update_files
from digest.archive.kept_pages import KeptListing, kept_listings, parsed_again, proven_day, removed_pages
from digest.archive.report import Report, Track, untracked
from digest.decide import in_short, with_whole_author_lists
from digest.errors import DigestError, MissingError, PageRefusedError, StoreError, how_many
from digest.jobs.differences import differences, in_total
from digest.jobs.doubt import take
from digest.model import Day, DaySummary, Section, Source, State
from digest.parse.typed import relinked

log = logging.getLogger(__name__)

_Key = tuple[str, date]

SHOWN = 10
"""How many differences of a day are shown one by one, unless all are asked for."""

_ALWAYS = ("as stored", "differ", "refused")


@dataclass
class Replay:
    """What a replay found: ``lines`` for a person, how many days came out so or so, and how it went.

    ``useless`` counts the kept listings that prove no day; ``shown`` bounds the differences told of each
    day one by one; None is without bound. ``removed``: the SHA-256 of pages that were removed on purpose;
    ``names_each``: whether each day that they are of is named; ``known``: the SHA-256 of all pages kept here ever.
    """

    report: Report
    shown: int | None = SHOWN
    removed: frozenset[str] = frozenset()
    names_each: bool = False
    known: frozenset[str] = frozenset()
    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    useless: int = 0
    removals: int = 0

    def removal(self, stored: Day) -> None:
        """Note a stored day of which a page was removed on purpose: its links alone are found again."""
        self.removals += 1
        if self.names_each:
            words = "its page was removed on purpose ([store] raw_days); only its links are read again"
            self.lines.append(f"{stored.category} {stored.date}: {words}")

    def differs(self, stored: Day, fresh: Day) -> None:
        """Tell what differs of a stored day."""
        found = differences(stored, fresh)
        self.counts["differ"] += 1
        self.lines.append(f"{stored.category} {stored.date}: {in_total(found, stored, fresh)}")
        self.lines += [f"  {one}" for one in found[: self.shown]]
        if rest := len(found[self.shown :]) if self.shown is not None else 0:
            self.lines.append(f"  and {rest} more (-v shows all)")

    def proves(self, day: Day, stored: DaySummary | None) -> None:
        """Tell of a day that kept pages prove, and as what it is ``stored``."""
        was = f"{stored.state} from {stored.source}" if stored else "not stored"
        counts = " ".join(f"{name}={day.counts[name]}" for name in Section)
        self.counts["proven anew"] += 1
        self.lines.append(f"{day.category} {day.date}: {was}; kept pages prove it ({counts} source={day.source})")

    @property
    def total(self) -> str:
        """The last line."""
        days = self.counts.total()
        others = [what for what in self.counts if what not in _ALWAYS]
        named = ", ".join(f"{self.counts[what]} {what}" for what in (*_ALWAYS, *others))
        useless = f"; {how_many(self.useless, 'kept listing')} proved no day" if self.useless else ""
        gone = f"; {self.removals} without pages that were removed on purpose" if self.removals else ""
        return f"replayed {how_many(days, 'day')}: {named}{useless}{gone}"


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
        self._stored = {(day.category, day.date): day for day in archive.snapshot.summaries}
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
            self._found.report.each([f"{day.category} {day.date}"], lambda _: self._add(day))

    def _is_wanted(self, category: str, when: date) -> bool:
        return self._chosen.has(category, when) and (category, when) not in self._settled | self.proven

    def _add(self, day: Day) -> DigestError | None:
        key = (day.category, day.date)
        self.proven.add(key)
        self._found.proves(day, self._stored.get(key))
        return take(self._archive, day, self._found.report) if self._write else None

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


def replay(
    archive: Archive, chosen: Chosen, track: Track = untracked, *, write: bool = False, shown: int | None = SHOWN
) -> Replay:
    """Parse the kept pages of days again, and those that no settled day is made of.

    Args:
        archive: whose pages.
        chosen: which days.
        track: shows progress.
        write: whether to store what differs; if not, nothing at all is changed.
        shown: how many differences of a day are shown one by one; None for all.
    """
    report = begin(archive) if write else Report()
    known = frozenset(row.sha256 for row in archive.store.raw_pages())
    found = Replay(report, shown, removed_pages(archive), names_each=bool(chosen.spans), known=known)
    proving = Proving(archive, chosen, found, write=write)
    steps = _steps(archive, chosen, proving, found, write=write)
    for name in track(list(steps)):
        steps[name]()
        if found.report.is_ended:
            break
    else:
        proving.tell_unproven()
    if write:
        update_files(archive, found.report, track)
    return found


def _steps(
    archive: Archive, chosen: Chosen, proving: Proving, found: Replay, *, write: bool
) -> dict[str, Callable[[], None]]:
    """Return the steps by name: kept listings first, because a day that they prove needs no further look."""
    steps: dict[str, Callable[[], None]] = {
        f"{kept.category} kept listing {number}": partial(proving.attempt, kept)
        for number, kept in enumerate(proving.candidates(), 1)
    }

    def again(category: str, when: date) -> None:
        if (category, when) not in proving.proven:
            found.report.each([f"{category} {when}"], lambda _: _compare(archive, category, when, found, write=write))

    for day in archive.snapshot.summaries:
        if chosen.has(day.category, day.date):
            steps[f"{day.category} {day.date}"] = partial(again, day.category, day.date)
    return steps


def _compare(archive: Archive, category: str, when: date, found: Replay, *, write: bool) -> None:
    stored = archive.store.day(category, when)
    if stored is None:
        return
    fresh, lost = _read_again(archive, stored, found)
    fresh = with_whole_author_lists(fresh, stored)
    if replace(fresh, parser_version=stored.parser_version, link_rules=stored.link_rules) == stored:
        found.counts["without their pages" if lost else "as stored"] += 1
    else:
        found.differs(stored, fresh)
        if write:
            put_in_place(archive, fresh, found.report)
    # What was never kept here (a fresh clone) is no damage, unless somebody asks for that very day.
    if lost and (found.names_each or any(page.sha256 in found.known for page in stored.pages)):
        raise lost


def _read_again(archive: Archive, stored: Day, found: Replay) -> tuple[Day, StoreError | None]:
    """Return a stored day as it is read now; where its pages are lost, its links in the texts that are stored."""
    if _is_without_listing(stored):
        return relinked(stored), None
    if {page.sha256 for page in stored.pages} & found.removed:
        found.removal(stored)
        return relinked(stored), None
    try:
        return parsed_again(archive.raw, stored), None
    except PageRefusedError:
        found.counts["refused"] += 1
        raise
    except StoreError as error:
        return relinked(stored), error


def _is_without_listing(day: Day) -> bool:
    """Whether a day was not made from pages that show a listing; a feed is none."""
    return day.source is Source.FEED or not day.pages
