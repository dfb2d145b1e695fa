"""Where the listing cannot be had, the feed gives a digest: provisional, checked, and replaced by the listing."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox, long_after
from tests.nights import (
    after,
    answered_as,
    asked,
    beside,
    catchup,
    digest_path,
    heading,
    known_as,
    listing,
    lose_database,
    noon,
    paper,
    show,
    status,
)
from tests.standin import Fault, Mailing, Reply, Request, StandIn, faults, invent
from tests.test_jobs import SEED_DIGEST, SEED_NIGHT, SEED_PAGES, Served, assert_untouched, errors, shelf, undated

EVE, THURSDAY, FRIDAY = date(2025, 3, 4), date(2025, 3, 6), date(2025, 3, 7)
NEW_PAGE = "^/list/cs.CV/new"
PAGES = "^/(list|catchup)/"
FEEDS = "^/(rss|atom)/"
RSS, ATOM = "/rss/cs.CV", "/atom/cs.CV"
RECENT = "/list/cs.CV/recent?skip=0&show=25"
FROM_FEED = "date=2025-03-05 category=cs.CV state=provisional new=12/? cross=5/? replacement=6/? source=feed"
PROVISIONAL, LISTED, CAUGHT_UP = ("provisional", "feed"), ("complete", "listing"), ("complete", "catchup")


@pytest.fixture
def eve(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """Tuesday's listing is stored, and Wednesday's is announced."""
    show(arxiv, invent("cs.CV", EVE))
    archive.once(lambda: archive.digest("run", now=after(EVE)))
    assert known_as(archive, EVE, after(EVE)) == ("complete", "listing")
    arxiv.today = DAY
    asked(arxiv)
    return archive


def feed_of(announcement: Mailing) -> Fault:
    """Let the feeds of whatever category show this."""

    def fail(_request: Request, reply: Reply) -> Reply:
        assert reply.render is not None
        return replace(reply, body=reply.render(announcement).encode())

    return faults.only(FEEDS, fail)


def undisturbed(archive: Sandbox, arxiv: StandIn, dates: Sequence[date]) -> dict[str, bytes]:
    """Return the markdown of an archive for which nothing ever went wrong."""
    fault, arxiv.fault = arxiv.fault, None
    today, calm = arxiv.today, beside(archive, "calm")
    for when in dates:
        arxiv.today = when
        assert calm.digest("run", now=after(when)).code == 0
    arxiv.today, arxiv.fault = today, fault
    asked(arxiv)
    return markdown(calm)


def markdown(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the digests and indexes of an archive."""
    return {path: data for path, data in sandbox.tree().items() if path.endswith(".md")}


# --- a page that is refused: at once ---------------------------------------------------------------

REFUSALS: dict[str, Fault] = {
    "new layout": faults.new_layout(),
    "login page": faults.login_page(),
    "wrong count": faults.wrong_count(),
    "cut page": faults.cut_page(5000),
    "no date": undated(),
    "text": faults.content_type("text/plain"),
    "404": faults.status(404),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_page_is_made_up_for_at_once(eve: Sandbox, arxiv: StandIn, name: str) -> None:
    """The digest is there, provisional, from the feed; the refusal is told all the same, exit 5."""
    arxiv.fault = faults.only(NEW_PAGE, REFUSALS[name])
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    assert FROM_FEED in result.err.splitlines()
    (line,) = errors(result)
    assert listing() in line
    assert "expected" in line or "404" in line
    assert asked(arxiv) == [listing(), RSS, RECENT]
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL
    digest = eve.read(digest_path(DAY)).decode()
    assert digest.startswith(heading(DAY))
    assert digest.count("\n### ") == 17
    record = eve.read(f"data/cs.CV/2025/{DAY}.jsonl").splitlines()
    header = json.loads(record[0])
    assert (header["state"], header["source"], len(record)) == ("provisional", "feed", 1 + 23)
    assert "provisional" in eve.read("cs.CV/2025/README.md").decode().replace("&shy;", "")


def test_the_digest_from_the_feed_has_the_listing_s_papers_in_its_order(eve: Sandbox, arxiv: StandIn) -> None:
    """The same numbers, ids and sections."""
    listed = undisturbed(eve, arxiv, [EVE, DAY])[digest_path(DAY)]
    arxiv.fault = faults.new_layout()
    assert eve.digest("run", now=NIGHT).code == 5
    identity = re.compile(rb"^### ([0-9]+)\..*/pdf/(.+)\.pdf\)$", re.MULTILINE)
    assert identity.findall(eve.read(digest_path(DAY))) == identity.findall(listed)


HARD = {
    "2503.04001": ("If $a<b$ and $c>d$, then <class> & <b>bold</b> stay.",
                   "If $a&lt;b$ and $c&gt;d$, then &lt;class&gt; &amp; &lt;b&gt;bold&lt;/b&gt; stay."),
    "2503.04002": (r"We use $\mathcal{L}_{a}^{*}\{x\}$, \textbf{TeX}, 1.7\% and a \\ break.",
                   r"We use $\mathcal{L}_{a}^{*}\{x\}$, \textbf{TeX}, 1.7\% and a \\ break."),
    "2503.04003": ("Entities: &amp; &lt;p&gt; &#39; &nbsp; &copy; are what the authors typed.",
                   "Entities: &amp;amp; &amp;lt;p&amp;gt; &amp;#39; &amp;nbsp; &amp;copy; are what the authors typed."),
    "2503.04004": ("One line,\nanother,\n  and a paragraph.\n", "One line, another, <br>and a paragraph."),
    "2503.04005": ('"Quotes" and \'apostrophes\', é, ß, 漢字, \U0001f300, \u201eTief\u201c, a\u00a0b.',
                   '"Quotes" and \'apostrophes\', é, ß, 漢字, \U0001f300, \u201eTief\u201c, a\u00a0b.'),
    "2503.04006": ("<script>alert(1)</script> <!-- gone? --> ]]> <style>p{}</style> <a href='x'>y</a>",
                   ("&lt;script&gt;alert(1)&lt;/script&gt; &lt;!-- gone? --&gt; ]]&gt; "
                    "&lt;style&gt;p{}&lt;/style&gt; &lt;a href='x'&gt;y&lt;/a&gt;")),
}  # fmt: skip
"""Abstracts as their authors typed them, and as a digest has them."""


def hard_day() -> Mailing:
    """Return the announcement of papers whose abstracts are easily damaged."""
    papers = [paper(arxiv_id, abstract) for arxiv_id, (abstract, _) in HARD.items()]
    return Mailing("cs.CV", DAY, new=tuple(papers))


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_no_abstract_is_damaged(archive: Sandbox, arxiv: StandIn, form: str) -> None:
    """Not one character of it is lost or doubled, whichever form of the feed is read."""
    arxiv.announce(hard_day())
    refused = faults.only(NEW_PAGE, faults.login_page())
    arxiv.fault = faults.chain(refused, faults.only("^/rss/", faults.status(404))) if form == "atom" else refused
    assert archive.digest("run").code == 5
    lines = archive.read(digest_path(DAY)).decode().split("\n")
    expected = [text for _, (_, text) in sorted(HARD.items(), reverse=True)]
    assert lines[2::2] == [f">  {text}      " for text in expected]


# --- and then the listing --------------------------------------------------------------------------


def test_the_next_good_run_of_the_night_heals_it(eve: Sandbox, arxiv: StandIn) -> None:
    """The listing itself: complete, and the files are those of an undisturbed archive, byte for byte."""
    arxiv.announce(hard_day())
    calm = undisturbed(eve, arxiv, [EVE, DAY])
    arxiv.fault = faults.new_layout()
    assert eve.digest("run", now=NIGHT).code == 5
    assert eve.read(digest_path(DAY)) != b""
    arxiv.fault = None
    asked(arxiv)
    healed = eve.digest("run", now=after(DAY, 2))
    assert healed.code == 0
    assert asked(arxiv) == [listing()]
    assert known_as(eve, DAY, NIGHT) == LISTED
    assert markdown(eve) == calm


def test_the_next_good_night_heals_it(eve: Sandbox, arxiv: StandIn) -> None:
    """From catchup, after the newest listing; the files are those of an undisturbed archive, byte for byte."""
    arxiv.announce(invent("cs.CV", THURSDAY))
    calm = undisturbed(eve, arxiv, [EVE, DAY, THURSDAY])
    arxiv.fault = faults.new_layout()
    assert eve.digest("run", now=NIGHT).code == 5
    arxiv.fault, arxiv.today = None, THURSDAY
    asked(arxiv)
    healed = eve.digest("run", now=after(THURSDAY))
    assert healed.code == 0
    assert asked(arxiv) == [listing(), catchup(DAY)]
    assert known_as(eve, DAY, after(THURSDAY)) == CAUGHT_UP
    assert markdown(eve) == calm
    assert status(eve, noon(THURSDAY))[0] == 0


def test_a_layout_that_nobody_knows_for_three_nights(eve: Sandbox, arxiv: StandIn) -> None:
    """Each night has its digest from the feed; the first good night brings all listings."""
    dates = [DAY, THURSDAY, FRIDAY]
    for when in dates:
        arxiv.announce(invent("cs.CV", when))
    calm = undisturbed(eve, arxiv, [EVE, *dates])
    arxiv.fault = faults.new_layout()
    for when in dates:
        arxiv.today = when
        assert eve.digest("run", now=after(when)).code == 5
        assert known_as(eve, when, after(when)) == PROVISIONAL
        assert (eve.folder / digest_path(when)).exists()
    arxiv.fault = None
    asked(arxiv)
    assert eve.digest("run", now=after(FRIDAY, 8)).code == 0
    assert asked(arxiv) == [listing(), catchup(THURSDAY), catchup(DAY)]
    assert markdown(eve) == calm


def test_a_refused_page_is_made_up_for_though_the_day_before_is_missing(eve: Sandbox, arxiv: StandIn) -> None:
    """Nobody ran anything on Wednesday: Thursday comes from the feed all the same, Wednesday from catchup."""
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.only(NEW_PAGE, faults.login_page())
    assert eve.digest("run", now=after(THURSDAY)).code == 5
    assert known_as(eve, THURSDAY, after(THURSDAY)) == PROVISIONAL
    assert known_as(eve, DAY, after(THURSDAY)) == CAUGHT_UP


def test_a_healed_day_outlives_the_database(eve: Sandbox, arxiv: StandIn) -> None:
    """A provisional day comes back from its record as provisional, and is healed then."""
    arxiv.fault = faults.new_layout()
    assert eve.digest("run", now=NIGHT).code == 5
    lose_database(eve)
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL
    arxiv.fault = None
    assert eve.digest("run", now=after(DAY, 2)).code == 0
    lose_database(eve)
    assert known_as(eve, DAY, NIGHT) == LISTED


def test_while_the_page_is_refused_the_feed_is_asked_for_once(eve: Sandbox, arxiv: StandIn) -> None:
    """What is there from the feed stays, byte for byte; only the listing is tried again."""
    arxiv.fault = faults.only(NEW_PAGE, faults.login_page())
    assert eve.digest("run", now=NIGHT).code == 5
    before = eve.tree()
    asked(arxiv)
    for hours in (2, 3, 5.9):
        assert eve.digest("run", now=after(DAY, hours)).code == 5
        assert asked(arxiv) == [listing()]
    assert_untouched(eve, before)


def test_the_feed_never_replaces_a_proven_day(eve: Sandbox, arxiv: StandIn) -> None:
    """Wednesday is complete; Thursday's page is refused: Thursday comes from the feed, Wednesday stays."""
    assert eve.digest("run", now=NIGHT).code == 0
    proven = eve.read(digest_path(DAY)), eve.read(f"data/cs.CV/2025/{DAY}.jsonl")
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.chain(faults.new_layout(), feed_of(invent("cs.CV", DAY, new=3)))
    assert eve.digest("run", now=after(THURSDAY)).code == 5
    assert known_as(eve, THURSDAY, after(THURSDAY)) is None
    arxiv.fault = faults.new_layout()
    assert eve.digest("run", now=after(THURSDAY, 2)).code == 5
    assert known_as(eve, THURSDAY, after(THURSDAY)) == PROVISIONAL
    assert known_as(eve, DAY, after(THURSDAY)) == LISTED
    assert (eve.read(digest_path(DAY)), eve.read(f"data/cs.CV/2025/{DAY}.jsonl")) == proven


# --- a listing that is late or out of reach: after six hours ---------------------------------------

LATE: dict[str, Fault] = {
    "503": faults.status(503),
    "lag, partial": faults.lag_partial(3),
    "lag, full": faults.lag_full(),
    "cut transfer": faults.cut_transfer(5000),
}


@pytest.mark.parametrize("name", LATE)
def test_a_late_listing_is_waited_for_six_hours(eve: Sandbox, arxiv: StandIn, name: str) -> None:
    """Before that nothing changes; from then on the digest comes from the feed: 75, and 4 from noon on."""
    arxiv.fault = faults.only(PAGES, LATE[name])
    before = eve.tree()
    for hours in (1, 5.999):
        assert eve.digest("run", now=after(DAY, hours)).code == 75
        assert not any(re.search(FEEDS, path) for path in asked(arxiv))
        assert_untouched(eve, before)
    result = eve.digest("run", now=after(DAY, 6))
    assert result.code == 75
    assert FROM_FEED in result.err.splitlines()
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL
    assert (eve.folder / digest_path(DAY)).exists()
    assert eve.digest("run", now=noon(DAY)).code == 4
    arxiv.fault = None
    assert eve.digest("run", now=noon(DAY, seconds=1)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED


def test_pages_out_of_reach_are_waited_for_six_hours(eve: Sandbox, arxiv: StandIn) -> None:
    """Nobody answers for the pages, and the feeds' host does: /recent cannot be had, and the feed is used."""
    eve.configure("arxiv", pages_url="http://127.0.0.1:9")
    assert eve.digest("run", now=after(DAY, 5.999)).code == 75
    assert asked(arxiv) == []
    assert eve.digest("run", now=after(DAY, 6)).code == 75
    assert asked(arxiv) == [RSS]
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL
    assert eve.digest("run", now=noon(DAY)).code == 4


@pytest.mark.parametrize(("fault", "code"), [(faults.status(503), 0), (faults.login_page(), 5)], ids=["503", "refused"])
def test_after_six_hours_catchup_comes_before_the_feed(eve: Sandbox, arxiv: StandIn, fault: Fault, code: int) -> None:
    """It proves the listing; a page that was refused is told all the same."""
    arxiv.fault = faults.only(NEW_PAGE, fault)
    result = eve.digest("run", now=after(DAY, 6))
    assert result.code == code
    assert known_as(eve, DAY, NIGHT) == CAUGHT_UP
    paths = asked(arxiv)
    assert paths[-1] == catchup(DAY)
    assert not any(re.search(FEEDS, path) for path in paths)
    assert eve.digest("run", now=after(DAY, 7)).code == 0
    assert asked(arxiv) == []


# --- a feed that is not to be trusted --------------------------------------------------------------

WHOLE = invent("cs.CV", DAY)

UNTRUSTED: dict[str, Fault] = {
    "of the day before": feed_of(invent("cs.CV", EVE)),
    "of the day after": feed_of(invent("cs.CV", THURSDAY)),
    "stale under a fresh date": faults.stale_feed(invent("cs.CV", EVE)),
    "two papers fewer": feed_of(replace(WHOLE, new=WHOLE.new[:-2])),
    "a paper more": feed_of(replace(WHOLE, new=(*WHOLE.new, paper("2503.99998", "One too many.")))),
    "empty": feed_of(Mailing("cs.CV", DAY)),
    "of another category": feed_of(invent("cs.LG", DAY)),
    "cut": faults.only(FEEDS, faults.cut_page(4000)),
    "a login page": faults.only(FEEDS, faults.login_page()),
    "no XML": faults.only(FEEDS, lambda _request, reply: replace(reply, body=b"Not today.")),
    "503": faults.only(FEEDS, faults.status(503)),
    "throttled": faults.only(FEEDS, faults.rate_exceeded()),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_a_feed_that_cannot_be_trusted_is_not_used(eve: Sandbox, arxiv: StandIn, name: str) -> None:
    """Nothing is stored and nothing touched; the refused page is the failure, and the feed a warning."""
    before = eve.tree()
    arxiv.fault = faults.chain(faults.only(NEW_PAGE, faults.login_page()), UNTRUSTED[name])
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    (line,) = errors(result)
    assert listing() in line
    assert any(line.startswith("warning:") and "/cs.CV" in line for line in result.err.splitlines())
    assert known_as(eve, DAY, NIGHT) is None
    assert_untouched(eve, before)
    arxiv.fault = None
    assert eve.digest("run", now=after(DAY, 2)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED


@pytest.mark.parametrize(
    ("where", "paths"),
    [(NEW_PAGE, [listing()]), ("^/rss/", [listing(), RSS]), ("/recent", [listing(), RSS, RECENT])],
    ids=["page", "feed", "recent"],
)
def test_after_403_nothing_is_asked_and_nothing_stored(
    eve: Sandbox, arxiv: StandIn, where: str, paths: list[str]
) -> None:
    """ArXiv refuses this client, at whichever address: it means stop."""
    before = eve.tree()
    refused = faults.only(NEW_PAGE, faults.login_page()) if where != NEW_PAGE else faults.only("^$", faults.down())
    arxiv.fault = faults.chain(refused, faults.only(where, faults.status(403)))
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    assert asked(arxiv) == paths
    assert known_as(eve, DAY, NIGHT) is None
    assert_untouched(eve, before)


BEHIND = StandIn([invent("cs.CV", EVE)], today=EVE)

NO_COUNT: dict[str, Fault] = {
    "503": faults.status(503),
    "404": faults.status(404),
    "login page": faults.login_page(),
    "of the day before": answered_as(BEHIND, ""),
}


@pytest.mark.parametrize("name", NO_COUNT)
def test_without_a_count_from_recent_the_feed_is_used(eve: Sandbox, arxiv: StandIn, name: str) -> None:
    """It is compared if that can be had."""
    arxiv.fault = faults.chain(faults.only(NEW_PAGE, faults.login_page()), faults.only("/recent", NO_COUNT[name]))
    assert eve.digest("run", now=NIGHT).code == 5
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL


@pytest.mark.parametrize(
    "fault",
    [faults.status(503), faults.status(404), faults.cut_page(4000), faults.login_page(), faults.empty_body()],
    ids=["503", "404", "cut", "login page", "empty body"],
)
def test_where_rss_fails_atom_is_tried(eve: Sandbox, arxiv: StandIn, fault: Fault) -> None:
    """The same papers, the same provisional day."""
    arxiv.fault = faults.only(NEW_PAGE, faults.login_page())
    from_rss = beside(eve, "from-rss")
    assert from_rss.digest("run", now=NIGHT).code == 5
    asked(arxiv)
    arxiv.fault = faults.chain(arxiv.fault, faults.only("^/rss/", fault))
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    assert FROM_FEED in result.err.splitlines()
    paths = asked(arxiv)
    assert list(dict.fromkeys(paths)) == [listing(), RSS, ATOM, RECENT]
    assert eve.read(digest_path(DAY)) == from_rss.read(digest_path(DAY))


def test_one_category_from_the_feed_leaves_the_others_alone(eve: Sandbox, arxiv: StandIn) -> None:
    """The listing of the other is complete; the gravest failure is the exit code."""
    eve.configure("arxiv", categories=["cs.CV", "cs.LG"])
    arxiv.announce(invent("cs.LG", DAY))
    arxiv.fault = faults.only(NEW_PAGE, faults.login_page())
    assert eve.digest("run", now=NIGHT).code == 5
    assert known_as(eve, DAY, NIGHT) == PROVISIONAL
    assert known_as(eve, DAY, NIGHT, "cs.LG") == LISTED


# --- each fault with its own address ---------------------------------------------------------------

PAGE_FAULTS: dict[str, tuple[Fault, str, int]] = {
    "login page": (faults.login_page(), "unknown layout", 5),
    "404": (faults.status(404), "found 404", 5),
    "text": (faults.content_type("text/plain"), "found content type 'text/plain'", 5),
    "wrong count": (faults.wrong_count(), "new entries, found 12", 5),
    "503": (faults.status(503), "status 503", 75),
    "cut transfer": (faults.cut_transfer(5000), "IncompleteRead", 75),
}

FEED_FAULTS: dict[str, tuple[Fault, str]] = {
    "500": (faults.status(500), "status 500"),
    "410": (faults.status(410), "found 410"),
    "image": (faults.content_type("image/png"), "found content type 'image/png'"),
    "cut": (faults.cut_page(4000), "expected the feed to end"),
    "rate exceeded": (faults.rate_exceeded(), "throttled, status 200"),
    "empty": (feed_of(Mailing("cs.CV", DAY)), "found 0 entries"),
}

ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+(/[a-z]+)/(cs\.[A-Z]{2})")


@pytest.mark.parametrize("feed", long_after(2, FEED_FAULTS))
@pytest.mark.parametrize("page", PAGE_FAULTS)
def test_each_fault_is_told_of_its_own_address(eve: Sandbox, arxiv: StandIn, page: str, feed: str) -> None:
    """Pages fail one way and feeds another: no line lays the one to the other's charge; the page's is the failure."""
    page_fault, page_words, code = PAGE_FAULTS[page]
    feed_fault, feed_words = FEED_FAULTS[feed]
    arxiv.fault = faults.chain(faults.only(PAGES, page_fault), faults.only(FEEDS, feed_fault))
    result = eve.digest("-v", "run", now=after(DAY, 6))
    assert result.code == code
    told = set()
    for line in result.err.splitlines():
        found = {match[1] for match in ADDRESS.finditer(line)}
        if line.startswith(("error:", "warning:")):
            told |= found
        if found & {"/rss", "/atom"}:
            assert page_words not in line
        if found & {"/list", "/catchup"}:
            assert feed_words not in line
    assert {"/list", "/rss"} <= told
    assert all(page_words in line for line in errors(result))
    assert any(feed_words in line for line in result.err.splitlines() if line.startswith("warning:"))


def test_a_refusal_by_recent_is_not_laid_to_the_feed_s_charge(eve: Sandbox, arxiv: StandIn) -> None:
    """The page that refuses this client is named; the feed that was whole is not."""
    arxiv.fault = faults.chain(faults.only(NEW_PAGE, faults.login_page()), faults.only("/recent", faults.status(403)))
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    forbidden = [line for line in result.err.splitlines() if re.search(r"\b403\b", line)]  # not a part of a port
    assert forbidden
    assert all("/list/cs.CV/recent" in line and "/rss/" not in line for line in forbidden)


def test_a_catchup_page_that_says_400_does_not_hide_the_refused_page(eve: Sandbox, arxiv: StandIn) -> None:
    """The page's refusal is the failure, exit 5, whatever was tried in its place."""
    arxiv.fault = faults.chain(
        faults.only(NEW_PAGE, faults.login_page()), faults.only("^/catchup/", faults.status(400))
    )
    result = eve.digest("run", now=after(DAY, 6))
    assert result.code == 5
    assert any("/list/cs.CV/new" in line and "unknown layout" in line for line in errors(result))


def test_each_category_has_its_own_fault(eve: Sandbox, arxiv: StandIn) -> None:
    """Three categories fail in three ways in one run: each line names the fault of its own page."""
    ways = {
        "cs.CV": (faults.login_page(), "unknown layout"),
        "cs.LG": (faults.status(404), "found 404"),
        "cs.GR": (faults.status(503), "status 503"),
    }
    eve.configure("arxiv", categories=list(ways))
    pages = [faults.only(f"^/(list|catchup)/{name}/", fault) for name, (fault, _) in ways.items()]
    arxiv.fault = faults.chain(*pages, faults.only(FEEDS, faults.status(410)))
    result = eve.digest("run", now=NIGHT)
    assert result.code == 5
    for line in errors(result):
        (name,) = {match[2] for match in ADDRESS.finditer(line)}
        own = ways[name][1]
        assert own in line
        assert not any(words in line for _, words in ways.values() if words != own)
    assert {next(one for one in ways if f"error: {one}" in line) for line in errors(result)} == set(ways)


# --- arXiv's own feeds -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_seed_day_comes_from_arxiv_s_feed(sandbox: Sandbox, shared: Path, form: str) -> None:
    """30 new submissions and 16 cross-lists: the digest from the feed is the real one, byte for byte."""
    pages = shared / "pages"
    xml = (("Content-Type", f"application/{form}+xml; charset=utf-8"),)
    files = {
        listing(): Served(b"<html><head></head><body><p>Please sign in.</p></body></html>"),
        f"/{form}/cs.CV": Served((pages / f"feeds/seedday_{form}_cs.CV.xml").read_bytes(), 200, xml),
        RECENT: Served((pages / SEED_PAGES / "list_cs.CV_recent.html").read_bytes()),
    }
    with shelf(files) as url:
        sandbox.configure("arxiv", pages_url=url, feeds_url=url)
        result = sandbox.digest("run", now=SEED_NIGHT)
    assert result.code == 5
    assert (
        "date=2021-10-20 category=cs.CV state=provisional new=30/? cross=16/? replacement=40/? source=feed"
        in result.err
    )
    assert sandbox.read(SEED_DIGEST) == (shared / "seed" / "2021-10-20.md").read_bytes()


def test_the_big_day_s_feed_gives_the_digest_of_the_listing(sandbox: Sandbox, shared: Path) -> None:
    """650 papers with many hard cases, checked against arXiv's own count: equal bytes from feed and page."""
    pages = shared / "pages"
    xml = (("Content-Type", "application/rss+xml; charset=utf-8"),)
    big = pages / "big-day-2024-10-15"
    files = {
        listing(): Served(b"<html><head></head><body><p>Please sign in.</p></body></html>"),
        RSS: Served((pages / "feeds/bigday_rss_cs.CV.xml").read_bytes(), 200, xml),
        RECENT: Served((big / "list_cs.CV_pastweek_show2000.html").read_bytes()),
    }
    with shelf(files) as url:
        sandbox.configure("arxiv", pages_url=url, feeds_url=url)
        assert sandbox.digest("run", now="2024-10-15T02:00:00Z").code == 5
    digest = sandbox.read("cs.CV/2024/10/2024-10-15.md")
    assert digest.count(b"\n### ") == 650
    result = sandbox.digest("import", str(big / "list_cs.CV_new.html"), now="2024-10-15T03:00:00Z")
    assert "date=2024-10-15 category=cs.CV state=complete" in result.err
    assert sandbox.read("cs.CV/2024/10/2024-10-15.md") == digest


@pytest.mark.parametrize("name", ["weekend_empty_rss_cs.CV.xml", "err_badcat_rss.xml"])
def test_another_of_arxiv_s_feeds_is_not_used(sandbox: Sandbox, shared: Path, name: str) -> None:
    """An empty one, and one that says an error."""
    xml = (("Content-Type", "application/rss+xml; charset=utf-8"),)
    feed = Served((shared / "pages/feeds" / name).read_bytes(), 200, xml)
    files = {listing(): Served(b"<html><body>Please sign in.</body></html>"), RSS: feed}
    with shelf(files) as url:
        sandbox.configure("arxiv", pages_url=url, feeds_url=url)
        assert sandbox.digest("run", now=SEED_NIGHT).code == 5
    assert known_as(sandbox, date(2021, 10, 20), SEED_NIGHT) is None
    assert not list(sandbox.folder.glob("cs.CV/20*/*/*.md"))


# --- long author lists -----------------------------------------------------------------------------


def _names(number: int) -> tuple[str, ...]:
    return tuple(f"{chr(65 + place % 26)}ugo {chr(65 + place // 26)}randt" for place in range(number))


def _with_authors(*names: str) -> Mailing:
    whole = invent("cs.CV", DAY)
    first, *others = whole.new
    return replace(whole, new=(replace(first, authors=names), *others))


def _first_authors(sandbox: Sandbox) -> list[str]:
    row = json.loads(sandbox.read(f"data/cs.CV/2025/{DAY}.jsonl").splitlines()[1])
    found: list[str] = row["authors"]
    return found


def test_a_listing_that_cuts_an_author_list_does_not_cost_the_feed_s(eve: Sandbox, arxiv: StandIn) -> None:
    """The listing shows the first 100 of 150 (ARXIV.md § 4); the feed, fetched anyway, has them all: they stay."""
    arxiv.announce(_with_authors(*_names(150)))
    arxiv.fault = faults.only(NEW_PAGE, faults.login_page())
    assert eve.digest("run", now=NIGHT).code == 5
    arxiv.fault = None
    assert eve.digest("run", now=after(DAY, 2)).code == 0
    assert known_as(eve, DAY, NIGHT) == LISTED
    assert _first_authors(eve) == list(_names(150))
    result = eve.digest("replay", str(DAY), now=after(DAY, 3))
    assert (result.code, "1 as stored" in result.out) == (0, True)
    assert eve.digest("verify", now=after(DAY, 3)).code == 0


def test_another_author_list_of_the_feed_is_not_taken(eve: Sandbox, arxiv: StandIn) -> None:
    """Where the first 100 differ, the listing's are those that were announced."""
    arxiv.announce(_with_authors(*_names(150)))
    arxiv.fault = faults.chain(
        faults.only(NEW_PAGE, faults.login_page()), feed_of(_with_authors("Somebody Else", *_names(150)))
    )
    assert eve.digest("run", now=NIGHT).code == 5
    arxiv.fault = None
    assert eve.digest("run", now=after(DAY, 2)).code == 0
    assert _first_authors(eve) == list(_names(100))
