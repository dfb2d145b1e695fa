"""arXiv's RSS or Atom feed of one mailing → its entries, whole or refused.

A feed shows the newest mailing of a category as the authors typed it, in TeX; its entries have a listing's form, and
keep what was typed. Comments are left out (https://info.arxiv.org/help/rss.html). A feed declares no number of
entries, so that it proves less than a listing does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from lxml import etree

from digest.calendar import today
from digest.errors import PageRefusedError, quoted, shortened
from digest.model import CATEGORY, YEARS, ArxivId, Entry, Paper, RawText, Section
from digest.parse.document import (
    MOST_ENTRIES,
    collapse,
    only_date,
    require_at_most,
    require_modest_feed,
    require_modest_text,
    require_utf8,
)
from digest.parse.entries import prove_category, prove_distinct
from digest.parse.typed import names_in, set_anew

_SECTIONS = {
    "new": Section.NEW,
    "cross": Section.CROSS,
    "replace": Section.REPLACEMENT,
    "replace-cross": Section.REPLACEMENT,
}
_START = re.compile(r"\s*(?:<\?xml [^>]*\?>\s*)?<(?P<root>rss|feed)[\s>]")  # and so no DTD
_TITLE = re.compile(r"(.+) updates on arXiv\.org")
_ID = re.compile(r"oai:arXiv\.org:(?P<versioned>(?P<id>\S+?)(?:v[0-9]{1,4})?)")
_DESCRIPTION = re.compile(
    r"arXiv:(?P<versioned>\S+) Announce Type: (?P<kind>\S+) ?\nAbstract:(?P<abstract>.*)", re.DOTALL
)
_PLAIN_FORMS = {
    "rss20": ("text/plain", "text/html"),  # RSS does not say which; feedparser guesses
    "atom10": ("text/plain",),
}
_LONGEST_TEXT = 10_000  # arXiv takes abstracts of up to 1920 characters
_NEEDED = ("id", "title", "summary", "arxiv_announce_type", "author", "published")
_JOURNAL = "arxiv_journal_reference"
_CALLED = {"summary": "abstract", "arxiv_announce_type": "announce type", "published": "date"}

# feedparser takes Latin-1 that happens to be UTF-8 for a mistake, reads C1 controls as Windows-1252, and strips
# every kind of space: what it would change goes through it as characters that no text has.
_CHANGED = re.compile("[\x80-\u3000]")
_PRIVATE = re.compile("[\U000f0080-\U000f3000]")
_OFFSET = 0xF0000

_ATOM = "{http://www.w3.org/2005/Atom}"
_HOLDERS = frozenset({"channel", "item", f"{_ATOM}feed", f"{_ATOM}entry"})
_UNUSED = ("link", f"{_ATOM}link", f"{_ATOM}updated", "{http://purl.org/dc/elements/1.1/}rights")


@dataclass(frozen=True)
class ParsedFeed:
    """One feed. ``date`` is the mailing's, in New York; an empty Atom feed bears none.

    ``category`` is the one that the feed's own title names; None if that is not one category.
    """

    date: date | None
    category: str | None
    entries: tuple[Entry, ...]


def parse_feed(body: bytes) -> ParsedFeed:
    """Parse the bytes of an RSS or Atom feed of arXiv; one without entries is a valid feed.

    Raises:
        PageRefusedError: it is cut, no feed of arXiv's, not known to be whole, or contradicts itself.
    """
    document = _read_by_feedparser(body)
    title = collapse(_restored(document.feed.get("title")))
    named = _TITLE.fullmatch(title)
    if named is None:
        reason = collapse(_restored(document.feed.get("subtitle")))
        raise PageRefusedError(f"expected the feed of a category, found {quoted(title)}: {shortened(reason)}")
    category = named[1] if CATEGORY.fullmatch(named[1]) else None
    if document.version not in _PLAIN_FORMS:
        raise PageRefusedError(f"expected RSS 2.0 or Atom 1.0, found {quoted(document.version)}")
    count = len(document.entries)
    if count >= MOST_ENTRIES:
        raise PageRefusedError(f"expected less than {MOST_ENTRIES} entries, where arXiv's feeds stop, found {count}")
    items = [_Item(number, dict(fields)) for number, fields in enumerate(document.entries, 1)]
    lengths = [len(item.fields.get(key, "")) for item in items for key in ("title", "summary")]
    require_modest_text(sum(lengths), count)
    require_at_most("characters in a title or an abstract", max(lengths, default=0), _LONGEST_TEXT)
    found = [item.section_and_paper(_PLAIN_FORMS[document.version]) for item in items]
    # Numbered as a listing does it: new submissions, cross-lists, replacements.
    order = list(Section).index
    found.sort(key=lambda one: order(one[0]))
    entries = tuple(Entry(section, position, paper) for position, (section, paper) in enumerate(found, 1))
    prove_distinct(entries)
    if category is not None:
        prove_category(entries, category, "feed")
    moments = {item.texts["published"] for item in items}
    if document.version != "atom10":  # whose own date is the moment of the request
        moments.add(_restored(document.feed.get("published")))
    return ParsedFeed(only_date(set(map(_new_york_date, moments))), category, entries)


def _read_by_feedparser(body: bytes) -> Any:
    """Let feedparser read the feed, if it is whole and well-formed: anything else it would read twice, and slowly."""
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415  # only a day without a listing waits for it

    require_utf8(body)
    text = body.decode()
    start = _START.match(text)
    if start is None:
        raise PageRefusedError(f"expected an RSS or Atom feed, found {quoted(collapse(text[:1000]))}")
    end = f"</{start['root']}>"
    if not text.rstrip(" \t\n\v\f\r").endswith(end):
        raise PageRefusedError(f"expected the feed to end with {end}, found it cut after {len(body)} bytes")
    require_modest_feed(body)
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True))
    except etree.XMLSyntaxError as error:
        raise PageRefusedError(f"expected well-formed XML, found: {shortened(collapse(str(error)))}") from error
    if root.getroottree().docinfo.encoding in (None, "UTF-8", "utf-8"):
        text = _used_text(root)
    if _PRIVATE.search(text):
        raise PageRefusedError("expected no characters of private use, found some")
    shielded = _CHANGED.sub(lambda match: chr(ord(match[0]) + _OFFSET), text)
    try:
        document = feedparser.parse(
            SimpleNamespace(read=shielded.encode),  # bare bytes would be taken for the name of a file first
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # it stumbles over elements out of place
        found = f"{type(error).__name__}: {shortened(str(error))}"
        raise PageRefusedError(f"expected a feed that can be read, found {found}") from error
    if document.bozo:
        raise PageRefusedError(f"expected well-formed XML, found: {shortened(collapse(str(document.bozo_exception)))}")
    return document


def _used_text(root: etree._Element) -> str:
    """Return a feed without blanks around elements, and without those that nobody asks for, if they are arXiv's.

    Each of these would cost feedparser as much as an abstract does.
    """
    unused = [*root.iter(*_UNUSED)]
    holders = {"" if parent is None else parent.tag for parent in (one.getparent() for one in unused)}
    if holders <= _HOLDERS and not any(map(len, unused)):
        etree.strip_elements(root, *_UNUSED, with_tail=False)
    return etree.tostring(root, encoding="unicode")


def _restored(value: object) -> str:
    """Return a text as it stood in the feed; "" if there is none."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else _PRIVATE.sub(lambda match: chr(ord(match[0]) - _OFFSET), value)


@dataclass(frozen=True)
class _Item:
    """One item of a feed, as feedparser reads it; ``number`` counts from 1."""

    number: int
    fields: Mapping[str, Any]

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """What the fields say, as it stood in the feed."""
        return {key: _restored(self.fields.get(key)) for key in (*_NEEDED, _JOURNAL)}

    def section_and_paper(self, plain_forms: tuple[str, ...]) -> tuple[Section, Paper]:
        """Return the paper that the item is about, and where it is listed."""
        self.prove_whole(plain_forms)
        arxiv_id, abstract = self.id_and_abstract()
        names = tuple(_restored(tag["term"]) for tag in self.fields.get("tags", ()))
        raw = RawText(self.texts["title"], names_in(self.texts["author"]), abstract)
        journal = collapse(self.texts[_JOURNAL])
        primary = next(iter(names), "")
        paper = set_anew(Paper(arxiv_id, "", (), primary, names, journal_ref=journal or None, raw=raw))
        if not (paper.abstract and paper.title and paper.authors and all(paper.authors)):
            raise PageRefusedError(f"expected a title, authors and an abstract in {arxiv_id}, found one empty")
        if not names or not all(map(CATEGORY.fullmatch, names)):
            raise PageRefusedError(f"expected the categories of {arxiv_id}, found {quoted(names)}")
        kind = self.texts["arxiv_announce_type"]
        if kind not in _SECTIONS:
            raise PageRefusedError(f"expected an announce type of {', '.join(_SECTIONS)}, found {quoted(kind)}")
        return _SECTIONS[kind], paper

    def prove_whole(self, plain_forms: tuple[str, ...]) -> None:
        missing = [_CALLED.get(key, key) for key in _NEEDED if not self.texts[key]]
        if missing:
            found = f"none of {', '.join(missing)} in item {self.number}"
            raise PageRefusedError(f"expected each item whole, found {found}")
        forms = [self.fields.get(f"{key}_detail", {}).get("type") for key in ("title", "summary")]
        if not set(forms) <= set(plain_forms):
            raise PageRefusedError(f"expected plain text in item {self.number}, found {quoted(forms)}")
        if len(self.fields.get("authors", ())) != 1:
            raise PageRefusedError(f"expected one line of authors in item {self.number}, found several")

    def id_and_abstract(self) -> tuple[ArxivId, str]:
        own, description = _ID.fullmatch(self.texts["id"]), _DESCRIPTION.fullmatch(self.texts["summary"])
        if own is None or description is None:
            raise PageRefusedError(
                f"expected 'oai:arXiv.org:ID' and 'arXiv:ID Announce Type: …' in item {self.number}, "
                f"found {quoted(self.texts['id'])} and {quoted(self.texts['summary'])}"
            )
        said = (description["versioned"], description["kind"])
        if said != (own["versioned"], self.texts["arxiv_announce_type"]):
            raise PageRefusedError(f"expected one id and one announce type in item {self.number}, found two")
        try:
            return ArxivId.parse(own["id"]), description["abstract"]
        except ValueError as error:
            raise PageRefusedError(f"expected an arXiv id in item {self.number}, found {quoted(own['id'])}") from error


def _new_york_date(text: str) -> date:
    """Return the date of a moment in the form of RSS (RFC 5322) or of Atom (RFC 3339)."""
    try:
        moment = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
    except ValueError as error:
        raise PageRefusedError(f"expected a date and time, found {quoted(text)}") from error
    if moment.tzinfo is None or moment.year not in YEARS:
        raise PageRefusedError(f"expected a date and time with its zone, found {quoted(text)}")
    return today(moment)
