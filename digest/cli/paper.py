"""The command that tells a paper's history: paper."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from digest.cli.group import cli, json_option
from digest.cli.session import Session
from digest.errors import MissingError, gravest

if TYPE_CHECKING:
    from digest.archive.archive import Archive
    from digest.history.events import History
    from digest.model import ArxivId


@cli.command()
@click.argument("reference", metavar="ID")
@json_option
@click.pass_obj
def paper(session: Session, reference: str) -> int:
    """Tell a paper's history over the stored days.

    When it was announced, in which categories, and what changed from one announcement to the next. ID is an arXiv
    id, or the address of the paper's page or PDF. What changed is told only of what the sources carry: a feed has no
    comments. Of a day from a catchup page, the texts are those of the day on which it was fetched.

    \b
    Examples:
      digest paper 2110.10101
      digest paper https://arxiv.org/abs/2110.10101
      digest paper 2110.10101 --json
    """
    from digest.history.reference import parse_reference

    named = parse_reference(reference)
    if named.version is not None:
        whole = "here is the whole paper's history"
        session.console.say(f"note: listings do not tell versions (you named v{named.version}); {whole}")
    with session.reading() as archive:
        history = _history(archive, named.arxiv_id)
        _tell(session, archive, history)
    return gravest([session.damage])


def _history(archive: Archive, arxiv_id: ArxivId) -> History:
    from digest.history.events import history_of

    announcements = archive.store.announcements(arxiv_id)
    if not announcements:
        raise MissingError(f"{arxiv_id}: {_why_not_stored(archive, arxiv_id)}")
    first_stored = min(when for _, when in archive.store.day_keys())
    return history_of(announcements[0].paper.arxiv_id, announcements, first_stored)


def _why_not_stored(archive: Archive, arxiv_id: ArxivId) -> str:
    from digest.history.absence import why_not_stored

    found = [archive.snapshot.status(name, archive.now) for name in archive.config.arxiv.categories]
    gaps = {day for item in found for day in (*item.missing, *item.lost)}
    return why_not_stored(arxiv_id, [when for _, when in archive.store.day_keys()], gaps)


def _tell(session: Session, archive: Archive, history: History) -> None:
    import shutil

    from digest import paper_report
    from digest.history.data import history_data

    path_of = archive.config.digest_path
    if session.console.answers_json:
        session.console.answer(history_data(history, path_of))
        return
    width = shutil.get_terminal_size((100, 24)).columns
    click.echo(paper_report.history_text(history, path_of, width=width, is_coloured=_is_coloured()))


def _is_coloured() -> bool:
    """Whether the reader sees colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
