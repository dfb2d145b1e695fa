"""What is known besides the days, in and out; later items take the places of earlier ones of the same key."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from digest.model import Correction, Decision, Ledger, Reading, Source, Start
from digest.store import tables


def read_ledger(connection: Connection) -> Ledger:
    """Return all that is noted, in the order of its keys."""
    return Ledger(
        tuple(
            Correction(row.date, row.has_listing, row.evidence, utc(row.seen_at))
            for row in _rows(connection, tables.correction)
        ),
        tuple(
            Decision(row.category, row.date, row.state, row.note, utc(row.decided_at))
            for row in _rows(connection, tables.decision)
        ),
        tuple(
            Reading(row.category, row.date, Source(row.source), utc(row.seen_at), row.fingerprint)
            for row in _rows(connection, tables.reading)
        ),
        tuple(Start(row.category, row.date) for row in _rows(connection, tables.start)),
    )


def _rows(connection: Connection, table: Table) -> Any:
    return connection.execute(select(table).order_by(*table.primary_key))


def write_ledger(connection: Connection, ledger: Ledger) -> None:
    """Note all that is in ``ledger``; what else is noted stays."""
    for one in ledger.corrections:
        _put(connection, tables.correction, _correction_row(one))
    for decision in ledger.decisions:
        _put(connection, tables.decision, _decision_row(decision))
    for reading in ledger.readings:
        _put(connection, tables.reading, _reading_row(reading))
    for start in ledger.starts:
        _put(connection, tables.start, {"category": start.category, "date": start.date})


def forget_readings(connection: Connection, category: str, when: date) -> None:
    """Forget the readings of a date that is settled."""
    table = tables.reading
    connection.execute(delete(table).where(table.c.category == category, table.c.date == when))


def read_attempts(connection: Connection, category: str) -> dict[date, datetime]:
    """Return when each date was last asked for in vain."""
    query = select(tables.attempt).where(tables.attempt.c.category == category)
    return {row.date: utc(row.at) for row in connection.execute(query)}


def write_attempt(connection: Connection, category: str, when: date, at: datetime) -> None:
    """Note that a date was asked for in vain."""
    _put(connection, tables.attempt, {"category": category, "date": when, "at": at.astimezone(UTC)})


def _put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    key = [column == row[column.name] for column in table.primary_key]
    connection.execute(delete(table).where(*key))
    connection.execute(insert(table), row)


def _correction_row(one: Correction) -> dict[str, Any]:
    return {
        "date": one.date,
        "has_listing": one.has_listing,
        "evidence": one.evidence,
        "seen_at": one.seen_at.astimezone(UTC),
    }


def _decision_row(one: Decision) -> dict[str, Any]:
    return {
        "category": one.category,
        "date": one.date,
        "state": one.state,
        "note": one.note,
        "decided_at": one.decided_at.astimezone(UTC),
    }


def _reading_row(one: Reading) -> dict[str, Any]:
    return {
        "category": one.category,
        "date": one.date,
        "source": one.source.value,
        "seen_at": one.seen_at.astimezone(UTC),
        "fingerprint": one.fingerprint,
    }


def utc(moment: datetime) -> datetime:
    """Return a stored time with its zone: SQLite keeps none, and what is stored is always UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
