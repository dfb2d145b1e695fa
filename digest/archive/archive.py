"""One archive with its edges: configuration, database, folders, templates, arXiv, the clock.

An edge that is heavy to load is opened at its first use: most runs ask arXiv nothing, and store nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from digest.archive.snapshot import Snapshot
from digest.calendar import Calendar, is_weekend
from digest.config.settings import Config
from digest.decide import not_stored
from digest.disk.files import Folder
from digest.disk.raw import write_raw
from digest.errors import DigestError, MissingError
from digest.model import Correction, Day, DaySummary, FileRow, Ledger, RawPage, RunSummary
from digest.render.digest import DigestTemplate
from digest.store.light import LightStore, UnansweredError

if TYPE_CHECKING:
    from digest.fetch.client import Client
    from digest.store.whole import Store

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_NEAR = 7  # days; a listing farther away says nothing of this one


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
    _snapshot: Snapshot | None = field(default=None, init=False)
    _saved: dict[tuple[str, date], DaySummary] = field(default_factory=dict, init=False)
    _files: dict[str, FileRow] | None = field(default=None, init=False)
    _attempts: dict[str, dict[date, datetime]] = field(default_factory=dict, init=False)

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

    @property
    def snapshot(self) -> Snapshot:
        """What is known by now.

        Raises:
            DamageError: the database cannot be read.
        """
        if self._snapshot is None:
            # Of one moment, the rows of files too: a run may be at work meanwhile.
            known = self._ask(lambda store: store.known())
            self._snapshot, self._files = self._of(known.days, known.ledger), dict(known.files)
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

    def begin_run(self, command: str, run_id: str) -> int:
        """Note that a job starts; return its number."""
        return self._ask(lambda store: store.begin_run(command, self.now, run_id))

    def finish_run(self, number: int, at: datetime, exit_code: int) -> None:
        """Note how a job ended."""
        requests = self.requests_made
        self._ask(lambda store: store.finish_run(number, at, exit_code=exit_code, requests=requests))

    # The client's memory

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note that arXiv is asked ``now``, if that needs no ``pause_after`` the last request; return the pause."""
        return self._ask(lambda store: store.take_turn(now, pause_after))

    def remember_request(self, at: float) -> None:
        """Note that arXiv is being asked, before it is."""
        self._ask(lambda store: store.remember_request(at))

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

    def snapshot_of(self, days: Iterable[DaySummary]) -> Snapshot:
        """Return what would be known if these were the stored days."""
        return self._of(days, self.store.ledger())

    def _of(self, days: Iterable[DaySummary], ledger: Ledger) -> Snapshot:
        return Snapshot({(day.category, day.date): day for day in days}, ledger, self.table, self.config.start)

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
        self._saved = {}

    def save(self, day: Day, content_hash: str) -> DaySummary:
        """Store a day whole; what was written of its date counts as not written from then on."""
        path = self.config.digest_path(day.category, day.date)
        self._ask(lambda store: store.save_day(day, content_hash, outdated_file=path))
        summary = day.summary(content_hash)
        self._saved[day.category, day.date] = summary
        if self._files is not None:
            self._files.pop(path, None)
        return summary

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
        self._ask(lambda store: store.remember_files(rows))
        self._rows.update({row.path: row for row in rows})

    def forget_file(self, path: str) -> None:
        """Forget that the file at ``path`` was written."""
        self.store.forget_file(path)
        self._rows.pop(path, None)

    def neighbours(self, category: str, when: date) -> dict[date, frozenset[str]]:
        """Return the identifiers that the stored listings next to ``when`` have, by date: one before, one after."""
        stored = [day.date for day in self.snapshot.days_of(category) if abs((day.date - when).days) <= _NEAR]
        before = max((day for day in stored if day < when), default=None)
        after = min((day for day in stored if day > when), default=None)
        return {day: self.ids(category, day) for day in (before, after) if day is not None}

    def ids(self, category: str, when: date) -> frozenset[str]:
        """Return the identifiers that a stored day lists; none if it is not stored."""
        return self._ask(lambda store: store.ids(category, when))

    def why_not_stored(self, category: str, when: date) -> DigestError:
        """Return why no listing of ``when`` is here, and the way out."""
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
