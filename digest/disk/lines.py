"""A large text file, plain or packed, a line at a time."""

import gzip
import io
import os
import stat
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from digest.disk.files import open_regular
from digest.errors import PageRefusedError, how_many, named

_LONGEST = 1 << 22  # bytes of a line; the longest of Kaggle's, with thousands of authors, has a tenth of it
_AT_ONCE = 1 << 18


class Lines:
    """The lines of an open file, without their ends; ``number`` is that of the last one that was read."""

    def __init__(self, file: BinaryIO, text: BinaryIO) -> None:
        self._file = file
        self._text = text
        self.number = 0
        self.size = os.fstat(file.fileno()).st_size

    @property
    def share(self) -> float:
        """How much of the file was read by now, from 0 to 1."""
        return min(self._file.tell() / self.size, 1.0) if self.size else 1.0

    def __iter__(self) -> Iterator[bytes]:
        """Yield one line after another.

        Raises:
            PageRefusedError: the file is cut or damaged, or holds no lines.
        """
        try:
            while line := self._text.readline(_LONGEST + 1):
                if len(line) > _LONGEST:
                    found = "found a longer one"
                    raise PageRefusedError(
                        f"expected lines of at most {_LONGEST} bytes, {found} after line {self.number}"
                    )
                self.number += 1
                # Editors on Windows begin a file with a byte order mark.
                yield (line if self.number > 1 else line.removeprefix(BOM_UTF8)).rstrip(b"\r\n")
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            reason = getattr(error, "strerror", None) or error
            words = f"expected a whole file, found it cut or damaged after {how_many(self.number, 'line')}"
            raise PageRefusedError(f"{words} ({reason})") from error


@contextmanager
def open_lines(path: Path) -> Iterator[Lines]:
    """Open a text, plain, packed by gzip, or alone in a zip archive: by what it holds, whatever its name.

    Raises:
        PageRefusedError: it cannot be read, or is no such file.
    """
    with ExitStack() as opened:
        try:
            # Before it is opened: a device could act.
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise PageRefusedError(f"expected a file, found {'a folder' if stat.S_ISDIR(mode) else 'none'}")
            file = opened.enter_context(open_regular(path))
            start = file.read(4)
            file.seek(0)
            text: BinaryIO = file
            if start.startswith(b"\x1f\x8b"):
                text = _buffered(opened.enter_context(gzip.GzipFile(fileobj=file)))
            elif start == b"PK\x03\x04":
                text = _buffered(opened.enter_context(_only_member(opened.enter_context(zipfile.ZipFile(file)))))
        except zipfile.BadZipFile as error:
            raise PageRefusedError(f"expected a whole zip archive, found it cut or damaged ({error})") from error
        except OSError as error:
            raise PageRefusedError(f"expected a file that can be read, found: {error.strerror}") from error
        yield Lines(file, text)


def _buffered(unpacked: IO[bytes] | gzip.GzipFile) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", unpacked), _AT_ONCE))


def _only_member(archive: zipfile.ZipFile) -> IO[bytes]:
    names = [
        one.filename for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        found = f"{len(names)} ({named(list(map(ascii, names)))})" if names else "none"
        raise PageRefusedError(f"expected one file in the zip archive, found {found}")
    try:
        return archive.open(names[0])
    except (RuntimeError, NotImplementedError) as error:  # encrypted; packed by another method
        raise PageRefusedError(f"expected a zip archive that can be unpacked, found: {error}") from error
