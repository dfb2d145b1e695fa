"""Papers whose texts would like to break a file that other programs read, in every field of every export."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given
from lxml import etree

from digest.model import Announcement, Day, Link, Paper, Section
from digest.render.exports import FEEDS, RECORDS
from digest.render.exports.bibtex import bibtex
from digest.render.exports.feeds import Feed, atom_feed, json_feed
from digest.render.exports.rows import csv_rows, json_array, json_lines
from tests.days import any_day, day_of, paper
from tests.feeds import ATOM, atom_faults, json_feed_faults
from tests.libraries import library, people

HOSTILE = [
    "".join(map(chr, range(32))) + "\x7f\x80\x85\x9f",
    "]]> <![CDATA[ x ]]> <!-- y --> <?pi?>",
    "<script>alert(1)</script> & &amp; &#0; &lt;",
    "\"quoted\" 'single' “curly” `back`",
    "line\nbreak\r\nand\rmore\u2028and\u2029more\x0b\x0c\x1c",
    "unbalanced { { } and } } {",
    "back\\slash \\ \\\\ \\end{document} \\input{x}",
    "$unclosed $$ \\( \\[ \\end{math} $\\csname x\\endcsname$",
    "%comment\n@misc{evil, title = {x}}\n}",
    "and and and, others {and} AND",
    "others",
    "=1+1 | +1 | -1 | @SUM(A1)",
    '=HYPERLINK("http://evil.example")',
    '; , \t ,"" ;;',
    "\ufffe\uffff\ufeff\ufffd\u202e\u200b\U0010ffff\U0001f300",
    "a\u0301\u0308 ﬁ Å 数学 עברית",
    'urn:x" onload="alert(1)',
    " ",
    "",
]
FIELDS = ("title", "authors", "abstract", "comments", "journal_ref", "categories", "links")


def hostile_paper(field: str, text: str) -> Paper:
    """Return a paper with ``text`` in one of its fields."""
    url = "https://evil.example/" + text
    values: dict[str, Any] = {
        "authors": (text, "Mei O'Dunmore"),
        "categories": ("cs.CV", text),
        "links": (Link(url, "code", "abstract"), Link(url, text, text)),
    }
    return paper(
        "2503.00001",
        **{field: values.get(field, html.escape(text, quote=False) if field in ("abstract", "comments") else text)},
    )


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_a_text(field: str, text: str) -> None:
    """In every field of every format: the document stays whole, the paper beside it untouched, nothing is lost."""
    both = day_of([(Section.NEW, hostile_paper(field, text)), (Section.NEW, paper("2503.00002"))]).announcements
    rows = json.loads("".join(json_array(both)))
    lines = "".join(json_lines(both)).splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert len(rows) == 2
    cells = list(csv.DictReader(io.StringIO("".join(csv_rows(both)), newline="")))
    assert [cell["id"] for cell in cells] == ["2503.00001", "2503.00002"]
    if field in ("title", "abstract", "comments", "journal_ref"):
        assert rows[0][field] == cells[0][field] == text
    entries = library("".join(bibtex(both)))
    assert [entry["eprint"] for entry in entries.values()] == ["2503.00001", "2503.00002"]
    assert len(people("".join(bibtex(both)))) == 2
    feed_text = "".join(atom_feed(Feed(text, text), both))
    assert atom_faults(feed_text) == []
    assert not feedparser.parse(feed_text).bozo
    json_text = "".join(json_feed(Feed("A feed", text), both))
    assert json_feed_faults(json_text) == []
    assert len(json.loads(json_text)["items"]) == 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_xml_s_forbidden_characters_are_shown_as_such(text: str) -> None:
    """They become U+FFFD; everything else comes back, line ends and all."""
    days = day_of([(Section.NEW, hostile_paper("title", text))]).announcements
    feed = "".join(atom_feed(Feed("A feed", "seed"), days))
    allowed = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    assert (etree.fromstring(feed.encode()).findtext(f"{ATOM}entry/{ATOM}title") or "") == allowed


def test_an_author_is_one_name_whatever_it_holds() -> None:
    """Commas, "and", "others" and braces in a name make neither two authors nor "et al."."""
    for text in filter(str.strip, HOSTILE):
        written = "".join(bibtex(day_of([(Section.NEW, hostile_paper("authors", text))]).announcements))
        ((_, names),) = people(written)
        assert len(names) == 2, text
        (fields,) = library(written, SeparateCoAuthors()).values()
        assert len(fields["author"]) == 2, text


WRITERS: dict[str, Callable[[Sequence[Announcement]], Iterator[str]]] = {
    **RECORDS,
    **{name: lambda days, make=make: make(Feed("A feed", "seed"), days) for name, make in FEEDS.items()},  # type: ignore[misc]
}


@given(any_day())
def test_any_day_comes_out_whole(day: Day) -> None:
    """Days of any papers and dates that the model can hold."""
    written = {form: "".join(write(day.announcements)) for form, write in WRITERS.items()}
    assert all(text.encode() for form, text in written.items() if day.entries)
    expected = [str(entry.paper.arxiv_id) for entry in day.entries]
    assert [row["id"] for row in json.loads(written["json"])] == expected
    assert [entry["eprint"] for entry in library(written["bibtex"]).values()] == expected
    assert atom_faults(written["atom"]) == []
    assert json_feed_faults(written["jsonfeed"]) == []
    assert [row["id"] for row in csv.DictReader(io.StringIO(written["csv"], newline=""))] == expected
