"""A paper's history in words."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby

from digest.archive.archive import Archive
from digest.cli.layout import named_authors
from digest.cli.screen import Paragraph, Piece, Screen
from digest.errors import MissingError
from digest.history import Change, Event, Field, History, Value, history_of, why_not_stored
from digest.history.wording import Piece as Run
from digest.history.wording import difference
from digest.model import MOST_AUTHORS_LISTED, Announcement, ArxivId, Source, State
from digest.terms import Section

PathOf = Callable[[str, date], str]
Line = list[str | tuple[str, str]]
"""Texts, some with the style in which a terminal shows them."""

_NO_DAY = (
    "its metadata was harvested, but no day has it; `digest backfill` makes none before 2004, none that arXiv still "
    "serves, and adds no paper to a day that was captured"
)
_INDENT = len("2021-10-20  ")
_ANNOUNCED = {Section.NEW: "announced as new in", Section.CROSS: "cross-listed in", Section.REPLACEMENT: "replaced in"}
_FIRST = {Section.NEW: "announced", Section.CROSS: "cross-listed"}


def history_in(archive: Archive, arxiv_id: ArxivId) -> History:
    """Return a paper's history over the stored days.

    Raises:
        MissingError: no stored day has it.
    """
    announcements = archive.store.announcements(arxiv_id)
    known = archive.snapshot
    ends = [when for one in known.unfiled.values() for when in (one.first, one.last)]
    dates = [*(day.date for day in known.summaries), *ends]
    if not announcements:
        if archive.store.harvested_ids(list({str(arxiv_id), arxiv_id.without_class})):
            raise MissingError(f"{arxiv_id}: {_NO_DAY}")
        found = [known.status(name, archive.now) for name in archive.config.arxiv.categories]
        gaps = {day for item in found for day in (*item.missing, *item.lost)}
        raise MissingError(f"{arxiv_id}: {why_not_stored(arxiv_id, dates, gaps)}")
    # An old id may have been asked for with its subject class, which the stored one does not have.
    return history_of(announcements[0].paper.arxiv_id, announcements, min(dates))


def history_paragraphs(history: History, path_of: PathOf, screen: Screen | None) -> Iterator[Paragraph]:
    """Yield a history for a terminal or (None) a pipe, the newest event last.

    Without colours, words that were left out stand in ``[-…-]`` and words that were put in in ``{+…+}``. Characters
    that are not seen are shown escaped.
    """
    is_coloured = screen is not None and screen.colours
    yield from _head(history)
    yield Paragraph()
    before = None
    for event in history.events:
        lead = Piece(str(event.date), "bold")
        for line in _lines(history, path_of, before, event, is_coloured=is_coloured):
            pieces = [Piece(*((one, "") if isinstance(one, str) else one)) for one in line]
            yield Paragraph(pieces, _INDENT, lead)
            lead = Piece("")
        before = event


def _head(history: History) -> Iterator[Paragraph]:
    """Yield the paper as it was last known, and its history in one line."""
    title, categories = (_words(history.latest.get(field, ())) for field in (Field.TITLE, Field.CATEGORIES))
    authors = [*map(_visible, _words(history.latest.get(Field.AUTHORS, ())))]
    page, pdf = (f"https://arxiv.org/{kind}/{history.arxiv_id}" for kind in ("abs", "pdf"))
    yield Paragraph([Piece(f"{history.arxiv_id}  "), Piece(_visible(title[0]), "bold", page, tex=True)])
    yield Paragraph([Piece(named_authors(authors, may_be_more=len(authors) == MOST_AUTHORS_LISTED))])
    if categories:  # a classic digest does not tell them
        yield Paragraph([Piece(_visible(", ".join(categories)))])
    yield Paragraph([Piece(page, link=page), Piece(pdf, link=pdf)], is_row=True)
    if history.withdrawn_since:
        yield Paragraph([Piece(f"withdrawn (listed so since {history.withdrawn_since})", "bold red")])


def _words(value: Value) -> Sequence[str]:
    return value if isinstance(value, tuple) else (str(value),)


def _visible(text: str) -> str:
    """Return ``text`` with every character escaped that is not seen, or that a terminal would obey."""
    return "".join(
        character if character.isprintable() else " " if character.isspace() else ascii(character)[1:-1]
        for character in text
    )


def _lines(
    history: History, path_of: PathOf, before: Event | None, event: Event, *, is_coloured: bool
) -> Iterator[Line]:
    """Yield what happened on one date: the announcements, what they replace, what changed since the event before."""
    heading: Line = []
    for (section, state, source, doubts), group in groupby(event.announcements, _told_together):
        categories = ", ".join(one.category for one in group)
        known = ", ".join(filter(None, [source, state, doubts]))
        heading += [f"{'; ' if heading else ''}{_ANNOUNCED[section]} {categories} ", (f"({known})", "dim")]
    if before is not None and before.revision != event.revision:
        heading.append((f", revision {event.revision}", "dim"))
    yield heading
    first = history.first
    if event.is_replacement and (first is None or first.date < event.date):
        link = (
            "first announced before this archive begins" if history.is_older else "its first announcement is not stored"
        )
        if first is not None:
            path = path_of(first.category, first.date)
            link = f"replaces the paper first {_FIRST[first.section]} on {first.date} ({path})"
        yield [(link, "dim")]
    for change in event.changes:
        yield _change(change, is_coloured=is_coloured)
    if event.is_replacement and before is not None and not event.changes:
        yield [("nothing changed that the listings show", "dim")]


def _told_together(one: Announcement) -> tuple[Section, State, Source, str]:
    return one.section, one.state, one.source, one.dating.note if one.dating else ""


def _change(change: Change, *, is_coloured: bool) -> Line:
    old, new = change.before, change.after
    if change.field is Field.WITHDRAWN:
        return [("withdrawn", "bold red") if new else "no longer withdrawn"]
    name = "journal reference: " if change.field is Field.JOURNAL_REF else f"{change.field.value}: "
    if change.field is Field.ABSTRACT:
        pieces = difference(str(old).split(" "), str(new).split(" "), context=5, least=2)
        return [name, *_marked(pieces, " ", is_coloured=is_coloured)]
    if isinstance(old, tuple):
        return [name, *_marked(difference(old, _words(new), context=2), ", ", is_coloured=is_coloured)]
    return [name, (_visible(str(old)) or "none", "dim"), " → ", _visible(str(new)) or "none"]


_STYLES = {"same": "", "removed": "red strike", "added": "bold green"}
_PLAIN = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


def _marked(pieces: Sequence[Run], between: str, *, is_coloured: bool) -> Iterator[str | tuple[str, str]]:
    """Yield pieces of a text, what went and what came told apart by colours or by marks."""
    for place, piece in enumerate(pieces):
        # What was exchanged stands close together, [-so-]{+thus+}, unless only colours part the two.
        is_exchange = place and (pieces[place - 1].mark, piece.mark) == ("removed", "added")
        yield "" if not place or (is_exchange and not is_coloured) else between
        words = _visible(between.join(piece.words))
        yield (words, _STYLES[piece.mark]) if is_coloured else _PLAIN[piece.mark].format(words)
