"""Real repositories to try git on: an archive in one, a bare one as its remote, a second clone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Sandbox

PATIENCE = 60.0
IGNORED = "archive.db*\nraw/\n"


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let git know nothing of whoever runs the tests but a name."""
    for name in [name for name in os.environ if name.startswith("GIT_") or name == "EMAIL"]:
        monkeypatch.delenv(name)
    home.mkdir()
    (home / "gitconfig").write_text(
        "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(home))


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    """Call git in ``folder`` as a person does; return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.rstrip("\n")


def lines(folder: Path, *arguments: str) -> list[str]:
    """Call git in ``folder``; return the lines that it prints."""
    return git(folder, *arguments).splitlines()


def make_repository(folder: Path, *paths: str) -> None:
    """Make ``folder`` a repository with a first commit of ``paths``."""
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text(IGNORED)
    git(folder, "add", ".gitignore", *paths)
    git(folder, "commit", "--quiet", "--message=Begin")


def make_remote(folder: Path, place: Path) -> Path:
    """Make a bare repository at ``place``, which remembers all that is pushed, the remote of ``folder``."""
    git(folder.parent, "init", "--quiet", "--bare", str(place))
    git(place, "config", "core.logAllRefUpdates", "always")
    git(place, "config", "receive.denyNonFastForwards", "true")
    git(folder, "remote", "add", "origin", str(place))
    git(folder, "push", "--quiet", "--set-upstream", "origin", "main")
    return place


def make_archive(sandbox: Sandbox, **settings: object) -> Path:
    """Put an archive under git, with a remote, and configure it to commit and to push; return the remote."""
    sandbox.configure("git", **{"commit": True, "push": True, **settings})
    make_repository(sandbox.folder, "config.toml")
    return make_remote(sandbox.folder, sandbox.folder.parent / "remote.git")


def clone(remote: Path, name: str = "second", *options: str) -> Path:
    """Clone ``remote``; return the new folder beside it."""
    git(remote.parent, "clone", "--quiet", *options, remote.as_uri(), name)
    return remote.parent / name


def commit_file(folder: Path, path: str, text: str) -> str:
    """Commit a file as a person does; return the commit."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    git(folder, "add", "--force", path)
    git(folder, "commit", "--quiet", f"--message=Change {path}")
    return git(folder, "rev-parse", "HEAD")


def committed(folder: Path, commit: str = "HEAD") -> list[str]:
    """Return the paths that a commit changes."""
    return git(folder, "show", "--format=", "--name-only", "-z", commit).split("\0")[:-1]


def tree(folder: Path, commit: str = "HEAD") -> dict[str, bytes]:
    """Return the files of a commit."""
    names = git(folder, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")[:-1]
    show = ["git", "cat-file", "blob"]
    return {
        name: subprocess.run([*show, f"{commit}:{name}"], cwd=folder, capture_output=True, check=True).stdout
        for name in names
    }


def check_nothing_was_forced(remote: Path) -> None:
    """Every commit that the branch ever pointed to is still in it."""
    for commit in lines(remote, "log", "--walk-reflogs", "--format=%H", "refs/heads/main"):
        git(remote, "merge-base", "--is-ancestor", commit, "refs/heads/main")


def hook(repository: Path, name: str, script: str) -> None:
    """Give a repository a hook."""
    folder = repository / ".git" / "hooks" if (repository / ".git").is_dir() else repository / "hooks"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def kill_tree(process: int) -> None:
    """Kill a process of the test's own and all that it started."""
    found = [process]
    for one in found:
        found += children(one)
    for one in found:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def children(process: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(stat.parent.name))
    return found


def age_locks(folder: Path, seconds: float = 60.0) -> list[str]:
    """Let git's lock files be older than they are; return their names."""
    found = sorted((folder / ".git").rglob("*.lock"))
    then = time.time() - seconds
    for lock in found:
        os.utime(lock, (then, then))
    return [lock.name for lock in found]
