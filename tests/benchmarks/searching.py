"""Searching 350,000 papers, in one process, against the scan by LIKE that a user would write; what the index costs.

The texts are real ones with other ids; each comes the more seldom the later it stands, so that words can be rare.
"""

import itertools
import random
import shutil
import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from digest.model import ArxivId, Day, Entry, Paper, Section, Source, State
from digest.store.driver import Driver
from digest.store.file import PRAGMAS
from digest.store.light import LightStore, open_light
from digest.store.rows import write_day
from digest.store.whole import Store
from digest.views.search import parse_query
from tests.benchmarks.archives import CATEGORY, END, Texts, ids, papers, weekdays
from tests.benchmarks.measuring import Row, Used, in_turn, used_by

SIZE = 130
DAYS = 2693  # 350,090 papers
WORDS = (
    *("speckle", "comics", "synthesizer", "footprints", "gestures", "plasticity", "entanglement", "philosophy"),
    *("spoofing", "throughput", "curvature", "species", "infrared", "equivariant", "lesion", "pose", "camera"),
    *("retrieval", "video", "attention"),
)
"""Of the real texts: the first stands in a ten-thousandth of the papers, the last in a fifth."""

_NIGHTS = 30
_REPEATS = 5  # of a search, which takes milliseconds
_LIKE = "SELECT arxiv_id, title FROM revision WHERE title LIKE ? OR abstract LIKE ? ORDER BY id DESC"
_TEXTS = """
SELECT sum(length(title) + length(authors) + coalesce(length(abstract), 0) + coalesce(length(comments), 0))
FROM revision_plain"""
_INDEX = "SELECT sum(length(block)) + (SELECT sum(length(sz) + 8) FROM revision_text_docsize) FROM revision_text_data"


def searching(place: Path, texts: Texts, night: Used) -> Iterator[Row]:
    """Yield the searches, the worst word of each kind, the size of the index, and what it adds to a ``night``."""
    database, some = place / "papers.db", papers(place, texts)
    made = [] if database.exists() else [_make(database, some)]
    light = open_light(database)
    if light is None:
        raise RuntimeError(f"{database} cannot be opened")
    with closing(light), closing(sqlite3.connect(database)) as script:
        if made:
            yield Row(f"{DAYS * SIZE:,} papers stored", made)
        yield from _searches(light, script)
        ((text,), (index,)) = (script.execute(query).fetchone() for query in (_TEXTS, _INDEX))
    size = f"index {index / 2**20:.0f} MiB, its texts {text / 2**20:.0f} MiB: {index / text:.2f}"
    yield from _storing(database, some, night, size)


def _make(database: Path, some: Sequence[Paper]) -> Used:
    chosen = random.Random(1)  # noqa: S311  # no secret
    weights = [*itertools.accumulate(1 / (place + 5) for place in range(len(some)))]

    def make() -> None:
        with closing(Store(f"sqlite:///{database}", database)):
            pass
        light = open_light(database)
        if light is None:
            raise RuntimeError(f"{database} cannot be made")
        with closing(light):
            for when in weekdays(DAYS):
                light.save_day(
                    _day(when, chosen.choices(some, cum_weights=weights, k=SIZE)), "0" * 64, outdated_file="x"
                )

    return used_by(make)


def _day(when: date, some: Sequence[Paper]) -> Day:
    own = (ArxivId.parse(one) for one in reversed(ids(when, len(some))))
    entries = tuple(
        Entry(Section.NEW, place, replace(paper, arxiv_id=one))
        for place, (one, paper) in enumerate(zip(own, some, strict=True), 1)
    )
    return Day(CATEGORY, when, State.COMPLETE, Source.LISTING, {Section.NEW: len(some)}, entries, (), 1)


def _searches(light: LightStore, script: sqlite3.Connection) -> Iterator[Row]:
    total = DAYS * SIZE
    scanned: dict[str, Used] = {}
    shares = {word: len(light.find_announcements(parse_query(word))) / total for word in WORDS}
    for word in WORDS:
        scanned[word] = used_by(partial(_scan, script, f"%{word}%"))
    span = f"words in {min(shares.values()):.2%} to {max(shares.values()):.0%}"
    for name, ranked in (("newest", False), ("ranked", True)):
        found = {word: _search(light, word, ranked=ranked) for word in WORDS}
        ratios = {word: found[word].cpu / scanned[word].cpu for word in WORDS}
        worst = max(ratios, key=ratios.__getitem__)
        note = f"LIKE; {len(WORDS)} {span}; the worst, {worst} ({shares[worst]:.2%}): {ratios[worst]:.2%}"
        yield Row(f"search {total:,} papers, {name} 20", [*found.values()], [*scanned.values()], note)


def _scan(script: sqlite3.Connection, pattern: str) -> None:
    script.execute(_LIKE, (pattern, pattern)).fetchall()


def _search(light: LightStore, word: str, *, ranked: bool) -> Used:
    def search() -> None:
        for _ in range(_REPEATS):
            light.find(parse_query(word), ranked=ranked, limit=20)

    return Used(used_by(search).cpu / _REPEATS)


class _WithoutIndex(Driver):
    """Stores what digest stores, but for the full-text index."""

    def index(self, _places: range) -> None:
        """Do nothing."""


def _storing(database: Path, some: Sequence[Paper], night: Used, size: str) -> Iterator[Row]:
    """Yield what a night's day costs with the index and without, stored after all others in a copy."""
    copy = database.with_name("copy.db")
    shutil.copyfile(database, copy)
    days = iter([_day(END + timedelta(days=place), some[:140]) for place in range(1, 2 * _NIGHTS + 1)])
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

        def store(driver: Driver) -> None:
            connection.execute("BEGIN IMMEDIATE")
            write_day(driver, next(days), "0" * 64)
            connection.execute("COMMIT")

        both = {"with": Driver(connection), "without": _WithoutIndex(connection)}
        found = in_turn({name: partial(used_by, partial(store, driver)) for name, driver in both.items()}, _NIGHTS)
    copy.unlink()
    added = statistics.mean(one.cpu for one in found["with"]) - statistics.mean(one.cpu for one in found["without"])
    note = f"without the full-text index, which adds {added / night.cpu:.1%} of a night ({night.cpu:.2f} s); {size}"
    yield Row(f"a day of 140 stored after {DAYS * SIZE:,} papers", found["with"], found["without"], note)
