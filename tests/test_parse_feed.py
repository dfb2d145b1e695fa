"""arXiv's feeds: every entry whole, not one character of a text lost, and what is no whole feed refused."""

import gzip
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import PageRefusedError
from digest.model import Paper, RawText, Section
from digest.parse.feed import ParsedFeed, parse_feed

Row = dict[str, Any]
Edit = Callable[[str], str]

DAY = date(2021, 10, 20)
HEAD = """<?xml version='1.0' encoding='UTF-8'?>
"""
NAMESPACES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'


@dataclass(frozen=True)
class Item:
    """What a feed says of one paper, as its authors typed it."""

    versioned: str = "2110.00001v1"
    title: str = "A Title"
    abstract: str = "An abstract."
    authors: str = "Zoë van der Plaat, Mei O'Dunmore"
    kind: str = "new"
    categories: tuple[str, ...] = ("cs.CV", "cs.LG")
    journal_ref: str | None = None


def rss(items: Iterable[Item] = (), *, category: str = "cs.CV", when: str = "Wed, 20 Oct 2021 00:00:00 -0400") -> str:
    """Return a feed of arXiv's in RSS."""
    shown = "".join(_rss_item(item, when) for item in items)
    return f"""{HEAD}<rss {NAMESPACES} xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>{category} updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/{category}</link>
    <description>{category} updates on the arXiv.org e-print archive.</description>
    <atom:link href="http://rss.arxiv.org/rss/{category}" rel="self" type="application/rss+xml"/>
    <language>en-us</language>
    <lastBuildDate>Wed, 20 Oct 2021 04:01:02 +0000</lastBuildDate>
    <managingEditor>rss-help@arxiv.org</managingEditor>
    <pubDate>{when}</pubDate>
{shown}  </channel>
</rss>
"""


def atom(items: Iterable[Item] = (), *, category: str = "cs.CV", when: str = "2021-10-20T00:00:00-04:00") -> str:
    """Return a feed of arXiv's in Atom."""
    shown = "".join(_atom_entry(item, when) for item in items)
    return f"""{HEAD}<feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
  <id>http://rss.arxiv.org/atom/{category}</id>
  <title>{category} updates on arXiv.org</title>
  <updated>2021-10-20T04:01:02.345678+00:00</updated>
  <link href="http://rss.arxiv.org/atom/{category}" rel="self" type="application/atom+xml"/>
  <subtitle>{category} updates on the arXiv.org e-print archive.</subtitle>
{shown}</feed>
"""


def _rss_item(item: Item, when: str) -> str:
    categories = "".join(f"      <category>{name}</category>\n" for name in item.categories)
    return f"""    <item>
      <title>{_xml(item.title)}</title>
      <link>https://arxiv.org/abs/{_unversioned(item)}</link>
      <description>{_xml(_description(item))}</description>
      <guid isPermaLink="false">oai:arXiv.org:{item.versioned}</guid>
{categories}      <pubDate>{when}</pubDate>
{_own_elements(item)}    </item>
"""


def _atom_entry(item: Item, when: str) -> str:
    categories = "".join(f'    <category term="{name}"/>\n' for name in item.categories)
    return f"""  <entry>
    <id>oai:arXiv.org:{item.versioned}</id>
    <title>{_xml(item.title)}</title>
    <updated>2021-10-20T04:01:02.345678+00:00</updated>
    <link href="https://arxiv.org/abs/{_unversioned(item)}" rel="alternate" type="text/html"/>
    <summary>{_xml(_description(item))}</summary>
{categories}    <published>{when}</published>
{_own_elements(item)}  </entry>
"""


def _own_elements(item: Item) -> str:
    journal = item.journal_ref
    elements = {
        "arxiv:announce_type": item.kind,
        "dc:rights": "http://creativecommons.org/licenses/by/4.0/",
        **({"arxiv:journal_reference": journal} if journal is not None else {}),
        "dc:creator": item.authors,
    }
    return "".join(f"      <{name}>{_xml(text)}</{name}>\n" for name, text in elements.items())


def _description(item: Item) -> str:
    return f"arXiv:{item.versioned} Announce Type: {item.kind} \nAbstract: {item.abstract}"


def _unversioned(item: Item) -> str:
    return re.sub(r"v\d+$", "", item.versioned)


def _xml(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


FORMS = pytest.mark.parametrize("make", [rss, atom], ids=["RSS", "Atom"])


def read(feed: str) -> ParsedFeed:
    """Parse a feed."""
    return parse_feed(feed.encode())


def paper(feed: str) -> Paper:
    """Return the one paper of a feed."""
    (entry,) = read(feed).entries
    return entry.paper


def refusal(feed: str | bytes) -> str:
    """Return the text with which a feed is refused; it is one line."""
    with pytest.raises(PageRefusedError) as caught:
        parse_feed(feed if isinstance(feed, bytes) else feed.encode())
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def collapsed(text: str) -> str:
    """Return a text with each run of ASCII white space as one blank."""
    return re.sub(r"[ \t\n\v\f\r]+", " ", text).strip(" ")


ANCHOR = (
    '<a class="link-external link-http" href="http://code.test/a" rel="external noopener nofollow">this http URL</a>'
)


def raw_of(paper: Paper) -> RawText:
    """Return the texts as their authors typed them, which every paper of a feed has."""
    assert paper.raw is not None
    return paper.raw


def typed(line: str) -> str:
    """Return what an author typed, line ends as blanks, from one line of HTML in which ``br`` alone occurs."""
    without_breaks = line.replace(" <br>", " ")
    assert "<" not in without_breaks
    assert ">" not in without_breaks
    return collapsed(html.unescape(without_breaks))


def on_the_page(abstract: str) -> str:
    """Return an abstract without links, in the HTML of arXiv's page, as one line of the digest."""
    parts = [html.escape(html.unescape(part), quote=False) for part in abstract.split("\n<br>")]
    return " <br>".join(parts).replace("\n", " ").strip()


# --- the reference feeds ---------------------------------------------------------------------------

REFERENCE = {
    "seedday": ("seed-day-2021-10-20", DAY, {Section.NEW: 30, Section.CROSS: 16, Section.REPLACEMENT: 40}),
    "bigday": (
        "big-day-2024-10-15",
        date(2024, 10, 15),
        {Section.NEW: 400, Section.CROSS: 250, Section.REPLACEMENT: 700},
    ),
}
ROW_SECTIONS = {"new": Section.NEW, "cross": Section.CROSS, "rep": Section.REPLACEMENT}
EACH_REFERENCE = pytest.mark.parametrize(
    ("name", "form"), [(name, form) for name in REFERENCE for form in ("rss", "atom")]
)


@cache
def reference(shared: Path, name: str, form: str) -> tuple[bytes, ParsedFeed]:
    """Return the bytes of a reference feed, and what they are read as."""
    body = (shared / f"pages/feeds/{name}_{form}_cs.CV.xml").read_bytes()
    return body, parse_feed(body)


@cache
def rows(shared: Path, name: str) -> dict[str, Row]:
    """Return what the authors typed of each paper of a reference day, by id."""
    folder, day, _ = REFERENCE[name]
    found = json.loads((shared / f"pages/{folder}/papers.json").read_bytes())
    return {row["arxiv_id"]: row for row in found if row["date"] == str(day)}


@EACH_REFERENCE
def test_a_reference_feed_is_its_whole_day(shared: Path, name: str, form: str) -> None:
    """Date, category, the sections' sizes, and each paper in the section in which it was announced."""
    _, feed = reference(shared, name, form)
    _, day, counts = REFERENCE[name]
    assert (feed.date, feed.category) == (day, "cs.CV")
    assert Counter(entry.section for entry in feed.entries) == counts
    announced = {row["arxiv_id"]: ROW_SECTIONS[row["section_on_cs_CV"]] for row in rows(shared, name).values()}
    assert {str(entry.paper.arxiv_id): entry.section for entry in feed.entries} == announced
    assert len(feed.entries) == len(announced)


@EACH_REFERENCE
def test_entries_keep_the_feed_s_order_inside_each_section(shared: Path, name: str, form: str) -> None:
    """Positions run from 1 through new submissions, cross-lists and replacements."""
    body, feed = reference(shared, name, form)
    items = re.findall(r"oai:arXiv\.org:([\w./-]+?)v\d+<.*?announce_type>([a-z]+)", body.decode(), re.DOTALL)
    expected = [one for kind in ("new", "cross", "replace") for one, announced in items if announced == kind]
    assert [str(entry.paper.arxiv_id) for entry in feed.entries] == expected
    assert [entry.position for entry in feed.entries] == list(range(1, len(items) + 1))


@EACH_REFERENCE
def test_a_reference_feed_s_texts_are_what_the_authors_typed(shared: Path, name: str, form: str) -> None:
    """Title, abstract and journal reference of every paper, to the last character but line ends, are kept."""
    _, feed = reference(shared, name, form)
    for entry in feed.entries:
        row = rows(shared, name)[str(entry.paper.arxiv_id)]
        raw = raw_of(entry.paper)
        assert collapsed(raw.title) == collapsed(row["title_raw"])
        assert collapsed(raw.abstract or "") == collapsed(row["abstract_raw"])
        assert raw.comments is None
        assert entry.paper.journal_ref == (collapsed(row["journal_ref"]) if row["journal_ref"] else None)
        assert entry.paper.comments is None


@EACH_REFERENCE
def test_a_reference_feed_s_authors_and_categories(shared: Path, name: str, form: str) -> None:
    """Every author in order, TeX accents kept as typed; the primary category first."""
    _, feed = reference(shared, name, form)
    for entry in feed.entries:
        row = rows(shared, name)[str(entry.paper.arxiv_id)]
        assert entry.paper.primary_category == entry.paper.categories[0] == row["primary"]
        assert sorted(entry.paper.categories) == sorted(row["categories"])
        assert all(entry.paper.authors)
        assert re.sub(r"[\s,]", "", "".join(raw_of(entry.paper).authors)) == re.sub(r"[\s,]", "", row["authors_raw"])


@pytest.mark.parametrize("name", REFERENCE)
def test_rss_and_atom_say_the_same(shared: Path, name: str) -> None:
    """Either can stand in for the other."""
    assert reference(shared, name, "rss")[1] == reference(shared, name, "atom")[1]


def test_lines_are_broken_where_arxiv_breaks_them(shared: Path) -> None:
    """An abstract without links and TeX has the breaks that arXiv's page shows."""
    cases = json.loads((shared / "pages/big-day-2024-10-15/transform_cases.json").read_bytes())
    plain = {case["arxiv_id"]: case for case in cases if "<a " not in case["abstract_html"]}
    compared = 0
    for entry in reference(shared, "bigday", "rss")[1].entries:
        case = plain.get(str(entry.paper.arxiv_id))
        if case and "\\" not in case["abstract_raw"]:
            assert entry.paper.abstract == on_the_page(case["abstract_html"])
            compared += "<br>" in (entry.paper.abstract or "")
    assert compared >= 2


def test_empty_feeds_of_a_weekend_are_feeds(shared: Path) -> None:
    """Without entries; only RSS says of which date."""
    feeds = shared / "pages/feeds"
    saturday = ParsedFeed(date(2021, 10, 23), "cs.CV", ())
    assert parse_feed((feeds / "weekend_empty_rss_cs.CV.xml").read_bytes()) == saturday
    assert parse_feed((feeds / "weekend_empty_atom_cs.CV.xml").read_bytes()) == ParsedFeed(None, "cs.CV", ())


def test_arxiv_s_error_feed_is_refused_in_its_own_words(shared: Path) -> None:
    """A category that does not exist gives a well-formed feed that is none."""
    assert "Bad subject class 'XX'" in refusal((shared / "pages/feeds/err_badcat_rss.xml").read_bytes())


# --- real texts ------------------------------------------------------------------------------------


@cache
def real_days(shared: Path) -> dict[str, list[Row]]:
    """Return 2,290 real papers by their listing date."""
    days: dict[str, list[Row]] = {}
    for line in gzip.decompress((shared / "data/real-days.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        days.setdefault(row["date"], []).append(row)
    return days


def item_of(row: Row) -> Item:
    """Return the item that a feed would have shown of a real paper."""
    known = [name for name in row["categories"] if re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name)]  # the API adds MSC's
    names = ("cs.CV", *(name for name in known if name != "cs.CV"))
    return Item(f"{row['id']}v1", row["title"], row["abstract"], ", ".join(row["authors"]), "new", names)


@FORMS
def test_no_character_of_a_real_abstract_is_lost(shared: Path, make: Callable[[Iterable[Item]], str]) -> None:
    """2,290 titles and abstracts come out of a feed as they went in."""
    seen = 0
    for papers in real_days(shared).values():
        feed = read(make(map(item_of, papers)))
        for entry, row in zip(feed.entries, papers, strict=True):
            raw = raw_of(entry.paper)
            assert collapsed(raw.title) == collapsed(row["title"])
            assert collapsed(raw.abstract or "") == collapsed(row["abstract"])
            # The API has an author "and Weijie Liu" and one ":"; listings take both "and" and ":" for dividers.
            names = [name.removeprefix("and ") for name in row["authors"] if name != ":"]
            assert ", ".join(raw.authors) == collapsed(", ".join(names))
            seen += 1
    assert seen == 2290


def test_a_real_abstract_without_links_is_as_on_the_page(shared: Path) -> None:
    """What arXiv adds no link to and turns no TeX of is equal to the listing's line, character by character."""
    compared = 0
    for papers in real_days(shared).values():
        for entry, row in zip(read(rss(map(item_of, papers))).entries, papers, strict=True):
            if "<a " in row["abstract_html"] or "\\" in row["abstract"]:
                continue
            assert entry.paper.abstract == on_the_page(row["abstract_html"])
            compared += 1
    assert compared > 1000


# --- hostile texts ---------------------------------------------------------------------------------

HOSTILE = [
    "$a<b$ and $c>d$",
    "a class <class> of <T>, a <script>alert(1)</script>, an <img src=x onerror=y>",
    "&amp; &lt; &gt; &quot; &eacute; &#233; &#x3c; &nbsp; &copy; &unknown; & AT&T",
    "<p>It looks like HTML: <b>bold</b> &amp; <a href='http://x.y'>a link</a>.</p>",
    '<a href="/relative">relative</a> <img src="x.png">',
    "A & B, C < D, \"quoted\" and 'single', {braces}, \\textless, \\alpha, $\\mathcal{L}_{a}$",
    "<!-- a comment --> <![CDATA[ data ]]> ]]> <?pi?> <!DOCTYPE html>",
    "a literal <br> and <br/> at the end",
    "Ã© and Â° are no mistakes of the encoding",
    "é à ü Łódź 中文 \U0001f600 \u200b\u202e\ufeff",
    "\x80\x85\x92\x9f are control characters, not Windows's",
    "\xa0no-break spaces at both ends\xa0",
    "\u2028\u2003 wide ones \u3000\u2029",
    "Abstract: Announce Type: cross arXiv:2110.00002v1",
    "</description></item></channel></rss>",
    "data:text/html;base64,PGI+ aGVsbG8=",
    "aGVsbG8gd29ybGQ=",
    "one\r\ntwo\rthree",
    "https://github.com/a/b_c",
]

_PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "</",
            "/>",
            "&",
            ";",
            "&amp;",
            "&lt;",
            "&#60;",
            "&#x3e;",
            "<b>",
            "</b>",
            "<p>",
            "</p>",
            "<a href=",
            "<!--",
        ),
        *(
            "-->",
            "<![CDATA[",
            "]]>",
            "<br>",
            " <br>",
            "\n",
            "\n  ",
            "\n\n",
            "\r\n",
            "\t",
            " ",
            "Ã©",
            "\x85",
            "\x92",
            "\xa0",
        ),
        *(
            "\u2028",
            "\u3000",
            "é",
            "\\",
            "$",
            "{",
            "}",
            '"',
            "'",
            "`",
            "http://x.y/",
            "arXiv:1",
            "Abstract: ",
            "</summary>",
        ),
    ]
)
_CHARACTERS = st.characters(
    exclude_categories=["Cs", "Cc", "Co"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r\x80\x9f"
)
TEXTS = st.lists(_PIECES | st.text(_CHARACTERS, max_size=5), min_size=1, max_size=12).map("".join).filter(collapsed)


@FORMS
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_through_unchanged(make: Callable[[Iterable[Item]], str], text: str) -> None:
    """In the abstract and in the title: what looks like markup, entities or a wrong encoding is text."""
    found = paper(make([Item(title=text, abstract=text)]))
    assert collapsed(raw_of(found).title) == collapsed(text)
    assert collapsed(raw_of(found).abstract or "") == collapsed(text)
    if "\\" not in text:
        assert found.title == collapsed(text)
    if not {"\\", "/", ":"} & set(text) and ".png" not in text:  # arXiv links what looks like an address
        assert typed(found.abstract or "") == collapsed(text)


@FORMS
@given(title=TEXTS, abstract=TEXTS)
def test_any_text_comes_through_unchanged(make: Callable[[Iterable[Item]], str], title: str, abstract: str) -> None:
    """Whatever characters XML can carry, and however much they look like markup."""
    found = paper(make([Item(title=title, abstract=abstract)]))
    assert collapsed(raw_of(found).title) == collapsed(title)
    assert collapsed(raw_of(found).abstract or "") == collapsed(abstract)
    if not {"\\", "{"} & set(title):
        assert found.title == collapsed(title)
    if not {"\\", "{", "/", ":", "."} & set(abstract):
        assert typed(found.abstract or "") == collapsed(abstract)
    assert not {"\n", "\r"} & set(found.abstract or "")


@FORMS
def test_a_character_may_be_written_as_a_reference(make: Callable[[Iterable[Item]], str]) -> None:
    """XML lets every character be written by its number, also one at which feedparser would repair something."""
    text = "\xa0\x85a \x92 Ã© \U0001f600 b\u3000"
    feed = make([Item(title="TEXT", abstract="TEXT")])
    found = paper(feed.replace("TEXT", "".join(f"&#{ord(one)};" if ord(one) > 127 else one for one in text)))
    assert (raw_of(found).title, raw_of(found).abstract) == (text, f" {text}")
    assert "private use" in refusal(feed.replace("TEXT", "&#xF00E9;", 1))


@FORMS
@pytest.mark.parametrize("name", ["link", "atom:link", "updated", "dc:rights"])
def test_what_nobody_asks_for_stands_beside_the_texts(make: Callable[[Iterable[Item]], str], name: str) -> None:
    """Address, licence and time of the request change nothing where arXiv has them; inside a text they are refused."""
    feed = make([Item()]).replace("xmlns:arxiv=", 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:arxiv=')
    feed = feed.replace('xmlns:atom="http://www.w3.org/2005/Atom" version', "version")
    end = "</item>" if "</item>" in feed else "</entry>"
    assert read(feed.replace(end, f"<{name}>x</{name}>tail{end}")) == read(feed)
    assert refusal(feed.replace("An abstract.", f"An <{name}>x</{name}> abstract."))


@FORMS
@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("one\ntwo", "one two"),
        ("one\n  two", "one <br>two"),
        ("one\n\ttwo\nthree", "one <br>two three"),
        ("one\n\n  two\n\nthree", "one <br>two three"),
        ("  one\ntwo\n", "one two"),
        ("\n  one  two\n  ", "one  two"),
        ("\"a\" & 'b' <c>", "\"a\" &amp; 'b' &lt;c&gt;"),
        ("see code.test/a.", f"see {ANCHOR}."),
        (r"Erd\H{o}s \alpha", r"Erdős \alpha"),
    ],
)
def test_an_abstract_is_one_line(make: Callable[[Iterable[Item]], str], raw: str, line: str) -> None:
    """In the form that a listing gives it: escaped, broken before an indented line, accents set, addresses linked."""
    assert paper(make([Item(abstract=raw)])).abstract == line


@FORMS
def test_addresses_in_an_abstract_are_links(make: Callable[[Iterable[Item]], str]) -> None:
    """Though a feed has no anchors."""
    found = paper(
        make([Item(abstract=r"Code: https://github.com/Acme/some\_code. Page: \url{https://acme.github.io/x}")])
    )
    assert [(link.url, link.kind, link.found_in) for link in found.links] == [
        ("https://github.com/Acme/some_code", "code", "abstract"),
        ("https://acme.github.io/x", "project", "abstract"),
    ]


# --- what an entry is ------------------------------------------------------------------------------


@FORMS
def test_every_field_of_an_entry(make: Callable[[Iterable[Item]], str]) -> None:
    """Id without its version, authors split, the categories' order, the journal reference."""
    found = paper(
        make([Item("2110.00007v12", " A\n  Title ", authors="Ann B (KAIST), C@d.org, Eve", journal_ref="J. of\n X")])
    )
    assert (str(found.arxiv_id), found.title, found.journal_ref) == ("2110.00007", "A Title", "J. of X")
    assert found.authors == ("Ann B", "C@d.org", "Eve")
    assert (found.primary_category, found.categories) == ("cs.CV", ("cs.CV", "cs.LG"))


def test_a_feed_s_authors_are_those_of_the_listing(shared: Path) -> None:
    """The listing shows the names without affiliations (``field/feed-affiliations.rss``)."""
    feed = parse_feed((shared / "field/feed-affiliations.rss").read_bytes())
    assert [entry.paper.authors for entry in feed.entries] == [("Anna Bell", "Carl Dietz", "Eva Fox")]


@FORMS
def test_old_ids_are_ids(make: Callable[[Iterable[Item]], str]) -> None:
    """A paper of the last century may be replaced today."""
    assert str(paper(make([Item("hep-th/9901001v3", kind="replace")])).arxiv_id) == "hep-th/9901001"


@FORMS
def test_sections_follow_the_announce_type(make: Callable[[Iterable[Item]], str]) -> None:
    """Replacements of cross-lists are replacements; whatever the feed's order, new submissions come first."""
    kinds = ["replace-cross", "cross", "new", "replace", "new", "cross"]
    items = [Item(f"2110.0000{number}v1", kind=kind) for number, kind in enumerate(kinds, 1)]
    entries = read(make(items)).entries
    assert [(str(entry.paper.arxiv_id)[-1], entry.section) for entry in entries] == [
        *(("3", Section.NEW), ("5", Section.NEW), ("2", Section.CROSS), ("6", Section.CROSS)),
        *(("1", Section.REPLACEMENT), ("4", Section.REPLACEMENT)),
    ]
    assert [entry.position for entry in entries] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("Wed, 20 Oct 2021 00:00:00 -0400", DAY),
        ("Wed, 20 Oct 2021 04:00:00 +0000", DAY),
        ("Wed, 20 Oct 2021 03:59:59 GMT", date(2021, 10, 19)),
        ("Mon, 15 Nov 2021 00:00:00 -0500", date(2021, 11, 15)),
    ],
)
def test_the_date_is_new_york_s(moment: str, day: date) -> None:
    """Whatever zone the feed writes it in."""
    assert read(rss([Item()], when=moment)).date == day


def test_an_archive_s_feed_holds_its_categories() -> None:
    """The feed of an archive without a dot in its name."""
    item = Item(categories=("astro-ph.GA", "cs.CV"))
    assert read(rss([item], category="astro-ph")).category == "astro-ph"


@FORMS
def test_a_feed_of_several_categories_names_none(make: Callable[..., str]) -> None:
    """Nobody has asked for it, so nothing is proven by its title."""
    feed = make([Item(), Item("2110.00002v1", categories=("math.ST",))], category="cs.CV+math.ST")
    assert read(feed).category is None


# --- what is refused -------------------------------------------------------------------------------


def swap(old: str, new: str, count: int = -1) -> Edit:
    """Return the edit of a feed that puts ``new`` in the place of ``old``, which has to be there."""

    def edit(feed: str) -> str:
        assert old in feed
        return feed.replace(old, new, count)

    return edit


def without(pattern: str) -> Edit:
    """Return the edit of a feed that takes out the first match of ``pattern`` among its items."""

    def edit(feed: str) -> str:
        head, mark, items = feed.partition("    <item>" if "<item>" in feed else "  <entry>")
        edited, found = re.subn(pattern, "", items, count=1, flags=re.DOTALL)
        assert found
        return head + mark + edited

    return edit


TWO = [Item(), Item("2110.00002v1", kind="cross", categories=("cs.LG", "cs.CV"))]

EDITS: dict[str, tuple[Edit, str]] = {
    "no id": (without(r"<(guid|id)\b.*?</\1>"), "id in item 1"),
    "no title": (without(r"<title>.*?</title>"), "title in item 1"),
    "an empty title": (swap("<title>A Title</title>", "<title> </title>", 1), "title in item 1"),
    "no abstract": (without(r"<(description|summary)>.*?</\1>"), "abstract in item 1"),
    "an empty abstract": (swap("Abstract: An abstract.", "Abstract: ", 1), "an abstract in 2110.00001"),
    "no announce type": (without(r"<arxiv:announce_type>.*?</arxiv:announce_type>"), "announce type in item 1"),
    "no authors": (without(r"<dc:creator>.*?</dc:creator>"), "author in item 1"),
    "a nameless author": (without(r"(?<=<dc:creator>)[^<]+"), "none of author"),
    "authors twice": (swap("</dc:creator>", "</dc:creator><dc:creator>X</dc:creator>", 1), "authors in item 1"),
    "no categories": (without(r"(<category[^\n]*\n\s*)+"), "categories of 2110.00001"),
    "a category that is none": (swap("cs.LG", "../LG"), "categories of 2110.00001"),
    "no date": (without(r"<(pubDate|published)>.*?</\1>"), "date in item 1"),
    "an unknown announce type": (swap("new", "withdraw"), "'withdraw'"),
    "two announce types": (swap("announce_type>new<", "announce_type>cross<"), "one announce type"),
    "two ids in one item": (swap("oai:arXiv.org:2110.00001v1", "oai:arXiv.org:2110.00003v1"), "one id"),
    "two versions": (swap("oai:arXiv.org:2110.00001v1", "oai:arXiv.org:2110.00001v2"), "one id"),
    "another kind of id": (swap("oai:arXiv.org:", "tag:arXiv.org:"), "oai:arXiv.org"),
    "no arXiv id": (swap("2110.00001v1", "2113.00001v1"), "2113.00001"),
    "an id twice": (swap("2110.00002v1", "2110.00001v2"), "2 different ids, found 1"),
    "another description": (swap("Announce Type:", "Type:"), "Announce Type"),
    "markup in an abstract": (swap("An abstract.", "An <b>abstract</b>.", 1), "plain text in item 1"),
    "markup in a title": (swap("A Title", "A <i>Title</i>", 1), "plain text in item 1"),
    "an entry of another category": (swap("cs.CV updates", "math.ST updates"), "math.ST"),
    "another title": (swap("updates on arXiv.org", "news"), "cs.CV news"),
    "not well-formed": (swap("A Title", "A & Title", 1), "well-formed"),
    "an unknown entity": (swap("A Title", "A &eacute; Title", 1), "well-formed"),
    "a control character": (swap("A Title", "A \x01 Title", 1), "well-formed"),
    "an undeclared namespace": (swap("<dc:rights>", "<dd:rights>", 1), "well-formed"),
    "something after its end": (lambda feed: feed + "<!-- more -->", "cut"),
    "a DTD": (swap("?>\n", "?>\n<!DOCTYPE x [<!ENTITY e 'e'>]>\n", 1), "an RSS or Atom feed"),
    "private characters": (swap("A Title", "A \U000f00e9 Title", 1), "private use"),
}


@FORMS
def test_two_entries_are_a_feed(make: Callable[[Iterable[Item]], str]) -> None:
    """Before it is edited, the feed that the edits below spoil is whole."""
    assert len(read(make(TWO)).entries) == 2


@FORMS
@pytest.mark.parametrize("name", EDITS)
def test_what_is_no_whole_feed_is_refused(make: Callable[[Iterable[Item]], str], name: str) -> None:
    """In one line that says what was expected and found."""
    edit, words = EDITS[name]
    said = refusal(edit(make(TWO)))
    assert said.startswith("expected ")
    assert words in said


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        (rss(TWO).replace("<rss", "<rss2", 1), "an RSS or Atom feed"),
        (rss(TWO).replace('version="2.0"', 'version="0.91"'), "RSS 2.0"),
        (rss(TWO).replace(' version="2.0"', ""), "RSS 2.0"),
        (atom(TWO).replace("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"), "Atom 1.0"),
        (atom(TWO).replace("<summary>", '<summary type="html">', 1), "plain text in item 1"),
        (atom(TWO).replace("<summary>", '<summary type="application/octet-stream">', 1), "plain text in item 1"),
        (rss(TWO).replace("    <pubDate>", "    <date>", 1).replace("</pubDate>", "</date>", 1), "date"),
        ("", "an RSS or Atom feed, found ''"),
        ("Rate exceeded.", "found 'Rate exceeded.'"),
        ("<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n", "an RSS or Atom feed"),
        ("/etc/passwd", "an RSS or Atom feed"),
    ],
)
def test_what_is_no_feed_of_arxiv_s_is_refused(feed: str, words: str) -> None:
    """Other formats, pages, texts, and what could be the name of a file."""
    assert words in refusal(feed)


@FORMS
def test_a_feed_that_is_cut_anywhere_is_refused(make: Callable[[Iterable[Item]], str]) -> None:
    """A transfer may end after any byte."""
    body = make(TWO).encode().rstrip()
    assert parse_feed(body).date == DAY
    for end in range(0, len(body), 7):
        refusal(body[:end])


@FORMS
def test_bytes_that_are_no_utf_8_are_refused(make: Callable[[Iterable[Item]], str]) -> None:
    """Whatever encoding the declaration names: arXiv's feeds are UTF-8."""
    said = refusal(make([Item(title="é")]).replace("UTF-8", "ISO-8859-1").encode("iso-8859-1"))
    assert "expected UTF-8" in said


@pytest.mark.parametrize(
    "moment",
    ["Wed, 20 Oct 2021 00:00:00", "yesterday", "Wed, 40 Oct 2021 00:00:00 -0400", "Wed, 20 Oct 9999 23:00:00 -0400"],
)
def test_a_date_that_is_none_is_refused(moment: str) -> None:
    """No zone, no date, no day, no year of arXiv's."""
    assert "a date and time" in refusal(rss([Item()], when=moment))


def test_items_of_several_dates_are_refused() -> None:
    """Neither two items, nor the items and the channel, may differ."""
    tuesday = "Tue, 19 Oct 2021 00:00:00 -0400"
    wednesday = "Wed, 20 Oct 2021 00:00:00 -0400"
    for place in (1, 2, 3):
        pieces = rss(TWO).split(wednesday)
        mixed = wednesday.join(pieces[:place]) + tuesday + wednesday.join(pieces[place:])
        assert "2021-10-19, 2021-10-20" in refusal(mixed)
    pieces = atom(TWO).split("2021-10-20T00:00:00-04:00")
    assert "2021-10-19, 2021-10-20" in refusal(
        f"{pieces[0]}2021-10-19T00:00:00-04:00{'2021-10-20T00:00:00-04:00'.join(pieces[1:])}"
    )


def test_a_feed_that_may_have_been_cut_short_is_refused() -> None:
    """Where arXiv's feeds stop, at 2,000 items, new submissions may be missing."""
    items: Sequence[Item] = [Item(f"2110.{number:05d}v1", kind="replace") for number in range(1, 2001)]
    assert len(read(rss(items[:1999])).entries) == 1999
    assert "2000" in refusal(rss(items))
