"""Stored days → the pages of the site: plain values, and what templates/site/ makes of them. Pure."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES
from digest.errors import TemplateError
from digest.model import Section
from digest.render.digest import DigestContents, ShownDay
from digest.render.markdown import web_address
from digest.render.site.texts import linked, name_of, shown
from digest.render.templates import filled_in, without_chance

if TYPE_CHECKING:
    from datetime import date

    from jinja2 import Environment

    from digest.model import DaySummary
    from digest.render.digest import NumberedEntry

# Jinja2 is imported inside functions, as everywhere.

RENDERER = 1
"""Raised when the same values and templates give another page than before."""

ASSETS = ("site.css", "site.js", "icon.svg", "search.js")
"""The files of the templates that pages name, and that are published as they are."""

_SUFFIX = ".j2"
_SHORTEST = 42  # characters of an address that a page shows
_ONE_OF = {Section.NEW: "new submission", Section.CROSS: "cross-list", Section.REPLACEMENT: "replacement"}


@dataclass(frozen=True)
class Link:
    """A way to another page of the site: its path from the first page, and what it is called."""

    path: str
    name: str
    says: str = ""


@dataclass(frozen=True)
class FeedLink:
    """A feed: its path from the first page, its media type, its title."""

    path: str
    type: str
    title: str


@dataclass(frozen=True)
class SiteTemplates:
    """The texts of the templates and of the other files of templates/site/, by their names."""

    sources: Mapping[str, str]

    @cached_property
    def version(self) -> str:
        """The SHA-256 of all of them: a page is made of several."""
        return hashlib.sha256(json.dumps(sorted(self.sources.items())).encode()).hexdigest()

    @property
    def assets(self) -> dict[str, bytes]:
        """The files that are published as they are, by name."""
        return {name: self.sources[name].encode() for name in ASSETS if name in self.sources}

    def versioned(self, name: str) -> str:
        """Return the address of such a file, with what changes when it does; "" if there is none."""
        data = self.assets.get(name)
        return f"assets/{name}?v={hashlib.sha256(data).hexdigest()[:8]}" if data is not None else ""

    def fill(self, name: str, context: dict[str, Any]) -> bytes:
        """Return what the template ``name`` makes of ``context``.

        Raises:
            TemplateError: its syntax is wrong; it asks for something that is not there, or fails otherwise.
        """
        from jinja2 import TemplateError as JinjaError  # noqa: PLC0415 - see above
        from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - see above

        try:
            template = _environment(tuple(sorted(self.sources.items()))).get_template(f"{name}{_SUFFIX}")
        except TemplateSyntaxError as error:
            raise TemplateError(f"site/{error.name or name}:{error.lineno}: {error.message}") from error
        except JinjaError as error:
            raise TemplateError(f"site/{name}{_SUFFIX}: {error}") from error
        return filled_in(template, f"site/{name}{_SUFFIX}", context).encode()


@lru_cache(maxsize=2)  # compiling takes longer than a page
def _environment(sources: tuple[tuple[str, str], ...]) -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined  # noqa: PLC0415 - see above

    # All is escaped but plain text, in which nothing could be a tag.
    environment = Environment(
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),  # noqa: S701
        loader=DictLoader(dict(sources)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"maths": shown, "html": linked, "name": name_of}
    environment.filters |= {"address": web_address, "shortened": shortened}
    return without_chance(environment)


@dataclass(frozen=True)
class Site:
    """What all pages have in common: the title, the ways to go, where it is published ("" if nowhere)."""

    templates: SiteTemplates
    title: str
    nav: Sequence[Link]
    feeds: Sequence[FeedLink] = ()
    address: str = ""

    @property
    def inputs(self) -> list[object]:
        """All of it that a page is made from, the templates aside."""
        nav = [(one.path, one.name) for one in self.nav]
        return [RENDERER, self.title, nav, [(one.path, one.title) for one in self.feeds], self.address]

    def address_of(self, path: str) -> str:
        """Return where the page at ``path`` is published; "" if it is nowhere."""
        return f"{self.address.rstrip('/')}/{path}" if self.address else ""

    def page(self, template: str, path: str, context: Mapping[str, object], *, root: str = "") -> bytes:
        """Return the page at ``path``, which ends with a slash or is that of a file; "" is the first page.

        ``root`` leads from it to the first page, where that is not to be told from the path.
        """
        names = self.templates
        known = {
            "path": path,
            "root": root or "../" * path.count("/") or "./",
            "here": self.address_of(path),
            "description": "",
            "feeds": self.feeds,
            "previous": None,
            "next": None,
            "site": {
                "title": self.title,
                "nav": self.nav,
                "css": names.versioned("site.css"),
                "js": names.versioned("site.js"),
                "icon": names.versioned("icon.svg"),
                "search": names.versioned("search.js"),
            },
        }
        return names.fill(template, {**known, **context})


def shortened(url: str) -> str:
    """Return an address as a link shows it: without its scheme, and not longer than a line of a phone."""
    bare = url.partition("://")[2].removeprefix("www.").rstrip("/")
    return bare if len(bare) <= _SHORTEST else f"{bare[:_SHORTEST]}…"


# Dates and numbers in words


def long_date(when: date) -> str:
    """Return a date for a heading: ``Wednesday, 20 October 2021``."""
    return f"{WEEKDAY_NAMES[when.weekday()]}, {when.day} {MONTH_NAMES[when.month - 1]} {when.year}"


def short_date(when: date) -> str:
    """Return a date for a link: ``Wed, 20 Oct``."""
    return f"{WEEKDAY_NAMES[when.weekday()][:3]}, {when.day} {MONTH_NAMES[when.month - 1][:3]}"


def period_name(when: date, period: str) -> str:
    """Return a date for a link or, of a week, ``week to Fri, 22 Oct``."""
    return f"week to {short_date(when)}" if period == "week" else short_date(when)


def papers(number: int) -> str:
    """Return a number of papers in words."""
    return f"{number:,} paper{'s' if number != 1 else ''}"


def counted(counts: Mapping[Section, int], sections: Iterable[Section]) -> str:
    """Return the numbers of these sections in words; "" if there is nothing in them."""
    found = [(counts.get(section, 0), _ONE_OF[section]) for section in sections]
    return " · ".join(f"{number:,} {one}{'s' if number != 1 else ''}" for number, one in found if number)


# The contents of pages


@dataclass(frozen=True)
class Turning:
    """The pages before and after, and the path of the one above."""

    previous: Link | None = None
    next: Link | None = None
    up: str = ""

    @property
    def inputs(self) -> list[object]:
        """What a page shows of them."""
        return [one and (one.path, one.name) for one in (self.previous, self.next)]

    def context(self) -> dict[str, object]:
        """Return it for a template."""
        return {"previous": self.previous, "next": self.next, "up": self.up}


@dataclass(frozen=True)
class Revised:
    """The papers of a day that were announced before: by their ids, and those of them that its sections do not show."""

    ids: frozenset[str] = frozenset()
    unshown: Sequence[NumberedEntry] = field(default=())


def listing(site: Site, path: str, contents: DigestContents, turning: Turning, revised: Revised) -> bytes:
    """Return the page of a category's day, or of what a view shows of a date."""
    entries = contents.entries
    counts = {Section(section.name): section.total for section in contents.sections}
    when = contents.date
    words, of_week = counted(counts, counts), "week to " if contents.period == "week" else ""
    context = {
        "name": contents.name,
        "view": contents.view,
        "heading_date": f"{period_name(when, contents.period)} {when.year}",
        "long_date": f"{of_week.capitalize()}{long_date(when)}",
        "period": contents.period,
        "counts": words,
        "description": f"{contents.name} on arXiv, {of_week}{long_date(when)}: {words or 'nothing'}.",
        "days": [ShownDay.of(day) for day in contents.days],
        "not_listed": 0 if contents.view else sum(day.shortage for day in contents.days),
        "sections": contents.sections,
        "total": len(entries),
        "histories": revised.ids,
        "revised": revised.unshown,
        **filtered(entries),
        **turning.context(),
    }
    return site.page("day.html", path, context)


def filtered(entries: Sequence[NumberedEntry]) -> dict[str, object]:
    """Return what papers can be filtered by: their categories, the most frequent first, and how many have code."""
    found = Counter(category for entry in entries for category in dict.fromkeys(entry.categories))
    return {
        "categories": sorted(found.items(), key=lambda one: (-one[1], one[0])),
        "with_code": sum(bool(entry.code_urls) for entry in entries),
    }


def titles(entries: Iterable[NumberedEntry], place: str) -> list[dict[str, str]]:
    """Return papers for a list of titles: each leads to where it stands in the page at ``place``."""
    return [
        {"id": one.id, "path": f"{place}#{one.anchor}", "title": one.title, "by": _by(one.authors)} for one in entries
    ]


def _by(authors: Sequence[str]) -> str:
    return ", ".join(authors[:3]) + (f" and {len(authors) - 3} more" if len(authors) > 3 else "")


def day_says(day: DaySummary, sections: Iterable[Section]) -> str:
    """Return how many papers a stored day has of these sections, and what else is to be said of it."""
    sections = list(sections)
    size = sum(day.counts.get(section, 0) for section in sections)
    return ", ".join([f"{size:,}", *([] if day.is_proven and size else [day.state.value])])


def folder(name: str) -> str:
    """Return a name as it stands in an address."""
    return quote(posixpath.basename(name), safe="")
