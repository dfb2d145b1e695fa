"""The package as a user installs it: a wheel in an empty environment, far from any checkout."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DIGEST"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    target = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", target, ROOT, cwd=target)
    (built,) = target.glob("*.whl")
    return built


def test_wheel_carries_templates_migrations_and_the_example(wheel: Path) -> None:
    """All that stands at the top of the checkout and is needed at run time travels inside the package."""
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = [*ROOT.glob("templates/*"), *ROOT.glob("migrations/**/*.py"), ROOT / "config.example.toml"]
    needed = {f"digest/{source.relative_to(ROOT).as_posix()}" for source in sources}
    assert needed <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]


def test_wheel_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed alone, from another folder, it sets up an archive and runs the whole pipeline."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    _run(home / "bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    digest = home / "bin/digest"
    assert "# ArXiv cs.CV --" in _run(digest, "demo", "shown", cwd=tmp_path)
    assert (tmp_path / "shown/README.md").is_file()
    assert len(list((tmp_path / "shown/cs.CV").rglob("????-??-??.md"))) == 5
    _run(digest, "init", "mine", cwd=tmp_path)
    assert (tmp_path / "mine/config.toml").is_file()
    _run(home / "bin/python", "-m", "digest", "--config", "mine/config.toml", "doctor", cwd=tmp_path)
