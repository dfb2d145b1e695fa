"""One commit of what digest wrote, and its push: which files are digest's to commit, and whether all were."""

import logging
import os
from collections.abc import Sequence

from digest.archive.archive import Archive
from digest.archive.commit_message import Contents, commit_message
from digest.archive.generated import Generated
from digest.archive.report import Report
from digest.config.values import Git
from digest.errors import DigestError, UnpushedError
from digest.git import (
    Remote,
    commit_paths,
    named,
    open_repository,
    push,
    recover,
    remove_stale_locks,
    require_branch,
    require_nothing_foreign,
    take_turn,
)
from digest.jobs.steps import counted_days, load
from digest.render import is_record_path

log = logging.getLogger(__name__)


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
