"""What is harvested of papers: their metadata as a source tells it, their versions, and how far a harvest came."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

MOST_UNREAD_LISTS = 3
"""So many lists begin at the datestamp of a record that could not be read; it would be asked for for ever."""


class Version(NamedTuple):  # a frozen dataclass takes four times as long to make, and there are millions
    """When one version of a paper was submitted; ``is_day``: only the day is known, of which it is the first moment."""

    v: int
    submitted: datetime
    is_day: bool = False


class Metadata(NamedTuple):  # as above
    """What OAI-PMH or its Kaggle snapshot tells of a paper today, in the words of the source: TeX, as it was typed.

    ``datestamp`` is the day of its last change, ``version`` the one that the texts are of (None: not the first, and the
    source does not tell which), ``categories`` stand with blanks between them, the primary one first.
    """

    arxiv_id: str
    datestamp: date
    version: int | None
    categories: str
    title: str
    authors: str
    comments: str | None
    journal_ref: str | None
    abstract: str
    versions: tuple[Version, ...] = ()


class Submission(NamedTuple):  # as above
    """When a paper came to arXiv; ``categories`` of one that is harvested whole, else None."""

    arxiv_id: str
    submitted: datetime
    is_day: bool
    categories: str | None


@dataclass(frozen=True, slots=True)
class Harvest:
    """How far the harvest of a set of OAI-PMH came.

    ``since`` is what its list was asked from (None: all); ``token`` continues it until ``token_until``; ``datestamp``
    is the last one that was read. Once the list has ended (``finished_at``), the next one begins at that, or at
    ``unread_since``, the datestamp of the first record that could not be read, unless ``unread_lists`` are enough.
    """

    subset: str
    prefix: str
    since: date | None
    token: str | None
    token_until: datetime | None
    datestamp: date | None
    records: int
    started_at: datetime
    finished_at: datetime | None = None
    unread_since: date | None = None
    unread_lists: int = 0

    @property
    def has_given_up(self) -> bool:
        """Whether a record that could not be read was asked for often enough."""
        return self.unread_since is not None and self.unread_lists >= MOST_UNREAD_LISTS

    @property
    def goes_on_at(self) -> date | None:
        """The datestamp at which the next list begins; None: with the first of all."""
        unread = None if self.has_given_up else self.unread_since
        return min([day for day in (self.datestamp or self.since, unread) if day], default=None)
