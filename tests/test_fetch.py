"""The polite client: whole answers only, never sooner than allowed, never for ever."""

import gzip
import re
import resource
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path

import pytest

from digest import __version__
from digest.errors import BudgetSpentError, DigestError, PageRefusedError, TryLaterError, UsageError
from digest.fetch.client import ATTEMPTS, RETRY_SECONDS, Client, Memory, new_session
from digest.fetch.documents import FEEDS, PAGES, RequestKind, atom_url, catchup_url, listing_url, recent_url, rss_url
from digest.model import MachineClock, RawPage
from digest.store.whole import Store
from tests.conftest import DAY, Sandbox
from tests.standin import Fault, Reply, Request, StandIn, faults, invent

DELAY = 15.0
FEEDS_DELAY = 3.0
FEED_TYPES = ["application/rss+xml", "application/atom+xml", "application/xml", "text/xml"]
RSS = b"""<?xml version='1.0' encoding='UTF-8'?>
<rss version="2.0"><channel><title>cs.CV updates on arXiv.org</title></channel></rss>
"""
ATOM = b"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>cs.CV updates on arXiv.org</title></feed>
"""
CONTACT = "tests@example.org"


@dataclass
class FakeMachine:
    """A clock that only sleeping moves, and that remembers how long was slept."""

    wall: float = 1_760_000_000.0
    ticks: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def time(self) -> float:
        """Seconds since 1970."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self.ticks

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""
        self.sleeps.append(seconds)
        self.wall += seconds
        self.ticks += seconds


@dataclass
class Notebook:
    """A memory for one test."""

    last: float | None = None
    until: float | None = None

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note a request that need not wait."""
        pause = pause_after(self.last)
        self.last = self.last if pause else now
        return pause

    def end_turn(self, seconds: float) -> None:
        """Nobody waits for it."""

    def not_before(self) -> float | None:
        """Seconds since 1970."""
        return self.until

    def remember_not_before(self, at: float) -> None:
        """Note a throttling host's wish."""
        self.until = at


def make_client(
    machine: MachineClock, memory: Memory | None = None, *, delay: float = DELAY, timeout: float = 10, jitter: float = 0
) -> Client:
    """Return a client whose jitter is known."""
    return Client(
        new_session(CONTACT, "https://arxiv.org"), memory or Notebook(), machine, delay, timeout, lambda: jitter
    )


def get(client: Client, arxiv: StandIn) -> RawPage:
    """Ask the stand-in for its newest listing."""
    return client.get(listing_url(arxiv.url, "cs.CV"))


def honest_page(arxiv: StandIn) -> bytes:
    """Return the page that the stand-in serves when nothing is wrong."""
    fault, arxiv.fault = arxiv.fault, None
    body = get(make_client(FakeMachine()), arxiv).body
    arxiv.requests.clear()
    arxiv.fault = fault
    return body


def with_headers(**headers: str) -> Fault:
    """Add headers to the honest reply."""

    def fail(_request: Request, reply: Reply) -> Reply:
        for name, value in headers.items():
            reply = reply.with_header(name.replace("_", "-"), value)
        return reply

    return fail


def gzipped(fault: Fault) -> Fault:
    """Compress what another fault answers, as a server may when the client accepts it."""

    def fail(request: Request, reply: Reply) -> Reply:
        answer = fault(request, reply)
        return replace(answer, body=gzip.compress(answer.body)).with_header("Content-Encoding", "gzip")

    return fail


def damaged_gzip() -> Fault:
    """Call something gzip that is none."""
    return with_headers(Content_Encoding="gzip")


def without_content_type() -> Fault:
    """Leave the content type out."""
    return lambda _request, reply: replace(reply, headers=())


def text_with_status(code: int, text: str) -> Fault:
    """Answer with a status and a plain text."""
    return lambda _request, _reply: Reply(code, (("Content-Type", "text/plain"),), text.encode())


def feed(body: bytes = RSS, content_type: str = "text/xml") -> Fault:
    """Answer with a feed in the place of whatever was asked for."""
    return lambda _request, _reply: Reply(200, (("Content-Type", content_type),), body)


def get_feed(client: Client, arxiv: StandIn) -> RawPage:
    """Ask the stand-in for the newest mailing as RSS."""
    return client.get(rss_url(arxiv.url, "cs.CV"), kind=FEEDS)


@contextmanager
def raw_server(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Hand each connection to ``serve``, for answers that no HTTP server would give."""
    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def handle(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    serve(connection, closing)
                except OSError:
                    return  # the client went away

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # the listener is closed
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)


# --- what a request says ---------------------------------------------------------------------------


def test_every_request_says_who_asks(archive: Sandbox, arxiv: StandIn) -> None:
    """The User-Agent has the version and the configured contact; Accept is explicit."""
    assert archive.digest("run").code == 0
    (request,) = arxiv.requests
    assert __version__ in request.headers["user-agent"]
    assert CONTACT in request.headers["user-agent"]
    assert "text/html" in request.headers["accept"]
    assert "*/*" not in request.headers["accept"]


def test_no_request_is_conditional(arxiv: StandIn) -> None:
    """ArXiv answers If-Modified-Since wrongly, so validators of earlier answers are never sent back."""
    arxiv.fault = with_headers(ETag='"abc"', Last_Modified="Tue, 04 Mar 2025 00:00:00 GMT", Set_Cookie="a=b")
    client = make_client(FakeMachine())
    for _ in range(3):
        get(client, arxiv)
    names = {name for request in arxiv.requests for name in request.headers}
    assert len(arxiv.requests) == 3
    assert not {name for name in names if name.startswith("if-") or name == "range"}


def test_the_page_comes_with_its_exact_bytes_and_headers(arxiv: StandIn) -> None:
    """What is returned can be kept and replayed."""
    machine = FakeMachine()
    page = get(make_client(machine), arxiv)
    assert page.body == honest_page(arxiv)
    assert page.body.endswith(b"</html>\n")
    assert ("content-length", str(len(page.body))) in page.headers
    assert page.url == f"{arxiv.url}/list/cs.CV/new"
    assert page.fetched_at.timestamp() == machine.wall
    assert page.fetched_at.tzinfo is not None


def test_requests_go_one_at_a_time(archive: Sandbox, arxiv: StandIn) -> None:
    """Several categories of several pages never overlap."""
    busy = threading.Lock()
    overlaps: list[str] = []

    def watch(request: Request, reply: Reply) -> Reply:
        if not busy.acquire(blocking=False):
            overlaps.append(request.path)
            return reply
        time.sleep(0.02)
        busy.release()
        return reply

    arxiv.page_size, arxiv.fault = 25, watch
    for category in ("cs.CV", "cs.LG"):
        arxiv.announce(invent(category, DAY, new=40))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    assert archive.digest("run").code == 0
    assert len(arxiv.requests) == 6
    assert overlaps == []


# --- the delay -------------------------------------------------------------------------------------


def test_the_delay_is_kept_within_a_run(arxiv: StandIn) -> None:
    """The first request goes at once, each later one a whole delay after the one before."""
    machine = FakeMachine()
    client = make_client(machine)
    get(client, arxiv)
    assert machine.sleeps == []
    get(client, arxiv)
    machine.wall += 10
    get(client, arxiv)
    machine.wall += 20
    get(client, arxiv)
    assert machine.sleeps == [15, 5]
    assert client.requests_made == len(arxiv.requests) == 4


def test_the_delay_is_kept_across_runs_and_hosts(arxiv: StandIn, tmp_path: Path) -> None:
    """The store remembers the last request, to whichever host it went."""
    machine = FakeMachine()
    database = tmp_path / "archive.db"
    with StandIn([invent("cs.CV", DAY)], today=DAY) as other:
        for host in (arxiv, other):
            store = Store(f"sqlite:///{database}", database)
            get(make_client(machine, store), host)
            store.close()
            machine.wall += 4
    assert machine.sleeps == [pytest.approx(11)]


def test_two_runs_of_the_command_keep_the_delay(archive: Sandbox, arxiv: StandIn) -> None:
    """A second run waits for what is left, whatever --now says."""
    archive.configure("arxiv", pages_delay=0.7)
    arxiv.fault = faults.login_page()
    archive.digest("run", now="2025-03-05T02:00:00Z")
    archive.digest("run", now="2025-03-05T06:00:00Z")
    listings = [number for number, request in enumerate(arxiv.requests) if request.path.startswith("/list/")]
    assert len(listings) == 2
    second = listings[1]
    assert arxiv.requests[second].at - arxiv.requests[second - 1].at >= 0.69


def test_a_request_that_failed_counts_for_the_delay() -> None:
    """Nobody listening is no reason to knock faster."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    machine = FakeMachine()
    memory = Notebook()
    with pytest.raises(TryLaterError):
        make_client(machine, memory).get(url)
    assert len(machine.sleeps) == ATTEMPTS - 1
    assert min(machine.sleeps) >= DELAY
    assert memory.last == machine.wall


def test_a_clock_that_was_set_back_costs_one_delay(arxiv: StandIn) -> None:
    """A last request in the far future neither blocks for years nor frees of the delay."""
    machine = FakeMachine()
    memory = Notebook(machine.wall + 10 * 365 * 86400)
    client = make_client(machine, memory)
    get(client, arxiv)
    get(client, arxiv)
    assert machine.sleeps == [DELAY, DELAY]


def test_a_redirect_waits_its_turn_too(arxiv: StandIn) -> None:
    """Following a redirect is a request like any other."""
    arxiv.fault = faults.first(1, faults.redirect_to("/list/cs.CV/new"))
    machine = FakeMachine()
    assert get(make_client(machine), arxiv).body
    assert machine.sleeps == [DELAY]


# --- trying again ----------------------------------------------------------------------------------

PASSING: dict[str, Fault] = {
    "429": faults.status(429),
    "503": faults.status(503),
    "500": faults.status(500),
    "502": faults.status(502),
    "504": faults.status(504),
    "406": faults.status(406),
    "rate exceeded": faults.rate_exceeded(),
    "rate exceeded as HTML": lambda _request, reply: replace(reply, body=b"Rate exceeded."),
    "rate exceeded in gzip": gzipped(faults.rate_exceeded()),
    "cut transfer": faults.cut_transfer(500),
    "nothing of the body": faults.cut_transfer(0),
    "cut chunks": faults.chunked_cut(),
    "cut gzip": faults.cut_gzip(),
    "damaged gzip": damaged_gzip(),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_is_tried_again(arxiv: StandIn, name: str) -> None:
    """Two failures, then the page: backing off further each time, never under the delay."""
    expected = honest_page(arxiv)
    arxiv.fault = faults.first(2, PASSING[name])
    machine = FakeMachine()
    assert get(make_client(machine), arxiv).body == expected
    assert len(arxiv.requests) == 3
    first, second = machine.sleeps
    assert DELAY <= first < second


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_is_given_up(arxiv: StandIn, name: str) -> None:
    """Attempts and total time are bounded, and the error says so in one line."""
    arxiv.fault = PASSING[name]
    machine = FakeMachine()
    with pytest.raises(TryLaterError) as caught:
        get(make_client(machine), arxiv)
    assert len(arxiv.requests) == ATTEMPTS
    assert machine.ticks <= RETRY_SECONDS
    assert arxiv.url in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_connection_that_breaks_is_tried_again() -> None:
    """Closed without a word."""
    asked: list[int] = []
    with raw_server(lambda _connection, _closing: asked.append(1)) as url, pytest.raises(TryLaterError):
        make_client(FakeMachine()).get(url)
    assert len(asked) == ATTEMPTS


def test_an_answer_that_is_no_http_is_tried_again() -> None:
    """Whatever else answers at that port."""
    with (
        raw_server(lambda connection, _closing: connection.sendall(b"220 mail ready\r\n")) as url,
        pytest.raises(TryLaterError),
    ):
        make_client(FakeMachine()).get(url)


def test_the_total_time_is_bounded_when_the_delay_is_long(arxiv: StandIn) -> None:
    """No retry begins after the bound, even if attempts are left."""
    arxiv.fault = faults.status(503)
    machine = FakeMachine()
    with pytest.raises(TryLaterError):
        get(make_client(machine, delay=100), arxiv)
    assert 1 <= len(arxiv.requests) < ATTEMPTS
    assert machine.ticks <= RETRY_SECONDS


def test_the_backoff_has_jitter(arxiv: StandIn) -> None:
    """Two machines that failed together do not come back together."""
    slept = []
    for jitter in (0, 0.5, 1):
        arxiv.fault = faults.first(1, faults.status(503))
        machine = FakeMachine()
        get(make_client(machine, jitter=jitter), arxiv)
        slept.append(sum(machine.sleeps))
    assert slept[0] < slept[1] < slept[2]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(arxiv: StandIn, status: int, form: str) -> None:
    """In both its forms, when it is longer than the backoff."""
    machine = FakeMachine()
    value = "100" if form == "seconds" else formatdate(machine.wall + 100, usegmt=True)
    arxiv.fault = faults.status(status, retry_after=value, times=1)
    assert get(make_client(machine), arxiv).body
    assert len(arxiv.requests) == 2
    assert 100 <= machine.ticks <= 101


@pytest.mark.parametrize("value", ["0", "1", "soon", "-5", "", "1.5", "Wed, 32 Oct 2021 00:00:00 GMT", "²"])
@pytest.mark.parametrize("past", [False, True])
def test_an_odd_retry_after_leaves_the_backoff(arxiv: StandIn, value: str, past: bool) -> None:
    """Too short, in the past, or no time at all: the client's own patience holds."""
    machine = FakeMachine()
    text = formatdate(machine.wall - 5000, usegmt=True) if past else value.encode().decode("latin-1")
    arxiv.fault = faults.status(503, retry_after=text, times=1)
    assert get(make_client(machine), arxiv).body
    assert machine.ticks == DELAY


@pytest.mark.parametrize("form", ["seconds", "date", "digits"])
def test_a_retry_after_beyond_the_bound_is_not_waited_for(arxiv: StandIn, form: str) -> None:
    """The run gives up at once instead of asking too soon, and says how long arXiv asked for."""
    machine = FakeMachine()
    forms = {"seconds": "3600", "date": formatdate(machine.wall + 3600, usegmt=True), "digits": "9" * 400}
    arxiv.fault = faults.status(503, retry_after=forms[form])
    with pytest.raises(TryLaterError, match=r"wait"):
        get(make_client(machine), arxiv)
    assert len(arxiv.requests) == 1
    assert machine.sleeps == []


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(403),
        faults.status(403, retry_after="5"),
        text_with_status(403, "Rate exceeded."),
    ],
    ids=["plain", "with Retry-After", "with the words of throttling"],
)
def test_403_stops_at_once(arxiv: StandIn, fault: Fault) -> None:
    """Going on would be taken for an attack: one request, whatever else the answer says, and none after."""
    arxiv.fault = fault
    machine = FakeMachine()
    client = make_client(machine)
    for _ in range(2):
        with pytest.raises(PageRefusedError, match="403"):
            get(client, arxiv)
    assert len(arxiv.requests) == 1
    assert machine.sleeps == []


@pytest.mark.parametrize("status", [404, 410, 204, 206, 304, 451])
def test_another_status_than_200_is_no_page(arxiv: StandIn, status: int) -> None:
    """It is refused without a second request."""
    arxiv.fault = lambda _request, reply: replace(reply, status=status, body=b"" if status in (204, 304) else b"x")
    with pytest.raises(PageRefusedError, match=str(status)):
        get(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) == 1


def test_400_says_what_arxiv_says(arxiv: StandIn) -> None:
    """A request that makes no sense is a mistake in the command, in arXiv's own words."""
    with pytest.raises(UsageError, match=re.escape("Invalid archive or category: cs.XX")):
        make_client(FakeMachine()).get(listing_url(arxiv.url, "cs.XX"))
    assert len(arxiv.requests) == 1


# --- a bound on each request -----------------------------------------------------------------------


FAR_TOO_LONG = 15.0
"""Seconds; each of the attempts would take thirty and more without a deadline, and a busy machine is slow."""


def timed_out(client: Client, url: str) -> float:
    """Return the seconds that it took to give ``url`` up."""
    started = time.monotonic()
    with pytest.raises(TryLaterError):
        client.get(url)
    return time.monotonic() - started


@pytest.mark.parametrize("fault", [faults.slow_drip(0.05), faults.slow_start(30)], ids=["drip", "silence"])
def test_a_request_has_a_total_deadline(arxiv: StandIn, fault: Fault) -> None:
    """Bytes that keep coming, or nothing at all, end with the timeout of the whole request."""
    arxiv.fault = fault
    client = make_client(FakeMachine(), timeout=0.2)
    assert timed_out(client, listing_url(arxiv.url, "cs.CV")) < FAR_TOO_LONG
    assert len(arxiv.requests) == ATTEMPTS


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + b"X-Filler: x\r\n" * 90,
        b"HTTP/1.1 200 " + b"O" * 5000,
    ],
    ids=["headers", "status line"],
)
def test_a_slow_head_has_the_same_deadline(answer: bytes) -> None:
    """A status line or headers that drip are ended too."""

    def drip(connection: socket.socket, closing: threading.Event) -> None:
        for place in range(len(answer)):
            if closing.wait(0.02):
                return
            connection.sendall(answer[place : place + 1])

    with raw_server(drip) as url:
        assert timed_out(make_client(FakeMachine(), timeout=0.2), url) < FAR_TOO_LONG


def test_the_deadline_holds_behind_a_proxy(arxiv: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drip that comes through the proxy of the environment ends as well."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", arxiv.url)
    patient = make_client(FakeMachine())
    assert patient.get("http://arxiv.invalid/list/cs.CV/new").body == honest_page(arxiv)
    arxiv.fault = faults.slow_drip(0.05)
    client = make_client(FakeMachine(), timeout=0.2)
    assert timed_out(client, "http://arxiv.invalid/list/cs.CV/new") < FAR_TOO_LONG


def test_a_deadline_that_is_not_reached_ends_nothing(arxiv: StandIn) -> None:
    """After a request its deadline is gone: a later one is not cut by it."""
    client = make_client(FakeMachine(), timeout=2)
    get(client, arxiv)
    time.sleep(1.2)
    arxiv.fault = faults.slow_start(1.2)
    assert get(client, arxiv).body.endswith(b"</html>\n")
    assert len(arxiv.requests) == 2


# --- whole bodies, and no more ---------------------------------------------------------------------


def test_a_gzip_body_is_unpacked(arxiv: StandIn) -> None:
    """The same bytes as without compression."""
    expected = honest_page(arxiv)
    arxiv.fault = faults.gzip_encoded()
    assert get(make_client(FakeMachine()), arxiv).body == expected
    assert "gzip" in arxiv.requests[0].headers["accept-encoding"]


def test_a_gzip_bomb_is_refused(arxiv: StandIn) -> None:
    """The body is bounded after decompression, and is not asked for again."""
    arxiv.fault = faults.gzip_bomb(80_000_000)
    with pytest.raises(PageRefusedError, match="found more"):
        get(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) == 1


def test_a_body_without_end_is_refused() -> None:
    """Bytes that keep coming fast are bounded too."""

    def pour(connection: socket.socket, _closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(2000):
            connection.sendall(b" " * 262_144)

    with raw_server(pour) as url, pytest.raises(PageRefusedError, match="found more"):
        make_client(FakeMachine(), timeout=30).get(url)


@pytest.mark.parametrize("value", ["br", "deflate", "gzip, gzip"])
def test_an_unasked_coding_is_refused(arxiv: StandIn, value: str) -> None:
    """Only what was offered is understood."""
    arxiv.fault = with_headers(Content_Encoding=value)
    with pytest.raises(PageRefusedError, match="coding"):
        get(make_client(FakeMachine()), arxiv)


@pytest.mark.parametrize(
    "fault",
    [
        faults.content_type("text/plain"),
        faults.content_type("application/json"),
        faults.content_type("application/octet-stream"),
        faults.content_type("image/png"),
        without_content_type(),
    ],
    ids=["text", "JSON", "bytes", "image", "none"],
)
def test_another_content_type_is_refused(arxiv: StandIn, fault: Fault) -> None:
    """A listing is HTML."""
    arxiv.fault = fault
    with pytest.raises(PageRefusedError, match="content type"):
        get(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) == 1


@pytest.mark.parametrize("value", ["text/html", "TEXT/HTML; charset=utf-8", "text/html;charset=UTF-8"])
def test_html_is_known_however_it_is_written(arxiv: StandIn, value: str) -> None:
    """Case and parameters do not matter."""
    arxiv.fault = faults.content_type(value)
    assert get(make_client(FakeMachine()), arxiv).body


# --- where an answer begins and ends ---------------------------------------------------------------

PAGE = b"<!DOCTYPE html>\n<html>" + b"x" * 5000 + b"</html>\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(PAGE)
MEMBERS = gzip.compress(PAGE[:2000]) + gzip.compress(PAGE[2000:])


def sized(body: bytes, length: object = None, *, coding: str = "identity") -> bytes:
    """Return an answer with a Content-Length, that of the body unless another is given."""
    return OK + f"Content-Encoding: {coding}\r\nContent-Length: {length or len(body)}\r\n\r\n".encode() + body


def chunk(body: bytes) -> bytes:
    """Return a chunk of the chunked coding."""
    return b"%x\r\n%b\r\n" % (len(body), body)


WHOLE_ANSWERS = {
    "a length": sized(PAGE),
    "a length twice": OK + b"Content-Length: %d\r\n" % len(PAGE) + sized(PAGE).removeprefix(OK),
    "chunks": CHUNKED + chunk(PAGE[:9]) + chunk(PAGE[9:]) + b"0\r\n\r\n",
    "an extension and a trailer": CHUNKED + b"%x ;a=b\r\n%b\r\n0\r\nX: y\r\n\r\n" % (len(PAGE), PAGE),
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + sized(PAGE),
    "102": b"HTTP/1.1 102 Processing\r\n\r\n" + sized(PAGE),
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: 7\r\n\r\n" + sized(PAGE),
    "several": b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" * 3 + sized(PAGE),
    "two members": sized(MEMBERS, coding="gzip"),
    "two members in chunks": OK
    + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    + chunk(MEMBERS)
    + b"0\r\n\r\n",
    "padded with zeros": sized(PACKED + bytes(50), coding="gzip"),
}

BROKEN_ANSWERS = {
    "nothing": b"",
    "another protocol": b"220 mail ready\r\n",
    "bytes": bytes(range(256)) * 8,
    "a status that is no number": b"HTTP/1.1 fine OK\r\n\r\n",
    "a status below 100": b"HTTP/1.1 99 X\r\n\r\n",
    "a negative status": b"HTTP/1.1 -200 X\r\n\r\n",
    "a status line without end": b"HTTP/1.1 200 " + b"x" * 70_000,
    "a status line alone": b"HTTP/1.1 200 OK\r\n",
    "headers that are cut": OK,
    "a header without end": OK + b"X: " + b"x" * 70_000,
    "too many headers": OK + b"X: y\r\n" * 101 + b"\r\n",
    "bytes after the headers": OK + b"\r\n" + b"\0\xff" * 500,
    "endless 100": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
    "endless 103": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000,
    "103 alone": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "another transfer coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk(PACKED) + b"0\r\n\r\n",
    "an unknown transfer coding": OK + b"Transfer-Encoding: x\r\n\r\n" + PAGE,
    "a negative length": sized(PAGE, -5),
    "a length with a sign": sized(PAGE, f"+{len(PAGE)}"),
    "a length that is no number": sized(PAGE, "long"),
    "a hexadecimal length": sized(PAGE, "0x10"),
    "an endless length": sized(PAGE, "9" * 5000),
    "two lengths": OK + b"Content-Length: 5\r\n" + sized(PAGE).removeprefix(OK),
    "two lengths in one": sized(PAGE, f"{len(PAGE)}, 5"),
    "a longer length": sized(PAGE, len(PAGE) + 1),
    "a shorter length": sized(PAGE, len(PAGE) - 9),
    "a negative chunk": CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n",
    "a negative chunk later": CHUNKED + chunk(PAGE) + b"-1\r\n",
    "minus nothing": CHUNKED + chunk(PAGE) + b"-0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n",
    "a chunk of 0x5": CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
    "a chunk of 1_0": CHUNKED + b"1_0\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n",
    "a chunk of words": CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\nabcde\r\n0\r\n\r\n",
    "a chunk of other digits": CHUNKED + "\u0665\r\nabcde\r\n0\r\n\r\n".encode(),
    "a chunk that is too long": CHUNKED + b"5\r\nabcdefgh\r\n0\r\n\r\n",
    "a chunk that is too short": CHUNKED + b"ffff\r\nabc\r\n0\r\n\r\n",
    "a chunk beyond all measure": CHUNKED + b"f" * 30 + b"\r\nabc",
    "an endless extension": CHUNKED + b"5;" + b"x" * 200_000,
    "endless trailers": CHUNKED + chunk(PAGE) + b"0\r\n" + b"X: y\r\n" * 5000,
    "no last chunk": CHUNKED + chunk(PAGE),
    "gzip that is none": sized(PAGE, coding="gzip"),
    "gzip with a wrong sum": sized(PACKED[:-8] + bytes(8), coding="gzip"),
    "gzip with other bytes inside": sized(PACKED[:40] + b"\xff" * 8 + PACKED[48:], coding="gzip"),
    "gzip without its end": sized(PACKED[:-3], coding="gzip"),
    "gzip of nothing": sized(b"", "0", coding="gzip"),
    "a second member without its end": sized(MEMBERS[:-3], coding="gzip"),
    "a second member of three bytes": sized(PACKED + PACKED[:3], coding="gzip"),
    "gzip and something else": sized(PACKED + b"else", coding="gzip"),
}


def sends(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Return a server's part that sends ``answer`` and closes."""

    def serve(connection: socket.socket, _closing: threading.Event) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return serve


@pytest.mark.parametrize("name", WHOLE_ANSWERS)
def test_a_whole_answer_is_read_whole(name: str) -> None:
    """With informational answers before it, in whatever framing, and all members of a gzip body."""
    with raw_server(sends(WHOLE_ANSWERS[name])) as url:
        client = make_client(FakeMachine())
        assert client.get(url).body == PAGE
    assert client.requests_made == 1


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_a_broken_answer_is_tried_again_and_given_up(sandbox: Sandbox, name: str) -> None:
    """The command ends with 75 and one clear line that names the page, as for any cut transfer."""
    with raw_server(sends(BROKEN_ANSWERS[name])) as url:
        sandbox.configure("arxiv", pages_url=url)
        result = sandbox.digest("fetch", str(DAY))
    assert result.code == 75
    (line,) = (line for line in result.err.splitlines() if line.startswith("error"))
    assert f"{url}/catchup/cs.CV/{DAY}" in line
    assert len(line) < 500
    assert "Traceback" not in result.err
    assert f"requests={ATTEMPTS} exit=75" in result.err


def test_members_of_a_gzip_body_are_bounded() -> None:
    """Hundreds of thousands of empty ones would cost time that their few bytes do not show."""
    with (
        raw_server(sends(sized(gzip.compress(b"") * 20_000, coding="gzip"))) as url,
        pytest.raises(PageRefusedError, match="members"),
    ):
        make_client(FakeMachine()).get(url)


# --- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/list/cs.CV/new?skip=0", "{url}/list/cs.CV/new", "new"])
def test_a_redirect_on_the_same_host_is_followed(arxiv: StandIn, target: str) -> None:
    """Relative or absolute."""
    expected = honest_page(arxiv)
    arxiv.fault = faults.first(1, faults.redirect_to(target.format(url=arxiv.url)))
    assert get(make_client(FakeMachine()), arxiv).body == expected


def test_a_redirect_to_another_host_is_refused(arxiv: StandIn) -> None:
    """The other host is never asked."""
    with StandIn([invent("cs.CV", DAY)], today=DAY) as other:
        arxiv.fault = faults.redirect_to(f"{other.url}/list/cs.CV/new")
        with pytest.raises(PageRefusedError, match="redirect"):
            get(make_client(FakeMachine()), arxiv)
        assert other.requests == []
    assert len(arxiv.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        "//example.org/list/cs.CV/new",
        "http://me@{host}/list/cs.CV/new",
        "http://{host}@example.org/",
        "ftp://{host}/list/cs.CV/new",
        "file:///etc/passwd",
        "http://[::1",
        "http://{host}:x/",
    ],
)
def test_a_redirect_to_anything_else_is_refused(arxiv: StandIn, target: str) -> None:
    """Other schemes, users in the address, and what is no address at all: one request, one clear refusal."""
    arxiv.fault = faults.redirect_to(target.format(host=arxiv.url.removeprefix("http://")))
    with pytest.raises(PageRefusedError):
        get(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) == 1


def test_a_redirect_s_body_is_bounded_too(arxiv: StandIn) -> None:
    """What comes with a redirect is not unpacked: a bomb in it costs no memory."""
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(300)), packer.flush()])
    headers = (("Location", "/list/cs.CV/new"), ("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    arxiv.fault = faults.first(1, lambda _request, _reply: Reply(302, headers, bomb))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert get(make_client(FakeMachine()), arxiv).body.endswith(b"</html>\n")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_redirects_end(arxiv: StandIn) -> None:
    """A circle is not followed for ever."""
    arxiv.fault = faults.redirect_to("/list/cs.CV/new")
    with pytest.raises(DigestError):
        get(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) <= 10


# --- feeds -----------------------------------------------------------------------------------------


def test_a_feed_is_asked_for_as_a_feed_and_a_page_as_a_page(arxiv: StandIn) -> None:
    """Accept names what is wanted of each request, whatever was asked for before it on the same session."""
    client = make_client(FakeMachine())
    get(client, arxiv)
    arxiv.fault = feed()
    get_feed(client, arxiv)
    arxiv.fault = None
    get(client, arxiv)
    accepted = [request.headers["accept"].split(", ") for request in arxiv.requests]
    assert accepted == [["text/html", "application/xhtml+xml"], FEED_TYPES, ["text/html", "application/xhtml+xml"]]
    assert len({request.headers["user-agent"] for request in arxiv.requests}) == 1


@pytest.mark.parametrize("value", [*FEED_TYPES, "Text/XML; charset=utf-8"])
@pytest.mark.parametrize("body", [RSS, ATOM], ids=["RSS", "Atom"])
def test_a_feed_comes_with_its_exact_bytes(arxiv: StandIn, value: str, body: bytes) -> None:
    """Under any of the content types of XML; it is kept as a page is, before anything looks into it."""
    arxiv.fault = feed(body, value)
    kept: list[RawPage] = []
    answer = make_client(FakeMachine()).get(atom_url(arxiv.url, "cs.CV"), kept.append, FEEDS)
    assert answer.body == body
    assert kept == [answer]


@pytest.mark.parametrize(
    ("kind", "value"), [(FEEDS, "text/html"), (FEEDS, "text/plain"), (PAGES, "text/xml"), (PAGES, FEED_TYPES[0])]
)
def test_one_kind_is_not_taken_for_the_other(arxiv: StandIn, kind: RequestKind, value: str) -> None:
    """A page in the place of a feed is refused by its content type, and the other way round; it is kept."""
    arxiv.fault = feed(RSS, value)
    kept: list[RawPage] = []
    with pytest.raises(PageRefusedError, match="content type"):
        make_client(FakeMachine()).get(rss_url(arxiv.url, "cs.CV"), kept.append, kind)
    assert [page.body for page in kept] == [RSS]
    assert len(arxiv.requests) == 1


@pytest.mark.parametrize("body", [RSS, ATOM], ids=["RSS", "Atom"])
def test_a_feed_without_a_length_shows_its_end(arxiv: StandIn, body: bytes) -> None:
    """What ends with the root element's own tag is whole."""
    sent = feed(body)
    arxiv.fault = lambda request, reply: replace(sent(request, reply), send_length=False)
    assert get_feed(make_client(FakeMachine()), arxiv).body == body


@pytest.mark.parametrize("body", [RSS[:-8], ATOM[:-9], b"<html></html>"], ids=["RSS", "Atom", "a page"])
def test_a_feed_without_its_end_is_asked_for_again(arxiv: StandIn, body: bytes) -> None:
    """Cut before its end, or ended as a page is: without a length nothing else proves it whole."""
    sent = feed(body)
    arxiv.fault = lambda request, reply: replace(sent(request, reply), send_length=False)
    with pytest.raises(TryLaterError, match="cut"):
        get_feed(make_client(FakeMachine()), arxiv)
    assert len(arxiv.requests) == ATTEMPTS


def test_a_feed_s_error_is_told_in_arxiv_s_words(arxiv: StandIn) -> None:
    """A category that does not exist is a mistake in the command, and the error document says which."""
    body = RSS.replace(b"</channel>", b"<description>Bad subject class &#39;XX&#39;.</description></channel>")
    arxiv.fault = lambda _request, _reply: Reply(400, (("Content-Type", "text/xml"),), body)
    with pytest.raises(UsageError, match="Bad subject class 'XX'"):
        get_feed(make_client(FakeMachine()), arxiv)


# --- the delay of each kind ------------------------------------------------------------------------


def test_each_kind_has_its_own_delay(arxiv: StandIn) -> None:
    """A feed waits 3 seconds and a page 15, after a request of either kind."""
    machine = FakeMachine()
    client = make_client(machine)
    arxiv.fault = lambda request, reply: feed()(request, reply) if request.path.startswith("/rss/") else reply
    for ask in (get, get_feed, get_feed, get):
        ask(client, arxiv)
    assert machine.sleeps == [FEEDS_DELAY, FEEDS_DELAY, DELAY]


def test_a_feed_counts_for_the_delay_of_pages_on_another_host(arxiv: StandIn, tmp_path: Path) -> None:
    """The store remembers one clock for all hosts and kinds."""
    machine = FakeMachine()
    database = tmp_path / "archive.db"
    with StandIn([], today=DAY) as feeds:
        feeds.fault = feed()
        for host, ask in ((feeds, get_feed), (arxiv, get), (feeds, get_feed)):
            store = Store(f"sqlite:///{database}", database)
            ask(make_client(machine, store), host)
            store.close()
            machine.wall += 1
    assert machine.sleeps == [pytest.approx(DELAY - 1), pytest.approx(FEEDS_DELAY - 1)]


def test_a_feed_is_tried_again_no_sooner_than_its_delay(arxiv: StandIn) -> None:
    """Backing off begins with the delay of the kind."""

    def fail(request: Request, reply: Reply) -> Reply:
        fault = faults.status(503) if len(arxiv.requests) < 3 else feed()
        return fault(request, reply)

    arxiv.fault = fail
    machine = FakeMachine()
    assert get_feed(make_client(machine), arxiv).body == RSS
    assert machine.sleeps == [FEEDS_DELAY, 2 * FEEDS_DELAY]


# --- what a host's silence means for the others ----------------------------------------------------


def test_a_silent_host_is_given_up_and_the_others_are_not(arxiv: StandIn) -> None:
    """When one host does not answer, it is not asked again in this run; a feed of another may still be had."""
    arxiv.fault = feed()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = make_client(FakeMachine())
    with pytest.raises(TryLaterError):
        client.get(listing_url(silent, "cs.CV"))
    made = client.requests_made
    with pytest.raises(TryLaterError, match="did not answer before"):
        client.get(listing_url(silent, "cs.LG"))
    assert client.requests_made == made
    assert get_feed(client, arxiv).body == RSS


def test_a_refusal_of_one_host_holds_for_all(arxiv: StandIn) -> None:
    """After a 403 no other host is asked either, for whatever kind."""
    arxiv.fault = faults.status(403)
    client = make_client(FakeMachine())
    with pytest.raises(PageRefusedError, match="403"):
        get(client, arxiv)
    with StandIn([], today=DAY) as other:
        with pytest.raises(PageRefusedError, match="403"):
            get_feed(client, other)
        assert other.requests == []


def test_a_throttling_host_speaks_for_all(arxiv: StandIn) -> None:
    """Who is asked to wait an hour by one host waits with the others too."""
    arxiv.fault = faults.status(429, retry_after="3600")
    client = make_client(FakeMachine())
    with pytest.raises(TryLaterError):
        get(client, arxiv)
    with StandIn([], today=DAY) as other:
        with pytest.raises(TryLaterError, match="no request for another"):
            get_feed(client, other)
        assert other.requests == []


# --- the budget ------------------------------------------------------------------------------------


def spent(client: Client, arxiv: StandIn) -> BudgetSpentError:
    """Return the error that says that no request is left."""
    with pytest.raises(BudgetSpentError, match="no request is left") as caught:
        get(client, arxiv)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_each_request_lowers_the_budget(arxiv: StandIn) -> None:
    """When it is spent nothing is asked, and nobody waits for it."""
    machine = FakeMachine()
    client = make_client(machine)
    client.budget = 2
    get(client, arxiv)
    assert client.budget == 1
    get(client, arxiv)
    waited = list(machine.sleeps)
    assert arxiv.url in str(spent(client, arxiv))
    assert (client.budget, len(arxiv.requests), machine.sleeps) == (0, 2, waited)


def test_a_budget_can_be_set_anew(arxiv: StandIn) -> None:
    """The next part of the job has its own; without one, nothing is counted."""
    client = make_client(FakeMachine())
    for budget, left in ((1, 0), (1, 0), (None, None)):
        client.budget = budget
        get(client, arxiv)
        assert client.budget == left
    get(client, arxiv)
    assert client.requests_made == 4


def test_a_retry_needs_a_request_that_is_left(arxiv: StandIn) -> None:
    """The last request failed: the error says how, and nobody waits for a retry that may not be."""
    arxiv.fault = faults.status(503)
    machine = FakeMachine()
    client = make_client(machine)
    client.budget = 2
    assert "503" in str(spent(client, arxiv))
    assert len(arxiv.requests) == 2
    assert machine.sleeps == [DELAY]


def test_a_redirect_needs_a_request_that_is_left(arxiv: StandIn) -> None:
    """It is not followed without, and not waited for."""
    arxiv.fault = faults.redirect_to("/list/cs.CV/new")
    machine = FakeMachine()
    client = make_client(machine)
    client.budget = 1
    spent(client, arxiv)
    assert len(arxiv.requests) == 1
    assert machine.sleeps == []


def test_a_spent_budget_does_not_wait_for_a_throttling_host(arxiv: StandIn) -> None:
    """The wish to be left alone for a minute is not waited out for nothing."""
    machine = FakeMachine()
    client = make_client(machine, Notebook(until=machine.wall + 60))
    client.budget = 0
    spent(client, arxiv)
    assert machine.sleeps == []


# --- addresses and pages ---------------------------------------------------------------------------


def test_the_addresses_are_arxivs() -> None:
    """Only parameters that arXiv accepts, with the values that it accepts."""
    assert listing_url("https://arxiv.org", "cs.CV") == "https://arxiv.org/list/cs.CV/new"
    second = listing_url("https://arxiv.org", "cs.CV", skip=2000, show=2000)
    assert second == "https://arxiv.org/list/cs.CV/new?skip=2000&show=2000"
    catchup = catchup_url("https://arxiv.org", "cs.CV", DAY, page=2)
    assert catchup == "https://arxiv.org/catchup/cs.CV/2025-03-05?abs=True&page=2"
    assert recent_url("https://arxiv.org", "cs.CV") == "https://arxiv.org/list/cs.CV/recent?skip=0&show=25"
    assert rss_url("https://rss.arxiv.org", "cs.CV") == "https://rss.arxiv.org/rss/cs.CV"
    assert atom_url("https://rss.arxiv.org", "cs.CV") == "https://rss.arxiv.org/atom/cs.CV"


@pytest.fixture
def long_day(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive, and an arXiv that shows 75 entries on three pages of 25."""
    arxiv.page_size = 25
    arxiv.announce(invent("cs.CV", DAY, new=40, cross=20, replacement=15))
    return archive


SUMMARY = "date=2025-03-05 category=cs.CV state=complete new=40/40 cross=20/20 replacement=15/15"


def test_all_pages_of_a_listing_are_fetched(long_day: Sandbox, arxiv: StandIn) -> None:
    """With skip and show, in order, and none past the end."""
    result = long_day.digest("run")
    assert (result.code, result.err.splitlines()[1]) == (0, f"{SUMMARY} source=listing")
    paths = [request.path for request in arxiv.requests]
    assert paths == [f"/list/cs.CV/new{query}" for query in ("", "?skip=25&show=25", "?skip=50&show=25")]


def test_all_pages_of_a_catchup_are_fetched(long_day: Sandbox, arxiv: StandIn) -> None:
    """Page by page, with abstracts, and the same digest comes of it."""
    result = long_day.digest("fetch", "2025-03-05")
    assert (result.code, result.err.splitlines()[1]) == (0, f"{SUMMARY} source=catchup")
    paths = [request.path for request in arxiv.requests]
    assert paths == [f"/catchup/cs.CV/2025-03-05?abs=True&page={page}" for page in (1, 2, 3)]


@pytest.mark.parametrize("command", [("run",), ("fetch", "2025-03-05")], ids=["run", "fetch"])
@pytest.mark.parametrize(
    ("fault", "code"),
    [(faults.status(503), 75), (faults.login_page(), 5), (faults.cut_transfer(900), 75), (faults.empty_body(), 5)],
    ids=["503", "login page", "cut transfer", "empty body"],
)
def test_a_page_missing_among_several_refuses_the_day(
    long_day: Sandbox, arxiv: StandIn, command: tuple[str, ...], fault: Fault, code: int
) -> None:
    """All pages or nothing: the pages that came are kept, no day is stored, and a later run has it whole."""

    def fail(request: Request, reply: Reply) -> Reply:
        return fault(request, reply) if request.path.endswith(("?skip=50&show=25", "page=3")) else reply

    arxiv.fault = faults.chain(fail, faults.only("^/(rss|atom)/", faults.login_page()))
    assert long_day.digest(*command).code == code
    assert not list(long_day.folder.glob("cs.CV/2025/03/*.md"))
    assert len(list(long_day.folder.glob("raw/*/*.gz"))) >= 2
    arxiv.fault = None
    assert long_day.digest(*command).code == 0


def test_pages_of_two_mailings_are_not_joined(long_day: Sandbox, arxiv: StandIn) -> None:
    """The listing changes between the first page and the second: nothing of either is stored."""
    arxiv.announce(invent("cs.CV", DAY.replace(day=6), new=40, cross=20, replacement=15))

    def move_on(_request: Request, reply: Reply) -> Reply:
        arxiv.today = DAY.replace(day=6)
        return reply

    arxiv.fault = move_on
    assert long_day.digest("run").code in (5, 75)
    assert not list(long_day.folder.glob("cs.CV/2025/03/*.md"))
