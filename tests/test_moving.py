"""An archive on PostgreSQL: moved there and back by its records, and what each command does there."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date

import pytest
from sqlalchemy import create_engine, exc, text

from digest import package_file
from tests.conftest import Sandbox, about_sqlite
from tests.postgresql import schemas
from tests.standin import StandIn, invent

pytestmark = about_sqlite

DAYS = (date(2025, 3, 4), date(2025, 3, 5))
LATER = date(2025, 3, 6)


@pytest.fixture
def server(postgres: str) -> Iterator[Iterator[str]]:
    """The addresses of empty databases on a server."""
    with closing(schemas(postgres)) as urls:  # type: ignore[type-var]  # a generator has close()
        yield urls


@pytest.fixture
def stored(sandbox: Sandbox) -> Sandbox:
    """An archive of two days of two categories on SQLite, which asks nobody any more."""
    sandbox.configure("arxiv", categories=["cs.CV", "cs.LG"])
    with StandIn([invent(name, when) for when in DAYS for name in ("cs.CV", "cs.LG")], today=DAYS[0]) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url)
        for when in DAYS:
            arxiv.today = when
            assert sandbox.digest("run", now=f"{when}T02:00:00Z").code == 0
    sandbox.configure("arxiv", pages_url="http://127.0.0.1:9")
    return sandbox


def records_of(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the day records and the state."""
    return {path: data for path, data in sandbox.tree().items() if path.startswith("data/")}


def move(sandbox: Sandbox, url: str) -> None:
    """Move an archive to another database by its records, and let that write its records anew."""
    sandbox.configure("store", url=url)
    result = sandbox.digest("rebuild")
    assert result.code == 0, result.err
    shutil.rmtree(sandbox.folder / "data")
    result = sandbox.digest("verify", "--repair")
    assert result.code in (0, 6), result.err
    assert sandbox.digest("verify").code == 0


def test_an_archive_moves_there_and_back(stored: Sandbox, server: Iterator[str]) -> None:
    """A new address and `digest rebuild`: the records that each database writes are the same, byte for byte."""
    before, whole = records_of(stored), stored.tree()
    assert len(before) == 5
    for url in (next(server), "sqlite:///second.db"):
        move(stored, url)
        assert records_of(stored) == before
    digests = {path for path in whole if path.endswith(".md")}
    assert len(digests) == len(DAYS) * 2 + 3
    assert {path: stored.read(path) for path in digests} == {path: whole[path] for path in digests}


@pytest.fixture
def moved(stored: Sandbox, server: Iterator[str]) -> Sandbox:
    """The same archive, on PostgreSQL."""
    stored.configure("store", url=next(server))
    assert stored.digest("rebuild").code == 0
    return stored


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("status",), 0),
        (("show", "2025-03-05"), 0),
        (("search", "the", "--json"), 0),
        (("export", "..", "--format", "csv", "--search", "the"), 0),
        (("verify",), 0),
        (("regenerate", "--all"), 0),
        (("replay", "2025-03-05"), 0),
        (("run",), 0),
        (("doctor",), 0),
        (("site",), 0),
        (("rebuild",), 0),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_does_there_what_it_does_here(
    stored: Sandbox, server: Iterator[str], command: tuple[str, ...], code: int
) -> None:
    """With the same exit code, the same answer, and the same files."""
    here = stored.digest(*command, now="2025-03-05T03:00:00Z")
    files = stored.tree()
    stored.configure("store", url=next(server))
    assert stored.digest("rebuild").code == 0
    there = stored.digest(*command, now="2025-03-05T03:00:00Z")
    assert (here.code, there.code) == (code, code), there.err
    if command[0] not in ("doctor", "status", "site"):  # these tell what was done before, and where
        assert there.out == here.out
    after = stored.tree()
    assert {path: after[path] for path in files if path != "config.toml"} == {
        path: files[path] for path in files if path != "config.toml"
    }


def test_a_backup_is_the_server_s_own_affair(moved: Sandbox) -> None:
    """One line that says which program does it, and exit 2."""
    result = moved.digest("backup", "copy.db")
    assert (result.code, result.out) == (2, "")
    assert "pg_dump" in result.err
    assert len(result.err.splitlines()) == 1


# Rights

_GRANTS = re.compile(r"```sql\n((?:CREATE ROLE|GRANT) .*?)```", re.DOTALL)


@pytest.fixture
def as_role(moved: Sandbox) -> Iterator[Callable[[str], None]]:
    """Makes the roles of docs/OPERATING.md for an archive, and lets it be used as one of them."""
    url = str(moved.settings["store"]["url"])
    schema = re.search("search_path%3D(\\w+)", url)
    assert schema
    guide = package_file("docs/OPERATING.md").read_text(encoding="utf-8")
    statements = "".join(_GRANTS.findall(guide)).replace("public", schema[1])
    for name in ("digest_owner", "digest_writer", "digest_reader"):
        statements = statements.replace(name, f"{schema[1]}_{name}")
    lines = [line for line in statements.split(";\n") if line.strip() and "DATABASE" not in line]
    engine = create_engine(url)
    with engine.begin() as connection:
        for line in lines:
            connection.execute(text(line))
    yield lambda name: moved.configure("store", url=f"{url}%20-crole%3D{schema[1]}_{name}")
    with engine.begin() as connection:
        for name in ("owner", "writer", "reader"):
            connection.execute(text(f"DROP OWNED BY {schema[1]}_digest_{name}"))
            connection.execute(text(f"DROP ROLE {schema[1]}_digest_{name}"))
    engine.dispose()


def test_a_writer_needs_no_more_than_a_writer_s_rights(as_role: Callable[[str], None], moved: Sandbox) -> None:
    """It stores a day, searches, verifies and moves the archive in again; it can make and drop no table."""
    as_role("digest_writer")
    with StandIn([invent("cs.CV", LATER), invent("cs.LG", LATER)], today=LATER) as arxiv:
        moved.configure("arxiv", pages_url=arxiv.url)
        result = moved.digest("run", now=f"{LATER}T02:00:00Z")
    assert result.code == 0, result.err
    for command in (("search", "the"), ("verify",), ("rebuild",), ("regenerate", "--all"), ("show", str(LATER))):
        result = moved.digest(*command)
        assert result.code == 0, result.err
    engine = create_engine(str(moved.settings["store"]["url"]))
    with engine.connect() as connection:
        for statement in ("CREATE TABLE more (id integer)", "DROP TABLE entry", "TRUNCATE entry"):
            with pytest.raises(exc.ProgrammingError, match=r"permission denied|must be owner"), connection.begin():
                connection.execute(text(statement))
    engine.dispose()


def test_a_reader_reads(as_role: Callable[[str], None], moved: Sandbox) -> None:
    """All that reads works; what would write gets one clear line, and nothing is stored."""
    as_role("digest_reader")
    for command in (
        ("status",),
        ("show", "2025-03-05"),
        ("search", "the"),
        ("export", "..", "--format", "csv"),
        ("verify",),
    ):
        result = moved.digest(*command, now="2025-03-05T03:00:00Z")
        assert result.code == 0, result.err
    result = moved.digest("regenerate", "--all")
    assert result.code == 6
    assert "permission denied" in result.err
    assert "Traceback" not in result.err
