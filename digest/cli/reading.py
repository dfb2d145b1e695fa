"""Commands that read an archive beyond a day: paper, export."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from digest.cli.console import write_out
from digest.cli.dates import parse_dates
from digest.cli.group import as_path, categories_option, command, complete_dates, complete_views
from digest.cli.session import Session
from digest.cli.wanted import SECTIONS, named_view, of_view, pager_option
from digest.errors import UsageError, gravest, how_many

if TYPE_CHECKING:
    from pathlib import Path

    from digest.config.settings import View
    from digest.jobs.export import Wanted

# Spelled out here: what knows them costs more than the command line may.
_FORMATS = ("json", "jsonl", "csv", "bibtex", "ris", "atom", "jsonfeed")


@command()
@click.argument("reference", metavar="ID")
@pager_option
def paper(session: Session, reference: str, *, no_pager: bool) -> int:
    """Show a paper's history over the stored days.

    When it was announced, in which categories, and what changed from one announcement to the next. ID is an arXiv
    id, bare, as it is printed on the paper, in the address of the paper's page or PDF, or in its DOI. Only what the
    sources carry can be compared: a feed has no comments. A day that came from a catchup page has the texts of the day
    on which it was fetched.

    \b
    Examples:
      digest paper 2110.10101
      digest paper https://arxiv.org/pdf/2110.10101v2
      digest paper "arXiv:2110.10101v1 [cs.CV] 19 Oct 2021"
      digest paper 10.48550/arXiv.2110.10101
      digest paper 2110.10101 --json
    """
    from digest.cli.paper import history_in, history_paragraphs
    from digest.history import history_data
    from digest.model.reference import parse_paper_id

    arxiv_id, version = parse_paper_id(reference)
    if version is not None:
        whole = "here is the whole paper's history"
        session.console.say(f"note: listings do not tell versions (you named v{version}); {whole}")
    with session.reading() as archive:
        history = history_in(archive, arxiv_id)
        path_of = session.config.digest_path
    if session.console.answers_json:
        session.console.answer(history_data(history, path_of))
    else:
        from digest.cli.screen import Screen, show

        screen = Screen.here()
        show(history_paragraphs(history, path_of, screen), screen, pages=not no_pager)
    return gravest([session.damage])


@command()
@click.argument("dates", metavar="DATE|FROM..TO|FROM..|..TO", required=False, shell_complete=complete_dates)
@click.option("--format", "form", type=click.Choice(_FORMATS), required=True, help="What to write.")
@categories_option
@click.option(
    *("--section", "sections"),
    multiple=True,
    type=click.Choice(SECTIONS),
    help="Only this section; may be repeated. Default: those of the digests.",
)
@click.option(
    "--view",
    "view_name",
    metavar="NAME",
    shell_complete=complete_views,
    help="Only what this view shows, with its reasons.",
)
@click.option("--search", "typed", metavar="QUERY", help="Only what this search finds, in all sections; see `search`.")
@click.option("--bom", is_flag=True, help="With csv: the mark that Excel knows UTF-8 by.")
@click.option(
    "--output", type=click.Path(), callback=as_path, metavar="FILE", help="Where to write it, whole or not at all."
)
def export(
    session: Session,
    dates: str | None,
    *,
    form: str,
    categories: Sequence[str],
    sections: Sequence[str],
    view_name: str | None,
    typed: str | None,
    bom: bool,
    output: Path | None,
) -> int:
    """Convert stored days for other programs.

    json, jsonl and csv have a record for every paper in every listing, the oldest first. bibtex and ris have each
    paper once, as it was first announced. atom and jsonfeed are feeds, the newest first, with each paper once and
    without replacements unless --section asks for them. Days that are missing from a range are named, and the rest is
    written. With --search, all dates are meant if none are named. --json says how it went, and needs --output: without
    it, the export itself is printed.

    In a spreadsheet import the column id as text: as a number, 2110.10100 would lose its zeros.

    \b
    Examples:
      digest export latest --format bibtex
      digest export 2021-10-01..2021-10-31 --format csv --bom --output october.csv
      digest export 2021-10-01.. --view splatting --format ris --output splatting.ris
      digest export --search "author:garcia has:code" --format bibtex
      digest export .. --format jsonl | gzip > archive.jsonl.gz
    """
    from digest.archive.report import untracked
    from digest.jobs import export as job
    from digest.jobs.search import read_query

    if session.console.answers_json and output is None:
        raise UsageError("--json says how an export went: expected --output FILE for the export itself")
    if bom and form != "csv":
        raise UsageError(f"--bom is for spreadsheets: expected --format csv with it, found {form}")
    if dates is None and typed is None:
        raise UsageError("expected a date or FROM..TO; .. is all that is stored")
    view = None if view_name is None else named_view(session, view_name)
    query = None if typed is None else read_query(typed)
    wanted = _wanted(session, dates, form, view, categories=categories, sections=sections)
    wanted = replace(wanted, query=query, target=output, bom=bom)
    # On a terminal that shows both, a progress bar would run through the text.
    track = untracked if output is None and sys.stdout.isatty() else session.console.track
    with session.reading() as archive:
        if output is not None:
            job.require_foreign(archive, output, session.config_path)
        made = job.export(archive, wanted, track)
        if made.pieces is not None and output is None:
            _print(made.pieces)
        elif made.pieces is not None and output is not None:
            job.write_export(made.pieces, output)
            session.console.say(f"wrote {output}: {how_many(made.days, 'day')} as {form}")
            session.console.answer({"output": str(output), "format": form, "days": made.days})
    for failure in made.report.failures:
        session.console.fail(failure)
    return gravest([session.damage, made.report.exit_code])


def _wanted(
    session: Session,
    dates: str | None,
    form: str,
    view: View | None,
    *,
    categories: Sequence[str],
    sections: Sequence[str],
) -> Wanted:
    """Return which announcements are wanted; of a view, those of its own categories and sections."""
    from digest.jobs.export import Wanted
    from digest.jobs.selection import Selection
    from digest.terms import Section

    if view:
        categories = of_view(view, "category", view.categories, categories)
        sections = of_view(view, "section", view.sections, sections) if sections else ()
    # In the order of the configuration: an export must not depend on how the categories were named.
    chosen = [category for category in session.config.arxiv.categories if category in categories]
    spans = [parse_dates(session, ".." if dates is None else dates, chosen)]
    selection = Selection(chosen, spans, with_unfiled=True)
    return Wanted(selection, dates or "", form, [*map(Section, sections)] or None, view)


def _print(pieces: Iterable[str]) -> None:
    for piece in pieces:
        write_out(piece.encode())
    sys.stdout.flush()
