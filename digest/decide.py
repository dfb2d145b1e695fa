"""(what is stored, what the page says, now) → what to change, or why not. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from digest.calendar import CATCHUP_DAYS, Calendar, is_overdue, is_weekend, today
from digest.errors import DigestError, MissingError, TryLaterError, UsageError, named
from digest.model import Day, DaySummary, Entry, Reading, Section, Source, State

SETTLING = timedelta(hours=6)
"""How far apart two equal looks at a doubtful date must be."""

LISTING_PATIENCE = timedelta(hours=6)
"""How long after its announcement a listing is left to the nightly job, and a late page is waited for."""

SHORT_FOR_GOOD = timedelta(hours=12)
"""How far apart two equal looks at a listing that is short of its own count must be.

It is longer than the longest fault of arXiv's caches that is known: 10 hours, on 2026-06-25 (a comment in
``browse/controllers/list_page/__init__.py`` of arXiv/arxiv-browse).
"""

SHORT = "short "
"""How the fingerprint of such a look begins; after it comes how many entries were listed."""

REST = timedelta(hours=6)
"""How long a day rests that was asked for in vain."""

UNUSUAL = timedelta(hours=12)
"""The same for "No updates" where entries are usual: arXiv's caches have kept an empty page for 10 hours."""

WARNING_DAYS = 75
"""From this age on, arXiv's catchup pages will soon have a missing day no longer."""

_LOOKS = {Source.LISTING, Source.CATCHUP}

_SOON = timedelta(days=7)

# Eight weeks tell what is usual on a weekday. Holidays make listings smaller, too: hence so low a share.
_KNOWN_WEEKDAYS = 8
_SUSPICIOUS_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to store a listing, and why or why not, in words for a person."""

    stores: bool
    reason: str


def needs_listing(newest_expected: date, proven: Iterable[date]) -> bool:
    """Whether arXiv has to be asked at all: not when the newest expected listing, or the one after, is proven.

    A date far in the future (a page imported under a clock that was wrong) proves nothing about tonight.
    """
    return not any(newest_expected <= day <= newest_expected + _SOON for day in proven)


def decide(stored: DaySummary | None, day: Day) -> Verdict:
    """Decide whether ``day`` replaces what is ``stored`` of its date.

    What was announced is never rewritten: only a day that is less well known gives way, and one that is provisional
    to a newer look at arXiv's own pages.
    """
    if stored is None:
        return Verdict(stores=True, reason="new")
    # A feed is no look at arXiv's own pages: it must not put itself over one.
    is_look = stored.state is day.state is State.PROVISIONAL and {stored.source, day.source} <= _LOOKS
    if not is_better(day, stored) and not is_look:
        return Verdict(stores=False, reason=f"stored already, {stored.state} from {stored.source}")
    return Verdict(stores=True, reason=f"replaces what was {stored.state} from {stored.source}")


def is_better(day: Day | DaySummary, than: Day | DaySummary) -> bool:
    """Whether ``day`` is better known than another of its date.

    Entries go over "No updates"; of two complete days, the one that lacks less of arXiv's count.
    """
    if day.state is than.state is State.COMPLETE:
        return day.shortage < than.shortage
    strongest_first = list(State)
    return strongest_first.index(day.state) < strongest_first.index(than.state)


def is_read_better(day: Day, than: Day) -> bool:
    """Whether ``day`` was read from the same pages by newer rules, and by no older ones, than another reading."""
    rules, others = (day.parser_version, day.link_rules), (than.parser_version, than.link_rules)
    # Of two machines of which each has one newer rule, neither gives way: their records would change for ever.
    is_newer = rules != others and all(own >= other for own, other in zip(rules, others, strict=True))
    return is_newer and day.pages == than.pages


def with_whole_author_lists(day: Day, known: Day) -> Day:
    """Return ``day`` with the author lists of ``known`` where a listing shows the first 100 of them alone.

    Only a feed has them whole (``split_long_author_list`` of arXiv's site cuts those of the pages).
    """
    lists = {entry.paper.arxiv_id: entry.paper.authors for entry in known.entries}

    def whole(entry: Entry) -> Entry:
        paper = entry.paper
        longer = lists.get(paper.arxiv_id, ())
        # Only a list that begins in the same way is the same list; a later version may have other authors.
        if not paper.may_have_more_authors or longer[: len(paper.authors)] != paper.authors:
            return entry
        return replace(entry, paper=replace(paper, authors=longer))

    return replace(day, entries=tuple(map(whole, day.entries)))


def suspicion(ids: frozenset[str], sizes: Sequence[int], neighbours: Mapping[date, frozenset[str]]) -> str | None:
    """Return why a whole listing with these ``ids`` is doubtful all the same, or None.

    Args:
        ids: the identifiers that it lists.
        sizes: how many entries the complete days of its weekday have.
        neighbours: the identifiers that the listings before and after it have, by date.
    """
    usual = usual_size(sizes)
    if len(ids) < _SUSPICIOUS_SHARE * usual:
        return f"{len(ids)} entries, where {usual:.0f} are usual on its weekday"
    return repetition(ids, neighbours)


def repetition(ids: frozenset[str], neighbours: Mapping[date, frozenset[str]]) -> str | None:
    """Say which of its ``neighbours`` a listing with these ``ids`` mostly repeats, if it does."""
    for when, others in sorted(neighbours.items()):
        common = len(ids & others)
        # A few recur rightly: a paper that is replaced soon stands in both.
        if common > len(ids) / 2:
            return f"{common} of its {len(ids)} entries are those of {when}"
    return None


def usual_size(sizes: Sequence[int]) -> float:
    """Return the median of ``sizes``, those of one weekday; 0 while too few are known."""
    ordered, middle = sorted(sizes), len(sizes) // 2
    # The module for statistics loads fractions and decimal numbers, and every run decides.
    return (ordered[middle] + ordered[~middle]) / 2 if len(sizes) >= _KNOWN_WEEKDAYS else 0


def is_confirmed(fingerprint: str, readings: Iterable[Reading], now: datetime) -> bool:
    """Whether the same was seen long enough ago."""
    return any(one.fingerprint == fingerprint and one.seen_at <= now - SETTLING for one in readings)


def is_proven_empty(readings: Sequence[Reading], *, apart: timedelta, has_moved_on: bool) -> bool:
    """Whether "No updates" was said by both of arXiv's pages, twice and far enough ``apart``.

    Once /new shows a later listing (``has_moved_on``), it cannot be asked again: its one word is enough then.
    """
    said_by_listing = _is_told_twice(readings, Source.LISTING, timedelta() if has_moved_on else apart)
    return said_by_listing and _is_told_twice(readings, Source.CATCHUP, apart)


def is_final_answer(readings: Sequence[Reading]) -> bool:
    """Whether catchup has said "No updates" twice of a date that /new was never asked for: it will say no more."""
    is_asked = any(one.source is Source.LISTING for one in readings)
    # The longer of the two times, for whether entries are usual on that weekday is not known here.
    return _is_told_twice(readings, Source.CATCHUP, UNUSUAL) and not is_asked


def _is_told_twice(readings: Iterable[Reading], source: Source, apart: timedelta) -> bool:
    """Whether a page said "No updates" at two looks so far ``apart``; without any time between them, once will do."""
    seen = [one.seen_at for one in readings if one.source is source and not one.fingerprint]
    return bool(seen) and max(seen) - min(seen) >= apart


def is_short_for_good(found: str, readings: Iterable[Reading], now: datetime, *, has_moved_on: bool) -> bool:
    """Whether a short listing with the fingerprint ``found`` will never be whole: seen just so long enough ago.

    No look may have shown more, and as long as /new still shows it (not ``has_moved_on``), both pages were looked at.
    """
    short = [one for one in readings if one.fingerprint.startswith(SHORT)]
    is_seen_long_ago = any(one.fingerprint == found and one.seen_at <= now - SHORT_FOR_GOOD for one in short)
    is_most = _listed(found) >= max((_listed(one.fingerprint) for one in short), default=0)
    return is_seen_long_ago and is_most and (has_moved_on or {one.source for one in short} >= _LOOKS)


def _listed(short: str) -> int:
    """Return how many entries a short look listed, by its fingerprint."""
    number = short.removeprefix(SHORT).partition(" ")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def next_look(readings: Iterable[Reading]) -> datetime | None:
    """Return when a doubtful date is to be looked at again; None if it was not looked at yet.

    A short one is most often a replica that lags for minutes: it does not wait.
    """
    seen = [one.seen_at for one in readings if not one.fingerprint.startswith(SHORT)]
    return max(seen) + SETTLING if seen else None


def is_in_reach(when: date, now: datetime) -> bool:
    """Whether arXiv's catchup pages still have the listing of ``when``."""
    return when >= in_reach_since(now)


def in_reach_since(now: datetime) -> date:
    """Return the oldest date that arXiv's catchup pages have."""
    return today(now) - timedelta(days=CATCHUP_DAYS)


def in_reach_until(when: date) -> date:
    """Return the last day on which arXiv's catchup pages have the listing of ``when``."""
    return when + timedelta(days=CATCHUP_DAYS)


def after_refusal(error: DigestError, expected: date, now: datetime) -> DigestError:
    """Return what a failure means at the instant ``now``: "try later" is "missing" once a listing is overdue."""
    if isinstance(error, TryLaterError) and is_overdue(expected, now):
        return MissingError(f"the listing of {expected} is overdue: {error}")
    return error


def lateness(shown: date, expected: date, now: datetime) -> MissingError | None:
    """Return what it means that arXiv shows the listing of ``shown`` when ``expected`` was due."""
    if shown >= expected or not is_overdue(expected, now):
        return None
    return MissingError(f"the listing of {expected} is overdue: arXiv still shows that of {shown}")


def declared(day: DaySummary, section: Section) -> int | None:
    """Return how many entries arXiv says that a section has; None where the source says nothing of it, as a feed."""
    is_told = day.source is not Source.FEED and day.is_counted
    return day.declared.get(section, 0) if is_told else None


def counted(day: DaySummary, section: Section) -> str:
    """Return how many entries of a section are stored, of how many: ``30/30``."""
    expected = declared(day, section)
    return f"{day.counts[section]}/{'?' if expected is None else expected}"


def in_short(dates: Sequence[date]) -> str:
    """Name the newest of ``dates``, the newest first, and how many more there are."""
    return named(sorted(dates, reverse=True), most=12)


def not_stored(when: date, calendar: Calendar, now: datetime, start: date | None) -> DigestError:
    """Return why no listing of ``when`` is here in an archive that has to be whole from ``start`` on; the way out."""
    if not calendar.is_listing_date(when):
        if is_weekend(when):
            return UsageError("there is no listing: arXiv announces none for a Saturday or Sunday")
        return MissingError("there is no listing: arXiv deferred the announcement of the evening before")
    if when > calendar.newest_expected(now):
        return MissingError("the listing is not announced yet")
    if not is_in_reach(when, now):
        is_missed = start is not None and when >= start
        otherwise = f", `digest accept {when}` settles it" if is_missed else "; the archive begins later"
        words = f"not stored, and arXiv serves past listings for {CATCHUP_DAYS} days only"
        return MissingError(f"{words}; `digest import` takes in saved pages{otherwise}")
    return MissingError(f"not stored; `digest fetch {when}` gets it, until {in_reach_until(when)}")
