"""Announcements → JSON, JSON Lines and CSV: one record for every paper in every listing."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from digest.model import Announcement
from digest.render.exports.fields import as_json, code_urls, plain, provenance

_COLUMNS = (
    *("date", "category", "section", "position", "source", "state"),
    *("id", "title", "authors", "primary", "categories", "abstract", "comments", "journal_ref"),
    *("code_urls", "abstract_url", "pdf_url", "more_authors"),
)


def json_array(announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield one JSON array (RFC 8259), an object a line."""
    before = "[\n"
    for one in announcements:
        yield f"{before}{as_json(_record(one))}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def json_lines(announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield JSON Lines (https://jsonlines.org): an object a line."""
    return (f"{as_json(_record(one))}\n" for one in announcements)


def csv_rows(announcements: Iterable[Announcement]) -> Iterator[str]:
    """Yield CSV by RFC 4180, a header first; several values in one field are joined by "; ".

    A text stands as it is, also one that a spreadsheet would take for a formula.
    """
    writer = csv.writer(_Passing())
    yield writer.writerow(_COLUMNS)
    for one in announcements:
        yield writer.writerow([_cell(value) for value in _row(one)])


class _Passing:
    """Lets what a CSV writer writes through: its ``writerow`` returns what ``write`` does."""

    @staticmethod
    def write(line: str) -> str:
        return line


def _row(one: Announcement) -> list[Any]:
    record = {**_record(one), "code_urls": code_urls(one.paper)}
    return [record[name] for name in _COLUMNS]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return "; ".join(value) if isinstance(value, list) else value


def _record(one: Announcement) -> dict[str, Any]:
    paper = one.paper
    return {
        **provenance(one),
        "id": str(paper.arxiv_id),
        "title": paper.title,
        "authors": list(paper.authors),
        "more_authors": paper.may_have_more_authors,
        "primary": paper.primary_category,
        "categories": list(paper.categories),
        "abstract": plain(paper.abstract),
        "comments": plain(paper.comments),
        "journal_ref": paper.journal_ref,
        "links": [{"url": link.url, "kind": link.kind, "found_in": link.found_in} for link in paper.links],
        "abstract_url": paper.abstract_url,
        "pdf_url": paper.pdf_url,
        "abstract_html": paper.abstract,
        "comments_html": paper.comments,
    }
