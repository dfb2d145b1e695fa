"""The links between the pages of a long day."""

from collections.abc import Iterator

SHOW_VALUES = (25, 50, 100, 250, 500, 1000, 2000)
"""The values of ``show`` that arXiv takes."""

_GREY = '<span style="color: #454545">{}</span>'
_PAGES_AROUND = 3


def listing_paging(path: str, total: int, skip: int, show: int) -> str:
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


def catchup_paging(path: str, total: int, page: int, per_page: int) -> str:
    """Return what follows a catchup page's total: links to its pages, if it has several."""
    pages = -(-total // per_page)
    if pages < 2:
        return "      \n"
    links = (
        f"<span>{number}</span>" if number == page else f"<a href={path}{number}>{number}</a>"
        for number in range(1, pages + 1)
    )
    return "        View page:        " + "\n\n        ".join(links) + "\n\n\n"
