"""A paper's announcements → what happened to it, date by date."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, groupby

from digest.history.fields import Change, Field, Value, changes_between, is_same, known_fields
from digest.model import Announcement, ArxivId, Section, Source

_Date = date  # in a class with a field of this name

# Of two categories' announcements of one date, the one that surely shows the text of that date goes first: a catchup
# page shows the text of the day on which it was fetched.
_TRUEST = (Source.LISTING, Source.IMPORT, Source.FEED, Source.CATCHUP)


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
    events = tuple(_events(ordered, latest))
    is_older = (arxiv_id.year, arxiv_id.month) < (first_stored.year, first_stored.month)
    return History(arxiv_id, events, latest, _first(events, is_older=is_older), is_older)


def _events(ordered: Sequence[Announcement], latest: dict[Field, Value]) -> Iterator[Event]:
    """Yield the events; ``latest`` is kept up to date with what they show."""
    revision = 0
    for when, group in groupby(ordered, key=lambda one: one.date):
        announcements = tuple(group)
        shown = _shown(announcements)
        changes = changes_between(latest, shown)
        is_replacement = any(one.section is Section.REPLACEMENT for one in announcements)
        revision += bool(changes or is_replacement or not revision)
        latest |= {field: _fuller(field, latest.get(field), value) for field, value in shown.items()}
        yield Event(when, revision, announcements, changes, _as_flag(shown.get(Field.WITHDRAWN)))


def _shown(announcements: Sequence[Announcement]) -> dict[Field, Value]:
    """Return what one date's announcements show: each field as the truest of those that carry it has it."""
    shown: dict[Field, Value] = {}
    for one in sorted(announcements, key=lambda one: _TRUEST.index(one.source), reverse=True):
        shown |= known_fields(one)
    return shown


def _fuller(field: Field, before: Value | None, after: Value) -> Value:
    """Return the newer value, unless it is the same list of authors, cut."""
    is_cut = isinstance(before, tuple) and isinstance(after, tuple) and len(after) < len(before)
    return before if before is not None and is_cut and is_same(field, before, after) else after


def _as_flag(value: Value | None) -> bool | None:
    return value if isinstance(value, bool) else None


def _first(events: Sequence[Event], *, is_older: bool) -> Announcement | None:
    """Return where a paper was announced as new; else its cross-list, if that comes first and is no late one."""
    new = (one for event in events for one in event.announcements if one.section is Section.NEW)
    early = events[:1] if not is_older else ()
    cross = (one for event in early for one in event.announcements if one.section is Section.CROSS)
    return next(chain(new, cross), None)
