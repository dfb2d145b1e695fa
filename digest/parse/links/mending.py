r"""What TeX, markdown and haste did to addresses, undone before they are looked for."""

import re

from digest.parse.links.canonical import canonical_url
from digest.parse.links.hosts import TOP_LEVEL

_SPELLINGS = {
    "~": r"\$\\sim\$|\\(?:textasciitilde|string~|sim)(?![a-z])(?:\{\})?|\\~(?:\{ ?\})?",
    "_": r"\$\\?_\$|\\(?:textunderscore|string_)(?![a-z])(?:\{\})?|\\_(?:\{\})?",
    "-": r"\$-\$",
    ".": r"\$\.\$",
    "#": r"\\#",
    "%": r"\\%",
    "&": r"\\&",
    "/": r"\\slash(?![a-z])(?:\{\})?|\\/",
    "": rf"\\allowbreak(?![a-z])(?:\{{\}})?|\\-|\$(?=\.(?:{TOP_LEVEL})\b)|(?<=\w\.)\$(?=(?:{TOP_LEVEL})\b)",
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

_SCHEME = re.compile(r"(?:https? ?[:;]+ ?/[/ ]*|https?//)+", re.IGNORECASE)
_SPACED_DOT = re.compile(r"(?: \.|\.(?= )) ?(?P<top>com|io|co|org|science|app)(?![\w-])")
_NAMES_BEFORE_DOT = ("github", "gitlab", "huggingface", "kaggle", "zenodo", "4open", "youtube", "netlify")
_TEX_LINK = re.compile(
    r"\\(?:href|hyperlink) ?\{ ?(?P<target>[^ {}]+) ?\} ?"
    r"\{(?P<shown>(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+)\}"
)
_MARKDOWN_LINK = re.compile(r"\[(?P<shown>[^\[\]]{0,300})\] ?\((?P<target>(?:[^ ()]|\([^ ()]*+\))++)\)")
_ADDRESS = re.compile(rf"https://|\w\.(?:{TOP_LEVEL})(?:/|$)")


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
