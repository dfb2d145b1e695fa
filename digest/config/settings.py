"""What can be configured, and the defaults (config.example.toml explains each key)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote

from digest.terms import Section

_DATE = re.compile(r"\{date(?::([^{}]*))?\}")
_PARTS = {"%Y": "{0}", "%m": "{1}", "%d": "{2}"}
_DAY = "\0"  # in no path


def _dated(path: str, day: date, **names: str) -> str:
    return _all_dated(path, [day], **names)[day]


def _all_dated(path: str, days: Iterable[date], **names: str) -> dict[date, str]:
    """Fill in a configured path for each of many days: each night asks for those of all, and strftime() is slow."""
    form = _with_parts(path)
    found: dict[date, str] = {}
    if "{date" in form:
        return {day: form.format(*day.isoformat().split("-"), date=day, **names) for day in days}
    month = of_month = ""
    for day in days:
        text = day.isoformat()
        if text[:7] != month:
            month = text[:7]
            of_month = form.format(*month.split("-"), _DAY, **names)
        found[day] = of_month.replace(_DAY, text[8:])
    return found


@lru_cache(maxsize=64)
def _with_parts(path: str) -> str:
    """Return a configured path with {0}, {1} and {2} for year, month and day, unless a date takes other directives."""

    def parts(field: re.Match[str]) -> str:
        form = field[1] or "%Y-%m-%d"
        for directive, place in _PARTS.items():
            form = form.replace(directive, place)
        return field[0] if "%" in form else form

    return _DATE.sub(parts, path)


@dataclass(frozen=True)
class Arxiv:
    """What to fetch, from where, how gently. Delays and the timeout are in seconds."""

    categories: tuple[str, ...] = ("cs.CV",)
    contact: str = ""
    pages_url: str = "https://arxiv.org"
    feeds_url: str = "https://rss.arxiv.org"
    api_url: str = "https://export.arxiv.org/api/query"
    oai_url: str = "https://oaipmh.arxiv.org/oai"
    pages_delay: float = 15.0
    feeds_delay: float = 3.0
    timeout: float = 60.0
    heal_requests: int = 40


@dataclass(frozen=True)
class CalendarSettings:
    """Dates that arXiv added to its list of deferrals."""

    deferred: tuple[str, ...] = ()

    @property
    def dates(self) -> tuple[date, ...]:
        """The deferred dates as dates."""
        return tuple(date.fromisoformat(text) for text in self.deferred)


@dataclass(frozen=True)
class StoreSettings:
    """Where the database, the raw pages and the day records are.

    ``raw_days``: how long raw pages are kept; 0 is for ever.
    ``host``: the name of this host among those that share a database server, "" for the machine's own.
    ``lease``: after how many seconds of silence another host goes on with what this one began.
    """

    url: str = "sqlite:///archive.db"
    raw: str = "raw"
    raw_days: int = 0
    records: str = ""
    start: str = ""
    host: str = ""
    lease: float = 600.0


@dataclass(frozen=True)
class DigestSettings:
    """How digests look and where they go.

    ``front_matter``: whether they begin with some, those of views too, if their template can have it.
    ``formats``: in which others each day has a file beside its digest.
    ``address``: where ``directory`` is published, "" if nowhere.
    """

    directory: str = "."
    path: str = "{category}/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md"
    sections: tuple[str, ...] = ("new", "cross")
    template: str = "classic"
    front_matter: bool = False
    formats: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True)
class SiteSettings:
    """The static site.

    ``title``: "" for one by the categories. ``address``: where it is published, "" if nowhere. ``since``: the first
    date that it shows, "" for all. ``templates``: a folder of the user's own, each in the place of the package's.
    """

    title: str = ""
    address: str = ""
    since: str = ""
    templates: str = ""

    @property
    def first(self) -> date:
        """The first date that it has a page of, if there is a listing of it."""
        return date.fromisoformat(self.since) if self.since else date.min


NEVER_SHOWN = frozenset({"pages_url", "feeds_url", "api_url", "oai_url", "url", "address", "remote", "urls", "health"})
"""Keys whose values no message repeats, not even wrong ones: an address may hold a token or a password anywhere."""

RETIRED: dict[tuple[str, str], str] = {}
"""Keys of older versions, by section and name, each with what to do: a file that has one is read, with a warning."""

FEED_FILES: Mapping[str, str] = {"atom": "atom.xml", "jsonfeed": "feed.json"}
"""The feeds that a view can have, and the names of their files."""

FORMAT_FILES: Mapping[str, str] = {"json": ".json", "text": ".txt"}
"""The formats that a day can have beside its digest, and how the names of their files end."""


_CODE_HOSTS = (
    r"(https?://github\.[^/]+/[^/]+/[^/]+/)(?:blob|tree)(?=/)",
    r"(https?://[^/]+/.+/-/)(?:blob|tree)(?=/)",
    r"(https?://[^/]+/[^/]+/[^/]+/)src(?=/(?:branch|tag|commit)/)",
    r"(https?://bitbucket\.org/[^/]+/[^/]+/)src(?=/)",
)
"""Where GitHub, GitLab, Gitea (Codeberg is one) and Bitbucket show files to people, up to the word that says so.

With the word "raw" they give a file itself; GitHub and GitLab show folders at "tree", the others at the same address.
"""

_PAGES_ALONE = re.compile(r"https?://(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/(?!.*/raw/)")
"""What of these hosts is no file."""


def excludes(keyword: str) -> bool:
    """Whether a keyword keeps papers out: it begins with a hyphen, or what is typed or pasted for one."""
    import unicodedata  # noqa: PLC0415 - only views need it, and every command reads the configuration

    first = keyword.strip()[:1]
    return first in {"-", "\u2212"} or (not first.isascii() and unicodedata.category(first) == "Pd")


def week_of(day: date) -> date:
    """Return the Friday of the week of ``day``, which begins on Monday: the date by which a week is called."""
    return day + timedelta(4 - day.weekday())


@dataclass(frozen=True)
class View:
    """A digest of one's own: which of the stored papers it shows, and where it is written.

    ``categories`` and ``sections`` are all that are kept and what digests show, where none are named. A keyword that
    is a list asks for all that is in it.
    ``notify``: whether its papers of each listing date get a message of their own.
    ``rank``: the file or folder of the marks that its papers are ordered by, "" if they are not; the ``top`` ones are
    shown, as far as their score is at least ``threshold``.
    ``period``: whether a digest is of a "day" or of a "week".
    """

    name: str
    categories: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    keywords: tuple[str | tuple[str, ...], ...] = ()
    authors: tuple[str, ...] = ()
    has_code: bool = False
    template: str = "full"
    path: str = "views/{view}/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md"
    feeds: tuple[str, ...] = ()
    notify: bool = False
    rank: str = ""
    top: int = 20
    threshold: float = 0.0
    period: str = "day"

    def date_of(self, day: date) -> date:
        """The date that the digest bears which shows the papers of ``day``: its own or, of a week, the Friday."""
        return week_of(day) if self.period == "week" else day

    def dates_with(self, day: date) -> list[date]:
        """The dates whose papers stand in the same digest as those of ``day``, the oldest first."""
        if self.period == "day":
            return [day]
        return [week_of(day) + timedelta(offset) for offset in range(-4, 3)]

    def digest_path(self, day: date) -> str:
        """The path of the digest that shows a date, relative to the folder of the digests, with forward slashes."""
        return _dated(self.path, self.date_of(day), view=self.name)

    def digest_paths(self, days: Iterable[date]) -> dict[date, str]:
        """The paths of the digests that bear these dates."""
        return _all_dated(self.path, days, view=self.name)

    @property
    def folder(self) -> str:
        """The folder of all its files, which has no date yet."""
        fixed = takewhile(lambda name: "{date" not in name, self.path.split("/")[:-1])
        return "/".join(name.format(view=self.name) for name in fixed)

    @property
    def feed_paths(self) -> dict[str, str]:
        """The path of each feed file, by the feed's kind: it lies where the path has no date yet."""
        return {kind: "/".join(filter(None, (self.folder, FEED_FILES[kind]))) for kind in self.feeds}


@dataclass(frozen=True)
class Annotator:
    """A program of the user's own that is given papers, and says something of each.

    ``command``: the program and its arguments, of which no shell makes anything. It has ``timeout`` seconds for a
    paper, and is asked at most ``max_per_night`` times a night, for at most ``max_minutes``. ``version``: raised by its
    owner when it says something else than before. ``view``: the view whose papers it is given, "" for all that digests
    show.
    """

    name: str
    command: tuple[str, ...] = ()
    version: str = "1"
    timeout: float = 60.0
    max_per_night: int = 200
    max_minutes: int = 30
    view: str = ""


@dataclass(frozen=True)
class Git:
    """Committing and pushing what a run wrote.

    An empty ``branch`` is the one that is checked out, an empty ``author`` the one that git is configured with.
    ``durable``: a day counts only once it is pushed.
    ``host``: the only host that writes files, commits and tells, "" if it is this one whatever its name.
    """

    commit: bool = False
    push: bool = False
    remote: str = "origin"
    branch: str = ""
    message: str = "digest: {summary}"
    author: str = ""
    durable: bool = False
    host: str = ""


@dataclass(frozen=True)
class Notify:
    """Messages and pings; ``urls`` and ``health`` name where the addresses are, which are secrets.

    ``listings``: whether each listing date gets a message, beside those of views and alerts.
    """

    urls: tuple[str, ...] = ()
    health: str = ""
    listings: bool = True


@dataclass(frozen=True)
class Config:
    """The whole configuration; ``folder`` is the one that relative paths start from.

    ``host`` is the name of this one, where several share a database server.
    """

    folder: Path
    host: str = ""
    arxiv: Arxiv = field(default_factory=Arxiv)
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    digest: DigestSettings = field(default_factory=DigestSettings)
    git: Git = field(default_factory=Git)
    notify: Notify = field(default_factory=Notify)
    site: SiteSettings = field(default_factory=SiteSettings)
    views: tuple[View, ...] = ()
    annotators: tuple[Annotator, ...] = ()

    @property
    def output(self) -> Path:
        """The folder of the digests."""
        return self.folder / self.digest.directory

    @property
    def site_folder(self) -> Path:
        """Where the site goes, unless a command says otherwise."""
        return self.folder / "site"

    @property
    def raw(self) -> Path:
        """The folder of the raw pages."""
        return self.folder / self.store.raw

    @property
    def records(self) -> Path | None:
        """The folder of the day records, or None if none are kept."""
        return self.folder / self.store.records if self.store.records and self.writes_files else None

    @property
    def start(self) -> date | None:
        """The first listing date of the archive, if [store] start says so."""
        return date.fromisoformat(self.store.start) if self.store.start else None

    @property
    def database(self) -> Path | None:
        """The SQLite file, or None for a database server."""
        prefix = "sqlite:///"
        return self.folder / self.store.url.removeprefix(prefix) if self.store.url.startswith(prefix) else None

    @property
    def is_shared(self) -> bool:
        """Whether other hosts may share the database: it is a server's."""
        return self.database is None

    @property
    def writes_files(self) -> bool:
        """Whether this host writes digests, records and indexes, commits and tells; others only bring days in."""
        return not self.git.host or self.git.host == self.host

    @property
    def store_url(self) -> str:
        """The database's address with an absolute path."""
        return self.store.url if self.database is None else f"sqlite:///{self.database.absolute()}"

    @property
    def lock(self) -> Path:
        """The file that one run at a time holds; its name is one that .gitignore has, also with a database server."""
        base = self.database or self.output / "archive.db"
        return base.with_name(base.name + ".lock")

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that a digest shows, in its order."""
        return tuple(Section(name) for name in self.digest.sections)

    @property
    def unused(self) -> list[str]:
        """Keys that are set but have no effect in this version."""
        later = ("api_url",)
        return [f"[arxiv] {key}" for key in later if getattr(self.arxiv, key) != getattr(Arxiv, key)]

    def digest_path(self, category: str, day: date) -> str:
        """The path of a day's digest, relative to ``output``, with forward slashes."""
        return _dated(self.digest.path, day, category=category)

    def digest_paths(self, category: str, days: Iterable[date]) -> dict[date, str]:
        """The paths of the digests of many days."""
        return _all_dated(self.digest.path, days, category=category)

    def format_form(self, form: str) -> str:
        """The configured path of the files of a format: that of the digests, by another ending."""
        return f"{self.digest.path.removesuffix('.md')}{FORMAT_FILES[form]}"

    def format_paths(self, form: str, category: str, days: Iterable[date]) -> dict[date, str]:
        """The paths of the files of a format for many days, relative to ``output``."""
        return _all_dated(self.format_form(form), days, category=category)

    def digest_address(self, category: str, day: date) -> str:
        """The address at which a day's digest is published; "" if it is not."""
        return self.address_of(self.digest_path(category, day))

    def address_of(self, path: str) -> str:
        """The address at which the file at ``path``, relative to ``output``, is published; "" if it is not."""
        return (
            f"{self.digest.address.rstrip('/')}/{quote(path, errors='surrogateescape')}" if self.digest.address else ""
        )

    def file_address(self, path: str) -> str:
        """Like ``address_of``, for a program: a code host's page about a file is not the file.

        "" if the address is that of a repository, which does not tell where its files are.
        """
        address = self.address_of(path)
        for host in _CODE_HOSTS:
            address = re.sub(host, r"\1raw", address, count=1)
        return "" if _PAGES_ALONE.match(address) else address

    def home_address(self, folder: str = "") -> str:
        """The address at which people find what ``folder`` holds; "" if it is not published.

        Code hosts show every folder. What other hosts show of one nobody knows, but they have a first page.
        """
        base = self.digest.address.rstrip("/")
        found = next((match for host in _CODE_HOSTS if (match := re.match(host, f"{base}/"))), None)
        if found is None:
            return f"{base}/" if base else ""
        word = "src" if found[0].endswith("src") else "tree"
        return f"{found[1]}{word}{base[found.end() :]}/{quote(folder)}".rstrip("/")
