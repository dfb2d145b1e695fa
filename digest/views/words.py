r"""Text → its words, in the one form in which two spellings of a word are the same.

Cases, accents, hyphens, line ends and TeX make no difference: ``Gaussian-Splatting``, ``\emph{Gaussian} splatting``
and ``{G}aussian Splatting`` have the same words. Letters of other alphabets stay what they are; Greek ones are
spelt out, because arXiv shows the same title with ``β`` in one place and with ``\beta`` in another.
"""

import re
import unicodedata
from functools import lru_cache

_GREEK = {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)}
_GREEK["λ"] = "lambda"  # Unicode writes LAMDA
_LATIN = {"\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
_SPELLED = str.maketrans(_LATIN | {letter: f" {name} " for letter, name in _GREEK.items()})
"""What casefold and NFKD leave as letters of their own, after both."""

_VOICED = "\u3099\u309a"
"""Marks that make other letters in Japanese, as が from か; no accents."""

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_BETWEEN = re.compile(r"[\W_]+")
_PLAIN = bytes(ord(chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)).ljust(256, b" ")
"""ASCII, as a table for ``bytes.translate``: a hundred times faster than a regular expression."""

_MARKS = ("Mn", "Mc", "Me")

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
"""Letters of languages that put no blanks between words: kana, Han and hangul, as a set of a regular expression."""

_CJK_RUN = re.compile(f"([{CJK}]+)")

_TEX_SIGNS = ("\\", "$", "{")
_TEX = (
    (re.compile(r"\\[\"'`^~=.]\s*"), ""),  # accents: G\"odel
    (re.compile(r"\\(ss|[oO]e|OE|[aA]e|AE|aa|AA|[oOlLij])(?![A-Za-z])\s*"), r"\1"),  # letters: \o
    (re.compile(r"\\[cvuHkrdbt]\s*(?=\{)"), ""),  # \c{c}
    (re.compile(r"\\-"), ""),  # where a word may be divided
    (re.compile(r"\\(?:em|it|bf|tt|rm|sc|sl|sf|cal|bfseries|itshape|ttfamily)(?![A-Za-z])"), " "),  # switches
    (re.compile(r"\\[A-Za-z]+\*?\s*\{(?!\s*\})"), "{"),  # \emph{…}
    (re.compile(r"\\([A-Za-z]+)"), r" \1 "),  # \beta
    (re.compile(r"\}\s*\{"), " "),  # \frac{a}{b}
    (re.compile(r"\$?[_^]\{?(?=[0-9])"), ""),  # CO$_2$, R$^2$
    (re.compile(r"[{}$]"), ""),  # {G}aussian, $k$-means
)


@lru_cache(maxsize=4096)
def words_of(text: str) -> str:
    """Return the words of ``text``, with a blank before, between and after them."""
    if any(sign in text for sign in _TEX_SIGNS):
        for form, plain in _TEX:
            text = form.sub(plain, text)
    if "++" in text:
        text = text.replace("++", " plusplus ")  # C++ is not C
    if not text.isascii():
        text = _FOREIGN.sub(lambda run: _folded(run[0]), text)
    if text.isascii():
        return f" {' '.join(text.encode().translate(_PLAIN).decode().split())} "
    return f" {_BETWEEN.sub(' ', text.lower()).strip()} "


@lru_cache(maxsize=4096)
def _folded(run: str) -> str:
    """Return other than ASCII letters without cases, accents and forms that are only for their looks."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", run).casefold())
    bare = "".join(one for one in plain if one in _VOICED or unicodedata.category(one) not in _MARKS)
    spelled = unicodedata.normalize("NFC", bare).translate(_SPELLED)
    return _CJK_RUN.sub(r" \1 ", spelled)
