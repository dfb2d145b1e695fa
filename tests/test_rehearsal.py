"""Thirty nights, and a year, of an arXiv that fails in every way in which it has failed, a run every hour."""

from datetime import timedelta
from itertools import pairwise

import pytest

from digest.calendar import announced_date
from tests.rehearsal import (
    CATEGORY,
    EMPTY,
    NEW_YORK,
    START,
    UNKNOWN_HOLIDAYS,
    Outcome,
    arxiv_announces,
    digests,
    evening,
    ill_mannered,
    rehearse,
    states,
)

A_MONTH = pytest.param(30, marks=pytest.mark.long)
A_YEAR = pytest.param(365, marks=pytest.mark.exhaustive)

month_and_year = pytest.mark.parametrize("outcome", [A_MONTH, A_YEAR], indirect=True, scope="module")
month = pytest.mark.parametrize("outcome", [A_MONTH], indirect=True, scope="module")


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """So many nights, played undisturbed and disturbed; a change of the clock and an unknown holiday are among them."""
    return rehearse(tmp_path_factory.mktemp("rehearsal"), START, request.param, arxiv_announces)


@month_and_year
def test_every_listing_date_is_proven_once(outcome: Outcome) -> None:
    """At the end each date is complete, or empty where nothing was announced, and the holiday is not there."""
    expected = {when: "empty" if when in EMPTY else "complete" for when in outcome.listing_dates}
    for folder in (outcome.calm_folder, outcome.rough_folder):
        found = states(folder)
        assert {when: found.get(when) for when in expected} == expected
        assert not set(UNKNOWN_HOLIDAYS) & set(found)
    assert set(EMPTY) & set(expected)
    assert any(START < when < START + timedelta(days=30) for when in UNKNOWN_HOLIDAYS)


@month_and_year
def test_the_digests_are_those_of_an_undisturbed_archive(outcome: Outcome) -> None:
    """Byte for byte, whatever went wrong in between."""
    calm, rough = digests(outcome.calm_folder), digests(outcome.rough_folder)
    names = [f"{when}.md" for when in outcome.listing_dates]
    assert len(names) > 20
    assert [name for name in names if calm[name] != rough[name]] == []


@month_and_year
def test_no_request_broke_the_manners(outcome: Outcome) -> None:
    """The delays, the contact and Accept, no conditional request, over all runs together."""
    assert list(ill_mannered(outcome.rough)) == []
    assert list(ill_mannered(outcome.calm)) == []
    assert len(outcome.rough.requests) > len(outcome.calm.requests) > len(outcome.listing_dates)


@month
def test_a_quiet_night_costs_a_request_or_two(outcome: Outcome) -> None:
    """Nothing is asked once all is proven; on a day without a listing arXiv is looked at once."""
    per_run = outcome.calm.asked
    odd = {*UNKNOWN_HOLIDAYS, *EMPTY, *(when + timedelta(days=1) for when in (*UNKNOWN_HOLIDAYS, *EMPTY))}
    ordinary = [asked for moment, asked in per_run.items() if announced_date(moment) not in odd]
    assert max(ordinary) == 1
    assert max(per_run.values()) <= 4
    saturdays = [asked for moment, asked in per_run.items() if moment.astimezone(NEW_YORK).weekday() == 5]
    assert sum(saturdays) <= 4
    assert len(saturdays) == 2 * 4


@month
def test_a_throttling_arxiv_is_left_alone(outcome: Outcome) -> None:
    """After each 429 with Retry-After nothing is asked for that long."""
    times = [at for at, _ in outcome.rough.requests]
    begins = evening(outcome.listing_dates[18]).timestamp()
    throttled = [(one, other) for one, other in pairwise(times) if begins <= one < begins + 5 * 3600]
    assert throttled
    assert min(other - one for one, other in throttled) >= 1800


@month
def test_every_trouble_was_told(outcome: Outcome) -> None:
    """Late is 75, overdue is 4, a refused page is 5; an undisturbed month ends with 0, its empty day once with 75."""
    assert {4, 5, 75} <= set(outcome.rough.codes.values()) <= {0, 4, 5, 75}
    assert [code for code in outcome.calm.codes.values() if code] == [75]
    assert list(outcome.rough.codes.values())[-1] == 0
    assert outcome.calm_folder.joinpath(CATEGORY).is_dir()
