"""The steps that several jobs begin, go through and end with."""

import logging
from collections.abc import Callable, Iterable, Sequence

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.decide import decide, with_whole_author_lists
from digest.errors import DamageError, DigestError
from digest.jobs.views import write_views
from digest.model import Day, DaySummary, Source
from digest.record_files import load_ledger, load_record, unloaded_records, write_ledger
from digest.render import record_path, render_record
from digest.unopened import require_records

log = logging.getLogger(__name__)

Track = Callable[[Sequence[str]], Iterable[str]]
"""Goes through the names of the parts of a long job, showing progress to whoever waits."""


def untracked(names: Sequence[str]) -> Iterable[str]:
    """Go through ``names`` and show nothing."""
    return names


def begin(archive: Archive, track: Track = untracked, *, load_missing: bool = True) -> Report:
    """Clear up after a killed run, and load the records that the database lacks.

    Raises:
        StoreError: a folder cannot be written; it is better to say so before arXiv is asked.
        DamageError: nothing is stored, and git has records that are not here.
    """
    for folder in filter(None, (archive.output, archive.raw, archive.records)):
        folder.prepare()
        folder.sweep()
    return load_records(archive, track) if load_missing else _load_ledger(archive, Report())


def each(names: Iterable[str], do: Callable[[str], None], report: Report) -> None:
    """Do each part of a job; the failure of one does not stop the others, unless it concerns them too."""
    for name in names:
        try:
            do(name)
            report.succeeded += 1
        except DigestError as error:
            report.fail(name, error)
        if report.is_ended:
            return


def load_records(archive: Archive, track: Track = untracked) -> Report:
    """Load the records that the database lacks, and nothing else: all of them into a fresh clone.

    Raises:
        DamageError: nothing is stored, and git has records that are not here.
    """
    if not archive.store.summaries():
        require_records(archive.config)
    report = _load_ledger(archive, Report())
    report.loaded = load(archive, track(unloaded_records(archive)), report)
    if report.loaded:
        report.remarks.append(f"loaded {counted_days(len(report.loaded))} from the day records")
    return report


def _load_ledger(archive: Archive, report: Report) -> Report:
    try:
        load_ledger(archive)
    except DamageError as error:
        report.failures.append(error)
    return report


def counted_days(number: int) -> str:
    """Return ``number`` with its noun."""
    return "1 day" if number == 1 else f"{number} days"


def load(archive: Archive, paths: Iterable[str], report: Report) -> list[DaySummary]:
    """Store the days of the records at ``paths``, and return them; a damaged one does not stop the others."""
    loaded = []
    for path in paths:
        try:
            summary = load_record(archive, path)
        except DamageError as error:
            report.failures.append(error)
            continue
        if summary is not None:
            loaded.append(summary)
    return loaded


def store(archive: Archive, day: Day, report: Report) -> None:
    """Store a day if it is known better than what is stored of its date, and write its files."""
    stored = archive.store.summary(day.category, day.date)
    decision = decide(stored, day)
    log.info("%s %s: %s", day.category, day.date, decision.reason)
    if not decision.stores:
        return
    if stored is not None and stored.source is Source.FEED:
        feed = archive.store.day(day.category, day.date)
        day = with_whole_author_lists(day, feed) if feed else day
    archive.store_day(day)
    # It is stored from here on, whether its files can be written or not.
    report.changed += filter(None, [archive.store.summary(day.category, day.date)])
    report.written += archive.write_day(day.category, day.date)


def put_in_place(archive: Archive, day: Day, report: Report) -> None:
    """Store a day that is known as well as before but was read wrongly; its revisions of before stay."""
    archive.store_day(day)
    report.changed += filter(None, [archive.store.summary(day.category, day.date)])
    write_record(archive, day, report)
    report.written += archive.write_day(day.category, day.date)


def write_record(archive: Archive, day: Day, report: Report) -> None:
    """Write a day's record before its digest: that of before would be taken for one that contradicts the database."""
    path = record_path(day.category, day.date)
    if archive.records and archive.records.write(path, render_record(day)):
        report.written.append(str(archive.records.root / path))


def publish(
    archive: Archive, report: Report, track: Track = untracked, *, are_read: bool = False, renews: bool = False
) -> None:
    """Bring all files up to date, also after a part of the job failed; a bad one does not stop the others.

    A view's file counts as up to date if it is there; ``are_read``: if it is as it was made; ``renews``: if the
    template of now made it. Views and indexes are of all days: where a record cannot be read, they stay as they are.
    """
    _write_pending(archive, report, track)
    unread = unloaded_records(archive)
    if unread:
        log.warning("indexes and views stay as they are while records cannot be read: %s", ", ".join(unread[:3]))
    else:
        write_views(archive, report, track, are_read=are_read, renews=renews)
    try:
        report.written += write_ledger(archive)
    except DigestError as error:
        _note("state", error, report)
    if not unread:
        _write_indexes(archive, report)


def _write_pending(archive: Archive, report: Report, track: Track) -> None:
    """Write the digests that are not there; those that came with their records stay as another template made them."""
    came = {(day.category, day.date) for day in report.loaded}
    days = {f"{day.category} {day.date}": day for day in archive.pending()}
    for name in track(list(days)):
        write_one(archive, days[name], report, came=(days[name].category, days[name].date) in came)


def _write_indexes(archive: Archive, report: Report) -> None:
    try:
        indexes = archive.indexes()
    except DigestError as error:
        _note("index", error, report)
        return
    for path, (title, generated) in indexes.items():
        try:
            report.written += archive.write_index(path, title, generated)
        except DigestError as error:
            _note("index", error, report)


def write_one(archive: Archive, day: DaySummary, report: Report, *, came: bool = False) -> None:
    """Write the files of one stored day; note it if that fails. ``came``: whether they came with its record."""
    try:
        report.written += archive.write_day(day.category, day.date, came=came)
    except DigestError as error:
        _note(f"{day.category} {day.date}", error, report)


def _note(what: str, error: DigestError, report: Report) -> None:
    if not report.knows(error):
        report.fail(what, error)
