"""What is seen of a command: its result on stdout, lines and progress on stderr. Nothing of it holds a secret."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from digest.errors import DigestError

Level = Literal["debug", "info", "warning", "error"]

_LONGEST = 2000  # characters of a line; errors cut what they quote, and this is for all else

# Control characters but tabs and line ends (with them a terminal is told to copy, to change its title, to erase), and
# those that turn the direction of a text round. Compiled when it is needed: help and digests in a pipe are not.
_OBEYED = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"


_bars: list[Progress] = []
"""The progress bar that is on the terminal, if there is one: whatever else is written has to go around it."""


class Console:
    """stdout and stderr, with ``-q``, ``-v``, ``--log-json`` and a command's ``--json``.

    When quiet, nothing is said until it is known that the exit is not 0.
    """

    def __init__(self) -> None:
        self.quiet = False
        self.is_json = False
        """Whether each line is a JSON object: time, level, run, message, and the line's own fields."""
        self.answers_json = False
        """Whether the result is one JSON document, which has the exit code and the failures, too."""
        self._document: dict[str, object] | None = None
        self._rows: Sequence[object] | None = None
        self._failures: list[tuple[str, Mapping[str, object]]] = []
        self._held: list[Callable[[], None]] = []
        self._sources: list[Iterable[str]] = []
        self._then: list[Callable[[], None]] = []

    @cached_property
    def run_id(self) -> str:
        """The run id: a UUID of this use of the command line."""
        from uuid import uuid4

        return str(uuid4())

    @cached_property
    def _secrets(self) -> set[str]:
        from digest.config.secrets import of_environment

        return set(of_environment(os.environ))

    def hide(self, values: Iterable[str]) -> None:
        """Let none of ``values`` be seen from now on; they are asked for when something is said."""
        self._sources.append(values)

    def say(
        self, message: str, level: Level = "info", fields: Mapping[str, object] | None = None, traceback: str = ""
    ) -> None:
        """Print one line for a person; foreign control characters in it become blanks.

        ``fields`` are for machines alone; ``traceback`` has several lines, and is printed first.
        """
        line = partial(self._print, time.time(), message, level, fields or {}, traceback)
        if fields and "error" in fields:
            self._failures.append((message, fields))
        if self.quiet:
            self._held.append(line)
        else:
            line()

    def fail(self, error: DigestError) -> None:
        """Say what went wrong."""
        self.say(str(error), "error", {"error": type(error).__name__, "exit_code": error.exit_code})

    def answer(self, data: Mapping[str, object], lines: Iterable[str] = ()) -> None:
        """Give a command's result, or a part of it: ``lines`` for people, ``data`` where JSON is asked for."""
        if self.answers_json:
            self._document = {**(self._document or {}), **data}
        else:
            for line in lines:
                print_line(line)

    def answer_rows(self, rows: Sequence[object]) -> None:
        """Give a result that is a list in JSON; of a document that tells of failures, it is the ``rows``."""
        self._rows = rows

    def answer_line(self, line: str) -> None:
        """Give one line of a result that is told as it comes; a JSON document has them as ``lines``."""
        told = (self._document or {}).get("lines")
        self.answer({"lines": [*(told if isinstance(told, list) else []), line]}, [line])

    def once_told(self, then: Callable[[], None]) -> None:
        """Do something once the result was told: at once, but for a JSON document, which is printed in the end."""
        if self.answers_json:
            self._then.append(then)
        else:
            then()

    def close_answer(self, exit_code: int) -> None:
        """Print the JSON document, if one is asked for, and nothing but a help page took its place."""
        if not self.answers_json or (self._document is None and self._rows is None and not exit_code):
            return
        import json

        failures = [{**fields, "message": self._clean(message)} for message, fields in self._failures]
        document: object = {**(self._document or {}), "exit": exit_code, "failures": failures}
        if self._rows is not None:
            document = {"rows": self._rows, "exit": exit_code, "failures": failures} if exit_code else self._rows
        text = json.dumps(document, indent=2, ensure_ascii=False)
        # What a terminal might obey, and what no encoding has, is escaped as JSON does it.
        safe = "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
        sys.stdout.buffer.write(f"{safe}\n".encode())
        sys.stdout.flush()
        for then in self._then:
            then()

    def end(self, exit_code: int) -> None:
        """Take the progress bar away, and let out what was held back, if something went wrong."""
        while _bars:  # of a command that was interrupted
            _bars.pop().stop()
        if exit_code:
            for line in self._held:
                line()
        self._held.clear()

    def track(self, names: Sequence[str]) -> Iterable[str]:
        """Go through ``names`` behind a progress bar, if somebody watches and there is something to watch."""
        # One part is over before a bar says anything.
        if self.quiet or self.is_json or len(names) < 2 or not sys.stderr.isatty():
            return names
        return _progress(names)

    def _print(self, now: float, message: str, level: Level, fields: Mapping[str, object], traceback: str) -> None:
        said = self._clean(message)
        said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
        lines = [self._clean(line) for line in traceback.splitlines()]
        if self.is_json:
            import json

            when = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            more = {"traceback": "\n".join(lines)} if lines else {}
            text = json.dumps({"time": when, "level": level, "run": self.run_id, "message": said, **fields, **more})
        else:
            text = "\n".join([*lines, f"{level}: {said}" if level in ("warning", "error") else said])
        # Where nobody can be told, the work is done all the same.
        with suppress(OSError), _around_the_bar():
            click.echo(text, err=True)

    def _clean(self, text: str) -> str:
        from digest.config.secrets import without

        while self._sources:  # asked only now: to know an address, its file has to be read
            self._secrets.update(self._sources.pop())
        return "".join(character if character.isprintable() else " " for character in without(text, self._secrets))


def write_out(data: bytes) -> None:
    """Write to stdout: byte for byte into a file or a pipe; on a terminal without what it would obey or hide."""
    if sys.stdout.isatty():
        data = tame(data.decode(errors="replace")).encode()
    with _around_the_bar():
        sys.stdout.buffer.write(data)


def print_line(text: str) -> None:
    """Write a line for people to stdout, without what a terminal would obey, in UTF-8 whatever the locale."""
    with _around_the_bar():
        sys.stdout.buffer.write(f"{tame(text)}\n".encode(errors="replace"))
        sys.stdout.flush()


def tame(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return re.sub(_OBEYED, "\ufffd", text)


@contextmanager
def _around_the_bar() -> Iterator[None]:
    """Take the progress bar off the terminal while something is written; it comes back below."""
    for bar in _bars:
        bar.stop()
    try:
        yield
    finally:
        for bar in _bars:
            bar.start()


def give_up_output() -> None:
    """Send what is left of the output nowhere: the interpreter must not try to flush it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _progress(names: Sequence[str]) -> Iterator[str]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column

    # One line, however long a name is: a bar that had wrapped could not be taken away cleanly.
    name_column = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    # What is printed meanwhile goes around the bar (above), and is not to be redirected by it.
    progress = Progress(
        *(MofNCompleteColumn(), BarColumn(), name_column),
        console=RichConsole(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = progress.add_task("", total=len(names))
    progress.start()
    _bars.append(progress)
    try:
        for name in names:
            progress.update(task, description=tame(name))
            yield name
            progress.advance(task)
    finally:
        if progress in _bars:
            _bars.remove(progress)
        progress.stop()
