"""Those who want to know how the nightly job goes: a health check is pinged, messages are sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.archive import Archive
from digest.config import Config
from digest.errors import NotifyError
from digest.outcome import Report


class Watch:
    """One nightly run, watched. Nothing here ever harms the archive: what fails is told, with exit code 7."""

    def __init__(self, config: Config, environment: Mapping[str, str], now: datetime, run_id: str) -> None:
        self._config = config
        self._environment = environment
        self._now = now
        self._run_id = run_id

    @property
    def is_calm(self) -> bool:
        """Whether no alert waits to be told that all is well again, and no listing to be told of."""
        return True

    def begin(self) -> None:
        """Tell the health check that the run begins."""

    def prepare(self, archive: Archive, report: Report) -> None:
        """Make the messages, and note beside the day records what they will have told, before that is committed."""

    def end(self, report: Report) -> None:
        """Send the messages, tell the health check how the run ended; note in ``report`` what did not get through."""

    def fail(self, error: Exception) -> Sequence[NotifyError]:
        """Alert to a run that ended early; return what did not get through."""
        return []
