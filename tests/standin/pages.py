"""Announcements as all the pages that arXiv would show: in parts, of past days, of the newest days, of nothing.

``held`` is what a lagging replica holds of an announcement: it shows those entries, but the announcement's own totals.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import starmap

from digest.standin.announcements import InventedPaper, Mailing
from digest.standin.entries import category_name, escaped
from digest.standin.listing import (
    MONTHS,
    WEEKDAYS,
    ListedSection,
    document,
    entries_document,
    listing_with,
    sections,
)

SHOW_VALUES = (25, 50, 100, 250, 500, 1000, 2000)
"""The values of ``show`` that arXiv takes."""

RECENT_DAYS = 5
"""How many listing days ``/recent`` covers."""

RECENT_SHOW = 50
"""How many entries ``/recent`` has where the request does not say."""

_GREY = '<span style="color: #454545">{}</span>'
_PAGES_AROUND = 3
_ABSTRACT = re.compile(r" *<p class='mathjax'>\n.*?</p>\n", re.DOTALL)


# --- /list/CATEGORY/new -----------------------------------------------------------------------------


def listing_page(announcement: Mailing, *, skip: int = 0, show: int = 2000, held: Mailing | None = None) -> str:
    """Return ``/list/CATEGORY/new`` for the entries after the first ``skip``, at most ``show`` of them."""
    path = f"/list/{announcement.category}/new"
    articles = "".join(f"      {article}\n\n" for article in _articles(announcement, skip, show, held))

    def anchor(section: ListedSection) -> str:
        # arXiv numbers the first section's anchor 0, and links later pages by the first page's measure.
        if not section.mark:
            return "#item0" if skip == 0 else f"{path}?skip=0&amp;show={show}#item0"
        page = f"{path}?skip={section.start // show * show}&amp;show={show}" if section.start >= show else ""
        return f"{page}#item{section.start + 1}"

    return listing_with(
        announcement,
        map(anchor, sections(announcement)),
        _listing_paging(path, announcement.total, skip, show),
        articles or "\n    <p>No updates today.</p>",
    )


def no_updates_page(category: str, day: date) -> str:
    """Return ``/list/CATEGORY/new`` of a category that has nothing in the mailing of ``day``."""
    return listing_page(Mailing(category, day))


def _articles(announcement: Mailing, skip: int, show: int, held: Mailing | None) -> Iterator[str]:
    """Yield the sections that have entries between ``skip`` and ``skip + show``."""
    available = {section.heading: section.papers for section in sections(held or announcement)}
    number = skip + 1
    for section in sections(announcement):
        before, after = skip - section.start, skip + show - section.start
        papers = available.get(section.heading, ())[max(0, before) : max(0, after)]
        if papers:
            count = len(section.papers)
            # A lagging replica's cut is unmarked: these words tell of pages only.
            heading = f"{_cut_words(before > 0, after >= count)} {len(papers)} of {count} entries"
            entries = "".join(starmap(section.entry, enumerate(papers, number)))
            yield f"<dl id='articles'>\n    <h3>{section.heading} ({heading})</h3>\n\n\n{entries}</dl>"
            number += len(papers)


def _cut_words(continued: bool, last: bool) -> str:
    """Return the words of a heading whose entries go over several pages, such as "showing first"."""
    if continued:
        return "continued, showing last" if last else "continued, showing"
    return "showing" if last else "showing first"


def _listing_paging(path: str, total: int, skip: int, show: int) -> str:
    """Return a listing's total, its links to other pages, and those to pages of another length: nothing if it is empty.

    arXiv's template leaves them out when there are no entries (``browse/templates/list/list_macros.html``).
    """
    if not total:
        return ""
    lines = [f"      <div class='paging'>Total of {total} entries "]
    if total > show:
        lines[0] += ":" + "\n".join(_page_links(path, total, skip, show)) + "\n"
    lines += ["    </div>", f"    <div class='morefewer'>Showing up to {show} entries per page:"]
    smaller = [value for value in SHOW_VALUES if value < show]
    larger = [value for value in SHOW_VALUES if show < value < total]
    for word, value in (
        ("fewer", smaller[-1] if smaller else None),
        ("more", larger[0] if larger else None),
        ("all", SHOW_VALUES[-1] if show < min(total, SHOW_VALUES[-1]) else None),
    ):
        link = f'<a href={path}?skip={skip}&amp;show={value} rel="nofollow">\n      {word}</a>'
        lines += [f"          {link if value else _GREY.format(word)}", " |"]
    return "\n".join([*lines[:-1], "", "    </div>", ""])


def _page_links(path: str, total: int, skip: int, show: int) -> Iterator[str]:
    last = (total - 1) // show
    current = skip // show
    first_near, last_near = current - _PAGES_AROUND, current + _PAGES_AROUND
    for page in range(last + 1):
        # arXiv's own asymmetry: one page left out at the front goes without dots.
        if page == 1 < first_near - 1 or page == last > last_near:
            yield "      <span>...</span>"
        if page not in (0, last) and not first_near <= page <= last_near:
            continue
        span = f"{page * show + 1}-{min(total, (page + 1) * show)}"
        link = f"<a href={path}?skip={page * show}&amp;show={show}>{span}</a>"
        yield f"      {f'<span>{span}</span>' if page * show == skip else link}"


# --- /catchup/CATEGORY/DATE -------------------------------------------------------------------------


def catchup_page(
    announcement: Mailing,
    *,
    page: int = 1,
    next_day: date | None = None,
    per_page: int = 2000,
    abstracts: bool = True,
    held: Mailing | None = None,
) -> str:
    """Return the page ``page`` of ``/catchup/CATEGORY/DATE``; ``next_day`` is the next mailing's date."""
    query = f"?abs={abstracts}&amp;page="
    path = f"/catchup/{announcement.category}/{announcement.date}{query}"
    day = _short_date(announcement.date, digits=2)
    articles = list(_articles(announcement, (page - 1) * per_page, per_page, held))
    if not abstracts:
        articles = [_ABSTRACT.sub("", article) for article in articles]
    body = "".join(f"        {article}\n\n" for article in articles) or _nothing_in_catchup(day, path, page)
    views = _catchup_paging(path, announcement.total, page, per_page)
    total = f"Total of {announcement.total} entries for {day}\n{views}"
    following = (
        f'        <a href="/catchup/{announcement.category}/{next_day}{query}1">Continue to the next day</a>\n'
        if next_day
        else ""
    )
    return entries_document(
        f"Catchup results for {category_name(announcement.category)} on {day}",
        "\n    <ul>\n"
        + "".join(
            f'      <li><a href="{_catchup_anchor(path, section.start, page, per_page)}">{section.link}</a></li>\n'
            for section in sections(announcement)
        )
        + "    </ul>\n    \n\n    <div>\n"
        + (f"{following}        <br><br>\n" if following else "")
        + f"      \n      {total}\n    </div>\n\n\n{body}\n\n\n"
        + f"    <div></div>\n    {total}"
        + (f"      \n        <br> <br>\n{following}" if following else "      \n")
        + "    </div>\n\n</div>\n",
    )


def empty_catchup_page(category: str, day: date, next_day: date | None = None) -> str:
    """Return ``/catchup/CATEGORY/DATE`` of a date without announcement."""
    return catchup_page(Mailing(category, day), next_day=next_day)


def _catchup_anchor(path: str, start: int, page: int, per_page: int) -> str:
    own = start // per_page + 1
    return f"{'' if own == page else f'{path}{own}'}#item{start + 1}"


def _catchup_paging(path: str, total: int, page: int, per_page: int) -> str:
    """Return what follows a catchup page's total: links to its pages, if it has several."""
    pages = -(-total // per_page)
    if pages < 2:
        return "      \n"
    links = (
        f"<span>{number}</span>" if number == page else f"<a href={path}{number}>{number}</a>"
        for number in range(1, pages + 1)
    )
    return "        View page:        " + "\n\n        ".join(links) + "\n\n\n"


def _nothing_in_catchup(day: str, path: str, page: int) -> str:
    if page == 1:
        text = (
            f"          <p>No updates for {day}. There was either no announcement for this day,"
            " or no updates within the requested subject.</p>"
        )
    else:
        text = f'          No further updates for {day}\n          <br>\n          <a href="{path}1">Go to page 1</a>'
    return f"\n      <br>\n        <div>\n{text}\n        </div>\n      <br>"


# --- /list/CATEGORY/recent --------------------------------------------------------------------------


def recent_page(
    category: str,
    days: Sequence[Mailing],
    *,
    name: str = "recent",
    skip: int = 0,
    show: int = RECENT_SHOW,
    held: Mailing | None = None,
) -> str:
    """Return ``/list/CATEGORY/recent`` or ``/pastweek``, by ``name``: without replacements and abstracts.

    ``days`` begin with the newest; ``held`` is what a lagging replica holds of that. arXiv asks for the newest
    mailings of the whole site, so that a category's day may have nothing
    (https://github.com/arXiv/arxiv-browse, browse/services/database/listings.py, get_recent_listing).
    """
    counts = [len(day.new) + len(day.cross) for day in days]
    available = [entry for day in ([held, *days[1:]] if held else days) for entry in _recent_entries(day)]
    articles = _recent_articles(days, counts, available[skip : skip + show], skip, show)
    total = sum(counts)
    paging = _listing_paging(f"/list/{category}/{name}", total, skip, show) or "  "
    links = "".join(
        f"""<li>
        <a href="/list/{category}/recent?skip={sum(counts[:place])}&amp;show={show}">
          {_short_date(day.date)}
        </a>
      </li>"""
        for place, day in enumerate(days)
    )
    see = f"new-{category}"
    return entries_document(
        category_name(category),
        f"\n<h2>Authors and titles for recent submissions</h2>\n  <ul>\n{links}</ul>\n"
        f'  <p>See today\'s <a id="{see}" aria-labelledby="{see}" href="/list/{category}/new">new</a> changes</p>\n'
        f"{paging}\n\n" + "".join(f"\n{article}\n" for article in articles) + f"\n\n{paging}\n</div>\n",
    )


def _recent_entries(day: Mailing) -> list[tuple[ListedSection, InventedPaper]]:
    return [
        (section, paper)
        for section in sections(replace(day, replacement=()))
        for paper in sorted(section.papers, key=lambda paper: paper.arxiv_id, reverse=True)
    ]


def _recent_articles(
    days: Sequence[Mailing],
    counts: Sequence[int],
    page: Sequence[tuple[ListedSection, InventedPaper]],
    skip: int,
    show: int,
) -> Iterator[str]:
    # As on arXiv, a day takes as many entries of the page as it should have. Where a replica lacks some,
    # those of the days before slide up.
    passed = shown = 0
    for day, count in zip(days, counts, strict=True):
        skipped = max(skip - passed, 0)
        room = max(min(count - skipped, show - shown), 0)
        is_passed = skip >= passed + count if count else skip > passed
        if shown < show and not is_passed:
            entries = page[shown : shown + room]
            heading = _short_date(day.date)
            if count:
                words = _cut_words(skipped > 0, skipped + room == count)
                heading += f" ({words} {len(entries)} of {count} entries )"
            body = "".join(
                section.entry(number, paper) for number, (section, paper) in enumerate(entries, skip + shown + 1)
            )
            nothing = "" if entries else "    <p>No updates for this time period.</p>\n\n"
            yield f"      <dl id='articles'>\n    <h3>{heading}</h3>\n\n\n{nothing}{_ABSTRACT.sub('', body)}</dl>"
        passed += count
        shown += room


# --- what all of them need --------------------------------------------------------------------------


def error_page(message: str) -> str:
    """Return the page that arXiv answers a bad request with."""
    return document(
        message,
        f"""
<h1>{escaped(message)}</h1>
<p>The stand-in cannot answer this request.</p>

<hr>
<p>Nobody needs to be told, for this server is invented. What may help:</p>
<ol>
  <li>The address that was asked for</li>
  <li>What was expected of it
  </li>
</ol>""",
    )


def _short_date(when: date, digits: int = 1) -> str:
    """Return the date as ``/recent`` shows it, "Wed, 6 Oct 2021", or with two digits as ``/catchup`` does."""
    return f"{WEEKDAYS[when.weekday()][:3]}, {when.day:0{digits}d} {MONTHS[when.month - 1][:3]} {when.year}"
