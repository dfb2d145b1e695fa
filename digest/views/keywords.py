"""A keyword as its user wrote it → whether a text has it. docs/VIEWS.md tells these rules to users."""

import re
from collections.abc import Iterator, Mapping

from digest.config.settings import excludes
from digest.views.words import CJK, SIGNS, Text

_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_SHORTEST_PLURAL = 3  # "AI" is not found in "Ais", but "GAN" is in "GANs"
_SHORTEST_TORN = 3  # "GAN" is found in "G-AN", but "AD" is not in "A-D"
_LONGEST_ACRONYM = 4  # in capitals: "POS" is not found in "poses", nor "CAS" in "cases"
_STARTS_CJK = re.compile(f"[{CJK}]")
_LAST_LETTERS = re.compile(r"([^\W\d_]+)[\W_]*$")
_BETWEEN = f"[{SIGNS}]"
_REST = f"[^{SIGNS}]*"  # what a star stands for
_BLANK = "[ =-]"  # what a blank of a keyword stands for

_PLURALS = (
    (re.compile(r"(.*(?:[^aeiou]|qu))y"), "(?:ys?|ies)"),  # ontology
    (re.compile(r"(..+)is"), "(?:is|ises|es)"),  # hypothesis
    (re.compile(r"(.+)ix"), "(?:ix|ixes|ices)"),  # matrix
    (re.compile(r"(.+)ex"), "(?:ex|exes|ices)"),  # vertex
    (re.compile(r"(.*z)"), "(?:s|z?es)?"),  # quiz
    (re.compile(r"(.*(?:[sxo]|[cs]h))"), "(?:e?s)?"),  # box, class, echo, mesh
)
"""What a plural in -es or -ies keeps of its singular, and what either ends with."""


class Keyword:
    """What finds a keyword in a text; ``excludes`` says what it is for, ``shown`` is what a reader is told of it."""

    def __init__(self, text: str) -> None:
        """Read ``diffusion``, ``gaussian splatting``, ``U-Net``, ``segment*``, ``-medical``, ``-"medical imaging"``."""
        text = text.strip()
        self.excludes = excludes(text)
        self.shown = (text[1:] if self.excludes else text).strip().strip(_QUOTES).strip()
        pieces = [Text(piece).words.strip(SIGNS) for piece in self.shown.split("*")]
        first, last = pieces[0], pieces[-1]
        # The first character comes first: it is quickly looked for.
        head = re.escape(first[:1])
        before = "" if not head or _STARTS_CJK.match(first) else f"{head}(?<={_BETWEEN}{head})"
        after = "" if last and _STARTS_CJK.match(last[-1]) else _BETWEEN
        ending = "" if last else _REST
        if after and last:
            pieces[-1], ending = _plural(last, self.shown)
        words = f"{_REST}{_BLANK}".join("".join(_spellings(piece)) for piece in pieces if piece)
        # Signs alone, and stars alone, find nothing.
        words = f"{before}{words[len(head) :]}" if before else words
        self._pattern = re.compile(f"{words}{ending}{after}" if words else "(?!)")
        # To look for letters costs a fraction of looking for the pattern, which few texts need.
        self._letters = max((Text(piece).letters for piece in pieces), key=len)

    def place_in(self, texts: Mapping[str, Text], letters: str) -> str:
        """Return the name of the first of ``texts`` that has it; "" if none has. ``letters`` are those of all."""
        if self._letters in letters:
            for place, text in texts.items():
                if self._letters in text.letters and self._pattern.search(text.words):
                    return place
        return ""


def _plural(words: str, shown: str) -> tuple[str, str]:
    """Return what singular and plural share of ``words``, and a pattern of how they end."""
    letters = _LAST_LETTERS.search(words)
    together = Text(words.rpartition(" ")[2]).letters
    if letters is None or letters.end(1) < len(words) or len(together) < _SHORTEST_PLURAL:
        return words, ""
    written, word = _LAST_LETTERS.search(shown), letters[1]
    is_acronym = written is not None and written[1].isupper() and len(written[1]) <= _LONGEST_ACRONYM
    if len(word) >= _SHORTEST_PLURAL and not is_acronym:
        for form, endings in _PLURALS:
            if kept := form.fullmatch(word):
                return words[: letters.start(1)] + kept[1], endings
    return words, "s?"


def _spellings(words: str) -> Iterator[str]:
    """Yield the pieces of a pattern that finds ``words`` as others may write them.

    A hyphen is a blank, or nothing: U-Net is UNet and U Net, and fewshot is few-shot. Letters and digits may be parted
    or not, and so may a version: SAM2 is SAM 2, YOLOv8 is YOLO v8. Digits never come together that were apart.
    """
    before, sign = "", ""
    for place, one in enumerate(words):
        if one in SIGNS:
            sign = "." if sign == "." else one
            continue
        is_version = one == "v" and words[place + 1 : place + 2].isdigit()
        gap = _gap(before, sign, one, is_version=is_version)
        yield ("" if gap == "-?" and len(words) < _SHORTEST_TORN else gap) + re.escape(one)
        before, sign = one, ""


def _gap(before: str, sign: str, after: str, *, is_version: bool) -> str:
    """Return a pattern of what may stand between two characters of a keyword that has ``sign`` there, or nothing."""
    if not before or (not sign and before.isdigit() and after.isdigit()):
        return ""
    if before.isdigit() and after.isdigit():  # 2.3 and 2,3 are numbers, 2-3 is none
        return {".": r" ?\. ?", "=": "="}.get(sign, "[ -]")
    if sign == ".":
        return f"{_BETWEEN}{{1,3}}"
    if sign == "-" or is_version or before.isdigit() != after.isdigit():
        # R1 and R-1 are not R@1, nor is T5 T = 5.
        return f"{_BLANK}?" if sign in (" ", "=") else "[ -]?"
    return _BLANK if sign else "-?"
