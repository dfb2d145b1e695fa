"""Papers whose authors, or whose page, would like to say more than text in a digest.

Held here is raw HTML on its way through a whole run: what a Markdown engine passes on as tags. What Markdown itself
makes of a text is another matter (``test_hostile_classic``, ``test_hostile_full``).
"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest.config.resources import built_in_template
from digest.model import Section
from digest.render.digest import DigestTemplate
from tests.conftest import DAY, Sandbox
from tests.days import day_of, paper
from tests.hostile.payloads import HARM
from tests.standin import InventedPaper, Mailing, Reply, Request, StandIn, invent

DIGEST = "cs.CV/2025/03/2025-03-05.md"
RECORD = "data/cs.CV/2025/2025-03-05.jsonl"


class _Tags(HTMLParser):
    """Collects the tags of a piece of HTML, and whatever else is not text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.others.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def raw_html(digest: str) -> list[str]:
    """Return every piece of ``digest`` that a Markdown engine passes on as HTML, untouched."""
    blocks = MarkdownIt("commonmark").parse(digest)
    tokens = [token for block in blocks for token in (block, *(block.children or []))]
    return [token.content for token in tokens if token.type in ("html_block", "html_inline")]


def check_inert(digest: str) -> None:
    """No tag is live but arXiv's own two, and those bear nothing that acts."""
    for piece in raw_html(digest):
        parser = _Tags()
        parser.feed(piece)
        parser.close()
        assert parser.others == [], piece
        for tag, attributes in parser.tags:
            assert tag in ("a", "br"), piece
            if tag == "br":
                assert attributes == {}
                continue
            assert set(attributes) <= {"class", "href", "rel", "data-arxiv-id", "data-doi"}, piece
            assert urlsplit(attributes["href"] or "").scheme in ("http", "https"), piece


def check_shape(digest: str, shown: int) -> None:
    """One heading, two lines an entry, and nothing else: no text starts a line of its own."""
    lines = digest.split("\n")
    assert len(lines) == 1 + 2 * shown + 1
    assert [line.split(".")[0] for line in lines[1:-1:2]] == [f"### {number + 1}" for number in range(shown)]
    assert all(line.startswith(">  ") for line in lines[2:-1:2])


def hostile_paper(number: int, harm: str) -> InventedPaper:
    """Return a paper with ``harm`` in every field that authors fill in."""
    return InventedPaper(
        arxiv_id=f"2503.{number + 1:05d}",
        title=f"A {harm} title",
        abstract=f"An {harm} abstract with https://good.example/{number} in it.\n  {harm}",
        authors=(f"Eve {harm}",),
        comments=f"8 pages {harm}",
        journal_ref=f"J. {harm}",
        primary_category="cs.CV",
        categories=("cs.CV",),
    )


def test_what_authors_wrote_stays_text(archive: Sandbox, arxiv: StandIn) -> None:
    """ArXiv escapes what authors type; nothing of it comes to life again on the way to the digest."""
    papers = tuple(hostile_paper(number, harm) for number, harm in enumerate(HARM))
    arxiv.announce(Mailing("cs.CV", DAY, new=papers))
    result = archive.digest("run")
    assert result.code == 0, result.err
    digest = archive.read(DIGEST).decode()
    check_inert(digest)
    check_shape(digest, len(HARM))
    for path in ("README.md", "cs.CV/2025/README.md"):
        assert "script" not in archive.read(path).decode()


def test_what_authors_wrote_is_not_lost(archive: Sandbox, arxiv: StandIn) -> None:
    """Made harmless is not left out: the record has the titles as they were typed, blanks apart."""
    papers = tuple(hostile_paper(number, harm) for number, harm in enumerate(HARM))
    arxiv.announce(Mailing("cs.CV", DAY, new=papers))
    assert archive.digest("run").code == 0
    rows = [json.loads(line) for line in archive.read(RECORD).decode().split("\n")[1:-1]]
    typed = {one.arxiv_id: one.title for one in papers}
    for row in rows:
        assert row["title"] == re.sub(r"[ \t\r\n\f\v]+", " ", typed[row["id"]])


TITLE, ABSTRACT = "A title to replace", "An abstract to replace"


@pytest.mark.parametrize("harm", HARM)
def test_a_page_that_escapes_nothing_does_no_harm(archive: Sandbox, arxiv: StandIn, harm: str) -> None:
    """Should arXiv ever pass authors' text on as it is: the page is refused, or the digest is harmless."""
    day = invent("cs.CV", DAY, new=4, cross=0, replacement=0)
    one, two, *others = day.new
    titled, told = replace(one, title=TITLE), replace(two, abstract=f"Before. {ABSTRACT} After.")
    arxiv.announce(replace(day, new=(titled, told, *others)))

    def unescaped(_request: Request, reply: Reply) -> Reply:
        body = reply.body.replace(TITLE.encode(), harm.encode())
        return replace(reply, body=body.replace(ABSTRACT.encode(), harm.encode()))

    arxiv.fault = unescaped
    result = archive.digest("run")
    assert result.code in (0, 5, 75), result.err
    if result.code:
        assert not (archive.folder / DIGEST).exists()
        return
    digest = archive.read(DIGEST).decode()
    check_inert(digest)
    check_shape(digest, 4)


def test_links_that_arxiv_made_stay_links(archive: Sandbox, arxiv: StandIn) -> None:
    """The check above sees live tags where there are some: arXiv's own anchors and line breaks survive."""
    text = "Code: https://github.com/x/y and\n  github.com/z. See arXiv:2401.00001."
    one = replace(hostile_paper(0, ""), abstract=text)
    arxiv.announce(Mailing("cs.CV", DAY, new=(one,)))
    assert archive.digest("run").code == 0
    digest = archive.read(DIGEST).decode()
    check_inert(digest)
    pieces = raw_html(digest)
    assert sum(piece.startswith("<a ") for piece in pieces) == 3
    assert pieces.count("<br>") == 1


@pytest.mark.parametrize(
    "harm", ["<b>x</b>", "<script>", "<!-- x -->", "<a href='javascript:x'>x</a>", "<br onclick=x>"]
)
def test_the_check_sees_what_is_live(harm: str) -> None:
    """These tests would notice: the same text, put into a digest as it is, fails the check."""
    with pytest.raises(AssertionError):
        check_inert(f"# ArXiv\n### 1.A {harm} title\n>  An abstract.      \n")


@given(title=st.text(st.sampled_from("<>/!?-ab=\"' `\\&;#[]()*_\u2028"), max_size=30))
def test_no_title_makes_a_tag(title: str) -> None:
    """Whatever signs a title is made of, in whatever order, it holds no tag."""
    template = DigestTemplate(built_in_template("classic"), "classic", [Section.NEW])
    digest = template.render(day_of([(Section.NEW, paper(title=title))])).decode()
    assert raw_html(digest) == []
