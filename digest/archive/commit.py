"""One commit of what digest wrote, and its push: which files are digest's to commit, and in which words."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from digest.archive.archive import Archive
from digest.archive.days import load, load_entries
from digest.archive.files import is_as_written
from digest.archive.markers import owners_part
from digest.archive.products import INDEX, sha256
from digest.archive.report import Report
from digest.config.paths import part_path
from digest.disk.files import Folder
from digest.errors import DigestError, GitError, StoreError, UnpushedError, how_many, named
from digest.git.commits import commit_paths, require_branch, require_nothing_foreign
from digest.git.recovery import recover, remove_stale_locks, take_turn
from digest.git.remote import Remote, push
from digest.git.repository import open_repository
from digest.model import DaySummary, FileRow, Section, State
from digest.records.annotations import annotations_date, render_annotations
from digest.records.day import is_record_path
from digest.records.notices import NOTICES_PATH
from digest.records.state import LEDGER_PATH, render_ledger

log = logging.getLogger(__name__)


_MOST_DAYS = 20
_MOST_CATEGORIES = 4
_MOST_FILES = 3
_LONGEST_SUBJECT = 100

_PART = re.compile(r"(?P<stem>.+)\.(?P<number>[0-9]+)(?P<suffix>\.[^./]*)")


def commit(archive: Archive, report: Report) -> None:
    """Commit what digest wrote and push it, as [git] is configured; note in ``report`` what was done or failed.

    What a killed run wrote and did not commit is committed, too: not what was written now is asked for, but what
    differs from the last commit and is as digest writes it. Nothing here ever harms the archive.
    """
    settings = archive.config.git
    if not settings.commit:
        return
    try:
        work = _Commit(archive, report)
        with take_turn(work.repository):
            work.commit_and_push()
        work.see_to_the_rest()
    except (GitError, StoreError) as error:
        failure: DigestError = UnpushedError(str(error)) if settings.durable else error
        if not report.knows(failure):
            report.failures.append(failure)


@dataclass(frozen=True)
class _Generated:
    """A file that digest generates, or did: in which folder, and its row; of records, and of a former part, none."""

    folder: Folder
    path: str
    row: FileRow | None = None

    def read(self) -> bytes | None:
        """Return its bytes; None if there is none, or something else stands in its place."""
        try:
            return self.folder.read(self.path)
        except StoreError:
            return None


class _Commit:
    """One commit, and its push. Paths are relative to the repository, as git names them."""

    def __init__(self, archive: Archive, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._settings = archive.config.git
        self.repository = open_repository(archive.config.output)
        folders = filter(None, (archive.output, archive.records))
        self._prefixes = {folder.root: self.repository.prefix_of(folder.root) for folder in folders}
        self._subject = ""

    @cached_property
    def _records(self) -> Mapping[str, tuple[str, date]]:
        return self._archive.snapshot.records

    @cached_property
    def _digests(self) -> Mapping[str, tuple[str, date]]:
        return {self._archive.digest_path(*key): key for key in self._archive.snapshot.days}

    def commit_and_push(self) -> None:
        """Commit what there is to commit, and push what the remote lacks."""
        recover(self.repository)
        changes = self.repository.changes()
        self._load_changed([change.path for change in changes])
        paths = self._chosen([change.path for change in changes])
        if not paths and not self._settings.push:
            return
        branch = require_branch(self.repository, self._settings)
        place = ""
        try:
            if paths:
                require_nothing_foreign(self.repository, changes, self._is_ours)
                remove_stale_locks(self.repository)
                self._commit(paths)
            place = self._push(branch) if self._settings.push else ""
        finally:
            self._tell(place)

    def see_to_the_rest(self) -> None:
        """Tell of what was written and git does not keep: it is ignored, or no path of this repository.

        Raises:
            UnpushedError: only what is pushed counts, and something that was written is in no commit.
        """
        written, records = [*self._report.written], self._archive.records
        if self._settings.durable and records:
            written += [str(records.root / path) for path in (*self._records, LEDGER_PATH)]
        places = [place for place in dict.fromkeys(written) if os.path.lexists(place)]
        known = self.repository.known() if places else set()
        rest = sorted(place for place in places if self.repository.path_of(place) not in known)
        if not rest:
            return
        words = f"{named(rest)}: in no commit, because git ignores it, or it is not in {self.repository.root}"
        if self._settings.durable:
            raise UnpushedError(f"{words}; check .gitignore and [store] records, or set [git] durable = false")
        self._warn(words)

    def _load_changed(self, changed: Sequence[str]) -> None:
        """Load the days whose records are in no commit, if that was put off: they came here by other means than git."""
        records, unloaded = self._archive.records, {(day.category, day.date) for day in self._archive.snapshot.unloaded}
        if records is None or not unloaded:
            return
        inner = [self._below(records, path) or "" for path in changed]
        if paths := [path for path in inner if self._records.get(path) in unloaded]:
            load_entries(self._archive, paths, self._report)

    def _chosen(self, changed: Sequence[str]) -> list[str]:
        """Return which paths are digest's to commit; a generated file that a person edited is that person's."""
        written = {self.repository.path_of(place) for place in self._report.written}
        known = {path for path in changed if path in written or self._generated(path)}
        chosen = {path for path in known if self._is_to_commit(path, is_written=path in written)}
        for path in sorted(known - chosen):
            self._warn(f"{self.repository.root / path}: not committed, because it was changed by hand")
        return sorted(chosen)

    def _is_to_commit(self, path: str, *, is_written: bool) -> bool:
        file = self._generated(path)
        if file is None:
            return is_written
        return (is_written or self._is_as_written(file)) and not self._has_own_words(path, file)

    def _is_ours(self, path: str) -> bool:
        file = self._generated(path)
        return file is not None and not self._has_own_words(path, file)

    def _generated(self, path: str) -> _Generated | None:
        """Return the file at ``path`` if digest generates it, or did; None if it is somebody else's."""
        text, files = self._below(self._archive.output, path), self._archive.files
        if text is not None and (text in files or _first_part(text) in files):
            return _Generated(self._archive.output, text, files.get(text))
        records = self._archive.records
        record = self._below(records, path) if records else None
        is_record = record in self._records or record in (LEDGER_PATH, NOTICES_PATH) or annotations_date(record or "")
        return _Generated(records, record) if records and record is not None and is_record else None

    def _below(self, folder: Folder, path: str) -> str | None:
        """Return ``path`` relative to a folder; None if it is not in it."""
        prefix = self._prefixes[folder.root]
        return path.removeprefix(prefix) if prefix is not None and path.startswith(prefix) else None

    def _is_as_written(self, file: _Generated) -> bool:
        """Whether a generated file is as digest left it; a further part may be removed."""
        data = file.read()
        if file.row is not None:
            return data is not None and is_as_written(self._archive, file.row)
        if file.folder is self._archive.output:
            return not file.folder.has(file.path)
        if data is None or file.path == NOTICES_PATH:
            return data is not None
        if when := annotations_date(file.path):
            return data == render_annotations(when, self._archive.annotations(when))
        if file.path == LEDGER_PATH:
            return data == render_ledger(self._archive.snapshot.ledger)
        return sha256(data) == self._archive.snapshot.days[self._records[file.path]].content_hash

    def _has_own_words(self, path: str, file: _Generated) -> bool:
        """Whether a file is an index around which stand other words than in the last commit: a person's own.

        An index that is in no commit yet has none.
        """
        if file.row is None or file.row.template_version != INDEX:
            return False
        data, committed = file.read(), self.repository.committed(path)
        return data is not None and committed is not None and owners_part(data) != owners_part(committed)

    def _commit(self, paths: Sequence[str]) -> None:
        keys = dict.fromkeys(filter(None, map(self._day_at, paths)))
        days = [self._archive.snapshot.days[key] for key in keys]
        message = commit_message(self._settings.message, days, paths, self._archive.config.sections)
        if commit_paths(self.repository, paths, message, self._settings.author):
            self._subject = message.partition("\n")[0]

    def _day_at(self, path: str) -> tuple[str, date] | None:
        """Return the day whose digest, or record, is at ``path``; None for other files."""
        file = self._generated(path)
        if file is None or file.folder is self._archive.records:
            return self._records.get(file.path) if file else None
        return self._digests.get(file.path) or self._digests.get(_first_part(file.path) or "")

    def _push(self, branch: str) -> str:
        """Push, and take in what others pushed before; return where to, "" if nothing was to be pushed."""
        remote = Remote(self.repository, self._settings.remote, branch)
        if not remote.unpushed():
            return ""
        remote.require_sound()
        remove_stale_locks(self.repository)
        brought = push(remote, lambda path: self._generated(path) is not None, self._settings.author)
        records = self._archive.records
        inner = [self._below(records, path) for path in brought] if records else []
        if days := load(self._archive, [path for path in inner if path and is_record_path(path)], self._report):
            self._report.remarks.append(f"took in {how_many(len(days), 'day')} that others had pushed")
        return f"{remote.name}/{branch}"

    def _warn(self, words: str) -> None:
        if words not in self._report.warned:
            log.warning("%s", words)
        self._report.warned.add(words)

    def _tell(self, place: str) -> None:
        done = [f"committed {(self.repository.head or '')[:8]}: {self._subject}"] if self._subject else []
        done += [f"pushed to {place}"] if place else []
        if done:
            self._report.remarks.append("; ".join(done))


def _first_part(path: str) -> str | None:
    """Return the path of the text of which ``path`` would be a further part."""
    match = _PART.fullmatch(path)
    first = f"{match['stem']}{match['suffix']}" if match else ""
    return first if match and part_path(first, int(match["number"])) == path else None


def commit_message(template: str, days: Sequence[DaySummary], files: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the message of a commit: what ``template`` says, and a line for each day, the newest first.

    ``days`` are those whose digests or records are in it, ``files`` the paths of all its files, ``sections`` those that
    digests show.
    """
    summary, dates, counts = _summary(days, files, sections)
    filled = template.format(summary=summary, dates=dates, counts=counts).strip()
    subject, _, rest = (filled or summary).partition("\n")
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"{subject[: _LONGEST_SUBJECT - 1].rstrip()}…"
    lines = []
    for day in sorted(days, key=lambda day: (-day.date.toordinal(), day.category))[:_MOST_DAYS]:
        state = "" if day.state is State.COMPLETE else f" ({day.state})"
        lines.append(f"{day.category} {day.date}{state}: {_counts([day], sections)}")
    lines += [f"and {len(days) - _MOST_DAYS} more"] if len(days) > _MOST_DAYS else []
    return "\n\n".join(part for part in (subject, rest.strip(), "\n".join(lines)) if part)


def _summary(days: Sequence[DaySummary], files: Sequence[str], sections: Sequence[Section]) -> tuple[str, str, str]:
    """Say what a commit is, such as ``cs.CV 2025-03-05 (107 new, 46 cross-lists)``; its dates; its counts."""
    if not days:
        is_few = len(files) <= _MOST_FILES and all(path.isprintable() for path in files)
        words = ", ".join(files) if is_few else how_many(len(files), "file")
        return words, "", words
    categories = list(dict.fromkeys(day.category for day in days))
    shown = ", ".join(categories) if len(categories) <= _MOST_CATEGORIES else f"{len(categories)} categories"
    first, last = min(day.date for day in days), max(day.date for day in days)
    dates, counts = f"{first}" if first == last else f"{first}..{last}", _counts(days, sections)
    if len(days) == 1:
        return f"{shown} {dates} ({counts})", dates, counts
    if first == last:
        return f"{dates} of {shown} ({counts})", dates, counts
    return f"{len(days)} days of {shown}, {dates} ({counts})", dates, counts


def _counts(days: Sequence[DaySummary], sections: Sequence[Section]) -> str:
    return ", ".join(section.how_many(sum(day.counts[section] for day in days)) for section in sections)
