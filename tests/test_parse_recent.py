"""What pages say of other dates than their own: the counts of /recent, and the day to which a catchup page leads."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest.errors import PageRefusedError
from digest.parse.listing import join_pages, parse_page
from digest.parse.recent import parse_recent
from tests.standin import Mailing, invent
from tests.standin.pages import catchup_page, empty_catchup_page, error_page, listing_page, no_updates_page, recent_page

Edit = Callable[[str], str]

DAY = date(2025, 3, 5)
NEXT = date(2025, 3, 6)


def recent(
    *headings: str, total: str = "Total of 66 entries", title: str = "Authors and titles for recent submissions"
) -> str:
    """Return a page of arXiv's with these headings of days."""
    days = "".join(f"<h3>{heading}</h3><dt><a name='item1'>[1]</a></dt><dd>An entry</dd>" for heading in headings)
    paging = f"<div class='paging'>{total}</div>" if total else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><title>Computer Vision and Pattern Recognition</title></head>
<body><h2>quick links</h2><div id='dlpage'>
<h1>Computer Vision and Pattern Recognition</h1>
<h2>{title}</h2>
{paging}
<dl id='articles'>{days}</dl>
{paging}
</div></body>
</html>
"""


def counted(page: bytes) -> dict[date, int]:
    """Return how many entries a page counts of each date."""
    return {day: found.count for day, found in parse_recent(page).items()}


def refusal(page: str | bytes) -> str:
    """Return the text with which a page is refused as one of /recent; it is one line."""
    with pytest.raises(PageRefusedError) as caught:
        parse_recent(page if isinstance(page, bytes) else page.encode())
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


WEDNESDAY = "Wed, 5 Mar 2025 (showing 46 of 46 entries )"
TUESDAY = "Tue, 4 Mar 2025 (showing first 4 of 20 entries )"


# --- /recent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "day", "number"),
    [
        ("seed-day-2021-10-20/list_cs.CV_pastweek_show2000.html", "seed-day-2021-10-20", 5),
        ("seed-day-2021-10-20/list_cs.CV_recent.html", "seed-day-2021-10-20", 2),  # cut after 50 entries
        ("layouts/2024-07/list_cs.CV_pastweek_show2000.html", "layouts/2024-07", 5),
        ("big-day-2024-10-15/list_cs.CV_pastweek_show2000.html", "big-day-2024-10-15", 3),
        ("edges/crossonly_2024-10-17/list_cs.CV_recent.html", "edges/crossonly_2024-10-17", 1),
        ("edges/lag_partial_2024-10-21/list_cs.CV_recent.html", "edges/lag_partial_2024-10-21", 1),  # 23 of 28 shown
    ],
)
def test_a_reference_page_counts_its_newest_days(shared: Path, path: str, day: str, number: int) -> None:
    """New submissions and cross-lists of each day, as many as were announced, also where the page is cut or lags."""
    rows = json.loads((shared / "pages" / day / "papers.json").read_bytes())
    announced = Counter(date.fromisoformat(row["date"]) for row in rows if row["section_on_cs_CV"] != "rep")
    newest = sorted(announced, reverse=True)[:number]
    assert counted((shared / "pages" / path).read_bytes()) == {one: announced[one] for one in newest}


def test_a_reference_page_lists_its_newest_day(shared: Path) -> None:
    """Those that stand under its heading: all but the replacements of that day's papers.json."""
    folder = shared / "pages/seed-day-2021-10-20"
    rows = json.loads((folder / "papers.json").read_bytes())
    listed = {row["arxiv_id"] for row in rows if row["date"] == "2021-10-20" and row["section_on_cs_CV"] != "rep"}
    assert parse_recent((folder / "list_cs.CV_recent.html").read_bytes())[date(2021, 10, 20)].ids == listed


@pytest.mark.parametrize("name", ["list_cs.CV_recent.html", "list_cs.CV_pastweek_show2000.html"])
def test_a_week_without_anything_has_no_days(shared: Path, name: str) -> None:
    """ArXiv then shows neither a heading nor a total."""
    assert counted((shared / "pages/edges/empty" / name).read_bytes()) == {}


@pytest.mark.parametrize(
    "path",
    [
        "layouts/pre-2024-reconstructed/list_cs.CV_pastweek.html",
        "seed-day-2021-10-20/list_cs.CV_new.html",
        "seed-day-2021-10-20/catchup_cs.CV_2021-10-20_abs.html",
        "edges/lag_full_2024-10-22/list_cs.CV_recent.html",
        "errors/err_badcat_new.html",
    ],
)
def test_another_reference_page_is_refused(shared: Path, path: str) -> None:
    """The layout that states no numbers, other listings, errors."""
    refusal((shared / "pages" / path).read_bytes())


def test_each_form_of_a_heading_is_read() -> None:
    """Whole, the first part, the last part, and one that goes on from the page before."""
    page = recent(
        "Thu, 6 Mar 2025 (continued, showing last 3 of 300 entries )",
        WEDNESDAY,
        "Tue, 04 Mar 2025 (showing 1 of 1 entries)",
        "Mon, 3 Mar 2025 (showing first 1 of 77 entries )",
        total="Total of 424 entries : 1-25 26-50",
    )
    counts = [(6, 300), (5, 46), (4, 1), (3, 77)]
    assert counted(page.encode()) == {date(2025, 3, day): count for day, count in counts}


def test_a_date_without_updates_has_no_entries() -> None:
    """A mailing with nothing of this category has a heading without numbers, and says so."""
    page = recent_page("cs.CV", [invent("cs.CV", DAY), Mailing("cs.CV", date(2025, 3, 4))], skip=0, show=25)
    assert counted(page.encode()) == {DAY: 17, date(2025, 3, 4): 0}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (recent("Wed, 5 Mar 2025"), "found 'Wed, 5 Mar 2025'"),
        (recent(WEDNESDAY, "See also"), "found 'See also'"),
        (recent(WEDNESDAY.replace("Wed", "Thu")), "Wednesday"),
        (recent(WEDNESDAY.replace("showing 46", "showing 47")), "showing 47 of 46"),
        (recent(WEDNESDAY, WEDNESDAY), "newest first"),
        (recent(TUESDAY, WEDNESDAY), "newest first"),
        (recent(WEDNESDAY, TUESDAY, total="Total of 65 entries"), "found ['65'] and 66"),
        (recent(WEDNESDAY, total=""), "one total"),
        (recent(WEDNESDAY, total="Total of 66 entries, Total of 67 entries"), "one total"),
        (recent(), "found ['66'] and 0"),
        (recent(WEDNESDAY, title="Authors and titles for March 2025"), "March 2025"),
        (recent(WEDNESDAY).replace("dlpage", "page"), "unknown layout"),
        (recent(WEDNESDAY).replace("</html>", ""), "</html>"),
        ("", "an empty body"),
        (listing_page(invent("cs.CV", DAY)), "recent submissions"),
        (no_updates_page("cs.CV", DAY), "recent submissions"),
        (error_page("Invalid archive or category: cs.XX"), "cs.XX"),
    ],
)
def test_what_is_no_whole_page_of_recent_days_is_refused(page: str, words: str) -> None:
    """In one line that says what was expected and found."""
    assert words in refusal(page)


def test_a_page_cut_anywhere_is_refused() -> None:
    """A transfer may end after any byte."""
    page = recent(WEDNESDAY, TUESDAY).encode().rstrip()
    assert counted(page) == {DAY: 46, date(2025, 3, 4): 20}
    for end in range(0, len(page), 5):
        refusal(page[:end])


def test_markup_nested_without_measure_is_refused() -> None:
    """Before Python's own stack ends."""
    refusal(recent("<b>" * 50_000 + WEDNESDAY))


# --- the next day ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "day", "following", "total"),
    [
        ("catchup_cs.CV_2021-10-17_abs.html", date(2021, 10, 17), date(2021, 10, 18), 0),
        ("catchup_cs.CV_2021-10-19_abs.html", date(2021, 10, 19), date(2021, 10, 20), 25),
    ],
)
def test_a_reference_catchup_page_leads_to_the_next_day(
    shared: Path, name: str, day: date, following: date, total: int
) -> None:
    """Also from a Sunday on which nothing was announced."""
    page = parse_page((shared / "pages/seed-day-2021-10-20" / name).read_bytes())
    assert (page.date, page.category, page.next_day, page.total) == (day, "cs.CV", following, total)
    assert len(page.entries) == total


def test_the_newest_catchup_page_leads_nowhere(shared: Path) -> None:
    """Nothing has been announced after it."""
    page = parse_page((shared / "pages/seed-day-2021-10-20/catchup_cs.CV_2021-10-20_abs.html").read_bytes())
    assert page.next_day is None


def catchup(next_day: date | None = NEXT, *edits: Edit, page: int = 1, per_page: int = 2000) -> bytes:
    """Return a catchup page of the invented day, edited."""
    text = catchup_page(invent("cs.CV", DAY), next_day=next_day, page=page, per_page=per_page)
    for edit in edits:
        text = edit(text)
    return text.encode()


def swap(old: str, new: str, count: int = -1) -> Edit:
    """Return the edit of a page that puts ``new`` in the place of ``old``, which has to be there."""

    def edit(page: str) -> str:
        assert old in page
        return page.replace(old, new, count)

    return edit


LINK = f"/catchup/cs.CV/{NEXT}"


@pytest.mark.parametrize("following", [NEXT, DAY + timedelta(days=5), None])
def test_a_catchup_page_leads_to_the_date_of_its_link(following: date | None) -> None:
    """Over weekends and holidays; nowhere without a link."""
    assert parse_page(catchup(following)).next_day == following
    assert parse_page(empty_catchup_page("cs.CV", DAY, following).encode()).next_day == following


@pytest.mark.parametrize("link", [f"https://arxiv.org{LINK}", f"{LINK}?abs=False&amp;page=1#top"])
def test_a_saved_page_leads_there_too(link: str) -> None:
    """A browser writes whole addresses; other parameters do not matter."""
    assert parse_page(catchup(NEXT, swap(f"{LINK}?abs=True&amp;page=1", link))).next_day == NEXT


def test_a_listing_leads_nowhere() -> None:
    """Only catchup pages have such a link."""
    assert parse_page(listing_page(invent("cs.CV", DAY)).encode()).next_day is None


@pytest.mark.parametrize(
    "edit",
    [
        swap(LINK, f"/catchup/cs.CV/{NEXT + timedelta(days=1)}", 1),
        swap(LINK, f"/catchup/cs.CV/{DAY}"),
        swap(LINK, "/catchup/cs.CV/2025-03-04"),
        swap(LINK, "/catchup/cs.CV/2025-02-30"),
        swap(LINK, "/catchup/cs.CV/tomorrow"),
        swap(LINK, "https://example.org/catchup/cs.CV/2025-03-06"),
    ],
    ids=["two dates", "the same date", "an earlier date", "no date", "a word", "another site"],
)
def test_a_link_that_does_not_lead_on_refuses_the_page(edit: Edit) -> None:
    """It would correct the calendar wrongly."""
    with pytest.raises(PageRefusedError, match="next day"):
        parse_page(catchup(NEXT, edit))


def test_pages_of_a_catchup_lead_to_one_day() -> None:
    """A listing of several pages leads where its pages lead, as far as they say."""
    pages = [parse_page(catchup(following, page=page, per_page=12)) for page, following in ((1, NEXT), (2, None))]
    listing = join_pages(pages, "cs.CV")
    assert (listing.date, listing.next_day) == (DAY, NEXT)
    assert join_pages([parse_page(catchup(None))], "cs.CV").next_day is None


def test_pages_that_lead_to_two_days_are_not_joined() -> None:
    """One of them was made before the other's mailing."""
    days = (NEXT, NEXT + timedelta(days=1))
    pages = [parse_page(catchup(following, page=page, per_page=12)) for page, following in enumerate(days, 1)]
    with pytest.raises(PageRefusedError, match="one next day"):
        join_pages(pages, "cs.CV")
