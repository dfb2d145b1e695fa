"""The command line: arguments → one job → message and exit code.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from digest import __version__
from digest.console import Console
from digest.errors import ConfigError, DigestError, LockHeldError, MissingError, UsageError

if TYPE_CHECKING:
    from digest.archive import Archive, Report
    from digest.config import Config
    from digest.model import DaySummary

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTERRUPTED = 130


@dataclass
class Session:
    """What the options before the command say."""

    console: Console
    config_path: Path | None
    now: datetime
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    verbose: bool = False
    requests: int = 0
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def config(self) -> "Config":
        """Load the configuration.

        Raises:
            ConfigError: there is none, or it is wrong.
        """
        from digest.config import load

        path = self.config_path or _find_config()
        config = load(path, self.environment)
        for key in config.unused:
            self.console.say(f"warning: {path}: {key} has no effect in this version")
        return config


def _find_config() -> Path:
    named = os.environ.get("DIGEST_CONFIG")
    if named:
        return Path(named)
    places = (Path("config.toml"), Path(click.get_app_dir("digest"), "config.toml"))
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        f"no configuration file (looked for {' and '.join(map(str, places))}); "
        "name one with --config FILE, or set up an archive with `digest init DIR`"
    )


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code."""
    console = Console()
    code = _run(console, arguments)
    console.end(code)
    sys.exit(code)


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, standalone_mode=False, obj=console, prog_name="digest")
    except click.ClickException as error:
        console.say(f"error: {error.format_message()} (try --help)")
        return error.exit_code
    except DigestError as error:
        console.fail(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        console.say("interrupted; run the command again to go on")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _parse_now(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"expected a time such as 2021-10-20T02:00:00Z, found {value!r}") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"expected a zone, such as {value}Z")
    if not 1991 <= moment.year <= 2990:
        raise click.BadParameter(f"arXiv began in 1991, found the year {moment.year}")
    return moment


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--now", callback=_parse_now, metavar="ISO-8601", help="The time to decide by; needs a zone.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each step.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, now: datetime, *, verbose: bool, quiet: bool) -> None:
    r"""Keep a daily digest of arXiv's listings that never loses a day.

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


def _chosen(config: "Config", names: Sequence[str]) -> Sequence[str]:
    for name in names:
        _checked_category(name)
        if name not in config.arxiv.categories:
            known = ", ".join(config.arxiv.categories)
            raise UsageError(f"category {name} is not kept here ({known}); add it to [arxiv] categories")
    return names or config.arxiv.categories


def _checked_category(name: str) -> None:
    from digest.config import check_category

    try:
        check_category(name)
    except ValueError as error:
        raise UsageError(str(error)) from error


dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


@contextmanager
def _archive(session: Session, config: "Config") -> Iterator["Archive"]:
    """Open the archive's edges: the store, the templates, a client of arXiv."""
    from digest.archive import Archive, IndexTemplates
    from digest.fetch import Client, new_session
    from digest.logs import log_to
    from digest.render import DigestTemplate
    from digest.resources import built_in_template, read_template
    from digest.store import Store

    log_to(session.console, verbose=session.verbose)
    source = read_template(config.digest.template, config.folder)
    template = DigestTemplate(source, config.digest.template, config.sections)
    store = Store(config.store_url, config.database)
    with new_session(config.arxiv.contact) as http:
        client = Client(http, store, time, config.arxiv.pages_delay, config.arxiv.timeout)
        indexes = IndexTemplates(built_in_template("index"), built_in_template("year"))
        try:
            yield Archive(config, store, template, indexes, client, session.now)
        finally:
            session.requests = client.requests_made
            store.close()


def _work(session: Session, command: str, job: Callable[["Archive"], "Report"]) -> int:
    """Do a job that changes the archive, under its lock, and tell how it went."""
    from digest.publish import hold_lock

    config = session.config()
    with hold_lock(config.lock), _archive(session, config) as archive:
        number = archive.store.begin_run(command, session.now)
        code = 1
        try:
            report = job(archive)
            code = report.exit_code
        except DigestError as error:
            code = error.exit_code
            raise
        finally:
            finished, requests = _finished_at(session), archive.client.requests_made
            archive.store.finish_run(number, finished, exit_code=code, requests=requests)
    _tell(session, report)
    return code


def _finished_at(session: Session) -> datetime:
    """The time of ``--now`` goes on while a job works."""
    return session.now + (datetime.now(UTC) - session.started)


def _tell(session: Session, report: "Report") -> None:
    for day in report.changed:
        session.console.say(_summary_line(day))
    for failure in report.failures:
        session.console.fail(failure)
    session.console.say(
        f"ok={report.succeeded} failed={len(report.failures)} requests={session.requests} exit={report.exit_code}"
    )


def _summary_line(day: "DaySummary") -> str:
    from digest.model import Section

    counts = " ".join(f"{name}={day.counts[name]}/{day.declared.get(name, 0)}" for name in Section)
    return f"date={day.date} category={day.category} state={day.state} {counts} source={day.source}"


def _parse_dates(text: str, session: Session) -> tuple[date, date]:
    """Return the first and the last date of DATE or FROM..TO."""
    first, dots, last = text.partition("..")
    start = _parse_date(first, session)
    end = _parse_date(last, session) if dots else start
    if end < start:
        raise UsageError(f"expected FROM..TO in this order, found {text}")
    return start, end


def _parse_date(text: str, session: Session) -> date:
    if text in ("today", "yesterday"):
        from digest.calendar import today

        current = today(session.now)
        return current if text == "today" else date.fromordinal(current.toordinal() - 1)
    if text == "latest":
        return _latest(session)
    try:
        # fromisoformat alone takes other forms too, such as 20211020 and 2021-W42-3.
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise UsageError(f"expected a date such as 2021-10-20, today, yesterday or latest, found {text!r}") from error


def _latest(session: Session) -> date:
    config = session.config()
    with _reading(session, config) as archive:
        dates = [day.date for day in archive.store.summaries() if day.category in config.arxiv.categories]
    if not dates:
        raise MissingError("nothing is stored yet; `digest run` fetches the newest listing")
    return max(dates)


@contextmanager
def _reading(session: Session, config: "Config") -> Iterator["Archive"]:
    """Open an archive to read it: nothing is made, unless there are records to make a lost database from."""
    from digest import jobs
    from digest.publish import hold_lock

    if config.database is not None and not config.database.exists() and not config.records:
        raise MissingError(f"{config.database}: nothing is stored yet; `digest run` fetches the newest listing")
    with _archive(session, config) as archive:
        if archive.unloaded_records():
            try:
                with hold_lock(config.lock):
                    jobs.load_records(archive)
            except LockHeldError:
                session.console.say("warning: another run is at work; what it does is not shown yet")
        yield archive


@cli.command()
@category_option
@dry_run_option
@click.pass_obj
def run(session: Session, categories: Sequence[str], *, dry_run: bool) -> int:
    r"""Bring in the newest listing of every category: the nightly job.

    It may run as often as you like. A listing that is not out yet is waited for; one that is stored is
    left alone; nothing is asked of arXiv when nothing is missing.

    \b
    Examples:
      digest run
      digest -q run                      in a crontab: speaks only when something is wrong
    """
    from digest import jobs

    chosen = _chosen(session.config(), categories)
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_run(archive, chosen))
    return _work(session, "run", lambda archive: jobs.run(archive, chosen))


def _plan(session: Session, plan: Callable[["Archive"], Sequence[str]]) -> int:
    with _reading(session, session.config()) as archive:
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
    r"""Write digests again from the store, offline; print the paths that changed.

    \b
    Examples:
      digest regenerate 2021-10-20
      digest regenerate 2021-10-01..2021-10-31
      digest regenerate --all
    """
    from digest import jobs

    if (dates is not None) + everything + outdated != 1:
        raise UsageError("expected one of DATE, FROM..TO, --all, --outdated")
    first, last = _parse_dates(dates, session) if dates else (None, None)
    selection = jobs.Selection(_chosen(session.config(), categories), first, last, only_outdated=outdated)
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_regenerate(archive, selection))
    written: list[str] = []

    def job(archive: "Archive") -> "Report":
        report = jobs.regenerate(archive, selection, session.console.track)
        written.extend(report.written)
        return report

    code = _work(session, f"regenerate {dates or ('--outdated' if outdated else '--all')}", job)
    for path in written:
        click.echo(path)
    return code


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO")
@category_option
@dry_run_option
@click.pass_obj
def fetch(session: Session, dates: str, categories: Sequence[str], *, dry_run: bool) -> int:
    r"""Get past listings from arXiv, which serves the last 91 days.

    \b
    Examples:
      digest fetch 2021-10-20
      digest fetch 2021-10-01..2021-10-31
    """
    from digest import jobs
    from digest.calendar import Calendar

    config = session.config()
    chosen = _chosen(config, categories)
    first, last = _parse_dates(dates, session)
    calendar = Calendar.with_extra(config.calendar.dates)
    days = list(calendar.listing_dates(first, last)) if first != last else [first]
    if dry_run:
        return _plan(session, lambda archive: jobs.plan_fetch(archive, chosen, days))
    return _work(session, f"fetch {dates}", lambda archive: jobs.fetch(archive, chosen, days, session.console.track))


@cli.command()
@click.pass_obj
def rebuild(session: Session) -> int:
    r"""Make the database again from the day records, and every file from the database.

    \b
    Example:
      rm archive.db && digest rebuild
    """
    from digest import jobs

    return _work(session, "rebuild", lambda archive: jobs.rebuild(archive, session.console.track))


@cli.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--date", "when", metavar="DATE", help="The date of pages that bear none.")
@click.option("--category", metavar="NAME", help="What the pages list, if they do not say so.")
@click.pass_obj
def import_(session: Session, paths: Sequence[Path], when: str | None, category: str | None) -> int:
    r"""Take in listing and catchup pages that you saved (.html, .html.gz).

    Several partial pages of one day are put together. A page without a date needs --date.

    \b
    Examples:
      digest import new.html
      digest import --date 2024-09-16 page1.html page2.html
    """
    from digest import jobs

    if category is not None:
        _checked_category(category)
    day = _parse_date(when, session) if when else None
    return _work(
        session,
        "import",
        lambda archive: jobs.import_pages(archive, paths, category=category, when=day, track=session.console.track),
    )


@cli.command()
@click.argument("day", metavar="DATE")
@category_option
@click.pass_obj
def show(session: Session, day: str, categories: Sequence[str]) -> int:
    r"""Print the digest of a date.

    \b
    Examples:
      digest show latest
      digest show 2021-10-20 | less
    """
    config = session.config()
    chosen = _chosen(config, categories)
    when = _parse_date(day, session)
    code = 0
    for category in chosen:
        path = config.output / config.digest_path(category, when)
        try:
            data = path.read_bytes()
        except OSError:
            # Not on the way of the file that is there: the store costs ten times the start of Python.
            data, code = _render_one(session, config, category, when, code)
        sys.stdout.buffer.write(data)
    sys.stdout.flush()
    return code


def _render_one(session: Session, config: "Config", category: str, when: date, code: int) -> tuple[bytes, int]:
    from digest.calendar import Calendar
    from digest.decide import not_stored

    with _reading(session, config) as archive:
        stored = archive.store.day(category, when)
        if stored is not None:
            return archive.template.render(stored), code
    error = not_stored(when, Calendar.with_extra(config.calendar.dates), session.now)
    if error.exit_code == UsageError.exit_code:
        raise error
    session.console.say(f"error: {category} {when}: {error}")
    return b"", error.exit_code


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@category_option
@click.pass_obj
def status(session: Session, categories: Sequence[str], *, as_json: bool) -> int:
    r"""Say which listing dates are stored and which are missing, and how the last runs went.

    \b
    Examples:
      digest status
      digest status --json
    """
    from digest import jobs, report

    config = session.config()
    chosen = _chosen(config, categories)
    with _reading(session, config) as archive:
        found = jobs.status(archive, chosen)
        runs = archive.store.runs(limit=10)
    click.echo(report.status_json(found, runs) if as_json else report.status_table(found, runs))
    return MissingError.exit_code if any(item.overdue for item in found) else 0


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def init(session: Session, folder: Path) -> int:
    r"""Set up an archive in DIR: a configuration and a README. What is there already is left alone.

    \b
    Example:
      digest init my-archive && cd my-archive && digest run
    """
    from digest.setup import set_up

    for path in set_up(folder):
        click.echo(path)
    session.console.say(f"next: cd {folder}, put your address into config.toml ([arxiv] contact), `digest run`")
    return 0


@cli.command()
@click.pass_obj
def doctor(session: Session) -> int:
    r"""Check this installation and its archive, and show the configuration in effect.

    \b
    Example:
      digest doctor
    """
    from digest.doctor import examine

    findings, code = examine(session.config(), session.now)
    for line in findings:
        click.echo(line)
    return code


@cli.command(name="demo")
@click.argument("folder", metavar="[DIR]", default="digest-demo", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def demo_(session: Session, folder: Path) -> int:
    r"""Show the whole pipeline offline, on announcements that are invented, in DIR (digest-demo).

    A stand-in for arXiv serves a week of listings on this machine; the nightly job runs for each day.

    \b
    Example:
      digest demo
    """
    from digest import demo, jobs

    config_path = demo.prepare(folder)
    nights = demo.nights(session.now)
    for night, environment in demo.serve(nights):
        nightly = Session(session.console, config_path, night.now, environment)
        code = _work(nightly, "run", lambda archive: jobs.run(archive, demo.CATEGORIES))
        if code:
            return code
    for line in demo.tell(folder, nights):
        click.echo(line)
    return 0
