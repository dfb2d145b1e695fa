"""How right reconstructed dates are, measured on the captured days of an archive. Offline; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from digest.archive.archive import Archive
from digest.history.reconstruction import FIRST_DAY, Dated
from digest.jobs.reconstruct import Past, dated, section_in
from digest.model import Section, State

_EXAMPLES = 10


@dataclass
class Error:
    """How many announcements were dated, and how many of them wrongly: with blocks of ids, and by the clock alone."""

    total: int = 0
    by_blocks: int = 0
    by_clock: int = 0

    def add(self, *, blocks: bool, clock: bool) -> None:
        """Count one whose date is right, or not, with blocks and by the clock."""
        self.total += 1
        self.by_blocks += not blocks
        self.by_clock += not clock

    @property
    def data(self) -> dict[str, object]:
        """It, as machines read it."""
        shares = {"error_by_blocks": self.share(self.by_blocks), "error_by_clock": self.share(self.by_clock)}
        return {"total": self.total, "wrong_by_blocks": self.by_blocks, "wrong_by_clock": self.by_clock, **shares}

    def share(self, wrong: int) -> float | None:
        """Return a share of all, in per cent; None of nothing."""
        return round(100 * wrong / self.total, 3) if self.total else None


@dataclass(frozen=True, slots=True)
class Example:
    """An announcement that was dated wrongly."""

    category: str
    arxiv_id: str
    section: Section
    captured: date
    found: Dated

    def __str__(self) -> str:
        possible = f"possible {self.found.earliest} to {self.found.latest}, by {self.found.basis}"
        told = f"{self.category} {self.section}, captured {self.captured}, reconstructed {self.found.date}"
        return f"{self.arxiv_id}: {told} ({possible})"

    @property
    def data(self) -> dict[str, str]:
        """It, as machines read it."""
        names = {"category": self.category, "id": self.arxiv_id, "section": self.section.value}
        dates = {"captured": self.captured, "reconstructed": self.found.date, "earliest": self.found.earliest}
        told = {name: when.isoformat() for name, when in (dates | {"latest": self.found.latest}).items()}
        return {**names, **told, "basis": self.found.basis.value}


@dataclass
class Evaluation:
    """The errors over all, of new submissions and of cross-lists; of how many nothing was harvested.

    ``other_section``: those that today's primary category would put into the other section. ``in_range``: those whose
    captured date is among those that were told to be possible.
    """

    all: Error = field(default_factory=Error)
    new: Error = field(default_factory=Error)
    cross: Error = field(default_factory=Error)
    unknown: int = 0
    other_section: int = 0
    in_range: int = 0
    days: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def data(self) -> dict[str, object]:
        """It, as machines read it."""
        errors = {"all": self.all.data, "new": self.new.data, "cross": self.cross.data}
        counts = {"days": self.days, "not_harvested": self.unknown, "other_section": self.other_section}
        return {**counts, **errors, "in_range": self.in_range, "examples": [one.data for one in self.examples]}

    @property
    def lines(self) -> list[str]:
        """It in words, a line each."""
        if not self.all.total:
            return [f"nothing to evaluate: no captured announcement whose paper is harvested ({self.unknown} without)"]
        rows = [f"{self.days} captured days, reconstructed blind: error with blocks of ids / by the clock alone"]
        for name, error in (("all", self.all), ("new", self.new), ("cross-lists", self.cross)):
            shares = " / ".join(f"{error.share(one) or 0:.2f} %" for one in (error.by_blocks, error.by_clock))
            rows.append(f"{name:12}{shares} of {error.total}" if error.total else f"{name:12}none")
        rows.append(f"{self.all.total - self.in_range} are outside of the dates that were told to be possible")
        rows += [f"{self.other_section} are in the other section by today's categories"] if self.other_section else []
        rows += [f"{self.unknown} more are not harvested"] if self.unknown else []
        return [*rows, *(["for example:", *map(str, self.examples)] if self.examples else [])]


def evaluate(archive: Archive, past: Past) -> Evaluation:
    """Reconstruct the complete days of an archive from what was harvested, blind, and compare."""
    result, found = Evaluation(), {}
    wanted = {category: _captured(archive, past, category) for category in past.categories}
    dates = [when for papers in wanted.values() for when, _ in papers.values()]
    if not dates:
        return result
    asked = {arxiv_id for papers in wanted.values() for arxiv_id in papers}
    for submission, clock, one in dated(archive, max(min(dates), FIRST_DAY), max(dates)):
        if submission.arxiv_id in asked:
            found[submission.arxiv_id] = (submission.categories, clock, one)
    result.days = len({(category, when) for category, papers in wanted.items() for when, _ in papers.values()})
    for category, papers in wanted.items():
        _compare(result, category, papers, found)
    return result


def _captured(archive: Archive, past: Past, category: str) -> dict[str, tuple[date, Section]]:
    first, last = past.first or FIRST_DAY, past.last or date.max
    return {
        arxiv_id: (when, section)
        for arxiv_id, when, section, state in reversed(archive.store.captured(category))
        if section is not Section.REPLACEMENT and state is State.COMPLETE and first <= when <= last
    }


def _compare(
    result: Evaluation,
    category: str,
    papers: Mapping[str, tuple[date, Section]],
    found: Mapping[str, tuple[str | None, date, Dated]],
) -> None:
    for arxiv_id, (when, section) in papers.items():
        if arxiv_id not in found:
            result.unknown += 1
            continue
        categories, clock, one = found[arxiv_id]
        for error in (result.all, result.new if section is Section.NEW else result.cross):
            error.add(blocks=one.date == when, clock=clock == when)
        result.in_range += one.earliest <= when <= one.latest
        if categories is not None:
            result.other_section += section_in(category, categories) is not section
        if one.date != when and len(result.examples) < _EXAMPLES:
            result.examples.append(Example(category, arxiv_id, section, when, one))
