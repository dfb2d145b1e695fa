"""One record of a listing, a dt with its dd → an entry, whole or refused; what entries prove together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lxml import etree

from digest.errors import PageRefusedError, quoted, shortened
from digest.model import CATEGORY, ArxivId, Entry, Paper, Section
from digest.parse.document import ABSTRACT_PAGE, is_descriptor, plain_text, require_at_most
from digest.parse.links import find_links
from digest.parse.markup import one_line_html
from digest.parse.typed import UNAVAILABLE, names_in

_ITEM = re.compile(r"item([0-9]{1,9})")
_PDF = re.compile(r"\A(?:https?://arxiv\.org)?/pdf/(.+?)(?:v[0-9]+)?(?:\.pdf)?\Z")
_OWN_ID = re.compile(r"arXiv:(\S+)")
_SUBJECT = re.compile(r".*\(([^()]+)\)")
_MARKED = ("abstract", "list-comments")
_LABELLED = ("list-title", "list-authors", "list-comments", "list-journal-ref", "list-subjects")
_MOST_ADDRESSES = 10_000  # of all records of a page; 2000 of arXiv's have 1200
_BLOCKS = ("div", "p", "dl", "dt", "dd")
_BETWEEN_NAMES = re.compile(r"[,:()]|\b(?:for|the)\b", re.IGNORECASE)
_SHOWN_OF_LINK = re.compile(r"this [a-z0-9+.-]+ URL|\S+", re.IGNORECASE)  # by arxiv-base's urls/links.py


@dataclass(frozen=True)
class Record:
    """A record as a page shows it, a dt and its dd. What is not as arXiv shows it is refused when it is asked for."""

    section: Section
    term: etree._Element
    description: etree._Element

    @cached_property
    def position(self) -> int:
        """The number that stands before the record."""
        for anchor in self.term.iter("a"):
            match = _ITEM.fullmatch(anchor.get("name") or "")
            if match and plain_text(anchor) == f"[{match[1]}]":
                return int(match[1])
        raise PageRefusedError(f"expected an item number such as [31], found {quoted(plain_text(self.term))}")

    @cached_property
    def arxiv_id(self) -> ArxivId:
        """The identifier, the same wherever the dt shows it: in its text, as the link's id, in the PDF's address."""
        position = self.position
        anchors = [anchor for anchor in self.term.iter("a") if anchor.get("title") == "Abstract"]
        addresses = [anchor.get("href") or "" for anchor in anchors]
        try:
            (address,) = addresses
            arxiv_id = ArxivId.parse(ABSTRACT_PAGE.sub("", address))
        except ValueError as error:
            raise PageRefusedError(f"expected one arXiv id in item {position}, found {quoted(addresses)}") from error
        pdfs = (_PDF.match(anchor.get("href") or "") for anchor in self.term.iter("a"))
        shown = {*_OWN_ID.findall(plain_text(self.term)), anchors[0].get("id"), *(match[1] for match in pdfs if match)}
        if others := {one for one in shown if one} - {str(arxiv_id)}:
            found = shortened(", ".join(sorted(others)))
            raise PageRefusedError(f"expected {arxiv_id} all over item {position}, found {found} too")
        return arxiv_id

    @cached_property
    def fields(self) -> Mapping[str, etree._Element]:
        """The fields by arXiv's class names; the abstract's name is our own.

        They stand side by side in one ``div.meta``, with nothing between them: where a tag is lost, one holds another.
        """
        (meta, *others) = [*self.description] or [self.description]
        stray = "".join(part or "" for one in (self.description, meta) for part in (one.text, *(it.tail for it in one)))
        if others or meta.get("class") != "meta" or stray.strip():
            raise PageRefusedError("expected the fields of a record in one div, found them elsewhere")
        fields: dict[str, etree._Element] = {}
        for element in meta:
            name = "abstract" if element.tag == "p" else str(element.get("class") or element.tag).split(" ")[0]
            if name in fields:
                raise PageRefusedError(f"expected each field once in a record, found {shortened(name)} twice")
            fields[name] = element
        if missing := [name for name in ("list-title", "list-authors", "list-subjects") if name not in fields]:
            raise PageRefusedError(f"expected a {missing[0]} in {self.arxiv_id}, found none")
        return fields

    @cached_property
    def paper(self) -> Paper:
        """The paper, whose abstract, comments and links are still to be set."""
        arxiv_id = self.arxiv_id
        for name, element in self.fields.items():
            self.prove_field(name, element)
        title, authors = plain_text(self.fields["list-title"]), self.authors()
        if not title:
            raise PageRefusedError(f"expected a title in {arxiv_id}, found none")
        subjects = self.subjects()
        journal = plain_text(self.fields["list-journal-ref"]) if "list-journal-ref" in self.fields else ""
        return Paper(arxiv_id, title, authors, subjects[0], subjects, journal_ref=journal or None)

    def prove_field(self, name: str, element: etree._Element) -> None:
        """See that a field has its label where arXiv puts it, holds no other field, and each link in it has its end."""
        if any(inner.tag in _BLOCKS for inner in element.iterdescendants()):
            found = "a field in it: a tag is lost"
            raise PageRefusedError(f"expected text in the {name} of {self.arxiv_id}, found {found}")
        if name in _LABELLED:
            label = f"{name.removeprefix('list-').capitalize()}:"
            labels = [inner for inner in element.iter("span") if is_descriptor(inner)]
            is_first = labels == [*element][:1] and not (element.text or "").strip()
            shown = labels[0].text if labels and is_first and not len(labels[0]) else None
            # Authors have a label in the layout before 2024 alone.
            if shown != label and (labels or name != "list-authors"):
                raise PageRefusedError(f"expected {label!r} before the {name} of {self.arxiv_id}, found it elsewhere")
        if name in _MARKED:
            words = ("".join(map(str, anchor.itertext())) for anchor in element.iter("a"))
            if wrong := [text for text in words if not _SHOWN_OF_LINK.fullmatch(text)]:
                raise PageRefusedError(f"expected links of one word in {self.arxiv_id}, found {quoted(wrong[0])}")

    def authors(self) -> tuple[str, ...]:
        """Return the names in the text; the links around some of them prove that none are glued together."""
        element = self.fields["list-authors"]
        anchors = [anchor for anchor in element if anchor.tag == "a"]
        glued = [one for one in anchors[:-1] if not _BETWEEN_NAMES.search(one.tail or "")]
        line = plain_text(element)
        names = names_in(line)
        if glued or not all(map(plain_text, anchors)) or (not names and line != UNAVAILABLE):
            raise PageRefusedError(f"expected the authors of {self.arxiv_id}, found {quoted(line)}")
        return names

    def subjects(self) -> tuple[str, ...]:
        """Return the categories, the primary one first."""
        element = self.fields["list-subjects"]
        names = [_SUBJECT.fullmatch(subject.strip()) for subject in plain_text(element).split(";")]
        categories = tuple(match[1] for match in names if match and CATEGORY.fullmatch(match[1]))
        primary = [span for span in element.iter("span") if span.get("class") == "primary-subject"]
        if not primary or len(categories) != len(names):
            raise PageRefusedError(f"expected the subjects of {self.arxiv_id}, found {quoted(plain_text(element))}")
        first = _SUBJECT.fullmatch(plain_text(primary[0]))
        if first is None or first[1] != categories[0]:
            raise PageRefusedError(f"expected the primary subject of {self.arxiv_id} first, found {quoted(categories)}")
        return categories


def with_texts(records: Sequence[Record]) -> tuple[Entry, ...]:
    """Set the abstracts, comments and links of all records of a page at once: their markup is cleaned in one batch.

    Raises:
        PageRefusedError: an abstract is empty, or there are more tags or addresses than any page of arXiv's has.
    """
    lines = one_line_html([record.fields[name] for record in records for name in _MARKED if name in record.fields])
    require_at_most("addresses in abstracts and comments", sum(line.count("://") for line in lines), _MOST_ADDRESSES)
    remaining = iter(lines)
    entries = []
    for record in records:
        abstract, comments = (next(remaining) if name in record.fields else None for name in _MARKED)
        if abstract == "":
            raise PageRefusedError(f"expected an abstract in {record.arxiv_id}, found an empty one")
        links = find_links(abstract=abstract, comments=comments, title=record.paper.title)
        paper = replace(record.paper, abstract=abstract, comments=comments or None, links=links)
        entries.append(Entry(record.section, record.position, paper))
    return tuple(entries)


def prove_distinct(entries: Sequence[Entry]) -> None:
    """Pass entries of which no paper occurs twice.

    Raises:
        PageRefusedError: one does.
    """
    ids = {entry.paper.arxiv_id for entry in entries}
    if len(ids) != len(entries):
        raise PageRefusedError(f"expected {len(entries)} different ids, found {len(ids)}")


def prove_category(entries: Sequence[Entry], category: str, kind: str) -> None:
    """Pass entries of a ``kind`` of document that are all in ``category``.

    Raises:
        PageRefusedError: one is not.
    """
    if strangers := [entry.paper for entry in entries if not belongs(entry, category)]:
        found = f"{strangers[0].arxiv_id} in {shortened(', '.join(strangers[0].categories))} only"
        raise PageRefusedError(f"expected a {kind} of {category}, found {found}")


def belongs(entry: Entry, category: str) -> bool:
    """Whether a paper is in ``category``; an archive such as ``astro-ph`` holds all its categories."""
    return any(name == category or name.startswith(f"{category}.") for name in entry.paper.categories)
