"""Files written whole or not at all, and only below their folder; the lock of a run."""

import errno
import fcntl
import glob
import os
import posixpath
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO

from digest.errors import LockHeldError, StoreError

_TEMPORARY = ".digest-tmp"
_LONGEST_LINE = 1 << 20  # bytes; a line that is longer is returned cut


@dataclass(frozen=True)
class Folder:
    """A folder of generated files; every path in it is relative, with forward slashes.

    Every method raises ``StoreError`` when the disk fails or a path leads out of the folder.
    """

    root: Path
    _known: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, or None if there is none."""
        place = os.path.join(self.root, path)  # noqa: PTH118 - thousands in a check of all
        try:
            if not self._leads_inside(posixpath.dirname(place)):
                raise StoreError(f"{place}: leads out of {self.root}")
            with open_regular(place, os.O_NOFOLLOW) as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            _no_link(Path(place))
            raise StoreError(f"{error.filename or place}: {error.strerror}") from error

    def first_line(self, path: str) -> bytes:
        """Return the first line of the file at ``path``, with its line end if it has one, and read no more of it."""
        place = f"{self.root}/{path}"
        with _disk_errors(Path(place)), open_regular(place, os.O_NOFOLLOW) as stream:
            return stream.readline(_LONGEST_LINE)

    def prepare(self) -> None:
        """Make the folder, and find out early whether files can be written into it."""
        with _disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))

    def names(self) -> set[str]:
        """Return the names of all that is in the folder itself; none if it is not there."""
        with _disk_errors(self.root):
            return set() if is_absent(self.root) else {one.name for one in self.root.iterdir()}

    def has(self, path: str) -> bool:
        """Whether there is a file at ``path``."""
        place = f"{self.root}/{path}"
        with _disk_errors(Path(place)):
            try:
                mode = os.lstat(place).st_mode
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    return False
                raise
        return stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and _no_link(Path(place)).is_file())

    def write(self, path: str, data: bytes, *, is_flushed: bool = True) -> bool:
        """Make the file at ``path`` hold ``data``; return False, and touch nothing, if it does already.

        Unless ``is_flushed``, a power cut may leave it empty until ``flush_all`` was called.
        """
        if self.read(path) == data:
            return False
        with _disk_errors(self.root / path):
            target = self._inside(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with new_file(target, is_flushed=is_flushed) as fresh:
                fresh.write_bytes(data)
        return True

    def remove(self, path: str) -> None:
        """Remove the file at ``path``, if it is there."""
        with _disk_errors(self.root / path):
            target = self._inside(path)
            target.unlink(missing_ok=True)
            if target.parent.is_dir():
                _sync_folder(target.parent)

    def prune(self, path: str) -> None:
        """Remove the folders above ``path``, from the innermost on, as long as nothing is in them; this one stays."""
        folder = posixpath.dirname(path)
        with suppress(OSError):  # one that is not empty, or not there
            while folder:
                self._inside(folder).rmdir()
                folder = posixpath.dirname(folder)

    def keep_beside(self, path: str, word: str) -> str:
        """Keep a copy of the file at ``path`` as ``path.word``, ``path.word-2`` …; return which.

        Nothing that was kept before is lost; a file that was kept already is not kept twice.
        """
        data = self.read(path)
        if data is None:
            raise StoreError(f"{self.root / path}: expected a file to keep, found none")
        name = next(name for name in _names(path, word) if self.read(name) in (None, data))
        self.write(name, data)
        return name

    def move_aside(self, path: str, word: str, companions: Sequence[str] = ()) -> str:
        """Give the file at ``path`` a name as ``keep_beside`` does, and those with the endings ``companions`` too."""
        endings = ("", *companions)
        with _disk_errors(self.root / path):
            source = self._inside(path)
            taken = {name.name for name in source.parent.iterdir()}
            names = _names(path, word)
            name = next(one for one in names if taken.isdisjoint(Path(one + end).name for end in endings))
            for end in endings:
                if f"{source.name}{end}" in taken:
                    os.replace(f"{source}{end}", self.root / (name + end))  # noqa: PTH105 - as below
            _sync_folder(source.parent)
        return name

    def paths(self, suffix: str) -> list[str]:
        """Return the paths of all files that end with ``suffix``, sorted."""
        plain, others = self.listing(suffix)
        return sorted(plain | others)

    def listing(self, suffix: str, *, sweeps: bool = False) -> tuple[set[str], set[str]]:
        """Return the paths of all plain files that end with ``suffix``, and those of links, pipes and the like.

        With ``sweeps``, temporary files that a killed run left are removed, as by ``sweep``.
        """
        with _disk_errors(self.root):
            if not self.root.exists():
                return set(), set()
            plain, others, problems = _walk(self.root)
            if problems:  # without this, the files would seem to be gone
                raise problems[0]
            if sweeps:
                self._remove_leftovers(plain)
        return {path for path in plain if path.endswith(suffix)}, {path for path in others if path.endswith(suffix)}

    def sweep(self, left_out: Collection[Path] = ()) -> tuple[int, set[str]]:
        """Remove the temporary files that a killed run left; return how many there were, and what plain files stay.

        Hidden folders, such as git's own, are ``left_out`` as well.
        """
        places = set(map(str, left_out))
        with _disk_errors(self.root):
            plain, _, _ = _walk(self.root, lambda place, name: name[0] != "." and place not in places)
            leftovers = self._remove_leftovers(plain)
        return len(leftovers), set(plain).difference(leftovers)

    def _remove_leftovers(self, paths: Iterable[str]) -> list[str]:
        found = [path for path in paths if path.endswith(_TEMPORARY)]
        leftovers = [path for path in found if "/." not in f"/{posixpath.dirname(path)}"]
        for path in leftovers:
            (self.root / path).unlink(missing_ok=True)
        return leftovers

    def is_link(self, path: str) -> bool:
        """Whether a symbolic link stands at ``path``: somebody's own, which is neither followed nor replaced."""
        return (self.root / path).is_symlink()

    def obstacle(self, path: str) -> str:
        """Return the path of what keeps a plain file from standing at ``path``, such as a link or a folder; or ""."""
        place = ""
        with _disk_errors(self.root / path):
            for name in path.split("/"):
                place = posixpath.join(place, name)
                try:
                    mode = os.lstat(self.root / place).st_mode
                except FileNotFoundError:
                    return ""
                if not (stat.S_ISREG(mode) if place == path else stat.S_ISDIR(mode)):
                    return place
        return ""

    def _inside(self, path: str) -> Path:
        """Return the full path; a link that leads out of the folder is not followed."""
        target = self.root / path
        self._known.clear()
        if not self._leads_inside(str(target.parent)):
            raise StoreError(f"{target}: leads out of {self.root}")
        return _no_link(target)

    def _leads_inside(self, folder: str) -> bool:
        """Whether a folder of files lies in this one, wherever links lead; for the files that are read, asked once."""
        if folder not in self._known:
            # Unlike Path.resolve before Python 3.13, realpath takes a link that leads to itself.
            self._known[folder] = Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self.root))
        return self._known[folder]


def _no_link(target: Path) -> Path:
    if target.is_symlink():
        raise StoreError(f"{target}: a symbolic link, which would be lost; digest writes plain files only")
    return target


def _walk(
    root: Path, is_wanted: Callable[[str, str], bool] = lambda _place, _name: True
) -> tuple[list[str], list[str], list[OSError]]:
    """Return the paths of the plain files in a folder and in its folders that are wanted, those of others, what failed.

    os.walk() takes twice as long, and there are thousands of files.
    """
    plain: list[str] = []
    others: list[str] = []
    problems: list[OSError] = []
    folders = [""]
    while folders:
        inner = folders.pop()
        try:
            with os.scandir(root / inner) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        plain.append(inner + entry.name)
                    elif not entry.is_dir():
                        others.append(inner + entry.name)
                    elif not entry.is_symlink() and is_wanted(entry.path, entry.name):
                        folders.append(f"{inner}{entry.name}/")
        except OSError as error:
            problems.append(error)
    return plain, others, problems


def is_absent(path: Path) -> bool:
    """Whether nothing is at ``path``; where we may not look, something may be."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def read_regular(path: Path, at_most: int = -1) -> bytes:
    """Return the bytes of a regular file (the first ``at_most``); opening anything else could wait for ever.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with open_regular(path) as stream:
        return stream.read(at_most)


def open_regular(path: Path | str, options: int = 0) -> BinaryIO:
    """Open a regular file for reading; opening anything else could wait for ever.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | options)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return open(handle, "rb")  # noqa: PTH123 - of a handle


def _names(path: str, word: str) -> Iterator[str]:
    yield f"{path}.{word}"
    yield from (f"{path}.{word}-{number}" for number in count(2))


@contextmanager
def new_file(target: Path, *, is_flushed: bool = True) -> Iterator[Path]:
    """Give an empty file beside ``target`` to be filled; it takes the place of ``target`` when the block ends well.

    Unless ``is_flushed``, a power cut may leave it empty until ``flush_all`` was called.

    Raises:
        StoreError: the folder or the disk fails; nothing is left behind then.
    """
    import tempfile  # noqa: PLC0415 - most commands write nothing

    with _disk_errors(target):
        try:
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_TEMPORARY, dir=target.parent)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from error
        try:
            yield Path(name)
            try:
                mode = target.stat().st_mode & 0o777
            except FileNotFoundError:
                mask = os.umask(0)  # the system tells it only by setting another
                os.umask(mask)
                mode = 0o666 & ~mask
            os.fchmod(handle, mode)
            # Before the rename: otherwise a power cut could leave the new name with nothing in it.
            if is_flushed:
                os.fsync(handle)
            os.replace(name, target)  # noqa: PTH105 - one place for the one call that publishes
        except BaseException:
            # Whoever filled it may have left files beside it, as SQLite does.
            for leftover in target.parent.glob(f"{glob.escape(Path(name).name)}*"):
                with suppress(OSError):
                    leftover.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)
        if is_flushed:
            _sync_folder(target.parent)


def flush_all() -> None:
    """Bring what was written to the disk, all at once: with thousands of files that is much less work."""
    os.sync()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror}") from error


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Have a folder to ourselves among those that ask for it so; another one waits for a moment. No file is made.

    Raises:
        StoreError: the folder cannot be opened.
    """
    with _disk_errors(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # such as a network disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``: the kernel takes it away from a process that dies.

    The file stays there, empty, and means nothing unless it is held. To remove it would let two runs hold it at once.

    Raises:
        LockHeldError: another run holds it.
        StoreError: the file cannot be made.
    """
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with open(handle, "wb", buffering=0) as stream:  # noqa: PTH123 - of a handle
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeldError(f"{path}: another run holds the lock; try again once it has ended") from error
        except OSError as error:  # such as a network disk without locks
            raise StoreError(f"{path}: {error.strerror}") from error
        yield
