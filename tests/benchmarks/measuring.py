"""Measuring: what a process used, figures of several rounds, and the table that shows them."""

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DIGEST = (sys.executable, "-m", "digest")


@dataclass(frozen=True)
class Used:
    """What a process used, with all that it waited for: CPU seconds, and at its peak MiB of memory (0: unknown)."""

    cpu: float
    peak: float = 0.0


# A process begins with the peak of the one that it was forked from: so one that is small starts and awaits it.
_LAUNCHER = """
import os, sys
child = os.fork()
if not child:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as report:
    print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=report)
"""


def run(command: Sequence[str | Path], folder: Path) -> Used:
    """Run a command and return what it used.

    Raises:
        RuntimeError: it failed; its last words are told.
    """
    report, log = folder / ".bench.report", folder / ".bench.log"
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, report, *command]
    with log.open("wb") as errors:
        subprocess.run(
            launcher, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, check=True
        )
    code, cpu, peak = map(float, report.read_text().split())
    words = log.read_text(errors="replace")[-2000:]
    report.unlink()
    log.unlink()
    if code:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {code:.0f}\n{words}")
    return Used(cpu, peak)


def used_by(function: Callable[[], object]) -> Used:
    """Return what a function of this process used; its memory cannot be told apart."""
    gc.collect()
    start = time.process_time()
    function()
    return Used(time.process_time() - start)


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, and with what it is compared."""

    name: str
    ours: Sequence[Used]
    theirs: Sequence[Used] = ()
    note: str = ""

    def cells(self) -> Iterator[str]:
        """Yield the cells of the line."""
        yield self.name
        yield _seconds([one.cpu for one in self.ours])
        yield _seconds([one.cpu for one in self.theirs]) if self.theirs else ""
        yield _figure([a.cpu / b.cpu for a, b in zip(self.ours, self.theirs, strict=True)]) if self.theirs else ""
        yield f"{statistics.median(one.peak for one in self.ours):.0f}" if self.ours[0].peak else ""
        yield self.note


def in_turn(options: Mapping[str, Callable[[], Used]], rounds: int) -> dict[str, list[Used]]:
    """Measure all ``options``, one after the other in each round, so that they meet the same machine."""
    found: dict[str, list[Used]] = {name: [] for name in options}
    for _ in range(rounds):
        for name, measure in options.items():
            found[name].append(measure())
    return found


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "| what | digest, CPU s | compared with, CPU s | ratio | peak MiB | |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"


def _seconds(values: Sequence[float]) -> str:
    return _figure(values)


def _figure(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    return f"{middle:.3g}" if len(values) == 1 else f"{middle:.3g} ({min(values):.3g} to {max(values):.3g})"
