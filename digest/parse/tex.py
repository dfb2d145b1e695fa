r"""A paper's texts as their authors typed them → the canonical form, which is what arXiv's listings make of them.

The feeds, the API and OAI-PMH show titles, abstracts, authors and comments as TeX. A listing shows accents as
Unicode (``Poincar\'e`` → ``Poincaré``), in titles and names Greek letters too, and addresses as anchors
(``tex2utf`` and ``urls`` of https://github.com/arXiv/arxiv-base). All other TeX stays as it was typed.
"""

import re
import unicodedata
from collections.abc import Mapping

from digest.parse.anchors import with_anchors
from digest.parse.markup import collapse

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
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau chi psi omega"
)


def _greek(kind: str, name: str) -> str:
    return unicodedata.lookup(f"GREEK {kind} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")


_GREEK = {name: _greek("CAPITAL", name) for name in _CAPITALS.split()}
_GREEK |= {name: _greek("SMALL", name) for name in _SMALL.split()}
_GREEK |= {"varsigma": _greek("SMALL", "final sigma"), "varphi": _greek("SMALL", "phi")}
_GREEK |= {"phi": unicodedata.lookup("GREEK PHI SYMBOL")}


def _command(names: Mapping[str, str]) -> re.Pattern[str]:
    r"""Match each command of ``names`` as arXiv does: in braces, or with one blank or ``{}`` that ends its name."""
    return re.compile(rf"(?P<brace>\{{)?\\(?P<name>{'|'.join(names)})(?:\b|(?=_))(?(brace)\}}|(?:\\(?= )| |\{{\}})?)")


_LETTER, _SYMBOL, _GREEK_LETTER = _command(_LETTERS), _command(_SYMBOLS), _command(_GREEK)
_BLANKS = " \t\n\v\f\r"
_DOTLESS_J = re.compile(r"\{\\j\}|\\j\s")
_DOUBLE_BRACES = re.compile(r"\{\{([^}]{0,500})\}\}")
_DEEPEST = 10  # an author nests no deeper; a hostile text must not take minutes
_SHORT_ACCENT = re.compile(r"\\(?P<accent>['`^\"~=.])(?P<letter>[a-zA-Z])")
_BRACED_ACCENT = re.compile(r"\\(?P<accent>['`^\"~=.]|[Hckoruv])\{(?P<letter>[a-zA-Z])\}")
_TIE = re.compile(r"\\t\{([^}])\}")


def unicode_of(tex: str, *, greek: bool) -> str:
    """Return ``tex`` with the accents, letters and symbols that arXiv shows as Unicode, the Greek ones if wanted."""
    if "\\" not in tex and "{{" not in tex:
        return tex
    text = _LETTER.sub(lambda match: _LETTERS[match["name"]], tex)
    if greek:
        text = _GREEK_LETTER.sub(lambda match: _GREEK[match["name"]], text)
    text = _SYMBOL.sub(lambda match: _SYMBOLS[match["name"]], text)
    text = _without_double_braces(_DOTLESS_J.sub("j", text))
    text = _BRACED_ACCENT.sub(_accented, _SHORT_ACCENT.sub(_accented, text))
    return _TIE.sub(r"\1", text)


def _without_double_braces(text: str) -> str:
    for _ in range(_DEEPEST):
        shorter = _DOUBLE_BRACES.sub(r"{\1}", text)
        if shorter == text:
            break
        text = shorter
    return text


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
    lines = re.sub(r"[\r\n]+", "\n", unicode_of(tex, greek=False).strip(_BLANKS))
    return re.sub(r"\n[ \t]+", " <br>", with_anchors(lines)).replace("\n", " ")


def comments_of(tex: str) -> str:
    """Return comments as one line of canonical HTML; arXiv breaks no lines of theirs."""
    return with_anchors(re.sub(r"\r\n|[\r\n]", " ", unicode_of(tex, greek=False).strip(_BLANKS)))
