"""What programs of the user's own said of papers: between the database and the text beside the day records, and shown.

Both may know what the other does not; of two answers about a paper, the later one counts.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from digest.config.settings import Config
from digest.disk.files import Folder
from digest.errors import DamageError, FormatTooNewError
from digest.model import Day
from digest.model.annotations import Annotation, hash_of_text
from digest.records.annotations import (
    annotations_path,
    parse_annotations,
    readable_annotations,
    render_annotations,
)

log = logging.getLogger(__name__)


class Archive(Protocol):
    """What is asked of an archive: annotations are one of its parts, and need no more of it."""

    config: Config

    @property
    def records(self) -> Folder | None:
        """The folder of day records."""

    @property
    def annotated(self) -> Mapping[tuple[date, str], str]:
        """The hash of what each program said of the papers of a date."""

    def annotations(self, when: date) -> list[Annotation]:
        """Return what the database has of a date."""

    def save_annotations(self, annotations: Sequence[Annotation]) -> None:
        """Store these."""


def with_annotations(archive: Archive, day: Day) -> Day:
    """Return ``day`` with what the configured programs said of its papers, except of another text than theirs."""
    if not archive.config.annotators:
        return day
    names = {one.name: place for place, one in enumerate(archive.config.annotators)}
    found: dict[str, list[Annotation]] = {}
    for one in annotations_of(archive, day.date):
        if one.name in names:
            found.setdefault(one.arxiv_id, []).append(one)
    if not found:
        return day
    entries = []
    for entry in day.entries:
        its = found.get(str(entry.paper.arxiv_id), [])
        about = hash_of_text(entry.paper.title, entry.paper.abstract) if its else ""
        shown = sorted((one for one in its if one.about == about), key=lambda one: names[one.name])
        entries.append(replace(entry, annotations=tuple(shown)) if shown else entry)
    return replace(day, entries=tuple(entries))


def inputs_of(archive: Archive, when: date) -> list[str]:
    """Return what tells a file of a date made with annotations from one made with others; nothing if there are none."""
    if not archive.config.annotators:
        return []
    names = [one.name for one in archive.config.annotators]
    told = [[name, its_hash] for name in names if (its_hash := archive.annotated.get((when, name)))]
    return [json.dumps(told)] if told else []


def annotations_of(archive: Archive, when: date) -> list[Annotation]:
    """Return what programs said of the papers of a date, from the database or, if it has nothing, from the records."""
    found = archive.annotations(when)
    if found or archive.records is None:
        return found
    try:
        return recorded_annotations(archive, when)
    except DamageError as error:
        log.warning("%s", error)
        return []


def recorded_annotations(archive: Archive, when: date) -> list[Annotation]:
    """Return what the text beside the day records holds of a date.

    Raises:
        DamageError: it is damaged.
    """
    path = annotations_path(when)
    data = archive.records.read(path) if archive.records else None
    if archive.records is None or data is None:
        return []
    try:
        return parse_annotations(data, when)
    except DamageError as error:
        raise type(error)(f"{archive.records.root / path}: {error}") from error


def is_recorded_so(archive: Archive, when: date) -> bool:
    """Whether the text beside the day records is that of what the database holds of a date."""
    data, stored = archive.records.read(annotations_path(when)) if archive.records else None, archive.annotations(when)
    return data == (render_annotations(when, stored) if stored else None)


def load_annotations(archive: Archive, when: date) -> None:
    """Store what the text beside the day records knows of a date, and the database does not.

    Raises:
        DamageError: it is damaged.
    """
    if archive.records is None or is_recorded_so(archive, when):
        return
    _save_news(archive, when, recorded_annotations(archive, when))


def _save_news(archive: Archive, when: date, there: Sequence[Annotation]) -> None:
    stored = {(one.name, one.arxiv_id): one.made_at for one in archive.annotations(when)}
    news = [one for one in there if not (at := stored.get((one.name, one.arxiv_id))) or at < one.made_at]
    if news:
        archive.save_annotations(news)


def write_annotations(archive: Archive, when: date) -> list[str]:
    """Write the text of what is known of a date beside the day records; return its path if it changed.

    One that is damaged is kept aside, and what can be read of it is stored.

    Raises:
        FormatTooNewError: a newer digest wrote it.
    """
    if archive.records is None or is_recorded_so(archive, when):
        return []
    path = annotations_path(when)
    try:
        load_annotations(archive, when)
    except FormatTooNewError:
        raise
    except DamageError as error:
        log.warning("%s; it was kept as %s", error, archive.records.keep_beside(path, "damaged"))
        _save_news(archive, when, readable_annotations(archive.records.read(path) or b"", when))
        if not archive.annotations(when):
            archive.records.remove(path)
            return [str(archive.records.root / path)]
    stored = archive.annotations(when)
    is_new = bool(stored) and archive.records.write(path, render_annotations(when, stored))
    return [str(archive.records.root / path)] if is_new else []
