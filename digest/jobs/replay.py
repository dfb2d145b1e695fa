"""The kept pages, parsed again: what a mended parser would change. All offline.

Links are found again by the rules of now, also in texts whose pages are lost. The version of the parser or of those
rules alone is no change: a day that comes out the same keeps its record, byte for byte, and the numbers of the first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.decide import with_whole_author_lists
from digest.errors import PageRefusedError, StoreError
from digest.jobs.kept import parsed_again, removed_pages
from digest.jobs.proving import Chosen, Proving
from digest.jobs.replayed import SHOWN, Replay
from digest.jobs.steps import Track, begin, each, publish, put_in_place, untracked
from digest.model import Day, Source
from digest.parse import relinked


def replay(
    archive: Archive, chosen: Chosen, track: Track = untracked, *, write: bool = False, shown: int | None = SHOWN
) -> Replay:
    """Parse the kept pages of days again, and those that no settled day is made of.

    Args:
        archive: whose pages.
        chosen: which days.
        track: shows progress.
        write: whether to store what differs; if not, nothing at all is changed.
        shown: how many differences of a day are told one by one; None for all.
    """
    report = begin(archive) if write else Report()
    known = frozenset(row.sha256 for row in archive.store.raw_pages())
    found = Replay(report, shown, removed_pages(archive), names_each=bool(chosen.spans), known=known)
    proving = Proving(archive, chosen, found, write=write)
    steps = _steps(archive, chosen, proving, found, write=write)
    for name in track(list(steps)):
        steps[name]()
        if found.report.is_ended:
            break
    else:
        proving.tell_unproven()
    if write:
        publish(archive, found.report, track)
    return found


def _steps(
    archive: Archive, chosen: Chosen, proving: Proving, found: Replay, *, write: bool
) -> dict[str, Callable[[], None]]:
    """Return the steps by name: kept listings first, because a day that they prove needs no further look."""
    steps: dict[str, Callable[[], None]] = {
        f"{kept.category} kept listing {number}": partial(proving.attempt, kept)
        for number, kept in enumerate(proving.candidates(), 1)
    }

    def again(category: str, when: date) -> None:
        if (category, when) not in proving.proven:
            each([f"{category} {when}"], lambda _: _compare(archive, category, when, found, write=write), found.report)

    for day in archive.store.summaries():
        if chosen.has(day.category, day.date):
            steps[f"{day.category} {day.date}"] = partial(again, day.category, day.date)
    return steps


def _compare(archive: Archive, category: str, when: date, found: Replay, *, write: bool) -> None:
    stored = archive.store.day(category, when)
    if stored is None:
        return
    fresh, lost = _read_again(archive, stored, found)
    fresh = with_whole_author_lists(fresh, stored)
    if replace(fresh, parser_version=stored.parser_version, link_rules=stored.link_rules) == stored:
        found.counts["without their pages" if lost else "as stored"] += 1
    else:
        found.differs(stored, fresh)
        if write:
            put_in_place(archive, fresh, found.report)
    # What was never kept here (a fresh clone) is no damage, unless somebody asks for that very day.
    if lost and (found.names_each or any(page.sha256 in found.known for page in stored.pages)):
        raise lost


def _read_again(archive: Archive, stored: Day, found: Replay) -> tuple[Day, StoreError | None]:
    """Return a stored day as it is read now; where its pages are lost, its links in the texts that are stored."""
    if _is_without_listing(stored):
        return relinked(stored), None
    if {page.sha256 for page in stored.pages} & found.removed:
        found.removal(stored)
        return relinked(stored), None
    try:
        return parsed_again(archive.raw, stored), None
    except PageRefusedError:
        found.counts["refused"] += 1
        raise
    except StoreError as error:
        return relinked(stored), error


def _is_without_listing(day: Day) -> bool:
    """Whether a day was not made from pages that show a listing; a feed is none."""
    return day.source is Source.FEED or not day.pages
