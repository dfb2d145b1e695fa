"""One stored day: its rows, its record, its digest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from digest.archive.archive import Archive
from digest.check.files import compare, restorable, rows_of
from digest.check.findings import Difference, Finding, Kind, Part
from digest.check.rows import Row, best_known, hash_of, is_ahead, is_of_another_day, newer_format, read_record, read_row
from digest.model import Day
from digest.render import record_path, render_record
from digest.store import FileRow


@dataclass(frozen=True)
class Examined:
    """What was found of a day, how many files were looked at, and the SHA-256 of the pages that it names.

    ``made``: the rows of its digest's files, as they would be written now. ``shortage``: how many entries arXiv
    counted and did not list.
    """

    findings: tuple[Finding, ...]
    files: int
    pages: tuple[str, ...]
    made: tuple[FileRow, ...] = ()
    shortage: int = 0


def examine_day(archive: Archive, category: str, when: date, *, is_misnamed: bool = False) -> Examined:
    """Check the rows of a day, its record and its digest; ``is_misnamed``: an entry has another id than its paper."""
    row = read_row(archive, category, when)
    if is_misnamed and not row.problem:
        row = replace(row, problem="expected entries with the ids of their papers, found other ids")
    best = best_known(archive, row, read_record(archive, record_path(category, when)))
    findings = [_about_row(archive, row, best)] if row.problem else []
    if best is None:
        return Examined(tuple(findings), 0, ())
    findings += _about_record(archive, row, best)
    files = archive.digest_files(best)
    findings += [finding for path, data in files.items() for finding in _about_digest(archive, best, path, data)]
    named = tuple(page.sha256 for page in best.pages)
    content_hash = row.summary.content_hash if row.summary and best is row.day else hash_of(best)
    made = rows_of(files, archive.template.inputs_hash(content_hash), archive.template.version)
    return Examined(tuple(findings), len(files) + (archive.records is not None), named, made, best.shortage)


def _about_row(archive: Archive, row: Row, best: Day | None) -> Finding:
    way_out = "nothing here has it whole; restore a backup of the database"
    if best is not None:
        way_out = "`digest verify --repair` restores it"
    elif is_of_another_day(archive, row):
        way_out = "`digest verify --repair` removes it, for it is another day's, and keeps the database as it was"
    where = f"{row.name} in the database"
    return Finding(Kind.DAMAGED, Part.DAY, where, row.problem, way_out, row.category, row.date)


def _about_record(archive: Archive, row: Row, best: Day) -> Iterator[Finding]:
    if archive.records is None:
        return
    path = record_path(row.category, row.date)
    where = str(archive.records.root / path)
    if too_new := newer_format(archive, path):
        # Nothing is repaired here: a newer digest knows better.
        yield Finding(Kind.DAMAGED, Part.CALENDAR, where, too_new, "it is left as it is")
        return
    if not row.problem and row.day is not None and is_ahead(best, row.day):
        known = f"expected nothing better known than {row.day.state} from {row.day.source}"
        found = f"found {best.state}, read by parser {best.parser_version} and link rules {best.link_rules}"
        yield Finding(Kind.OUTDATED, Part.DAY, where, f"{known}, {found}", "`digest rebuild` takes it in", path=path)
        return
    different = compare(archive.records, path, render_record(best))
    if different is not None:
        finding = restorable(Part.RECORD, archive.records, path, different)
        yield replace(finding, category=row.category, when=row.date)


def _about_digest(archive: Archive, best: Day, path: str, expected: bytes) -> Iterator[Finding]:
    different = compare(archive.output, path, expected)
    if different is not None:
        different = _as_outdated(archive, path, best, different) or different
        yield replace(_as_finding(archive, path, different), category=best.category, when=best.date)


def _as_outdated(archive: Archive, path: str, best: Day, different: Difference) -> Difference | None:
    """Return what it means that a digest is as it was written, but from something else than would be taken now."""
    row = archive.store.file(path)
    if row is None or row.sha256 != different.sha256 or row.inputs_hash == archive.template.inputs_hash(hash_of(best)):
        return None
    is_older = row.template_version != archive.template.version
    made_by = "an older template" if is_older else "other settings, or from other entries"
    return Difference(Kind.OUTDATED, f"expected a digest by the template and settings of now, found one by {made_by}")


def _as_finding(archive: Archive, path: str, different: Difference) -> Finding:
    finding = restorable(Part.DIGEST, archive.output, path, different)
    if different.kind is Kind.OUTDATED:
        return replace(finding, way_out="`digest regenerate --outdated` writes it again")
    return finding
