"""The parts that digest needs of the machine: Python, SQLite, the time zone."""

import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from digest import __version__
from digest.calendar import NEW_YORK
from digest.doctor.case import Case, Finding

_LEAST_SQLITE = (3, 35, 0)  # the first with RETURNING


def check_versions(_case: Case) -> Iterator[Finding]:
    """Tell which digest and which Python is at work."""
    yield Finding(f"digest {__version__} on Python {platform.python_version()}")


def check_sqlite(_case: Case) -> Iterator[Finding]:
    """Look for what the store needs of SQLite."""
    advice = "" if sqlite3.sqlite_version_info >= _LEAST_SQLITE else "a Python with SQLite 3.35 or newer is needed"
    yield Finding(f"SQLite {sqlite3.sqlite_version}", advice, 6 if advice else 0)
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    has_search = "ENABLE_FTS5" in options
    advice = "" if has_search else "a Python whose SQLite has FTS5 is needed"
    yield Finding(f"SQLite has {'' if has_search else 'no '}full-text search", advice, 0 if has_search else 6)


def check_zone(case: Case) -> Iterator[Finding]:
    """Show the time in arXiv's zone, by which listings are expected."""
    yield Finding(f"in New York it is {case.now.astimezone(NEW_YORK):%Y-%m-%d %H:%M (UTC%z)}")
