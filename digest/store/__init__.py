"""The store: days, what is noted about dates, raw pages, files, runs. The only importer of sqlalchemy."""

from digest.model import FileRow, Known
from digest.store.days import read_summaries
from digest.store.engine import SIDE_FILES, can_be_written
from digest.store.notes import Notes, read_files, read_ledger
from digest.store.repairs import FalseRevision, Repairs, mend_derived, remove_rows, salvage
from digest.store.soundness import (
    Soundness,
    UnsoundRow,
    copy_database,
    examine_database,
    is_archive,
    is_there,
    keep_copy,
    open_file,
)


class Store(Repairs, Notes):
    """One archive's database. Each writing method is one transaction; within ``transaction``, several are.

    Every method raises ``StoreError`` when the database or its disk fails.
    """

    def known(self) -> Known:
        """Return the summaries, the ledger and what is known of the files, all read anew, and of one moment.

        Raises:
            DamageError: some of it cannot be read.
        """
        with self._read() as connection:
            self._summaries = read_summaries(connection)
            self._ledger = read_ledger(connection)
            return Known(tuple(self._summaries), self._ledger, read_files(connection))


__all__ = [
    "SIDE_FILES",
    "FalseRevision",
    "FileRow",
    "Soundness",
    "Store",
    "UnsoundRow",
    "can_be_written",
    "copy_database",
    "examine_database",
    "is_archive",
    "is_there",
    "keep_copy",
    "mend_derived",
    "open_file",
    "remove_rows",
    "salvage",
]
