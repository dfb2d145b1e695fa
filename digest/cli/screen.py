"""The terminal that a result is read on: paragraphs wrapped at words, styles, links, a pager; or plain text for a pipe.

Whatever text comes here, nothing leaves that a terminal obeys but the few sequences that are made here.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from digest.cli.console import tame
from digest.cli.pager import page, pager_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_WIDEST = 100
"""Columns of a line: longer ones are hard to read."""
_NARROWEST = 20

_SHOW_LINKS = re.compile(r"xterm-(?:kitty|ghostty)|foot|alacritty|wezterm|contour")
"""TERM of those that open what is linked by OSC 8, a list of which https://github.com/Alhadis/OSC8-Adoption keeps."""
_PROGRAMS_SHOW_LINKS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio", "WarpTerminal"})
_MARKED_BY = ("KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM")
_FIRST_VTE_WITH_LINKS = 5000
_LONGEST_LINK = 2000  # bytes; terminals give up on longer ones


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, in one of rich's styles, as a link to ``link``, an address in the web.

    ``tex``: whether LaTeX in it is to be read; in a pipe it stays as it was typed.
    """

    text: str
    style: str = ""
    link: str = ""
    tex: bool = False


_NOTHING = Piece("")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Pieces of a text that run on, ``indent`` columns from the left; ``lead`` stands there before the first line.

    The pieces of one that is a row are addresses and the like, which are never broken; one that ends with a blank
    stays beside the next.
    """

    pieces: Sequence[Piece] = ()
    indent: int = 0
    lead: Piece = _NOTHING
    is_row: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """What a terminal can show; ``links``: whether it opens links, so that they need not show their addresses."""

    width: int
    height: int
    colours: bool
    links: bool

    @classmethod
    def here(cls) -> Screen | None:
        """Return the terminal that stdout is; None if it is a file or a pipe."""
        if not sys.stdout.isatty():
            return None
        size, kind = shutil.get_terminal_size((80, 24)), os.environ.get("TERM")
        colours = not os.environ.get("NO_COLOR") and kind != "dumb"  # https://no-color.org
        return cls(max(size.columns, 1), size.lines, colours, colours and _has_links())


def _has_links() -> bool:
    asked = os.environ.get("FORCE_HYPERLINK")  # as other programs understand it
    if asked:
        return asked != "0"
    if os.environ.get("TERM_PROGRAM") == "tmux" or os.environ.get("TERM", "").startswith(("tmux", "screen")):
        return False  # it depends on the terminal around it
    vte = os.environ.get("VTE_VERSION", "")
    return (
        (vte.isascii() and vte.isdigit() and int(vte) >= _FIRST_VTE_WITH_LINKS)
        or os.environ.get("TERM_PROGRAM") in _PROGRAMS_SHOW_LINKS
        or any(os.environ.get(name) for name in _MARKED_BY)
        or _SHOW_LINKS.match(os.environ.get("TERM", "")) is not None
    )


def show(paragraphs: Iterable[Paragraph], screen: Screen | None, *, pages: bool = True) -> None:
    """Write ``paragraphs`` to stdout; on a terminal through a pager, if they are longer than its screen."""
    if screen is None:
        pieces: Iterator[str] = (f"{_as_line(paragraph)}\n" for paragraph in paragraphs)
    else:
        pieces = _laid_out(paragraphs, screen)
        if pages and sys.stdin.isatty() and (pager := pager_words()):
            first, lines = [], 0
            while lines < screen.height and (piece := next(pieces, "")):
                first.append(piece)
                lines += piece.count("\n")
            pieces = chain(first, pieces)
            if lines >= screen.height:
                sys.stdout.flush()
                sys.stdout.buffer.writelines(page(pieces, pager))
                pieces = iter(())
    for piece in pieces:
        sys.stdout.buffer.write(piece.encode(errors="replace"))
    sys.stdout.flush()


def _as_line(paragraph: Paragraph) -> str:
    texts = ["".join(one.text for one in run) for run in _runs(paragraph)]
    text = "  ".join(texts)
    return one_line(f"{paragraph.lead.text:{paragraph.indent}}{text}".rstrip())


def _laid_out(paragraphs: Iterable[Paragraph], screen: Screen) -> Iterator[str]:
    """Yield each paragraph as its lines."""
    from rich.console import Console
    from rich.text import Text

    console = Console(width=screen.width, color_system=None)
    is_narrow = screen.width < 2 * _NARROWEST
    for paragraph in map(_unindented, paragraphs) if is_narrow else paragraphs:
        room = max(min(screen.width, _WIDEST) - paragraph.indent, _NARROWEST)
        runs = [Text.assemble(*[_styled(one, screen) for one in run]) for run in _runs(paragraph)]
        lines = _filled(runs, room) if paragraph.is_row else _wrapped(runs, console, room)
        lead, shown = _styled(paragraph.lead, screen), []
        lead.pad_right(max(paragraph.indent - lead.cell_len, 0))
        for line in lines or [Text()]:
            line.rstrip()
            if not line:
                lead.rstrip()
            shown.append(f"{_rendered(lead, console, screen)}{_rendered(line, console, screen)}\n")
            lead = Text(" " * paragraph.indent)
        yield "".join(shown)


def _rendered(text: Text, console: Console, screen: Screen) -> str:
    # Not by the console: it takes twice as long, and there are thousands of lines in a day.
    from rich.color import ColorSystem

    if not screen.colours:
        return text.plain
    return "".join(
        one.style.render(one.text, color_system=ColorSystem.STANDARD) if one.style else one.text
        for one in text.render(console)
    )


def _runs(paragraph: Paragraph) -> list[list[Piece]]:
    """Return the pieces that stand together: of a paragraph all, of a row those between which a line may end."""
    runs: list[list[Piece]] = []
    for piece in paragraph.pieces:
        if runs and (not paragraph.is_row or runs[-1][-1].text.endswith(" ")):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _unindented(paragraph: Paragraph) -> Paragraph:
    lead = paragraph.lead.text.strip()
    pieces = [Piece(f"{lead} ", paragraph.lead.style), *paragraph.pieces] if lead else paragraph.pieces
    return Paragraph(pieces, is_row=paragraph.is_row)


def _styled(piece: Piece, screen: Screen) -> Text:
    from rich.style import Style
    from rich.text import Text

    text = piece.text
    if piece.tex and ("\\" in text or "$" in text):
        from digest.render.unicode import in_unicode

        text = in_unicode(text)
    style = Style.parse(piece.style)
    if screen.links and (link := link_target(piece.link)):
        style += Style(link=link)
    return Text(one_line(text), style)


def one_line(text: str) -> str:
    """Return a text without what a terminal would obey, tabs and line ends included."""
    return tame(re.sub(r"[\t\n]", " ", text))


def link_target(address: str) -> str:
    """Return an address as OSC 8 can have it, in printable ASCII; "" if it is none of http or https."""
    from digest.render.markdown import is_web_address, web_address

    target = web_address(address) if is_web_address(address) else ""
    return target if len(target) <= _LONGEST_LINK else ""


def _wrapped(runs: Sequence[Text], console: Console, room: int) -> list[Text]:
    return [line for run in runs for line in run.wrap(console, room, overflow="fold")]


def _filled(runs: Sequence[Text], room: int) -> list[Text]:
    """Return the runs on as few lines as hold them; one that is longer than a line is left to the terminal."""
    from rich.text import Text

    lines: list[Text] = []
    for run in runs:
        if lines and lines[-1].cell_len + 2 + run.cell_len <= room:
            lines[-1] = Text.assemble(lines[-1], "  ", run)
        else:
            lines.append(run)
    return lines
