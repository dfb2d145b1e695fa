"""What stands between the markers of an index changes; what stands around them stays, to the byte."""

from collections.abc import Callable, Mapping

import pytest

from digest.archive.markers import generated_part, is_beside_markers, mend, merge, owners_part, split

PAIR = b"<!-- digest:begin -->\n%b\n<!-- digest:end -->"
GENERATED = b"## 2025\n\n| Mon | Tue |\n| --- | --- |\n| [3](03.md) | [4](04.md) |"
README = b"# Mine\n\nHello.\n\n" + PAIR % GENERATED + b"\n\nBye.\n"


def crlf(text: bytes) -> bytes:
    """Return a text as an editor on Windows saves it."""
    return text.replace(b"\n", b"\r\n")


def test_a_new_index_has_a_title_and_the_markers() -> None:
    """The first one is made whole."""
    assert merge(None, "My title", b"text\n") == b"# My title\n\n" + PAIR % b"text" + b"\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"# Mine\r\n\r\n", b"\r\nbye"),
        (b"no newline ", b" none here"),
        ("\ufeff".encode(), "\u2028".encode()),
        (b"\xff\n", b"\x00"),
    ],
)
def test_text_around_the_markers_is_kept_to_the_byte(before: bytes, after: bytes) -> None:
    """What a person wrote before and after stays, line ends and all; writing again changes nothing."""
    merged = merge(before + PAIR % b"old\nlines" + after, "unused", b"new")
    assert merged is not None
    assert (merged.startswith(before + b"<!--"), merged.endswith(b"-->" + after)) == (True, True)
    assert generated_part(merged) == b"new"
    assert merge(merged, "unused", b"new") == merged


@pytest.mark.parametrize(
    "existing",
    [
        b"",
        b"# Mine\n",
        b"<!-- digest:begin -->\n",
        b"<!-- digest:end -->\n",
        b"<!-- digest:end -->\n<!-- digest:begin -->\n",
        PAIR * 2 % (b"", b""),
        b"<!-- digest:begin -->\n" + PAIR % b"",
        b"<!-- digest:end -->\n" + PAIR % b"",
        PAIR % b"" + b"\n<!-- digest:end -->",
        b"<!--digest:begin-->\n<!--digest:end-->",
    ],
)
def test_a_readme_without_one_pair_of_markers_is_somebody_s_own(existing: bytes) -> None:
    """Where it is not clear what may be replaced, nothing is."""
    assert (split(existing), merge(existing, "unused", b"new")) == (None, None)


def test_only_other_line_ends_are_no_reason_to_write() -> None:
    """Neither of the whole file, nor of the generated part alone, nor of what stands around it."""
    before, _, after = split(README) or (b"", b"", b"")
    for existing in (crlf(README), before + crlf(PAIR % GENERATED) + after, crlf(before) + PAIR % GENERATED + after):
        assert merge(existing, "unused", GENERATED) == existing
        assert (generated_part(existing), owners_part(existing)) == (GENERATED, (before, after))


def test_the_generated_part_is_written_with_the_line_ends_of_the_file() -> None:
    """Whatever most of its lines have; its owner's text keeps its own."""
    assert merge(crlf(README), "unused", b"new\nlines") == crlf(merge(README, "unused", b"new\nlines") or b"")
    mixed = README.replace(b"Hello.\n", b"Hello.\r\n")
    assert merge(mixed, "unused", b"a\nb") == b"# Mine\n\nHello.\r\n\n" + PAIR % b"a\nb" + b"\n\nBye.\n"


LOST: Mapping[str, Callable[[bytes], bytes]] = {
    "gone": lambda _line: b"",
    "doubled": lambda line: line + line,
    "cut": lambda line: line[:12] + b"\n",
}


@pytest.mark.parametrize("line", [b"<!-- digest:begin -->\n", b"<!-- digest:end -->\n"])
@pytest.mark.parametrize("damage", LOST)
def test_a_lost_marker_is_mended(damage: str, line: bytes) -> None:
    """With whatever line ends: the same bytes as before stand there again."""
    damaged = README.replace(line, LOST[damage](line))
    assert split(damaged) is None
    assert mend(damaged, GENERATED) == README
    assert mend(crlf(damaged), GENERATED) == crlf(README)


def test_what_stands_beside_the_markers_is_found() -> None:
    """Also where all lines end otherwise."""
    swapped = PAIR % b"" + b"\n" + GENERATED
    assert is_beside_markers(swapped, GENERATED)
    assert is_beside_markers(crlf(swapped), GENERATED)
    assert not is_beside_markers(crlf(README), GENERATED)
