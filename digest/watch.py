"""Those who want to know how the nightly job goes: a health check is pinged, messages are sent.

What was told is noted beside the day records. The message of a day that the run brings counts as told already in the
commit of that day: one commit tells all. What did not get through is taken back, and the next run sends it again; that,
and each alert, is a commit of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from digest.config import LEDGER_PATH
from digest.errors import DamageError, DigestError, NotifyError, StoreError, UnpushedError
from digest.ledger import calendar_corrections
from digest.messages import LISTINGS, AlertNews
from digest.notebook import Notebook
from digest.notices import Plan, is_all_told, plan_alert, recent_dates
from digest.outcome import Report
from digest.publish import Folder
from digest.publish.addresses import read_addresses
from digest.resources import read_calendar
from digest.secrets import of_environment, without

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from digest.archive import Archive
    from digest.calendar import Calendar
    from digest.config import Config
    from digest.messages import Message, RecoveryNews, Told
    from digest.notices import AlertPlan
    from digest.publish.addresses import Address

# What is imported inside functions is loaded only where there is something to tell.

_WELL = (0, 75)


class Watch:
    """One nightly run, watched. Nothing here ever harms the archive: what fails is told, with exit code 7."""

    def __init__(
        self,
        config: Config,
        environment: Mapping[str, str],
        now: datetime,
        run_id: str,
        categories: Collection[str] | None = None,
    ) -> None:
        """Watch the run of some ``categories`` (None: all), whose pings bear ``run_id``."""
        kept = config.arxiv.categories
        self._left_out = [] if categories is None else [name for name in kept if name not in categories]
        self._config = config
        self._environment = environment
        self._now = now
        self._run_id = run_id
        self._notebook = Notebook(config)
        self._plan: Plan | None = None
        self._errors: list[NotifyError] = []
        self._has_told = self._has_ended = False

    @property
    def is_calm(self) -> bool:
        """Whether no alert waits to be told that all is well again, and no listing to be told of."""
        if not self._tells:
            return True
        try:
            calendar = self._calendar()
        except (DamageError, StoreError):  # the run tells of it
            return False
        return is_all_told(self._notebook.known, self._subjects, recent_dates(calendar, self._now))

    def begin(self) -> None:
        """Tell the health check that the run begins."""
        self._ping("start")

    def prepare(self, archive: Archive, report: Report) -> None:
        """Make the messages; note those of the days that the run brought as told, before they are committed."""
        if not self._tells:
            return
        from digest.news import plan_messages  # noqa: PLC0415 - see above

        try:
            plan = plan_messages(archive, self._notebook.known, self._subjects)
            report.written += self._notebook.write(plan.fulfilled)
            # A message that fails each hour shall not be a commit, and another that takes it back, each hour.
            report.written += self._notebook.write(plan.fulfilled_of({day.date for day in report.changed}))
            self._plan = plan
        except DigestError as error:  # what cannot be noted is not sent: each run would send it again
            report.fail("messages", error)

    def tell(self, report: Report) -> bool:
        """Send the messages; note in ``report`` what did not get through.

        Returns:
            whether what is noted is no longer what it was, so that it is to be committed once more.
        """
        self._has_told = True
        if not self._tells:
            return False
        before = self._notebook.noted
        self._tell(report)
        report.failures += self._errors
        self._errors = []
        return self._notebook.noted != before

    def end(self, report: Report) -> None:
        """Tell the health check how the run ended; note in ``report`` what did not get through."""
        self._has_ended = True
        report.failures += self._errors
        self._errors = []
        totals = f"ok={report.succeeded} failed={len(report.failures)} exit={report.exit_code}"
        self._ping("" if report.exit_code in _WELL else "fail", totals)
        report.failures += self._errors

    def interrupted(self) -> None:
        """Tell the health check that the run was ended from outside; who did it needs no alert."""
        if not self._has_ended:
            self._ping("fail", "interrupted")

    def fail(self, error: Exception) -> Sequence[NotifyError]:
        """Alert to a run that ended early; return what did not get through."""
        if self._has_ended:
            return []
        # Of a bug, no more than its class is told: its words may hold anything.
        expected = error if isinstance(error, DigestError) else DigestError(f"{type(error).__name__}: a bug in digest")
        report = Report(failures=[expected])
        if not self._has_told:
            self._plan = None
            self.tell(report)
        self.end(report)
        return [failure for failure in report.failures if isinstance(failure, NotifyError)]

    def _tell(self, report: Report) -> None:
        """Send what is to be told by now, and take back from what was noted what did not get through."""
        plan = self._plan or Plan(self._notebook.known)
        if any(isinstance(failure, UnpushedError) for failure in report.failures):
            plan = Plan(plan.told)  # a day that does not count yet is no news
        self._note(plan.told, report)  # on a disk, the next run sends what a killed one did not
        alert = self._alert_plan(report)
        is_silent = alert.news is None and not plan.due
        told = replace(plan.told, alert=alert.alert) if is_silent else self._send(plan, alert)
        self._note(told, report)

    def _note(self, told: Told, report: Report) -> None:
        try:
            report.written += self._notebook.write(told)
        except StoreError as error:
            if not report.knows(error):
                report.fail("messages", error)

    def _send(self, plan: Plan, alert: AlertPlan) -> Told:
        """Send messages; return what is told by now."""
        from digest.publish.channels import Channels  # noqa: PLC0415 - see above

        channels = Channels(self._addresses)
        told = plan.told
        if alert.news is None or channels.deliver(_alert_message(alert.news)):
            told = replace(told, alert=alert.alert)
        for due in plan.due:
            if channels.deliver(due.message):
                told = told.adding(due.subject, due.date)
        self._errors += channels.errors
        return told

    def _alert_plan(self, report: Report) -> AlertPlan:
        secrets = [*of_environment(self._environment), *(address.url for address in self._addresses)]
        failures = [type(failure)(without(_text(failure), secrets)) for failure in report.failures]
        return plan_alert(
            self._notebook.known.alert, failures, self._config.arxiv.categories, self._now, self._left_out
        )

    @property
    def _tells(self) -> bool:
        """Whether messages are wanted, and can be noted."""
        return bool(self._config.notify.urls) and self._notebook.is_ours

    @property
    def _subjects(self) -> list[str]:
        listings = [LISTINGS] if self._config.notify.listings else []
        return [*listings, *(view.name for view in self._config.views if view.notify)]

    def _calendar(self) -> Calendar:
        calendar = read_calendar(self._config.calendar.dates)
        data = Folder(self._config.records).read(LEDGER_PATH) if self._config.records else None
        if data is None:
            return calendar
        from digest.parse.ledger import parse_ledger  # noqa: PLC0415 - see above

        return calendar.corrected(calendar_corrections(parse_ledger(data)))

    @cached_property
    def _addresses(self) -> list[Address]:
        """The addresses of the channels; where they cannot be read, that is noted once."""
        found = []
        for place in self._config.notify.urls:
            try:
                found += read_addresses(place, self._environment, self._config.folder)
            except NotifyError as error:
                self._errors.append(error)
        return found

    def _ping(self, sign: str, body: str = "") -> None:
        place = self._config.notify.health
        if not place:
            return
        from digest.publish.health import ping  # noqa: PLC0415 - see above

        try:
            address, *_ = read_addresses(place, self._environment, self._config.folder)
            ping(address, self._run_id, sign, body)
        except NotifyError as error:
            self._errors.append(error)


def _text(failure: DigestError) -> str:
    """Return its words as any file takes them: a path in them can be of other bytes than UTF-8."""
    return str(failure).encode(errors="replace").decode()


def _alert_message(news: AlertNews | RecoveryNews) -> Message:
    from digest.render.message import alert_message, recovery_message  # noqa: PLC0415 - see above

    return alert_message(news) if isinstance(news, AlertNews) else recovery_message(news)
