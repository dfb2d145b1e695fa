"""The pages of papers that several dates announce: what changed from one to the next; and the list of the newest."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice

from digest.archive.products import Product
from digest.archive.site.frame import Frame, day_path
from digest.history import Change, Event, Field, History, history_of
from digest.history.wording import difference
from digest.model import Announcement, ArxivId, Section
from digest.render.site import long_date, short_date

_DATES = 5
_ANNOUNCED = {Section.NEW: "announced as new in", Section.CROSS: "cross-listed in", Section.REPLACEMENT: "replaced in"}
_NAMES = {Field.JOURNAL_REF: "journal reference"}


def paper_pages(frame: Frame) -> Iterator[Product]:
    """Yield the history of each paper that several dates announce, one of them shown by the site; then their list."""
    first_stored = min((when for _, when in frame.hashes), default=date.min)
    shown = {(name, day.date) for name, its in frame.days.items() for day in its}
    for arxiv_id, places in frame.revised.items():
        if shown.isdisjoint(places):
            continue
        hashes = [(category, str(when), frame.hashes.get((category, when), "")) for category, when in places]
        # Whether it is older than the archive follows from the first stored day.
        inputs = [str(first_stored), hashes, [place in shown for place in places]]
        path = f"papers/{arxiv_id}/"
        yield frame.page(path, inputs, partial(_paper, frame, arxiv_id, path, first_stored, shown))
    yield _list(frame)


def _list(frame: Frame) -> Product:
    dates: dict[date, list[tuple[str, frozenset[str]]]] = {}
    for (category, when), ids in frame.came_again.items():
        if when in frame.by_date and category in frame.by_date[when]:
            dates.setdefault(when, []).append((category, ids))
    newest = {when: sorted(dates[when]) for when in islice(sorted(dates, reverse=True), _DATES)}
    inputs = [
        [(str(when), category, frame.by_date[when][category].content_hash, sorted(ids)) for category, ids in its]
        for when, its in newest.items()
    ]

    def make() -> bytes:
        shown = [
            {"date": str(when), "name": f"{short_date(when)} {when.year}", "papers": _titles(frame, when, its)}
            for when, its in newest.items()
        ]
        return frame.site.page("papers.html", "papers/", {"days": shown})

    return frame.page("papers/", inputs, make)


def _titles(frame: Frame, when: date, its: Sequence[tuple[str, frozenset[str]]]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for category, ids in its:
        day = frame.read(category, when)
        found |= {str(one.paper.arxiv_id): one.paper.title for one in day.entries if str(one.paper.arxiv_id) in ids}
    return [{"id": arxiv_id, "title": found[arxiv_id]} for arxiv_id in sorted(found, reverse=True)]


def _paper(frame: Frame, arxiv_id: str, path: str, first_stored: date, shown: set[tuple[str, date]]) -> bytes:
    announcements = frame.archive.store.announcements(ArxivId.parse(arxiv_id))
    history = history_of(announcements[0].paper.arxiv_id, announcements, first_stored)
    last = next((one.paper for one in reversed(announcements) if one.paper.abstract is not None), None)
    paper = last or announcements[-1].paper
    latest = {field: history.latest.get(field) for field in (Field.TITLE, Field.AUTHORS, Field.CATEGORIES)}
    context = {
        "id": arxiv_id,
        "title": latest[Field.TITLE] or paper.title,
        "authors": latest[Field.AUTHORS] or (),
        "categories": latest[Field.CATEGORIES] or (),
        "abstract_url": paper.abstract_url,
        "pdf_url": paper.pdf_url,
        # Unchanged, it stands on the day's page.
        "abstract": paper.abstract if any(_has(event, Field.ABSTRACT) for event in history.events) else "",
        "withdrawn_since": history.withdrawn_since and long_date(history.withdrawn_since),
        "events": [_event(frame, history, event, shown) for event in history.events],
    }
    return frame.site.page("paper.html", path, context)


def _has(event: Event, field: Field) -> bool:
    return any(change.field is field for change in event.changes)


def _event(frame: Frame, history: History, event: Event, shown: set[tuple[str, date]]) -> dict[str, object]:
    anchor = str(history.arxiv_id).replace("/", "-")

    def place(one: Announcement) -> str:
        if (one.category, one.date) not in shown:
            return ""
        return day_path(one.category, one.date) + (f"#{anchor}" if one.section in frame.sections else "")

    return {
        "name": long_date(event.date),
        "announcements": [
            {"words": _ANNOUNCED[one.section], "category": one.category, "path": place(one)}
            for one in event.announcements
        ],
        "changes": [{"field": _NAMES.get(one.field, one.field.value), "pieces": _pieces(one)} for one in event.changes],
    }


def _pieces(change: Change) -> list[Mapping[str, str]]:
    """Return what changed: runs of words that went, came or stayed."""
    before, after = change.before, change.after
    if isinstance(before, bool) or isinstance(after, bool):
        return [{"mark": "added", "text": "withdrawn" if after else "no longer withdrawn"}]
    if isinstance(before, tuple) and isinstance(after, tuple):
        runs, between = difference(before, after, context=2), ", "
    elif change.field in (Field.ABSTRACT, Field.TITLE):
        runs, between = difference(str(before).split(" "), str(after).split(" "), context=8, least=2), " "
    else:
        texts = (("removed", str(before)), ("added", str(after) or "none"))
        return [{"mark": mark, "text": text} for mark, text in texts if text]
    return [{"mark": run.mark.value, "text": between.join(run.words)} for run in runs]
