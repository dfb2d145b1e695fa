"""The command line: arguments, help, messages, exit codes. What the jobs do is tested with the jobs."""

import importlib
import itertools
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from digest import __version__
from digest.__main__ import main
from digest.cli import group
from digest.disk.files import hold_lock
from tests.conftest import DAY, NIGHT, Result, Sandbox, long_after
from tests.manual import PAGE, manual
from tests.standin import Mailing, StandIn, faults, invent
from tests.test_jobs import errors

COMMANDS = {
    "Read the archive": ["show", "search", "view", "recommend", "similar", "mark", "paper", "export", "site", "mcp"],
    "Set it up and run it": ["init", "run", "status", "annotate", "fetch", "backfill", "import", "demo", "completion"],
    "Check and repair it": ["verify", "accept", "regenerate", "replay", "rebuild", "backup", "doctor"],
}
NEED_CONFIG = [
    ("run",),
    ("run", "--dry-run"),
    ("regenerate", "--all"),
    ("regenerate", "2025-03-05"),
    ("fetch", "2025-03-05"),
    ("rebuild",),
    ("import", "x.html"),
    ("show", "2025-03-05"),
    ("show", "latest"),
    ("paper", "2503.00001"),
    ("view", "mine", "latest"),
    ("status",),
    ("status", "--json"),
    ("doctor",),
    ("mcp",),
]


def command(capture: pytest.CaptureFixture[str], *arguments: str) -> Result:
    """Run a command line as it is, without any option added."""
    capture.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    captured = capture.readouterr()
    assert isinstance(caught.value.code, int)
    return Result(caught.value.code, captured.out, captured.err)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with an empty home and no configuration anywhere."""
    home = tmp_path / "home"
    place = tmp_path / "place"
    home.mkdir()
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("DIGEST_CONFIG", raising=False)
    return tmp_path


# --- help ------------------------------------------------------------------------------------------


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """In three groups, by what a reader is looking for; with an example, on stdout, exit 0."""
    result = command(capsys, "--help")
    assert (result.code, result.err) == (0, "")
    listed: dict[str, list[str]] = {}
    for title, lines in re.findall(r"^(\S.*):\n((?:  .*\n)+)", result.out.partition("Options:")[2], re.MULTILINE):
        listed[title] = [line.split()[0] for line in lines.splitlines()]
    assert listed == COMMANDS
    for module in {module for commands in group.COMMANDS.values() for module, _ in commands.values()}:
        importlib.import_module(f"digest.cli.{module}")
    assert sorted(itertools.chain(*COMMANDS.values())) == sorted(group.cli.commands)  # none is left out
    assert re.search(r"^    digest run\b", result.out, re.MULTILINE)
    assert "\\b" not in result.out


def test_h_is_short_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the program and of each command."""
    assert command(capsys, "-h") == command(capsys, "--help")
    assert command(capsys, "run", "-h") == command(capsys, "run", "--help")


@pytest.mark.parametrize("name", sorted(itertools.chain(*COMMANDS.values())))
def test_the_help_of_a_command_has_an_example(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A line that can be copied, under a heading that says so; it begins with what the help of all says of it."""
    result = command(capsys, name, "--help")
    assert (result.code, result.err) == (0, "")
    (listed,) = (commands[name][1] for commands in group.COMMANDS.values() if name in commands)
    assert result.out.splitlines()[2] == f"  {listed}"
    example = result.out.partition("Example")[2]
    assert re.search(rf"^    .*digest (-q )?{name}\b", example, re.MULTILINE)
    assert "\\b" not in result.out


def test_the_manual_page_tells_what_the_help_does() -> None:
    """After a change of the help, ``python -m tests.manual`` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == manual()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not here")
def test_the_manual_page_is_right_for_man() -> None:
    """Nothing is wrong with it by groff, which shows each command and its options."""
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=100n", PAGE], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    for name in itertools.chain(*COMMANDS.values()):
        assert re.search(rf"^ +digest {name} \[OPTIONS\]", done.stdout.replace("\u2010", "-"), re.MULTILINE)
    assert "--with-code" in done.stdout.replace("\u2010", "-")


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """For a report of a bug."""
    result = command(capsys, "--version")
    assert result.code == 0
    assert __version__ in result.out


def test_the_bare_command_shows_its_help(archive: Sandbox) -> None:
    """Line by line, as a person types it first."""
    done = subprocess.run(
        [sys.executable, "-m", "digest"], cwd=archive.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert len([line for line in done.stderr.splitlines() if line.startswith("  run ")]) == 1


WITHOUT_POSIX = {
    "Windows": "sys.platform = 'win32'",
    "a Python without locks": "sys.modules['fcntl'] = None",
}


@pytest.mark.parametrize("system", WITHOUT_POSIX)
@pytest.mark.parametrize("words", [["run"], ["init", "mine"], ["status", "--json"], ["paper", "2503.00001"], []])
def test_where_digest_cannot_run_one_sentence_says_so(tmp_path: Path, system: str, words: list[str]) -> None:
    """Exit 2, before anything is read or made: it is no bug."""
    program = f"import sys\n{WITHOUT_POSIX[system]}\nfrom digest.__main__ import main\nmain({words!r})\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    sentence = "error: digest runs on POSIX systems such as Linux and macOS; on Windows, install and run it in WSL\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["run", "--help"]])
def test_help_and_version_are_to_be_had_everywhere(words: list[str]) -> None:
    """Also where nothing else works."""
    program = f"import sys\nsys.modules['fcntl'] = None\nfrom digest.__main__ import main\nmain({words!r})\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "digest" in done.stdout


# --- the start -------------------------------------------------------------------------------------

HEAVY = {"alembic", "bs4", "feedparser", "jinja2", "lxml", "requests", "rich", "sqlalchemy", "urllib3"}
"""What takes longer to load than a command may that does nothing by it."""

LOADED = """
import sys
before = {*sys.modules}  # what measures coverage, for one
from digest.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    sys.stderr.write(" ".join(["", str(end.code), *sys.modules.keys() - before]))
"""


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("--help", set()),
        ("run --help", set()),
        ("show latest", set()),
        ("show 2025-03-05", set()),
        ("show latest --titles", set()),
        ("show latest --with-code --json", set()),
        ("show --unread", set()),
        ("status", set()),
        ("status --json", set()),
        ("run", {"jinja2"}),  # for the indexes
        ("run --dry-run", set()),
        ("fetch --missing", {"jinja2"}),
        ("export latest --format json", {"sqlalchemy"}),
        ("search the", set()),
    ],
)
def test_a_command_loads_no_more_than_it_needs(archive: Sandbox, words: str, needed: set[str]) -> None:
    """On an archive in which nothing is missing, SQLAlchemy is for what reads a day, a client for a page."""
    archive.once(lambda: archive.digest("run"))
    assert loaded(archive, *words.split()) & HEAVY <= needed


def loaded(archive: Sandbox, *words: str, now: str = NIGHT) -> set[str]:
    """Return the modules that a command has loaded, which ends well."""
    line = ["--config", "config.toml", "--now", now, *words]
    environment = {**os.environ, "XDG_STATE_HOME": str(archive.folder.parent)}
    program = [sys.executable, "-c", LOADED, *line]
    done = subprocess.run(program, cwd=archive.folder, env=environment, capture_output=True, text=True, check=True)
    code, *modules = done.stderr.rpartition("\n")[2].split()
    assert code == "0"
    return {*modules}


def test_a_night_is_stored_by_the_driver(archive: Sandbox, arxiv: StandIn) -> None:
    """A new listing is fetched, proven, stored and rendered without SQLAlchemy, and without what few nights need."""
    archive.once(lambda: archive.digest("run"))
    arxiv.today = date(2025, 3, 6)
    arxiv.announce(invent("cs.CV", arxiv.today))
    assert not loaded(archive, "run", now="2025-03-06T02:00:00Z") & {"sqlalchemy", "alembic", "feedparser", "rich"}
    assert archive.digest("verify", now="2025-03-06T02:00:00Z").code == 0


def test_zones_are_not_loaded_to_show_a_digest(archive: Sandbox) -> None:
    """Nor the calendar that needs them, nor the parts of commands that are not called."""
    archive.once(lambda: archive.digest("run"))
    unneeded = {"digest.calendar", "digest.cli.running", "digest.model", "logging", "sqlite3", "zoneinfo"}
    assert not unneeded & loaded(archive, "show", "2025-03-05")


# --- mistakes in the command line ------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("rnu",),
        ("run", "--categry", "cs.CV"),
        ("run", "extra"),
        ("fetch",),
        ("show",),
        ("view",),
        ("view", "mine"),
        ("paper",),
        ("regenerate",),
        ("regenerate", "2025-03-05", "--all"),
        ("regenerate", "--all", "--outdated"),
        ("import",),
        ("import", "--date", "x", "y.html"),
        ("init",),
        ("show", "2025-02-30"),
        ("show", "2025-13-01"),
        ("show", "0000-01-01"),
        ("show", "20250305"),
        ("show", "2025-W10-3"),
        ("show", "2025-3-5"),
        ("show", "2025-03-05\n"),
        ("show", " 2025-03-05"),
        ("show", "٢٠٢٥-٠٣-٠٥"),  # noqa: RUF001  # digits, but not ASCII ones
        ("show", "tomorrow"),
        ("show", ""),
        ("fetch", "2025-03-06.."),
        ("fetch", "..2024-01-05"),
        ("fetch", "..", "--missing"),
        ("accept", "..2025-03-04", "--force"),
        ("fetch", "2025-03-04..x"),
        ("export", "2025-03-05..2025-03-04", "--format", "csv"),
        ("export", "2025-03-05", "--format", "csv", "--json"),
        ("fetch", "2025-03-05..2025-03-04"),
        ("fetch", "2025-03-04...2025-03-05"),
        ("regenerate", "2025-03-04..2025-03-05..2025-03-06"),
        ("regenerate", "0001-01-01"),
        ("regenerate", "0001-01-01..2025-03-05"),
        ("show", "0001-01-01"),
        ("fetch", "9999-12-31"),
        ("fetch", "2025-03-08"),
        ("run", "--category", "cs..CV"),
        ("run", "--category", "../../etc"),
        ("run", "--category", "cs.CV\n"),
        ("run", "--category", "cs.LG"),
        ("show", "2025-03-05", "--category", "cs.LG"),
        ("import", "--category", "no such", "x.html"),
        ("init", ""),
        ("demo", ""),
        ("regenerate", ""),
        ("import", ""),
        ("import", "--date", "", "x.html"),
        ("fetch", "2025-03-08..2025-03-09"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_exit_2(archive: Sandbox, arxiv: StandIn, arguments: tuple[str, ...]) -> None:
    """Without a traceback, without a request, without a digest."""
    result = archive.digest(*arguments)
    assert result.code == 2
    assert "--json" in arguments or result.out == ""
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith("error: ")
    assert arxiv.requests == []
    assert not list(archive.folder.glob("cs.CV/2025/03/*"))


@pytest.mark.parametrize(
    "now", ["2025-03-05T02:00:00", "2025-03-05", "yesterday", "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_now_needs_a_zone_and_a_sensible_year(archive: Sandbox, arxiv: StandIn, now: str) -> None:
    """A time without a zone is no instant."""
    result = archive.digest("run", now=now)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert arxiv.requests == []


@pytest.mark.parametrize(
    "now", ["2025-03-05T02:00:00Z", "2025-03-05T03:00:00+01:00", "2025-03-04T21:00:00-05:00", "2025-03-05T02:00+00:00"]
)
def test_now_sets_decisions_and_stored_times(archive: Sandbox, now: str) -> None:
    """The same instant in any zone; the run is noted at that time, in UTC."""
    assert archive.digest("run", now=now).code == 0
    (run,) = json.loads(archive.digest("status", "--json", now=now).out)["runs"]
    assert run["started_at"] == "2025-03-05T02:00:00+00:00"
    assert archive.digest("show", "today", now="2025-03-05T05:00:00Z").code == 0
    assert archive.digest("show", "today", now="2025-03-05T04:59:00Z").code == 4
    assert archive.digest("show", "yesterday", now="2025-03-06T12:00:00Z").code == 0


# --- configuration ---------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", NEED_CONFIG, ids=" ".join)
def test_without_a_configuration_nothing_is_made(
    nowhere: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Exit 2, in one line that names `digest init`."""
    before = sorted(nowhere.rglob("*"))
    result = command(capsys, *arguments)
    assert (result.code, bool(result.out)) == (2, "--json" in arguments)
    assert len(result.err.splitlines()) == 1
    assert "digest init" in result.err
    assert sorted(nowhere.rglob("*")) == before


@pytest.mark.parametrize("arguments", NEED_CONFIG, ids=" ".join)
def test_a_configuration_that_is_named_but_absent(
    nowhere: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Exit 2 naming it; nothing is made."""
    before = sorted(nowhere.rglob("*"))
    result = command(capsys, "--config", "absent.toml", *arguments)
    assert (result.code, bool(result.out)) == (2, "--json" in arguments)
    assert len(result.err.splitlines()) == 1
    assert "absent.toml" in result.err
    assert sorted(nowhere.rglob("*")) == before


def test_the_configuration_is_found_in_order(
    nowhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config, then $DIGEST_CONFIG, then ./config.toml, then the user's folder."""
    user = nowhere / "home" / ".config" / "digest"
    user.mkdir(parents=True)
    places = [user / "config.toml", nowhere / "place" / "config.toml", nowhere / "env.toml", nowhere / "flag.toml"]
    for number, place in enumerate(places):
        place.write_text(f'[arxiv]\ncontact = "number-{number}"\n')
        if place.name == "env.toml":
            monkeypatch.setenv("DIGEST_CONFIG", str(place))
        options = ("--config", str(place)) if place.name == "flag.toml" else ()
        assert f"number-{number}" in command(capsys, *options, "doctor").out


def test_the_environment_goes_over_the_file(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """DIGEST_SECTION_KEY, for one command."""
    monkeypatch.setenv("DIGEST_ARXIV_CONTACT", "env@example.org")
    assert "env@example.org" in archive.digest("doctor").out


@pytest.mark.parametrize("arguments", [("run",), ("status",), ("show", "2025-03-05"), ("doctor",)], ids=" ".join)
def test_a_misspelt_key_is_refused_with_the_right_one(archive: Sandbox, arguments: tuple[str, ...]) -> None:
    """Exit 2 in one line."""
    archive.configure("arxiv", contct="me@example.org")
    result = archive.digest(*arguments)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert "'contct'" in result.err
    assert "'contact'" in result.err


# --- what is said, and how loudly ------------------------------------------------------------------


def test_quiet_says_nothing_when_all_is_well(archive: Sandbox) -> None:
    """Not a word at exit 0, not even a warning."""
    (archive.folder / "README.md").write_text("# Mine\n")
    result = archive.digest("-q", "run")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_quiet_says_everything_when_something_is_wrong(archive: Sandbox, arxiv: StandIn) -> None:
    """A crontab's mail has the reason and the summary."""
    arxiv.fault = faults.login_page()
    archive.digest("run")  # which writes the indexes
    loud = archive.digest("run")
    quiet = archive.digest("-q", "run")
    assert quiet.code == loud.code == 5
    assert quiet.err == loud.err
    assert "error: " in quiet.err
    assert "exit=5" in quiet.err


def test_quiet_results_are_still_printed(archive: Sandbox) -> None:
    """-q is about messages; what was asked for is on stdout."""
    archive.digest("run")
    assert archive.digest("-q", "show", "latest").out.startswith("# ArXiv cs.CV --Wed, 5 Mar 2025\n")
    assert json.loads(archive.digest("-q", "status", "--json").out)["categories"]


def test_verbose_tells_each_step_on_stderr(archive: Sandbox, arxiv: StandIn) -> None:
    """The request and the decision are told; stdout stays for results, and the summary ends it."""
    result = archive.digest("-v", "run")
    assert (result.code, result.out) == (0, "")
    assert f"{arxiv.url}/list/cs.CV/new" in result.err
    assert result.err.endswith("ok=1 failed=0 requests=1 exit=0\n")
    assert len(result.err.splitlines()) > len(archive.digest("run").err.splitlines())


def test_no_contact_is_a_warning(archive: Sandbox) -> None:
    """ArXiv cannot write to somebody unknown; the run goes on."""
    archive.configure("arxiv", contact="")
    result = archive.digest("run")
    assert result.code == 0
    assert any(line.startswith("warning:") and "contact" in line for line in result.err.splitlines())


def test_a_command_leaves_the_log_of_the_process_alone(archive: Sandbox) -> None:
    """Only the project's own logger is set up."""
    handlers = list(logging.getLogger().handlers)
    archive.digest("-v", "run")
    assert logging.getLogger().handlers == handlers


# --- dry runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "--dry-run"), "2025-03-05"),
        (("fetch", "2025-03-05", "--dry-run"), "2025-03-05"),
        (("regenerate", "--all", "--dry-run"), "2025-03-04.md"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_dry_run_says_what_would_be_done(
    archive: Sandbox, arxiv: StandIn, arguments: tuple[str, ...], word: str
) -> None:
    """On stdout, exit 0; no file is touched, nobody is asked."""
    arxiv.announce(standin_day(4))
    arxiv.today = DAY.replace(day=4)
    archive.digest("run", now="2025-03-04T02:00:00Z")
    (archive.folder / "cs.CV/2025/03/2025-03-04.md").unlink()
    arxiv.requests.clear()
    before = archive.tree()
    result = archive.digest(*arguments)
    assert result.code == 0
    assert word in result.out
    assert archive.tree() == before
    assert arxiv.requests == []


def test_a_dry_run_names_a_date_once(archive: Sandbox, arxiv: StandIn) -> None:
    """The newest listing, late enough to be looked for among the past ones too, is one step: /new is asked first."""
    arxiv.announce(standin_day(4))
    arxiv.today = DAY.replace(day=4)
    archive.digest("run", now="2025-03-04T02:00:00Z")
    plan = archive.digest("run", "--dry-run", now="2025-03-05T20:00:00Z").out.splitlines()
    assert len([line for line in plan if "2025-03-05" in line]) == 1


@pytest.mark.parametrize("option", ["-q", "--now", "--log-json"])
def test_an_option_behind_its_command_is_told_its_place(archive: Sandbox, option: str) -> None:
    """Those of all commands stand before it; the message shows where, exit 2."""
    result = archive.digest("run", option)
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert f"it stands before the command: digest {option} run" in result.err


def standin_day(day: int) -> Mailing:
    """Invent a day of March 2025."""
    return invent("cs.CV", DAY.replace(day=day))


def test_a_dry_run_of_nothing_says_nothing(archive: Sandbox) -> None:
    """When every listing is proven there is nothing to do."""
    archive.digest("run")
    assert archive.digest("run", "--dry-run").out == ""


@pytest.mark.parametrize("arguments", [("run", "--dry-run"), ("fetch", "2025-03-05", "--dry-run")], ids=" ".join)
def test_a_dry_run_of_a_new_archive_makes_nothing(archive: Sandbox, arguments: tuple[str, ...]) -> None:
    """Not even a database."""
    before = sorted(archive.folder.rglob("*"))
    assert archive.digest(*arguments).code == 0
    assert sorted(archive.folder.rglob("*")) == before


# --- show, in pipes --------------------------------------------------------------------------------


def test_show_prints_the_file(archive: Sandbox) -> None:
    """Byte for byte, also when somebody has changed it, and from the store when it is gone."""
    archive.digest("run")
    path = archive.folder / "cs.CV/2025/03/2025-03-05.md"
    text = path.read_text(encoding="utf-8")
    assert archive.digest("show", "2025-03-05").out == text
    assert archive.digest("show", "latest").out == text
    path.unlink()
    assert archive.digest("show", "2025-03-05").out == text
    assert not path.exists()


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("status", "--json"), ("show", "latest"), ("paper", "2503.00001"), ("doctor",)],
    ids=" ".join,
)
def test_reading_an_empty_archive_makes_nothing(archive: Sandbox, arguments: tuple[str, ...]) -> None:
    """No database, no lock, no folder."""
    before = sorted(archive.folder.rglob("*"))
    result = archive.digest(*arguments)
    assert result.code in (0, 4)
    assert "Traceback" not in result.err
    assert sorted(archive.folder.rglob("*")) == before


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(archive: Sandbox) -> None:
    """As `digest show latest | head -1` does."""
    archive.digest("run")
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        ended = subprocess.run(
            [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "show", "latest"],
            cwd=archive.folder,
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0
    assert ended.stderr == b""


def test_output_is_utf8_under_any_locale(archive: Sandbox) -> None:
    """A crontab has LANG=C."""
    archive.digest("run")
    env = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (("show", "latest"), ("status",), ("-v", "run"), ("run", "--help"), ("doctor",)):
        ended = archive.process(*arguments, env=env)
        assert ended.returncode == 0
        assert "Traceback" not in ended.stderr


def test_an_interrupt_is_no_traceback(archive: Sandbox, arxiv: StandIn) -> None:
    """Ctrl-C ends with a line and a code that is not 0 or 1; the next run is whole."""
    arxiv.fault = faults.slow_start(60)
    arguments = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "run"]
    with subprocess.Popen(
        arguments,
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
    assert process.returncode not in (0, 1)
    assert "Traceback" not in err
    arxiv.fault = None
    assert archive.digest("run").code == 0


def wait_for_request(arxiv: StandIn) -> None:
    """Wait until the stand-in was asked, 20 seconds at most."""
    deadline = time.monotonic() + 20
    while not arxiv.requests and time.monotonic() < deadline:
        time.sleep(0.02)
    assert arxiv.requests


# --- JSON ------------------------------------------------------------------------------------------

TELLING = {
    ("run",): "changed",
    ("run", "--dry-run"): "plan",
    ("fetch", "2025-03-05"): "changed",
    ("fetch", "--missing", "--dry-run"): "plan",
    ("import", "config.toml"): "changed",
    ("accept", "2025-03-05"): "remarks",
    ("regenerate", "--all"): "written",
    ("regenerate", "--all", "--dry-run"): "plan",
    ("rebuild",): "changed",
    ("replay", "--all"): "counts",
    ("replay", "--all", "--write"): "lines",
    ("verify",): "verified",
    ("verify", "--repair"): "lines",
    ("backup", "copy.db"): "size",
    ("show", "latest"): "digests",
    ("show", "latest", "--titles"): "digests",
    ("view", "all", "latest"): "text",
    ("view", "all", "latest", "--titles"): "papers",
    ("paper", "2503.12006"): "events",
    ("status",): "categories",
    ("export", "..", "--format", "csv", "--output", "all.csv"): "days",
    ("site",): "written",
    ("mark", "2503.12006"): "marks",
    ("init", "another"): "made",
    ("doctor",): "findings",
    ("demo", "shown"): "lines",
    ("completion", "bash"): "script",
}


@pytest.fixture
def full(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive of a day and a view, which we are in."""
    monkeypatch.chdir(archive.folder)
    with (archive.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["the"]\n')
    archive.digest("run")
    return archive


def document(result: Result) -> dict[str, object]:
    """Return the one JSON document that stdout is; its exit code is the command's."""
    found = json.loads(result.out)
    assert isinstance(found, dict)
    assert found["exit"] == result.code
    assert bool(found["failures"]) is result.err.startswith("error: ") or "\nerror: " in result.err
    return found


@pytest.mark.parametrize("arguments", TELLING, ids=" ".join)
def test_every_command_that_tells_something_tells_it_as_json(full: Sandbox, arguments: tuple[str, ...]) -> None:
    """One document on stdout, with the exit code and the failures; the help names the option."""
    result = full.digest(*arguments, "--json")
    assert TELLING[arguments] in document(result)
    assert result.code == (5 if arguments[0] == "import" else 0)
    assert "--json" in full.digest(arguments[0], "--help").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("run", "--category", "cs..CV"), 2),
        (("run", "--no-such-option"), 2),
        (("import", "absent.html"), 2),
        (("show", "2025-03-04"), 4),
        (("view", "mine", "latest"), 2),
        (("paper", "2503.99999"), 4),
        (("regenerate", "2025-03-04"), 4),
        (("fetch", "2030-01-01"), 2),
        (("backup", "config.toml"), 2),
        (("verify",), 6),
        (("status",), 6),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_json_is_valid_also_on_failure(full: Sandbox, arguments: tuple[str, ...], code: int) -> None:
    """With what went wrong: its class, its exit code, its words, as they stand on stderr."""
    if code == 6:
        (full.folder / "archive.db").write_bytes(b"broken" * 1000)
    result = full.digest(*arguments, "--json")
    found = document(result)
    assert result.code == code
    assert all(f"error: {one['message']}" in result.err for one in _failures(found))
    assert {one["exit_code"] for one in _failures(found)} == ({code} if arguments != ("verify",) else set())


def _failures(found: dict[str, object]) -> list[dict[str, object]]:
    failures = found["failures"]
    assert isinstance(failures, list)
    return failures


def test_json_of_a_run_has_the_day_and_the_totals(archive: Sandbox) -> None:
    """In the words of ``status --json``; -q changes nothing of it."""
    found = document(archive.digest("-q", "run", "--json"))
    changed = found["changed"]
    assert isinstance(changed, list)
    (day,) = changed
    assert (day["category"], day["date"], day["state"], day["source"]) == ("cs.CV", "2025-03-05", "complete", "listing")
    assert (found["ok"], found["failed"], found["requests"]) == (1, 0, 1)
    assert len(found["written"] if isinstance(found["written"], list) else ()) == 5


def test_json_when_another_run_is_at_work(archive: Sandbox) -> None:
    """Exit 3, in the document too."""
    archive.digest("run")
    with hold_lock(archive.folder / "archive.db.lock"):
        found = document(archive.digest("run", "--json"))
    assert [one["error"] for one in _failures(found)] == ["LockHeldError"]


def test_help_is_no_document(full: Sandbox) -> None:
    """It stays what a person reads."""
    assert full.digest("run", "--json", "--help").out.startswith("Usage:")


# --- in words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "arguments", "words"),
    [
        ("", ("run",), "stored cs.CV 2025-03-05; wrote 5 files"),
        ("", ("fetch", "2025-03-05"), "stored cs.CV 2025-03-05; wrote 4 files"),
        ("digest", ("regenerate", "--all"), "rendered cs.CV 2025-03-05; wrote 1 file"),
        ("database", ("rebuild",), "loaded cs.CV 2025-03-05"),
        ("digest", ("verify", "--repair"), "repaired 1 finding"),
        ("", ("accept", "2025-03-04", "--force"), "gave up cs.CV 2025-03-04 as lost; wrote 1 file"),
        ("", ("init", "another", "--no-git"), "set up an archive in another: 8 files"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_was_written_is_said_in_words_first(
    archive: Sandbox, monkeypatch: pytest.MonkeyPatch, spoil: str, arguments: tuple[str, ...], words: str
) -> None:
    """Before the lines for machines, which stay as they are; -q says nothing of it."""
    monkeypatch.chdir(archive.folder)
    if spoil:
        archive.digest("run")
        Path("cs.CV/2025/03/2025-03-05.md" if spoil == "digest" else "archive.db").unlink()
    before = archive.folder.parent / "before"
    shutil.copytree(archive.folder, before)
    loud = archive.digest(*arguments)
    assert (loud.code, loud.err.splitlines()[0]) == (0, words)
    shutil.rmtree(archive.folder)
    shutil.copytree(before, archive.folder)
    monkeypatch.chdir(archive.folder)
    quiet = archive.digest("-q", *arguments)
    assert (quiet.code, quiet.err) == (0, "")


# --- ranges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("2025-03-04..", [4, 5]),
        ("..2025-03-04", [3, 4]),
        ("..", [3, 4, 5]),
        ("latest..", [5]),
        ("2025-03-04..latest", [4, 5]),
        ("..yesterday", [3]),
    ],
)
def test_either_end_of_a_range_may_be_left_out(archive: Sandbox, arxiv: StandIn, span: str, found: list[int]) -> None:
    """For every command that takes one."""
    for day in (3, 4):
        arxiv.announce(standin_day(day))
    archive.digest("fetch", "2025-03-03..2025-03-04", now="2025-03-05T12:00:00Z")
    archive.digest("run", now="2025-03-05T12:00:00Z")
    for day in (3, 4, 5):
        (archive.folder / f"cs.CV/2025/03/2025-03-0{day}.md").unlink()
    now = NIGHT  # yesterday in New York is the 3rd
    planned = archive.digest("regenerate", span, "--dry-run", now=now).out
    assert re.findall(r"2025-03-0(\d).md", planned) == [str(day) for day in found]
    listed = archive.digest("export", span, "--format", "jsonl", now=now).out
    assert {json.loads(line)["date"] for line in listed.splitlines()} == {f"2025-03-0{day}" for day in found}
    replayed = archive.digest("replay", span, now=now)
    assert (replayed.code, f"replayed {len(found)} day" in replayed.out) == (0, True)
    assert archive.digest("accept", span, now=now).code == 2  # nothing to settle


def test_an_open_range_of_fetch_ends_where_arxiv_does(archive: Sandbox, arxiv: StandIn) -> None:
    """FROM.. up to today in New York; ..TO from the oldest that is served."""
    assert archive.digest("fetch", "2025-03-03..", "--dry-run").out == (
        "would ask for cs.CV 2025-03-03\nwould ask for cs.CV 2025-03-04\n"
    )
    oldest = archive.digest("fetch", "..2024-12-06", "--dry-run").out
    assert oldest == "".join(f"would ask for cs.CV 2024-12-0{day}\n" for day in (3, 4, 5, 6))
    assert arxiv.requests == []


# --- far away in time ------------------------------------------------------------------------------

FAR: list[tuple[tuple[str, ...], int]] = [
    (("show", "9999-12-31"), 2),
    (("fetch", "9999-12-31"), 2),
    (("fetch", "0001-01-01..9999-12-31"), 2),
    (("fetch", "1991-01-01..2990-12-31"), 2),
    (("fetch", "--dry-run", "1991-01-01..2990-12-31"), 2),
    (("accept", "0001-01-01"), 2),
    (("accept", "1991-01-01..2990-12-31"), 2),
    (("regenerate", "1991-01-01..2990-12-31"), 4),
    (("replay", "..2990-12-31"), 4),
    (("import", "--date", "2990-12-29", "page.html"), 2),
]


@pytest.mark.parametrize(("words", "code"), FAR, ids=lambda one: " ".join(one) if isinstance(one, tuple) else "")
def test_dates_far_away_end_at_once(archive: Sandbox, words: tuple[str, ...], code: int) -> None:
    """A thousand years take no thousand steps; one line says what is wrong, and arXiv is not asked."""
    (archive.folder / "page.html").write_bytes(b"<html></html>")
    archive.configure("arxiv", pages_url="http://127.0.0.1:9", feeds_url="http://127.0.0.1:9")
    words = tuple(str(archive.folder / word) if word == "page.html" else word for word in words)
    began = time.process_time()
    result = archive.digest(*words)
    assert (result.code, len(errors(result))) == (code, 1)
    assert len(errors(result)[0]) < 400
    assert time.process_time() - began < 10  # a walk through all these days takes minutes


@pytest.mark.parametrize("now", ["9999-12-31T23:59:00Z", "0001-01-01T00:00:00Z", "2991-01-01T00:00:00Z"])
@pytest.mark.parametrize("command", ["run", "status", "verify", "doctor"])
def test_a_clock_far_away_is_a_mistake(archive: Sandbox, command: str, now: str) -> None:
    """No calendar reaches there: exit 2 says from when to when a clock may show."""
    result = archive.digest(command, now=now)
    assert (result.code, "from 1991 to 2990" in result.err) == (2, True)


@pytest.mark.parametrize("command", long_after(1, ["run", "status", "verify"]))
def test_a_clock_that_is_wrong_by_centuries_ends_too(archive: Sandbox, arxiv: StandIn, command: str) -> None:
    """A quarter of a million dates are missing then; arXiv is asked a few times, and a line doubts the clock."""
    assert archive.digest("run").code == 0
    arxiv.requests.clear()
    result = archive.digest(command, now="2990-12-31T12:00:00Z")
    assert result.code == 4
    assert len(result.err) < 4000
    assert len(arxiv.requests) <= 8
    assert ("is the clock right" in result.err) is (command == "run")
