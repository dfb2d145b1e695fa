"""Programs of the user's own, which say something of each paper: `[[annotate]]`, `digest annotate`. Real programs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date

import pytest

from tests.conftest import DAY, Sandbox
from tests.nights import after, lose_database, show
from tests.standin import StandIn, invent

NEXT = date(2025, 3, 6)
DIGEST = "cs.CV/2025/03/2025-03-05.md"
RECORD = "data/annotations/2025/03/2025-03-05.jsonl"
TALE = """#!{python}
import json, os, subprocess, sys, time
paper = json.load(sys.stdin)
with open("asked.txt", "a") as asked:
    asked.write(paper["id"] + "\\n")
number = len(open("asked.txt").readlines())
{body}
"""
ANSWER = 'print("About", paper["id"])'


def tell(sandbox: Sandbox, body: str = ANSWER, *, name: str = "tale.py") -> None:
    """Write the program: what it does once it has read the paper, and noted that it was asked."""
    path = sandbox.folder / name
    path.write_text(TALE.format(python=sys.executable, body=body), encoding="utf-8")
    path.chmod(0o755)


def configure(sandbox: Sandbox, *more: str, name: str = "tale", template: str = "full") -> None:
    """Write config.toml with the program at its end."""
    sandbox.configure("digest", template=template)
    path = sandbox.folder / "config.toml"
    lines = ["[[annotate]]", f'name = "{name}"', 'command = ["./tale.py"]', *more]
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")


def asked(sandbox: Sandbox) -> list[str]:
    """Return about which papers the program was asked since this was asked last."""
    path = sandbox.folder / "asked.txt"
    found = path.read_text(encoding="utf-8").split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def shown(sandbox: Sandbox) -> list[str]:
    """Return the ids of the papers that digests of the day show: new submissions and cross-lists."""
    rows = sandbox.digest("export", str(DAY), "--format", "jsonl").out.splitlines()
    return [json.loads(row)["id"] for row in rows]


@pytest.fixture
def told(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive with a program that says something of each paper; the night has not run."""
    show(arxiv, invent("cs.CV", DAY, new=4, cross=2, replacement=1))
    configure(archive)
    tell(archive)
    return archive


def test_each_paper_that_digests_show_is_asked_about_once(told: Sandbox) -> None:
    """After the night each has its answer; another run asks nothing."""
    assert told.digest("run", now=after(DAY)).code == 0
    assert sorted(asked(told)) == sorted(shown(told))
    text = told.read(DIGEST).decode()
    assert text.count("*tale 1, 2025-03-05:* About ") == 6
    assert told.digest("-q", "run", now=after(DAY, 2)).code == 0
    assert asked(told) == []


def test_the_program_gets_the_record_of_the_json_export_and_none_of_digests_secrets(
    told: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts in the folder of the configuration, with the rest of the environment."""
    monkeypatch.setenv("DIGEST_NOTIFY_LISTINGS", "false")
    monkeypatch.setenv("MY_CHANNEL", "json://127.0.0.1:9/secret")
    monkeypatch.setenv("MY_OWN", "kept")
    told.configure("notify", health="env:MY_CHANNEL")
    configure(told)
    tell(told, 'json.dump([paper, dict(os.environ), os.getcwd()], open(paper["id"], "w")); print("seen")')
    told.digest("run", now=after(DAY))
    record = json.loads(told.digest("export", str(DAY), "--format", "jsonl").out.splitlines()[0])
    paper, environment, folder = json.loads(told.read(record["id"]))
    assert record.pop("annotations")[0]["answer"] == "seen"
    assert (paper, folder) == (record, str(told.folder))
    assert environment["MY_OWN"] == "kept"
    assert not [name for name in environment if name.startswith("DIGEST_") or name == "MY_CHANNEL"]


def test_everything_is_written_and_told_before_a_program_starts(told: Sandbox) -> None:
    """The digest, its index and the record of the day are there, in a commit of their own, when it is asked first."""
    git(told, "init", "-q", "-b", "main")
    told.configure("git", commit=True, author="Ada <ada@example.org>")
    configure(told)
    tell(told, 'os.system("git log --name-only --format=%s >> seen.txt"); print("x")')
    assert told.digest("run", now=after(DAY)).code == 0
    first = told.read("seen.txt").decode()
    assert DIGEST in first
    assert "README.md" in first
    assert "data/cs.CV/2025/2025-03-05.jsonl" in first
    assert "annotations" not in first
    last = git(told, "log", "-1", "--name-only", "--format=")
    assert sorted(last.split()) == [DIGEST, RECORD]
    assert "seen.txt" not in git(told, "ls-files")


def git(sandbox: Sandbox, *arguments: str) -> str:
    """Run git in the archive."""
    return subprocess.run(["git", *arguments], cwd=sandbox.folder, capture_output=True, text=True, check=True).stdout


HOSTILE = (
    "# Head\n<script>alert(1)</script> [x](javascript:alert(2)) ![i](http://e.org/i.png)\x1b[2J\x07 @someone\n- item"
)


def test_what_a_program_prints_is_a_foreign_text(told: Sandbox) -> None:
    """Neither its markdown nor its HTML is obeyed by digest or site, and no control character reaches anything."""
    (told.folder / "hostile.txt").write_text(HOSTILE, encoding="utf-8")
    tell(told, 'sys.stdout.write(open("hostile.txt").read())')
    assert told.digest("run", now=after(DAY)).code == 0
    text = told.read(DIGEST).decode()
    assert "alert(1)" in text
    assert "<script" not in text.replace("\\<", "")
    assert "![i" not in text
    assert "\x1b" not in text
    assert "[x](" not in text.replace("\\[", "").replace("\\]", "")
    assert "> # Head" not in text
    assert "> - item" not in text
    assert told.digest("site", now=after(DAY)).code == 0
    page = told.read("site/cs.CV/2025-03-05/index.html").decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert all("\x1b" not in row and "\x07" not in row for row in told.read(RECORD).decode().splitlines())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("time.sleep(60)", "no answer in 0.3 s"),
        ("sys.stdout.close(); sys.stderr.close(); os.close(1); os.close(2); time.sleep(60)", "no answer in 0.3 s"),
        ('print("working", file=sys.stderr); sys.exit("it broke")', "exit code 1: it broke"),
        ("os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ('[sys.stdout.write("x" * 1000000) for _ in range(100)]', "printed more than 64 kB"),
        pytest.param(
            *("[sys.stderr.write('x' * 1000000) for _ in range(100)]; time.sleep(60)", "no answer in 0.3 s: xxx"),
            marks=pytest.mark.long,
        ),
        pytest.param(
            *('sys.stdout.buffer.write(b"\\xff\\xfe")', "expected a text in UTF-8, found other bytes"),
            marks=pytest.mark.long,
        ),
        pytest.param(*("pass", "expected an answer, found nothing printed"), marks=pytest.mark.long),
        pytest.param(*('os.system("sleep 60 &"); time.sleep(60)', "no answer in 0.3 s"), marks=pytest.mark.long),
    ],
)
def test_a_program_that_fails_harms_no_night(told: Sandbox, body: str, why: str) -> None:
    """It is asked about three papers, and ended; the night is whole, says so, and the exit code is 0."""
    configure(told, "timeout = 0.3")
    tell(told, body)
    began = time.monotonic()
    result = told.digest("run", now=after(DAY))
    assert (result.code, why in result.err, "3 papers not asked about" in result.err) == (0, True, True)
    assert time.monotonic() - began < 10
    assert len(asked(told)) == 3
    assert DIGEST in told.tree()
    assert RECORD not in told.tree()
    assert told.digest("verify", now=after(DAY)).code == 0


def test_a_program_that_cannot_be_started_is_told_once(told: Sandbox) -> None:
    """No paper is to blame for it: once it is there, all are asked about."""
    (told.folder / "tale.py").unlink()
    for hours in range(1, 5):
        result = told.digest("run", now=after(DAY, hours))
        assert (result.code, "cannot be started: No such file" in result.err) == (0, True)
    assert "no such program" in told.digest("doctor", now=after(DAY)).out
    tell(told)
    told.digest("run", now=after(DAY, 6))
    assert len(asked(told)) == 6


@pytest.mark.long
def test_a_paper_without_an_answer_is_asked_about_on_three_nights(told: Sandbox) -> None:
    """Once a night, the other papers first; then it is left, and the status tells of it."""
    told.digest("run", now=after(DAY))
    one = shown(told)[2]
    asked(told)
    configure(told, 'version = "2"')
    tell(told, f'sys.exit("no") if paper["id"] == "{one}" else print("new")')
    nights = [after(DAY, hours) for hours in (1, 2, 25, 26, 49, 73)]
    found = []
    for night in nights:
        told.digest("run", now=night)
        found.append(asked(told).count(one))
    assert found == [1, 0, 1, 0, 1, 0]
    assert told.read(DIGEST).decode().count("*tale 2,") == 5
    status = told.digest("status", now=nights[-1]).out
    assert f"tale: 1 paper left without an answer after 3 tries (the last: {one}" in status


def test_a_night_asks_no_more_than_it_may(told: Sandbox) -> None:
    """However often it runs; the next night goes on."""
    configure(told, "max_per_night = 4")
    for hours in (1, 2, 3):
        told.digest("run", now=after(DAY, hours))
    assert len(asked(told)) == 4
    told.digest("run", now=after(NEXT))
    assert len(asked(told)) == 2


def test_an_answer_may_be_json(told: Sandbox) -> None:
    """Of an object, each key is told in a line of its own; exports have the object as it is."""
    tell(told, 'json.dump({"summary": "Short.", "tags": ["a", "b"], "score": 0.5}, sys.stdout)')
    told.digest("run", now=after(DAY))
    text = told.read(DIGEST).decode()
    assert "summary: Short." in text
    assert "tags: a, b" in text
    assert "score: 0.5" in text
    row = json.loads(told.digest("export", str(DAY), "--format", "jsonl").out.splitlines()[0])
    assert row["annotations"] == [
        {
            "name": "tale",
            "version": "1",
            "date": "2025-03-05",
            "answer": {"summary": "Short.", "tags": ["a", "b"], "score": 0.5},
        }
    ]


def test_the_classic_digest_is_as_ever(told: Sandbox) -> None:
    """With answers or without."""
    configure(told, template="classic")
    told.digest("run", now=after(DAY))
    assert len(asked(told)) == 6
    with_answers = told.read(DIGEST)
    assert b"About" not in with_answers
    told.configure("digest", template="classic")
    told.digest("regenerate", "--all", now=after(DAY))
    assert told.read(DIGEST) == with_answers


def test_a_clone_and_a_new_database_ask_nothing_twice_and_give_the_same_bytes(told: Sandbox) -> None:
    """The answers lie beside the day records."""
    told.digest("run", now=after(DAY))
    before, count = told.tree(), len(asked(told))
    assert count == 6
    before.pop("asked.txt")
    lose_database(told)
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert (asked(told), told.tree()) == ([], before)
    lose_database(told)
    assert told.digest("rebuild", now=after(DAY, 3)).code == 0
    (told.folder / DIGEST).unlink()
    assert told.digest("run", now=after(DAY, 4)).code == 0
    assert (asked(told), told.tree()) == ([], before)
    assert told.digest("verify", now=after(DAY, 5)).code == 0
    lose_database(told)
    assert told.digest("regenerate", "--all", now=after(DAY, 6)).code == 0
    assert told.tree() == before


@pytest.mark.parametrize("moment", [1, *(pytest.param(number, marks=pytest.mark.long) for number in range(2, 7))])
def test_a_kill_loses_no_answer_and_asks_no_paper_more_than_once_more(told: Sandbox, moment: int) -> None:
    """At each paper: what was answered is there; the next run asks the rest, and the files are as without a kill."""
    tell(told, f"if number == {moment}: os.kill(os.getppid(), 9); time.sleep(0.2)\nprint('About', paper['id'])")
    assert told.process("run", now=after(DAY)).returncode == -signal.SIGKILL
    first = asked(told)
    assert len(first) == moment
    tell(told)
    assert told.digest("run", now=after(DAY, 2)).code == 0
    second = asked(told)
    assert sorted([*first[:-1], *second]) == sorted(shown(told))
    assert told.read(DIGEST).decode().count("About 2") == 6
    assert told.digest("verify", now=after(DAY, 3)).code == 0


def test_a_kill_before_the_files_are_written_leaves_them_to_the_next_run(told: Sandbox) -> None:
    """All answers are stored; nothing is asked again, and the digest and the text beside the records come."""
    told.digest("run", now=after(DAY))
    wanted = told.read(DIGEST), told.read(RECORD)
    asked(told)
    (told.folder / RECORD).unlink()
    told.digest("regenerate", "--all", now=after(DAY, 2))
    told.digest("run", now=after(DAY, 3))
    assert (asked(told), told.read(DIGEST), told.read(RECORD)) == ([], *wanted)


def test_by_hand_old_dates_are_asked_about(told: Sandbox) -> None:
    """Of a date or several; once; again on demand; by name."""
    sandbox = told
    bare = sandbox.folder / "config.toml"
    text = bare.read_text(encoding="utf-8")
    bare.write_text(text.partition("[[annotate]]")[0], encoding="utf-8")
    sandbox.digest("run", now=after(DAY))
    assert sandbox.digest("annotate", "latest").code == 2
    bare.write_text(text, encoding="utf-8")
    dry = sandbox.digest("annotate", str(DAY), "--dry-run")
    assert "would ask tale about 6 stored papers" in dry.out
    assert (sandbox.digest("annotate", str(DAY)).code, len(asked(sandbox))) == (0, 6)
    assert b"About" in sandbox.read(DIGEST)
    assert (sandbox.digest("annotate", "..").code, asked(sandbox)) == (0, [])
    assert (sandbox.digest("annotate", str(DAY), "--again").code, len(asked(sandbox))) == (0, 6)
    assert sandbox.digest("annotate", str(DAY), "--name", "other").code == 2
    assert sandbox.digest("annotate", "2025-03-04").code == 4
    tell(sandbox, "sys.exit(3)")
    result = sandbox.digest("annotate", str(DAY), "--again")
    assert (result.code, "exit code 3" in result.err) == (7, True)
    assert b"About" in sandbox.read(DIGEST)


def test_a_view_chooses_the_papers(told: Sandbox) -> None:
    """Only its papers are asked about; both its file and the digest show it."""
    one = "2503.99999"
    told.digest("run", now=after(DAY))
    one = shown(told)[0]
    asked(told)
    title = json.loads(told.digest("export", str(DAY), "--format", "jsonl").out.splitlines()[0])["title"]
    configure(told, 'view = "mine"', 'version = "2"', "[[view]]", 'name = "mine"', f"keywords = [{json.dumps(title)}]")
    told.digest("run", now=after(DAY, 2))
    assert asked(told) == [one]
    assert f"About {one}" in told.read("views/mine/2025/03/2025-03-05.md").decode()


def test_damaged_answers_are_found_and_mended(told: Sandbox) -> None:
    """By verify; a run keeps the damaged text aside, and goes on."""
    told.digest("run", now=after(DAY))
    whole = told.read(RECORD)
    (told.folder / RECORD).write_bytes(whole[:-20])
    assert told.digest("verify", now=after(DAY)).code == 6
    assert told.digest("verify", "--repair", now=after(DAY)).code == 0
    assert told.read(RECORD) == whole
    (told.folder / RECORD).unlink()
    assert told.digest("verify", now=after(DAY)).code == 6
    assert told.digest("verify", "--repair", now=after(DAY)).code == 0
    assert told.read(RECORD) == whole


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["command = []"], "expected a program and its arguments"),
        (['timeout = "x"'], "expected a number"),
        (["timeout = 0"], "more than 0"),
        (['view = "none"'], "the name of a view"),
        (["max_per_nigth = 3"], "did you mean 'max_per_night'?"),
    ],
)
def test_a_wrong_setting_is_refused(sandbox: Sandbox, lines: Sequence[str], words: str) -> None:
    """With the section, the key and what is expected."""
    path = sandbox.folder / "config.toml"
    command = [] if lines[0].startswith("command") else ['command = ["true"]']
    body = "\n".join(["[[annotate]]", 'name = "tale"', *command, *lines])
    path.write_text(path.read_text(encoding="utf-8") + body, encoding="utf-8")
    result = sandbox.digest("status")
    assert (result.code, words in result.err, "[[annotate]] 'tale'" in result.err) == (2, True, True)


def test_what_a_program_complains_of_reaches_no_terminal_as_it_is(told: Sandbox) -> None:
    """Nothing of it that a terminal obeys, in the warning or in the status."""
    tell(told, 'sys.exit("\\x1b]0;evil\\x07\\x1b[2J\\u202egone")')
    for day in (0, 1, 2, 5, 6, 7):  # six papers, three a night, each on three; a weekend has no night of its own
        result = told.digest("run", now=after(DAY, 1 + 24 * day))
        assert "gone" in result.err
        assert not {"\x1b", "\x07", "\u202e"} & {*result.err}
    for words in (("status",), ("status", "--json")):
        result = told.digest(*words, now=after(DAY, 170))
        assert "gone" in result.out
        assert not {"\x1b", "\x07"} & {*result.out}


@pytest.mark.parametrize(
    ("printed", "answer"),
    [
        ('"Just a text."', "Just a text."),
        ("[1, 2]", "[1, 2]"),
        ("42", "42"),
        ('{"cut": "off', '{"cut": "off'),
        pytest.param(*('{"score": NaN}', '{"score": NaN}'), marks=pytest.mark.long),
        pytest.param(*('{"a": ' + "[" * 3000 + "]" * 3000 + "}", None), marks=pytest.mark.long),
        pytest.param(*('{"a": ' + "[" * 30 + "]" * 30 + "}", None), marks=pytest.mark.long),
        pytest.param(*("\ufeffOne\r\ntwo\u2028three\x00", "One\ntwo\nthree"), marks=pytest.mark.long),
        pytest.param(*("{}", {}), marks=pytest.mark.long),
        pytest.param(*('{"two\\nlines": "a\\u0000b"}', {"two\nlines": "ab"}), marks=pytest.mark.long),
    ],
)
def test_any_other_json_is_a_text(told: Sandbox, printed: str, answer: object) -> None:
    """As it was printed, without control characters; it comes back from the text beside the records."""
    (told.folder / "print.txt").write_text(printed, encoding="utf-8", newline="")
    tell(told, 'sys.stdout.buffer.write(open("print.txt", "rb").read())')
    assert told.digest("run", now=after(DAY)).code == 0
    lose_database(told)
    assert told.digest("rebuild", now=after(DAY, 2)).code == 0
    assert told.digest("verify", now=after(DAY, 2)).code == 0
    row = json.loads(told.digest("export", str(DAY), "--format", "jsonl").out.splitlines()[0])
    assert row["annotations"][0]["answer"] == (printed if answer is None else answer)
    assert not [line for line in told.read(DIGEST).decode().splitlines() if line.startswith("lines")]


@pytest.mark.long
def test_a_run_that_is_stopped_ends_the_program_too(told: Sandbox) -> None:
    """With SIGTERM; what was answered by then stays."""
    tell(told, 'number > 2 and (open("pid.txt", "w").write(str(os.getpid())), time.sleep(60)); print("x")')
    words = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", after(DAY), "run"]
    with subprocess.Popen(words, cwd=told.folder, stderr=subprocess.DEVNULL) as running:
        place = told.folder / "pid.txt"
        while not (place.exists() and place.read_text(encoding="utf-8")):
            time.sleep(0.02)
        running.terminate()
        assert running.wait(10) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text(encoding="utf-8")), 0)
    asked(told)
    tell(told)
    told.digest("run", now=after(DAY, 2))
    assert len(asked(told)) == 4


def test_what_a_killed_run_wrote_is_committed_by_the_next(told: Sandbox) -> None:
    """And nothing is outdated, or left, by then."""
    git(told, "init", "-q", "-b", "main")
    told.configure("git", commit=True, author="Ada <ada@example.org>")
    configure(told)
    told.digest("run", now=after(DAY))
    git(told, "reset", "-q", "--soft", "HEAD~1")
    git(told, "reset", "-q")
    result = told.digest("run", now=after(DAY, 2))
    assert (result.code, "older template" in result.err) == (0, False)
    assert not [line for line in git(told, "status", "--porcelain").splitlines() if "data" in line or "cs.CV" in line]
    assert told.digest("regenerate", "--outdated", now=after(DAY, 3)).out == ""


def test_a_text_that_changed_loses_its_answer(told: Sandbox) -> None:
    """A program is asked again about a paper whose title is another by now."""
    told.digest("run", now=after(DAY))
    rows = told.read(RECORD).decode().splitlines()
    other = json.loads(rows[1]) | {"about": "0" * 64}
    (told.folder / RECORD).write_text("\n".join([rows[0], json.dumps(other), *rows[2:], ""]), encoding="utf-8")
    lose_database(told)
    asked(told)
    told.digest("rebuild", now=after(DAY, 2))
    told.digest("regenerate", "--all", now=after(DAY, 2))
    assert told.read(DIGEST).decode().count("*tale 1") == 5
    told.digest("run", now=after(DAY, 3))
    assert asked(told) == [other["id"]]
    assert told.read(DIGEST).decode().count("*tale 1") == 6


def test_what_a_program_started_ends_with_it(told: Sandbox) -> None:
    """Also where the program itself has ended, well or not."""
    tell(told, "subprocess.Popen(['sleep', '4711'], stdin=-3, stdout=-3, stderr=-3); print('hi'); sys.exit(number % 2)")
    assert told.digest("run", now=after(DAY)).code == 0
    running = subprocess.run(["pgrep", "-f", "sleep 4711"], capture_output=True, check=False)
    assert running.stdout == b""


@pytest.mark.parametrize(("damage", "lost"), [(0, 0), (3, 1), (-1, 6)])
def test_a_damaged_text_that_nothing_else_knows_is_set_aside(told: Sandbox, damage: int, lost: int) -> None:
    """Whatever line it is; what can be read is taken in, and the program can be asked for the rest."""
    told.digest("run", now=after(DAY))
    whole = told.read(RECORD)
    lines = whole.split(b"\n")
    damaged = b"nothing" if damage < 0 else b"\n".join([*lines[:damage], b"<<<<<<<", *lines[damage + 1 :]])
    (told.folder / RECORD).write_bytes(damaged)
    asked(told)
    told.lose_database()
    told.digest("rebuild", now=after(DAY))
    assert told.digest("verify", "--repair", now=after(DAY)).code == 0
    assert told.digest("verify", now=after(DAY)).code == 0
    kept = [path.read_bytes() for path in (told.folder / RECORD).parent.iterdir() if "damaged" in path.name]
    assert damaged in kept
    assert told.digest("annotate", str(DAY), now=after(DAY)).code == 0
    assert len(asked(told)) == lost
