"""What two readings of the same listing differ in, in words. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix

from digest.model import Day, Entry, Paper, Section

_BEFORE = 20
_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: ``what`` (a field, or that the entry was added, gone, moved) of which paper."""

    arxiv_id: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.arxiv_id} {self.what}: {self.text}".lstrip()


_FIELDS: Mapping[str, Callable[[Paper], str | None]] = {
    "title": lambda paper: paper.title,
    "authors": lambda paper: ", ".join(paper.authors),
    "primary category": lambda paper: paper.primary_category,
    "categories": lambda paper: " ".join(paper.categories),
    "abstract": lambda paper: paper.abstract,
    "comments": lambda paper: paper.comments,
    "journal reference": lambda paper: paper.journal_ref,
    "links": lambda paper: ", ".join(f"{link.url} ({link.kind}, {link.found_in})" for link in paper.links),
}


def differences(old: Day, new: Day) -> list[Difference]:
    """Return what differs between two readings of a day, by the places in the listing."""
    found = []
    if old.declared != new.declared:
        found.append(Difference("", "declared", f"{_counts(old)} → {_counts(new)}"))
    before = {entry.paper.arxiv_id: entry for entry in old.entries}
    after = {entry.paper.arxiv_id: entry for entry in new.entries}
    for arxiv_id, entry in after.items():
        if arxiv_id in before:
            found += _changes(before[arxiv_id], entry)
        else:
            found.append(Difference(str(arxiv_id), "added", _quoted(entry.paper.title)))
    gone = [entry.paper for arxiv_id, entry in before.items() if arxiv_id not in after]
    return found + [Difference(str(paper.arxiv_id), "gone", _quoted(paper.title)) for paper in gone]


def _counts(day: Day) -> str:
    return " ".join(f"{name}={day.declared[name]}" for name in Section if name in day.declared) or "nothing"


def _changes(old: Entry, new: Entry) -> Iterator[Difference]:
    arxiv_id = str(new.paper.arxiv_id)
    if (old.section, old.position) != (new.section, new.position):
        yield Difference(arxiv_id, "moved", f"{old.section} {old.position} → {new.section} {new.position}")
    for name, read in _FIELDS.items():
        before, after = read(old.paper), read(new.paper)
        if before != after:
            common = commonprefix([before or "", after or ""])  # noqa: RUF071 (of texts, by characters)
            start = max(0, len(common) - _BEFORE)
            yield Difference(arxiv_id, name, f"{_quoted(before, start)} → {_quoted(after, start)}")


def _quoted(text: str | None, start: int = 0) -> str:
    """Return ``text`` from ``start`` on, cut to what a line holds, its control characters escaped."""
    if text is None:
        return "none"
    end = start + _WIDTH
    return repr(f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}")


def in_total(found: Sequence[Difference], old: Day, new: Day) -> str:
    """Say how many entries differ, and how many in what."""
    differing = {one.arxiv_id for one in found if one.arxiv_id}
    entries = {entry.paper.arxiv_id for day in (old, new) for entry in day.entries}
    kinds = Counter(one.what for one in found)
    named = ", ".join(f"{what} {count}" if count > 1 or what != "declared" else what for what, count in kinds.items())
    return f"{len(differing)} of {len(entries)} entries differ ({named})"
