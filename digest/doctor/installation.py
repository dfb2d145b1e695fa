"""What lies here: this machine, the settings, the folders. Nothing is changed."""

import json
import os
import platform
import re
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
from digest.archive.products import template_of
from digest.calendar import NEW_YORK, expected_at
from digest.config import Origins, unknown_variables
from digest.config.resources import read_calendar
from digest.config.secrets import HIDDEN, masked
from digest.config.settings import Annotator, Config, View
from digest.disk.files import Folder
from digest.errors import ConfigError, DigestError, StoreError, how_many
from digest.model import MachineClock
from digest.model.marks import LEAST_MARKS
from digest.views.foreign_queries import query_in

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


def judge(text: str, advice: str, exit_code: int = 0, *, is_well: bool) -> Result:
    """Return the result of a look whose ``text`` is the same either way; ``advice`` is for when all is not well."""
    return Result(text) if is_well else Result(text, advice, exit_code)


class Session(Protocol):
    """What doctor needs of the command line: where it was started, by which clocks, and how an archive is opened."""

    now: datetime
    machine: MachineClock
    environment: Mapping[str, str]

    @property
    def config_path(self) -> Path:
        """The configuration file."""

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


def check_machine(_case: Case) -> Iterator[Result]:
    """Look for the parts that digest needs of the machine: Python, SQLite."""
    yield Result(f"digest {__version__} on Python {platform.python_version()}")
    is_new, advice = sqlite3.sqlite_version_info >= _LEAST_SQLITE, "a Python with SQLite 3.35 or newer is needed"
    yield judge(f"SQLite {sqlite3.sqlite_version}", advice, _FAILS, is_well=is_new)
    with closing(sqlite3.connect(":memory:")) as connection:
        has_search = ("ENABLE_FTS5",) in connection.execute("PRAGMA compile_options").fetchall()
    words = f"SQLite has {'' if has_search else 'no '}full-text search"
    yield judge(words, "a Python whose SQLite has FTS5 is needed", _FAILS, is_well=has_search)


def _marks(config: Config, view: View) -> Result:
    """Look at what a view is ranked by."""
    from digest.archive.marked import read_marks  # noqa: PLC0415 - most archives rank nothing
    from digest.views.ranking import require_library  # noqa: PLC0415 - as above

    key = f"[[view]] {view.name!r} rank"
    try:
        number = len(read_marks(config, view.rank).wanted)
        require_library()
    except DigestError as error:
        return Result(f"{key}: {error}", "the files of this view stay as they are until it is mended", error.exit_code)
    words = f"{key}: {how_many(number, 'marked paper')}"
    return judge(words, f"that takes {LEAST_MARKS}; `digest mark ID` marks more", is_well=number >= LEAST_MARKS)


def _program(config: Config, annotator: Annotator) -> Result:
    """See whether the program of an annotator is there."""
    name = annotator.command[0]
    found = shutil.which(str(config.folder / name) if "/" in name else name)
    words = f"[[annotate]] {annotator.name!r} command {name}"
    return judge(words, "no such program; nothing is asked until there is", is_well=found is not None)


def check_settings(case: Case) -> Iterator[Result]:
    """Look at what a correct configuration can still have wrong with it."""
    config, calendar = case.config, read_calendar(case.config.calendar.dates)
    # A variable that is a channel's address may have whatever name its owner gave it.
    for name, near in unknown_variables(case.session.environment).items():
        if f"env:{name}" not in (*config.notify.urls, config.notify.health):
            advice = f"did you mean {near}?" if near else "such variables are named DIGEST_SECTION_KEY"
            yield Result(f"the environment variable {name} has no effect", advice)
    contact, advice = config.arxiv.contact, "set [arxiv] contact, so that arXiv can write before it blocks you"
    yield Result(f"arXiv can write to {contact}") if contact else Result("no contact", advice)
    templates = [("[digest] template", config.digest.template, "classic")]
    templates += [(f"[[view]] {view.name!r} template", view.template, "full") for view in config.views]
    for key, name, built_in in templates:
        try:
            template_of(config, key, name, config.sections)
        except DigestError as error:
            text = f"{key}: {str(error).removeprefix(f'{key}: ')}"
            yield Result(text, f'fix it, or use "{built_in}"', error.exit_code)
        else:
            yield Result(f"{key} {name}")
    for text, advice in filter(None, map(query_in, config.views)):
        yield Result(text, advice, ConfigError.exit_code)
    yield from (_marks(config, view) for view in config.views if view.rank)
    yield from (_program(config, one) for one in config.annotators)
    yield Result(f"in New York it is {case.session.now.astimezone(NEW_YORK):%Y-%m-%d %H:%M (UTC%z)}")
    newest = calendar.newest_expected(case.session.now)
    yield Result(f"the newest listing expected is {newest}, out since {expected_at(newest).isoformat()}")
    if calendar.is_guess(newest):
        yield Result(
            f"the calendar is guessing: arXiv's deferrals are known from {calendar.first_year} to {calendar.last_year}",
            f"if the year {case.session.now.year} is right, upgrade digest, or add later ones to [calendar] deferred",
        )


def effective(case: Case) -> Iterator[str]:
    """Yield the configuration in effect as TOML, with where each value is from, and without secrets."""
    yield f"# In effect: {case.path}, the environment over it; relative paths start from {case.config.folder}"
    tables = [(f"[{name}]", name, one) for name, one in asdict(case.config).items() if isinstance(one, dict)]
    tables += [("[[view]]", f"view {number}", asdict(view)) for number, view in enumerate(case.config.views, 1)]
    tables += [
        ("[[annotate]]", f"annotate {number}", asdict(one)) for number, one in enumerate(case.config.annotators, 1)
    ]
    for heading, section, values in tables:
        yield heading
        for key, value in values.items():
            if (section, key) == ("store", "url") and not value.startswith("sqlite:"):
                # Not only before the host: a server's address may have a password among its options, after "?".
                value = re.sub(r"\?.*", f"?{HIDDEN}", value)  # noqa: PLW2901 - what is shown of it
            text = masked(json.dumps(value, ensure_ascii=False))  # of texts, numbers and lists, JSON is TOML
            shown = "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in text)
            yield f"{key} = {shown}  # {case.origins.get((section, key), 'default')}"


def check_folders(case: Case) -> Iterator[Result]:
    """See whether each folder can be written, or made, whether there is room, and whether the index finds its place."""
    config, database = case.config, case.config.database
    places = {"digests": config.output, "raw pages": config.raw, "day records": config.records}
    places["database"] = database.parent if database else None
    for name, place in places.items():
        if place is None:
            continue
        parent = _existing(place)
        advice = f"{parent} cannot be written; change its owner or the configuration"
        # Not by pathlib, which raises where we may not look.
        is_writable = os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK)  # noqa: PTH112
        is_made = os.path.lexists(place) or not is_writable
        yield judge(f"{name} in {place}{'' if is_made else ' (not made yet)'}", advice, _FAILS, is_well=is_writable)
    try:
        free = shutil.disk_usage(_existing(config.output)).free
    except OSError as error:  # a link that leads nowhere
        yield Result(f"{config.output} has no room: {error.strerror}", "fix that, or change the configuration", _FAILS)
    else:
        words = f"{free // (1024 * 1024)} MiB free for the digests"
        yield judge(words, "make room", _FAILS, is_well=free >= _LEAST_FREE)
    if config.records is None:
        advice = 'set [store] records = "data"; `digest verify --repair` writes those of the stored days'
        yield Result("no day records: what the database loses is lost", advice)


def check_index(case: Case) -> Iterator[Result]:
    """See whether the index finds its place: a link or a text of somebody's own is left alone."""
    readme = case.config.output / "README.md"
    try:
        text = None if readme.is_symlink() else Folder(readme.parent).read(readme.name)
    except StoreError as error:
        yield Result(f"no index: {error}", "replace it with a text file, or remove it", error.exit_code)
        return
    if readme.is_symlink():
        yield Result(f"{readme} is a symbolic link, and gets no index", "put a file in its place")
    elif text is not None and split(text) is None:
        advice = "put <!-- digest:begin --> and <!-- digest:end --> where the index should stand, once each"
        yield Result(f"{readme} has not just one pair of markers, and gets no index", advice)


def _existing(place: Path) -> Path:
    return next((parent for parent in (place, *place.absolute().parents) if os.path.lexists(parent)), Path("/"))
