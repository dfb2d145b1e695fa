"""Keywords and authors in the query syntax of other tools → what to write instead.

arXiv's own syntax (``ti:``, ``au:``, ``AND``, ``OR``, ``ANDNOT``) is that of
https://info.arxiv.org/help/api/user-manual.html; others have ``|``, ``&&``, ``NOT``, ``+``
between words, and ``+``, ``-``, ``!`` and ``~`` before them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.config.settings import View, excludes
from digest.errors import quoted
from digest.views.names import names_in

_OPERATOR = re.compile(
    r"""(?:^|(?<=[\s()"'])) (AND\s+NOT|ANDNOT|AND|OR|NOT) (?=[\s()"']|$)
    | (?<=\s) (\|\|?|&&) (?=\s)
    | (?:^|(?<=[\s("'])) ([+!~-]*[+!~]) (?=["']?[^\W\d_])
    | (?<=\s) (-) (?=["']?[^\W\d_])
    | (?<=\s) (\+) (?=\s)""",
    re.VERBOSE,
)
_TIGHT = re.compile(r'(?<=[\w"*])(\|\|?|&&)(?=[\w"-])')
_ANY = frozenset(("OR", "|", "||"))
_NONE = frozenset(("NOT", "ANDNOT", "AND NOT", "-", "!"))
_CAN_BE_A_NAME = re.compile(r"(?:AND|OR)\b")
_NO_NAME = re.compile(r"[*?]|\b(?:et al|and others)\b\.?$")
_ADDRESS = re.compile(r"@|://|[0-9]{4}")  # of e-mail, of a page; an ORCID

_FIELD = re.compile(r"(?:([a-z]+):\s*|([A-Za-z]+):)(?=[\w\"'(\[])")
_KEYS = {
    **dict.fromkeys(("ti", "title", "abs", "abstract", "co", "comment", "comments", "all"), "keywords"),
    **dict.fromkeys(("cat", "category"), "categories"),
    **dict.fromkeys(("au", "author", "authors"), "authors"),
    **dict.fromkeys(("jr", "rn", "id", "doi", "submitteddate", "lastupdateddate"), ""),
}
"""The fields of other tools, each with the key of a view that asks for it; "" if none does."""

_AROUND = " \t\"'()"


@dataclass(frozen=True)
class _Term:
    """A part of a query: what is looked for, by which key of a view; ``field`` is "" if the query names none."""

    text: str
    key: str
    field: str
    is_excluded: bool


def query_in(view: View) -> tuple[str, str] | None:
    """Return which keyword or author of ``view`` is a query of another tool, and what to write instead.

    As words, it would not find what was meant.
    """
    for key, entries in (("keywords", view.keywords), ("authors", view.authors)):
        for entry in entries:
            for text in (entry,) if isinstance(entry, str) else entry:
                what = f"[[view]] {quoted(view.name)} {key}: expected"
                if way_out := _way_out(text, key):
                    return f"{what} words without the syntax of other tools, found {quoted(text)}", way_out
                if key == "authors" and (way_out := _way_to_name(text)):
                    return f"{what} one author's name, found {quoted(text)}", way_out
    return None


def _way_to_name(text: str) -> str:
    """Return what to write for an author who is none, or several; "" if ``text`` is one name."""
    names = [] if _ADDRESS.search(text) else names_in(_NO_NAME.sub("", text).strip(_AROUND))
    if not names:
        return 'write a surname, with or without given names, such as "Kaiming He", "He, K." or "He"'
    if len(names) == 1 and not _NO_NAME.search(text):
        return ""
    way_out = f"write {', '.join(map(_toml, names))} in its place"
    surname, _, given = " ".join(text.split()).partition(", ")
    if given and len(names) == len(surname.split()) == 2 and "." not in surname:
        way_out += f"; of one author, {_toml(surname.replace(' ', '-') + ', ' + given)}"
    return way_out


def _way_out(text: str, key: str) -> str:
    """Return what to write for a query; "" if ``text`` is none."""
    clauses, operators = _read(text, key)
    terms = [term for clause in clauses for term in clause]
    is_kept_out = key == "authors" and any(term.is_excluded for term in terms)
    if not operators and not is_kept_out and not any(term.field for term in terms):
        return ""
    if "(" in text and len(clauses) > 1 and len(terms) > len(clauses):
        return 'write each way in which it can be met as a list of its own, such as ["a", "c"], ["b", "c"]'
    ways = [f"write {', '.join(own)} in its place"] if (own := list(_own_entries(clauses, key))) else []
    for other in ("keywords", "categories", "authors"):
        values = [term.text for term in terms if term.key == other and not term.is_excluded]
        if other != key and values:
            ways.append(f"set {other} = {_toml(values)}")
    if any(term.key != key and (term.is_excluded or not term.key) for term in terms):
        ways.append("the rest of it cannot be asked for")
    if is_kept_out:
        ways.append("an author cannot be kept out, only keywords can")
    if key == "keywords" and (word := next((one.lower() for one in operators if one.isalpha()), "")):
        ways.append(f'"{word}" in small letters is a word like others')
    return "; ".join(ways)


def _own_entries(clauses: list[list[_Term]], key: str) -> Iterator[str]:
    """Yield what stands for each of the ``clauses`` in the list of ``key``: several keywords as a list of their own."""
    for clause in clauses:
        own = [term for term in clause if term.key == key and not (key == "authors" and term.is_excluded)]
        texts = [f"{'-' if term.is_excluded else ''}{term.text}" for term in own]
        if key == "keywords" and len(texts) > 1:
            yield _toml(texts)
        else:
            yield from map(_toml, texts)


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(text: str, key: str) -> tuple[list[list[_Term]], list[str]]:
    """Return the terms of a query, of which one list must be met, and all of it; and the operators between them."""
    if not any(sign in text for sign in "($"):  # p(y|x) is no query
        text = _TIGHT.sub(r" \1 ", text)
    is_name_first = key == "authors" and _CAN_BE_A_NAME.match(text) is not None
    found = [one for one in _OPERATOR.finditer(text) if one.start() or not is_name_first]
    clauses: list[list[_Term]] = [[]]
    is_excluded, start = False, 0
    for one in [*found, None]:
        piece = text[start : one.start() if one else None].strip(_AROUND)
        if any(map(str.isalnum, piece)):
            clauses[-1].append(_term(piece, key, is_excluded=is_excluded))
        if one:
            operator, start = " ".join(one[0].split()), one.end()
            is_excluded = operator in _NONE or (not operator.isalpha() and not {"-", "!"}.isdisjoint(operator))
            clauses += [[]] if operator in _ANY else []
    return [clause for clause in clauses if clause], [" ".join(one[0].split()) for one in found]


def _term(piece: str, key: str, *, is_excluded: bool) -> _Term:
    if excludes(piece):
        piece, is_excluded = piece[1:].strip(_AROUND), True
    named = _FIELD.match(piece)
    field = (named[1] or named[2]).lower() if named else ""
    if named is None or field not in _KEYS:
        return _Term(piece, key, "", is_excluded)
    text = piece[named.end() :].strip(_AROUND)
    own = _KEYS[field]
    return _Term(text.replace("_", " ") if own == "authors" else text, own, field, is_excluded)
