"""Titles, abstracts and comments in the digest's canonical form: one line of HTML in which only ``a`` and ``br`` occur.

It is made of arXiv's own markup, or of plain text in which arXiv would set anchors. An anchor's attributes come in
the order in which arXiv wrote them in 2021 (alphabetical), whatever today's order is, so that a page of any year
gives the same bytes.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree

from digest.parse.document import collapse, is_descriptor, require_at_most

if TYPE_CHECKING:
    from bs4.element import Tag

_MOST_TAGS = 20_000  # of all abstracts and comments of a page; 2000 entries of arXiv's have 7000
_SOUP_BLANKS = " \t\n\f\r"
_PLACEHOLDER = re.compile(r"this [a-z0-9+.-]+ URL", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20]")
_WHOLE_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?:[/?#]|\Z)")  # as almost all are
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
_MAY_HAVE_ONE = re.compile(r"\.(?<=\w\.)\w|/[0-9]{7}")  # so written, few characters are looked at twice
_MAY_BE_IN_ONE = re.compile(r"\.(?<=[\w-]\.)\w|/[0-9]{7}")
_WORD_END = re.compile(r"[ \n]")


class Lines:
    """The canonical lines of the fields of a page, in the order in which these are added.

    What arXiv itself makes, anchors and breaks in a text, is read from lxml's tree as it stands. Fields with any other
    markup go through Beautiful Soup in one batch, because its cost lies in the documents and nodes that it builds.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._unusual: dict[int, str] = {}  # the inner HTML of fields for Beautiful Soup, by their places
        self._tags = 0

    def add(self, element: etree._Element) -> None:
        """Add the inner HTML of ``element``; no part of it is needed any more."""
        line, tags = _usual_line(element)
        if line is None:
            self._unusual[len(self._lines)] = f"<div>{_inner_html(element)}</div>"
        self._lines.append(line or "")
        self._tags += tags

    def finished(self) -> list[str]:
        """Return all lines.

        Raises:
            PageRefusedError: there are more tags than any page of arXiv's has.
        """
        batch = "".join(self._unusual.values())
        require_at_most("tags in abstracts and comments", self._tags + batch.count("<"), _MOST_TAGS)
        for place, line in zip(self._unusual, _lines_of_any(batch) if batch else (), strict=True):
            self._lines[place] = line
        return [line.strip(" \t\f\v") for line in self._lines]


def _usual_line(element: etree._Element) -> tuple[str | None, int]:
    """Return the line of text with nothing but anchors and breaks in it, and how many tags it took; else None and 0."""
    pieces: list[str] = []
    values: list[str] = []
    text, tags = element.text or "", 0
    for child in element:
        if not is_descriptor(child):
            if len(child) or child.tag not in ("a", "br"):
                return None, 0
            inner = child.text or ""
            tag = "<br>" if child.tag == "br" else anchor_anew(_text_line(inner), child.get)
            pieces += [_text_line(text), tag]
            values += [text, inner, *map(str, child.values())]
            text, tags = "", tags + (1 if child.tag == "br" else 2)
        text += child.tail or ""
    if not tags:
        return _escaped_line(text), 0
    # Of control characters and the like, not every one comes through Beautiful Soup.
    is_usual = "".join([*values, text]).replace("\n", "").replace("\r", "").isprintable()
    return ("".join([*pieces, _text_line(text)]), tags + 2) if is_usual else (None, 0)


def _text_line(text: str) -> str:
    """Return what stands between two tags; of blanks alone Beautiful Soup leaves one."""
    return _escaped_line(text) if text.strip(_SOUP_BLANKS) else " " if text else ""


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
    return html.escape(text.replace("\r\n", " ").replace("\n", " ").replace("\r", " "), quote=False)


def _lines_of_any(batch: str) -> Iterator[str]:
    """Yield the line of each ``div`` of a batch, whatever markup is in it."""
    from bs4 import BeautifulSoup  # noqa: PLC0415  # an ordinary page does not wait for it

    body = BeautifulSoup(batch, "lxml").body
    return map(_canonical, body.find_all("div", recursive=False) if body else [])


def _canonical(node: "Tag") -> str:
    from bs4.element import NavigableString, Tag  # noqa: PLC0415

    parts = []
    for child in node.children:
        if type(child) is NavigableString:  # its subclasses are comments and the like
            parts.append(_escaped_line(child))
        elif isinstance(child, Tag):
            inner = _canonical(child)
            parts.append(
                "<br>" if child.name == "br" else anchor_anew(inner, child.get) if child.name == "a" else inner
            )
    return "".join(parts)


def anchor_anew(inner: str, attribute: Callable[[str], str | list[str] | None]) -> str:
    """Return an anchor in canonical form; without an address of the web, the text that it shows.

    ``inner`` is what stands in it, as HTML; ``attribute`` gives the value of each of its attributes.
    """
    address = _NOT_IN_ADDRESSES.sub("", str(attribute("href") or ""))
    target = _web_address(address)
    if "<a " in inner:  # anchors do not nest; the inner ones stay
        return inner
    if target is None:
        # The words "this ftp URL" say nothing without the address that stood behind them.
        return _escaped_line(address) if _PLACEHOLDER.fullmatch(inner) else inner
    names = attribute("class") or ""
    classes = [name for name in (names if isinstance(names, list) else names.split()) if name in _LINK_CLASSES]
    scheme = target.partition(":")[0].lower()
    attributes = {"class": " ".join(classes) or f"link-external link-{scheme}"}
    for name in ("data-arxiv-id", "data-doi"):
        value = attribute(name)
        if value is not None:
            attributes[name] = collapse(str(value))
    return _anchor(inner, attributes | {"href": target})


def _web_address(address: str) -> str | None:
    """Return the whole of an address, which may be relative to arXiv; None if it is none of the web."""
    if not address or _WHOLE_ADDRESS.match(address):
        return address or None
    try:
        parts = urlsplit(address)
        if not (parts.scheme and parts.netloc):  # one that is whole keeps its spelling, dots in the path included
            address = urljoin("https://arxiv.org/", address)
            parts = urlsplit(address)
    except ValueError:  # such as an unclosed IPv6 bracket
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def _anchor(inner: str, attributes: Mapping[str, str]) -> str:
    """Return an anchor with these attributes, which come in alphabetical order."""
    shown = "".join([f' {name}="{_attribute(value)}"' for name, value in attributes.items()])
    rel = ' rel="external noopener nofollow"' if "link-external" in attributes["class"] else ""
    return f"<a{shown}{rel}>{inner}</a>"


def _attribute(value: str) -> str:
    return html.escape(value, quote=False).replace('"', "&quot;")  # arXiv leaves apostrophes as they are


def with_anchors(text: str) -> str:
    """Return plain ``text`` as HTML in which what arXiv takes for an address is an anchor in canonical form.

    arXiv links web addresses with or without a scheme, arXiv identifiers and DOIs; as it does so, it swallows closing
    quotes and the like (``urls`` of https://github.com/arXiv/arxiv-base).
    """
    if not _MAY_HAVE_ONE.search(text):
        return html.escape(text, quote=False)
    pieces, end = [], 0
    for match in _targets(text):
        address, anchor = _address_and_anchor(match)
        pieces += [html.escape(text[end : match.start()], quote=False), anchor]
        end = match.start() + len(address)
    return "".join([*pieces, html.escape(text[end:], quote=False)])


def _targets(text: str) -> Iterator[re.Match[str]]:
    """Yield what arXiv takes for addresses. None has blanks in it: words without a dot are passed by."""
    end = 0
    while mark := _MAY_BE_IN_ONE.search(text, end):
        start = 1 + max(end - 1, *(text.rfind(blank, end, mark.start()) for blank in " \n"))
        blank = _WORD_END.search(text, mark.end())
        end = blank.start() if blank else len(text)
        yield from _TARGET.finditer(text, start, end)


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
