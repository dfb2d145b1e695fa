"""A paper over the stored days: when it was announced, and what changed from one time to the next. Pure.

::

    announcements ─by date→ events ─what each is known to show→ changes from one event to the next
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from digest.errors import named
from digest.history.wording import says_withdrawn
from digest.markup import readable
from digest.model import MOST_AUTHORS_LISTED, Announcement, ArxivId, Section, Source

Value = str | tuple[str, ...] | bool
"""A text ("" if there is none), names, or whether it is so."""

_Date = date  # in a class with a field of this name

# A catchup page shows a paper's text of the day on which the page was fetched, not of the day that it lists.
# So where two categories announced a paper on one date, the other sources go first.
_TRUEST = (Source.LISTING, Source.IMPORT, Source.FEED, Source.CATCHUP, Source.OAI)


class Field(StrEnum):
    """What a revision may change, in the order in which a person wants to know it."""

    WITHDRAWN = "withdrawn"
    TITLE = "title"
    AUTHORS = "authors"
    CATEGORIES = "categories"
    COMMENTS = "comments"
    JOURNAL_REF = "journal_ref"
    ABSTRACT = "abstract"


@dataclass(frozen=True, slots=True)
class Change:
    """A field that was shown otherwise before."""

    field: Field
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Event:
    """One date's announcements of a paper, in whatever categories, and what had changed by then.

    ``revision`` counts from 1 what was seen of the paper: each replacement, and each other change. Listings do not
    tell arXiv's own version numbers. ``withdrawn`` is None where nothing tells it.
    """

    date: date
    revision: int
    announcements: tuple[Announcement, ...]
    changes: tuple[Change, ...]
    withdrawn: bool | None

    @property
    def is_replacement(self) -> bool:
        """Whether the paper was announced as replaced."""
        return any(one.section is Section.REPLACEMENT for one in self.announcements)


@dataclass(frozen=True, slots=True)
class History:
    """What the stored days tell of a paper, the oldest event first.

    ``latest`` is what was last known of each field. ``first`` is where it was first announced: as new, or as a
    cross-list where its own category is not kept; None if that is not stored. ``is_older`` tells that it is of a
    month before the first stored day.
    """

    arxiv_id: ArxivId
    events: tuple[Event, ...]
    latest: Mapping[Field, Value]
    first: Announcement | None
    is_older: bool

    def replaces(self, event: Event) -> Announcement | None:
        """Return the stored announcement of what ``event`` replaces, if it does and there is one."""
        is_before = self.first is not None and self.first.date < event.date
        return self.first if event.is_replacement and is_before else None

    @property
    def withdrawn_since(self) -> _Date | None:
        """Since when its announcements say that it is withdrawn; None if the last that tells does not."""
        since = None
        for event in self.events:
            if event.withdrawn is not None:
                since = (since or event.date) if event.withdrawn else None
        return since


def history_of(arxiv_id: ArxivId, announcements: Iterable[Announcement], first_stored: date) -> History:
    """Put together what is known of a paper.

    Args:
        arxiv_id: the paper.
        announcements: all that is stored of it, in any order.
        first_stored: the date of the first stored day, of whatever category.
    """
    ordered = sorted(announcements, key=lambda one: (one.date, list(Section).index(one.section), one.category))
    latest: dict[Field, Value] = {}
    events: list[Event] = []
    for when, group in groupby(ordered, key=lambda one: one.date):
        events.append(_event(when, tuple(group), latest, events[-1].revision if events else 0))
    is_older = (arxiv_id.year, arxiv_id.month) < (first_stored.year, first_stored.month)
    new = [one for one in ordered if one.section is Section.NEW]
    # A cross-list tells of a paper's beginning only if nothing came before it, here or in its own category.
    early = events[0].announcements if events and not is_older else ()
    first = next(iter(new + [one for one in early if one.section is Section.CROSS]), None)
    return History(arxiv_id, tuple(events), latest, first, is_older)


def _event(when: date, announcements: tuple[Announcement, ...], latest: dict[Field, Value], revision: int) -> Event:
    """Return what happened after a ``revision``; ``latest`` is kept up to date with what the date shows."""
    shown: dict[Field, Value] = {}
    for one in sorted(announcements, key=lambda one: _TRUEST.index(one.source), reverse=True):
        shown |= _known_fields(one)
    both = [field for field in Field if field in latest and field in shown]
    changed = [field for field in both if not _is_same(latest[field], shown[field])]
    changes = tuple(Change(field, latest[field], shown[field]) for field in changed)
    withdrawn = shown.get(Field.WITHDRAWN)
    for field, value in shown.items():
        known = latest.get(field)
        is_cut = isinstance(known, tuple) and isinstance(value, tuple) and len(value) < len(known)
        # A list of authors that was whole once is not forgotten because a later listing cuts it.
        if not is_cut or not _is_same(known, value):
            latest[field] = value
    event = Event(when, revision, announcements, changes, withdrawn if isinstance(withdrawn, bool) else None)
    return replace(event, revision=revision + bool(changes or event.is_replacement or not revision))


def _known_fields(announcement: Announcement) -> dict[Field, Value]:
    """Return the fields that an announcement shows, as plain text on one line.

    One that its source does not carry is left out: the comments in a feed (https://info.arxiv.org/help/rss.html),
    the abstracts of replacements in old listings, all but title and abstract in a classic digest.
    """
    paper = announcement.paper
    abstract = None if paper.abstract is None else _one_line(readable(paper.abstract))
    is_feed = announcement.source is Source.FEED or paper.raw is not None  # a saved one, too
    lacks_comments = paper.comments is None and (is_feed or paper.has_texts_alone)
    comments = None if lacks_comments else _one_line(readable(paper.comments or ""))
    categories = (paper.primary_category, *sorted({*paper.categories} - {paper.primary_category}))
    journal_ref = None if paper.has_texts_alone else _one_line(paper.journal_ref or "")
    fields: dict[Field, Value | None] = {
        Field.WITHDRAWN: says_withdrawn(abstract=abstract, comments=comments),
        Field.TITLE: _one_line(paper.title),
        Field.AUTHORS: tuple(map(_one_line, paper.authors)) or None,
        # The primary one comes first; the order of the others says nothing.
        Field.CATEGORIES: None if paper.has_texts_alone else categories,
        Field.COMMENTS: comments,
        Field.JOURNAL_REF: journal_ref,
        Field.ABSTRACT: abstract,
    }
    return {field: value for field, value in fields.items() if value is not None}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_same(before: Value | None, after: Value) -> bool:
    """Whether a field was shown twice alike; a list of authors may be cut, as arXiv's listings do at 100."""
    if isinstance(before, tuple) and isinstance(after, tuple) and MOST_AUTHORS_LISTED in (len(before), len(after)):
        return before[:MOST_AUTHORS_LISTED] == after[:MOST_AUTHORS_LISTED]
    return before == after


def history_data(history: History, path_of: Callable[[str, date], str]) -> dict[str, Any]:
    """Return the paper as it was last known, then its events, each with what changed, for machines.

    Texts are plain, on one line; None is what is not there, or what no stored announcement tells. Dates are in ISO
    8601, and ``digest`` is the path of the digest that an announcement belongs to: what ``path_of`` gives for its
    category and date.
    """
    return {
        "id": str(history.arxiv_id),
        "abstract_url": f"https://arxiv.org/abs/{history.arxiv_id}",
        "pdf_url": f"https://arxiv.org/pdf/{history.arxiv_id}.pdf",
        **{field.value: _plain(history.latest.get(field)) for field in Field},
        "withdrawn_since": history.withdrawn_since and history.withdrawn_since.isoformat(),
        "first_announced": _place(history.first, path_of),
        "is_older_than_archive": history.first is None and history.is_older,
        "events": [
            {
                "date": event.date.isoformat(),
                "revision": event.revision,
                "withdrawn": event.withdrawn,
                "announcements": [_place(one, path_of) for one in event.announcements],
                "replaces": _place(history.replaces(event), path_of),
                "changes": [
                    {"field": change.field.value, "before": _plain(change.before), "after": _plain(change.after)}
                    for change in event.changes
                ],
            }
            for event in history.events
        ],
    }


def _place(one: Announcement | None, path_of: Callable[[str, date], str]) -> dict[str, Any] | None:
    """Return where an announcement stands, and how well that day is known."""
    if one is None:
        return None
    return {
        "date": one.date.isoformat(),
        "category": one.category,
        "section": one.section.value,
        "position": one.position,
        "state": one.state.value,
        "source": one.source.value,
        "dating": one.dating and one.dating.data,
        "digest": path_of(one.category, one.date),
    }


def _plain(value: Value | None) -> Value | None:
    return None if value == "" else value


_LATE = 7  # days of the next month on which papers of a month are still announced


def why_not_stored(arxiv_id: ArxivId, stored: Collection[date], missing: Iterable[date]) -> str:
    """Say why nothing of a paper is stored, and what helps, given the dates that are stored and those missing."""
    if not stored:
        return "not stored: nothing is stored yet; `digest run` fetches the newest listing"
    first, last = min(stored), max(stored)
    month = date(arxiv_id.year, arxiv_id.month, 1)
    if month > last:
        return f"not stored: the newest stored day is {last}; `digest run` brings in what arXiv announced since"
    end = (month + timedelta(days=31)).replace(day=_LATE)
    near = [day for day in sorted(missing) if month <= day <= end]
    if near:
        days = named(near, most=5)
        return f"not stored, and near its month these days are missing: {days} (`digest status` says what helps)"
    if month < first.replace(day=1):
        return f"not stored: it is older than this archive, which begins on {first}, and has not been announced since"
    return f"not stored: no stored day from {first} to {last} lists it; perhaps it is in none of the categories here"
