"""What messages say, and in which words, before they are put into the markup of a channel. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from digest.calendar import heading_date
from digest.errors import how_many, named
from digest.model import DaySummary, Hit, Paper, Section, State, Trouble

# A message is read on a phone: what goes beyond these is counted, and the digest has it.
_SHOWN_HITS = 10
_SHOWN_FAILURES = 10
_LONGEST_TITLE = 150
_LONGEST_REASONS = 150
_LONGEST_FAILURE = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a message: plain text, with the address that it leads to, a note, and its number on a list."""

    text: str
    url: str = ""
    note: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message in words, whatever the markup of a channel: entries in paragraphs.

    ``kind`` is "info", "success" or "failure"; ``address`` leads to all of it, should a channel have no room for that.
    ``mail`` makes the HTML and the plain text of a mail, which says more than a chat has room for.
    """

    title: str
    paragraphs: tuple[tuple[Item, ...], ...]
    kind: str = "info"
    address: str = ""
    mail: Callable[[], tuple[str, str]] | None = field(default=None, compare=False, repr=False)


def listing_message(
    when: date,
    days: Mapping[str, DaySummary | None],
    given_up: Collection[str],
    papers: Iterable[Paper],
    addresses: Mapping[str, str],
) -> Message:
    """Return the message of a listing date: how many entries, what is missing, the first papers.

    Args:
        when: the date.
        days: what is stored of it, by category.
        given_up: the categories for which a person gave the date up.
        papers: the first papers.
        addresses: where the digests of the categories are published, as far as that is known.
    """
    counts = _counted(filter(None, days.values()), [Section.NEW, Section.CROSS])
    missing = [category for category, day in days.items() if day is None and category not in given_up]
    without = f"; missing: {named(missing)}" if missing else ""
    lines = []
    for category, day in days.items():
        if day is None:
            words = "given up" if category in given_up else "missing"
        else:
            # Any other state is named: its numbers may still change.
            is_settled = day.state in (State.COMPLETE, State.EMPTY)
            words = f"{_counted([day], Section)}{'' if is_settled else f' ({day.state})'}"
        lines.append(Item(f"{category}: {words}", addresses.get(category, "")))
    title = f"arXiv {named(list(days))}, {heading_date(when)}: {counts}{without}"
    return _message(title, lines, _items(map(_item, papers)), address=next(iter(addresses.values()), ""))


def view_message(view: str, heading: str, hits: Sequence[Hit], address: str = "") -> Message:
    """Return the message of a view: its first papers of a date or week, and why it shows them.

    ``address``: where its digest is published, "" if that is not known.
    """
    title = f"{view}, {heading}: {how_many(len(hits), 'paper')}"
    items = _items(_item(hit.announcement.paper, "; ".join(hit.reasons)) for hit in hits[:_SHOWN_HITS])
    more = f"… and {len(hits) - _SHOWN_HITS} more" if len(hits) > _SHOWN_HITS else "The digest" if address else ""
    return _message(title, items, [Item(more, address)] if more else [], address=address)


def alert_message(categories: Sequence[str], exit_code: int, failures: Sequence[str], since: datetime) -> Message:
    """Return the alert to what failed, in the words of the errors, which name the way out.

    The ``categories`` tell a person with several archives which one it is.
    """
    shown = [cut(failure, _LONGEST_FAILURE) for failure in failures[:_SHOWN_FAILURES]]
    rest = [f"… and {len(failures) - len(shown)} more"] if len(failures) > len(shown) else []
    end = f"Since {_moment(since)}. You will hear of it again when it changes, after a day, and when it is over."
    return _message(f"digest of {named(categories)} needs you (exit {exit_code})", shown, rest, [end], kind="failure")


def recovery_message(categories: Sequence[str], about: Iterable[Trouble], since: datetime) -> Message:
    """Return the message that the trouble of an alert is over."""
    subjects = dict.fromkeys(trouble.subject for trouble in about)
    lines = [f"What failed since {_moment(since)} is over: {', '.join(subjects)}"]
    return _message(f"digest of {named(categories)} is well again", lines, kind="success")


def _items(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, number=number) for number, item in enumerate(items, 1))


def _item(paper: Paper, note: str = "") -> Item:
    return Item(cut(paper.title, _LONGEST_TITLE), paper.abstract_url, cut(note, _LONGEST_REASONS))


def _message(title: str, *paragraphs: Sequence[Item | str], kind: str = "info", address: str = "") -> Message:
    entries = (tuple(Item(one) if isinstance(one, str) else one for one in paragraph) for paragraph in paragraphs)
    return Message(title, tuple(filter(None, entries)), kind, address)


def cut(text: str, length: int) -> str:
    """Return ``text``, its end cut off where it is longer than ``length``."""
    return text if len(text) <= length else f"{text[: max(length - 1, 0)].rstrip()}…"


def _counted(days: Iterable[DaySummary], sections: Iterable[Section]) -> str:
    totals = Counter[Section]()
    for day in days:
        totals.update(day.counts)
    return ", ".join(section.how_many(totals[section]) for section in sections if totals[section]) or "nothing new"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
