"""The stand-in over real HTTP, on the loopback interface and a port that the system picks."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from digest.standin.announcements import Mailing
from digest.standin.listing import listing_page

_POLL_SECONDS = 0.02  # how long leaving the context may take


class Server(ThreadingHTTPServer):
    """Serves between entering and leaving its context, by a handler of one's own."""

    daemon_threads = True  # a connection that the client keeps open holds up nobody's end

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        """Where it serves, such as ``http://127.0.0.1:40123``."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that went away; a handler that raises is a bug and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers as arXiv's servers do: by HTTP/1.1, on connections that are kept."""

    protocol_version = "HTTP/1.1"
    server_version = "standin"
    sys_version = ""
    disable_nagle_algorithm = True  # else head and body wait for each other

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet."""


class StandIn(Server):
    """An arXiv that shows of each category what it announced last."""

    def __init__(self) -> None:
        super().__init__(_Listings)
        self.newest: dict[str, Mailing] = {}

    def announce(self, announcement: Mailing) -> None:
        """Make ``announcement`` the newest listing of its category."""
        self.newest[announcement.category] = announcement


class _Listings(Handler):
    server: StandIn

    def do_GET(self) -> None:  # the base class asks for this name
        """Send the newest listing of a category, or that there is no such page."""
        pages = {f"/list/{name}/new": announced for name, announced in self.server.newest.items()}
        if self.path not in pages:
            self.send_error(404)
            return
        body = listing_page(pages[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
