"""Papers that a search found, as a list: plain lines in a pipe, wrapped and in colour on a terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from digest.cli.console import print_line, tame
from digest.model import MATCH, Found
from digest.terms import Section

if TYPE_CHECKING:
    from rich.text import Text

_INDENT = "   "
_MARK = "**"
_MATCHED = re.compile(f"{MATCH[0]}([^{MATCH[1]}]*){MATCH[1]}")
_STYLE = "bold magenta"  # to be read on dark and on light ground


def marked(text: str) -> str:
    """Return a text with what was looked for between asterisks."""
    return _without_marks(_MATCHED.sub(rf"{_MARK}\1{_MARK}", text))


def _without_marks(text: str) -> str:
    """Leave out what marks nothing: a text may hold anything."""
    return text.replace(MATCH[0], "").replace(MATCH[1], "")


def print_hits(papers: Sequence[Found]) -> None:
    """Print papers for whoever reads stdout."""
    # https://no-color.org
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        _print_in_colour(papers)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for number, paper in enumerate(papers, 1):
        for place, line in enumerate(_lines(paper)):
            for piece in _wrapped(f"{_INDENT if place else f'{number}. '}{marked(line)}", width):
                print_line(piece)


def _lines(paper: Found) -> Iterator[str]:
    """Yield what is told of a paper: date and title, authors, id and category, an excerpt."""
    yield f"{paper.date}  {_on_one_line(paper.marked_title)}"
    if paper.authors:
        yield _on_one_line(paper.marked_authors)
    where = paper.category if paper.section is Section.NEW else f"{paper.category} ({paper.section})"
    yield f"{paper.arxiv_id}  {where}"
    if paper.excerpt:
        yield _on_one_line(paper.excerpt)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(line: str, width: int) -> Sequence[str]:
    if not width:
        return [line]
    import textwrap

    return textwrap.wrap(line, width, subsequent_indent=_INDENT, break_on_hyphens=False)


def _print_in_colour(papers: Sequence[Found]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for number, paper in enumerate(papers, 1):
        shown = Text("\n").join(_in_colour(line) for line in _lines(paper))
        shown.highlight_regex(
            rf"(?<=\n){re.escape(paper.arxiv_id)}(?=  )", f"link https://arxiv.org/abs/{paper.arxiv_id}"
        )
        table.add_row(f"{number}.", shown)
    Console(highlight=False).print(table)


def _in_colour(line: str) -> Text:
    from rich.text import Text

    parts = _MATCHED.split(line)
    return Text.assemble(
        *((tame(_without_marks(part)), _STYLE if place % 2 else "") for place, part in enumerate(parts))
    )
