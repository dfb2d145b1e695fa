"""The package as a user installs it: from a wheel, far from any checkout; and what CI installs."""

import os
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from digest import __version__

ROOT = Path(__file__).parents[1]
LOCK = ROOT / ".ci/requirements.txt"
AUDIT = ROOT / ".ci/audit.py"
BESIDE = Path(sys.executable).parent
"""Where the commands of the environment are that the tests run in."""

IN_TIME = "2026-07-01T12:00:00+00:00"
"""Some hours after a listing: a new archive lacks it, but not for long enough that status exits with 4."""

NOT_SHIPPED = {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command as a user does who has nothing of this checkout around; return what it prints."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DIGEST"))}
    done = subprocess.run(
        command, cwd=cwd, env={**mine, **(env or {})}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that is made from it."""
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", target, ROOT, cwd=target)
    return target


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel, made from the sdist."""
    (built,) = dist.glob("*.whl")
    return built


def shipped(folder: str) -> set[str]:
    """Return the files of a folder of the checkout, as paths from its top."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if not NOT_SHIPPED & set(path.parts)}


# --- wheel and sdist -------------------------------------------------------------------------------


@pytest.mark.long
def test_wheel_carries_the_package_and_what_stands_beside_it(wheel: Path) -> None:
    """Templates, migrations and the example travel inside; of the rest of the checkout, only the manual page does."""
    names = set(zipfile.ZipFile(wheel).namelist())
    beside_it = [name.partition(".data/")[2] for name in names if ".data/" in name]
    assert beside_it == ["data/share/man/man1/digest.1"]
    beside = {*shipped("templates"), *shipped("migrations"), "config.example.toml"}
    package = {*shipped("digest"), *(f"digest/{name}" for name in beside)}
    assert {name for name in names if ".dist-info/" not in name and ".data/" not in name} == package
    assert len(package) > 100


@pytest.mark.long
def test_sdist_has_what_the_tests_need(dist: Path) -> None:
    """Everything that a packager or a test takes from the checkout."""
    (built,) = dist.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("digest", "templates", "migrations", "tests", "docs", ".ci")
    files = {"pyproject.toml", "LICENSE", "config.example.toml", *(path.name for path in ROOT.glob("*.md"))}
    assert files | set().union(*map(shipped, folders)) <= names
    assert not [name for name in names if NOT_SHIPPED & set(name.split("/"))]


@pytest.mark.long
def test_the_sdist_and_the_checkout_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """``build`` made the one from the sdist; here another is made from the checkout."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert contents(direct) == contents(wheel)


def contents(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- installed -------------------------------------------------------------------------------------


@pytest.mark.long
def test_wheel_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed alone, from another folder, it sets up an archive and runs the whole pipeline."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    run(home / "bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    digest = home / "bin/digest"
    assert "# ArXiv cs.CV --" in run(digest, "demo", "shown", cwd=tmp_path)
    assert (tmp_path / "shown/README.md").is_file()
    assert len(list((tmp_path / "shown/cs.CV").rglob("????-??-??.md"))) == 5
    assert (home / "share/man/man1/digest.1").read_bytes() == (ROOT / "docs/digest.1").read_bytes()
    check_installed(digest, tmp_path)
    run(home / "bin/python", "-m", "digest", "--config", "mine/config.toml", "--now", IN_TIME, "doctor", cwd=tmp_path)


@pytest.mark.long
def test_pipx_installs_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """A command of its own, in an environment of its own."""
    bin_folder = tmp_path / "bin"
    env = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(bin_folder),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        **uv_settings(tmp_path),
    }
    run(sys.executable, "-m", "pipx", "install", "--python", sys.executable, wheel, cwd=tmp_path, env=env)
    check_installed(bin_folder / "digest", tmp_path)
    assert (tmp_path / "man/man1/digest.1").is_file()


@pytest.mark.long
def test_uv_installs_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """As a tool."""
    bin_folder = tmp_path / "bin"
    env = {
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(bin_folder),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        **uv_settings(tmp_path),
    }
    run(BESIDE / "uv", "tool", "install", "--quiet", "--python", sys.executable, wheel, cwd=tmp_path, env=env)
    check_installed(bin_folder / "digest", tmp_path)


def check_installed(digest: Path, folder: Path) -> None:
    """See that an installed command says its version, and sets up an archive that it can read.

    At a time of our own: a status in the afternoon would find the night's listing missing.
    """
    assert run(digest, "--version", cwd=folder).split()[-1] == __version__
    run(digest, "--now", IN_TIME, "init", "mine", cwd=folder)
    assert {path.name for path in (folder / "mine").iterdir()} >= {"config.toml", "README.md", ".gitignore"}
    assert "nothing stored yet" in run(digest, "--config", "mine/config.toml", "--now", IN_TIME, "status", cwd=folder)


def uv_settings(folder: Path) -> dict[str, str]:
    """Return what makes uv find packages where pip finds them: it does not read pip's configuration."""
    options = dict(_pip_options(folder))
    settings = {
        "UV_DEFAULT_INDEX": options.get("index-url"),
        "UV_INDEX": options.get("extra-index-url"),
        "UV_FIND_LINKS": options.get("find-links", "").replace(" ", ","),
        "SSL_CERT_FILE": options.get("cert"),
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip chooses
    }
    return {name: value for name, value in settings.items() if value}


def _pip_options(folder: Path) -> Iterator[tuple[str, str]]:
    for line in run(sys.executable, "-m", "pip", "config", "list", cwd=folder).splitlines():
        name, _, value = line.partition("=")
        yield name.rpartition(".")[2], " ".join(shlex.split(value)).strip()


# --- what CI installs ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked() -> dict[str, list[str]]:
    """The versions of each locked package; more than one where they differ by platform."""
    found: dict[str, list[str]] = {}
    for line in LOCK.read_text(encoding="ascii").splitlines():
        if not line.startswith(" "):
            requirement = Requirement(line.rstrip("\\ "))
            (pinned,) = requirement.specifier
            assert pinned.operator == "=="
            found.setdefault(normal(requirement.name), []).append(pinned.version)
    return found


def normal(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def direct_dependencies() -> Sequence[Requirement]:
    """Return what pyproject.toml asks for, with every extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for text in [*project["dependencies"], *(text for extra in extras for text in extra)]]


def test_the_lock_has_every_direct_dependency(locked: Mapping[str, Sequence[str]]) -> None:
    """In a version that pyproject.toml allows."""
    for wanted in direct_dependencies():
        assert locked.get(normal(wanted.name)), wanted
        assert all(map(wanted.specifier.contains, locked[normal(wanted.name)])), wanted


def test_the_lock_holds_names_versions_and_hashes_alone() -> None:
    """No address of any index, no path; each package has its hashes."""
    text = LOCK.read_text(encoding="ascii").replace("\\\n", "")
    marker = r"( ; [A-Za-z0-9_.'<>=() !]+)?"
    pinned = re.compile(rf"[a-z0-9.-]+(\[[a-z,]+\])?==[0-9][0-9a-z.]*{marker}( --hash=sha256:[0-9a-f]{{64}})+")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert [line for line in lines if not pinned.fullmatch(line)] == []
    assert len(lines) > 50


FAKE = """
import sys
sys.stdout.write({out!r})
sys.stderr.write({err!r})
sys.exit({code})
"""
CLEAN = '{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "unknown"}]}'
WEAK = (
    '{"dependencies": [{"name": "a", "version": "1", "vulns": '
    '[{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}]}]}'
)
UNKNOWN = '{"dependencies": [{"name": "a", "skip_reason": "not found"}]}'


@pytest.mark.parametrize(
    ("fake", "code", "said"),
    [
        ((0, CLEAN, ""), 0, "1 of 2 dependencies audited, 0 known vulnerabilities"),
        ((1, WEAK, "Found 1 known vulnerability"), 1, "a 1: PYSEC-1, mended in 2"),
        ((0, UNKNOWN, ""), 0, "not audited: the advisory service knows none of 1 dependencies"),
        (
            (1, "", "Traceback:\nrequests.exceptions.ConnectionError: no route\n"),
            0,
            "not audited: the advisory service",
        ),
        ((1, "", "ERROR:pip_audit._cli:requirement a is not pinned"), 1, "the audit failed"),
        ((1, "", ""), 1, "the audit failed"),
    ],
)
def test_the_audit_tells_a_weakness_from_silence(
    tmp_path: Path, fake: tuple[int, str, str], code: int, said: str
) -> None:
    """A known vulnerability fails, and so does an audit that cannot be done; a service that is away does not."""
    ended, out, err = fake
    (tmp_path / "pip_audit.py").write_text(FAKE.format(code=ended, out=out, err=err), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, AUDIT, LOCK],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout


def test_a_lock_that_is_not_pinned_cannot_be_audited(tmp_path: Path) -> None:
    """By pip-audit itself, which says so without asking anybody."""
    loose = tmp_path / "requirements.txt"
    loose.write_text("click>=8\n", encoding="utf-8")
    pytest.importorskip("pip_audit", reason="pip-audit is one of the tools in the extra lint")
    done = subprocess.run([sys.executable, AUDIT, loose], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "click" in done.stdout
