"""Papers that a search found, as a list: plain lines in a pipe, wrapped and in colour on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from digest.cli.console import print_line
from digest.cli.screen import Paragraph, Piece, Screen, show
from digest.model import MATCH, Found
from digest.terms import Section

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


def print_hits(papers: Sequence[Found], *, pages: bool = True) -> None:
    """Print papers for whoever reads stdout: on a terminal laid out, through a pager (``pages``) if they are many."""
    screen = Screen.here()
    if screen is not None:
        show(_paragraphs(papers, screen), screen, pages=pages)
        return
    for number, paper in enumerate(papers, 1):
        for place, line in enumerate(_lines(paper)):
            print_line(f"{_INDENT if place else f'{number}. '}{marked(line)}")


def _paragraphs(papers: Sequence[Found], screen: Screen) -> Iterator[Paragraph]:
    indent = len(f"{len(papers)}. ")
    for number, paper in enumerate(papers, 1):
        lead = Piece(f"{number}.".rjust(indent - 1))
        for line in _lines(paper):
            head, _, rest = line.partition("  ")
            if head == paper.arxiv_id:
                pieces = [Piece(head, link=f"https://arxiv.org/abs/{head}"), Piece(f"  {rest}")]
            else:
                pieces = list(_pieces(line, screen))
            yield Paragraph(pieces, indent, lead)
            lead = Piece("")


def _pieces(line: str, screen: Screen) -> Iterator[Piece]:
    """Yield a line with what was looked for in a style of its own, or where there is none between asterisks."""
    parts = _parts(line)
    if not screen.colours:
        yield Piece("".join(f"{_MARK}{part}{_MARK}" if is_match else part for part, is_match in parts), tex=True)
        return
    for part, is_match in parts:
        yield Piece(part, _STYLE if is_match else "", tex=True)


def _parts(line: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a line, and whether each was looked for; of a formula that holds such a word, all of it is."""
    texts = [_without_marks(part) for part in _MATCHED.split(line)]
    plain, ends = "".join(texts), [0, *accumulate(map(len, texts))]
    formulas: list[tuple[int, int]] = []
    if "$" in plain:
        from digest.render.maths import maths_in

        formulas = [(one.start, one.end) for one in maths_in(plain)]
    end = 0
    for place in range(1, len(texts), 2):
        match = ends[place], ends[place + 1]
        whole = [match, *(one for one in formulas if one[0] < match[1] and match[0] < one[1])]
        start, stop = min(first for first, _ in whole), max(last for _, last in whole)
        if stop <= end:  # the formula has two of them
            continue
        yield plain[end:start], False
        yield plain[max(start, end) : stop], True
        end = stop
    yield plain[end:], False


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
