"""Names of authors: whether two of them can be one person's.

The surnames must be the same; given names may be initials, or missing on one side, but must not contradict. A name is
no identity: this finds what a reader would take for the same name, and no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a name: without accents, with umlauts spelt out; what a hyphen ties to the word before it."""

    plain: str
    spelt: str
    is_short: bool
    is_tied: bool

    def suits(self, other: "Word") -> bool:
        """Whether both can stand for one given name: Kaiming for K., Müller for Mueller, but Kai not for Kaiming."""
        mine, theirs = (self.plain, self.spelt), (other.plain, other.spelt)
        is_mine = self.is_short and any(one.startswith(mine) for one in theirs)
        is_theirs = other.is_short and any(one.startswith(theirs) for one in mine)
        return is_mine or is_theirs or not {*mine}.isdisjoint(theirs)


Words = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class NameReading:
    """One way to read a name; the surname in all its spellings."""

    given: Words
    surname: frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, in every way in which it can be read: García Márquez may be one surname or two names."""

    readings: tuple[NameReading, ...]
    suffix: str = ""

    @property
    def surnames(self) -> frozenset[str]:
        """What its surname can be."""
        return frozenset().union(*(reading.surname for reading in self.readings))

    def suits(self, author: "Name") -> bool:
        """Whether ``author``, as a paper has it, can be who is asked for; a surname alone asks for all who bear it."""
        if self.suffix and author.suffix and self.suffix != author.suffix:
            return False
        return any(
            not mine.surname.isdisjoint(theirs.surname) and (not mine.given or _suit(mine.given, theirs.given))
            for mine in self.readings
            for theirs in author.readings
        )


def joined(words: Sequence[Word]) -> frozenset[str]:
    """Return a surname without blanks, so that Mac Donald is MacDonald."""
    return frozenset(("".join(word.plain for word in words), "".join(word.spelt for word in words)))


def _suit(mine: Words, theirs: Words) -> bool:
    """Whether given names do not contradict: Xiao-Ming is Xiaoming, X.-M. and X., but Jean-Pierre is not Jean."""
    if not theirs:
        return False
    if not joined(mine).isdisjoint(joined(theirs)):
        return True
    return any(_are_aligned(one, other) for one in _forms(mine) for other in _forms(theirs))


def _forms(given: Words) -> Iterator[Words]:
    yield given
    tied = [*takewhile(lambda word: word.is_tied, given[1:])]
    if tied and not any(word.is_short for word in (given[0], *tied)):
        plain, spelt = ("".join(getattr(word, form) for word in (given[0], *tied)) for form in ("plain", "spelt"))
        yield (replace(given[0], plain=plain, spelt=spelt), *given[1 + len(tied) :])


def _are_aligned(one: Words, other: Words) -> bool:
    """Whether the first names suit, and the further ones of the shorter stand among those of the longer in order."""
    shorter, longer = sorted((one, other), key=len)
    if not shorter[0].suits(longer[0]):
        return False
    are_spelt_out = not (shorter[0].is_short or longer[0].is_short)
    left = list(shorter[1:])
    for word in longer[1:]:
        if left and word.suits(left[0]):
            left.pop(0)
        elif word.is_tied and are_spelt_out:
            return False
    return not left
