r"""A paper's texts as their authors typed them → the form in which arXiv's listings show them; the links in them.

The feeds, the API and OAI-PMH show titles, abstracts, authors and comments as TeX. A listing shows accents as
Unicode (``Poincar\'e`` → ``Poincaré``), in titles and names Greek letters too, and addresses as anchors
(``tex2utf`` and ``urls`` of https://github.com/arXiv/arxiv-base). All other TeX stays as it was typed.

arXiv keeps authors as one line of text. Its listings show that line with links around some of the names: what is
shorter than four characters, "et al." and whatever stands in brackets is shown bare (``split_authors`` of arXiv's
``arxiv-base``, ``queries_for_authors`` of ``arxiv-browse``). So names are read from the text of either source.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace

from digest.model import Day, Paper
from digest.parse.document import collapse
from digest.parse.links import LINK_RULES, find_links
from digest.parse.markup import with_anchors

UNAVAILABLE = "(author list is unavailable)"
"""What a listing shows where arXiv itself cannot read the line of authors."""

_ACCENTS = {
    "'": ("\u0301", "ACEILNORSUYZaceilnorsuyz"),
    '"': ("\u0308", "AEIOUYaeiouy"),
    ".": ("\u0307", "ACEGIOZacegoz"),
    "=": ("\u0304", "AEIOUYaeiouy"),
    "^": ("\u0302", "ACEGHIJOSUWYaceghijosuwy"),
    "`": ("\u0300", "AEIOUaeiou"),
    "~": ("\u0303", "AINOUainou"),
    "H": ("\u030b", "OUou"),
    "c": ("\u0327", "CEGKLNRSTcegklnrst"),
    "k": ("\u0328", "AEIOUaeiou"),
    "r": ("\u030a", "AUau"),
    "u": ("\u0306", "AEGIOUaegiou"),
    "v": ("\u030c", "ACDEGHIKLNORSTUZacdeghiklnorstuz"),
}
"""Which letters arXiv sets each accent on, by the accent's TeX command, with the accent as Unicode combines it."""


def _table(pairs: str) -> dict[str, str]:
    words = pairs.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_LETTERS = _table(
    "AA Å AE Æ DH Ð DJ Đ ETH Ð L Ł NG Ŋ O Ø OE Œ TH Þ aa å ae æ dh ð dj đ eth ð i \u0131 l ł ng ŋ o ø oe œ ss ß th þ"
)
_SYMBOLS = _table("P ¶ S § copyright © guillemotleft « guillemotright » pounds £ dag † ddag ‡ div ÷ deg °")
_GREEK_NAMES = (
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega alpha beta gamma delta epsilon zeta eta theta iota "
    "kappa lambda mu nu xi omicron pi rho sigma tau chi psi omega"
)
# By Unicode's names, for many of the letters look like Latin ones. "phi" is the open form, as LaTeX draws it.
_GREEK = {
    name: unicodedata.lookup(f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER {name.replace('mb', 'm')}")
    for name in _GREEK_NAMES.split()
}
_GREEK |= {"varsigma": "\u03c2", "varphi": "\u03c6", "phi": "\u03d5"}


def _command(names: Mapping[str, str]) -> re.Pattern[str]:
    r"""Match each command of ``names`` as arXiv does: in braces, or with one blank or ``{}`` that ends its name."""
    name = rf"({'|'.join(names)})(?:\b|(?=_))"
    return re.compile(rf"\{{\\{name}\}}|\\{name}(?:\\(?= )| |\{{\}})?")


_LETTER, _SYMBOL, _GREEK_LETTER = _command(_LETTERS), _command(_SYMBOLS), _command(_GREEK)
_BLANKS = " \t\n\v\f\r"
_DOTLESS_J = re.compile(r"\{\\j\}|\\j\s")
_DOUBLE_BRACES = re.compile(r"\{\{([^}]{0,500})\}\}")
_DEEPEST = 10  # an author nests no deeper; a hostile text must not take minutes
_SHORT_ACCENT = re.compile(r"\\(?P<accent>['`^\"~=.])(?P<letter>[a-zA-Z])")
_BRACED_ACCENT = re.compile(r"\\(?P<accent>['`^\"~=.]|[Hckoruv])\{(?P<letter>[a-zA-Z])\}")
_TIE = re.compile(r"\\t\{([^}])\}")

_DIVIDER = re.compile(r"(?:,\s*(?:and|&)\s|\s(?:and|&)\s|[,:])\s*")
_SUFFIX = re.compile(r"Jr\.?|Sr\.?|[IV]{2,}")
_NO_NAME = re.compile(r"et\.? al\.?", re.IGNORECASE)
_FOR_OTHERS = re.compile(r"for\s+(?:the\s+)?", re.IGNORECASE)
_MAY_BE_NO_NAME = re.compile(rf"{_SUFFIX.pattern}|(?i:{_NO_NAME.pattern}|for\s)")
_BRACKET = re.compile(r"[()]")
_ANY_LETTER = re.compile(r"[^\W\d_]")


def unicode_of(tex: str, *, greek: bool) -> str:
    """Return ``tex`` with the accents, letters and symbols that arXiv shows as Unicode, the Greek ones if wanted."""
    if "\\" not in tex and "{{" not in tex:
        return tex
    text = _LETTER.sub(lambda match: _LETTERS[match[1] or match[2]], tex)
    if greek:
        text = _GREEK_LETTER.sub(lambda match: _GREEK[match[1] or match[2]], text)
    text = _SYMBOL.sub(lambda match: _SYMBOLS[match[1] or match[2]], text)
    text = _DOTLESS_J.sub("j", text)
    for _ in range(_DEEPEST):
        text, found = _DOUBLE_BRACES.subn(r"{\1}", text)
        if not found:  # looking again would take as long
            break
    text = _BRACED_ACCENT.sub(_accented, _SHORT_ACCENT.sub(_accented, text))
    return _TIE.sub(r"\1", text)


def _accented(match: re.Match[str]) -> str:
    """Return the letter with its accent; one that arXiv does not know loses it, and keeps a command's letter."""
    accent, letter = match["accent"], match["letter"]
    combining, letters = _ACCENTS.get(accent, ("", ""))
    if letter in letters:
        return unicodedata.normalize("NFC", letter + combining)
    return accent + letter if accent.isalpha() else letter


def title_of(tex: str) -> str:
    """Return a title, or an author's name, on one line."""
    return collapse(unicode_of(tex, greek=True))


def abstract_of(tex: str) -> str:
    """Return an abstract as one line of canonical HTML.

    A line that begins with blanks is broken before them (``abstract_lf_to_br`` of arxiv-base).
    """
    lines = unicode_of(tex, greek=False).strip(_BLANKS)
    if "\r" in lines or "\n\n" in lines:
        lines = re.sub(r"[\r\n]+", "\n", lines)
    return re.sub(r"\n[ \t]+", " <br>", with_anchors(lines)).replace("\n", " ")


def comments_of(tex: str) -> str:
    """Return comments as one line of canonical HTML; arXiv breaks no lines of theirs."""
    return with_anchors(re.sub(r"\r\n|[\r\n]", " ", unicode_of(tex, greek=False).strip(_BLANKS)))


def names_in(line: str) -> tuple[str, ...]:
    """Return the names in a line of authors; none where arXiv says that it cannot read them.

    Commas and colons divide names, and so does "and". A bracket at the end of a name is an affiliation and is left
    out, one inside it belongs to it: "Anna Bell (1), Yuan (Cher) Li (2) ((1) Inst. A, (2) Inst. B)".
    """
    if line.strip() == UNAVAILABLE:
        return ()
    names: list[str] = []
    for item in _items(line):
        if not _MAY_BE_NO_NAME.match(item):
            names.append(item)
        elif names and _SUFFIX.fullmatch(item):
            names[-1] = f"{names[-1]} {item}"
        elif not _NO_NAME.fullmatch(item):
            names.append(_FOR_OTHERS.sub("", item, count=1) if _FOR_OTHERS.match(item) else item)
    return tuple(names)


def _items(line: str) -> Iterator[str]:
    """Yield what dividers outside brackets part, without affiliations and not empty."""
    if not any(sign in line for sign in ("(", "and", "&", ":")):  # as mostly
        yield from filter(None, map(str.strip, line.split(",")))
        return
    words: list[str] = []  # of the item so far
    brackets: list[str] = []  # after its last word
    for text, bracket in _blocks(line):
        first, *others = _DIVIDER.split(text)
        if brackets and not first.strip():
            brackets = []
        elif brackets and not all(map(_ANY_LETTER.search, brackets)):  # "A. Bell (1) C. Dietz": a comma was forgotten
            yield from filter(None, [" ".join(words)])
            words, brackets = [], []
        words += [*brackets, first.strip()] if first.strip() else []
        brackets = []
        for other in others:
            yield from filter(None, [" ".join(words)])
            words = [other.strip()] if other.strip() else []
        if bracket and words:
            brackets.append(bracket)
    yield from filter(None, [" ".join(words)])


def _blocks(line: str) -> Iterator[tuple[str, str]]:
    """Yield the text before each outermost bracket, and the bracket; one that is never closed ends with its item."""
    ends: dict[int, int] = {}  # of each bracket that is closed, by where it opens
    still_open: list[int] = []
    for match in _BRACKET.finditer(line):
        if match[0] == "(":
            still_open.append(match.start())
        elif still_open:
            ends[still_open.pop()] = match.end()
    start, opened = 0, line.find("(")
    while opened >= 0:
        divider = None if opened in ends else _DIVIDER.search(line, opened)
        end = ends.get(opened, divider.start() if divider else len(line))
        yield line[start:opened], line[opened:end]
        start, opened = end, line.find("(", end)
    yield line[start:], ""


def set_anew(paper: Paper) -> Paper:
    """Return ``paper`` with its links, and before with the texts that arXiv makes of what was typed, if it has that."""
    title, authors, abstract, comments = paper.title, paper.authors, paper.abstract, paper.comments
    if raw := paper.raw:
        title, authors = title_of(raw.title), tuple(map(title_of, raw.authors))
        abstract = None if raw.abstract is None else abstract_of(raw.abstract)
        comments = None if raw.comments is None else comments_of(raw.comments)
    links = find_links(abstract=abstract, comments=comments, title=title)
    return replace(paper, title=title, authors=authors, abstract=abstract, comments=comments, links=links)


def relinked(day: Day) -> Day:
    """Return ``day`` with the links that today's rules find in its texts; what was typed in TeX is read anew, too."""
    entries = tuple(replace(entry, paper=set_anew(entry.paper)) for entry in day.entries)
    return replace(day, entries=entries, link_rules=LINK_RULES)
