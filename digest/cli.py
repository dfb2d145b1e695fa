"""The command line: arguments → one job → message and exit code.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from digest import __version__
from digest.console import Console
from digest.errors import DigestError, MissingError, StoreError, UsageError, gravest
from digest.session import Session, checked_category

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from digest.archive import Archive
    from digest.outcome import Report

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed by the caller
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    for stream in (sys.stdout, sys.stderr):
        # What the locale's encoding cannot say is shown as "?", and is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    console = Console()
    code = 1
    try:
        code = _run(console, arguments)
    finally:
        console.end(code)
    sys.exit(code)


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, standalone_mode=False, obj=console, prog_name="digest")
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        console.say(f"error: {error.format_message()} (try --help)")
        return error.exit_code
    except DigestError as error:
        console.fail(error)
        return error.exit_code
    except OSError as error:
        if error.filename is not None:  # a file, which a command should have named: a bug
            raise
        _give_up_output()
        console.fail(StoreError(f"standard output: {error.strerror}"))
        return StoreError.exit_code
    except (click.Abort, KeyboardInterrupt):
        console.say("interrupted; run the command again to go on")
        return _INTERRUPTED
    return result if isinstance(result, int) else 0


def _as_path(_context: click.Context, _option: click.Parameter, value: str | Sequence[str] | None) -> object:
    from pathlib import Path

    if value is None:
        return None
    if "" in (value if not isinstance(value, str) else [value]):
        raise click.BadParameter("expected a path, found nothing")
    return Path(value) if isinstance(value, str) else tuple(map(Path, value))


def _parse_now(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    from datetime import UTC, datetime

    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"expected a time such as 2021-10-20T02:00:00Z, found {value!r}") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"expected a zone, such as {value}Z")
    if not 1991 <= moment.year <= 2990:
        raise click.BadParameter(f"expected a year from 1991 to 2990, found {moment.year}")
    return moment


def _program() -> str:
    """Return how this program was called, so that a line that names it can be pasted."""
    name = sys.argv[0]
    return f"{sys.executable} -m digest" if name.endswith("__main__.py") else shlex.quote(name)


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> object:
        """Run a command; that its reader has seen enough is no failure (click would exit with 1)."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            _give_up_output()
            return 0


def _give_up_output() -> None:
    """Send what is left of the output nowhere: the interpreter must not try to flush it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
@click.option("--config", "config_path", callback=_as_path, metavar="FILE", help="The configuration file.")
@click.option("--now", callback=_parse_now, metavar="ISO-8601", help="The time to decide by; needs a zone.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each step.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, now: datetime, *, verbose: bool, quiet: bool) -> None:
    """Keep a daily digest of arXiv's listings that never loses a day.

    \b
    Examples:
      digest init my-archive             set up an archive
      digest run                         the nightly job
      digest regenerate 2021-10-20       write one digest again
    """
    console: Console = context.obj
    console.quiet = quiet and not verbose
    context.obj = Session(console, config_path, now, verbose=verbose)


category_option = click.option(
    "--category", "categories", multiple=True, metavar="NAME", help="Only this category; may be repeated."
)


dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


@cli.command()
@category_option
@dry_run_option
@click.pass_obj
def run(session: Session, categories: Sequence[str], *, dry_run: bool) -> int:
    """Do the nightly job: bring in the newest listing, and days that are missing.

    Every configured category is done, each on its own. The job may run as often as you like. A listing that is
    not out yet is waited for; one that is stored is left alone; nothing is asked of arXiv when nothing is
    missing (on days without a listing it looks once). Where the listing cannot be had, the feed stands in.

    \b
    Examples:
      digest run
      digest -q run                      in a crontab: speaks only when something is wrong
    """
    from digest import jobs

    chosen = session.chosen(categories)
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_run(archive, chosen))
    session.require_manners()
    track = session.console.track
    return session.work("run", lambda archive: jobs.run(archive, chosen, track)).exit_code


def _plan(session: Session, plan: Callable[[Archive], Sequence[str]]) -> int:
    with session.reading() as archive:
        for line in plan(archive):
            click.echo(line)
    return 0


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO", required=False)
@click.option("--all", "everything", is_flag=True, help="Every stored day.")
@click.option("--outdated", is_flag=True, help="Days whose digest was made by another template or settings.")
@category_option
@dry_run_option
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

    The paths that changed are printed. A file that is as it would be written is not touched.

    \b
    Examples:
      digest regenerate 2021-10-20
      digest regenerate 2021-10-01..2021-10-31
      digest regenerate --all
    """
    from digest import jobs

    if (dates is not None) + everything + outdated != 1:
        raise UsageError("expected one of DATE, FROM..TO, --all, --outdated")
    first, last = session.parse_dates(dates) if dates is not None else (None, None)
    selection = jobs.Selection(session.chosen(categories), first, last, only_outdated=outdated)
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_regenerate(archive, selection))
    command = f"regenerate {dates or ('--outdated' if outdated else '--all')}"
    report = session.work(command, lambda archive: jobs.regenerate(archive, selection, session.console.track))
    for path in report.written:
        click.echo(path)
    return report.exit_code


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO", required=False)
@click.option("--missing", is_flag=True, help="Every day that is missing or provisional, the newest first.")
@category_option
@dry_run_option
@click.pass_obj
def fetch(session: Session, dates: str | None, categories: Sequence[str], *, missing: bool, dry_run: bool) -> int:
    """Get past listings, which arXiv serves for 91 days.

    A day that is proven already is not asked for: interrupted and started again, it goes on where it was.
    --missing asks at most [arxiv] heal_requests times.

    \b
    Examples:
      digest fetch 2021-10-20
      digest fetch 2021-10-01..2021-10-31
      digest fetch --missing
    """
    from digest import jobs

    if (dates is not None) + missing != 1:
        raise UsageError("expected one of DATE, FROM..TO, --missing")
    chosen = session.chosen(categories)
    track = session.console.track
    if dates is None:
        if dry_run:
            return _plan(session, lambda archive: jobs.plan_missing(archive, chosen))
        session.require_manners()
        return session.work("fetch --missing", lambda archive: jobs.fetch_missing(archive, chosen, track)).exit_code
    first, last = session.parse_dates(dates)
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_fetch(archive, chosen, first, last))
    session.require_manners()
    return session.work(f"fetch {dates}", lambda archive: jobs.fetch(archive, chosen, first, last, track)).exit_code


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO")
@click.option("--note", default="", metavar="TEXT", help="Why; it is kept with the decision.")
@category_option
@click.pass_obj
def accept(session: Session, dates: str, note: str, categories: Sequence[str]) -> int:
    """Settle a day that is doubtful, empty or lost.

    Doubtful entries count as complete from then on, "No updates" as empty, a day that is not stored as lost. The
    decision is kept with the day records. A lost day that turns up after all (digest fetch, digest import) is
    stored as any other.

    \b
    Examples:
      digest accept 2021-10-20
      digest accept 2021-07-01..2021-08-31 --note "our server was down all summer"
    """
    from digest import jobs

    chosen = session.chosen(categories)
    first, last = session.parse_dates(dates)
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise UsageError("expected a note in UTF-8, found other bytes") from error
    job = f"accept {dates}"
    return session.work(job, lambda archive: jobs.accept(archive, chosen, first, last, note)).exit_code


@cli.command()
@click.pass_obj
def rebuild(session: Session) -> int:
    """Make the database again from the day records.

    Then every file is brought up to date from the database.

    \b
    Example:
      rm archive.db && digest rebuild
    """
    from digest import jobs

    return session.work("rebuild", lambda archive: jobs.rebuild(archive, session.console.track)).exit_code


@cli.command(name="import")
@click.argument("paths", nargs=-1, required=True, callback=_as_path)
@click.option("--date", "when", metavar="DATE", help="The date of pages that bear none.")
@click.option("--category", metavar="NAME", help="What the pages list, if they do not say so.")
@click.pass_obj
def import_(session: Session, paths: Sequence[Path], when: str | None, category: str | None) -> int:
    """Take in listing pages that you saved.

    Pages of /list/…/new and /catchup/… count, as they are or packed (.html, .html.gz). Several partial pages of
    one day are put together. A page without a date needs --date.

    \b
    Examples:
      digest import new.html
      digest import --date 2024-09-16 page1.html page2.html
    """
    from digest import jobs

    if category is not None:
        checked_category(category)
    day = session.parse_date(when) if when is not None else None
    track = session.console.track
    report = session.work(
        "import", lambda archive: jobs.import_pages(archive, paths, category=category, when=day, track=track)
    )
    return report.exit_code


@cli.command()
@click.argument("day", metavar="DATE")
@category_option
@click.pass_obj
def show(session: Session, day: str, categories: Sequence[str]) -> int:
    """Print the digest of a date.

    \b
    Examples:
      digest show latest
      digest show 2021-10-20 | less
    """
    config = session.config
    chosen = session.chosen(categories)
    code = 0
    for category in chosen:
        when = session.parse_date(day, [category])
        path = config.output / config.digest_path(category, when)
        data: bytes | None
        try:
            data = path.read_bytes()
        except OSError:
            data = _render_stored(session, category, when)
        if data is None:
            code = MissingError.exit_code
        else:
            sys.stdout.buffer.write(data)
    sys.stdout.flush()
    return code


def _render_stored(session: Session, category: str, when: date) -> bytes | None:
    """Render a day whose file is not there; say why, if it is not stored either."""
    with session.reading() as archive:
        stored = archive.store.day(category, when)
        if stored is not None:
            return archive.template.render(stored)
        error = archive.why_not_stored(category, when)
    if isinstance(error, UsageError):
        raise error
    session.console.say(f"error: {category} {when}: {error}")
    return None


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@category_option
@click.pass_obj
def status(session: Session, categories: Sequence[str], *, as_json: bool) -> int:
    """Say what is stored and what is missing.

    Every listing date counts, from the first one stored (or [store] start) to the newest expected. A missing one
    can be fetched for 91 days; after that it is lost. The exit code is 4 when one is overdue that nobody accepted
    as lost. The last runs are shown, too.

    \b
    Examples:
      digest status
      digest status --json
    """
    from digest import jobs, report

    chosen = session.chosen(categories)
    with session.reading() as archive:
        state = report.ArchiveStatus(
            jobs.status(archive, chosen), archive.store.runs(limit=10), archive.calendar, session.now
        )
    found = state.categories
    click.echo(report.status_json(state) if as_json else report.status_table(state))
    is_open = any(item.overdue or item.stuck for item in found)
    return gravest([session.damage, MissingError.exit_code if is_open else 0])


@cli.command()
@click.argument("folder", metavar="DIR", callback=_as_path)
@click.pass_obj
def init(session: Session, folder: Path) -> int:
    """Set up an archive in DIR.

    It gets a configuration, a README and a .gitignore. What is there already is left alone.

    \b
    Example:
      digest init my-archive && cd my-archive && digest run
    """
    from digest.setup import set_up

    for path in set_up(folder):
        click.echo(path)
    session.console.say(
        f"next: cd {shlex.quote(str(folder))}, put your address into config.toml ([arxiv] contact), `digest run`"
    )
    return 0


@cli.command()
@click.pass_obj
def doctor(session: Session) -> int:
    """Check this installation and its archive.

    The configuration in effect is shown, too. Nothing is asked of arXiv.

    \b
    Example:
      digest doctor
    """
    from digest.doctor import examine

    findings, code = examine(session.config, session.now)
    for line in findings:
        click.echo(line)
    return code


@cli.command(name="demo")
@click.argument("folder", metavar="[DIR]", default="digest-demo", callback=_as_path)
@click.pass_obj
def demo_(session: Session, folder: Path) -> int:
    """Show the whole pipeline offline, in DIR.

    DIR is digest-demo unless you say otherwise; its papers are invented. A stand-in for arXiv serves a week of
    listings on this machine; the nightly job runs for each day.

    \b
    Example:
      digest demo
    """
    from digest import demo, jobs

    config_path = demo.prepare(folder)
    nights = demo.nights(session.now)
    for night, environment in demo.serve(nights):
        nightly = Session(session.console, config_path, night.now, environment=environment)
        report = nightly.work("run", lambda archive: jobs.run(archive, demo.CATEGORIES))
        if report.exit_code:
            return report.exit_code
    for line in demo.tell(folder, nights, _program()):
        click.echo(line)
    return 0


@cli.command()
@click.argument("dates", metavar="[DATE|FROM..TO]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every stored day, and every other that a kept page proves.")
@click.option("--write", is_flag=True, help="Store what differs, a day at a time, and write its files.")
@category_option
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
    from digest import jobs

    if bool(dates) == everything:
        raise UsageError("expected either DATE or FROM..TO (one or more), or --all")
    session: Session = context.obj
    chosen = jobs.Chosen(session.chosen(categories), tuple(session.parse_dates(text) for text in dates))
    shown = None if context.find_root().params["verbose"] else jobs.SHOWN
    found: list[jobs.Replay] = []

    def job(archive: Archive) -> Report:
        found.append(jobs.replay(archive, chosen, session.console.track, write=write, shown=shown))
        return found[0].report

    if write:
        code = session.work(f"replay {' '.join(dates) or '--all'} --write", job).exit_code
    else:
        code = _preview(session, job)
    for line in (*found[0].lines, found[0].total):
        click.echo(line)
    return code


def _preview(session: Session, job: Callable[[Archive], Report]) -> int:
    """Do a job that changes nothing, and tell what failed."""
    with session.reading() as archive:
        report = job(archive)
    for failure in report.failures:
        session.console.fail(failure)
    return gravest([session.damage, report.exit_code])


@cli.command()
@click.option("--repair", is_flag=True, help="Restore what can be restored.")
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
    from digest import check

    config, track = session.config, session.console.track
    found = check.lost_database(config)
    if repair and found is None:
        aside = check.set_aside(config)
        if aside is not None:
            click.echo(f"put aside {aside}: the broken database; another is made from the day records")
        return session.work("verify --repair", lambda archive: check.repair(archive, click.echo, track)).exit_code
    found = found or check.broken_database(config)
    if found is None:
        with session.reading(check.may_be_read) as archive, session.undisturbed(archive):
            found = check.verify(archive, track)
    for line in found.lines:
        click.echo(line)
    return gravest([session.damage, found.exit_code])


@cli.command()
@click.argument("file", metavar="FILE", callback=_as_path)
@click.pass_obj
def backup(session: Session, file: Path) -> int:
    """Make a verified copy of the database.

    FILE is new, or an earlier backup. Other commands may be at work meanwhile. Put in the place of archive.db, the
    copy is the archive's database again.

    \b
    Example:
      digest backup ~/archive-backup.db
    """
    from digest import check

    made = check.back_up(session.config, file)
    click.echo(made.line)
    return 0
