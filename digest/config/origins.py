"""What can set a value, and what has: the file, a variable of the environment, or nobody."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from digest.config.values import Config, View

Origins = Mapping[tuple[str, str], str]
"""Where each value is from, by section and key; the section of the first view is ``view 1``."""

DEFAULT = "default"
"""The origin of a value that nobody set."""

_VIEW = "view"
_PREFIX = "DIGEST_"
_CONFIG_VARIABLE = "DIGEST_CONFIG"  # names the file itself


def section_fields() -> dict[str, Any]:
    """Return the fields of ``Config`` that are sections of the file, by name."""
    return {item.name: item for item in fields(Config) if item.name not in ("folder", "views")}


def variable_of(section: str, key: str) -> str:
    """Return the environment variable that sets a key."""
    return f"{_PREFIX}{section}_{key}".upper()


def origins_of(
    data: Mapping[str, Any], environment: Mapping[str, str], file: str
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield where each value is from: ``file``, ``environment NAME`` or ``DEFAULT``; ``data`` is what the file says."""
    for section, key in _keys():
        variable = variable_of(section, key)
        origin = file if key in data.get(section, {}) else DEFAULT
        yield (section, key), f"environment {variable}" if variable in environment else origin
    for number, keys in enumerate(data.get(_VIEW, []), 1):
        for item in fields(View):
            yield (f"{_VIEW} {number}", item.name), file if item.name in keys else DEFAULT


def _keys() -> Iterator[tuple[str, str]]:
    return ((name, item.name) for name, section in section_fields().items() for item in fields(section.type))


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that look like settings and set nothing, each with the nearest name that does, or ""."""
    known = [_CONFIG_VARIABLE, *(variable_of(section, key) for section, key in _keys())]
    unknown = [name for name in environment if name.startswith(_PREFIX) and name not in known]
    return {name: next(iter(nearest(name, known)), "") for name in sorted(unknown)}


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the one of ``known`` names that ``name`` is most like, if any is."""
    # Imported here: only a mistake needs it.
    import difflib  # noqa: PLC0415

    return difflib.get_close_matches(name, list(known), n=1)
