"""One run of a job that changes the archive: under its lock, noted in the store, committed, told.

What a job needs is loaded with its archive: a run that ends before it opens one shall cost next to nothing.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from digest.archive.clone import is_all_proven, unkept_settings
from digest.archive.report import Report, day_fields
from digest.cli.termination import heeded
from digest.config.resources import read_calendar
from digest.decide import counted
from digest.disk.files import Folder, hold_lock
from digest.errors import DamageError, DigestError, GitError, StoreError
from digest.model import Ledger, Section
from digest.notify.due import recent_dates
from digest.notify.notifier import Notifier
from digest.records.state import LEDGER_PATH, parse_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, datetime

    from digest.archive.archive import Archive
    from digest.cli.session import Session
    from digest.config.settings import Config
    from digest.model import DaySummary

log = logging.getLogger(__name__)


class Runner:
    """Runs jobs for a use of the command line."""

    def __init__(self, session: Session) -> None:
        self._session = session
        session.log()

    def work(self, command: str, job: Callable[[Archive], Report]) -> Report:
        """Do a job under the archive's lock.

        Raises:
            LockHeldError: another run is at work.
        """
        with heeded(), hold_lock(self._session.config.lock):
            self._announce(command)
            return self._work(command, job)

    def nightly(self, job: Callable[[Archive], Report], categories: Collection[str] | None = None) -> Report:
        """Do the nightly job of ``categories`` (None: all) under the archive's lock, watched.

        Where nothing is to be done, nothing is opened.

        Raises:
            LockHeldError: another run is at work; it will tell.
        """
        session = self._session
        with heeded(), hold_lock(session.config.lock):
            self._announce("run")
            self._warn_of_settings()
            kept = session.config.arxiv.categories
            left_out = [] if categories is None else [name for name in kept if name not in categories]
            notifier = Notifier(session.config, session.environment, session.now, session.run_id, left_out)
            notifier.begin()
            try:
                if has_told_all(notifier, session.config, session.now) and is_all_proven(session.config, session.now):
                    return self._rest(notifier)
                return self._work("run", job, notifier)
            except KeyboardInterrupt:
                notifier.interrupted()
                raise
            except Exception as error:
                for failure in notifier.fail(error):
                    session.console.fail(failure)
                raise

    def _announce(self, command: str) -> None:
        log.debug("run id %s…: %s begins", self._session.run_id[:8], command)

    def _warn_of_settings(self) -> None:
        """Warn while a clone would lack what the archive runs by."""
        session = self._session
        with suppress(GitError):  # the commit fails then, too, and says so
            for words, way_out in unkept_settings(session.config, session.config_path.absolute()):
                log.warning("%s; %s", words, way_out)

    def _rest(self, notifier: Notifier) -> Report:
        report = Report(remarks=["nothing to do: the day records prove every listing that is expected"])
        _send(notifier, report)
        report.failures += notifier.end(report.succeeded, report.failures)
        self._tell(report, requests=0)
        return report

    def _work(self, command: str, job: Callable[[Archive], Report], notifier: Notifier | None = None) -> Report:
        session = self._session
        with session.open_archive(session.config.store_url, session.config.database) as archive:
            number = archive.store.begin_run(command, session.now, session.run_id)
            try:
                if notifier:
                    _open(notifier, session.config, session.now)
                report = job(archive)
                if notifier:
                    from digest.jobs.telling import prepare_messages

                    prepare_messages(archive, notifier, report)
                _commit(archive, report)
                if notifier and _send(notifier, report):
                    _commit(archive, report)
                if notifier:
                    report.failures += notifier.end(report.succeeded, report.failures)
            except DigestError as error:
                self._finish(archive, number, error.exit_code)
                raise
            # A bug or an interruption leaves the run unfinished, and "status" says so.
            try:
                self._finish(archive, number, report.exit_code)
            except StoreError as error:
                if not report.knows(error):
                    report.fail(command, error)
            self._tell(report, archive.client.requests_made)
        return report

    def _finish(self, archive: Archive, number: int, exit_code: int) -> None:
        requests = archive.client.requests_made
        archive.store.finish_run(number, self._session.later, exit_code=exit_code, requests=requests)

    def _tell(self, report: Report, requests: int) -> None:
        console = self._session.console
        console.answer(report.data(requests))
        if report.words:
            console.say(report.words)
        for day in report.changed:
            console.say(_summary_line(day), fields={"category": day.category} | day_fields(day))
        for remark in report.remarks:
            console.say(remark)
        for failure in report.failures:
            console.fail(failure)
        failed, code = len(report.failures), report.exit_code
        totals = {"ok": report.succeeded, "failed": failed, "requests": requests, "exit": code}
        console.say(" ".join(f"{name}={count}" for name, count in totals.items()), fields=totals)


def _commit(archive: Archive, report: Report) -> None:
    if archive.config.git.commit:
        from digest.archive.commit import commit  # it starts programs; most archives without it never do

        commit(archive, report)


def has_told_all(notifier: Notifier, config: Config, now: datetime) -> bool:
    """Whether nothing is left to tell, by what the day records tell of the calendar."""
    try:
        return not notifier.is_needed or notifier.is_all_told(_dates(config, now))
    except (DamageError, StoreError):  # the run tells of it
        return False


def _open(notifier: Notifier, config: Config, now: datetime) -> None:
    """Note from when on there is something to tell."""
    try:
        if notifier.is_needed:
            notifier.open(_dates(config, now))
    except (DamageError, StoreError) as error:  # the messages of this run meet it again, and say so
        log.info("it is not noted yet from when on there is something to tell: %s", error)


def _dates(config: Config, now: datetime) -> list[date]:
    data = Folder(config.records).read(LEDGER_PATH) if config.records else None
    ledger = Ledger() if data is None else parse_ledger(data)
    return recent_dates(read_calendar(config.calendar.dates).corrected(ledger.calendar_corrections), now)


def _send(notifier: Notifier, report: Report) -> bool:
    """Send the messages; return whether what was told is to be committed once more."""
    sent = notifier.tell(report.failures)
    report.written += sent.written
    report.failures += sent.failures
    return sent.is_changed


def _summary_line(day: DaySummary) -> str:
    counts = " ".join(f"{section}={counted(day, section)}" for section in Section)
    return f"date={day.date} category={day.category} state={day.state} {counts} source={day.source}"
