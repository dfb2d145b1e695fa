"""What programs of the user's own said of papers, and of which they said nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select

from digest.model.annotations import Annotation, Failure, hash_of
from digest.store import tables
from digest.store.engine import Database
from digest.store.notes import put

_BATCH = 500


class Annotations(Database):
    """All annotations. With those of a date their hash is kept, so that files made of them need not be read again."""

    def annotated(self) -> dict[tuple[date, str], str]:
        """Return the hash of what each program said of the papers of a date, by date and name."""
        with self._read() as connection:
            return {(row.date, row.name): row.sha256 for row in connection.execute(select(tables.annotated))}

    def annotations(self, when: date) -> list[Annotation]:
        """Return what programs said of the papers of a date, by name and id."""
        with self._read(f"annotations of {when}") as connection:
            return _annotations(connection, tables.annotation.c.date == when)

    def earlier_annotations(self, name: str, version: str, ids: Sequence[str]) -> list[Annotation]:
        """Return what a program of this version said of these papers, on whatever dates they were announced."""
        table, found = tables.annotation, []
        with self._read("annotations") as connection:
            for start in range(0, len(ids), _BATCH):
                is_its = (table.c.name == name, table.c.version == version)
                found += _annotations(connection, table.c.arxiv_id.in_(ids[start : start + _BATCH]), *is_its)
        return found

    def save_annotations(self, annotations: Sequence[Annotation]) -> None:
        """Store these, in place of what is stored by the same names of the same papers and dates."""
        with self._write() as connection:
            for one in annotations:
                values = {name: getattr(one, name) for name in Annotation.__slots__}
                put(connection, tables.annotation, values)
                its = tables.unanswered
                connection.execute(delete(its).where(*(key == values[key.name] for key in its.primary_key)))
            for when, name in {(one.date, one.name): None for one in annotations}:
                table = tables.annotation
                its_hash = hash_of(_annotations(connection, table.c.date == when, table.c.name == name))
                put(connection, tables.annotated, {"date": when, "name": name, "sha256": its_hash})

    def unanswered(self) -> list[Failure]:
        """Return which programs gave no answer about which papers, by date, name and id."""
        table = tables.unanswered
        query = select(*(table.c[name] for name in Failure.__slots__)).order_by(*table.primary_key)
        with self._read("annotations") as connection:
            return [Failure(*row) for row in connection.execute(query)]

    def note_unanswered(self, failure: Failure) -> None:
        """Note that a program gave no answer."""
        with self._write() as connection:
            put(connection, tables.unanswered, {name: getattr(failure, name) for name in Failure.__slots__})


def _annotations(connection: Connection, *conditions: Any) -> list[Annotation]:
    table = tables.annotation
    query = select(*(table.c[name] for name in Annotation.__slots__)).where(*conditions).order_by(*table.primary_key)
    return [Annotation(*row) for row in connection.execute(query)]
