"""The command that gives stored days to other programs: export."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digest.cli.console import write_out
from digest.cli.group import as_path, category_option, cli, json_option
from digest.cli.session import Session
from digest.errors import UsageError, gravest, how_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# They are spelled out here: what knows them costs more than the command line may.
_FORMS = ("json", "jsonl", "csv", "bibtex", "atom", "jsonfeed")
_SECTIONS = ("new", "cross", "replacement")


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO")
@click.option("--format", "form", type=click.Choice(_FORMS), required=True, help="What to write.")
@category_option
@click.option(
    "--section",
    "sections",
    multiple=True,
    type=click.Choice(_SECTIONS),
    help="Only this section; may be repeated. Default: those of the digests.",
)
@click.option("--output", callback=as_path, metavar="FILE", help="Where to write it, whole or not at all.")
@json_option
@click.pass_obj
def export(
    session: Session, dates: str, *, form: str, categories: Sequence[str], sections: Sequence[str], output: Path | None
) -> int:
    """Give stored days to other programs.

    json, jsonl and csv have a record for every paper in every listing, the oldest first. bibtex has each paper once,
    as it was announced first. atom and jsonfeed are feeds, the newest first, each paper once, without replacements
    unless --section asks for them. FROM or TO may be left out. Of a range with missing days the rest is written.
    --json tells how it went, and needs --output: without it, the export itself is what is printed.

    \b
    Examples:
      digest export latest --format bibtex
      digest export 2021-10-01..2021-10-31 --format csv --output october.csv
      digest export .. --format jsonl | gzip > archive.jsonl.gz
    """
    from digest.archive.report import untracked
    from digest.jobs import export as job
    from digest.jobs.regenerate import Selection
    from digest.model import Section

    if session.console.answers_json and output is None:
        raise UsageError("--json tells how an export went: expected --output FILE for the export itself")
    named = session.chosen(categories)
    chosen = [category for category in session.config.arxiv.categories if category in named]
    selection = Selection(chosen, *session.parse_dates(dates, chosen))
    wanted = job.Wanted(selection, dates, form, [Section(name) for name in sections] or None)
    # On one terminal, a progress bar would run through the text.
    track = untracked if output is None and sys.stdout.isatty() else session.console.track
    with session.reading() as archive:
        if output is not None:
            job.require_foreign(archive, output, session.config_path)
        made = job.export(archive, wanted, track)
        if made.pieces is not None:
            if output is None:
                _print_out(made.pieces)
            else:
                job.write_export(made.pieces, output)
                session.console.say(f"wrote {output}: {how_many(made.days, 'day')} as {form}")
                session.console.answer({"output": str(output), "format": form, "days": made.days})
    for failure in made.report.failures:
        session.console.fail(failure)
    return gravest([session.damage, made.report.exit_code])


def _print_out(pieces: Iterable[str]) -> None:
    """Print in UTF-8 whatever the locale."""
    for piece in pieces:
        write_out(piece.encode())
    sys.stdout.flush()
