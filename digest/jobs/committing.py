"""What was written → one commit in the repository that the digests are in, pushed."""

import logging
from collections.abc import Sequence

from digest.archive import Archive
from digest.config.values import Git
from digest.errors import DigestError, GitError, StoreError, UnpushedError
from digest.jobs.commit_message import Contents, commit_message
from digest.jobs.generated import Generated
from digest.jobs.steps import counted_days, load
from digest.outcome import Report
from digest.publish.git import (
    Remote,
    commit_paths,
    open_repository,
    push,
    recover,
    remove_stale_locks,
    require_branch,
    require_nothing_foreign,
)
from digest.render import is_record_path

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
        _Commit(archive, report).do()
    except (GitError, StoreError) as error:
        failure: DigestError = UnpushedError(str(error)) if settings.durable else error
        if not report.knows(failure):
            report.failures.append(failure)


class _Commit:
    """One commit, and its push."""

    def __init__(self, archive: Archive, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._repository = open_repository(archive.config.output)
        self._generated = Generated(archive, self._repository)
        self._subject = ""

    def do(self) -> None:
        """Commit what there is to commit, and push what the remote lacks."""
        recover(self._repository)
        changes = self._repository.changes()
        paths = self._chosen([change.path for change in changes])
        if not paths and not self._settings.push:
            return
        branch = require_branch(self._repository, self._settings)
        try:
            if paths:
                require_nothing_foreign(self._repository, changes, self._generated.knows)
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
        chosen = {path for path in known if path in written or self._generated.is_as_written(path)}
        for path in sorted(known - chosen):
            log.warning("%s: not committed, because it was changed by hand", self._repository.root / path)
        return sorted(chosen)

    def _commit(self, paths: Sequence[str]) -> None:
        days = dict.fromkeys(filter(None, map(self._generated.day_of, paths)))
        contents = Contents([self._generated.days[key] for key in days], len(paths), self._archive.config.sections)
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

    def _tell(self, place: str) -> None:
        done = []
        if self._subject:
            done.append(f"committed {(self._repository.head or '')[:8]}: {self._subject}")
        if place:
            done.append(f"pushed to {place}")
        if done:
            self._report.remarks.append("; ".join(done))
