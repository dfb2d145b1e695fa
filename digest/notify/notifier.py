"""Those who want to know how the nightly job goes: a health check is pinged, messages are sent.

What was told is noted in notices.json, and only once it was: a day is stored, committed and pushed, then told, then
noted as told, then that is committed, too. Wherever a run is stopped, the next one sends what was not noted: twice
perhaps, and never not at all. Where a channel did not take a message, it is noted who did; the others are tried again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from digest.config.secrets import of_environment, without
from digest.disk.files import Folder
from digest.errors import DamageError, DigestError, FormatTooNewError, NotifyError, StoreError, UnpushedError, gravest
from digest.model import LISTINGS, Reach, Told
from digest.notify import Address, read_addresses
from digest.notify.due import DueMessages, Turn, Turns, due_alert, is_nothing_due, opened, reach
from digest.records.notices import NOTICES_PATH, parse_notices, render_notices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from digest.calendar import Calendar
    from digest.config.settings import Config
    from digest.notify.channels import Channels
    from digest.notify.messages import Message

# What is imported inside functions is loaded only where there is something to tell.

log = logging.getLogger(__name__)

_WELL = (0, 75)
"""Exit codes that are a success to a health check: a run that tries later needs nobody's help."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending did: the files written, what failed, whether notices.json says otherwise than before."""

    written: Sequence[str] = ()
    failures: Sequence[DigestError] = ()
    is_changed: bool = False


class Notifier:
    """The messages and the health check of one nightly run.

    Nothing here ever harms the archive: what fails is returned, to be told with exit code 7.
    """

    def __init__(
        self, config: Config, environment: Mapping[str, str], now: datetime, run_id: str, left_out: Collection[str] = ()
    ) -> None:
        """Tell of a run, whose pings bear ``run_id``; it leaves some of the configured categories out."""
        self._config = config
        self._environment = environment
        self._now = now
        self._run_id = run_id
        self._left_out = left_out
        self._folder = Folder(config.records or config.lock.parent)
        self._written: Told | None = None
        self._due: DueMessages | None = None
        self._unread: list[str] = []
        self._failures: list[DigestError] = []
        self._has_told = self._has_ended = False

    @property
    def is_needed(self) -> bool:
        """Whether messages are wanted, and can be noted: what a newer version noted is left as it is."""
        return bool(self._config.notify.urls) and self._found is not None

    @property
    def subjects(self) -> Mapping[str, str]:
        """What messages are about, the listings and each view that has messages; each with its period."""
        listings = {LISTINGS: "day"} if self._config.notify.listings else {}
        return listings | {view.name: view.period for view in self._config.views if view.notify}

    def turns(self, calendar: Calendar) -> Turns:
        """Return the dates of which each subject may have a message."""
        return {subject: Turn.of(period, calendar, self._now) for subject, period in self.subjects.items()}

    @property
    def noted(self) -> Told:
        """What is noted by now as told."""
        return self._written or self._known

    def is_nothing_due(self, calendar: Calendar) -> bool:
        """Whether no alert waits for the message that all is well again, and no listing or week for its own."""
        return is_nothing_due(self._known, self.turns(calendar))

    def begin(self) -> None:
        """Tell the health check that the run begins."""
        self._ping("start")

    def open(self, calendar: Calendar) -> None:
        """Note from when on there is something to tell, before anything is stored: a run that is stopped loses none.

        Raises:
            StoreError: it cannot be noted.
        """
        self._write(opened(self._known, self.turns(calendar)))

    def hold(self, due: DueMessages) -> list[str]:
        """Take the messages to be sent, and note what there is nothing to tell of; return the files written.

        Raises:
            StoreError: it cannot be noted. Then nothing is taken: each run would send it again.
        """
        written = self._write(due.told)
        self._due = due
        return written

    def tell(self, failures: Sequence[DigestError]) -> Sent:
        """Send the messages, an alert to the ``failures`` of the run among them, and note after each who took it."""
        self._has_told = True
        if not self.is_needed:
            return Sent()
        before, due = self.noted, self._due or DueMessages(self.noted)
        # Who lacks a message is asked of what was noted before this run: by now it counts as told.
        for subject, when in due.expired:
            if left := self._left(self._known.reached[subject, when]):
                self._failed(f"{', '.join(left)}: {_about(subject, when)} is too old, and is given up")
        written = self._tell_alert(failures)
        # No message about a day that does not count yet.
        is_unpushed = any(isinstance(failure, UnpushedError) for failure in failures)
        for key, message in () if is_unpushed else due.messages.items():
            sent = self._send(message, self.noted.reached.get(key), _about(*key))
            if sent is not None:
                written += self._note(self.noted.reaching(*key, sent.reach), failures)
        return Sent(written, self._taken_failures(), self.noted != before)

    def end(self, succeeded: int, failures: Sequence[DigestError]) -> Sequence[DigestError]:
        """Tell the health check how the run ended; return what failed besides its own ``failures``."""
        self._has_ended = True
        every = [*failures, *self._failures]
        exit_code = gravest(failure.exit_code for failure in every)
        self._ping("" if exit_code in _WELL else "fail", f"ok={succeeded} failed={len(every)} exit={exit_code}")
        return self._taken_failures()

    def interrupted(self) -> None:
        """Tell the health check that the run was ended from outside; who did it needs no alert."""
        if not self._has_ended:
            self._ping("fail", "interrupted")

    def fail(self, error: Exception) -> list[NotifyError]:
        """Alert to a run that ended early; return what did not get through."""
        if self._has_ended:
            return []
        # Of a bug, only its class is sent: its words may hold anything.
        expected = error if isinstance(error, DigestError) else DigestError(f"{type(error).__name__}: a bug in digest")
        failures = [expected]
        if not self._has_told:
            self._due = None
            failures += self.tell(failures).failures
        failures += self.end(0, failures)
        return [failure for failure in failures if isinstance(failure, NotifyError)]

    # Messages

    def _tell_alert(self, failures: Sequence[DigestError]) -> list[str]:
        secrets = [*of_environment(self._environment), *(address.url for address in self._addresses)]
        # A path in their words can be of other bytes than UTF-8, which no file takes.
        words = [str(failure).encode(errors="replace").decode() for failure in failures]
        harmless = [type(failure)(without(text, secrets)) for failure, text in zip(failures, words, strict=True)]
        due = due_alert(self._known.alert, harmless, self._config.arxiv.categories, self._now, self._left_out)
        alert = due.alert
        if due.message is not None and alert is not None:
            is_over = alert.is_over
            sent = self._send(due.message, due.reach, "the end of an alert" if is_over else "an alert")
            if sent is None or (sent.is_lost and not is_over and due.reach is None):
                alert = self.noted.alert  # trouble counts as told only once a channel took it
            else:
                alert = None if is_over and sent.reach is None else replace(alert, reach=sent.reach)
        return self._note(replace(self.noted, alert=alert), failures)

    def _send(self, message: Message, before: Reach | None, what: str) -> _Delivery | None:
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
        return _Delivery(found, is_lost=not took)

    def _left(self, reached: Reach) -> list[str]:
        """Return the channels that a message has not reached; whose address could not be read is none yet."""
        return [one.name for one in self._addresses if one.name not in reached.channels]

    @cached_property
    def _channels(self) -> Channels:
        from digest.notify.channels import Channels  # noqa: PLC0415 - see above

        return Channels(self._addresses)

    @cached_property
    def _addresses(self) -> list[Address]:
        """The addresses of the channels; where they cannot be read, that is noted once."""
        found = []
        for place in self._config.notify.urls:
            try:
                found += read_addresses(place, self._environment, self._config.folder)
            except NotifyError as error:
                self._unread.append(place)
                self._failures.append(error)
        return found

    # What was told

    @property
    def _known(self) -> Told:
        """What was told before this run; nothing, where that cannot be read."""
        return self._found or Told()

    @cached_property
    def _found(self) -> Told | None:
        """What notices.json says; None if a newer version wrote it."""
        try:
            data = self._folder.read(NOTICES_PATH)
            return Told() if data is None else parse_notices(data)
        except FormatTooNewError as error:
            log.warning("%s: %s; until then no messages are sent", NOTICES_PATH, error)
            return None
        except (DamageError, StoreError) as error:
            log.warning("%s: %s; what was sent is noted anew", NOTICES_PATH, error)
            return Told()

    def _write(self, told: Told) -> list[str]:
        """Note what was told, if that is new; return the path then."""
        if told == self.noted:
            return []
        is_new = self._folder.write(NOTICES_PATH, render_notices(told))
        self._written = told
        return [str(self._folder.root / NOTICES_PATH)] if is_new else []

    def _note(self, told: Told, failures: Sequence[DigestError]) -> list[str]:
        """Note what was sent; that it cannot be noted is a failure, which is reported once."""
        try:
            return self._write(told)
        except StoreError as error:
            if not any(str(failure).endswith(str(error)) for failure in (*failures, *self._failures)):
                self._failures.append(StoreError(f"messages: {error}"))
            return []

    def _failed(self, words: str) -> None:
        """Note a failure; several messages may fail in the same words."""
        if words not in map(str, self._failures):
            self._failures.append(NotifyError(words))

    def _taken_failures(self) -> list[DigestError]:
        taken, self._failures = self._failures, []
        return taken

    def _ping(self, sign: str, body: str = "") -> None:
        place = self._config.notify.health
        if not place:
            return
        from digest.notify.health import ping  # noqa: PLC0415 - see above

        try:
            address, *_ = read_addresses(place, self._environment, self._config.folder)
            ping(address, self._run_id, sign, body)
        except NotifyError as error:
            self._failures.append(error)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """How far a message has come after it was sent, and whether nobody took it."""

    reach: Reach | None
    is_lost: bool


def _about(subject: str, when: date) -> str:
    """Name a message in words."""
    return f"the message of {when}" if subject == LISTINGS else f"the message of {subject} of {when}"
