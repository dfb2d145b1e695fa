"""Foreign markup in a paper's fields comes out as one line in which only ``a`` and ``br`` occur, or as plain text."""

import html
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from digest.errors import DigestError, PageRefusedError
from digest.markup import without_markup
from digest.model import Paper, Section
from digest.parse.listing import parse_page
from digest.records.day import parse_record, render_record
from tests.days import day_of
from tests.standin import Mailing, invent
from tests.standin.pages import listing_page

DAY = date(2025, 3, 5)
_SLOT = "SLOT-OF-THE-{}"
REL = 'rel="external noopener nofollow"'
HTTP = 'class="link-external link-http"'
HTTPS = 'class="link-external link-https"'
_ATTRIBUTES = ("class", "data-arxiv-id", "data-doi", "href", "rel")


@cache
def _template() -> str:
    real = invent("cs.CV", DAY, new=1, cross=0, replacement=0).new[0]
    title, abstract, comments, journal, author = (
        _SLOT.format(name) for name in ("title", "abstract", "comments", "journal_ref", "author")
    )
    slotted = replace(real, title=title, abstract=abstract, comments=comments, journal_ref=journal, authors=(author,))
    return listing_page(Mailing("cs.CV", DAY, new=(slotted,)))


def paper(**fields: str) -> Paper:
    """Return the paper that a page shows with this HTML in the named fields."""
    page = _template()
    for name, markup in fields.items():
        page = page.replace(_SLOT.format(name), markup)
    (entry,) = parse_page(page.encode("utf-8", "surrogatepass")).entries
    return entry.paper


def abstract(markup: str) -> str:
    """Return the canonical form of an abstract."""
    return paper(abstract=markup).abstract or ""


class _Checker(HTMLParser):
    """Goes through canonical HTML with a parser of its own, and notes what is against the rules."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.depth = 0
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only ``br`` without attributes, and anchors of http and https that do not nest."""
        if tag == "br":
            self.faults += ["attributes of br"] if attrs else []
        elif tag != "a":
            self.faults.append(f"tag {tag}")
        else:
            self._anchor([(name, value or "") for name, value in attrs])

    def _anchor(self, attributes: list[tuple[str, str]]) -> None:
        self.depth += 1
        names = [name for name, _ in attributes]
        if self.depth > 1:
            self.faults.append("nested anchors")
        if names != sorted(set(names)) or not set(names) <= set(_ATTRIBUTES):
            self.faults.append(f"attributes {names}")
        if not re.match(r"https?://[^/\s]", dict(attributes).get("href", ""), re.IGNORECASE):
            self.faults.append(f"address {dict(attributes).get('href')!r}")

    def handle_endtag(self, tag: str) -> None:
        """Only anchors end, and only those that began."""
        self.depth -= 1
        if tag != "a" or self.depth < 0:
            self.faults.append(f"end of {tag}")

    def handle_comment(self, data: str) -> None:
        """No comments."""
        self.faults.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        """No declarations."""
        self.faults.append(f"declaration {decl!r}")

    def unknown_decl(self, data: str) -> None:
        """No CDATA."""
        self.faults.append(f"declaration {data!r}")

    def handle_pi(self, data: str) -> None:
        """No processing instructions."""
        self.faults.append(f"instruction {data!r}")


def faults(line: str) -> list[str]:
    """Return what in ``line`` is against the canonical form."""
    checker = _Checker()
    checker.feed(line)
    checker.close()
    found = checker.faults + (["anchor left open"] if checker.depth else [])
    if re.search(r"[\r\n]", line):
        found.append("line end")
    if re.search(r"<(?!/?a[ >]|br>)|&(?!(?:amp|lt|gt|quot);)", line):
        found.append("bare < or &")
    return found


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        ("plain", "plain"),
        ("  \n around \n ", "around"),
        ("one\ntwo", "one two"),
        ("one\r\ntwo\rthree", "one two three"),
        ("one\n<br>two", "one <br>two"),
        ("one.\n<br>two\n<br>three", "one. <br>two <br>three"),
        ("one<br/>two<BR>three", "one<br>two<br>three"),
        ("a  b   c\td", "a  b   c\td"),
        ("&#34;so&#34; and &#39;so&#39;", "\"so\" and 'so'"),
        ("&quot;so&quot; &apos;so&apos;", "\"so\" 'so'"),
        ("B&amp;B, p&lt;q and s&gt;t", "B&amp;B, p&lt;q and s&gt;t"),
        ("&amp;amp; &amp;lt;b&amp;gt;", "&amp;amp; &amp;lt;b&amp;gt;"),
        ("B&B", "B&amp;B"),
        ("Erd&#337;s &eacute; &#x1F642; &nbsp;x", "Erd\u0151s \u00e9 \U0001f642 \u00a0x"),
        (r"$\mathcal{L}_{a}$ \_ \% \\ #", r"$\mathcal{L}_{a}$ \_ \% \\ #"),
        ("a&#10;b&#13;c", "a b c"),
        ("<b>bold</b> and <i>it</i>", "bold and it"),
        ("<b>bold</b> &#34;x&#34; &amp; y", 'bold "x" &amp; y'),
        ("x<!-- <a href='http://x.y/'>c</a> -->y", "xy"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&lt;b&gt; <i>x</i> &lt;/p&gt;", "&lt;b&gt; x &lt;/p&gt;"),
        ("x<img src=x onerror=alert(1)>y", "xy"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>p {}</style>x", "x"),
        ("<br onclick='alert(1)'>x", "<br>x"),
        ("<svg><circle/></svg>x", "x"),
    ],
)
def test_text_has_one_form(markup: str, line: str) -> None:
    """Line ends become blanks, quotes are literal, ``&``, ``<`` and ``>`` escaped, other tags go."""
    assert abstract(markup) == line
    assert faults(line) == []


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        (
            f'<a href="https://x.y/z" {REL} {HTTPS}>this https URL</a>',
            f'<a {HTTPS} href="https://x.y/z" {REL}>this https URL</a>',
        ),
        (f'<a {HTTP} href="http://x.y/z" {REL}>u</a>.', f'<a {HTTP} href="http://x.y/z" {REL}>u</a>.'),
        (
            '<a href="https://arxiv.org/abs/2305.12345" data-arxiv-id="2305.12345" class="link-https">2305.12345</a>',
            '<a class="link-https" data-arxiv-id="2305.12345" href="https://arxiv.org/abs/2305.12345">2305.12345</a>',
        ),
        (
            f'<a href="https://doi.org/10.1/x" data-doi="10.1/x" class="link-https link-external" {REL}>10.1/x</a>',
            f'<a class="link-https link-external" data-doi="10.1/x" href="https://doi.org/10.1/x" {REL}>10.1/x</a>',
        ),
        (
            '<a href="https://arxiv.org/abs/2306.54321" class="link-internal link-https">there</a>',
            '<a class="link-internal link-https" href="https://arxiv.org/abs/2306.54321">there</a>',
        ),
        (
            f'<a href="https://x.y/?q=1&amp;r=&#34;2&#34;&#39;&gt;" {REL} {HTTPS}>u</a>',
            f'<a {HTTPS} href="https://x.y/?q=1&amp;r=&quot;2&quot;\'&gt;" {REL}>u</a>',
        ),
        (f'<a href="HTTPS://GitHub.com/A" {REL} {HTTPS}>u</a>', f'<a {HTTPS} href="HTTPS://GitHub.com/A" {REL}>u</a>'),
        ('<a href="http://x.y/">this http URL</a>', f'<a {HTTP} href="http://x.y/" {REL}>this http URL</a>'),
    ],
)
def test_an_anchor_has_one_form(markup: str, line: str) -> None:
    """Attributes come in the order of 2021, whatever today's page has; the address stays as it is."""
    assert abstract(f"Code: {markup}") == f"Code: {line}"
    assert paper(comments=markup).comments == line
    assert faults(line) == []


@pytest.mark.parametrize(
    "address",
    [
        "https://x.y/\u00fcber/\u8996",
        "https://x.y/a%20b%C3%BC",
        "https://x.y/a[1]{2}|3^4`5",
        "https://x.y/~u/(b)_c(d);e,f",
        "https://x.y:8443/p?q=1#frag",
        "https://[2001:db8::1]/x",
    ],
)
def test_an_address_is_kept_letter_by_letter(address: str) -> None:
    """What stands in the page's href stands in the digest's, neither encoded nor decoded."""
    assert f'href="{address}"' in abstract(f'<a href="{address}">this https URL</a>')


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "java&#9;script:alert(1)",
        "&#1;javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,&lt;script&gt;",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:a@b.c",
        "ftp://x.y/z",
        "blob:https://x.y/z",
        "view-source:https://x.y/",
        "http:",
        "http://",
        "https:///",
        "http://[::1",
        "",
    ],
)
def test_only_web_addresses_become_links(address: str) -> None:
    """No scheme but http and https survives; the words of the link do."""
    line = abstract(f'before <a href="{address}" onclick="alert(1)">words</a> after')
    assert not re.search(r'href="(?!https://arxiv\.org/)', line), line
    assert re.sub(r"</?a[^>]*>", "", line) == "before words after"
    assert faults(line) == []


@pytest.mark.parametrize("scheme", ["http", "ftp", "svn+ssh", "ed2k", "rtsp"])
def test_a_link_of_any_scheme_is_whole(scheme: str) -> None:
    """ArXiv's ``urlize`` shows "this SCHEME URL" for each scheme that it links, and else the address or id itself."""
    assert "x.y/z" in abstract(f'at <a href="{scheme}://x.y/z">this {scheme} URL</a>.')
    assert "arXiv:2110.10101" in abstract('see <a href="https://arxiv.org/abs/2110.10101">arXiv:2110.10101</a>.')


def test_a_link_without_its_scheme_s_anchor_keeps_its_address() -> None:
    """Where "this ftp URL" stops being a link, the address stands in its place: nothing is lost."""
    assert abstract('at <a href="ftp://x.y/z?a&amp;b">this ftp URL</a>.') == "at ftp://x.y/z?a&amp;b."


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<a>words</a>", "words"),
        ("<a name='x'>words</a>", "words"),
        ('<a href="//x.y/z">words</a>', "words"),
        ('<a href="/abs/2305.12345">words</a>', "words"),
        ('<a href="http://x.y/">one<a href="http://z.y/">two</a></a>', "onetwo"),
        ('<a href="http://x.y/">one<span><a href="http://z.y/">two</a></span></a>', "onetwo"),
        ('<a href="http://x.y/" href="javascript:alert(1)">words</a>', "words"),
        ('<a href="http://x.y/" data-doi="1&#10;2" data-arxiv-id="&quot;&gt;">words</a>', "words"),
        ('<a href="http://x.y/" class="a&#10;b link-external" rel="opener" target="_top" style="x">words</a>', "words"),
        ('<a href="http://x.y/&quot;&gt;&lt;script&gt;">words</a>', "words"),
        ('<a href="http://x.y/"><b>wo</b><img src=x>rds</a>', "words"),
        ('<svg><a xlink:href="javascript:alert(1)">words</a></svg>', "words"),
        ("<math><mi><a href='javascript:alert(1)'>words</a></mi></math>", "words"),
    ],
)
def test_a_strange_anchor_does_no_harm(markup: str, text: str) -> None:
    """Anchors that are broken, nested or laden come out clean, or as their words."""
    line = abstract(f"x {markup} y")
    assert faults(line) == []
    shown = html.unescape(re.sub(r"<[^>]*>", "", line)).split()
    assert shown == ["x", *text.split(), "y"]


@pytest.mark.parametrize("field", ["title", "journal_ref"])
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("A  title \n of  two\tlines", "A title of two lines"),
        ("&#34;Q&#34; &amp; &lt;b&gt;A&lt;/b&gt;", '"Q" & <b>A</b>'),
        ("&amp;amp; &amp;lt;", "&amp; &lt;"),
        ("<b>B</b><!-- c -->old", "Bold"),
        ("Title: With Colon", "Title: With Colon"),
        (r"$\alpha$ 100\% #_*`", r"$\alpha$ 100\% #_*`"),
        ("a&#10;b", "a b"),
    ],
)
def test_titles_are_plain_text_on_one_line(field: str, markup: str, text: str) -> None:
    """Title and journal reference hold characters, never markup, and one blank between words."""
    assert getattr(paper(**{field: markup}), field) == text


def test_the_own_label_goes_and_a_foreign_one_stays() -> None:
    """The label "Title:" is arXiv's own once; a title that begins with the same word keeps it."""
    found = paper(title="Title: x", comments="Comments: y", abstract="Abstract: z")
    assert (found.title, found.comments, found.abstract) == ("Title: x", "Comments: y", "Abstract: z")


@pytest.mark.parametrize("blank", ["", " ", "\n", "<!-- x -->", "<b> </b>"])
def test_a_blank_abstract_is_no_whole_record(blank: str) -> None:
    """An entry whose abstract is empty refuses the page; blank comments are none."""
    with pytest.raises(PageRefusedError, match="expected an abstract"):
        paper(abstract=blank)
    assert paper(comments=blank).comments is None


@pytest.mark.parametrize("size", [1_000_000])
@pytest.mark.parametrize("field", ["title", "abstract", "comments", "journal_ref", "author"])
def test_a_huge_field_is_read_whole(field: str, size: int) -> None:
    """A megabyte of text in a field is no reason to lose any of it."""
    found = paper(**{field: "x" * size})
    value = found.authors[0] if field == "author" else getattr(found, field)
    assert value == "x" * size


@pytest.mark.parametrize("tail", [")", ".", "a.", "&gt;", "(", "%"])
def test_a_huge_address_takes_no_time(tail: str) -> None:
    """An address of a hundred thousand signs is taken apart in a time that grows with its length only."""
    address = "https://x.y/" + tail * 100_000
    assert abstract(f'<a href="{address}">this https URL</a>').startswith("<a ")


@pytest.mark.parametrize("field", ["title", "abstract", "comments"])
@pytest.mark.parametrize("tag", ["b", "span", "ul", "table", "a href='http://x.y/'"])
def test_deep_nesting_is_read_or_refused(field: str, tag: str) -> None:
    """Thousands of elements inside one another are a refusal at worst."""
    markup = f"<{tag}>" * 3000 + "x" + f"</{tag.partition(' ')[0]}>" * 3000
    try:
        paper(**{field: markup})
    except DigestError as error:
        assert isinstance(error, PageRefusedError)  # noqa: PT017  # either outcome is right


@pytest.mark.parametrize("sign", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\x85", "\u2028"])
def test_control_characters_end_no_line(sign: str) -> None:
    """A control character in a text breaks neither the line nor the page."""
    for markup in (f"a{sign}b", f"a{sign}b<i>c</i>", f"a&#{ord(sign)};b"):
        line = abstract(markup)
        assert faults(line) == []
        assert line.startswith("a")
        assert re.sub("[^a-z]", "", line).startswith("ab")


_PIECES = st.sampled_from(
    [
        *("<a href='http://x.y/'>", '<a href="javascript:alert(1)">', "<a>", "</a>", "<br>", "</br>", "<b>", "</b>"),
        *("<script>", "</script>", "<style>", "</style>", "<textarea>", "</textarea>", "<title>", "</title>"),
        *("<svg>", "</svg>", "<math>", "<mi>", "<template>", "<noscript>", "<xmp>", "<iframe>", "<select>"),
        *("<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "<!x", "<", ">", "&", "&lt;", "&#60;", "&#x3c", "&#0;"),
        *("&#10;", "&#13;", "\n", "\r", "\x00", "\x0c", "\x1c", "\x85", "\u2028", '"', "'", "`", "=", "/", "\\"),
        *("<a href=//x.y>", "<a href='HTTP://X.Y'>", "<a href=http:x>", '<a href="http://x.y/&quot;&lt;">'),
        *('<a href="http://x.y/" data-doi="', '<img src="x" onerror="', '" class="link-external', "this https URL"),
        *("<span class='descriptor'>", "</span>", "<td>", "<center>", "<font>", "<nobr>", "<button>", "<form>"),
    ]
)
_MARKUP = st.lists(_PIECES | st.text(max_size=5), max_size=12).map("".join)


@given(abstract_html=_MARKUP, comments_html=_MARKUP, title_html=_MARKUP)
def test_whatever_comes_in_only_a_and_br_come_out(abstract_html: str, comments_html: str, title_html: str) -> None:
    """Of any markup, only clean links and line breaks survive, on one line; or the page is refused."""
    try:
        found = paper(abstract=f"x{abstract_html}", comments=comments_html, title=f"x{title_html}")
    except DigestError:
        return
    assert faults(found.abstract or "") == []
    assert faults(found.comments or "") == []
    assert not re.search(r"[\r\n\t]|  ", found.title)
    assert all(re.fullmatch(r"https://[^\s<>\"]+", link.url) for link in found.links)
    day = day_of([(Section.NEW, found)])
    assert parse_record(render_record(day)) == day  # the rules of records refuse nothing that a page can give


_NAMES = st.sampled_from(
    ["href", "HREF", "class", "rel", "data-doi", "data-arxiv-id", "Data-DOI", "title", "x", "<b", '"']
)
_ADDRESSES = st.sampled_from(
    [
        *(
            "https://x.y/z",
            "http://x.y/a?b=1&c=2#d",
            "HTTPS://X.Y",
            "ftp://x.y/z",
            "//x.y/z",
            "/abs/2305.12345",
            "x",
            "",
        ),
        *(
            "https://x.y:8443/",
            "https://[::1]/",
            "http://[",
            "mailto:a@b.c",
            "https://x.y/\u00fc'\"<>&",
            "http://",
            "1 2",
        ),
        *(
            "link-external link-https",
            "link-http\nlink-internal",
            "descriptor",
            "10.1/x",
            "a\t\x01\x0b\x80\u2028b",
            " \r\n ",
        ),
    ]
)


@st.composite
def _attribute(draw: st.DrawFn) -> str:
    """An attribute, or half of one: any name, some characters as entities, any quotes, or no value."""
    value = "".join(
        draw(st.sampled_from([sign, sign, f"&#{ord(sign)};", f"&#x{ord(sign):X}", html.escape(sign)]))
        for sign in draw(_ADDRESSES)
    )
    quote = draw(st.sampled_from(['"', '"', "'", ""]))
    equals = draw(st.sampled_from(["=", "=", " = ", "=\n", ""]))
    return draw(_NAMES) + draw(st.sampled_from([f"{equals}{quote}{value}{quote}", f"{equals}{quote}{value}", ""]))


@st.composite
def _anchor(draw: st.DrawFn) -> str:
    """An anchor, whole or damaged."""
    blanks = st.sampled_from([" ", "  ", "\n", "\t", "/", "\x0c", "\u3000"])
    begin = draw(st.sampled_from(["<a", "<a", "<A", "<a/"]))
    attributes = "".join(draw(blanks) + one for one in draw(st.lists(_attribute(), max_size=5)))
    words = st.sampled_from(
        ["this https URL", "this ftp URL", "word", "", " ", "a\nb", "this <!-- --> http URL", "<b>x</b>"]
    )
    end = draw(st.sampled_from([">", ">", ">", "", " >", "/>"]))
    return begin + attributes + end + draw(words) + draw(st.sampled_from(["</a>", "</a>", "</a>", "</A>", "</a >", ""]))


_BETWEEN = st.sampled_from(
    ["", " ", "   ", "\n  ", "\r", "\t", "\x0b", "\x85", "\ufeff", "\xa0", "x", "8 pages. ", "\n<br>", "<BR>"]
)
_ANCHORS = st.lists(_anchor() | _BETWEEN | _PIECES, max_size=7).map("".join)


@given(abstract_html=_ANCHORS, comments_html=_ANCHORS)
@example(abstract_html="x  <br>   <br>\n\n<a href='http://x.y/'> </a>\t<br>", comments_html="\x0c<a>\x0c</a>\x01")
@example(abstract_html="<a class='descriptor' href='http://x.y/'>a</a>b", comments_html="c<br class='descriptor'>")
@example(abstract_html="<a href='http://x.y/a\x0bb'>c</a>", comments_html="<a href='ftp://x.y/\x01'>this ftp URL</a>")
def test_whether_beautiful_soup_is_asked_makes_no_difference(abstract_html: str, comments_html: str) -> None:
    """A comment, which no field shows, has Beautiful Soup read what lxml's tree says otherwise: the lines are equal."""

    def read(start: str) -> object:
        try:
            found = paper(abstract=start + abstract_html, comments=start + comments_html)
        except DigestError as error:
            if str(error).endswith("attributes in a tag, found 257"):  # just one too many: it may be the comment
                reject()
            return str(error)
        return found.abstract, found.comments

    assert read("<br>") == read("<br><!-- -->")  # text alone needs neither


def test_an_ordinary_page_waits_for_no_second_parser() -> None:
    """With anchors and breaks alone in its texts, which is all that arXiv makes, a page is read without bs4."""
    markup = f'one\n<br>two <a href="https://x.y/z" {REL} {HTTPS}>this https URL</a>.'
    page = _template().replace(_SLOT.format("abstract"), markup).replace(_SLOT.format("comments"), markup)
    program = (
        "import sys\nfrom digest.parse.listing import parse_page\n"
        "(entry,) = parse_page(sys.stdin.buffer.read()).entries\n"
        "print(entry.paper.abstract.count('<a '), 'lxml.etree' in sys.modules, 'bs4' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=page.encode(), capture_output=True, check=True)
    assert done.stdout.split() == [b"1", b"True", b"False"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip()))
def test_escaped_text_comes_back_whole(text: str) -> None:
    """What arXiv escapes comes back letter by letter: no text is taken for markup, none is lost."""
    escaped = html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    found = paper(abstract=f"x{escaped}x", title=f"x{escaped}x")
    assert found.abstract == html.escape(f"x{text}x", quote=False)
    assert without_markup(found.abstract or "") == f"x{text}x"
    assert found.title == f"x{re.sub(' +', ' ', text)}x"
