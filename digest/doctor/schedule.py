"""What runs digest every night: a crontab, a systemd timer, or a workflow of GitHub's; and what it would lack there."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digest.doctor.installation import Case, Result

_CRON_FILES = ("/etc/crontab", "/etc/cron.d")
_SYSTEM_UNITS = ("/etc/systemd/user", "/etc/systemd/system")
_FOR_ALL = "/etc/environment"  # pam_env gives it to cron's jobs, too
_CRON_PATH = "/usr/bin:/bin"  # crontab(5)
_SYSTEMD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"  # systemd.exec(5)
_CRON_SETS = frozenset({"HOME", "LOGNAME", "PATH", "SHELL", "USER"})
_ASSIGNMENT = re.compile(r"""\s*(?:export\s+)?(["']?)([A-Za-z_][A-Za-z0-9_]*)\1\s*=\s*(.*?)\s*""")
_READS_MORE = re.compile(r"(?:^|[\s;&'\"])(?:\.|source)\s|\s-\w*l\w*\s|--login\b")
"""A command that lets a shell read other files first: what these set is not known here."""
_RUNS = re.compile(r"\brun\b")
_RUNS_DIGEST = re.compile(r"\bdigest\b.*\brun\b")
_PYTHON = re.compile(r"/\S*/python[0-9.]*")
_LARGEST = 1 << 20  # bytes; no such file is larger


@dataclass(frozen=True)
class _Run:
    """A run that something starts by itself: what that is, the command, and the variables that it gets."""

    by: str
    result: Result
    command: str
    variables: Mapping[str, str]


def check_schedule(case: Case) -> Iterator[Result]:
    """Look for what names this archive's configuration, in the places where schedules are kept.

    What such a run would lack is said, too: it begins with almost nothing of the environment that a person has.
    """
    runs = list(_runs(case))
    found = [*(run.result for run in runs), *_workflows(case.config.folder)]
    yield from dict.fromkeys(found)
    if not found:
        file = case.config.folder / "schedule/crontab"
        way = f"use {file}" if _is_file(file) else "`digest init DIR` writes one"
        yield Result("nothing found that runs it every night", f"{way}; ignore this if something else does")
        runs = list(_crons(case, str(file), _text(file)))
    yield from dict.fromkeys(lack for run in runs for lack in _lacks(case, run))


def _runs(case: Case) -> Iterator[_Run]:
    command, table = ["crontab", "-l"], b""  # the system's own, wherever it is
    with suppress(OSError, subprocess.TimeoutExpired):  # there is no cron
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10.0, check=False)  # noqa: S603 - no word of it is foreign
        table = b"" if done.returncode else done.stdout
    yield from _crons(case, "the user's crontab", os.fsdecode(table))
    for file in _files(_CRON_FILES):
        yield from _crons(case, str(file), _text(file))
    yield from _timers(case)


def _crons(case: Case, name: str, text: str) -> Iterator[_Run]:
    """Yield the runs of a crontab; a variable that it sets is for the lines below (crontab(5))."""
    variables = {"PATH": _CRON_PATH, **dict.fromkeys(_CRON_SETS - {"PATH"}, ""), **_assigned(_text(Path(_FOR_ALL)))}
    for line in text.splitlines():
        command = line.replace(r"\%", "%")  # a bare % would end the command (crontab(5))
        if _names(command, case):
            yield _Run(f"cron: {name}", Result(f"run by cron: {name}"), command, dict(variables))
        else:
            variables |= _assigned(line)


def _assigned(text: str) -> dict[str, str]:
    """Return the variables that lines such as ``NAME=value`` set."""
    found = filter(None, map(_ASSIGNMENT.fullmatch, text.splitlines()))
    return {match[2]: match[3].strip("\"'") for match in found}


def _timers(case: Case) -> Iterator[_Run]:
    home = Path(case.session.environment.get("HOME", "/nonexistent"))
    settings = Path(case.session.environment.get("XDG_CONFIG_HOME") or home / ".config")
    given = {"PATH": _SYSTEMD_PATH}
    for file in _files([settings / "environment.d", "/etc/environment.d"], ".conf"):
        given |= _assigned(_text(file))
    for folder in (settings / "systemd/user", *map(Path, _SYSTEM_UNITS)):
        for unit in _files([folder], ".service"):
            text = _text(unit)
            # In a unit, %% is a % (systemd.unit(5)).
            for line in (line.partition("=")[2] for line in text.splitlines() if line.startswith("ExecStart=")):
                if _names(line.replace("%%", "%"), case):
                    timer = unit.with_suffix(".timer")
                    scope = " --user" if folder.name == "user" else ""
                    result = Result(f"{timer} is not enabled", f"`systemctl{scope} enable --now {timer.name}`")
                    if os.path.lexists(folder / "timers.target.wants" / timer.name):
                        result = Result(f"run by systemd: {timer}")
                    yield _Run(f"systemd: {unit}", result, line, given | _of_unit(text, home))


def _of_unit(text: str, home: Path) -> dict[str, str]:
    """Return the variables that a unit of systemd's sets for its command (systemd.exec(5))."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "Environment":
            found |= _assigned("\n".join(_words(value)))
        elif key == "EnvironmentFile":
            found |= _assigned(_text(Path(value.strip().removeprefix("-").replace("%h", str(home)))))
        elif key == "PassEnvironment":
            found |= dict.fromkeys(value.split(), "")
    return found


def given_by(case: Case, name: str) -> str:
    """Return what starts runs that have the variable ``name``; "" if nothing does."""
    return next((run.by for run in _runs(case) if _has(run, name)), "")


def _lacks(case: Case, run: _Run) -> Iterator[Result]:
    """Find what a run by itself would not have, and a person who says `digest run` has."""
    named = dict.fromkeys((*case.config.notify.urls, case.config.notify.health))
    from_environment = [origin for origin in case.origins.values() if origin.startswith("environment ")]
    lacking = {}
    for name in (place.removeprefix("env:") for place in named if place.startswith("env:")):
        way = f'`{name}=…` above the line there, or "file:PATH" in [notify] instead of "env:{name}"'
        lacking[name] = (f"has no variable {name}, which env:{name} names", way)
    for name in sorted({one.removeprefix("environment ") for one in from_environment}):
        lacking[name] = (f"has no {name}, which is set here", "put the setting into config.toml, or set it there")
    for name, (words, way) in lacking.items():
        if not _READS_MORE.search(run.command) and not _has(run, name):
            yield Result(f"{run.by}: {words}", way)
    path = run.variables.get("PATH") or _CRON_PATH
    if case.config.git.commit and shutil.which("git") and not shutil.which("git", path=path):
        yield Result(f"{run.by}: no git in its PATH ({path})", "set PATH there, with the folder of git in it")
    before = ""
    for word in (word.lstrip(":@+!-") for word in _command_words(run.command)):  # systemd's prefixes of a program
        is_digest = os.path.basename(word) == "digest" and before != "m"  # noqa: PTH119 - a word, no path of ours
        is_folder = "/" in word and os.path.isdir(word)  # noqa: PTH112 - may be closed to us
        if ((is_digest and not is_folder) or _PYTHON.fullmatch(word)) and not shutil.which(word, path=path):
            yield Result(f"{run.by}: cannot start {word}", "give the full path of the installed digest there")
        before = word


def _has(run: _Run, name: str) -> bool:
    return name in run.variables or re.search(rf"(?:^|[\s;&'\"]){name}=", run.command) is not None


def _workflows(folder: Path) -> Iterator[Result]:
    """Find workflows in the repository around the archive, whichever of its folders they are for."""
    for place in (folder, *folder.parents):
        for file in _files([place / ".github/workflows"], ".yml", ".yaml"):
            text = _text(file)
            if "schedule:" in text and _RUNS_DIGEST.search(text):
                yield Result(f"run by GitHub: {file}")
        if os.path.lexists(place / ".git"):
            return


def _names(line: str, case: Case) -> bool:
    """Whether a line of a crontab or unit names the archive's configuration, or its folder."""
    if line.lstrip().startswith("#") or not _RUNS.search(line):
        return False
    wanted = {os.path.realpath(place) for place in (case.path, case.config.folder)}
    return any(Path(word).is_absolute() and os.path.realpath(word) in wanted for word in _command_words(line))


def _command_words(line: str) -> Iterator[str]:
    """Yield the words of a command, and those of a command that it hands on in quotes, as to ``sh -c``."""
    for word in _words(line):
        yield word
        if " " in word:
            yield from _words(word)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _files(places: Iterable[str | Path], *suffixes: str) -> Iterator[Path]:
    """Yield the files that ``places`` are or hold; one that we may not look into holds none."""
    for place in map(Path, places):
        try:
            found = sorted(place.iterdir())
        except OSError:  # a file, or nothing, or closed to us
            found = [place]
        yield from (file for file in found if _is_file(file) and file.name.endswith(suffixes or ("",)))


def _is_file(file: Path) -> bool:
    return os.path.isfile(file)  # noqa: PTH113 - pathlib raises where we may not look


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size < _LARGEST else ""
    except OSError:
        return ""
