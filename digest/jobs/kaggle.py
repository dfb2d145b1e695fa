"""Kaggle's snapshot of the metadata of all of arXiv, into the store: nobody has to harvest what is in it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.archive.archive import Archive
from digest.config.resources import names_of
from digest.disk.lines import Lines, open_lines
from digest.errors import PageRefusedError, errors_about, shortened
from digest.jobs.gathering import NAMED, NOTHING, Gathered, Pace, added
from digest.model import MachineClock, is_among
from digest.model.harvest import Metadata
from digest.parse.foreign import other_kind
from digest.parse.harvest import parse_line
from digest.store.harvests import KAGGLE, Taken

NAME = "arxiv-metadata-oai-snapshot.json"
"""What Kaggle calls the file, whose lines are the papers."""

_AT_ONCE = 5000
_FIRST_LINES = 100_000
"""One of so many lines has to be a paper, or the file is another one."""


def load_snapshot(archive: Archive, path: Path, categories: Sequence[str], clock: MachineClock) -> Gathered:
    """Take in all papers of a snapshot: of those in ``categories`` all that it tells, of others when they came.

    Ids are given out in the order of mailings, to all of arXiv together, so that the others tell where one ends.
    """
    names = names_of(categories)
    return _read(path, clock, lambda papers: _store(archive, papers, names))


def count_snapshot(path: Path, categories: Sequence[str], clock: MachineClock) -> Gathered:
    """Return what a snapshot holds: as new the papers in ``categories``; nothing is stored."""
    names = names_of(categories)

    def count(papers: Sequence[Metadata]) -> Taken:
        wanted = sum(is_among(one.categories, names) for one in papers)
        return Taken(wanted, 0, len(papers) - wanted)

    return _read(path, clock, count)


def _read(path: Path, clock: MachineClock, take: Callable[[Sequence[Metadata]], Taken]) -> Gathered:
    name = path.name or str(path)
    name = name if name.isprintable() else repr(name)
    pace, until = Pace(name, clock), datetime.fromtimestamp(clock.time(), UTC).date() + timedelta(days=1)
    taken, records, refused, refusals, problem = NOTHING, 0, list[str](), 0, None
    try:
        with errors_about(name), open_lines(path) as lines:
            start = b""
            for first, batch in _batches(lines):
                papers, problems = _parsed(first, batch, until)
                records, refusals = records + len(papers), refusals + len(problems)
                if not records:
                    start = start or b"\n".join(batch[:100]).strip()
                    _require_papers(start, may_come=lines.number < _FIRST_LINES)
                refused += problems[: NAMED - len(refused)]
                taken = added(taken, take(papers))
                pace.tell(records, lines.share)
            if not records:
                _require_papers(start, may_come=False)
    except PageRefusedError as error:
        problem = error
    if not records:  # one reason will do
        refused, refusals = refused[:1], min(refusals, 1)
    return Gathered(name, records, taken.new, taken.changed, 0, tuple(refused), refusals, problem)


def _batches(lines: Lines) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lines in batches, each with the number of its first one; where the file is cut, those before that."""
    batch, problem = list[bytes](), None
    try:
        for line in lines:
            batch.append(line)
            if len(batch) == _AT_ONCE:
                yield lines.number - len(batch) + 1, batch
                batch = []
    except PageRefusedError as error:
        problem = error
    if batch:
        yield lines.number - len(batch) + 1, batch
    if problem:
        raise problem


def _parsed(first: int, batch: Sequence[bytes], until: date) -> tuple[list[Metadata], list[str]]:
    """Return the papers in some lines, and what is wrong with other lines; none was changed after ``until``."""
    papers, problems = [], []
    for number, line in enumerate(batch, first):
        try:
            if not line:
                continue
            one = parse_line(line)
            if one.datestamp <= until:
                papers.append(one)
            else:  # nothing newer would ever take its place
                problems.append(f"line {number}: expected an update_date up to {until}, found {one.datestamp}")
        except ValueError as error:
            problems.append(f"line {number}: {shortened(str(error))}")
    return papers, problems


def _require_papers(start: bytes, *, may_come: bool) -> None:
    """Refuse a file, by how it starts, of whose first lines none is a paper; ``may_come``: one may follow."""
    if not may_come:
        kind = (other_kind(start) or "another text").partition("; ")[0] if start else "an empty file"
        raise PageRefusedError(f"expected Kaggle's {NAME}, found {kind}")


def _store(archive: Archive, papers: Sequence[Metadata], names: frozenset[str]) -> Taken:
    whole, others = dict[str, Metadata](), dict[str, Metadata]()
    for one in papers:
        (whole if is_among(one.categories, names) else others)[one.arxiv_id] = one
    store = archive.store
    with store.transaction():
        # One that was in a category, and is no more, is not to be left there.
        whole |= {name: others.pop(name) for name in store.harvested_ids(list(others))}
        store.save_versions([one._replace(versions=one.versions[:1]) for one in others.values()], KAGGLE)
        return store.save_metadata(list(whole.values()), KAGGLE, archive.run)
