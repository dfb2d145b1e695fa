"""Commands that show days: show and view."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from digest.cli.console import write_out
from digest.cli.dates import nothing_stored, parse_date
from digest.cli.group import categories_option, command, complete_dates, complete_views
from digest.cli.session import Session
from digest.cli.wanted import Wanted, list_options, named_view, of_view
from digest.errors import DigestError, MissingError, StoreError, UsageError, gravest

if TYPE_CHECKING:
    from digest.archive.archive import Archive
    from digest.cli.screen import Paragraph
    from digest.config.settings import View
    from digest.model import Day, Hit

Key = tuple[str, date]


@command()
@click.argument("day", metavar="[DATE]", required=False, shell_complete=complete_dates)
@categories_option
@click.option("--unread", is_flag=True, help="What came since the last time, instead of a date.")
@list_options
def show(
    session: Session,
    day: str | None,
    categories: Sequence[str],
    *,
    unread: bool,
    sections: Sequence[str],
    with_code: bool,
    titles: bool,
    no_pager: bool,
) -> int:
    """Show the papers of a date.

    On a terminal you get a list to read, through $PAGER if it is long; in a pipe, the very text of the digest's file.
    --section, --with-code and --titles choose from it: then you get a list in a pipe, too. The numbers are always those
    of the digest.

    --unread shows what came since you last asked so: new days, days that filled a gap, and the papers that a
    provisional day lacked. The first time it shows the newest day.

    \b
    Examples:
      digest show latest
      digest show latest --titles --with-code
      digest show --unread
      digest show 2021-10-20 > digest.md
    """
    wanted = Wanted(sections, with_code, titles)
    if unread is (day is not None):
        raise UsageError("expected either a DATE, such as latest, or --unread")
    if day is None:
        return _show_unread(session, categories, wanted, pages=not no_pager)
    keys: list[Key] = []
    failures: list[DigestError] = []
    for category in categories:
        try:
            keys.append((category, parse_date(session, day, [category])))
        except MissingError as error:  # of another category, something may be stored
            failures.append(error)
    if wanted.is_file(session.console):
        failures += _print_files(session, keys)
    else:
        failures += _print_days(session, keys, wanted, pages=not no_pager)
    for failure in failures:
        session.console.fail(failure)
    return gravest([session.damage, *(failure.exit_code for failure in failures)])


def _print_files(session: Session, keys: Sequence[Key]) -> list[DigestError]:
    """Print the digests as they are in their files; return why others could not be."""
    found: list[dict[str, str]] = []
    failures: list[DigestError] = []
    for category, when in keys:
        data = _digest_of(session, category, when)
        if isinstance(data, DigestError):
            failures.append(data)
        elif session.console.answers_json:
            path, text = session.config.digest_path(category, when), data.decode("utf-8", "replace")
            found.append({"category": category, "date": str(when), "path": path, "text": text})
        else:
            write_out(data)
    session.console.answer({"digests": found})
    sys.stdout.flush()
    return failures


def _digest_of(session: Session, category: str, when: date) -> bytes | DigestError:
    """Return the digest of a day as it was written, else as it would be; or why the day is not stored."""
    if data := _file_of(session, category, when):
        return data
    from digest.archive.annotated import with_annotations

    with session.reading(whole=False) as archive:
        stored = archive.day(category, when)
        return (
            archive.template.render(with_annotations(archive, stored)) if stored else _why_not(archive, category, when)
        )


def _file_of(session: Session, category: str, when: date) -> bytes:
    """Return the digest of a day as it was written; nothing where it was not, or in parts."""
    from digest.config.paths import part_path

    output, path = session.config.output, session.config.digest_path(category, when)
    if not (output / part_path(path, 2)).exists():
        with suppress(OSError):
            return (output / path).read_bytes()
    return b""


def _why_not(archive: Archive, category: str, when: date) -> DigestError:
    """Return why a day is not stored.

    Raises:
        UsageError: no listing can be of that date: a mistake in the command line.
    """
    error = archive.why_not_stored(category, when)
    if isinstance(error, UsageError):
        raise error
    return type(error)(f"{category} {when}: {error}")


def _print_days(session: Session, keys: Sequence[Key], wanted: Wanted, *, pages: bool) -> list[DigestError]:
    """Print the papers of days as lists; return why others could not be."""
    days: list[Day] = []
    files: list[bytes] = []
    failures: list[DigestError] = []
    with session.reading(whole=False) as archive:
        for category, when in keys:
            if stored := archive.day(category, when):
                days.append(stored)
            elif wanted.is_whole and (data := _file_of(session, category, when)):  # its day may be lost
                files.append(data)
            else:
                failures.append(_why_not(archive, category, when))
    _print_lists(session, [(day, frozenset()) for day in days], wanted, pages=pages)
    for data in files:
        write_out(data)
    sys.stdout.flush()
    return failures


def _print_lists(session: Session, days: Sequence[tuple[Day, frozenset[str]]], wanted: Wanted, *, pages: bool) -> None:
    """Print the papers of each day but those whose ids stand beside it, as one list."""
    from digest.calendar import heading_date
    from digest.cli import screen
    from digest.cli.layout import heading, list_paragraphs
    from digest.render.digest import contents_of_day
    from digest.terms import Section

    terminal, shown = screen.Screen.here(), session.config.sections
    paragraphs: list[Paragraph] = []
    found: list[dict[str, Any]] = []
    for day, seen in days:
        # All sections are numbered: a number is that of the digest, whatever is chosen of it.
        everything = contents_of_day(day, [*shown, *(one for one in Section if one not in shown)]).sections
        chosen = wanted.of(everything, shown, seen)
        path = session.config.digest_path(day.category, day.date)
        if session.console.answers_json:
            papers = wanted.data(chosen)
            found.append({"category": day.category, "date": str(day.date), "path": path, "papers": papers})
            continue
        paragraphs += [screen.Paragraph()] if paragraphs else []
        paragraphs += heading(day.category, heading_date(day.date), [day])
        paragraphs += list_paragraphs(chosen, terminal, titles_only=wanted.titles)
    if session.console.answers_json:
        session.console.answer({"digests": found})
    elif paragraphs:
        screen.show(paragraphs, terminal, pages=pages)


def _show_unread(session: Session, categories: Sequence[str], wanted: Wanted, *, pages: bool) -> int:
    from digest.cli.unread import Memory, Seen, news_of

    known: Mapping[str, Seen] = {}
    memory = None
    try:
        memory = Memory(session.environment, session.config_path)
        known = memory.load()
    except StoreError as error:
        memory = None
        session.console.say(f"{error}; what you read now is not remembered", "warning")
    with session.reading(whole=False) as archive:
        news = news_of(archive, categories, known, wanted.sections or session.config.sections)
        if not archive.snapshot.summaries:
            raise nothing_stored()
    failures = news.failures
    if wanted.is_file(session.console):
        failures += _print_files(session, [(day.category, day.date) for day, _ in news.days])
    else:
        _print_lists(session, news.days, wanted, pages=pages)
    if not (news.days or failures):
        session.console.say("nothing came since the last time")

    def remember() -> None:
        try:
            if memory and news.seen:
                memory.save(news.seen)
        except StoreError as error:
            session.console.say(f"{error}; what you read is not remembered", "warning")

    session.console.once_told(remember)
    for failure in failures:
        session.console.fail(failure)
    return gravest([session.damage, *(failure.exit_code for failure in failures)])


@command()
@click.argument("name", metavar="NAME", shell_complete=complete_views)
@click.argument("day", metavar="DATE", shell_complete=complete_dates)
@click.option("--mail", type=click.Choice(["html", "text"]), help="The mail of it, as a message would be sent.")
@list_options
def view(
    session: Session,
    name: str,
    day: str,
    *,
    mail: str | None,
    sections: Sequence[str],
    with_code: bool,
    titles: bool,
    no_pager: bool,
) -> int:
    """Show what a view finds on a date.

    NAME is that of a [[view]] in config.toml; one of a week shows the week of DATE. Nothing is written, so you can try
    out keywords. Categories of the view that are not stored for this date are left out, and named. On a terminal you
    get a list to read, through $PAGER if it is long; in a pipe, the text of the view's digest, or of what --section,
    --with-code and --titles choose.

    \b
    Examples:
      digest view splatting latest
      digest view "point clouds" 2021-10-20 | less
      digest view splatting latest --mail html > mail.html
    """
    from digest.archive.marked import shown_hits
    from digest.archive.products import days_of_view, not_shown, render_view, view_template

    if not session.config.views:
        session.console.fail(UsageError("no view is configured; add one to config.toml, for example:"))
        for line in ("[[view]]", 'name = "splatting"', 'keywords = ["gaussian splatting", "nerf*"]'):
            session.console.say(line)
        return UsageError.exit_code
    chosen = named_view(session, name)
    wanted = Wanted(of_view(chosen, "section", chosen.sections, sections) if sections else (), with_code, titles)
    when = parse_date(session, day, chosen.categories)
    text, days, found = b"", [], None
    with session.reading(whole=False) as archive:
        missing, days = not_shown(archive, chosen, when), days_of_view(archive, chosen, when)
        if days and mail:
            text = _mail_of(archive, chosen, when, days, mail)
        elif days and wanted.is_file(session.console):
            text = b"".join(render_view(archive, chosen, view_template(archive, chosen), when, days).values())
        elif days:
            found = shown_hits(archive, chosen, when, days)
    if found is not None:
        print_hits_of(session, chosen, days, wanted, found, pages=not no_pager)
    elif days:
        _print_file(session, chosen, days, text)
    for (category, one), error in missing.items():
        if isinstance(error, UsageError) and not days:
            raise error
        session.console.fail(type(error)(f"{category} {one}: {error}"))
    return gravest([session.damage, MissingError.exit_code if missing else 0])


def _mail_of(archive: Archive, chosen: View, when: date, days: Sequence[Day], form: str) -> bytes:
    """Return the mail of what a view shows, whether or not it has messages."""
    from digest.archive.marked import shown_hits
    from digest.jobs.messages import view_mail

    made = view_mail(archive.config, chosen, when, days, shown_hits(archive, chosen, when, days))
    return (made.html if form == "html" else made.text).encode()


def _print_file(session: Session, chosen: View, days: Sequence[Day], text: bytes) -> None:
    if not session.console.answers_json:
        write_out(text)
        sys.stdout.flush()  # the text before the errors, on a terminal that shows both
    answer = {**_head(chosen, days), "text": text.decode()}
    session.console.answer(answer)


def _head(chosen: View, days: Sequence[Day]) -> dict[str, Any]:
    """Return what an answer begins with that tells what a view shows of ``days``."""
    categories = [*dict.fromkeys(day.category for day in days)]
    return {"view": chosen.name, "date": str(chosen.date_of(days[0].date)), "categories": categories}


def print_hits_of(
    session: Session,
    chosen: View,
    days: Sequence[Day],
    wanted: Wanted,
    hits: Sequence[Hit],
    *,
    pages: bool,
) -> None:
    """Print what a view shows of ``days``, the newest first, as a list."""
    from digest.cli import screen
    from digest.cli.layout import heading, list_paragraphs
    from digest.render.digest import contents_of_view
    from digest.terms import Section

    when, terminal = chosen.date_of(days[0].date), screen.Screen.here()
    of_sections = [*map(Section, chosen.sections)]
    contents = contents_of_view(chosen, when, days, hits, of_sections)
    ranking = contents.ranking
    found = wanted.of(contents.sections, of_sections)
    if session.console.answers_json:
        more = {"ranking": ranking.data} if ranking else {}
        session.console.answer({**_head(chosen, days), **more, "papers": wanted.data(found)})
        return
    head = [*heading(chosen.name, contents.heading, days, counts=False)]
    note = [screen.Paragraph([screen.Piece(ranking.note, "dim")])] if ranking else []
    screen.show([*head, *note, *list_paragraphs(found, terminal, titles_only=wanted.titles)], terminal, pages=pages)
