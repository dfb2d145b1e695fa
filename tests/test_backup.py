"""A verified copy of the database, whole or not at all."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import NIGHT, Sandbox

SIDE_FILES = ("-wal", "-shm", "-journal")


@pytest.fixture
def stored(archive: Sandbox) -> Sandbox:
    """An archive of one day."""
    archive.once(lambda: archive.digest("run"))
    assert (archive.folder / "archive.db").exists()
    return archive


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a backup may go: an empty folder of its own, and a name in it."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "archive backup?.db"


def rows(file: Path) -> list[list[tuple[object, ...]]]:
    """Return what a database holds of the archive."""
    tables = ("day", "entry", "revision", "link", "raw_page", "file", "run", "politeness")
    with closing(sqlite3.connect(file)) as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in tables]  # noqa: S608


def test_a_backup_holds_what_the_database_holds(stored: Sandbox, place: Path) -> None:
    """Path and size are printed; the copy is one file that needs no other."""
    result = stored.digest("backup", str(place))
    assert (result.code, result.err) == (0, "")
    assert result.out == f"{place}: {place.stat().st_size} bytes, 1 day, verified\n"
    assert list(place.parent.iterdir()) == [place]
    assert rows(place) == rows(stored.folder / "archive.db")
    assert list(place.parent.iterdir()) == [place]


def test_a_restored_backup_works(stored: Sandbox, place: Path) -> None:
    """Copied to archive.db, it is the archive's database again."""
    stored.digest("backup", str(place))
    before = stored.tree()
    for file in stored.folder.glob("archive.db*"):
        file.unlink()
    shutil.copy(place, stored.folder / "archive.db")
    assert "verified 1 day, 1 page" in stored.digest("verify").out
    result = stored.digest("run")
    assert (result.code, "requests=0" in result.err, stored.tree()) == (0, True, before)


def test_an_earlier_backup_is_replaced(stored: Sandbox, place: Path) -> None:
    """Night after night under one name, with the permissions that it has."""
    stored.digest("backup", str(place))
    place.chmod(0o640)
    stored.digest("regenerate", "--all")
    assert stored.digest("backup", str(place)).code == 0
    assert rows(place) == rows(stored.folder / "archive.db")
    assert place.stat().st_mode & 0o777 == 0o640


def test_a_backup_needs_no_lock(stored: Sandbox, place: Path) -> None:
    """Another command, and even another transaction, may be at work: its half of a day is not in the copy."""
    with closing(sqlite3.connect(stored.folder / "archive.db", isolation_level=None)) as writer:
        before = rows(stored.folder / "archive.db")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM entry")
        assert stored.digest("backup", str(place)).code == 0
        writer.execute("ROLLBACK")
    assert rows(place) == before


def test_a_backup_is_of_one_moment(stored: Sandbox, place: Path) -> None:
    """While another process commits all the time, each copy is whole."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(stored.folder / "archive.db", isolation_level=None, timeout=30)) as connection:
            while not done.is_set():
                connection.execute("UPDATE run SET requests = requests + 1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            assert stored.digest("backup", str(place)).code == 0
    finally:
        done.set()
        writer.join()
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_what_is_only_in_the_log_is_copied_too(stored: Sandbox, place: Path) -> None:
    """A database that was not closed keeps its newest rows in a file beside it."""
    with closing(sqlite3.connect(stored.folder / "archive.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE run SET command = 'the newest'")
        assert stored.digest("backup", str(place)).code == 0
    with closing(sqlite3.connect(place)) as copy:
        assert copy.execute("SELECT command FROM run").fetchone() == ("the newest",)


def own_database(stored: Sandbox, _place: Path) -> Path:
    """The database by its own name."""
    return stored.folder / "archive.db"


def by_a_link(stored: Sandbox, place: Path) -> Path:
    """The database by a symbolic link."""
    place.symlink_to(stored.folder / "archive.db")
    return place


def by_another_name(stored: Sandbox, place: Path) -> Path:
    """The database by a second name of the same file."""
    os.link(stored.folder / "archive.db", place)
    return place


def by_a_linked_folder(stored: Sandbox, place: Path) -> Path:
    """The database in a folder that is reached by a link."""
    (place.parent / "link").symlink_to(stored.folder)
    return place.parent / "link" / "archive.db"


def its_log(stored: Sandbox, _place: Path) -> Path:
    """A name that SQLite uses itself."""
    return stored.folder / "archive.db-wal"


def its_lock(stored: Sandbox, _place: Path) -> Path:
    """The lock of the archive."""
    return stored.folder / "archive.db.lock"


def a_text(_stored: Sandbox, place: Path) -> Path:
    """Somebody's text."""
    place.write_bytes(b"My notes.\n")
    return place


def an_empty_file(_stored: Sandbox, place: Path) -> Path:
    """A file without anything in it."""
    place.write_bytes(b"")
    return place


def another_database(_stored: Sandbox, place: Path) -> Path:
    """A database of another program."""
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE day (category TEXT)")
    return place


def a_folder(_stored: Sandbox, place: Path) -> Path:
    """A folder."""
    return place.parent


def a_dead_link(_stored: Sandbox, place: Path) -> Path:
    """A link to nowhere."""
    place.symlink_to("nowhere")
    return place


def an_endless_link(_stored: Sandbox, place: Path) -> Path:
    """A link to itself."""
    place.symlink_to(place.name)
    return place


def a_pipe(_stored: Sandbox, place: Path) -> Path:
    """A pipe that nobody reads."""
    os.mkfifo(place)
    return place


def stale_log(_stored: Sandbox, place: Path) -> Path:
    """A new name beside which another database's log lies: SQLite would read it into the copy."""
    place.with_name(f"{place.name}-wal").write_bytes(b"x" * 100)
    return place


@pytest.mark.parametrize(
    "make",
    [
        *(own_database, by_a_link, by_another_name, by_a_linked_folder, its_log, its_lock, a_text, an_empty_file),
        *(another_database, a_folder, a_dead_link, an_endless_link, a_pipe, stale_log),
    ],
)
def test_nobody_s_file_is_written_over(stored: Sandbox, place: Path, make: Callable[[Sandbox, Path], Path]) -> None:
    """Anything but a new name or an earlier backup is refused, and stays as it is."""
    target = make(stored, place)
    before = contents(stored.folder) | contents(place.parent)
    result = stored.digest("backup", str(target))
    assert result.code == 2, result
    assert len(result.err.splitlines()) == 1
    assert "expected a place for a new file or an earlier backup" in result.err
    assert contents(stored.folder) | contents(place.parent) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Return all names below a folder, and the bytes of the files."""
    paths = [path for path in folder.rglob("*") if not path.name.endswith(SIDE_FILES) or path.stat().st_size]
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in paths}


def test_without_a_database_nothing_is_made(sandbox: Sandbox, place: Path) -> None:
    """One clear line, exit 4."""
    result = sandbox.digest("backup", str(place))
    assert result.code == 4
    assert "nothing is stored yet" in result.err
    assert list(place.parent.iterdir()) == []
    assert [path.name for path in sandbox.folder.iterdir()] == ["config.toml"]


def test_a_folder_that_is_not_there_is_told(stored: Sandbox, place: Path) -> None:
    """It is not made: a disk that is not mounted would be filled with backups elsewhere."""
    result = stored.digest("backup", str(place.parent / "no" / "backup.db"))
    assert (result.code, len(result.err.splitlines())) == (6, 1)
    assert list(place.parent.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(stored: Sandbox) -> None:
    """Not even root can write there."""
    result = stored.digest("backup", "/proc/backup.db")
    assert (result.code, len(result.err.splitlines())) == (6, 1)


def test_a_name_that_no_disk_takes_is_told(stored: Sandbox, place: Path) -> None:
    """One line, no trace of a bug."""
    result = stored.digest("backup", str(place.with_name("x" * 300)))
    assert (result.code, len(result.err.splitlines())) == (6, 1)


@pytest.mark.usefixtures("unmeasured")
def test_a_full_disk_leaves_no_half_backup(stored: Sandbox, place: Path) -> None:
    """The earlier backup stays, and nothing lies beside it."""
    stored.digest("backup", str(place))
    before = place.read_bytes()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    done = subprocess.run(
        [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "backup", str(place)],
        cwd=stored.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limit,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (6, 1), done.stderr
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_a_damaged_database_is_not_taken_for_a_backup(stored: Sandbox, place: Path) -> None:
    """The earlier, good one stays."""
    stored.digest("backup", str(place))
    before = place.read_bytes()
    file = stored.folder / "archive.db"
    data = file.read_bytes()
    file.write_bytes(data[:8192] + bytes(len(data) - 8192))
    result = stored.digest("backup", str(place))
    assert (result.code, len(result.err.splitlines())) == (6, 1), result
    assert "archive.db" in result.err
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_a_database_server_has_its_own_tool(sandbox: Sandbox, place: Path) -> None:
    """Nothing is connected to; the tool is named."""
    sandbox.configure("store", url="postgresql+psycopg://digest@127.0.0.1:9/digest")
    result = sandbox.digest("backup", str(place))
    assert (result.code, "pg_dump" in result.err) == (2, True)
    assert not place.exists()
