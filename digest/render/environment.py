"""One Jinja environment for all templates, in which nothing depends on the clock, the locale or chance."""

import re
import traceback
from datetime import date
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES
from digest.errors import TemplateError

_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")


def heading_date(day: date) -> str:
    """Return ``day`` as arXiv writes it, in English whatever the locale: ``Wed, 20 Oct 2021``."""
    weekday, month = WEEKDAY_NAMES[day.weekday()], MONTH_NAMES[day.month - 1]
    return f"{weekday[:3]}, {day.day} {month[:3]} {day.year}"


def inert(text: str) -> str:
    """Return plain ``text`` with every ``<`` escaped that markdown would take for the start of a tag."""
    return _TAG_START.sub("&lt;", text)


def _environment() -> Environment:
    # Markdown is not HTML: what needs escaping is escaped where a text becomes canonical, or by "inert".
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["inert"] = inert
    del environment.filters["random"]
    del environment.globals["lipsum"]
    return environment


_ENVIRONMENT = _environment()


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
        raise TemplateError(f"{name}: {_words(error)}") from error


def render(template: Template, name: str, context: dict[str, Any]) -> str:
    """Render a template.

    Raises:
        TemplateError: it asks for something that is not there, or fails otherwise.
    """
    try:
        text = template.render(context)
        text.encode()  # a template can spell half a character, which no file can hold
    except (Exception, MemoryError) as error:  # a template is its user's program and can fail in any way
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        raise TemplateError(f"{name}:{lines[-1] if lines else 1}: {_words(error)}") from error
    return text


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
