"""The pages of views: of each date on which one shows papers, and its own with the newest of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import groupby

from digest.archive.annotated import inputs_of
from digest.archive.products import Product
from digest.archive.report import Report, Track
from digest.archive.site.folder import SiteFolder
from digest.archive.site.frame import Frame, by_neighbours, days_read, feed_links, view_path
from digest.calendar import MONTH_NAMES
from digest.config.settings import View
from digest.errors import DigestError
from digest.model import DaySummary, Section
from digest.render.digest import DigestContents, NumberedEntry, contents_of_view
from digest.render.site import Link, Revised, Turning, filtered, listing, papers, period_name
from digest.views import descriptions, hits

_NEWEST = 40
"""The page of a view shows the dates of so many papers."""


@dataclass(frozen=True)
class ShownView:
    """A view, the stored days of its dates, and how many papers it shows of each; both the newest first.

    ``rules`` tell all of it that decides what it shows. Dates of which it shows nothing are not in ``counts``.
    """

    frame: Frame
    view: View
    dates: Mapping[date, Sequence[DaySummary]]
    counts: Mapping[date, int]

    @property
    def path(self) -> str:
        """Where its page is."""
        return view_path(self.view)

    @cached_property
    def rules(self) -> str:
        """All of it that tells what it shows of given days."""
        return descriptions(self.view)[-1]

    def date_path(self, when: date) -> str:
        """Return where its page is that shows a date."""
        return f"{self.path}{self.view.date_of(when)}/"

    def hashes(self, when: date) -> list[str]:
        """Return the hashes of the days of a date."""
        return [day.content_hash for day in self.dates[when]]

    def newest(self, number: int) -> list[date]:
        """Return the newest dates that have so many papers together, or all."""
        found, size = [], 0
        for when, count in self.counts.items():
            if size >= number:
                break
            found.append(when)
            size += count
        return found

    def contents(self, when: date) -> DigestContents:
        """Read what it shows of a date."""
        days = days_read(self.frame, self.dates[when])
        sections = [Section(name) for name in self.view.sections]
        return contents_of_view(self.view, when, days, hits(self.view, days), sections)

    def link(self, when: date, says: str = "") -> Link:
        """Return the link to its page of a date or week."""
        return Link(self.date_path(when), period_name(when, self.view.period), says)


def shown_views(frame: Frame, folder: SiteFolder, report: Report, track: Track) -> list[ShownView]:
    """Return the views with what they show; a day is read only if it is not known yet how many papers that are."""
    dates = {view.name: _dates_of(view, frame) for view in frame.views}
    rules = {view.name: descriptions(view)[-1] for view in frame.views}
    counts: dict[str, dict[date, int]] = {view.name: {} for view in frame.views}
    unknown: dict[str, list[tuple[View, str]]] = {}
    for view in frame.views:
        for when, days in dates[view.name].items():
            inputs_hash = frame.hash([rules[view.name], *(day.content_hash for day in days)])
            number = folder.count(f"{view.name} {when}", inputs_hash)
            if number is None:
                unknown.setdefault(str(when), []).append((view, inputs_hash))
            elif number:
                counts[view.name][when] = number
    # Date by date, so that each day is read once for all views.
    for text in track(sorted(unknown, reverse=True)):
        when = date.fromisoformat(text)
        for view, inputs_hash in unknown[text]:
            try:
                number = len(hits(view, days_read(frame, dates[view.name][when])))
            except DigestError as error:
                report.note(f"view {view.name} {when}", error)
                continue
            folder.remember(f"{view.name} {when}", inputs_hash, number)
            if number:
                counts[view.name][when] = number
    return [ShownView(frame, one, dates[one.name], _newest_first(counts[one.name])) for one in frame.views]


def _dates_of(view: View, frame: Frame) -> dict[date, list[DaySummary]]:
    """Return the days of a view's categories by the dates of its digests, the newest first; of a week, the oldest."""
    found: dict[date, list[DaySummary]] = {}
    for when, days in frame.by_date.items():
        if own := [days[name] for name in view.categories if name in days]:
            of_digest = view.date_of(when)
            found[of_digest] = [*own, *found.get(of_digest, ())]
    return found


def _newest_first(counts: Mapping[date, int]) -> dict[date, int]:
    return {when: counts[when] for when in sorted(counts, reverse=True)}


def view_pages(frame: Frame, one: ShownView) -> Iterator[Product]:
    """Yield the pages of a view, the newest date first."""
    turnings = by_neighbours(sorted(one.counts), one.link)
    for when in one.counts:
        turning, path = Turning(*turnings[when], one.path), one.date_path(when)
        inputs = [one.rules, one.hashes(when), *turning.inputs, *inputs_of(frame.archive, when)]
        yield frame.page(path, inputs, partial(_date_page, one, when, path, turning))
    yield _own_page(frame, one)


def _date_page(one: ShownView, when: date, path: str, turning: Turning) -> bytes:
    return listing(one.frame.site, path, one.contents(when), turning, Revised())


def _own_page(frame: Frame, one: ShownView) -> Product:
    newest = one.newest(_NEWEST)
    dates = [(str(when), number) for when, number in one.counts.items()]
    hashes = [one.hashes(when) for when in newest]
    return frame.page(one.path, [one.rules, dates, len(one.dates), hashes], partial(_own_text, frame, one, newest))


def _each_once(one: ShownView, dates: Sequence[date]) -> Iterator[tuple[date, list[NumberedEntry]]]:
    """Yield what the view shows of ``dates``; a paper that several of them have stands with the first."""
    seen: set[str] = set()
    for when in dates:
        found = [entry for entry in one.contents(when).entries if entry.id not in seen]
        seen |= {entry.id for entry in found}
        yield when, found


def _own_text(frame: Frame, one: ShownView, newest: Sequence[date]) -> bytes:
    shown = [(when, its) for when, its in _each_once(one, newest) if its]
    entries = [entry for _, its in shown for entry in its]
    months = [
        {"name": name, "days": [_date_link(one, when) for when in its]}
        for name, its in groupby(one.counts, lambda when: f"{MONTH_NAMES[when.month - 1]} {when.year}")
    ]
    context = {
        "name": one.view.name,
        "counts": f"{papers(sum(one.counts.values()))} on {len(one.counts):,} of {len(one.dates):,} {one.view.period}s",
        "total": len(entries),
        "newest": [
            {
                "date": str(when),
                "path": one.date_path(when),
                "name": f"{one.link(when).name} {when.year}",
                "entries": its,
            }
            for when, its in shown
        ],
        "dates": months,
        "feeds": feed_links(one.path, one.view.name),
        **filtered(entries),
    }
    return frame.site.page("view.html", one.path, context)


def _date_link(one: ShownView, when: date) -> Link:
    return one.link(when, papers(one.counts[when]))


def views_page(frame: Frame, views: Sequence[ShownView]) -> Product:
    """Return the page that lists all views."""
    links = [Link(one.path, one.view.name, papers(sum(one.counts.values()))) for one in views]
    return frame.page("views/", [repr(links)], partial(frame.site.page, "views.html", "views/", {"views": links}))
