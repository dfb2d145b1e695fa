"""The past that nobody captured: metadata of its papers."""

from collections.abc import Sequence
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.days import begin
from digest.archive.report import Report
from digest.jobs.gathering import Gathered
from digest.jobs.harvest import harvest
from digest.jobs.kaggle import load_snapshot
from digest.model import Extent, MachineClock


def backfill(
    archive: Archive, categories: Sequence[str], path: Path | None, clock: MachineClock
) -> tuple[Report, list[Gathered]]:
    """Harvest the metadata of all papers of these categories, or take them from Kaggle's snapshot at ``path``."""
    report, gathered = begin(archive), []
    archive.store.note_gathered(categories, archive.now, Extent.PART)
    for one in [load_snapshot(archive, path, categories, clock)] if path else harvest(archive, categories, clock):
        gathered.append(one)
        if path and not one.problem:  # a harvest notes it with its last page
            # Of which category a line was that cannot be read, nobody knows.
            extent = Extent.of(has_ended=True, has_unread=one.refusals > 0)
            archive.store.note_gathered(categories, archive.now, extent)
        report.actions.append(str(one))
        report.failures += one.failures
        report.succeeded += not one.failures
    return report, gathered
