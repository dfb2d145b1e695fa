"""Commands that bring listings in, and say how far that has come: run, fetch, import, status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.dates import parse_date, parse_dates, parse_since
from digest.cli.group import as_path, categories_option, command, complete_dates, dry_run_option, plan
from digest.cli.session import Session, checked_category
from digest.errors import MissingError, UsageError, gravest

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report
    from digest.model.annotations import Failure


@command()
@categories_option
@dry_run_option
def run(session: Session, categories: Sequence[str], *, dry_run: bool) -> int:
    """Bring in the newest listing and missing days.

    The nightly job: it does every configured category, each on its own, and may run as often as you like. It waits
    for a listing that is not out yet, leaves alone what is stored, and asks arXiv nothing when nothing is missing (on
    days without a listing it looks once). Where the listing cannot be had, the feed stands in.

    \b
    Examples:
      digest run
      digest -q run                      in a crontab: speaks only when something is wrong
    """
    from digest.cli.runner import nightly

    def job(archive: Archive) -> Report:
        from digest.jobs.run import run as run_job  # only now: without a database, most runs end before it

        return run_job(archive, categories, session.console.track)

    if dry_run:
        from digest.jobs.run import plan_run

        def steps(archive: Archive) -> Sequence[object]:
            if not session.config.annotators:
                return plan_run(archive, categories)
            from digest.jobs.annotate import plan_night

            return [*plan_run(archive, categories), *(one for one in plan_night(archive) if one.papers)]

        return plan(session, steps)
    session.require_manners()
    return nightly(session, job, categories).exit_code


@command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", required=False, shell_complete=complete_dates)
@click.option("--since", metavar="90d|DATE", help="From so many days ago, or from DATE, until today.")
@click.option("--missing", is_flag=True, help="Every day that is missing or provisional, the newest first.")
@categories_option
@dry_run_option
def fetch(
    session: Session, dates: str | None, since: str | None, categories: Sequence[str], *, missing: bool, dry_run: bool
) -> int:
    """Get past listings, which arXiv serves for 91 days.

    A day that is proven already is not asked for, so an interrupted fetch goes on where it was when you run it again.
    FROM.. ends today, ..TO begins with the oldest day that arXiv serves. --missing makes at most
    [arxiv] heal_requests requests. How long it takes, at a request every [arxiv] pages_delay seconds, is said first.

    \b
    Examples:
      digest fetch yesterday
      digest fetch --since 90d           the last three months
      digest fetch ..                    all that arXiv still serves
      digest fetch --missing
    """
    from digest.cli.runner import work
    from digest.jobs import fetch as job
    from digest.jobs.selection import Selection

    if (dates is not None) + (since is not None) + missing != 1:
        raise UsageError("expected one of DATE, FROM..TO, --since, --missing")
    span = None
    if dates is not None:
        span = parse_dates(session, dates, categories)
    elif since is not None:
        span = parse_since(session, since), None
    chosen = None if span is None else Selection(categories, [span])
    if dry_run and chosen is None:
        return plan(session, lambda archive: job.plan_healing(archive, categories, patiently=False))
    if dry_run and chosen is not None:

        def steps(archive: Archive) -> Sequence[object]:
            found = job.plan_fetch(archive, chosen)
            if words := job.patience(archive, found):
                session.console.say(f"would ask arXiv for {words}")
            return found

        return plan(session, steps)
    session.require_manners()

    def fetch_job(archive: Archive) -> Report:
        if chosen is None:
            return job.fetch_missing(archive, categories, session.console.track)
        return job.fetch(archive, chosen, session.console.track, session.console.say)

    named = dates or (f"--since {since}" if since else "--missing")
    return work(session, f"fetch {named}", fetch_job).exit_code


@command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(), callback=as_path)
@click.option("--date", "when", metavar="DATE", help="The date of pages that show none.")
@click.option("--category", metavar="NAME", help="What the files are of, if they do not say so.")
def import_(session: Session, paths: Sequence[Path], when: str | None, category: str | None) -> int:
    """Take in pages and digests that you saved.

    What a file is, its contents tell: a listing or catchup page of arXiv's in any layout since 2014, a classic digest
    (whatever program wrote it), a day record or an export (json, jsonl, csv) of digest, an RSS or Atom feed of
    arXiv's. Files may be packed (.gz), in a zip archive, or come from the standard input (-). Of a folder, every such
    file in it and in its subfolders is taken. Several partial pages of one day are put together.

    A line a file says what was taken from it. A file that cannot be read exactly is refused, with the reason, and the
    others are taken (exit code 5). Nothing that is known better is replaced, so the same import can be run again.

    \b
    Examples:
      digest import new.html
      digest import old-digests/ 'more/*.md' backup.zip
      digest import --date 2024-09-16 page1.html page2.html
      curl https://example.org/2021-10-20.md | digest import -
    """
    from digest.cli.runner import work
    from digest.disk.saved import STDIN
    from digest.jobs import import_ as job
    from digest.jobs.import_days import Asked

    if category is not None:
        checked_category(category)
    asked = Asked(category, None if when is None else parse_date(session, when))
    _ = session.config  # that there is none is said before anything of the files
    files = job.require_there(paths)
    stdin = sys.stdin.buffer if sys.stdin else None  # none at all where it was closed
    if stdin is None and STDIN in files:
        raise UsageError("expected a file on the standard input, found it closed")
    track = session.console.track

    def import_job(archive: Archive) -> Report:
        return job.import_files(archive, files, asked, track, stdin)

    return work(session, "import", import_job).exit_code


@command()
@categories_option
def status(session: Session, categories: Sequence[str]) -> int:
    """Show what is stored and what is missing.

    Every listing date counts, from that of the first run (or [store] start) to the newest expected; days before it
    stand alone. A missing one can be fetched for 91 days; after that it is lost. The exit code is 4 while one is
    overdue that nobody has accepted as lost. The last runs are shown, too.

    \b
    Examples:
      digest status
      digest status --json
    """
    from digest.cli.status import ArchiveStatus, status_data, status_text

    with session.reading(whole=False) as archive:
        found = ArchiveStatus(
            [archive.snapshot.status(category, session.now) for category in categories],
            archive.runs(limit=10),
            archive.calendar,
            session.now,
            {category: archive.gathered(category) for category in categories},
            _unanswered(session, archive),
        )
    if session.console.answers_json:
        session.console.answer(status_data(found))
    else:
        session.console.answer({}, [status_text(found)])
    is_open = any(item.overdue or item.stuck for item in found.categories)
    return gravest([session.damage, MissingError.exit_code if is_open else 0])


def _unanswered(session: Session, archive: Archive) -> Sequence[Failure]:
    """Return about which papers programs of the user's own are not asked any more."""
    if not session.config.annotators:
        return ()
    from digest.jobs.annotate import left_papers

    return left_papers(archive)
