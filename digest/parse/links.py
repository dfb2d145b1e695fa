r"""The addresses in a paper's abstract and comments: where its code is, and what else it points to.

It reads the canonical one-line HTML of ``markup``, in which arXiv has linked what looks like an address,
and mends what arXiv links wrongly: a closing quote, bracket or star swallowed into the address, a LaTeX
``\\_`` at which it was cut. No third party is asked.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from digest.model import Link

LINK_RULES = 1
"""The version of the rules by which links are found; kept with each day."""

# The canonical anchor, with the rest of an address that arXiv cut at a LaTeX escape.
_ANCHOR = re.compile(r"<a (?P<attributes>[^>]*)>[^<]*</a>(?P<rest>(?:\\(?:[_#%]|&amp;)[A-Za-z0-9_./-]*)*)")
_HREF = re.compile(r'href="([^"]*)"')
_BARE = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_FOREIGN = re.compile(r"[\s\"<>]")  # no address has them; arXiv swallows them with what follows
_ESCAPED = re.compile(r"\\([_#%&])")
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}
_PUNCTUATION = ".,;:!?'\"`*$\\\u201c\u201d\u2018\u2019"

_CODE_HOSTS = re.compile(
    r"(gist\.)?github\.com|bitbucket\.org|codeberg\.org|gitee\.com|sourceforge\.net"
    r"|anonymous\.4open\.science|colab\.research\.google\.com|([\w-]+\.)*gitlab(\.[\w-]+)+|git\.[\w.-]+"
)
_KINDS = (
    ("project", re.compile(r"[\w.-]+\.github\.io|sites\.google\.com")),
    ("data", re.compile(r"(www\.)?zenodo\.org|osf\.io")),
    ("video", re.compile(r"youtube\.com|youtu\.be|vimeo\.com")),
    ("paper", re.compile(r"doi\.org|openreview\.net|openaccess\.thecvf\.com|arxiv\.org")),
)
_KINDS_BY_PATH = {
    "doi.org": (("data", "/10.5281/"),),
    "huggingface.co": (("data", "/datasets/"), ("demo", "/spaces/"), ("other", "/collections/"), ("model", "/")),
    "kaggle.com": (("code", "/code/"), ("data", "/datasets/")),
}
_REPOSITORY = re.compile(r"https://github\.com/[^/?#]+(?:/[^/?#]+)?")


def find_links(*, abstract: str | None, comments: str | None) -> tuple[Link, ...]:
    """Return the links of a paper in the order of their first mention, each once.

    Args:
        abstract: one line of canonical HTML, or None if the source has none.
        comments: the same.
    """
    found: dict[str, Link] = {}
    for place, text in (("abstract", abstract), ("comments", comments)):
        for address in _addresses(text or ""):
            url = canonical_url(address)
            if url is not None:
                found.setdefault(_sameness(url), Link(url, kind_of(url), place))
    return tuple(found.values())


def _sameness(url: str) -> str:
    """Return what is equal for two spellings of one address: GitHub's owners and repositories ignore case."""
    return _REPOSITORY.sub(lambda match: match[0].lower(), url, count=1)


def _addresses(text: str) -> Iterator[str]:
    for match in _ANCHOR.finditer(text):
        if "data-arxiv-id" not in match["attributes"] and "data-doi" not in match["attributes"]:
            href = _HREF.search(match["attributes"])
            yield html.unescape((href[1] if href else "") + match["rest"])
    unlinked = html.unescape(_TAG.sub(" ", _ANCHOR.sub(" ", text)))
    yield from _BARE.findall(unlinked)


def canonical_url(address: str) -> str | None:
    """Return ``address`` as ``https://host/path`` without what does not belong to it; None if no host is left.

    The host is lower case and without ``www.``; a fragment and ``.git`` on a code host and a final slash go.
    """
    address = _ESCAPED.sub(r"\1", _without_tail(_FOREIGN.split(address, maxsplit=1)[0]))
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no address after all, such as a port that is no number
        return None
    is_code = _CODE_HOSTS.fullmatch(host) is not None
    if "." not in host or ((is_code or host == "doi.org") and not parts.path.strip("/")):
        return None
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment and not is_code else ""
    rest = f"{parts.path}{query}{fragment}".rstrip("/")
    return f"https://{host}{port}{rest.removesuffix('.git') if is_code else rest}"


def _without_tail(address: str) -> str:
    """Cut punctuation, quotes and unbalanced brackets at the end of ``address``."""
    left = Counter(address)
    end = len(address)
    while end:
        last = address[end - 1]
        opener = _CLOSERS.get(last)
        unbalanced = opener is not None and left[last] > left[opener]
        if last not in _PUNCTUATION and not unbalanced:
            break
        left[last] -= 1
        end -= 1
    return address[:end]


def kind_of(url: str) -> str:
    """Return code, project, model, data, demo, video, paper or other, by the host of a canonical ``url``."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for kind, start in _KINDS_BY_PATH.get(host, ()):
        if parts.path.startswith(start):
            return kind
    if _CODE_HOSTS.fullmatch(host):
        return "code"
    return next((kind for kind, hosts in _KINDS if hosts.fullmatch(host)), "other")
