"""Files that a person saved, plain, packed by gzip or in a zip archive; what pretends to be small stays bounded."""

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from digest.disk.files import open_regular, read_regular
from digest.errors import PageRefusedError
from digest.model import LARGEST_BODY

STDIN = Path("-")
"""What stands for the standard input on a command line."""

ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 1000
"""So many times a file may begin to be gzip: thousands of empty ones cost minutes, and hold nothing."""
_SPECIAL = {"d": "a folder", "p": "a pipe", "s": "a socket", "c": "a device", "b": "a device"}

_END_OF_ZIP = b"PK\x05\x06"
_LARGEST_DIRECTORY = 8 * 1024 * 1024
"""Bytes of a zip archive's list of its files, which is held in memory."""
_LARGEST_ZIP = 8 * 1024**3
"""Bytes that all files in a zip archive may have together, after decompression."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file, or one in a zip archive: the ``member`` with that number. Names in archives are shown, and never used."""

    path: Path
    member: int | None = None
    name: str = ""

    @property
    def own_name(self) -> str:
        """The last part of its name: where it lay on somebody's machine has no place in an archive."""
        name = self.path.name if self.member is None else self.name.replace("\\", "/").rpartition("/")[2]
        return os.fsencode(name).decode("utf-8", "replace")


def is_zip(path: Path) -> bool:
    """Whether a file is a zip archive; what cannot be read is none."""
    try:
        return path != STDIN and stat.S_ISREG(path.stat().st_mode) and read_regular(path, 4) == ZIP_MAGIC
    except OSError:
        return False


def zip_members(path: Path) -> list[SavedFile]:
    """Return the files in a zip archive, but for those that its maker's system hid in it.

    Raises:
        PageRefusedError: it is damaged, or holds more than anybody saves.
    """
    with _open_zip(path) as archive:
        names = [(number, info.filename) for number, info in enumerate(archive.infolist()) if not info.is_dir()]
    return [SavedFile(path, number, name) for number, name in names if not _is_hidden(name)]


def _is_hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in parts)


class SavedReader:
    """Reads saved files one after another; a zip archive stays open while files of it are read.

    ``stdin`` is where the standard input is read from.
    """

    def __init__(self, stdin: BinaryIO | None) -> None:
        self._stdin = stdin
        self._open: zipfile.ZipFile | None = None
        self._path: Path | None = None
        self._left = _LARGEST_ZIP

    def close(self) -> None:
        """Let go of the archive that is open."""
        if self._open is not None:
            self._open.close()
        self._open = self._path = None

    def read(self, file: SavedFile) -> bytes:
        """Return the bytes of a file, unpacked.

        Raises:
            PageRefusedError: it cannot be read, is no file, is damaged, or holds more than ``LARGEST_BODY`` bytes.
        """
        if file.member is not None:
            return _bounded(_ungzipped(self._member(file.path, file.member)))
        if file.path == STDIN and self._stdin is not None:
            body = self._stdin.read(LARGEST_BODY + 1)
            if body.startswith(ZIP_MAGIC):
                raise PageRefusedError("expected one file on the standard input, found a zip archive; name it instead")
            return _bounded(_ungzipped(body))
        return read_saved_page(file.path)

    def _member(self, path: Path, number: int) -> bytes:
        if self._path != path:
            self.close()
            self._open, self._path, self._left = _open_zip(path), path, _LARGEST_ZIP
        with _refusing(path):
            archive = self._open or _open_zip(path)
            with archive.open(archive.infolist()[number]) as stream:
                body = stream.read(LARGEST_BODY + 1)
        self._left -= len(body)
        if self._left < 0:
            raise PageRefusedError(f"expected at most {_LARGEST_ZIP} bytes in a zip archive, found more")
        return body


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say of whatever goes wrong with a zip archive that it cannot be read."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PageRefusedError(f"expected a zip archive, found {path.name!r} unreadable ({reason})") from error


def _open_zip(path: Path) -> zipfile.ZipFile:
    with _refusing(path):
        with open_regular(path) as stream:
            _require_modest_directory(stream)
        return zipfile.ZipFile(path)


def _require_modest_directory(stream: BinaryIO) -> None:
    """Refuse a zip archive whose list of files would fill the memory; zipfile reads it at once."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(size - 65_600, 0))
    tail = stream.read()
    end = tail.rfind(_END_OF_ZIP)
    directory = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if end < 0 or directory > _LARGEST_DIRECTORY or b"PK\x06\x07" in tail[max(end - 20, 0) : end]:
        found = "none" if end < 0 else "a larger one"
        raise ValueError(f"expected a list of at most 65,535 files at its end, found {found}")


def _ungzipped(body: bytes) -> bytes:
    """Return what is packed in ``body``, or ``body``; at most one byte more than anything here may have."""
    if not body.startswith(_GZIP_MAGIC) or body.count(_GZIP_MAGIC + b"\x08") > _MOST_MEMBERS:
        return body
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            return stream.read(LARGEST_BODY + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PageRefusedError(f"expected a saved page, found it unreadable ({error})") from error


def _bounded(body: bytes) -> bytes:
    if len(body) > LARGEST_BODY:
        raise PageRefusedError(f"expected a saved page of at most {LARGEST_BODY} bytes, found more")
    return body


def read_saved_page(path: Path) -> bytes:
    """Return the bytes of a page that a person saved, as it is or compressed with gzip.

    Raises:
        PageRefusedError: the file cannot be read, is no file, is damaged, or holds more than ``LARGEST_BODY`` bytes.
    """
    try:
        # Before it is opened: a pipe could wait for ever, a device could act.
        if what := _SPECIAL.get(stat.filemode(path.stat().st_mode)[0]):
            raise PageRefusedError(f"expected a saved page, found {what}; save it to a file first")
        body = read_regular(path, at_most=LARGEST_BODY + 1)
    except OSError as error:
        raise PageRefusedError(f"expected a saved page, found it unreadable ({error.strerror or error})") from error
    return _bounded(_ungzipped(body))
