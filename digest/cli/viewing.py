"""The command that shows what a view shows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digest.cli.console import write_out
from digest.cli.group import cli, json_option
from digest.cli.session import Session
from digest.errors import MissingError, UsageError, gravest, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.config.settings import View


@cli.command()
@click.argument("name", metavar="NAME")
@click.argument("day", metavar="DATE")
@json_option
@click.pass_obj
def view(session: Session, name: str, day: str) -> int:
    """Print a view's digest of a date.

    NAME is that of a [[view]] in config.toml. Nothing is written, so that keywords can be tried. Where some of the
    view's categories are stored and others are not, the digest has those that are.

    \b
    Examples:
      digest view splatting latest
      digest view "point clouds" 2021-10-20 | less
    """
    from digest.archive.products import day_reader, render_view, view_template

    if not session.config.views:
        return _tell_how(session)
    chosen = _named(session.config.views, name)
    when = session.parse_date(day, chosen.categories)
    with session.reading() as archive:
        stored = [one for one in chosen.categories if archive.snapshot.day(one, when) is not None]
        missing = {one: archive.why_not_stored(one, when) for one in chosen.categories if one not in stored}
        if stored:
            read = day_reader(archive)
            parts = render_view(
                chosen, view_template(archive, chosen), when, [read(category, when) for category in stored]
            )
            text = b"".join(parts.values())
            if not session.console.answers_json:
                write_out(text)
            shown = {"view": chosen.name, "date": str(when), "categories": stored, "text": text.decode()}
            session.console.answer(shown)
    sys.stdout.flush()
    for category, error in missing.items():
        if isinstance(error, UsageError) and not stored:
            raise error
        session.console.fail(type(error)(f"{category} {when}: {error}"))
    return gravest([session.damage, MissingError.exit_code if missing else 0])


def _tell_how(session: Session) -> int:
    session.console.fail(UsageError("no view is configured; add one to config.toml, such as"))
    for line in ("[[view]]", 'name = "splatting"', 'keywords = ["gaussian splatting", "nerf*"]'):
        session.console.say(line)
    return UsageError.exit_code


def _named(views: Sequence[View], name: str) -> View:
    found = next((one for one in views if one.name.casefold() == name.casefold()), None)
    if found is None:
        import difflib

        names = [one.name for one in views]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise UsageError(f"no view {quoted(name)}; {hint}")
    return found
