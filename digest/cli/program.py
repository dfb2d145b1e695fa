"""A whole use of the command line: arguments → one command → message and exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from digest.cli import (  # noqa: F401 - each adds its commands to the group
    exporting,
    keeping,
    nightly,
    paper,
    reading,
    starting,
    viewing,
)
from digest.cli.group import cli, give_up_output
from digest.console import Console
from digest.errors import DigestError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    code = 1
    try:
        code = _run(console, arguments)
    finally:
        console.end(code)
    sys.exit(code)


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, standalone_mode=False, obj=console, prog_name="digest")
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        console.say(f"error: {error.format_message()} (try --help)")
        return error.exit_code
    except DigestError as error:
        console.fail(error)
        return error.exit_code
    except OSError as error:
        if error.filename is not None:  # a file, which a command should have named: a bug
            raise
        give_up_output()
        console.fail(StoreError(f"standard output: {error.strerror}"))
        return StoreError.exit_code
    except (click.Abort, KeyboardInterrupt):
        console.say("interrupted; run the command again to go on")
        return _INTERRUPTED
    return result if isinstance(result, int) else 0
