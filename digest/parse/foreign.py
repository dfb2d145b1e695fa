"""What a file is that is no listing with abstracts, and what to do instead. For people who save pages by hand.

Nothing is refused here: a page that proves itself is never asked about. What arXiv's pages are told by stands in its
templates: the lists' headings, ``citation_arxiv_id`` and error titles in arXiv/arxiv-browse (``browse/templates``,
``browse/formatting/metatags.py``), ``arxiv-result`` in arXiv/arxiv-search (``search-macros.html``). Catchup pages of
before 2024 were never seen: that they are addressed as ``/catchup?…`` is concluded from the form that led to them
(``single_archive.html`` before commit d847f0c).
"""

import re
from collections.abc import Callable

from lxml import etree

from digest.errors import PageRefusedError, quoted
from digest.parse.bounds import require_modest_page
from digest.parse.markup import collapse, plain_text

_LOOKED_AT = 100_000
"""Bytes of a file; what it is stands near its beginning."""

_SHOWN = 80  # characters of a foreign text that a message quotes

_SAVE_NEW = "save /list/CATEGORY/new or /catchup/CATEGORY/DATE?abs=True instead"
_FETCH = "`digest fetch DATE` gets a day of the last 91, a saved /list/CATEGORY/new is taken in at any time"
_SAVE_SOURCE = "open the page again and save it as HTML only, or save it with curl"
_LOG_IN = "log in first, then save the page again"
_NO_LISTING = "that address gave no listing: save another one, or the same later"
_UNPACK = "unpack it, and give the saved pages in it"

_MAGIC: tuple[tuple[bytes, int, str, str], ...] = (
    (b"%PDF-", 0, "a PDF", _SAVE_NEW),
    (b"%!PS", 0, "a PostScript file", _SAVE_NEW),
    (b"\x89PNG", 0, "an image (PNG)", _SAVE_NEW),
    (b"\xff\xd8\xff", 0, "an image (JPEG)", _SAVE_NEW),
    (b"GIF8", 0, "an image (GIF)", _SAVE_NEW),
    (b"WEBP", 8, "an image (WebP)", _SAVE_NEW),
    (b"ftyp", 4, "an image or a film", _SAVE_NEW),
    (b"BM", 0, "an image (BMP)", _SAVE_NEW),
    (b"II*\0", 0, "an image (TIFF)", _SAVE_NEW),
    (b"MM\0*", 0, "an image (TIFF)", _SAVE_NEW),
    (b"\0\0\1\0", 0, "an image (icon)", _SAVE_NEW),
    (b"PK\x03\x04", 0, "a zip archive", _UNPACK),
    (b"PK\x05\x06", 0, "a zip archive without files", _SAVE_NEW),
    (b"ustar", 257, "a tar archive", _UNPACK),
    (b"\x1f\x8b", 0, "a gzip file inside a gzip file", _UNPACK),
    (b"BZh", 0, "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\0", 0, "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", 0, "a Zstandard file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive", _UNPACK),
    (b"Rar!", 0, "a RAR archive", _UNPACK),
    (b"SQLite format 3\0", 0, "a database", "an archive's own goes into its place as archive.db"),
    (b"bplist00", 0, "a Safari web archive", _SAVE_SOURCE),
    (b"\xff\xfe", 0, "a text in UTF-16", "save the page in UTF-8"),
    (b"\xfe\xff", 0, "a text in UTF-16", "save the page in UTF-8"),
)
"""Bytes that a kind of file has at a place, the kind, and what to do. Sources: each format's own specification."""

_XML = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*|<\?xml-stylesheet[^>]*\?>\s*)*+<(?P<root>[A-Za-z:-]+)",
    re.DOTALL | re.IGNORECASE,
)
_XML_KINDS = {
    "rss": ("an RSS feed", f"it shows today's mailing only and proves less than a listing; {_FETCH}"),
    "rdf:RDF": ("an RSS feed", f"it shows one mailing only and proves less than a listing; {_FETCH}"),
    "feed": ("an Atom feed", f"it shows today's mailing only and proves less than a listing; {_FETCH}"),
    "OAI-PMH": ("an answer of arXiv's OAI-PMH", f"it does not say when a paper was announced; {_FETCH}"),
    "svg": ("an image (SVG)", _SAVE_NEW),
}
_API = "an answer of arXiv's API", f"it does not say when a paper was announced; {_FETCH}"
_IS_API = re.compile(r"<opensearch:|arXiv Query:|arxiv\.org/api/")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title)[\s>]", re.IGNORECASE)

_TEXTS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"# ArXiv \S+ --"), "a digest", "save a page of that day instead, or `digest fetch` it"),
    (
        re.compile(r'\{"category":"|\{"format":'),
        "a record of digest",
        "put it back into the folder of day records; `digest rebuild` reads it",
    ),
    (re.compile(r"(?i)MIME-Version:|From: <Saved by"), "a page saved as a single file (MHTML)", _SAVE_SOURCE),
    (re.compile(r"(?s).{0,4000}?^\\\\\r?$\n^arXiv:", re.MULTILINE), "arXiv's mailing as an e-mail", _FETCH),
    (re.compile(r"\s*[\[{]"), "JSON", _SAVE_NEW),
    (re.compile(r"\s*@[A-Za-z]+\s*\{"), "BibTeX", _SAVE_NEW),
    (re.compile(r"HTTP/[0-9.]+ [0-9]{3}"), "the headers of an answer", "save the page without its headers"),
)

_HEADING_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"Authors and titles for recent submissions.*"),
        "a /recent or /pastweek page",
        f"it has no abstracts, so that no day can be made of it; {_SAVE_NEW}",
    ),
    (
        re.compile(r"Authors and titles for .+"),
        "the listing of a month or a year",
        f"it tells no announcement dates and has no abstracts; {_SAVE_NEW}",
    ),
    (re.compile(r".+'s articles on arXiv"), "the page of an author", _SAVE_NEW),
)
_CATCHUP = re.compile(r"Catchup results for .+ on .+")
_CATCHUP_FORM = re.compile(r"catchup(?: on:?)?", re.IGNORECASE)

_ABSTRACT_TITLE = re.compile(r"\[(?:[a-z-]+(?:\.[A-Z]{2})?/)?[0-9.]{7,10}(?:v[0-9]+)?\] (?!.*not recognized)")
_CAPTCHA = re.compile(
    r"just a moment|attention required|captcha|are you (?:a )?(?:human|robot)|security check|verify you",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"log[ -]?in|sign[ -]?in|single sign|authenticat|wi-?fi|hotspot", re.IGNORECASE)
_ERROR = re.compile(
    r"[45][0-9]{2}\b|.*\b(?:error|not found|not recognized|unavailable|forbidden|denied|bad gateway|too many requests"
    r"|timed? ?out|rate exceeded)\b|invalid |unexpected parameter|no such ",
    re.IGNORECASE,
)
_SEARCH = re.compile(r".*\bsearch\b.*", re.IGNORECASE)


def other_kind(body: bytes) -> str | None:
    """Say what a file is and what to do instead; None if it is a listing, or may be one that is damaged."""
    if not body.strip():
        return "an empty file; save the page again"
    for magic, place, kind, advice in _MAGIC:
        if body.startswith(magic, place):
            return f"{kind}; {advice}"
    if b"\0" in body[:_LOOKED_AT]:
        return f"a binary file; {_SAVE_NEW}"
    head = body[:_LOOKED_AT].decode("utf-8", "replace").removeprefix("\ufeff")
    start = _XML.match(head)
    root = start["root"] if start else ""
    if root not in _XML_KINDS and _HTML.search(head):
        try:
            require_modest_page(body)
            return _kind_of_page(body)
        except (PageRefusedError, RecursionError):
            return None
    return _kind_of_text(head, root)


def _kind_of_text(head: str, root: str) -> str:
    if root:
        is_api = root == "feed" and _IS_API.search(head) is not None
        return "; ".join(_API if is_api else _XML_KINDS.get(root, ("XML", _SAVE_NEW)))
    if _ERROR.match(head[:_SHOWN]):
        return f"an error that begins with {quoted(collapse(head[:_SHOWN]))}; {_NO_LISTING}"
    found = next(((kind, advice) for pattern, kind, advice in _TEXTS if pattern.match(head)), None)
    if found:
        return "; ".join(found)
    return f"a plain text that begins with {quoted(collapse(head[:_SHOWN]))}; {_SAVE_NEW}"


def _kind_of_page(body: bytes) -> str | None:
    document = etree.fromstring(body, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    if document is None:
        return f"a page without contents; {_SAVE_NEW}"
    listing = document.find(".//div[@id='dlpage']")
    if listing is not None:
        return _kind_of_listing(listing, body)
    heading = next((plain_text(one) for one in document.iter("h1", "h2", "h3")), "")
    title = collapse((document.findtext(".//title") or heading)[:_LOOKED_AT])
    shown = quoted(title)
    for is_so, kind, advice in _PAGES:
        if is_so(document, title[:_SHOWN]):
            return f"{kind}, titled {shown}; {advice}"
    is_cut = b"</html" not in body[-_LOOKED_AT:].lower()
    return None if is_cut else f"a web page titled {shown}; {_SAVE_NEW}"


def _kind_of_listing(listing: etree._Element, body: bytes) -> str | None:
    headings = [plain_text(one) for one in listing.iter("h1", "h2")]
    for pattern, kind, advice in _HEADING_KINDS:
        if any(map(pattern.fullmatch, headings)):
            return f"{kind}; {advice}"
    is_new = any(map(_CATCHUP.fullmatch, headings))
    if is_new and listing.find(".//dd") is not None and listing.find(".//dd//p") is None:
        return "a catchup page without abstracts; open it with ?abs=True at the end of its address, and save that"
    if not is_new and (b"/catchup?" in body or any("catchup" in one.lower() for one in headings)):
        return f"a catchup page of before 2024, which no count proves to be whole; {_FETCH}"
    if b"web.archive.org" in body:
        advice = "save the original: put id_ after the time in its address (…/web/20211020000000id_/https://…)"
        return f"a page that the Wayback Machine has changed; {advice}"
    return None


def _has(path: str) -> Callable[[etree._Element, str], bool]:
    return lambda document, _title: document.find(path) is not None


def _is_titled(pattern: re.Pattern[str]) -> Callable[[etree._Element, str], bool]:
    return lambda _document, title: pattern.match(title) is not None


_PAGES: tuple[tuple[Callable[[etree._Element, str], bool], str, str], ...] = (
    (_has(".//meta[@name='citation_arxiv_id']"), "the abstract page of one paper", _SAVE_NEW),
    (_is_titled(_ABSTRACT_TITLE), "the abstract page of one paper", _SAVE_NEW),
    (_has(".//*[@class='ltx_document']"), "a paper in HTML", _SAVE_NEW),
    (_has(".//li[@class='arxiv-result']"), "a page of search results", _SAVE_NEW),
    (_is_titled(_ERROR), "an error page", _NO_LISTING),
    (lambda _document, title: _CAPTCHA.search(title) is not None, "a page that asks who is there", _SAVE_SOURCE),
    (_has(".//input[@type='password']"), "a login page", _LOG_IN),
    (lambda _document, title: _LOGIN.search(title) is not None, "a login page", _LOG_IN),
    (_is_titled(_SEARCH), "a page of search results", _SAVE_NEW),
    (_is_titled(_CATCHUP_FORM), "the form for catchup pages", "save the page that it leads to"),
)
