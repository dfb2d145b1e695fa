"""A connection that is trusted only with a whole answer: a bound on its time, and HTTP's framing read strictly.

The timeout of requests is per read, so a slow drip would never end; and http.client forgives lengths and chunks that
are not what they say (RFC 9112 §§ 6 and 7, RFC 9110 § 15.2). What breaks the framing raises ``HTTPException``: the
answer cannot be trusted to be whole, and is asked for again.
"""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from http.client import HTTPException, HTTPResponse
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_MOST_LINES = 300
"""Of everything before the body, and of what may follow a chunked one; http.client takes 100 headers."""

_MOST_INTERIM = 10
_SWITCHING_PROTOCOLS = 101
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LENGTH = re.compile("[0-9]{1,15}")


class StrictResponse(HTTPResponse):
    """An answer whose informational ones (100, 103 …) are skipped, and whose lengths and chunks are what they say."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._stream = _Stream(self.fp, sock)
        self.fp = self._stream  # type: ignore[assignment]

    def begin(self) -> None:
        """Read the status line and the headers of the answer itself."""
        super().begin()
        for _ in range(_MOST_INTERIM):
            if not 100 <= self.status < 200 or self.status == _SWITCHING_PROTOCOLS:
                break
            self.headers = self.msg = None  # type: ignore[assignment]  # as before the first answer
            super().begin()
        else:
            raise HTTPException(f"expected at most {_MOST_INTERIM} informational answers, found more")
        codings = self.headers.get_all("transfer-encoding", [])
        if codings and [coding.strip().lower() for coding in codings] != ["chunked"]:
            raise HTTPException("expected no transfer coding but chunked")
        found = {part.strip() for value in self.headers.get_all("content-length", []) for part in value.split(",")}
        if len(found) > 1 or not all(map(_LENGTH.fullmatch, found)):
            raise HTTPException("expected one Content-Length that is a number")
        self._stream.begin_body(is_chunked=bool(codings), has_length=bool(found) and not codings)


class _Stream:
    """The bytes of a connection; the lines between the chunks of a body are looked at as they are read."""

    def __init__(self, stream: Any, sock: socket.socket) -> None:
        self._stream, self._sock, self._lines = stream, sock, 0
        self._is_body = self._is_chunked = self._has_length = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self._stream, name)  # type: ignore[no-any-return]

    def begin_body(self, *, is_chunked: bool, has_length: bool) -> None:
        """Note how the end of the body will be known."""
        self._lines, self._is_body = 0, True
        self._is_chunked, self._has_length = is_chunked, has_length

    def readline(self, limit: int = -1) -> bytes:
        """Return a line of the head, the size of a chunk, or a line of what follows the last chunk."""
        line: bytes = self._stream.readline(limit)
        if self._is_chunked:
            size = _CHUNK_SIZE.fullmatch(line)
            if size is None:
                raise HTTPException("expected the size of a chunk, found none")
            self._is_chunked = int(size[1], 16) > 0
            return line
        if not line and self._lines and not self._is_body:
            raise HTTPException("expected the whole head of an answer, found it cut")
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise HTTPException(f"expected at most {_MOST_LINES} lines around the body, found more")
        return line

    def close(self) -> None:
        """Close the stream; what has come after a body of a known length shows that the length was wrong."""
        has_more = False
        if self._has_length and not self._stream.closed:
            with suppress(OSError, ValueError):  # nothing came, or the connection is closed already
                self._sock.settimeout(0)  # what was not asked for is not waited for
                has_more = bool(self._stream.peek(1))
        self._stream.close()
        if has_more:
            raise HTTPException("expected as many bytes as Content-Length says, found more")


_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """While it is entered, every connection made through ``DeadlineAdapter`` is shut down after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._token: Token[Deadline | None] | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._timer.cancel()
        if self._token is not None:
            _current.reset(self._token)
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def watch(self, connected: socket.socket) -> None:
        """Take a duplicate of ``connected``: to shut it down wakes a reader whatever wraps the original."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = socket.fromfd(connected.fileno(), connected.family, connected.type)
        if self.expired:
            self._expire()

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                with suppress(OSError):  # the other side was quicker: nothing is left to end
                    self._socket.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    response_class = StrictResponse

    # From the bare connection on: the handshake and a proxy's answer can drip as well.
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        if (deadline := _current.get()) is not None:
            deadline.watch(connected)
        return connected


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """An adapter whose connections obey the ``Deadline`` that is entered."""

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        """Make the pool manager, with pools of watched connections."""
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the manager of the connections through a proxy, watched as well."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
