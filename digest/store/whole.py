"""The whole store: days, and what is noted besides."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from digest.errors import UsageError
from digest.model import Found, Known, Query
from digest.store import queries, tables
from digest.store.annotations import Annotations
from digest.store.days import read_summaries, read_unfiled
from digest.store.engine import driver_of
from digest.store.harvests import Harvests
from digest.store.notes import Notes, read_files, read_ledger
from digest.store.repairs import Repairs


class Store(Repairs, Notes, Harvests, Annotations):
    """One archive's database. Each writing method is one transaction; within ``transaction``, several are.

    Every method raises ``StoreError`` when the database or its disk fails.
    """

    def known(self) -> Known:
        """Return the summaries, the ledger and what is known of the files: of one moment, in one transaction.

        Raises:
            DamageError: some of it cannot be read.
        """
        with self._read() as connection:
            days = tuple(read_summaries(connection, tables.day.c.has_files))
            return Known(days, read_ledger(connection), read_files(connection), read_unfiled(connection))

    def find(self, query: Query, *, ranked: bool, limit: int) -> list[Found]:
        """Return the papers that a query finds, each once: the newest first, or (``ranked``) the most suitable.

        Raises:
            UsageError: the database is no SQLite.
        """
        with self._searching() as raw:
            return queries.find(raw, query, ranked=ranked, limit=limit)

    def find_announcements(self, query: Query) -> set[tuple[str, date, str]]:
        """Return the category, date and id of all announcements whose texts a query finds.

        Raises:
            UsageError: the database is no SQLite.
        """
        with self._searching() as raw:
            return queries.find_announcements(raw, query)

    @contextmanager
    def _searching(self) -> Iterator[sqlite3.Connection]:
        with self._read() as connection:
            raw = driver_of(connection)
            if raw is None:
                raise UsageError("expected SQLite to search in, found another database in [store] url")
            yield raw
