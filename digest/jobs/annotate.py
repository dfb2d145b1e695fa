"""Programs of the user's own are asked about papers, each answer stored at once; then the files that show them.

A night does so last of all: its days are stored, written, committed and told by then, whatever a program does.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from digest.annotate import Outcome, Program, run
from digest.archive.annotated import load_annotations, write_annotations
from digest.archive.archive import Archive
from digest.archive.days import begin
from digest.archive.files import write_products
from digest.archive.formats import further_of
from digest.archive.marked import shown_hits
from digest.archive.products import day_reader, digest_of
from digest.archive.report import Report, Track, untracked
from digest.calendar import expected_at
from digest.config.settings import Annotator, Config
from digest.errors import DigestError, PublishError, how_many
from digest.jobs.selection import Selection, note_missing
from digest.model import Announcement, Day
from digest.model.annotations import MOST_BYTES, Annotation, Failure, hash_of_text, read_answer
from digest.render.exports import RECORDS

log = logging.getLogger(__name__)

MOST_TRIES = 3
"""So many nights a program is asked about a paper; then it is left."""

_IN_A_ROW = 3
"""After so many papers without an answer a program is not asked any more that night."""

_DATES = 5
"""A night asks about the papers of so many dates, the newest: what a night before left, and what came late."""


@dataclass(frozen=True)
class Asking:
    """A program, and the papers that it is asked about, by the dates of their announcement."""

    annotator: Annotator
    papers: Sequence[Announcement]

    def __str__(self) -> str:
        dates = {one.date for one in self.papers}
        of = f" of {how_many(len(dates), 'date')}" if dates else ""
        return f"would ask {self.annotator.name} about {how_many(len(self.papers), 'stored paper')}{of}"


@dataclass(frozen=True)
class Edges:
    """What asking a program needs of the world: the time by now, and digest's own environment."""

    later: Callable[[], datetime]
    environment: Mapping[str, str]

    def run(self, config: Config, annotator: Annotator, paper: Announcement) -> Outcome:
        """Ask about one paper."""
        named = [one.removeprefix("env:") for one in (*config.notify.urls, config.notify.health)]
        own = {
            name: value
            for name, value in self.environment.items()
            if not name.startswith("DIGEST_") and name not in named
        }
        program = Program(annotator.command, config.folder, own, annotator.timeout, MOST_BYTES)
        data = "".join(RECORDS["jsonl"]([replace(paper, annotations=())], None)).encode()
        return run(program, data, lambda: self.later().timestamp())


def plan_night(archive: Archive) -> list[Asking]:
    """Return what a night would ask of the stored papers."""
    since, dates = _began(archive), _newest(archive)
    found = []
    for annotator in archive.config.annotators:
        state = _State(archive, annotator, dates)
        allowed = 0 if state.is_ended(since) else annotator.max_per_night - state.asked(since)
        found.append(Asking(annotator, list(state.due(since))[: max(allowed, 0)]))
    return found


@dataclass(frozen=True)
class Wanted:
    """What to ask by hand: these programs about the papers of these days; ``again``: whatever they said already."""

    selection: Selection
    names: Sequence[str]
    again: bool = False

    def dates(self, archive: Archive) -> list[date]:
        """Return the dates of the days, the newest first."""
        return sorted({day.date for day in self.selection.stored(archive)}, reverse=True)


def plan(archive: Archive, wanted: Wanted) -> list[Asking]:
    """Return what is asked by hand."""
    dates, categories = wanted.dates(archive), wanted.selection.categories
    chosen = [one for one in archive.config.annotators if one.name in wanted.names]
    return [Asking(one, [*_State(archive, one, dates, categories).due(again=wanted.again)]) for one in chosen]


def annotate_night(archive: Archive, report: Report, edges: Edges) -> None:
    """Ask all programs about what they were not asked yet of the newest dates, and write the files that show it."""
    dates = _newest(archive)
    try:
        for when in dates:
            load_annotations(archive, when)
        for asking in plan_night(archive):
            _take_over(archive, asking)
        for asking in plan_night(archive):
            if problem := _ask(archive, asking, report, edges, untracked):
                report.warn(f"{problem}; the next night asks again")
    except DigestError as error:
        report.note("annotate", error)
    _write(archive, dates, report)


def annotate(archive: Archive, wanted: Wanted, edges: Edges, track: Track = untracked) -> Report:
    """Ask programs about the papers of stored days, however many; and write the files that show it."""
    report = begin(archive, track, whole=True)
    note_missing(archive, wanted.selection, report)
    dates = wanted.dates(archive)
    for when in dates:
        load_annotations(archive, when)
    if not wanted.again:
        for asking in plan(archive, wanted):
            _take_over(archive, asking)
    try:
        for asking in plan(archive, wanted):
            unbounded = replace(asking, annotator=replace(asking.annotator, max_minutes=0))
            if problem := _ask(archive, unbounded, report, edges, track):
                report.fail("annotate", PublishError(problem))
            else:
                report.succeeded += 1
    finally:  # what was answered until an interruption is shown
        _write(archive, dates, report)
    return report


def left_papers(archive: Archive) -> list[Failure]:
    """Return which papers programs are not asked about any more."""
    versions = {one.name: one.version for one in archive.config.annotators}
    found = archive.store.unanswered() if versions else []
    return [one for one in found if one.tries >= MOST_TRIES and versions.get(one.name) == one.version]


def _newest(archive: Archive) -> list[date]:
    return sorted(archive.snapshot.by_date, reverse=True)[:_DATES]


def _began(archive: Archive) -> datetime:
    """Return when this night began: with the time at which the newest listing is expected."""
    return expected_at(archive.calendar.newest_expected(archive.now))


class _State:
    """What is known of one program and the papers of some dates."""

    def __init__(
        self, archive: Archive, annotator: Annotator, dates: Sequence[date], categories: Sequence[str] = ()
    ) -> None:
        self._archive, self._annotator, self._dates = archive, annotator, dates
        self._categories = categories or archive.config.arxiv.categories
        self.answers = {
            (when, one.arxiv_id): one
            for when in dates
            for one in archive.annotations(when)
            if one.name == annotator.name
        }
        self.failures = {
            (one.date, one.arxiv_id): one
            for one in archive.store.unanswered()
            if one.name == annotator.name and one.version == annotator.version
        }

    def asked(self, since: datetime) -> int:
        """Return about how many papers it was asked by now."""
        return len(self._events(since))

    def is_ended(self, since: datetime) -> bool:
        """Whether it gave no answer at the last few papers."""
        last = [is_answer for _, is_answer in self._events(since)][-_IN_A_ROW:]
        return len(last) == _IN_A_ROW and not any(last)

    def _events(self, since: datetime) -> list[tuple[datetime, bool]]:
        found = [(one.made_at, True) for one in self.answers.values()]
        found += [(one.failed_at, False) for one in self.failures.values()]
        return sorted(one for one in found if one[0] >= since)

    def due(self, since: datetime | None = None, *, again: bool = False) -> Iterator[Announcement]:
        """Yield the papers that it is to be asked about: those first about which it was not asked before.

        ``since``: when this night began, in which it is asked about each once, and for so many nights. ``again``: all.
        """
        tried = []
        for when in self._dates:
            for one in self._papers(when):
                key, about = (when, str(one.paper.arxiv_id)), about_of(one)
                answer, failure = self.answers.get(key), self.failures.get(key)
                if not again and answer and (answer.about, answer.version) == (about, self._annotator.version):
                    continue
                if failure is None or failure.about != about:
                    yield one
                elif since is None or (failure.tries < MOST_TRIES and failure.failed_at < since):
                    tried.append((failure.tries, one))
        yield from (one for _, one in sorted(tried, key=lambda pair: pair[0]))

    def tries(self, one: Announcement) -> int:
        """Return how often it was asked about a paper in vain."""
        failure = self.failures.get((one.date, str(one.paper.arxiv_id)))
        return failure.tries if failure and failure.about == about_of(one) else 0

    def _papers(self, when: date) -> Iterator[Announcement]:
        """Yield the papers of a date that the program is for, each once."""
        config, seen = self._archive.config, set()
        view = next((one for one in config.views if one.name == self._annotator.view), None)
        try:
            days = [*self._days(when, view.categories if view else config.arxiv.categories)]
            shown: Iterable[Announcement] = (one for day in days for one in day.announcements)
            if view:
                shown = [hit.announcement for hit in shown_hits(self._archive, view, when, days)]
            else:
                shown = [one for one in shown if one.section in config.sections]
        except DigestError as error:
            log.warning("annotate %s: %s: %s", self._annotator.name, when, error)
            return
        for one in shown:
            if one.paper.arxiv_id not in seen:
                seen.add(one.paper.arxiv_id)
                yield one

    def _days(self, when: date, categories: Sequence[str]) -> Iterator[Day]:
        read, known = day_reader(self._archive), self._archive.snapshot
        for category in categories:
            if category in self._categories and known.day(category, when):
                yield read(category, when)


def about_of(one: Announcement) -> str:
    """Return the hash of the text that a program is asked about."""
    return hash_of_text(one.paper.title, one.paper.abstract)


def _take_over(archive: Archive, asking: Asking) -> None:
    """Take over what the program said of the same texts when other dates announced them."""
    name, version = asking.annotator.name, asking.annotator.version
    ids = [str(one.paper.arxiv_id) for one in asking.papers]
    earlier = {(one.arxiv_id, one.about): one for one in archive.store.earlier_annotations(name, version, ids)}
    known = [(one, earlier.get((str(one.paper.arxiv_id), about_of(one)))) for one in asking.papers]
    archive.save_annotations([replace(answer, date=one.date) for one, answer in known if answer])


@dataclass
class _Tally:
    """How it goes with one program: ``problem`` tells of the last paper without an answer, ``ended`` why it stopped."""

    asking: Asking
    answered: int = 0
    failed: int = 0
    in_a_row: int = 0
    problem: str = ""
    ended: str = ""

    def tell(self, report: Report, taken: timedelta) -> str:
        """Say how it went; return what to complain of."""
        name, left = f"annotate {self.asking.annotator.name}", len(self.asking.papers) - self.answered - self.failed
        if self.answered:
            report.remarks.append(f"{name}: {how_many(self.answered, 'paper')} in {taken.total_seconds():.0f} s")
        words = [f"no answer about {how_many(self.failed, 'paper')} ({self.problem})"] if self.failed else []
        words += [f"{how_many(left, 'paper')} not asked about: {self.ended}"] if left and self.ended else []
        if not words:
            return ""
        return f"{name}: {'; '.join(words)}"


def _ask(archive: Archive, asking: Asking, report: Report, edges: Edges, track: Track) -> str:
    """Ask a program about papers, one after the other; return what to complain of."""
    annotator, papers = asking.annotator, {f"{one.date} {one.paper.arxiv_id}": one for one in asking.papers}
    state = _State(archive, annotator, [*{one.date: None for one in asking.papers}])
    tally, began = _Tally(asking), edges.later()
    end = began + timedelta(minutes=annotator.max_minutes) if annotator.max_minutes else None
    for name in track([*papers]):
        if tally.in_a_row == _IN_A_ROW:
            tally.ended = f"it gave none {_IN_A_ROW} times in a row"
        elif end and edges.later() >= end:
            tally.ended = f"{how_many(annotator.max_minutes, 'minute')} are over"
        else:
            _ask_one(archive, papers[name], tally, edges, state)
        if tally.ended:
            break
    return tally.tell(report, edges.later() - began)


def _ask_one(archive: Archive, one: Announcement, tally: _Tally, edges: Edges, state: "_State") -> None:
    annotator, arxiv_id = tally.asking.annotator, str(one.paper.arxiv_id)
    key = (one.date, annotator.name, arxiv_id, about_of(one), annotator.version)
    outcome, answer = edges.run(archive.config, annotator, one), ""
    problem = outcome.problem
    if not outcome.is_started:
        tally.ended = problem
        return
    if not problem:
        try:
            answer = read_answer(outcome.output)
        except ValueError as error:
            problem = str(error)
    if problem:
        tally.failed, tally.in_a_row, tally.problem = tally.failed + 1, tally.in_a_row + 1, f"{arxiv_id}: {problem}"
        problem = problem.replace("\0", "")
        archive.store.note_unanswered(Failure(*key, state.tries(one) + 1, edges.later(), problem))
        return
    tally.answered, tally.in_a_row = tally.answered + 1, 0
    archive.save_annotations([Annotation(*key, edges.later(), answer)])


def _write(archive: Archive, dates: Iterable[date], report: Report) -> None:
    """Write what is known of these dates beside the day records, and the files that show it."""
    for when in dates:
        try:
            report.written += write_annotations(archive, when)
            days = archive.snapshot.by_date.get(when, {}).values()
            digests = [digest_of(archive, day, day_reader(archive)) for day in days]
            write_products(archive, [*digests, *further_of(archive, when, report)], report)
        except DigestError as error:
            report.note(f"annotations of {when}", error)
