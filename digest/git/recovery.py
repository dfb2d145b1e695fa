"""A rebase of digest's that a kill cut short: abandoned file by file, without touching what was written since."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from digest.disk.files import Folder
from digest.errors import GitError, StoreError
from digest.git.locks import remove_stale_locks, wait_until_idle
from digest.git.program import BY_INPUT
from digest.git.rebases import MARKER, STATE
from digest.git.repository import Repository


def recover(repository: Repository) -> None:
    """End a rebase that a killed run of digest left; one that a person began is not touched.

    To be called under the archive's lock.

    Raises:
        GitError: it cannot be ended, or a git is at work.
    """
    marker = Folder(repository.folder)
    try:
        noted = marker.read(MARKER)
        if noted is None:
            return
        wait_until_idle(repository)
        remove_stale_locks(repository)
        head, _, onto = noted.decode(errors="replace").strip().partition(" ")
        _end(repository, head, onto)
        marker.remove(MARKER)
    except (StoreError, OSError) as error:
        raise GitError(f"{repository.folder / MARKER}: {error}") from error


def _end(repository: Repository, head: str, onto: str) -> None:
    state = repository.folder / STATE
    if head and [_word(state / "orig-head"), _word(state / "onto")] == [head, onto]:
        _return(repository, head, onto, branch=_word(state / "head-name"))
    elif state.is_dir() and repository.branch and not (state / "orig-head").exists():
        # It was killed before it had noted, let alone moved, anything.
        repository.git.run("rebase", "--quit")


def _return(repository: Repository, head: str, onto: str, branch: str) -> None:
    """Check out the branch again.

    Not by `git rebase --abort`: since the kill, the job has written the files again that it missed, which git does
    not know there, and stops at.
    """
    git = repository.git
    git.run("symbolic-ref", "HEAD", branch)
    git.run("reset", "--quiet", "--mixed")
    # The branch may have been moved already: then it is the rebased one.
    wanted = repository.changed_between(head, "HEAD") | repository.changed_between(onto, "HEAD")
    known = _versions(repository, head, onto)
    outdated = [path for path in wanted if _is_outdated(repository, path, wanted[path], known[path])]
    if kept := [path for path in outdated if wanted[path]]:
        git.run("restore", *BY_INPUT, paths=kept)
    for path in outdated:
        if not wanted[path]:
            (repository.root / path).unlink(missing_ok=True)
    # Last of all: killed here, it is recognized again.
    git.run("rebase", "--quit")


def _versions(repository: Repository, head: str, onto: str) -> Mapping[str, set[str]]:
    """Return all that a rebase may have put at each path: what either side ever had there."""
    git = repository.git
    base = git.run("merge-base", head, onto).split()[0]
    versions: dict[str, set[str]] = defaultdict(set)
    for commit in (onto, *git.run("rev-list", f"{onto}..{head}").split()):
        for one, other in ((base, commit), (commit, base)):
            for path, blob in repository.changed_between(one, other).items():
                versions[path].add(blob)
    return versions


def _is_outdated(repository: Repository, path: str, wanted: str, known: set[str]) -> bool:
    """Whether the rebase left another version of a file; one that neither side had was written since."""
    place = repository.root / path
    found = (repository.git.ask("hash-object", "--", path) or "?") if place.is_file() else ""
    return found != wanted and (not found or found in known)


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
