"""Titles, abstracts and comments in the digest's canonical form: one line of HTML in which only ``a`` and ``br`` occur.

It is made of arXiv's own markup, or of plain text in which arXiv would set anchors. An anchor's attributes come in
the order in which arXiv wrote them in 2021 (alphabetical), whatever today's order is, so that a page of any year
gives the same bytes.
"""

import html
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from lxml import etree

from digest.parse.document import collapse, is_descriptor, require_at_most

_MOST_TAGS = 20_000  # of all abstracts and comments of a page; 2000 entries of arXiv's have 7000
_LINE_END = re.compile(r"\r\n|[\n\r]")
_PLACEHOLDER = re.compile(r"this [a-z0-9+.-]+ URL", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20]")
_LINK_CLASSES = frozenset({"link-external", "link-internal", "link-http", "link-https"})

# What arXiv takes for an address: patterns of its arxiv-base (urls/links.py, urls/patterns.py), with bounds.
_BEGIN = r"\b(?<![@/])"
_NAME = r"(?:[\w-]{1,63}\.){1,20}[a-z]{2,63}"
_NUMBERS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_SCHEME = r"(?P<scheme>https?|ftp):/{0,3}(?:(?:\w{1,40}:)?\w{1,40}@)?"
_REST = r"(?:[/?][^\s{}|\\^\[\]`]*)?"
_WEB = rf"{_BEGIN}(?:{_SCHEME})?(?:{_NAME}|{_NUMBERS})(?::[0-9]{{1,5}})?(?!\.\w)\b{_REST}"
_DOI = r"10\.[0-9]{4,9}/[-._;()/:a-z0-9]+"
_ID = r"(?P<prefix>arxiv:)?(?P<id>(?:[a-z-]{2,10}(?:\.[a-z]{2})?/[0-9]{7}|[0-9]{4}\.[0-9]{4,5})(?:v[0-9]{1,2})?)"
_TARGET = re.compile(rf"(?P<doi>{_DOI})|{_BEGIN}{_ID}(?![0-9])|(?P<web>{_WEB})", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:astro-ph|cond-mat|cs|econ|eess|math|nlin|physics|q-bio|q-fin|stat)\.[a-zA-Z-]{2,}")
_MAY_HAVE_ONE = re.compile(r"\w\.\w|/[0-9]{7}")


def one_line_html(elements: Sequence[etree._Element]) -> list[str]:
    """Return the inner HTML of each of ``elements`` in canonical form, one line each.

    Elements without markup need no second parser; the others go through Beautiful Soup in one batch,
    because its cost lies in the documents and nodes that it builds.
    """
    marked = [element for element in elements if any(not is_descriptor(child) for child in element)]
    batch = "".join(f"<div>{_inner_html(element)}</div>" for element in marked)
    require_at_most("tags in abstracts and comments", batch.count("<"), _MOST_TAGS)
    body = BeautifulSoup(batch, "lxml").body if batch else None
    blocks = dict(zip(marked, body.find_all("div", recursive=False) if body else [], strict=True))
    lines = (
        _canonical(blocks[element])
        if element in blocks
        else _escaped_line((element.text or "") + "".join(label.tail or "" for label in element))
        for element in elements
    )
    return [line.strip(" \t\f\v") for line in lines]


def _inner_html(element: etree._Element) -> str:
    # Written as XML, because lxml's HTML would encode addresses. HTML knows no <i/>: what has no text gets an end tag.
    for node in element.iterdescendants():
        if isinstance(node.tag, str) and node.tag != "br" and not node.text:
            node.text = ""
    parts = (
        html.escape(child.tail or "") if is_descriptor(child) else etree.tostring(child, encoding="unicode")
        for child in element
    )
    return html.escape(element.text or "") + "".join(parts)


def _escaped_line(text: str) -> str:
    return html.escape(_LINE_END.sub(" ", text), quote=False)


def _canonical(node: Tag) -> str:
    parts = []
    for child in node.children:
        if type(child) is NavigableString:  # its subclasses are comments and the like
            parts.append(_escaped_line(child))
        elif isinstance(child, Tag):
            parts.append(
                "<br>" if child.name == "br" else _anchor_anew(child) if child.name == "a" else _canonical(child)
            )
    return "".join(parts)


def _anchor_anew(tag: Tag) -> str:
    inner = _canonical(tag)
    address = _NOT_IN_ADDRESSES.sub("", str(tag.get("href", "")))
    target = _web_address(address)
    if "<a " in inner:  # anchors do not nest; the inner ones stay
        return inner
    if target is None:
        # The words "this ftp URL" say nothing without the address that stood behind them.
        return _escaped_line(address) if _PLACEHOLDER.fullmatch(inner) else inner
    classes = [name for name in tag.get_attribute_list("class") if name in _LINK_CLASSES]
    scheme = target.partition(":")[0].lower()
    attributes = {"class": " ".join(classes) or f"link-external link-{scheme}", "href": target}
    attributes |= {name: collapse(str(tag[name])) for name in ("data-arxiv-id", "data-doi") if tag.has_attr(name)}
    return _anchor(inner, attributes)


def _web_address(address: str) -> str | None:
    """Return the whole of an address, which may be relative to arXiv; None if it is none of the web."""
    if not address:
        return None
    try:
        parts = urlsplit(address)
        if not (parts.scheme and parts.netloc):  # one that is whole keeps its spelling, dots in the path included
            address = urljoin("https://arxiv.org/", address)
            parts = urlsplit(address)
    except ValueError:  # such as an unclosed IPv6 bracket
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def _anchor(inner: str, attributes: Mapping[str, str]) -> str:
    if "link-external" in attributes["class"]:
        attributes = {**attributes, "rel": "external noopener nofollow"}
    shown = "".join(f' {name}="{html.escape(attributes[name])}"' for name in sorted(attributes))
    return f"<a{shown.replace('&#x27;', chr(39))}>{inner}</a>"  # arXiv leaves apostrophes as they are


def with_anchors(text: str) -> str:
    """Return plain ``text`` as HTML in which what arXiv takes for an address is an anchor in canonical form.

    arXiv links web addresses with or without a scheme, arXiv identifiers and DOIs; as it does so, it swallows closing
    quotes and the like (``urls`` of https://github.com/arXiv/arxiv-base).
    """
    if not _MAY_HAVE_ONE.search(text):
        return html.escape(text, quote=False)
    pieces, end = [], 0
    for match in _TARGET.finditer(text):
        address, anchor = _address_and_anchor(match)
        pieces += [html.escape(text[end : match.start()], quote=False), anchor]
        end = match.start() + len(address)
    return "".join([*pieces, html.escape(text[end:], quote=False)])


def _address_and_anchor(match: re.Match[str]) -> tuple[str, str]:
    """Return as much of what ``match`` found as is an address, and what arXiv shows in its place."""
    if doi := match["doi"]:
        doi = doi.rstrip(".,:;&([{")
        doi = doi.removesuffix(")") if doi.count(")") > doi.count("(") else doi
        target = f"https://doi.org/{doi}"
        return doi, _anchor(target, {"class": "link-https link-external", "data-doi": doi, "href": target})
    if found := match["id"]:
        shown = f"arXiv:{found}" if match["prefix"] else found
        target = f"https://arxiv.org/abs/{found}"
        return match[0], _anchor(shown, {"class": "link-https", "data-arxiv-id": found, "href": target})
    address, scheme = match["web"], (match["scheme"] or "http").lower()
    # What ends a sentence is cut, and so is a bracket that was opened before the address.
    while address.endswith((".", ",")) or (address.endswith(")") and "(" not in address):
        address = address[:-1]
    if scheme == "ftp" or _CATEGORY.fullmatch(address):
        return match[0], html.escape(match[0], quote=False)  # the digest links the web only, and arXiv no category
    target = address if match["scheme"] else f"http://{address}"
    try:
        is_internal = (urlsplit(target).hostname or "").endswith("arxiv.org")
    except ValueError:  # an address that is none, such as one with an odd bracket
        is_internal = False
    if is_internal:
        return address, _anchor(
            html.escape(address, quote=False), {"class": f"link-internal link-{scheme}", "href": target}
        )
    return address, _anchor(f"this {scheme} URL", {"class": f"link-external link-{scheme}", "href": target})
