"""Day records: text that outlives the database."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import DamageError
from digest.jobs.reconstruct import paper_of
from digest.model import Basis, Dating, Day, Link, RawText, Section, Source, State
from digest.model.harvest import Metadata
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.records.day import parse_header, parse_record, record_path, render_record
from tests.conftest import DAY, Sandbox
from tests.days import day_of, paper, reconstructed_day, recordable_day, simple_day, typed_texts
from tests.standin import StandIn, invent

DAYS = (date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5))
NIGHTS = {when: f"{when}T02:00:00Z" for when in DAYS}
RECORD = "data/cs.CV/2025/2025-03-04.jsonl"
_RULES = f'"link_rules": {LINK_RULES}'

# The same day as in the first test; each entry is one line.
FORMAT_1 = (
    '{"format": 1, "category": "cs.CV", "date": "2025-03-05", "state": "complete", "source": "listing", '
    '"declared": {"new": 1, "replacement": 1}, "stored": {"new": 1, "cross": 0, "replacement": 1}, '
    '"pages": [{"url": "https://arxiv.org/list/cs.CV/new", "sha256": "' + "0" * 64 + '"}], "parser": 1}\n'
    '{"position": 1, "section": "new", "id": "2503.00002", "title": "Ä \\"b\\" \\\\ /", '
    '"authors": ["Zoë van der Plaat", "Mei O\'Dunmore"], "primary": "cs.CV", "categories": ["cs.CV", "cs.LG"], '
    '"abstract": "An abstract of 2503.00002.", "comments": "8 pages", "journal_ref": "J", '
    '"links": [{"url": "https://github.com/x/y", "kind": "code", "found_in": "comments"}]}\n'
    '{"position": 2, "section": "replacement", "id": "hep-th/9901001", "title": "A title of hep-th/9901001", '
    '"authors": [], "primary": "cs.CV", "categories": ["cs.CV", "cs.LG"], '
    '"abstract": null, "comments": null, "journal_ref": null, "links": []}\n'
)

FORMAT_2 = (
    '{"format": 2, "category": "cs.CV", "date": "2025-03-05", "state": "provisional", "source": "feed", '
    '"declared": {}, "stored": {"new": 1, "cross": 0, "replacement": 0}, "pages": [], "parser": 1, "link_rules": 2}\n'
    '{"position": 1, "section": "new", "id": "2503.00002", "title": "On Poincaré", '
    '"authors": ["Zoë"], "primary": "cs.CV", "categories": ["cs.CV", "cs.LG"], "abstract": "Très bien.", '
    '"comments": null, "journal_ref": null, "links": [], '
    '"raw": {"title": "On\\n Poincar\\\\\'e", "authors": ["Zo\\\\\\"e"], "abstract": " Tr\\\\`es bien.", '
    '"comments": null}}\n'
)


# The format


def test_a_record_is_a_header_and_a_line_an_entry() -> None:
    """Format 1 of docs/RECORDS.md, to the byte."""
    link = Link("https://github.com/x/y", "code", "comments")
    one = paper("2503.00002", title='Ä "b" \\ /', comments="8 pages", journal_ref="J", links=(link,))
    two = paper("hep-th/9901001", abstract=None, authors=())
    day = day_of([(Section.NEW, one), (Section.REPLACEMENT, two)], declared={Section.NEW: 1, Section.REPLACEMENT: 1})
    assert render_record(day).decode() == FORMAT_1


def test_a_record_of_typed_texts_is_of_the_second_format() -> None:
    """Format 2 of docs/RECORDS.md, to the byte: the texts as they were typed, and the version of the link rules."""
    raw = RawText("On\n Poincar\\'e", ('Zo\\"e',), " Tr\\`es bien.")
    one = paper("2503.00002", title="On Poincaré", authors=("Zoë",), abstract="Très bien.", raw=raw)
    day = day_of([(Section.NEW, one)], state=State.PROVISIONAL, source=Source.FEED, declared={}, pages=(), link_rules=2)
    assert render_record(day).decode() == FORMAT_2


def test_a_record_of_a_reconstructed_day_is_of_the_fifth_format() -> None:
    """Format 5 of docs/RECORDS.md: each entry says what its date rests on, and which dates are possible."""
    day = reconstructed_day(["2110.10101"], date=date(2021, 10, 20))
    dating = Dating(Basis.CLOCK, date(2021, 10, 20), date(2021, 10, 22), text_version=3)
    day = replace(day, entries=(replace(day.entries[0], dating=dating),))
    header, entry = render_record(day).decode().splitlines()
    assert header.startswith('{"format": 5, "category": "cs.CV", "date": "2021-10-20", "state": "reconstructed", "sou')
    assert '"source": "oai", "declared": {}, "stored": {"new": 1' in header
    told = '"dating": {"basis": "clock", "earliest": "2021-10-20", "latest": "2021-10-22", "text_version": 3}}'
    assert entry.endswith(f', "links": [], {told}')
    assert parse_record(render_record(day)) == day


def test_a_record_of_a_short_listing_is_of_the_third_format() -> None:
    """Format 3 of docs/RECORDS.md: arXiv counts more than it lists, which an older digest would take for damage."""
    day = day_of([(Section.NEW, paper("2503.00002"))], declared={Section.NEW: 2}, link_rules=2)
    header = render_record(day).decode().partition("\n")[0]
    assert header.startswith('{"format": 3, "category": "cs.CV"')
    assert '"declared": {"new": 2}, "stored": {"new": 1, "cross": 0, "replacement": 0}' in header
    assert parse_record(render_record(day)) == day


def test_a_record_of_more_than_was_declared_is_damage() -> None:
    """No listing shows more entries of a section than arXiv counts."""
    papers = [(Section.NEW, paper("2503.00002")), (Section.CROSS, paper("2503.00003"))]
    day = day_of(papers, declared={Section.NEW: 1}, parser_version=3)
    with pytest.raises(DamageError, match="no more entries than declared"):
        parse_record(render_record(day))


def test_an_empty_day_with_entries_is_damage() -> None:
    """What says "No updates" shows no paper."""
    day = day_of([(Section.NEW, paper("2503.00002"))], state=State.EMPTY)
    with pytest.raises(DamageError, match="expected no entries of a day that is empty, found 1"):
        parse_record(render_record(day))


def test_an_empty_day_is_read_again() -> None:
    """The record of a day on which arXiv announced nothing is its header alone."""
    day = day_of([], state=State.EMPTY)
    assert render_record(day).count(b"\n") == 1
    assert parse_record(render_record(day)) == day


def test_typed_texts_are_never_left_out_for_an_older_format() -> None:
    """Links found by the first rules make no record of the first format, which has no room for what was typed."""
    one = paper("2503.00002", raw=RawText("A title", ('Zo\\"e',)))
    day = day_of([(Section.NEW, one)], link_rules=1)
    assert parse_record(render_record(day)) == day


@pytest.mark.parametrize("record", [FORMAT_1, FORMAT_2])
def test_a_record_of_any_format_stays_as_it_is(record: str) -> None:
    """What an older digest wrote is read, and written again byte for byte: an upgrade changes no committed file."""
    assert render_record(parse_record(record.encode())).decode() == record


def test_a_record_lies_under_its_category_and_year() -> None:
    """The path tells what a record is of."""
    assert record_path("cond-mat.mes-hall", date(2025, 3, 5)) == "cond-mat.mes-hall/2025/2025-03-05.jsonl"


@given(day=recordable_day())
def test_a_record_gives_back_the_day(day: Day) -> None:
    """Nothing is lost or changed, whatever the texts hold; the same day gives the same bytes."""
    data = render_record(day)
    assert parse_record(data) == day
    assert render_record(parse_record(data)) == data


@pytest.mark.parametrize("text", ["\u2028\u2029\x85", "\x00\x01\x7f", "😀👩\u200d💻", "\\n\\u0041\\", '"}]}', "\ufeff"])
def test_no_character_ends_a_line_or_a_text(text: str) -> None:
    """Only a line feed ends a line, and none stands inside one."""
    day = day_of([(Section.NEW, paper(title=text, abstract=text, comments=text, authors=(text,)))])
    data = render_record(day)
    assert data.count(b"\n") == 2
    assert parse_record(data) == day


# Damage


GOOD = render_record(
    simple_day(["2503.00003", "2503.00002"], ["2503.00001"], date=DAYS[1], parser_version=PARSER_VERSION)
)


def changed(line: int, key: str, value: object) -> bytes:
    """Return the good record with another value in one of its lines."""
    lines = GOOD.decode().splitlines()
    row: dict[str, Any] = json.loads(lines[line])
    assert key in row
    lines[line] = json.dumps(row | {key: value}, ensure_ascii=False)
    return "".join(f"{text}\n" for text in lines).encode()


def without(line: int, key: str) -> bytes:
    """Return the good record without a key in one of its lines."""
    lines = GOOD.decode().splitlines()
    row = json.loads(lines[line])
    del row[key]
    lines[line] = json.dumps(row, ensure_ascii=False)
    return "".join(f"{text}\n" for text in lines).encode()


def reordered(*order: int) -> bytes:
    """Return lines of the good record in another order, or with some left out or repeated."""
    lines = GOOD.splitlines(keepends=True)
    return b"".join(lines[place] for place in order)


HEADER_KEYS = ("format", "category", "date", "state", "source", "declared", "stored", "pages", "parser")
ENTRY_KEYS = (
    *("position", "section", "id", "title", "authors", "primary", "categories", "abstract", "comments"),
    *("journal_ref", "links"),
)

DAMAGED = {
    "empty": b"",
    "a line end": b"\n",
    "cut inside a line": GOOD[:-10],
    "cut before the last line end": GOOD[:-1],
    "cut after a line": reordered(0, 1, 2),
    "without a header": reordered(1, 2, 3),
    "a line twice": reordered(0, 1, 2, 3, 3),
    "an entry in another's place": reordered(0, 1, 2, 2),
    "entries swapped": reordered(0, 2, 1, 3),
    "an empty line": GOOD + b"\n",
    "no UTF-8": GOOD.replace(b"title", b"\xff\xfe", 1),
    "no JSON": GOOD.replace(b'"position"', b"position", 1),
    "a list": b"[]\n",
    "a number": b"1\n",
    "null": b"null\n",
    "nested without end": b"[" * 200_000 + b"\n",
    "endless number": changed(0, "parser", 0).replace(b'"parser": 0', b'"parser": 1e999'),
    "nan": changed(0, "parser", 0).replace(b'"parser": 0', b'"parser": NaN'),
    "half a character": GOOD.replace(b"A title of", b"\\ud800", 1),
    "a version": changed(1, "id", "2503.00003v2"),
    "no id": changed(1, "id", "../../x"),
    "an id twice": changed(1, "id", "2503.00002"),
    "an unknown state": changed(0, "state", "lovely"),
    "an unknown source": changed(0, "source", "hearsay"),
    "an unknown section": changed(1, "section", "newest"),
    "no date": changed(0, "date", "2025-02-30"),
    "a category that leads away": changed(0, "category", "../cs.CV"),
    "no category": changed(0, "category", "My Papers"),
    "counts that do not hold": changed(0, "stored", {"new": 3, "cross": 0, "replacement": 0}),
    "a position as text": changed(1, "position", "1"),
    "a position as truth": changed(1, "position", True),
    "a broken position": changed(1, "position", 1.0),
    "a position before the first": changed(1, "position", 0),
    "no title": changed(1, "title", None),
    "a title that is a number": changed(1, "title", 5),
    "an abstract that is a list": changed(1, "abstract", ["x"]),
    "an author that is a number": changed(1, "authors", [5]),
    "authors as one text": changed(1, "authors", "ab"),
    "no primary category": changed(1, "primary", None),
    "a link without an address": changed(1, "links", [{"url": None, "kind": "code", "found_in": "abstract"}]),
    "a page without an address": changed(0, "pages", [{"url": None, "sha256": "0" * 64}]),
    "a title of two lines": changed(1, "title", "A\n# heading"),
    "a blank title": changed(1, "title", ""),
    "an author of two lines": changed(1, "authors", ["A\rB"]),
    "a journal of two lines": changed(1, "journal_ref", "A\x0bB"),
    "an abstract of two lines": changed(1, "abstract", "A\n# heading"),
    "a script": changed(1, "abstract", "A<script>alert(1)</script>"),
    "a script in the comments": changed(1, "comments", "A<script src=x>"),
    "an image": changed(1, "abstract", "A<img src=x onerror=alert(1)>"),
    "an event": changed(1, "abstract", 'A<a href="https://x.y/" onclick="alert(1)">b</a>'),
    "an address that acts": changed(1, "abstract", '<a href="javascript:alert(1)">b</a>'),
    "a link without an end": changed(1, "abstract", '<a href="https://x.y/">b'),
    "a comment": changed(1, "abstract", "A<!-- b -->"),
    "another first category": changed(1, "categories", ["cs.LG", "cs.CV"]),
    "no categories": changed(1, "categories", []),
    "a link that acts": changed(1, "links", [{"url": "javascript:1", "kind": "code", "found_in": "abstract"}]),
    "a link of two lines": changed(1, "links", [{"url": "https://x.y/\nz", "kind": "code", "found_in": "abstract"}]),
    "a link from elsewhere": changed(1, "links", [{"url": "https://x.y/", "kind": "code", "found_in": "title"}]),
    "a page without its hash": changed(0, "pages", [{"url": "https://x.y/", "sha256": "0" * 63}]),
    "a parser as text": changed(0, "parser", "1"),
    **{f"a header without {key}": without(0, key) for key in HEADER_KEYS},
    **{f"an entry without {key}": without(1, key) for key in ENTRY_KEYS},
}


@pytest.fixture
def stored(sandbox: Sandbox) -> Sandbox:
    """An archive of three days that asks nobody any more."""

    def make() -> None:
        with StandIn([invent("cs.CV", when) for when in DAYS], today=DAYS[0]) as arxiv:
            sandbox.configure("arxiv", pages_url=arxiv.url)
            for when, night in NIGHTS.items():
                arxiv.today = when
                assert sandbox.digest("run", now=night).code == 0
        sandbox.configure("arxiv", pages_url="http://127.0.0.1:9")

    sandbox.once(make)
    return sandbox


def lose_database(sandbox: Sandbox) -> None:
    """Remove the database."""
    sandbox.lose_database()


def lose_files(sandbox: Sandbox) -> None:
    """Remove the digests and the indexes too."""
    lose_database(sandbox)
    shutil.rmtree(sandbox.folder / "cs.CV")
    (sandbox.folder / "README.md").unlink()


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_record_is_refused(sandbox: Sandbox, damage: str) -> None:
    """A record is taken whole or not at all: one line names it, exit 6, and nothing of it is stored."""
    for path, data in ((RECORD, DAMAGED[damage]), (RECORD.replace("-04", "-05"), render_record(simple_day()))):
        (sandbox.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (sandbox.folder / path).write_bytes(data)
    result = sandbox.digest("rebuild")
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert (result.code, len(errors)) == (6, 1), result.err
    assert "2025-03-04.jsonl" in errors[0]
    # The other record is taken in all the same, and the damaged one is left for a person to look at.
    assert (sandbox.folder / "cs.CV/2025/03/2025-03-05.md").exists()
    assert not (sandbox.folder / "cs.CV/2025/03/2025-03-04.md").exists()
    assert sandbox.read(RECORD) == DAMAGED[damage]


def test_damage_is_named_with_its_line() -> None:
    """The header is line 1; the first entry line 2."""
    with pytest.raises(DamageError, match="in line 3: ValueError: expected a text on one line"):
        parse_record(changed(2, "title", "A\n# heading"))
    with pytest.raises(DamageError, match="in line 1: ValueError: 'lovely' is not a valid State"):
        parse_record(changed(0, "state", "lovely"))
    with pytest.raises(DamageError, match="in line 5: JSONDecodeError"):
        parse_record(GOOD + b"<<<<<<< HEAD\n")


OLDER = {
    "a title of two lines": ("title", "A\n# heading <script>"),
    "a title of a return": ("title", "A\r# heading"),
    "a blank title": ("title", ""),
    "an author of two lines": ("authors", ["A\n# heading"]),
    "a journal of two lines": ("journal_ref", "A\n# heading"),
    "an abstract of two lines": ("abstract", "A\n# heading"),
    "comments of two lines": ("comments", "A\n\n# heading"),
    "another first category": ("categories", ["cs.LG", "cs.CV"]),
    "an odd address": ("links", [{"url": "https://x.y/ \n# heading", "kind": "code", "found_in": "abstract"}]),
    "a link from elsewhere": ("links", [{"url": "https://x.y/", "kind": "code", "found_in": "title"}]),
    "a kind of two lines": ("links", [{"url": "https://x.y/", "kind": "a\n# heading", "found_in": "abstract"}]),
}


@pytest.mark.parametrize("template", ["classic", "full"])
@pytest.mark.parametrize("breach", OLDER)
def test_a_record_of_an_older_version_loads_with_a_warning(sandbox: Sandbox, breach: str, template: str) -> None:
    """It stays as it is, the file and the line are named, the archive verifies clean; and no heading is forged."""
    old = changed(2, *OLDER[breach]).replace(b'"parser": %d' % PARSER_VERSION, b'"parser": 2')
    (sandbox.folder / RECORD).parent.mkdir(parents=True)
    (sandbox.folder / RECORD).write_bytes(old)
    sandbox.configure("digest", template=template)
    sandbox.configure("store", start="2025-03-04")
    now = "2025-03-04T12:00:00Z"
    result = sandbox.digest("rebuild", now=now)
    warnings = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert (result.code, len(warnings)) == (0, 1), result.err
    assert f"{RECORD}: line 3: expected" in warnings[0]
    assert sandbox.read(RECORD) == old
    assert sandbox.digest("verify", now=now).code == 0
    text = sandbox.read("cs.CV/2025/03/2025-03-04.md").decode()
    assert not any(line.lstrip().startswith("# heading") for line in text.splitlines())
    assert "<script" not in text.replace("\\<", "")


@pytest.mark.parametrize(("number", "more"), [(1, "; "), (2, " (and 1 more); "), (3, " (and 2 more); ")])
def test_what_an_older_version_wrote_is_told_once_a_record(sandbox: Sandbox, number: int, more: str) -> None:
    """The first line that would be damage today is named, and how many follow."""
    old = GOOD.replace(b'"title": "A title', b'"title": "A\\ntitle', number)
    (sandbox.folder / RECORD).parent.mkdir(parents=True)
    (sandbox.folder / RECORD).write_bytes(old.replace(b'"parser": %d' % PARSER_VERSION, b'"parser": 2'))
    warnings = [line for line in sandbox.digest("rebuild").err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert f"{RECORD}: line 2: expected a text on one line, found 'A\\ntitle of 2503.00003'{more}" in warnings[0]


def test_markup_that_no_version_wrote_is_damage_in_any(sandbox: Sandbox) -> None:
    """What acts in a page never reaches a digest: exit 6, and nothing of the record is stored."""
    for number, damage in enumerate(("a script", "an image", "an event", "an address that acts", "a link that acts")):
        old = DAMAGED[damage].replace(b'"parser": %d' % PARSER_VERSION, b'"parser": 1')
        assert old != DAMAGED[damage]
        with pytest.raises(DamageError, match="line 2"):
            parse_record(old)
        if not number:
            (sandbox.folder / RECORD).parent.mkdir(parents=True)
            (sandbox.folder / RECORD).write_bytes(old)
            assert sandbox.digest("rebuild").code == 6


def test_the_good_record_of_these_tests_is_taken(sandbox: Sandbox) -> None:
    """What the damaged ones are made from is a record that is accepted."""
    (sandbox.folder / RECORD).parent.mkdir(parents=True)
    (sandbox.folder / RECORD).write_bytes(GOOD)
    assert sandbox.digest("rebuild").code == 0


@pytest.mark.parametrize("number", [0, -1, "1", None, 1.0, True])
def test_a_format_that_never_was_is_damage(number: object) -> None:
    """It is no record of a newer digest, so an upgrade would not help."""
    with pytest.raises(DamageError, match="damaged"):
        parse_record(changed(0, "format", number))


@pytest.mark.parametrize("key", ["parser", "declared"])
@pytest.mark.parametrize("number", [2**31, 10**30, -1])
def test_a_number_that_no_database_takes_is_damage(key: str, number: int) -> None:
    """It is told as any other damage."""
    with pytest.raises(DamageError, match="expected a number from 0 to"):
        parse_record(changed(0, key, {"new": number} if key == "declared" else number))


@pytest.mark.parametrize("when", ["0001-01-02", "1990-12-31", "2991-01-01", "9999-12-31"])
def test_a_record_of_a_date_that_no_listing_has_is_damage(when: str) -> None:
    """It would make an archive of millions of dates."""
    for read in (parse_record, lambda data: parse_header(data.split(b"\n")[0] + b"\n")):
        with pytest.raises(DamageError, match="expected a date from 1991 to 2990"):
            read(changed(0, "date", when))


@pytest.mark.parametrize("number", [6, 99])
def test_a_format_that_is_not_known_is_refused(number: object) -> None:
    """A record of a newer digest is not guessed at; the error tells the way out."""
    with pytest.raises(DamageError, match=r"expected record format 1 to 5, found .*; upgrade digest"):
        parse_record(changed(0, "format", number))


@pytest.mark.parametrize("name", ["2025-03-06.jsonl", "2024-03-04.jsonl", "../../cs.LG/2025/2025-03-04.jsonl"])
def test_a_record_must_lie_where_it_says(sandbox: Sandbox, name: str) -> None:
    """A record of another date or category than its path's is refused."""
    file = (sandbox.folder / "data/cs.CV/2025" / name).resolve()
    file.parent.mkdir(parents=True)
    file.write_bytes(GOOD)
    result = sandbox.digest("rebuild")
    assert (result.code, list(sandbox.folder.glob("cs.*"))) == (6, [])
    assert file.name in result.err


@given(day=recordable_day())
def test_a_record_cut_anywhere_is_refused(day: Day) -> None:
    """No part of a record passes for the whole."""
    data = render_record(day)
    for length in range(0, len(data), max(1, len(data) // 25)):
        with pytest.raises(DamageError):
            parse_record(data[:length])


@pytest.mark.parametrize("category", ["My Papers", "..x", "cs.CV ", "cs.CV.md", "CS", "cs_CV"])
def test_a_record_of_no_category_makes_no_folder(sandbox: Sandbox, category: str) -> None:
    """Files are named by categories that arXiv could have, never by what a record says."""
    file = sandbox.folder / "data" / record_path(category, DAYS[1])
    file.parent.mkdir(parents=True)
    file.write_bytes(changed(0, "category", category))
    result = sandbox.digest("rebuild")
    assert (result.code, (sandbox.folder / category).exists()) == (6, False)


# Rebuilding


def test_a_lost_database_is_rebuilt_to_the_same_bytes(stored: Sandbox) -> None:
    """The records alone give back every day, digest and index."""
    whole = stored.tree()
    shutil.rmtree(stored.folder / "raw")
    lose_files(stored)
    result = stored.digest("rebuild")
    assert result.code == 0
    words = [line.split()[0] for line in result.err.splitlines()]
    assert words == ["loaded", *(f"date={when}" for when in DAYS), "ok=3"]
    assert stored.tree() == {path: data for path, data in whole.items() if not path.startswith("raw/")}


def test_a_rebuilt_archive_goes_on_as_before(stored: Sandbox) -> None:
    """After a rebuild nothing is asked for, nothing is outdated, and a second rebuild changes nothing."""
    lose_database(stored)
    stored.digest("rebuild")
    whole = stored.tree()
    again = stored.digest("rebuild")
    assert (again.code, again.err.splitlines()[1:]) == (0, ["ok=0 failed=0 requests=0 exit=0"])
    assert stored.digest("run").err == "ok=1 failed=0 requests=0 exit=0\n"
    assert stored.digest("regenerate", "--all").out == ""
    assert stored.digest("regenerate", "--outdated").out == ""
    assert stored.tree() == whole


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("run",), lambda out: out == ""),
        (("status",), lambda out: "2025-03-03 to 2025-03-05: 3 complete" in out),
        (("show", "2025-03-04"), lambda out: out.startswith("# ArXiv cs.CV --Tue, 4 Mar 2025\n")),
        (("show", "latest"), lambda out: out.startswith("# ArXiv cs.CV --Wed, 5 Mar 2025\n")),
    ],
    ids=["run", "status", "show", "show latest"],
)
def test_any_command_makes_a_lost_database_again(
    stored: Sandbox, command: tuple[str, ...], expected: Callable[[str], bool]
) -> None:
    """Where the database is missing and records are there, nobody needs to know about ``rebuild``."""
    whole = stored.tree()
    lose_files(stored)
    result = stored.digest(*command)
    assert (result.code, expected(result.out)) == (0, True), result
    stored.digest("run")
    assert stored.tree() == whole


def test_a_database_that_is_behind_its_records_catches_up(stored: Sandbox) -> None:
    """A day that another machine stored and that came with git is taken in by the next run."""
    whole = stored.tree()
    newest = (stored.folder / "data/cs.CV/2025/2025-03-05.jsonl").read_bytes()
    lose_files(stored)
    (stored.folder / "data/cs.CV/2025/2025-03-05.jsonl").unlink()
    stored.digest("rebuild")
    (stored.folder / "data/cs.CV/2025/2025-03-05.jsonl").write_bytes(newest)
    result = stored.digest("run")
    assert (result.code, "requests=0" in result.err) == (0, True)
    assert stored.tree() == whole


@pytest.mark.parametrize("command", ["rebuild", "run"])
def test_one_damaged_record_does_not_stop_the_others(stored: Sandbox, command: str) -> None:
    """What can be saved is saved; the exit code and one line tell of the rest."""
    whole = stored.tree()
    damaged = whole[RECORD][:-100]
    lose_files(stored)
    (stored.folder / RECORD).write_bytes(damaged)
    result = stored.digest(command)
    assert result.code == 6
    assert [line for line in result.err.splitlines() if "2025-03-04.jsonl" in line and line.startswith("error: ")]
    assert stored.read("cs.CV/2025/03/2025-03-03.md") == whole["cs.CV/2025/03/2025-03-03.md"]
    assert stored.read("cs.CV/2025/03/2025-03-05.md") == whole["cs.CV/2025/03/2025-03-05.md"]
    assert not (stored.folder / "cs.CV/2025/03/2025-03-04.md").exists()
    assert stored.read(RECORD) == damaged


def test_indexes_stay_while_a_record_cannot_be_read(stored: Sandbox) -> None:
    """What is published of a day does not vanish because its record was damaged; it is told which one it is."""
    whole = stored.tree()
    for path in stored.folder.glob("archive.db*"):
        path.unlink()
    (stored.folder / RECORD).write_bytes(whole[RECORD].replace(b"abstract", b"abstrakt", 1))
    result = stored.digest("rebuild")
    assert result.code == 6
    assert "stay as they are while records cannot be read: cs.CV/2025/2025-03-04.jsonl" in result.err
    kept = {path: data for path, data in stored.tree().items() if path != RECORD}
    assert kept == {path: data for path, data in whole.items() if path != RECORD}
    (stored.folder / RECORD).write_bytes(whole[RECORD])
    assert (stored.digest("rebuild").code, stored.tree()) == (0, whole)


def test_line_ends_that_git_changed_are_named(stored: Sandbox) -> None:
    """A clone with core.autocrlf has other bytes in every record; the way out is in the message."""
    lose_files(stored)
    (stored.folder / RECORD).write_bytes(stored.read(RECORD).replace(b"\n", b"\r\n"))
    result = stored.digest("rebuild")
    assert result.code == 6
    assert "found CR LF" in result.err
    assert "`* -text` into .gitattributes" in result.err


def test_reading_names_a_damaged_record(stored: Sandbox) -> None:
    """A command that only reads does not pass over damage in silence."""
    (stored.folder / RECORD).write_bytes(b"")
    lose_files(stored)
    result = stored.digest("status")
    assert "2025-03-04.jsonl" in result.err
    assert "2 complete" in result.out


def test_a_record_that_disagrees_with_the_database_is_named(stored: Sandbox) -> None:
    """What was announced is not rewritten by a record that somebody edited."""
    whole = stored.tree()
    edited = whole[RECORD].replace(b'"title": "', b'"title": "Not ', 1)
    (stored.folder / RECORD).write_bytes(edited)
    result = stored.digest("rebuild")
    assert result.code == 6
    assert "2025-03-04.jsonl" in result.err
    digest = "cs.CV/2025/03/2025-03-04.md"
    assert stored.read(digest) == whole[digest]


def test_a_stronger_record_replaces_a_weaker_day(sandbox: Sandbox) -> None:
    """A provisional day gives way to the record that proves it."""
    file = sandbox.folder / RECORD
    file.parent.mkdir(parents=True)
    file.write_bytes(render_record(simple_day(["2503.00001"], date=DAYS[1], state=State.PROVISIONAL)))
    assert sandbox.digest("rebuild").code == 0
    file.write_bytes(GOOD)
    assert sandbox.digest("rebuild").code == 0
    assert b"2503.00003" in sandbox.read("cs.CV/2025/03/2025-03-04.md")
    assert file.read_bytes() == GOOD


def test_a_lost_or_damaged_record_is_written_again(stored: Sandbox) -> None:
    """The database gives the records back, as the records give the database."""
    whole = stored.tree()
    (stored.folder / RECORD).unlink()
    assert stored.digest("regenerate", "--all").code == 0
    assert stored.tree() == whole


def test_a_rebuild_with_nothing_to_do_says_so(stored: Sandbox) -> None:
    """Somebody who runs it to be sure is told that all is there; nothing is written."""
    whole = stored.tree()
    result = stored.digest("rebuild")
    assert (result.code, stored.tree()) == (0, whole)
    assert "nothing to do: the database has every day record, and the files are there" in result.err


def test_without_records_there_is_nothing_to_rebuild_from(stored: Sandbox) -> None:
    """An archive that keeps none says so, exit 2, and leaves the database alone."""
    stored.configure("store", records="")
    result = stored.digest("rebuild")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert "records" in result.err
    assert "3 complete" in stored.digest("status").out


def test_several_categories_are_rebuilt(sandbox: Sandbox) -> None:
    """Days of all categories come back, a paper listed in two of them too."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    shared = ["2503.00007", "2503.00008"]
    for category in ("cs.CV", "cs.LG"):
        for when in DAYS:
            day = simple_day(shared, [f"2502.0000{when.day}"], category=category, date=when)
            file = sandbox.folder / "data" / record_path(category, when)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(render_record(day))
    assert sandbox.digest("rebuild").code == 0
    whole = sandbox.tree()
    assert len([path for path in whole if path.endswith(".md")]) == 2 * 3 + 3
    lose_database(sandbox)
    assert sandbox.digest("rebuild").code == 0
    assert sandbox.tree() == whole


# Machines of different versions


def test_a_record_of_a_newer_digest_is_left_as_it_is(archive: Sandbox) -> None:
    """It is not overwritten, repaired or called edited; the way out is an upgrade, exit 6."""
    archive.digest("run")
    path = archive.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    newer = path.read_bytes().replace(b'"format": 2', b'"format": 6', 1)
    path.write_bytes(newer)
    digest = archive.folder / "cs.CV/2025/03/2025-03-05.md"
    digest.unlink()
    for command in (("regenerate", "--all"), ("rebuild",), ("verify",), ("verify", "--repair")):
        result = archive.digest(*command)
        assert result.code == 6, command
        assert "expected record format 1 to 5, found 6; upgrade digest" in result.out + result.err, command
        assert path.read_bytes() == newer


def test_a_day_is_stored_although_something_else_is_in_its_record_s_place(sandbox: Sandbox, arxiv: StandIn) -> None:
    """A folder, say: the failure is said, the day is kept in the database, and arXiv is not asked again."""
    place = sandbox.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    place.mkdir(parents=True)
    arxiv.announce(invent("cs.CV", DAY))
    sandbox.configure("arxiv", pages_url=arxiv.url)
    assert sandbox.digest("run").code == 6
    place.rmdir()
    arxiv.requests.clear()
    assert sandbox.digest("run").code == 0
    assert (arxiv.requests, place.is_file()) == ([], True)


def test_a_day_whose_record_is_of_a_newer_digest_is_stored_all_the_same(archive: Sandbox, arxiv: StandIn) -> None:
    """Without a database such a day is asked for once; the record stays as it is, and later runs ask nothing more."""
    archive.digest("run")
    path = archive.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    newer = path.read_bytes().replace(b'"format": 2', b'"format": 6', 1)
    path.write_bytes(newer)
    lose_database(archive)
    assert archive.digest("run").code == 6
    assert archive.digest("status").code == 0
    arxiv.requests.clear()
    assert archive.digest("run").code == 6
    assert (arxiv.requests, path.read_bytes()) == ([], newer)


def test_a_record_that_another_machine_read_anew_is_taken_in(archive: Sandbox) -> None:
    """Newer link rules found other links there: rebuild takes them in, and nothing writes the older ones back."""
    archive.digest("run")
    path = archive.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    lines = path.read_text(encoding="utf-8").replace(_RULES, '"link_rules": 9', 1).splitlines()
    rows = [json.loads(line) for line in lines]
    rows[1]["links"] = [{"url": "https://code.test/a", "kind": "code", "found_in": "abstract"}]
    newer = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    path.write_bytes(newer)
    found = archive.digest("verify")
    assert (found.code, "outdated " in found.out) == (0, True)
    assert archive.digest("rebuild").code == 0
    assert path.read_bytes() == newer
    assert "https://code.test/a" in archive.digest("export", "2025-03-05", "--format", "jsonl").out
    assert "0 outdated" in archive.digest("verify").out


def test_a_record_that_an_older_machine_wrote_back_is_mended(archive: Sandbox) -> None:
    """What this machine read by newer rules goes over it, without being called damage."""
    archive.digest("run")
    path = archive.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    good = path.read_bytes()
    text = good.decode().replace('"format": 2', '"format": 1', 1).replace(f", {_RULES}", "", 1)
    path.write_text(text.replace('"parser": 2', '"parser": 1', 1), encoding="utf-8")
    assert archive.digest("rebuild").code == 0
    assert path.read_bytes() == good


def test_a_provisional_record_that_was_read_anew_is_taken_in(archive: Sandbox, arxiv: StandIn) -> None:
    """A day from the feed, too: from the same page, newer rules found other links on another machine."""
    archive.configure("arxiv", feeds_url=arxiv.url)
    arxiv.fault = lambda request, reply: replace(reply, status=404) if "/cs.CV/new" in request.path else reply
    archive.digest("run")
    path = archive.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    assert b'"state": "provisional"' in path.read_bytes()
    newer = path.read_bytes().replace(_RULES.encode(), b'"link_rules": 9', 1)
    path.write_bytes(newer)
    assert "was taken in" in archive.digest("verify", "--repair").out
    assert path.read_bytes() == newer
    assert "0 outdated" in archive.digest("verify").out


def test_an_archive_of_the_version_before_stays_byte_for_byte(stored: Sandbox) -> None:
    """Its records (read by parser 2) load, its digests stay, all verifies clean, with its database and in a clone."""
    for path in (stored.folder / "data").rglob("2025-*.jsonl"):
        text, count = re.subn(r'"parser": \d+', '"parser": 2', path.read_text(encoding="utf-8"), count=1)
        assert count == 1
        path.write_text(text, encoding="utf-8")
    before = stored.tree()
    night = NIGHTS[DAYS[-1]]
    for command in ("rebuild", "run", "rebuild", "replay --all", "regenerate --outdated", "verify", "verify --repair"):
        if command == "rebuild":
            lose_database(stored)
        result = stored.digest(*command.split(), now=night)
        assert (result.code, "warning" in result.err) == (0, False), (command, result)
        assert stored.tree() == before, command
    assert "3 days were read by older rules" in stored.digest("doctor", now=night).out


def test_links_by_older_rules_stay_until_replay_writes_those_of_now(stored: Sandbox) -> None:
    """Such records load, verify clean and keep their bytes; doctor names replay, which shows the changed link alone."""
    night, older = NIGHTS[DAYS[-1]], '"kind": "other"'
    for path in (stored.folder / "data").rglob("2025-*.jsonl"):
        text, count = re.subn(r'"link_rules": \d+', '"link_rules": 2', path.read_text(encoding="utf-8"), count=1)
        assert count == 1
        path.write_text(text, encoding="utf-8")
    changed = stored.folder / RECORD
    text = changed.read_text(encoding="utf-8")
    assert '"kind": "code"' in text
    changed.write_text(text.replace('"kind": "code"', older, 1), encoding="utf-8")
    before = stored.tree()
    for command in ("rebuild", "run", "rebuild", "regenerate --outdated", "verify", "verify --repair"):
        if command == "rebuild":
            lose_database(stored)
        result = stored.digest(*command.split(), now=night)
        assert (result.code, "warning" in result.err, stored.tree() == before) == (0, False, True), (command, result)
    told = stored.digest("doctor", now=night).out
    assert "3 days were read by older rules" in told
    assert "`digest replay --all`" in told
    shown = stored.digest("-v", "replay", "--all", now=night).out
    assert "1 of 23 entries differ (links 1)" in shown
    assert "2 as stored, 1 differ" in shown
    assert stored.tree() == before
    assert stored.digest("replay", "--all", "--write", now=night).code == 0
    different = [name for name, data in stored.tree().items() if before.get(name) != data]
    assert different == [RECORD]
    assert older not in changed.read_text(encoding="utf-8")
    assert stored.digest("verify", now=night).code == 0


def test_one_record_that_cannot_be_read_stops_no_other_day(stored: Sandbox) -> None:
    """The other digests of a range are written, the failure is counted, exit 6."""
    place = stored.folder / "data/cs.CV/2025/2025-03-03.jsonl"
    place.unlink()
    place.mkdir()
    digest = stored.folder / "cs.CV/2025/03/2025-03-04.md"
    digest.unlink()
    result = stored.digest("regenerate", "--all")
    assert (result.code, digest.is_file()) == (6, True)
    assert "failed=1" in result.err


@given(typed_texts(), typed_texts(), typed_texts(), typed_texts() | st.none())
def test_whatever_was_typed_can_be_recorded(title: str, authors: str, abstract: str, comments: str | None) -> None:
    """A paper of which only metadata is known has texts that a record may hold, and that come back from it."""
    known = Metadata("2503.00001", DAY, 1, "cs.CV cs.LG", title, authors, comments, None, abstract)
    day = day_of([(Section.NEW, paper_of(known))], state=State.RECONSTRUCTED, source=Source.OAI, declared={}, pages=())
    assert parse_record(render_record(replace(day, parser_version=PARSER_VERSION))).entries == day.entries
