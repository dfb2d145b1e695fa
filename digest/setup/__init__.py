"""A new archive: its settings, its README, what git should not keep, and how it is run every night."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.config import load
from digest.config.checks import check
from digest.config.paths import SCHEDULES, WORKFLOW
from digest.config.settings import Arxiv, Config, Git
from digest.disk.files import Folder
from digest.errors import GitError, UsageError, quoted
from digest.git.commits import start_repository
from digest.git.examining import RepositoryState, examine_repository
from digest.git.repository import open_repository
from digest.setup.texts import CONFIG, requirement, texts, with_extras, workflow

_FIRST_COMMIT = "digest: set up the archive"
_PARTS_OF_GIT = ("HEAD", "objects", "refs")
_PARTS_OF_SOURCE = ("pyproject.toml", "digest/__init__.py", "digest/standin")


@dataclass(frozen=True)
class Wanted:
    """What a new archive should be like.

    ``program`` is the command that runs digest, with an absolute path; without ``categories``, the default ones are
    kept; ``commits``: whether runs commit what they write; ``on_github``: whether GitHub is to run it, and ``source``:
    what pip installs there, "" for this version from the project's own address.
    """

    program: tuple[str, ...]
    categories: tuple[str, ...] = ()
    contact: str = ""
    commits: bool = True
    on_github: bool = False
    source: str = ""


@dataclass(frozen=True)
class SetUp:
    """What became of it.

    ``config``: the settings of config.toml, which may have been there before.
    ``made``: the files that were not there before.
    ``remarks``: for a person, one line each.
    ``repository``: the one that the archive lies in, as far as it was looked for.
    ``uncommitted``: those files that its last commit lacks, and that belong in it; relative to the archive.
    ``failure``: why they could not be committed; None: they were, or were not to be.
    """

    config: Config
    made: tuple[Path, ...]
    remarks: tuple[str, ...]
    repository: RepositoryState
    uncommitted: tuple[str, ...]
    failure: GitError | None


def set_up(target: Path, wanted: Wanted) -> SetUp:
    """Write the files of a new archive into ``target``; a file that is there stays as it is.

    An archive that commits becomes a git repository, unless it lies in one. What was written is committed there.

    Raises:
        UsageError: what is wanted makes no sense.
        ConfigError: the config.toml that is there is wrong.
        StoreError: the folder cannot be written.
        GitError: git does not tell what the repository is like; the files are there.
    """
    # All that can be refused is refused before anything is written.
    _require_own_place(target)
    installed = requirement(wanted.source) if wanted.on_github else ""
    output = Folder(target)
    config = _settings(output, wanted)
    inner = _folder_in_repository(target) if wanted.on_github else ""
    wishes = texts(wanted.program, config)
    if wanted.on_github:
        wishes[WORKFLOW] = workflow(inner, with_extras(installed, config))
    found = {path: output.read(path) for path in wishes}
    made = [path for path, data in found.items() if data is None]
    for path in made:
        output.write(path, wishes[path].encode())
    remarks = list(_remarks(target, wishes, found, inner))
    # What belongs in a commit was made now, or by an ``init`` that was cut short before it.
    ours = [path for path, text in wishes.items() if found[path] in (None, text.encode())]
    ours = [path for path in ours if path != WORKFLOW or not inner]
    failure, commits = None, wanted.commits and config.git.commit
    if commits:
        try:
            remarks += start_repository(target, ours, _FIRST_COMMIT, config.git)
        except GitError as error:
            failure = error
    state = examine_repository(target, config.git) if wanted.commits or wanted.on_github else RepositoryState(None)
    if commits and state.is_identity_made_up:
        way_out = "set a better one with `git config --global user.name` and `user.email`, or [git] author"
        remarks.append(f"git knows no name here: commits are by {state.identity}; {way_out}")
    uncommitted = _uncommitted(target, ours) if state.root else []
    return SetUp(config, tuple(target / path for path in made), tuple(remarks), state, tuple(uncommitted), failure)


def _settings(output: Folder, wanted: Wanted) -> Config:
    """Return the settings of the config.toml that is there, or will be."""
    if output.read(CONFIG) is not None:
        return load(output.root / CONFIG, {})
    arxiv = Arxiv(wanted.categories or Arxiv.categories, wanted.contact)
    config = Config(output.root, arxiv=arxiv, git=Git(commit=wanted.commits))
    check(config, "digest init")
    return config


def _uncommitted(target: Path, paths: Collection[str]) -> list[str]:
    """Return which of ``paths`` the last commit lacks, those that git ignores too."""
    repository = open_repository(target)
    changes, _ = repository.unkept([target / path for path in paths])
    lacking = {repository.root / change.path for change in changes}
    return [path for path in paths if target.resolve() / path in lacking]


def _remarks(target: Path, wishes: Mapping[str, str], found: Mapping[str, bytes | None], inner: str) -> Iterator[str]:
    for path, data in found.items():
        is_other = data not in (None, wishes[path].encode())
        if path == WORKFLOW and is_other:
            yield f"{target / path} stays as it is: --from and a newer version have no effect on it; change it there"
        elif path == WORKFLOW and data is None and inner:
            words = "GitHub reads workflows at the top of a repository only: move it there, and commit it"
            yield f"{target / path}: {words}"
        elif path in SCHEDULES and is_other:
            yield f"{target / path} is of another machine, folder or version; remove it, and run init again"
    if found[CONFIG] is None and found[".gitignore"] is not None:
        names = "archive.db*, raw/, site/ and *.digest-tmp"
        yield f"{target / '.gitignore'} stays as it is; make sure that it names {names}"


def _require_own_place(target: Path) -> None:
    """Refuse a folder that no line of a crontab could name, or where an archive would mix with something else."""
    # A lone surrogate is a byte that is no UTF-8 (PEP 383).
    if any(ord(one) < 32 or ord(one) == 127 or 0xD800 <= ord(one) < 0xE000 for one in str(target.absolute())):
        raise UsageError(f"expected a folder's name in UTF-8 without control characters, found {quoted(str(target))}")
    # By the real path: a link to a home folder is that folder.
    real, found = Path(os.path.realpath(target)), ""
    if real == real.parent:
        found = "the top of the file system"
    elif str(real) == os.path.realpath(os.path.expanduser("~")):  # noqa: PTH111 - pathlib raises where there is none
        found = "a home folder"
    for place in (real, *real.parents):
        if place.name.casefold() == ".git" or all(os.path.lexists(place / part) for part in _PARTS_OF_GIT):
            found = found or f"git's own folder {place}"
        elif all(os.path.lexists(place / part) for part in _PARTS_OF_SOURCE):
            found = found or f"the source of digest itself in {place}"
    if found:
        raise UsageError(f"{target}: expected a folder of the archive's own, found {found}; try ~/arxiv")


def _folder_in_repository(target: Path) -> str:
    """Return where ``target`` lies in the repository around it; "" if it is the top of one, or will be."""
    real = Path(os.path.realpath(target))
    # The folder may not be there yet: git is asked in the nearest one that is.
    around = next(place for place in (real, *real.parents) if place.is_dir())
    root = examine_repository(around, Git()).root
    return "" if root is None or root == real else real.relative_to(root).as_posix()
