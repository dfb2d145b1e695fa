"""A run that is killed, or whose disk is full, at any moment: the next one makes the archive whole."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Sandbox, long_after
from tests.standin import Reply, Request, StandIn, invent

FIRST, SECOND = date(2025, 3, 4), date(2025, 3, 5)
NOW = {FIRST: "2025-03-04T02:00:00Z", SECOND: "2025-03-05T02:00:00Z"}
TEMPORARY = "*.digest-tmp"
PATIENCE = 30.0

NO_DAYS = b"# arXiv digests\n\n<!-- digest:begin -->\n\n<!-- digest:end -->\n"
"""The index of an archive in which nothing is stored yet."""

TABLES = (
    "SELECT category, date, state, source, declared, stored, pages, content_hash FROM day ORDER BY date",
    "SELECT date, position, arxiv_id, section, revision_id FROM entry JOIN day ON day_id = day.id ORDER BY 1, 2",
    "SELECT * FROM revision ORDER BY id",
    "SELECT * FROM link ORDER BY revision_id, ordinal",
    "SELECT * FROM file ORDER BY path",
    "SELECT DISTINCT sha256, path FROM raw_page ORDER BY path",
    "SELECT rowid FROM revision_text WHERE revision_text MATCH 'the OR a OR of' ORDER BY rowid",
    "PRAGMA integrity_check",
    "PRAGMA foreign_key_check",
)


@dataclass(frozen=True)
class Undisturbed:
    """How the archive looks when nobody disturbs its two nights."""

    arxiv: StandIn
    trees: dict[date, dict[str, bytes]]
    rows: dict[date, list[list[tuple[object, ...]]]]


def announce(arxiv: StandIn, when: date) -> None:
    """Let arXiv be where it is on the evening before ``when``."""
    arxiv.today = when


def rows(sandbox: Sandbox) -> list[list[tuple[object, ...]]]:
    """Return what the database holds, without what may differ: the runs and their times."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection:
        return [connection.execute(query).fetchall() for query in TABLES]


def slowly(_request: Request, reply: Reply) -> Reply:
    """Serve at a pace at which there is time to be killed."""
    return replace(reply, chunk_size=4096, chunk_delay=0.005)


@pytest.fixture
def served(sandbox: Sandbox) -> Iterator[tuple[Sandbox, Undisturbed]]:
    """An empty archive, and how it would look after two nights that nobody disturbs."""
    with StandIn([invent("cs.CV", FIRST), invent("cs.CV", SECOND)], today=FIRST) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url)
        whole = Undisturbed(arxiv, {}, {})
        for when in (FIRST, SECOND):
            announce(arxiv, when)
            assert sandbox.digest("run", now=NOW[when]).code == 0
            whole.trees[when], whole.rows[when] = sandbox.tree(), rows(sandbox)
        clear(sandbox)
        yield sandbox, whole


def clear(sandbox: Sandbox) -> None:
    """Leave the configuration alone."""
    for path in sandbox.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "config.toml":
            path.unlink()


def start(sandbox: Sandbox, when: date, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start the nightly run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NOW[when], "run"],
        cwd=sandbox.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,  # noqa: PLW1509  # it only sets a limit
    )


def kill_when(process: subprocess.Popen[str], is_time: Callable[[], bool], delay: float) -> bool:
    """Kill ``process`` ``delay`` seconds after ``is_time``; return whether it was still running."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and not is_time() and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    return process.returncode == -signal.SIGKILL


def check_whole_files(sandbox: Sandbox, whole: Undisturbed) -> None:
    """Whatever is there right after the kill is the file of before or of after, and never a part of one."""
    for path, data in sandbox.tree().items():
        if not path.endswith(".digest-tmp") and not path.endswith(".lock"):
            assert data in [NO_DAYS, *(tree.get(path) for tree in whole.trees.values())], path


def check_recovers(sandbox: Sandbox, whole: Undisturbed, when: date) -> None:
    """The next run makes the archive what it would have been."""
    whole.arxiv.fault = None
    result = sandbox.digest("run", now=NOW[when])
    assert result.code == 0, result.err
    assert list(sandbox.folder.rglob(TEMPORARY)) == []
    assert sandbox.tree() == whole.trees[when]
    assert rows(sandbox) == whole.rows[when]


def appears(sandbox: Sandbox, pattern: str, known: int) -> Callable[[], bool]:
    """Tell when more files than are ``known`` match ``pattern``."""
    return lambda: sum(1 for _ in sandbox.folder.glob(pattern)) > known


MOMENTS = [
    "archive.db-wal",
    "data/*/*/*.jsonl",
    "archive.db",
    "raw/*/.*.digest-tmp",
    "raw/*/*.gz",
    "data/*/*/*",
    "cs.CV/2025/03/*.md",
    "README.md",
]
"""What a first night makes; hidden files are those being written."""


@pytest.mark.parametrize("moment", long_after(2, MOMENTS))
def test_a_first_night_killed_is_made_up_for(served: tuple[Sandbox, Undisturbed], moment: str) -> None:
    """Killed while the database, the page, the record, the digest or the index is being made."""
    sandbox, whole = served
    delay = random.Random(moment).random() * 0.006  # noqa: S311  # no secret
    announce(whole.arxiv, FIRST)
    whole.arxiv.fault = slowly
    kill_when(start(sandbox, FIRST), appears(sandbox, moment, 0), delay)
    check_whole_files(sandbox, whole)
    check_recovers(sandbox, whole, FIRST)


@pytest.mark.parametrize(
    "turns", [pytest.param(8, marks=pytest.mark.long), pytest.param(1000, marks=pytest.mark.exhaustive)]
)
def test_a_later_night_killed_at_any_time_loses_nothing(served: tuple[Sandbox, Undisturbed], turns: int) -> None:
    """Killed at moments spread over the whole life of a run; the days before stay as they were."""
    sandbox, whole = served
    announce(whole.arxiv, FIRST)
    sandbox.digest("run", now=NOW[FIRST])
    announce(whole.arxiv, SECOND)
    shutil.copytree(sandbox.folder, sandbox.folder.parent / "first night")
    whole.arxiv.fault = slowly
    began = time.monotonic()
    assert start(sandbox, SECOND).communicate(timeout=PATIENCE)[0] == ""
    life = time.monotonic() - began
    chance, killed = random.Random(20250305), 0  # noqa: S311  # no secret
    for turn in range(turns):
        shutil.rmtree(sandbox.folder)
        shutil.copytree(sandbox.folder.parent / "first night", sandbox.folder)
        whole.arxiv.fault = slowly
        # From a quarter on: before that, Python itself is starting.
        moment = life * (0.25 + 0.75 * (turn + chance.random()) / turns)
        killed += kill_when(start(sandbox, SECOND), lambda: True, moment)
        check_whole_files(sandbox, whole)
        for path, data in whole.trees[FIRST].items():
            assert path.endswith("README.md") or sandbox.read(path) == data
        check_recovers(sandbox, whole, SECOND)
    assert killed >= turns // 2


@pytest.mark.long
def test_killed_again_and_again_it_still_gets_there(served: tuple[Sandbox, Undisturbed]) -> None:
    """What one killed run leaves behind does not hinder the next, killed as well."""
    sandbox, whole = served
    announce(whole.arxiv, FIRST)
    whole.arxiv.fault = slowly
    for moment in ("archive.db-wal", "raw/*/*.gz", "data/*/*/.*.digest-tmp", "cs.CV/*/*/.*.digest-tmp"):
        kill_when(start(sandbox, FIRST), appears(sandbox, moment, 0), 0.001)
        check_whole_files(sandbox, whole)
    check_recovers(sandbox, whole, FIRST)


def test_a_database_lost_after_a_kill_is_made_again(served: tuple[Sandbox, Undisturbed]) -> None:
    """SQLite's files beside a database that was removed do not come back to haunt the new one."""
    sandbox, whole = served
    announce(whole.arxiv, FIRST)
    sandbox.digest("run", now=NOW[FIRST])
    announce(whole.arxiv, SECOND)
    kill_when(start(sandbox, SECOND), appears(sandbox, "cs.CV/2025/03/*.md", 1), 0)
    (sandbox.folder / "archive.db").unlink()
    result = sandbox.digest("run", now=NOW[SECOND])
    assert result.code == 0, result.err
    assert sandbox.tree() == whole.trees[SECOND]


# A full disk


def check_refused(code: int, err: str) -> None:
    """The store's exit code and one line that says why."""
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, len(errors)) == (6, 1), err
    assert "Traceback" not in err


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("limit", long_after(2, [3_000, 20_000, 0, 120_000]))
def test_a_file_that_may_not_grow_is_told_in_one_line(served: tuple[Sandbox, Undisturbed], limit: int) -> None:
    """Whichever file it is that cannot be written: exit 6, and the next run makes up for it."""
    sandbox, whole = served
    announce(whole.arxiv, FIRST)
    process = start(sandbox, FIRST, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    out, err = process.communicate(timeout=PATIENCE)
    assert out == ""
    check_refused(process.returncode, err)
    check_whole_files(sandbox, whole)
    check_recovers(sandbox, whole, FIRST)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not mounted or subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE).returncode:
        pytest.skip("a small disk cannot be mounted here: it takes root and the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=PATIENCE)


@pytest.mark.parametrize("room", long_after(2, [0, 60, 8, 120, 160]))
def test_a_full_disk_is_told_in_one_line(served: tuple[Sandbox, Undisturbed], small_disk: Path, room: int) -> None:
    """With ``room`` KiB left for a night: exit 6, the day before whole; with room again, all is made up for."""
    sandbox, whole = served
    shutil.copy(sandbox.folder / "config.toml", small_disk)
    sandbox.folder = small_disk
    announce(whole.arxiv, FIRST)
    assert sandbox.digest("run", now=NOW[FIRST]).code == 0
    announce(whole.arxiv, SECOND)
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"x" * (free - room * 1024))
    result = sandbox.digest("run", now=NOW[SECOND])
    ballast.unlink()
    check_refused(result.code, result.err)
    check_whole_files(sandbox, whole)
    for path, data in whole.trees[FIRST].items():
        assert path.endswith("README.md") or sandbox.read(path) == data
    check_recovers(sandbox, whole, SECOND)
