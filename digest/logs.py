"""The project's log on the console: warnings always, the rest with ``-v``."""

import logging

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
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logger.propagate = False
