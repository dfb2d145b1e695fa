"""A fresh clone's database: of old days it has what the headers of their records tell, until a command needs all.

What a night makes in such a clone, and what any command then says, is what a machine with a disk makes and says.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from digest.archive.archive import Archive
from digest.disk.files import hold_lock
from digest.model import Day, DaySummary, Source, State
from digest.records.day import parse_record, record_path, render_record
from digest.store.whole import Store
from tests.conftest import Result, Sandbox, long_after
from tests.nights import after, asked, beside, catchup, digest_path, listing, lose_database, show
from tests.receiver import receiving
from tests.repositories import git, isolate, make_repository
from tests.standin import Fault, InventedPaper, Mailing, StandIn, faults, invent

CATEGORY = "cs.CV"
DAYS = [date(2025, 2, 26), date(2025, 2, 27), date(2025, 2, 28), date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5)]
THURSDAY = date(2025, 3, 6)
NIGHT = after(THURSDAY)
VIEW = '[[view]]\nname = "mine"\nsections = ["new", "replacement"]\nfeeds = ["atom", "jsonfeed"]\n'


@pytest.fixture
def clone(sandbox: Sandbox) -> Iterator[tuple[Sandbox, StandIn]]:
    """An archive of six days with a view, as a clone has it: no database; arXiv has announced a seventh day."""

    def make() -> None:
        for when in DAYS:
            show(arxiv, invent(CATEGORY, when))
            assert sandbox.digest("run", now=after(when)).code == 0
        lose_database(sandbox)
        shutil.rmtree(sandbox.folder / "raw")

    with StandIn([], today=DAYS[0]) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
        _add(sandbox, VIEW)
        sandbox.once(make)
        show(arxiv, *(invent(CATEGORY, when) for when in (*DAYS, THURSDAY)))
        asked(arxiv)
        yield sandbox, arxiv


@pytest.fixture
def part(clone: tuple[Sandbox, StandIn]) -> Sandbox:
    """A clone after its first night: the database is a part of the archive."""
    sandbox, arxiv = clone

    def make() -> None:
        assert sandbox.digest("run", now=NIGHT).code == 0
        assert asked(arxiv) == [listing()]

    sandbox.once(make)
    assert unloaded(sandbox) == DAYS
    return sandbox


def _add(sandbox: Sandbox, lines: str) -> None:
    with (sandbox.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(lines)


def unloaded(sandbox: Sandbox) -> list[date]:
    """Return the dates of the days without entries in the database, of which it says so itself."""
    query = "SELECT date, content_hash, (SELECT count(*) FROM entry WHERE day_id = day.id) FROM day ORDER BY 1"
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database:
        rows = database.execute(query).fetchall()
    assert all(bool(content_hash) == bool(count) for _, content_hash, count in rows)
    return [date.fromisoformat(when) for when, content_hash, _ in rows if not content_hash]


def record(sandbox: Sandbox, when: date) -> Path:
    """Return where the record of a day lies."""
    return sandbox.folder / "data" / record_path(CATEGORY, when)


def damage(sandbox: Sandbox, *dates: date) -> None:
    """Let the second line of these records be none; the headers stay."""
    for when in dates:
        header, _, *lines = record(sandbox, when).read_bytes().split(b"\n")
        record(sandbox, when).write_bytes(b"\n".join([header, b'{"position": 1', *lines]))


def whole_copy(sandbox: Sandbox) -> Sandbox:
    """Return the same archive with all entries in its database."""
    other = beside(sandbox, "whole")
    other.prepared = sandbox.prepared
    shutil.copy(sandbox.folder / "config.toml", other.folder)

    def make() -> None:
        shutil.copytree(sandbox.folder, other.folder, dirs_exist_ok=True)
        assert other.digest("rebuild", now=NIGHT).code == 0

    other.once(make)
    assert unloaded(other) == []
    return other


def words(result: Result, sandbox: Sandbox) -> tuple[int, str]:
    """Return how a command ended and what it said, wherever its archive lies."""
    return result.code, result.out.replace(str(sandbox.folder), "HERE")


# --- a night ------------------------------------------------------------------------------------------


def test_a_night_reads_no_old_day(clone: tuple[Sandbox, StandIn]) -> None:
    """What is damaged behind a header is not noticed, and nothing false is said: the day is as its header tells."""
    sandbox, arxiv = clone
    sandbox.configure("digest", template="classic")  # without the view, whose feeds show the old days again
    damage(sandbox, *DAYS[1:-1])  # the newest may be what the new one repeats; the oldest tells of upgrades
    before = sandbox.tree()
    result = sandbox.digest("run", now=NIGHT)
    assert (result.code, asked(arxiv)) == (0, [listing()])
    assert result.err.splitlines()[2:] == ["6 days are known from the day records", "ok=1 failed=0 requests=1 exit=0"]
    changed = {path for path, data in sandbox.tree().items() if before.get(path, data) != data}
    own = {digest_path(THURSDAY), f"data/{record_path(CATEGORY, THURSDAY)}"}
    assert {path for path in changed if not path.startswith("raw/")} == {"README.md", "cs.CV/2025/README.md"}
    assert own <= sandbox.tree().keys()
    assert unloaded(sandbox) == DAYS
    again = sandbox.digest("run", now=after(THURSDAY, 2))
    assert (again.code, again.err) == (0, "ok=1 failed=0 requests=0 exit=0\n")


def test_the_same_files_as_with_all_entries(part: Sandbox) -> None:
    """Indexes and feeds show the old days too; a rebuilt database changes no byte."""
    before = part.tree()
    lose_database(part)
    assert part.digest("rebuild", now=NIGHT).code == 0
    assert unloaded(part) == []
    assert part.tree() == before
    assert len(json.loads(part.read("views/mine/feed.json"))["items"]) == 7 * 12
    assert "1 missing" not in part.read("cs.CV/2025/README.md").decode()


def test_a_damaged_neighbour_is_told_and_asked_for(clone: tuple[Sandbox, StandIn]) -> None:
    """The new day may repeat it, so that it is read: exit 6; the new day is stored, the old one healed."""
    sandbox, arxiv = clone
    damage(sandbox, DAYS[-1])
    whole = sandbox.read(digest_path(DAYS[-1]))
    result = sandbox.digest("run", now=NIGHT)
    assert (result.code, asked(arxiv)) == (6, [listing(), catchup(DAYS[-1])])
    (error,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert f"{DAYS[-1]}.jsonl: expected a day record, found it damaged (in line 2" in error
    assert record(sandbox, THURSDAY).exists()
    assert parse_record(record(sandbox, DAYS[-1]).read_bytes()).date == DAYS[-1]
    assert record(sandbox, DAYS[-1]).with_suffix(".jsonl.damaged").exists()
    assert sandbox.read(digest_path(DAYS[-1])) == whole
    assert {str(DAYS[-1]), str(THURSDAY)} <= set(sandbox.read("views/mine/feed.json").decode().split('"'))
    assert unloaded(sandbox) == DAYS[:-1]
    assert sandbox.digest("run", now=after(THURSDAY, 2)).code == 0
    assert sandbox.digest("verify", now=after(THURSDAY, 2)).code == 0


def test_a_damaged_day_that_a_feed_shows_is_told(clone: tuple[Sandbox, StandIn]) -> None:
    """Exit 6 with file and line, indexes and feeds stay as they are; the next run asks for the day again."""
    sandbox, arxiv = clone
    damage(sandbox, DAYS[2])
    before = sandbox.tree()
    result = sandbox.digest("run", now=NIGHT)
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert (result.code, asked(arxiv)) == (6, [listing()])
    assert [error for error in errors if "2025-02-28; `digest status` says more" not in error] == errors[:1]
    assert f"{DAYS[2]}.jsonl: expected a day record, found it damaged (in line 2" in errors[0]
    for path in ("README.md", "cs.CV/2025/README.md", "views/mine/feed.json"):
        assert sandbox.read(path) == before[path]
    assert (sandbox.folder / digest_path(THURSDAY)).exists()
    again = sandbox.digest("run", now=after(THURSDAY, 2))
    assert (again.code, asked(arxiv)) == (6, [catchup(DAYS[2])])
    assert str(THURSDAY) in sandbox.read("views/mine/feed.json").decode()
    assert sandbox.digest("run", now=after(THURSDAY, 3)).code == 0
    assert sandbox.digest("verify", now=after(THURSDAY, 3)).code == 0


def test_where_a_digest_is_missing_its_day_is_read(clone: tuple[Sandbox, StandIn]) -> None:
    """It comes out as it was; of the other days the header is enough."""
    sandbox, _ = clone
    path, view = digest_path(DAYS[2]), f"views/mine/2025/02/{DAYS[1]}.md"
    whole = {name: sandbox.read(name) for name in (path, view)}
    for name in whole:
        (sandbox.folder / name).unlink()
    assert sandbox.digest("run", now=NIGHT).code == 0
    assert {name: sandbox.read(name) for name in whole} == whole
    assert unloaded(sandbox) == [when for when in DAYS if when != DAYS[2]]
    (sandbox.folder / digest_path(DAYS[3])).unlink()
    assert sandbox.digest("run", now=NIGHT).code == 0
    assert (sandbox.folder / digest_path(DAYS[3])).exists()


def test_a_damaged_record_without_its_digest_is_asked_for(clone: tuple[Sandbox, StandIn]) -> None:
    """Nothing of that day is here then; arXiv still has it, and the same run brings it back."""
    sandbox, arxiv = clone
    whole = sandbox.read(digest_path(DAYS[2]))
    damage(sandbox, DAYS[2])
    (sandbox.folder / digest_path(DAYS[2])).unlink()
    result = sandbox.digest("run", now=NIGHT)
    assert (result.code, asked(arxiv)) == (6, [listing(), catchup(DAYS[2])])
    assert sandbox.read(digest_path(DAYS[2])) == whole
    assert sandbox.digest("run", now=after(THURSDAY, 2)).code == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda header: header.replace(b'"new": 12', b'"new": 13', 1), "no more|as digest writes it|entries"),
        (lambda header: header.replace(b'"stored": {"new": 12', b'"stored": {"new": 14', 1), "as its header says"),
        (lambda header: header.replace(b'"complete"', b'"empty"'), "no entries of a day that is empty"),
        (lambda header: header.replace(b'"complete"', b'"complet"'), "damaged"),
        (lambda header: header.replace(b", ", b","), "as digest writes it"),
        (lambda header: header + b"\r", "CR LF: git changed them"),
    ],
    ids=["declared", "stored", "empty", "state", "blanks", "line end"],
)
def test_a_damaged_header_is_damage(
    clone: tuple[Sandbox, StandIn], change: Callable[[bytes], bytes], expected: str
) -> None:
    """As that of a record that is read whole: it is told with its file, and the day is asked for again."""
    sandbox, arxiv = clone
    file = record(sandbox, DAYS[2])
    header, _, rest = file.read_bytes().partition(b"\n")
    lines = rest.replace(b"\n", b"\r\n") if header + b"\r" == change(header) else rest
    file.write_bytes(change(header) + b"\n" + lines)
    result = sandbox.digest("run", now=NIGHT)
    (error,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert (result.code, file.name in error) == (6, True)
    assert any(one in error for one in expected.split("|"))
    assert asked(arxiv) == [listing(), catchup(DAYS[2])]


def test_a_record_of_a_feed_and_a_short_one_are_known_by_their_headers(clone: tuple[Sandbox, StandIn]) -> None:
    """Whatever the format, the header tells the counts that the indexes show."""
    sandbox, _ = clone
    day = parse_record(record(sandbox, DAYS[2]).read_bytes())
    (new, *others), counts = day.entries, day.counts
    assert new.section == "new"
    moved = tuple(replace(entry, position=place) for place, entry in enumerate(others, 1))
    record(sandbox, DAYS[2]).write_bytes(render_record(replace(day, entries=moved, declared=counts)))
    assert sandbox.digest("run", now=NIGHT).code == 0
    assert unloaded(sandbox) == DAYS
    assert "1 not listed" in sandbox.read("cs.CV/2025/README.md").decode()


# --- commands that need all entries ---------------------------------------------------------------------

LOADING = [
    *(("paper", "2502.25001"), ("export", "..", "--format", "jsonl"), ("verify",), ("replay", "--all")),
    *(("regenerate", "--all"), ("regenerate", "--all", "--dry-run"), ("rebuild",)),
    *(("verify", "--repair"), ("regenerate", "--outdated"), ("regenerate", "2025-02-27")),
    ("export", "2025-02-27", "--format", "csv"),
    *(("search", "the OR a", "--limit", "50"), ("export", "--search", "the OR a", "--format", "csv")),
]
SPARING = [
    *(("status",), ("show", "2025-02-27"), ("view", "mine", "2025-02-27"), ("run",), ("run", "--dry-run")),
    *(("doctor",), ("show", "latest"), ("fetch", "--missing", "--dry-run"), ("fetch", "2025-02-27")),
]


@pytest.mark.parametrize("command", long_after(7, LOADING))
def test_what_needs_all_entries_loads_them_first(part: Sandbox, command: tuple[str, ...]) -> None:
    """It ends and says as with a database that had them from the beginning, and no file changes."""
    if command[0] == "paper":
        first = parse_record(record(part, DAYS[0]).read_bytes()).entries[0].paper.arxiv_id
        command = ("paper", str(first))
    whole, before = whole_copy(part), part.tree()
    result, expected = part.digest(*command, now=NIGHT), whole.digest(*command, now=NIGHT)
    if command == ("rebuild",):
        assert result.code == 0
        assert all(f"date={when} " in result.err for when in DAYS)
    else:
        assert words(result, part) == words(expected, whole)
    assert unloaded(part) == []
    assert part.tree() == before


@pytest.mark.parametrize("command", long_after(6, SPARING))
def test_what_does_not_leaves_them_where_they_are(part: Sandbox, command: tuple[str, ...]) -> None:
    """The headers are enough to tell what is stored; a single day is read from its record."""
    whole, path = whole_copy(part), digest_path(DAYS[1])
    (part.folder / path).unlink()
    (whole.folder / path).unlink()
    result, expected = part.digest(*command, now=NIGHT), whole.digest(*command, now=NIGHT)
    if command in (("status",), ("doctor",)):  # the runs differ, and doctor says what is not loaded
        assert result.code == expected.code
        assert all(line in result.out for line in expected.out.splitlines() if line.startswith(("cs.CV", "2025-")))
        assert ("the entries of 6 of them are in the day records alone" in result.out) is (command == ("doctor",))
    else:
        assert words(result, part) == words(expected, whole)
    writes = command in (("run",), ("fetch", "2025-02-27"))  # the digest that is missing
    assert unloaded(part) == [when for when in DAYS if not (writes and when == DAYS[1])]


def test_a_reading_command_in_a_fresh_clone_loads_no_more_than_it_needs(clone: tuple[Sandbox, StandIn]) -> None:
    """`status` and `show` make the database from the headers, `paper` from all."""
    sandbox, _ = clone
    assert "2025-02-26 to 2025-03-05: 6 complete" in sandbox.digest("status", now=after(DAYS[-1])).out
    assert sandbox.digest("show", "latest", now=after(DAYS[-1])).code == 0
    assert unloaded(sandbox) == DAYS
    assert sandbox.digest("export", "..", "--format", "csv", now=after(DAYS[-1])).out.count("\n") == 6 * 17 + 1
    assert unloaded(sandbox) == []


def test_a_backup_has_all_entries(part: Sandbox, tmp_path: Path) -> None:
    """It is to be whole by itself; the database is so as well then."""
    copy = tmp_path / "copy.db"
    assert part.digest("backup", str(copy), now=NIGHT).code == 0
    assert unloaded(part) == []
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(DISTINCT day_id) FROM entry").fetchone() == (7,)


def test_who_loads_the_rest_finds_what_is_damaged(part: Sandbox) -> None:
    """`verify` names file and line, exit 6; once the record is whole again it is taken in."""
    data = record(part, DAYS[2]).read_bytes()
    damage(part, DAYS[2])
    assert part.digest("run", now=NIGHT).code == 0
    result = part.digest("verify", now=NIGHT)
    assert result.code == 6
    assert f"{DAYS[2]}.jsonl: expected a day record, found it damaged (in line 2" in result.err
    assert f"{DAYS[2]}.jsonl: expected the record of a day that the database lacks, found it damaged" in result.out
    assert unloaded(part) == []
    record(part, DAYS[2]).write_bytes(data)
    assert part.digest("verify", now=NIGHT).code == 0


def test_a_record_that_is_gone_is_told(part: Sandbox) -> None:
    """Its day stays known, for a person may bring it back; exit 6 until then."""
    file = record(part, DAYS[2])
    data = file.read_bytes()
    file.unlink()
    told = f"{DAYS[2]}.jsonl: expected the records of days whose entries were not loaded yet, found none"
    for command in (("run",), ("verify",), ("export", "..", "--format", "csv")):
        result = part.digest(*command, now=NIGHT)
        assert (result.code, told in result.err) == (6, True), command
    assert DAYS[2] in unloaded(part)
    file.write_bytes(data)
    assert part.digest("verify", now=NIGHT).code == 0


def test_git_brings_back_records_that_are_gone(part: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is named, as where nothing is stored."""
    isolate(monkeypatch, tmp_path / "home")
    make_repository(part.folder, "config.toml", "data", "cs.CV", "README.md", "views")
    shutil.rmtree(part.folder / "data/cs.CV")
    result = part.digest("run", now=NIGHT)
    assert (result.code, "`git restore -- data`" in result.err) == (6, True)
    git(part.folder, "restore", "--", "data")
    assert part.digest("verify", now=NIGHT).code == 0


@pytest.mark.parametrize("stop_at", [1, 3])
def test_what_a_killed_command_loaded_is_a_part_still(
    part: Sandbox, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    """The next command loads what is lacking, whichever it is."""
    saved, count = Archive.save, iter(range(stop_at))

    def save(archive: Archive, day: Day, content_hash: str) -> DaySummary:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return saved(archive, day, content_hash)

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "save", save)
        assert part.digest("export", "..", "--format", "csv", now=NIGHT).code not in (0, 6)
    assert DAYS[-1] in unloaded(part)
    assert part.digest("run", now=NIGHT).code == 0
    assert part.digest("verify", now=NIGHT).code == 0
    assert unloaded(part) == []


def test_a_run_at_work_keeps_others_from_taking_a_part_for_the_whole(part: Sandbox) -> None:
    """Exit 3: what needs all entries cannot load them then; what needs them not goes on."""
    import fcntl  # noqa: PLC0415

    with (part.folder / "archive.db.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert part.digest("export", "..", "--format", "csv", now=NIGHT).code == 3
        assert part.digest("status", now=NIGHT).code == 0
    assert part.digest("export", "..", "--format", "csv", now=NIGHT).code == 0


# --- what git has not -------------------------------------------------------------------------------------


def test_records_in_no_commit_are_loaded_so_that_their_files_are_committed(
    clone: tuple[Sandbox, StandIn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed run left uncommitted is committed whole by the next one, although its database is gone."""
    sandbox, _ = clone
    isolate(monkeypatch, tmp_path / "home")
    sandbox.configure("git", commit=True)
    _add(sandbox, VIEW)
    make_repository(sandbox.folder, "config.toml", "data", "cs.CV", "README.md", "views")
    own = [digest_path(DAYS[-1]), f"data/{record_path(CATEGORY, DAYS[-1])}", f"views/mine/2025/03/{DAYS[-1]}.md"]
    git(sandbox.folder, "rm", "--quiet", "--cached", *own)
    git(sandbox.folder, "commit", "--quiet", "--message=As before that day")
    assert sandbox.digest("run", now=NIGHT).code == 0
    assert git(sandbox.folder, "status", "--porcelain", "--", *own) == ""
    assert git(sandbox.folder, "ls-files", *own).splitlines() == sorted(own)
    assert unloaded(sandbox) == DAYS[:-1]


def test_an_archive_that_came_as_a_copy_is_committed_whole(
    part: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository is made only after the first night: records, digests and views are all in its first commit."""
    isolate(monkeypatch, tmp_path / "home")
    make_repository(part.folder, "config.toml")
    part.configure("git", commit=True)
    _add(part, VIEW)
    assert part.digest("run", now=NIGHT).code == 0
    left = {line.split()[1] for line in git(part.folder, "status", "--porcelain").splitlines()}
    assert left <= {"config.toml", "raw/", "archive.db", "archive.db.lock", "archive.db-shm", "archive.db-wal"}
    committed = set(git(part.folder, "ls-files").splitlines())
    assert {digest_path(when) for when in DAYS} | {f"data/{record_path(CATEGORY, when)}" for when in DAYS} <= committed
    assert unloaded(part) == []


# --- nights of all kinds ------------------------------------------------------------------------------------

NIGHTS = [date(2025, 3, number) for number in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 17)]
CATEGORIES = ("cs.CV", "cs.LG")
_VIEWS = """\
[[view]]
name = "both"
sections = ["new", "cross", "replacement"]
feeds = ["atom", "jsonfeed"]
notify = true

[[view]]
name = "graphs"
categories = ["cs.LG"]
keywords = ["graph*", "learning"]
template = "classic"
feeds = ["atom"]
"""


def announcement(category: str, when: date) -> Mailing:
    """Return what is announced: one day repeats the one before it, one is empty, one replaces papers of long ago."""
    if (category, when) == ("cs.CV", date(2025, 3, 7)):
        return replace(invent(category, date(2025, 3, 6), new=6, cross=3, replacement=2), date=when)
    if (category, when) == ("cs.LG", date(2025, 3, 12)):
        return Mailing(category, when)
    found = invent(category, when, new=6, cross=3, replacement=2)
    if when == date(2025, 3, 11):
        first = invent(category, NIGHTS[0], new=6, cross=3, replacement=2)
        older = tuple(_revised(paper) for paper in (*first.new[:2], *first.cross[:1]))
        return replace(found, replacement=older)
    return found


def _revised(paper: InventedPaper) -> InventedPaper:
    return replace(paper, title=f"{paper.title}, Revised", comments="Mended.")


def trouble(when: date) -> Fault | None:
    """Return what goes wrong in a night: a gap, a page that only the feed stands in for, a category that is lost."""
    return {
        date(2025, 3, 5): faults.only(r"cs\.LG", faults.status(503)),
        date(2025, 3, 10): faults.only(r"^/(list|catchup)/", faults.new_layout()),
        date(2025, 3, 13): faults.only(r"cs\.CV", faults.status(503)),
        date(2025, 3, 14): faults.only(r"catchup/cs\.CV", faults.status(503)),
    }.get(when)


ACCEPT = ("accept", "2025-03-13", "--category", "cs.CV", "--note", "down all day")

OUTCOME = {
    ("cs.LG", date(2025, 3, 5)): (State.COMPLETE, Source.CATCHUP),
    ("cs.CV", date(2025, 3, 7)): (State.COMPLETE, Source.LISTING),
    ("cs.CV", date(2025, 3, 10)): (State.COMPLETE, Source.CATCHUP),
    ("cs.LG", date(2025, 3, 12)): (State.EMPTY, Source.CATCHUP),
    ("cs.CV", date(2025, 3, 13)): None,
}
"""How the troubled days end."""


def kept(sandbox: Sandbox) -> dict[str, bytes]:
    """Return what a repository has of an archive."""
    return {path: data for path, data in sandbox.tree().items() if not path.startswith("raw/")}


@pytest.mark.parametrize(
    ("nights", "hours"), [(5, (1, 8)), pytest.param(11, (1, 8, 14), marks=pytest.mark.long)], ids=["a week", "all"]
)
def test_nights_in_clones_come_out_as_with_a_disk(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, nights: int, hours: Sequence[int]
) -> None:
    """Gaps that are healed, doubtful and empty days, feeds, a loss, replacements, two categories, views, messages.

    Each run in a clone has the same files at its end, to the byte, and the same exit code; only arXiv is asked
    more often, because a clone forgets when it asked in vain.
    """
    with StandIn([], today=NIGHTS[0]) as arxiv, receiving() as receiver:
        monkeypatch.setenv("CHANNELS", receiver.channel)
        sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url, categories=CATEGORIES)
        sandbox.configure("notify", urls=["env:CHANNELS"])
        other = beside(sandbox, "clone")
        for one in (sandbox, other):
            _add(one, _VIEWS)
        told: dict[str, list[str]] = {sandbox.folder.name: [], other.folder.name: []}
        for when, hour in product(NIGHTS[:nights], hours):
            show(arxiv, *(announcement(category, when) for category in CATEGORIES))
            arxiv.fault = trouble(when)
            for command in (("run",), *([ACCEPT] if (when, hour) == (date(2025, 3, 14), 14) else [])):
                lose_database(other)
                shutil.rmtree(other.folder / "raw", ignore_errors=True)
                codes = []
                for one in (sandbox, other):
                    codes.append(one.digest(*command, now=after(when, hour)).code)
                    told[one.folder.name] += receiver.titles()
                assert kept(other) == kept(sandbox), (when, hour, command)
                assert codes[0] == codes[1], (when, hour, command)
        with_disk, in_clones = told.values()
        assert in_clones == with_disk
        assert len(with_disk) >= 2 * nights
    states = {(one.category, one.date): (one.state, one.source) for one in stored(sandbox)}
    expected = {key: state for key, state in OUTCOME.items() if key[1] < NIGHTS[nights - 1]}
    assert {key: states.get(key) for key in expected} == expected


def stored(sandbox: Sandbox) -> list[DaySummary]:
    """Return what the database of an archive has of its days."""
    database = sandbox.folder / "archive.db"
    with closing(Store(f"sqlite:///{database}", database)) as store:
        return store.summaries()


@pytest.mark.parametrize("words", ["search scenes", "show latest", "status"])
def test_a_lost_database_is_not_read_as_empty_while_a_run_is_at_work(
    clone: tuple[Sandbox, StandIn], words: str
) -> None:
    """The records cannot be taken in then: 3 says so, instead of no hits, no day or nothing missing."""
    sandbox, _ = clone
    lose_database(sandbox)
    with hold_lock(sandbox.folder / "archive.db.lock"):
        found = sandbox.digest(*words.split())
    assert (found.code, found.out) == (3, "")
    assert sandbox.digest(*words.split()).code in (0, 4)


@pytest.mark.parametrize("words", ["search in:2025-03-05", "export .. --format jsonl"])
def test_days_that_a_run_keeps_from_being_read_are_named(clone: tuple[Sandbox, StandIn], words: str) -> None:
    """Such as one that git brought: what is found without it would pass for all, unless 3 says so."""
    sandbox, _ = clone
    brought = record(sandbox, date(2025, 3, 5))
    aside = brought.rename(sandbox.folder / "aside")
    assert sandbox.digest("search", "scenes").code == 0
    aside.rename(brought)
    with hold_lock(sandbox.folder / "archive.db.lock"):
        during = sandbox.digest(*words.split())
    assert during.code == 3
    assert "another run is at work" in during.err
    assert "cs.CV/2025/2025-03-05.jsonl" in during.err
    assert sandbox.digest(*words.split()).code in (0, 4)
