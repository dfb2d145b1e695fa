"""One commit of what digest wrote, and its push: which files are digest's to commit, and in which words."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.days import counted_days, load
from digest.archive.products import INDEX, sha256
from digest.archive.report import Report
from digest.config.paths import part_path
from digest.config.settings import Git
from digest.disk.files import Folder
from digest.errors import DigestError, GitError, StoreError, UnpushedError
from digest.git.commits import commit_paths, require_branch, require_nothing_foreign
from digest.git.recovery import recover, remove_stale_locks, take_turn
from digest.git.remote import Remote, push
from digest.git.repository import Repository, named, open_repository
from digest.model import DaySummary, FileRow, Section, State
from digest.records.day import is_record_path, record_path
from digest.records.notices import NOTICES_PATH
from digest.records.state import LEDGER_PATH, render_ledger
from digest.render.markers import BEGIN, END

log = logging.getLogger(__name__)


def commit(archive: Archive, report: Report) -> None:
    """Commit what digest wrote and push it, as [git] is configured; note in ``report`` what was done or failed.

    What a killed run wrote and did not commit is committed, too: not what was written now is asked for, but what
    differs from the last commit and is as digest writes it. Nothing here ever harms the archive.
    """
    settings = archive.config.git
    if not settings.commit:
        return
    try:
        OneCommit(archive, report).do()
    except (GitError, StoreError) as error:
        failure: DigestError = UnpushedError(str(error)) if settings.durable else error
        if not report.knows(failure):
            report.failures.append(failure)


class OneCommit:
    """One commit, and its push."""

    def __init__(self, archive: Archive, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._repository = open_repository(archive.config.output)
        self._generated = Generated(archive, self._repository)
        self._subject = ""

    def do(self) -> None:
        """Commit what there is to commit, and push what the remote lacks.

        Raises:
            GitError: that cannot be done.
            UnpushedError: only what is pushed counts, and something that was written is in no commit.
        """
        with take_turn(self._repository):
            self._commit_and_push()
        self._see_to_the_rest()

    def _commit_and_push(self) -> None:
        recover(self._repository)
        changes = self._repository.changes()
        paths = self._chosen([change.path for change in changes])
        if not paths and not self._settings.push:
            return
        branch = require_branch(self._repository, self._settings)
        try:
            if paths:
                require_nothing_foreign(self._repository, changes, self._is_ours)
                remove_stale_locks(self._repository)
                self._commit(paths)
            place = self._push(branch) if self._settings.push else ""
        except DigestError:
            self._tell("")
            raise
        self._tell(place)

    @property
    def _settings(self) -> Git:
        return self._archive.config.git

    def _chosen(self, changed: Sequence[str]) -> list[str]:
        """Return which paths are digest's to commit; a generated file that a person edited is that person's."""
        written = {self._generated.relative(place) for place in self._report.written}
        known = {path for path in changed if path in written or self._generated.knows(path)}
        as_written = {path for path in known if path in written or self._generated.is_as_written(path)}
        chosen = {path for path in as_written if not self._generated.has_own_words(path)}
        for path in sorted(known - chosen):
            self._warn(f"{self._repository.root / path}: not committed, because it was changed by hand")
        return sorted(chosen)

    def _is_ours(self, path: str) -> bool:
        return self._generated.knows(path) and not self._generated.has_own_words(path)

    def _commit(self, paths: Sequence[str]) -> None:
        days = dict.fromkeys(filter(None, map(self._generated.day_of, paths)))
        contents = Contents([self._generated.days[key] for key in days], paths, self._archive.config.sections)
        message = commit_message(self._settings.message, contents)
        if commit_paths(self._repository, frozenset(paths), message, self._settings.author):
            self._subject = message.partition("\n")[0]

    def _push(self, branch: str) -> str:
        """Push, and take in what others pushed before; return where to, "" if nothing was to be pushed."""
        remote = Remote(self._repository, self._settings.remote, branch)
        if not remote.unpushed():
            return ""
        remote.require_sound()
        remove_stale_locks(self._repository)
        brought = push(remote, self._generated.knows, self._settings.author)
        records = filter(is_record_path, self._generated.record_paths(brought))
        if days := load(self._archive, records, self._report):
            self._report.remarks.append(f"took in {counted_days(len(days))} that others had pushed")
        return f"{remote.name}/{branch}"

    def _see_to_the_rest(self) -> None:
        """Tell of what was written and git does not keep: it is ignored, or no path of this repository."""
        written = [*self._report.written, *(self._generated.record_places() if self._settings.durable else [])]
        places = [place for place in dict.fromkeys(written) if os.path.lexists(place)]
        known = self._repository.known() if places else set()
        rest = sorted(place for place in places if self._generated.relative(place) not in known)
        if not rest:
            return
        words = f"{named(rest)}: in no commit, because git ignores it, or it is not in {self._repository.root}"
        if self._settings.durable:
            raise UnpushedError(f"{words}; see to .gitignore and [store] records, or set [git] durable = false")
        self._warn(words)

    def _warn(self, words: str) -> None:
        if words not in self._report.warned:
            log.warning("%s", words)
        self._report.warned.add(words)

    def _tell(self, place: str) -> None:
        done = []
        if self._subject:
            done.append(f"committed {(self._repository.head or '')[:8]}: {self._subject}")
        if place:
            done.append(f"pushed to {place}")
        if done:
            self._report.remarks.append("; ".join(done))


_PART = re.compile(r"(?P<stem>.+)\.(?P<number>[0-9]+)(?P<suffix>\.[^./]*)")

DayKey = tuple[str, date]
"""Category and date."""


@dataclass(frozen=True)
class Generated:
    """What the state of an archive says of files in the work tree of ``repository``."""

    archive: Archive
    repository: Repository

    @property
    def _files(self) -> Mapping[str, FileRow]:
        return self.archive.files

    @property
    def days(self) -> Mapping[DayKey, DaySummary]:
        """The stored days."""
        return self.archive.snapshot.days

    @cached_property
    def _records(self) -> Mapping[str, DayKey]:
        return {record_path(*key): key for key in self.days}

    @cached_property
    def _digests(self) -> Mapping[str, DayKey]:
        return {self.archive.config.digest_path(*key): key for key in self.days}

    @cached_property
    def _output(self) -> str | None:
        return self._within(self.archive.output)

    @cached_property
    def _record_folder(self) -> str | None:
        return self._within(self.archive.records) if self.archive.records else None

    def _within(self, folder: Folder) -> str | None:
        """Return what the paths in a folder begin with; None if it is outside of the repository."""
        place = Path(os.path.realpath(folder.root))
        if not place.is_relative_to(self.repository.root):
            return None
        inner = place.relative_to(self.repository.root).as_posix()
        return "" if inner == "." else f"{inner}/"

    def knows(self, path: str) -> bool:
        """Whether digest generates the file at ``path``, or did."""
        text, record = _below(self._output, path), _below(self._record_folder, path)
        is_text = text is not None and (text in self._files or _first_part(text) in self._files)
        return is_text or (record is not None and (record in self._records or record in (LEDGER_PATH, NOTICES_PATH)))

    def is_as_written(self, path: str) -> bool:
        """Whether the file that digest generates at ``path`` is as it left it; a further part may be removed."""
        text, record = _below(self._output, path), _below(self._record_folder, path)
        if text is not None and text in self._files:
            return self._is_text_as_written(self._files[text], path)
        if text is not None and _first_part(text) in self._files:
            return not self.archive.output.has(text)
        return record is not None and self._is_record_as_written(record)

    def _is_text_as_written(self, row: FileRow, path: str) -> bool:
        data = _read(self.archive.output, row.path)
        if data is None or sha256(data) != row.sha256:
            return False
        return not self.has_own_words(path)

    def has_own_words(self, path: str) -> bool:
        """Whether ``path`` is an index around which stand other words than in the last commit: a person's own.

        An index that is in no commit yet has none.
        """
        text = _below(self._output, path)
        if text is None or text not in self._files or self._files[text].template_version != INDEX:
            return False
        data, committed = _read(self.archive.output, text), self.repository.committed(path)
        return data is not None and committed is not None and _around(data) != _around(committed)

    def _is_record_as_written(self, path: str) -> bool:
        data = _read(self.archive.records, path) if self.archive.records else None
        if data is None or path == NOTICES_PATH:
            return data is not None
        if path == LEDGER_PATH:
            return data == render_ledger(self.archive.snapshot.ledger)
        return sha256(data) == self.days[self._records[path]].content_hash

    def day_of(self, path: str) -> DayKey | None:
        """Return the day whose digest, or record, is at ``path``; None for other files."""
        text, record = _below(self._output, path) or "", _below(self._record_folder, path) or ""
        return self._digests.get(text) or self._digests.get(_first_part(text) or "") or self._records.get(record)

    def record_paths(self, paths: Sequence[str]) -> list[str]:
        """Return which of ``paths`` are in the folder of records, relative to it."""
        return [inner for path in paths if (inner := _below(self._record_folder, path)) is not None]

    def record_places(self) -> list[str]:
        """Return where the records of all stored days lie, and what is known besides them."""
        records = self.archive.records
        return [str(records.root / path) for path in (*self._records, LEDGER_PATH)] if records else []

    def relative(self, place: str) -> str | None:
        """Return the path of the file at ``place`` as the repository names it; None if it is outside."""
        folder, name = os.path.split(place)
        found = Path(os.path.realpath(folder), name)
        root = self.repository.root
        return found.relative_to(root).as_posix() if found.is_relative_to(root) else None


def _below(prefix: str | None, path: str) -> str | None:
    return path.removeprefix(prefix) if prefix is not None and path.startswith(prefix) else None


def _first_part(path: str) -> str | None:
    """Return the path of the text of which ``path`` would be a further part."""
    match = _PART.fullmatch(path)
    first = f"{match['stem']}{match['suffix']}" if match else ""
    return first if match and part_path(first, int(match["number"])) == path else None


def _read(folder: Folder, path: str) -> bytes | None:
    """Return the file's bytes; None if there is none, or something else stands in its place."""
    try:
        return folder.read(path)
    except StoreError:
        return None


def _around(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the generated part of an index; git may have changed the ends of lines."""
    before, _, rest = data.replace(b"\r\n", b"\n").partition(BEGIN.encode())
    return before, rest.partition(END.encode())[2]


_LONGEST_SUBJECT = 100
_MOST_DAYS = 20
_MOST_CATEGORIES = 4
_MOST_FILES = 3


@dataclass(frozen=True)
class Contents:
    """What a commit brings: the ``days`` whose digests or records are in it, and the paths of all its ``files``.

    ``sections``: those that digests show.
    """

    days: Sequence[DaySummary]
    files: Sequence[str]
    sections: Sequence[Section]

    @property
    def summary(self) -> str:
        """Say what it is, such as ``cs.CV 2025-03-05 (107 new, 46 cross-lists)``."""
        if not self.days:
            return self.counts
        categories = list(dict.fromkeys(day.category for day in self.days))
        shown = ", ".join(categories) if len(categories) <= _MOST_CATEGORIES else f"{len(categories)} categories"
        if len(self.days) == 1:
            return f"{shown} {self.dates} ({self.counts})"
        if self._first == self._last:
            return f"{self.dates} of {shown} ({self.counts})"
        return f"{len(self.days)} days of {shown}, {self.dates} ({self.counts})"

    @property
    def dates(self) -> str:
        """Name the date, or the first and the last; "" without days."""
        if not self.days:
            return ""
        return f"{self._first}" if self._first == self._last else f"{self._first}..{self._last}"

    @property
    def counts(self) -> str:
        """Say how many entries the days have; which files there are, or how many, without days."""
        return _counts(self.days, self.sections) if self.days else _named_files(self.files)

    @property
    def _first(self) -> date:
        return min(day.date for day in self.days)

    @property
    def _last(self) -> date:
        return max(day.date for day in self.days)


def commit_message(template: str, contents: Contents) -> str:
    """Return the message: what ``template`` says, and a line for each day, the newest first."""
    filled = template.format(summary=contents.summary, dates=contents.dates, counts=contents.counts).strip()
    subject, _, rest = (filled or contents.summary).partition("\n")
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"{subject[: _LONGEST_SUBJECT - 1].rstrip()}…"
    parts = [subject, rest.strip(), "\n".join(_lines(contents))]
    return "\n\n".join(part for part in parts if part)


def _named_files(files: Sequence[str]) -> str:
    if len(files) <= _MOST_FILES and all(path.isprintable() for path in files):
        return ", ".join(files)
    return f"{len(files)} file{'s' * (len(files) != 1)}"


def _lines(contents: Contents) -> list[str]:
    days = sorted(contents.days, key=lambda day: (-day.date.toordinal(), day.category))
    lines = [f"{_named(day)}: {_counts([day], contents.sections)}" for day in days[:_MOST_DAYS]]
    return [*lines, f"and {len(days) - _MOST_DAYS} more"] if len(days) > _MOST_DAYS else lines


def _named(day: DaySummary) -> str:
    return f"{day.category} {day.date}" + ("" if day.state is State.COMPLETE else f" ({day.state})")


def _counts(days: Sequence[DaySummary], sections: Sequence[Section]) -> str:
    return ", ".join(_count(sum(day.counts[section] for day in days), section) for section in sections)


def _count(number: int, section: Section) -> str:
    one = {Section.NEW: "new", Section.CROSS: "cross-list", Section.REPLACEMENT: "replacement"}[section]
    return f"{number} {one}{'s' * (number != 1 and section is not Section.NEW)}"
