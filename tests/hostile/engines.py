"""Markdown read back: two engines, what stands in their pages, and what GitHub's site would still find there."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

from cmarkgfm.cmark import Options, markdown_to_html_with_extensions  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

from digest.config.resources import built_in_template
from digest.model import Day, Section
from digest.render.digest import DigestContents, DigestTemplate, NumberedEntry, contents_of_day

SHOWN = (Section.NEW, Section.CROSS)

_COMMONMARK = MarkdownIt("commonmark")
_COMMONMARK.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005  # it hides links to scripts


def _commonmark(markdown: str) -> str:
    return str(_COMMONMARK.render(markdown))


def _github(markdown: str) -> str:
    # GitHub's own parser. Tags are passed on, and its tag filter left out, so that each of them would be seen.
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    extensions = ["table", "autolink", "strikethrough", "tasklist"]
    return str(markdown_to_html_with_extensions(markdown, options, extensions))


ENGINES: dict[str, Callable[[str], str]] = {"CommonMark": _commonmark, "GitHub": _github}

Attributes = tuple[tuple[str, str], ...]
Element = tuple[str, Attributes]

_LEAVES = ("h1", "h2", "h3", "p", "li", "summary")
_TRANSPARENT: tuple[Element, ...] = (("span", ()), ("span", (("dir", "auto"),)), ("code", ()))
"""What shows a text itself: pieces that GitHub shall see apart, and maths."""


@dataclass
class Block:
    """A heading, paragraph, item or summary, and its text."""

    tag: str
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What an engine made: the blocks with text in order, every element, and the texts that GitHub looks through."""

    html: str
    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    maths: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self._open: list[Block] = []
        self._code = False
        self._link: Element | None = None
        self._in_link = False
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        found = tag, tuple(sorted((name, value or "") for name, value in attrs))
        # A link that goes on behind maths is one.
        if found not in _TRANSPARENT and found != self._link:
            self.elements.append(found)
        if tag == "a":
            self._link, self._in_link = found, True
        if tag in _LEAVES:
            self._link = None
            self._open.append(Block(tag))
            self.blocks.append(self._open[-1])
        self._code = self._code or tag == "code"

    def handle_endtag(self, tag: str) -> None:
        """Leave a block."""
        if tag in _LEAVES and self._open:
            self._open.pop()
        self._code = self._code and tag != "code"
        self._in_link = self._in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        """Note a text where it stands."""
        (self.maths if self._code else self.texts).append(data)
        if not self._in_link and not self._code and data.strip("$ "):
            self._link = None
        if self._open:
            self._open[-1].text += data
        elif data.strip():
            self.strays.append(data)

    def handle_comment(self, data: str) -> None:
        """Note what nobody should have made."""
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        """Note what nobody should have made."""
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        """Note what nobody should have made."""
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        """Note what nobody should have made."""
        self.others.append(data)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The blocks that have a text."""
        return [(block.tag, block.text) for block in self.blocks if block.text.strip("\n")]


_FOUND_BY_GITHUB = [
    re.compile(r"(?:^|[^A-Za-z0-9_`])@[A-Za-z0-9]"),
    re.compile(r"[\w.+-]@[\w-]*\.[\w.-]*?[A-Za-z]", re.ASCII),
    re.compile(r"#[0-9]"),
    re.compile(r"\bGH-[0-9]", re.IGNORECASE),
    re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE | re.ASCII),
    re.compile(r"\b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,40}\b|\b[0-9a-f]{40}\b", re.IGNORECASE | re.ASCII),
    re.compile(r"[^`]\$(?=.*\$)[^`$]"),
]
"""What GitHub's site makes of texts: mentions, e-mail, issues, emoji, commits, maths
(https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls)."""


def found_by_github(page: Page) -> list[str]:
    """Return the texts of a page in which GitHub's site would find something."""
    return [text for text in page.texts for pattern in _FOUND_BY_GITHUB if pattern.search(text)]


@dataclass
class _MathsOnGitHub(HTMLParser):
    """Reads a page as GitHub does that looks for code spans between dollars."""

    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Stand at the start of a text."""
        super().__init__(convert_charrefs=True)
        self._text, self._code, self._candidate = "", "", ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """End a text; a code span may be maths if a dollar opens it."""
        is_open = re.search(r"(?:^|[\s(])\$$", self._text, re.ASCII) and not self._inside
        if tag == "code" and is_open:
            self._code = "$"
        if tag in _WITHOUT_MATHS:
            self._inside.append(tag)
        self._text = self._candidate = ""

    def handle_endtag(self, tag: str) -> None:
        """End a text, or the code span."""
        if tag == "code" and self._code:
            self._candidate, self._code = self._code[1:], ""
        if tag in self._inside:
            self._inside.remove(tag)
        self._text = ""

    def handle_data(self, data: str) -> None:
        """Read on; a dollar behind the code span makes it maths."""
        if self._code:
            self._code += data
        elif self._candidate and data.startswith("$"):
            self.found.append(self._candidate)
            self._text, self._candidate = data[1:], ""
        else:
            self._text += data


_WITHOUT_MATHS = ("a", "em", "b", "code", "pre")


def set_by_github(html: str) -> list[str]:
    """Return what GitHub's site sets as maths in an engine's page, of the form that ``full`` writes.

    A dollar opens at the start of a text, behind a blank or behind an opening bracket; in links and emphasis it never
    does. https://github.com/github/markup/issues/1742 and https://github.com/nschloe/github-math-bugs show it.
    """
    page = _MathsOnGitHub()
    page.feed(html)
    page.close()
    return page.found


# What a full digest must show, told without its template


@dataclass
class Expected:
    """The blocks with text and the elements that a digest of some papers makes when they are tame."""

    shown: list[tuple[str, str]] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)

    def block(self, tag: str, text: str, *inner: Element) -> None:
        """Add a block with the elements in it."""
        self.shown += [(tag, text)] if text else []
        self.elements += [(tag, ()), *inner]


def _to(url: str) -> Element:
    return "a", (("href", unquote(url)),)


def _place(name: str) -> Element:
    return "a", (("id", name),)


STRONG: Element = ("strong", ())
EM: Element = ("em", ())


def seen(text: str) -> str:
    """Return a text as an engine gives it back: controls that no text has a use for are U+FFFD."""
    return re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]", "\ufffd", text)


def expected_page(contents: DigestContents) -> Expected:
    """Return what the full digest of complete ``contents`` must show."""
    expected = Expected()
    entries = contents.entries
    expected.block("h1", f"arXiv {seen(contents.name)} · {contents.date:%a}, {contents.date.day} {contents.date:%b %Y}")
    counts = [(one.total, one.title.lower().removesuffix("s")) for one in contents.sections if one.total]
    expected.block("p", " · ".join(f"{number} {name}{'s' if number != 1 else ''}" for number, name in counts))
    expected.block("h2", "Contents", _place("contents"))
    if len(entries) > 40:
        expected.elements.append(("details", ()))
        expected.block("summary", f"All {len(entries)} titles")
    for section in filter(lambda one: one.entries, contents.sections):
        expected.block("p", section.title, STRONG)
        start = section.entries[0].number
        expected.elements.append(("ol", (("start", str(start)),) if start > 1 else ()))
        for entry in section.entries:
            expected.block("li", seen(entry.short_title), _to(f"#{entry.anchor}"))
    for section in filter(lambda one: one.entries, contents.sections):
        expected.block("h2", f"{section.title} ({section.total})")
        for entry in section.entries:
            _expect_entry(expected, entry, contents, folded=len(entries) > 40)
    return expected


def _expect_entry(expected: Expected, entry: NumberedEntry, contents: DigestContents, *, folded: bool) -> None:
    title = f"{entry.number}. {seen(entry.title)}"
    expected.block("h3", title, _place(entry.anchor), _to(f"https://arxiv.org/abs/{entry.id}"))
    _expect_authors(expected, [seen(author) for author in entry.authors])
    _expect_facts(expected, entry, is_view=bool(contents.view))
    if entry.links:
        shown = [(link.kind.capitalize().replace("Other", "Link"), link.url.split("://", 1)[1]) for link in entry.links]
        elements = [element for link in entry.links for element in (STRONG, _to(link.url))]
        expected.block("p", " · ".join(f"{seen(kind)} {seen(address)}" for kind, address in shown), *elements)
    if entry.reasons:
        expected.block("p", f"Why: {seen('; '.join(entry.reasons))}", EM)
    if entry.comments_text:
        expected.block("p", f"Comments: {seen(entry.comments_text)}", EM)
    if entry.journal_ref:
        expected.block("p", f"Journal reference: {seen(entry.journal_ref)}", EM)
    if entry.text and folded:
        expected.elements.append(("details", ()))
        expected.block("summary", "Abstract")
    if entry.text:
        expected.block("p", seen(entry.text))


def _expect_authors(expected: Expected, authors: list[str]) -> None:
    few = authors if len(authors) <= 12 else authors[:10]
    if few:
        expected.block("p", ", ".join(few))
    if few != authors:
        expected.elements.append(("details", ()))
        or_more = " or" if len(authors) == 100 else ""
        expected.block("summary", f"and {len(authors) - 10}{or_more} more authors")
        expected.block("p", ", ".join(authors[10:]))


def _expect_facts(expected: Expected, entry: NumberedEntry, *, is_view: bool) -> None:
    crossed = [seen(one) for one in entry.categories if one != entry.primary_category]
    listed = (
        [f"listed in {seen(entry.announced_in)}"] if is_view and entry.announced_in != entry.primary_category else []
    )
    html = [f"https://arxiv.org/html/{entry.id}"] if entry.id[:4].isdigit() and "2312" <= entry.id[:4] < "9000" else []
    facts = [seen(entry.primary_category), *crossed, *listed, "PDF", *("HTML" for _ in html), "↑"]
    targets = [f"https://arxiv.org/pdf/{entry.id}.pdf", *html, "#contents"]
    expected.block("p", " · ".join(facts), STRONG, *map(_to, targets))


def body_of(digest: bytes) -> str:
    """Return a full digest without the front matter that it may have."""
    text = digest.decode()
    return text.partition("\n---\n")[2] if text.startswith("---\n") else text


def with_plain_targets(elements: Iterable[Element]) -> list[Element]:
    """Return elements with their addresses as a browser understands them; an engine may encode them further."""
    return [(tag, tuple((name, unquote(value)) for name, value in attributes)) for tag, attributes in elements]


def joined(text: str) -> str:
    """Return a text without the blanks that keep Liquid's signs apart in maths, where they are nothing."""
    return re.sub(r"\{ (?=[{%])", "{", text)


def check_full(contents: DigestContents, body: str, engine: str) -> Page:
    """Check that a full digest shows exactly what its papers hold, and nothing else."""
    page, expected = Page(ENGINES[engine](body)), expected_page(contents)
    shown, wanted = ([(tag, joined(text)) for tag, text in one.shown] for one in (page, expected))
    assert shown == wanted
    assert re.findall(r"\{[{%]", body) == []
    assert sorted(with_plain_targets(page.elements)) == sorted(expected.elements)
    assert page.others + page.strays == []
    assert found_by_github(page) == []
    return page


def template(name: str, *, front_matter: bool = False) -> DigestTemplate:
    """Return a built-in template with the sections that are shown by default."""
    return DigestTemplate(built_in_template(name), name, SHOWN, front_matter=front_matter)


def check_day(day: Day, engine: str) -> Page:
    """Render a complete day in full, and check what an engine makes of it."""
    return check_full(contents_of_day(day, SHOWN), body_of(template("full").render(day)), engine)
