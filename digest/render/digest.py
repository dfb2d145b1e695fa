"""A stored day, or a view of several → its digest, by a template, which is given what docs/TEMPLATES.md tells."""

import hashlib
import json
import posixpath
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import accumulate
from json.encoder import encode_basestring_ascii as in_json
from urllib.parse import quote

from digest.calendar import period_heading
from digest.config.paths import part_path
from digest.config.settings import View
from digest.markup import readable
from digest.model import Day, Hit, Link, Paper, Section
from digest.model.annotations import Annotation
from digest.model.marks import RankedHits, Ranking
from digest.render.markdown import code_urls, is_web_address
from digest.render.maths import maths_in
from digest.render.templates import BUILT_IN, Traits, compile_template, render, traits_of

MOST_BYTES = 1_500_000
"""A digest that is larger is split, if its template can be: GitHub shows markdown up to about 2 MB."""

UNKNOWN = ""
"""The version of a template that nobody knows: that of a text which came with the records into a fresh clone."""

_RENDERER = 1
"""Raised when the same day and template give another text than before, whatever the template."""

_TEXTS = 2
"""Raised when ``text`` and ``comments_text``, or what ``markdown`` makes of arXiv's texts, are others than before: that
makes those digests outdated whose template shows them, and no other."""

_PLACE = "-"  # in no hash
_TITLES = {Section.NEW: "New submissions", Section.CROSS: "Cross-lists", Section.REPLACEMENT: "Replacements"}
_FIRST_WITH_HTML = (2023, 12)
_ON_ONE_LINE = 174
"""The room of a list's item on GitHub's page of 390 pixels, in tenths of the type's size, without an ellipsis."""
_NARROWEST, _SQUARE = 3, 10
_NARROW = "fijlrtI .,:;'!|()[]-"
_FIRST_SQUARE = "\u2e80"  # where the scripts of East Asia begin


def version_of_texts() -> int:
    """Return the number of what ``markdown`` makes of arXiv's texts."""
    return _TEXTS


class DigestTemplate:
    """A template with the settings that it is rendered by; a user's own compiles, as those of the package do."""

    def __init__(self, source: str, name: str, sections: Sequence[Section], *, front_matter: bool = False) -> None:
        """Compile ``source``; ``name`` is named in errors; ``front_matter``: whether digests should begin with some.

        Raises:
            TemplateError: its syntax is wrong.
        """
        self.version = hashlib.sha256(source.encode()).hexdigest()
        self._name = name
        self._sections = tuple(sections)
        self._around: dict[tuple[int, int], tuple[str, str]] = {}
        self._source = source
        self._front_matter = front_matter
        if name not in BUILT_IN:
            compile_template(source, name)

    @cached_property
    def _traits(self) -> Traits:
        return BUILT_IN.get(self._name) or traits_of(self._source)

    @property
    def shows_annotations(self) -> bool:
        """Whether it shows what programs of the user's own said of papers."""
        return self._traits.annotations

    def inputs_hash(self, content_hash: str, *more: str) -> str:
        """Return the SHA-256 of all that the digest of a day is made from, and of whatever ``more``."""
        key = (_RENDERER, _TEXTS if self._traits.texts else 1)
        if key not in self._around:
            inputs = self._told(*key, self._settings()[-1], self.version, _PLACE)
            before, _, after = inputs[:-1].partition(_PLACE)
            self._around[key] = before, after
        # Put together from pieces: each night asks for those of all days.
        before, after = self._around[key]
        others = "".join(f", {in_json(one)}" for one in more) if more else ""
        return hashlib.sha256(f"{before}{content_hash}{after}{others}]".encode()).hexdigest()

    def hashes_by(self, version: str, content_hash: str, *more: str) -> list[str]:
        """Return what ``inputs_hash`` would be by another version of the template, and each renderer until now.

        UNKNOWN stands for the version of one that nobody knows.
        """
        return [
            hashlib.sha256(self._told(renderer, texts, settings, version, content_hash, *more).encode()).hexdigest()
            for renderer in range(1, _RENDERER + 1)
            for texts in range(1, _TEXTS + 1)
            for settings in self._settings()
        ]

    def _settings(self) -> list[list[str]]:
        """Return the settings by which a digest may have been made of the same day, the current ones last.

        A run leaves what another setting of front matter made, as it leaves another template's.
        """
        sections = [section.value for section in self._sections]
        if not self._traits.front_matter:
            return [sections]
        without, with_it = sections, [*sections, "front matter"]
        return [without, with_it] if self._front_matter else [with_it, without]

    @staticmethod
    def _told(renderer: int, texts: int, settings: list[str], version: str, content_hash: str, *more: str) -> str:
        made_by = renderer if texts == 1 else [renderer, texts]
        return json.dumps([made_by, content_hash, version, settings, *more])

    def render(self, day: Day) -> bytes:
        """Return the whole digest of ``day`` in UTF-8; the same day gives the same bytes.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._render(contents_of_day(day, self._sections), 1, [""], [1])

    def parts(self, day: Day, file_name: str) -> dict[str, bytes]:
        """Return the digest of ``day`` by file name: one file, or several if it is larger than ``MOST_BYTES``.

        The first has ``file_name``, ``part_path`` names the others. An entry is never cut.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._split(contents_of_day(day, self._sections), file_name)

    def view_parts(
        self, view: View, when: date, days: Sequence[Day], hits: Sequence[Hit], file_name: str
    ) -> dict[str, bytes]:
        """Return, as ``parts`` does, the digest of a view: ``hits`` of the date or week ``when``, found in ``days``.

        Raises:
            TemplateError: the template asks for something that is not there.
        """
        return self._split(contents_of_view(view, when, days, hits, self._sections), file_name)

    def _split(self, contents: "DigestContents", file_name: str) -> dict[str, bytes]:
        runs = [contents.entries]
        while True:
            names = [part_path(file_name, number) for number in range(1, len(runs) + 1)]
            links = [quote(posixpath.basename(name), safe="") for name in names]
            starts = [run[0].number if run else 1 for run in runs]
            texts = [self._render(contents, number, links, starts) for number in range(1, len(runs) + 1)]
            # How long a part gets shows only in its text; halves are made until each fits, or has one entry.
            smaller = []
            for run, text in zip(runs, texts, strict=True):
                middle = len(run) // 2 if len(text) > MOST_BYTES else 0
                smaller += [run[:middle], run[middle:]] if middle else [run]
            if len(smaller) == len(runs) or not self._traits.parts:
                return dict(zip(names, texts, strict=True))
            runs = smaller

    def _render(self, contents: "DigestContents", part: int, files: Sequence[str], starts: Sequence[int]) -> bytes:
        """Render one ``part`` of a digest, whose parts have these links and begin with the entries of these numbers."""

        def place(entry: NumberedEntry) -> str:
            there = bisect_right(starts, entry.number)
            return f"{'' if there == part else files[there - 1]}#{entry.anchor}"

        sections = contents.sections
        if len(files) > 1:
            first, end = [*starts, len(contents.entries) + 1][part - 1 : part + 1]
            sections = [section.between(first, end) for section in sections]
        context = {
            "category": contents.name,
            "view": contents.view,
            "date": contents.date.isoformat(),  # a date object could tell today's
            "heading_date": contents.heading,
            "period": contents.period,
            "front_matter": self._front_matter,
            "days": [ShownDay.of(day) for day in contents.days],
            "ranking": contents.ranking,
            "contents": contents.sections,
            "sections": sections,
            "entries": [entry for section in sections for entry in section.entries],
            "part": part,
            "parts": len(files),
            "files": files,
            "place": place,
        }
        return render(self._source, self._name, context).encode()


@dataclass(frozen=True, slots=True)
class ShownAnnotation:
    """What a program of the user's own said, as a template sees it: foreign text; ``data`` is for machines."""

    name: str
    version: str
    day: str
    lines: Sequence[str]
    data: Mapping[str, object]


@dataclass(slots=True)
class NumberedEntry:
    """An entry as a template sees it; a field that the listing does not carry is "".

    ``announced_in`` is the category of the listing, ``announced_on`` its date; ``reasons`` say why a view shows it;
    ``doubts`` is what is not sure of it, if the day is reconstructed. ``annotations`` are what programs of the user's
    own said of it.
    """

    number: int
    section: str
    announced_in: str
    reasons: tuple[str, ...]
    _paper: Paper
    doubts: str = ""
    announced_on: str = ""
    _annotations: Sequence[Annotation] = ()

    @property
    def id(self) -> str:
        """The arXiv id."""
        return str(self._paper.arxiv_id)

    @property
    def anchor(self) -> str:
        """The arXiv id in a form that can be the name of a place in a page."""
        return self.id.replace("/", "-")

    @property
    def title(self) -> str:
        """Plain text, on one line."""
        return _one_line(self._paper.title)

    @property
    def short_title(self) -> str:
        """The title, or as much of it as a phone shows on one line of a list."""
        return _shortened(self.title)

    @property
    def authors(self) -> tuple[str, ...]:
        """Plain texts."""
        return tuple(map(_one_line, self._paper.authors))

    @property
    def more_authors(self) -> bool:
        """Whether there may be more authors than arXiv's listing showed."""
        return self._paper.may_have_more_authors

    @property
    def abstract(self) -> str:
        """HTML in which only ``a`` and ``br`` occur."""
        return _one_line(self._paper.abstract or "")

    @property
    def text(self) -> str:
        """The abstract as plain text, with the addresses that it names."""
        return readable(self.abstract)

    @property
    def comments(self) -> str:
        """HTML in which only ``a`` and ``br`` occur."""
        return _one_line(self._paper.comments or "")

    @property
    def comments_text(self) -> str:
        """The comments as plain text, with the addresses that they name."""
        return readable(self.comments)

    @property
    def journal_ref(self) -> str:
        """Plain text."""
        return _one_line(self._paper.journal_ref or "")

    @property
    def primary_category(self) -> str:
        """Such as ``cs.CV``."""
        return self._paper.primary_category

    @property
    def categories(self) -> tuple[str, ...]:
        """All, the primary one too."""
        return self._paper.categories

    @property
    def links(self) -> list[Link]:
        """Those that lead into the web; ``url``, ``kind`` and ``found_in`` of each."""
        return [link for link in self._paper.links if is_web_address(link.url)]

    @property
    def code_urls(self) -> tuple[str, ...]:
        """The addresses of the links that are code."""
        return tuple(code_urls(self._paper))

    @property
    def abstract_url(self) -> str:
        """The abstract page."""
        return self._paper.abstract_url

    @property
    def pdf_url(self) -> str:
        """The PDF, in the digest's form."""
        return self._paper.pdf_url

    @property
    def annotations(self) -> list[ShownAnnotation]:
        """What programs of the user's own said of it."""
        return [ShownAnnotation(one.name, one.version, one.day, one.lines, one.data) for one in self._annotations]

    @property
    def html_url(self) -> str:
        """The page that arXiv makes of TeX submissions since December 2023; "" before.

        Source: https://info.arxiv.org/about/accessible_HTML.html. A paper without TeX sources has none all the same,
        and nothing tells which these are.
        """
        one = self._paper.arxiv_id
        return f"https://arxiv.org/html/{one}" if (one.year, one.month) >= _FIRST_WITH_HTML else ""


def _one_line(text: str) -> str:
    """Return ``text`` without line breaks: a record of an older version may hold one, which could begin a heading."""
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


class _Widths(dict[str, int]):
    """About how wide each sign is, in tenths of the type's size."""

    def __missing__(self, sign: str) -> int:
        self[sign] = _SQUARE if sign >= _FIRST_SQUARE else 8 if sign.isupper() else 6
        return self[sign]


_WIDTHS = _Widths(dict.fromkeys(_NARROW, _NARROWEST) | dict.fromkeys("mwM%", 9) | dict.fromkeys("W@", _SQUARE))


def _shortened(text: str) -> str:
    """Return ``text``, or its beginning and "…"; maths is not cut."""
    ends = list(accumulate(map(_WIDTHS.__getitem__, text[: _ON_ONE_LINE // _NARROWEST + 1])))
    head = text[: bisect_right(ends, _ON_ONE_LINE)]
    if head == text:
        return text
    if "$" in head:
        cut = next((one for one in maths_in(text) if one.start < len(head) < one.end), None)
        head = text[: cut.start] if cut and cut.start else head
    return f"{head.rstrip(' ,:;(-')}…"


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of a digest, or what one part of the digest has of it; ``total`` counts the whole section's."""

    name: str
    title: str
    total: int
    entries: Sequence[NumberedEntry]
    continued: bool = False

    def between(self, first: int, end: int) -> "ShownSection":
        """Return the section with those entries alone whose numbers are ``first`` and more, but less than ``end``."""
        inside = [entry for entry in self.entries if first <= entry.number < end]
        return replace(self, entries=inside, continued=inside[:1] != self.entries[:1])


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A stored listing that a digest is made from; counts are by the sections' names."""

    category: str
    state: str
    source: str
    declared: Mapping[str, int]
    stored: Mapping[str, int]
    date: str

    @classmethod
    def of(cls, day: Day) -> "ShownDay":
        """Return what a template is given of ``day``."""
        declared = {section.value: day.declared[section] for section in Section if section in day.declared}
        stored = {section.value: count for section, count in day.counts.items()}
        return cls(day.category, day.state.value, day.source.value, declared, stored, str(day.date))


@dataclass(frozen=True, slots=True)
class DigestContents:
    """All that one digest shows, before it is cut into parts; ``view`` is "" for a category's.

    ``period`` is "week" for that of the week of ``date``.
    """

    name: str
    view: str
    date: date
    days: Sequence[Day]
    sections: Sequence[ShownSection]
    ranking: Ranking | None = None
    period: str = "day"

    @property
    def heading(self) -> str:
        """Its date in words."""
        return period_heading(self.date, self.period)

    @property
    def entries(self) -> list[NumberedEntry]:
        """The entries of all sections."""
        return [entry for section in self.sections for entry in section.entries]


def contents_of_day(day: Day, sections: Sequence[Section]) -> DigestContents:
    """Return what the digest of a category's ``day`` shows: all of it, for no particular reason."""
    hits = [Hit(one, ()) for one in day.announcements]
    return replace(contents_of_view(View(day.category), day.date, [day], hits, sections), view="")


def contents_of_view(
    view: View, when: date, days: Sequence[Day], hits: Iterable[Hit], sections: Sequence[Section]
) -> DigestContents:
    """Return what the digest of a view shows: ``hits`` of one date, or of a week, found in ``days``.

    The entries are numbered through all ``sections``; inside each, the ids descend, as in arXiv's listings. Those that
    marks ordered stand in one section, in that order.
    """
    ranking = hits.ranking if isinstance(hits, RankedHits) else None
    if ranking and not ranking.is_cold:
        ranked = [_numbered(number, hit) for number, hit in enumerate(hits, 1)]
        by_marks = ShownSection("ranked", "By your marks", len(ranked), ranked)
        return DigestContents(view.name, view.name, when, days, [by_marks], ranking, view.period)
    newest_first = sorted(hits, key=lambda hit: hit.announcement.paper.arxiv_id, reverse=True)
    shown, number = [], 1
    for section in sections:
        its = [hit for hit in newest_first if hit.announcement.section is section]
        entries = [_numbered(number + place, hit) for place, hit in enumerate(its)]
        shown.append(ShownSection(section.value, _TITLES[section], len(entries), entries))
        number += len(entries)
    return DigestContents(view.name, view.name, when, days, shown, ranking, view.period)


def _numbered(number: int, hit: Hit) -> NumberedEntry:
    one = hit.announcement
    doubts = one.dating.note if one.dating else ""
    when, said = str(one.date), one.annotations
    return NumberedEntry(number, one.section.value, one.category, hit.reasons, one.paper, doubts, when, said)
