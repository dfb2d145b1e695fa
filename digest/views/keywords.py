"""A keyword as its user wrote it → whether a text has it. docs/VIEWS.md tells these rules to users."""

import re
from collections.abc import Iterator, Mapping, Sequence

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
_TORN = "-?"  # between letters, where the keyword has nothing
_MOST_SPELLINGS = 16  # of a stem; "3D-2D-1D" has more
_SMALL = re.compile("an?|and|as|at|be|by|for|from|in|is|it|not?|off?|on|or|out|over|so|the|to|up|we|with")
"""What stands before other words everywhere: "an isotropic" has nothing to do with "anisotropic"."""

_PLURALS = (
    (re.compile(r"(.*(?:[^aeiou]|qu))y"), ("y", "ys", "ies")),  # ontology
    (re.compile(r"(..+)is"), ("is", "ises", "es")),  # hypothesis
    (re.compile(r"(.+)ix"), ("ix", "ixes", "ices")),  # matrix
    (re.compile(r"(.+)ex"), ("ex", "exes", "ices")),  # vertex
    (re.compile(r"(.*z)"), ("", "s", "es", "zes")),  # quiz
    (re.compile(r"(.*(?:[sxo]|[cs]h))"), ("", "s", "es")),  # box, class, echo, mesh
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
        self._endings: Sequence[str] = ("",)
        if after and last:
            pieces[-1], self._endings = _plural(last, self.shown)
            ending = f"(?:{'|'.join(self._endings)})"
        self._pieces = pieces
        words = f"{_REST}{_BLANK}".join(
            "".join(f"{gap}{re.escape(one)}" for gap, _, one in _gaps(piece)) for piece in pieces if piece
        )
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

    @property
    def goes_on(self) -> bool:
        """Whether it ends with a star."""
        return len(self._pieces) > 1 and not self._pieces[-1]

    @property
    def spellings(self) -> tuple[Sequence[str], Sequence[str]]:
        """How it may stand in a text of which an index has the words, without the signs between them.

        The second ones are those with a word that a hyphen tears, which may be two words there. A star may stand at
        its end alone.
        """
        wholes, tears = _divided(self._pieces[0])
        torn = [f"{wholes[0][:place]} {wholes[0][place:]}" for place in tears if _may_be_torn(wholes[0], place)]
        return [f"{one}{end}" for one in wholes for end in self._endings if one], [
            f"{one}{end}" for one in torn for end in self._endings
        ]


def _plural(words: str, shown: str) -> tuple[str, Sequence[str]]:
    """Return what singular and plural share of ``words``, and how they end."""
    letters = _LAST_LETTERS.search(words)
    together = Text(words.rpartition(" ")[2]).letters
    if letters is None or letters.end(1) < len(words) or len(together) < _SHORTEST_PLURAL:
        return words, ("",)
    written, word = _LAST_LETTERS.search(shown), letters[1]
    is_acronym = written is not None and written[1].isupper() and len(written[1]) <= _LONGEST_ACRONYM
    if len(word) >= _SHORTEST_PLURAL and not is_acronym:
        for form, endings in _PLURALS:
            if kept := form.fullmatch(word):
                return words[: letters.start(1)] + kept[1], endings
    return words, ("", "s")


def _gaps(words: str) -> Iterator[tuple[str, str, str]]:
    """Yield the characters of ``words``, each after a pattern of what others may write before it, and what is there.

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
        yield ("" if gap == _TORN and len(words) < _SHORTEST_TORN else gap), sign, one
        before, sign = one, ""


def _divided(words: str) -> tuple[list[str], list[int]]:
    """Return the ways in which blanks may divide ``words``, first as they are, and where a hyphen may tear that one."""
    wholes, tears = [""], []
    for gap, sign, one in _gaps(words):
        if gap == _TORN:
            tears.append(len(wholes[0]))
            between = [""]
        else:
            forms = {"": re.fullmatch(gap, ""), " ": any(re.fullmatch(gap, form) for form in SIGNS)}
            between = sorted(filter(forms.get, forms), key=bool, reverse=bool(sign))
        wholes = [f"{whole}{blank}{one}" for whole in wholes for blank in between][:_MOST_SPELLINGS]
    return wholes, tears


def is_small(word: str) -> bool:
    """Whether a word stands before others everywhere."""
    return _SMALL.fullmatch(word) is not None


def _may_be_torn(words: str, place: int) -> bool:
    """Whether neither part of a word that is torn at ``place`` stands before others everywhere."""
    parts = (words[:place].rpartition(" ")[2], words[place:].partition(" ")[0])
    return not any(map(is_small, parts))


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
    return _BLANK if sign else _TORN
