"""What a terminal obeys never reaches one; into a file or a pipe each byte goes as it is. Progress does not collide."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.cells import cell_len

from digest.model import Link, Paper, Section
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
    ("show", "2025-03-05", "--titles"),
    ("show", "2025-03-05", "--with-code", "--json"),
    ("export", "2025-03-05", "--format", "csv"),
    ("export", "2025-03-05", "--format", "jsonl"),
    ("export", "2025-03-05", "--format", "bibtex"),
    ("paper", "2503.00001"),
    ("paper", "2503.00001", "--json"),
    ("search", "title"),
    ("search", "title", "--json"),
]
LISTS = [("show", "2025-03-05"), ("view", "all", "2025-03-05"), ("paper", "2503.00001"), ("show", "latest", "--titles")]
OBEYED = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u202e\u2066"} - {"\n", "\r", "\t"}
NOT_ASKED = {
    *("FORCE_HYPERLINK", "VTE_VERSION", "TERM_PROGRAM", "KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM"),
    *("PAGER", "LESS"),
}
"""Variables of the terminal in which the tests run."""


@pytest.fixture
def evil(sandbox: Sandbox) -> Sandbox:
    """An archive of a day whose every text holds what a terminal obeys."""
    everything = "".join(EVIL.values())
    links = (
        f"https://example.org/{everything}",
        "https://example.org/b?c=d;e",
        f"javascript:{everything}",
        "file:///f",
    )
    one = paper(
        title=f"A {everything} title",
        authors=(f"B {everything} C",),
        abstract=f"D {everything} E",
        links=tuple(Link(url, "code", "abstract") for url in links),
    )
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    store.save_day(day_of([(Section.NEW, one)]), "0" * 64, outdated_file="none")
    store.close()
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "all"\nkeywords = ["title"]\n')
    return sandbox


def on_terminal(
    sandbox: Sandbox,
    *arguments: str,
    code: int = 0,
    told: bool = False,
    typed: bool = False,
    env: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return what a command writes to a terminal of its own; ``told``: with stderr; ``typed``: stdin is it, too."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, *arguments]
    ours_alone = {name: value for name, value in os.environ.items() if name not in NOT_ASKED}
    environment = {**ours_alone, "NO_COLOR": "1", "COLUMNS": "80", "LINES": "24", "TERM": "xterm", **env}
    with subprocess.Popen(
        command,
        cwd=sandbox.folder,
        stdin=theirs if typed else None,
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


# --- a list to read --------------------------------------------------------------------------------

STYLE = re.compile(r"\x1b\[[0-9;]*m")
LINK = re.compile(r"\x1b\]8;id=[0-9-]+;(https?://[!-~]+)\x1b\\(.*?)\x1b\]8;;\x1b\\", re.DOTALL)


@pytest.mark.parametrize("arguments", long_after(2, LISTS), ids=" ".join)
def test_styles_and_links_are_all_that_a_terminal_obeys(evil: Sandbox, arguments: tuple[str, ...]) -> None:
    """Links lead to http and https alone, in printable ASCII; what looks like one in a text is none."""
    written = on_terminal(evil, *arguments, env={"NO_COLOR": "", "FORCE_HYPERLINK": "1"})
    links = LINK.findall(written)
    left = STYLE.sub("", LINK.sub(lambda link: link[2], written))
    assert OBEYED & set(left) == set()
    assert {url for url, _ in links} <= {
        *("https://arxiv.org/abs/2503.00001", "https://arxiv.org/pdf/2503.00001", "https://example.org/b?c=d;e"),
        "https://example.org/%1B]52;c;cm0gLXJm%07%1B]0;owned%07%0D%1B[2K%C2%9B31m%E2%80%AEgnp.exe%E2%81%A6x",
    }
    assert len({url for url, _ in links}) == {"show": 4, "view": 4, "paper": 2}[arguments[0]] or "--titles" in arguments
    assert STYLE.search(written)


OPENING: dict[str, tuple[bool, dict[str, str]]] = {
    "GNOME": (True, {"VTE_VERSION": "6800"}),
    "tmux in it": (False, {"VTE_VERSION": "6800", "TERM": "tmux-256color"}),
    "kitty": (True, {"TERM": "xterm-kitty"}),
    "an old GNOME": (False, {"VTE_VERSION": "4800"}),
    "any other": (False, {}),
    "refused": (False, {"VTE_VERSION": "6800", "FORCE_HYPERLINK": "0"}),
}
"""Whether a terminal opens what OSC 8 links, by the variables that it sets; tmux does not tell."""


@pytest.mark.parametrize("name", long_after(2, OPENING))
def test_where_links_cannot_be_opened_the_addresses_are_shown(evil: Sandbox, name: str) -> None:
    """And elsewhere the id and "PDF" are links."""
    opens, env = OPENING[name]
    shown = STYLE.sub("", on_terminal(evil, "show", "latest", env={"NO_COLOR": "", **env}))
    assert bool(LINK.search(shown)) is opens
    assert ("https://arxiv.org/abs/2503.00001" in LINK.sub(lambda link: link[2], shown)) is not opens


@pytest.mark.parametrize("env", long_after(1, [{"NO_COLOR": "1"}, {"NO_COLOR": "", "TERM": "dumb"}]), ids=str)
def test_without_colours_there_is_only_text(evil: Sandbox, env: dict[str, str]) -> None:
    """No style and no link: the addresses are shown."""
    shown = on_terminal(evil, "show", "latest", env={"FORCE_HYPERLINK": "1", **env})
    assert "\x1b" not in shown
    assert "https://arxiv.org/abs/2503.00001  https://arxiv.org/pdf/2503.00001" in shown


def keep(sandbox: Sandbox, *papers: Paper) -> None:
    """Store a day of new papers."""
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    store.save_day(day_of([(Section.NEW, one) for one in papers]), "0" * 64, outdated_file="none")
    store.close()


WIDE = "\u6df1\u5ea6\u5b66\u7fd2" * 40
MARKED = "e\u0301" * 150
LONG = "x" * 300


@pytest.mark.parametrize("columns", long_after(1, [80, 120, 30, 3]))
def test_lines_keep_to_the_width(sandbox: Sandbox, columns: int) -> None:
    """Wrapped at words; longer words, wide characters and combining marks are counted as they are shown."""
    words = "some words that are short " * 12
    texts = [words, WIDE, f"{words}{WIDE}{words}", MARKED, LONG]
    keep(sandbox, *(paper(f"2503.0000{n}", title=text, abstract=text, authors=(text,)) for n, text in enumerate(texts)))
    with (sandbox.folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "all"\n')
    for arguments in (("show", "latest"), ("show", "latest", "--titles"), ("view", "all", "latest")):
        lines = on_terminal(sandbox, *arguments, env={"COLUMNS": str(columns)}).split("\r\n")
        widths = [cell_len(line) for line in lines if "https:" not in line]
        assert max(widths) <= max(min(columns, 100), 20)
        assert max(widths) > max(min(columns, 100) - 10, 17)
        assert "".join(lines).replace(" ", "").count("\u6df1\u5ea6\u5b66\u7fd2") >= 80
    if columns >= 80:
        assert not any(line.endswith(("sho", "th", "wor")) for line in lines)


def test_latex_is_read_on_a_terminal(sandbox: Sandbox) -> None:
    """In titles and abstracts; in a pipe it stays as it was typed."""
    keep(sandbox, paper(title=r"An $\mathcal{O}(n^2)$ Net", abstract=r"It gains 12\% at $\alpha = 3$, $\unknown{x}$."))
    shown = on_terminal(sandbox, "show", "latest")
    assert "An \U0001d4aa(n\u00b2) Net" in shown
    assert "It gains 12% at \u03b1 = 3, $\\unknown{x}$." in shown
    assert r"1. An $\mathcal{O}(n^2)$ Net  2503" in sandbox.digest("show", "latest", "--titles").out


def test_a_file_without_its_day_is_shown_as_it_is(sandbox: Sandbox) -> None:
    """Such as one that somebody took over from another archive."""
    path = sandbox.folder / "cs.CV/2025/03/2025-03-04.md"
    path.parent.mkdir(parents=True)
    path.write_text("# A digest\n### with \x1b[31m red\n")
    assert on_terminal(sandbox, "show", "2025-03-04") == "# A digest\r\n### with \ufffd[31m red\r\n"


# --- a pager ---------------------------------------------------------------------------------------

COPY = """#!{python}
import os, sys
with open("paged", "w") as file:
    file.write(os.environ.get("LESS", "") + "\\n" + sys.stdin.read())
"""


@pytest.fixture
def long_day(sandbox: Sandbox) -> Sandbox:
    """A day that is longer than a screen, and a program that keeps what it is given to page."""
    keep(sandbox, *(paper(f"2503.{number:05}", abstract="words " * 400) for number in range(1, 61)))
    program = sandbox.folder / "bin/less"
    program.parent.mkdir()
    program.write_text(COPY.format(python=sys.executable))
    program.chmod(0o755)
    return sandbox


PAGED: list[tuple[dict[str, str], str]] = [
    ({"PATH": "{bin}:/usr/bin"}, "-R"),
    ({"PATH": "{bin}:/usr/bin", "LESS": "-S"}, "-R -S"),
    ({"PAGER": "{bin}/less -x"}, "-R"),
]


@pytest.mark.parametrize("case", long_after(1, PAGED), ids=str)
def test_what_is_longer_than_the_screen_is_paged(long_day: Sandbox, case: tuple[dict[str, str], str]) -> None:
    """By $PAGER or less, styles and all; nothing of it is printed beside."""
    env, options = {name: value.format(bin=long_day.folder / "bin") for name, value in case[0].items()}, case[1]
    printed = on_terminal(long_day, "show", "latest", typed=True, env={"NO_COLOR": "", **env})
    first, _, paged = (long_day.folder / "paged").read_text().partition("\n")
    assert (printed, first) == ("", options)
    assert "A title of 2503.00001" in STYLE.sub("", paged)
    assert "\x1b[1m" in paged


UNPAGED = [
    ("show latest --no-pager", "{bin}/less"),
    ("show latest", "an 'open quote"),
    ("show latest", "no-such-program"),
    ("show latest", ""),
    ("show latest", "cat"),
    ("paper 2503.00001", "{bin}/less"),  # it is short
]


@pytest.mark.parametrize("case", long_after(2, UNPAGED), ids=str)
def test_the_rest_is_printed(long_day: Sandbox, case: tuple[str, str]) -> None:
    """What is short, what is not to be paged, and what no pager is there for."""
    words, pager = case[0], case[1].format(bin=long_day.folder / "bin")
    assert "A title of 2503.00001" in on_terminal(long_day, *words.split(), typed=True, env={"PAGER": pager})
    assert not (long_day.folder / "paged").exists()


@pytest.mark.parametrize("pager", long_after(1, ["head -n 3", "true", "sh -c 'kill -INT $$'"]))
def test_a_pager_that_ends_early_is_no_failure(long_day: Sandbox, pager: str, tmp_path: Path) -> None:
    """Its reader has seen enough, and what was shown counts as read."""
    env = {"PAGER": pager, "XDG_STATE_HOME": str(tmp_path / "state")}
    shown = on_terminal(long_day, "show", "--unread", typed=True, told=True, env=env)
    assert shown.count("\n") == (3 if pager.startswith("head") else 0)
    assert len(list((tmp_path / "state/digest").iterdir())) == 1


@pytest.mark.parametrize("pager", long_after(1, ["false", "sh -c 'exit 3'", "sh -c 'kill -SEGV $$'", "{bin}/data"]))
def test_what_a_pager_failed_to_show_is_printed(long_day: Sandbox, pager: str) -> None:
    """All of it, as without a pager: nothing counts as read that nobody saw."""
    data = long_day.folder / "bin/data"
    data.write_text("no program")
    data.chmod(0o755)
    env = {"PAGER": pager.format(bin=data.parent)}
    for words in (["show", "latest"], ["search", "words", "--limit", "60"]):
        plain = on_terminal(long_day, *words, "--no-pager", typed=True)
        assert plain.count("\n") > 60
        assert on_terminal(long_day, *words, typed=True, env=env) == plain


@pytest.mark.parametrize(
    "words",
    long_after(2, ["show --unread", "show --unread --json", "show --unread --titles", "search words", "--help"]),
)
def test_a_result_that_nobody_can_get_is_a_failure(long_day: Sandbox, words: str, tmp_path: Path) -> None:
    """Where standard output is closed, 6 says so, and nothing counts as read."""
    script = 'exec "$0" -m digest --config config.toml --now "$1" $2 >&-'
    command = ["sh", "-c", script, sys.executable, NIGHT, words]
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(command, cwd=long_day.folder, env=env, timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (6, b"error: standard output: Bad file descriptor\n")
    assert not (tmp_path / "state").exists()
