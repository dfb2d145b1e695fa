r"""Canonical HTML → the text as its author typed it, on one line, with what TeX and haste did to addresses undone.

Also the words of a paper's texts together, by which its names are known.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from digest.parse.links.addresses import TOP_LEVEL, canonical_url

_ANCHOR = re.compile(r"<a ([^<>]*)>([^<]*)</a>")
_ATTRIBUTE = re.compile(r'(href|data-doi|data-arxiv-id)="([^"]*)"')
_HOST_IN_PATH = re.compile(r"^https://arxiv\.org/+(?=[\w-]+\.[\w.-]+/)")
_SUFFIXES = "py|md|js|ts|sh|txt|git|json|yaml|ipynb"  # of files, which arXiv takes for hosts
_AUTHORS_SCHEME = re.compile(
    r"http://(?:[0-9]+(?:\.[0-9]+){3}[:/]"
    rf"|[A-Za-z0-9][\w-]*\.(?:[\w-]+\.)*(?!(?:{TOP_LEVEL}|{_SUFFIXES})[:/])[a-z]+(?::[0-9]+)?/)"
)
# A look at one character ahead spares most sentences the many names of domains.
_WITHOUT_SCHEME = re.compile(
    rf"\.(?: ?\$?(?=[a-zCINO])(?:(?:{TOP_LEVEL})(?![a-z0-9])|(?:COM|IO|ORG|NET)/)|(?<=[Ww]{{3}}\.)\w)"
)
_TYPED = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF]) | str.maketrans(
    "\u2010\u2011\u2212\uff1a\uff0e\uff0f\uff5e\u223c\u02dc", "---:./~~~"
)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
LEAST_OF_A_NAME = 4  # characters
_CAPITALS_AND_DIGITS = re.compile(r"[A-Z0-9]")
_HOLDS_AN_ADDRESS = re.compile(r"\w[./]\w")
_MEANT = 400  # characters in front of the first address that may belong to it

_SPELLINGS = {
    "~": r"\$ ?\\(?:sim|tilde)(?: ?\{ ?\})? ?\$|\\(?:textasciitilde|texttildelow|string~|sim)(?![a-z])(?:\{\})?"
    r"|\\~(?:\{ ?\})?",
    "_": r"\$\\?_\$|\\(?:textunderscore|string_)(?![a-z])(?:\{\})?|\\_(?:\{\})?",
    "-": r"\$-\$|\\-",
    ".": r"\$\.\$",
    "#": r"\\#",
    "%": r"\\%",
    "&": r"\\&",
    "/": r"\\slash(?![a-z])(?:\{\})?|\\/",
    "": rf"\\allowbreak(?![a-z])(?:\{{\}})?|\$(?=\.(?:{TOP_LEVEL})\b)|(?<=\w\.)\$(?=(?:{TOP_LEVEL})\b)",
    " ": r"\\(?:linebreak|newline)(?![a-z])|\\\\",
}
r"""How TeX spells the characters of an address: ``\_``, ``\~{}``, ``$\sim$``, ``github$.$com``."""

_SPELLED = re.compile(
    r"(?=[{\\$])(?:"
    + "|".join(rf"(?P<c{number}>\{{(?:{tex})\}}|{tex})" for number, tex in enumerate(_SPELLINGS.values()))
    + ")"
)
_CHARACTERS = {f"c{number}": character for number, character in enumerate(_SPELLINGS)}
_TILDE = re.compile(r"(?<=/)[ãñõĩũÃÑÕĨŨ]")
_WITHOUT_TILDE = str.maketrans("ãñõĩũÃÑÕĨŨ", "anoiuANOIU")

_ONE_SCHEME = r"[hH][tT][tT][pP][sS\u017f]?(?: ?[:;]+ ?/[/ ]*|//)"  # so written, few places are looked at twice
_SCHEME = re.compile(f"{_ONE_SCHEME}(?:{_ONE_SCHEME})*")
_SPACED_DOT = re.compile(r"(?: \.|\.(?= )) ?(?P<top>com|io|co|org|science|app)(?![\w-])")
_NAMES_BEFORE_DOT = ("github", "gitlab", "huggingface", "kaggle", "zenodo", "4open", "youtube", "netlify")
_TEX_LINK = re.compile(
    r"\\(?:href|hyperlink) ?\{ ?(?P<target>[^ {}]+) ?\} ?"
    r"\{(?P<shown>(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+)\}"
)
_MARKDOWN_LINK = re.compile(r"\[(?P<shown>[^\[\]]{0,300})\] ?\((?P<target>(?:[^ ()]|\([^ ()]*+\))++)\)")
_ADDRESS = re.compile(rf"https://|\w\.(?:{TOP_LEVEL})(?:/|$)")


def with_addresses(line: str) -> str | None:
    """Return the text from the sentence of the first address on; None, as mostly, if nothing looks like one."""
    small = line.lower()
    start = small.find("http")
    without_scheme = _WITHOUT_SCHEME.search(line, 0, start if start >= 0 else len(small))
    if without_scheme:
        start = without_scheme.start()
    if start < 0:
        return None
    # The first address is the first anchor's, so that no tag but <br>, which has no blank, is cut.
    return authored(line[line.rfind(" ", 0, max(0, start - _MEANT)) + 1 :])


def authored(line: str) -> str:
    """Return the text that arXiv made ``line`` of: each anchor is again what stood in its place, a break a blank.

    What comes along when an address is copied is undone: characters without width go, other hyphens and tildes
    become the keyboard's.
    """
    if "<" in line:
        line = _ANCHOR.sub(_typed, line).replace("<br>", " ")
    text = html.unescape(line)
    return " ".join(text.split()) if text.isascii() else " ".join(text.translate(_TYPED).split())


def _typed(anchor: re.Match[str]) -> str:
    """Return what the author typed, still escaped: a DOI, an arXiv id, or an address.

    arXiv sets ``http://`` before an address without a scheme, and the anchor does not tell: the scheme is left
    out, since an address counts without it, unless it would not: on an IP, or on an unknown top-level domain
    with a path. ``https:/host`` has become a path on arXiv, as browsers read it.
    """
    attributes = dict(_ATTRIBUTE.findall(anchor[1]))
    shown: str = anchor[2]
    if "data-doi" in attributes:
        return str(attributes["data-doi"])
    if "data-arxiv-id" in attributes or shown.startswith("arXiv:"):
        return shown
    address = _HOST_IN_PATH.sub("https://", str(attributes.get("href", "")))
    is_arxivs = shown == "this http URL" and not _AUTHORS_SCHEME.match(address)
    return address.removeprefix("http://") if is_arxivs else address


def mended(text: str) -> str:
    r"""Return ``text`` with each scheme as ``https://``, TeX's spellings undone, and links as their words and target.

    A scheme may be broken, doubled or run into the word before: ``https: //``, ``http://http://``, ``athttps://``.
    """
    if "\\" in text or "$" in text:
        text = _SPELLED.sub(lambda spelling: _CHARACTERS[str(spelling.lastgroup)], text)
    if not text.isascii():
        text = _TILDE.sub(lambda letter: "~" + letter[0].translate(_WITHOUT_TILDE), text)
    text = _SPACED_DOT.sub(_closed_dot, _SCHEME.sub("https://", text))
    return _MARKDOWN_LINK.sub(_words_and_target, _TEX_LINK.sub(_words_and_target, text))


def _closed_dot(dot: re.Match[str]) -> str:
    """``github. com`` is a host; "on our site. com" is not."""
    is_host = dot.string[max(0, dot.start() - 12) : dot.start()].lower().endswith(_NAMES_BEFORE_DOT)
    return f".{dot['top']}" if is_host else dot[0]


def _words_and_target(link: re.Match[str]) -> str:
    """Return the words of a link and where it leads; another address among the words counts if the target is none."""
    shown, target = link["shown"], link["target"]
    if not _ADDRESS.search(shown):
        return f"{shown} {target} "
    return f"{shown} " if canonical_url(target) is None else f"{target} "


@dataclass
class Words:
    """The words of a paper's title, abstract and comments, by which the names that it uses are known."""

    title: str
    lines: Iterable[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """The words that are written like names, "OwnNet-3D", in small letters and digits alone."""
        return frozenset(_letters(word).lower() for words in self._words for word in words if is_like_a_name(word))

    def use_as_name(self, name: str) -> bool:
        """Whether they hold ``name``, of small letters and digits, written like one: "OwnNet", or "Own Net"."""
        if name not in self._used:
            found = (self._joined[match.start() : match.end()] for match in re.finditer(name, self._joined.lower()))
            self._used[name] = any(map(is_like_a_name, found))
        return self._used[name]

    def times(self, name: str) -> int:
        """Return how often ``name`` stands anywhere, in addresses too."""
        if name not in self._counted:
            self._counted[name] = sum(text.count(name) for text in self._texts)
        return self._counted[name]

    @cached_property
    def _used(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _counted(self) -> dict[str, int]:
        return {}

    @cached_property
    def _joined(self) -> str:
        """The letters and digits of all words, a blank between the texts."""
        return " ".join("".join(map(_letters, words)) for words in self._words)

    @cached_property
    def _words(self) -> list[list[str]]:
        return [[word for word in text.split() if not _HOLDS_AN_ADDRESS.search(word)] for text in self._texts]

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return (self.title, *map(authored, self.lines))


def is_like_a_name(word: str) -> bool:
    """Whether ``word`` has two capitals or digits at least, as "OwnNet", and not one, as "Results"."""
    return len(_CAPITALS_AND_DIGITS.findall(word)) > 1


def _letters(word: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", word)


def small_letters(word: str) -> str:
    """Return the letters and digits of ``word`` alone, in lower case."""
    return _letters(word).lower()
