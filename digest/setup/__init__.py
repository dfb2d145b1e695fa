"""A new archive: its settings, its README, what git should not keep, and how it is run every night."""

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from digest import __version__
from digest.config import Arxiv, Config, Git, check
from digest.errors import UsageError
from digest.publish import Folder, examine_repository, start_repository
from digest.resources import folder
from digest.setup.schedule import cron_command, systemd_command

WORKFLOW = ".github/workflows/digest.yml"
"""Where GitHub looks for what it shall run, from the top of a repository."""

_FILES = Path(__file__).with_name("files")
_OF_THIS_MACHINE = "schedule/"
_FIRST_COMMIT = "digest: set up the archive"


@dataclass(frozen=True)
class Wanted:
    """What a new archive shall be like.

    ``program`` is the command that runs digest, with an absolute path; ``commits``: whether runs commit what they
    write; ``on_github``: whether GitHub shall run it.
    """

    program: tuple[str, ...]
    categories: tuple[str, ...] = ("cs.CV",)
    contact: str = ""
    commits: bool = True
    on_github: bool = False


@dataclass(frozen=True)
class SetUp:
    """What was made: files that were not there before; and remarks for a person, one line each."""

    made: tuple[Path, ...]
    remarks: tuple[str, ...]


def set_up(target: Path, wanted: Wanted) -> SetUp:
    """Write the files of a new archive into ``target``; a file that is there stays as it is.

    A new archive that commits becomes a git repository, unless it lies in one.

    Raises:
        UsageError: what is wanted makes no sense.
        StoreError: the folder cannot be written.
        GitError: git fails; the files are there.
    """
    _require_plain(target)
    check(Config(target, arxiv=Arxiv(wanted.categories, wanted.contact)), "digest init")
    inner = _folder_in_repository(target) if wanted.on_github else ""
    output = Folder(target)
    missing = {path: text for path, text in _texts(target, wanted, inner).items() if output.read(path) is None}
    for path, text in missing.items():
        output.write(path, text.encode())
    remarks = list(_remarks(target, missing, inner))
    if wanted.commits and "config.toml" in missing:
        paths = [path for path in missing if not path.startswith(_OF_THIS_MACHINE)]
        remarks += filter(None, [start_repository(target, paths, _FIRST_COMMIT, "")])
    return SetUp(tuple(target / path for path in missing), tuple(remarks))


def _remarks(target: Path, made: Collection[str], inner: str) -> Iterator[str]:
    if WORKFLOW in made and inner:
        yield f"{target / WORKFLOW}: GitHub reads workflows at the top of a repository only: move it there"
    if "config.toml" in made and ".gitignore" not in made:
        yield f"{target / '.gitignore'} stays as it is; let it name archive.db*, raw/, *.digest-tmp and schedule/"


def _require_plain(target: Path) -> None:
    """Refuse a folder that no line of a crontab could name."""
    if any(ord(one) < 32 or ord(one) == 127 or 0xD800 <= ord(one) < 0xE000 for one in str(target.absolute())):
        raise UsageError(f"expected a folder's name in UTF-8 without control characters, found {str(target)!r}")


def _folder_in_repository(target: Path) -> str:
    """Return where ``target`` lies in the repository around it; "" if it is the top of one, or will be."""
    real = Path(os.path.realpath(target))
    around = next(place for place in (real, *real.parents) if place.is_dir())
    root = examine_repository(around, Git()).root
    return "" if root is None or root == real else real.relative_to(root).as_posix()


def _texts(target: Path, wanted: Wanted, inner: str) -> dict[str, str]:
    """Return the text of each file, by its path."""
    command = (*wanted.program, "--config", str(target.absolute() / "config.toml"), "run")
    quiet = (*wanted.program, "-q", *command[len(wanted.program) :])
    workflow = {"FOLDER": json.dumps(inner or ".", ensure_ascii=False), "VERSION": __version__}
    texts = {
        "config.toml": _config(wanted),
        ".gitignore": _text("gitignore"),
        "README.md": _text("readme", CATEGORIES=_listed(wanted), FOLDERS=_folders(wanted)),
        "schedule/crontab": _text("crontab", COMMAND=cron_command(quiet)),
        "schedule/digest.service": _text("service", COMMAND=systemd_command(command)),
        "schedule/digest.timer": _text("timer"),
    }
    return texts | ({WORKFLOW: _text("workflow", **workflow)} if wanted.on_github else {})


def _text(name: str, **values: str) -> str:
    text = (_FILES / f"{name}.txt").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _listed(wanted: Wanted) -> str:
    *others, last = wanted.categories
    return f"{', '.join(others)} and {last}" if others else last


def _folders(wanted: Wanted) -> str:
    return ", ".join(f"`{category}/`" for category in wanted.categories)


def _config(wanted: Wanted) -> str:
    """Return the example with its lines for this archive."""
    text = folder("config.example.toml").read_text(encoding="utf-8")
    lines = {
        'categories = ["cs.CV"]': f"categories = {json.dumps(list(wanted.categories))}",
        'contact = ""': f"contact = {json.dumps(wanted.contact)}",
        'records = ""': 'records = "data"',
        "commit = false": f"commit = {str(wanted.commits).lower()}",
    }
    for line, wish in lines.items():
        text = text.replace(f"\n{line}\n", f"\n{wish}\n")
    return text
