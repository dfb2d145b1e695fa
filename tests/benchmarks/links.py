"""Links predicted for labelled papers: ``python -m tests.benchmarks.links GOLD.jsonl [--out FOLDER]``.

Each record holds ``id``, ``title``, ``abstract`` and ``comment`` as typed, and ``title_html``, ``abstract_html`` and
``comments_html`` as a listing shows them. Both go the way that the program itself takes; ``plain.jsonl`` and
``html.jsonl`` are what the scorer beside the gold set reads. Printed are how many papers get the same links from both,
and what the others get.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from digest.model import Link
from digest.parse.document import plain_text
from digest.parse.links import find_links
from digest.parse.typed import abstract_of, comments_of, title_of
from tests.markup import one_line_html

Record = Mapping[str, Any]
Links = tuple[Link, ...]


def main() -> None:
    """Predict, write what is asked for, and tell where both forms disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--out", type=Path, help="folder for plain.jsonl and html.jsonl")
    arguments = parser.parse_args()
    records = read_records(arguments.gold)
    found = {name: _timed(name, predict, records) for name, predict in PREDICTIONS.items()}
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, links in found.items():
            (arguments.out / f"{name}.jsonl").write_text(predictions(links), encoding="utf-8")
    _tell_agreement(found["plain"], found["html"])


def read_records(file: Path) -> list[Record]:
    """Return the records of a file of the gold set's form."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def from_plain(record: Record) -> Links:
    """Return the links of a paper as a feed or the API shows it."""
    return find_links(
        title=title_of(record["title"]),
        abstract=abstract_of(record["abstract"] or ""),
        comments=comments_of(record["comment"] or ""),
    )


def from_html(record: Record) -> Links:
    """Return the links of a paper as a listing shows it."""
    abstract, comments = one_line_html([_element(record[name]) for name in ("abstract_html", "comments_html")])
    return find_links(title=plain_text(_element(record["title_html"])), abstract=abstract, comments=comments)


PREDICTIONS: Mapping[str, Callable[[Record], Links]] = {"plain": from_plain, "html": from_html}


def predictions(found: Mapping[str, Links]) -> str:
    """Return what the scorer reads: an object a line, with a paper's id and links."""
    rows = (
        {"id": name, "links": [{"url": link.url, "kind": link.kind} for link in links]} for name, links in found.items()
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def _element(markup: str | None) -> etree._Element:
    element: etree._Element = lxml_html.fragment_fromstring(markup or "", create_parent="p")
    return element


def _timed(name: str, predict: Callable[[Record], Links], records: Iterable[Record]) -> dict[str, Links]:
    start = time.process_time()
    found = {record["id"]: predict(record) for record in records}
    print(f"{name}: {len(found)} papers in {time.process_time() - start:.2f} s of CPU")  # its purpose
    return found


def _tell_agreement(plain: Mapping[str, Links], html: Mapping[str, Links]) -> None:
    differing = [name for name in plain if plain[name] != html[name]]
    print(f"{len(plain) - len(differing)} of {len(plain)} papers have the same links in both")  # as above
    for name in differing:
        print(f"{name}\n  plain: {plain[name]}\n  html:  {html[name]}")  # as above


if __name__ == "__main__":
    main()
