"""The command line: arguments → one job → message and exit code.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = {"-h", "--help", "--version"}
_UNSUPPORTED = "error: digest runs on POSIX systems such as Linux and macOS; on Windows, install and run it in WSL\n"
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code.

    Where digest cannot work, only help and version are to be had.
    """
    if not _is_posix():
        words = sys.argv[1:] if arguments is None else arguments
        with suppress(ImportError):  # click, too, loads what only some systems have
            if _HELP & {*words}:
                _run(words)
        sys.stderr.write(_UNSUPPORTED)
        sys.exit(_USAGE)
    _run(arguments)


def _run(arguments: Sequence[str] | None) -> NoReturn:
    from digest.cli import program

    program.main(arguments)


def _is_posix() -> bool:
    """Whether this system has the locks without which two runs could write one archive."""
    try:
        importlib.import_module("fcntl")
    except ImportError:
        return False
    return sys.platform != "win32"
