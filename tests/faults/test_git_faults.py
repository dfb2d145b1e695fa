"""Runs whose git is killed, rejected, hindered: nothing foreign is committed, nothing forced, no commit lost."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Timer

import pytest

from digest.errors import GitError
from digest.git.commits import commit_paths
from digest.git.recovery import remove_stale_locks, take_turn
from digest.git.repository import open_repository
from tests.conftest import DAY, NIGHT, Sandbox, long_after
from tests.nights import after, beside, digest_path, known_as, lose_database, show
from tests.repositories import (
    age_locks,
    check_nothing_was_forced,
    clone,
    commit_file,
    committed,
    git,
    hook,
    isolate,
    kill_tree,
    lines,
    make_archive,
    tree,
    wait_for,
)
from tests.standin import StandIn, invent

NEXT = date(2025, 3, 6)
RECORD = f"data/cs.CV/2025/{DAY}.jsonl"
HOLD = 'touch "{0}/reached"; while [ -e "{0}/hold" ]; do sleep 0.05; done'
"""What a hook does to stop git in the middle of its work, until it is let go on."""


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def remote(archive: Sandbox) -> Path:
    """The remote of an archive that commits and pushes."""
    return make_archive(archive)


def push_from_elsewhere(remote: Path, path: str = "theirs.md", text: str = "Theirs.\n") -> str:
    """Let somebody push a file from a second clone; return the commit."""
    second = remote.parent / "second"
    if not second.exists():
        clone(remote)
    commit = commit_file(second, path, text)
    git(second, "push", "--quiet")
    return commit


def check_whole(archive: Sandbox, remote: Path, foreign: Collection[str] = ()) -> None:
    """The remote has the night whole, nothing that was pushed is lost, nothing foreign is in digest's commits."""
    check_nothing_was_forced(remote)
    files = tree(remote, "main")
    assert files[digest_path(DAY)] == archive.read(digest_path(DAY))
    assert files[RECORD] == archive.read(RECORD)
    generated = {"README.md", "cs.CV/2025/README.md", "data/state.json", "data/notices.json"}
    night = {name for when in (DAY, NEXT) for name in (digest_path(when), RECORD.replace(str(DAY), str(when)))}
    assert files.keys() - generated - night - {"config.toml", ".gitignore"} == set(foreign)
    for commit in lines(remote, "log", "main", "--format=%H", "--grep=^digest: "):
        assert set(committed(remote, commit)) <= generated | night
    assert lines(archive.folder, "fsck", "--connectivity-only", "--no-dangling") == []
    assert git(archive.folder, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
    assert git(archive.folder, "branch", "--show-current") == "main"
    assert lines(archive.folder, "status", "--porcelain") == []
    assert not list((archive.folder / ".git").glob("digest-*"))


# Rejected pushes


def test_what_others_pushed_is_kept_and_ours_comes_on_top(archive: Sandbox, remote: Path) -> None:
    """A rejected push is fetched, rebased and tried again; the other side's file comes into the work tree."""
    theirs = push_from_elsewhere(remote)
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert git(remote, "rev-parse", "main~1") == theirs
    assert archive.read("theirs.md") == b"Theirs.\n"
    check_whole(archive, remote, {"theirs.md"})
    commit = git(remote, "rev-parse", "main")
    assert f"committed {commit[:8]}: digest: cs.CV {DAY}" in result.err


def test_a_file_that_git_does_not_know_hinders_no_rebase(archive: Sandbox, remote: Path) -> None:
    """Somebody's notes lie in the work tree: they are in nobody's way, and stay as they are."""
    push_from_elsewhere(remote)
    notes = archive.folder / "notes.txt"
    notes.write_text("Mine.\n")
    result = archive.digest("run")
    assert (result.code, notes.read_text()) == (0, "Mine.\n"), result.err
    notes.unlink()
    check_whole(archive, remote, {"theirs.md"})


def test_the_same_night_pushed_from_another_machine(archive: Sandbox, remote: Path) -> None:
    """Both made the same files: ours adds nothing, and nothing is left to do."""
    other = beside(archive, "other")
    git(remote.parent, "clone", "--quiet", str(remote), "made")
    (remote.parent / "made" / ".git").rename(other.folder / ".git")
    git(other.folder, "reset", "--hard", "--quiet")
    other.configure("git", push=True)
    git(other.folder, "update-index", "--assume-unchanged", "config.toml")
    assert other.digest("run").code == 0
    result = archive.digest("run")
    assert result.code == 0, result.err
    check_whole(archive, remote)


def test_a_clone_without_history(archive: Sandbox, remote: Path) -> None:
    """As CI clones, one commit deep: the push is rejected, and comes on top all the same."""
    commit_file(archive.folder, "older.md", "x\n")
    git(archive.folder, "push", "--quiet")
    git(remote.parent, "clone", "--quiet", "--depth=1", remote.as_uri(), "shallow")
    shallow = beside(archive, "ci")
    (remote.parent / "shallow" / ".git").rename(shallow.folder / ".git")
    git(shallow.folder, "checkout", "--quiet", "--", ".gitignore", "older.md", "config.toml")
    theirs = push_from_elsewhere(remote)
    result = shallow.digest("run")
    assert result.code == 0, result.err
    assert git(remote, "rev-parse", "main~1") == theirs
    assert git(shallow.folder, "rev-parse", "--is-shallow-repository") == "true"
    check_nothing_was_forced(remote)


def test_a_conflict_is_left_to_a_person(archive: Sandbox, remote: Path) -> None:
    """Both sides changed an index: the rebase is abandoned, the commit stays, the way out is named, and it is one."""
    theirs = push_from_elsewhere(remote, "README.md", "# My archive\n\n<!-- digest:begin -->\n<!-- digest:end -->\n")
    result = archive.digest("run")
    assert result.code == 7
    words = "origin/main: others pushed, and both sides changed README.md; what was committed here stays"
    assert words in result.err
    assert git(remote, "rev-parse", "main") == theirs
    assert digest_path(DAY) in committed(archive.folder)
    assert lines(archive.folder, "status", "--porcelain") == []
    assert "rebase in progress" not in git(archive.folder, "status")
    follow(archive, result.err)
    later = archive.digest("run")
    assert later.code == 0, later.err
    check_whole(archive, remote)
    assert archive.read("README.md").startswith(b"# My archive\n")


def follow(archive: Sandbox, said: str) -> None:
    """Do what a message of a conflict says; what was committed here can still be had by its name."""
    found = re.search(r"`git ([^`]+)` takes theirs \(ours stays as ([0-9a-f]{8})\), then run again", said)
    assert found, said
    assert git(archive.folder, "rev-parse", "HEAD").startswith(found[2])
    git(archive.folder, *found[1].split())
    git(archive.folder, "cat-file", "-e", found[2])


def test_two_machines_that_made_different_days_come_together(archive: Sandbox, remote: Path, arxiv: StandIn) -> None:
    """Both wrote the indexes, each its own day: theirs stands, and the next run brings ours into it."""
    other = another_machine(archive, remote)
    assert archive.digest("run").code == 0
    show(arxiv, invent("cs.CV", NEXT))
    result = other.digest("run", now=after(NEXT))
    assert result.code == 7
    # Each noted its own first run; of the two, the earlier one counts in the end.
    assert "both sides changed data/state.json; what was committed here stays" in result.err
    assert "digest verify" not in result.err
    follow(other, result.err)
    later = other.digest("run", now=after(NEXT))
    assert later.code == 0, later.err
    check_whole(other, remote)
    assert {digest_path(DAY), digest_path(NEXT), RECORD.replace(str(DAY), str(NEXT))} <= tree(remote).keys()
    assert all(str(when) in other.read("README.md").decode() for when in (DAY, NEXT))
    assert other.digest("verify", now=after(NEXT)).code == 0


def test_two_versions_of_a_day_of_two_machines(archive: Sandbox, remote: Path, arxiv: StandIn) -> None:
    """Theirs stands in the repository, is not undone by the next run, and by the whole advice in the database, too."""
    other = another_machine(archive, remote)
    whole = invent("cs.CV", DAY)
    arxiv.announce(replace(whole, new=whole.new[:-3]))
    assert other.digest("run").code == 0
    theirs = tree(remote)
    arxiv.announce(whole)
    result = archive.digest("run")
    assert result.code == 7
    assert "to have their days in the database here, too, remove archive.db*: the day records make it" in result.err
    follow(archive, result.err)
    assert archive.digest("run").code == 0
    assert tree(remote)[RECORD] == other.read(RECORD) == archive.read(RECORD)
    assert RECORD in archive.digest("verify").out
    git(archive.folder, "reset", "--quiet", "--hard", git(other.folder, "rev-parse", "HEAD"))
    lose_database(archive)
    for command in ("rebuild", "run"):
        assert archive.digest(command).code == 0
        assert {path: archive.read(path) for path in theirs} == theirs
    assert RECORD not in archive.digest("verify").out


def another_machine(archive: Sandbox, remote: Path) -> Sandbox:
    """Return a clone of the archive on another machine, with the same configuration."""
    other = beside(archive, "other")
    git(remote.parent, "clone", "--quiet", str(remote), "made")
    (remote.parent / "made" / ".git").rename(other.folder / ".git")
    git(other.folder, "reset", "--hard", "--quiet")
    return other


def test_two_versions_of_a_record_are_never_mixed(archive: Sandbox, remote: Path) -> None:
    """Even where a merge of lines would succeed, two readings of one day are no third one."""
    theirs = push_from_elsewhere(remote, RECORD, "{}\n")
    result = archive.digest("run")
    assert result.code == 7
    assert f"both sides changed {RECORD}" in result.err
    assert git(remote, "rev-parse", "main") == theirs
    assert RECORD in committed(archive.folder)


def test_a_persons_unpushed_commits_are_not_moved(archive: Sandbox, remote: Path) -> None:
    """Only digest's own commits are rebased; theirs go along where no rebase is needed."""
    theirs = push_from_elsewhere(remote)
    mine = commit_file(archive.folder, "essay.md", "Mine.\n")
    result = archive.digest("run")
    assert result.code == 7
    assert f"{mine[:8]}, which is not pushed, changes essay.md, which is not digest's" in result.err
    assert git(archive.folder, "rev-parse", "HEAD~1") == mine
    assert git(remote, "rev-parse", "main") == theirs
    git(archive.folder, "pull", "--quiet", "--rebase")
    assert archive.digest("run").code == 0
    check_whole(archive, remote, {"essay.md", "theirs.md"})


def test_changes_of_a_person_are_not_rebased_over(archive: Sandbox, remote: Path) -> None:
    """A tracked file that is being edited stops the rebase, and is not stashed away."""
    theirs = push_from_elsewhere(remote)
    (archive.folder / ".gitignore").write_text("archive.db*\nraw/\n*.tmp\n")
    result = archive.digest("run")
    assert result.code == 7
    assert "others pushed meanwhile, and .gitignore changed here; commit or restore that" in result.err
    assert archive.read(".gitignore") == b"archive.db*\nraw/\n*.tmp\n"
    assert git(remote, "rev-parse", "main") == theirs
    git(archive.folder, "restore", ".gitignore")
    assert archive.digest("run").code == 0
    check_whole(archive, remote, {"theirs.md"})


def test_an_ignored_file_is_not_overwritten_by_theirs(archive: Sandbox, remote: Path) -> None:
    """Somebody committed a database; git would take the one here, which it ignores, for worthless."""
    push_from_elsewhere(remote, "archive.db", "Not a database.\n")
    result = archive.digest("run")
    assert result.code == 7
    assert "it brings archive.db, where an untracked file lies" in result.err
    assert archive.read("archive.db").startswith(b"SQLite format 3\0")


def test_a_history_written_anew_is_not_taken_in(archive: Sandbox, remote: Path) -> None:
    """Without anything in common there is nothing to come on top of."""
    git(remote.parent, "init", "--quiet", "anew")
    theirs = commit_file(remote.parent / "anew", "anew.md", "x\n")
    git(remote, "config", "receive.denyNonFastForwards", "false")
    git(remote.parent / "anew", "push", "--quiet", "--force", str(remote), "main")
    result = archive.digest("run")
    assert result.code == 7
    assert "nothing in common with what is here" in result.err
    assert git(remote, "rev-parse", "main") == theirs


def test_others_who_push_all_the_time_are_given_way_to(archive: Sandbox, remote: Path) -> None:
    """Rejected again and again, it stops; the commit is pushed by the next run."""
    clone(remote)
    commit = "echo x >>theirs.md && git add theirs.md && git commit -qm Theirs"
    race = f"cd ../second && unset GIT_DIR && {commit} && git push -q"
    hook(archive.folder, "pre-push", race)
    result = archive.digest("run")
    assert result.code == 7
    assert "rejected 4 times" in result.err
    (archive.folder / ".git" / "hooks" / "pre-push").unlink()
    assert archive.digest("run").code == 0
    check_whole(archive, remote, {"theirs.md"})
    assert archive.read("theirs.md") == b"x\n" * 4


def test_a_hook_of_the_remote_that_refuses_is_heard(archive: Sandbox, remote: Path) -> None:
    """Its words are told; the rejection is none that a rebase would mend."""
    hook(remote, "pre-receive", "echo 'no pushes at night' >&2; exit 1")
    result = archive.digest("run")
    assert result.code == 7
    assert "pre-receive hook declined" in result.err
    assert git(remote, "rev-list", "--count", "main") == "1"


def test_days_that_others_brought_are_taken_in(
    archive: Sandbox, remote: Path, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came into the records by a rebase is stored at once, and not asked for again."""
    archive.digest("run")
    other = beside(archive, "other")
    git(remote.parent, "clone", "--quiet", str(remote), "made")
    (remote.parent / "made" / ".git").rename(other.folder / ".git")
    git(other.folder, "reset", "--hard", "--quiet")
    show(arxiv, invent("cs.CV", NEXT))
    assert other.digest("run", now=after(NEXT)).code == 0
    monkeypatch.setenv("DIGEST_DIGEST_SECTIONS", "new")
    result = archive.digest("regenerate", "--all", now=after(NEXT))
    assert result.code == 0, result.err
    assert committed(remote) == [digest_path(DAY)]
    assert committed(remote, "main~1") == committed(other.folder)
    assert "took in 1 day that others had pushed\n" in result.err
    arxiv.requests.clear()
    later = archive.digest("run", now=after(NEXT))
    assert (later.code, arxiv.requests) == (0, [])
    assert known_as(archive, NEXT, after(NEXT)) == ("complete", "listing")
    assert archive.digest("verify").code == 0


# Locks


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock", "refs/heads/main.lock", "packed-refs.lock"])
def test_a_lock_of_a_killed_git_is_removed(archive: Sandbox, remote: Path, name: str) -> None:
    """It is old, and no git is at work: it is removed, and that is told."""
    (archive.folder / ".git" / name).touch()
    age_locks(archive.folder)
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert f".git/{name}: removed; a killed git process had left it" in result.err
    check_whole(archive, remote)


def test_a_lock_of_a_git_at_work_is_respected(archive: Sandbox, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's commit with the editor open: it is waited for, then told, and not disturbed."""
    monkeypatch.setattr("digest.git.recovery.RECOVERY_PATIENCE", 2.0)
    (archive.folder / ".gitignore").write_text("archive.db*\nraw/\n*.tmp\n")
    env = {**os.environ, "GIT_EDITOR": "sleep 60 #"}
    person = subprocess.Popen(["git", "commit", "--all", "--quiet"], cwd=archive.folder, env=env)
    try:
        wait_for((archive.folder / ".git" / "index.lock").exists)
        age_locks(archive.folder)
        began = time.monotonic()
        result = archive.digest("run")
        assert time.monotonic() - began >= 2
        assert (archive.folder / ".git" / "index.lock").exists()
    finally:
        kill_tree(person.pid)
        person.wait()
    assert result.code == 7
    assert "index.lock: another git process is at work" in result.err
    age_locks(archive.folder)
    assert archive.digest("run").code == 0
    assert RECORD in committed(remote)


def test_a_lock_that_another_git_holds_for_a_moment_is_waited_for(archive: Sandbox, remote: Path) -> None:
    """It came between the look for locks and the commit: the same is tried again."""
    assert remote.exists()
    lock = archive.folder / ".git" / "index.lock"
    lock.touch()
    timer = Timer(0.6, lock.unlink)
    timer.start()
    (archive.folder / "x.md").write_text("x\n")
    repository = open_repository(archive.folder)
    assert commit_paths(repository, ["x.md"], "x", "") == git(archive.folder, "rev-parse", "HEAD")
    timer.join()


def test_a_lock_that_stays_is_waited_for_no_longer_than_it_is_sensible(
    archive: Sandbox, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is git's own, without its advice to remove the file."""
    assert remote.exists()
    monkeypatch.setattr("digest.git.program.LOCK_PATIENCE", 0.5)
    (archive.folder / ".git" / "index.lock").touch()
    (archive.folder / "x.md").write_text("x\n")
    with pytest.raises(GitError, match=r"^git add: fatal: Unable to create '.*index\.lock': File exists\.$"):
        commit_paths(open_repository(archive.folder), ["x.md"], "x", "")


def test_two_archives_in_one_repository_take_turns(
    archive: Sandbox, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One waits while the other commits, rebases and pushes; it gives up after half a minute, and runs again."""
    repository = open_repository(archive.folder)
    monkeypatch.setattr("digest.git.recovery.TURN_PATIENCE", 0.5)
    with take_turn(repository):
        result = archive.digest("run")
    assert result.code == 7
    assert f"{archive.folder}: another run of digest is committing here; try again later" in result.err
    assert git(remote, "rev-list", "--count", "main") == "1"
    monkeypatch.setattr("digest.git.recovery.TURN_PATIENCE", 30.0)
    turn = ExitStack()
    turn.enter_context(take_turn(repository))
    timer = Timer(0.6, turn.close)
    timer.start()
    assert archive.digest("run").code == 0
    timer.join()
    check_whole(archive, remote)


@dataclass
class HurriedClock:
    """A clock that waits for nobody; it starts when the lock was made."""

    now: float
    slept: float = 0.0

    def time(self) -> float:
        """Seconds since 1970."""
        return self.now + self.slept

    def monotonic(self) -> float:
        """Seconds since the lock was made."""
        return self.slept

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""
        self.slept += seconds


@pytest.fixture
def lock(archive: Sandbox, remote: Path) -> Path:
    """A lock file that somebody has just made."""
    assert remote.exists()
    place = archive.folder / ".git" / "index.lock"
    place.touch()
    return place


def test_a_young_lock_gets_old_before_it_is_removed(archive: Sandbox, lock: Path) -> None:
    """Whoever made it may be about to be seen; ten seconds are enough."""
    clock = HurriedClock(lock.stat().st_mtime)
    remove_stale_locks(open_repository(archive.folder), clock)
    assert 10 <= clock.slept <= 11
    assert not lock.exists()


def test_a_lock_that_goes_by_itself_is_no_error(archive: Sandbox, lock: Path) -> None:
    """Whoever made it, or cleared up after them, was quicker than the removal."""

    class Clock(HurriedClock):
        def time(self) -> float:
            lock.unlink()
            return super().time()

    remove_stale_locks(open_repository(archive.folder), Clock(lock.stat().st_mtime + 20))
    assert not lock.exists()


def test_where_processes_cannot_be_seen_a_lock_is_stale_after_an_hour(
    archive: Sandbox, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without /proc nobody knows whether a git is at work."""
    monkeypatch.setattr("digest.git.recovery.PROCESSES", tmp_path / "nowhere")
    clock = HurriedClock(lock.stat().st_mtime + 3500)
    with pytest.raises(GitError, match=r"index\.lock: another git process is at work; if there is none, remove"):
        remove_stale_locks(open_repository(archive.folder), clock)
    assert lock.exists()
    remove_stale_locks(open_repository(archive.folder), HurriedClock(lock.stat().st_mtime + 3600))
    assert not lock.exists()


# Killed


def start(archive: Sandbox, now: str = NIGHT) -> subprocess.Popen[bytes]:
    """Start a run in a process of its own."""
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", now, "run"]
    return subprocess.Popen(command, cwd=archive.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop_in(archive: Sandbox, repository: Path, name: str, now: str = NIGHT) -> subprocess.Popen[bytes]:
    """Start a run, and wait until its git has come to a hook, which holds it there."""
    place = repository.parent
    (place / "hold").touch()
    (place / "reached").unlink(missing_ok=True)
    hook(repository, name, HOLD.format(place))
    process = start(archive, now)
    wait_for(lambda: (place / "reached").exists() or process.poll() is not None)
    assert process.poll() is None, "it never came there"
    return process


HERE = ["reference-transaction", "pre-push", "pre-commit", "post-commit"]
THERE = ["pre-receive", "reference-transaction", "post-receive"]


@pytest.mark.parametrize(
    "where", long_after(2, [*(("here", name) for name in HERE), *(("there", name) for name in THERE)])
)
def test_a_run_killed_with_its_git_is_made_up_for(archive: Sandbox, remote: Path, where: tuple[str, str]) -> None:
    """In the middle of the commit and of the push, as by a power cut: the next run goes on."""
    place, name = where
    repository = archive.folder if place == "here" else remote
    process = stop_in(archive, repository, name)
    kill_tree(process.pid)
    process.wait()
    for folder in (repository, archive.folder):
        hooks = folder / ".git" / "hooks" if (folder / ".git").exists() else folder / "hooks"
        (hooks / name).unlink(missing_ok=True)
    (remote.parent / "hold").unlink()
    age_locks(archive.folder)
    for lock in remote.rglob("*.lock"):  # the remote's own, which its keeper would remove
        lock.unlink()
    result = archive.digest("run")
    assert result.code == 0, result.err
    check_whole(archive, remote)


@pytest.mark.parametrize("name", long_after(1, HERE))
def test_a_run_killed_while_its_git_lives_on(archive: Sandbox, remote: Path, name: str) -> None:
    """The orphan ends its work; the next run waits for it, or finds it done."""
    process = stop_in(archive, archive.folder, name)
    process.kill()
    process.wait()
    (archive.folder / ".git" / "hooks" / name).unlink()
    (remote.parent / "hold").unlink()
    result = archive.digest("run")
    assert result.code == 0, result.err
    check_whole(archive, remote)


@pytest.mark.parametrize(
    "name", long_after(1, ["post-checkout", "pre-rebase", "reference-transaction", "post-rewrite"])
)
@pytest.mark.parametrize("with_git", [True, False])
def test_a_run_killed_while_it_rebases(archive: Sandbox, remote: Path, name: str, *, with_git: bool) -> None:
    """The rebase that it left is abandoned, and begun again; what others pushed is not taken for a person's files."""
    theirs = push_from_elsewhere(remote)
    if name == "reference-transaction":
        archive.configure("git", push=False)
        archive.digest("run")
        archive.configure("git", push=True)
        git(archive.folder, "fetch", "--quiet")
    process = stop_in(archive, archive.folder, name)
    kill_tree(process.pid) if with_git else process.kill()
    process.wait()
    (archive.folder / ".git" / "hooks" / name).unlink()
    (remote.parent / "hold").unlink()
    age_locks(archive.folder)
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert git(remote, "rev-parse", "main~1") == theirs
    check_whole(archive, remote, {"theirs.md"})


COUNT = 'n=$(cat "{0}/count" 2>/dev/null || echo 0); echo $((n + 1)) >"{0}/count"; [ $n -ne {1} ] && exit 0; '
"""What a hook does to stop git only when it comes there for the nth time, from 0 on."""


@pytest.mark.parametrize("turn", long_after(1, [15, 1, 9, 18, 25]))
def test_a_run_killed_at_any_change_of_a_ref(archive: Sandbox, remote: Path, arxiv: StandIn, turn: int) -> None:
    """While it commits a second night, is rejected, fetches, rebases both nights, pushes."""
    archive.configure("git", push=False)
    archive.digest("run")
    archive.configure("git", push=True)
    theirs = push_from_elsewhere(remote)
    show(arxiv, invent("cs.CV", NEXT))
    (remote.parent / "hold").touch()
    hook(archive.folder, "reference-transaction", (COUNT + HOLD).format(remote.parent, turn))
    process = start(archive, after(NEXT))
    wait_for(lambda: (remote.parent / "reached").exists() or process.poll() is not None)
    kill_tree(process.pid)
    process.wait()
    (archive.folder / ".git" / "hooks" / "reference-transaction").unlink()
    age_locks(archive.folder)
    result = archive.digest("run", now=after(NEXT))
    assert result.code == 0, result.err
    assert git(remote, "rev-parse", "main~2") == theirs
    check_whole(archive, remote, {"theirs.md"})


@pytest.mark.parametrize("also", ["rm --quiet --cached theirs.md", "symbolic-ref HEAD refs/heads/main"])
def test_a_rebase_killed_half_way_is_abandoned_whole(archive: Sandbox, remote: Path, also: str) -> None:
    """In the middle of a checkout, which has not told git yet of the other side's new file; and in a recovery."""
    push_from_elsewhere(remote)
    process = stop_in(archive, archive.folder, "post-checkout")
    kill_tree(process.pid)
    process.wait()
    (archive.folder / ".git" / "hooks" / "post-checkout").unlink()
    (remote.parent / "hold").unlink()
    age_locks(archive.folder)
    git(archive.folder, *also.split())
    result = archive.digest("run")
    assert result.code == 0, result.err
    check_whole(archive, remote, {"theirs.md"})


@pytest.mark.parametrize("noted", ["{0} {0}\n", "", "half\n"])
def test_a_rebase_killed_before_it_began(archive: Sandbox, remote: Path, noted: str) -> None:
    """Nothing was moved yet, or the rebase had ended: the note alone is removed, with the empty folder of git's."""
    (archive.folder / ".git" / "digest-rebase").write_text(noted.format(git(archive.folder, "rev-parse", "HEAD")))
    (archive.folder / ".git" / "rebase-merge").mkdir()
    (archive.folder / ".git" / "rebase-merge" / "interactive").touch()
    result = archive.digest("run")
    assert result.code == 0, result.err
    check_whole(archive, remote)


def test_a_rebase_of_a_person_is_never_taken_for_our_own(archive: Sandbox, remote: Path) -> None:
    """Not even where a killed run of ours left its note behind."""
    push_from_elsewhere(remote, "essay.md", "Theirs.\n")
    commit_file(archive.folder, "essay.md", "Mine.\n")
    git(archive.folder, "fetch", "--quiet")
    git(archive.folder, "rebase", "origin/main", code=1)
    other = git(archive.folder, "rev-parse", "HEAD")
    (archive.folder / ".git" / "digest-rebase").write_text(f"{other} {other}\n")
    result = archive.digest("run")
    assert result.code == 7
    assert "a rebase is in progress" in result.err
    assert lines(archive.folder, "diff", "--name-only", "--diff-filter=U") == ["essay.md"]


def test_a_git_that_never_ends_is_ended(archive: Sandbox, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time is up, with all that it started; the next run goes on."""
    hook(archive.folder, "pre-commit", f'sleep 300 & echo $! >"{remote.parent}/sleeper"; wait')
    monkeypatch.setattr("digest.git.program.LIMIT", 2.0)
    result = archive.digest("run")
    assert result.code == 7
    assert "git commit: not finished within 2 s; it was stopped" in result.err
    sleeper = int((remote.parent / "sleeper").read_text())
    wait_for(lambda: not Path(f"/proc/{sleeper}").exists() or "Z" in Path(f"/proc/{sleeper}/stat").read_text())
    (archive.folder / ".git" / "hooks" / "pre-commit").unlink()
    assert archive.digest("run").code == 0
    check_whole(archive, remote)
