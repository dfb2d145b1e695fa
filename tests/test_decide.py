"""Decisions on values: what is stored, what a page says, what time it is → what to do."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from digest.decide import after_refusal, decide, lateness, needs_listing, not_stored
from digest.errors import (
    DigestError,
    ListingIncompleteError,
    MissingError,
    PageRefusedError,
    StoreError,
    TryLaterError,
    UsageError,
    gravest,
)
from digest.model import DaySummary, Source, State
from digest.resources import read_calendar

TUESDAY, WEDNESDAY = date(2025, 3, 4), date(2025, 3, 5)
MORNING = datetime(2025, 3, 5, 16, 59, 59, tzinfo=UTC)
NOON = datetime(2025, 3, 5, 17, 0, tzinfo=UTC)
"""Noon in New York on Wednesday; ``MORNING`` is a second earlier."""

# The stronger replaces the weaker: complete = empty > provisional > imported > reconstructed.
RANKS = {
    State.COMPLETE: 3,
    State.EMPTY: 3,
    State.PROVISIONAL: 2,
    State.IMPORTED: 1,
    State.RECONSTRUCTED: 0,
}


def stored(state: State) -> DaySummary:
    """Return a stored day in this state."""
    return DaySummary("cs.CV", WEDNESDAY, state, Source.LISTING, {}, {}, "")


@pytest.mark.parametrize(
    ("newest", "asks"),
    [(None, True), (TUESDAY, True), (WEDNESDAY, False), (date(2025, 3, 6), False), (date(2031, 3, 6), True)],
)
def test_arxiv_is_asked_only_while_something_is_missing(newest: date | None, asks: bool) -> None:
    """When the expected listing is proven, or the next one, there is nothing to ask; years ahead proves nothing."""
    assert needs_listing(WEDNESDAY, [newest] if newest else []) is asks


def test_a_new_day_is_stored() -> None:
    """Nothing stands in the way of a day that is not stored."""
    assert decide(None, State.RECONSTRUCTED).stores


@pytest.mark.parametrize(("old", "new"), list(product(RANKS, RANKS)), ids=str)
def test_only_a_stronger_state_replaces_a_stored_day(old: State, new: State) -> None:
    """What was announced is never rewritten by something known as well or less well."""
    assert decide(stored(old), new).stores is (RANKS[new] > RANKS[old])


@pytest.mark.parametrize("kind", [TryLaterError, ListingIncompleteError])
def test_try_later_becomes_missing_once_the_listing_is_overdue(kind: type[DigestError]) -> None:
    """Exit 75 until noon in New York, 4 from then on; the reason stays in the text."""
    error = kind("it is throttled")
    assert after_refusal(error, WEDNESDAY, MORNING) is error
    overdue = after_refusal(error, WEDNESDAY, NOON)
    assert isinstance(overdue, MissingError)
    assert "it is throttled" in str(overdue)
    assert "2025-03-05" in str(overdue)


@pytest.mark.parametrize("kind", [PageRefusedError, StoreError, UsageError])
def test_no_other_failure_changes_with_the_time(kind: type[DigestError]) -> None:
    """A page that is refused, a full disk, a wrong command: the same at any hour."""
    error = kind("for a reason")
    assert after_refusal(error, WEDNESDAY, NOON) is error


def test_a_stale_page_is_late_only_when_overdue() -> None:
    """A page of the day before is "not out yet" until noon, and says both dates after."""
    assert lateness(TUESDAY, WEDNESDAY, MORNING) is None
    late = lateness(TUESDAY, WEDNESDAY, NOON)
    assert late is not None
    assert "2025-03-04" in str(late)
    assert "2025-03-05" in str(late)


@pytest.mark.parametrize("shown", [WEDNESDAY, date(2025, 3, 6)])
def test_a_page_of_the_expected_date_or_later_is_never_late(shown: date) -> None:
    """What is there is not late."""
    assert lateness(shown, WEDNESDAY, NOON) is None


@pytest.mark.parametrize(
    ("when", "kind", "word"),
    [
        ("2025-03-08", UsageError, "Saturday"),
        ("2025-03-09", UsageError, "Sunday"),
        ("2025-01-21", MissingError, "deferred"),
        ("2021-10-21", MissingError, "deferred"),
        ("2025-03-06", MissingError, "not announced"),
        ("2025-03-04", MissingError, "digest fetch 2025-03-04"),
    ],
)
def test_a_date_that_is_not_stored_has_a_reason(when: str, kind: type[DigestError], word: str) -> None:
    """A weekend is a mistake in the command; a deferral, the future and a gap say what they are."""
    error = not_stored(date.fromisoformat(when), read_calendar(), NOON)
    assert type(error) is kind
    assert word in str(error)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([75, 0], 75),
        ([75, 7], 7),
        ([7, 4, 75], 4),
        ([4, 5], 5),
        ([75, 4, 5, 6, 7], 6),
    ],
)
def test_the_gravest_of_several_failures_is_the_exit_code(codes: list[int], code: int) -> None:
    """6, 5, 4, 7, 75 in this order, in whatever order they came."""
    assert gravest(codes) == code
    assert gravest(reversed(codes)) == code
