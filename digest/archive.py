"""One archive with its edges, and the steps that several jobs share."""

import hashlib
import logging
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from digest.calendar import Calendar
from digest.config import Config
from digest.decide import decide, proven_dates
from digest.errors import ENDING, DamageError, DigestError, gravest
from digest.fetch import Client
from digest.ledger import calendar_corrections, decisions_of, merged, without_settled
from digest.model import Correction, Day, DaySummary, Ledger, RawPage, State
from digest.parse.ledger import parse_ledger
from digest.parse.record import parse_record
from digest.publish import Folder, write_raw
from digest.render import (
    LEDGER_PATH,
    DigestTemplate,
    is_record_path,
    merge_into,
    record_path,
    render_ledger,
    render_record,
    root_index,
    year_index,
    year_index_path,
    years_of,
)
from digest.store import FileRow, Store

log = logging.getLogger(__name__)

_README = "README.md"


@dataclass
class Report:
    """What a job did: the days that it changed, the files that it wrote, what failed, what else to say."""

    changed: list[DaySummary] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    succeeded: int = 0
    failures: list[DigestError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The gravest of the failures' codes, 0 without any."""
        return gravest(failure.exit_code for failure in self.failures)

    @property
    def is_ended(self) -> bool:
        """Whether something failed after which the other parts of the job make no sense."""
        return any(failure.exit_code in ENDING for failure in self.failures)

    def fail(self, what: str, error: DigestError) -> None:
        """Note that ``what`` failed."""
        self.failures.append(type(error)(f"{what}: {error}"))

    def names(self, category: str, when: date | None = None) -> bool:
        """Whether a failure of ``category`` was noted, and one that names the date ``when``, if one is asked for."""
        own = [str(failure) for failure in self.failures if str(failure).startswith((f"{category}:", f"{category} "))]
        return any(when is None or str(when) in failure for failure in own)

    def knows(self, error: DigestError) -> bool:
        """Whether a failure was noted already for the very same cause."""
        return any(str(failure).endswith(str(error)) for failure in self.failures)


@dataclass(frozen=True)
class IndexTemplates:
    """The texts of the two index templates."""

    root: str
    year: str


@dataclass
class Archive:
    """The edges of one archive; ``now`` sets decisions, and never the delay between requests."""

    config: Config
    calendar: Calendar
    store: Store
    template: DigestTemplate
    index_templates: IndexTemplates
    client: Client
    now: datetime

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

    def start(self, days: Sequence[DaySummary]) -> date | None:
        """Return the first listing date of a category with these stored ``days``; None if nothing tells it."""
        configured = self.config.store.start
        return date.fromisoformat(configured) if configured else min((day.date for day in days), default=None)

    def keep(self, page: RawPage) -> None:
        """Keep the bytes and headers of a page before anything looks into it."""
        self.store.keep_raw_page(page, write_raw(self.raw, page.body))

    def store_day(self, day: Day) -> None:
        """Store ``day``; what was written of its date counts as not written from then on."""
        content_hash = hashlib.sha256(render_record(day)).hexdigest()
        path = self.config.digest_path(day.category, day.date)
        self.store.save_day(day, content_hash, outdated_file=path)

    def is_written(self, summary: DaySummary) -> bool:
        """Whether the digest of a stored day was written from what is stored now, by the template of now."""
        row = self.store.file(self.config.digest_path(summary.category, summary.date))
        return self._is_current(row, summary)

    def _is_current(self, row: FileRow | None, summary: DaySummary) -> bool:
        return row is not None and row.inputs_hash == self.template.inputs_hash(summary.content_hash)

    def is_intact(self, summary: DaySummary) -> bool:
        """Whether the digest and the record of a stored day are there, as they would be made again."""
        path = self.config.digest_path(summary.category, summary.date)
        row = self.store.file(path)
        data = self.output.read(path)
        if row is None or data is None or not self._is_current(row, summary) or _sha256(data) != row.sha256:
            return False
        if self.records is None:
            return True
        record = self.records.read(record_path(summary.category, summary.date))
        return record is not None and _sha256(record) == summary.content_hash

    def write_day(self, category: str, when: date) -> list[str]:
        """Render a stored day and write its digest and record; return the paths that changed."""
        day = self._best_known(category, when)
        changed = []
        record = render_record(day)
        if self.records and self.records.write(record_path(category, when), record):
            changed.append(str(self.records.root / record_path(category, when)))
        path = self.config.digest_path(category, when)
        data = self.template.render(day)
        if self.output.write(path, data):
            changed.append(str(self.output.root / path))
        inputs_hash = self.template.inputs_hash(_sha256(record))
        self.store.remember_file(FileRow(path, inputs_hash, _sha256(data), self.template.version))
        return changed

    def _best_known(self, category: str, when: date) -> Day:
        """Return the stored day; a record that knows it better (it came from elsewhere) is stored first."""
        if self.records and self.records.has(record_path(category, when)):
            try:
                self.load_record(record_path(category, when))
            except DamageError as error:
                log.warning("%s; it is written again from the database", error)
        day = self.store.day(category, when)
        if day is None:
            raise DamageError(f"{category} {when}: expected a stored day, found none")
        return day

    def pending(self) -> list[DaySummary]:
        """Return the stored days whose digest or record is not there, or that a killed run did not come to."""
        made = self.store.file_paths()
        return [day for day in self.store.summaries() if not self._is_made(day, made)]

    def _is_made(self, day: DaySummary, made: frozenset[str]) -> bool:
        path = self.config.digest_path(day.category, day.date)
        has_record = self.records is None or self.records.has(record_path(day.category, day.date))
        return path in made and self.output.has(path) and has_record

    def indexes(self) -> dict[str, tuple[str, str]]:
        """Return the title and generated part of each index, by path: the archive's, and one a category and year."""
        stored: dict[str, list[DaySummary]] = {category: [] for category in self.config.arxiv.categories}
        for summary in self.store.summaries():
            stored.setdefault(summary.category, []).append(summary)
        path_of = self.config.digest_path
        texts = {_README: ("arXiv digests", root_index(self.index_templates.root, stored, path_of))}
        ledger = self.store.ledger()
        for category, days in stored.items():
            lost = decisions_of(ledger, category)
            for year in years_of(days):
                source = self.index_templates.year
                text = year_index(source, year, days, known=self.calendar, lost=lost, path_of=path_of)
                texts[year_index_path(category, year)] = (f"{category} {year}", text)
        return texts

    def write_index(self, path: str, title: str, generated: str) -> list[str]:
        """Write the generated part of one index; return its path if it changed."""
        if self.output.is_link(path):
            log.warning("%s: left alone, because it is a symbolic link", self.output.root / path)
            return []
        existing = self.output.read(path)
        try:
            text = merge_into(None if existing is None else existing.decode(), title, generated)
        except UnicodeDecodeError:
            text = None
        if text is None:
            log.warning(
                "%s: left alone, because it has not just one pair of <!-- digest:begin --> and <!-- digest:end -->",
                self.output.root / path,
            )
            return []
        return [str(self.output.root / path)] if self.output.write(path, text.encode()) else []

    def load_ledger(self) -> None:
        """Bring together what the database and the folder of records know besides the days.

        Raises:
            DamageError: the file is damaged.
        """
        here = self.store.ledger()
        data = self.records.read(LEDGER_PATH) if self.records else None
        if self.records is not None and data is not None and data != render_ledger(here):
            try:
                there = parse_ledger(data)
            except DamageError as error:
                raise DamageError(f"{self.records.root / LEDGER_PATH}: {error}") from error
            here = merged(there, here)  # of two of the same time, the database's
            self.store.note(here)
        self.refresh_calendar()

    def refresh_calendar(self) -> None:
        """Let the calendar know what arXiv was seen to have."""
        self.calendar = self.calendar.corrected(calendar_corrections(self.store.ledger()))

    def has_unloaded_ledger(self) -> bool:
        """Whether the folder of records may know something that the database does not."""
        data = self.records.read(LEDGER_PATH) if self.records else None
        return data is not None and data != render_ledger(self.store.ledger())

    def learn(self, when: date, evidence: str, *, has_listing: bool) -> None:
        """Note that arXiv showed, at the address ``evidence``, whether there is a listing of the date ``when``."""
        if self.calendar.is_listing_date(when) is has_listing:
            return
        self.store.note(Ledger(corrections=(Correction(when, has_listing, evidence, self.now),)))
        self.calendar = self.calendar.corrected({**self.calendar.corrections, when: has_listing})
        log.warning(
            "the calendar is corrected: arXiv %s a listing of %s (%s)",
            *("has" if has_listing else "has not", when, evidence),
        )

    def write_ledger(self) -> list[str]:
        """Write what the archive knows besides its days; return the path if it changed.

        Raises:
            DamageError: the file that is there is damaged; it may know what the database does not.
        """
        if self.records is None:
            return []
        self.load_ledger()
        known = self.store.ledger()
        settled = {(day.category, day.date) for day in self.store.summaries() if proven_dates([day])}
        for category, when in {(one.category, one.date) for one in known.readings} & settled:
            self.store.forget_readings(category, when)
        known = without_settled(known, settled)
        is_worth = known != Ledger() or self.records.has(LEDGER_PATH)
        is_new = is_worth and self.records.write(LEDGER_PATH, render_ledger(known))
        return [str(self.records.root / LEDGER_PATH)] if is_new else []

    def unloaded_records(self) -> list[str]:
        """Return the paths of the records whose days the database does not have."""
        if self.records is None:
            return []
        known = {record_path(summary.category, summary.date) for summary in self.store.summaries()}
        return [path for path in self.record_paths() if path not in known]

    def record_paths(self) -> list[str]:
        """Return the paths of all records, by date: in the order in which arXiv announced the days."""
        paths = filter(is_record_path, self.records.paths(".jsonl") if self.records else [])
        return sorted(paths, key=lambda path: (posixpath.basename(path), path))

    def load_record(self, path: str) -> DaySummary | None:
        """Store the day that the record at ``path`` holds; return None if it is stored just so, or better known.

        Raises:
            DamageError: the record is damaged, or the day is stored otherwise and as well known.
        """
        data = self.records.read(path) if self.records else None
        if self.records is None or data is None:
            raise DamageError(f"{path}: expected a day record, found none")
        try:
            return self._store_record(_checked_record(data, path), _sha256(data))
        except DamageError as error:
            raise DamageError(f"{self.records.root / path}: {error}") from error

    def _store_record(self, day: Day, content_hash: str) -> DaySummary | None:
        stored = self.store.summary(day.category, day.date)
        if stored is not None and stored.content_hash == content_hash:
            return None
        if stored is not None and stored.state.strength > day.state.strength:
            return None  # a run was killed between the database and the record
        if stored is not None and stored.state is day.state is State.PROVISIONAL:
            return None  # neither is known better; the one here goes on
        decision = decide(stored, day.state)
        if not decision.stores:
            raise DamageError(f"expected the day as the database has it ({decision.reason}), found another")
        self.store_day(day)
        return self.store.summary(day.category, day.date)


def _checked_record(data: bytes, path: str) -> Day:
    day = parse_record(data)
    if record_path(day.category, day.date) != path or render_record(day) != data:
        raise DamageError("expected the record of the date in its name, as digest writes it")
    return day


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
