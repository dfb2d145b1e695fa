"""What OAI-PMH tells of the papers of a category today, into the store.

A harvest stands still at any moment and goes on there: what came is stored with the token that continues the list, in
one transaction. arXiv's tokens die at midnight UTC; then a new list begins at the last datestamp, for arXiv's lists are
in the order of these, and what changes meanwhile moves to their ends.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from typing import Any

from digest.archive.archive import Archive
from digest.errors import DigestError, PageRefusedError, TryLaterError, errors_about, how_many
from digest.fetch.documents import OAI, records_url, set_of
from digest.jobs.gathering import NAMED, NOTHING, Gathered, Pace, added, duration
from digest.model import Extent, MachineClock, Section
from digest.model.harvest import Harvest
from digest.parse.harvest import RAW, DeadTokenError, Part, parse_part
from digest.store import harvests

log = logging.getLogger(__name__)

_VERB = {"verb": "ListRecords"}
_PAGE = 2000
"""Records of a page, to estimate by: arXiv's have 2,000 to 2,500."""

_LARGEST = 350_000
"""Papers of cs.CV, one of the largest categories: so many are expected where nothing tells."""
_YEARS = 10 * 250
"""A category has about as many papers as it gets in ten years of listings at today's pace."""

_ATTEMPTS = 40
_PATIENCE = 12 * 3600.0
"""A page is asked for so often, and waited for so many seconds, before a harvest is left for another time."""
_PAUSES = (300.0, 1800.0)
"""The first pause of those, which double, and the longest."""
_REFUSALS = 3
"""A page may have been cut on its way; one that is refused so often is what arXiv has."""
_RESTARTS = 3
"""So many lists in a row may end at the datestamp at which they began."""
_PAGES_WITHOUT_NEWS = 3
"""So many pages in a row may tell of no paper that was not in the list before."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A step of a plan: to ask for the papers of a set of OAI-PMH, or for what is left or new of them."""

    category: str
    known: Harvest | None
    papers: int
    delay: float

    @property
    def requests(self) -> int:
        """How many requests it will take, by estimate."""
        return max(1, -(-self.papers // _PAGE))

    def __str__(self) -> str:
        what = f"the papers of {self.category}"
        if self.known and self.known.finished_at:
            what = f"what has changed in {self.category} since {self.known.goes_on_at}"
        elif self.known and self.known.records:
            what = f"{what}, after the {self.known.records:,} that were read"
        return f"would ask for {what}: about {_work(self.requests, self.delay)}"


def _work(requests: int, delay: float) -> str:
    return f"{how_many(requests, 'request', 'requests')}, {duration(requests * delay)} at one every {delay:g} s"


def plan_harvest(archive: Archive, categories: Sequence[str]) -> list[Ask]:
    """Return what a harvest of these categories asks for."""
    known, delay = archive.store.harvests(), archive.config.arxiv.feeds_delay
    states = {category: known.get(set_of(category)) for category in categories}
    return [Ask(name, state, _expected(archive, name, state), delay) for name, state in states.items()]


def _expected(archive: Archive, category: str, known: Harvest | None) -> int:
    """Return about how many records will come, by what the archive knows of the category."""
    sizes = [day.counts for day in archive.snapshot.days_of(category)[-60:]]
    if known and known.finished_at:
        days = (archive.now.date() - (known.goes_on_at or archive.now.date())).days + 1
        return int(days * (fmean(sum(one.values()) for one in sizes) if sizes else _PAGE / 4))
    new = fmean(one[Section.NEW] + one[Section.CROSS] for one in sizes) if sizes else 0
    total = int(new * _YEARS) or _LARGEST
    return max(total - (known.records if known else 0), 1)


def harvest(archive: Archive, categories: Sequence[str], clock: MachineClock) -> Iterator[Gathered]:
    """Ask for all papers of these categories, each in turn, and for what is new of those that were harvested before."""
    for step in plan_harvest(archive, categories):
        log.info("%s", str(step).replace("would ask", "asking"))
        harvesting = _Harvesting(archive, step, clock)
        yield harvesting.run()
        if archive.client.is_silent(archive.config.arxiv.oai_url):
            return


class _Harvesting:
    """The harvest of one category."""

    def __init__(self, archive: Archive, step: Ask, clock: MachineClock) -> None:
        self._archive, self._step, self._clock = archive, step, clock
        self._taken, self._deleted, self._records = NOTHING, 0, 0
        self._refused: list[str] = []
        self._refusals = 0
        self._restarts = 0
        # Of the list that is read: a list that never ends is told by them.
        self._tokens, self._listed, self._without_news = set[str](), set[str](), 0

    def run(self) -> Gathered:
        """Go on with the list that was begun, or begin one; read it to its end, or as far as arXiv lets us."""
        problem, pace = None, Pace(self._step.category, self._clock)
        try:
            with errors_about(self._step.category):
                state = self._begin()
                while state.finished_at is None:
                    state = self._go_on(state)
                    pace.tell(self._records, self._records / max(self._step.papers, self._records + 1))
        except DigestError as error:
            problem = error
        new, changed, _ = self._taken
        counts = (self._records, new, changed, self._deleted)
        return Gathered(self._step.category, *counts, tuple(self._refused), self._refusals, problem)

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)

    def _begin(self) -> Harvest:
        known = self._step.known
        if known and known.token and not known.finished_at:
            return known
        if known is None:
            return self._list_from(None, None, 0)
        return self._list_from(known.goes_on_at, known.unread_since if known.has_given_up else None, known.unread_lists)

    def _list_from(self, since: date | None, *unread: Any) -> Harvest:
        self._tokens, self._listed, self._without_news = set(), set(), 0
        return Harvest(set_of(self._step.category), RAW, since, None, None, None, 0, self._now, None, *unread)

    def _go_on(self, state: Harvest) -> Harvest:
        """Ask for a page, and store it with what continues the list."""
        asked_at = self._now + timedelta(seconds=self._step.delay)
        # A token of before midnight is not even tried: the places in arXiv's list have moved since.
        if state.token and state.token_until and asked_at >= state.token_until:
            return self._restart(state)
        try:
            part = self._ask(_request(state))
        except DeadTokenError:
            return self._restart(state)
        after = _after(state, part, self._now)
        self._require_news(state, part)
        store = self._archive.store
        with store.transaction():
            taken = store.save_metadata(part.papers, harvests.OAI, self._archive.run)
            store.forget_metadata(part.deleted)
            store.note_harvest(after)
            if after.finished_at:
                self._note_end(after)
        self._taken = added(self._taken, taken)
        self._deleted += len(part.deleted)
        self._records += part.records
        refused = [one for one in part.refused if one not in self._refused]  # a list that begins anew has some again
        self._refusals += len(refused)
        self._refused += refused[: NAMED - len(self._refused)]
        return after

    def _note_end(self, state: Harvest) -> None:
        """Note that all metadata of the category came; what was given up may have come in a file."""
        name, store = self._step.category, self._archive.store
        has_unread = state.unread_since is not None and not (
            state.has_given_up and store.gathered().get(name) is Extent.WHOLE
        )
        store.note_gathered([name], self._archive.now, Extent.of(has_ended=True, has_unread=has_unread))
        if state.has_given_up and self._refusals:
            words = "cannot be read, and are not asked for again; a newer Kaggle file may have them"
            log.warning("%s: records from %s on %s", name, state.unread_since, words)

    def _restart(self, state: Harvest) -> Harvest:
        """Begin another list where the one came to whose token is dead."""
        begun = self._list_from(state.datestamp or state.since, state.unread_since, state.unread_lists)
        self._restarts = 0 if begun.since != state.since else self._restarts + 1
        if self._restarts > _RESTARTS:
            raise TryLaterError(f"arXiv takes back the token of each list from {begun.since or 'the beginning'} on")
        log.info("%s: the list's token is dead; going on at %s", self._step.category, begun.since or "the beginning")
        return begun

    def _require_news(self, state: Harvest, part: Part) -> None:
        """Refuse a page that cannot be read, and a list without an end.

        Raises:
            PageRefusedError: nothing in it can be read, or a list goes round in circles.
        """
        if part.refused and len(part.refused) == part.records:
            words = f"expected records that can be read, found none of {part.records}"
            raise PageRefusedError(f"{words}; the first: {part.refused[0]}")
        if not part.records and state.since is None and not state.records:
            raise PageRefusedError(f"expected the papers of {self._step.category}, found an empty list")
        self._tokens |= {state.token} if state.token else set()
        if part.token in self._tokens:
            raise PageRefusedError("expected a token that was not in the list before, found one again")
        self._without_news = 0 if part.ids - self._listed else self._without_news + 1
        self._listed |= part.ids
        if part.token and self._without_news == _PAGES_WITHOUT_NEWS:
            words = "expected papers that were not in the list before"
            raise PageRefusedError(f"{words}, found none on {_PAGES_WITHOUT_NEWS} pages in a row")

    def _ask(self, request: Mapping[str, str]) -> Part:
        """Ask for a page until it comes, as often and as long as makes sense."""
        client, waited, refusals = self._archive.client, 0.0, 0
        for attempt in range(_ATTEMPTS):
            client.asked_to_wait = 0.0
            try:
                page = client.get(records_url(self._archive.config.arxiv.oai_url, request), kind=OAI)
                return parse_part(page.body, request)
            except TryLaterError as error:
                least, most = _PAUSES
                pause = max(min(least * 2.0**attempt, most), client.asked_to_wait, self._unwanted())
                if attempt + 1 == _ATTEMPTS or waited + pause > _PATIENCE:
                    raise
                log.warning("%s; trying again in %s", error, duration(pause))
                waited += pause
                self._clock.sleep(pause)
                client.doubt_silence()
            except PageRefusedError as error:
                refusals += 1
                if client.forbidden or refusals == _REFUSALS:
                    raise
                log.warning("%s; asking again", error)
        raise AssertionError("the last attempt returns or raises")

    def _unwanted(self) -> float:
        """Return for how many seconds a throttling arXiv wants no request."""
        return (self._archive.not_before() or 0.0) - self._clock.time()


def _request(state: Harvest) -> dict[str, str]:
    if state.token:
        return {**_VERB, "resumptionToken": state.token}
    since = {"from": state.since.isoformat()} if state.since else {}
    return {**_VERB, "metadataPrefix": state.prefix, **since, "set": state.subset}


def _after(state: Harvest, part: Part, now: datetime) -> Harvest:
    """Return how far a harvest has come with a page.

    Raises:
        PageRefusedError: records are missing.
    """
    before, records = state.records, state.records + part.records
    if part.cursor is not None and part.cursor != before:
        raise PageRefusedError(f"expected the records from {before} on, found those from {part.cursor} on")
    if part.size is not None and (records > part.size if part.token else records != part.size):
        raise PageRefusedError(f"expected {part.size} records in all, found {records}")
    begun = state.started_at if before else part.answered_at
    reached = _reached(state, part)
    state = replace(_with_unread(state, part.unread_since), records=records, started_at=begun)
    if part.token:
        # By our clock, whatever arXiv's shows.
        until = now + ((part.token_until or part.answered_at) - part.answered_at)
        return replace(state, token=part.token, token_until=until, datestamp=reached)
    # What changes while a list is read has a later datestamp than the day on which the list was begun, or the same.
    days = [day for day in (reached or state.since, begun.date()) if day]
    lists = state.unread_lists
    if not state.has_given_up:
        lists = lists + 1 if state.unread_since and state.unread_since == state.since else 0
    return replace(state, token=None, token_until=None, datestamp=min(days), finished_at=now, unread_lists=lists)


def _with_unread(state: Harvest, unread_since: date | None) -> Harvest:
    """Return a state with what a page has that cannot be read: that is asked for again, whatever was given up."""
    if unread_since is None or (state.has_given_up and unread_since == state.unread_since):
        return state
    if state.has_given_up:
        return replace(state, unread_since=unread_since, unread_lists=0)
    return replace(state, unread_since=min(state.unread_since or unread_since, unread_since))


def _reached(state: Harvest, part: Part) -> date | None:
    """Return the datestamp up to which all was read; None if the list does not keep the order of datestamps."""
    if part.first is None or part.last is None:
        return state.datestamp
    is_in_order = not state.records or (state.datestamp is not None and part.first >= state.datestamp)
    return part.last if is_in_order else None
