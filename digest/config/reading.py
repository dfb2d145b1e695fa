"""A file and the environment → settings of the right types."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

from digest.config.checks import check
from digest.config.values import Config
from digest.errors import ConfigError

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
    sections = {item.name: item for item in fields(Config) if item.name != "folder"}
    _refuse_unknown(data, sections, origin, "section")
    values = {}
    for name, item in sections.items():
        given = data.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError(f"{origin}: expected a section [{name}], found {given!r}")
        values[name] = _section(name, item.type, given, environment, origin)
    return Config(folder, **values)


def _section(name: str, kind: Any, given: Mapping[str, Any], environment: Mapping[str, str], origin: str) -> Any:
    keys = {item.name: item for item in fields(kind)}
    _refuse_unknown(given, keys, f"{origin}: [{name}]", "key")
    values = {key: _value(keys[key].type, value, f"{origin}: [{name}] {key}") for key, value in given.items()}
    for key, item in keys.items():
        variable = f"DIGEST_{name}_{key}".upper()
        if variable in environment:
            values[key] = _value(item.type, _from_text(item.type, environment[variable]), variable)
    return kind(**values)


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
