"""What a terminal obeys never reaches one; into a file or a pipe each byte goes as it is. Progress does not collide."""

import os
import pty
import re
import subprocess
import sys
from datetime import date

import pytest

from digest.model import Section
from digest.store.whole import Store
from tests.conftest import NIGHT, Sandbox, long_after
from tests.days import day_of, paper
from tests.standin import StandIn, invent

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
    ("search", "title"),
    ("search", "title", "--json"),
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


def on_terminal(sandbox: Sandbox, *arguments: str, code: int = 0, told: bool = False, **variables: str) -> str:
    """Return what a command writes to a terminal of its own; ``told``: with what it says on stderr.

    ``variables`` of its environment go over those of a terminal without colours.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80", "TERM": "xterm", **variables}
    with subprocess.Popen(
        command,
        cwd=sandbox.folder,
        stdout=theirs,
        stderr=theirs if told else subprocess.DEVNULL,
        env=environment,
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
    assert process.returncode == code
    return written.decode()


_CONTROL = re.compile(r"\x1b\[(?P<number>[0-9]*)(?P<what>[A-Za-z])|\x1b\[\?25[lh]")


def screen(written: str) -> list[str]:
    """Return the lines that are on a terminal in the end, as a simple one would show them."""
    lines, row, column, place = [""], 0, 0, 0
    while place < len(written):
        control = _CONTROL.match(written, place)
        one = written[place]
        if control:
            place = control.end()
            if control["what"] == "A":
                row = max(0, row - int(control["number"] or 1))
            elif control["what"] == "K":
                lines[row] = "" if control["number"] == "2" else lines[row][:column]
            elif control["what"] != "m" and control["what"]:
                raise AssertionError(f"an unknown control: {control[0]!r}")
            continue
        place += 1
        if one == "\r":
            column = 0
        elif one == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] = lines[row][:column].ljust(column) + one + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


def test_log_lines_and_the_progress_bar_do_not_collide(archive: Sandbox, arxiv: StandIn) -> None:
    """Each line is on the screen as it was said, and nothing of the bar is left."""
    for day in (3, 4):
        arxiv.announce(invent("cs.CV", date(2025, 3, day)))
    arxiv.today = date(2025, 3, 4)
    written = on_terminal(archive, "-v", "fetch", "2025-03-03..2025-03-04", told=True)
    assert "0/2" in written  # there was a bar
    shown = screen(written)
    assert [line for line in shown if "/2 " in line or "━" in line] == []
    steps = [line for line in shown if line.startswith(f"GET {arxiv.url}/catchup")]
    assert len(steps) == 2
    assert [line for line in shown if line.startswith("date=2025-03-0")] != []
    assert shown[-1] == "ok=2 failed=0 requests=2 exit=0"
    assert written.count("\x1b[?25h") == written.count("\x1b[?25l")  # the cursor is back


def test_results_and_the_progress_bar_do_not_collide(archive: Sandbox, arxiv: StandIn) -> None:
    """What goes to stdout meanwhile is on the same screen."""
    arxiv.announce(invent("cs.CV", date(2025, 3, 4)))
    archive.digest("run", now="2025-03-04T02:00:00Z")
    archive.digest("run")
    for day in (4, 5):
        (archive.folder / f"cs.CV/2025/03/2025-03-0{day}.md").unlink()
    shown = screen(on_terminal(archive, "verify", "--repair", told=True))
    assert [line for line in shown if "━" in line] == []
    assert [line.split("/")[-1] for line in shown if line.startswith("restored ")] == ["2025-03-04.md", "2025-03-05.md"]


@pytest.mark.parametrize(
    "name", long_after(1, ["[red]x[/blue].html", "\x1b[31mred.html", "x" * 200 + ".html", "a\nb.html"])
)
def test_no_name_breaks_the_progress_bar(archive: Sandbox, name: str) -> None:
    """Neither rich's own markup nor what a terminal obeys, nor a name that is longer than a line."""
    pages = archive.folder / "pages"
    for number in range(3):
        place = pages / str(number) / name
        place.parent.mkdir(parents=True)
        place.write_text("words")
    written = on_terminal(archive, "import", "pages", code=5, told=True)
    assert "\x1b[31m" not in written
    assert len([line for line in screen(written) if line.startswith("error: ")]) == 3


@pytest.mark.parametrize("arguments", long_after(3, COMMANDS), ids=" ".join)
def test_nothing_that_a_terminal_obeys_reaches_it(evil: Sandbox, arguments: tuple[str, ...]) -> None:
    """No clipboard, title, erased line or turned text; the words around them are there."""
    shown = on_terminal(evil, *arguments)
    assert OBEYED & set(shown) == set()
    assert "title" in shown
    assert not any("\r" in line.removesuffix("\r") for line in shown.split("\n"))  # a terminal ends lines by both


def test_into_a_pipe_each_byte_goes_as_it_is(evil: Sandbox) -> None:
    """What is piped is what the file holds."""
    assert "\x1b]0;owned\x07" in evil.digest("show", "2025-03-05").out
