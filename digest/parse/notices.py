"""notices.json → what was told already."""

import json
from datetime import UTC, date, datetime
from typing import Any

from digest.errors import DamageError, FormatTooNewError
from digest.messages import LISTINGS, NOTICES_FORMAT, Alert, Reach, Told, Trouble


def parse_notices(data: bytes) -> Told:
    """Read notices.json.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut or damaged.
    """
    try:
        found = json.loads(data)
        _require_known_format(found["format"])
        told = found["told"]
        dates = {_text(name): _dates(texts) for name, texts in told["views"].items()}
        if "listings" in told:
            dates[LISTINGS] = _dates(told["listings"])
        rows = _rows(found)
        reached = {(_text(row.get("view", LISTINGS)), date.fromisoformat(row["date"])): _reach(row) for row in rows}
        return Told(dates, _alert(found["alert"]) if found["alert"] is not None else None, reached)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DamageError(f"expected what was told, found it damaged ({type(error).__name__})") from error


def _require_known_format(number: object) -> None:
    if isinstance(number, int) and number > NOTICES_FORMAT:
        raise FormatTooNewError(f"expected format {NOTICES_FORMAT}, found {number}; upgrade digest")
    if number != NOTICES_FORMAT:
        raise ValueError("expected the number of a format")


def _dates(texts: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(text) for text in texts)


def _alert(row: dict[str, Any]) -> Alert:
    about = tuple(Trouble(int(code), _text(subject)) for code, subject in row["about"])
    reach = _reach(row["reached"]) if "reached" in row else None
    return Alert(about, _moment(row["since"]), _moment(row["told_at"]), row.get("is_over", False) is True, reach)


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how far messages came, which files of before do not know."""
    rows: list[dict[str, Any]] = found.get("reached", [])
    return rows


def _reach(row: dict[str, Any]) -> Reach:
    return Reach(frozenset(map(_text, row["channels"])), _moment(row["since"]))


def _text(value: str) -> str:
    value.encode()  # JSON can hold halves of characters, which no file can
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("expected a time with its zone")
    return moment.astimezone(UTC)
