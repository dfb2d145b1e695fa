"""The command that searches an archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from digest.cli.group import command
from digest.cli.wanted import pager_option
from digest.errors import UsageError, gravest, how_many

if TYPE_CHECKING:
    from digest.cli.session import Session
    from digest.model import Found

_DEFAULT, _MOST = 20, 1_000_000
_WORD = "\0"  # no argument can hold it
_EXCLUDED = re.compile(r"-[^\W\d_]{2,}|-[\"(]|-[^\W\d_].")


class _WithWords(click.Command):
    """A command to which -word is no row of options, but a word with a hyphen."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(context, [f"{_WORD}{one}" if _EXCLUDED.match(one) else one for one in args])


@command(cls=_WithWords)
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--rank", "ranked", is_flag=True, help="The most suitable papers first, instead of the newest.")
@pager_option
@click.option(
    "--limit", type=click.IntRange(1, _MOST), default=_DEFAULT, show_default=True, help="How many papers at most."
)
def search(session: Session, words: Sequence[str], *, ranked: bool, limit: int, no_pager: bool) -> int:
    """Search titles, authors, abstracts and comments.

    A paper is found that has all words, in any order; each stands once, the newest first. Accents and cases make no
    difference, a word also finds its plural, and few-shot finds fewshot.

    \b
    "point cloud"              words that follow one another
    segment*                   words that begin so
    -medical                   leave out what has this
    nerf OR splatting          one of them is enough; brackets group
    title: author: abstract:   look only there
    in:2021-10                 announced then: a year, a month, a day, FROM..TO
    category:cs.RO             of this category, or of an archive such as cs
    has:code                   with a link to code (data, demo, model, project, paper)
    code:github.com/someone    with such an address of its code

    \b
    Examples:
      digest search gaussian splatting -medical
      digest search '"point cloud" (completion OR registration) in:2021-10..'
      digest search author:garcia has:code --rank
      digest search title:nerf --limit 100 --json
    """
    from digest.jobs import search as job

    typed = " ".join(word.removeprefix(_WORD) for word in words)
    try:
        query = job.read_query(typed)
    except UsageError as error:
        raise UsageError(f"{error}{_way_to_paper(typed)}") from error
    with session.reading() as archive:
        hits = job.search(archive, query, ranked=ranked, limit=limit)
    if session.console.answers_json:
        found = [_data(paper) for paper in hits.papers]
        session.console.answer_rows(found)
    else:
        from digest.cli.hits import print_hits

        print_hits(hits.papers, pages=not no_pager)
    if hits.has_more:
        session.console.say(f"{how_many(limit, 'paper')} shown, there are more; --limit {limit * 5} shows more of them")
    elif not hits.papers:
        session.console.say(f"no paper found{_way_to_paper(typed)}")
    return gravest([session.damage])


def _way_to_paper(typed: str) -> str:
    """Return what shows the paper whose id, or address, somebody typed; "" for all else."""
    from digest.model.reference import parse_paper_id

    with suppress(UsageError):
        return f"; `digest paper {parse_paper_id(typed)[0]}` looks for a paper by its id"
    return ""


def _data(paper: Found) -> dict[str, object]:
    from digest.cli.hits import marked

    return {
        "id": paper.arxiv_id,
        "date": str(paper.date),
        "category": paper.category,
        "section": paper.section.value,
        "title": paper.title,
        "authors": list(paper.authors),
        "snippet": marked(paper.snippet),
    }
