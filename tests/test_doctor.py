"""`digest doctor`: every finding with what to do about it, the settings in effect, no secret, and nothing changed."""

import base64
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from digest.config import load
from digest.disk.files import hold_lock
from digest.records.notices import NOTICES_PATH
from tests.conftest import NIGHT, Result, Sandbox
from tests.receiver import receiving
from tests.repositories import commit_file, git, hook, isolate, make_archive, make_remote, make_repository
from tests.standin import Fault, Reply, Request, StandIn, faults

LATER = "2025-03-05T03:00:00Z"
"""An hour after the run, in the same night."""

PLANTED = "t0ps3cret-Xyz"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person with a name in git, without a crontab, and without settings in the environment."""
    isolate(monkeypatch, tmp_path / "home")
    for name in [name for name in os.environ if name.startswith(("DIGEST_", "XDG_"))]:
        monkeypatch.delenv(name)
    crontab(monkeypatch, tmp_path, "")
    return tmp_path / "home"


def crontab(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """Let the user have a crontab with this text; none if it is empty."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "table").write_text(text)
    end = "exit 0" if text else "echo 'no crontab for you' >&2; exit 1"
    (programs / "crontab").write_text(f'#!/bin/sh\n[ "$*" = -l ] || exit 2\ncat "{programs}/table"\n{end}\n')
    (programs / "crontab").chmod(0o755)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", path if str(programs) in path else f"{programs}:{path}")


@pytest.fixture
def kept(archive: Sandbox) -> Sandbox:
    """An archive after its first night."""
    archive.once(lambda: archive.digest("run"))
    return archive


def doctor(sandbox: Sandbox, *options: str, now: str = LATER) -> Result:
    """Run the command; whatever it finds, it says nothing on stderr, and is no bug."""
    result = sandbox.digest("doctor", *options, now=now)
    assert result.err == ""
    assert result.code != 1
    return result


def findings(result: Result, mark: str) -> list[str]:
    """Return the findings with a mark: ok, warn or FAIL."""
    lines = result.out.partition("\n# In effect")[0].splitlines()
    return [line[6:] for line in lines if line.startswith(f"{mark:<4}  ")]


def found(result: Result, mark: str, *words: str) -> bool:
    """Whether one finding has all the words; every warning and failure of a result has advice after a colon."""
    assert all(": " in finding for bad in ("warn", "FAIL") for finding in findings(result, bad))
    return any(all(word in finding for word in words) for finding in findings(result, mark))


def shown(result: Result) -> str:
    """Return the configuration that is shown."""
    return "# In effect" + result.out.partition("\n# In effect")[2]


def edit(sandbox: Sandbox, text: str) -> None:
    """Add lines to the configuration."""
    with (sandbox.folder / "config.toml").open("a") as file:
        file.write(text)


# --- all is well, and nothing is changed -----------------------------------------------------------


def test_it_finds_nothing_wrong(kept: Sandbox, arxiv: StandIn) -> None:
    """Exit 0, no failure, the versions are told, and nobody is asked anything."""
    arxiv.requests.clear()
    result = doctor(kept)
    assert (result.code, findings(result, "FAIL")) == (0, [])
    assert found(result, "ok", "on Python 3.")
    assert found(result, "ok", f"SQLite {sqlite3.sqlite_version}")
    assert found(result, "ok", "full-text search")
    assert found(result, "ok", "in New York it is 2025-03-04 22:00")
    assert found(result, "ok", "tests@example.org")
    assert found(result, "ok", "database with 1 days, the newest 2025-03-05")
    assert found(result, "ok", "the last nightly run, 2025-03-05 02:00 UTC, ended with 0")
    assert arxiv.requests == []


@pytest.mark.parametrize("has_run", [False, True], ids=["new", "kept"])
def test_it_changes_nothing(archive: Sandbox, *, has_run: bool) -> None:
    """No file is made, none has other bytes, also of the database and in git; twice says the same."""
    make_archive(archive)
    if has_run:
        assert archive.digest("run").code == 0
    before = _everything(archive.folder)
    first = doctor(archive)
    assert _everything(archive.folder) == before
    assert _without_room(doctor(archive)) == _without_room(first)


def _without_room(result: Result) -> list[str]:
    # Others use the disk, too.
    return [line for line in result.out.splitlines() if "MiB free" not in line]


def _everything(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_findings_stand_in_groups(kept: Sandbox) -> None:
    """A heading, its findings, a blank line."""
    blocks = doctor(kept).out.partition("\n# In effect")[0].strip().split("\n\n")
    titles = [block.splitlines()[0] for block in blocks]
    assert titles == ["This machine", "Settings", "Folders", "Database", "Schedule", "git", "Messages"]
    assert all(line[:6] in ("ok    ", "warn  ", "FAIL  ") for block in blocks for line in block.splitlines()[1:])


# --- the settings in effect ------------------------------------------------------------------------

FULL = """
[calendar]
deferred = ["2027-01-01"]
[digest]
directory = "out/\u65e5 \\"x\\" \\\\y"
sections = ["cross", "new"]
[git]
commit = false
message = 'digest: "{summary}" # {dates} \\'
[notify]
urls = ["env:CHANNEL", "file:my secret.txt"]
[[view]]
name = "splatting"
keywords = ["gaussian splatting", ["-\u00fcber", "a*"], "a\u0085b"]
feeds = ["atom"]
[[view]]
name = "code"
has_code = true
sections = ["replacement"]
"""


def test_what_is_shown_is_toml_with_the_same_meaning(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put in the place of the file, without the environment, it gives the same settings, those of views too."""
    edit(sandbox, FULL)
    (sandbox.folder / 'out/\u65e5 "x" \\y').mkdir(parents=True)  # a new one could not be called so
    monkeypatch.setenv("DIGEST_ARXIV_CATEGORIES", "cs.CV, cs.LG")
    monkeypatch.setenv("DIGEST_ARXIV_TIMEOUT", "12.5")
    monkeypatch.setenv("DIGEST_STORE_RAW", "pa#ges")
    expected = load(sandbox.folder / "config.toml", os.environ)
    text = shown(doctor(sandbox))
    copy = sandbox.folder / "copy.toml"
    copy.write_text(text, encoding="utf-8")
    assert load(copy, {}) == expected
    assert [view["name"] for view in tomllib.loads(text)["view"]] == ["splatting", "code"]


def test_each_value_says_where_it_is_from(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, a variable of the environment, which is stronger, or the default; of views, too."""
    edit(sandbox, '[git]\nremote = "mine"\n[[view]]\nname = "x"\n')
    monkeypatch.setenv("DIGEST_GIT_REMOTE", "other")
    monkeypatch.setenv("DIGEST_ARXIV_TIMEOUT", "30")
    lines = shown(doctor(sandbox)).splitlines()
    assert str(sandbox.folder / "config.toml") in lines[0]
    for line in (
        'contact = "tests@example.org"  # config.toml',
        "heal_requests = 40  # default",
        "timeout = 30.0  # environment DIGEST_ARXIV_TIMEOUT",
        'remote = "other"  # environment DIGEST_GIT_REMOTE',
        'records = "data"  # config.toml',
        'name = "x"  # config.toml',
        'template = "full"  # default',
    ):
        assert lines.count(line) == 1, line


def test_a_misspelt_variable_is_told_with_the_right_name(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sets nothing, silently; those that a channel is named by are no settings."""
    for name in ("DIGEST_GIT_PUHS", "DIGEST_NOTIFY_URL", "DIGEST_ZZZZZZ", "DIGEST_MY_CHANNEL", "DIGEST_CONFIG"):
        monkeypatch.setenv(name, "x")
    kept.configure("notify", urls=["env:DIGEST_MY_CHANNEL"])
    result = doctor(kept)
    assert found(result, "warn", "DIGEST_GIT_PUHS has no effect: did you mean DIGEST_GIT_PUSH?")
    assert found(result, "warn", "DIGEST_NOTIFY_URL has no effect: did you mean DIGEST_NOTIFY_URLS?")
    assert found(result, "warn", "DIGEST_ZZZZZZ has no effect: ")
    assert not found(result, "warn", "DIGEST_MY_CHANNEL")
    assert not found(result, "warn", "DIGEST_CONFIG")


# --- secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://digest:{PLANTED}@127.0.0.1:9/digest",
        f"postgresql+psycopg://127.0.0.1:9/digest?user=digest&password={PLANTED}",
    ],
)
def test_the_password_of_a_database_is_not_shown(kept: Sandbox, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Neither in the settings nor in the failure to connect; from the file or the environment."""
    kept.configure("store", url=url)
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "database: ")) == (6, True)
    assert PLANTED not in result.out
    assert "127.0.0.1:9" in shown(result)
    monkeypatch.setenv("DIGEST_STORE_URL", url)
    assert PLANTED not in doctor(kept).out


def test_no_secret_is_shown_wherever_it_is_from(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels and the health check, a remote's address, variables that tokens are in, an error of git's."""
    make_archive(kept)
    git(kept.folder, "remote", "set-url", "origin", f"https://ada:{PLANTED}@127.0.0.1:9/a.git")
    monkeypatch.setenv("CHANNEL", f"json://127.0.0.1:9/{PLANTED}")
    monkeypatch.setenv("GITHUB_TOKEN", PLANTED)
    (kept.folder / "health").write_text(f"https://127.0.0.1:9/{PLANTED}\n")
    kept.configure("notify", urls=["env:CHANNEL"], health="file:health")
    hook(kept.folder, "pre-commit", f"echo {PLANTED}")
    result = doctor(kept, "--online")
    assert found(result, "FAIL", "the address of origin holds a name or password")
    assert found(result, "FAIL", "no push: ")
    assert PLANTED not in result.out
    assert "env:CHANNEL" in shown(result)
    assert "file:health" in shown(result)


@pytest.mark.parametrize(
    "text",
    [
        f'[notify]\nurls = "slack://{PLANTED}"\n',
        f'[notify]\nurls = [["slack://{PLANTED}"]]\n',
        f'[notify]\nurls = [{{ url = "{PLANTED}" }}]\n',
        f'[notify]\nurls = ["env:A\\nslack://{PLANTED}"]\n',
        f'[notify]\nhealth = ["https://example.org/{PLANTED}"]\n',
        f'[notify]\n"slack://{PLANTED}" = true\n',
        f'notify = "slack://{PLANTED}"\n',
        f'view = ["slack://{PLANTED}"]\n',
        f'[[view]]\nname = "https://{PLANTED}@example.org"\nkeyword = 1\n',
        f'[store]\nurl = ["postgresql://digest:{PLANTED}@host/x"]\n',
        f'[store]\nurl = "postgresql://digest:{PLANTED}@host/\\u0000"\n',
        f'[store]\nurl = "mysql://digest:{PLANTED}@host/x"\n',
        f'[git]\nbranch = "https://{PLANTED}@example.org/a..git"\n',
        f'[git]\nauthor = "https://{PLANTED}@example.org"\n',
        f'[git]\nremote = "https://{PLANTED}@example.org/a.git"\n',
        f'[arxiv]\npages_url = ["https://ada:{PLANTED}@example.org"]\n',
        f'[arxiv]\npages_url = "https://ada:{PLANTED}@example.org"\n',
        f'[notify]\nurls = ["slack://{PLANTED}"\nhealth = "x"\n',
        f'[notify]\nurls = ["slack://{PLANTED}]\n',
    ],
)
def test_a_wrong_setting_s_message_repeats_no_secret(sandbox: Sandbox, text: str) -> None:
    """Exit 2 in one line that names the file; addresses that stand where they do not belong stay unsaid."""
    (sandbox.folder / "config.toml").write_text(text)
    result = sandbox.digest("doctor")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert "config.toml" in result.err
    assert PLANTED not in result.err


@pytest.mark.parametrize("name", ["DIGEST_NOTIFY_URLS", "DIGEST_NOTIFY_HEALTH", "DIGEST_STORE_URL"])
def test_a_wrong_variable_s_message_repeats_no_secret(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The same in the environment."""
    monkeypatch.setenv(name, f"slack://ada:{PLANTED}@example.org/\x7f")
    result = sandbox.digest("doctor")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert PLANTED not in result.err


# --- settings, templates, calendar -----------------------------------------------------------------


def test_no_contact_and_a_broken_template(kept: Sandbox) -> None:
    """Each with its advice; a template's mistake is exit 2 and names the line."""
    (kept.folder / "my.md.j2").write_text("{% if %}")
    kept.configure("arxiv", contact="")
    kept.configure("digest", template="my.md.j2")
    result = kept.digest("doctor", now=LATER)
    assert result.code == 2
    assert found(result, "warn", "no contact", "[arxiv] contact")
    assert found(result, "FAIL", "my.md.j2:1", 'use "classic"')


def test_a_calendar_that_guesses(archive: Sandbox) -> None:
    """Far after the table of deferrals, or because the clock is wrong."""
    assert found(doctor(archive, now="2031-06-04T12:00:00Z"), "warn", "guessing", "if the year 2031 is right")


# --- folders ---------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made(kept: Sandbox) -> None:
    """A file stands in its place: exit 6."""
    (kept.folder / "blocked").write_text("")
    kept.configure("store", raw="blocked/raw")
    result = doctor(kept)
    assert result.code == 6
    assert found(result, "FAIL", "blocked/raw", "cannot be written")


@pytest.mark.parametrize("section", ["digest", "store"])
def test_a_folder_that_is_a_link_to_nowhere(archive: Sandbox, section: str) -> None:
    """It cannot be written: exit 6, and no bug."""
    (archive.folder / "gone").symlink_to("nowhere")
    archive.configure(section, **{"directory" if section == "digest" else "raw": "gone"})
    result = doctor(archive)
    assert (result.code, found(result, "FAIL", "gone", "cannot be written")) == (6, True)
    assert found(result, "FAIL", "gone has no room") is (section == "digest")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    has_mount = os.geteuid() == 0 and shutil.which("mount") is not None
    if not has_mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here: it takes root and the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_nearly_full(archive: Sandbox, small_disk: Path) -> None:
    """Less than 100 MiB: exit 6."""
    archive.configure("digest", directory=str(small_disk))
    result = doctor(archive)
    assert result.code == 6
    assert found(result, "FAIL", "MiB free", "make room")


def test_an_archive_without_day_records(archive: Sandbox) -> None:
    """What the database loses is lost."""
    archive.configure("store", records="")
    assert found(doctor(archive), "warn", "no day records", "[store] records")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("# Mine\n", True),
        ("<!-- digest:begin -->\n", True),
        ("<!-- digest:begin --><!-- digest:end --><!-- digest:begin --><!-- digest:end -->", True),
        ("# Mine\n<!-- digest:begin -->\n<!-- digest:end -->\n", False),
    ],
)
def test_a_readme_without_markers(archive: Sandbox, text: str, *, is_found: bool) -> None:
    """It is somebody's own and gets no index."""
    (archive.folder / "README.md").write_text(text)
    assert found(doctor(archive), "warn", "README.md", "digest:begin") is is_found


def test_a_readme_that_is_no_file(archive: Sandbox) -> None:
    """A link is left alone, a folder cannot be written."""
    (archive.folder / "README.md").symlink_to("elsewhere")
    assert found(doctor(archive), "warn", "README.md is a symbolic link")
    (archive.folder / "README.md").unlink()
    (archive.folder / "README.md").mkdir()
    result = doctor(archive)
    assert (result.code, found(result, "FAIL", "README.md")) == (6, True)


# --- the database ----------------------------------------------------------------------------------


def test_no_database_yet(archive: Sandbox) -> None:
    """The next run makes it; from the day records where there are some, which is nothing to warn of."""
    assert found(doctor(archive), "warn", "no database yet", "digest run")
    assert archive.digest("run").code == 0
    (archive.folder / "archive.db").unlink()
    assert found(doctor(archive), "ok", "no database", "day records")


def test_a_broken_database(kept: Sandbox) -> None:
    """Exit 6, and the way out."""
    (kept.folder / "archive.db").write_bytes(b"no database at all" * 1000)
    result = doctor(kept)
    assert result.code == 6
    assert found(result, "FAIL", "archive.db", "digest rebuild")


def alter(sandbox: Sandbox, statement: str, *values: float) -> bytes:
    """Change the database behind digest's back; return its bytes."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db", isolation_level=None)) as connection:
        connection.execute(statement, values)
    return sandbox.read("archive.db")


def test_a_database_of_an_older_digest_is_not_upgraded(kept: Sandbox) -> None:
    """It is told, and stays as it is; arXiv is not asked on the strength of it."""
    before = alter(kept, "UPDATE alembic_version SET version_num = '0001'")
    result = doctor(kept, "--online")
    assert found(result, "warn", "schema 0001", "upgrades")
    assert found(result, "warn", "arXiv was not asked")
    assert kept.read("archive.db") == before
    assert not list(kept.folder.glob("archive.db-*"))


def test_a_database_of_a_newer_digest(kept: Sandbox) -> None:
    """Exit 6: upgrade digest."""
    alter(kept, "UPDATE alembic_version SET version_num = '9999'")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "newer than this digest")) == (6, True)


def test_a_database_without_a_write_ahead_log(kept: Sandbox) -> None:
    """As on a disk that cannot do it, or of a backup; it stays as it is."""
    before = alter(kept, "PRAGMA journal_mode = DELETE")
    assert found(doctor(kept), "warn", "'delete', not 'wal'", "network")
    assert kept.read("archive.db") == before


def test_digests_of_an_older_template(kept: Sandbox) -> None:
    """How many, and the command that writes them again."""
    assert not found(doctor(kept), "warn", "older template")
    kept.configure("digest", sections=["new"])
    assert found(doctor(kept), "warn", "1 file was made", "digest regenerate --outdated")


@pytest.mark.parametrize("has_database", [True, False], ids=["with a database", "a fresh clone"])
@pytest.mark.parametrize("field", ["parser", "link_rules"])
def test_days_that_older_rules_read(kept: Sandbox, field: str, *, has_database: bool) -> None:
    """How many, and the command that reads them anew; from the records where there is no database."""
    assert not found(doctor(kept), "ok", "older rules")
    path = kept.folder / "data/cs.CV/2025/2025-03-05.jsonl"
    old, count = re.subn(rf'"{field}": \d+', f'"{field}": 1', path.read_text(), count=1)
    assert count == 1
    if field == "link_rules":
        old = old.replace('"format": 2', '"format": 1').replace(', "link_rules": 1', "")
    for file in kept.folder.glob("archive.db*"):
        file.unlink()
    path.write_text(old)
    if has_database:
        assert kept.digest("rebuild").code == 0
    assert found(doctor(kept), "ok", "1 days were read by older rules", "`digest replay --all`")
    assert path.read_text() == old


def test_a_damaged_record_of_a_fresh_clone(kept: Sandbox) -> None:
    """Exit 6, and its file."""
    for file in kept.folder.glob("archive.db*"):
        file.unlink()
    (kept.folder / "data/cs.CV/2025/2025-03-05.jsonl").write_text("{}\n")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "2025-03-05.jsonl", "digest verify")) == (6, True)


@pytest.mark.parametrize(("now", "is_back"), [("2025-03-05T01:30:00Z", True), (LATER, False)])
def test_a_clock_that_went_back(kept: Sandbox, now: str, *, is_back: bool) -> None:
    """What was done here cannot be later than now."""
    assert found(doctor(kept, now=now), "warn", "the clock shows 2025-03-05", "2025-03-05 02:00", "NTP") is is_back


def test_a_clock_that_is_behind_the_newest_page(kept: Sandbox) -> None:
    """Pages bear the machine's own time, which --now does not set."""
    alter(kept, "UPDATE raw_page SET fetched_at = '2099-04-01 00:00:00.000000'")
    assert found(doctor(kept), "warn", "the clock shows", "2099-04-01")


@pytest.mark.parametrize(("now", "is_old"), [("2025-03-06T03:59:00Z", False), ("2025-03-06T04:01:00Z", True)])
def test_a_nightly_run_that_is_long_ago(kept: Sandbox, now: str, *, is_old: bool) -> None:
    """More than 26 hours: the schedule does not work, or the clock is far ahead; other commands do not count."""
    assert kept.digest("regenerate", "--all", now=now).code == 0
    assert found(doctor(kept, now=now), "warn", "2025-03-05 02:00 UTC", "schedule", "clock") is is_old


def test_no_nightly_run_yet_and_one_that_was_cut_short(kept: Sandbox) -> None:
    """The first is advice, the second told."""
    alter(kept, "UPDATE run SET exit_code = NULL, finished_at = NULL")
    assert found(doctor(kept), "ok", "the last nightly run", "was cut short")
    alter(kept, "UPDATE run SET command = 'fetch 2025-03-05'")
    assert found(doctor(kept), "warn", "no nightly run yet")


# --- the schedule ----------------------------------------------------------------------------------


def test_nothing_runs_it(archive: Sandbox) -> None:
    """The way out is init, or its file that is there already."""
    assert found(doctor(archive), "warn", "nothing found that runs it", "digest init DIR")
    archive.digest("init", str(archive.folder), "--no-git")
    assert found(doctor(archive), "warn", "nothing found that runs it", f"use {archive.folder}/schedule/crontab")


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("17 * * * * digest -q --config {config} run", True),
        ("@hourly cd '{folder}' && digest run", True),
        ("# 17 * * * * digest -q --config {config} run", False),
        ("17 * * * * digest -q --config /elsewhere/config.toml run", False),
        ("17 * * * * digest -q --config {config} status", False),
        ("17 * * * * it's not closed {config} digest run", True),
    ],
)
def test_a_crontab_that_names_it(
    archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, counts: bool
) -> None:
    """By the configuration or the folder, in a line that is in force and runs digest."""
    line = line.format(config=archive.folder / "config.toml", folder=archive.folder)
    crontab(monkeypatch, tmp_path, f"MAILTO=me\n{line}\n")
    assert found(doctor(archive), "ok", "run by cron: the user's crontab") is counts


def test_a_place_that_cannot_be_looked_into_holds_no_schedule(
    archive: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is too long for any disk, as one that is closed to us, is no bug of doctor's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/" + "x" * 5000)
    assert found(doctor(archive), "warn", "nothing found that runs it")


@pytest.mark.parametrize("name", ["mine", '100% of "it\'s" \\ $x'])
def test_the_schedule_files_of_init_are_recognised(
    archive: Sandbox, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Crontab, timer (once it is enabled) and workflow, whatever the folder is called."""
    folder = archive.folder / name
    assert archive.digest("init", str(folder), "--no-git").code == 0
    mine = Sandbox(folder, archive.capture)
    crontab(monkeypatch, tmp_path, (folder / "schedule/crontab").read_text())
    assert found(doctor(mine), "ok", "run by cron")
    crontab(monkeypatch, tmp_path, "")
    units = home / ".config/systemd/user"
    units.mkdir(parents=True)
    for unit in ("digest.service", "digest.timer"):
        shutil.copy(folder / "schedule" / unit, units)
    assert found(doctor(mine), "warn", "digest.timer is not enabled", "systemctl --user enable --now digest.timer")
    (units / "timers.target.wants").mkdir()
    (units / "timers.target.wants/digest.timer").symlink_to(units / "digest.timer")
    assert found(doctor(mine), "ok", "run by systemd")
    shutil.rmtree(units)
    assert found(doctor(mine), "warn", "nothing found that runs it")
    archive.digest("init", str(folder), "--no-git", "--github", "--from", "digest==1.0")
    assert found(doctor(mine), "ok", "run by GitHub", "digest.yml")


def lacks(result: Result) -> list[str]:
    """Return what is said of the environment of a run that something starts by itself."""
    return [
        line for mark in ("warn", "FAIL") for line in findings(result, mark) if line.startswith(("cron:", "systemd:"))
    ]


@pytest.fixture
def scheduled(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive whose channel and health check are named by variables that the person has."""
    monkeypatch.setenv("CHANNEL", f"json://127.0.0.1:9/{PLANTED}")
    monkeypatch.setenv("PING", f"http://127.0.0.1:9/{PLANTED}")
    kept.configure("notify", urls=["env:CHANNEL"], health="env:PING")
    return kept


@pytest.mark.parametrize(
    ("above", "command", "missing"),
    [
        ("MAILTO=me", "{digest} -q --config {config} run", ["CHANNEL", "PING"]),
        ("CHANNEL=json://x", "{digest} --config {config} run", ["PING"]),
        ('CHANNEL = "json://x"\nPING=y', "{digest} --config {config} run", []),
        ("# CHANNEL=json://x\nPING=y", "{digest} --config {config} run", ["CHANNEL"]),
        ("PING=y", "CHANNEL=x {digest} --config {config} run", []),
        ("", ". /home/me/.profile; {digest} --config {config} run", []),
        ("", "bash -lc '{digest} --config {config} run'", []),
    ],
)
def test_what_cron_has_not_got(
    scheduled: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    above: str,
    command: str,
    missing: list[str],
) -> None:
    """Cron gives a run what the crontab sets above it (crontab(5)): each variable that is named otherwise is told."""
    digest = tmp_path / "programs/digest"
    digest.write_text("#!/bin/sh\n")
    digest.chmod(0o755)
    line = command.format(digest=digest, config=scheduled.folder / "config.toml")
    crontab(monkeypatch, tmp_path, f"{above}\n17 * * * * {line}\nCHANNEL=too late\n")
    result = doctor(scheduled)
    assert found(result, "ok", "run by cron")
    assert [
        name for name in ("CHANNEL", "PING") if any(f"no variable {name}," in one for one in lacks(result))
    ] == missing
    assert len(lacks(result)) == len(missing)
    assert all("above the line" in one and "file:PATH" in one for one in lacks(result))
    assert PLANTED not in result.out


def test_a_variable_that_cron_alone_has(scheduled: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets it in the crontab, as is advised, is not told that messages fail."""
    monkeypatch.delenv("CHANNEL")
    result = doctor(scheduled)
    assert (result.code, found(result, "FAIL", "messages: ", "CHANNEL")) == (7, True)
    line = f"17 * * * * {sys.executable} -m digest --config {scheduled.folder / 'config.toml'} run"
    crontab(monkeypatch, tmp_path, f"CHANNEL=json://x\nPING=y\n{line}\n")
    result = doctor(scheduled)
    assert (result.code, found(result, "ok", "messages: env:CHANNEL is not set here", "cron: ")) == (0, True)


def test_a_file_is_there_for_cron_too(scheduled: Sandbox) -> None:
    """The crontab that init wrote is looked at before it is in use; an address in a file is the way out."""
    scheduled.digest("init", str(scheduled.folder), "--no-git")
    assert any("schedule/crontab has no variable CHANNEL" in one.replace(":", "") for one in lacks(doctor(scheduled)))
    (scheduled.folder / "channel").write_text("json://127.0.0.1:9/x\n")
    (scheduled.folder / "channel").chmod(0o600)
    scheduled.configure("notify", urls=["file:channel"], health="")
    assert not any("variable" in one for one in lacks(doctor(scheduled)))


def test_a_setting_of_the_environment_is_none_of_cron_s(
    kept: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run by cron would work by other settings than the person who asks doctor."""
    monkeypatch.setenv("DIGEST_ARXIV_HEAL_REQUESTS", "7")
    for above, told in (("", True), ("DIGEST_ARXIV_HEAL_REQUESTS=7\n", False)):
        crontab(monkeypatch, tmp_path, f"{above}17 * * * * /bin/true {kept.folder} run\n")
        assert any("DIGEST_ARXIV_HEAL_REQUESTS" in one for one in lacks(doctor(kept))) is told


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("cd {folder} && digest run", "cannot start digest"),
        ("/gone/bin/digest --config {folder}/config.toml run", "cannot start /gone/bin/digest"),
        ("/gone/bin/python3 -m digest --config {folder}/config.toml run", "cannot start /gone/bin/python3"),
        ("{python} -m digest --config {folder}/config.toml run", ""),
    ],
)
def test_a_program_that_cron_does_not_find(
    kept: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, told: str
) -> None:
    """Cron looks in /usr/bin and /bin; an installation may have moved since the crontab was written."""
    line = command.format(folder=kept.folder, python=sys.executable)
    crontab(monkeypatch, tmp_path, f"17 * * * * {line}\n")
    said = lacks(doctor(kept))
    assert (len(said), told in " ".join(said)) == (1 if told else 0, True)


def test_git_that_cron_does_not_find(kept: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git in the PATH that the crontab sets, no run commits."""
    make_archive(kept)
    for path, told in (("/nowhere", True), (os.path.dirname(shutil.which("git") or ""), False)):  # noqa: PTH120
        crontab(
            monkeypatch, tmp_path, f"PATH={path}\n17 * * * * {sys.executable} -m digest --config {kept.folder} run\n"
        )
        assert any("no git in its PATH (/nowhere)" in one for one in lacks(doctor(kept))) is told


def test_what_a_unit_of_systemd_sets(scheduled: Sandbox, home: Path) -> None:
    """Environment=, EnvironmentFile= and PassEnvironment= of the unit count (systemd.exec(5))."""
    scheduled.digest("init", str(scheduled.folder), "--no-git")
    units = home / ".config/systemd/user"
    units.mkdir(parents=True)
    text = (scheduled.folder / "schedule/digest.service").read_text()
    (units / "digest.service").write_text(text)
    missing = [one for one in lacks(doctor(scheduled)) if "variable" in one]
    assert [one.startswith("systemd: ") for one in missing] == [True, True]
    (home / "channels").write_text("# mine\nPING='x'\n")
    more = 'Environment="CHANNEL=a b" X=y\nEnvironmentFile=-%h/channels\n'
    (units / "digest.service").write_text(text.replace("[Service]\n", f"[Service]\n{more}"))
    assert not any("variable" in one for one in lacks(doctor(scheduled)))


# --- git -------------------------------------------------------------------------------------------


def test_no_commits_are_wanted(kept: Sandbox) -> None:
    """Then git is not looked at."""
    assert found(doctor(kept), "ok", "nothing is committed")


def test_a_repository_in_order(kept: Sandbox) -> None:
    """What it is, which branch, who commits, where to: no warning of git's."""
    make_archive(kept)
    result = doctor(kept)
    assert result.code == 0
    for words in ("the repository in", "the branch main", "Ada Example <ada@example.org>", "pushes to origin, "):
        assert found(result, "ok", words)


def test_no_git_and_no_repository(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 7, and two ways out."""
    kept.configure("git", commit=True)
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "in no git repository", "git init", "commit = false")) == (7, True)
    (kept.folder / "empty").mkdir()
    monkeypatch.setenv("PATH", str(kept.folder / "empty"))
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "git is not installed", "commit = false")) == (7, True)


@pytest.mark.parametrize(
    ("version", "mark", "words", "code"),
    [
        ("2.25.4", "FAIL", "2.26 or newer is needed", 7),
        ("1.9.1 (a vendor's 7)", "FAIL", "2.26 or newer is needed", 7),
        ("2.26.0", "warn", "does not flush commits", 0),
        ("2.35.9", "warn", "does not flush commits", 0),
        ("2.36.0.windows.1", "ok", "", 0),
        ("10.0", "ok", "", 0),
        ("of next year", "ok", "", 0),
    ],
)
def test_which_git_there_is(kept: Sandbox, tmp_path: Path, version: str, mark: str, words: str, code: int) -> None:
    """One that cannot commit as a run does is exit 7, one that does not flush a warning."""
    make_archive(kept)
    program = tmp_path / "programs/git"
    script = f"""for last; do :; done\n[ "$last" != version ] || exec echo "git version {version}"\n"""
    program.write_text(f'#!/bin/sh\n{script}exec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    result = doctor(kept)
    assert (result.code, found(result, mark, f"git {version}", words)) == (code, True)


def test_the_wrong_branch_and_none(kept: Sandbox) -> None:
    """Exit 7 with the command that helps."""
    make_archive(kept, branch="digests")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "branch main", "git switch digests")) == (7, True)
    git(kept.folder, "checkout", "--quiet", "--detach")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "no branch is checked out", "git switch digests")) == (7, True)


def test_a_merge_in_progress_and_staged_files(kept: Sandbox) -> None:
    """A person is at work: exit 7 until they are done."""
    make_archive(kept)
    git(kept.folder, "checkout", "--quiet", "-b", "other")
    commit_file(kept.folder, "own.txt", "theirs\n")
    git(kept.folder, "checkout", "--quiet", "main")
    commit_file(kept.folder, "own.txt", "ours\n")
    git(kept.folder, "merge", "--quiet", "other", code=1)
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "a merge is in progress", "abort")) == (7, True)
    git(kept.folder, "merge", "--abort")
    (kept.folder / "new.txt").write_text("new\n")
    git(kept.folder, "add", "new.txt")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "staged: new.txt", "git restore --staged")) == (7, True)


def test_ignored_digests_and_a_made_up_name(kept: Sandbox, home: Path) -> None:
    """Runs would succeed, and nobody would find what they did."""
    make_archive(kept)
    (kept.folder / ".gitignore").write_text("*.md\n")
    (home / "gitconfig").write_text("")
    result = doctor(kept)
    assert found(result, "warn", "git ignores", ".gitignore")
    assert found(result, "warn", "digest <digest@localhost>", "git config user.name")


def test_no_remote_and_commits_that_wait(kept: Sandbox) -> None:
    """The first is exit 7; the second tells how many."""
    kept.configure("git", commit=True, push=True)
    make_repository(kept.folder, "config.toml")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "no remote origin", "git remote add origin")) == (7, True)
    make_remote(kept.folder, kept.folder.parent / "remote.git")
    commit_file(kept.folder, "own.txt", "own\n")
    result = doctor(kept)
    assert (result.code, found(result, "warn", "1 commit is not pushed")) == (0, True)


def test_where_the_credentials_are_from(kept: Sandbox) -> None:
    """By https, without a helper, nobody would answer git; a helper is named."""
    make_archive(kept)
    git(kept.folder, "remote", "set-url", "origin", "https://127.0.0.1:9/a.git")
    assert found(doctor(kept), "warn", "no credential helper", "SSH")
    git(kept.folder, "config", "credential.helper", "store")
    assert found(doctor(kept), "ok", "credentials from store")


def test_settings_are_in_the_repository(kept: Sandbox) -> None:
    """A clone has no others: not committed, or changed since, is told with the command that mends it."""
    make_archive(kept, push=False)
    assert not found(doctor(kept), "warn", "not committed")
    edit(kept, "# changed\n")
    assert found(doctor(kept), "warn", "not committed as it is now: config.toml: `git -C ", " add --force -- ")
    git(kept.folder, "rm", "--quiet", "--cached", "config.toml")
    git(kept.folder, "commit", "--quiet", "--message=Remove")
    assert found(doctor(kept), "warn", "not committed as it is now: config.toml")


def test_a_name_that_other_systems_cannot_have_is_told_while_it_is_used(kept: Sandbox) -> None:
    """An archive of before goes on: the digests that lie there are of use to whoever can clone them."""
    make_archive(kept)
    kept.configure("digest", path="aux/{date:%Y-%m-%d}.md")
    assert kept.digest("doctor").code == 2
    (kept.folder / "aux").mkdir()
    (kept.folder / "aux/2025-03-05.md").touch()
    result = kept.digest("doctor")
    assert found(result, "warn", "[digest] path", "'aux', which Windows reserves")
    status = kept.digest("status")
    assert (result.code, status.code) == (0, 0)
    assert status.err.startswith("warning: ")
    assert "'aux', which Windows reserves" in status.err


@pytest.mark.parametrize("ignored", ["data/", "*.md", "*.jsonl"])
@pytest.mark.parametrize("durable", [False, True])
def test_files_that_git_ignores_are_never_durable(kept: Sandbox, ignored: str, *, durable: bool) -> None:
    """Day records or digests: exit 7 where a day counts only once it is pushed, else a warning."""
    make_archive(kept, durable=durable)
    commit_file(kept.folder, ".gitignore", f"archive.db*\nraw/\n{ignored}\n")
    result = doctor(kept)
    assert result.code == (7 if durable else 0)
    assert found(result, "FAIL" if durable else "warn", "git ignores", f"2025-03-05.{'md' if 'md' in ignored else ''}")
    (kept.folder / ".gitignore").write_text("archive.db*\nraw/\n")
    assert "git ignores" not in doctor(kept).out


def test_records_outside_of_the_repository_are_never_durable(kept: Sandbox) -> None:
    """No commit has them: exit 7."""
    make_archive(kept, durable=True)
    kept.configure("store", records="../records")
    result = doctor(kept)
    assert (result.code, found(result, "FAIL", "../records/cs.CV/2025/2025-03-05.jsonl")) == (7, True)


# --- messages --------------------------------------------------------------------------------------


def test_each_channel_s_address_is_looked_for(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set, a file that is not there or holds nothing: exit 7, by name."""
    (kept.folder / "empty").write_text("# nothing\n")
    kept.configure("notify", urls=["env:NOT_SET", "file:absent", "file:empty", "env:CHANNEL"], health="env:HEALTH")
    monkeypatch.setenv("CHANNEL", "json://127.0.0.1:9/")
    result = doctor(kept)
    assert result.code == 7
    assert found(result, "FAIL", "env:NOT_SET", "set this variable")
    assert found(result, "FAIL", "file:absent", "into this file")
    assert found(result, "FAIL", "file:empty")
    assert found(result, "FAIL", "health check: env:HEALTH")
    assert found(result, "ok", "messages: env:CHANNEL has 1 address")
    assert not found(result, "FAIL", "apprise")


def test_without_the_library_no_message_is_sent(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named; exit 7."""
    monkeypatch.setenv("CHANNEL", "json://127.0.0.1:9/")
    kept.configure("notify", urls=["env:CHANNEL"])
    blocked = "import sys; sys.modules['apprise'] = None; sys.path_importer_cache.clear()\n"
    script = f"{blocked}from importlib import util\nfind = util.find_spec\n"
    script += "util.find_spec = lambda name, *more: None if name == 'apprise' else find(name, *more)\n"
    script += f"from digest.__main__ import main\nmain(['--now', {NIGHT!r}, 'doctor'])\n"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=kept.folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (7, "")
    assert "FAIL  no message can be sent: pip install 'arxiv-listing-digest[notify]'" in done.stdout


def test_a_secret_file_that_others_can_read(kept: Sandbox) -> None:
    """One that is closed to them is in order."""
    secret = kept.folder / "hook"
    secret.write_text("json://127.0.0.1:9/\n")
    secret.chmod(0o644)
    kept.configure("notify", health="file:hook")
    assert found(doctor(kept), "warn", "others can read", "chmod 600")
    secret.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert not found(doctor(kept), "warn", "others can read")


def test_each_channel_is_sent_a_test_message(kept: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of it is said for each; one that failed makes it exit 7; no address is shown, in neither form."""
    with receiving() as one, receiving() as other:
        dead = f"unheardof://{PLANTED}@example.org/"
        monkeypatch.setenv("CHANNELS", f"{one.channel}/{PLANTED}\n{other.channel}\n{dead}")
        kept.configure("notify", urls=["env:CHANNELS"])
        assert doctor(kept).code == 0
        assert (one.taken, other.taken) == ([], [])
        other.status = 403
        result = doctor(kept, "--notify")
        assert result.code == 7
        assert found(result, "ok", "env:CHANNELS line 1 accepted a test message")
        assert found(result, "FAIL", "env:CHANNELS line 2 (JSON)", "the service refused it")
        assert found(result, "FAIL", "env:CHANNELS line 3", "expected an address that apprise knows")
        assert [json.loads(taken.body)["title"] for taken in one.taken] == ["A test of digest"]
        assert other.titles() == ["A test of digest"]
        assert NOTICES_PATH not in {path.rpartition("/")[2] for path in kept.tree()}
        as_json = doctor(kept, "--notify", "--json")
    told = [row for row in json.loads(as_json.out)["findings"] if row["group"] == "Test messages"]
    assert [(row["state"], row["exit"]) for row in told] == [("ok", 0), ("fail", 7), ("fail", 7)]
    assert json.loads(as_json.out)["exit"] == as_json.code == 7
    assert PLANTED not in result.out + as_json.out
    assert "[notify]" in json.loads(as_json.out)["configuration"]


def test_a_test_message_needs_a_channel(kept: Sandbox) -> None:
    """Without any, that is said."""
    assert found(doctor(kept, "--notify"), "warn", "no test message was sent", "[notify] urls")


# --- online ----------------------------------------------------------------------------------------


def test_online_arxiv_is_asked_twice(kept: Sandbox, arxiv: StandIn) -> None:
    """For one page and one feed; both answers are told, and neither is kept or stored."""
    arxiv.requests.clear()
    before = kept.tree()
    result = doctor(kept, "--online")
    assert result.code == 0
    assert [request.path for request in arxiv.requests] == ["/list/cs.CV/new", "/rss/cs.CV"]
    assert found(result, "ok", f"{arxiv.url}/list/cs.CV/new, status 200")
    assert found(result, "ok", f"{arxiv.url}/rss/cs.CV, status 200")
    assert found(result, "ok", "this machine's clock is", "arXiv's")
    assert kept.tree() == before


def test_online_an_archive_without_a_database_stays_so(archive: Sandbox, arxiv: StandIn) -> None:
    """No database, no lock, no page."""
    before = sorted(archive.folder.rglob("*"))
    assert doctor(archive, "--online").code == 0
    assert len(arxiv.requests) == 2
    assert sorted(archive.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (faults.status(503), 75, "status 503"),
        (faults.status(403), 5, "403"),
        (faults.status(404), 5, "status 200, found 404"),
        (faults.rate_exceeded(), 75, "throttled"),
        (faults.down(), 75, "/list/cs.CV/new"),
        (faults.cut_transfer(1000), 75, "bytes"),
    ],
)
def test_online_what_arxiv_answers_is_told(kept: Sandbox, arxiv: StandIn, fault: Fault, code: int, words: str) -> None:
    """Once, without another try: the reason, and the exit code of a run that fails so."""
    arxiv.requests.clear()
    arxiv.fault = fault
    result = doctor(kept, "--online")
    assert result.code == code
    assert found(result, "FAIL", words)
    assert "no request is left" not in result.out
    assert len(arxiv.requests) <= 2


def test_online_the_delays_are_kept(kept: Sandbox, arxiv: StandIn) -> None:
    """Since the last request of before, whatever it was for, and between the two."""
    kept.configure("arxiv", pages_delay=1.5, feeds_delay=0.5)
    arxiv.requests.clear()
    alter(kept, "UPDATE politeness SET last_request = ?", time.time())
    started = time.monotonic()
    doctor(kept, "--online")
    page, feed = arxiv.requests
    assert page.at - started >= 1.4
    assert feed.at - page.at >= 0.4


def test_online_nobody_is_asked_too_often(kept: Sandbox, arxiv: StandIn) -> None:
    """A delay shorter than arXiv's rules allow, or another run at work: no request."""
    arxiv.requests.clear()
    with hold_lock(kept.folder / "archive.db.lock"):
        result = doctor(kept, "--online")
        assert (result.code, found(result, "FAIL", "arXiv was not asked")) == (3, True)
    kept.configure("arxiv", pages_url="https://arxiv.org")
    result = doctor(kept, "--online")
    assert (result.code, found(result, "FAIL", "pages_delay", "correct the configuration")) == (2, True)
    assert arxiv.requests == []


@pytest.mark.parametrize(("ahead", "is_wrong"), [(0, False), (600, True), (-600, True)])
def test_online_the_clocks_are_compared(
    kept: Sandbox, monkeypatch: pytest.MonkeyPatch, ahead: int, *, is_wrong: bool
) -> None:
    """By the Date of arXiv's answer: minutes apart is worth a warning."""
    format_date = BaseHTTPRequestHandler.date_time_string

    def shifted(handler: BaseHTTPRequestHandler, timestamp: int | None = None) -> str:
        return format_date(handler, (timestamp or time.time()) - ahead)

    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", shifted)
    which = "ahead of" if ahead > 0 else "behind"
    assert found(doctor(kept, "--online"), "warn", f"{which} arXiv's", "NTP") is is_wrong


def test_online_the_remote_is_asked_for_a_push(kept: Sandbox) -> None:
    """Nothing is pushed by it; one that refuses is exit 7."""
    remote = make_archive(kept)
    head = git(remote, "rev-parse", "main")
    commit_file(kept.folder, "own.txt", "own\n")
    assert found(doctor(kept, "--online"), "ok", "origin accepts pushes")
    assert git(remote, "rev-parse", "main") == head
    shutil.rmtree(remote)
    result = doctor(kept, "--online")
    assert (result.code, found(result, "FAIL", "no push: ")) == (7, True)


# --- a file for a bug report -------------------------------------------------------------------------

PERSON = "ada.example@example.org"


def unpacked(file: Path) -> dict[str, bytes]:
    """Return what is in a bundle, by name."""
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture
def refusing(archive: Sandbox, arxiv: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive in a person's home that refused a page, with secrets wherever one can be."""
    moved = home / "mine"
    shutil.copytree(archive.folder, moved)
    sandbox = Sandbox(moved, archive.capture, archive.settings)

    def login(_request: Request, reply: Reply) -> Reply:
        body = f"<html><body>Log in, {PERSON}, {PLANTED}!</body></html>".encode()
        more = (("Set-Cookie", f"session={PLANTED}"), ("X-Trace", PLANTED), ("X-Cache", "hit"))
        return replace(reply, body=body, headers=(*reply.headers, *more))

    (moved / "health").write_text(f"https://127.0.0.1:9/{PLANTED}\n")
    for name in ("CHANNEL", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, f"json://127.0.0.1:9/{PLANTED}" if name == "CHANNEL" else PLANTED)
    sandbox.configure("arxiv", contact=PERSON)
    arxiv.fault = login
    assert sandbox.digest("run").code == 5
    make_repository(moved)
    git(moved, "remote", "add", "origin", f"https://ada:{PLANTED}@127.0.0.1:9/a.git")
    sandbox.configure("git", commit=True, author=f"Ada <{PERSON}>")
    sandbox.configure("notify", urls=["env:CHANNEL", f"file:{moved}/health"], health="file:health")
    return sandbox


def test_a_bundle_has_what_a_bug_report_needs(refusing: Sandbox, tmp_path: Path) -> None:
    """The refused page with its headers, the versions, the last runs, the settings; the same bytes each time."""
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    result = refusing.digest("doctor", "--bundle", str(first))
    assert (result.code, "refused/1.html" in result.out) == (0, True)
    assert refusing.digest("doctor", "--bundle", str(second), now="2025-07-01T12:00:00Z").code == 0
    assert first.read_bytes() == second.read_bytes()
    found = unpacked(first)
    assert b"<html><body>Log in, " in found["refused/1.html"]
    about = found["refused/1.txt"].decode()
    assert "/list/cs.CV/new, kept as " in about.splitlines()[0]
    assert "status 200, fetched 20" in about
    assert {"set-cookie: \u2026", "x-trace: \u2026", "x-cache: hit"} <= set(about.lower().splitlines())
    assert "2025-03-05 02:00 UTC run: exit 5" in found["runs.txt"].decode()
    versions = found["versions.txt"].decode()
    assert all(word in versions for word in ("digest 0", "Python 3.", "SQLite 3", "git 2", "lxml ", "click "))
    configuration = found["configuration.toml"].decode()
    assert 'urls = ["env:CHANNEL", "file:~/mine/health"]  # config.toml' in configuration
    assert "In effect: ~/mine/config.toml" in configuration


def places_of(text: str) -> list[bytes]:
    """Return how a text may be written."""
    return [text.encode(), quote(text).encode(), text.encode("utf-16-le"), base64.b64encode(text.encode())]


def test_no_secret_is_in_a_bundle(refusing: Sandbox, tmp_path: Path, home: Path) -> None:
    """No address of a channel, no cookie, no password of a remote or database, no mail address, no home folder."""
    for url in ("sqlite:///archive.db", f"postgresql+psycopg://ada:{PLANTED}@127.0.0.1:9/x?password={PLANTED}"):
        refusing.configure("store", url=url)
        file = tmp_path / f"{len(url)}.zip"
        assert refusing.digest("doctor", "--bundle", str(file)).code == 0
        for name, data in unpacked(file).items():
            for secret in (PLANTED, PERSON, str(home)):
                assert not any(form in data for form in places_of(secret)), (name, secret)


def test_a_bundle_goes_over_no_file(refusing: Sandbox, tmp_path: Path) -> None:
    """Exit 2, and the file is as it was; a link is no free place either."""
    there = tmp_path / "mine.zip"
    there.write_text("mine")
    (tmp_path / "link.zip").symlink_to("nowhere")
    for file in (there, tmp_path / "link.zip"):
        result = refusing.digest("doctor", "--bundle", str(file))
        assert (result.code, "exists already" in result.err) == (2, True)
    assert there.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("damage", ["", "no database at all"], ids=["none", "broken"])
def test_a_bundle_without_a_database(refusing: Sandbox, tmp_path: Path, damage: str) -> None:
    """The pages that the parser refuses are found in their folder; nothing is made or mended."""
    for file in refusing.folder.glob("archive.db*"):
        file.unlink()
    if damage:
        (refusing.folder / "archive.db").write_text(damage * 500)
    before = _everything(refusing.folder)
    assert refusing.digest("doctor", "--bundle", str(tmp_path / "a.zip")).code == 0
    assert _everything(refusing.folder) == before
    found = unpacked(tmp_path / "a.zip")
    assert b"Log in" in found["refused/1.html"]
    assert PLANTED.encode() not in b"".join(found.values())


@pytest.mark.parametrize("text", ['[notify]\nurls = "slack://{}"\n', "[store\n# {}", '[git]\nauthor = "{}"\n'])
def test_a_bundle_with_a_broken_configuration(refusing: Sandbox, tmp_path: Path, text: str) -> None:
    """What is wrong with it takes the place of the settings; the rest is found where it is by default."""
    contact = f'[arxiv]\ncontact = "{PERSON}"\n'
    (refusing.folder / "config.toml").write_text(contact + text.format(PLANTED))
    assert refusing.digest("doctor", "--bundle", str(tmp_path / "a.zip")).code == 0
    found = unpacked(tmp_path / "a.zip")
    assert found["configuration.toml"].startswith(b"~/mine/config.toml: ")
    assert b"Log in" in found["refused/1.html"]
    assert all(secret.encode() not in b"".join(found.values()) for secret in (PLANTED, PERSON))


def test_a_bundle_of_an_archive_in_order(kept: Sandbox, tmp_path: Path) -> None:
    """No page was refused: none is in it, and that is said."""
    result = kept.digest("doctor", "--bundle", str(tmp_path / "a.zip"))
    assert (result.code, "no refused page was found" in result.out) == (0, True)
    assert sorted(unpacked(tmp_path / "a.zip")) == ["configuration.toml", "runs.txt", "versions.txt"]
