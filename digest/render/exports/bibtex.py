"""Announcements → BibTeX, with the fields that arXiv itself gives (https://info.arxiv.org/help/hypertex/bibstyles/)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from digest.calendar import MONTH_NAMES
from digest.model import Announcement, Paper
from digest.render.exports.fields import code_urls, each_paper_once, plain, provenance, web_address
from digest.render.exports.tex import tex

# In BibTeX a comma turns a name round, and these words part it from the next; a group has no given name.
_NOT_A_PERSON = re.compile(
    r",|(?<!\S)and(?!\S)|(?<!\S)(?:collaborations?|consortium|team|group|project|initiative|community)$|^others$",
    re.IGNORECASE,
)
_NOT_IN_KEYS = re.compile("[^a-z]")
_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def bibtex(announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield an entry a paper, as it was announced first: a bibliography of a growing archive only grows.

    Year and month are those that the arXiv identifier bears, of the first version; ``announced`` is the listing's date.
    """
    return map(_entry, each_paper_once(announcements))


def _entry(one: Announcement) -> str:
    lines = [f"  {name} = {value},\n" for name, value in _fields(one).items() if value not in ("{}", "{{}}")]
    return f"@misc{{{_key(one.paper)},\n{''.join(lines)}}}\n\n"


def _fields(one: Announcement) -> dict[str, str]:
    paper = one.paper
    origin = {name: f"{{{tex(str(value))}}}" for name, value in provenance(one).items()}
    return {
        "title": f"{{{{{tex(paper.title)}}}}}",  # twice: a style would take the capitals out of what has one pair
        "author": f"{{{' and '.join(_authors(paper))}}}",
        "year": f"{{{paper.arxiv_id.year}}}",
        "month": MONTH_NAMES[paper.arxiv_id.month - 1][:3].lower(),  # the macro that every style defines
        "eprint": f"{{{paper.arxiv_id}}}",
        "archivePrefix": "{arXiv}",
        "primaryClass": f"{{{tex(paper.primary_category)}}}",
        "url": f"{{{paper.abstract_url}}}",
        "note": f"{{{tex(paper.journal_ref or '')}}}",
        "comment": f"{{{tex(plain(paper.comments) or '')}}}",
        "keywords": f"{{{tex(', '.join(paper.categories))}}}",
        "code": f"{{{' '.join(map(web_address, code_urls(paper)))}}}",
        "abstract": f"{{{tex(plain(paper.abstract) or '')}}}",
        "announced": origin.pop("date"),  # "date" has another meaning for biblatex
        **origin,
    }


def _authors(paper: Paper) -> Iterator[str]:
    yield from map(_name, filter(str.strip, paper.authors))
    if paper.may_have_more_authors:
        yield "others"  # which BibTeX itself makes "et al." of


def _name(author: str) -> str:
    name = tex(author)
    return f"{{{name}}}" if _NOT_A_PERSON.search(author.strip()) else name


def _key(paper: Paper) -> str:
    """Return the surname of the first author in ASCII and the id: unique, and the same in every export."""
    words = paper.authors[0].split() if paper.authors else []
    spelled = unicodedata.normalize("NFKD", words[-1].lower().translate(_SPELLED)) if words else ""
    surname = _NOT_IN_KEYS.sub("", spelled) or "arxiv"
    return f"{surname}-{paper.arxiv_id}".replace("/", "-")
