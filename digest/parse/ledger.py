"""state.json → what the archive knows besides its days (docs/RECORDS.md)."""

import json
from datetime import UTC, datetime
from typing import Any

from digest.errors import DamageError, quoted
from digest.model import CATEGORY, STATE_FORMAT, Correction, Decision, Ledger, Reading, Source, Start
from digest.terms import parse_listing_date


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
            tuple(Start(_category(row), parse_listing_date(row["date"])) for row in found.get("starts", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamageError(f"expected what digest knows, found it damaged ({type(error).__name__}: {error})") from error


def _correction(row: dict[str, Any]) -> Correction:
    has_listing = row["has_listing"]
    if not isinstance(has_listing, bool):
        raise TypeError(f"expected true or false, found {quoted(has_listing)}")
    return Correction(parse_listing_date(row["date"]), has_listing, _text(row["evidence"]), _moment(row["seen_at"]))


def _decision(row: dict[str, Any]) -> Decision:
    when = parse_listing_date(row["date"])
    return Decision(_category(row), when, _text(row["state"]), _text(row["note"]), _moment(row["decided_at"]))


def _reading(row: dict[str, Any]) -> Reading:
    when, seen_at = parse_listing_date(row["date"]), _moment(row["seen_at"])
    return Reading(_category(row), when, Source(row["source"]), seen_at, _text(row["fingerprint"]))


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
