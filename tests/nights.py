"""Nights of an archive: instants in New York, what arXiv was asked, what the archive then tells."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.conftest import Result, Sandbox
from tests.standin import Fault, InventedPaper, Mailing, Reply, Request, StandIn, faults

NEW_YORK = ZoneInfo("America/New_York")


def after(when: date, hours: float = 1.0) -> str:
    """Return the instant this long after the listing of ``when`` goes out: 20:00 in New York on the evening before."""
    evening = datetime.combine(when - timedelta(days=1), time(20), NEW_YORK).astimezone(UTC)
    return (evening + timedelta(hours=hours)).isoformat()


def noon(when: date, *, seconds: int = 0) -> str:
    """Return noon in New York on ``when``, from which its listing is overdue, or ``seconds`` later."""
    overdue = datetime.combine(when, time(12), NEW_YORK).astimezone(UTC)
    return (overdue + timedelta(seconds=seconds)).isoformat()


def show(arxiv: StandIn, *announcements: Mailing) -> None:
    """Let arXiv have announced these by now, the last one as its newest."""
    for announcement in announcements:
        arxiv.announce(announcement)
    arxiv.today = announcements[-1].date


def asked(arxiv: StandIn) -> list[str]:
    """Return what arXiv was asked for since this was asked last."""
    paths = [request.path for request in arxiv.requests]
    arxiv.requests.clear()
    return paths


def catchup(when: date, page: int = 1, category: str = "cs.CV") -> str:
    """Return the path of a past listing."""
    return f"/catchup/{category}/{when}?abs=True&page={page}"


def listing(category: str = "cs.CV") -> str:
    """Return the path of the newest listing."""
    return f"/list/{category}/new"


def status(sandbox: Sandbox, now: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of ``status --json`` and what it tells."""
    result = sandbox.digest("status", "--json", now=now)
    return result.code, json.loads(result.out)


def day(sandbox: Sandbox, when: date, now: str, category: str = "cs.CV") -> dict[str, Any] | None:
    """Return what the status tells of a stored day; None if it is not stored."""
    found = status(sandbox, now)[1]["categories"][category]["days"]
    return next((one for one in found if one["date"] == str(when)), None)


def known_as(sandbox: Sandbox, when: date, now: str, category: str = "cs.CV") -> tuple[str, str] | None:
    """Return state and source of a stored day; None if it is not stored."""
    found = day(sandbox, when, now, category)
    return (found["state"], found["source"]) if found else None


def requests_of(result: Result) -> int:
    """Return how many requests a run made, as it says itself."""
    (total,) = [line for line in result.err.splitlines() if line.startswith("ok=")]
    return int(total.partition("requests=")[2].split()[0])


def digest_path(when: date, category: str = "cs.CV") -> str:
    """Return where the digest of a date lies."""
    return f"{category}/{when:%Y/%m}/{when}.md"


def heading(when: date, category: str = "cs.CV") -> str:
    """Return the first line of a digest, in English."""
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[when.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"# ArXiv {category} --{weekday}, {when.day} {months[when.month - 1]} {when.year}\n"


def lose_database(sandbox: Sandbox) -> None:
    """Remove the database."""
    sandbox.lose_database()


def answered_as(other: StandIn, pattern: str) -> Fault:
    """Let ``other``, which need not serve, answer what matches ``pattern``."""

    def answer(request: Request, _reply: Reply) -> Reply:
        return other.answer(request)

    return faults.only(pattern, answer)


def beside(sandbox: Sandbox, name: str) -> Sandbox:
    """Return another archive, configured the same, in a folder of its own."""
    other = Sandbox(sandbox.folder.parent / name, sandbox.capture, {key: {} for key in sandbox.settings})
    other.folder.mkdir()
    for section, values in sandbox.settings.items():
        other.configure(section, **values)
    other.urls = sandbox.urls
    other.new_database()
    return other


def paper(arxiv_id: str, abstract: str, title: str = "An Invented Title") -> InventedPaper:
    """Return a paper of cs.CV with this raw abstract."""
    return InventedPaper(arxiv_id, title, abstract, ("Ada Example", "Bo Sample"), None, None, "cs.CV", ("cs.CV",))
