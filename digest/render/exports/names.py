"""Authors' names as bibliographies cut them: given names, surname, suffix.

arXiv prints a name as its owner writes it. Where the surname begins is what BibTeX's own rules make of it, so that
every format cuts a name at the same place.
"""

import re
from typing import NamedTuple

# What arXiv takes for suffixes (`authors.py` of arXiv's arxiv-base), less what are initials in Indian names ("VV"), and
# never a lone I or V. "Senior" and "Junior", spelt out, are surnames too.
_SUFFIX = re.compile(r"(?:[JSjs]n?r|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th)\.?|\((?:[JSjs]r\.?|I{2,3}|IV)\)")
_DEGREE = re.compile(
    r"(?:Esq|Ph\.?D|D\.?Phil|M\.?D|M\.?Sc|B\.?Sc|M\.?B\.?A|D\.?D\.?S|D\.?V\.?M|MBBS|PharmD|FRC[PSR])\.?"
)
_AFFILIATION = re.compile(r"\s*\([^()]*\)$")

# In BibTeX a comma turns a name round, and these words part it from the next; a group has no given name.
_NOT_A_PERSON = re.compile(
    r",|(?<!\S)and(?!\S)|(?<!\S)(?:collaborations?|consortium|team|group|project|initiative|community)$|^others$",
    re.IGNORECASE,
)


class Name(NamedTuple):
    """A name in its parts; one without ``given`` stands in one piece, be it a single word or letters without case."""

    given: str
    surname: str
    suffix: str


def parse_name(text: str) -> Name | None:
    """Return the parts of a name; None if ``text`` names a group, several people or nobody.

    The surname begins with the first word in small letters, else it is the last word: "van der Maaten" of
    ``Laurens van der Maaten``, "Smith" of ``John Smith Jr.``. A comma before a suffix makes no difference; degrees
    are suffixes, and an affiliation in brackets behind the name is none of it.
    """
    name, suffix = _cut(text)
    words = name.split() or [""]
    if not words[-1] or _NOT_A_PERSON.search(name):
        return None
    start = len(words) - 1
    if not name.istitle():  # as most names are, and nothing more is to be looked for in them
        start = next((place for place, word in enumerate(words[:-1]) if _is_small(word)), start)
        start = 0 if name.lower() == name.upper() else start  # as in Chinese, where the surname comes first
    return Name(" ".join(words[:start]), " ".join(words[start:]), suffix)


def _cut(text: str) -> tuple[str, str]:
    """Return a name without its suffixes and its affiliation, and the suffixes."""
    words, suffixes = text.split(), list[str]()
    while len(words) > 1:
        last = words[-1].removesuffix(",") if suffixes else words[-1]
        if not _SUFFIX.fullmatch(last) and not (_DEGREE.fullmatch(last) and len(words) > 2):
            break
        suffixes.insert(0, last.strip("()"))
        words.pop()
    name = " ".join(words)
    bare = _AFFILIATION.sub("", name) if name.endswith(")") else name
    return (bare or name).removesuffix(",") if suffixes else (bare or name), " ".join(suffixes)


def _is_small(word: str) -> bool:
    """Whether the first letter of ``word`` is a small one."""
    return next((letter.islower() for letter in word if letter.isalpha()), False)
