"""What the database has of a day, and where else that day is whole."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import record_paths
from digest.archive.products import sha256
from digest.decide import is_better, is_read_better
from digest.disk.raw import read_raw
from digest.errors import DamageError, DigestError, FormatTooNewError, StoreError
from digest.model import Day, DaySummary, Section, State
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.parse.listing import join_pages, parse_page
from digest.records.day import parse_record, record_path, render_record


@dataclass(frozen=True)
class Row:
    """What the database has of a day; ``problem`` is "" when it holds together."""

    category: str
    date: date
    summary: DaySummary | None
    day: Day | None
    problem: str

    @property
    def name(self) -> str:
        """The day as a person knows it."""
        return f"{self.category} {self.date}"


def read_row(archive: Archive, category: str, when: date) -> Row:
    """Read a day from the database, and see whether it holds together."""
    try:
        summary, day = archive.store.summary(category, when), archive.store.day(category, when)
    except DamageError as error:  # it names the file, or the day, and the way here
        problem = str(error)[str(error).index("expected") :].partition("; `digest")[0]
        return Row(category, when, None, None, problem)
    return Row(category, when, summary, day, _problem(summary, day))


def readable_days(archive: Archive) -> list[DaySummary]:
    """Return the stored days whose rows can be read: what is wrong with one shall hide nothing of the others."""
    found: list[DaySummary] = []
    for key in archive.store.day_keys():
        with suppress(DamageError):
            found += filter(None, [archive.store.summary(*key)])
    return found


def _problem(summary: DaySummary | None, day: Day | None) -> str:
    if summary is None or day is None:
        return "expected a stored day, found none"
    if summary.counts != day.counts:
        return f"expected {_in_words(summary.counts)} as its row says, found {_in_words(day.counts)}"
    if hash_of(day) != summary.content_hash:
        return "expected the entries that were stored, found others"
    return contradiction(day)


def contradiction(day: Day) -> str:
    """Say where a day that counts as whole has more than arXiv declared; "" if it does not contradict itself."""
    declared = {section: day.declared.get(section, 0) for section in Section}
    wrong = {section: count for section, count in declared.items() if day.counts[section] > count}
    if day.state is not State.COMPLETE or not wrong:
        return ""
    found = {section: day.counts[section] for section in wrong}
    return f"expected {_in_words(wrong)} as arXiv declared, found {_in_words(found)}"


def _in_words(numbers: Mapping[Section, int]) -> str:
    return " ".join(f"{section}={numbers[section]}" for section in Section if section in numbers)


def hash_of(day: Day) -> str:
    """Return the SHA-256 of a day's record, which its row bears."""
    return sha256(render_record(day))


def read_record(archive: Archive, path: str) -> Day | None:
    """Return the day that the record at ``path`` holds; None if there is none, or it does not hold together."""
    if archive.records is None:
        return None
    try:
        data = archive.records.read(path) or b""
        day = parse_record(data)
    except StoreError:
        return None
    is_own = record_path(day.category, day.date) == path and render_record(day) == data
    return day if is_own and not contradiction(day) else None


def is_ahead(record: Day, stored: Day) -> bool:
    """Whether a record knows a day better than the database, because another machine proved it or read it anew."""
    return is_better(record, stored) or (record.state is stored.state and is_read_better(record, stored))


def newer_format(archive: Archive, path: str) -> str:
    """Say what is new about the record at ``path``, if a newer digest wrote it; "" if not."""
    try:
        parse_record((archive.records.read(path) if archive.records else None) or b"")
    except FormatTooNewError as error:
        return str(error)
    except StoreError:
        return ""
    return ""


def best_known(archive: Archive, row: Row, record: Day | None) -> Day | None:
    """Return the day as it was stored, wherever that is whole: the database, its record, its kept pages."""
    if not row.problem:
        return record if record and row.day and is_ahead(record, row.day) else row.day
    return next(_whole_copies(archive, row, record), None)


def is_of_another_day(archive: Archive, row: Row) -> bool:
    """Whether the row of a day bears the hash of another that is here, in the database or in its record."""
    if row.summary is None:
        return False
    others = [day for day in readable_days(archive) if (day.category, day.date) != (row.category, row.date)]
    if any(day.content_hash == row.summary.content_hash for day in others):
        return True
    paths = set(record_paths(archive)) - {record_path(row.category, row.date)}
    days = filter(None, (read_record(archive, path) for path in paths))
    return any(hash_of(day) == row.summary.content_hash for day in days)


def _whole_copies(archive: Archive, row: Row, record: Day | None) -> Iterator[Day]:
    stored_hash = row.summary.content_hash if row.summary else ""
    if row.day is not None and hash_of(row.day) == stored_hash and not contradiction(row.day):
        yield row.day  # what its row says of it was damaged
    if record is not None and hash_of(record) == stored_hash:
        yield record
    parsed = _parse_again(archive, row.day)
    if parsed is not None and hash_of(parsed) == stored_hash:
        yield parsed
    # No copy is known to be the very same: the row's own hash may be what was damaged.
    yield from filter(None, (record, parsed))


def _parse_again(archive: Archive, day: Day | None) -> Day | None:
    """Return ``day`` as its kept pages show it, state and source as its row says; None if they prove nothing."""
    if day is None or not day.pages:
        return None
    try:
        pages = [parse_page(read_raw(archive.raw, page.sha256)) for page in day.pages]
        listing = join_pages(pages, day.category)
        if listing.date not in (None, day.date):
            raise DamageError(f"expected the listing of {day.date}, found that of {listing.date}")
    except DigestError:
        return None
    parsed = replace(
        day,
        declared=listing.declared,
        entries=listing.entries,
        parser_version=PARSER_VERSION,
        link_rules=LINK_RULES,
    )
    return None if contradiction(parsed) else parsed
