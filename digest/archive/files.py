"""Generated files on the disk: which are as they should be, the loop that writes those that are not."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from itertools import count, takewhile

from digest.archive.archive import Archive
from digest.archive.markers import PAIR, between, merge, owners_part
from digest.archive.products import INDEX, Kind, Product, day_reader, digest_of, sha256
from digest.archive.report import Report, Track, untracked
from digest.config.paths import part_path, year_index_path
from digest.errors import DigestError, StoreError
from digest.model import DaySummary, FileRow
from digest.render.digest import UNKNOWN

log = logging.getLogger(__name__)

_PAPER = re.compile(rb"arxiv\.org/(?:abs|pdf)/((?:[A-Za-z.-]+/)?[0-9]+(?:\.[0-9]+)?)")
_FRONT_MATTER = re.compile(rb"\A---\n.*?^---\n+", re.DOTALL | re.MULTILINE)
_BEGINNING = 40  # bytes, up to an empty line; in them a generated text names itself and its date


class Standard(IntEnum):
    """What a file that is there must be to stay as it is; each asks for more than the one before."""

    PRESENT = 0
    """All its parts are there, made of what is known now, by whatever template."""
    CURRENT = 1
    """The current template made it."""
    INTACT = 2
    """It is read, and holds what was written."""


def due_products(
    archive: Archive, products: Iterable[Product], standard: Standard = Standard.PRESENT
) -> tuple[list[Product], int]:
    """Return which files are not up to ``standard``, and how many that another template made are left as they are."""
    is_read = standard is Standard.INTACT
    unmade = [one for one in products if not is_taken(archive, one) and not is_made(archive, one, is_read=is_read)]
    if standard > Standard.PRESENT:
        return unmade, 0
    due = [product for product in unmade if not is_left(archive, product)]
    return due, len(unmade) - len(due) - sum(_is_of_its_night(archive, product) for product in unmade)


def _is_of_its_night(archive: Archive, product: Product) -> bool:
    """Whether a file is all there as the marks of another night ordered it: no reason to tell of anything."""
    row = archive.files.get(product.path)
    return row is not None and product.is_ranked_otherwise(row) and has_all_parts(archive, product.path)


def outdated_digests(archive: Archive) -> list[Product]:
    """Return the digests that another template or other settings wrote, as far as it is known who wrote them."""
    read = day_reader(archive)
    rows, inputs_hash = archive.files, archive.template.inputs_hash
    found = [
        digest_of(archive, day, read)
        for path, day in archive.digests()
        if day.content_hash and (row := rows.get(path)) and row.inputs_hash != inputs_hash(day.content_hash)
    ]
    if not archive.config.annotators:
        return found
    return [product for product in found if not is_current(archive, product)]  # what was said of its papers counts


def outdated_unread(archive: Archive) -> list[Product]:
    """Return which digests another template wrote of the oldest and the newest day whose entries were not loaded.

    They came with a clone, and no more of them are read each night to find out.
    """
    days = sorted(archive.snapshot.unloaded, key=lambda day: day.date)
    products = [digest_of(archive, day, day_reader(archive)) for day in (*days[:1], *days[1:][-1:])]
    found = []
    for product in products:
        with suppress(DigestError):  # of a record that is damaged, or a template
            found += [product] if _adopt(archive, product, product.make()) else []
    return found


def take_over(archive: Archive, products: Iterable[Product]) -> None:
    """Note how files were made that came with a clone: as they would be now, or by another template of the same.

    What nothing is known of would pass for edited, or, once the day changed, for the new one's by another template.
    """
    with archive.remembering_at_once():
        for product in products:
            rows: list[FileRow] = []
            with suppress(DigestError):  # what cannot be made, or read, stays unknown
                if archive.has_file(product.path) and not is_current(archive, product):
                    files, is_known = product.make(), product.path in archive.files
                    is_as_made = all(archive.output.read(path) == data for path, data in files.items())
                    rows = product.rows(files) if is_as_made else [] if is_known else _adopt(archive, product, files)
            archive.remember_files(rows)


def write_products(
    archive: Archive,
    products: Iterable[Product],
    report: Report,
    track: Track = untracked,
    standard: Standard = Standard.PRESENT,
) -> None:
    """Write the files that are not up to ``standard``; a bad one does not stop the others.

    ``report`` takes what was written, what another template made and was left, and what failed.
    """
    due, left = due_products(archive, products, standard)
    report.left_outdated += left
    with remembering_at_once(archive, report):
        for name, product in zip(track([one.name for one in due]), due, strict=True):
            try:
                # Days never forget the row of a view: where there is none, its file may have come with a clone. But
                # what was there before a day of it was stored anew is not made of the same.
                is_new = not archive.renewed.isdisjoint((day.category, day.date) for day in product.days)
                write_product(archive, product, report, adopts=standard is Standard.PRESENT and not is_new)
            except DigestError as error:
                report.note(name, error)


@contextmanager
def remembering_at_once(archive: Archive, report: Report) -> Iterator[None]:
    """Remember what is written in the block many files at a time; note in ``report`` if the database fails at that."""
    try:
        with archive.remembering_at_once():
            yield
    except StoreError as error:
        report.note("files", error)


def write_product(archive: Archive, product: Product, report: Report, *, adopts: bool = False) -> None:
    """Write one product and remember how; ``report`` takes the paths that changed.

    ``adopts``: what lies there already, and nothing is known of, is kept if another template made it of the same.

    Raises:
        DigestError: it cannot be made or written.
    """
    archive.remember_files(_write(archive, product, report, adopts=adopts))


def _write(archive: Archive, product: Product, report: Report, *, adopts: bool) -> list[FileRow]:
    """Write one product; return what is to be remembered of it."""
    if product.kind is Kind.INDEX:
        return _write_index(archive, product, report)
    files = product.make()
    if adopts and product.path not in archive.files and (adopted := _adopt(archive, product, files)):
        report.left_outdated += product.kind is not Kind.DIGEST  # digests are counted by their rows
        return adopted
    first, *further = files
    report.written += _remove_parts(archive, first, after=len(files))
    for path, data in files.items():
        _keep_foreign(archive, path, data)
    # The first part comes last: that it was written tells that all were.
    for path in (*further, first):
        if archive.output.write(path, files[path]):
            report.written.append(str(archive.output.root / path))
    return product.rows(files)


def _write_index(archive: Archive, product: Product, report: Report) -> list[FileRow]:
    path, place = product.path, archive.output.root / product.path
    if archive.output.is_link(path):
        log.warning("%s: left alone, because it is a symbolic link", place)
        return []
    data = merge(archive.output.read(path), product.title, product.make()[path])
    if data is None:
        log.warning("%s: left alone, because it has not just one pair of %s", place, PAIR)
        return []
    if archive.output.write(path, data):
        report.written.append(str(place))
    return [] if path in archive.incomplete else product.rows({path: data})


def is_taken(archive: Archive, product: Product) -> bool:
    """Whether the file of a product came with the records that it is made from, none of which was read: it stays."""
    try:
        return product.is_unread and archive.has_file(product.path)
    except StoreError:  # what stands in its place is told by the try to write it
        return False


def is_current(archive: Archive, product: Product) -> bool:
    """Whether a product was last made from what is known now, by the current template and settings."""
    row = archive.files.get(product.path)
    return row is not None and row.inputs_hash == product.inputs_hash


def is_made(archive: Archive, product: Product, *, is_read: bool = False) -> bool:
    """Whether a product is current, and all its parts are there (``is_read``: as written)."""
    is_read = is_read or product.kind is Kind.INDEX  # that of a person's words around it stays, whatever they are
    return is_current(archive, product) and has_all_parts(archive, product.path, is_read=is_read)


def is_left(archive: Archive, product: Product, *, is_read: bool = False) -> bool:
    """Whether a product's file is all there as another template, or renderer, made it."""
    row = archive.files.get(product.path)
    return row is not None and product.is_of_the_same(row) and has_all_parts(archive, product.path, is_read=is_read)


def has_all_parts(archive: Archive, path: str, *, is_read: bool = False) -> bool:
    """Whether all parts of the text at ``path`` were made of the same and are there (``is_read``: as written)."""
    if not is_read and archive.is_sole_file(path):
        return True  # as nearly all are, each night
    rows = [*_rows_of_parts(archive, path, after=0)]
    try:
        found = [is_as_written(archive, row) if is_read else archive.has_file(row.path) for row in rows]
    except StoreError:  # what stands in its place is told by the try to write it
        return False
    return bool(rows) and all(found) and len({row.inputs_hash for row in rows}) == 1


def is_as_written(archive: Archive, row: FileRow) -> bool:
    """Whether a file holds what was written; an index, between its markers."""
    data = archive.output.read(row.path)
    if data is not None and row.template_version == INDEX:
        data = between(data)
    return data is not None and sha256(data) == row.sha256


def _rows_of_parts(archive: Archive, path: str, after: int) -> Iterator[FileRow]:
    paths = takewhile(archive.files.__contains__, (part_path(path, number) for number in count(after + 1)))
    return (archive.files[part] for part in paths)


def _adopt(archive: Archive, product: Product, files: Mapping[str, bytes]) -> list[FileRow]:
    """Return the rows of the text that lies where ``files`` would be, as one that another template made of the same.

    Not one that is cut, that lacks papers, that is as it would be written; of a view, that begins otherwise.
    """
    if not (hashes := product.hashes_by(UNKNOWN)):
        return []
    path, data = next(iter(files.items()))
    parts = list(takewhile(archive.output.has, (part_path(path, number) for number in count(1))))
    found = {part: archive.output.read(part) or b"" for part in parts}
    first, whole, wanted = found.get(path, b""), b"".join(found.values()), b"".join(files.values())
    is_alike = product.kind is Kind.DIGEST or _begin_alike(first, data)
    here, now = ({*_PAPER.findall(text)} for text in (whole, wanted))
    if data.startswith(first) or not is_alike or not now <= here or (here and not now):
        return []
    return [FileRow(part, hashes[-1], sha256(found[part]), "") for part in parts]


def _begin_alike(one: bytes, other: bytes) -> bool:
    """Whether two texts name themselves and their dates alike, be it behind front matter."""
    bare, other_bare = (_FRONT_MATTER.sub(b"", text, count=1) for text in (one, other))
    return _beginning(one) == _beginning(other) or _beginning(bare) == _beginning(other_bare)


def _beginning(text: bytes) -> bytes:
    return text[:_BEGINNING].partition(b"\n\n")[0]


def remove_product(archive: Archive, path: str) -> list[str]:
    """Remove the text that was written at ``path``, unless a person edited it; return what was removed."""
    return _remove_parts(archive, path, after=0)


def remove_year_index(archive: Archive, day: DaySummary) -> list[str]:
    """Remove the index of the year of which ``day`` is the last one that is left; return what was changed.

    Of one that somebody wrote into, only what is generated goes; one without markers is somebody's own.
    """
    others = (other.date for other in archive.snapshot.days_of(day.category) if other.date != day.date)
    if any(when.year == day.date.year for when in others):
        return []
    path, title = year_index_path(day.category, day.date.year), f"{day.category} {day.date.year}"
    found = archive.output.read(path)
    emptied = None if found is None else merge(found, title, b"")
    if emptied is None:
        return []
    if owners_part(emptied) == owners_part(merge(None, title, b"") or b""):
        archive.remove_file(path)
        archive.output.prune(path)
    else:
        archive.output.write(path, emptied)
    archive.forget_file(path)
    return [str(archive.output.root / path)]


def _remove_parts(archive: Archive, path: str, after: int) -> list[str]:
    """Remove the parts that the text at ``path`` had ``after`` those of today, unless a person edited them."""
    removed = []
    # From the last one on: what an interruption leaves can still be counted from the first.
    for row in reversed([*_rows_of_parts(archive, path, after)]):
        if is_as_written(archive, row):
            archive.remove_file(row.path)
            removed.append(str(archive.output.root / row.path))
        elif archive.output.has(row.path):
            log.warning("%s: left alone, because it was edited; it is no longer a part of the archive", row.path)
        archive.forget_file(row.path)
    return removed


def _keep_foreign(archive: Archive, path: str, data: bytes) -> None:
    """Keep beside it what stands where ``data`` is to be written, if it is not as digest wrote it.

    Without a database that knows its files (a fresh clone), what begins as ``data`` does is taken for its own.
    """
    row, found = archive.written_at(path), archive.output.read(path)
    if found is None or data.startswith(found):
        return
    is_own = _begin_alike(found, data) if row is None else sha256(found) == row.sha256
    if not is_own:
        log.warning("%s: what was there is kept as %s", path, archive.output.keep_beside(path, "edited"))
