"""Archives to measure on: days of as many papers as wanted, in the form in which the command line takes one in.

The texts are real ones where a file of them is given, else those that the stand-in for arXiv invents.
"""

import gzip
import json
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from digest.model import Paper
from digest.records.day import parse_record
from tests.benchmarks.measuring import DIGEST, run
from tests.standin import InventedPaper, Mailing, Request, StandIn, invent

END = date(2026, 6, 17)
"""The newest day of every archive, a Wednesday; the days of the archives are the weekdays before it."""

NOW = "2026-06-17T02:00:00Z"
"""Six hours after that day's announcement: nothing is missing."""

CATEGORY = "cs.CV"
NOBODY = "http://127.0.0.1:9"

_CONFIG = """\
[arxiv]
pages_url = "{url}"
feeds_url = "{url}"
contact = "bench@example.org"
pages_delay = 0
feeds_delay = 0

[store]
records = "data"

[git]
commit = {commit}
author = "Bench <bench@example.org>"
"""


@dataclass(frozen=True)
class Texts:
    """Papers to make days from; their ids are changed."""

    papers: Sequence[InventedPaper]
    kind: str

    @classmethod
    def of(cls, file: Path | None) -> "Texts":
        """Read real papers, a JSON object a line, packed by gzip; None: invent some."""
        if file is None:
            return cls(invent(CATEGORY, END, new=1500, cross=0, replacement=0).new, "invented texts")
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = {row["id"]: row for row in map(json.loads, lines)}
        return cls([_real(row) for row in rows.values()], f"{len(rows)} real texts")

    def announcement(self, when: date, counts: tuple[int, int, int]) -> Mailing:
        """Return what is announced at ``when``: so many new submissions, cross-lists and replacements."""
        chance = random.Random(str(when))  # noqa: S311  # no secret
        papers = [replace(chance.choice(self.papers), arxiv_id=one) for one in ids(when, sum(counts))]
        new, cross = counts[0], counts[0] + counts[1]
        at_home = [_in(paper, CATEGORY) for paper in papers]
        guests = [_in(paper, "cs.LG") for paper in papers]
        return Mailing(CATEGORY, when, tuple(at_home[:new]), tuple(guests[new:cross]), tuple(at_home[cross:]))


def _real(row: dict[str, Any]) -> InventedPaper:
    categories = tuple(name for name in row["categories"] if name[0].islower())
    texts = (row["title"], row["abstract"], tuple(row["authors"]), row["comments"])
    return InventedPaper(row["id"], *texts, None, row["primary"], categories)


def _in(paper: InventedPaper, primary: str) -> InventedPaper:
    others = sorted({CATEGORY, *paper.categories} - {primary})
    return replace(paper, primary_category=primary, categories=(primary, *others))


def ids(when: date, count: int) -> list[str]:
    """Return ids that no other date has: a month has room for 31 days of 3,000, of 300 before 2015."""
    width, room = (5, 3000) if when.year >= 2015 else (4, 300)
    return [f"{when:%y%m}.{when.day * room + number:0{width}d}" for number in range(1, count + 1)]


def split(size: int) -> tuple[int, int, int]:
    """Return how many of ``size`` entries are new submissions, cross-lists and replacements, as in cs.CV."""
    new, cross = round(size * 0.58), round(size * 0.19)
    return new, cross, size - new - cross


def configure(folder: Path, url: str = NOBODY, *, commits: bool = False) -> None:
    """Write the configuration of an archive."""
    (folder / "config.toml").write_text(_CONFIG.format(url=url, commit=str(commits).lower()))


def git(folder: Path, *arguments: str) -> None:
    """Call git in ``folder``."""
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def weekdays(count: int) -> list[date]:
    """Return the ``count`` listing dates up to ``END``: weekdays, for no holiday is missed in days that are stored."""
    days = (END - timedelta(days=back) for back in range(count * 2))
    return sorted([day for day in days if day.weekday() < 5][:count])


def papers(folder: Path, texts: Texts) -> Sequence[Paper]:
    """Return texts as digest stores them: in the form in which one page shows them, with the links in them."""
    header, rows = _imported(folder, texts)
    return [entry.paper for entry in parse_record(_record([header, *rows])).entries]


def fill(folder: Path, texts: Texts, count: int, size: int) -> None:
    """Write the day records of ``count`` days of ``size`` papers, whose form an import of one day has shown."""
    configure(folder)
    header, rows = _imported(folder, texts)
    for when in weekdays(count):
        path = folder / "data" / CATEGORY / f"{when:%Y}" / f"{when}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_record(_day(header, rows, when, size)))


def _record(lines: Iterable[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()


def _imported(folder: Path, texts: Texts) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Take in one page with many texts; return the lines of its record."""
    sample = folder / "sample"
    sample.mkdir()
    configure(sample)
    listing = texts.announcement(END, (min(1500, len(texts.papers)), 0, 0))
    (sample / "page.html").write_bytes(page(listing))
    run([*DIGEST, "--now", NOW, "import", "page.html"], sample)
    (record,) = (sample / "data").rglob(f"{END}.jsonl")
    header, *rows = map(json.loads, record.read_text(encoding="utf-8").split("\n")[:-1])
    shutil.rmtree(sample)
    return header, rows


def page(announcement: Mailing) -> bytes:
    """Return the listing page of an announcement."""
    arxiv = StandIn([announcement], today=announcement.date)
    return arxiv.answer(Request(f"/list/{CATEGORY}/new", {}, 0.0)).body


def _day(header: dict[str, Any], rows: Sequence[dict[str, Any]], when: date, size: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(str(when))  # noqa: S311  # no secret
    new, cross, replacement = split(size)
    counts = {"new": new, "cross": cross, "replacement": replacement}
    sections = Counter(counts).elements()
    yield header | {"date": str(when), "source": "listing", "declared": counts, "stored": counts}
    for position, (section, one) in enumerate(zip(sections, ids(when, size), strict=True), 1):
        yield chance.choice(rows) | {"position": position, "section": section, "id": one}


def commit(folder: Path) -> None:
    """Make the folder a repository with a commit of all that belongs into one."""
    (folder / ".gitignore").write_text("/archive.db*\n/raw/\n*.digest-tmp\n/schedule/\n.bench.*\n*.lock\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Begin")
    # Else the first night's commit would do it, for years of files at once; what is alike is not looked for here.
    git(folder, "-c", "pack.window=0", "gc", "--quiet")
