"""A PostgreSQL server for the tests, and empty schemas in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url


@dataclass(frozen=True)
class _Cluster:
    """A PostgreSQL server of our own in a folder, on a socket there."""

    programs: Path
    folder: Path
    user: Sequence[str]

    def call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self.user, str(self.programs / program), "-D", str(self.folder / "data"), *arguments],
            cwd=self.folder,
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _programs() -> Path | None:
    on_path = shutil.which("pg_ctl")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = [Path(on_path).parent] if on_path else [place for place in folders if (place / "initdb").exists()]
    return found[-1] if found else None


def _as_postgres() -> list[str]:
    """The server refuses to be run by root; a way to run it as the user that its package makes."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv"):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    if shutil.which("runuser"):
        return ["runuser", "-u", "postgres", "--"]
    pytest.skip("no PostgreSQL: root cannot run it, and neither setpriv nor runuser is here")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: $DIGEST_TEST_POSTGRES, or one started for these tests."""
    pytest.importorskip("psycopg", reason="no PostgreSQL: the extra 'postgres' is not installed")
    given_url = os.environ.get("DIGEST_TEST_POSTGRES")
    if given_url:
        yield given_url
        return
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL: set DIGEST_TEST_POSTGRES, or install the server's programs")
    # Not below pytest's own folder, which the server's user may not enter.
    home = Path(tempfile.mkdtemp(prefix="digest-postgres-"))
    cluster = _Cluster(programs, home, _as_postgres())
    if cluster.user:
        shutil.chown(home, "postgres", "postgres")
    try:
        cluster.call("initdb", "-U", "digest", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        cluster.call("pg_ctl", "-w", "-t", "30", "-o", options, "-l", str(home / "log"), "start")
        try:
            yield f"postgresql+psycopg://digest@/postgres?host={home}"
        finally:
            cluster.call("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


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
