"""Commits → the remote. Nothing there is ever overwritten: no push is forced, whatever is configured."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from digest.errors import GitError
from digest.git.program import Program
from digest.git.rebases import rebase
from digest.git.repository import Repository
from digest.secrets import HIDDEN, masked

_ATTEMPTS = 4
_ASKED_BY_NAME = re.compile(r"(?:https?|ftps?)://|ssh://[^/\s]*:[^/\s]*@", re.IGNORECASE)
_BEHIND = re.compile(r"^!\t[^\t]*\t\[rejected\] \((?:fetch first|non-fast-forward|stale info)\)", re.MULTILINE)
# Of two that push at the same moment, one is told so by the remote itself.
_RACED = re.compile(
    r"^!\t[^\t]*\t\[remote rejected\] \((?:cannot lock ref|failed to update ref|incorrect old value)", re.MULTILINE
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
        return tuple(dict.fromkeys([*self._urls(), *self.push_urls]))

    @property
    def push_urls(self) -> tuple[str, ...]:
        """The addresses that one push goes to."""
        return self._urls("--push")

    def _urls(self, *options: str) -> tuple[str, ...]:
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
        if has_secret(urls):
            words = f"the address of remote {self.name} holds a name or password"
            raise GitError(f"{words}; use a credential helper or SSH, and `git remote set-url {self.name} …`")

    def unpushed(self) -> int:
        """Return how many commits the remote lacks, as far as is known here."""
        if self.repository.head is None:
            return 0
        is_known = self.repository.commit_of(self.tracking) is not None
        return self.repository.count(f"{self.tracking}..HEAD" if is_known else "HEAD")

    def take(self, *options: str) -> bool:
        """Push; return False if the remote has what is not here.

        Raises:
            GitError: it cannot be pushed for another reason.
        """
        plain = ("--porcelain", "--no-force", "--no-follow-tags", "--recurse-submodules=no")
        answer = self.git.answer("push", *plain, *options, self.name, f"HEAD:refs/heads/{self.branch}")
        if answer.code and not (_BEHIND.search(answer.out) or _RACED.search(answer.out)):
            raise GitError(f"git push {self.name}: {_reason(answer.out)}{answer.problem}")
        return answer.code == 0

    def fetch(self) -> None:
        """Learn what the branch is there."""
        # No refspec of the configuration applies: a mirror's would overwrite branches here.
        only = ("--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--refmap=")
        self.git.run("fetch", *only, self.name, f"+refs/heads/{self.branch}:{self.tracking}")

    def holds(self, commit: str) -> bool:
        """Whether the branch there, as far as is known here, has ``commit``."""
        return self.repository.git.answer("merge-base", "--is-ancestor", commit, self.tracking).code == 0

    def is_in_head(self) -> bool:
        """Whether all that is known of the branch is in what is checked out."""
        return self.repository.git.answer("merge-base", "--is-ancestor", self.tracking, "HEAD").code == 0

    def note(self) -> None:
        """Note that the branch is there what it is here, also where the configuration lets git not do so itself."""
        if self.repository.commit_of(self.tracking) != self.repository.head:
            self.repository.git.run("update-ref", self.tracking, "HEAD")


def push(remote: Remote, is_generated: Callable[[str], bool], author: str) -> tuple[str, ...]:
    """Push all commits that the remote lacks; if others pushed before, ours are moved onto theirs.

    Returns the paths that changed here by that.

    Raises:
        GitError: that is not possible; what was committed stays.
    """
    repository, before = remote.repository, remote.repository.head or ""
    for _ in range(_ATTEMPTS):
        if remote.take():
            remote.note()
            break
        remote.fetch()
        if remote.holds("HEAD"):
            _require_one_address(remote)
            break
        if not remote.is_in_head():
            rebase(repository, remote.tracking, is_generated, author)
    else:
        raise GitError(f"git push {remote.name}: rejected {_ATTEMPTS} times, others push all the time; run again")
    return tuple(repository.changed_between(before, "HEAD"))


def _require_one_address(remote: Remote) -> None:
    """Refuse to take what was fetched from one address for what all have that are pushed to."""
    if len(remote.push_urls) > 1:
        words = f"one of the {len(remote.push_urls)} addresses that it pushes to has commits that are not here"
        raise GitError(f"git push {remote.name}: {words}; see which with `git push`, and take them in by hand")


def has_secret(urls: tuple[str, ...]) -> bool:
    """Whether an address holds a name, a password or a query; the name alone that SSH asks for is none."""
    return any(_ASKED_BY_NAME.search(url) and shown(url) != url for url in urls)


def shown(url: str) -> str:
    """Return an address without what may be a secret in it."""
    address, mark, _ = masked(url).partition("?")
    return address + (mark and f"{mark}{HIDDEN}")


def _reason(out: str) -> str:
    lines = [line.split("\t")[-1] for line in out.splitlines() if line.startswith("!\t")]
    return masked(f"{lines[0]}; ") if lines else ""
