"""What OAI-PMH and its Kaggle snapshot tell of papers → their metadata; a response of OAI-PMH is whole or refused.

A response (https://www.openarchives.org/OAI/openarchivesprotocol.html) proves itself: well-formed to its end, an answer
to the very request, as many records as it counts. Its records stand alone: one that cannot be read is named, and the
others count. Texts stay as the source gives them, but for controls that no text has a use for. How arXiv makes its
responses was read in https://github.com/arXiv/oaipmh: each page has its records in the order of their datestamps, and
so have the pages.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
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
_MAIL_DAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})")
_MAIL_CLOCK = re.compile(r" [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_VERSIONS = {f"v{number}": number for number in range(1, 1000)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAYS = 20_000
"""More than arXiv has had: millions of papers have their dates among so many."""
_MOST_OF_A_TOKEN = 1000  # characters; arXiv's have 200

_ODD = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]")
_BLANKS = "\x0b\x0c\x85\u2028\u2029"
_UNSEEN = re.compile(r"[\s\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]*")
_MAY_BE_ODD = re.compile(rb"\\[bfu]")
"""How JSON in ASCII spells what is not ASCII, and controls; TeX has it, too, behind another backslash."""

_SAID_BY_A_REQUEST = ("badArgument", "badVerb", "cannotDisseminateFormat", "noSetHierarchy")


class DeadTokenError(Exception):
    """The list can no longer be continued by its token: arXiv's expire at midnight UTC."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list of records.

    ``deleted`` are ids; ``refused`` says of each record that cannot be read why, ``unread_since`` is the datestamp of
    the first of them, as far as it can be told. ``first`` and ``last`` are those between which all others lie.
    ``token`` continues the list until ``token_until``; the last page has none. ``size``, of the whole list, and
    ``cursor``, how many records came before, are seldom told.
    """

    answered_at: datetime
    papers: tuple[Metadata, ...] = ()
    deleted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unread_since: date | None = None
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

    @property
    def ids(self) -> set[str]:
        """Of which papers it tells."""
        return {*self.deleted, *(one.arxiv_id for one in self.papers)}


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
    codes = [shortened(error.get("code", "")) for error in errors]
    if "badResumptionToken" in codes and "resumptionToken" in request:
        raise DeadTokenError
    if codes == ["noRecordsMatch"]:
        return Part(answered_at)
    said = "; ".join(
        f"{code}: {shortened(' '.join((one.text or '').split()))}" for code, one in zip(codes, errors, strict=True)
    )
    if set(codes) <= set(_SAID_BY_A_REQUEST):
        raise NotServedError(f"arXiv says: {said}")
    raise PageRefusedError(f"expected records, found an error; arXiv says: {shortened(said)}")


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
    records = _Records(answered_at.date())
    for record in listed[0].iterfind(f"{_OAI}record"):
        records.add(record)
    token, until, size, cursor = _token(listed[0].findall(f"{_OAI}resumptionToken"), answered_at)
    if token is not None and token == request.get("resumptionToken"):
        raise PageRefusedError("expected another token than the one that was sent, found the same")
    days = records.datestamps
    return Part(
        answered_at,
        tuple(one for one, is_deleted in records.told.values() if not is_deleted),
        tuple(one.arxiv_id for one, is_deleted in records.told.values() if is_deleted),
        tuple(records.refused),
        min((day or min(days) for day in records.unread), default=None) if days else None,
        min(days, default=None),
        max(days, default=None),
        *(token, until, size, cursor),
    )


@dataclass
class _Records:
    """The records of a page, of each paper the newest: what it tells, and whether that the paper was deleted."""

    answered_on: date
    told: dict[str, tuple[Metadata, bool]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    unread: list[date | None] = field(default_factory=list)
    """The datestamps of those that are refused, else of what stands before them."""
    datestamps: set[date] = field(default_factory=set)
    _before: date | None = None

    def add(self, record: etree._Element) -> None:
        """Read a record, or say why it cannot be read."""
        name = record.findtext(f"{_OAI}header/{_OAI}identifier") or ""
        datestamp = None
        try:
            datestamp = self._datestamp(record)
            one, is_deleted = _record(record, name, datestamp)
        except ValueError as error:
            self.refused.append(f"{shortened(name) or 'a record without a name'}: {error}")
            self.unread.append(datestamp or self._before)
            return
        self._before = datestamp
        self.datestamps.add(datestamp)
        known = self.told.get(one.arxiv_id)
        if known is None or known[0].datestamp <= datestamp:
            self.told[one.arxiv_id] = one, is_deleted

    def _datestamp(self, record: etree._Element) -> date:
        found = _day(record.findtext(f"{_OAI}header/{_OAI}datestamp"), "datestamp")
        if found > self.answered_on:  # nothing newer would ever take its place
            raise ValueError(f"expected a datestamp up to {self.answered_on}, the day of the answer, found {found}")
        return found


def _record(record: etree._Element, name: str, datestamp: date) -> tuple[Metadata, bool]:
    """Return what a record tells, and whether it tells that the paper was deleted.

    Raises:
        ValueError: it is not whole.
    """
    header = record.find(f"{_OAI}header")
    if header is None or not name.startswith(_IDENTIFIER):
        raise ValueError(f"expected an identifier {_IDENTIFIER}ID, found {quoted(name)}")
    arxiv_id = name.removeprefix(_IDENTIFIER)
    if header.get("status") == "deleted":
        return Metadata(_id(arxiv_id), datestamp, None, "", "", "", None, None, ""), True
    holder = record.find(f"{_OAI}metadata")
    content = holder[0] if holder is not None and len(holder) == 1 else None
    form = "" if content is None else str(content.tag)
    if content is None or form not in _FORMATS:
        raise ValueError(f"expected metadata as {RAW} or {PLAIN}, found {quoted(form or 'none')}")
    namespace = form[: form.index("}") + 1]
    texts = _texts(content, namespace)
    if texts.get("id") != arxiv_id:
        raise ValueError(f"expected the metadata of {quoted(arxiv_id)}, found those of {quoted(texts.get('id'))}")
    if _FORMATS[form] == RAW:
        return _metadata(texts, datestamp, list(_raw_versions(content, namespace))), False
    # This format tells the day of the first version and that of the last, and no numbers.
    texts["authors"] = ", ".join(_names(content, namespace))
    created = datetime.combine(_day(texts.get("created"), "created"), time(), UTC)
    found = _metadata(texts, datestamp, [Version(1, created, is_day=True)])
    return (found._replace(version=None) if "updated" in texts else found), False


def _texts(content: etree._Element, namespace: str) -> dict[str, Any]:
    """Return the texts of a record; only versions may stand there twice, and only they and names hold elements."""
    texts: dict[str, Any] = {}
    for one in content:
        name = str(one.tag).removeprefix(namespace)
        if name in texts and name != "version":
            raise ValueError(f"expected each field once, found {quoted(name)} twice")
        if len(one) and name in _USED and not (name == "authors" and content.tag == f"{namespace}{PLAIN}"):
            raise ValueError(f"expected a text as {name}, found {quoted(str(one[0].tag))} in it")
        texts[name] = one.text or ""
    return texts


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
    require_at_most("characters of a token", len(token or ""), _MOST_OF_A_TOKEN)
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
            found = datetime.fromisoformat(text)
            if found.year in YEARS:
                return found.astimezone(UTC)
    except ValueError:
        pass
    raise PageRefusedError(f"expected a time as {name}, found {quoted(text)}")


# Kaggle's snapshot

_decode = json.JSONDecoder().decode
_SHOWN = 40  # characters of a line that is no object


def parse_line(line: bytes) -> Metadata:
    """Parse a line of ``arxiv-metadata-oai-snapshot.json``: an object with the fields of one paper.

    Raises:
        ValueError: it is not whole.
    """
    found = _object(line)
    versions = found.get("versions") if isinstance(found, dict) else None
    is_plain = line.isascii() and not _MAY_BE_ODD.search(line) and b"\x7f" not in line
    if not isinstance(versions, list) or not all(isinstance(one, dict) for one in versions):
        raise ValueError("expected an object with versions, found none")
    read = [_version(one.get("version"), one.get("created")) for one in versions]
    return _metadata(found, _day(found.get("update_date"), "update_date"), read, is_plain=is_plain)


def _object(line: bytes) -> Any:
    """Return what a line is in JSON; what is wrong with it is said in our words, for it is one of millions."""
    try:
        return _decode(line.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8, found the byte 0x{line[error.start]:02x} at {error.start + 1}") from error
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].strip()
        found = f"found {quoted(rest[:_SHOWN])} at character {error.pos + 1}" if rest else "found it cut"
        raise ValueError(f"expected an object in JSON, {found}") from error
    except (RecursionError, ValueError) as error:  # a number of thousands of digits
        raise ValueError("expected an object in JSON, found what no paper has") from error


# Of both


_USED = ("id", "categories", "title", "authors", "abstract", "comments", "journal-ref")


def _metadata(
    texts: Mapping[str, Any], datestamp: date, versions: list[Version], *, is_plain: bool = False
) -> Metadata:
    """Return a paper, or raise ValueError; ``is_plain``: its texts are known to be ASCII without controls.

    A blank field is as good as none. No record of a day can hold a paper without a title.
    """
    found: tuple[Any, ...] = tuple(map(texts.get, _USED))
    whole = [one for one in found if one is not None]
    if {*map(type, whole)} != {str} or found[0] is None or found[1] is None:
        raise ValueError(f"expected texts as {', '.join(_USED)}, found something else")
    if not is_plain:
        found = tuple(None if one is None else _shown(one) for one in found)
    name, categories, title, authors, abstract, comments, journal_ref = found
    if not title or _UNSEEN.fullmatch(title):
        raise ValueError(f"expected a title, found {'none' if title is None else quoted(title)}")
    if comments is not None and not comments.strip():
        comments = None
    if journal_ref is not None and not journal_ref.strip():
        journal_ref = None
    if not (named := _categories(categories)):
        raise ValueError(f"expected categories, found {quoted(categories)}")
    numbers = [one.v for one in versions]
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"expected one version or more, each once, found {quoted(numbers)}")
    if numbers[-1] != max(numbers):
        versions.sort()
        numbers.sort()
    return Metadata(
        *(_id(name), datestamp, numbers[-1], named, title or "", authors or ""),
        *(comments, journal_ref, abstract or "", tuple(versions)),
    )


def _shown(text: str) -> str:
    """Return a text without controls, as a digest shows it: U+FFFD in place of each, or a blank where it parts words.

    Raises:
        ValueError: no database takes it.
    """
    if "\0" in text:
        raise ValueError("expected texts, found a NUL character in one")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("expected texts, found half a character in one") from error
    if _ODD.search(text):
        return _ODD.sub(lambda match: " " if match[0] in _BLANKS else "\ufffd", text)
    return text


@lru_cache(10_000)  # thousands of papers are in the same ones
def _categories(text: str) -> str:
    """Return categories with blanks between them, each once; "" if something else stands among them."""
    names = text.split(" ")
    return " ".join(dict.fromkeys(names)) if all(map(CATEGORY.fullmatch, names)) else ""


def _id(text: str) -> str:
    """Return an id in the form that each paper has once."""
    month, number = text[:5], text[5:]
    if month[-1:] == "." and len(number) == _digits(month) and number.isascii() and number.isdigit():
        return text
    return ArxivId.parse(text).without_class


@lru_cache(1000)
def _digits(month: str) -> int:
    """Return how many digits follow on a month, such as ``2110.``, in the ids of its papers; 0: it has none."""
    for digits in (5, 4):
        with suppress(ValueError):
            ArxivId.parse(month + "0" * digits)
            return digits
    return 0


def _version(number: object, created: object) -> Version:
    told = str(created)
    day, clock = told[:-13], told[-13:]
    try:
        if _MAIL_CLOCK.fullmatch(clock):
            return Version(_VERSIONS[str(number)], datetime.fromisoformat(f"{_mail_day(day)}T{clock[1:9]}+00:00"))
    except (KeyError, ValueError):  # no such number, month, or day
        pass
    raise ValueError(f"expected a version and its time, found {quoted(number)} and {quoted(created)}")


@lru_cache(_DAYS)
def _mail_day(text: str) -> str:
    """Return a day as ISO 8601 has it.

    Raises:
        ValueError, KeyError: it is none.
    """
    told = _MAIL_DAY.fullmatch(text)
    if told is None or int(told[3]) not in YEARS:
        raise ValueError(text)
    return f"{told[3]}-{_MONTHS[told[2]]}-{told[1]:0>2}"


def _day(text: object, name: str) -> date:
    if isinstance(text, str) and (found := _date(text)):
        return found
    raise ValueError(f"expected a date as {name}, found {quoted(text)}")


@lru_cache(_DAYS)
def _date(text: str) -> date | None:
    try:
        if _DAY.fullmatch(text) and (found := date.fromisoformat(text)).year in YEARS:
            return found
    except ValueError:  # no such day
        pass
    return None
