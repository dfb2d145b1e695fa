"""Stored days given to other programs, read back by programs that are not ours."""

import csv
import html
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import feedparser  # type: ignore[import-untyped]
import pytest
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digest.disk.files import hold_lock
from digest.errors import StoreError
from digest.jobs.export import write_export
from digest.markup import readable
from digest.model import Announcement, Day, Link, Paper, Section, Source, State
from digest.render.exports import FEEDS, RECORDS
from digest.render.exports.bibtex import bibtex, tex
from digest.render.exports.feeds import Feed, atom_feed, json_feed
from digest.render.exports.ris import ris
from digest.render.exports.rows import csv_rows, json_array, json_lines
from digest.store.whole import Store
from tests.conftest import DAY, Sandbox
from tests.days import AWKWARD, day_of, paper, real_days, simple_day
from tests.feeds import ATOM, atom_faults, json_feed_faults
from tests.libraries import collapsed, library, name_parts, people, ris_records, untex
from tests.standin import StandIn, invent

FORMS = ("json", "jsonl", "csv", "bibtex", "ris", "atom", "jsonfeed")
FRIDAY, MONDAY, TUESDAY = date(2025, 3, 7), date(2025, 3, 10), date(2025, 3, 11)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PROVENANCE = ("date", "category", "section", "position", "source", "state")
Row = dict[str, Any]


# --- helpers ---------------------------------------------------------------------------------------


def fill(sandbox: Sandbox, *days: Day) -> Sandbox:
    """Store days in an archive."""
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    for day in days:
        store.save_day(day, "0" * 64, outdated_file=f"{day.category}/{day.date}.md")
    store.close()
    return sandbox


def exported(sandbox: Sandbox, form: str, *arguments: str) -> str:
    """Return an export of everything that is stored, and see to it that nothing went wrong."""
    result = sandbox.digest("export", *(arguments or ("..",)), "--format", form)
    assert (result.code, result.err) == (0, "")
    return result.out


def records(sandbox: Sandbox, *arguments: str) -> list[Row]:
    """Return the records of an export as JSON."""
    rows: list[Row] = json.loads(exported(sandbox, "json", *arguments))
    return rows


def views(sandbox: Sandbox, *texts: str) -> None:
    """Write the configuration with these views at its end."""
    sandbox.configure("arxiv")
    path = sandbox.folder / "config.toml"
    path.write_text("\n".join([path.read_text(encoding="utf-8"), *texts]), encoding="utf-8")


def ids(rows: Iterable[Row]) -> list[str]:
    """Return the identifiers of records."""
    return [row["id"] for row in rows]


# --- what is in it ---------------------------------------------------------------------------------


def test_every_format_is_offered(archive: Sandbox) -> None:
    """The command line and the writers know the same formats."""
    assert sorted([*RECORDS, *FEEDS]) == sorted(FORMS)
    result = archive.digest("export", "..", "--format", "xml")
    assert result.code == 2
    assert all(f"'{form}'" in result.err for form in FORMS)


def test_json_holds_what_the_listing_announced(archive: Sandbox) -> None:
    """Every paper of the sections of the digests, in the order of the listing, with where it comes from."""
    archive.digest("run")
    announced = invent("cs.CV", DAY)
    rows = records(archive, "2025-03-05")
    assert ids(rows) == [one.arxiv_id for one in (*announced.new, *announced.cross)]
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["title"] for row in rows] == [one.title for one in (*announced.new, *announced.cross)]
    assert {tuple(row[name] for name in ("date", "category", "source", "state")) for row in rows} == {
        ("2025-03-05", "cs.CV", "listing", "complete")
    }
    assert {row["section"] for row in rows} == {"new", "cross"}


def test_a_record_says_all_that_is_known(sandbox: Sandbox) -> None:
    """Texts are readable, the HTML stands beside them; what the source does not carry is null."""
    url = "https://github.com/o/r"
    anchor = f'<a class="link-external link-https" href="{url}" rel="external noopener nofollow">this https URL</a>'
    known = paper(abstract=f"Code: {anchor} for a&lt;b <br>Enough.", links=(Link(url, "code", "abstract"),))
    fill(sandbox, day_of([(Section.CROSS, known)], state=State.IMPORTED, source=Source.IMPORT))
    assert records(sandbox) == [
        {
            "date": "2025-03-05",
            "category": "cs.CV",
            "section": "cross",
            "position": 1,
            "source": "import",
            "state": "imported",
            "id": "2503.00001",
            "title": "A title of 2503.00001",
            "authors": ["Zoë van der Plaat", "Mei O'Dunmore"],
            "more_authors": False,
            "primary": "cs.CV",
            "categories": ["cs.CV", "cs.LG"],
            "abstract": f"Code: {url} for a<b Enough.",
            "comments": None,
            "journal_ref": None,
            "links": [{"url": url, "kind": "code", "found_in": "abstract"}],
            "abstract_url": "https://arxiv.org/abs/2503.00001",
            "pdf_url": "https://arxiv.org/pdf/2503.00001.pdf",
            "abstract_html": known.abstract,
            "comments_html": None,
            "dating": None,
        }
    ]


def test_a_real_day_is_exported_as_arxiv_made_it(sandbox: Sandbox, shared: Path) -> None:
    """The captured page of 20 October 2021, taken in, comes out with the sections and titles that went into it."""
    folder = shared / "pages/seed-day-2021-10-20"
    sandbox.digest("import", str(folder / "list_cs.CV_new.html"))
    rows = json.loads((folder / "papers.json").read_text(encoding="utf-8"))
    made_of = [row for row in rows if row["date"] == "2021-10-20"]
    names = {"new": "new", "cross": "cross", "rep": "replacement"}
    sections = {row["arxiv_id"]: names[row["section_on_cs_CV"]] for row in made_of if row["section_on_cs_CV"]}
    rows = records(sandbox, "2021-10-20", *(word for name in names.values() for word in ("--section", name)))
    assert {row["id"]: row["section"] for row in rows} == sections
    assert [row["section"] for row in rows].count("replacement") == 40
    titles = {row["arxiv_id"]: row["title_raw"] for row in made_of}
    plain = [row for row in rows if re.fullmatch(r"[\w ,:.-]+", titles[row["id"]])]
    assert len(plain) > 40
    assert [row["title"] for row in plain] == [titles[row["id"]] for row in plain]


def test_json_lines_and_csv_say_the_same(sandbox: Sandbox) -> None:
    """A line an object; a row a record, lists joined, nothing for null."""
    fill(sandbox, simple_day(["2503.00001", "2503.00002"], ["2503.00009"]))
    rows = records(sandbox)
    lines = exported(sandbox, "jsonl").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == rows
    text = exported(sandbox, "csv")
    assert text.count("\r\n") == len(rows) + 1
    for row, cells in zip(rows, csv.DictReader(io.StringIO(text, newline="")), strict=True):
        assert cells == {
            **{name: str(row[name]) for name in (*PROVENANCE, "id", "title", "primary", "abstract")},
            "authors": "Zoë van der Plaat; Mei O'Dunmore",
            "categories": "cs.CV; cs.LG",
            **dict.fromkeys(("comments", "journal_ref", "code_urls"), ""),
            **{name: row[name] for name in ("abstract_url", "pdf_url")},
            "more_authors": "false",
            **dict.fromkeys(("basis", "earliest", "latest", "text_version"), ""),
        }


def test_records_stand_in_order(sandbox: Sandbox) -> None:
    """By date, then by category as configured (not by name), then by position; a feed has the newest day first."""
    sandbox.configure("arxiv", categories=["cs.LG", "cs.CV"])
    fill(sandbox, simple_day(["2503.00007"], ["2503.00002"]), simple_day(["2503.00003"], category="cs.LG"))
    fill(sandbox, simple_day(["2503.00004"], date=DAY + timedelta(days=1), category="cs.LG"))
    fill(sandbox, simple_day(["2503.00005"], date=DAY + timedelta(days=1)))
    assert ids(records(sandbox)) == [f"2503.0000{number}" for number in (3, 7, 2, 4, 5)]
    assert ids(records(sandbox, "..", "--category", "cs.CV", "--category", "cs.LG"))[0] == "2503.00003"
    feed = json.loads(exported(sandbox, "jsonfeed"))
    assert [item["id"][-1] for item in feed["items"]] == ["4", "5", "3", "7", "2"]


def test_a_paper_announced_twice(sandbox: Sandbox) -> None:
    """It has a record for each listing; in a bibliography it stands as announced first, in a feed as last."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    again = replace(paper(), title="A title, replaced")
    fill(sandbox, simple_day(["2503.00001"]), day_of([(Section.CROSS, again)], date=FRIDAY, category="cs.LG"))
    gaps = "error: cs.LG: not stored"
    result = sandbox.digest("export", "2025-03-05..2025-03-07", "--format", "json")
    assert (result.code, gaps in result.err) == (4, True)
    assert [(row["date"], row["category"]) for row in json.loads(result.out)] == [
        ("2025-03-05", "cs.CV"),
        ("2025-03-07", "cs.LG"),
    ]
    (entry,) = library(exported(sandbox, "bibtex")).values()
    assert (entry["announced"], entry["title"]) == ("2025-03-05", "{A title of 2503.00001}")
    (item,) = json.loads(exported(sandbox, "jsonfeed"))["items"]
    assert (item["_digest"]["date"], item["title"]) == ("2025-03-07", "A title, replaced")


@pytest.mark.parametrize(("count", "are_more"), [(99, False), (100, True), (101, False), (0, False)])
def test_a_hundred_authors_may_be_more(sandbox: Sandbox, count: int, are_more: bool) -> None:
    """A listing shows 100 authors of a longer line, without a mark (ARXIV.md § 4): every form says so."""
    names = tuple(f"Author Number{number}" for number in range(count))
    fill(sandbox, day_of([(Section.NEW, paper("2503.00001", authors=names))]))
    assert [(len(row["authors"]), row["more_authors"]) for row in records(sandbox)] == [(count, are_more)]
    (row,) = csv.DictReader(io.StringIO(exported(sandbox, "csv")))
    assert row["more_authors"] == str(are_more).lower()
    assert ("and others}" in exported(sandbox, "bibtex")) is are_more
    for form in ("ris", "atom", "jsonfeed"):
        assert ("and others" in exported(sandbox, form)) is are_more
    told = sandbox.digest("paper", "2503.00001").out
    assert ("and 90 or more" in " ".join(told.split())) is are_more


@pytest.mark.parametrize("form", ["atom", "jsonfeed"])
def test_replacements_are_no_news(sandbox: Sandbox, form: str) -> None:
    """A feed leaves them out, whatever the digests show, unless they are asked for."""
    sandbox.configure("digest", sections=["new", "replacement"])
    fill(sandbox, simple_day(["2503.00001"], replacement=["2401.00001"]))
    assert ids(records(sandbox)) == ["2503.00001", "2401.00001"]
    assert "2401.00001" not in exported(sandbox, form)
    asked = exported(sandbox, form, "..", "--section", "replacement")
    assert ("2401.00001" in asked, "2503.00001" in asked) == (True, False)


def test_sections_and_categories_are_chosen(sandbox: Sandbox) -> None:
    """Those of the digests, or those that are named; a section or category that is not kept is a mistake."""
    fill(sandbox, simple_day(["2503.00001"], ["2503.00002"], ["2401.00001"]))
    assert ids(records(sandbox)) == ["2503.00001", "2503.00002"]
    assert ids(records(sandbox, "..", "--section", "replacement", "--section", "cross")) == ["2503.00002", "2401.00001"]
    for mistake in (("--section", "old"), ("--category", "cs.LG"), ("--category", "../x")):
        result = sandbox.digest("export", "..", "--format", "json", *mistake)
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)


# --- dates -----------------------------------------------------------------------------------------


def is_empty(form: str, text: str) -> bool:
    """Whether ``text`` is a whole document of this format, with nothing in it."""
    if form == "atom":
        feed = feedparser.parse(text)
        return not feed.bozo and atom_faults(text) == [] and feed.entries == []
    if form == "jsonfeed":
        return json_feed_faults(text) == [] and json.loads(text)["items"] == []
    if form == "csv":
        return len(list(csv.reader(io.StringIO(text)))) == 1
    return json.loads(text) == [] if form == "json" else text == ""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dates", ["..", "2025-03-08..2025-03-09", "2025-01-01..", "..2025-01-01"])
def test_nothing_in_range_is_an_empty_document(sandbox: Sandbox, form: str, dates: str) -> None:
    """In an archive without days, or over a weekend; nothing is made on the way."""
    before = sorted(sandbox.folder.rglob("*"))
    assert is_empty(form, exported(sandbox, form, dates))
    assert sorted(sandbox.folder.rglob("*")) == before
    fill(sandbox, simple_day([], declared={}))
    assert is_empty(form, exported(sandbox, form, "2025-03-05"))


@pytest.mark.parametrize("form", FORMS)
def test_a_date_that_is_not_stored(sandbox: Sandbox, form: str) -> None:
    """Exit 4 and why; nothing is printed, and no file is written."""
    fill(sandbox, simple_day(["2503.00001"]))
    target = sandbox.folder / "out"
    for day, words in (("2025-03-04", "fetch"), ("2025-01-02", "deferred"), ("2025-03-06", "not announced yet")):
        result = sandbox.digest("export", day, "--format", form, "--output", str(target))
        assert (result.code, result.out, len(result.err.splitlines())) == (4, "", 1)
        assert f"cs.CV {day}" in result.err
        assert words in result.err
        assert not target.exists()
    assert sandbox.digest("export", "2025-03-08", "--format", form).code == 2


def test_of_a_range_the_rest_is_exported(sandbox: Sandbox) -> None:
    """The missing dates are named, exit 4; an open end is where the archive begins and ends."""
    fill(sandbox, *(simple_day([f"2503.000{when:%d}"], date=when) for when in (DAY, FRIDAY, TUESDAY)))
    now = "2025-03-20T02:00:00Z"
    for dates, missing, found in (
        ("2025-03-04..2025-03-07", "2025-03-06, 2025-03-04", 2),
        ("..", "2025-03-10, 2025-03-06", 3),
        ("2025-03-07..", "2025-03-10", 2),
        ("..2025-03-06", "2025-03-06", 1),
    ):
        result = sandbox.digest("export", dates, "--format", "jsonl", now=now)
        assert (result.code, result.err) == (4, f"error: cs.CV: not stored: {missing}\n")
        assert len(result.out.splitlines()) == found
    assert sandbox.digest("export", "2025-03-11..", "--format", "jsonl", now=now).code == 0


def test_an_accepted_loss_is_no_gap_of_an_open_range(sandbox: Sandbox) -> None:
    """A person has settled it; asked for by name it is still not there."""
    fill(sandbox, *(simple_day([f"2503.000{when:%d}"], date=when) for when in (DAY, FRIDAY)))
    sandbox.digest("accept", "2025-03-06", "--note", "the disk was full", now="2025-03-20T02:00:00Z")
    assert ids(records(sandbox)) == ["2503.00005", "2503.00007"]
    assert sandbox.digest("export", "2025-03-05..2025-03-07", "--format", "json").code == 4
    assert "the disk was full" in sandbox.digest("export", "2025-03-06", "--format", "json").err


@pytest.mark.parametrize(
    "dates", ["", "...", "2025-03-05...", "2025-03-07..2025-03-05", "soon", "..soon", "2025-02-30.."]
)
def test_a_mistaken_date_is_one_line(sandbox: Sandbox, dates: str) -> None:
    """Exit 2."""
    result = sandbox.digest("export", dates, "--format", "json")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)


def test_latest_is_the_newest_of_the_chosen_categories(sandbox: Sandbox) -> None:
    """As for the other commands; with nothing stored there is none."""
    assert sandbox.digest("export", "latest", "--format", "json").code == 4
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    fill(sandbox, simple_day(["2503.00001"], category="cs.LG"), simple_day(["2503.00007"], date=FRIDAY))
    assert ids(records(sandbox, "latest", "--category", "cs.LG")) == ["2503.00001"]


# --- where it goes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_same_days_give_the_same_bytes(sandbox: Sandbox, form: str) -> None:
    """At any time, in any locale, with any seed; to a file as to stdout."""
    fill(sandbox, simple_day(["2503.00001", "2503.00002"], ["2503.00009"]))
    text = exported(sandbox, form).encode()
    target = sandbox.folder / "out"
    env = {
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
    }
    done = sandbox.process("export", "..", "--format", form, "--output", "out", now="2026-01-01T00:00:00Z", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"wrote out: 1 day as {form}\n")
    assert target.read_bytes() == text
    assert "Zoë" in text.decode()


def test_an_export_changes_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """It asks nobody, takes no lock and writes no file, also while a run is at work."""
    archive.digest("run")
    before, asked = archive.tree(), len(arxiv.requests)
    with hold_lock(archive.folder / "archive.db.lock"):
        assert records(archive)
    assert archive.tree() == before
    assert len(arxiv.requests) == asked


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """When the export fails in the middle, what stood there stands there still, and nothing beside it."""

    def broken() -> Iterator[str]:
        yield "half"
        raise StoreError("the disk is gone")

    target = tmp_path / "out.json"
    target.write_text("before")
    with pytest.raises(StoreError, match="gone"):
        write_export(broken(), target)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.json", "before")]
    write_export(["a", "é"], target)
    assert target.read_bytes() == "aé".encode()


@pytest.mark.parametrize(
    "place",
    ["archive.db", "archive.db-wal", "config.toml", "data/mine.csv", "raw/mine.csv", "cs.CV/2025/03/2025-03-05.md"],
)
def test_an_export_takes_the_place_of_nothing_of_the_archive_s(archive: Sandbox, place: str) -> None:
    """The database, the configuration, records, kept pages and digests are refused as targets, exit 2."""
    assert archive.digest("run").code == 0
    before = archive.tree()
    result = archive.digest("export", "..", "--format", "csv", "--output", str(archive.folder / place))
    assert (result.code, result.out) == (2, "")
    assert "--output: expected a file of your own, found one of the archive's" in result.err
    assert archive.tree() == before
    assert archive.digest("status").code == 0


@pytest.mark.parametrize("place", ["no/such/folder/x", "folder", "link", "pipe", "archive.db/x", "n" * 300])
def test_a_place_that_cannot_be_written(sandbox: Sandbox, place: str) -> None:
    """Exit 6 in one line; what is there stays."""
    fill(sandbox, simple_day(["2503.00001"]))
    (sandbox.folder / "folder").mkdir()
    (sandbox.folder / "link").symlink_to("elsewhere")
    subprocess.run(["mkfifo", sandbox.folder / "pipe"], check=True)
    before = sorted(sandbox.folder.rglob("*"))
    result = sandbox.digest("export", "..", "--format", "json", "--output", str(sandbox.folder / place))
    assert (result.code, result.out, len(result.err.splitlines())) == (6, "", 1)
    assert sorted(sandbox.folder.rglob("*")) == before
    assert (sandbox.folder / "link").is_symlink()


def test_a_full_disk_behind_stdout(sandbox: Sandbox) -> None:
    """Exit 6 in one line."""
    fill(sandbox, simple_day(["2503.00001"]))
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "digest", "--config", "config.toml", "export", "..", "--format", "json"]
        done = subprocess.run(command, cwd=sandbox.folder, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, len(done.stderr.splitlines())) == (6, 1)


# --- BibTeX ----------------------------------------------------------------------------------------


def test_an_entry_has_arxiv_s_own_fields(sandbox: Sandbox) -> None:
    """What arXiv's own BibTeX has, then the texts, then where it comes from; maths and capitals are kept."""
    one = paper(
        "2503.00001",
        title="$\\ell_1$ & the {DNA} of 50% NeRFs",
        authors=("Jan van der Berg", "Team, The X collaboration", "Rock and Roll", "ATLAS Collaboration"),
        journal_ref="Proc. CVPR 2025",
        comments="8 pages",
        links=(Link("https://github.com/o/r_1", "code", "abstract"), Link("https://x.org", "other", "abstract")),
    )
    fill(sandbox, day_of([(Section.NEW, one)]))
    assert exported(sandbox, "bibtex") == (
        "@misc{berg-2503.00001,\n"
        "  title = {{$\\ell_1$ \\& the \\{DNA\\} of 50\\% NeRFs}},\n"
        "  author = {Jan van der Berg and {Team, The X collaboration} and {Rock and Roll} and {ATLAS Collaboration}},\n"
        "  year = {2025},\n"
        "  month = mar,\n"
        "  eprint = {2503.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CV},\n"
        "  doi = {10.48550/arXiv.2503.00001},\n"
        "  url = {https://arxiv.org/abs/2503.00001},\n"
        "  note = {Proc. CVPR 2025},\n"
        "  comment = {8 pages},\n"
        "  keywords = {cs.CV, cs.LG},\n"
        "  code = {https://github.com/o/r_1},\n"
        "  abstract = {An abstract of 2503.00001.},\n"
        "  announced = {2025-03-05},\n"
        "  category = {cs.CV},\n"
        "  section = {new},\n"
        "  position = {1},\n"
        "  source = {listing},\n"
        "  state = {complete},\n"
        "}\n\n"
    )


@pytest.mark.parametrize(
    ("arxiv_id", "author", "key"),
    [
        ("2503.00001", "Zoë van der Plaat", "plaat-2503.00001"),
        ("hep-th/9901001", "Łukasz Größer", "grosser-hep-th-9901001"),
        ("math.GT/0309136", "Søren Ångström-Ærø", "angstromaero-math.GT-0309136"),
        ("0704.0001", "王 小明", "arxiv-0704.0001"),
        ("2503.00002", "", "arxiv-2503.00002"),
    ],
)
def test_a_key_is_made_of_the_surname_and_the_id(arxiv_id: str, author: str, key: str) -> None:
    """In ASCII, and the same whatever is exported together."""
    (entry,) = bibtex(day_of([(Section.NEW, paper(arxiv_id, authors=(author,)))]).announcements)
    assert entry.startswith(f"@misc{{{key},\n")


SUFFIXED = [
    ("John Smith Jr.", "Smith, Jr., John", "smith", "Smith, John, Jr."),
    ("Robert Downey, Jr.", "Downey, Jr., Robert", "downey", "Downey, Robert, Jr."),
    ("John A. Smith Jr", "Smith, Jr, John A.", "smith", "Smith, John A., Jr"),
    ("Harry Connick Sr.", "Connick, Sr., Harry", "connick", "Connick, Harry, Sr."),
    ("Martin Luther King III", "King, III, Martin Luther", "king", "King, Martin Luther, III"),
    ("Ada de la Rosa II", "de la Rosa, II, Ada", "rosa", "de la Rosa, Ada, II"),
    ("José Peña IV", "Peña, IV, José", "pena", "Peña, José, IV"),
    ("José Peña IV.", "Peña, IV., José", "pena", "Peña, José, IV."),
    ("Ada Fox IX", "Fox, IX, Ada", "fox", "Fox, Ada, IX"),
    ("John Smith Jnr.", "Smith, Jnr., John", "smith", "Smith, John, Jnr."),
    ("John Smith, Snr", "Smith, Snr, John", "smith", "Smith, John, Snr"),
    ("John Smith 2nd", "Smith, 2nd, John", "smith", "Smith, John, 2nd"),
    ("John Smith 3rd", "Smith, 3rd, John", "smith", "Smith, John, 3rd"),
    ("John Smith, Esq.", "Smith, Esq., John", "smith", "Smith, John, Esq."),
    ("John Smith PhD", "Smith, PhD, John", "smith", "Smith, John, PhD"),
    ("John Smith, Ph.D.", "Smith, Ph.D., John", "smith", "Smith, John, Ph.D."),
    ("John Smith, Jr., MD", "Smith, Jr. MD, John", "smith", "Smith, John, Jr. MD"),
    ("Ada Su (Example Lab) Jr.", "Su, Jr., Ada", "su", "Su, Ada, Jr."),
]
PLAIN = [
    ("Ada Bell", "bell", "Bell, Ada"),
    ("Laurens van der Maaten", "maaten", "van der Maaten, Laurens"),
    ("Abdul d'Ornay", "dornay", "d'Ornay, Abdul"),
    ("Pandiyaraju V", "v", "V, Pandiyaraju"),
    ("Tai-I I", "i", "I, Tai-I"),
    ("Andrew W. Senior", "senior", "Senior, Andrew W."),
    ("Carlos Crispim-Junior", "crispimjunior", "Crispim-Junior, Carlos"),
    ("Anil Kumar VV", "vv", "VV, Anil Kumar"),
    ("Vi Vu", "vu", "Vu, Vi"),
    ("Rahim MD", "md", "MD, Rahim"),
    ("Ix Md", "md", "Md, Ix"),
    ("Yuan (Cher) Li", "li", "Li, Yuan (Cher)"),
    ("Li", "li", "Li"),
    ("王小明", "arxiv", "王小明"),
    ("王 小明", "arxiv", "王 小明"),
]
GROUPS = [
    ("ATLAS Collaboration", "collaboration", "ATLAS Collaboration"),
    ("The X Team III", "iii", "The X Team III"),
    ("King III", "king", "King III"),
    ("Rock and Roll", "roll", "Rock and Roll"),
]


@pytest.mark.parametrize(("author", "bib", "key", "_ris"), SUFFIXED)
def test_a_suffix_is_no_surname(author: str, bib: str, key: str, _ris: str) -> None:
    """BibTeX is told where it stands ("von Last, Jr, First" of its documentation); the key is of the surname."""
    (entry,) = bibtex(day_of([(Section.NEW, paper(authors=(author, "Eva Fox")))]).announcements)
    fields = library(entry)[f"{key}-2503.00001"]
    assert untex(fields["author"]) == f"{bib} and Eva Fox"
    surname, suffix, given = bib.split(", ")
    assert name_parts(bib) == (given, surname, suffix)


@pytest.mark.parametrize(("author", "key", "_ris"), [*PLAIN, *GROUPS])
def test_other_names_stand_as_arxiv_has_them(author: str, key: str, _ris: str) -> None:
    """A lone I or V is an initial; a word that may be a surname is one; groups and single words stay in one piece."""
    (entry,) = bibtex(day_of([(Section.NEW, paper(authors=(author,)))]).announcements)
    fields = library(entry)[f"{key}-2503.00001"]
    assert fields["author"].strip("{}") == author
    assert fields["author"].startswith("{") is ((author, key, _ris) in GROUPS)
    assert [names for _, names in people(entry)] == [[name for name in [*people(entry)[0][1]] if name]]


def test_an_affiliation_behind_a_name_is_no_surname() -> None:
    """Authors put it in brackets there; a nickname before the surname stays."""
    (entry,) = bibtex(day_of([(Section.NEW, paper(authors=("Ada Su (Example Lab)", "Yuan (Cher) Li")))]).announcements)
    assert library(entry)["su-2503.00001"]["author"] == "Su, Ada and Yuan (Cher) Li"


def test_hyphens_that_stand_together_stay_in_one_word() -> None:
    """The braces that part them would be cut in two by biber, which takes initials after every hyphen."""
    names = ("Ada Bell--Fox", "Carl A--B---C Dietz", "Eva Fox--Hale Jr.")
    (entry,) = bibtex(day_of([(Section.NEW, paper(authors=names))]).announcements)
    (fields,) = library(entry).values()
    written = "Ada {Bell-{}-Fox} and Carl {A-{}-B-{}-{}-C} Dietz and {Fox-{}-Hale}, Jr., Eva"
    assert fields["author"] == written
    assert untex(written) == "Ada Bell--Fox and Carl A--B---C Dietz and Fox--Hale, Jr., Eva"


@pytest.mark.parametrize(
    ("arxiv_id", "doi"),
    [
        ("2503.00001", "10.48550/arXiv.2503.00001"),
        ("0704.0001", "10.48550/arXiv.0704.0001"),
        ("hep-th/9901001", "10.48550/arXiv.hep-th/9901001"),
        ("math/0309136", "10.48550/arXiv.math/0309136"),
        ("math.GT/0309136", "10.48550/arXiv.math/0309136"),
    ],
)
def test_a_paper_has_the_doi_that_arxiv_gives_it(arxiv_id: str, doi: str) -> None:
    """The id after arXiv's prefix (https://info.arxiv.org/help/doi.html), without a class: arXiv's pages have it so."""
    announcements = day_of([(Section.NEW, paper(arxiv_id))]).announcements
    (fields,) = library("".join(bibtex(announcements))).values()
    (record,) = ris_records("".join(ris(announcements)))
    assert (fields["doi"], dict(record)["DO"]) == (doi, doi)


@pytest.mark.parametrize(
    "text",
    [
        *(
            r"50% of A&B #1 costs_x ~ y ^ z \ w",
            "{balanced {braces}}",
            "} unbalanced {",
            "{{{",
            "}",
            r"\{ \} \\{",
            "$",
            "$5 and $10",
        ),
        *(
            r"repo\_new and \url{https://x.org/a_b}",
            "3D--2D --- ``quoted'' 'single' !` ?` <<x>> ,,",
            "a~~b^^c__d",
            r"\$100",
        ),
        *(
            "@article{x, title = {y}}",
            "@string(a)",
            'a "quoted" = b, c',
            "x # y",
            "%",
            "\\",
            "an @ (5)",
            "a\\",
            "-",
            "",
        ),
        *(
            r"$x_{1}$",
            r"$\mathcal{L}_{a}^{b}$ maths",
            r"3$\times$3",
            "$O(n \\log n)$-time",
            r"$\{a\}$",
            r"$\left\{x\right.$",
            r"under $<$40\% of them, and $\sim$700 others",
            r"$ \times $ wider, H$^2$O, $5 to $10",
        ),
        *(
            r"$\input{/etc/passwd}$",
            r"$\write18{ls}$",
            r"$x^^5cinput$",
            r"$a % b$",
            r"$\def\x{y}$",
            "$$x$$",
            r"$\text{a_b}$",
            "$x_$",
        ),
        *("Ünïcödé — “quotes” … 数学 ﬁ", "tab\there", "line\nbreak\r\nhere", "a\u2028b\x85c", "   blanks   "),
    ],
)
def test_any_text_reads_back(text: str) -> None:
    """BibTeX finds its braces balanced, and the text that LaTeX prints is the text that went in."""
    latex = tex(text)
    assert untex(latex) == collapsed(text)
    depth = [latex[: index + 1].count("{") - latex[: index + 1].count("}") for index in range(len(latex))]
    assert min(depth, default=0) >= 0
    assert latex.count("{") == latex.count("}")
    (fields,) = library(f"@misc{{k,\n  title = {{{{{latex}}}}},\n}}\n").values()
    assert fields == {"title": f"{{{latex}}}"}


@pytest.mark.parametrize(
    "text",
    [r"$\input{x}$", r"$\csname input\endcsname$", r"$\openout1=x$", r"$x^^5cinput$", r"$a%b$", r"$\(x\)$", r"${a$}"],
)
def test_maths_that_could_do_more_than_print_is_text(text: str) -> None:
    """A title that is compiled reads no file, writes none, and ends no maths that it did not begin."""
    assert re.search(r"(?<!\\)[$%^]", tex(text)) is None
    assert (
        re.search(r"\\(?!textbackslash\{\}|textasciicircum\{\}|ensuremath\{\\[lr]brace\}|[lr]brace|[$%{}])", tex(text))
        is None
    )


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"$<$40\% and $\sim$7", r"$<$40\textbackslash{}\% and $\sim$7"),
        ("at $5 a page, where $x$ is free", r"at \$5 a page, where $x$ is free"),
        ("a slip$ before $x_1$", r"a slip\$ before $x_1$"),
        (r"$ \times $ wider", r"$ \times $ wider"),
    ],
)
def test_the_dollars_that_pair_are_maths(text: str, latex: str) -> None:
    """The rule is that of digests."""
    assert tex(text) == latex


@given(st.text(AWKWARD + "$_^#~@-!?,=ab", max_size=30))
def test_no_text_breaks_an_entry(text: str) -> None:
    """Whatever the title, two readers find the entry, its fields and the next one."""
    days = day_of(
        [
            (Section.NEW, paper("2503.00001", title=text, authors=(text or "x",), abstract=None)),
            (Section.NEW, paper("2503.00002")),
        ]
    )
    written = "".join(bibtex(days.announcements))
    assert [entry["eprint"] for entry in library(written).values()] == ["2503.00001", "2503.00002"]
    names = [len(authors) for _, authors in people(written)]
    assert names == [1 if collapsed(text).strip() or not text else 0, 2]


# --- RIS -------------------------------------------------------------------------------------------


def test_a_record_of_ris(sandbox: Sandbox) -> None:
    """Every tag that Zotero, EndNote and JabRef read, in lines that end with CR and LF, one record a paper."""
    one = paper(
        title="$\\ell_1$ & the {DNA} of  NeRFs",
        authors=("Jan van der Berg", "John Smith Jr.", "ATLAS Collaboration", "Li"),
        abstract="Code: a&lt;b <br>Enough.",
        journal_ref="Proc. CVPR 2025",
        comments="8 pages",
        links=(Link("https://github.com/o/r_1", "code", "abstract"), Link("https://x.org", "other", "abstract")),
    )
    fill(sandbox, day_of([(Section.NEW, one)]), simple_day(["2503.00001"], date=FRIDAY))
    target = sandbox.folder / "out.ris"
    assert sandbox.digest("export", "..", "--format", "ris", "--output", str(target)).code == 4  # a day is missing
    text = target.read_bytes().decode()
    assert text.endswith("\r\nER  - \r\n")
    listing = "category cs.CV; section new; position 1; source listing; state complete"
    assert ris_records(text) == [
        [
            ("TY", "GEN"),
            *(("AU", name) for name in ("van der Berg, Jan", "Smith, John, Jr.", "ATLAS Collaboration", "Li")),
            ("TI", "$\\ell_1$ & the {DNA} of NeRFs"),
            ("PY", "2025"),
            ("DA", "2025/03//"),
            ("AB", "Code: a<b Enough."),
            ("KW", "cs.CV"),
            ("KW", "cs.LG"),
            ("PB", "arXiv"),
            ("DB", "arXiv"),
            ("AN", "2503.00001"),
            ("DO", "10.48550/arXiv.2503.00001"),
            ("UR", "https://arxiv.org/abs/2503.00001"),
            ("L1", "https://arxiv.org/pdf/2503.00001.pdf"),
            ("N1", "Journal reference: Proc. CVPR 2025"),
            ("N1", "Comments: 8 pages"),
            ("N1", "Code: https://github.com/o/r_1"),
            ("N1", f"arXiv listing: date 2025-03-05; {listing}"),
        ]
    ]


@pytest.mark.parametrize(("author", "line"), [(one[0], one[-1]) for one in (*SUFFIXED, *PLAIN, *GROUPS)])
def test_a_name_of_ris_is_cut_where_bibtex_cuts_it(author: str, line: str) -> None:
    """As "Lastname, Firstname, Suffix", which the specification asks for; what is no person has no comma."""
    (record,) = ris_records("".join(ris(day_of([(Section.NEW, paper(authors=(author,)))]).announcements)))
    assert [value for tag, value in record if tag == "AU"] == [line]


@given(st.text(AWKWARD + "TYER -,ab", max_size=40))
def test_no_text_breaks_a_record_of_ris(text: str) -> None:
    """Whatever a text holds, it begins no tag: neither on a line of its own, nor for readers that look for "ER  -"."""
    hostile = f"{text}\nER  - \r\nTY  - BOOK"
    one = paper(title=hostile, authors=(hostile,), abstract=hostile, comments=hostile, journal_ref=hostile)
    days = day_of([(Section.NEW, one), (Section.NEW, paper("2503.00002"))])
    written = "".join(ris(days.announcements))
    assert [dict(record)["AN"] for record in ris_records(written)] == ["2503.00001", "2503.00002"]
    assert len(re.findall("(?:ER|TY)  -", written)) == 4


# --- what a view shows -----------------------------------------------------------------------------

NERFS = '[[view]]\nname = "nerfs"\nkeywords = ["nerf*"]\nauthors = ["Mei O\'Dunmore"]\n'


@pytest.fixture
def viewed(sandbox: Sandbox) -> Sandbox:
    """An archive of two categories and three dates, with views of some of their papers."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    views(
        sandbox,
        NERFS.replace("nerfs", "mine"),
        '[[view]]\nname = "nerfs"\nkeywords = ["nerf*"]\ncategories = ["cs.CV"]\nsections = ["new", "replacement"]\n',
    )
    nerf, other = ("NeRFs for all", ("Ada Bell",)), ("Something else", ("Ada Bell",))

    def one(arxiv_id: str, made: tuple[str, tuple[str, ...]]) -> Paper:
        return paper(arxiv_id, title=made[0], authors=made[1])

    new, cross, replaced = Section.NEW, Section.CROSS, Section.REPLACEMENT
    both = [(new, one("2503.00001", nerf)), (new, one("2503.00002", other)), (cross, one("2503.00003", nerf))]
    both_names = ("cs.CV", "cs.LG")
    fill(
        sandbox,
        day_of([*both, (replaced, one("2401.00001", nerf))]),
        day_of([(cross, one("2503.00001", nerf)), (new, paper("2503.00004"))], category="cs.LG"),
        *(day_of([(new, one("2503.00005", other))], date=date(2025, 3, 6), category=name) for name in both_names),
        *(day_of([(new, one("2503.00007", nerf))], date=FRIDAY, category=name) for name in both_names),
    )
    return sandbox


def test_a_view_is_exported_with_its_reasons(viewed: Sandbox) -> None:
    """Of its categories and sections, in the order of the format; every format says why."""
    why = 'keyword "nerf*" in the title'
    rows = records(viewed, "..", "--view", "mine")
    found = [(row["id"], row["category"], row["section"]) for row in rows]
    assert found == [
        ("2503.00001", "cs.CV", "new"),
        ("2503.00003", "cs.CV", "cross"),
        ("2503.00001", "cs.LG", "cross"),
        ("2503.00004", "cs.LG", "new"),
        ("2503.00007", "cs.CV", "new"),
        ("2503.00007", "cs.LG", "new"),
    ]
    assert [row.pop("reasons") for row in rows] == [[why]] * 3 + [["author Mei O'Dunmore"]] + [[why]] * 2
    assert all(row in records(viewed) for row in rows)
    rows = records(viewed, "..", "--view", "NERFS")
    assert ids(rows) == ["2503.00001", "2401.00001", "2503.00007"]
    assert [json.loads(line) for line in exported(viewed, "jsonl", "..", "--view", "nerfs").splitlines()] == rows
    cells = list(csv.DictReader(io.StringIO(exported(viewed, "csv", "..", "--view", "mine"))))
    assert [cell["reasons"] for cell in cells] == [why] * 3 + ["author Mei O'Dunmore"] + [why] * 2
    assert list(cells[0])[-1] == "reasons"
    entries = library(exported(viewed, "bibtex", "..", "--view", "mine")).values()
    assert [(entry["eprint"][-1], untex(entry["reasons"])) for entry in entries] == [
        ("1", why),
        ("3", why),
        ("4", "author Mei O'Dunmore"),
        ("7", why),
    ]
    found_in_ris = ris_records(exported(viewed, "ris", "..", "--view", "mine"))
    assert [dict(record)["AN"][-1] for record in found_in_ris] == ["1", "3", "4", "7"]
    assert ("N1", f"Reasons: {why}") in found_in_ris[0]


@pytest.mark.parametrize("form", ["atom", "jsonfeed"])
def test_a_feed_of_a_view(viewed: Sandbox, form: str) -> None:
    """The newest first, without replacements; it has a title and an id of its own, and leads to the view's digests."""
    viewed.configure("digest", address="https://example.org/archive")
    views(viewed, '[[view]]\nname = "nerfs"\nkeywords = ["nerf*"]\nsections = ["new", "replacement"]\n')
    text = exported(viewed, form, "..", "--view", "nerfs")
    whole = exported(viewed, form)
    digest = "https://example.org/archive/views/nerfs/2025/03/2025-03-07.md"
    if form == "atom":
        assert atom_faults(text) == []
        feed = feedparser.parse(text)
        assert [entry.id[-1] for entry in feed.entries] == ["7", "1"]
        assert [entry.digest_reason for entry in feed.entries] == ['keyword "nerf*" in the title'] * 2
        assert digest in [link.href for link in feed.entries[0].links]
        assert (feed.feed.title, feed.feed.id != feedparser.parse(whole).feed.id) == ("arXiv nerfs", True)
    else:
        assert json_feed_faults(text) == []
        found = json.loads(text)
        assert [item["id"][-1] for item in found["items"]] == ["7", "1"]
        assert [item["_digest"]["reasons"] for item in found["items"]] == [['keyword "nerf*" in the title']] * 2
        assert found["items"][0]["_digest"]["digest_url"] == digest
        assert found["_digest"]["id"] != json.loads(whole)["_digest"]["id"]


def test_a_view_is_narrowed_by_category_and_section(viewed: Sandbox) -> None:
    """To those that it shows; where it shows none of them, the mistake is told in one line."""
    assert ids(records(viewed, "..", "--view", "mine", "--category", "cs.LG"))[0] == "2503.00001"
    assert ids(records(viewed, "..", "--view", "mine", "--section", "cross")) == ["2503.00003", "2503.00001"]
    for mistake, words in (
        (("--category", "cs.LG"), "--category: view 'nerfs' shows cs.CV, not cs.LG"),
        (("--section", "cross"), "--section: view 'nerfs' shows new, replacement, not cross"),
    ):
        result = viewed.digest("export", "..", "--format", "json", "--view", "nerfs", *mistake)
        assert (result.code, result.out, result.err) == (2, "", f"error: {words}\n")


@pytest.mark.parametrize("form", FORMS)
def test_a_view_and_the_days_that_are_not_stored(viewed: Sandbox, form: str) -> None:
    """Missing days of its categories are named, of others not; a day without its papers is an empty document."""
    result = viewed.digest("export", "2025-03-04", "--format", form, "--view", "nerfs")
    assert (result.code, result.out, "cs.CV 2025-03-04" in result.err, "cs.LG" in result.err) == (4, "", True, False)
    assert is_empty(form, exported(viewed, form, "2025-03-06", "--view", "nerfs"))


def test_an_unknown_view_is_a_mistake(viewed: Sandbox) -> None:
    """The views that exist are named; where there are none, that is said."""
    result = viewed.digest("export", "..", "--format", "json", "--view", "zzz")
    assert (result.code, result.out, result.err) == (2, "", "error: no view 'zzz'; known: mine, nerfs\n")
    views(viewed)
    result = viewed.digest("export", "..", "--format", "json", "--view", "nerfs")
    assert (result.code, result.err) == (2, "error: no view 'nerfs': config.toml has none\n")


# --- for a spreadsheet -----------------------------------------------------------------------------


def test_a_byte_order_mark_only_where_it_is_asked_for(sandbox: Sandbox) -> None:
    """By it Excel knows UTF-8; what follows is the csv as ever. Other formats refuse it."""
    fill(sandbox, simple_day(["2503.00010"]))
    plain = exported(sandbox, "csv").encode()
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert exported(sandbox, "csv", "..", "--bom").encode() == b"\xef\xbb\xbf" + plain
    target = sandbox.folder / "out.csv"
    assert sandbox.digest("export", "..", "--format", "csv", "--bom", "--output", str(target)).code == 0
    assert target.read_bytes() == b"\xef\xbb\xbf" + plain
    for form in FORMS[:2] + FORMS[3:]:
        result = sandbox.digest("export", "..", "--format", form, "--bom")
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
        assert "--format csv" in result.err


# --- feeds -----------------------------------------------------------------------------------------


def test_a_feed_is_dated_by_the_announcement(sandbox: Sandbox) -> None:
    """At 20:00 in New York on the evening before, in summer and in winter time; the feed as its newest entry."""
    fill(sandbox, simple_day(["2503.00007"], date=FRIDAY), simple_day(["2503.00011"], date=TUESDAY))
    result = sandbox.digest("export", "2025-03-07..2025-03-11", "--format", "atom", now="2025-03-12T00:00:00Z")
    feed = feedparser.parse(result.out)
    assert feed.feed.updated == "2025-03-10T20:00:00-04:00"
    assert [entry.updated for entry in feed.entries] == ["2025-03-10T20:00:00-04:00", "2025-03-06T20:00:00-05:00"]
    assert [entry.published for entry in feed.entries] == [entry.updated for entry in feed.entries]


def test_an_empty_feed_is_dated_too(sandbox: Sandbox) -> None:
    """By the last date of its range, never by the clock."""
    feed = feedparser.parse(exported(sandbox, "atom", "2025-03-08..2025-03-09"))
    assert feed.feed.updated == "2025-03-08T20:00:00-05:00"
    assert feedparser.parse(exported(sandbox, "atom")).feed.updated == "1991-08-13T20:00:00-04:00"


def test_a_feed_keeps_its_id(sandbox: Sandbox) -> None:
    """As long as the same is asked for, whatever is in it; another feed has another. It is a UUID of version 8."""

    def feed_id(*arguments: str) -> str:
        found = sandbox.digest("export", *arguments, "--format", "atom").out
        return str(feedparser.parse(found).feed.id)

    fill(sandbox, simple_day(["2503.00001"]))
    first = feed_id("..")
    fill(sandbox, simple_day(["2503.00007"], date=FRIDAY))
    assert feed_id("..") == first
    assert len({first, feed_id("2025-03-05"), feed_id("..", "--section", "cross")}) == 3
    number = UUID(first.removeprefix("urn:uuid:"))
    assert (number.version, number.variant) == (8, "specified in RFC 4122")


def test_both_forms_of_a_feed_are_one_feed() -> None:
    """Title and id are the same in Atom and JSON, whatever the title holds."""
    days = simple_day(["2503.00001"]).announcements
    feed = feedparser.parse("".join(atom_feed(Feed("My <view>", "view mine"), days)))
    assert feed.feed.title_detail.value == "My <view>"
    other = json.loads("".join(json_feed(Feed("My <view>", "view mine"), days)))
    assert other["title"] == "My <view>"
    assert other["_digest"]["id"] == feed.feed.id


def test_an_entry_of_a_feed_leads_to_the_digest_where_that_is_published(sandbox: Sandbox) -> None:
    """In both forms; without an address the feed is as it was."""
    fill(sandbox, simple_day(["2503.00001"]))
    before = {form: exported(sandbox, form) for form in ("atom", "jsonfeed")}
    sandbox.configure("digest", address="https://example.org/my%20archive/")
    digest = "https://example.org/my%20archive/cs.CV/2025/03/2025-03-05.md"
    atom, feed = exported(sandbox, "atom"), exported(sandbox, "jsonfeed")
    assert atom_faults(atom) == json_feed_faults(feed) == []
    (entry,) = feedparser.parse(atom).entries
    assert [link.href for link in entry.links if link.get("title") == "digest"] == [digest]
    assert [item["_digest"]["digest_url"] for item in json.loads(feed)["items"]] == [digest]
    sandbox.configure("digest", address="")
    assert {form: exported(sandbox, form) for form in before} == before
    assert "digest_url" not in before["jsonfeed"]


@pytest.mark.parametrize(
    ("address", "file", "home"),
    [
        ("https://example.org/my%20archive/", "https://example.org/my%20archive", "https://example.org/my%20archive/"),
        (
            "https://github.com/me/archive/blob/main",
            "https://github.com/me/archive/raw/main",
            "https://github.com/me/archive/tree/main",
        ),
        (
            "https://github.com/me/archive/blob/main/digests/",
            "https://github.com/me/archive/raw/main/digests",
            "https://github.com/me/archive/tree/main/digests",
        ),
        (
            "https://gitlab.com/group/sub/archive/-/blob/main",
            "https://gitlab.com/group/sub/archive/-/raw/main",
            "https://gitlab.com/group/sub/archive/-/tree/main",
        ),
        (
            "https://codeberg.org/me/archive/src/branch/main",
            "https://codeberg.org/me/archive/raw/branch/main",
            "https://codeberg.org/me/archive/src/branch/main",
        ),
        (
            "https://bitbucket.org/me/archive/src/main",
            "https://bitbucket.org/me/archive/raw/main",
            "https://bitbucket.org/me/archive/src/main",
        ),
        ("https://github.com/me/archive", "", "https://github.com/me/archive/"),
        ("https://gitlab.com/group/archive/", "", "https://gitlab.com/group/archive/"),
        (
            "https://github.com/me/archive/raw/main",
            "https://github.com/me/archive/raw/main",
            "https://github.com/me/archive/raw/main/",
        ),
        ("https://me.github.io/archive", "https://me.github.io/archive", "https://me.github.io/archive/"),
    ],
)
def test_a_feed_says_where_it_is_published(sandbox: Sandbox, address: str, file: str, home: str) -> None:
    """Itself where its file is served, not a code host's page about it; its home where people find the archive.

    The address of a repository does not tell where its files are: no address is better than a wrong one.
    """
    sandbox.configure("digest", address=address)
    fill(sandbox, simple_day(["2503.00001"]))
    (sandbox.folder / "feeds").mkdir()
    for form, name in (("atom", "a b.xml"), ("jsonfeed", "feed.json")):
        target = sandbox.folder / "feeds" / name
        assert sandbox.digest("export", "..", "--format", form, "--output", str(target)).code == 0
    text = (sandbox.folder / "feeds/a b.xml").read_text(encoding="utf-8")
    assert atom_faults(text) == []
    links = {link.rel: (link.type, link.href) for link in feedparser.parse(text).feed.links}
    itself = {"self": ("application/atom+xml", f"{file}/feeds/a%20b.xml")} if file else {}
    assert links == itself | {"alternate": ("text/html", home)}
    feed = (sandbox.folder / "feeds/feed.json").read_text(encoding="utf-8")
    assert json_feed_faults(feed) == []
    assert json.loads(feed).get("feed_url") == (f"{file}/feeds/feed.json" if file else None)
    assert json.loads(feed)["home_page_url"] == home


def test_a_feed_that_is_not_published_has_no_address(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Printed, or written elsewhere, it still says whose it is; without [digest] address it says nothing."""
    fill(sandbox, simple_day(["2503.00001"]))
    assert '<link rel="self"' not in exported(sandbox, "atom")
    assert '<link rel="alternate" type="text/html" href="https://arxiv.org/abs' in exported(sandbox, "atom")
    sandbox.configure("digest", address="https://example.org/archive")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "feed.json"
    assert sandbox.digest("export", "..", "--format", "jsonfeed", "--output", str(elsewhere)).code == 0
    for text in (elsewhere.read_text(encoding="utf-8"), exported(sandbox, "jsonfeed")):
        feed = json.loads(text)
        assert (feed["home_page_url"], "feed_url" in feed) == ("https://example.org/archive/", False)


def test_an_entry_of_a_feed_leads_to_the_paper() -> None:
    """To its abstract page, the PDF and the code; its categories are arXiv's; where it comes from stands in it."""
    links = (Link("https://github.com/o/r", "code", "abstract"), Link("https://o.github.io/r", "project", "abstract"))
    one = paper(links=links, comments="8 pages", journal_ref="CVPR 2025")
    text = "".join(atom_feed(Feed("A feed", "seed"), day_of([(Section.CROSS, one)]).announcements))
    (entry,) = feedparser.parse(text).entries
    assert entry.id == "https://arxiv.org/abs/2503.00001"
    assert [(link.rel, link.href) for link in entry.links] == [
        ("alternate", "https://arxiv.org/abs/2503.00001"),
        ("related", "https://arxiv.org/pdf/2503.00001.pdf"),
        ("related", "https://github.com/o/r"),
    ]
    assert [(tag.term, tag.scheme) for tag in entry.tags] == [
        ("cs.CV", "http://arxiv.org/schemas/atom"),
        ("cs.LG", "http://arxiv.org/schemas/atom"),
    ]
    assert [author.name for author in entry.authors] == ["Zoë van der Plaat", "Mei O'Dunmore"]
    assert (entry.arxiv_comment, entry.arxiv_journal_ref) == ("8 pages", "CVPR 2025")
    origin = etree.fromstring(text.encode()).find(f"{ATOM}entry")[-1]  # type: ignore[index]
    assert etree.QName(origin).localname == "announcement"
    assert dict(origin.attrib) == dict(
        zip(PROVENANCE, ["2025-03-05", "cs.CV", "cross", "1", "listing", "complete"], strict=True)
    )


# --- 2,290 real papers -----------------------------------------------------------------------------


def real_announcements(shared: Path) -> tuple[Announcement, ...]:
    """Return the papers of twenty real listing days, the oldest first."""
    return tuple(one for day in real_days(shared) for one in day.announcements)


def others(one: Announcement, words: str) -> list[str]:
    """Return what stands for further authors: a listing with 100 of them may have left some out."""
    return [words] if len(one.paper.authors) == 100 else []


@pytest.mark.long
def test_real_papers_in_bibtex(shared: Path) -> None:
    """2,290 entries with different keys; title, authors, comments, abstract and class come back as they went in."""
    real = real_announcements(shared)
    text = "".join(bibtex(real))
    found = library(text, SeparateCoAuthors())
    assert len(found) == len(real) == 2290
    for one, fields in zip(real, found.values(), strict=True):
        source = one.paper
        assert untex(fields["title"]) == source.title
        assert [untex(name) for name in fields["author"]] == [*map(collapsed, source.authors), *others(one, "others")]
        assert (fields["eprint"], fields["archivePrefix"]) == (str(source.arxiv_id), "arXiv")
        assert (fields["primaryClass"], fields["announced"]) == (source.primary_category, one.date.isoformat())
        assert untex(fields.get("comment", "")) == collapsed(readable(source.comments or ""))
        assert (fields["year"], fields["month"]) == (
            f"20{fields['eprint'][:2]}",
            MONTHS[int(fields["eprint"][2:4]) - 1],
        )
    marked = [
        (one, fields)
        for one, fields in zip(real, found.values(), strict=True)
        if set("\\$^{") & set(fields["abstract"])
    ]
    assert len(marked) > 200
    for one, fields in marked[::10]:
        assert untex(fields["abstract"]) == collapsed(readable(one.paper.abstract or ""))


def test_real_names_in_bibtex(shared: Path) -> None:
    """By BibTeX's own rules, too, every paper has as many authors as on arXiv."""
    real = real_announcements(shared)
    found = people("".join(bibtex(replace(one, paper=replace(one.paper, abstract=None)) for one in real)))
    assert len({key.lower() for key, _ in found}) == 2290
    assert [len(names) for _, names in found] == [len([*one.paper.authors, *others(one, "others")]) for one in real]


def test_real_papers_in_ris(shared: Path) -> None:
    """2,290 records; titles and abstracts come back, and every name is cut where pybtex cuts it by BibTeX's rules."""
    real = real_announcements(shared)
    found = ris_records("".join(ris(real)))
    assert len(found) == len(real) == 2290
    for one, record in zip(real, found, strict=True):
        source, fields = one.paper, dict(record)
        assert (fields["AN"], fields["TI"]) == (str(source.arxiv_id), collapsed(source.title))
        assert fields["AB"] == " ".join(readable(source.abstract or "").split())
        people_only = [name for name in source.authors if not re.search(r"(Team|Initiative)$|^and ", name)]
        parts = [name_parts(name) for name in people_only if " " in collapsed(name)]
        expected = [", ".join(filter(None, (surname, given))) for given, surname, _ in parts]
        names = [value for tag, value in record if tag == "AU"]
        assert len(names) == len([*source.authors, *others(one, "and others")])
        assert [name for name in names if ", " in name] == expected


@pytest.mark.long
def test_real_papers_in_atom(shared: Path) -> None:
    """Valid, without a complaint of feedparser; titles, authors, abstracts and links come back."""
    real = real_announcements(shared)[::-1]
    text = "".join(atom_feed(Feed("Real papers", "real"), real))
    assert atom_faults(text) == []
    feed = feedparser.parse(text, sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo
    assert len({entry.id for entry in feed.entries}) == 2290
    for one, entry in zip(real, feed.entries, strict=True):
        assert html.unescape(entry.title) == html.unescape(one.paper.title)
        assert entry.title_detail.type == "text/plain"
        assert [author.name for author in entry.authors] == [*one.paper.authors, *others(one, "and others")]
        assert entry.link == one.paper.abstract_url
        assert one.date - timedelta(days=1) == date.fromisoformat(entry.updated[:10])
    summaries = [node.text for node in etree.fromstring(text.encode()).iterfind(f"{ATOM}entry/{ATOM}summary")]
    assert summaries == [readable(one.paper.abstract or "") for one in real]


def test_real_papers_in_json_feed(shared: Path) -> None:
    """Each member is there and of its type; texts, authors and dates come back."""
    real = real_announcements(shared)[::-1]
    text = "".join(json_feed(Feed("Real papers", "real"), real))
    assert json_feed_faults(text) == []
    items = json.loads(text)["items"]
    assert len(items) == 2290
    for one, item in zip(real, items, strict=True):
        assert (item["id"], item["title"]) == (one.paper.abstract_url, one.paper.title)
        assert item["content_text"] == readable(one.paper.abstract or "")
        assert [author["name"] for author in item["authors"]] == [*one.paper.authors, *others(one, "and others")]
        assert datetime.fromisoformat(item["date_published"]).date() == one.date - timedelta(days=1)


def test_real_papers_in_rows(shared: Path) -> None:
    """JSON, JSON Lines and CSV hold each paper, field by field."""
    real = real_announcements(shared)
    rows = json.loads("".join(json_array(real)))
    assert [json.loads(line) for line in "".join(json_lines(real)).splitlines()] == rows
    cells = list(csv.DictReader(io.StringIO("".join(csv_rows(real)), newline="")))
    assert len(rows) == len(cells) == 2290
    for one, row, cell in zip(real, rows, cells, strict=True):
        source = one.paper
        assert (row["id"], row["title"], row["authors"]) == (str(source.arxiv_id), source.title, list(source.authors))
        assert (row["abstract_html"], row["comments_html"]) == (source.abstract, source.comments)
        assert row["abstract"] == cell["abstract"] == readable(source.abstract or "")
        assert (cell["title"], cell["authors"]) == (source.title, "; ".join(source.authors))
        assert cell["code_urls"] == "; ".join(link.url for link in source.links)


# --- memory ----------------------------------------------------------------------------------------

_PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"""


def peak(sandbox: Sandbox, dates: str, form: str) -> int:
    """Return the most memory, in MB, that an export had at any time."""
    digest = [sys.executable, "-m", "digest", "-q", "--config", "config.toml", "export", dates, "--format", form]
    command = [sys.executable, "-c", _PEAK, *digest]
    return int(subprocess.run(command, cwd=sandbox.folder, capture_output=True, text=True, check=True).stdout)


@pytest.mark.long
def test_memory_does_not_grow_with_the_archive(sandbox: Sandbox) -> None:
    """Sixty days take a few MB more than one (ids, where a paper stands once), and far less than 150."""
    dates = [when for when in (date(2024, 1, 1) + timedelta(days=n) for n in range(90)) if when.weekday() < 5][:60]
    abstract = "A sentence of an abstract of usual length. " * 28
    made = [
        day_of(
            [(Section.NEW, paper(f"24{when:%m}.{when.day * 500 + n:05d}", abstract=abstract)) for n in range(130)],
            date=when,
        )
        for when in dates
    ]
    fill(sandbox, *made)
    for form in ("json", "bibtex", "atom"):
        one, all_days = peak(sandbox, "2024-01-03", form), peak(sandbox, "..", form)
        assert all_days < 150
        assert all_days - one < 20
