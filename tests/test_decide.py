"""Decisions on values: what is stored, what a page says, what time it is → what to do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from digest.config.resources import read_calendar
from digest.decide import (
    SETTLING,
    UNUSUAL,
    after_refusal,
    counted,
    decide,
    in_reach_since,
    in_reach_until,
    in_short,
    is_confirmed,
    is_in_reach,
    is_proven_empty,
    lateness,
    needs_listing,
    next_look,
    not_stored,
    suspicion,
)
from digest.errors import (
    DigestError,
    ListingIncompleteError,
    MissingError,
    PageRefusedError,
    StoreError,
    TryLaterError,
    UsageError,
    gravest,
    how_many,
)
from digest.model import DaySummary, Reading, Section, Source, State
from tests.days import simple_day

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
    assert decide(None, simple_day(state=State.RECONSTRUCTED)).stores


@pytest.mark.parametrize(("old", "new"), list(product(RANKS, RANKS)), ids=str)
def test_only_a_stronger_state_replaces_a_stored_day(old: State, new: State) -> None:
    """What was announced is never rewritten by what is known as well or less well; entries go over "No updates"."""
    has_turned_up = (old, new) == (State.EMPTY, State.COMPLETE)
    assert decide(stored(old), simple_day(state=new, source=Source.IMPORT)).stores is (
        RANKS[new] > RANKS[old] or has_turned_up
    )


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
    error = not_stored(date.fromisoformat(when), read_calendar(), NOON, None)
    assert type(error) is kind
    assert word in str(error)


def test_a_saturday_with_a_listing_is_a_day_like_others() -> None:
    """If arXiv was seen to have announced one, it can be fetched."""
    saturday = date(2025, 3, 1)
    error = not_stored(saturday, read_calendar().corrected({saturday: True}), NOON, None)
    assert type(error) is MissingError
    assert "digest fetch 2025-03-01" in str(error)


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


@pytest.mark.parametrize(
    ("number", "nouns", "words"),
    [
        (0, ("page",), "0 pages"),
        (1, ("page",), "1 page"),
        (2, ("day is", "days are"), "2 days are"),
        (1, ("entry", "entries"), "1 entry"),
        (21, ("entry", "entries"), "21 entries"),
    ],
)
def test_a_number_stands_with_its_noun(number: int, nouns: tuple[str, ...], words: str) -> None:
    """One is one, all others are several."""
    assert how_many(number, *nouns) == words


# --- doubt -----------------------------------------------------------------------------------------


def ids(count: int, first: int = 0) -> frozenset[str]:
    """Return this many identifiers, from a number on."""
    return frozenset(f"2503.{number:05d}" for number in range(first, first + count))


@pytest.mark.parametrize(
    ("count", "sizes", "doubtful"),
    [
        (19, [100] * 8, True),
        (20, [100] * 8, False),  # a fifth is enough
        (0, [100] * 7, False),  # too few of its weekday are known
        (1, [100] * 7, False),
        (4, [10, 20, 30, 40, 10, 20, 30, 40], True),  # the median is 25, a fifth of it 5
        (5, [10, 20, 30, 40, 10, 20, 30, 40], False),
        (5, [1000, 20, 20, 20, 20, 20, 20, 1000, 1000], False),  # the mean would be beyond 300
    ],
)
def test_a_listing_is_doubtful_under_a_fifth_of_its_weekday_s_median(
    count: int, sizes: list[int], *, doubtful: bool
) -> None:
    """Once eight days of the weekday are known."""
    assert (suspicion(ids(count), sizes, {}) is not None) is doubtful


@pytest.mark.parametrize(("common", "doubtful"), [(0, False), (5, False), (6, True), (10, True)])
def test_a_listing_is_doubtful_if_most_of_it_was_listed_the_day_before(common: int, *, doubtful: bool) -> None:
    """More than half of its ten entries."""
    before = ids(common) | ids(50, first=500)
    assert (suspicion(ids(10), [], {TUESDAY: before}) is not None) is doubtful


def look(hours: float, fingerprint: str = "", source: Source = Source.LISTING) -> Reading:
    """Return a look at Wednesday's listing, this long before noon."""
    return Reading("cs.CV", WEDNESDAY, source, NOON - timedelta(hours=hours), fingerprint)


@pytest.mark.parametrize(
    ("readings", "confirmed"),
    [
        ([], False),
        ([look(6, "a")], True),
        ([look(5.99, "a")], False),
        ([look(7, "b")], False),
        ([look(9, "a"), look(1, "b")], True),
        ([look(12, "")], False),
    ],
)
def test_the_same_seen_six_hours_ago_confirms_a_listing(readings: list[Reading], *, confirmed: bool) -> None:
    """Whatever was seen in between; another listing, or a later look, confirms nothing."""
    assert is_confirmed("a", readings, NOON) is confirmed


def no_updates(listing: Sequence[float], catchup: Sequence[float]) -> list[Reading]:
    """Return looks that found "No updates", these hours ago, at either of arXiv's pages."""
    return [look(hours) for hours in listing] + [look(hours, source=Source.CATCHUP) for hours in catchup]


@pytest.mark.parametrize(
    ("readings", "apart", "moved_on", "empty"),
    [
        (no_updates([6, 0], [6, 0]), SETTLING, False, True),
        (no_updates([5.99, 0], [6, 0]), SETTLING, False, False),
        (no_updates([6, 0], [5.99, 0]), SETTLING, False, False),
        (no_updates([6, 0], []), SETTLING, False, False),
        (no_updates([], [6, 0]), SETTLING, True, False),
        (no_updates([6], [6, 0]), SETTLING, False, False),
        (no_updates([6], [6, 0]), SETTLING, True, True),
        (no_updates([11.9, 0], [12, 0]), UNUSUAL, False, False),
        (no_updates([12, 0], [12, 0]), UNUSUAL, False, True),
        ([], SETTLING, True, False),
    ],
)
def test_a_day_is_empty_when_both_pages_said_so_twice(
    readings: list[Reading], apart: timedelta, *, moved_on: bool, empty: bool
) -> None:
    """Far enough apart; of a listing that /new shows no more, its one word is enough."""
    assert is_proven_empty(readings, apart=apart, has_moved_on=moved_on) is empty


def test_looks_that_found_entries_prove_no_day_empty() -> None:
    """Only "No updates" counts."""
    entries = [look(12, "a"), look(0, "a"), look(12, "a", Source.CATCHUP), look(0, "a", Source.CATCHUP)]
    assert not is_proven_empty(entries, apart=SETTLING, has_moved_on=True)


def test_a_doubtful_day_is_looked_at_again_six_hours_after_the_last_look() -> None:
    """A day that was not looked at can be looked at now."""
    assert next_look([]) is None
    assert next_look([look(9), look(2), look(5)]) == NOON + timedelta(hours=4)


# --- what else can still be had --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "reached"),
    [("2025-06-05T03:59:59+00:00", True), ("2025-06-05T04:00:00+00:00", False), ("2025-03-05T17:00:00+00:00", True)],
)
def test_catchup_reaches_back_for_91_days_of_new_york(now: str, *, reached: bool) -> None:
    """Wednesday, 5 March 2025 can be had until the end of 4 June in New York."""
    assert is_in_reach(WEDNESDAY, datetime.fromisoformat(now)) is reached
    assert in_reach_until(WEDNESDAY) == date(2025, 6, 4)
    assert (in_reach_since(datetime.fromisoformat(now)) <= WEDNESDAY) is reached


@pytest.mark.parametrize("source", [Source.LISTING, Source.CATCHUP])
def test_a_newer_look_at_arxiv_s_own_pages_replaces_a_doubtful_day(source: Source) -> None:
    """A feed never does, and neither replaces what is proven."""
    look, feed = (simple_day(state=State.PROVISIONAL, source=one) for one in (source, Source.FEED))
    assert decide(stored(State.PROVISIONAL), look).stores
    assert not decide(stored(State.PROVISIONAL), feed).stores
    assert not decide(stored(State.COMPLETE), look).stores
    assert not decide(stored(State.EMPTY), look).stores


@pytest.mark.parametrize(("new", "better"), [(2, True), (1, False)])
def test_a_listing_that_lacks_less_replaces_one_that_lacks_more(new: int, *, better: bool) -> None:
    """Of three entries that arXiv counts, one was listed; whatever is known as well has to list more."""
    short = stored(State.COMPLETE)._replace(declared={Section.NEW: 3}, counts={Section.NEW: 1})
    day = simple_day([f"2503.0000{number}" for number in range(1, new + 1)], declared={Section.NEW: 3})
    assert decide(short, day).stores is better


def test_a_feed_declares_no_numbers() -> None:
    """Of how many entries is not known; a listing says it of each section, and leaves empty ones out."""
    counts = dict.fromkeys(Section, 3)
    from_feed = DaySummary("cs.CV", WEDNESDAY, State.PROVISIONAL, Source.FEED, {}, counts, "")
    listed = DaySummary("cs.CV", WEDNESDAY, State.COMPLETE, Source.LISTING, {Section.NEW: 4}, counts, "")
    assert [counted(from_feed, section) for section in Section] == ["3/?", "3/?", "3/?"]
    assert [counted(listed, section) for section in Section] == ["3/4", "3/0", "3/0"]


def test_many_dates_are_named_in_short() -> None:
    """The newest first; the others are a number."""
    dates = [date(2025, 3, number) for number in range(1, 15)]
    assert in_short(dates[:3]) == "2025-03-03, 2025-03-02, 2025-03-01"
    assert in_short(dates).startswith("2025-03-14, 2025-03-13, ")
    assert in_short(dates).endswith(", 2025-03-03 and 2 more")
