"""The command group, its help, and what its commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import click

from digest import __version__
from digest.cli.console import Console, give_up_output
from digest.errors import DigestError, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.cli.session import Session
    from digest.config.settings import Config

COMMANDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Read the archive": {
        "show": ("show", "Show the papers of a date."),
        "search": ("search", "Search titles, authors, abstracts and comments."),
        "view": ("show", "Show what a view finds on a date."),
        "recommend": ("marks", "Show what matters to you first, by your marks."),
        "similar": ("marks", "Show the stored papers that are most like one."),
        "mark": ("marks", "Mark papers that you want to see more like."),
        "paper": ("reading", "Show a paper's history over the stored days."),
        "export": ("reading", "Convert stored days for other programs."),
        "site": ("site", "Make a static site of the archive, to read in the browser."),
        "mcp": ("mcp", "Let programs read the archive, over MCP."),
    },
    "Set it up and run it": {
        "init": ("setting_up", "Set up an archive in DIR."),
        "run": ("running", "Bring in the newest listing and missing days."),
        "status": ("running", "Show what is stored and what is missing."),
        "annotate": ("annotate", "Ask programs of your own about papers."),
        "fetch": ("running", "Get past listings, which arXiv serves for 91 days."),
        "backfill": ("backfill", "Bring back days that nobody captured."),
        "import": ("running", "Take in pages and digests that you saved."),
        "demo": ("setting_up", "Show the whole pipeline offline, in DIR."),
        "completion": ("completion", "Complete commands in your shell."),
    },
    "Check and repair it": {
        "verify": ("repairing", "Prove that the archive is whole, offline."),
        "accept": ("repairing", "Accept a day as it is, where arXiv proves no more."),
        "regenerate": ("repairing", "Write digests again from the store, offline."),
        "replay": ("repairing", "Parse the kept pages again, offline."),
        "rebuild": ("repairing", "Make the database again from the day records."),
        "backup": ("repairing", "Make a verified copy of the database."),
        "doctor": ("setting_up", "Check this installation and its archive."),
    },
}
"""The commands as the help lists them, by what a reader is looking for: each with its module and its help's first line.

A module is loaded for the command that is called, and none for the help: making all commands costs half of a start.
"""

_MODULES = {name: module for commands in COMMANDS.values() for name, (module, _) in commands.items()}

_LOG_JSON = "--log-json"
_JSON = "--json"


class _Group(click.Group):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Look for --log-json and --json first: what is wrong with the rest of the line is said as they want it."""
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

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in their groups, in one column."""
        longest = max(map(len, _MODULES))
        for title, commands in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(longest), words) for name, (_, words) in commands.items()])

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command; its module adds it to this group."""
        if name in _MODULES:
            import_module(f"digest.cli.{_MODULES[name]}")
        return super().get_command(context, name)


def as_path(_context: click.Context, _option: click.Parameter, value: str | Sequence[str] | None) -> object:
    """Turn an argument into a path, or several into several."""
    from pathlib import Path

    if value is None:
        return None
    if "" in (value if not isinstance(value, str) else [value]):
        raise click.BadParameter("expected a path, found nothing")
    return Path(value) if isinstance(value, str) else tuple(map(Path, value))


def _as_moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"expected a time such as 2021-10-20T02:00:00Z, found {quoted(value)}") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"expected a zone, such as {value}Z")
    from digest.terms import YEARS  # with zones and tables: most commands are given no time

    if moment.year not in YEARS:
        raise click.BadParameter(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {moment.year}")
    return moment


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
@click.option(
    "--config", "config_path", type=click.Path(), callback=as_path, metavar="FILE", help="The configuration file."
)
@click.option("--now", callback=_as_moment, metavar="ISO-8601", help="The time to decide by, with a zone.")
@click.option("-v", "--verbose", is_flag=True, help="Show each step.")
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
    DATE is YYYY-MM-DD, today or yesterday (in New York), or latest, the newest that is stored.
    A range is FROM..TO; FROM.. ends today, ..TO begins where the archive does.
    With --json a command prints its result as one JSON document, with the exit code and the failures.
    """
    from digest.cli.session import Session  # help needs none

    console: Console = context.obj
    console.quiet = quiet and not verbose
    context.obj = Session(console, config_path, now, verbose=verbose)


def command(
    name: str | None = None, cls: type[click.Command] = click.Command
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function one of the commands: it is given the session first, returns the exit code, and has --json."""

    def add(function: Callable[..., int]) -> click.Command:
        added = cli.command(name, cls=cls)(click.pass_obj(function))
        words = "Print the result as one JSON document, also on failure."
        # Appended, so that it is the last of the command's own options in the help.
        added.params.append(click.Option([_JSON], is_flag=True, expose_value=False, help=words))
        return added

    return add


def _names(context: click.Context, of: Callable[[Config], Iterable[str]], incomplete: str) -> list[str]:
    """Return what completes a name of the configuration; nothing where that cannot be read."""
    from digest.cli.session import Session

    console = Console()
    console.quiet = True  # where it would speak, a prompt stands
    session = Session(console, context.find_root().params.get("config_path"), datetime.now(UTC))
    try:
        return [name for name in of(session.config) if name.startswith(incomplete)]
    except DigestError:
        return []


def complete_categories(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the categories that are kept."""
    return _names(context, lambda config: config.arxiv.categories, incomplete)


def complete_views(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the views."""
    return _names(context, lambda config: [view.name for view in config.views], incomplete)


def complete_dates(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the words that name a date."""
    return [word for word in ("latest", "today", "yesterday") if word.startswith(incomplete)]


categories_option = click.option(
    *("--category", "categories"),
    multiple=True,
    callback=lambda context, _option, names: context.obj.chosen(names),
    shell_complete=complete_categories,
    metavar="NAME",
    help="Only this category; may be repeated.",
)


dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")


def plan(session: Session, job: Callable[[Archive], Sequence[object]], *, whole: bool = False) -> int:
    """Print what a job would do, a line each; ``whole``: it takes the entries of all days to tell."""
    with session.reading(whole=whole) as archive:
        lines = [str(step) for step in job(archive)]
    session.console.answer({"plan": lines}, lines)
    return 0
