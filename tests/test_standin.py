"""The stand-in keeps to what arXiv does, over real HTTP, and fails in the ways that it promises."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup
from lxml import etree

from digest.standin.entries import abstract_html, linked
from digest.standin.server import StandIn as DemoStandIn
from tests.standin import Fault, InventedPaper, Mailing, StandIn, faults, invent
from tests.standin.feeds import feed
from tests.standin.pages import catchup_page, listing_page, recent_page

DAY = date(2026, 3, 18)
EVE = DAY - timedelta(days=1)
SEED_DAY = Path(__file__).parents[2] / "shared" / "pages" / "seed-day-2021-10-20"
PAPER_FEEDS = ("/rss/cs.CV", "/atom/cs.CV")
ALL_PATHS = (
    "/list/cs.CV/new", "/list/cs.CV/recent", f"/catchup/cs.CV/{DAY}?abs=True", "/rss/cs.CV", "/atom/cs.CV",
)  # fmt: skip


@pytest.fixture
def arxiv() -> Iterator[StandIn]:
    """Two days of cs.CV, the second of them today."""
    with StandIn([invent("cs.CV", EVE), invent("cs.CV", DAY)], today=DAY) as standin:
        yield standin


def get(standin: StandIn, path: str) -> requests.Response:
    """Fetch ``path`` over a connection of its own."""
    return requests.get(standin.url + path, timeout=10)


def soup(response: requests.Response) -> BeautifulSoup:
    """Parse the answer as what it is: UTF-8."""
    return BeautifulSoup(response.content, "lxml", from_encoding="utf-8")


def headings(page: BeautifulSoup) -> list[str]:
    """Return the texts of the sections' headings."""
    return [heading.get_text() for heading in page.select("dl#articles > h3")]


def ids(page: BeautifulSoup) -> list[str]:
    """Return the ids of all entries in their order."""
    return [str(link["id"]) for link in page.select('dt a[title="Abstract"]')]


def all_papers(announcement: Mailing) -> tuple[InventedPaper, ...]:
    """Return the papers of all sections."""
    return announcement.new + announcement.cross + announcement.replacement


def test_a_listing_has_the_shape_of_arxivs(arxiv: StandIn) -> None:
    """Date, sections, numbers, marks and links stand where arXiv has them, and nothing names a charset."""
    response = get(arxiv, "/list/cs.CV/new")
    page = soup(response)
    day = invent("cs.CV", DAY)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert response.text.rstrip().endswith("</html>")
    assert b"<meta" not in response.content
    assert page.select_one("#dlpage > h3").get_text() == "Showing new listings for Wednesday, 18 March 2026"  # type: ignore[union-attr]
    assert [entry.get_text(strip=True) for entry in page.select("div.paging")] == ["Total of 23 entries"] * 2
    assert headings(page) == [
        "New submissions (showing 12 of 12 entries)",
        "Cross submissions (showing 5 of 5 entries)",
        "Replacement submissions (showing 6 of 6 entries)",
    ]
    assert [link["href"] for link in page.select("#dlpage > ul a")] == ["#item0", "#item13", "#item18"]
    assert ids(page) == [paper.arxiv_id for paper in all_papers(day)]
    assert [name["name"] for name in page.select("dt > a[name]")] == [f"item{n}" for n in range(1, 24)]
    marks = [
        " ".join(entry.find_all(string=True, recursive=False)).split("[")[0].strip() for entry in page.select("dt")
    ]
    assert marks[11] == ""
    assert marks[12] == f"(cross-list from {day.cross[0].primary_category})"
    assert marks[17] == "(replaced)"


def test_a_listing_is_cut_as_arxiv_cuts_it(arxiv: StandIn) -> None:
    """The headings of cut sections, and the pages together, are the whole day."""
    arxiv.page_size = 10
    first = soup(get(arxiv, "/list/cs.CV/new"))
    second = soup(get(arxiv, "/list/cs.CV/new?skip=10&show=10"))
    third = soup(get(arxiv, "/list/cs.CV/new?skip=20"))
    assert headings(first) == ["New submissions (showing first 10 of 12 entries)"]
    assert headings(second) == [
        "New submissions (continued, showing last 2 of 12 entries)",
        "Cross submissions (showing 5 of 5 entries)",
        "Replacement submissions (showing first 3 of 6 entries)",
    ]
    assert headings(third) == ["Replacement submissions (continued, showing last 3 of 6 entries)"]
    links = first.select("div.paging")[0].select("a")
    assert [link.get_text() for link in links] == ["11-20", "21-23"]
    assert links[0]["href"] == "/list/cs.CV/new?skip=10&show=10"
    whole = [paper.arxiv_id for paper in all_papers(invent("cs.CV", DAY))]
    assert ids(first) + ids(second) + ids(third) == whole


def test_a_section_on_three_pages_is_continued_on_the_second() -> None:
    """A page from the middle of a section says neither first nor last."""
    page = listing_page(invent("cs.CV", DAY, new=40), skip=10, show=10)
    assert "(continued, showing 10 of 40 entries)" in page


def test_past_the_end_there_is_the_total_and_no_update(arxiv: StandIn) -> None:
    """A listing past its end is a good answer with the total and without entries."""
    response = get(arxiv, "/list/cs.CV/new?skip=5000&show=2000")
    assert response.status_code == 200
    assert "Total of 23 entries" in response.text
    assert "<p>No updates today.</p>" in response.text


def test_new_shows_the_newest_day_that_today_allows(arxiv: StandIn) -> None:
    """The listing stays at the last announcement, over days without one too."""
    arxiv.today = DAY + timedelta(days=3)
    assert "Wednesday, 18 March 2026" in get(arxiv, "/list/cs.CV/new").text
    arxiv.today = EVE
    assert "Tuesday, 17 March 2026" in get(arxiv, "/list/cs.CV/new").text
    arxiv.today = DAY + timedelta(days=1)
    arxiv.announce(Mailing("cs.CV", arxiv.today))
    page = get(arxiv, "/list/cs.CV/new").text
    assert "Thursday, 19 March 2026" in page
    assert "No updates today." in page


def test_catchup_names_its_day_and_the_next(arxiv: StandIn) -> None:
    """The day is zero padded, the next mailing is linked, and the sections are those of the listing."""
    arxiv.announce(invent("cs.CV", date(2026, 3, 6)))
    page = soup(get(arxiv, "/catchup/cs.CV/2026-03-06?abs=True&page=1"))
    name = "Computer Vision and Pattern Recognition"
    assert page.h1.get_text() == f"Catchup results for {name} on Fri, 06 Mar 2026"  # type: ignore[union-attr]
    assert headings(page)[0] == "New submissions (showing 12 of 12 entries)"
    following = page.find_all("a", string="Continue to the next day")
    assert [link["href"] for link in following] == ["/catchup/cs.CV/2026-03-17?abs=True&page=1"] * 2
    assert len(page.select("p.mathjax")) == 23
    bare = soup(get(arxiv, "/catchup/cs.CV/2026-03-06"))
    assert len(ids(bare)) == 23
    assert not bare.select("p.mathjax")


def test_catchup_of_a_day_without_mailing_is_empty(arxiv: StandIn) -> None:
    """A holiday has a total of 0, the text about no announcement and a way on; the newest day has none."""
    empty = get(arxiv, "/catchup/cs.CV/2026-03-15?abs=True").text
    assert "Total of 0 entries for Sun, 15 Mar 2026" in empty
    assert "No updates for Sun, 15 Mar 2026. There was either no announcement" in empty
    assert "/catchup/cs.CV/2026-03-17?abs=True&amp;page=1" in empty
    assert "Continue to the next day" not in get(arxiv, f"/catchup/cs.CV/{DAY}?abs=True").text


def test_catchup_has_pages(arxiv: StandIn) -> None:
    """Each page links the others, and one past the end says so."""
    arxiv.page_size = 20
    second = soup(get(arxiv, f"/catchup/cs.CV/{DAY}?abs=True&page=2"))
    assert headings(second) == ["Replacement submissions (continued, showing last 3 of 6 entries)"]
    assert second.find("a", string="1") is not None
    third = get(arxiv, f"/catchup/cs.CV/{DAY}?abs=True&page=3").text
    assert "No further updates for Wed, 18 Mar 2026" in third


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/list/cs.XX/new", 400, "Invalid archive or category: cs.XX"),
        ("/catchup/cs.XX/2026-03-18", 400, "Invalid archive or category: cs.XX"),
        ("/list/cs.CV/new?show=30", 400, "Invalid show value"),
        ("/list/cs.CV/new?skip=x", 400, "Invalid skip value"),
        ("/catchup/cs.CV/2026-03-19", 400, "later than today"),
        ("/catchup/cs.CV/2025-12-16", 400, "only allowed for past 90 days"),
        ("/catchup/cs.CV/2026-03-18?show=25", 400, "Unexpected parameters"),
        ("/catchup/cs.CV/soon", 400, "Invalid date: soon"),
        ("/search", 404, "not found"),
        ("/catchup/cs.CV/2025-12-17", 200, "Total of 0 entries"),
        ("/list/cs.LG/new", 200, "No updates today."),
    ],
)
def test_what_arxiv_refuses_is_refused(arxiv: StandIn, path: str, status: int, message: str) -> None:
    """Bad requests get arXiv's status and words; the oldest day in reach and an empty category do not."""
    response = get(arxiv, path)
    assert (response.status_code, message in response.text) == (status, True)


def test_text_is_escaped_broken_and_linked_as_on_arxiv() -> None:
    """Quotes become numbers, newline and blanks a break, addresses "this https URL" without their stop."""
    link = '<a href="{0}://{1}" rel="external noopener nofollow" class="link-external link-{0}">this {0} URL</a>'
    code = link.format("https", "github.com/example-lab/x_1")
    assert abstract_html('a "b" it\'s <c> & $d$\n  e\nf') == ("a &#34;b&#34; it&#39;s &lt;c&gt; &amp; $d$\n<br>e\nf")
    assert linked("at https://github.com/example-lab/x_1.") == f"at {code}."
    assert linked(r"\url{https://github.com/example-lab/x_1}.") == rf"\url{{{code}}}."
    assert linked("(https://github.com/example-lab/x_1), so") == f"({code}), so"
    assert linked('"https://a.example/b"') == "&#34;" + link.format("https", "a.example/b&#34;")
    assert linked("github.com/example-lab/x.") == link.format("http", "github.com/example-lab/x") + "."
    assert linked("see arXiv:2604.93017") == (
        'see <a href="https://arxiv.org/abs/2604.93017" data-arxiv-id="2604.93017" class="link-https">'
        "arXiv:2604.93017</a>"
    )
    assert linked("cs.CV, e.g. 3.14 and v1.2.3") == "cs.CV, e.g. 3.14 and v1.2.3"


def test_a_day_shows_all_kinds_of_papers() -> None:
    """A demo's day holds everything that has ever broken a parser or a renderer."""
    day = invent("cs.CV", DAY)
    texts = "\n\n".join(f"{paper.title}\n{paper.abstract}" for paper in day.new + day.cross)
    kinds = (
        r"\$\\mathcal\{L\}_\{a\}", r"\\times", r"\\%", '"', r"'", "<", "&", r"\n  \S", r"\S\n\S",
        r"https://github\.com/\S+\.$", r"\.github\.io/", r"https://huggingface\.co/", r" github\.com/",
        r"arXiv:[0-9]",
    )  # fmt: skip
    assert [kind for kind in kinds if not re.search(kind, texts, re.MULTILINE)] == []
    assert any("http" in (paper.comments or "") and "http" not in paper.abstract for paper in day.new)
    assert any(not name.isascii() for paper in day.new for name in paper.authors)
    assert all(paper.primary_category == "cs.CV" for paper in day.new)
    assert all(paper.primary_category != "cs.CV" for paper in day.cross)
    assert all("cs.CV" in paper.categories for paper in all_papers(day))


def test_ids_ascend_and_are_never_used_twice() -> None:
    """No id stands for two papers, in any section of any day of two categories in 400 days."""
    seen = []
    for offset in range(400):
        day = date(2025, 1, 1) + timedelta(days=offset)
        for category in ("cs.CV", "cs.LG"):
            announcement = invent(category, day)
            homes = [paper.primary_category == category for paper in announcement.replacement]
            assert homes == sorted(homes, reverse=True)
            for section in (announcement.new, announcement.cross, announcement.replacement[: sum(homes)]):
                found = [paper.arxiv_id for paper in section]
                assert found == sorted(found)
            seen += [paper.arxiv_id for paper in all_papers(announcement)]
    assert len(set(seen)) == len(seen) == 400 * 2 * 23
    assert all(re.fullmatch(r"[0-9]{2}(0[1-9]|1[0-2])\.[0-9]{5}", found) for found in seen)


def test_a_big_day_has_ids_enough() -> None:
    """2600 papers can be invented for one day, for tests of paging at arXiv's own size."""
    day = invent("cs.CV", DAY, new=1500, cross=400, replacement=700)
    assert len({paper.arxiv_id for paper in all_papers(day)}) == day.total == 2600
    with pytest.raises(ValueError, match="at most"):
        invent("cs.CV", DAY, new=1900, cross=200)


def test_invention_is_the_same_in_every_process() -> None:
    """Neither the process nor its hash seed changes what is invented."""
    code = f"from datetime import date; from tests.standin import invent; print(invent('cs.CV', {DAY!r}))"
    code = code.replace("datetime.date(", "date(")
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {f"{invent('cs.CV', DAY)}\n".encode()}


def test_requests_are_noted_over_one_connection(arxiv: StandIn) -> None:
    """Each request is kept with path, headers and time, and a session keeps its connection."""
    with requests.Session() as session:
        for path in ("/list/cs.CV/new?skip=0", "/nothing"):
            session.get(arxiv.url + path, headers={"User-Agent": "probe"}, timeout=10)
        pools = session.adapters["http://"].poolmanager.pools  # type: ignore[attr-defined]
        assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118  # not a dict
    assert [request.path for request in arxiv.requests] == ["/list/cs.CV/new?skip=0", "/nothing"]
    assert arxiv.requests[0].headers["user-agent"] == "probe"
    assert arxiv.requests[0].at < arxiv.requests[1].at <= time.monotonic()


def test_leaving_ends_drips_and_kept_connections() -> None:
    """After the context nothing answers any more, not even on an open connection."""
    with requests.Session() as session:
        with StandIn([], today=DAY) as standin:
            url = standin.url
            session.get(url, timeout=10)
            standin.fault = faults.slow_drip(0.5)
            dripping = session.get(url, timeout=10, stream=True)
            left = time.monotonic()
        with pytest.raises(requests.RequestException):
            _ = dripping.content
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=10)
        assert time.monotonic() - left < 2


def test_a_drip_ends_when_the_client_leaves(arxiv: StandIn) -> None:
    """No thread goes on sending to a client that has closed its end."""
    threads = threading.active_count()
    arxiv.fault = faults.slow_drip(0.01)
    with requests.get(arxiv.url, timeout=10, stream=True) as response:
        next(response.iter_content(1))
    deadline = time.monotonic() + 5
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= threads


def test_statuses_and_throttling_can_pass(arxiv: StandIn) -> None:
    """A fault with ``times`` hits the first requests only."""
    arxiv.fault = faults.status(503, retry_after="300", times=1)
    refused = get(arxiv, "/list/cs.CV/new")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "300")
    assert get(arxiv, "/list/cs.CV/new").status_code == 200
    arxiv.fault = faults.rate_exceeded(times=2)
    answers = [get(arxiv, "/list/cs.CV/new").text for _ in range(3)]
    assert answers[:2] == ["Rate exceeded."] * 2
    assert answers[2].startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("fault", [faults.cut_transfer(500), faults.chunked_cut()])
def test_a_broken_transfer_is_seen_by_the_client(arxiv: StandIn, fault: Fault) -> None:
    """Where the coding tells the end, breaking off is an error."""
    arxiv.fault = fault
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        get(arxiv, "/list/cs.CV/new")


@pytest.mark.parametrize(("fault", "length"), [(faults.cut_page(500), "500"), (faults.no_length_cut(500), None)])
def test_a_silent_cut_is_not_seen_by_the_client(arxiv: StandIn, fault: Fault, length: str | None) -> None:
    """Where nothing tells the end, only the page itself can show that it is cut."""
    whole = get(arxiv, "/list/cs.CV/new").content
    arxiv.fault = fault
    response = get(arxiv, "/list/cs.CV/new")
    assert response.content == whole[:500]
    assert response.headers.get("Content-Length") == length


def test_gzip_honest_cut_and_bomb(arxiv: StandIn) -> None:
    """A compressed page unpacks to the page, half of one does not, and a bomb grows a hundredfold."""
    whole = get(arxiv, "/list/cs.CV/new").content
    arxiv.fault = faults.gzip_encoded()
    response = get(arxiv, "/list/cs.CV/new")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.content == whole
    arxiv.fault = faults.cut_gzip()
    assert get(arxiv, "/list/cs.CV/new").content != whole
    arxiv.fault = faults.gzip_bomb(20_000_000)
    bomb = get(arxiv, "/list/cs.CV/new")
    assert len(bomb.content) >= 20_000_000 > 100 * int(bomb.headers["Content-Length"])


def test_wrong_pages_come_as_good_answers(arxiv: StandIn) -> None:
    """A login page, nothing at all, another type and a redirection are sent as told."""
    arxiv.fault = faults.login_page()
    assert "sign in" in get(arxiv, "/list/cs.CV/new").text
    arxiv.fault = faults.empty_body()
    assert get(arxiv, "/list/cs.CV/new").content == b""
    arxiv.fault = faults.content_type("application/pdf")
    assert get(arxiv, "/list/cs.CV/new").headers["Content-Type"] == "application/pdf"
    arxiv.fault = faults.first(1, faults.redirect_to(f"{arxiv.url}/catchup/cs.CV/{DAY}"))
    assert get(arxiv, "/list/cs.CV/new").url.endswith(f"/catchup/cs.CV/{DAY}")


@pytest.mark.parametrize("path", ["/list/cs.CV/new", f"/catchup/cs.CV/{DAY}?abs=True"])
def test_a_lagging_replica_shows_less_than_its_total(arxiv: StandIn, path: str) -> None:
    """The section says 8 of 12, the total stays, the numbers run on, and there is no paging."""
    arxiv.fault = faults.lag_partial(hidden=4)
    response = get(arxiv, path)
    page = soup(response)
    assert headings(page)[:2] == [
        "New submissions (showing 8 of 12 entries)",
        "Cross submissions (showing 5 of 5 entries)",
    ]
    assert "Total of 23 entries" in response.text
    assert not page.select("div.paging a")
    assert page.select("dt > a[name]")[-1]["name"] == "item19"


def test_a_replica_without_anything(arxiv: StandIn) -> None:
    """A listing is refused for five minutes; a catchup page says both a total and that nothing is there."""
    arxiv.fault = faults.lag_full()
    assert get(arxiv, "/list/cs.CV/new").headers["Retry-After"] == "300"
    page = get(arxiv, f"/catchup/cs.CV/{DAY}?abs=True").text
    assert "Total of 23 entries" in page
    assert "No updates for Wed, 18 Mar 2026" in page


def test_frozen_and_miscounted_pages(arxiv: StandIn) -> None:
    """An empty page under the right date, and one heading off by one."""
    arxiv.fault = faults.frozen_empty()
    page = get(arxiv, "/list/cs.CV/new").text
    assert "18 March 2026" in page
    assert "No updates today." in page
    arxiv.fault = faults.wrong_count()
    assert headings(soup(get(arxiv, "/list/cs.CV/new")))[:2] == [
        "New submissions (showing 13 of 13 entries)",
        "Cross submissions (showing 5 of 5 entries)",
    ]


def test_the_demo_s_arxiv_shows_what_the_tests_do(arxiv: StandIn) -> None:
    """Both send the same newest listing to the byte; the demo's has no other page, of each category one."""
    with DemoStandIn() as demo:
        for day in (invent("cs.CV", EVE), invent("cs.CV", DAY), invent("cs.LG", EVE, replacement=0)):
            demo.announce(day)
        shown, wanted = (requests.get(f"{url}/list/cs.CV/new", timeout=10) for url in (demo.url, arxiv.url))
        assert (shown.status_code, shown.content) == (200, wanted.content)
        assert [*shown.headers] == [*wanted.headers]
        other = requests.get(f"{demo.url}/list/cs.LG/new", timeout=10)
        assert other.text == listing_page(invent("cs.LG", EVE, replacement=0))
        assert requests.get(f"{demo.url}/list/cs.RO/new", timeout=10).status_code == 404


@pytest.mark.skipif(not SEED_DAY.is_dir(), reason="needs the captured pages in ../shared")
def test_real_papers_give_the_real_pages() -> None:
    """From the captured day's metadata come its captured pages, to the byte."""
    day = captured(SEED_DAY)[0]
    for name, page in (
        ("list_cs.CV_new", listing_page(day)),
        ("list_cs.CV_new_show25", listing_page(day, show=25)),
        ("list_cs.CV_new_skip25_show25", listing_page(day, skip=25, show=25)),
        ("list_cs.CV_new_skip75_show25", listing_page(day, skip=75, show=25)),
        ("catchup_cs.CV_2021-10-20_abs", catchup_page(day)),
        ("catchup_noabs", catchup_page(day, abstracts=False)),
        (
            "catchup_cs.CV_2021-10-17_abs",
            catchup_page(Mailing("cs.CV", date(2021, 10, 17)), next_day=date(2021, 10, 18)),
        ),
    ):
        real = (SEED_DAY / f"{name}.html").read_text(encoding="utf-8")
        assert comparable(page) == comparable(real), name


def captured(folder: Path, *, as_typed: bool = False) -> list[Mailing]:
    """Return the announcements of a captured folder, the newest first; ``as_typed`` is what feeds show."""
    rows = json.loads((folder / "papers.json").read_text(encoding="utf-8"))
    rows = [row for row in rows if row["version"] <= 5]
    rows.sort(key=lambda row: (row["section_on_cs_CV"] == "rep" and row["primary"] != "cs.CV", row["arxiv_id"]))
    sections: dict[str, dict[str, list[InventedPaper]]] = {}
    for row in rows:
        title, abstract = row["title_raw"], row["abstract_raw"]
        if not as_typed:  # as arXiv's TeX step does
            title = title.replace(r"\epsilon", "ε")
            abstract = re.sub(r"\{\{(\w+)\}\}", r"{\1}", abstract)
        paper = InventedPaper(
            arxiv_id=row["arxiv_id"],
            title=title,
            abstract=abstract,
            authors=(row["authors_raw"],),
            comments=row["comments_raw"],
            journal_ref=row["journal_ref"],
            primary_category=row["primary"],
            categories=tuple(row["categories"] if as_typed else sorted(row["categories"])),
        )
        day = sections.setdefault(row["date"], {"new": [], "cross": [], "rep": []})
        day[row["section_on_cs_CV"]].append(paper)
    return [
        Mailing("cs.CV", date.fromisoformat(day), *map(tuple, sections[day].values()))
        for day in sorted(sections, reverse=True)
    ]


def comparable(page: str) -> str:
    """Return the part of a page that is to be arXiv's, without authors and without links to HTML."""
    part = page[page.index("<div id='content-inner'>") : page.index("</main>")]
    part = re.sub(r', <a href="/html.*?>html</a>', "", part)
    return re.sub(r"(<div class='list-authors'>).*?(</div>)", r"\1\2", part)


@pytest.mark.parametrize("kind", ["rss", "atom"])
@pytest.mark.parametrize(
    ("folder", "name"), [("seed-day-2021-10-20", "seedday"), ("big-day-2024-10-15", "bigday")], ids=["seed", "big"]
)
def test_real_papers_give_the_real_feeds(shared: Path, folder: str, name: str, kind: str) -> None:
    """From the captured days' metadata come their captured feeds, to the byte."""
    day = captured(shared / "pages" / folder, as_typed=True)[0]
    real = (shared / "pages" / "feeds" / f"{name}_{kind}_cs.CV.xml").read_text(encoding="utf-8")
    assert comparable_feed(feed(kind, day)) == comparable_feed(real)


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_of_a_weekend_is_the_real_one(shared: Path, kind: str) -> None:
    """Without an announcement the feed is arXiv's empty one, under the date of the day."""
    real = (shared / "pages" / "feeds" / f"weekend_empty_{kind}_cs.CV.xml").read_text(encoding="utf-8")
    assert comparable_feed(feed(kind, Mailing("cs.CV", date(2021, 10, 23)))) == comparable_feed(real)


def comparable_feed(text: str) -> str:
    """Return a feed without what the stand-in invents: versions, times of building; and without DOIs."""
    text = re.sub(r"^ *<arxiv:DOI>.*</arxiv:DOI>\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"(<lastBuildDate>|<updated>).*?<", r"\1<", text)
    text = re.sub(r"(      <day>\w+</day>\n){2}", "      <day/>\n", text)  # their order changes on arXiv
    return re.sub(r"([0-9]{4}\.[0-9]{5})v[1-5]", r"\1", text)


def test_real_papers_give_the_real_recent_pages(shared: Path) -> None:
    """From the captured days' metadata come the captured pages of several days, to the byte."""
    pages = shared / "pages"
    seed = captured(pages / "seed-day-2021-10-20")
    crosses = captured(pages / "edges/crossonly_2024-10-17")
    whole = captured(pages / "edges/lag_partial_2024-10-21")
    lagging = (pages / "edges/lag_partial_2024-10-21/list_cs.CV_recent.html").read_text(encoding="utf-8")
    shown = re.findall(r'title="Abstract" id="(.*?)"', lagging)
    held = replace(whole[0], new=tuple(paper for paper in whole[0].new if paper.arxiv_id in shown))
    for name, page in (
        ("seed-day-2021-10-20/list_cs.CV_recent", recent_page("cs.CV", seed)),
        ("seed-day-2021-10-20/list_cs.CV_pastweek_show2000", recent_page("cs.CV", seed, name="pastweek", show=2000)),
        ("edges/crossonly_2024-10-17/list_cs.CV_recent", recent_page("cs.CV", crosses)),
        ("edges/lag_partial_2024-10-21/list_cs.CV_recent", recent_page("cs.CV", whole, held=held)),
        ("edges/empty/list_cs.CV_recent", recent_page("cs.CV", [])),
    ):
        real = (pages / f"{name}.html").read_text(encoding="utf-8")
        assert comparable(page) == comparable(real), name


def items(response: requests.Response) -> list[etree._Element]:
    """Return the items of an RSS feed, or the entries of an Atom feed."""
    root = etree.fromstring(response.content)
    return root.findall("channel/item") or root.findall("{*}entry")


def field(item: etree._Element, *names: str) -> list[str]:
    """Return the texts of the item's children of one of the names, whatever their namespace."""
    return [child.text or "" for name in names for child in item.findall(f"{{*}}{name}")]


def test_a_feed_has_the_papers_as_authors_typed_them(arxiv: StandIn) -> None:
    """Sections follow one another, ids ascend, texts are raw, comments are missing, the primary comes first."""
    day = invent("cs.CV", DAY)
    home = [paper for paper in day.replacement if paper.primary_category == "cs.CV"]
    kinds = ["new"] * 12 + ["cross"] * 5 + ["replace"] * len(home) + ["replace-cross"] * (6 - len(home))
    for path in PAPER_FEEDS:
        found = items(get(arxiv, path))
        assert [field(item, "announce_type") for item in found] == [[kind] for kind in kinds]
        for item, paper, kind in zip(found, all_papers(day), kinds, strict=True):
            (oai_id,) = field(item, "guid", "id")
            version = r"1" if kind in ("new", "cross") else r"[2-5]"
            assert re.fullmatch(rf"oai:arXiv\.org:{paper.arxiv_id}v{version}", oai_id)
            assert field(item, "title") == [paper.title]
            assert field(item, "description", "summary") == [
                f"{oai_id.replace('oai:arXiv.org', 'arXiv')} Announce Type: {kind} \nAbstract: {paper.abstract}"
            ]
            assert field(item, "creator") == [", ".join(paper.authors)]
            assert field(item, "journal_reference") == [paper.journal_ref] * bool(paper.journal_ref)
            categories = [category.get("term") or category.text or "" for category in item.findall("{*}category")]
            assert categories[0] == paper.primary_category
            assert sorted(categories) == sorted(paper.categories)


def test_a_feed_says_what_it_is(arxiv: StandIn) -> None:
    """RSS and Atom come with their own content types, and with nothing of the address that they came from."""
    for path, kind in zip(PAPER_FEEDS, ("rss", "atom"), strict=True):
        response = get(arxiv, path)
        assert response.headers["Content-Type"] == f"application/{kind}+xml; charset=utf-8"
        assert b"127.0.0.1" not in response.content


@pytest.mark.parametrize(
    ("day", "rss", "atom"),
    [
        (date(2026, 3, 6), "Fri, 06 Mar 2026 00:00:00 -0500", "2026-03-06T00:00:00-05:00"),
        (date(2026, 3, 9), "Mon, 09 Mar 2026 00:00:00 -0400", "2026-03-09T00:00:00-04:00"),
        (date(2026, 10, 30), "Fri, 30 Oct 2026 00:00:00 -0400", "2026-10-30T00:00:00-04:00"),
        (date(2026, 11, 2), "Mon, 02 Nov 2026 00:00:00 -0500", "2026-11-02T00:00:00-05:00"),
    ],
)
def test_a_feed_is_dated_at_midnight_in_new_york(arxiv: StandIn, day: date, rss: str, atom: str) -> None:
    """The offset is that of the date, before and after both changes of the clock in 2026."""
    arxiv.announce(invent("cs.CV", day, new=1, cross=0, replacement=0))
    arxiv.today = day
    for path, expected in zip(PAPER_FEEDS, (rss, atom), strict=True):
        assert [field(item, "pubDate", "published") for item in items(get(arxiv, path))] == [[expected]]
    channel = etree.fromstring(get(arxiv, "/rss/cs.CV").content).find("channel")
    assert channel is not None
    assert channel.findtext("pubDate") == rss


def test_a_feed_has_the_mailing_of_today_alone(arxiv: StandIn) -> None:
    """On a date without an announcement of the category the feed is whole, of that date, and empty."""
    for today, category in ((DAY + timedelta(days=1), "cs.CV"), (DAY, "cs.LG")):
        arxiv.today = today
        for kind in ("rss", "atom"):
            response = get(arxiv, f"/{kind}/{category}")
            assert (response.status_code, items(response)) == (200, [])
        assert f"<pubDate>{today:%a, %d %b %Y} 00:00:00 -0400</pubDate>" in get(arxiv, f"/rss/{category}").text


def test_a_feed_stops_at_2000_items() -> None:
    """Cross-lists and replacements all remain; of the new papers the first are dropped."""
    day = invent("cs.CV", DAY, new=1500, cross=400, replacement=700)
    for kind in ("rss", "atom"):
        found = re.findall(r"oai:arXiv\.org:([0-9.]+)v", feed(kind, day))
        assert found == [paper.arxiv_id for paper in all_papers(day)[600:]]


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_of_no_category_says_so(arxiv: StandIn, kind: str) -> None:
    """An unknown category gets a whole feed with status 400, and the reason in its description."""
    response = get(arxiv, f"/{kind}/cs.XX")
    assert (response.status_code, items(response)) == (400, [])
    assert f"Feed error for query: http://rss.arxiv.org/{kind}/cs.XX" in response.text
    assert "Bad subject class 'XX'. Valid subject classes for the archive 'cs' are: cs.AI, " in response.text


def test_the_feed_of_no_category_has_the_shape_of_arxivs(arxiv: StandIn, shared: Path) -> None:
    """The same elements in the same order as in the captured feed of an unknown category."""
    real = etree.parse(shared / "pages" / "feeds" / "err_badcat_rss.xml").getroot()
    ours = etree.fromstring(get(arxiv, "/rss/cs.XX").content)
    assert [(element.tag, dict(element.attrib)) for element in ours.iter()] == [
        (element.tag, dict(element.attrib)) for element in real.iter()
    ]


def test_recent_has_five_days_without_replacements_and_abstracts(arxiv: StandIn) -> None:
    """In each day ids descend, primaries first; the sixth day back is gone; days are linked by their start."""
    for back in range(2, 7):
        arxiv.announce(invent("cs.CV", DAY - timedelta(days=back)))
    page = soup(get(arxiv, "/list/cs.CV/recent?show=100"))
    newest = invent("cs.CV", DAY)
    assert headings(page) == [
        f"{name} Mar 2026 (showing 17 of 17 entries )"
        for name in ("Wed, 18", "Tue, 17", "Mon, 16", "Sun, 15", "Sat, 14")
    ]
    assert page.select_one("div.paging").get_text(strip=True) == "Total of 85 entries"  # type: ignore[union-attr]
    new, cross = ([paper.arxiv_id for paper in section] for section in (newest.new, newest.cross))
    assert ids(page)[:17] == sorted(new, reverse=True) + sorted(cross, reverse=True)
    assert [link["href"] for link in page.select("#dlpage > ul a")] == [
        f"/list/cs.CV/recent?skip={skip}&show=100" for skip in (0, 17, 34, 51, 68)
    ]
    assert not page.select("p.mathjax")


def test_recent_is_cut_as_arxiv_cuts_it(arxiv: StandIn) -> None:
    """A day goes over three pages in the listing's words, at 50 a page if nothing is asked; the pages are the whole."""
    arxiv.announce(invent("cs.CV", DAY, new=50, cross=20))
    whole = ids(soup(get(arxiv, "/list/cs.CV/pastweek?show=2000")))
    pages = [soup(get(arxiv, f"/list/cs.CV/recent?skip={skip}&show=25")) for skip in (0, 25, 50, 75)]
    assert [headings(page) for page in pages] == [
        ["Wed, 18 Mar 2026 (showing first 25 of 70 entries )"],
        ["Wed, 18 Mar 2026 (continued, showing 25 of 70 entries )"],
        [
            "Wed, 18 Mar 2026 (continued, showing last 20 of 70 entries )",
            "Tue, 17 Mar 2026 (showing first 5 of 17 entries )",
        ],
        ["Tue, 17 Mar 2026 (continued, showing last 12 of 17 entries )"],
    ]
    assert [found for page in pages for found in ids(page)] == whole
    assert len(whole) == 87
    assert len(ids(soup(get(arxiv, "/list/cs.CV/recent")))) == 50
    assert get(arxiv, "/list/cs.CV/recent?show=30").status_code == 400
    assert get(arxiv, "/list/cs.XX/recent").status_code == 400


def test_recent_names_days_on_which_the_category_has_nothing(arxiv: StandIn) -> None:
    """The days are those of the site's mailings: one without entries is a heading, and says so."""
    arxiv.announce(Mailing("cs.CV", DAY))
    page = soup(get(arxiv, "/list/cs.CV/recent"))
    assert headings(page) == ["Wed, 18 Mar 2026", "Tue, 17 Mar 2026 (showing 17 of 17 entries )"]
    assert page.select("dl#articles > p")[0].get_text() == "No updates for this time period."


@pytest.mark.parametrize(
    "others",
    [Mailing("cs.CV", DAY + timedelta(days=1)), invent("cs.LG", DAY + timedelta(days=1))],
    ids=["a mailing without papers", "a mailing for others"],
)
def test_a_mailing_without_anything_for_a_category(arxiv: StandIn, others: Mailing) -> None:
    """/new has the date of the site's newest mailing and nothing else; catchup has a total of 0, and leads there.

    arXiv's list template leaves the total out when the count is 0: ``page_divs`` of ``browse/templates/list/``.
    """
    arxiv.announce(others)
    arxiv.today = DAY + timedelta(days=2)
    new = get(arxiv, "/list/cs.CV/new").text
    assert "Showing new listings for Thursday, 19 March 2026" in new
    assert "Total of" not in new
    assert "<p>No updates today.</p>" in new
    before = soup(get(arxiv, f"/catchup/cs.CV/{DAY}?abs=True"))
    following = before.find("a", string="Continue to the next day")
    assert following is not None
    assert following["href"] == "/catchup/cs.CV/2026-03-19?abs=True&page=1"
    empty = get(arxiv, "/catchup/cs.CV/2026-03-19?abs=True").text
    assert "Total of 0 entries for Thu, 19 Mar 2026" in empty
    assert "No updates for Thu, 19 Mar 2026." in empty


def test_answers_are_the_same_in_every_process() -> None:
    """Neither the process, nor its hash seed, nor its port changes a byte of a page or a feed."""
    code = (
        "from datetime import date; from hashlib import sha256\n"
        "from tests.standin import Request, StandIn, invent\n"
        f"standin = StandIn([invent('cs.CV', date({DAY:%Y, %-m, %-d}))], today=date({DAY:%Y, %-m, %-d}))\n"
        f"for path in {ALL_PATHS!r}:\n"
        "    print(path, sha256(standin.answer(Request(path, {}, 0.0)).body).hexdigest())\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(texts) == 1
    assert texts.pop().count(b"\n") == len(ALL_PATHS)


def bodies(standin: StandIn) -> dict[str, bytes]:
    """Return what every path is answered with."""
    return {path: get(standin, path).content for path in ALL_PATHS}


def changed(standin: StandIn, fault: Fault) -> set[str]:
    """Return the paths that the fault changes."""
    standin.fault = None
    honest = bodies(standin)
    standin.fault = fault
    return {path for path, body in bodies(standin).items() if body != honest[path]}


@pytest.mark.parametrize(
    ("fault", "paths"),
    [
        (faults.lag_partial(hidden=4), ALL_PATHS[:3]),
        (faults.lag_full(), ALL_PATHS[:3]),
        (faults.frozen_empty(), ALL_PATHS[:1]),
        (faults.wrong_count(), ALL_PATHS[:3]),
        (faults.new_layout(), ALL_PATHS[:3]),
        (faults.stale_page(invent("cs.CV", EVE)), ALL_PATHS[:1]),
        (faults.stale_page(invent("cs.LG", EVE)), ()),
        (faults.stale_feed(invent("cs.CV", EVE)), ALL_PATHS[3:]),
        (faults.stale_feed(invent("cs.LG", EVE)), ()),
        (faults.only(r"^/list/.*/new$", faults.empty_body()), ALL_PATHS[:1]),
        (faults.only("recent|rss", faults.empty_body()), (ALL_PATHS[1], ALL_PATHS[3])),
        (faults.chain(faults.frozen_empty(), faults.stale_feed(invent("cs.CV", EVE))), (ALL_PATHS[0], *ALL_PATHS[3:])),
    ],
    ids=[
        "partial lag", "full lag", "frozen", "miscounted", "new layout", "stale page", "stale page of others",
        "stale feed", "stale feed of others", "only /new", "only two", "two faults",
    ],
)  # fmt: skip
def test_a_fault_leaves_the_other_paths_honest(arxiv: StandIn, fault: Fault, paths: tuple[str, ...]) -> None:
    """Listings and feeds fail on their own, as on arXiv."""
    assert changed(arxiv, fault) == set(paths)


def test_chained_faults_apply_in_order(arxiv: StandIn) -> None:
    """Each gets the reply that the one before has left."""
    arxiv.fault = faults.chain(faults.stale_page(invent("cs.CV", EVE)), faults.lag_partial(3), faults.gzip_encoded())
    response = get(arxiv, "/list/cs.CV/new")
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Tuesday, 17 March 2026" in response.text
    assert headings(soup(response))[0] == "New submissions (showing 9 of 12 entries)"


def test_a_stale_page_is_the_listing_of_before(arxiv: StandIn) -> None:
    """Byte for byte what /new showed the day before, cut as asked."""
    for path in ("/list/cs.CV/new", "/list/cs.CV/new?skip=0&show=25"):
        arxiv.today, arxiv.fault = EVE, None
        before = get(arxiv, path).content
        arxiv.today, arxiv.fault = DAY, faults.stale_page(invent("cs.CV", EVE))
        assert get(arxiv, path).content == before


def test_a_stale_feed_has_old_items_under_fresh_dates(arxiv: StandIn) -> None:
    """Nothing but its items tells that the feed is old."""
    before = invent("cs.CV", EVE)
    for path in PAPER_FEEDS:
        arxiv.fault = None
        fresh = items(get(arxiv, path))[0]
        arxiv.fault = faults.stale_feed(before)
        response = get(arxiv, path)
        stale = items(response)
        assert [field(item, "title") for item in stale] == [[paper.title] for paper in all_papers(before)]
        assert field(stale[0], "pubDate", "published") == field(fresh, "pubDate", "published")
        assert "17 Mar" not in response.text
        assert "2026-03-17" not in response.text


@pytest.mark.parametrize("path", ALL_PATHS[:3])
def test_a_new_layout_has_records_that_nobody_knows(arxiv: StandIn, path: str) -> None:
    """The page is whole, with all its papers and its total, but without any mark of a record."""
    honest = get(arxiv, path)
    arxiv.fault = faults.new_layout()
    response = get(arxiv, path)
    page = soup(response)
    known = "dl, dt, dd, .meta, .list-title, .list-authors, .list-subjects, .descriptor, p.mathjax"
    assert soup(honest).select(known)
    assert not page.select(known)
    assert page.get_text() == soup(honest).get_text()
    assert response.text.rstrip().endswith("</html>")
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("path", ["/list/cs.CV/new", "/rss/cs.CV"])
def test_a_server_that_is_down_answers_nothing(arxiv: StandIn, path: str) -> None:
    """The request is noted and the connection closed before any status; later it may serve again."""
    arxiv.fault = faults.first(1, faults.down())
    with pytest.raises(requests.ConnectionError, match="without response"):
        get(arxiv, path)
    assert get(arxiv, path).status_code == 200
    assert [request.path for request in arxiv.requests] == [path, path]


def test_a_reply_can_be_built_by_hand(arxiv: StandIn) -> None:
    """Any function of request and honest reply is a fault."""
    arxiv.fault = lambda request, reply: replace(reply, body=request.path.encode(), header_delay=0.05)
    started = time.monotonic()
    assert get(arxiv, "/list/cs.CV/new").text == "/list/cs.CV/new"
    assert time.monotonic() - started >= 0.05
