"""The program: ``digest``, or ``python -m digest``. Where it cannot work it says so, before anything is loaded."""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

_HELP = {"-h", "--help", "--version"}
_UNSUPPORTED = "error: digest runs on POSIX systems such as Linux and macOS; on Windows, install and run it in WSL\n"
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (default: those of the process) and exit with its code.

    Where digest cannot work, only help and version are to be had.
    """
    words = sys.argv[1:] if arguments is None else arguments
    is_posix = _is_posix()
    if is_posix or _HELP & {*words}:
        try:
            from digest.cli import program  # noqa: PLC0415 - see above
        except ImportError:  # click, too, loads what only some systems have
            if is_posix:
                raise
        else:
            program.main(arguments)
    sys.stderr.write(_UNSUPPORTED)
    sys.exit(_USAGE)


def _is_posix() -> bool:
    """Whether this system has the locks without which two runs could write one archive."""
    try:
        importlib.import_module("fcntl")
    except ImportError:
        return False
    return sys.platform != "win32"


if __name__ == "__main__":
    main()
