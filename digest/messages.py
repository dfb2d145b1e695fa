"""The values of messages: what is told, in which words, and what was told already. All are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from digest.model import DaySummary, Hit, Paper

NOTICES_PATH = "notices.json"
"""Where it is kept what was told: in the folder of records, or beside the database."""

NOTICES_FORMAT = 1
"""The version of the format of notices.json; a version that knows of no channels reads the rest."""

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
class Reach:
    """The channels, by name, that have a message which others lack, or were given up; since when it is tried."""

    channels: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """Trouble that was told of and is not over, or of whose end not every channel was told.

    ``reach``: who has what was told last, while not every channel has.
    """

    about: tuple[Trouble, ...]
    since: datetime
    told_at: datetime
    is_over: bool = False
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was told already: the listing dates of each subject, and the trouble that is not over.

    A subject that is not in ``dates`` was never told of anything. ``reached``: who has the message of a subject and
    date, while not every channel has; such a date is not among ``dates``.
    """

    dates: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))
    alert: Alert | None = None
    reached: Mapping[tuple[str, date], Reach] = field(default_factory=lambda: MappingProxyType({}))

    def has(self, subject: str, when: date) -> bool:
        """Whether nothing is left to tell of ``when``."""
        return when in self.dates.get(subject, ())

    def adding(self, subject: str, *dates: date) -> "Told":
        """Return this and that ``dates`` were told, the newest that are to be remembered."""
        known = sorted({*self.dates.get(subject, ()), *dates})[-KEPT_DATES:]
        reached = {key: reach for key, reach in self.reached.items() if key[0] != subject or key[1] not in dates}
        return replace(self, dates={**self.dates, subject: frozenset(known)}, reached=reached)

    def reaching(self, subject: str, when: date, reach: Reach | None) -> "Told":
        """Return this and that the message of ``when`` has come so far; everywhere, if None."""
        if reach is None:
            return self.adding(subject, when)
        return replace(self, reached={**self.reached, (subject, when): reach})


@dataclass(frozen=True, slots=True)
class ListingNews:
    """The listing of a date: what is stored of each category (None: nothing), and its first papers.

    ``addresses``: where the digests of the categories are published, as far as that is known.
    """

    date: date
    days: Mapping[str, DaySummary | None]
    given_up: frozenset[str]
    papers: tuple[Paper, ...]
    addresses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ViewNews:
    """What a view shows of a listing date; ``address``: where its digest is published, "" if that is not known."""

    view: str
    date: date
    hits: tuple[Hit, ...]
    address: str = ""


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
class Entry:
    """One entry of a message: plain text, with the address that it leads to, a note, and its number on a list."""

    text: str
    url: str = ""
    note: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message in words, whatever the markup of a channel: entries in paragraphs.

    ``kind`` is "info", "success" or "failure"; ``address`` leads to all of it, should a channel have no room for that.
    """

    title: str
    paragraphs: tuple[tuple[Entry, ...], ...]
    kind: str = "info"
    address: str = ""
