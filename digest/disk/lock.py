"""One run at a time, by a lock that the kernel takes away from a process that dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.errors import LockHeldError, StoreError


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``; it stays there, empty, and means nothing unless it is held.

    Raises:
        LockHeldError: another run holds it.
        StoreError: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise LockHeldError(f"{path}: another run holds the lock; try again once it has ended") from error
    except OSError as error:  # such as a network disk without locks
        os.close(handle)
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        yield
    finally:
        os.close(handle)
