"""What was told already → notices.json."""

import json
from collections.abc import Iterable
from datetime import UTC, date
from typing import Any

from digest.messages import KEPT_DATES, LISTINGS, NOTICES_FORMAT, Alert, Reach, Told


def render_notices(told: Told) -> bytes:
    """Return ``told`` as JSON in UTF-8; the same gives the same bytes."""
    listings = {"listings": _dates(told.dates[LISTINGS])} if LISTINGS in told.dates else {}
    views = {name: _dates(dates) for name, dates in sorted(told.dates.items()) if name != LISTINGS}
    reached = [
        {**({"view": subject} if subject != LISTINGS else {}), "date": when.isoformat(), **_reach(reach)}
        for (subject, when), reach in sorted(told.reached.items())
    ]
    data = {
        "format": NOTICES_FORMAT,
        "told": {**listings, "views": views},
        **({"reached": reached} if reached else {}),
        "alert": _alert(told.alert) if told.alert else None,
    }
    return f"{json.dumps(data, indent=1, ensure_ascii=False)}\n".encode()


def _dates(dates: Iterable[date]) -> list[str]:
    return [when.isoformat() for when in sorted(dates)[-KEPT_DATES:]]


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "about": [[trouble.exit_code, trouble.subject] for trouble in alert.about],
        "since": alert.since.astimezone(UTC).isoformat(),
        "told_at": alert.told_at.astimezone(UTC).isoformat(),
        **({"is_over": True} if alert.is_over else {}),
        **({"reached": _reach(alert.reach)} if alert.reach else {}),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {"channels": sorted(reach.channels), "since": reach.since.astimezone(UTC).isoformat()}
