"""What OAI-PMH and its Kaggle snapshot tell of papers → their metadata; a response of OAI-PMH is whole or refused.

A response (https://www.openarchives.org/OAI/openarchivesprotocol.html) proves itself: well-formed to its end, an answer
to the very request, as many records as it counts. Its records stand alone: one that cannot be read is named, and the
others count. Texts stay as the source gives them. How arXiv makes its responses was read in
https://github.com/arXiv/oaipmh: each page has its records in the order of their datestamps, and so have the pages.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from lxml import etree

from digest.calendar import MONTH_NAMES
from digest.errors import NotServedError, PageRefusedError, quoted, shortened
from digest.model import CATEGORY, YEARS, ArxivId
from digest.model.harvest import Metadata, Version
from digest.parse.document import require_at_most, require_utf8

RAW = "arXivRaw"
PLAIN = "arXiv"

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_FORMATS = {f"{{http://arxiv.org/OAI/{name}/}}{name}": name for name in (RAW, PLAIN)}
_IDENTIFIER = "oai:arXiv.org:"
_MOST = {"tags": 2_000_000, "attributes": 100_000}
"""A page of arXiv's has 2,500 records: 150,000 tags, 20,000 attributes; of the largest collaborations, more tags."""

_MONTHS = {name[:3]: f"{number:02}" for number, name in enumerate(MONTH_NAMES, 1)}
_TIME = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) GMT"
)
_VERSIONS = {f"v{number}": number for number in range(1, 1000)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAID_BY_A_REQUEST = ("badArgument", "badVerb", "cannotDisseminateFormat", "noSetHierarchy")


class DeadTokenError(Exception):
    """The list can no longer be continued by its token: arXiv's expire at midnight UTC."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list of records.

    ``deleted`` are ids; ``refused`` says of each record that cannot be read why. ``first`` and ``last`` are the
    datestamps between which all of them lie. ``token`` continues the list until ``token_until``; the last page has
    none. ``size``, of the whole list, and ``cursor``, how many records came before, are seldom told.
    """

    answered_at: datetime
    papers: tuple[Metadata, ...] = ()
    deleted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    token: str | None = None
    token_until: datetime | None = None
    size: int | None = None
    cursor: int | None = None

    @property
    def records(self) -> int:
        """How many records it has."""
        return len(self.papers) + len(self.deleted) + len(self.refused)


# OAI-PMH


def parse_part(body: bytes, request: Mapping[str, str]) -> Part:
    """Parse the answer to a ``request`` for records; one that no record matches is a list without any.

    Raises:
        DeadTokenError: the request's token is not, or no longer, one.
        NotServedError: arXiv says that the request makes no sense.
        PageRefusedError: it is cut, no answer of arXiv's, or the answer to another request.
    """
    root = _root(body)
    answered_at = _moment(root.findtext(f"{_OAI}responseDate"), "responseDate")
    errors = root.findall(f"{_OAI}error")
    if not errors:
        _require_answer(root, request)
        return _part(root, answered_at, request)
    codes = [error.get("code", "") for error in errors]
    if "badResumptionToken" in codes and "resumptionToken" in request:
        raise DeadTokenError
    if codes == ["noRecordsMatch"]:
        return Part(answered_at)
    said = "; ".join(
        f"{code}: {shortened(' '.join((one.text or '').split()))}" for code, one in zip(codes, errors, strict=True)
    )
    if set(codes) <= set(_SAID_BY_A_REQUEST):
        raise NotServedError(f"arXiv says: {said}")
    raise PageRefusedError(f"expected records, found the error {quoted(said)}")


def _root(body: bytes) -> etree._Element:
    require_utf8(body)
    # A few entities that hold one another would fill the memory.
    require_at_most("document type declarations", body.count(b"<!DOCTYPE") + body.count(b"<!ENTITY"), 0)
    require_at_most("tags", body.count(b"<"), _MOST["tags"])
    require_at_most("attributes", body.count(b'="') + body.count(b"='"), _MOST["attributes"])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise PageRefusedError(f"expected whole XML, found: {shortened(str(error))}") from error
    if root.tag != f"{_OAI}OAI-PMH":
        raise PageRefusedError(f"expected an answer of OAI-PMH, found {quoted(root.tag)}")
    return root


def _require_answer(root: etree._Element, request: Mapping[str, str]) -> None:
    element = root.find(f"{_OAI}request")
    found = {} if element is None else {str(name): str(value) for name, value in element.items()}
    if found != request:
        raise PageRefusedError(f"expected the answer to {_query(request)}, found that to {_query(found)}")


def _query(request: Mapping[str, str]) -> str:
    return shortened(" ".join(f"{name}={value}" for name, value in request.items()) or "a request that is not named")


def _part(root: etree._Element, answered_at: datetime, request: Mapping[str, str]) -> Part:
    listed = root.findall(f"{_OAI}{request['verb']}")
    if len(listed) != 1:
        raise PageRefusedError(f"expected one {request['verb']}, found {len(listed)}")
    records = _Records()
    for record in listed[0].iterfind(f"{_OAI}record"):
        records.add(record)
    token, until, size, cursor = _token(listed[0].findall(f"{_OAI}resumptionToken"), answered_at)
    if token is not None and token == request.get("resumptionToken"):
        raise PageRefusedError("expected another token than the one that was sent, found the same")
    days = records.datestamps
    return Part(
        answered_at,
        tuple(records.papers.values()),
        tuple(records.deleted),
        tuple(records.refused),
        min(days, default=None),
        max(days, default=None),
        *(token, until, size, cursor),
    )


@dataclass
class _Records:
    """The records of a page, each paper once."""

    papers: dict[str, Metadata] = field(default_factory=dict)
    deleted: dict[str, None] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    datestamps: set[date] = field(default_factory=set)

    def add(self, record: etree._Element) -> None:
        """Read a record, or say why it cannot be read."""
        name = record.findtext(f"{_OAI}header/{_OAI}identifier") or ""
        try:
            one, is_deleted = _record(record, name)
        except ValueError as error:
            self.refused.append(f"{shortened(name) or 'a record without a name'}: {error}")
            return
        self.datestamps.add(one.datestamp)
        if is_deleted:
            self.deleted[one.arxiv_id] = None
        elif one.arxiv_id not in self.papers or self.papers[one.arxiv_id].datestamp <= one.datestamp:
            self.papers[one.arxiv_id] = one


def _record(record: etree._Element, name: str) -> tuple[Metadata, bool]:
    """Return what a record tells, and whether it tells that the paper was deleted.

    Raises:
        ValueError: it is not whole.
    """
    header = record.find(f"{_OAI}header")
    if header is None or not name.startswith(_IDENTIFIER):
        raise ValueError(f"expected an identifier {_IDENTIFIER}ID, found {quoted(name)}")
    arxiv_id = name.removeprefix(_IDENTIFIER)
    datestamp = _day(header.findtext(f"{_OAI}datestamp"), "datestamp")
    if header.get("status") == "deleted":
        return Metadata(_id(arxiv_id), datestamp, None, "", "", "", None, None, ""), True
    holder = record.find(f"{_OAI}metadata")
    content = holder[0] if holder is not None and len(holder) == 1 else None
    form = "" if content is None else str(content.tag)
    if content is None or form not in _FORMATS:
        raise ValueError(f"expected metadata as {RAW} or {PLAIN}, found {quoted(form or 'none')}")
    namespace = form[: form.index("}") + 1]
    texts: dict[str, Any] = {str(one.tag).removeprefix(namespace): one.text or "" for one in content}
    if texts.get("id") != arxiv_id:
        raise ValueError(f"expected the metadata of {quoted(arxiv_id)}, found those of {quoted(texts.get('id'))}")
    if _FORMATS[form] == RAW:
        return _metadata(texts, datestamp, list(_raw_versions(content, namespace))), False
    # This format tells the day of the first version and that of the last, and no numbers.
    texts["authors"] = ", ".join(_names(content, namespace))
    created = datetime.combine(_day(texts.get("created"), "created"), time(), UTC)
    found = _metadata(texts, datestamp, [Version(1, created, is_day=True)])
    return (found._replace(version=None) if "updated" in texts else found), False


def _raw_versions(content: etree._Element, namespace: str) -> Iterator[Version]:
    for one in content.iterfind(f"{namespace}version"):
        yield _version(one.get("version", ""), one.findtext(f"{namespace}date") or "")


def _names(content: etree._Element, namespace: str) -> Iterator[str]:
    for author in content.iterfind(f"{namespace}authors/{namespace}author"):
        parts = (author.findtext(f"{namespace}{name}") for name in ("forenames", "keyname", "suffix"))
        yield " ".join(part for part in parts if part)


def _token(
    found: Sequence[etree._Element], answered_at: datetime
) -> tuple[str | None, datetime | None, int | None, int | None]:
    """Return the token of a page, until when it lives, the size of the list, and how many records came before."""
    if not found:
        return None, None, None, None
    if len(found) > 1:
        raise PageRefusedError(f"expected one resumptionToken, found {len(found)}")
    (element,) = found
    size, cursor = (_number(element.get(name), name) for name in ("completeListSize", "cursor"))
    token = (element.text or "").strip() or None
    until = None
    if token is not None:
        # The protocol's name, and the one that arXiv used for a while.
        told = element.get("expirationDate") or element.get("expires")
        midnight = datetime.combine(answered_at.date() + timedelta(days=1), time(), UTC)
        until = _moment(told, "expirationDate") if told else midnight
    return token, until, size, cursor


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", text):
        raise PageRefusedError(f"expected a number as {name}, found {quoted(text)}")
    return int(text)


def _moment(text: str | None, name: str) -> datetime:
    try:
        if text and text.endswith("Z"):
            return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        pass
    raise PageRefusedError(f"expected a time as {name}, found {quoted(text)}")


# Kaggle's snapshot

_decode = json.JSONDecoder().decode


def parse_line(line: bytes) -> Metadata:
    """Parse a line of ``arxiv-metadata-oai-snapshot.json``: an object with the fields of one paper.

    Raises:
        ValueError: it is not whole.
    """
    found = _decode(line.decode())
    versions = found.get("versions") if isinstance(found, dict) else None
    if not isinstance(versions, list) or not all(isinstance(one, dict) for one in versions):
        raise ValueError("expected an object with versions, found none")
    read = [_version(one.get("version"), one.get("created")) for one in versions]
    return _metadata(found, _day(found.get("update_date"), "update_date"), read)


# Of both


_USED = ("id", "categories", "title", "authors", "abstract", "comments", "journal-ref")


def _metadata(texts: Mapping[str, Any], datestamp: date, versions: list[Version]) -> Metadata:
    name, categories, title, authors, abstract, comments, journal_ref = map(texts.get, _USED)
    whole = [one for one in (name, categories, title, authors, abstract, comments, journal_ref) if one is not None]
    if {*map(type, whole)} != {str} or name is None or categories is None:
        raise ValueError(f"expected texts as {', '.join(_USED)}, found something else")
    for text in whole:
        if not text.isascii():
            text.encode()  # JSON may hold halves of characters, which no database takes
        if "\0" in text:
            raise ValueError("expected texts, found a NUL character in one")
    if not _are_categories(categories):
        raise ValueError(f"expected categories, found {quoted(categories)}")
    numbers = [one.v for one in versions]
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"expected one version or more, each once, found {quoted(numbers)}")
    if numbers[-1] != max(numbers):
        versions.sort()
        numbers.sort()
    return Metadata(
        *(_id(name), datestamp, numbers[-1], categories, title or "", authors or ""),
        *(comments, journal_ref, abstract or "", tuple(versions)),
    )


@lru_cache(10_000)  # thousands of papers are in the same ones
def _are_categories(text: str) -> bool:
    return all(CATEGORY.fullmatch(one) for one in text.split(" "))


def _id(text: str) -> str:
    """Return an id in the form that each paper has once."""
    return ArxivId.parse(text).without_class


def _version(number: object, created: object) -> Version:
    v, told = _VERSIONS.get(str(number)), _TIME.fullmatch(str(created))
    try:
        if v is not None and told is not None:
            day, month, year, clock = told.groups()
            when = datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day:0>2}T{clock}+00:00")
            if when.year in YEARS:
                return Version(v, when)
    except (KeyError, ValueError):  # no such month, or day
        pass
    raise ValueError(f"expected a version and its time, found {quoted(number)} and {quoted(created)}")


def _day(text: object, name: str) -> date:
    if isinstance(text, str) and _DAY.fullmatch(text) and (found := date.fromisoformat(text)).year in YEARS:
        return found
    raise ValueError(f"expected a date as {name}, found {quoted(text)}")
