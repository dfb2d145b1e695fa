"""What the site is searched in: its papers in segments, each made from its own days alone."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial

from digest.archive.products import Kind, Product, sha256
from digest.archive.site.frame import Frame, day_path
from digest.model import Announcement, DaySummary
from digest.render.site.search import FORMAT, catalogue, segment_files, segments_of
from digest.views.search import indexed_words

FOLDER = "search/"
_CATALOGUE = f"{FOLDER}index.json"
_VERSION = 8  # hexadecimal digits


def search_files(frame: Frame) -> Iterator[Product]:
    """Yield each segment, and the catalogue of them; templates are no matter of theirs."""
    days = [day for when in sorted(frame.by_date) for day in frame.by_date[when].values() if _size(frame, day)]
    rows: list[tuple[str, str, date, date]] = []
    for segment in segments_of([(day.date, _size(frame, day)) for day in days]):
        its = days[segment.days.start : segment.days.stop]
        known = [FORMAT, segment.path, frame.sections, [(day.category, str(day.date), day.content_hash) for day in its]]
        version = sha256(json.dumps(known).encode())[:_VERSION]
        rows.append((segment.path, version, its[0].date, its[-1].date))
        folder = f"{FOLDER}{segment.path}/"
        yield _product(f"{folder}head.json", version, partial(_segment, frame, folder, version, its))
    data = catalogue(rows)
    yield _product(_CATALOGUE, sha256(data)[:_VERSION], lambda: {_CATALOGUE: data})


def _product(path: str, version: str, make: Callable[[], Mapping[str, bytes]]) -> Product:
    return Product(Kind.SITE, path, path, version, str(FORMAT), make)


def _size(frame: Frame, day: DaySummary) -> int:
    return sum(day.counts[section] for section in frame.sections)


def _segment(frame: Frame, folder: str, version: str, days: Iterable[DaySummary]) -> Mapping[str, bytes]:
    files = segment_files(_announced(frame, days), version, day_path, indexed_words)
    return {f"{folder}{name}": data for name, data in files.items()}


def _announced(frame: Frame, days: Iterable[DaySummary]) -> Iterator[Announcement]:
    for day in days:
        stored = frame.read(day.category, day.date)
        yield from (one for one in stored.announcements if one.section in frame.sections)
