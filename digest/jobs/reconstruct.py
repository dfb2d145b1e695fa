"""Days that nobody captured, made from harvested metadata. Offline.

::

    versions ─history/reconstruction─→ dates ─by category, date─→ Day (typed texts, links) ─one transaction─→ database

A day that was captured or imported is never touched, and a paper that one lists is in no other. What arXiv still serves
is left to ``digest fetch``, which gets the announced day itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

from digest.archive.archive import Archive
from digest.archive.days import put_in_place, remove, update_files
from digest.archive.products import sha256
from digest.archive.report import Report
from digest.decide import in_reach_since, not_stored
from digest.errors import DamageError, DigestError, MissingError, PageRefusedError, how_many, named
from digest.history.reconstruction import FIRST_DAY, Dated, contradicts, reconstruct
from digest.model import ArxivId, Dating, Day, Entry, Extent, Paper, RawText, Section, Source, State, is_among
from digest.model.harvest import Metadata, Submission
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.parse.typed import names_in, set_anew
from digest.records.day import proven_record, render_record

_DAY = timedelta(days=1)
_OLD_IDS_UNTIL = date(2007, 4, 30)
"""Later listings have no paper whose id is of the form of before April 2007: nothing of a day comes after its month."""

Key = tuple[str, date]
"""Category and date."""

Tell = Callable[[int], object]

Placed = tuple[str, Section, Dated]
"""A paper's id, and where and when it was announced."""


@dataclass(frozen=True)
class Past:
    """Which days are wanted: of these categories, from one date to another; ``has_files``: written like any other."""

    categories: Sequence[str]
    first: date | None = None
    last: date | None = None
    has_files: bool = False

    def has(self, when: date) -> bool:
        """Whether a date is wanted."""
        return (self.first or when) <= when <= (self.last or when)

    @property
    def widened(self) -> "Past":
        """It, with all dates that papers of it may have had before: an id is of one month, and so are its dates."""
        first = self.first and (max(self.first, FIRST_DAY) - _DAY).replace(day=1) + _DAY
        last = self.last and ((max(self.last, FIRST_DAY) - _DAY).replace(day=1) + 31 * _DAY).replace(day=1)
        return replace(self, first=first, last=last)


@dataclass
class Reconstructed:
    """How many days of each category there are, how many were stored and removed; how many papers they have.

    ``taken``: papers whose date is that of a captured day that does not list them: they were announced late.
    ``contradictory``: those that were submitted, as their metadata say, long after their ids were given.
    """

    days: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stored: int = 0
    removed: int = 0
    papers: int = 0
    taken: int = 0
    contradictory: list[str] = field(default_factory=list)

    @property
    def data(self) -> dict[str, object]:
        """It, as machines read it."""
        counts = {"stored": self.stored, "removed": self.removed, "papers": self.papers}
        left_out = {"on_captured_days": self.taken, "contradictory": self.contradictory}
        return {"days": dict(self.days), **counts, **left_out}

    @property
    def remarks(self) -> Iterator[str]:
        """Which papers have no day, and why."""
        if self.taken:
            words = "that were captured, and do not list them: put on these lists later, or announced later"
            yield f"{how_many(self.taken, 'paper')} left out, dated to days {words}"
        if self.contradictory:
            words = "submitted long after the month of the id, as the metadata say: one of the two is wrong"
            yield f"{how_many(len(self.contradictory), 'paper')} left out, {words}: {named(self.contradictory)}"

    def __str__(self) -> str:
        papers, days = how_many(self.papers, "paper"), how_many(sum(self.days.values()), "day")
        removed = f", {self.removed} removed" if self.removed else ""
        return f"{papers} reconstructed on {days}: {self.stored} stored, the others as before{removed}"


def reconstruct_days(
    archive: Archive, past: Past, report: Report, tell: Tell = lambda _: None, *, dry_run: bool = False
) -> Reconstructed:
    """Store each day of the past that can be reconstructed; with ``dry_run``, only count them.

    ``tell`` hears now and then how many papers are done.
    """
    done = Reconstructed()
    report.remarks += _left_out(archive, past)
    past = replace(past, categories=_harvested(archive, past.categories, report))
    captured = {category: _captured(archive, category) for category in past.categories}
    known = {
        one: when for papers in captured.values() for one, (when, section) in papers.items() if section is Section.NEW
    }
    made: dict[str, set[date]] = defaultdict(set)
    for (category, when), placed in days_of(archive, past.widened, known, done.contradictory.append):
        own = [one for one in placed if one[0] not in captured[category]]
        if not own or not (past.has(when) or _is_reconstructed(archive, category, when)):
            continue
        stored = archive.stored(category, when)
        if stored is not None and stored.state is not State.RECONSTRUCTED:
            done.taken += len(own)
            continue
        tell(done.papers)
        try:
            day = None if dry_run else _sound(_day(archive, category, when, own), report)
            if day and not day.entries:
                continue
            made[category].add(when)
            done.papers += len(day.entries if day else own)
            done.days[category] += 1
            done.stored += _store(archive, day, report, has_files=past.has_files and past.has(when)) if day else 1
        except DigestError as error:
            report.fail(f"{category} {when}", error)
            if report.is_ended:
                break
    report.remarks += done.remarks
    if not dry_run and not report.is_ended:
        _forget_others(archive, past.widened, made, done, report)
        archive.refresh()
        update_files(archive, report)
        report.succeeded += 1
    return done


def _left_out(archive: Archive, past: Past) -> Iterator[str]:
    """Yield what is to be said of dates that were asked for, and are not reconstructed."""
    first_served = in_reach_since(archive.now)
    if past.first is not None and past.first < FIRST_DAY:
        yield f"no day before {FIRST_DAY} is reconstructed: arXiv's deferrals are not known"
    if past.first is not None and past.first > (newest := archive.calendar.newest_expected(archive.now)):
        yield f"no listing from {past.first} on is announced yet: the newest is that of {newest}"
    elif any(when is not None and when >= first_served for when in (past.first, past.last)):
        yield f"arXiv serves the listings from {first_served} on: `digest fetch` gets them as they were announced"


def require_listing(archive: Archive, past: Past) -> None:
    """See that the one date that is asked for, if it is one, has a listing.

    Raises:
        DigestError: arXiv announced none.
    """
    if past.first is not None and past.first == past.last and not archive.calendar.is_listing_date(past.first):
        raise not_stored(past.first, archive.calendar, archive.now, None)


def _harvested(archive: Archive, categories: Sequence[str], report: Report) -> list[str]:
    """Return the categories of which all papers came; half of a day must not pass for it."""
    known = {category: archive.gathered(category) for category in categories}
    ended = [category for category, extent in known.items() if extent in (Extent.BUT_UNREAD, Extent.WHOLE)]
    for category, extent in known.items():
        if extent is Extent.BUT_UNREAD:
            report.remarks.append(f"{category}: reconstructed without the papers whose metadata cannot be read")
        elif extent is not Extent.WHOLE:
            words = "its papers are not harvested to the end; `digest backfill` goes on"
            if report.failures:  # which say why
                report.remarks.append(f"{category}: {words}")
            else:
                report.fail(category, MissingError(words))
    return ended


def _captured(archive: Archive, category: str) -> dict[str, tuple[date, Section]]:
    """Return when and in which section each paper was announced first by the captured days of a category."""
    rows = [row for row in archive.store.captured(category) if row[2] is not Section.REPLACEMENT]
    return {arxiv_id: (when, section) for arxiv_id, when, section, _ in reversed(rows)}


def _is_reconstructed(archive: Archive, category: str, when: date) -> bool:
    stored = archive.stored(category, when) or archive.store.summary(category, when)
    return stored is not None and stored.state is State.RECONSTRUCTED


def _store(archive: Archive, day: Day, report: Report, *, has_files: bool) -> bool:
    """Store a day, unless it is stored as it is; return whether it was stored."""
    content_hash = sha256(render_record(day))
    filed = archive.stored(day.category, day.date)
    known = filed or archive.store.summary(day.category, day.date)
    if known is not None and known.content_hash == content_hash and (filed or not has_files):
        return False
    if has_files or filed:
        put_in_place(archive, day, report)
    else:
        archive.save_unfiled(day, content_hash)
    return True


def _sound(day: Day, report: Report) -> Day:
    """Return a day without the papers of which no record can be kept, such as one without a title; tell of these."""
    try:
        proven_record(day)
    except DamageError:
        entries: list[Entry] = []
        for entry in day.entries:
            try:
                proven_record(replace(day, entries=(entry,)))
                entries.append(replace(entry, position=len(entries) + 1))
            except DamageError as error:
                report.fail(f"{day.category} {day.date}", PageRefusedError(f"{entry.paper.arxiv_id} left out: {error}"))
        return replace(day, entries=tuple(entries))
    return day


def _forget_others(
    archive: Archive, past: Past, made: Mapping[str, set[date]], done: Reconstructed, report: Report
) -> None:
    """Remove the days that were reconstructed once, and have no paper any more; with their files, if they have some."""
    last = _last(archive, past)
    for category in past.categories:
        for day in archive.snapshot.days_of(category):
            is_wanted = (past.first or day.date) <= day.date <= last and day.date not in made[category]
            if is_wanted and day.state is State.RECONSTRUCTED:
                remove(archive, day, report)
                report.remarks.append(f"{category} {day.date}: removed, for no paper is dated so any more")
                done.removed += 1
        for day in archive.store.unfiled_days(category, past.first, last):
            if day.date not in made[category]:
                archive.store.forget_day(category, day.date)
                done.removed += 1


def _last(archive: Archive, past: Past) -> date:
    """Return the last date that is wanted, and that arXiv does not serve any more."""
    out_of_reach = in_reach_since(archive.now) - _DAY
    return min(past.last or out_of_reach, out_of_reach)


def days_of(
    archive: Archive, past: Past, known: Mapping[str, date], tell_contradictory: Callable[[str], object]
) -> Iterator[tuple[Key, list[Placed]]]:
    """Yield the papers of each wanted day, in the order of their ids, new submissions first; a month at a time.

    ``tell_contradictory`` hears the ids of those that have none, for id and clock contradict each other.
    """
    first, last = max(past.first or FIRST_DAY, FIRST_DAY), _last(archive, past)
    open_days: dict[Key, list[Placed]] = defaultdict(list)
    names = {category: frozenset({category}) for category in past.categories}
    for (year, month), papers in groupby(dated(archive, first, last, known), lambda one: _month(one[0].arxiv_id)):
        for key in sorted(key for key in open_days if _OLD_IDS_UNTIL < key[1] <= date(year, month, 1)):
            yield key, _in_order(open_days.pop(key))
        for submission, clock, found in papers:
            categories = submission.categories or ""
            its = [name for name in past.categories if is_among(categories, names[name])]
            if not its or not first <= found.date <= last:
                continue
            if contradicts(year, month, clock):
                tell_contradictory(submission.arxiv_id)
                continue
            for category in its:
                section = section_in(category, categories)
                open_days[category, found.date].append((submission.arxiv_id, section, found))
    for key in sorted(open_days):
        yield key, _in_order(open_days[key])


def section_in(category: str, categories: str) -> Section:
    """Return the section in which a category, or a whole archive, lists a paper that is in these ones."""
    primary = categories.partition(" ")[0]
    return Section.NEW if is_among(primary, frozenset({category})) else Section.CROSS


def dated(
    archive: Archive, first: date, last: date, known: Mapping[str, date] | None = None
) -> Iterator[tuple[Submission, date, Dated]]:
    """Yield all papers whose ids are of the months in which those of the dates were given, each with its dates."""
    calendar = archive.calendar
    months = {(day.year, day.month) for day in (first - 31 * _DAY + n * _DAY for n in range((last - first).days + 32))}
    near = (one for one in archive.store.submissions() if _month(one.arxiv_id) in months)
    until = calendar.newest_expected(archive.now)
    return reconstruct(near, calendar.listing_of, calendar.listing_dates, until, known)


def _month(arxiv_id: str) -> tuple[int, int]:
    """Return the year and month of an id, much faster than by parsing it."""
    digits = arxiv_id.rpartition("/")[2]
    year = int(digits[:2])
    return (1900 if year > 90 else 2000) + year, int(digits[2:4])


def _in_order(placed: Iterable[Placed]) -> list[Placed]:
    return sorted(placed, key=lambda one: (one[1] is not Section.NEW, ArxivId.parse(one[0])))


# Texts


def _day(archive: Archive, category: str, when: date, placed: Sequence[Placed]) -> Day:
    """Return a reconstructed day; a paper that was deleted since has no texts, and is left out."""
    texts = archive.store.metadata([arxiv_id for arxiv_id, _, _ in placed])
    entries: list[Entry] = []
    for arxiv_id, section, found in placed:
        if arxiv_id not in texts:
            continue
        one = texts[arxiv_id]
        dating = Dating(found.basis, found.earliest, found.latest, one.version)
        entries.append(Entry(section, len(entries) + 1, paper_of(one), dating))
    return Day(
        *(category, when, State.RECONSTRUCTED, Source.OAI, {}, tuple(entries), ()),
        parser_version=PARSER_VERSION,
        link_rules=LINK_RULES,
    )


def paper_of(one: Metadata) -> Paper:
    """Return a harvested paper in the form in which a listing shows it, its links found.

    What was typed is kept beside it only where the listing's form is another: the harvest has it, too.
    """
    categories = tuple(one.categories.split())
    raw = RawText(" ".join(one.title.split()), names_in(one.authors), one.abstract, one.comments)
    plain = Paper(
        arxiv_id=ArxivId.parse(one.arxiv_id),
        title=one.title,
        authors=raw.authors,
        primary_category=categories[0],
        categories=categories,
        journal_ref=None if one.journal_ref is None else " ".join(one.journal_ref.split()),
        raw=raw,
    )
    listed = set_anew(plain)
    # What is nothing but TeX that arXiv leaves out is shown as it was typed: no text of a listing is empty.
    listed = replace(listed, title=listed.title or raw.title, authors=tuple(filter(None, listed.authors)))
    typed = (one.title, one.authors, one.abstract, one.comments or "")
    is_plain = not any("\\" in text or "{{" in text for text in typed)
    return replace(listed, raw=None) if is_plain and not replace(listed, raw=None).may_have_more_authors else listed
