"""The polite client: one request at a time, never sooner than arXiv's rules allow, whole answers only.

Sources of the rules: arXiv's robots.txt (Crawl-delay 15) and https://info.arxiv.org/help/api/tou.html.
"""

import hashlib
import logging
import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import BadStatusLine, HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from digest import __version__
from digest.errors import BudgetSpentError, NotAskedError, NotServedError, PageRefusedError, TryLaterError, shortened
from digest.fetch.connection import Deadline, DeadlineAdapter
from digest.fetch.documents import FORBIDDEN, PAGES, Answer, PassingFaultError, RequestKind
from digest.model import LARGEST_BODY, MachineClock, RawPage

log = logging.getLogger(__name__)

ATTEMPTS = 4
RETRY_SECONDS = 180.0
"""No retry begins later than this after the first attempt, whatever Retry-After asks for."""

_REDIRECTS = 3
_LONGEST_PAUSE = 86400.0  # a day: what is noted beyond is of a clock that was set back
_CHUNK = 65536
_MOMENT = 1e-6  # seconds: no clock is read more exactly
_AHEAD = 1.0  # seconds: no two clocks that are right differ by more


class Memory(Protocol):
    """Remembers across runs when arXiv was last asked for anything."""

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note that a request begins ``now``, if that needs no ``pause_after`` the last one; return the pause.

        The last one began at that second since 1970, or never (None). It is one step: no other run takes the same turn.
        """

    def end_turn(self, seconds: float) -> None:
        """Note that the request is over, whose answer began so many ``seconds`` ago."""

    def not_before(self) -> float | None:
        """Seconds since 1970 until which a throttling host wants no request, or None."""

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling host wants no request until then."""


class _Session(requests.Session):
    def get_redirect_target(self, _response: requests.Response) -> None:
        """Name none: the client follows redirects, and requests would read their bodies without any bound."""


def new_session(contact: str, url: str) -> requests.Session:
    """Return a session for ``url`` that says who is asking; ``contact`` is a mail address or a page, or empty."""
    session = _Session()
    # A proxy of the environment is for the world outside: it cannot reach this machine's own loopback.
    session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
    session.headers.clear()
    session.headers["User-Agent"] = f"arxiv-listing-digest/{__version__}" + (f" ({contact})" if contact else "")
    session.headers["Accept-Encoding"] = "gzip"
    # One connection at a time (arXiv's terms of use, above), and none that idles between two requests.
    session.headers["Connection"] = "close"
    # Neither credentials of ~/.netrc nor cookies: nothing is sent but the request and the contact.
    session.auth = lambda request: request
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, DeadlineAdapter())
    return session


@dataclass
class Client:
    """Gets pages and feeds for one run.

    Attributes:
        delay: Seconds between a request for a page and the one before it, whatever that was for.
        timeout: Seconds that a whole request may take.
        jitter: Yields 0 to 1, for the pauses before retries.
        feeds_delay: As ``delay``, for a feed, and for OAI-PMH.
        attempts: How often a request is tried at most.
        budget: How many more requests the present part of the job may make; None if any number.
        forbidden: Whether arXiv refused this client, on whichever host.
        unreachable: The hosts, with their ports, that did not answer.
        asked_to_wait: Seconds that the answer asked for with which the last request was given up; 0 if it did not.
        doubted: Those of them that are asked once more, because it may have been about what they were asked for.
    """

    session: requests.Session
    memory: Memory
    machine: MachineClock
    delay: float
    timeout: float
    jitter: Callable[[], float] = random.random
    feeds_delay: float = 3.0
    attempts: int = ATTEMPTS
    budget: int | None = None
    requests_made: int = 0
    forbidden: bool = False
    unreachable: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)
    asked_to_wait: float = 0.0
    _answered_at: float = math.inf

    def doubt_silence(self) -> None:
        """Let each host that did not answer be asked for something else, once and without retries."""
        self.doubted |= self.unreachable
        self.unreachable.clear()

    def get(self, url: str, keep: Callable[[RawPage], None] = lambda _page: None, kind: RequestKind = PAGES) -> RawPage:
        """Return the document at ``url``, whole; ``keep`` gets it before anything looks into it, also if it is refused.

        Raises:
            BudgetSpentError: it would take a request more than ``budget`` allows.
            TryLaterError: arXiv stayed unreachable or throttled for ``ATTEMPTS`` attempts or
                ``RETRY_SECONDS`` seconds.
            PageRefusedError: arXiv forbids it (403), or answers with something that is none of ``kind``.
            NotServedError: arXiv says that the request makes no sense (400).
        """
        started = self.machine.monotonic()
        host = urlsplit(url).netloc
        self._require_welcome(url, host)
        attempts = 1 if host in self.doubted else self.attempts
        for attempt in range(1, attempts + 1):
            try:
                page = self._get_once(url, keep, kind)
            except PassingFaultError as fault:
                if self.forbidden:
                    raise PageRefusedError(f"{shortened(url)}: {FORBIDDEN}") from fault
                if fault.throttles and fault.retry_after:
                    self.memory.remember_not_before(self.machine.time() + min(fault.retry_after, _LONGEST_PAUSE))
                backoff = self._delay(kind) * 2.0 ** (attempt - 1) * (1 + self.jitter() / 4)
                pause = max(backoff, fault.retry_after or 0.0)
                if attempt == attempts or self.machine.monotonic() - started + pause > RETRY_SECONDS:
                    if not fault.answered:
                        self.unreachable.add(host)
                    self.asked_to_wait = fault.retry_after or 0.0
                    asked = f", asking to wait {fault.retry_after:.0f} s" if fault.retry_after else ""
                    raise TryLaterError(f"{shortened(url)}: {fault}{asked} (attempt {attempt})") from fault
                self._require_budget(f"{shortened(url)}: {fault}")
                log.info("%s: %s; trying again in %.0f s", shortened(url), fault, pause)
                self.machine.sleep(pause)
            else:
                self.doubted.discard(host)
                return page
        raise AssertionError("the last attempt returns or raises")

    def is_silent(self, url: str) -> bool:
        """Whether nothing more is asked of the host of ``url`` in this run."""
        return self.forbidden or urlsplit(url).netloc in self.unreachable

    def _require_welcome(self, url: str, host: str) -> None:
        """Ask nothing that is known to be in vain, and nothing while a throttling arXiv wants to be left alone."""
        if self.forbidden:
            raise PageRefusedError(f"{shortened(url)}: not asked for, because arXiv refused this client (403) before")
        if host in self.unreachable:
            raise NotAskedError(f"{shortened(url)}: not asked for, because arXiv did not answer before")
        self._require_budget(shortened(url))
        pause = (self.memory.not_before() or 0.0) - self.machine.time()
        if RETRY_SECONDS < pause <= _LONGEST_PAUSE:  # beyond, the clock was set back
            raise NotAskedError(
                f"{shortened(url)}: not asked for, because arXiv wants no request for another {pause:.0f} s"
            )
        if 0 < pause <= RETRY_SECONDS:
            self.machine.sleep(pause)

    def _require_budget(self, what: str) -> None:
        if self.budget is not None and self.budget <= 0:
            raise BudgetSpentError(f"{what}: not asked for, because no request is left for this part of the job")

    def _delay(self, kind: RequestKind) -> float:
        return self.delay if kind is PAGES else self.feeds_delay

    def _get_once(self, url: str, keep: Callable[[RawPage], None], kind: RequestKind) -> RawPage:
        answer, redirects = self._ask(url, kind), 0
        while answer.redirects_to is not None and redirects < _REDIRECTS:
            answer, redirects = self._ask(_same_host(answer.url, answer.redirects_to), kind), redirects + 1
        now = self.machine.time()
        if fault := answer.fault(now):
            raise fault
        try:
            body, fetched_at = answer.body(kind), datetime.fromtimestamp(now, UTC)
            headers, sha256 = tuple(answer.headers.items()), hashlib.sha256(body).hexdigest()
            page = RawPage(answer.url, answer.status, fetched_at, headers, body, sha256)
            # Kept before it is judged: a page that is refused is what a mended parser will want.
            keep(page)
            kind.judge(page)
        except (PageRefusedError, NotServedError) as error:
            raise type(error)(f"{shortened(answer.url)}: {error}") from error
        return page

    def _ask(self, url: str, kind: RequestKind) -> Answer:
        self._require_budget(shortened(url))
        self._wait_my_turn(self._delay(kind))
        self.requests_made += 1
        if self.budget is not None:
            self.budget -= 1
        log.debug("GET %s", shortened(url))
        self._answered_at = math.inf
        with Deadline(self.timeout) as deadline:
            try:
                answer = self._exchange(url, kind)
            except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:  # OSError: requests'
                reason = f"no answer within {self.timeout:g} s" if deadline.expired else _cause(error)
                raise PassingFaultError(reason, answered=not isinstance(error, requests.ConnectionError)) from error
            finally:
                # Else the next request could go out on a connection that the server is closing.
                self.session.close()
                self.memory.end_turn(max(0.0, self.machine.monotonic() - self._answered_at))
        if deadline.expired:
            raise PassingFaultError(f"no whole answer within {self.timeout:g} s")
        return answer

    def _wait_my_turn(self, delay: float) -> None:
        def pause_after(last: float | None) -> float:
            # A clock that was set back must not make us wait for years: one delay is enough.
            if last is None or (waited and last > now + _AHEAD):
                return 0.0
            pause = min(last + delay - now, delay)
            return pause if pause > _MOMENT else 0.0

        now, waited = self.machine.time(), False
        # Another host may have taken the turn that was waited for.
        while pause := self.memory.take_turn(now, pause_after):
            if not waited:
                log.info("waiting %.0f s, as arXiv asks of every client", pause)
            self.machine.sleep(pause)
            now, waited = self.machine.time(), True

    def _exchange(self, url: str, kind: RequestKind) -> Answer:
        accept = {"Accept": ", ".join(kind.types)}
        with self.session.get(url, headers=accept, stream=True, timeout=self.timeout) as response:
            self._answered_at = self.machine.monotonic()
            self.forbidden = response.status_code == 403  # before its body, which may come cut or never
            payload = bytearray()
            for part in response.raw.stream(_CHUNK, decode_content=False):
                payload += part
                if len(payload) > LARGEST_BODY:
                    raise PageRefusedError(f"{shortened(url)}: expected at most {LARGEST_BODY} bytes, found more")
            headers = {name.lower(): value for name, value in response.headers.items()}
            declared = headers.get("content-length", "")
            if declared.isdecimal() and int(declared) != len(payload):
                raise PassingFaultError(f"cut transfer: {len(payload)} of {declared} bytes")
            return Answer(url, response.status_code, headers, bytes(payload))


def _same_host(url: str, location: str) -> str:
    """Return the address that a redirect from ``url`` leads to, if it stays on the configured host."""
    old, target = urlsplit(url), ""
    with suppress(ValueError):  # of what is no address at all
        target = urljoin(url, location)
        new = urlsplit(target)
        if new.netloc == old.netloc and new.scheme in (old.scheme, "https"):
            return target
    found = shortened(target or location)
    raise PageRefusedError(f"{shortened(url)}: expected to stay on {old.netloc}, found a redirect to {found}")


def _cause(error: BaseException) -> str:
    """Return the innermost reason of a chain of wrapped network errors, in words."""
    # urllib3 and requests wrap as an argument, too, and name no cause then.
    while (
        inner := error.__cause__
        or error.__context__
        or next((one for one in (getattr(error, "reason", None), *error.args) if isinstance(one, BaseException)), None)
    ):
        error = inner
    text = shortened(str(error).strip()) or type(error).__name__
    return f"expected an HTTP answer, found {text!r}" if type(error) is BadStatusLine else text
