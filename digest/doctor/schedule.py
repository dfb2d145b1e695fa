"""What runs digest every night: a crontab, a systemd timer, or a workflow of GitHub's."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.doctor.case import Case, Finding
from digest.publish.schedule import read_crontab

_CRON_FILES = ("/etc/crontab", "/etc/cron.d")
_SYSTEM_UNITS = ("/etc/systemd/user", "/etc/systemd/system")
_ENABLED = "timers.target.wants"
_RUNS = re.compile(r"\brun\b")
_RUNS_DIGEST = re.compile(r"\bdigest\b.*\brun\b")
_LARGEST = 1 << 20  # bytes; no such file is larger


def check_schedule(case: Case) -> Iterator[Finding]:
    """Look for what names this archive's configuration, in the places where schedules are kept."""
    found = [*_crons(case), *_timers(case), *_workflows(case.config.folder)]
    yield from found
    if not found:
        file = case.config.folder / "schedule/crontab"
        way = f"use {file}" if _is_file(file) else "`digest init DIR` writes one"
        yield Finding("nothing found that runs it every night", f"{way}; never mind if something else does")


def _crons(case: Case) -> Iterator[Finding]:
    texts = {"the user's crontab": read_crontab()} | {str(file): _text(file) for file in _files(_CRON_FILES)}
    for name, text in texts.items():
        if any(_names(line.replace(r"\%", "%"), case) for line in text.splitlines()):
            yield Finding(f"run by cron: {name}")


def _timers(case: Case) -> Iterator[Finding]:
    home = Path(case.environment.get("HOME", "/nonexistent"))
    settings = Path(case.environment.get("XDG_CONFIG_HOME") or home / ".config")
    for folder in (settings / "systemd/user", *map(Path, _SYSTEM_UNITS)):
        for unit in _files([folder], ".service"):
            lines = [line.partition("=")[2] for line in _text(unit).splitlines() if line.startswith("ExecStart=")]
            if any(_names(line.replace("%%", "%"), case) for line in lines):
                yield _timer(unit.with_suffix(".timer"))


def _timer(timer: Path) -> Finding:
    if os.path.lexists(timer.parent / _ENABLED / timer.name):
        return Finding(f"run by systemd: {timer}")
    scope = " --user" if timer.parent.name == "user" else ""
    return Finding(f"{timer} is not enabled", f"`systemctl{scope} enable --now {timer.name}`")


def _workflows(folder: Path) -> Iterator[Finding]:
    """Find workflows in the repository around the archive, whichever of its folders they are for."""
    for place in (folder, *folder.parents):
        for file in _files([place / ".github/workflows"], ".yml", ".yaml"):
            text = _text(file)
            if "schedule:" in text and _RUNS_DIGEST.search(text):
                yield Finding(f"run by GitHub: {file}")
        if os.path.lexists(place / ".git"):
            return


def _names(line: str, case: Case) -> bool:
    """Whether a line of a crontab or unit names the archive's configuration, or its folder."""
    if line.lstrip().startswith("#") or not _RUNS.search(line):
        return False
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    wanted = {os.path.realpath(place) for place in (case.path, case.config.folder)}
    return any(Path(word).is_absolute() and os.path.realpath(word) in wanted for word in words)


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
