"""The copies of one day (rows, record, kept pages) against one another, and made again from one that is whole."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from digest.archive.archive import Archive
from digest.archive.days import load_record, remove
from digest.archive.products import digest_of, sha256
from digest.archive.recorded import record_paths
from digest.archive.report import Report
from digest.decide import is_better, is_read_better
from digest.disk.files import Folder
from digest.disk.raw import read_raw
from digest.errors import DamageError, DigestError, FormatTooNewError, StoreError
from digest.jobs.database_file import keep_database
from digest.jobs.findings import REPAIR, Fault, Finding, Part, Verified
from digest.jobs.verify_files import compare, examine_product, restorable, restore
from digest.model import Day, DaySummary, Section, State
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.parse.listing import join_pages, parse_page
from digest.records.day import parse_record, proven_record, record_path, render_record

_NOTHING = "there is no whole copy of it here; restore a backup of the database"


DayKey = tuple[str, date]
"""Category and date."""


@dataclass(frozen=True)
class Copies:
    """What there is of a day: its rows, with what is wrong with them ("" if nothing), its record, the best copy.

    The best is the day as it was stored, wherever that is whole; None if nothing has it whole. ``has_files``: it is not
    in the database alone.
    """

    key: DayKey
    summary: DaySummary | None
    day: Day | None
    problem: str
    record: Day | None
    best: Day | None
    has_files: bool = True

    @property
    def name(self) -> str:
        """The day as a person knows it."""
        return f"{self.key[0]} {self.key[1]}"

    def require_best(self) -> Day:
        """Return the best copy.

        Raises:
            DamageError: there is none.
        """
        if self.best is None:
            raise DamageError(_NOTHING)
        return self.best


ReadCopies = Callable[[str, date], Copies]
"""Category and date → the copies of the day."""


def read_copies(archive: Archive, category: str, when: date) -> Copies:
    """Read a day from wherever it is, and see what holds together."""
    summary, day = None, None
    try:
        summary, day = archive.store.summary(category, when), archive.store.day(category, when)
        problem = _problem(summary, day)
    except DamageError as error:  # it names the file, or the day, and the way here
        problem = str(error)[str(error).index("expected") :].partition("; `digest")[0]
    record = _read_record(archive, record_path(category, when))
    if not problem and day is not None and day != record:  # no reader has proven its texts yet
        problem = _breach(day)
    if problem:
        best = next(_whole_copies(archive, summary, day, record), None)
    else:
        best = record if record and day and _is_ahead(record, day) else day
    return Copies((category, when), summary, day, problem, record, best, archive.store.has_files(category, when))


def readable_days(archive: Archive) -> list[DaySummary]:
    """Return the stored days whose rows can be read: what is wrong with one must hide nothing of the others."""
    found: list[DaySummary] = []
    for key in archive.store.day_keys():
        with suppress(DamageError):
            found += filter(None, [archive.store.summary(*key)])
    return found


# What is wrong, and how it is mended


def examine_day(archive: Archive, read: ReadCopies, key: DayKey, found: Verified, *, is_misnamed: bool) -> Day | None:
    """Check the rows of a day, its record and its digest, if it has such; return its best copy.

    ``is_misnamed``: an entry has another id than its paper. ``read`` gives the copies, now and again for the repair.
    """
    copies = read(*key)
    if is_misnamed and not copies.problem:
        copies = replace(copies, problem="expected entries with the ids of their papers, found other ids")
    if copies.problem:
        found.findings.append(_about_rows(archive, copies))
    if copies.best is None or not copies.has_files:
        return copies.best
    record = render_record(copies.best)
    if archive.records is not None:
        found.files += 1
        found.findings += _about_record(archive, archive.records, copies, record, read)
    product = digest_of(archive, copies.best.summary(sha256(record)), lambda *key: read(*key).require_best())
    examine_product(archive, product, found)
    if copies.best.shortage:
        found.remarks.append(f"{copies.name}: arXiv counts {copies.best.shortage} more than it lists")
    return copies.best


def _about_rows(archive: Archive, copies: Copies) -> Finding:
    key, where = copies.key, f"{copies.name} in the database"

    def restore() -> str:
        copies = read_copies(archive, *key)  # another day may be restored, or gone, by now
        if copies.best is None and _is_of_another_day(archive, copies):
            kept = keep_database(archive.config)
            archive.store.forget_day(*key)
            archive.refresh()
            return f"removed  {where}{kept}"
        if copies.best is None and not copies.has_files:
            archive.store.forget_day(*key)
            archive.refresh()
            return f"removed  {where}: `digest backfill {key[1]}` makes it again"
        if copies.best is None and copies.summary and copies.summary.state is State.RECONSTRUCTED:
            remove(archive, copies.summary, Report())
            return f"removed  {where} and its files: `digest backfill {key[1]} --files` makes it again"
        best = copies.require_best()
        archive.store.restore_day(best, sha256(render_record(best)), has_files=copies.has_files)
        archive.refresh()
        return f"restored {where}"

    way_out = _NOTHING
    if copies.summary is not None and not copies.summary.is_loaded:
        way_out = "its record has them: restore that from git or a backup"
    if copies.best is not None:
        way_out = f"{REPAIR} restores it"
    elif _is_of_another_day(archive, copies):
        way_out = f"{REPAIR} removes it, for it is another day's, and keeps the database as it was"
    elif not copies.has_files:
        way_out = f"{REPAIR} removes it, and `digest backfill {key[1]}` makes it again"
    elif copies.summary is not None and copies.summary.state is State.RECONSTRUCTED:
        way_out = f"{REPAIR} removes it, and `digest backfill {key[1]} --files` makes it again"
    return Finding(Fault.DAMAGED, Part.DAY, where, copies.problem, way_out, restore, day=copies.key)


def _about_record(
    archive: Archive, records: Folder, copies: Copies, expected: bytes, read: ReadCopies
) -> Iterator[Finding]:
    key, path = copies.key, record_path(*copies.key)
    where = str(records.root / path)

    def take_in() -> str:
        load_record(archive, path)
        return f"restored the database: {where} was taken in"

    if copies.record is None and (too_new := _newer_format(records, path)):
        # Nothing is repaired here: a newer digest knows better.
        yield Finding(Fault.DAMAGED, Part.CALENDAR, where, too_new, "it is left as it is")
    elif copies.day and copies.record and copies.best is copies.record and not copies.problem:
        here, there = copies.day, copies.record
        known = f"expected nothing better known than {here.state} from {here.source}"
        other = f"found {there.state}, read by parser {there.parser_version} and link rules {there.link_rules}"
        way_out = "`digest rebuild` takes it in"
        yield Finding(Fault.OUTDATED, Part.DAY, where, f"{known}, {other}", way_out, take_in, path)
    elif different := compare(records, path, expected):

        def mend() -> str:
            return restore(records, path, render_record(read(*key).require_best()), different)

        yield restorable(Part.RECORD, records, path, different, mend)


def _newer_format(records: Folder, path: str) -> str:
    """Say what is new about a record that a newer digest wrote; "" if none did."""
    try:
        parse_record(records.read(path) or b"")
    except FormatTooNewError as error:
        return str(error)
    except StoreError:
        return ""
    return ""


def examine_unloaded_records(archive: Archive, stored: Collection[DayKey], found: Verified) -> list[DayKey]:
    """Check the records of days that the database does not have; return the days of those that are whole."""
    known = {record_path(*key) for key in stored}
    loadable: list[DayKey] = []
    for path in record_paths(archive.records):
        if path in known:
            continue
        day = _read_record(archive, path)
        if day is not None:
            loadable.append((day.category, day.date))
            continue
        where = path if archive.records is None else str(archive.records.root / path)
        problem = "expected the record of a day that the database lacks, found it damaged"
        way_out = "only a backup, or the history of its folder, has it"
        found.findings.append(Finding(Fault.DAMAGED, Part.CALENDAR, where, problem, way_out))
    return loadable


# Which copies are whole


def _problem(summary: DaySummary | None, day: Day | None) -> str:
    if summary is None or day is None:
        return "expected a stored day, found none"
    if summary.counts != day.counts:
        return f"expected {_in_words(summary.counts)} as its row says, found {_in_words(day.counts)}"
    if sha256(render_record(day)) != summary.content_hash:
        return "expected the entries that were stored, found others"
    return _contradiction(day)


def _breach(day: Day) -> str:
    """Say why no record can hold a day; "" if one can."""
    try:
        proven_record(day)
    except DamageError as error:
        return str(error).replace("expected a day record, found it damaged", "expected what a record can hold, found")
    return ""


def _contradiction(day: Day) -> str:
    """Say where a day that counts as whole has more than arXiv declared; "" if it does not contradict itself."""
    declared = {section: day.declared.get(section, 0) for section in Section}
    wrong = {section: count for section, count in declared.items() if day.counts[section] > count}
    if day.state is not State.COMPLETE or not wrong:
        return ""
    found = {section: day.counts[section] for section in wrong}
    return f"expected {_in_words(wrong)} as arXiv declared, found {_in_words(found)}"


def _in_words(numbers: Mapping[Section, int]) -> str:
    return " ".join(f"{section}={numbers[section]}" for section in Section if section in numbers)


def _whole_copies(archive: Archive, summary: DaySummary | None, day: Day | None, record: Day | None) -> Iterator[Day]:
    """Yield the copies of a day whose rows do not hold together, those that surely are the very same first."""
    stored_hash = summary.content_hash if summary else ""
    of_rows = day if day and not _contradiction(day) else None  # what its row says of it may have been damaged
    parsed = _parse_again(archive, day)
    copies = [copy for copy in (of_rows, record, parsed) if copy is not None and not _breach(copy)]
    yield from (copy for copy in copies if sha256(render_record(copy)) == stored_hash)
    # No copy is known to be the very same: the row's own hash may be what was damaged.
    yield from (copy for copy in copies if copy is not of_rows)


def _parse_again(archive: Archive, day: Day | None) -> Day | None:
    """Return ``day`` as its kept pages show it, state and source as its row says; None if they prove nothing."""
    if day is None or not day.pages:
        return None
    try:
        pages = [parse_page(read_raw(archive.raw, page.sha256)) for page in day.pages]
        listing = join_pages(pages, day.category)
    except DigestError:
        return None
    parsed = replace(
        day, declared=listing.declared, entries=listing.entries, parser_version=PARSER_VERSION, link_rules=LINK_RULES
    )
    return None if listing.date not in (None, day.date) or _contradiction(parsed) else parsed


def _is_of_another_day(archive: Archive, copies: Copies) -> bool:
    """Whether the row of a day bears the hash of another that is here, in the database or in its record."""
    if copies.summary is None:
        return False
    others = [day for day in readable_days(archive) if (day.category, day.date) != copies.key]
    paths = set(record_paths(archive.records)) - {record_path(*copies.key)}
    records = filter(None, (_read_record(archive, path) for path in paths))
    hashes = chain((day.content_hash for day in others), (sha256(render_record(day)) for day in records))
    return copies.summary.content_hash in hashes


def _read_record(archive: Archive, path: str) -> Day | None:
    """Return the day that the record at ``path`` holds; None if there is none, or it does not hold together."""
    if archive.records is None:
        return None
    try:
        data = archive.records.read(path) or b""
        day = parse_record(data)
    except StoreError:
        return None
    is_own = record_path(day.category, day.date) == path and render_record(day) == data
    return day if is_own and not _contradiction(day) else None


def _is_ahead(record: Day, stored: Day) -> bool:
    """Whether a record knows a day better than the database, because another machine proved it or read it anew."""
    return is_better(record, stored) or (record.state is stored.state and is_read_better(record, stored))
