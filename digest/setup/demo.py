"""The whole pipeline offline: the nightly job against a stand-in for arXiv that serves invented papers."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from digest.calendar import expected_at
from digest.config.resources import read_calendar
from digest.disk.files import Folder
from digest.errors import UsageError
from digest.standin.announcements import invent
from digest.standin.server import StandIn

CATEGORIES = ("cs.CV",)

_NIGHTS = 5
_WIDTH = 110
_CONFIG = """\
# An archive of invented announcements, made by `digest demo`. Read it (`digest show latest`,
# `digest status`), delete a digest and `digest regenerate` it, delete archive.db and `digest rebuild`.
# arXiv is never asked: the addresses below lead nowhere.

[arxiv]
pages_url = "http://127.0.0.1:9"
feeds_url = "http://127.0.0.1:9"
contact = "nobody@example.org"

[store]
records = "data"
"""


@dataclass(frozen=True)
class Night:
    """One announcement: the date of its listing, and the time of the run an hour after it."""

    date: date
    now: datetime


def nights(now: datetime) -> list[Night]:
    """Return the last announcements before ``now``, the oldest first."""
    calendar = read_calendar()
    newest = calendar.newest_expected(now)
    dates = list(calendar.listing_dates(newest - timedelta(days=30), newest))[-_NIGHTS:]
    return [Night(when, expected_at(when) + timedelta(hours=1)) for when in dates]


def prepare(folder: Path) -> Path:
    """Make ``folder`` a demo archive; return the path of its configuration.

    Raises:
        UsageError: something else is in it.
        StoreError: it cannot be written.
    """
    output = Folder(folder)
    config = output.read("config.toml")
    if config != _CONFIG.encode() and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder}: not empty, and no demo archive; name another folder")
    output.write("config.toml", _CONFIG.encode())
    return folder / "config.toml"


def serve(schedule: Sequence[Night]) -> Iterator[tuple[Night, Mapping[str, str]]]:
    """Go through the nights; for each, serve what is announced, and yield the settings that lead there."""
    with StandIn() as arxiv:
        for night in schedule:
            # Like arXiv's, no two days have the same size, and Tuesday's is the biggest.
            size = 9 + night.date.toordinal() * 5 % 7 + (8 if night.date.weekday() == 1 else 0)
            for category in CATEGORIES:
                arxiv.announce(invent(category, night.date, new=size, cross=size // 2, replacement=size * 2 // 3))
            # Nobody is on the other side who would need arXiv's fifteen seconds.
            yield night, {"DIGEST_ARXIV_PAGES_URL": arxiv.url, "DIGEST_ARXIV_PAGES_DELAY": "0"}


def tell(folder: Path, schedule: Sequence[Night], program: str) -> list[str]:
    """Return what to show at the end: where things are, the head of the newest digest, how ``program`` goes on."""
    newest = schedule[-1].date
    digest = folder / CATEGORIES[0] / f"{newest:%Y/%m}" / f"{newest}.md"
    head = digest.read_text(encoding="utf-8").splitlines()[:7]
    return [
        f"The archive is in {folder}:",
        f"  {folder / 'README.md'}  the index: begin here",
        f"  {digest}  the newest of {len(schedule)} digests",
        f"  {folder / 'data'}  day records; {folder / 'archive.db'}, the database, is made from them",
        f"  {folder / 'raw'}  the pages as they were served",
        "",
        *(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…" for line in head),
        "",
        f"Go on: {program} --config {shlex.quote(str(folder / 'config.toml'))} status",
    ]
