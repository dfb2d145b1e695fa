"""Whether a listing that proves itself is believed: a doubtful one is provisional until it is seen twice.

Doubtful is what is unusually small, what repeats the day before, what is short of its own count, and "No updates".
A doubt is returned, as the ``Verdict`` on a day; it is no failure of what was stored.
"""

import hashlib
import logging
from dataclasses import replace
from datetime import date

from digest import decide
from digest.archive.archive import Archive
from digest.archive.days import store
from digest.archive.report import Report
from digest.calendar import NEW_YORK
from digest.errors import DigestError, ListingDoubtfulError
from digest.model import Day, Ledger, Reading, Source, State

log = logging.getLogger(__name__)


def take_in(archive: Archive, day: Day, report: Report) -> ListingDoubtfulError | None:
    """Store a whole listing if it is known better than what is stored of its date, and write its files.

    Returns:
        Why it is doubtful; it was stored as provisional then.
    """
    if day.state is not State.COMPLETE or archive.snapshot.is_proven(day.category, day.date):
        store(archive, day, report)
        return None
    # The page's date is the truth, also where the table of deferrals says that there is no listing.
    if not archive.calendar.is_listing_date(day.date):
        archive.learn(day.date, day.pages[0].url, has_listing=True)
    reason = _suspicion(archive, day)
    if reason is None or _is_confirmed(archive, day):
        here = archive.day(day.category, day.date) if reason else None
        # What is settled are the texts that were announced: those of the first look.
        # A feed, or what was imported from one or from a digest, may have the same papers; it is no look all the same.
        is_look = here is not None and here.source is not Source.FEED and here.is_counted
        is_the_same = here is not None and is_look and fingerprint(here) == fingerprint(day)
        store(archive, replace(here, state=State.COMPLETE) if here and is_the_same else day, report)
        return None
    store(archive, replace(day, state=State.PROVISIONAL), report)
    if day.source is not Source.IMPORT:
        note_look(archive, day)
    return _doubt(archive, day, reason)


def is_about_to_settle(archive: Archive, day: Day) -> bool:
    """Whether ``day`` is doubtful, and one more look like the last one will settle it."""
    stored = archive.snapshot.day(day.category, day.date)
    is_open = stored is not None and stored.state is State.PROVISIONAL
    return is_open and _is_confirmed(archive, day) and _suspicion(archive, day) is not None


def _suspicion(archive: Archive, day: Day) -> str | None:
    return decide.suspicion(day.ids, _sizes(archive, day), archive.neighbours(day.category, day.date))


def _sizes(archive: Archive, day: Day) -> list[int]:
    """Return how many entries the other complete days of its weekday have."""
    weekday = day.date.weekday()
    others = [one for one in archive.snapshot.days_of(day.category) if one.date.weekday() == weekday]
    return [one.size for one in others if one.state is State.COMPLETE and one.date != day.date]


def _is_confirmed(archive: Archive, day: Day) -> bool:
    """Whether the same was seen long enough ago; the same saved page, taken in twice, is one look at arXiv."""
    looks = _looks(archive, day)
    return day.source is not Source.IMPORT and decide.is_confirmed(fingerprint(day), looks, archive.now)


def fingerprint(day: Day) -> str:
    """Return what two looks at a date must agree in: the sections and the identifiers, not the texts.

    Of a listing that is short of its own count, the count too.
    """
    lines = sorted(f"{entry.section} {entry.paper.arxiv_id}\n" for entry in day.entries)
    if day.shortage:
        lines += sorted(f"{section} {count}\n" for section, count in day.declared.items())
    found = hashlib.sha256("".join(lines).encode()).hexdigest() if lines else ""
    return f"{decide.SHORT}{len(day.entries)} {found}" if day.shortage else found


def _looks(archive: Archive, day: Day) -> list[Reading]:
    return archive.snapshot.ledger.readings_of(day.category, day.date)


def note_look(archive: Archive, day: Day) -> None:
    """Note what a look at arXiv showed of the date of ``day``; without entries, "No updates"."""
    found = fingerprint(day)
    same = [one for one in _looks(archive, day) if one.fingerprint == found]
    if found and any(one.source is day.source or not day.shortage for one in same):
        return  # the earliest look counts; of a short listing, that of each page
    archive.note(Ledger(readings=(Reading(day.category, day.date, day.source, archive.now, found),)))


def take_short(archive: Archive, day: Day, shortage: DigestError, report: Report) -> DigestError | None:
    """Store a listing that is short of its own count if it is short for good; nothing that a feed has is given up.

    Returns:
        Why it was not stored, for it may be whole later: ``shortage``, with what is done about it.
    """
    note_look(archive, day)
    has_moved_on = archive.snapshot.has_moved_on(day.category, day.date)
    is_for_good = was_short_long_ago(archive, day, has_moved_on=has_moved_on)
    if is_for_good and archive.ids(day.category, day.date) <= day.ids:
        log.warning("%s %s: short for good, and stored as it is: %s", day.category, day.date, shortage)
        store(archive, day, report)
        return None
    hours = f"{decide.SHORT_FOR_GOOD.total_seconds() / 3600:.0f} hours"
    words = f"once it has been so for {hours}, it is stored as it is; `digest accept {day.date}` does so now"
    return type(shortage)(f"{shortage}; {words}")


def was_short_long_ago(archive: Archive, day: Day, *, has_moved_on: bool = True) -> bool:
    """Whether a short listing was seen just so long enough ago, ``has_moved_on`` or not, by both of arXiv's pages."""
    return decide.is_short_for_good(fingerprint(day), _looks(archive, day), archive.now, has_moved_on=has_moved_on)


def take_empty(archive: Archive, day: Day, report: Report) -> ListingDoubtfulError | None:
    """Store that a listing has no entries: provisional until both of arXiv's pages have said so twice.

    Returns:
        Why that is doubtful: it is not proven yet, or entries of that date were seen elsewhere.
    """
    note_look(archive, day)
    stored = archive.snapshot.day(day.category, day.date)
    if stored is not None and stored.size:
        return ListingDoubtfulError(f"expected the entries that {stored.source} has, found 'No updates'")
    # Once /new shows a later listing, it can never be asked for this one again.
    has_moved_on = archive.snapshot.has_moved_on(day.category, day.date)
    apart = decide.UNUSUAL if decide.usual_size(_sizes(archive, day)) else decide.SETTLING
    is_proven = decide.is_proven_empty(_looks(archive, day), apart=apart, has_moved_on=has_moved_on)
    store(archive, replace(day, state=State.EMPTY if is_proven else State.PROVISIONAL), report)
    return None if is_proven else _doubt(archive, day, "found 'No updates' with a total of 0")


def _doubt(archive: Archive, day: Day, reason: str) -> ListingDoubtfulError:
    way_out = f"it is provisional, {when_again(archive, day.category, day.date)}; `digest accept {day.date}` settles it"
    return ListingDoubtfulError(f"the listing of {day.date} is doubtful: {reason}; {way_out}")


def when_again(archive: Archive, category: str, when: date) -> str:
    """Say from when on a doubtful date is looked at again."""
    moment = decide.next_look(archive.snapshot.ledger.readings_of(category, when)) or archive.now
    return f"and is looked at again from {moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M} New York time on"
