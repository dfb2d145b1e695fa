"""Commands that read an archive: show, status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digest.cli.console import write_out
from digest.cli.group import category_option, cli, json_option
from digest.cli.session import Session
from digest.errors import MissingError, UsageError, gravest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from digest.config.settings import Config


@cli.command()
@click.argument("day", metavar="DATE")
@category_option
@json_option
@click.pass_obj
def show(session: Session, day: str, categories: Sequence[str]) -> int:
    """Print the digest of a date.

    \b
    Examples:
      digest show latest
      digest show 2021-10-20 | less
    """
    config = session.config
    chosen = session.chosen(categories)
    code = 0
    found: list[dict[str, str]] = []
    for category in chosen:
        when = session.parse_date(day, [category])
        data = _read_file(config, category, when) or _render_stored(session, category, when)
        if data is None:
            code = MissingError.exit_code
        elif session.console.answers_json:
            path, text = config.digest_path(category, when), data.decode("utf-8", "replace")
            found.append({"category": category, "date": str(when), "path": path, "text": text})
        else:
            write_out(data)
    session.console.answer({"digests": found})
    sys.stdout.flush()
    return code


def _read_file(config: Config, category: str, when: date) -> bytes | None:
    """Return the digest of a day as it was written; None if there is none, or if it may be split."""
    from digest.config.paths import part_path

    path = config.digest_path(category, when)
    if (config.output / part_path(path, 2)).exists():
        return None
    try:
        return (config.output / path).read_bytes()
    except OSError:
        return None


def _render_stored(session: Session, category: str, when: date) -> bytes | None:
    """Render a day whose file is not there, or not alone; say why, if it is not stored either."""
    with session.reading() as archive:
        stored = archive.store.day(category, when)
        if stored is not None:
            return archive.template.render(stored)
        error = archive.why_not_stored(category, when)
    if isinstance(error, UsageError):
        raise error
    session.console.fail(type(error)(f"{category} {when}: {error}"))
    return None


@cli.command()
@json_option
@category_option
@click.pass_obj
def status(session: Session, categories: Sequence[str]) -> int:
    """Say what is stored and what is missing.

    Every listing date counts, from that of the first run (or [store] start) to the newest expected; days before it
    stand alone. A missing one can be fetched for 91 days; after that it is lost. The exit code is 4 when one is
    overdue that nobody accepted as lost. The last runs are shown, too.

    \b
    Examples:
      digest status
      digest status --json
    """
    from digest.cli import tables

    chosen = session.chosen(categories)
    with session.reading() as archive:
        state = tables.ArchiveStatus(
            [archive.snapshot.status(category, session.now) for category in chosen],
            archive.store.runs(limit=10),
            archive.calendar,
            session.now,
        )
    found = state.categories
    if session.console.answers_json:
        session.console.answer(tables.status_data(state))
    else:
        session.console.answer({}, [tables.status_table(state)])
    is_open = any(item.overdue or item.stuck for item in found)
    return gravest([session.damage, MissingError.exit_code if is_open else 0])
