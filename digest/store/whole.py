"""The whole store: days, and what is noted besides."""

from digest.model import Known
from digest.store.days import read_summaries
from digest.store.notes import Notes, read_files, read_ledger
from digest.store.repairs import Repairs


class Store(Repairs, Notes):
    """One archive's database. Each writing method is one transaction; within ``transaction``, several are.

    Every method raises ``StoreError`` when the database or its disk fails.
    """

    def known(self) -> Known:
        """Return the summaries, the ledger and what is known of the files: of one moment, in one transaction.

        Raises:
            DamageError: some of it cannot be read.
        """
        with self._read() as connection:
            return Known(tuple(read_summaries(connection)), read_ledger(connection), read_files(connection))
