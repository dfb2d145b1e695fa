"""The newest listing days on one page, as ``/list/CATEGORY/recent`` shows them: without abstracts.

arXiv asks for the newest mailings of the whole site, so that a category's day may have nothing
(https://github.com/arXiv/arxiv-browse, browse/services/database/listings.py, get_recent_listing).
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from digest.standin.announcements import Announcement, InventedPaper
from digest.standin.categories import category_name
from digest.standin.entries import entry_html
from digest.standin.layout import cut_words, listing_document, short_date
from digest.standin.paging import listing_paging

RECENT_DAYS = 5
"""How many listing days the page covers."""

RECENT_SHOW = 50
"""How many entries the page has where the request does not say."""

_Listed: TypeAlias = tuple[InventedPaper, str]  # with the mark that says why it is listed


def recent_page(  # noqa: PLR0913  # all but the first two are named
    category: str,
    days: Sequence[Announcement],
    *,
    name: str = "recent",
    skip: int = 0,
    show: int = RECENT_SHOW,
    held: Announcement | None = None,
) -> str:
    """Return ``/list/CATEGORY/recent`` or ``/pastweek``, by ``name``; ``days`` begin with the newest.

    ``held`` is what a lagging replica holds of the newest day.
    """
    counts = [len(day.new) + len(day.cross) for day in days]
    available = [listed for day in ([held, *days[1:]] if held else days) for listed in _listed(day)]
    articles = list(_articles(days, counts, available[skip : skip + show], skip, show))
    total = sum(counts)
    paging = listing_paging(f"/list/{category}/{name}", total, skip, show) if total else "  "
    see = f"new-{category}"
    return listing_document(
        category_name(category),
        "\n<h2>Authors and titles for recent submissions</h2>\n  <ul>\n"
        f"{_links(category, days, counts, show)}</ul>\n"
        f'  <p>See today\'s <a id="{see}" aria-labelledby="{see}" href="/list/{category}/new">new</a> changes</p>\n'
        f"{paging}\n\n" + "".join(f"\n{article}\n" for article in articles) + f"\n\n{paging}\n</div>\n",
    )


def _listed(day: Announcement) -> list[_Listed]:
    new = [(paper, "") for paper in _descending(day.new)]
    return new + [(paper, f"(cross-list from {paper.primary_category})") for paper in _descending(day.cross)]


def _descending(papers: Sequence[InventedPaper]) -> list[InventedPaper]:
    return sorted(papers, key=lambda paper: paper.arxiv_id, reverse=True)


def _links(category: str, days: Sequence[Announcement], counts: Sequence[int], show: int) -> str:
    return "".join(
        f"""<li>
        <a href="/list/{category}/recent?skip={sum(counts[:place])}&amp;show={show}">
          {short_date(day.date)}
        </a>
      </li>"""
        for place, day in enumerate(days)
    )


def _articles(
    days: Sequence[Announcement], counts: Sequence[int], page: Sequence[_Listed], skip: int, show: int
) -> Iterator[str]:
    # As on arXiv, a day takes as many entries of the page as it should have. Where a replica lacks some,
    # those of the days before slide up.
    passed = shown = 0
    for day, count in zip(days, counts, strict=True):
        skipped = max(skip - passed, 0)
        room = max(min(count - skipped, show - shown), 0)
        is_passed = skip >= passed + count if count else skip > passed
        if shown < show and not is_passed:
            words = cut_words(continued=skipped > 0, last=skipped + room == count)
            yield _article(day, count, page[shown : shown + room], words, skip + shown + 1)
        passed += count
        shown += room


def _article(day: Announcement, count: int, entries: Sequence[_Listed], words: str, number: int) -> str:
    heading = short_date(day.date)
    if count:
        heading += f" ({words} {len(entries)} of {count} entries )"
    body = "".join(
        entry_html(number + place, paper, mark, revised=False, abstracts=False)
        for place, (paper, mark) in enumerate(entries)
    )
    nothing = "" if entries else "    <p>No updates for this time period.</p>\n\n"
    return f"      <dl id='articles'>\n    <h3>{heading}</h3>\n\n\n{nothing}{body}</dl>"
