"""What is right and wrong with this installation and its archive, and what to do about it. Nothing is changed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from digest.config import load_with_origins
from digest.config.secrets import of_address, of_channel, of_environment, without
from digest.config.settings import Config
from digest.doctor import connections, installation
from digest.doctor.installation import Case, Result, Session
from digest.doctor.schedule import check_schedule
from digest.errors import ConfigError, NotifyError, gravest
from digest.notify import read_addresses

_GROUPS: Mapping[str, Sequence[Callable[[Case], Iterator[Result]]]] = {
    "This machine": [installation.check_machine],
    "Settings": [installation.check_settings],
    "Folders": [installation.check_folders],
    "Database": [connections.check_database],
    "Schedule": [check_schedule],
    "git": [connections.check_repository],
    "Messages": [connections.check_channels],
    "Online": [connections.check_arxiv, connections.check_push],
    "Test messages": [connections.check_delivery],
}


@dataclass(frozen=True)
class Examined:
    """What was found, group by group, and the effective configuration, a line each. No secret is in it."""

    groups: Mapping[str, Sequence[Result]]
    configuration: Sequence[str]

    @property
    def exit_code(self) -> int:
        """The exit code that the results deserve."""
        return gravest(result.exit_code for results in self.groups.values() for result in results)

    @property
    def lines(self) -> Iterator[str]:
        """The results and the configuration for a person."""
        for title, results in self.groups.items():
            yield from (title, *(result.line for result in results), "")
        yield from self.configuration

    @property
    def data(self) -> dict[str, object]:
        """The results and the configuration as machines read them."""
        return {
            "findings": [
                {
                    "group": title,
                    "state": one.mark.lower(),
                    "text": one.text,
                    "advice": one.advice,
                    "exit": one.exit_code,
                }
                for title, results in self.groups.items()
                for one in results
            ],
            "configuration": list(self.configuration),
        }


def examine(session: Session, *, online: bool, notify: bool) -> Examined:
    """Look at the installation and its archive.

    ``online``: whether arXiv is asked, once for a page and once for a feed, and the git remote; ``notify``: whether
    each channel is sent a message.

    Raises:
        ConfigError: there is no configuration, or it is wrong.
    """
    config, origins = load_with_origins(session.config_path, session.environment)
    case = Case(config, origins, session.config_path.absolute(), session)
    secrets = frozenset(_secrets(case))
    left_out = {title for title, is_wanted in (("Online", online), ("Test messages", notify)) if not is_wanted}
    groups = {
        title: [_shown(result, secrets) for check in checks for result in check(case)]
        for title, checks in _GROUPS.items()
        if title not in left_out
    }
    return Examined(groups, [_clean(line) for line in installation.effective(case)])


def _shown(result: Result, secrets: Collection[str]) -> Result:
    text, advice = (_clean(without(words, secrets)) for words in (result.text, result.advice))
    return replace(result, text=text, advice=advice)


def pack(session: Session, target: Path) -> list[str]:
    """Pack what a bug report needs into a new file at ``target``; return what is in it, a line each.

    Raises:
        ConfigError: there is no configuration; what is wrong with one stands in the file.
        UsageError: there is something at ``target``.
        StoreError: it cannot be written.
    """
    from digest.doctor.bundle import write_bundle  # noqa: PLC0415 - most who ask doctor pack nothing

    path, broken = session.config_path.absolute(), None
    try:
        config, origins = load_with_origins(path, session.environment)
    except ConfigError as error:
        config, origins, broken = Config(path.parent), {}, error
    case = Case(config, origins, path, session)
    return write_bundle(case, broken, frozenset(_secrets(case)), target)


def _secrets(case: Case) -> Iterator[str]:
    """Yield what no line may show, wherever it is from: a library or git may repeat it in an error."""
    yield from of_environment(case.session.environment)
    yield from of_address(case.config.store.url)
    for place in filter(None, (*case.config.notify.urls, case.config.notify.health)):
        with suppress(NotifyError):  # "Messages" says that it cannot be read
            for address in read_addresses(place, case.session.environment, case.config.folder):
                yield from of_channel(address.url)


def _clean(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
