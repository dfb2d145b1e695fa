"""The full digest shows whatever a field holds, and nothing else: whatever the field, whichever the engine."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from digest.calendar import Calendar
from digest.config.resources import built_in_template
from digest.config.settings import View
from digest.model import Day, Hit, Link, Paper, Section
from digest.render.digest import contents_of_view
from digest.render.indexes import CategoryDays, NewestHits, root_index
from digest.render.markdown import destination, escaped
from digest.render.templates import compile_template
from tests.days import WHEN, any_day, day_of, paper
from tests.hostile.engines import (
    ENGINES,
    SHOWN,
    Block,
    Page,
    body_of,
    check_day,
    check_full,
    found_by_github,
    joined,
    seen,
    template,
    with_plain_targets,
)
from tests.hostile.payloads import ADDRESSES, PAYLOADS

FILE = "2025-03-05.md"


def as_html(text: str) -> str:
    """Return a text as an abstract or a comment holds it."""
    return html.escape(text, quote=False)


FIELDS: dict[str, Callable[[Paper, str], Paper]] = {
    "title": lambda one, harm: replace(one, title=harm),
    "first author": lambda one, harm: replace(one, authors=(harm or "?", "B")),
    "last author": lambda one, harm: replace(one, authors=("A", harm or "?")),
    "folded author": lambda one, harm: replace(one, authors=(*"ABCDEFGHIJKL", harm or "?")),
    "abstract": lambda one, harm: replace(one, abstract=as_html(harm)),
    "comments": lambda one, harm: replace(one, comments=as_html(harm)),
    "journal reference": lambda one, harm: replace(one, journal_ref=harm),
    "address": lambda one, harm: replace(one, links=(Link(f"https://good.example/{harm}", "code", "abstract"),)),
    "host": lambda one, harm: replace(one, links=(Link(f"https://{harm}", "project", "abstract"),)),
    "kind of link": lambda one, harm: replace(one, links=(Link("https://good.example", harm or "x", "abstract"),)),
}


def hostile_day(field: str, several: int = 1) -> Day:
    """Return a day on which each paper has a payload in the same field."""
    papers = [paper(f"2503.{number:05d}") for number in range(1, len(PAYLOADS) * several + 1)]
    harmed = [FIELDS[field](one, PAYLOADS[place % len(PAYLOADS)]) for place, one in enumerate(papers)]
    return day_of([(Section.NEW, one) for one in harmed])


def test_there_are_enough_payloads() -> None:
    """At least sixty, none twice."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) > 100


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("field", [name for name in FIELDS if name != "kind of link"])
def test_a_field_is_shown_as_it_is(field: str, engine: str) -> None:
    """No script, image, foreign link, tag, event, heading, list, and no character of it changed, folded or open."""
    day = hostile_day(field)
    check_day(day, engine)
    for start in range(0, len(day.entries), 40):
        check_day(replace(day, entries=day.entries[start : start + 40], declared={}), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_address_is_the_link_s_own_or_none(engine: str) -> None:
    """A link leads where the address says, whatever stands in it; what is no web address is no link."""
    links = [Link(address, "code", "abstract") for address in ADDRESSES]
    page = check_day(day_of([(Section.NEW, paper(links=tuple(links)))]), engine)
    targets = [value for tag, attributes in page.elements for name, value in attributes if name == "href"]
    own = re.compile("#|https?://(www.)?(good.example|arxiv.org)/", re.IGNORECASE)
    assert [target for target in targets if not own.match(target)] == []
    assert sum("good" in target.lower() for target in targets) == sum("good" in one.lower() for one in ADDRESSES)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_view_shows_its_name_and_reasons_as_they_are(engine: str) -> None:
    """Both come from a user's configuration, which may quote anybody."""
    for harm in PAYLOADS:
        (one,) = day_of([(Section.NEW, paper())]).announcements
        hits = [Hit(one, (harm, f'keyword "{harm}"'))]
        files = template("full", front_matter=True).view_parts(View(harm or "x"), WHEN, [], hits, FILE)
        check_full(contents_of_view(View(harm or "x"), WHEN, [], hits, SHOWN), body_of(files[FILE]), engine)
        front = yaml.safe_load(files[FILE].decode().split("---\n")[1]) if "\n---" not in harm else {"view": harm}
        assert front["view"] == (harm or "x")


@pytest.mark.parametrize("engine", ENGINES)
@given(day=any_day())
def test_any_day_is_shown_as_it_is(engine: str, day: Day) -> None:
    """Whatever the model can hold."""
    shown = [entry for entry in day.entries if entry.section in SHOWN and entry.paper.primary_category]
    if not shown:
        return
    page = Page(ENGINES[engine](body_of(template("full").render(replace(day, entries=tuple(shown))))))
    assert {tag for tag, _ in page.elements} <= {"h1", "h2", "h3", "p", "a", "ol", "li", "strong", "em", "blockquote"}
    assert found_by_github(page) == []


# The escaping alone

SIGNS = "\\`*_[]<>&#~|$@:!.-+=()/{}^\"' 019aAbfgwW\u00a0é"
WORDS = [
    *(
        "https://",
        "www.",
        "@x",
        "a@b.cc",
        ":fire:",
        "#1",
        "GH-1",
        "a5c3785",
        "a5c3785ed8d6a35868bc169f07e40e889087fd2e",
    ),
    *("{{", "{%", "%}"),
    *("<b>", "</", "<!--", "-->", "&amp;", "&#60;", "$x$", "$$", "`", "**", "__", "![", "](", "]:", "1.", "- ", "\\$"),
    *("$`", "`$", "\\\\", "$\\a$", "[ ]", "[^1]", "|-", ":-", "~~~", "```", "\n", "\u202e", "\u2028", "\ufeff"),
]
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.text(st.sampled_from(SIGNS), min_size=1, max_size=30),
    st.lists(st.sampled_from([*WORDS, *SIGNS]), min_size=1, max_size=12).map("".join),
)
PLACES = {
    "a paragraph": ("{}", "p"),
    "a heading": ("## {}", "h2"),
    "an item": ("7. x {}", "li"),
    "the target's text": ("[{}](https://arxiv.org/abs/1)", "p"),
    "a quote": ("> {}", "p"),
    "a sentence": ("Why: {} · *so* `x` [y](z)", "p"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("place", PLACES)
@given(text=ANY_TEXT)
def test_a_text_is_read_back_wherever_it_stands(engine: str, place: str, text: str) -> None:
    """The same characters, no element of its own, and nothing that GitHub would find; it stays on its line."""
    frame, tag = PLACES[place]
    line = escaped(text)
    assert len(line.splitlines()) == 1
    assert re.findall(r"\{[{%]", line) == []
    page, tame = (Page(ENGINES[engine](frame.format(one))) for one in (line, "tame"))
    shown = [Block(block.tag, joined(block.text)) for block in page.blocks if block.text]
    assert shown == [Block(tag, joined(tame.blocks[-1].text.replace("tame", text)))]
    assert page.elements == tame.elements
    assert found_by_github(page) == []


@given(address=st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(SIGNS)))
def test_no_address_breaks_out_of_its_link(address: str) -> None:
    """Both engines see one link, to the address as a browser would write it."""
    for engine in ENGINES.values():
        page = Page(engine(f"[x](https://good.example/{destination(address)})"))
        assert [tag for tag, _ in page.elements] == ["p", "a"]
        ((_, ((_, target),)),) = with_plain_targets(page.elements[1:])
        assert target == with_plain_targets([("a", (("href", f"https://good.example/{address}"),))])[0][1][0][1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A plain title: of 3.5D (x_i, y-z), 50% 'so' \"so\" a/b + c = d; e?", None),
        ("mAP@0.5, Recall@1 and top-5 @ 30 FPS", None),
        ("Bird's-Eye-View (BEV) -- AT&T, R&D, a < b > c, x <3", None),
        ("", None),
        ("2.5D", None),
        ("snake_case", None),
        ("1. x", r"1\. x"),
        ("- x", r"\- x"),
        ("A* and [b]", r"A\* and \[b\]"),
        ("a<b", r"a\<b"),
        ("&lt;", r"\&lt;"),
        ("https://www.x.org", r"https\://www\.x.org"),
        ("C# 1", r"C\# 1"),
        ("#1", r"<span>\#</span>1"),
        ("@x", "<span>@</span>x"),
        ("a@b.org", "a<span>@</span>b.org"),
        (":fire:", "<span>:</span>fire:"),
        ("GH-1", "GH<span>-</span>1"),
        ("a5c3785", "<span>a5c378</span>5"),
        ("$x_i$", "$`x_i`$"),
        ("$$x$$", r"<span>\$</span>$`x`$<span>\$</span>"),
        (r"360$^\circ\times$180", r"360<span></span>$`^\circ\times`$180"),
        (r"$\alpha\$$", r"$`\alpha\$`$"),
        ("$5 to $10", r"<span>\$</span>5 to <span>\$</span>10"),
        (r"\$5", r"\\<span>\$</span>5"),
        ("$a`b$", r"<span>\$</span>a\`b<span>\$</span>"),
        ("$[a]: b$", r"<span>\$</span>\[a\]: b<span>\$</span>"),
        (r"$\href{x}{y}$", r"<span>\$</span>\\href{x}{y}<span>\$</span>"),
        ("a\nb\tc", "a&#10;b&#9;c"),
        ("{{ x }} {% raw %}", "&#123;{ x }} &#123;% raw %}"),
        ("{{{ {x} {", "&#123;&#123;{ {x} {"),
        (r"$x_{{ij}}^{{2}}$ {{", r"$`x_{ {ij}}^{ {2}}`$ &#123;{"),
        (" a\u3000", "&#32;a&#12288;"),
        ("a\x00\x1bb", "a\ufffd\ufffdb"),
        ("\u202ea", '<span dir="auto">&#8238;a</span>'),
    ],
)
def test_only_what_needs_it_is_escaped(text: str, shown: str | None) -> None:
    """A digest can be read as it is written, too; ``None`` stands for the text itself."""
    assert escaped(text) == (text if shown is None else shown)


def test_no_text_stops_the_pages_of_an_archive() -> None:
    """In no field of a digest, a view, their front matter or the README stands what Jekyll takes for a command.

    It asks Liquid only of a file that has one of two signs:
    https://github.com/jekyll/jekyll/blob/v3.10.0/lib/jekyll/utils.rb.
    """
    for harm in ("{{ site }}", "{% raw %}", "{{", "x {%", "{{{%", r"$x_{{a}}$", "${%$", "$$ {{ $$", r"\{{\%", "{" * 9):
        harmed = [make(paper(f"2503.{number:05d}"), harm) for number, make in enumerate(FIELDS.values(), 1)]
        day = day_of([(Section.NEW, one) for one in harmed])
        hits = [Hit(one, (harm, harm)) for one in day.announcements]
        texts = [*template("full", front_matter=True).view_parts(View(harm), WHEN, [day], hits, FILE).values()]
        texts += [template("full", front_matter=True).render(replace(day, category=harm))]
        newest = NewestHits("a view", hits, lambda _: FILE)
        summaries = [day.summary("0" * 64)]
        shown = [CategoryDays("cs.CV", summaries, Calendar(frozenset()), WHEN, (), lambda *_: FILE)]
        texts += [root_index(built_in_template("index"), shown, newest).encode()]
        assert [re.findall(rb"\{[{%]", text) for text in texts] == [[], [], []]
        assert yaml.safe_load(texts[0].decode().split("---\n")[1])["view"] == harm


@pytest.mark.parametrize(
    "sign", ["{", "{$", "$", "$x", "\\", "@", "@a", "a@", "@a.", ":a", "&", "<", "_", "a_", "0a", "$$x", "\\$", "["]
)
def test_long_texts_are_escaped_in_no_time(sign: str) -> None:
    """The time grows with the length and not with its square: 200,000 characters end within the test's patience."""
    long = sign * (200_000 // len(sign))
    assert Page(ENGINES["GitHub"](escaped(long[:1000]))).shown[0][1] == seen(long[:1000])
    assert len(escaped(long)) >= len(long)


def test_the_check_sees_what_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests would notice: most payloads make something foreign where nothing is escaped."""
    tame = Page(ENGINES["GitHub"](body_of(template("full").render(day_of([(Section.NEW, paper())])))))
    filters = compile_template("", "").environment.filters
    monkeypatch.setitem(filters, "markdown", str)
    monkeypatch.setitem(filters, "linked", "[{}]({})".format)
    pages = [
        Page(ENGINES["GitHub"](body_of(template("full").render(day_of([(Section.NEW, paper(title=harm))])))))
        for harm in PAYLOADS
    ]
    foreign = [page for page in pages if page.elements != tame.elements or page.others or found_by_github(page)]
    assert len(foreign) > len(PAYLOADS) // 2
