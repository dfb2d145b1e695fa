"""arXiv's markup inside titles, abstracts and comments, reduced to the digest's canonical form.

Only ``a`` (http, https) and ``br`` survive. An anchor's attributes come in the order in which arXiv wrote
them in 2021 (alphabetical), whatever today's order is, so that a page of any year gives the same bytes.
"""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from lxml import etree

from digest.parse.bounds import require_at_most

_MOST_TAGS = 20_000  # of all abstracts and comments of a page; 2000 entries of arXiv's have 7000
_BLANKS = re.compile(r"[\t-\r\x1c-\x20]+")  # what str.split takes for blanks in ASCII, and no other space
_LINE_END = re.compile(r"\r\n|[\n\r]")
_PLACEHOLDER = re.compile(r"this [a-z0-9+.-]+ URL", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20]")
_LINK_CLASSES = frozenset({"link-external", "link-internal", "link-http", "link-https"})
_REL = "external noopener nofollow"


def collapse(text: str) -> str:
    """Return ``text`` with every run of ASCII white space made one blank, and none at the ends."""
    if text.isascii():
        return " ".join(text.split())
    return _BLANKS.sub(" ", text).strip(" ")


def plain_text(element: etree._Element) -> str:
    """Return the text of ``element`` on one line, without a leading ``span.descriptor``."""
    return collapse("".join(_texts(element)) if len(element) else element.text or "")


def _texts(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if not is_descriptor(child) and isinstance(child.tag, str):
            yield from _texts(child)
        yield child.tail or ""


def is_descriptor(element: etree._Element) -> bool:
    """Whether ``element`` is arXiv's own label of a field, such as "Title:"."""
    return element.get("class") == "descriptor"


def one_line_html(elements: Sequence[etree._Element]) -> list[str]:
    """Return the inner HTML of each of ``elements`` in canonical form, one line each.

    Elements without markup need no second parser; the others go through Beautiful Soup in one batch,
    because its cost lies in the documents and nodes that it builds.
    """
    results = ["" if _has_markup(element) else _escape_line(_own_text(element)) for element in elements]
    marked = [index for index, element in enumerate(elements) if _has_markup(element)]
    batch = "".join(f"<div>{_inner_html(elements[index])}</div>" for index in marked)
    require_at_most("tags in abstracts and comments", batch.count("<"), _MOST_TAGS)
    body = BeautifulSoup(batch, "lxml").body if batch else None
    blocks = body.find_all("div", recursive=False) if body else []
    for index, block in zip(marked, blocks, strict=True):
        results[index] = "".join(_canonical(block))
    return [result.strip(" \t\f\v") for result in results]


def _has_markup(element: etree._Element) -> bool:
    return any(not is_descriptor(child) for child in element)


def _own_text(element: etree._Element) -> str:
    return (element.text or "") + "".join(child.tail or "" for child in element)


def _inner_html(element: etree._Element) -> str:
    parts = [html.escape(element.text or "")]
    for child in element:
        if is_descriptor(child):
            parts.append(html.escape(child.tail or ""))
        else:
            parts.append(_outer_html(child))
    return "".join(parts)


def _outer_html(element: etree._Element) -> str:
    """Serialise as XML: lxml's HTML would encode an address. An element without text gets its end tag."""
    for node in element.iter():
        if isinstance(node.tag, str) and node.tag != "br" and not node.text:
            node.text = ""
    return etree.tostring(element, encoding="unicode")


def _escape_line(text: str) -> str:
    return html.escape(_LINE_END.sub(" ", text), quote=False)


def _canonical(node: Tag) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, Tag):
            yield from _canonical_tag(child)
        elif type(child) is NavigableString:  # its subclasses are comments and the like
            yield _escape_line(child)


def _canonical_tag(tag: Tag) -> Iterator[str]:
    if tag.name == "br":
        yield "<br>"
    elif tag.name == "a":
        yield _anchor(tag)
    else:
        yield from _canonical(tag)


def _anchor(tag: Tag) -> str:
    inner = "".join(_canonical(tag))
    address = _NOT_IN_ADDRESSES.sub("", str(tag.get("href", "")))
    target = _web_address(address)
    if "<a " in inner:  # anchors do not nest; the inner ones stay
        return inner
    if target is None:
        # The words "this ftp URL" say nothing without the address that stood behind them.
        return _escape_line(address) if _PLACEHOLDER.fullmatch(inner) else inner
    attributes = _attributes(tag, target)
    shown = "".join(f' {name}="{html.escape(attributes[name])}"' for name in sorted(attributes))
    return f"<a{shown.replace('&#x27;', chr(39))}>{inner}</a>"


def _web_address(address: str) -> str | None:
    if not address:
        return None
    try:
        own = urlsplit(address)
        if own.scheme in ("http", "https") and own.netloc:
            return address
        target = urljoin("https://arxiv.org/", address)
        parts = urlsplit(target)
    except ValueError:  # such as an unclosed IPv6 bracket
        return None
    return target if parts.scheme in ("http", "https") and parts.netloc else None


def _attributes(tag: Tag, target: str) -> dict[str, str]:
    classes = [name for name in tag.get_attribute_list("class") if name in _LINK_CLASSES]
    scheme = urlsplit(target).scheme
    attributes = {"class": " ".join(classes) or f"link-external link-{scheme}", "href": target}
    if "link-external" in attributes["class"]:
        attributes["rel"] = _REL
    for name in ("data-arxiv-id", "data-doi"):
        if tag.has_attr(name):
            attributes[name] = collapse(str(tag[name]))
    return attributes
