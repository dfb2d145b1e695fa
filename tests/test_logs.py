"""What is said on stderr: in words, as JSON, quietly; each use of the command line under a name of its own."""

import json
import logging
import re
import signal
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from digest import __version__
from digest.cli.console import Console
from digest.cli.logs import log_to
from digest.errors import StoreError
from digest.jobs import run as run_job
from tests.conftest import DAY, NIGHT, Result, Sandbox
from tests.standin import StandIn, faults, invent
from tests.test_cli import wait_for_request

RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Where the log goes is the process's own matter; each test leaves it as it was."""
    logger = logging.getLogger("digest")
    before = logging.lastResort, logger.handlers, logger.level, logger.propagate
    yield
    logging.captureWarnings(capture=False)
    logging.lastResort, logger.handlers, level, logger.propagate = before
    logger.setLevel(level)
    logging.getLogger("py.warnings").handlers = []


def objects(result: Result) -> Sequence[dict[str, Any]]:
    """Return what stands on stderr, an object a line; each has the four keys that all have."""
    found = [json.loads(line) for line in result.err.split("\n") if line]
    assert result.err.count("\n") == len(found)
    for one in found:
        assert list(one)[:4] == ["time", "level", "run", "message"]
        assert TIME.fullmatch(one["time"])
        assert one["level"] in ("debug", "info", "warning", "error")
        assert RUN_ID.fullmatch(one["run"])
    assert len({one["run"] for one in found}) <= 1
    return found


def explode(*_arguments: object) -> None:
    """Fail as a bug does."""
    raise ZeroDivisionError("on\x1b[31m two\nlines")


# --- JSON ------------------------------------------------------------------------------------------


def test_a_run_tells_each_day_and_the_totals(archive: Sandbox) -> None:
    """A changed day and the totals with their parts as fields, in the words of ``status --json``."""
    result = archive.digest("--log-json", "run")
    assert result.out == ""
    words, day, totals = objects(result)
    assert words["message"] == "stored cs.CV 2025-03-05; wrote 5 files"  # digest, record, state, two indexes
    assert (day["level"], day["date"], day["category"]) == ("info", "2025-03-05", "cs.CV")
    assert (day["state"], day["source"]) == ("complete", "listing")
    announced = invent("cs.CV", DAY)
    counts = {"new": len(announced.new), "cross": len(announced.cross), "replacement": len(announced.replacement)}
    assert day["stored"] == day["declared"] == counts
    assert {key: totals[key] for key in ("ok", "failed", "requests", "exit")} == {
        "ok": 1,
        "failed": 0,
        "requests": 1,
        "exit": 0,
    }


def test_the_time_is_the_machine_s_own(archive: Sandbox) -> None:
    """In UTC, whatever --now says."""
    before = datetime.now(UTC)
    said = objects(archive.digest("--log-json", "run"))
    after = datetime.now(UTC)
    for one in said:
        when = datetime.fromisoformat(one["time"])
        assert before.timestamp() - 0.001 <= when.timestamp() <= after.timestamp()


def test_a_failure_bears_its_class_and_code(sandbox: Sandbox) -> None:
    """So that a machine need not read the words."""
    *_, error, totals = objects(sandbox.digest("--log-json", "run"))
    assert (error["level"], error["error"], error["exit_code"]) == ("error", "TryLaterError", 75)
    assert not error["message"].startswith("error")
    assert (totals["failed"], totals["exit"]) == (1, 75)


def test_each_step_is_told_when_asked(archive: Sandbox) -> None:
    """With -v; the first line names the run as the store does."""
    first, *rest = objects(archive.digest("-v", "--log-json", "run"))
    assert first["level"] == "debug"
    assert first["message"] == f"run id {first['run'][:8]}…: run begins"
    assert any(one["message"].startswith("GET http") and one["level"] == "debug" for one in rest)
    (run,) = json.loads(archive.digest("status", "--json").out)["runs"]
    assert run["run_id"] == first["run"]


@pytest.mark.parametrize(
    "arguments",
    [("--nope",), ("--now", "yesterday", "run"), ("run", "--nope"), ("nope",), ("fetch", "2025-02-30"), ("fetch",), ()],
)
def test_a_mistake_in_the_line_is_an_object_too(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    """Even one that is found before the options are read."""
    result = sandbox.digest("--log-json", *arguments)
    (error,) = objects(result)
    assert (result.code, error["exit_code"], error["level"]) == (2, 2, "error")
    assert error["error"] in ("UsageError", "ConfigError")


def test_a_wrong_configuration_is_an_object_too(sandbox: Sandbox) -> None:
    """It is read after the options."""
    sandbox.configure("git", push="maybe")
    (error,) = objects(sandbox.digest("--log-json", "status"))
    assert (error["error"], error["exit_code"]) == ("ConfigError", 2)


def test_a_bug_is_one_object_with_its_traceback(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback has its lines in a field; control characters are in neither."""
    monkeypatch.setattr(run_job, "run", explode)
    result = archive.digest("--log-json", "run")
    (bug,) = objects(result)
    assert (result.code, bug["exit_code"], bug["error"]) == (1, 1, "ZeroDivisionError")
    first, *_, last = bug["traceback"].split("\n")
    assert first == "Traceback (most recent call last):"
    assert last == "lines"
    assert "\\u001b" not in result.err


@pytest.mark.parametrize(
    "message",
    [
        "two\nlines\r\nand\x0bmore\x0c\x1c\x85\u2028\u2029.",
        "\x00\x07\x1b[2J\x7f\x9b31m",
        "\u202egninaem fo txet, 日本語, 😀",
        "half a pair: \ud800 and \udcff",
        'quotes " and \\ and {"time": 1}',
        "",
    ],
)
def test_one_object_a_line_whatever_it_holds(capsys: pytest.CaptureFixture[str], message: str) -> None:
    """Plain ASCII without control characters, which every reader of JSON takes."""
    console = Console()
    console.is_json = True
    console.say(message)
    line = capsys.readouterr().err
    assert re.fullmatch(r"[\x20-\x7e]+\n", line)
    assert not re.search(r"\\ud[89a-f]..(?!\\ud[c-f])", line.replace("\\ud83d\\ude00", ""))
    said = json.loads(line)["message"]
    assert len(said) == len(message)
    assert all(character.isprintable() for character in said)


def test_the_libraries_warnings_come_as_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but objects stands on stderr, and no secret."""
    console = Console()
    console.is_json = True
    console.hide(["s3cr3t-value"])
    log_to(console, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("about s3cr3t-value", UserWarning, stacklevel=1)
    last = logging.lastResort
    assert last is not None
    for level in (logging.INFO, logging.WARNING, logging.CRITICAL):
        record = logging.LogRecord("urllib3", level, __file__, 1, "pool of s3cr3t-value is full", None, None)
        if level >= last.level:
            last.handle(record)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "warning", "error"]
    assert "s3cr3t" not in str(lines)


def test_an_interrupted_run_says_so_in_json(archive: Sandbox, arxiv: StandIn) -> None:
    """An object as all others, with the shell's code for it."""
    arxiv.fault = faults.slow_start(60)
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "--log-json", "run"]
    with subprocess.Popen(
        command,
        cwd=archive.folder,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that was started in the background has SIGINT ignored, and its children too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        try:
            wait_for_request(arxiv)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    *_, last = objects(Result(130, "", err))
    assert last["exit_code"] == 130
    assert last["message"].startswith("interrupted")


def test_there_is_no_progress_bar_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even on a terminal."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    console = Console()
    console.is_json = True
    names = ["one", "two", "three"]
    assert console.track(names) is names


# --- quiet -----------------------------------------------------------------------------------------


def test_quiet_means_nothing_when_all_is_well(archive: Sandbox) -> None:
    """In JSON as in words."""
    assert archive.digest("-q", "--log-json", "run") == Result(0, "", "")
    assert archive.digest("-q", "run") == Result(0, "", "")


def test_quiet_lets_everything_out_when_something_is_wrong(sandbox: Sandbox) -> None:
    """Each line as it would have been, with the time at which it was said."""
    result = sandbox.digest("-q", "--log-json", "run")
    assert result.code == 75
    said = objects(result)
    assert [one["level"] for one in said if "exit" in one or "error" in one] == ["error", "info"]
    assert [one["time"] for one in said] == sorted(one["time"] for one in said)


# --- in words --------------------------------------------------------------------------------------


def test_a_run_has_a_name_that_status_shows(archive: Sandbox) -> None:
    """With -v the first line; its beginning stands in the table of the last runs, with duration and requests."""
    first = archive.digest("-v", "run").err.splitlines()[0]
    told = re.fullmatch(r"run id ([0-9a-f]{8})…: run begins", first)
    assert told
    heading, row = archive.digest("status").out.splitlines()[-2:]
    assert heading.split() == ["run", "id", "started", "(UTC)", "seconds", "requests", "exit"]
    command, name, _date, _time, seconds, requests, code = row.split()
    assert (command, name, requests, code) == ("run", told[1], "1", "0")
    assert re.fullmatch(r"\d+\.\d", seconds)


def test_status_json_tells_names_and_seconds(archive: Sandbox) -> None:
    """Each run has its own name; seconds are those between its two times."""
    archive.digest("run")
    archive.digest("run")
    runs = json.loads(archive.digest("status", "--json").out)["runs"]
    assert len({run["run_id"] for run in runs}) == 2
    assert all(RUN_ID.fullmatch(run["run_id"]) for run in runs)
    for run in runs:
        took = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
        assert run["seconds"] == took.total_seconds() >= 0


def test_a_run_of_before_runs_had_names_is_shown_without(archive: Sandbox) -> None:
    """Nothing is invented for it."""
    archive.digest("run")
    with sqlite3.connect(archive.folder / "archive.db") as database:
        database.execute("UPDATE run SET run_id = ''")
    database.close()
    (run,) = json.loads(archive.digest("status", "--json").out)["runs"]
    assert run["run_id"] is None
    assert archive.digest("status").out.splitlines()[-1].split()[1] == "2025-03-05"


def test_a_bug_is_shown_as_python_does(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then one line says what it is; exit 1, also when quiet."""
    monkeypatch.setattr(run_job, "run", explode)
    for options in ([], ["-q"]):
        result = archive.digest(*options, "run")
        assert result.code == 1
        first, *_, last = result.err.splitlines()
        assert first == "Traceback (most recent call last):"
        assert "ZeroDivisionError: on [31m two\nlines\n" in result.err
        assert last.startswith(f"error: this is a bug in digest {__version__}, please report it")


@pytest.mark.parametrize("closed", ["2>&-", ">&-"])
def test_an_output_that_is_gone_stops_nothing(archive: Sandbox, closed: str) -> None:
    """The work is done although nobody can be told; a run prints no result."""
    script = f'exec {closed}; exec "$0" -m digest --config config.toml --now "$1" --log-json -v run'
    done = subprocess.run(["sh", "-c", script, sys.executable, NIGHT], cwd=archive.folder, timeout=60, check=False)
    assert done.returncode == 0
    assert (archive.folder / "cs.CV/2025/03/2025-03-05.md").is_file()


# --- secrets ---------------------------------------------------------------------------------------


def test_what_is_hidden_is_in_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Known values and passwords in addresses, in every form that a message may give them; held lines, too."""
    console = Console()
    console.quiet = True
    console.say("held: pa/ss-w0rd\\x")
    console.hide(["pa/ss-w0rd\\x", "short"])
    console.fail(StoreError("https://user:other@host/x?key=pa%2Fss-w0rd%5Cx: 'pa/ss-w0rd\\\\x' is short"))
    console.say("", traceback="in pa/ss-w0rd\\x\n  at https://token@host")
    console.end(1)
    assert capsys.readouterr().err.splitlines() == [
        "held: …",
        "error: https://…@host/x?key=…: '…' is short",
        "in …",
        "  at https://…@host",
        "",
    ]
