"""Listings that prove themselves and are doubtful all the same: provisional until they are settled."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox
from tests.nights import (
    after,
    asked,
    beside,
    catchup,
    digest_path,
    heading,
    known_as,
    listing,
    lose_database,
    noon,
    requests_of,
    show,
    status,
)
from tests.standin import Fault, Mailing, StandIn, faults, invent
from tests.standin.pages import listing_page
from tests.test_jobs import errors, outside_raw

EVE, THURSDAY = date(2025, 3, 4), date(2025, 3, 6)
WEDNESDAYS = [DAY - timedelta(weeks=weeks) for weeks in range(8, 0, -1)]
DOUBTFUL, LISTED, CAUGHT_UP = ("provisional", "listing"), ("complete", "listing"), ("complete", "catchup")
AGAIN = 7.0
"""Six hours after ``NIGHT``, in hours after the announcement."""


def import_pages(sandbox: Sandbox, folder: Path, announcements: Sequence[Mailing]) -> None:
    """Let the archive have these days, from saved pages."""
    paths = [folder / f"{one.category}-{one.date}.html" for one in announcements]
    for path, announcement in zip(paths, announcements, strict=True):
        path.write_text(listing_page(announcement), encoding="utf-8")
    assert sandbox.digest("import", *map(str, paths), now=after(DAY, -5)).code == 0
    assert {known_as(sandbox, one.date, NIGHT) for one in announcements} == {("complete", "import")}


def usual(when: date) -> Mailing:
    """Return a Wednesday's announcement of 25 entries; a fifth of it are 5."""
    return invent("cs.CV", when, new=13, cross=6, replacement=6)


def small(*, new: int = 3) -> Mailing:
    """Return the day's announcement with one cross-list and a few new submissions."""
    return invent("cs.CV", DAY, new=new, cross=1, replacement=0)


@pytest.fixture
def weeks(archive: Sandbox, tmp_path: Path) -> Sandbox:
    """An archive with eight Wednesdays of 25 entries, and the day before; it starts today."""
    archive.configure("store", start=str(DAY))
    days = [*map(usual, WEDNESDAYS), invent("cs.CV", EVE)]
    archive.once(lambda: import_pages(archive, tmp_path, days))
    return archive


# --- a day that is much too small ------------------------------------------------------------------


def test_a_day_under_a_fifth_of_its_weekday_s_median_is_provisional(weeks: Sandbox, arxiv: StandIn) -> None:
    """Four entries, where 25 are usual: the digest is there, and the exit says that it is not settled."""
    arxiv.announce(small())
    result = weeks.digest("run")
    assert result.code == 75
    assert asked(arxiv) == [listing()]
    assert (
        "date=2025-03-05 category=cs.CV state=provisional new=3/3 cross=1/1 replacement=0/0 source=listing"
        in result.err
    )
    (line,) = errors(result)
    assert f"digest accept {DAY}" in line
    assert known_as(weeks, DAY, NIGHT) == DOUBTFUL
    digest = weeks.read(digest_path(DAY)).decode()
    assert (digest.startswith(heading(DAY)), digest.count("\n### ")) == (True, 4)


def test_a_fifth_is_enough(weeks: Sandbox, arxiv: StandIn) -> None:
    """Five entries are not under a fifth of 25."""
    arxiv.announce(small(new=4))
    assert weeks.digest("run").code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED


def test_seven_days_of_a_weekday_are_too_few_to_judge_by(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Other weekdays do not count, however many they are."""
    archive.configure("store", start=str(DAY))
    others = [when - timedelta(days=1) for when in WEDNESDAYS]
    import_pages(archive, tmp_path, [usual(when) for when in (*WEDNESDAYS[1:], *others)])
    arxiv.announce(small())
    assert archive.digest("run").code == 0
    assert known_as(archive, DAY, NIGHT) == LISTED


def test_what_is_older_than_the_archive_is_not_overdue(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Tuesday is before the archive's start: tonight's doubt is tonight's, exit 75, and so is a page that is late."""
    archive.configure("store", start=str(DAY))
    import_pages(archive, tmp_path, [*map(usual, WEDNESDAYS)])
    arxiv.fault = faults.status(503)
    assert archive.digest("run").code == 75
    arxiv.fault = None
    arxiv.announce(small())
    assert archive.digest("run", now=after(DAY, 2)).code == 75


def test_another_category_s_days_do_not_count(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Eight Wednesdays of cs.LG say nothing of cs.CV."""
    archive.configure("store", start=str(DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    paths = []
    for when in WEDNESDAYS:
        paths.append(tmp_path / f"{when}.html")
        paths[-1].write_text(listing_page(invent("cs.LG", when)), encoding="utf-8")
    assert archive.digest("import", *map(str, paths)).code == 0
    arxiv.announce(small())
    assert archive.digest("run", "--category", "cs.CV").code == 0
    assert known_as(archive, DAY, NIGHT) == LISTED


def test_between_two_looks_arxiv_is_not_asked(weeks: Sandbox, arxiv: StandIn) -> None:
    """For six hours nothing is asked and nothing changes."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    before = weeks.tree()
    asked(arxiv)
    for hours in (1.01, 2, 3, 5, AGAIN - 0.001):
        result = weeks.digest("run", now=after(DAY, hours))
        assert result.code in (0, 75)
        assert requests_of(result) == 0
    assert asked(arxiv) == []
    assert weeks.tree() == before


def test_an_equal_second_look_settles_it_with_the_texts_of_the_first(weeks: Sandbox, arxiv: StandIn) -> None:
    """Six hours later the same ids are there, one with a new title: complete, as it was announced."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    announced = weeks.read(digest_path(DAY))
    changed = replace(small().new[0], title="A Title of Later", abstract="A text of later.")
    arxiv.announce(replace(small(), new=(changed, *small().new[1:])))
    asked(arxiv)
    settled = weeks.digest("run", now=after(DAY, AGAIN))
    assert settled.code == 0
    assert asked(arxiv) == [listing(), catchup(DAY)]
    assert known_as(weeks, DAY, NIGHT) == LISTED
    assert weeks.read(digest_path(DAY)) == announced
    assert b"A Title of Later" not in weeks.read(f"data/cs.CV/2025/{DAY}.jsonl")
    quiet = weeks.digest("run", now=noon(DAY))
    assert (quiet.code, asked(arxiv)) == (0, [])


def test_a_small_page_frozen_in_a_cache_is_not_settled_by_itself(weeks: Sandbox, arxiv: StandIn) -> None:
    """The same /new for ten hours is one look after all: the catchup page is asked, and has the whole day."""
    arxiv.announce(usual(DAY))
    frozen = listing_page(small())
    arxiv.fault = faults.only("/new", lambda _request, reply: replace(reply, body=frozen.encode()))
    assert weeks.digest("run").code == 75
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(weeks, DAY, NIGHT) == ("complete", "catchup")
    assert weeks.read(digest_path(DAY)).count(b"\n### ") == len(usual(DAY).new) + len(usual(DAY).cross)


def test_where_catchup_cannot_be_had_the_second_look_settles(weeks: Sandbox, arxiv: StandIn) -> None:
    """Two equal proven reads are enough, if there is nothing else to read."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    arxiv.fault = faults.only("^/catchup/", faults.status(404))
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED


def test_a_whole_second_look_replaces_it(weeks: Sandbox, arxiv: StandIn) -> None:
    """The rest of the papers has come: complete at once, with the digest of an undisturbed archive."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    arxiv.announce(usual(DAY))
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED
    calm = beside(weeks, "calm")
    assert calm.digest("run").code == 0
    assert weeks.read(digest_path(DAY)) == calm.read(digest_path(DAY))


def test_another_small_look_begins_anew(weeks: Sandbox, arxiv: StandIn) -> None:
    """It replaces the first and waits for its own second: six hours later again."""
    arxiv.announce(small(new=2))
    assert weeks.digest("run").code == 75
    first = weeks.read(digest_path(DAY))
    arxiv.announce(small(new=3))
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 75
    second = weeks.read(digest_path(DAY))
    assert (first.count(b"\n### "), second.count(b"\n### ")) == (3, 4)
    assert known_as(weeks, DAY, NIGHT) == DOUBTFUL
    asked(arxiv)
    assert weeks.digest("run", now=after(DAY, AGAIN + 5.9)).code in (0, 75)
    assert asked(arxiv) == []
    assert weeks.digest("run", now=after(DAY, AGAIN + 6)).code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED
    assert weeks.read(digest_path(DAY)) == second


def test_from_noon_on_a_doubtful_day_is_overdue(weeks: Sandbox, arxiv: StandIn) -> None:
    """First seen at eleven in the morning: 75; at noon, without a second look, 4."""
    arxiv.announce(small())
    assert weeks.digest("run", now=noon(DAY, seconds=-3600)).code == 75
    asked(arxiv)
    overdue = weeks.digest("run", now=noon(DAY))
    assert overdue.code == 4
    assert asked(arxiv) == []
    assert str(DAY) in overdue.err
    first_look_at_noon = beside(weeks, "late")
    for name in ("data", "raw"):
        (first_look_at_noon.folder / name).mkdir()
    for path, content in weeks.tree().items():
        if path.startswith("data/") and str(DAY) not in path and "state" not in path:
            target = first_look_at_noon.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    assert first_look_at_noon.digest("run", now=noon(DAY)).code == 4
    assert known_as(first_look_at_noon, DAY, NIGHT) == DOUBTFUL


def test_the_second_look_can_be_at_catchup(weeks: Sandbox, arxiv: StandIn) -> None:
    """The next night /new has moved on: catchup shows the same ids, and Wednesday is complete as it was announced."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    announced = weeks.read(digest_path(DAY))
    show(arxiv, invent("cs.CV", THURSDAY))
    asked(arxiv)
    assert weeks.digest("run", now=after(THURSDAY)).code == 0
    assert asked(arxiv) == [listing(), catchup(DAY)]
    found = known_as(weeks, DAY, after(THURSDAY))
    assert found is not None
    assert found[0] == "complete"
    assert weeks.read(digest_path(DAY)) == announced
    assert status(weeks, noon(THURSDAY))[0] == 0


def test_a_doubtful_day_goes_on_after_the_database_is_lost(weeks: Sandbox, arxiv: StandIn) -> None:
    """When it was first seen stands in state.json; once it is settled, no trace of the looks is left."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    (seen,) = json.loads(weeks.read("data/state.json"))["readings"]
    assert (seen["category"], seen["date"], seen["source"]) == ("cs.CV", str(DAY), "listing")
    lose_database(weeks)
    asked(arxiv)
    assert weeks.digest("run", now=after(DAY, 6.9)).code in (0, 75)
    assert asked(arxiv) == []
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED
    assert json.loads(weeks.read("data/state.json"))["readings"] == []


def test_a_page_that_is_refused_at_the_second_look_settles_nothing(weeks: Sandbox, arxiv: StandIn) -> None:
    """The doubtful day stays as it is, and the refusal is told."""
    arxiv.announce(small())
    assert weeks.digest("run").code == 75
    before = outside_raw(weeks.tree())
    arxiv.fault = faults.only("/(list|catchup|rss|atom)/", faults.login_page())
    assert weeks.digest("run", now=after(DAY, AGAIN)).code == 5
    assert known_as(weeks, DAY, NIGHT) == DOUBTFUL
    assert {path: data for path, data in outside_raw(weeks.tree()).items() if path.endswith(".md")} == {
        path: data for path, data in before.items() if path.endswith(".md")
    }
    arxiv.fault = None
    assert weeks.digest("run", now=after(DAY, AGAIN + 1)).code == 0
    assert known_as(weeks, DAY, NIGHT) == LISTED


# --- a day that repeats the one before -------------------------------------------------------------


@pytest.fixture
def eve(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Tuesday's listing is stored, and Wednesday is announced."""
    show(arxiv, invent("cs.CV", EVE))
    assert archive.digest("run", now=after(EVE)).code == 0
    arxiv.today = DAY
    asked(arxiv)
    return archive


@pytest.mark.parametrize(("repeated", "doubtful"), [(12, True), (7, True), (6, False), (0, False)])
def test_a_day_that_shares_most_ids_with_the_day_before_is_provisional(
    eve: Sandbox, arxiv: StandIn, repeated: int, *, doubtful: bool
) -> None:
    """More than half of its twelve entries; two equal looks settle it."""
    papers = (*invent("cs.CV", EVE).new[:repeated], *invent("cs.CV", DAY).new[: 12 - repeated])
    arxiv.announce(Mailing("cs.CV", DAY, new=tuple(sorted(papers, key=lambda one: one.arxiv_id))))
    assert eve.digest("run").code == (75 if doubtful else 0)
    assert known_as(eve, DAY, NIGHT) == (DOUBTFUL if doubtful else LISTED)
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED
    assert eve.read(digest_path(DAY)).count(b"\n### ") == 12


def test_a_day_of_before_under_a_new_date_is_replaced_by_the_true_one(eve: Sandbox, arxiv: StandIn) -> None:
    """Tuesday's entries under Wednesday's date, and then Wednesday's own."""
    tuesday = invent("cs.CV", EVE)
    arxiv.announce(replace(tuesday, date=DAY))
    assert eve.digest("run").code == 75
    arxiv.announce(invent("cs.CV", DAY))
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED
    calm = beside(eve, "calm")
    assert calm.digest("run").code == 0
    assert eve.read(digest_path(DAY)) == calm.read(digest_path(DAY))


# --- "No updates" ----------------------------------------------------------------------------------


def test_no_updates_is_provisional_until_it_was_said_twice(eve: Sandbox, arxiv: StandIn) -> None:
    """By /new and by catchup, six hours apart: then empty, with a digest of the heading alone."""
    arxiv.announce(Mailing("cs.CV", DAY))
    result = eve.digest("run")
    assert result.code == 75
    assert asked(arxiv)[:2] == [listing(), catchup(DAY)]
    found = known_as(eve, DAY, NIGHT)
    assert found is not None
    assert found[0] == "provisional"
    assert eve.read(digest_path(DAY)).decode() == heading(DAY)
    for hours in (2, AGAIN - 0.001):
        assert eve.digest("run", now=after(DAY, hours)).code in (0, 75)
    assert asked(arxiv) == []
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    found = known_as(eve, DAY, NIGHT)
    assert found is not None
    assert found[0] == "empty"
    assert eve.read(digest_path(DAY)).decode() == heading(DAY)
    asked(arxiv)
    assert eve.digest("run", now=noon(DAY)).code == 0
    assert asked(arxiv) == []
    assert status(eve, noon(DAY))[0] == 0


def test_no_updates_is_overdue_from_noon_on(eve: Sandbox, arxiv: StandIn) -> None:
    """Said once, at eleven in the morning: 75 then, 4 at noon, empty at five in the afternoon."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run", now=noon(DAY, seconds=-3600)).code == 75
    assert eve.digest("run", now=noon(DAY)).code == 4
    assert eve.digest("run", now=noon(DAY, seconds=5 * 3600)).code == 0
    assert known_as(eve, DAY, NIGHT) == ("empty", "catchup")


def test_where_entries_are_usual_no_updates_needs_twelve_hours(weeks: Sandbox, arxiv: StandIn) -> None:
    """Eight Wednesdays had 25: a cache that keeps an empty page for ten hours does not make an empty day."""
    arxiv.announce(Mailing("cs.CV", DAY))
    codes = [weeks.digest("run", now=after(DAY, hours)).code for hours in (1, AGAIN, 12.9)]
    assert codes[:2] == [75, 75]
    found = known_as(weeks, DAY, NIGHT)
    assert found is not None
    assert found[0] == "provisional"
    assert weeks.digest("run", now=after(DAY, 13)).code == 0
    found = known_as(weeks, DAY, NIGHT)
    assert found is not None
    assert found[0] == "empty"


def test_an_empty_new_page_is_made_up_for_by_catchup_at_once(eve: Sandbox, arxiv: StandIn) -> None:
    """A cache has frozen /new; catchup has the entries: complete, the digest of an undisturbed archive, exit 0."""
    calm = beside(eve, "calm")
    assert calm.digest("run").code == 0
    arxiv.fault = faults.frozen_empty()
    asked(arxiv)
    assert eve.digest("run").code == 0
    assert asked(arxiv) == [listing(), catchup(DAY)]
    assert known_as(eve, DAY, NIGHT) == CAUGHT_UP
    assert eve.read(digest_path(DAY)) == calm.read(digest_path(DAY))
    assert eve.digest("run", now=noon(DAY)).code == 0
    assert asked(arxiv) == []


def test_an_empty_day_that_fills_is_complete(eve: Sandbox, arxiv: StandIn) -> None:
    """Both pages were empty at first, and are not six hours later."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run").code == 75
    arxiv.announce(invent("cs.CV", DAY))
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED
    assert eve.read(digest_path(DAY)).count(b"\n### ") == 17


@pytest.mark.parametrize("fault", [faults.status(503), faults.login_page(), faults.lag_full()],
                         ids=["503", "login page", "a total without entries"])  # fmt: skip
def test_one_page_s_word_proves_nothing(eve: Sandbox, arxiv: StandIn, fault: Fault) -> None:
    """/new is empty for ten hours and catchup cannot be had: the day is never called empty."""
    arxiv.fault = faults.chain(faults.frozen_empty(), faults.only("/catchup/", fault))
    for hours in (1, 7, 13.5):
        assert eve.digest("run", now=after(DAY, hours)).code in (4, 5, 75)
        found = known_as(eve, DAY, NIGHT)
        assert found is None or found[0] == "provisional"
    arxiv.fault = None
    assert eve.digest("run", now=after(DAY, 20)).code == 0
    found = known_as(eve, DAY, NIGHT)
    assert found is not None
    assert found[0] == "complete"


def test_an_empty_day_is_told_by_the_next_night(eve: Sandbox, arxiv: StandIn) -> None:
    """Said by both on the evening itself; the next night /new has moved on, and catchup's second word is enough."""
    arxiv.announce(Mailing("cs.CV", DAY))
    assert eve.digest("run").code == 75
    show(arxiv, invent("cs.CV", THURSDAY))
    assert eve.digest("run", now=after(THURSDAY)).code == 0
    assert known_as(eve, DAY, after(THURSDAY)) == ("empty", "catchup")
    assert eve.read(digest_path(DAY)).decode() == heading(DAY)
    assert known_as(eve, THURSDAY, after(THURSDAY)) == LISTED


def test_an_empty_day_outlives_the_database(eve: Sandbox, arxiv: StandIn) -> None:
    """From its record, which has a header alone."""
    arxiv.announce(Mailing("cs.CV", DAY))
    eve.digest("run")
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    assert len(eve.read(f"data/cs.CV/2025/{DAY}.jsonl").splitlines()) == 1
    before = outside_raw(eve.tree())
    lose_database(eve)
    assert eve.digest("rebuild", now=noon(DAY)).code == 0
    assert known_as(eve, DAY, NIGHT) == ("empty", "catchup")
    assert outside_raw(eve.tree()) == before


def test_one_category_is_empty_and_the_other_is_not(eve: Sandbox, arxiv: StandIn) -> None:
    """Each is judged by itself."""
    eve.configure("arxiv", categories=["cs.CV", "cs.LG"])
    eve.configure("store", start=str(DAY))
    arxiv.announce(Mailing("cs.CV", DAY))
    arxiv.announce(invent("cs.LG", DAY))
    assert eve.digest("run").code == 75
    assert known_as(eve, DAY, NIGHT, "cs.LG") == LISTED
    assert eve.digest("run", now=after(DAY, AGAIN)).code == 0
    found = known_as(eve, DAY, NIGHT)
    assert found is not None
    assert found[0] == "empty"
