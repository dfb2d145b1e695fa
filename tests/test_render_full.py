"""The full digest: what it shows, how it is split, and that every real paper is in it, to the character."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from lxml import html as lxml_html

from digest.config.paths import part_path
from digest.config.settings import View
from digest.errors import TemplateError
from digest.markup import readable, without_markup
from digest.model import ArxivId, Day, Hit, Link, Paper, Section, Source, State
from digest.parse.document import plain_text
from digest.parse.links import find_links
from digest.parse.markup import with_anchors
from digest.render.digest import MOST_BYTES, DigestTemplate
from digest.render.markdown import escaped
from tests.conftest import Sandbox, long_after
from tests.days import WHEN, day_of, paper, simple_day
from tests.hostile.engines import ENGINES, SHOWN, Page, body_of, check_day, joined, template
from tests.markup import one_line_html
from tests.standin import invent

FILE = "2025-03-05.md"
CODE = Link("https://github.com/owner/repo", "code", "abstract")


def full(day: Day) -> str:
    """Return the full digest of ``day`` with front matter."""
    return template("full", front_matter=True).render(day).decode()


def body(day: Day) -> str:
    """Return the full digest of ``day``."""
    return template("full").render(day).decode()


def front_matter(digest: bytes | str) -> dict[str, object]:
    """Return what a YAML parser reads at the head of a digest."""
    text = digest if isinstance(digest, str) else digest.decode()
    head, _, _ = text.removeprefix("---\n").partition("\n---\n")
    found = yaml.safe_load(head)
    assert isinstance(found, dict)
    return found


# The grammar


def test_the_full_digest_follows_its_grammar() -> None:
    """Heading, counts, a line a paper, then each paper whole, its sections one after the other; no front matter."""
    one = paper("2503.00002", title="A <b> title", links=(CODE,), comments="8 pages", journal_ref="J. 1 (2025)")
    two = paper("hep-th/9901001", authors=("Ada Example",), primary_category="hep-th", categories=("hep-th", "cs.CV"))
    day = day_of([(Section.NEW, one), (Section.CROSS, two), (Section.REPLACEMENT, paper("2501.00001"))])
    assert body(day) == (
        "# arXiv cs.CV · Wed, 5 Mar 2025\n"
        "\n"
        "1 new submission · 1 cross-list · 1 replacement (not shown)\n"
        "\n"
        '## <a id="contents"></a>Contents\n'
        "\n"
        "**New submissions**\n"
        "\n"
        "1. [A \\<b> title](#2503.00002)\n"
        "\n"
        "**Cross-lists**\n"
        "\n"
        "2. [A title of hep-th/9901001](#hep-th-9901001)\n"
        "\n"
        "## New submissions (1)\n"
        "\n"
        '### <a id="2503.00002"></a>1. [A \\<b> title](https://arxiv.org/abs/2503.00002)\n'
        "\n"
        "Zoë van der Plaat, Mei O'Dunmore\n"
        "\n"
        "**cs.CV** · cs.LG · [PDF](https://arxiv.org/pdf/2503.00002.pdf) · "
        "[HTML](https://arxiv.org/html/2503.00002) · [↑](#contents)\n"
        "\n"
        "**Code** [github.com/owner/repo](https://github.com/owner/repo)\n"
        "\n"
        "*Comments:* 8 pages\n"
        "\n"
        "*Journal reference:* J. 1 (2025)\n"
        "\n"
        "An abstract of 2503.00002.\n"
        "\n"
        "## Cross-lists (1)\n"
        "\n"
        '### <a id="hep-th-9901001"></a>2. [A title of hep-th/9901001](https://arxiv.org/abs/hep-th/9901001)\n'
        "\n"
        "Ada Example\n"
        "\n"
        "**hep-th** · cs.CV · [PDF](https://arxiv.org/pdf/hep-th/9901001.pdf) · [↑](#contents)\n"
        "\n"
        "An abstract of hep-th/9901001.\n"
    )


def test_front_matter_comes_before_the_very_same_digest() -> None:
    """For Jekyll, Obsidian, Hugo: asked for, it tells what the listing was like."""
    day = simple_day(["2503.00001"], ["2503.00002"], ["2501.00001"])
    assert full(day) == (
        "---\n"
        "date: 2025-03-05\n"
        'category: "cs.CV"\n'
        "state: complete\n"
        "source: listing\n"
        'declared: {"new": 1, "cross": 1, "replacement": 1}\n'
        'stored: {"new": 1, "cross": 1, "replacement": 1}\n'
        "---\n"
        "\n"
    ) + body(day)


def test_replacements_are_shown_where_the_sections_have_them() -> None:
    """``[digest] sections`` decides, and one section alone needs no name above its contents."""
    day = simple_day(["2503.00001"], [], ["2501.00001"])
    shown = DigestTemplate(template_source("full"), "full", [Section.REPLACEMENT]).render(day).decode()
    assert "## Replacements (1)\n" in shown
    assert "**Replacements**" not in shown
    assert "1 new submission (not shown) · 1 replacement\n" in shown


def template_source(name: str) -> str:
    """Return the text of a built-in template."""
    return (Path(__file__).parents[1] / "templates" / f"{name}.md.j2").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.EMPTY, "announced nothing"),
        (State.PROVISIONAL, "not proven yet"),
        (State.IMPORTED, "may be missing"),
        (State.RECONSTRUCTED, "may belong to another day"),
    ],
)
def test_a_day_that_is_not_complete_says_so_in_words(state: State, words: str) -> None:
    """Below the counts, and as a word in the front matter; a complete day has no such line."""
    day = simple_day(["2503.00001"], state=state)
    assert f"> **{state.value.capitalize()}.**" in body(day)
    assert words in body(day)
    assert front_matter(full(day))["state"] == state.value
    assert "\n> " not in body(replace(day, state=State.COMPLETE))


@pytest.mark.parametrize("day", [simple_day(state=State.EMPTY), simple_day([], [], ["2501.00001"])])
def test_a_day_with_nothing_to_show_says_so(day: Day) -> None:
    """There are no contents then, and no headings but the first."""
    assert body(day).endswith("\nNothing to show.\n")
    assert re.findall("^#+ ", body(day), re.MULTILINE) == ["# "]


def test_counts_that_differ_from_what_arxiv_declared_are_both_told() -> None:
    """In the line of counts and in the front matter; a section that arXiv did not declare is not in the latter."""
    day = simple_day(["2503.00001"], declared={Section.NEW: 3, Section.CROSS: 1}, state=State.IMPORTED)
    assert "1 of 3 new submissions · 0 of 1 cross-list\n" in body(day)
    front = front_matter(full(day))
    assert front["declared"] == {"new": 3, "cross": 1}
    assert front["stored"] == {"new": 1, "cross": 0, "replacement": 0}


def test_contents_and_abstracts_are_folded_in_a_digest_of_more_than_forty() -> None:
    """Forty are open; with one more all are folded, and what is folded is markdown still."""
    ids = [f"2503.{number:05d}" for number in range(1, 42)]
    assert "<details>" not in body(simple_day(ids[:40]))
    folded = body(simple_day(ids[:40], ids[40:]))
    contents = folded.partition("Contents\n\n<details><summary>All 41 titles</summary>\n\n")[2]
    inside, _, after = contents.partition("\n\n</details>\n\n## New submissions (40)\n\n### ")
    assert (inside.count("\n\n**"), inside.count("](#2503.")) == (1, 41)
    assert after.count("\n### ") == 40
    assert folded.count("<details><summary>Abstract</summary>\n\nAn abstract of 2503.") == 41
    assert folded.count("\n\n</details>\n") == 42


# The widths of Helvetica's signs from the blank to "~", in thousandths of the type's size (Adobe's core AFM files).
_WIDTHS = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278
278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722
667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556
556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
HELVETICA = dict(zip(map(chr, range(32, 127)), map(int, _WIDTHS.split()), strict=True)) | {"…": 1000}
ONE_LINE = 1000 * 292 // 16
"""What an item has on GitHub's page of 390 pixels, in type of 16: all but two margins of 33, and 32 for its number."""


def contents_line(title: str) -> str:
    """Return how the contents of a digest show a title, which stands whole in the paper's own heading."""
    page = Page(ENGINES["GitHub"](body(day_of([(Section.NEW, paper(title=title))]))))
    assert [block.text for block in page.blocks if block.tag == "h3"] == [f"1. {title}"]
    assert page.strays == []
    (shown,) = [block.text for block in page.blocks if block.tag == "li"]
    return shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("A Title That Is Short Enough", "A Title That Is Short Enough"),
        ("We Pay $20 for $n$ Samples and $k$ Labels", "We Pay $20 for $n$ Samples and…"),
        ("We Pay $20 for $n$ Streets and $k+mmmmmm$", "We Pay $20 for $n$ Streets and…"),
        (r"Steps of $\mathcal{O}(n)$ in Videos of the Streets", r"Steps of $\mathcal{O}(n)$ in Vide…"),
        (r"Faster Labels for Video: $\mathcal{O}(n \log n)$ Steps", "Faster Labels for Video…"),
        ("\u6df1\u5ea6\u5b66\u4e60" * 5, "\u6df1\u5ea6\u5b66\u4e60" * 4 + "\u6df1…"),
        ("Lines, " * 9, "Lines, Lines, Lines, Lines, Lines…"),
    ],
)
def test_the_contents_have_the_beginning_of_a_long_title(title: str, shown: str) -> None:
    """Maths is in it whole or not at all, and no comma stands before the ellipsis."""
    assert contents_line(title) == shown


@pytest.mark.parametrize("title", ["W" * 99, "m" * 99, "i" * 99, "MWM@%& " * 9, "a b " * 30, "l, " * 50, "I-I " * 30])
def test_a_line_of_the_contents_fits_a_phone(title: str) -> None:
    """Whatever letters it has; and it is not cut much before it has to be."""
    assert 0.7 * ONE_LINE < sum(map(HELVETICA.__getitem__, contents_line(title))) <= ONE_LINE


def test_the_contents_of_real_papers_fit_a_phone(shared: Path) -> None:
    """One line each of those in ASCII without maths: almost all 2,290."""
    titles = [one.title for _, one in real_papers(shared) if one.title.isascii() and "$" not in one.title]
    assert len(titles) > 2200
    day = day_of([(Section.NEW, paper(f"2503.{place:05d}", title=one)) for place, one in enumerate(titles, 1)])
    page = Page(ENGINES["GitHub"](body(day)))
    lines = [block.text for block in page.blocks if block.tag == "li"]
    assert len(lines) == len(titles)
    assert [one for one in lines if sum(map(HELVETICA.__getitem__, one)) > ONE_LINE] == []
    assert all(title.startswith(one.removesuffix("…")) for title, one in zip(titles[::-1], lines, strict=True))


@pytest.mark.parametrize(("number", "folded"), [(0, 0), (1, 0), (12, 0), (13, 3), (300, 290)])
def test_no_author_is_lost(number: int, folded: int) -> None:
    """Of more than twelve, ten are open and the others folded."""
    names = tuple(f"Author {one}." for one in range(number))
    text = body(day_of([(Section.NEW, paper(authors=names))])).partition("### ")[2]
    assert re.findall(r"Author [0-9]+\.", text) == list(names)
    assert re.findall(r"and ([0-9]+) more authors", text) == ([str(folded)] if folded else [])


def test_a_hundred_authors_may_be_more() -> None:
    """A listing shows 100 authors of a longer line, without a mark (ARXIV.md § 4)."""
    names = tuple(f"Author {one}." for one in range(100))
    assert "and 90 or more authors" in body(day_of([(Section.NEW, paper(authors=names))]))


@pytest.mark.parametrize(
    ("arxiv_id", "has_page"), [("2312.00001", True), ("2311.99999", False), ("math.GT/0309136", False)]
)
def test_the_html_page_is_linked_since_arxiv_makes_it(arxiv_id: str, has_page: bool) -> None:
    """Since December 2023."""
    assert (f"[HTML](https://arxiv.org/html/{arxiv_id})" in body(simple_day([arxiv_id]))) is has_page


def test_every_link_stands_with_its_kind() -> None:
    """By the words for a reader; what is no web address is no link."""
    links = (
        Link("https://owner.github.io/x/", "project", "comments"),
        CODE,
        Link("https://example.org/a_b?x=1&copy=(2)", "other", "abstract"),
        Link("javascript:alert(1)", "code", "abstract"),
    )
    shown = body(day_of([(Section.NEW, paper(links=links))]))
    assert (
        "**Project** [owner.github.io/x/](https://owner.github.io/x/) · "
        "**Code** [github.com/owner/repo](https://github.com/owner/repo) · "
        "**Link** [example.org/a_b?x=1&copy=(2)](https://example.org/a_b?x=1&amp;copy=%282%29)\n"
    ) in shown
    assert "javascript" not in shown


def test_addresses_in_a_text_are_shown_and_no_links() -> None:
    """The reader sees the address that arXiv hides behind "this https URL"."""
    anchor = (
        '<a class="link-external link-https" href="https://x.org/a?b&amp;c" rel="external noopener nofollow">{}</a>'
    )
    one = paper(abstract=f"See {anchor.format('this https URL')}. <br>More.", comments=anchor.format("x.org"))
    shown = body(day_of([(Section.NEW, one)]))
    assert "See https\\://x.org/a?b&c. More.\n" in shown
    assert "*Comments:* x.org\n" in shown


# A view


def view(hits: list[Hit], days: list[Day], name: str = "splats") -> dict[str, bytes]:
    """Return the full digest of a view, with front matter."""
    return template("full", front_matter=True).view_parts(View(name), WHEN, days, hits, FILE)


def test_a_view_shows_its_hits_with_the_reasons() -> None:
    """Numbered through the sections, the ids descending; the listing is named where it is not the primary category."""
    vision = simple_day(["2503.00001", "2503.00002"], ["2503.00003"])
    robots = replace(simple_day(["2503.00004"], state=State.PROVISIONAL), category="cs.RO")
    announced = [*vision.announcements, *robots.announcements]
    files = view([Hit(one, (f'keyword "{one.position}"', "author A*")) for one in announced], [vision, robots])
    assert list(files) == [FILE]
    shown = body_of(files[FILE])
    assert re.findall(r"^### .*?</a>([0-9]+)\. \[A title of (.*?)\]", shown, re.MULTILINE) == [
        *(("1", "2503.00004"), ("2", "2503.00002"), ("3", "2503.00001"), ("4", "2503.00003")),
    ]
    assert shown.count("\n*Why:* ") == 4
    assert '*Why:* keyword "3"; author A\\*\n' in shown
    assert "\n# arXiv splats · Wed, 5 Mar 2025\n\n3 new submissions · 1 cross-list\n" in shown
    assert "> cs.RO: **Provisional.**" in shown
    assert shown.count("· listed in cs.RO ·") == 1


def test_the_front_matter_of_a_view_tells_of_each_of_its_days() -> None:
    """What was shown, and of each category what was declared and stored."""
    vision, robots = simple_day(["2503.00001"]), replace(simple_day(state=State.EMPTY), category="cs.RO")
    hits = [Hit(one, ()) for one in vision.announcements]
    assert front_matter(view(hits, [vision, robots])[FILE]) == {
        "date": WHEN,
        "view": "splats",
        "shown": {"new": 1, "cross": 0},
        "days": [
            {
                "category": day.category,
                "state": day.state.value,
                "source": "listing",
                "declared": {section.value: count for section, count in day.declared.items()},
                "stored": {section.value: count for section, count in day.counts.items()},
            }
            for day in (vision, robots)
        ],
    }
    assert front_matter(view([], [])[FILE])["days"] == []


@pytest.mark.parametrize("source", Source)
def test_the_front_matter_is_read_back(source: Source) -> None:
    """The date as a date, the counts as numbers, everything else as texts."""
    day = simple_day(["2503.00001"], category="astro-ph", source=source)
    assert front_matter(full(day)) == {
        "date": date(2025, 3, 5),
        "category": "astro-ph",
        "state": "complete",
        "source": source.value,
        "declared": {"new": 1, "cross": 0, "replacement": 0},
        "stored": {"new": 1, "cross": 0, "replacement": 0},
    }


def test_the_classic_template_says_why_a_view_shows_a_paper() -> None:
    """In one more line an entry; without reasons it is the digest of a category but for its name."""
    (one,) = simple_day(["2503.00001"]).announcements
    classic = template("classic")
    (shown,) = classic.view_parts(
        View("my *view*"), WHEN, [], [Hit(one, ('keyword "a*b"', "author <A>"))], FILE
    ).values()
    assert shown.decode() == (
        "# ArXiv my \\*view\\* --Wed, 5 Mar 2025\n"
        "### 1.A title of 2503.00001  [ :arrow_down: ](https://arxiv.org/pdf/2503.00001.pdf)\n"
        ">  An abstract of 2503.00001.      \n"
        '>  *keyword "a\\*b"; author \\<A>*      \n'
    )
    (bare,) = classic.view_parts(View("cs.CV"), WHEN, [], [Hit(one, ())], FILE).values()
    assert bare == classic.render(simple_day(["2503.00001"]))


def test_full_is_a_template_that_can_be_asked_for_by_name(archive: Sandbox) -> None:
    """``[digest] template = "full"`` makes the day's file; a name that is none is told with the names that are."""
    archive.configure("digest", template="full")
    assert archive.digest("run").code == 0
    made = archive.read("cs.CV/2025/03/2025-03-05.md").decode()
    shown = [*invent("cs.CV", WHEN).new, *invent("cs.CV", WHEN).cross]
    assert made.startswith("# arXiv cs.CV · Wed, 5 Mar 2025\n\n")
    assert set(re.findall(r'^### <a id="(.*?)">', made, re.MULTILINE)) == {one.arxiv_id for one in shown}
    archive.configure("digest", template="fuller")
    result = archive.digest("run")
    assert (result.code, "expected classic or full" in result.err) == (2, True)


# A digest in parts


def large_day(entries: int, size: int) -> Day:
    """Return a day whose abstracts have ``size`` characters each."""
    papers = [paper(f"2503.{number:05d}", abstract="x" * size) for number in range(1, entries + 1)]
    half = entries // 2
    return day_of([(Section.NEW if place < half else Section.CROSS, one) for place, one in enumerate(papers)])


def test_a_digest_that_is_too_large_is_split_between_entries() -> None:
    """Each part is small enough for GitHub, none of the entries is lost or cut, and the first has the contents."""
    day = large_day(40, 100_000)
    files = template("full").parts(day, FILE)
    assert list(files) == [part_path(FILE, number) for number in range(1, len(files) + 1)]
    assert list(files)[:2] == ["2025-03-05.md", "2025-03-05.2.md"]
    assert all(len(data) <= MOST_BYTES for data in files.values())
    bodies = [body_of(data) for data in files.values()]
    numbers = [int(number) for text in bodies for number in re.findall(r"^### .*?</a>([0-9]+)\.", text, re.MULTILINE)]
    assert numbers == list(range(1, 41))
    assert sum(text.count("x" * 100_000) for text in bodies) == 40
    assert ["## Contents" in text.replace('<a id="contents"></a>', "") for text in bodies] == [
        True,
        *(False for _ in bodies[1:]),
    ]


def test_links_lead_from_part_to_part() -> None:
    """From the contents to a paper, from a paper back, and from each part to the others."""
    files = template("full", front_matter=True).parts(large_day(20, 100_000), FILE)
    first, second = (data.decode() for data in files.values())
    where = {name: set(re.findall(r'<a id="(.*?)">', text)) for name, text in zip(files, (first, second), strict=True)}
    targets = re.findall(r"\]\((2025[^#)]*|)#(.*?)\)", first + second)
    assert len(targets) == 2 * 20
    assert all(anchor in where[name or FILE] or anchor == "contents" for name, anchor in targets)
    assert "**Part 1** · [Part 2](2025-03-05.2.md)\n" in first
    assert "[Part 1](2025-03-05.md) · **Part 2**\n" in second
    assert second.count("[↑](2025-03-05.md#contents)") == 10
    assert (front_matter(first)["part"], front_matter(second)["part"], front_matter(first)["parts"]) == (1, 2, 2)


@pytest.mark.parametrize("name", ["a b#1?ü%20.md", "a:b.md", "(a)[b].md"])
def test_links_lead_to_parts_with_odd_names(name: str) -> None:
    """Whatever stands in a file's name, a browser undoes it from the link, and takes nothing for a scheme."""
    files = template("full").parts(large_day(20, 100_000), name)
    targets = re.findall(r"\]\((?!https:)([^()#]+)[)#]", "".join(data.decode() for data in files.values()))
    assert {unquote(one) for one in targets} == set(files)
    assert not any(":" in one for one in targets)


def test_a_section_that_goes_on_in_another_part_says_so() -> None:
    """Its count is still that of the whole section."""
    (one, two) = (body_of(data) for data in template("full").parts(large_day(18, 110_000), FILE).values())
    assert re.findall("^## (?!<)(.*)", one, re.MULTILINE) == ["New submissions (9)"]
    assert re.findall("^## (.*)", two, re.MULTILINE) == ["Cross-lists (9)"]
    names = [
        re.findall("^## (?!<)(.*)", body_of(data), re.MULTILINE)
        for data in template("full").parts(large_day(60, 100_000), FILE).values()
    ]
    assert ["New submissions (30), continued"] in names
    assert [name for several in names for name in several if "continued" not in name] == [
        "New submissions (30)",
        "Cross-lists (30)",
    ]


def test_a_digest_that_fits_is_one_file_and_the_same_as_the_whole() -> None:
    """Nothing in it tells that it could have been split."""
    day = simple_day(["2503.00001"], ["2503.00002"])
    for name in ("full", "classic"):
        assert template(name).parts(day, FILE) == {FILE: template(name).render(day)}


def test_splitting_is_a_function_of_the_day() -> None:
    """The same day gives the same parts; the whole of it is still one text where one is asked for."""
    day = large_day(30, 100_000)
    assert template("full").parts(day, FILE) == template("full").parts(day, FILE)
    assert len(template("full").render(day)) > MOST_BYTES


def test_one_entry_is_never_cut() -> None:
    """Larger than a file should be, it stands alone in one; that ends the splitting."""
    huge = paper("2503.00002", abstract="y" * (MOST_BYTES + 1))
    day = day_of([(Section.NEW, huge), *((Section.NEW, paper(one)) for one in ("2503.00001", "2503.00003"))])
    files = template("full").parts(day, FILE)
    assert len(files) == 3
    assert sum(len(data) > MOST_BYTES for data in files.values()) == 1


def test_a_template_that_does_not_ask_for_parts_is_never_split() -> None:
    """It would show the same entries in each."""
    day = large_day(20, 100_000)
    assert list(template("classic").parts(day, FILE)) == [FILE]
    own = DigestTemplate("{{ parts }} {{ part }} {% for e in entries %}{{ e.abstract }}{% endfor %}", "own", SHOWN)
    assert [data[:3] for data in own.parts(day, "a/b.md").values()] == [b"2 1", b"2 2"]
    assert list(own.parts(day, "a/b.md")) == ["a/b.md", "a/b.2.md"]


# What a template is given


def test_a_template_sees_what_the_documents_promise() -> None:
    """The names of docs/TEMPLATES.md, for a digest and for its entries."""
    one = paper("hep-th/9901001", links=(CODE,), abstract="a &lt; b", comments="c &amp; d")
    source = (
        "{{ [view, part, parts, files, front_matter] }} {{ days[0].category }} {{ days[0].stored }}\n"
        "{% for s in sections %}{{ [s.name, s.title, s.total, s.continued, s.entries | length] }}\n{% endfor %}"
        "{% for s in contents %}{{ s.name }} {% endfor %}\n\n"
        "{% for e in entries %}{{ [e.anchor, e.text, e.comments_text, e.html_url, e.announced_in, e.reasons] }}\n"
        "{{ place(e) }} {{ e.short_title }} "
        "{% for l in e.links %}{{ [l.url, l.kind, l.found_in] }}{% endfor %}{% endfor %}\n\n"
        "{{ '*' | markdown }} {{ 'a b' | address }} {{ {'a': '\"'} | yaml }} {{ '![a](b)' | unarmed }}"
    )
    shown = DigestTemplate(source, "own", SHOWN).parts(day_of([(Section.CROSS, one)]), FILE)[FILE].decode()
    assert shown.splitlines() == [
        "['', 1, 1, ['2025-03-05.md'], False] cs.CV {'new': 0, 'cross': 1, 'replacement': 0}",
        "['new', 'New submissions', 0, False, 0]",
        "['cross', 'Cross-lists', 1, False, 1]",
        "new cross ",
        "['hep-th-9901001', 'a < b', 'c & d', '', 'cs.CV', ()]",
        "#hep-th-9901001 A title of hep-th/9901001 ['https://github.com/owner/repo', 'code', 'abstract']",
        '\\* a%20b {"a": "\\""} !\\[a](b)',
    ]


def test_more_inputs_make_another_hash() -> None:
    """A view's settings go into what its digest is made from; without them the hash is that of before."""
    one = template("full")
    assert len({one.inputs_hash("a"), one.inputs_hash("a", "b"), one.inputs_hash("a", "b", "c")}) == 3
    assert one.inputs_hash("a") == template("full").inputs_hash("a")


def test_a_failing_template_fails_for_views_too() -> None:
    """With its file and line."""
    with pytest.raises(TemplateError, match=r"^own:2: "):
        DigestTemplate("\n{{ nothing }}", "own", SHOWN).view_parts(View("v"), WHEN, [], [], FILE)


# Every real paper


@cache
def real_papers(shared: Path) -> tuple[tuple[str, Paper], ...]:
    """Return all real papers with their dates, as arXiv's pages show them."""
    rows = real_rows(shared)
    abstracts = one_line_html([_element(row["abstract_html"]) for row in rows])
    comments = one_line_html([_element(row["comments_html"]) for row in rows])
    return tuple(
        (row["date"], _paper(row, abstract, comment))
        for row, abstract, comment in zip(rows, abstracts, comments, strict=True)
    )


def real_rows(shared: Path) -> list[dict[str, Any]]:
    """Return all real papers as the API and arXiv's pages have them."""
    with gzip.open(shared / "data" / "real-days.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _element(markup: str | None) -> lxml_html.HtmlElement:
    return lxml_html.fragment_fromstring(markup or "", create_parent="div")


def _paper(row: dict[str, object], abstract: str, comments: str) -> Paper:
    made = paper(
        str(row["id"]),
        title=plain_text(_element(str(row["title_html"]))),
        authors=tuple(row["authors"]),  # type: ignore[arg-type]  # JSON
        primary_category=row["primary"],
        categories=tuple(row["categories"]),  # type: ignore[arg-type]  # JSON
        abstract=abstract,
        comments=comments or None,
        journal_ref=f"J. of {row['id']} & more_*",
    )
    return replace(made, links=find_links(abstract=made.abstract, comments=made.comments))


def real_days(papers: tuple[tuple[str, Paper], ...]) -> Iterator[Day]:
    """Yield the days of all papers: new submissions of cs.CV and cross-lists."""
    for day in sorted({one for one, _ in papers}):
        of_day = [one for when, one in papers if when == day]
        sections = [(Section.NEW if one.primary_category == "cs.CV" else Section.CROSS, one) for one in of_day]
        yield day_of(sections, date=date.fromisoformat(day))


@pytest.mark.parametrize("engine", long_after(1, ENGINES))
def test_every_real_paper_is_read_back(shared: Path, engine: str) -> None:
    """Title, authors, comments, journal reference, abstract: none lost, no character altered, nothing foreign."""
    papers = real_papers(shared)
    for day in real_days(papers):
        assert len(day.entries) > 40
        page = check_day(day, engine)
        assert set(map(joined, page.maths)) <= set(map(joined, maths_of(day)))
    assert len(papers) == len({one.arxiv_id for _, one in papers}) == 2290


@pytest.mark.parametrize("engine", long_after(1, ENGINES))
def test_what_the_authors_of_real_papers_typed_is_on_the_page(shared: Path, engine: str) -> None:
    """Against the API's plain text itself: each title, author, abstract and comment of each paper, 2,290 times."""
    typed = {str(row["id"]): row for row in real_rows(shared)}
    seen = 0
    for day in real_days(real_papers(shared)):
        page = Page(ENGINES[engine](body(day)))
        texts = {bare(joined(block.text)) for block in page.blocks}
        titles = {bare(joined(block.text)).partition(".")[2].strip() for block in page.blocks if block.tag == "h3"}
        people = Counter(re.split(", ?", ", ".join(block.text for block in page.blocks if block.tag == "p")))
        for entry in day.entries:
            row = typed[str(entry.paper.arxiv_id)]
            assert bare(joined(row["title"])) in titles
            assert bare(joined(row["abstract"])) in texts
            assert not row["comments"] or f"Comments: {bare(joined(row['comments']))}" in texts
            assert all(people[name] for name in row["authors"] if "," not in name)
            seen += 1
    assert seen == len(typed) == 2290


def bare(text: str) -> str:
    """Return a text without line ends and the "http://" that arXiv's pages do not tell, its two accents set."""
    for typed, shown in (("http://", ""), (r"{\deg}", "°"), (r"\"a", "ä")):
        text = text.replace(typed, shown)
    return " ".join(text.split())


def test_each_real_text_is_what_its_author_typed(shared: Path) -> None:
    """Of 3,397 abstracts and comments five lack the "http://" of an address that stands without it 70 times."""
    typed = {str(row["id"]): row for row in real_rows(shared)}
    shown = [(one, name, getattr(one, name)) for _, one in real_papers(shared) for name in ("abstract", "comments")]
    texts = [(readable(line), str(typed[str(one.arxiv_id)][name])) for one, name, line in shown if line]
    accents = re.compile(r"\{\\deg\}|\\\"a")
    odd = [text for text, source in texts if text.split() != source.split() and not accents.search(source)]
    assert (len(texts), len(odd)) == (3397, 5)
    assert sum("http://" in text for text, _ in texts) == 0


@pytest.mark.parametrize(
    "text",
    [
        "a new method.The results, as in Name.ai 2.0. Published in 2025.Project page and README.md",
        "see own.example.org/a_b?x=1&y=2 and (https://example.org/a), ftp://example.org/b.",
        "doi:10.1000/abc.1 and 10.1000/182, https://doi.org/10.1000/182, arXiv:2503.00001 or math/0309136",
    ],
)
def test_what_arxiv_took_for_an_address_is_shown_as_typed(text: str) -> None:
    """No "http://" before a host, and no resolver's address before a DOI: arXiv writes them, and nobody typed them."""
    line = with_anchors(text)
    assert "<a " in line
    assert readable(line) == text
    assert escaped(text) in body(day_of([(Section.NEW, paper(abstract=line))]))


def maths_of(day: Day) -> Iterator[str]:
    """Yield everything between two dollars in the day's texts."""
    for entry in day.entries:
        abstract = without_markup(entry.paper.abstract or "")
        for text in (entry.paper.title, readable(entry.paper.comments or ""), abstract):
            dollars = [match.start() for match in re.finditer(r"\$", text)]
            yield from (text[start + 1 : end] for start, end in pairwise(dollars))


def test_every_real_paper_is_read_back_where_abstracts_are_open(shared: Path) -> None:
    """The same for small digests, in which nothing is folded."""
    papers = [one for _, one in real_papers(shared)]
    for start in range(0, len(papers), 40):
        check_day(day_of([(Section.NEW, one) for one in papers[start : start + 40]]), "GitHub")


def test_maths_of_real_papers_is_maths_on_github(shared: Path) -> None:
    """Of all real texts, only three prices keep their dollars, and the pairs around four links in TeX."""
    shown = "".join(body(day) for day in real_days(real_papers(shared)))
    after = re.findall(r"<span>\\\$</span>([0-9.]*[0-9]|\\\\href)?", shown)
    assert Counter(after) == {"1": 1, "3": 1, "30.009": 1, r"\\href": 4, "": 4}


def test_the_classic_digest_of_every_real_paper_is_as_before(shared: Path) -> None:
    """No real paper of all holds an image, a link to a script or a tag that would have to be changed."""
    for day in real_days(real_papers(shared)):
        lines = template("classic").render(day).decode().split("\n")
        papers = {str(entry.paper.arxiv_id): entry.paper for entry in day.entries}
        ids = re.findall(r"pdf/(\S+)\.pdf\)$", "\n".join(lines), re.MULTILINE)
        assert [line.partition(".")[2] for line in lines[1:-1:2]] == [
            f"{papers[one].title}  [ :arrow_down: ](https://arxiv.org/pdf/{one}.pdf)" for one in ids
        ]
        assert lines[2::2] == [f">  {papers[one].abstract}      " for one in ids]
        assert len(ids) == len(papers)


def test_ids_of_both_schemes_are_anchors() -> None:
    """A ``/`` would be read as the end of a name by some."""
    assert 'id="math.GT-0309136"' in body(day_of([(Section.NEW, paper(str(ArxivId.parse("math.GT/0309136"))))]))
