"""What a terminal obeys never reaches one; into a file or a pipe each byte goes as it is."""

import os
import pty
import subprocess
import sys

import pytest

from digest.model import Section
from digest.store import Store
from tests.conftest import NIGHT, Sandbox
from tests.days import day_of, paper

EVIL = {
    "a clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "a window's title": "\x1b]0;owned\x07",
    "an erased line": "\r\x1b[2K",
    "one of the upper control characters": "\x9b31m",
    "a text turned round": "\u202egnp.exe",
    "an isolated text": "\u2066x",
}
COMMANDS = [
    ("show", "2025-03-05"),
    ("view", "all", "2025-03-05"),
    ("export", "2025-03-05", "--format", "csv"),
    ("export", "2025-03-05", "--format", "jsonl"),
    ("export", "2025-03-05", "--format", "bibtex"),
    ("paper", "2503.00001"),
    ("paper", "2503.00001", "--json"),
]
OBEYED = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u202e\u2066"} - {"\n", "\r", "\t"}


@pytest.fixture
def evil(sandbox: Sandbox) -> Sandbox:
    """An archive of a day whose every text holds what a terminal obeys."""
    everything = "".join(EVIL.values())
    one = paper(title=f"A {everything} title", authors=(f"B {everything} C",), abstract=f"D {everything} E")
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    store.save_day(day_of([(Section.NEW, one)]), "0" * 64, outdated_file="none")
    store.close()
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["title"]\n')
    return sandbox


def on_terminal(sandbox: Sandbox, *arguments: str) -> str:
    """Return what a command writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        command, cwd=sandbox.folder, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed: on Linux, that is how a terminal ends
                break
            if not piece:
                break
            written += piece
        os.close(ours)
    assert process.returncode == 0
    return written.decode()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_that_a_terminal_obeys_reaches_it(evil: Sandbox, arguments: tuple[str, ...]) -> None:
    """No clipboard, title, erased line or turned text; the words around them are there."""
    shown = on_terminal(evil, *arguments)
    assert OBEYED & set(shown) == set()
    assert "title" in shown
    assert not any("\r" in line.removesuffix("\r") for line in shown.split("\n"))  # a terminal ends lines by both


def test_into_a_pipe_each_byte_goes_as_it_is(evil: Sandbox) -> None:
    """What is piped is what the file holds."""
    assert "\x1b]0;owned\x07" in evil.digest("show", "2025-03-05").out
