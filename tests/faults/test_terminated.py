"""SIGTERM in the middle of a run, as systemd and `kill` send it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NIGHT, Sandbox, long_after
from tests.receiver import Receiver, receiving
from tests.repositories import git, isolate, make_archive

_PATIENCE = 60.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes pings."""
    with receiving() as made:
        yield made


def _begun(mark: Path) -> int:
    """Wait until the hook is at work; return its process."""
    end = time.monotonic() + _PATIENCE
    while not mark.exists() or not mark.read_text().strip():
        assert time.monotonic() < end, "the hook was never called"
        time.sleep(0.05)
    return int(mark.read_text())


def _is_alive(process: int) -> bool:
    """Whether a process is there and has not ended; one that nobody waited for has."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


@pytest.mark.parametrize("options", long_after(1, [(), ("--log-json",)]))
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_git_ends_with_the_run_that_started_it(
    archive: Sandbox,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    number: signal.Signals,
    options: tuple[str, ...],
) -> None:
    """No git and no hook goes on alone; the health check is told, and the next run commits at once."""
    isolate(monkeypatch, tmp_path / "home")
    monkeypatch.setenv("HEALTH", receiver.health)
    archive.configure("notify", health="env:HEALTH")
    make_archive(archive)
    hook, mark = archive.folder / ".git/hooks/pre-commit", tmp_path / "mark"
    hook.write_text(f"#!/bin/sh\necho $$ > '{mark}'\nexec sleep 300\n")
    hook.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, *options, "run"],
        cwd=archive.folder,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that was started in the background has SIGINT ignored, and its children too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as run:
        try:
            sleeper = _begun(mark)
            os.kill(run.pid, number)
            _, said = run.communicate(timeout=_PATIENCE)
        finally:
            run.kill()
    assert run.returncode == 128 + number
    assert "interrupted; run the command again to go on" in said.splitlines()[-1]
    staged = [line for line in archive.digest("doctor").out.splitlines() if "staged: " in line]
    assert staged
    assert all(line.startswith("warn") and "the next one commits it" in line for line in staged)
    assert not _is_alive(sleeper)
    assert [ping.route.rpartition("/")[2] for ping in receiver.pings()] == ["start", "fail"]
    hook.unlink()
    again = archive.digest("run")
    assert (again.code, git(archive.folder, "status", "--porcelain")) == (0, "")
    assert git(archive.folder, "log", "-1", "--format=%s").startswith("digest: cs.CV 2025-03-05")
