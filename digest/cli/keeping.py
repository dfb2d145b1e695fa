"""Commands that keep an archive whole: regenerate, rebuild, replay, verify, backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, category_option, cli, dry_run_option, json_option, plan
from digest.cli.session import Session
from digest.errors import UsageError, gravest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", required=False)
@click.option("--all", "everything", is_flag=True, help="Every stored day.")
@click.option("--outdated", is_flag=True, help="Days whose digest was made by another template or settings.")
@category_option
@dry_run_option
@json_option
@click.pass_obj
def regenerate(
    session: Session,
    dates: str | None,
    categories: Sequence[str],
    *,
    everything: bool,
    outdated: bool,
    dry_run: bool,
) -> int:
    """Write digests again from the store, offline.

    The paths that changed are printed. A file that is as it would be written is not touched. Files of views that are
    not up to date are written whichever dates are named; --all proves the others, too.

    \b
    Examples:
      digest regenerate 2021-10-20
      digest regenerate 2021-10-01..2021-10-31
      digest regenerate --all
    """
    from digest.jobs.regenerate import Selection, paths_to_change, plan_regenerate
    from digest.jobs.regenerate import regenerate as job

    if (dates is not None) + everything + outdated != 1:
        raise UsageError("expected one of DATE, FROM..TO, --all, --outdated")
    chosen = session.chosen(categories)
    first, last = session.parse_dates(dates, chosen) if dates is not None else (None, None)
    selection = Selection(chosen, first, last, only_outdated=outdated)
    if dry_run:
        return plan(session, lambda archive: paths_to_change(archive, plan_regenerate(archive, selection)))
    command = f"regenerate {dates or ('--outdated' if outdated else '--all')}"
    report = session.work(command, lambda archive: job(archive, selection, session.console.track))
    session.console.answer({}, report.written)
    return report.exit_code


@cli.command()
@json_option
@click.pass_obj
def rebuild(session: Session) -> int:
    """Make the database again from the day records.

    Then every file is brought up to date from the database. A database that cannot be used is put aside first; what
    can still be read of it is taken over.

    \b
    Example:
      digest rebuild
    """
    from digest.jobs.database_file import mend_database
    from digest.jobs.rebuild import rebuild as rebuild_job
    from digest.jobs.repair import repair

    track = session.console.track
    mended = mend_database(session.config)
    for line in mended:
        session.console.say(line)
    # What could be read of a damaged database is in the one of now: only a check tells whether it is right.
    job = repair if mended else lambda archive, _tell, track: rebuild_job(archive, track)
    return session.work("rebuild", lambda archive: job(archive, session.console.say, track)).exit_code


@cli.command()
@click.argument("dates", metavar="[DATE|FROM..TO|FROM..|..TO]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every stored day, and every other that a kept page proves.")
@click.option("--write", is_flag=True, help="Store what differs, a day at a time, and write its files.")
@category_option
@json_option
@click.pass_context
def replay(
    context: click.Context, dates: Sequence[str], categories: Sequence[str], *, everything: bool, write: bool
) -> int:
    """Parse the kept pages again, offline.

    What would change is shown: entries that come out otherwise, and days that are not proven but whose pages,
    refused at their time, are understood now. Only with --write anything is changed.

    \b
    Examples:
      digest replay 2021-10-20
      digest replay --all
      digest replay --all --write
    """
    from digest.jobs import replay as job

    if bool(dates) == everything:
        raise UsageError("expected either DATE or FROM..TO (one or more), or --all")
    session: Session = context.obj
    named = session.chosen(categories)
    chosen = job.Chosen(named, tuple(session.parse_dates(text, named) for text in dates))
    shown = None if context.find_root().params["verbose"] else job.SHOWN
    found: list[job.Replay] = []

    def replay_once(archive: Archive) -> Report:
        found.append(job.replay(archive, chosen, session.console.track, write=write, shown=shown))
        return found[0].report

    if write:
        code = session.work(f"replay {' '.join(dates) or '--all'} --write", replay_once).exit_code
    else:
        code = _preview(session, replay_once)
    told = [*found[0].lines, found[0].total]
    session.console.answer({"counts": dict(found[0].counts), "lines": told}, told)
    return code


def _preview(session: Session, job: Callable[[Archive], Report]) -> int:
    """Do a job that changes nothing, and tell what failed."""
    with session.reading() as archive:
        report = job(archive)
    session.console.answer(report.data(requests=0))
    for failure in report.failures:
        session.console.fail(failure)
    return gravest([session.damage, report.exit_code])


@cli.command()
@click.option("--repair", is_flag=True, help="Restore what can be restored.")
@json_option
@click.pass_obj
def verify(session: Session, *, repair: bool) -> int:
    """Prove that the archive is whole, offline.

    The database, the kept pages, the day records and every file are compared with one another, and every listing
    date must be stored or settled. What does not hold is told apart: damaged, edited by hand, outdated (made by
    another template or settings), missing. --repair makes files, records and days again from what is whole; what
    may be a person's work is kept beside it.

    \b
    Examples:
      digest verify
      digest verify --repair
    """
    from digest.jobs import database_file as database
    from digest.jobs import repair as repair_job
    from digest.jobs import verify as job

    config, console = session.config, session.console
    track, tell = console.track, console.answer_line
    found = database.lost_database(config)
    if repair and found is None:
        for line in database.mend_database(config):
            tell(line)
        return session.work("verify --repair", lambda archive: repair_job.repair(archive, tell, track)).exit_code
    found = found or database.broken_database(config)
    if found is None:
        with session.reading(job.may_be_read) as archive, session.undisturbed(archive):
            found = job.verify(archive, track)
    console.answer(found.data, found.lines)
    return gravest([session.damage, found.exit_code])


@cli.command()
@click.argument("file", metavar="FILE", callback=as_path)
@json_option
@click.pass_obj
def backup(session: Session, file: Path) -> int:
    """Make a verified copy of the database.

    FILE is new, or an earlier backup. Other commands may be at work meanwhile. Put in the place of archive.db, the
    copy is the archive's database again.

    \b
    Example:
      digest backup ~/archive-backup.db
    """
    from digest.jobs.backup import back_up

    made = back_up(session.config, file)
    session.console.answer({"path": str(made.path), "size": made.size, "days": made.days}, [made.line])
    return 0
