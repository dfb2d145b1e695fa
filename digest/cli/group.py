"""The command group, and what its commands share."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from digest import __version__
from digest.cli.console import Console
from digest.cli.session import Session
from digest.errors import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from digest.archive.archive import Archive


def as_path(_context: click.Context, _option: click.Parameter, value: str | Sequence[str] | None) -> object:
    """Turn an argument into a path, or several into several."""
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
        raise click.BadParameter(f"expected a time such as 2021-10-20T02:00:00Z, found {quoted(value)}") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"expected a zone, such as {value}Z")
    from digest.calendar import YEARS

    if moment.year not in YEARS:
        raise click.BadParameter(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {moment.year}")
    return moment


def program_name() -> str:
    """Return how this program was called, so that a line that names it can be pasted."""
    name = sys.argv[0]
    return f"{sys.executable} -m digest" if name.endswith("__main__.py") else shlex.quote(name)


_LOG_JSON = "--log-json"
_JSON = "--json"


class _Commands(click.Group):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take --log-json and --json to heart before anything in the line can be refused."""
        context.obj.is_json = _LOG_JSON in args
        context.obj.answers_json = _JSON in args
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> object:
        """Run a command; that its reader has seen enough is no failure (click would exit with 1)."""
        console: Console = context.obj
        try:
            return super().invoke(context)
        except BrokenPipeError:
            give_up_output()
            return 0
        except KeyboardInterrupt as error:
            if console.is_json:  # click would print an empty line
                raise click.Abort from error
            raise


def give_up_output() -> None:
    """Send what is left of the output nowhere: the interpreter must not try to flush it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
@click.option("--config", "config_path", callback=as_path, metavar="FILE", help="The configuration file.")
@click.option("--now", callback=_parse_now, metavar="ISO-8601", help="The time to decide by; needs a zone.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each step.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.option(_LOG_JSON, is_flag=True, expose_value=False, help="Log as JSON, one object a line.")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, now: datetime, *, verbose: bool, quiet: bool) -> None:
    """Keep a daily digest of arXiv's listings that never loses a day.

    \b
    Examples:
      digest init my-archive             set up an archive
      digest run                         the nightly job
      digest regenerate 2021-10-20       write one digest again

    \b
    DATE is YYYY-MM-DD, today, yesterday (New York's) or latest, the newest stored. A range is FROM..TO;
    FROM.. goes up to now, ..TO begins where the archive does. With --json a command prints its result as
    one JSON document, which has the exit code and the failures, too.
    """
    console: Console = context.obj
    console.quiet = quiet and not verbose
    context.obj = Session(console, config_path, now, verbose=verbose)


category_option = click.option(
    "--category", "categories", multiple=True, metavar="NAME", help="Only this category; may be repeated."
)


dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


json_option = click.option(
    _JSON, is_flag=True, expose_value=False, help="Print one JSON document, with the exit code; also when it fails."
)


def plan(session: Session, job: Callable[[Archive], Sequence[object]]) -> int:
    """Print what a job would do, a line each."""
    with session.reading() as archive:
        lines = [str(step) for step in job(archive)]
    session.console.answer({"plan": lines}, lines)
    return 0
