"""Files of generated text, against what they should hold."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from digest.archive import Archive
from digest.check.findings import Difference, Finding, Kind, Part, difference
from digest.errors import DamageError, StoreError
from digest.ledger import merged
from digest.model import Ledger
from digest.parse.ledger import parse_ledger
from digest.publish import Folder
from digest.render import LEDGER_PATH, merge_into, render_ledger
from digest.render.index import BEGIN, END


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
    return render_ledger(there) == data and _settled(merged(there, here)) == _settled(there)


def _settled(ledger: Ledger) -> bytes:
    """Readings are forgotten wherever the day is proven first, and tell nothing here."""
    return render_ledger(Ledger(ledger.corrections, ledger.decisions))


def examine_indexes(archive: Archive) -> Iterator[Finding | None]:
    """Yield what is wrong with each index that has a generated part."""
    for path, (title, generated) in archive.indexes().items():
        if archive.output.is_link(path):
            continue
        expected = expected_index(archive.output, path, title, generated)
        if expected is not None:
            different = compare(archive.output, path, expected)
            yield _about_index(archive, path, different) if different else None


def _about_index(archive: Archive, path: str, different: Difference) -> Finding:
    """Tell one that is as it was written, before the configuration changed, from one that a person edited."""
    row = archive.store.file(path)
    if row is None or different.is_in_the_way or row.inputs_hash != _hash_of_generated(archive.output.read(path)):
        return restorable(Part.INDEX, archive.output, path, different)
    outdated = Difference(Kind.OUTDATED, "expected the index by the settings of now, found that of before")
    finding = restorable(Part.INDEX, archive.output, path, outdated)
    return replace(finding, way_out="`digest regenerate --outdated` writes it again")


def _hash_of_generated(found: bytes | None) -> str:
    """Return the SHA-256 of what stands between the markers of an index."""
    inside = (found or b"").partition(BEGIN.encode())[2].partition(END.encode())[0]
    return hashlib.sha256(inside.strip()).hexdigest()


def expected_index(folder: Folder, path: str, title: str, generated: str) -> bytes | None:
    """Return what an index should hold, a person's text around the generated part included.

    None stands for a README without the markers: it is somebody's own.
    """
    fresh = merge_into(None, title, generated) or ""
    try:
        found = folder.read(path)
        text = None if found is None else found.decode()
    except UnicodeDecodeError:
        return None
    except StoreError:
        return fresh.encode()
    is_cut = text is not None and "<!--" in text and fresh.startswith(text)
    merged_text = merge_into(None if is_cut else text, title, generated)
    return None if merged_text is None else merged_text.encode()
