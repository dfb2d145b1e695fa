"""Messages → the services that apprise knows (https://github.com/caronc/apprise). Its only importer."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from digest.errors import NotifyError
from digest.publish.waiting import all_within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from apprise import Apprise

    from digest.messages import Message
    from digest.publish.addresses import Address

PATIENCE = 30.0
"""Seconds that channels may take for a message, all together."""

_LOGGERS = ("apprise", "urllib3", "requests")


@dataclass(frozen=True, slots=True)
class _Channel:
    name: str
    service: Apprise

    def send(self, message: Message) -> bool:
        """Send a message in the form that the service shows best; return whether it took it."""
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415 - heavy, and an extra

        takes = self.service[0].notify_format
        preferred = takes if isinstance(takes, str) else takes[0]
        is_text = preferred == NotifyFormat.TEXT
        form, body = (NotifyFormat.TEXT, message.text) if is_text else (NotifyFormat.MARKDOWN, message.markdown)
        kind = NotifyType(message.kind)
        return bool(self.service.notify(title=message.title, body=body, notify_type=kind, body_format=form))


class Channels:
    """The channels of a run. ``errors`` tell what failed, and name no address."""

    def __init__(self, addresses: Sequence[Address], patience: float = PATIENCE) -> None:
        self.errors: list[NotifyError] = []
        self._addresses = addresses
        self._patience = patience
        self._hanging: set[str] = set()

    def deliver(self, message: Message) -> bool:
        """Send a message to all channels at the same time; return whether one of them took it.

        A channel that did not answer is left alone for the rest of the run.
        """
        with _silence():
            working = [channel for channel in self._opened if channel.name not in self._hanging]
            reasons = all_within(self._patience, [partial(_reason, channel, message) for channel in working])
        for channel, reason in zip(working, reasons, strict=True):
            if reason is None:
                self._hanging.add(channel.name)
            if reason != "":
                words = reason or f"no answer within {self._patience:g} s"
                self.errors.append(NotifyError(f"{channel.name}: a message did not get through ({words})"))
        return "" in reasons

    @cached_property
    def _opened(self) -> list[_Channel]:
        """The channels that can be used, opened at the first message: apprise takes its time."""
        opened = []
        for address in self._addresses:
            try:
                opened.append(_open(address))
            except NotifyError as error:
                self.errors.append(error)
            except ImportError:
                words = "expected the extra \"notify\", found none; pip install 'arxiv-listing-digest[notify]'"
                self.errors.append(NotifyError(f"[notify] urls: {words}"))
                break
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
    return _Channel(f"{address.name} ({found.service_name})", service)


def _reason(channel: _Channel, message: Message) -> str:
    """Send a message; return why that failed, "" if it did not."""
    try:
        return "" if channel.send(message) else "the service refused it"
    except Exception as error:  # noqa: BLE001 - a service's own code can fail in any way, and its words may hold secrets
        return type(error).__name__


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
