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
from digest.decide import counted
from digest.disk import hold_lock
from digest.errors import DigestError, GitError, StoreError
from digest.model import Section
from digest.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from digest.archive.archive import Archive
    from digest.cli.session import Session
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
            watch = Watch(session.config, session.environment, session.now, session.run_id, categories)
            watch.begin()
            try:
                if watch.is_calm and is_all_proven(session.config, session.now):
                    return self._rest(watch)
                return self._work("run", job, watch)
            except KeyboardInterrupt:
                watch.interrupted()
                raise
            except Exception as error:
                for failure in watch.fail(error):
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

    def _rest(self, watch: Watch) -> Report:
        report = Report(remarks=["nothing to do: the day records prove every listing that is expected"])
        watch.tell(report)
        watch.end(report)
        self._tell(report, requests=0)
        return report

    def _work(self, command: str, job: Callable[[Archive], Report], watch: Watch | None = None) -> Report:
        from digest.archive.commit import commit

        session = self._session
        with session.open_archive(session.config.store_url, session.config.database) as archive:
            number = archive.store.begin_run(command, session.now, session.run_id)
            try:
                if watch:
                    watch.open()
                report = job(archive)
                if watch:
                    watch.prepare(archive, report)
                commit(archive, report)
                if watch and watch.tell(report):
                    commit(archive, report)
                if watch:
                    watch.end(report)
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


def _summary_line(day: DaySummary) -> str:
    counts = " ".join(f"{section}={counted(day, section)}" for section in Section)
    return f"date={day.date} category={day.category} state={day.state} {counts} source={day.source}"
