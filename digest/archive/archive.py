"""One archive with its edges, and the steps that several jobs share."""

import hashlib
import logging
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from digest.archive.texts import Texts
from digest.archive.view_days import hits_for_readme
from digest.calendar import Calendar, is_weekend
from digest.config import Config
from digest.decide import not_stored
from digest.disk import Folder, write_raw
from digest.errors import DamageError, DigestError, FormatTooNewError, MissingError
from digest.fetch import Client
from digest.model import Correction, Day, DaySummary, Ledger, RawPage
from digest.record_files import load_record
from digest.render import (
    UNKNOWN,
    DigestTemplate,
    NewestHits,
    merge_into,
    record_path,
    render_record,
    root_index,
    year_index,
    year_index_path,
    years_of,
)
from digest.store import FileRow, Store

log = logging.getLogger(__name__)

README = "README.md"
_NEAR = 7  # days; a listing farther away says nothing of this one


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
    def texts(self) -> Texts:
        """The generated texts in ``output``."""
        return Texts(self.output, self.store)

    @cached_property
    def raw(self) -> Folder:
        """The folder of raw pages."""
        return Folder(self.config.raw)

    @cached_property
    def records(self) -> Folder | None:
        """The folder of day records, if they are kept."""
        return Folder(self.config.records) if self.config.records else None

    def start(self, category: str) -> date | None:
        """Return the listing date from which on ``category`` has to be whole; None before its first run."""
        if self.config.store.start:
            return date.fromisoformat(self.config.store.start)
        return self.first_run(category)

    def first_run(self, category: str) -> date | None:
        """Return the listing date that the first run of ``category`` asked for, as far as anything tells it."""
        days = [(day.date, day.source) for day in self.store.summaries(category)]
        return self.store.ledger().start_of(category, days)

    def is_proven(self, category: str, when: date) -> bool:
        """Whether a day is stored that needs no further proof."""
        stored = self.store.summary(category, when)
        return stored is not None and stored.is_proven

    def neighbours(self, category: str, when: date) -> dict[date, frozenset[str]]:
        """Return the identifiers that the stored listings next to ``when`` have, by date: one before, one after."""
        stored = [day.date for day in self.store.summaries(category) if abs((day.date - when).days) <= _NEAR]
        before = max((day for day in stored if day < when), default=None)
        after = min((day for day in stored if day > when), default=None)
        return {day: self.store.ids(category, day) for day in (before, after) if day is not None}

    def why_not_stored(self, category: str, when: date) -> DigestError:
        """Return why no listing of ``when`` is here, and the way out."""
        decision = self.store.ledger().losses_of(category).get(when)
        if decision is not None:
            note = f": {decision.note}" if decision.note else ""
            return MissingError(f"lost, as somebody accepted on {decision.decided_at:%Y-%m-%d}{note}")
        return not_stored(when, self.calendar, self.now, self.start(category))

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
        if row is None or not self._is_current(row, summary) or not self.texts.is_intact(row):
            return False
        if self.records is None:
            return True
        record = self.records.read(record_path(summary.category, summary.date))
        return record is not None and _sha256(record) == summary.content_hash

    def is_left(self, summary: DaySummary) -> bool:
        """Whether the digest of a stored day is as another template or other settings made it."""
        row = self.store.file(self.config.digest_path(summary.category, summary.date))
        return row is not None and not self._is_current(row, summary) and self.texts.is_intact(row)

    def write_day(self, category: str, when: date, *, came: bool = False) -> list[str]:
        """Render a stored day and write its digest and record; return the paths that changed.

        ``came``: whether its digest came with its record. If another template or settings made that, it stays, and
        counts as outdated from then on.
        """
        day = self._best_known(category, when)
        changed = []
        record = render_record(day)
        if self.records and self.records.write(record_path(category, when), record):
            changed.append(str(self.records.root / record_path(category, when)))
        files, content_hash = self.digest_files(day), _sha256(record)
        if came and self.texts.adopt(files, self.template.hashes_by(UNKNOWN, content_hash)[-1], is_alike=False):
            return changed
        return changed + self.texts.write(files, self.template.inputs_hash(content_hash), self.template.version)

    def digest_files(self, day: Day) -> dict[str, bytes]:
        """Render a day; return its digest by path, and after it the further parts of one that is split."""
        folder, name = posixpath.split(self.config.digest_path(day.category, day.date))
        return {posixpath.join(folder, part): data for part, data in self.template.parts(day, name).items()}

    def _best_known(self, category: str, when: date) -> Day:
        """Return the stored day; a record that knows it better (it came from elsewhere) is stored first."""
        if self.records and self._is_recorded_otherwise(self.records, category, when):
            try:
                load_record(self, record_path(category, when))
            except FormatTooNewError:
                raise
            except DamageError as error:
                kept = self.records.keep_beside(record_path(category, when), "damaged")
                log.warning("%s; it is written again from the database, and was kept as %s", error, kept)
        day = self.store.day(category, when)
        if day is None:
            raise DamageError(f"{category} {when}: expected a stored day, found none")
        return day

    def _is_recorded_otherwise(self, records: Folder, category: str, when: date) -> bool:
        data = records.read(record_path(category, when))
        stored = self.store.summary(category, when)
        return data is not None and (stored is None or _sha256(data) != stored.content_hash)

    def pending(self) -> list[DaySummary]:
        """Return the stored days whose digest or record is not there, or that a killed run did not come to."""
        made = self.store.files()
        return [day for day in self.store.summaries() if not self._is_made(day, made)]

    def _is_made(self, day: DaySummary, made: Mapping[str, FileRow]) -> bool:
        path = self.config.digest_path(day.category, day.date)
        has_record = self.records is None or self.records.has(record_path(day.category, day.date))
        return has_record and self.texts.has_all_parts(path, made)

    def outdated(self) -> list[DaySummary]:
        """Return the stored days whose digest was written by another template, renderer or settings than those of now.

        One that was not written yet is not among them.
        """
        made = self.store.files()
        rows = ((day, made.get(self.config.digest_path(day.category, day.date))) for day in self.store.summaries())
        return [day for day, row in rows if row is not None and not self._is_current(row, day)]

    def indexes(self) -> dict[str, tuple[str, str]]:
        """Return the title and generated part of each index, by path: the archive's, and one a category and year."""
        stored: dict[str, list[DaySummary]] = {category: [] for category in self.config.arxiv.categories}
        summaries = self.store.summaries()
        for summary in summaries:
            stored.setdefault(summary.category, []).append(summary)
        ledger, path_of, known = self.store.ledger(), self.config.digest_path, self.calendar
        lost = {category: ledger.losses_of(category) for category in stored}
        starts = {category: self.start(category) for category in stored}
        newest = self._newest_hits(summaries)
        root, kept = self.index_templates.root, self.config.arxiv.categories
        text = root_index(
            root, stored, known=known, starts=starts, lost=lost, path_of=path_of, newest=newest, kept=kept
        )
        texts = {README: ("arXiv digests", text)}
        for category, days in stored.items():
            source, start = self.index_templates.year, starts[category]
            for year in years_of(days, start):
                text = year_index(source, year, days, known=known, start=start, lost=lost[category], path_of=path_of)
                texts[year_index_path(category, year)] = (f"{category} {year}", text)
        return texts

    def _newest_hits(self, summaries: Sequence[DaySummary]) -> NewestHits | None:
        """Return what the README shows of the first view; a damaged day must not cost the whole index."""
        try:
            return hits_for_readme(self.store, self.config.views, summaries)
        except DamageError as error:
            log.warning("the newest papers of the first view are left out: %s", error)
            return None

    def write_index(self, path: str, title: str, generated: str) -> list[str]:
        """Write the generated part of one index; return its path if it changed."""
        if self.output.is_link(path):
            log.warning("%s: left alone, because it is a symbolic link", self.output.root / path)
            return []
        existing = self.output.read(path)
        # A person may write around the generated part in any encoding.
        text = merge_into(None if existing is None else existing.decode(errors="surrogateescape"), title, generated)
        if text is None:
            log.warning(
                "%s: left alone, because it has not just one pair of <!-- digest:begin --> and <!-- digest:end -->",
                self.output.root / path,
            )
            return []
        data = text.encode(errors="surrogateescape")
        is_changed = self.output.write(path, data)
        row = FileRow(path, _sha256(generated.strip().encode()), _sha256(data), "index")
        if self.store.file(path) != row:
            self.store.remember_file(row)
        return [str(self.output.root / path)] if is_changed else []

    def refresh_calendar(self) -> None:
        """Let the calendar know what arXiv was seen to have."""
        self.calendar = self.calendar.corrected(self.store.ledger().calendar_corrections)

    def learn(self, when: date, evidence: str, *, has_listing: bool) -> None:
        """Note that arXiv showed, at the address ``evidence``, whether there is a listing of the date ``when``.

        What the calendar believes already is worth a note only for a deferral: it needs no second look.
        """
        is_news = self.calendar.is_listing_date(when) is not has_listing
        if not is_news and (has_listing or is_weekend(when) or when in self.calendar.corrections):
            return
        self.store.note(Ledger(corrections=(Correction(when, has_listing, evidence, self.now),)))
        self.calendar = self.calendar.corrected({**self.calendar.corrections, when: has_listing})
        if is_news:
            log.warning(
                "the calendar is corrected: arXiv has %s of %s (%s)",
                *("a listing" if has_listing else "no listing", when, evidence),
            )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
