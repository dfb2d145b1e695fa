"""What a job did, and what went wrong on the way."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from digest.decide import declared, in_short
from digest.errors import ENDING, DigestError, NotServedError, gravest, how_many
from digest.model import DaySummary, Section

Track = Callable[[Sequence[str]], Iterable[str]]
"""Goes through the names of the parts of a long job, showing progress to whoever waits."""


def untracked(names: Sequence[str]) -> Iterable[str]:
    """Go through ``names`` and show nothing."""
    return names


@dataclass
class Report:
    """What a job did: the days that it changed, the files that it wrote, what failed, what else to say."""

    changed: list[DaySummary] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    succeeded: int = 0
    failures: list[DigestError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What a person should mend, although nothing failed."""
    loaded: list[DaySummary] = field(default_factory=list)
    """Days that were only taken in from the day records, as they were."""
    left_outdated: int = 0
    """Files of views that another template made, and that stay so until somebody asks for new ones."""
    unobtainable: set[tuple[str, date]] = field(default_factory=set)
    """Days (category, date) of which a failure says that they cannot be had."""
    not_served: set[str] = field(default_factory=set)
    """Categories that arXiv says it does not have: nothing more is asked of them."""
    warned: set[str] = field(default_factory=set)
    """Warnings of the commit that were given: a run may commit twice."""
    verb: str = "stored"
    """What was done to the changed days."""
    actions: list[str] = field(default_factory=list)
    """What else was done, in words."""

    @property
    def words(self) -> str:
        """What the job changed, in words for a person; "" if that is nothing."""
        days = dict.fromkeys((day.category, day.date) for day in self.changed)
        categories = dict.fromkeys(category for category, _ in days)
        stored = [f"{name} {in_short([day for one, day in days if one == name])}" for name in categories]
        files = len(set(self.written))
        wrote = [f"wrote {how_many(files, 'file')}"] if files else []
        return "; ".join([*self.actions, *([f"{self.verb} {', '.join(stored)}"] if stored else []), *wrote])

    def data(self, requests: int) -> dict[str, object]:
        """Return what the job did as machines read it."""
        return {
            "changed": [{"category": day.category} | day_fields(day) for day in self.changed],
            "written": list(dict.fromkeys(self.written)),
            "remarks": [*self.remarks, *self.warnings],
            "ok": self.succeeded,
            "failed": len(self.failures),
            "requests": requests,
        }

    @property
    def exit_code(self) -> int:
        """The gravest of the failures' codes, 0 without any."""
        return gravest(failure.exit_code for failure in self.failures)

    @property
    def is_ended(self) -> bool:
        """Whether something failed after which the other parts of the job make no sense."""
        return any(one.exit_code in ENDING and not isinstance(one, NotServedError) for one in self.failures)

    def warn(self, words: str) -> None:
        """Warn of something, once."""
        if words not in self.warnings:
            self.warnings.append(words)

    def note(self, what: str, error: DigestError) -> None:
        """Note that ``what`` failed, unless the very same cause was noted already."""
        if not self.knows(error):
            self.fail(what, error)

    def fail(self, what: str, error: DigestError) -> None:
        """Note that ``what`` failed."""
        self.failures.append(type(error)(f"{what}: {error}"))

    def result(self, what: str, problem: DigestError | None) -> None:
        """Note how a part of the job ended: without a ``problem``, it succeeded."""
        if problem is None:
            self.succeeded += 1
        else:
            self.fail(what, problem)

    def each(self, names: Iterable[str], do: Callable[[str], DigestError | None]) -> None:
        """Do each part of a job; the failure of one, raised or returned, does not stop the others.

        Unless it concerns them too.
        """
        for name in names:
            try:
                problem = do(name)
            except DigestError as error:
                problem = error
            self.result(name, problem)
            if self.is_ended:
                return

    def is_failed(self, what: str) -> bool:
        """Whether it was noted that ``what`` failed."""
        return any(str(failure).startswith(f"{what}: ") for failure in self.failures)

    def knows(self, error: DigestError) -> bool:
        """Whether a failure was noted already for the very same cause."""
        return any(str(failure).endswith(str(error)) for failure in self.failures)


def day_fields(day: DaySummary) -> dict[str, object]:
    """Return a day as machines read it: its state, its source, the entries stored and declared."""
    return {
        "date": day.date.isoformat(),
        "state": day.state.value,
        "source": day.source.value,
        "stored": {section.value: day.counts[section] for section in Section},
        "declared": {section.value: declared(day, section) for section in Section},
        "not_listed": day.shortage,
    }
