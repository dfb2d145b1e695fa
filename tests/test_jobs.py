"""The nightly run, end to end: what a user of the command sees."""

from digest.standin import StandIn
from tests.conftest import DAY, Sandbox

DIGEST = "cs.CV/2025/03/2025-03-05.md"


def test_run_writes_the_digest_of_the_page_s_date(archive: Sandbox) -> None:
    """One run fetches, proves, stores and renders the newest listing, and says so in two lines."""
    result = archive.digest("run")
    assert result.code == 0
    assert result.out == ""
    assert result.err.splitlines() == [
        "date=2025-03-05 category=cs.CV state=complete new=12/12 cross=5/5 replacement=6/6 source=listing",
        "ok=1 failed=0 requests=1 exit=0",
    ]
    assert archive.read(DIGEST).startswith(b"# ArXiv cs.CV --Wed, 5 Mar 2025\n### 1.")


def test_run_on_a_stored_day_changes_nothing_and_asks_nothing(archive: Sandbox, arxiv: StandIn) -> None:
    """Once the expected listing is proven, a run touches no file and makes no request."""
    archive.digest("run")
    before = archive.tree()
    times = {path: (archive.folder / path).stat().st_mtime_ns for path in before}
    result = archive.digest("run", now="2025-03-05T03:00:00Z")
    assert (result.code, result.err) == (0, "ok=1 failed=0 requests=0 exit=0\n")
    assert archive.tree() == before
    assert {path: (archive.folder / path).stat().st_mtime_ns for path in before} == times
    assert len(arxiv.requests) == 1
    assert arxiv.today == DAY
