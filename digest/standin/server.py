"""The stand-in over real HTTP, on the loopback interface and a port that the system picks."""

import socket
import sys
import threading
import time
from collections.abc import Iterable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from digest.standin.announcements import Announcement
from digest.standin.replies import Fault, Reply, Request
from digest.standin.site import Site

__all__ = ["Reply", "Request", "StandIn"]

_POLL_SECONDS = 0.02  # how long leaving the context may take


class StandIn:
    """An arXiv of invented announcements; serves between entering and leaving its context.

    Attributes:
        today: The date that it believes in; ``/new`` shows the newest mailing up to it, feeds that of the date.
        page_size: How many entries a page of ``/new`` or ``/catchup`` has where the request does not say.
        url: Where it serves, such as ``http://127.0.0.1:40123``; empty outside the context.
        requests: All requests so far, in the order in which they came.
        fault: Gets each request with its honest reply, and returns the reply to send.
    """

    def __init__(self, announcements: Iterable[Announcement], *, today: date, page_size: int = 2000) -> None:
        self.today = today
        self.page_size = page_size
        self.url = ""
        self.requests: list[Request] = []
        self.fault: Fault | None = None
        self._announcements: dict[tuple[str, date], Announcement] = {}
        self._server: _Server | None = None
        for announcement in announcements:
            self.announce(announcement)

    def announce(self, announcement: Announcement) -> None:
        """Add ``announcement``, or put it in the place of the one of its category and date.

        Its date is one with a mailing, even if it has no papers; all categories know that.
        """
        key = (announcement.category, announcement.date)
        # A new mapping each time: a request that is being answered keeps the one it began with.
        self._announcements = {**self._announcements, key: announcement}

    def answer(self, request: Request) -> Reply:
        """Note ``request`` and return what is to be sent, honest or not."""
        self.requests.append(request)
        reply = Site(self._announcements, self.today, self.page_size).answer(request.path)
        return self.fault(request, reply) if self.fault else reply

    def __enter__(self) -> Self:
        self._server = _Server(self)
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"
        threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()
            self._server, self.url = None, ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def stop(self) -> None:
        """Stop serving at once: drips end, and connections kept alive are cut."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was quicker

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that ``stop`` finds it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that went away; a fault that raises is a bug and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "standin"
    sys_version = ""
    disable_nagle_algorithm = True  # else head and body wait for each other
    server: _Server

    def do_GET(self) -> None:  # the base class asks for this name
        """Answer one request."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, time.monotonic())
        self._send(self.server.standin.answer(request))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet."""

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
