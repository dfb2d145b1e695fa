"""Announcements as the pages that arXiv would show, in its layout since 2024-09-23.

Tags, classes, headings and even blanks are arXiv's; its header and footer are left out. ``held`` is what a
lagging replica holds of an announcement: it shows those entries, but the announcement's own totals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from digest.standin.announcements import Announcement, InventedPaper
from digest.standin.categories import category_name
from digest.standin.entries import entry_html
from digest.standin.layout import cut_words, document, listing_document, long_date, padded_date
from digest.standin.markup import escaped
from digest.standin.paging import catchup_paging, listing_paging


@dataclass(frozen=True)
class _Section:
    heading: str
    link: str
    mark: str
    start: int  # entries of the announcement before it
    count: int
    papers: tuple[InventedPaper, ...]  # what is held of it


def listing_page(
    announcement: Announcement, *, skip: int = 0, show: int = 2000, held: Announcement | None = None
) -> str:
    """Return ``/list/CATEGORY/new`` for the entries after the first ``skip``, at most ``show`` of them."""
    sections = _sections(announcement, held or announcement)
    path = f"/list/{announcement.category}/new"
    articles = list(_articles(sections, skip, show, indent="      ", abstracts=True))
    body = "\n\n".join(articles) + "\n\n" if articles else "\n    <p>No updates today.</p>"
    paging = listing_paging(path, announcement.total, skip, show)
    see = f"recent-{announcement.category}"
    return listing_document(
        category_name(announcement.category),
        "\n<ul>\n"
        + "".join(
            f'  <li><a href="{_listing_anchor(path, section, skip, show)}">{section.link}</a></li>\n'
            for section in sections
        )
        + "</ul>\n\n"
        f'<p>See <a id="{see}" aria-labelledby="{see}" href="/list/{announcement.category}/recent">recent</a>'
        " articles</p>\n"
        f"<h3>Showing new listings for {long_date(announcement.date)}</h3>\n\n"
        f"{paging}\n\n\n\n{body}\n\n\n{paging}\n</div>\n",
    )


def no_updates_page(category: str, day: date) -> str:
    """Return ``/list/CATEGORY/new`` of a category that has nothing in the mailing of ``day``."""
    return listing_page(Announcement(category, day))


def catchup_page(  # noqa: PLR0913  # all but the first are named
    announcement: Announcement,
    *,
    page: int = 1,
    next_day: date | None = None,
    per_page: int = 2000,
    abstracts: bool = True,
    held: Announcement | None = None,
) -> str:
    """Return the page ``page`` of ``/catchup/CATEGORY/DATE``; ``next_day`` is the next mailing's date."""
    sections = _sections(announcement, held or announcement)
    query = f"?abs={abstracts}&amp;page="
    path = f"/catchup/{announcement.category}/{announcement.date}{query}"
    day = padded_date(announcement.date)
    skip = (page - 1) * per_page
    articles = list(_articles(sections, skip, per_page, indent="        ", abstracts=abstracts))
    body = "\n\n".join(articles) + "\n\n" if articles else _nothing_in_catchup(day, path, page)
    views = catchup_paging(path, announcement.total, page, per_page)
    total = f"Total of {announcement.total} entries for {day}\n{views}"
    following = (
        f'        <a href="/catchup/{announcement.category}/{next_day}{query}1">Continue to the next day</a>\n'
        if next_day
        else ""
    )
    return listing_document(
        f"Catchup results for {category_name(announcement.category)} on {day}",
        "\n    <ul>\n"
        + "".join(
            f'      <li><a href="{_catchup_anchor(path, section, page, per_page)}">{section.link}</a></li>\n'
            for section in sections
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
    return catchup_page(Announcement(category, day), next_day=next_day)


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


def _sections(announcement: Announcement, held: Announcement) -> list[_Section]:
    new, cross = len(announcement.new), len(announcement.cross)
    sections = (
        _Section("New submissions", "New submissions", "", 0, new, held.new),
        _Section("Cross submissions", "Cross-lists", "(cross-list from {})", new, cross, held.cross),
        _Section(
            "Replacement submissions",
            "Replacements",
            "(replaced)",
            new + cross,
            len(announcement.replacement),
            held.replacement,
        ),
    )
    return [section for section in sections if section.count]


def _articles(sections: Sequence[_Section], skip: int, show: int, *, indent: str, abstracts: bool) -> Iterator[str]:
    number = skip
    for section in sections:
        before, after = skip - section.start, skip + show - section.start
        papers = section.papers[max(0, before) : max(0, after)]
        if not papers:
            continue
        # A lagging replica's cut is unmarked: these words tell of pages only.
        words = cut_words(continued=before > 0, last=after >= section.count)
        heading = f"{words} {len(papers)} of {section.count} entries"
        entries = []
        for paper in papers:
            number += 1
            mark = section.mark.format(paper.primary_category)
            entries.append(entry_html(number, paper, mark, revised=section.mark == "(replaced)", abstracts=abstracts))
        yield (
            f"{indent}<dl id='articles'>\n    <h3>{section.heading} ({heading})</h3>\n\n\n" + "".join(entries) + "</dl>"
        )


def _listing_anchor(path: str, section: _Section, skip: int, show: int) -> str:
    # arXiv numbers the first section's anchor 0, and links later pages by the first page's measure.
    if section.heading.startswith("New"):
        return "#item0" if skip == 0 else f"{path}?skip=0&amp;show={show}#item0"
    anchor = f"#item{section.start + 1}"
    return f"{path}?skip={section.start // show * show}&amp;show={show}{anchor}" if section.start >= show else anchor


def _catchup_anchor(path: str, section: _Section, page: int, per_page: int) -> str:
    own = section.start // per_page + 1
    return f"{'' if own == page else f'{path}{own}'}#item{section.start + 1}"


def _nothing_in_catchup(day: str, path: str, page: int) -> str:
    if page == 1:
        text = (
            f"          <p>No updates for {day}. There was either no announcement for this day,"
            " or no updates within the requested subject.</p>"
        )
    else:
        text = f'          No further updates for {day}\n          <br>\n          <a href="{path}1">Go to page 1</a>'
    return f"\n      <br>\n        <div>\n{text}\n        </div>\n      <br>"
