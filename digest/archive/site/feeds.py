"""The feeds of the site: of each category and view."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice

from digest.archive.products import Product
from digest.archive.site.frame import Frame, category_path, day_path, days_read
from digest.archive.site.views import ShownView
from digest.config.settings import FEED_FILES
from digest.model import Announcement, Section
from digest.render.exports import FEEDS
from digest.render.exports.feeds import Feed
from digest.views import hits

_DATES = 3  # of a category: what a reader who was away for a weekend has missed
_PAPERS = 100  # of a view
_MOST = 1000
_VERSION = 1
"""Raised when the same days give another feed than before."""


@dataclass(frozen=True)
class _Source:
    """What a feed is of: ``path`` is its page, ``page_of`` that of an announcement; ``inputs`` tell all it is from."""

    path: str
    name: str
    seed: str
    empty_at: date | None
    page_of: Callable[[Announcement], str]
    announcements: Callable[[], Iterable[Announcement]]
    inputs: Sequence[object]


def feeds_of_category(frame: Frame, category: str) -> Iterator[Product]:
    """Yield the feeds of a category's newest days."""
    days = frame.days[category][: -_DATES - 1 : -1]

    def announcements() -> Iterator[Announcement]:
        for day in days:
            stored = frame.read(day.category, day.date)
            yield from (one for one in stored.announcements if one.section in frame.sections and _is_news(one))

    hashes = [day.content_hash for day in days]
    path, page_of = category_path(category), _page_of_day
    return _feeds(frame, _Source(path, category, f"site {category}", days[0].date, page_of, announcements, hashes))


def feeds_of_view(frame: Frame, one: ShownView) -> Iterator[Product]:
    """Yield the feeds of a view's newest papers."""
    dates, first, name = one.newest(_PAPERS), next(iter(one.dates), None), one.view.name

    def announcements() -> Iterator[Announcement]:
        for when in dates:
            found = hits(one.view, days_read(frame, one.dates[when]))
            yield from (hit.announcement for hit in found if _is_news(hit.announcement))

    inputs = [one.rules, str(first), *map(one.hashes, dates)]
    page_of = partial(_page_of_view, one)
    return _feeds(frame, _Source(one.path, name, f"site view {name}", first, page_of, announcements, inputs))


def _page_of_day(one: Announcement) -> str:
    return day_path(one.category, one.date)


def _page_of_view(view: ShownView, one: Announcement) -> str:
    return view.date_path(one.date)


def _is_news(one: Announcement) -> bool:
    return one.section is not Section.REPLACEMENT


def _feeds(frame: Frame, source: _Source) -> Iterator[Product]:
    for kind, name in FEED_FILES.items():
        path = f"{source.path}{name}"
        yield frame.file(path, [_VERSION, *source.inputs], partial(_text, frame, kind, path, source))


def _text(frame: Frame, kind: str, path: str, source: _Source) -> bytes:
    def address(one: Announcement) -> str:
        return frame.site.address_of(f"{source.page_of(one)}#{str(one.paper.arxiv_id).replace('/', '-')}")

    home, own = frame.site.address_of(source.path), frame.site.address_of(path)
    feed = Feed(f"arXiv {source.name}", source.seed, source.empty_at, address, own, home)
    return "".join(FEEDS[kind](feed, islice(source.announcements(), _MOST))).encode()
