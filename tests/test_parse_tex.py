"""Texts as their authors typed them → the form in which arXiv's listings show them."""

import gzip
import json
import re
import time
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.markup import readable
from digest.parse.document import plain_text
from digest.parse.feed import parse_feed
from digest.parse.listing import parse_page
from digest.parse.typed import abstract_of, comments_of, title_of, unicode_of
from tests.markup import one_line_html

ANCHOR = '<a class="link-external link-{}" href="{}" rel="external noopener nofollow">this {} URL</a>'
ID_ANCHOR = '<a class="link-https" data-arxiv-id="{0}" href="https://arxiv.org/abs/{0}">arXiv:{0}</a>'
DOI_ANCHOR = (
    '<a class="link-https link-external" data-doi="{0}" href="https://doi.org/{0}" '
    'rel="external noopener nofollow">https://doi.org/{0}</a>'
)
ATOM = {"atom": "http://www.w3.org/2005/Atom", "arxiv": "http://arxiv.org/schemas/atom"}
GREEK = ("GREEK SMALL LETTER ALPHA", "GREEK SMALL LETTER BETA", "GREEK CAPITAL LETTER OMEGA", "GREEK PHI SYMBOL")
OAI = {"raw": "http://arxiv.org/OAI/arXivRaw/", "arXiv": "http://arxiv.org/OAI/arXiv/"}


def shown(markup: Iterable[str]) -> list[str]:
    """Return the canonical lines of fields as a listing has them."""
    return one_line_html([lxml_html.fragment_fromstring(f"<p>{one}</p>") for one in markup])


def shown_title(markup: str) -> str:
    """Return a title as a listing has it, as plain text."""
    return plain_text(lxml_html.fragment_fromstring(f"<p>{markup}</p>"))


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"Poincar\'e and Schr\"odinger", "Poincaré and Schrödinger"),
        (
            r"Erd\H{o}s, \v{C}ech, Fran\c{c}ois, W\k{e}glarz, \r{A}sa, Br\u{a}ila",
            "Erdős, Čech, François, Węglarz, Åsa, Brăila",
        ),
        (r"{\'E}tudes, \'{E}tudes, \`a la carte, \^ile", "{É}tudes, Études, à la carte, île"),
        (r"S{\o}ren, \O{}rsted, \L{}ukasz, Stra\ss e, \AA sa", "Søren, Ørsted, Łukasz, Straße, Åsa"),
        (r"360{\deg} views, \S 3, \copyright 2025", "360° views, §3, ©2025"),
        (r"\q'e \foo{o} \mathcal{O} 100\% R\&D a\_b", r"\q'e \foo{o} \mathcal{O} 100\% R\&D a\_b"),
        (r"{{Nested}} and {{{deeper}}}", "{Nested} and {deeper}"),
    ],
)
def test_accents_become_unicode_and_other_tex_stays(tex: str, text: str) -> None:
    """Letters and accents that arXiv shows as Unicode are Unicode; what it leaves alone is left alone."""
    assert title_of(tex) == text
    assert abstract_of(tex) == text.replace("&", "&amp;")


def test_greek_letters_are_for_titles_only() -> None:
    """A Greek letter's command becomes the letter in titles and names; in abstracts and comments it stays one."""
    tex = r"On $\alpha$-\beta nets with \Omega and \phi"
    alpha, beta, omega, phi = map(unicodedata.lookup, GREEK)
    assert title_of(tex) == f"On ${alpha}$-{beta}nets with {omega}and {phi}"
    assert abstract_of(tex) == comments_of(tex) == tex


def test_lines() -> None:
    """An abstract's line that begins with blanks is broken before them; comments and titles have one line."""
    tex = "First.\n  Second\nstill.\n\n  Third. "
    assert abstract_of(tex) == "First. <br>Second still. <br>Third."
    assert comments_of("12 pages,\n  4 figures\n") == "12 pages,   4 figures"
    assert title_of("A title\n  on two lines") == "A title on two lines"


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        ("at https://code.test/a/b.", f"at {ANCHOR.format('https', 'https://code.test/a/b', 'https')}."),
        ("at code.test/a~b, too", f"at {ANCHOR.format('http', 'http://code.test/a~b', 'http')}, too"),
        ("(http://code.test/a_(b))", f"({ANCHOR.format('http', 'http://code.test/a_(b))', 'http')}"),
        ("(see http://code.test/a)", f"(see {ANCHOR.format('http', 'http://code.test/a', 'http')})"),
        (r"\url{https://code.test/a\_b}", rf"\url{{{ANCHOR.format('https', 'https://code.test/a', 'https')}\_b}}"),
        ("'https://code.test/a'", f"'{ANCHOR.format('https', 'https://code.test/a' + chr(39), 'https')}"),
        ("mail me@code.test now", "mail me@code.test now"),
        ("of cs.CV and math.CO, e.g. i.e. v1.2.3", "of cs.CV and math.CO, e.g. i.e. v1.2.3"),
        ("ftp://files.test/pub/a.zip", "ftp://files.test/pub/a.zip"),
        (
            "see arXiv:2301.00001v2,",
            "see " + ID_ANCHOR.format("2301.00001v2") + ",",
        ),
        (
            "doi:10.1007/978-3_48.",
            "doi:" + DOI_ANCHOR.format("10.1007/978-3_48") + ".",
        ),
        (
            "https://arxiv.org/abs/1706.03762",
            '<a class="link-internal link-https" href="https://arxiv.org/abs/1706.03762">https://arxiv.org/abs/1706.03762</a>',
        ),
    ],
)
def test_addresses_are_linked_as_arxiv_links_them(tex: str, line: str) -> None:
    """What arXiv takes for an address is an anchor, its mistakes included; what it does not is text."""
    assert abstract_of(tex) == comments_of(tex) == line


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\'\"{}~^./:@10arxivhtp -\n"), max_size=80))
def test_any_text_has_a_form(text: str) -> None:
    """No text is refused, none becomes a tag, and a text without TeX, addresses or line ends reads as before."""
    line = comments_of(text)
    assert "<" not in re.sub(r"<a [^<>]*>|</a>", "", line)
    if not set(text) & set("\\{.\r\n/\t\f\v"):
        assert readable(line) == text.strip(" ")
    assert "\n" not in abstract_of(text) + title_of(text)


@pytest.mark.parametrize(
    "piece", ["{{", "{{{{}}}}", "a.", "a-", "a.bc/", "https://", "10.1234/", "\\'", "(", "a@", "{", "1234.12345"]
)
def test_no_text_takes_long(piece: str) -> None:
    """A hundred thousand characters of what the rules look for are read in the time of any other text."""
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    assert abstract_of(text)
    assert title_of(text)
    assert time.process_time() - started < 5  # an hour, if it grew with the square


def test_real_papers_give_the_same_text_from_tex_as_from_a_listing(shared: Path) -> None:
    """2,290 real papers: title, abstract and comments from the API's TeX equal those of arXiv's listing, each one."""
    with gzip.open(shared / "data" / "real-days.jsonl.gz", "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
    assert len(papers) == 2290
    assert [title_of(one["title"]) for one in papers] == [shown_title(one["title_html"]) for one in papers]
    assert [abstract_of(one["abstract"]) for one in papers] == shown(one["abstract_html"] for one in papers)
    commented = [one for one in papers if one["comments"]]
    assert [comments_of(one["comments"]) for one in commented] == shown(one["comments_html"] for one in commented)


def test_hard_cases_give_the_same_text_from_tex_as_from_a_listing(shared: Path) -> None:
    """What arXiv makes of forty texts that were made to be hard is what we make of them."""
    cases = json.loads((shared / "pages" / "big-day-2024-10-15" / "transform_cases.json").read_text(encoding="utf-8"))
    assert [title_of(one["title_raw"]) for one in cases] == [shown_title(one["title_html"]) for one in cases]
    assert [abstract_of(one["abstract_raw"]) for one in cases] == shown(one["abstract_html"] for one in cases)
    commented = [one for one in cases if one["comments_raw"]]
    assert [comments_of(one["comments_raw"]) for one in commented] == shown(one["comments_html"] for one in commented)


def listed(shared: Path, day: str) -> dict[str, Any]:
    """Return the papers on a day's listing page, by id."""
    page = parse_page((shared / "pages" / day / "list_cs.CV_new.html").read_bytes())
    return {str(entry.paper.arxiv_id): entry.paper for entry in page.entries}


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_gives_the_texts_of_the_listing(shared: Path, form: str) -> None:
    """Every entry of the big day's feed: title, authors and abstract are the page's, and what was typed is kept."""
    papers = listed(shared, "big-day-2024-10-15")
    typed = {one["arxiv_id"]: one for one in json.loads((shared / "pages/big-day-2024-10-15/papers.json").read_text())}
    feed = parse_feed((shared / "pages" / "feeds" / f"bigday_{form}_cs.CV.xml").read_bytes())
    assert len(feed.entries) == 1350
    for entry in feed.entries:
        paper, arxiv_id = entry.paper, str(entry.paper.arxiv_id)
        page = papers[arxiv_id]
        assert (paper.title, paper.abstract) == (page.title, page.abstract)
        assert paper.authors[:100] == page.authors[:100]
        assert paper.raw is not None
        assert paper.raw.abstract is not None
        assert paper.raw.abstract.strip() == typed[arxiv_id]["abstract_raw"].strip()


def test_the_api_and_oai_pmh_give_the_texts_of_the_listing(shared: Path) -> None:
    """Every paper of the seed day: title, abstract and comments are the page's.

    The API shows Greek letters as Unicode in abstracts and comments too, where a listing keeps their commands.
    """
    papers = listed(shared, "seed-day-2021-10-20")
    for form, found in (("API", from_api(shared)), ("OAI-PMH", from_oai(shared))):
        here = [one for one in found if one["id"] in papers]
        assert len(here) >= 46
        for one in here:
            title, abstract, comments = (one[key] or "" for key in ("title", "abstract", "comments"))
            page = papers[str(one["id"])]
            shown = (page.abstract, page.comments or "")
            assert title_of(title) == page.title
            assert (abstract_of(abstract), comments_of(comments)) == (
                tuple(unicode_of(line, greek=True) for line in shown) if form == "API" else shown
            )


def from_api(shared: Path) -> list[dict[str, str | None]]:
    """Return the texts of the API's answers; its hard line breaks are part of them."""
    entries = [
        entry
        for path in sorted((shared / "pages" / "api").glob("query_cat*.xml"))
        for entry in ET.parse(path).getroot().findall("atom:entry", ATOM)  # noqa: S314 - our own file
    ]
    return [
        {
            "id": (entry.findtext("atom:id", "", ATOM)).rpartition("/")[2].partition("v")[0],
            "title": entry.findtext("atom:title", "", ATOM),
            "abstract": entry.findtext("atom:summary", "", ATOM),
            "comments": entry.findtext("arxiv:comment", None, ATOM),
        }
        for entry in entries
    ]


def from_oai(shared: Path) -> list[dict[str, str | None]]:
    """Return the texts of OAI-PMH's records, in the format that has every version."""
    root = ET.parse(shared / "pages" / "oai" / "seedday_listrecords_arXivRaw.xml").getroot()  # noqa: S314 - as above
    return [
        {
            "id": record.findtext("raw:id", "", OAI),
            "title": record.findtext("raw:title", "", OAI),
            "abstract": record.findtext("raw:abstract", "", OAI),
            "comments": record.findtext("raw:comments", None, OAI),
        }
        for record in root.iter(f"{{{OAI['raw']}}}arXivRaw")
    ]
