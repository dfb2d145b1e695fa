"""The archive → the messages of the listing dates that had none yet."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.archive.products import day_reader, days_with
from digest.calendar import is_overdue, period_heading
from digest.errors import ConfigError, DamageError, DigestError, UsageError
from digest.model import LISTINGS, Section, State
from digest.notify.due import DueMessages, Listing, Turns, is_ripe, opened, recent_dates
from digest.notify.messages import listing_message, view_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from digest.archive.archive import Archive
    from digest.archive.report import Report
    from digest.config.settings import Config, View
    from digest.model import Day, DaySummary, Hit, Paper, Told
    from digest.notify.messages import Message
    from digest.notify.notifier import Notifier
    from digest.render.mail import Mail

log = logging.getLogger(__name__)

_SHOWN_PAPERS = 5


def prepare_messages(archive: Archive, notifier: Notifier, report: Report) -> None:
    """Make the messages of a run, and note what there is nothing to tell of, before the days are committed."""
    if not notifier.is_needed:
        return
    try:
        report.written += notifier.hold(due_messages(archive, notifier.noted, notifier.turns(archive.calendar)))
    except DigestError as error:  # what cannot be noted is not sent: each run would send it again
        report.fail("messages", error)


def due_messages(archive: Archive, noted: Told, turns: Turns) -> DueMessages:
    """Make the messages of the last days that are due, and of which ``noted`` says that they were not told."""
    told = opened(noted, turns)
    oldest = recent_dates(archive.calendar, archive.now)[0]
    old = [key for key in told.reached if key[1] < oldest]
    for subject, when in old:
        told = told.adding(subject, when)
    due = {}
    stored = _Stored(archive)
    for when, subject in _in_turn(turns):
        has_none = all(one.is_void for one in stored.listings(subject, when))
        if told.has(subject, when) or not (has_none or stored.is_time(subject, when)):
            continue
        try:
            message = None if has_none else stored.message(subject, when)
        except (DamageError, ConfigError, UsageError) as error:
            log.warning("the message of %s waits: %s", when, error)
            continue
        if message is None:
            told = told.adding(subject, when)
        else:
            due[subject, when] = message
    return DueMessages(told, due, old)


def _in_turn(turns: Turns) -> list[tuple[date, str]]:
    """Return the dates with their subjects, the oldest first; of a date, the subjects as they are configured."""
    pairs = [(when, subject) for subject, turn in turns.items() for when in turn.dates]
    return sorted(pairs, key=lambda pair: pair[0])


class _Stored:
    """What an archive has of listing dates; a day that several messages need is read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known = archive.snapshot
        self._read = day_reader(archive, held=len(archive.config.arxiv.categories))

    def days(self, when: date) -> Mapping[str, DaySummary | None]:
        """Return what is stored of a date, by category."""
        return {category: self._known.day(category, when) for category in self._archive.config.arxiv.categories}

    def given_up(self, when: date) -> frozenset[str]:
        """Return the categories for which a person gave a date up."""
        categories = self._archive.config.arxiv.categories
        return frozenset(category for category in categories if when in self._known.ledger.losses_of(category))

    def listings(self, subject: str, when: date) -> list[Listing]:
        """Return the listings of which a message tells: that of a date or, of a weekly view, those of the week.

        Of a week in which the archive began, nothing is expected that was before.
        """
        dates = [when] if subject == LISTINGS else self._view(subject).dates_with(when)
        if len(dates) == 1:
            return [Listing(self.days(when), self.given_up(when))]
        starts = {name: self._known.start(name) for name in self._archive.config.arxiv.categories}
        found = []
        for one in self._archive.calendar.listing_dates(dates[0], dates[-1]):
            before = {name for name, start in starts.items() if start and one < start}
            found.append(Listing(self.days(one), self.given_up(one) | before))
        return found

    def is_time(self, subject: str, when: date) -> bool:
        """Whether it is time for the message of a date or week."""
        listings = self.listings(subject, when)
        if subject == LISTINGS or self._view(subject).period == "day":
            return is_ripe(listings, is_late=is_overdue(when, self._archive.now))
        return is_ripe(listings, is_late=self._archive.calendar.newest_expected(self._archive.now) > when)

    def _view(self, subject: str) -> View:
        return next(view for view in self._archive.config.views if view.name == subject)

    def message(self, subject: str, when: date) -> Message | None:
        """Return what to tell of a date: of its listing, or of the view that is the subject; None if it shows nothing.

        Raises:
            DamageError: a stored day cannot be read.
        """
        days, config = self.days(when), self._archive.config
        if subject == LISTINGS:
            papers = tuple(islice(self._first_papers(when), _SHOWN_PAPERS))
            published = [(name, config.digest_address(name, when) or _page(config, name, when)) for name in days]
            addresses = {name: address for name, address in published if address and days[name]}
            message = listing_message(when, days, self.given_up(when), papers, addresses)
            stored = [self._read(name, when) for name, day in days.items() if day]
            return replace(message, mail=partial(listing_mail, message, stored, config.sections))
        return self._view_message(self._view(subject), when)

    def _view_message(self, view: View, when: date) -> Message | None:
        from digest.archive.marked import shown_hits  # noqa: PLC0415 - most archives have no view
        from digest.views.foreign_queries import query_in  # noqa: PLC0415 - as above

        if query_in(view):  # the run warns of it
            return None
        read = [self._read(day.category, day.date) for day in days_with(view, self._known, when)]
        found = shown_hits(self._archive, view, when, read)
        if not found:
            return None
        config = self._archive.config
        message = view_message(view.name, period_heading(when, view.period), found, _address_of(config, view, when))
        return replace(message, mail=partial(view_mail, config, view, when, read, found))

    def _first_papers(self, when: date) -> Iterator[Paper]:
        """Yield the new submissions in the order of the digests, from each category in turn, each paper once."""
        columns = []
        for day in filter(None, self.days(when).values()):
            entries = self._read(day.category, when).entries
            papers = [entry.paper for entry in entries if entry.section is Section.NEW]
            columns.append(sorted(papers, key=lambda paper: paper.arxiv_id, reverse=True))
        in_turn = filter(None, chain.from_iterable(zip_longest(*columns)))
        yield from {paper.arxiv_id: paper for paper in in_turn}.values()


def listing_mail(message: Message, days: Sequence[Day], sections: Sequence[Section]) -> Mail:
    """Return the mail of a listing date: all that the digests of its ``days`` show."""
    from digest.render.digest import contents_of_day  # noqa: PLC0415 - most archives send no mail
    from digest.render.mail import render_mail  # noqa: PLC0415 - as above

    contents = [contents_of_day(day, sections) for day in days]
    notes = [item.text for item in message.paragraphs[0]]
    return render_mail(message.title, contents, notes=notes, address=message.address)


def _address_of(config: Config, view: View, when: date) -> str:
    """Return where what a view shows is published, as a file or on the site; "" if it is not."""
    page = "" if view.rank else _page(config, "views", view.name, view.date_of(when))
    return config.address_of(view.digest_path(when)) or page


def _page(config: Config, *names: object) -> str:
    """Return the address of a page of the site; "" if that is published nowhere."""
    path = "/".join(quote(str(name), safe="") for name in names)
    return f"{config.site.address.rstrip('/')}/{path}/" if config.site.address else ""


def view_mail(config: Config, view: View, when: date, days: Sequence[Day], hits: Sequence[Hit]) -> Mail:
    """Return the mail of a view: all that it shows of the ``days`` of a date or week, and why."""
    from digest.render.digest import contents_of_view  # noqa: PLC0415 - as above
    from digest.render.mail import render_mail  # noqa: PLC0415 - as above

    contents = contents_of_view(view, view.date_of(when), days, hits, [*map(Section, view.sections)])
    title = view_message(view.name, contents.heading, hits).title
    notes = [contents.ranking.note] if contents.ranking else []
    notes += [
        f"{day.category}, {day.date}: {day.state}" for day in days if day.state not in (State.COMPLETE, State.EMPTY)
    ]
    return render_mail(title, [contents], notes=notes, address=_address_of(config, view, when))
