"""What is known besides the days: corrections, decisions, readings, starts; and what was asked for in vain."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, delete, insert, select

from digest.model import Correction, Decision, Ledger, Reading, Source, Start
from digest.store import tables
from digest.store.engine import Database, readable_rows


class Notes(Database):
    """What is noted about dates, also about those that no day is stored of."""

    def ledger(self) -> Ledger:
        """Return the corrections, decisions, readings and starts, in the order of their keys.

        Raises:
            DamageError: what is noted cannot be read.
        """
        if self._ledger is None:
            with self._read() as connection:
                self._ledger = self._read_ledger(connection)
        return self._ledger

    def _read_ledger(self, connection: Connection) -> Ledger:
        def rows(table: Table) -> CursorResult[*tuple[Any, ...]]:
            return connection.execute(select(table).order_by(*table.primary_key))

        with readable_rows(f"{self._database or 'database'}: corrections, decisions and readings"):
            return Ledger(
                tuple(Correction(*row) for row in rows(tables.correction)),
                tuple(Decision(*row) for row in rows(tables.decision)),
                tuple(
                    Reading(row.category, row.date, Source(row.source), row.seen_at, row.fingerprint)
                    for row in rows(tables.reading)
                ),
                tuple(Start(*row) for row in rows(tables.start)),
            )

    def note(self, ledger: Ledger) -> None:
        """Note what is in ``ledger``, in place of what is noted under the same keys; the rest stays."""
        noted: list[tuple[Table, Correction | Decision | Reading | Start]] = [
            *((tables.correction, one) for one in ledger.corrections),
            *((tables.decision, one) for one in ledger.decisions),
            *((tables.reading, one) for one in ledger.readings),
            *((tables.start, one) for one in ledger.starts),
        ]
        with self._write(changes_known=True) as connection:
            for table, one in noted:
                _put(connection, table, asdict(one))

    def forget_readings(self, category: str, when: date) -> None:
        """Forget the readings of a date that is settled."""
        table = tables.reading
        with self._write(changes_known=True) as connection:
            connection.execute(delete(table).where(table.c.category == category, table.c.date == when))

    def attempts(self, category: str) -> dict[date, datetime]:
        """Return when each date was last asked for in vain."""
        query = select(tables.attempt).where(tables.attempt.c.category == category)
        with self._read() as connection:
            return {row.date: row.at for row in connection.execute(query)}

    def remember_attempt(self, category: str, when: date, at: datetime) -> None:
        """Note that a date was asked for in vain."""
        with self._write() as connection:
            _put(connection, tables.attempt, {"category": category, "date": when, "at": at})


def _put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    # No upsert: each kind of database has its own, and SQLAlchemy none that fits both.
    connection.execute(delete(table).where(*(column == row[column.name] for column in table.primary_key)))
    connection.execute(insert(table), row)
