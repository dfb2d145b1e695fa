"""What is to be told → messages, in words that no channel's markup is in yet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from digest.messages import AlertNews, Entry, ListingNews, Message, RecoveryNews, ViewNews
from digest.model import DaySummary, Paper, Section, State
from digest.render.environment import heading_date

_SHOWN_HITS = 10
_SHOWN_FAILURES = 10
_LONGEST_TITLE = 150
_LONGEST_REASONS = 150
_LONGEST_FAILURE = 500
_NAMED_CATEGORIES = 3
_NOUNS = {
    Section.NEW: ("new", "new"),
    Section.CROSS: ("cross-list", "cross-lists"),
    Section.REPLACEMENT: ("replacement", "replacements"),
}


def listing_message(news: ListingNews) -> Message:
    """Return the message of a listing date: how many entries, what is missing, the first papers."""
    days = [day for day in news.days.values() if day is not None]
    counts = _counted(days, [Section.NEW, Section.CROSS])
    missing = [category for category, day in news.days.items() if day is None and category not in news.given_up]
    without = f"; missing: {_named(missing)}" if missing else ""
    title = f"arXiv {_named(list(news.days))}, {heading_date(news.date)}: {counts}{without}"
    lines = [
        Entry(f"{category}: {_state(day, category in news.given_up)}", news.addresses.get(category, ""))
        for category, day in news.days.items()
    ]
    address = next(iter(news.addresses.values()), "")
    return _message(title, lines, _items(map(_item, news.papers)), address=address)


def view_message(news: ViewNews) -> Message:
    """Return the message of a view: its first papers of a date, and why it shows them."""
    number = len(news.hits)
    title = f"{news.view}, {heading_date(news.date)}: {_of(number, 'paper', 'papers')}"
    items = _items(_item(hit.announcement.paper, "; ".join(hit.reasons)) for hit in news.hits[:_SHOWN_HITS])
    more = f"… and {number - _SHOWN_HITS} more" if number > _SHOWN_HITS else "The digest" if news.address else ""
    return _message(title, items, [Entry(more, news.address)] if more else [], address=news.address)


def alert_message(news: AlertNews) -> Message:
    """Return the alert to what failed, in the words of the errors, which name the way out."""
    failures = [_cut(failure, _LONGEST_FAILURE) for failure in news.failures[:_SHOWN_FAILURES]]
    more = len(news.failures) - len(failures)
    rest = [f"… and {more} more"] if more else []
    since = f"Since {_moment(news.since)}. It is told again when it changes, after a day, and when it is over."
    title = f"digest of {_named(news.categories)} needs you (exit {news.exit_code})"
    return _message(title, failures, rest, [since], kind="failure")


def recovery_message(news: RecoveryNews) -> Message:
    """Return the message that what an alert told of is over."""
    subjects = list(dict.fromkeys(trouble.subject for trouble in news.about))
    title = f"digest of {_named(news.categories)} is well again"
    lines = [f"What failed since {_moment(news.since)} is over: {', '.join(subjects)}"]
    return _message(title, lines, kind="success")


def _items(items: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(replace(item, number=number) for number, item in enumerate(items, 1))


def _item(paper: Paper, note: str = "") -> Entry:
    return Entry(_cut(paper.title, _LONGEST_TITLE), paper.abstract_url, _cut(note, _LONGEST_REASONS))


def _message(title: str, *paragraphs: Sequence[Entry | str], kind: str = "info", address: str = "") -> Message:
    entries = (tuple(Entry(one) if isinstance(one, str) else one for one in paragraph) for paragraph in paragraphs)
    return Message(title, tuple(filter(None, entries)), kind, address)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _state(day: DaySummary | None, is_given_up: bool) -> str:
    if day is None:
        return "given up" if is_given_up else "missing"
    counts = _counted([day], Section)
    return counts if day.state in (State.COMPLETE, State.EMPTY) else f"{counts} ({day.state})"


def _counted(days: Sequence[DaySummary], sections: Iterable[Section]) -> str:
    totals = {section: sum(day.counts[section] for day in days) for section in sections}
    return ", ".join(_of(number, *_NOUNS[section]) for section, number in totals.items() if number) or "nothing new"


def _of(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _named(names: Sequence[str]) -> str:
    named = ", ".join(names[:_NAMED_CATEGORIES])
    return named if len(names) <= _NAMED_CATEGORIES else f"{named} and {len(names) - _NAMED_CATEGORIES} more"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
