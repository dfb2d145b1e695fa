"""Papers looked for by their words: `digest search`, and `digest export --search`."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.config.settings import View
from digest.errors import UsageError
from digest.model import Day, Link, Section
from digest.store.whole import Store
from digest.views import hits
from digest.views.search import parse_query
from tests.conftest import Sandbox
from tests.days import day_of, paper, real_days
from tests.postgresql import schemas
from tests.test_terminal import EVIL, OBEYED, on_terminal

FIRST, SECOND, THIRD = date(2025, 3, 4), date(2025, 3, 5), date(2025, 4, 1)

SPLATTING = paper(
    "2503.00001",
    title="Splatting of medical scenes",
    authors=("Narciso García", "Kaiming He", "Xiao-Ming Li"),
    abstract="We splat a point cloud of few-shot scenes. R&amp;D, and no more.",
    comments="Oral",
    categories=("cs.CV", "cs.RO"),
    links=(Link("https://github.com/Someone/Splats", "code", "abstract"),),
)
CLOUDS = paper(
    "2503.00002",
    title="A U-Net for point clouds",
    authors=("Ada Example",),
    abstract="Clouds are segmented. The point of a cloud is shown.",
    links=(Link("https://x.example/data", "data", "comments"),),
)
NERF = paper("2503.00003", title="NeRF again", authors=("J. Garcia",), abstract="A method.", categories=("cs.CV",))
GUEST = paper(
    "2503.00004", title="A guest", authors=(), abstract=None, primary_category="math.OC", categories=("math.OC",)
)
REVISED = paper("2503.00001", title="Splatting of medical scenes, revised", abstract="Now with diffusion.")
DAYS = (
    day_of([(Section.NEW, CLOUDS), (Section.NEW, SPLATTING)], date=FIRST),
    day_of([(Section.CROSS, CLOUDS), (Section.CROSS, GUEST)], date=SECOND, category="cs.LG"),
    day_of([(Section.NEW, NERF), (Section.REPLACEMENT, REVISED)], date=THIRD),
)


def fill(sandbox: Sandbox, days: Sequence[Day] = DAYS) -> Sandbox:
    """Store days in an archive without records."""
    file = sandbox.folder / "archive.db"
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    sandbox.configure("store", records="")
    with closing(Store(f"sqlite:///{file}", file)) as store:
        for day in days:
            store.save_day(day, "0" * 64, outdated_file="none")
    return sandbox


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    """An archive of four papers."""

    def make() -> None:
        fill(sandbox)

    sandbox.once(make)
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    sandbox.configure("store", records="")
    return sandbox


def found(sandbox: Sandbox, *words: str) -> list[str]:
    """Return the ids of the papers that a search finds, in its order."""
    result = sandbox.digest("search", "--json", *words)
    assert result.code == 0, result
    return [one["id"].partition(".0000")[2] for one in json.loads(result.out)]


# What is found


QUERIES: tuple[tuple[str, str | None], ...] = (
    # words
    ("splatting", "1"),
    ("point cloud", "21"),
    ("cloud point", "21"),
    ('"point cloud"', "21"),
    ('"cloud point"', ""),
    ('"point of a cloud"', "2"),
    ("“point of a cloud”", "2"),
    ("segment*", "2"),
    ("segment", ""),
    ('"point clo"*', "21"),
    ('"point clo*"', "21"),
    ("medical nerf", ""),
    ("medical OR nerf", "31"),
    ("medical OR nerf OR guest", "314"),
    ("point AND cloud", "21"),
    ("point -medical", "2"),
    ("point NOT medical", "2"),
    ("point AND NOT medical", "2"),
    ("point \u2212medical", "2"),
    ('point -"medical scenes"', "2"),
    ("point -(medical OR nothing)", "2"),
    ("(medical OR nerf) again", "3"),
    ("point (cloud (medical OR segment*))", "21"),
    ("OR", None),
    ('"OR"', ""),
    ("or", ""),
    ("R&D", "1"),
    ("NeRF: again", "3"),
    ("POINT", "21"),
    # fields
    ("title:splatting", "1"),
    ("title:clouds", "2"),
    ("title:segmented", ""),
    ('title:"point clouds"', "2"),
    ("title:(net OR splatting) point", "21"),
    ("abstract:cloud", "21"),
    ("abs:segmented", "2"),
    ("abstract:splatting", ""),
    ("ti:splatting au:he", "1"),
    ("author:garcia", "31"),
    ("author:García", "31"),
    ("garcia", "31"),
    ("author:Narciso", "1"),
    ('author:"Kaiming He"', "1"),
    ('author:"He, Kaiming"', "1"),
    ('author:"García, Kaiming"', ""),
    ("author:xiaoming", ""),
    ("author:Xiao-Ming", "1"),
    ("author:kaim*", "1"),
    ("author:scenes", ""),
    ("-author:garcia point", "2"),
    ("oral", "1"),
    # conditions
    ("in:2025", "3142"),
    ("in:2025-03", "421"),
    ("in:2025-03-05", "4"),
    ("in:2025-03-05..", "314"),
    ("in:..2025-03-04", "21"),
    ("in:2025-03-05..2025-04", "314"),
    ("in:2024", ""),
    ("in:2025-03 splatting", "1"),
    ("splatting -in:2025-04", "1"),
    ("has:code", "1"),
    ("code:yes", "1"),
    ("code:no", "3142"),
    ("-has:code", "3142"),
    ("code:github.com/someone", "1"),
    ("code:GitHub.com", "1"),
    ("code:x.example", ""),
    ("has:data", "2"),
    ("has:demo", ""),
    ("has:code -nothing", "1"),
    ("has:code -splatting", ""),
    ("category:cs.RO", "1"),
    ("category:cs.ro", "1"),
    ("category:cs", "312"),
    ("category:cs.*", "312"),
    ("category:math,cs.RO", "41"),
    ("cat:cs.R", ""),
    ("category:c", ""),
    ("-category:cs", "4"),
    ("garcia category:cs.RO has:code in:2025-03", "1"),
)
"""What each finds, None if it cannot be understood."""

FORMS = (
    ("U-Net", "The UNet", True),
    ("UNet", "The U-Net", True),
    ("U-Net", "Two U Nets", True),
    ("u-net", "An nnU-Net", False),
    ("few-shot", "A fewshot method", True),
    ("fewshot", "A few-shot method", True),
    ("SAM2", "SAM-2 is here", True),
    ('"SAM 2"', "SAM2 is here", True),
    ("SAM", "SAM2 is here", False),
    ("SAM*", "SAM2 is here", True),
    ("YOLOv8", "A YOLO v8", True),
    ("point-cloud", "Pointclouds", True),
    ("ontology", "Ontologies", True),
    ("hypothesis", "Hypotheses", True),
    ("matrix", "Matrices", True),
    ("class", "Classes", True),
    ("classes", "A class", False),
    ("CAS", "Some cases", False),
    ("poincaré", "POINCARE", True),
    ("Poincare", "Poincaré", True),
    ("β-VAE", "A β-VAE", True),
    ("β-VAE", "A $\\beta$-VAE", True),
    ("4-6", "46 of them", False),
    ("Gödel", 'G\\"odel', True),
    ("understanding", "Under-standing", True),
    ("anisotropic", "An isotropic one", False),
    ("notable", "They are not able", False),
    ("点云", "点云", True),
)
"""A query, a title, and whether it finds it."""


@pytest.mark.parametrize(("query", "ids"), QUERIES)
def test_what_a_query_finds(filled: Sandbox, query: str, ids: str | None) -> None:
    """Words, phrases, stars, hyphens, OR, brackets, fields and conditions; the newest text that has it comes first."""
    if ids is None:
        assert filled.digest("search", query).code == 2
    else:
        assert "".join(found(filled, query)) == ids


@pytest.mark.parametrize(("query", "title", "is_found"), FORMS)
def test_words_are_found_in_other_forms(sandbox: Sandbox, query: str, title: str, *, is_found: bool) -> None:
    """Hyphens, plurals, digits and accents make as little difference as in views."""
    fill(sandbox, [day_of([(Section.NEW, paper("2503.00001", title=title, abstract=None))])])
    assert found(sandbox, query) == (["1"] if is_found else [])


KEYWORDS = (
    *("diffusion", "point cloud", "U-Net", "few-shot", "fewshot", "zero shot", "SAM 2", "YOLOv8", "ontology", "matrix"),
    *("hypothesis", "class", "GAN", "AI", "3D", "text-to-image", "semisupervised", "ResNet50", "R@1", "k-means", "box"),
    *("anisotropic", "multiview", "reidentification", "pretraining", "3.5", "understanding", "segment*", "gauss*"),
)


def test_words_find_what_they_find_in_a_view(shared: Path, tmp_path: Path) -> None:
    """On 2,290 real papers, in the texts that a view looks at: the very same papers."""
    days = real_days(shared)
    with closing(Store(f"sqlite:///{tmp_path}/archive.db", tmp_path / "archive.db")) as store:
        for day in days:
            store.save_day(day, "0" * 64, outdated_file="none")
        for keyword in KEYWORDS:
            view = View("x", ("cs.CV",), ("new", "cross"), (keyword,))
            shown = {hit.announcement.paper.arxiv_id.text for day in days for hit in hits(view, [day])}
            words, star = keyword.removesuffix("*"), "*" if keyword.endswith("*") else ""
            query = f'"{words}"{star}'
            its = {one for _, _, one in store.find_announcements(parse_query(query))}
            named = {one for _, _, one in store.find_announcements(parse_query(f"author:{query}"))}
            assert shown <= its <= shown | named, keyword
            assert shown or keyword == "β-VAE", keyword


# In which order, and how it is told


def test_a_hit_is_told_as_it_was_announced_first(filled: Sandbox) -> None:
    """Each paper once, by its newest text that was found; of several categories of a date, as new rather than cross."""
    result = filled.digest("search", "scenes OR clouds", "--json")
    document = json.loads(result.out)
    assert document == [
        {
            "id": "2503.00001",
            "date": "2025-04-01",
            "category": "cs.CV",
            "section": "replacement",
            "title": "Splatting of medical scenes, revised",
            "authors": ["Zoë van der Plaat", "Mei O'Dunmore"],
            "snippet": "Splatting of medical **scenes**, revised",
        },
        {
            "id": "2503.00002",
            "date": "2025-03-04",
            "category": "cs.CV",
            "section": "new",
            "title": "A U-Net for point clouds",
            "authors": ["Ada Example"],
            "snippet": "**Clouds** are segmented. The point of a cloud is shown.",
        },
    ]


@pytest.mark.parametrize(
    ("query", "snippet"),
    [
        ("oral", "**Oral**"),
        ("garcia in:2025-03", "Narciso **García**, Kaiming He, Xiao-Ming Li"),
        ("nerf", "**NeRF** again"),
        ('"r d"', "We splat a point cloud of few-shot scenes. **R&D**, and no more."),
        ("has:code", "We splat a point cloud of few-shot scenes. R&D, and no more."),
        ("category:math", ""),
    ],
)
def test_a_snippet_shows_where_a_paper_has_the_words(filled: Sandbox, query: str, snippet: str) -> None:
    """In plain text, from abstract or comments, else from title or authors; without words, the abstract's beginning."""
    (hit,) = json.loads(filled.digest("search", query, "--json").out)
    assert hit["snippet"] == snippet


def test_a_long_text_is_cut_around_the_words(sandbox: Sandbox) -> None:
    """An excerpt has some thirty words; so has the beginning of an abstract."""
    abstract = " ".join([*(f"w{number}" for number in range(200)), "needle", *(f"v{number}" for number in range(200))])
    fill(sandbox, [day_of([(Section.NEW, paper(abstract=abstract))])])
    for query, around in (("needle", "w199 **needle** v0"), ("in:2025", "w0 w1 w2")):
        (hit,) = json.loads(sandbox.digest("search", query, "--json").out)
        assert around in hit["snippet"]
        assert len(hit["snippet"].split()) <= 34
        assert hit["snippet"].endswith("…")


def test_the_most_suitable_papers_come_first(sandbox: Sandbox) -> None:
    """With --rank: words in the title before those in a longer text; a word in one piece before one that is torn."""
    papers = [
        paper("2503.00005", title="Of another kind", abstract=f"An unet once. {'Filler words here. ' * 40}"),
        paper("2503.00004", title="A u-net", abstract="U-net, u-net."),
        paper("2503.00003", title="Unet", abstract="It is short."),
        paper("2503.00002", title="Nothing", abstract="Nothing."),
        paper("2503.00001", title="Something", abstract="An unet, an unet, an unet."),
    ]
    fill(sandbox, [day_of([(Section.NEW, one) for one in papers])])
    assert found(sandbox, "unet") == ["5", "4", "3", "1"]
    assert found(sandbox, "unet", "--rank") == ["3", "1", "5", "4"]
    assert found(sandbox, "unet", "--rank", "--limit", "3") == ["3", "1", "5"]
    assert found(sandbox, "unet -short", "--rank") == ["1", "5", "4"]
    assert found(sandbox, "in:2025", "--rank") == ["5", "4", "3", "2", "1"]  # nothing to rank by


def test_a_limit_says_that_there_is_more(filled: Sandbox) -> None:
    """On stderr; a search that finds nothing says so, and is no failure."""
    for limit, words in ((2, "2 papers shown, there are more; --limit 10 shows more of them\n"), (4, "")):
        result = filled.digest("search", "in:2025", "--limit", str(limit))
        assert (result.code, result.err) == (0, words)
        assert len(re.findall(r"^[0-9]+\. ", result.out, re.MULTILINE)) == limit
    listed = filled.digest("search", "in:2025", "--limit", "2", "--json")
    assert (len(json.loads(listed.out)), "there are more" in listed.err) == (2, True)
    result = filled.digest("search", "nothing")
    assert (result.code, result.out, result.err) == (0, "", "no paper found\n")
    assert filled.digest("-q", "search", "nothing").err == ""


def test_in_a_pipe_a_hit_is_three_or_four_plain_lines(filled: Sandbox) -> None:
    """Number, date and title; authors; id and category; an excerpt. Words that were looked for stand in asterisks."""
    result = filled.digest("search", "(point OR guest) -nothing")
    assert result.out == (
        "1. 2025-03-05  A **guest**\n"
        "   2503.00004  cs.LG (cross)\n"
        "2. 2025-03-04  A U-Net for **point** clouds\n"
        "   Ada Example\n"
        "   2503.00002  cs.CV\n"
        "   Clouds are segmented. The **point** of a cloud is shown.\n"
        "3. 2025-03-04  Splatting of medical scenes\n"
        "   Narciso García, Kaiming He, Xiao-Ming Li\n"
        "   2503.00001  cs.CV\n"
        "   We splat a **point** cloud of few-shot scenes. R&D, and no more.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("point", "-medical"), ["2"]),
        (("-medical", "point"), ["2"]),
        (("point", "-hypothesis", "-json"), ["2", "1"]),
        (("point", '-"medical scenes"'), ["2"]),
        (("point", "-(medical"), None),
        (("point", "-(medical", "OR", "x)"), ["2"]),
        (("-x", "point"), None),
        (("--", "-x", "point"), ["2", "1"]),
        (("point", "--medical"), None),
        (("point", "--limit", "-5"), None),
        (("point", "--limit", "1"), ["2"]),
        (("point", "--limit=1"), ["2"]),
        ((), None),
    ],
)
def test_a_word_to_leave_out_is_no_option(filled: Sandbox, arguments: Sequence[str], ids: list[str] | None) -> None:
    """Without quotes around the query, -medical is a word with a hyphen, and --limit an option."""
    if ids is None:
        result = filled.digest("search", *arguments)
        assert (result.code, result.out) == (2, "")
    else:
        assert found(filled, *arguments) == ids


# On a terminal

_STYLE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;(?:id=[0-9]+)?;(?:https://arxiv\.org/abs/[0-9.]+)?\x1b\\")
"""What colours a text, or makes an id a link."""


@pytest.mark.parametrize("columns", [60, 120])
def test_on_a_terminal_words_stand_in_colour(filled: Sandbox, columns: int) -> None:
    """Lines are wrapped at words and indented; only what was looked for is styled, and has no asterisks."""
    written = on_terminal(
        filled, "search", "point", "-medical", env={"NO_COLOR": "", "COLUMNS": str(columns), "FORCE_HYPERLINK": "1"}
    )
    lines = _STYLE.sub("", written).replace("\r", "").splitlines()
    assert " ".join(" ".join(lines).split()) == (
        "1. 2025-03-04 A U-Net for point clouds Ada Example 2503.00002 cs.CV "
        "Clouds are segmented. The point of a cloud is shown."
    )
    assert max(map(len, lines)) <= columns
    assert all(line.startswith("   ") for line in lines[1:])
    assert "https://arxiv.org/abs/2503.00002" in written
    assert re.findall(r"\x1b\[[0-9;]+m([^\x1b]*)\x1b\[0m", written) == ["point", "point"]


def test_without_colours_a_terminal_shows_asterisks(filled: Sandbox) -> None:
    """Wrapped as well, and without any style."""
    for no_color, term in (("1", "xterm"), ("", "dumb")):
        written = on_terminal(
            filled, "search", "point", "-medical", env={"COLUMNS": "40", "NO_COLOR": no_color, "TERM": term}
        )
        assert "**point**" in written
        assert "\x1b" not in written
        assert max(map(len, written.replace("\r", "").splitlines())) <= 40


def test_hostile_text_styles_nothing(sandbox: Sandbox) -> None:
    """What a terminal would obey, rich's own markup and marks of ours in a text: it is shown, and does nothing."""
    text = f"A [bold]title[/bold] {''.join(EVIL.values())} with \x02marks\x03 and \x03 other\x02 ones"
    one = paper(title=text, authors=(f"B {text}",), abstract=text, comments=text)
    fill(sandbox, [day_of([(Section.NEW, one)])])
    for no_color in ("", "1"):
        written = on_terminal(sandbox, "search", "title", env={"NO_COLOR": no_color})
        assert OBEYED & set(_STYLE.sub("", written)) == set()
        assert "[bold]" in _STYLE.sub("", written)
    assert "\x02" not in sandbox.digest("search", "title").out


@pytest.mark.parametrize("limit", ["0", "1000001", "9223372036854775807", "many"])
def test_a_limit_is_a_number_of_papers(filled: Sandbox, limit: str) -> None:
    """What no number of papers can be is a mistake in the command line, and no damage of the archive."""
    result = filled.digest("search", "point", "--limit", limit)
    assert (result.code, result.out) == (2, "")
    assert "--limit" in result.err


def test_formulas_of_an_excerpt_are_read(sandbox: Sandbox) -> None:
    """On a terminal, as `show` has them; in a pipe they stay as they were typed."""
    fill(sandbox, [day_of([(Section.NEW, paper(title="A title", abstract="Sparse at a cost of $O(n^2)$ each."))])])
    assert "cost of O(n²) each." in on_terminal(sandbox, "search", "sparse")
    assert "cost of $O(n^2)$ each." in sandbox.digest("search", "sparse").out


def test_a_formula_that_holds_the_word_is_marked_whole(sandbox: Sandbox) -> None:
    """A mark inside would tear it, and leave its LaTeX to be read as text."""
    fill(sandbox, [day_of([(Section.NEW, paper(title="A title", abstract=r"At a cost of $\mathcal{O}(n \log n)$."))])])
    assert "cost of **\U0001d4aa(n log n)**." in on_terminal(sandbox, "search", "log", "o")


# What cannot be asked


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "expected words to look for, found none"),
        ("  ", "found none"),
        ("!?", "expected words, with OR between or a hyphen right before them, found '!?'"),
        ("...", "found none"),
        ('""', "found none"),
        ("()", "expected words to look for in the brackets"),
        ("-medical", "found only what to leave out"),
        ('"point', "expected a second quote after '\"point'"),
        ('point"', "expected a second quote"),
        ("(point", 'expected ")" after "("'),
        ("point)", 'expected "(" before ")"'),
        ("OR point", "expected words to look for on both sides of OR"),
        ("point OR", "on both sides of OR"),
        ("point OR OR cloud", "on both sides of OR"),
        ("point OR -cloud", "on both sides of OR"),
        ("AND point", "expected words before AND"),
        ("point AND", "expected words after AND"),
        ("point NOT", "expected words after NOT"),
        ("NOT NOT point", "expected words before NOT"),
        ("point | cloud", "with OR between"),
        ("!point", "a hyphen right before"),
        ("point - cloud", "a hyphen right before"),
        ("*", "expected a star at the end of a word alone"),
        ("*net", "expected a star at the end of a word alone"),
        ("po*nt", "expected a star at the end of a word alone"),
        ('"po* cloud"', "expected a star at the end of a word alone"),
        ("foo:bar", "expected one of the fields title, author, abstract, code, has, category, in, found 'foo:'"),
        ("https://github.com/x", "code: takes a part of an address"),
        ("title:", "expected what to look for right after title:"),
        ("title: point", "expected what to look for right after title:"),
        ("title:author:point", "expected what to look for right after 'title', found 'author:'"),
        ("title:ti:point", "expected what to look for right after 'title', found 'ti:'"),
        ("in:2021-13", "in: expected a date that is one, found '2021-13'"),
        ("in:2021-02-30", "in: expected a date that is one"),
        ("in:2021-00", "in: expected a date that is one"),
        ("in:october", "in: expected a year, a month, a day or a range, such as 2021-10, found 'october'"),
        ("in:0001", "in: expected a year"),
        ("in:99999", "in: expected a year"),
        ("in:2022..2021", "in: expected FROM..TO in this order"),
        ("in:2021...2022", "in: expected a year"),
        ("category:??", "category: expected one such as cs.CV"),
        ("category:cs.CV,", "category: expected one such as cs.CV"),
        ("has:everything", "has: expected one of code, data, demo"),
        ("code:-", "code: expected yes, no, or a part of an address"),
        ("(in:2021)", "in: is for the whole query, and cannot stand in brackets"),
        ("point OR in:2021", "put the words in brackets, such as (nerf OR splatting) in:2021"),
        ("has:code OR has:data", "put the words in brackets"),
        ("in:(2021)", "expected a value after in:, found a bracket"),
        ("(((((((((point)))))))))", "expected up to 8 brackets in one another"),
        ("point " * 65, "expected up to 64 words, found more"),
        ("p" * 1001, "expected a query of up to 1000 characters, found 1001"),
    ],
)
def test_a_malformed_query_gets_a_clear_word(filled: Sandbox, query: str, words: str) -> None:
    """One line that says what was expected and found, and exit 2."""
    result = filled.digest("search", "--", query)
    assert (result.code, result.out) == (2, ""), result
    assert words in result.err
    assert re.fullmatch(r"error: [^\n]+\n", result.err)


@pytest.mark.parametrize(
    "query",
    [
        "'; DROP TABLE revision; --",
        '"x" OR revision_text MATCH "y"',
        "code:') OR 1=1 --",
        "category:x','y",
        'title:"a" NEAR(b c)',
        "{title abstract} : point",
        "point^2",
        "^point",
        "NEAR(point cloud, 5)",
        "rank:bm25",
        "revision_text",
        "point + cloud",
        "a:b:c",
        "author:authors:x",
        "\x00point",
        "\udcff".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_no_query_is_taken_for_sql(filled: Sandbox, query: str) -> None:
    """Nor for FTS5's own language: it finds papers or none, or is refused, and the archive stays as it is."""
    result = filled.digest("search", "--", query)
    assert result.code in {0, 2}, result
    assert "SQL" not in result.err + result.out
    assert "fts5" not in result.err + result.out
    assert found(filled, "point") == ["2", "1"]


_PIECES = st.sampled_from(
    [
        *("(", ")", '"', "*", "-", ":", "OR", "AND", "NOT", "title:", "author:", "in:", "in:2021", "code:", "has:code"),
        *(
            "category:cs",
            "..",
            "2025-03",
            "point",
            "cloud",
            "U-Net",
            "garcia",
            "1",
            "é",
            "点",
            "\x00",
            "^",
            "{",
            "}",
            "+",
        ),
        *("NEAR", "'", ";", "--", ",", "rowid", "\U0001d538", "\u0301", "²", "\U0001fae8", "\ue000", " ", " ", " "),
    ]
)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The database of the four papers."""
    file = tmp_path_factory.mktemp("searched") / "archive.db"
    with closing(Store(f"sqlite:///{file}", file)) as store:
        for day in DAYS:
            store.save_day(day, "0" * 64, outdated_file="none")
        yield store


@given(query=st.lists(_PIECES, max_size=20).map("".join) | st.text(max_size=60))
@example(query="")
@example(query='"' * 3)
def test_any_query_is_answered_or_refused(searched: Store, query: str) -> None:
    """Whatever is typed: papers, none, or a clear word; ranked or not, the same ones, which an export has, too."""
    try:
        asked = parse_query(query)
    except UsageError:
        return
    newest = searched.find(asked, ranked=False, limit=99)
    assert {one.arxiv_id for one in searched.find(asked, ranked=True, limit=99)} == {one.arxiv_id for one in newest}
    assert len({one.arxiv_id for one in newest}) == len(newest)
    assert [one.date for one in newest] == sorted((one.date for one in newest), reverse=True)
    announced = searched.find_announcements(asked)
    assert {one for _, _, one in announced} == {one.arxiv_id for one in newest}
    assert {(one.category, one.date, one.arxiv_id) for one in newest} <= announced


# On PostgreSQL


_LONG = "x" * 3000
LONG = paper(
    "2503.00005",
    title=f"{_LONG}a " + "the " * 300 + "end",
    authors=(*(f"J. Person{number}" for number in range(9000)), "Zoe Last"),
    abstract=f"Σίσυφος straße İstanbul ﬁne 中文 don't C++ x\\y 'q' {_LONG}",
    comments="Ünï-cödé; a\u0301ccent & <b>",
)
ON_SERVER = (
    *(
        "point",
        "clouds",
        '"point cloud"',
        '"cloud the"',
        "medical OR again",
        "scenes -medical",
        "-medical in:2025",
        "gar*",
    ),
    *("title:cloud", "author:garcia", 'author:"garcia kaiming"', "abs:few-shot", "fewshot", "U-Net", "unet", '"poi*"'),
    *("has:code", "-has:code cloud", "category:cs", "category:cs.RO", "in:2025-03", "in:2025-04.. garcia", "code:no"),
    *(
        "code:github.com/SOMEONE",
        "(title:nerf OR author:he) -revised",
        '"author oral"',
        "author:xiao-ming",
        "oral",
    ),
    *("σίσυφος", "strasse", "straße", "istanbul", "ﬁne", "中*", "don't", "c", "accent", "unicode", "the", '"the the"'),
    *(f"{_LONG[:800]}*", "author:person8999", "author:j", "title:zoe"),
)


@pytest.fixture
def both(postgres: str, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two stores with the same days, on SQLite and on PostgreSQL."""
    with (
        closing(Store(f"sqlite:///{tmp_path}/archive.db", tmp_path / "archive.db")) as one,
        closing(schemas(postgres)) as urls,  # type: ignore[type-var]  # a generator has close()
        closing(Store(next(urls), None)) as other,
    ):
        for store in (one, other):
            for day in (*DAYS, day_of([(Section.NEW, LONG)], date=date(2025, 4, 2))):
                store.save_day(day, "0" * 64, outdated_file="none")
        yield one, other


def require_equal_hits(both: tuple[Store, Store], query: str) -> None:
    """Require that both find the same, shown in the same way, in the same order unless it is ranked."""
    asked = parse_query(query)
    one, other = (store.find(asked, ranked=False, limit=9999) for store in both)
    assert one == other, query
    one, other = (sorted(store.find(asked, ranked=True, limit=9999), key=str) for store in both)
    assert {hit.arxiv_id for hit in one} == {hit.arxiv_id for hit in other}, query
    announced, others = (store.find_announcements(asked) for store in both)
    assert announced == others, query


@pytest.mark.long
def test_postgresql_finds_what_sqlite_finds(both: tuple[Store, Store]) -> None:
    """Words, phrases, beginnings, fields, conditions, letters of any script, texts longer than an index likes."""
    for query in ON_SERVER:
        require_equal_hits(both, query)


def test_what_postgresql_s_index_cannot_hold(both: tuple[Store, Store]) -> None:
    """As docs/SEARCH.md has it: after 255 places of a word, and after 16,382 words, it knows words but no phrases."""
    for query, here, there in (
        ('"the end"', 1, 0),
        ('author:"zoe last"', 1, 0),
        ("the end", 1, 1),
        ("author:zoe", 2, 2),
    ):
        found = [len(store.find(parse_query(query), ranked=False, limit=9)) for store in both]
        assert found == [here, there], query


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.lists(_PIECES, max_size=20).map("".join) | st.text(max_size=60))
def test_postgresql_answers_or_refuses_as_sqlite_does(both: tuple[Store, Store], query: str) -> None:
    """Whatever is typed: the same papers."""
    try:
        parse_query(query)
    except UsageError:
        return
    require_equal_hits(both, query)


def test_postgresql_shows_what_suits_best_first(both: tuple[Store, Store]) -> None:
    """A word in the title counts more than one in the abstract; on several pages each paper comes once."""
    store = both[1]
    texts = [("A method", "Of whales."), ("A whale", "It is none."), ("On whales", "The whale of whales: whale.")]
    papers = [
        paper(f"2504.{n:05d}", title=f"{title} {n}", abstract=text) for n, (title, text) in enumerate(texts * 99, 1)
    ]
    store.save_day(
        day_of([(Section.NEW, one) for one in papers], date=date(2025, 4, 3)), "0" * 64, outdated_file="none"
    )
    ranked = store.find(parse_query("whale"), ranked=True, limit=999)
    assert len({one.arxiv_id for one in ranked}) == len(ranked) == 297
    assert [one.title[:3] for one in ranked[::99]] == ["On ", "A w", "A m"]
    newest = store.find(parse_query("whale"), ranked=False, limit=150)
    assert [one.arxiv_id for one in newest] == [str(one.arxiv_id) for one in papers][:150]


@pytest.mark.long
def test_postgresql_finds_real_papers_as_sqlite_does(shared: Path, postgres: str, tmp_path: Path) -> None:
    """In 2,290 real papers: by words and phrases of their titles, and by what people ask for."""
    with (
        closing(Store(f"sqlite:///{tmp_path}/archive.db", tmp_path / "archive.db")) as one,
        closing(schemas(postgres)) as urls,  # type: ignore[type-var]  # a generator has close()
        closing(Store(next(urls), None)) as other,
    ):
        days = real_days(shared)
        for store in (one, other):
            for day in days:
                store.save_day(day, "0" * 64, outdated_file="none")
        titles = [re.sub(r'["*]', "", entry.paper.title).split() for entry in days[-1].entries]
        own = [f'"{" ".join(words[: 1 + len(words) % 3])}"' for words in titles]
        names = [f'author:"{name}"' for entry in days[0].entries for name in entry.paper.authors[:1]]
        for query in (*KEYWORDS, *own, *names):
            require_equal_hits((one, other), query)


# Where it is asked


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("2503.99999", 0),
        ("arXiv:2503.99999v2", 2),
        ("https://arxiv.org/abs/2503.99999", 2),
        ("10.48550/arXiv.2503.99999", 0),
    ],
)
def test_whoever_types_an_id_is_shown_the_way(filled: Sandbox, query: str, code: int) -> None:
    """A search is for words; `paper` takes the id, also where a colon makes no query of it."""
    result = filled.digest("search", query)
    assert (result.code, result.out) == (code, "")
    assert "`digest paper 2503.99999` looks for a paper by its id" in result.err
    assert "digest paper" not in filled.digest("search", "nothing99").err


@pytest.mark.parametrize(
    "damage",
    [
        "authors = '[1, null]'",
        "authors = '{}'",
        "authors = '['",
        "title = x'ff'",
        "abstract = x'ff'",
        "comments = x'ff'",
    ],
)
def test_a_hit_that_cannot_be_read_is_damage(filled: Sandbox, damage: str) -> None:
    """Exit 6, as for every command that meets it; other papers are found as ever."""
    with closing(sqlite3.connect(filled.folder / "archive.db")) as database, database:
        database.execute(f"UPDATE revision SET {damage} WHERE arxiv_id = '2503.00003'")  # noqa: S608 - ours
    found = filled.digest("search", "nerf")
    assert (found.code, found.out) == (6, "")
    assert "digest verify" in found.err
    assert filled.digest("search", "clouds").code == 0


def test_a_damaged_day_leaves_an_export_whole_in_form(filled: Sandbox) -> None:
    """It is named, with exit 6; the other days are exported, and JSON is JSON."""
    with closing(sqlite3.connect(filled.folder / "archive.db")) as database, database:
        database.execute("UPDATE revision SET authors = '[1, null]' WHERE arxiv_id = '2503.00003'")
    found = filled.digest("export", "..", "--format", "json")
    assert found.code == 6
    assert str(THIRD) in found.err
    assert {one["id"] for one in json.loads(found.out)} == {"2503.00001", "2503.00002", "2503.00004"}
    written = filled.digest("export", "..", "--format", "csv", "--output", str(filled.folder / "days.csv"))
    assert written.code == 6
    assert "days.csv: 2 days as csv" in written.err


def test_an_archive_without_papers_is_searched(sandbox: Sandbox) -> None:
    """Nothing is found, and nothing is made."""
    result = sandbox.digest("search", "point")
    assert (result.code, result.out, result.err) == (0, "", "no paper found\n")
    assert not (sandbox.folder / "archive.db").exists()


# Exports of what a search finds


def exported(sandbox: Sandbox, *arguments: str) -> list[tuple[str, str, str]]:
    """Return date, category and id of the records of an export."""
    result = sandbox.digest("export", "--format", "jsonl", *arguments)
    assert (result.code, result.err) == (0, "")
    rows = map(json.loads, result.out.splitlines())
    return [(row["date"], row["category"], row["id"].partition(".0000")[2]) for row in rows]


@pytest.mark.parametrize(
    ("arguments", "records"),
    [
        (("--search", "point OR revised"), ["03-04 cs.CV 2", "03-04 cs.CV 1", "03-05 cs.LG 2", "04-01 cs.CV 1"]),
        (("2025-03-05", "--search", "point OR revised", "--category", "cs.LG"), ["03-05 cs.LG 2"]),
        (("--search", "point", "--category", "cs.LG"), ["03-05 cs.LG 2"]),
        (("--search", "point OR revised", "--section", "replacement"), ["04-01 cs.CV 1"]),
        (("--search", "-point in:2025-03"), ["03-05 cs.LG 4"]),
        (("--search", "nothing"), []),
    ],
)
def test_an_export_takes_the_hits_on(filled: Sandbox, arguments: Sequence[str], records: Sequence[str]) -> None:
    """Every announcement of the texts that a search finds: of all dates, categories and sections, or of those named."""
    assert [f"{when[5:]} {category} {one}" for when, category, one in exported(filled, *arguments)] == records


def test_an_export_of_a_search_has_the_papers_of_a_view(filled: Sandbox) -> None:
    """With both, what the search finds and the view shows, with the view's reasons."""
    with (filled.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["splatting"]\n')
    result = filled.digest("export", "--search", "point", "--view", "all", "--format", "jsonl")
    (row,) = map(json.loads, result.out.splitlines())
    assert (row["id"], row["reasons"]) == ("2503.00001", ['keyword "splatting" in the title'])


def test_a_feed_of_a_search_says_what_it_is_of(filled: Sandbox) -> None:
    """Its title is the query; two searches are two feeds; replacements are left out."""
    ids = set()
    for query, papers in (("point OR revised", 2), ("point", 2), ("splatting\x1b", 1)):
        feed = json.loads(filled.digest("export", "--search", query, "--format", "jsonfeed").out)
        assert feed["title"] == f"arXiv {query}".removesuffix("\x1b")
        assert len(feed["items"]) == papers
        atom = filled.digest("export", "--search", query, "--format", "atom").out
        assert "\x1b" not in atom
        ids.add(re.search(r"<id>(.*?)</id>", atom)[1])  # type: ignore[index]
    assert len(ids) == 3


def test_an_export_needs_dates_or_a_search(filled: Sandbox) -> None:
    """Neither is asked back, in one line."""
    result = filled.digest("export", "--format", "csv")
    assert (result.code, result.err) == (2, "error: expected a date or FROM..TO; .. is all that is stored\n")
