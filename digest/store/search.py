"""The full-text index of the revisions; PostgreSQL sees to its own, so that this is about SQLite's.

What is searched is defined in one place, by which rows are added, proven and made again.
"""

import json
import sqlite3

from digest.errors import UNREADABLE
from digest.markup import without_markup

SEARCH_INDEX = "revision_text"
SEARCH_SHADOWS = ("data", "idx", "docsize", "config")
"""What FTS5 keeps its index in: tables of its own, by the ends of their names (https://www.sqlite.org/fts5.html, 9)."""

# As BLOBs: damage may have made something of a text that the driver cannot decode.
_SEARCHED = """
SELECT id, title, names(CAST(authors AS BLOB)) AS authors, plain(CAST(abstract AS BLOB)) AS abstract,
plain(CAST(comments AS BLOB)) AS comments"""
_FILL = f"INSERT INTO {SEARCH_INDEX} (rowid, title, authors, abstract, comments) {_SEARCHED} FROM revision"

_SIGNS_OF_FALSEHOOD = (
    *("SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH"),
    "SQLITE_ERROR",  # a shadow table that is not there, or has other columns
)


def add_to_search_index(raw: sqlite3.Connection, after: int) -> None:
    """Add the revisions with a greater number than ``after``."""
    _add_functions(raw)
    raw.execute(f"{_FILL} WHERE id > ? ORDER BY id", (after,))


def remake_search_index(raw: sqlite3.Connection) -> None:
    """Make the index again from the stored texts."""
    _add_functions(raw)
    raw.execute(f"INSERT INTO {SEARCH_INDEX} ({SEARCH_INDEX}) VALUES ('delete-all')")  # noqa: S608 - our own names
    raw.execute(_FILL)


def is_search_index_true(raw: sqlite3.Connection) -> bool:
    """Whether the index is that of the stored texts, row by row.

    A contentless index cannot be compared with anything by itself, so that a copy of it is, one whose content is a
    view of the stored texts (https://www.sqlite.org/fts5.html, 6.4 and 4.4.3).
    """
    _add_functions(raw)
    (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (SEARCH_INDEX,)).fetchone() or ("",)
    proof = made.replace(SEARCH_INDEX, "temp.proof").replace("content=''", "content='proof_texts', content_rowid='id'")
    try:
        raw.execute(f"CREATE TEMP VIEW proof_texts AS {_SEARCHED} FROM main.revision")
        raw.execute(proof)
        for part in SEARCH_SHADOWS:
            raw.execute(f"DELETE FROM temp.proof_{part}")  # noqa: S608 - our own names
            raw.execute(f"INSERT INTO temp.proof_{part} SELECT * FROM main.{SEARCH_INDEX}_{part}")  # noqa: S608 - as above
        raw.execute("INSERT INTO temp.proof (proof, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname not in _SIGNS_OF_FALSEHOOD:
            raise
        return False
    finally:
        raw.execute("DROP TABLE IF EXISTS temp.proof")
        raw.execute("DROP VIEW IF EXISTS temp.proof_texts")
    return True


def _add_functions(raw: sqlite3.Connection) -> None:
    """Let a connection know what of a text is searched."""

    def names(value: bytes | None) -> str:
        try:
            return ", ".join(json.loads(lenient(value)))
        except UNREADABLE:  # none, if the row is damaged: the day that it belongs to is restored first
            return ""

    raw.create_function("names", 1, names)
    raw.create_function("plain", 1, lambda value: without_markup(lenient(value)))


def lenient(value: bytes | None) -> str:
    """Return a text of which damage may have made something that is none: it is equal to nothing that was stored."""
    return (value or b"").decode(errors="replace")
