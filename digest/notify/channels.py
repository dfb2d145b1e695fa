"""Channels: messages → the services that apprise knows (https://github.com/caronc/apprise).

Their addresses are secrets, and stand in no message, log or failure.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from digest.notify.mail import sender
from digest.notify.markup import Form, escaped, harmless, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from apprise import Apprise, AppriseResult, NotifyFormat
    from apprise.plugins.base import NotifyBase

    from digest.notify import Address
    from digest.notify.messages import Message

T = TypeVar("T")

SENDING_PATIENCE = 30.0
"""Seconds that channels may take for a part of a message, all together."""

_LOGGERS = ("apprise", "urllib3", "requests")
_MARKDOWN_ANYWAY = frozenset({"Discord", "Fluxer", "Guilded", "Kook", "Mattermost", "Nextcloud Talk", "Zulip"})
"""Services that take text, and read markdown in it."""

_TITLE_MARKUP = "<b></b><br />\r\n"
"""What apprise adds to a title at most where it puts that into the body."""

_FOR_GOOD = re.compile(r"\berror=4(?!08|25|29)\d\d\b")
"""How services' warnings tell of a status that the same message will have again; "too early" and "too many" pass."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message in a channel: the words of the failure, "" without, and whether that is for good."""

    failure: str = ""
    is_refused: bool = False


class Channels:
    """The channels of a run. What they tell of failures names no address."""

    def __init__(self, addresses: Sequence[Address], patience: float = SENDING_PATIENCE) -> None:
        self._addresses = addresses
        self._patience = patience

    def deliver(self, message: Message, names: Collection[str] | None = None) -> dict[str, Fate]:
        """Send a message to all channels, or those whose addresses have ``names``, at the same time; tell its fate.

        A channel that did not answer is left alone for the rest of the run.
        """
        fates: dict[str, Fate] = {}
        work = {}
        with _silence():
            for name, channel in self._opened.items():
                if names is not None and name not in names:
                    continue
                if isinstance(channel, Fate):
                    fates[name] = channel
                elif isinstance(found := channel.prepared(message), Fate):
                    fates[name] = found
                else:
                    work[name] = channel, found
            patience = self._patience * max((len(calls) for _, calls in work.values()), default=1)
            sent = all_within(patience, [partial(channel.send, calls) for channel, calls in work.values()])
        for (name, (channel, _)), fate in zip(work.items(), sent, strict=True):
            fates[name] = fate or channel.failed(f"no answer within {self._patience:g} s")
            self._opened[name] = channel if fate else fates[name]
        return {name: fates[name] for name in self._opened if name in fates}

    @cached_property
    def _opened(self) -> dict[str, _Channel | Fate]:
        """The channels, or why they cannot be used, by name; opened at the first message: apprise takes its time."""
        try:
            from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - heavy, and an extra
        except ImportError:
            words = "expected the extra \"notify\", found none; pip install 'arxiv-listing-digest[notify]'"
            return {address.name: Fate(f"[notify] urls: {words}") for address in self._addresses}
        # Without a limit of its own it sends in our thread; its pool would be waited for when the process ends.
        asset = AppriseAsset(app_id="arxiv-listing-digest", async_mode=False, service_timeout=0, storage_mode="memory")
        opened: dict[str, _Channel | Fate] = {}
        for address in self._addresses:
            found = Apprise.instantiate(address.url, asset=asset)
            if found is None:
                words = f"{address.name}: expected an address that apprise knows, found another"
                opened[address.name] = Fate(words, is_refused=True)
                continue
            service = Apprise(asset=asset)
            service.add(found)
            opened[address.name] = _Channel(address, service)
        return opened


@dataclass(frozen=True, slots=True, eq=False)
class _Channel:
    address: Address
    service: Apprise

    @property
    def name(self) -> str:
        return f"{self.address.name} ({self._plugin.service_name})"

    @property
    def _plugin(self) -> NotifyBase:
        plugin: NotifyBase = self.service[0]
        return plugin

    def prepared(self, message: Message) -> list[Callable[[], AppriseResult | bool]] | Fate:
        """Return the calls that send a message, in as many parts as the service has room for; or how that failed."""
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415 - heavy, and an extra

        try:
            if message.mail and (send_mail := sender(self._plugin)):
                return [partial(send_mail, harmless(message.title), *message.mail())]
            # The markup that the service shows best, or that its address asks for.
            is_markdown = str(self._plugin.service_name) in _MARKDOWN_ANYWAY
            form = Form.MARKDOWN if is_markdown else Form(self._plugin.resolve_format().value)
            # In the format that it takes anyway, so that apprise changes nothing but the service's own dialect.
            body_format = self._plugin.resolve_format(NotifyFormat(form.value))
            bodies = parts(message, form, partial(self._has_room, self._title(message, form), body_format))
            endings = [f" ({number}/{len(bodies)})" if bodies[1:] else "" for number in range(1, len(bodies) + 1)]
            titles = [self._title(message, form, ending) for ending in endings]
            if self._is_title_in_body:
                titles[1:] = [""] * (len(bodies) - 1)
            send = partial(self.service.notify, notify_type=NotifyType(message.kind), body_format=body_format)
            return [partial(send, body, title) for title, body in zip(titles, bodies, strict=True)]
        except Exception as error:  # noqa: BLE001 - a service's own code can fail in any way, and its words may hold secrets
            return self.failed(type(error).__name__)

    def send(self, calls: Sequence[Callable[[], AppriseResult | bool]]) -> Fate:
        """Send a message, part by part; what is not taken ends that."""
        try:
            for call in calls:
                if not (result := call()):
                    logs = [] if isinstance(result, bool) else result.logs()
                    is_refused = any(_FOR_GOOD.search(entry.message) for entry in logs)
                    return self.failed("the service refused it", is_refused)
        except Exception as error:  # noqa: BLE001 - as above
            return self.failed(type(error).__name__)
        return Fate()

    def failed(self, reason: str, is_refused: bool = False) -> Fate:
        """Return the fate of a message that did not get through, in words that hold no address."""
        return Fate(f"{self.name}: a message did not get through ({reason})", is_refused)

    @property
    def _is_title_in_body(self) -> bool:
        return self._plugin.title_maxlen <= 0 or self._plugin.overflow_amalgamate_title

    def _title(self, message: Message, form: Form, ending: str = " (0/0)") -> str:
        """Return the title with its ending, as long as it may be; what shares the body's room takes half at most."""
        words, sizes = message.title, (self._plugin.title_maxlen, self._plugin.body_maxlen // 2)
        limit = min(filter(lambda size: size > 0, sizes), default=len(words) + len(ending))
        shown = escaped(words, form) if self._is_title_in_body else harmless(words)
        while len(shown) + len(ending) > limit and words:
            # Cut before it is escaped: a cut behind a backslash, or inside an entity, would be markup.
            words = words[:-1]
            shown = f"{escaped(words, form) if self._is_title_in_body else harmless(words)}…"
        return f"{shown}{ending}"

    def _has_room(self, title: str, body_format: NotifyFormat, is_first: bool, body: str) -> bool:
        """Whether the service takes ``body`` in one piece; the first part may have the title beside it."""
        plugin = self._plugin
        if 0 < plugin.body_max_line_count <= body.count("\n"):
            return False
        if plugin.body_maxlen <= 0:
            return True
        beside = _size(title) + len(_TITLE_MARKUP) if is_first and self._is_title_in_body else 0
        size = max(_size(body), _size(plugin.dialect_convert(body, body_format)))
        return size + beside + plugin.overflow_buffer <= plugin.body_maxlen


def _size(text: str) -> int:
    """Return how long services find a text: some count as UTF-16 does."""
    return len(text.encode("utf-16-le")) // 2


def all_within(seconds: float, calls: Sequence[Callable[[], T]]) -> list[T | None]:
    """Make ``calls`` at the same time; return what each returned, None for one that did not within ``seconds``.

    Such a one is left behind: the process does not wait for it either when it ends. What a call raises is raised.
    """

    def begin(call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
                future.set_exception(error)

        # No executor: Python waits for the threads of one when it ends, whatever hangs in them.
        threading.Thread(target=work, daemon=True).start()
        return future

    futures = [begin(call) for call in calls]
    done, _ = wait(futures, timeout=seconds)
    return [future.result() if future in done else None for future in futures]


@contextmanager
def _silence() -> Iterator[None]:
    """Let nobody see what services log and warn of: it holds addresses."""
    for name in _LOGGERS:  # for good: a call that was left behind goes on
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = logger.handlers or [logging.NullHandler()]
    last, logging.lastResort = logging.lastResort, logging.NullHandler()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.lastResort = last
