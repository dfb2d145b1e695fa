"""Lines of authors → names, as ARXIV.md tells of listings and feeds, and ``split_authors`` of arXiv's own code does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.parse.typed import names_in


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Anna Bell, Carl Dietz", ["Anna Bell", "Carl Dietz"]),
        ("Li", ["Li"]),
        ("Anna Bell, Wu, 王小明", ["Anna Bell", "Wu", "王小明"]),
        (
            "Anna Bell (1), Carl Dietz (1 and 2), Eva Fox (3) ((1) Inst. A, (2) Univ. B)",
            ["Anna Bell", "Carl Dietz", "Eva Fox"],
        ),
        ("Anna Bell (Inst. A, City), Carl Dietz", ["Anna Bell", "Carl Dietz"]),
        ("Anna Bell, Carl Dietz ((1) Inst. A, (2) Univ. B)", ["Anna Bell", "Carl Dietz"]),
        ("Yuan (Cher) Li", ["Yuan (Cher) Li"]),
        ("Yuan (Cher)Li, Yuxi (Lucy)Lu (2)", ["Yuan (Cher) Li", "Yuxi (Lucy) Lu"]),
        ("Anna Bell (1) Carl Dietz (2)", ["Anna Bell", "Carl Dietz"]),
        ("The Example Collaboration: A. Bell, C. Dietz", ["The Example Collaboration", "A. Bell", "C. Dietz"]),
        ("Anna Bell, for the Example Collaboration", ["Anna Bell", "Example Collaboration"]),
        ("Anna Bell and Carl Dietz, and Eva Fox & Gil Hale", ["Anna Bell", "Carl Dietz", "Eva Fox", "Gil Hale"]),
        ("Anderson Brand, Sandy Andrews", ["Anderson Brand", "Sandy Andrews"]),
        ("Carl Dietz, Jr., Eva Fox", ["Carl Dietz Jr.", "Eva Fox"]),
        ("Anna Bell, et al.", ["Anna Bell"]),
        ("(author list is unavailable)", []),
        ("Anna Bell (Inst. A, Carl Dietz, Eva Fox", ["Anna Bell", "Carl Dietz", "Eva Fox"]),
        ("Anna Bell,, Carl Dietz,", ["Anna Bell", "Carl Dietz"]),
        ("", []),
    ],
)
def test_names_are_read_from_the_line(line: str, names: list[str]) -> None:
    """Dividers stand outside brackets; affiliations are left out; no name is lost, glued, or made of an affiliation."""
    assert names_in(line) == tuple(names)


NAMES = st.lists(st.sampled_from(["Anna Bell", "Li", "Yuan (Cher) Li", "K. O'Hara-Ng", "Ødegård", "van der Berg"]))


@given(names=NAMES, marks=st.lists(st.sampled_from(["", " (1)", " (1 and 2)", " (Inst. A, (B) City)"]), min_size=6))
def test_affiliations_change_no_name(names: list[str], marks: list[str]) -> None:
    """Whatever stands in brackets behind the names, they are the same."""
    line = ", ".join(f"{name}{marks[place % len(marks)]}" for place, name in enumerate(names))
    assert names_in(line) == tuple(names)


@given(st.text(st.sampled_from("()a,: &"), max_size=40) | st.text(max_size=60))
def test_no_name_is_empty(line: str) -> None:
    """Any line gives names that show something; it does not fail."""
    assert all(name.strip() for name in names_in(line))


@pytest.mark.parametrize("piece", ["(", ")", "((", "a(", "a, ", ") ("])
def test_a_long_line_takes_no_longer_than_its_length(piece: str) -> None:
    """A hostile line of 200,000 characters is read within the test's patience."""
    assert names_in(piece * (200_000 // len(piece))) is not None
