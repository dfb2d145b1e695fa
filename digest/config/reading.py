"""A file and the environment → settings of the right types."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

from digest.config.checks import check
from digest.config.origins import Origins, nearest, origins_of, section_fields, variable_of
from digest.config.values import RETIRED, Config, View
from digest.errors import ConfigError
from digest.secrets import masked

_VIEW = "view"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SECRET = {"notify": ("urls", "health"), "store": ("url",)}
"""Keys whose values are never repeated, not even wrong ones: addresses with tokens and passwords."""


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration file at ``path``; the environment's DIGEST_SECTION_KEY go over it.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    return load_with_origins(path, environment)[0]


def load_with_origins(path: Path, environment: Mapping[str, str]) -> tuple[Config, Origins]:
    """Read the configuration as ``load`` does; return it, and for each value where it is from.

    An origin is the name of the file, ``environment NAME``, or ``DEFAULT``.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    data = _read(path)
    config = _from_mapping(data, environment, folder=path.absolute().parent, origin=str(path))
    check(config, str(path))
    return config, dict(origins_of(data, environment, path.name))


def retired_keys(path: Path) -> list[str]:
    """Return what to say of the keys in the file at ``path`` that only an older version knew.

    Raises:
        ConfigError: the file cannot be read.
    """
    return list(_take_retired(_read(path))) if RETIRED else []


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, lists in lists in lists
        raise ConfigError(f"{path}: {masked(str(error))}") from error


def _from_mapping(data: Mapping[str, Any], environment: Mapping[str, str], *, folder: Path, origin: str) -> Config:
    """Build a ``Config`` from parsed TOML and environment variables; ``origin`` is named in errors."""
    list(_take_retired(data))
    known = section_fields()
    _refuse_unknown(data, {**known, _VIEW: View}, origin, "section")
    values = {}
    for name, item in known.items():
        given = data.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError(f"{origin}: expected a section [{name}], found {_kind_of(given)}")
        values[name] = _section(name, item.type, given, environment, origin)
    config = Config(folder, **values)
    return replace(config, views=tuple(_views(data.get(_VIEW, []), config, origin)))


def _take_retired(data: Mapping[str, Any]) -> Iterator[str]:
    """Take the keys that only an older version knew out of ``data``, and yield what to say of each."""
    for (section, key), advice in RETIRED.items():
        tables = data.get(section)
        for table in tables if isinstance(tables, list) else [tables]:
            if isinstance(table, dict) and key in table:
                del table[key]
                yield f"[{section}] {key} is no longer used: {advice}"


def _section(name: str, kind: Any, given: Mapping[str, Any], environment: Mapping[str, str], origin: str) -> Any:
    secret = _SECRET.get(name, ())
    values = _values(kind, given, f"{origin}: [{name}]", secret)
    for item in fields(kind):
        variable = variable_of(name, item.name)
        if variable in environment:
            text = _from_text(item.type, environment[variable])
            values[item.name] = _value(item.type, text, variable, is_secret=item.name in secret)
    return kind(**values)


def _values(kind: Any, given: Mapping[str, Any], where: str, secret: Collection[str] = ()) -> dict[str, Any]:
    keys = {item.name: item for item in fields(kind)}
    _refuse_unknown(given, keys, where, "key")
    return {
        key: _value(keys[key].type, value, f"{where} {key}", is_secret=key in secret) for key, value in given.items()
    }


def _views(given: Any, config: Config, origin: str) -> Iterator[View]:
    """Yield the views; where they name no categories or sections, they have those of the archive and its digests."""
    if not isinstance(given, list) or not all(isinstance(view, dict) for view in given):
        raise ConfigError(f"{origin}: expected [[view]], a table for each view, found {_kind_of(given)}")
    for number, keys in enumerate(given, 1):
        name = keys.get("name")
        values = _values(View, keys, f"{origin}: [[view]] {number if name is None else _shown(name)}")
        if name is None:
            raise ConfigError(f"{origin}: [[view]] {number}: expected a name, found none")
        view = View(**values)
        categories, sections = view.categories or config.arxiv.categories, view.sections or config.digest.sections
        yield replace(view, categories=categories, sections=sections)


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any], where: str, what: str) -> None:
    for name in given:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            # An address in a key's place may hold a token anywhere.
            shown = "with an address for its name" if "://" in name else repr(name)
            raise ConfigError(f"{where}: unknown {what} {shown}{hint}")


def _value(kind: Any, value: Any, where: str, *, is_secret: bool = False) -> Any:
    if get_origin(kind) is tuple and isinstance(value, list):
        items = (str(item) if isinstance(item, date) else item for item in value)
        return tuple(_value(get_args(kind)[0], item, where, is_secret=is_secret) for item in items)
    if kind is str and isinstance(value, date):
        return value.isoformat()
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            raise ConfigError(f"{where}: expected a number of seconds, found one that is too large") from error
    if type(value) is not kind:
        raise ConfigError(
            f"{where}: expected {_describe(kind)}, found {_kind_of(value) if is_secret else _shown(value)}"
        )
    if isinstance(value, str) and _CONTROL.search(value):
        raise ConfigError(f"{where}: expected no control characters, found {'some' if is_secret else _shown(value)}")
    return value


def _shown(value: object) -> str:
    return masked(repr(value))


def _kind_of(value: object) -> str:
    """Return what kind of value it is, where the value itself may be a secret."""
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a value of another kind")


def _from_text(kind: Any, text: str) -> Any:
    if get_origin(kind) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _describe(kind: Any) -> str:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a list of texts")
