"""What the parts of digest cost, in one process: ``python -m tests.benchmarks.inside``.

Parsing, the feed, links and rendering, each in turn with what a user would take instead. Unlike
``python -m tests.benchmarks`` this calls functions, and changes with them.
"""

import argparse
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import feedparser  # type: ignore[import-untyped]
from bs4 import BeautifulSoup

from digest.config.resources import built_in_template
from digest.model import Day, Paper, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.feed import parse_feed
from digest.parse.links import LINK_RULES, find_links
from digest.parse.listing import parse_page
from digest.render.digest import DigestTemplate
from tests.benchmarks.archives import CATEGORY, Texts, page
from tests.benchmarks.measuring import Row, in_turn, table, used_by
from tests.benchmarks.storing import storing
from tests.standin import Mailing, Request, StandIn, invent

DAY = date(2025, 3, 5)
SHOWN = (Section.NEW, Section.CROSS)

_ADDRESS = re.compile(r"https?://[^\s\"'<>)\]}]+")
_TAG = re.compile(r"<[^>]+>")


def parse(announcement: Mailing, rounds: int) -> Iterator[Row]:
    """Yield a listing page, all proofs included, against Beautiful Soup with Python's own parser; CPU and memory."""
    listing = page(announcement)
    ours, theirs = _growth("parse_page", listing), _growth("soup", listing)
    note = f"bs4; memory grows by {ours:.1f} against {theirs:.1f} MiB: {ours / theirs:.2f}"
    name = f"parse {announcement.total:,} entries"
    yield _row(name, rounds, partial(parse_page, listing), partial(soup, listing), note)


# How much the memory of a process grows at its peak; what it takes to read a page of few entries does not count.
_GROWTH = """
import gc, pickle, sys
from pathlib import Path
from tests.benchmarks.inside import parse_page, soup
small, listing = pickle.load(sys.stdin.buffer)
read = {"parse_page": parse_page, "soup": soup}[sys.argv[1]]
read(small)
def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
gc.collect()
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS:")
kept = read(listing)
print((kilobytes("VmHWM:") - before) / 1024)
"""


def _growth(reader: str, listing: bytes) -> float:
    small = page(invent(CATEGORY, DAY, new=20, cross=0, replacement=0))
    command = [sys.executable, "-c", _GROWTH, reader]
    done = subprocess.run(command, input=pickle.dumps((small, listing)), stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def soup(listing: bytes) -> list[tuple[object, ...]]:
    """Return the fields of each entry, as a user would read them by Beautiful Soup."""
    document = BeautifulSoup(listing, "html.parser")
    rows: list[tuple[object, ...]] = []
    for term, description in zip(document.find_all("dt"), document.find_all("dd"), strict=True):
        fields = [description.select_one(name) for name in (".list-title", ".list-subjects", ".list-comments")]
        texts = [field.get_text(" ", strip=True) if field else None for field in fields]
        names = [anchor.get_text() for anchor in description.select(".list-authors a")]
        abstract = description.select_one("p.mathjax")
        rows.append((term.get_text(), *texts, names, abstract.get_text() if abstract else ""))
    return rows


def feed(announcement: Mailing, rounds: int) -> Iterator[Row]:
    """Yield both feeds, against feedparser as it comes."""
    arxiv = StandIn([announcement], today=announcement.date)
    for kind in ("rss", "atom"):
        body = arxiv.answer(Request(f"/{kind}/{CATEGORY}", {}, 0.0)).body
        yield _row(f"feed, {kind}", rounds, partial(parse_feed, body), partial(feedparser.parse, body), "feedparser")


def links(day: Day, rounds: int) -> Iterator[Row]:
    """Yield the links of all papers, against one expression on the abstracts."""
    papers = [entry.paper for entry in day.entries]
    plain = [_TAG.sub("", paper.abstract or "") for paper in papers]
    yield _row(
        f"links of {len(papers):,} papers",
        rounds,
        lambda: [find_links(title=one.title, abstract=one.abstract, comments=one.comments) for one in papers],
        lambda: [_ADDRESS.findall(text) for text in plain],
        "one regular expression",
    )


def render(day: Day, rounds: int) -> Iterator[Row]:
    """Yield both templates, against f-strings that show the same and escape nothing."""
    for name, theirs in (("classic", _classic), ("full", _full)):
        template = DigestTemplate(built_in_template(name), name, SHOWN)
        ours = partial(template.render, day)
        yield _row(f"render {len(day.entries)}, {name}", rounds, ours, partial(theirs, day), "f-strings")


def _shown(day: Day) -> list[Paper]:
    return sorted((entry.paper for entry in day.entries), key=lambda paper: paper.arxiv_id, reverse=True)


def _classic(day: Day) -> bytes:
    lines = [f"# ArXiv {day.category} --{day.date:%a, %d %b %Y}\n"]
    for number, one in enumerate(_shown(day), 1):
        pdf = f"https://arxiv.org/pdf/{one.arxiv_id}.pdf"
        lines.append(f"### {number}.{one.title}  [ :arrow_down: ]({pdf})\n>  {one.abstract}      \n")
    return "".join(lines).encode()


def _full(day: Day) -> bytes:
    papers = list(enumerate(_shown(day), 1))
    lines = [f"# arXiv {day.category} {day.date}\n\n## Contents\n\n"]
    for number, one in papers:
        code = next((f" · [code]({link.url})" for link in one.links if link.kind == "code"), "")
        first = f"{one.authors[0]}{' et al.' if len(one.authors) > 1 else ''}"
        lines.append(f"{number}. [{one.title}](#{one.arxiv_id}) · {first}{code}\n")
    for number, one in papers:
        badges = " · ".join(f"**{link.kind}** [{link.url.partition('://')[2]}]({link.url})" for link in one.links)
        lines.append(
            f'\n### <a id="{one.arxiv_id}"></a>{number}. [{one.title}](https://arxiv.org/abs/{one.arxiv_id})\n\n'
            f"{', '.join(one.authors)}\n\n**{one.primary_category}** · {' · '.join(one.categories)} · "
            f"[PDF](https://arxiv.org/pdf/{one.arxiv_id}.pdf) · [HTML](https://arxiv.org/html/{one.arxiv_id})\n\n"
            f"{badges}\n\n*Comments:* {_TAG.sub('', one.comments or '')}\n\n"
            f"<details><summary>Abstract</summary>\n\n{_TAG.sub('', one.abstract or '')}\n\n</details>\n"
        )
    return "".join(lines).encode()


def _row(name: str, rounds: int, ours: Callable[[], object], theirs: Callable[[], object], peer: str) -> Row:
    found = in_turn({"ours": partial(used_by, ours), "theirs": partial(used_by, theirs)}, rounds)
    return Row(name, found["ours"], found["theirs"], peer)


def rows(texts: Texts, rounds: int) -> Iterator[Row]:
    """Yield all rows: of a day of 1,500 papers, and of 700 that are rendered."""
    announcement = texts.announcement(DAY, (1000, 500, 0))
    entries = parse_page(page(announcement)).entries
    day = _day(entries[:700])
    yield from parse(announcement, rounds)
    yield from feed(announcement, rounds)
    yield from links(_day(entries), rounds)
    yield from render(day, rounds)
    yield from storing(texts, rounds)


def _day(entries: Sequence[object]) -> Day:
    counts = {Section.NEW: len(entries)}
    state = (State.COMPLETE, Source.LISTING, counts, tuple(entries), (), PARSER_VERSION)
    return Day(CATEGORY, DAY, *state, link_rules=LINK_RULES)  # type: ignore[arg-type]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.inside", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--texts", type=Path, help="real papers, a JSON object a line, packed by gzip")
    options = parser.parse_args()
    texts = Texts.of(options.texts)
    lines = list(table(list(rows(texts, options.rounds))))
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {texts.kind}, {options.rounds} rounds\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
