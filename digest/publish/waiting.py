"""Calls that must not take longer than we wait, whatever the other side does."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")


def all_within(seconds: float, calls: Sequence[Callable[[], T]]) -> list[T | None]:
    """Make ``calls`` at the same time; return what each returned, None for one that did not within ``seconds``.

    Such a one is left behind: the process does not wait for it either when it ends. What a call raises is raised.
    """
    futures = [_begun(call) for call in calls]
    done, _ = wait(futures, timeout=seconds)
    return [future.result() if future in done else None for future in futures]


def _begun(call: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future
