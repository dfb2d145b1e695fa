"""config.toml and the environment → one frozen ``Config``. Unknown keys are refused."""

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from digest.config.checks import check, shown
from digest.config.paths import composed
from digest.config.resources import expanded
from digest.config.secrets import masked
from digest.config.settings import RETIRED, Annotator, Config, View
from digest.errors import ConfigError, quoted

Origins = Mapping[tuple[str, str], str]
"""Where each value is from that is no default, by section and key; the section of the first view is ``view 1``."""

_LISTS = ("views", "annotators")
_SECTIONS: dict[str, Any] = {
    one: its for one, its in Config.__annotations__.items() if one not in ("folder", "host", *_LISTS)
}
_VIEW, _ANNOTATE = "view", "annotate"
_PREFIX = "DIGEST_"
_CONFIG_VARIABLE = "DIGEST_CONFIG"  # names the file itself


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration file at ``path``; the environment's DIGEST_SECTION_KEY go over it.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    return load_with_origins(path, environment)[0]


def load_with_origins(path: Path, environment: Mapping[str, str]) -> tuple[Config, Origins]:
    """Read the configuration as ``load`` does; return it, and where the values are from that are no defaults.

    An origin is the name of the file, or ``environment NAME``.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    data = _read(path)
    list(_take_retired(data))
    _refuse_unknown(data, (*_SECTIONS, _VIEW, _ANNOTATE), f"{path}", "section")
    origins: dict[tuple[str, str], str] = {}
    sections = {}
    for name, kind in _SECTIONS.items():
        table = data.get(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: expected a section [{name}], found something else")
        values = _values(kind, table, f"{path}: [{name}]")
        origins |= {(name, key): path.name for key in values}
        for key, type_ in kind.__annotations__.items():
            variable = _variable_of(name, key)
            if variable in environment:
                values[key] = _value(type_, _from_text(type_, environment[variable]), variable, key)
                origins[name, key] = f"environment {variable}"
        sections[name] = kind(**_without_patterns(values))
    config = Config(path.absolute().parent, sections["store"].host or os.uname().nodename, **sections)
    tables = _tables(data, path, _VIEW, origins)
    views = tuple(_view(table, config, f"{path}: [[view]]", number) for number, table in enumerate(tables, 1))
    tables = _tables(data, path, _ANNOTATE, origins)
    annotators = tuple(
        Annotator(**_named_values(Annotator, table, f"{path}: [[annotate]]", number))
        for number, table in enumerate(tables, 1)
    )
    config = replace(config, views=views, annotators=annotators)
    check(config, str(path))
    return config, origins


def retired_keys(path: Path) -> list[str]:
    """Return what to say of the keys in the file at ``path`` that only an older version knew.

    Raises:
        ConfigError: the file cannot be read.
    """
    return list(_take_retired(_read(path))) if RETIRED else []


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that look like settings and set nothing, each with the nearest name that does, or ""."""
    keys = [_variable_of(section, key) for section, kind in _SECTIONS.items() for key in kind.__annotations__]
    known = [_CONFIG_VARIABLE, *keys]
    unknown = [name for name in environment if name.startswith(_PREFIX) and name not in known]
    return {name: _nearest(name, known) for name in sorted(unknown)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, lists in lists in lists
        raise ConfigError(f"{path}: {masked(str(error))}") from error


def _take_retired(data: Mapping[str, Any]) -> Iterator[str]:
    """Take the keys that only an older version knew out of ``data``, and yield what to say of each."""
    for (section, key), advice in RETIRED.items():
        tables = data.get(section)
        for table in tables if isinstance(tables, list) else [tables]:
            if isinstance(table, dict) and key in table:
                del table[key]
                yield f"[{section}] {key} is no longer used: {advice}"


def _tables(
    data: Mapping[str, Any], path: Path, name: str, origins: dict[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Return the tables of a list of them, and note in ``origins`` where their values are from."""
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        what = "view" if name == _VIEW else "program"
        raise ConfigError(f"{path}: expected [[{name}]], a table for each {what}, found something else")
    origins |= {(f"{name} {number}", key): path.name for number, table in enumerate(tables, 1) for key in table}
    return tables


def _named_values(kind: Any, table: Mapping[str, Any], where: str, number: int) -> dict[str, Any]:
    """Return the values of one table of a list, which has a name."""
    name = table.get("name")
    values = _values(kind, table, f"{where} {number if name is None else masked(quoted(name))}")
    if name is None:
        raise ConfigError(f"{where} {number}: expected a name, found none")
    # As two systems may write the same name: it is asked for on command lines, and is the name of a folder.
    return values | {"name": composed(values["name"])}


def _view(table: Mapping[str, Any], config: Config, where: str, number: int) -> View:
    """Return a view; where it names no categories or sections, it has those of the archive and its digests."""
    view = View(**_named_values(View, table, where, number))
    categories = expanded(view.categories, config.arxiv.categories) or config.arxiv.categories
    sections = view.sections or config.digest.sections
    return replace(view, categories=categories, sections=sections)


def _without_patterns(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a section sets, with categories in the place of patterns."""
    return values | {"categories": expanded(values["categories"])} if "categories" in values else values


def _variable_of(section: str, key: str) -> str:
    return f"{_PREFIX}{section}_{key}".upper()


def _values(kind: Any, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    types = kind.__annotations__
    _refuse_unknown(table, types, where, "key")
    return {key: _value(types[key], value, f"{where} {key}", key) for key, value in table.items()}


def _refuse_unknown(given: Iterable[str], known: Collection[str], where: str, what: str) -> None:
    for name in (name for name in given if name not in known):
        near = _nearest(name, known)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"
        # An address in a key's place may hold a token anywhere.
        shown = "with an address for its name" if "://" in name else repr(name)
        raise ConfigError(f"{where}: unknown {what} {shown}; {hint}")


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return the one of ``known`` names that ``name`` is most like; "" if it is like none."""
    # Imported here: only a mistake needs it.
    import difflib  # noqa: PLC0415

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def _value(kind: Any, value: Any, where: str, key: str) -> Any:
    """Return ``value`` as one of ``kind``, or refuse it; ``where`` is said of it in errors."""
    if isinstance(kind, UnionType):  # a text, or a list of texts
        kind = next(one for one in get_args(kind) if (get_origin(one) is tuple) is isinstance(value, list))
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], item, where, key) for item in value)
    if kind is str and isinstance(value, date):  # TOML has dates of its own
        return value.isoformat()
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            raise ConfigError(f"{where}: expected a number of seconds, found one that is too large") from error
    # Not isinstance: True is an int to Python.
    if type(value) is not kind:
        expected = _KINDS.get(kind, "a list of strings")
    elif kind is str and re.search(r"[\x00-\x1f\x7f]", value):
        expected = "no control characters"
    else:
        return value
    raise ConfigError(masked(f"{where}: expected {expected}, found {shown(key, value)}"))


def _from_text(kind: Any, text: str) -> Any:
    """Return what a variable's text says, as TOML would have it; a text that says no such thing as it is."""
    if get_origin(kind) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    try:
        return kind(text)
    except ValueError:
        return text


_KINDS: dict[Any, str] = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
