"""Reading commands on an archive that nobody can write to: a read-only disk, another's folder."""

import ctypes
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import NIGHT, Result, Sandbox, about_sqlite
from tests.standin import StandIn

pytestmark = about_sqlite

READING = [
    ("status",),
    ("status", "--json"),
    ("show", "latest"),
    ("show", "latest", "--titles"),
    ("view", "all", "latest"),
    ("paper", "2503.12006"),
    ("search", "the OR a", "--limit", "500"),
    ("export", "..", "--format", "csv"),
    ("site", "{outside}/site"),
    ("verify",),
    ("replay", "--all"),
    ("regenerate", "--all", "--dry-run"),
    ("run", "--dry-run"),
    ("backup", "{outside}/copy.db"),
]
WRITING = [
    *(("run",), ("fetch", "2025-03-04"), ("import", "config.toml"), ("accept", "2025-03-04"), ("rebuild",)),
    *(("regenerate", "--all"), ("replay", "--all", "--write"), ("verify", "--repair"), ("init", ".")),
    *(("demo", "shown"), ("backup", "copy.db"), ("export", "..", "--format", "csv", "--output", "x.csv")),
    ("site",),
]

_EACH = """\
import io, json, sys
from digest.__main__ import main

done, out = [], sys.stdout
for arguments in json.loads(sys.argv[1]):
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    try:
        main(arguments)
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        done.append([end.code, *(stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr))])
json.dump(done, out)
"""

_CAP_DAC_OVERRIDE = 1
_PR_CAPBSET_DROP = 24


def _as_anybody() -> None:
    """Give up root's right to write whatever the permissions say; for anybody else nothing is to be given up."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0):
        raise OSError("cannot give up CAP_DAC_OVERRIDE")


@pytest.fixture
def full(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of a day and a view."""
    with (archive.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["the"]\n')
    assert archive.digest("run").code == 0
    arxiv.requests.clear()
    return archive


class Fixed:
    """An archive whose files and folders have lost their write permission."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.folder = sandbox.folder
        self.outside = sandbox.folder.parent / "outside"
        self.outside.mkdir(exist_ok=True)
        self.permit(write=False)
        self.before = self.names()

    def names(self) -> list[str]:
        """Return what is in the archive."""
        return sorted(str(path) for path in self.folder.rglob("*"))

    def permit(self, *, write: bool) -> None:
        """Take away or give back the permission to write."""
        for path in (self.folder, *self.folder.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IWUSR if write else mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))

    def each(self, commands: Sequence[tuple[str, ...]]) -> list[Result]:
        """Run commands in one process that has no more rights than the permissions give it."""
        options = ["--config", "config.toml", "--now", NIGHT]
        words = [[*options, *(one.format(outside=self.outside) for one in command)] for command in commands]
        done = subprocess.run(
            [sys.executable, "-c", _EACH, json.dumps(words)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=_as_anybody,
        )
        assert done.returncode == 0, done.stderr
        assert self.names() == self.before
        found = [Result(*one) for one in json.loads(done.stdout)]
        assert not any("Traceback" in one.err for one in found)
        return found

    def digest(self, *arguments: str) -> Result:
        """Run one command so."""
        return self.each([arguments])[0]


@pytest.fixture
def fixed(full: Sandbox) -> Iterator[Fixed]:
    """That archive, without write permission."""
    made = Fixed(full)
    yield made
    made.permit(write=True)


def refix(fixed: Fixed) -> None:
    """Take the permission away again after a change."""
    fixed.permit(write=False)
    fixed.before = fixed.names()


def test_reading_commands_work(fixed: Fixed, full: Sandbox) -> None:
    """They print what they print elsewhere, and leave nothing behind."""
    for arguments, found in zip(READING, fixed.each(READING), strict=True):
        assert (found.code, found.err) == (0, ""), arguments
        assert found.out or "--dry-run" in arguments
    shown, examined = fixed.each([("show", "latest"), ("doctor",)])
    assert shown.out == full.read("cs.CV/2025/03/2025-03-05.md").decode()
    assert "database with 1 days" in examined.out
    assert examined.code == 6  # a run could not write here


def test_writing_commands_say_so(fixed: Fixed) -> None:
    """One line with the cause, exit 6; nothing was asked, and nothing was made."""
    for arguments, found in zip(WRITING, fixed.each(WRITING), strict=True):
        assert (found.code, len(found.err.splitlines())) == (6, 1), arguments
        assert "Permission denied" in found.err, arguments


@pytest.mark.parametrize("left", [("-wal", "-shm"), ("-wal",)], ids=" ".join)
def test_what_a_killed_run_left_beside_the_database_is_read(fixed: Fixed, left: tuple[str, ...]) -> None:
    """The newest row is only in the write-ahead log; it is read there, also without the shared memory."""
    fixed.permit(write=True)
    database = fixed.folder / "archive.db"
    script = (
        "import os, signal, sqlite3\n"
        "with sqlite3.connect('archive.db') as connection:\n"
        "    connection.execute(\"UPDATE run SET command = 'in the log'\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=fixed.folder, check=False)
    assert done.returncode == -signal.SIGKILL
    for ending in ("-wal", "-shm"):
        side = Path(f"{database}{ending}")
        assert side.exists()
        if ending not in left:
            side.unlink()
    refix(fixed)
    state, verified = fixed.each([("status", "--json"), ("verify",)])
    assert [one["command"] for one in json.loads(state.out)["runs"]] == ["in the log"]
    assert verified.code == 0


def test_a_database_in_use_is_read(fixed: Fixed) -> None:
    """Its owner may be at work meanwhile."""
    fixed.permit(write=True)
    with closing(sqlite3.connect(fixed.folder / "archive.db")) as owner:
        owner.execute("UPDATE run SET command = 'at work'")
        owner.commit()
        refix(fixed)
        assert [one["command"] for one in json.loads(fixed.digest("status", "--json").out)["runs"]] == ["at work"]


def test_a_lost_database_is_made_in_memory(fixed: Fixed, full: Sandbox) -> None:
    """A clone on a read-only disk has the day records alone."""
    fixed.permit(write=True)
    for name in ("archive.db", "archive.db.lock"):
        (fixed.folder / name).unlink()
    refix(fixed)
    state, shown, told = fixed.each([("status", "--json"), ("show", "latest"), ("paper", "2503.12006")])
    assert json.loads(state.out)["categories"]["cs.CV"]["counts"]["complete"] == 1
    assert shown.out == full.read("cs.CV/2025/03/2025-03-05.md").decode()
    assert "2503.12006" in told.out


def test_records_that_the_database_has_not_are_told(fixed: Fixed, full: Sandbox) -> None:
    """They cannot be taken in: a warning, and the rest is shown."""
    fixed.permit(write=True)
    (fixed.folder / "archive.db").unlink()
    shutil.copytree(fixed.folder / "data", fixed.outside / "data")
    shutil.rmtree(fixed.folder / "data")
    full.digest("accept", "2025-03-04")
    shutil.copytree(fixed.outside / "data", fixed.folder / "data", dirs_exist_ok=True)
    refix(fixed)
    found = fixed.digest("status")
    assert (found.code, found.err.count("warning: ")) == (0, 1)
    assert "cannot be written here: that is not shown" in found.err


def test_an_older_database_says_what_to_do(fixed: Fixed) -> None:
    """It cannot be upgraded where it is; one of a newer digest is told apart."""
    for schema, words in (("0001", "or on a copy of the archive"), ("9999", "upgrade digest")):
        fixed.permit(write=True)
        with closing(sqlite3.connect(fixed.folder / "archive.db")) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
            connection.commit()
        refix(fixed)
        found = fixed.digest("status")
        assert (found.code, len(found.err.splitlines()), words in found.err) == (6, 1, True)


def test_a_database_without_all_entries_says_what_to_do(fixed: Fixed, full: Sandbox) -> None:
    """What needs all entries cannot load them here: exit 6, in one line; the others show what they show elsewhere."""
    fixed.permit(write=True)
    for name in ("archive.db", "archive.db.lock"):
        (fixed.folder / name).unlink()
    assert full.digest("status").code == 0  # made of the headers of the day records
    refix(fixed)
    needing = [command for command in READING if command[0] in ("paper", "export", "verify", "replay", "backup")]
    for arguments, found in zip(needing, fixed.each(needing), strict=True):
        assert (found.code, found.out, len(found.err.splitlines())) == (6, "", 1), arguments
        assert "the entries of 1 day were not loaded yet" in found.err
        assert "`digest rebuild` loads them" in found.err
    sparing = [
        command for command in READING if command[0] in ("status", "show", "view") or command == ("run", "--dry-run")
    ]
    for arguments, found in zip(sparing, fixed.each(sparing), strict=True):
        assert (found.code, found.err) == (0, ""), arguments
