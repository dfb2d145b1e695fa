"""One run after the other, and what a killed one left: its lock files are removed, its rebase is ended.

The rebase is abandoned file by file, without touching what was written since.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from digest.disk.files import Folder, hold_lock
from digest.errors import GitError, LockHeldError, StoreError
from digest.git.program import tries
from digest.git.remote import MARKER, STATE
from digest.git.repository import Repository
from digest.model import MachineClock

log = logging.getLogger(__name__)

RECOVERY_PATIENCE = 15.0
"""Seconds for which another git is waited for."""

TURN_PATIENCE = 30.0
"""Seconds for which a run of another archive in the same repository is waited for."""

TURN = "digest.turn"
"""The file in git's folder that a run holds while it commits and pushes; named so that it is no lock of git's."""

PROCESSES = Path("/proc")
"""Where Linux shows which processes there are (proc(5)); other systems do not."""

_NOTED_BY_GIT = ("orig-head", "onto", "head-name")
_STALE = 10.0  # seconds of age
_STALE_UNSEEN = 3600.0  # seconds of age, where it cannot be seen which processes there are


@contextmanager
def take_turn(repository: Repository, clock: MachineClock = time) -> Iterator[None]:
    """Be the only run of digest that commits in this repository, in whichever of its work trees and archives.

    Raises:
        GitError: another one does not end; or the file for it cannot be made.
    """
    with ExitStack() as held:
        for _ in tries(TURN_PATIENCE, clock):
            try:
                with suppress(LockHeldError):
                    held.enter_context(hold_lock(repository.common / TURN))
                    break
            except StoreError as error:
                raise GitError(str(error)) from error
        else:
            raise GitError(f"{repository.root}: another run of digest is committing here; try again later")
        yield


def remove_stale_locks(repository: Repository, clock: MachineClock = time) -> None:
    """Remove the lock files of a git that was killed: on the index, the HEAD, the refs.

    To be called under the archive's lock: then no other run of digest is at work here.

    Raises:
        GitError: a git is at work, or may be.
    """
    for _ in tries(RECOVERY_PATIENCE, clock):
        found = _locks(repository)
        if not found:
            return
        is_at_work = _is_git_at_work(repository)
        least = _STALE_UNSEEN if is_at_work is None else _STALE
        if not is_at_work and all(clock.time() - made >= least for made in found.values()):
            break
    else:
        words = "another git process is at work; if there is none, remove the file, and run again"
        raise GitError(f"{next(iter(found))}: {words}")
    for lock in found:
        try:
            lock.unlink(missing_ok=True)
        except OSError as error:
            raise GitError(f"{lock}: {error.strerror}") from error
        log.warning("%s: removed; a killed git process had left it", lock)


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
        for _ in tries(RECOVERY_PATIENCE):  # the git of a killed run may go on by itself
            if not _is_git_at_work(repository):
                break
        else:
            raise GitError(f"{repository.root}: another git process is at work; run again when it has ended")
        remove_stale_locks(repository)
        head, _, onto = noted.decode(errors="replace").strip().partition(" ")
        state = repository.folder / STATE
        # What git itself has noted of the rebase in progress: another one than ours is a person's.
        words = [(marker.read(f"{STATE}/{name}") or b"").decode(errors="replace").strip() for name in _NOTED_BY_GIT]
        if head and words[:2] == [head, onto]:
            _check_out(repository, head, onto, branch=words[2])
        elif state.is_dir() and repository.branch and not (state / "orig-head").exists():
            # It was killed before it had noted, let alone moved, anything.
            repository.git.run("rebase", "--quit")
        marker.remove(MARKER)
    except (StoreError, OSError) as error:
        raise GitError(f"{repository.folder / MARKER}: {error}") from error


def _locks(repository: Repository) -> dict[Path, float]:
    """Return the lock files that hinder commits, and when they were made.

    No branch can have such a name (git-check-ref-format(1)).
    """
    own, common = repository.folder, repository.common
    found = {*own.glob("*.lock"), *common.glob("*.lock"), *(common / "refs").rglob("*.lock")}
    made = {}
    for lock in sorted(found | {*common.glob("objects/maintenance.lock")}):
        with suppress(FileNotFoundError):  # its git has ended meanwhile
            made[lock] = lock.stat().st_mtime
    return made


def _is_git_at_work(repository: Repository) -> bool | None:
    """Whether a git works in this repository, or may do; None where processes cannot be seen."""
    if not (PROCESSES / "self" / "comm").exists():
        return None
    for process in PROCESSES.glob("[0-9]*"):
        try:
            name = (process / "comm").read_text(errors="replace").strip()
            # After the name, which may hold anything, in brackets: the state, Z for one that has ended (proc(5)).
            state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except OSError:  # it has ended meanwhile
            continue
        is_git = state not in "ZX" and (name == "git" or name.startswith("git-"))
        if is_git and _works_in(process, repository):
            return True
    return False


def _works_in(process: Path, repository: Repository) -> bool:
    places = (repository.root, repository.folder, repository.common)
    try:
        folder = Path(os.readlink(process / "cwd"))  # noqa: PTH115 - as it stands there, also "… (deleted)"
        words = (process / "cmdline").read_bytes().split(b"\0")
        words += [word for word in (process / "environ").read_bytes().split(b"\0") if word.startswith(b"GIT_")]
    except FileNotFoundError:
        return False
    except OSError:  # somebody else's
        return True
    named = any(os.fsencode(place) in word for place in places for word in words)
    return named or any(folder.is_relative_to(place) for place in places)


def _check_out(repository: Repository, head: str, onto: str, branch: str) -> None:
    """Check out the branch again, from which a rebase of ``head`` onto ``onto`` was begun.

    Not by `git rebase --abort`: since the kill, the job has written the files again that it missed, which git does
    not know there, and stops at.
    """
    git = repository.git
    git.run("symbolic-ref", "HEAD", branch)
    git.run("reset", "--quiet", "--mixed")
    # The branch may have been moved already: then it is the rebased one.
    wanted = repository.changed_between(head, "HEAD") | repository.changed_between(onto, "HEAD")
    known = {line.split(" ")[0] for line in git.run("rev-list", "--objects", head, onto).splitlines()}
    outdated = []
    for path, blob in wanted.items():
        place = repository.root / path
        found = (git.ask("hash-object", "--", path) or "?") if place.is_file() else ""
        # The rebase left another version there; one that neither side ever had was written since, and stays.
        if found != blob and (not found or found in known):
            outdated.append(path)
    if kept := [path for path in outdated if wanted[path]]:
        git.run("restore", paths=kept)
    for path in outdated:
        if not wanted[path]:
            (repository.root / path).unlink(missing_ok=True)
    # Last of all: killed here, it is recognized again.
    git.run("rebase", "--quit")
