"""What a person sees: lines on stderr, progress, tables. Prints only what it is given."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import click

from digest.errors import DigestError


class Console:
    """stderr, with ``-q`` and ``-v``. When quiet, nothing is said until it is known that the exit is not 0."""

    def __init__(self) -> None:
        self.quiet = False
        self._held: list[str] = []

    def say(self, line: str) -> None:
        """Print one line for a person; foreign control characters in it become blanks."""
        clean = "".join(character if character.isprintable() else " " for character in line)
        if self.quiet:
            self._held.append(clean)
        else:
            _echo(clean)

    def fail(self, error: DigestError) -> None:
        """Say what went wrong."""
        self.say(f"error: {error}")

    def end(self, exit_code: int) -> None:
        """Let out what was held back, if something went wrong."""
        if exit_code:
            for line in self._held:
                _echo(line)
        self._held.clear()

    def track(self, names: Sequence[str]) -> Iterable[str]:
        """Go through ``names`` behind a progress bar, if somebody watches and there is something to watch."""
        if self.quiet or len(names) < 2 or not sys.stderr.isatty():
            return names
        return _progress(names)


def _echo(line: str) -> None:
    # Where nobody can be told, the work is done all the same.
    with suppress(OSError):
        click.echo(line, err=True)


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
