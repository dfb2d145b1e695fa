"""arXiv's OAI-PMH: lists of records, a page at a time, with tokens that continue them.

Element by element as https://github.com/arXiv/oaipmh has them: a list is in the order of datestamps, a token tells the
datestamp to go on at and how many records of it to skip, and every error has status 200.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import escape, quoteattr

EARLIEST = date(2005, 9, 16)

_NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Record:
    """What arXiv tells of a paper; ``versions`` are the times of the first, the second and so on."""

    arxiv_id: str
    datestamp: date
    versions: tuple[datetime, ...]
    title: str = "A title"
    authors: str = "A. Bell, C. Dietz"
    categories: str = "cs.CV"
    comments: str | None = None
    journal_ref: str | None = None
    abstract: str = "We do things."
    is_deleted: bool = False

    @property
    def kaggle_line(self) -> bytes:
        """The paper as a line of Kaggle's snapshot, without its end."""
        versions = [
            {"version": f"v{number}", "created": mail_date(when)} for number, when in enumerate(self.versions, 1)
        ]
        fields = {
            "id": self.arxiv_id,
            "submitter": "A. Bell",
            "authors": self.authors,
            "title": self.title,
            "comments": self.comments,
            "journal-ref": self.journal_ref,
            "doi": None,
            "report-no": None,
            "categories": self.categories,
            "license": None,
            "abstract": f"  {self.abstract}\n",
            "versions": versions,
            "update_date": str(self.datestamp),
            "authors_parsed": [
                [name.rpartition(" ")[2], name.rpartition(" ")[0], ""] for name in self.authors.split(", ")
            ],
        }
        return json.dumps(fields).encode()

    def xml(self, prefix: str) -> str:
        """Return the record in the format ``prefix``."""
        sets = "".join(f"<setSpec>{set_spec(name)}</setSpec>\n" for name in self.categories.split())
        status = ' status="deleted"' if self.is_deleted else ""
        name = f"oai:arXiv.org:{self.arxiv_id}"
        header = f"<identifier>{name}</identifier>\n<datestamp>{self.datestamp}</datestamp>\n{sets}"
        content = "" if self.is_deleted else f"<metadata>\n{self._content(prefix)}\n</metadata>\n"
        return f"<record>\n<header{status}>\n{header}</header>\n{content}</record>\n"

    def _content(self, prefix: str) -> str:
        fields = [
            ("title", self.title),
            ("authors", self.authors),
            ("categories", self.categories),
            ("comments", self.comments),
            ("journal-ref", self.journal_ref),
            ("abstract", self.abstract),
        ]
        texts = "".join(f"<{name}>{escape(text)}</{name}>\n" for name, text in fields if text is not None)
        begin = f'<{prefix} xmlns="http://arxiv.org/OAI/{prefix}/" xmlns:xsi="{_SCHEMA}">\n<id>{self.arxiv_id}</id>\n'
        return f"{begin}<submitter>A. Bell</submitter>\n{''.join(self._versions())}{texts}</{prefix}>"

    def _versions(self) -> Iterator[str]:
        for number, when in enumerate(self.versions, 1):
            yield f'<version version="v{number}">\n<date>{mail_date(when)}</date>\n<size>9kb</size>\n</version>\n'


def mail_date(when: datetime) -> str:
    """Return a time as arXiv tells it: ``Tue, 19 Oct 2021 15:04:05 GMT``."""
    return f"{_WEEKDAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when:%Y %H:%M:%S} GMT"


def set_spec(category: str) -> str:
    """Return the set of a category, of those that the tests use."""
    archive = category.partition(".")[0]
    group = "physics" if archive in ("hep-th", "physics", "astro-ph") else archive
    return f"{group}:{category.replace('.', ':')}"


class _Invented(Sequence[Record]):
    """Records made when they are asked for, so that hundreds of thousands fit."""

    def __init__(self, count: int, texts: Sequence[tuple[str, str, str]]) -> None:
        self._count, self._texts = count, texts or [("On things", "A. Bell, C. Dietz", "We do things. " * 80)]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> Record:  # type: ignore[override]  # nobody asks for a slice
        if not 0 <= place < self._count:
            raise IndexError(place)
        title, authors, abstract = self._texts[place % len(self._texts)]
        # In fifteen years; the first ones were changed on the first day that OAI-PMH knows, as thousands of arXiv's.
        of_a_month = max(2000, self._count // 180 + 1)
        month, number = divmod(place, of_a_month)
        year = 2015 + month // 12
        day = date(year, month % 12 + 1, number * 28 // of_a_month + 1)
        first = datetime.combine(day, time(number % 24, number % 60, number % 59), UTC)
        versions = (first, first + timedelta(days=40)) if place % 3 else (first,)
        return Record(
            f"{year % 100:02d}{month % 12 + 1:02d}.{number + 1:05d}",
            max(EARLIEST + timedelta(days=max(place - 5000, 0) // 60), EARLIEST),
            versions,
            f"{title} {place}",
            authors,
            ("cs.CV", "cs.CV cs.LG", "cs.LG cs.CV stat.ML")[place % 3],
            "12 pages" if place % 2 else None,
            abstract=abstract,
        )


def invented(count: int, texts: Sequence[tuple[str, str, str]] = ()) -> Sequence[Record]:
    """Return so many papers of cs.CV, by datestamp; ``texts`` are titles, lines of authors and abstracts to take."""
    return _Invented(count, texts)


@dataclass(frozen=True)
class Repository:
    """All records, by datestamp; a set has all of them whose categories name it."""

    records: Sequence[Record]
    page_size: int = 2000
    counts: bool = False
    """Whether a token tells the size of the list: arXiv's do not."""

    def answer(self, query: str, now: datetime) -> str:
        """Return the response to a request."""
        arguments = dict(parse_qsl(query, keep_blank_values=True))
        asked, skip = arguments, 0
        if token := arguments.get("resumptionToken"):
            asked = dict(parse_qsl(unquote(token)))
            if asked.pop("expires", str(now.date())) != str(now.date()):
                asked = {}
            if not asked.get("skip", "").isdigit() or asked.get("verb") != "ListRecords":
                return self._response(now, {}, _error("badResumptionToken", "The value is invalid or expired."))
            skip = int(asked.pop("skip"))
        if asked.get("metadataPrefix") not in ("arXivRaw", "arXiv") or asked.get("verb") != "ListRecords":
            return self._response(now, {}, _error("badArgument", "metadataPrefix required."))
        if asked.get("set", "").partition(":")[0] not in ("cs", "math", "physics", "stat", ""):
            return self._response(now, {}, _error("badArgument", "Set does not exist"))
        return self._response(now, arguments, self._page(asked, skip, now))

    def _page(self, asked: Mapping[str, str], skip: int, now: datetime) -> str:
        since = date.fromisoformat(asked["from"]) if "from" in asked else EARLIEST
        first = bisect_left(self.records, since, key=lambda one: one.datestamp)
        listed = islice(self._of_set(asked.get("set", ""), first), skip, None)
        found = list(islice(listed, self.page_size + 1))
        if not found:
            return _error("noRecordsMatch", "The combination of the values results in an empty list.")
        shown, token = found[: self.page_size], ""
        if len(found) > len(shown):
            last = shown[-1].datestamp
            on_last = sum(1 for one in shown if one.datestamp == last)
            # As arXiv does: go on at the last datestamp, unless the page has no other.
            if on_last == len(shown) and since == last:
                on_last += skip
            more = {**asked, "from": str(last), "skip": str(on_last), "expires": str(now.date())}
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
            size = f" completeListSize='{len(self.records)}'" if self.counts else ""
            token = (
                f"<resumptionToken expirationDate='{midnight:%Y-%m-%dT%H:%M:%SZ}'{size}>{quote(urlencode(more))}"
                "</resumptionToken>\n"
            )
        prefix = asked["metadataPrefix"]
        return f"<ListRecords>\n{''.join(one.xml(prefix) for one in shown)}{token}</ListRecords>\n"

    def _of_set(self, spec: str, first: int) -> Iterator[Record]:
        for place in range(first, len(self.records)):
            one = self.records[place]
            if any(set_spec(name).startswith(spec) for name in one.categories.split()):
                yield one

    def _response(self, now: datetime, arguments: Mapping[str, str], content: str) -> str:
        named = "".join(f" {name}={quoteattr(value)}" for name, value in arguments.items())
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="{_NAMESPACE}" xmlns:xsi="{_SCHEMA}">\n'
            f"<responseDate>{now:%Y-%m-%dT%H:%M:%SZ}</responseDate>\n"
            f"<request{named}>http://oaipmh.arxiv.org/oai</request>\n{content}</OAI-PMH>\n"
        )


def _error(code: str, words: str) -> str:
    return f"<error code='{code}'>{words}</error>\n"
