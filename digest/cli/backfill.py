"""The command that goes back to days that nobody captured: backfill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.dates import parse_dates
from digest.cli.group import as_path, categories_option, command, complete_dates, dry_run_option, plan
from digest.cli.session import Session
from digest.errors import UsageError, gravest

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report
    from digest.jobs.reconstruct import Past


@command()
@click.argument("dates", metavar="[DATE|FROM..TO|FROM..|..TO]", required=False, shell_complete=complete_dates)
@click.option("--file", metavar="FILE", type=click.Path(), callback=as_path, help="Kaggle's snapshot, if you have it.")
@click.option("--offline", is_flag=True, help="Ask nobody: reconstruct from what was harvested before.")
@click.option("--files", "has_files", is_flag=True, help="Write digests and records of the days, too.")
@click.option("--evaluate", is_flag=True, help="Only measure the error of the dates, on the captured days.")
@categories_option
@dry_run_option
def backfill(
    session: Session,
    dates: str | None,
    file: Path | None,
    categories: Sequence[str],
    *,
    offline: bool,
    has_files: bool,
    evaluate: bool,
    dry_run: bool,
) -> int:
    """Bring back days that nobody captured.

    First the metadata of all papers of the categories is harvested from arXiv's OAI-PMH, slowly; the next time, only
    what has changed since. An interrupted harvest goes on where it was when you run it again. Or take all of it from a
    file: arxiv-metadata-oai-snapshot.json of Kaggle's data set Cornell-University/arxiv, plain, .gz or .zip; of that
    also the ids of all other categories, which make the dates surer.

    Then the days are reconstructed, from 2004 to where `digest fetch` begins: new submissions and cross-lists, marked
    as reconstructed, with the dates that are possible. What was captured or imported is never touched. They are in the
    database alone, where show, search, paper, view and export read them, unless you ask for --files.

    --evaluate reconstructs the captured days blind, and tells how many dates come out wrong. docs/PAST.md says what is
    sure and what is not.

    \b
    Examples:
      digest backfill --dry-run          how many requests, and how long
      digest backfill
      digest backfill --file arxiv-metadata-oai-snapshot.json.zip --dry-run
      digest backfill --file arxiv-metadata-oai-snapshot.json.zip
      digest backfill 2021-10-01..2021-10-31 --offline --files
      digest backfill --evaluate
    """
    from digest.jobs.reconstruct import Past

    if file is not None and not file.exists():
        raise UsageError(f"expected a file, found nothing at {file}")
    if evaluate and (dry_run or has_files or file):
        raise UsageError("--evaluate only measures: expected it without --file, --files and --dry-run")
    if offline and file:
        raise UsageError("expected --offline, or a --file to read, found both")
    first, last = parse_dates(session, dates, categories) if dates else (None, None)
    past = Past(categories, first, last, has_files)
    if evaluate:
        return _evaluate(session, past)
    if dry_run:
        return _plan(session, past, file, offline=offline)
    if not (file or offline):
        session.require_manners(harvests=True)
    return _work(session, past, file, offline=offline)


def _evaluate(session: Session, past: Past) -> int:
    from digest.jobs.evaluate import evaluate

    with session.reading() as archive:
        found = evaluate(archive, past)
    session.console.answer(found.data, found.lines)
    return gravest([session.damage])


def _plan(session: Session, past: Past, file: Path | None, *, offline: bool) -> int:
    """Tell what would be asked for or taken in, or, where nothing would be, which days there would be."""
    from digest.archive.report import Report
    from digest.jobs.harvest import plan_harvest
    from digest.jobs.reconstruct import reconstruct_days

    if file is not None:
        return _count(session, past, file)
    if not offline:
        return plan(session, lambda archive: plan_harvest(archive, past.categories))
    report = Report()
    with session.reading() as archive:
        found = reconstruct_days(archive, past, report, dry_run=True)
    words = [*report.remarks, *map(str, report.failures)]
    session.console.answer({"reconstructed": found.data, "remarks": words}, [str(found), *words])
    return gravest([session.damage, report.exit_code])


def _count(session: Session, past: Past, file: Path) -> int:
    """Tell what a file holds, and store nothing."""
    from digest.errors import how_many
    from digest.jobs.kaggle import count_snapshot

    found = count_snapshot(file, past.categories, session.machine)
    wanted, others = how_many(found.new, "paper"), found.records - found.new
    line = f"would take in {wanted} of {', '.join(past.categories)} from {found.what}, and when {others:,} others came"
    counts = {"source": found.what, "papers": found.new, "others": others, "refused": found.refusals}
    session.console.answer({"plan": [line], "file": counts}, [line] if found.records else [])
    failures = found.failures
    for failure in failures:
        session.console.fail(failure)
    return gravest([*(one.exit_code for one in failures), session.damage])


def _work(session: Session, past: Past, file: Path | None, *, offline: bool) -> int:
    from digest.archive.days import begin
    from digest.cli.runner import work
    from digest.jobs.backfill import backfill as gather
    from digest.jobs.gathering import Pace
    from digest.jobs.reconstruct import reconstruct_days, require_listing

    told: dict[str, object] = {}

    def job(archive: Archive) -> Report:
        require_listing(archive, past)
        if offline:
            report = begin(archive)
        else:
            report, gathered = gather(archive, past.categories, file, session.machine)
            told["gathered"] = [one.data for one in gathered]
        if not report.is_ended:
            pace = Pace("reconstruction", session.machine)
            done = reconstruct_days(archive, past, report, lambda papers: pace.tell(papers, None))
            told["reconstructed"] = done.data
            report.actions.append(str(done))
        return report

    report = work(session, "backfill", job)
    session.console.answer(told)
    return report.exit_code
