"""Messages of what arXiv announced, alerts to what failed, and the health check. The only importer of apprise.

``due`` decides what is to be told, ``messages`` says it in words, ``notifier`` sends it and notes what was told;
``markup`` and ``channels`` bring it to a service, ``health`` pings. No module here reads the archive: what the
messages are made of comes as values.

Here is only how their addresses are read: every command asks for these, so as to hide them, and few tell anybody.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from digest.config.secrets import of_address, of_channel, of_environment
from digest.config.settings import Config
from digest.disk.files import read_regular
from digest.errors import NotifyError


@dataclass(frozen=True, slots=True)
class Address:
    """An address, and the words by which messages name it."""

    name: str
    url: str = field(repr=False)


def read_addresses(place: str, environment: Mapping[str, str], folder: Path) -> list[Address]:
    """Return the addresses at ``place``, one a line; a line that begins with ``#`` is a comment.

    Args:
        place: ``env:NAME``, a variable of ``environment``, or ``file:PATH``, relative to ``folder``.
        environment: the variables.
        folder: that of the configuration.

    Raises:
        NotifyError: there is none.
    """
    kind, _, name = place.partition(":")
    try:
        text = environment.get(name, "") if kind == "env" else read_regular(folder / name).decode()
    except OSError as error:
        raise NotifyError(f"{place}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotifyError(f"{place}: expected text in UTF-8, found other bytes") from error
    lines = [line.strip() for line in text.splitlines()]
    numbered = {number: line for number, line in enumerate(lines, 1) if line and not line.startswith("#")}
    if not numbered:
        raise NotifyError(f"{place}: expected an address, found none")
    is_alone = len(lines) == 1
    return [Address(place if is_alone else f"{place} line {number}", url) for number, url in numbered.items()]


def secrets_of(config: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what nothing that is shown may hold: of the environment, of the database's address, of the channels."""
    yield from of_environment(environment)
    yield from of_address(config.store.url)
    for place in filter(None, (*config.notify.urls, config.notify.health)):
        with suppress(NotifyError):  # whoever needs the address says what is wrong with it
            for address in read_addresses(place, environment, config.folder):
                yield from of_channel(address.url)
