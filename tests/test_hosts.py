"""Several hosts, one PostgreSQL server: the work of a night is shared, and together they are one polite client."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import create_engine, text

from digest.config import load
from digest.config.resources import read_calendar
from tests.conftest import DAY, Sandbox
from tests.nights import after, show
from tests.postgresql import Cluster, cluster, database, pooler
from tests.standin import Mailing, StandIn, faults, invent

CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO", "eess.IV")
NAMES = ("alpha", "beta", "gamma")
WRITER = NAMES[0]
DELAY = 0.15


@dataclass
class Host:
    """One host: its name, and its own folder."""

    name: str
    sandbox: Sandbox

    @property
    def folder(self) -> Path:
        """Where its configuration and files are."""
        return self.sandbox.folder

    def start(self, now: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, ``run`` if none is named."""
        command = [sys.executable, "-m", "digest", "--now", now, *(arguments or ("run",))]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a process ended, and what it said."""
    words = process.communicate(timeout=120)[1]
    return process.returncode, words


@dataclass
class Group:
    """Hosts that share a database."""

    hosts: Sequence[Host]
    url: str
    arxiv: StandIn

    def run(self, now: str) -> list[tuple[int, str]]:
        """Run all hosts at the same time; return how each ended, and what it said."""
        return [ended(process) for process in [host.start(now) for host in self.hosts]]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Ask the database."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found

    def execute(self, statement: str) -> None:
        """Change the database."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def stored(self) -> list[tuple[object, ...]]:
        """Return each stored day: category, date, state, how many entries."""
        return self.rows(
            "SELECT category, date, state, (SELECT count(*) FROM entry WHERE day_id = day.id) FROM day ORDER BY 2, 1"
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of this file alone."""
    with cluster() as one:
        yield one


@pytest.fixture
def group(
    request: pytest.FixtureRequest, server: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Group]:
    """Three hosts in folders of their own, which nothing was run on yet; the first one writes files.

    They share an empty database, where it is asked for by a pooler.
    """
    mailings = [invent(category, DAY, new=4, cross=2, replacement=3) for category in CATEGORIES]
    name = f"hosts_{uuid4().hex}"
    with (
        database(server, name) as url,
        pooler(server, name) if getattr(request, "param", "") == "pooler" else nullcontext(url) as address,
        StandIn(mailings, today=DAY) as arxiv,
    ):
        yield Group([host(name, address, arxiv, tmp_path, capsys) for name in NAMES], url, arxiv)


def host(name: str, url: str, arxiv: StandIn, place: Path, capsys: pytest.CaptureFixture[str]) -> Host:
    """Return a host whose archive is in a folder of its name."""
    folder = place / name
    folder.mkdir()
    sandbox = Sandbox(folder, capsys)
    sandbox.configure("arxiv", categories=CATEGORIES, contact="tests@example.org")
    sandbox.configure("arxiv", pages_url=arxiv.url, feeds_url=arxiv.url, pages_delay=DELAY, feeds_delay=DELAY)
    sandbox.configure("store", url=url, host=name, lease=2.0, records="data")
    sandbox.configure("git", host=WRITER)
    return Host(name, sandbox)


def test_three_hosts_share_a_night(group: Group) -> None:
    """Each category is asked for once, by whichever host is free, and no two requests are closer than the delay."""
    group.arxiv.fault = faults.slow_start(0.1)
    assert [code for code, _ in group.run(after(DAY))] == [0, 0, 0]
    asked = [request.path for request in group.arxiv.requests]
    assert sorted(asked) == [f"/list/{category}/new" for category in CATEGORIES]
    assert [(name, state, count) for name, _, state, count in group.stored()] == [
        (category, "complete", 9) for category in CATEGORIES
    ]
    moments = [request.at for request in group.arxiv.requests]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= DELAY
    assert len({host for (host,) in group.rows("SELECT DISTINCT host FROM raw_page")}) > 1


def test_one_host_writes_the_files(group: Group) -> None:
    """The others bring days in, and write nothing but the raw pages that they fetched."""
    group.run(after(DAY))
    assert ended(group.hosts[0].start(after(DAY, 2)))[0] == 0  # of what came in after it had written
    writer, *others = group.hosts
    for category in CATEGORIES:
        assert (writer.folder / f"{category}/2025/03/{DAY}.md").is_file()
        assert (writer.folder / f"data/{category}/2025/{DAY}.jsonl").is_file()
    for other in others:
        left = {path.relative_to(other.folder).parts[0] for path in other.folder.rglob("*") if path.is_file()}
        assert left <= {"config.toml", "raw", "archive.db.lock"}
    assert ended(writer.start(after(DAY, 2), "verify"))[0] == 0


@pytest.mark.long
def test_one_host_tells(group: Group) -> None:
    """The others send no messages: an address that cannot be read is no trouble of theirs."""
    for host in group.hosts:
        host.sandbox.configure("notify", urls=["file:absent"])
    assert [code for code, _ in group.run(after(DAY))] == [7, 0, 0]


def test_what_writes_files_is_refused_elsewhere(group: Group) -> None:
    """In one line that names the host that can, and nothing is asked."""
    other = group.hosts[1]
    for command in (["regenerate", "--all"], ["verify", "--repair"]):
        code, words = ended(other.start(after(DAY), *command))
        assert code == 2, words
        assert "host beta only brings days in; alpha writes the files ([git] host)" in words


@pytest.mark.long
def test_a_job_on_all_categories_waits_for_nobody(group: Group) -> None:
    """While a host is at work on a category, `fetch` elsewhere ends with 3 and names it."""
    group.arxiv.fault = faults.slow_start(3)
    busy = group.hosts[1].start(after(DAY))
    while not group.arxiv.requests:
        time.sleep(0.01)
    code, words = ended(group.hosts[2].start(after(DAY), "fetch", str(DAY)))
    group.arxiv.fault = None
    assert (code, "host beta is at work on it; try again once it has ended" in words) == (3, True)
    assert ended(busy)[0] == 0


@pytest.mark.long
def test_a_host_that_wakes_up_late_stores_nothing(group: Group) -> None:
    """It was stopped in the middle of a request, and another host went on: it says so, and ends with 3."""
    group.arxiv.fault = faults.slow_start(0.5)
    sleeper = group.hosts[1].start(after(DAY))
    while not group.arxiv.requests:
        time.sleep(0.01)
    sleeper.send_signal(signal.SIGSTOP)
    group.arxiv.fault = None
    for host in group.hosts:  # the request of the one that sleeps is not over before its time
        host.sandbox.configure("arxiv", timeout=0.5)
    time.sleep(2.5)
    group.execute("UPDATE politeness SET asking_until = 0")  # as if the time of its request were over
    assert ended(group.hosts[2].start(after(DAY)))[0] == 0
    stored = group.stored()
    assert len(stored) == len(CATEGORIES)
    sleeper.send_signal(signal.SIGCONT)
    code, words = ended(sleeper)
    assert (code, "another host went on with it" in words) == (3, True)
    assert group.stored() == stored


@pytest.mark.parametrize("group", ["server", "pooler"], indirect=True)
@pytest.mark.parametrize(
    "nights",
    [pytest.param(3, marks=pytest.mark.long), pytest.param(30, marks=pytest.mark.exhaustive)],
)
def test_nights_in_each_of_which_a_host_is_killed(group: Group, nights: int) -> None:
    """At any moment: each day is stored once, nobody asks too soon, and an hour later nothing is left to do.

    The same by pgbouncer in transaction mode, where no two transactions need to have the same connection.
    """
    play_nights(group, nights)


def play_nights(group: Group, nights: int) -> None:
    """Play as many listing dates: three hosts at once, one of which is killed, and again an hour later."""
    chance = random.Random(nights)  # noqa: S311 - no secret
    calendar = read_calendar()
    when, played = DAY, 0
    expected = []
    group.arxiv.fault = faults.slow_start(0.03)
    while played < nights:
        if calendar.is_listing_date(when):
            show(group.arxiv, *mailings(when))
            night(group, when, chance)
            expected += [(category, when, "complete", 9) for category in CATEGORIES]
            assert group.stored() == expected
            played += 1
        when += timedelta(days=1)
    moments = [request.at for request in group.arxiv.requests]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= DELAY
    writer = group.hosts[0]
    for category, day, *_ in expected:
        assert (writer.folder / f"{category}/{day:%Y/%m}/{day}.md").is_file()
    assert ended(writer.start(after(when), "verify"))[0] == 0
    assert group.rows("SELECT count(*) FROM lease WHERE ends_at > clock_timestamp()") == [(0,)]


def mailings(when: date) -> list[Mailing]:
    """Return what arXiv announces on a date."""
    return [invent(category, when, new=4, cross=2, replacement=3) for category in CATEGORIES]


def night(group: Group, when: date, chance: random.Random) -> None:
    """Run all hosts at once and kill one of them; then, an hour later, run all of them."""
    processes = [host.start(after(when)) for host in group.hosts]
    victim = chance.choice(processes)
    time.sleep(chance.uniform(0.3, 2.5))
    victim.kill()
    for process in processes:
        code, words = ended(process)
        assert code in (0, -signal.SIGKILL), words
    time.sleep(2.1)  # its leases end
    for _ in range(2):  # the host that writes may have ended before the others had brought in everything
        for code, words in group.run(after(when, 2)):
            assert code == 0, words


def test_the_compose_file_fits_its_configuration() -> None:
    """Its three hosts load the configuration beside it, each by its own name, and one of them writes files."""
    folder = Path(__file__).parents[1] / "docs" / "hosts"
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    found = {name: services[name]["environment"] for name in NAMES}
    writers = {}
    for name, environment in found.items():
        url = environment["DIGEST_STORE_URL"].replace("${POSTGRES_PASSWORD:?}", "sesame")
        config = load(folder / "config.toml", {**environment, "DIGEST_STORE_URL": url, "DIGEST_ARXIV_CONTACT": ""})
        writers[name] = (config.host, config.writes_files, "cs.CV" in config.arxiv.categories)
    assert writers == {"alpha": ("alpha", True, True), "beta": ("beta", False, True), "gamma": ("gamma", False, True)}
    assert services["pooler"]["environment"]["POOL_MODE"] == "transaction"
    hosts = [services[name]["volumes"][0].partition(":")[0] for name in NAMES]
    assert len({*hosts}) == len(NAMES)
