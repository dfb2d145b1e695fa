"""Invented announcements: the same for the same arguments, on every machine and in every process."""

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from digest.standin import vocabulary as words

_T = TypeVar("_T")

CATEGORY_NAMES = {
    "cs.CV": "Computer Vision and Pattern Recognition",
    "cs.LG": "Machine Learning",
    "cs.RO": "Robotics",
    "cs.AI": "Artificial Intelligence",
    "cs.CL": "Computation and Language",
    "cs.CR": "Cryptography and Security",
    "cs.GR": "Graphics",
    "cs.HC": "Human-Computer Interaction",
    "cs.MM": "Multimedia",
    "cs.NE": "Neural and Evolutionary Computing",
    "cs.SD": "Sound",
    "cs.SE": "Software Engineering",
    "eess.IV": "Image and Video Processing",
    "eess.SP": "Signal Processing",
    "stat.ML": "Machine Learning",
    "q-bio.NC": "Neurons and Cognition",
    "q-bio.QM": "Quantitative Methods",
    "physics.med-ph": "Medical Physics",
    "physics.optics": "Optics",
    "astro-ph": "Astrophysics",
    "astro-ph.IM": "Instrumentation and Methods for Astrophysics",
    "cond-mat.mes-hall": "Mesoscale and Nanoscale Physics",
    "hep-th": "High Energy Physics - Theory",
    "math": "Mathematics",
    "math.NA": "Numerical Analysis",
    "math.OC": "Optimization and Control",
    "quant-ph": "Quantum Physics",
}
"""The names that arXiv gives to the categories of invented papers, and to some more."""

_NEIGHBOURS = ("cs.LG", "cs.RO", "eess.IV", "cs.AI", "cs.GR", "stat.ML", "cs.HC", "q-bio.QM", "cs.CV")

# A month has 99999 numbers. Each day owns a block of 3000: 2000 for its own papers, and 1000 that later
# days revise papers from (83 for the same day of each of the next twelve months). Within that, each
# category starts at a place of its own. So no id stands for two different papers.
_BLOCK = 3000
_OWN = 2000
_REVISED = 83
_EACH_CATEGORY = 60
_MONTHS_BACK = 12
_FIRST_DAY = date(2016, 2, 1)  # ids have five digits since 2015, and replacements are up to a year older

_SLOT = re.compile(r"\[([A-Za-z_]+)\]")
_SMALL_WORDS = frozenset({"a", "for", "in", "of", "on", "to", "with", "without"})


@dataclass(frozen=True)
class InventedPaper:
    """A paper that does not exist; every text is raw, as its authors would have typed it in Unicode."""

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    comments: str | None
    journal_ref: str | None
    primary_category: str
    categories: tuple[str, ...]

    @property
    def primary_first(self) -> tuple[str, ...]:
        """Its categories in the order in which arXiv shows them."""
        return (self.primary_category, *(name for name in self.categories if name != self.primary_category))


@dataclass(frozen=True)
class Mailing:
    """What one category announces under one listing date."""

    category: str
    date: date
    new: tuple[InventedPaper, ...] = ()
    cross: tuple[InventedPaper, ...] = ()
    replacement: tuple[InventedPaper, ...] = ()

    @property
    def total(self) -> int:
        """How many entries the three sections have together."""
        return len(self.new) + len(self.cross) + len(self.replacement)


def invent(category: str, day: date, *, new: int = 12, cross: int = 5, replacement: int = 6) -> Mailing:
    """Invent the announcement of ``category`` for the listing date ``day``.

    Ids differ within the day, between days and, in days of ordinary size, between categories. They have
    the year and month of the evening before ``day``, those of replacements of one of the twelve months
    before that. Within a section they ascend; among replacements, as on arXiv, first those of papers with
    ``category`` as primary, then again those of the others.

    Raises:
        ValueError: ``day`` is before February 2016, or there are more papers than ids for one day.
    """
    if day < _FIRST_DAY:
        raise ValueError(f"no papers are invented for days before {_FIRST_DAY}")
    if new + cross > _OWN or replacement > _MONTHS_BACK * _REVISED:
        raise ValueError(f"at most {_OWN} papers and {_MONTHS_BACK * _REVISED} replacements are invented for a day")
    # A string seeds by its bytes; hash() would differ from process to process.
    rng = Random(f"{category} {day} {new} {cross} {replacement}")  # noqa: S311  # no secret
    own, revised = _draw_ids(rng, category, day, new + cross, replacement)
    at_home = replacement - replacement // 3
    ids = sorted(own[:new]) + sorted(own[new:]) + sorted(revised[:at_home]) + sorted(revised[at_home:])
    others = [other for other in _NEIGHBOURS if other != category]
    guests = [rng.choice(others) for _ in range(cross + replacement - at_home)]
    primaries = [category] * new + guests[:cross] + [category] * at_home + guests[cross:]
    papers = tuple(_papers(rng, category, day, ids, primaries))
    return Mailing(category, day, papers[:new], papers[new : new + cross], papers[new + cross :])


def version_of(paper: InventedPaper, *, revised: bool) -> int:
    """Return the version that is announced: 1, or from 2 to 5 for a replacement; later ones are never listed."""
    return 2 + int(paper.arxiv_id[-5:]) % 4 if revised else 1


def _draw_ids(rng: Random, category: str, day: date, own: int, revised: int) -> tuple[list[str], list[str]]:
    """Return ids of the day's own papers, and of older ones that it revises, each in no order."""
    eve = day - timedelta(days=1)
    names = list(CATEGORY_NAMES)
    place = names.index(category) if category in names else len(names)
    span = _EACH_CATEGORY if own <= _EACH_CATEGORY else _OWN
    numbers = ((place * _EACH_CATEGORY + step) % _OWN for step in rng.sample(range(span), own))
    new_ids = [f"{eve:%y%m}.{eve.day * _BLOCK + number:05d}" for number in numbers]
    rng.shuffle(new_ids)
    old_ids = []
    for index in range(revised):
        turn, back = divmod(index, _MONTHS_BACK)
        year, month = divmod(eve.year * 12 + eve.month - 1 - (back + 1), 12)
        offset = back * _REVISED + (place * 2 + turn) % _REVISED
        old_ids.append(f"{year % 100:02d}{month + 1:02d}.{eve.day * _BLOCK + _OWN + offset:05d}")
    rng.shuffle(old_ids)
    return new_ids, old_ids


def _papers(
    rng: Random, category: str, day: date, ids: Sequence[str], primaries: Sequence[str]
) -> Iterator[InventedPaper]:
    # Every draw moves the generator: another order of these lines invents other papers.
    cards = _deal(rng, words.CARDS, len(ids))
    texts = zip(*(_deal(rng, deck, len(ids)) for deck in (words.TITLES, words.MATHS, words.ASIDES)), strict=True)
    for arxiv_id, primary, card, (title, maths, aside) in zip(ids, primaries, cards, texts, strict=True):
        fill = _filler(rng, day)
        opening, method, result = (rng.choice(deck) for deck in (words.OPENINGS, words.METHODS, words.RESULTS))
        sentences = (opening, method, maths, aside, result, card.ending)
        abstract = _lay_out([fill(sentence) for sentence in sentences if sentence], card.layout)
        filled = fill(title)
        count = rng.choice((1, 2, 3, 3, 4, 4, 5, 6, 7, 11))
        names = zip(rng.sample(words.GIVEN_NAMES, count), rng.sample(words.FAMILY_NAMES, count), strict=True)
        yield InventedPaper(
            arxiv_id=arxiv_id,
            title=filled,
            abstract=abstract,
            authors=tuple(map(" ".join, names)),
            comments=fill(card.comments) if card.comments is not None else None,
            journal_ref=fill(rng.choice(words.JOURNALS)) if rng.random() < 0.2 else None,
            primary_category=primary,
            categories=(primary, *sorted({category, *rng.sample(_NEIGHBOURS, rng.choice((0, 0, 1, 2)))} - {primary})),
        )


def _deal(rng: Random, deck: Sequence[_T], count: int) -> list[_T]:
    # Like cards: each comes once before any comes again, so that a day shows all kinds.
    dealt: list[_T] = []
    while len(dealt) < count:
        dealt += rng.sample(deck, len(deck))
    return dealt[:count]


def _filler(rng: Random, day: date) -> Callable[[str], str]:
    """Return what puts the same task, technique and names into every text of one paper."""
    name = rng.choice(words.MODEL_HEADS) + rng.choice(words.MODEL_TAILS)
    plain = re.sub(r"\W+", "", name)
    fixed = {
        "name": name,
        "task": rng.choice(words.TASKS),
        "technique": rng.choice(words.TECHNIQUES),
        "burden": rng.choice(words.BURDENS),
        "domain": rng.choice(words.DOMAINS),
        "owner": rng.choice(words.OWNERS),
        "repo": rng.choice((plain, plain.lower(), f"{plain}_{day.year}", f"awesome-{plain}")),
        "year": str(day.year),
    }
    fixed["Task_"] = fixed["task"].capitalize()
    fixed |= {name.capitalize(): _in_title(fixed[name]) for name in ("task", "technique", "burden", "domain")}
    numbers = {"n": (11, 99), "k": (3, 9), "x": (2, 9), "y": (0, 9), "q": (60, 94)}

    def value(slot: re.Match[str]) -> str:
        if slot[1] == "earlier":
            return f"{day.year % 100 - 1:02d}{rng.randint(1, 12):02d}.{rng.randint(_BLOCK, 90000):05d}"
        return str(rng.randint(*numbers[slot[1]])) if slot[1] in numbers else fixed[slot[1]]

    return lambda text: _SLOT.sub(value, text)


def _in_title(text: str) -> str:
    first, *others = text.split()
    return " ".join(one if one in _SMALL_WORDS else one[:1].upper() + one[1:] for one in (first.capitalize(), *others))


def _lay_out(sentences: Sequence[str], layout: str) -> str:
    if layout == "paragraphs":
        return "\n  ".join(sentences)
    text = " ".join(sentences)
    if layout == "wrapped":
        lines = textwrap.fill(text, 79, break_long_words=False, break_on_hyphens=False)
        return f"  {lines}\n"  # arXiv keeps the blanks and the newline around
    return text
