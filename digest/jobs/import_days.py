"""Files that are no page (digests, day records, exports, feeds) → the days that they tell of, proven where they can be.

The proof is the way back: what is read from a digest has to give that digest again, what is read from an export that
export, and the record of every day that day. What is not equal is named with its line.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from digest.archive.archive import Archive
from digest.archive.products import sha256
from digest.calendar import WEEKDAY_NAMES, is_weekend
from digest.config.resources import built_in_template
from digest.decide import is_in_reach
from digest.errors import DamageError, PageRefusedError, named, quoted
from digest.model import Day, Entry, PageRef, RawPage, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.classic import ClassicDigest, by_line, parse_classic
from digest.parse.exported import Exported, parse_export
from digest.parse.feed import parse_feed
from digest.parse.foreign import Kind
from digest.parse.full import CONTENTS, parse_full
from digest.parse.links import LINK_RULES
from digest.records.day import parse_record, proven_record, render_record
from digest.render.digest import DigestTemplate
from digest.render.exports import RECORDS
from digest.render.markdown import unarmed

_NAMED_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_SHOWN_IN_DIGEST = (Section.NEW, Section.CROSS)


@dataclass(frozen=True)
class Asked:
    """What a person said of the files on the command line; None where nothing."""

    category: str | None
    date: date | None


@dataclass(frozen=True)
class Told:
    """A day that a file tells of: of which ``kind`` that is, and what there is to say about how it was read."""

    kind: Kind
    day: Day
    remarks: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """The smaller, the better known: of two days of one date, the better one comes first.

        Day records come before all others: what was made of the day, its digest say, tells nothing more of it.
        """
        of_state = list(State).index(self.day.state)
        return of_state if self.kind is Kind.RECORD else 10 * (of_state + 1) + list(Kind).index(self.kind)

    @property
    def words(self) -> str:
        """What was read, for a report."""
        counts = ", ".join(section.how_many(count) for section, count in self.day.counts.items() if count)
        return f"{self.kind} of {self.day.category} {self.day.date}: {counts or 'no entries'}"


def days_told(archive: Archive, kind: Kind, raw: RawPage, asked: Asked) -> Iterator[Told]:
    """Yield the days that a file of this ``kind`` tells of.

    Raises:
        PageRefusedError: it cannot be read exactly, or does not suit what was ``asked`` for.
    """
    for told in _READERS[kind](archive, raw, asked):
        _prove_record(told.day)
        yield told


def require_category(archive: Archive, found: str, asked: str | None) -> None:
    """See that days of the category ``found`` are wanted.

    Raises:
        PageRefusedError: they are not.
    """
    if asked is not None and found != asked:
        raise PageRefusedError(f"expected one of {asked}, as --category says, found one of {found}")
    configured = archive.config.arxiv.categories
    if asked is None and found not in configured:
        words = f"expected one of {', '.join(configured)}, found one of {found}"
        raise PageRefusedError(f"{words}; --category {found} takes it in all the same")


def _require_date(archive: Archive, found: date, asked: date | None) -> None:
    if asked is not None and found != asked:
        raise PageRefusedError(f"expected the date {asked} that --date says, found {found}")
    if is_weekend(found) and not archive.calendar.is_listing_date(found):
        raise PageRefusedError(f"expected the date of a listing, found a {WEEKDAY_NAMES[found.weekday()]}, {found}")
    if found > archive.calendar.newest_expected(archive.now):
        raise PageRefusedError(f"expected the date of a listing that is out, found {found}")


def _unlisted(archive: Archive, when: date) -> list[str]:
    """Say that arXiv's calendar has no listing of a date; the calendar may be wrong, and so may the file."""
    is_known = archive.calendar.is_listing_date(when) or archive.calendar.is_guess(when)
    return [] if is_known else [f"by the calendar, arXiv has no listing of {when}"]


def _new_day(category: str, when: date, state: State, entries: Sequence[Entry], pages: Sequence[PageRef] = ()) -> Day:
    """Return a day of which no page tells what arXiv counted."""
    by = (PARSER_VERSION, LINK_RULES)
    is_dated = any(entry.dating for entry in entries)
    source = Source.OAI if is_dated else Source.IMPORT
    return Day(category, when, state, source, {}, tuple(entries), tuple(pages), *by)


def tells_nothing_new(told: Told, stored: Day) -> bool:
    """Whether a classic digest is that of a reconstructed day that is stored, and so is no capture of it.

    Of a day that is known better, no digest takes the place; all other files say what they were made of.
    """
    if told.kind is not Kind.CLASSIC or stored.state is not State.RECONSTRUCTED:
        return False
    return _classic_of(told.day) == _classic_of(stored)


def _classic_of(day: Day) -> bytes:
    return DigestTemplate(built_in_template("classic"), "classic", _SHOWN_IN_DIGEST).render(day)


def _prove_record(day: Day) -> None:
    """See that the record of a day gives the day back: whatever breaks its rules would be damage later."""
    try:
        proven_record(day)
    except DamageError as error:
        raise PageRefusedError(f"{day.category} {day.date}: {error}") from error


# --- classic digests -------------------------------------------------------------------------------


def _classic(archive: Archive, raw: RawPage, asked: Asked) -> Iterator[Told]:
    found = parse_classic(raw.body)
    require_category(archive, found.category, asked.category)
    if not found.entries:
        way_out = f"`digest fetch {found.date}` gets it"
        if not is_in_reach(found.date, archive.now):
            way_out = "what the day had is not known by that"
        raise PageRefusedError(f"expected entries, found the heading alone; {way_out}")
    _require_date(archive, found.date, asked.date)
    dates = _NAMED_DATE.findall(raw.url.rpartition("/")[2])
    if asked.date is None and dates and str(found.date) not in dates:
        way_out = f"if the heading is right, --date {found.date} says so"
        raise PageRefusedError(
            f"line 1: expected the date {dates[0]} of the file's name, found {found.date}; {way_out}"
        )
    day = _new_day(found.category, found.date, State.IMPORTED, found.entries)
    odd = [f"line {line}: {words}" for line, words in by_line(found)] + _prove_digest(found, day, raw.body)
    remarks = [_inferred(found), *_unlisted(archive, found.date)]
    if odd:
        remarks.append(f"not as the format has it, and read all the same: {named(odd, most=5)}")
    yield Told(Kind.CLASSIC, day, tuple(remarks))


def _inferred(found: ClassicDigest) -> str:
    if found.cross_lists_begin is None:
        return "inferred: ids rise nowhere, so all are taken for new submissions"
    return f"inferred: cross-lists begin with number {found.cross_lists_begin}, where ids rise"


def _prove_digest(found: ClassicDigest, day: Day, body: bytes) -> list[str]:
    """See that what was read gives the digest again; say where it is made otherwise.

    Raises:
        PageRefusedError: a line differs in which nothing odd was found.
    """
    made = _classic_of(day)
    if made == body:
        return []
    is_odd, otherwise = {one.line for one in found.deviations}, []
    lines = body.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n").split("\n")
    for number, line in enumerate(made.decode().removesuffix("\n").split("\n"), 1):
        stood = lines[number - 1].rstrip(" ")
        if line.rstrip(" ") == stood or number in is_odd:
            continue
        if line.rstrip(" ") != unarmed(stood):
            raise PageRefusedError(f"line {number}: expected {quoted(line)}, as it would be made again, found another")
        otherwise.append(f"line {number}: markup that a new digest makes harmless")
    return otherwise


def _full(archive: Archive, raw: RawPage, asked: Asked) -> Iterator[Told]:
    found = parse_full(raw.body)
    require_category(archive, found.category, asked.category)
    _require_date(archive, found.date, asked.date)
    state = State.RECONSTRUCTED if found.is_reconstructed else State.IMPORTED
    day = _new_day(found.category, found.date, state, found.entries)
    made = DigestTemplate(built_in_template("full"), "full", found.sections).render(day)
    lines, again = (text.decode().split("\n") for text in (raw.body, made))
    first, other = lines.index(CONTENTS), again.index(CONTENTS) if CONTENTS in again else len(again)
    for number, (line, would) in enumerate(zip_longest(lines[first:], again[other:]), first + 1):
        if line != would:
            raise PageRefusedError(
                f"line {number}: expected {quoted(would)}, as it would be made again, found {quoted(line)}"
            )
    remarks = ["line breaks inside abstracts are not in it", *_unlisted(archive, found.date)]
    if found.is_reconstructed:
        remarks.append("reconstructed; how each paper was dated is not in it")
    if lacking := [section.value for section in Section if section not in found.sections]:
        remarks.append(f"nothing of {', '.join(lacking)}: the digest does not show it")
    yield Told(Kind.FULL, day, tuple(remarks))


# --- digest's own records and exports --------------------------------------------------------------


def _record(archive: Archive, raw: RawPage, asked: Asked) -> Iterator[Told]:
    remarks: list[str] = []
    try:
        day = parse_record(raw.body, remarks.append)
    except DamageError as error:
        raise PageRefusedError(str(error)) from error
    require_category(archive, day.category, asked.category)
    if asked.date not in (None, day.date):
        raise PageRefusedError(f"expected the date {asked.date} that --date says, found {day.date}")
    if render_record(day) != raw.body:
        raise PageRefusedError("expected a record as digest writes it, found it changed")
    yield Told(Kind.RECORD, day, tuple(remarks))


def _exported(archive: Archive, raw: RawPage, asked: Asked) -> Iterator[Told]:
    body = raw.body.removeprefix(b"\xef\xbb\xbf")
    for one in parse_export(body):
        require_category(archive, one.category, asked.category)
        _require_date(archive, one.date, asked.date)
        state = State.RECONSTRUCTED if one.state is State.RECONSTRUCTED else State.IMPORTED
        if state is State.IMPORTED and any(entry.dating for entry in one.entries):
            raise PageRefusedError(
                f"line {one.lines[0]}: expected {State.RECONSTRUCTED} by the rest, found {one.state}"
            )
        day = _new_day(one.category, one.date, state, one.entries)
        _prove_export(one, day)
        told = []
        if lacking := [section.value for section, count in day.counts.items() if not count]:
            told.append(f"nothing of {', '.join(lacking)}: the export may have left it out")
        if _is_csv(one):
            told.append("line breaks inside abstracts are lost in CSV; json and jsonl have them")
        yield Told(Kind.EXPORT, day, (*told, *_unlisted(archive, one.date)))


def _is_csv(found: Exported) -> bool:
    return isinstance(found.rows[0]["position"], str)


def _prove_export(found: Exported, day: Day) -> None:
    """See that each record would be exported again as it stands there, as far as it tells."""
    was = Day(found.category, found.date, found.state, found.source, {}, day.entries, (), PARSER_VERSION)
    made = _csv_rows(was) if _is_csv(found) else map(json.loads, RECORDS["jsonl"](was.announcements))
    for line, row, again in zip(found.lines, found.rows, made, strict=True):
        for name, value in row.items():
            if name not in again or again[name] != value:
                would = quoted(again.get(name))
                raise PageRefusedError(f"line {line}: expected {name} {would} by the rest, found {quoted(value)}")


def _csv_rows(day: Day) -> Iterator[dict[str, str]]:
    import csv  # noqa: PLC0415 - few exports are in CSV

    yield from csv.DictReader(RECORDS["csv"](day.announcements))


# --- feeds -----------------------------------------------------------------------------------------


def _feed(archive: Archive, raw: RawPage, asked: Asked) -> Iterator[Told]:
    feed = parse_feed(raw.body)
    if feed.category is None:
        raise PageRefusedError("expected the feed of one category, found one of several")
    require_category(archive, feed.category, asked.category)
    if feed.date is None or not feed.entries:
        raise PageRefusedError("expected the entries of a mailing, found an empty feed; it does not prove an empty day")
    _require_date(archive, feed.date, asked.date)
    archive.keep(raw)
    # A feed proves nothing by itself. What arXiv can still prove is provisional until it does.
    state = State.PROVISIONAL if is_in_reach(feed.date, archive.now) else State.IMPORTED
    page = PageRef(raw.url, sha256(raw.body))
    yield Told(Kind.FEED, _new_day(feed.category, feed.date, state, feed.entries, [page]))


_READERS: dict[Kind, Callable[[Archive, RawPage, Asked], Iterator[Told]]] = {
    Kind.RECORD: _record,
    Kind.FEED: _feed,
    Kind.EXPORT: _exported,
    Kind.FULL: _full,
    Kind.CLASSIC: _classic,
}
