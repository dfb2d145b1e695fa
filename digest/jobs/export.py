"""Stored days in the formats of other programs. Offline; one day at a time is held."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.marked import ranked_finder
from digest.archive.products import day_reader
from digest.archive.report import Report, Track, untracked
from digest.config.settings import View
from digest.disk.files import new_file
from digest.errors import DamageError, StoreError, UsageError
from digest.jobs.selection import Selection, is_one_date, note_missing
from digest.model import Announcement, DaySummary, Query, Section
from digest.render.exports import FEEDS, RECORDS
from digest.render.exports.feeds import Feed
from digest.render.exports.rows import Why
from digest.store.file import SIDE_FILES

_BOM = "\ufeff"
"""What Excel knows UTF-8 by in a file that it opens by a double click; else it takes another encoding for granted."""


@dataclass(frozen=True)
class Wanted:
    """What to export: which sections of which stored days, in which form.

    ``dates`` is how a person said which dates, "" if none did. The categories of ``selection`` stand in the order of
    the configuration. ``sections`` None means those of the digests, or of the ``view`` whose papers alone are wanted,
    or all that a ``query`` finds (of a feed: without replacements, which are no news to its readers). ``target`` is the
    file that it is for, if any; ``bom``: with a byte order mark.
    """

    selection: Selection
    dates: str
    form: str
    sections: Collection[Section] | None = None
    view: View | None = None
    query: Query | None = None
    target: Path | None = None
    bom: bool = False


@dataclass(frozen=True)
class Export:
    """An export: its text, piece by piece (None if the date asked for is not stored), and what could not be had.

    ``chosen``: how many days (of a category each) it is of, those included that turn out to be damaged.
    """

    pieces: Iterator[str] | None
    report: Report
    chosen: int = 0

    @property
    def days(self) -> int:
        """How many days its text holds, once that was made."""
        return self.chosen - sum(isinstance(error, DamageError) for error in self.report.failures)


def export(archive: Archive, wanted: Wanted, track: Track = untracked) -> Export:
    """Export stored days; the text is made while it is taken."""
    chosen, view, is_feed, report = wanted.selection, wanted.view, wanted.form in FEEDS, Report()
    why = ranked_finder(archive, view) if view else None
    if wanted.dates:  # else no date is missed
        note_missing(archive, chosen, report)
    # Those of one date stand in the order of the categories.
    days = sorted(chosen.stored(archive), key=lambda day: chosen.categories.index(day.category))
    days.sort(key=lambda day: day.date, reverse=is_feed)
    (span,) = chosen.spans
    if not days and is_one_date(span):
        return Export(None, report)
    found = archive.find_announcements(wanted.query) if wanted.query else None
    if found is not None:
        with_hits = {(category, when) for category, when, _ in found}
        days = [day for day in days if (day.category, day.date) in with_hits]
    sections = wanted.sections or _sections(archive, wanted, is_feed=is_feed)
    # Nothing is read yet: each day is, when the text has come to it.
    announcements = _announcements(archive, days, sections, report, track)
    if found is not None:
        announcements = (one for one in announcements if (one.category, one.date, str(one.paper.arxiv_id)) in found)
    if why is not None:
        announcements = filter(why, announcements)
    if is_feed:
        pieces = FEEDS[wanted.form](_feed(archive, wanted, sections, why), announcements)
    else:
        pieces = RECORDS[wanted.form](announcements, why)
    return Export(chain([_BOM], pieces) if wanted.bom else pieces, report, len(days))


def _sections(archive: Archive, wanted: Wanted, *, is_feed: bool) -> frozenset[Section]:
    """Return the sections that are wanted where none are named."""
    shown = wanted.view.sections if wanted.view else tuple(Section) if wanted.query else archive.config.sections
    return frozenset(map(Section, shown)) - ({Section.REPLACEMENT} if is_feed else set())


def _feed(archive: Archive, wanted: Wanted, sections: Collection[Section], why: Why | None) -> Feed:
    config, view, (span,) = archive.config, wanted.view, wanted.selection.spans
    categories = ", ".join(wanted.selection.categories)
    shown = " ".join(section for section in Section if section in sections)
    whose = f"view {view.name} of {categories}" if view else categories
    if wanted.query:
        whose = f"search {wanted.query.typed} in {whose}"
    return Feed(
        title=f"arXiv {wanted.query.typed if wanted.query else view.name if view else categories}",
        seed=f"export of {whose} ({shown}) {wanted.dates}",
        empty_at=span[1] or span[0],
        digest_address=lambda one: (
            config.address_of(view.digest_path(one.date)) if view else config.digest_address(one.category, one.date)
        ),
        address=_address(archive, wanted.target),
        home=config.home_address(view.folder if view else ""),
        why=why,
    )


def _address(archive: Archive, target: Path | None) -> str:
    """Return where a file is published, as all are that lie in the folder of the digests; "" elsewhere."""
    root = archive.output.root.resolve()
    if target is None or not target.resolve().is_relative_to(root):
        return ""
    return archive.config.file_address(target.resolve().relative_to(root).as_posix())


def _announcements(
    archive: Archive, days: Iterable[DaySummary], sections: Collection[Section], report: Report, track: Track
) -> Iterator[Announcement]:
    """Yield what was announced on these days; one that is damaged is noted, and leaves a text that is whole in form."""
    parts, read = {f"{day.category} {day.date}": day for day in days}, day_reader(archive)
    for name in track(list(parts)):
        try:
            day = read(parts[name].category, parts[name].date)
        except DamageError as error:
            report.failures.append(error)
            continue
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
