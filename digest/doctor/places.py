"""The folders of an archive, and the room on their disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from digest.disk.files import Folder
from digest.doctor.case import Case, Finding
from digest.errors import StoreError
from digest.render.markers import merge_into

_LEAST_FREE = 100 * 1024 * 1024
_README = "README.md"


def check_folders(case: Case) -> Iterator[Finding]:
    """See whether each folder can be written, or made, and whether there is room."""
    config, database = case.config, case.config.database
    places = {"digests": config.output, "raw pages": config.raw, "day records": config.records}
    places["database"] = database.parent if database else None
    for name, place in places.items():
        if place is not None:
            yield _folder(name, place)
    yield _room(config.output)


def _room(place: Path) -> Finding:
    try:
        free = shutil.disk_usage(_existing(place)).free
    except OSError as error:  # a link that leads nowhere
        return Finding(f"{place} has no room: {error.strerror}", "mend that, or change the configuration", 6)
    advice = "" if free >= _LEAST_FREE else "make room"
    return Finding(f"{free // (1024 * 1024)} MiB free for the digests", advice, 6 if advice else 0)


def _existing(place: Path) -> Path:
    return next((parent for parent in (place, *place.absolute().parents) if os.path.lexists(parent)), Path("/"))


def _folder(name: str, place: Path) -> Finding:
    parent = _existing(place)
    # Not by pathlib, which raises where we may not look.
    if os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK):  # noqa: PTH112
        return Finding(f"{name} in {place}" + ("" if os.path.lexists(place) else " (not made yet)"))
    return Finding(f"{name} in {place}", f"{parent} cannot be written; change its owner or the configuration", 6)


def check_records(case: Case) -> Iterator[Finding]:
    """Warn of an archive that has nothing but its database."""
    if case.config.records is None:
        advice = 'set [store] records = "data"; `digest verify --repair` writes those of the stored days'
        yield Finding("no day records: what the database loses is lost", advice)


def check_readme(case: Case) -> Iterator[Finding]:
    """Warn of a README that the index cannot stand in."""
    output = Folder(case.config.output)
    advice = "put <!-- digest:begin --> and <!-- digest:end --> where the index shall stand, once each"
    try:
        if output.is_link(_README):
            yield Finding(f"{output.root / _README} is a symbolic link, and gets no index", "put a file in its place")
            return
        text = output.read(_README)
    except StoreError as error:
        yield Finding(f"no index: {error}", "put a README.md of text in its place, or none", error.exit_code)
        return
    if text is not None and merge_into(text.decode("utf-8", "replace"), "", "") is None:
        yield Finding(f"{output.root / _README} has not just one pair of markers, and gets no index", advice)
