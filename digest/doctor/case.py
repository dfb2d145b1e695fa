"""What is looked at, and what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from digest.cli.session import Session
    from digest.config import Origins
    from digest.config.settings import Config


@dataclass(frozen=True)
class Finding:
    """One finding: all is well, unless there is ``advice``; with an ``exit_code``, something will not work."""

    text: str
    advice: str = ""
    exit_code: int = 0

    @property
    def mark(self) -> str:
        """How bad it is, in a word."""
        return "FAIL" if self.exit_code else "warn" if self.advice else "ok"

    @property
    def line(self) -> str:
        """The finding as a line for a person."""
        return f"{self.mark:<4}  {self.text}" + (f": {self.advice}" if self.advice else "")


@dataclass(frozen=True)
class Case:
    """An installation and its archive; ``path`` is the configuration file, absolute."""

    config: Config
    origins: Origins
    path: Path
    session: Session

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of the environment."""
        return self.session.environment

    @property
    def now(self) -> datetime:
        """The time by which digest decides."""
        return self.session.now
