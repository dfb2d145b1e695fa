"""BibTeX read back by other people's programs, for tests."""

import re
from functools import cache
from typing import Any

from bibtexparser.entrypoint import parse_string
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
