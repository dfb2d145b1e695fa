"""What was written → one commit in the repository that the digests are in, pushed."""

from digest.archive.archive import Archive
from digest.archive.report import Report
from digest.errors import DigestError, GitError, StoreError, UnpushedError


def commit(archive: Archive, report: Report) -> None:
    """Commit what digest wrote and push it, as [git] is configured; note in ``report`` what was done or failed.

    What a killed run wrote and did not commit is committed, too: not what was written now is asked for, but what
    differs from the last commit and is as digest writes it. Nothing here ever harms the archive.
    """
    settings = archive.config.git
    if not settings.commit:
        return
    from digest.archive.commit import OneCommit  # noqa: PLC0415 - it starts programs, most jobs do not

    try:
        OneCommit(archive, report).do()
    except (GitError, StoreError) as error:
        failure: DigestError = UnpushedError(str(error)) if settings.durable else error
        if not report.knows(failure):
            report.failures.append(failure)
