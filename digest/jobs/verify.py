"""The proof that an archive is whole: database, kept pages, records and all files against one another. Offline.

::

    database ─┬─ rows of a day ── record ── digest ── views, indexes
              ├─ state.json
              └─ kept pages

It only looks; ``repair`` makes each part again from those that are whole.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from digest.archive.archive import Archive
from digest.archive.days import record_paths
from digest.archive.markers import (
    BEGIN,
    END,
    PAIR,
    generated_part,
    is_beside_markers,
    mend,
    merge,
    shows_its_origin,
    split,
    with_ends_of,
    with_lf,
)
from digest.archive.products import README, Kind, Product, digest_of, indexes, sha256, views
from digest.archive.report import Report, Track, untracked
from digest.decide import is_in_reach
from digest.disk.files import Folder
from digest.disk.raw import raw_path, read_raw
from digest.errors import DamageError, DigestError, GitError, StoreError
from digest.git.repository import open_repository
from digest.jobs.copies import (
    Row,
    best_known,
    is_ahead,
    is_of_another_day,
    newer_format,
    read_record,
    read_row,
    readable_days,
)
from digest.jobs.findings import Difference, Fault, Finding, Part, Verified, counts, difference
from digest.jobs.kept_pages import removed_pages
from digest.model import Day, FileRow, Ledger
from digest.records.day import record_path, render_record
from digest.records.state import LEDGER_PATH, parse_ledger, render_ledger

log = logging.getLogger(__name__)

_Key = tuple[str, date]

_RESTORES = "`digest verify --repair` restores it"
_OUTDATED = "`digest regenerate --outdated` writes it again"

_LONGEST = 100
_NAMED = 3


@dataclass
class _Examined:
    """What was found so far, and what was looked at.

    ``made``: the rows of all generated files as they would be written now. ``pages``: the SHA-256 of the pages that
    each day names. ``stored``: the days that are stored, or will be once their records are loaded.
    """

    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    files: int = 0
    made: list[FileRow] = field(default_factory=list)
    pages: dict[str, Sequence[str]] = field(default_factory=dict)
    stored: list[_Key] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether what is made of all days can be told right from wrong."""
        return not any(finding.part in (Part.DATABASE, Part.DAY) for finding in self.findings)


def verify(archive: Archive, track: Track = untracked) -> Verified:
    """Prove the archive.

    Raises:
        StoreError: the database cannot be read.
    """
    found = _Examined(list(examine_tables(archive)))
    found.stored = archive.store.day_keys()
    days = {f"{category} {when}": (category, when) for category, when in found.stored}
    misnamed = archive.store.misnamed_days()
    for name in track(list(days)):
        _examine_day(archive, days[name], found, is_misnamed=days[name] in misnamed)
    found.findings += _examine_revisions(archive, found.findings)
    _examine_unloaded_records(archive, found)
    if archive.records is not None:
        found.files += archive.records.has(LEDGER_PATH)
        found.findings += examine_ledger(archive)
    if found.is_sound:
        _examine_texts(archive, found, has_days=bool(days))
    else:
        found.remarks.append("the indexes and views were not checked: they are made from the days, which come first")
    pages = _examine_pages(archive, found, track)
    found.findings += _missing(archive, found.stored)
    return Verified(found.findings, len(days), pages, found.files, found.remarks)


def may_be_read(archive: Archive) -> bool:
    """Whether it is safe to bring the database up to date from the records, as every reading command does."""
    try:
        _ = archive.snapshot
    except DamageError:
        return False
    return not archive.store.dangling_rows() and not list(examine_ledger(archive))


# --- the database and its days ---------------------------------------------------------------------


def examine_tables(archive: Archive) -> Iterator[Finding]:
    """Check that no row belongs to one that is not there.

    Raises:
        DamageError: rows cannot be read that everything else depends on.
    """
    archive.store.day_keys()
    archive.store.ledger()
    dangling = archive.store.dangling_rows()
    if dangling:
        problem = f"expected rows that belong together, found {dangling} that do not"
        yield _about_database(archive, Part.DATABASE, problem, "`digest verify --repair` restores them")


def _about_database(archive: Archive, part: Part, problem: str, way_out: str) -> Finding:
    return Finding(Fault.DAMAGED, part, str(archive.config.database or "database"), problem, way_out)


def _examine_revisions(archive: Archive, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Check the revisions by their own hashes, and the full-text index by the revisions.

    Those that broken days show come back with these.
    """
    broken = {(one.category, one.when) for one in findings if one.part is Part.DAY and one.when}
    false = [revision for revision in archive.store.false_revisions() if broken.isdisjoint(revision.days)]
    for revision in filter(lambda one: one.days, false):
        problem = f"expected a text with the hashes of its row, found another in row {revision.number} of revision"
        way_out = "`digest verify --repair` restores the hashes: the days that show the text prove it"
        where = f"{revision.arxiv_id} in the database"
        yield Finding(Fault.DAMAGED, Part.REVISION, where, problem, way_out, path=str(revision.number))
    unshown = [f"{revision.arxiv_id} in row {revision.number}" for revision in false if not revision.days]
    if unshown:
        named = ", ".join(unshown[:_NAMED]) + (f" and {len(unshown) - _NAMED} more" if len(unshown) > _NAMED else "")
        problem = f"expected texts with the hashes of their rows, found others that no day shows ({named})"
        way_out = "`digest verify --repair` removes them, and keeps the database as it was beside it"
        yield _about_database(archive, Part.REVISION, problem, way_out)
    if not archive.store.is_search_index_true():
        problem = "expected the full-text index of the stored texts, found another"
        yield _about_database(archive, Part.SEARCH, problem, "`digest verify --repair` makes it again")


def _examine_day(archive: Archive, key: _Key, found: _Examined, *, is_misnamed: bool) -> None:
    """Check the rows of a day, its record and its digest; ``is_misnamed``: an entry has another id than its paper."""
    row = read_row(archive, *key)
    if is_misnamed and not row.problem:
        row = replace(row, problem="expected entries with the ids of their papers, found other ids")
    best = best_known(archive, row, read_record(archive, record_path(*key)))
    if row.problem:
        found.findings.append(_about_row(archive, row, best))
    if best is None:
        found.pages[row.name] = ()
        return
    record = render_record(best)
    found.findings += _examine_record(archive, row, best, record)
    product = digest_of(archive, best.summary(sha256(record)), lambda *_: best)
    _examine_product(archive, product, found)
    found.files += archive.records is not None
    found.pages[row.name] = tuple(page.sha256 for page in best.pages)
    if best.shortage:
        found.remarks.append(f"{row.name}: arXiv counts {best.shortage} more than it lists")


def _about_row(archive: Archive, row: Row, best: Day | None) -> Finding:
    way_out = "nothing here has it whole; restore a backup of the database"
    if best is not None:
        way_out = _RESTORES
    elif is_of_another_day(archive, row):
        way_out = "`digest verify --repair` removes it, for it is another day's, and keeps the database as it was"
    where = f"{row.name} in the database"
    return Finding(Fault.DAMAGED, Part.DAY, where, row.problem, way_out, row.category, row.date)


def _examine_record(archive: Archive, row: Row, best: Day, record: bytes) -> Iterator[Finding]:
    if archive.records is None:
        return
    path = record_path(row.category, row.date)
    where = str(archive.records.root / path)
    if too_new := newer_format(archive, path):
        # Nothing is repaired here: a newer digest knows better.
        yield Finding(Fault.DAMAGED, Part.CALENDAR, where, too_new, "it is left as it is")
        return
    if not row.problem and row.day is not None and is_ahead(best, row.day):
        known = f"expected nothing better known than {row.day.state} from {row.day.source}"
        other = f"found {best.state}, read by parser {best.parser_version} and link rules {best.link_rules}"
        yield Finding(Fault.OUTDATED, Part.DAY, where, f"{known}, {other}", "`digest rebuild` takes it in", path=path)
        return
    different = compare(archive.records, path, record)
    if different is not None:
        finding = restorable(Part.RECORD, archive.records, path, different)
        yield replace(finding, category=row.category, when=row.date)


def _examine_unloaded_records(archive: Archive, found: _Examined) -> None:
    """Check the records of days that the database does not have; those that are whole count as stored."""
    known = {record_path(*key) for key in found.stored}
    for path in [path for path in record_paths(archive) if path not in known]:
        day = read_record(archive, path)
        if day is not None:
            found.stored.append((day.category, day.date))
            continue
        where = path if archive.records is None else str(archive.records.root / path)
        problem = "expected the record of a day that the database has not, found it damaged"
        way_out = "only a backup, or the history of its folder, has it"
        found.findings.append(Finding(Fault.DAMAGED, Part.CALENDAR, where, problem, way_out))


def examine_ledger(archive: Archive) -> Iterator[Finding]:
    """Check state.json. One that knows more than the database is sound: the next command takes it in."""
    here = archive.store.ledger()
    if archive.records is None or (here == Ledger() and not archive.records.has(LEDGER_PATH)):
        return
    different = compare(archive.records, LEDGER_PATH, render_ledger(here))
    if different is None or (different.kind is Fault.EDITED and _knows_more(archive.records, here)):
        return
    yield restorable(Part.LEDGER, archive.records, LEDGER_PATH, different)


def _knows_more(records: Folder, here: Ledger) -> bool:
    """Whether the file holds, as digest writes it, all that is known ``here`` or what was noted later."""
    data = records.read(LEDGER_PATH) or b""
    try:
        there = parse_ledger(data)
    except DamageError:
        return False

    def settled(ledger: Ledger) -> bytes:
        """Readings are forgotten wherever the day is proven first, and tell nothing here."""
        return render_ledger(Ledger(ledger.corrections, ledger.decisions))

    # Of two that differ, the later one is taken; of two of one time, the second: neither may be lost.
    return render_ledger(there) == data and settled(there.merged(here)) == settled(there)


def _missing(archive: Archive, stored: Iterable[_Key]) -> Iterator[Finding]:
    """Yield the listing dates that are neither stored nor settled by a person, up to the newest overdue one."""
    dates: dict[str, set[date]] = defaultdict(set)
    for category, when in stored:
        dates[category].add(when)
    known = archive.snapshot_of(readable_days(archive))
    last = known.calendar.newest_overdue(archive.now)
    for category in archive.config.arxiv.categories:
        given_up = known.ledger.losses_of(category)
        is_begun = known.start(category) is not None
        gaps = known.gaps(category, archive.now, dates[category]) if is_begun else []
        for when in [day for day in gaps if day <= last and day not in given_up]:
            fetched = "`digest import` takes in a saved page of it"
            if is_in_reach(when, archive.now):
                fetched = f"`digest fetch {when}` gets it"
            yield Finding(
                kind=Fault.MISSING,
                part=Part.CALENDAR,
                where=f"{category} {when}",
                problem="expected a listing, found nothing stored",
                way_out=f"{fetched}, `digest accept {when}` settles it",
                category=category,
                when=when,
            )


# --- the kept pages --------------------------------------------------------------------------------


def _examine_pages(archive: Archive, found: _Examined, track: Track) -> int:
    """Check every page that was kept here, and those that the days name; return how many there are."""
    rows = {row.sha256: row.path for row in archive.store.raw_pages() if row.path}
    removed = removed_pages(archive)
    named = {day: [one for one in pages if one not in removed] for day, pages in found.pages.items()}
    absent = {
        day: [one for one in pages if one not in rows and not archive.raw.has(raw_path(one))]
        for day, pages in named.items()
    }
    here = {one for several in named.values() for one in several} - set().union(*absent.values())
    pages = {one: raw_path(one) for one in here} | rows
    for sha256_ in track(sorted(pages)):
        found.findings += _examine_page(archive, sha256_, pages[sha256_])
    if removed:
        were = "was" if len(removed) == 1 else "were"
        words = f"{counts(len(removed), 'page')} {were} removed on purpose, once proven and recorded"
        found.remarks.append(f"{words} ([store] raw_days)")
    lacking = {one for several in absent.values() for one in several}
    if lacking:
        days, were = sum(map(bool, absent.values())), "was" if len(lacking) == 1 else "were"
        found.remarks.append(f"{counts(len(lacking), 'page')} of {counts(days, 'day')} {were} not kept here")
    return len(pages)


def _examine_page(archive: Archive, sha256_: str, path: str) -> Iterator[Finding]:
    place = raw_path(sha256_)
    problem, way_out = "", "`digest verify --repair` restores the row"
    try:
        read_raw(archive.raw, sha256_)
    except StoreError as error:
        problem = str(error)
        way_out = "put a whole copy in its place if you have one, or `digest verify --repair` gives it up"
    if not problem and path != place:
        problem = f"expected it to be at this place in the database, found it said to be at {path[:_LONGEST]!r}"
    if problem:
        where = str(archive.raw.root / place)
        yield Finding(Fault.DAMAGED, Part.PAGE, where, problem, way_out, path=place, sha256=sha256_)


# --- generated files -------------------------------------------------------------------------------


def _examine_texts(archive: Archive, found: _Examined, *, has_days: bool) -> None:
    """Check the views, the indexes and the rows of all files."""
    report = Report()
    for product in views(archive, report):
        try:
            _examine_product(archive, product, found)
        except DigestError as error:
            report.fail(product.name, error)
    found.remarks += [f"not checked: {failure}" for failure in report.failures]
    for product in indexes(archive) if has_days else []:
        _examine_index(archive, product, found)
    if not report.failures:  # a view that cannot be made has files all the same
        found.findings += [*_examine_rows(archive, found)]


def _examine_product(archive: Archive, product: Product, found: _Examined) -> None:
    """Check the files of a digest or of a view.

    Raises:
        DigestError: it cannot be made.
    """
    files = product.make()
    part = Part.DIGEST if product.kind is Kind.DIGEST else Part.VIEW
    for path, expected in files.items():
        different = compare(archive.output, path, expected)
        if different is None:
            continue
        outdated = _as_outdated(product, archive.files.get(path), different)
        finding = restorable(part, archive.output, path, outdated or different)
        if outdated:
            way_out = "`digest regenerate --outdated` writes it" if part is Part.VIEW else _OUTDATED
            finding = replace(finding, way_out=way_out)
        found.findings.append(replace(finding, category=product.category, when=product.when))
    found.files += len(files)
    found.made += product.rows(files)


def _as_outdated(product: Product, row: FileRow | None, different: Difference) -> Difference | None:
    """Return what it means that a file is as it was written, but from something else than would be taken now."""
    is_as_written = row is not None and row.sha256 == different.sha256
    if product.kind is Kind.VIEW and row is None and not different.sha256:
        is_as_written = True  # a view's file that was not made yet
    if not is_as_written or (row is not None and row.inputs_hash == product.inputs_hash):
        return None
    if product.kind is Kind.VIEW:
        return Difference(Fault.OUTDATED, "expected what the view shows now, found nothing, or what it showed before")
    is_older = row is not None and row.template_version != product.version
    made_by = "an older template" if is_older else "other settings, or from other entries"
    return Difference(Fault.OUTDATED, f"expected a digest by the template and settings of now, found one by {made_by}")


def _examine_rows(archive: Archive, found: _Examined) -> Iterator[Finding]:
    """Check the rows of files: each file is there, and a row by the inputs of now bears the hash of what they give.

    Files of which something was told already are left out.
    """
    expected, told = {row.path: row for row in found.made}, {finding.path for finding in found.findings}
    for path, row in archive.files.items():
        known = expected.get(path)
        if path in told:
            continue
        if known is None and not _is_there(archive, path):
            problem, way_out = "expected the file of its row, found none", "`digest verify --repair` forgets the row"
        elif known is not None and known.inputs_hash == row.inputs_hash and known != row:
            problem = "expected the hash of the file in its row, found another"
            way_out = "`digest verify --repair` forgets the row, and the next run writes it again"
        else:
            continue
        yield Finding(Fault.DAMAGED, Part.FILE, f"{path} in the database", problem, way_out, path=path)


def _is_there(archive: Archive, path: str) -> bool:
    """Whether anything stands at ``path``: what it is, is told where it is in the way."""
    try:
        return archive.output.has(path)
    except StoreError:
        return True


def compare(folder: Folder, path: str, expected: bytes) -> Difference | None:
    """Say how the file at ``path`` differs from ``expected``; one that cannot be read is damaged."""
    try:
        return difference(folder.read(path), expected)
    except StoreError as error:
        return Difference(
            Fault.DAMAGED, f"expected a file that can be read, found none ({error})", is_unique=True, is_in_the_way=True
        )


def restorable(part: Part, folder: Folder, path: str, different: Difference) -> Finding:
    """Return the finding that the file at ``path`` is ``different`` and can be made again."""
    kept = f" and keeps yours as {path.rpartition('/')[2]}.{different.kind}" if different.is_unique else ""
    way_out = f"{_RESTORES}{kept}"
    if different.is_in_the_way:
        way_out = "move it away, then `digest verify --repair` restores the file"
    return Finding(
        kind=different.kind,
        part=part,
        where=str(folder.root / path),
        problem=different.problem,
        way_out=way_out,
        path=path,
        is_unique=different.is_unique,
    )


# --- indexes, and what a person wrote around them --------------------------------------------------


def _examine_index(archive: Archive, product: Product, found: _Examined) -> None:
    """Check an index; a person's README without the markers is left alone."""
    path = product.path
    expected = None if archive.output.is_link(path) else expected_index(archive, product)
    if expected is None:
        place = archive.output.root / path
        found.remarks.append(f"{place}: left alone, because it has not just one pair of {PAIR}")
        return
    found.files += 1
    different = compare(archive.output, path, expected)
    if different:
        found.findings.append(_about_index(archive, product, different))


def _about_index(archive: Archive, product: Product, different: Difference) -> Finding:
    """Tell one that is as it was written, before the configuration changed, from one that a person edited."""
    path = product.path
    found = b"" if different.is_in_the_way else archive.output.read(path) or b""
    has_markers = split(found) is not None
    if different.kind is Fault.EDITED and not has_markers:
        begins, ends = found.count(BEGIN), found.count(END)
        number = f"{begins} and {ends}{' in the wrong order' if begins == ends == 1 else ''}"
        problem = f"expected one pair of {PAIR}, found {number}"
        different = replace(different, kind=Fault.DAMAGED, problem=problem)
    elif different.kind is Fault.EDITED and is_beside_markers(found, product.make()[path]):
        problem = f"expected the generated part between {PAIR}, found it beside them"
        different = replace(different, kind=Fault.DAMAGED, problem=problem)
    elif has_markers and _is_of_before(archive, path, found):
        outdated = Difference(Fault.OUTDATED, "expected the index by the settings of now, found that of before")
        return replace(restorable(Part.INDEX, archive.output, path, outdated), way_out=_OUTDATED)
    return restorable(Part.INDEX, archive.output, path, different)


def _is_of_before(archive: Archive, path: str, found: bytes) -> bool:
    """Whether an index is as digest wrote it; in a fresh clone, where no database tells, as it was committed."""
    row = archive.files.get(path)
    if row is None:
        return with_lf(_committed(archive, path) or b"") == with_lf(found)
    return row.inputs_hash == sha256(generated_part(found))


def expected_index(archive: Archive, product: Product) -> bytes | None:
    """Return what an index should hold, a person's text around the generated part included.

    None stands for a README that is somebody's own: it never had the markers, or nothing in it was generated.
    """
    path, generated = product.path, product.make()[product.path]
    try:
        found = archive.output.read(path)
    except StoreError:
        found = None
    text = found or b""
    fresh = merge(None, product.title, generated) or b""
    is_cut = b"<!--" in text and fresh.startswith(with_lf(text))
    if split(text) and not is_beside_markers(text, generated):
        return merge(text, product.title, generated)
    if found is None or is_cut:
        whole = merge(_committed(archive, path), product.title, generated)
        return with_ends_of(text, whole) if whole and is_cut else whole
    return _mended(archive, product, text)


def _mended(archive: Archive, product: Product, text: bytes) -> bytes | None:
    """Return what a README without its pair of markers should hold, if digest is known to have generated it."""
    path, generated, committed = product.path, product.make()[product.path], _committed(archive, product.path)
    is_known = committed is not None or path in archive.files
    if not is_known and not shows_its_origin(text, generated):
        return merge(text, product.title, generated)
    mended = mend(text, generated, generated_part(committed or b"")) if text.strip() else None
    # The archive's README may have become somebody's own; a year's is nobody's.
    return mended if mended or (text.strip() and path == README) else merge(committed, product.title, generated)


def _committed(archive: Archive, path: str) -> bytes | None:
    """Return the index as the last commit has it; None without a commit, or if that one has no pair of markers."""
    try:
        repository = open_repository(archive.output.root)
        where = repository.path_of(str(archive.output.root / path))
        data = repository.committed(where) if where else None
    except GitError as error:
        log.info("%s: git does not tell what it was: %s", path, error)
        return None
    return data if data and split(data) else None
