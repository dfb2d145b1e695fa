"""A token that is planted where people put them: nobody reads it in what digest says, writes, commits or calls."""

import base64
import gzip
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from digest.config.secrets import masked, of_address, of_channel, of_environment, without
from digest.jobs import run as job
from tests.conftest import NIGHT, Result, Sandbox, long_after
from tests.repositories import git, hook, isolate, make_archive
from tests.test_logs import objects

TOKEN = "tok3n-Pl4nted+9Zq~Wx"  # noqa: S105 - of nobody
NOBODY = "127.0.0.1:9"
"""An address at which nobody listens."""

LONG = 200_000


def forms(token: str) -> set[bytes]:
    """Return the token as it is, as addresses quote it, and in base64 wherever in a text it may stand."""
    plain = token.encode()
    found = {plain, quote(token, safe="").encode(), quote(token, safe="/:@+").encode()}
    for shift in range(3):
        # What does not depend on what stands before and after: whole groups of six bits that are all the token's.
        encoded = base64.b64encode(bytes(shift) + plain).rstrip(b"=")
        inner = encoded[(8 * shift + 5) // 6 : 8 * (shift + len(plain)) // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def places(data: bytes) -> list[bytes]:
    """Return the forms of the token that stand in ``data``."""
    return [form for form in forms(TOKEN) if form in data]


def test_the_search_finds_the_token() -> None:
    """In base64 wherever it stands, as a header of HTTP has it, and quoted."""
    for prefix in ("", "x", "xy", "user:"):
        assert places(b"Basic " + base64.b64encode(f"{prefix}{TOKEN}:more".encode()))
    assert places(b"https://u:tok3n-Pl4nted%2B9Zq~Wx@host")
    assert places(f"a{TOKEN}b".encode())
    assert not places(b"https://u:...@host")


# --- what is hidden --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@host/x", "https://…@host/x"),
        ("https://ghp_abc@host/x", "https://…@host/x"),
        ("https://user:s%40cr%2Fet@host:8080", "https://…@host:8080"),
        ("https://user:s@cret@host/x", "https://…@host/x"),
        ("postgresql+psycopg://user:se/cr?e#t@host/db", "postgresql+psycopg://…@host/db"),
        ("SSH://git@host:22/x", "SSH://…@host:22/x"),
        ("from 'https://a@b/c', and then:http://d:e@f.", "from 'https://…@b/c', and then:http://…@f."),
        ("https%3A%2F%2Fuser%3Asecret%40host%2Fx", "https%3A%2F%2F…%40host%2Fx"),
        ("x=https%3a%2f%2ftoken%40host&y=https%3A%2F%2Fhost", "x=https%3a%2f%2f…%40host&y=https%3A%2F%2Fhost"),
        (
            "https://host/@name https://host:80/a@b git@host:x a@b",
            "https://host/@name https://host:80/a@b git@host:x a@b",
        ),
        ("https://host:8080/x?mail=a@b", "https://host:8080/x?mail=a@b"),
        ("file:///a@b", "file:///a@b"),
        ("", ""),
    ],
)
def test_addresses_lose_what_stands_before_their_host(text: str, shown: str) -> None:
    """Names, passwords, tokens; an ``@`` elsewhere is none of it (RFC 3986, section 3.2.1)."""
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "://a:" * LONG,
        "@" + "://a:" * LONG,
        "://a:b/c" * LONG + "@",
        "://" * LONG,
        "://a:" + "@" * LONG + "/",
        "a" * LONG,
        "://" + "a" * LONG,
        "%3a%2f%2f%40" * LONG,
        "%3a%2f%2f" * LONG + "%40",
    ],
    ids=range(9),
)
def test_masking_takes_linear_time(text: str) -> None:
    """Text of strangers cannot make it slow: quadratic time would be minutes here, linear is tenths of a second."""
    begin = time.process_time()
    masked(text)
    assert time.process_time() - begin < 10


def test_known_values_are_hidden_in_the_forms_that_messages_have() -> None:
    """As they are, as addresses quote them, as Python shows them; the longest first; the short ones never."""
    values = ["pass'w\\rd/1", "pass'w\\rd/1 and more", "short", "two lines\nof secret"]
    text = "pass'w\\rd/1 and more; pass%27w%5Crd%2F1; pass'w\\\\rd/1; of secret; short"
    assert without(text, values) == "…; …; …; …; short"


def test_the_environment_s_secrets_are_known_by_their_names() -> None:
    """And those of digest's own variables; what names a place is no secret."""
    environment = {
        "GITHUB_TOKEN": "a-token",
        "Hook_Secret": "a-secret",
        "PGPASSWORD": "a-password",
        "OPENAI_APIKEY": "a-key",
        "AWS_CREDENTIALS": "a-credential",
        "SSH_PRIVATE_KEY": "a-private-key",
        "TOKEN_FILE": "/run/token",
        "DIGEST_STORE_URL": "postgresql://user:a%20word@host/db",
        "DIGEST_NOTIFY_URLS": "env:NAME, json://host/a-channel",
        "HOME": "/home/me",
    }
    known = {
        "a-token",
        "a-secret",
        "a-password",
        "a-key",
        "a-credential",
        "a-private-key",
        "a%20word",
        "a word",
        "json://host/a-channel",
    }
    assert set(of_environment(environment)) == known


def test_addresses_of_channels_are_secret_in_all_their_parts() -> None:
    """What looks like a key in them is, too; the host's name is not."""
    parts = set(of_channel(" slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/ "))
    assert {"T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"} < parts
    assert set(of_channel("json://127.0.0.1:8080/hook")) == {"json://127.0.0.1:8080/hook"}
    assert set(of_address("postgresql://user:p@ss@host/db")) == {"p@ss", "p"}
    assert set(of_address("sqlite:///archive.db")) == set()


# --- the planted token -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """An archive under git, with a token in it somewhere, and a log of how git was called."""

    sandbox: Sandbox
    remote: Path
    calls: Path
    monkeypatch: pytest.MonkeyPatch

    def check(self, result: Result) -> None:
        """See that the token is in nothing that came of a command."""
        assert places(result.out.encode(errors="surrogateescape")) == []
        assert places(result.err.encode(errors="surrogateescape")) == []
        assert places(self.calls.read_bytes()) == []
        assert [path for path, data in self.files() if places(data)] == []
        for repository in (self.sandbox.folder, self.remote):
            assert places(everything(repository)) == []

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Yield the archive's files, unpacked, but those in which the test put the token."""
        for path in self.sandbox.folder.rglob("*"):
            is_planted = path.name == "config.toml" or path.match(".git/config") or path.match(".git/hooks/*")
            if path.is_file() and not is_planted:
                data = path.read_bytes()
                yield path, gzip.decompress(data) if path.suffix == ".gz" else data


def everything(repository: Path) -> bytes:
    """Return all objects of a repository, those that no branch has any more too."""
    command = ["git", "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(command, cwd=repository, capture_output=True, check=True).stdout


@pytest.fixture
def planted(archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """An archive that commits and pushes; each call of git leaves its arguments in a file."""
    isolate(monkeypatch, tmp_path / "home")
    remote = make_archive(archive)
    real, calls, folder = shutil.which("git"), tmp_path / "calls", tmp_path / "bin"
    assert real is not None
    folder.mkdir()
    script = folder / "git"
    log = shlex.quote(str(calls))
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" git "$@" >> {log}\nexec {shlex.quote(real)} "$@"\n')
    script.chmod(0o755)
    calls.touch()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Planted(archive, remote, calls, monkeypatch)


ADDRESS = f"https://user:{TOKEN}@{NOBODY}/x"
SERVER = f"postgresql+psycopg://user:{quote(TOKEN, safe='')}@{NOBODY}/digest?connect_timeout=2"
MODES = [(), ("-v",), ("--log-json",), ("-q",)]
EVERYWHERE = ("run", "status", "doctor", "fetch 2025-03-05", "regenerate --all", "run --dry-run")

WRONG_CONFIGURATIONS: dict[str, Callable[[Planted], None]] = {
    "an address as a place": lambda one: one.sandbox.configure("notify", urls=[f"json://{TOKEN}@{NOBODY}"]),
    "an address without user information": lambda one: one.sandbox.configure("notify", urls=[f"tgram://{TOKEN}/1"]),
    "a text for a list": lambda one: one.sandbox.configure("notify", urls=f"json://user:{TOKEN}@{NOBODY}"),
    "a list for a text": lambda one: one.sandbox.configure("notify", health=[ADDRESS]),
    "a health check's address": lambda one: one.sandbox.configure("notify", health=f"https://{NOBODY}/{TOKEN}"),
    "an address as a remote": lambda one: one.sandbox.configure("git", remote=ADDRESS),
    "a token's own address as a remote": lambda one: one.sandbox.configure("git", remote=f"https://{TOKEN}@{NOBODY}/x"),
    "user information for arXiv": lambda one: one.sandbox.configure("arxiv", pages_url=ADDRESS),
    "a list for the store": lambda one: one.sandbox.configure("store", url=[SERVER]),
    "an unknown key": lambda one: one.sandbox.configure("git", token=TOKEN),
    "an unknown section": lambda one: one.sandbox.configure("github", token=TOKEN),
    "an address for a number": lambda one: one.sandbox.configure("arxiv", timeout=ADDRESS),
    "an address for a path": lambda one: one.sandbox.configure("digest", path=ADDRESS),
    "broken TOML": lambda one: append(one, f'[notify\nurls = ["json://{TOKEN}@{NOBODY}"]\n'),
    "an open string": lambda one: append(one, f'[notify]\nurls = ["json://{TOKEN}@{NOBODY}]\n'),
    "a bare value": lambda one: append(one, f"[notify]\nurls = json://{TOKEN}@{NOBODY}\n"),
    "a bare token": lambda one: append(one, f"[notify]\nhealth = {TOKEN}\n"),
    "a key twice": lambda one: append(one, f'[notify]\nhealth = "{ADDRESS}"\nhealth = "{ADDRESS}"\n'),
    "a variable with an address": lambda one: one.monkeypatch.setenv("DIGEST_NOTIFY_URLS", f"json://{TOKEN}@{NOBODY}"),
    "a variable with a token": lambda one: one.monkeypatch.setenv("DIGEST_NOTIFY_HEALTH", TOKEN),
    "a variable with a remote": lambda one: one.monkeypatch.setenv("DIGEST_GIT_REMOTE", ADDRESS),
}
"""What is refused as it is read: exit 2, whatever the command."""

UNREACHABLE_SERVERS: dict[str, Callable[[Planted], None]] = {
    "a server": lambda one: one.sandbox.configure("store", url=SERVER),
    "a server by a variable": lambda one: one.monkeypatch.setenv("DIGEST_STORE_URL", SERVER),
}


def append(one: Planted, text: str) -> None:
    """Add lines to config.toml."""
    path = one.sandbox.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def every_way(one: Planted, commands: Sequence[str], code: int) -> Iterator[Result]:
    """Run commands in all modes; see that they end with ``code`` and say why, and that nothing shows the token."""
    for line in commands:
        for mode in MODES:
            result = one.sandbox.digest(*mode, *line.split())
            assert (result.code, bool(result.err or result.out)) == (code, True), (mode, line, result)
            one.check(result)
            yield result


@pytest.mark.parametrize("name", long_after(10, WRONG_CONFIGURATIONS))
def test_a_refused_configuration_does_not_repeat_it(planted: Planted, name: str) -> None:
    """A token in a wrong place is in no message about that place."""
    WRONG_CONFIGURATIONS[name](planted)
    for result in every_way(planted, EVERYWHERE, code=2):
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("name", UNREACHABLE_SERVERS)
def test_a_database_that_cannot_be_reached(planted: Planted, name: str) -> None:
    """Its address is told without the password."""
    UNREACHABLE_SERVERS[name](planted)
    for line in EVERYWHERE:
        mode = MODES[len(line) % 3]
        result = planted.sandbox.digest(*mode, *line.split())
        assert result.code == 6, result
        planted.check(result)


def test_what_doctor_shows(planted: Planted) -> None:
    """The effective configuration, secrets hidden, also in variables that only look like digest's."""
    for name in ("GITHUB_TOKEN", "DIGEST_NOTIFY_URL", "DIGEST_GIT_TOKEN"):
        planted.monkeypatch.setenv(name, TOKEN)
    planted.monkeypatch.setenv("CHANNEL", f"json://user:{TOKEN}@{NOBODY}/hook")
    planted.sandbox.configure("notify", urls=["env:CHANNEL"], health="env:GITHUB_TOKEN")
    git(planted.sandbox.folder, "remote", "set-url", "origin", ADDRESS)
    planted.calls.write_text("")
    for mode in ((), ("--log-json", "-v")):
        result = planted.sandbox.digest(*mode, "doctor")
        assert "env:CHANNEL" in result.out
        assert "holds a name or password" in result.out or "secret" in result.out
        planted.check(result)


# --- git -------------------------------------------------------------------------------------------


def set_url(one: Planted) -> None:
    """Let the remote's address hold the token."""
    git(one.sandbox.folder, "remote", "set-url", "origin", f"https://{TOKEN}@{NOBODY}/x.git")


def set_push_url(one: Planted) -> None:
    """Let only the address for pushing hold it."""
    git(one.sandbox.folder, "config", "remote.origin.pushurl", f"https://x-access-token:{TOKEN}@{NOBODY}/x.git")


def set_instead(one: Planted) -> None:
    """Let git put it into the address by a rule of its owner."""
    git(one.sandbox.folder, "remote", "set-url", "origin", f"https://{NOBODY}/x.git")
    git(one.sandbox.folder, "config", "--global", f"url.https://{TOKEN}@{NOBODY}/.insteadOf", f"https://{NOBODY}/")


def set_push_instead(one: Planted) -> None:
    """Let such a rule be for pushing alone."""
    git(one.sandbox.folder, "remote", "set-url", "origin", f"https://{NOBODY}/x.git")
    rule = f"url.https://user:{quote(TOKEN, safe='')}@{NOBODY}/.pushInsteadOf"
    git(one.sandbox.folder, "config", rule, f"https://{NOBODY}/")


@pytest.mark.parametrize("plant", [set_url, set_push_url, set_instead, set_push_instead])
def test_a_token_in_the_remote_s_address(planted: Planted, plant: Callable[[Planted], None]) -> None:
    """Git is not even told to push, for it would hand the address on as an argument; the day is committed here."""
    plant(planted)
    planted.calls.write_text("")  # that was the test itself
    for result in every_way(planted, ["run", "fetch 2025-03-05", "regenerate --all"], code=7):
        assert "holds a name or password" in result.err
    calls = planted.calls.read_text().splitlines()
    assert "commit" in calls
    assert not {"push", "fetch", "ls-remote"} & set(calls)
    planted.check(planted.sandbox.digest("status"))
    planted.check(planted.sandbox.digest("doctor"))


@pytest.mark.parametrize("where", ["pre-commit", "commit-msg", "pre-push"])
def test_a_hook_that_says_it(planted: Planted, where: str) -> None:
    """A hook of the owner that fails, and lets out what it knows: by its environment, or an address of its own."""
    planted.monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    hook(planted.sandbox.folder, where, f'echo "no: $GITHUB_TOKEN, https://user:{TOKEN}@host/" >&2; exit 1')
    for mode in MODES:
        result = planted.sandbox.digest(*mode, "run")
        assert result.code == 7
        assert "no: " in result.err
        planted.check(result)


def test_a_server_that_says_it(planted: Planted) -> None:
    """What the remote's own hook prints comes back with git's errors."""
    planted.monkeypatch.setenv("MY_SECRET", TOKEN)
    hook(planted.remote, "pre-receive", f'echo "refused: $MY_SECRET at https://{TOKEN}@host/" >&2; exit 1')
    for mode in MODES:
        result = planted.sandbox.digest(*mode, "run")
        assert result.code == 7
        planted.check(result)
    assert "push" in planted.calls.read_text().splitlines()


def test_a_credential_helper_s_password(planted: Planted) -> None:
    """It goes to git by a pipe, and the server that refuses it is not reached; no trace shows it."""
    helper = planted.remote.parent / "helper"
    helper.write_text(f"#!/bin/sh\necho username=user\necho password={TOKEN}\n")
    helper.chmod(0o755)
    git(planted.sandbox.folder, "config", "credential.helper", str(helper))
    git(planted.sandbox.folder, "remote", "set-url", "origin", f"http://{NOBODY}/x.git")
    for variable in ("GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE"):
        planted.monkeypatch.setenv(variable, "1")
    for mode in MODES:
        result = planted.sandbox.digest(*mode, "run")
        assert result.code == 7
        planted.check(result)


# --- channels and bugs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"json://user:{quote(TOKEN, safe='')}@{NOBODY}/hook",
        f"json://{NOBODY}/{TOKEN}",
        f"json://{NOBODY}/?+X-Key={TOKEN}",
        f"nobody-knows://{TOKEN}",
        f"slack://{TOKEN}",
        TOKEN,
    ],
)
def test_a_channel_that_fails(planted: Planted, address: str) -> None:
    """By a variable, by a file; of the archive, nothing is lost."""
    planted.monkeypatch.setenv("CHANNEL", address)
    (planted.remote.parent / "channel").write_text(f"# mine\n{address}\n")
    for place in ("env:CHANNEL", "file:../channel"):
        planted.sandbox.configure("notify", urls=[place])
        for mode in MODES:
            result = planted.sandbox.digest(*mode, "run")
            assert (result.code, place in result.err) == (7, True), result
            planted.check(result)


def test_a_health_check_that_fails(planted: Planted) -> None:
    """Its address is a secret as a whole."""
    for address in (f"http://{NOBODY}/{TOKEN}", f"http://user:{TOKEN}@{NOBODY}/", TOKEN, f"ftp://{NOBODY}/{TOKEN}"):
        planted.monkeypatch.setenv("PING", address)
        planted.sandbox.configure("notify", health="env:PING")
        for mode in MODES:
            result = planted.sandbox.digest(*mode, "run")
            assert result.code == 7
            planted.check(result)


@pytest.mark.parametrize("mode", MODES)
def test_a_bug_that_says_it(planted: Planted, mode: tuple[str, ...]) -> None:
    """The traceback is masked as everything is, its causes too."""
    planted.monkeypatch.setenv("CHANNEL", f"json://{NOBODY}/{TOKEN}")
    planted.sandbox.configure("notify", urls=["env:CHANNEL"])

    def explode(*_arguments: object) -> None:
        try:
            os.environ[f"in {ADDRESS} is\n{TOKEN}"]
        except KeyError as error:
            raise RuntimeError(f"{quote(TOKEN, safe='')} and {ADDRESS!r}") from error

    planted.monkeypatch.setattr(job, "run", explode)
    result = planted.sandbox.digest(*mode, "run")
    assert result.code == 1
    planted.check(result)
    said = objects(result)[-1]["traceback"] if "--log-json" in mode else result.err
    assert "KeyError" in said
    assert "RuntimeError" in said


@pytest.mark.long
def test_in_a_process_of_its_own(planted: Planted) -> None:
    """Nothing is printed past the console: by Python as it ends, by libraries, by git."""
    planted.monkeypatch.setenv("CHANNEL", f"json://user:{quote(TOKEN, safe='')}@{NOBODY}/hook")
    planted.sandbox.configure("notify", urls=["env:CHANNEL"])
    set_url(planted)
    planted.calls.write_text("")
    for mode in MODES:
        done = planted.sandbox.process(*mode, "run")
        planted.check(Result(done.returncode, done.stdout, done.stderr))
        assert done.returncode == 7
        if mode == ("--log-json",):
            assert [json.loads(line)["level"] for line in done.stderr.splitlines()].count("error") >= 2


def test_a_mistake_in_the_command_line(planted: Planted) -> None:
    """What somebody pasted into the wrong place is shown without user information, and without known values."""
    planted.monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for arguments in (["--now", ADDRESS, "run"], ["show", TOKEN], [f"--{TOKEN}"], ["--config", f"{ADDRESS}/x", "run"]):
        for mode in ([], ["--log-json"]):
            command = [sys.executable, "-m", "digest", *mode, *arguments]
            done = subprocess.run(
                command, cwd=planted.sandbox.folder, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 2
            planted.check(Result(2, done.stdout, done.stderr))


def test_a_night_that_goes_well(planted: Planted) -> None:
    """The token is there for others to use, and digest leaves no trace of it, with -v as without."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "PGPASSWORD"):
        planted.monkeypatch.setenv(name, TOKEN)
    first = planted.sandbox.digest("-v", "run", now=NIGHT)
    assert first.code == 0, first
    planted.check(first)
    assert "pushed to origin/main" in first.err
    assert places(TOKEN.encode())
