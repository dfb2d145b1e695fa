"""The pages as arXiv served them: gzip files named by the SHA-256 of their bytes, the same every time."""

import gzip
import hashlib
import io
import re
import zlib

from digest.disk.files import Folder
from digest.errors import DamageError

_LEVEL = 5
"""Of gzip's nine: the highest takes 1.7 to 2.1 times as long, and saves 1.5 to 6 % of a page."""
_SHA256 = re.compile("[0-9a-f]{64}")


def raw_path(sha256: str) -> str:
    """Return where the page with this hash lies in the folder of raw pages."""
    return f"{sha256[:2]}/{sha256}.html.gz"


def write_raw(folder: Folder, body: bytes) -> str:
    """Keep ``body``; return its path.

    The gzip header bears no name and no time, so that equal pages are equal files.
    """
    path = raw_path(hashlib.sha256(body).hexdigest())
    if _gunzip(folder.read(path)) != body:
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=packed, mtime=0) as stream:
            stream.write(body)
        folder.write(path, packed.getvalue())
    return path


def read_raw(folder: Folder, path_or_sha256: str) -> bytes:
    """Return the bytes of a kept page, named by its path in ``folder`` or by the SHA-256 of its bytes.

    Raises:
        DamageError: it is not there, or its bytes are not those that its name promises.
    """
    sha256 = path_or_sha256.rpartition("/")[2].partition(".")[0]
    data = folder.read(raw_path(sha256)) if _SHA256.fullmatch(sha256) else None
    body = _gunzip(data)
    if body is None or hashlib.sha256(body).hexdigest() != sha256:
        found = "none" if data is None else "it damaged"
        raise DamageError(f"expected the kept page {sha256}, found {found}")
    return body


def _gunzip(data: bytes | None) -> bytes | None:
    """Return the bytes of a kept page; None if there is none, or it is damaged."""
    try:
        return None if data is None else gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None
