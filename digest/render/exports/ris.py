"""Announcements → RIS, which Zotero, EndNote, Mendeley and JabRef read.

The format is that of Reference Manager (https://en.wikipedia.org/wiki/RIS_(file_format), with its tags): a tag of two
signs, two blanks, a hyphen and a blank before each value, lines that end with CR and LF, "TY" first and "ER" last.
"""

import re
from collections.abc import Iterable, Iterator

from digest.model import Announcement, Paper
from digest.render.exports.names import parse_name
from digest.render.exports.rows import Why, each_paper_once, plain, provenance
from digest.render.markdown import code_urls, web_address

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def ris(announcements: Iterable[Announcement], why: Why | None = None) -> Iterator[str]:
    """Yield a record a paper, as it was announced first; the year and the month are those of the arXiv identifier.

    No type means a preprint everywhere: Zotero and DataCite write one as ``GEN``, which every program knows.
    """
    for one in each_paper_once(announcements):
        paper, arxiv_id = one.paper, one.paper.arxiv_id
        notes = {
            "Journal reference": paper.journal_ref,
            "Comments": plain(paper.comments),
            "Code": " ".join(map(web_address, code_urls(paper))),
            "arXiv listing": "; ".join(f"{name} {value}" for name, value in provenance(one).items()),
            "Reasons": "; ".join(why(one) if why else ()),
        }
        lines = [
            ("TY", "GEN"),
            *(("AU", name) for name in _authors(paper)),
            ("TI", paper.title),
            ("PY", str(arxiv_id.year)),
            ("DA", f"{arxiv_id.year}/{arxiv_id.month:02d}//"),
            ("AB", plain(paper.abstract) or ""),
            *(("KW", category) for category in paper.categories),
            ("PB", "arXiv"),
            ("DB", "arXiv"),
            ("AN", str(arxiv_id)),
            ("DO", paper.doi),
            ("UR", paper.abstract_url),
            ("L1", paper.pdf_url),
            *(("N1", f"{name}: {text}") for name, text in notes.items() if text),
        ]
        shown = ((tag, _one_line(value)) for tag, value in lines)
        yield "".join(f"{tag}  - {value}\r\n" for tag, value in shown if value) + "ER  - \r\n"


def _authors(paper: Paper) -> Iterator[str]:
    """Yield each name as "Surname, Given, Suffix"; one without a comma is taken for a group, or stands in one piece."""
    for author in paper.authors:
        name = parse_name(author)
        if name is not None and name.given:
            yield ", ".join(filter(None, (name.surname, name.given, name.suffix)))
        else:
            yield author.replace(",", " ")
    if paper.may_have_more_authors:
        yield "and others"


def _one_line(text: str) -> str:
    """Return ``text`` on one line, single blanks in it: neither a line nor two blanks may begin another tag."""
    return _CONTROL.sub("\ufffd", " ".join(text.split()))
