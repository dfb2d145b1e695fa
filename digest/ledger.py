"""What the archive knows besides its days: put together from two places, and asked. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from digest.model import Correction, Decision, Ledger, Reading, Source, Start

LOST = "lost"
"""What a decision calls a date that a person gave up."""

UNDONE = "undone"
"""What a decision is that a person took back: noted like any, so that no other copy of it comes back."""

_OF_A_RUN = (Source.LISTING, Source.FEED)


def merged(one: Ledger, other: Ledger) -> Ledger:
    """Return what both know; of two that differ under one key, the later one, and of the same time ``other``'s.

    Of two starts of a category the earlier one counts.
    """
    corrections: dict[object, Correction] = {}
    for correction in sorted((*one.corrections, *other.corrections), key=lambda item: item.seen_at):
        corrections[correction.date] = correction
    decisions: dict[object, Decision] = {}
    for decision in sorted((*one.decisions, *other.decisions), key=lambda item: item.decided_at):
        decisions[decision.category, decision.date] = decision
    readings: dict[object, Reading] = {}
    for reading in (*one.readings, *other.readings):
        readings[reading.category, reading.date, reading.source, reading.seen_at] = reading
    starts = {start.category: start for start in sorted((*one.starts, *other.starts), key=_latest_first)}
    return Ledger(
        tuple(corrections.values()), tuple(decisions.values()), tuple(readings.values()), tuple(starts.values())
    )


def _latest_first(start: Start) -> int:
    return -start.date.toordinal()


def without_settled(ledger: Ledger, settled: Iterable[tuple[str, date]]) -> Ledger:
    """Return ``ledger`` without the readings of the days (category, date) that need none any more."""
    done = frozenset(settled)
    readings = tuple(one for one in ledger.readings if (one.category, one.date) not in done)
    return replace(ledger, readings=readings)


def calendar_corrections(ledger: Ledger) -> Mapping[date, bool]:
    """Return the listing dates that arXiv was seen to have (True) or not to have."""
    return {one.date: one.has_listing for one in ledger.corrections}


def decisions_of(ledger: Ledger, category: str) -> dict[date, Decision]:
    """Return what a person decided of the dates of ``category``."""
    return {one.date: one for one in ledger.decisions if one.category == category}


def losses_of(ledger: Ledger, category: str) -> dict[date, Decision]:
    """Return the dates of ``category`` that a person gave up."""
    return {when: one for when, one in decisions_of(ledger, category).items() if one.state == LOST}


def start_of(ledger: Ledger, category: str, days: Sequence[tuple[date, Source]]) -> date | None:
    """Return from which listing date on ``category`` is followed, given its stored ``days``; None before any run.

    It is what the first run asked for, or an older listing that it was shown. Days before it are islands: imported,
    fetched or accepted, with no gap among them that anybody has to fill. An archive of before starts were kept tells
    by its days whether it has run; what it fetched counts then, for it may have been fetched to fill a gap.
    """
    told = [one.date for one in ledger.starts if one.category == category]
    shown = [when for when, source in days if source in _OF_A_RUN]
    fetched = [when for when, source in days if source is Source.CATCHUP] if shown and not told else []
    return min([*told, *shown, *fetched], default=None)


def readings_of(ledger: Ledger, category: str, when: date) -> list[Reading]:
    """Return the looks at a date, the earliest first."""
    found = [one for one in ledger.readings if (one.category, one.date) == (category, when)]
    return sorted(found, key=lambda one: one.seen_at)
