"""What is right and wrong with this installation and its archive, and what to do about it. Nothing is changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.config import load_with_origins
from digest.config.secrets import without
from digest.doctor import connections, installation
from digest.doctor.installation import Case, Result, Session
from digest.doctor.schedule import check_schedule
from digest.errors import gravest
from digest.notify import secrets_of

_GROUPS: Mapping[str, Sequence[Callable[[Case], Iterator[Result]]]] = {
    "This machine": [installation.check_machine],
    "Settings": [installation.check_settings],
    "Folders": [installation.check_folders, installation.check_index],
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
        findings = [
            {"group": title, "state": one.mark.lower(), "text": one.text, "advice": one.advice, "exit": one.exit_code}
            for title, results in self.groups.items()
            for one in results
        ]
        return {"findings": findings, "configuration": list(self.configuration)}


def examine(session: Session, *, online: bool, notify: bool) -> Examined:
    """Look at the installation and its archive.

    ``online``: whether arXiv is asked, once for a page and once for a feed, and the git remote; ``notify``: whether
    each channel is sent a message.

    Raises:
        ConfigError: there is no configuration, or it is wrong.
    """
    config, origins = load_with_origins(session.config_path, session.environment)
    case = Case(config, origins, session.config_path.absolute(), session)
    # Whatever a line is from: a library or git may repeat a secret in an error.
    secrets = frozenset(secrets_of(config, session.environment))
    left_out = {title for title, is_wanted in (("Online", online), ("Test messages", notify)) if not is_wanted}
    groups = {
        title: [
            replace(one, text=_clean(without(one.text, secrets)), advice=_clean(without(one.advice, secrets)))
            for check in checks
            for one in check(case)
        ]
        for title, checks in _GROUPS.items()
        if title not in left_out
    }
    return Examined(groups, [_clean(line) for line in installation.effective(case)])


def _clean(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
