"""Which dollars of a text stand around maths, and which are money or a slip: one answer for every format."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_DOLLAR = re.compile(r"\\.|(?P<dollar>\$)", re.DOTALL)  # a backslash takes the next sign with it

_TEX = re.compile(r"\\[A-Za-z{|,;!]|[\^_{]")
_COMMAND_ALONE = re.compile(r"\\[A-Za-z]+")
_OPERATORS = ("-", "*", "/", "\u00b0", "\u00b7")  # that Unicode does not count among the mathematical signs
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_SIGNED_NUMBER = re.compile(rf" [+-]?{_NUMBER.pattern} | ?[+-]?{_NUMBER.pattern} ?\\% ?")
_PATH = re.compile(r"\{?[A-Za-z_]\w+\}?[/:](?:[\w.~-]*[/:])*")  # between $HOME/.config/ and $USER
_RELATION = re.compile(r"[=<>≤≥∈]")

_GROUP = re.compile(r"\{[^{}]*\}")
_MOST_GROUPS = 8  # inside one another
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_WORD = r"(?<![^\W\d_])[^\W\d_]{2,}+"
_WORDS = re.compile(_WORD)
_PROSE = re.compile(rf"{_WORD}[,;:.)\]'\u2019\"\u201d]?\s++[(\['\u2018\"\u201c]?{_WORD}")
_LINKING = re.compile(r"(?<!\S)(?:and?|as|at|by|for|from|in|is|of|on|or|per|than|the|to|vs\.?|with)(?!\S)")
_LONG_WORD = re.compile(r"[^\W\d_]{4}")

_BRACE = re.compile(r"[{}]")
_DELIMITER = re.compile(r"\\(?P<name>left|right)(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Maths:
    """Maths in a text, its dollars included: two, or four where it is to stand on a line of its own."""

    start: int
    end: int
    tex: str
    is_display: bool


def maths_in(text: str) -> Iterator[Maths]:
    r"""Yield the maths of ``text``, from left to right.

    arXiv typesets whatever stands between two dollars. A digest must not: ``$5 and $10`` is money, and after one
    dollar too many all prose would be maths. So two dollars pair if what is between them is maths by itself:

    - an operator, a relation, a command or a number alone, whatever follows: ``$<$50\%``, ``256$\times$256``;
    - else something that is no prose, without a blank inside the dollars and no digit behind them, as pandoc has it
      (https://pandoc.org/MANUAL.html#extension-tex_math_dollars). A digit may follow what has signs of TeX in it;
    - with blanks inside the dollars only what is plainly TeX: ``$ P(X) \in A $``, ``$ n = 5 $``, ``$ k $``, and a
      number with blanks on both sides: ``$ -0.3 $``, ``$ 90 \% $``.

    A path between two variables of a shell is none: ``$HOME/.config/$USER``.

    Prose is two words side by side, or one that links others, outside of all braces. A dollar that pairs with nothing
    is passed over alone, so that the next one can still open.
    """
    places = [found.start() for found in _DOLLAR.finditer(text) if found["dollar"]]
    place = 0
    while place < len(places) - 1:
        is_display = places[place + 1] == places[place] + 1
        width = 2 if is_display else 1
        start, closing = places[place], places[place + width : place + 2 * width]
        end = closing[-1] + 1 if closing else start
        tex = text[start + width : end - width]
        if len(closing) == width and end - closing[0] == width and _is_maths(tex, text[end : end + 1]):
            yield Maths(start, end, tex, is_display)
            place += 2 * width
        else:
            place += 1


def _is_maths(tex: str, follower: str) -> bool:
    bare = tex.strip()
    if _is_sign(bare) or _COMMAND_ALONE.fullmatch(bare) or _NUMBER.fullmatch(tex) or _SIGNED_NUMBER.fullmatch(tex):
        return True
    if (follower.isalpha() or follower in ("_", "{")) and _PATH.fullmatch(tex):
        return False
    words = _COMMAND.sub(" ", _without_groups(tex))
    if not bare or _PROSE.search(words) or _LINKING.search(words):
        return False
    has_tex, has_word = _TEX.search(tex) is not None, _LONG_WORD.search(words) is not None
    is_formula = has_tex or _RELATION.search(bare) is not None
    if bare == tex:
        return has_tex or not (follower.isdigit() or (has_word and " " in tex and not is_formula))
    if has_word or (bare[0].isdigit() and follower.isdigit()):
        return False
    return is_formula or ((bare[0].isalpha() or bare[0] == "(") and not _WORDS.search(words))


def _is_sign(text: str) -> bool:
    return len(text) == 1 and (text in _OPERATORS or unicodedata.category(text) == "Sm")


def _without_groups(tex: str) -> str:
    """Return ``tex`` without what stands in braces: names, indices, words that are set as text."""
    for _ in range(_MOST_GROUPS):
        if "{" not in tex:
            break
        tex = _GROUP.sub(" ", tex)
    return tex


def is_whole(tex: str) -> bool:
    """Whether ``tex`` can be set: braces and delimiters are closed, no index is missing, no ``%`` hides the rest."""
    bare = _COMMAND.sub("x", tex)
    lost = {"%", "#"} if r"\begin{" in tex else {"%", "#", "&"}  # a comment, a parameter, a column
    delimiters = [found["name"] for found in _DELIMITER.finditer(tex)]
    return (
        is_balanced(bare)
        and lost.isdisjoint(bare)
        and not bare.rstrip().endswith(("^", "_"))
        and delimiters.count("left") == delimiters.count("right")
    )


def is_balanced(text: str) -> bool:
    """Whether each brace of ``text`` is closed, and none before it was opened."""
    depth = 0
    for brace in _BRACE.findall(text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
