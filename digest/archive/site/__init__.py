"""The pages of the site: what there should be, each as a ``Product`` that is made from what is stored.

::

    days, views, papers ─→ Products ─→ site/folder.py writes what is not as it should be, and removes what is no more

Nothing is read for a page that is there as it should be: what pages are made from is told by the hashes of the days,
and how many papers a view shows of a date is remembered beside the pages.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from digest.archive.archive import Archive
from digest.archive.products import Product
from digest.archive.report import Report, Track
from digest.archive.site.days import category_pages, home, listings
from digest.archive.site.feeds import feeds_of_category, feeds_of_view
from digest.archive.site.folder import SiteFolder
from digest.archive.site.frame import Frame, frame_of
from digest.archive.site.papers import paper_pages
from digest.archive.site.search import FOLDER as SEARCH
from digest.archive.site.search import search_files
from digest.archive.site.views import ShownView, shown_views, view_pages, views_page

MARKS = "marks/"


def site_products(archive: Archive, folder: SiteFolder, report: Report, track: Track) -> list[Product]:
    """Return all that the site should have; the newest days come first.

    Raises:
        TemplateError: a user's template cannot be read.
        UsageError: what makes MathML is not installed.
    """
    frame = frame_of(archive, report)
    views = shown_views(frame, folder, report, track)
    found = [*listings(frame), *(product for view in views for product in view_pages(frame, view))]
    found += [product for category in frame.categories for product in category_pages(frame, category)]
    found += [views_page(frame, views)] * bool(views)
    found += [*paper_pages(frame), home(frame, views)]
    for category in frame.categories:
        found += feeds_of_category(frame, category)
    for view in views:
        found += feeds_of_view(frame, view)
    found += _plain_pages(frame, views)
    return [*found, *_map(frame, found)]


def _plain_pages(frame: Frame, views: Sequence[ShownView]) -> Iterator[Product]:
    """Yield what does not depend on any paper."""
    site = frame.site
    for name, data in site.templates.assets.items():
        yield frame.file(f"assets/{name}", [], partial(bytes, data))
    yield frame.file(".nojekyll", [], bytes)
    yield frame.page(MARKS, [], partial(site.page, "marks.html", MARKS, {}))
    if frame.searches:
        yield frame.page(SEARCH, [], partial(site.page, "search.html", SEARCH, {}))
        yield from search_files(frame)
    top = f"{urlsplit(site.address).path.rstrip('/')}/"
    yield frame.file("404.html", [], partial(site.page, "404.html", "404.html", {}, root=top))
    told = {
        "base": site.address_of(""),
        "categories": [
            {"name": name, "first": str(days[0].date), "last": str(days[-1].date)} for name, days in frame.days.items()
        ],
        "views": [{"name": one.view.name, "path": one.path} for one in views],
    }
    yield frame.file("llms.txt", [told], partial(site.page, "llms.txt", "llms.txt", told))


def _map(frame: Frame, products: Sequence[Product]) -> Iterator[Product]:
    """Yield the map of the site (https://www.sitemaps.org/protocol.html), in parts if it has more than one may have."""
    if not frame.site.address:
        return
    pages = [one.path.removesuffix("index.html") for one in products if one.path.endswith("/index.html")]
    addresses = [frame.site.address_of(quote(page)) for page in ["", *sorted(pages)]]
    parts = [addresses[start : start + _MOST_IN_MAP] for start in range(0, len(addresses), _MOST_IN_MAP)]
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)] if len(parts) > 1 else ["sitemap.xml"]
    for name, part in zip(names, parts, strict=True):
        yield frame.file(name, part, partial(_map_text, "urlset", "url", part))
    if len(parts) > 1:
        places = [frame.site.address_of(name) for name in names]
        yield frame.file("sitemap.xml", places, partial(_map_text, "sitemapindex", "sitemap", places))


_MOST_IN_MAP = 50_000


def _map_text(whole: str, one: str, addresses: Sequence[str]) -> bytes:
    lines = "".join(f"<{one}><loc>{address.replace('&', '&amp;')}</loc></{one}>\n" for address in addresses)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<{whole} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</{whole}>\n'.encode()
