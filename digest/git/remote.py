"""Commits → the remote, after what others pushed. Nothing is ever overwritten there, and nothing lost here.

No push is forced, whatever is configured; a rebase is abandoned as soon as it is not plain that nothing is lost.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.config.secrets import HIDDEN, masked
from digest.disk.files import Folder
from digest.errors import GitError, StoreError, named
from digest.git.commits import IsGenerated, identity
from digest.git.program import Program
from digest.git.repository import Repository

_ATTEMPTS = 4
_ASKED_BY_NAME = re.compile(r"(?:https?|ftps?)://|ssh://[^/\s]*:[^/\s]*@", re.IGNORECASE)
_BEHIND = re.compile(
    r"^!\t[^\t]*\t\[(?:rejected\] \((?:fetch first|non-fast-forward|stale info)\)"
    # Of two that push at the same moment, one is refused by the remote itself.
    r"|remote rejected\] \((?:cannot lock ref|failed to update ref|incorrect old value))",
    re.MULTILINE,
)

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


@dataclass(frozen=True)
class Remote:
    """A branch of a remote repository."""

    repository: Repository
    name: str
    branch: str

    @property
    def tracking(self) -> str:
        """What is known here of the branch there."""
        return f"refs/remotes/{self.name}/{self.branch}"

    @property
    def git(self) -> Program:
        """The program, for the network: it asks nobody anything, and is no mirror, which would force."""
        git = self.repository.git.having({}, f"remote.{self.name}.mirror=false")
        is_configured = {"GIT_SSH_COMMAND", "GIT_SSH"} & os.environ.keys() or git.ask("config", "core.sshCommand")
        return git if is_configured else git.having({"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"})

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses that git would ask, by which they can be secrets; none if there is no such remote."""
        return tuple(dict.fromkeys([*self.configured_urls(), *self.configured_urls("--push")]))

    def configured_urls(self, *options: str) -> tuple[str, ...]:
        """Return the addresses of the remote, or with ``--push`` those that one push goes to."""
        answer = self.repository.git.ask("remote", "get-url", "--all", *options, self.name)
        return tuple(answer.split("\n")) if answer else ()

    def require_sound(self) -> None:
        """See to it, before git is told to ask it, that there is such a remote, and no secret in its address.

        git hands the address to other programs as an argument, which everybody on the machine can read.

        Raises:
            GitError: there is none, or one.
        """
        urls = self.urls
        if not urls:
            advice = f"`git remote add {self.name} …`, or set [git] push = false"
            raise GitError(f"{self.repository.root}: expected the remote {self.name}, found none; {advice}")
        if has_secret(*urls):
            words = f"the address of remote {self.name} holds a name or password"
            raise GitError(f"{words}; use a credential helper or SSH, and `git remote set-url {self.name} …`")

    def unpushed(self) -> int:
        """Return how many commits the remote lacks, as far as is known here."""
        if self.repository.head is None:
            return 0
        is_known = self.repository.commit_of(self.tracking) is not None
        return self.repository.count(f"{self.tracking}..HEAD" if is_known else "HEAD")

    def push(self, *options: str) -> bool:
        """Push; return False if the remote has what is not here.

        Raises:
            GitError: it cannot be pushed for another reason.
        """
        plain = ("--porcelain", "--no-force", "--no-follow-tags", "--recurse-submodules=no")
        answer = self.git.answer("push", *plain, *options, self.name, f"HEAD:refs/heads/{self.branch}")
        if answer.code and not _BEHIND.search(answer.out):
            reasons = [line.split("\t")[-1] for line in answer.out.splitlines() if line.startswith("!\t")]
            raise GitError(f"git push {self.name}: {masked(f'{reasons[0]}; ') if reasons else ''}{answer.problem}")
        return answer.code == 0

    def fetch(self) -> None:
        """Learn what the branch is there."""
        # No refspec of the configuration applies: a mirror's would overwrite branches here.
        only = ("--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--refmap=")
        self.git.run("fetch", *only, self.name, f"+refs/heads/{self.branch}:{self.tracking}")


def push(remote: Remote, is_generated: IsGenerated, author: str) -> tuple[str, ...]:
    """Push all commits that the remote lacks; if others pushed before, ours are moved onto theirs.

    Returns the paths that changed here by that.

    Raises:
        GitError: that is not possible; what was committed stays.
    """
    repository, before = remote.repository, remote.repository.head or ""
    for _ in range(_ATTEMPTS):
        if remote.push():
            # The configuration may let git not note itself that the branch is there what it is here.
            if repository.commit_of(remote.tracking) != repository.head:
                repository.git.run("update-ref", remote.tracking, "HEAD")
            break
        remote.fetch()
        if repository.is_ancestor("HEAD", remote.tracking):
            # What was fetched from one address is not what all have that are pushed to.
            if (number := len(remote.configured_urls("--push"))) > 1:
                words = f"one of the {number} addresses that it pushes to has commits that are not here"
                raise GitError(f"git push {remote.name}: {words}; see which with `git push`, and merge them by hand")
            break
        if not repository.is_ancestor(remote.tracking, "HEAD"):
            rebase(repository, remote.tracking, is_generated, author)
    else:
        raise GitError(f"git push {remote.name}: rejected {_ATTEMPTS} times, as others keep pushing; try again later")
    return tuple(repository.changed_between(before, "HEAD"))


def rebase(repository: Repository, onto: str, is_generated: IsGenerated, author: str) -> None:
    """Move the commits that ``onto`` lacks onto it.

    Raises:
        GitError: one of them is not digest's alone, or the two sides changed the same; all is as it was before.
    """
    head = repository.head or ""
    base = repository.git.ask("merge-base", head, onto)
    if base is None:
        way_out = f"look at `git log {_short(onto)}`, and decide by hand which of the two stays"
        raise _refusal(onto, "it has nothing in common with what is here; was its history rewritten?", way_out)
    _require_only_generated(repository, onto, is_generated)
    if changed := [change.path for change in repository.changes(untracked=False)]:
        words = f"others pushed meanwhile, and {named(changed)} changed here; commit or restore that, and run again"
        raise GitError(f"{repository.root}: {words}")
    _require_no_clash(repository, base.split()[0], head, onto)
    marker = Folder(repository.folder)
    try:
        # Before git begins: "recover" ends what a kill leaves, and touches no rebase without it.
        marker.write(MARKER, f"{head} {repository.commit_of(onto)}\n".encode())
        try:
            git = repository.git.having(identity(repository.git, author), *_PLAIN)
            git.run("rebase", "--quiet", "--merge", "--no-fork-point", onto)
        except GitError as error:
            conflicts = repository.git.run("diff", "--name-only", "-z", "--diff-filter=U").split("\0")[:-1]
            if (repository.folder / STATE).is_dir():
                repository.git.run("rebase", "--abort")
            marker.remove(MARKER)
            found = _clash(repository, onto, conflicts) if conflicts else _refusal(onto, str(error), _BY_HAND)
            raise found from error
        marker.remove(MARKER)
    except StoreError as error:
        raise GitError(str(error)) from error


def _require_only_generated(repository: Repository, onto: str, is_generated: IsGenerated) -> None:
    git = repository.git
    for line in git.run("rev-list", "--parents", f"{onto}..HEAD").splitlines():
        commit, *parents = line.split()
        if len(parents) > 1:
            raise _refusal(onto, f"{commit[:8]}, which is not pushed, is a merge", _BY_HAND)
        paths = git.run("diff-tree", "--root", "-r", "-z", "--no-commit-id", "--name-only", commit).split("\0")[:-1]
        if foreign := [path for path in paths if not is_generated(path)]:
            words = f"{commit[:8]}, which is not pushed, changes {named(foreign)}, which is not digest's"
            raise _refusal(onto, words, _BY_HAND)


def _require_no_clash(repository: Repository, base: str, head: str, onto: str) -> None:
    """Two versions of a digest, or of a record, are never mixed; an index is written anew by the next run anyway.

    git itself takes files that it ignores for worthless, and overwrites them.
    """
    ours, theirs = repository.changed_between(base, head), repository.changed_between(base, onto)
    both = sorted(ours.keys() & theirs.keys())
    if clash := [path for path in both if ours[path] != theirs[path] and not _is_index(path)]:
        raise _clash(repository, onto, clash)
    said = repository.git.run("diff-tree", "-r", "-z", "--no-renames", "--name-only", "--diff-filter=A", head, onto)
    if in_the_way := [path for path in said.split("\0")[:-1] if os.path.lexists(repository.root / path)]:
        words = f"it brings {named(in_the_way)}, where an untracked file lies"
        raise _refusal(onto, words, "move that file away, then run again")


def _is_index(path: str) -> bool:
    return path.rpartition("/")[2] == "README.md"


def _clash(repository: Repository, onto: str, paths: Sequence[str]) -> GitError:
    """Refuse where both sides made the same: theirs may stand, because the archive can write ours again."""
    keep = f"`git reset --keep {_short(onto)}` takes theirs (ours stays as {(repository.head or '')[:8]})"
    way_out = f"{keep}, then run again: that makes what theirs lacks"
    if not all(map(_is_index, paths)):
        way_out += "; to have their days in the database here, too, remove archive.db*: the day records make it again"
    return _refusal(onto, f"both sides changed {named(paths)}", way_out)


def _refusal(onto: str, words: str, way_out: str) -> GitError:
    return GitError(f"{_short(onto)}: others pushed, and {words}; what was committed here stays; {way_out}")


def _short(onto: str) -> str:
    return onto.removeprefix("refs/remotes/")


def has_secret(*urls: str) -> bool:
    """Whether an address holds a name, a password or a query; the name alone that SSH asks for is none."""
    return any(_ASKED_BY_NAME.search(url) and shown(url) != url for url in urls)


def shown(url: str) -> str:
    """Return an address without what may be a secret in it."""
    address, mark, _ = masked(url).partition("?")
    return address + (mark and f"{mark}{HIDDEN}")
