"""The values that cross borders: identifiers are matched whole and sorted by time; the rest keeps its word."""

import re
from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.markup import without_markup
from digest.model import CATEGORY, ArxivId, Day, Entry, Paper, Section, Source, State

VALID = [
    ("2110.10101", (2021, 10, 10101, "")),
    ("0704.0001", (2007, 4, 1, "")),
    ("1412.9999", (2014, 12, 9999, "")),
    ("1501.00001", (2015, 1, 1, "")),
    ("1503.00001", (2015, 3, 1, "")),
    ("hep-th/9901001", (1999, 1, 1, "hep-th")),
    ("hep-th/9108001", (1991, 8, 1, "hep-th")),
    ("math.GT/0309136", (2003, 9, 136, "math.GT")),
    ("cs/0112017", (2001, 12, 17, "cs")),
    ("cond-mat/0703470", (2007, 3, 470, "cond-mat")),
    ("q-bio/0310037", (2003, 10, 37, "q-bio")),
]


@pytest.mark.parametrize(("text", "parts"), VALID)
def test_both_schemes_of_identifiers_are_known(text: str, parts: tuple[int, int, int, str]) -> None:
    """Year, month, number and archive are read from the new and the old form, and the text is kept."""
    found = ArxivId.parse(text)
    assert (found.year, found.month, found.number, found.archive) == parts
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "2110", "2110.", ".10101", "2110.101", "2110.101010", "21.1010101", "2110-10101", "2110,10101"),
        *("2110.10101v1", "2110.10101v", "arXiv:2110.10101", "arxiv.org/abs/2110.10101", "/abs/2110.10101"),
        *(" 2110.10101", "2110.10101 ", "2110.10101\n", "\n2110.10101", "2110.10101\r\n", "2110.10101\x00"),
        *("2100.10101", "2113.10101", "2199.10101", "2110.1010", "1412.00001", "1501.0001", "9999.99999"),
        *(
            "\u0662\u0661\u0661\u0660.\u0661\u0660\u0661\u0660\u0661",
            "2110.1010\u0661",
            "\uff12\uff11\uff11\uff10.10101",
        ),
        *("2110.10101/..", "../2110.10101", "2110.10101?x", "2110.10101#x", "-110.10101", "+110.10101", "2_10.10101"),
        *(
            "hep-th/990100",
            "hep-th/99010011",
            "hep-th/9900001",
            "hep-th/9913001",
            "hep-th/9901001v1",
            "hep-th/9901001\n",
        ),
        *(
            "/9901001",
            "HEP-TH/9901001",
            "hep-th9901001",
            "hep_th/9901001",
            "hep-/9901001",
            "-th/9901001",
            "a b/9901001",
        ),
        *("math.gt/0309136", "math.G/0309136", "math.GTX/0309136", "math./0309136", "../0309136", "math//0309136"),
        *("hep-th/990100\u0661", "h\u00e9p-th/9901001", "hep\u2010th/9901001"),
        *("0703.0001", "0612.0001", "9912.0001", "9107.1234", "0000.0000"),  # the new form began in April 2007
        *("hep-th/0704001", "hep-th/2110001", "hep-th/9012001"),  # the old one ended then, and began in 1991
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    """Versions, other digits, line ends, paths and dates on which a form did not exist are no identifiers."""
    with pytest.raises(ValueError, match="is no arXiv id"):
        ArxivId.parse(text)


@given(st.text(max_size=14))
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    """What is accepted is ASCII, without anything that a path or a line could trip over."""
    try:
        found = ArxivId.parse(text)
    except ValueError:
        return
    assert re.fullmatch(r"(?:[a-z-]+(?:\.[A-Z]{2})?/)?[0-9]+(?:\.[0-9]+)?", str(found), re.ASCII)
    assert str(found) == text


@given(st.from_regex(r"[0-9./ v\n\u0660-\u0669a-z-]{7,16}", fullmatch=True))
def test_what_looks_alike_is_an_identifier_or_refused(text: str) -> None:
    """Of texts that look like identifiers, only those in ASCII and without a rest are."""
    try:
        found = ArxivId.parse(text)
    except ValueError:
        return
    assert text.isascii()
    assert text == text.strip() == str(found)
    assert 1991 <= found.year <= 2090
    assert 1 <= found.month <= 12


NEW_IDS = st.builds(
    lambda year, month, number: f"{year:02d}{month:02d}.{number:0{4 if year < 15 else 5}d}",
    st.integers(8, 60),
    st.integers(1, 12),
    st.integers(1, 9999),
)
OLD_IDS = st.builds(
    lambda archive, year, month, number: f"{archive}/{year % 100:02d}{month:02d}{number:03d}",
    st.sampled_from(["hep-th", "cs", "math", "math.GT", "astro-ph"]),
    st.integers(1992, 2006),
    st.integers(1, 12),
    st.integers(1, 999),
)


@given(NEW_IDS | OLD_IDS)
def test_every_identifier_survives_its_own_text(text: str) -> None:
    """Parsing the text of an identifier gives the same identifier, equal and with the same hash."""
    found = ArxivId.parse(text)
    assert ArxivId.parse(str(found)) == found
    assert hash(ArxivId.parse(text)) == hash(found)


def test_identifiers_sort_by_time() -> None:
    """Year, then month, then number, never text; equal old ones by the name of their archive."""
    ordered = [
        *("hep-th/9108001", "hep-th/9912999", "astro-ph/0001001", "cs/0112017", "math/0112017", "math/0112018"),
        *("cond-mat/0703470", "0704.0001", "0704.9999", "0705.0001", "1412.9999", "1501.00001", "1501.10000"),
        *("2109.99999", "2110.00001", "2110.10101"),
    ]
    parsed = [ArxivId.parse(text) for text in sorted(ordered)]
    assert [str(found) for found in sorted(parsed)] == ordered
    assert [str(found) for found in sorted(parsed, reverse=True)] == ordered[::-1]


@given(NEW_IDS | OLD_IDS, NEW_IDS | OLD_IDS)
def test_the_order_is_total(one: str, other: str) -> None:
    """Of two identifiers, exactly one is smaller, or they are the same."""
    first, second = ArxivId.parse(one), ArxivId.parse(other)
    assert (first < second) + (first > second) + (first == second) == 1
    assert (first <= second) == (not first > second)


def _paper(text: str = "2110.10101") -> Paper:
    return Paper(ArxivId.parse(text), "T", ("A B",), "cs.CV", ("cs.CV", "cs.LG"))


@pytest.mark.parametrize(("text", "parts"), VALID)
def test_a_paper_s_addresses_are_built_from_its_identifier(text: str, parts: tuple[int, int, int, str]) -> None:
    """The PDF's address ends with ``.pdf`` as in the digest, the abstract's is arXiv's own."""
    found = _paper(text)
    assert found.arxiv_id == ArxivId(*parts, text)
    assert found.pdf_url == f"https://arxiv.org/pdf/{text}.pdf"
    assert found.abstract_url == f"https://arxiv.org/abs/{text}"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a &lt; b &amp;amp; c &gt; d", "a < b &amp; c > d"),
        ("one <br>two", "one two"),
        ('at <a class="x" href="https://x.y/&gt;" rel="r">this https URL</a>.', "at this https URL."),
        ("&lt;b&gt;x&lt;/b&gt;", "<b>x</b>"),
        ("\"q\" 'r'", "\"q\" 'r'"),
    ],
)
def test_text_without_markup(line: str, text: str) -> None:
    """Tags go, entities become characters, once."""
    assert without_markup(line) == text


def test_values_are_frozen() -> None:
    """Nothing that crosses a border can be changed on the other side."""
    for value, name in ((_paper(), "title"), (ArxivId.parse("2110.10101"), "year")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "x")


def _day(*sections: Section) -> Day:
    entries = tuple(Entry(section, number, _paper(f"2110.{number:05d}")) for number, section in enumerate(sections, 1))
    return Day("cs.CV", date(2021, 10, 20), State.COMPLETE, Source.LISTING, {}, entries, (), 1)


def test_a_day_counts_its_entries() -> None:
    """All three sections stand in the counts, those without entries as 0."""
    day = _day(Section.NEW, Section.NEW, Section.REPLACEMENT)
    assert day.counts == {Section.NEW: 2, Section.CROSS: 0, Section.REPLACEMENT: 1}
    assert _day().counts == dict.fromkeys(Section, 0)


def test_sections_stand_in_arxiv_s_order() -> None:
    """New submissions, then cross-lists, then replacements."""
    assert [str(section) for section in Section] == ["new", "cross", "replacement"]


def test_a_stronger_state_replaces_a_weaker_one() -> None:
    """Complete > empty > provisional > imported > reconstructed: decisions go by this order."""
    assert [str(state) for state in State] == ["complete", "empty", "provisional", "imported", "reconstructed"]


@pytest.mark.parametrize(
    "name", ["cs.CV", "astro-ph", "astro-ph.EP", "cond-mat.mes-hall", "hep-th", "q-bio.QM", "math"]
)
def test_arxiv_s_categories_are_categories(name: str) -> None:
    """Archives and categories of arXiv, with and without hyphens."""
    assert CATEGORY.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["", "cs.", ".CV", "CS.CV", "cs.CV\n", "cs/CV", "../etc", "cs.C V", "cs..CV", "c\u0441.CV", "cs.CV2", "-cs"]
)
def test_what_could_be_a_path_is_no_category(name: str) -> None:
    """File names are built from categories: nothing but letters, one dot and inner hyphens is one."""
    assert CATEGORY.fullmatch(name) is None
