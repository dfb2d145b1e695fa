"""A history as lists and mappings of texts, for machines."""

from collections.abc import Callable
from datetime import date
from typing import Any

from digest.history.events import Event, History
from digest.history.fields import Field, Value
from digest.model import Announcement

PathOf = Callable[[str, date], str]
"""The path of a category's digest of a date."""


def history_data(history: History, path_of: PathOf) -> dict[str, Any]:
    """Return the paper as it was last known, then its events, each with what changed.

    Texts are plain, on one line; None is what is not there, or what no stored announcement tells. Dates are in ISO
    8601, and ``digest`` is the path of the digest that an announcement belongs to.
    """
    return {
        "id": str(history.arxiv_id),
        "abstract_url": f"https://arxiv.org/abs/{history.arxiv_id}",
        "pdf_url": f"https://arxiv.org/pdf/{history.arxiv_id}.pdf",
        **{field.value: _plain(history.latest.get(field)) for field in Field},
        "withdrawn_since": history.withdrawn_since and history.withdrawn_since.isoformat(),
        "first_announced": _place(history.first, path_of),
        "is_older_than_archive": history.first is None and history.is_older,
        "events": [_event(history, event, path_of) for event in history.events],
    }


def _plain(value: Value | None) -> str | list[str] | bool | None:
    if isinstance(value, tuple):
        return list(value)
    return None if value == "" else value


def _place(one: Announcement | None, path_of: PathOf) -> dict[str, Any] | None:
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
        "digest": path_of(one.category, one.date),
    }


def _event(history: History, event: Event, path_of: PathOf) -> dict[str, Any]:
    return {
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
