"""One record of a listing, a dt with its dd → an entry, whole or refused."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from digest.calendar import CATEGORY
from digest.errors import PageRefusedError, quoted, shortened
from digest.model import ArxivId, Entry, Paper, Section
from digest.parse.authors import UNAVAILABLE, names_in
from digest.parse.bounds import require_at_most
from digest.parse.links import find_links
from digest.parse.markup import is_descriptor, one_line_html, plain_text

_ITEM = re.compile(r"item([0-9]{1,9})")
_ABSTRACT_PAGE = re.compile(r"\A(?:https?://arxiv\.org)?/abs/")  # absolute where a browser saved the page
_PDF = re.compile(r"\A(?:https?://arxiv\.org)?/pdf/(.+?)(?:v[0-9]+)?(?:\.pdf)?\Z")
_OWN_ID = re.compile(r"arXiv:(\S+)")
_SUBJECT = re.compile(r".*\(([^()]+)\)")
_NEEDED = ("list-title", "list-authors", "list-subjects")
_MARKED = ("abstract", "list-comments")
_LABELS = {
    "list-title": "Title:",
    "list-authors": "Authors:",
    "list-comments": "Comments:",
    "list-journal-ref": "Journal-ref:",
    "list-subjects": "Subjects:",
}
_MOST_ADDRESSES = 10_000  # of all records of a page; 2000 of arXiv's have 1200
_BLOCKS = ("div", "p", "dl", "dt", "dd")
_BETWEEN_NAMES = re.compile(r"[,:()]|\b(?:for|the)\b", re.IGNORECASE)
_SHOWN_OF_LINK = re.compile(r"this [a-z0-9+.-]+ URL|\S+", re.IGNORECASE)  # by arxiv-base's urls/links.py


@dataclass(frozen=True)
class Record:
    """The fields of a record; those with markup, by arXiv's class names, are not cleaned yet."""

    section: Section
    position: int
    arxiv_id: ArxivId
    title: str
    authors: tuple[str, ...]
    subjects: tuple[str, ...]
    markup: dict[str, etree._Element]


def read_record(section: Section, term: etree._Element, description: etree._Element) -> Record:
    """Read the record that ``term`` (a dt) and ``description`` (its dd) are.

    Raises:
        PageRefusedError: a field that every record has is not there.
    """
    position = _position(term)
    arxiv_id = _arxiv_id(term, position)
    parts = _parts(description)
    for needed in _NEEDED:
        if needed not in parts:
            raise PageRefusedError(f"expected a {needed} in {arxiv_id}, found none")
    for name, element in parts.items():
        _prove_field(name, element, arxiv_id)
    title = plain_text(parts["list-title"])
    authors = _authors(parts["list-authors"], arxiv_id)
    if not title:
        raise PageRefusedError(f"expected a title in {arxiv_id}, found none")
    subjects = _subjects(parts["list-subjects"], arxiv_id)
    return Record(section, position, arxiv_id, title, authors, subjects, parts)


def _parts(description: etree._Element) -> dict[str, etree._Element]:
    """Return the fields of a record by arXiv's class names; the abstract's is our own.

    They stand side by side in one ``div.meta``, with nothing between them: where a tag is lost, one holds another.
    """
    (meta, *others) = [*description] or [description]
    if others or meta.get("class") != "meta" or _has_stray_text(description) or _has_stray_text(meta):
        raise PageRefusedError("expected the fields of a record in one div, found them elsewhere")
    parts: dict[str, etree._Element] = {}
    for element in meta:
        name = "abstract" if element.tag == "p" else str(element.get("class") or element.tag).split(" ")[0]
        if name in parts:
            raise PageRefusedError(f"expected each field once in a record, found {shortened(name)} twice")
        parts[name] = element
    return parts


def _has_stray_text(element: etree._Element) -> bool:
    """Whether text stands in an element outside the elements that it holds."""
    return bool(((element.text or "") + "".join(child.tail or "" for child in element)).strip())


def _prove_field(name: str, element: etree._Element, arxiv_id: ArxivId) -> None:
    """See that a field has its label where arXiv puts it, holds no other field, and each link in it has its end."""
    if any(inner.tag in _BLOCKS for inner in element.iterdescendants()):
        raise PageRefusedError(f"expected text in the {name} of {arxiv_id}, found a field in it: a tag is lost")
    if name in _LABELS and not _is_labelled(name, element):
        raise PageRefusedError(f"expected {_LABELS[name]!r} before the {name} of {arxiv_id}, found it elsewhere")
    if name in _MARKED:
        shown = ("".join(map(str, anchor.itertext())) for anchor in element.iter("a"))
        if wrong := [text for text in shown if not _SHOWN_OF_LINK.fullmatch(text)]:
            raise PageRefusedError(f"expected links of one word in {arxiv_id}, found {quoted(wrong[0])}")


def _is_labelled(name: str, element: etree._Element) -> bool:
    labels = [inner for inner in element.iter("span") if is_descriptor(inner)]
    if not labels:
        return name == "list-authors"  # which have a label in the layout before 2024 alone
    is_first = labels == [*element][:1] and not (element.text or "").strip()
    return is_first and labels[0].text == _LABELS[name] and not len(labels[0])


def _authors(element: etree._Element, arxiv_id: ArxivId) -> tuple[str, ...]:
    """Return the names in the text; the links around some of them prove that none are glued together."""
    anchors = [anchor for anchor in element if anchor.tag == "a"]
    glued = [one for one in anchors[:-1] if not _BETWEEN_NAMES.search(one.tail or "")]
    line = plain_text(element)
    names = names_in(line)
    if glued or not all(map(plain_text, anchors)) or (not names and line != UNAVAILABLE):
        raise PageRefusedError(f"expected the authors of {arxiv_id}, found {quoted(line)}")
    return names


def _position(term: etree._Element) -> int:
    for anchor in term.iter("a"):
        match = _ITEM.fullmatch(anchor.get("name") or "")
        if match and plain_text(anchor) == f"[{match[1]}]":
            return int(match[1])
    raise PageRefusedError(f"expected an item number such as [31], found {quoted(plain_text(term))}")


def _arxiv_id(term: etree._Element, position: int) -> ArxivId:
    addresses = [anchor.get("href") or "" for anchor in term.iter("a") if anchor.get("title") == "Abstract"]
    try:
        (address,) = addresses
        arxiv_id = ArxivId.parse(_ABSTRACT_PAGE.sub("", address))
    except ValueError as error:
        raise PageRefusedError(f"expected one arXiv id in item {position}, found {quoted(addresses)}") from error
    if others := {*_other_ids(term)} - {str(arxiv_id)}:
        raise PageRefusedError(
            f"expected {arxiv_id} all over item {position}, found {shortened(', '.join(sorted(others)))} too"
        )
    return arxiv_id


def _other_ids(term: etree._Element) -> Iterator[str]:
    """Yield the id wherever else an item shows it: in its text, as the link's own id, and in the PDF's address."""
    yield from _OWN_ID.findall(plain_text(term))
    for anchor in term.iter("a"):
        if anchor.get("title") == "Abstract" and anchor.get("id"):
            yield anchor.get("id") or ""
        if match := _PDF.match(anchor.get("href") or ""):
            yield match[1]


def _subjects(element: etree._Element, arxiv_id: ArxivId) -> tuple[str, ...]:
    """Return the categories, the primary one first."""
    names = [_SUBJECT.fullmatch(subject.strip()) for subject in plain_text(element).split(";")]
    categories = tuple(match[1] for match in names if match and CATEGORY.fullmatch(match[1]))
    primary = [span for span in element.iter("span") if span.get("class") == "primary-subject"]
    if not primary or len(categories) != len(names):
        raise PageRefusedError(f"expected the subjects of {arxiv_id}, found {quoted(plain_text(element))}")
    first = _SUBJECT.fullmatch(plain_text(primary[0]))
    if first is None or first[1] != categories[0]:
        raise PageRefusedError(f"expected the primary subject of {arxiv_id} first, found {quoted(categories)}")
    return categories


def as_entries(records: Sequence[Record]) -> tuple[Entry, ...]:
    """Turn all records of a page into entries at once, because their markup is cleaned in one batch.

    Raises:
        PageRefusedError: an abstract is empty, or there are more tags or addresses than any page of arXiv's has.
    """
    places = [(record, name) for record in records for name in _MARKED if name in record.markup]
    lines = one_line_html([record.markup[name] for record, name in places])
    require_at_most("addresses in abstracts and comments", sum(line.count("://") for line in lines), _MOST_ADDRESSES)
    texts = {(record.position, name): line for (record, name), line in zip(places, lines, strict=True)}
    return tuple(_entry(record, *(texts.get((record.position, name)) for name in _MARKED)) for record in records)


def _entry(record: Record, abstract: str | None, comments: str | None) -> Entry:
    if abstract == "":
        raise PageRefusedError(f"expected an abstract in {record.arxiv_id}, found an empty one")
    journal_ref = record.markup.get("list-journal-ref")
    paper = Paper(
        arxiv_id=record.arxiv_id,
        title=record.title,
        authors=record.authors,
        primary_category=record.subjects[0],
        categories=record.subjects,
        abstract=abstract,
        comments=comments or None,
        journal_ref=None if journal_ref is None else plain_text(journal_ref) or None,
        links=find_links(abstract=abstract, comments=comments, title=record.title),
    )
    return Entry(record.section, record.position, paper)
