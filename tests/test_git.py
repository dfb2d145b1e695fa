"""What a run commits and pushes, into real repositories."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from digest.config.settings import Git
from digest.errors import GitError
from digest.git.commits import start_repository
from digest.git.examining import RepositoryState, can_push, examine_repository
from digest.git.program import Program
from digest.render import digest as rendering
from tests.conftest import DAY, NIGHT, Sandbox, about_sqlite
from tests.nights import after, digest_path, lose_database, show
from tests.repositories import (
    check_nothing_was_forced,
    clone,
    commit_file,
    committed,
    git,
    hook,
    isolate,
    lines,
    make_archive,
    make_remote,
    make_repository,
    tree,
)
from tests.standin import StandIn, invent

NEXT = date(2025, 3, 6)
OF_A_NIGHT = {"README.md", "cs.CV/2025/README.md", digest_path(DAY), f"data/cs.CV/2025/{DAY}.jsonl"}
"""What a first night brings into the repository."""


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


def subject(folder: Path, commit: str = "HEAD") -> str:
    """Return the first line of a commit's message."""
    return git(folder, "log", "-1", "--format=%s", commit)


def of_a_night(folder: Path, commit: str = "HEAD") -> set[str]:
    """Return the paths of a commit without the file that tells what was told already."""
    return set(committed(folder, commit)) - {"data/notices.json", "data/state.json"}


def test_a_night_becomes_one_commit_that_is_pushed(archive: Sandbox) -> None:
    """Digest, record and indexes, nothing else; the message says which day, and how much it brings."""
    remote = make_archive(archive)
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert of_a_night(remote) == OF_A_NIGHT
    assert tree(remote)[digest_path(DAY)] == archive.read(digest_path(DAY))
    assert git(remote, "rev-list", "--count", "main") == "2"
    message = git(remote, "log", "-1", "--format=%B").strip().split("\n\n")
    papers = invent("cs.CV", DAY)
    counts = f"{len(papers.new)} new, {len(papers.cross)} cross-lists"
    assert message == [f"digest: cs.CV {DAY} ({counts})", f"cs.CV {DAY}: {counts}"]
    commit = git(archive.folder, "rev-parse", "HEAD")
    assert f"committed {commit[:8]}: {message[0]}; pushed to origin/main\n" in result.err
    assert lines(archive.folder, "status", "--porcelain") == []


def test_a_second_run_commits_nothing_and_asks_no_remote(archive: Sandbox) -> None:
    """Where nothing changed and nothing is unpushed, the remote may even be gone."""
    remote = make_archive(archive)
    archive.digest("run")
    head = git(archive.folder, "rev-parse", "HEAD")
    shutil.move(remote, remote.with_name("away"))
    result = archive.digest("run")
    assert (result.code, "commit" in result.err, "push" in result.err) == (0, False, False)
    assert git(archive.folder, "rev-parse", "HEAD") == head


def test_without_commit_nothing_is_asked_of_git(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default: an archive in no repository, on a machine without git."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert archive.digest("run").code == 0


def test_committed_and_not_pushed(archive: Sandbox) -> None:
    """With push = false the remote is not asked, and need not be there."""
    archive.configure("git", commit=True)
    make_repository(archive.folder, "config.toml")
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert "; pushed" not in result.err
    assert of_a_night(archive.folder) == OF_A_NIGHT


def test_the_first_commit_of_all(archive: Sandbox) -> None:
    """A repository without any commit, pushed to a remote without any branch."""
    archive.configure("git", commit=True, push=True)
    remote = archive.folder.parent / "remote.git"
    git(archive.folder, "init", "--quiet", "--bare", str(remote))
    git(archive.folder, "init", "--quiet")
    git(archive.folder, "remote", "add", "origin", str(remote))
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert of_a_night(remote, "main") == OF_A_NIGHT


def test_what_others_have_in_the_work_tree_stays_theirs(archive: Sandbox) -> None:
    """Untracked, changed and ignored files are neither committed nor touched."""
    remote = make_archive(archive)
    commit_file(archive.folder, "notes.md", "one\n")
    (archive.folder / "notes.md").write_text("two\n")
    (archive.folder / "data" / "mine.jsonl").parent.mkdir()
    (archive.folder / "data" / "mine.jsonl").write_text("{}\n")
    (archive.folder / "new\nname é.md").write_text("three\n")
    assert archive.digest("run").code == 0
    assert of_a_night(remote) == OF_A_NIGHT
    assert git(archive.folder, "status", "--porcelain", "-z").split("\0")[:-1] == [
        " M notes.md",
        "?? data/mine.jsonl",
        "?? new\nname é.md",
    ]


def test_a_staged_file_of_somebody_stops_the_commit(archive: Sandbox) -> None:
    """It is named, stays staged, and the next run goes on once it is committed."""
    remote = make_archive(archive)
    (archive.folder / "essay.md").write_text("Half a thought.\n")
    git(archive.folder, "add", "essay.md")
    result = archive.digest("run")
    assert result.code == 7
    assert "staged, and not by digest: essay.md; commit them" in result.err
    assert lines(archive.folder, "diff", "--cached", "--name-only") == ["essay.md"]
    assert git(remote, "rev-list", "--count", "main") == "1"
    git(archive.folder, "commit", "--quiet", "--message=Essay")
    assert archive.digest("run").code == 0
    assert (subject(remote, "main~1"), of_a_night(remote)) == ("Essay", OF_A_NIGHT)


def test_a_detached_head_is_refused(archive: Sandbox) -> None:
    """A commit there would be lost; what was written is committed once a branch is checked out."""
    remote = make_archive(archive)
    git(archive.folder, "switch", "--quiet", "--detach")
    result = archive.digest("run")
    assert result.code == 7
    assert "expected a branch, found a detached HEAD; `git switch BRANCH`" in result.err
    git(archive.folder, "switch", "--quiet", "main")
    assert archive.digest("run").code == 0
    assert of_a_night(remote) == OF_A_NIGHT


def test_another_branch_than_the_configured_one_is_refused(archive: Sandbox) -> None:
    """Nobody's feature branch gets digests."""
    make_archive(archive, branch="main")
    git(archive.folder, "switch", "--quiet", "--create", "feature")
    result = archive.digest("run")
    assert result.code == 7
    assert "expected the branch main ([git] branch), found feature; `git switch main`" in result.err


@pytest.mark.parametrize(
    ("command", "words"),
    [("merge", "a merge"), ("rebase", "a rebase"), ("cherry-pick", "a cherry-pick"), ("revert", "a revert")],
)
def test_what_a_person_is_in_the_middle_of_is_left_alone(archive: Sandbox, command: str, words: str) -> None:
    """Nothing is committed into it, and it is not ended."""
    make_archive(archive)
    git(archive.folder, "switch", "--quiet", "--create", "other")
    commit_file(archive.folder, "essay.md", "one\n")
    git(archive.folder, "switch", "--quiet", "main")
    commit_file(archive.folder, "essay.md", "two\n")
    commit_file(archive.folder, "essay.md", "three\n")
    git(archive.folder, command, {"revert": "HEAD~1"}.get(command, "other"), code=1)
    before = git(archive.folder, "status")
    result = archive.digest("run")
    assert result.code == 7
    assert f"{words} is in progress; end it" in result.err
    assert lines(archive.folder, "diff", "--name-only", "--diff-filter=U") == ["essay.md"]
    assert git(archive.folder, "status").splitlines()[:5] == before.splitlines()[:5]


def test_no_repository(archive: Sandbox) -> None:
    """The digests are written all the same."""
    archive.configure("git", commit=True)
    result = archive.digest("run")
    assert result.code == 7
    assert "in no git repository; `git init` there, or set [git] commit = false" in result.err
    assert (archive.folder / digest_path(DAY)).exists()


def test_no_git(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is told so."""
    archive.configure("git", commit=True)
    monkeypatch.setenv("PATH", "/nowhere")
    result = archive.digest("run")
    assert result.code == 7
    assert "git was not found; install it, or set [git] commit = false" in result.err


def test_a_git_that_may_not_be_run(archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the system's own, with the folder: to install git would be no help."""
    make_repository(archive.folder)
    archive.configure("git", commit=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = archive.digest("run")
    assert result.code == 7
    assert f"git cannot be run in {archive.folder}: Permission denied\n" in result.err


def test_a_folder_that_is_gone_is_not_taken_for_a_missing_git(tmp_path: Path) -> None:
    """The system's error is the same for both."""
    with pytest.raises(GitError, match=f"^git cannot be run in {tmp_path}/gone: No such file or directory$"):
        Program(tmp_path / "gone").version()


def test_a_repository_that_git_refuses(archive: Sandbox) -> None:
    """Its error names the folder; the digests are written all the same."""
    make_archive(archive)
    (archive.folder / ".git" / "config").write_text("[core\n")
    result = archive.digest("run")
    assert result.code == 7
    assert f"{archive.folder}: fatal: bad config line 1 in file " in result.err
    assert (archive.folder / digest_path(DAY)).exists()


@pytest.mark.parametrize(("durable", "code"), [(False, 7), (True, 6)])
def test_no_remote(archive: Sandbox, *, durable: bool, code: int) -> None:
    """The commit stays, and is pushed once there is a remote; where only what is pushed counts, the day is unsafe."""
    archive.configure("git", commit=True, push=True, durable=durable)
    make_repository(archive.folder, "config.toml")
    result = archive.digest("run")
    assert result.code == code
    assert "expected the remote origin, found none; `git remote add origin …`, or set [git] push = false" in result.err
    assert "committed " in result.err
    assert of_a_night(archive.folder) == OF_A_NIGHT
    git(archive.folder, "init", "--quiet", "--bare", "../remote.git")
    git(archive.folder, "remote", "add", "origin", "../remote.git")
    later = archive.digest("run")
    assert later.code == 0, later.err
    assert "pushed to origin/main\n" in later.err
    assert of_a_night(archive.folder.parent / "remote.git", "main") == OF_A_NIGHT


def test_a_hook_that_refuses_is_heard(archive: Sandbox) -> None:
    """Hooks are the owner's: not passed over, and what they say is told. It gets nothing to read."""
    remote = make_archive(archive)
    hook(archive.folder, "pre-commit", "read -r line && exit 3; echo 'no digests on Sundays' >&2; exit 1")
    result = archive.digest("run")
    assert result.code == 7
    assert "git commit: no digests on Sundays" in result.err
    assert git(remote, "rev-list", "--count", "main") == "1"
    (archive.folder / ".git" / "hooks" / "pre-commit").unlink()
    assert archive.digest("run").code == 0
    assert of_a_night(remote) == OF_A_NIGHT


def test_a_commit_that_cannot_be_signed_is_none(archive: Sandbox) -> None:
    """Signing is the owner's wish, too."""
    remote = make_archive(archive)
    git(archive.folder, "config", "commit.gpgSign", "true")
    git(archive.folder, "config", "gpg.program", "false")
    result = archive.digest("run")
    assert result.code == 7
    assert "gpg failed to sign the data" in result.err
    assert git(remote, "rev-list", "--count", "main") == "1"


def test_a_digest_edited_by_hand_is_not_committed(archive: Sandbox, arxiv: StandIn) -> None:
    """It is named in a warning; what the run wrote is committed beside it."""
    remote = make_archive(archive)
    archive.digest("run")
    path = archive.folder / digest_path(DAY)
    path.write_text("My own words.\n")
    show(arxiv, invent("cs.CV", NEXT))
    result = archive.digest("run", now=after(NEXT))
    assert result.code == 0
    assert f"{digest_path(DAY)}: not committed, because it was changed by hand" in result.err
    assert digest_path(DAY) not in committed(remote)
    assert digest_path(NEXT) in committed(remote)
    assert path.read_text() == "My own words.\n"


@pytest.mark.parametrize("path", ["README.md", "cs.CV/2025/README.md"])
def test_words_around_an_index_are_their_writers_to_commit(archive: Sandbox, arxiv: StandIn, path: str) -> None:
    """Half a thought is in no commit of a run, also where the run wrote the index; once committed, it goes on."""
    remote = make_archive(archive)
    archive.digest("run")
    readme = archive.folder / path
    readme.write_text(f"{readme.read_text()}\nI am writing here.\n")
    assert archive.digest("run").code == 0
    assert git(remote, "rev-list", "--count", "main") == "2"
    show(arxiv, invent("cs.CV", NEXT))
    result = archive.digest("run", now=after(NEXT))
    assert result.code == 0
    assert f"{readme}: not committed, because it was changed by hand" in result.err
    assert str(NEXT) in readme.read_text()
    assert digest_path(NEXT) in committed(remote)
    assert path not in committed(remote)
    git(archive.folder, "commit", "--quiet", "--all", "--message=Words")
    last = date(2025, 3, 7)
    show(arxiv, invent("cs.CV", last))
    assert archive.digest("run", now=after(last)).code == 0
    assert path in committed(remote)
    assert tree(remote)[path] == readme.read_bytes()
    assert "I am writing here." in readme.read_text()


def test_staged_words_around_an_index_stop_the_commit(archive: Sandbox, arxiv: StandIn) -> None:
    """They are part of a commit that somebody prepares."""
    remote = make_archive(archive)
    archive.digest("run")
    readme = archive.folder / "README.md"
    readme.write_text(f"Mine.\n\n{readme.read_text()}")
    git(archive.folder, "add", "README.md")
    show(arxiv, invent("cs.CV", NEXT))
    result = archive.digest("run", now=after(NEXT))
    assert result.code == 7
    assert "staged, and not by digest: README.md; commit them" in result.err
    assert git(remote, "rev-list", "--count", "main") == "2"
    git(archive.folder, "commit", "--quiet", "--message=Mine", "README.md")
    assert archive.digest("run", now=after(NEXT)).code == 0
    assert lines(archive.folder, "status", "--porcelain") == []


def test_an_index_among_words_that_are_in_no_commit_is_committed(archive: Sandbox) -> None:
    """Somebody made the README and the place in it for the index, and leaves the first commit of it to the run."""
    remote = make_archive(archive)
    (archive.folder / "README.md").write_text("# Mine\n\n<!-- digest:begin -->\n<!-- digest:end -->\n")
    assert archive.digest("run").code == 0
    assert tree(remote)["README.md"].startswith(b"# Mine\n\n<!-- digest:begin -->\n")
    assert str(DAY).encode() in tree(remote)["README.md"]


def test_words_with_other_ends_of_lines_are_the_same(archive: Sandbox, arxiv: StandIn) -> None:
    """Git may have checked a README out so; that is nobody's edit."""
    remote = make_archive(archive)
    git(archive.folder, "config", "core.autocrlf", "true")
    (archive.folder / "README.md").write_bytes(b"# Mine\r\n\r\n<!-- digest:begin -->\n<!-- digest:end -->\r\n")
    archive.digest("run")
    show(arxiv, invent("cs.CV", NEXT))
    result = archive.digest("run", now=after(NEXT))
    assert "changed by hand" not in result.err
    assert "README.md" in committed(remote)


def test_what_a_killed_run_left_is_committed_by_the_next(archive: Sandbox) -> None:
    """What was written before git was told of it, is found by what differs."""
    remote = make_archive(archive)
    archive.configure("git", commit=False, push=False)
    archive.digest("run")
    archive.configure("git", commit=True, push=True)
    result = archive.digest("run")
    assert result.code == 0
    assert of_a_night(remote) == OF_A_NIGHT


def test_an_ignored_digest_stays_out(archive: Sandbox) -> None:
    """What the owner lets git ignore, is not forced upon it."""
    remote = make_archive(archive)
    commit_file(archive.folder, ".gitignore", "archive.db*\nraw/\n/cs.CV/\n")
    result = archive.digest("run")
    assert result.code == 0
    assert of_a_night(remote) == {"README.md", f"data/cs.CV/2025/{DAY}.jsonl"}
    assert f"warning: {archive.folder / digest_path(DAY)}, " in result.err
    assert f"in no commit, because git ignores it, or it is not in {archive.folder}\n" in result.err
    assert "in no commit" not in archive.digest("run").err


@pytest.mark.parametrize("where", ["ignored", "outside", "nested"])
def test_where_only_what_is_pushed_counts_a_record_that_git_does_not_keep_is_an_error(
    archive: Sandbox, where: str
) -> None:
    """The run must not end well, because the day is gone with the machine; the way out is named."""
    records = {"outside": "../records"}.get(where, "data")
    archive.configure("store", records=records)
    make_archive(archive, durable=True)
    if where == "ignored":
        commit_file(archive.folder, ".gitignore", "archive.db*\nraw/\n/data/\n")
    elif where == "nested":
        git(archive.folder, "init", "--quiet", "data")
    asked_of = [archive.folder / records / "cs.CV" / "2025" / "2025-03-10.jsonl", archive.folder / "cs.CV" / "x.md"]
    assert examine_repository(archive.folder, Git(), paths=asked_of).unkept == (asked_of[0],)
    result = archive.digest("run")
    assert result.code == 6
    unkept = f"cs.CV/2025/{DAY}.jsonl, {archive.folder / records / 'state.json'}: in no commit"
    assert f"{unkept}, because git ignores it, or it is not in {archive.folder}" in result.err
    assert "check .gitignore and [store] records, or set [git] durable = false" in result.err
    assert "; pushed to origin/main\n" in result.err
    again = archive.digest("run")
    assert (again.code, unkept in again.err) == (6, True)


def test_an_archive_in_a_folder_of_a_bigger_repository(archive: Sandbox) -> None:
    """The same folder names elsewhere in it mean nothing."""
    archive.configure("git", commit=True)
    root = archive.folder.parent
    make_repository(root, "archive/config.toml")
    (root / "README.md").write_text("The root's own.\n")
    assert archive.digest("run").code == 0
    assert of_a_night(root) - {f"archive/{path}" for path in OF_A_NIGHT} == {
        f"archive/data/{name}" for name in ("notices.json", "state.json") if (archive.folder / "data" / name).exists()
    }


def test_records_outside_of_the_repository_stay_outside(archive: Sandbox) -> None:
    """Only what lies in the work tree can be committed."""
    archive.configure("git", commit=True)
    archive.configure("store", records="../records")
    make_repository(archive.folder, "config.toml")
    assert archive.digest("run").code == 0
    assert of_a_night(archive.folder) == {path for path in OF_A_NIGHT if not path.startswith("data/")}


def test_paths_are_taken_literally(archive: Sandbox) -> None:
    """Blanks, quotes, brackets, stars and letters beyond ASCII in the folder's name select nothing else."""
    archive.configure("git", commit=True)
    archive.configure("digest", directory="my d'igests \\ [*] é")
    make_repository(archive.folder, "config.toml")
    (archive.folder / "my d'igests \\ [*] é").mkdir()
    (archive.folder / "my d'igests \\ x é").mkdir()
    (archive.folder / "my d'igests \\ x é" / "README.md").write_text("Not this one.\n")
    result = archive.digest("run")
    assert result.code == 0, result.err
    digests = {f"my d'igests \\ [*] é/{path}" for path in OF_A_NIGHT if not path.startswith("data/")}
    assert of_a_night(archive.folder) == digests | {f"data/cs.CV/2025/{DAY}.jsonl"}


def test_variables_of_another_repository_mislead_nobody(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from a hook of another repository, with all that git tells its hooks, and with traces wanted."""
    remote = make_archive(archive)
    other = archive.folder.parent / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_TRACE", str(other / "trace"))
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    result = archive.digest("run")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE", "GIT_ICASE_PATHSPECS"):
        monkeypatch.delenv(name)
    assert result.code == 0, result.err
    assert of_a_night(remote) == OF_A_NIGHT
    assert sorted(path.name for path in other.iterdir()) == [".git"]


# Names and messages


def test_the_configured_author(archive: Sandbox) -> None:
    """[git] author goes over git's own configuration, for both of a commit's names."""
    remote = make_archive(archive, author="Night Owl <owl@example.org>")
    archive.digest("run")
    assert git(remote, "log", "-1", "--format=%an|%ae|%cn|%ce") == "|".join(["Night Owl", "owl@example.org"] * 2)


def test_without_any_name_digest_signs_itself(archive: Sandbox, tmp_path: Path) -> None:
    """A first run in a bare container must not fail for want of a name."""
    remote = make_archive(archive)
    (tmp_path / "home" / "gitconfig").unlink()
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert git(remote, "log", "-1", "--format=%an <%ae>") == "digest <digest@localhost>"
    state = examine_repository(archive.folder, Git())
    assert (state.identity, state.is_identity_made_up) == ("digest <digest@localhost>", True)


def test_a_mail_address_in_the_environment_is_a_name(
    archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git takes EMAIL for whoever has none configured (git-commit(1)), and digest makes none up then."""
    remote = make_archive(archive)
    (tmp_path / "home" / "gitconfig").write_text("[user]\n\tname = Ada Example\n")
    monkeypatch.setenv("EMAIL", "ada@mail.example.org")
    state = examine_repository(archive.folder, Git())
    assert (state.identity, state.is_identity_made_up) == ("Ada Example <ada@mail.example.org>", False)
    assert archive.digest("run").code == 0
    assert git(remote, "log", "-1", "--format=%an <%ae>, %cn <%ce>") == f"{state.identity}, {state.identity}"


def test_the_configured_message(archive: Sandbox) -> None:
    """Its fields are filled in; and nothing else is changed in it."""
    make_archive(archive, message="arXiv of {dates}: {counts} [skip ci]")
    archive.digest("run")
    papers = invent("cs.CV", DAY)
    counts = f"{len(papers.new)} new, {len(papers.cross)} cross-lists"
    assert subject(archive.folder) == f"arXiv of {DAY}: {counts} [skip ci]"


def test_several_categories_of_one_date_are_one_commit(archive: Sandbox, arxiv: StandIn) -> None:
    """The message names them all, the body each."""
    arxiv.announce(invent("cs.LG", DAY))
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    make_archive(archive)
    assert archive.digest("run").code == 0
    days = [invent("cs.CV", DAY), invent("cs.LG", DAY)]
    new, cross = sum(len(one.new) for one in days), sum(len(one.cross) for one in days)
    assert subject(archive.folder) == f"digest: {DAY} of cs.CV, cs.LG ({new} new, {cross} cross-lists)"
    body = lines(archive.folder, "log", "-1", "--format=%b")
    assert body == [
        f"{name} {DAY}: {len(one.new)} new, {len(one.cross)} cross-lists"
        for name, one in zip(["cs.CV", "cs.LG"], days, strict=True)
    ]


def test_many_days_are_one_commit(archive: Sandbox, arxiv: StandIn) -> None:
    """The subject has the first and the last date, the body at most twenty days, the newest first."""
    wanted = [date(2025, 2, day) for day in range(3, 29) if date(2025, 2, day).weekday() < 5]
    days = [day for day in [*wanted, date(2025, 3, 3), date(2025, 3, 4), DAY] if day != date(2025, 2, 17)]
    show(arxiv, *(invent("cs.CV", day) for day in days))
    make_archive(archive)
    result = archive.digest("fetch", f"{days[0]}..{days[-1]}")
    stored = len(list((archive.folder / "data" / "cs.CV" / "2025").glob("*.jsonl")))
    assert stored > 20, result.err
    assert subject(archive.folder).startswith(f"digest: {stored} days of cs.CV, {days[0]}..{DAY} (")
    body = lines(archive.folder, "log", "-1", "--format=%b")
    assert (len(body), body[0][:16], body[-1]) == (21, f"cs.CV {DAY}", f"and {stored - 20} more")


def test_files_without_days(archive: Sandbox) -> None:
    """A decision about a day that is lost alters the ledger of decisions, and the year's index."""
    make_archive(archive)
    archive.digest("run")
    assert archive.digest("accept", "2025-03-04", "--force", "--note", "no power").code == 0
    files = committed(archive.folder)
    assert "data/state.json" in files
    assert len(files) <= 3
    assert lines(archive.folder, "log", "-1", "--format=%B") == [f"digest: {', '.join(files)}"]


def test_many_files_without_days_are_counted(archive: Sandbox, arxiv: StandIn) -> None:
    """Names that would fill the line, or break it, are left to git."""
    categories = ["cs.CV", "cs.LG", "cs.AI"]
    show(arxiv, *(invent(name, DAY) for name in categories))
    archive.configure("arxiv", categories=categories)
    make_archive(archive)
    archive.digest("run")
    readmes = ["README.md", *(f"{name}/2025/README.md" for name in categories)]
    git(archive.folder, "rm", "--quiet", "--cached", *readmes)
    git(archive.folder, "commit", "--quiet", "--message=Without")
    assert archive.digest("regenerate", "--all").code == 0
    assert set(committed(archive.folder)) == set(readmes)
    assert subject(archive.folder) == "digest: 4 files"


def test_no_subject_is_longer_than_a_line(archive: Sandbox) -> None:
    """What the owner's own words make longer, is cut; the body has it all."""
    make_archive(archive, message="{summary} " + "more" * 50)
    archive.digest("run")
    assert len(subject(archive.folder)) == 100
    assert subject(archive.folder).endswith("…")


# Other jobs


@about_sqlite
def test_a_rebuilt_database_commits_nothing_new(archive: Sandbox) -> None:
    """The same days give the same bytes."""
    remote = make_archive(archive)
    archive.digest("run")
    lose_database(archive)
    assert archive.digest("rebuild").code == 0
    assert git(remote, "rev-list", "--count", "main") == "2"
    assert lines(archive.folder, "status", "--porcelain") == []


def test_regenerated_digests_are_committed(archive: Sandbox) -> None:
    """A change of the sections alters the digest; its record stays."""
    remote = make_archive(archive)
    archive.digest("run")
    archive.configure("digest", sections=["new"])
    assert archive.digest("regenerate", "--all").code == 0
    assert committed(remote) == [digest_path(DAY)]
    assert subject(remote) == f"digest: cs.CV {DAY} ({len(invent('cs.CV', DAY).new)} new)"


def test_a_part_that_is_no_longer_written_is_removed(
    archive: Sandbox, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest that was split is one file again; also where its parts were staged, and a hook refused them then."""
    archive.configure("digest", template="full")
    monkeypatch.setattr(rendering, "MOST_BYTES", 8_000)
    remote = make_archive(archive)
    archive.digest("run")
    parts = {path for path in tree(remote) if path.startswith("cs.CV/2025/03/")} - {digest_path(DAY)}
    assert parts
    hook(archive.folder, "pre-commit", "exit 1")
    show(arxiv, invent("cs.CV", NEXT))
    assert archive.digest("run", now=after(NEXT)).code == 7
    assert digest_path(NEXT).replace(".md", ".2.md") in lines(archive.folder, "diff", "--cached", "--name-only")
    (archive.folder / ".git" / "hooks" / "pre-commit").unlink()
    monkeypatch.setattr(rendering, "MOST_BYTES", 1_000_000)
    for when in (DAY, NEXT):
        (archive.folder / digest_path(when)).unlink()
    result = archive.digest("regenerate", "--all", now=after(NEXT))
    assert result.code == 0, result.err
    assert {path for path in tree(remote) if path.startswith("cs.CV/2025/03/")} == {digest_path(DAY), digest_path(NEXT)}
    assert lines(archive.folder, "status", "--porcelain") == []


def test_a_staged_edit_of_a_digest_stays_staged(archive: Sandbox, arxiv: StandIn) -> None:
    """It is a person's, and neither committed nor in the way of other files."""
    remote = make_archive(archive)
    archive.digest("run")
    (archive.folder / digest_path(DAY)).write_text("My own words.\n")
    git(archive.folder, "add", digest_path(DAY))
    show(arxiv, invent("cs.CV", NEXT))
    assert archive.digest("run", now=after(NEXT)).code == 0
    assert digest_path(NEXT) in committed(remote)
    assert lines(archive.folder, "diff", "--cached", "--name-only") == [digest_path(DAY)]


def test_a_work_tree_of_its_own(archive: Sandbox) -> None:
    """An archive in a further work tree of a repository: locks and branches lie in two places."""
    archive.configure("git", commit=True, push=True)
    main = archive.folder.parent / "main"
    main.mkdir()
    make_repository(main)
    remote = make_remote(main, archive.folder.parent / "remote.git")
    git(main, "worktree", "add", "--quiet", "-b", "digests", "../tree")
    (archive.folder.parent / "tree" / ".git").rename(archive.folder / ".git")
    git(main, "worktree", "repair", str(archive.folder))
    git(archive.folder, "reset", "--hard", "--quiet")
    locks = [main / ".git" / name for name in ("worktrees/tree/index.lock", "refs/heads/digests.lock")]
    for lock in locks:
        lock.touch()
        os.utime(lock, (1, 1))
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert "pushed to origin/digests" in result.err
    assert not any(lock.exists() for lock in locks)
    assert of_a_night(remote, "digests") == OF_A_NIGHT


# The remote


def test_a_secret_in_the_address_of_the_remote_is_refused(archive: Sandbox) -> None:
    """Before any program is handed the address, and without repeating it; also where it comes in by insteadOf."""
    make_archive(archive)
    git(archive.folder, "remote", "set-url", "origin", "https://ada:hunter2secret@127.0.0.1:9/archive.git")
    result = archive.digest("run")
    assert result.code == 7
    assert "the address of remote origin holds a name or password; use a credential helper or SSH" in result.err
    assert "hunter2secret" not in result.err
    git(archive.folder, "remote", "set-url", "origin", "example:archive.git")
    git(archive.folder, "config", "url.https://hunter2secret@127.0.0.1:9/.insteadOf", "example:")
    for said in (archive.digest("run").err, can_push(archive.folder, Git()) or ""):
        assert "holds a name or password" in said
        assert "hunter2secret" not in said
    state = examine_repository(archive.folder, Git())
    assert (state.has_secret_in_url, state.remote_urls) == (True, ("https://…@127.0.0.1:9/archive.git",))


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("https://x-access-token:abc@git.example.org/a.git", True),
        ("HTTPS://abc@git.example.org/a.git", True),
        ("https://ada:p/a?s#s@git.example.org/a.git", True),
        ("ssh://git:abc@git.example.org/a.git", True),
        ("https://git.example.org/a.git?private_token=abc", True),
        ("ssh://git@git.example.org/a.git", False),
        ("git@git.example.org:a.git", False),
        ("https://git.example.org/a@b.git", False),
        ("/srv/a@b.git", False),
    ],
)
def test_which_addresses_hold_a_secret(tmp_path: Path, url: str, *, is_refused: bool) -> None:
    """A name by HTTP may be a token; the one that SSH asks for is none."""
    make_repository(tmp_path)
    git(tmp_path, "remote", "add", "origin", url)
    state = examine_repository(tmp_path, Git())
    assert state.has_secret_in_url is is_refused
    assert not (is_refused and "abc" in "".join(state.remote_urls))


def test_one_of_several_addresses_that_is_ahead_is_told(archive: Sandbox, tmp_path: Path) -> None:
    """What the first address has is not taken for what all have; each push is plain, and the run says so."""
    remote = make_archive(archive)
    second = clone(remote, "mirror.git", "--bare")
    commit_file(clone(second, "elsewhere"), "notes.txt", "by somebody")
    git(tmp_path / "elsewhere", "push", "--quiet")
    for place in (remote, second):
        git(archive.folder, "remote", "set-url", "--add", "--push", "origin", str(place))
    for _ in range(2):
        result = archive.digest("run")
        assert result.code == 7
        assert "one of the 2 addresses that it pushes to has commits that are not here" in result.err
        git(archive.folder, "update-ref", "-d", "refs/remotes/origin/main")
    assert git(second, "log", "-1", "--format=%s", "main") == "Change notes.txt"


def test_what_a_hook_says_is_told_without_secrets(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a known one, nor one in an address."""
    make_archive(archive)
    monkeypatch.setenv("FORGE_TOKEN", "hunter2secret")
    hook(archive.folder, "pre-commit", 'echo "asked https://a:b2345678@example.org with $FORGE_TOKEN" >&2; exit 1')
    result = archive.digest("run")
    assert result.code == 7
    assert "git commit: asked https://…@example.org with …" in result.err


def test_an_unreachable_remote(archive: Sandbox) -> None:
    """The commit stays; nobody is asked for a password, and the next run pushes it."""
    remote = make_archive(archive)
    git(archive.folder, "remote", "set-url", "origin", "http://127.0.0.1:9/archive.git")
    result = archive.digest("run")
    assert result.code == 7
    assert "git push origin: " in result.err
    assert "127.0.0.1" in str(can_push(archive.folder, Git()))
    git(archive.folder, "remote", "set-url", "origin", str(remote))
    later = archive.digest("run")
    assert later.code == 0
    assert "pushed to origin/main" in later.err
    assert of_a_night(remote) == OF_A_NIGHT


@pytest.mark.parametrize(
    "settings",
    [
        {"remote.origin.push": "+refs/heads/*:refs/heads/*"},
        {"remote.origin.mirror": "true"},
        {"remote.origin.fetch": "+refs/*:refs/*"},
        {"push.default": "matching", "push.followTags": "true"},
    ],
)
def test_no_configuration_makes_a_push_forced(archive: Sandbox, settings: dict[str, str]) -> None:
    """Others pushed what is not here, and the remote would take a forced push: theirs stays, ours comes on top."""
    remote = make_archive(archive)
    git(remote, "config", "receive.denyNonFastForwards", "false")
    git(remote, "branch", "precious", "main")
    theirs = commit_file(clone(remote), "theirs.md", "Theirs.\n")
    git(remote.parent / "second", "push", "--quiet")
    for key, value in settings.items():
        git(archive.folder, "config", key, value)
    result = archive.digest("run")
    assert result.code == 0, result.err
    assert git(remote, "rev-parse", "main~1") == theirs
    assert of_a_night(remote) == OF_A_NIGHT
    assert lines(remote, "for-each-ref", "--format=%(refname)") == ["refs/heads/main", "refs/heads/precious"]
    check_nothing_was_forced(remote)


def test_what_was_pushed_is_noted_whatever_is_configured(archive: Sandbox) -> None:
    """Git notes nothing where no refspec maps the branch; the next run asks the remote nothing all the same."""
    remote = make_archive(archive)
    git(archive.folder, "config", "remote.origin.fetch", "+refs/heads/other:refs/remotes/origin/other")
    assert "pushed to origin/main" in archive.digest("run").err
    assert git(archive.folder, "rev-parse", "refs/remotes/origin/main") == git(remote, "rev-parse", "main")
    shutil.move(remote, remote.with_name("away"))
    assert archive.digest("run").code == 0


# How git is called


REAL_GIT = shutil.which("git") or ""


def put_first(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a git before the real one on the PATH; ``$GIT`` in the script is the real one."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\nGIT='{REAL_GIT}'\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_how_git_is_called(archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes is synced, nothing goes on behind, nobody is asked, nothing is forced, no hook is passed over."""
    make_archive(archive)
    variables = ("GIT_TERMINAL_PROMPT", "GIT_ASKPASS", "SSH_ASKPASS_REQUIRE", "LC_ALL", "GIT_OPTIONAL_LOCKS")
    shown = " ".join(f'"{name}=${name}"' for name in variables)
    script = f"""(printf '%s\\037' {shown} "$@"; printf '\\036') >>{tmp_path}/calls; exec "$GIT" "$@\""""
    put_first(tmp_path / "bin", monkeypatch, script)
    push_from = clone(tmp_path / "remote.git")
    commit_file(push_from, "theirs.md", "Theirs.\n")
    git(push_from, "push", "--quiet")
    (tmp_path / "calls").unlink()
    assert archive.digest("run").code == 0
    calls = [call.split("\037")[:-1] for call in (tmp_path / "calls").read_text().split("\036")[:-1]]
    ours = [call for call in calls if "core.fsync=all" in call]
    wanted = {"core.fsync=all", "gc.autoDetach=false", "maintenance.autoDetach=false", "i18n.commitEncoding=UTF-8"}
    wanted |= {"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS_REQUIRE=never", "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0"}
    assert all(wanted <= set(call) for call in ours)
    steps = {step for call in ours for step in ("add", "commit", "push", "fetch", "rebase") if step in call}
    assert steps == {"add", "commit", "push", "fetch", "rebase"}
    words = {word for call in ours for word in call}
    assert not words & {"--force", "-f", "--force-with-lease", "--no-verify", "-n", "--mirror", "--no-gpg-sign"}
    assert all("--no-force" in call for call in ours if "push" in call)


def test_an_old_git_is_told_by_its_version(archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the usage that it prints when it does not know an option."""
    make_archive(archive)
    put_first(
        tmp_path / "bin",
        monkeypatch,
        '[ "$1$3$5$7$9" ]; case "$*" in *" version") echo git version 2.25.1;; *) exec "$GIT" "$@";; esac',
    )
    result = archive.digest("run")
    assert result.code == 7
    words = "expected git 2.26 or newer, found 2.25.1; install one, or set [git] commit = false"
    assert result.err.count(words) == 1
    state = examine_repository(archive.folder, Git())
    assert state.version == "2.25.1"


@pytest.mark.parametrize(
    "call", ["rev-parse --show-toplevel", "rev-list --count", "diff-tree -r", "status --porcelain=v2"]
)
def test_a_git_that_says_something_else_is_an_error_of_git(
    archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A wrapper that greets, say: it is told so, and nothing is taken for what it is not."""
    make_archive(archive)
    put_first(
        tmp_path / "bin", monkeypatch, f'case "$*" in *"{call}"*) echo "1 Good evening";; *) exec "$GIT" "$@";; esac'
    )
    result = archive.digest("run")
    assert result.code == 7
    assert "1 Good evening" in result.err
    assert "found" in result.err


@pytest.mark.parametrize("name", ["a\u2028b", "a\u0085b", "a\nb", "a\n"])
def test_a_folder_may_have_any_name(archive: Sandbox, name: str) -> None:
    """Its ends of lines, and what Python takes for some, are none of git's answer."""
    archive.configure("git", commit=True)
    archive.configure("digest", directory=f"{archive.folder}/x")
    folder = archive.folder / name
    folder.mkdir()
    git(folder, "init", "--quiet")
    state = examine_repository(folder, Git())
    assert (state.root, state.branch) == (folder, "main")


def test_the_last_error_of_git_is_told_and_not_the_advice_after_it(archive: Sandbox) -> None:
    """Which is for somebody at a terminal, and may be harmful here."""
    make_archive(archive)
    hook(
        archive.folder,
        "pre-commit",
        "printf 'looking\\nfatal: no room\\nMaybe\\nremove\\nthis and that.\\n' >&2; exit 1",
    )
    assert "git commit: looking; fatal: no room\n" in archive.digest("run").err


def test_without_commits_git_is_not_even_loaded(archive: Sandbox) -> None:
    """A run that commits nothing does not load what calls git."""
    script = (
        "import sys; from digest.__main__ import main\n"
        f"try: main(['--config', {str(archive.folder / 'config.toml')!r}, '--now', {NIGHT!r}, 'run'])\n"
        "except SystemExit as end: print(end.code, *(name for name in sys.modules if 'digest.git' in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


# What doctor and init ask


def test_a_repository_is_examined(archive: Sandbox) -> None:
    """All that doctor shows, offline: the remote is not asked."""
    remote = make_archive(archive)
    archive.digest("run")
    commit_file(archive.folder, "notes.md", "one\n")
    (archive.folder / "essay.md").write_text("x\n")
    git(archive.folder, "add", "essay.md")
    shutil.move(remote, remote.with_name("away"))
    state = examine_repository(archive.folder, Git())
    assert state.version is not None
    assert state == RepositoryState(
        version=state.version,
        root=archive.folder,
        branch="main",
        identity="Ada Example <ada@example.org>",
        remote_urls=(str(remote),),
        foreign_staged=("essay.md",),
        unpushed=1,
    )


def test_what_is_not_as_it_should_be_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detached HEAD, a merge begun, an ignored folder, a credential helper; no repository; no git."""
    folder = tmp_path / "archive"
    (folder / "out").mkdir(parents=True)
    assert examine_repository(folder, Git()).root is None
    make_repository(folder)
    commit_file(folder, ".gitignore", "out/\n")
    git(folder, "switch", "--quiet", "--detach")
    (folder / ".git" / "MERGE_HEAD").write_text(git(folder, "rev-parse", "HEAD"))
    git(folder, "remote", "add", "origin", "https://git.example.org/archive.git")
    git(folder, "config", "credential.helper", "store --file=x")
    state = examine_repository(folder, Git(author="A <a@example.org>"), paths=[folder / "out/x.md"])
    assert (state.branch, state.is_busy, len(state.unkept), state.unpushed) == (None, "a merge", 1, None)
    assert (state.credential_helper, state.identity) == ("store", "A <a@example.org>")
    monkeypatch.setenv("PATH", "/nowhere")
    assert examine_repository(folder, Git()) == RepositoryState(None)


def test_whether_a_push_would_be_taken(archive: Sandbox) -> None:
    """Asked without changing anything; that others pushed meanwhile is no hindrance."""
    remote = make_archive(archive)
    assert can_push(archive.folder, Git()) is None
    commit_file(clone(remote), "theirs.md", "Theirs.\n")
    git(remote.parent / "second", "push", "--quiet")
    commit_file(archive.folder, "ours.md", "Ours.\n")
    assert can_push(archive.folder, Git()) is None
    assert "`git remote add upstream …`" in str(can_push(archive.folder, Git(remote="upstream")))
    shutil.move(remote, remote.with_name("away"))
    assert "does not appear to be a git repository" in str(can_push(archive.folder, Git()))


def test_a_folder_becomes_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a first commit of the named files, on main; later of those that changed; without git nothing is done."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in ("config.toml", "README.md", "notes.md"):
        (folder / name).write_text("x\n")
    git(folder, "config", "--global", "init.defaultBranch", "trunk")
    names = ["config.toml", "README.md"]
    said = start_repository(folder, names, "A new archive", Git())
    assert said == ["made it a git repository with 2 files committed"]
    assert set(tree(folder)) == {"config.toml", "README.md"}
    assert (git(folder, "branch", "--show-current"), subject(folder)) == ("main", "A new archive")
    assert start_repository(folder, names, "Again", Git()) == []
    (folder / "README.md").write_text("y\n")
    assert start_repository(folder, names, "Changed", Git()) == [f"committed 1 file in the git repository {folder}"]
    assert (committed(folder), subject(folder)) == (["README.md"], "Changed")
    monkeypatch.setenv("PATH", "/nowhere")
    assert start_repository(folder, ["notes.md"], "None", Git()) == []


def test_a_folder_in_a_repository_gets_one_commit_of_its_own_files(tmp_path: Path) -> None:
    """What somebody staged stays staged; what git ignores is left out; both are told."""
    git(tmp_path, "init", "--quiet")
    commit_file(tmp_path, ".gitignore", "*.toml\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("config.toml", "README.md", "x[1].md", "mine.md"):
        (inner / name).write_text("x\n")
    git(tmp_path, "add", "inner/mine.md")
    said = start_repository(inner, ["config.toml", "README.md", "x[1].md"], "A new archive", Git())
    assert said == [
        "git ignores inner/config.toml: in no commit, so a clone lacks it",
        f"committed 2 files in the git repository {tmp_path}",
        "staged before, and left as it was: inner/mine.md",
    ]
    assert committed(tmp_path) == ["inner/README.md", "inner/x[1].md"]
    assert lines(tmp_path, "diff", "--cached", "--name-only") == ["inner/mine.md"]
    assert git(tmp_path, "rev-list", "--count", "HEAD") == "2"


def test_a_folder_half_made_a_repository_is_finished(tmp_path: Path) -> None:
    """Killed between the two steps, and said again."""
    git(tmp_path, "init", "--quiet", "archive")
    for name in ("README.md", "x.md"):
        (tmp_path / "archive" / name).write_text("x\n")
    settings = Git(author="Ada Lovelace <al@example.org>")
    words = start_repository(tmp_path / "archive", ["README.md", "x.md"], "A new archive", settings)
    assert words == ["made it a git repository with 2 files committed"]
    assert git(tmp_path / "archive", "log", "--format=%an <%ae>") == settings.author
    assert set(tree(tmp_path / "archive")) == {"README.md", "x.md"}


def test_a_remote_added_later_gets_everything(archive: Sandbox) -> None:
    """Until a branch of the remote is known here, all commits count as not pushed."""
    archive.configure("git", commit=True)
    make_repository(archive.folder, "config.toml")
    archive.digest("run", now=NIGHT)
    remote = make_remote(archive.folder, archive.folder.parent / "remote.git")
    archive.configure("git", push=True)
    assert archive.digest("run").code == 0
    assert git(remote, "rev-list", "--count", "main") == "2"


# --- what no run commits -------------------------------------------------------------------------------


def unkept(archive: Sandbox, *options: str) -> list[str]:
    """Run once more; return what it says of files that a clone would lack."""
    result = archive.digest(*options, "run")
    assert result.code == 0, result.err
    return [line for line in result.err.splitlines() if "not committed as it is now" in line or "a clone of" in line]


def with_own_templates(archive: Sandbox) -> None:
    """Let digests and a view have templates of one's own, and cron a schedule."""
    folder = archive.folder
    (folder / "my templates").mkdir()
    for name in ("mine.md.j2", "view.md.j2"):
        shutil.copy(Path(__file__).parents[1] / "templates/classic.md.j2", folder / "my templates" / name)
    archive.configure("digest", template="my templates/mine.md.j2")
    with (folder / "config.toml").open("a") as config:
        config.write('[[view]]\nname = "mine"\ntemplate = "my templates/view.md.j2"\nkeywords = ["a"]\n')
    for path in ("schedule/crontab", ".github/workflows/digest.yml"):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("x\n")


def test_a_run_warns_of_settings_that_are_in_no_commit(archive: Sandbox) -> None:
    """In one line, with the command that mends it: configuration, templates, schedule, workflow; never as a failure."""
    make_archive(archive)
    assert unkept(archive) == []
    with_own_templates(archive)
    (archive.folder / ".git/info/exclude").write_text("schedule/\n")
    (warning,) = unkept(archive)
    files = [
        *("config.toml", ".github/workflows/digest.yml", "my templates/mine.md.j2", "my templates/view.md.j2"),
        "schedule/crontab",
    ]
    assert warning.startswith(f"warning: not committed as it is now: {', '.join(files)}; `git -C ")
    assert unkept(archive, "-q") == []
    command = warning.split("`")[1]
    subprocess.run(["sh", "-ec", command], cwd="/", capture_output=True, check=True)
    assert sorted(committed(archive.folder)) == sorted(files)
    assert unkept(archive) == []


def test_a_change_of_the_settings_is_warned_of_until_it_is_committed(archive: Sandbox) -> None:
    """Staged is not committed; what somebody else staged stays out of the commit that the command makes."""
    make_archive(archive)
    archive.configure("arxiv", contact="other@example.org")
    assert len(unkept(archive)) == 1
    git(archive.folder, "add", "config.toml")
    (warning,) = unkept(archive)
    (archive.folder / "essay.md").write_text("Half a thought.\n")
    git(archive.folder, "add", "essay.md")
    subprocess.run(["sh", "-ec", warning.split("`")[1]], cwd="/", capture_output=True, check=True)
    assert committed(archive.folder) == ["config.toml"]
    assert lines(archive.folder, "diff", "--cached", "--name-only") == ["essay.md"]


def test_settings_outside_of_the_repository_are_warned_of(archive: Sandbox) -> None:
    """A clone cannot have them, whatever is committed."""
    make_archive(archive)
    template = archive.folder.parent / "mine.md.j2"
    shutil.copy(Path(__file__).parents[1] / "templates/classic.md.j2", template)
    archive.configure("digest", template="../mine.md.j2")
    git(archive.folder, "commit", "--quiet", "--all", "--message=Template")
    (warning,) = unkept(archive)
    assert f"a clone of {archive.folder} lacks" in warning
    assert "mine.md.j2" in warning


def test_without_commits_nobody_is_told_to_make_one(archive: Sandbox) -> None:
    """What becomes of the repository is then for its owner to say."""
    make_archive(archive, commit=False, push=False)
    archive.configure("arxiv", contact="other@example.org")
    assert unkept(archive) == []
