"""Without a disk: the day records are the archive, and each run begins in a fresh clone of them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.archive.clone import is_all_proven
from digest.config import load
from digest.model import Correction, Decision, Ledger, Reading, Source, Start, State
from digest.records.day import record_path, render_record
from digest.records.state import render_ledger
from digest.store.whole import Store
from tests import thirty_nights
from tests.conftest import NIGHT, Sandbox, about_sqlite
from tests.days import simple_day
from tests.nights import after, asked, catchup, listing, lose_database, show
from tests.receiver import receiving
from tests.rehearsal import CALM_HOURS, CATEGORY
from tests.repositories import check_nothing_was_forced, git, isolate, make_remote, make_repository
from tests.standin import StandIn, faults, invent
from tests.thirty_nights import Outcome

DAYS = (date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5))
NOW = datetime.fromisoformat(NIGHT)
SEEN = datetime(2025, 3, 4, 12, tzinfo=UTC)


# --- thirty nights ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Thirty nights, each run in a fresh clone without a database; a holiday and the new year are among them."""
    place = tmp_path_factory.mktemp("nights")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in thirty_nights.isolated(place / "home").items():
            patch.setenv(name, value)
        yield thirty_nights.rehearse(place)


@pytest.mark.long
def test_the_repository_is_that_of_a_machine_with_a_disk(outcome: Outcome) -> None:
    """Digests, indexes, records and what is known besides are equal to the byte; no listing date is missing."""
    with_disk = thirty_nights.files(outcome.with_disk)
    assert thirty_nights.files(outcome.fresh) == with_disk
    assert {f"data/{record_path(CATEGORY, when)}" for when in outcome.listing_dates} <= with_disk.keys()
    assert {f"cs.CV/{when:%Y/%m}/{when}.md" for when in outcome.listing_dates} <= with_disk.keys()
    assert {"README.md", "cs.CV/2025/README.md", "cs.CV/2026/README.md", "data/state.json"} <= with_disk.keys()


@pytest.mark.long
def test_the_store_is_that_of_a_machine_with_a_disk(outcome: Outcome) -> None:
    """Rebuilt in the last clone: days, entries, revisions, links, corrections, and how each file was made."""
    assert thirty_nights.rebuild(outcome.fresh) == 0
    with_disk = thirty_nights.dump(outcome.with_disk)
    assert thirty_nights.dump(outcome.fresh) == with_disk
    sizes = {table: len(rows) for table, rows in with_disk.items()}
    assert sizes["day"] == len(outcome.listing_dates)
    assert all(sizes[table] for table in ("entry", "revision", "link", "correction", "file")), sizes
    assert not sizes["reading"]  # nothing is in doubt any more


@pytest.mark.long
def test_every_run_ends_as_with_a_disk(outcome: Outcome) -> None:
    """The killed one aside; the run after it brings the same day in, from the same page."""
    runs = {night: [firing.code for firing in firings] for night, firings in outcome.firings.items()}
    with_disk = {night: [firing.code_with_disk for firing in firings] for night, firings in outcome.firings.items()}
    assert runs[outcome.killed] == [-9, 0]
    assert {**runs, outcome.killed: [0, 0]} == with_disk
    assert with_disk[outcome.refused] == [5, 5]
    assert {tuple(codes) for night, codes in with_disk.items() if night != outcome.refused} == {(0, 0)}


@pytest.mark.long
def test_what_is_proven_is_neither_asked_for_nor_opened(outcome: Outcome) -> None:
    """The second run of a calm night ends before it makes a database, and asks arXiv for nothing."""
    troubled = {outcome.killed, outcome.refused, outcome.late, thirty_nights.SURPRISE}
    calm = [when for when in outcome.listing_dates if when not in troubled]
    first = [outcome.firings[when][0] for when in calm]
    second = [outcome.firings[when][1] for when in calm]
    assert [(firing.opened, firing.requests) for firing in second] == [(False, 0)] * len(calm)
    assert all(firing.opened and firing.requests for firing in first)
    assert [firing.requests for firing in outcome.firings[outcome.killed]] == [1, 1]
    assert len(calm) > 15
    assert all(len(firings) == len(CALM_HOURS) for firings in outcome.firings.values())


@pytest.mark.long
def test_nobody_s_commit_is_lost(outcome: Outcome) -> None:
    """Others pushed first, twice: their commits are in the history, ours after them, and nothing was forced."""
    check_nothing_was_forced(outcome.remote)
    assert len(outcome.foreign) == len(outcome.rejected) == 2
    for commit in outcome.foreign:
        git(outcome.remote, "merge-base", "--is-ancestor", commit, "main")
    authors = git(outcome.remote, "log", "--format=%an", "main").splitlines()
    assert authors.count("Digest") == len(outcome.listing_dates)  # a commit an announcement, and none without
    assert len(authors) == authors.count("Digest") + len(outcome.foreign) + 1


# --- before anything is opened ------------------------------------------------------------------------


@pytest.fixture
def recorded(sandbox: Sandbox) -> Sandbox:
    """An archive of three days without a database: records, digests, indexes, and what a run notes."""

    def make() -> None:
        with StandIn([invent(CATEGORY, when) for when in DAYS], today=DAYS[0]) as arxiv:
            sandbox.configure("arxiv", pages_url=arxiv.url)
            for when in DAYS:
                arxiv.today = when
                assert sandbox.digest("run", now=after(when)).code == 0
        sandbox.configure("arxiv", pages_url="http://127.0.0.1:9")
        lose_database(sandbox)
        shutil.rmtree(sandbox.folder / "raw")

    sandbox.once(make)
    return sandbox


def proves(sandbox: Sandbox, now: datetime = NOW) -> bool:
    """Whether the records alone prove all that is expected."""
    return is_all_proven(load(sandbox.folder / "config.toml", {}), now)


def record(sandbox: Sandbox, when: date = DAYS[1], category: str = CATEGORY) -> Path:
    """Return where the record of a day lies."""
    return sandbox.folder / "data" / record_path(category, when)


def know(sandbox: Sandbox, ledger: Ledger) -> None:
    """Let the archive know something besides its days."""
    (sandbox.folder / "data/state.json").write_bytes(render_ledger(ledger))


def put(sandbox: Sandbox, when: date, category: str = CATEGORY, state: State = State.COMPLETE) -> None:
    """Put a record with its digest, and a link to that, into the archive."""
    path = record(sandbox, when, category)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render_record(simple_day(["2503.00001"], category=category, date=when, state=state)))
    digest = sandbox.folder / f"{category}/{when:%Y/%m}/{when}.md"
    digest.parent.mkdir(parents=True, exist_ok=True)
    digest.touch()
    with (digest.parents[1] / "README.md").open("a") as readme:
        readme.write(f"[{when.day}]({when:%m}/{when}.md)\n")


def given_up(when: date, state: str = "lost") -> Ledger:
    """Return what is known after somebody settled a date."""
    return Ledger(decisions=(Decision(CATEGORY, when, state, "", SEEN),))


def test_a_run_that_has_nothing_to_do_opens_nothing(recorded: Sandbox) -> None:
    """Exit 0, no request, no database, no byte changed, and one line that says why."""
    whole = recorded.tree()
    result = recorded.digest("run")
    assert (result.code, result.err.splitlines()) == (
        0,
        [
            "nothing to do: the day records prove every listing that is expected",
            "ok=0 failed=0 requests=0 exit=0",
        ],
    )
    assert not (recorded.folder / "archive.db").exists()
    assert recorded.tree() == whole


@about_sqlite
def test_nothing_heavy_is_loaded_then(recorded: Sandbox) -> None:
    """Neither the database's nor the parsers' nor the network's libraries: a run may come many times a night."""
    program = (
        "import sys\nfrom digest.__main__ import main\n"
        f"try: main(['--config', 'config.toml', '--now', '{NIGHT}', 'run'])\n"
        "except SystemExit as end: print(end.code, *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=recorded.folder, capture_output=True, text=True, check=True
    )
    code, *modules = done.stdout.split()
    assert code == "0"
    assert "digest" in modules
    assert not {"sqlalchemy", "alembic", "bs4", "lxml", "feedparser", "jinja2", "requests", "rich"} & {*modules}


def provisional(sandbox: Sandbox) -> None:
    """Let a day be known from the feed alone."""
    put(sandbox, DAYS[1], state=State.PROVISIONAL)


def of_another_date(sandbox: Sandbox) -> None:
    """Let a record lie under another date than its own."""
    shutil.copy(record(sandbox, DAYS[0]), record(sandbox, DAYS[1]))


def add_view(sandbox: Sandbox) -> None:
    """Configure a view, whose digests are not there yet."""
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "mine"\nkeywords = ["graph"]\n')


def pipe(sandbox: Sandbox) -> None:
    """Let something stand in a record's place that would be waited for, for ever."""
    record(sandbox).unlink()
    os.mkfifo(record(sandbox))


def link_readme(sandbox: Sandbox) -> None:
    """Let the archive's README be a person's own link."""
    (sandbox.folder / "README.md").rename(sandbox.folder / "mine.md")
    (sandbox.folder / "README.md").symlink_to("mine.md")


def unindexed(sandbox: Sandbox) -> None:
    """Let the index of the year be of before the newest day."""
    readme = sandbox.folder / "cs.CV/2025/README.md"
    readme.write_text(readme.read_text().replace("(03/2025-03-05.md)", "()"))


def surprise(sandbox: Sandbox) -> None:
    """Let arXiv have been seen to have a listing of a Saturday, between two days that are here."""
    put(sandbox, date(2025, 2, 28))
    know(sandbox, Ledger(corrections=(Correction(date(2025, 3, 1), has_listing=True, evidence="x", seen_at=SEEN),)))


OPEN: dict[str, Callable[[Sandbox], object]] = {
    "a listing date without a record": lambda sandbox: record(sandbox).unlink(),
    "the newest without a record": lambda sandbox: record(sandbox, DAYS[2]).unlink(),
    "a provisional day": provisional,
    "the newest known from an import alone": lambda sandbox: put(sandbox, DAYS[2], state=State.IMPORTED),
    "an empty record": lambda sandbox: record(sandbox).write_bytes(b""),
    "a record that is cut in its first line": lambda sandbox: record(sandbox).write_bytes(b'{"format": 2, "da'),
    "a merge that was not finished": lambda sandbox: record(sandbox).write_bytes(b"<<<<<<< HEAD\n"),
    "a record of a newer digest": lambda sandbox: record(sandbox).write_bytes(b'{"format": 99}\n'),
    "a record of another date": of_another_date,
    "a record that is a pipe": pipe,
    "a damaged state": lambda sandbox: (sandbox.folder / "data/state.json").write_bytes(b"{"),
    "a look that waits for another": lambda sandbox: know(
        sandbox, Ledger(readings=(Reading(CATEGORY, DAYS[2], Source.LISTING, SEEN, ""),))
    ),
    "an archive whose first run was earlier": lambda sandbox: know(
        sandbox, Ledger(starts=(Start(CATEGORY, date(2025, 2, 27)),))
    ),
    "a listing that the table does not know": surprise,
    "a digest that is not there": lambda sandbox: (sandbox.folder / "cs.CV/2025/03/2025-03-03.md").unlink(),
    "an index that is not there": lambda sandbox: (sandbox.folder / "README.md").unlink(),
    "an index that a killed run did not come to": unindexed,
    "an index that is a link": link_readme,
    "a view whose digests are not there": add_view,
    "a category without records": lambda sandbox: sandbox.configure("arxiv", categories=[CATEGORY, "cs.LG"]),
    "an archive that starts earlier": lambda sandbox: sandbox.configure("store", start="2025-02-28"),
    "no records": lambda sandbox: shutil.rmtree(sandbox.folder / "data"),
    "records that are not kept": lambda sandbox: sandbox.configure("store", records=""),
    "a database": lambda sandbox: (sandbox.folder / "archive.db").touch(),
    "a database server": lambda sandbox: sandbox.configure("store", url="postgresql://127.0.0.1:9/x"),
}


@pytest.mark.parametrize("what", OPEN)
def test_where_anything_is_open_the_whole_run_is_made(recorded: Sandbox, what: str) -> None:
    """Whatever the records leave open, or cannot be read of them, is for the run to find out and to tell."""
    assert proves(recorded)
    OPEN[what](recorded)
    assert not proves(recorded)


def test_a_view_s_new_feeds_are_made(recorded: Sandbox) -> None:
    """As its digests are: what was configured since is no reason to rest, until it is there."""
    config = recorded.folder / "config.toml"
    add_view(recorded)
    assert recorded.digest("run").code == 0
    lose_database(recorded)
    assert proves(recorded)
    config.write_text(config.read_text() + 'feeds = ["atom", "jsonfeed"]\n')
    assert not proves(recorded)
    assert recorded.digest("run").code == 0
    lose_database(recorded)
    assert {"views/mine/atom.xml", "views/mine/feed.json"} <= recorded.tree().keys()
    assert proves(recorded)


@pytest.mark.parametrize(
    "text",
    [
        "# Mine\n",
        "<!-- digest:begin -->\n",
        "<!-- digest:begin --><!-- digest:end --><!-- digest:begin --><!-- digest:end -->\n",
    ],
)
def test_a_year_s_readme_that_is_its_owner_s_has_no_index(recorded: Sandbox, text: str) -> None:
    """Without just one pair of markers no run writes it: that the newest day is not in it leaves nothing open."""
    readme = recorded.folder / "cs.CV/2025/README.md"
    readme.write_text(text)
    assert proves(recorded)
    assert recorded.digest("status").code == 0  # which makes the database, so that the run is made
    assert recorded.digest("run").code == 0
    assert readme.read_text() == text


def test_what_a_killed_run_left_is_committed_and_pushed(
    recorded: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With [git], a record that is in no commit, or in one that is not pushed, is no proof; nor is a detached HEAD."""
    isolate(monkeypatch, tmp_path / "home")
    recorded.configure("git", commit=True, push=True)
    make_repository(recorded.folder, "config.toml")
    make_remote(recorded.folder, tmp_path / "remote.git")
    assert not proves(recorded)
    git(recorded.folder, "add", "--all")
    git(recorded.folder, "commit", "--quiet", "--message=Days")
    assert not proves(recorded)
    git(recorded.folder, "push", "--quiet", "origin", "main")
    (recorded.folder / "notes.txt").write_text("A person's own.\n")
    assert proves(recorded)
    git(recorded.folder, "checkout", "--quiet", "--detach")
    assert not proves(recorded)


def test_a_day_that_was_given_up_counts(recorded: Sandbox) -> None:
    """It is missing for good, as somebody decided."""
    record(recorded).unlink()
    assert not proves(recorded)
    know(recorded, given_up(DAYS[1]))
    assert proves(recorded)


def test_what_arxiv_was_seen_to_defer_is_not_expected(recorded: Sandbox) -> None:
    """The corrections of the calendar count."""
    record(recorded).unlink()
    know(recorded, Ledger(corrections=(Correction(DAYS[1], has_listing=False, evidence="x", seen_at=SEEN),)))
    assert proves(recorded)


def test_an_older_day_that_nothing_can_prove_is_no_reason_to_load(recorded: Sandbox) -> None:
    """A run asks for none of these: an imported day, and a provisional one that was accepted and is out of reach."""
    put(recorded, date(2025, 2, 28), state=State.IMPORTED)
    assert proves(recorded)
    old = date(2024, 11, 1)
    put(recorded, old, state=State.PROVISIONAL)
    recorded.configure("store", start="2025-03-03")
    assert not proves(recorded)
    know(recorded, given_up(old, "provisional"))
    assert proves(recorded)


@pytest.mark.parametrize(
    ("hours", "expected"), [(0.0, True), (23.9, True), (24.0, False)], ids=["at once", "till the next", "the next"]
)
def test_the_next_listing_is_waited_for_from_its_announcement(
    recorded: Sandbox, hours: float, *, expected: bool
) -> None:
    """From 20:00 in New York on the evening before its date the records prove all no longer."""
    assert proves(recorded, datetime.fromisoformat(after(DAYS[2], hours))) is expected


def test_a_deferral_is_looked_at(recorded: Sandbox) -> None:
    """On a weekday without a listing by the table the run looks whether it is so; on a weekend it does not."""
    recorded.configure("calendar", deferred=["2025-03-05"])  # takes away the listing of Thursday, 6 March
    assert proves(recorded, datetime(2025, 3, 6, 3, tzinfo=UTC))  # still Wednesday in New York
    assert not proves(recorded, datetime(2025, 3, 6, 8, tzinfo=UTC))
    know(recorded, Ledger(corrections=(Correction(date(2025, 3, 6), has_listing=False, evidence="x", seen_at=SEEN),)))
    assert proves(recorded, datetime(2025, 3, 6, 8, tzinfo=UTC))
    for when in (date(2025, 3, 6), date(2025, 3, 7)):
        put(recorded, when)
    assert proves(recorded, datetime(2025, 3, 8, 12, tzinfo=UTC))


# --- in a fresh clone -----------------------------------------------------------------------------------


@pytest.fixture
def clone(recorded: Sandbox) -> Iterator[tuple[Sandbox, StandIn]]:
    """An archive of three days without a database, and an arXiv that has announced a fourth."""
    with StandIn([invent(CATEGORY, when) for when in DAYS], today=DAYS[2]) as arxiv:
        recorded.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
        show(arxiv, invent(CATEGORY, date(2025, 3, 6)))
        yield recorded, arxiv


def test_a_fresh_clone_is_no_first_run(clone: tuple[Sandbox, StandIn]) -> None:
    """The days come from their records, in one line; arXiv is asked for the new one alone, and no old file changes."""
    sandbox, arxiv = clone
    whole = sandbox.tree()
    result = sandbox.digest("run", now=after(date(2025, 3, 6)))
    assert result.code == 0
    lines = result.err.splitlines()
    assert lines[0].startswith("stored cs.CV 2025-03-06; wrote ")
    assert [line for line in lines if line.startswith("date=")] == lines[1:2]
    assert lines[1].startswith("date=2025-03-06 ")
    assert lines[2:] == ["3 days are known from the day records", "ok=1 failed=0 requests=1 exit=0"]
    assert asked(arxiv) == [listing()]
    made = sandbox.tree()
    indexes = {"README.md", "cs.CV/2025/README.md"}
    assert {path for path in whole if made[path] != whole[path]} == indexes


def test_a_gap_is_asked_for_and_nothing_else(clone: tuple[Sandbox, StandIn]) -> None:
    """Without [store] start the first record is where the archive starts, also where there is no database."""
    sandbox, arxiv = clone
    record(sandbox).unlink()
    (sandbox.folder / "cs.CV/2025/03/2025-03-04.md").unlink()
    sandbox.digest("run", now=after(date(2025, 3, 6)))
    assert asked(arxiv) == [listing(), catchup(DAYS[1])]
    assert record(sandbox).exists()


def test_a_category_without_records_begins_tonight(clone: tuple[Sandbox, StandIn]) -> None:
    """It is new here; the one that has records is asked for what it lacks, as ever."""
    sandbox, arxiv = clone
    arxiv.announce(invent("cs.LG", date(2025, 3, 6)))
    sandbox.configure("arxiv", categories=[CATEGORY, "cs.LG"])
    assert sandbox.digest("run", now=after(date(2025, 3, 6))).code == 0
    assert asked(arxiv) == [listing(), listing("cs.LG")]


def test_a_state_alone_tells_where_the_archive_starts(clone: tuple[Sandbox, StandIn]) -> None:
    """The first run is known by it: the dates since then are not forgotten, although no record is there yet."""
    sandbox, arxiv = clone
    shutil.rmtree(sandbox.folder / "data/cs.CV")
    shutil.rmtree(sandbox.folder / "cs.CV")
    know(sandbox, replace(given_up(DAYS[0]), starts=(Start(CATEGORY, DAYS[0]),)))
    assert sandbox.digest("run", now=after(date(2025, 3, 6))).code == 0
    assert asked(arxiv) == [listing(), catchup(DAYS[2]), catchup(DAYS[1])]
    assert json.loads((sandbox.folder / "data/state.json").read_bytes())["decisions"][0]["date"] == str(DAYS[0])
    assert not record(sandbox, DAYS[0]).exists()


@pytest.mark.parametrize("failing", ["cs.LG", ""], ids=["one category", "all"])
def test_the_first_night_s_failure_is_not_forgotten(sandbox: Sandbox, failing: str) -> None:
    """What was asked for first is in state.json: the next clone knows that it is missing."""
    tomorrow = date(2025, 3, 6)
    names = [CATEGORY, "cs.LG"]
    with StandIn([invent(name, DAYS[2]) for name in names], today=DAYS[2]) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url, categories=names)
        arxiv.fault = faults.only(failing, faults.status(503))
        assert sandbox.digest("run", now=after(DAYS[2])).code == 75
        state = sandbox.folder / "data/state.json"
        starts = json.loads(state.read_bytes())["starts"]
        assert starts == [{"category": name, "date": str(DAYS[2])} for name in names]
        lose_database(sandbox)
        arxiv.fault = None
        show(arxiv, *(invent(name, tomorrow) for name in names))
        asked(arxiv)
        assert sandbox.digest("run", now=after(tomorrow)).code == 0
        wanted = [catchup(DAYS[2], category=name) for name in names if failing in name]
        assert asked(arxiv) == [*map(listing, names), *wanted]
        assert all(record(sandbox, when, name).exists() for when in (DAYS[2], tomorrow) for name in names)
        assert json.loads(state.read_bytes())["starts"] == starts


@pytest.mark.parametrize("command", ["run", "rebuild"])
def test_a_fresh_clone_alters_no_digest(clone: tuple[Sandbox, StandIn], command: str) -> None:
    """Where another template is configured by now, stored days keep their digests until a person asks for new ones."""
    sandbox, _ = clone
    before = {path: sandbox.read(path) for path in sandbox.tree() if path.startswith("cs.CV/2025/03")}
    assert len(before) == 3
    sandbox.configure("digest", sections=["new"])
    night = after(date(2025, 3, 6))
    assert "3 files were made by an older template" in sandbox.digest("doctor", now=night).out
    words = "digests were written by an older template or other settings; `digest regenerate --outdated`"
    # A run looks at the oldest and the newest: it does not read all records, and knows of no others.
    note = f"{'at least 2' if command == 'run' else '3'} {words}"
    for _ in range(2):
        result = sandbox.digest(command, now=night)
        assert (result.code, note in result.err) == (0, command == "run")
        assert {path: sandbox.read(path) for path in before} == before
    assert note in sandbox.digest("run", now=night).err
    assert "3 files were made by an older template" in sandbox.digest("doctor", now=night).out
    found = sandbox.digest("verify", now=night)
    assert (found.code, found.out.count("outdated ")) == (0, 3)
    assert sandbox.digest("regenerate", "--outdated", now=night).code == 0
    assert all(sandbox.read(path) != data for path, data in before.items())
    assert "0 outdated" in sandbox.digest("verify", now=night).out
    assert "older template" not in sandbox.digest("doctor", now=night).out


@pytest.mark.parametrize("damage", ["cut", "a paper less"])
def test_a_digest_that_lacks_something_is_none_of_an_older_template(
    clone: tuple[Sandbox, StandIn], damage: str
) -> None:
    """It is made again from its record, as one that is not there."""
    sandbox, _ = clone
    path = "cs.CV/2025/03/2025-03-04.md"
    whole = sandbox.read(path)
    heading, first, rest = whole.split(b"### ", 2)
    assert first.startswith(b"1.")
    (sandbox.folder / path).write_bytes(whole[:-100] if damage == "cut" else heading + b"### " + rest)
    assert sandbox.digest("rebuild", now=after(date(2025, 3, 6))).code == 0
    assert sandbox.read(path) == whole


# --- what git has, and nothing else ---------------------------------------------------------------------


@pytest.fixture
def kept(recorded: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive of three days without a database, all of it committed."""
    isolate(monkeypatch, tmp_path / "home")
    make_repository(recorded.folder, "config.toml", "data", "cs.CV", "README.md")
    return recorded


def lose_all_but_an_empty_database(sandbox: Sandbox) -> None:
    """Let a database be there in which nothing is stored, and no records."""
    shutil.rmtree(sandbox.folder / "data")
    database = sandbox.folder / "archive.db"
    Store(f"sqlite:///{database}", database).close()


def lose_decisions(sandbox: Sandbox) -> None:
    """Let what somebody decided be in git alone."""
    know(sandbox, given_up(date(2025, 2, 28)))
    git(sandbox.folder, "add", "data/state.json")
    git(sandbox.folder, "commit", "--quiet", "--message=State")
    (sandbox.folder / "data/state.json").unlink()


LOSSES: dict[str, Callable[[Sandbox], object]] = {
    "all records": lambda sandbox: shutil.rmtree(sandbox.folder / "data"),
    "the folder but itself": lambda sandbox: shutil.rmtree(sandbox.folder / "data/cs.CV"),
    "the first day": lambda sandbox: record(sandbox, DAYS[0]).unlink(),
    "a day between": lambda sandbox: record(sandbox).unlink(),
    "all records, and a database without days": lose_all_but_an_empty_database,
    "all records, from the index too": lambda sandbox: git(sandbox.folder, "rm", "-r", "--quiet", "data"),
    "what people decided": lose_decisions,
}


@pytest.mark.parametrize("what", LOSSES)
def test_no_empty_archive_begins_where_git_has_the_days(kept: Sandbox, what: str) -> None:
    """Exit 6 names the command that brings them back; nothing is made, and after it the run goes on."""
    LOSSES[what](kept)
    before = kept.tree()
    result = kept.digest("run")
    assert result.code == 6
    (error,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert f"{kept.folder / 'data'}: git has data/" in error
    command = error.split("`")[1]
    is_staged = "index" in what
    assert command == f"git restore {'--staged --worktree ' if is_staged else ''}-- data"
    made = {path for path in kept.tree() if path not in before}
    assert not any(path.startswith(("data/", "cs.CV/", "raw/")) for path in made)
    assert (kept.folder / "archive.db").exists() is ("database" in what)
    subprocess.run(["sh", "-ec", command], cwd=kept.folder, check=True)
    assert kept.digest("run").code == 0
    assert git(kept.folder, "status", "--porcelain", "data") == ""


COMMANDS = [
    *(("fetch", "2025-03-04"), ("import", "page.html"), ("accept", "2025-03-04"), ("rebuild",), ("status",)),
    *(("regenerate", "--all"), ("replay", "--all", "--write"), ("show", "latest"), ("run", "--dry-run")),
    ("verify",),
]


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("what", ["all records", "the first day"])
def test_no_other_command_begins_one_either(kept: Sandbox, what: str, words: tuple[str, ...]) -> None:
    """Nor does one that reads make a database of what is left."""
    (kept.folder / "page.html").touch()
    LOSSES[what](kept)
    result = kept.digest(*(str(kept.folder / word) if word == "page.html" else word for word in words))
    assert (result.code, result.out) == (6, "")
    assert "`git restore -- data`" in result.err
    assert not (kept.folder / "archive.db").exists()
    found = kept.digest("doctor")
    assert found.code == 6
    assert "FAIL" in next(line for line in found.out.splitlines() if "`git restore -- data`" in line)


def test_a_folder_inside_a_repository_is_restored_from_its_top(kept: Sandbox) -> None:
    """The command works where the line says."""
    top = kept.folder.parent / "top"
    git(kept.folder.parent, "init", "--quiet", str(top))
    shutil.copytree(kept.folder, top / "my archive", ignore=shutil.ignore_patterns(".git"))
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message=All")
    shutil.rmtree(top / "my archive/data")
    inner = Sandbox(top / "my archive", kept.capture)
    error = inner.digest("run").err
    assert f"`git restore -- 'my archive/data'` in {top} brings back what git has" in error
    subprocess.run(["sh", "-ec", error.split("`")[1]], cwd=top, check=True)
    assert inner.digest("run").code == 0


def test_what_was_removed_by_a_commit_is_not_asked_for(kept: Sandbox) -> None:
    """A person who wants to begin anew says so to git; records that nobody committed are no concern of it."""
    git(kept.folder, "rm", "-r", "--quiet", "data", "cs.CV")
    git(kept.folder, "commit", "--quiet", "--message=Anew")
    assert kept.digest("status").code == 0
    with StandIn([invent(CATEGORY, DAYS[2])], today=DAYS[2]) as arxiv:
        kept.configure("arxiv", pages_url=arxiv.url)
        assert kept.digest("run").code == 0


def test_with_its_database_an_archive_says_what_is_missing(kept: Sandbox) -> None:
    """`verify` finds the record, and makes it again."""
    assert kept.digest("rebuild").code == 0
    record(kept).unlink()
    assert kept.digest("verify").code == 6
    assert kept.digest("verify", "--repair").code == 0
    assert git(kept.folder, "status", "--porcelain", "data") == ""


def test_what_was_pushed_is_the_whole_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by `init`, its folder lost and cloned: the same settings, templates, digests, views and messages."""
    isolate(monkeypatch, tmp_path / "home")
    (tmp_path / "archive").mkdir()
    home = Sandbox(tmp_path / "archive", capsys)
    with StandIn([invent(CATEGORY, DAYS[1])], today=DAYS[1]) as arxiv, receiving() as receiver:
        monkeypatch.setenv("CHANNEL", receiver.channel)
        assert home.digest("init", str(home.folder), "--contact", "me@example.org").code == 0
        configure_by_hand(home.folder / "config.toml", arxiv.url)
        git(tmp_path, "init", "--quiet", "--bare", "remote.git")
        git(home.folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
        first = home.digest("run", now=after(DAYS[1]))
        assert first.code == 0, first.err
        (warning,) = [line for line in first.err.splitlines() if line.startswith("warning: ")]
        subprocess.run(["sh", "-ec", warning.split("`")[1]], cwd="/", capture_output=True, check=True)
        show(arxiv, invent(CATEGORY, DAYS[2]))
        second = home.digest("run", now=after(DAYS[2]))
        assert (second.code, "warning" in second.err) == (0, False)
        settings, whole = load(home.folder / "config.toml", {}), thirty_nights.files(home.folder)
        assert "# My own template\n" in (home.folder / "cs.CV/2025/03/2025-03-05.md").read_text()
        assert len(receiver.titles()) == 4
        shutil.rmtree(home.folder)
        git(tmp_path, "clone", "--quiet", "remote.git", "archive")
        assert load(home.folder / "config.toml", {}) == settings
        assert thirty_nights.files(home.folder) == whole
        show(arxiv, invent(CATEGORY, date(2025, 3, 6)))
        third = home.digest("run", now=after(date(2025, 3, 6)))
        assert (third.code, "warning" in third.err) == (0, False)
        assert len(receiver.titles()) == 2
        made = thirty_nights.files(home.folder)
        indexes = {"README.md", "cs.CV/2025/README.md", "data/notices.json", "views/mine/feed.json"}
        assert {path for path in whole if made[path] != whole[path]} == indexes
        assert {"cs.CV/2025/03/2025-03-06.md", "views/mine/2025/03/2025-03-06.md"} <= made.keys()
        assert "# My own template\n" in (home.folder / "cs.CV/2025/03/2025-03-06.md").read_text()


def configure_by_hand(config: Path, arxiv: str) -> None:
    """Change a configuration of `init` as a person does: pushes, messages, a view, a template."""
    text = config.read_text()
    changes = {
        'pages_url = "https://arxiv.org"': f'pages_url = "{arxiv}"',
        'feeds_url = "https://rss.arxiv.org"': f'feeds_url = "{arxiv}"',
        "pages_delay = 15.0": "pages_delay = 0",
        "push = false": "push = true",
        'template = "classic"': 'template = "mine.md.j2"',
        "urls = []": 'urls = ["env:CHANNEL"]',
    }
    for line, change in changes.items():
        assert f"\n{line}\n" in text, line
        text = text.replace(f"\n{line}\n", f"\n{change}\n")
    view = 'name = "mine"\nsections = ["new"]\nfeeds = ["jsonfeed"]\nnotify = true'
    config.write_text(f"{text}\n[[view]]\n{view}\n")
    template = Path(__file__).parents[1] / "templates/classic.md.j2"
    (config.parent / "mine.md.j2").write_text(template.read_text() + "# My own template\n")


# --- an upgrade on a machine with a disk ----------------------------------------------------------------


def test_a_run_says_how_many_digests_are_outdated(archive: Sandbox, arxiv: StandIn) -> None:
    """The digests of stored days stay as they are, run by run, until a person lets them be written again."""
    archive.digest("run")
    before = archive.read("cs.CV/2025/03/2025-03-05.md")
    archive.configure("digest", sections=["new"])
    note = "1 digest was written by an older template or other settings; "
    for _ in range(2):
        assert note in archive.digest("run").err
        assert archive.read("cs.CV/2025/03/2025-03-05.md") == before
    tomorrow = date(2025, 3, 6)
    show(arxiv, invent(CATEGORY, tomorrow))
    assert note in archive.digest("run", now=after(tomorrow)).err
    assert archive.digest("regenerate", "--outdated").code == 0
    assert archive.read("cs.CV/2025/03/2025-03-05.md") != before
    assert note not in archive.digest("run", now=after(tomorrow, 2)).err


def test_a_quiet_run_is_quiet_about_it(archive: Sandbox) -> None:
    """In a crontab an upgrade is no reason to write to anybody."""
    archive.digest("run")
    archive.configure("digest", sections=["new"])
    result = archive.digest("-q", "run", now=(NOW + timedelta(hours=1)).isoformat())
    assert (result.code, result.err) == (0, "")


def test_a_plan_in_a_fresh_clone_names_what_would_change(kept: Sandbox) -> None:
    """No database tells how the digests were made: they are compared with what would be written."""
    assert kept.digest("regenerate", "--all", "--dry-run").out == ""
    path = kept.folder / "cs.CV/2025/03/2025-03-03.md"
    path.write_bytes(path.read_bytes() + b"A line of mine.\n")
    assert kept.digest("regenerate", "--all", "--dry-run").out.splitlines() == [str(path)]


def test_an_index_of_an_older_version_is_no_damage_in_a_fresh_clone(kept: Sandbox) -> None:
    """As it was committed it is outdated; changed since, somebody edited it."""
    readme = kept.folder / "cs.CV/2025/README.md"
    readme.write_text(readme.read_text().replace("12 + 5", "12 and 5"))
    git(kept.folder, "commit", "--quiet", "--all", "--message=As an older version wrote it")
    lose_database(kept)
    result = kept.digest("verify")
    assert (result.code, "1 outdated" in result.out) == (0, True)
    readme.write_text(readme.read_text().replace("12 and 5", "13 and 5"))
    assert kept.digest("verify").code == 6
