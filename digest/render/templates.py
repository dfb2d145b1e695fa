"""One Jinja environment for all templates, in which nothing depends on the clock, the locale or chance."""

import json
import re
import traceback
from functools import lru_cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Const, Filter, Getattr, Name

from digest.errors import TemplateError
from digest.render.markdown import destination, escaped, inert, linked, unarmed

_NOT_IN_YAML = re.compile(
    r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
    r"|\{(?=[{%])"
)


def yaml(value: object) -> str:
    """Return ``value`` on one line of YAML 1.2: JSON, with escapes for what YAML does not let stand in a text.

    So for what Liquid, the language of Jekyll's templates, would read: only texts can hold it.
    """
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


# Markdown is not HTML: what needs escaping is escaped where a text becomes canonical, or by these filters. An unknown
# name is an error: as an empty text, it would make a digest that nobody sees is wrong.
_ENVIRONMENT = Environment(  # noqa: S701
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)
_ENVIRONMENT.filters |= {"markdown": escaped, "linked": linked, "address": destination, "yaml": yaml}
_ENVIRONMENT.filters |= {"unarmed": unarmed, "inert": inert}
# What leaves a text to chance: two runs of one day must give the same bytes.
del _ENVIRONMENT.filters["random"]
del _ENVIRONMENT.globals["lipsum"]


@lru_cache(maxsize=32)  # compiling costs more than rendering a small text, and a command asks for the same few
def compile_template(source: str, name: str) -> Template:
    """Compile a template; ``name`` is named in errors.

    Raises:
        TemplateError: its syntax is wrong.
    """
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}:{error.lineno}: {error.message}") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise TemplateError(f"{name}: {str(error) or type(error).__name__}") from error


_parsed = lru_cache(maxsize=32)(_ENVIRONMENT.parse)


@lru_cache(maxsize=32)
def names_in(source: str) -> frozenset[str]:
    """Return the names that a template, which compiles, asks its context for."""
    return frozenset(find_undeclared_variables(_parsed(source)))


_NOT_ARXIVS = {"category", "view", "reasons"}
"""What goes through ``markdown`` in a template that shows no text of arXiv's by it."""


@lru_cache(maxsize=32)
def shows_texts(source: str) -> bool:
    """Whether a template, which compiles, shows ``text`` or ``comments_text``, or a text of arXiv's by ``markdown``.

    Where it cannot be told, as of ``map("markdown")``, it does.
    """
    tree = _parsed(source)
    named = {node.attr for node in tree.find_all(Getattr)} | {node.value for node in tree.find_all(Const)}
    if named & {"text", "comments_text", "markdown", "linked"}:
        return True
    for escaping in (node for node in tree.find_all(Filter) if node.name in {"markdown", "linked"}):
        shown = {node.attr for node in escaping.find_all(Getattr)} or {node.name for node in escaping.find_all(Name)}
        if not shown or shown - _NOT_ARXIVS:
            return True
    return False


def render(source: str, name: str, context: dict[str, Any]) -> str:
    """Render a template, which is compiled if it is not yet.

    Raises:
        TemplateError: its syntax is wrong; it asks for something that is not there, or fails otherwise.
    """
    template = compile_template(source, name)
    try:
        text = template.render(context)
        text.encode()  # a template can spell half a character, which no file can hold
    except (Exception, MemoryError) as error:  # a template is its user's program and can fail in any way
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        words = str(error) or type(error).__name__
        raise TemplateError(f"{name}:{lines[-1] if lines else 1}: {words}") from error
    return text
