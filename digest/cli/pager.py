"""The pager of whoever reads at a terminal: a long text goes through it, and comes out all the same if it fails."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ENDED_BY_READER = {-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGPIPE, 128 + signal.SIGINT}
_LESS_INTERRUPTED = 2  # with its option -K

# Python ignores the second and third, and every program that it starts would, too.
_SIGNALS = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)


def pager_words() -> Sequence[str]:
    """Return the words of the command that pages, as $PAGER names it; none if it cannot be run, or is to be none."""
    try:
        words = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        return ()
    return words if words and words[0] != "cat" and shutil.which(words[0]) else ()


def page(pieces: Iterable[str], pager: Sequence[str]) -> Sequence[bytes]:
    """Give ``pieces`` to the pager with these words, and wait for its end; return what it left unshown.

    That is nothing, also where its reader had enough in the middle; and everything if it failed.
    """
    is_less, environment = os.path.basename(pager[0]) == "less", {**os.environ}  # noqa: PTH119 - of a word
    if is_less:
        # Else it shows styles as characters; of all that a terminal obeys, it lets through these and links alone.
        environment["LESS"] = f"-R {environment.get('LESS', '')}".rstrip()
    given: list[bytes] = []
    ours, code = iter(pieces), 1
    with _left_alone():
        read, write = os.pipe()
        try:
            stdin = [(os.POSIX_SPAWN_DUP2, read, 0)]
            # No shell: $PAGER is words, and nothing that it holds is obeyed.
            process = os.posix_spawnp(pager[0], [*pager], environment, file_actions=stdin, setsigdef=_SIGNALS)
        except OSError:
            os.close(write)
            process = 0
        finally:
            os.close(read)
        if process:
            try:
                _write(ours, write, given)
            finally:
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if not code or code in _ENDED_BY_READER or (is_less and code == _LESS_INTERRUPTED):
        return ()
    return [*given, *(_encoded(one) for one in ours)]


def _write(pieces: Iterator[str], write: int, given: list[bytes]) -> None:
    """Write pieces as long as somebody takes them, and note them all."""
    with suppress(BrokenPipeError), os.fdopen(write, "wb", buffering=0) as stream:
        for piece in pieces:
            given.append(_encoded(piece))
            left = memoryview(given[-1])
            while left:
                left = left[stream.write(left) :]


def _encoded(piece: str) -> bytes:
    return piece.encode(errors="replace")


@contextmanager
def _left_alone() -> Iterator[None]:
    """Leave Ctrl-C to the pager, which shares the terminal: some stop a search with it, and go on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
