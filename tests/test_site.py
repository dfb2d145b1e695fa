"""The static site: `digest site`. What a browser makes of it is in tests/test_site_browser.py."""

import hashlib
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import requests
from lxml import etree

from digest.archive.products import Kind, Product
from digest.archive.report import Report, untracked
from digest.archive.site.folder import LOCK, open_folder, write_site
from digest.disk.files import Folder, hold_lock
from digest.errors import StoreError
from digest.markup import pieces, readable
from digest.model import Day, Link, Section, Source, State
from digest.records.day import render_record
from digest.render.maths import maths_in
from digest.render.site.texts import linked, mathml
from digest.store.whole import Store
from tests.conftest import Sandbox
from tests.days import day_of, paper, real_days
from tests.hostile.payloads import HARM

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")

MONDAY, TUESDAY, WEDNESDAY, APRIL = date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5), date(2025, 4, 1)

SPLATS = paper(
    "2503.00002",
    title="Splatting in $O(n^2)$",
    authors=tuple(f"Author {number}" for number in range(1, 15)),
    abstract='We splat $\\alpha$ scenes &amp; more: <a class="link-external link-https" '
    'href="https://own.example/a?b&amp;c" rel="external noopener nofollow">this https URL</a> <br>Twice.',
    comments="12 pages",
    journal_ref="J. Own 1",
    links=(Link("https://github.com/someone/splats", "code", "abstract"),),
)
CLOUDS = paper("2503.00001", title="Point clouds", categories=("cs.CV", "cs.RO"))
GUEST = paper("2503.00003", title="A guest", primary_category="cs.LG", categories=("cs.LG", "cs.CV"))
OLD = paper("math.GT/0309136", title="An old knot", primary_category="math.GT", categories=("math.GT", "cs.CV"))
LATER = paper("2503.00010", title="Splatting again", abstract=None)
REVISED = replace(SPLATS, title="Splatting in no time", abstract="We splat.")
DAYS = (
    day_of([(Section.NEW, SPLATS), (Section.NEW, CLOUDS), (Section.CROSS, GUEST)], date=MONDAY),
    day_of([(Section.NEW, LATER), (Section.CROSS, OLD)], date=TUESDAY),
    day_of([(Section.REPLACEMENT, REVISED)], date=APRIL),
)


def store(sandbox: Sandbox, days: Sequence[Day]) -> None:
    """Store days in an archive without records."""
    file = sandbox.folder / "archive.db"
    with closing(Store(f"sqlite:///{file}", file)) as opened:
        for day in days:
            opened.save_day(day, hashlib.sha256(render_record(day)).hexdigest(), outdated_file="none")


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    """An archive of three days, whose first view finds two papers."""
    sandbox.configure("arxiv", categories=["cs.CV"])
    sandbox.configure("store", records="")
    config = sandbox.folder / "config.toml"
    sandbox.once(lambda: store(sandbox, DAYS))
    view = '[[view]]\nname = "splats of mine"\nkeywords = ["splatting"]\n'
    config.write_text(f"{config.read_text(encoding='utf-8')}{view}", encoding="utf-8")
    return sandbox


def build(sandbox: Sandbox, *words: str, code: int = 0) -> dict[str, list[str]]:
    """Make the site, and return what the command tells."""
    done = sandbox.digest("site", *words, "--json")
    assert (done.code, done.err) == (code, "") if not code else done.code == code
    answer: dict[str, list[str]] = json.loads(done.out)
    return answer


def page(sandbox: Sandbox, path: str) -> str:
    """Return the text of a page."""
    return (sandbox.folder / "site" / path / "index.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """What is read of it."""
        return " ".join(" ".join(self.words).split())

    def all(self, attribute: str) -> Iterator[str]:
        """Yield the values of an attribute."""
        return (its[attribute] for _, its in self.tags if attribute in its)


def files(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder by their paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what there is ---------------------------------------------------------------------------------


def test_there_is_a_page_for_each_day_month_and_year_and_for_what_came_again(filled: Sandbox) -> None:
    """A paper has one only where several dates announced it; the view has one for each date on which it has papers."""
    build(filled)
    found = {path.removesuffix("index.html") for path in files(filled.folder / "site") if path.endswith("index.html")}
    assert found == {
        *("", "cs.CV/", "cs.CV/2025/", "cs.CV/2025-03/", "cs.CV/2025-04/"),
        *("cs.CV/2025-03-03/", "cs.CV/2025-03-04/", "cs.CV/2025-04-01/"),
        *("views/", "views/splats of mine/", "views/splats of mine/2025-03-03/", "views/splats of mine/2025-03-04/"),
        *("papers/", "papers/2503.00002/", "marks/", "search/"),
    }


def test_a_day_shows_its_papers_whole(filled: Sandbox) -> None:
    """Title, all authors, categories, links, comments, journal reference, abstract; the abstract is not folded."""
    build(filled)
    day = Page(page(filled, "cs.CV/2025-03-03"))
    for words in ("Monday, 3 March 2025", "2 new submissions · 1 cross-list", "Author 14", "12 pages", "J. Own 1"):
        assert words in day.text
    links = list(day.all("href"))
    for link in ("https://arxiv.org/abs/2503.00002", "https://arxiv.org/pdf/2503.00002.pdf"):
        assert link in links
    assert {"https://github.com/someone/splats", "https://own.example/a?b&c"} <= {*links}
    assert "https://own.example/a?b&c" in day.text  # what the author typed, not "this https URL"
    sections = [its["data-s"] for tag, its in day.tags if tag == "article"]
    assert sections == ["new", "new", "cross"]
    codes = [its["id"] for tag, its in day.tags if "data-code" in its]
    assert codes == ["2503.00002"]


def test_an_old_id_is_a_place_and_a_page(filled: Sandbox) -> None:
    """Its slash is none in the anchor."""
    store(filled, [day_of([(Section.CROSS, OLD)], date=WEDNESDAY)])
    build(filled)
    assert 'id="math.GT-0309136"' in page(filled, "cs.CV/2025-03-05")
    assert "../../papers/math.GT/0309136/" in page(filled, "cs.CV/2025-03-05")
    assert "cs.CV/2025-03-04/#math.GT-0309136" in page(filled, "papers/math.GT/0309136")


def test_days_lead_to_their_neighbours(filled: Sandbox) -> None:
    """From page to page in the order of dates, months and years likewise."""
    build(filled)
    day = page(filled, "cs.CV/2025-03-04")
    assert '<link rel="prev" href="../../cs.CV/2025-03-03/">' in day
    assert '<link rel="next" href="../../cs.CV/2025-04-01/">' in day
    assert 'rel="prev"' not in page(filled, "cs.CV/2025-03-03")
    assert '<link rel="next" href="../../cs.CV/2025-04/">' in page(filled, "cs.CV/2025-03")


def test_every_link_of_every_page_leads_somewhere(filled: Sandbox) -> None:
    """To a file that is there, and to a place in it; all are relative, so that any folder of a server can hold it."""
    filled.configure("site", address="https://own.example/some/archive")
    view = '[[view]]\nname = "splats of mine"\nkeywords = ["splatting"]\n'
    with (filled.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(view)
    build(filled)
    found = files(filled.folder / "site")
    places = {path: {*Page(data.decode()).all("id")} for path, data in found.items() if path.endswith(".html")}
    seen = 0
    for path in places:
        base = f"http://here/{path.removesuffix('index.html')}" if path != "404.html" else "http://here/some/archive/"
        shown = Page(found[path].decode())
        for link in (*shown.all("href"), *shown.all("src")):
            target, place = urldefrag(urljoin(base, link))
            if not target.startswith("http://here/"):
                continue
            assert path == "404.html" or not link.startswith("/"), f"{path}: {link}"
            file = unquote(urlsplit(target).path).removeprefix("/some/archive" if path == "404.html" else "")[1:]
            file = f"{file}index.html" if file.endswith("/") or not file else file
            assert file in found, f"{path} leads to {link}"
            assert not place or place in places[file], f"{path} leads to {link}"
            seen += 1
    assert seen > 100


def test_the_first_page_shows_the_newest_and_leads_to_all_else(filled: Sandbox) -> None:
    """The newest day of each category, the newest papers of each view, the days before."""
    build(filled)
    first = Page(page(filled, ""))
    assert "Tuesday, 1 April 2025" in first.text
    links = {*first.all("href")}
    assert {"./cs.CV/2025-04-01/", "./cs.CV/2025-03-04/", "./cs.CV/", "./views/", "./marks/", "./papers/"} <= links
    assert "./views/splats%20of%20mine/2025-03-04/#2503.00010" in links


def test_an_empty_archive_has_a_site(sandbox: Sandbox) -> None:
    """It says that nothing is stored yet."""
    sandbox.configure("arxiv", categories=["cs.CV"])
    build(sandbox)
    assert "Nothing is stored yet." in page(sandbox, "")
    told = (sandbox.folder / "site/llms.txt").read_text(encoding="utf-8")
    assert "Nothing is stored yet." in told
    assert "()" not in told


def test_a_day_that_proves_nothing_says_so(filled: Sandbox) -> None:
    """Its state stands above its papers; what arXiv counted and did not list is told."""
    day = day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY, state=State.IMPORTED, declared={Section.NEW: 3})
    store(filled, [day])
    build(filled)
    shown = Page(page(filled, "cs.CV/2025-03-05")).text
    assert "Imported: read from a saved page" in shown
    assert "arXiv counted 2 more than it listed." in shown
    assert "imported, 2 not listed" in Page(page(filled, "cs.CV/2025")).text


def test_a_reconstructed_day_is_shown_and_says_so(filled: Sandbox) -> None:
    """Also one that the database alone has; in the calendar, in views, in what changed in a paper."""
    file, when = filled.folder / "archive.db", date(2025, 2, 28)
    day = day_of([(Section.NEW, SPLATS)], date=when, state=State.RECONSTRUCTED, source=Source.OAI)
    with closing(Store(f"sqlite:///{file}", file)) as opened:
        opened.save_day(day, "1" * 64, outdated_file="none", has_files=False)
    build(filled)
    assert "Reconstructed: inferred from the dates" in page(filled, "cs.CV/2025-02-28")
    assert "1 new submission, reconstructed" in Page(page(filled, "cs.CV/2025-02")).text
    assert "cs.CV/2025-02-28/#2503.00002" in page(filled, "papers/2503.00002")
    assert "Splatting in" in page(filled, "views/splats of mine/2025-02-28")


def test_a_missing_day_is_in_the_calendar(filled: Sandbox) -> None:
    """As the indexes have it: between the first and the last day, since the archive has to be whole."""
    filled.configure("store", start="2025-03-03")
    build(filled)
    year, month = Page(page(filled, "cs.CV/2025")), Page(page(filled, "cs.CV/2025-03"))
    assert "Wed, 5 Mar missing" in year.text
    assert "Wed, 5 Mar missing" in month.text


def test_a_paper_that_came_again_shows_what_changed(filled: Sandbox) -> None:
    """On a page of its own, to which the day on which it came again leads."""
    build(filled)
    shown = page(filled, "papers/2503.00002")
    assert "<del>$O(n^2)$</del>" in shown
    assert "<ins>no time</ins>" in shown
    assert "cs.CV/2025-03-03/#2503.00002" in shown
    again = page(filled, "cs.CV/2025-04-01")
    assert '<a href="../../papers/2503.00002/">Splatting in no time</a>' in again
    assert "papers/2503.00001" not in again


def test_a_view_says_why_it_shows_a_paper(filled: Sandbox) -> None:
    """On the page of the date and on its own, which has the newest papers and all dates."""
    build(filled)
    for path in ("views/splats of mine", "views/splats of mine/2025-03-03"):
        assert "keyword &#34;splatting&#34; in the title" in page(filled, path)
    assert "2 papers on 2 of 3 days" in page(filled, "views/splats of mine")


def test_feeds_lead_to_the_pages(filled: Sandbox) -> None:
    """Atom and JSON of each category and view; with an address, each paper names its place on the site."""
    filled.configure("site", address="https://own.example/archive/")
    build(filled)
    feed = etree.fromstring((filled.folder / "site/cs.CV/atom.xml").read_bytes())
    links = [one.get("href") for one in feed.iter("{http://www.w3.org/2005/Atom}link")]
    assert "https://own.example/archive/cs.CV/atom.xml" in links
    assert "https://own.example/archive/cs.CV/2025-03-03/#2503.00002" in links
    items = json.loads((filled.folder / "site/cs.CV/feed.json").read_text(encoding="utf-8"))["items"]
    assert [item["title"] for item in items][:2] == ["Splatting again", "An old knot"]
    assert 'type="application/atom+xml"' in page(filled, "cs.CV/2025-03-03")


def test_the_map_and_llms_txt_name_what_there_is(filled: Sandbox) -> None:
    """The map only where the site is published: it has whole addresses."""
    build(filled)
    site = filled.folder / "site"
    assert not (site / "sitemap.xml").exists()
    assert "- [cs.CV](cs.CV/): from 2025-03-03 to 2025-04-01" in (site / "llms.txt").read_text(encoding="utf-8")
    filled.configure("site", address="https://own.example/archive")
    build(filled)
    named = [one.text for one in etree.fromstring((site / "sitemap.xml").read_bytes()).iter() if one.text]
    assert "https://own.example/archive/cs.CV/2025-03-03/" in named
    assert "https://own.example/archive/" in named
    assert '<link rel="canonical" href="https://own.example/archive/cs.CV/2025-03-03/">' in page(
        filled, "cs.CV/2025-03-03"
    )
    assert 'href="/archive/assets/site.css' in (site / "404.html").read_text(encoding="utf-8")


def test_since_leaves_out_what_is_older(filled: Sandbox) -> None:
    """No page of it is made, and none leads there; its pages that were there go."""
    build(filled)
    filled.configure("site", since="2025-03-04")
    told = build(filled)
    assert "cs.CV/2025-03-03/index.html" in told["removed"]
    assert not (filled.folder / "site/cs.CV/2025-03-03").exists()
    assert "cs.CV/2025-03-03" not in page(filled, "cs.CV/2025-03-04") + page(filled, "cs.CV/2025")
    assert "cs.CV/2025-03-03" not in page(filled, "papers/2503.00002")


# --- foreign text ----------------------------------------------------------------------------------


def test_hostile_texts_stay_texts(filled: Sandbox) -> None:
    """Whatever authors type, no page gets a tag, an attribute or an address that is not digest's own."""
    hostile = [
        *HARM,
        "<script>alert(1)</script>",
        "$\\text{<img src=x onerror=alert(1)>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$\\style{background:url(//own.example)}{x}$",
        "$\\class{brand}{x}$",
        "{{ 7 * 7 }} {% raw %}",
        "</title><script>",
        '" onmouseover="alert(1)',
    ]
    papers = [
        paper(
            f"2503.{number:05d}",
            title=text.replace("\n", " ").replace("\r", " "),
            authors=(text,),
            abstract=html.escape(text, quote=False),
            comments=html.escape(text, quote=False),
            journal_ref=text,
            links=(Link(text, "code", "abstract"), Link(f"https://own.example/{text}", "code", "abstract")),
        )
        for number, text in enumerate(hostile, 100)
    ]
    texts = [replace(one, title=f"{one.title} now") for one in papers]
    days = [
        day_of([(Section.NEW, one) for one in papers], date=WEDNESDAY),
        day_of([(Section.REPLACEMENT, one) for one in texts], date=APRIL),
    ]
    store(filled, days)
    build(filled)
    for path, data in files(filled.folder / "site").items():
        if not path.endswith(".html"):
            continue
        shown = Page(data.decode())
        for script in (its["src"] for tag, its in shown.tags if tag == "script"):
            assert re.fullmatch(r"(?:(?:\.\./)+|\./|/)assets/(?:site|search)\.js\?v=[0-9a-f]{8}", script)
        assert not {tag for tag, _ in shown.tags} & {"img", "iframe", "style", "object", "embed", "svg", "base"}
        assert not [name for _, its in shown.tags for name in its if name.startswith("on") or name == "style"]
        schemes = {urlsplit(link).scheme for link in shown.all("href")}
        assert schemes <= {"", "https", "http"}
        assert all(tag != "math" or not its.keys() & {"href", "class", "id"} for tag, its in shown.tags)


def test_nothing_is_loaded_from_elsewhere(filled: Sandbox) -> None:
    """The policy of each page allows its own files alone, and no script or style inside of a page."""
    build(filled)
    for path, data in files(filled.folder / "site").items():
        if path.endswith(".html"):
            shown = Page(data.decode())
            (policy,) = (its["content"] for _, its in shown.tags if its.get("http-equiv") == "Content-Security-Policy")
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            loaded = [
                its.get("src") or its["href"] for tag, its in shown.tags if tag == "script" or _is_loaded(tag, its)
            ]
            assert len(loaded) == (4 if path.startswith("search/") else 3)
            assert not [link for link in loaded if urlsplit(link).netloc]


def _is_loaded(tag: str, its: dict[str, str]) -> bool:
    return tag == "link" and its["rel"] in ("stylesheet", "icon")


# --- maths -----------------------------------------------------------------------------------------


def test_maths_is_mathml_and_money_is_not(filled: Sandbox) -> None:
    """What is maths is decided as in the digests; what cannot be made is shown as it was typed."""
    text = r"From $5 to $10, in $O(n^2)$ and $x < \beta$; $\unknown{x}$ stays."
    store(filled, [day_of([(Section.NEW, replace(CLOUDS, title="A < B", abstract=html.escape(text)))], date=WEDNESDAY)])
    build(filled)
    shown = page(filled, "cs.CV/2025-03-05")
    assert "From $5 to $10, in <math>" in shown
    assert "<msup><mi>n</mi><mn>2</mn></msup>" in shown
    assert "<mi>x</mi><mo>&lt;</mo><mi>β</mi>" in shown
    assert r"<code>$\unknown{x}$</code> stays." in shown
    assert "A &lt; B" in shown


def test_tex_outside_of_maths_is_read(filled: Sandbox) -> None:
    r"""As on a terminal: ``78\%`` is 78%."""
    text = r"A gain of 78\% by \textit{hard} work."
    store(filled, [day_of([(Section.NEW, replace(CLOUDS, title=r"Q\&A", abstract=text))], date=WEDNESDAY)])
    build(filled)
    shown = page(filled, "cs.CV/2025-03-05")
    assert "A gain of 78% by hard work" in shown
    assert "Q&amp;A" in shown


def test_a_link_inside_of_maths_leads_there(filled: Sandbox) -> None:
    r"""``\href`` is maths to arXiv; in a title, which is a link already, it is none."""
    text = r"$\href{https://own.example/code}{\text{code}}$"
    store(filled, [day_of([(Section.NEW, replace(CLOUDS, title=text, abstract=text))], date=WEDNESDAY)])
    build(filled)
    shown = page(filled, "cs.CV/2025-03-05")
    made = "<math><mrow><mrow><mrow><mtext>code</mtext></mrow></mrow></mrow></math>"
    assert f'<a href="https://own.example/code" aria-label="code">{made}</a>' in shown
    assert f'<a href="https://arxiv.org/abs/2503.00001" aria-label="code">{made}</a>' in shown


def test_a_title_of_maths_alone_names_its_link(filled: Sandbox) -> None:
    """In letters, on every page that shows it; one with words needs none."""
    store(filled, [day_of([(Section.NEW, replace(CLOUDS, title="$x < y$"))], date=APRIL)])
    build(filled)
    for path in ("cs.CV/2025-04-01", ""):
        assert ' aria-label="x&lt;y"><math>' in page(filled, path)
    assert "aria-label" not in page(filled, "cs.CV/2025-03-03").partition("<article")[2].partition("</article>")[0]


def test_a_wide_formula_goes_on_in_the_next_line(filled: Sandbox) -> None:
    """Before a relation or an operator, behind a comma, between words: browsers break no formula themselves."""
    formula = r"$\mathcal{L}_{flow} + \mathcal{L}_{depth} = \text{a loss of two parts}$"
    store(filled, [day_of([(Section.NEW, replace(CLOUDS, abstract=formula))], date=WEDNESDAY)])
    build(filled)
    shown = page(filled, "cs.CV/2025-03-05")
    assert '</math><wbr><math><mrow><mo form="infix">+</mo>' in shown
    assert '</math><wbr><math><mrow><mo form="infix">=</mo>' in shown
    assert "<mtext>loss\u00a0</mtext></mrow></math><wbr><math><mrow><mtext>of\u00a0</mtext>" in shown


def test_nearly_all_maths_of_real_days_is_mathml(shared: Path) -> None:
    """At least 99.3 % of the occurrences in titles, abstracts and comments, and no backslash is left in any."""
    made = all_of = 0
    for day in real_days(shared):
        for entry in day.entries:
            texts = [entry.paper.title, readable(entry.paper.abstract or ""), readable(entry.paper.comments or "")]
            for one in (maths for text in texts for maths in maths_in(text)):
                text, _ = mathml(one.tex, is_display=one.is_display)
                all_of += 1
                made += text.startswith("<math") and "\\" not in text
            abstract = linked(entry.paper.abstract or "")
            # A wide one stands in pieces.
            found = abstract.count("<math") - abstract.count("<wbr><math") + abstract.count("<code>")
            assert found == len([*maths_in(texts[1])])
    assert all_of > 350
    assert made >= 0.993 * all_of


def test_the_pieces_of_a_text_are_the_text(shared: Path) -> None:
    """Links and texts together are what is readable of an abstract."""
    for day in real_days(shared)[:3]:
        for entry in day.entries:
            line = entry.paper.abstract or ""
            assert "".join(text for text, _ in pieces(line) if text != "\n") == readable(line)


# --- only what changed -----------------------------------------------------------------------------


def test_the_same_again_writes_nothing(filled: Sandbox) -> None:
    """Neither the pages nor the list of them; into another folder come the same bytes."""
    build(filled)
    site = filled.folder / "site"
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    told = build(filled)
    assert (told["written"], told["removed"]) == ([], [])
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before
    build(filled, str(filled.folder / "other"))
    assert files(filled.folder / "other") == files(site)


def test_a_new_day_writes_what_it_changes_and_reads_no_other(filled: Sandbox) -> None:
    """Its page, the one before it, its month and year, what shows the newest; the rest stays, and is not read."""
    days = [day_of([(Section.NEW, paper(f"2502.{day:05d}"))], date=date(2025, 2, day)) for day in (3, 4, 5, 6, 7)]
    store(filled, days)
    build(filled)
    store(filled, [day_of([(Section.NEW, paper("2504.00001", title="A new splatting"))], date=date(2025, 4, 2))])
    written = {*build(filled)["written"]}
    assert {path for path in written if not path.startswith("search/2025/0/")} == {
        *("cs.CV/2025-04-02/index.html", "cs.CV/2025-04-01/index.html", "cs.CV/2025-04/index.html"),
        *("cs.CV/2025/index.html", "cs.CV/index.html", "cs.CV/atom.xml", "cs.CV/feed.json", "index.html", "llms.txt"),
        *("views/splats of mine/2025-04-02/index.html", "views/splats of mine/2025-03-04/index.html"),
        *("views/splats of mine/index.html", "views/splats of mine/atom.xml", "views/splats of mine/feed.json"),
        *("views/index.html", "search/index.json"),
    }
    whole = filled.folder / "whole"
    build(filled, str(whole))
    assert files(whole) == files(filled.folder / "site")


def test_a_view_counts_the_days_that_show_nothing(filled: Sandbox) -> None:
    """Its page says on how many days it shows something; a new one without any changes that, too."""
    build(filled)
    store(filled, [day_of([(Section.NEW, paper("2504.00001", title="Another"))], date=date(2025, 4, 2))])
    build(filled)
    build(filled, str(filled.folder / "whole"))
    assert "2 papers on 2 of 4 days" in page(filled, "views/splats of mine")
    assert files(filled.folder / "whole") == files(filled.folder / "site")


def test_one_build_at_a_time_is_at_work_in_a_folder(filled: Sandbox) -> None:
    """The second ends with 3: of two, the list of one would not know the pages of the other."""
    build(filled)
    with hold_lock(filled.folder / "site" / LOCK):
        assert filled.digest("site").code == 3
        build(filled, str(filled.folder / "other"))
    assert filled.digest("site").code == 0


def test_what_is_no_file_in_the_place_of_a_page_stops_no_other(filled: Sandbox) -> None:
    """A link and a folder are left alone, with a warning."""
    build(filled)
    site = filled.folder / "site"
    (site / "index.html").unlink()
    (site / "index.html").symlink_to("/nowhere")
    (site / "cs.CV/index.html").unlink()
    (site / "cs.CV/index.html").mkdir()
    (site / "marks/index.html").unlink()
    done = filled.digest("site")
    assert done.code == 0
    assert done.err.count("it is no plain file") == 2
    assert (site / "marks/index.html").is_file()


def test_a_killed_segment_of_the_search_leaves_nothing(filled: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the next build has no such segment any more."""
    write = Folder.write

    def killed(folder: Folder, path: str, data: bytes, **more: bool) -> bool:
        if path.endswith("search/2025/0/w0.bin") or path == "search/2025/0/w0.bin":
            raise KeyboardInterrupt
        return write(folder, path, data, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", killed)
        assert filled.digest("site").code == 130
    assert list((filled.folder / "site/search/2025/0").iterdir())
    filled.configure("site", since="2025-04-02")
    build(filled)
    assert not (filled.folder / "site/search/2025").exists()


def test_a_changed_day_is_written_anew(filled: Sandbox) -> None:
    """A paper that is no more is on no page."""
    build(filled)
    store(filled, [day_of([(Section.NEW, CLOUDS)], date=MONDAY)])
    told = build(filled)
    assert "cs.CV/2025-03-03/index.html" in told["written"]
    assert "papers/2503.00002/index.html" in told["removed"]
    assert "views/splats of mine/2025-03-03/index.html" in told["removed"]
    whole = filled.folder / "whole"
    build(filled, str(whole))
    assert files(whole) == files(filled.folder / "site")


def test_a_page_that_was_removed_comes_back(filled: Sandbox) -> None:
    """Whoever removed it."""
    build(filled)
    (filled.folder / "site/cs.CV/2025-03-03/index.html").unlink()
    assert build(filled)["written"] == ["cs.CV/2025-03-03/index.html"]


@pytest.mark.parametrize("after", [0, 1, 7, 20])
def test_a_killed_build_is_healed(filled: Sandbox, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """At whatever page it was: the next one makes the site whole, and what changed meanwhile is in it."""
    whole, written = filled.folder / "whole", Folder.write
    build(filled, str(whole))
    left = [after]

    def write(self: Folder, path: str, data: bytes, *, is_flushed: bool = True) -> bool:
        if path.endswith("index.html") and self.root.name == "site":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        return written(self, path, data, is_flushed=is_flushed)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", write)
        filled.digest("site")
    build(filled)
    assert files(filled.folder / "site") == files(whole)


def test_pages_of_digest_that_the_list_lost_are_written_again(filled: Sandbox) -> None:
    """As an old copy of the list leaves them: they are not somebody's own."""
    build(filled)
    site = filled.folder / "site"
    told = json.loads((site / ".digest-site.json").read_text(encoding="utf-8"))
    told["pages"] = {}
    (site / ".digest-site.json").write_text(json.dumps(told), encoding="utf-8")
    store(filled, [day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY)])
    filled.digest("site")
    whole = filled.folder / "whole"
    build(filled, str(whole))
    found = files(site)
    # A list for programs bears no sign, and could be somebody's; so could the list of the site's files.
    assert {path for path, data in files(whole).items() if data != found.get(path)} <= {"llms.txt", ".digest-site.json"}


def test_a_link_in_the_place_of_a_folder_stops_no_other(filled: Sandbox) -> None:
    """Nothing is written where it leads; it is told once."""
    build(filled)
    site, elsewhere = filled.folder / "site", filled.folder / "elsewhere"
    elsewhere.mkdir()
    (site / "cs.CV/2025-03-05").symlink_to(elsewhere)
    store(filled, [day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY)])
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert f"{site / 'cs.CV/2025-03-05'}: left alone" in done.err
    assert not [*elsewhere.iterdir()]
    assert "2025-03-05" in page(filled, "cs.CV/2025-03-04")


def test_a_product_of_several_files_has_its_folder_for_itself(tmp_path: Path) -> None:
    """Files that it is made of no more are removed, those of a killed build too; one that was taken away comes back."""

    def bundle(inputs_hash: str, *names: str) -> list[str]:
        texts = {f"search/2025/{name}": name.encode() for name in ("entry", *names)}
        product = Product(Kind.SITE, "2025", "search/2025/entry", inputs_hash, "1", lambda: texts)
        write_site(open_folder(tmp_path), [product], Report(), untracked)
        return sorted(path for path in files(tmp_path) if not path.startswith("."))

    assert bundle("1", "a", "b") == ["search/2025/a", "search/2025/b", "search/2025/entry"]
    (tmp_path / "search/2025/left").touch()
    assert bundle("2", "c") == ["search/2025/c", "search/2025/entry"]
    (tmp_path / "search/2025/c").unlink()
    assert bundle("2", "c") == ["search/2025/c", "search/2025/entry"]
    write_site(open_folder(tmp_path), [], Report(), untracked)
    assert [*files(tmp_path)] == [".digest-site.json"]


def test_another_template_makes_other_pages(filled: Sandbox) -> None:
    """A file of the user's own folder goes in the place of that of the same name."""
    build(filled)
    own = filled.folder / "mine"
    own.mkdir()
    (own / "marks.html.j2").write_text(
        '{% extends "base.html.j2" %}{% block title %}Mine{% endblock %}', encoding="utf-8"
    )
    filled.configure("site", templates="mine")
    build(filled)
    assert "<title>Mine · arXiv cs.CV</title>" in page(filled, "marks")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("marks.html.j2", "{% if %}", "marks.html.j2:1"),
        ("marks.html.j2", '{% extends "marks.html.j2" %}', "marks.html.j2"),
        ("marks.html.j2", "{{ nobody }}", "'nobody' is undefined"),
        ("other.html.j2", "", "no page uses it"),
    ],
)
def test_a_wrong_template_is_told(filled: Sandbox, name: str, text: str, said: str) -> None:
    """In one line, with its name; the exit is 2."""
    own = filled.folder / "mine"
    own.mkdir()
    (own / name).write_text(text, encoding="utf-8")
    filled.configure("site", templates="mine")
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err


# --- whose files these are -------------------------------------------------------------------------


def test_what_digest_did_not_write_stays(filled: Sandbox) -> None:
    """Files beside its pages; one in the place of a page is left alone, and told."""
    build(filled)
    site = filled.folder / "site"
    (site / "CNAME").write_text("own.example", encoding="utf-8")
    place = site / "cs.CV/2025-03-05"
    place.mkdir()
    (place / "index.html").write_text("mine", encoding="utf-8")
    store(filled, [day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY)])
    done = filled.digest("site")
    assert done.code == 0
    assert "left alone, because digest did not write it" in done.err
    assert (place / "index.html").read_text(encoding="utf-8") == "mine"
    assert (site / "CNAME").exists()


@pytest.mark.parametrize(
    ("where", "code"),
    [
        *(("full", 2), (".", 2), ("raw/site", 2), ("..", 2), ("file", 2), ("loose", 2)),
        *(("cs.CV/2027", 2), (".git/site", 2), ("views/site", 2), ("schedule", 2)),
    ],
)
def test_a_folder_with_something_else_is_refused(filled: Sandbox, where: str, code: int) -> None:
    """Nothing is written into it."""
    (filled.folder / "full").mkdir()
    (filled.folder / "full/mine.txt").touch()
    (filled.folder / "file").touch()
    (filled.folder / "loose").symlink_to("nowhere")
    before = files(filled.folder)
    done = filled.digest("site", str(filled.folder / where))
    assert (done.code, done.err.count("\n")) == (code, 1)
    assert {path for path in files(filled.folder) if "archive.db" not in path} == {
        path for path in before if "archive.db" not in path
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "damage"),
        ('{"format": 99}', "newer digest"),
        ('{"format": 1, "pages": {"../config.toml": ""}, "counts": {}, "parts": {}}', "damage"),
        ('{"format": 1, "pages": {}, "counts": {}, "parts": {"a/b": ["../config.toml"]}}', "damage"),
    ],
)
def test_a_damaged_list_of_pages_removes_nothing(filled: Sandbox, text: str, said: str) -> None:
    """The list decides what is removed, so that one that makes no sense ends the command."""
    build(filled)
    (filled.folder / "site/.digest-site.json").write_text(text, encoding="utf-8")
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (6, 1)
    assert said in done.err
    assert (filled.folder / "config.toml").exists()


def test_a_damaged_day_keeps_its_page(filled: Sandbox) -> None:
    """The others are written, and the exit is 6."""
    build(filled)
    store(filled, [day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY)])
    file = filled.folder / "archive.db"
    with closing(Store(f"sqlite:///{file}", file)) as opened, opened._write() as connection:  # noqa: SLF001
        connection.exec_driver_sql("DELETE FROM entry WHERE day_id = (SELECT id FROM day WHERE date = '2025-03-05')")
    done = filled.digest("site")
    assert done.code == 6
    assert "cs.CV 2025-03-05: expected 1 entries" in done.err
    assert (filled.folder / "site/cs.CV/2025-03-04/index.html").exists()


def test_only_the_site_itself_clears_up_in_its_folder(filled: Sandbox) -> None:
    """Through its tens of thousands of files no other command goes; a killed build leaves one half-written."""
    build(filled)
    leftover = filled.folder / "site/cs.CV/.index.html.x.digest-tmp"
    leftover.touch()
    assert filled.digest("regenerate", "2025-03-03").code == 0
    assert leftover.exists()
    build(filled)
    assert not leftover.exists()


# --- the command -----------------------------------------------------------------------------------


def test_it_needs_its_extra(filled: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without latex2mathml, the command says what to install, and nothing is made."""

    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "arxiv-listing-digest[site]" in done.err
    assert not (filled.folder / "site").exists()


def test_a_folder_that_cannot_be_written_is_told(filled: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line; the exit is 6."""

    def prepare(self: Folder) -> None:
        raise StoreError(f"{self.root}: No space left on device")

    monkeypatch.setattr(Folder, "prepare", prepare)
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (6, 1)


@pytest.mark.parametrize("kind", ["pipe", "folder", "bytes"])
def test_a_template_that_cannot_be_read_is_named(filled: Sandbox, kind: str) -> None:
    """By its file; a pipe is not waited for."""
    own = filled.folder / "mine"
    own.mkdir()
    odd = own / "marks.html.j2"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    else:
        odd.write_bytes(b"\xff")
    filled.configure("site", templates="mine")
    done = filled.digest("site")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert str(odd) in done.err


@pytest.mark.long
def test_a_served_site_waits_for_another_build(filled: Sandbox) -> None:
    """And shows itself once that is over."""
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "site", "--serve", "0"]
    with hold_lock(filled.folder / "site" / LOCK):
        served = subprocess.Popen(command, cwd=filled.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert served.stderr is not None
        assert "waiting" in served.stderr.readline()
    try:
        assert served.stdout is not None
        assert _asked(served.stdout.readline().split(" ")[0]) == 200
    finally:
        served.send_signal(2)
        served.communicate(timeout=30)
    assert served.returncode == 0


@pytest.mark.long
def test_it_is_shown_on_this_machine_alone(filled: Sandbox) -> None:
    """A page elsewhere that makes a name lead here is refused; a folder is no list; a change makes the pages anew."""
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "site", "--serve", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    served = subprocess.Popen(
        command, cwd=filled.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stdout is not None
        address = served.stdout.readline().split(" ")[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        assert _asked(address) == 200
        assert _asked(address, Host="own.example") == 403
        assert _asked(f"{address}assets/") == 404
        assert _asked(f"{address}%2e%2e/config.toml") == 404
        assert _asked(f"{address}%00") == 404
        store(filled, [day_of([(Section.NEW, CLOUDS)], date=WEDNESDAY)])
        end = time.monotonic() + 30
        while _asked(f"{address}cs.CV/2025-03-05/") != 200:
            assert time.monotonic() < end
            threading.Event().wait(0.1)
    finally:
        served.send_signal(2)
        served.communicate(timeout=30)
    assert served.returncode == 0


def _asked(address: str, **headers: str) -> int:
    return requests.get(address, headers=headers, timeout=10).status_code
