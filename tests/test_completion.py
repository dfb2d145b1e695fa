"""A shell completes digest's words, and learns how by one command."""

import json
import os
import shutil
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


EXPECTED = {
    "exp": ["export"],
    "rec": ["recommend"],
    "mc": ["mcp"],
    "show la": ["latest"],
    "show --cat": ["--category"],
    "show --category cs.": ["cs.CV", "cs.LG"],
    "view sp": ["splatting"],
    "recommend --view sp": ["splatting"],
    "mark --n": ["--not"],
    "export --format js": ["json", "jsonl", "jsonfeed"],
    "--config absent.toml view sp": [],
}
"""What a line ends with, and what it can be completed to."""


@pytest.fixture
def configured(sandbox: Sandbox, folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of an archive of two categories with a view, and an environment in which ``digest`` is a program."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "splatting"\n')
    program = folder / "bin/digest"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m digest "$@"\n')
    program.chmod(0o755)
    return sandbox.folder, {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(folder)}


def answers(command: list[str], place: tuple[Path, dict[str, str]]) -> list[str]:
    """Return the lines that a shell prints, and nothing on stderr."""
    folder, environment = place
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_bash_completes(sandbox: Sandbox, configured: tuple[Path, dict[str, str]]) -> None:
    """Commands, options, and what the configuration names, by the script that it was given."""
    lines = [sandbox.digest("completion", "bash").out, "answer() { COMPREPLY=(); _digest_completion digest; }"]
    for words in EXPECTED:
        count = len(words.split())
        lines.append(f'COMP_WORDS=(digest {words}) COMP_CWORD={count}; answer; echo "${{COMPREPLY[@]}}"')
    script = "\n".join(line.replace("compopt", ": compopt") for line in lines)
    found = answers(["bash", "--norc", "-c", script], configured)
    assert dict(zip(EXPECTED, map(str.split, found), strict=True)) == EXPECTED


def told(lines: list[str]) -> dict[str, list[str]]:
    """Return what a shell told of each line of ``EXPECTED``, a word a line, with a line of its own after each."""
    found: list[list[str]] = [[]]
    for line in lines:
        found = [*found, []] if line == "--" else [*found[:-1], [*found[-1], line]]
    return {words: sorted(its) for words, its in zip(EXPECTED, found[:-1], strict=True)}


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes(sandbox: Sandbox, configured: tuple[Path, dict[str, str]]) -> None:
    """The same, by the script where fish looks for it."""
    assert sandbox.digest("completion", "fish", "--install").code == 0
    script = "\n".join(f"complete -C 'digest {words}' | string split -f1 \\t; echo ' --'" for words in EXPECTED)
    lines = answers(["fish", "-c", script], configured)
    assert told([line.strip() for line in lines]) == {words: sorted(its) for words, its in EXPECTED.items()}


_ZSH = """\
compdef() { : }
compadd() { print -l -- ${(P)@[-1]} }
_describe() { print -l -- ${${(P)@[3]}%%:*} }
source $XDG_DATA_HOME/zsh/site-functions/_digest
"""
"""Prints what zsh would offer, each by itself."""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes(sandbox: Sandbox, configured: tuple[Path, dict[str, str]]) -> None:
    """The same, by the script where zsh looks for it."""
    assert sandbox.digest("completion", "zsh", "--install").code == 0
    asked = [f"words=(digest {words}); CURRENT=$#words; _digest_completion; print -- --" for words in EXPECTED]
    lines = answers(["zsh", "-f", "-c", _ZSH + "\n".join(asked)], configured)
    assert told(lines) == {words: sorted(its) for words, its in EXPECTED.items()}
