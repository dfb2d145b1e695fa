"""What was told already → notices.json."""

import json
from collections.abc import Iterable
from datetime import UTC, date
from typing import Any

from digest.messages import KEPT_DATES, LISTINGS, NOTICES_FORMAT, Alert, Lack, Told


def render_notices(told: Told) -> bytes:
    """Return ``told`` as JSON in UTF-8; the same gives the same bytes."""
    listings = {"listings": _dates(told.dates[LISTINGS])} if LISTINGS in told.dates else {}
    views = {name: _dates(dates) for name, dates in sorted(told.dates.items()) if name != LISTINGS}
    lacks = [
        {**({"view": subject} if subject != LISTINGS else {}), "date": when.isoformat(), **_lack(lack)}
        for (subject, when), lack in sorted(told.lacks.items())
    ]
    data = {
        "format": NOTICES_FORMAT,
        "told": {**listings, "views": views},
        **({"lacking": lacks} if lacks else {}),
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
        **({"lacking": _lack(alert.lack)} if alert.lack else {}),
    }


def _lack(lack: Lack) -> dict[str, Any]:
    return {"channels": sorted(lack.channels), "since": lack.since.astimezone(UTC).isoformat()}
