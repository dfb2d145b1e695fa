"""A clone without a database: what its day records and git tell before one is made.

Everything here is light to load: most runs on a machine without a disk end with what this module says.
"""

from __future__ import annotations

import logging
import os
import posixpath
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.archive.markers import split
from digest.archive.recorded import read_header
from digest.archive.snapshot import Snapshot
from digest.calendar import is_weekend, today
from digest.config.paths import SCHEDULES, WORKFLOW, year_index_path
from digest.config.resources import read_calendar
from digest.disk.files import Folder, is_absent
from digest.errors import DamageError, GitError, StoreError, named
from digest.model import Ledger
from digest.records.day import is_record_path, record_path
from digest.records.state import LEDGER_PATH, parse_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from digest.calendar import Calendar
    from digest.config.settings import Config

log = logging.getLogger(__name__)

_README = "README.md"


def is_all_proven(config: Config, now: datetime) -> bool:
    """Whether there is no database, and the day records prove every listing date that is expected at ``now``.

    A day that somebody gave up counts. Where the records leave anything open (a look that waits for another, a digest
    that is not there, a damaged line), the answer is no: a run that loads them has to tell. So it is on a weekday on
    which arXiv defers, unless it was seen to: the run looks whether it announced after all. And so it is where a killed
    run left something to be committed or pushed.
    """
    if config.records is None or config.database is None or not is_absent(config.database):
        return False
    try:
        if not _has_newest(config, now):
            return False
        known = snapshot_of_records(config)
        if not (_proves(config, known, now) and _is_all_written(config, known) and _is_all_pushed(config)):
            return False
        require_records(config)  # more than is here
    except (DamageError, StoreError, GitError) as error:
        log.info("the day records alone do not show that there is nothing to do: %s", error)
        return False
    return True


def snapshot_of_records(config: Config) -> Snapshot:
    """Return what the folder of records knows, by the first line of each record.

    Raises:
        DamageError: one of them does not say what it should.
    """
    records = Folder(config.records or config.output)
    found = [read_header(records, path).summary for path in filter(is_record_path, records.paths(".jsonl"))]
    days = {(day.category, day.date): day for day in found}
    return Snapshot(days, _ledger(config), read_calendar(config.calendar.dates), config.start)


def calendar_of_records(config: Config) -> Calendar:
    """Return the calendar, with what the folder of records knows of arXiv's listings.

    Raises:
        DamageError: state.json does not say what it should.
    """
    return read_calendar(config.calendar.dates).corrected(_ledger(config).calendar_corrections)


def _ledger(config: Config) -> Ledger:
    data = Folder(config.records).read(LEDGER_PATH) if config.records else None
    return Ledger() if data is None else parse_ledger(data)


def _has_newest(config: Config, now: datetime) -> bool:
    """Whether the newest listings have records, or were given up: without, no other record has to be looked into."""
    ledger, records = _ledger(config), Folder(config.records or config.output)
    newest = calendar_of_records(config).newest_expected(now)
    return all(
        newest in ledger.losses_of(category) or records.has(record_path(category, newest))
        for category in config.arxiv.categories
    )


def _proves(config: Config, known: Snapshot, now: datetime) -> bool:
    """Whether a run would find nothing to ask arXiv for, and nothing to complain of."""
    if not known.days or known.ledger.readings or _may_surprise(known, now):
        return False
    newest = known.calendar.newest_expected(now)
    return all(
        known.start(category) is not None
        and known.status(category, now).is_settled
        and (known.is_proven(category, newest) or newest in known.ledger.losses_of(category))
        for category in config.arxiv.categories
    )


def _may_surprise(known: Snapshot, now: datetime) -> bool:
    """Whether arXiv may have announced today's listing although the table of deferrals says no."""
    day, calendar = today(now), known.calendar
    return calendar.is_pause(now) and not is_weekend(day) and day not in calendar.corrections


def _is_all_written(config: Config, known: Snapshot) -> bool:
    """Whether the digests are there, and the indexes, which a run writes last, lead to the newest of them."""
    output = Folder(config.output)
    newest = {category: known.days_of(category)[-1].date for category, _ in known.days}
    return all(map(output.has, _files_of(config, known))) and all(
        _is_indexed(config, output, category, when) for category, when in newest.items()
    )


def _files_of(config: Config, known: Snapshot) -> Iterator[str]:
    """Yield the paths of the digests of all these days, of the files of views, and of the archive's index."""
    yield _README
    for category, when in known.days:
        yield config.digest_path(category, when)
    for view in config.views:
        shown = {when for category, when in known.days if category in view.categories}
        yield from map(view.digest_path, shown)
        yield from view.feed_paths.values() if shown else ()


def _is_indexed(config: Config, output: Folder, category: str, when: date) -> bool:
    path = year_index_path(category, when.year)
    data = output.read(path)
    link = quote(posixpath.relpath(config.digest_path(category, when), posixpath.dirname(path)))
    # One without a pair of markers is its owner's: no run writes an index into it.
    return data is not None and (f"]({link})".encode() in data or split(data) is None)


def _is_all_pushed(config: Config) -> bool:
    """Whether no day record waits to be committed, and no commit to be pushed, where that is configured.

    Raises:
        GitError: git cannot tell.
    """
    settings = config.git
    if not settings.commit:
        return True
    from digest.git.remote import Remote  # noqa: PLC0415 - most runs end before it
    from digest.git.repository import open_repository  # noqa: PLC0415 - most runs end before it

    repository = open_repository(config.output)
    if repository.branch is None or any(change.path.endswith(".jsonl") for change in repository.changes()):
        return False
    return not settings.push or not Remote(repository, settings.remote, repository.branch).unpushed()


def uncommitted_records(config: Config) -> set[str]:
    """Return the paths of the records that differ from the last commit, where runs commit and git can tell."""
    if not config.git.commit or config.records is None:
        return set()
    from digest.git.repository import open_repository  # noqa: PLC0415 - most runs end before it

    try:
        repository = open_repository(config.output)
        prefix = repository.prefix_of(config.records)
        changes = repository.changes() if prefix is not None else []
    except GitError as error:  # the commit says so
        log.info("git cannot say which day records are committed: %s", error)
        return set()
    return {change.path.removeprefix(prefix or "") for change in changes if change.path.startswith(prefix or "")}


def has_records(config: Config) -> bool:
    """Whether there are day records to make a database from."""
    return config.records is not None and any(map(is_record_path, Folder(config.records).paths(".jsonl")))


def require_records(config: Config) -> None:
    """Refuse to begin without a database while git has day records that are not here: their days would be lost.

    Raises:
        DamageError: git has some.
    """
    if config.records is None:
        return
    place = Path(os.path.realpath(config.records))
    if not any(os.path.lexists(parent / ".git") for parent in (place, *place.parents)):
        return
    from digest.git.repository import find_repository  # noqa: PLC0415 - it starts programs

    try:
        repository = find_repository(place)
        if repository is None:
            return
        folder = place.relative_to(repository.root).as_posix()
        paths = {path: Path(path).relative_to(folder).as_posix() for path in repository.removed(folder)}
        lost = [path for path, inner in paths.items() if is_record_path(inner) or inner == LEDGER_PATH]
        if not lost:
            return
        options = "" if repository.known().issuperset(lost) else "--staged --worktree "
    except GitError as error:  # where runs commit, the commit says so
        log.info("git cannot say whether it has day records: %s", error)
        return
    words = f"{config.records}: git has {named(lost)}, and neither this folder nor a database does"
    way_out = f"`git restore {options}-- {shlex.quote(folder)}` in {repository.root} brings back what git has"
    raise DamageError(f"{words}; {way_out}")


def unkept_settings(config: Config, config_path: Path) -> Iterator[tuple[str, str]]:
    """Yield, in words, what an archive runs by and a clone would lack, and the way out.

    That is the configuration, the templates that it names, and what lets a machine run it: no run commits these.

    Raises:
        GitError: git cannot tell.
    """
    if not config.git.commit:
        return
    from digest.git.repository import find_repository  # noqa: PLC0415 - it starts programs

    repository = find_repository(config.output)
    if repository is None:
        return
    root = repository.root
    templates = [name for name in (config.digest.template, *(view.template for view in config.views)) if "." in name]
    places = [config_path, *(config.folder / name for name in (*templates, *SCHEDULES)), root / WORKFLOW]
    changes, outside = repository.unkept(filter(os.path.lexists, dict.fromkeys(places)))
    if lacking := [change.path for change in sorted(changes, key=lambda change: change.is_ignored)]:
        files = " ".join(map(shlex.quote, lacking))
        add, commit = (f"git -C {shlex.quote(str(root))} {words}" for words in ("add --force", "commit -m Settings"))
        yield f"not committed as it is now: {', '.join(lacking)}", f"`{add} -- {files} && {commit} -- {files}`"
    if outside:
        yield f"a clone of {root} lacks {', '.join(map(str, outside))}", "keep it in the repository"


def restore_advice(config: Config) -> str:
    """Return how a database that cannot be used comes back, in words for a person."""
    if config.database is None:
        return ""
    if config.records is not None and config.records.is_dir():
        return "`digest rebuild` (or `digest verify --repair`) puts it aside and makes a new one from the day records"
    try:
        require_records(config)
    except DamageError as error:
        return f"restore a backup of it, or the day records first: {error}"
    return "restore a backup of it: there are no day records to make a new one from"
