"""Files whole or not at all, raw pages, the run lock."""

import gzip
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digest.disk.files import Folder, hold_lock
from digest.disk.raw import write_raw
from digest.disk.saved import read_saved_page
from digest.errors import LockHeldError, PageRefusedError, StoreError

OLD = b"old " * 1000
NEW = b"new " * 100_000


def names(folder: Path) -> list[str]:
    """Return the paths of all that is in ``folder``, hidden things too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def python(program: str, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start ``program`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,  # noqa: PLW1509  # no threads here at this time
    )


@contextmanager
def started(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start ``program`` and wait for its first line; it is killed at the end, if it still runs."""
    with python(program, *arguments) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


# Files


def test_a_new_file_holds_what_was_given(tmp_path: Path) -> None:
    """Folders are made as needed, and nothing but the file is left."""
    folder = Folder(tmp_path / "out")
    assert folder.read("a/b/c.md") is None
    assert folder.write("a/b/c.md", NEW) is True
    assert folder.read("a/b/c.md") == NEW
    assert names(tmp_path) == ["out", "out/a", "out/a/b", "out/a/b/c.md"]


def test_the_same_content_touches_nothing(tmp_path: Path) -> None:
    """A file that is right already keeps its time and its place on the disk."""
    folder = Folder(tmp_path)
    folder.write("a.md", OLD)
    os.utime(tmp_path / "a.md", ns=(1, 1))
    before = (tmp_path / "a.md").stat()
    assert folder.write("a.md", OLD) is False
    after = (tmp_path / "a.md").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert folder.write("a.md", NEW) is True


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o444])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    """Writing anew neither opens nor closes a file to others."""
    folder = Folder(tmp_path)
    folder.write("a.md", OLD)
    (tmp_path / "a.md").chmod(mode)
    folder.write("a.md", NEW)
    assert stat.S_IMODE((tmp_path / "a.md").stat().st_mode) == mode


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path, mask: int) -> None:
    """The umask decides, and is left as it was."""
    former = os.umask(mask)
    try:
        Folder(tmp_path).write("a.md", NEW)
        assert os.umask(mask) == mask
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "a.md").stat().st_mode) == 0o666 & ~mask


def test_whoever_reads_meanwhile_sees_the_old_or_the_new_file_whole(tmp_path: Path) -> None:
    """A reader never finds a file half written or gone."""
    writer = """
import sys
from pathlib import Path
from digest.disk.files import Folder

folder = Folder(Path(sys.argv[1]))
folder.write("a.md", b"0" * 2_000_000)
print("ready", flush=True)
for turn in range(1000):
    folder.write("a.md", b"%d" % (turn % 10) * 2_000_000)
"""
    seen: set[bytes] = set()
    with started(writer, str(tmp_path)):
        deadline = time.monotonic() + 60
        while len(seen) < 4 and time.monotonic() < deadline:
            data = (tmp_path / "a.md").read_bytes()
            assert data == data[:1] * 2_000_000
            seen.add(data[:1])
    assert len(seen) > 1


def test_a_killed_writer_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """However soon a writer dies, the file is whole; what it left over is swept, and nothing else."""
    writer = """
import sys
from pathlib import Path
from digest.disk.files import Folder

folder = Folder(Path(sys.argv[1]))
print("ready", flush=True)
for turn in range(100000):
    folder.write("deep/a.md", b"%d" % (turn % 10) * 3_000_000)
"""
    folder = Folder(tmp_path)
    folder.write("deep/a.md", OLD)
    left_over = turn = 0
    # When a writer is in the middle of a file depends on the machine: some kill must have found one there.
    while turn < 12 or (not left_over and turn < 500):
        with started(writer, str(tmp_path)) as process:
            time.sleep(0.002 + 0.003 * (turn % 12))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        data = folder.read("deep/a.md")
        assert data is not None
        assert data == OLD or data == data[:1] * 3_000_000
        swept, there = folder.sweep()
        left_over += swept
        assert there == {"deep/a.md"}
        turn += 1
        assert names(tmp_path) == ["deep", "deep/a.md"]
    assert left_over > 0


def test_sweep_leaves_everything_else(tmp_path: Path) -> None:
    """Hidden folders, such as git's, and files that only look alike are not touched."""
    kept = [".git/x.digest-tmp", "a.md", "b.digest-tmp.md", ".a.md.digest-tmp.swp", "b/.hidden"]
    for path in [*kept, "b/.a.md.1234.digest-tmp"]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(OLD)
    assert Folder(tmp_path).sweep() == (1, {path for path in kept if not path.startswith(".git/")})
    assert [path for path in names(tmp_path) if (tmp_path / path).is_file()] == sorted(kept)
    assert Folder(tmp_path / "none").sweep() == (0, set())


@pytest.mark.usefixtures("unmeasured")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A write that the system refuses midway is a store error that names the file, and leaves no trace."""
    Folder(tmp_path).write("a.md", OLD)
    program = """
import sys
from pathlib import Path
from digest.errors import StoreError
from digest.disk.files import Folder

try:
    Folder(Path(sys.argv[1])).write("a.md", b"new " * 100_000)
except StoreError as error:
    print(error)
"""
    limit = len(OLD) + 1

    def refuse_more() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with python(program, str(tmp_path), before=refuse_more) as process:
        out, err = process.communicate(timeout=30)
    assert err == ""
    assert "File too large" in out
    assert str(tmp_path / "a.md") in out
    assert (tmp_path / "a.md").read_bytes() == OLD
    assert names(tmp_path) == ["a.md"]


@pytest.mark.parametrize("root", ["/proc/nothing/here", "/dev/null", "/dev/full/out"])
def test_a_folder_that_cannot_be_made_is_a_store_error(root: str) -> None:
    """A disk that cannot be written is told in one line."""
    with pytest.raises(StoreError, match=r"/(proc|dev)/"):
        Folder(Path(root)).write("a.md", NEW)


@pytest.mark.parametrize("path", ["a.md/b.md", "folder"])
def test_what_stands_in_the_way_is_a_store_error(tmp_path: Path, path: str) -> None:
    """A file where a folder should be, and a folder where the file should be, stay as they are."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_bytes(OLD)
    (tmp_path / "a.md").write_bytes(OLD)
    with pytest.raises(StoreError):
        Folder(tmp_path).write(path, NEW)
    assert names(tmp_path) == ["a.md", "folder", "folder/mine"]
    assert (tmp_path / "a.md").read_bytes() == OLD


# Only below the folder


@pytest.fixture
def fenced(tmp_path: Path) -> Iterator[Folder]:
    """A folder with ways out of it; afterwards, nothing outside must have changed."""
    for name in ("out", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere" / "mine.md").write_bytes(OLD)
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "relative").symlink_to("../elsewhere")
    (tmp_path / "out" / "nowhere").symlink_to(tmp_path / "not-there")
    (tmp_path / "out" / "round").symlink_to("round")
    yield Folder(tmp_path / "out")
    assert names(tmp_path / "elsewhere") == ["mine.md"]
    assert (tmp_path / "elsewhere" / "mine.md").read_bytes() == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "out"]


WAYS_OUT = [
    "../elsewhere/mine.md",
    "../new.md",
    "a/../../new.md",
    "link/mine.md",
    "link/deep/new.md",
    "relative/mine.md",
    "nowhere/new.md",
    "round/new.md",
    "{tmp}/elsewhere/mine.md",
]


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_path_leads_out_of_the_folder(fenced: Folder, path: str) -> None:
    """Neither "..", nor an absolute path, nor a symbolic link leads a write elsewhere."""
    with pytest.raises(StoreError):
        fenced.write(path.format(tmp=fenced.root.parent), NEW)


@pytest.mark.parametrize("path", WAYS_OUT)
def test_nothing_outside_is_read(fenced: Folder, path: str) -> None:
    """What may not be written is not read either."""
    with pytest.raises(StoreError):
        fenced.read(path.format(tmp=fenced.root.parent))


def test_a_file_that_is_a_link_is_left_alone(fenced: Folder) -> None:
    """A link in the place of a digest is somebody's own: neither it nor what it points to is written or read."""
    (fenced.root / "a.md").symlink_to("../elsewhere/mine.md")
    for act in (fenced.read, fenced.has, lambda path: fenced.write(path, NEW)):
        with pytest.raises(StoreError, match="symbolic link"):
            act("a.md")
    assert (fenced.root / "a.md").is_symlink()


def test_a_link_that_stays_inside_is_followed(fenced: Folder) -> None:
    """A folder may be a link to another one below the same root; the root itself may be a link."""
    (fenced.root / "real").mkdir()
    (fenced.root / "alias").symlink_to("real")
    (fenced.root / "self").symlink_to(".")
    assert fenced.write("alias/a.md", NEW) is True
    assert Folder(fenced.root / "self").read("real/a.md") == NEW


# Raw pages


def test_equal_pages_are_one_file_of_equal_bytes(tmp_path: Path) -> None:
    """A page lies under its own hash, and its file bears neither time nor name."""
    one, other = Folder(tmp_path / "one"), Folder(tmp_path / "other")
    path = write_raw(one, NEW)
    os.utime(tmp_path / "one" / path, ns=(1, 1))
    assert hashlib.sha256(NEW).hexdigest() in path
    assert write_raw(other, NEW) == path
    assert write_raw(one, NEW) == path
    assert one.read(path) == other.read(path)
    assert (tmp_path / "one" / path).stat().st_mtime_ns == 1
    data = one.read(path)
    assert data is not None
    assert gzip.decompress(data) == NEW
    assert (data[3], data[4:8]) == (0, b"\0\0\0\0")  # no name, no time: RFC 1952, 2.3.1
    assert write_raw(one, OLD) != path


def test_a_damaged_raw_page_is_written_again(tmp_path: Path) -> None:
    """A file that does not hold what its name says is not believed."""
    folder = Folder(tmp_path)
    path = write_raw(folder, NEW)
    (tmp_path / path).write_bytes(b"")
    write_raw(folder, NEW)
    assert read_saved_page(tmp_path / path) == NEW


@pytest.mark.parametrize("packed", [False, True])
def test_a_saved_page_is_read_plain_or_packed(tmp_path: Path, *, packed: bool) -> None:
    """What a person saved is told by its first bytes, not by its name."""
    file = tmp_path / "page"
    file.write_bytes(gzip.compress(NEW) if packed else NEW)
    assert read_saved_page(file) == NEW


@pytest.mark.parametrize(
    "data",
    [gzip.compress(NEW)[:-20], gzip.compress(NEW)[:10], gzip.compress(NEW)[:-8] + b"\0" * 8, b"\x1f\x8bnonsense", None],
    ids=["cut", "no body", "wrong checksum", "no gzip", "a folder"],
)
def test_a_saved_page_that_is_damaged_is_refused(tmp_path: Path, data: bytes | None) -> None:
    """Half a page is no page."""
    file = tmp_path / "page.html.gz"
    file.mkdir() if data is None else file.write_bytes(data)
    with pytest.raises(PageRefusedError):
        read_saved_page(file)


def test_a_saved_page_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """A small file cannot fill the memory."""
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(b" " * 70_000_000, 1))
    with pytest.raises(PageRefusedError, match="at most"):
        read_saved_page(tmp_path / "page.html.gz")


# The lock

HOLDER = """
import sys, time
from pathlib import Path
from digest.disk.files import hold_lock

with hold_lock(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_only_one_process_holds_the_lock(tmp_path: Path) -> None:
    """Who comes second is told so within a second; who waited for the end gets it."""
    lock = tmp_path / "archive.db.lock"
    with started(HOLDER, str(lock)) as holder:
        began = time.monotonic()
        with pytest.raises(LockHeldError, match=r"archive\.db\.lock"), hold_lock(lock):
            pass
        assert time.monotonic() - began < 1
        holder.terminate()
        holder.wait(10)
        with hold_lock(lock):
            assert lock.exists()


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A run that is killed leaves no lock behind, though its file stays."""
    lock = tmp_path / "archive.db.lock"
    with started(HOLDER, str(lock)) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert lock.exists()
    with hold_lock(lock):
        pass


def test_the_lock_is_let_go_after_a_failure(tmp_path: Path) -> None:
    """An exception inside is passed on, and the next run can start in the same process."""
    lock = tmp_path / "new" / "archive.db.lock"
    with pytest.raises(RuntimeError), hold_lock(lock):
        raise RuntimeError
    with hold_lock(lock), pytest.raises(LockHeldError), hold_lock(lock):
        pass


def test_a_child_does_not_keep_its_parent_s_lock(tmp_path: Path) -> None:
    """A process that the holder started and left behind does not stop the next run."""
    lock = tmp_path / "archive.db.lock"
    program = "import time; print('ready', flush=True); time.sleep(60)"
    with hold_lock(lock):
        child = subprocess.Popen([sys.executable, "-c", program], close_fds=False, stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    try:
        with hold_lock(lock):
            pass
    finally:
        child.kill()
        child.communicate(timeout=10)


@pytest.mark.parametrize("path", ["/proc/nothing/archive.lock", "/dev/null/archive.lock", "/proc"])
def test_a_lock_that_cannot_be_made_is_a_store_error(path: str) -> None:
    """A disk that takes no lock file is told in one line."""
    with pytest.raises(StoreError, match=r"/(proc|dev)"), hold_lock(Path(path)):
        pass
