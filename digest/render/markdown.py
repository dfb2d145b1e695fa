"""Foreign text → markdown that shows exactly that text, in CommonMark, in GitHub's dialect and on GitHub's site.

What CommonMark (https://spec.commonmark.org/0.31.2/) or GitHub's extensions of it (https://github.github.com/gfm/)
would read as markup gets a backslash. What GitHub finds in the finished page instead, where no backslash is left
(mentions, references, emoji, e-mail addresses, dollars), is broken by an element that shows nothing of its own.

For templates that keep texts as they are (``classic``), ``inert`` and ``unarmed`` take from a text only what acts.
"""

import html
import re
from collections.abc import Iterator
from urllib.parse import quote

from digest.model import Paper
from digest.render.maths import Maths, is_whole, maths_in

_CONTROLS = r"\x00-\x08\x0b\x0e-\x1f\x7f-\x9f"
_OVERRIDES = r"\u202a-\u202e\u2066-\u2069"
_AS_REFERENCES = rf"\t\n\f\r\u2028\u2029\ufeff{_OVERRIDES}"

_UNSHOWN = re.compile(
    r"\\(?:href|url|includegraphics|require|class|style|cssId|html[A-Za-z]*|data|csname|[egx]?def|let"
    r"|(?:re)?new[A-Za-z]+|[Dd]eclare[A-Za-z]+|bbox|toggle|mathtip|texttip|(?:cell|column|row)color"
    r"|bm|mathbbm|mathds|emph|textsc|textsuperscript|xspace|ensuremath|cite[a-z]*|footnote)(?![A-Za-z])"
    r"|\\(?:operatorname|[hv]?phantom|f?colorbox|mathchoice|unicode|mmlToken|Newextarrow)"
    rf"|\]:|[`{_CONTROLS}{_AS_REFERENCES}]"
)
r"""TeX that makes links or elements, loads something, or changes what later maths of the page means; what GitHub cannot
set; what would end the label of a reference's definition, which markdown looks for before it knows of code spans; and
what would end the code span. Such maths stays text.

GitHub runs MathJax 3.2.0 without its packages bbox, html, require, newcommand, action and colortbl, so that their names
are unknown, as are some of LaTeX's that authors use. It refuses formulas that have one of fifteen others anywhere:
"The following macros are not allowed: operatorname" (https://github.com/github/markup/issues/1688).
"""

_SET_AS_TEXT = re.compile(r"\\(?:text[a-z]*|mbox)\{[^{}\\$]*\}")  # where MathJax, unlike TeX, shows a %

_SIGNS = rf"\\`*\[\]~|#_<&:!$@{_AS_REFERENCES}{_CONTROLS}"
_AROUND = (
    r"""(?:
      (?P<escape> (?<=[\\`*\[\]~|]) | (?<=\#)(?!\d)
        | (?<=_)(?: (?<![A-Za-z0-9]_) | (?![A-Za-z0-9]) )  # inside a word it means nothing
        | (?<=<)(?=[A-Za-z/!?]|$)
        | (?<=&)(?=\#?[A-Za-z0-9]*(?:;|$))                 # the start of an entity
        | (?<=:)(?=//) | (?<=www\.)                        # GitHub makes links of addresses
        | (?<=!)$ )                                        # what a template puts next could be a link
    | (?P<text_node> (?<=[$\#])
        | (?<=@)(?<![A-Za-z0-9]@)(?=[A-Za-z0-9])           # a mention
        | (?<=@)(?=[\w-]*\.[\w.-]*?[A-Za-z])               # an e-mail address, but not mAP@0.5
        | (?<=:)(?=[\w+-]+:)                               # an emoji
        | (?<=GH-)(?<![A-Za-z0-9]GH-)(?=\d) )              # an issue
    | (?P<reference> (?<=["""
    + _AS_REFERENCES
    + r"""]) )
    | (?P<control> (?<=["""
    + _CONTROLS
    + r"""]) ) )
    """
)
_FLAGS = re.ASCII | re.VERBOSE | re.IGNORECASE
# One sign, so that all others are passed over at once, and then what it has around it.
_LIVE, _LIVE_BUT_FOR_RARE = (re.compile(f"[{signs}]{_AROUND}", _FLAGS) for signs in (f"-.{_SIGNS}", _SIGNS))
_COMMIT = re.compile(r"[0-9a-f](?<![A-Za-z0-9].)[0-9a-f]{6,39}(?![A-Za-z0-9])", re.ASCII | re.IGNORECASE)
_SHORTEST_COMMIT, _LONGEST_COMMIT, _COMMIT_PIECE = 7, 40, 6
"""GitHub takes from seven to forty hexadecimal digits for a commit."""
_DIGITS = b"0" * _SHORTEST_COMMIT
_AS_DIGITS = bytes.maketrans(b"123456789abcdefABCDEF", b"0" * 21)

_FIRST = re.compile(r"(?=[-+=>^]|:-)|\d{1,9}(?=[.)](?:\s|$))", re.ASCII)
"""What starts a list, a quote, a rule or the underline of a heading or table, if it comes first on a line, or a
footnote, if it comes first in a link."""

_LIQUID = re.compile(r"\{(?=[{%])")
_MATHS_SHOWN = re.compile(r"(\$`[^`]*`\$)")
_EDGE_BLANK = re.compile(r"^\s|\s$")
_BIDI = re.compile(f"[{_OVERRIDES}]")
_IN_ADDRESSES = "!#$%&'()*+,-./:;=?@[]_~"  # RFC 3986, section 2; a "%" that begins no escape is none of it
_IN_LINKS = ":/?#@!&'*+,;=%-._~"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WEB_ADDRESS = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_BEFORE_MATHS = ("", " ", "(")
_NAME = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_NOTHING = "<span></span>"  # beside which another text begins


def escaped(text: str) -> str:
    r"""Return one line of markdown that shows plain ``text``, whatever it is, and nothing else.

    An engine gives back the same characters, but for two kinds: controls that no text has a use for become U+FFFD,
    as CommonMark has it for NUL, and a browser shows several blanks as one. Line ends, other than blank white space,
    byte order marks and overrides of the writing direction become numeric references; overrides end with the text.
    Maths between dollars becomes GitHub's form that no other markup can touch, a code span between dollars. Maths
    that does more than look like maths, or that GitHub could not set, is text.
    """
    if len(text) < _LONGEST_COMMIT and _NAME.fullmatch(text):  # as most texts are: the names of authors
        return text
    pieces, end = [], 0
    for maths in _shown_in(text) if "$" in text else ():
        pieces += [_plain(text[end : maths.start]), _shown_maths(maths, text[: maths.start][-1:])]
        end = maths.end
    line = "".join([*pieces, _plain(text[end:])])
    first = _FIRST.match(line)
    line = f"{first[0]}\\{line[first.end() :]}" if first else line
    if line[:1].isspace() or line[-1:].isspace():
        line = _EDGE_BLANK.sub(_reference, line)
    line = _without_liquid(line)
    return f'<span dir="auto">{line}</span>' if not text.isascii() and _BIDI.search(text) else line


def linked(text: str, target: str) -> str:
    """Return a link to ``target`` that shows plain ``text``, as ``escaped`` does; maths stands beside it.

    GitHub sets none inside a link (https://github.com/nschloe/github-math-bugs), so that the link goes on behind it.
    """
    pieces, end = [], 0  # text and maths in turn
    for maths in _shown_in(text) if "$" in text else ():
        pieces += [text[end : maths.start], text[maths.start : maths.end]]
        end = maths.end
    pieces.append(text[end:])
    if len(pieces) == 1 or not any(map(str.strip, pieces[::2])):
        return f"[{escaped(text)}]({target})"
    last = len(pieces) - 1
    return "".join(
        escaped(piece) if place % 2 else _link(piece, target, after=place > 0, before=place < last)
        for place, piece in enumerate(pieces)
    )


def _link(piece: str, target: str, *, after: bool, before: bool) -> str:
    """Return a piece of a link's text ``after`` maths, ``before`` it, or both, as a link without the blanks there."""
    words = piece.lstrip(" ") if after else piece
    lead = piece[: len(piece) - len(words)]
    shown = words.rstrip(" ") if before else words
    if not shown:
        return piece or (_NOTHING if after and before else "")
    return f"{lead}[{escaped(shown)}]({target}){words[len(shown) :]}"


def _shown_in(text: str) -> Iterator[Maths]:
    """Yield the maths of ``text`` that GitHub sets, and that does nothing but look like maths."""
    for maths in maths_in(text):
        whole = is_whole(_SET_AS_TEXT.sub(lambda words: words[0].replace("%", ""), maths.tex))
        if whole and not _UNSHOWN.search(maths.tex):
            yield maths


def _without_liquid(line: str) -> str:
    """Return a ``line`` of markdown that shows the same, and in which Jekyll sees no command of Liquid.

    It looks for "{{" and "{%" before it knows of any markdown, in code spans too
    (https://github.com/jekyll/jekyll/blob/v3.10.0/lib/jekyll/utils.rb#L154, which GitHub Pages uses). A blank between
    two braces is nothing to TeX in maths.
    """
    if "{{" not in line and "{%" not in line:
        return line
    pieces = _MATHS_SHOWN.split(line)  # texts, and between any two of them maths
    return "".join(_LIQUID.sub("{ " if place % 2 else "&#123;", piece) for place, piece in enumerate(pieces))


def _plain(text: str) -> str:
    folded = text.lower()
    live = _LIVE if "www." in folded or "gh-" in folded else _LIVE_BUT_FOR_RARE
    line = live.sub(_harmless, text)
    return _COMMIT.sub(_in_pieces, line) if _DIGITS in line.encode(errors="replace").translate(_AS_DIGITS) else line


def _shown_maths(maths: Maths, before: str) -> str:
    r"""Return ``maths`` in GitHub's form, in a text of its own if what stands ``before`` it asks for that.

    GitHub looks for it in each text of the finished page, and lets a dollar open behind a blank, an opening bracket or
    nothing: ``a$`x`$`` stays raw (https://github.com/github/markup/issues/1742). An empty element ends the text before;
    it shows nothing, and neither is it copied. A code span that has a blank at both ends loses them, so that it gets
    one more.
    """
    tex = f" {maths.tex} " if maths.tex.startswith(" ") and maths.tex.endswith(" ") else maths.tex
    if maths.is_display:
        return f"{_own_node('$')}$`{tex}`${_own_node('$')}"
    return f"{'' if before in _BEFORE_MATHS else _NOTHING}$`{tex}`$"


def _harmless(live: re.Match[str]) -> str:
    match live.lastgroup:
        case "escape":
            return f"\\{live[0]}"
        case "text_node":
            return _own_node(live[0])
        case "reference":
            return _reference(live)
        case _:
            return "\ufffd"


def _own_node(sign: str) -> str:
    """Return ``sign`` as a text of its own, beside which GitHub sees nothing."""
    return f"<span>{sign}</span>" if sign in "@:-" else f"<span>\\{sign}</span>"


def _in_pieces(commit: re.Match[str]) -> str:
    """Return the name of a commit in pieces that are none; the last stays bare, so that it guards what follows."""
    digits = commit[0]
    if len(digits) < _LONGEST_COMMIT and (digits.isdigit() or digits.isalpha()):
        return digits
    pieces = [digits[start : start + _COMMIT_PIECE] for start in range(0, len(digits), _COMMIT_PIECE)]
    return "".join(f"<span>{piece}</span>" for piece in pieces[:-1]) + pieces[-1]


def _reference(character: re.Match[str]) -> str:
    return f"&#{ord(character[0])};"


def is_web_address(url: str) -> bool:
    """Whether ``url`` is one of http or https with a host: what a digest may link to."""
    return _WEB_ADDRESS.match(url) is not None


def web_address(url: str, allowed: str = _IN_ADDRESSES) -> str:
    """Return ``url`` with every character percent-encoded that is not ``allowed``: by RFC 3986, in any address."""
    return quote(_LONE_PERCENT.sub("%25", url), safe=allowed)


def destination(url: str) -> str:
    """Return ``url`` as the target of a markdown link, from which no character can break out.

    It may end up percent-encoded where it was not, which addresses the same. An ``&`` is written as an entity,
    which engines undo, so that none is made by what follows it.
    """
    return web_address(url, _IN_LINKS).replace("&", "&amp;")


def code_urls(paper: Paper) -> list[str]:
    """Return the addresses in the web of the paper's code, in the order of their mention."""
    return [link.url for link in paper.links if link.kind == "code" and is_web_address(link.url)]


_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")

_UNESCAPED = r"(?<!\\)(?P<before>(?:\\\\)*"
_IMAGE = re.compile(rf"{_UNESCAPED}!)\[")
_LINK = re.compile(rf"{_UNESCAPED})(?P<target>\]\([^()\[\]]*)")
_DEFINITION = re.compile(
    r"(?P<before>(?:[>*+-]|\d{1,9}[.)]|\s)*"  # it may stand in a list or a quote
    r"\[(?:[^\[\]\\]|\\.)*)(?P<target>\]:[^()\[\]]*)"
)

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\\]")
_SCHEME = re.compile(r"\][(:]<?(?P<scheme>[a-z][a-z0-9+.-]*):")
_HARMLESS = ("http", "https", "ftp", "mailto")


def inert(text: str) -> str:
    """Return plain ``text`` with every ``<`` escaped that markdown would take for the start of a tag."""
    return _TAG_START.sub("&lt;", text)


def unarmed(text: str) -> str:
    """Return markdown in which no image is loaded, and no link leads to a script, a file or the like.

    It may hold tags, such as those of an abstract. An image's ``[`` gets a backslash; so does the ``]`` of a link, or
    of a reference's definition, whose target has another scheme than http, https, ftp and mailto, however spelled.
    """
    if "]" not in text:
        return text
    if "![" in text:
        text = _IMAGE.sub(r"\g<before>\[", text)
    if "](" in text:
        text = _LINK.sub(_without_script, text)
    if "]:" in text and (definition := _DEFINITION.match(text)):
        text = _without_script(definition) + text[definition.end() :]
    return text


def _without_script(link: re.Match[str]) -> str:
    # An engine undoes entities and backslashes; a browser leaves out what is not seen.
    target = _UNSEEN.sub("", html.unescape(link["target"])).lower()
    scheme = _SCHEME.match(target)
    is_harmless = scheme is None or scheme["scheme"] in _HARMLESS
    return link[0] if is_harmless else f"{link['before']}\\{link['target']}"
