"""What a server answered, and each question that the client asks about it. Pure."""

import html
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from digest.errors import PageRefusedError, TryLaterError

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a body after decompression; the biggest real page has about 5 MB."""

_THROTTLED = b"Rate exceeded."
_HEADING = re.compile(rb"<h1>([^<]*)</h1>")


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
        return self.status in (406, 429, 503) or self.body_start.startswith(_THROTTLED)

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later."""
        return self.is_throttled or self.status >= 500

    @property
    def body_start(self) -> bytes:
        """The first bytes of a payload that was not compressed."""
        return self.payload[:200].lstrip()

    @property
    def reason(self) -> str:
        """What arXiv's error page says, in its own words."""
        match = _HEADING.search(self.payload)
        return html.unescape(match[1].decode("utf-8", "replace")).strip() if match else "no reason given"

    def retry_after(self, now: float) -> float | None:
        """Return the seconds to wait that Retry-After asks for, in either form of RFC 9110 § 10.2.3."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())

    def body(self, content_types: tuple[str, ...]) -> bytes:
        """Return the decoded body of a whole answer of one of ``content_types``.

        Raises:
            PageRefusedError: another content type or an unknown coding, or more than ``MAX_BODY`` bytes.
            TryLaterError: the transfer was cut.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in content_types:
            raise PageRefusedError(f"expected {' or '.join(content_types)}, found content type {kind!r}")
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity"):
            return self.payload
        if coding not in ("gzip", "x-gzip"):
            raise PageRefusedError(f"expected gzip or no content coding, found {coding!r}")
        return _gunzip(self.payload)


def _gunzip(payload: bytes) -> bytes:
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = decoder.decompress(payload, MAX_BODY)
    except zlib.error as error:
        raise TryLaterError(f"expected a gzip body, found it damaged ({error})") from error
    if decoder.unconsumed_tail:
        raise PageRefusedError(f"expected at most {MAX_BODY} bytes after decompression, found more")
    if not decoder.eof:
        raise TryLaterError(f"expected a whole gzip body, found it cut after {len(payload)} bytes")
    return body
