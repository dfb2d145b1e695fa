"""state.json: what the archive knows besides its days."""

import json
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from digest.calendar import parse_listing_date
from digest.errors import UNREADABLE, DamageError, quoted
from digest.model import Correction, Decision, Ledger, Reading, Source, Start
from digest.records.values import category, flag, from_json, line, moment

LEDGER_PATH = "state.json"
"""Where it lies in the folder of records."""

FORMAT = 1
"""The version of the format."""

# The keys of each list's items, in their order: those that tell one item from another come first, and give the order of
# the list, so that the same knowledge has the same bytes, in whichever order it came.
_LISTS = {
    "corrections": (Correction, ("date", "has_listing", "evidence", "seen_at")),
    "decisions": (Decision, ("category", "date", "state", "note", "decided_at")),
    "readings": (Reading, ("category", "date", "source", "seen_at", "fingerprint")),
    "starts": (Start, ("category", "date")),
}
_YOUNGEST = "starts"
"""The list that older files do not have; it is written only where it holds something, so that they stay as they are."""


def render_ledger(ledger: Ledger) -> bytes:
    """Return ``ledger`` as JSON in UTF-8; the same ledger gives the same bytes."""
    data: dict[str, Any] = {"format": FORMAT}
    for name, (_, keys) in _LISTS.items():
        items = sorted(getattr(ledger, name), key=attrgetter(*keys))
        if items or name != _YOUNGEST:
            data[name] = [{key: getattr(item, key) for key in keys} for item in items]
    words = json.dumps(data, indent=1, ensure_ascii=False, default=lambda time: time.isoformat())
    return f"{words}\n".encode()


def parse_ledger(data: bytes) -> Ledger:
    """Read state.json.

    Raises:
        DamageError: it is of a newer format, cut or damaged.
    """
    try:
        found = from_json(data)
        if found["format"] != FORMAT:
            raise DamageError(f"expected state format {FORMAT}, found {quoted(found['format'])}; upgrade digest")
        rows = {_YOUNGEST: (), **found}
        return Ledger(
            **{
                name: tuple(kind(**{key: _READERS.get(key, line)(row[key]) for key in keys}) for row in rows[name])
                for name, (kind, keys) in _LISTS.items()
            }
        )
    except UNREADABLE as error:
        raise DamageError(f"expected what digest knows, found it damaged ({type(error).__name__}: {error})") from error


_READERS: dict[str, Callable[[Any], Any]] = {"category": category, "date": parse_listing_date, "has_listing": flag}
_READERS |= {"seen_at": moment, "decided_at": moment, "source": Source}  # all others are lines of text
