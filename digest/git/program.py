"""The git program: how it is called, in which environment, for how long, and what its errors say."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from digest.config.secrets import of_environment, without
from digest.errors import GitError
from digest.model import MachineClock

OLDEST = (2, 26)
"""The first git that commits the paths of a file (``--pathspec-from-file``, by the notes of its release)."""

LIMIT = 600.0
"""Seconds that one call of git may take, hooks and the network included."""


LOCK_PATIENCE = 15.0
"""Seconds for which another git is waited for that holds a lock which this one needs."""

# They let git take paths from its standard input, so that names of any kind, and any number, are taken.
_BY_INPUT = ("--pathspec-from-file=-", "--pathspec-file-nul")

_PAUSE = 0.25
_GRACE = 10.0  # seconds in which git, told to end, removes its lock files

# What is committed must outlive a power cut, and no process may go on when the run has ended.
_ALWAYS = ("core.fsync=all", "gc.autoDetach=false", "maintenance.autoDetach=false", "i18n.commitEncoding=UTF-8")

# First those that bind a process to one repository (`git rev-parse --local-env-vars`); hooks and aliases have them.
# GIT_CONFIG_COUNT, which is one of them, stays: by it, containers are told their owner's configuration.
_DROPPED = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR"),
    *("GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE"),
    *("GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE"),
    *("GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
    # These would change what a path means, and these in which language git speaks, and whom it asks.
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    *("LANGUAGE", "SSH_ASKPASS"),
)
# A trace shows the headers of requests, and with them secrets.
_TRACES = ("GIT_TRACE", "GIT_CURL_VERBOSE")

_OWN = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    # Nobody is there to answer: what would ask, fails.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
}

_NUMBER = re.compile(r"([0-9]+)\.([0-9]+)")
_IS_LOCKED = re.compile(r"Unable to create '[^']*\.lock': File exists")
_SHOWN_LINES = 3
_IDLE = (
    *("hint:", "Please make sure you have the correct access rights", "and the repository exists."),
    "error: failed to push some refs to",  # which follows the reason
)
_GRAVE = ("fatal:", "error:")
_LONGEST_ERROR = 400


def tries(seconds: float, clock: MachineClock = time) -> Iterator[None]:
    """Yield now, and after each pause again, until ``seconds`` are over: another git is waited for."""
    end = clock.monotonic() + seconds
    yield
    while clock.monotonic() < end:
        clock.sleep(_PAUSE)
        yield


@dataclass(frozen=True)
class Output:
    """How a call of git ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def is_locked(self) -> bool:
        """Whether another git held a lock that this one needed."""
        return self.code != 0 and _IS_LOCKED.search(self.err) is not None

    @property
    def problem(self) -> str:
        """What went wrong, as one line without secrets: the last lines that git or a hook said.

        What follows git's last error is advice for somebody at a terminal.
        """
        lines = [" ".join(line.split()) for line in (self.err.strip() or self.out).splitlines()]
        meant = [line for line in lines if line and not line.startswith(_IDLE)]
        while any(line.startswith(_GRAVE) for line in meant) and not meant[-1].startswith(_GRAVE):
            meant.pop()
        text = "; ".join(meant[-_SHOWN_LINES:]).encode(errors="replace").decode()
        return without(text, of_environment(os.environ))[-_LONGEST_ERROR:] or f"exit {self.code}, without a message"


@dataclass(frozen=True)
class Program:
    """git, called in ``folder``; ``variables`` go over the environment, ``options`` over the configuration.

    Every method raises ``GitError`` when git cannot be run, or takes too long.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def having(self, variables: Mapping[str, str], *options: str) -> "Program":
        """Return the same with more ``variables`` and ``options`` such as ``core.bare=false``."""
        return replace(self, variables={**self.variables, **variables}, options=(*self.options, *options))

    def run(self, *arguments: str, paths: Sequence[str] = ()) -> str:
        """Call git on ``paths`` and return what it prints; where another git holds a lock, wait, and call again.

        Raises:
            GitError: it fails.
        """
        for _ in tries(LOCK_PATIENCE):
            answer = self.answer(*arguments, paths=paths)
            if not answer.is_locked:  # one that finds a lock has changed nothing yet
                break
        if answer.code:
            raise GitError(f"git {arguments[0]}: {answer.problem}")
        return answer.out

    def ask(self, *arguments: str) -> str | None:
        """Call git and return the line that it prints; None if it fails."""
        answer = self.answer(*arguments)
        return None if answer.code else answer.out.removesuffix("\n")

    def answer(self, *arguments: str, paths: Sequence[str] = ()) -> Output:
        """Call git and return what it prints and how it ends."""
        options = [word for option in (*_ALWAYS, *self.options) for word in ("-c", option)]
        words = ("git", *options, *arguments, *(_BY_INPUT if paths else ()))
        try:
            # Files, not pipes: what a hook leaves running would keep a pipe open.
            with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
                # Not by a variable of git's: hooks would have it, too.
                given.write(b"".join(b":(top,literal)" + os.fsencode(path) + b"\0" for path in paths))
                given.seek(0)
                process = subprocess.Popen(  # noqa: S603 - no shell, and every path comes by standard input
                    words,
                    cwd=self.folder,
                    env={**_environment(), **self.variables},
                    stdin=given,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,  # so that it can be ended with all its children, and asks no terminal
                )
                try:
                    code = process.wait(LIMIT)
                except BaseException as error:
                    _end(process)
                    if isinstance(error, subprocess.TimeoutExpired):
                        raise GitError(f"git {arguments[0]}: not finished within {LIMIT:g} s; it was stopped") from None
                    raise
                return Output(code, _text(out), _text(err))
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self.folder.is_dir():
                raise GitError("git was not found; install it, or set [git] commit = false") from error
            raise GitError(f"git cannot be run in {self.folder}: {error.strerror}") from error

    def version(self) -> str:
        """Return git's version in its own words, such as ``2.39.5 (Apple Git-154)``."""
        return self.run("version").removeprefix("git version ").strip()

    def require_version(self) -> None:
        """Refuse a git that is too old to commit, by its name: of itself it would print how it is to be used.

        Raises:
            GitError: it is, or cannot be run.
        """
        version = self.version()
        number = number_of(version)
        if number and number < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            words = f"expected git {oldest} or newer, found {version}"
            raise GitError(f"{words}; install one, or set [git] commit = false")


def number_of(version: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version; None if it has none."""
    found = _NUMBER.match(version)
    return (int(found[1]), int(found[2])) if found else None


def _environment() -> dict[str, str]:
    """Return the owner's environment without what binds git to a repository, lets it trace, or waits for a person."""
    names = [name for name in os.environ if name not in _DROPPED and not name.startswith(_TRACES)]
    kept = {name: os.environ[name] for name in names}
    return {**kept, **_OWN}


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return os.fsdecode(stream.read())


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and all that it started: at first so that it can clear up."""
    for what, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, what)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
