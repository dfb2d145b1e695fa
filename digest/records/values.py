"""The values that stand in all formats: what JSON gives, proven to be of its kind."""

import json
from datetime import UTC, datetime
from typing import Any

from digest.errors import quoted
from digest.model import CATEGORY

to_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder a call


def from_json(data: bytes) -> Any:
    """Return the value that ``data`` is.

    Raises:
        ValueError: it is no JSON in UTF-8, or holds half a character.
    """
    words = data.decode().removeprefix("\ufeff")  # with which editors on Windows begin a file
    value = json.loads(words)
    # JSON can spell half a character, which no file and no database can hold. digest escapes nothing but control
    # characters, so this second look at all texts at once is rare.
    if "\\u" in words:
        to_json(value).encode()
    return value


def text(value: object) -> str:
    """Return ``value``, which has to be a text."""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {quoted(value)}")
    return value


def category(value: object) -> str:
    """Return ``value``, which has to be an arXiv category: files are named by it."""
    found = text(value)
    if not CATEGORY.fullmatch(found):
        raise ValueError(f"expected a category, found {quoted(found)}")
    return found


def moment(value: object) -> datetime:
    """Return the time, in UTC, that ``value`` is in ISO 8601 with its zone."""
    found = datetime.fromisoformat(text(value))
    if found.tzinfo is None:
        raise ValueError(f"expected a time with its zone, found {quoted(value)}")
    return found.astimezone(UTC)


def flag(value: object) -> bool:
    """Return ``value``, which has to be true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {quoted(value)}")
    return value


def line(value: object) -> str:
    """Return ``value``, which has to be a text that every database can hold."""
    if "\0" in text(value):
        raise ValueError("expected a text without NUL, which not every database can hold")
    return text(value)
