r"""A text with its LaTeX as Unicode, for a terminal: ``$\ell_0$`` → ℓ₀, ``11.78\%`` → 11.78%, ``\emph{e.g.}`` → e.g.

What a formula says must not change: one with anything that is not known to be set right stays as it was typed.
"""

import re
import unicodedata
from functools import cache
from typing import Any

from digest.render.maths import is_whole, maths_in

_LONGEST = 200
"""Characters of a formula that is set; the longest of 2,290 real papers has 127. It bounds how deep braces go, too."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_TEX = re.compile(r"[\\^_{}~]")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_IN_WORDS = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Mn"})  # of Unicode's categories: no signs above or below the line
_LONGEST_WORD = 3  # of small letters above or below the line

_UP = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW*∘\u2032\u2020",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ*°\u2032\u2020",
)
_DOWN = str.maketrans(
    "0123456789+-=()aehijklmnoprstuvx\u03b2\u03b3\u03c1\u03c6\u03c7", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
)

_AS_IT_IS = frozenset(
    {
        *("text", "textbf", "textit", "textrm", "textsf", "texttt", "textsc", "textsl", "textup", "textnormal"),
        *("mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathnormal", "boldsymbol", "bm", "ensuremath"),
        *("emph", "underline", "mbox", "operatorname"),
    }
)
"""What only looks other than the text in it."""

_ALPHABETS = {
    "mathbb": "DOUBLE-STRUCK",
    "mathds": "DOUBLE-STRUCK",
    "mathcal": "SCRIPT",
    "mathscr": "SCRIPT",
    "mathfrak": "FRAKTUR",
}
"""What means something else than the plain letter."""

_ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
}
_FRACTIONS = ("frac", "dfrac", "tfrac", "nicefrac")
_SIZES = frozenset({"left", "right", *(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in "lrm")})

_FUNCTIONS = (
    "arg",
    "argmax",
    "argmin",
    "cot",
    "csc",
    "deg",
    "det",
    "dim",
    "gcd",
    "hom",
    "ker",
    "lg",
    "mod",
    "Pr",
    "sec",
)
_SPACED = (r"\,", r"\:", r"\;", "\\ ", r"\quad", r"\qquad", "~")
_UNSEEN = (r"\!", r"\displaystyle", r"\textstyle", r"\limits", r"\big", r"\Big", r"\bigg", r"\Bigg")
_ALONE = (
    dict.fromkeys(_SPACED, " ")
    | dict.fromkeys(_UNSEEN, "")
    | {rf"\{sign}": sign for sign in "%&#_${}"}
    | {rf"\{name}": name for name in _FUNCTIONS}
    | {r"\|": "‖", r"\colon": ":", r"\prime": "\u2032", r"\bot": "⊥", r"\ddagger": "‡", r"\triangle": "△"}
    | {r"\ne": "≠", r"\neg": "¬", r"\land": "∧", r"\lor": "\u2228", r"\iff": "⇔", r"\implies": "⇒", r"\gets": "←"}
    | {r"\Re": "\u211c", r"\Im": "\u2111", r"\Box": "□"}
)
"""What pylatexenc does not know, or has otherwise, by its token."""

_WRAPPED = re.compile(
    rf"\\(?P<name>{'|'.join(_AS_IT_IS - {'ensuremath'})}|textsuperscript|textsubscript) *\{{(?P<inside>[^{{}}]*)\}}"
)
_ESCAPED = re.compile(r"\\([%&#_$])")
_MOST_WRAPPED = 3  # inside one another


class _UnsetError(Exception):
    """A formula has something that is not known to be set right."""


def in_unicode(text: str) -> str:
    """Return plain ``text``, its LaTeX read where that is sure; the rest stays as it was typed."""
    if "\\" not in text and "$" not in text:
        return text
    pieces, end = [], 0
    for maths in maths_in(text):
        typed = text[maths.start : maths.end]
        pieces += [prose(text[end : maths.start]), _set(maths.tex, typed)]
        end = maths.end
    return "".join([*pieces, prose(text[end:])])


def prose(text: str) -> str:
    r"""Return text outside of formulas without the TeX that styles it: ``78\%`` is 78%."""
    if "\\" not in text:
        return text
    for _ in range(_MOST_WRAPPED):
        if "{" not in text:
            break
        text = _WRAPPED.sub(_unwrapped, text)
    return _ESCAPED.sub(r"\1", text)


def _unwrapped(command: re.Match[str]) -> str:
    match command["name"]:
        case "textsuperscript":
            return _above(command["inside"], "")
        case "textsubscript":
            return _below(command["inside"], "")
        case _:
            return command["inside"]


def _set(tex: str, typed: str) -> str:
    if not _TEX.search(tex):
        return tex.strip()
    if len(tex) > _LONGEST or not is_whole(tex):
        return typed
    try:
        return unicodedata.normalize("NFC", _Formula(tex).text().strip())
    except (_UnsetError, RecursionError):
        return typed


@cache
def _symbols() -> Any:
    # With its tables it takes longer to load than click: only texts with maths need it.
    from pylatexenc.latex2text import get_default_latex_context_db  # type: ignore[import-untyped]  # noqa: PLC0415

    return get_default_latex_context_db()


def _symbol(name: str) -> str:
    """Return what a command alone stands for by pylatexenc: a sign for ``times``, "log" for ``log``."""
    known = _symbols().get_macro_spec(name)
    sign = known.simplify_repl if known else None
    # What else pylatexenc has for a command is a text that goes without what stood in it.
    if isinstance(sign, str) and sign.isprintable() and (sign == name or (len(sign) == 1 and sign != "%")):
        return sign
    raise _UnsetError


class _Formula:
    """A formula's tokens, read from left to right by TeX's rule of what an argument is."""

    def __init__(self, tex: str) -> None:
        self._tokens = [found[0] for found in _TOKEN.finditer(tex)]
        self._place = 0

    def text(self, end: str = "") -> str:
        """Return the text up to the token ``end``, which is passed over."""
        shown = ""
        while self._place < len(self._tokens) or end:
            token = self._next()
            if token == end:
                break
            piece = self._one(token)
            if piece.isalpha() and token[1:] == piece:  # a function: the letters around it are no part of its name
                before, after = shown[-1:].isalnum(), self._follower.isalnum() or self._follower[:1] == "\\"
                piece = f"{' ' if before else ''}{piece}{' ' if after else ''}"
            elif token[0] == "\\" and len(piece) == 1 and not shown.endswith(" "):
                self._pass_the_end_of_a_name()
            shown += piece
        return shown

    def _next(self) -> str:
        if self._place == len(self._tokens):
            raise _UnsetError
        self._place += 1
        return self._tokens[self._place - 1]

    @property
    def _follower(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _pass_blanks(self) -> None:
        while self._follower.isspace():
            self._next()

    def _pass_the_end_of_a_name(self) -> None:
        r"""Pass over blanks that may be there for TeX alone, as in ``X\to Y``."""
        rest = "".join(self._tokens[self._place :]).lstrip()
        if rest[:1] == "\\" or (rest[:1].isascii() and rest[:1].isalpha()):
            self._pass_blanks()

    def _argument(self) -> str:
        self._pass_blanks()
        return self._one(self._next())

    def _one(self, token: str) -> str:
        match token:
            case "{":
                return self.text("}")
            case "^":
                return _above(self._argument(), self._follower)
            case "_":
                return _below(self._argument(), self._follower)
            case "}" | "&":
                raise _UnsetError
        if token in _ALONE:
            return _ALONE[token]
        return self._command(token[1:]) if token[0] == "\\" else token

    def _command(self, name: str) -> str:
        if name in _SIZES:
            if self._follower == ".":  # no delimiter
                self._next()
            return ""
        if name == "operatorname" and self._follower == "*":
            self._next()
        if name in _FRACTIONS:
            return f"{_in_one(self._argument())}/{_in_one(self._argument())}"
        if name == "sqrt" and self._follower != "[":
            return f"√{_in_one(self._argument())}"
        if name in _ALPHABETS:
            return "".join(_letter(one, _ALPHABETS[name]) for one in self._argument())
        if name in _ACCENTS:
            return _accented(self._argument(), _ACCENTS[name])
        return self._argument() if name in _AS_IT_IS else _symbol(name)


def _above(text: str, follower: str) -> str:
    return _moved(text, follower, "^", _UP)


def _below(text: str, follower: str) -> str:
    return _moved(text, follower, "_", _DOWN)


def _moved(text: str, follower: str, mark: str, signs: dict[int, int]) -> str:
    """Return ``text`` above or below the line, or behind a ``mark``, told apart from what follows."""
    if all(ord(one) in signs for one in text) and (len(text) <= _LONGEST_WORD or not text.isalpha()):
        return text.translate(signs)
    is_apart = len(text) == 1 or not (follower.isalnum() or follower == ".")
    return f"{mark}{_in_one(text)}" if is_apart else f"{mark}({text})"


def _letter(letter: str, alphabet: str) -> str:
    if not (letter.isascii() and letter.isalnum()):
        return letter
    size = "DIGIT" if letter.isdigit() else "CAPITAL" if letter.isupper() else "SMALL"
    name = unicodedata.name(letter).rpartition(" ")[2]
    kind = "BLACK-LETTER" if alphabet == "FRAKTUR" else alphabet
    for known in (f"{kind} {size} {name}", f"MATHEMATICAL {alphabet} {size} {name}"):  # the first few are older
        try:
            return unicodedata.lookup(known)
        except KeyError:
            continue
    raise _UnsetError


def _accented(letter: str, accent: str) -> str:
    if len(letter) != 1:
        raise _UnsetError
    return letter + accent


def _in_one(text: str) -> str:
    """Return ``text`` in parentheses, unless it is a sign, a word or a number alone."""
    is_one = len(text) == 1 or _NUMBER.fullmatch(text) or all(unicodedata.category(one) in _IN_WORDS for one in text)
    return text if is_one else f"({text})"
