"""Those who want to know how the nightly job goes: a health check is pinged, messages are sent.

What was told is noted beside the day records, and only once it was: a day is stored, committed and pushed, then told,
then noted as told, then that is committed, too. Wherever a run is stopped, the next one sends what was not noted: twice
perhaps, and never not at all. Where a channel did not take a message, it is noted who did; the others are tried again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from digest.archive.report import Report
from digest.disk import Folder
from digest.errors import DamageError, DigestError, NotifyError, StoreError, UnpushedError
from digest.messages import AlertNews, RecoveryNews
from digest.model import LISTINGS
from digest.notebook import Notebook
from digest.notices import Plan, is_all_told, opened, plan_alert, reach, recent_dates
from digest.publish.addresses import read_addresses
from digest.records.state import LEDGER_PATH, parse_ledger
from digest.resources import read_calendar
from digest.secrets import of_environment, without

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from digest.archive.archive import Archive
    from digest.calendar import Calendar
    from digest.config import Config
    from digest.messages import Message
    from digest.model import Reach, Told
    from digest.notices import AlertPlan, Due
    from digest.publish.addresses import Address
    from digest.publish.channels import Channels

# What is imported inside functions is loaded only where there is something to tell.

log = logging.getLogger(__name__)

_WELL = (0, 75)


@dataclass(frozen=True, slots=True)
class _Sent:
    """How far a message has come after it was sent, and whether nobody took it."""

    reach: Reach | None
    is_lost: bool


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
        self._unread: list[str] = []
        self._has_told = self._has_ended = False

    @property
    def is_calm(self) -> bool:
        """Whether no alert waits to be told that all is well again, and no listing to be told of."""
        if not self._tells:
            return True
        try:
            calendar = self._calendar
        except (DamageError, StoreError):  # the run tells of it
            return False
        return is_all_told(self._notebook.known, self._subjects, recent_dates(calendar, self._now))

    def begin(self) -> None:
        """Tell the health check that the run begins."""
        self._ping("start")

    def open(self) -> None:
        """Note from when on there is something to tell, before anything is stored: a run that is stopped loses none."""
        if not self._tells:
            return
        try:
            self._notebook.write(opened(self._notebook.known, self._subjects, recent_dates(self._calendar, self._now)))
        except (DamageError, StoreError) as error:  # "prepare" meets it again, and says so
            log.info("it is not noted yet from when on there is something to tell: %s", error)

    def prepare(self, archive: Archive, report: Report) -> None:
        """Make the messages, and note what there is nothing to tell of, before the days are committed."""
        if not self._tells:
            return
        from digest.news import plan_messages  # noqa: PLC0415 - see above

        try:
            plan = plan_messages(archive, self._notebook.noted, self._subjects)
            report.written += self._notebook.write(plan.told)
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
        """Send what is to be told by now, and note after each message who took it."""
        plan = self._plan or Plan(self._notebook.noted)
        if any(isinstance(failure, UnpushedError) for failure in report.failures):
            plan = replace(plan, due=())  # a day that does not count yet is no news
        for subject, when in plan.expired:
            left = self._left(self._notebook.known.reached[subject, when])
            if left:
                self._failed(f"{', '.join(left)}: {_about(subject, when)} is too old, and is given up")
        self._tell_alert(self._alert_plan(report), report)
        for due in plan.due:
            self._tell_of(due, report)

    def _tell_alert(self, plan: AlertPlan, report: Report) -> None:
        alert = plan.alert
        if plan.news is not None:
            is_over = isinstance(plan.news, RecoveryNews)
            sent = self._send(_alert_message(plan.news), plan.reach, "the end of an alert" if is_over else "an alert")
            if sent is None or (sent.is_lost and not is_over and plan.reach is None):
                alert = self._notebook.noted.alert  # trouble counts as told only once a channel took it
            elif alert is not None:
                alert = None if is_over and sent.reach is None else replace(alert, reach=sent.reach)
        self._note(replace(self._notebook.noted, alert=alert), report)

    def _tell_of(self, due: Due, report: Report) -> None:
        noted = self._notebook.noted
        sent = self._send(due.message, noted.reached.get((due.subject, due.date)), _about(due.subject, due.date))
        if sent is not None:
            self._note(noted.reaching(due.subject, due.date, sent.reach), report)

    def _note(self, told: Told, report: Report) -> None:
        try:
            report.written += self._notebook.write(told)
        except StoreError as error:
            if not report.knows(error):
                report.fail("messages", error)

    def _send(self, message: Message, before: Reach | None, what: str) -> _Sent | None:
        """Send a message to those who lack it ``before``, or to all; return None if there is nobody."""
        fates = self._channels.deliver(message, None if before is None else self._left(before))
        if before is None and not fates:
            return None
        took = {name for name, fate in fates.items() if not fate.failure}
        refused = {name for name, fate in fates.items() if fate.is_refused}
        found = reach(before, took, {*(fates.keys() - took), *self._unread}, refused, self._now)
        for name in sorted(fates.keys() - took):
            is_given_up = found is None or name in found.channels
            self._failed(f"{fates[name].failure}; {what} is given up" if is_given_up else fates[name].failure)
        return _Sent(found, is_lost=not took)

    def _left(self, reached: Reach) -> list[str]:
        """Return the channels that a message has not reached; whose address could not be read is none yet."""
        return [one.name for one in self._addresses if one.name not in reached.channels]

    def _failed(self, words: str) -> None:
        """Note a failure; several messages may fail in the same words."""
        if words not in map(str, self._errors):
            self._errors.append(NotifyError(words))

    @cached_property
    def _channels(self) -> Channels:
        from digest.publish.channels import Channels  # noqa: PLC0415 - see above

        return Channels(self._addresses)

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

    @cached_property
    def _calendar(self) -> Calendar:
        calendar = read_calendar(self._config.calendar.dates)
        data = Folder(self._config.records).read(LEDGER_PATH) if self._config.records else None
        if data is None:
            return calendar
        return calendar.corrected(parse_ledger(data).calendar_corrections)

    @cached_property
    def _addresses(self) -> list[Address]:
        """The addresses of the channels; where they cannot be read, that is noted once."""
        found = []
        for place in self._config.notify.urls:
            try:
                found += read_addresses(place, self._environment, self._config.folder)
            except NotifyError as error:
                self._unread.append(place)
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


def _about(subject: str, when: date) -> str:
    """Name a message in words; ``subject`` is "" or a view."""
    return f"the message of {when}" if subject == LISTINGS else f"the message of {subject} of {when}"
