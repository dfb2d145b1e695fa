"""Generated files against what they should hold, and made again: digests, views, indexes; and state.json."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from digest.archive import markers
from digest.archive.archive import Archive
from digest.archive.files import is_as_written
from digest.archive.products import README, Kind, Product
from digest.disk.files import Folder
from digest.errors import DamageError, GitError, StoreError
from digest.git.repository import open_repository
from digest.jobs.findings import REPAIR, Fault, Finding, Mismatch, Part, Verified, mismatch
from digest.model import Ledger
from digest.records.state import LEDGER_PATH, parse_ledger, render_ledger

log = logging.getLogger(__name__)


# Any file


def compare(folder: Folder, path: str, expected: bytes) -> Mismatch | None:
    """Say how the file at ``path`` differs from ``expected``; one that cannot be read is damaged."""
    try:
        return mismatch(folder.read(path), expected)
    except StoreError as error:
        words = f"expected a file that can be read, found none ({error})"
        return Mismatch(Fault.DAMAGED, words, is_unique=True, is_in_the_way=True)


def restorable(part: Part, folder: Folder, path: str, different: Mismatch, mend: Callable[[], str]) -> Finding:
    """Return the finding that the file at ``path`` is ``different`` and can be made again."""
    way_out = f"{REPAIR} restores it"
    if different.is_in_the_way:
        way_out = f"move it away, then {REPAIR} restores the file"
    elif different.is_unique:
        way_out += f" and keeps yours as {path.rpartition('/')[2]}.{different.kind}"
    return Finding(different.kind, part, str(folder.root / path), different.problem, way_out, mend, path)


def restore(folder: Folder, path: str, data: bytes, different: Mismatch) -> str:
    """Write what the file should hold, and keep beside it what only it held; return what was done, in words."""
    kept = folder.keep_beside(path, different.kind) if different.is_unique else ""
    folder.write(path, data)
    return f"restored {folder.root / path}" + (f"; what was there is kept as {folder.root / kept}" if kept else "")


# Digests, views and indexes


def examine_product(archive: Archive, product: Product, found: Verified) -> None:
    """Check the files of a product, and their rows.

    Raises:
        DigestError: it cannot be made.
    """
    row = archive.files.get(product.path)
    if product.is_ranked and row and product.is_of_the_same(row) and is_as_written(archive, row):
        found.files += 1  # the marks of its night are gone: that it is as it was written is all that can be proven
        return
    files = _expected_files(archive, product)
    if not files:
        place = archive.output.root / product.path
        found.remarks.append(f"{place}: left alone, because it has not just one pair of {markers.PAIR}")
    found.files += len(files)
    for path, expected in files.items():
        different, row = compare(archive.output, path, expected), archive.files.get(path)
        if different is not None:
            found.findings.append(_about_text(archive, product, path, different))
        elif product.kind is Kind.INDEX or row is None or row.inputs_hash != product.inputs_hash:
            continue  # an index may have other words around it than when it was written
        elif row not in product.rows({path: expected}):
            problem, repair = "expected the hash of the file in its row, found another", "forgets the row"
            found.findings.append(false_row(archive, path, problem, f"{repair}, and the next run writes it again"))


def _expected_files(archive: Archive, product: Product) -> Mapping[str, bytes]:
    """Return what the files of a product should hold, by path; of an index that is its owner's, nothing."""
    if product.kind is not Kind.INDEX:
        return product.make()
    expected = None if archive.output.is_link(product.path) else _expected_index(archive, product)
    return {} if expected is None else {product.path: expected}


def _about_text(archive: Archive, product: Product, path: str, different: Mismatch) -> Finding:
    judge = _judged_index if product.kind is Kind.INDEX else _judged_text
    judged = judge(archive, product, path, different)

    def mend() -> str:
        files = _expected_files(archive, product)
        done = restore(archive.output, path, files[path], judged)
        archive.remember_files(product.rows({path: files[path]}))
        return done

    finding = restorable(Part(product.kind), archive.output, path, judged, mend)
    if judged.kind is not Fault.OUTDATED:
        return finding
    finding = replace(finding, way_out="`digest regenerate --outdated` writes it again")
    # Old digests stay as they were announced until somebody asks for others; an index is always current.
    return finding if product.kind is Kind.INDEX else replace(finding, mend=None)


def _judged_text(archive: Archive, product: Product, path: str, different: Mismatch) -> Mismatch:
    """Tell a text that is as it was written, from something else than would be taken now, from a damaged one."""
    row = archive.files.get(path)
    if different.is_in_the_way:
        return different
    if product.kind in (Kind.VIEW, Kind.FORMAT):
        # Days never forget a view's row: without one and without a file, it was not made yet.
        is_of_before = is_as_written(archive, row) if row else not archive.output.has(path)
        what = "what the view shows" if product.kind is Kind.VIEW else "the file of this format by what is known"
        problem = f"expected {what} now, found nothing, or one of before"
    else:
        is_of_before = row is not None and is_as_written(archive, row)
        is_older = row is not None and row.template_version != product.version
        made_by = "an older template" if is_older else "other settings, or from other entries"
        problem = f"expected a digest by the current template and settings, found one by {made_by}"
    is_of_now = row is not None and row.inputs_hash == product.inputs_hash
    return Mismatch(Fault.OUTDATED, problem) if is_of_before and not is_of_now else different


def false_row(archive: Archive, path: str, problem: str, repair: str) -> Finding:
    """Return the finding that the row of a file says what is not so; ``repair`` tells what mends it."""
    where = f"{path} in the database"

    def forget() -> str:
        archive.forget_file(path)
        return f"forgot   {where}"

    return Finding(Fault.DAMAGED, Part.FILE, where, problem, f"{REPAIR} {repair}", forget, path)


# Indexes, and what a person wrote around them


def _judged_index(archive: Archive, product: Product, path: str, different: Mismatch) -> Mismatch:
    """Tell an index that lost its markers, and one that is as it was written before, from one that a person edited."""
    found = b"" if different.is_in_the_way else archive.output.read(path) or b""
    problem, has_markers = "", markers.split(found) is not None
    if different.kind is Fault.EDITED and not has_markers:
        begins, ends = found.count(markers.BEGIN), found.count(markers.END)
        number = f"{begins} and {ends}{' in the wrong order' if begins == ends == 1 else ''}"
        problem = f"expected one pair of {markers.PAIR}, found {number}"
    elif different.kind is Fault.EDITED and markers.is_beside_markers(found, product.make()[path]):
        problem = f"expected the generated part between {markers.PAIR}, found it beside them"
    if problem:
        return replace(different, kind=Fault.DAMAGED, problem=problem)
    row = archive.files.get(path)
    if row is None:  # a fresh clone, where no database tells what was written
        is_of_before = has_markers and markers.with_lf(_committed(archive, path) or b"") == markers.with_lf(found)
    else:
        is_of_before = has_markers and is_as_written(archive, row)
    words = "expected the index by the current settings, found an older one"
    return Mismatch(Fault.OUTDATED, words) if is_of_before else different


def _expected_index(archive: Archive, product: Product) -> bytes | None:
    """Return what an index should hold, a person's text around the generated part included.

    None stands for a README that is somebody's own: it never had the markers, or nothing in it was generated.
    """
    path, title, generated = product.path, product.title, product.make()[product.path]
    try:
        found = archive.output.read(path)
    except StoreError:
        found = None
    text = found or b""
    if markers.split(text) and not markers.is_beside_markers(text, generated):
        return markers.merge(text, title, generated)
    committed = _committed(archive, path)
    is_cut = b"<!--" in text and (markers.merge(None, title, generated) or b"").startswith(markers.with_lf(text))
    if found is None or is_cut:
        whole = markers.merge(committed, title, generated)
        return markers.with_ends_of(text, whole) if is_cut and whole else whole
    is_known = committed is not None or path in archive.files
    if not is_known and not markers.shows_its_origin(text, generated):
        return markers.merge(text, title, generated)
    mended = markers.mend(text, generated, markers.generated_part(committed or b"")) if text.strip() else None
    # The archive's README may have become somebody's own; a year's is nobody's.
    return mended if mended or (text.strip() and path == README) else markers.merge(committed, title, generated)


def _committed(archive: Archive, path: str) -> bytes | None:
    """Return the index as the last commit has it; None without a commit, or if that one has no pair of markers."""
    try:
        repository = open_repository(archive.output.root)
        where = repository.path_of(str(archive.output.root / path))
        data = repository.committed(where) if where else None
    except GitError as error:
        log.info("%s: git cannot say what it was: %s", path, error)
        return None
    return data if data and markers.split(data) else None


# state.json


def examine_ledger(archive: Archive) -> Finding | None:
    """Check state.json. One that knows more than the database is sound: the next command takes it in."""
    records, here = archive.records, archive.store.ledger()
    if records is None or (here == Ledger() and not records.has(LEDGER_PATH)):
        return None
    different = compare(records, LEDGER_PATH, render_ledger(here))
    if different is None or (different.kind is Fault.EDITED and _knows_more(records.read(LEDGER_PATH) or b"", here)):
        return None

    def mend() -> str:
        return restore(records, LEDGER_PATH, render_ledger(archive.snapshot.ledger), different)

    return restorable(Part.LEDGER, records, LEDGER_PATH, different, mend)


def _knows_more(data: bytes, here: Ledger) -> bool:
    """Whether the file holds, as digest writes it, all that is known ``here`` or what was noted later."""
    try:
        there = parse_ledger(data)
    except DamageError:
        return False

    def settled(ledger: Ledger) -> bytes:
        """Readings are forgotten wherever the day is proven first, and tell nothing here."""
        return render_ledger(Ledger(ledger.corrections, ledger.decisions))

    # Of two that differ, the later one is taken; of two of one time, the second: neither may be lost.
    return render_ledger(there) == data and settled(there.merged(here)) == settled(there)
