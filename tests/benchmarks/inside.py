"""What the parts of digest cost, in one process: ``python -m tests.benchmarks.inside``.

Parsing, the feed, links and rendering, each in turn with what a user would take instead. Unlike
``python -m tests.benchmarks`` this calls functions, and changes with them.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import feedparser  # type: ignore[import-untyped]
from bs4 import BeautifulSoup

from digest.config.resources import built_in_template
from digest.model import Day, Section, Source, State
from digest.parse import PARSER_VERSION
from digest.parse.feed import parse_feed
from digest.parse.links import LINK_RULES, find_links
from digest.parse.listing import parse_page
from digest.render.digest import DigestTemplate
from tests.benchmarks.archives import CATEGORY, Texts, page
from tests.benchmarks.measuring import Row, in_turn, table, used_by
from tests.standin import Mailing, Request, StandIn

DAY = date(2025, 3, 5)
SHOWN = (Section.NEW, Section.CROSS)

_ADDRESS = re.compile(r"https?://[^\s\"'<>)\]}]+")
_TAG = re.compile(r"<[^>]+>")


def parse(announcement: Mailing, rounds: int) -> Iterator[Row]:
    """Yield a listing page, all proofs included, against Beautiful Soup with Python's own parser."""
    listing = page(announcement)
    yield _row(
        f"parse {announcement.total:,} entries", rounds, partial(parse_page, listing), partial(_soup, listing), "bs4"
    )


def _soup(listing: bytes) -> list[tuple[object, ...]]:
    soup = BeautifulSoup(listing, "html.parser")
    rows: list[tuple[object, ...]] = []
    for term, description in zip(soup.find_all("dt"), soup.find_all("dd"), strict=True):
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
    """Yield both templates, against f-strings that escape nothing."""
    for name in ("classic", "full"):
        template = DigestTemplate(built_in_template(name), name, SHOWN)
        theirs = partial(_formatted, day, name)
        yield _row(f"render {len(day.entries)}, {name}", rounds, partial(template.render, day), theirs, "f-strings")


def _formatted(day: Day, name: str) -> bytes:
    papers = [entry.paper for entry in day.entries]
    papers.sort(key=lambda paper: paper.arxiv_id, reverse=True)
    lines = [f"# ArXiv {day.category} --{day.date:%a, %d %b %Y}\n"]
    for number, one in enumerate(papers, 1):
        pdf = f"https://arxiv.org/pdf/{one.arxiv_id}.pdf"
        lines.append(f"### {number}.{one.title}  [ :arrow_down: ]({pdf})\n>  {one.abstract}      \n")
        if name == "full":
            badges = " · ".join(f"[{link.kind}]({link.url})" for link in one.links)
            lines.append(f"{', '.join(one.authors)} · {', '.join(one.categories)} · {one.comments} · {badges}\n")
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
