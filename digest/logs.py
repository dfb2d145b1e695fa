"""The project's log on the console: warnings always; each step where a person watches; everything with ``-v``."""

import logging
import sys

from digest.console import Console


class ConsoleHandler(logging.Handler):
    """Says each record as one line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        level = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        self._console.say(f"{level}{record.getMessage()}")


def log_to(console: Console, *, verbose: bool) -> None:
    """Send the project's log to ``console`` from now on."""
    logger = logging.getLogger("digest")
    logger.handlers = [ConsoleHandler(console)]
    level = logging.INFO if sys.stderr.isatty() else logging.WARNING
    logger.setLevel(logging.DEBUG if verbose else level)
    logger.propagate = False
