"""How a call of git ended, and what its errors say."""

import os
import re
from dataclasses import dataclass

from digest.secrets import of_environment, without

_IS_LOCKED = re.compile(r"Unable to create '[^']*\.lock': File exists")
_SHOWN_LINES = 3
_IDLE = (
    *("hint:", "Please make sure you have the correct access rights", "and the repository exists."),
    "error: failed to push some refs to",  # which follows the reason
)
_GRAVE = ("fatal:", "error:")
_LONGEST_ERROR = 400


@dataclass(frozen=True)
class Answer:
    """How a call of git ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def is_locked(self) -> bool:
        """Whether another git held a lock that this one needed."""
        return self.code != 0 and _IS_LOCKED.search(self.err) is not None

    @property
    def problem(self) -> str:
        """What went wrong, as one line without secrets: the last lines that git or a hook said.

        What follows git's last error is advice for somebody at a terminal.
        """
        lines = [" ".join(line.split()) for line in (self.err.strip() or self.out).splitlines()]
        meant = [line for line in lines if line and not line.startswith(_IDLE)]
        while any(line.startswith(_GRAVE) for line in meant) and not meant[-1].startswith(_GRAVE):
            meant.pop()
        text = "; ".join(meant[-_SHOWN_LINES:]).encode(errors="replace").decode()
        return without(text, of_environment(os.environ))[-_LONGEST_ERROR:] or f"exit {self.code}, and not a word"
