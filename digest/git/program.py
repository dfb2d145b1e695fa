"""The git program: how it is called, in which environment, and for how long."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from digest.errors import GitError
from digest.git.answers import Answer
from digest.git.clock import Clock

LIMIT = 600.0
"""Seconds that one call of git may take, hooks and the network included."""

BY_INPUT = ("--pathspec-from-file=-", "--pathspec-file-nul")
"""Options that let git take paths from its standard input, so that names of any kind, and any number, are taken."""

LOCK_PATIENCE = 15.0
"""Seconds for which another git is waited for that holds a lock which this one needs."""

_LOCK_PAUSE = 0.25
_GRACE = 10.0  # seconds in which git, told to end, removes its lock files

# What is committed shall outlive a power cut, and no process shall go on when the run has ended.
_ALWAYS = ("core.fsync=all", "gc.autoDetach=false", "maintenance.autoDetach=false", "i18n.commitEncoding=UTF-8")

# The variables that bind a process to one repository (`git rev-parse --local-env-vars`); hooks and aliases have them.
# GIT_CONFIG_COUNT, which is one of them, stays: by it, containers are told their owner's configuration.
_OF_ONE_REPOSITORY = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR"),
    *("GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE"),
    *("GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE"),
    *("GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
)
_OTHER_PATHSPECS = ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")
# A trace shows the headers of requests, and with them secrets.
_TRACES = ("GIT_TRACE", "GIT_CURL_VERBOSE")
_SPEAKING = ("LANGUAGE", "SSH_ASKPASS")

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

    def run(self, *arguments: str, paths: Iterable[str] = ()) -> str:
        """Call git and return what it prints; where another git holds a lock, wait for it, and call again.

        Args:
            arguments: the subcommand and its options.
            paths: given to it by standard input, for ``BY_INPUT``.

        Raises:
            GitError: it fails.
        """
        given = tuple(paths)
        answer = _patiently(lambda: self.answer(*arguments, paths=given))
        if answer.code:
            raise GitError(f"git {arguments[0]}: {answer.problem}")
        return answer.out

    def ask(self, *arguments: str) -> str | None:
        """Call git and return the line that it prints; None if it fails."""
        answer = self.answer(*arguments)
        return None if answer.code else answer.out.removesuffix("\n")

    def answer(self, *arguments: str, paths: Iterable[str] = ()) -> Answer:
        """Call git and return what it prints and how it ends."""
        # Files, not pipes: what a hook leaves running would keep a pipe open.
        try:
            with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
                # Not by a variable of git's: hooks would have it, too.
                given.write(b"".join(b":(top,literal)" + os.fsencode(path) + b"\0" for path in paths))
                given.seek(0)
                code = self._wait(arguments, given, out, err)
                return Answer(code, _text(out), _text(err))
        except OSError as error:
            raise GitError(self._why_not(error)) from error

    def _wait(self, arguments: tuple[str, ...], given: IO[bytes], out: IO[bytes], err: IO[bytes]) -> int:
        options = [word for option in (*_ALWAYS, *self.options) for word in ("-c", option)]
        process = subprocess.Popen(  # noqa: S603 - no shell, and every path comes by standard input
            ["git", *options, *arguments],  # noqa: S607 - the owner's git, wherever it is
            cwd=self.folder,
            env={**environment(), **self.variables},
            stdin=given,
            stdout=out,
            stderr=err,
            start_new_session=True,  # so that it can be ended with all its children, and asks no terminal
        )
        try:
            return process.wait(LIMIT)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise GitError(f"git {arguments[0]}: no end within {LIMIT:g} s; it was stopped") from None
            raise

    def _why_not(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError) and self.folder.is_dir():
            return "git was not found; install it, or set [git] commit = false"
        return f"git cannot be run in {self.folder}: {error.strerror}"


def _patiently(call: Callable[[], Answer], clock: Clock = time) -> Answer:
    """Call again while another git holds a lock: a call that finds one has changed nothing yet."""
    end = clock.monotonic() + LOCK_PATIENCE
    while (answer := call()).is_locked and clock.monotonic() < end:
        clock.sleep(_LOCK_PAUSE)
    return answer


def environment() -> dict[str, str]:
    """Return the owner's environment without what binds git to a repository, lets it trace, or waits for a person."""
    dropped = {*_OF_ONE_REPOSITORY, *_OTHER_PATHSPECS, *_SPEAKING}
    kept = {name: value for name, value in os.environ.items() if name not in dropped and not name.startswith(_TRACES)}
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
