"""A day → its record: deterministic, lossless text that outlives the database (docs/RECORDS.md)."""

import json
from typing import Any

from digest.model import RECORD_FORMAT, Day, Entry, RawText

_as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call


def render_record(day: Day) -> bytes:
    """Return the record of ``day`` in UTF-8: a header line, then one line an entry.

    It is of the oldest format that can hold the day, so that an upgrade changes no record of before.
    """
    lines = [_header(day), *map(_entry, day.entries)]
    return "".join(f"{_as_json(line)}\n" for line in lines).encode()


def _header(day: Day) -> dict[str, Any]:
    is_first = day.link_rules == 1 and all(entry.paper.raw is None for entry in day.entries)
    is_old = is_first and not day.shortage
    header = {
        "format": 1 if is_old else RECORD_FORMAT if day.shortage else 2,
        "category": day.category,
        "date": day.date.isoformat(),
        "state": day.state.value,
        "source": day.source.value,
        "declared": {section.value: count for section, count in day.declared.items()},
        "stored": {section.value: count for section, count in day.counts.items()},
        "pages": [{"url": page.url, "sha256": page.sha256} for page in day.pages],
        "parser": day.parser_version,
    }
    return header if is_old else header | {"link_rules": day.link_rules}


def _entry(entry: Entry) -> dict[str, Any]:
    paper = entry.paper
    row = {
        "position": entry.position,
        "section": entry.section.value,
        "id": str(paper.arxiv_id),
        "title": paper.title,
        "authors": list(paper.authors),
        "primary": paper.primary_category,
        "categories": list(paper.categories),
        "abstract": paper.abstract,
        "comments": paper.comments,
        "journal_ref": paper.journal_ref,
        "links": [{"url": link.url, "kind": link.kind, "found_in": link.found_in} for link in paper.links],
    }
    return row if paper.raw is None else row | {"raw": _raw(paper.raw)}


def _raw(raw: RawText) -> dict[str, Any]:
    return {"title": raw.title, "authors": list(raw.authors), "abstract": raw.abstract, "comments": raw.comments}
