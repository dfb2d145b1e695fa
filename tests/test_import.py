"""What `digest import` takes besides pages: classic digests, day records, exports and feeds, from wherever they lie."""

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import DAY, NIGHT, Sandbox, long_after
from tests.nights import status
from tests.standin import Request, StandIn, invent

RECORD = "data/cs.CV/2025/2025-03-05.jsonl"
DIGEST = "cs.CV/2025/03/2025-03-05.md"
OLD = "2021-10-20.md"
OLD_DIGEST = "cs.CV/2021/10/2021-10-20.md"

HEADING = "# ArXiv cs.CV --Wed, 20 Oct 2021"
ANCHOR = '<a class="link-external link-https" href="https://{}" rel="external noopener nofollow">this https URL</a>'
PAPERS = (
    ("2110.10002", "Of Mice and Metrics", f"We count mice. Code is at {ANCHOR.format('github.com/mice/count')} now."),
    ("2110.10001", "A &lt;b> in a Title & More", "First. <br>Second: a &lt; b &amp; c. \"Quoted\" 'so'."),
    ("2110.09003", "The Third", "See the project page " + ANCHOR.format("mice.github.io/third") + "."),
    ("2110.10003", "A Cross-List", "It is listed elsewhere."),
    ("2109.00001", "An Older One", f"Data: {ANCHOR.format('example.org/a?b=1&amp;c=2')}"),
)


def classic(papers: Sequence[tuple[str, str, str]] = PAPERS, heading: str = HEADING) -> str:
    """Return a classic digest by its grammar (DESIGN, the classic digest)."""
    lines = [heading]
    for number, (arxiv_id, title, abstract) in enumerate(papers, 1):
        lines.append(f"### {number}.{title}  [ :arrow_down: ](https://arxiv.org/pdf/{arxiv_id}.pdf)")
        lines.append(f">  {abstract}      ")
    return "".join(f"{line}\n" for line in lines)


def stored(sandbox: Sandbox) -> dict[str, tuple[str, str]]:
    """Return the state and the source of each stored date."""
    answer = json.loads(sandbox.digest("status", "--json").out)
    return {day["date"]: (day["state"], day["source"]) for day in answer["categories"]["cs.CV"]["days"]}


def rows(sandbox: Sandbox, *arguments: str) -> list[dict[str, object]]:
    """Return what an export of the old day has."""
    result = sandbox.digest("export", "2021-10-20", "--format", "jsonl", *arguments)
    return [json.loads(line) for line in result.out.splitlines()]


def saved(sandbox: Sandbox, text: str | bytes, name: str = OLD) -> str:
    """Return the path of a file beside the archive."""
    path = sandbox.folder.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


# --- classic digests -------------------------------------------------------------------------------


def test_the_seed_is_given_back_byte_for_byte(sandbox: Sandbox, shared: Path) -> None:
    """A real digest: 62,885 equal bytes, 46 records, 10 links (8 repositories, 1 project page, 1 other)."""
    seed = shared / "seed" / OLD
    result = sandbox.digest("import", str(seed))
    assert result.code == 0
    assert sandbox.read(OLD_DIGEST) == seed.read_bytes()
    (sandbox.folder / OLD_DIGEST).unlink()
    assert sandbox.digest("regenerate", "2021-10-20").code == 0
    assert sandbox.read(OLD_DIGEST) == seed.read_bytes()
    assert len(sandbox.read(OLD_DIGEST)) == 62_885
    found = rows(sandbox)
    kinds = sorted(link["kind"] for row in found for link in row["links"])  # type: ignore[attr-defined]
    assert (len(found), kinds) == (46, [*["code"] * 8, "other", "project"])
    assert [row["section"] for row in found] == ["new"] * 30 + ["cross"] * 16
    assert "inferred: cross-lists begin with number 31" in result.err


def test_a_classic_digest_is_a_day(sandbox: Sandbox) -> None:
    """Its papers stand in the order of a listing; what a digest does not tell is unknown, not empty."""
    assert sandbox.digest("import", saved(sandbox, classic())).code == 0
    assert stored(sandbox) == {"2021-10-20": ("imported", "import")}
    assert sandbox.read(OLD_DIGEST).decode() == classic()
    found = rows(sandbox)
    ids = ["2110.09003", "2110.10001", "2110.10002", "2109.00001", "2110.10003"]
    assert [(row["id"], row["section"]) for row in found] == list(zip(ids, ["new"] * 3 + ["cross"] * 2, strict=True))
    assert {(row["primary"], tuple(row["categories"]), tuple(row["authors"])) for row in found} == {(None, (), ())}  # type: ignore[arg-type]
    assert found[1]["title"] == "A <b> in a Title & More"
    assert found[1]["abstract"] == "First. Second: a < b & c. \"Quoted\" 'so'."
    assert [link["url"] for link in found[2]["links"]] == ["https://github.com/mice/count"]  # type: ignore[attr-defined]
    assert sandbox.digest("verify").code == 0
    assert sandbox.digest("replay", "--all").code == 0
    assert sandbox.digest("show", "2021-10-20").out == classic()


def test_what_a_digest_does_not_tell_is_no_difference(sandbox: Sandbox, arxiv: StandIn) -> None:
    """A paper that a listing shows later with its authors and categories was not changed by that."""
    first = invent("cs.CV", DAY).new[0]
    old = classic([(first.arxiv_id, "T", "A.")], "# ArXiv cs.CV --Tue, 4 Mar 2025")
    sandbox.configure("arxiv", pages_url=arxiv.url)
    assert sandbox.digest("import", saved(sandbox, old, "a.md")).code == 0
    assert sandbox.digest("run").code == 0
    answer = json.loads(sandbox.digest("paper", first.arxiv_id, "--json").out)
    changed = {change["field"] for event in answer["events"] for change in event["changes"]}
    assert changed == {"title", "abstract"}


def test_the_full_template_shows_such_a_day(sandbox: Sandbox) -> None:
    """Without authors, and with the listing's category in the place of the primary one."""
    sandbox.configure("digest", template="full")
    assert sandbox.digest("import", saved(sandbox, classic())).code == 0
    text = sandbox.read(OLD_DIGEST).decode()
    assert "****" not in text
    assert text.count("\nlisted in cs.CV · [PDF]") == 5
    assert "papers may be missing" in text


DEVIATIONS: dict[str, tuple[Callable[[str], str], str]] = {
    "CRLF": (lambda text: text.replace("\n", "\r\n"), "line 1: lines end with CR LF"),
    "BOM": (lambda text: f"\ufeff{text}", "line 1: begins with a byte order mark"),
    "empty lines": (lambda text: f"{text}\n\n", "line 12: empty lines at the end"),
    "no end": (lambda text: text.removesuffix("\n"), "line 11: ends without a line end"),
    "stripped": (lambda text: re.sub(" +\n", "\n", text), "line 3: no blanks after the abstracts"),
    "padded date": (lambda text: text.replace("20 Oct", "20 October"), "line 1: the date is not written as"),
    "today's anchors": (
        lambda text: re.sub(r'<a (class="[^"]*") (href="[^"]*") (rel="[^"]*")>', r"<a \2 \3 \1>", text),
        "line 3: a link in another form, line 7: a link in another form, line 11",
    ),
    "bare anchors": (lambda text: re.sub(' (?:class|rel)="[^"]*"', "", text), "line 3: a link in another form"),
    "quoted anchors": (
        lambda text: re.sub(r"<a [^>]*>", lambda tag: tag[0].replace('"', "'"), text),
        "line 3: a link in another form",
    ),
    "PDF": (lambda text: text.replace("2110.10001.pdf", "2110.10001"), "line 4: the address of the PDF is another"),
    "version": (lambda text: text.replace("2110.10001.pdf", "2110.10001v2"), "line 4: the address of the PDF"),
    "http": (lambda text: text.replace("https://arxiv", "http://arxiv"), "line 2: the address of the PDF is another"),
    "XHTML": (lambda text: text.replace("<br>", "<br/>"), "line 5: <br/> for <br>"),
    "entities": (lambda text: text.replace('"Quoted"', "&quot;Quoted&#34;"), 'line 5: &quot; for "'),
    "bare &": (lambda text: text.replace("b &amp; c", "b & c"), "line 5: a bare &"),
    "bare <": (lambda text: text.replace("a &lt; b", "a < b"), "line 5: a bare <"),
    "raw title": (lambda text: text.replace("&lt;b>", "<b>"), "line 4: the title has a '<'"),
    "blanks": (lambda text: text.replace("The Third", "The  Third"), "line 6: several blanks in the title"),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_that_leaves_no_doubt_is_named_with_its_line(sandbox: Sandbox, name: str) -> None:
    """The digest that is written is the one that the format has, whatever the file's form."""
    change, words = DEVIATIONS[name]
    text = change(classic())
    assert text != classic()
    result = sandbox.digest("import", saved(sandbox, text))
    assert result.code == 0
    assert sandbox.read(OLD_DIGEST).decode() == classic()
    assert f"not as the format has it, and read all the same: {words}" in result.err.replace("; ", ", ", 0)


LINES = classic().splitlines(keepends=True)

DAMAGE: dict[str, tuple[str, str]] = {
    "another heading": (classic(heading="# arXiv cs.CV, 20 Oct 2021"), ""),
    "another weekday": (classic(heading="# ArXiv cs.CV --Thu, 20 Oct 2021"), "line 1: expected 2021-10-20 to be a"),
    "another year": (classic(heading="# ArXiv cs.CV --Thu, 20 Oct 2022"), "line 1: expected the date of a month"),
    "an earlier month": (classic(heading="# ArXiv cs.CV --Mon, 20 Sep 2021"), "line 2: expected an id of 2021-09"),
    "another date than its name": (
        classic(heading="# ArXiv cs.CV --Wed, 27 Oct 2021"),
        "line 1: expected the date 2021-10-20 of the file's name, found 2021-10-27; if the heading is right, --date",
    ),
    "a Saturday": (classic(heading="# ArXiv cs.CV --Sat, 23 Oct 2021"), "found a Saturday, 2021-10-23"),
    "to come": (classic(heading="# ArXiv cs.CV --Wed, 20 Oct 2032"), "line 1"),
    "another category": (classic(heading="# ArXiv cs.LG --Wed, 20 Oct 2021"), "--category cs.LG takes it in"),
    "no category": (classic(heading="# ArXiv --Wed, 20 Oct 2021"), "line 1: expected a heading such as"),
    "a heading alone": (f"{HEADING}\n", "expected entries, found the heading alone"),
    "a title alone": ("".join(LINES[:-1]), "line 10: expected an abstract after each title, found the digest to end"),
    "cut in an abstract": (classic()[:-9], "line 11: expected text, <br> and links"),
    "cut in the blanks": (classic()[:-4], "line 11: expected the abstract to end with 6 blanks, found 3"),
    "one end stripped": (classic().replace("elsewhere.      ", "elsewhere."), "line 9: expected the abstract to end"),
    "a doubled line": ("".join([*LINES[:3], LINES[2], *LINES[3:]]), "line 4: expected '### 2.TITLE"),
    "a doubled paper": ("".join([*LINES[:3], *LINES[1:]]), "line 4: expected number 2, found 1"),
    "a lost line": ("".join([*LINES[:4], *LINES[5:]]), "line 5: expected '>  ABSTRACT'"),
    "a lost paper": ("".join([*LINES[:3], *LINES[5:]]), "line 4: expected number 2, found 3"),
    "swapped papers": ("".join([*LINES[:3], *LINES[5:7], *LINES[3:5], *LINES[7:]]), "line 4: expected number 2"),
    "an empty line": ("".join([*LINES[:3], "\n", *LINES[3:]]), "line 4: expected '### 2.TITLE"),
    "another number": (classic().replace("### 3.", "### 8."), "line 6: expected number 3, found 8"),
    "a paper twice": (
        classic().replace("2109.00001", "2110.10002"),
        "line 10: expected each paper once, found 2110.10002 again",
    ),
    "the same paper twice": (
        classic([*PAPERS[:3], ("2110.10002", "Again", "Again."), ("2110.10001", "Again", "Again.")]),
        "line 8: expected each paper once, found 2110.10002 again (line 2)",
    ),
    "three sections": (classic([*PAPERS, ("2110.10009", "A", "B.")]), "line 12: expected ids that descend in two"),
    "no id": (classic().replace("2110.10001.pdf", "211010001.pdf"), "line 4: expected an arXiv id"),
    "an id of the future": (classic().replace("2110.10003", "2112.10003"), "line 8: expected an id of 2021-10"),
    "another tag": (classic().replace("<br>", "<b>x</b>"), "line 5: expected text, <br> and links"),
    "an unknown entity": (classic().replace("&amp; c", "&nbsp; c"), "line 5: expected text, <br> and links"),
    "a script": (classic().replace("https://github.com/mice/count", "javascript:alert(1)"), "line 3: expected a link"),
    "a click": (classic().replace('rel="ext', 'onclick="x" rel="ext', 1), "line 3: expected a link with class"),
    "an image": (classic().replace("First.", "<img src=x>"), "line 5: expected text, <br> and links"),
    "a cut anchor": (classic().replace("</a> now", " now"), "line 3: expected text, <br> and links"),
    "no abstract": (classic([*PAPERS[:4], ("2109.00001", "A", "")]), "line 11: expected '>  ABSTRACT'"),
    "a control character": (classic().replace("mice.", "mice\x1b."), "line 3: expected no control characters"),
    "mixed line ends": (classic().replace("\n", "\r\n", 2), "line 1: expected line ends of one kind"),
    "reasons of a view": (
        "".join([*LINES[:3], '>  *keyword "mice"*      \n', *LINES[3:]]),
        "line 4: expected '### 2.TITLE",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_digest_is_refused_with_its_line(sandbox: Sandbox, name: str) -> None:
    """One line of what was expected and found; nothing of it is stored."""
    text, words = DAMAGE[name]
    result = sandbox.digest("import", saved(sandbox, text))
    (line,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 5
    assert words in line
    assert stored(sandbox) == {}
    assert not list(sandbox.folder.rglob("*.md")) or "2021" not in str(sorted(sandbox.folder.rglob("*.md")))


def test_foreign_bytes_are_named_with_their_line(sandbox: Sandbox) -> None:
    """Latin-1 is no UTF-8."""
    result = sandbox.digest("import", saved(sandbox, classic().encode().replace(b"mice.", b"m\xefce.")))
    assert (result.code, "line 3: expected UTF-8, found other bytes" in result.err) == (5, True)


def test_date_settles_what_name_and_heading_contradict(sandbox: Sandbox) -> None:
    """A file may be named by the day on which somebody fetched it."""
    path = saved(sandbox, classic(), "2021-10-21.md")
    assert sandbox.digest("import", path).code == 5
    assert sandbox.digest("import", "--date", "2021-10-19", path).code == 5
    assert sandbox.digest("import", "--date", "2021-10-20", path).code == 0
    assert list(stored(sandbox)) == ["2021-10-20"]


def test_a_digest_cut_between_two_papers_is_all_that_it_shows(sandbox: Sandbox) -> None:
    """Nothing in it can tell; such a day is imported, which says that papers may be missing."""
    result = sandbox.digest("import", saved(sandbox, "".join(LINES[:5])))
    assert (result.code, "2 new" in result.err) == (0, True)
    assert "inferred: ids rise nowhere, so all are taken for new submissions" in result.err
    assert stored(sandbox) == {"2021-10-20": ("imported", "import")}


# --- records, exports, feeds -----------------------------------------------------------------------


@pytest.fixture
def kept(archive: Sandbox) -> Sandbox:
    """An archive with one complete day."""
    archive.configure("digest", sections=["new", "cross", "replacement"])
    assert archive.digest("run").code == 0
    return archive


@pytest.fixture
def clean(kept: Sandbox) -> Sandbox:
    """Another archive, an empty one."""
    made = Sandbox(kept.folder.parent / "clean", kept.capture)
    made.folder.mkdir()
    made.configure("store", records="data")
    made.configure("digest", sections=["new", "cross", "replacement"])
    return made


def test_a_day_record_is_taken_as_it_is(kept: Sandbox, clean: Sandbox) -> None:
    """With its state and its source: it is what the other archive proved."""
    assert clean.digest("import", str(kept.folder / RECORD)).code == 0
    assert stored(clean) == {"2025-03-05": ("complete", "listing")}
    assert (clean.read(RECORD), clean.read(DIGEST)) == (kept.read(RECORD), kept.read(DIGEST))


def exported(sandbox: Sandbox, form: str, *arguments: str) -> bytes:
    """Return the export of the day."""
    return sandbox.digest("export", "..", "--format", form, *arguments).out.encode()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_an_export_of_a_day_is_that_day(kept: Sandbox, clean: Sandbox, form: str) -> None:
    """It is imported, for it does not prove itself; all that it has is there."""
    data = exported(kept, form)
    assert clean.digest("import", saved(clean, data, "export")).code == 0
    assert stored(clean) == {"2025-03-05": ("imported", "import")}
    again = exported(clean, form)
    assert again.replace(b"imported", b"complete").replace(b'"import"', b'"listing"').replace(
        b",import,", b",listing,"
    ) == data.replace(b"imported", b"complete")
    if form != "csv":
        assert clean.read(DIGEST) == kept.read(DIGEST)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_an_export_with_a_byte_order_mark_is_read(kept: Sandbox, clean: Sandbox, form: str) -> None:
    """As editors on Windows write it, and `--bom` does."""
    assert clean.digest("import", saved(clean, b"\xef\xbb\xbf" + exported(kept, form), "export")).code == 0


EXPORT_DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "cut": (lambda text: text[:-40], "cut"),
    "a lost line": (lambda text: _without_line(text, 3), "position"),
    "a doubled line": (lambda text: _with_line_again(text, 3), "position"),
    "another id": (lambda text: text.replace('"id": "2503.12', '"id": "2503.13', 1), "abstract_url"),
    "another section": (lambda text: text.replace('"section": "new"', '"section": "cross"', 1), "section"),
    "a view": (lambda text: text.replace('"date": ', '"reasons": [], "date": ', 1), ""),
    "another state": (lambda text: text.replace('"complete"', '"whole"', 1), "line"),
    "another category": (lambda text: text.replace('"category": "cs.CV"', '"category": "cs.LG"'), "--category cs.LG"),
    "a script": (lambda text: text.replace('"abstract_html": "', '"abstract_html": "<script>', 1), ""),
}


def _without_line(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: number - 1], *lines[number:]])


def _with_line_again(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:number], *lines[number - 1 :]])


@pytest.mark.parametrize("name", EXPORT_DAMAGE)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_damaged_export_is_refused(kept: Sandbox, clean: Sandbox, form: str, name: str) -> None:
    """With the line; nothing of it is stored."""
    change, words = EXPORT_DAMAGE[name]
    result = clean.digest("import", saved(clean, change(exported(kept, form).decode()), "export.jsonl"))
    assert (result.code, words in result.err) == (5, True), result.err
    assert stored(clean) == {}


def test_the_export_of_a_view_is_no_day(kept: Sandbox, clean: Sandbox) -> None:
    """It has some of the papers only; so has that of a section that is not the first."""
    data = exported(kept, "jsonl", "--section", "cross")
    result = clean.digest("import", saved(clean, data, "export.jsonl"))
    assert (result.code, "expected position 1, as in an export of whole days" in result.err) == (5, True)


def feed_of(arxiv: StandIn, form: str) -> bytes:
    """Return the stand-in's feed."""
    return arxiv.answer(Request(f"/{form}/cs.CV", {}, 0)).body


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_saved_feed_is_provisional_until_a_listing_proves_it(archive: Sandbox, arxiv: StandIn, form: str) -> None:
    """As a run would have it from the feed: the papers of the listing, in its order."""
    path = saved(archive, feed_of(arxiv, form), "feed.xml")
    assert archive.digest("import", path).code == 0
    assert stored(archive) == {"2025-03-05": ("provisional", "import")}
    ids = re.findall("pdf/(.*).pdf", archive.read(DIGEST).decode())
    assert archive.digest("run").code == 0
    assert stored(archive) == {"2025-03-05": ("complete", "listing")}
    assert re.findall("pdf/(.*).pdf", archive.read(DIGEST).decode()) == ids
    assert not [path for path in archive.tree() if ".edited" in path]
    assert archive.digest("import", path).code == 0
    assert stored(archive) == {"2025-03-05": ("complete", "listing")}


def test_a_feed_of_long_ago_is_imported_and_moves_no_start(archive: Sandbox, arxiv: StandIn) -> None:
    """What arXiv can prove no more is not provisional: nothing would ever settle it. It is an island like any."""
    path = saved(archive, feed_of(arxiv, "rss"), "feed.xml")
    later = "2025-09-03T02:00:00Z"
    assert archive.digest("import", path, now=later).code == 0
    assert stored(archive) == {"2025-03-05": ("imported", "import")}
    code, told = status(archive, later)
    assert (code, told["categories"]["cs.CV"]["missing"]) == (0, [])
    assert archive.digest("verify", now=later).code == 0


def full(kept: Sandbox, **settings: object) -> bytes:
    """Return the digest of the day by the template full."""
    kept.configure("digest", template="full", **settings)
    assert kept.digest("regenerate", "--all").code == 0
    return kept.read(DIGEST)


@pytest.mark.parametrize("front_matter", [False, True])
def test_a_full_digest_is_that_day(kept: Sandbox, clean: Sandbox, *, front_matter: bool) -> None:
    """It is imported; the same digest is made of it again, but for what it says of how well it is known."""
    data = full(kept, front_matter=front_matter)
    result = clean.digest("import", saved(clean, data, "2025-03-05.md"))
    assert result.code == 0
    assert "full digest of cs.CV 2025-03-05: 12 new, 5 cross-lists, 6 replacements; stored as imported" in result.err
    again, contents = full(clean, front_matter=front_matter), b'## <a id="contents">'
    assert again.partition(contents)[2] == data.partition(contents)[2] != b""
    want, have = ([json.loads(line) for line in exported(one, "jsonl").splitlines()] for one in (kept, clean))
    for fields in ("id", "section", "title", "authors", "primary", "categories", "abstract", "comments", "journal_ref"):
        assert {row["id"]: row[fields] for row in want} == {row["id"]: row[fields] for row in have}


def test_a_full_digest_without_cross_lists_and_with_replacements_is_refused(kept: Sandbox, clean: Sandbox) -> None:
    """Where its papers stood in the listing cannot be told."""
    data = full(kept, sections=["new", "replacement"])
    result = clean.digest("import", saved(clean, data, "2025-03-05.md"))
    assert (result.code, "found a digest of other sections" in result.err) == (5, True)


def test_a_full_digest_of_new_submissions_alone_says_what_it_lacks(kept: Sandbox, clean: Sandbox) -> None:
    """Its new submissions are taken."""
    result = clean.digest("import", saved(clean, full(kept, sections=["new"]), "2025-03-05.md"))
    assert (result.code, "nothing of cross, replacement: the digest does not show it" in result.err) == (0, True)


LAST_LINES = {"jsonl": 1, "csv": 1}
"""How many lines at the end can be lost without a trace: nothing tells how long such a file was."""


def kind_of_file(kept: Sandbox, arxiv: StandIn, kind: str) -> bytes:
    """Return a file of each kind."""
    match kind:
        case "classic":
            return classic().encode()
        case "full":
            return full(kept)
        case "record":
            return kept.read(RECORD)
        case "rss":
            return feed_of(arxiv, kind)
        case _:
            return exported(kept, kind)


def line_damage(data: bytes, last_lines: int) -> Iterator[bytes]:
    """Yield a file with a line lost, doubled, or exchanged with the next, for each of its lines."""
    lines = data.splitlines(keepends=True)
    for place, line in enumerate(lines):
        others = {
            b"".join([*lines[:place], line, *lines[place:]]),
            b"".join([*lines[:place], *lines[place + 1 : place + 2], line, *lines[place + 2 :]]),
        }
        if place < len(lines) - last_lines:
            others.add(b"".join([*lines[:place], *lines[place + 1 :]]))
        yield from others - {data}


def import_all(sandbox: Sandbox, files: Iterable[bytes], name: str) -> tuple[int, int]:
    """Import files from a folder; return how many there are, and how many were refused."""
    folder = sandbox.folder.parent / "damaged"
    folder.mkdir()
    for number, data in enumerate(files):
        (folder / f"{number}{name}").write_bytes(data)
    result = sandbox.digest("import", str(folder))
    return len([*folder.iterdir()]), sum(line.startswith("error: ") for line in result.err.splitlines())


@pytest.mark.parametrize("kind", ["classic", "record", "json", *long_after(0, ["full", "jsonl", "csv"])])
def test_no_damaged_line_is_stored(kept: Sandbox, clean: Sandbox, arxiv: StandIn, kind: str) -> None:
    """Lost, doubled or exchanged: each such file is refused, and nothing is stored."""
    data = kind_of_file(kept, arxiv, kind)
    files, refused = import_all(clean, line_damage(data, LAST_LINES.get(kind, 0)), ".md")
    assert refused == files > 10
    assert stored(clean) == {}


@pytest.mark.parametrize("kind", ["classic", *long_after(0, ["full", "record", "json", "jsonl", "csv", "rss"])])
@pytest.mark.parametrize("damage", ["cut", "byte"])
def test_no_cut_and_no_foreign_byte_is_stored(
    kept: Sandbox, clean: Sandbox, arxiv: StandIn, kind: str, damage: str
) -> None:
    """Wherever it is, but for a cut between two lines of a file that does not tell how long it is."""
    data = kind_of_file(kept, arxiv, kind)
    places = range(1, len(data) - 1, max(len(data) // 40, 1))
    if damage == "byte":
        files = [data[:place] + b"\xff" + data[place + 1 :] for place in places]
    else:
        files = [
            data[:place] for place in places if data[place - 1 : place] != b"\n" and data[place : place + 1] != b"\n"
        ]
    count, refused = import_all(clean, files, ".md")
    assert refused == count > 10
    assert stored(clean) == {}


def test_an_imported_feed_that_is_accepted_stays_provisional(archive: Sandbox, arxiv: StandIn) -> None:
    """As one of a run does: a feed declares nothing, so that nothing proves it whole."""
    archive.digest("import", saved(archive, feed_of(arxiv, "rss"), "feed.xml"))
    assert archive.digest("accept", "2025-03-05").code == 0
    assert stored(archive) == {"2025-03-05": ("provisional", "import")}
    assert archive.digest("verify").code == 0


def test_an_imported_digest_is_no_look_at_arxiv(archive: Sandbox, arxiv: StandIn) -> None:
    """A listing that is doubtful, and has the same papers as a digest, is stored with all that the listing tells."""
    mailing = invent("cs.CV", DAY, new=2, cross=0, replacement=0)
    papers = [(paper.arxiv_id, "T", "A.") for paper in reversed(mailing.new)]
    heading = "# ArXiv cs.CV --Wed, 5 Mar 2025"
    assert archive.digest("import", saved(archive, classic(papers, heading), "2025-03-05.md")).code == 0
    eve = classic(papers, "# ArXiv cs.CV --Tue, 4 Mar 2025")  # the day before has them, too
    assert archive.digest("import", saved(archive, eve, "2025-03-04.md")).code == 0
    arxiv.announce(mailing)
    assert archive.digest("run").code == 75
    assert stored(archive)["2025-03-05"] == ("provisional", "listing")
    assert archive.digest("run", now="2025-03-05T12:00:00Z").code == 0
    found = archive.digest("export", "2025-03-05", "--format", "jsonl").out.splitlines()
    assert {json.loads(line)["primary"] for line in found} == {"cs.CV"}
    assert archive.digest("verify", now="2025-03-05T12:00:00Z").code == 0


def test_endless_oddities_are_told_in_a_few_words(sandbox: Sandbox) -> None:
    """A line of ten thousand bare signs is one remark; one beyond all measure is refused."""
    text = classic([("2110.10002", "A", "&" * 10_000)])
    result = sandbox.digest("import", saved(sandbox, text))
    assert (result.code, result.err.count("a bare &")) == (0, 1)
    result = sandbox.digest("import", saved(sandbox, classic([("2110.10002", "A", "&" * 30_000)]), "b.md"))
    assert (result.code, "at most 20000 characters in a line" in result.err) == (5, True)


# --- where files come from -------------------------------------------------------------------------


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip archive of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_a_zip_archive_gives_its_files(sandbox: Sandbox) -> None:
    """Whatever their names: none is used as a path; what its maker's system hid in it is passed over."""
    members = {
        "../../../../etc/2021-10-20.md": classic().encode(),
        "C:\\a\\2021-10-19.md.gz": gzip.compress(classic(heading="# ArXiv cs.CV --Tue, 19 Oct 2021").encode()),
        "__MACOSX/._2021-10-20.md": b"x",
        "notes.txt": b"x",
    }
    path = saved(sandbox, zipped(members), "old.zip")
    result = sandbox.digest("import", path)
    assert result.code == 0
    assert list(stored(sandbox)) == ["2021-10-19", "2021-10-20"]
    assert f"{path}: 1 of 3 files left out" in result.err
    assert f"{path}/../../../../etc/2021-10-20.md: classic digest of cs.CV 2021-10-20" in result.err


def test_a_bomb_in_a_zip_archive_is_refused(sandbox: Sandbox) -> None:
    """The rest of the archive is taken."""
    path = saved(sandbox, zipped({"a.md": b"# ArXiv " + bytes(40_000_000), OLD: classic().encode()}), "old.zip")
    result = sandbox.digest("import", path)
    assert (result.code, "a.md: expected a saved page of at most 16777216 bytes" in result.err) == (5, True)
    assert list(stored(sandbox)) == ["2021-10-20"]


@pytest.mark.parametrize("damage", ["cut", "list", "member", "none"])
def test_a_damaged_zip_archive_is_one_line(sandbox: Sandbox, damage: str) -> None:
    """Exit 5, and no traceback."""
    data = zipped({OLD: classic().encode()})
    data = {
        "cut": data[:-30],
        "list": data[:-12] + b"\xff\xff\xff\x7f" + data[-8:],
        "member": data[:60] + b"\0\0\0\0" + data[64:],
        "none": data[:4] + b"nothing",
    }[damage]
    result = sandbox.digest("import", saved(sandbox, data, "old.zip"))
    assert (result.code, sum(line.startswith("error: ") for line in result.err.splitlines())) == (5, 1)
    assert stored(sandbox) == {}


def test_the_standard_input_is_a_file(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain or packed; what is wrong with it is said of it."""
    for data, code in ((b"words", 5), (gzip.compress(classic().encode()), 0)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        result = sandbox.digest("import", "-")
        assert result.code == code
        assert "standard input: " in result.err
    assert sandbox.read(OLD_DIGEST).decode() == classic()


def test_a_closed_standard_input_is_a_mistake_of_the_command_line(sandbox: Sandbox) -> None:
    """One line, exit 2; nothing is made."""
    words = ["/bin/sh", "-c", 'exec "$0" -m digest --config config.toml import - <&-', sys.executable]
    result = subprocess.run(words, cwd=sandbox.folder, capture_output=True, text=True, timeout=60, check=False)
    expected = "error: expected a file on the standard input, found it closed\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", expected)
    assert list(sandbox.tree()) == ["config.toml"]


def test_wildcards_that_no_shell_replaced_are_replaced(sandbox: Sandbox) -> None:
    """In quotes, or on Windows; one that means nothing is exit 2."""
    folder = sandbox.folder.parent / "old" / "deep"
    folder.mkdir(parents=True)
    (folder / OLD).write_text(classic(), encoding="utf-8")
    assert sandbox.digest("import", f"{folder.parent}/*/*.txt").code == 2
    assert sandbox.digest("import", f"{folder.parent}/**/*.md").code == 0
    assert list(stored(sandbox)) == ["2021-10-20"]


def test_another_archive_is_taken_as_a_folder(kept: Sandbox, clean: Sandbox) -> None:
    """What knows a day best comes first: its pages, else its records, else its digests; indexes are left out."""
    assert clean.digest("import", str(kept.folder)).code == 0
    assert stored(clean) == {"2025-03-05": ("complete", "import")}
    assert clean.read(DIGEST) == kept.read(DIGEST)
    shutil.rmtree(kept.folder / "raw")
    other = Sandbox(kept.folder.parent / "other", kept.capture)
    other.folder.mkdir()
    other.configure("store", records="data")
    assert other.digest("import", str(kept.folder)).code == 0
    assert stored(other) == {"2025-03-05": ("complete", "listing")}
    assert other.read(RECORD) == kept.read(RECORD)


def test_a_second_import_changes_nothing_and_says_so(sandbox: Sandbox) -> None:
    """Also of a folder in which a file is bad."""
    path = saved(sandbox, classic())
    bad = saved(sandbox, classic()[:-9], "2021-10-19.md")
    first = sandbox.digest("import", path, bad)
    before = sandbox.tree()
    second = sandbox.digest("import", path, bad)
    assert (first.code, second.code) == (5, 5)
    assert sandbox.tree() == before
    assert (
        f"{path}: classic digest of cs.CV 2021-10-20: 3 new, 2 cross-lists; stored already as imported\n" in second.err
    )
    assert "nothing new: all that could be read is stored already" in second.err


def test_two_digests_of_one_day_that_differ_are_told(sandbox: Sandbox) -> None:
    """The first stays; also of two files with one name in a zip archive neither is passed over."""
    path = saved(sandbox, classic(), "a.md")
    other = saved(sandbox, classic().replace("mice", "rats"), "b.md")
    result = sandbox.digest("import", path, other)
    assert f"{path}: classic digest of cs.CV 2021-10-20: 3 new, 2 cross-lists; stored as imported\n" in result.err
    assert "b.md: classic digest of cs.CV 2021-10-20: 3 new, 2 cross-lists; stored already as imported, and other" in (
        result.err
    )
    assert "mice" in sandbox.read(OLD_DIGEST).decode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.md", classic())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.md", classic().replace("mice", "rats"))
    result = sandbox.digest("import", saved(sandbox, made.getvalue(), "old.zip"))
    assert result.err.count("stored already as imported") == 2
    assert result.err.count("and other than in this file") == 1


def test_nothing_better_known_is_replaced(archive: Sandbox) -> None:
    """A digest of a day that a listing proved, damaged or not, changes nothing."""
    archive.digest("run")
    before = archive.tree()
    text = classic([("2503.00001", "Another", "Text.")], "# ArXiv cs.CV --Wed, 5 Mar 2025")
    result = archive.digest("import", saved(archive, text, "other.md"))
    assert result.code == 0
    assert archive.tree() == before
    assert "stored already as complete from listing" in result.err


def test_imported_digests_are_islands(archive: Sandbox) -> None:
    """Years before the first run: nothing between them is missing, and no start moves."""
    for heading, name in ((HEADING, OLD), ("# ArXiv cs.CV --Fri, 15 Oct 2021", "2021-10-15.md")):
        assert archive.digest("import", saved(archive, classic(heading=heading), name)).code == 0
    assert archive.digest("run").code == 0
    code, told = status(archive, NIGHT)
    assert (code, told["categories"]["cs.CV"]["missing"]) == (0, [])
    assert json.loads(archive.read("data/state.json"))["starts"] == [{"category": "cs.CV", "date": str(DAY)}]


def test_what_a_run_tells_machines(sandbox: Sandbox) -> None:
    """`--json` has a remark for each file, and the day that changed."""
    path = saved(sandbox, classic())
    answer = json.loads(sandbox.digest("import", "--json", path).out)
    assert [day["date"] for day in answer["changed"]] == ["2021-10-20"]
    assert any(remark.startswith(f"{path}: classic digest of cs.CV") for remark in answer["remarks"])
    assert answer["exit"] == 0
