"""Stored days in the formats of other programs. Offline; one day at a time is held."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.products import day_reader
from digest.archive.report import Report, Track, untracked
from digest.disk.files import new_file
from digest.errors import StoreError, UsageError
from digest.jobs.selection import Selection, is_one_date, note_missing
from digest.model import Announcement, DaySummary, Section
from digest.render.exports import FEEDS, RECORDS
from digest.render.exports.feeds import Feed
from digest.store.engine import SIDE_FILES


@dataclass(frozen=True)
class Wanted:
    """What to export: which sections of which stored days, in which form; ``dates`` is how a person said which.

    The categories of ``selection`` stand in the order of the configuration. ``sections`` None means those of the
    digests (of a feed: without replacements, which are no news to its readers).
    """

    selection: Selection
    dates: str
    form: str
    sections: Collection[Section] | None = None


@dataclass(frozen=True)
class Export:
    """An export: its text, piece by piece (None if the date asked for is not stored), and what could not be had.

    ``days``: how many days (of a category each) it is of.
    """

    pieces: Iterator[str] | None
    report: Report
    days: int = 0


def export(archive: Archive, wanted: Wanted, track: Track = untracked) -> Export:
    """Export stored days; the text is made while it is taken."""
    chosen, write_feed, report = wanted.selection, FEEDS.get(wanted.form), Report()
    note_missing(archive, chosen, report)
    # Those of one date stand in the order of the categories.
    days = sorted(chosen.stored(archive), key=lambda day: chosen.categories.index(day.category))
    days.sort(key=lambda day: day.date, reverse=write_feed is not None)
    (span,) = chosen.spans
    if not days and is_one_date(span):
        return Export(None, report)
    unwanted = {Section.REPLACEMENT} if write_feed else set()
    sections = frozenset(wanted.sections or {*archive.config.sections} - unwanted)
    # Nothing is read yet: each day is, when the text has come to it.
    announcements = _announcements(archive, days, sections, track)
    if write_feed is None:
        return Export(RECORDS[wanted.form](announcements), report, len(days))
    categories, shown = ", ".join(chosen.categories), " ".join(section for section in Section if section in sections)
    feed = Feed(
        title=f"arXiv {categories}",
        seed=f"export of {categories} ({shown}) {wanted.dates}",
        empty_at=span[1] or span[0],
        digest_address=lambda one: archive.config.digest_address(one.category, one.date),
    )
    return Export(write_feed(feed, announcements), report, len(days))


def _announcements(
    archive: Archive, days: Iterable[DaySummary], sections: Collection[Section], track: Track
) -> Iterator[Announcement]:
    parts, read = {f"{day.category} {day.date}": day for day in days}, day_reader(archive)
    for name in track(list(parts)):
        day = read(parts[name].category, parts[name].date)
        yield from (one for one in day.announcements if one.section in sections)


def require_foreign(archive: Archive, target: Path, config_path: Path) -> None:
    """See to it that no export takes the place of what the archive itself is made of.

    Raises:
        UsageError: ``target`` is a file of the archive's.
    """
    config, place = archive.config, target.resolve()
    database = config.database
    files = [config_path, config.lock, *(archive.output.root / path for path in archive.files)]
    files += [database.with_name(database.name + end) for end in ("", *SIDE_FILES)] if database else []
    folders = filter(None, (config.raw, config.records))
    is_own = any(place == file.resolve() for file in files)
    if is_own or any(place.is_relative_to(folder.resolve()) for folder in folders):
        raise UsageError(f"--output: expected a file of your own, found one of the archive's: {target}")


def write_export(pieces: Iterable[str], target: Path) -> None:
    """Write the pieces of an export to ``target``, whole or not at all.

    Raises:
        StoreError: the disk fails, or no plain file stands at ``target``.
    """
    with new_file(target) as made:
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise StoreError(f"{target}: expected a place for a plain file, found something else")
        with made.open("wb") as stream:
            for piece in pieces:
                stream.write(piece.encode())
