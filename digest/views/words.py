r"""Text → its words and its letters, in the one form in which two spellings of a word are the same.

Cases, accents, line ends and TeX make no difference: ``Gaussian splatting``, ``\emph{Gaussian} splatting`` and
``{G}aussian Splatting`` have the same words. Letters of other alphabets stay what they are; Greek ones are spelt out,
because arXiv shows the same title with ``β`` in one place and with ``\beta`` in another.
"""

import re
import unicodedata
from functools import cached_property, lru_cache

_GREEK = {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)}
_GREEK["λ"] = "lambda"  # Unicode writes LAMDA
_LATIN = {"\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
_HYPHENS = dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")  # also dashes, and a minus, that are set for one
_SPELLED = str.maketrans(_LATIN | _HYPHENS | {letter: f" {name} " for letter, name in _GREEK.items()})
"""What casefold and NFKD leave as letters and signs of their own, after both."""

_VOICED = "\u3099\u309a"
"""Marks that make other letters in Japanese, as が from か; no accents."""

_UNSEEN = ("Mn", "Mc", "Me", "Cf")
"""Accents, and signs that only say where a word may be divided, or may not."""

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_MARK = "\0"  # stands where a sentence ends, until all other signs are blanks
_SIGN = re.compile(rf"[^\w@=.,;:\u3001\-{_MARK}]|_")
_NO_LETTER = re.compile(r"[\W_]+")
_ASCII = [chr(code) for code in range(128)]
_KEPT = {".": "=", "@": "=", _MARK: ".", ",": ".", ";": ".", ":": ".", "\u3001": "."}
"""What stands for signs that are no blanks: in this order, as one stands for another."""

# Tables for ``bytes.translate``, which is a hundred times faster than a regular expression.
_PLAIN = bytes(ord(one.lower() if one.isalnum() or one in "-=" else _KEPT.get(one, " ")) for one in _ASCII)
_PLAIN = _PLAIN.ljust(256, b" ")
_NO_LETTERS = bytes(code for code, one in enumerate(_ASCII) if not one.isalnum())

SIGNS = " .=-"
"""What stands between two words: a full stop where a sentence or a part of it ends, also for commas and colons, ``=``
also for ``@`` and for a full stop that ends nothing, a hyphen, or a blank."""

_SEVERAL = re.compile("[ =-]{2,}")
_TWO = re.compile("[=-](?:(?=[ =-])|(?<=[ =-]{2}))")  # it begins with a set, too, of fewer signs
_ABBREVIATIONS = (
    "[a-z]",
    "al cf dr eg eq ie mr st vs",
    "esp etc eqs fig mrs ref sec wrt",
    "figs incl proc prof refs resp",
)
"""After each of these, a full stop ends no sentence: by their lengths, as a regular expression looks back."""

_END = re.compile(  # it begins with a set, which is quickly looked for; of several signs, the first begins it
    r"[.?!\u3002](?<![.?!][.?!])"
    + "".join(rf"(?<![^\w-](?i:{words.replace(' ', '|')})\.)" for words in _ABBREVIATIONS)
    + r"(?:[.?!\"')\]}\u201d\u2019]*+\s|(?<=\u3002)|(?<=[a-z]{2}\.)(?=[A-Z]))"
)
"""What ends a sentence, with and without the blank after it: "its improvement.To do so"."""

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
"""Letters of languages that put no blanks between words: kana, Han and hangul, as a set of a regular expression."""

_CJK_RUN = re.compile(f"([{CJK}]+)")

_TEX_SIGNS = ("\\", "$", "{")
_TEX = (
    (re.compile(r"\\[\"'`^~=.]\s*"), ""),  # accents: G\"odel
    (re.compile(r"\\(ss|[oO]e|OE|[aA]e|AE|aa|AA|[oOlLij])(?![A-Za-z])\s*"), r"\1"),  # letters: \o
    (re.compile(r"\\[cvuHkrdbt]\s*(?=\{)"), ""),  # \c{c}
    (re.compile(r"\\-"), ""),  # where a word may be divided
    (re.compile(r"\\[,;:!]"), " "),  # spaces: 5\,m
    (re.compile(r"\\(?:em|it|bf|tt|rm|sc|sl|sf|cal|bfseries|itshape|ttfamily)(?![A-Za-z])"), " "),  # switches
    (re.compile(r"\\[A-Za-z]+\*?\s*\{(?!\s*\})"), "{"),  # \emph{…}
    (re.compile(r"\\([A-Za-z]+)"), r" \1 "),  # \beta
    (re.compile(r"\}\s*\{"), " "),  # \frac{a}{b}
    (re.compile(r"\$?[_^]\{?(?=[0-9])"), ""),  # CO$_2$, R$^2$
    (re.compile(r"[{}$]"), ""),  # {G}aussian, $k$-means
)


class Text:
    """A text as its letters, which are quickly had, and as its words."""

    def __init__(self, text: str) -> None:
        """Read ``text``."""
        self._plain = plain = _without_tex(text)
        self.letters = (
            plain.encode().translate(_PLAIN, _NO_LETTERS).decode()
            if plain.isascii()
            else _NO_LETTER.sub("", plain.lower())
        )
        """The letters and digits alone: what is not among them is not among the words."""

    @cached_property
    def words(self) -> str:
        """The words, with one of ``SIGNS`` before, between and after them; blanks may stand around a full stop."""
        marked = _END.sub(f" {_MARK} ", f" {self._plain}")
        if marked.isascii():
            spaced = marked.encode().translate(_PLAIN).decode()
        else:
            spaced = _SIGN.sub(" ", marked.lower())
            for sign, kept in _KEPT.items():
                spaced = spaced.replace(sign, kept)
        words = f" {' '.join(spaced.split())} ".replace("= ", "=")
        return _SEVERAL.sub(_strongest, words) if _TWO.search(words) else words


@lru_cache(maxsize=8192)
def letters_of(text: str) -> str:
    """Return the letters and digits of a short text, such as a name, without what stands between them."""
    return Text(text).letters


def _without_tex(text: str) -> str:
    """Return ``text`` without TeX, in ASCII as far as possible."""
    if any(sign in text for sign in _TEX_SIGNS):
        for form, plain in _TEX:
            text = form.sub(plain, text)
    if "++" in text:
        text = text.replace("++", " plusplus ")  # C++ is not C
    return text if text.isascii() else _FOREIGN.sub(lambda run: _folded(run[0]), text)


def _strongest(signs: re.Match[str]) -> str:
    return "-" if signs[0] == "--" else "=" if "=" in signs[0] else " "


@lru_cache(maxsize=4096)
def _folded(run: str) -> str:
    """Return other than ASCII letters without cases, accents and forms that are only for their looks."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", run).casefold())
    bare = "".join(one for one in plain if one in _VOICED or unicodedata.category(one) not in _UNSEEN)
    spelled = unicodedata.normalize("NFC", bare).translate(_SPELLED)
    return _CJK_RUN.sub(r" \1 ", spelled)
