"""arXiv's RSS or Atom feed of one mailing → its entries, whole or refused.

A feed shows the newest mailing of a category as the authors typed it, in TeX; its entries have a listing's form, and
keep what was typed. Comments are left out (https://info.arxiv.org/help/rss.html). A feed declares no number of
entries, so that it proves less than a listing does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from digest.calendar import CATEGORY, YEARS, today
from digest.errors import PageRefusedError, quoted, shortened
from digest.model import ArxivId, Entry, Paper, RawText, Section
from digest.parse.authors import names_in
from digest.parse.bounds import MOST_ENTRIES, require_at_most, require_modest_feed, require_modest_text
from digest.parse.join import belongs
from digest.parse.links import find_links
from digest.parse.markup import collapse
from digest.parse.tex import abstract_of, title_of

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
_FORMS = {
    "rss20": ("text/plain", "text/html"),  # RSS does not say which; feedparser guesses
    "atom10": ("text/plain",),
}
_LONGEST_TEXT = 10_000  # arXiv takes abstracts of up to 1920 characters
_ASCII_BLANKS = " \t\n\v\f\r"
_NEEDED = {
    "id": "id",
    "title": "title",
    "summary": "abstract",
    "arxiv_announce_type": "announce type",
    "author": "author",
    "published": "date",
}

# feedparser takes Latin-1 that happens to be UTF-8 for a mistake, reads C1 controls as Windows-1252, and strips
# every kind of space: what it would change goes through it as characters that no text has.
_CHANGED = re.compile("[\x80-\u3000]")
_PRIVATE = re.compile("[\U000f0080-\U000f3000]")
_OFFSET = 0xF0000


@dataclass(frozen=True)
class Feed:
    """One feed. ``date`` is the mailing's, in New York; an empty Atom feed bears none.

    ``category`` is the one that the feed's own title names; None if that is not one category.
    """

    date: date | None
    category: str | None
    entries: tuple[Entry, ...]


def parse_feed(body: bytes) -> Feed:
    """Parse the bytes of an RSS or Atom feed of arXiv; one without entries is a valid feed.

    Raises:
        PageRefusedError: it is cut, no feed of arXiv's, not known to be whole, or contradicts itself.
    """
    document = _document(body)
    category = _category(document.feed)
    if document.version not in _FORMS:
        raise PageRefusedError(f"expected RSS 2.0 or Atom 1.0, found {quoted(document.version)}")
    if len(document.entries) >= MOST_ENTRIES:
        raise PageRefusedError(
            f"expected less than {MOST_ENTRIES} entries, where arXiv's feeds stop, found {len(document.entries)}"
        )
    forms = _FORMS[document.version]
    texts = [len(entry.get(key, "")) for entry in document.entries for key in ("title", "summary")]
    require_modest_text(sum(texts), len(document.entries))
    require_at_most("characters in a title or an abstract", max(texts, default=0), _LONGEST_TEXT)
    items = [_Item(number, fields, forms) for number, fields in enumerate(document.entries, 1)]
    own_dates = [] if document.version == "atom10" else [_restored(document.feed.get("published"))]
    entries = _ordered([item.entry() for item in items])
    _prove(entries, category)
    return Feed(_only_date([*own_dates, *(item.text("published") for item in items)]), category, entries)


def _document(body: bytes) -> Any:
    """Let feedparser read the feed, if it is one and is well-formed."""
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415  # only a day without a listing waits for it

    text = _whole_text(body)
    require_modest_feed(body)
    _require_well_formed(body)
    if _PRIVATE.search(text):
        raise PageRefusedError("expected no characters of private use, found some")
    shielded = _CHANGED.sub(lambda match: chr(ord(match[0]) + _OFFSET), text)
    try:
        document = feedparser.parse(
            _Stream(shielded.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # it stumbles over elements out of place
        raise PageRefusedError(
            f"expected a feed that can be read, found {type(error).__name__}: {shortened(str(error))}"
        ) from error
    if document.bozo:
        raise PageRefusedError(f"expected well-formed XML, found: {shortened(collapse(str(document.bozo_exception)))}")
    return document


def _require_well_formed(body: bytes) -> None:
    """Pass XML that is well-formed: feedparser would read anything else twice, and slowly."""
    try:
        etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise PageRefusedError(f"expected well-formed XML, found: {shortened(collapse(str(error)))}") from error


def _whole_text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise PageRefusedError(f"expected UTF-8, found {error.reason} at byte {error.start}") from error
    start = _START.match(text)
    if start is None:
        raise PageRefusedError(f"expected an RSS or Atom feed, found {quoted(collapse(text[:1000]))}")
    end = f"</{start['root']}>"
    if not text.rstrip(_ASCII_BLANKS).endswith(end):
        raise PageRefusedError(f"expected the feed to end with {end}, found it cut after {len(body)} bytes")
    return text


class _Stream:
    """Bytes for feedparser, which takes bare ones for the name of a file first."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> bytes:
        return self._data


def _restored(value: object) -> str:
    """Return a text as it stood in the feed; "" if there is none."""
    return _PRIVATE.sub(lambda match: chr(ord(match[0]) - _OFFSET), value) if isinstance(value, str) else ""


def _category(feed: Mapping[str, object]) -> str | None:
    title = collapse(_restored(feed.get("title")))
    match = _TITLE.fullmatch(title)
    if match is None:
        reason = collapse(_restored(feed.get("subtitle")))
        raise PageRefusedError(f"expected the feed of a category, found {quoted(title)}: {shortened(reason)}")
    return match[1] if CATEGORY.fullmatch(match[1]) else None


@dataclass(frozen=True)
class _Item:
    """One item of a feed, as feedparser reads it; ``number`` counts from 1, ``forms`` are those of plain text."""

    number: int
    fields: Mapping[str, Any]
    forms: tuple[str, ...]

    def text(self, key: str) -> str:
        return _restored(self.fields.get(key))

    def entry(self) -> Entry:
        """Return the entry that the item is; its position is not known yet."""
        self._require_fields()
        arxiv_id, abstract = self._id_and_abstract()
        raw = RawText(self.text("title"), names_in(self.text("author")), abstract)
        title, authors, line = title_of(raw.title), tuple(map(title_of, raw.authors)), abstract_of(abstract)
        if not line or not title or not authors or not all(authors):
            raise PageRefusedError(f"expected a title, authors and an abstract in {arxiv_id}, found one empty")
        categories = self._categories(arxiv_id)
        paper = Paper(
            arxiv_id=arxiv_id,
            title=title,
            authors=authors,
            primary_category=categories[0],
            categories=categories,
            abstract=line,
            journal_ref=collapse(self.text("arxiv_journal_reference")) or None,
            links=find_links(abstract=line, comments=None, title=title),
            raw=raw,
        )
        return Entry(self._section(), 0, paper)

    def _require_fields(self) -> None:
        missing = [name for key, name in _NEEDED.items() if not self.text(key)]
        if missing:
            raise PageRefusedError(
                f"expected each item whole, found none of {', '.join(missing)} in item {self.number}"
            )
        found = [self.fields.get(f"{key}_detail", {}).get("type") for key in ("title", "summary")]
        if not set(found) <= set(self.forms):
            raise PageRefusedError(f"expected plain text in item {self.number}, found {quoted(found)}")
        if len(self.fields.get("authors", ())) != 1:
            raise PageRefusedError(f"expected one line of authors in item {self.number}, found several")

    def _id_and_abstract(self) -> tuple[ArxivId, str]:
        own, description = _ID.fullmatch(self.text("id")), _DESCRIPTION.fullmatch(self.text("summary"))
        if own is None or description is None:
            raise PageRefusedError(
                f"expected 'oai:arXiv.org:ID' and 'arXiv:ID Announce Type: …' in item {self.number}, "
                f"found {quoted(self.text('id'))} and {quoted(self.text('summary'))}"
            )
        said = (description["versioned"], description["kind"])
        if said != (own["versioned"], self.text("arxiv_announce_type")):
            raise PageRefusedError(f"expected one id and one announce type in item {self.number}, found two")
        try:
            return ArxivId.parse(own["id"]), description["abstract"]
        except ValueError as error:
            raise PageRefusedError(f"expected an arXiv id in item {self.number}, found {quoted(own['id'])}") from error

    def _categories(self, arxiv_id: ArxivId) -> tuple[str, ...]:
        names = tuple(_restored(tag.term) for tag in self.fields.get("tags", ()))
        if not names or not all(map(CATEGORY.fullmatch, names)):
            raise PageRefusedError(f"expected the categories of {arxiv_id}, found {quoted(names)}")
        return names

    def _section(self) -> Section:
        kind = self.text("arxiv_announce_type")
        if kind not in _SECTIONS:
            raise PageRefusedError(f"expected an announce type of {', '.join(_SECTIONS)}, found {quoted(kind)}")
        return _SECTIONS[kind]


def _ordered(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Number the entries as a listing does: new submissions, cross-lists, replacements."""
    by_section = sorted(entries, key=lambda entry: list(Section).index(entry.section))
    return tuple(replace(entry, position=position) for position, entry in enumerate(by_section, 1))


def _prove(entries: Sequence[Entry], category: str | None) -> None:
    ids = {entry.paper.arxiv_id for entry in entries}
    if len(ids) != len(entries):
        raise PageRefusedError(f"expected {len(entries)} different ids, found {len(ids)}")
    for entry in entries:
        if category is not None and not belongs(entry, category):
            found = f"{entry.paper.arxiv_id} in {shortened(', '.join(entry.paper.categories))} only"
            raise PageRefusedError(f"expected a feed of {category}, found {found}")


def _only_date(texts: Sequence[str]) -> date | None:
    dates = {_new_york_date(text) for text in set(texts)}
    if len(dates) > 1:
        raise PageRefusedError(f"expected one date, found {', '.join(map(str, sorted(dates)))}")
    return next(iter(dates), None)


def _new_york_date(text: str) -> date:
    """Return the date of a moment in the form of RSS (RFC 5322) or of Atom (RFC 3339)."""
    try:
        moment = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
    except ValueError as error:
        raise PageRefusedError(f"expected a date and time, found {quoted(text)}") from error
    if moment.tzinfo is None or moment.year not in YEARS:
        raise PageRefusedError(f"expected a date and time with its zone, found {quoted(text)}")
    return today(moment)
