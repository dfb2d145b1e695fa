"""What a repository is like, for whoever asks before anything is committed. Offline, but for ``can_push``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.config.settings import Git
from digest.errors import GitError
from digest.git.commits import identity, require_branch, unknown_roles
from digest.git.program import Program
from digest.git.remote import Remote, has_secret, shown
from digest.git.repository import Repository, find_repository, open_repository


@dataclass(frozen=True)
class RepositoryState:
    """The git repository that a folder lies in, as ``doctor`` shows it.

    ``version``: git's own; None: it is not installed, and nothing else is known.
    ``root``: the top folder of the work tree; None: the folder lies in no repository.
    ``branch``: the one that is checked out, also one without commits yet; None: the HEAD is detached.
    ``is_busy``: what a person has begun, such as "a rebase"; None: nothing.
    ``identity``: what commits would bear, ``Name <mail>``; None: git does not say.
    ``is_identity_made_up``: whether that is because git knows nobody.
    ``remote_urls``: the addresses of the configured remote, with any user information hidden; none: no such remote.
    ``credential_helper``: how git gets credentials for a remote by http(s), in a word or two; None: by nothing.
    ``unkept``: those of the paths asked about that git ignores, or that lie outside of the repository.
    ``foreign_staged``: all paths that are staged; those that digest did not write stop it from committing.
    ``unpushed``: how many commits the remote's branch lacks, as far as is known here; None: not known.
    """

    version: str | None
    root: Path | None = None
    branch: str | None = None
    is_busy: str | None = None
    identity: str | None = None
    is_identity_made_up: bool = False
    remote_urls: tuple[str, ...] = ()
    has_secret_in_url: bool = False
    credential_helper: str | None = None
    unkept: tuple[Path, ...] = ()
    foreign_staged: tuple[str, ...] = ()
    unpushed: int | None = None


def examine_repository(folder: Path, settings: Git, *, paths: Sequence[Path] = ()) -> RepositoryState:
    """Return what the repository of ``folder`` is like, and whether files at ``paths``, there or not, go into it.

    Raises:
        GitError: git refuses to look, such as into a repository of another user's.
    """
    try:
        version = Program(Path("/")).version()
    except GitError:
        return RepositoryState(None)
    repository = find_repository(folder)
    if repository is None:
        return RepositoryState(version)
    git, branch, changes = repository.git, repository.branch, repository.changes()
    remote = Remote(repository, settings.remote, branch or settings.branch)
    urls = remote.urls
    said = git.having(identity(git, settings.author)).ask("var", "GIT_AUTHOR_IDENT")
    return RepositoryState(
        version=version,
        root=repository.root,
        branch=branch,
        is_busy=repository.busy,
        identity=said and said.rpartition("> ")[0] + ">",  # without the time, which git says, too
        is_identity_made_up=not settings.author and bool(unknown_roles(git)),
        remote_urls=tuple(map(shown, urls)),
        has_secret_in_url=has_secret(*urls),
        credential_helper=_credential_helper(git, urls),
        unkept=tuple(path for path in paths if _is_unkept(repository, path)),
        foreign_staged=tuple(change.path for change in changes if change.is_staged),
        unpushed=remote.unpushed() if branch and repository.commit_of(remote.tracking) else None,
    )


def _is_unkept(repository: Repository, path: Path) -> bool:
    """Whether git ignores a file, or it lies in another repository, or in none."""
    around = find_repository(path.parent)
    if around is None or around.root != repository.root:
        return True
    return repository.git.answer("check-ignore", "--quiet", "--", str(path.parent.resolve() / path.name)).code == 0


def _credential_helper(git: Program, urls: tuple[str, ...]) -> str | None:
    """Say what has the credentials for the first address by http(s), and never what they are."""
    for url in urls:
        if not url.lower().startswith(("http://", "https://")) or has_secret(url):
            continue
        if helper := git.ask("config", "--get-urlmatch", "credential.helper", url):
            return "a shell command" if helper.startswith("!") else helper.split()[0]
        return "http.extraHeader" if git.ask("config", "--get-urlmatch", "http.extraHeader", url) else None
    return None


def can_push(folder: Path, settings: Git) -> str | None:
    """Ask the remote, changing nothing, whether it would take a push; return why not, or None.

    That others pushed is no reason: the next run would take it in.
    """
    try:
        repository = open_repository(folder)
        remote = Remote(repository, settings.remote, require_branch(repository, settings))
        remote.require_sound()
        if repository.head is None:
            remote.git.run("ls-remote", "--heads", remote.name)
        else:
            remote.push("--dry-run")
    except GitError as error:
        return str(error)
    return None
