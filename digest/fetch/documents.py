"""What arXiv serves at which address, and each question that the client asks about an answer. Pure."""

import gzip
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from digest.errors import NotServedError, PageRefusedError, quoted, shortened
from digest.model import LARGEST_BODY, RawPage

FORBIDDEN = "403 Forbidden: arXiv refuses this client; send no more requests, and write to its help desk"

# A page of arXiv's errors says why in its heading, a feed in its description.
_REASON = re.compile(rb"<(h1|description)>([^<]*)</\1>")


@dataclass(frozen=True, slots=True)
class RequestKind:
    """A kind of document: the content ``types`` that it may have, and the tags of which one ``ends`` it."""

    types: tuple[str, ...]
    ends: tuple[bytes, ...]

    def judge(self, page: RawPage) -> None:
        """Pass an answer that is a document of this kind.

        Raises:
            NotServedError: arXiv says that the request makes no sense (400).
            PageRefusedError: it is anything else.
        """
        if page.status == 400:
            import html  # noqa: PLC0415 - only a refusal needs it

            match = _REASON.search(page.body)
            reason = html.unescape(match[2].decode("utf-8", "replace")).strip() if match else "no reason given"
            raise NotServedError(f"arXiv says: {shortened(reason)}")
        if page.status == 403:
            raise PageRefusedError(FORBIDDEN)
        if page.status != 200:
            raise PageRefusedError(f"expected status 200, found {page.status}")
        found = dict(page.headers).get("content-type", "").partition(";")[0].strip().lower()
        if found not in self.types:
            raise PageRefusedError(f"expected {' or '.join(self.types)}, found content type {quoted(found)}")


PAGES = RequestKind(("text/html", "application/xhtml+xml"), (b"</html>",))
FEEDS = RequestKind(
    ("application/rss+xml", "application/atom+xml", "application/xml", "text/xml"), (b"</rss>", b"</feed>")
)

OAI = RequestKind(("text/xml", "application/xml"), (b"</OAI-PMH>",))


def listing_url(base: str, category: str, *, skip: int = 0, show: int = 0) -> str:
    """Return the address of the newest listing of ``category``.

    The first page is asked for plainly: its size is arXiv's default, 2000 entries.
    """
    query = f"?skip={skip}&show={show}" if skip else ""
    return f"{base}/list/{category}/new{query}"


def catchup_url(base: str, category: str, day: date, *, page: int = 1) -> str:
    """Return the address of a past listing; arXiv keeps 91 days and accepts no other parameters."""
    return f"{base}/catchup/{category}/{day}?abs=True&page={page}"


def recent_url(base: str, category: str) -> str:
    """Return the address of the page that counts the entries of the newest listing dates, with few of them on it."""
    return f"{base}/list/{category}/recent?skip=0&show=25"


def rss_url(base: str, category: str) -> str:
    """Return the address of the newest mailing of ``category`` as RSS; ``base`` is the feeds' own host."""
    return f"{base}/rss/{category}"


def atom_url(base: str, category: str) -> str:
    """Return the address of the newest mailing of ``category`` as Atom; ``base`` is the feeds' own host."""
    return f"{base}/atom/{category}"


def records_url(base: str, request: Mapping[str, str]) -> str:
    """Return the address of a page of records; ``base`` is that of OAI-PMH, ``request`` has the arguments."""
    return f"{base}?{urlencode(request)}"


# https://github.com/arXiv/oaipmh, ``make_set_str``: group, archive, subject class; of these, physics alone is a group
# with other archives than the one of its name.
_OF_PHYSICS = (
    *("astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex"),
    *("nucl-th", "physics", "quant-ph"),
)


def set_of(category: str) -> str:
    """Return the set of OAI-PMH that has the papers of a category or a whole archive: ``cs:cs:CV`` of ``cs.CV``."""
    archive = category.partition(".")[0]
    return f"{'physics' if archive in _OF_PHYSICS else archive}:{category.replace('.', ':')}"


_GZIP = zlib.MAX_WBITS | 16
_MEMBER = b"\x1f\x8b\x08"  # how each begins (RFC 1952 § 2.3.1)
_MOST_MEMBERS = 1000  # a body of empty ones would keep the machine busy, and never grow too large
# arXiv says it with status 200 as well, in a short text where the page should be.
_THROTTLED = b"Rate exceeded."


@dataclass(eq=False)
class PassingFaultError(Exception):
    """No whole answer came, and the same request may succeed later.

    ``retry_after``: the seconds to wait that the server asks for; ``throttles``: whether it wants fewer requests, of
    whatever; ``answered``: whether it said anything.
    """

    reason: str
    retry_after: float | None = None
    throttles: bool = False
    answered: bool = True

    def __str__(self) -> str:
        return self.reason


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
        if self.status != 200:
            return self.status in (406, 429, 503)
        start = self.payload[:200]
        if self._is_gzip:
            try:
                start = zlib.decompressobj(_GZIP).decompress(self.payload, 200)
            except zlib.error:  # ``body`` says better what is wrong
                return False
        return start.lstrip().startswith(_THROTTLED)

    def fault(self, now: float) -> PassingFaultError | None:
        """What arXiv says is wrong for now, if anything; a Retry-After that is a date counts from ``now``."""
        if not self.is_throttled and self.status < 500:
            return None
        what = "throttled" if self.is_throttled else "a server error"
        # arXiv's 503 is about one page that lags; the other forms are about the client.
        throttles = self.is_throttled and self.status != 503
        return PassingFaultError(f"{what}, status {self.status}", self.retry_after(now), throttles)

    def retry_after(self, now: float) -> float | None:
        """Return the seconds to wait that Retry-After asks for, in either form of RFC 9110 § 10.2.3."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - it loads much, for what few answers have

        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())

    @property
    def _is_gzip(self) -> bool:
        return self.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")

    def body(self, kind: RequestKind) -> bytes:
        """Return the decoded body of a document of ``kind``.

        Raises:
            PageRefusedError: an unknown coding, or more than ``LARGEST_BODY`` bytes.
            PassingFaultError: the transfer was cut.
        """
        if self._is_gzip:
            return _gunzip(self.payload)
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise PageRefusedError(f"expected gzip or no content coding, found {quoted(coding)}")
        # Without any of these, a connection that was cut looks like one that has come to its end (RFC 9112, 6.3).
        shows_its_end = {"content-length", "transfer-encoding"} & set(self.headers)
        if self.payload and not shows_its_end and not self.payload.rstrip().endswith(kind.ends):
            raise PassingFaultError(f"cut transfer: {len(self.payload)} bytes, without a length and without an end")
        return self.payload


def _gunzip(payload: bytes) -> bytes:
    """Return what all members of a gzip body hold (RFC 1952 § 2.2)."""
    if payload.count(_MEMBER) > _MOST_MEMBERS:
        raise PageRefusedError(f"expected at most {_MOST_MEMBERS} members in a gzip body, found more")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(payload)) as stream:
            body = stream.read(LARGEST_BODY + 1)
    except EOFError as error:
        raise PassingFaultError(f"expected a whole gzip body, found it cut after {len(payload)} bytes") from error
    except (OSError, zlib.error) as error:
        raise PassingFaultError(f"expected a gzip body, found it damaged ({error})") from error
    if len(body) > LARGEST_BODY:
        raise PageRefusedError(f"expected at most {LARGEST_BODY} bytes after decompression, found more")
    if not payload:
        raise PassingFaultError("expected a whole gzip body, found nothing")
    return body
