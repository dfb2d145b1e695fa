"""What was found damaged or edited, made again from what is whole."""

import posixpath
from collections.abc import Callable, Mapping

from digest.archive.archive import Archive
from digest.archive.days import load_record, load_records, prepare_folders
from digest.archive.files import write_product
from digest.archive.products import Product, digest_of, indexes, views
from digest.archive.report import Report, Track, untracked
from digest.disk.files import Folder
from digest.disk.raw import read_raw
from digest.errors import DamageError, DigestError, MissingError, StoreError
from digest.jobs.copies import Row, best_known, hash_of, is_of_another_day, read_record, read_row
from digest.jobs.findings import Fault, Finding, Part, Verified, counts
from digest.jobs.replay import Chosen, replay
from digest.jobs.verify import expected_index, may_be_read, verify
from digest.model import Day
from digest.records.day import record_path, render_record
from digest.records.state import render_ledger
from digest.store.soundness import keep_copy

Tell = Callable[[str], object]

_ROUNDS = 4
"""Each part is made from those before it: repairing one can bring the next to light."""


def repair(archive: Archive, tell: Tell, track: Track = untracked) -> Report:
    """Restore what can be restored, and ``tell`` it, then what remains. Offline.

    No text that may be a person's is lost: it is kept beside the file that takes its place.
    """
    report = Report(verb="restored")
    prepare_folders(archive)
    found, failed = _go_round(archive, tell, report, track)
    if _restore_from_pages(archive, found, tell, report):
        found, failed = _go_round(archive, tell, report, track)
    for where, error in failed:
        if not report.knows(error):
            report.fail(where, error)
    if report.succeeded:
        report.deeds.append(f"repaired {counts(report.succeeded, 'finding')}")
    _conclude(found, tell, report)
    return report


_Failed = list[tuple[str, DigestError]]


def _go_round(archive: Archive, tell: Tell, report: Report, track: Track) -> tuple[Verified, _Failed]:
    """Repair until nothing is left that can be; return what is, and what was in the way of the last repairs.

    What one round cannot repair may be made from what it has repaired.
    """
    found, failed = _look(archive, track), _Failed()
    for _ in range(_ROUNDS):
        repairable = [finding for finding in found.findings if _is_repairable(finding)]
        if not repairable:
            break
        in_order = sorted(repairable, key=lambda finding: list(Part).index(finding.part))
        failed = [(finding.where, error) for finding in in_order if (error := _repair(archive, finding, tell, report))]
        found = _look(archive, track)
        if len(failed) == len(repairable):
            break
    return found, failed


def _restore_from_pages(archive: Archive, found: Verified, tell: Tell, report: Report) -> bool:
    """Bring back missing days that kept pages prove; return whether there were any."""
    missing = [finding.when for finding in found.findings if finding.kind is Fault.MISSING and finding.when]
    if not missing or any(finding.part in (Part.DATABASE, Part.DAY) for finding in found.findings):
        return False  # beside a broken day nothing can be written: indexes are of all days
    spans = tuple((when, when) for when in sorted(set(missing)))
    proven = replay(archive, Chosen(archive.config.arxiv.categories, spans), write=True).report.changed
    for day in proven:
        tell(f"restored {day.category} {day.date}: its kept pages prove it")
    report.changed += proven
    return bool(proven)


def _look(archive: Archive, track: Track) -> Verified:
    """Check everything, after what other machines wrote into the records was taken in."""
    archive.refresh()
    if may_be_read(archive):
        load_records(archive)  # what of them is damaged is found by the check
    return verify(archive, track)


def _is_repairable(finding: Finding) -> bool:
    return finding.part in _REPAIRS and (finding.kind is not Fault.OUTDATED or finding.part in (Part.DAY, Part.INDEX))


def _repair(archive: Archive, finding: Finding, tell: Tell, report: Report) -> DigestError | None:
    """Make one part again; return what is in the way."""
    try:
        outcome = _REPAIRS[finding.part](archive, finding)
    except _LostError as error:
        tell(str(error))
        report.fail(finding.where, DamageError("could not be restored"))
        return None
    except DigestError as error:
        return error
    tell(outcome)
    report.succeeded += 1
    return None


def _conclude(found: Verified, tell: Tell, report: Report) -> None:
    for line in found.lines:
        tell(line)
    broken = sum(finding.is_broken for finding in found.findings)
    missing = sum(finding.kind is Fault.MISSING for finding in found.findings)
    if broken:
        report.failures.append(DamageError(f"{counts(broken, 'finding')} could not be repaired"))
    if missing:
        report.failures.append(MissingError(f"{counts(missing, 'listing')} missing"))


def _restore_tables(archive: Archive, finding: Finding) -> str:
    kept = _keep_database(archive)
    archive.store.forget_dangling_rows()
    return f"restored {finding.where}: rows that belonged to nothing were removed{kept}"


def _keep_database(archive: Archive) -> str:
    """Keep a copy of the database before rows are removed from it; return the words that tell where."""
    database = archive.config.database
    return f"; as it was it is kept as {keep_copy(database, Fault.DAMAGED)}" if database else ""


def _restore_revisions(archive: Archive, finding: Finding) -> str:
    if finding.path:
        archive.store.settle_revision(int(finding.path))
        return f"restored {finding.where}: its hashes are those of its text"
    kept = _keep_database(archive)
    for revision in archive.store.false_revisions():
        if not revision.days:
            archive.store.settle_revision(revision.number)
    return f"restored {finding.where}: revisions that no day shows were removed{kept}"


def _restore_search_index(archive: Archive, finding: Finding) -> str:
    archive.store.remake_search_index()
    return f"restored {finding.where}: the full-text index was made again"


def _restore_day(archive: Archive, finding: Finding) -> str:
    if finding.kind is Fault.OUTDATED:
        load_record(archive, finding.path)
        return f"restored the database: {finding.where} was taken in"
    row = read_row(archive, finding.category, finding.when) if finding.when else None
    if row and row.problem and not _best_of(archive, row) and is_of_another_day(archive, row):
        kept = _keep_database(archive)
        archive.store.forget_day(row.category, row.date)
        archive.refresh()
        return f"removed  {finding.where}{kept}"
    day = _best(archive, finding)
    archive.store.restore_day(day, hash_of(day))
    archive.refresh()
    return f"restored {finding.where}"


def _restore_record(archive: Archive, finding: Finding) -> str:
    folder = archive.records or archive.output
    return _write(folder, finding, render_record(_best(archive, finding)))


def _restore_digest(archive: Archive, finding: Finding) -> str:
    day = _best(archive, finding)
    return _restore_text(archive, finding, digest_of(archive, day.summary(hash_of(day)), lambda *_: day))


def _restore_view(archive: Archive, finding: Finding) -> str:
    for product in views(archive, Report()):
        if finding.path.startswith(posixpath.splitext(product.path)[0]) and finding.path in product.make():
            return _restore_text(archive, finding, product)
    raise DamageError("expected a view that has this file, found none")


def _restore_text(archive: Archive, finding: Finding, product: Product) -> str:
    files = product.make()
    outcome = _write(archive.output, finding, files[finding.path])
    archive.remember_files([row for row in product.rows(files) if row.path == finding.path])
    return outcome


def _restore_ledger(archive: Archive, finding: Finding) -> str:
    folder = archive.records or archive.output
    return _write(folder, finding, render_ledger(archive.snapshot.ledger))


def _restore_index(archive: Archive, finding: Finding) -> str:
    product = next(one for one in indexes(archive) if one.path == finding.path)
    expected = expected_index(archive, product)
    if expected is None:
        raise DamageError("expected an index with a generated part, found none")
    outcome = _write(archive.output, finding, expected)
    write_product(archive, product, Report())  # it is known from now on
    return outcome


def _forget_row(archive: Archive, finding: Finding) -> str:
    archive.forget_file(finding.path)
    return f"forgot   {finding.where}"


def _write(folder: Folder, finding: Finding, data: bytes) -> str:
    kept = folder.keep_beside(finding.path, finding.kind) if finding.is_unique else ""
    folder.write(finding.path, data)
    return f"restored {finding.where}" + (f"; what was there is kept as {folder.root / kept}" if kept else "")


def _restore_page(archive: Archive, finding: Finding) -> str:
    try:
        read_raw(archive.raw, finding.sha256)
    except StoreError as error:
        raise _LostError(_give_up_page(archive, finding)) from error
    archive.store.restore_raw_page(finding.sha256, finding.path)
    return f"restored {finding.where} in the database"


class _LostError(DamageError):
    """What was damaged cannot be made again, and was put aside; its text is told as what was done."""


def _give_up_page(archive: Archive, finding: Finding) -> str:
    aside = archive.raw.move_aside(finding.path, Fault.DAMAGED) if archive.raw.has(finding.path) else ""
    archive.store.forget_raw_page(finding.sha256)
    kept = f"put aside as {archive.raw.root / aside}" if aside else "forgotten"
    return (
        f"gave up  {finding.where}: {kept}; what is stored of its day stays whole, but this page cannot be parsed again"
    )


def _best(archive: Archive, finding: Finding) -> Day:
    day = _best_of(archive, read_row(archive, finding.category, finding.when)) if finding.when is not None else None
    if day is None:
        raise DamageError("nothing here has the day whole; restore a backup of the database")
    return day


def _best_of(archive: Archive, row: Row) -> Day | None:
    return best_known(archive, row, read_record(archive, record_path(row.category, row.date)))


_REPAIRS: Mapping[Part, Callable[[Archive, Finding], str]] = {
    Part.DATABASE: _restore_tables,
    Part.DAY: _restore_day,
    Part.REVISION: _restore_revisions,
    Part.SEARCH: _restore_search_index,
    Part.RECORD: _restore_record,
    Part.DIGEST: _restore_digest,
    Part.VIEW: _restore_view,
    Part.LEDGER: _restore_ledger,
    Part.INDEX: _restore_index,
    Part.FILE: _forget_row,
    Part.PAGE: _restore_page,
}
