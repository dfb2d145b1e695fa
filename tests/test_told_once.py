"""What was told, committed: told once from clone to clone, and never a commit an hour for what fails."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import DAY, Sandbox
from tests.nights import after, noon
from tests.receiver import Receiver, receiving
from tests.repositories import clone, git, hook, isolate, lines, make_archive, wait_for
from tests.standin import StandIn, faults, invent

HOUR = 3600


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with receiving() as one:
        yield one


@pytest.fixture
def told(
    archive: Sandbox, arxiv: StandIn, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sandbox:
    """An archive of two categories in a repository that it pushes, which tells the receiver; nothing ran yet."""
    isolate(monkeypatch, tmp_path / "home")
    monkeypatch.setenv("CHANNELS", receiver.channel)
    arxiv.announce(invent("cs.LG", DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    archive.configure("notify", urls=["env:CHANNELS"])
    make_archive(archive)
    return archive


def remote_of(sandbox: Sandbox) -> Path:
    """Return the repository that an archive is pushed to."""
    return sandbox.folder.parent / "remote.git"


def fresh(sandbox: Sandbox, number: int) -> Sandbox:
    """Return the archive in a fresh clone of what it pushed, as a machine without a disk has it."""
    return Sandbox(clone(remote_of(sandbox), f"clone-{number}"), sandbox.capture)


def summaries(folder: Path) -> list[str]:
    """Return the first lines of the commits that digest made, the newest first."""
    return lines(folder, "log", "--format=%s", "--grep=^digest:")


def check_clean(folder: Path) -> None:
    """Nothing waits to be committed."""
    assert git(folder, "status", "--porcelain") == ""


# --- no commit an hour ------------------------------------------------------------------------------


def test_channels_that_fail_make_no_commit_an_hour(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """A message and an alert are tried each hour; that they wait is noted once."""
    arxiv.fault = faults.only(r"cs\.LG", faults.status(503))
    receiver.status = 500
    told.digest("run")
    counts = []
    for hour in range(6):
        assert told.digest("run", now=noon(DAY, seconds=hour * HOUR)).code == 4
        assert {message["type"] for message in receiver.messages()} == {"failure", "info"}
        counts.append(len(summaries(told.folder)))
        check_clean(told.folder)
    assert counts == [2] * 6


@pytest.mark.parametrize(("durable", "code"), [(False, 4), (True, 6)])
def test_a_push_that_fails_makes_no_commit_an_hour(
    told: Sandbox, arxiv: StandIn, receiver: Receiver, *, durable: bool, code: int
) -> None:
    """What is overdue is told, then that the push of this news fails, each with its commit; then nothing changes."""
    told.configure("git", durable=durable)
    git(told.folder, "commit", "--quiet", "--all", "--message=Configure")
    arxiv.fault = faults.only(r"cs\.LG", faults.status(503))
    assert told.digest("run").code == 75
    hook(remote_of(told), "pre-receive", "exit 1")
    counts = []
    for hour in range(6):
        assert told.digest("run", now=noon(DAY, seconds=hour * HOUR)).code == code
        counts.append(len(summaries(told.folder)))
        check_clean(told.folder)
    assert counts == [2] + [3] * 5
    assert sorted(message["type"] for message in receiver.messages()) == ["failure", "failure", "info"]


def test_a_message_that_waits_for_the_push_makes_no_commit_an_hour(told: Sandbox, receiver: Receiver) -> None:
    """Where only what is pushed counts, the day's message is sent once it is, with word that all is well."""
    told.configure("git", durable=True)
    git(told.folder, "commit", "--quiet", "--all", "--message=Configure")
    hook(remote_of(told), "pre-receive", "exit 1")
    for hours in range(1, 7):
        assert told.digest("run", now=after(DAY, hours)).code == 6
        assert len(summaries(told.folder)) == 2  # the day; not told, but that the push fails
        check_clean(told.folder)
    assert [message["type"] for message in receiver.messages()] == ["failure"]
    hook(remote_of(told), "pre-receive", "exit 0")
    assert told.digest("run", now=after(DAY, 7)).code == 0
    assert [message["type"] for message in receiver.messages()] == ["success", "info"]
    check_clean(told.folder)


def test_a_night_without_trouble_is_two_commits(told: Sandbox, receiver: Receiver) -> None:
    """Its day, and that it was told; no hour after it adds another."""
    for hours in (1, 2, 3):
        assert told.digest("run", now=after(DAY, hours)).code == 0
    assert len(receiver.messages()) == 1
    assert len(summaries(told.folder)) == 2
    check_clean(told.folder)


# --- fresh clones -----------------------------------------------------------------------------------


def test_a_message_that_did_not_get_through_is_sent_from_the_next_clone(told: Sandbox, receiver: Receiver) -> None:
    """Who lacks it is committed; then it is told once."""
    receiver.status = 500
    assert fresh(told, 1).digest("run").code == 7
    receiver.messages()
    receiver.status = 200
    assert fresh(told, 2).digest("run", now=after(DAY, 2)).code == 0
    assert len(receiver.messages()) == 1
    assert fresh(told, 3).digest("run", now=after(DAY, 3)).code == 0
    assert receiver.messages() == []
    assert len(summaries(remote_of(told))) == 3  # the day; who lacks it; told


def test_an_alert_goes_through_once_from_clone_to_clone(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """One that did not get through is sent from the next clone; its end is told once, too."""
    arxiv.fault = faults.new_layout()
    receiver.status = 500
    assert fresh(told, 1).digest("run").code == 5
    receiver.messages()
    receiver.status = 200
    for number, news in ((2, ["digest of cs.CV, cs.LG needs you (exit 5)"]), (3, [])):
        assert fresh(told, number).digest("run", now=after(DAY, number)).code == 5
        assert receiver.titles() == news
    arxiv.fault = None
    assert fresh(told, 4).digest("run", now=after(DAY, 4)).code == 0
    assert receiver.titles()[0] == "digest of cs.CV, cs.LG is well again"
    count = len(summaries(remote_of(told)))
    assert fresh(told, 5).digest("run", now=after(DAY, 5)).code == 0
    assert receiver.messages() == []
    assert len(summaries(remote_of(told))) == count


# --- on a disk --------------------------------------------------------------------------------------


def test_a_run_that_is_killed_before_its_message_is_taken_sends_it_again(told: Sandbox, receiver: Receiver) -> None:
    """The day is pushed, and the disk knows what was not told; after the next run nothing is left to commit."""
    receiver.released.clear()
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", after(DAY), "run"]
    with subprocess.Popen(command, cwd=told.folder, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: bool(receiver.taken))
        os.kill(process.pid, signal.SIGKILL)
    assert len(summaries(remote_of(told))) == 1
    receiver.released.set()
    receiver.messages()
    for hours, number in ((2, 1), (3, 0)):
        assert told.digest("run", now=after(DAY, hours)).code == 0
        assert len(receiver.messages()) == number
        check_clean(told.folder)
