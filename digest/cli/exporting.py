"""The command that gives stored days to other programs: export."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, category_option, cli
from digest.console import write_out
from digest.errors import gravest
from digest.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

# They are spelled out here: what knows them costs more than the command line may.
_FORMS = ("json", "jsonl", "csv", "bibtex", "atom", "jsonfeed")
_SECTIONS = ("new", "cross", "replacement")


@cli.command()
@click.argument("dates", metavar="DATE|FROM..TO")
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
@click.pass_obj
def export(
    session: Session, dates: str, *, form: str, categories: Sequence[str], sections: Sequence[str], output: Path | None
) -> int:
    """Give stored days to other programs.

    json, jsonl and csv have a record for every paper in every listing, the oldest first. bibtex has each paper once,
    as it was announced first. atom and jsonfeed are feeds, the newest first, each paper once, without replacements
    unless --section asks for them. FROM or TO may be left out. Of a range with missing days the rest is written.

    \b
    Examples:
      digest export latest --format bibtex
      digest export 2021-10-01..2021-10-31 --format csv --output october.csv
      digest export .. --format jsonl | gzip > archive.jsonl.gz
    """
    from digest.jobs import exporting
    from digest.jobs.files import Selection
    from digest.jobs.steps import untracked
    from digest.model import Section

    named = session.chosen(categories)
    chosen = [category for category in session.config.arxiv.categories if category in named]
    selection = Selection(chosen, *_bounds(session, dates, chosen))
    wanted = exporting.Wanted(selection, dates, form, [Section(name) for name in sections] or None)
    # On one terminal, a progress bar would run through the text.
    track = untracked if output is None and sys.stdout.isatty() else session.console.track
    with session.reading() as archive:
        if output is not None:
            exporting.require_foreign(archive, output, session.config_path)
        made = exporting.export(archive, wanted, track)
        if made.pieces is not None:
            _print_out(made.pieces) if output is None else exporting.write_export(made.pieces, output)
    for failure in made.report.failures:
        session.console.fail(failure)
    return gravest([session.damage, made.report.exit_code])


def _bounds(session: Session, text: str, categories: Sequence[str]) -> tuple[date | None, date | None]:
    """Return the first and the last date of DATE or FROM..TO; None for an end that is left out."""
    first, dots, last = text.partition("..")
    if dots and first and last:
        return session.parse_dates(text)
    if dots:
        return _end(session, first, categories), _end(session, last, categories)
    day = session.parse_date(text, categories)
    return day, day


def _end(session: Session, text: str, categories: Sequence[str]) -> date | None:
    return session.parse_date(text, categories) if text else None


def _print_out(pieces: Iterable[str]) -> None:
    """Print in UTF-8 whatever the locale."""
    for piece in pieces:
        write_out(piece.encode())
    sys.stdout.flush()
