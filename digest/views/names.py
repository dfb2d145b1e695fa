"""Names of authors: in which ways one can be read, and whether two can be one person's.

The surnames must be the same; given names may be initials, or missing on one side, but must not contradict. Cases,
accents, hyphens and apostrophes make no difference, and ü is also ue. A name is no identity: this finds what a reader
would take for the same name, and no more.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, takewhile

from digest.views.words import CJK, words_of

_PARTICLE = re.compile(
    "al|bin|d[aeiou]|da[ls]|de[lnrs]|degli|dei|della|dos|el|ibn|l[aeo]s?|st|te[nr]|van|ve[lr]|vo[mn]|zu[mr]?"
)
"""Words that a surname begins with; given names do not end with one."""

_SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_GROUPS = frozenset(("collaboration", "consortium", "group", "lab", "labs", "network", "project", "team"))

_ASIDE = re.compile(r"\([^()]*\)")  # arXiv's authors put affiliations there
_APOSTROPHES = re.compile("['`\u2018\u2019\u02bb\u02bc\u00b4]")
_HYPHENS = re.compile("[\u2010\u2011\u2012\u2013]")
_WORD = re.compile(r"(-?)([^\s.-]+)(\.?)")
_ALL_CJK = re.compile(f"[{CJK} ]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a name: without accents, with umlauts spelt out; what a hyphen ties to the word before it."""

    plain: str
    spelt: str
    is_short: bool
    is_tied: bool

    def suits(self, other: "_Word") -> bool:
        """Whether both can stand for one given name: Kaiming for K., Müller for Mueller, but Kai not for Kaiming."""
        mine, theirs = (self.plain, self.spelt), (other.plain, other.spelt)
        is_mine = self.is_short and any(one.startswith(mine) for one in theirs)
        is_theirs = other.is_short and any(one.startswith(theirs) for one in mine)
        return is_mine or is_theirs or not {*mine}.isdisjoint(theirs)


_Words = tuple[_Word, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a name; the surname in all its spellings."""

    given: _Words
    surname: frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, in every way in which it can be read: García Márquez may be one surname or two names."""

    readings: tuple[_Reading, ...]
    suffix: str = ""

    @property
    def surnames(self) -> frozenset[str]:
        """What its surname can be."""
        return frozenset().union(*(reading.surname for reading in self.readings))

    def suits(self, author: "Name") -> bool:
        """Whether ``author``, as a paper has it, can be who is asked for; a surname alone asks for all who bear it."""
        if self.suffix and author.suffix and self.suffix != author.suffix:
            return False
        pairs = (
            (mine.given, theirs.given)
            for mine in self.readings
            for theirs in author.readings
            if not mine.surname.isdisjoint(theirs.surname)
        )
        return any(not mine or (theirs and _can_be_one(mine, theirs)) for mine, theirs in pairs)


@lru_cache(maxsize=8192)
def parse_name(text: str) -> Name:
    """Read a name: ``Kaiming He``, ``K. He``, ``He, Kaiming``, ``Laurens van der Maaten``, ``ATLAS Collaboration``."""
    text = unicodedata.normalize("NFC", _ASIDE.sub(" ", text)).replace(".", ". ")
    text = _HYPHENS.sub("-", _APOSTROPHES.sub("", text))
    if _ALL_CJK.fullmatch(text):  # no blank tells the surname from the rest
        return Name((_Reading((), frozenset([text.replace(" ", "")])),))
    parts = [words for words in map(_words, text.split(",")) if words]
    suffixes = [_SUFFIXES.get(words[-1].plain, "") for words in parts]
    names = [
        words[:-1] if suffix and len(words) > 1 else words
        for words, suffix in zip(parts, suffixes, strict=True)
        if not suffix or len(words) > 1
    ]
    return Name(tuple(_readings(names or parts[:1])), next(filter(None, suffixes), ""))


def _words(text: str) -> _Words:
    found: list[_Word] = []
    for hyphen, word, dot in _WORD.findall(text):
        plain = _letters(word)
        spelt = plain if word.isascii() else _letters(word.lower().translate(_UMLAUTS))
        if plain:
            found.append(_Word(plain, spelt, bool(dot) or len(plain) == 1, bool(hyphen and found)))
    return tuple(found)


def _letters(word: str) -> str:
    return words_of(word).replace(" ", "")


def _readings(names: Sequence[_Words]) -> Iterator[_Reading]:
    """Yield the ways to read a name, given what stands between its commas."""
    if not names:
        return
    words, *others = names
    plain = [word.plain for word in words]
    if others:  # Maaten, Laurens van der
        given = tuple(chain(*others))
        particles = [*takewhile(_is_particle, reversed(given[1:]))][::-1]
        yield _Reading(given[: len(given) - len(particles)], _joined((*particles, *words)))
        return
    if plain[-1] in _GROUPS:  # on behalf of the ATLAS Collaboration, which is ATLAS as well
        own = words[plain.index("the") + 1 :] if "the" in plain else words
        yield _Reading((), _joined(own) | (_joined(own[:-1]) if len(own) > 1 else frozenset()))
        return
    initials = [*takewhile(lambda word: word.is_short, reversed(words))]
    if 0 < len(initials) < len(words):  # He K.: initials at the end can only be given names
        yield _Reading(words[-len(initials) :], _joined(words[: -len(initials)]))
    for start, word in enumerate(words):
        # Van Nguyen is a given name and a surname, but a particle after a given name begins the surname.
        if not word.is_tied and (start < 2 or words[start - 1].is_short or not _is_particle(words[start - 1])):
            yield _Reading(words[:start], _joined(words[start:]))


def _is_particle(word: _Word) -> bool:
    return _PARTICLE.fullmatch(word.plain) is not None


def _joined(words: Sequence[_Word]) -> frozenset[str]:
    """Return a surname without blanks, so that Mac Donald is MacDonald."""
    return frozenset(("".join(word.plain for word in words), "".join(word.spelt for word in words)))


def _can_be_one(mine: _Words, theirs: _Words) -> bool:
    """Whether given names do not contradict: Xiao-Ming is Xiaoming, X.-M. and X., but Jean-Pierre is not Jean."""
    is_same = not _joined(mine).isdisjoint(_joined(theirs))
    return is_same or any(_are_aligned(one, other) for one in _forms(mine) for other in _forms(theirs))


def _forms(given: _Words) -> Iterator[_Words]:
    """Yield given names as they are, and with those in one word that a hyphen ties to the first."""
    yield given
    tied = [given[0], *takewhile(lambda word: word.is_tied, given[1:])]
    if len(tied) > 1 and not any(word.is_short for word in tied):
        plain, spelt = "".join(word.plain for word in tied), "".join(word.spelt for word in tied)
        yield (replace(given[0], plain=plain, spelt=spelt), *given[len(tied) :])


def _are_aligned(one: _Words, other: _Words) -> bool:
    """Whether the first names suit, and the further ones of the shorter stand among those of the longer in order."""
    shorter, longer = sorted((one, other), key=len)
    if not shorter[0].suits(longer[0]):
        return False
    are_spelt_out = not (shorter[0].is_short or longer[0].is_short)
    left = list(shorter[1:])
    for word in longer[1:]:
        if left and word.suits(left[0]):
            left.pop(0)
        elif word.is_tied and are_spelt_out:  # Jean-Pierre is one name, of which Jean leaves out a part
            return False
    return not left
