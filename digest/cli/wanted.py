"""Which papers of a list are asked for on the command line, and how they are given: to a reader or to a program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from digest.errors import ConfigError, UsageError, quoted

if TYPE_CHECKING:
    from digest.cli.console import Console
    from digest.cli.session import Session
    from digest.config.settings import View
    from digest.render.digest import NumberedEntry, ShownSection

SECTIONS = ("new", "cross", "replacement")
"""Spelled out here: what knows them costs more than the command line may."""

RANKED = "ranked"
"""The one section of what one's own marks ordered."""

pager_option = click.option("--no-pager", is_flag=True, help="Print it all at once, however long it is.")


def list_options(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of a ``Wanted``."""
    for option in (
        pager_option,
        click.option("--titles", is_flag=True, help="Only the titles."),
        click.option("--with-code", is_flag=True, help="Only papers with a link to their code."),
        click.option(
            *("--section", "sections"),
            multiple=True,
            type=click.Choice(SECTIONS),
            help="Only this section; may be repeated. Default: those of the digest.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Wanted:
    """Which papers, and what of them."""

    sections: Sequence[str]
    with_code: bool
    titles: bool

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a digest."""
        return not (self.sections or self.with_code or self.titles)

    def is_file(self, console: Console) -> bool:
        """Whether the text of a digest's file is asked for: all of it, and not on a terminal."""
        return self.is_whole and (console.answers_json or not sys.stdout.isatty())

    def of(
        self, sections: Sequence[ShownSection], default: Sequence[str], left_out: Collection[str] = ()
    ) -> list[ShownSection]:
        """Return what is wanted of a digest's sections, those of ``default`` if none is named; not these ids."""

        def has(entry: NumberedEntry) -> bool:
            return entry.id not in left_out and bool(entry.code_urls or not self.with_code)

        named = self.sections or default
        if [one.name for one in sections] == [RANKED]:
            (ranked,) = sections
            return [replace(ranked, entries=[one for one in ranked.entries if has(one) and one.section in named])]
        return [replace(one, entries=[*filter(has, one.entries)]) for one in sections if one.name in named]

    def data(self, sections: Sequence[ShownSection]) -> list[Mapping[str, Any]]:
        """Return the papers of ``sections`` for a program."""
        return [self._record(entry) for section in sections for entry in section.entries]

    def _record(self, entry: NumberedEntry) -> Mapping[str, Any]:
        found = {"number": entry.number, "section": entry.section, "id": entry.id, "title": entry.title}
        if self.titles:
            return found
        return {
            **found,
            "authors": entry.authors,
            "more_authors": entry.more_authors,
            "abstract": entry.text,
            "links": [{"url": link.url, "kind": link.kind, "found_in": link.found_in} for link in entry.links],
            "abstract_url": entry.abstract_url,
            "pdf_url": entry.pdf_url,
            **({"reasons": entry.reasons} if entry.reasons else {}),
            **({"doubts": entry.doubts} if entry.doubts else {}),
        }


def of_view(view: View, what: str, shown: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return those of the view's categories or sections that are ``asked`` for; there must be some."""
    found = [name for name in shown if name in asked]
    if not found:
        raise UsageError(f"--{what}: view {view.name!r} shows {', '.join(shown)}, not {', '.join(asked)}")
    return found


def named_view(session: Session, name: str) -> View:
    """Return the view of this name.

    Raises:
        UsageError: there is none.
        ConfigError: it asks in the query language of another tool, so that it would not find what its user wants.
    """
    from digest.config.paths import folded
    from digest.views.foreign_queries import query_in

    views = session.config.views
    if not views:
        raise UsageError(f"no view {quoted(name)}: config.toml has none")
    found = next((one for one in views if folded(one.name) == folded(name)), None)
    if found is None:
        import difflib

        names = [one.name for one in views]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise UsageError(f"no view {quoted(name)}; {hint}")
    if fault := query_in(found):
        raise ConfigError(f"{session.config_path}: {'; '.join(fault)}")
    return found
