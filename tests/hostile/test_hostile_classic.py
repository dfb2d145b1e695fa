"""The classic digest keeps a text's markdown, but loads no image, runs no script and holds no foreign tag."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config.settings import View
from digest.model import Hit, Paper, Section
from digest.render.markdown import inert, unarmed
from tests.days import WHEN, day_of, paper
from tests.hostile.engines import ENGINES, Page, template
from tests.hostile.payloads import PAYLOADS

OF_MARKDOWN = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "ul", "ol", "li", "pre", "code", "em"),
    *("strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td", "input", "sup", "section"),
}
"""What markdown makes of a text; an image is not among it."""

ATTRIBUTES = {"href", "title", "start", "class", "rel", "align", "type", "disabled", "checked", "id", "lang"}
SAFE_SCHEMES = {"http", "https", "ftp", "mailto", "xmpp", ""}


def check_harmless(digest: str, engine: str) -> None:
    """Check that a browser would load nothing for a digest, and run nothing."""
    page = Page(ENGINES[engine](digest))
    assert page.others == []
    for tag, attributes in page.elements:
        assert tag in OF_MARKDOWN or (tag == "span" and not attributes)
        names = {name for name, _ in attributes}
        assert {name for name in names if not name.startswith(("data-footnote", "aria-"))} <= ATTRIBUTES
        assert scheme_of(dict(attributes).get("href", "")) in SAFE_SCHEMES


def scheme_of(address: str) -> str:
    """Return the scheme that a browser would find, which leaves out what is not seen."""
    seen = re.sub(r"[\x00-\x20]", "", unquote(address))
    scheme, colon, _ = seen.partition(":")
    return scheme.lower() if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) else ""


def on_one_line(text: str) -> str:
    """Return a text as the parser gives it: every run of white space is one blank."""
    return " ".join(text.split())


FIELDS: dict[str, Callable[[Paper, str], Paper]] = {
    "title": lambda one, harm: replace(one, title=harm),
    "abstract": lambda one, harm: replace(one, abstract=html.escape(harm, quote=False)),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_does_harm(field: str, engine: str) -> None:
    """Each payload alone, so that none hides another, and all in one digest, where one could define another's link."""
    papers = [FIELDS[field](paper(f"2503.{number:05d}"), on_one_line(harm)) for number, harm in enumerate(PAYLOADS, 1)]
    for several in [[one] for one in papers] + [papers]:
        digest = template("classic").render(day_of([(Section.NEW, one) for one in several])).decode()
        check_harmless(digest, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_view_does_harm(engine: str) -> None:
    """Neither its name nor its reasons, which quote what a user wrote, line ends and all."""
    (one,) = day_of([(Section.NEW, paper())]).announcements
    for harm in PAYLOADS:
        (data,) = template("classic").view_parts(View(harm or "x"), WHEN, [], [Hit(one, (harm,))], "a.md").values()
        check_harmless(data.decode(), engine)
        lines = data.decode().split("\n")
        assert [line[:4] for line in lines] == ["# Ar", "### ", ">  A", ">  *", ""]


def test_addresses_of_the_web_stay_links() -> None:
    """Classic is exact: what is no image, no script and no tag is left to markdown."""
    text = (
        "[a](https://x.org) **b** <https://x.org> `c` [d][1] (see [e](mailto:f@x.org), [g](/h), [i]: j) f(x)[k](l: m)"
    )
    assert unarmed(text).replace(r"\](l: m)", "](l: m)") == text
    tame = "a ](b), c]: d, e!, [f], $[0,1]$: g, [this](this https URL), !important, [h](i), #[j](k-l) javascript: m"
    assert unarmed(tame) == tame
    assert inert(tame) == tame


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](y)", r"!\[x](y)"),
        ("a![x][y]b![z]", r"a!\[x][y]b!\[z]"),
        (r"\![x](y)", r"\![x](y)"),
        (r"\\![x](y)", r"\\!\[x](y)"),
        ("[![x](y)](z)", r"[!\[x](y)](z)"),
        ("[x](javascript:y)", r"[x\](javascript:y)"),
        ("[x]( <JavaScript:y>)", r"[x\]( <JavaScript:y>)"),
        ("[x](java&Tab;script&colon;y)", r"[x\](java&Tab;script&colon;y)"),
        (r"[x](java\script\:y)", r"[x\](java\script\:y)"),
        (r"[x\](javascript:y)", r"[x\](javascript:y)"),
        (r"[x\\](javascript:y)", r"[x\\\](javascript:y)"),
        ("[x](data:y) [z](https://x.org)", r"[x\](data:y) [z](https://x.org)"),
        ("[x]: javascript:y", r"[x\]: javascript:y"),
        ("> - 1. [x]:<vbscript:y>", r"> - 1. [x\]:<vbscript:y>"),
        ("[x]: https://x.org", "[x]: https://x.org"),
        ("see [x]: javascript:y", "see [x]: javascript:y"),
    ],
)
def test_only_what_acts_gets_a_backslash(text: str, shown: str) -> None:
    """One, before the bracket; what has one already, or stands where it means nothing, is left alone."""
    assert unarmed(text) == shown


PIECES = [
    *("[", "]", "(", ")", "](", "![", "]: ", "[x]", "<", ">", "!", "\\", "`", " ", "x", "- ", "> ", "'", '"', "1. "),
    *("javascript:", "JavaScript", ":", "&colon;", "&#58;", "&#x3a;", "\\:", "java&#10;script", "&Tab;", "data:a"),
    *("https://x.org", "&#106;", "file:///a", "\t", "*", "_", "&#1;", "\x01", "^", "[^1]", "&lt;", "%6a"),
]


@pytest.mark.parametrize("engine", ENGINES)
@given(texts=st.lists(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), min_size=1, max_size=3))
def test_no_text_loads_or_runs_anything(engine: str, texts: list[str]) -> None:
    """However links and images are spelled, and whatever another paper's text defines."""
    papers = [
        paper(f"2503.{number:05d}", title=text, abstract=html.escape(text, quote=False))
        for number, text in enumerate(texts, 1)
    ]
    check_harmless(template("classic").render(day_of([(Section.NEW, one) for one in papers])).decode(), engine)


@pytest.mark.parametrize("sign", ["[", "]", "](", "![", "\\", "\\](", "]:", "[x]: ", "](a", "[\\", "](&#9;", "> "])
def test_long_texts_are_made_harmless_in_no_time(sign: str) -> None:
    """The time grows with the length and not with its square: 200,000 characters end within the test's patience."""
    long = sign * (200_000 // len(sign)) + "]("
    assert len(unarmed(long)) >= len(long)


def test_the_check_sees_what_would_act() -> None:
    """These tests would notice."""
    for harm in ("![x](y)", "[x](javascript:y)", "[x](&#106;avascript&colon;y)", "<b onclick=x>", "<javascript:x>"):
        for engine in ENGINES:
            with pytest.raises(AssertionError):
                check_harmless(f"### 1.{harm}\n", engine)
