"""What a server answered, and each question that the client asks about it. Pure."""

import gzip
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from digest.errors import PageRefusedError, TryLaterError, quoted
from digest.fetch.kinds import Kind
from digest.model import LARGEST_BODY

_START = 200
_GZIP = zlib.MAX_WBITS | 16
_MEMBER = b"\x1f\x8b\x08"
_MOST_MEMBERS = 1000
_THROTTLED = b"Rate exceeded."


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``headers`` have lower-case names, ``payload`` is as it came over the wire."""

    url: str
    status: int
    headers: Mapping[str, str]
    payload: bytes

    @property
    def redirects_to(self) -> str | None:
        """The address that the server names instead, if it does."""
        return self.headers.get("location") if self.status in (301, 302, 303, 307, 308) else None

    @property
    def is_throttled(self) -> bool:
        """Whether arXiv wants fewer requests; it also says so with status 406, and with 200 and a short text."""
        return self.status in (406, 429, 503) or (self.status == 200 and self._start.startswith(_THROTTLED))

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later."""
        return self.is_throttled or self.status >= 500

    @property
    def _start(self) -> bytes:
        """The first bytes of the body; empty if it is damaged."""
        if not self._is_gzip:
            return self.payload[:_START].lstrip()
        try:
            return zlib.decompressobj(_GZIP).decompress(self.payload, _START).lstrip()
        except zlib.error:
            return b""

    @property
    def _is_gzip(self) -> bool:
        return self.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")

    @property
    def _shows_its_end(self) -> bool:
        """Whether a cut transfer would be noticed: by a length, by chunks, or by gzip's own end."""
        return "content-length" in self.headers or "transfer-encoding" in self.headers or self._is_gzip

    def retry_after(self, now: float) -> float | None:
        """Return the seconds to wait that Retry-After asks for, in either form of RFC 9110 § 10.2.3."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())

    def body(self, kind: Kind) -> bytes:
        """Return the decoded body of a document of ``kind``.

        Raises:
            PageRefusedError: an unknown coding, or more than ``LARGEST_BODY`` bytes.
            TryLaterError: the transfer was cut.
        """
        if self._is_gzip:
            return _gunzip(self.payload)
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise PageRefusedError(f"expected gzip or no content coding, found {quoted(coding)}")
        if not self._shows_its_end and not kind.is_whole(self.payload):
            raise TryLaterError(f"cut transfer: {len(self.payload)} bytes, without a length and without an end")
        return self.payload


def _gunzip(payload: bytes) -> bytes:
    """Return what all members of a gzip body hold (RFC 1952 § 2.2)."""
    if payload.count(_MEMBER) > _MOST_MEMBERS:
        raise PageRefusedError(f"expected at most {_MOST_MEMBERS} members in a gzip body, found more")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(payload)) as stream:
            body = stream.read(LARGEST_BODY + 1)
    except EOFError as error:
        raise TryLaterError(f"expected a whole gzip body, found it cut after {len(payload)} bytes") from error
    except (OSError, zlib.error) as error:
        raise TryLaterError(f"expected a gzip body, found it damaged ({error})") from error
    if len(body) > LARGEST_BODY:
        raise PageRefusedError(f"expected at most {LARGEST_BODY} bytes after decompression, found more")
    if not payload:
        raise TryLaterError("expected a whole gzip body, found nothing")
    return body
