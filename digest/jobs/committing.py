"""What was written → one commit in the repository that the digests are in, pushed."""

from digest.archive import Archive
from digest.outcome import Report


def commit(archive: Archive, report: Report) -> None:
    """Commit what digest wrote and push it, as [git] is configured; note in ``report`` what was done or failed."""
