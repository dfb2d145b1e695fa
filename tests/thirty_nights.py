"""Thirty nights without a disk: each run in a fresh clone of a repository, beside a machine that keeps its disk.

``test_diskless.py`` plays them.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from digest.cli.console import Console
from digest.cli.runner import nightly, work
from digest.cli.session import Session
from digest.config.resources import read_calendar
from digest.jobs.rebuild import rebuild as rebuild_job
from digest.jobs.run import run
from tests.rehearsal import (
    CALM_HOURS,
    CATEGORY,
    Clock,
    Play,
    Seen,
    announced,
    hours,
    instants,
    nights,
    show_out,
    stage,
)
from tests.repositories import clone, commit_file, git, hook
from tests.standin import StandIn, faults

START = date(2025, 12, 8)
"""A Monday. The table of deferrals takes the listings of 26 and 31 December and of 2 January away."""

SURPRISE = date(2025, 12, 31)
"""The listing that this arXiv has all the same."""

NIGHTS = 30

WITH_GIT = {"DIGEST_GIT_COMMIT": "true", "DIGEST_GIT_PUSH": "true", "DIGEST_GIT_DURABLE": "true"}
"""What a runner without a disk has in its environment."""

# Which of the listing dates gets which trouble, counted from 0.
_LATE, _REFUSED, _KILLED, _REJECTED = 3, 6, 9, (12, 13)

_OWN = ("config.toml", ".gitignore", "notes")
_CONFIG = """\
[arxiv]
pages_url = "{url}"
feeds_url = "{url}"
contact = "nights@example.org"

[store]
records = "data"

[git]
author = "Digest <digest@example.org>"

[[view]]
name = "all"
sections = ["new", "replacement"]
feeds = ["atom", "jsonfeed"]
"""

# Kills the process that pushes, and with its failing the push. The hook's parent is git, whose parent is digest.
_KILL = "kill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat); exit 1"


@dataclass(frozen=True)
class Firing:
    """One run at one instant, on both machines; ``opened``: whether that in the clone made a database."""

    moment: datetime
    code: int
    code_with_disk: int
    requests: int
    opened: bool


@dataclass
class Outcome:
    """What thirty nights left: the machine with a disk, the remote repository, a last clone of it."""

    listing_dates: Sequence[date]
    with_disk: Path
    remote: Path
    fresh: Path
    firings: dict[date, list[Firing]] = field(default_factory=dict)
    """The runs of each night, which bears the date that it ends in."""
    foreign: list[str] = field(default_factory=list)
    """The commits of others."""

    @property
    def killed(self) -> date:
        """The night in which a run is killed before it pushes."""
        return self.listing_dates[_KILLED]

    @property
    def rejected(self) -> list[date]:
        """The nights in which somebody else pushes first."""
        return [self.listing_dates[number] for number in _REJECTED]

    @property
    def refused(self) -> date:
        """The listing date whose pages are refused in its night."""
        return self.listing_dates[_REFUSED]

    @property
    def late(self) -> date:
        """The listing date that is out after the first run of its night."""
        return self.listing_dates[_LATE]


def isolated(home: Path) -> dict[str, str]:
    """Return an environment in which git knows nothing of whoever runs this but a name."""
    home.mkdir()
    names = "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    (home / "gitconfig").write_text(names)
    return {"GIT_CONFIG_GLOBAL": str(home / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(home)}


def rehearse(place: Path) -> Outcome:
    """Play the nights in ``place``; the environment must be ``isolated``."""
    dates = nights(START, NIGHTS)
    known = read_calendar()
    listing_dates = [when for when in dates if known.is_listing_date(when) or when == SURPRISE]
    before = known.latest(START - timedelta(days=1))
    play = Play(
        announced([before, *listing_dates]),
        late={listing_dates[_LATE]: timedelta(hours=5)},
        troubles=[hours(listing_dates[_REFUSED], 0, 20, faults.new_layout())],
    )
    outcome = Outcome(listing_dates, place / "disk", place / "remote.git", place / "fresh")
    with StandIn((), today=START) as arxiv:
        _begin(outcome, _CONFIG.format(url=arxiv.url))
        both = _Stage(arxiv, play, outcome)
        for number, night in enumerate(dates):
            outcome.firings[night] = list(both.night(number, night))
    clone(outcome.remote, "fresh")
    return outcome


def _begin(outcome: Outcome, config: str) -> None:
    """Make the machine with a disk, and a repository with nothing but a configuration."""
    outcome.with_disk.mkdir()
    (outcome.with_disk / "config.toml").write_text(config)
    git(outcome.remote.parent, "init", "--quiet", "--bare", str(outcome.remote))
    git(outcome.remote, "config", "receive.denyNonFastForwards", "true")
    git(outcome.remote, "config", "core.logAllRefUpdates", "always")
    first = clone(outcome.remote, "first")
    (first / ".gitignore").write_text("archive.db*\nraw/\n")
    git(first, "add", ".gitignore")
    commit_file(first, "config.toml", config)
    git(first, "push", "--quiet", "origin", "main")


class _Stage:
    """Both machines, before the same arXiv, by the same clock."""

    def __init__(self, arxiv: StandIn, play: Play, outcome: Outcome) -> None:
        self._arxiv = arxiv
        self._play = play
        self._outcome = outcome
        self._clock = Clock(0.0)
        self._seen = Seen()
        arxiv.fault = stage(play, self._clock, self._seen)

    def night(self, number: int, night: date) -> Iterator[Firing]:
        """Play a night; its first run is the one that is killed, or rejected, in the nights for that."""
        for order, moment in enumerate(instants(night, CALM_HOURS)):
            show_out(self._arxiv, self._play, moment)
            with_disk = self._run(self._outcome.with_disk, moment, {})
            before = len(self._seen.requests)
            folder = clone(self._outcome.remote, "clone", *(["--depth", "1"] if (number + order) % 2 else []))
            code = self._run_in_clone(folder, moment, night if order == 0 else None)
            asked = len(self._seen.requests) - before
            yield Firing(moment, code, with_disk, asked, (folder / "archive.db").exists())
            shutil.rmtree(folder)

    def _run_in_clone(self, folder: Path, moment: datetime, night: date | None) -> int:
        if night == self._outcome.killed:
            return self._killed(folder, moment)
        if night in self._outcome.rejected:
            other = clone(self._outcome.remote, "other")
            self._outcome.foreign.append(commit_file(other, f"notes/{night}.txt", "Mine.\n"))
            git(other, "push", "--quiet", "origin", "main")
            shutil.rmtree(other)
        return self._run(folder, moment, WITH_GIT)

    def _run(self, folder: Path, moment: datetime, environment: Mapping[str, str]) -> int:
        self._clock.now = moment.timestamp()
        console = Console()
        console.quiet = True
        session = Session(console, folder / "config.toml", moment, environment=environment, machine=self._clock)
        return nightly(session, lambda archive: run(archive, [CATEGORY])).exit_code

    def _killed(self, folder: Path, moment: datetime) -> int:
        """Run in a process of its own, which is killed when it has committed and is about to push."""
        self._clock.now = moment.timestamp()
        hook(folder, "pre-push", _KILL)
        command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", moment.isoformat(), "run"]
        environment = {**os.environ, **WITH_GIT}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


def rebuild(folder: Path) -> int:
    """Make the database of a clone from its day records; return the exit code."""
    console = Console()
    console.quiet = True
    session = Session(console, folder / "config.toml", datetime.fromisoformat("2026-01-07T12:00Z"), environment={})
    return work(session, "rebuild", rebuild_job).exit_code


def files(folder: Path) -> dict[str, bytes]:
    """Return what digest keeps in a folder, by path: digests, indexes, records."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = (path for path in found if path.parts[0] not in (*_OWN, ".git", "raw") and "archive.db" not in path.name)
    return {path.as_posix(): (folder / path).read_bytes() for path in kept}


_DUMPS = {
    "day": """SELECT category, date, state, source, declared, stored, pages, parser_version, link_rules, content_hash
        FROM day ORDER BY 1, 2""",
    "entry": """SELECT d.category, d.date, e.position, e.section, e.arxiv_id, r.text_hash, r.fields_hash
        FROM entry e JOIN day d ON d.id = e.day_id JOIN revision r ON r.id = e.revision_id ORDER BY 1, 2, 3""",
    "revision": """SELECT arxiv_id, text_hash, fields_hash, title, abstract, authors, comments, journal_ref,
        primary_category, categories, raw
        FROM revision WHERE id IN (SELECT revision_id FROM entry) ORDER BY 1, 2, 3""",
    "link": """SELECT r.arxiv_id, r.text_hash, r.fields_hash, l.ordinal, l.url, l.kind, l.found_in
        FROM link l JOIN revision r ON r.id = l.revision_id
        WHERE r.id IN (SELECT revision_id FROM entry) ORDER BY 1, 2, 3, 4""",
    "correction": "SELECT date, has_listing, evidence, seen_at FROM correction ORDER BY 1",
    "decision": "SELECT category, date, state, note, decided_at FROM decision ORDER BY 1, 2",
    "reading": "SELECT category, date, source, seen_at, fingerprint FROM reading ORDER BY 1, 2, 3, 4",
    "file": "SELECT path, inputs_hash, sha256, template_version FROM file ORDER BY 1",
}


def dump(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a database knows of days and files, by table, in the order of natural keys, without row numbers.

    Of the revisions, those that some day announces: what the feed said of a day, before its listing proved it, stays
    in the database that saw it, and in git's history.
    """
    with closing(sqlite3.connect(folder / "archive.db")) as database:
        return {table: database.execute(query).fetchall() for table, query in _DUMPS.items()}
