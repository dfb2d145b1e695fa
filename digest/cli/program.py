"""A whole use of the command line: arguments → one command → message and exit code."""

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from digest import __version__
from digest.cli.console import Console, give_up_output
from digest.cli.group import cli
from digest.errors import DigestError, StoreError, gravest

_BUG = 1
_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code."""
    # A process may have been started without them; Python gives None then.
    sys.stdout = sys.stdout or _closed_output()
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed by the caller
    for stream in (sys.stdout, sys.stderr):
        # What the locale's encoding cannot say is shown as "?", and is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    console = Console()
    code = _BUG
    try:
        code = _run(console, arguments)
        try:
            console.close_answer(code)
        except BrokenPipeError:  # the reader has seen enough
            give_up_output()
        except OSError as error:
            code = gravest([code, _fail_to_print(console, error)])
    finally:
        console.end(code)
    sys.exit(code)


def _closed_output() -> io.TextIOWrapper:
    """Return an output that fails as soon as a result is written to it: whoever asked for one must not miss it."""
    nowhere = io.FileIO(os.open(os.devnull, os.O_RDONLY), "w")
    return io.TextIOWrapper(io.BufferedWriter(nowhere), encoding="utf-8")


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, standalone_mode=False, obj=console, prog_name="digest")
        sys.stdout.flush()
    except click.ClickException as error:
        is_bare = isinstance(error, click.exceptions.NoArgsIsHelpError)
        if is_bare and not console.is_json:
            click.echo(error.format_message(), err=True)
        else:
            message = "expected a command" if is_bare else error.format_message()
            console.say(
                f"{message} ({_way_out(error)})", "error", {"error": "UsageError", "exit_code": error.exit_code}
            )
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        code = int(getattr(error.__cause__ or error, "exit_code", _INTERRUPTED))  # click makes an Abort of it
        console.say("interrupted; run the command again to go on", fields={"exit_code": code})
        return code
    except DigestError as error:
        console.fail(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - shown in full, with exit code 1
        if isinstance(error, OSError) and error.filename is None:
            return _fail_to_print(console, error)
        return _admit(console, error)  # an OSError with a name is of a file that a command forgot to guard
    return result if isinstance(result, int) else 0


def _way_out(error: click.ClickException) -> str:
    """Return what to try instead: an option of all commands, put behind one of them, has another place."""
    if isinstance(error, click.NoSuchOption) and error.ctx and error.ctx.parent:
        name = error.option_name
        if any(name in option.opts for option in cli.params):
            return f"it stands before the command: digest {name} {error.ctx.info_name}"
    return "try --help"


def _fail_to_print(console: Console, error: OSError) -> int:
    """Say why the output could not be written, such as a full disk; return the exit code."""
    give_up_output()
    failure = StoreError(f"standard output: {error.strerror}")
    console.fail(failure)
    return failure.exit_code


def _admit(console: Console, error: Exception) -> int:
    """Tell of a bug as Python does; return the exit code."""
    import traceback

    console.say(
        f"this is a bug in digest {__version__}, please report it with the lines above: {type(error).__name__}",
        "error",
        {"error": type(error).__name__, "exit_code": _BUG},
        "".join(traceback.format_exception(error)),
    )
    return _BUG
