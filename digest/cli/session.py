"""One use of the command line: its options, its configuration, the archive that it opens.

Heavy imports stand inside the functions that need them: a start-up is part of the product.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

import click

from digest.errors import ConfigError, DigestError, LockHeldError, StoreError, UsageError, gravest, how_many, named

if TYPE_CHECKING:
    from pathlib import Path

    from digest.archive.archive import Archive
    from digest.cli.console import Console
    from digest.config.settings import Config
    from digest.fetch.client import Client
    from digest.model import MachineClock
    from digest.store.whole import Store


_IN_MEMORY = "sqlite://"  # SQLAlchemy's address of a database without a file


class Session:
    """What the options before the command say. ``environment`` goes over the configuration file.

    ``machine`` is the clock that requests are spaced by and jobs are timed by; it is never set by ``--now``.
    ``only_reads``: the archive is read as where nothing can be written: no record is taken in, no database made.
    """

    def __init__(
        self,
        console: Console,
        config_path: Path | None,
        now: datetime,
        *,
        environment: Mapping[str, str] = os.environ,
        machine: MachineClock = time,
        verbose: bool = False,
        only_reads: bool = False,
    ) -> None:
        self.console = console
        self.now = now
        self.environment = environment
        self.verbose = verbose
        self.machine = machine
        self._only_reads = only_reads
        self._started = machine.monotonic()
        self._named_config = config_path
        self.damage = 0
        """The exit code that records deserve which could not be read, once an archive was opened to read it."""

    @cached_property
    def config_path(self) -> Path:
        """The file that the configuration is from.

        Raises:
            ConfigError: there is none.
        """
        from pathlib import Path

        if self._named_config:
            return self._named_config
        if named := self.environment.get("DIGEST_CONFIG"):
            return Path(named)
        places = (Path("config.toml"), Path(click.get_app_dir("digest"), "config.toml"))
        for place in places:
            if place.is_file():
                return place
        raise ConfigError(
            f"no configuration file (looked for {' and '.join(map(str, places))}); "
            "name one with --config FILE, or set up an archive with `digest init DIR`"
        )

    @cached_property
    def config(self) -> Config:
        """The configuration, loaded at first use.

        Raises:
            ConfigError: there is none, or it is wrong.
        """
        from digest.config import load, retired_keys
        from digest.config.paths import odd_names

        path = self.config_path
        config = load(path, self.environment)
        self.console.hide(self._secrets(config))  # before anything is said: a message may quote an address
        unused = [f"{key} has no effect in this version" for key in config.unused]
        # An odd name is refused in a new archive; one that has files by it already goes on, with a warning.
        for words in (*unused, *odd_names(config), *retired_keys(path)):
            self.console.say(f"{path}: {words}", "warning")
        return config

    def _secrets(self, config: Config) -> Iterator[str]:
        # Not before something is said: to read addresses, files are opened, and most commands say nothing.
        from digest.notify import secrets_of

        yield from secrets_of(config, self.environment)

    @property
    def later(self) -> datetime:
        """The time by now: that of ``--now`` goes on while a job works."""
        return self.now + timedelta(seconds=self.machine.monotonic() - self._started)

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

    def require_manners(self, *, harvests: bool = False) -> None:
        """See to it that arXiv (``harvests``: OAI-PMH, too) can be asked: slowly, and (a warning) with a contact.

        Raises:
            ConfigError: the configured delay is shorter than arXiv's rules allow.
        """
        from digest.config.checks import require_manners

        try:
            require_manners(self.config.arxiv, harvests=harvests)
        except ConfigError as error:
            raise ConfigError(f"{self.config_path}: {error}") from error
        if not self.config.arxiv.contact:
            self.console.say("[arxiv] contact is empty: arXiv has nobody to write to before it blocks you", "warning")

    @contextmanager
    def open_archive(self, store_url: str, database: Path | None, *, is_fixed: bool = False) -> Iterator[Archive]:
        """Open the archive's edges: the store (``is_fixed``: only to be read), the templates, a client of arXiv.

        Raises:
            DamageError: there is no database, or nothing in it, and git has day records that are not here.
        """
        from digest.archive.archive import Archive, IndexTemplates
        from digest.archive.clone import require_records, restore_advice
        from digest.cli.logs import log_to
        from digest.config.resources import built_in_template, read_calendar, read_template
        from digest.disk.files import is_absent
        from digest.render.digest import DigestTemplate
        from digest.store.light import open_light

        config = self.config
        log_to(self.console, verbose=self.verbose)
        if is_new := config.database is not None and is_absent(config.database):
            require_records(config)
        source = read_template(config.digest.template, config.folder)
        settings = config.digest
        template = DigestTemplate(source, settings.template, config.sections, front_matter=settings.front_matter)
        indexes = IndexTemplates(built_in_template("index"), built_in_template("year"))

        def open_store() -> Store:
            from digest.store.whole import Store

            return Store(store_url, database, is_fixed=is_fixed, way_out=restore_advice(config))

        with ExitStack() as opened:
            light = None if is_fixed or database is None else open_light(database)
            edges = (light, open_store, partial(self._new_client, opened))
            archive = Archive(config, read_calendar(config.calendar.dates), *edges, template, indexes, self.now)
            archive.is_new = is_new
            opened.callback(archive.close)
            if light is None:
                _ = archive.store  # what is wrong with it is said now
            yield archive

    def _new_client(self, opened: ExitStack, archive: Archive) -> Client:
        from digest.fetch.client import Client, new_session

        arxiv = self.config.arxiv
        http = opened.enter_context(new_session(arxiv.contact, arxiv.pages_url))
        return Client(http, archive, self.machine, arxiv.pages_delay, arxiv.timeout, feeds_delay=arxiv.feeds_delay)

    @contextmanager
    def reading(
        self, may_take_in: Callable[[Archive], bool] = lambda _archive: True, *, whole: bool = True
    ) -> Iterator[Archive]:
        """Open the archive to read it: nothing is made, but a lost database from the records that are here.

        Records that the database lacks are taken in, if it is there and ``may_take_in`` agrees; ``whole``: with all
        entries, else what their headers tell may be all. Where nothing can be written, a lost database is made in
        memory, and one that is there is read as it is.

        Raises:
            StoreError: all entries are needed, and the database cannot take them in here.
            LockHeldError: the same, because a run is at work.
        """
        from digest.archive.days import has_unloaded_ledger, unloaded_records
        from digest.disk.files import is_absent

        config = self.config
        is_new = config.database is not None and is_absent(config.database)
        has_records = config.records is not None and not is_absent(config.records)
        is_fixed = self.is_fixed
        # An archive in which nothing is stored yet reads as an empty one, held in memory: whoever looks makes nothing.
        in_memory = is_new and (is_fixed or not has_records)
        place = (_IN_MEMORY, None) if in_memory else (config.store_url, config.database)
        with self.open_archive(*place, is_fixed=is_fixed and not in_memory) as archive:
            takes_in = is_new or may_take_in(archive)
            lacks_entries = whole and takes_in and bool(archive.snapshot.unloaded)
            if lacks_entries or (takes_in and (unloaded_records(archive) or has_unloaded_ledger(archive))):
                self._load_records(archive, in_memory=in_memory, whole=whole)
            yield archive
            self._tell(archive.damage)

    @property
    def is_fixed(self) -> bool:
        """Whether the archive's database is a file that is not to be written here, as on a read-only disk."""
        from digest.store.file import can_be_written

        database = self.config.database
        return database is not None and (self._only_reads or not can_be_written(database))

    def _load_records(self, archive: Archive, *, in_memory: bool, whole: bool) -> None:
        from digest.archive.days import load_records, unloaded_records
        from digest.disk.files import hold_lock

        lacking = len(archive.snapshot.unloaded) if whole else 0
        if self.is_fixed and not in_memory and lacking:
            words = f"the entries of {how_many(lacking, 'day')} were not loaded yet, and it cannot be written here"
            way_out = "`digest rebuild` loads them, where it can be written or on a copy of the archive"
            raise StoreError(f"{self.config.database}: {words}; {way_out}")
        if self.is_fixed and not in_memory:
            words = "the day records hold more, and it cannot be written here: that is not shown"
            self.console.say(f"{self.config.database}: {words}", "warning")
            return
        try:
            # Nobody else can see a database in memory, and the lock's folder may be read-only, too.
            with nullcontext() if in_memory else hold_lock(self.config.lock):
                failures = load_records(archive, self.console.track, whole=whole).failures
        except LockHeldError:
            if lacking or not archive.snapshot.days:  # what is there would pass for nothing
                raise
            unread = unloaded_records(archive) if whole else []
            words = "another run is at work; what it does is not shown yet"
            if unread:  # they would be missed in what goes through all days
                self._tell([LockHeldError(f"{words}: {named(unread, most=3)}; try again when it is over")])
            else:
                self.console.say(words, "warning")
            return
        self._tell(failures)

    def _tell(self, failures: Sequence[DigestError]) -> None:
        for failure in failures:
            self.console.fail(failure)
        self.damage = gravest([self.damage, *(failure.exit_code for failure in failures)])


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


def user_folder(environment: Mapping[str, str], variable: str, default: str) -> Path:
    """Return the folder of the user's that a variable names, else one below the home.

    Source: https://specifications.freedesktop.org/basedir-spec/, by which a relative path names none.

    Raises:
        StoreError: nobody knows where the home is.
    """
    from pathlib import Path

    named = Path(environment.get(variable, ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / default
    except RuntimeError as error:
        raise StoreError(f"expected a home folder or {variable}, found neither") from error
