"""One record of a listing, a dt with its dd → an entry, whole or refused; what entries prove together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from digest.errors import PageRefusedError, quoted, shortened
from digest.model import CATEGORY, ArxivId, Entry, Paper, Section
from digest.parse.document import ABSTRACT_PAGE, labels_in, plain_text, require_at_most, text_without, whole_text
from digest.parse.links import find_links
from digest.parse.markup import Lines
from digest.parse.typed import UNAVAILABLE, names_in

_ITEM = re.compile(r"item([0-9]{1,9})")
_PDF = re.compile(r"\A(?:https?://arxiv\.org)?/pdf/(.+?)(?:v[0-9]+)?(?:\.pdf)?\Z")
_OWN_ID = re.compile(r"arXiv:(\S+)")
_MARKED = ("abstract", "list-comments")
_NEEDED = ("list-title", "list-authors", "list-subjects")
_LABELS = {
    f"list-{name}": f"{name.capitalize()}:" for name in ("title", "authors", "comments", "journal-ref", "subjects")
}
_MOST_ADDRESSES = 10_000  # of all records of a page; 2000 of arXiv's have 1200
_BLOCKS = ("div", "p", "dl", "dt", "dd")
_BETWEEN_NAMES = re.compile(r"[,:()]|\b(?:for|the)\b", re.IGNORECASE)
_SHOWN_OF_LINK = re.compile(r"this [a-z0-9+.-]+ URL|\S+", re.IGNORECASE)  # by arxiv-base's urls/links.py


@dataclass(slots=True)
class Record:
    """What a record says of its paper, but for the texts with markup; ``marked`` names those that it has."""

    section: Section
    position: int
    arxiv_id: ArxivId
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    journal_ref: str | None
    marked: tuple[str, ...]

    def entry(self, abstract: str | None, comments: str | None) -> Entry:
        """Return the entry that the record is with these lines.

        Raises:
            PageRefusedError: the abstract is empty.
        """
        if abstract == "":
            raise PageRefusedError(f"expected an abstract in {self.arxiv_id}, found an empty one")
        links = find_links(abstract=abstract, comments=comments, title=self.title)
        about = (self.arxiv_id, self.title, self.authors, self.categories[0], self.categories)
        return Entry(self.section, self.position, Paper(*about, abstract, comments or None, self.journal_ref, links))


def read_record(section: Section, term: etree._Element, description: etree._Element, lines: Lines) -> Record:
    """Read a record as a page shows it, a dt and its dd, and add its texts with markup to ``lines``.

    Raises:
        PageRefusedError: something is not as arXiv shows it.
    """
    position, arxiv_id = _identified(term)
    fields = _fields(description, arxiv_id)
    blocks = sum(1 for _ in description.iterdescendants(*_BLOCKS))
    are_apart = blocks == 1 + sum(element.tag in _BLOCKS for element in fields.values())  # 1: what holds them
    texts = {}
    for name, element in fields.items():
        if not are_apart and next(element.iterdescendants(*_BLOCKS), None) is not None:
            raise PageRefusedError(f"expected text in the {name} of {arxiv_id}, found a field in it: a tag is lost")
        texts[name] = _labelled_text(name, element, arxiv_id) if name in _LABELS else ""
        if name in _MARKED:
            _prove_links(element, arxiv_id)
    authors = _authors(fields["list-authors"], texts["list-authors"], arxiv_id)
    if not texts["list-title"]:
        raise PageRefusedError(f"expected a title in {arxiv_id}, found none")
    categories = _categories(fields["list-subjects"], texts["list-subjects"], arxiv_id)
    marked = tuple(name for name in _MARKED if name in fields)
    for name in marked:
        lines.add(fields[name])
    journal = texts.get("list-journal-ref") or None
    return Record(section, position, arxiv_id, texts["list-title"], authors, categories, journal, marked)


def _identified(term: etree._Element) -> tuple[int, ArxivId]:
    """Return the number before a record, and its id, the same in the text, as the link's id, in the PDF's address."""
    anchors = [*term.iter("a")]
    number = next(filter(None, map(_item, anchors)), None)
    if number is None:
        raise PageRefusedError(f"expected an item number such as [31], found {quoted(plain_text(term))}")
    own = [anchor for anchor in anchors if anchor.get("title") == "Abstract"]
    addresses = [anchor.get("href") or "" for anchor in own]
    try:
        (address,) = addresses
        arxiv_id = ArxivId.parse(ABSTRACT_PAGE.sub("", address))
    except ValueError as error:
        raise PageRefusedError(f"expected one arXiv id in item {int(number)}, found {quoted(addresses)}") from error
    pdfs = [_PDF.match(link) for anchor in anchors if "/pdf/" in (link := anchor.get("href") or "")]
    shown = {*_OWN_ID.findall(whole_text(term)), own[0].get("id"), *(match[1] for match in pdfs if match)}
    if others := {one for one in shown if one} - {str(arxiv_id)}:
        found = shortened(", ".join(sorted(others)))
        raise PageRefusedError(f"expected {arxiv_id} all over item {int(number)}, found {found} too")
    return int(number), arxiv_id


def _item(anchor: etree._Element) -> str | None:
    """Return the number that an anchor is named by, if it shows the same."""
    match = _ITEM.fullmatch(anchor.get("name") or "")
    return match[1] if match and plain_text(anchor) == f"[{match[1]}]" else None


def _fields(description: etree._Element, arxiv_id: ArxivId) -> Mapping[str, etree._Element]:
    """Return the fields by arXiv's class names; the abstract's name is our own.

    They stand side by side in one ``div.meta``, with nothing between them: where a tag is lost, one holds another.
    """
    (meta, *others) = [*description] or [description]
    stray = [description.text, meta.text, meta.tail, *[element.tail for element in meta]]
    if others or meta.get("class") != "meta" or "".join(filter(None, stray)).strip():
        raise PageRefusedError("expected the fields of a record in one div, found them elsewhere")
    fields: dict[str, etree._Element] = {}
    for element in meta:
        name = "abstract" if element.tag == "p" else (element.get("class") or str(element.tag)).partition(" ")[0]
        if name in fields:
            raise PageRefusedError(f"expected each field once in a record, found {shortened(name)} twice")
        fields[name] = element
    if missing := [name for name in _NEEDED if name not in fields]:
        raise PageRefusedError(f"expected a {missing[0]} in {arxiv_id}, found none")
    return fields


def _labelled_text(name: str, element: etree._Element, arxiv_id: ArxivId) -> str:
    """Return the text of a field without its label, which stands where arXiv puts it; "" where markup may be in it."""
    labels = labels_in(element)
    own = [label for label in labels if label.tag == "span"]
    is_first = len(own) == 1 and own[0] == element[0] and not (element.text or "").strip()
    shown = own[0].text if is_first and not len(own[0]) else None
    # Authors have a label in the layout before 2024 alone.
    if shown != _LABELS[name] and (own or name != "list-authors"):
        raise PageRefusedError(f"expected {_LABELS[name]!r} before the {name} of {arxiv_id}, found it elsewhere")
    return "" if name in _MARKED else text_without(labels, element)


def _prove_links(element: etree._Element, arxiv_id: ArxivId) -> None:
    """See that each link in a text shows one word, as arXiv's do: an end that is lost makes it longer."""
    for anchor in element.iter("a"):
        text = "".join(map(str, anchor.itertext())) if len(anchor) else anchor.text or ""
        if not _SHOWN_OF_LINK.fullmatch(text):
            raise PageRefusedError(f"expected links of one word in {arxiv_id}, found {quoted(text)}")


def _authors(element: etree._Element, line: str, arxiv_id: ArxivId) -> tuple[str, ...]:
    """Return the names in the ``line`` of authors; the links around some of them prove that none are glued together."""
    anchors = [*element.iterchildren("a")]
    between = {anchor.tail or "" for anchor in anchors[:-1]}
    empty = [anchor for anchor in anchors if not (anchor.text or "").strip() and not plain_text(anchor)]
    names = names_in(line)
    if not all(map(_BETWEEN_NAMES.search, between)) or empty or (not names and line != UNAVAILABLE):
        raise PageRefusedError(f"expected the authors of {arxiv_id}, found {quoted(line)}")
    return names


def _categories(element: etree._Element, line: str, arxiv_id: ArxivId) -> tuple[str, ...]:
    """Return the categories in the ``line`` of subjects, the primary one first."""
    found = tuple(_category(subject.strip()) for subject in line.split(";"))
    categories = tuple(filter(None, found))
    primary = [span for span in element.iter("span") if span.get("class") == "primary-subject"]
    if not primary or categories != found:
        raise PageRefusedError(f"expected the subjects of {arxiv_id}, found {quoted(line)}")
    if _category(plain_text(primary[0])) != categories[0]:
        raise PageRefusedError(f"expected the primary subject of {arxiv_id} first, found {quoted(categories)}")
    return categories


def _category(subject: str) -> str | None:
    """Return the category of a subject, such as "Machine Learning (cs.LG)"; None if it has none."""
    _, bracket, rest = subject.rpartition("(")
    name = rest.removesuffix(")")
    return name if bracket and name != rest and CATEGORY.fullmatch(name) else None


def with_texts(records: Sequence[Record], lines: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries that records are with the lines of their texts with markup, in the order of the records.

    Raises:
        PageRefusedError: an abstract is empty, or there are more addresses than any page of arXiv's has.
    """
    require_at_most("addresses in abstracts and comments", sum(line.count("://") for line in lines), _MOST_ADDRESSES)
    remaining = iter(lines)
    return tuple(
        record.entry(*[next(remaining) if name in record.marked else None for name in _MARKED]) for record in records
    )


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
