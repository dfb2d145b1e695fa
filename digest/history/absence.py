"""Why a paper is not here."""

from collections.abc import Collection, Iterable
from datetime import date

from digest.model import ArxivId

_NAMED = 5
_LATE = 7  # days of the next month on which papers of a month are still announced


def why_not_stored(arxiv_id: ArxivId, stored: Collection[date], missing: Iterable[date]) -> str:
    """Say why nothing of a paper is stored, and what helps, given the dates that are stored and those missing."""
    if not stored:
        return "not stored: nothing is; `digest run` fetches the newest listing"
    first, last = min(stored), max(stored)
    month = date(arxiv_id.year, arxiv_id.month, 1)
    if month > last:
        return f"not stored: the newest stored day is {last}; `digest run` brings in what arXiv announced since"
    near = [day for day in sorted(missing) if _is_near(day, month)]
    if near:
        named = ", ".join(map(str, near[:_NAMED])) + (f" and {len(near) - _NAMED} more" if near[_NAMED:] else "")
        return f"not stored, and near its month these days are missing: {named} (`digest status` tells what helps)"
    if (month.year, month.month) < (first.year, first.month):
        words = f"it is older than this archive, which begins on {first}, and has not been announced since"
        return f"not stored: {words}"
    return f"not stored: no stored day from {first} to {last} lists it; perhaps it is in none of the categories here"


def _is_near(day: date, month: date) -> bool:
    months = (day.year - month.year) * 12 + day.month - month.month
    return months == 0 or (months == 1 and day.day <= _LATE)
