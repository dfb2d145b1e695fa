"""Bibliographies read back, for tests: BibTeX by other people's programs, RIS by its specification."""

import re
from functools import cache
from typing import Any

from bibtexparser.entrypoint import parse_string
from pybtex.database import Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import Parser  # type: ignore[import-untyped]
from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    LatexNodes2Text,
    MacroTextSpec,
    get_default_latex_context_db,
)


def collapsed(text: str) -> str:
    """Return ``text`` as LaTeX sees its blanks."""
    return re.sub(r"[\t-\r\x1c- \x85\u2028\u2029]+", " ", text).strip(" ")


@cache
def _decoder() -> LatexNodes2Text:
    macros = [MacroTextSpec("textasciicircum", simplify_repl="^")]  # pylatexenc has another circumflex for it
    context = get_default_latex_context_db()
    context.add_context_category("corrected", prepend=True, macros=macros)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim")


def untex(latex: str) -> str:
    """Return the text that LaTeX would print, maths as it was typed."""
    return str(_decoder().latex_to_text(latex))


def library(text: str, *middlewares: Any) -> dict[str, dict[str, Any]]:
    """Return the fields of every entry by key, as bibtexparser reads them."""
    found = parse_string(text, append_middleware=list(middlewares))
    assert found.failed_blocks == []
    assert found.comments == []
    return {entry.key: {field.key: field.value for field in entry.fields} for entry in found.entries}


def people(text: str) -> list[tuple[str, list[str]]]:
    """Return the key and the names of every entry, as BibTeX's own rules cut them, by pybtex."""
    parsed = Parser().parse_string(text)
    return [(key, list(map(str, entry.persons.get("author", [])))) for key, entry in parsed.entries.items()]


def name_parts(name: str) -> tuple[str, str, str]:
    """Return given names, surname and suffix of a name in BibTeX's notation, as pybtex cuts it."""
    person = Person(name)
    given, surname = (*person.first_names, *person.middle_names), (*person.prelast_names, *person.last_names)
    return " ".join(given), " ".join(surname), " ".join(person.lineage_names)


_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])  - (.*)")


def ris_records(text: str) -> list[list[tuple[str, str]]]:
    """Return tags and values of each record, by the "RIS Format Specifications" of Reference Manager.

    A line is a tag of two signs, two blanks, a hyphen, a blank and a value without control characters, and ends with CR
    and LF; the first tag of a record is TY, the last is ER.
    """
    records: list[list[tuple[str, str]]] = []
    *lines, rest = text.split("\r\n")
    assert rest == ""
    is_open = False
    for line in lines:
        match = _RIS_LINE.fullmatch(line)
        assert match is not None, line
        tag, value = match.groups()
        assert (tag == "TY") is not is_open, line
        assert bool(value) is (tag != "ER"), line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value), line
        if tag == "TY":
            records.append([])
        records[-1].append((tag, value))
        is_open = tag != "ER"
    assert not is_open
    return [record[:-1] for record in records]
