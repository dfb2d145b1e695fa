"""Days as a list to read: what is chosen of them, what came since the last time."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest.model import Day, Link, Section, Source, State
from digest.records.day import record_path, render_record
from digest.store.whole import Store
from tests.conftest import NIGHT, Sandbox, long_after
from tests.days import day_of, paper, simple_day

ARXIV = "https://arxiv.org"
CODE = Link("https://github.com/example-lab/lumonet", "code", "abstract")
PROJECT = Link("https://example.org/lumonet", "project", "comments")

DAY = day_of(
    [
        (Section.NEW, paper("2503.00001", title="First of the Month", links=(PROJECT, CODE))),
        (Section.NEW, paper("2503.00003", title=r"A $2\times$ Faster Net", authors=tuple("ABCDEFGHIJKLM"))),
        (Section.CROSS, paper("2503.00002", title="Borrowed", abstract=None)),
        (Section.REPLACEMENT, paper("2501.00009", title="An Older One", links=(CODE,))),
    ]
)
"""In the digest, the newest id of each section comes first."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of states of one's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/digest"


def keep(sandbox: Sandbox, *days: Day) -> None:
    """Store days, and write nothing."""
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    for day in days:
        store.save_day(day, "0" * 64, outdated_file="none")
    store.close()


@pytest.fixture
def stored(sandbox: Sandbox) -> Sandbox:
    """An archive of one day."""
    keep(sandbox, DAY)
    return sandbox


# --- what is chosen --------------------------------------------------------------------------------


def test_titles_are_a_list_with_the_digest_s_numbers(stored: Sandbox) -> None:
    """Plain text, a paper a line, its id last; LaTeX as it was typed."""
    assert stored.digest("show", "2025-03-05", "--titles").out.splitlines() == [
        "cs.CV  Wed, 5 Mar 2025",
        "2 new, 1 cross-list, 1 replacement",
        "",
        "New submissions (2)",
        "",
        r"1. A $2\times$ Faster Net  2503.00003",
        "2. First of the Month  2503.00001",
        "",
        "Cross-lists (1)",
        "",
        "3. Borrowed  2503.00002",
    ]


def test_with_code_leaves_the_numbers(stored: Sandbox) -> None:
    """Title, authors, one line of links, the abstract; how many of how many."""
    assert stored.digest("show", "2025-03-05", "--with-code").out.splitlines()[2:] == [
        "",
        "New submissions (1 of 2)",
        "",
        "2. First of the Month",
        "   Zoë van der Plaat, Mei O'Dunmore",
        f"   {ARXIV}/abs/2503.00001  {ARXIV}/pdf/2503.00001  project: {PROJECT.url}  code: {CODE.url}",
        "   An abstract of 2503.00001.",
    ]


def test_a_section_that_digests_leave_out_is_numbered_behind_them(stored: Sandbox) -> None:
    """So that each paper of a day has one number."""
    found = stored.digest("show", "2025-03-05", "--section", "replacement", "--titles").out
    assert found.splitlines()[3:] == ["Replacements (1)", "", "4. An Older One  2501.00009"]


def test_several_sections_may_be_asked_for(stored: Sandbox) -> None:
    """In the order of the digest."""
    found = stored.digest("show", "2025-03-05", "--titles", "--section", "cross", "--section", "new").out
    assert [line[:2] for line in found.splitlines() if "2503" in line] == ["1.", "2.", "3."]


def test_many_authors_are_cut(stored: Sandbox) -> None:
    """The first ten are named."""
    assert "   A, B, C, D, E, F, G, H, I, J, and 3 more\n" in stored.digest("show", "latest", "--section", "new").out


def test_what_is_chosen_may_be_nothing(stored: Sandbox) -> None:
    """That is said, and is no failure."""
    found = stored.digest("show", "2025-03-05", "--section", "cross", "--with-code")
    assert (found.code, found.out.splitlines()[-1]) == (0, "nothing to show")


@pytest.mark.parametrize(("state", "words"), [(State.PROVISIONAL, "not proven yet"), (State.IMPORTED, "saved page")])
def test_a_day_that_is_not_proven_says_so(sandbox: Sandbox, state: State, words: str) -> None:
    """Above its papers, as arXiv's own count does that is not met."""
    keep(sandbox, simple_day(["2503.00001"], state=state, declared={Section.NEW: 3}))
    found = sandbox.digest("show", "latest", "--titles").out
    assert words in found
    assert "arXiv counts 2 more than it lists" in found


def test_without_options_a_pipe_gets_the_file(stored: Sandbox) -> None:
    """Of that day, as it is rendered; --no-pager changes nothing of it."""
    found = stored.digest("show", "2025-03-05")
    assert found.out.startswith("# ArXiv cs.CV --Wed, 5 Mar 2025\n### 1.A $2\\times$ Faster Net  [ :arrow_down: ]")
    assert stored.digest("show", "2025-03-05", "--no-pager") == found


def test_json_has_the_papers_that_are_chosen(stored: Sandbox) -> None:
    """With --titles no more than that."""
    chosen = json.loads(stored.digest("show", "2025-03-05", "--with-code", "--json").out)
    (day,) = chosen["digests"]
    assert (day["category"], day["date"], "text" in day) == ("cs.CV", "2025-03-05", False)
    assert day["papers"] == [
        {
            "number": 2,
            "section": "new",
            "id": "2503.00001",
            "title": "First of the Month",
            "authors": ["Zoë van der Plaat", "Mei O'Dunmore"],
            "more_authors": False,
            "abstract": "An abstract of 2503.00001.",
            "links": [
                {"url": PROJECT.url, "kind": "project", "found_in": "comments"},
                {"url": CODE.url, "kind": "code", "found_in": "abstract"},
            ],
            "abstract_url": "https://arxiv.org/abs/2503.00001",
            "pdf_url": "https://arxiv.org/pdf/2503.00001.pdf",
        }
    ]
    titles = json.loads(stored.digest("show", "2025-03-05", "--titles", "--section", "cross", "--json").out)
    assert titles["digests"][0]["papers"] == [
        {"number": 3, "section": "cross", "id": "2503.00002", "title": "Borrowed"}
    ]


@pytest.mark.parametrize("words", [(), ("latest", "--unread")], ids=["neither", "both"])
def test_a_date_or_unread(stored: Sandbox, words: Sequence[str]) -> None:
    """One of them: a mistake is exit 2."""
    found = stored.digest("show", *words)
    assert (found.code, "either a DATE, such as latest, or --unread" in found.err) == (2, True)


def test_of_several_categories_the_stored_ones_are_shown(sandbox: Sandbox) -> None:
    """And the others are named, in a list as in a text."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG", "cs.RO"])
    keep(sandbox, DAY, simple_day(["2503.00007"], category="cs.LG"))
    for words in (["--titles"], []):
        found = sandbox.digest("show", "latest", *words)
        assert (found.code, "2503.00003" in found.out, "2503.00007" in found.out) == (4, True, True)
        assert found.err == "error: nothing is stored yet; `digest run` fetches the newest listing\n"
    missing = sandbox.digest("show", "2025-03-04", "--titles")
    assert (missing.code, missing.out, missing.err.count("error: cs.")) == (4, "", 3)
    assert sandbox.digest("show", "2025-03-01", "--titles").code == 2  # a Saturday


def test_a_view_is_a_list_with_reasons(stored: Sandbox) -> None:
    """Numbered by itself; a section that it does not show is a mistake."""
    with (stored.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "nets"\nkeywords = ["net"]\n')
    found = stored.digest("view", "nets", "2025-03-05", "--section", "new")
    assert found.out.splitlines()[:4] == ["nets  Wed, 5 Mar 2025", "", "New submissions (1)", ""]
    assert '   keyword "net" in the title' in found.out.splitlines()
    papers = json.loads(stored.digest("view", "nets", "latest", "--titles", "--json").out)["papers"]
    assert [(one["number"], one["id"]) for one in papers] == [(1, "2503.00003")]
    refused = stored.digest("view", "nets", "latest", "--section", "replacement")
    assert (refused.code, "view 'nets' shows new, cross, not replacement" in refused.err) == (2, True)


def test_a_day_known_by_the_header_of_its_record_is_read_from_it(stored: Sandbox) -> None:
    """In a fresh clone, whose database has the headers alone; nothing else is loaded for it."""
    path = stored.folder / "data" / record_path("cs.CV", DAY.date)
    path.parent.mkdir(parents=True)
    path.write_bytes(render_record(DAY))
    assert stored.digest("regenerate", "--all").code == 0  # a clone has the digests, too
    (stored.folder / "archive.db").unlink()
    assert "3. Borrowed  2503.00002" in stored.digest("show", "latest", "--titles").out
    assert "3. Borrowed  2503.00002" in stored.digest("show", "--unread", "--titles").out
    store = Store(f"sqlite:///{stored.folder}/archive.db", stored.folder / "archive.db")
    summary = store.summary("cs.CV", DAY.date)
    store.close()
    assert summary is not None
    assert not summary.is_loaded


# --- what is unread --------------------------------------------------------------------------------

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2025, 3, day) for day in (4, 5, 6, 7))


def unread(sandbox: Sandbox, *words: str) -> list[str]:
    """Return the ids that are shown as unread."""
    found = sandbox.digest("show", "--unread", "--titles", *words, now="2025-03-10T12:00:00Z")
    assert found.code == 0
    return [line.rpartition("  ")[2] for line in found.out.splitlines() if ". " in line]


def one_day(when: date, *ids: str, **fields: Any) -> Day:
    """Return a day of new papers."""
    return simple_day(ids, date=when, **fields)


def test_unread_begins_with_the_newest_day(sandbox: Sandbox) -> None:
    """Then each day is shown once, the oldest first."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"), one_day(WEDNESDAY, "2503.00002"))
    assert unread(sandbox) == ["2503.00002"]
    assert unread(sandbox) == []
    keep(sandbox, one_day(FRIDAY, "2503.00004"), one_day(THURSDAY, "2503.00003"))
    assert unread(sandbox) == ["2503.00003", "2503.00004"]
    again = sandbox.digest("show", "--unread")
    assert (again.code, again.out, again.err) == (0, "", "nothing came since the last time\n")


def test_a_gap_that_is_filled_is_unread_and_a_past_that_is_fetched_is_not(sandbox: Sandbox) -> None:
    """Nobody who gets the past weeks wants to read them all at once."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    assert unread(sandbox) == ["2503.00001"]
    keep(sandbox, one_day(THURSDAY, "2503.00003"))
    assert unread(sandbox) == ["2503.00003"]
    keep(sandbox, one_day(WEDNESDAY, "2503.00002"), one_day(date(2025, 2, 27), "2502.00001"))
    assert unread(sandbox) == ["2503.00002"]
    assert unread(sandbox) == []


def test_of_a_provisional_day_what_it_lacked_is_unread(sandbox: Sandbox) -> None:
    """Once it is there; what was shown is not shown again."""
    keep(sandbox, one_day(TUESDAY, "2503.00001", state=State.PROVISIONAL, source=Source.FEED))
    assert unread(sandbox) == ["2503.00001"]
    assert unread(sandbox) == []
    keep(sandbox, one_day(TUESDAY, "2503.00002", "2503.00001"))
    assert unread(sandbox) == ["2503.00002"]
    assert unread(sandbox) == []


def test_a_day_without_anything_to_show_is_no_news(sandbox: Sandbox) -> None:
    """Its replacements came, say, which digests leave out; it is read all the same."""
    keep(sandbox, one_day(TUESDAY, "2503.00001", state=State.PROVISIONAL, source=Source.FEED))
    assert unread(sandbox) == ["2503.00001"]
    keep(sandbox, one_day(TUESDAY, "2503.00001", replacement=["2501.00001"]), one_day(WEDNESDAY, state=State.EMPTY))
    found = sandbox.digest("show", "--unread")
    assert (found.out, found.err) == ("", "nothing came since the last time\n")
    assert unread(sandbox, "--section", "replacement") == []


def test_each_category_and_archive_is_remembered_by_itself(sandbox: Sandbox, state: Path, tmp_path: Path) -> None:
    """In a file for each archive."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    keep(sandbox, one_day(TUESDAY, "2503.00001"), one_day(TUESDAY, "2503.00002", category="cs.LG"))
    assert unread(sandbox, "--category", "cs.LG") == ["2503.00002"]
    assert unread(sandbox) == ["2503.00001"]
    other = Sandbox(tmp_path / "other", sandbox.capture)
    shutil.copytree(sandbox.folder, other.folder)
    assert unread(other) == ["2503.00001", "2503.00002"]
    assert len(list(state.iterdir())) == 2


def test_unread_in_a_pipe_is_the_text_of_the_files(sandbox: Sandbox) -> None:
    """One after another, as of a date; as JSON too."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    assert unread(sandbox) == ["2503.00001"]
    keep(sandbox, one_day(WEDNESDAY, "2503.00002"), one_day(THURSDAY, "2503.00003"))
    each = [sandbox.digest("show", f"2025-03-0{day}").out for day in (5, 6)]
    found = sandbox.digest("show", "--unread", "--json")
    assert [one["text"] for one in json.loads(found.out)["digests"]] == each
    assert sandbox.digest("show", "--unread").out == ""
    keep(sandbox, one_day(FRIDAY, "2503.00004"))
    assert sandbox.digest("show", "--unread").out == sandbox.digest("show", "latest").out


@pytest.mark.parametrize("words", long_after(1, [["--json"], ["--titles"], []]), ids=" ".join)
def test_nothing_is_remembered_that_was_not_shown(sandbox: Sandbox, state: Path, words: list[str]) -> None:
    """There was no room for it, or its reader was gone."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "show", "--unread", *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=sandbox.folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (6, "error: standard output: No space left on device\n")
    assert not state.exists()
    assert unread(sandbox) == ["2503.00001"]


def test_nothing_stored_is_nothing_to_read(sandbox: Sandbox, state: Path) -> None:
    """Exit 4, and the way out."""
    found = sandbox.digest("show", "--unread")
    assert (found.code, "`digest run` fetches the newest listing" in found.err) == (4, True)
    assert not state.exists()


@pytest.mark.parametrize("broken", ["{", "[]", '{"format": 2}', '{"format": 1, "categories": {"cs.CV": {}}}', "\0"])
def test_a_memory_that_is_none_is_left_alone(sandbox: Sandbox, state: Path, broken: str) -> None:
    """A warning names the file; the newest day is shown all the same."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    assert unread(sandbox) == ["2503.00001"]
    (memory,) = state.iterdir()
    memory.write_text(broken)
    found = sandbox.digest("show", "--unread", "--titles")
    assert (found.code, "2503.00001" in found.out, len(found.err.splitlines())) == (0, True, 1)
    assert found.err.startswith(f"warning: {memory}: ")
    assert "remove it to begin anew" in found.err
    assert memory.read_text() == broken


def test_where_nothing_can_be_remembered_it_is_read_all_the_same(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be; a warning after the text."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    found = sandbox.digest("show", "--unread", "--titles")
    assert (found.code, "2503.00001" in found.out, len(found.err.splitlines())) == (0, True, 1)
    assert found.err.startswith("warning: ")
    assert "remembered" in found.err


def test_without_a_home_nothing_is_remembered(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative XDG_STATE_HOME is none, as its specification has it; then the home decides."""
    keep(sandbox, one_day(TUESDAY, "2503.00001"))
    home = sandbox.folder / "home"
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(home))
    assert unread(sandbox) == ["2503.00001"]
    assert len(list((home / ".local/state/digest").iterdir())) == 1


def test_a_damaged_day_is_named_and_read_once_it_is_mended(stored: Sandbox) -> None:
    """Exit 6; the days beside it are shown."""
    stored.digest("show", "--unread")
    path = stored.folder / "data" / record_path("cs.CV", DAY.date)
    path.parent.mkdir(parents=True)
    for day in (DAY, one_day(THURSDAY, "2503.00010"), one_day(FRIDAY, "2503.00011")):
        (path.parent / f"{day.date}.jsonl").write_bytes(render_record(day))
    (stored.folder / "archive.db").unlink()
    whole = (path.parent / "2025-03-06.jsonl").read_bytes()
    (path.parent / "2025-03-06.jsonl").write_bytes(whole.replace(b"2503.00010", b"2503.0001x", 1))
    found = stored.digest("show", "--unread", "--titles", now="2025-03-10T12:00:00Z")
    assert found.code == 6
    assert "2503.00011" in found.out
    assert [line[:7] for line in found.err.splitlines() if "2025-03-06" in line] == ["error: "]
    (path.parent / "2025-03-06.jsonl").write_bytes(whole)
    (stored.folder / "archive.db").unlink()
    assert unread(stored) == ["2503.00010"]


@pytest.mark.parametrize("lost", ["entry WHERE position = 1", "revision WHERE id = 1"])
@pytest.mark.parametrize(
    "words", [["show", "2025-03-05", "--titles"], ["view", "all", "2025-03-05"], ["show", "--unread"]]
)
def test_what_the_database_lost_is_no_shortfall_of_arxiv_s(stored: Sandbox, lost: str, words: list[str]) -> None:
    """A lost row is damage, named with its day, whoever looks at the day: exit 6, and no list that passes for all."""
    with (stored.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["title"]\n')
    with closing(sqlite3.connect(stored.folder / "archive.db")) as database, database:
        database.execute(f"DELETE FROM {lost}")  # noqa: S608 - ours
    found = stored.digest(*words)
    assert found.code == 6, found
    assert "cs.CV 2025-03-05: expected 4 entries in the database, found 3; `digest verify --repair`" in found.err
    assert "counts 1 more" not in found.out
