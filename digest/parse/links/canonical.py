"""An address as it was typed → the one form in which it is kept, or nothing if it stands for no page."""

import re

from digest.parse.links.hosts import REPOSITORY_HOSTS, needed_segments

_SCHEME = re.compile(r"(?:https?:/*)+", re.IGNORECASE)
_FOREIGN = re.compile(r"[\s\"<>{}|\\^`]")
_PARTS = re.compile(
    r"(?:[^/?#@]*@)?(?P<host>[^/?#:@]*)(?P<port>:[0-9]{1,5})?"
    r"(?P<rest>(?=[/?#]|$)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?)"
)
_SLASHES = re.compile("//+")
_BEHIND_A_NAME = re.compile(r"(/[\w.-]+/[\w.-]+)[^\w./-]")
_MODEL_AND_BRACKET = re.compile(r"^(/(?:(?:datasets|spaces)/)?[\w.-]+/[\w.-]+)\(.*")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,24}}|xn--[a-z0-9-]+)|[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}")
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}
_NEVER_LAST = frozenset("/.,:;!?'\"`*$%&~@#\u2026\u201c\u201d\u2018\u2019")
_LONGEST = 2000  # characters; what is longer is no address
_REPOSITORY = re.compile(r"https://github\.com/[^/?#]+(?:/[^/?#]+)?")

_PROMISE = re.compile(
    r"(?:upon|after|until|pending)[-_/]*(?:acceptance|publication|review)"
    r"|to[-_/]?be[-_/]?(?:released|announced|added|updated|published)|/coming[-_/]?soon(?:/|$)"
    r"|/your[-_]?(?:repo\w*|link|name|user\w*|project|code|org\w*|page|url|paper)\b"
    r"|/(?:x{2,}|placeholder|pending|tb[ad]|todo|(?:repo|code|project|github|paper)[-_]?(?:link|url))(?:/|$)"
    r"|/(?:user(?:name)?|owner)/(?:repo\w*|project\w*)$|/10\.5281/zenodo(?:\.x*)?$",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"/(?:anonym\w*(?:-\w+)*|blind(?:ed)?|soon|link|code|repo\w*|user\w*|[\w.-]*-)", re.IGNORECASE)
_EXAMPLE_HOST = re.compile(r"example\.(?:com|org|net)|x{3,}\.[\w.-]+|your[\w-]*\.\w+")


def canonical_url(address: str) -> str | None:
    """Return ``address`` as ``https://host/path``; None if it names no page, or only the place for one.

    The host is lower case and without ``www.``; sentence punctuation and unbalanced brackets at the end, a final
    slash and an empty fragment go; on hosts of repositories a fragment and ``.git`` go too. Path and query are kept.
    """
    typed = _SCHEME.sub("", _FOREIGN.split(address[: _LONGEST + 1], maxsplit=1)[0], count=1)
    parts = _PARTS.fullmatch(_without_tail(typed))
    if parts is None or len(address) > _LONGEST:
        return None
    host = parts["host"].lower().removeprefix("www.")
    rest = _rest_on(host, parts)
    if not _HOST.fullmatch(host) or _is_placeholder(host, rest):
        return None
    return f"https://{host}{parts['port'] or ''}{rest}"


def same_address(url: str) -> str:
    """Return what is equal for two spellings of a canonical ``url``: GitHub's owners and repositories ignore case."""
    return _REPOSITORY.sub(lambda match: match[0].lower(), url, count=1)


def _rest_on(host: str, parts: re.Match[str]) -> str:
    if REPOSITORY_HOSTS.fullmatch(host):
        return _rest_of_repository(parts)
    rest: str = parts["rest"]
    return _MODEL_AND_BRACKET.sub(r"\1", rest) if host == "huggingface.co" else rest


def _rest_of_repository(parts: re.Match[str]) -> str:
    """An owner's or repository's name is of letters, digits, ``-``, ``_`` and ``.``: what else follows is glued on."""
    path = _SLASHES.sub("/", parts["path"])
    glued_on = _BEHIND_A_NAME.match(path)
    rest = _without_tail(glued_on[1] if glued_on else path + (parts["query"] or ""))
    while rest.endswith(".git"):
        rest = _without_tail(rest.removesuffix(".git"))
    return rest


def _without_tail(address: str) -> str:
    """Cut final slashes, punctuation, quotes and unbalanced brackets."""
    end = len(address)
    while end and (address[end - 1] in _NEVER_LAST or _is_unbalanced(address, end)):
        end -= 1
    return address[:end]


def _is_unbalanced(address: str, end: int) -> bool:
    """Whether the last character before ``end`` closes what was not opened."""
    closer = address[end - 1]
    return closer in _CLOSERS and address.count(closer, 0, end) > address.count(_CLOSERS[closer], 0, end)


def _is_placeholder(host: str, rest: str) -> bool:
    """Whether nothing is there yet: a known host alone, nobody's account, a promise in place of a name."""
    if _EXAMPLE_HOST.fullmatch(host):
        return True
    if not rest:
        return REPOSITORY_HOSTS.fullmatch(host) is not None or needed_segments(host) > 0
    is_nobody = _NOBODY.fullmatch(rest) and REPOSITORY_HOSTS.fullmatch(host)
    return bool(is_nobody or _PROMISE.search(rest))
