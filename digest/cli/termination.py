"""SIGTERM, as systemd and `kill` send it, ends a run in order, as an interruption from the keyboard does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process was asked to end; the exit code is as shells have it, 128 and the signal's number."""

    exit_code = 128 + signal.SIGTERM


@contextmanager
def heeded() -> Iterator[None]:
    """Let SIGTERM raise ``Terminated`` meanwhile: files are cleared up, and a git that was started is ended, too."""
    if threading.current_thread() is not threading.main_thread():  # Python tells others of no signal
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
