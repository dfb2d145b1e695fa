"""What arXiv makes of a paper: one entry of a listing, with the authors' text escaped and its addresses linked."""

import re
from urllib.parse import quote_plus

from digest.standin.announcements import CATEGORY_NAMES, InventedPaper, version_of

REPLACED = "(replaced)"
"""The mark of a replacement; a cross-list's names the category that it comes from."""

_MOST_AUTHORS = 100  # arXiv cuts the others off without a mark, unless there is only one of them
_SHORT = 4  # characters; arXiv makes no link of a shorter name

_ENTITY_END = re.compile(r"&#?\w+;$")
_BREAK = re.compile(r"(?<!^)\n[ \t]+(?!$)")

# Applied to text that is escaped already, as on arXiv: this is how a closing quote gets into an address.
_LINKED = re.compile(
    r"(?P<url>(?:https?|ftp)://[^\s<>{}|\\^`]+)"
    r"|(?<![\w.@/-])(?P<doi>10\.[0-9]{4,9}/[^\s<>{}|\\^`]+)"
    r"|(?<![\w.@/-])(?P<id>(?:arXiv:)?(?P<bare>[0-9]{4}\.[0-9]{4,5}(?:v[0-9]+)?))(?![\w-])"
    r"|(?<![\w.@/-])(?P<host>(?:[\w-]+\.)+(?:com|edu|io|js|md|net|org)\b(?:/[^\s<>{}|\\^`]*)?)",
    re.ASCII | re.IGNORECASE,
)


def entry_html(number: int, paper: InventedPaper, mark: str = "") -> str:
    """Return the ``dt`` and ``dd`` of ``paper``; ``mark`` says why it is listed if it is not new."""
    most = _MOST_AUTHORS if len(paper.authors) > _MOST_AUTHORS + 1 else None
    authors = ", ".join(_author(name, paper) for name in paper.authors[:most]) or "(author list is unavailable)"
    primary, *others = (f"{category_name(category)} ({category})" for category in paper.primary_first)
    subjects = "; ".join((f'<span class="primary-subject">{primary}</span>', *others))
    return f"""    <dt>
      <a name='item{number}'>[{number}]</a>
      <a href ="/abs/{paper.arxiv_id}" title="Abstract" id="{paper.arxiv_id}">
        arXiv:{paper.arxiv_id}
      </a>
      {"    " + mark + chr(10) if mark else ""}
        [{_formats(paper.arxiv_id, version_of(paper, revised=mark == REPLACED))}]
    </dt>
    <dd>
      <div class='meta'>
        <div class='list-title mathjax'><span class='descriptor'>Title:</span>
          {escaped(paper.title)}
        </div>
        <div class='list-authors'>{authors}</div>

{_field("list-comments mathjax", "Comments", linked(paper.comments or ""))}
{_field("list-journal-ref", "Journal-ref", escaped(paper.journal_ref or ""))}
{_field("list-subjects", "Subjects", subjects)}
        <p class='mathjax'>
          {abstract_html(paper.abstract)}
        </p>
      </div>
    </dd>
"""


def category_name(category: str) -> str:
    """The category's name, or its code where the stand-in knows no name."""
    return CATEGORY_NAMES.get(category, category)


def escaped(text: str) -> str:
    """``text`` with the five characters escaped that arXiv escapes, and in its spelling."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text


def linked(text: str) -> str:
    """``text`` escaped, its addresses, bare hosts, DOIs and arXiv ids made into links."""
    return _LINKED.sub(_link, escaped(text))


def abstract_html(text: str) -> str:
    """``text`` as :func:`linked` gives it, with a ``br`` where a line begins with blanks."""
    # The NUL holds the place: a br that stood there already would be escaped.
    return linked(_BREAK.sub("\n\x00", text).replace("\n\n", "\n")).replace("\x00", "<br>")


def _field(name: str, descriptor: str, content: str) -> str:
    if not content:
        return ""  # the template's line for it stays, empty
    return f"""        <div class='{name}'><span class='descriptor'>{descriptor}:</span>
          {content}
        </div>
"""


def _formats(arxiv_id: str, version: int) -> str:
    def link(path: str, title: str, name: str, text: str, more: str = "") -> str:
        place = f"{name}-{arxiv_id}"
        return f'<a href="/{path}" title="{title}" id="{place}" aria-labelledby="{place}"{more}>{text}</a>'

    found = [link(f"pdf/{arxiv_id}", "Download PDF", "pdf", "pdf")]
    if int(arxiv_id[-5:]) % 7:  # some papers have no HTML
        more = ' rel="noopener noreferrer" target="_blank"'
        found.append(link(f"html/{arxiv_id}v{version}", "View HTML", "html", "html", more))
    return ", ".join([*found, link(f"format/{arxiv_id}", "Other formats", "oth", "other")])


def _author(name: str, paper: InventedPaper) -> str:
    if len(name) < _SHORT:
        return escaped(name)
    given, _, family = name.partition(" ")
    query = escaped(quote_plus(f"{family}, {given[:1]}", safe=",'"))
    archive = paper.primary_category.partition(".")[0]  # arXiv searches the archive, "cs", not the category
    return f'<a href="https://arxiv.org/search/{archive}?searchtype=author&amp;query={query}">{escaped(name)}</a>'


def _link(match: re.Match[str]) -> str:
    if match["id"]:
        bare = match["bare"]
        return f'<a href="https://arxiv.org/abs/{bare}" data-arxiv-id="{bare}" class="link-https">{match[0]}</a>'
    address, rest = _without_stop(match[0])
    if match["doi"]:
        target = f"https://doi.org/{address}"
        return (
            f'<a href="{target}" data-doi="{address}" class="link-https link-external"'
            f' rel="external noopener nofollow">{target}</a>{rest}'
        )
    target = address if match["url"] else f"http://{address}"
    scheme = target.partition(":")[0].lower()
    if target.startswith("https://arxiv.org/"):
        return f'<a href="{target}" class="link-internal link-https">{target}</a>{rest}'
    return (
        f'<a href="{target}" rel="external noopener nofollow" class="link-external link-{scheme}">'
        f"this {scheme} URL</a>{rest}"
    )


def _without_stop(address: str) -> tuple[str, str]:
    """Part an address from the sentence's signs after it; a bracket that it opened itself is its own."""
    end = len(address)
    while end and address[end - 1] in ".,:;!?)":
        head = address[:end]
        if _ENTITY_END.search(head) or (head[-1] == ")" and head.count("(") >= head.count(")")):
            break
        end -= 1
    return address[:end], address[end:]
