r"""The reference pages, entry by entry: what the parser reads is what arXiv was given.

The expected values come from ``papers.json`` (what the authors typed) by the rules of arXiv's text, written
here a second time and in another way, and from the pages' own bytes by regular expressions. Nothing here
calls the code under test to learn what to expect.
"""

import gzip
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from digest.errors import ListingIncompleteError, PageRefusedError
from digest.markup import without_markup
from digest.model import Entry, Section, Source
from digest.parse.listing import Listing, join_pages, parse_page
from digest.records.day import parse_record, render_record
from tests.days import day_of
from tests.test_parse_listing import check_no_field_differs

Row = dict[str, Any]

SECTIONS = {Section.NEW: "new", Section.CROSS: "cross", Section.REPLACEMENT: "rep"}

_COMBINING = {'"': "\u0308", "'": "\u0301", "v": "\u030c", "H": "\u030b"}
_LETTERS = {"L": "Ł", "DJ": "Đ", "dj": "đ", "o": "ø", "O": "Ø", "AA": "Å", "S": "§", "deg": "°", "copyright": "©"}
_GREEK = {"alpha": "\u03b1", "beta": "\u03b2", "epsilon": "\u03b5"}
_ACCENT = re.compile(r"""\\(?:(?P<sign>["'])\{?(?P<bare>[A-Za-z])\}?|(?P<name>[vH])\{(?P<held>[A-Za-z])\})""")
_LETTER = re.compile(r"\{\\(o)\}|\\(AA|DJ|dj|L|O|S|deg|copyright)(?:\{\}|(?![A-Za-z]) ?)")
_GREEK_NAME = re.compile(r"\\(alpha|beta|epsilon)(?![A-Za-z]) ?")

_ANCHOR = re.compile(r"<a ([^>]*)>(.*?)</a>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_PLACEHOLDER = re.compile(r"this [a-z]+ URL")


def tex_to_unicode(text: str, *, greek: bool = False) -> str:
    """Return the text with the TeX accents (and Greek names) that occur in the reference data as Unicode."""

    def accent(match: re.Match[str]) -> str:
        base = match["bare"] or match["held"]
        return unicodedata.normalize("NFC", base + _COMBINING[match["sign"] or match["name"]])

    text = _ACCENT.sub(accent, text)
    text = _LETTER.sub(lambda match: _LETTERS[match[1] or match[2]], text)
    text = re.sub(r"\{\{([A-Za-z]+)\}\}", r"{\1}", text)  # as the pages show it
    return _GREEK_NAME.sub(lambda match: _GREEK[match[1]], text) if greek else text


def canonical(markup: str) -> str:
    """Return arXiv's inner HTML in the digest's form: one line, attributes in order, quotes literal in text."""
    parts = re.split(r"(<a [^>]*>.*?</a>|<br ?/?>)", markup, flags=re.DOTALL)
    return "".join(_canonical_part(part) for part in parts).replace("\n", " ").strip()


def _canonical_part(part: str) -> str:
    if part.startswith("<br"):
        return "<br>"
    if not part.startswith("<a "):
        return _text(part)
    match = _ANCHOR.fullmatch(part)
    assert match is not None
    attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}
    address = attributes["href"]
    if not address.lower().startswith(("http://", "https://")):  # only http and https stay links
        return html.escape(address, quote=False)
    attributes.setdefault("class", f"link-external link-{address.partition(':')[0].lower()}")  # 2014 has none
    if "link-external" in attributes["class"]:
        attributes["rel"] = "external noopener nofollow"
    shown = (f' {name}="{_value(attributes[name])}"' for name in sorted(attributes))
    return f"<a{''.join(shown)}>{_text(match[2])}</a>"


def _text(escaped: str) -> str:
    return html.escape(html.unescape(escaped), quote=False)


def _value(text: str) -> str:
    return html.escape(text, quote=False).replace('"', "&quot;")


def typed(line: str, raw: str) -> str:
    """Return ``line`` with each link as the author typed it, so that it can be compared with ``raw``."""

    def undo(match: re.Match[str]) -> str:
        attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}
        if "data-doi" in attributes:
            return attributes["data-doi"]
        if not _PLACEHOLDER.fullmatch(match[2]):
            return html.unescape(match[2])
        address = attributes["href"]
        shown = address if address in raw else address.removeprefix("http://")  # arXiv links bare hosts
        return html.escape(shown, quote=False)

    return _ANCHOR.sub(undo, line)


def one_line(raw: str) -> str:
    """Return what an author typed as arXiv and the digest show it, links aside."""
    text = html.escape(tex_to_unicode(raw.strip("\n")), quote=False)
    text = re.sub(r"\n+", "\n", text).strip()
    return re.sub(r"\n[ \t]+", "\n<br>", text).replace("\n", " ")


@dataclass(frozen=True)
class Shown:
    """What regular expressions find of one entry in a page's bytes."""

    position: int
    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    abstract: str | None
    comments: str | None


def shown_entries(page: str) -> Iterator[Shown]:
    """Read the entries of a page without any parser of HTML."""
    for chunk in page.split("<dt>")[1:]:
        chunk = chunk.split("</dd>")[0]  # noqa: PLW2901
        subjects = _field(chunk, "subjects") or ""
        abstract = re.search(r"<p(?: class=['\"]mathjax['\"])?>(.*?)</p>", chunk, re.DOTALL)
        comments = _field(chunk, "comments")
        yield Shown(
            position=int(_only(r"name=['\"]item(\d+)['\"]", chunk)),
            arxiv_id=_only(r'href ?="/abs/([^"]+)"', chunk),
            title=" ".join(html.unescape(_field(chunk, "title") or "").split()),
            authors=tuple(
                html.unescape(name) for name in re.findall(r"<a [^>]*>([^<]*)</a>", _field(chunk, "authors") or "")
            ),
            categories=tuple(re.findall(r"\(([\w.-]+)\)", subjects)),
            abstract=canonical(abstract[1]) if abstract else None,
            comments=canonical(comments) if comments else None,
        )


def _only(pattern: str, text: str) -> str:
    (found,) = re.findall(pattern, text)
    return str(found)


def _field(chunk: str, name: str) -> str | None:
    match = re.search(rf"<div class=['\"]list-{name}[^>]*>(.*?)</div>", chunk, re.DOTALL)
    return re.sub(r"<span class=['\"]descriptor['\"]>.*?</span>", "", match[1]) if match else None


@cache
def read(path: Path) -> bytes:
    """Return the bytes of a reference file, unpacked."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


@cache
def rows(path: Path, day: str) -> tuple[Row, ...]:
    """Return what ``papers.json`` says of one listing date."""
    return tuple(row for row in json.loads(read(path)) if row["date"] == day)


def whole(pages: Sequence[bytes], category: str = "cs.CV") -> Listing:
    """Parse and join pages; a listing that is short of its own count is refused."""
    found = join_pages([parse_page(page) for page in pages], category)
    if found.shortage:
        raise found.shortage
    return found


def listing(pages: Sequence[Path], category: str = "cs.CV") -> Listing:
    """Parse and join reference pages."""
    return whole([read(path) for path in pages], category)


SEED = "seed-day-2021-10-20"
BIG = "big-day-2024-10-15"
HUGE = "huge-day-2025-06-03"
SEED_PARTS = [
    f"{SEED}/list_cs.CV_new_{part}.html" for part in ("show25", "skip25_show25", "skip50_show25", "skip75_show25")
]
BIG_PARTS = [f"{BIG}/list_cs.CV_new_skip{skip}_show250.html" for skip in range(0, 1350, 250)]
HUGE_PARTS = [f"{HUGE}/list_cs.CV_new.html.gz", f"{HUGE}/list_cs.CV_new_skip2000_show2000.html.gz"]
HUGE_CATCHUP = [f"{HUGE}/catchup_cs.CV_2025-06-03_abs.html.gz", f"{HUGE}/catchup_page2.html.gz"]
OLD = "layouts/pre-2024-reconstructed/list_cs.CV_new.html"

DAYS = {
    "seed": ([f"{SEED}/list_cs.CV_new.html"], f"{SEED}/papers.json", date(2021, 10, 20)),
    "seed in four pages": (SEED_PARTS, f"{SEED}/papers.json", date(2021, 10, 20)),
    "seed in four pages, backwards": (SEED_PARTS[::-1], f"{SEED}/papers.json", date(2021, 10, 20)),
    "seed by catchup": ([f"{SEED}/catchup_cs.CV_2021-10-20_abs.html"], f"{SEED}/papers.json", date(2021, 10, 20)),
    "eve of the seed by catchup": (
        [f"{SEED}/catchup_cs.CV_2021-10-19_abs.html"],
        f"{SEED}/papers.json",
        date(2021, 10, 19),
    ),
    "big": ([f"{BIG}/list_cs.CV_new.html"], f"{BIG}/papers.json", date(2024, 10, 15)),
    "big in six pages": (BIG_PARTS[3:] + BIG_PARTS[:3], f"{BIG}/papers.json", date(2024, 10, 15)),
    "big by catchup": ([f"{BIG}/catchup_cs.CV_2024-10-15_abs.html"], f"{BIG}/papers.json", date(2024, 10, 15)),
    "huge": (HUGE_PARTS, f"{HUGE}/papers.json.gz", date(2025, 6, 3)),
    "huge by catchup": (HUGE_CATCHUP[::-1], f"{HUGE}/papers.json.gz", date(2025, 6, 3)),
    "cross-lists only": (
        ["edges/crossonly_2024-10-17/list_cs.CV_new.html"],
        "edges/crossonly_2024-10-17/papers.json",
        date(2024, 10, 17),
    ),
    "cross-lists only, catchup": (
        ["edges/crossonly_2024-10-17/catchup_cs.CV_2024-10-17_abs.html"],
        "edges/crossonly_2024-10-17/papers.json",
        date(2024, 10, 17),
    ),
    "July 2024": (["layouts/2024-07/list_cs.CV_new.html"], "layouts/2024-07/papers.json", date(2021, 10, 20)),
    "September 2024": (["layouts/2024-09/list_cs.CV_new.html"], f"{SEED}/papers.json", None),
    "September 2024, catchup": (
        ["layouts/2024-09/catchup_2021-10-20.html"],
        f"{SEED}/papers.json",
        date(2021, 10, 20),
    ),
    "before 2024": ([OLD], f"{SEED}/papers.json", date(2021, 10, 20)),
}
RAW_TITLES = {"July 2024", "September 2024", "September 2024, catchup", "before 2024"}
"""Layouts from before 2025-02-07, whose titles are shown as they were typed."""

RECONSTRUCTED = "before 2024"
"""This page was put together by hand: some accents of authors and all journal references are not on it."""


@dataclass(frozen=True)
class Case:
    """A reference day: its name, its listing, its pages' bytes and what its authors typed."""

    name: str
    listing: Listing
    date: date | None
    pages: tuple[str, ...]
    rows: dict[str, Row]

    @property
    def entries(self) -> Iterator[tuple[Entry, Row]]:
        """Each entry with what its authors typed."""
        return ((entry, self.rows[str(entry.paper.arxiv_id)]) for entry in self.listing.entries)

    @property
    def shown(self) -> list["Shown"]:
        """What regular expressions find on the pages, by position."""
        return sorted((entry for page in self.pages for entry in shown_entries(page)), key=lambda entry: entry.position)


@cache
def load(shared: Path, name: str) -> Case:
    """Read a reference day, once."""
    paths, papers, day = DAYS[name]
    folder = shared / "pages"
    files = [folder / path for path in paths]
    found = rows(folder / papers, str(day or date(2021, 10, 20)))
    texts = tuple(read(path).decode() for path in files)
    return Case(name, listing(files), day, texts, {row["arxiv_id"]: row for row in found})


@pytest.fixture(params=DAYS)
def case(request: pytest.FixtureRequest, shared: Path) -> Case:
    """Every reference day of cs.CV, in each way in which arXiv shows it."""
    return load(shared, request.param)


def test_the_listing_is_the_announced_day(case: Case) -> None:
    """Date, category and the sections' sizes are those that were announced, and each paper is in its section."""
    sizes = {
        section: sum(row["section_on_cs_CV"] == name for row in case.rows.values())
        for section, name in SECTIONS.items()
    }
    assert case.listing.date == case.date
    assert case.listing.category == "cs.CV"
    assert dict(case.listing.declared) == {section: size for section, size in sizes.items() if size}
    assert len(case.listing.entries) == len(case.rows) == sum(sizes.values())
    assert {str(entry.paper.arxiv_id) for entry in case.listing.entries} == set(case.rows)
    assert [row["section_on_cs_CV"] for _, row in case.entries] == [
        SECTIONS[entry.section] for entry in case.listing.entries
    ]
    is_catchup = "catchup" in case.name
    assert case.listing.source is (Source.CATCHUP if is_catchup else Source.LISTING)


def test_the_record_of_a_real_day_is_read_back(case: Case) -> None:
    """What the rules of records refuse does not occur on arXiv's pages."""
    day = day_of([(entry.section, entry.paper) for entry in case.listing.entries], date=case.date or date(2021, 10, 20))
    assert parse_record(render_record(day)) == day


def test_entries_stand_where_the_pages_show_them(case: Case) -> None:
    """Positions count from 1 through all sections and pages, and each id has the place that the page gives it."""
    shown = {entry.position: entry.arxiv_id for entry in case.shown}
    assert [entry.position for entry in case.listing.entries] == list(range(1, len(case.rows) + 1))
    assert {entry.position: str(entry.paper.arxiv_id) for entry in case.listing.entries} == shown


def test_titles_are_what_the_authors_typed(case: Case) -> None:
    """A title is plain text with blanks collapsed, its TeX accents and Greek in Unicode as the layout has them."""
    for entry, row in case.entries:
        raw = row["title_raw"] if case.name in RAW_TITLES else tex_to_unicode(row["title_raw"], greek=True)
        assert entry.paper.title == " ".join(raw.split()), entry.paper.arxiv_id


def test_authors_are_whole_names_and_at_most_a_hundred(case: Case) -> None:
    """Authors stand in their order, with accents in Unicode, cut after the hundredth as on arXiv's page."""
    if case.name == RECONSTRUCTED:
        assert [entry.paper.authors for entry in case.listing.entries] == [shown.authors for shown in case.shown]
        return
    for entry, row in case.entries:
        names = tex_to_unicode(row["authors_raw"]).split(", ")
        assert list(entry.paper.authors) == names[:100], entry.paper.arxiv_id


def test_subjects_have_the_primary_first(case: Case) -> None:
    """Primary category and all categories are the announced ones, in the page's order."""
    shown = {entry.arxiv_id: entry.categories for entry in case.shown}
    for entry, row in case.entries:
        paper = entry.paper
        assert paper.primary_category == row["primary"] == paper.categories[0]
        assert sorted(paper.categories) == sorted(row["categories"])
        assert paper.categories == shown[str(paper.arxiv_id)]


def test_journal_references_are_plain_text(case: Case) -> None:
    """A journal reference is there where the paper has one, and None where it has none."""
    for entry, row in case.entries:
        expected = None if case.name == RECONSTRUCTED else row["journal_ref"]
        assert entry.paper.journal_ref == expected


def test_abstracts_and_comments_are_what_the_authors_typed(case: Case) -> None:
    """With each link undone, a text is what was typed: nothing lost, added or escaped twice."""
    for entry, row in case.entries:
        paper, raw = entry.paper, row["comments_raw"]
        assert (paper.comments is None) == (raw is None), paper.arxiv_id
        if raw is not None:
            assert typed(paper.comments or "", raw) == one_line(raw), paper.arxiv_id
        if case.name == RECONSTRUCTED and entry.section is Section.REPLACEMENT:
            assert paper.abstract is None
            continue
        assert paper.abstract is not None
        assert typed(paper.abstract, row["abstract_raw"]) == one_line(row["abstract_raw"]), paper.arxiv_id


def test_abstracts_and_comments_are_the_page_s_html_in_canonical_form(case: Case) -> None:
    """Byte for byte the page's inner HTML: on one line, attributes in the digest's order, quotes literal."""
    shown = {entry.arxiv_id: entry for entry in case.shown}
    for entry in case.listing.entries:
        expected = shown[str(entry.paper.arxiv_id)]
        assert entry.paper.abstract == expected.abstract
        assert entry.paper.comments == expected.comments


def test_a_paper_has_the_same_text_in_every_layout(shared: Path) -> None:
    """Every layout gives the same texts for what the seed's digest shows, whatever its order of attributes."""
    wanted = {entry.paper.arxiv_id: entry.paper for entry in load(shared, "seed").listing.entries}
    for name in RAW_TITLES:
        for entry in load(shared, name).listing.entries:
            paper = wanted[entry.paper.arxiv_id]
            if entry.section is not Section.REPLACEMENT:
                assert (entry.paper.abstract, entry.paper.comments) == (paper.abstract, paper.comments)


@cache
def transform_cases(shared: Path) -> tuple[Row, ...]:
    """The forty hard texts and what arXiv makes of them."""
    return tuple(json.loads(read(shared / "pages" / BIG / "transform_cases.json")))


@pytest.mark.parametrize("number", range(40))
def test_a_hard_text_comes_out_as_arxiv_shows_it(shared: Path, number: int) -> None:
    """Markup, Markdown, TeX, Unicode and every form of address: the canonical form of arXiv's own HTML."""
    row = transform_cases(shared)[number]
    papers = {str(entry.paper.arxiv_id): entry.paper for entry in load(shared, "big").listing.entries}
    paper = papers[row["arxiv_id"]]
    assert paper.title == " ".join(html.unescape(row["title_html"]).split())
    assert paper.abstract == canonical(row["abstract_html"])
    assert paper.comments == (None if row["comments_html"] is None else canonical(row["comments_html"]))


def test_there_are_forty_hard_texts(shared: Path) -> None:
    """The numbers above cover the whole file."""
    assert len(transform_cases(shared)) == 40


def test_the_real_page_of_2014(shared: Path) -> None:
    """The page of astro-ph of 13 June 2014: 38 new, 8 cross-lists, 26 replacements, every field of the page."""
    path = shared / "pages/layouts/real-2014/list_astro-ph_new_2014-06-13.html"
    found = listing([path], "astro-ph")
    shown = list(shown_entries(read(path).decode().replace("&nbsp;", "\u00a0")))
    assert found.date == date(2014, 6, 13)
    assert dict(found.declared) == {Section.NEW: 38, Section.CROSS: 8, Section.REPLACEMENT: 26}
    assert len(shown) == len(found.entries) == 72
    for entry, expected in zip(found.entries, shown, strict=True):
        paper = entry.paper
        assert (entry.position, str(paper.arxiv_id)) == (expected.position, expected.arxiv_id)
        assert (paper.title, paper.authors) == (expected.title, expected.authors)
        assert paper.categories == expected.categories
        assert (paper.abstract, paper.comments) == (expected.abstract, expected.comments)
        assert (paper.abstract is None) == (entry.section is Section.REPLACEMENT)


def _entry(number: int, row: Row) -> str:
    # The API also has MSC and ACM classes among the categories; listings do not show them.
    names = [name for name in row["categories"] if re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name)]
    subjects = [f"Name of Subject ({name})" for name in names]
    comments = (
        f"<div class='list-comments mathjax'><span class='descriptor'>Comments:</span>\n{row['comments_html']}\n</div>"
        if row["comments_html"]
        else ""
    )
    authors = ", ".join(f'<a href="https://arxiv.org/search/cs">{html.escape(name)}</a>' for name in row["authors"])
    return f"""<dt><a name='item{number}'>[{number}]</a>
      <a href ="/abs/{row["id"]}" title="Abstract" id="{row["id"]}">arXiv:{row["id"]}</a></dt>
    <dd><div class='meta'>
        <div class='list-title mathjax'><span class='descriptor'>Title:</span>
          {row["title_html"]}
        </div>
        <div class='list-authors'>{authors}</div>
        {comments}
        <div class='list-subjects'><span class='descriptor'>Subjects:</span>
          <span class="primary-subject">{subjects[0]}</span>{"".join(f"; {subject}" for subject in subjects[1:])}
        </div>
        <p class='mathjax'>
          {row["abstract_html"]}
        </p>
    </div></dd>"""


def _page(day: date, papers: Sequence[Row]) -> bytes:
    total = len(papers)
    entries = "\n".join(_entry(number, row) for number, row in enumerate(papers, 1))
    return f"""<!DOCTYPE html><html><head><title></title></head><body><div id='dlpage'><h1>Vision</h1>
<ul><li><a href="#item0">New submissions</a></li></ul><p><a href="/list/cs.CV/recent">recent</a></p>
<h3>Showing new listings for {day:%A}, {day.day} {day:%B} {day.year}</h3>
<div class='paging'>Total of {total} entries
</div><dl id='articles'>
<h3>New submissions (showing {total} of {total} entries)</h3>
{entries}</dl></div></body></html>
""".encode()


def real_days(shared: Path) -> dict[str, list[Row]]:
    """Return the real papers of twenty days."""
    by_day: dict[str, list[Row]] = {}
    for line in read(shared / "data/real-days.jsonl.gz").decode().splitlines():
        row = json.loads(line)
        by_day.setdefault(row["date"], []).append(row)
    return by_day


def test_two_thousand_real_texts(shared: Path) -> None:
    """Real titles, abstracts and comments of twenty days, in arXiv's HTML, come out in canonical form."""
    by_day = real_days(shared)
    assert sum(map(len, by_day.values())) == 2290
    for day, papers in by_day.items():
        found = join_pages([parse_page(_page(date.fromisoformat(day), papers))], "cs.CV")
        for entry, row in zip(found.entries, papers, strict=True):
            assert entry.paper.title == " ".join(html.unescape(row["title_html"]).split())
            assert entry.paper.abstract == canonical(row["abstract_html"]), row["id"]
            assert entry.paper.comments == (canonical(row["comments_html"]) if row["comments_html"] else None)
            assert without_markup(entry.paper.abstract or "") == without_markup(canonical(row["abstract_html"]))


@pytest.mark.long
def test_real_texts_are_the_same_by_beautiful_soup(shared: Path) -> None:
    """A comment in each abstract and comment, which has Beautiful Soup read it, changes no entry of any page."""
    pages = [page for name in DAYS for page in load(shared, name).pages]
    pages += [_page(date.fromisoformat(day), papers).decode() for day, papers in real_days(shared).items()]
    for page in pages:
        field = r"<p(?: class=['\"]mathjax['\"])?>(?=\s*[^<\s])|<span class=['\"]descriptor['\"]>Comments:</span>"
        changed, found = re.subn(field, r"\g<0><!-- -->", page)
        assert found or "No further updates" in page
        assert parse_page(changed.encode()).entries == parse_page(page.encode()).entries


def test_the_empty_page_that_arxiv_serves(shared: Path) -> None:
    """It has a date, "No updates today." and no total (``pages/edges/empty_real``, ``field/empty-new.html``)."""
    for path, category, when in (
        ("pages/edges/empty_real/list_cs.CV_new.html", "cs.CV", date(2024, 10, 15)),
        ("field/empty-new.html", "cs.GL", date(2026, 11, 24)),
    ):
        found = listing([shared / path], category)
        assert (found.date, found.category, found.declared, found.entries) == (when, category, {}, ())


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "category"),
    [
        (f"{SEED}/list_cs.CV_new.html", "cs.CV"),
        ("layouts/2024-07/list_cs.CV_new.html", "cs.CV"),
        ("layouts/2024-09/list_cs.CV_new.html", "cs.CV"),
        ("layouts/pre-2024-reconstructed/list_cs.CV_new.html", "cs.CV"),
        ("layouts/real-2014/list_astro-ph_new_2014-06-13.html", "astro-ph"),
    ],
)
def test_a_lost_or_exchanged_tag_changes_no_field(shared: Path, path: str, category: str) -> None:
    """In every layout, the page is refused, or read as if nothing had happened."""
    check_no_field_differs((shared / "pages" / path).read_text(encoding="utf-8"), category)


def field_listing(shared: Path, name: str, category: str) -> Listing:
    """Parse a page of ``field/``, whose CASES.md says what is right."""
    return listing([shared / "field" / name], category)


def test_authors_without_links(shared: Path) -> None:
    """A name of two letters alone; authors that arXiv cannot read (``short-name-alone``, ``no-authors``)."""
    short = [entry.paper.authors for entry in field_listing(shared, "short-name-alone.html", "cs.GR").entries]
    assert len(short) == 2
    assert short[1] == ("Li",)
    none = [entry.paper.authors for entry in field_listing(shared, "no-authors.html", "cs.SC").entries]
    assert none.count(()) == 1
    assert len(none) == 2


def test_a_page_saved_after_mathjax_2_ran_is_the_page_as_served(shared: Path) -> None:
    """Its texts are the very ones (``field/mathjax-saved.html``, ``mathjax-as-served.html``)."""
    served = field_listing(shared, "mathjax-as-served.html", "cs.CV")
    assert field_listing(shared, "mathjax-saved.html", "cs.CV") == served
    assert served.entries[0].paper.title.count("$") == 2


@pytest.mark.parametrize(
    "name",
    [
        "swallowed-title-missing-div.html",
        "author-lost-missing-anchor.html",
        "id-contradicts-itself.html",
        "foreign-listing-named-right.html",
    ],
)
def test_a_record_that_is_not_whole_is_refused(shared: Path, name: str) -> None:
    """A block inside a title, half a link, two ids of one paper, entries of another category (``field/``, CASES.md)."""
    with pytest.raises(PageRefusedError, match=r"expected .*found "):
        field_listing(shared, name, "cs.CV")


REFUSED = [
    f"{SEED}/list_cs.CV_recent.html",
    f"{SEED}/list_cs.CV_pastweek_show2000.html",
    f"{SEED}/list_cs.CV_2021-10.html",
    f"{SEED}/catchup_noabs.html",
    f"{SEED}/abs_2110.09903.html",
    f"{BIG}/catchup_future.html",
    f"{BIG}/catchup_day92.html",
    f"{BIG}/list_cs.CV_pastweek_show2000.html",
    "edges/empty/list_cs.CV_new.html",
    "edges/empty/list_cs.CV_recent.html",
    "edges/lag_full_2024-10-22/list_cs.CV_new.html",
    "edges/lag_partial_2024-10-21/list_cs.CV_recent.html",
    "errors/abs_withdrawn_0906.2112.html",
    "errors/abs_nosuch.html",
    "errors/catchup_err_badparam.html",
    "errors/catchup_err_old90.html",
    "errors/catchup_err_future.html",
    "errors/err_badcat_new.html",
    "errors/err_badshow.html",
    "errors/err_skip_past_end.html",
    "layouts/2024-07/list_cs.CV_pastweek_show2000.html",
    "layouts/pre-2024-reconstructed/list_cs.CV_pastweek.html",
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_page_that_is_no_whole_listing_is_refused(shared: Path, path: str) -> None:
    """Other views, pages without abstracts and error pages are refused in one line that says what was found."""
    with pytest.raises(PageRefusedError, match=r"expected .*found ") as caught:
        listing([shared / "pages" / path], "cs.CV")
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("edges/lag_partial_2024-10-21/list_cs.CV_new.html", "expected 38 entries, found 33 .*new 15 of 20"),
        ("edges/lag_partial_2024-10-21/catchup_cs.CV_2024-10-21_abs.html", "expected 38 entries, found 33"),
        ("edges/lag_full_2024-10-22/catchup_cs.CV_2024-10-22_abs.html", "expected 38 entries, found 'No updates'"),
    ],
)
def test_a_lagging_replica_is_told_from_a_broken_page(shared: Path, path: str, words: str) -> None:
    """Where arXiv itself says that entries are missing, the answer is "try later", with both numbers."""
    with pytest.raises(ListingIncompleteError, match=words) as caught:
        listing([shared / "pages" / path])
    assert caught.value.exit_code == 75


def test_the_page_after_the_last_one_adds_nothing(shared: Path) -> None:
    """It says "No further updates": with the two pages of a catchup listing it is the same day, alone it is none."""
    folder = shared / "pages" / HUGE
    pages = [folder / f"catchup_{name}.html.gz" for name in ("cs.CV_2025-06-03_abs", "page2", "page3")]
    assert listing(pages).entries == listing(pages[:2]).entries
    with pytest.raises(ListingIncompleteError, match="expected 2600 entries"):
        listing(pages[2:])


@pytest.mark.parametrize("left_out", range(4))
def test_three_of_four_pages_are_no_day(shared: Path, left_out: int) -> None:
    """With one of a day's pages missing, whichever it is, the day is incomplete."""
    paths = [shared / "pages" / path for index, path in enumerate(SEED_PARTS) if index != left_out]
    with pytest.raises(ListingIncompleteError, match=r"expected 86 entries, found (61|75)"):
        listing(paths)


def test_pages_of_different_sizes_may_overlap(shared: Path) -> None:
    """Pages of 25 and the whole page of the same day are the same day."""
    paths = [shared / "pages" / path for path in (SEED_PARTS[2], f"{SEED}/list_cs.CV_new.html", SEED_PARTS[0])]
    assert listing(paths).entries == load(shared, "seed").listing.entries


@pytest.mark.parametrize(
    "others",
    [
        [f"{SEED}/catchup_cs.CV_2021-10-19_abs.html"],
        ["layouts/2024-09/bigday_list_cs.CV_new_show250.html"],
        [BIG_PARTS[0]],
    ],
)
def test_pages_of_different_days_are_not_joined(shared: Path, others: list[str]) -> None:
    """A page of another day, or of none, among a day's pages refuses them all."""
    paths = [shared / "pages" / path for path in [*SEED_PARTS, *others]]
    with pytest.raises(PageRefusedError, match="expected pages of one listing"):
        listing(paths)


def test_a_reference_page_cut_anywhere_is_refused(shared: Path) -> None:
    """A thousand cuts through the seed's page: none of them is a page."""
    body = read(shared / "pages" / SEED / "list_cs.CV_new.html").rstrip()
    for at in range(0, len(body), len(body) // 1000):
        with pytest.raises(PageRefusedError):
            parse_page(body[:at])


LAYOUTS = {
    "July 2024": ("layouts/2024-07/list_cs.CV_new.html", "cs.CV"),
    "September 2024": ("layouts/2024-09/list_cs.CV_new.html", "cs.CV"),
    "before 2024": (OLD, "cs.CV"),
    "2014": ("layouts/real-2014/list_astro-ph_new_2014-06-13.html", "astro-ph"),
}
DAMAGE = {
    "a new submission is missing": (r"<dt>\s*<a name=.item3.>.*?</dd>", ""),
    "a cross-list is missing": (r"<dt>\s*<a name=.item40.>.*?</dd>", ""),
    "the last entry is missing": (r"(.*)<dt>.*?</dd>", r"\1"),
    "an entry is there twice": (r"(<dt>\s*<a name=.item3.>.*?</dd>)", r"\1\1"),
    "a heading is missing": (r"<h3>(Cross)[^<]*</h3>", ""),
    "a heading is unknown": (r"<h3>(Cross)", "<h3>Cress"),
    "the total is too high": (r"([Tt])otal of (86|72) entries", r"\1otal of 87 entries"),
    "the total is too low": (r"([Tt])otal of (86|72) entries", r"\1otal of 71 entries"),
    "the total is missing": (r"[Tt]otal of (86|72) entries", ""),
    "an abstract is missing": (r"<p(?: class=['\"]mathjax['\"])?>[^<]{200}.*?</p>", ""),
    "the subjects are missing": (r"<div class=['\"]list-subjects.*?</div>", ""),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_layout_lets_damage_pass(shared: Path, layout: str, damage: str) -> None:
    """Whatever proof a layout carries, a page that lacks something or says too much is no day."""
    path, category = LAYOUTS[layout]
    pattern, instead = DAMAGE[damage]
    every = 0 if "total" in damage else 1
    page, found = re.subn(pattern, instead, read(shared / "pages" / path).decode(), count=every, flags=re.DOTALL)
    assert found
    with pytest.raises((PageRefusedError, ListingIncompleteError)):
        whole([page.encode()], category)
