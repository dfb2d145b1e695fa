"""One run of a job that changes the archive: begun under its lock, done, committed, told, ended.

What a job needs is loaded with its archive: a run that ends before it opens one shall cost next to nothing.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from digest.archive.clone import calendar_of_records, is_all_proven, unkept_settings
from digest.archive.report import Report, day_fields
from digest.cli.logs import log_to
from digest.config.settings import Notify
from digest.decide import counted
from digest.disk.files import hold_lock
from digest.errors import DigestError, GitError, StoreError, UsageError
from digest.notify.notifier import Notifier
from digest.terms import Section

if TYPE_CHECKING:
    from types import FrameType

    from digest.archive.archive import Archive
    from digest.cli.session import Session
    from digest.config.settings import Config

    Job = Callable[[Archive], Report]

log = logging.getLogger(__name__)

_FILES = "files"
"""What the host that writes files has to itself, beside categories."""

_WITHOUT_FILES = ("run", "fetch", "accept", "backfill", "import")
"""The commands of a host that only brings days in."""


def work(session: Session, command: str, job: Job) -> Report:
    """Do a job under the archive's lock, and say how it went.

    Raises:
        LockHeldError: another run is at work.
    """
    config = session.config
    if not config.writes_files and command.split(maxsplit=1)[0] not in _WITHOUT_FILES:
        words = f"host {config.host} only brings days in; {config.git.host} writes the files ([git] host)"
        raise UsageError(f"`digest {command.split(maxsplit=1)[0]}`: {words}")
    with _begun(session, command):
        return _work(session, command, job)


def nightly(session: Session, job: Job, categories: Collection[str] | None = None) -> Report:
    """Do the nightly job of ``categories`` (None: all) as ``work`` does, and let others hear how it goes.

    Where there is no database, and the day records prove that nothing is missing, nothing is opened at all.

    Raises:
        LockHeldError: another run is at work; it will tell.
    """
    config, now = session.config, session.now
    with _begun(session, "run"):
        with suppress(GitError):  # the commit fails then, too, and says so
            for words, way_out in unkept_settings(config, session.config_path.absolute()):
                log.warning("%s; %s", words, way_out)
        left_out = [name for name in config.arxiv.categories if categories is not None and name not in categories]
        # Of several hosts, the one that writes files tells of them.
        telling = config if config.writes_files else replace(config, notify=Notify())
        notifier = Notifier(telling, session.environment, now, session.console.run_id, left_out)
        # A health check that hears nothing raises the alarm: it is told also when there is nothing to do.
        notifier.begin()
        try:
            if not (has_told_all(notifier, config) and is_all_proven(config, now)):
                return _work(session, "run", job, notifier)
            report = Report(remarks=["nothing to do: the day records prove every listing that is expected"])
            _send(notifier, report)
            report.failures += notifier.end(report.succeeded, report.failures)
            _say(session, report, requests=0)
        except KeyboardInterrupt:
            notifier.interrupted()
            raise
        except Exception as error:
            for failure in notifier.fail(error):
                session.console.fail(failure)
            raise
        return report


class Terminated(KeyboardInterrupt):
    """The process was asked to end; the exit code is as shells have it, 128 and the signal's number."""

    exit_code = 128 + signal.SIGTERM


@contextmanager
def _begun(session: Session, command: str) -> Iterator[None]:
    """Begin a run: its log goes to the console, SIGTERM ends it in order, and the archive is its own meanwhile."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    log_to(session.console, verbose=session.verbose)
    # systemd and `kill` send SIGTERM. As an exception it lets a run clear up its files, and end a git that it started.
    is_main = threading.current_thread() is threading.main_thread()  # Python lets no other handle a signal
    before = signal.signal(signal.SIGTERM, terminate) if is_main else None
    try:
        with hold_lock(session.config.lock):
            log.debug("run id %s…: %s begins", session.console.run_id[:8], command)
            yield
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def _work(session: Session, command: str, job: Job, notifier: Notifier | None = None) -> Report:
    """Begin a run, do its job, commit, tell, end the run; ``notifier``: who tells others."""
    with (
        session.open_archive(session.config.store_url, session.config.database) as archive,
        archive.having(_parts(session.config, command)),
    ):
        number = archive.begin_run(command, session.console.run_id)

        def end(exit_code: int) -> None:
            archive.finish_run(number, session.later, exit_code)

        try:
            if notifier and notifier.is_needed:
                with suppress(StoreError):  # the messages of this run meet it again, and say so
                    notifier.open(calendar_of_records(session.config))
            report = job(archive)
            # A day is told of once it is pushed, and noted as told once it was told: hence the second commit. A run
            # that is stopped in between tells twice perhaps, and never not at all.
            if notifier:
                from digest.jobs.messages import prepare_messages

                prepare_messages(archive, notifier, report)
            _commit(archive, report)
            if notifier:
                if _send(notifier, report):
                    _commit(archive, report)
                report.failures += notifier.end(report.succeeded, report.failures)
                if session.config.annotators and not report.is_ended:
                    _annotate(session, archive, report)
        except DigestError as error:
            end(error.exit_code)
            raise
        # A bug or an interruption leaves the run unfinished, and "status" says so.
        try:
            end(report.exit_code)
        except StoreError as error:
            report.note(command, error)
        _say(session, report, archive.requests_made)
    return report


def _parts(config: Config, command: str) -> list[str]:
    """Return what of a shared archive a job needs for itself: a run takes one category after another."""
    return [*([] if command == "run" else config.arxiv.categories), *([_FILES] if config.writes_files else [])]


def _annotate(session: Session, archive: Archive, report: Report) -> None:
    """Let programs of the user's own say something of the papers: nobody waits for a day that is stored and told."""
    from digest.jobs.annotate import Edges, annotate_night

    if not archive.config.writes_files:
        return
    before = len(report.written)
    annotate_night(archive, report, Edges(lambda: session.later, session.environment))
    if len(report.written) > before:
        _commit(archive, report)


def _commit(archive: Archive, report: Report) -> None:
    if archive.config.git.commit and archive.config.writes_files:
        from digest.archive.commit import commit  # it starts programs; most archives without it never do

        commit(archive, report)


def has_told_all(notifier: Notifier, config: Config) -> bool:
    """Whether nothing is left to tell, by what the day records tell of the calendar."""
    try:
        return not notifier.is_needed or notifier.is_nothing_due(calendar_of_records(config))
    except StoreError:  # the run tells of it
        return False


def _send(notifier: Notifier, report: Report) -> bool:
    """Send the messages; return whether more was told by then, so that it has to be committed, too."""
    sent = notifier.tell(report.failures)
    report.written += sent.written
    report.failures += sent.failures
    return sent.is_changed


def _say(session: Session, report: Report, requests: int) -> None:
    """Say what a run changed and what failed: in words first, then in lines that machines can read."""
    console = session.console
    console.answer(report.data(requests))
    if report.words:
        console.say(report.words)
    for day in report.changed:
        counts = " ".join(f"{section}={counted(day, section)}" for section in Section)
        line = f"date={day.date} category={day.category} state={day.state} {counts} source={day.source}"
        console.say(line, fields={"category": day.category} | day_fields(day))
    for remark in report.remarks:
        console.say(remark)
    for warning in report.warnings:
        console.say(warning, "warning")
    for failure in report.failures:
        console.fail(failure)
    failed, code = len(report.failures), report.exit_code
    totals = {"ok": report.succeeded, "failed": failed, "requests": requests, "exit": code}
    console.say(" ".join(f"{name}={count}" for name, count in totals.items()), fields=totals)
