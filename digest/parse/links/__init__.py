"""The addresses in a paper's abstract and comments: where its code is, and what else it points to.

The way of a text: canonical HTML → what the author typed (``text``) → TeX and haste undone (``mending``) → each
address with the words around it (``finding``, ``joining``) → its one form (``canonical``) → its kind (``kinds``).
No third party is asked.
"""

from digest.model import Link
from digest.parse.links.canonical import canonical_url, same_address
from digest.parse.links.finding import mentions
from digest.parse.links.kinds import kind_of
from digest.parse.links.mending import mended
from digest.parse.links.text import Words, with_addresses

__all__ = ["LINK_RULES", "canonical_url", "find_links", "kind_of"]

LINK_RULES = 2
"""The version of the rules by which links are found; kept with each day."""


def find_links(*, abstract: str | None, comments: str | None, title: str = "") -> tuple[Link, ...]:
    """Return the links of a paper in the order of their first mention, each once.

    An address gives the same link whether arXiv made an anchor of it or left it as text.

    Args:
        abstract: one line of canonical HTML, or None if the source has none.
        comments: the same.
        title: plain text; what it names helps to tell where an address ends and whose it is.
    """
    found: dict[str, Link] = {}
    lines = {"abstract": abstract or "", "comments": comments or ""}
    words = Words(title, lines.values())
    for place, line in lines.items():
        _add_links(found, with_addresses(line), place, words)
    return tuple(found.values())


def _add_links(found: dict[str, Link], text: str | None, place: str, words: Words) -> None:
    if text is None:
        return
    for mention in mentions(mended(text), words):
        url = canonical_url(mention.address)
        if url is not None and same_address(url) not in found:
            kind = kind_of(url, before=mention.before, after=mention.after, words=words)
            found[same_address(url)] = Link(url, kind, place)
