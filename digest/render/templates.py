"""One Jinja environment for all templates, in which nothing depends on the clock, the locale or chance."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from digest.errors import TemplateError
from digest.render.markdown import destination, escaped, inert, linked, unarmed

if TYPE_CHECKING:
    from jinja2 import Environment, Template, nodes

# Jinja2 is imported inside functions: a run that renders nothing does not wait for it.

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


@cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - see above

    # Markdown is not HTML: what needs escaping is escaped where a text becomes canonical, or by these filters. An
    # unknown name is an error: as an empty text, it would make a digest that nobody sees is wrong.
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"markdown": escaped, "linked": linked, "address": destination, "yaml": yaml}
    environment.filters |= {"unarmed": unarmed, "inert": inert}
    return without_chance(environment)


def without_chance(environment: Environment) -> Environment:
    """Take from an environment what leaves a text to chance: two runs of one day must give the same bytes."""
    del environment.filters["random"]
    del environment.globals["lipsum"]
    return environment


@lru_cache(maxsize=32)  # compiling costs more than rendering a small text, and a command asks for the same few
def compile_template(source: str, name: str) -> Template:
    """Compile a template; ``name`` is named in errors.

    Raises:
        TemplateError: its syntax is wrong.
    """
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - see above

    try:
        return _environment().from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}:{error.lineno}: {error.message}") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise TemplateError(f"{name}: {str(error) or type(error).__name__}") from error


class Traits(NamedTuple):
    """What a template of digests can do: show ``texts`` of arXiv's, begin with front matter, be split into parts.

    One that does not say which of the ``parts`` it is would make files that look like whole digests. ``annotations``:
    show what programs of the user's own said.
    """

    texts: bool
    front_matter: bool
    parts: bool
    annotations: bool


BUILT_IN: Mapping[str, Traits] = {"classic": Traits(False, False, False, False), "full": Traits(True, True, True, True)}
"""The traits of the templates that travel with the package, which need not be parsed to tell (a test does)."""


@lru_cache(maxsize=32)
def traits_of(source: str) -> Traits:
    """Return what a template, which compiles, can do."""
    from jinja2.meta import find_undeclared_variables  # noqa: PLC0415 - see above

    tree = _environment().parse(source)
    names = find_undeclared_variables(tree)
    parts = not names.isdisjoint({"part", "parts"})
    return Traits(_shows_texts(tree), "front_matter" in names, parts, "annotations" in _named(tree))


def _named(tree: nodes.Template) -> set[object]:
    """Return the names of all that a template takes out of something, and its constants."""
    from jinja2.nodes import Const, Getattr  # noqa: PLC0415 - see above

    return {node.attr for node in tree.find_all(Getattr)} | {node.value for node in tree.find_all(Const)}


_NOT_ARXIVS = {"category", "view", "reasons"}
"""What goes through ``markdown`` in a template that shows no text of arXiv's by it."""


def _shows_texts(tree: nodes.Template) -> bool:
    """Whether a template shows ``text`` or ``comments_text``, or a text of arXiv's by ``markdown``.

    Where it cannot be told, as of ``map("markdown")``, it does.
    """
    from jinja2.nodes import Filter, Getattr, Name  # noqa: PLC0415 - see above

    if _named(tree) & {"text", "comments_text", "markdown", "linked"}:
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
    return filled_in(compile_template(source, name), name, context)


def filled_in(template: Template, name: str, context: dict[str, Any]) -> str:
    """Return what a compiled template makes of ``context``; ``name`` is named in errors.

    Raises:
        TemplateError: it asks for something that is not there, or fails otherwise.
    """
    try:
        text = template.render(context)
        text.encode()  # a template can spell half a character, which no file can hold
    except (Exception, MemoryError) as error:  # a template is its user's program and can fail in any way
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        words = str(error) or type(error).__name__
        raise TemplateError(f"{name}:{lines[-1] if lines else 1}: {words}") from error
    return text
