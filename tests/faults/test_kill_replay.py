"""A replay that is killed at any moment while it writes: done again, the archive is what it would have been."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Sandbox, long_after
from tests.faults.test_kill import PATIENCE, TEMPORARY, appears, kill_when, rows
from tests.standin import StandIn, invent
from tests.test_replay import misread, older_parser, only_listing, refusing

DAYS = [date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5), date(2025, 3, 6)]
NOW = "2025-03-06T02:00:00Z"
REPLAY = ("replay", "--all", "--write")


@dataclass(frozen=True)
class Undisturbed:
    """The archive before the replay, and how it looks when nobody disturbs it."""

    before: Path
    old: dict[str, bytes]
    tree: dict[str, bytes]
    rows: list[list[tuple[object, ...]]]


@pytest.fixture
def misread_archive(sandbox: Sandbox) -> tuple[Sandbox, Undisturbed]:
    """Three days that were read wrongly and a night that was refused, all of whose pages are kept."""
    with StandIn([invent("cs.CV", when) for when in DAYS], today=DAYS[0]) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url, feeds_delay=0)
        arxiv.fault = only_listing
        for when in DAYS[:-1]:
            arxiv.today = when
            with older_parser(misread(title="Read wrongly", comments="No comments")):
                assert sandbox.digest("run", now=f"{when}T02:00:00Z").code == 0
        arxiv.today = DAYS[-1]
        with refusing():
            assert sandbox.digest("run", now=NOW).code == 5
    before = sandbox.folder.parent / "before"
    shutil.copytree(sandbox.folder, before)
    old = sandbox.tree()
    assert sandbox.digest(*REPLAY, now=NOW).code == 0
    whole = Undisturbed(before, old, sandbox.tree(), rows(sandbox))
    assert whole.tree.keys() > old.keys()
    put_back(sandbox, whole)
    return sandbox, whole


def put_back(sandbox: Sandbox, whole: Undisturbed) -> None:
    """Make the archive what it was before the replay."""
    shutil.rmtree(sandbox.folder)
    shutil.copytree(whole.before, sandbox.folder)


def start(sandbox: Sandbox) -> subprocess.Popen[str]:
    """Start the replay in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NOW, *REPLAY],
        cwd=sandbox.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_whole_files(sandbox: Sandbox, whole: Undisturbed) -> None:
    """Right after the kill, each file is that of before or of after; the index may stand between them."""
    for path, data in sandbox.tree().items():
        if not path.endswith((".digest-tmp", ".lock", "README.md")):
            assert data in (whole.old.get(path), whole.tree.get(path)), path
        if path.endswith("README.md"):
            assert data.endswith(b"<!-- digest:end -->\n")
    assert whole.old.keys() <= sandbox.tree().keys()


def check_recovers(sandbox: Sandbox, whole: Undisturbed) -> None:
    """The next replay ends what the killed one began."""
    result = sandbox.digest(*REPLAY, now=NOW)
    assert result.code == 0, result.err
    assert list(sandbox.folder.rglob(TEMPORARY)) == []
    # After a kill, who wrote what is there may not be known: a copy of the record or the digest of before is kept then,
    # and of nothing else.
    kept = (".damaged", ".edited")
    for path, data in sandbox.tree().items():
        if path.endswith(".edited"):
            assert data == whole.old[path.removesuffix(".edited")], path
    assert {path: data for path, data in sandbox.tree().items() if not path.endswith(kept)} == whole.tree
    assert rows(sandbox) == whole.rows


def changes(sandbox: Sandbox, path: str) -> Callable[[], bool]:
    """Tell when the file at ``path`` is another than now."""
    file = sandbox.folder / path
    known = file.stat().st_ino
    return lambda: file.stat().st_ino != known


@pytest.mark.parametrize(
    "moment",
    long_after(
        1,
        [
            "data/cs.CV/2025/.2025-03-0[345]*",
            "archive.db-wal",
            "cs.CV/2025/03/2025-03-06.md",
            "cs.CV/2025/03/.2025-03-0[345]*",
            "*.digest-tmp",
        ],
    ),
)
def test_killed_while_a_file_is_being_written(misread_archive: tuple[Sandbox, Undisturbed], moment: str) -> None:
    """The database, a day that is proven anew, a record, a digest, the index."""
    sandbox, whole = misread_archive
    kill_when(start(sandbox), appears(sandbox, moment, 0), 0)
    check_whole_files(sandbox, whole)
    check_recovers(sandbox, whole)


@pytest.mark.parametrize("path", long_after(1, ["data/cs.CV/2025/2025-03-04.jsonl", "cs.CV/2025/03/2025-03-04.md"]))
def test_killed_between_two_files_of_a_day(misread_archive: tuple[Sandbox, Undisturbed], path: str) -> None:
    """The record is there and the digest not, or both and not the next day's."""
    sandbox, whole = misread_archive
    kill_when(start(sandbox), changes(sandbox, path), 0)
    check_whole_files(sandbox, whole)
    check_recovers(sandbox, whole)


@pytest.mark.long
def test_killed_at_any_time_and_again(misread_archive: tuple[Sandbox, Undisturbed]) -> None:
    """At moments spread over the whole life of a replay, and a second one that is killed as well."""
    sandbox, whole = misread_archive
    began = time.monotonic()
    start(sandbox).communicate(timeout=PATIENCE)
    life = time.monotonic() - began
    chance, killed = random.Random(20250306), 0  # noqa: S311  # no secret
    for turn in range(8):
        put_back(sandbox, whole)
        # From a quarter on: before that, Python itself is starting.
        moment = life * (0.25 + 0.75 * (turn + chance.random()) / 8)
        killed += kill_when(start(sandbox), lambda: True, moment)
        check_whole_files(sandbox, whole)
        if turn % 2:
            killed += kill_when(start(sandbox), lambda: True, life * (0.5 + chance.random() / 2))
            check_whole_files(sandbox, whole)
        check_recovers(sandbox, whole)
    assert killed >= 6


def test_another_command_publishes_what_a_killed_replay_stored(misread_archive: tuple[Sandbox, Undisturbed]) -> None:
    """What was stored is published by whatever command comes next."""
    sandbox, whole = misread_archive
    kill_when(start(sandbox), changes(sandbox, "data/cs.CV/2025/2025-03-04.jsonl"), 0)
    sandbox.digest("regenerate", "--all", now=NOW)
    for path in ("cs.CV/2025/03/2025-03-03.md", "data/cs.CV/2025/2025-03-03.jsonl"):
        assert sandbox.read(path) == whole.tree[path]
    check_recovers(sandbox, whole)
