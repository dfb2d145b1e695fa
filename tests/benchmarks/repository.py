"""How big a repository grows in a year: ``python -m tests.benchmarks.repository REAL-DAYS.jsonl.gz``.

The file holds real papers by listing date, with their texts as arXiv's listings show them (``title_html``,
``abstract_html``, ``comments_html``). Each date becomes a commit of its record and its digest, as a nightly run
makes one; the repository is then packed as git packs it, and measured by entry.
"""

import argparse
import gzip
import html
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.html import fragment_fromstring

from digest.config.resources import built_in_template
from digest.model import ArxivId, Day, Entry, PageRef, Paper, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.document import collapse
from digest.parse.links import LINK_RULES, find_links
from digest.records.day import record_path, render_record
from digest.render.digest import DigestTemplate
from tests.markup import one_line_html

CATEGORY = "cs.CV"
LISTINGS, ENTRIES = 253, 107
"""Listing dates of a year, and the median of new submissions and cross-lists on one of them."""


@dataclass(frozen=True)
class Sizes:
    """What was measured, in bytes; ``added``: by the second half of the commits, once packed."""

    entries: int
    records: int
    digests: int
    packed: int
    entries_added: int
    added: int


def measure(days: Sequence[Day], template: str) -> Sizes:
    """Commit ``days``, one after the other, and measure the repository at half time and at the end."""
    rendered = DigestTemplate(built_in_template(template), template, (Section.NEW, Section.CROSS))
    records = digests = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _git(folder, "init", "--quiet")
        half = len(days) // 2
        packed_before = 0
        for number, day in enumerate(days):
            if number == half:
                packed_before = _packed(folder)
            record, digest = render_record(day), rendered.render(day)
            records, digests = records + len(record), digests + len(digest)
            _write(folder / "data" / record_path(CATEGORY, day.date), record)
            _write(folder / f"{CATEGORY}/{day.date:%Y/%m}/{day.date}.md", digest)
            _git(folder, "add", "--all")
            _git(folder, "-c", "user.name=d", "-c", "user.email=d@localhost", "commit", "--quiet", "-m", str(day.date))
        packed = _packed(folder)
    entries = [len(day.entries) for day in days]
    return Sizes(sum(entries), records, digests, packed, sum(entries[half:]), packed - packed_before)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _packed(folder: Path) -> int:
    _git(folder, "gc", "--quiet", "--prune=now")
    return sum(path.stat().st_size for path in (folder / ".git/objects").rglob("*") if path.is_file())


def read_days(file: Path) -> list[Day]:
    """Return the days that the real papers in ``file`` make."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["date"]].append(row)
    return [_day(date.fromisoformat(when), rows) for when, rows in sorted(found.items())]


def _day(when: date, rows: Sequence[dict[str, Any]]) -> Day:
    ordered = sorted(rows, key=lambda row: (row["primary"] != CATEGORY, row["id"]))
    entries = tuple(Entry(_section(row), place, _paper(row)) for place, row in enumerate(ordered, 1))
    counts = {section: sum(entry.section is section for entry in entries) for section in Section}
    page = PageRef(f"https://arxiv.org/list/{CATEGORY}/new", "0123456789abcdef" * 4)
    return Day(
        CATEGORY, when, State.COMPLETE, Source.LISTING, counts, entries, (page,), PARSER_VERSION, link_rules=LINK_RULES
    )


def _section(row: dict[str, Any]) -> Section:
    return Section.NEW if row["primary"] == CATEGORY else Section.CROSS


def _paper(row: dict[str, Any]) -> Paper:
    title = collapse(html.unescape(row["title_html"]))
    abstract = one_line_html([_element(row["abstract_html"])])[0]
    comments = one_line_html([_element(row["comments_html"])])[0] if row["comments_html"] else None
    links = find_links(abstract=abstract, comments=comments, title=title)
    names = (row["primary"], *(name for name in row["categories"] if name != row["primary"]))
    return Paper(
        ArxivId.parse(row["id"]), title, tuple(row["authors"]), row["primary"], names, abstract, comments, links=links
    )


def _element(markup: str) -> etree._Element:
    element: etree._Element = fragment_fromstring(markup, create_parent="p")
    return element


def tell(template: str, sizes: Sizes) -> Iterator[str]:
    """Yield the figures of one template, and a year worked out from them."""
    a_year = LISTINGS * ENTRIES
    record, digest = sizes.records / sizes.entries, sizes.digests / sizes.entries
    packed, added = sizes.packed / sizes.entries, sizes.added / sizes.entries_added
    yield f"{template}: {sizes.entries} entries"
    yield f"  an entry: record {record:.0f} B, digest {digest:.0f} B, packed {packed:.0f} B (later ones {added:.0f} B)"
    yield f"  a year of {CATEGORY}, {LISTINGS} x {ENTRIES} entries: {_mega(a_year * (record + digest))} of files,"
    yield f"  {_mega(a_year * packed)} packed; with 0.7 replacements an entry, which only records hold:"
    yield f"  {_mega(a_year * (1.7 * record + digest))} of files, at most {_mega(1.7 * a_year * packed)} packed"


def _mega(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def main() -> None:
    """Measure with each built-in template, and print the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("papers", type=Path, help="real papers, a JSON object a line, packed by gzip")
    days = read_days(parser.parse_args().papers)
    for template in ("classic", "full"):
        sys.stdout.writelines(f"{line}\n" for line in tell(template, measure(days, template)))


if __name__ == "__main__":
    main()
