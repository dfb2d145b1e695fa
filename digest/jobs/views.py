"""The files of views: a digest for each date on which one of a view's categories is stored, and its feeds."""

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import islice

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.archive.view_days import FEED_DATES, ReadDay, dates_of, day_reader, newest_of
from digest.config import Config, View
from digest.errors import DigestError
from digest.model import Day, DaySummary, Section
from digest.render import UNKNOWN, DigestTemplate
from digest.render.exports import FEEDS
from digest.resources import read_template
from digest.store import FileRow
from digest.views import description, hits

_IN_FEEDS = 100
_FEED_VERSION = 1
"""Raised when the same days give another feed than before."""

_Rows = Mapping[str, FileRow]
_Track = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True)
class ViewFile:
    """One text of a view: where it lies, what it is made from, and how to make it, in parts by their paths."""

    name: str
    path: str
    inputs_hash: str
    version: str
    make: Callable[[], Mapping[str, bytes]]
    hashes_by: Callable[[str], Sequence[str]]

    def is_of_the_same(self, row: FileRow) -> bool:
        """Whether another template, or renderer, made what ``row`` tells of, and of the very same."""
        return row.inputs_hash in self.hashes_by(row.template_version)


@dataclass(frozen=True)
class ViewDigests:
    """A view with its template."""

    view: View
    template: DigestTemplate

    def render(self, when: date, days: Sequence[Day]) -> dict[str, bytes]:
        """Return the view's digest of a date by path, made from the ``days`` of its categories.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        folder, name = posixpath.split(self.view.digest_path(when))
        parts = self.template.view_parts(self.view.name, when, days, hits(self.view, days), name)
        return {posixpath.join(folder, part): data for part, data in parts.items()}

    def inputs_hash(self, days: Sequence[DaySummary]) -> str:
        """Return the SHA-256 of all that the digest of a date is made from."""
        return self.template.inputs_hash(*self._inputs(days))

    def hashes_by(self, version: str, days: Sequence[DaySummary]) -> Sequence[str]:
        """Return what ``inputs_hash`` would be by another version of the template, and each renderer until now."""
        return self.template.hashes_by(version, *self._inputs(days))

    def _inputs(self, days: Sequence[DaySummary]) -> list[str]:
        return [*(day.content_hash for day in days), description(self.view)]


def open_view(archive: Archive, view: View) -> ViewDigests:
    """Read the template of a view.

    Raises:
        ConfigError: there is no such built-in template.
        TemplateError: the user's own cannot be read, or its syntax is wrong.
    """
    source = read_template(view.template, archive.config.folder, f"[[view]] {view.name!r} template")
    return ViewDigests(view, _compiled(source, view.template, view.sections))


@lru_cache(maxsize=8)
def _compiled(source: str, name: str, sections: Sequence[str]) -> DigestTemplate:
    """Compile a template once for all views that share it: that costs more than to find nothing to do."""
    return DigestTemplate(source, name, [Section(section) for section in sections])


def write_views(
    archive: Archive, report: Report, track: _Track = iter, *, are_read: bool = False, renews: bool = False
) -> None:
    """Bring the files of all views up to date, the newest first; a bad one does not stop the others.

    A digest is made again when a day changed that it is made from, or the view; then all dates are. What another
    template made of the same is made again only if this ``renews``; so is what came with a fresh clone. The files of a
    view that is configured no longer, or elsewhere, stay: they are their owner's.
    """
    rows = archive.store.files()
    outdated = outdated_views(archive, report, are_read=are_read)
    todo = {file.name: file for file in outdated if renews or not _is_left(archive, file, rows)}
    report.left += len(outdated) - len(todo)
    for name in track(list(todo)):
        file = todo[name]
        try:
            files = file.make()
            unknown = "" if renews or file.path in rows else next(reversed(file.hashes_by(UNKNOWN)), "")
            if unknown and archive.texts.adopt(files, unknown):
                report.left += 1
                continue
            archive.texts.keep_foreign(file.path, files[file.path])
            report.written += archive.texts.write(files, file.inputs_hash, file.version)
        except DigestError as error:
            _note(name, error, report)


def outdated_views(archive: Archive, report: Report, *, are_read: bool = False) -> list[ViewFile]:
    """Return the files that ``write_views`` would write; note each view that cannot be made."""
    if not archive.config.views:
        return []
    rows = archive.store.files()
    return [file for file in view_files(archive, report) if not _is_made(archive, file, rows, are_read=are_read)]


def view_files(archive: Archive, report: Report) -> Iterator[ViewFile]:
    """Yield every file that the views should have, the newest first; note each view that cannot be made."""
    stored = archive.store.summaries()
    read = day_reader(archive.store, held=len(archive.config.arxiv.categories))
    files = []
    for view in archive.config.views:
        dates = dates_of(view, stored)
        files += [(max(dates), _feed(archive.config, view, kind, dates, read)) for kind in view.feeds if dates]
        try:
            made = open_view(archive, view)
        except DigestError as error:
            _note(f"view {view.name}", error, report)
            continue
        files += [(when, _digest(made, when, days, read)) for when, days in dates.items()]
    # Views of one date follow one another, so that its days are read once.
    yield from (file for _, file in sorted(files, key=lambda item: item[0], reverse=True))


def _digest(made: ViewDigests, when: date, days: Sequence[DaySummary], read: ReadDay) -> ViewFile:
    return ViewFile(
        name=f"view {made.view.name} {when}",
        path=made.view.digest_path(when),
        inputs_hash=made.inputs_hash(days),
        version=made.template.version,
        make=lambda: made.render(when, [read(day.category, when) for day in days]),
        hashes_by=lambda version: made.hashes_by(version, days),
    )


def _feed(config: Config, view: View, kind: str, dates: Mapping[date, Sequence[DaySummary]], read: ReadDay) -> ViewFile:
    path, newest = view.feed_paths[kind], dict(islice(dates.items(), FEED_DATES))
    inputs = [_FEED_VERSION, kind, max(newest).isoformat(), description(view)]
    inputs += [day.content_hash for days in newest.values() for day in days]
    inputs += filter(None, [config.address_of(view.path)])

    def make() -> Mapping[str, bytes]:
        shown = replace(view, sections=tuple(name for name in view.sections if name != Section.REPLACEMENT))
        announcements = (hit.announcement for hit in newest_of(shown, newest, read, _IN_FEEDS))
        pieces = FEEDS[kind](
            f"arXiv {view.name}",
            f"view {view.name}",
            announcements,
            empty_at=max(newest),
            digest_address=lambda one: config.address_of(view.digest_path(one.date)),
        )
        return {path: "".join(pieces).encode()}

    version = f"{kind} {_FEED_VERSION}"
    return ViewFile(
        f"view {view.name} {kind}", path, _sha256(json.dumps(inputs)), _sha256(version), make, lambda _version: ()
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_made(archive: Archive, file: ViewFile, rows: _Rows, *, are_read: bool) -> bool:
    """Whether a file was made from what is stored now, and all its parts are there."""
    row = rows.get(file.path)
    is_current = row is not None and row.inputs_hash == file.inputs_hash
    return is_current and archive.texts.has_all_parts(file.path, rows, are_read=are_read)


def _is_left(archive: Archive, file: ViewFile, rows: _Rows) -> bool:
    """Whether a file is all there as another template made it."""
    row = rows.get(file.path)
    return row is not None and file.is_of_the_same(row) and archive.texts.has_all_parts(file.path, rows)


def _note(what: str, error: DigestError, report: Report) -> None:
    if not report.knows(error):
        report.fail(what, error)
