"""The proof that an archive is whole: database, kept pages, records and all files against one another. Offline.

::

    database ─┬─ rows of a day ── record ── digest ── views, indexes
              ├─ state.json, annotations
              └─ kept pages

It only looks; each finding knows how it is mended from what is whole, and ``repair`` has that done.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache, partial
from itertools import chain

from digest.archive.annotated import recorded_annotations, write_annotations
from digest.archive.archive import Archive
from digest.archive.formats import further
from digest.archive.old_pages import removed_pages
from digest.archive.products import indexes
from digest.archive.report import Report, Track, untracked
from digest.decide import is_in_reach
from digest.disk.raw import raw_path, read_raw
from digest.errors import DamageError, DigestError, StoreError, how_many, named
from digest.jobs.database_file import keep_database
from digest.jobs.findings import REPAIR, Fault, Finding, LostError, Part, Verified
from digest.jobs.verify_days import examine_day, examine_unloaded_records, read_copies, readable_days
from digest.jobs.verify_files import examine_ledger, examine_product, false_row
from digest.model.annotations import hash_of
from digest.records.annotations import annotations_date, annotations_path
from digest.records.state import LEDGER_PATH

_LONGEST = 100


def verify(archive: Archive, track: Track = untracked) -> Verified:
    """Prove the archive.

    Raises:
        StoreError: the database cannot be read.
    """
    found = Verified()
    found.findings += _examine_tables(archive)
    stored = archive.store.day_keys()
    days = {f"{category} {when}": (category, when) for category, when in stored}
    misnamed, pages = archive.store.misnamed_days(), {}
    # One day is held at a time: memory shall grow with the day, not with the archive.
    read = lru_cache(maxsize=1)(partial(read_copies, archive))
    for name in track(list(days)):
        best = examine_day(archive, read, days[name], found, is_misnamed=days[name] in misnamed)
        pages[name] = [page.sha256 for page in best.pages] if best else []
    found.days = len(days)
    found.findings += _examine_revisions(archive, found)
    stored += examine_unloaded_records(archive, stored, found)
    found.files += archive.records is not None and archive.records.has(LEDGER_PATH)
    found.findings += filter(None, [examine_ledger(archive)])
    found.findings += _examine_annotations(archive, found)
    if any(finding.part in (Part.DATABASE, Part.DAY) for finding in found.findings):
        found.remarks.append("the indexes and views were not checked: they are made from the days, which come first")
    else:
        _examine_texts(archive, found)
    _examine_pages(archive, pages, found, track)
    found.findings += _missing(archive, stored)
    return found


def may_be_read(archive: Archive) -> bool:
    """Whether it is safe to bring the database up to date from the records, as every reading command does."""
    try:
        _ = archive.snapshot
    except DamageError:
        return False
    return not archive.store.dangling_rows() and examine_ledger(archive) is None


# The database


def _about_database(archive: Archive, part: Part, problem: str, way_out: str, mend: Callable[[], str]) -> Finding:
    """Return a finding of the database itself; ``mend`` says what was done."""
    where = str(archive.config.database or "database")
    return Finding(Fault.DAMAGED, part, where, problem, f"{REPAIR} {way_out}", lambda: f"restored {where}: {mend()}")


def _examine_tables(archive: Archive) -> Iterator[Finding]:
    """Check that no row belongs to one that is not there.

    Raises:
        DamageError: rows cannot be read that everything else depends on.
    """
    archive.store.day_keys()
    archive.store.ledger()
    # SQLite looks at foreign keys only as it writes: a tool, or damage, leaves such rows behind.
    dangling = archive.store.dangling_rows()

    def forget() -> str:
        kept = keep_database(archive.config)
        archive.store.forget_dangling_rows()
        return f"rows that belonged to nothing were removed{kept}"

    if dangling:
        problem = f"expected rows that belong together, found {dangling} that do not"
        yield _about_database(archive, Part.DATABASE, problem, "restores them", forget)


def _examine_revisions(archive: Archive, found: Verified) -> Iterator[Finding]:
    """Check the revisions by their own hashes, and the full-text index by the revisions.

    Those that broken days show come back with these.
    """
    store, broken = archive.store, {finding.day for finding in found.findings if finding.part is Part.DAY}
    false = [revision for revision in store.false_revisions() if broken.isdisjoint(revision.days)]

    def settle(where: str, number: int) -> str:
        store.settle_revision(number)
        return f"restored {where}: its hashes are those of its text"

    for revision in filter(lambda one: one.days, false):
        problem = f"expected a text with the hashes of its row, found another in row {revision.number} of revision"
        way_out = f"{REPAIR} restores the hashes: the days that show the text prove it"
        where = f"{revision.arxiv_id} in the database"
        yield Finding(Fault.DAMAGED, Part.REVISION, where, problem, way_out, partial(settle, where, revision.number))

    def forget_unshown() -> str:
        kept = keep_database(archive.config)
        for revision in store.false_revisions():
            if not revision.days:
                store.settle_revision(revision.number)
        return f"revisions that no day shows were removed{kept}"

    unshown = [f"{revision.arxiv_id} in row {revision.number}" for revision in false if not revision.days]
    if unshown:
        problem = f"expected texts with the hashes of their rows, found others that no day shows ({named(unshown)})"
        way_out = "removes them, and keeps the database as it was beside it"
        yield _about_database(archive, Part.REVISION, problem, way_out, forget_unshown)

    def remake_index() -> str:
        store.remake_search_index()
        return "the full-text index was made again"

    if not store.is_search_index_true():
        problem = "expected the full-text index of the stored texts, found another"
        yield _about_database(archive, Part.SEARCH, problem, "makes it again", remake_index)


# What programs of the user's own said


def _examine_annotations(archive: Archive, found: Verified) -> Iterator[Finding]:
    """Check that the database and the text beside the day records tell the same of each date."""
    stored = archive.store.annotated()
    texts = {when for path in archive.recorded if (when := annotations_date(path))}
    found.files += len(texts)
    for when in sorted({*texts, *(when for when, _ in stored)}):
        path = annotations_path(when)
        where = str(archive.records.root / path) if archive.records else f"annotations of {when} in the database"
        if problem := _wrong_annotations(archive, when, stored):
            mend = partial(_settle_annotations, archive, when, where)
            way_out = f"{REPAIR} brings together what is known of them"
            yield Finding(Fault.DAMAGED, Part.RECORD, where, problem, way_out, mend, path)


def _wrong_annotations(archive: Archive, when: date, hashes: Mapping[tuple[date, str], str]) -> str:
    """Return what is wrong with the annotations of a date; "" if nothing is."""
    try:
        here, there = archive.store.annotations(when), recorded_annotations(archive, when)
    except DamageError as error:
        return str(error)
    names = {one.name for one in here} | {name for day, name in hashes if day == when}
    if any(hashes.get((when, name)) != hash_of(one for one in here if one.name == name) for name in names):
        return "expected answers with the hash of their row, found others"
    if archive.records is None or here == there or not here:  # a clone's database need not have them
        return ""
    return f"expected the {how_many(len(here), 'answer')} that the database holds, found {len(there) or 'none'}"


def _settle_annotations(archive: Archive, when: date, where: str) -> str:
    archive.save_annotations(archive.store.annotations(when))  # with their hash
    write_annotations(archive, when)
    return f"restored {where}"


# Formats, views and indexes, which are of all days


def _examine_texts(archive: Archive, found: Verified) -> None:
    """Check the files of formats and views, the indexes, and that each file is there that has a row."""
    report = Report()
    for product in chain(further(archive, report), indexes(archive) if found.days else ()):
        try:
            examine_product(archive, product, found)
        except DigestError as error:
            report.fail(product.name, error)
    unchecked = [*report.failures, *report.warnings]
    found.remarks += [f"not checked: {words}" for words in unchecked]
    told = {finding.path for finding in found.findings}
    # A view that cannot be made has files all the same: then no row is known to be one too many.
    for path in [path for path in archive.files if path not in told and not unchecked]:
        with suppress(StoreError):  # what stands there instead is told where it is in the way
            if not archive.output.has(path):
                problem = "expected the file of its row, found none"
                found.findings.append(false_row(archive, path, problem, "forgets the row"))


# The kept pages


def _examine_pages(archive: Archive, named: Mapping[str, Sequence[str]], found: Verified, track: Track) -> None:
    """Check every page that was kept here, and those that the days name (``named``: their SHA-256 by day)."""
    kept, removed = {row.sha256: row.path for row in archive.store.raw_pages() if row.path}, removed_pages(archive)
    all_named = {one for pages in named.values() for one in pages}
    absent = {one for one in all_named if one not in kept and not archive.raw.has(raw_path(one))}
    # A database that was made again has no row of a page that lies where its hash says.
    pages = {one: raw_path(one) for one in all_named - absent} | kept
    for sha256 in track(sorted(pages)):
        found.findings += _examine_page(archive, sha256, pages[sha256])
    found.pages = len(pages)
    if removed:
        words = how_many(len(removed), "page was", "pages were")
        found.remarks.append(f"{words} removed on purpose, once proven and recorded ([store] raw_days)")
    if lacking := absent - removed:
        days = how_many(sum(not lacking.isdisjoint(pages) for pages in named.values()), "day was", "days were")
        found.remarks.append(f"{how_many(len(lacking), 'page')} of {days} not kept here")


def _examine_page(archive: Archive, sha256: str, path: str) -> Iterator[Finding]:
    place = raw_path(sha256)
    where = str(archive.raw.root / place)

    def restore_row() -> str:
        archive.store.restore_raw_page(sha256, place)
        return f"restored {where} in the database"

    def give_up() -> str:
        aside = archive.raw.move_aside(place, Fault.DAMAGED) if archive.raw.has(place) else ""
        archive.store.forget_raw_page(sha256)
        kept = f"put aside as {archive.raw.root / aside}" if aside else "forgotten"
        lost = "what is stored of its day stays whole, but this page cannot be parsed again"
        raise LostError(f"gave up  {where}: {kept}; {lost}")

    try:
        read_raw(archive.raw, sha256)
    except StoreError as error:
        way_out = f"put a whole copy in its place if you have one, or {REPAIR} gives it up"
        yield Finding(Fault.DAMAGED, Part.PAGE, where, str(error), way_out, give_up, place)
        return
    if path != place:
        problem = f"expected it to be at this place in the database, found it said to be at {path[:_LONGEST]!r}"
        yield Finding(Fault.DAMAGED, Part.PAGE, where, problem, f"{REPAIR} restores the row", restore_row, place)


# The calendar


def _missing(archive: Archive, stored: Iterable[tuple[str, date]]) -> Iterator[Finding]:
    """Yield the listing dates that are neither stored nor settled by a person, up to the newest overdue one."""
    dates: dict[str, set[date]] = defaultdict(set)
    for category, when in stored:
        dates[category].add(when)
    known = archive.snapshot_of(readable_days(archive))  # archive.snapshot would fail with the first damaged row
    last = known.calendar.newest_overdue(archive.now)
    for category in filter(known.start, archive.config.arxiv.categories):  # no date is due before the first run
        gaps, given_up = known.gaps(category, archive.now, dates[category]), known.ledger.losses_of(category)
        for when in [day for day in gaps if day <= last and day not in given_up]:
            get = f"`digest fetch {when}` gets it"
            if not is_in_reach(when, archive.now):
                get = "`digest import` takes in a saved page of it"
            where, problem = f"{category} {when}", "expected a listing, found nothing stored"
            way_out = f"{get}, `digest accept {when}` settles it"
            yield Finding(Fault.MISSING, Part.CALENDAR, where, problem, way_out, day=(category, when))
