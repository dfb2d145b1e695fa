"""A name as it is written → the ways in which it can be read.

Cases, accents, hyphens and apostrophes make no difference, and ü is also ue.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile

from digest.views.names import Name, NameReading, Word, Words, joined
from digest.views.words import CJK, words_of

_PARTICLE = re.compile(
    "al|bin|d[aeiou]|da[ls]|de[lnrs]|degli|dei|della|dos|el|ibn|l[aeo]s?|st|te[nr]|van|ve[lr]|vo[mn]|zu[mr]?"
)
"""Words that a surname begins with; given names do not end with one."""

_SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_GROUPS = frozenset(("collaboration", "consortium", "group", "lab", "labs", "network", "project", "team"))

_ASIDE = re.compile(r"\([^()]*\)")
_APOSTROPHES = re.compile("['`\u2018\u2019\u02bb\u02bc\u00b4]")
_HYPHENS = re.compile("[\u2010\u2011\u2012\u2013]")
_WORD = re.compile(r"(-?)([^\s.-]+)(\.?)")
_ALL_CJK = re.compile(f"[{CJK} ]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


@lru_cache(maxsize=8192)
def parse_name(text: str) -> Name:
    """Read a name: ``Kaiming He``, ``K. He``, ``He, Kaiming``, ``Laurens van der Maaten``, ``ATLAS Collaboration``."""
    text = unicodedata.normalize("NFC", _ASIDE.sub(" ", text)).replace(".", ". ")
    text = _HYPHENS.sub("-", _APOSTROPHES.sub("", text))
    if _ALL_CJK.fullmatch(text):
        return Name((NameReading((), frozenset([text.replace(" ", "")])),))
    parts = [words for words in map(_words, text.split(",")) if words]
    suffixes = [suffix for words in parts if (suffix := _suffix(words))]
    names = [words for words in parts if len(words) > 1 or not _suffix(words)] or parts[:1]
    names = [words[:-1] if len(words) > 1 and _suffix(words) else words for words in names]
    return Name(tuple(_readings(names)), next(iter(suffixes), ""))


def _words(text: str) -> Words:
    found = [word for word in map(_word, _WORD.finditer(text)) if word.plain]
    return (replace(found[0], is_tied=False), *found[1:]) if found else ()


def _word(match: re.Match[str]) -> Word:
    text = match[2]
    plain = _one_word(text)
    spelt = plain if text.isascii() else _one_word(text.lower().translate(_UMLAUTS))
    return Word(plain, spelt, is_short=bool(match[3]) or len(plain) == 1, is_tied=bool(match[1]))


def _one_word(text: str) -> str:
    return words_of(text).replace(" ", "")


def _suffix(words: Words) -> str | None:
    return _SUFFIXES.get(words[-1].plain)


def _readings(names: Sequence[Words]) -> Iterator[NameReading]:
    if not names:
        return
    first, *others = names
    if others:
        yield _inverted(first, tuple(word for words in others for word in words))
    elif first[-1].plain in _GROUPS:
        yield _group(first)
    else:
        yield from _in_order(first)


def _inverted(surname: Words, given: Words) -> NameReading:
    """Read ``Maaten, Laurens van der``: particles at the end belong to the surname."""
    particles = [*takewhile(lambda word: _PARTICLE.fullmatch(word.plain), reversed(given[1:]))][::-1]
    return NameReading(given[: len(given) - len(particles)], joined((*particles, *surname)))


def _group(words: Words) -> NameReading:
    """Read ``on behalf of the ATLAS Collaboration``: a group is known with and without what it calls itself."""
    plain = [word.plain for word in words]
    own = words[plain.index("the") + 1 :] if "the" in plain else words
    return NameReading((), joined(own) | (joined(own[:-1]) if len(own) > 1 else frozenset()))


def _in_order(words: Words) -> Iterator[NameReading]:
    """Read given names before a surname of one or more words; initials at the end can only be given names."""
    initials = [*takewhile(lambda word: word.is_short, reversed(words))]
    if 0 < len(initials) < len(words):
        yield NameReading(words[-len(initials) :], joined(words[: -len(initials)]))
    for start in range(len(words)):
        if not words[start].is_tied and _may_be_given(words[:start]):
            yield NameReading(words[:start], joined(words[start:]))


def _may_be_given(words: Words) -> bool:
    return len(words) == 1 or not words or words[-1].is_short or not _PARTICLE.fullmatch(words[-1].plain)
