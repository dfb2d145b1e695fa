"""A whole use of the command line: arguments → one command → message and exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from digest import __version__
from digest.cli import (  # noqa: F401 - each adds its commands to the group
    exporting,
    keeping,
    nightly,
    paper,
    reading,
    starting,
    viewing,
)
from digest.cli.console import Console
from digest.cli.group import cli, give_up_output
from digest.errors import DigestError, StoreError, gravest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BUG = 1
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed by the caller
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    for stream in (sys.stdout, sys.stderr):
        # What the locale's encoding cannot say is shown as "?", and is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    console = Console()
    console.hide(_secrets())
    code = _BUG
    try:
        code = _run(console, arguments)
        code = _close(console, code)
    finally:
        console.end(code)
    sys.exit(code)


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, standalone_mode=False, obj=console, prog_name="digest")
        sys.stdout.flush()
    except click.ClickException as error:
        _refuse(console, error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        code = int(getattr(error.__cause__ or error, "exit_code", _INTERRUPTED))  # click makes an Abort of it
        console.say("interrupted; run the command again to go on", fields={"exit_code": code})
        return code
    except Exception as error:  # noqa: BLE001 - told in full, with exit code 1, unless it is expected
        expected = _as_expected(error)
        if expected is None:
            return _admit(console, error)
        console.fail(expected)
        return expected.exit_code
    return result if isinstance(result, int) else 0


def _close(console: Console, code: int) -> int:
    """Give the JSON document, if one is asked for; return the exit code, which that may change."""
    try:
        console.close_answer(code)
    except BrokenPipeError:
        give_up_output()
    except OSError as error:
        give_up_output()
        failure = StoreError(f"standard output: {error.strerror}")
        console.fail(failure)
        return gravest([code, failure.exit_code])
    return code


def _refuse(console: Console, error: click.ClickException) -> None:
    is_bare = isinstance(error, click.exceptions.NoArgsIsHelpError)
    if is_bare and not console.is_json:
        click.echo(error.format_message(), err=True)
        return
    message = "expected a command" if is_bare else error.format_message()
    console.say(f"{message} (try --help)", "error", {"error": "UsageError", "exit_code": error.exit_code})


def _as_expected(error: Exception) -> DigestError | None:
    """Return what a person can mend; None for a bug."""
    if isinstance(error, OSError) and error.filename is None:  # with a name, it is of a file that a command forgot
        give_up_output()
        return StoreError(f"standard output: {error.strerror}")
    return error if isinstance(error, DigestError) else None


def _admit(console: Console, error: Exception) -> int:
    """Tell of a bug as Python does; return the exit code."""
    # Imported here: a bug is rare.
    import traceback

    console.say(
        f"this is a bug in digest {__version__}, please report it with the lines above: {type(error).__name__}",
        "error",
        {"error": type(error).__name__, "exit_code": _BUG},
        "".join(traceback.format_exception(error)),
    )
    return _BUG


def _secrets() -> Iterator[str]:
    # Imported here: most commands say nothing.
    from digest.config import secrets

    yield from secrets.of_environment(os.environ)
