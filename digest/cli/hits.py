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

_MARK = "**"
_STYLE = "bold magenta"  # to be read on dark and on light ground
_MATCHED = re.compile(f"{MATCH[0]}([^{MATCH[1]}]*){MATCH[1]}")


def marked(text: str) -> str:
    """Return a text with what was looked for between asterisks."""
    return _unmarked(_MATCHED.sub(rf"{_MARK}\1{_MARK}", text))


def print_hits(papers: Sequence[Found]) -> None:
    """Print the papers for whoever reads stdout."""
    # https://no-color.org
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        _print_in_colour(papers)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for number, paper in enumerate(papers, 1):
        for line in _lines(number, paper):
            for piece in _wrapped(marked(line), width):
                print_line(piece)


def _lines(number: int, paper: Found) -> Iterator[str]:
    """Yield what is told of a paper; all but the first line are indented."""
    where = paper.category if paper.section is Section.NEW else f"{paper.category} ({paper.section})"
    yield f"{number}. {paper.date}  {_one_line(paper.marked_title)}"
    indent = "   "
    if paper.authors:
        yield f"{indent}{_one_line(paper.marked_authors)}"
    yield f"{indent}{paper.arxiv_id}  {where}"
    if paper.excerpt:
        yield f"{indent}{_one_line(paper.excerpt)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _unmarked(text: str) -> str:
    """Leave out what marks nothing: a text may hold anything."""
    return text.replace(MATCH[0], "").replace(MATCH[1], "")


def _wrapped(line: str, width: int) -> Sequence[str]:
    if not width:
        return [line]
    import textwrap

    return textwrap.wrap(line, width, subsequent_indent="   ", break_on_hyphens=False)


def _print_in_colour(papers: Sequence[Found]) -> None:
    from rich.console import Console
    from rich.padding import Padding

    console = Console(highlight=False)
    for number, paper in enumerate(papers, 1):
        first, *others = _lines(number, paper)
        console.print(_in_colour(first))
        for line in others:
            console.print(Padding(_in_colour(line.strip()), (0, 0, 0, 3)))


def _in_colour(line: str) -> Text:
    from rich.text import Text

    parts = _MATCHED.split(line)
    styled = [(tame(_unmarked(part)), _STYLE if place % 2 else "") for place, part in enumerate(parts)]
    return Text.assemble(*styled)
