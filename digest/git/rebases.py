"""Commits of digest, moved onto what others pushed; abandoned as soon as it is not plain that nothing is lost."""

import os
from collections.abc import Callable, Sequence

from digest.disk.files import Folder
from digest.errors import GitError, StoreError
from digest.git.identity import identity
from digest.git.repository import Repository, named

MARKER = "digest-rebase"
"""The file in git's folder that tells whose rebase is in progress: from which commit, onto which."""

STATE = "rebase-merge"
"""git's own folder for a rebase in progress."""

_BY_HAND = "`git pull --rebase`, then run again"

# The owner's settings are for rebases by hand. Renames are guesses, and no digest is ever another one's.
_PLAIN = (
    *("rebase.autoStash=false", "rebase.autoSquash=false", "rebase.updateRefs=false", "rebase.rebaseMerges=false"),
    *("merge.renames=false", "merge.directoryRenames=false"),
)


def rebase(repository: Repository, onto: str, is_generated: Callable[[str], bool], author: str) -> None:
    """Move the commits that ``onto`` lacks onto it.

    Raises:
        GitError: one of them is not digest's alone, or the two sides changed the same; all is as it was before.
    """
    head = repository.head or ""
    _require_common_ground(repository, head, onto)
    _require_only_generated(repository, onto, is_generated)
    _require_untouched(repository)
    _require_no_clash(repository, head, onto)
    marker = Folder(repository.folder)
    try:
        marker.write(MARKER, f"{head} {repository.commit_of(onto)}\n".encode())
        _run(repository, onto, author)
        marker.remove(MARKER)
    except StoreError as error:
        raise GitError(str(error)) from error


def _run(repository: Repository, onto: str, author: str) -> None:
    git = repository.git.having(identity(repository.git, author), *_PLAIN)
    try:
        git.run("rebase", "--quiet", "--merge", "--no-fork-point", onto)
    except GitError as error:
        conflicts = repository.git.run("diff", "--name-only", "-z", "--diff-filter=U").split("\0")[:-1]
        _abort(repository)
        Folder(repository.folder).remove(MARKER)
        raise (_clash(repository, onto, conflicts) if conflicts else _refusal(onto, str(error), _BY_HAND)) from error


def _abort(repository: Repository) -> None:
    if (repository.folder / STATE).is_dir():
        repository.git.run("rebase", "--abort")


def _require_common_ground(repository: Repository, head: str, onto: str) -> None:
    if repository.git.ask("merge-base", head, onto) is None:
        way_out = f"look at `git log {_short(onto)}`, and decide by hand which of them stays"
        raise _refusal(onto, "it has nothing in common with what is here; was it written anew?", way_out)


def _require_only_generated(repository: Repository, onto: str, is_generated: Callable[[str], bool]) -> None:
    git = repository.git
    if merges := git.run("rev-list", "--min-parents=2", f"{onto}..HEAD").split():
        raise _refusal(onto, f"{merges[0][:8]}, which is not pushed, is a merge", _BY_HAND)
    for commit in git.run("rev-list", f"{onto}..HEAD").split():
        paths = git.run("diff-tree", "--root", "-r", "-z", "--no-commit-id", "--name-only", commit).split("\0")[:-1]
        if foreign := [path for path in paths if not is_generated(path)]:
            words = f"{commit[:8]}, which is not pushed, changes {named(foreign)}, which is not digest's"
            raise _refusal(onto, words, _BY_HAND)


def _require_untouched(repository: Repository) -> None:
    if changed := [change.path for change in repository.changes(untracked=False)]:
        words = f"others pushed meanwhile, and {named(changed)} changed here; commit or restore that, and run again"
        raise GitError(f"{repository.root}: {words}")


def _added(repository: Repository, head: str, onto: str) -> list[str]:
    known = set(repository.git.run("ls-tree", "-r", "-z", "--name-only", head).split("\0"))
    return [path for path in repository.changed_between(head, onto) if path not in known]


def _require_no_clash(repository: Repository, head: str, onto: str) -> None:
    """Two versions of a digest, or of a record, are never mixed; an index is written anew by the next run anyway.

    git itself takes files that it ignores for worthless, and overwrites them.
    """
    base = repository.git.run("merge-base", head, onto).split()[0]
    ours, theirs = repository.changed_between(base, head), repository.changed_between(base, onto)
    clash = [path for path in ours.keys() & theirs.keys() if ours[path] != theirs[path] and not _is_index(path)]
    if clash:
        raise _clash(repository, onto, sorted(clash))
    in_the_way = [path for path in _added(repository, head, onto) if os.path.lexists(repository.root / path)]
    if in_the_way:
        words = f"it brings {named(in_the_way)}, where a file lies that git does not know"
        raise _refusal(onto, words, "move that away, then run again")


def _is_index(path: str) -> bool:
    return path.rpartition("/")[2] == "README.md"


def _clash(repository: Repository, onto: str, paths: Sequence[str]) -> GitError:
    """Refuse where both sides made the same: theirs may stand, because the archive can write ours again."""
    keep = f"`git reset --keep {_short(onto)}` takes theirs (ours stays as {(repository.head or '')[:8]})"
    way_out = f"{keep}, then run again, which makes what theirs lacks"
    if not all(map(_is_index, paths)):
        way_out += "; to have their days in the database here, too, remove archive.db*: the day records make it again"
    return _refusal(onto, f"both sides changed {named(paths)}", way_out)


def _refusal(onto: str, words: str, way_out: str) -> GitError:
    return GitError(f"{_short(onto)}: others pushed, and {words}; what was committed here stays; {way_out}")


def _short(onto: str) -> str:
    return onto.removeprefix("refs/remotes/")
