"""A mended text → the addresses in it, each with the words around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.parse.links.hosts import CODE_HOSTS, PROPER_TOP_LEVEL, TOP_LEVEL
from digest.parse.links.joining import goes_on, is_glue, is_usual
from digest.parse.links.text import Words

_MARK = re.compile(rf"https://|\.(?:{TOP_LEVEL}|(?:COM|IO|ORG|NET)(?=/))(?![\w@-])(?!\.\w)")
_IN_HOSTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_HOST = re.compile(r"[A-Za-z0-9][\w-]*(?:\.[\w-]+)*")
_LONGEST_HOST = 100  # characters
_RUN = re.compile(r"[A-Za-z0-9\u00c0-\u024f_!#%&()+,\-./:;=?@~]*")
_BALANCED = re.compile(r"(?:[^()]++|\([^()]*+\))*+")
_ENDS = re.compile(r"(?<!\d),|,(?!\d)|\.\.|%(?![0-9A-Fa-f]{2})|(?<!=)(?<!/\d{4}/)(?<!\d{14}/)https://")
_NEXT_SENTENCE = re.compile(r"\.(?P<word>[A-Z][a-z]*)[.,:;]*$")
_SENTENCE_BEHIND_NAME = re.compile(
    r"/[\w.-]+/(?P<name>[\w.-]*[a-z0-9](?P<sentence>\.[A-Z][a-z]+|(?:Our|The|This|We)))$"
)
_SMALL_WORD = re.compile(r" (?P<word>[a-z]+)")
_MARKS = re.compile(r"(?<!\w)_+$")
_MOST_MARKS = 4  # characters, one in front of the marks among them
_WORD_BEFORE_HOST = re.compile(r"[a-z]{1,12}?(?=(?:www\.)?(?:github\.com|gitlab\.com|huggingface\.co)/)", re.IGNORECASE)
_PATH = re.compile(r"(?::[0-9]+)?[/?#]")
_MOST_JOINS = 8
_LONGEST = 2000  # characters

_POINTER = re.compile(
    r"\b(?:available|access\w*|found|hosted|released|provided|shared|download\w*|online|visit|see|published|demo|page"
    r"|website|webpage|homepage|site|link|url|code|dataset|repository|via|through)"
    r"(?:\W+(?:at|on|in|is|are|via|through|under|here|the|this|our|following|publicly|online|link|url))*\W*$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\)? +(?=[A-Z0-9(\[])")
_ONLY_JOINS = re.compile(r"\W*(?:(?:and|or|as|well|respectively|at|on|in|is)\b\W*)*")
_BEFORE, _AFTER = 200, 80  # characters


@dataclass(frozen=True, slots=True)
class Mention:
    """One address as it stands in a text, put together if it was broken; the words of its sentence around it."""

    address: str
    before: str
    after: str


def mentions(text: str, words: Words) -> Iterator[Mention]:
    """Yield the addresses of a mended ``text`` of the paper whose ``words`` are given, in their order."""
    spans = list(_spans(text, words))
    previous, before = 0, ""
    for index, (start, end, address) in enumerate(spans):
        near = _SENTENCE_END.split(text[max(previous, start - _BEFORE) : start])[-1]
        before = f"{before} {near}"[-_BEFORE:] if index and _ONLY_JOINS.fullmatch(near) else near
        following = spans[index + 1][0] if index + 1 < len(spans) else len(text)
        after = _SENTENCE_END.split(text[end : min(following, end + _AFTER)])[0]
        yield Mention(address, before, after)
        previous = end


def _spans(text: str, words: Words) -> Iterator[tuple[int, int, str]]:
    """Yield where each address begins and ends, and the address."""
    position = 0
    seen: list[str] = []
    while mark := _MARK.search(text, position):
        position = mark.end()
        has_scheme = mark[0] == "https://"
        host = "" if has_scheme else _host_before(text[max(0, mark.start() - _LONGEST_HOST) : mark.start()])
        start = mark.start() - len(host)
        if not (has_scheme or host):
            continue
        address, end = _joined(text, start, words)
        if (has_scheme or _is_meant(text, start, mark.end())) and not _is_comment(text, start, address, seen):
            seen.append(address)
            yield start, end, address
        position = max(end, position)


def _host_before(text: str) -> str:
    """Return what of a host stands at the end of ``text``; "" if that is none, such as an e-mail address."""
    rest = text.rstrip(_IN_HOSTS)
    host = text[len(rest) :].lstrip("_")  # markdown's marks
    return host if _HOST.fullmatch(host) and not rest.endswith("@") else ""


def _is_meant(text: str, start: int, end: int) -> bool:
    """Whether a host without scheme is one, and no name ("Booking.com") or lost blank ("methods.In").

    It is if a path follows, if it has a subdomain, if it is the whole text, or if the words before point to it.
    """
    if _PATH.match(text, end):
        return True
    *labels, top = text[start:end].split(".")
    before = text[max(0, start - _BEFORE) : start]
    if top not in PROPER_TOP_LEVEL or before.endswith(("@", "@ ")):
        return False
    return len(labels) > 1 or (start == 0 and len(text) - end < 2) or _POINTER.search(before) is not None


def _is_comment(text: str, start: int, address: str, seen: list[str]) -> bool:
    """Whether ``address`` was commented out in TeX and is another one, run into the word after it."""
    return text[start - 1 : start] == "%" and any(address.startswith(other.rstrip(".,;")) for other in seen)


def _joined(text: str, start: int, words: Words) -> tuple[str, int]:
    """Return the address that begins at ``start``, joined over blanks where it goes on, and its end."""
    word = _WORD_BEFORE_HOST.match(text, start, start + _LONGEST)
    address, end = _piece(text, word.end() if word else start)
    for _ in range(_MOST_JOINS):
        if text[end : end + 1] != " " or len(address) > _LONGEST:
            break
        piece, next_end = _piece(text, end + 1)
        if not goes_on(address, piece, words):
            break
        address, end = address + piece, next_end
    glued_on = _length_of_sentence(address, text[end : end + _AFTER], words)
    return address[: len(address) - glued_on], end - glued_on


def _length_of_sentence(address: str, following: str, words: Words) -> int:
    """Return how much of ``own/Repo.Extensive experiments`` is the next sentence, if the paper has no such name."""
    glued = _SENTENCE_BEHIND_NAME.search(address)
    if glued is None or not CODE_HOSTS.match(address.removeprefix("https://").removeprefix("www.")):
        return 0
    second = _SMALL_WORD.match(following)
    is_name = second is None or is_glue(second["word"]) or words.times(glued["name"]) > 1
    return 0 if is_name else len(glued["sentence"])


def _piece(text: str, start: int) -> tuple[str, int]:
    match = _RUN.match(text, start, start + _LONGEST)
    piece = _unmarked(_own_part(match[0]), text[max(0, start - _MOST_MARKS) : start]) if match else ""
    return piece, start + len(piece)


def _unmarked(piece: str, before: str) -> str:
    """Cut markdown's marks, which stand as they do ``before``: ``__https://own.org/x__``."""
    marks = _MARKS.search(before)
    if marks is None or marks[0] not in piece:
        return piece
    unmarked, _, rest = piece.rpartition(marks[0])
    return piece if rest.strip(".,:;!?)") else unmarked


def _own_part(run: str) -> str:
    """Cut what is glued on behind: an unbalanced bracket, a comma and more, another address, the next sentence."""
    balanced = _BALANCED.match(run)
    run = balanced[0] if balanced else run
    end = _ENDS.search(run, 1)
    run = run[: end.start()] if end else run
    if ";" in run.partition("?")[0]:
        run = run.partition(";")[0]
    sentence = _NEXT_SENTENCE.search(run)
    if sentence and is_usual(sentence["word"]):
        run = run[: sentence.start()]
    return run
