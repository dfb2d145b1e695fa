"""Files from the store, rendered again. Offline."""

from collections.abc import Iterable

from digest.archive.archive import Archive
from digest.archive.days import begin, is_recorded, stored_day, tell_damage, update_files, write_day
from digest.archive.files import (
    Standard,
    due_products,
    is_current,
    is_made,
    outdated_digests,
    outdated_unread,
    remembering_at_once,
)
from digest.archive.formats import further
from digest.archive.products import Kind, Product, day_reader, digest_of
from digest.archive.report import Report, Track, untracked
from digest.errors import StoreError, how_many
from digest.jobs.selection import Selection, note_missing
from digest.model import DaySummary


def plan_regenerate(
    archive: Archive, selection: Selection, track: Track = untracked, *, only_outdated: bool = False
) -> list[Product]:
    """Return what ``regenerate`` makes again: digests, files of formats and views; some may come out as they are."""
    chosen, read = {f"{day.category} {day.date}": day for day in selection.stored(archive)}, day_reader(archive)
    products = ((chosen[name], digest_of(archive, chosen[name], read)) for name in track(list(chosen)))
    due = [day for day, product in products if not _is_good(archive, day, product, only_outdated=only_outdated)]
    digests = [digest_of(archive, day, lambda *key: stored_day(archive, *key)) for day in due]
    standard = _standard(selection, only_outdated=only_outdated)
    return [*digests, *due_products(archive, further(archive, Report()), standard)[0]]


def paths_to_change(archive: Archive, plan: Iterable[Product]) -> list[str]:
    """Return the paths of the digests of a plan, those of views among them, that would not come out as they are."""
    return [str(archive.output.root / product.path) for product in plan if _would_differ(archive, product)]


def _would_differ(archive: Archive, product: Product) -> bool:
    files = product.make()
    try:
        return any(archive.output.read(path) != data for path, data in files.items())
    except StoreError:  # what stands in its place is told by the try to write it
        return True


def regenerate(
    archive: Archive, selection: Selection, track: Track = untracked, *, only_outdated: bool = False
) -> Report:
    """Render stored days again, offline; a file that is as it would be made again is not touched."""
    report = begin(archive, track, whole=True)
    report.verb = "rendered"
    if not selection.is_everything:
        note_missing(archive, selection, report)
    days = {f"{day.category} {day.date}": day for day in selection.stored(archive)}
    plan = plan_regenerate(archive, selection, track, only_outdated=only_outdated)
    due = [product.name for product in plan if product.kind is Kind.DIGEST]
    report.succeeded += len(days) - len(due)

    def write(name: str) -> None:
        write_day(archive, days[name], report)
        report.changed.append(days[name])

    with remembering_at_once(archive, report):
        report.each(track(due), write)
    update_files(archive, report, track, _standard(selection, only_outdated=only_outdated))
    return report


def _standard(selection: Selection, *, only_outdated: bool) -> Standard:
    """Return what the files of formats and views must be to stay; where all days are chosen, each file is proven."""
    return Standard.INTACT if selection.is_everything and not only_outdated else Standard.CURRENT


def _is_good(archive: Archive, day: DaySummary, product: Product, *, only_outdated: bool) -> bool:
    """Whether the digest of a stored day is as it would be made again; if it is to be proven, its record too."""
    if only_outdated:
        return is_current(archive, product)
    return is_made(archive, product, is_read=True) and is_recorded(archive, day)


def tell_outdated(archive: Archive, report: Report) -> None:
    """Note that there are such digests: an upgrade never alters old files by itself."""
    unread = outdated_unread(archive)
    tell_damage(archive, report)
    if number := len(outdated_digests(archive)) + report.left_outdated + len(unread):
        were = f"{'at least ' if unread else ''}{how_many(number, 'digest was', 'digests were')}"
        words = "written by an older template or other settings"
        report.remarks.append(f"{were} {words}; `digest regenerate --outdated` writes what differs again")
