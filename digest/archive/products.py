"""The generated files that an archive should have: digests, views with their feeds, indexes.

Each is a ``Product``, a value: where it lies, what it is made from, how to make it. Whoever writes, proves or repairs
generated files goes through the same products.
"""

import hashlib
import json
import logging
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache, partial
from operator import itemgetter

from digest.archive.annotated import inputs_of, with_annotations
from digest.archive.archive import Archive
from digest.archive.markers import between
from digest.archive.report import Report
from digest.archive.snapshot import Snapshot
from digest.config.paths import year_index_path
from digest.config.resources import read_template
from digest.config.settings import Config, View
from digest.errors import DamageError, DigestError
from digest.model import Day, DaySummary, FileRow, Hit, Section
from digest.render.digest import DigestTemplate, version_of_texts
from digest.render.indexes import RENDERER, CategoryDays, NewestHits, newest_listings, root_index, year_index

# Views and feeds are imported where a configured view needs them: most archives have none.

log = logging.getLogger(__name__)

README = "README.md"
INDEX = "index"
"""What the row of an index has in the place of a template's version."""

ReadDay = Callable[[str, date], Day]
"""Category and date → the stored day; raises ``DamageError`` if it cannot be read."""

_FEED_DATES = 100
"""A feed shows a view's newest papers of so many dates: rare papers must not cost the reading of a whole archive."""

_RANKED_FEED_DATES = 3
"""Of a ranked view: each is ranked again for its feed, which takes most of a second."""

_IN_FEEDS = 100
_FEED_VERSION = 2
"""Raised when the same days give another feed than before."""

_OF_TEMPLATE, _OF_RANKING = 39, 24
"""So many digits of each hash stand in the version of what is ranked, which has no more room in the database."""

_README_DATES = 30
_IN_README = 10


class Kind(StrEnum):
    """What a product is."""

    DIGEST = "digest"
    VIEW = "view"
    FORMAT = "format"
    INDEX = "index"
    SITE = "site"


@dataclass(frozen=True)
class Product:
    """One generated text: a file, or several if it is split; of an index, the part between its markers.

    ``make`` gives its bytes by path, the first part first; it raises ``DigestError`` if it cannot be made. ``path`` is
    that of the first part, ``inputs_hash`` the SHA-256 of all that it is made from, ``version`` that of its template,
    ``hashes_by`` tells what ``inputs_hash`` would be by another version. ``title`` heads a new index. ``category``
    and ``when`` are those of a digest. ``days`` are those that a digest, a view's or a feed, is made from. The
    version of one that ``is_ranked`` tells of its template and, behind a blank, of what ordered it. A digest that
    ``is_annotated`` shows what programs of the user's own said of the papers of its date.
    """

    kind: Kind
    name: str
    path: str
    inputs_hash: str
    version: str
    make: Callable[[], Mapping[str, bytes]]
    hashes_by: Callable[[str], Sequence[str]] = lambda _version: ()
    title: str = ""
    category: str = ""
    when: date | None = None
    days: Sequence[DaySummary] = ()
    is_ranked: bool = False
    is_annotated: bool = False

    def rows(self, files: Mapping[str, bytes]) -> list[FileRow]:
        """Return what is remembered of its ``files`` once they are written; of an index, of its generated part."""
        own = {path: between(data) if self.kind is Kind.INDEX else data for path, data in files.items()}
        return [FileRow(path, self.inputs_hash, sha256(data), self.version) for path, data in own.items()]

    @property
    def is_unread(self) -> bool:
        """Whether all that it is made from is in day records, and nothing of it in the database."""
        return bool(self.days) and not any(day.is_loaded for day in self.days)

    def is_of_the_same(self, row: FileRow) -> bool:
        """Whether another template, or renderer, made what ``row`` tells of, and of the very same.

        A changed day takes the row of its digest away: one that is there was made from this day. Annotations do not.
        """
        return (self.kind is Kind.DIGEST and not self.is_annotated) or row.inputs_hash in self.hashes_by(
            row.template_version
        )

    def is_ranked_otherwise(self, row: FileRow) -> bool:
        """Whether it is as it was ranked when ``row`` was noted, by other marks: that stays, as it was that night's."""
        templates = {version.partition(" ")[0] for version in (row.template_version, self.version)}
        return self.is_ranked and len(templates) == 1 and self.is_of_the_same(row)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def day_reader(archive: Archive, held: int = 1) -> ReadDay:
    """Return how to read stored days; the last ``held`` ones are not read twice."""

    @lru_cache(maxsize=held)
    def read(category: str, when: date) -> Day:
        day = archive.day(category, when)
        if day is None:
            raise archive.why_unread(category, when)
        return with_annotations(archive, day)

    return read


def digest_of(archive: Archive, day: DaySummary, read: ReadDay) -> Product:
    """Return the digest of a day; ``read`` gives its entries when it is made."""
    path = archive.digest_path(day.category, day.date)
    folder, name = posixpath.split(path)
    told = inputs_of(archive, day.date) if archive.template.shows_annotations else []

    def make() -> Mapping[str, bytes]:
        # The day in hand is as arXiv announced it.
        parts = archive.template.parts(with_annotations(archive, read(day.category, day.date)), name)
        return {posixpath.join(folder, part): data for part, data in parts.items()}

    return Product(
        Kind.DIGEST,
        name=f"{day.category} {day.date}",
        path=path,
        inputs_hash=archive.template.inputs_hash(day.content_hash, *told),
        version=archive.template.version,
        make=make,
        hashes_by=lambda version: archive.template.hashes_by(version, day.content_hash, *told),
        category=day.category,
        when=day.date,
        days=(day,),
        is_annotated=bool(told),
    )


def digests(archive: Archive, read: ReadDay) -> Iterator[Product]:
    """Yield the digest of every stored day."""
    return (digest_of(archive, day, read) for day in archive.snapshot.summaries)


def views(archive: Archive, report: Report) -> Iterator[Product]:
    """Yield the files of all views, the newest first; note in ``report`` each view that cannot be made.

    One whose words are a query of another tool has none until its owner mends it: those that are there stay.
    """
    if not archive.config.views:
        return
    from digest.views.foreign_queries import query_in  # noqa: PLC0415 - see above

    read = day_reader(archive, held=len(archive.config.arxiv.categories))
    found: list[tuple[date, Product]] = []
    for view in archive.config.views:
        if fault := query_in(view):
            report.warn(f"{'; '.join(fault)}; until then the files of this view stay as they are")
            continue
        dates = dates_of(view, archive.snapshot)
        try:
            found += [(max(dates), _feed(archive, view, kind, read)) for kind in view.feeds if dates]
            template = view_template(archive, view)
            files = _view_digests(archive, view, template, dates, read)
        except DigestError as error:
            report.note(f"view {view.name}", error)
            continue
        found += zip(dates, files, strict=True)
    # Those of one date follow one another, so that its days are read once.
    yield from (product for _, product in sorted(found, key=itemgetter(0), reverse=True))


def views_of(archive: Archive, when: date, report: Report) -> Iterator[Product]:
    """Yield the digests of all views of a date; note in ``report`` each view that cannot be made."""
    if not archive.config.views:
        return
    from digest.views.foreign_queries import query_in  # noqa: PLC0415 - see above

    read = day_reader(archive, held=len(archive.config.arxiv.categories))
    for view in archive.config.views:
        days = [] if query_in(view) else days_with(view, archive.snapshot, when)
        dates = {view.date_of(when): days} if days else {}
        try:
            yield from _view_digests(archive, view, view_template(archive, view), dates, read)
        except DigestError as error:
            report.note(f"view {view.name}", error)


def dates_of(view: View, known: Snapshot, most: int | None = None) -> dict[date, list[DaySummary]]:
    """Return the stored days of a view's categories by the dates of its digests, the newest first.

    ``most``: of the newest dates, so many; a week that was begun is whole.
    """
    found: dict[date, list[DaySummary]] = {}
    number = 0
    for when, days in known.by_date.items():
        if own := [days[category] for category in view.categories if category in days]:
            of_digest = view.date_of(when)
            if most is not None and number >= most and of_digest not in found:
                break
            found[of_digest] = [*own, *found.get(of_digest, ())]  # of a week, the oldest first
            number += 1
    return found


def days_with(view: View, known: Snapshot, when: date) -> list[DaySummary]:
    """Return the stored days that the digest of a view is made from which shows ``when``, the oldest first."""
    dates = [known.by_date[one] for one in view.dates_with(when) if one in known.by_date]
    return [days[category] for days in dates for category in view.categories if category in days]


def not_shown(archive: Archive, view: View, when: date) -> dict[tuple[str, date], DigestError]:
    """Return why listings are not here that the digest of a view would show beside, or instead of, that of ``when``.

    Of a week, those that are expected by now.
    """
    if len(dates := view.dates_with(when)) > 1 and days_with(view, archive.snapshot, when):
        gaps = {name: archive.snapshot.gaps(name, archive.now) for name in view.categories}
        lacking = [(name, one) for one in dates for name in view.categories if one in gaps[name]]
    else:
        lacking = [(name, when) for name in view.categories if not archive.has_day(name, when)]
    return {(name, one): archive.why_not_stored(name, one) for name, one in lacking}


def days_of_view(archive: Archive, view: View, when: date) -> list[Day]:
    """Read the stored days that the digest of a view is made of which shows ``when``, the oldest first."""
    keys = [(name, one) for one in view.dates_with(when) for name in view.categories if archive.has_day(name, one)]
    return [day_reader(archive)(*key) for key in keys]


def view_template(archive: Archive, view: View) -> DigestTemplate:
    """Read the template of a view.

    Raises:
        ConfigError: there is no such built-in template.
        TemplateError: the user's own cannot be read, or its syntax is wrong.
    """
    return template_of(archive.config, f"[[view]] {view.name!r} template", view.template, view.sections)


def template_of(config: Config, key: str, name: str, sections: Sequence[str]) -> DigestTemplate:
    """Read the template ``name``, which the setting ``key`` names.

    Raises:
        ConfigError, TemplateError: as ``view_template``.
    """
    source = read_template(name, config.folder, key)
    return _compiled(source, name, sections, front_matter=config.digest.front_matter)


@lru_cache(maxsize=8)
def _compiled(source: str, name: str, sections: Sequence[str], *, front_matter: bool) -> DigestTemplate:
    """Compile a template once for all views that share it: that costs more than to find nothing to do."""
    return DigestTemplate(source, name, [Section(section) for section in sections], front_matter=front_matter)


def render_view(
    archive: Archive, view: View, template: DigestTemplate, when: date, days: Sequence[Day]
) -> dict[str, bytes]:
    """Return a view's digest of a date by path, made from the ``days`` of its categories.

    Raises:
        TemplateError: the template asks for something that is not there.
        UsageError: the marks that it is ranked by are damaged, or scikit-learn is not installed.
    """
    from digest.archive.marked import shown_hits  # noqa: PLC0415 - see above

    folder, name = posixpath.split(view.digest_path(when))
    found = shown_hits(archive, view, when, days)
    parts = template.view_parts(view, view.date_of(when), days, found, name)
    return {posixpath.join(folder, part): data for part, data in parts.items()}


def _view_digests(
    archive: Archive, view: View, template: DigestTemplate, dates: Mapping[date, Sequence[DaySummary]], read: ReadDay
) -> list[Product]:
    from digest.views import descriptions  # noqa: PLC0415 - see above

    rules, paths, version_of = descriptions(view), view.digest_paths(dates), _versions(archive, view, template.version)
    found = []
    for when, days in dates.items():
        hashes, version = [day.content_hash for day in days], version_of(when)
        told = inputs_of(archive, when) if template.shows_annotations else []
        hashes_by = partial(_view_hashes, template, hashes, rules, told)
        one = Product(
            Kind.VIEW,
            name=f"view {view.name} {when}",
            path=paths[when],
            inputs_hash=hashes_by(version)[-1] if view.rank else template.inputs_hash(*hashes, rules[-1], *told),
            version=version,
            make=partial(_view_files, partial(render_view, archive, view, template, when), days, read),
            hashes_by=hashes_by,
            days=days,
            is_ranked=bool(view.rank),
        )
        found.append(one)
    return found


def _versions(archive: Archive, view: View, made_by: str) -> Callable[[date], str]:
    """Return what tells by which version of a template, and of a ranking, what is of a date is made.

    Raises:
        UsageError: the marks of the view are damaged, or scikit-learn is not installed.
    """
    if not view.rank:
        return lambda _when: made_by
    from digest.archive.marked import Ranker  # noqa: PLC0415 - see above

    ranker = Ranker(archive, view)
    return lambda when: f"{made_by[:_OF_TEMPLATE]} {ranker.key(when)[:_OF_RANKING]}"


def _view_hashes(
    template: DigestTemplate, hashes: Sequence[str], rules: Sequence[str], told: Sequence[str], version: str
) -> Sequence[str]:
    return [one for by_rules in rules for one in template.hashes_by(version, *hashes, by_rules, *told)]


def _view_files(
    render: Callable[[Sequence[Day]], Mapping[str, bytes]], days: Sequence[DaySummary], read: ReadDay
) -> Mapping[str, bytes]:
    return render([read(day.category, day.date) for day in days])


def newest_hits(
    archive: Archive, view: View, dates: Mapping[date, Sequence[DaySummary]], read: ReadDay, limit: int
) -> tuple[Hit, ...]:
    """Return the newest papers that a view shows of ``dates``, at most ``limit``; no more days are read than needed."""
    from digest.archive.marked import shown_hits  # noqa: PLC0415 - see above
    from digest.views import newest  # noqa: PLC0415 - see above

    shown = (
        shown_hits(archive, view, when, [read(day.category, day.date) for day in days]) for when, days in dates.items()
    )
    return newest(shown, limit)


def _feed(archive: Archive, view: View, kind: str, read: ReadDay) -> Product:
    from digest.views import descriptions  # noqa: PLC0415 - see above

    config = archive.config
    shown_dates = dates_of(view, archive.snapshot, _RANKED_FEED_DATES if view.rank else _FEED_DATES)
    shown_days = [day for days in shown_dates.values() for day in days]
    hashes = [day.content_hash for day in shown_days]
    address, home = config.file_address(view.feed_paths[kind]), config.home_address(view.folder)
    more = [*filter(None, [config.address_of(view.path), address, home])]
    newest_date = max(day.date for day in shown_days)
    inputs = [[_FEED_VERSION, kind, str(newest_date), rules, *hashes, *more] for rules in descriptions(view)]
    version = _versions(archive, view, sha256(f"{kind} {_FEED_VERSION}".encode()))(max(shown_dates))

    def hashes_by(other: str) -> Sequence[str]:
        if other.partition(" ")[0] != version.partition(" ")[0]:
            return ()
        return [sha256(json.dumps([*one, *([other] if view.rank else [])]).encode()) for one in inputs]

    return Product(
        Kind.VIEW,
        name=f"view {view.name} {kind}",
        path=view.feed_paths[kind],
        inputs_hash=hashes_by(version)[-1],
        version=version,
        make=partial(_feed_files, archive, view, kind, shown_dates, read),
        hashes_by=hashes_by,
        days=shown_days,
        is_ranked=bool(view.rank),
    )


def _feed_files(
    archive: Archive, view: View, kind: str, shown_dates: Mapping[date, Sequence[DaySummary]], read: ReadDay
) -> Mapping[str, bytes]:
    from digest.render.exports import FEEDS  # noqa: PLC0415 - see above
    from digest.render.exports.feeds import Feed  # noqa: PLC0415 - see above

    shown = replace(view, sections=tuple(name for name in view.sections if name != Section.REPLACEMENT))
    newest = newest_hits(archive, shown, shown_dates, read, _IN_FEEDS)
    by_date = sorted(newest, key=lambda hit: hit.announcement.date, reverse=True)  # in weeks they are not
    reasons = {hit.announcement: hit.reasons for hit in by_date}
    config = archive.config
    feed = Feed(
        title=f"arXiv {view.name}",
        seed=f"view {view.name}",
        empty_at=max(day.date for days in shown_dates.values() for day in days),
        digest_address=lambda one: config.address_of(view.digest_path(one.date)),
        address=config.file_address(view.feed_paths[kind]),
        home=config.home_address(view.folder),
        why=reasons.__getitem__ if view.rank else None,
    )
    pieces = FEEDS[kind](feed, reasons)
    return {view.feed_paths[kind]: "".join(pieces).encode()}


def indexes(archive: Archive) -> list[Product]:
    """Return the generated part of each index: the archive's, and one a category and year.

    Where nothing is stored, there is none but one that is there already.
    """
    snapshot, config = archive.snapshot, archive.config
    if not snapshot.summaries and not archive.output.has(README):
        return []
    names = dict.fromkeys((*config.arxiv.categories, *snapshot.categories))
    categories = []
    for name in names:
        days, start, lost = snapshot.days_of(name), snapshot.start(name), snapshot.ledger.losses_of(name)
        is_kept = name in config.arxiv.categories
        paths, unfiled = config.digest_path, snapshot.unfiled.get(name)
        categories.append(CategoryDays(name, days, snapshot.calendar, start, lost, paths, is_kept, unfiled))
    found = [_root_index(archive, categories)]
    for category in categories:
        found += [_year_index(archive, year, category) for year in category.years]
    return found


def _index(path: str, title: str, inputs: Sequence[object], make: Callable[[], str]) -> Product:
    inputs_hash = sha256(json.dumps([RENDERER, *inputs]).encode())
    make_once = lru_cache(maxsize=1)(lambda: {path: make().strip().encode()})  # who proves it asks several times
    return Product(Kind.INDEX, "index", path, inputs_hash, INDEX, make_once, title=title)


def _year_index(archive: Archive, year: int, category: CategoryDays) -> Product:
    source, title = archive.index_templates.year, f"{category.name} {year}"
    inputs = [sha256(source.encode()), archive.config.digest.path, *category.told_of(year)]
    return _index(year_index_path(category.name, year), title, inputs, partial(year_index, source, year, category))


def _root_index(archive: Archive, categories: Sequence[CategoryDays]) -> Product:
    source, first, dates = (
        archive.index_templates.root,
        next((one for one in archive.config.views if not one.rank), None),
        {},
    )
    inputs: list[object] = [sha256(source.encode()), newest_listings(categories)]
    if first is not None:
        from digest.views import descriptions  # noqa: PLC0415 - see above
        from digest.views.foreign_queries import query_in  # noqa: PLC0415 - see above

        first = None if query_in(first) else first
    if first is not None:
        dates = dates_of(first, archive.snapshot, _README_DATES)
        hashes = [(str(when), *(day.content_hash for day in days)) for when, days in dates.items()]
        inputs += [version_of_texts(), descriptions(first)[-1], first.path, hashes]

    def make() -> str:
        newest = _newest_of(archive, first, dates) if first else None
        return root_index(source, categories, newest)

    return _index(README, "arXiv digests", inputs, make)


def _newest_of(archive: Archive, view: View, dates: Mapping[date, Sequence[DaySummary]]) -> NewestHits | None:
    """Return what the README shows of the first view; a damaged day must not cost the whole index."""
    try:
        found = newest_hits(archive, view, dates, day_reader(archive), _IN_README)
    except DamageError as error:
        log.warning("the newest papers of the first view are left out: %s", error)
        archive.incomplete.add(README)
        return None
    return NewestHits(view.name, found, view.digest_path)
