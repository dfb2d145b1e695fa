"""An arXiv of invented announcements over real HTTP, which notes what it is asked for and fails as it is told."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any, Self

from digest.standin.announcements import Mailing
from digest.standin.server import Handler, Server
from tests.standin.oai import Repository
from tests.standin.site import Fault, Reply, Request, Site


class StandIn:
    """An arXiv of invented announcements; serves between entering and leaving its context.

    Attributes:
        today: The date that it believes in; ``/new`` shows the newest mailing up to it, feeds that of the date.
        page_size: How many entries a page of ``/new`` or ``/catchup`` has where the request does not say.
        url: Where it serves, such as ``http://127.0.0.1:40123``; empty outside the context.
        requests: All requests so far, in the order in which they came.
        repository: The records of its OAI-PMH, at ``/oai``; what it believes the time to be is ``now``.
        fault: Gets each request with its honest reply, and returns the reply to send.
    """

    def __init__(self, announcements: Iterable[Mailing], *, today: date, page_size: int = 2000) -> None:
        self.today = today
        self.page_size = page_size
        self.url = ""
        self.requests: list[Request] = []
        self.repository = Repository([])
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.fault: Fault | None = None
        self._announcements: dict[tuple[str, date], Mailing] = {}
        self._server: _Server | None = None
        for announcement in announcements:
            self.announce(announcement)

    def announce(self, announcement: Mailing) -> None:
        """Add ``announcement``, or put it in the place of the one of its category and date.

        Its date is one with a mailing, even if it has no papers; all categories know that.
        """
        key = (announcement.category, announcement.date)
        # A new mapping each time: a request that is being answered keeps the one it began with.
        self._announcements = {**self._announcements, key: announcement}

    def answer(self, request: Request) -> Reply:
        """Note ``request`` and return what is to be sent, honest or not."""
        self.requests.append(request)
        path, _, query = request.path.partition("?")
        if path == "/oai":
            body = self.repository.answer(query, self.now()).encode()
            reply = Reply(headers=(("Content-Type", "text/xml; charset=utf-8"),), body=body)
        else:
            reply = Site(self._announcements, self.today, self.page_size).answer(request.path)
        return self.fault(request, reply) if self.fault else reply

    def __enter__(self) -> Self:
        self._server = _Server(self).__enter__()
        self.url = self._server.url
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.__exit__()
            self._server, self.url = None, ""


class _Server(Server):
    """Ends at once, whatever is being sent."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(_Handler)

    def __exit__(self, *_: object) -> None:
        self.closing.set()  # drips end
        super().__exit__()
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was quicker

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that leaving finds it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        self._connections.discard(request)
        super().shutdown_request(request)


class _Handler(Handler):
    server: _Server

    def do_GET(self) -> None:  # noqa: N802  # the base class asks for this name
        """Answer one request."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, time.monotonic())
        self._send(self.server.standin.answer(request))

    def _send(self, reply: Reply) -> None:
        self.server.closing.wait(reply.header_delay)
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.chunked_and_cut:
            half = reply.body[: len(reply.body) // 2]
            self.close_connection = True
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(half), half))
            return
        self._send_length(reply)
        self.end_headers()
        self._send_body(reply)

    def _send_length(self, reply: Reply) -> None:
        length = len(reply.body) if reply.declared_length is None else reply.declared_length
        if reply.send_length:
            self.send_header("Content-Length", str(length))
        if not reply.send_length or length != len(reply.body):
            self.close_connection = True  # unannounced, as when a wire breaks

    def _send_body(self, reply: Reply) -> None:
        size = reply.chunk_size or len(reply.body) or 1
        for start in range(0, len(reply.body), size):
            if start and self.server.closing.wait(reply.chunk_delay):
                return
            self.wfile.write(reply.body[start : start + size])
