"""Files from the store, rendered again. Offline."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import begin, is_recorded, stored_day, update_files, write_day
from digest.archive.files import Standard, due_products, is_current, is_made, outdated_digests
from digest.archive.products import Kind, Product, day_reader, digest_of, views
from digest.archive.report import Report, Track, untracked
from digest.decide import in_short
from digest.errors import MissingError, how_many
from digest.model import DaySummary


@dataclass(frozen=True)
class Selection:
    """Which stored days: of these categories, from one date to another; None is without bound."""

    categories: Sequence[str]
    first: date | None = None
    last: date | None = None
    only_outdated: bool = False

    @property
    def standard(self) -> Standard:
        """What the files of views must be to stay; where all days are chosen, each file is proven."""
        is_everything = self.first is None and self.last is None and not self.only_outdated
        return Standard.INTACT if is_everything else Standard.CURRENT

    def has(self, day: DaySummary) -> bool:
        """Whether ``day`` is chosen."""
        is_after = self.first is None or day.date >= self.first
        is_before = self.last is None or day.date <= self.last
        return day.category in self.categories and is_after and is_before


def plan_regenerate(archive: Archive, selection: Selection, track: Track = untracked) -> list[Product]:
    """Return the digests that ``regenerate`` makes again, those of views among them; some may come out as they are."""
    chosen = {f"{day.category} {day.date}": day for day in archive.snapshot.summaries if selection.has(day)}
    due = [chosen[name] for name in track(list(chosen)) if not _is_good(archive, selection, chosen[name])]
    digests = [digest_of(archive, day, lambda *key: stored_day(archive, *key)) for day in due]
    return [*digests, *due_products(archive, views(archive, Report()), selection.standard)[0]]


def paths_to_change(archive: Archive, plan: Iterable[Product]) -> list[str]:
    """Return the paths of the digests of a plan that would not come out as they are there."""
    return [
        str(archive.output.root / product.path)
        for product in plan
        if product.kind is Kind.VIEW or any(archive.output.read(path) != data for path, data in product.make().items())
    ]


def regenerate(archive: Archive, selection: Selection, track: Track = untracked) -> Report:
    """Render stored days again, offline; a file that is as it would be made again is not touched."""
    report = begin(archive, track)
    report.verb = "rendered"
    chosen = [day for day in archive.snapshot.summaries if selection.has(day)]
    if selection.first or selection.last:
        note_missing(archive, selection, chosen, report)
    plan = plan_regenerate(archive, selection, track)
    days = {f"{day.category} {day.date}": day for day in chosen}
    due = [product.name for product in plan if product.kind is Kind.DIGEST]
    report.succeeded += len(chosen) - len(due)

    def write(name: str) -> None:
        write_day(archive, days[name], report)
        report.changed.append(days[name])

    report.each(track(due), write)
    update_files(archive, report, track, selection.standard)
    return report


def _is_good(archive: Archive, selection: Selection, day: DaySummary) -> bool:
    """Whether the digest of a stored day is as it would be made again; if it is to be proven, its record too."""
    product = digest_of(archive, day, day_reader(archive))
    if selection.only_outdated:
        return is_current(archive, product)
    return is_made(archive, product, is_read=True) and is_recorded(archive, day)


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
    first = selection.first or archive.snapshot.start(category)
    last = selection.last or max(known, default=None)
    if first is None or last is None:
        return []
    is_closed = selection.first is not None and selection.last is not None
    settled = {} if is_closed else archive.snapshot.ledger.losses_of(category)
    dates = archive.calendar.listing_dates(first, last)
    return [when for when in dates if when not in known and when not in settled]


def tell_outdated(archive: Archive, report: Report) -> None:
    """Note that there are such digests: an upgrade never alters old files by itself."""
    number = len(outdated_digests(archive)) + report.left
    if number:
        were = how_many(number, "digest was", "digests were")
        words = "written by an older template or other settings"
        report.remarks.append(f"{were} {words}; `digest regenerate --outdated` writes what differs again")
