"""What the archive knows besides its days → state.json (docs/RECORDS.md)."""

import json
from typing import Any

from digest.model import STATE_FORMAT, Correction, Decision, Ledger, Reading, Start


def render_ledger(ledger: Ledger) -> bytes:
    """Return ``ledger`` as JSON in UTF-8, in the order of its keys; the same ledger gives the same bytes."""
    data: dict[str, Any] = {
        "format": STATE_FORMAT,
        "corrections": [_correction(one) for one in sorted(ledger.corrections, key=lambda one: one.date)],
        "decisions": [_decision(one) for one in sorted(ledger.decisions, key=lambda one: (one.category, one.date))],
        "readings": [_reading(one) for one in sorted(ledger.readings, key=_reading_key)],
    }
    if ledger.starts:
        data["starts"] = [_start(one) for one in sorted(ledger.starts, key=lambda one: one.category)]
    return f"{json.dumps(data, indent=1, ensure_ascii=False)}\n".encode()


def _reading_key(one: Reading) -> tuple[str, str, str, str]:
    return one.category, one.date.isoformat(), one.source.value, one.seen_at.isoformat()


def _correction(one: Correction) -> dict[str, Any]:
    return {
        "date": one.date.isoformat(),
        "has_listing": one.has_listing,
        "evidence": one.evidence,
        "seen_at": one.seen_at.isoformat(),
    }


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "category": one.category,
        "date": one.date.isoformat(),
        "state": one.state,
        "note": one.note,
        "decided_at": one.decided_at.isoformat(),
    }


def _reading(one: Reading) -> dict[str, Any]:
    return {
        "category": one.category,
        "date": one.date.isoformat(),
        "source": one.source.value,
        "seen_at": one.seen_at.isoformat(),
        "fingerprint": one.fingerprint,
    }


def _start(one: Start) -> dict[str, Any]:
    return {"category": one.category, "date": one.date.isoformat()}
