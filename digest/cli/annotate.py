"""The command that asks programs of the user's own about papers that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.dates import parse_dates
from digest.cli.group import categories_option, command, complete_dates, dry_run_option, plan
from digest.cli.session import Session
from digest.errors import UsageError, quoted

if TYPE_CHECKING:
    from digest.archive.archive import Archive
    from digest.archive.report import Report


@command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", shell_complete=complete_dates)
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only this program. May be repeated.")
@click.option("--again", is_flag=True, help="Also about papers of which it said something already.")
@categories_option
@dry_run_option
def annotate(
    session: Session, dates: str, names: Sequence[str], categories: Sequence[str], *, again: bool, dry_run: bool
) -> int:
    """Ask programs of your own about papers.

    Each [[annotate]] of config.toml is asked about the papers of these dates of which it said nothing yet in its
    current version, however many they are; `digest run` does so by itself for the newest dates. Every answer is stored
    at once, so that you may interrupt it and run it again. docs/ANNOTATIONS.md tells what a program is given.
    The exit code is 7 if one gave no answer.

    \b
    Examples:
      digest annotate latest
      digest annotate 2021-10-18..2021-10-20 --name summary
      digest annotate latest --again
    """
    from digest.cli.runner import work
    from digest.jobs import annotate as job
    from digest.jobs.selection import Selection

    known = [one.name for one in session.config.annotators]
    if not known:
        raise UsageError("no program to ask: config.toml has no [[annotate]]; docs/ANNOTATIONS.md shows one")
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"--name: no [[annotate]] {quoted(unknown[0])}; known: {', '.join(known)}")
    wanted = job.Wanted(Selection(categories, [parse_dates(session, dates, categories)]), names or known, again)
    if dry_run:
        return plan(session, lambda archive: job.plan(archive, wanted))

    def annotate_job(archive: Archive) -> Report:
        edges = job.Edges(lambda: session.later, session.environment)
        return job.annotate(archive, wanted, edges, session.console.track)

    return work(session, f"annotate {dates}", annotate_job).exit_code
