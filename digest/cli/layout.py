"""How papers are read on a terminal or in a pipe: one paper, and the list of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.cli.screen import Paragraph, Piece, Screen
from digest.model import Day, State

if TYPE_CHECKING:
    from digest.render.digest import NumberedEntry, ShownSection

_NAMED_AUTHORS = 10
_MOST_LINKS = 6

_STATES = {
    State.EMPTY: "arXiv announced nothing here on this day",
    State.PROVISIONAL: "provisional: arXiv's listing is not proven yet, and more papers may come",
    State.IMPORTED: "imported: from a saved page or digest that does not prove itself; papers may be missing",
    State.RECONSTRUCTED: "reconstructed from the dates of the papers: a few may belong to another day",
}


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """What is read of one paper, behind ``lead``; ``links`` are its addresses by kind, the paper's own aside.

    ``title``, ``authors`` and ``text`` are pieces, so that words in them can be marked. ``note`` says why it is here.
    """

    lead: str
    arxiv_id: str
    title: Sequence[Piece]
    authors: Sequence[Piece] = ()
    links: Sequence[tuple[str, str]] = ()
    note: str = ""
    text: Sequence[Piece] = ()

    @classmethod
    def of(cls, entry: NumberedEntry) -> ShownPaper:
        """Return what is read of a digest's entry."""
        return cls(
            lead=f"{entry.number}.",
            arxiv_id=entry.id,
            title=(Piece(entry.title, "bold", tex=True),),
            authors=(Piece(named_authors(entry.authors, may_be_more=entry.more_authors)),) if entry.authors else (),
            links=[(link.kind, link.url) for link in entry.links],
            note="; ".join(filter(None, [*entry.reasons, entry.doubts])),
            text=(Piece(entry.text, tex=True),) if entry.text else (),
        )


def named_authors(authors: Sequence[str], *, may_be_more: bool) -> str:
    """Name the authors, the first ten of many; ``may_be_more``: arXiv's listing may have left some out."""
    if len(authors) > _NAMED_AUTHORS + 1:
        others = f"and {len(authors) - _NAMED_AUTHORS}{' or' if may_be_more else ''} more"
        authors = [*authors[:_NAMED_AUTHORS], others]
    return ", ".join(authors)


def paper_paragraphs(
    paper: ShownPaper, indent: int, *, has_links: bool, titles_only: bool = False
) -> Iterator[Paragraph]:
    """Yield one paper, ``indent`` columns from the left; ``has_links``: its links need not show their addresses."""
    from digest.render.markdown import web_address

    page, pdf = f"https://arxiv.org/abs/{paper.arxiv_id}", f"https://arxiv.org/pdf/{paper.arxiv_id}"
    lead = Piece(paper.lead.rjust(indent - 1), "dim")
    linked = [Piece(one.text, "" if titles_only else one.style, page, one.tex) for one in paper.title]
    if titles_only:
        yield Paragraph([*linked, Piece("  "), Piece(paper.arxiv_id, "dim", page)], indent, lead)
        return
    yield Paragraph(linked, indent, lead)
    if paper.authors:
        yield Paragraph(paper.authors, indent)
    own = ((paper.arxiv_id, page), ("PDF", pdf)) if has_links else ((page, page), (pdf, pdf))
    row = [Piece(words, "dim underline", address) for words, address in own]
    for kind, address in paper.links[:_MOST_LINKS]:
        target = web_address(address)
        words = target.partition("://")[2] if has_links else target
        row += [] if kind == "other" else [Piece(f"{kind}: ", "dim")]
        row.append(Piece(words, "dim underline", target))
    if len(paper.links) > _MOST_LINKS:
        row.append(Piece(f"and {len(paper.links) - _MOST_LINKS} more", "dim"))
    yield Paragraph(row, indent, is_row=True)
    if paper.note:
        yield Paragraph([Piece(paper.note, "italic")], indent)
    if paper.text:
        yield Paragraph(paper.text, indent)


def list_paragraphs(
    sections: Sequence[ShownSection], screen: Screen | None, *, titles_only: bool = False
) -> Iterator[Paragraph]:
    """Yield the papers of a digest's ``sections`` below their titles, for a terminal or (None) a pipe."""
    has_links = bool(screen and screen.links)
    numbers = [entry.number for section in sections for entry in section.entries]
    indent = len(f"{max(numbers, default=0)}. ")
    for section in sections:
        if not section.entries:
            continue
        shown = len(section.entries)
        count = str(shown) if shown == section.total else f"{shown} of {section.total}"
        yield Paragraph()
        yield Paragraph([Piece(f"{section.title} ({count})", "bold magenta")])
        if titles_only:
            yield Paragraph()
        for entry in section.entries:
            if not titles_only:
                yield Paragraph()
            yield from paper_paragraphs(ShownPaper.of(entry), indent, has_links=has_links, titles_only=titles_only)
    if not numbers:
        yield Paragraph()
        yield Paragraph([Piece("nothing to show")])


def heading(name: str, date_in_words: str, days: Sequence[Day], *, counts: bool = True) -> Iterator[Paragraph]:
    """Yield what heads the list of a category or a view: of which listings it is, and what these are worth."""
    yield Paragraph([Piece(f"{name}  {date_in_words}", "bold underline")])
    for day in days:
        found = ", ".join(section.how_many(count) for section, count in day.counts.items() if count)
        lead = f"{day.category}: " if len(days) > 1 else ""
        if counts and found:
            yield Paragraph([Piece(f"{lead}{found}", "dim")])
        if day.shortage:
            yield Paragraph([Piece(f"{lead}arXiv counts {day.shortage} more than it lists", "dim")])
        if day.state in _STATES:
            yield Paragraph([Piece(f"{lead}{_STATES[day.state]}", "dim")])
