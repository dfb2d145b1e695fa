"""The database: whether it can be opened, and what it tells of the runs before. It is not upgraded."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.clone import require_records
from digest.archive.days import read_record, record_paths
from digest.archive.products import digest_of
from digest.doctor.case import Case, Finding
from digest.errors import DamageError, DigestError, StoreError, TryLaterError, UsageError, quoted
from digest.jobs.regenerate import outdated_by_template
from digest.model import Day, RunSummary
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.store.engine import can_be_written, schemas
from digest.store.soundness import open_file
from digest.store.tables import SCHEMA

_TOO_OLD = timedelta(hours=26)
_SLACK = timedelta(minutes=5)
_LOOKED_AT = 100  # runs; `run` is not the only command that is noted


def check_database(case: Case) -> Iterator[Finding]:
    """Open the database as it is, if it is there."""
    database = case.config.database
    if database is not None and not os.path.lexists(database):
        yield from _absent(case)
        return
    before = list(_before_opening(database)) if database is not None else []
    yield from before
    if not before:
        yield from _opened(case)


def _absent(case: Case) -> Iterator[Finding]:
    try:
        require_records(case.config)
    except DamageError as error:
        yield Finding(str(error), exit_code=error.exit_code)
        return
    records = case.config.records
    if records is None or not records.is_dir():
        yield Finding("no database yet", "`digest run` makes it")
        return
    yield Finding("no database; the next run makes it from the day records, if it needs one")
    with suppress(UsageError), case.session.open_archive("sqlite://", None) as archive:  # a template is told elsewhere
        yield from list(_upgrades_of_records(archive))


def _given(day: Day, *_: object) -> Day:
    return day


def _upgrades_of_records(archive: Archive) -> Iterator[Finding]:
    """Tell by the day records alone what an upgrade left as it was."""
    outdated = older = 0
    for path in record_paths(archive):
        try:
            day, _ = read_record(archive, path)
            product = digest_of(archive, day.summary(""), partial(_given, day))
            found = {name: (archive.output.read(name), data) for name, data in product.make().items()}
        except StoreError as error:
            yield Finding(f"day record: {error}", "`digest verify` says more of it", error.exit_code)
            continue
        except UsageError:
            continue
        outdated += any(here is not None and here != data for here, data in found.values())
        older += day.parser_version < PARSER_VERSION or day.link_rules < LINK_RULES
    yield from _upgrades(outdated, older)


def _upgrades(outdated: int, older: int) -> Iterator[Finding]:
    """Tell how many days each command would touch that takes an upgrade to stored days."""
    if outdated:
        yield Finding(f"{outdated} digests were written by an older template", "`digest regenerate --outdated`")
    if older:
        how = "`digest replay --all` shows what today's would change, and with --write stores it"
        yield Finding(f"{older} days were read by older rules; {how}")


def is_ready(case: Case) -> bool:
    """Whether there is a database that can be opened without making or changing anything."""
    database = case.config.database
    return database is None or (database.exists() and not list(_before_opening(database)))


def _before_opening(database: Path) -> Iterator[Finding]:
    """Find what opening would change."""
    try:
        with open_file(database) as connection:
            (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    except (sqlite3.Error, OSError, TypeError, UnicodeDecodeError):  # the store says better what is wrong
        return
    if str(schema) in schemas()[1:]:
        yield Finding(f"database with the schema {schema}", f"the next run upgrades it to {SCHEMA}, and keeps a copy")
    if journal != "wal" and can_be_written(database):
        yield Finding(
            f"database with the journal mode {quoted(journal)}, not 'wal'",
            "the next run sets it; if this is said again, its disk cannot do it: no network drive, please",
        )


def _opened(case: Case) -> Iterator[Finding]:
    try:
        place = case.config.store_url, case.config.database
        with case.session.open_archive(*place, is_fixed=case.session.is_fixed) as archive:
            yield from list(_facts(archive, case))
    except StoreError as error:
        yield Finding(f"database: {error}", "mend the disk, or the database as `digest verify` says", error.exit_code)
    except UsageError as error:
        yield Finding("database not opened", "mend the template first", error.exit_code)
    except DigestError as error:
        yield Finding(f"database: {error}", "try again later", error.exit_code)


def _facts(archive: Archive, case: Case) -> Iterator[Finding]:
    days = archive.store.summaries()
    newest = f", the newest {max(day.date for day in days)}" if days else ""
    yield Finding(f"database with {len(days)} days{newest}")
    yield from _upgrades(outdated_by_template(archive), archive.store.count_read_before(PARSER_VERSION, LINK_RULES))
    runs = archive.store.runs(_LOOKED_AT)
    yield from _clock(archive, runs, case)
    yield from _last_run(runs, case.now)


def _clock(archive: Archive, runs: list[RunSummary], case: Case) -> Iterator[Finding]:
    """Find a clock that went back: what was done cannot be later than now.

    Runs bear the time that is decided by, pages the machine's own.
    """
    machine = datetime.fromtimestamp(case.session.machine.time(), UTC)
    known = [(run.started_at, case.now) for run in runs]
    known += [(page.fetched_at, machine) for page in archive.store.raw_pages()[-1:]]
    done, now = max(known, key=lambda pair: pair[0] - pair[1], default=(case.now, case.now))
    if done > now + _SLACK:
        words = f"the clock shows {now:%Y-%m-%d %H:%M}, but something was done here at {done:%Y-%m-%d %H:%M} already"
        yield Finding(words, "set the clock, by NTP if possible")


def _last_run(runs: list[RunSummary], now: datetime) -> Iterator[Finding]:
    last = next((run for run in runs if run.command == "run"), None)
    if last is None:
        yield Finding("no nightly run yet", "`digest run`")
        return
    is_old = now - last.started_at > _TOO_OLD
    how = "was cut short" if last.exit_code is None else f"ended with {last.exit_code}"
    words = f"the last nightly run, {last.started_at:%Y-%m-%d %H:%M} UTC, {how}"
    advice = ""
    if is_old:
        advice = "that is over a day ago: see to the schedule, and to this machine's clock"
    elif last.exit_code not in (None, 0, TryLaterError.exit_code):
        advice = "`digest status` tells what is open, `digest run -v` what happens"
    yield Finding(words, advice)
