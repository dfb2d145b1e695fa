"""Paths of generated files: what may stand in them, and that no two files share one."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path

from digest.config.settings import Config
from digest.errors import quoted

SCHEDULES = ("schedule/crontab", "schedule/digest.service", "schedule/digest.timer")
"""What lets cron and systemd run an archive, in its folder."""
WORKFLOW = ".github/workflows/digest.yml"
"""Where GitHub looks for what it is to run, from the top of a repository."""

_FIELD = re.compile(r"\{(category|view|date)(?::([^{}]*))?\}")
_DATE_DIRECTIVES = re.compile(r"(?:%[YymdjGVu]|[^%\x00-\x1f])+")
_DIRECTIVE = re.compile(r"%([A-Za-z])")
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "G": 4, "V": 2, "u": 1}
_SAMPLE_DATE = date(2020, 1, 2)
_TAKEN = (".jsonl", ".gz", ".db", ".lock", ".digest-tmp", "README.md", "config.toml")
_LONGEST_NAME = 200  # bytes; most disks take 255, and digest needs some for a copy beside
_ANY_DIGIT = "\0"  # no path holds it
_DIGITS = frozenset(f"0123456789{_ANY_DIGIT}")
_PART = re.compile(r"\.[0-9\0]+(?=\.[^./]*$)")
# Windows, by "Naming Files, Paths, and Namespaces" of its documentation; git, by verify_path() of its read-cache.c.
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\..*)?")
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
_OF_GIT = re.compile(r"(?i)(?:\.git|git~1)[ .]*")


def year_index_path(category: str, year: int) -> str:
    """Return the path of the index of one category and year, relative to the folder of the digests."""
    return f"{category}/{year}/README.md"


def part_path(path: str, number: int) -> str:
    """Return the path of a part of the text at ``path``; the first part is at ``path`` itself."""
    stem, suffix = posixpath.splitext(path)
    return path if number == 1 else f"{stem}.{number}{suffix}"


def check_path(path: str, where: str, field: str, sample: str) -> None:
    """Refuse a path that is not one below its folder, or that several dates would share.

    Args:
        path: what is configured.
        where: the key, named in errors.
        field: what may stand in it besides ``date``.
        sample: what ``field`` could be.

    Raises:
        ValueError: the path makes no sense.
    """
    rest = _FIELD.sub("", path)
    forms = [match[2] or "%Y-%m-%d" for match in _FIELD.finditer(path) if match[1] == "date"]
    odd = "{" in rest or "}" in rest or not all(_DATE_DIRECTIVES.fullmatch(form) for form in forms)
    shown = _sample(path, field, sample)
    if odd or f"{{{field}:" in path or {"", ".", ".."} & set(shown.split("/")):
        words = f"expected a relative path of {{{field}}} and {{date:%Y-%m-%d}}"
        raise ValueError(f"{where}: {words}, found {quoted(path)}")
    directives = set(_DIRECTIVE.findall("".join(forms)))
    has_day = {"m", "d"} <= directives or "j" in directives
    if not ({"Y", "y"} & directives and has_day) and not {"G", "V", "u"} <= directives:
        raise ValueError(
            f"{where}: expected year, month and day in it, so that no two dates share a file: {quoted(path)}"
        )
    names = shown.split("/")
    if names[0] == ".git" or any(name.endswith(_TAKEN) for name in names):
        raise ValueError(f"{where}: expected no name that ends with {', '.join(_TAKEN)}: other files have these names")
    if max(len(name.encode()) for name in names) > _LONGEST_NAME:
        raise ValueError(f"{where}: expected names of at most {_LONGEST_NAME} bytes, found a longer one")


def _sample(path: str, field: str, value: str) -> str:
    try:
        return path.format(**{field: value}, date=_SAMPLE_DATE)
    except (ValueError, KeyError, IndexError):  # ``check_path`` says better what is wrong
        return ""


def odd_names(config: Config) -> dict[str, bool]:
    """Return which names in the configuration not every system can have that a repository is cloned on.

    Each is said in words, with whether files by it are here already: these go on, a new one is refused.
    """
    output = config.output
    found: dict[str, bool] = {}
    for key, place in (
        ("[digest] directory", output),
        ("[store] records", config.records),
        ("[store] raw", config.raw),
    ):
        if place is None:
            continue
        inner = place.relative_to(config.folder).parts if place.is_relative_to(config.folder) else ()
        found |= {words: os.path.lexists(place) for words in _oddities(key, inner)}
    for category in config.arxiv.categories:
        path = config.digest.path
        names = _sample(path, "category", category).split("/")
        found |= {words: _has_files(output, path) for words in _oddities("[digest] path", names)}
    for view in config.views:
        where = f"[[view]] {view.name!r}"
        names = _sample(view.path, "view", view.name).split("/")
        odd = (*_oddities(f"{where} name", [view.name]), *_oddities(f"{where} path", names))
        found |= {words: _has_files(output, view.path, view.name) for words in odd}
    return found


def _oddities(key: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if _RESERVED.fullmatch(name):
            why = "which Windows reserves"
        elif _FORBIDDEN.search(name):
            why = 'and Windows allows none of < > : " | ? * \\ in one'
        elif name.endswith((".", " ")) and name not in (".", ".."):
            why = "and Windows drops a dot or blank at the end"
        elif _OF_GIT.fullmatch(name):
            why = "which is git's own"
        else:
            continue
        yield f"{key}: expected a name that every system allows, found {name!r}, {why}"


def _has_files(output: Path, path: str, view: str = "") -> bool:
    """Whether there is a file at ``path``, of whatever date and category."""
    import glob  # noqa: PLC0415 - nearly no configuration needs it

    pieces = re.split(r"(\{[^{}]*\})", path.replace("{view}", view))
    return any(output.glob("".join("*" if piece[:1] == "{" else glob.escape(piece) for piece in pieces)))


def check_shared(config: Config) -> None:
    """Refuse views that would write a file that something else writes, on whatever dates.

    Raises:
        ValueError: two files share a path.
    """
    if not config.views:  # a digest's own path is checked already
        return
    owners: list[tuple[str, str, dict[str, str]]] = [("the archive's README.md", "README.md", {})]
    for category in config.arxiv.categories:
        names = {"category": category}
        owners.append((f"the README.md of a year of {category}", "{category}/{date:%Y}/README.md", names))
        owners.append((f"the digests of {category}", config.digest.path, names))
    for view in config.views:
        where, names = f"[[view]] {view.name!r}", {"view": view.name}
        owners.append((f"{where} path", view.path, names))
        owners.extend((f"{where} feeds {kind} ({path})", path, names) for kind, path in view.feed_paths.items())
    shapes = [(owner, _shape(path, names)) for owner, path, names in owners]
    for (one, mine), (other, theirs) in combinations(shapes, 2):
        # Two characters may be one where they are the same, or where some date could make them the same digit.
        pairs = [{a, b} for a, b in zip(mine, theirs, strict=False) if a != b]
        if len(mine) == len(theirs) and all(_ANY_DIGIT in pair and pair <= _DIGITS for pair in pairs):
            raise ValueError(f"{other}: expected a path of its own, found that of {one}")


def _shape(path: str, names: Mapping[str, str]) -> str:
    """Return a path with each digit of its dates open; letters' cases and numbered parts make no difference."""

    def value(field: re.Match[str]) -> str:
        if field[1] != "date":
            return names[field[1]]
        return _DIRECTIVE.sub(lambda directive: _ANY_DIGIT * _WIDTHS[directive[1]], field[2] or "%Y-%m-%d")

    filled = _PART.sub("", _FIELD.sub(value, path))
    return folded(filled)


def folded(name: str) -> str:
    """Return what is equal for two names that are one on some systems."""
    import unicodedata  # noqa: PLC0415 - only views need it, and every command reads the configuration

    return unicodedata.normalize("NFC", name).casefold()
