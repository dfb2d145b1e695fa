"""The repository that a folder lies in: where it is, what is checked out, what differs from the last commit."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.errors import GitError, quoted
from digest.git.program import Program

_BUSY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
_FOLDERS = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
_BLANKS_OF_A_DIFFERENCE = 4  # git-diff-tree(1), "Raw Output Format"
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10}  # git-status(1), "Porcelain Format Version 2"


@dataclass(frozen=True)
class FileChange:
    """A path, relative to the work tree, that differs from the last commit.

    ``is_staged``: whether the index differs; ``is_ignored``: whether git does not know the file, and is told not to.
    """

    path: str
    is_staged: bool = False
    is_ignored: bool = False


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree; ``git`` is called at its ``root``.

    ``folder``: git's own folder for this work tree; ``common``: the one that all its work trees share.
    """

    git: Program
    root: Path
    folder: Path
    common: Path

    @property
    def branch(self) -> str | None:
        """The branch that is checked out; None for a detached HEAD."""
        name = self.git.ask("symbolic-ref", "--quiet", "HEAD")
        return name.removeprefix("refs/heads/") if name else None

    @property
    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return self.commit_of("HEAD")

    @property
    def busy(self) -> str | None:
        """What somebody has begun and not ended, such as "a rebase"."""
        return next((words for name, words in _BUSY.items() if os.path.lexists(self.folder / name)), None)

    def path_of(self, place: str) -> str | None:
        """Return the path of the file at ``place`` as git names it; None if it is outside of the repository."""
        folder, name = os.path.split(place)
        found = Path(os.path.realpath(folder), name)
        return found.relative_to(self.root).as_posix() if found.is_relative_to(self.root) else None

    def prefix_of(self, folder: Path) -> str | None:
        """Return what the paths of the files in ``folder`` begin with; None if it is outside of the repository."""
        inner = self.path_of(str(folder / "x"))
        return inner and inner.removesuffix("x")

    def commit_of(self, name: str) -> str | None:
        """Return the commit that ``name`` stands for; None if there is none."""
        return self.git.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def committed(self, path: str) -> bytes | None:
        """Return what the last commit has at ``path``; None if there is nothing."""
        answer = self.git.answer("cat-file", "blob", f"HEAD:{path}")
        return None if answer.code else os.fsencode(answer.out)

    def known(self) -> set[str]:
        """Return the paths of all files that git knows, in the index that is."""
        return set(self.git.run("ls-files", "-z").split("\0")) - {""}

    def changes(self, *, untracked: bool = True, paths: Sequence[str] = ()) -> list[FileChange]:
        """Return every path that differs from the last commit; ``untracked`` files may be among them.

        Ignored files are none, unless they are among the ``paths`` that alone are asked about.
        """
        options = [f"--untracked-files={'all' if untracked else 'no'}", "--no-renames", "--ignore-submodules=dirty"]
        if paths:
            options += ["--ignored=traditional", "--", *(f":(top,literal){path}" for path in paths)]
        found = []
        for line in filter(None, self.git.run("status", "--porcelain=v2", "-z", *options).split("\0")):
            kind, _, rest = line.partition(" ")
            if kind in ("?", "!"):
                found.append(FileChange(rest, is_ignored=kind == "!"))
            elif kind in _FIELDS_BEFORE_PATH:
                fields = line.split(" ", _FIELDS_BEFORE_PATH[kind])
                if len(fields) <= _FIELDS_BEFORE_PATH[kind]:
                    raise GitError(f"git status: expected the state of a path, found {quoted(line)}")
                # "XY": X is what the index differs in, "." where it does not; "u" is what a merge left open.
                found.append(FileChange(fields[-1], is_staged=kind == "u" or fields[1][:1] not in ("", ".")))
        return found

    def staged(self) -> list[str]:
        """Return the paths in which the index differs from the last commit, whatever the work tree has."""
        said = self.git.run("diff", "--cached", "--name-only", "--no-renames", "--ignore-submodules=dirty", "-z")
        return list(filter(None, said.split("\0")))

    def unkept(self, places: Iterable[Path]) -> tuple[list[FileChange], list[Path]]:
        """Return which of the files at ``places`` a clone would not have as they are, and which lie outside of it.

        The former are untracked, ignored or changed since the last commit. It is one call of git.
        """
        paths = {place: self.path_of(str(place)) for place in places}
        inside = [path for path in paths.values() if path is not None]
        outside = [place for place, path in paths.items() if path is None]
        return self.changes(paths=inside) if inside else [], outside

    def removed(self, folder: str) -> list[str]:
        """Return the paths below ``folder`` that are in the last commit and not in the work tree."""
        if self.head is None:
            return []
        below = ["--", f":(top,literal){folder}"] if folder not in ("", ".") else []
        said = self.git.run("diff", "--name-only", "--diff-filter=D", "--no-renames", "-z", "HEAD", *below)
        # What was taken out of the index alone is a difference, too, and is there.
        return [path for path in said.split("\0") if path and not os.path.lexists(self.root / path)]

    def changed_between(self, one: str, other: str) -> dict[str, str]:
        """Return the paths in which two commits differ, each with its object in the ``other``; "" for none."""
        said = self.git.run("diff-tree", "-r", "-z", "--no-renames", one, other)
        *raw, rest = said.split("\0")
        pairs = list(zip(raw[::2], raw[1::2], strict=False))
        if rest or not all(line.count(" ") == _BLANKS_OF_A_DIFFERENCE for line, _ in pairs):
            raise GitError(f"git diff-tree: expected a list of differences, found {quoted(said)}")
        return {path: "" if line.endswith(" D") else line.split(" ")[3] for line, path in pairs}

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether the commit ``other`` has ``one`` among those that came before it, or is it."""
        return self.git.answer("merge-base", "--is-ancestor", one, other).code == 0

    def count(self, commits: str) -> int:
        """Return how many ``commits`` there are, a range such as ``A..B``."""
        said = self.git.run("rev-list", "--count", commits, "--").strip()
        if not (said.isascii() and said.isdigit()):
            raise GitError(f"git rev-list: expected a number of commits, found {quoted(said)}")
        return int(said)


def open_repository(folder: Path) -> Repository:
    """Return the repository that ``folder`` lies in, or will once it is made.

    Raises:
        GitError: it lies in none.
    """
    found = find_repository(folder)
    if found is None:
        raise GitError(f"{folder}: in no git repository; `git init` there, or set [git] commit = false")
    return found


def find_repository(folder: Path) -> Repository | None:
    """Return the repository that ``folder`` lies in; None if it lies in none.

    Raises:
        GitError: git refuses to look, or to work there.
    """
    git = Program(next(place for place in (folder, *folder.absolute().parents) if place.is_dir()))
    answer = git.answer("rev-parse", *_FOLDERS)
    if answer.code and "not a git repository" in answer.err:
        return None
    if answer.code:
        raise GitError(f"{folder}: {answer.problem}")
    said = answer.out.splitlines(keepends=True)
    if len(said) != len(_FOLDERS):  # the names of folders may hold the ends of lines
        said = [git.run("rev-parse", which) for which in _FOLDERS]
    folders = [git.folder / one.removesuffix("\n") for one in said]
    for line, place in zip(said, folders, strict=True):
        if line in ("", "\n") or not place.is_dir():
            raise GitError(f"{git.folder}: expected that git names a folder, found {quoted(line)}")
    root, own, common = folders
    return Repository(Program(root), root, own, common)
