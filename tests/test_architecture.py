"""The house that CONTRIBUTING.md draws: which room may import which, and who alone may use what."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import digest

PACKAGE = Path(digest.__file__).parent

ROOMS = (
    *("decide", "history", "fetch", "parse", "store", "records", "render", "notify", "git", "disk", "views"),
    "annotate",
)
"""The rooms in the middle: they know the values, and nothing of one another."""

TOOLS = {"git": {"disk"}, "notify": {"disk", "records"}}
"""Rooms in the middle that are a tool of another: files are read and written by ``disk``; what was told is kept in a
format of ``records``."""

VALUES = ("model", "calendar", "config", "markup", "terms", "errors")
"""What every room may know."""

PURE = (
    "decide",
    "history",
    "calendar",
    "model",
    "markup",
    "terms",
    "errors",
    "archive.snapshot",
    "archive.markers",
    "parse",
    "records",
    "render",
    "views",
    "notify.messages",
    "notify.markup",
    "notify.due",
)
"""Values in, values out: no clock, no network, no disk, no chance, no process."""

IMPURE_MODULES = (
    *("asyncio", "fcntl", "getpass", "glob", "http", "io", "locale", "multiprocessing", "os", "pathlib", "random"),
    *("secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time"),
    *("urllib.request", "uuid"),
)

ONLY_IMPORTER = {
    "requests": "fetch",
    "urllib3": "fetch",
    "bs4": "parse",
    "lxml": "parse",
    "feedparser": "parse",
    "sqlalchemy": "store",
    "alembic": "store",
    "jinja2": "render",
    "pylatexenc": "render",
    "latex2mathml": "render",
    "apprise": "notify",
    "sklearn": "views",
    "mcp": "cli",
    "subprocess": "git",
    "fcntl": "disk",
}

EXCEPTIONS = {"digest.doctor.schedule", "digest.annotate"}
"""The one asks cron for the user's crontab, which no file holds that we may read; the other runs the user's program."""


@dataclass(frozen=True)
class Import:
    """One import: who, what, and whether for types alone."""

    importer: str
    imported: str
    line: int
    for_types: bool


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax of every module of the package, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("digest", *path.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return {name: tree for name, tree in found.items() if not name.startswith("digest.migrations")}


@cache
def imports() -> tuple[Import, ...]:
    """Return every import of the package, those inside functions too."""
    return tuple(one for name, tree in modules().items() for one in _imports(name, tree))


def _imports(name: str, tree: ast.Module) -> Iterator[Import]:
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, node.lineno, id(node) in typed)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: a relative import"
            for alias in node.names:
                inner_module = f"{node.module}.{alias.name}"
                target = inner_module if inner_module in modules() else str(node.module)
                yield Import(name, target, node.lineno, id(node) in typed)


def room(module: str) -> str:
    """Return the room of one of the package's modules, such as ``store`` for ``digest.store.days``."""
    return module.split(".")[1] if "." in module else "digest"


def uses(name: str) -> Iterator[tuple[str, int]]:
    """Yield each module and line that names ``name``, such as ``os.replace``."""
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == name:
                yield module, node.lineno


def is_own(one: Import) -> bool:
    """Whether the import is of the package itself, beyond its version."""
    return one.imported.startswith("digest.")


def test_the_package_is_here() -> None:
    """The other tests look at something: every room of the plan exists."""
    assert {room(name) for name in modules()} >= {*ROOMS, *VALUES, "cli", "jobs"}
    assert len(imports()) > 200


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_knows_only_itself_and_the_values(name: str) -> None:
    """The rooms in the middle do not import one another, nor what stands above them."""
    allowed = {name, *TOOLS.get(name, ()), *VALUES}
    wrong = [
        one for one in imports() if is_own(one) and room(one.importer) == name and room(one.imported) not in allowed
    ]
    assert wrong == []


def test_the_values_know_only_one_another() -> None:
    """Below the rooms nothing looks up."""
    wrong = [
        one for one in imports() if is_own(one) and room(one.importer) in VALUES and room(one.imported) not in VALUES
    ]
    assert wrong == []


def test_errors_know_nothing() -> None:
    """The error tree stands at the bottom."""
    assert [one for one in imports() if one.importer == "digest.errors" and is_own(one)] == []


FLOORS = (("archive", "setup"), ("jobs", "doctor"), ("cli",))
"""The rooms above those in the middle, from below: each knows what is below its floor, and nothing beside it."""


@pytest.mark.parametrize("name", [name for floor in FLOORS for name in floor])
def test_no_room_knows_one_above_or_beside_it(name: str) -> None:
    """Commands stand on jobs, jobs on the archive, the archive on the rooms in the middle."""
    height = next(number for number, floor in enumerate(FLOORS) if name in floor)
    not_below = {other for floor in FLOORS[height:] for other in floor} - {name}
    wrong = [one for one in imports() if room(one.importer) == name and is_own(one) and room(one.imported) in not_below]
    assert wrong == []


def test_every_room_has_its_place() -> None:
    """A room that is added gets a floor."""
    known = {*ROOMS, *VALUES, *(name for floor in FLOORS for name in floor), "standin", "__main__", "digest"}
    assert {room(name) for name in modules()} == known


def test_the_stand_in_stands_alone() -> None:
    """The stand-in for arXiv shares no code with what is tried on it, and only the demo uses it."""
    ends = [(room(one.importer), room(one.imported)) for one in imports() if is_own(one)]
    assert {end for end in ends if "standin" in end} == {("standin", "standin"), ("setup", "standin")}


def test_there_are_no_import_circles() -> None:
    """Every module can be read after those that it needs."""
    needed: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if one.imported in needed and not one.for_types:
            needed[one.importer].add(one.imported)
    while free := [name for name, others in needed.items() if not others & needed.keys()]:
        for name in free:
            del needed[name]
    assert needed == {}


def circles() -> set[frozenset[str]]:
    """Return the circles of rooms, imports for types alone and inside functions counted too."""
    above: dict[str, set[str]] = {}
    for one in imports():
        if is_own(one) and room(one.importer) != room(one.imported):
            above.setdefault(room(one.importer), set()).add(room(one.imported))
    reached: dict[str, set[str]] = {}
    for start, others in above.items():
        found, left = set(), {*others}
        while left:
            found |= left
            left = {other for name in left for other in above.get(name, ())} - found
        reached[start] = found
    return {
        frozenset(other for other in others if name in reached.get(other, ()))
        for name, others in reached.items()
        if name in others
    }


def test_no_rooms_are_in_a_circle() -> None:
    """Not for the sake of types alone either: a reader follows those arrows as well."""
    assert circles() == set()


@pytest.mark.parametrize(("library", "owner"), ONLY_IMPORTER.items())
def test_a_library_has_one_importer(library: str, owner: str) -> None:
    """What a library does is done in one room, so that it can be exchanged there."""
    importers = {one.importer for one in imports() if one.imported.split(".")[0] == library}
    assert {name for name in importers if room(name) != owner} - EXCEPTIONS == set()


def test_files_are_replaced_in_one_place() -> None:
    """Only disk/ puts a file into the place of another, by whatever call."""
    calls = ("os.replace", "os.rename", "os.renames", "shutil.move", "os.fsync")
    assert [place for call in calls for place in uses(call) if room(place[0]) != "disk"] == []
    assert list(uses("os.replace")) != []


def test_only_the_command_line_prints_or_exits() -> None:
    """Everything else returns or raises."""
    speaking = {"cli", "__main__"}
    found = [
        (module, node.lineno, ast.unparse(node.func))
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "exit", "quit", "sys.exit", "os._exit", "click.echo")
        and room(module) not in speaking
    ]
    assert found == []


@pytest.mark.parametrize("name", PURE)
def test_a_pure_room_imports_nothing_impure(name: str) -> None:
    """No clock, no network, no disk, no locale, no chance."""
    wrong = [one for one in imports() if one.importer.startswith(f"digest.{name}") and one.imported in IMPURE_MODULES]
    assert wrong == []


def test_nobody_below_the_command_line_asks_for_the_time() -> None:
    """The clock comes in as an argument; fetch/ alone notes when a page came."""
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "time.time", "time.sleep", "time.monotonic")
    allowed = {"cli", "fetch", "standin"}
    assert [place for clock in clocks for place in uses(clock) if room(place[0]) not in allowed] == []


def test_every_import_is_known() -> None:
    """Besides Python's own modules, the package imports only what pyproject.toml names."""
    named = {"click", "rich", "digest", *ONLY_IMPORTER}
    found = {one.imported.split(".")[0] for one in imports()}
    assert found - named - sys.stdlib_module_names == set()
