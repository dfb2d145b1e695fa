"""A view's keywords: words and phrases that pick papers, or keep them out."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from digest.views.words import CJK, words_of

_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_MINUS_SIGN = "\u2212"
_SHORTEST_PLURAL = 3
_IS_CJK = re.compile(f"[{CJK}]")


@dataclass(frozen=True)
class Keyword:
    """A keyword as its user wrote it, and how to find it; ``excludes`` says what it is for."""

    shown: str
    excludes: bool
    _search: Callable[[str], object]

    def is_in(self, words: str) -> bool:
        """Whether it stands among ``words``, as ``words_of`` gives them."""
        return self._search(words) is not None


def parse_keyword(text: str) -> Keyword:
    """Read a keyword: ``diffusion``, ``gaussian splatting``, ``segment*``, ``-medical``, ``-"medical imaging"``."""
    text = text.strip()
    excludes = unicodedata.category(text[:1] or " ") == "Pd" or text.startswith(_MINUS_SIGN)
    shown = (text[1:] if excludes else text).strip().strip(_QUOTES).strip()
    return Keyword(shown, excludes, re.compile(_pattern(shown)).search)


def _pattern(shown: str) -> str:
    """Return the regular expression that finds a keyword's words in sequence.

    A star stands for the rest of a word; a plain plural of the last word is found, too. Where words have no blanks
    between them, a keyword may be a part of one.
    """
    pieces = [words_of(piece).strip() for piece in shown.split("*")]
    if not any(pieces):
        return "(?!)"
    before = "" if _IS_CJK.match(pieces[0]) else " "
    return before + "[^ ]* ".join(map(re.escape, pieces)) + _end(pieces[-1])


def _end(last: str) -> str:
    if not last or _IS_CJK.match(last[-1]):
        return ""
    has_plural = len(last.rpartition(" ")[2]) >= _SHORTEST_PLURAL and last[-1].isalpha()
    return "s? " if has_plural else " "
