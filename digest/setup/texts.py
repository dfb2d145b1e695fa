"""The files of a new archive, as they are made."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from digest.config.paths import SCHEDULES
from digest.config.resources import folder
from digest.config.settings import Config
from digest.setup.schedule import cron_command, systemd_command

CONFIG = "config.toml"
_FILES = Path(__file__).with_name("files")


def texts(program: Sequence[str], config: Config) -> dict[str, str]:
    """Return the text of each file, by its path, for an archive with the settings ``config``.

    ``program`` is the command that runs digest, with an absolute path.
    """
    command = (*program, "--config", str(config.folder.absolute() / CONFIG), "run")
    quiet = (*program, "-q", *command[len(program) :])
    categories = config.arxiv.categories
    crontab, service, timer = SCHEDULES
    return {
        CONFIG: _config(config),
        ".gitignore": _text("gitignore"),
        ".gitattributes": _text("gitattributes"),
        "README.md": _text("readme", CATEGORIES=_listed(categories), FOLDERS=_folders(categories)),
        crontab: _text("crontab", COMMAND=cron_command(quiet)),
        service: _text("service", COMMAND=systemd_command(command)),
        timer: _text("timer"),
    }


def workflow(inner: str, source: str) -> str:
    """Return GitHub's workflow for an archive in the folder ``inner`` of its repository; "" is the top.

    ``source`` is what pip should install, without any sign that YAML or a shell would heed in double quotes.
    """
    return _text("workflow", FOLDER=json.dumps(inner or ".", ensure_ascii=False), SOURCE=source)


def _text(name: str, **values: str) -> str:
    text = (_FILES / f"{name}.txt").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda place: values[place[1]], text)


def _listed(categories: Sequence[str]) -> str:
    *others, last = categories
    return f"{', '.join(others)} and {last}" if others else last


def _folders(categories: Sequence[str]) -> str:
    return ", ".join(f"`{category}/`" for category in categories)


def _config(config: Config) -> str:
    """Return the example with its lines for this archive."""
    text = folder("config.example.toml").read_text(encoding="utf-8")
    lines = {
        'categories = ["cs.CV"]': f"categories = {json.dumps(list(config.arxiv.categories))}",
        'contact = ""': f"contact = {json.dumps(config.arxiv.contact)}",
        'records = ""': 'records = "data"',
        "commit = false": f"commit = {str(config.git.commit).lower()}",
    }
    for line, wish in lines.items():
        text = text.replace(f"\n{line}\n", f"\n{wish}\n")
    return text
