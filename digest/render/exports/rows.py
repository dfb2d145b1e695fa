"""What every export says of an announcement; and JSON, JSON Lines and CSV: a record for each paper in each listing."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from digest.markup import readable
from digest.model import Announcement
from digest.render.markdown import code_urls

_DATING = ("basis", "earliest", "latest", "text_version")

_COLUMNS = (
    *("date", "category", "section", "position", "source", "state"),
    *("id", "title", "authors", "primary", "categories", "abstract", "comments", "journal_ref"),
    *("code_urls", "abstract_url", "pdf_url", "more_authors"),
    *_DATING,
)

Why = Callable[[Announcement], Sequence[str]]
"""An announcement → why a view shows it, in words for a reader; what an export of a view is given."""

# JSON lets these three stand in a text as they are, and readers that go by lines take them for line ends.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def provenance(one: Announcement) -> dict[str, Any]:
    """Return where a record comes from: the listing, the place in it, how well it is known."""
    return {
        "date": one.date.isoformat(),
        "category": one.category,
        "section": one.section.value,
        "position": one.position,
        "source": one.source.value,
        "state": one.state.value,
    }


def reasons(one: Announcement, why: Why | None) -> dict[str, list[str]]:
    """Return the field that says why a view shows a record; none without a view."""
    return {"reasons": [*why(one)]} if why else {}


def plain(line: str | None) -> str | None:
    """Return an abstract or comments as text; None where the source has none."""
    return None if line is None else readable(line)


def as_json(value: Any) -> str:
    """Return ``value`` as JSON on one line, whatever a reader takes for a line end."""
    return _LINE_ENDS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", json.dumps(value, ensure_ascii=False))


def each_paper_once(announcements: Iterable[Announcement]) -> Iterator[Announcement]:
    """Yield the announcements whose paper did not come before; of the others only the ids are held."""
    seen: set[str] = set()
    for one in announcements:
        arxiv_id = str(one.paper.arxiv_id)
        if arxiv_id not in seen:
            seen.add(arxiv_id)
            yield one


def json_array(announcements: Iterable[Announcement], why: Why | None = None) -> Iterator[str]:
    """Yield one JSON array (RFC 8259), an object a line."""
    before = "[\n"
    for one in announcements:
        yield f"{before}{as_json(_record(one, why))}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def json_lines(announcements: Iterable[Announcement], why: Why | None = None) -> Iterator[str]:
    """Yield JSON Lines (https://jsonlines.org): an object a line."""
    return (f"{as_json(_record(one, why))}\n" for one in announcements)


def csv_rows(announcements: Iterable[Announcement], why: Why | None = None) -> Iterator[str]:
    """Yield CSV by RFC 4180, a header first; several values in one field are joined by "; ".

    A text stands as it is, also one that a spreadsheet would take for a formula: data are not changed.
    """
    writer, columns = csv.writer(_Passing()), (*_COLUMNS, *(["reasons"] if why else []))
    yield writer.writerow(columns)
    for one in announcements:
        dating = one.dating.data if one.dating else dict.fromkeys(_DATING)
        record = {**_record(one, why), **dating, "code_urls": code_urls(one.paper)}
        record["more_authors"] = str(record["more_authors"]).lower()  # as JSON has it
        values = (record[name] for name in columns)
        yield writer.writerow(["; ".join(value) if isinstance(value, list) else value for value in values])


class _Passing:
    """Lets what a CSV writer writes through: its ``writerow`` returns what ``write`` does."""

    @staticmethod
    def write(line: str) -> str:
        return line


def _record(one: Announcement, why: Why | None) -> dict[str, Any]:
    paper = one.paper
    return {
        **provenance(one),
        "id": str(paper.arxiv_id),
        "title": paper.title,
        "authors": list(paper.authors),
        "more_authors": paper.may_have_more_authors,
        "primary": paper.primary_category or None,
        "categories": list(paper.categories),
        "abstract": plain(paper.abstract),
        "comments": plain(paper.comments),
        "journal_ref": paper.journal_ref,
        "links": [{"url": link.url, "kind": link.kind, "found_in": link.found_in} for link in paper.links],
        "abstract_url": paper.abstract_url,
        "pdf_url": paper.pdf_url,
        "abstract_html": paper.abstract,
        "comments_html": paper.comments,
        "dating": one.dating and one.dating.data,
        **reasons(one, why),
        # Not arXiv's, and nobody's where none was asked for: then an export is as ever.
        **({"annotations": [each.data for each in one.annotations]} if one.annotations else {}),
    }
