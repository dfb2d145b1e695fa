"""The past that nobody captured: metadata of its papers."""

from collections.abc import Sequence
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.days import begin
from digest.archive.report import Report
from digest.jobs.gathering import Gathered
from digest.jobs.harvest import harvest
from digest.jobs.kaggle import load_snapshot
from digest.model import MachineClock


def backfill(
    archive: Archive, categories: Sequence[str], path: Path | None, clock: MachineClock
) -> tuple[Report, list[Gathered]]:
    """Harvest the metadata of all papers of these categories, or take them from Kaggle's snapshot at ``path``."""
    report, gathered = begin(archive), []
    archive.store.note_gathered(categories, archive.now, is_whole=False)
    for one in [load_snapshot(archive, path, categories, clock)] if path else harvest(archive, categories, clock):
        gathered.append(one)
        if not one.problem:
            archive.store.note_gathered(categories if path else [one.what], archive.now, is_whole=True)
        report.actions.append(str(one))
        report.failures += one.failures
        report.succeeded += not one.failures
    return report, gathered
