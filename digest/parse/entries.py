"""One record of a listing, a dt with its dd → an entry, whole or refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from digest.errors import PageRefusedError
from digest.model import CATEGORY, ArxivId, Entry, Paper, Section
from digest.parse.links import find_links
from digest.parse.markup import one_line_html, plain_text

_ITEM = re.compile(r"item([0-9]{1,9})")
_ABSTRACT_PAGE = re.compile(r"\A(?:https?://arxiv\.org)?/abs/")  # absolute where a browser saved the page
_SUBJECT = re.compile(r".*\(([^()]+)\)")
_NEEDED = ("list-title", "list-authors", "list-subjects")
_MARKED = ("abstract", "list-comments")


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
    title = plain_text(parts["list-title"])
    authors = tuple(plain_text(anchor) for anchor in parts["list-authors"].iter("a"))
    if not title or not all(authors) or not authors:
        raise PageRefusedError(f"expected a title and authors in {arxiv_id}, found {title!r} by {authors}")
    subjects = _subjects(parts["list-subjects"], arxiv_id)
    return Record(section, position, arxiv_id, title, authors, subjects, parts)


def _parts(description: etree._Element) -> dict[str, etree._Element]:
    """Return the fields of a record by arXiv's class names; the abstract's is our own."""
    parts: dict[str, etree._Element] = {}
    for element in description.iter("div", "p"):
        name = "abstract" if element.tag == "p" else (element.get("class") or "").split(" ")[0]
        if name in parts:
            raise PageRefusedError(f"expected each field once in a record, found {name} twice")
        parts[name] = element
    return parts


def _position(term: etree._Element) -> int:
    for anchor in term.iter("a"):
        match = _ITEM.fullmatch(anchor.get("name") or "")
        if match and plain_text(anchor) == f"[{match[1]}]":
            return int(match[1])
    raise PageRefusedError(f"expected an item number such as [31], found {plain_text(term)!r}")


def _arxiv_id(term: etree._Element, position: int) -> ArxivId:
    addresses = [anchor.get("href") or "" for anchor in term.iter("a") if anchor.get("title") == "Abstract"]
    try:
        (address,) = addresses
        return ArxivId.parse(_ABSTRACT_PAGE.sub("", address))
    except ValueError as error:
        raise PageRefusedError(f"expected one arXiv id in item {position}, found {addresses}") from error


def _subjects(element: etree._Element, arxiv_id: ArxivId) -> tuple[str, ...]:
    """Return the categories, the primary one first."""
    names = [_SUBJECT.fullmatch(subject.strip()) for subject in plain_text(element).split(";")]
    categories = tuple(match[1] for match in names if match and CATEGORY.fullmatch(match[1]))
    primary = [span for span in element.iter("span") if span.get("class") == "primary-subject"]
    if not primary or len(categories) != len(names):
        raise PageRefusedError(f"expected the subjects of {arxiv_id}, found {plain_text(element)!r}")
    first = _SUBJECT.fullmatch(plain_text(primary[0]))
    if first is None or first[1] != categories[0]:
        raise PageRefusedError(f"expected the primary subject of {arxiv_id} first, found {categories}")
    return categories


def as_entries(records: Sequence[Record]) -> tuple[Entry, ...]:
    """Turn all records of a page into entries at once, because their markup is cleaned in one batch.

    Raises:
        PageRefusedError: an abstract is empty.
    """
    places = [(record, name) for record in records for name in _MARKED if name in record.markup]
    lines = one_line_html([record.markup[name] for record, name in places])
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
