"""What a person types to search → a ``Query``. docs/SEARCH.md tells these rules to users.

Words find the same forms as the keywords of a view, as far as an index tells them that knows words and no signs.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from digest.errors import UsageError, quoted
from digest.model import CATEGORY, YEARS, Clause, Condition, Phrase, Query, Term
from digest.views.keywords import Keyword, is_small

_LONGEST = 1000  # characters
_MOST_TERMS = 64
_DEEPEST = 8  # brackets in brackets
_LONGEST_TORN = 40  # letters

_FIELDS = {
    **dict.fromkeys(("title", "ti"), "title"),
    **dict.fromkeys(("author", "authors", "au"), "authors"),
    **dict.fromkeys(("abstract", "abs"), "abstract"),
    **dict.fromkeys(("category", "cat"), "category"),
    **{name: name for name in ("code", "has", "in")},
}
"""The fields by all their names: arXiv's own search has short ones."""

_KNOWN = "title, author, abstract, code, has, category, in"
_CONDITIONS = frozenset({"category", "code", "has", "in"})
_KINDS = ("code", "data", "demo", "model", "paper", "project", "other")
"""The kinds of links that are found in abstracts and comments."""

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))
_OPERATORS = frozenset({"AND", "NOT", "OR"})
_BLANKS = re.compile(r"\s+")
_OPENS = re.compile(r"\(")
_CLOSES = re.compile(r"\)")
_EXCLUDES = re.compile(r"[-\u2010-\u2015\u2212](?=[^\s)])")
_FIELD = re.compile(r"[A-Za-z]+:(?=[^\s)])")
_WORD = re.compile(r'[^\s()"]+')
_PHRASE = re.compile(r'"[^"]*"\*?')
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_WORDS = re.compile(r"[^\W_]+")
_ASCII_WORDS = bytes(ord(chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)).ljust(256)
"""A table for ``bytes.translate``, which is much faster than a regular expression."""

_COMPOUND = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)+")
_PARTS = re.compile("['-]")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | {"\u2019": "'"})


def parse_query(text: str) -> Query:
    """Return what ``text`` asks for.

    Raises:
        UsageError: that is nothing, or cannot be understood.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"expected a query of up to {_LONGEST} characters, found {len(text)}")
    clean = "".join(one if one.isprintable() else " " for one in text.translate(_QUOTES))
    return replace(_Parser([*_tokens(clean)]).query(), typed=clean.strip())


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a query: ``(``, ``)``, an operator, or (``kind`` "") words or the value of a condition."""

    kind: str
    text: str = ""
    field: str = ""
    excludes: bool = False


def _tokens(text: str) -> Iterator[_Token]:
    place = 0

    def take(form: re.Pattern[str]) -> str:
        nonlocal place
        found = form.match(text, place)
        place = found.end() if found else place
        return found[0] if found else ""

    while place < len(text):
        if take(_BLANKS):
            continue
        if take(_CLOSES):
            yield _Token(")")
            continue
        excludes = bool(take(_EXCLUDES))
        field = _field_of(take(_FIELD))
        if take(_OPENS):
            yield _Token("(", "", field, excludes)
        elif phrase := take(_PHRASE):
            yield _Token("", phrase.replace('"', ""), field, excludes)
        elif word := take(_WORD):
            if field and (second := _FIELD.match(word)) and second[0].removesuffix(":").lower() in _FIELDS:
                raise UsageError(f"expected what to look for right after {quoted(field)}, found {quoted(second[0])}")
            is_operator = word in _OPERATORS and not (excludes or field)
            yield _Token(word) if is_operator else _Token("", word if field else _checked(word), field, excludes)
        else:
            raise UsageError(f"expected a second quote after {quoted(text[place:])}")


def _field_of(name: str) -> str:
    """Return the field that a query names, such as ``ti:``; "" if it names none."""
    field = _FIELDS.get(name.removesuffix(":").lower(), "")
    if name and not field:
        is_address = name.lower() in {"http:", "https:"}
        way_out = "code: takes a part of an address" if is_address else "in quotes, a colon is no sign"
        raise UsageError(f"expected one of the fields {_KNOWN}, found {quoted(name)}; {way_out}")
    return field


def _checked(word: str) -> str:
    """Return a word that stands outside quotes and is no sign of another tool's queries."""
    if word[:1] == "!" or word in {"|", "||", "-"}:
        raise UsageError(f"expected words, with OR between or a hyphen right before them, found {quoted(word)}")
    if word.endswith(":") and word[:-1].lower() in _FIELDS:
        raise UsageError(f"expected what to look for right after {word}, found a blank or nothing")
    return word


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens[::-1]
        self._left = _MOST_TERMS
        self._conditions: list[Condition] = []

    def query(self) -> Query:
        """Return all of the query."""
        clause = self._either("", 0)
        if self._tokens:
            raise UsageError('expected "(" before ")"; in quotes, brackets are no signs')
        if not clause.parts and not self._conditions:
            found = "only what to leave out" if clause.excluded else "none"
            raise UsageError(f"expected words to look for, found {found}")
        text = clause if clause.parts else None
        return Query(text, tuple(self._conditions), () if text else clause.excluded)

    def _either(self, field: str, depth: int) -> Clause:
        """Read one or several clauses with OR between them, up to the end or to the bracket that closes."""
        if depth > _DEEPEST:
            raise UsageError(f"expected up to {_DEEPEST} brackets in one another, found more")
        clauses = [self._all(field, depth)]
        while self._tokens and self._tokens[-1].kind == "OR":
            self._tokens.pop()
            clauses.append(self._all(field, depth))
        if len(clauses) == 1:
            return clauses[0]
        if self._conditions and not depth:
            words = "in, category, code and has are for the whole query, and cannot stand beside OR"
            raise UsageError(f"{words}; put the words in brackets, such as (nerf OR splatting) in:2021")
        if not all(clause.parts for clause in clauses):
            raise UsageError("expected words to look for on both sides of OR")
        return Clause(tuple(clauses), is_any=True)

    def _all(self, field: str, depth: int) -> Clause:
        """Read what has to be there together, and what must not be."""
        parts: list[Term | Clause] = []
        excluded: list[Term | Clause] = []
        count, waits = 0, ""
        while self._tokens and self._tokens[-1].kind not in {"OR", ")"}:
            token = self._tokens.pop()
            if token.kind in _OPERATORS:
                if waits == "NOT" or (token.kind == "AND" and (waits or not count)):
                    raise UsageError(f"expected words before {token.kind}")
                waits = token.kind
                continue
            excludes = token.excludes or waits == "NOT"
            count, waits = count + 1, ""
            if token.kind:
                part: Term | Clause | None = self._bracket(token.field or field, depth)
            elif token.field in _CONDITIONS:
                self._conditions.append(self._condition(token, depth, excludes=excludes))
                part = None
            else:
                part = self._term(token.text, token.field or field)
            (excluded if excludes else parts).extend([part] if part else ())
        if waits:
            raise UsageError(f"expected words after {waits}")
        return Clause(tuple(parts), tuple(excluded))

    def _bracket(self, field: str, depth: int) -> Clause:
        if field in _CONDITIONS:
            raise UsageError(f"expected a value after {field}:, found a bracket")
        clause = self._either(field, depth + 1)
        if not self._tokens:
            raise UsageError('expected ")" after "("; in quotes, brackets are no signs')
        self._tokens.pop()
        if not clause.parts:
            raise UsageError("expected words to look for in the brackets")
        return clause

    def _condition(self, token: _Token, depth: int, *, excludes: bool) -> Condition:
        if depth:
            raise UsageError(f"{token.field}: is for the whole query, and cannot stand in brackets")
        value = token.text.strip()
        if token.field == "in":
            return Condition("announced", _span(value), excludes)
        if token.field == "category":
            return Condition("category", tuple(map(_category, value.split(","))), excludes)
        if token.field == "has":
            if value.lower() not in _KINDS:
                raise UsageError(f"has: expected one of {', '.join(_KINDS)}, found {quoted(value)}")
            return Condition("link", (value.lower(), ""), excludes)
        if value.lower() in {"yes", "no"}:
            return Condition("link", ("code", ""), excludes is (value.lower() == "yes"))
        if not _WORDS.search(value):
            raise UsageError(f"code: expected yes, no, or a part of an address, found {quoted(value)}")
        return Condition("link", ("code", value), excludes)

    def _term(self, text: str, field: str) -> Term | None:
        """Return what finds words; None for signs alone, as they stand in the title of a paper that somebody pasted."""
        words = text.rstrip("* ")
        if "*" in words or ("*" in text and not _WORDS.search(words)):
            raise UsageError(f"expected a star at the end of a word alone, for the rest of it, found {quoted(text)}")
        if not _WORDS.search(words):
            return None
        self._left -= 1
        if self._left < 0:
            raise UsageError(f"expected up to {_MOST_TERMS} words, found more")
        return _forms(words, field, goes_on=text.endswith("*"))


def _forms(words: str, field: str, *, goes_on: bool) -> Term:
    """Return what finds ``words``, and what they are in other forms."""
    if field == "authors":  # a name has no plural, and is not to be torn: Wang is not W. Ang
        surname, comma, given = words.partition(",")
        words = f"{given} {surname}" if comma else words
    keyword = Keyword(words if field != "authors" and not goes_on else f"{words}*")
    phrases, torn = keyword.spellings
    if field == "authors" or len(words) > _LONGEST_TORN:
        torn = ()
    # The index has the letters that are written: of a Greek one it does not know the name.
    as_written = " ".join(_WORDS.findall(_folded(words)))
    forms = list(dict.fromkeys((as_written, *phrases)))
    return Term(tuple(Phrase(one, goes_on) for one in forms), tuple(Phrase(one, goes_on) for one in torn), field)


def _folded(text: str) -> str:
    """Return a text as the index folds it: without cases and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(one for one in plain if not unicodedata.combining(one))).lower()


def indexed_words(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the words of ``text`` as an index without a parser of its own may have them, for what a query looks for.

    The second ones are words that a hyphen or an apostrophe tears, as one, with the position of either part: an index
    that has these need not be asked for all the places at which a word could be torn.
    """
    if text.isascii():
        folded, words = text.lower(), text.encode().translate(_ASCII_WORDS).decode().split()
    else:
        folded = _folded(text.translate(_HYPHENS))
        words = _WORDS.findall(folded)
    torn = {*_COMPOUND.findall(folded)} if "-" in folded or "'" in folded else ()
    pairs = {pair for one in torn for pair in pairwise(_PARTS.split(one)) if not any(map(is_small, pair))}
    at = [place for place, pair in enumerate(pairwise(words)) if pair in pairs] if pairs else ()
    return words, [(place + side, words[place] + words[place + 1]) for place in at for side in (0, 1)]


def _category(name: str) -> str:
    """Return a category, or an archive for all of its categories (``cs``, ``cs.*``)."""
    plain = name.strip().lower().removesuffix(".*")
    if not CATEGORY.fullmatch(plain):
        raise UsageError(f"category: expected one such as cs.CV, or several with commas, found {quoted(name)}")
    return plain


def _span(value: str) -> tuple[str, str]:
    """Return the first and the last date of what stands after ``in:``, "" for an end without bound."""
    begin, dots, end = value.partition("..")
    spans = [_dates(part, value) if part or not dots else ("", "") for part in (begin, end if dots else begin)]
    first, last = spans[0][0], spans[1][1]
    if first and last and last < first:
        raise UsageError(f"in: expected FROM..TO in this order, found {quoted(value)}")
    return first, last


def _dates(text: str, value: str) -> tuple[str, str]:
    """Return the first and the last date of a year, a month or a day."""
    found = _DATE.fullmatch(text)
    if found is None or int(found[1]) not in YEARS:
        raise UsageError(f"in: expected a year, a month, a day or a range, such as 2021-10, found {quoted(value)}")
    year, month, day = found.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        last = date(first.year, int(month or 12), int(day or monthrange(first.year, int(month or 12))[1]))
    except ValueError as error:
        raise UsageError(f"in: expected a date that is one, found {quoted(value)}") from error
    return first.isoformat(), last.isoformat()
