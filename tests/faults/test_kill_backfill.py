"""A backfill that is killed at any moment of the harvest and of the reconstruction: run again, it ends the same."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.conftest import DAY, Sandbox
from tests.faults.test_kill import clear
from tests.standin import StandIn, faults
from tests.standin.oai import EARLIEST, Repository, invented
from tests.test_backfill import asked, kaggle
from tests.test_backfill_days import NOW

PAPERS = 2600
"""Of two months, with a listing every working day."""
PAGE = 100
PATIENCE = 60.0
_TEXTS = "arxiv_id, source, datestamp, version, categories, title, authors, comments, journal_ref, abstract"
_ENTRY = "category, date, section, position, e.arxiv_id, basis, earliest, latest, text_version, text_hash, fields_hash"
_JOINED = "entry e JOIN day d ON d.id = day_id JOIN revision r ON r.id = revision_id"
TABLES = (
    f"SELECT {_TEXTS} FROM harvested ORDER BY 1",  # noqa: S608 - our own names
    "SELECT * FROM version ORDER BY 1, 2",
    "SELECT subset, token, datestamp, finished_at IS NULL, unread_since, unread_lists FROM harvest ORDER BY 1",
    "SELECT category, finished_at IS NULL, has_unread FROM gathered ORDER BY 1",
    "SELECT category, date, state, source, stored, parser_version, content_hash, has_files FROM day ORDER BY 1, 2",
    f"SELECT {_ENTRY} FROM {_JOINED} ORDER BY 1, 2, 4",  # noqa: S608 - our own names
    "SELECT arxiv_id, text_hash, fields_hash, title, abstract, raw FROM revision ORDER BY 1, 2, 3",
    "SELECT arxiv_id, ordinal, url, kind FROM link JOIN revision r ON r.id = revision_id ORDER BY 1, 2",
    "SELECT path, inputs_hash, sha256, template_version FROM file ORDER BY 1",
    "SELECT count(*) FROM revision_text WHERE revision_text MATCH 'things'",
    "PRAGMA integrity_check",
    "PRAGMA foreign_key_check",
)


@dataclass
class Past:
    """A backfill by OAI-PMH or of a file, and how far the one that is at work has come."""

    sandbox: Sandbox
    arxiv: StandIn | None
    arguments: Sequence[str]

    def start(self) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own."""
        command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NOW, "backfill"]
        command += self.arguments
        folder, null = self.sandbox.folder, subprocess.DEVNULL
        return subprocess.Popen(command, cwd=folder, start_new_session=True, stdout=null, stderr=null)

    def gathered(self) -> int:
        """Return how many papers the database has."""
        return self._count("harvested")

    def reconstructed(self) -> int:
        """Return how many days the database has."""
        return self._count("day")

    def _count(self, table: str) -> int:
        with suppress(sqlite3.Error):  # not there yet; at work
            place = f"file:{self.sandbox.folder / 'archive.db'}?mode=ro"
            with closing(sqlite3.connect(place, uri=True, timeout=0.1)) as connection:
                return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own
        return 0

    def kill_when(self, is_time: Callable[[], bool], delay: float) -> bool:
        """Kill one with all that it started, ``delay`` seconds after ``is_time``; return whether it was at work."""
        process, end = self.start(), time.monotonic() + PATIENCE
        while process.poll() is None and not is_time() and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(delay)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait(PATIENCE) == -signal.SIGKILL

    def contents(self) -> list[list[tuple[object, ...]]]:
        """Return all that the database holds, but its own numbers and times."""
        with closing(sqlite3.connect(self.sandbox.folder / "archive.db")) as connection:
            return [connection.execute(query).fetchall() for query in TABLES]


@pytest.fixture(params=["harvest", "harvest, files", "file", "file, files"])
def past(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Past]:
    """Papers of two months, by OAI-PMH or in a file of Kaggle's, for days in the database alone or with files."""
    # Sixty were changed on each day: of these, the next harvest asks again.
    records = [
        replace(one, datestamp=EARLIEST + timedelta(days=number // 60)) for number, one in enumerate(invented(PAPERS))
    ]
    files = ("--files",) if "files" in request.param else ()
    sandbox.configure("arxiv", oai_url="http://127.0.0.1:9")
    if request.param.startswith("file"):
        # Outside of the archive, for that is cleared.
        file = kaggle(Sandbox(sandbox.folder.parent, sandbox.capture), invented(PAPERS * 3))
        yield Past(sandbox, None, ("--file", str(file), *files))
        return
    with StandIn([], today=DAY) as arxiv:
        arxiv.repository = Repository(records, page_size=PAGE)
        arxiv.fault = faults.slow_start(0.05)
        sandbox.configure("arxiv", oai_url=f"{arxiv.url}/oai")
        yield Past(sandbox, arxiv, files)


@pytest.mark.long
@pytest.mark.parametrize("seed", [17])
def test_a_backfill_killed_ten_times_ends_as_if_it_had_not_been(past: Past, seed: int) -> None:
    """Its process group, at moments drawn over the whole run: the same rows and files, and no page is asked for twice.

    But the one in hand when it was killed. Nothing is left over that a run in one piece does not leave.
    """
    sandbox = past.sandbox
    assert past.start().wait(PATIENCE) == 0
    rows, tree, days, papers = past.contents(), sandbox.tree(), past.reconstructed(), past.gathered()
    assert days > 20
    clear(sandbox)
    once = asked(past.arxiv) if past.arxiv else []
    chance, asked_by = random.Random(seed), list[list[dict[str, str]]]()  # noqa: S311 - no secret
    # Each later than the last one: who begins anew each time would not get there.
    moments = [(past.gathered, share * papers) for share in sorted(chance.random() for _ in range(5))]
    moments += [(past.reconstructed, share * days) for share in sorted(chance.random() for _ in range(5))]
    killed = 0
    for count, enough in moments:
        killed += past.kill_when(lambda: count() >= enough, chance.uniform(0, 0.08))  # noqa: B023 - called here
        asked_by.append(asked(past.arxiv) if past.arxiv else [])
    assert killed >= 8
    assert past.start().wait(PATIENCE) == 0
    asked_by.append(asked(past.arxiv) if past.arxiv else [])
    assert past.contents() == rows
    assert sandbox.tree() == tree
    assert [path for path in tree if ".edited" in path or path.endswith(".digest-tmp")] == []
    _check_asked(asked_by, once)


def _check_asked(asked_by: Sequence[Sequence[dict[str, str]]], once: Sequence[dict[str, str]]) -> None:
    """Each run goes on at the page that the one before had in hand; once all came, it asks what has changed since."""
    place = 0
    for requests in asked_by:
        for number, one in enumerate(requests):
            is_in_hand = number == 0 and place > 0 and one == once[place - 1]
            if place < len(once) and not is_in_hand and "from" not in one:
                assert one == once[place]
                place += 1
            else:
                # The last page may have been stored although its run was killed.
                assert is_in_hand or (number, place, "from" in one) == (0, len(once), True)
    assert place == len(once)
