"""What lies here: this machine, the settings, the folders. Nothing is changed."""

import json
import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from digest import __version__
from digest.archive.archive import Archive
from digest.archive.markers import split
from digest.calendar import NEW_YORK, expected_at
from digest.config import Origins, unknown_variables
from digest.config.resources import built_in_template, read_calendar, read_template
from digest.config.secrets import HIDDEN, masked
from digest.config.settings import Config
from digest.disk.files import Folder
from digest.errors import DigestError, StoreError
from digest.fetch.client import Machine
from digest.render.digest import DigestTemplate

_FAILS = StoreError.exit_code
_LEAST_SQLITE = (3, 35, 0)  # the first with RETURNING
_LEAST_FREE = 100 * 1024 * 1024


@dataclass(frozen=True)
class Result:
    """What one look gave: all is well, unless there is ``advice``; with an ``exit_code``, something will not work."""

    text: str
    advice: str = ""
    exit_code: int = 0

    @property
    def mark(self) -> str:
        """How bad it is, in a word."""
        return "FAIL" if self.exit_code else "warn" if self.advice else "ok"

    @property
    def line(self) -> str:
        """The result as a line for a person."""
        return f"{self.mark:<4}  {self.text}" + (f": {self.advice}" if self.advice else "")


class Session(Protocol):
    """What doctor needs of the command line: where it was started, by which clocks, and how an archive is opened."""

    now: datetime
    machine: Machine
    environment: Mapping[str, str]

    @property
    def config_path(self) -> Path:
        """The configuration file."""

    @property
    def is_fixed(self) -> bool:
        """Whether the archive can only be read."""

    def open_archive(
        self, store_url: str, database: Path | None, *, is_fixed: bool = False
    ) -> AbstractContextManager[Archive]:
        """Open the archive's edges."""


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


def check_machine(case: Case) -> Iterator[Result]:
    """Look for the parts that digest needs of the machine: Python, SQLite, the time zone by which listings come."""
    yield Result(f"digest {__version__} on Python {platform.python_version()}")
    advice = "" if sqlite3.sqlite_version_info >= _LEAST_SQLITE else "a Python with SQLite 3.35 or newer is needed"
    yield Result(f"SQLite {sqlite3.sqlite_version}", advice, _FAILS if advice else 0)
    with closing(sqlite3.connect(":memory:")) as connection:
        has_search = ("ENABLE_FTS5",) in connection.execute("PRAGMA compile_options").fetchall()
    if has_search:
        yield Result("SQLite has full-text search")
    else:
        yield Result("SQLite has no full-text search", "a Python whose SQLite has FTS5 is needed", _FAILS)
    yield Result(f"in New York it is {case.now.astimezone(NEW_YORK):%Y-%m-%d %H:%M (UTC%z)}")


def check_settings(case: Case) -> Iterator[Result]:
    """Look at what a correct configuration can still have wrong with it."""
    config, calendar = case.config, read_calendar(case.config.calendar.dates)
    # A variable that is a channel's address may have whatever name its owner gave it.
    for name, near in unknown_variables(case.environment).items():
        if f"env:{name}" not in (*config.notify.urls, config.notify.health):
            advice = f"did you mean {near}?" if near else "such variables are named DIGEST_SECTION_KEY"
            yield Result(f"the environment variable {name} has no effect", advice)
    if config.arxiv.contact:
        yield Result(f"arXiv can write to {config.arxiv.contact}")
    else:
        yield Result("no contact", "set [arxiv] contact, so that arXiv can write before it blocks you")
    yield _template(config, config.digest.template, "[digest] template", "classic")
    for view in config.views:
        yield _template(config, view.template, f"[[view]] {view.name!r} template", "full")
    newest = calendar.newest_expected(case.now)
    yield Result(f"the newest listing expected is {newest}, out since {expected_at(newest).isoformat()}")
    if calendar.is_guess(newest):
        yield Result(
            f"the calendar is guessing: arXiv's deferrals are known from {calendar.first_year} to {calendar.last_year}",
            f"if the year {case.now.year} is right, upgrade digest, or add later ones to [calendar] deferred",
        )


def _template(config: Config, name: str, key: str, built_in: str) -> Result:
    try:
        DigestTemplate(read_template(name, config.folder, key), name, config.sections)
        built_in_template("index")
    except DigestError as error:
        text = f"{key}: {str(error).removeprefix(f'{key}: ')}"
        return Result(text, f'fix it, or use "{built_in}"', error.exit_code)
    return Result(f"{key} {name}")


def effective(case: Case) -> Iterator[str]:
    """Yield the configuration in effect as TOML, with where each value is from, and without secrets."""
    yield f"# In effect: {case.path}, the environment over it; relative paths start from {case.config.folder}"
    tables = [(f"[{name}]", name, one) for name, one in asdict(case.config).items() if isinstance(one, dict)]
    tables += [("[[view]]", f"view {number}", asdict(view)) for number, view in enumerate(case.config.views, 1)]
    for heading, section, values in tables:
        yield heading
        for key, value in values.items():
            if (section, key) == ("store", "url") and not value.startswith("sqlite:"):
                # Not only before the host: a server's address may have a password among its options, after "?".
                place, mark, _options = value.partition("?")
                value = masked(place) + (mark and f"?{HIDDEN}")  # noqa: PLW2901 - what is shown of it
            yield f"{key} = {_toml(value)}  # {case.origins.get((section, key), 'default')}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        text = json.dumps(masked(value), ensure_ascii=False)
        return "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in text)
    return repr(value)


def check_folders(case: Case) -> Iterator[Result]:
    """See whether each folder can be written, or made, whether there is room, and whether the index finds its place."""
    config, database = case.config, case.config.database
    places = {"digests": config.output, "raw pages": config.raw, "day records": config.records}
    places["database"] = database.parent if database else None
    for name, place in places.items():
        if place is None:
            continue
        parent = _existing(place)
        # Not by pathlib, which raises where we may not look.
        if os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK):  # noqa: PTH112
            yield Result(f"{name} in {place}" + ("" if os.path.lexists(place) else " (not made yet)"))
        else:
            advice = f"{parent} cannot be written; change its owner or the configuration"
            yield Result(f"{name} in {place}", advice, _FAILS)
    try:
        free = shutil.disk_usage(_existing(config.output)).free
    except OSError as error:  # a link that leads nowhere
        words = f"{config.output} has no room: {error.strerror}"
        yield Result(words, "fix that, or change the configuration", _FAILS)
    else:
        is_enough = free >= _LEAST_FREE
        words = f"{free // (1024 * 1024)} MiB free for the digests"
        yield Result(words) if is_enough else Result(words, "make room", _FAILS)
    if config.records is None:
        advice = 'set [store] records = "data"; `digest verify --repair` writes those of the stored days'
        yield Result("no day records: what the database loses is lost", advice)
    yield from _index(Folder(config.output))


def _existing(place: Path) -> Path:
    return next((parent for parent in (place, *place.absolute().parents) if os.path.lexists(parent)), Path("/"))


def _index(output: Folder) -> Iterator[Result]:
    """Warn of a README that the index cannot stand in."""
    readme = output.root / "README.md"
    try:
        if output.is_link(readme.name):
            yield Result(f"{readme} is a symbolic link, and gets no index", "put a file in its place")
            return
        text = output.read(readme.name)
    except StoreError as error:
        yield Result(f"no index: {error}", "replace it with a text file, or remove it", error.exit_code)
        return
    if text is not None and split(text) is None:
        advice = "put <!-- digest:begin --> and <!-- digest:end --> where the index should stand, once each"
        yield Result(f"{readme} has not just one pair of markers, and gets no index", advice)
