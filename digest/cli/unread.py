"""What a reader has seen of an archive: remembered in the user's own folder of states, a file for each archive."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.session import user_folder
from digest.disk.files import Folder
from digest.errors import UNREADABLE, DigestError, StoreError

if TYPE_CHECKING:
    from digest.archive.archive import Archive
    from digest.model import Day, DaySummary

_FORMAT = 1
_VARIABLE, _STATES = "XDG_STATE_HOME", ".local/state"


@dataclass(frozen=True)
class Seen:
    """What was seen of a category: the days of ``dates``; of those that were not proven then, which papers."""

    dates: frozenset[date]
    unproven: Mapping[date, frozenset[str]] = field(default_factory=dict)

    def may_have_news(self, day: DaySummary) -> bool:
        """Whether a stored day may hold papers that were not seen; what is older than all that was seen never does.

        A past that is fetched or imported later is no news; a gap that is filled is.
        """
        return day.date in self.unproven or (
            day.date not in self.dates and day.date > min(self.dates, default=date.max)
        )

    def papers_of(self, when: date) -> frozenset[str]:
        """Return which papers of a day were seen."""
        return self.unproven.get(when, frozenset())

    def with_days(self, days: Iterable[Day]) -> Seen:
        """Return this and that ``days`` were seen."""
        read = {day.date: day for day in days}
        unproven = {when: papers for when, papers in self.unproven.items() if when not in read}
        unproven |= {when: day.ids for when, day in read.items() if not day.state.is_proof}
        return Seen(self.dates | read.keys(), unproven)


@dataclass(frozen=True)
class News:
    """What a reader has not seen: days, each with the ids of its papers that were seen, the oldest first.

    ``seen`` is what will have been seen of each category; ``failures`` tell of days that cannot be read, those aside
    that the archive tells of itself.
    """

    days: Sequence[tuple[Day, frozenset[str]]]
    seen: Mapping[str, Seen]
    failures: list[DigestError]


def news_of(archive: Archive, categories: Sequence[str], known: Mapping[str, Seen], sections: Sequence[str]) -> News:
    """Return what was not seen of ``categories`` in these ``sections``; where nothing is known, the newest day."""
    days: list[tuple[Day, frozenset[str]]] = []
    seen: dict[str, Seen] = {}
    failures: list[DigestError] = []
    for category in categories:
        before, stored = known.get(category), archive.snapshot.days_of(category)
        read: list[Day] = []
        for one in filter(before.may_have_news, stored) if before else stored[-1:]:
            if day := archive.day(category, one.date):
                read.append(day)
            elif (error := archive.why_unread(category, one.date)) not in archive.damage:  # which is told of anyway
                failures.append(error)
        if read:
            before = before or Seen(frozenset())
            shown = [(day, before.papers_of(day.date)) for day in read]
            days += [(day, papers) for day, papers in shown if _ids_in(day, sections) - papers]
            seen[category] = before.with_days(read)
    return News(sorted(days, key=lambda one: one[0].date), seen, failures)


def _ids_in(day: Day, sections: Sequence[str]) -> set[str]:
    return {str(entry.paper.arxiv_id) for entry in day.entries if entry.section in sections}


class Memory:
    """What is remembered of one archive, by category."""

    def __init__(self, environment: Mapping[str, str], config_path: Path) -> None:
        """Find where it is kept: by the ``environment``, and by where the archive's configuration is.

        Raises:
            StoreError: nobody knows where the user's home is.
        """
        self._archive = str(config_path.resolve())
        # macOS has one folder for all that a program keeps.
        is_mac = sys.platform == "darwin" and _VARIABLE not in environment
        place = Path(click.get_app_dir("digest")) if is_mac else user_folder(environment, _VARIABLE, _STATES) / "digest"
        self._folder = Folder(place)
        self._name = f"read-{hashlib.sha256(self._archive.encode(errors='surrogateescape')).hexdigest()[:16]}.json"

    def load(self) -> Mapping[str, Seen]:
        """Return what was seen of each category; nothing if nothing is remembered.

        Raises:
            StoreError: the file cannot be read, or holds something else.
        """
        data = self._folder.read(self._name)
        return {} if data is None else self._parsed(data)

    def save(self, seen: Mapping[str, Seen]) -> None:
        """Remember what was ``seen`` of some categories.

        Raises:
            StoreError: it cannot be written, or what is there is something else.
        """
        known = {**self.load(), **seen}  # another reader may have seen other categories meanwhile
        document = {
            "format": _FORMAT,
            "archive": self._archive,
            "categories": {category: _as_json(known[category]) for category in sorted(known)},
        }
        self._folder.write(self._name, f"{json.dumps(document, indent=1)}\n".encode())

    def _parsed(self, data: bytes) -> dict[str, Seen]:
        try:
            document = json.loads(data)
            if document["format"] == _FORMAT:
                return {str(name): _from_json(value) for name, value in document["categories"].items()}
        except UNREADABLE:
            pass
        words = "expected what you have read, as digest notes it, found something else; remove it to begin anew"
        raise StoreError(f"{self._folder.root / self._name}: {words}")


def _as_json(seen: Seen) -> dict[str, object]:
    return {
        "seen": sorted(map(str, seen.dates)),
        "unproven": {str(when): sorted(papers) for when, papers in sorted(seen.unproven.items())},
    }


def _from_json(value: Mapping[str, Any]) -> Seen:
    unproven = {date.fromisoformat(when): frozenset(map(str, papers)) for when, papers in value["unproven"].items()}
    return Seen(frozenset(map(date.fromisoformat, value["seen"])), unproven)
