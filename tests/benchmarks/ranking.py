"""How well ranking finds what a person wants, with authors for persons; and what it costs.

::

    python -m tests.benchmarks.ranking REAL-DAYS.jsonl.gz [--papers N] [--marks N] [--people N]

An author's papers stand for marks, as nobody publishes theirs. For each author with many papers (``--papers``, 6) and
each date on which they have one after at least five others (``--marks``): the model is trained on their earlier papers,
against earlier ones of other people, and ranks the list of that date. A hit is that their paper is among the first ten.
Beside it stands what words do: the three that tell the author's earlier papers best from the others, by TF-IDF; the
papers of the list by how many of them they have. Names are compared as they are written, so that people of one name are
one.

A line of the file is a paper: ``date``, ``authors``, ``title``, ``abstract``. The set may have any size: it is read
once, and what is common is learned from the newest earlier papers, as in an archive.
"""

import argparse
import gzip
import json
import re
import subprocess
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from pathlib import Path
from statistics import median

from digest.archive.marked import BACKGROUND
from digest.model.marks import LEAST_MARKS
from digest.views.ranking import rank

_HITS = 10
_THREE = 3
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A paper of the file."""

    date: str
    authors: tuple[str, ...]
    title: str
    abstract: str

    @property
    def text(self) -> str:
        """What is compared, as the archive compares it."""
        return f"{self.title}\n{self.title}\n{self.abstract}"

    @property
    def words(self) -> set[str]:
        """All words."""
        return set(_WORD.findall(self.text.lower()))


@dataclass(frozen=True, slots=True)
class Case:
    """A date on which an author has ``late`` papers in the list, after ``early`` ones; all by their places."""

    listed: Sequence[int]
    early: Sequence[int]
    late: frozenset[int]
    others: Sequence[int]


def read(path: Path) -> list[Line]:
    """Read the papers by date."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    papers = [Line(one["date"], tuple(one["authors"]), one["title"], one["abstract"]) for one in found]
    return sorted(papers, key=lambda one: one.date)


def cases(papers: Sequence[Line], least: int, marks: int, people: int) -> Iterator[Case]:
    """Yield each case of the authors with at least ``least`` papers, those with most first, at most ``people``.

    In each, the author has at least ``marks`` earlier papers.
    """
    own: dict[str, list[int]] = defaultdict(list)
    dates: dict[str, list[int]] = defaultdict(list)
    for place, paper in enumerate(papers):
        dates[paper.date].append(place)
        for author in dict.fromkeys(paper.authors):
            own[author].append(place)
    begins = [paper.date for paper in papers]
    chosen = sorted((one for one in own if len(own[one]) >= least), key=lambda one: (-len(own[one]), one))
    for author in chosen[:people]:
        for date in dict.fromkeys(papers[place].date for place in own[author]):
            first = bisect_left(begins, date)
            early = [place for place in own[author] if place < first]
            if len(early) < marks:
                continue
            known = set(early)
            others = list(islice((one for one in range(first - 1, -1, -1) if one not in known), BACKGROUND))
            late = frozenset(own[author]).intersection(dates[date])
            yield Case(dates[date], early, late, others or dates[date])


def by_model(papers: Sequence[Line], case: Case) -> list[int]:
    """Return the list in the order of digest."""
    listed, early, others = ([papers[place].text for place in part] for part in (case.listed, case.early, case.others))
    return [case.listed[one.place] for one in rank(listed, early, others, _HITS)]


def by_words(papers: Sequence[Line], case: Case) -> list[int]:
    """Return the list by the author's three best words."""
    common = Counter(word for place in case.others for word in papers[place].words)
    own = Counter(word for place in case.early for word in papers[place].words)
    size = len(case.others) + 1
    best = sorted(own, key=lambda word: (-own[word] * log(size / (1 + common[word])), word))[:_THREE]
    return sorted(case.listed, key=lambda place: -len(papers[place].words.intersection(best)))


def quality(papers: Sequence[Line], least: int, marks: int, people: int) -> None:
    """Print the share of hits of the model and of words."""
    found: Counter[str] = Counter()
    number, sizes = 0, []
    for case in cases(papers, least, marks, people):
        number += len(case.late)
        sizes.append(len(case.listed))
        for name, order in (("model", by_model), ("words", by_words)):
            found[name] += len(case.late.intersection(order(papers, case)[:_HITS]))
    if not number:
        print("no author has as many papers")
        return
    print(f"{number} papers to find, lists of {median(sizes):.0f} (median)")
    for name in ("model", "words"):
        print(f"{name}  hit@{_HITS} {found[name] / number:.3f}  ({found[name]})")


_TIMED = """
import gzip, json, sys, time
texts = json.load(sys.stdin)
began = time.process_time()
from digest.views.ranking import rank
rank(texts["listed"], texts["wanted"], texts["others"], 20)
print(time.process_time() - began)
"""


def cost(papers: Sequence[Line], listed: int = 700, wanted: int = 500) -> None:
    """Print the CPU time of ranking a day by many marks in a new process, imports included."""
    texts = [paper.text for paper in papers]
    if len(texts) < listed + wanted:
        print("too few papers to measure the time")
        return
    others = texts[listed + wanted :][:BACKGROUND]
    parts = {"listed": texts[:listed], "wanted": texts[listed : listed + wanted], "others": others}
    seconds = []
    for _ in range(3):
        made = subprocess.run(
            [sys.executable, "-c", _TIMED], input=json.dumps(parts), capture_output=True, text=True, check=True
        )
        seconds.append(float(made.stdout))
    print(f"{listed} papers by {wanted} marks and {len(others)} others: {median(seconds):.2f} s CPU")


def main() -> None:
    """Read the file, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--papers", type=int, default=6, help="so many papers an author has at least")
    parser.add_argument("--marks", type=int, default=LEAST_MARKS, help="so many of them are learned from at least")
    parser.add_argument(
        "--people", type=int, default=200, help="so many authors at most, those with most papers; a case takes a second"
    )
    asked = parser.parse_args()
    papers = read(asked.file)
    cost(papers)
    quality(papers, asked.papers, asked.marks, asked.people)


if __name__ == "__main__":
    main()
