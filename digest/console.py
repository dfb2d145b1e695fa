"""What a person sees: lines on stderr, progress, tables. Prints only what it is given, and no secret."""

from __future__ import annotations

import re
import sys
import time
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from digest.errors import DigestError
    from digest.fetch import Machine

Level = Literal["debug", "info", "warning", "error"]

_GRAVE = ("warning", "error")

_LONGEST = 2000  # characters of a line; what errors quote is cut by them, and this is for all else

# Control characters but tabs and line ends (with them a terminal is told to copy, to change its title, to erase), and
# those that turn the direction of a text round.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Console:
    """stderr, with ``-q``, ``-v`` and ``--log-json``.

    When quiet, nothing is said until it is known that the exit is not 0.
    """

    def __init__(self, machine: Machine = time) -> None:
        self.quiet = False
        self.is_json = False
        """Whether each line is a JSON object: time, level, run, message, and the line's own fields."""
        self._machine = machine
        self._held: list[Callable[[], None]] = []
        self._sources: list[Iterable[str]] = []
        self._secrets: set[str] = set()

    @cached_property
    def run_id(self) -> str:
        """The run id: a UUID of this use of the command line."""
        # Imported here: few commands need it.
        from uuid import uuid4  # noqa: PLC0415

        return str(uuid4())

    def hide(self, values: Iterable[str]) -> None:
        """Let none of ``values`` be seen from now on; they are asked for when something is said."""
        self._sources.append(values)

    def say(
        self, message: str, level: Level = "info", fields: Mapping[str, object] | None = None, traceback: str = ""
    ) -> None:
        """Print one line for a person; foreign control characters in it become blanks.

        ``fields`` are for machines alone; ``traceback`` has several lines, and is printed first.
        """
        line = partial(self._print, self._machine.time(), message, level, fields or {}, traceback)
        if self.quiet:
            self._held.append(line)
        else:
            line()

    def fail(self, error: DigestError) -> None:
        """Say what went wrong."""
        self.say(str(error), "error", {"error": type(error).__name__, "exit_code": error.exit_code})

    def end(self, exit_code: int) -> None:
        """Let out what was held back, if something went wrong."""
        if exit_code:
            for line in self._held:
                line()
        self._held.clear()

    def track(self, names: Sequence[str]) -> Iterable[str]:
        """Go through ``names`` behind a progress bar, if somebody watches and there is something to watch."""
        if self.quiet or self.is_json or len(names) < 2 or not sys.stderr.isatty():
            return names
        return _progress(names)

    def _print(self, now: float, message: str, level: Level, fields: Mapping[str, object], traceback: str) -> None:
        said = self._clean(message)
        said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
        lines = [self._clean(line) for line in traceback.splitlines()]
        if self.is_json:
            more = {"traceback": "\n".join(lines)} if lines else {}
            text = _as_json(now, {"level": level, "run": self.run_id, "message": said, **fields, **more})
        else:
            text = "\n".join([*lines, f"{level}: {said}" if level in _GRAVE else said])
        # Where nobody can be told, the work is done all the same.
        with suppress(OSError):
            click.echo(text, err=True)

    def _clean(self, text: str) -> str:
        # Imported here, as below.
        from digest.secrets import without  # noqa: PLC0415

        while self._sources:
            self._secrets.update(self._sources.pop())
        return "".join(character if character.isprintable() else " " for character in without(text, self._secrets))


def write_out(data: bytes) -> None:
    """Write to stdout: byte for byte into a file or a pipe; on a terminal without what it would obey or hide."""
    if sys.stdout.isatty():
        data = _tame(data.decode(errors="replace")).encode()
    sys.stdout.buffer.write(data)


def print_line(text: str) -> None:
    """Write a line for people to stdout, without what a terminal would obey, in UTF-8 whatever the locale."""
    sys.stdout.buffer.write(f"{_tame(text)}\n".encode(errors="replace"))
    sys.stdout.flush()


def _tame(text: str) -> str:
    return _OBEYED.sub("\ufffd", text)


def _as_json(now: float, fields: Mapping[str, object]) -> str:
    # Imported here: most commands say nothing.
    import json  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    when = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return json.dumps({"time": f"{when}Z", **fields})


def _progress(names: Sequence[str]) -> Iterator[str]:
    # Imported here: rich costs more than most commands.
    from rich.console import Console as RichConsole  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=RichConsole(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            yield name
            progress.advance(task)
