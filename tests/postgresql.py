"""PostgreSQL servers for the tests, started, stopped and copied; empty databases and schemas in them; a pooler."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server in a folder, on a socket there; its user is ``digest``, who may do everything."""

    programs: Path
    folder: Path
    user: Sequence[str]

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql+psycopg://digest@/postgres?host={self.folder}"

    def call(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs, about this cluster."""
        subprocess.run(
            [*self.user, str(self.programs / program), "-D", str(self.folder / "data"), *arguments],
            cwd=self.folder,
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self.call("pg_ctl", "-w", "-t", "30", "-o", options, "-l", str(self.folder / "log"), "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it; ``how`` as pg_ctl says."""
        self.call("pg_ctl", "-w", "-m", how, "stop")


def programs() -> Path | None:
    """Return the folder of the server's programs, if there is one."""
    on_path = shutil.which("pg_ctl")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = [Path(on_path).resolve().parent] if on_path else [place for place in folders if (place / "initdb").exists()]
    return found[-1] if found else None


def as_postgres() -> list[str]:
    """The server refuses to be run by root; a way to run it as the user that its package makes."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv"):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    if shutil.which("runuser"):
        return ["runuser", "-u", "postgres", "--"]
    pytest.skip("no PostgreSQL: root cannot run it, and neither setpriv nor runuser is here")


@contextmanager
def cluster(home: Path | None = None, *, of: Cluster | None = None) -> Iterator[Cluster]:
    """Start a server in a folder, by default a new one; a standby, if it is one ``of`` another."""
    pytest.importorskip("psycopg", reason="no PostgreSQL: the extra 'postgres' is not installed")
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL: install the server's programs")
    # Not below pytest's own folder, which the server's user may not enter.
    place = home or Path(tempfile.mkdtemp(prefix="digest-postgres-"))
    one = Cluster(found, place, as_postgres())
    try:
        if one.user:
            shutil.chown(place, "postgres", "postgres")
        if of:
            arguments = ("-h", str(of.folder), "-U", "digest", "-R", "-X", "stream", "-c", "fast")
            one.call("pg_basebackup", *arguments)
        else:
            one.call("initdb", "-U", "digest", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        one.start()
        try:
            yield one
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                one.stop()
    finally:
        if home is None:
            shutil.rmtree(place)


@contextmanager
def database(server: Cluster, name: str) -> Iterator[str]:
    """Make an empty database on a server; yield its address."""
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.url.replace("/postgres?", f"/{name}?")
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: $DIGEST_TEST_POSTGRES, or one started for these tests."""
    if given_url := os.environ.get("DIGEST_TEST_POSTGRES"):
        yield given_url
        return
    with cluster() as one:
        yield one.url


def schemas(server: str) -> Iterator[str]:
    """Yield addresses of empty schemas of our own in the server's database: nothing else in it is touched."""
    names = (f"digest_test_{os.getpid()}_{number}" for number in count())
    made = []
    engine = create_engine(server)
    try:
        while True:
            name = next(names)
            with engine.begin() as connection:
                connection.execute(text(f"CREATE SCHEMA {name}"))
            made.append(name)
            url = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
            yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            for name in made:
                connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


_POOLER = """\
[databases]
* = host={folder} user=digest
[pgbouncer]
listen_addr =
unix_socket_dir = {place}
auth_type = any
pool_mode = transaction
max_client_conn = 100
default_pool_size = 4
logfile = {place}/log
pidfile = {place}/pid
"""


@contextmanager
def pooler(server: Cluster, database: str) -> Iterator[str]:
    """Start pgbouncer before a server, in transaction mode; yield the address of one of its databases.

    Each transaction may have another of its four connections.
    """
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("no pooler: install pgbouncer")
    with tempfile.TemporaryDirectory(prefix="digest-pooler-") as place:
        Path(place, "ini").write_text(_POOLER.format(folder=server.folder, place=place), encoding="ascii")
        if server.user:
            shutil.chown(place, "postgres", "postgres")
        process = subprocess.Popen([*server.user, program, "-q", f"{place}/ini"], stdin=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if Path(place, ".s.PGSQL.6432").exists():
                    break
                time.sleep(0.05)
            yield f"postgresql+psycopg://digest@/{database}?host={place}&port=6432"
        finally:
            process.terminate()
            process.wait()


JOBS = (
    *("accept", "backfill", "backfill_days", "calendar_corrections", "categories", "diskless", "doubt", "export"),
    *("fallback", "fetch", "formats", "git", "healing", "history", "import", "indexes", "islands", "isolation", "jobs"),
    *(
        "ledger",
        "logs",
        "mcp",
        "messages",
        "partial",
        "ranking",
        "records",
        "replay",
        "search",
        "short",
        "show",
        "site",
    ),
    *("told_once", "verify", "view_files", "views"),
)
"""The test files of jobs and commands, which also run with their databases on a server."""

if __name__ == "__main__":
    print(*(f"tests/test_{name}.py" for name in JOBS))  # noqa: T201 - for a shell
