"""Days to try things on: small ones made by hand, and any that Hypothesis can think of."""

import gzip
import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from digest.model import (
    ArxivId,
    Basis,
    Dating,
    Day,
    DaySummary,
    Entry,
    Link,
    PageRef,
    Paper,
    RawText,
    Section,
    Source,
    State,
)

WHEN = date(2025, 3, 5)

AWKWARD = "\u2028\u2029\x85\x0b\x0c\x1c\x1f\x7f\t\n\r\\\"'<>&{}%`|\u200b\u202e\ufeff\U0001f300é"
"""Characters that end lines for somebody, need escaping somewhere, or are not seen."""


def paper(arxiv_id: str = "2503.00001", **fields: Any) -> Paper:
    """Return a paper; ``fields`` go over what it is by default."""
    values: dict[str, Any] = {
        "title": f"A title of {arxiv_id}",
        "authors": ("Zoë van der Plaat", "Mei O'Dunmore"),
        "primary_category": "cs.CV",
        "categories": ("cs.CV", "cs.LG"),
        "abstract": f"An abstract of {arxiv_id}.",
    }
    return Paper(arxiv_id=ArxivId.parse(arxiv_id), **(values | fields))


def day_of(papers: Sequence[tuple[Section, Paper]], **fields: Any) -> Day:
    """Return the day that lists ``papers`` in this order; ``fields`` go over what it is by default."""
    entries = tuple(Entry(section, place, one) for place, (section, one) in enumerate(papers, 1))
    values: dict[str, Any] = {
        "category": "cs.CV",
        "date": WHEN,
        "state": State.COMPLETE,
        "source": Source.LISTING,
        "declared": {section: sum(one is section for one, _ in papers) for section in Section},
        "pages": (PageRef("https://arxiv.org/list/cs.CV/new", "0" * 64),),
        "parser_version": 1,
        "link_rules": 1,
    }
    return Day(entries=entries, **(values | fields))


def simple_day(
    new: Sequence[str] = (), cross: Sequence[str] = (), replacement: Sequence[str] = (), **fields: Any
) -> Day:
    """Return the day that lists papers with these ids."""
    ids = {Section.NEW: new, Section.CROSS: cross, Section.REPLACEMENT: replacement}
    return day_of([(section, paper(one)) for section, several in ids.items() for one in several], **fields)


@cache
def real_days(shared: Path) -> tuple[Day, ...]:
    """Return twenty real listing days with 2,290 papers, the oldest first, as the listings show their texts."""
    days: dict[str, list[dict[str, Any]]] = {}
    for line in gzip.decompress((shared / "data/real-days.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        days.setdefault(row["date"], []).append(row)
    return tuple(
        day_of([_listed(row) for row in rows], date=date.fromisoformat(day)) for day, rows in sorted(days.items())
    )


def _listed(row: dict[str, Any]) -> tuple[Section, Paper]:
    def line(name: str) -> str | None:
        return re.sub(r"[\t-\r ]+", " ", row[name]).strip(" ") if row[name] else None

    code = re.findall(r"https?://github\.com/[\w./-]+", row["abstract"])
    return Section.NEW if row["primary"] == "cs.CV" else Section.CROSS, Paper(
        arxiv_id=ArxivId.parse(row["id"]),
        title=html.unescape(line("title_html") or ""),
        authors=tuple(row["authors"]),
        primary_category=row["primary"],
        categories=tuple(row["categories"]),
        abstract=line("abstract_html"),
        comments=line("comments_html"),
        links=tuple(Link(url, "code", "abstract") for url in code),
    )


def reconstructed_day(new: Sequence[str], cross: Sequence[str] = (), **fields: Any) -> Day:
    """Return a reconstructed day of papers with these ids, each surely of its date by the ids around it."""
    known: dict[str, Any] = {"state": State.RECONSTRUCTED, "source": Source.OAI, "declared": {}, "pages": ()}
    day = simple_day(new, cross, **(known | fields))
    dating = Dating(Basis.BLOCK, day.date, day.date)
    return replace(day, entries=tuple(replace(entry, dating=dating) for entry in day.entries))


def summary_of(when: date, category: str = "cs.CV", state: State = State.COMPLETE, **counts: int) -> DaySummary:
    """Return a stored day without its entries; ``counts`` are by section, such as ``new=3``."""
    numbers = {section: counts.get(section.value, 0) for section in Section}
    return DaySummary(category, when, state, Source.LISTING, numbers, numbers, "0" * 64)


def texts(*, nul: bool = True) -> st.SearchStrategy[str]:
    """Return texts of any characters that UTF-8 can carry; PostgreSQL takes no NUL."""
    any_character = st.characters(exclude_categories=["Cs"], exclude_characters="" if nul else "\0")
    return st.text(any_character, max_size=40) | st.text(AWKWARD, max_size=12)


def typed_texts() -> st.SearchStrategy[str]:
    """Return texts as authors type them, not blank: words, TeX, markup, addresses and odd signs."""
    pieces = (
        "a",
        "word ",
        "\\'e",
        "{{x}}",
        "{",
        "}",
        "\\",
        "$a<b$",
        "<b>",
        "&amp;",
        "https://a.example/b_c",
        "\n ",
        "(1)",
        ",",
        " and ",
    )
    return st.lists(st.sampled_from(pieces) | texts(nul=False), min_size=1, max_size=12).map("".join).filter(str.strip)


# Old ids ran from August 1991 to March 2007, new ones follow; since 2015 their numbers have five digits.
_OLD_IDS = st.builds(
    "{}/{}{:03d}".format,
    st.sampled_from(["cs", "hep-th", "math.GT"]),
    st.sampled_from(["9108", "9212", "9901", "9912", "0001", "0612", "0703"]),
    st.integers(1, 999),
)
_NEW_IDS = st.builds(
    "{}.{:04d}".format, st.sampled_from(["0704", "0912", "1001", "1412"]), st.integers(1, 9999)
) | st.builds("{:02d}{:02d}.{:05d}".format, st.integers(15, 40), st.integers(1, 12), st.integers(1, 99999))
_CATEGORIES = st.sampled_from(["cs.CV", "cs.LG", "astro-ph", "cond-mat.mes-hall"])
_COUNTS = st.dictionaries(st.sampled_from(Section), st.integers(0, 3000))


_DATINGS = st.builds(
    lambda basis, first, days, version: Dating(basis, first, first + timedelta(days=days), version),
    st.sampled_from(Basis),
    st.dates(date(2004, 1, 1), date(2040, 1, 1)),
    st.integers(0, 40),
    st.none() | st.integers(1, 30),
)


def _raw_texts(some: st.SearchStrategy[str]) -> st.SearchStrategy[RawText]:
    return st.builds(RawText, some, st.lists(some, max_size=3).map(tuple), st.none() | some, st.none() | some)


@st.composite
def _papers(draw: st.DrawFn, arxiv_id: str, some: st.SearchStrategy[str]) -> Paper:
    links = st.builds(Link, some, st.sampled_from(["code", "other"]), st.sampled_from(["abstract", "comments"]))
    return Paper(
        arxiv_id=ArxivId.parse(arxiv_id),
        title=draw(some),
        authors=tuple(draw(st.lists(some, max_size=4))),
        primary_category=draw(_CATEGORIES),
        categories=tuple(draw(st.lists(_CATEGORIES, max_size=3))),
        abstract=draw(st.none() | some),
        comments=draw(st.none() | some),
        journal_ref=draw(st.none() | some),
        links=tuple(draw(st.lists(links, max_size=3))),
        raw=draw(st.none() | _raw_texts(some)),
    )


def _recordable(paper: Paper) -> Paper:
    """Return a paper as listings and feeds make them: texts on one line, no foreign markup, links into the web."""

    def line(text: str) -> str:
        return re.sub(r"[\t-\r\x1c-\x1f]", "", text) or "?"

    def marked(text: str | None) -> str | None:
        return None if text is None else html.escape(re.sub(r"[\r\n]", "", text), quote=False)

    return replace(
        paper,
        title=line(paper.title),
        authors=tuple(map(line, paper.authors)),
        categories=(paper.primary_category, *paper.categories),
        abstract=marked(paper.abstract),
        comments=marked(paper.comments),
        journal_ref=None if paper.journal_ref is None else line(paper.journal_ref),
        links=tuple(replace(one, url=f"https://own.example/{quote(one.url)}") for one in paper.links),
    )


def recordable_day() -> st.SearchStrategy[Day]:
    """Return any day that a day record may hold (docs/RECORDS.md)."""

    def tamed(day: Day) -> Day:
        entries = tuple(replace(one, paper=_recordable(one.paper)) for one in day.entries)
        declared = {section: max(count, day.declared.get(section, 0)) for section, count in day.counts.items()}
        state = State.COMPLETE if day.state is State.EMPTY and entries else day.state
        return replace(day, entries=entries, declared=declared, state=state)

    return any_day().map(tamed)


@st.composite
def any_day(draw: st.DrawFn, *, nul: bool = True) -> Day:
    """Return any day that the model can hold."""
    some = texts(nul=nul)
    ids = draw(st.lists(_NEW_IDS | _OLD_IDS, unique=True, max_size=5))
    sections = sorted(draw(st.sampled_from(Section)) for _ in ids)
    return Day(
        category=draw(_CATEGORIES),
        date=date(1991, 8, 14) + timedelta(days=draw(st.integers(0, 20000))),
        state=draw(st.sampled_from(State)),
        source=draw(st.sampled_from(Source)),
        declared=draw(_COUNTS),
        entries=tuple(
            Entry(section, place, draw(_papers(one, some)), draw(st.none() | _DATINGS))
            for place, (section, one) in enumerate(zip(sections, ids, strict=True), 1)
        ),
        pages=tuple(draw(st.lists(st.builds(PageRef, some, st.just("f" * 64)), max_size=2))),
        parser_version=draw(st.integers(1, 9)),
        link_rules=draw(st.integers(1, 9)),
    )
