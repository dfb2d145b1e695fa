"""A shell completes digest's words, and learns how by one command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Sandbox

PLACES = {
    "bash": "data/bash-completion/completions/digest",
    "zsh": "data/zsh/site-functions/_digest",
    "fish": "config/fish/completions/digest.fish",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of a user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BASH_COMPLETION_USER_DIR", raising=False)
    return tmp_path


@pytest.mark.parametrize(("shell", "place"), PLACES.items())
def test_one_command_installs_it_where_the_shell_looks(sandbox: Sandbox, folder: Path, shell: str, place: str) -> None:
    """It says where that is; again, it is up to date; without --install, it is printed."""
    found = sandbox.digest("completion", shell, "--install")
    assert (found.code, found.out.splitlines()[0]) == (0, f"wrote {folder / place}")
    script = (folder / place).read_text()
    assert sandbox.digest("completion", shell).out == script
    assert sandbox.digest("completion", shell, "--install").out.startswith(f"up to date: {folder / place}\n")
    assert script.startswith("#compdef digest\n") is (shell == "zsh")  # its first line has to be
    assert json.loads(sandbox.digest("completion", shell, "--json").out)["script"].strip() == script.strip()


def test_an_older_file_of_digest_s_is_renewed_and_a_person_s_own_is_not(sandbox: Sandbox, folder: Path) -> None:
    """The latter is named: exit 2."""
    assert sandbox.digest("completion", "fish", "--install").code == 0
    place = folder / PLACES["fish"]
    script = place.read_text()
    place.write_text(script.replace("complete", "something-older"))
    assert sandbox.digest("completion", "fish", "--install").out.startswith("wrote ")
    assert place.read_text() == script
    place.write_text("complete --command digest --arguments mine\n")
    found = sandbox.digest("completion", "fish", "--install")
    assert (found.code, found.out, str(place) in found.err) == (2, "", True)
    assert place.read_text() == "complete --command digest --arguments mine\n"


def test_where_it_cannot_be_written_that_is_said(sandbox: Sandbox, folder: Path) -> None:
    """In one line, with the cause: exit 6."""
    (folder / "data").write_text("")
    found = sandbox.digest("completion", "bash", "--install")
    assert (found.code, len(found.err.splitlines()), "Not a directory" in found.err) == (6, 1, True)


def test_bash_completion_s_own_folder_counts(sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its variable names one."""
    monkeypatch.setenv("BASH_COMPLETION_USER_DIR", str(folder / "own"))
    assert sandbox.digest("completion", "bash", "--install").code == 0
    assert (folder / "own/completions/digest").is_file()


@pytest.mark.parametrize(("shell", "code"), [("/usr/bin/fish", 0), ("/bin/tcsh", 2), ("", 2)])
def test_the_shell_is_the_user_s(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, shell: str, code: int) -> None:
    """By $SHELL, if none is named."""
    monkeypatch.setenv("SHELL", shell)
    found = sandbox.digest("completion")
    assert (found.code, "fish_complete" in found.out) == (code, code == 0)
    assert "expected bash, zsh or fish" in found.err or not code


def test_bash_completes(sandbox: Sandbox, folder: Path) -> None:
    """Commands, options, and what the configuration names, by the script that it was given."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "splatting"\n')
    program = folder / "bin/digest"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m digest "$@"\n')
    program.chmod(0o755)
    expected = {
        "exp": ["export"],
        "show la": ["latest"],
        "show --cat": ["--category"],
        "show --category cs.": ["cs.CV", "cs.LG"],
        "view sp": ["splatting"],
        "export --format js": ["json", "jsonl", "jsonfeed"],
        "--config absent.toml view sp": [],
    }
    lines = [sandbox.digest("completion", "bash").out, "answer() { COMPREPLY=(); _digest_completion digest; }"]
    for words in expected:
        count = len(words.split())
        lines.append(f'COMP_WORDS=(digest {words}) COMP_CWORD={count}; answer; echo "${{COMPREPLY[@]}}"')
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(line.replace("compopt", ": compopt") for line in lines)],
        cwd=sandbox.folder,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert dict(zip(expected, map(str.split, done.stdout.splitlines()), strict=True)) == expected
