"""The kept pages, parsed again: what a mended parser would change. All offline.

Links are found again by the current rules, also in texts whose pages are lost. The version of the parser or of those
rules alone is no change: a day that comes out the same keeps its record, byte for byte, and the numbers of the first.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from functools import partial

from digest.archive.archive import Archive
from digest.archive.days import begin, put_in_place, update_files
from digest.archive.kept_pages import KeptListing, kept_listings, parsed_again, proven_day
from digest.archive.old_pages import removed_pages
from digest.archive.report import Report, Track, untracked
from digest.decide import with_whole_author_lists
from digest.errors import DigestError, PageRefusedError, StoreError, how_many
from digest.jobs.differences import differences, in_total
from digest.jobs.doubt import take_in
from digest.jobs.selection import Selection, Span, is_one_date, report_not_stored
from digest.model import Day, DaySummary, Section, Source, State
from digest.parse.typed import relinked

log = logging.getLogger(__name__)

SHOWN = 10
"""How many differences of a day are shown one by one, unless all are asked for."""

_ALWAYS = ("as stored", "differ", "refused")
_Key = tuple[str, date]


def replay(
    archive: Archive, chosen: Selection, track: Track = untracked, *, write: bool = False, shown: int | None = SHOWN
) -> "Replay":
    """Parse the kept pages of days again, and those that no settled day is made of.

    Args:
        archive: whose pages.
        chosen: which days.
        track: shows progress.
        write: whether to store what differs; if not, nothing at all is changed.
        shown: how many differences of a day are shown one by one; None for all.
    """
    found = Replay(archive, chosen, track, write=write, shown=shown)
    # Kept listings first, because a day that they prove needs no further look.
    steps: dict[str, Callable[[], None]] = {
        f"{kept.category} kept listing {number}": partial(found.prove, kept)
        for number, kept in enumerate(found.candidates(), 1)
    }
    for day in chosen.stored(archive):
        steps[f"{day.category} {day.date}"] = partial(found.compare, day.category, day.date)
    for name in track(list(steps)):
        steps[name]()
        if found.report.is_ended:
            break
    else:
        found.tell_unproven()
    if write:
        update_files(archive, found.report, track)
    return found


class Replay:
    """What a replay does and finds: ``lines`` for a person, how many days came out so or so, and how it went."""

    def __init__(self, archive: Archive, chosen: Selection, track: Track, *, write: bool, shown: int | None) -> None:
        self.report = begin(archive, track, whole=True) if write else Report()
        self.lines: list[str] = []
        self.counts: Counter[str] = Counter()
        self._archive, self._chosen, self._write, self._shown = archive, chosen, write, shown
        self._rows = archive.store.raw_pages()
        self._known = frozenset(row.sha256 for row in self._rows)
        self._removed = removed_pages(archive)
        self._stored = archive.snapshot.days
        self._settled = {key for key, day in self._stored.items() if _is_settled(day)}
        self._proven: set[_Key] = set()
        self._unproven: list[tuple[_Key, DigestError]] = []
        self._removals = 0

    def candidates(self) -> list[KeptListing]:
        """Return the kept listings that may prove a chosen day, in the order in which they count."""
        spans = self._chosen.spans
        if spans and not any(None in span or self._besides(self._settled, span) for span in spans):
            return []
        named = self._archive.store.page_hashes()
        used = {sha256 for key in self._settled for sha256 in named.get(key, ())}
        listings = kept_listings(row for row in self._rows if row.path)
        return [one for one in listings if one.category in self._chosen.categories and one.rows[0].sha256 not in used]

    def _besides(self, known: Collection[_Key], span: Span) -> list[_Key]:
        """Return the days of a span that are not ``known``; a single date counts whatever the calendar says.

        An open end is where the stored days begin, or what is overdue by now.
        """
        overdue = self._archive.calendar.newest_overdue(self._archive.now)
        start = span[0] or min((when for _, when in self._stored), default=overdue)
        dates = [start] if is_one_date(span) else [*self._archive.calendar.listing_dates(start, span[1] or overdue)]
        return [(name, when) for name in self._chosen.categories for when in dates if (name, when) not in known]

    def prove(self, kept: KeptListing) -> None:
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
            return
        if self._is_wanted(day.category, day.date):
            self.report.each([f"{day.category} {day.date}"], lambda _: self._add(day))

    def _is_wanted(self, category: str, when: date) -> bool:
        return self._chosen.has(category, when) and (category, when) not in self._settled | self._proven

    def _add(self, day: Day) -> DigestError | None:
        stored = self._stored.get((day.category, day.date))
        was = f"{stored.state} from {stored.source}" if stored else "not stored"
        counts = " ".join(f"{name}={day.counts[name]}" for name in Section)
        self.counts["proven anew"] += 1
        self.lines.append(f"{day.category} {day.date}: {was}; kept pages prove it ({counts} source={day.source})")
        self._proven.add((day.category, day.date))
        return take_in(self._archive, day, self.report) if self._write else None

    def compare(self, category: str, when: date) -> None:
        """Compare a stored day with what its pages, or its texts alone, are read as now."""
        if (category, when) not in self._proven:
            self.report.each([f"{category} {when}"], lambda name: self._compare(name, category, when))

    def _compare(self, name: str, category: str, when: date) -> DigestError | None:
        stored = self._archive.day(category, when)
        if stored is None:
            return None
        fresh, lost = self._read_again(stored)
        fresh = with_whole_author_lists(fresh, stored)
        if replace(fresh, parser_version=stored.parser_version, link_rules=stored.link_rules) == stored:
            self.counts["without their pages" if lost else "as stored"] += 1
        else:
            self.counts["differ"] += 1
            found = differences(stored, fresh)
            self.lines.append(f"{name}: {in_total(found, stored, fresh)}")
            self.lines += [f"  {one}" for one in found[: self._shown]]
            if self._shown is not None and len(found) > self._shown:
                self.lines.append(f"  and {len(found) - self._shown} more (-v shows all)")
            if self._write:
                put_in_place(self._archive, fresh, self.report)
        # What was never kept here (a fresh clone) is no damage, unless somebody asks for that very day.
        is_asked = self._chosen.spans or any(page.sha256 in self._known for page in stored.pages)
        return lost if is_asked else None

    def _read_again(self, stored: Day) -> tuple[Day, StoreError | None]:
        """Return a stored day as it is read now; where its pages are lost, its links in the texts that are stored."""
        # A feed shows no listing, nor does a digest.
        if stored.source is Source.FEED or not stored.is_counted or not stored.pages:
            return relinked(stored), None
        if any(page.sha256 in self._removed for page in stored.pages):
            self._removals += 1
            if self._chosen.spans:
                words = "its page was removed on purpose ([store] raw_days); only its links are read again"
                self.lines.append(f"{stored.category} {stored.date}: {words}")
            return relinked(stored), None
        try:
            return parsed_again(self._archive.raw, stored), None
        except PageRefusedError:
            self.counts["refused"] += 1
            raise
        except StoreError as error:
            return relinked(stored), error

    def tell_unproven(self) -> None:
        """Note which of the days that were asked for are not here, and why; of all days, which pages are damaged."""
        if not self._chosen.spans:
            self.report.failures += [error for _, error in self._unproven if isinstance(error, StoreError)]
        reasons = dict(reversed(self._unproven))
        for span in self._chosen.spans:
            missing = self._besides({*self._stored, *self._proven}, span)
            for key in filter(reasons.__contains__, missing):
                self.report.fail(f"{key[0]} {key[1]}", reasons[key])
            for category in self._chosen.categories:
                dates = [key[1] for key in missing if key[0] == category and key not in reasons]
                report_not_stored(self._archive, category, span, dates, self.report)

    @property
    def total(self) -> str:
        """The last line."""
        others = [what for what in self.counts if what not in _ALWAYS]
        named = ", ".join(f"{self.counts[what]} {what}" for what in (*_ALWAYS, *others))
        vain = f"; {how_many(len(self._unproven), 'kept listing')} proved no day" if self._unproven else ""
        gone = f"; {self._removals} without pages that were removed on purpose" if self._removals else ""
        return f"replayed {how_many(self.counts.total(), 'day')}: {named}{vain}{gone}"


def _is_settled(day: DaySummary) -> bool:
    """Whether no kept listing may replace ``day``: a doubtful one waits for another look at arXiv, not at a file."""
    is_doubtful = day.state is State.PROVISIONAL and day.source in (Source.LISTING, Source.CATCHUP)
    return day.is_proven or (is_doubtful and day.size > 0)
