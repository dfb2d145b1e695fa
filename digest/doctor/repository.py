"""The git repository that runs commit to: whatever would keep them from it, and what to do about it."""

from collections.abc import Iterator
from pathlib import Path

from digest.archive.clone import unkept_settings
from digest.config.paths import odd_names
from digest.doctor.case import Case, Finding
from digest.errors import GitError
from digest.git.examining import RepositoryState, examine_repository
from digest.git.program import OLDEST
from digest.git.repository import named
from digest.records.day import record_path

_FAILS = GitError.exit_code
_FLUSHING = (2, 36)  # the first with core.fsync
_NO_COMMITS = "or set [git] commit = false"


def check_repository(case: Case) -> Iterator[Finding]:
    """Look at the repository of the digests, if runs commit."""
    git = case.config.git
    if not git.commit:
        yield Finding("nothing is committed ([git] commit = false)")
        return
    try:
        state = examine_repository(case.config.output, git, paths=list(_written(case)))
    except GitError as error:
        yield Finding(f"git: {error}", f"mend that, {_NO_COMMITS}", _FAILS)
        return
    yield _version(state)
    if state.version is None:
        return
    if state.root is None:
        yield Finding(f"{case.config.output} is in no git repository", f"`git init` there, {_NO_COMMITS}", _FAILS)
    else:
        yield Finding(f"the repository in {state.root}")
        yield from _commits(case, state)
        if git.push:
            yield from _pushes(case, state)


def _written(case: Case) -> Iterator[Path]:
    """Yield where a digest and a day record are written."""
    config, category, day = case.config, case.config.arxiv.categories[0], case.now.date()
    yield config.output / config.digest_path(category, day)
    if config.records is not None:
        yield config.records / record_path(category, day)


def _version(state: RepositoryState) -> Finding:
    if state.version is None:
        return Finding("git is not installed", f"install it, {_NO_COMMITS}", _FAILS)
    number = state.number or _FLUSHING
    if number < OLDEST:
        return Finding(f"git {state.version}", f"{OLDEST[0]}.{OLDEST[1]} or newer is needed, {_NO_COMMITS}", _FAILS)
    if number < _FLUSHING:
        return Finding(f"git {state.version}", "it flushes no commit to the disk; from 2.36 on, a power cut loses none")
    return Finding(f"git {state.version}")


def _commits(case: Case, state: RepositoryState) -> Iterator[Finding]:
    """Find what keeps a run from a commit, or makes it one that nobody wants."""
    yield _branch(case, state)
    if state.is_busy:
        yield Finding(f"{state.is_busy} is in progress", "end it, or abort it: nothing is committed until then", _FAILS)
    yield from _staged(case, state)
    for path in state.unkept:
        words = f"git ignores {path}, or its folder is in another repository or none"
        advice = "see to .gitignore and the folders in the configuration: such files are never committed"
        yield Finding(words, advice, _FAILS if case.config.git.durable else 0)
    for words, way_out in unkept_settings(case.config, case.path):
        yield Finding(words, way_out)
    for words, is_used in odd_names(case.config).items():
        if is_used:
            yield Finding(words, "what is there goes on; rename it where others clone the repository")
    if state.is_identity_made_up:
        yield Finding(f"commits are by {state.identity}", "`git config user.name` and `user.email`, or [git] author")
    else:
        yield Finding(f"commits are by {state.identity}")


def _staged(case: Case, state: RepositoryState) -> Iterator[Finding]:
    foreign = [path for path in state.foreign_staged if not _is_likely_ours(case, state, path)]
    if foreign:
        advice = "commit it, or `git restore --staged` it: what is not digest's stops a run"
        yield Finding(f"staged: {named(foreign)}", advice, _FAILS)
    elif state.foreign_staged:
        yield Finding(
            f"staged: {named(state.foreign_staged)}", "a run did not come to its end; the next one commits it"
        )


def _is_likely_ours(case: Case, state: RepositoryState, path: str) -> bool:
    """Whether a path is in a folder that digest alone writes; the next run looks at each file itself."""
    config, file = case.config, (state.root or Path()) / path
    folders = [config.output / category for category in config.arxiv.categories]
    folders += [config.output / view.path.partition("/")[0] for view in config.views]
    folders += [config.records] if config.records else []
    is_below = any(file.is_relative_to(folder.resolve()) for folder in folders)
    return is_below or file == config.output.resolve() / "README.md"


def _branch(case: Case, state: RepositoryState) -> Finding:
    wanted = case.config.git.branch
    if state.branch is None:
        return Finding("no branch is checked out", f"`git switch {wanted or 'BRANCH'}`", _FAILS)
    if wanted and state.branch != wanted:
        return Finding(
            f"the branch {state.branch} is checked out", f"`git switch {wanted}`, as [git] branch says", _FAILS
        )
    return Finding(f"the branch {state.branch} is checked out")


def _pushes(case: Case, state: RepositoryState) -> Iterator[Finding]:
    """Find what keeps a run from pushing."""
    git = case.config.git
    if not state.has_remote:
        advice = f"`git remote add {git.remote} ADDRESS`, or [git] push = false"
        yield Finding(f"no remote {git.remote}", advice, _FAILS)
        return
    yield Finding(f"pushes to {git.remote}, {', '.join(state.remote_urls)}")
    if state.has_secret_in_url:
        advice = "take it out (`git remote set-url`), and use a credential helper or SSH"
        yield Finding(f"the address of {git.remote} holds a name or password", advice, _FAILS)
    elif state.credential_helper:
        yield Finding(f"credentials from {state.credential_helper}")
    elif any(url.startswith("http") for url in state.remote_urls):
        advice = "`git config credential.helper` gives git what the remote asks for, unless it asks for nothing; or SSH"
        yield Finding("no credential helper", advice)
    if state.unpushed:
        commits = "1 commit is" if state.unpushed == 1 else f"{state.unpushed} commits are"
        yield Finding(f"{commits} not pushed yet", "the next run pushes them, and says why if not")
