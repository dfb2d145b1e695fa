"""CPU ratios of digest against what a user would use instead: ``python -m tests.benchmarks.ratios``.

Each pair is measured in turn, so that both meet the same machine; the figure is the median of the pairs.
"""

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from bs4 import BeautifulSoup

from digest.parse import parse_page
from digest.setup import Wanted, set_up
from digest.standin import invent
from digest.standin.pages import listing_page

_PAIRS = 15
_DAY = date(2025, 3, 5)


def main() -> None:
    """Measure and print all ratios."""
    with tempfile.TemporaryDirectory() as name:
        archive = Path(name)
        shown = _prepare(archive)
        digest = [sys.executable, "-m", "digest"]
        bare = _process([sys.executable, "-c", "pass"], archive)
        _tell("digest --help / python -c pass", _process([*digest, "--help"], archive), bare)
        _tell("digest show DATE / python -c pass", _process([*digest, "show", shown], archive), bare)
    page = listing_page(invent("cs.CV", _DAY, new=1500, cross=0, replacement=0)).encode()
    _tell("parse 1,500 entries / bs4 + html.parser", _function(parse_page, page), _function(_peer, page), pairs=3)


def _prepare(archive: Path) -> str:
    set_up(archive, Wanted(program=("digest",), commits=False))
    target = archive / f"cs.CV/{_DAY:%Y/%m}/{_DAY}.md"
    target.parent.mkdir(parents=True)
    target.write_text("# ArXiv cs.CV\n" * 5000, encoding="utf-8")
    return _DAY.isoformat()


def _tell(name: str, ours: Callable[[], float], theirs: Callable[[], float], pairs: int = _PAIRS) -> None:
    ratios = [ours() / theirs() for _ in range(pairs)]
    print(f"{statistics.median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})  {name}")  # noqa: T201


def _process(command: list[str], folder: Path) -> Callable[[], float]:
    def measure() -> float:
        before = _children_seconds()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        return _children_seconds() - before

    return measure


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _function(function: Callable[[bytes], object], page: bytes) -> Callable[[], float]:
    def measure() -> float:
        gc.collect()
        start = time.process_time()
        function(page)
        return time.process_time() - start

    return measure


def _peer(page: bytes) -> list[tuple[str, ...]]:
    """Parse a listing as peers do: Beautiful Soup for everything."""
    soup = BeautifulSoup(page, "html.parser")
    rows = []
    for listing in soup.find_all("dl"):
        for term, description in zip(listing.find_all("dt"), listing.find_all("dd"), strict=True):
            names = [anchor.get_text() for anchor in description.select(".list-authors a")]
            fields = [description.select_one(name) for name in (".list-title", ".list-subjects", "p.mathjax")]
            rows.append((term.get_text(), *names, *(str(field) for field in fields)))
    return rows


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}: median CPU ratio")  # noqa: T201
    main()
