"""Announcements → BibTeX, with the fields that arXiv itself gives (https://info.arxiv.org/help/hypertex/bibstyles/).

Plain text becomes LaTeX that prints it, and that a BibTeX reader turns back into it: what stands between dollars stays
maths if it is safe to compile; everything else is text, in which no character has a meaning for TeX.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from digest.calendar import MONTH_NAMES
from digest.model import Announcement, Paper
from digest.render.exports.names import Name, parse_name
from digest.render.exports.rows import Why, each_paper_once, plain, provenance
from digest.render.markdown import code_urls, web_address
from digest.render.maths import is_balanced, is_whole, maths_in

_PARTED_HYPHENS = re.compile(r"(?:[^ ,${}]*-\{\})+[^ ,${}]*")  # biber cuts a name at its hyphens, and braces with it
_NOT_IN_KEYS = re.compile("[^a-z]")
_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})

_ESCAPES = {
    **{mark: f"\\{mark}" for mark in "&%#_$"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
# BibTeX counts every brace, also an escaped one: they may stand only in pairs.
_PAIRED = str.maketrans({**_ESCAPES, "{": "\\{", "}": "\\}"})
_UNPAIRED = str.maketrans({**_ESCAPES, "{": "\\ensuremath{\\lbrace}", "}": "\\ensuremath{\\rbrace}"})

_SYMBOLS = ",;:!|{}%#&_ "
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')|,(?=,)|<(?=<)|>(?=>)|[!?](?=`)")
_COMMAND = re.compile(rf"\\(?P<name>[A-Za-z]+|[{_SYMBOLS}])?")
_BY_NUMBER = "^^"  # what begins a character by its number
_INDEX_IN_TEXT = re.compile(r"\\text[a-z]*\s*\{[^{}]*(?<!\\)[_^]")  # MathJax shows it, LaTeX stops at it
_BLANKS = re.compile(r"[\t-\r\x1c- \x85\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")

_NAMES = (
    # Greek
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho",
    "sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    # fonts and accents
    "mathcal mathbb mathrm mathbf mathit mathsf mathtt mathfrak boldsymbol operatorname text textbf textit textrm",
    "texttt textsc rm bf it sf tt cal hat tilde bar vec dot ddot check breve acute grave widehat widetilde overline",
    "underline overrightarrow mathring",
    # relations and arrows
    "le leq leqslant ge geq geqslant ne neq approx sim simeq cong equiv propto ll gg lesssim gtrsim in notin ni subset",
    "subseteq supset supseteq mid parallel perp to rightarrow leftarrow leftrightarrow Rightarrow Leftarrow iff",
    "Leftrightarrow longrightarrow mapsto uparrow downarrow implies prec succ preceq succeq models vdash",
    # operators
    "times cdot cdots ldots dots div pm mp ast star circ bullet oplus otimes odot cup cap setminus wedge vee land lor",
    "neg forall exists nabla partial infty emptyset varnothing sum prod int oint bigcup bigcap angle degree prime",
    "dagger ell hbar Re Im aleph log ln exp sin cos tan min max sup inf arg lim det dim ker Pr gcd",
    # structure
    "frac dfrac tfrac sqrt binom left right big Big bigg Bigg langle rangle lbrace rbrace lfloor rfloor lceil rceil",
    "vert Vert lvert rvert lVert rVert quad qquad stackrel overset underset limits displaystyle textstyle",
)
_KNOWN = frozenset(_SYMBOLS).union(*map(str.split, _NAMES))
"""The commands that may stand in maths: none reads or writes a file, or changes what another means."""


def bibtex(announcements: Iterable[Announcement], why: Why | None = None) -> Iterator[str]:
    """Yield an entry a paper, as it was announced first: a bibliography of a growing archive only grows.

    Year and month are those that the arXiv identifier bears, of the first version; ``announced`` is the listing's date.
    """
    for one in each_paper_once(announcements):
        paper, origin = one.paper, provenance(one)
        texts = {
            "title": f"{{{tex(paper.title)}}}",  # in braces of its own: a style would take its capitals out
            "author": " and ".join(_authors(paper)),
            "year": str(paper.arxiv_id.year),
            "month": MONTH_NAMES[paper.arxiv_id.month - 1][:3].lower(),
            "eprint": str(paper.arxiv_id),
            "archivePrefix": "arXiv",
            "primaryClass": tex(paper.primary_category),
            "doi": paper.doi,
            "url": paper.abstract_url,
            "note": tex(paper.journal_ref or ""),
            "comment": tex(plain(paper.comments) or ""),
            "keywords": tex(", ".join(paper.categories)),
            "code": " ".join(map(web_address, code_urls(paper))),
            "abstract": tex(plain(paper.abstract) or ""),
            "announced": tex(origin.pop("date")),  # "date" has another meaning for biblatex
            **{name: tex(str(value)) for name, value in origin.items()},
            "reasons": tex("; ".join(why(one) if why else ())),
        }
        # A month is a macro, which every style defines in its language.
        fields = {name: text if name == "month" else f"{{{text}}}" for name, text in texts.items()}
        lines = "".join(f"  {name} = {value},\n" for name, value in fields.items() if value not in ("{}", "{{}}"))
        # LuaTeX takes the sign for a damaged character for damage of its own, and stops; pdfTeX does not know it.
        yield f"@misc{{{_key(paper)},\n{lines}}}\n\n".replace("\ufffd", "?")


def _authors(paper: Paper) -> Iterator[str]:
    for author in filter(str.strip, paper.authors):
        yield _author(author, parse_name(author))
    if paper.may_have_more_authors:
        yield "others"  # which BibTeX itself makes "et al." of


def _author(text: str, name: Name | None) -> str:
    """Return a name so that BibTeX finds its parts: "Smith, Jr., John", or one piece in braces."""
    if name is None or (name.suffix and not name.given):
        return f"{{{tex(text)}}}"
    is_as_written = not name.suffix and text.rstrip().endswith(name.surname)
    parts = (name.surname, name.suffix, name.given)
    written = tex(text) if is_as_written else ", ".join(tex(part) for part in parts if part)
    return _PARTED_HYPHENS.sub(r"{\g<0>}", written) if "-{}" in written else written


def _key(paper: Paper) -> str:
    """Return the surname of the first author in ASCII and the id: unique, and the same in every export."""
    first = paper.authors[0] if paper.authors else ""
    name = parse_name(first)
    words = (name.surname if name else first).split()
    spelled = unicodedata.normalize("NFKD", words[-1].lower().translate(_SPELLED)) if words else ""
    surname = _NOT_IN_KEYS.sub("", spelled) or "arxiv"
    return f"{surname}-{paper.arxiv_id}".replace("/", "-")


def tex(text: str) -> str:
    """Return ``text`` on one line of LaTeX, its braces balanced; a control character becomes U+FFFD."""
    line = _CONTROL.sub("\ufffd", _BLANKS.sub(" ", text).strip(" "))
    pieces, end = [], 0  # text and maths in turn
    for maths in maths_in(line):
        if not maths.is_display and _is_safe(maths.tex):
            pieces += [line[end : maths.start], line[maths.start : maths.end]]
            end = maths.end
    pieces.append(line[end:])
    escapes = _PAIRED if is_balanced("".join(pieces[::2])) else _UNPAIRED
    pieces[::2] = [_LIGATURE.sub(r"\g<0>{}", text.translate(escapes)) for text in pieces[::2]]
    return "".join(pieces)


def _is_safe(maths: str) -> bool:
    """Whether ``maths`` can do nothing but print, and breaks nothing around it."""
    names = [command["name"] for command in _COMMAND.finditer(maths)]
    is_known = all(name in _KNOWN for name in names)
    is_inert = _BY_NUMBER not in maths and not _INDEX_IN_TEXT.search(maths)
    # BibTeX counts escaped braces, too.
    return is_known and is_inert and is_balanced(maths) and is_whole(maths)
