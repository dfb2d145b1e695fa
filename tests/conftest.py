"""What the tests share: an archive in an empty folder, the stand-in for arXiv, the reference data."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from digest import cli
from digest.standin import StandIn, invent

SHARED = Path(os.environ.get("DIGEST_SHARED", Path(__file__).parents[2] / "shared"))
"""Reference data that a user's machine does not have: real pages, a real digest, the expected values."""

# A machine that is busy with something else is no failure.
settings.register_profile("digest", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("digest")

NIGHT = "2025-03-05T02:00:00Z"
"""An hour after the announcement of the stand-in's listing of Wednesday, 5 March 2025."""

DAY = date(2025, 3, 5)


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
            cli.main(["--config", str(self.folder / "config.toml"), "--now", now, *arguments])
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
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


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


@pytest.fixture
def sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """An archive that is configured to ask nobody."""
    folder = tmp_path / "archive"
    folder.mkdir()
    made = Sandbox(folder, capsys)
    nobody = "http://127.0.0.1:9"
    made.configure("arxiv", pages_url=nobody, feeds_url=nobody, contact="tests@example.org")
    made.configure("arxiv", pages_delay=0, feeds_delay=0)
    made.configure("store", records="data")
    return made


@pytest.fixture
def archive(sandbox: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive that asks the stand-in."""
    sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url)
    return sandbox


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference data (../shared) is not here")
    return SHARED
