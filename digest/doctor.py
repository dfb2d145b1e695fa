"""What is right and wrong with this installation and its archive, and what to do about it. Offline."""

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from digest import __version__
from digest.calendar import expected_at
from digest.config import Config
from digest.errors import DigestError, StoreError, gravest
from digest.render import DigestTemplate
from digest.resources import built_in_template, read_calendar, read_template
from digest.store import Store

_LEAST_SQLITE = (3, 35, 0)  # the first with RETURNING
_LEAST_FREE = 100 * 1024 * 1024


@dataclass(frozen=True)
class _Finding:
    text: str
    advice: str = ""
    exit_code: int = 0


def examine(config: Config, now: datetime) -> tuple[list[str], int]:
    """Return the findings and the effective configuration, a line each, and the exit code they deserve."""
    findings = [finding for check in _CHECKS for finding in check(config, now)]
    lines = [_line(finding) for finding in findings]
    return [*lines, "", *_effective(config)], gravest(finding.exit_code for finding in findings)


def _line(finding: _Finding) -> str:
    mark = "FAIL" if finding.exit_code else "warn" if finding.advice else "ok  "
    return f"{mark}  {finding.text}" + (f": {finding.advice}" if finding.advice else "")


def _effective(config: Config) -> Iterator[str]:
    yield f"# in effect, with relative paths from {config.folder}"
    for section, values in asdict(config).items():
        if isinstance(values, dict):
            yield f"[{section}]"
            yield from (f"{key} = {_shown(key, value)}" for key, value in values.items())
    for view in config.views:
        yield "[[view]]"
        yield from (f"{key} = {_shown(key, value)}" for key, value in asdict(view).items())


def _shown(key: str, value: object) -> str:
    # The address of a database server may hold a password.
    if key == "url" and isinstance(value, str) and "@" in value:
        scheme, _, rest = value.partition("://")
        return f"'{scheme}://…@{rest.rpartition('@')[2]}'"
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _check_versions(_config: Config, _now: datetime) -> Iterator[_Finding]:
    yield _Finding(f"digest {__version__} on Python {platform.python_version()}")
    version = sqlite3.sqlite_version
    advice = "" if sqlite3.sqlite_version_info >= _LEAST_SQLITE else "a Python with SQLite 3.35 or newer is needed"
    yield _Finding(f"SQLite {version}", advice, 6 if advice else 0)
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        yield _Finding("SQLite has no full-text search", "a Python whose SQLite has FTS5 is needed", 6)


def _check_contact(config: Config, _now: datetime) -> Iterator[_Finding]:
    if config.arxiv.contact:
        yield _Finding(f"arXiv can write to {config.arxiv.contact}")
    else:
        yield _Finding("no contact", "set [arxiv] contact, so that arXiv can write before it blocks you")


def _check_templates(config: Config, _now: datetime) -> Iterator[_Finding]:
    yield _template(config, config.digest.template, "[digest] template", "classic")
    for view in config.views:
        yield _template(config, view.template, f"[[view]] {view.name!r} template", "full")


def _template(config: Config, name: str, key: str, built_in: str) -> _Finding:
    try:
        DigestTemplate(read_template(name, config.folder, key), name, config.sections)
        built_in_template("index")
    except DigestError as error:
        return _Finding(
            f"{key}: {str(error).removeprefix(f'{key}: ')}", f'mend it, or take "{built_in}"', error.exit_code
        )
    return _Finding(f"{key} {name}")


def _check_folders(config: Config, _now: datetime) -> Iterator[_Finding]:
    database = config.database
    places = {"digests": config.output, "raw pages": config.raw, "day records": config.records}
    places["database"] = database.parent if database else None
    for name, place in places.items():
        if place is not None:
            yield _folder(name, place)
    free = shutil.disk_usage(_existing(config.output)).free
    advice = "" if free >= _LEAST_FREE else "make room"
    yield _Finding(f"{free // (1024 * 1024)} MiB free for the digests", advice, 6 if advice else 0)


def _existing(place: Path) -> Path:
    return next((parent for parent in (place, *place.absolute().parents) if os.path.lexists(parent)), Path("/"))


def _folder(name: str, place: Path) -> _Finding:
    parent = _existing(place)
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return _Finding(f"{name} in {place}" + ("" if place.exists() else " (not made yet)"))
    return _Finding(f"{name} in {place}", f"{parent} cannot be written; change its owner or the configuration", 6)


def _check_store(config: Config, _now: datetime) -> Iterator[_Finding]:
    if config.database is not None and not os.path.lexists(config.database):
        yield _Finding("no database yet", "`digest run` makes it")
        return
    try:
        store = Store(config.store_url, config.database)
        days = store.summaries()
        store.close()
    except StoreError as error:
        yield _Finding(
            f"database: {error}",
            "mend the disk, or move it away: `digest rebuild` makes it again from day records",
            error.exit_code,
        )
    else:
        yield _Finding(
            f"database with {len(days)} days" + (f", the newest {max(day.date for day in days)}" if days else "")
        )


def _check_calendar(config: Config, now: datetime) -> Iterator[_Finding]:
    calendar = read_calendar(config.calendar.dates)
    newest = calendar.newest_expected(now)
    yield _Finding(f"the newest listing expected is {newest}, out since {expected_at(newest).isoformat()}")
    if calendar.is_guess(newest):
        yield _Finding(
            f"the calendar is guessing: arXiv's deferrals are known from {calendar.first_year} to {calendar.last_year}",
            "upgrade digest, or add later ones to [calendar] deferred",
        )


_CHECKS: tuple[Callable[[Config, datetime], Iterator[_Finding]], ...] = (
    _check_versions,
    _check_contact,
    _check_templates,
    _check_folders,
    _check_store,
    _check_calendar,
)
