"""What the specifications ask of a feed, for tests of whatever makes one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})")
_RFC_3986 = re.compile(r"https?://[\w!#$%&'()*+,./:;=?@\[\]~-]+", re.ASCII)
_ONCE = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "published": (0, 1), "summary": (0, 1)}

_FEED = {"version": str, "title": str, "home_page_url": str, "feed_url": str, "language": str, "items": list}
_ITEM: dict[str, type] = {
    **dict.fromkeys(("id", "url", "title", "content_text", "date_published", "date_modified"), str),
    **dict.fromkeys(("authors", "tags"), list),
}


def atom_faults(text: str) -> list[str]:
    """Return what is wrong with a feed by RFC 4287, sections 4.1.1 and 4.1.2."""
    feed = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
    entries = list(feed.iterfind(f"{ATOM}entry"))
    faults = [] if feed.tag == f"{ATOM}feed" else [f"root {feed.tag!r}"]
    for element in (feed, *entries):
        faults += [*_number_faults(element), *_value_faults(element)]
    for entry in entries:
        links = [(link.get("type"), link.get("hreflang")) for link in entry.iterfind(f"{ATOM}link[@rel='alternate']")]
        faults += [] if links and len(links) == len(set(links)) else [f"alternate links {links}"]
        faults += [] if _has(entry, "author") or _has(feed, "author") else ["no author"]
    return faults + _repeated([entry.findtext(f"{ATOM}id") for entry in entries])


def _has(element: etree._Element, name: str) -> bool:
    return element.find(f"{ATOM}{name}") is not None


def _number_faults(element: etree._Element) -> Iterator[str]:
    for name, (least, most) in _ONCE.items():
        count = len(list(element.iterfind(f"{ATOM}{name}")))
        if not least <= count <= most:
            yield f"{name}: {count}"
    for author in element.iterfind(f"{ATOM}author"):
        if len(list(author.iterfind(f"{ATOM}name"))) != 1:
            yield "an author without a name"


def _value_faults(element: etree._Element) -> Iterator[str]:
    for name in ("updated", "published"):
        for when in element.iterfind(f"{ATOM}{name}"):
            if not _RFC_3339.fullmatch(when.text or ""):
                yield f"{name} {when.text}"
    for link in element.iterfind(f"{ATOM}link"):
        if not _RFC_3986.fullmatch(link.get("href") or ""):
            yield f"address {link.get('href')}"
    if not re.match(r"urn:uuid:|https://arxiv\.org/abs/", element.findtext(f"{ATOM}id") or ""):
        yield "an id that is no IRI"


def json_feed_faults(text: str) -> list[str]:
    """Return what is wrong with a feed by version 1.1 of https://www.jsonfeed.org."""
    feed = json.loads(text)
    faults = [] if feed["version"] == "https://jsonfeed.org/version/1.1" else [f"version {feed['version']}"]
    faults += _member_faults(feed, _FEED, ("version", "title", "items"))
    for item in feed["items"]:
        faults += [*_member_faults(item, _ITEM, ("id", "content_text")), *_item_faults(item)]
    return faults + _repeated([item["id"] for item in feed["items"]])


def _member_faults(value: dict[str, Any], types: Mapping[str, type], needed: Sequence[str]) -> Iterator[str]:
    yield from (f"{name} is missing" for name in needed if name not in value)
    for name, inner in value.items():
        # "Custom objects" begin with an underscore and a letter; nothing else may have a name of its own.
        is_custom = re.match("_[a-z]", name) and isinstance(inner, dict)
        if not is_custom and (name not in types or not isinstance(inner, types[name])):
            yield f"{name}: {inner!r}"


def _item_faults(item: dict[str, Any]) -> Iterator[str]:
    for name in ("date_published", "date_modified"):
        if not _RFC_3339.fullmatch(item[name]):
            yield f"{name} {item[name]}"
    if not all(isinstance(tag, str) for tag in item["tags"]):
        yield "a tag that is no text"
    for author in item.get("authors", ()):
        if list(author) != ["name"] or not isinstance(author["name"], str) or not author["name"]:
            yield f"author {author}"


def _repeated(found: Sequence[object]) -> list[str]:
    return [] if len(found) == len(set(found)) else ["an id twice"]
