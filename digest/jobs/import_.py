"""What a person saved: pages, digests, day records, exports and feeds, in files, folders and zip archives."""

import hashlib
import os
import pickle
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO

from digest.archive.archive import Archive
from digest.archive.days import begin, store, update_files
from digest.archive.products import sha256
from digest.archive.report import Report, Track, untracked
from digest.calendar import WEEKDAY_NAMES, is_weekend
from digest.disk.saved import STDIN, SavedFile, SavedReader, is_zip, zip_members
from digest.errors import DigestError, ListingIncompleteError, PageRefusedError, StoreError, UsageError, how_many
from digest.jobs.import_days import Asked, Told, days_told, tells_nothing_new
from digest.jobs.import_pages import SavedPage, read_page, take_pages
from digest.model import RawPage, Source, State
from digest.parse.foreign import own_kind
from digest.parse.listing import Page
from digest.records.day import render_record

_PAGES = (".html", ".htm", ".xhtml")
_OTHERS = (".md", ".markdown", ".jsonl", ".json", ".csv", ".xml", ".rss", ".atom", ".zip")
"""How the names of other files end that a folder is searched for; each may have .gz behind it."""
_BESIDE = frozenset({"readme", "state", "notices", "changelog", "license", "contributing", "security"})
"""What lies beside digests and records, and is none."""
_BROWSERS_OWN = ("_files", ".files", "-Dateien", "_fichiers", "_archivos", "_file", "_bestanden")
"""How browsers call the folder of what a page needs, beside the page that they save."""
_OTHER_RANKS = 2
"""The ranks of what is no page begin with this one: a listing's pages come first, a catchup's second."""


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    """What stands together of a day: the pages of one listing, or what another file tells; the better ``rank`` first.

    ``name`` is that of the file, "" for pages.
    """

    category: str
    date: date
    rank: int
    name: str = ""


_Read = tuple[SavedPage, Page] | tuple[str, Told]
"""What was read of a file: a page, or a day that the file of this name tells of."""


class _PutAside:
    """What was read, in a temporary file: the files of ten years need not be in memory until their day comes."""

    def __init__(self) -> None:
        with _temporary_file():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is gone when it is closed

    def close(self) -> None:
        """Remove it all."""
        self._file.close()

    def put(self, read: _Read) -> int:
        """Put something aside; return its place.

        Raises:
            StoreError: the temporary file cannot be written.
        """
        with _temporary_file():
            place = self._file.seek(0, os.SEEK_END)
            pickle.dump(read, self._file)
            return place

    def get(self, place: int) -> _Read:
        """Return what was put at ``place``.

        Raises:
            StoreError: the temporary file cannot be read.
        """
        with _temporary_file():
            self._file.seek(place)
            read: _Read = pickle.load(self._file)  # noqa: S301 - our own, of a moment ago
            return read


@contextmanager
def _temporary_file() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"temporary file (TMPDIR says where): {error.strerror}") from error


def require_there(paths: Sequence[Path]) -> list[Path]:
    """Return ``paths``, those with wildcards that no shell replaced as what they mean; something is at each.

    What it is, and whether it can be read, is another question.

    Raises:
        UsageError: nothing is there, so that it may be misspelt.
    """
    missing, found = [], []
    for path in paths:
        try:
            with suppress(PermissionError):
                if path != STDIN:
                    path.stat()
            found.append(path)
        except OSError as error:
            meant = _meant_by(path)
            found += meant
            missing += [] if meant else [f"{shown(str(path))} ({error.strerror})"]
    if missing:
        raise UsageError(f"expected files or folders, found nothing at {', '.join(missing)}")
    return found


def _meant_by(path: Path) -> list[Path]:
    """Return what a path with wildcards means: a shell that finds nothing, or is none, hands it over as it is."""
    if not has_magic(str(path)):
        return []
    return sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207 - pathlib's takes no absolute pattern


def shown(name: str) -> str:
    """Return a name as it can be shown: one with line ends, other controls or foreign bytes as Python writes it."""
    return name if name.isprintable() else repr(name)


def import_files(
    archive: Archive, paths: Sequence[Path], asked: Asked, track: Track = untracked, stdin: BinaryIO | None = None
) -> Report:
    """Take in what a person saved: listing and catchup pages, digests, day records, exports, feeds.

    The partial pages of one day are put together. Of several files about one day, the best one counts.

    Args:
        archive: where to.
        paths: files, zip archives, and folders in which every file of a fitting name is taken, also in those below.
        asked: what the files are of, where they do not say so themselves.
        track: shows progress.
        stdin: where the standard input is read from, for which "-" stands.
    """
    _require_possible(archive, asked.category, asked.date)
    report = begin(archive)
    with closing(_PutAside()) as aside, closing(SavedReader(stdin)) as reader:
        files: dict[str, SavedFile] = {}
        for file in dict.fromkeys(file for path in paths for file in _files_at(path, report)):
            name = _shown_name(file)  # of two files in a zip archive with one name, neither is lost
            files[name if name not in files else f"{name} ({file.member})"] = file
        found: dict[_Key, list[int]] = defaultdict(list)
        for name in track(list(files)):
            try:
                for key, read in _read(archive, name, _raw_page(reader, files[name], archive.now), asked):
                    found[key].append(aside.put(read))
            except ListingIncompleteError as error:  # a saved page will not become whole later, as arXiv's own may
                report.fail(name, PageRefusedError(str(error)))
            except DigestError as error:
                report.fail(name, error)
        steps = {f"{key.category} {key.date} {place}": key for place, key in enumerate(sorted(found), 1)}
        for step in track(list(steps)):
            key = steps[step]
            _take(archive, key, [aside.get(place) for place in found[key]], report)
            if report.is_ended:
                break
    if report.succeeded and not report.changed:
        report.remarks.append("nothing new: all that could be read is stored already")
    update_files(archive, report)
    return report


def _read(archive: Archive, name: str, raw: RawPage, asked: Asked) -> Iterator[tuple[_Key, _Read]]:
    """Yield what a file has, each with the key of what it belongs together with."""
    if (kind := own_kind(raw.body)) is not None:
        for told in days_told(archive, kind, raw, asked):
            yield _Key(told.day.category, told.day.date, _OTHER_RANKS + told.rank, name), (name, told)
    else:
        saved, page = read_page(archive, name, raw, asked)
        # A day's listing comes before its catchup pages, which may show later texts.
        yield _Key(saved.category, saved.date, int(page.source is Source.CATCHUP)), (saved, page)


def _take(archive: Archive, key: _Key, read: Sequence[_Read], report: Report) -> None:
    """Store a day if it is known better by what was ``read`` of it, and say what became of it."""
    changed = len(report.changed)
    pages = [(saved, page) for saved, page in read if isinstance(saved, SavedPage) and isinstance(page, Page)]
    told = [(name, one) for name, one in read if isinstance(name, str) and isinstance(one, Told)]
    names = ", ".join([*(saved.name for saved, _ in pages), *(name for name, _ in told)])
    if pages:
        words = f"{how_many(len(pages), 'page')} of {key.category} {key.date}"
        report.each([names], lambda _: take_pages(archive, pages, report))
    for name, one in told:
        words = one.words
        report.each([name], lambda _, one=one: _store(archive, one, report))  # type: ignore[misc]
    stored = archive.stored(key.category, key.date) or archive.store.summary(key.category, key.date)
    if stored is not None and not report.is_failed(names):
        is_new = len(report.changed) > changed
        known = f"stored as {stored.state}" if is_new else f"stored already as {stored.state} from {stored.source}"
        known = known.removesuffix(f" from {Source.IMPORT}")
        if not is_new and told and _differs(archive, told[0][1]):
            known += ", and other than in this file"
        report.remarks.append(f"{names}: {words}; {known}")
        report.remarks += [f"{name}: {remark}" for name, one in told for remark in one.remarks if is_new]


def _store(archive: Archive, told: Told, report: Report) -> None:
    """Store a day that a file tells of, if it is known better by that."""
    key = told.day.category, told.day.date
    summary = archive.stored(*key) or archive.store.summary(*key)
    is_reconstructed = summary is not None and summary.state is State.RECONSTRUCTED
    here = archive.day(*key) if is_reconstructed else None
    if here is None or not tells_nothing_new(told, here):
        store(archive, told.day, report)


def _differs(archive: Archive, told: Told) -> bool:
    """Whether a day that is known just as well has other papers, or other texts of them, than a file tells."""
    stored = archive.stored(told.day.category, told.day.date)
    if stored is None or (stored.state, stored.source) != (told.day.state, told.day.source):
        return False
    if stored.content_hash == sha256(render_record(told.day)):  # as mostly: then nothing has to be read
        return False
    here = archive.day(told.day.category, told.day.date)
    both = [
        [(entry.section, entry.paper.arxiv_id, entry.paper.title, entry.paper.abstract) for entry in day.entries]
        for day in (here, told.day)
        if day is not None
    ]
    return both[0] != both[-1]


def _require_possible(archive: Archive, category: str | None, when: date | None) -> None:
    """Refuse a category whose digests would take the places of another's, and a date that no listing can have.

    The table of deferrals may be wrong, and is not asked.
    """
    is_kept = category is None or category in archive.config.arxiv.categories
    if not is_kept and "{category}" not in archive.config.digest.path:
        words = f"category {category} is not kept here, and [digest] path has no {{category}} to tell it apart"
        raise UsageError(words)
    if when is not None and (is_weekend(when) or when > archive.calendar.newest_expected(archive.now)):
        found = f"{WEEKDAY_NAMES[when.weekday()]}, {when}"
        raise UsageError(f"expected --date to be the date of a listing that is out, found {found}")


def _files_at(path: Path, report: Report) -> Iterator[SavedFile]:
    """Yield what is at ``path``: a file, or the files in the zip archive or the folder there; note what is left out."""
    try:
        is_folder = path != STDIN and path.is_dir()
    except OSError:  # Python before 3.14 hides some; reading it tells why
        is_folder = False
    for file in _files_in_folder(path, report) if is_folder else [path]:
        if not is_zip(file):
            yield SavedFile(file)
            continue
        try:
            members = zip_members(file)
            fitting = [member for member in members if _is_fitting(member.own_name)]
            yield from fitting
            _tell_left_out(file, len(members) - len(fitting), len(fitting), report)
        except PageRefusedError as error:
            report.fail(shown(str(file)), error)


def _files_in_folder(path: Path, report: Report) -> Iterator[Path]:
    """Yield the files of a fitting name in the folder at ``path``, and in those below."""
    taken, others, failed = 0, 0, len(report.failures)

    def unreadable(error: OSError) -> None:
        refusal = PageRefusedError(f"expected a folder of pages, found it unreadable ({error.strerror})")
        report.fail(shown(str(error.filename)), refusal)

    for parent, folders, names in os.walk(path, onerror=unreadable):
        needed = {Path(name).stem + ending for name in names if name.endswith(_PAGES) for ending in _BROWSERS_OWN}
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in needed)
        for name in sorted(names):
            if _is_fitting(name):
                taken += 1
                yield Path(parent, name)
            else:
                others += 1
    if len(report.failures) == failed or taken:
        _tell_left_out(path, others, taken, report)


def _is_fitting(name: str) -> bool:
    """Whether a file is taken by its name, without having been named by a person."""
    bare = name.lower().removesuffix(".gz")
    is_beside = bare.partition(".")[0] in _BESIDE and not bare.endswith(_PAGES)
    return bare.endswith((*_PAGES, *_OTHERS)) and not name.startswith(".") and not is_beside


def _tell_left_out(path: Path, others: int, taken: int, report: Report) -> None:
    if others:
        words = "files left out, whose names are not those of pages, digests, records, exports or feeds"
        report.remarks.append(f"{shown(str(path))}: {others} of {taken + others} {words}")
    if not taken:
        words = f"expected saved files ({', '.join((*_PAGES, *_OTHERS))}) in it, found none"
        report.fail(shown(str(path)), PageRefusedError(f"{words}; name other files one by one"))


def _shown_name(file: SavedFile) -> str:
    if file.path == STDIN:
        return "standard input"
    return shown(str(file.path) if file.member is None else f"{file.path}/{file.name}")


def _raw_page(reader: SavedReader, file: SavedFile, now: datetime) -> RawPage:
    body = reader.read(file)
    return RawPage(f"import:{file.own_name}", 200, now, (), body, hashlib.sha256(body).hexdigest())
