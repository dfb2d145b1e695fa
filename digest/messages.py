"""The values of messages: what is told, and in which words. All are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from digest.model import DaySummary, Hit, Paper, Trouble


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
