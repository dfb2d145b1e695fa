"""state.json → what the archive knows besides its days (docs/RECORDS.md)."""

import json
from datetime import UTC, date, datetime
from typing import Any

from digest.errors import DamageError, quoted
from digest.model import CATEGORY, STATE_FORMAT, Correction, Decision, Ledger, Reading, Source, Start

_FIRST_YEAR, _LAST_YEAR = 1991, 2990


def parse_ledger(data: bytes) -> Ledger:
    """Read state.json.

    Raises:
        DamageError: it is of a newer format, cut or damaged.
    """
    try:
        found = json.loads(data)
        if found["format"] != STATE_FORMAT:
            raise DamageError(f"expected state format {STATE_FORMAT}, found {quoted(found['format'])}; upgrade digest")
        return Ledger(
            tuple(_correction(row) for row in found["corrections"]),
            tuple(_decision(row) for row in found["decisions"]),
            tuple(_reading(row) for row in found["readings"]),
            tuple(Start(_category(row), _date(row)) for row in found.get("starts", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamageError(f"expected what digest knows, found it damaged ({type(error).__name__}: {error})") from error


def _correction(row: dict[str, Any]) -> Correction:
    has_listing = row["has_listing"]
    if not isinstance(has_listing, bool):
        raise TypeError(f"expected true or false, found {quoted(has_listing)}")
    return Correction(_date(row), has_listing, _text(row["evidence"]), _moment(row["seen_at"]))


def _decision(row: dict[str, Any]) -> Decision:
    when = _date(row)
    return Decision(_category(row), when, _text(row["state"]), _text(row["note"]), _moment(row["decided_at"]))


def _reading(row: dict[str, Any]) -> Reading:
    when, seen_at = _date(row), _moment(row["seen_at"])
    return Reading(_category(row), when, Source(row["source"]), seen_at, _text(row["fingerprint"]))


def _date(row: dict[str, Any]) -> date:
    """Return a date that a listing can have: arXiv began in 1991, and beyond 2990 no calendar here reaches."""
    when = date.fromisoformat(row["date"])
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        raise ValueError(f"expected a date from {_FIRST_YEAR} to {_LAST_YEAR}, found {when}")
    return when


def _category(row: dict[str, Any]) -> str:
    if not CATEGORY.fullmatch(_text(row["category"])):
        raise ValueError(f"expected a category, found {quoted(row['category'])}")
    return _text(row["category"])


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with its zone, found {quoted(value)}")
    return moment.astimezone(UTC)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {quoted(value)}")
    value.encode()  # JSON can spell half a character, which no database can hold
    if "\0" in value:
        raise ValueError("expected a text without NUL, which not every database can hold")
    return value
