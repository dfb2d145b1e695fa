"""A new archive: its settings, its README, what git should not keep, and how it is run every night."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.config import Arxiv, Config, Git, check, load
from digest.errors import UsageError
from digest.publish import Folder
from digest.publish.git import RepositoryState, examine_repository, is_committed, start_repository
from digest.setup.texts import CONFIG, SCHEDULES, WORKFLOW, texts, workflow

_FIRST_COMMIT = "digest: set up the archive"


@dataclass(frozen=True)
class Wanted:
    """What a new archive shall be like.

    ``program`` is the command that runs digest, with an absolute path; without ``categories``, the default ones are
    kept; ``commits``: whether runs commit what they write; ``on_github``: whether GitHub shall run it.
    """

    program: tuple[str, ...]
    categories: tuple[str, ...] = ()
    contact: str = ""
    commits: bool = True
    on_github: bool = False


@dataclass(frozen=True)
class SetUp:
    """What became of it.

    ``config``: the settings of config.toml, which may have been there before.
    ``made``: the files that were not there before.
    ``remarks``: for a person, one line each.
    ``repository``: the one that the archive lies in, as far as it was looked for.
    ``uncommitted``: those files that its last commit lacks, and that belong into it; relative to the archive.
    """

    config: Config
    made: tuple[Path, ...]
    remarks: tuple[str, ...]
    repository: RepositoryState
    uncommitted: tuple[str, ...]


def set_up(target: Path, wanted: Wanted) -> SetUp:
    """Write the files of a new archive into ``target``; a file that is there stays as it is.

    A new archive that commits becomes a git repository, unless it lies in one.

    Raises:
        UsageError: what is wanted makes no sense.
        ConfigError: the config.toml that is there is wrong.
        StoreError: the folder cannot be written.
        GitError: git fails; the files are there.
    """
    _require_plain(target)
    output = Folder(target)
    config = _settings(output, wanted)
    inner = _folder_in_repository(target) if wanted.on_github else ""
    wishes = texts(wanted.program, config) | ({WORKFLOW: workflow(inner)} if wanted.on_github else {})
    found = {path: output.read(path) for path in wishes}
    made = [path for path, data in found.items() if data is None]
    for path in made:
        output.write(path, wishes[path].encode())
    remarks = list(_remarks(target, made, inner))
    ours = [path for path in _own(wishes, found) if path != WORKFLOW or not inner]
    if wanted.commits and config.git.commit and (new := _uncommitted(target, ours)):
        remarks += filter(None, [start_repository(target, new, _FIRST_COMMIT, "")])
    state = examine_repository(target, config.git) if wanted.commits or wanted.on_github else RepositoryState(None)
    uncommitted = _uncommitted(target, ours) if state.root else []
    return SetUp(config, tuple(target / path for path in made), tuple(remarks), state, tuple(uncommitted))


def _settings(output: Folder, wanted: Wanted) -> Config:
    """Return the settings of the config.toml that is there, or will be."""
    if output.read(CONFIG) is not None:
        return load(output.root / CONFIG, {})
    arxiv = Arxiv(wanted.categories or Arxiv.categories, wanted.contact)
    config = Config(output.root, arxiv=arxiv, git=Git(commit=wanted.commits))
    check(config, "digest init")
    return config


def _own(wishes: Mapping[str, str], found: Mapping[str, bytes | None]) -> Iterator[str]:
    """Yield what belongs into a commit: what was made, now or by an ``init`` that was cut short."""
    for path, text in wishes.items():
        if not path.startswith(SCHEDULES) and found[path] in (None, text.encode()):
            yield path


def _uncommitted(target: Path, paths: Collection[str]) -> list[str]:
    return [path for path in paths if not is_committed(target / path)]


def _remarks(target: Path, made: Collection[str], inner: str) -> Iterator[str]:
    if WORKFLOW in made and inner:
        words = "GitHub reads workflows at the top of a repository only: move it there, and commit it"
        yield f"{target / WORKFLOW}: {words}"
    if CONFIG in made and ".gitignore" not in made:
        yield f"{target / '.gitignore'} stays as it is; let it name archive.db*, raw/, *.digest-tmp and {SCHEDULES}"


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
