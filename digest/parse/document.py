"""The bytes of a page → the element that holds its listing, as arXiv served it; the texts and dates that stand in it.

Bounds come first: how much a document may hold before anything is built of it, by counts that cost next to nothing.
The biggest page that arXiv serves has 2000 entries with abstracts: 4.6 MB, and in its tags 88,000 "<", 86,000 "=" and
85,000 blanks; its longest tag has 179 bytes and its longest text 2 KB. A feed of as many items has 2.6 MB.
"""

import re
from codecs import utf_8_decode
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from lxml import etree

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES
from digest.errors import PageRefusedError, quoted, shortened
from digest.model import SHOW_VALUES, YEARS

MOST_ENTRIES = max(SHOW_VALUES)
"""The most entries that a page of arXiv's has; its feeds stop there."""

ABSTRACT_PAGE = re.compile(r"\A(?:https?://arxiv\.org)?/abs/")  # absolute where a browser saved the page
"""What stands before the identifier in the address of a paper's abstract page."""

# As HTML is read: what is quoted does not end a tag. A quote that nothing closes is a character like others.
_TAG = re.compile(rb"""<[^<>"']*+(?:(?:"[^"]*+"|'[^']*+'|["'])[^<>"']*+)*+>?+""")

_PIECE = 1 << 20
_END = re.compile(rb"</html>\s*+(?:<!--[^>]*+(?<=--)>\s*+)*+\Z", re.IGNORECASE)  # a browser may have added a comment
_LENGTH: Callable[[etree._Element], float] = etree.XPath("string-length()")  # type: ignore[assignment]

# MathJax 2 names its classes so; arXiv's own class is "mathjax".
_MADE_BY_MATHJAX = ("MathJax", "MJX")
_DISPLAY = re.compile(rb'<div\b[^<>]{0,300}?\bclass="MathJax\w*Display"[^<>]{0,300}>', re.IGNORECASE)
_DISPLAY_END = re.compile(rb"</div>(?=\s*<script\b)", re.IGNORECASE)
# What MathJax 2 reads without dollars around it (its option processEnvironments).
_ENVIRONMENT = re.compile(r"\s*\\begin\{(?:equation|align|alignat|eqnarray|gather|multline|flalign)\*?\}")

_BLANKS = re.compile(r"[\t-\r\x1c-\x20]+")  # what str.split takes for blanks in ASCII, and no other space
_DATE = re.compile(r"([A-Z][a-z]+), ([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4}|[0-9]{2})")
# Python's own %A and %B would follow the machine's locale.
_WEEKDAYS = {name: number for number, full in enumerate(WEEKDAY_NAMES) for name in (full, full[:3])}
_MONTHS = {name: number for number, full in enumerate(MONTH_NAMES, 1) for name in (full, full[:3])}


def require_modest_page(body: bytes) -> bytes:
    """Return all tags of a page that has no more of them, of attributes and of text than a listing of arXiv's may have.

    Raises:
        PageRefusedError: it has more.
    """
    require_at_most("tags", body.count(b"<"), 300_000)
    tags = _TAG.findall(body)
    inside = b"".join(tags)
    # In memory a tag costs about as much as two attributes.
    require_at_most("tags and attributes", 2 * len(tags) + _count(b"= \n\t\r\f", inside), 600_000)
    longest = max(map(len, tags), default=0)
    require_at_most("bytes in a tag", longest, 1_000_000)
    if longest > 512:  # libxml2 compares each attribute with all that stand before it
        require_at_most("attributes in a tag", max(_count(b" \n\t\r\f", tag) for tag in tags), 256)
    require_at_most("entries", inside.count(b"<dt"), MOST_ENTRIES)
    _require_short_texts(body, 1 << 20, max(body.find(b"dlpage"), 0))
    return inside


def lost_tags(tags: bytes) -> str:
    """Say what is lost among the ``tags`` of records: a parser makes up for it, but each link and label has both."""
    for name in (b"a", b"span"):
        begins, ends = len(re.findall(rb"<%s[\s>]" % name, tags)), tags.count(b"</%s>" % name)
        if begins != ends:
            return f"expected as many ends of <{name.decode()}> as begins, found {ends} and {begins}"
    return ""


def require_modest_feed(body: bytes) -> None:
    """Pass a feed that has no more tags, attributes and text than one of arXiv's may have, and no entities of its own.

    Raises:
        PageRefusedError: it has more.
    """
    require_at_most("bytes in a feed", len(body), 6_000_000)
    require_at_most("tags in a feed", body.count(b"<"), 60_000)
    require_at_most("attributes in a feed", body.count(b"="), 60_000)
    # A few entities that hold one another would fill the memory.
    require_at_most("document type declarations", body.count(b"<!DOCTYPE") + body.count(b"<!ENTITY"), 0)
    _require_short_texts(body, 1 << 18)  # the line of authors, with affiliations: thousands are possible


def require_modest_text(characters: int, entries: int) -> None:
    """Pass texts that are no longer than those of so many entries may be; 2000 of arXiv's have 2 million characters.

    Raises:
        PageRefusedError: they are; names and links would be looked for in them for minutes.
    """
    require_at_most(f"characters where there are {entries} entries", characters, _most_characters(entries))


def _most_characters(entries: int) -> int:
    return 1_250_000 + 2_500 * entries


def require_at_most(what: str, found: int, most: int) -> None:
    """Pass a number that is not above ``most``.

    Raises:
        PageRefusedError: it is.
    """
    if found > most:
        raise PageRefusedError(f"expected at most {most} {what}, found {found}")


def _count(characters: bytes, text: bytes) -> int:
    return len(text) - len(text.translate(None, characters))


def _require_short_texts(body: bytes, most: int, start: int = 0) -> None:
    pieces = range(start, len(body), most // 2)  # a text that is too long holds one of them, whole
    if all(body.find(b"<", place, place + most // 2) >= 0 for place in pieces if place + most // 2 <= len(body)):
        return
    if re.compile(rb">[^<>]{%d}" % (most + 1)).search(body, start):
        raise PageRefusedError(f"expected at most {most} bytes of text between two tags, found more")


def require_utf8(body: bytes) -> None:
    """Pass a body in UTF-8; it is read in pieces, because a text may take four times the memory of its bytes.

    Raises:
        PageRefusedError: it is not in UTF-8.
    """
    start = 0
    while start < len(body):
        end = start + _PIECE
        try:
            start += utf_8_decode(body[start:end], "strict", end >= len(body))[1]
        except UnicodeDecodeError as error:
            raise PageRefusedError(f"expected UTF-8, found {error.reason} at byte {start + error.start}") from error


def listing_root(body: bytes) -> tuple[etree._Element, bytes]:
    """Return the element of a listing's page that holds all that is about the listing; and the page's tags alone.

    Raises:
        PageRefusedError: the page is cut, or of an unknown layout.
    """
    if not body.strip():
        raise PageRefusedError("expected a listing page, found an empty body")
    # The end of the last record, or of what holds it, comes before the page's own: there is not much to look through.
    if not (_END.search(body, max(body.rfind(b"</d"), 0)) or _END.search(body)):
        raise PageRefusedError(f"expected the page to end with </html>, found it cut after {len(body)} bytes")
    require_utf8(body)
    tags = require_modest_page(body)
    is_rendered = b"MathJax" in body or b"mjx-container" in body
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, collect_ids=False)
    document = etree.fromstring(without_displays(body) if is_rendered else body, parser)
    root = None if document is None else document.find(".//div[@id='dlpage']")
    if root is None:
        title = "" if document is None else collapse(document.findtext(".//title") or "")
        raise PageRefusedError(f"expected a listing page, found an unknown layout titled {quoted(title)}")
    if is_rendered:
        put_tex_back(root)
    # A text has no more characters than bytes: mostly they need not be counted.
    if len(body) > _most_characters(sum(1 for _ in root.iterfind("dl/dd"))):
        require_modest_text(int(_LENGTH(root)), sum(1 for _ in root.iter("dd")))
    return root, tags


def without_displays(body: bytes) -> bytes:
    """Return a page without what MathJax 2 made of displayed formulas in a browser; the TeX stands behind each.

    It is a ``div`` inside a ``p``, which no markup may have: to a parser, the abstract would end there.
    """
    pieces, place = [], 0
    while (begin := _DISPLAY.search(body, place)) and (end := _DISPLAY_END.search(body, begin.end())):
        pieces.append(body[place : begin.start()])
        place = end.end()
    return b"".join([*pieces, body[place:]])


def put_tex_back(root: etree._Element) -> None:
    """Put the TeX that MathJax 2 left beside each formula in the formula's place, between dollars.

    Raises:
        PageRefusedError: the page was saved after MathJax 3 ran, which leaves no TeX.
    """
    if next(root.iter("mjx-container"), None) is not None:
        words = "save its source instead, for example with curl"
        raise PageRefusedError(f"expected the page as arXiv served it, found it saved after MathJax 3 ran; {words}")
    for element in list(root.iter("span", "div")):
        if (element.get("class") or "").startswith(_MADE_BY_MATHJAX):
            element.tag = "made-by-mathjax"
    etree.strip_elements(root, "made-by-mathjax", with_tail=False)
    for script in list(root.iter("script")):
        kind, tex = script.get("type") or "", script.text or ""
        if kind.startswith("math/tex"):
            dollars = "" if _ENVIRONMENT.match(tex) else "$$" if "mode=display" in kind else "$"
            script.text, script.tag = f"{dollars}{tex}{dollars}", "tex"
    etree.strip_tags(root, "tex")


def collapse(text: str) -> str:
    """Return ``text`` with every run of ASCII white space made one blank, and none at the ends."""
    if text.isascii():
        return " ".join(text.split())
    return _BLANKS.sub(" ", text).strip(" ")


def plain_text(element: etree._Element) -> str:
    """Return the text of ``element`` on one line, without a leading ``span.descriptor``."""
    return text_without(labels_in(element), element) if len(element) else collapse(element.text or "")


def labels_in(element: etree._Element) -> list[etree._Element]:
    """Return arXiv's own labels anywhere inside ``element``."""
    return [*filter(is_descriptor, element.iterdescendants())]


def text_without(labels: Sequence[etree._Element], element: etree._Element) -> str:
    """Return the text of ``element`` on one line without all its labels."""
    if labels and labels != [element[0]]:
        return collapse("".join(_texts(element)))
    text = whole_text(element)
    if labels:
        before = element.text or ""
        text = before + text[len(before) + len(whole_text(labels[0])) :]
    return collapse(text)


def whole_text(element: etree._Element) -> str:
    """Return the text of ``element`` as it stands, labels and all."""
    return etree.tostring(element, encoding="unicode", method="text", with_tail=False)


def _texts(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if not is_descriptor(child) and isinstance(child.tag, str):  # a comment's tag is a function
            yield from _texts(child)
        yield child.tail or ""


def is_descriptor(element: etree._Element) -> bool:
    """Whether ``element`` is arXiv's own label of a field, such as "Title:"."""
    return element.get("class") == "descriptor"


def parse_date(text: str) -> date:
    """Return the date in ``text``, such as ``Wednesday, 20 October 2021``, ``Wed, 20 Oct 2021`` or ``…, 13 Jun 14``.

    Raises:
        PageRefusedError: it is no date, or falls on another weekday than it says.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise PageRefusedError(f"expected a date such as 'Wed, 20 Oct 2021', found {quoted(text)}")
    weekday, day, month, year_shown = match.groups()
    year = int(year_shown)
    if len(year_shown) == 2:
        year += 1900 if year >= YEARS[0] % 100 else 2000  # arXiv's 91 to 99 lie in the last century
    if year not in YEARS:
        raise PageRefusedError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {quoted(text)}")
    try:
        found, day_of_week = date(year, _MONTHS[month], int(day)), _WEEKDAYS[weekday]
    except (KeyError, ValueError) as error:
        raise PageRefusedError(f"expected a date such as 'Wed, 20 Oct 2021', found {quoted(text)}") from error
    if found.weekday() != day_of_week:
        raise PageRefusedError(f"expected {found} to be a {WEEKDAY_NAMES[found.weekday()]}, found {quoted(text)}")
    return found


def only_date(dates: AbstractSet[date]) -> date | None:
    """Return the one date that a document bears, or None if it bears none.

    Raises:
        PageRefusedError: it bears several.
    """
    if len(dates) > 1:
        raise PageRefusedError(f"expected one date, found {shortened(', '.join(map(str, sorted(dates))))}")
    return next(iter(dates), None)
