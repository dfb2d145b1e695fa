"""The clock by which another git is waited for."""

from typing import Protocol


class Clock(Protocol):
    """The machine's own clock; the module ``time`` is one."""

    def time(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
