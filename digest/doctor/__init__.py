"""What is right and wrong with this installation and its archive, and what to do about it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from digest.config import load_with_origins
from digest.config.secrets import of_address, of_channel, of_environment, without
from digest.config.settings import Config
from digest.doctor import channels, database, machine, online, places, repository, schedule, settings
from digest.doctor.case import Case, Finding
from digest.errors import ConfigError, NotifyError, gravest
from digest.notify import read_addresses

if TYPE_CHECKING:
    from pathlib import Path

    from digest.cli.session import Session

_Check = Callable[[Case], Iterator[Finding]]

_GROUPS: Sequence[tuple[str, Sequence[_Check]]] = (
    ("This machine", (machine.check_versions, machine.check_sqlite, machine.check_zone)),
    ("Settings", (settings.check_variables, settings.check_contact, settings.check_templates, settings.check_calendar)),
    ("Folders", (places.check_folders, places.check_records, places.check_readme)),
    ("Database", (database.check_database,)),
    ("Schedule", (schedule.check_schedule,)),
    ("git", (repository.check_repository,)),
    ("Messages", (channels.check_channels, channels.check_health)),
)
_ONLINE = ("Online", (online.check_arxiv, online.check_push))
_NOTIFY = ("Test messages", (channels.check_delivery,))


@dataclass(frozen=True)
class Examined:
    """What was found, group by group, and the effective configuration, a line each. No secret is in it."""

    groups: Mapping[str, Sequence[Finding]]
    configuration: Sequence[str]

    @property
    def exit_code(self) -> int:
        """The exit code that the findings deserve."""
        return gravest(finding.exit_code for findings in self.groups.values() for finding in findings)

    @property
    def lines(self) -> Iterator[str]:
        """The findings and the configuration for a person."""
        for title, findings in self.groups.items():
            yield from (title, *(finding.line for finding in findings), "")
        yield from self.configuration

    @property
    def data(self) -> dict[str, object]:
        """The findings and the configuration as machines read them."""
        return {
            "findings": [
                {
                    "group": title,
                    "state": one.mark.lower(),
                    "text": one.text,
                    "advice": one.advice,
                    "exit": one.exit_code,
                }
                for title, findings in self.groups.items()
                for one in findings
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
    checked = (*_GROUPS, *([_ONLINE] if online else []), *([_NOTIFY] if notify else []))
    groups = {title: [_shown(one, secrets) for check in checks for one in check(case)] for title, checks in checked}
    return Examined(groups, [_clean(line) for line in settings.effective(case)])


def _shown(finding: Finding, secrets: Collection[str]) -> Finding:
    text, advice = (_clean(without(words, secrets)) for words in (finding.text, finding.advice))
    return replace(finding, text=text, advice=advice)


def pack(session: Session, target: Path) -> list[str]:
    """Pack what a bug report needs into a new file at ``target``; return what is in it, a line each.

    Raises:
        ConfigError: there is no configuration; one that is wrong is told in the file.
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
    yield from of_environment(case.environment)
    yield from of_address(case.config.store.url)
    for place in filter(None, (*case.config.notify.urls, case.config.notify.health)):
        with suppress(NotifyError):
            for address in read_addresses(place, case.environment, case.config.folder):
                yield from of_channel(address.url)


def _clean(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
