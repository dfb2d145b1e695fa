"""A file and the environment → settings of the right types."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

from digest.config.checks import check
from digest.config.values import Config, View
from digest.errors import ConfigError

_VIEW = "view"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration file at ``path``; the environment's DIGEST_SECTION_KEY go over it.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, lists in lists in lists
        raise ConfigError(f"{path}: {error}") from error
    config = _from_mapping(data, environment, folder=path.absolute().parent, origin=str(path))
    check(config, str(path))
    return config


def _from_mapping(data: Mapping[str, Any], environment: Mapping[str, str], *, folder: Path, origin: str) -> Config:
    """Build a ``Config`` from parsed TOML and environment variables; ``origin`` is named in errors."""
    sections = {item.name: item for item in fields(Config) if item.name not in ("folder", "views")}
    _refuse_unknown(data, {**sections, _VIEW: View}, origin, "section")
    values = {}
    for name, item in sections.items():
        given = data.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError(f"{origin}: expected a section [{name}], found {given!r}")
        values[name] = _section(name, item.type, given, environment, origin)
    config = Config(folder, **values)
    return replace(config, views=tuple(_views(data.get(_VIEW, []), config, origin)))


def _section(name: str, kind: Any, given: Mapping[str, Any], environment: Mapping[str, str], origin: str) -> Any:
    values = _values(kind, given, f"{origin}: [{name}]")
    for item in fields(kind):
        variable = f"DIGEST_{name}_{item.name}".upper()
        if variable in environment:
            values[item.name] = _value(item.type, _from_text(item.type, environment[variable]), variable)
    return kind(**values)


def _values(kind: Any, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    keys = {item.name: item for item in fields(kind)}
    _refuse_unknown(given, keys, where, "key")
    return {key: _value(keys[key].type, value, f"{where} {key}") for key, value in given.items()}


def _views(given: Any, config: Config, origin: str) -> Iterator[View]:
    """Yield the views; where they name no categories or sections, they have those of the archive and its digests."""
    if not isinstance(given, list) or not all(isinstance(view, dict) for view in given):
        raise ConfigError(f"{origin}: expected [[view]], a table for each view, found {_in_short(given)}")
    for number, keys in enumerate(given, 1):
        name = keys.get("name")
        values = _values(View, keys, f"{origin}: [[view]] {number if name is None else repr(name)}")
        if name is None:
            raise ConfigError(f"{origin}: [[view]] {number}: expected a name, found none")
        view = View(**values)
        categories, sections = view.categories or config.arxiv.categories, view.sections or config.digest.sections
        yield replace(view, categories=categories, sections=sections)


def _in_short(value: object) -> str:
    return "[view]" if isinstance(value, dict) else repr(value)


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any], where: str, what: str) -> None:
    for name in given:
        if name not in known:
            # Imported here: only a mistake needs it.
            import difflib  # noqa: PLC0415

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            raise ConfigError(f"{where}: unknown {what} {name!r}{hint}")


def _value(kind: Any, value: Any, where: str) -> Any:
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], str(item) if isinstance(item, date) else item, where) for item in value)
    if kind is str and isinstance(value, date):
        return value.isoformat()
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            raise ConfigError(f"{where}: expected a number of seconds, found one that is too large") from error
    if type(value) is not kind:
        raise ConfigError(f"{where}: expected {_describe(kind)}, found {value!r}")
    if isinstance(value, str) and _CONTROL.search(value):
        raise ConfigError(f"{where}: expected no control characters, found {value!r}")
    return value


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
