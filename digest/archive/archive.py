"""One archive with its edges: configuration, database, folders, templates, arXiv, the clock.

An edge that is heavy to load is opened at its first use: most runs ask arXiv nothing, and store nothing.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from digest.archive.recorded import read_record
from digest.archive.snapshot import Snapshot
from digest.calendar import Calendar, is_weekend
from digest.config.paths import part_path
from digest.config.settings import Config
from digest.decide import not_stored
from digest.disk.files import Folder
from digest.disk.raw import write_raw
from digest.errors import DamageError, DigestError, LockHeldError, MissingError
from digest.model import (
    Correction,
    Day,
    DayHeader,
    DaySummary,
    Extent,
    FileRow,
    Found,
    Ledger,
    Paper,
    Query,
    RawPage,
    RunSummary,
    Unfiled,
)
from digest.model.annotations import Annotation
from digest.records.day import record_path
from digest.render.digest import DigestTemplate
from digest.store.light import LightStore, UnansweredError

if TYPE_CHECKING:
    from digest.fetch.client import Client
    from digest.store.whole import Store

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_AT_ONCE = 50  # files
_NEAR = timedelta(days=7)  # a listing farther away says nothing of this one


@dataclass(frozen=True)
class IndexTemplates:
    """The texts of the two index templates."""

    root: str
    year: str


@dataclass
class Archive:
    """The edges of one archive; ``now`` sets decisions, and never the delay between requests.

    ``table`` is the calendar as the package's table and the configuration have it. ``light`` answers for the store as
    long as nobody needs it; ``open_store`` and ``new_client`` open what their names say. Whatever changes what is known
    goes through here, so that ``snapshot`` is never behind.
    """

    config: Config
    table: Calendar
    light: LightStore | None
    open_store: Callable[[], Store]
    new_client: Callable[[Archive], Client]
    template: DigestTemplate
    index_templates: IndexTemplates
    now: datetime
    is_new: bool = field(default=False, init=False)
    """Whether its database was made just now, after git was asked for records that are not here."""
    run: int = field(default=0, init=False)
    """The number of the job that is at work, once it has begun."""
    renewed: set[tuple[str, date]] = field(default_factory=set, init=False)
    """The days (category, date) that this job stored in place of what was known of them, if anything was."""
    incomplete: set[str] = field(default_factory=set, init=False)
    """The paths of files that were made without what could not be read: they are to be made again."""
    _snapshot: Snapshot | None = field(default=None, init=False)
    _saved: dict[tuple[str, date], DaySummary] = field(default_factory=dict, init=False)
    _claimed: set[str] = field(default_factory=set, init=False)
    _files: dict[str, FileRow] | None = field(default=None, init=False)
    _unnoted: dict[str, FileRow] | None = field(default=None, init=False)
    _outdated: dict[str, FileRow] = field(default_factory=dict, init=False)
    _attempts: dict[str, dict[date, datetime]] = field(default_factory=dict, init=False)
    _unreadable: dict[tuple[str, date], DamageError] = field(default_factory=dict, init=False)
    _damage: list[DamageError] = field(default_factory=list, init=False)
    _paths: dict[str, dict[date, str]] = field(default_factory=lambda: defaultdict(dict), init=False)
    _listed: set[str] = field(default_factory=set, init=False)

    @cached_property
    def store(self) -> Store:
        """The whole store.

        Raises:
            StoreError: it cannot be opened.
        """
        store = self.open_store()
        if self.light is not None:  # not before: SQLite clears up when nobody has the database open
            self.light.close()
            self.light = None
        return store

    def close(self) -> None:
        """Let go of the database."""
        if self.light is not None:
            self.light.close()
        if "store" in self.__dict__:
            self.store.close()

    @cached_property
    def client(self) -> Client:
        """The client by which arXiv is asked."""
        return self.new_client(self)

    @property
    def requests_made(self) -> int:
        """How many requests were made by now."""
        return self.client.requests_made if "client" in self.__dict__ else 0

    def doubt_silence(self) -> None:
        """Let each host that did not answer be asked for something else."""
        if "client" in self.__dict__:
            self.client.doubt_silence()

    @cached_property
    def output(self) -> Folder:
        """The folder of digests and indexes."""
        return Folder(self.config.output)

    @cached_property
    def raw(self) -> Folder:
        """The folder of raw pages."""
        return Folder(self.config.raw)

    @cached_property
    def records(self) -> Folder | None:
        """The folder of day records, if they are kept."""
        return Folder(self.config.records) if self.config.records else None

    def prepare_folders(self) -> None:
        """Make the archive's folders, and remove what a killed run left in them.

        Raises:
            StoreError: a folder cannot be written.
        """
        others = [folder for folder in (self.raw, self.records) if folder]
        for folder in (self.output, *others):
            folder.prepare()
        self.raw.sweep()
        if self.records:
            self._recorded = self.records.listing(".jsonl", sweeps=True)
        _, self._listed = self.output.sweep([*(folder.root for folder in others), self.config.site_folder])
        self.__dict__.pop("_sole_files", None)

    def has_file(self, path: str) -> bool:
        """Whether a generated file is there; what was when the job began is not looked for one by one.

        Raises:
            StoreError: what stands there is no file.
        """
        return path in self._listed or self.output.has(path)

    def remove_file(self, path: str) -> None:
        """Remove a generated file, if it is there."""
        self._listed.discard(path)
        self._sole_files.discard(path)
        self.output.remove(path)

    def is_sole_file(self, path: str) -> bool:
        """Whether a file was made, was there when the job began, and is no part of a text of several."""
        return path in self._sole_files

    @cached_property
    def _sole_files(self) -> set[str]:
        # All at once: these are nearly all files, each night.
        parts = {path for path in self._rows if ".2." in path}
        several = {path for path in self._rows if part_path(path, 2) in parts} if parts else set()
        return (self._listed & self._rows.keys()) - several

    def digest_path(self, category: str, when: date) -> str:
        """Return the path of a day's digest; that of each day is worked out once."""
        paths = self._paths[category]
        if when not in paths:
            paths[when] = self.config.digest_path(category, when)
        return paths[when]

    def digests(self) -> Iterator[tuple[str, DaySummary]]:
        """Yield each stored day, by category and date, with the path of its digest."""
        for category in self.snapshot.categories:
            paths, days = self._paths[category], self.snapshot.days_of(category)
            if lacking := [day.date for day in days if day.date not in paths]:
                paths |= self.config.digest_paths(category, lacking)
            yield from ((paths[day.date], day) for day in days)

    @property
    def recorded(self) -> set[str]:
        """The paths of the plain files in the folder of records when the job began that are named as records are."""
        return self._recorded[0]

    @property
    def no_records(self) -> set[str]:
        """The paths of what else was there by such a name, such as a link."""
        return self._recorded[1]

    @cached_property
    def _recorded(self) -> tuple[set[str], set[str]]:
        return self.records.listing(".jsonl") if self.records else (set(), set())

    @property
    def snapshot(self) -> Snapshot:
        """What is known by now.

        Raises:
            DamageError: the database cannot be read.
        """
        if self._snapshot is None:
            # Of one moment, the rows of files too: a run may be at work meanwhile.
            known = self._ask(lambda store: store.known())
            self._snapshot, self._files = self._of(known.days, known.ledger, known.unfiled), dict(known.files)
        elif self._saved:
            self._snapshot = self._snapshot.with_days(self._saved)
        self._saved = {}
        return self._snapshot

    def _ask(self, question: Callable[[LightStore | Store], Answer]) -> Answer:
        """Ask the light store, or the whole one, once it is open or where the light one does not know."""
        if self.light is not None:
            with suppress(UnansweredError):
                return question(self.light)
        return question(self.store)

    def runs(self, limit: int) -> list[RunSummary]:
        """Return the last jobs, the newest first."""
        return self._ask(lambda store: store.runs(limit))

    def find(self, query: Query, *, ranked: bool, limit: int) -> list[Found]:
        """Return the papers that a query finds, each once: the newest first, or (``ranked``) the most suitable."""
        return self._ask(lambda store: store.find(query, ranked=ranked, limit=limit))

    def find_announcements(self, query: Query) -> set[tuple[str, date, str]]:
        """Return the category, date and id of all announcements whose texts a query finds."""
        return self._ask(lambda store: store.find_announcements(query))

    def gathered(self, category: str) -> Extent | None:
        """How much of the metadata of a category, or of its whole archive, came; None if none was ever asked for."""
        known = self._ask(lambda store: store.gathered())
        its = [known[name] for name in (category, category.partition(".")[0]) if name in known]
        return max(its, default=Extent.PART) if known else None

    @cached_property
    def annotated(self) -> dict[tuple[date, str], str]:
        """The hash of what each program of the user's own said of the papers of a date, by date and name."""
        return self._ask(lambda store: store.annotated())

    def annotations(self, when: date) -> list[Annotation]:
        """Return what programs said of the papers of a date, as the database knows it."""
        return self._ask(lambda store: store.annotations(when))

    def save_annotations(self, annotations: Sequence[Annotation]) -> None:
        """Store what programs said of papers, in place of what they said of them before."""
        if annotations:
            self.store.save_annotations(annotations)
            self.__dict__.pop("annotated", None)

    def begin_run(self, command: str, run_id: str) -> int:
        """Note that a job starts; return its number."""
        self.run = self._ask(lambda store: store.begin_run(command, self.now, run_id))
        return self.run

    def finish_run(self, number: int, at: datetime, exit_code: int) -> None:
        """Note how a job ended; others may go on with what it was at work on."""
        self._let_go([*self._claimed])
        requests = self.requests_made
        self._ask(lambda store: store.finish_run(number, at, exit_code=exit_code, requests=requests))

    # The client's memory

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note that arXiv is asked ``now``, if that needs no ``pause_after`` the last request; return the pause."""
        return self._ask(lambda store: store.take_turn(now, pause_after))

    def end_turn(self, seconds: float) -> None:
        """Note that arXiv's answer, which began so many ``seconds`` ago, is here: other hosts wait for that."""
        if self.config.is_shared:
            self.store.end_turn(seconds)

    def not_before(self) -> float | None:
        """Return until when a throttling arXiv wants no request, in seconds since 1970."""
        return self._ask(lambda store: store.not_before())

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling arXiv wants no request until then."""
        self._ask(lambda store: store.remember_not_before(at))

    def stored(self, category: str, when: date) -> DaySummary | None:
        """Return a stored day, or None; unlike by the snapshot, a thousand days can be saved in between at no cost."""
        known = self._snapshot or self.snapshot
        return self._saved.get((category, when)) or known.day(category, when)

    def day(self, category: str, when: date) -> Day | None:
        """Return a stored day with its entries, from the database or, if these are there alone, from its record.

        A day whose record turns out to be damaged is not known from then on, and ``damage`` tells of it.

        Raises:
            DamageError: its rows cannot be read, or some are lost.
        """
        stored = self.stored(category, when)
        if (category, when) in self._unreadable:
            return None
        if stored is None or stored.is_loaded:
            found = self._ask(lambda store: store.day(category, when))
            if stored and found and found.counts != stored.counts:
                # What is lost of it must not pass for what arXiv itself left out.
                lost = f"expected {stored.size} entries in the database, found {len(found.entries)}"
                raise DamageError(f"{category} {when}: {lost}; `digest verify --repair` mends it")
            return found
        try:
            return read_record(self.records, record_path(category, when))[0]
        except DamageError as error:
            log.info("%s %s: known by the header of its record alone until now: %s", category, when, error)
            self._unreadable[category, when] = error
            self._damage.append(error)
            self._snapshot = self.snapshot.without((category, when))
            return None

    def ids(self, category: str, when: date) -> frozenset[str]:
        """Return the identifiers that a stored day lists; none if it is not stored, or cannot be read."""
        stored = self.stored(category, when)
        if stored is None or stored.is_loaded:
            return self._ask(lambda store: store.ids(category, when))
        day = self.day(category, when)
        return day.ids if day else frozenset()

    def papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """Return those of these papers that the database has, as they were first announced with an abstract, by ids.

        An id is in the form that every paper has once; links are left out.
        """
        return self._ask(lambda store: store.papers(ids)) if ids else {}

    def why_unread(self, category: str, when: date) -> DamageError:
        """Return why a day that should be stored has no entries that can be read."""
        error = self._unreadable.get((category, when))
        return error or DamageError(f"{category} {when}: expected a stored day, found none")

    @property
    def damage(self) -> Sequence[DamageError]:
        """Why days that were known by the headers of their records were found not to be."""
        return tuple(self._damage)

    def forget_damage(self) -> None:
        """Let the database forget those that were not stored since, so that they are asked for like any missing one."""
        for category, when in self._unreadable:
            self.forget_unloaded(category, when)
        self._unreadable, self._damage = {}, []

    def forget_unloaded(self, category: str, when: date) -> None:
        """Forget a day whose entries are not stored, for they cannot be read from its record either."""
        summary = self.store.summary(category, when)
        if summary is None or summary.is_loaded:
            return
        self.store.forget_day(category, when)
        self._snapshot = self.snapshot.without((category, when))

    def forget_day(self, category: str, when: date) -> None:
        """Forget a day; its files are not there any more."""
        self.store.forget_day(category, when)
        self.recorded.discard(record_path(category, when))
        self._snapshot = self.snapshot.without((category, when))

    def snapshot_of(self, days: Iterable[DaySummary]) -> Snapshot:
        """Return what would be known if these were the stored days."""
        return self._of(days, self.store.ledger())

    def _of(self, days: Iterable[DaySummary], ledger: Ledger, unfiled: Mapping[str, Unfiled] | None = None) -> Snapshot:
        known = Snapshot({(day.category, day.date): day for day in days}, ledger, self.table, self.config.start)
        return self._with_unfiled(known, unfiled) if unfiled else known

    def _with_unfiled(self, known: Snapshot, unfiled: Mapping[str, Unfiled]) -> Snapshot:
        """Return what is known together with what is told of the days that the database alone has."""
        starts = {category: known.start(category) for category in unfiled}
        ends = {category: start for category, start in starts.items() if start and start <= unfiled[category].last}
        found = {category: self._unfiled(category, start, None) for category, start in ends.items()}
        filled = {category: {day.date for day in days} for category, days in found.items()}
        return replace(known, unfiled=unfiled, filled=filled)

    def unfiled(self, category: str, first: date | None, last: date | None) -> list[DaySummary]:
        """Return the days of a category that the database alone has, from one date to another; they are reconstructed.

        They are no part of the snapshot: of all of arXiv there are nearly a million.
        """
        return self._unfiled(category, first, last) if category in self.snapshot.unfiled else []

    def _unfiled(self, category: str, first: date | None, last: date | None) -> list[DaySummary]:
        return self._ask(lambda store: store.unfiled_days(category, first, last))

    def has_day(self, category: str, when: date) -> bool:
        """Whether a day is stored, be it in the database alone."""
        return self.stored(category, when) is not None or bool(self.unfiled(category, when, when))

    # Several hosts

    @contextmanager
    def claiming(self, category: str) -> Iterator[bool]:
        """Have a category to ourselves in the block; yield whether we have: not while another host is at work on it.

        What other hosts stored of it is known then. Where the database is a file, the run lock does all this.
        """
        if not self.config.is_shared or category in self._claimed:
            yield True
            return
        if not self.store.take_lease(category):
            yield False
            return
        self._claimed.add(category)
        try:
            days, ledger = self.store.known_of(category)
            self._snapshot = self.snapshot.with_days({(category, day.date): day for day in days}).with_ledger(ledger)
            self._attempts.pop(category, None)
            yield True
        finally:
            self._let_go([category])

    @contextmanager
    def having(self, names: Sequence[str]) -> Iterator[None]:
        """Have all of these categories, or what else they name, to ourselves in the block.

        Raises:
            LockHeldError: another host is at work on one of them.
        """
        names = names if self.config.is_shared else []
        try:
            for name in names:
                if not self.store.take_lease(name):
                    host = self.store.leases().get(name, "another")
                    raise LockHeldError(f"{name}: host {host} is at work on it; try again once it has ended")
                self._claimed.add(name)
            if names:
                self.refresh()
            yield
        finally:
            self._let_go(names)

    def _let_go(self, names: Collection[str]) -> None:
        self._claimed.difference_update(names)
        if self.config.is_shared and names:
            with suppress(LockHeldError):  # another is lost, and whoever stores anything hears of it
                self.store.release_leases(names)

    def elsewhere(self) -> set[str]:
        """Return the categories that other hosts are at work on."""
        held = self.store.leases() if self.config.is_shared else {}
        return {name for name, host in held.items() if host != self.config.host}

    @property
    def calendar(self) -> Calendar:
        """The calendar, with what arXiv was seen to have or not to have."""
        return self.snapshot.calendar

    @property
    def files(self) -> Mapping[str, FileRow]:
        """The files that were written, by path."""
        return self._rows

    @property
    def _rows(self) -> dict[str, FileRow]:
        if self._files is None:
            self._files = self.store.files()
        return self._files

    def refresh(self) -> None:
        """Read anew what is known: a repair changed the database itself."""
        self._snapshot = self._files = None
        for name in ("_sole_files", "_recorded", "annotated"):
            self.__dict__.pop(name, None)
        self._saved = {}

    def save(self, day: Day, content_hash: str) -> DaySummary:
        """Store a day whole; what was written of its date counts as not written from then on."""
        path = self.digest_path(day.category, day.date)
        self._ask(lambda store: store.save_day(day, content_hash, outdated_file=path))
        summary = day.summary(content_hash)
        self._saved[day.category, day.date] = summary
        self._unreadable.pop((day.category, day.date), None)
        if self._files and path in self._files:  # its file is no less digest's own for being made of what was known
            self._outdated[path] = self._files[path]
        self._forget_row(path)
        unfiled = self._snapshot and self._snapshot.unfiled.get(day.category)
        if unfiled and unfiled.first <= day.date <= unfiled.last:  # there may have been such a day of its date
            self._snapshot = self._with_unfiled(self.snapshot, self._ask(lambda store: store.unfiled()))
        return summary

    def save_unfiled(self, day: Day, content_hash: str) -> DaySummary:
        """Store a day in the database alone; nothing is written of it."""
        path = self.digest_path(day.category, day.date)
        self._ask(lambda store: store.save_day(day, content_hash, outdated_file=path, has_files=False))
        return day.summary(content_hash)

    def save_headers(self, headers: Sequence[DayHeader]) -> None:
        """Store days that are not stored, as the headers of their records tell them."""
        self.store.save_headers(headers)
        self._saved |= {(header.day.category, header.day.date): header.summary for header in headers}

    def note(self, ledger: Ledger) -> None:
        """Note what is in ``ledger``, in place of what is noted under the same keys; the rest stays."""
        self.store.note(ledger)
        self._snapshot = self.snapshot.with_ledger(self.store.ledger())

    def forget_readings(self, keys: Iterable[tuple[str, date]]) -> None:
        """Forget the looks at days (category and date) that are settled."""
        keys = list(keys)
        for category, when in keys:
            self.store.forget_readings(category, when)
        if not keys:
            return
        self._snapshot = self.snapshot.with_ledger(self.store.ledger())

    def attempts(self, category: str) -> Mapping[date, datetime]:
        """Return when each date of a category was last asked for in vain."""
        if category not in self._attempts:
            self._attempts[category] = self._ask(lambda store: store.attempts(category))
        return self._attempts[category]

    def remember_attempt(self, category: str, when: date) -> None:
        """Note that a date is asked for now, in vain as far as is known."""
        self._attempts[category] = {**self.attempts(category), when: self.now}
        self.store.remember_attempt(category, when, self.now)

    def remember_files(self, rows: Sequence[FileRow]) -> None:
        """Remember what was written, and from what."""
        if not rows:
            return
        noted = {row.path: row for row in rows}
        if self._unnoted is None:
            self._ask(lambda store: store.remember_files(rows))
        else:
            self._unnoted |= noted
        self._rows.update(noted)
        self._sole_files.difference_update(noted)
        if self._unnoted and len(self._unnoted) >= _AT_ONCE:
            self._note_files()

    @contextmanager
    def remembering_at_once(self) -> Iterator[None]:
        """Remember what is written in the block many files at a time; what a kill leaves unknown is written again.

        Raises:
            StoreError: the database fails.
        """
        self._unnoted = {}
        try:
            yield
        finally:
            self._note_files()
            self._unnoted = None

    def _note_files(self) -> None:
        rows, self._unnoted = list((self._unnoted or {}).values()), {}
        if rows:
            self._ask(lambda store: store.remember_files(rows))

    def forget_file(self, path: str) -> None:
        """Forget that the file at ``path`` was written."""
        self.store.forget_file(path)
        self._forget_row(path)

    def written_at(self, path: str) -> FileRow | None:
        """Return what is known of what was last written there, also of what this job made outdated; None if nothing."""
        return self.files.get(path) or self._outdated.get(path)

    def _forget_row(self, path: str) -> None:
        for rows in filter(None, (self._files, self._unnoted)):
            rows.pop(path, None)
        self._sole_files.discard(path)

    def neighbours(self, category: str, when: date) -> dict[date, frozenset[str]]:
        """Return the identifiers that the stored listings next to ``when`` have, by date: one before, one after."""
        days, at = self.snapshot.days_of(category), attrgetter("date")
        first, last = bisect_left(days, when - _NEAR, key=at), bisect_right(days, when + _NEAR, key=at)
        stored = [day.date for day in days[first:last]]
        before, after = [day for day in stored if day < when], [day for day in stored if day > when]
        found = {day: self.ids(category, day) for day in (*before[-1:], *after[:1])}
        if all(self.stored(category, day) for day in found):
            return found
        return self.neighbours(category, when)  # the record of one is damaged: it is the next one then

    def why_not_stored(self, category: str, when: date) -> DigestError:
        """Return why no listing of ``when`` is here, and the way out."""
        if self.unfiled(category, when, when):
            return MissingError(
                f"reconstructed, in the database alone; `digest backfill {when} --files` writes its files"
            )
        decision = self.snapshot.ledger.losses_of(category).get(when)
        if decision is not None:
            note = f": {decision.note}" if decision.note else ""
            return MissingError(f"accepted as lost on {decision.decided_at:%Y-%m-%d}{note}")
        return not_stored(when, self.calendar, self.now, self.snapshot.start(category))

    def keep(self, page: RawPage) -> None:
        """Keep the bytes and headers of a page before anything looks into it."""
        path = write_raw(self.raw, page.body)
        self._ask(lambda store: store.keep_raw_page(page, path))

    def learn(self, when: date, evidence: str, *, has_listing: bool) -> None:
        """Note that arXiv showed, at the address ``evidence``, whether there is a listing of the date ``when``.

        What the calendar believes already is worth a note only for a deferral: it needs no second look.
        """
        is_news = self.calendar.is_listing_date(when) is not has_listing
        if not is_news and (has_listing or is_weekend(when) or when in self.calendar.corrections):
            return
        self.note(Ledger(corrections=(Correction(when, has_listing, evidence, self.now),)))
        if is_news:
            log.warning(
                "the calendar is corrected: arXiv has %s of %s (%s)",
                *("a listing" if has_listing else "no listing", when, evidence),
            )
