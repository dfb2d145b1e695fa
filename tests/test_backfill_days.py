"""Days that nobody captured: reconstructed from harvested metadata, through the command line."""

import gzip
import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.archive.archive import Archive
from tests.conftest import DAY, Result, Sandbox

NOW = "2026-06-01T12:00:00Z"


def record(arxiv_id: str, created: str, categories: str = "cs.CV", **fields: Any) -> dict[str, Any]:
    """Return a line of Kaggle's snapshot, of a paper that was submitted at this time (UTC)."""
    at = datetime.fromisoformat(created).replace(tzinfo=UTC)
    texts = {
        "submitter": "A. Bell",
        "authors": "Anna Bell, Carl Dietz",
        "title": f"A title of {arxiv_id}",
        "comments": None,
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "license": None,
        "abstract": f"  An abstract of {arxiv_id}.\n",
        "update_date": "2021-12-01",
        "authors_parsed": [["Bell", "Anna", ""], ["Dietz", "Carl", ""]],
    }
    versions = [{"version": "v1", "created": f"{at:%a, %-d %b %Y %H:%M:%S} GMT"}]
    return {"id": arxiv_id, "categories": categories, "versions": versions} | texts | fields


def snapshot(sandbox: Sandbox, records: Sequence[dict[str, Any]]) -> str:
    """Write a file as Kaggle has it; return its path."""
    path = sandbox.folder.parent / "arxiv-metadata-oai-snapshot.json"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    return str(path)


# Announced on the evenings of Tue, 12 and Wed, 13 October 2021: the listings of the 13th and 14th.
PAPERS = [
    record("2110.05101", "2021-10-12 12:00"),
    record("2110.05102", "2021-10-12 13:00", "cs.LG cs.CV"),
    record("2110.05103", "2021-10-12 14:00", title=r"On Poincar\'e", abstract="  See https://github.com/o/r now.\n"),
    record("2110.05104", "2021-10-12 15:00", "math.CO"),
    record("2110.06101", "2021-10-01 12:00"),  # held
    record("2110.06102", "2021-10-13 12:00"),
    record("2110.06103", "2021-10-13 13:00", "math.CO"),
]


def backfill(sandbox: Sandbox, *arguments: str, now: str = NOW) -> Result:
    """Run the command."""
    return sandbox.digest("backfill", *arguments, now=now)


def filled(sandbox: Sandbox, records: Sequence[dict[str, Any]] = PAPERS, *arguments: str) -> Result:
    """Reconstruct what a file of these papers tells."""
    return backfill(sandbox, "--file", snapshot(sandbox, records), *arguments)


def rows(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    """Return what the database holds."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection:
        return connection.execute(query).fetchall()


def entries(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """Return all entries: date, section, position, id."""
    query = "SELECT date, section, position, arxiv_id FROM entry JOIN day ON day.id = day_id ORDER BY 1, 3"
    return rows(sandbox, query)


EXPECTED = [
    ("2021-10-13", "new", 1, "2110.05101"),
    ("2021-10-13", "new", 2, "2110.05103"),
    ("2021-10-13", "cross", 3, "2110.05102"),
    ("2021-10-14", "new", 1, "2110.06101"),
    ("2021-10-14", "new", 2, "2110.06102"),
]


def test_days_are_reconstructed_in_the_database_alone(sandbox: Sandbox) -> None:
    """New submissions before cross-lists, ids ascending; a held paper in its block; no file but the root index."""
    result = filled(sandbox)
    assert result.code == 0, result.err
    assert entries(sandbox) == EXPECTED
    assert "5 papers reconstructed on 2 days" in result.err
    assert set(sandbox.tree()) - {"config.toml"} <= {"README.md", ".digest.lock", "digest.lock", "archive.lock"}
    assert rows(sandbox, "SELECT DISTINCT state, source, has_files FROM day") == [("reconstructed", "oai", 0)]


def test_reading_commands_read_such_days(sandbox: Sandbox) -> None:
    """show, paper, search, export; each says that the day is reconstructed."""
    filled(sandbox)
    shown = sandbox.digest("show", "2021-10-13", now=NOW)
    assert shown.code == 0
    assert "On Poincaré" in shown.out
    assert "Code" not in shown.err
    listed = sandbox.digest("show", "2021-10-13", "--titles", now=NOW)
    assert "reconstructed from the dates of the papers" in listed.out
    told = json.loads(sandbox.digest("paper", "2110.06101", "--json", now=NOW).out)
    (event,) = told["events"]
    (place,) = event["announcements"]
    assert (place["date"], place["state"], place["source"]) == ("2021-10-14", "reconstructed", "oai")
    dating = {"basis": "block", "earliest": "2021-10-13", "latest": "2021-10-14", "text_version": 1}
    assert place["dating"] == dating
    assert "possible from 2021-10-13 to 2021-10-14" in sandbox.digest("paper", "2110.06101", now=NOW).out
    found = sandbox.digest("search", "poincare", now=NOW)
    assert "2110.05103" in found.out
    exported = sandbox.digest("export", "..", "--format", "jsonl", now=NOW)
    assert exported.code == 0, exported.err
    assert [json.loads(line)["id"] for line in exported.out.splitlines()] == [one[3] for one in EXPECTED]
    one = sandbox.digest("export", "2021-10-14", "--format", "json", now=NOW)
    assert [row["dating"]["basis"] for row in json.loads(one.out)] == ["block", "block"]


def test_links_are_found_and_texts_are_those_of_a_listing(sandbox: Sandbox) -> None:
    """What was typed in TeX is kept beside them, where a listing shows something else."""
    filled(sandbox)
    assert rows(sandbox, "SELECT url, kind FROM link") == [("https://github.com/o/r", "code")]
    typed = rows(sandbox, "SELECT arxiv_id, raw IS NULL FROM revision ORDER BY 1")
    assert [one for one, is_plain in typed if not is_plain] == ["2110.05103"]


def test_the_same_again_changes_nothing(sandbox: Sandbox) -> None:
    """Not a row, and it says so; a paper that was changed since is told as it is now, and only its day is stored."""
    filled(sandbox)
    before = rows(sandbox, "SELECT id, content_hash FROM day")
    assert "0 stored" in backfill(sandbox, "--offline").err
    assert rows(sandbox, "SELECT id, content_hash FROM day") == before
    newer = record("2110.05101", "2021-10-12 12:00", title="Another", update_date="2022-01-01")
    newer["versions"].append({"version": "v2", "created": "Sat, 1 Jan 2022 12:00:00 GMT"})
    result = filled(sandbox, [newer, *PAPERS[1:]])
    assert "1 stored" in result.err
    assert rows(sandbox, "SELECT text_version FROM entry WHERE arxiv_id = '2110.05101'") == [(2,)]
    assert "text of version 2" in sandbox.digest("paper", "2110.05101", now=NOW).out


def test_with_files_they_are_days_like_others(sandbox: Sandbox) -> None:
    """Digest, record, index; verify proves them, and rebuild gives back the same."""
    assert filled(sandbox, PAPERS, "--files").code == 0
    tree = sandbox.tree()
    assert b"2110.05103" in tree["cs.CV/2021/10/2021-10-13.md" if "cs.CV/2021/10/2021-10-13.md" in tree else "x"]
    assert b'"format": 5' in tree["data/cs.CV/2021/2021-10-13.jsonl"]
    assert b"reconstructed" in tree["README.md"] or b"re&shy;con" in tree["README.md"]
    assert sandbox.digest("verify", now=NOW).code == 0
    stored = entries(sandbox)
    (sandbox.folder / "archive.db").unlink()
    assert sandbox.digest("rebuild", now=NOW).code == 0
    assert entries(sandbox) == stored
    assert rows(sandbox, "SELECT basis FROM entry ORDER BY day_id, position LIMIT 1") == [("block",)]


def test_files_are_written_later_of_what_is_in_the_database(sandbox: Sandbox) -> None:
    """As regenerate says: backfill DATE --files writes them, of that date alone."""
    filled(sandbox)
    told = sandbox.digest("regenerate", "2021-10-13", now=NOW)
    assert told.code == 4
    assert "`digest backfill 2021-10-13 --files`" in told.err
    assert backfill(sandbox, "2021-10-13", "--offline", "--files").code == 0
    assert [path for path in sandbox.tree() if path.endswith(".jsonl")] == ["data/cs.CV/2021/2021-10-13.jsonl"]
    assert rows(sandbox, "SELECT date, has_files FROM day ORDER BY 1") == [("2021-10-13", 1), ("2021-10-14", 0)]


def test_status_and_the_index_tell_of_them_in_a_line(sandbox: Sandbox) -> None:
    """How many, from when to when; none of them is missing or overdue."""
    filled(sandbox)
    status = sandbox.digest("status", now=NOW)
    assert "reconstructed: 2 days from 2021-10-13 to 2021-10-14, in the database alone" in status.out
    told = json.loads(sandbox.digest("status", "--json", now=NOW).out)["categories"]["cs.CV"]
    assert told["reconstructed"] == {"days": 2, "first": "2021-10-13", "last": "2021-10-14", "in_gaps": []}
    assert told["lost"] == []


def test_a_gap_that_is_reconstructed_is_no_longer_overdue(sandbox: Sandbox) -> None:
    """Since the start of the archive, too: it is told as reconstructed."""
    sandbox.configure("store", start="2021-10-13")
    filled(sandbox)
    told = json.loads(sandbox.digest("status", "--json", now=NOW).out)["categories"]["cs.CV"]
    assert told["reconstructed"]["in_gaps"] == ["2021-10-13", "2021-10-14"]
    assert {"2021-10-13", "2021-10-14"}.isdisjoint(told["overdue"])
    assert "2021-10-15" in told["overdue"]


def test_verify_proves_their_rows(sandbox: Sandbox) -> None:
    """Without asking for files; what is damaged is removed, and backfill makes it again."""
    filled(sandbox)
    assert sandbox.digest("verify", now=NOW).code == 0
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection, connection:
        connection.execute("UPDATE entry SET earliest = '2021-10-11' WHERE arxiv_id = '2110.05101'")
    told = sandbox.digest("verify", now=NOW)
    assert told.code == 6
    assert "`digest backfill 2021-10-13` makes it again" in told.out
    sandbox.digest("verify", "--repair", now=NOW)
    assert {one[0] for one in entries(sandbox)} == {"2021-10-14"}
    assert backfill(sandbox, "--offline").code == 0
    assert entries(sandbox) == EXPECTED
    assert sandbox.digest("verify", now=NOW).code == 0


@pytest.mark.parametrize("arguments", [("--evaluate", "--files"), ("--evaluate", "--dry-run"), ("2021-02-30",)])
def test_what_makes_no_sense_is_refused(sandbox: Sandbox, arguments: Sequence[str]) -> None:
    """One line, exit 2."""
    result = backfill(sandbox, *arguments)
    assert result.code == 2
    assert len(result.err.strip().splitlines()) == 1


def test_a_dry_run_counts_and_stores_nothing(sandbox: Sandbox) -> None:
    """Of what was harvested before."""
    filled(sandbox)
    before = Path(sandbox.folder / "archive.db").read_bytes()
    result = backfill(sandbox, "--offline", "--dry-run")
    assert "5 papers reconstructed on 2 days" in result.out
    assert Path(sandbox.folder / "archive.db").read_bytes() == before


def test_a_whole_archive_has_the_papers_of_all_its_categories(sandbox: Sandbox) -> None:
    """New where the primary category is of the archive, else cross-lists; each once, beside its own categories."""
    sandbox.configure("arxiv", categories=["astro-ph", "astro-ph.CO", "physics", "cs.CV"])
    papers = [
        record("2110.05101", "2021-10-12 12:00", "astro-ph.GA astro-ph.CO"),
        record("2110.05102", "2021-10-12 12:10", "gr-qc astro-ph.CO astro-ph.GA"),
        record("2110.05103", "2021-10-12 12:20", "physics.optics cs.CV"),
        record("2110.05104", "2021-10-12 12:30", "cs.CV"),
        record("2110.05105", "2021-10-12 12:40", "astro-ph"),
    ]
    assert filled(sandbox, papers).code == 0
    query = "SELECT category, section, position, arxiv_id FROM entry JOIN day ON day.id = day_id ORDER BY 1, 3"
    assert rows(sandbox, query) == [
        ("astro-ph", "new", 1, "2110.05101"),
        ("astro-ph", "new", 2, "2110.05105"),
        ("astro-ph", "cross", 3, "2110.05102"),
        ("astro-ph.CO", "cross", 1, "2110.05101"),
        ("astro-ph.CO", "cross", 2, "2110.05102"),
        ("cs.CV", "new", 1, "2110.05104"),
        ("cs.CV", "cross", 2, "2110.05103"),
        ("physics", "new", 1, "2110.05103"),
    ]


def test_a_category_that_came_in_part_is_not_reconstructed(sandbox: Sandbox) -> None:
    """One that was added later has some papers by its neighbours' lists: half of a day must not pass for a day."""
    filled(sandbox)
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    result = backfill(sandbox, "--offline")
    assert result.code == 4
    assert "cs.LG: its papers are not harvested to the end; `digest backfill` goes on" in result.err
    assert rows(sandbox, "SELECT DISTINCT category FROM day") == [("cs.CV",)]
    assert backfill(sandbox, "--offline", "--dry-run").out.count("cs.LG") == 1
    status = sandbox.digest("status", now=NOW)
    assert status.out.count("not harvested to the end") == 1
    told = json.loads(sandbox.digest("status", "--json", now=NOW).out)["categories"]
    assert (told["cs.CV"]["harvested"], told["cs.LG"]["harvested"]) == (True, False)
    assert filled(sandbox).code == 0
    assert rows(sandbox, "SELECT DISTINCT category FROM day ORDER BY 1") == [("cs.CV",), ("cs.LG",)]
    assert backfill(sandbox, "--offline").code == 0
    assert "not harvested" not in sandbox.digest("status", now=NOW).out


def test_a_file_that_ends_too_early_is_no_whole_harvest(sandbox: Sandbox) -> None:
    """What it has is kept, and no day is made of it; the whole file makes them all."""
    path = Path(snapshot(sandbox, PAPERS))
    packed = gzip.compress(path.read_bytes())
    cut = path.with_suffix(".json.gz")
    cut.write_bytes(packed[: len(packed) * 3 // 4])
    result = backfill(sandbox, "--file", str(cut))
    assert result.code == 5
    assert entries(sandbox) == []
    assert backfill(sandbox, "--offline").code == 4
    assert "not harvested to the end" in sandbox.digest("status", now=NOW).out
    cut.write_bytes(packed)
    assert backfill(sandbox, "--file", str(cut)).code == 0
    assert entries(sandbox) == EXPECTED


def test_a_file_with_lines_that_cannot_be_read_is_not_called_whole(sandbox: Sandbox) -> None:
    """Its days are made of the others, and that is said, by the status too, until a whole one is read."""
    path = snapshot(sandbox, PAPERS)
    odd = Path(path).with_name("odd.json")
    odd.write_text(Path(path).read_text(encoding="utf-8") + '{"id": "2110.06104"}\n', encoding="utf-8")
    result = backfill(sandbox, "--file", str(odd))
    assert (result.code, entries(sandbox)) == (5, EXPECTED)
    assert "cs.CV: reconstructed without the papers whose metadata cannot be read" in result.err
    status = sandbox.digest("status", now=NOW).out
    assert "harvested, but for records that cannot be read: `digest backfill` named them" in status
    told = json.loads(sandbox.digest("status", "--json", now=NOW).out)["categories"]["cs.CV"]
    assert (told["harvested"], told["unread"]) == (True, True)
    assert backfill(sandbox, "--file", path).code == 0
    assert "cannot be read" not in sandbox.digest("status", now=NOW).out
    told = json.loads(sandbox.digest("status", "--json", now=NOW).out)["categories"]["cs.CV"]
    assert (told["harvested"], told["unread"]) == (True, False)


def edited(sandbox: Sandbox) -> list[str]:
    """Return what was kept as edited by a person."""
    return [path for path in sandbox.tree() if ".edited" in path]


RETITLED = [record(one["id"], "2021-10-12 12:00", title="Other", update_date="2022-01-01") for one in PAPERS[:1]]


def test_only_what_a_person_edited_is_kept_beside_a_day_that_comes_out_otherwise(sandbox: Sandbox) -> None:
    """The digest of a day whose texts changed is digest's own, whatever it begins with."""
    filled(sandbox, PAPERS, "--files")
    assert filled(sandbox, [*RETITLED, *PAPERS[1:]], "--files").code == 0
    assert b"Other" in sandbox.read("cs.CV/2021/10/2021-10-13.md")
    assert edited(sandbox) == []
    path = sandbox.folder / "cs.CV/2021/10/2021-10-13.md"
    path.write_bytes(path.read_bytes() + b"My note.\n")
    again = [record("2110.05101", "2021-10-12 12:00", title="Third", update_date="2022-02-01"), *PAPERS[1:]]
    filled(sandbox, again, "--files")
    assert edited(sandbox) == ["cs.CV/2021/10/2021-10-13.md.edited"]
    assert sandbox.read(edited(sandbox)[0]).endswith(b"My note.\n")


def test_a_digest_that_is_imported_over_a_reconstructed_day_edits_nothing(sandbox: Sandbox) -> None:
    """The reconstructed digest was made by digest, and is gone."""
    filled(sandbox, PAPERS, "--files")
    digest = sandbox.read("cs.CV/2021/10/2021-10-13.md").replace(b"A title of 2110.05101", b"As it was announced")
    path = sandbox.folder.parent / "2021-10-13.md"
    path.write_bytes(digest)
    assert sandbox.digest("import", str(path), now=NOW).code == 0
    assert sandbox.read("cs.CV/2021/10/2021-10-13.md") == digest
    assert edited(sandbox) == []


def test_a_day_that_no_paper_is_left_of_goes_with_its_files(sandbox: Sandbox) -> None:
    """All is as if it had never been: no history shows in the archive. What a person edited stays, and is told."""
    other = Sandbox(sandbox.folder.parent / "other", sandbox.capture)
    other.folder.mkdir()
    for one in (sandbox, other):
        one.configure("store", records="data")
    filled(sandbox, PAPERS, "--files")
    moved = [
        one | ({"categories": "math.CO", "update_date": "2022-01-01"} if "05" in one["id"][5:7] else {})
        for one in PAPERS
    ]
    result = filled(sandbox, moved)
    assert result.code == 0
    assert "cs.CV 2021-10-13: removed, for no paper is dated so any more" in result.err
    assert filled(other, moved, "--files").code == 0
    assert entries(sandbox) == entries(other) == [one for one in EXPECTED if one[0] == "2021-10-14"]
    trees = [
        {path: one.read(path) for path in one.tree() if path.endswith((".md", ".jsonl"))} for one in (sandbox, other)
    ]
    assert trees[0] == trees[1]
    assert sandbox.digest("verify", now=NOW).code == 0
    digest = sandbox.folder / "cs.CV/2021/10/2021-10-14.md"
    digest.write_bytes(digest.read_bytes() + b"My note.\n")
    gone = [one | {"categories": "math.CO", "update_date": "2022-02-01"} for one in PAPERS]
    result = filled(sandbox, gone)
    assert "2021-10-14.md: left alone, because it was edited" in result.err
    assert digest.read_bytes().endswith(b"My note.\n")
    assert entries(sandbox) == []


@pytest.mark.parametrize("files", [(), ("--files",)])
@pytest.mark.parametrize("dates", ["2021-10-13", "2021-10-14", "2021-10-13..2021-10-13"])
def test_a_paper_whose_date_moves_out_of_the_range_is_on_one_day(
    sandbox: Sandbox, dates: str, files: tuple[str, ...]
) -> None:
    """The days around that were reconstructed before are made again where they come out otherwise; no others are."""
    filled(sandbox, PAPERS, *files)
    moved = [*PAPERS[:2], record("2110.05103", "2021-10-13 12:00", update_date="2022-01-01"), *PAPERS[3:]]
    moved[2]["id"] = "2110.06100"
    gone = record("2110.05103", "2021-10-12 14:00", "math.CO", update_date="2022-01-01")
    assert backfill(sandbox, dates, "--file", snapshot(sandbox, [*moved, gone]), *files).code == 0
    expected = {"2021-10-13": ["2110.05101", "2110.05102"], "2021-10-14": ["2110.06100", "2110.06101", "2110.06102"]}
    assert {day: [one[3] for one in entries(sandbox) if one[0] == day] for day in expected} == expected
    assert rows(sandbox, "SELECT DISTINCT has_files FROM day") == [(int(bool(files)),)]
    other = Sandbox(sandbox.folder.parent / "other", sandbox.capture)
    other.folder.mkdir()
    other.configure("store", records="data")
    assert backfill(other, "2021-10-14", "--file", snapshot(sandbox, PAPERS), "--files").code == 0
    assert {one[0] for one in entries(other)} == {"2021-10-14"}


def test_the_index_of_a_year_goes_with_its_last_day(sandbox: Sandbox) -> None:
    """And comes back with the next one; of what a person wrote into it only the generated part goes."""
    filled(sandbox, [*PAPERS, record("2010.05101", "2020-10-13 12:00")], "--files")
    old, index = "cs.CV/2020/README.md", "cs.CV/2021/README.md"
    assert {old, index} <= sandbox.tree().keys()
    written = sandbox.folder / index
    written.write_bytes(b"My year.\n\n" + written.read_bytes())
    left = [one | {"categories": "math.CO", "update_date": "2022-01-01"} for one in PAPERS]
    assert filled(sandbox, [*left, record("2010.05101", "2020-10-13 12:00")]).code == 0
    assert {path for path in sandbox.tree() if "2021" in path} == {index}
    assert b"2021-10-13" not in sandbox.read(index)
    assert sandbox.read(index).startswith(b"My year.\n")
    assert sandbox.digest("verify", now=NOW).code == 0
    gone = [record("2010.05101", "2020-10-13 12:00", "math.CO", update_date="2022-01-01")]
    assert filled(sandbox, gone).code == 0
    assert not (sandbox.folder / "cs.CV/2020").exists()
    assert sandbox.digest("verify", now=NOW).code == 0
    back = [one | {"update_date": "2022-03-01"} for one in PAPERS]
    assert filled(sandbox, back, "--files").code == 0
    assert b"2021-10-13" in sandbox.read(index)


def test_a_paper_that_a_capture_lists_is_in_no_reconstructed_day_with_files(sandbox: Sandbox) -> None:
    """Its reconstructed day, which had no other, goes; the paper stands on one day."""
    filled(sandbox, PAPERS[:1], "--files")
    path = sandbox.folder.parent / "2021-10-15.md"
    line = "### 1.A title of 2110.05101  [ :arrow_down: ](https://arxiv.org/pdf/2110.05101.pdf)"
    path.write_text(f"# ArXiv cs.CV --Fri, 15 Oct 2021\n{line}\n>  An abstract.      \n", encoding="utf-8")
    assert sandbox.digest("import", str(path), now=NOW).code == 0
    assert backfill(sandbox, "--offline").code == 0
    assert entries(sandbox) == [("2021-10-15", "new", 1, "2110.05101")]
    assert not [path for path in sandbox.tree() if "2021-10-13" in path]
    assert sandbox.digest("verify", now=NOW).code == 0


@pytest.mark.parametrize("files", [(), ("--files",)])
def test_verify_reads_a_day_by_the_rules_of_its_record(sandbox: Sandbox, files: tuple[str, ...]) -> None:
    """A text that no record may hold is damage, though the hash of the day is right; backfill makes the day again."""
    other = Sandbox(sandbox.folder.parent / "other", sandbox.capture)
    other.folder.mkdir()
    other.configure("store", records="data")
    filled(other, PAPERS, "--files")
    path = "data/cs.CV/2021/2021-10-13.jsonl"
    damaged = other.read(path).replace(b"A title of 2110.05101", b"")
    filled(sandbox, PAPERS, *files)
    write(sandbox, "UPDATE revision SET title = '' WHERE arxiv_id = '2110.05101'")
    found = hashlib.sha256(damaged).hexdigest()
    write(sandbox, f"UPDATE day SET content_hash = '{found}' WHERE date = '2021-10-13'")  # noqa: S608 - our own
    if files:
        (sandbox.folder / path).write_bytes(damaged)
    told = sandbox.digest("verify", now=NOW)
    assert told.code == 6
    assert "expected a text on one line" in told.out
    assert " ".join(("`digest backfill 2021-10-13", *files)) + "` makes it again" in told.out
    assert sandbox.digest("verify", "--repair", now=NOW).code == 0
    assert {one[0] for one in entries(sandbox)} == {"2021-10-14"}
    assert backfill(sandbox, "--offline", *files).code == 0
    assert entries(sandbox) == EXPECTED
    assert sandbox.digest("verify", now=NOW).code == 0


def write(sandbox: Sandbox, statement: str) -> None:
    """Change the database."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection, connection:
        connection.execute(statement)


def test_a_paper_that_no_record_can_hold_is_left_out(sandbox: Sandbox) -> None:
    """It is told, and nothing of it is stored; the others of its day are."""
    filled(sandbox)
    write(sandbox, "UPDATE harvested SET title = '' WHERE arxiv_id = '2110.05101'")
    result = backfill(sandbox, "--offline")
    assert result.code == 5
    assert "cs.CV 2021-10-13: 2110.05101 left out: " in result.err
    assert [one[3] for one in entries(sandbox)] == [one[3] for one in EXPECTED[1:]]
    assert [one[2] for one in entries(sandbox)] == [1, 2, 1, 2]
    assert sandbox.digest("verify", now=NOW).code == 0


def test_a_paper_whose_id_and_clock_contradict_each_other_has_no_day(sandbox: Sandbox) -> None:
    """An id of January 2015 was not given to what was submitted in 2021: it is told, and known without a day."""
    wrong = record("1501.00002", "2021-10-12 12:00")
    late = record("2109.09001", "2021-10-01 10:00")  # of the last evening of its month
    result = filled(sandbox, [wrong, late, *PAPERS])
    assert result.code == 0
    words = "1 paper left out, submitted long after the month of the id, as the metadata say: one of the two is wrong"
    assert f"{words}: 1501.00002" in result.err
    assert "1501.00002" not in {one[3] for one in entries(sandbox)}
    assert "2109.09001" in {one[3] for one in entries(sandbox)}
    told = json.loads(backfill(sandbox, "--offline", "--json").out)
    assert told["reconstructed"]["contradictory"] == ["1501.00002"]
    asked = sandbox.digest("paper", "1501.00002", now=NOW)
    assert asked.code == 4
    assert "its metadata was harvested, but no day has it" in asked.err


def test_dates_that_have_no_reconstructed_day_say_why(sandbox: Sandbox) -> None:
    """A weekend and a deferral as show says it; what arXiv serves; what is not announced yet."""
    filled(sandbox)
    saturday = backfill(sandbox, "2021-10-23", "--offline")
    assert saturday.code == sandbox.digest("show", "2021-10-23", now=NOW).code == 2
    assert "there is no listing: arXiv announces none for a Saturday or Sunday" in saturday.err
    deferred = backfill(sandbox, "2021-11-26", "--offline")
    assert deferred.code == 4
    assert "arXiv deferred the announcement of the evening before" in deferred.err
    for dates in ("2026-05-20..", "2026-05-20"):
        served = backfill(sandbox, dates, "--offline")
        assert "arXiv serves the listings from 2026-03-02 on: `digest fetch` gets them" in served.err
    assert "no listing from 2030-01-01 on is announced yet" in backfill(sandbox, "2030-01-01..", "--offline").err


def test_a_paper_that_only_a_classic_digest_tells_of_is_shown(sandbox: Sandbox) -> None:
    """Its authors and categories are unknown."""
    path = sandbox.folder.parent / "2021-10-15.md"
    line = "### 1.Some title  [ :arrow_down: ](https://arxiv.org/pdf/2110.05101.pdf)"
    path.write_text(f"# ArXiv cs.CV --Fri, 15 Oct 2021\n{line}\n>  An abstract.      \n", encoding="utf-8")
    sandbox.digest("import", str(path), now=NOW)
    shown = sandbox.digest("paper", "2110.05101", now=NOW)
    assert shown.code == 0, shown.err
    assert "Some title" in shown.out


# Beside captured days


def captured_records(archive: Sandbox, submitted: str = "2025-03-04 12:00") -> list[dict[str, Any]]:
    """Return, as Kaggle's, the papers of the listing that a run stored, all submitted at this time."""
    query = "SELECT DISTINCT e.arxiv_id, r.primary_category FROM entry e JOIN revision r ON r.id = e.revision_id"
    found = rows(archive, f"{query} WHERE section != 'replacement' ORDER BY 1")
    return [record(one, submitted, " ".join(dict.fromkeys((primary, "cs.CV")))) for one, primary in found]


def test_a_captured_day_is_never_touched(archive: Sandbox) -> None:
    """Its papers are in no other day, and no paper is added to it."""
    assert archive.digest("run").code == 0
    papers = captured_records(archive)
    papers[0] = record(papers[0]["id"], "2025-03-03 12:00", papers[0]["categories"])
    late = record("2503.09999", "2025-03-04 12:30")
    before, tree = entries(archive), archive.tree()
    assert filled(archive, [*papers, late, record("2503.00001", "2025-03-03 09:00")]).code in (0, 4)
    assert [one for one in entries(archive) if one[0] == str(DAY)] == before
    assert [one[3] for one in entries(archive) if one[0] != str(DAY)] == ["2503.00001"]
    assert (
        "1 paper left out, dated to days that were captured, and do not list them" in backfill(archive, "--offline").err
    )
    assert {path: data for path, data in archive.tree().items() if path in tree and path != "README.md"} == {
        path: data for path, data in tree.items() if path != "README.md"
    }


def test_what_is_captured_takes_the_place_of_what_was_reconstructed(archive: Sandbox) -> None:
    """With files or without: the day is complete then, and none of the former entries is left."""
    for files in ((), ("--files",)):
        papers = [record("2503.03001", "2025-03-04 12:00"), record("2503.03002", "2025-03-04 12:10")]
        assert backfill(archive, "--file", snapshot(archive, papers), *files).code == 0
        assert [one[0] for one in entries(archive)] == ["2025-03-05", "2025-03-05"]
    assert archive.digest("run").code == 0
    assert rows(archive, "SELECT date, state, source, has_files FROM day") == [("2025-03-05", "complete", "listing", 1)]
    assert {"2503.03001", "2503.03002"}.isdisjoint(one[3] for one in entries(archive))
    assert rows(archive, "SELECT count(*) FROM entry WHERE basis IS NOT NULL") == [(0,)]


def test_what_arxiv_serves_is_left_to_fetch(sandbox: Sandbox) -> None:
    """A day that can still be captured is not reconstructed."""
    result = backfill(sandbox, "--file", snapshot(sandbox, PAPERS), now="2021-11-01T12:00:00Z")
    assert result.code == 0
    assert entries(sandbox) == []


def test_the_error_is_measured_on_captured_days(archive: Sandbox) -> None:
    """Blind: a held paper is right by its block and wrong by its clock; a late one is wrong, and an example of it."""
    archive.digest("run")
    papers = captured_records(archive)
    ids = sorted(one["id"] for one in papers)
    times = {ids[1]: "2025-02-20 12:00"}
    papers = [record(one["id"], times.get(one["id"], "2025-03-04 12:00"), one["categories"]) for one in papers]
    filled(archive, papers[:-1])
    told = json.loads(backfill(archive, "--evaluate", "--json").out)
    assert told["all"]["total"] == len(papers) - 1
    assert (told["all"]["wrong_by_blocks"], told["all"]["wrong_by_clock"]) == (0, 1)
    assert told["new"]["total"] + told["cross"]["total"] == told["all"]["total"]
    assert (told["days"], told["not_harvested"], told["examples"]) == (1, 1, [])
    words = backfill(archive, "--evaluate").out
    assert "reconstructed blind" in words
    assert f"all         0.00 % / {100 / (len(papers) - 1):.2f} % of {len(papers) - 1}" in words


def test_without_captured_days_there_is_nothing_to_measure(sandbox: Sandbox) -> None:
    """It says so."""
    filled(sandbox)
    assert "nothing to evaluate" in backfill(sandbox, "--evaluate").out


def test_a_killed_reconstruction_goes_on(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each day is stored whole or not at all; in the end all is as if nothing had happened."""
    papers = [
        record(f"2110.{day:02}{number:03}", f"2021-10-{day} 12:00") for day in (12, 13, 14) for number in range(3)
    ]
    filled(sandbox, papers)
    expected = entries(sandbox)
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as connection, connection:
        for table in ("entry", "day"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    save, calls = Archive.save_unfiled, []

    def save_once(self: Archive, *arguments: Any) -> Any:
        calls.append(1)
        return save(self, *arguments) if len(calls) == 1 else stop()

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "save_unfiled", save_once)
        backfill(sandbox, "--offline")
    assert entries(sandbox) == expected[:3]
    assert backfill(sandbox, "--offline").code == 0
    assert entries(sandbox) == expected
