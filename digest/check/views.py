"""Files of views, against what they should hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.check.files import compare, restorable, rows_of
from digest.check.findings import Difference, Finding, Kind, Part
from digest.errors import DigestError
from digest.jobs.views import ViewFile, view_files
from digest.store import FileRow

_REGENERATE = "`digest regenerate --outdated` writes it"


@dataclass(frozen=True)
class ExaminedViews:
    """What was found of the views' files, how many were looked at, and which views could not be looked at.

    ``made``: the rows of these files, as they would be written now.
    """

    findings: tuple[Finding, ...] = ()
    files: int = 0
    remarks: tuple[str, ...] = ()
    made: tuple[FileRow, ...] = ()


def examine_views(archive: Archive) -> ExaminedViews:
    """Check every file that the views should have."""
    report, rows = Report(), archive.store.files()
    findings: list[Finding] = []
    made: list[FileRow] = []
    for file in view_files(archive, report):
        try:
            parts = file.make()
        except DigestError as error:
            report.fail(file.name, error)
            continue
        made += rows_of(parts, file.inputs_hash, file.version)
        findings += _about(archive, file, parts, rows)
    remarks = tuple(f"not checked: {failure}" for failure in report.failures)
    return ExaminedViews(tuple(findings), len(made), remarks, tuple(made))


def _about(
    archive: Archive, file: ViewFile, parts: Mapping[str, bytes], rows: Mapping[str, FileRow]
) -> Iterator[Finding]:
    for path, expected in parts.items():
        different = compare(archive.output, path, expected)
        if different is None:
            continue
        if _is_outdated(file, different, rows.get(path)):
            problem = "expected what the view shows now, found nothing, or what it showed before"
            outdated = restorable(Part.VIEW, archive.output, path, Difference(Kind.OUTDATED, problem))
            yield replace(outdated, way_out=_REGENERATE)
        else:
            yield restorable(Part.VIEW, archive.output, path, different)


def _is_outdated(file: ViewFile, different: Difference, row: FileRow | None) -> bool:
    """Whether a file was not made yet, or is as it was made from something else than it would be made from now."""
    if row is None:
        return not different.sha256
    return row.sha256 == different.sha256 and row.inputs_hash != file.inputs_hash
