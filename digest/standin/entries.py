"""One paper's entry in a listing."""

from urllib.parse import quote_plus

from digest.standin.announcements import InventedPaper, version_of
from digest.standin.categories import category_name
from digest.standin.markup import abstract_html, escaped, linked

_MOST_AUTHORS = 100  # arXiv cuts the others off without a mark, unless there is only one of them
_SHORT = 4  # characters; arXiv makes no link of a shorter name


def entry_html(number: int, paper: InventedPaper, mark: str, *, revised: bool, abstracts: bool) -> str:
    """Return the ``dt`` and ``dd`` of ``paper``; ``mark`` says why it is listed if it is not new."""
    most = _MOST_AUTHORS if len(paper.authors) > _MOST_AUTHORS + 1 else None
    authors = ", ".join(_author(name, paper) for name in paper.authors[:most]) or "(author list is unavailable)"
    abstract = f"        <p class='mathjax'>\n          {abstract_html(paper.abstract)}\n        </p>\n"
    return f"""    <dt>
      <a name='item{number}'>[{number}]</a>
      <a href ="/abs/{paper.arxiv_id}" title="Abstract" id="{paper.arxiv_id}">
        arXiv:{paper.arxiv_id}
      </a>
      {"    " + mark + chr(10) if mark else ""}
        [{_formats(paper, revised=revised)}]
    </dt>
    <dd>
      <div class='meta'>
        <div class='list-title mathjax'><span class='descriptor'>Title:</span>
          {escaped(paper.title)}
        </div>
        <div class='list-authors'>{authors}</div>

{_field("list-comments mathjax", "Comments", linked(paper.comments or ""))}
{_field("list-journal-ref", "Journal-ref", escaped(paper.journal_ref or ""))}
{_field("list-subjects", "Subjects", _subjects(paper))}
{abstract if abstracts else ""}      </div>
    </dd>
"""


def _field(name: str, descriptor: str, content: str) -> str:
    if not content:
        return ""
    return f"""        <div class='{name}'><span class='descriptor'>{descriptor}:</span>
          {content}
        </div>
"""


def _formats(paper: InventedPaper, *, revised: bool) -> str:
    arxiv_id = paper.arxiv_id
    version = version_of(paper, revised=revised)
    html = (
        f', <a href="/html/{arxiv_id}v{version}" title="View HTML" id="html-{arxiv_id}"'
        f' aria-labelledby="html-{arxiv_id}" rel="noopener noreferrer" target="_blank">html</a>'
    )
    return (
        f'<a href="/pdf/{arxiv_id}" title="Download PDF" id="pdf-{arxiv_id}"'
        f' aria-labelledby="pdf-{arxiv_id}">pdf</a>'
        + (html if int(arxiv_id[-5:]) % 7 else "")  # some papers have no HTML
        + f', <a href="/format/{arxiv_id}" title="Other formats" id="oth-{arxiv_id}"'
        f' aria-labelledby="oth-{arxiv_id}">other</a>'
    )


def _author(name: str, paper: InventedPaper) -> str:
    if len(name) < _SHORT:
        return escaped(name)
    given, _, family = name.partition(" ")
    query = escaped(quote_plus(f"{family}, {given[:1]}", safe=",'"))
    archive = paper.primary_category.partition(".")[0]
    return f'<a href="https://arxiv.org/search/{archive}?searchtype=author&amp;query={query}">{escaped(name)}</a>'


def _subjects(paper: InventedPaper) -> str:
    primary, *others = (
        f"{category_name(category)} ({category})"
        for category in (
            paper.primary_category,
            *(category for category in paper.categories if category != paper.primary_category),
        )
    )
    return "; ".join((f'<span class="primary-subject">{primary}</span>', *others))
