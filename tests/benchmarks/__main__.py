"""What digest costs, through the command line alone: ``python -m tests.benchmarks``.

Whole commands are run in processes of their own, in turn with what a user would write instead, and their CPU seconds
are compared (user and system, of the command and all that it waited for): the median of the rounds, with minimum and
maximum. Nothing else should run meanwhile. ``python -m tests.benchmarks.inside`` measures the parts in one process.
"""

import argparse
import contextlib
import gzip
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.archives import (
    CATEGORY,
    END,
    NOW,
    Texts,
    commit,
    configure,
    fill,
    git,
    page,
    split,
    weekdays,
)
from tests.benchmarks.drawing import drawn
from tests.benchmarks.measuring import DIGEST, Row, Used, in_turn, run, table
from tests.benchmarks.searching import searching
from tests.standin import StandIn
from tests.standin.oai import invented

DAYS, PAPERS = (100, 1000, 4000), 20
"""Days, and papers of a day, for what should not grow."""

BIG = (300, 130)
FORMATS = ("json", "jsonl", "csv", "bibtex", "atom", "jsonfeed")
PYTHON = (sys.executable, "-c")


@dataclass
class Bench:
    """Where archives are made, what they hold, how often each thing is measured."""

    place: Path
    texts: Texts
    rounds: int
    sizes: Sequence[tuple[int, int]]

    @property
    def new(self) -> int:
        """How many papers a new day has."""
        return max(26, *(size for _, size in self.sizes))

    def archive(self, count: int, size: int) -> Path:
        """Return an archive with a database, files and a commit, made at its first use."""
        folder = self.place / f"{count}x{size}"
        if not (folder / "archive.db").exists():
            self.rebuilt(count, size)
        return folder

    def rebuilt(self, count: int, size: int) -> Used:
        """Make the archive from its records; return what ``rebuild`` used."""
        folder = self.place / f"{count}x{size}"
        tell(f"making an archive of {count} days of {size}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fill(folder, self.texts, count, size)
        used = run([*DIGEST, "--now", NOW, "rebuild"], folder)
        commit(folder)
        return used

    def copy(self, folder: Path, name: str) -> Path:
        """Return a copy that may be changed."""
        target = self.place / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target, symlinks=True)
        return target

    def fresh(self, name: str) -> Path:
        """Return an empty folder."""
        target = self.place / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return target


def tell(words: str) -> None:
    """Say on stderr what is being done."""
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)


def nights() -> Iterator[date]:
    """Yield the listing dates after ``END``: Tuesdays, Wednesdays and Thursdays, which no holiday takes away there."""
    day = END
    while True:
        day += timedelta(days=1)
        if day.weekday() in (1, 2, 3):
            yield day


def at(when: date) -> str:
    """Return two hours after the announcement of ``when``."""
    return f"{when}T02:00:00Z"


# --- what is measured --------------------------------------------------------------------------------


def startup(bench: Bench) -> Iterator[Row]:
    """The start of a command, against that of Python."""
    folder = bench.archive(100, 20)
    run([*DIGEST, "--now", NOW, "run"], folder)  # the index, whatever a first run sees to
    options: dict[str, list[str]] = {
        "`--help`": ["--help"],
        "`show DATE`": ["--now", NOW, "show", str(END)],
        "`status`": ["--now", NOW, "status"],
        "`run`, nothing to do": ["-q", "--now", NOW, "run"],
    }
    measures = {name: _command([*DIGEST, *words], folder) for name, words in options.items()}
    found = in_turn({"": _command([*PYTHON, "pass"], folder), **measures}, bench.rounds * 3)
    for name in options:
        yield Row(f"start: {name}", found[name], found[""], "`python -c pass`")


def night(bench: Bench) -> Iterator[Row]:
    """A night end to end on loopback, against a script of a user's own."""
    for size in (140, 1350):
        ours, theirs = bench.fresh("night"), bench.fresh("script")
        dates = nights()
        first = next(dates)
        with StandIn([bench.texts.announcement(first, split(size))], today=first) as arxiv:
            configure(ours, arxiv.url)
            begin = run([*DIGEST, "-q", "--now", at(first), "run"], ours)
            found: dict[str, list[Used]] = {"ours": [], "theirs": []}
            for when in islice(dates, bench.rounds):
                arxiv.announce(bench.texts.announcement(when, split(size)))
                arxiv.today = when
                found["ours"].append(run([*DIGEST, "-q", "--now", at(when), "run"], ours))
                found["theirs"].append(run([*PYTHON, peers.NIGHT, arxiv.url, str(when)], theirs))
                _require((ours / CATEGORY / f"{when:%Y/%m}" / f"{when}.md").is_file(), f"no digest of {when}")
        yield Row(f"a night of {size:,} entries", found["ours"], found["theirs"], "requests, bs4, sqlite3")
        yield Row(f"the first night, of {size:,} entries", [begin])


def regenerate(bench: Bench) -> Iterator[Row]:
    """All digests again, against sqlite3 and Jinja2, the same bytes."""
    for count, size in (BIG, bench.sizes[-1]):
        folder = bench.copy(bench.archive(count, size), "regenerate")
        run([*PYTHON, peers.LOAD], folder)
        found: dict[str, list[Used]] = {"ours": [], "theirs": [], "again": []}
        for _ in range(max(1, bench.rounds // 2 if count * size > 50_000 else bench.rounds)):
            shutil.rmtree(folder / CATEGORY)
            found["ours"].append(run([*DIGEST, "-q", "--now", NOW, "regenerate", "--all"], folder))
            found["theirs"].append(run([*PYTHON, peers.REGENERATE], folder))
            found["again"].append(run([*DIGEST, "-q", "--now", NOW, "regenerate", "--all"], folder))
        different = [
            path.name
            for path in (folder / "peer").rglob("*.md")
            if path.read_bytes() != (folder / path.relative_to(folder / "peer")).read_bytes()
        ]
        _require(not different, f"digests that differ from the script's: {different[:3]}")
        name = f"`regenerate --all`, {count:,} x {size}"
        yield Row(name, found["ours"], found["theirs"], "sqlite3, Jinja2; the same bytes")
        yield Row(f"{name}, unchanged again", found["again"], found["ours"], "all of them")
        shutil.rmtree(folder)


def growth(bench: Bench) -> Iterator[Row]:
    """What should cost the same in the tenth year: each against the smallest archive."""
    sizes = bench.sizes
    with StandIn([bench.texts.announcement(END, split(20))], today=END) as arxiv:
        folders = {size: bench.copy(bench.archive(*size), f"growing-{size[0]}") for size in sizes}
        for folder in folders.values():
            configure(folder, arxiv.url, commits=True)
            git(folder, "commit", "--quiet", "--all", "--message=Settings")
            run([*DIGEST, "-q", "--now", NOW, "run"], folder)  # what a first run commits is no night's cost
        night = [*DIGEST, "-q", "--now", NOW, "run"]
        idle = in_turn({str(size[0]): _command(night, folders[size]) for size in sizes}, bench.rounds)
        new: dict[str, list[Used]] = {str(days): [] for days, _ in sizes}
        dates = nights()
        for when in islice(dates, bench.rounds):
            _announce(bench, arxiv, when, bench.new)
            for size in sizes:
                new[str(size[0])].append(run([*DIGEST, "-q", "--now", at(when), "run"], folders[size]))
        when = next(dates)
        _announce(bench, arxiv, when, bench.new)
        clone = {str(size[0]): _in_clones(bench, folders[size], when, size[0]) for size in sizes}
    of_new = f"a new day of {bench.new}"
    for name, found in (("nothing to do", idle), (of_new, new), (f"{of_new}, fresh clone", clone)):
        yield from _against_first(f"{name}: {{}} days", found)
    for days, used in clone.items():
        yield Row(f"{of_new}, fresh clone of {days} days", used, new[days][: len(used)], "with a disk")
    for folder in folders.values():
        shutil.rmtree(folder)


def _announce(bench: Bench, arxiv: StandIn, when: date, size: int) -> None:
    arxiv.announce(bench.texts.announcement(when, split(size)))
    arxiv.today = when


def _in_clones(bench: Bench, folder: Path, when: date, days: int) -> list[Used]:
    """Run a night in fresh clones of an archive: several times if that is soon done."""
    found = []
    for _ in range(bench.rounds if days <= 100 else 1):
        tell(f"a new day in a fresh clone of {days} days")
        shutil.rmtree(bench.place / "clone", ignore_errors=True)
        git(bench.place, "clone", "--quiet", "--depth=1", folder.as_uri(), "clone")
        found.append(run([*DIGEST, "-q", "--now", at(when), "run"], bench.place / "clone"))
    return found


def whole(bench: Bench) -> Iterator[Row]:
    """Commands that go through everything: linear in the papers, in memory that does not grow."""
    made = {str(days): [bench.rebuilt(days, size)] for days, size in bench.sizes}
    yield from _against_first("`rebuild`, {} days", made)
    for words in (["status"], ["verify"], ["export", "..", "--format", "jsonl"], ["regenerate", "--all"]):
        found = {}
        for days, size in bench.sizes:
            tell(f"{' '.join(words)}, {days} days")
            folder = bench.archive(days, size)
            if "regenerate" in words:
                shutil.rmtree(folder / CATEGORY)
            found[str(days)] = [run([*DIGEST, "--now", NOW, *words], folder)]
        yield from _against_first(f"`{' '.join(words)}`, {{}} days", found)


def export(bench: Bench) -> Iterator[Row]:
    """Every form of an export, against one day as JSON: memory should not follow the archive."""
    folder = bench.archive(*BIG)
    one = run([*DIGEST, "--now", NOW, "export", str(END), "--format", "json"], folder)
    yield Row("`export DATE --format json`", [one])
    for form in FORMATS:
        used = run([*DIGEST, "--now", NOW, "export", "..", "--format", form], folder)
        yield Row(f"`export .. --format {form}`, {BIG[0]} x {BIG[1]}", [used], [one], "one day as JSON")


def kept(bench: Bench) -> Iterator[Row]:
    """Pages that are kept: taken in, parsed again."""
    imported, replayed = {}, {}
    for count in (50, 500):
        tell(f"import of {count} pages")
        folder = bench.fresh("kept")
        configure(folder)
        names = []
        for when in weekdays(count):
            names.append(f"{when}.html.gz")
            day = bench.texts.announcement(when, split(20))
            (folder / names[-1]).write_bytes(gzip.compress(page(day), 1))
        imported[str(count)] = [run([*DIGEST, "-q", "--now", NOW, "import", *names], folder)]
        replayed[str(count)] = [run([*DIGEST, "-q", "--now", NOW, "replay", "--all"], folder)]
    yield from _against_first("`import` of {} pages of 20", imported)
    yield from _against_first("`replay --all` of {} pages of 20", replayed)


def backfill(bench: Bench) -> Iterator[Row]:
    """Kaggle's snapshot of 350,000 papers, against json.loads and executemany; again; and what it costs others."""
    ours, theirs, file = bench.fresh("snapshot"), bench.fresh("script"), _snapshot(bench)
    configure(ours)
    load = [*DIGEST, "-q", "--now", NOW, "backfill", "--file", str(file)]
    before = {words: run([*DIGEST, "-q", "--now", NOW, words], ours) for words in ("rebuild", "status")}["status"]
    name = "`backfill --file`, 350,000 papers"
    found = _loaded(bench, load, ours, theirs, file)
    yield Row(name, found["ours"], found["theirs"], "json.loads, executemany; the same rows")
    yield Row(f"{name}, again", [run(load, ours)], found["ours"][:1], "the first time")
    yield Row("`status` afterwards", [run([*DIGEST, "-q", "--now", NOW, "status"], ours)], [before], "before")
    file.unlink()


def load(bench: Bench) -> Iterator[Row]:
    """Kaggle's snapshot of 350,000 papers loaded, and no day reconstructed, against json.loads and executemany."""
    ours, theirs, file = bench.fresh("snapshot"), bench.fresh("script"), _snapshot(bench)
    configure(ours)
    found = _loaded(bench, [*PYTHON, _LOAD, str(file), NOW], ours, theirs, file)
    words = "json.loads, executemany; the same rows"
    yield Row("350,000 papers loaded from a file", found["ours"], found["theirs"], words)
    file.unlink()


_LOAD = """
import sys, time
from datetime import datetime
from pathlib import Path
from digest.cli.console import Console
from digest.cli.session import Session
from digest.jobs.backfill import backfill
session = Session(Console(), Path("config.toml"), datetime.fromisoformat(sys.argv[2]))
with session.open_archive(session.config.store_url, session.config.database) as archive:
    sys.exit(backfill(archive, ["cs.CV"], Path(sys.argv[1]), time)[0].exit_code)
"""
"""What `backfill --file` does before it reconstructs any day."""


def _snapshot(bench: Bench) -> Path:
    """Make a file as Kaggle has it."""
    file = bench.place / "arxiv-metadata-oai-snapshot.json"
    texts = [(one.title, ", ".join(one.authors), one.abstract) for one in bench.texts.papers]
    with file.open("wb") as stream:
        stream.writelines(one.kaggle_line + b"\n" for one in invented(350_000, texts))
    return file


def _loaded(bench: Bench, command: Sequence[str], ours: Path, theirs: Path, file: Path) -> dict[str, list[Used]]:
    """Measure a load of the file into an empty database, in turn with the script's."""
    found: dict[str, list[Used]] = {"ours": [], "theirs": []}
    for _ in range(max(1, bench.rounds // 2)):
        for database in (*ours.glob("archive.db*"), *theirs.glob("peer.db*")):
            database.unlink()
        found["ours"].append(run(command, ours))
        found["theirs"].append(run([*PYTHON, peers.SNAPSHOT, str(file)], theirs))
    tables = "SELECT (SELECT count(*) FROM harvested), (SELECT count(*) FROM version)"
    counted = [sqlite3.connect(place).execute(tables).fetchone() for place in (ours / "archive.db", theirs / "peer.db")]
    _require(counted[0] == counted[1], f"rows that differ from the script's: {counted}")
    return found


def search(bench: Bench) -> Iterator[Row]:
    """Searches among 350,000 papers of real texts, against LIKE; the index against its texts, and against a night."""
    if bench.texts.kind.startswith("invented"):
        tell("search: left out, for it needs --texts")
        return
    folder, dates, used = bench.fresh("night"), nights(), []
    with StandIn([bench.texts.announcement(day := next(dates), split(140))], today=day) as arxiv:
        configure(folder, arxiv.url)
        for when in islice(dates, 7):
            used.append(run([*DIGEST, "-q", "--now", at(day), "run"], folder))
            _announce(bench, arxiv, day := when, 140)
    place = bench.place / "search"
    place.mkdir(exist_ok=True)
    yield from searching(place, bench.texts, sorted(used, key=lambda one: one.cpu)[len(used) // 2])


def _against_first(name: str, found: Mapping[str, Sequence[Used]]) -> Iterator[Row]:
    """Yield a row a size, each but the first against the first."""
    (first, base), *others = found.items()
    yield Row(name.format(first), base)
    for size, used in others:
        yield Row(name.format(size), used, base[: len(used)], f"{first}")


def _command(command: Sequence[str], folder: Path) -> Callable[[], Used]:
    return lambda: run(command, folder)


def _require(is_so: bool, words: str) -> None:
    if not is_so:
        raise RuntimeError(words)


GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "startup": startup,
    "night": night,
    "regenerate": regenerate,
    "growth": growth,
    "export": export,
    "kept": kept,
    "whole": whole,
    "backfill": backfill,
    "load": load,
    "search": search,
}


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="of each measure; long ones have fewer (default: 5)")
    parser.add_argument("--texts", type=Path, help="real papers, a JSON object a line, packed by gzip")
    parser.add_argument("--place", type=Path, help="a folder in which the archives are kept for the next time")
    parser.add_argument("--most-days", type=int, default=DAYS[-1], help="leave larger archives out (default: all)")
    parser.add_argument("--papers", type=int, default=PAPERS, help=f"of a day of what may grow (default: {PAPERS})")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw what was measured at several sizes, as SVG")
    options = parser.parse_args()
    unknown = set(options.groups) - GROUPS.keys()
    if unknown:
        parser.error(f"expected {', '.join(GROUPS)}, found {', '.join(sorted(unknown))}")
    sizes = [(days, options.papers) for days in DAYS if days <= options.most_days]
    with contextlib.ExitStack() as stack:
        place = options.place or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="digest-bench-")))
        place.mkdir(parents=True, exist_ok=True)
        bench = Bench(place.absolute(), Texts.of(options.texts), options.rounds, sizes)
        for key in [key for key in os.environ if key.startswith(("DIGEST_", "GIT_"))]:
            del os.environ[key]
        # Installed, digest is compiled once, as all libraries are; where Python may not keep that, at each start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        rows: list[Row] = []
        for name in options.groups or GROUPS:
            tell(name)
            rows += GROUPS[name](bench)
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {bench.texts.kind}, {bench.rounds} rounds\n")
    sys.stdout.writelines(f"{line}\n" for line in table(rows))
    if options.draw:
        options.draw.write_text(drawn(rows, f"days of {options.papers} papers"), encoding="utf-8")


if __name__ == "__main__":
    main()
