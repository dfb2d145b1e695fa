"""Files from the store, and the store from its records. All offline."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.decide import in_short
from digest.errors import MissingError, UsageError
from digest.jobs.steps import Track, begin, each, load, publish, untracked, write_one
from digest.jobs.views import outdated_views
from digest.model import DaySummary
from digest.record_files import record_paths


@dataclass(frozen=True)
class Selection:
    """Which stored days: of these categories, from one date to another; None is without bound."""

    categories: Sequence[str]
    first: date | None = None
    last: date | None = None
    only_outdated: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether all stored days are chosen, and each of their files is to be proven."""
        return self.first is None and self.last is None and not self.only_outdated

    def has(self, day: DaySummary) -> bool:
        """Whether ``day`` is chosen."""
        is_after = self.first is None or day.date >= self.first
        is_before = self.last is None or day.date <= self.last
        return day.category in self.categories and is_after and is_before


def regenerate(archive: Archive, selection: Selection, track: Track = untracked) -> Report:
    """Render stored days again, offline; a file that is as it would be made again is not touched."""
    report = begin(archive, track)
    report.verb = "rendered"
    parts = {f"{day.category} {day.date}": day for day in archive.store.summaries() if selection.has(day)}
    if selection.first or selection.last:
        note_missing(archive, selection, parts.values(), report)

    def write(name: str) -> None:
        day = parts[name]
        if not _is_good(archive, selection, day):
            report.written += archive.write_day(day.category, day.date)
            report.changed.append(day)

    each(track(list(parts)), write, report)
    publish(archive, report, track, are_read=selection.is_everything, renews=True)
    return report


def plan_regenerate(archive: Archive, selection: Selection) -> list[str]:
    """Return the paths of the digests that ``regenerate`` would write, those of views among them."""
    paths = [
        archive.config.digest_path(day.category, day.date)
        for day in archive.store.summaries()
        if selection.has(day) and not _is_good(archive, selection, day) and _would_change(archive, day)
    ]
    paths += [file.path for file in outdated_views(archive, Report(), are_read=selection.is_everything)]
    return [str(archive.output.root / path) for path in paths]


def _would_change(archive: Archive, summary: DaySummary) -> bool:
    """Whether a digest would come out otherwise than it is there."""
    day = archive.store.day(summary.category, summary.date)
    files = archive.digest_files(day) if day else {}
    return any(archive.output.read(path) != data for path, data in files.items())


def _is_good(archive: Archive, selection: Selection, day: DaySummary) -> bool:
    return archive.is_written(day) if selection.only_outdated else archive.is_intact(day)


def note_missing(archive: Archive, selection: Selection, found: Iterable[DaySummary], report: Report) -> None:
    """Note each listing date that was asked for by its name or by a range and is not stored; the rest is done.

    An open end is where the archive begins or ends; what somebody accepted as lost is no gap of such a range.
    """
    stored = {(day.category, day.date) for day in found}
    for category in selection.categories:
        known = {when for one, when in stored if one == category}
        if selection.first is None or selection.first != selection.last:
            missing = _gaps(archive, category, known, selection)
            if missing:
                report.fail(category, MissingError(f"not stored: {in_short(missing)}"))
        elif not known:
            report.fail(f"{category} {selection.first}", archive.why_not_stored(category, selection.first))


def _gaps(archive: Archive, category: str, known: Collection[date], selection: Selection) -> list[date]:
    first = selection.first or archive.start(category)
    last = selection.last or max(known, default=None)
    if first is None or last is None:
        return []
    is_closed = selection.first is not None and selection.last is not None
    settled = {} if is_closed else archive.store.ledger().losses_of(category)
    dates = archive.calendar.listing_dates(first, last)
    return [when for when in dates if when not in known and when not in settled]


def outdated_by_template(archive: Archive) -> int:
    """Return how many digests, of views too, another template or other settings wrote.

    They are what ``regenerate --outdated`` would change.
    """
    return len(archive.outdated()) + len(outdated_views(archive, Report()))


def tell_outdated(archive: Archive, report: Report) -> None:
    """Note that there are such digests: an upgrade never alters old files by itself."""
    number = len(archive.outdated()) + report.left
    if number:
        were = "1 digest was" if number == 1 else f"{number} digests were"
        words = "written by an older template or other settings"
        report.remarks.append(f"{were} {words}; `digest regenerate --outdated` writes what differs again")


def rebuild(archive: Archive, track: Track = untracked) -> Report:
    """Fill the database from the day records, and bring every file up to date.

    Raises:
        UsageError: the archive keeps no records.
    """
    if archive.records is None:
        raise UsageError("this archive keeps no day records ([store] records is empty)")
    report = begin(archive, load_missing=False)
    report.verb = "loaded"
    known = {(day.category, day.date) for day in archive.store.summaries()}
    report.changed = load(archive, track(record_paths(archive)), report)
    report.succeeded = len(report.changed)
    for day in archive.store.summaries():
        if not archive.is_intact(day) and not archive.is_left(day):
            write_one(archive, day, report, came=(day.category, day.date) not in known)
    publish(archive, report, track)
    return report
