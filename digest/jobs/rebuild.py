"""The database from the day records. Offline."""

from digest.archive.archive import Archive
from digest.archive.days import is_recorded, load, load_known, update_files, write_day
from digest.archive.files import is_current, is_left, is_made, remembering_at_once
from digest.archive.products import day_reader, digest_of
from digest.archive.recorded import record_paths
from digest.archive.report import Report, Track, untracked
from digest.errors import DigestError, UsageError


def rebuild(archive: Archive, track: Track = untracked) -> Report:
    """Fill the database from the day records, and bring every file up to date.

    Raises:
        UsageError: the archive keeps no records.
    """
    if archive.records is None:
        raise UsageError("this archive keeps no day records ([store] records is empty)")
    archive.prepare_folders()
    report = Report(verb="loaded")
    load_known(archive, report)
    known = {key for key, day in archive.snapshot.days.items() if day.is_loaded}
    report.changed = load(archive, track(record_paths(archive.records)), report)
    report.succeeded = len(report.changed)
    with remembering_at_once(archive, report):
        for day in archive.snapshot.summaries:
            product = digest_of(archive, day, day_reader(archive))
            is_good = is_made(archive, product, is_read=True) and is_recorded(archive, day)
            # A digest by another template came with the clone: it is as outdated as it was, and stays.
            if is_good or (is_left(archive, product, is_read=True) and not is_current(archive, product)):
                continue
            try:
                write_day(archive, day, report, came_with_record=(day.category, day.date) not in known)
            except DigestError as error:
                report.note(product.name, error)
    update_files(archive, report, track)
    if not (report.changed or report.written or report.failures):
        report.remarks.append("nothing to do: the database has every day record, and the files are there")
    return report
