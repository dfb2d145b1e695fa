"""The archive proven, and made whole again: every kind of damage is found, named and mended."""

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import pytest

from digest.jobs.findings import Fault, mismatch
from tests.conftest import DAY, NIGHT, Result, Sandbox, long_after
from tests.repositories import git, isolate
from tests.standin import StandIn, invent

EARLIER = date(2025, 3, 4)
NIGHT_BEFORE = "2025-03-04T02:00:00Z"
DIGEST = "cs.CV/2025/03/2025-03-05.md"
RECORD = "data/cs.CV/2025/2025-03-05.jsonl"
YEAR = "cs.CV/2025/README.md"
LEDGER = "data/state.json"


@pytest.fixture
def whole(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of two days that learned, besides, that the Monday before them had no listing."""
    archive.configure("store", start="2025-03-03")
    arxiv.announce(invent("cs.CV", EARLIER))

    def make() -> None:
        for when, night in ((EARLIER, NIGHT_BEFORE), (DAY, NIGHT)):
            arxiv.today = when
            archive.digest("run", now=night)

    archive.once(make)
    assert (archive.folder / LEDGER).is_file()
    return archive


def verify(sandbox: Sandbox, *options: str) -> Result:
    """Verify the archive."""
    return sandbox.digest("verify", *options)


def findings(result: Result, kind: str) -> list[str]:
    """Return the lines that tell of a kind of finding."""
    return [line for line in result.out.splitlines() if line.startswith(f"{kind} ")]


def change(sandbox: Sandbox, path: str, how: Callable[[bytes], bytes]) -> None:
    """Change a file of the archive."""
    file = sandbox.folder / path
    before = file.read_bytes()
    assert how(before) != before
    file.write_bytes(how(before))


def flip(data: bytes) -> bytes:
    """Flip a bit in the middle of a text, so that it stays text."""
    place = next(i for i in range(len(data) // 2, len(data)) if chr(data[i]).isalpha() and data[i] < 128)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def execute(sandbox: Sandbox, *statements: str) -> None:
    """Change the database behind the archive's back."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


def kept_pages(sandbox: Sandbox) -> list[Path]:
    """Return the files of the kept pages."""
    return sorted((sandbox.folder / "raw").rglob("*.html.gz"))


def stamps(sandbox: Sandbox) -> dict[str, tuple[int, bytes]]:
    """Return the time and bytes of every file of the archive, the database included."""
    files = (path for path in sandbox.folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


# --- a whole archive -------------------------------------------------------------------------------


def test_a_whole_archive_is_proven(whole: Sandbox) -> None:
    """Exit 0, one line that counts what was looked at; nothing is written."""
    before = stamps(whole)
    result = verify(whole)
    assert (result.code, result.err) == (0, "")
    pages = len(kept_pages(whole))
    expected = f"verified 2 days, {pages} pages, 7 files: 0 damaged, 0 edited, 0 outdated, 0 missing\n"
    assert result.out == expected
    assert stamps(whole) == before


def test_repairing_a_whole_archive_changes_nothing(whole: Sandbox) -> None:
    """Every file stays as it is, its time too."""
    before = whole.tree()
    result = verify(whole, "--repair")
    assert (result.code, result.out) == (0, verify(whole).out)
    assert whole.tree() == before


def test_an_empty_archive_is_whole(sandbox: Sandbox) -> None:
    """Nothing is made by looking at it."""
    before = stamps(sandbox)
    result = verify(sandbox)
    total = "verified 0 days, 0 pages, 0 files: 0 damaged, 0 edited, 0 outdated, 0 missing\n"
    assert (result.code, result.out) == (0, total)
    assert stamps(sandbox) == before


def test_an_archive_without_records_is_proven(archive: Sandbox) -> None:
    """The digests and pages are all that there is to compare with."""
    archive.configure("store", records="")
    archive.digest("run")
    result = verify(archive)
    assert result.code == 0
    assert result.out.startswith("verified 1 day, 1 page, 3 files: 0 damaged")


def test_a_clone_without_pages_is_whole(whole: Sandbox) -> None:
    """Pages that were never here are told, and are no damage; the database is made from the records."""
    shutil.rmtree(whole.folder / "raw")
    for file in whole.folder.glob("archive.db*"):
        file.unlink()
    result = verify(whole)
    assert result.code == 0, result
    assert "2 pages of 2 days were not kept here" in result.out
    assert "verified 2 days, 0 pages" in result.out


def test_a_rebuilt_database_still_checks_the_pages_that_are_here(whole: Sandbox) -> None:
    """They lie where their hash says, whether a row tells of them or not."""
    for file in whole.folder.glob("archive.db*"):
        file.unlink()
    assert whole.digest("rebuild").code == 0
    assert "verified 2 days, 2 pages" in verify(whole).out
    named = json.loads(whole.read(RECORD).splitlines()[0])["pages"][0]["sha256"]
    change(whole, f"raw/{named[:2]}/{named}.html.gz", lambda data: data[:100])
    assert (verify(whole).code, len(findings(verify(whole), "damaged"))) == (6, 1)


def test_records_that_came_from_elsewhere_are_no_damage(whole: Sandbox) -> None:
    """A day that another machine stored is taken in, as every reading command does."""
    execute(whole, "DELETE FROM entry", "DELETE FROM day", "DELETE FROM file")
    assert verify(whole).code == 0


def test_a_damaged_record_of_a_day_that_is_not_stored_is_told(whole: Sandbox) -> None:
    """Nothing else has the day: exit 6, repaired or not, and the record stays as it is."""
    execute(whole, "DELETE FROM entry", "DELETE FROM day", "DELETE FROM file", "UPDATE revision SET place = NULL")
    execute(whole, *REBUILD)
    change(whole, RECORD, lambda data: data[:-100])
    damaged = whole.read(RECORD)
    for options in ((), ("--repair",)):
        result = verify(whole, *options)
        assert (result.code, len(findings(result, "damaged")), whole.read(RECORD)) == (6, 1, damaged), result


# --- files -----------------------------------------------------------------------------------------

DAMAGE: Mapping[str, Callable[[bytes], bytes]] = {
    "a bit": flip,
    "cut": lambda data: data[:-200],
    "one byte short": lambda data: data[:-1],
    "emptied": lambda _data: b"",
    "zeros": lambda data: data[:50] + bytes(20) + data[70:],
    "not UTF-8": lambda data: data.replace(b"a", b"\xff\xfe", 1),
}
EDITS: Mapping[str, Callable[[bytes], bytes]] = {
    "a line at the end": lambda data: data + b"A remark.\n",
    "a word": lambda data: data.replace(b" the ", b" some ", 1) if b" the " in data else data.replace(b"a", b"some", 1),
    "a line at the start": lambda data: b"A remark.\n" + data,
}


@pytest.mark.parametrize("path", [DIGEST, RECORD, LEDGER])
@pytest.mark.parametrize("damage", long_after(3, DAMAGE))
def test_a_damaged_file_is_told_and_restored(whole: Sandbox, path: str, damage: str) -> None:
    """By its path, with exit 6; the repaired archive is as it was, and nothing else was written by looking."""
    before = whole.tree()
    change(whole, path, DAMAGE[damage])
    broken = stamps(whole)
    result = verify(whole)
    assert (result.code, len(findings(result, "damaged"))) == (6, 1), result
    assert f"{whole.folder / path}: expected" in findings(result, "damaged")[0]
    assert "`digest verify --repair`" in findings(result, "damaged")[0]
    assert stamps(whole) == broken
    assert verify(whole, "--repair").code == 0
    assert {name: data for name, data in whole.tree().items() if not name.endswith(".damaged")} == before
    assert verify(whole).code == 0


@pytest.mark.parametrize("path", [DIGEST, RECORD, LEDGER, "README.md", YEAR])
def test_a_file_that_is_gone_is_restored(whole: Sandbox, path: str) -> None:
    """Nothing needs to be asked for it."""
    before = whole.tree()
    (whole.folder / path).unlink()
    result = verify(whole)
    assert (result.code, len(findings(result, "damaged"))) == (6, 1), result
    assert "found no file" in result.out
    assert verify(whole, "--repair").code == 0
    assert whole.tree() == before


@pytest.mark.parametrize("path", [DIGEST, RECORD, LEDGER])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_file_is_kept_beside_the_restored_one(whole: Sandbox, path: str, edit: str) -> None:
    """Nobody's work is lost, and it is told where it is."""
    before = whole.tree()
    change(whole, path, EDITS[edit])
    edited = whole.read(path)
    result = verify(whole)
    assert (result.code, len(findings(result, "edited")), findings(result, "damaged")) == (6, 1, []), result
    repaired = verify(whole, "--repair")
    assert repaired.code == 0, repaired
    assert f"{whole.folder / path}.edited" in repaired.out
    assert whole.tree() == before | {f"{path}.edited": edited}
    assert verify(whole).code == 0


def test_what_was_kept_before_stays(whole: Sandbox) -> None:
    """A second edit is kept under another name; the same one is not kept twice."""
    for text in (b"One.\n", b"Two.\n", b"One.\n"):
        change(whole, DIGEST, lambda data, text=text: data + text)  # type: ignore[misc]
        assert verify(whole, "--repair").code == 0
    kept = {path: data[-5:] for path, data in whole.tree().items() if ".edited" in path}
    assert kept == {f"{DIGEST}.edited": b"One.\n", f"{DIGEST}.edited-2": b"Two.\n"}


def test_bytes_that_are_no_text_are_kept(whole: Sandbox) -> None:
    """An editor may have saved them so; only what surely holds nothing new is thrown away."""
    change(whole, DIGEST, lambda data: "Café\n".encode("latin-1") + data)
    assert verify(whole, "--repair").code == 0
    assert whole.read(f"{DIGEST}.damaged").startswith(b"Caf\xe9")


def test_the_generated_part_of_an_index_is_restored(whole: Sandbox) -> None:
    """A person's text around it stays; what was changed inside is kept beside."""
    before = whole.read("README.md")
    around = before.replace(b"# arXiv digests", b"# My papers\n\nHello.") + b"Bye.\n"
    (whole.folder / "README.md").write_bytes(around)
    assert verify(whole).code == 0
    edited = around.replace(b"complete", b"splendid", 1)
    (whole.folder / "README.md").write_bytes(edited)
    assert (verify(whole).code, len(findings(verify(whole), "edited"))) == (6, 1)
    assert verify(whole, "--repair").code == 0
    assert (whole.read("README.md"), whole.read("README.md.edited")) == (around, edited)


def crlf(data: bytes) -> bytes:
    """Return a text as git's autocrlf, or an editor on Windows, leaves it."""
    return data.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("path", ["README.md", YEAR])
def test_other_line_ends_are_no_edit_of_an_index(whole: Sandbox, path: str) -> None:
    """Neither looking nor repairing nor a run takes them for one, or changes them; an edit inside is still found."""
    change(whole, path, crlf)
    changed = whole.read(path)
    for command in (("verify",), ("verify", "--repair"), ("run",), ("regenerate", "--all"), ("rebuild",)):
        result = whole.digest(*command)
        assert (result.code, whole.read(path)) == (0, changed), (command, result)
    change(whole, path, lambda data: data.replace(b"missing", b"lacking").replace(b"complete", b"splendid"))
    assert (verify(whole).code, len(findings(verify(whole), "edited"))) == (6, 1)
    assert verify(whole, "--repair").code == 0
    assert whole.read(path) == changed


def test_a_new_day_comes_into_an_index_with_other_line_ends(whole: Sandbox, arxiv: StandIn) -> None:
    """All of it keeps the line ends that it has."""
    for path in ("README.md", YEAR):
        change(whole, path, crlf)
    arxiv.today = date(2025, 3, 6)
    arxiv.announce(invent("cs.CV", arxiv.today))
    assert whole.digest("run", now="2025-03-06T02:00:00Z").code == 0
    for path in ("README.md", YEAR):
        assert b"2025-03-06.md" in whole.read(path)
        assert whole.read(path) == crlf(whole.read(path).replace(b"\r\n", b"\n"))
    assert whole.digest("verify", now="2025-03-06T02:00:00Z").code == 0


@pytest.mark.parametrize("path", ["README.md", YEAR])
@pytest.mark.parametrize("damage", ["begin lost", "end lost", "all doubled", "swapped"])
def test_lost_markers_come_back_with_the_line_ends_of_their_file(whole: Sandbox, path: str, damage: str) -> None:
    """Neither the owner's text nor the generated part gets others."""
    before = crlf(whole.read(path))
    (whole.folder / path).write_bytes(crlf(MARKERS[damage](whole.read(path))))
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    assert (verify(whole).code, whole.read(path)) == (0, before)


def test_a_cut_index_is_restored(whole: Sandbox) -> None:
    """Without its end it has no second marker, and is digest's own all the same."""
    before = whole.read(YEAR)
    change(whole, YEAR, lambda data: data[:-60])
    assert (verify(whole).code, len(findings(verify(whole), "damaged"))) == (6, 1)
    assert verify(whole, "--repair").code == 0
    assert whole.read(YEAR) == before


@pytest.mark.parametrize("text", [b"# Mine\n", b"\xff\n"])
def test_somebody_s_own_readme_is_left_alone(whole: Sandbox, text: bytes) -> None:
    """Without anything in it that was generated it is no index, which a remark says."""
    (whole.folder / "README.md").write_bytes(text)
    result = verify(whole)
    assert (result.code, f"{whole.folder / 'README.md'}: left alone" in result.out) == (0, True)
    verify(whole, "--repair")
    assert whole.read("README.md") == text


def test_a_folder_in_the_place_of_a_digest_is_told(whole: Sandbox) -> None:
    """It can be no digest, and is not removed; everything else is repaired."""
    (whole.folder / DIGEST).unlink()
    (whole.folder / DIGEST).mkdir()
    (whole.folder / RECORD).unlink()
    assert (verify(whole).code, len(findings(verify(whole), "damaged"))) == (6, 2)
    result = verify(whole, "--repair")
    assert (result.code, len(findings(result, "damaged"))) == (6, 1)
    assert (whole.folder / RECORD).is_file()
    assert (whole.folder / DIGEST).is_dir()


# --- another template ------------------------------------------------------------------------------


@pytest.fixture
def templated(whole: Sandbox) -> Sandbox:
    """An archive with a template of its own."""
    (whole.folder / "my.md.j2").write_text("# {{ date }}\n{{ entries | length }}\n", encoding="utf-8")
    whole.configure("digest", template="my.md.j2")
    assert whole.digest("regenerate", "--all").code == 0
    return whole


@pytest.mark.parametrize("text", ["# {{ date }}\n", "# {{ date }}\n{{ entries | length }}\n\n", "$ {{ date }}\n\x01"])
def test_digests_by_an_older_template_are_outdated(templated: Sandbox, text: str) -> None:
    """They are as they were written: no damage, exit 0; repairing leaves them to ``regenerate --outdated``."""
    (templated.folder / "my.md.j2").write_text(text, encoding="utf-8")
    before = templated.tree()
    for options in ((), ("--repair",)):
        result = verify(templated, *options)
        assert (result.code, len(findings(result, "outdated")), findings(result, "damaged")) == (0, 2, []), result
        assert "`digest regenerate --outdated`" in result.out
    assert templated.tree() == before
    assert templated.digest("regenerate", "--outdated").code == 0
    assert findings(verify(templated), "outdated") == []


def test_other_sections_make_digests_outdated(whole: Sandbox) -> None:
    """The settings of [digest] count as the template does."""
    whole.configure("digest", sections=["new"])
    result = verify(whole)
    assert (result.code, len(findings(result, "outdated"))) == (0, 2)


def test_an_outdated_digest_that_was_changed_is_not_passed_over(templated: Sandbox) -> None:
    """What it was cannot be made again, so it is kept."""
    (templated.folder / "my.md.j2").write_text("Other.\n", encoding="utf-8")
    change(templated, DIGEST, lambda data: data + b"Mine.\n")
    result = verify(templated)
    assert (result.code, len(findings(result, "edited")), len(findings(result, "outdated"))) == (6, 1, 1)
    assert verify(templated, "--repair").code == 0
    assert templated.read(f"{DIGEST}.edited").endswith(b"Mine.\n")


# --- rows ------------------------------------------------------------------------------------------

OF_THE_DAY = "(SELECT id FROM day WHERE date = '2025-03-05')"
A_PAPER = f"(SELECT revision_id FROM entry WHERE position = 2 AND day_id = {OF_THE_DAY})"
ROWS: Mapping[str, tuple[str, ...]] = {
    "title": (f"UPDATE revision SET title = 'Another' WHERE id = {A_PAPER}",),
    "abstract": (f"UPDATE revision SET abstract = NULL WHERE id = {A_PAPER}",),
    "id of a paper": (f"UPDATE revision SET arxiv_id = '2503.99999' WHERE id = {A_PAPER}",),
    "no id": (f"UPDATE revision SET arxiv_id = 'x' WHERE id = {A_PAPER}",),
    "no JSON": (f"UPDATE revision SET authors = '[' WHERE id = {A_PAPER}",),
    "a link": (f"DELETE FROM link WHERE revision_id IN (SELECT revision_id FROM entry WHERE day_id = {OF_THE_DAY})",),
    "an entry gone": (f"DELETE FROM entry WHERE position = 3 AND day_id = {OF_THE_DAY}",),
    "all entries gone": (f"DELETE FROM entry WHERE day_id = {OF_THE_DAY}",),
    "section": (f"UPDATE entry SET section = 'cross' WHERE position = 1 AND day_id = {OF_THE_DAY}",),
    "stored": ("""UPDATE day SET stored = '{"new": 1, "cross": 5, "replacement": 6}' WHERE date = '2025-03-05'""",),
    "no counts": ("UPDATE day SET stored = '{}' WHERE date = '2025-03-05'",),
    "declared": ("""UPDATE day SET declared = '{"new": 13}' WHERE date = '2025-03-05'""",),
    "content hash": ("UPDATE day SET content_hash = 'x' WHERE date = '2025-03-05'",),
    "state": ("UPDATE day SET state = 'imported' WHERE date = '2025-03-05'",),
    "no state": ("UPDATE day SET state = 'complte' WHERE date = '2025-03-05'",),
    "pages": ("UPDATE day SET pages = '[]' WHERE date = '2025-03-05'",),
    "a paper gone": (f"DELETE FROM revision WHERE id = {A_PAPER}",),
    "the newest paper gone": ("DELETE FROM revision WHERE id = (SELECT max(id) FROM revision)",),
}


@pytest.mark.parametrize("damage", long_after(8, ROWS))
def test_a_day_is_restored_from_its_record(whole: Sandbox, damage: str) -> None:
    """The database gives the same day again, and the files are those of before."""
    before, shown = whole.tree(), whole.digest("status", "--json").out
    execute(whole, *ROWS[damage])
    broken = stamps(whole)
    result = verify(whole)
    assert result.code == 6, result
    assert any("cs.CV 2025-03-05 in the database: expected" in line for line in findings(result, "damaged"))
    assert [line for line in findings(result, "damaged") if "database" not in line and "archive.db" not in line] == []
    assert stamps(whole) == broken
    repaired = verify(whole, "--repair")
    assert repaired.code == 0, repaired
    assert (verify(whole).code, whole.tree()) == (0, before)
    assert json.loads(whole.digest("status", "--json").out)["categories"] == json.loads(shown)["categories"]


@pytest.mark.parametrize(
    "damage",
    long_after(
        4,
        [
            name
            for name in ROWS
            if name not in ("id of a paper", "no id", "no JSON", "no state", "no counts", "pages", "state")
        ],
    ),
)
def test_without_records_a_day_is_restored_from_its_pages(whole: Sandbox, damage: str) -> None:
    """They are parsed again, and give the digest that is there."""
    shutil.rmtree(whole.folder / "data")
    whole.configure("store", records="")
    digest = whole.read(DIGEST)
    execute(whole, *ROWS[damage])
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    assert (verify(whole).code, whole.read(DIGEST)) == (0, digest)


def test_a_restored_paper_can_be_searched_for(whole: Sandbox) -> None:
    """The full-text index has every paper that is stored, once, and none that is not."""
    query = "SELECT rowid FROM revision_text WHERE revision_text MATCH 'the OR a OR of' ORDER BY rowid"
    with closing(sqlite3.connect(whole.folder / "archive.db")) as connection:
        before = connection.execute(query).fetchall()
    assert before
    execute(whole, "UPDATE revision SET title = 'Other', abstract = ''", "DELETE FROM revision WHERE id IN (2, 9)")
    assert verify(whole, "--repair").code == 0
    execute(whole, "INSERT INTO revision_text (revision_text) VALUES ('delete-all')")
    assert "expected the full-text index of the stored texts" in verify(whole).out
    assert verify(whole, "--repair").code == 0
    with closing(sqlite3.connect(whole.folder / "archive.db")) as connection:
        assert len(connection.execute(query).fetchall()) == len(before)
        connection.execute("INSERT INTO revision_text (revision_text) VALUES ('integrity-check')")


def test_a_digest_is_not_written_from_a_damaged_day(whole: Sandbox) -> None:
    """Where nothing has the day whole, that is said, and the good digest stays."""
    shutil.rmtree(whole.folder / "data")
    shutil.rmtree(whole.folder / "raw")
    whole.configure("store", records="")
    digest = whole.read(DIGEST)
    execute(whole, *ROWS["title"])
    result = verify(whole, "--repair")
    assert result.code == 6
    assert "restore a backup" in result.out
    assert whole.read(DIGEST) == digest


def test_record_and_rows_damaged_together_come_back_from_the_pages(whole: Sandbox) -> None:
    """Whatever of the three is whole gives the other two."""
    before = whole.tree()
    execute(whole, *ROWS["title"])
    change(whole, RECORD, lambda data: data[:-300])
    assert len(findings(verify(whole), "damaged")) == 3  # the text is another than the full-text index has, too
    assert verify(whole, "--repair").code == 0
    assert whole.tree() == before


def test_a_record_that_knows_a_day_better_is_no_damage(whole: Sandbox) -> None:
    """Another machine proved what is provisional here: it is outdated here, and repairing takes it in."""
    record = whole.read(RECORD)
    shutil.copytree(whole.folder, whole.folder.parent / "other")
    (whole.folder / RECORD).write_bytes(record.replace(b'"complete"', b'"provisional"', 1))
    for file in whole.folder.glob("archive.db*"):
        file.unlink()
    assert whole.digest("rebuild").code == 0
    (whole.folder / RECORD).write_bytes(record)
    result = verify(whole)
    assert (result.code, len(findings(result, "outdated"))) == (0, 1), result
    assert verify(whole, "--repair").code == 0
    assert verify(whole).out.endswith("0 damaged, 0 edited, 0 outdated, 0 missing\n")
    assert whole.read(RECORD) == record


# --- pages -----------------------------------------------------------------------------------------

PAGES: Mapping[str, Callable[[Path], object]] = {
    "a bit": lambda file: file.write_bytes(file.read_bytes()[:200] + b"\x00" + file.read_bytes()[201:]),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-50]),
    "emptied": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
    "another page": lambda file: file.write_bytes(gzip.compress(b"<html>")),
}


@pytest.mark.parametrize("damage", PAGES)
def test_a_damaged_page_is_told_and_put_aside(whole: Sandbox, damage: str) -> None:
    """It cannot be made again: exit 6 once more; after that the archive is whole without it."""
    before = whole.tree()
    file = kept_pages(whole)[0]
    PAGES[damage](file)
    broken = file.read_bytes() if file.exists() else None
    result = verify(whole)
    assert (result.code, len(findings(result, "damaged"))) == (6, 1), result
    assert str(file) in findings(result, "damaged")[0]
    repaired = verify(whole, "--repair")
    assert repaired.code == 6
    assert "cannot be parsed again" in repaired.out
    assert not file.exists()
    aside = file.with_name(f"{file.name}.damaged")
    assert (aside.read_bytes() if aside.exists() else None) == broken
    after = verify(whole)
    assert after.code == 0
    assert "1 page of 1 day was not kept here" in after.out
    name = file.relative_to(whole.folder).as_posix()
    assert {path: data for path, data in before.items() if path != name} == {
        path: data for path, data in whole.tree().items() if not path.endswith(".damaged")
    }


# --- state.json ------------------------------------------------------------------------------------


def test_a_state_that_knows_more_is_no_damage(whole: Sandbox) -> None:
    """A decision that came from another machine is taken in."""
    state = json.loads(whole.read(LEDGER))
    later = {"category": "cs.CV", "date": "2025-02-03", "state": "lost", "note": "", "decided_at": NIGHT}
    state["decisions"] = sorted([*state["decisions"], later | {"decided_at": "2025-03-05T01:00:00+00:00"}], key=str)
    state["decisions"].sort(key=lambda one: one["date"])
    (whole.folder / LEDGER).write_text(json.dumps(state, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert verify(whole).code == 0
    assert "2025-02-03" in whole.read(LEDGER).decode()


# --- the calendar ----------------------------------------------------------------------------------


def test_a_missing_listing_is_told(archive: Sandbox) -> None:
    """Each date since the start that is overdue, neither stored nor settled: exit 4, with the ways out."""
    archive.digest("run")
    result = archive.digest("verify", now="2025-03-10T20:00:00Z")
    assert result.code == 4
    assert [line.split(":")[0] for line in findings(result, "missing")] == [
        "missing  cs.CV 2025-03-06",
        "missing  cs.CV 2025-03-07",
        "missing  cs.CV 2025-03-10",
    ]
    assert "`digest fetch 2025-03-06`" in result.out
    assert result.out.endswith("0 damaged, 0 edited, 0 outdated, 3 missing\n")
    assert archive.digest("verify", "--repair", now="2025-03-10T20:00:00Z").code == 4
    (archive.folder / DIGEST).unlink()
    assert archive.digest("verify", now="2025-03-10T20:00:00Z").code == 6


def test_many_missing_listings_do_not_hide_the_rest(archive: Sandbox) -> None:
    """Twenty are told one by one, of the others how many they are; the total counts all."""
    archive.digest("run")
    result = archive.digest("verify", now="2025-12-05T18:00:00Z")
    missing = int(result.out.rpartition(" missing")[0].rpartition(" ")[2])
    assert missing > 100
    assert len(findings(result, "missing")) == 21
    assert f"missing  and {missing - 20} more listings; `digest status` says which\n" in result.out


def test_a_listing_that_is_not_overdue_is_not_missing(archive: Sandbox) -> None:
    """Until noon in New York it may still come."""
    archive.digest("run")
    assert archive.digest("verify", now="2025-03-06T16:59:00Z").code == 0
    assert archive.digest("verify", now="2025-03-06T17:01:00Z").code == 4


# --- the database ----------------------------------------------------------------------------------

BROKEN: Mapping[str, Callable[[bytes], bytes]] = {
    "no database": lambda _data: b"This is no database. " * 100,
    "emptied": lambda _data: b"",
    "header": lambda data: b"x" + data[1:],
    "pages zeroed": lambda data: data[:8192] + bytes(len(data) - 8192),
    "cut": lambda data: data[: len(data) // 2],
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_database_is_made_again_from_the_records(whole: Sandbox, damage: str) -> None:
    """The broken one is put aside, never over an earlier one; the files stay as they are."""
    before = whole.tree()
    (whole.folder / "archive.db.damaged").write_bytes(b"an earlier one")
    change(whole, "archive.db", BROKEN[damage])
    broken = whole.read("archive.db")
    result = verify(whole)
    assert (result.code, whole.read("archive.db")) == (6, broken)
    assert "archive.db: expected a whole database" in result.out
    assert "`digest verify --repair`" in result.out
    repaired = verify(whole, "--repair")
    assert repaired.code == 0, repaired
    assert whole.read("archive.db.damaged") == b"an earlier one"
    assert whole.read("archive.db.damaged-2") == broken
    assert (verify(whole).code, whole.tree()) == (0, before)


def test_a_broken_database_without_records_is_told(whole: Sandbox) -> None:
    """Nothing is put aside, for nothing could take its place."""
    whole.configure("store", records="")
    change(whole, "archive.db", BROKEN["header"])
    broken = stamps(whole)
    for options in ((), ("--repair",)):
        result = verify(whole, *options)
        assert result.code == 6
        assert "restore a backup" in result.out + result.err
    assert stamps(whole) == broken


@pytest.mark.parametrize("options", [(), ("--repair",)])
def test_without_records_a_row_that_cannot_be_read_is_told(whole: Sandbox, options: tuple[str, ...]) -> None:
    """Where not even the date of a day is one, a person has to help; it is no bug, and nothing is changed."""
    whole.configure("store", records="")
    execute(whole, "UPDATE day SET date = 'x' WHERE date = '2025-03-05'")
    before = stamps(whole)
    result = verify(whole, *options)
    assert (result.code, "restore a backup" in result.out + result.err) == (6, True)
    assert stamps(whole) == before


def test_arxiv_is_left_alone_as_long_as_before(whole: Sandbox) -> None:
    """A database that is made again knows when arXiv was last asked, if the broken one could still tell."""
    execute(whole, "UPDATE politeness SET last_request = 123.5, not_before = 456.5")
    with closing(sqlite3.connect(whole.folder / "archive.db")) as connection, connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'link'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    at = (root - 1) * size
    change(whole, "archive.db", lambda data: data[:at] + b"\x07" * size + data[at + size :])
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    with closing(sqlite3.connect(whole.folder / "archive.db")) as connection:
        assert connection.execute("SELECT last_request, not_before FROM politeness").fetchall() == [(123.5, 456.5)]


def test_a_lost_database_without_records_is_told(whole: Sandbox) -> None:
    """The kept pages tell that there was one, and are the way out."""
    shutil.rmtree(whole.folder / "data")
    whole.configure("store", records="")
    for file in whole.folder.glob("archive.db*"):
        file.unlink()
    before = stamps(whole)
    for options in ((), ("--repair",)):
        result = verify(whole, *options)
        assert (result.code, "`digest import`" in result.out) == (6, True)
    assert stamps(whole) == before


def test_nothing_is_proven_while_a_run_is_at_work(whole: Sandbox) -> None:
    """What a run has not finished would look like damage: exit 3, within a second, whether to look or to repair."""
    import fcntl  # noqa: PLC0415 - here alone

    with (whole.folder / "archive.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert verify(whole).code == 3
        assert verify(whole, "--repair").code == 3
    assert verify(whole).code == 0


# --- how bytes differ ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (b"one\ntwo\n", None),
        (None, Fault.DAMAGED),
        (b"", Fault.DAMAGED),
        (b"one\ntwo", Fault.DAMAGED),
        (b"one\nuwo\n", Fault.DAMAGED),  # one bit: 0x74, 0x75
        (b"one\ntwo\r\n", Fault.DAMAGED),
        (b"one\n\xff\n", Fault.DAMAGED),
        (b"one\n\x00wo\n", Fault.DAMAGED),
        (b"one\ntwo\nthree\n", Fault.EDITED),
        (b"two\none\n", Fault.EDITED),
        (b"one\ttwo\n", Fault.EDITED),
    ],
)
def test_damage_is_told_from_edits(found: bytes | None, kind: Fault | None) -> None:
    """What no person does to a text is damage."""
    different = mismatch(found, b"one\ntwo\n")
    assert (different and different.kind) == kind


# --- what a first user found -------------------------------------------------------------------------


def test_a_missing_day_whose_pages_are_kept_is_restored(whole: Sandbox) -> None:
    """Its row, its record and its digest are gone; the page as arXiv served it proves it again."""
    digest, record = whole.read(DIGEST), whole.read(RECORD)
    execute(whole, "DELETE FROM entry WHERE day_id = (SELECT id FROM day WHERE date = '2025-03-05')")
    execute(whole, "DELETE FROM day WHERE date = '2025-03-05'", "DELETE FROM file WHERE path LIKE '%2025-03-05.md'")
    (whole.folder / DIGEST).unlink()
    (whole.folder / RECORD).unlink()
    noon = "2025-03-05T17:00:00Z"
    assert "missing" in whole.digest("verify", now=noon).out
    repaired = whole.digest("verify", "--repair", now=noon)
    assert repaired.code == 0
    assert f"restored cs.CV {DAY}" in repaired.out
    assert (whole.read(DIGEST), whole.read(RECORD)) == (digest, record)
    assert whole.digest("verify", now=noon).code == 0


def test_a_proven_day_that_came_by_git_goes_over_an_empty_one(archive: Sandbox) -> None:
    """Somebody else's record has the entries of a day that is empty here: it is taken in, and not overwritten."""
    assert archive.digest("run").code == 0
    record = archive.read(RECORD)
    header = json.loads(record.splitlines()[0])
    empty = header | {"state": "empty", "declared": {}, "stored": dict.fromkeys(header["stored"], 0)}
    (archive.folder / RECORD).write_text(json.dumps(empty, ensure_ascii=False) + "\n", encoding="utf-8")
    (archive.folder / "archive.db").unlink()
    assert archive.digest("rebuild").code == 0
    assert archive.read(DIGEST).count(b"\n") == 1
    (archive.folder / RECORD).write_bytes(record)
    assert not findings(verify(archive), "edited")
    assert verify(archive, "--repair").code == 0
    assert archive.read(RECORD) == record
    assert archive.read(DIGEST).count(b"\n### ") == 17


def test_a_decision_that_cannot_be_read_is_damage(whole: Sandbox) -> None:
    """One line and exit 6, for whoever reads it."""
    execute(whole, "INSERT INTO decision VALUES ('cs.CV', '2025-03-05', 'lost', '', 'not a time')")
    for command in ("status", "verify", "run"):
        result = whole.digest(command)
        assert result.code == 6, command
        assert "decision" in result.err + result.out
        assert "Traceback" not in result.err


# ruff: noqa: S608  # the statements below are our own
# --- the database, row by row and table by table -------------------------------------------------------------------

HASH = "0" * 64
DAY_ROW = "INSERT INTO day (category, date, state, source, declared, stored, pages, parser_version, content_hash)"
PLACE = "(SELECT place FROM revision WHERE id = 3)"
REBUILD = ("INSERT INTO revision_text (revision_text) VALUES ('rebuild')",)
DAMAGES: Mapping[str, tuple[str, ...]] = {
    # an entry and its revision
    "an entry's id": ("UPDATE entry SET arxiv_id = '2503.99999' WHERE position = 2",),
    "two entries' ids": (
        "UPDATE entry SET arxiv_id = 'x' || position WHERE position < 3",
        """UPDATE entry SET arxiv_id = (SELECT arxiv_id FROM revision WHERE id =
        (SELECT revision_id FROM entry e WHERE e.day_id = entry.day_id AND e.position = 3 - entry.position))
        WHERE position < 3""",
    ),
    "two entries' revisions": (
        """UPDATE entry SET revision_id = (SELECT revision_id FROM entry e WHERE e.day_id = entry.day_id
        AND e.position = 3 - entry.position) WHERE position < 3""",
    ),
    "a text hash": (f"UPDATE revision SET text_hash = '{HASH}' WHERE id = 3",),
    "a fields hash": (f"UPDATE revision SET fields_hash = '{HASH}' WHERE id = 3",),
    "both hashes": (f"UPDATE revision SET text_hash = '{HASH}', fields_hash = 'x' WHERE id = 3",),
    "a comment": ("UPDATE revision SET comments = 'Other.' WHERE id = 3",),
    "an author": ("""UPDATE revision SET authors = '["A. Body"]' WHERE id = 3""",),
    "a title that is bytes": ("UPDATE revision SET title = x'ff00' WHERE id = 3",),
    "a hash that is no text": ("UPDATE revision SET fields_hash = CAST(x'80ff' AS TEXT) WHERE id = 3",),
    "an id that is no text": ("UPDATE revision SET arxiv_id = CAST(x'80ff' AS TEXT) WHERE id = 3",),
    "an abstract that is no text": ("UPDATE revision SET abstract = CAST(x'80ff' AS TEXT) WHERE id = 3",),
    "a run that is no text": ("UPDATE run SET command = CAST(x'80ff' AS TEXT) WHERE id = 1",),
    "a revision that no day shows": (
        f"""INSERT INTO revision (id, arxiv_id, text_hash, fields_hash, title, authors, primary_category, categories)
        VALUES (9999, '2503.00001', '{HASH}', '{HASH}', 'T', '[]', 'cs.CV', '[]')""",
    ),
    # the full-text index
    "no full-text index": ("DROP TABLE revision_text",),
    "full text of one paper missing": (f"DELETE FROM revision_text WHERE rowid = {PLACE}",),
    "a word of one paper missing": (
        f"""INSERT INTO revision_text (revision_text, rowid, title, authors, abstract, comments)
        SELECT 'delete', place, title, '', '', '' FROM revision_plain WHERE place = {PLACE}""",
    ),
    "full text emptied": ("INSERT INTO revision_text (revision_text) VALUES ('delete-all')",),
    "full text of none": ("INSERT INTO revision_text (rowid, title) VALUES (9999, 'Nothing')",),
    "full text twice": (f"INSERT INTO revision_text (rowid, title) VALUES ({PLACE}, 'Nothing')",),
    "full text of others": (
        "INSERT INTO revision_text (revision_text) VALUES ('delete-all')",
        "INSERT INTO revision_text (rowid, title) SELECT place + 1, title FROM revision",
    ),
    "a part of the full-text index": ("DROP TABLE revision_text_config",),
    "the sizes of the full-text index": (f"DELETE FROM revision_text_docsize WHERE id = {PLACE}",),
    "the data of the full-text index": ("UPDATE revision_text_data SET block = x'00' WHERE id > 10",),
    # what it is made from
    "no place": ("UPDATE revision SET place = NULL WHERE id = 3",),
    "a place of another date": ("UPDATE revision SET place = place + 9 * 1048576 WHERE id = 3",),
    "places of other dates": ("UPDATE revision SET place = id", *REBUILD),
    "a place that is no number": ("UPDATE revision SET place = 'x' WHERE id = 3",),
    "places turned round": ("UPDATE revision SET place = -place", *REBUILD),
    "a plain text": ("UPDATE revision SET abstract_text = 'Other.' WHERE id = 3", *REBUILD),
    "no plain texts": ("UPDATE revision SET authors_text = NULL, abstract_text = NULL", *REBUILD),
    "a plain text that is none": ("UPDATE revision SET comments_text = CAST(x'80ff' AS TEXT) WHERE id = 3",),
    "no index of places": ("DROP INDEX revision_place", "UPDATE revision SET place = 1"),
    "no plain view": ("DROP VIEW revision_plain",),
    "another plain view": (
        "DROP VIEW revision_plain",
        "CREATE VIEW revision_plain AS SELECT place, title, '' AS authors, title AS abstract, comments FROM revision",
    ),
    "no view of papers": ("DROP VIEW papers",),
    # the schema
    **{
        f"no table {name}": (f"DROP TABLE {name}",)
        for name in (
            *("raw_page", "day", "revision", "entry", "link", "file", "run", "politeness", "correction"),
            *("decision", "reading", "start", "attempt", "alembic_version"),
        )
    },
    "no index": ("DROP INDEX ix_entry_arxiv_id",),
    "another index": ("DROP INDEX ix_entry_arxiv_id", "CREATE INDEX ix_entry_arxiv_id ON entry (section)"),
    "no unique constraint": (
        "CREATE TABLE other AS SELECT * FROM entry",
        "DROP TABLE entry",
        "ALTER TABLE other RENAME TO entry",
    ),
    "a column gone": ("ALTER TABLE revision DROP COLUMN journal_ref",),
    "a column renamed": ("ALTER TABLE day RENAME COLUMN state TO status",),
    "a column more": ("ALTER TABLE day ADD COLUMN mood TEXT",),
    "no schema's number": ("DELETE FROM alembic_version",),
    "an unknown schema": ("UPDATE alembic_version SET version_num = 'abcd'",),
    "an older schema's number": ("UPDATE alembic_version SET version_num = '0002'",),
    "a schema's number that is bytes": ("UPDATE alembic_version SET version_num = x'00ff'",),
    "tables of two schemas": (
        "ALTER TABLE run DROP COLUMN run_id",
        "UPDATE alembic_version SET version_num = 'abcd'",
    ),
    "several schemas": ("INSERT INTO alembic_version VALUES ('0001')",),
    "another table of schemas": ("ALTER TABLE alembic_version RENAME COLUMN version_num TO number",),
    # rows that belong to nothing, or cannot be read
    "an entry without a day": (
        "INSERT INTO entry (day_id, position, arxiv_id, section, revision_id) VALUES (99, 1, '2503.00001', 'new', 1)",
    ),
    "an entry without a revision": ("UPDATE entry SET revision_id = 999 WHERE position = 2",),
    "a link without a revision": ("INSERT INTO link VALUES (999, 0, 'https://example.org', 'code', 'abstract')",),
    "a link more": ("INSERT INTO link VALUES (3, 9, 'https://example.org', 'code', 'abstract')",),
    "a day without entries": ("DELETE FROM entry WHERE day_id = 1",),
    "a day that is no date": ("UPDATE day SET date = 'x' WHERE id = 1",),
    "a day in another form": ("UPDATE day SET date = '20250304' WHERE id = 1",),
    "a day of another date": ("UPDATE day SET date = '2025-03-03' WHERE id = 1",),
    "a day of another category": ("UPDATE day SET category = 'cs.LG' WHERE id = 1",),
    "a day of no category": ("UPDATE day SET category = '../x' WHERE id = 1",),
    "a day twice": (
        f"""{DAY_ROW}
        SELECT category, '2025-03-03', state, source, declared, stored, pages, parser_version, content_hash
        FROM day WHERE id = 1""",
    ),
    "a state": ("UPDATE day SET state = 'whole' WHERE id = 1",),
    "a source": ("UPDATE day SET source = 'nowhere' WHERE id = 1",),
    "declared": ("UPDATE day SET declared = 'null' WHERE id = 1",),
    "a section": ("UPDATE entry SET section = 'neu' WHERE position = 1",),
    "a position": ("UPDATE entry SET position = 'x' WHERE position = 1",),
    "a file that is not there": (f"INSERT INTO file VALUES ('no/such.md', '{HASH}', '{HASH}', 'x')",),
    "a file out of the folder": (f"INSERT INTO file VALUES ('../such.md', '{HASH}', '{HASH}', 'x')",),
    "a file's hash": (f"UPDATE file SET sha256 = '{HASH}' WHERE path LIKE '%2025-03-05.md'",),
    "a file's hash that is none": ("UPDATE file SET sha256 = 'x' WHERE path LIKE '%2025-03-05.md'",),
    "a run's time": ("UPDATE run SET started_at = 'yesterday' WHERE id = 1",),
    "a run's requests": ("UPDATE run SET requests = 'many' WHERE id = 1",),
    "a page's time": ("UPDATE raw_page SET fetched_at = 'yesterday' WHERE id = 1",),
    "a page's headers": ("UPDATE raw_page SET headers = '[' WHERE id = 1",),
    "a page's place": ("UPDATE raw_page SET path = 'elsewhere' WHERE id = 1",),
    "politeness": ("UPDATE politeness SET last_request = 'never'",),
    "politeness twice": ("INSERT INTO politeness (id, last_request) VALUES (7, 1.5)",),
    "a correction": ("UPDATE correction SET seen_at = 'yesterday'",),
    "a decision": ("INSERT INTO decision VALUES ('cs.CV', '2025-03-05', 'lost', '', 'yesterday')",),
    "a reading": ("INSERT INTO reading VALUES ('cs.CV', '2025-03-05', 'x', '2025-03-05 02:00:00.000000', '')",),
    "a start": ("INSERT OR REPLACE INTO start VALUES ('cs.CV', 'x')",),
    "an attempt": ("INSERT INTO attempt VALUES ('cs.CV', 'x', '2025-03-05 02:00:00.000000')",),
}
SAMPLE = sorted(DAMAGES, key=lambda name: list(DAMAGES).index(name) % 5)
"""The damages, a fifth of them of all kinds first."""

COMMANDS = (
    ("run",),
    ("status",),
    ("show", "latest"),
    ("paper", "2503.00001"),
    ("search", "the"),
    ("doctor",),
    ("regenerate", "--all"),
    ("replay", "--all"),
    ("fetch", "--missing"),
    ("accept", "2025-03-05"),
    ("verify",),
)


def spoil(sandbox: Sandbox, statements: tuple[str, ...]) -> None:
    """Change the database as somebody does who knows nothing of foreign keys."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def digests(sandbox: Sandbox) -> dict[str, bytes]:
    """Return all that was generated, without the copies that a repair keeps."""
    return {path: data for path, data in sandbox.tree().items() if ".damaged" not in path and ".edited" not in path}


@pytest.mark.parametrize("damage", long_after(8, DAMAGES))
def test_damage_of_the_database_is_told_and_mended(whole: Sandbox, damage: str) -> None:
    """Exit 6 and a finding that names the database; after the repair all is proven, and every file is as before."""
    before = digests(whole)
    spoil(whole, DAMAGES[damage])
    broken = whole.tree()
    result = verify(whole)
    assert (result.code, result.err) == (6, ""), result
    assert findings(result, "damaged"), result
    assert "database" in findings(result, "damaged")[0] or "archive.db" in findings(result, "damaged")[0]
    assert "--repair`" in findings(result, "damaged")[0]
    assert whole.tree() == broken
    repaired = verify(whole, "--repair")
    assert repaired.code == 0, repaired
    assert verify(whole).code == 0, verify(whole)
    assert digests(whole) == before
    assert whole.digest("run").code == 0


def test_a_paper_that_nobody_can_read_is_damage_though_no_day_shows_it(whole: Sandbox) -> None:
    """It is told, and removed by the repair."""
    columns = "arxiv_id, text_hash, fields_hash, title, authors, primary_category, categories"
    execute(
        whole, f"INSERT INTO revision ({columns}) VALUES ('2503.99999', '{HASH}', '{HASH}', 'T', '[', 'cs.CV', '[]')"
    )
    result = verify(whole)
    assert (result.code, "2503.99999" in "".join(findings(result, "damaged"))) == (6, True), result
    assert [verify(whole, *options).code for options in (("--repair",), ())] == [0, 0]


def test_the_database_as_it_was_is_kept_before_rows_are_removed(whole: Sandbox) -> None:
    """Under a name that is told, and that none has yet."""
    for name in ("archive.db.damaged", "archive.db.damaged-2"):
        execute(whole, f"UPDATE run SET started_at = '{name}' WHERE id = (SELECT min(id) FROM run)")
        repaired = verify(whole, "--repair")
        assert repaired.code == 0, repaired
        assert f"kept     {whole.folder / name}: the database as it was before\n" in repaired.out
        with closing(sqlite3.connect(whole.folder / name)) as connection:
            assert connection.execute(f"SELECT count(*) FROM run WHERE started_at = '{name}'").fetchone() == (1,)


@pytest.mark.parametrize("damage", long_after(8, SAMPLE))
def test_no_command_ends_in_a_traceback(whole: Sandbox, damage: str) -> None:
    """Whatever is wrong with the database: what it is and the way out on one line, with exit 6, or all is well."""
    spoil(whole, DAMAGES[damage])
    for command in COMMANDS:
        result = whole.digest(*command)
        assert "Traceback" not in result.err, (command, result.err)
        assert result.code in (0, 4, 5, 6), (command, result)
        if result.code == 6 and command[0] not in ("verify", "doctor"):
            assert "`digest verify" in result.err + result.out, (command, result)


@pytest.mark.parametrize("damage", long_after(6, SAMPLE))
def test_without_records_a_repair_destroys_nothing(whole: Sandbox, damage: str) -> None:
    """It mends what follows from the rest, or says why not; all files, and the database as it was, are still there."""
    shutil.rmtree(whole.folder / "data")
    whole.configure("store", records="")
    before = digests(whole)
    spoil(whole, DAMAGES[damage])
    found, repaired = verify(whole), verify(whole, "--repair")
    assert (found.code, repaired.code in (0, 6)) == (6, True), (found, repaired)
    assert digests(whole) == before
    if repaired.code == 6:
        assert "restore a backup" in repaired.out + repaired.err, repaired
    else:
        assert verify(whole).code == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", long_after(2, ["emptied", "no database", "header", "cut"]))
def test_every_command_names_the_way_out_of_a_broken_database(
    whole: Sandbox, damage: str, command: tuple[str, ...]
) -> None:
    """One line and exit 6; where records are kept, ``rebuild`` is the way and works."""
    before = digests(whole)
    change(whole, "archive.db", BROKEN[damage])
    result = whole.digest(*command)
    told = result.out + result.err
    assert (result.code, "Traceback" in told, "`digest rebuild`" in told) == (6, False, True), result
    whole.configure("store", records="")
    result = whole.digest(*command)
    assert (result.code, "restore a backup" in result.out + result.err) == (6, True), result
    whole.configure("store", records="data")
    if command == ("run",):
        assert whole.digest("rebuild").code == 0
        assert (verify(whole).code, digests(whole)) == (0, before)


def test_what_only_the_database_knows_is_taken_over(whole: Sandbox) -> None:
    """Runs, kept pages, and revisions that no day shows any more come along when the database is made again."""
    execute(whole, "DELETE FROM entry WHERE position > 5", "UPDATE run SET command = 'run by hand' WHERE id = 1")
    rows = {}
    for table in ("raw_page", "run", "revision", "link", "politeness"):
        with closing(sqlite3.connect(whole.folder / "archive.db")) as connection:
            rows[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    spoil(whole, ("DROP TABLE entry",))
    assert verify(whole, "--repair").code == 0
    with closing(sqlite3.connect(whole.folder / "archive.db")) as connection:
        for table, before in rows.items():
            assert set(before) <= set(connection.execute(f"SELECT * FROM {table}").fetchall()), table
    assert (whole.folder / "archive.db.damaged").is_file()


# --- indexes whose markers were lost -------------------------------------------------------------------------------

BEGIN, END = b"<!-- digest:begin -->\n", b"<!-- digest:end -->\n"


def swapped(data: bytes) -> bytes:
    """Exchange the two markers."""
    return data.replace(BEGIN, b"@").replace(END, BEGIN).replace(b"@", END)


MARKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "begin lost": lambda data: data.replace(BEGIN, b""),
    "end lost": lambda data: data.replace(END, b""),
    "both lost": lambda data: data.replace(BEGIN, b"").replace(END, b""),
    "begin doubled": lambda data: data.replace(BEGIN, BEGIN + BEGIN),
    "end doubled": lambda data: data.replace(END, END + END),
    "both doubled": lambda data: data.replace(BEGIN, BEGIN + BEGIN).replace(END, END + END),
    "all doubled": lambda data: data + data[data.index(BEGIN) : data.index(END) + len(END)],
    "swapped": swapped,
    "begin misspelt": lambda data: data.replace(b"digest:begin", b"digest:bgin"),
    "end misspelt": lambda data: data.replace(b"digest:end -->", b"digest:end ->"),
    "a bit of begin": lambda data: data.replace(b"<!-- digest:begin", b"<!-- dmgest:begin"),
    "begin cut": lambda data: data.replace(BEGIN, BEGIN[:12] + b"\n"),
    "end too early": lambda data: data.replace(END, b"").replace(BEGIN, BEGIN + END),
    "begin too late": lambda data: data.replace(BEGIN, b"").replace(END, BEGIN + END),
    "emptied": lambda _data: b"",
    "blank": lambda _data: b"\n \n",
    "gone": lambda _data: b"gone",
}


def spoil_index(sandbox: Sandbox, path: str, damage: str) -> None:
    """Damage the markers of an index."""
    change(sandbox, path, MARKERS[damage])
    if damage == "gone":
        (sandbox.folder / path).unlink()


@pytest.mark.parametrize("path", ["README.md", YEAR])
@pytest.mark.parametrize("damage", long_after(5, MARKERS))
def test_an_index_that_lost_its_markers_is_told_and_restored(whole: Sandbox, path: str, damage: str) -> None:
    """That digest had generated it, the database knows; the same bytes as before stand there again."""
    before = whole.tree()
    spoil_index(whole, path, damage)
    result = verify(whole)
    assert (result.code, len(findings(result, "damaged")), findings(result, "edited")) == (6, 1, []), result
    assert f"{whole.folder / path}: expected" in findings(result, "damaged")[0]
    assert verify(whole, "--repair").code == 0
    assert verify(whole).code == 0
    assert digests(whole) == before
    assert whole.digest("run").code == 0
    assert digests(whole) == before


@pytest.mark.parametrize("damage", long_after(5, [one for one in MARKERS if one not in ("emptied", "blank", "gone")]))
def test_a_person_s_text_around_lost_markers_stays(whole: Sandbox, damage: str) -> None:
    """Before and after the generated part, byte for byte, in whatever encoding; the damaged file is kept, too."""
    before = whole.read("README.md").replace(b"# arXiv digests", b"# Caf\xe9\n\n- digest: mine <!-- toc -->\n\nHello.")
    before += b"\nBye, | all |.\n"
    (whole.folder / "README.md").write_bytes(before)
    assert whole.digest("run").code == 0
    assert (whole.read("README.md"), verify(whole).code) == (before, 0)
    spoil_index(whole, "README.md", damage)
    damaged = whole.read("README.md")
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    assert (verify(whole).code, whole.read("README.md")) == (0, before)
    if damage != "a bit of begin":  # nobody edits a bit
        assert whole.read("README.md.damaged") == damaged


@pytest.mark.parametrize("damage", ["emptied", "gone", "begin lost"])
def test_git_knows_that_an_index_was_generated(
    whole: Sandbox, damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the database forgot it; a person's text that is lost comes from the last commit."""
    isolate(monkeypatch, tmp_path / "home")
    text = whole.read("README.md").replace(b"# arXiv digests", b"# My papers\n\nHello.") + b"\nBye.\n"
    (whole.folder / "README.md").write_bytes(text)
    git(whole.folder, "init", "-q")
    git(whole.folder, "add", "README.md")
    git(whole.folder, "commit", "-qm", "Mine")
    execute(whole, "DELETE FROM file WHERE path = 'README.md'")
    spoil_index(whole, "README.md", damage)
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    assert (verify(whole).code, whole.read("README.md")) == (0, text)


@pytest.mark.parametrize("text", [b"", b"# Mine\n", b"# Mine\r\n", b"# Mine\n\n<!-- digest:begin -->\n"])
def test_a_readme_without_markers_stays_its_owner_s(archive: Sandbox, text: bytes) -> None:
    """Whatever is done, before there is an archive and after: not one byte changes."""
    (archive.folder / "README.md").write_bytes(text)
    for command in (
        ("verify", "--repair"),
        ("run",),
        ("regenerate", "--all"),
        ("regenerate", "--outdated"),
        ("rebuild",),
        ("verify",),
        ("verify", "--repair"),
        ("run",),
    ):
        result = archive.digest(*command)
        assert (result.code, archive.read("README.md")) == (0, text), (command, result)
    assert archive.read(DIGEST)
    assert b"2025-03-05.md" in archive.read(YEAR)


@pytest.mark.parametrize("text", [b"", b"# Mine\n", b"# Mine\n\n<!-- digest:begin -->\n"])
def test_a_readme_that_never_was_generated_is_left_alone(whole: Sandbox, text: bytes) -> None:
    """Whatever it holds: neither the database nor git knows it as digest's."""
    execute(whole, "DELETE FROM file WHERE path = 'README.md'")
    (whole.folder / "README.md").write_bytes(text)
    for options in ((), ("--repair",)):
        result = verify(whole, *options)
        assert (result.code, "README.md: left alone" in result.out) == (0, True), result
    assert whole.read("README.md") == text


def test_a_year_s_index_that_became_another_text_is_restored(whole: Sandbox) -> None:
    """It stands in a place of digest's own; what was there is kept beside it."""
    before = whole.read(YEAR)
    (whole.folder / YEAR).write_bytes(b"Something else.\n")
    assert verify(whole).code == 6
    assert verify(whole, "--repair").code == 0
    assert (verify(whole).code, whole.read(YEAR), whole.read(f"{YEAR}.damaged")) == (0, before, b"Something else.\n")


@pytest.mark.parametrize("place", long_after(2, range(0, 12, 3)))
def test_damage_of_several_kinds_is_mended_together(whole: Sandbox, place: int) -> None:
    """Rows, tables, the digest, its record, a page's index and a README at once: all is as it was before."""
    before = digests(whole)
    several = [name for name in DAMAGES if "page" not in name and not name.startswith("an older schema")]
    for name in several[place::12][:5]:
        with suppress(sqlite3.Error):  # what another damage took away
            spoil(whole, DAMAGES[name])
    change(whole, DIGEST, lambda data: data[:-9])
    spoil_index(whole, "README.md", list(MARKERS)[place])
    spoil_index(whole, YEAR, list(MARKERS)[place + 1])
    assert verify(whole).code == 6
    repaired = verify(whole, "--repair")
    assert repaired.code == 0, repaired
    assert (verify(whole).code, digests(whole)) == (0, before)
