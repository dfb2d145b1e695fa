"""What verify found, mended: as often as one repair brings the next to light. Offline."""

from collections.abc import Callable

from digest.archive.archive import Archive
from digest.archive.days import load_records
from digest.archive.report import Report, Track, untracked
from digest.errors import DamageError, DigestError, MissingError, how_many
from digest.jobs.findings import Fault, LostError, Part, Verified
from digest.jobs.replay import replay
from digest.jobs.selection import Selection
from digest.jobs.verify import may_be_read, verify

Tell = Callable[[str], object]

# Each part is made from those before it, so that repairing one can bring the next to light: rows, then the day's
# files, then views and indexes; and once more for what waited for another day.
_ROUNDS = 4

_ORDER = list(Part)


def repair(archive: Archive, tell: Tell, track: Track = untracked) -> Report:
    """Restore what can be restored, and ``tell`` it, then what remains.

    No text that may be a person's is lost: it is kept beside the file that takes its place.
    """
    report = Report(verb="restored")
    archive.prepare_folders()
    found, failed = _go_round(archive, tell, report, track)
    if _restore_from_pages(archive, found, tell, report):
        found, failed = _go_round(archive, tell, report, track)
    for where, error in failed:
        if not report.knows(error):
            report.fail(where, error)
    if report.succeeded:
        report.actions.append(f"repaired {how_many(report.succeeded, 'finding')}")
    for line in found.lines:
        tell(line)
    if broken := sum(finding.is_broken for finding in found.findings):
        report.failures.append(DamageError(f"{how_many(broken, 'finding')} could not be repaired"))
    if missing := sum(finding.kind is Fault.MISSING for finding in found.findings):
        report.failures.append(MissingError(f"{how_many(missing, 'listing')} missing"))
    return report


def _go_round(
    archive: Archive, tell: Tell, report: Report, track: Track
) -> tuple[Verified, list[tuple[str, DigestError]]]:
    """Repair until nothing is left that can be; return what is, and what was in the way of the last repairs.

    What one round cannot repair may be made from what it has repaired.
    """
    found = _look(archive, track)
    for _ in range(_ROUNDS):
        failed: list[tuple[str, DigestError]] = []
        mended = 0
        for finding in sorted(found.findings, key=lambda finding: _ORDER.index(finding.part)):
            if finding.mend is None:
                continue
            try:
                tell(finding.mend())
                report.succeeded += 1
            except LostError as error:  # done, but nothing to be glad of: the exit code tells it
                tell(str(error))
                report.fail(finding.where, DamageError("could not be restored"))
            except DigestError as error:
                failed.append((finding.where, error))
                continue
            mended += 1
        if not mended:
            break
        found = _look(archive, track)
    return found, failed


def _look(archive: Archive, track: Track) -> Verified:
    """Check everything, after what other machines wrote into the records was taken in."""
    archive.refresh()
    if may_be_read(archive):
        load_records(archive, whole=True)  # what of them is damaged is found by the check
    return verify(archive, track)


def _restore_from_pages(archive: Archive, found: Verified, tell: Tell, report: Report) -> bool:
    """Bring back missing days that kept pages prove; return whether there were any."""
    missing = {finding.day[1] for finding in found.findings if finding.kind is Fault.MISSING and finding.day}
    if not missing or any(finding.part in (Part.DATABASE, Part.DAY) for finding in found.findings):
        return False  # beside a broken day nothing can be written: indexes are of all days
    spans = tuple((when, when) for when in sorted(missing))
    proven = replay(archive, Selection(archive.config.arxiv.categories, spans), write=True).report.changed
    for day in proven:
        tell(f"restored {day.category} {day.date}: its kept pages prove it")
    report.changed += proven
    return bool(proven)
