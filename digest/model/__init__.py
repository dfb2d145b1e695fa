"""The values that cross borders. All are frozen; none does I/O."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from digest.errors import quoted
from digest.model.annotations import Annotation
from digest.terms import CATEGORY as CATEGORY
from digest.terms import YEARS as YEARS
from digest.terms import Section as Section
from digest.terms import is_among as is_among

_NEW_ID = re.compile(r"(?P<year>[0-9]{2})(?P<month>0[1-9]|1[0-2])\.(?P<number>[0-9]{4,5})")
_OLD_ID = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?)/"
    r"(?P<year>[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<number>[0-9]{3})"
)
_FIRST_NEW_ID = (2007, 4)

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a page or a feed, after decompression; the biggest real page has about 5 MB."""

SHOW_VALUES = frozenset({25, 50, 100, 250, 500, 1000, 2000})
"""The page sizes that arXiv's listings accept; it answers others with 400. A page of another length is not cut."""

MOST_AUTHORS_LISTED = 100
"""How many authors a listing shows of a paper that has more of them (``split_long_author_list`` of arXiv's site)."""


KEPT_DATES = 10
"""So many dates of each subject are remembered; it is more than the seven days that a message may be late."""

LISTINGS = ""
"""The subject of the general messages; each view that has messages is a subject by its name."""


class MachineClock(Protocol):
    """The machine's own clock; the module ``time`` is one. Politeness never follows ``--now``."""

    def time(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True, order=True)
class ArxivId:
    """An arXiv identifier without its version.

    Both schemes of https://info.arxiv.org/help/arxiv_identifier.html are known: ``2110.10101`` (four
    digits until 2014, five since 2015) and ``hep-th/9901001`` (until March 2007). Ids sort by year,
    month and number, never as text; equal old ones sort by the name of their archive.
    """

    year: int
    month: int
    number: int
    archive: str
    text: str

    @classmethod
    def parse(cls, text: str) -> "ArxivId":
        """Return the id that ``text`` is, whole and in ASCII.

        Raises:
            ValueError: ``text`` is no arXiv id, or has a version.
        """
        match = _NEW_ID.fullmatch(text) or _OLD_ID.fullmatch(text)
        if match is None:
            raise ValueError(f"{quoted(text)} is no arXiv id")
        archive = match["archive"] if match.re is _OLD_ID else ""
        year, month, number = int(match["year"]), int(match["month"]), match["number"]
        year += 1900 if year > 90 else 2000
        if bool(archive) != ((year, month) < _FIRST_NEW_ID):
            raise ValueError(f"{quoted(text)} is no arXiv id: it had another form in {year}-{month:02d}")
        if not archive and len(number) != (5 if year >= 2015 else 4):
            raise ValueError(f"{quoted(text)} is no arXiv id: {len(number)} digits in {year}")
        return cls(year, month, int(number), archive, text)

    @property
    def without_class(self) -> str:
        """The form that every id has once: ``math/0309136`` is the paper that ``math.GT/0309136`` is, too."""
        name, slash, number = self.text.partition("/")
        return f"{name.partition('.')[0]}/{number}" if slash else self.text

    def __str__(self) -> str:
        return self.text


class Extent(IntEnum):
    """How much of the metadata of a category came from a source; the greater, the more."""

    PART = 1
    BUT_UNREAD = 2
    """All but for records that could not be read."""
    WHOLE = 3

    @classmethod
    def of(cls, *, has_ended: bool, has_unread: bool) -> "Extent":
        """Return that of a source that was read to its end, or not, with records that could not be read, or without."""
        if not has_ended:
            return cls.PART
        return cls.BUT_UNREAD if has_unread else cls.WHOLE


class State(StrEnum):
    """How well a stored day is known, the strongest first."""

    COMPLETE = "complete"
    EMPTY = "empty"
    PROVISIONAL = "provisional"
    IMPORTED = "imported"
    RECONSTRUCTED = "reconstructed"

    @property
    def is_proof(self) -> bool:
        """Whether a day of this state needs no further proof."""
        return self in (State.COMPLETE, State.EMPTY)


class Source(StrEnum):
    """Where the entries of a day came from."""

    LISTING = "listing"
    CATCHUP = "catchup"
    FEED = "feed"
    IMPORT = "import"
    OAI = "oai"
    """Metadata as OAI-PMH gives them, or a file of them: no day was seen."""


class Basis(StrEnum):
    """What the date of a reconstructed announcement rests on."""

    BLOCK = "block"
    """The ids around it, which were given in the same mailing."""
    CLOCK = "clock"
    """The time of its first version alone."""


@dataclass(frozen=True, slots=True)
class Dating:
    """How sure a reconstructed announcement is: the first and the last date that are possible.

    ``text_version`` is the version that its text is of (None: not the first, and nothing tells which); if that is not
    1, the text may be another than was announced.
    """

    basis: Basis
    earliest: date
    latest: date
    text_version: int | None = 1

    @property
    def note(self) -> str:
        """What is not sure, in words; "" if one date alone is possible, and the text is the announced one."""
        dates = f"possible from {self.earliest} to {self.latest}" if self.earliest != self.latest else ""
        version = "a later version" if self.text_version is None else f"version {self.text_version}"
        text = f"text of {version}" if self.text_version != 1 else ""
        return ", ".join(filter(None, [dates, text]))

    @property
    def data(self) -> dict[str, str | int | None]:
        """It, as records and exports have it."""
        dates = {"earliest": self.earliest.isoformat(), "latest": self.latest.isoformat()}
        return {"basis": self.basis.value, **dates, "text_version": self.text_version}


@dataclass(frozen=True, slots=True)
class RawPage:
    """What a server answered: the exact bytes after content decoding, kept before anything else."""

    url: str
    status: int
    fetched_at: datetime
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class PageRef:
    """The address of a page that a day was proven by, and the SHA-256 of its bytes."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address found in a paper's abstract or comments."""

    url: str
    kind: str
    found_in: str


@dataclass(frozen=True, slots=True)
class RawText:
    """A paper's texts as their authors typed them, TeX and line ends and all, where a source shows them so."""

    title: str
    authors: tuple[str, ...]
    abstract: str | None = None
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as one listing showed it: one revision of its metadata.

    ``title``, ``authors`` and ``journal_ref`` are plain text. ``abstract`` and ``comments`` are one line of
    HTML in which only ``a`` and ``br`` occur. All are in the form that arXiv's listings give them, whatever the
    source; ``raw`` holds what the source showed, if that was TeX. A field that the source does not carry is ``None``.
    A classic digest carries neither authors nor categories: of a paper from one, both are empty, and so is
    ``primary_category``.
    """

    arxiv_id: ArxivId
    title: str
    authors: tuple[str, ...]
    primary_category: str
    categories: tuple[str, ...]
    abstract: str | None = None
    comments: str | None = None
    journal_ref: str | None = None
    links: tuple[Link, ...] = ()
    raw: RawText | None = None

    @property
    def has_texts_alone(self) -> bool:
        """Whether title and abstract are all that is known; every source but a classic digest tells the categories."""
        return not self.categories

    @property
    def may_have_more_authors(self) -> bool:
        """Whether ``authors`` may be cut: arXiv's listings show the first 100 of a longer line, without a mark.

        A source that shows TeX shows the whole line.
        """
        return len(self.authors) == MOST_AUTHORS_LISTED and self.raw is None

    @property
    def pdf_url(self) -> str:
        """The digest's form of the PDF address; arXiv redirects it to the one without ``.pdf``."""
        return f"https://arxiv.org/pdf/{self.arxiv_id}.pdf"

    @property
    def abstract_url(self) -> str:
        """The address of the paper's abstract page."""
        return f"https://arxiv.org/abs/{self.arxiv_id}"

    @property
    def doi(self) -> str:
        """The DOI of the paper on arXiv, which arXiv itself registers; that of a published article is another.

        It is the id after a prefix (https://info.arxiv.org/help/doi.html), an old one without its subject class, as
        arXiv's own pages have it: ``10.48550/arXiv.math/0309136``.
        """
        return f"10.48550/arXiv.{self.arxiv_id.without_class}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's place in a listing; ``position`` counts from 1 through all sections.

    ``dating`` is there where no listing was seen, and the day is reconstructed. ``annotations`` are what programs
    of the user's own said of it, where that is to be shown: no part of the listing.
    """

    section: Section
    position: int
    paper: Paper
    dating: Dating | None = None
    annotations: tuple[Annotation, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """One category's listing of one date: what the archive keeps.

    ``declared`` holds what arXiv said that each section has; a section that it left out is not in it.
    ``entries`` stand in the order of their positions. ``link_rules`` is the version of the rules by which the
    links of its papers were found.
    """

    category: str
    date: date
    state: State
    source: Source
    declared: Mapping[Section, int]
    entries: tuple[Entry, ...]
    pages: tuple[PageRef, ...]
    parser_version: int
    link_rules: int = 1

    @property
    def counts(self) -> dict[Section, int]:
        """How many entries of each section are here; all three sections stand in it."""
        found = Counter(entry.section for entry in self.entries)
        return {section: found[section] for section in Section}

    @property
    def is_counted(self) -> bool:
        """Whether arXiv's own counts are known: feeds, digests and exports bear none."""
        return bool(self.declared) or not self.entries

    @property
    def shortage(self) -> int:
        """How many entries arXiv counted and did not list; a feed counts nothing."""
        return max(sum(self.declared.values()) - len(self.entries), 0)

    @property
    def ids(self) -> frozenset[str]:
        """The identifiers of its papers."""
        return frozenset(str(entry.paper.arxiv_id) for entry in self.entries)

    def summary(self, content_hash: str) -> "DaySummary":
        """Return the day without its entries; ``content_hash`` is the SHA-256 of its record."""
        return DaySummary(
            self.category, self.date, self.state, self.source, dict(self.declared), self.counts, content_hash
        )

    @property
    def announcements(self) -> "tuple[Announcement, ...]":
        """Its entries, each with where it comes from."""
        return tuple(
            Announcement(
                *(self.category, self.date, self.state, self.source),
                *(entry.section, entry.position, entry.paper, entry.dating),
                annotations=entry.annotations,
            )
            for entry in self.entries
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A paper as one category's listing of one date showed it: an entry that can stand without its day."""

    category: str
    date: date
    state: State
    source: Source
    section: Section
    position: int
    paper: Paper
    dating: Dating | None = None
    annotations: tuple[Annotation, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that a view shows, and why: ``reasons`` are words for its reader."""

    announcement: Announcement
    reasons: tuple[str, ...]


MATCH = ("\x02", "\x03")
"""What stands around each word that was looked for, where a search shows it: no text of arXiv's has a use for these."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow one another, whatever signs stand between them; ``goes_on``: the last of them may be longer."""

    words: str
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One of several phrases, in one ``field`` (``title``, ``authors``, ``abstract``) or, if that is "", in any.

    ``torn`` are words that a hyphen may have torn apart: as two words, they may mean something else.
    """

    phrases: tuple[Phrase, ...]
    torn: tuple[Phrase, ...] = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """All of its parts (``is_any``: one of them is enough), and none of what is ``excluded``."""

    parts: "tuple[Term | Clause, ...]"
    excluded: "tuple[Term | Clause, ...]" = ()
    is_any: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """What a paper has to be besides its words, or (``excludes``) must not be.

    ``kind`` tells what ``values`` are: of ``announced`` the first and the last date, "" without bound; of ``category``
    names, one of which is enough; of ``link`` its kind, and a part of its address, "" for any.
    """

    kind: str
    values: tuple[str, ...]
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: words, conditions, or both; ``excluded``: words to leave out where ``text`` is None.

    ``typed`` is what a person typed.
    """

    text: Clause | None
    conditions: tuple[Condition, ...] = ()
    excluded: tuple[Term | Clause, ...] = ()
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A paper that a search found: as it was announced first with the text that the search found.

    In ``marked_title``, ``marked_authors`` and ``excerpt`` (of the abstract, or of the comments) what was looked for
    stands between the two of ``MATCH``.
    """

    category: str
    date: date
    section: Section
    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    marked_title: str
    marked_authors: str
    excerpt: str

    @property
    def snippet(self) -> str:
        """Where the paper has what was looked for; without words to look for, how its abstract begins."""
        texts = (self.excerpt, self.marked_title, self.marked_authors)
        return next((text for text in texts if MATCH[0] in text), self.excerpt)


class DaySummary(NamedTuple):  # a frozen dataclass takes four times as long to make, and there are thousands
    """A stored day without its entries: what an index, a status or a decision needs.

    ``content_hash`` is the SHA-256 of its record; "" if only the first line of that was read.
    """

    category: str
    date: date
    state: State
    source: Source
    declared: Mapping[Section, int]
    counts: Mapping[Section, int]
    content_hash: str

    @property
    def is_loaded(self) -> bool:
        """Whether the database has its entries, too; else they are in its record alone."""
        return bool(self.content_hash)

    @property
    def is_proven(self) -> bool:
        """Whether it needs no further proof."""
        return self.state.is_proof

    @property
    def is_counted(self) -> bool:
        """Whether arXiv's own counts are known, as ``Day`` has it."""
        return bool(self.declared) or not self.size

    @property
    def size(self) -> int:
        """How many entries all sections have together."""
        return sum(self.counts.values())

    @property
    def shortage(self) -> int:
        """How many entries arXiv counted and did not list; a feed counts nothing."""
        return max(sum(self.declared.values()) - self.size, 0)


@dataclass(frozen=True, slots=True)
class DayHeader:
    """What the first line of a record tells: the ``day`` without its entries, and how many each section has."""

    day: Day
    counts: Mapping[Section, int]

    @property
    def summary(self) -> DaySummary:
        """The day as it is known until its record is read to the end."""
        day = self.day
        return DaySummary(day.category, day.date, day.state, day.source, day.declared, self.counts, content_hash="")


@dataclass(frozen=True, slots=True)
class RawPageRow:
    """A kept page without its bytes; they lie at ``path`` in the folder of raw pages.

    ``path`` is "" once they were removed on purpose.
    """

    url: str
    status: int
    fetched_at: datetime
    sha256: str
    path: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a date that is not settled yet; equal fingerprints mean equal listings, "" means "No updates"."""

    category: str
    date: date
    source: Source
    seen_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Correction:
    """Whether arXiv was seen to have a listing of a date; ``evidence`` is the address that showed it."""

    date: date
    has_listing: bool
    evidence: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person settled with ``accept``; ``state`` is what the date counts as from then on."""

    category: str
    date: date
    state: str
    note: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Start:
    """The listing date that the first run asked for of a category: from then on, every one is expected."""

    category: str
    date: date


LOST = "lost"
"""What a decision calls a date that a person gave up."""

UNDONE = "undone"
"""What a decision is that a person took back: noted like any, so that no other copy of it comes back."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the archive knows besides its days.

    It has at most one correction a date, one decision a category and date, one start a category.
    """

    corrections: tuple[Correction, ...] = ()
    decisions: tuple[Decision, ...] = ()
    readings: tuple[Reading, ...] = ()
    starts: tuple[Start, ...] = ()

    def merged(self, other: "Ledger") -> "Ledger":
        """Return what both know; of two that differ under one key, the later one, and of the same time ``other``'s.

        Of two starts of a category the earlier one counts.
        """
        corrections = sorted((*self.corrections, *other.corrections), key=lambda one: one.seen_at)
        decisions = sorted((*self.decisions, *other.decisions), key=lambda one: one.decided_at)
        readings = (*self.readings, *other.readings)
        starts = sorted((*self.starts, *other.starts), key=lambda one: one.date, reverse=True)
        return Ledger(
            tuple({one.date: one for one in corrections}.values()),
            tuple({(one.category, one.date): one for one in decisions}.values()),
            tuple({(one.category, one.date, one.source, one.seen_at): one for one in readings}.values()),
            tuple({one.category: one for one in starts}.values()),
        )

    @property
    def calendar_corrections(self) -> Mapping[date, bool]:
        """The listing dates that arXiv was seen to have (True) or not to have."""
        return {one.date: one.has_listing for one in self.corrections}

    def decisions_of(self, category: str) -> dict[date, Decision]:
        """Return what a person decided of the dates of ``category``."""
        return {one.date: one for one in self.decisions if one.category == category}

    def losses_of(self, category: str) -> dict[date, Decision]:
        """Return the dates of ``category`` that a person gave up."""
        return {when: one for when, one in self.decisions_of(category).items() if one.state == LOST}

    def readings_of(self, category: str, when: date) -> list[Reading]:
        """Return the looks at a date, the earliest first."""
        found = [one for one in self.readings if (one.category, one.date) == (category, when)]
        return sorted(found, key=lambda one: one.seen_at)

    def start_of(self, category: str, days: Sequence[tuple[date, Source]]) -> date | None:
        """Return from which listing date on ``category`` is followed, given its stored ``days``; None before any run.

        It is what the first run asked for, or an older listing that it was shown. Days before it are islands:
        imported, fetched or accepted, with no gap among them that anybody has to fill. Archives of versions that kept
        no starts tell by their days whether they have run; what they fetched counts then, for it may have been
        fetched to fill a gap.
        """
        told = [one.date for one in self.starts if one.category == category]
        shown = [when for when, source in days if source in (Source.LISTING, Source.FEED)]
        fetched = [when for when, source in days if source is Source.CATCHUP] if shown and not told else []
        return min([*told, *shown, *fetched], default=None)


class FileRow(NamedTuple):  # as above
    """What a written file was made from and how it came out; hashes are SHA-256."""

    path: str
    inputs_hash: str
    sha256: str
    template_version: str


class Unfiled(NamedTuple):
    """How many days of a category the database alone has, reconstructed ones, and from when to when."""

    days: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Known:
    """All that the database knows of the archive at one moment, the entries of its days aside.

    ``days`` stand by category and date; ``files``, what was written, by its path. Of the days without files, which may
    be thousands of thousands, there is no more than their number, by category.
    """

    days: tuple[DaySummary, ...]
    ledger: Ledger
    files: Mapping[str, FileRow]
    unfiled: Mapping[str, Unfiled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of a job, as ``status`` shows it; ``exit_code`` is None while it runs or if it was killed.

    ``run_id`` is the one that its JSON lines bear; "" for runs from before they had one.
    """

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    requests: int


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
    """Trouble that was reported and is not over, or whose end was not reported to every channel.

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

    A subject that is not in ``dates`` never had a message. ``reached``: who has the message of a subject and
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
