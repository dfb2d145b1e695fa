"""Kept pages whose time is over: which may go, and which went."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from digest.archive.archive import Archive
from digest.archive.days import is_recorded
from digest.disk.raw import raw_path
from digest.model import DaySummary


def pages_to_remove(archive: Archive, limit: int) -> list[str]:
    """Return the SHA-256 of the kept pages whose time is over: those of more than ``limit`` days ago.

    A page goes once all days that name it are proven, and their records on the disk. All others stay: those of a day
    that is provisional, refused, missing or given up may be all that there is of it.
    """
    if archive.records is None:
        return []
    days: dict[str, list[DaySummary]] = defaultdict(list)
    named = archive.store.page_hashes()
    for day in archive.snapshot.summaries:
        for sha256 in named.get((day.category, day.date), ()):
            days[sha256].append(day)
    due = archive.now - timedelta(days=limit)
    last = {row.sha256: row.fetched_at for row in archive.store.raw_pages() if row.path}

    def is_over(sha256: str, since: datetime) -> bool:
        # A clock that went ahead dated the page: its listing's date tells how old it is.
        if since > archive.now:
            since = datetime.combine(max(day.date for day in days[sha256]), time.max, UTC)
        return since <= due and all(day.is_proven and is_recorded(archive, day) for day in days[sha256])

    return [sha256 for sha256, since in last.items() if days[sha256] and is_over(sha256, since)]


def remove_old_pages(archive: Archive, pages: Iterable[str]) -> None:
    """Remove kept pages by their SHA-256. That they were here stays known.

    Raises:
        StoreError: the disk or the database fails.
    """
    for sha256 in pages:
        # First the note: a page that is noted and still there harms nothing.
        archive.store.note_removal(sha256)
        archive.raw.remove(raw_path(sha256))


def removed_pages(archive: Archive) -> frozenset[str]:
    """Return the SHA-256 of the pages that were removed on purpose, and were not kept anew since."""
    return frozenset(
        row.sha256 for row in archive.store.raw_pages() if not row.path and not archive.raw.has(raw_path(row.sha256))
    )
