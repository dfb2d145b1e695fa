"""How many small faults in the code the tests notice: ``python -m tests.mutants``.

A mutant is the code with one fault: a comparison turned round, a check left out, a number off by one. A sample of
them is tried, each against the tests that run its line; a mutant that no test notices has survived. Which tests run
which line is read from ``.coverage``, so the tests come first::

    pytest --cov --cov-context=test && python -m tests.mutants

``--save FILE`` keeps what became of each; ``--again FILE`` tries the very same mutants on the code of now.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from random import Random

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
ROOMS = {
    "parse": ["digest/parse"],
    "decide": ["digest/decide.py"],
    "calendar": ["digest/calendar.py"],
    "store": ["digest/store"],
    "records": ["digest/archive/days.py", "digest/archive/clone.py", "digest/records"],
    "git": ["digest/git"],
}
"""Where a fault would cost days or commits."""

MOST_TESTS = 80
"""Tests tried on a mutant at most: those that run the least code, and so look the closest."""

PATIENCE = 300.0
"""Seconds after which a mutant that does not end counts as noticed."""

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One fault: in ``place``, ``after`` stands where the code says ``before`` for the ``count``-th time."""

    path: str
    place: str
    before: str
    after: str
    count: int
    line: int = 0

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What it is told by when the lines have moved."""
        return (self.path, self.place, self.before, self.after, self.count)


# --- the mutants of a module -------------------------------------------------------------------------


def mutants_of(path: Path) -> dict[Mutant, str]:
    """Return all mutants of a module, each with the module's text as it makes it."""
    source = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    found: dict[Mutant, str] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for place, node, after in _faults(ast.parse(source), ""):
        before = ast.get_source_segment(source, node) or ""
        seen[place, before, after] += 1
        text = _with(source, node, after)
        if _compiles(text):
            found[Mutant(name, place, before, after, seen[place, before, after], node.lineno)] = text
    return found


def _faults(node: ast.AST, place: str) -> Iterator[tuple[str, ast.stmt | ast.expr, str]]:
    """Yield each piece of code that a fault takes the place of, and the fault, with the function it stands in."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{child.name}()" if isinstance(child, ast.FunctionDef) else child.name
                yield from _faults(child, f"{place}.{name}" if place else name)
            elif isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom):
                if isinstance(child, ast.stmt | ast.expr):
                    yield from ((place, child, after) for after in _faulty(child))
                if not isinstance(child, ast.Raise):  # its words are no behaviour worth a mutant
                    yield from _faults(child, place)


def _faulty(node: ast.stmt | ast.expr) -> Iterator[str]:  # noqa: C901  # one case a kind of fault
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in _TURNED:
            yield f"({ast.unparse(ast.Compare(left, [_TURNED[type(operator)]()], [right]))})"
        case ast.BoolOp(operator, values):
            other = ast.And() if isinstance(operator, ast.Or) else ast.Or()
            yield f"({ast.unparse(ast.BoolOp(other, values))})"
            yield f"({ast.unparse(values[0])})"
        case ast.UnaryOp(ast.Not(), operand):
            yield f"({ast.unparse(operand)})"
        case ast.BinOp(left, ast.Add() | ast.Sub() as operator, right) if not _is_text(left) and not _is_text(right):
            other_sign = ast.Sub() if isinstance(operator, ast.Add) else ast.Add()
            yield f"({ast.unparse(ast.BinOp(left, other_sign, right))})"
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(int() | float() as value):
            yield str(value + 1)
        case ast.IfExp(test, body, orelse):
            yield f"({ast.unparse(ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse))})"
        case ast.Call(ast.Name(name), arguments, keywords) if name in _OTHER_NAME:
            yield ast.unparse(ast.Call(ast.Name(_OTHER_NAME[name]), arguments, keywords))
        case ast.Return(value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            yield "return None"
        case ast.Expr(ast.Call()) | ast.Raise():
            yield "pass"
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _with(source: str, node: ast.stmt | ast.expr, text: str) -> str:
    lines = source.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    return b"".join([*lines[:first], head + text.encode() + tail, *lines[last + 1 :]]).decode()


def _compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def modules_of(room: str) -> list[Path]:
    """Return the modules of a room; places that are not there any more have none."""
    places = [ROOT / name for name in ROOMS[room]]
    return sorted(path for place in places for path in ([place] if place.is_file() else place.rglob("*.py")))


def sample(number: int, seed: int) -> list[Mutant]:
    """Draw mutants, of each room as many: the same ones for the same code and ``seed``."""
    chance = Random(seed)  # noqa: S311  # no secret
    drawn: list[Mutant] = []
    for order, room in enumerate(ROOMS):
        all_of_room = sorted((one for path in modules_of(room) for one in mutants_of(path)), key=lambda one: one.key)
        share = (number - len(drawn)) // (len(ROOMS) - order)
        drawn += chance.sample(all_of_room, min(share, len(all_of_room)))
    return drawn


# --- the tests that run a line -----------------------------------------------------------------------


class Covering:
    """Which tests run which line, as the last coverage saw it."""

    def __init__(self, file: Path) -> None:
        data = CoverageData(str(file))
        data.read()
        names = {Path(name).as_posix().rpartition("digest/")[2]: name for name in data.measured_files()}
        self._by_line: dict[str, Mapping[int, Sequence[str]]] = {}
        self._size: Counter[str] = Counter()
        for short, name in names.items():
            lines = {
                line: [context.rpartition("|")[0] for context in contexts if context]
                for line, contexts in data.contexts_by_lineno(name).items()
            }
            self._by_line[f"digest/{short}"] = lines
            for tests in lines.values():
                self._size.update(tests)

    def tests(self, mutant: Mutant, length: int) -> list[str]:
        """Return the tests that run one of the mutant's lines; where only an import does, those of its module."""
        lines = self._by_line.get(mutant.path, {})
        found = {test for line in range(mutant.line, mutant.line + length) for test in lines.get(line, ())}
        if not mutant.place.endswith("()"):  # what an import runs, once for all tests
            found |= {test for tests in lines.values() for test in tests}
        return self._closest(found)

    def _closest(self, tests: Iterable[str]) -> list[str]:
        """Return the tests that run the least code, in turn of each test function, at most ``MOST_TESTS``."""
        by_function: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda one: (self._size[one], one)):
            by_function[test.partition("[")[0]].append(test)
        rounds = sorted((turn, self._size[one], one) for each in by_function.values() for turn, one in enumerate(each))
        return [one for _, _, one in rounds[:MOST_TESTS]]


# --- trying them -------------------------------------------------------------------------------------


class Bench:
    """A copy of the project in which one mutant at a time is tried."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(ROOT, folder, ignore=_NOT_COPIED)

    def tried(self, mutant: Mutant, text: str, tests: Sequence[str]) -> str:
        """Return ``killed`` or ``survived``, or ``not run`` where there are no tests for it."""
        if not tests:
            return "not run"
        file = self._folder / mutant.path
        original = file.read_text(encoding="utf-8")
        self._write(file, text)
        try:
            return "survived" if self.passed(tests) else "killed"
        finally:
            self._write(file, original)

    def _write(self, file: Path, text: str) -> None:
        # A compiled module counts as fresh when size and second of its source agree: it must go.
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()
        file.write_text(text, encoding="utf-8")

    def passed(self, tests: Sequence[str]) -> bool:
        """Whether all ``tests`` pass; the first that fails ends it."""
        return self._run(tests, "-x").returncode == 0

    def failing(self, tests: Sequence[str]) -> set[str]:
        """Return those of ``tests`` that fail on the code as it is."""
        lines = self._run(tests, "-rfE", patience=PATIENCE * 10).stdout.splitlines()
        return {line.split(" ", 1)[1].partition(" - ")[0] for line in lines if line.startswith(("FAILED ", "ERROR "))}

    def _run(self, tests: Sequence[str], *options: str, patience: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        chosen = self._folder.with_suffix(".tests")
        chosen.write_text("\n".join(tests), encoding="utf-8")
        plain = ["-o", "addopts=", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
        command = [sys.executable, "-m", "pytest", *plain, *options, f"@{chosen}"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(self._folder),
            "DIGEST_SHARED": os.environ.get("DIGEST_SHARED", str(ROOT.parent / "shared")),
        }
        try:
            return subprocess.run(
                command,
                cwd=self._folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", "")


def tried(
    chosen: Mapping[Mutant, tuple[str, Sequence[str]]], workers: int
) -> Iterator[tuple[Mutant, str, Sequence[str]]]:
    """Try all mutants, a few at a time; yield each with what became of it and the tests that it met."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place, ThreadPoolExecutor(workers) as pool:
        benches: SimpleQueue[Bench] = SimpleQueue()
        for number in range(workers):
            benches.put(Bench(Path(place) / str(number)))
        every = sorted({test for _, tests in chosen.values() for test in tests})
        first = benches.get()
        broken = first.failing(every)
        benches.put(first)
        print(f"{len(every)} tests, {len(broken)} of them left out: they fail on the code as it is", file=sys.stderr)

        def work(mutant: Mutant) -> tuple[Mutant, str, Sequence[str]]:
            text, tests = chosen[mutant]
            bench = benches.get()
            sound = [test for test in tests if test not in broken]
            try:
                return mutant, bench.tried(mutant, text, sound), sound
            finally:
                benches.put(bench)

        yield from pool.map(work, chosen)


def main() -> None:
    """Try a sample of mutants and tell how many were noticed, by room, and which were not."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--number", type=int, default=168, help="how many (default: 168)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--save", type=Path, help="a file for what became of each, one JSON object a line")
    parser.add_argument("--again", type=Path, help="such a file: try the mutants in it")
    options = parser.parse_args()
    if not options.coverage.is_file():
        parser.error(f"{options.coverage} is not there: run `pytest --cov --cov-context=test` first")
    texts = {
        one.key: (one, text) for room in ROOMS for path in modules_of(room) for one, text in mutants_of(path).items()
    }
    wanted = [one.key for one in (_saved(options.again) if options.again else sample(options.number, options.seed))]
    covering = Covering(options.coverage)
    chosen = {}
    for mutant, text in (texts[key] for key in wanted if key in texts):
        chosen[mutant] = (text, covering.tests(mutant, mutant.before.count("\n") + 1))
    print(
        f"{len(chosen)} mutants; {len(wanted) - len(chosen)} of those wanted are gone with their code", file=sys.stderr
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    with (options.save or Path(os.devnull)).open("w", encoding="utf-8") as kept:
        for mutant, fate, tests in tried(chosen, options.workers):
            counts[_room(mutant)][fate] += 1
            kept.write(json.dumps({**asdict(mutant), "fate": fate, "tests": len(tests)}) + "\n")
            kept.flush()
            if fate != "killed":
                print(f"{fate}: {mutant.path}:{mutant.line} {mutant.place}: {mutant.before!r} -> {mutant.after!r}")
    _tell(counts)


def _saved(file: Path) -> list[Mutant]:
    names = Mutant.__dataclass_fields__
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [Mutant(**{name: row[name] for name in names}) for row in rows]


def _room(mutant: Mutant) -> str:
    return next(room for room in ROOMS if any(mutant.path.startswith(place) for place in ROOMS[room]))


def _tell(counts: Mapping[str, Counter[str]]) -> None:
    total: Counter[str] = Counter()
    for room, fates in counts.items():
        total += fates
        print(f"{room:10} {fates['killed']:4} of {fates.total():4} killed")
    print(f"{'all':10} {total['killed']:4} of {total.total():4} killed: {100 * total['killed'] / total.total():.1f} %")


if __name__ == "__main__":
    main()
