"""The site's search over 200,000 papers: what its files cost to make, and what a browser is sent for a query.

The texts are mixed from the sentences, titles and names of real ones, each with a name that it alone has: repeated
whole, real texts would have too few words. Usage::

    python -m tests.benchmarks.browsing REAL-DAYS.jsonl.gz FOLDER

``FOLDER`` keeps the files for the next time. The queries are asked by node, without any cache, as of a first visit.
"""

import gzip
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from digest.model import Announcement, ArxivId, Link, Paper, Section, Source, State
from digest.render.site.search import catalogue, segment_files, segments_of
from digest.views.search import indexed_words
from tests.benchmarks.archives import ids, weekdays

TOTAL = 200_000
SIZE = 140
YEAR = 2024
SCRIPT = Path(__file__).parents[2] / "templates" / "site" / "search.js"
ASK = Path(__file__).parents[1] / "search.mjs"

_QUERIES = (
    *("network", "the", "gaussian splatting", "vision transformer", "segment*", "3D", "U-Net", "few-shot learning"),
    *('"point cloud" -lidar', '"state of the art"', "title:diffusion", "author:wang has:code", "category:cs.RO"),
    *("fundus", "fundus echocardiography", "hyperspectral unmixing endmember", '"point of view"', "se*"),
    *('"attention is all you need"', "the of and to in", "zzz", "network -the", "nerf OR splatting OR slam"),
)
_SYLLABLES = re.findall("..", "kalominerutavizoplasetrigenfusimodnequerdu")


class Mixed:
    """Papers mixed from real ones."""

    def __init__(self, file: Path) -> None:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            self._real: list[dict[str, Any]] = [json.loads(line) for line in lines]
        texts = (" ".join(one["abstract"].split()) for one in self._real)
        self._sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text)]

    def paper(self, arxiv_id: str) -> Paper:
        """Return the paper with this id."""
        chance = random.Random(arxiv_id)  # noqa: S311  # no secret
        one, other = chance.choice(self._real), chance.choice(self._real)
        words, more = one["title"].split(), other["title"].split()
        own = "".join(chance.choices(_SYLLABLES, k=3)).capitalize() + chance.choice(("Net", "Former", "GS", "-X", ""))
        abstract = " ".join(chance.choices(self._sentences, k=chance.randint(6, 10)))
        links = (Link("https://github.com/someone/it", "code", "abstract"),) if chance.random() < 0.3 else ()
        return Paper(
            ArxivId.parse(arxiv_id),
            f"{own}: {' '.join(words[: len(words) // 2] + more[len(more) // 2 :])}",
            tuple(other["authors"]),
            one["primary"],
            tuple(name for name in one["categories"] if name[0].islower()),
            f"{abstract} We call it {own}.",
            one["comments"],
            None,
            links,
        )


def _announcements(mixed: Mixed, dates: Sequence[date]) -> Iterator[Announcement]:
    for when in dates:
        for position, one in enumerate(reversed(ids(when, SIZE)), 1):
            known = ("cs.CV", when, State.COMPLETE, Source.LISTING, Section.NEW, position)
            yield Announcement(*known, mixed.paper(one))


def make(mixed: Mixed, folder: Path) -> None:
    """Write the files, and print what they cost."""
    dates = weekdays(TOTAL // SIZE)
    rows, spent, count, size = [], 0.0, 0, 0
    for segment in segments_of([(when, SIZE) for when in dates]):
        own = dates[segment.days.start : segment.days.stop]
        papers = list(_announcements(mixed, own))
        begun = time.process_time()
        files = segment_files(papers, "0" * 8, lambda category, when: f"{category}/{when}/", indexed_words)
        spent += time.process_time() - begun
        (folder / segment.path).mkdir(parents=True)
        for name, data in files.items():
            (folder / segment.path / name).write_bytes(data)
        count, size = count + len(files), size + sum(map(len, files.values()))
        rows.append((segment.path, "0" * 8, own[0], own[-1]))
    (folder / "index.json").write_bytes(catalogue(rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(dates) * SIZE:,} papers: {len(rows)} segments, {count:,} files, {size / 1e6:.1f} MB")
    print(f"{spent:.0f} s of CPU, at most {peak:.0f} MiB")


def ask(folder: Path) -> None:
    """Print what each query takes: of all years, and of one alone."""
    script = SCRIPT.read_bytes()
    print(f"search.js: {len(script):,} bytes, {len(gzip.compress(script, 9)):,} packed; not counted below")
    queries = [*_QUERIES, *(f"{words if ' OR ' not in words else f'({words})'} in:{YEAR}" for words in _QUERIES)]
    arguments = ["node", str(ASK), str(SCRIPT), str(folder), "20"]
    found = subprocess.run(arguments, input=json.dumps(queries), capture_output=True, text=True, check=True)
    for one in json.loads(found.stdout):
        sizes = f"{one['bytes'] / 1000:7.1f} kB {one['packed'] / 1000:7.1f} kB packed"
        print(f"{one['query']:48} {len(one['hits']):3} hits {one['files']:4} files {sizes} {one['ms']:5} ms")


if __name__ == "__main__":
    texts, place = map(Path, sys.argv[1:])
    if not place.exists():
        make(Mixed(texts), place)
    ask(place)
