"""Whether an address goes on behind a blank: lines are broken inside addresses, and blanks slip in."""

import re

from digest.parse.links.hosts import CODE_HOSTS, TOP_LEVEL, is_incomplete
from digest.parse.links.text import Words

_GLUE = (
    "a about after all along also an and are as at be before but by can each for from has have here how however if in "
    "including into is it its may more must new no not now of on once or our over respectively see shall should soon "
    "such than that the their then there these they this those through thus to under until upon us use used using via "
    "was we were when where which while who will with within would you your"
)
_NOUNS = (
    "accepted accompanying acceptance annotations appear appears audio available benchmark benchmarks both checkpoints "
    "code codebase codes coming contact contains data dataset datasets demo demos details experiments extended figures "
    "find full github homepage implementation journal keywords license link links model models note oral page pages "
    "paper please poster preprint presented project provided provides published repository results source spotlight "
    "submitted supplementary table tables tool training version video videos visit web webpage website weights work "
    "workshop"
)
_GLUE_WORDS = frozenset(_GLUE.split())
_USUAL_WORDS = _GLUE_WORDS | frozenset(_NOUNS.split())
_LEADING_WORD = re.compile(r"[A-Za-z]+(?=$|[/.,;:!?)])")
_NAME = re.compile(r"[A-Za-z0-9_~/]")
_HOST_ALONE = re.compile(r"(?:https://)?(?:www\.)?(?P<name>[\w.-]*)")
_TOP = re.compile(rf"(?:{TOP_LEVEL})(?=(?P<path>/)|[.,;:)]*$)")
_HOST = re.compile(rf"(?:[\w-]+\.)+(?:{TOP_LEVEL})(?=/|[.,;:)]*$)")
_ENDS_IN_TOP = re.compile(rf"\.(?:{TOP_LEVEL})\.$")
_ADDRESS = re.compile(rf"https://|{_HOST.pattern}")
_PATH = re.compile(r"\w[\w.-]*/(?:[\w.~-]+/|[.,;)]*$)")
_QUERY = re.compile(r"\w+=")
_PATH_AND_QUERY = re.compile(r"[\w./~-]+\?\w+=")
_ZENODO_NUMBER = re.compile(r"zenodo(?:\.org/records?/ |\. | \.)[0-9]{5,}")
_REPOSITORY_PATH = re.compile(r"(?:tree|blob|raw|releases|wiki|issues)/\w")
_SLUG = re.compile(r"(?P<name>[a-z0-9]+(?:[-_][a-z0-9]+)*)/?[.,;)]*")
_NEAR = 20  # characters
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def goes_on(address: str, piece: str, words: Words) -> bool:
    """Whether ``piece``, which follows ``address`` after a blank, is certainly the rest of it.

    ``words`` are the paper's, for the names that it uses.
    """
    if _lacks_a_number(address, piece):
        return True
    host = _HOST_ALONE.fullmatch(address)
    if host and not piece.startswith("/"):
        return _completes_host(host["name"], piece)
    if not _NAME.match(piece) or is_glue(piece) or _ADDRESS.match(piece):
        return False
    if _is_cut_off(address, piece) or _lacks_all(address, piece):
        return True
    return not is_usual(piece) and (_lacks_a_name(address, piece) or _begins_inside(address, piece, words))


def is_usual(piece: str) -> bool:
    """Whether ``piece`` begins with a word that follows addresses in sentences: "and", "Code", "Accepted"."""
    return _leading_word(piece) in _USUAL_WORDS


def is_glue(piece: str) -> bool:
    """Whether ``piece`` begins with a word that holds a sentence together and names nothing: "and", "is", "for"."""
    return _leading_word(piece) in _GLUE_WORDS


def _leading_word(piece: str) -> str:
    word = _LEADING_WORD.match(piece)
    return word[0].lower() if word else ""


def _completes_host(name: str, piece: str) -> bool:
    """``https://www.own. ch/paper``, ``https://own- lab.github.io``; ``https://own.github.io. In`` ends."""
    if name.endswith("-"):
        return _HOST.match(piece) is not None
    if name and not name.endswith("."):
        return False
    top = _TOP.match(piece)
    if top is None:
        return not _ENDS_IN_TOP.search(name) and _HOST.match(piece) is not None
    return "." not in name[:-1] or top["path"] is not None


def _lacks_a_number(address: str, piece: str) -> bool:
    """``doi.org/10.5281/zenodo. 1234567``, ``zenodo.org/records/ 1234567``."""
    return _ZENODO_NUMBER.search(f"{address[-_NEAR:]} {piece[:_NEAR]}") is not None


def _is_cut_off(address: str, piece: str) -> bool:
    """``own/Repo- One``, ``own/repo_ one``, ``watch?v= a1B2``, ``watch? v=a1B2``, ``own.org/ watch?v=a1B2``."""
    if address.endswith(("?", "/")):
        return (_QUERY if address.endswith("?") else _PATH_AND_QUERY).match(piece) is not None
    return address.endswith(("-", "_", "~")) or ("?" in address and address.endswith(("=", "&")))


def _lacks_all(address: str, piece: str) -> bool:
    """``huggingface.co/ datasets/someone/name``: nothing but a host that is nothing alone."""
    is_host_alone = address.endswith("/") and _HOST_ALONE.fullmatch(address[:-1]) is not None
    return is_host_alone and is_incomplete(address) and "/" in piece.strip("/")


def _lacks_a_name(address: str, piece: str) -> bool:
    """``github.com/someone/ Name``, ``github.com/someone /Name``, while ``/ 12 pages`` is no name."""
    return (address.endswith("/") or piece.startswith("/")) and is_incomplete(address) and not piece.isdecimal()


def _begins_inside(address: str, piece: str, words: Words) -> bool:
    """A path that goes on: ``Repo _v2``, ``own.edu/ research/projects/name``, ``own.github.io/ own-name``."""
    if piece.startswith("_"):
        return address[-1].isalnum()
    if not address.endswith("/"):
        return piece.startswith("/") and _HOST_ALONE.fullmatch(address) is not None
    if CODE_HOSTS.match(address.removeprefix("https://")):
        return _REPOSITORY_PATH.match(piece) is not None
    slug = _SLUG.fullmatch(piece)
    return _PATH.match(piece) is not None or (
        slug is not None and _NOT_ALPHANUMERIC.sub("", slug["name"]) in words.names
    )
