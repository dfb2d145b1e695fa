"""Leases: what one of the hosts that share a database server is at work on, and whose turn it is to ask arXiv.

A lease is a row with a name, a host and the moment at which it ends, taken in a transaction. No session holds it: a
pooler may give each transaction another connection. Whoever stores anything proves in the same transaction that its
leases are still its own, which makes them longer, too. A host that falls silent loses them to the next one that asks.
Each taking has a number of its own, the fence: whoever wakes up later finds another one, and can store nothing. All
moments are the server's: no two hosts need to agree on the time.

A SQLite file has one host: its run lock is enough.
"""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Row, cast, func, select, tuple_, update
from sqlalchemy.dialects import postgresql

from digest.errors import LockHeldError
from digest.store import tables
from digest.store.engine import Database, Host

_LEASE, _CLOCK = tables.lease, tables.politeness
_NOW = func.clock_timestamp()
_SECONDS = cast(func.extract("epoch", _NOW), Double)

_GRACE = 5.0
"""Seconds beyond its own timeout after which a request counts as over, if nobody said so."""

_LOOK = 0.25
"""So many seconds pass before it is looked again whether another host's request is over."""


class Leases(Database):
    """The leases of this host, and the clock of politeness, which all hosts share."""

    def act_as(self, host: Host) -> None:
        """Take leases, and ask arXiv, as this host."""
        self._host = host

    def take_lease(self, name: str) -> bool:
        """Take the lease of this name; return whether it is ours.

        It is if nobody has it, or its time is over; and if a former run of this host had it, for the lock of the
        archive's folder tells that this one is no more.
        """
        host = self._host
        values = {"name": name, "host": host.name, "fence": 1, "ends_at": _end(host)}
        insertion = postgresql.insert(_LEASE).values(values)
        taking = insertion.on_conflict_do_update(
            index_elements=[_LEASE.c.name],
            set_={"host": host.name, "fence": _LEASE.c.fence + 1, "ends_at": _end(host)},
            where=(_LEASE.c.ends_at < _NOW) | (_LEASE.c.host == host.name),
        ).returning(_LEASE.c.fence)
        with self._write() as connection:
            fence = connection.scalar(taking)
        if fence is not None:
            self._held[name] = fence
        return fence is not None

    def release_leases(self, names: Collection[str]) -> None:
        """Let others have leases, as far as they are still ours."""
        released = {name: self._held.pop(name) for name in names if name in self._held}
        if released:
            with self._write() as connection:
                connection.execute(update(_LEASE).where(_is_held(released)).values(ends_at=_NOW))

    def leases(self) -> dict[str, str]:
        """Return the host that has each lease now, by the lease's name; none of a SQLite file."""
        with self._read() as connection:
            if not _is_server(connection):
                return {}
            rows = connection.execute(select(_LEASE.c.name, _LEASE.c.host).where(_LEASE.c.ends_at > _NOW))
            return {row.name: row.host for row in rows}

    def _require_leases(self, writer: Connection) -> None:
        """Make the leases that are held longer.

        Raises:
            LockHeldError: another host has one of them by now.
        """
        ours = update(_LEASE).where(_is_held(self._held)).values(ends_at=_end(self._host))
        if writer.execute(ours).rowcount == len(self._held):
            return
        names = set(writer.scalars(select(_LEASE.c.name).where(_is_held(self._held))))
        lost = ", ".join(sorted(self._held.keys() - names))
        words = f"{lost}: another host went on with it, for this one was silent for {self._host.lease:g} s"
        raise LockHeldError(f"{words}; nothing more is stored here")

    # The clock of politeness

    def last_request(self) -> float | None:
        """Return when arXiv was last asked for anything, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(_CLOCK.c.last_request))

    def take_turn(self, now: float, pause_after: Callable[[float | None], float]) -> float:
        """Note that arXiv is asked ``now``, if that needs no ``pause_after`` the last request; return the pause.

        It is one step, so that no other run takes the same turn. On a server, ``now`` is the server's, and while
        another host waits for arXiv's answer it is not our turn: all of them together have one connection.
        """
        with self._write() as connection:
            if _is_server(connection):
                return self._take_shared_turn(connection, now, pause_after)
            pause = pause_after(self.last_request())
            if not pause:
                _set_clock(connection, last_request=now)
            return pause

    def _take_shared_turn(
        self, connection: Connection, now: float, pause_after: Callable[[float | None], float]
    ) -> float:
        connection.execute(postgresql.insert(_CLOCK).values(id=1).on_conflict_do_nothing())
        row = connection.execute(select(_CLOCK, _SECONDS.label("now")).with_for_update()).one()
        is_busy = row.asking and row.asking != self._host.name and row.asking_until > row.now
        last = _last_request(row)
        # Seen from our own clock, which may be another hour than the server's.
        pause = pause_after(None if last is None else last - row.now + now)
        if is_busy:
            return max(pause, _LOOK)
        if not pause:
            until = row.now + self._host.request + _GRACE
            _set_clock(connection, last_request=row.now, asking=self._host.name, asking_until=until)
        return pause

    def end_turn(self, seconds: float) -> None:
        """Note that arXiv's answer is here, which began so many ``seconds`` ago."""
        with self._write() as connection:
            if _is_server(connection):
                ended = {"answered_at": _SECONDS - seconds, "asking_until": 0.0}
                connection.execute(update(_CLOCK).where(_CLOCK.c.asking == self._host.name).values(ended))

    def not_before(self) -> float | None:
        """Return until when a throttling arXiv wants no request, in seconds since 1970."""
        with self._read() as connection:
            return connection.scalar(select(_CLOCK.c.not_before))

    def remember_not_before(self, at: float) -> None:
        """Note that a throttling arXiv wants no request until then."""
        with self._write() as connection:
            _set_clock(connection, not_before=at)


def _last_request(row: Row[Any]) -> float | None:
    """Return when arXiv was last asked at the latest.

    How long a request was on its way nobody knows: it was there before its answer came, or before its time was over.
    """
    last: float | None = row.last_request
    return None if last is None else max(last, row.answered_at or 0.0, row.asking_until or 0.0)


def _end(host: Host) -> ColumnElement[object]:
    return _NOW + func.make_interval(0, 0, 0, 0, 0, 0, host.lease)


def _is_held(leases: dict[str, int]) -> ColumnElement[bool]:
    return tuple_(_LEASE.c.name, _LEASE.c.fence).in_(list(leases.items()))


def _is_server(connection: Connection) -> bool:
    return connection.dialect.name != "sqlite"


def _set_clock(connection: Connection, **values: object) -> None:
    if not connection.execute(update(_CLOCK).values(values)).rowcount:
        connection.execute(_CLOCK.insert(), {"id": 1, **values})
