"""A program of the user's own, run once: some bytes in, some out, in a bounded time. What it prints is foreign."""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

_MOST_OF_ERRORS = 4000  # bytes, the last of what it says
_PIECE = 65536
_LONGEST_END = 5  # seconds
_LOOK = 0.005  # seconds


@dataclass(frozen=True)
class Program:
    """How it is run: without a shell, in ``folder``, for ``timeout`` seconds, printing ``most`` bytes at most."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    timeout: float
    most: int


@dataclass(frozen=True)
class Outcome:
    """What a program printed; or the ``problem``, and whether it did not even start."""

    output: bytes = b""
    problem: str = ""
    is_started: bool = True


def run(program: Program, data: bytes, monotonic: Callable[[], float]) -> Outcome:
    """Run a program with ``data`` as its standard input; one that is too slow, or prints too much, is ended.

    When it has ended, so does all that it started in its own process group.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own program is what this is for
            program.command,
            cwd=program.folder,
            env=program.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        return Outcome(problem=f"cannot be started: {words}", is_started=False)
    talk = _Talk(process, data, program.most)
    deadline = monotonic() + program.timeout
    try:
        problem = talk.go_on(deadline, monotonic)
        if not problem and not _has_ended(process, deadline, monotonic):
            problem = _TOO_SLOW
    finally:
        _end(process)
    if problem == _TOO_SLOW:
        problem = f"no answer in {program.timeout:g} s"
    elif not problem and process.returncode:
        problem = _ending(process.returncode)
    return Outcome(problem=f"{problem}{talk.last_words}") if problem else Outcome(bytes(talk.output))


_TOO_SLOW = "too slow"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process with its group; nobody waited for it before, so that the group is its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):  # one that runs with another's rights cannot be ended
        process.wait(_LONGEST_END)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _has_ended(process: "subprocess.Popen[bytes]", deadline: float, monotonic: Callable[[], float]) -> bool:
    """Wait until a process has ended, and leave it to be waited for; return False if it takes too long."""
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if monotonic() >= deadline:
            return False
        Event().wait(_LOOK)
    return True


def _ending(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


class _Talk:
    """What is written to a process and read from it, in the order in which it is ready for that."""

    def __init__(self, process: "subprocess.Popen[bytes]", data: bytes, most: int) -> None:
        self.output = bytearray()
        self._errors = bytearray()
        self._left, self._most, self._process = memoryview(data), most, process

    @property
    def last_words(self) -> str:
        """The last line that it wrote to its standard error, as the end of a message."""
        lines = self._errors.decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last[:200]}" if last else ""

    def go_on(self, deadline: float, monotonic: Callable[[], float]) -> str:
        """Talk until both its outputs end; return the problem, if there is one."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        with selectors.DefaultSelector() as selector:
            for stream, event in ((stdin, selectors.EVENT_WRITE), (stdout, selectors.EVENT_READ)):
                selector.register(stream, event)  # type: ignore[arg-type]  # all three are pipes
            selector.register(stderr, selectors.EVENT_READ)  # type: ignore[arg-type]
            for stream in (stdin, stdout, stderr):
                os.set_blocking(stream.fileno(), False)  # type: ignore[union-attr]
            outputs = {stdout, stderr}
            while outputs & {key.fileobj for key in selector.get_map().values()}:
                ready = selector.select(max(deadline - monotonic(), 0))
                for key, _ in ready:
                    is_over = self._write() if key.fileobj is stdin else self._read(key.fileobj is stdout, key.fd)
                    if is_over:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                if len(self.output) > self._most:
                    return f"printed more than {self._most // 1000} kB"
                if not ready or monotonic() >= deadline:
                    return _TOO_SLOW
        return ""

    def _write(self) -> bool:
        """Write what it takes now; return whether all is written, or it wants no more."""
        stdin = self._process.stdin
        if stdin is None:
            return True
        try:
            self._left = self._left[os.write(stdin.fileno(), self._left[:_PIECE]) :]
        except BlockingIOError:
            return False
        except OSError:  # it need not read all of it
            return True
        return not self._left

    def _read(self, is_output: bool, place: int) -> bool:
        try:
            piece = os.read(place, _PIECE)
        except BlockingIOError:
            return False
        if is_output:
            self.output += piece
        else:
            self._errors += piece
            del self._errors[:-_MOST_OF_ERRORS]
        return not piece
