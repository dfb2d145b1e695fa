"""A run that is stopped at any moment: its messages are sent by the next one. Twice perhaps, never not at all."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from digest.disk.files import hold_lock
from digest.errors import LockHeldError
from tests.conftest import DAY, Sandbox, long_after
from tests.nights import after, lose_database, show
from tests.receiver import Receiver, receiving
from tests.repositories import clone, git, hook, isolate, kill_tree, make_archive, wait_for
from tests.standin import StandIn, invent

THURSDAY = date(2025, 3, 6)
PATIENCE = 60.0


@dataclass
class Told:
    """An archive that tells a receiver, with a remote; ``prepared`` is how both were before the night."""

    archive: Sandbox
    arxiv: StandIn
    receiver: Receiver

    @property
    def remote(self) -> Path:
        """The repository that it is pushed to."""
        return self.archive.folder.parent / "remote.git"

    def start(self, when: date) -> subprocess.Popen[bytes]:
        """Start the nightly run in a process of its own."""
        command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", after(when), "run"]
        return subprocess.Popen(command, cwd=self.archive.folder, stderr=subprocess.DEVNULL)

    def forget(self) -> None:
        """Let the machine have no disk: what there is comes from the remote."""
        shutil.rmtree(self.archive.folder)
        clone(self.remote, self.archive.folder.name)

    def check_told(self, when: date, hours: int = 2) -> None:
        """The next run tells of what was not told; the one after it tells nothing, and all is committed and pushed."""
        assert self.archive.digest("run", now=after(when, hours)).code == 0
        titles = self.receiver.titles()
        assert any(f"{when.day} Mar 2025" in title for title in titles)
        assert len(titles) <= 4, "each of two dates at most twice"
        assert self.archive.digest("run", now=after(when, hours + 1)).code == 0
        assert self.receiver.messages() == []
        assert git(self.archive.folder, "status", "--porcelain") == ""
        assert git(self.archive.folder, "rev-parse", "HEAD") == git(self.remote, "rev-parse", "main")


@pytest.fixture
def told(archive: Sandbox, arxiv: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """An archive that commits, pushes and tells; nothing ran yet."""
    isolate(monkeypatch, tmp_path / "home")
    with receiving() as receiver:
        monkeypatch.setenv("CHANNELS", receiver.channel)
        archive.configure("notify", urls=["env:CHANNELS"])
        make_archive(archive)
        yield Told(archive, arxiv, receiver)


def stop(process: subprocess.Popen[bytes], number: signal.Signals, is_time: Callable[[], bool]) -> None:
    """Stop a run, and what it started, once it is time."""
    wait_for(lambda: is_time() or process.poll() is not None)
    if number is signal.SIGKILL:
        kill_tree(process.pid)
    else:
        process.send_signal(number)
    process.wait(PATIENCE)


def is_free(lock: Path) -> bool:
    """Whether no process holds the lock."""
    try:
        with hold_lock(lock):
            return True
    except LockHeldError:
        return False


@pytest.mark.parametrize("has_disk", [True, False])
@pytest.mark.parametrize(
    "moment",
    long_after(
        1,
        [
            ("post-commit", signal.SIGKILL),
            ("pre-receive", signal.SIGTERM),
            ("pre-commit", signal.SIGKILL),
            ("post-receive", signal.SIGKILL),
            ("post-commit", signal.SIGTERM),
            ("post-receive", signal.SIGTERM),
        ],
    ),
)
def test_what_a_run_stopped_in_git_did_not_tell_is_told(
    told: Told, tmp_path: Path, moment: tuple[str, signal.Signals], *, has_disk: bool
) -> None:
    """Stopped in its commit or its push, of the first night; on a disk, and in a fresh clone on the next night."""
    where, number = moment
    repository, mark = (told.remote if "receive" in where else told.archive.folder), tmp_path / "mark"
    hook(repository, where, f"touch '{mark}'\nexec sleep 60")
    stop(told.start(DAY), number, mark.exists)
    place = repository / ".git/hooks" if (repository / ".git").is_dir() else repository / "hooks"
    (place / where).unlink()
    assert told.receiver.messages() == []
    if has_disk:
        told.check_told(DAY)
        return
    told.forget()
    was_pushed = bool(list(told.archive.folder.rglob("*.jsonl")))
    show(told.arxiv, invent("cs.CV", THURSDAY))
    assert told.archive.digest("run", now=after(THURSDAY)).code == 0
    dates = [title.split(", ")[2][:10] for title in told.receiver.titles()]
    assert dates == ["5 Mar 2025"] * was_pushed + ["6 Mar 2025"]


@pytest.mark.parametrize("number", long_after(1, [signal.SIGKILL, signal.SIGTERM]))
def test_a_run_stopped_on_its_first_night_is_made_up_for_on_the_second(told: Told, number: signal.Signals) -> None:
    """Its day is news still, though it is not the newest any more."""
    stop(told.start(DAY), number, lambda: any(told.archive.folder.rglob("2025-03-05.jsonl")))
    sent = len(told.receiver.messages())
    show(told.arxiv, invent("cs.CV", THURSDAY))
    assert told.archive.digest("run", now=after(THURSDAY)).code == 0
    dates = [title.split(", ")[2][:10] for title in told.receiver.titles()]
    assert dates[-2 + bool(sent) :] == ["5 Mar 2025", "6 Mar 2025"][-2 + bool(sent) :]


def test_a_run_with_nothing_to_do_tells_what_was_not_told(told: Told) -> None:
    """The day records prove every listing, and there is no database; what was told is asked all the same."""
    told.receiver.released.clear()
    stop(told.start(DAY), signal.SIGKILL, lambda: bool(told.receiver.taken))
    told.receiver.released.set()
    told.receiver.messages()
    told.forget()
    told.check_told(DAY)
    lose_database(told.archive)
    result = told.archive.digest("run", now=after(DAY, 4))
    assert "nothing to do: the day records prove" in result.err
    assert told.receiver.messages() == []


@pytest.mark.parametrize(
    "turns", [pytest.param(10, marks=pytest.mark.long), pytest.param(128, marks=pytest.mark.exhaustive)]
)
@pytest.mark.parametrize("has_disk", [True, False])
def test_stopped_at_any_moment_nothing_goes_untold(told: Told, turns: int, *, has_disk: bool) -> None:
    """At moments spread over the whole life of a later night's run, by either signal; durable, without a disk."""
    if not has_disk:
        told.archive.configure("git", durable=True)
        git(told.archive.folder, "commit", "--quiet", "--all", "--message=Configure")
    assert told.archive.digest("run").code == 0
    show(told.arxiv, invent("cs.CV", THURSDAY))
    folders = {folder: folder.with_name(f"{folder.name} before") for folder in (told.archive.folder, told.remote)}
    for folder, before in folders.items():
        shutil.copytree(folder, before)
    began = time.monotonic()
    told.start(THURSDAY).wait(PATIENCE)
    life, chance, untold = time.monotonic() - began, random.Random(20250306), 0  # noqa: S311  # no secret
    for turn in range(turns):
        for folder, before in folders.items():
            shutil.rmtree(folder)
            shutil.copytree(before, folder)
        told.receiver.messages()
        moment = time.monotonic() + life * (0.3 + 0.7 * (turn + chance.random()) / turns)
        number = chance.choice([signal.SIGKILL, signal.SIGTERM])
        stop(told.start(THURSDAY), number, lambda end=moment: time.monotonic() > end)  # type: ignore[misc]
        sent = any("6 Mar 2025" in title for title in told.receiver.titles())
        # A child that was just being started holds the lock until it is git.
        wait_for(lambda: is_free(told.archive.folder / "archive.db.lock"))
        if not has_disk:
            told.forget()
        assert told.archive.digest("run", now=after(THURSDAY, 2)).code == 0
        again = told.receiver.titles()
        assert sent or any("6 Mar 2025" in title for title in again)
        assert len(again) <= 1
        untold += not sent
        assert told.archive.digest("run", now=after(THURSDAY, 3)).code == 0
        assert told.receiver.messages() == []
    assert untold >= turns // 4
