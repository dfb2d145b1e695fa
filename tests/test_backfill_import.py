"""Reconstructed days among what is imported: they stay what they are, and nothing made of them passes for a capture."""

import json
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox
from tests.test_backfill_days import NOW, PAPERS, filled, rows

RECORD = "data/cs.CV/2021/2021-10-13.jsonl"
DIGEST = "cs.CV/2021/10/2021-10-13.md"
DAYS = "SELECT date, state, source FROM day ORDER BY 1"
DATING = "SELECT arxiv_id, basis, earliest, latest, text_version FROM entry ORDER BY 1"
AS_BEFORE = [("2021-10-13", "reconstructed", "oai"), ("2021-10-14", "reconstructed", "oai")]


def other(sandbox: Sandbox, name: str = "other") -> Sandbox:
    """Return another, empty archive."""
    made = Sandbox(sandbox.folder.parent / name, sandbox.capture)
    made.folder.mkdir()
    made.configure("store", records="data")
    return made


def imported(sandbox: Sandbox, *paths: Path | str) -> Result:
    """Import files."""
    return sandbox.digest("import", *map(str, paths), now=NOW)


def test_an_archive_with_reconstructed_days_is_taken_with_their_dating(sandbox: Sandbox) -> None:
    """The day records count, whatever lies beside them: no digest that was made of them is a capture."""
    filled(sandbox, PAPERS, "--files")
    clean = other(sandbox)
    result = imported(clean, sandbox.folder)
    assert result.code == 0
    assert rows(clean, DAYS) == AS_BEFORE
    assert rows(clean, DATING) == rows(sandbox, DATING)
    assert clean.read(RECORD) == sandbox.read(RECORD)
    assert "classic digest of cs.CV 2021-10-13: 2 new, 1 cross-list; stored already as reconstructed" in result.err


@pytest.mark.parametrize("files", [(), ("--files",)])
def test_the_digest_of_a_reconstructed_day_is_no_capture_of_it(sandbox: Sandbox, files: tuple[str, ...]) -> None:
    """Imported into the archive that made it, whether the day has files or not; one that tells other things is."""
    filled(sandbox, PAPERS, "--files")
    digest = sandbox.read(DIGEST)
    if not files:
        sandbox = other(sandbox)
        filled(sandbox, PAPERS)
    path = sandbox.folder.parent / "2021-10-13.md"
    path.write_bytes(digest)
    result = imported(sandbox, path)
    assert "stored already as reconstructed from oai" in result.err
    assert rows(sandbox, DAYS) == AS_BEFORE
    path.write_bytes(digest.replace(b"A title of 2110.05101", b"As it was announced"))
    assert imported(sandbox, path).code == 0
    assert rows(sandbox, DAYS)[0] == ("2021-10-13", "imported", "import")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_an_export_of_a_reconstructed_day_keeps_its_dating(sandbox: Sandbox, form: str) -> None:
    """Each paper's basis, range and version; with another state it is refused."""
    filled(sandbox)
    text = sandbox.digest("export", "..", "--format", form, now=NOW).out
    path = sandbox.folder.parent / f"days.{form}"
    path.write_text(text, encoding="utf-8", newline="")
    clean = other(sandbox)
    assert imported(clean, path).code == 0
    assert rows(clean, DAYS) == AS_BEFORE
    assert rows(clean, DATING) == rows(sandbox, DATING)
    assert clean.digest("verify", now=NOW).code == 0
    path.write_text(text.replace("reconstructed", "imported"), encoding="utf-8", newline="")
    result = imported(other(sandbox, "third"), path)
    assert result.code == 5
    assert "expected reconstructed by the rest, found imported" in result.err


def test_a_full_digest_that_says_so_is_a_reconstructed_day(sandbox: Sandbox) -> None:
    """Without its dating, which is not in it; over the archive's own it changes nothing."""
    sandbox.configure("digest", template="full")
    filled(sandbox, PAPERS, "--files")
    assert "stored already as reconstructed from oai" in imported(sandbox, sandbox.folder / DIGEST).err
    clean = other(sandbox)
    result = imported(clean, sandbox.folder / DIGEST)
    assert result.code == 0
    assert "reconstructed; how each paper was dated is not in it" in result.err
    assert rows(clean, DAYS) == [("2021-10-13", "reconstructed", "import")]
    assert clean.digest("verify", now=NOW).code == 0
    told = json.loads(clean.digest("paper", "2110.05101", "--json", now=NOW).out)
    assert told["events"][0]["announcements"][0]["dating"] is None
