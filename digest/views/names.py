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

from digest.views.words import CJK, letters_of

_PARTICLE = re.compile(
    "al|bin|d[aeiou]|da[ls]|de[lnrs]|degli|dei|della|dos|el|ibn|l[aeo]s?|st|te[nr]|van|ve[lr]|vo[mn]|zu[mr]?"
)
"""Words that a surname begins with; given names do not end with one, but for those of ``_EAST_ASIAN`` surnames."""

_VIETNAMESE = frozenset(
    name
    for line in (
        "bui dang dao diep dinh do doan duong hoang huynh khuong kieu la le luong luu ly mac mai nghiem ngo",
        "nguyen ninh ong pham phan phung quach ta thach thai than to ton tran trang trieu trinh truong vo vu",
        "vuong",
    )
    for name in line.split()
)
_VIETNAMESE_MIDDLES = frozenset(["cong", "duc", "huu", "ngoc", "quang", "thanh", "thi", "van", "viet", "xuan"])
"""What stands between surname and given name, whichever comes first: Tran Van Minh, Minh Van Tran."""

_BEGINNINGS = frozenset(["abdel", "abu", "ait", "bel", "ben", "bou", "mac", "ould"])
"""Words that a surname may begin with, and a given name end with: Ben Ayed."""

_EAST_ASIAN = _VIETNAMESE | frozenset(
    name
    for line in (
        # Chinese, in Mandarin, Cantonese and Taiwanese spellings
        "bai bao cai cao chan chang chao chau chen cheng cheung chi chien chiu choi chong chou chow chu chuang",
        "chung cui dai deng ding dong du duan fan fang feng fu fung gao ge gong gu guan guo han hao he ho hong",
        "hou hsiao hsieh hsu hu hua huang hung hwang ji jia jiang jiao jin kang kao ko kong kuo kwan kwok lai",
        "lam lau lee lei leung li lian liang liao liaw lin liu lo long lou lu lui luk luo lv lyu ma mak mao mei",
        "meng miao mo mu ng ngai ni nie niu ouyang pai pan pang pei peng poon qi qian qiao qin qiu qu ren ruan",
        "sha shao shen sheng shi shih shum siu song su sun szeto tai tam tan tang tao tian tong tsai tsang tse",
        "tseng tsui tu wan wang wei wen weng wong wu xi xia xiang xiao xie xin xing xiong xu xue yan yang yao",
        "ye yeh yen yeung yi yin ying yip yiu you yu yuan yue yuen yung zeng zhai zhan zhang zhao zhen zheng",
        "zhong zhou zhu zhuang zhuo zou zuo",
        # Korean
        "ahn an bae baek bang byun cha cho chun eom gwak gwon ha hahm hahn heo hur hwangbo hyun im jang jeon",
        "jeong jo joo joung ju jun jung kim koh koo ku kwak kwon lim min moon nam namgung noh oh paik park pyo",
        "rhee roh ryoo ryu seo shim shin sim sohn son suh sung um woo yeo yeom yim yoo yoon youn yun",
    )
    for name in line.split()
)
"""The surnames of most people in China, Korea and Vietnam, where Van, Bin or Di in a given name is no particle."""

_SUFFIXES = {
    **dict.fromkeys(("jr", "jnr", "junior"), "jr"),
    **dict.fromkeys(("sr", "snr", "senior"), "sr"),
    **{numeral: numeral for numeral in ("ii", "iii", "iv", "vii", "viii", "ix")},
    "2nd": "ii",
    "3rd": "iii",
    "4th": "iv",
}
_GROUPS = frozenset(("collaboration", "consortium", "group", "lab", "labs", "network", "project", "team"))

_DEGREE = re.compile(r"(?:,\s*|\s)(?:Ph\.?D|D\.?Phil|Esq)\.?(?=\s*(?:,|$))")  # M.D. may be initials
_ASIDE = re.compile(r"\([^()]*\)")  # arXiv's authors put affiliations there
_NICKNAME = re.compile(r"""([^()"“”,]+)[("“]([^()"“”,]+)[)"”]([^()"“”]+)""")
_APOSTROPHES = re.compile("['`\u2018\u2019\u02bb\u02bc\u00b4]")
_BETWEEN_NAMES = re.compile(r"\s*(?:[;&/+|]|(?<=\s)and(?=\s))\s*")
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
    is_loose: bool = False
    """Whether it may be a given name and a surname as well: Wei Wang, unlike Smith-Jones and van der Maaten."""
    is_one_word: bool = False

    def suits(self, author: "_Reading") -> bool:
        """Whether ``author`` can be who is asked for; a surname alone asks for all who bear it."""
        if self.surname.isdisjoint(author.surname):
            return False
        if self.given:
            return bool(author.given) and _can_be_one(self.given, author.given)
        # Wei Wang is not Li Wei Wang, and Li Ma is not Gabriel Lima.
        return not (self.is_loose and (author.is_loose or (author.is_one_word and author.given)))


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
        """Whether ``author``, as a paper has it, can be who is asked for."""
        if self.suffix and author.suffix and self.suffix != author.suffix:
            return False
        return any(mine.suits(theirs) for mine in self.readings for theirs in author.readings)


@lru_cache(maxsize=8192)
def parse_name(text: str) -> Name:
    """Read a name: ``Kaiming He``, ``K. He``, ``He, Kaiming``, ``Laurens van der Maaten``, ``ATLAS Collaboration``."""
    nickname = _NICKNAME.fullmatch(text)
    if nickname and all(any(map(str.isalpha, part)) for part in nickname.groups()):  # Linxi "Jim" Fan
        both = [parse_name(f"{given} {nickname[3]}") for given in nickname.group(1, 2)]
        return Name(tuple(chain.from_iterable(one.readings for one in both)), both[0].suffix)
    text = unicodedata.normalize("NFC", _DEGREE.sub("", _ASIDE.sub(" ", text))).replace(".", ". ")
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


def names_in(text: str) -> list[str]:
    """Return the names in ``text`` that can find an author: none in ``K.``, two in ``Kaiming He, Jian Sun``.

    Two parts with a comma between them are one name turned round, unless either is a whole name; a surname of two
    words takes a hyphen, or begins with a particle.
    """
    text, words = " ".join(text.split()), _words(text)
    if words and words[-1].plain in _GROUPS:
        return [text]
    found = []
    for piece in _BETWEEN_NAMES.split(_DEGREE.sub("", _ASIDE.sub(" ", text))):
        parts = [part.strip() for part in piece.split(",") if not _is_suffix(part)]
        is_one = len(parts) < 2 or (len(parts) == 2 and not all(map(_is_whole, parts)))
        found += [piece.strip()] if is_one and parts else parts
    # "K." is an initial, "E" is a surname.
    return [name for name in found if any("." not in name or not word.is_short for word in _words(name))]


def _is_suffix(part: str) -> bool:
    words = _words(part)
    return not words or (len(words) == 1 and words[0].plain in _SUFFIXES)


def _is_whole(part: str) -> bool:
    """Whether ``part`` of a name has a given name and a surname: ``Kaiming He``, ``J. Sun``, but not ``van Gool``."""
    words = [word for word in _words(part) if word.plain not in _SUFFIXES and not word.is_tied]
    return len(words) > 1 and not words[-1].is_short and not any(map(_is_particle, (words[0], words[-1])))


def _words(text: str) -> _Words:
    found: list[_Word] = []
    for hyphen, word, dot in _WORD.findall(text):
        plain = letters_of(word)
        spelt = plain if word.isascii() else letters_of(word.lower().translate(_UMLAUTS))
        if plain:
            found.append(_Word(plain, spelt, bool(dot) or len(plain) == 1, bool(hyphen and found)))
    return tuple(found)


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
        if len(particles) == 1 and _is_east_asian(words):  # Lee, Kwang Bin
            yield _Reading(given, _joined(words))
        return
    if plain[-1] in _GROUPS:  # on behalf of the ATLAS Collaboration, which is ATLAS as well
        own = words[plain.index("the") + 1 :] if "the" in plain else words
        yield _Reading((), _joined(own) | (_joined(own[:-1]) if len(own) > 1 else frozenset()))
        return
    initials = [*takewhile(lambda word: word.is_short, reversed(words))]
    if 0 < len(initials) < len(words):  # He K.: initials at the end can only be given names
        yield _Reading(words[-len(initials) :], _joined(words[: -len(initials)]))
    if len(words) == 3 and _is_east_asian(words[:1]) and words[2].is_tied and not words[1].is_tied:  # Li Fei-Fei
        yield _Reading(words[1:], _joined(words[:1]))
    if len(words) > 2 and plain[0] in _VIETNAMESE and plain[1] in _VIETNAMESE_MIDDLES:
        yield _Reading(words[1:], _joined(words[:1]))
        yield _Reading((*words[2:], words[1]), _joined(words[:1]))
    for start, word in enumerate(words):
        if not word.is_tied and not _is_torn(words, start):
            own = words[start:]
            yield _Reading(words[:start], _joined(own), _is_loose(own), len(own) == 1)


def _is_loose(surname: _Words) -> bool:
    is_two = len(surname) == 2 and not surname[1].is_tied
    if is_two and _is_particle(surname[0]) and _is_east_asian(surname[1:]):  # Van Nguyen
        return True
    if len(surname) > 2 and _is_particle(surname[0]) and not _is_east_asian(surname[-1:]):  # ter Haar Romeny
        return False
    begins = (before.plain in _BEGINNINGS or _is_particle(before) for before in surname)
    return not all(one.is_tied or is_begun for is_begun, one in zip(begins, surname[1:], strict=False))


def _is_torn(words: _Words, start: int) -> bool:
    """Whether a surname that begins at ``start`` lacks its particle.

    Van Nguyen is a given name and a surname, but a particle after a given name begins the surname, unless it is that
    of an East Asian given name, as in Hien Van Nguyen.
    """
    if start < 2 or words[start - 1].is_short or not _is_particle(words[start - 1]):
        return False
    return (start > 2 and _is_particle(words[start - 2])) or not _is_east_asian(words[start:])


def _is_east_asian(surname: Sequence[_Word]) -> bool:
    return len(surname) == 1 and surname[0].plain in _EAST_ASIAN


def _is_particle(word: _Word) -> bool:
    return not word.is_tied and _PARTICLE.fullmatch(word.plain) is not None


def _joined(words: Sequence[_Word]) -> frozenset[str]:
    """Return a surname without blanks, so that Mac Donald is MacDonald."""
    return frozenset(("".join(word.plain for word in words), "".join(word.spelt for word in words)))


def _can_be_one(mine: _Words, theirs: _Words) -> bool:
    """Whether given names do not contradict: Xiao-Ming is Xiaoming, X.-M. and X., but neither Xiao nor X. Q."""
    if not _joined(mine).isdisjoint(_joined(theirs)):
        return True
    pairs = [(mine, theirs)]
    if not theirs[0].is_short:
        pairs.append((_in_one_word(mine), theirs))
    if not mine[0].is_short:
        pairs.append((mine, _in_one_word(theirs)))
    return any(_are_aligned(one, other) for one, other in pairs)


def _in_one_word(given: _Words) -> _Words:
    """Return given names with those in one word that a hyphen ties to the first, if they are spelt out."""
    tied = [given[0], *takewhile(lambda word: word.is_tied, given[1:])]
    if len(tied) == 1 or any(word.is_short for word in tied):
        return given
    plain, spelt = "".join(word.plain for word in tied), "".join(word.spelt for word in tied)
    return (replace(given[0], plain=plain, spelt=spelt), *given[len(tied) :])


def _are_aligned(one: _Words, other: _Words) -> bool:
    """Whether the first names suit, and the further ones of the shorter stand among those of the longer in order."""
    shorter, longer = sorted((one, other), key=len)
    first = shorter[0]
    if not first.suits(longer[0]):
        return False
    left = list(shorter[1:])
    for word in longer[1:]:
        if left and word.suits(left[0]):
            left.pop(0)
        elif word.is_tied and not first.is_short and word.plain not in first.plain[1:]:
            # Jean-Pierre is one name, of which Jean leaves out a part; X.-M. can be Xiaoming, but not Xiao.
            return False
    return not left
