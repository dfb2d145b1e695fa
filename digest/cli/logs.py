"""The project's log on the console: warnings always; each step where a person watches; everything with ``-v``."""

import logging
import sys

from digest.cli.console import Console, Level

_LEVELS: dict[int, Level] = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warning"}


class ConsoleHandler(logging.Handler):
    """Says each record as one line."""

    def __init__(self, console: Console, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self._console.say(record.getMessage(), _LEVELS.get(record.levelno, "error"), traceback=traceback)


def log_to(console: Console, *, verbose: bool) -> None:
    """Send the project's log to ``console`` from now on, and the warnings of the libraries that it uses."""
    logger = logging.getLogger("digest")
    logger.handlers = [ConsoleHandler(console)]
    level = logging.INFO if sys.stderr.isatty() else logging.WARNING
    logger.setLevel(logging.DEBUG if verbose else level)
    logger.propagate = False  # else a program that has a log of its own would print each line again
    # What nobody else handles would be printed as it is, secrets included.
    logging.lastResort = ConsoleHandler(console, logging.WARNING)
    logging.getLogger("py.warnings").handlers = [ConsoleHandler(console)]
    logging.captureWarnings(capture=True)
