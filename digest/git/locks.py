"""One git after the other: lock files that a killed one left are removed, one that is at work is waited for."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from digest.disk.lock import hold_lock
from digest.errors import GitError, LockHeldError, StoreError
from digest.git.clock import Clock
from digest.git.repository import Repository

log = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds for which another git is waited for."""

TURN_PATIENCE = 30.0
"""Seconds for which a run of another archive in the same repository is waited for."""

TURN = "digest.turn"
"""The file in git's folder that a run holds while it commits and pushes; named so that it is no lock of git's."""

PROCESSES = Path("/proc")
"""Where Linux shows which processes there are (proc(5)); other systems do not."""

_STALE = 10.0  # seconds of age
_PAUSE = 0.25
_STALE_UNSEEN = 3600.0  # seconds of age, where it cannot be seen which processes there are


@contextmanager
def take_turn(repository: Repository, clock: Clock = time) -> Iterator[None]:
    """Be the only run of digest that commits in this repository, in whichever of its work trees and archives.

    Raises:
        GitError: another one does not end; or the file for it cannot be made.
    """
    end = clock.monotonic() + TURN_PATIENCE
    with ExitStack() as held:
        while not _is_our_turn(repository, held):
            if clock.monotonic() >= end:
                raise GitError(f"{repository.root}: another run of digest commits in this repository; run again")
            clock.sleep(_PAUSE)
        yield


def _is_our_turn(repository: Repository, held: ExitStack) -> bool:
    try:
        held.enter_context(hold_lock(repository.common / TURN))
    except LockHeldError:
        return False
    except StoreError as error:
        raise GitError(str(error)) from error
    return True


def remove_stale_locks(repository: Repository, clock: Clock = time) -> None:
    """Remove the lock files of a git that was killed: on the index, the HEAD, the refs.

    To be called under the archive's lock: then no other run of digest is at work here.

    Raises:
        GitError: a git is at work, or may be.
    """
    end = clock.monotonic() + PATIENCE
    while found := _locks(repository):
        is_at_work = _is_git_at_work(repository)
        least = _STALE_UNSEEN if is_at_work is None else _STALE
        if not is_at_work and all(_age(lock, clock) >= least for lock in found):
            _remove(found)
            return
        if clock.monotonic() >= end:
            raise GitError(
                f"{found[0]}: another git is at work; if none is, it was killed: remove the file, and run again"
            )
        clock.sleep(_PAUSE)


def wait_until_idle(repository: Repository, clock: Clock = time) -> None:
    """Wait for the git of a killed run, which may go on by itself.

    Raises:
        GitError: a git is still at work after some seconds.
    """
    end = clock.monotonic() + PATIENCE
    while _is_git_at_work(repository):
        if clock.monotonic() >= end:
            raise GitError(f"{repository.root}: another git is at work; run again when it has ended")
        clock.sleep(_PAUSE)


def _locks(repository: Repository) -> list[Path]:
    """Return the lock files that hinder commits; no branch can have such a name (git-check-ref-format(1))."""
    found = {lock for place in (repository.folder, repository.common) for lock in place.glob("*.lock")}
    found |= set((repository.common / "refs").rglob("*.lock"))
    return sorted(found | set((repository.common / "objects").glob("maintenance.lock")))


def _age(lock: Path, clock: Clock) -> float:
    try:
        return clock.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return _STALE_UNSEEN


def _remove(locks: list[Path]) -> None:
    for lock in locks:
        try:
            lock.unlink(missing_ok=True)
        except OSError as error:
            raise GitError(f"{lock}: {error.strerror}") from error
        log.warning("%s: removed; a git that was killed left it", lock)


def _is_git_at_work(repository: Repository) -> bool | None:
    """Whether a git works in this repository, or may do; None where processes cannot be seen."""
    if not (PROCESSES / "self" / "comm").exists():
        return None
    return any(_works_in(process, repository) for process in _gits())


def _gits() -> Iterator[Path]:
    for process in PROCESSES.glob("[0-9]*"):
        try:
            name = (process / "comm").read_text(errors="replace").strip()
            # After the name, which may hold anything, in brackets: the state, Z for one that has ended (proc(5)).
            state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except OSError:  # it has ended meanwhile
            continue
        if state not in "ZX" and (name == "git" or name.startswith("git-")):
            yield process


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
