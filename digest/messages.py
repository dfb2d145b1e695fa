"""The values of messages: what is told, in which words, and what was told already. All are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from digest.model import DaySummary, Hit, Paper

NOTICES_PATH = "notices.json"
"""Where it is kept what was told: in the folder of records, or beside the database."""

NOTICES_FORMAT = 1
"""The version of the format of notices.json."""

KEPT_DATES = 10
"""So many dates of each subject are remembered; it is more than the seven days that a message may be late."""

LISTINGS = ""
"""The subject of the general messages; each view that has messages is a subject by its name."""


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """What an alert is about: an exit code, and the part of the job that failed, such as a category."""

    exit_code: int
    subject: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Trouble that was told of and is not over."""

    about: tuple[Trouble, ...]
    since: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What was told already: the listing dates of each subject, and the trouble that is not over.

    A subject that is not in ``dates`` was never told of anything.
    """

    dates: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))
    alert: Alert | None = None

    def has(self, subject: str, when: date) -> bool:
        """Whether nothing is left to tell of ``when``."""
        return when in self.dates.get(subject, ())

    def adding(self, subject: str, *dates: date) -> "Told":
        """Return this and that ``dates`` were told, the newest that are to be remembered."""
        known = sorted({*self.dates.get(subject, ()), *dates})[-KEPT_DATES:]
        return replace(self, dates={**self.dates, subject: frozenset(known)})


@dataclass(frozen=True, slots=True)
class ListingNews:
    """The listing of a date: what is stored of each category (None: nothing), and its first papers."""

    date: date
    days: Mapping[str, DaySummary | None]
    given_up: frozenset[str]
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class ViewNews:
    """What a view shows of a listing date."""

    view: str
    date: date
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class AlertNews:
    """What failed, in the words of the errors; ``categories`` tell which archive it is."""

    categories: tuple[str, ...]
    exit_code: int
    failures: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class RecoveryNews:
    """Trouble that is over."""

    categories: tuple[str, ...]
    about: tuple[Trouble, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the two forms that channels take; ``kind`` is "info", "success" or "failure"."""

    title: str
    text: str
    markdown: str
    kind: str = "info"
