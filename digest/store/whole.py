"""The whole store: days, and what is noted besides."""

from datetime import date

from digest.model import DaySummary, Found, Known, Ledger, Query
from digest.store import queries, server_search, tables
from digest.store.annotations import Annotations
from digest.store.days import read_summaries, read_unfiled
from digest.store.engine import driver_of
from digest.store.harvests import Harvests
from digest.store.leases import Leases
from digest.store.notes import Notes, read_files, read_ledger
from digest.store.repairs import Repairs


class Store(Repairs, Notes, Harvests, Annotations, Leases):
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

    def known_of(self, category: str) -> tuple[list[DaySummary], Ledger]:
        """Return the days of a category that have files, and the whole ledger: of one moment.

        Raises:
            DamageError: some of it cannot be read.
        """
        its = tables.day.c.has_files & (tables.day.c.category == category)
        with self._read() as connection:
            return read_summaries(connection, its), read_ledger(connection)

    def find(self, query: Query, *, ranked: bool, limit: int) -> list[Found]:
        """Return the papers that a query finds, each once: the newest first, or (``ranked``) the most suitable."""
        with self._read() as connection:
            if raw := driver_of(connection):
                return queries.find(raw, query, ranked=ranked, limit=limit)
            return server_search.find(connection, query, ranked=ranked, limit=limit)

    def find_announcements(self, query: Query) -> set[tuple[str, date, str]]:
        """Return the category, date and id of all announcements whose texts a query finds."""
        with self._read() as connection:
            if raw := driver_of(connection):
                return queries.find_announcements(raw, query)
            return server_search.find_announcements(connection, query)
