"""Listings that are short of arXiv's own count: a replica that lags, or entries that arXiv counts and never lists.

The counts and the entries of a page come from two queries (``browse/services/database/listings.py`` of
arXiv/arxiv-browse), so that a page may say "showing 11 of 12 entries" for good.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox
from tests.nights import after, asked, catchup, day, known_as, listing, lose_database, noon, show, status
from tests.standin import Fault, Reply, Request, StandIn, faults, invent
from tests.standin.pages import listing_page
from tests.test_jobs import Served, errors, shelf

THURSDAY = date(2025, 3, 6)
RECORD = f"data/cs.CV/2025/{DAY}.jsonl"
LOOKS = [1.0, 7.5, 13.5]
"""Hours after the announcement: the first look, one at the catchup page too, and one that settles it."""


@pytest.fixture
def short(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive whose newest listing lists 11 of the 12 new submissions that it counts, for good."""
    arxiv.fault = faults.unlisted(1)
    return archive


def header(sandbox: Sandbox) -> dict[str, object]:
    """Return the first line of the day's record."""
    found: dict[str, object] = json.loads(sandbox.read(RECORD).split(b"\n")[0])
    return found


def settle(sandbox: Sandbox) -> None:
    """Let the nightly job look until it is sure."""
    assert [sandbox.digest("run", now=after(DAY, hours)).code for hours in LOOKS] == [75, 75, 0]


# --- short for good --------------------------------------------------------------------------------


def test_what_is_short_for_twelve_hours_is_kept_as_it_is(short: Sandbox, arxiv: StandIn) -> None:
    """Both pages agree, twice: complete, with what arXiv counts beside what it lists; nothing more is asked for."""
    first = short.digest("run", now=after(DAY, LOOKS[0]))
    assert first.code == 75
    (line,) = errors(first)
    assert "expected 23 entries, found 22 (new 11 of 12" in line
    assert "12 hours" in line
    assert day(short, DAY, NIGHT) is None
    assert short.digest("run", now=after(DAY, LOOKS[1])).code == 75
    result = short.digest("run", now=after(DAY, LOOKS[2]))
    assert result.code == 0
    assert f"date={DAY} category=cs.CV state=complete new=11/12 cross=5/5 replacement=6/6" in result.err
    found = header(short)
    assert (found["format"], found["declared"]) == (3, {"new": 12, "cross": 5, "replacement": 6})
    assert found["stored"] == {"new": 11, "cross": 5, "replacement": 6}
    asked(arxiv)
    assert short.digest("run", now=noon(DAY)).code == 0
    assert asked(arxiv) == []


def test_a_look_that_fails_is_not_told_as_the_look_before(short: Sandbox, arxiv: StandIn) -> None:
    """Pages kept lately are tried first; what is said is why arXiv could not be asked anew."""
    assert short.digest("fetch", str(DAY), now=after(DAY, 2)).code == 75
    arxiv.fault = faults.down()
    result = short.digest("fetch", str(DAY), now=after(DAY, 2))
    (line,) = errors(result)
    assert (result.code, "expected 23 entries" in line) == (75, False)


def test_a_shortage_is_said_wherever_counts_are(short: Sandbox) -> None:
    """In the status, for people and machines, and in both indexes; the archive verifies clean."""
    settle(short)
    code, told = status(short, noon(DAY))
    assert code == 0
    assert told["categories"]["cs.CV"]["days"][0]["not_listed"] == 1
    table = short.digest("status", now=noon(DAY)).out
    assert "11/12" in table
    assert f"short for good: {DAY}" in table
    assert "| 11 + 5, 1 not listed |" in short.read("README.md").decode()
    assert "11 + 5<br><sub>1 not listed</sub>" in short.read("cs.CV/2025/README.md").decode()
    result = short.digest("verify", now=noon(DAY))
    assert (result.code, f"cs.CV {DAY}: arXiv counts 1 more than it lists" in result.out) == (0, True)


def test_each_look_may_be_another_machine_s(short: Sandbox) -> None:
    """The looks are in the records: a clone without a database, every time, comes to the same."""
    for hours, code in zip(LOOKS, (75, 75, 0), strict=True):
        assert short.digest("run", now=after(DAY, hours)).code == code
        lose_database(short)
    assert header(short)["format"] == 3
    assert short.digest("rebuild", now=noon(DAY)).code == 0
    assert short.digest("verify", now=noon(DAY)).code == 0
    assert short.digest("run", now=noon(DAY)).code == 0


def test_a_night_that_looks_every_hour_settles_it_before_noon(short: Sandbox) -> None:
    """From 20:17 on: never overdue, never an alarm."""
    codes = [short.digest("run", now=after(DAY, hour + 0.3)).code for hour in range(16)]
    assert codes == [75] * 12 + [0] * 4


def test_its_pages_prove_it_again(short: Sandbox) -> None:
    """A replay finds what is stored, and repair has nothing to do."""
    settle(short)
    result = short.digest("replay", str(DAY), now=noon(DAY))
    assert (result.code, "1 as stored" in result.out) == (0, True)
    before = short.tree()
    assert short.digest("verify", "--repair", now=noon(DAY)).code == 0
    assert short.tree() == before


def test_on_the_next_date_catchup_alone_settles_it(short: Sandbox, arxiv: StandIn) -> None:
    """/new has moved on and cannot be asked again."""
    assert short.digest("run", now=after(DAY, 1)).code == 75
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.only(f"{DAY}", faults.unlisted(1))
    assert short.digest("run", now=after(THURSDAY, 7)).code == 0
    assert known_as(short, DAY, noon(THURSDAY)) == ("complete", "catchup")
    assert header(short)["stored"] == {"new": 11, "cross": 5, "replacement": 6}


def without(*sections: str) -> Fault:
    """Let arXiv list nothing of these sections, although it counts them."""

    def fail(_request: Request, reply: Reply) -> Reply:
        whole = reply.announcement
        if whole is None or reply.render is None:
            return reply
        held = replace(whole, **dict.fromkeys(sections, ()))  # type: ignore[arg-type]  # names of its sections
        return replace(reply, body=reply.render(held).encode())

    return fail


def test_a_section_of_which_nothing_is_listed_is_counted(archive: Sandbox, arxiv: StandIn) -> None:
    """The page leaves it out; the links at its top tell how many entries it should have."""
    arxiv.fault = without("cross")
    settle(archive)
    assert header(archive)["declared"] == {"new": 12, "cross": 5, "replacement": 6}
    assert header(archive)["stored"] == {"new": 12, "cross": 0, "replacement": 6}


def test_a_day_of_which_nothing_is_listed_ends_once_arxiv_moves_on(archive: Sandbox, arxiv: StandIn) -> None:
    """/new answers 503 as long as it shows it; catchup says a total and "No updates", and says so for good."""
    busy = faults.only("/list/", faults.status(503, retry_after="1"))
    arxiv.fault = faults.chain(busy, faults.only("/(catchup|rss|atom)/", without("new", "cross", "replacement")))
    assert archive.digest("run", now=after(DAY, 7)).code == 75
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.only(f"{DAY}", without("new", "cross", "replacement"))
    assert archive.digest("run", now=after(THURSDAY, 7)).code == 0
    assert known_as(archive, DAY, noon(THURSDAY)) == ("complete", "catchup")
    assert header(archive)["stored"] == {"new": 0, "cross": 0, "replacement": 0}
    assert header(archive)["declared"] == {"new": 12, "cross": 5, "replacement": 6}
    assert archive.digest("verify", now=noon(THURSDAY)).code == 0


def claiming_all(hidden: int) -> Fault:
    """Let the heading say that all are shown, although some are not listed."""

    def fail(_request: Request, reply: Reply) -> Reply:
        short = f"showing {12 - hidden} of 12 entries".encode()
        return replace(reply, body=reply.body.replace(short, b"showing 12 of 12 entries"))

    return faults.chain(faults.unlisted(hidden), fail)


def test_a_page_that_claims_to_show_what_it_does_not_is_refused_at_first(archive: Sandbox, arxiv: StandIn) -> None:
    """It contradicts itself, which no lagging replica does; where both pages go on doing so, it is kept as well.

    arXiv's list template counts what it shows, so that this may never come (``sub_sections_for_types`` of
    arXiv/arxiv-browse); ARXIV.md § 4 allows for it.
    """
    arxiv.fault = claiming_all(1)
    codes = [archive.digest("run", now=after(DAY, hours)).code for hours in LOOKS]
    assert codes == [5, 5, 0]
    assert header(archive)["stored"] == {"new": 11, "cross": 5, "replacement": 6}


@pytest.mark.parametrize(("counted", "pages"), [(26, 2), (25, 1), (51, 3)])
def test_a_listing_that_ends_with_a_full_page_is_kept_too(archive: Sandbox, counted: int, pages: int) -> None:
    """The count leads to one more page, which is empty, or the last page is one short: what is listed is all."""
    whole = invent("cs.CV", DAY, new=counted, cross=0, replacement=0)
    with StandIn([whole], today=DAY, page_size=25) as arxiv:
        archive.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
        arxiv.fault = faults.unlisted(1)
        assert [archive.digest("run", now=after(DAY, hours)).code for hours in LOOKS] == [75, 75, 0]
        assert len([path for path in asked(arxiv) if path.startswith("/list/cs.CV/new")]) == 3 * pages
    assert header(archive)["stored"] == {"new": counted - 1, "cross": 0, "replacement": 0}
    assert header(archive)["declared"] == {"new": counted}
    assert archive.digest("verify", now=noon(DAY)).code == 0
    assert archive.digest("replay", str(DAY), now=noon(DAY)).code == 0


# --- short for now ---------------------------------------------------------------------------------


def test_a_replica_that_lags_for_hours_loses_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """Short at the first looks and whole at the last: every entry is there, and no look is left."""
    arxiv.fault = faults.unlisted(3)
    assert archive.digest("run", now=after(DAY, 1)).code == 75
    arxiv.fault = None
    assert archive.digest("run", now=after(DAY, 2)).code == 0
    assert header(archive)["stored"] == {"new": 12, "cross": 5, "replacement": 6}
    assert json.loads(archive.read("data/state.json"))["readings"] == []


def test_looks_that_differ_settle_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """Each time other entries are lacking: the replica is still at work."""
    for hidden, hours in ((3, 1), (2, 7.5), (1, 13.5)):
        arxiv.fault = faults.unlisted(hidden)
        assert archive.digest("run", now=after(DAY, hours)).code == 75
    assert known_as(archive, DAY, NIGHT) in (None, ("provisional", "feed"))


@pytest.mark.parametrize("path", ["/list/", "/catchup/"])
def test_one_page_that_has_more_wins(archive: Sandbox, arxiv: StandIn, path: str) -> None:
    """Whichever of the two pages has all, its entries are stored."""
    for hours in LOOKS[:2]:
        arxiv.fault = faults.chain(faults.unlisted(1), faults.only("/catchup/", faults.status(503)))
        assert archive.digest("run", now=after(DAY, hours)).code == 75
    arxiv.fault = faults.only({"/list/": "/(catchup|rss)/", "/catchup/": "/(list|rss)/"}[path], faults.unlisted(1))
    assert archive.digest("run", now=after(DAY, LOOKS[2])).code == 0
    assert header(archive)["stored"] == {"new": 12, "cross": 5, "replacement": 6}


def test_what_the_feed_has_is_not_given_up(archive: Sandbox, arxiv: StandIn) -> None:
    """The pages lack an entry that the feed lists: the feed's day stays, provisional, and a person decides."""
    arxiv.fault = faults.lag_partial(1)
    codes = [archive.digest("run", now=after(DAY, hours)).code for hours in (*LOOKS, 17)]
    assert codes == [75, 75, 75, 4]
    assert known_as(archive, DAY, noon(DAY)) == ("provisional", "feed")
    assert header(archive)["stored"] == {"new": 12, "cross": 5, "replacement": 6}


def test_the_feed_is_used_although_recent_counts_more(short: Sandbox, arxiv: StandIn) -> None:
    """The count takes in what arXiv does not list; the feed lists what there is, and says so."""
    arxiv.fault = faults.chain(faults.unlisted(1), faults.only("/list/[^/]+/new", faults.login_page()))
    result = short.digest("run")
    assert result.code == 5
    assert known_as(short, DAY, NIGHT) == ("provisional", "feed")
    assert "the feed has 16 entries, /recent counts 17" in result.err


def test_a_whole_listing_takes_the_place_of_a_short_one(short: Sandbox, tmp_path: Path) -> None:
    """Should the entry turn up on a saved page after all, it is not refused as known already."""
    settle(short)
    page = tmp_path / "saved.html"
    page.write_text(listing_page(invent("cs.CV", DAY)), encoding="utf-8")
    assert short.digest("import", str(page), now=noon(DAY)).code == 0
    assert (header(short)["format"], header(short)["stored"]) == (2, {"new": 12, "cross": 5, "replacement": 6})
    assert short.digest("verify", now=noon(DAY)).code == 0


def test_the_page_that_lists_more_is_the_one_that_is_kept(archive: Sandbox, arxiv: StandIn) -> None:
    """/new lists 11 of 12 all night, catchup 10: nothing that arXiv lists anywhere is left out."""
    arxiv.fault = faults.chain(
        faults.only("/list/", faults.unlisted(1)),
        faults.only("/catchup/", faults.unlisted(2)),
        faults.only("/(rss|atom)/", faults.status(503)),
    )
    assert [archive.digest("run", now=after(DAY, hours)).code for hours in LOOKS] == [75, 75, 0]
    assert header(archive)["stored"] == {"new": 11, "cross": 5, "replacement": 6}


def test_fewer_entries_than_before_are_never_for_good(archive: Sandbox, arxiv: StandIn) -> None:
    """Eleven at the first look, eight since then: a person decides, and gets the eleven."""
    feeds = faults.only("/(rss|atom)/", faults.status(503))
    for hidden, hours in ((1, 1), (4, 7), (4, 13.5), (4, 19.5)):
        arxiv.fault = faults.chain(faults.only("/(list|catchup)/", faults.unlisted(hidden)), feeds)
        assert archive.digest("run", now=after(DAY, hours)).code in (75, 4)
    assert day(archive, DAY, noon(DAY)) is None
    assert archive.digest("accept", str(DAY), now=after(DAY, 20)).code == 0
    assert header(archive)["stored"] == {"new": 11, "cross": 5, "replacement": 6}


# --- what a person settles -------------------------------------------------------------------------


def test_accept_settles_it_at_once_and_keeps_the_entries(short: Sandbox, arxiv: StandIn) -> None:
    """After one look, from the page that is kept; arXiv is not asked."""
    assert short.digest("run", now=after(DAY, 1)).code == 75
    asked(arxiv)
    result = short.digest("accept", str(DAY), "--note", "arXiv counts a paper that it does not list")
    assert result.code == 0
    assert f"date={DAY} category=cs.CV state=complete new=11/12 cross=5/5 replacement=6/6 source=listing" in result.err
    assert asked(arxiv) == []
    assert short.digest("run", now=noon(DAY)).code == 0
    assert short.digest("verify", now=noon(DAY)).code == 0
    found = day(short, DAY, noon(DAY))
    assert found is not None
    assert found["accepted"]["note"] == "arXiv counts a paper that it does not list"


def test_that_can_be_undone(short: Sandbox, arxiv: StandIn) -> None:
    """The day is provisional again, until the looks that it needs anyway."""
    assert short.digest("run", now=after(DAY, 1)).code == 75
    assert short.digest("accept", str(DAY)).code == 0
    assert short.digest("accept", str(DAY), "--undo").code == 0
    assert known_as(short, DAY, NIGHT) == ("provisional", "listing")
    arxiv.fault = None
    assert short.digest("run", now=after(DAY, 8)).code == 0
    assert header(short)["stored"] == {"new": 12, "cross": 5, "replacement": 6}


def test_a_saved_page_that_is_short_is_refused_and_can_be_accepted(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a past date arXiv has nothing else to show; what the page has is not lost."""
    whole = invent("cs.CV", DAY)
    page = tmp_path / "saved.html"
    page.write_text(listing_page(whole, held=replace(whole, new=whole.new[:-1])), encoding="utf-8")
    result = sandbox.digest("import", str(page), now=noon(THURSDAY))
    assert result.code == 5
    (line,) = errors(result)
    assert f"digest accept {DAY}" in line
    assert sandbox.digest("accept", str(DAY), now=noon(THURSDAY)).code == 0
    assert known_as(sandbox, DAY, noon(THURSDAY)) == ("complete", "import")
    assert sandbox.digest("verify", now=noon(THURSDAY)).code == 0


# --- arXiv's markup --------------------------------------------------------------------------------

FIELD_DAY = date(2026, 11, 24)


@pytest.fixture
def field(sandbox: Sandbox, shared: Path) -> Iterator[Sandbox]:
    """An archive of cs.NE, whose newest listing is a page that was short for good."""
    body = (shared / "field" / "short-for-good.html").read_bytes()
    files = {listing("cs.NE"): Served(body), catchup(FIELD_DAY, category="cs.NE"): Served(body)}
    with shelf(files) as url:
        sandbox.configure("arxiv", pages_url=url, feeds_url=url, categories=["cs.NE"])
        yield sandbox


def test_the_page_from_the_field_is_kept_with_its_three_entries(field: Sandbox) -> None:
    """The three entries of ``field/short-for-good.html``, declared 4, stored 3."""
    codes = [field.digest("run", now=after(FIELD_DAY, hours)).code for hours in LOOKS]
    assert codes == [75, 75, 0]
    found = day(field, FIELD_DAY, noon(FIELD_DAY), "cs.NE")
    assert found is not None
    assert (found["state"], found["stored"]["new"], found["declared"]["new"]) == ("complete", 3, 4)


def test_the_page_from_the_field_is_accepted_at_once(field: Sandbox) -> None:
    """As the night's first look has it."""
    assert field.digest("run", now=after(FIELD_DAY, 1)).code == 75
    assert field.digest("accept", str(FIELD_DAY), now=after(FIELD_DAY, 2)).code == 0
    found = day(field, FIELD_DAY, noon(FIELD_DAY), "cs.NE")
    assert found is not None
    assert (found["state"], found["stored"]["new"], found["declared"]["new"]) == ("complete", 3, 4)
