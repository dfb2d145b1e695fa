"""What a file is that is no listing with abstracts, and what to do instead. For people who save pages by hand.

Nothing is refused here: a page that proves itself is never asked about. What arXiv's pages are told by stands in its
templates: the lists' headings, ``citation_arxiv_id`` and error titles in arXiv/arxiv-browse (``browse/templates``,
``browse/formatting/metatags.py``), ``arxiv-result`` in arXiv/arxiv-search (``search-macros.html``). Catchup pages of
before 2024 were never seen: that they are addressed as ``/catchup?…`` is concluded from the form that led to them
(``single_archive.html`` before commit d847f0c).
"""

import re
from enum import StrEnum

from lxml import etree

from digest.errors import PageRefusedError, quoted
from digest.parse.classic import START as CLASSIC
from digest.parse.document import collapse, plain_text, require_modest_page
from digest.parse.exported import CSV_START, JSON_START

_LOOKED_AT = 100_000  # bytes of a file; what it is stands near its beginning
_SHOWN = 80  # characters of a foreign text that a message quotes

_SAVE_NEW = "save /list/CATEGORY/new or /catchup/CATEGORY/DATE?abs=True instead"
_FETCH = "`digest fetch DATE` gets any of the last 91 days; a saved /list/CATEGORY/new can be imported at any time"
_NO_ABSTRACTS = f"it has no abstracts, so no day can be made of it; {_SAVE_NEW}"
_NO_FEED = f"it is no feed of one of arXiv's categories; {_SAVE_NEW}"
_NO_ANNOUNCEMENT = f"it does not say when a paper was announced; {_FETCH}"
_METADATA = "it does not say when a paper was announced; `digest backfill --file FILE` takes it in as metadata"
_SAVE_SOURCE = "open the page again and save it as HTML only, or save it with curl"
_EXPORT_AGAIN = "it does not hold whole days; export them as json, jsonl or csv, or take their day records"
_NO_DAY = "put it back where it was, beside the day records"
_LOG_IN = "log in first, then save the page again"
_NO_LISTING = "that address gave no listing: save another one, or the same later"
_UNPACK = "unpack it, and give the saved pages in it"

_MAGIC: tuple[tuple[int, tuple[bytes, ...], str, str], ...] = (
    (0, (b"%PDF-",), "a PDF", _SAVE_NEW),
    (0, (b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "an image", _SAVE_NEW),
    (8, (b"WEBP",), "an image", _SAVE_NEW),
    (0, (b"PK\x03\x04",), "a zip archive", _UNPACK),
    (257, (b"ustar",), "a tar archive", _UNPACK),
    (0, (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!"), "a packed file", _UNPACK),
    (0, (b"SQLite format 3\0",), "a database", "if it is an archive's, copy it back as archive.db"),
    (0, (b"bplist00",), "a Safari web archive", _SAVE_SOURCE),
    (0, (b"\xff\xfe", b"\xfe\xff"), "a text in UTF-16", "save the page in UTF-8"),
)
"""Where in a file a kind has which bytes, the kind, and what to do. Sources: each format's own specification."""

_XML = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*|<\?xml-stylesheet[^>]*\?>\s*)*+<(?P<root>[A-Za-z:-]+)",
    re.DOTALL | re.IGNORECASE,
)
_XML_KINDS = {
    "rss": ("an RSS feed", _NO_FEED),
    "rdf:RDF": ("an RSS feed", _NO_FEED),  # RSS 1.0
    "feed": ("an Atom feed", _NO_FEED),
    "OAI-PMH": ("an answer of arXiv's OAI-PMH", _METADATA),
    "svg": ("an image (SVG)", _SAVE_NEW),
}
_OF_ARXIV = re.compile(r"updates on arXiv\.org")
_IS_API = re.compile(r"<opensearch:|arXiv Query:|arxiv\.org/api/")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title)[\s>]", re.IGNORECASE)

_TEXTS = (
    (r'\{"id": ?"[^"]{7,20}", ?"submitter"', "arXiv's metadata as Kaggle has it", _METADATA),
    (r"@misc\{", "an export as BibTeX", _EXPORT_AGAIN),
    (r"TY  - ", "an export as RIS", _EXPORT_AGAIN),
    (r'\{"version": "https://jsonfeed', "a JSON Feed", _EXPORT_AGAIN),
    (r"\{\s*\"(?:format\":\s*1,\s*\"(?:corrections|told)|corrections)", "what digest keeps beside its days", _NO_DAY),
    (r"(?i)MIME-Version:|From: <Saved by", "a page saved as a single file (MHTML)", _SAVE_SOURCE),
    (r"(?sm).{0,4000}?^\\\\\r?$\n^arXiv:", "arXiv's mailing as an e-mail", _FETCH),
    (r"\s*[\[{]", "JSON", _SAVE_NEW),
    (r"HTTP/[0-9.]+ [0-9]{3}", "the headers of an answer", "save the page without its headers"),
)
"""How a text begins, its kind, and what to do."""

_LISTINGS = (
    ("Authors and titles for recent submissions.*", "a /recent or /pastweek page", _NO_ABSTRACTS),
    ("Authors and titles for .+", "the listing of a month or a year", _NO_ABSTRACTS),
    (".+'s articles on arXiv", "the page of an author", _SAVE_NEW),
)
"""A heading of a listing that is none of a day, its kind, and what to do."""

_ERROR = (
    r"(?i)[45][0-9]{2}\b|.*\b(?:error|not found|not recognized|unavailable|forbidden|denied|bad gateway|rate exceeded"
    r"|too many requests|timed? ?out)\b|invalid |unexpected parameter|no such "
)
_ABSTRACT_TITLE = r"\[(?:[a-z-]+(?:\.[A-Z]{2})?/)?[0-9.]{7,10}(?:v[0-9]+)?\] (?!.*not recognized)"
_GUARD = "just a moment|attention required|captcha|are you (?:a )?(?:human|robot)|security check|verify you"
_LOGIN_TITLE = "(?i).*(?:log[ -]?in|sign[ -]?in|single sign|authenticat|wi-?fi|hotspot)"
_PAGES = (
    (".//meta[@name='citation_arxiv_id']", _ABSTRACT_TITLE, "the abstract page of one paper", _SAVE_NEW),
    ("", _ERROR, "an error page", _NO_LISTING),
    ("", rf"(?i).*(?:{_GUARD})", "a page that asks who is there", _SAVE_SOURCE),
    (".//input[@type='password']", _LOGIN_TITLE, "a login page", _LOG_IN),
    (".//li[@class='arxiv-result']", r"(?i).*\bsearch\b", "a page of search results", _SAVE_NEW),
    ("", "(?i)catchup(?: on:?)?", "the form for catchup pages", "save the page that it leads to"),
)
"""What a page holds, or how its title begins; its kind, and what to do; the surest first."""


class Kind(StrEnum):
    """What `digest import` takes besides pages, as it is called in a report."""

    RECORD = "day record"
    FEED = "feed"
    EXPORT = "export"
    FULL = "full digest"
    CLASSIC = "classic digest"


_BEGINNINGS = (
    (Kind.RECORD, (b'{"format":',)),
    (Kind.EXPORT, (*JSON_START, CSV_START)),
    (Kind.CLASSIC, (CLASSIC,)),
)


def own_kind(body: bytes) -> Kind | None:
    """Return what a file is by its beginning, if `digest import` takes it and it is no page; whole or not."""
    start = body[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    for kind, beginnings in _BEGINNINGS:
        if start.startswith(beginnings):
            return kind
    if start.startswith(b"---\n"):
        start = start.partition(b"\n---\n")[2].lstrip(b"\n")
    if start.startswith(b"# arXiv ") and " · ".encode() in start[:200]:
        return Kind.FULL
    head = start.decode("utf-8", "replace")
    root = match["root"] if (match := _XML.match(head)) else ""
    return Kind.FEED if root in ("rss", "feed") and not _IS_API.search(head) and _OF_ARXIV.search(head) else None


def other_kind(body: bytes) -> str | None:
    """Say what a file is and what to do instead; None if it is a listing, or may be one that is damaged."""
    if not body.strip():
        return "an empty file; save the page again"
    for place, magic, kind, advice in _MAGIC:
        if body.startswith(magic, place):
            return f"{kind}; {advice}"
    if b"\0" in body[:_LOOKED_AT]:
        return f"a binary file; {_SAVE_NEW}"
    head = body[:_LOOKED_AT].decode("utf-8", "replace").removeprefix("\ufeff")
    start = _XML.match(head)
    root = start["root"] if start else ""
    if root in _XML_KINDS or not _HTML.search(head):
        return _kind_of_text(head, root)
    try:
        require_modest_page(body)
        return _kind_of_page(body)
    except (PageRefusedError, RecursionError):
        return None


def _kind_of_text(head: str, root: str) -> str:
    if root == "feed" and _IS_API.search(head):
        return f"an answer of arXiv's API; {_NO_ANNOUNCEMENT}"
    if root:
        return "; ".join(_XML_KINDS.get(root, ("XML", _SAVE_NEW)))
    shown = quoted(collapse(head[:_SHOWN]))
    if re.match(_ERROR, head[:_SHOWN]):
        return f"an error that begins with {shown}; {_NO_LISTING}"
    for pattern, kind, advice in _TEXTS:
        if re.match(pattern, head):
            return f"{kind}; {advice}"
    return f"a plain text that begins with {shown}; {_SAVE_NEW}"


def _kind_of_page(body: bytes) -> str | None:
    document = etree.fromstring(body, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    if document is None:
        return f"a page without contents; {_SAVE_NEW}"
    listing = document.find(".//div[@id='dlpage']")
    if listing is not None:
        return _kind_of_listing(listing, body)
    heading = next((plain_text(one) for one in document.iter("h1", "h2", "h3")), "")
    title = collapse((document.findtext(".//title") or heading)[:_LOOKED_AT])
    for path, pattern, kind, advice in _PAGES:
        if (path and document.find(path) is not None) or re.match(pattern, title[:_SHOWN]):
            return f"{kind}, titled {quoted(title)}; {advice}"
    is_cut = b"</html" not in body[-_LOOKED_AT:].lower()
    return None if is_cut else f"a web page titled {quoted(title)}; {_SAVE_NEW}"


def _kind_of_listing(listing: etree._Element, body: bytes) -> str | None:
    headings = [plain_text(one) for one in listing.iter("h1", "h2")]
    for pattern, kind, advice in _LISTINGS:
        if any(re.fullmatch(pattern, heading) for heading in headings):
            return f"{kind}; {advice}"
    is_new = any(re.fullmatch("Catchup results for .+ on .+", heading) for heading in headings)
    if is_new and listing.find(".//dd") is not None and listing.find(".//dd//p") is None:
        return "a catchup page without abstracts; open it with ?abs=True at the end of its address, and save that"
    if not is_new and (b"/catchup?" in body or any("catchup" in heading.lower() for heading in headings)):
        return f"a catchup page from before 2024, on which no count proves it whole; {_FETCH}"
    if b"web.archive.org" in body:
        advice = "save the original: put id_ after the time in its address (…/web/20211020000000id_/https://…)"
        return f"a page that the Wayback Machine has changed; {advice}"
    return None
