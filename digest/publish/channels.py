"""Messages → the services that apprise knows (https://github.com/caronc/apprise). Its only importer."""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from digest.errors import NotifyError
from digest.publish.forms import Form, escaped, harmless, parts
from digest.publish.waiting import all_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from apprise import Apprise, NotifyFormat, NotifyType
    from apprise.logger import NotifyLogEntry
    from apprise.plugins.base import NotifyBase

    from digest.messages import Message
    from digest.publish.addresses import Address

PATIENCE = 30.0
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


@dataclass(frozen=True, slots=True)
class _Letter:
    """A part of a message as a service takes it."""

    title: str
    body: str
    body_format: NotifyFormat
    kind: NotifyType


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

    @property
    def _form(self) -> Form:
        """The markup that the service shows best, or that its address asks for."""
        if str(self._plugin.service_name) in _MARKDOWN_ANYWAY:
            return Form.MARKDOWN
        return Form(self._plugin.resolve_format().value)

    def letters(self, message: Message) -> list[_Letter] | Fate:
        """Return a message in as many parts as the service has room for; how that failed, if it did."""
        try:
            return self._letters(message)
        except Exception as error:  # noqa: BLE001 - a service's own code can fail in any way, and its words may hold secrets
            return self.failed(type(error).__name__)

    def _letters(self, message: Message) -> list[_Letter]:
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415 - heavy, and an extra

        form = self._form
        # In the format that it takes anyway, so that apprise changes nothing but the service's own dialect.
        body_format = self._plugin.resolve_format(NotifyFormat(form.value))
        bodies = parts(message, form, partial(self._has_room, self._title(message, form), body_format))
        endings = [f" ({number}/{len(bodies)})" if bodies[1:] else "" for number in range(1, len(bodies) + 1)]
        titles = [self._title(message, form, ending) for ending in endings]
        if self._is_title_in_body:
            titles[1:] = [""] * (len(bodies) - 1)
        return [_Letter(*one, body_format, NotifyType(message.kind)) for one in zip(titles, bodies, strict=True)]

    def send(self, letters: Sequence[_Letter]) -> Fate:
        """Send a message, part by part; what is not taken ends that."""
        try:
            for one in letters:
                result = self.service.notify(
                    title=one.title, body=one.body, notify_type=one.kind, body_format=one.body_format
                )
                if not result:
                    return self.failed("the service refused it", any(map(_is_for_good, result.logs())))
        except Exception as error:  # noqa: BLE001 - a service's own code can fail in any way, and its words may hold secrets
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
            words = words[:-1]
            shown = f"{escaped(words, form) if self._is_title_in_body else harmless(words)}…"
        return f"{shown}{ending}"

    def _has_room(self, title: str, body_format: NotifyFormat, body: str, is_first: bool) -> bool:
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


class Channels:
    """The channels of a run. What they tell of failures names no address."""

    def __init__(self, addresses: Sequence[Address], patience: float = PATIENCE) -> None:
        self._addresses = addresses
        self._patience = patience
        self._hanging: set[str] = set()
        self._unusable: dict[str, Fate] = {}

    def deliver(self, message: Message, names: Collection[str] | None = None) -> dict[str, Fate]:
        """Send a message to all channels, or those whose addresses have ``names``, at the same time; tell its fate.

        A channel that did not answer is left alone for the rest of the run.
        """
        with _silence():
            wanted = [one for one in self._opened if names is None or one.address.name in names]
            fates = {name: fate for name, fate in self._unusable.items() if names is None or name in names}
            fates |= {one.address.name: one.failed(self._silent) for one in wanted if one.name in self._hanging}
            letters = {one: one.letters(message) for one in wanted if one.name not in self._hanging}
            fates |= {one.address.name: found for one, found in letters.items() if isinstance(found, Fate)}
            work = {one: found for one, found in letters.items() if not isinstance(found, Fate)}
            patience = self._patience * max(map(len, work.values()), default=1)
            sent = all_within(patience, [partial(one.send, its) for one, its in work.items()])
        for channel, fate in zip(work, sent, strict=True):
            if fate is None:
                self._hanging.add(channel.name)
            fates[channel.address.name] = fate or channel.failed(self._silent)
        return {one.name: fates[one.name] for one in self._addresses if one.name in fates}

    @property
    def _silent(self) -> str:
        return f"no answer within {self._patience:g} s"

    @cached_property
    def _opened(self) -> list[_Channel]:
        """The channels that can be used, opened at the first message: apprise takes its time."""
        opened = []
        for address in self._addresses:
            try:
                opened.append(_open(address))
            except NotifyError as error:
                self._unusable[address.name] = Fate(str(error), is_refused=True)
            except ImportError:
                words = "expected the extra \"notify\", found none; pip install 'arxiv-listing-digest[notify]'"
                self._unusable[address.name] = Fate(f"[notify] urls: {words}")
        return opened


def _open(address: Address) -> _Channel:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - heavy, and an extra

    # Without a limit of its own it sends in our thread; its pool would be waited for when the process ends.
    asset = AppriseAsset(app_id="arxiv-listing-digest", async_mode=False, service_timeout=0, storage_mode="memory")
    found = Apprise.instantiate(address.url, asset=asset)
    if found is None:
        raise NotifyError(f"{address.name}: expected an address that apprise knows, found another")
    service = Apprise(asset=asset)
    service.add(found)
    return _Channel(address, service)


def _is_for_good(entry: NotifyLogEntry) -> bool:
    return _FOR_GOOD.search(entry.message) is not None


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
