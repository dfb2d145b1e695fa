"""Who is told: a server on loopback that takes messages and pings, and remembers them."""

import email
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Taken:
    """One request that came."""

    method: str
    path: str
    body: bytes

    @property
    def route(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query."""
        return parse_qs(urlsplit(self.path).query)


@dataclass
class Receiver:
    """What came, and how it is answered, once ``released`` is set: with ``status``, or with 400 if it ``refuses`` it.

    Its address says "/hook" for messages; apprise's channel of kind ``json`` posts title, message and type there.
    """

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    released: threading.Event = field(default_factory=threading.Event)
    taken: list[Taken] = field(default_factory=list)
    refuses: Callable[[Taken], bool] = lambda _taken: False

    @property
    def channel(self) -> str:
        """The address by which apprise sends messages here, as plain text."""
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def health(self) -> str:
        """The address of a health check."""
        return f"http://127.0.0.1:{self.port}/ping/a-secret-check"

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that came since this was asked last."""
        found = [json.loads(one.body) for one in self.taken if one.route == "/hook"]
        self.taken = [one for one in self.taken if one.route != "/hook"]
        return found

    def titles(self) -> list[str]:
        """Return the titles of the messages that came since they were asked for last."""
        return [message["title"] for message in self.messages()]

    def pings(self) -> list[Taken]:
        """Return the pings that came since this was asked last."""
        found = [one for one in self.taken if one.route.startswith("/ping/")]
        self.taken = [one for one in self.taken if not one.route.startswith("/ping/")]
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver on a free port of loopback."""
    receiver = Receiver()
    receiver.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take()

        def do_POST(self) -> None:
            self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            taken = Taken(self.command, self.path, body)
            receiver.taken.append(taken)
            receiver.released.wait(20)
            self.send_response(400 if receiver.refuses(taken) else receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that waits no longer
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def mail_to(port: int, *recipients: str, more: str = "") -> str:
    """Return the address by which apprise sends mails to a server on loopback."""
    to = ",".join(recipients or ["bo@example.org"])
    return f"mailto://127.0.0.1:{port}?mode=insecure&from=ada@example.org&to={to}{more}"


@contextmanager
def post_office(refused: bytes = b"nobody") -> Iterator[tuple[int, list[EmailMessage]]]:
    """Serve a mail server on loopback; yield its port and what it takes (RFC 5321, as far as a client needs it).

    It takes nothing for recipients whose address has ``refused`` in it.
    """
    mails: list[EmailMessage] = []

    class Clerk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    text = b"".join(one[1:] if one[:1] == b"." else one for one in lines)
                    mails.append(email.message_from_bytes(text, policy=default))
                is_refused = word == b"RCPT" and refused in line
                self.wfile.write(
                    b"550 unknown\r\n" if is_refused else b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n"
                )
                if word == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clerk) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1], mails
        server.shutdown()
