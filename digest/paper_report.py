"""A paper's history in words: a dated list for people."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from digest.history import Change, Event, Field, History, Value
from digest.history.data import PathOf
from digest.history.wording import Mark, Piece, difference
from digest.model import MOST_AUTHORS_LISTED, Announcement, Section

_NAMED = 10  # authors
_ANNOUNCED = {
    Section.NEW: "announced as new in",
    Section.CROSS: "cross-listed in",
    Section.REPLACEMENT: "replaced in",
}
_FIRST = {Section.NEW: "announced", Section.CROSS: "cross-listed"}
_FIELDS = {Field.JOURNAL_REF: "journal reference"}
_STYLES = {Mark.SAME: "", Mark.REMOVED: "red strike", Mark.ADDED: "bold green"}
_PLAIN = {Mark.SAME: "{}", Mark.REMOVED: "[-{}-]", Mark.ADDED: "{{+{}+}}"}


@dataclass(frozen=True)
class _Page:
    """How a history is to be shown: where the digests lie, and whether the reader sees colours."""

    history: History
    path_of: PathOf
    is_coloured: bool


def history_text(history: History, path_of: PathOf, *, width: int, is_coloured: bool) -> str:
    """Return a history as text for a terminal of ``width`` columns, the newest event last.

    Without colours, words that were left out stand in ``[-…-]`` and words that were put in in ``{+…+}``. Foreign
    characters that a terminal would obey are shown escaped.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        no_color=not is_coloured,
    )
    page = _Page(history, path_of, is_coloured)
    for line in _head(history):
        console.print(line, soft_wrap=line.plain.startswith("https:"))
    console.print()
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for before, event in zip((None, *history.events), history.events, strict=False):
        for place, line in enumerate(_lines(page, event, before)):
            table.add_row("" if place else Text(str(event.date), "bold"), line)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _head(history: History) -> Iterator[Text]:
    """Yield the paper as it was last known, and its history in one line."""
    latest, url = history.latest, "https://arxiv.org/{}/" + str(history.arxiv_id)
    yield Text.assemble(f"{history.arxiv_id}  ", (_visible(_words(latest[Field.TITLE])[0]), "bold"))
    yield Text(_people(_words(latest.get(Field.AUTHORS, ()))))
    yield Text(_visible(", ".join(_words(latest[Field.CATEGORIES]))))
    yield Text(f"{url.format('abs')}  {url.format('pdf')}")
    if history.withdrawn_since:
        yield Text(f"withdrawn (listed so since {history.withdrawn_since})", "bold red")


def _words(value: Value) -> Sequence[str]:
    return value if isinstance(value, tuple) else (str(value),)


def _people(names: Sequence[str]) -> str:
    or_more = " or" if len(names) == MOST_AUTHORS_LISTED else ""  # arXiv's listings show no more of them
    shown = names if len(names) <= _NAMED + 1 else [*names[:_NAMED], f"and {len(names) - _NAMED}{or_more} more"]
    return _visible(", ".join(shown))


def _visible(text: str) -> str:
    """Return ``text`` with every character escaped that is not seen, or that a terminal would obey."""
    return "".join(
        character if character.isprintable() else " " if character.isspace() else ascii(character)[1:-1]
        for character in text
    )


def _lines(page: _Page, event: Event, before: Event | None) -> Iterator[Text]:
    """Yield what happened on one date: the announcements, what they replace, what changed since the event before."""
    heading = _heading(event)
    is_revised = before is not None and before.revision != event.revision
    yield heading.append(f", revision {event.revision}", "dim") if is_revised else heading
    link = _link(page, event)
    if link:
        yield Text().append(link, "dim")
    for change in event.changes:
        yield _change(change, is_coloured=page.is_coloured)
    if event.is_replacement and before is not None and not event.changes:
        yield Text().append("nothing changed that the listings show", "dim")


def _heading(event: Event) -> Text:
    heading = Text()
    for (section, state, source), group in groupby(event.announcements, _provenance):
        categories = ", ".join(one.category for one in group)
        heading.append(f"{'; ' if heading.plain else ''}{_ANNOUNCED[section]} {categories} ")
        heading.append(f"({source}, {state})", "dim")
    return heading


def _provenance(one: Announcement) -> tuple[Section, str, str]:
    return one.section, one.state.value, one.source.value


def _link(page: _Page, event: Event) -> str:
    """Say where the paper was announced that an event replaces; nothing if that is this very event."""
    first = page.history.first
    if not event.is_replacement or (first is not None and first.date >= event.date):
        return ""
    if first is not None:
        path = page.path_of(first.category, first.date)
        return f"replaces the paper first {_FIRST[first.section]} on {first.date} ({path})"
    if page.history.is_older:
        return "first announced before this archive begins"
    return "its first announcement is not stored"


def _change(change: Change, *, is_coloured: bool) -> Text:
    if change.field is Field.WITHDRAWN:
        return Text().append("withdrawn", "bold red") if change.after else Text("no longer withdrawn")
    line = Text(f"{_FIELDS.get(change.field, change.field.value)}: ")
    if change.field is Field.ABSTRACT:
        old, new = (str(value).split(" ") for value in (change.before, change.after))
        return line.append(_marked(difference(old, new, context=5, least=2), " ", is_coloured=is_coloured))
    if isinstance(change.before, tuple):
        pieces = difference(_words(change.before), _words(change.after), context=2)
        return line.append(_marked(pieces, ", ", is_coloured=is_coloured))
    line.append(_visible(str(change.before)) or "none", "dim")
    return line.append(" → ").append(_visible(str(change.after)) or "none")


def _marked(pieces: Sequence[Piece], between: str, *, is_coloured: bool) -> Text:
    """Return pieces of a text, what went and what came told apart by colours or by marks."""
    text = Text()
    for place, piece in enumerate(pieces):
        is_exchange = place and (pieces[place - 1].mark, piece.mark) == (Mark.REMOVED, Mark.ADDED)
        text.append("" if not place or (is_exchange and not is_coloured) else between)
        words = _visible(between.join(piece.words))
        text.append(*((words, _STYLES[piece.mark]) if is_coloured else (_PLAIN[piece.mark].format(words),)))
    return text
