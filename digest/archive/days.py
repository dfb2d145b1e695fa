"""Days in and out of the database and the day records, each of which may know something that the other does not."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

from digest.archive.annotated import load_annotations
from digest.archive.archive import Archive
from digest.archive.clone import require_records, uncommitted_records
from digest.archive.files import (
    Standard,
    has_all_parts,
    remembering_at_once,
    remove_product,
    remove_year_index,
    take_over,
    write_product,
    write_products,
)
from digest.archive.formats import further, further_of
from digest.archive.products import day_reader, digest_of, indexes, sha256, views_of
from digest.archive.recorded import by_date, read_header, read_record
from digest.archive.report import Report, Track, untracked
from digest.decide import decide, is_better, is_read_better, with_whole_author_lists
from digest.errors import DamageError, DigestError, FormatTooNewError, StoreError, how_many, named
from digest.model import Day, DayHeader, DaySummary, Ledger, Source, State
from digest.records.annotations import annotations_path
from digest.records.day import is_record_path, record_key, record_path, render_record
from digest.records.state import LEDGER_PATH, parse_ledger, render_ledger

log = logging.getLogger(__name__)


def begin(archive: Archive, track: Track = untracked, *, whole: bool = False) -> Report:
    """Clear up after a killed run, and load the records that the database lacks (``whole``: all their entries).

    Raises:
        StoreError: a folder cannot be written; it is better to say so before arXiv is asked.
        DamageError: nothing is stored, and git has records that are not here.
    """
    archive.prepare_folders()
    return load_records(archive, track, whole=whole)


def store(archive: Archive, day: Day, report: Report) -> None:
    """Store a day if it is known better than what is stored of its date, and write its record and digest.

    Raises:
        DigestError: its files cannot be written; it is stored then all the same.
    """
    obstacle, stored = None, archive.snapshot.day(day.category, day.date)
    if stored is not None and not stored.is_loaded and not (verdict := decide(stored, day)).stores:
        log.info("%s %s: %s", day.category, day.date, verdict.reason)
        return  # no more than the header of its record has to be read for that
    try:
        load_other_record(archive, day.category, day.date)
    except StoreError as error:
        # A newer digest's record, or what is no file: it stays as it is, but what arXiv showed is not lost for it.
        obstacle = error
    stored = archive.snapshot.day(day.category, day.date)
    verdict = decide(stored, day)
    log.info("%s %s: %s", day.category, day.date, verdict.reason)
    if not verdict.stores:
        return
    if stored is not None and (stored.source is Source.FEED or not stored.is_counted):  # a feed that was imported, too
        feed = archive.day(day.category, day.date)
        day = with_whole_author_lists(day, feed) if feed else day
    if obstacle is not None:
        report.changed.append(archive.save(day, sha256(render_record(day))))
        raise obstacle
    put_in_place(archive, day, report)


def put_in_place(archive: Archive, day: Day, report: Report) -> None:
    """Store a day over what is stored of its date, however well that is known, and write its record and digest.

    Raises:
        DigestError: its files cannot be written; it is stored then all the same.
    """
    record = render_record(day)
    if not archive.config.writes_files:
        report.changed.append(archive.save(day, sha256(record)))
        return
    if known := archive.snapshot.day(day.category, day.date):
        take_over(archive, [digest_of(archive, known, day_reader(archive)), *further_of(archive, day.date, report)])
    summary = archive.save(day, sha256(record))
    archive.renewed.add((day.category, day.date))
    report.changed.append(summary)
    write_record(archive, day, report, record)
    write_product(archive, digest_of(archive, summary, lambda *_: day), report)


def remove(archive: Archive, day: DaySummary, report: Report) -> None:
    """Remove a stored day with its record and digest, and views of it alone; a file that a person edited stays.

    Raises:
        StoreError: a file cannot be removed; the day is stored as before then.
    """
    digest, shown = digest_of(archive, day, day_reader(archive)), list(views_of(archive, day.date, report))
    take_over(archive, [digest, *shown])
    report.written += remove_product(archive, digest.path)
    path = record_path(day.category, day.date)
    if archive.records and archive.records.has(path):
        archive.records.remove(path)
        report.written.append(str(archive.records.root / path))
    archive.output.prune(digest.path)
    report.written += remove_year_index(archive, day)  # before the day: a kill in between leaves one to be made again
    archive.forget_day(day.category, day.date)
    archive.renewed.add((day.category, day.date))
    left = {one.path for one in views_of(archive, day.date, report)}
    for one in shown:
        report.written += remove_product(archive, one.path) if one.path not in left else []


def write_record(archive: Archive, day: Day, report: Report, record: bytes | None = None) -> None:
    """Write the record of ``day``; ``record`` is its text, if somebody made it already."""
    path = record_path(day.category, day.date)
    if archive.records and archive.records.write(path, record or render_record(day)):
        report.written.append(str(archive.records.root / path))


def is_recorded(archive: Archive, day: DaySummary) -> bool:
    """Whether the record of a stored day is there, as it would be written; also where no records are kept."""
    try:
        data = archive.records.read(record_path(day.category, day.date)) if archive.records else None
    except StoreError:  # what stands in its place is told by the try to write it
        return False
    return archive.records is None or (data is not None and sha256(data) == day.content_hash)


def stored_day(archive: Archive, category: str, when: date) -> Day:
    """Return a stored day; where its record knows it better (it came from elsewhere), that is stored first.

    Raises:
        DamageError: it is not stored, or cannot be read.
    """
    load_other_record(archive, category, when)
    return day_reader(archive)(category, when)


def load_other_record(archive: Archive, category: str, when: date) -> bool:
    """Store the day that a record holds if it is known better than what is stored; a damaged record is kept aside.

    Returns:
        Whether the record is that of what is stored: there is nothing to load or to write.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
    """
    path = record_path(category, when)
    data = archive.records.read(path) if archive.records else None
    stored = archive.stored(category, when)
    if archive.records is None or data is None:
        return False
    if stored is not None and sha256(data) == stored.content_hash:
        return True
    try:
        load_record(archive, path)
    except FormatTooNewError:
        raise
    except DamageError as error:
        archive.forget_unloaded(category, when)
        kept = archive.records.keep_beside(path, "damaged")
        log.warning("%s; it is written again from what is stored, and was kept as %s", error, kept)
    return False


def write_day(archive: Archive, day: DaySummary, report: Report, *, came_with_record: bool = False) -> None:
    """Write the record and the digest of a stored day.

    ``came_with_record``: whether its digest came with its record. If another template or settings made that, it stays,
    and counts as outdated from then on.

    Raises:
        DigestError: they cannot be made or written.
    """
    is_recorded_so = load_other_record(archive, day.category, day.date)
    best = day_reader(archive)(day.category, day.date)
    if not is_recorded_so:
        write_record(archive, best, report)
    product = digest_of(archive, archive.snapshot.days[day.category, day.date], lambda *_: best)
    write_product(archive, product, report, adopts=came_with_record)


def update_files(
    archive: Archive, report: Report, track: Track = untracked, standard: Standard = Standard.PRESENT
) -> None:
    """Bring all files up to date, also after a part of the job failed; a bad one does not stop the others.

    Digests have to be there, the files of formats and views up to ``standard``. These and indexes are of all days:
    where a record cannot be read, they stay as they are.

    A host that only brings days in writes none of them.
    """
    if not archive.config.writes_files:
        return
    write_pending_days(archive, report, track)
    if not (unread := unloaded_records(archive)):
        write_products(archive, further(archive, report), report, track, standard)
    try:
        report.written += write_ledger(archive)
    except DigestError as error:
        report.note("state", error)
    if tell_damage(archive, report):
        unread = unloaded_records(archive)
    if unread:
        log.warning("indexes and views stay as they are while records cannot be read: %s", ", ".join(unread[:3]))
    else:
        _write_indexes(archive, report)


def tell_damage(archive: Archive, report: Report) -> bool:
    """Note what is damaged of the records that were read only now; return whether anything is.

    Their days are not known any more, so that they are asked for like any that is missing.
    """
    found = archive.damage
    report.failures += [error for error in found if not report.knows(error)]
    archive.forget_damage()
    return bool(found)


def write_pending_days(archive: Archive, report: Report, track: Track) -> None:
    """Write the records and digests that are not there; digests that another template made stay."""
    came = {(day.category, day.date) for day in report.loaded}
    pending = {f"{day.category} {day.date}": day for day in _pending(archive)}
    with remembering_at_once(archive, report):
        for name in track(list(pending)):
            day = pending[name]
            try:
                write_day(archive, day, report, came_with_record=(day.category, day.date) in came)
            except DigestError as error:
                report.note(name, error)


def _pending(archive: Archive) -> Iterator[DaySummary]:
    """Yield the days whose record or digest is not there."""
    records, known = archive.records, archive.snapshot.records
    absent = [path for path in known.keys() - archive.recorded if not records.has(path)] if records else []
    unrecorded = {known[path] for path in absent}
    for path, day in archive.digests():
        if not day.content_hash:  # its digest came with its record: how it was made is not known
            is_there = archive.has_file(path)
        else:
            is_there = has_all_parts(archive, path) and (day.category, day.date) not in unrecorded
        if not is_there:
            yield day


def _write_indexes(archive: Archive, report: Report) -> None:
    try:
        write_products(archive, indexes(archive), report)
    except DigestError as error:
        report.note("index", error)


def load_records(archive: Archive, track: Track = untracked, *, whole: bool = False) -> Report:
    """Load the records that the database lacks, and nothing else.

    Of a fresh clone's, the headers alone, with which the database is a part of the archive; ``whole``: all of it,
    what an earlier command left out as well.

    Raises:
        DamageError: git has records that are not here, and whose days are not stored.
    """
    unloaded = set(map(_record_of, archive.snapshot.unloaded))
    lost = by_date(unloaded - archive.recorded)
    if lost or not (archive.snapshot.days or archive.is_new):
        require_records(archive.config)
    report = Report()
    load_known(archive, report)
    paths, is_new = unloaded_records(archive), not archive.snapshot.days
    if whole:
        paths = by_date([*paths, *unloaded.difference(lost)])
    elif is_new:
        paths = _load_headers(archive, paths, report)
    if lost:
        words = "expected the records of days whose entries were not loaded yet, found none; restore them from a backup"
        report.failures.append(DamageError(f"{named(lost)}: {words}"))
    report.loaded = load(archive, track(paths), report)
    if report.loaded:
        report.remarks.append(f"loaded {how_many(len(report.loaded), 'day')} from the day records")
    if unloaded and whole:
        _take_over_files(archive, [day for day in report.loaded if _record_of(day) in unloaded], report, track)
    return report


def load_entries(archive: Archive, paths: Sequence[str], report: Report, track: Track = untracked) -> None:
    """Load the entries of days of which only the headers of the records at ``paths`` were read."""
    loaded = load(archive, track(paths), report)
    report.loaded += loaded
    _take_over_files(archive, loaded, report, track)


def _take_over_files(archive: Archive, loaded: Iterable[DaySummary], report: Report, track: Track) -> None:
    digests = {f"{day.category} {day.date}": digest_of(archive, day, day_reader(archive)) for day in loaded}
    take_over(archive, chain((digests[name] for name in track(list(digests))), further(archive, report)))


def _record_of(day: DaySummary) -> str:
    return record_path(day.category, day.date)


def _load_headers(archive: Archive, paths: Iterable[str], report: Report) -> list[str]:
    """Store what the headers of records tell of the days whose digests are there; return the paths of the others.

    What is not committed yet is no clone's: such a record is loaded whole, so that its digest is committed with it.
    """
    headers: list[DayHeader] = []
    others, uncommitted = [], uncommitted_records(archive.config)
    for path in paths:
        try:
            if archive.records and path not in uncommitted and _has_digest(archive, path):
                headers.append(read_header(archive.records, path))
                continue
        except StoreError as error:  # told by the try to load it
            log.info("%s", error)
        others.append(path)
    archive.save_headers(headers)
    if headers:
        days = how_many(len(headers), "day is", "days are")
        report.remarks.append(f"{days} known from the day records")
    return others


def _has_digest(archive: Archive, record: str) -> bool:
    key = record_key(record)
    return key is not None and archive.has_file(archive.digest_path(*key))


def load_known(archive: Archive, report: Report) -> None:
    """Load what state.json knows besides the days; note it if that is damaged."""
    try:
        load_ledger(archive)
    except DamageError as error:
        report.failures.append(error)


def load(archive: Archive, paths: Iterable[str], report: Report) -> list[DaySummary]:
    """Store the days of the records at ``paths``, and return them; a damaged one does not stop the others."""
    loaded: list[DaySummary] = []
    for path in paths:
        try:
            if day := load_record(archive, path):
                loaded.append(day)
                if annotations_path(day.date) in archive.recorded:
                    load_annotations(archive, day.date)
        except DamageError as error:
            report.failures.append(error)
            if key := record_key(path):
                archive.forget_unloaded(*key)
    return loaded


def unloaded_records(archive: Archive) -> list[str]:
    """Return the paths of the records whose days the database does not have."""
    paths = archive.recorded | archive.no_records
    return by_date(filter(is_record_path, paths.difference(archive.snapshot.records)))


def load_record(archive: Archive, path: str) -> DaySummary | None:
    """Store the day that the record at ``path`` holds; return None if it is stored just so, or better known.

    Raises:
        FormatTooNewError: a newer digest wrote the record.
        DamageError: the record is damaged, or the day is stored otherwise and as well known.
    """
    day, content_hash = read_record(archive.records, path)
    stored = archive.stored(day.category, day.date)
    if stored is None or not stored.is_loaded:
        return archive.save(day, content_hash)
    # Of a day that is stored better known, a run was killed between the database and the record.
    if stored.content_hash == content_hash or is_better(stored, day):
        return None
    here = archive.store.day(day.category, day.date) if stored.state is day.state else None
    if here is None or not is_read_better(day, here):
        if here is not None and (is_read_better(here, day) or day.state is State.PROVISIONAL):
            return None  # an older digest read it, or neither is known better: the one here goes on
        verdict = decide(stored, day)
        if not verdict.stores:
            words = f"expected the day as the database has it ({verdict.reason}), found another"
            raise DamageError(f"{_place(archive, path)}: {words}")
    return archive.save(day, content_hash)


def _place(archive: Archive, path: str) -> str:
    return str(archive.records.root / path) if archive.records else path


def has_unloaded_ledger(archive: Archive) -> bool:
    """Whether the folder of records may know something that the database does not."""
    data = archive.records.read(LEDGER_PATH) if archive.records else None
    return data is not None and data != render_ledger(archive.snapshot.ledger)


def load_ledger(archive: Archive) -> None:
    """Bring together what the database and the folder of records know besides the days.

    Raises:
        DamageError: the file is damaged.
    """
    data = archive.records.read(LEDGER_PATH) if archive.records else None
    if archive.records is None or data is None or data == render_ledger(archive.snapshot.ledger):
        return
    try:
        there = parse_ledger(data)
    except DamageError as error:
        raise DamageError(f"{archive.records.root / LEDGER_PATH}: {error}") from error
    archive.note(there.merged(archive.snapshot.ledger))  # of two of the same time, the database's


def write_ledger(archive: Archive) -> list[str]:
    """Write what the archive knows besides its days; return the path if it changed.

    Raises:
        DamageError: the file that is there is damaged; it may know what the database does not.
    """
    load_ledger(archive)
    looked_at = {(one.category, one.date) for one in archive.snapshot.ledger.readings}
    archive.forget_readings({key for key in looked_at if archive.snapshot.is_proven(*key)})
    ledger = archive.snapshot.ledger
    if archive.records is None or (ledger == Ledger() and not archive.records.has(LEDGER_PATH)):
        return []
    is_new = archive.records.write(LEDGER_PATH, render_ledger(ledger))
    return [str(archive.records.root / LEDGER_PATH)] if is_new else []
