"""What happens to a PostgreSQL server while hosts are at work: nothing is half stored, and the next run goes on."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import DAY, Sandbox
from tests.postgresql import Cluster, cluster
from tests.standin import Fault, Reply, Request, StandIn, invent

CATEGORIES = ("cs.AI", "cs.CV", "cs.LG")
TABLES = ("day", "entry", "revision", "link", "raw_page")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of this file alone: its tests end its connections, and itself."""
    with cluster() as one:
        yield one


@pytest.fixture
def shared_store(archive: Sandbox, arxiv: StandIn, server: Cluster) -> Sandbox:
    """An archive of three categories whose database is on the server, empty."""
    execute(server, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return on_server(archive, arxiv, server)


def on_server(archive: Sandbox, arxiv: StandIn, server: Cluster) -> Sandbox:
    """Let an archive of three categories have its database on this server."""
    for category in CATEGORIES:
        arxiv.announce(invent(category, DAY))
    archive.configure("arxiv", categories=CATEGORIES)
    archive.configure("store", url=server.url, host="alpha", lease=1.0)
    return archive


def execute(server: Cluster, *statements: str) -> None:
    """Run statements as its owner, each in a transaction of its own."""
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def counts(server: Cluster) -> list[int]:
    """Return how many rows each table of what was announced has."""
    engine = create_engine(server.url)
    with engine.connect() as connection:
        found = [connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES]  # noqa: S608
    engine.dispose()
    return found


def whole_days(server: Cluster) -> bool:
    """Whether each stored day has the entries that its row counts."""
    engine = create_engine(server.url)
    query = """SELECT count(*) FROM day WHERE (SELECT count(*) FROM entry WHERE day_id = day.id)
    <> (stored->>'new')::int + (stored->>'cross')::int + (stored->>'replacement')::int"""
    with engine.connect() as connection:
        found = connection.scalar(text(query))
    engine.dispose()
    return bool(found == 0)


def once(path: str, do: Callable[[], object]) -> Fault:
    """Do something before the first request for ``path`` is answered."""
    done = threading.Event()

    def fault(request: Request, reply: Reply) -> Reply:
        if request.path == path and not done.is_set():
            done.set()
            do()
        return reply

    return fault


END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"


def test_a_connection_that_is_lost_costs_a_category_at_the_most(
    shared_store: Sandbox, arxiv: StandIn, server: Cluster
) -> None:
    """It says that the server ended it, with 6; the others are stored, and the next run brings in the rest."""
    arxiv.fault = once("/list/cs.CV/new", lambda: execute(server, END_ALL))
    result = shared_store.digest("run")
    assert result.code == 6, result.err
    assert "error: " in result.err
    assert "Traceback" not in result.err
    assert all("terminating connection" in line or "closed" in line for line in errors(result.err)), result.err
    assert whole_days(server)
    assert shared_store.digest("run").code == 0
    assert counts(server)[0] == 3
    assert shared_store.digest("verify").code == 0


def errors(said: str) -> list[str]:
    """Return the lines of failures."""
    return [line for line in said.splitlines() if line.startswith("error: ")]


@pytest.mark.long
def test_a_server_that_is_restarted_in_the_middle_of_a_run(
    shared_store: Sandbox, arxiv: StandIn, server: Cluster
) -> None:
    """As for a lost connection."""

    def restart() -> None:
        server.stop()
        server.start()

    arxiv.fault = once("/list/cs.LG/new", restart)
    result = shared_store.digest("run")
    assert (result.code, "Traceback" in result.err) == (6, False), result.err
    assert whole_days(server)
    assert shared_store.digest("run").code == 0
    assert counts(server)[0] == 3


def test_a_server_that_is_not_there_is_named(shared_store: Sandbox, server: Cluster) -> None:
    """In one line, without the password, with 6; reading and running alike."""
    url = server.url.replace("digest@", "digest:sesame@").replace(str(server.folder), "/nowhere")
    shared_store.configure("store", url=url)
    for command in (["run"], ["status"], ["show", "latest"], ["search", "x"], ["paper", "2503.00001"], ["verify"]):
        result = shared_store.digest(*command)
        assert result.code == 6, (command, result.err)
        assert len(errors(result.err)) == 1, (command, result.err)
        assert "sesame" not in result.err
        assert len(result.err.splitlines()) == 1, (command, result.err)


@pytest.mark.long
def test_a_standby_is_read_and_not_written(shared_store: Sandbox, arxiv: StandIn, server: Cluster) -> None:
    """What reads goes on; what would write says in one line that this server only lets itself be read."""
    assert shared_store.digest("run").code == 0
    before, asked = counts(server), len(arxiv.requests)
    with cluster(of=server) as standby:
        shared_store.configure("store", url=standby.url)
        for command in (["status"], ["show", str(DAY)], ["export", str(DAY), "--format", "json"], ["search", "the"]):
            result = shared_store.digest(*command)
            assert result.code == 0, (command, result.err)
        for command in (["run"], ["accept", str(DAY)], ["regenerate", str(DAY)]):
            result = shared_store.digest(*command)
            assert result.code == 6, (command, result.err)
            (line,) = errors(result.err)
            assert "read-only" in line
            assert "standby" in line
    assert (counts(server), len(arxiv.requests)) == (before, asked)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 80 MB."""
    folder = Path("/tmp") / f"digest-small-{os.getpid()}"  # noqa: S108 - the server's user may not enter pytest's folder
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if not is_mounted or subprocess.run(command, capture_output=True, check=False, timeout=20).returncode:
        folder.rmdir()
        pytest.skip("a small disk cannot be mounted here: it takes root and the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=20)
    folder.rmdir()


@pytest.mark.long
def test_a_server_whose_disk_is_full(archive: Sandbox, arxiv: StandIn, small_disk: Path) -> None:
    """It is said, with 6, and no day is half stored; once there is room, the next run goes on."""
    with cluster(small_disk) as server:
        shared_store = on_server(archive, arxiv, server)
        assert shared_store.digest("run").code == 0
        after = "2025-03-06T02:00:00Z"
        for category in CATEGORIES:
            arxiv.announce(invent(category, DAY.replace(day=6), new=400, cross=100, replacement=20))
        arxiv.today = DAY.replace(day=6)
        filler = small_disk / "filler"
        with filler.open("wb") as stream:
            while True:
                try:
                    stream.write(bytes(65536))
                    stream.flush()
                except OSError:
                    break
        result = shared_store.digest("run", now=after)
        assert result.code == 6, result.err
        assert "Traceback" not in result.err
        filler.unlink(missing_ok=True)
        with suppress(subprocess.CalledProcessError):  # it may not have stopped
            server.start()
        assert whole_days(server)
        assert shared_store.digest("run", now=after).code == 0
        assert counts(server)[0] == 6
