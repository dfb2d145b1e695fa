"""What all pages of the site are made with: the stored days, the templates, how a page becomes a product."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from urllib.parse import unquote

from digest.archive.archive import Archive
from digest.archive.products import Kind, Product, ReadDay, day_reader, sha256
from digest.archive.report import Report
from digest.calendar import Calendar
from digest.config.resources import site_templates
from digest.config.settings import FEED_FILES, View
from digest.model import Day, DaySummary, Section
from digest.render.site import FeedLink, Link, Site, SiteTemplates, folder
from digest.render.site.texts import require_mathml
from digest.views.foreign_queries import query_in

INDEX = "index.html"
TYPES = {"atom": "application/atom+xml", "jsonfeed": "application/feed+json"}
_HASH = 20  # hexadecimal digits of what a page is made from, of which the site remembers tens of thousands


@dataclass(frozen=True)
class Frame:
    """The days that the site shows, by category and the oldest first; what pages have in common.

    ``hashes`` are the content hashes of all stored days (category, date), those too that it does not show.
    ``revised`` are the papers that several dates announce: each with its days (category, date), the oldest first.
    ``views`` are those that can be shown.
    """

    archive: Archive
    site: Site
    days: Mapping[str, Sequence[DaySummary]]
    hashes: Mapping[tuple[str, date], str]
    revised: Mapping[str, Sequence[tuple[str, date]]]
    views: Sequence[View]
    read: ReadDay
    version: str

    @property
    def categories(self) -> Sequence[str]:
        """The categories, those of the configuration first."""
        return tuple(self.days)

    @property
    def searches(self) -> bool:
        """Whether the site can be searched."""
        return bool(self.site.templates.versioned("search.js"))

    @property
    def calendar(self) -> Calendar:
        """ArXiv's calendar."""
        return self.archive.calendar

    @property
    def sections(self) -> tuple[Section, ...]:
        """What a day's page shows, in this order."""
        return self.archive.config.sections

    @cached_property
    def by_date(self) -> Mapping[date, Mapping[str, DaySummary]]:
        """The days by date, the newest first, and by category."""
        found: dict[date, dict[str, DaySummary]] = {}
        for name, days in self.days.items():
            for day in days:
                found.setdefault(day.date, {})[name] = day
        return {when: found[when] for when in sorted(found, reverse=True)}

    @cached_property
    def came_again(self) -> Mapping[tuple[str, date], frozenset[str]]:
        """Which papers of a day (category, date) an earlier date announced, too."""
        found: dict[tuple[str, date], set[str]] = {}
        for arxiv_id, places in self.revised.items():
            for category, when in places:
                if when > places[0][1]:
                    found.setdefault((category, when), set()).add(arxiv_id)
        return {key: frozenset(ids) for key, ids in found.items()}

    def hash(self, inputs: Sequence[object]) -> str:
        """Return the hash of ``inputs``, and of what all pages are made with."""
        return sha256(f"{self.version} {json.dumps(inputs)}".encode())[:_HASH]

    def page(self, path: str, inputs: Sequence[object], make: Callable[[], bytes]) -> Product:
        """Return the page at ``path``, a folder's, which ends with a slash; "" is the first page."""
        return self.file(f"{path}{INDEX}", inputs, make)

    def file(self, path: str, inputs: Sequence[object], make: Callable[[], bytes]) -> Product:
        """Return a file of the site; ``path`` is as it stands in an address."""
        inputs_hash, place = self.hash([path, *inputs]), unquote(path)
        return Product(Kind.SITE, place, place, inputs_hash, self.version, lambda: {place: make()})


def frame_of(archive: Archive, report: Report) -> Frame:
    """Read what is known, and the templates; note in ``report`` each view that cannot be shown.

    Raises:
        TemplateError: a user's template cannot be read.
        UsageError: what makes MathML is not installed.
    """
    config, snapshot, first = archive.config, archive.snapshot, archive.config.site.first
    maker = require_mathml()
    names = dict.fromkeys((*config.arxiv.categories, *snapshot.categories))
    known = {name: sorted(_days_of(archive, name), key=attrgetter("date")) for name in names}
    shown = {name: [day for day in its if day.date >= first] for name, its in known.items()}
    days = {name: its for name, its in shown.items() if its}
    views = []
    for view in config.views:
        if fault := query_in(view):
            report.warn(f"{'; '.join(fault)}; until then the pages of this view stay as they are")
        elif not view.rank:  # one's own marks are nobody else's, and no date is ranked twice
            views.append(view)
    templates = SiteTemplates(site_templates(config.site.templates, config.folder))
    site = Site(templates, _title(config.site.title, list(days)), [], (), config.site.address)
    nav = [Link("", "Newest"), *(Link(category_path(name), name) for name in days)]
    nav += [Link("views/", "Views")] * bool(views) + [Link("papers/", "Revised")]
    nav += [Link("search/", "Search")] * bool(templates.versioned("search.js")) + [Link("marks/", "Marks")]
    feeds = [feed for name in days for feed in feed_links(category_path(name), name)]
    site = Site(templates, site.title, nav, feeds, site.address)
    version = sha256(json.dumps([site.inputs, templates.version, maker, config.digest.sections]).encode())
    revised = archive.store.returning()
    hashes = {(name, day.date): day.content_hash for name, its in known.items() for day in its}
    return Frame(archive, site, days, hashes, revised, views, day_reader(archive, held=len(names) + 1), version)


def _days_of(archive: Archive, category: str) -> list[DaySummary]:
    """Return the stored days of a category, those too that the database alone has."""
    return [*archive.snapshot.days_of(category), *archive.unfiled(category, None, None)]


def _title(wanted: str, categories: Sequence[str]) -> str:
    return wanted or (f"arXiv {categories[0]}" if len(categories) == 1 else "arXiv digest")


def category_path(category: str) -> str:
    """Return the page of a category."""
    return f"{folder(category)}/"


def day_path(category: str, when: date) -> str:
    """Return the page of a category's day."""
    return f"{folder(category)}/{when}/"


def view_path(view: View) -> str:
    """Return the page of a view."""
    return f"views/{folder(view.name)}/"


def feed_links(path: str, name: str) -> list[FeedLink]:
    """Return the feeds of a category or view, whose page is at ``path``."""
    words = {"atom": "Atom", "jsonfeed": "JSON"}
    return [FeedLink(f"{path}{FEED_FILES[kind]}", TYPES[kind], f"{name} ({words[kind]})") for kind in FEED_FILES]


def by_neighbours(days: Sequence[date], link: Callable[[date], Link]) -> dict[date, tuple[Link | None, Link | None]]:
    """Return the links to what is before and after each date."""
    links = [link(when) for when in days]
    return {
        when: (links[place - 1] if place else None, links[place + 1] if place + 1 < len(links) else None)
        for place, when in enumerate(days)
    }


def days_read(frame: Frame, days: Sequence[DaySummary]) -> list[Day]:
    """Read stored days."""
    return [frame.read(day.category, day.date) for day in days]
