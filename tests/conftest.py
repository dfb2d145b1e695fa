"""What the tests share: an archive in an empty folder, the stand-in for arXiv, the reference data."""

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import CodeType

import pytest
from _pytest.mark.structures import ParameterSet
from hypothesis import HealthCheck, settings

from digest.__main__ import main
from tests.postgresql import postgres, schemas
from tests.standin import StandIn, invent

__all__ = ["postgres"]

SHARED = Path(os.environ.get("DIGEST_SHARED", Path(__file__).parents[2] / "shared"))
"""Reference data that a user's machine does not have: real pages, a real digest, the expected values."""

# A machine that is busy with something else is no failure.
settings.register_profile("digest", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("digest"), max_examples=300)
settings.load_profile("digest")

_IN_MEMORY = Path("/dev/shm")  # noqa: S108  # pytest makes a folder of its own in it, which only this user can enter
_ROOM = 2 * 1024**3


def pytest_configure() -> None:
    """Let the folders of tests lie in memory: they are made by the thousand, and no power fails in a test.

    And let Python keep what it compiled: there are hundreds of processes of digest.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_IN_MEMORY))


def pytest_xdist_auto_num_workers() -> int:
    """Run half as many tests again as there are processors: many wait, for git, for a server, for a lock."""
    return max(2, len(os.sched_getaffinity(0)) * 3 // 2)


def pytest_report_header(config: pytest.Config) -> str:
    """Say which tests run, and how to run the others."""
    return f'tests: -m "{config.option.markexpr}"; see "Set up, test, check" in CONTRIBUTING.md for the others'


NIGHT = "2025-03-05T02:00:00Z"
"""An hour after the announcement of the stand-in's listing of Wednesday, 5 March 2025."""

DAY = date(2025, 3, 5)


def long_after(count: int, values: Iterable[object]) -> list[ParameterSet]:
    """Return parameters of which the first ``count`` are for the default tests, the rest for the long ones."""
    return [pytest.param(one, marks=[pytest.mark.long] if place >= count else []) for place, one in enumerate(values)]


_ANY_SCHEMA = re.compile(rb"(?<=digest_test_)[0-9_]+")
"""Which database an archive on a server has: two archives may be the same but for that."""


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str


@dataclass
class Sandbox:
    """An archive in a folder of its own, driven through the command line."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    prepared: Path = field(default_factory=Path)
    """A folder for what is made once."""
    urls: Iterator[str] | None = None
    """The addresses of empty databases, where they are on a server."""

    def new_database(self) -> None:
        """Let the archive have an empty database, where it is on a server; a file is a folder's own."""
        if self.urls is not None:
            self.configure("store", url=next(self.urls))

    def lose_database(self) -> None:
        """Remove the database and what SQLite keeps beside it."""
        for path in self.folder.glob("archive.d[b]*"):
            path.unlink()
        self.new_database()

    def once(self, make: Callable[[], object]) -> None:
        """Fill the archive as the function ``make`` does: by it the first time, then from the copy that was kept.

        Its configuration is not copied.
        """
        if ON_POSTGRESQL:
            make()
            return
        kept = self.prepared / f"{make.__module__}.{make.__qualname__}"
        if kept.exists():
            shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        else:
            make()
            shutil.copytree(self.folder, kept, ignore=shutil.ignore_patterns("config.toml"))

    def configure(self, section: str, **values: object) -> None:
        """Set keys of a section and write config.toml."""
        self.settings.setdefault(section, {}).update(values)
        lines = []
        for name, keys in self.settings.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in keys.items()]
        (self.folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def digest(self, *arguments: str, now: str = NIGHT) -> Result:
        """Run a command in this process; ``now`` is the time that it decides by."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(["--config", str(self.folder / "config.toml"), "--now", now, *arguments])
        captured = self.capture.readouterr()
        code = caught.value.code
        assert isinstance(code, int)
        return Result(code, captured.out, captured.err)

    def process(
        self, *arguments: str, now: str = NIGHT, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "digest", "--config", "config.toml", "--now", now, *arguments],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of the archive."""
        return (self.folder / path).read_bytes()

    def tree(self) -> dict[str, bytes]:
        """Return all files of the archive but the database's own, by path."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and "archive.db" not in path.name)
        return {path.relative_to(self.folder).as_posix(): _ANY_SCHEMA.sub(b"", path.read_bytes()) for path in files}


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, (int, float)) else '"' + str(value).replace("\\", "\\\\") + '"'


@pytest.fixture
def arxiv() -> Iterator[StandIn]:
    """A stand-in that has announced one day of cs.CV."""
    with StandIn([invent("cs.CV", DAY)], today=DAY) as standin:
        yield standin


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is made once."""
    return tmp_path_factory.mktemp("prepared")


ON_POSTGRESQL = os.environ.get("DIGEST_TEST_STORE") == "postgresql"
"""Whether the archives of the tests have their databases on a server: the same tests, of jobs and commands."""

about_sqlite = pytest.mark.skipif(ON_POSTGRESQL, reason="about SQLite's file")
"""Marks tests of which that cannot be told by the names in them."""

_OF_SQLITE = re.compile(r"archive\.db|\bsqlite3?\b|\bclone\(|\bproves\(")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, where the databases are on a server, the tests that look into SQLite's file, and say so of each."""
    if not ON_POSTGRESQL:
        return
    for item in items:
        if isinstance(item, pytest.Function) and _names_sqlite(item.function):
            item.add_marker(
                pytest.mark.skip(reason="about SQLite's file, a clone that has its own, or a night without any")
            )


def _names_sqlite(function: Callable[..., object]) -> bool:
    """Whether a test names SQLite's file, or something of its module does that it uses, such as a fixture."""
    seen, left = set[object](), [inspect.unwrap(function)]
    while left:
        one = left.pop()
        if one in seen or not inspect.isfunction(one):
            continue
        seen.add(one)
        if _OF_SQLITE.search(inspect.getsource(one)):
            return True
        names = {*inspect.signature(one).parameters, *_names_in(one.__code__)}
        used = (one.__globals__.get(name) for name in names)
        left += [inspect.unwrap(its) for its in used if callable(its) and its.__module__.startswith("tests.test_")]
    return False


def _names_in(code: CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*map(_names_in, inner))


@pytest.fixture
def sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepared: Path, request: pytest.FixtureRequest
) -> Iterator[Sandbox]:
    """An archive that is configured to ask nobody."""
    folder = tmp_path / "archive"
    folder.mkdir()
    made = Sandbox(folder, capsys, prepared=prepared)
    nobody = "http://127.0.0.1:9"
    made.configure("arxiv", pages_url=nobody, feeds_url=nobody, contact="tests@example.org")
    made.configure("arxiv", pages_delay=0, feeds_delay=0)
    made.configure("store", records="data")
    if not ON_POSTGRESQL:
        yield made
        return
    with closing(schemas(request.getfixturevalue("postgres"))) as urls:  # type: ignore[type-var]  # a generator
        made.urls = urls
        made.new_database()
        yield made


@pytest.fixture
def archive(sandbox: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive that asks the stand-in."""
    sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
    return sandbox


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody measure the coverage of other processes: in these, there is no room for a file of it."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference data (../shared) is not here")
    return SHARED
