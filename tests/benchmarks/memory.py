"""What an export of a whole archive takes: ``python -m tests.benchmarks.memory``.

300 days of 130 papers, with abstracts of the usual length, in every format: the peak memory and the CPU time of
a process of its own.
"""

import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.model import Section
from digest.store import Store
from tests.days import day_of, paper

_DAYS, _ENTRIES = 300, 130
_ABSTRACT = "A sentence of $O(n)$ words, 50% of them {braced}, of an abstract as long as usual. " * 15
_FORMS = ("json", "jsonl", "csv", "bibtex", "atom", "jsonfeed")
_MEASURE = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_maxrss / 1024:6.1f} MB  {used.ru_utime + used.ru_stime:5.1f} s")"""


def main() -> None:
    """Fill an archive, export it, and print what that took; first one day, to compare with."""
    with tempfile.TemporaryDirectory() as name:
        archive = Path(name)
        _fill(archive)
        for dates, form in (("2024-01-02", "json"), *(("..", form) for form in _FORMS)):
            digest = [sys.executable, "-m", "digest", "export", dates, "--format", form]
            measured = subprocess.check_output([sys.executable, "-c", _MEASURE, *digest], cwd=archive, text=True)
            print(f"{measured.rstrip()}  {form} {dates}")  # noqa: T201


def _fill(archive: Path) -> None:
    (archive / "config.toml").touch()
    file = archive / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    for number in range(_DAYS):
        when = date(2024, 1, 1) + timedelta(days=number)
        papers = [
            (Section.NEW, paper(f"24{when:%m}.{when.day * 1000 + place:05d}", abstract=_ABSTRACT))
            for place in range(_ENTRIES)
        ]
        store.save_day(day_of(papers, date=when), "0" * 64, outdated_file="none")
    store.close()


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}: {_DAYS} days of {_ENTRIES} papers")  # noqa: T201
    main()
