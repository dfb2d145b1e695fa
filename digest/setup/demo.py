"""The whole pipeline offline: the nightly job against a stand-in for arXiv that serves invented papers."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from digest.calendar import expected_at
from digest.config.resources import read_calendar
from digest.disk.files import Folder
from digest.errors import UsageError
from digest.setup.texts import file_text
from digest.standin.announcements import invent
from digest.standin.server import StandIn

CATEGORIES = ("cs.CV",)
VIEW = "recognition"

_NIGHTS = 5
_WIDTH = 110
_NO_SITE = '  no site for a browser: that needs the extra "site"'


def listing_dates(now: datetime) -> list[date]:
    """Return the dates of the last listings before ``now``, the oldest first."""
    calendar = read_calendar()
    newest = calendar.newest_expected(now)
    return list(calendar.listing_dates(newest - timedelta(days=30), newest))[-_NIGHTS:]


def prepare(folder: Path) -> Path:
    """Make ``folder`` a demo archive; return the path of its configuration.

    Raises:
        UsageError: something else is in it.
        StoreError: it cannot be written.
    """
    output, config = Folder(folder), file_text("demo").encode()
    if output.read("config.toml") != config and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder}: not empty, and no demo archive; name another folder")
    output.write("config.toml", config)
    return folder / "config.toml"


def serve(dates: Sequence[date]) -> Iterator[tuple[datetime, Mapping[str, str]]]:
    """Serve one listing after the other; for each, yield the time of a run an hour later, and the settings it takes."""
    with StandIn() as arxiv:
        for when in dates:
            # Days of different sizes, so that the calendar shows which is which.
            size = 9 + when.toordinal() * 5 % 7 + (8 if when.weekday() == 1 else 0)
            for category in CATEGORIES:
                arxiv.announce(invent(category, when, new=size, cross=size // 2, replacement=size * 2 // 3))
            # Nobody is on the other side who would need arXiv's fifteen seconds.
            settings = {"DIGEST_ARXIV_PAGES_URL": arxiv.url, "DIGEST_ARXIV_PAGES_DELAY": "0"}
            yield expected_at(when) + timedelta(hours=1), settings


def files(folder: Path, dates: Sequence[date], site: Path | None) -> dict[str, Path]:
    """Return what to look at, by what it is: the index, the newest digest in each of the two templates, the site."""
    newest = f"{dates[-1]:%Y/%m/%Y-%m-%d}.md"
    places = {"index": "README.md", "digest": f"{CATEGORIES[0]}/{newest}", "view": f"views/{VIEW}/{newest}"}
    return {name: folder / place for name, place in places.items()} | ({"site": site / "index.html"} if site else {})


def tell(folder: Path, dates: Sequence[date], program: str, site: Path | None) -> list[str]:
    """Return what to show at the end: where things are, the head of the newest digest, how ``program`` goes on."""
    found = files(folder, dates, site)
    command = f"{program} --config {shlex.quote(str(folder / 'config.toml'))}"
    head = found["digest"].read_text(encoding="utf-8").splitlines()[:7]
    return [
        f"The archive is in {folder}:",
        f"  {found['index']}  the index: begin here",
        f'  {found["digest"]}  the newest of {len(dates)} digests, in the template "classic"',
        f'  {found["view"]}  the same day in the view "{VIEW}" alone, in the template "full"',
        f"  {found['site']}  the same for a browser: {command} site --serve" if site else _NO_SITE,
        f"  {folder / 'data'}  day records; {folder / 'archive.db'}, the database, is made from them",
        f"  {folder / 'raw'}  the pages as they were served",
        "",
        *(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…" for line in head),
        "",
        f"Go on: {command} status",
    ]
