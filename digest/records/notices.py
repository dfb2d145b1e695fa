"""notices.json: what was told already."""

import json
from datetime import UTC, date, datetime
from typing import Any

from digest.errors import UNREADABLE, DamageError, FormatTooNewError
from digest.model import KEPT_DATES, LISTINGS, Alert, Reach, Told, Trouble
from digest.records.values import from_json, moment, text

NOTICES_PATH = "notices.json"
"""Where it lies: in the folder of records or, without one, beside the database."""

FORMAT = 1
"""The version of the format; a digest that does not know ``reached`` reads the rest."""


def render_notices(told: Told) -> bytes:
    """Return ``told`` as JSON in UTF-8; the same gives the same bytes."""
    dates = {subject: [when.isoformat() for when in sorted(of)[-KEPT_DATES:]] for subject, of in told.dates.items()}
    views = {name: dates[name] for name in sorted(dates) if name != LISTINGS}
    reached = [
        {**({"view": subject} if subject != LISTINGS else {}), "date": when.isoformat(), **_reach_row(reach)}
        for (subject, when), reach in sorted(told.reached.items())
    ]
    data = {
        "format": FORMAT,
        "told": {**({"listings": dates[LISTINGS]} if LISTINGS in dates else {}), "views": views},
        **({"reached": reached} if reached else {}),
        "alert": _alert_row(told.alert) if told.alert else None,
    }
    return f"{json.dumps(data, indent=1, ensure_ascii=False)}\n".encode()


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "about": [[trouble.exit_code, trouble.subject] for trouble in alert.about],
        "since": _in_utc(alert.since),
        "told_at": _in_utc(alert.told_at),
        **({"is_over": True} if alert.is_over else {}),
        **({"reached": _reach_row(alert.reach)} if alert.reach else {}),
    }


def _reach_row(reach: Reach) -> dict[str, Any]:
    return {"channels": sorted(reach.channels), "since": _in_utc(reach.since)}


def _in_utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def parse_notices(data: bytes) -> Told:
    """Read notices.json.

    Raises:
        FormatTooNewError: a newer digest wrote it.
        DamageError: it is cut or damaged.
    """
    try:
        found = from_json(data)
        number = found["format"]
        if isinstance(number, int) and number > FORMAT:
            raise FormatTooNewError(f"expected format {FORMAT}, found {number}; upgrade digest")
        if number != FORMAT:
            raise ValueError("expected the number of a format")
        told = found["told"]
        dates = {text(name): _dates(row) for name, row in told["views"].items()}
        if "listings" in told:  # none had a message before the first about listings
            dates[LISTINGS] = _dates(told["listings"])
        # Files from before channels were known have no "reached".
        rows = found.get("reached", ())
        reached = {(text(row.get("view", LISTINGS)), date.fromisoformat(row["date"])): _reach(row) for row in rows}
        return Told(dates, _alert(found["alert"]) if found["alert"] is not None else None, reached)
    except UNREADABLE as error:
        raise DamageError(f"expected the list of sent messages, found it damaged ({type(error).__name__})") from error


def _dates(row: list[str]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, row))


def _alert(row: dict[str, Any]) -> Alert:
    about = tuple(Trouble(int(code), text(subject)) for code, subject in row["about"])
    reach = _reach(row["reached"]) if "reached" in row else None
    return Alert(about, moment(row["since"]), moment(row["told_at"]), row.get("is_over", False) is True, reach)


def _reach(row: dict[str, Any]) -> Reach:
    return Reach(frozenset(map(text, row["channels"])), moment(row["since"]))
