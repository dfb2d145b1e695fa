"""Commands that keep an archive whole: verify, accept, regenerate, replay, rebuild, backup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from digest.cli.dates import parse_dates
from digest.cli.group import as_path, categories_option, command, complete_dates, dry_run_option, plan
from digest.cli.session import Session
from digest.errors import LockHeldError, StoreError, UsageError, gravest

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report


@command()
@click.option("--repair", is_flag=True, help="Restore what can be restored.")
def verify(session: Session, *, repair: bool) -> int:
    """Prove that the archive is whole, offline.

    The database, the kept pages, the day records and every file are compared with one another, and every listing
    date must be stored or settled. What is wrong is told apart: damaged, edited by hand, outdated (made by another
    template or settings), missing. --repair restores files, records and days from what is whole; what may be a
    person's work is kept beside it.

    \b
    Examples:
      digest verify
      digest verify --repair
    """
    from digest.cli.runner import work
    from digest.jobs import database_file as database
    from digest.jobs import repair as repair_job
    from digest.jobs import verify as job

    config, console = session.config, session.console
    track, tell = console.track, console.answer_line
    found = database.lost_database(config)
    if repair and found is None:
        # The file first: a database that is broken could not be opened to repair anything by it.
        for line in database.mend_database(config):
            tell(line)
        return work(session, "verify --repair", lambda archive: repair_job.repair(archive, tell, track)).exit_code
    found = found or database.broken_database(config)
    if found is None:
        with session.reading(job.may_be_read) as archive, _undisturbed(session.config.lock, archive):
            found = job.verify(archive, track)
    console.answer(found.data, found.lines)
    return gravest([session.damage, found.exit_code])


@contextmanager
def _undisturbed(lock: Path, archive: Archive) -> Iterator[None]:
    """See to it that no run changes the archive while it is looked at; a run is not kept from its work.

    Raises:
        LockHeldError: a run was at work, before or meanwhile.
    """
    _require_idle(lock)
    last = archive.runs(limit=1)
    yield
    _require_idle(lock)
    if archive.runs(limit=1) != last:  # it began and ended while the lock was not looked at
        raise LockHeldError("another run was at work meanwhile; run this again")


def _require_idle(lock: Path) -> None:
    from digest.disk.files import hold_lock

    if lock.exists():
        with suppress(StoreError), hold_lock(lock):  # where it cannot be written, no run can be at work
            pass


@command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", shell_complete=complete_dates)
@click.option("--note", default="", metavar="TEXT", help="Why; it is kept with the decision.")
@click.option("--undo", is_flag=True, help="Take the decision back: the day is open again.")
@click.option("--force", is_flag=True, help="Also dates before the archive's start, where nothing is missing.")
@categories_option
def accept(session: Session, dates: str, note: str, categories: Sequence[str], *, undo: bool, force: bool) -> int:
    """Accept a day as it is, where arXiv proves no more.

    Doubtful entries then count as complete, "No updates" as empty, and a day that is not stored as lost; of a listing
    that is shorter than its own count, the entries that are there are stored. The decision is kept with the day
    records. A lost day that turns up after all (digest fetch, digest import) is stored like any other.

    \b
    Examples:
      digest accept 2021-10-20
      digest accept 2021-07-01..2021-08-31 --note "our server was down all summer"
      digest accept 2021-10-20 --undo
    """
    from digest.cli.runner import work
    from digest.jobs import accept as job
    from digest.jobs.selection import Selection

    chosen = Selection(categories, [parse_dates(session, dates, categories)])
    try:
        note.encode()  # Python hands over other bytes of an argument as surrogates, which no file takes
    except UnicodeEncodeError as error:
        raise UsageError("expected a note in UTF-8, found other bytes") from error
    if undo and (force or note):
        raise UsageError("expected --undo alone, found --note or --force with it")
    if undo:
        return work(session, f"accept {dates} --undo", lambda archive: job.undo(archive, chosen)).exit_code
    return work(session, f"accept {dates}", lambda archive: job.accept(archive, chosen, note, force=force)).exit_code


@command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", required=False, shell_complete=complete_dates)
@click.option("--all", "everything", is_flag=True, help="Every stored day.")
@click.option("--outdated", is_flag=True, help="Days whose digest was made by another template or settings.")
@categories_option
@dry_run_option
def regenerate(
    session: Session, dates: str | None, categories: Sequence[str], *, everything: bool, outdated: bool, dry_run: bool
) -> int:
    """Write digests again from the store, offline.

    The paths that changed are printed; a file that is as it should be is not touched. Files of views that are out of
    date are written whichever dates you name; --all checks the others, too.

    \b
    Examples:
      digest regenerate 2021-10-20
      digest regenerate 2021-10-01..2021-10-31
      digest regenerate --all
    """
    from digest.cli.runner import work
    from digest.jobs import regenerate as job
    from digest.jobs.selection import Selection

    if (dates is not None) + everything + outdated != 1:
        raise UsageError("expected one of DATE, FROM..TO, --all, --outdated")
    chosen = Selection(categories, () if dates is None else [parse_dates(session, dates, categories)])

    def paths(archive: Archive) -> Sequence[str]:
        return job.paths_to_change(archive, job.plan_regenerate(archive, chosen, only_outdated=outdated))

    def regenerate_job(archive: Archive) -> Report:
        return job.regenerate(archive, chosen, session.console.track, only_outdated=outdated)

    if dry_run:
        return plan(session, paths, whole=True)
    report = work(session, f"regenerate {dates or ('--outdated' if outdated else '--all')}", regenerate_job)
    session.console.answer({}, report.written)
    return report.exit_code


@command()
@click.argument("dates", metavar="[DATE|FROM..TO|FROM..|..TO]...", nargs=-1, shell_complete=complete_dates)
@click.option("--all", "everything", is_flag=True, help="Every stored day, and every other that a kept page proves.")
@click.option("--write", is_flag=True, help="Store what differs, a day at a time, and write its files.")
@categories_option
def replay(session: Session, dates: Sequence[str], categories: Sequence[str], *, everything: bool, write: bool) -> int:
    """Parse the kept pages again, offline.

    Shows what would change: entries that are read differently now, and days that are not proven but whose pages,
    refused at the time, can be read now. Nothing is changed without --write.

    \b
    Examples:
      digest replay 2021-10-20
      digest replay --all
      digest replay --all --write
    """
    from digest.cli.runner import work
    from digest.jobs import replay as job
    from digest.jobs.selection import Selection

    if bool(dates) == everything:
        raise UsageError("expected either DATE or FROM..TO (one or more), or --all")
    console = session.console
    chosen = Selection(categories, [parse_dates(session, text, categories) for text in dates])
    # With -v every difference is shown, else the first few.
    shown = None if session.verbose else job.SHOWN
    found: list[job.Replay] = []

    def replay_once(archive: Archive) -> Report:
        found.append(job.replay(archive, chosen, console.track, write=write, shown=shown))
        return found[0].report

    if write:
        code = work(session, f"replay {' '.join(dates) or '--all'} --write", replay_once).exit_code
    else:
        with session.reading() as archive:
            report = replay_once(archive)
        console.answer(report.data(requests=0))
        for failure in report.failures:
            console.fail(failure)
        code = gravest([session.damage, report.exit_code])
    told = [*found[0].lines, found[0].total]
    console.answer({"counts": dict(found[0].counts), "lines": told}, told)
    return code


@command()
def rebuild(session: Session) -> int:
    """Make the database again from the day records.

    Then every file is brought up to date. A database that cannot be used is put aside first; what can still be read
    of it is taken over.

    \b
    Example:
      digest rebuild
    """
    from digest.cli.runner import work
    from digest.jobs.database_file import mend_database
    from digest.jobs.rebuild import rebuild as rebuild_job
    from digest.jobs.repair import repair

    track = session.console.track
    mended = mend_database(session.config)
    for line in mended:
        session.console.say(line)
    # What could be read of a damaged database is in the new one: only the checks of a repair tell whether it is right.
    job = repair if mended else lambda archive, _tell, track: rebuild_job(archive, track)
    return work(session, "rebuild", lambda archive: job(archive, session.console.say, track)).exit_code


@command()
@click.argument("file", metavar="FILE", type=click.Path(), callback=as_path)
def backup(session: Session, file: Path) -> int:
    """Make a verified copy of the database.

    FILE is new, or an earlier backup. Other commands may be at work meanwhile. To restore it, remove
    archive.db and the files beside it (archive.db-*), then put a copy of FILE in its place.

    \b
    Example:
      digest backup ~/archive-backup.db
    """
    from digest.jobs.backup import back_up, lacks_entries

    if lacks_entries(session.config):
        with session.reading():  # a backup is to be whole by itself
            pass
    made = back_up(session.config, file)
    session.console.answer({"path": str(made.path), "size": made.size, "days": made.days}, [made.line])
    return gravest([session.damage])
