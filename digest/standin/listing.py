"""The newest listing of a category, ``/list/CATEGORY/new``, in arXiv's layout since 2024-09-23.

Tags, classes, headings and even blanks are arXiv's; its header and footer are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import starmap

from digest.standin.announcements import InventedPaper, Mailing
from digest.standin.entries import REPLACED, category_name, entry_html, escaped

# arXiv's names, whatever the language of the machine; strftime would ask the locale.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class ListedSection:
    """One kind of entries: its heading, the words that link to it, and what marks each entry."""

    heading: str
    link: str
    mark: str  # with a place for the primary category
    start: int  # entries before it
    papers: tuple[InventedPaper, ...]

    def entry(self, number: int, paper: InventedPaper) -> str:
        """Return the entry ``number`` of the page."""
        return entry_html(number, paper, self.mark.format(paper.primary_category))


def sections(announcement: Mailing) -> list[ListedSection]:
    """Return the kinds of which there are entries, in arXiv's order."""
    new, cross, replacement = announcement.new, announcement.cross, announcement.replacement
    three = (
        ListedSection("New submissions", "New submissions", "", 0, new),
        ListedSection("Cross submissions", "Cross-lists", "(cross-list from {})", len(new), cross),
        ListedSection("Replacement submissions", "Replacements", REPLACED, len(new) + len(cross), replacement),
    )
    return [section for section in three if section.papers]


def listing_page(announcement: Mailing) -> str:
    """Return the listing with all its entries: up to 2000 stand on one page."""
    parts = sections(announcement)
    path = f"/list/{announcement.category}/new"
    # As browse/templates/list/list_macros.html of arXiv/arxiv-browse makes it, odd blanks and empty line included.
    paging = (
        f"      <div class='paging'>Total of {announcement.total} entries \n"
        "    </div>\n"
        "    <div class='morefewer'>Showing up to 2000 entries per page:\n"
        f'          <a href={path}?skip=0&amp;show=1000 rel="nofollow">\n      fewer</a>\n |\n'
        '          <span style="color: #454545">more</span>\n |\n'
        '          <span style="color: #454545">all</span>\n\n'
        "    </div>\n"
    )
    articles = ""
    for part in parts:
        count = len(part.papers)
        heading = f"<h3>{part.heading} (showing {count} of {count} entries)</h3>"
        entries = "".join(starmap(part.entry, enumerate(part.papers, part.start + 1)))
        articles += f"      <dl id='articles'>\n    {heading}\n\n\n{entries}</dl>\n\n"
    # arXiv's own oddity: the new submissions' anchor is number 0, though their first entry is number 1
    # (`index_for_types` in browse/controllers/list_page/__init__.py of arXiv/arxiv-browse).
    anchors = [f"#item{part.start + 1 if part.mark else 0}" for part in parts]
    return listing_with(announcement, anchors, paging, articles)


def listing_with(announcement: Mailing, anchors: Iterable[str], paging: str, articles: str) -> str:
    """Return the listing around ``articles``; each of ``anchors`` leads to one of its :func:`sections`."""
    name = announcement.category
    links = "".join(
        f'  <li><a href="{anchor}">{section.link}</a></li>\n'
        for anchor, section in zip(anchors, sections(announcement), strict=True)
    )
    return entries_document(
        category_name(name),
        f"\n<ul>\n{links}</ul>\n\n"
        f'<p>See <a id="recent-{name}" aria-labelledby="recent-{name}" href="/list/{name}/recent">recent</a>'
        " articles</p>\n"
        f"<h3>Showing new listings for {long_date(announcement.date)}</h3>\n\n"
        f"{paging}\n\n\n\n{articles}\n\n\n{paging}\n</div>\n",
    )


def long_date(day: date) -> str:
    """Return the date in English, as here: "Wednesday, 6 October 2021"."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def entries_document(heading: str, content: str) -> str:
    """Return a page of entries under ``heading``."""
    inner = f"<div id='content-inner'>\n<div id='dlpage'>\n  <h1>{escaped(heading)}</h1>\n{content}</div>"
    return document(heading, inner)


def document(title: str, content: str) -> str:
    """Return ``content`` as a whole page."""
    # No meta charset, as on arXiv: only the header and the reader know that this is UTF-8.
    return f"""<!DOCTYPE html>
<html lang="en">

<head>  <title>{escaped(title)}</title>
</head>

<body>
    <main>
      <div id="content">
{content}      </div>
    </main>
</body>

</html>
"""
