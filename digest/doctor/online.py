"""What only the network can tell: whether arXiv answers, whether the clocks agree, whether a push would pass."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from email.utils import parsedate_to_datetime

from digest.archive.archive import Archive
from digest.config.checks import require_manners
from digest.disk.files import hold_lock
from digest.doctor.case import Case, Finding
from digest.doctor.database import is_ready
from digest.errors import BudgetSpentError, ConfigError, DigestError, GitError
from digest.fetch.documents import FEEDS, PAGES, Kind, listing_url, rss_url
from digest.git.examining import can_push
from digest.model import RawPage

_MOST = timedelta(minutes=2)
_IN_MEMORY = "sqlite://"
_BUDGET_WORDS = ": not asked for, because no request is left for this part of the job"


def check_arxiv(case: Case) -> Iterator[Finding]:
    """Ask arXiv for one page and one feed, as gently as a run does; neither is kept.

    Where there is no database, nobody remembers when arXiv was asked last: then only the two are spaced.
    """
    database = case.config.database
    is_new = database is not None and not database.exists()
    if not is_new and not is_ready(case):
        yield Finding("arXiv was not asked", "see to the database first: it knows when arXiv was asked last")
        return
    place = (_IN_MEMORY, None) if is_new else (case.config.store_url, database)
    try:
        require_manners(case.config.arxiv)
        with ExitStack() as stack:
            if case.config.lock.exists():
                stack.enter_context(hold_lock(case.config.lock))
            archive = stack.enter_context(case.session.open_archive(*place))
            yield from list(_answers(archive))
    except DigestError as error:
        what = "mend the configuration" if isinstance(error, ConfigError) else "try again later"
        yield Finding(f"arXiv was not asked: {error}", what, error.exit_code)


def _answers(archive: Archive) -> Iterator[Finding]:
    arxiv = archive.config.arxiv
    category = arxiv.categories[0]
    yield from _answer(archive, listing_url(arxiv.pages_url, category), PAGES)
    yield from _answer(archive, rss_url(arxiv.feeds_url, category), FEEDS)


def _answer(archive: Archive, url: str, kind: Kind) -> Iterator[Finding]:
    archive.client.budget = 1
    try:
        page = archive.client.get(url, kind=kind)
    except DigestError as error:
        reason = str(error).removesuffix(_BUDGET_WORDS) if isinstance(error, BudgetSpentError) else str(error)
        yield Finding(f"arXiv: {reason}", "see whether a browser gets it; a run tries again by itself", error.exit_code)
        return
    yield Finding(f"arXiv answers: {page.url}, status {page.status}, {len(page.body)} bytes")
    if kind is PAGES:
        yield from _clock(page)


def _clock(page: RawPage) -> Iterator[Finding]:
    """Compare this machine's clock with arXiv's, by the Date of its answer (RFC 9110, 6.6.1)."""
    try:
        difference = page.fetched_at - parsedate_to_datetime(dict(page.headers).get("date", ""))
    except (ValueError, TypeError):  # no date, or one without a zone
        return
    seconds = difference.total_seconds()
    which = "ahead of" if seconds > 0 else "behind"
    advice = "set the clock, by NTP if possible" if abs(difference) > _MOST else ""
    yield Finding(f"this machine's clock is {abs(seconds):.0f} s {which} arXiv's", advice)


def check_push(case: Case) -> Iterator[Finding]:
    """Ask the git remote whether it would take a push."""
    if not case.config.git.push:
        return
    reason = can_push(case.config.output, case.config.git)
    if reason is None:
        yield Finding(f"{case.config.git.remote} takes pushes")
    else:
        yield Finding(f"no push: {reason}", "mend that: commits stay here until then", GitError.exit_code)
