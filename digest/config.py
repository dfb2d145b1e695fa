"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from digest.errors import ConfigError
from digest.terms import CATEGORY, Section

_PATH_FIELD = re.compile(r"\{(category|date)(?::([^{}]*))?\}")
_DATE_DIRECTIVES = re.compile(r"(?:%[YymdjGVu]|[^%\x00-\x1f])+")
_HEADER_TEXT = re.compile(r"[\x20-\x7e]*")
_ARXIV_DELAYS = {"pages_delay": 15.0, "feeds_delay": 3.0}
_SAMPLE_DATE = date(2020, 1, 2)
_TAKEN = (".jsonl", ".gz", ".db", ".lock", "README.md", "config.toml")
_YEARS = range(1991, 2991)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_CONTACT = 200
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?|[0-9a-f:.]+")


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
    """Where the database, the raw pages and the day records are."""

    url: str = "sqlite:///archive.db"
    raw: str = "raw"
    records: str = ""
    start: str = ""


@dataclass(frozen=True)
class DigestSettings:
    """How digests look and where they go."""

    directory: str = "."
    path: str = "{category}/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md"
    sections: tuple[str, ...] = ("new", "cross")
    template: str = "classic"


@dataclass(frozen=True)
class Git:
    """Committing and pushing; not in effect yet."""

    commit: bool = False
    push: bool = False


@dataclass(frozen=True)
class Notify:
    """Notices; not in effect yet."""

    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """The whole configuration; ``folder`` is the one that relative paths start from."""

    folder: Path
    arxiv: Arxiv = field(default_factory=Arxiv)
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    digest: DigestSettings = field(default_factory=DigestSettings)
    git: Git = field(default_factory=Git)
    notify: Notify = field(default_factory=Notify)

    @property
    def output(self) -> Path:
        """The folder of the digests."""
        return self.folder / self.digest.directory

    @property
    def raw(self) -> Path:
        """The folder of the raw pages."""
        return self.folder / self.store.raw

    @property
    def records(self) -> Path | None:
        """The folder of the day records, or None if none are kept."""
        return self.folder / self.store.records if self.store.records else None

    @property
    def database(self) -> Path | None:
        """The SQLite file, or None for a database server."""
        prefix = "sqlite:///"
        return self.folder / self.store.url.removeprefix(prefix) if self.store.url.startswith(prefix) else None

    @property
    def store_url(self) -> str:
        """The database's address with an absolute path."""
        return self.store.url if self.database is None else f"sqlite:///{self.database.absolute()}"

    @property
    def lock(self) -> Path:
        """The file that one run at a time holds."""
        base = self.database or self.output / "archive"
        return base.with_name(base.name + ".lock")

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that a digest shows, in its order."""
        return tuple(Section(name) for name in self.digest.sections)

    @property
    def unused(self) -> list[str]:
        """Keys that are set but have no effect in this version."""
        defaults = Config(self.folder)
        later = [("arxiv", key) for key in ("feeds_url", "api_url", "oai_url", "feeds_delay", "heal_requests")]
        later += [("git", "commit"), ("git", "push"), ("notify", "urls")]
        return [
            f"[{section}] {key}"
            for section, key in later
            if getattr(getattr(self, section), key) != getattr(getattr(defaults, section), key)
        ]

    def digest_path(self, category: str, day: date) -> str:
        """The path of a day's digest, relative to ``output``, with forward slashes."""
        return self.digest.path.format(category=category, date=day)


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration file at ``path``; the environment's DIGEST_SECTION_KEY go over it.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, lists in lists in lists
        raise ConfigError(f"{path}: {error}") from error
    config = from_mapping(data, environment, folder=path.absolute().parent, origin=str(path))
    _check(config, str(path))
    return config


def from_mapping(data: Mapping[str, Any], environment: Mapping[str, str], *, folder: Path, origin: str) -> Config:
    """Build a ``Config`` from parsed TOML and environment variables; ``origin`` is named in errors."""
    sections = {item.name: item for item in fields(Config) if item.name != "folder"}
    _refuse_unknown(data, sections, origin, "section")
    values = {}
    for name, item in sections.items():
        given = data.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError(f"{origin}: expected a section [{name}], found {given!r}")
        values[name] = _section(name, item.type, given, environment, origin)
    return Config(folder, **values)


def _section(name: str, kind: Any, given: Mapping[str, Any], environment: Mapping[str, str], origin: str) -> Any:
    keys = {item.name: item for item in fields(kind)}
    _refuse_unknown(given, keys, f"{origin}: [{name}]", "key")
    values = {key: _value(keys[key].type, value, f"{origin}: [{name}] {key}") for key, value in given.items()}
    for key, item in keys.items():
        variable = f"DIGEST_{name}_{key}".upper()
        if variable in environment:
            values[key] = _value(item.type, _from_text(item.type, environment[variable]), variable)
    return kind(**values)


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any], where: str, what: str) -> None:
    for name in given:
        if name not in known:
            # Imported here: only a mistake needs it.
            import difflib  # noqa: PLC0415

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            raise ConfigError(f"{where}: unknown {what} {name!r}{hint}")


def _value(kind: Any, value: Any, where: str) -> Any:
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], str(item) if isinstance(item, date) else item, where) for item in value)
    if kind is str and isinstance(value, date):
        return value.isoformat()
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            raise ConfigError(f"{where}: expected a number of seconds, found one that is too large") from error
    if type(value) is not kind:
        raise ConfigError(f"{where}: expected {_describe(kind)}, found {value!r}")
    if isinstance(value, str) and _CONTROL.search(value):
        raise ConfigError(f"{where}: expected no control characters, found {value!r}")
    return value


def _from_text(kind: Any, text: str) -> Any:
    if get_origin(kind) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _describe(kind: Any) -> str:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a list of texts")


def _check(config: Config, origin: str) -> None:
    for check in (_check_arxiv, _check_calendar, _check_store, _check_digest, _check_notify):
        try:
            check(config)
        except ValueError as error:
            raise ConfigError(f"{origin}: {error}") from error


def _check_arxiv(config: Config) -> None:
    arxiv = config.arxiv
    if not arxiv.categories or len(set(arxiv.categories)) != len(arxiv.categories):
        raise ValueError(f"[arxiv] categories: expected one or more different ones, found {list(arxiv.categories)}")
    for category in arxiv.categories:
        check_category(category)
    if not _HEADER_TEXT.fullmatch(arxiv.contact) or len(arxiv.contact) > _LONGEST_CONTACT:
        raise ValueError(f"[arxiv] contact: expected at most {_LONGEST_CONTACT} characters of printable ASCII")
    for key in ("pages_url", "feeds_url", "api_url", "oai_url"):
        if not _is_base_address(getattr(arxiv, key)):
            raise ValueError(f"[arxiv] {key}: expected http(s)://host, found another address")
    _check_numbers(arxiv)


def _is_base_address(text: str) -> bool:
    """Whether ``text`` is a web address that others can be built on, without a name, a password or a query."""
    try:
        parts = urlsplit(text)
        is_port = parts.port is None or parts.port > 0
    except ValueError:  # such as a port beyond 65535
        return False
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    is_host = _HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in ("http", "https") and is_host and is_port and is_plain


def _check_numbers(arxiv: Arxiv) -> None:
    for key in _ARXIV_DELAYS:
        if not 0 <= getattr(arxiv, key) <= 3600:
            raise ValueError(f"[arxiv] {key}: expected 0 to 3600 seconds, found {getattr(arxiv, key):g}")
    if not 0 < arxiv.timeout <= 3600:
        raise ValueError(f"[arxiv] timeout: expected more than 0 and at most 3600 seconds, found {arxiv.timeout:g}")
    if arxiv.heal_requests < 0:
        raise ValueError(f"[arxiv] heal_requests: expected 0 or more, found {arxiv.heal_requests}")


def require_manners(arxiv: Arxiv) -> None:
    """Refuse to ask arXiv's own hosts more often than their rules allow; other hosts may be asked at any pace.

    Raises:
        ConfigError: a delay is too short for the host that it is for.
    """
    for key, least in _ARXIV_DELAYS.items():
        delay = getattr(arxiv, key)
        host = (urlsplit(getattr(arxiv, key.replace("_delay", "_url"))).hostname or "").rstrip(".")
        if delay < least and (host == "arxiv.org" or host.endswith(".arxiv.org")):
            raise ConfigError(f"[arxiv] {key}: arXiv asks for at least {least:g} s between requests, found {delay:g}")


def check_category(category: str) -> None:
    """Refuse what cannot be an arXiv category.

    Raises:
        ValueError: it is malformed.
    """
    if not CATEGORY.fullmatch(category):
        raise ValueError(f"unknown category {category!r}: expected one such as cs.CV or astro-ph")


def _check_calendar(config: Config) -> None:
    for text in (*config.calendar.deferred, *filter(None, [config.store.start])):
        try:
            is_sensible = date.fromisoformat(text).year in _YEARS
        except ValueError:
            is_sensible = False
        if not is_sensible:
            raise ValueError(f"expected dates such as 2021-10-20, found {text!r}")


def _check_store(config: Config) -> None:
    url = config.store.url
    if not url.startswith(("sqlite:///", "postgresql")) or url == "sqlite:///" or ":memory:" in url:
        raise ValueError("[store] url: expected 'sqlite:///FILE' or 'postgresql+psycopg://…'")


def _check_digest(config: Config) -> None:
    sections = config.digest.sections
    known = [str(section) for section in Section]
    if len(set(sections)) != len(sections) or not set(sections) <= set(known):
        raise ValueError(f"[digest] sections: expected some of {', '.join(known)}, found {list(sections)}")
    _check_path(config.digest.path, several=len(config.arxiv.categories) > 1)


def _check_notify(config: Config) -> None:
    # Such an address is a secret: it is not repeated in the message.
    if not all(url.startswith(("env:", "file:")) for url in config.notify.urls):
        raise ValueError("[notify] urls: expected 'env:NAME' or 'file:PATH', found an address itself")


def _check_path(path: str, *, several: bool) -> None:
    rest = _PATH_FIELD.sub("", path)
    formats = [match[2] or "%Y-%m-%d" for match in _PATH_FIELD.finditer(path) if match[1] == "date"]
    odd = "{" in rest or "}" in rest or not all(_DATE_DIRECTIVES.fullmatch(form) for form in formats)
    if odd or "{category:" in path or {"", ".", ".."} & set(_sample(path).split("/")):
        raise ValueError(
            f"[digest] path: expected a relative path of {{category}} and {{date:%Y-%m-%d}}, found {path!r}"
        )
    if several and "{category}" not in path:
        raise ValueError("[digest] path: expected {category} in it, because there are several")
    directives = set(re.findall("%([A-Za-z])", "".join(formats)))
    has_day = {"m", "d"} <= directives or "j" in directives
    if not ({"Y", "y"} & directives and has_day) and not {"G", "V", "u"} <= directives:
        raise ValueError(
            f"[digest] path: expected year, month and day in it, so that no two dates share a file: {path!r}"
        )
    if _sample(path).endswith(_TAKEN):
        raise ValueError(f"[digest] path: expected no name that ends with {', '.join(_TAKEN)}: other files bear these")


def _sample(path: str) -> str:
    try:
        return path.format(category="cs.CV", date=_SAMPLE_DATE)
    except (ValueError, KeyError, IndexError):  # what else is wrong with it is told by the form
        return ""
