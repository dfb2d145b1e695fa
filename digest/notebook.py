"""notices.json: what was told already, kept beside the day records or, without them, beside the database."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from digest.disk import Folder
from digest.errors import DamageError, FormatTooNewError, StoreError
from digest.model import Told
from digest.records.notices import NOTICES_PATH, parse_notices, render_notices

if TYPE_CHECKING:
    from digest.config import Config

log = logging.getLogger(__name__)


class Notebook:
    """What was told, as a run finds it and leaves it."""

    def __init__(self, config: Config) -> None:
        self._folder = Folder(config.records or config.lock.parent)
        self._written: Told | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this version may keep it; what a newer one noted is left as it is."""
        return self._found is not None

    @property
    def known(self) -> Told:
        """What was told before this run; nothing, where that cannot be read."""
        return self._found or Told()

    @property
    def noted(self) -> Told:
        """What is noted by now."""
        return self.known if self._written is None else self._written

    @cached_property
    def _found(self) -> Told | None:
        try:
            data = self._folder.read(NOTICES_PATH)
            return Told() if data is None else parse_notices(data)
        except FormatTooNewError as error:
            log.warning("%s: %s; until then nothing is told", NOTICES_PATH, error)
            return None
        except (DamageError, StoreError) as error:
            log.warning("%s: %s; what was told is noted anew", NOTICES_PATH, error)
            return Told()

    def write(self, told: Told) -> list[str]:
        """Keep what was told, if that is new; return the path then.

        Raises:
            StoreError: it cannot be written.
        """
        if told == self.noted:
            return []
        is_new = self._folder.write(NOTICES_PATH, render_notices(told))
        self._written = told
        return [str(self._folder.root / NOTICES_PATH)] if is_new else []
