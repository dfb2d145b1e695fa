"""What every export says of an announcement."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from digest.model import Announcement, Paper, readable

# JSON lets these three stand in a text as they are, and readers that go by lines take them for line ends.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")

# What RFC 3986 lets stand in an address; a "%" that begins no escape is none of it.
_IN_ADDRESSES = "!#$%&'()*+,-./:;=?@[]_~"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def provenance(one: Announcement) -> dict[str, Any]:
    """Return where a record comes from: the listing, the place in it, how well it is known."""
    return {
        "date": one.date.isoformat(),
        "category": one.category,
        "section": one.section.value,
        "position": one.position,
        "source": one.source.value,
        "state": one.state.value,
    }


def plain(line: str | None) -> str | None:
    """Return an abstract or comments as text; None where the source has none."""
    return None if line is None else readable(line)


def code_urls(paper: Paper) -> list[str]:
    """Return the addresses of the paper's code, in the order of their mention."""
    return [link.url for link in paper.links if link.kind == "code" and link.url.startswith(("https://", "http://"))]


def web_address(url: str) -> str:
    """Return ``url`` with every character percent-encoded that RFC 3986 allows in no address."""
    return quote(_LONE_PERCENT.sub("%25", url), safe=_IN_ADDRESSES)


def as_json(value: Any) -> str:
    """Return ``value`` as JSON on one line, whatever a reader takes for a line end."""
    return _LINE_ENDS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", json.dumps(value, ensure_ascii=False))


def each_paper_once(announcements: Iterable[Announcement]) -> Iterator[Announcement]:
    """Yield the announcements whose paper did not come before; of the others only the ids are held."""
    seen: set[str] = set()
    for one in announcements:
        arxiv_id = str(one.paper.arxiv_id)
        if arxiv_id not in seen:
            seen.add(arxiv_id)
            yield one
