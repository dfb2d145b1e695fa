"""Storing days, in one process, against plain sqlite3: the same rows, the same hashes, the full-text index kept."""

import hashlib
import html
import itertools
import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from digest.archive.archive import Archive
from digest.archive.days import load_records
from digest.cli.console import Console
from digest.cli.session import Session
from digest.records.day import parse_record
from digest.store.light import open_light
from tests.benchmarks.archives import NOW, Texts, fill
from tests.benchmarks.measuring import Row, Used, in_turn, used_by

_AT_ONCE = 12
_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r'<a [^>]*href="(?:http://)?([^"]*)"[^>]*>this [a-z]+ URL</a>')
_ROOM = 2**20
_REVISION = """
INSERT INTO revision (id, arxiv_id, text_hash, fields_hash, title, abstract, authors, comments, journal_ref,
primary_category, categories, place, authors_text, abstract_text, comments_text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TEXT = "INSERT INTO revision_text (rowid, title, authors, abstract, comments) VALUES (?, ?, ?, ?, ?)"
_DAY = """
INSERT INTO day (category, date, state, source, declared, stored, pages, parser_version, link_rules, content_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


@dataclass(frozen=True)
class Kept:
    """A day record: its bytes, what JSON makes of its lines."""

    data: bytes
    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, data: bytes) -> "Kept":
        """Read a record as a user's script would."""
        header, *rows = map(json.loads, data.decode().split("\n")[:-1])
        return cls(data, header, rows)


def storing(texts: Texts, rounds: int) -> Iterator[Row]:
    """Yield a night's day of 140, and a bulk load of 60 records of 130."""
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as name:
        place = Path(name)
        yield _nightly(place, texts, rounds)
        yield _bulk(place, texts, rounds)


def _nightly(place: Path, texts: Texts, rounds: int) -> Row:
    """On 30 days that are stored already; a transaction a day."""
    number = 30 + _AT_ONCE * rounds
    records = [path.read_bytes() for path in sorted(_records(place, "nightly", texts, number, 140).rglob("*.jsonl"))]
    days = [(parse_record(data), hashlib.sha256(data).hexdigest()) for data in records]
    kept = [Kept.of(data) for data in records]
    ours, theirs = (_empty(place / name) for name in ("ours", "theirs"))
    light = open_light(ours)
    if light is None:
        raise RuntimeError(f"{ours} cannot be opened")
    with closing(light), closing(_plain(theirs)) as script:
        to_save, to_write = iter(days), iter(kept)

        def save(count: int) -> None:
            for day, content_hash in itertools.islice(to_save, count):
                light.save_day(day, content_hash, outdated_file="x")

        def write(count: int) -> None:
            for one in itertools.islice(to_write, count):
                with _transaction(script):
                    _look(script, one)
                    _write(script, one)

        save(30)
        write(30)
        both = {"ours": partial(save, _AT_ONCE), "theirs": partial(write, _AT_ONCE)}
        found = in_turn({name: partial(used_by, do) for name, do in both.items()}, rounds)
    return Row(f"{_AT_ONCE} days of 140 stored", found["ours"], found["theirs"], "sqlite3, the same rows and hashes")


def _bulk(place: Path, texts: Texts, rounds: int) -> Row:
    """Into a database without days; the script does it in one transaction and proves nothing."""
    folder = _records(place, "bulk", texts, 60, 130).parent

    def ours() -> Used:
        _empty(folder / "archive.db")
        session = Session(Console(), folder / "config.toml", datetime.fromisoformat(NOW))
        with session.open_archive(session.config.store_url, session.config.database) as archive:
            return used_by(partial(_load, archive))

    def theirs() -> Used:
        with closing(_plain(_empty(place / "theirs.db"))) as script:
            return used_by(partial(_script, script, folder / "data"))

    found = in_turn({"ours": ours, "theirs": theirs}, rounds)
    return Row("60 records of 130 loaded", found["ours"], found["theirs"], "json and sqlite3, one transaction")


def _load(archive: Archive) -> None:
    if len(load_records(archive, whole=True).loaded) != 60:
        raise RuntimeError("not every record was loaded")


def _script(connection: sqlite3.Connection, folder: Path) -> None:
    with _transaction(connection):
        for path in sorted(folder.rglob("*.jsonl")):
            _write(connection, Kept.of(path.read_bytes()))


def _records(place: Path, name: str, texts: Texts, days: int, size: int) -> Path:
    folder = place / name
    folder.mkdir()
    fill(folder, texts, days, size)
    return folder / "data"


def _empty(database: Path) -> Path:
    """Make a database of digest's without days."""
    from digest.store.whole import Store  # noqa: PLC0415 - not on the way that is measured

    for left in database.parent.glob(f"{database.name}*"):
        left.unlink()
    with closing(Store(f"sqlite:///{database}", database)):
        return database


def _plain(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def _look(connection: sqlite3.Connection, one: Kept) -> None:
    """Ask what is there of the day and its papers, as one has to who may have them already."""
    key = (one.header["category"], one.header["date"])
    connection.execute("SELECT id FROM day WHERE category = ? AND date = ?", key).fetchall()
    ids = [row["id"] for row in one.rows]
    places = ", ".join("?" * len(ids))
    connection.execute(f"SELECT text_hash, fields_hash, id FROM revision WHERE arxiv_id IN ({places})", ids).fetchall()  # noqa: S608
    connection.execute("DELETE FROM file WHERE path = 'x'")


def _write(connection: sqlite3.Connection, one: Kept) -> None:
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()
    stop = (date.fromisoformat(one.header["date"]).toordinal() + 1) * _ROOM
    taken = "SELECT min(place) FROM revision WHERE place BETWEEN ? AND ?"
    (least,) = connection.execute(taken, (stop - _ROOM, stop - 1)).fetchone()
    revisions, links, texts = [], [], []
    for number, row in enumerate(one.rows, last + 1):
        where = [(link["url"], link["kind"], link["found_in"]) for link in row["links"]]
        hashes = (
            _hash(row["title"], row["abstract"]),
            _hash(row["authors"], row["comments"], row["journal_ref"], row["primary"], row["categories"], where),
        )
        authors, categories = json.dumps(row["authors"]), json.dumps(row["categories"])
        texts_of = (row["title"], row["abstract"], authors, row["comments"], row["journal_ref"])
        place = (least or stop) - (number - last)
        names, plain = ", ".join(row["authors"]), [_shown(row[name]) for name in ("abstract", "comments")]
        others = [None if authors[2:-2].replace('", "', ", ") == names else names]
        others += [
            None if text == row[name] else text for text, name in zip(plain, ("abstract", "comments"), strict=True)
        ]
        revisions.append((number, row["id"], *hashes, *texts_of, row["primary"], categories, place, *others))
        links += [(number, ordinal, *parts) for ordinal, parts in enumerate(where)]
        texts.append((place, row["title"], names, *plain))
    connection.executemany(_REVISION, revisions)
    connection.executemany("INSERT INTO link VALUES (?, ?, ?, ?, ?)", links)
    connection.executemany(_TEXT, reversed(texts))
    header = one.header
    pages = json.dumps([[page["url"], page["sha256"]] for page in header["pages"]])
    values = [*map(header.get, ("category", "date", "state", "source")), json.dumps(header["declared"])]
    values += [json.dumps(header["stored"]), pages, header["parser"], header.get("link_rules", 1)]
    day = connection.execute(_DAY, (*values, hashlib.sha256(one.data).hexdigest())).lastrowid
    entries = [(day, row["position"], row["id"], row["section"], last + i) for i, row in enumerate(one.rows, 1)]
    columns = "(day_id, position, arxiv_id, section, revision_id)"
    connection.executemany(f"INSERT INTO entry {columns} VALUES (?, ?, ?, ?, ?)", entries)  # noqa: S608 - our own names


def _shown(text: str | None) -> str | None:
    return text and html.unescape(_TAG.sub("", _ADDRESS.sub(r"\1", text)))


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()
