"""The command that goes back to days that nobody captured: backfill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, categories_option, command, dry_run_option, plan
from digest.cli.session import Session
from digest.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report
    from digest.jobs.gathering import Gathered


@command()
@click.option("--file", metavar="FILE", type=click.Path(), callback=as_path, help="Kaggle's snapshot, if you have it.")
@categories_option
@dry_run_option
def backfill(session: Session, file: Path | None, categories: Sequence[str], *, dry_run: bool) -> int:
    """Harvest the metadata of all papers of a category.

    arXiv's OAI-PMH is asked, slowly; the next time, only for what has changed since. An interrupted harvest goes on
    where it was when you run it again. Or take all of it from a file: arxiv-metadata-oai-snapshot.json of Kaggle's
    data set Cornell-University/arxiv, plain, .gz or .zip.

    \b
    Examples:
      digest backfill --dry-run          how many requests, and how long
      digest backfill
      digest backfill --file arxiv-metadata-oai-snapshot.json.zip
    """
    from digest.cli.runner import work
    from digest.jobs import backfill as job
    from digest.jobs.harvest import plan_harvest

    if file is not None:
        if not file.exists():
            raise UsageError(f"expected a file, found nothing at {file}")
        if dry_run:
            raise UsageError("expected --dry-run without --file, which asks arXiv for nothing")
    elif dry_run:
        return plan(session, lambda archive: plan_harvest(archive, categories))
    else:
        session.require_manners(harvests=True)
    found: list[Gathered] = []

    def backfill_job(archive: Archive) -> Report:
        report, gathered = job.backfill(archive, categories, file, session.machine)
        found.extend(gathered)
        return report

    report = work(session, "backfill", backfill_job)
    session.console.answer({"gathered": [one.data for one in found]})
    return report.exit_code
