"""One use of the command line: its options, its configuration, the archive that it opens.

Heavy imports stand inside the functions that need them: a start-up is part of the product.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

import click

from digest.errors import ConfigError, LockHeldError, MissingError, NotifyError, StoreError, UsageError, gravest, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.archive.report import Report
    from digest.cli.console import Console
    from digest.config.settings import Config
    from digest.fetch.client import Machine


_IN_MEMORY = "sqlite://"


class Session:
    """What the options before the command say. ``environment`` goes over the configuration file.

    ``machine`` is the clock that requests are spaced by and jobs are timed by; it is never set by ``--now``.
    """

    def __init__(
        self,
        console: Console,
        config_path: Path | None,
        now: datetime,
        *,
        environment: Mapping[str, str] = os.environ,
        machine: Machine = time,
        verbose: bool = False,
    ) -> None:
        self.console = console
        self.now = now
        self._config_path = config_path
        self.environment = environment
        self._verbose = verbose
        self.machine = machine
        self._started = machine.monotonic()
        self._origin = config_path
        self._config: Config | None = None
        self.damage = 0
        """The exit code that damaged records deserve, once an archive was opened to read it."""

    @property
    def config(self) -> Config:
        """The configuration, loaded at first use.

        Raises:
            ConfigError: there is none, or it is wrong.
        """
        if self._config is None:
            from digest.config import load, retired_keys
            from digest.config.paths import odd_names

            self._origin = self.config_path
            self._config = load(self._origin, self.environment)
            self.console.hide(self._secrets(self._config))
            for key in self._config.unused:
                self.console.say(f"{self._origin}: {key} has no effect in this version", "warning")
            for words in (*odd_names(self._config), *retired_keys(self._origin)):  # new odd ones are refused
                self.console.say(f"{self._origin}: {words}", "warning")
        return self._config

    def _secrets(self, config: Config) -> Iterator[str]:
        from digest.config import secrets

        yield from secrets.of_environment(self.environment)
        yield from secrets.of_address(config.store.url)
        for place in filter(None, (*config.notify.urls, config.notify.health)):
            yield from self._secrets_at(place, config)

    def _secrets_at(self, place: str, config: Config) -> Iterator[str]:
        from digest.config.secrets import of_channel
        from digest.notify import read_addresses

        with suppress(NotifyError):  # whoever needs it says so
            for address in read_addresses(place, self.environment, config.folder):
                yield from of_channel(address.url)

    @property
    def later(self) -> datetime:
        """The time by now: that of ``--now`` goes on while a job works."""
        from datetime import timedelta

        return self.now + timedelta(seconds=self.machine.monotonic() - self._started)

    @property
    def run_id(self) -> str:
        """The run id: a UUID, which the JSON lines of this use of the command line, its row and its pings bear."""
        return self.console.run_id

    def log(self) -> None:
        """Send the log to the console from now on."""
        from digest.cli.logs import log_to

        log_to(self.console, verbose=self._verbose)

    @property
    def config_path(self) -> Path:
        """The file that the configuration is from.

        Raises:
            ConfigError: there is none.
        """
        return self._config_path or _find_config(self.environment)

    def chosen(self, names: Sequence[str]) -> Sequence[str]:
        """Return the categories to work on: ``names``, or all that are configured.

        Raises:
            UsageError: one of them is malformed or not kept here.
        """
        kept = self.config.arxiv.categories
        for name in names:
            checked_category(name)
            if name not in kept:
                raise UsageError(f"category {name} is not kept here ({', '.join(kept)}); add it to [arxiv] categories")
        return list(dict.fromkeys(names)) or kept

    def require_manners(self) -> None:
        """See to it that arXiv can be asked: slowly enough, and (a warning) with a contact in the User-Agent.

        Raises:
            ConfigError: the configured delay is shorter than arXiv's rules allow.
        """
        from digest.config.checks import require_manners

        try:
            require_manners(self.config.arxiv)
        except ConfigError as error:
            raise ConfigError(f"{self._origin}: {error}") from error
        if not self.config.arxiv.contact:
            self.console.say("[arxiv] contact is empty; arXiv cannot write before it blocks you", "warning")

    @contextmanager
    def open_archive(self, store_url: str, database: Path | None, *, is_fixed: bool = False) -> Iterator[Archive]:
        """Open the archive's edges: the store (``is_fixed``: only to be read), the templates, a client of arXiv.

        Raises:
            DamageError: there is no database, or nothing in it, and git has day records that are not here.
        """
        from digest.archive.archive import Archive, IndexTemplates
        from digest.archive.clone import require_records, way_back
        from digest.config.resources import built_in_template, read_calendar, read_template
        from digest.fetch.client import Client, new_session
        from digest.render.digest import DigestTemplate
        from digest.store import Store

        config = self.config
        self.log()
        if config.database is not None and _is_absent(config.database):
            require_records(config)
        source = read_template(config.digest.template, config.folder)
        template = DigestTemplate(source, config.digest.template, config.sections)
        indexes = IndexTemplates(built_in_template("index"), built_in_template("year"))
        store = Store(store_url, database, is_fixed=is_fixed, way_out=way_back(config))
        with new_session(config.arxiv.contact, config.arxiv.pages_url) as http:
            arxiv = config.arxiv
            client = Client(http, store, self.machine, arxiv.pages_delay, arxiv.timeout, feeds_delay=arxiv.feeds_delay)
            try:
                yield Archive(config, read_calendar(config.calendar.dates), store, template, indexes, client, self.now)
            finally:
                store.close()

    def work(self, command: str, job: Callable[[Archive], Report]) -> Report:
        """Do a job that changes the archive, under its lock, and tell how it went.

        Raises:
            LockHeldError: another run is at work.
        """
        from digest.cli.runner import Runner

        return Runner(self).work(command, job)

    def nightly(self, job: Callable[[Archive], Report], categories: Sequence[str] | None = None) -> Report:
        """Do the nightly job of ``categories`` (None: all) as ``work`` does, and let others hear how it goes.

        Where there is no database, and the day records prove that nothing is missing, nothing is opened at all.

        Raises:
            LockHeldError: another run is at work; it will tell.
        """
        from digest.cli.runner import Runner

        return Runner(self).nightly(job, categories)

    @contextmanager
    def reading(self, may_take_in: Callable[[Archive], bool] = lambda _archive: True) -> Iterator[Archive]:
        """Open the archive to read it: nothing is made, but a lost database from the records that are here.

        Records that the database lacks are taken in, if it is there and ``may_take_in`` agrees. Where nothing can be
        written, a lost database is made in memory, and one that is there is read as it is.
        """
        from digest.archive.days import has_unloaded_ledger, unloaded_records

        config = self.config
        is_new = config.database is not None and _is_absent(config.database)
        has_records = config.records is not None and not _is_absent(config.records)
        is_fixed = self.is_fixed
        # An archive in which nothing is stored yet reads as an empty one, held in memory.
        in_memory = is_new and (is_fixed or not has_records)
        place = (_IN_MEMORY, None) if in_memory else (config.store_url, config.database)
        with self.open_archive(*place, is_fixed=is_fixed and not in_memory) as archive:
            takes_in = is_new or may_take_in(archive)
            if takes_in and (unloaded_records(archive) or has_unloaded_ledger(archive)):
                self._load_records(archive, in_memory=in_memory)
            yield archive

    @property
    def is_fixed(self) -> bool:
        """Whether the archive's database is a file that cannot be written here, as on a read-only disk."""
        from digest.store.engine import can_be_written

        return self.config.database is not None and not can_be_written(self.config.database)

    @contextmanager
    def undisturbed(self, archive: Archive) -> Iterator[None]:
        """See to it that no run changes the archive while it is looked at; a run is not kept from its work.

        Raises:
            LockHeldError: a run was at work, before or meanwhile.
        """
        self._require_idle()
        last = archive.store.runs(limit=1)
        yield
        self._require_idle()
        if archive.store.runs(limit=1) != last:
            raise LockHeldError("another run was at work meanwhile; say it again")

    def _require_idle(self) -> None:
        from digest.disk.files import hold_lock

        with suppress(StoreError), ExitStack() as stack:  # where it cannot be written, no run can be at work
            if self.config.lock.exists():
                stack.enter_context(hold_lock(self.config.lock))

    def _load_records(self, archive: Archive, *, in_memory: bool) -> None:
        from digest.archive.days import load_records
        from digest.disk.files import hold_lock

        if self.is_fixed and not in_memory:
            words = "the day records hold what it has not, and it cannot be written here: that is not shown"
            self.console.say(f"{self.config.database}: {words}", "warning")
            return
        try:
            with nullcontext() if in_memory else hold_lock(self.config.lock):
                failures = load_records(archive, self.console.track).failures
        except LockHeldError:
            self.console.say("another run is at work; what it does is not shown yet", "warning")
            return
        for failure in failures:
            self.console.fail(failure)
        self.damage = gravest(failure.exit_code for failure in failures)

    def parse_dates(self, text: str, categories: Sequence[str] = ()) -> tuple[date | None, date | None]:
        """Return the first and the last date of DATE, FROM..TO, FROM.. or ..TO; None for an end that is left out.

        ``categories``: of which the latest is meant (default: all configured).

        Raises:
            UsageError: it is none of these.
            MissingError: the latest is asked for, and nothing is stored yet.
        """
        first, dots, last = text.partition("..")
        start = self.parse_date(first, categories) if first or not dots else None
        end = self.parse_date(last, categories) if last else None
        if start is not None and end is not None and end < start:
            raise UsageError(f"expected FROM..TO in this order, found {text}")
        return start, end if dots else start

    def parse_date(self, text: str, categories: Sequence[str] = ()) -> date:
        """Return the date that ``text`` names: YYYY-MM-DD, today, yesterday (New York's) or latest.

        The latest is the newest stored date of ``categories`` (default: all configured).

        Raises:
            UsageError: it names none.
            MissingError: nothing is stored yet, so that there is no latest.
        """
        from datetime import date, timedelta

        from digest.calendar import YEARS

        if text in ("today", "yesterday"):
            from digest.calendar import today

            return today(self.now) - timedelta(days=text == "yesterday")
        if text == "latest":
            return self._latest(categories or self.config.arxiv.categories)
        try:
            # fromisoformat alone takes other forms too, such as 20211020 and 2021-W42-3.
            day = date.fromisoformat(text if len(text) == 10 and "W" not in text else "")
        except ValueError as error:
            expected = "a date such as 2021-10-20, today, yesterday or latest"
            raise UsageError(f"expected {expected}, found {quoted(text)}") from error
        if day.year not in YEARS:
            raise UsageError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {day.year}")
        return day

    def _latest(self, categories: Sequence[str]) -> date:
        with self.reading() as archive:
            dates = [day.date for day in archive.snapshot.summaries if day.category in categories]
        if not dates:
            raise MissingError("nothing is stored yet; `digest run` fetches the newest listing")
        return max(dates)


def _find_config(environment: Mapping[str, str]) -> Path:
    from pathlib import Path

    named = environment.get("DIGEST_CONFIG")
    if named:
        return Path(named)
    places = (Path("config.toml"), Path(click.get_app_dir("digest"), "config.toml"))
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        f"no configuration file (looked for {' and '.join(map(str, places))}); "
        "name one with --config FILE, or set up an archive with `digest init DIR`"
    )


def _is_absent(path: Path) -> bool:
    """Whether nothing is at ``path``; where we may not look, something may be."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def checked_category(name: str) -> str:
    """Return ``name`` if it can be an arXiv category.

    Raises:
        UsageError: it is malformed.
    """
    from digest.config.checks import check_category

    try:
        check_category(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return name
