"""Commands that bring listings in: run, fetch, import; and accept, for what cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, category_option, cli, dry_run_option, json_option, plan
from digest.cli.session import Session, checked_category
from digest.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report


@cli.command()
@category_option
@dry_run_option
@json_option
@click.pass_obj
def run(session: Session, categories: Sequence[str], *, dry_run: bool) -> int:
    """Bring in the newest listing and missing days.

    The nightly job: every configured category is done, each on its own. It may run as often as you like. A listing
    that is not out yet is waited for; one that is stored is left alone; nothing is asked of arXiv when nothing is
    missing (on days without a listing it looks once). Where the listing cannot be had, the feed stands in.

    \b
    Examples:
      digest run
      digest -q run                      in a crontab: speaks only when something is wrong
    """
    chosen = session.chosen(categories)

    def job(archive: Archive) -> Report:
        from digest.jobs.run import run as run_job  # only here: there may be nothing to do

        return run_job(archive, chosen, session.console.track)

    def planned(archive: Archive) -> Sequence[object]:
        from digest.jobs.run import plan_run

        return plan_run(archive, chosen)

    if dry_run:
        return plan(session, planned)
    session.require_manners()
    return session.nightly(job, chosen).exit_code


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", required=False)
@click.option("--missing", is_flag=True, help="Every day that is missing or provisional, the newest first.")
@category_option
@dry_run_option
@json_option
@click.pass_obj
def fetch(session: Session, dates: str | None, categories: Sequence[str], *, missing: bool, dry_run: bool) -> int:
    """Get past listings, which arXiv serves for 91 days.

    A day that is proven already is not asked for: interrupted and started again, it goes on where it was.
    FROM.. goes up to today, ..TO begins with the oldest that arXiv serves. --missing asks at most
    [arxiv] heal_requests times.

    \b
    Examples:
      digest fetch 2021-10-20
      digest fetch 2021-10-01..2021-10-31
      digest fetch 2021-10-01..
      digest fetch --missing
    """
    from digest.jobs import fetch as job

    if (dates is not None) + missing != 1:
        raise UsageError("expected one of DATE, FROM..TO, --missing")
    chosen = session.chosen(categories)
    track = session.console.track
    if dates is None:
        if dry_run:
            return plan(session, lambda archive: job.plan_healing(archive, chosen, patiently=False))
        session.require_manners()
        return session.work("fetch --missing", lambda archive: job.fetch_missing(archive, chosen, track)).exit_code
    first, last = session.parse_dates(dates, chosen)
    if dry_run:
        return plan(session, lambda archive: job.plan_fetch(archive, chosen, first, last))
    session.require_manners()
    return session.work(f"fetch {dates}", lambda archive: job.fetch(archive, chosen, first, last, track)).exit_code


@cli.command(name="import")
@click.argument("paths", nargs=-1, required=True, callback=as_path)
@click.option("--date", "when", metavar="DATE", help="The date of pages that bear none.")
@click.option("--category", metavar="NAME", help="What the pages list, if they do not say so.")
@json_option
@click.pass_obj
def import_(session: Session, paths: Sequence[Path], when: str | None, category: str | None) -> int:
    """Take in listing pages that you saved.

    Pages of /list/…/new and /catchup/… count, as they are or packed (.html, .html.gz). Several partial pages of
    one day are put together. A page without a date needs --date. Of a folder, every page in it is taken, those of the
    folders in it too. For any other file, a line says what it is and what to do instead (exit code 5); the rest is
    done.

    \b
    Examples:
      digest import new.html
      digest import --date 2024-09-16 page1.html page2.html
      digest import saved-pages/
    """
    from digest.jobs import import_ as job

    if category is not None:
        checked_category(category)
    day = session.parse_date(when) if when is not None else None
    _ = session.config  # without one, that is said first
    job.require_there(paths)
    track = session.console.track
    report = session.work(
        "import", lambda archive: job.import_pages(archive, paths, category=category, when=day, track=track)
    )
    return report.exit_code


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO")
@click.option("--note", default="", metavar="TEXT", help="Why; it is kept with the decision.")
@click.option("--undo", is_flag=True, help="Take it back: the day is open again.")
@click.option("--force", is_flag=True, help="Dates before the archive's start too, where nothing is missing.")
@category_option
@json_option
@click.pass_obj
def accept(  # one each option
    session: Session, dates: str, note: str, categories: Sequence[str], *, undo: bool, force: bool
) -> int:
    """Settle a day that is doubtful, short, empty or lost.

    Doubtful entries count as complete from then on, "No updates" as empty, a day that is not stored as lost; of a
    listing that is short of its own count the entries that are there are stored. The decision is kept with the day
    records. A lost day that turns up after all (digest fetch, digest import) is stored as any other.

    \b
    Examples:
      digest accept 2021-10-20
      digest accept 2021-07-01..2021-08-31 --note "our server was down all summer"
      digest accept 2021-10-20 --undo
    """
    from digest.jobs import accept as job

    chosen = session.chosen(categories)
    first, last = session.parse_dates(dates, chosen)
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise UsageError("expected a note in UTF-8, found other bytes") from error
    if undo and (force or note):
        raise UsageError("expected --undo alone, found --note or --force with it")
    if undo:
        return session.work(f"accept {dates} --undo", lambda archive: job.undo(archive, chosen, first, last)).exit_code
    how = job.Acceptance(note, force)
    return session.work(f"accept {dates}", lambda archive: job.accept(archive, chosen, first, last, how)).exit_code
