"""The archive → the messages of the listing dates that are not told of yet."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING

from digest.archive.products import dates_of, day_reader
from digest.errors import DamageError
from digest.messages import ListingNews, ViewNews
from digest.model import LISTINGS, Section
from digest.notices import Due, Plan, expired, is_ripe, is_void, opened, recent_dates
from digest.render.message import listing_message, view_message
from digest.views import hits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from digest.archive.archive import Archive
    from digest.config import View
    from digest.messages import Message
    from digest.model import Day, DaySummary, Paper, Told

log = logging.getLogger(__name__)

_SHOWN_PAPERS = 5


def plan_messages(archive: Archive, known: Told, subjects: Collection[str]) -> Plan:
    """Make the messages of the last days that are due, and of which ``known`` says that they were not told."""
    dates = recent_dates(archive.calendar, archive.now)
    plan = Plan(opened(known, subjects, dates))
    plan = replace(plan, expired=tuple(expired(plan.told, dates)))
    for subject, when in plan.expired:
        plan = _without_news(plan, [subject], when)
    newsroom = Newsroom(archive)
    for when in dates:
        days, given_up = newsroom.days(when), newsroom.given_up(when)
        left = [subject for subject in subjects if not plan.told.has(subject, when)]
        if is_void(days, given_up):
            plan = _without_news(plan, left, when)
        elif is_ripe(when, days, given_up, archive.now):
            plan = _with_news(plan, left, when, newsroom)
    return plan


def _without_news(plan: Plan, subjects: Collection[str], when: date) -> Plan:
    told = plan.told
    for subject in subjects:
        told = told.adding(subject, when)
    return replace(plan, told=told)


def _with_news(plan: Plan, subjects: Collection[str], when: date, newsroom: Newsroom) -> Plan:
    for subject in subjects:
        try:
            message = newsroom.message(subject, when)
        except DamageError as error:
            log.warning("the message of %s waits: %s", when, error)
            continue
        if message is None:
            plan = _without_news(plan, [subject], when)
        else:
            plan = replace(plan, due=(*plan.due, Due(subject, when, message)))
    return plan


class Newsroom:
    """What an archive has of listing dates; a day that several messages need is read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._categories = archive.config.arxiv.categories
        self._stored = archive.snapshot.summaries
        self._lost = {category: archive.snapshot.ledger.losses_of(category) for category in self._categories}
        self._read = day_reader(archive, held=len(self._categories))

    def days(self, when: date) -> Mapping[str, DaySummary | None]:
        """Return what is stored of a date, by category."""
        found = {day.category: day for day in self._stored if day.date == when}
        return {category: found.get(category) for category in self._categories}

    def given_up(self, when: date) -> frozenset[str]:
        """Return the categories for which a person gave a date up."""
        return frozenset(category for category, dates in self._lost.items() if when in dates)

    def message(self, subject: str, when: date) -> Message | None:
        """Return what to tell of a date: of its listing, or of the view that is the subject; None if it shows nothing.

        Raises:
            DamageError: a stored day cannot be read.
        """
        if subject == LISTINGS:
            papers = tuple(islice(self._first_papers(when), _SHOWN_PAPERS))
            days = self.days(when)
            published = {name: self._archive.config.digest_address(name, when) for name, day in days.items() if day}
            addresses = {name: address for name, address in published.items() if address}
            return listing_message(ListingNews(when, days, self.given_up(when), papers, addresses))
        (view,) = (view for view in self._archive.config.views if view.name == subject)
        found = hits(view, self._days_of(view, when))
        address = self._archive.config.address_of(view.digest_path(when))
        return view_message(ViewNews(subject, when, found, address)) if found else None

    def _days_of(self, view: View, when: date) -> list[Day]:
        stored = dates_of(view, (day for day in self._stored if day.date == when))
        return [self._read(day.category, when) for day in stored.get(when, [])]

    def _first_papers(self, when: date) -> Iterator[Paper]:
        """Yield the new submissions in the order of the digests, from each category in turn, each paper once."""
        columns = [self._new_submissions(day) for day in self.days(when).values() if day is not None]
        in_turn = chain.from_iterable(zip_longest(*columns))
        yield from {paper.arxiv_id: paper for paper in in_turn if paper is not None}.values()

    def _new_submissions(self, day: DaySummary) -> list[Paper]:
        entries = self._read(day.category, day.date).entries
        papers = [entry.paper for entry in entries if entry.section is Section.NEW]
        return sorted(papers, key=lambda paper: paper.arxiv_id, reverse=True)
