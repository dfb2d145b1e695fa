"""How much a document may hold before anything is built of it, by counts that cost next to nothing.

The biggest page that arXiv serves has 2000 entries with abstracts: 4.6 MB, and in its tags 88,000 "<", 86,000 "=" and
85,000 blanks; its longest tag has 179 bytes and its longest text 2 KB. A feed of as many items has 2.6 MB.
"""

import re

from digest.errors import PageRefusedError
from digest.model import SHOW_VALUES

MOST_ENTRIES = max(SHOW_VALUES)
"""The most entries that a page of arXiv's has; its feeds stop there."""

_MOST_MARKUP = 600_000
_MOST_IN_A_TAG = 256
_LONGEST_TAG = 1_000_000
_LONGEST_TEXT = 1 << 20
_LONGEST_CREATOR = 1 << 18  # the line of authors in a feed, with affiliations: thousands are possible
_CHARACTERS = 1_250_000
_CHARACTERS_OF_AN_ENTRY = 2_500
_LARGEST_FEED = 6_000_000
_MOST_FEED_TAGS = 60_000

# As HTML is read: what is quoted does not end a tag. A quote that nothing closes is a character like others.
_TAG = re.compile(rb"""<[^<>"']*+(?:(?:"[^"]*+"|'[^']*+'|["'])[^<>"']*+)*+""")


def require_modest_page(body: bytes) -> None:
    """Pass a page that has no more tags, attributes and text than a listing of arXiv's may have.

    Raises:
        PageRefusedError: it has more.
    """
    require_at_most("tags", body.count(b"<"), _MOST_MARKUP // 2)
    tags = _TAG.findall(body)
    inside = b"".join(tags)
    # In memory a tag costs about as much as two attributes.
    require_at_most("tags and attributes", 2 * len(tags) + inside.count(b"=") + _blanks(inside), _MOST_MARKUP)
    longest = max(map(len, tags), default=0)
    require_at_most("bytes in a tag", longest, _LONGEST_TAG)
    if longest > 2 * _MOST_IN_A_TAG:  # its parser compares each attribute with all that stand before it
        require_at_most("attributes in a tag", max(map(_blanks, tags)), _MOST_IN_A_TAG)
    require_at_most("entries", body.count(b"<dt"), MOST_ENTRIES)
    _require_short_texts(body, _LONGEST_TEXT, max(body.find(b"dlpage"), 0))


def require_modest_feed(body: bytes) -> None:
    """Pass a feed that has no more tags, attributes and text than one of arXiv's may have, and no entities of its own.

    Raises:
        PageRefusedError: it has more.
    """
    require_at_most("bytes in a feed", len(body), _LARGEST_FEED)
    require_at_most("tags in a feed", body.count(b"<"), _MOST_FEED_TAGS)
    require_at_most("attributes in a feed", body.count(b"="), _MOST_FEED_TAGS)
    require_at_most("document type declarations", body.count(b"<!DOCTYPE") + body.count(b"<!ENTITY"), 0)
    _require_short_texts(body, _LONGEST_CREATOR)


def require_modest_text(characters: int, entries: int) -> None:
    """Pass texts that are no longer than those of so many entries may be; 2000 of arXiv's have 2 million characters.

    Raises:
        PageRefusedError: they are; names and links would be looked for in them for minutes.
    """
    most = _CHARACTERS + _CHARACTERS_OF_AN_ENTRY * entries
    require_at_most(f"characters where there are {entries} entries", characters, most)


def require_at_most(what: str, found: int, most: int) -> None:
    """Pass a number that is not above ``most``.

    Raises:
        PageRefusedError: it is.
    """
    if found > most:
        raise PageRefusedError(f"expected at most {most} {what}, found {found}")


def _blanks(text: bytes) -> int:
    return sum(map(text.count, (b" ", b"\n", b"\t", b"\r", b"\f")))


def _require_short_texts(body: bytes, most: int, start: int = 0) -> None:
    if re.compile(rb">[^<>]{%d}" % (most + 1)).search(body, start):
        raise PageRefusedError(f"expected at most {most} bytes of text between two tags, found more")
