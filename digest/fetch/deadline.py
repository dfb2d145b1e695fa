"""A bound on a whole request. The timeout of requests is per read, so a slow drip would never end."""

import socket
import threading
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from digest.fetch.framing import StrictResponse

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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:  # the other side was quicker: nothing is left to end
                    return


def _watched(connected: socket.socket) -> socket.socket:
    deadline = _current.get()
    if deadline is not None:
        deadline.watch(connected)
    return connected


class _WatchedHTTP(HTTPConnection):
    response_class = StrictResponse

    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


class _WatchedHTTPS(HTTPSConnection):
    response_class = StrictResponse

    # From the bare connection on: the handshake and a proxy's answer can drip as well.
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


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
