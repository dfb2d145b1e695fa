"""The line of a paper's authors, as its submitter typed it → their names.

arXiv keeps authors as one line of text. Its listings show that line with links around some of the names: what is
shorter than four characters, "et al." and whatever stands in brackets is shown bare (``split_authors`` of arXiv's
``arxiv-base``, ``queries_for_authors`` of ``arxiv-browse``). So names are read from the text.
"""

import re
from collections.abc import Iterator

UNAVAILABLE = "(author list is unavailable)"
"""What a listing shows where arXiv itself cannot read the line."""

_DIVIDER = re.compile(r"(?:,\s*(?:and|&)\s|\s(?:and|&)\s|[,:])\s*")
_SUFFIX = re.compile(r"Jr\.?|Sr\.?|[IV]{2,}")
_NO_NAME = re.compile(r"et\.? al\.?", re.IGNORECASE)
_FOR_OTHERS = re.compile(r"for\s+(?:the\s+)?", re.IGNORECASE)
_BRACKET = re.compile(r"[()]")
_LETTER = re.compile(r"[^\W\d_]")


def names_in(line: str) -> tuple[str, ...]:
    """Return the names in a line of authors; none where arXiv says that it cannot read them.

    Commas and colons divide names, and so does "and". A bracket at the end of a name is an affiliation and is left
    out, one inside it belongs to it: "Anna Bell (1), Yuan (Cher) Li (2) ((1) Inst. A, (2) Inst. B)".
    """
    if line.strip() == UNAVAILABLE:
        return ()
    names: list[str] = []
    for item in _items(line):
        if names and _SUFFIX.fullmatch(item):
            names[-1] = f"{names[-1]} {item}"
        elif not _NO_NAME.fullmatch(item):
            names.append(_FOR_OTHERS.sub("", item, count=1) if _FOR_OTHERS.match(item) else item)
    return tuple(names)


def _items(line: str) -> Iterator[str]:
    """Yield what dividers outside brackets part, without affiliations and not empty."""
    words: list[str] = []  # of the item so far
    brackets: list[str] = []  # after its last word
    for text, bracket in _blocks(line):
        first, *others = _DIVIDER.split(text)
        if brackets and not first.strip():
            brackets = []
        elif brackets and not all(map(_LETTER.search, brackets)):  # "A. Bell (1) C. Dietz": a comma was forgotten
            yield from filter(None, [" ".join(words)])
            words, brackets = [], []
        words += [*brackets, first.strip()] if first.strip() else []
        brackets = []
        for other in others:
            yield from filter(None, [" ".join(words)])
            words = [other.strip()] if other.strip() else []
        if bracket and words:
            brackets.append(bracket)
    yield from filter(None, [" ".join(words)])


def _blocks(line: str) -> Iterator[tuple[str, str]]:
    """Yield the text before each outermost bracket, and the bracket; one that is never closed ends with its item."""
    ends = _ends_of_brackets(line)
    start, opened = 0, line.find("(")
    while opened >= 0:
        divider = None if opened in ends else _DIVIDER.search(line, opened)
        end = ends.get(opened, divider.start() if divider else len(line))
        yield line[start:opened], line[opened:end]
        start, opened = end, line.find("(", end)
    yield line[start:], ""


def _ends_of_brackets(line: str) -> dict[int, int]:
    """Return where each bracket that is closed ends, by where it opens."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACKET.finditer(line):
        if match[0] == "(":
            opened.append(match.start())
        elif opened:
            ends[opened.pop()] = match.end()
    return ends
