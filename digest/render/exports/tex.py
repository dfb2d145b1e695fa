"""Plain text → LaTeX that prints it, and that a BibTeX reader turns back into it.

What stands between dollars stays maths if it is safe to compile; everything else is text, in which no character
has a meaning for TeX.
"""

import re
from collections.abc import Iterator

# Money is told from maths, much as pandoc does it: a blank inside the dollars, or a digit after each of them.
_MATHS = re.compile(r"(?<![\\$])\$(?![0-9][^$]*\$[0-9])(?=[^\s$])(?P<inside>[^$]*[^\s$\\^_])\$(?!\$)")

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
_BRACE = re.compile(r"[{}]")
_ESCAPED_BRACE = re.compile(r"\\[{}]")
_COMMAND = re.compile(rf"\\(?P<name>[A-Za-z]+|[{_SYMBOLS}])?")
_ACTIVE = re.compile(r"[%#&]|\^\^")  # a comment, a parameter, a column, a character by its number
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


def tex(text: str) -> str:
    """Return ``text`` on one line of LaTeX, its braces balanced; a control character becomes U+FFFD."""
    line = _CONTROL.sub("\ufffd", _BLANKS.sub(" ", text).strip(" "))
    pieces = list(_pieces(line))
    literal = "".join(piece for piece, is_maths in pieces if not is_maths)
    escapes = _PAIRED if _is_balanced(literal) else _UNPAIRED
    return "".join(piece if is_maths else _escaped(piece, escapes) for piece, is_maths in pieces)


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    """Cut ``line`` into text and maths; say of each piece whether it is maths."""
    end = 0
    for maths in _MATHS.finditer(line):
        if _is_safe(maths["inside"]):
            yield line[end : maths.start()], False
            yield maths[0], True
            end = maths.end()
    yield line[end:], False


def _escaped(text: str, escapes: dict[int, str]) -> str:
    return _LIGATURE.sub(r"\g<0>{}", text.translate(escapes))


def _is_safe(maths: str) -> bool:
    """Whether ``maths`` can do nothing but print, and breaks nothing around it."""
    names = [command["name"] for command in _COMMAND.finditer(maths)]
    is_known = all(name in _KNOWN for name in names)
    is_inert = not _ACTIVE.search(_COMMAND.sub("", maths)) and not _INDEX_IN_TEXT.search(maths)
    is_whole = _is_balanced(maths) and _is_balanced(_ESCAPED_BRACE.sub("", maths))
    return is_known and is_inert and is_whole and names.count("left") == names.count("right")


def _is_balanced(text: str) -> bool:
    depth = 0
    for brace in _BRACE.findall(text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
