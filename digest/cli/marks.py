"""Commands of one's own marks: mark, recommend, similar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.console import print_line
from digest.cli.dates import parse_dates
from digest.cli.group import command, complete_dates, complete_views
from digest.cli.wanted import pager_option
from digest.errors import DigestError, MissingError, UsageError, gravest, how_many

if TYPE_CHECKING:
    from digest.archive.archive import Archive
    from digest.cli.session import Session
    from digest.config.settings import View
    from digest.jobs.marks import Alike
    from digest.jobs.selection import Selection

_view_option = click.option(
    "--view",
    "view_name",
    metavar="NAME",
    shell_complete=complete_views,
    help="The view whose marks they are. Default: the first with rank, else marks.txt beside config.toml.",
)
_MOST = 1000


@command()
@click.argument("references", metavar="ID...", nargs=-1, required=True)
@click.option("--not", "is_not", is_flag=True, help="You do not want to see more like it.")
@click.option("--clear", is_flag=True, help="Take the mark away.")
@_view_option
def mark(session: Session, references: Sequence[str], *, is_not: bool, clear: bool, view_name: str | None) -> int:
    """Mark papers that you want to see more like.

    Marks are lines of a text file, which the site reads and writes, too: + and an id, or - for what you do not want.
    From five marks on, `digest recommend` and views with rank put first what is like them. An ID may have any spelling
    that `digest paper` takes.

    \b
    Examples:
      digest mark 2110.10101
      digest mark https://arxiv.org/abs/2110.10101 2110.10102
      digest mark 2110.10103 --not
      digest mark 2110.10101 --clear
    """
    from digest.jobs import marks as job
    from digest.model.reference import parse_paper_id

    if is_not and clear:
        raise UsageError("expected --not or --clear, found both")
    sign = "" if clear else "-" if is_not else "+"
    signs = {parse_paper_id(one)[0].without_class: sign for one in references}
    view = _ranked(session, view_name, None)
    path = job.file_of_marks(session.config, view)
    titles: dict[str, str] = {}
    if sign:
        with session.reading(whole=False) as archive:
            titles = job.titles_of(archive, signs)
    is_changed = job.mark(path, signs, titles)
    unknown = [one for one in signs if sign and one not in titles]
    for one in unknown:
        session.console.say(f"note: {one} is not stored here; it counts once it is")
    words = how_many(len(signs), "paper")
    session.console.say(f"{path}: {words} marked {sign or 'no more'}" if is_changed else f"{path}: nothing to change")
    session.console.answer({"file": str(path), "marks": signs, "changed": is_changed, "not_stored": unknown})
    return gravest([session.damage])


def _ranked(session: Session, name: str | None, marks: str | None) -> View:
    from digest.cli.wanted import named_view
    from digest.jobs.marks import ranked_view

    return ranked_view(session.config, None if name is None else named_view(session, name), marks)


@command()
@click.argument("dates", metavar="[DATE|FROM..TO]", default="latest", required=False, shell_complete=complete_dates)
@_view_option
@click.option("--marks", metavar="PATH", help="Other marks: a text of them, a .bib, a RIS file, a folder of these.")
@click.option("--top", type=click.IntRange(1, _MOST), help="How many papers at most. Default: that of the view, or 20.")
@click.option("--titles", is_flag=True, help="Only the titles.")
@pager_option
def recommend(
    session: Session,
    dates: str,
    *,
    view_name: str | None,
    marks: str | None,
    top: int | None,
    titles: bool,
    no_pager: bool,
) -> int:
    """Show what matters to you first, by your marks.

    The papers of a date, or of several, in the order of a model that learned from what you marked; each with the words
    that spoke for it and the marked papers that it is like. What is marked already is left out. Nothing is written, and
    nothing leaves this machine. It needs scikit-learn: the extra "rank".

    \b
    Examples:
      digest recommend
      digest recommend 2021-10-18..2021-10-20 --top 10
      digest recommend latest --marks library.bib
    """
    from dataclasses import replace
    from pathlib import Path

    from digest.cli.show import print_hits_of
    from digest.cli.wanted import Wanted
    from digest.jobs import marks as job
    from digest.jobs.selection import Selection

    view = _ranked(session, view_name, marks and str(Path(marks).absolute()))
    view = replace(view, top=top or view.top)
    selection = Selection(view.categories, [parse_dates(session, dates, view.categories)], with_unfiled=True)
    failures: list[DigestError] = []
    with session.reading() as archive:
        failures += _missing(archive, selection)
        days = selection.stored(archive)
        found = job.recommend(archive, view, days) if days else None
    first = min((day.date for day in days), default=None)
    if found is not None:
        newest = [day for day in found.days if day.date == found.days[0].date]
        if len(newest) < len(found.days):
            view = replace(view, name=f"{view.name} since {first}")
        chosen = Wanted((), with_code=False, titles=titles)
        print_hits_of(session, view, newest, chosen, found.hits, pages=not no_pager)
        if found.hits.ranking.is_cold:
            session.console.say("too few marks to rank by; `digest mark ID` marks a paper")
    for failure in failures:
        session.console.fail(failure)
    return gravest([session.damage, *(failure.exit_code for failure in failures)])


def _missing(archive: Archive, selection: Selection) -> list[DigestError]:
    from digest.archive.report import Report
    from digest.jobs.selection import note_missing

    report = Report()
    note_missing(archive, selection, report)
    return report.failures


@command()
@click.argument("reference", metavar="ID")
@click.option("--limit", type=click.IntRange(1, _MOST), default=10, show_default=True, help="How many papers at most.")
def similar(session: Session, reference: str, *, limit: int) -> int:
    """Show the stored papers that are most like one.

    Titles and abstracts are compared, and the words that two papers share are named. It needs scikit-learn: the extra
    "rank".

    \b
    Examples:
      digest similar 2110.10101
      digest similar 2110.10101 --limit 30 --json
    """
    from digest.jobs import marks as job
    from digest.model.reference import parse_paper_id

    arxiv_id, _ = parse_paper_id(reference)
    with session.reading() as archive:
        paper = archive.papers([arxiv_id.without_class]).get(arxiv_id.without_class)
        if paper is None:
            raise MissingError(f"{arxiv_id}: not stored with an abstract; `digest paper {arxiv_id}` says why")
        found = job.similar(archive, paper, limit)
    if session.console.answers_json:
        session.console.answer_rows([_data(one) for one in found])
        return gravest([session.damage])
    for number, one in enumerate(found, 1):
        _print(number, one)
    if not found:
        session.console.say("no stored paper is like it")
    return gravest([session.damage])


def _print(number: int, one: Alike) -> None:
    paper = one.found
    print_line(f"{number}. {paper.date}  {' '.join(paper.title.split())}")
    print_line(f"   {paper.arxiv_id}  {paper.category}  score {one.score:.2f}  words {', '.join(one.words)}")


def _data(one: Alike) -> dict[str, object]:
    paper = one.found
    return {
        "id": paper.arxiv_id,
        "date": str(paper.date),
        "category": paper.category,
        "title": paper.title,
        "authors": list(paper.authors),
        "score": one.score,
        "words": list(one.words),
    }
