"""A run that heals, or a fetch of many days, killed at any moment: done again, nothing is lost and nothing twice."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.faults.test_kill import PATIENCE, TEMPORARY, kill_when, rows, slowly
from tests.standin import StandIn, invent

MISSED = [date(2025, 3, 4), date(2025, 3, 5), date(2025, 3, 6)]
FIRST, LAST = date(2025, 3, 3), date(2025, 3, 7)
NOW = "2025-03-07T02:00:00Z"
COMMANDS = {"run": ["run"], "fetch": ["fetch", "2025-03-04..2025-03-07"], "fetch --missing": ["fetch", "--missing"]}
TURNS = 5


@pytest.fixture
def gap(sandbox: Sandbox) -> Iterator[tuple[Sandbox, StandIn, Path]]:
    """An archive that missed three nights, arXiv, and a copy of the archive."""
    announced = [invent("cs.CV", when, new=40) for when in (FIRST, *MISSED, LAST)]
    with StandIn(announced, today=FIRST, page_size=25) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
        assert sandbox.digest("run", now=f"{FIRST}T02:00:00Z").code == 0
        arxiv.today = LAST
        before = sandbox.folder.parent / "before"
        shutil.copytree(sandbox.folder, before)
        yield sandbox, arxiv, before


def put_back(sandbox: Sandbox, before: Path) -> None:
    """Make the archive what it was."""
    shutil.rmtree(sandbox.folder)
    shutil.copytree(before, sandbox.folder)


def start(sandbox: Sandbox, command: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NOW, *COMMANDS[command]],
        cwd=sandbox.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_while_it_heals_it_goes_on(gap: tuple[Sandbox, StandIn, Path], command: str) -> None:
    """Killed at moments spread over its life; again, and the archive equals the undisturbed one, row by row."""
    sandbox, arxiv, before = gap
    assert sandbox.digest(*COMMANDS[command], now=NOW).code == 0
    tree, stored = sandbox.tree(), rows(sandbox)
    assert {path for path in tree if path.startswith("cs.CV/2025/03/")} >= {f"cs.CV/2025/03/{day}.md" for day in MISSED}
    arxiv.fault = slowly
    put_back(sandbox, before)
    began = time.monotonic()
    process = start(sandbox, command)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    life = time.monotonic() - began
    chance, killed = random.Random(command), 0  # noqa: S311  # no secret
    for turn in range(TURNS):
        put_back(sandbox, before)
        arxiv.fault = slowly
        moment = life * (0.25 + 0.75 * (turn + chance.random()) / TURNS)
        killed += kill_when(start(sandbox, command), lambda: True, moment)
        arxiv.fault = None
        result = sandbox.digest(*COMMANDS[command], now=NOW)
        assert result.code == 0, result.err
        assert list(sandbox.folder.rglob(TEMPORARY)) == []
        assert sandbox.tree() == tree
        assert rows(sandbox) == stored
    assert killed >= TURNS // 2


def test_what_was_fetched_before_the_kill_is_not_asked_for_again(gap: tuple[Sandbox, StandIn, Path]) -> None:
    """Not even the first pages of a long day: only what was on its way when it was killed is asked for twice."""
    sandbox, arxiv, _ = gap
    arxiv.requests.clear()
    arxiv.fault = slowly
    kill_when(start(sandbox, "fetch"), lambda: len(arxiv.requests) >= 5, 0)
    asked = [request.path for request in arxiv.requests]
    assert len(asked) >= 5
    arxiv.fault = None
    assert sandbox.digest(*COMMANDS["fetch"], now=NOW).code == 0
    again = [request.path for request in arxiv.requests][len(asked) :]
    assert set(again) & set(asked) <= {asked[-1]}
    assert len(again) == len(set(again))
