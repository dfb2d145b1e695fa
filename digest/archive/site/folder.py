"""The folder of a site: what digest wrote into it, the loop that writes what is not as it should be, what is removed.

A list of the pages stands beside them, hidden, with the hash of what each was made from. It is written before the first
page, with those that are about to change marked so, and again after the last: a build that is killed goes on the next
time. Whatever the list does not name is somebody's own, and stays, unless it says that digest made it: an old copy of
the list must not leave pages that nobody writes again.
"""

import json
import logging
import posixpath
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from digest.archive.products import Product
from digest.archive.report import Report, Track
from digest.disk.files import Folder, flush_all
from digest.errors import UNREADABLE, DamageError, DigestError, FormatTooNewError, TemplateError, UsageError, quoted

log = logging.getLogger(__name__)

LIST = ".digest-site.json"
LOCK = ".digest-site.lock"
FORMAT = 1
_UNFINISHED = ""
_SIGNS = (
    *(b'<meta name="generator" content="digest">', b' xmlns:digest="', b'"_digest":'),
    *(b'{"v":"', b'{"format":1,"segments":'),
)
"""What pages, feeds and files of the search begin with, and nobody's own files."""

_HEAD = 4000  # bytes of a file, in which such a sign is
_AT_ONCE = 2000  # pages, after which the list is written: so much a killed build may have to do again


@dataclass
class SiteFolder:
    """A folder with a site, or an empty one; ``pages`` are by path, ``counts`` by what they count, both with a hash.

    ``parts`` are the further files of a product of several, by the path of its first: such a one has its folder for
    itself.
    """

    folder: Folder
    pages: dict[str, str] = field(default_factory=dict)
    counts: dict[str, tuple[str, int]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _kept: str = ""

    def count(self, name: str, inputs_hash: str) -> int | None:
        """Return a number that is remembered, if it was made from the same."""
        self._asked.add(name)
        known = self.counts.get(name)
        return known[1] if known and known[0] == inputs_hash else None

    def remember(self, name: str, inputs_hash: str, number: int) -> None:
        """Remember a number, and what it was made from."""
        self._asked.add(name)
        self.counts[name] = (inputs_hash, number)

    def save(self) -> None:
        """Write the list, if it changed."""
        counts = {name: one for name, one in sorted(self.counts.items()) if name in self._asked}
        told = {"pages": dict(sorted(self.pages.items())), "counts": counts, "parts": dict(sorted(self.parts.items()))}
        text = json.dumps({"format": FORMAT, **told}, indent=0)
        if text != self._kept:
            flush_all()  # before the list tells that pages are there
            self.folder.write(LIST, text.encode())
            self._kept = text


def open_folder(root: Path) -> SiteFolder:
    """Return the folder of a site; nothing is written yet.

    Raises:
        UsageError: something else is in it.
        FormatTooNewError: a newer digest wrote its list.
        StoreError: it cannot be read, or is a file.
    """
    folder = Folder(root)
    names = folder.names()
    data = folder.read(LIST) if LIST in names else None
    if data is None:
        if any(not name.startswith(".") for name in names):
            raise UsageError(f"{root}: expected an empty folder, or a site that digest made, found something else")
        return SiteFolder(folder)
    try:
        return SiteFolder(folder, *_parsed(json.loads(data)))
    except FormatTooNewError as error:
        raise FormatTooNewError(f"{root / LIST}: {error}") from error
    except (DamageError, *UNREADABLE) as error:
        way_out = "remove the folder, and `digest site` makes it again"
        raise DamageError(f"{root / LIST}: expected the list of the site's pages, found damage; {way_out}") from error


def _parsed(data: Any) -> tuple[dict[str, str], dict[str, tuple[str, int]], dict[str, list[str]]]:
    if data["format"] > FORMAT:
        raise FormatTooNewError(f"a newer digest wrote it (format {quoted(data['format'])}); upgrade this one")
    pages = {str(path): str(made_of) for path, made_of in data["pages"].items()}
    parts = {str(path): [*map(str, others)] for path, others in data["parts"].items()}
    if not all(map(_is_own, (*pages, *parts, *chain(*parts.values())))):
        raise DamageError("a path leads out of the folder")
    counts = {str(name): (str(made_of), int(number)) for name, (made_of, number) in data["counts"].items()}
    return pages, counts, parts


def _is_own(path: str) -> bool:
    return not path.startswith("/") and not {"", ".", ".."} & set(path.split("/")) and "\0" not in path


def write_site(site: SiteFolder, products: Sequence[Product], report: Report, track: Track) -> list[str]:
    """Write the pages that are not as they should be, and remove those that are no more; return what was removed.

    A page that cannot be made stays as it is, and does not stop the others.

    Raises:
        TemplateError: a template is wrong, and so would be most pages.
        StoreError: the folder cannot be written.
    """
    site.folder.prepare()
    site.folder.sweep()
    there = site.folder.listing("")[0]
    due = [one for one in products if not _is_current(site, one, there)]
    due = [one for one in due if not _is_odd(site, one.path, report) and not _is_foreign(site, one, there, report)]
    gone = site.pages.keys() - {one.path for one in products}
    if due or gone:
        site.pages |= dict.fromkeys((one.path for one in due), _UNFINISHED)
        site.save()
    removed = _remove(site, (path for first in sorted(gone) for path in (first, *site.parts.get(first, ()))), there)
    removed += _write(site, due, there, report, track)
    for path in gone:
        del site.pages[path]
        site.parts.pop(path, None)
    site.save()
    return removed


def _is_current(site: SiteFolder, product: Product, there: Collection[str]) -> bool:
    is_noted = site.pages.get(product.path) == product.inputs_hash
    return is_noted and all(path in there for path in (product.path, *site.parts.get(product.path, ())))


def _remove(site: SiteFolder, paths: Iterable[str], there: Collection[str]) -> list[str]:
    removed = [path for path in paths if path in there]
    for path in removed:
        site.folder.remove(path)
        site.folder.prune(path)
    return removed


def _is_foreign(site: SiteFolder, product: Product, there: Collection[str], report: Report) -> bool:
    """Whether somebody's own file stands where a product should be; that is said."""
    path = product.path
    if path in site.pages or path not in there:
        return False
    data = site.folder.read(path) or b""
    with suppress(DigestError):  # what cannot be made is told when it is due
        if any(sign in data[:_HEAD] for sign in _SIGNS) or product.make().get(path) == data:
            return False
    report.warn(f"{site.folder.root / path}: left alone, because digest did not write it; the site lacks this page")
    return True


def _is_odd(site: SiteFolder, path: str, report: Report) -> bool:
    """Whether a link, a folder or the like stands where a file should be, or above it; that is said once."""
    if place := site.folder.obstacle(path):
        words = "left alone, because it is no plain file or folder of digest's; the site lacks what should be here"
        report.warn(f"{site.folder.root / place}: {words}")
    return bool(place)


def _write(site: SiteFolder, due: Sequence[Product], there: Collection[str], report: Report, track: Track) -> list[str]:
    """Write what is due; return what was removed of products of several files that are made of others now."""
    made, removed = 0, []
    for _, product in zip(track([one.name for one in due]), due, strict=True):
        try:
            files = product.make()
        except TemplateError:
            site.save()
            raise
        except DigestError as error:
            report.note(product.name, error)
            continue
        if any(path != product.path and _is_odd(site, path, report) for path in files):
            continue
        if others := sorted(files.keys() - {product.path}):
            site.parts[product.path] = others
            site.save()  # a build that is killed now leaves none that nobody knows of
        for path, data in files.items():
            if site.folder.write(path, data, is_flushed=False):
                report.written.append(path)
        if others:
            own = f"{posixpath.dirname(product.path)}/"
            # Those too that a killed build left, which nobody noted.
            removed += _remove(
                site, sorted(path for path in there if path.startswith(own) and path not in files), there
            )
        site.pages[product.path] = product.inputs_hash
        made += 1
        if made % _AT_ONCE == 0:
            site.save()
    return removed
