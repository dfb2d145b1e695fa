"""Files of generated text, against what they should hold."""

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from digest.archive.archive import README, Archive
from digest.archive.generated import Generated
from digest.check.findings import Difference, Finding, Kind, Part, difference
from digest.disk import Folder
from digest.errors import DamageError, GitError, StoreError
from digest.git import open_repository
from digest.model import Ledger
from digest.parse.ledger import parse_ledger
from digest.render import LEDGER_PATH, merge_into, render_ledger
from digest.render.index import (
    BEGIN,
    END,
    generated_part,
    has_markers,
    is_beside_markers,
    mend_markers,
    shows_its_origin,
)
from digest.store import FileRow

log = logging.getLogger(__name__)


def compare(folder: Folder, path: str, expected: bytes) -> Difference | None:
    """Say how the file at ``path`` differs from ``expected``; one that cannot be read is damaged."""
    try:
        return difference(folder.read(path), expected)
    except StoreError as error:
        return Difference(
            Kind.DAMAGED, f"expected a file that can be read, found none ({error})", is_unique=True, is_in_the_way=True
        )


def restorable(part: Part, folder: Folder, path: str, different: Difference) -> Finding:
    """Return the finding that the file at ``path`` is ``different`` and can be made again."""
    kept = f" and keeps yours as {path.rpartition('/')[2]}.{different.kind}" if different.is_unique else ""
    way_out = f"`digest verify --repair` restores it{kept}"
    if different.is_in_the_way:
        way_out = "move it away, then `digest verify --repair` restores the file"
    return Finding(
        kind=different.kind,
        part=part,
        where=str(folder.root / path),
        problem=different.problem,
        way_out=way_out,
        path=path,
        is_unique=different.is_unique,
    )


def rows_of(files: Mapping[str, bytes], inputs_hash: str, version: str) -> tuple[FileRow, ...]:
    """Return the rows of files that are written from the same inputs, by one version of a template."""
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return tuple(FileRow(path, inputs_hash, sha256, version) for path, sha256 in hashes.items())


def examine_rows(archive: Archive, made: Iterable[FileRow], told: Collection[str]) -> Iterator[Finding]:
    """Check the rows of files: each file is there, and a row by the inputs of now bears the hash of what they give.

    Files of which something was ``told`` already are left out.
    """
    expected = {row.path: row for row in made}
    for path, row in archive.store.files().items():
        known = expected.get(path)
        if path in told:
            continue
        if known is None and not _is_there(archive, path):
            problem, way_out = "expected the file of its row, found none", "`digest verify --repair` forgets the row"
        elif known is not None and known.inputs_hash == row.inputs_hash and known != row:
            problem, way_out = "expected the hash of the file in its row, found another", _FORGET
        else:
            continue
        yield Finding(Kind.DAMAGED, Part.FILE, f"{path} in the database", problem, way_out, path=path)


_FORGET = "`digest verify --repair` forgets the row, and the next run writes it again"


def _is_there(archive: Archive, path: str) -> bool:
    """Whether anything stands at ``path``: what it is, is told where it is in the way."""
    try:
        return archive.output.has(path)
    except StoreError:
        return True


def examine_ledger(archive: Archive) -> Iterator[Finding]:
    """Check state.json. One that knows more than the database is sound: the next command takes it in."""
    if archive.records is None:
        return
    here = archive.store.ledger()
    if here == Ledger() and not archive.records.has(LEDGER_PATH):
        return
    different = compare(archive.records, LEDGER_PATH, render_ledger(here))
    if different is None or (different.kind is Kind.EDITED and _knows_more(archive.records, here)):
        return
    yield restorable(Part.LEDGER, archive.records, LEDGER_PATH, different)


def _knows_more(records: Folder, here: Ledger) -> bool:
    """Whether the file holds, as digest writes it, all that is known ``here`` or what was noted later."""
    data = records.read(LEDGER_PATH) or b""
    try:
        there = parse_ledger(data)
    except DamageError:
        return False
    # Of two that differ, the later one is taken; of two of one time, the second: neither may be lost.
    return render_ledger(there) == data and _settled(there.merged(here)) == _settled(there)


def _settled(ledger: Ledger) -> bytes:
    """Readings are forgotten wherever the day is proven first, and tell nothing here."""
    return render_ledger(Ledger(ledger.corrections, ledger.decisions))


@dataclass(frozen=True)
class ExaminedIndexes:
    """What was found of the indexes, how many were looked at, and which are left to their owners."""

    findings: tuple[Finding, ...] = ()
    files: int = 0
    remarks: tuple[str, ...] = ()


def examine_indexes(archive: Archive) -> ExaminedIndexes:
    """Check each index; a person's README without the markers is left alone."""
    findings: list[Finding] = []
    remarks: list[str] = []
    files = 0
    for path, (title, generated) in archive.indexes().items():
        expected = None if archive.output.is_link(path) else expected_index(archive, path, title, generated)
        if expected is None:
            remarks.append(f"{archive.output.root / path}: left alone, because it has not just one pair of {_MARKERS}")
            continue
        files += 1
        different = compare(archive.output, path, expected)
        if different:
            findings.append(_about_index(archive, path, different))
    return ExaminedIndexes(tuple(findings), files, tuple(remarks))


_MARKERS = f"{BEGIN} and {END}"


def _about_index(archive: Archive, path: str, different: Difference) -> Finding:
    """Tell one that is as it was written, before the configuration changed, from one that a person edited."""
    found = "" if different.is_in_the_way else (archive.output.read(path) or b"").decode(errors=_ANY_BYTES)
    row = archive.store.file(path)
    if different.kind is Kind.EDITED and not has_markers(found):
        problem = f"expected one pair of {_MARKERS}, found {_count(found)}"
        different = replace(different, kind=Kind.DAMAGED, problem=problem)
    elif different.kind is Kind.EDITED and is_beside_markers(found, archive.indexes()[path][1]):
        problem = f"expected the generated part between {_MARKERS}, found it beside them"
        different = replace(different, kind=Kind.DAMAGED, problem=problem)
    elif has_markers(found) and _is_of_before(archive, path, row, found):
        outdated = Difference(Kind.OUTDATED, "expected the index by the settings of now, found that of before")
        finding = restorable(Part.INDEX, archive.output, path, outdated)
        return replace(finding, way_out="`digest regenerate --outdated` writes it again")
    return restorable(Part.INDEX, archive.output, path, different)


def _is_of_before(archive: Archive, path: str, row: FileRow | None, found: str) -> bool:
    """Whether an index is as digest wrote it; in a fresh clone, where no database tells, as it was committed."""
    if row is None:
        return _committed(archive, path) == found
    return row.inputs_hash == _hash_of(generated_part(found))


def _count(text: str) -> str:
    begins, ends = text.count(BEGIN), text.count(END)
    return f"{begins} and {ends}{' in the wrong order' if begins == ends == 1 else ''}"


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode(errors=_ANY_BYTES)).hexdigest()


_ANY_BYTES = "surrogateescape"
"""A person may write around the generated part in any encoding."""


def expected_index(archive: Archive, path: str, title: str, generated: str) -> bytes | None:
    """Return what an index should hold, a person's text around the generated part included.

    None stands for a README that is somebody's own: it never had the markers, or nothing in it was generated.
    """
    try:
        found = archive.output.read(path)
    except StoreError:
        found = None
    text = found.decode(errors=_ANY_BYTES) if found is not None else ""
    fresh = merge_into(None, title, generated) or ""
    is_cut = "<!--" in text and fresh.startswith(text)
    if has_markers(text) and not is_beside_markers(text, generated):
        expected = merge_into(text, title, generated)
    elif found is None or is_cut:
        expected = merge_into(_committed(archive, path), title, generated)
    else:
        expected = _mended(archive, path, text, title, generated)
    return None if expected is None else expected.encode(errors=_ANY_BYTES)


def _mended(archive: Archive, path: str, text: str, title: str, generated: str) -> str | None:
    """Return what a README without its pair of markers should hold, if digest is known to have generated it."""
    committed = _committed(archive, path)
    is_known = committed is not None or archive.store.file(path) is not None
    if not is_known and not shows_its_origin(text, generated):
        return merge_into(text, title, generated)
    mended = mend_markers(text, generated, generated_part(committed or "")) if text.strip() else None
    # The archive's README may have become somebody's own; a year's is nobody's.
    return mended if mended or (text.strip() and path == README) else merge_into(committed, title, generated)


def _committed(archive: Archive, path: str) -> str | None:
    """Return the index as the last commit has it; None without a commit, or if that one has no pair of markers."""
    try:
        repository = open_repository(archive.output.root)
        where = Generated(archive, repository).relative(str(archive.output.root / path))
        data = repository.committed(where) if where else None
    except GitError as error:
        log.info("%s: git does not tell what it was: %s", path, error)
        return None
    text = (data or b"").decode(errors=_ANY_BYTES)
    return text if has_markers(text) else None
