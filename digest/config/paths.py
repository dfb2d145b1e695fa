"""Paths of generated files: what may stand in them, and that no two files share one."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations

from digest.config.settings import Config
from digest.errors import quoted

SCHEDULES = ("schedule/crontab", "schedule/digest.service", "schedule/digest.timer")
"""What lets cron and systemd run an archive, in its folder."""
WORKFLOW = ".github/workflows/digest.yml"
"""Where GitHub looks for what it is to run, from the top of a repository."""
LLMS = "llms.txt"
"""What tells programs of an archive that has files for them: https://llmstxt.org."""

_FIELD = re.compile(r"\{(category|view|date)(?::([^{}]*))?\}")
_DATE_DIRECTIVES = re.compile(r"(?:%[YymdjGVu]|[^%\x00-\x1f])+")
_DIRECTIVE = re.compile(r"%([A-Za-z])")
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "G": 4, "V": 2, "u": 1}
_SAMPLE_DATE = date(2020, 1, 2)
_TAKEN = (".jsonl", ".gz", ".db", ".lock", ".digest-tmp", "README.md", "config.toml")
_LONGEST_NAME = 200  # bytes; most disks take 255, and digest needs some for a copy beside
_ANY_DIGIT = "\0"  # no path holds it
_DIGITS = frozenset(f"0123456789{_ANY_DIGIT}")
_PART = r"\.[0-9\0]+(?=\.[^./]*$)"  # compiled at its first use: only views need it
_ODD = {
    "which Windows reserves": re.compile(
        r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\..*)?"
    ),
    'and Windows allows none of < > : " | ? * \\ in one': re.compile(r'(?s).*[<>:"|?*\\\x00-\x1f\x7f].*'),
    "and Windows drops a dot or blank at the end": re.compile(r"(?s)(?!\.\.?$).*[. ]"),
    "which is git's own": re.compile(r"(?i)(?:\.git|git~1)[ .]*"),
}
"""By "Naming Files, Paths, and Namespaces" of Windows' documentation; by verify_path() of git's read-cache.c."""


def year_index_path(category: str, year: int) -> str:
    """Return the path of the index of one category and year, relative to the folder of the digests."""
    return f"{category}/{year}/README.md"


def part_path(path: str, number: int) -> str:
    """Return the path of a part of the text at ``path``; the first part is at ``path`` itself."""
    if number == 1:
        return path
    stem, suffix = posixpath.splitext(path)
    return f"{stem}.{number}{suffix}"


def check_path(path: str, where: str, field: str, sample: str, *, by_week: bool = False) -> None:
    """Refuse a path that is not one below its folder, or that several dates would share.

    Args:
        path: what is configured.
        where: the key, named in errors.
        field: what may stand in it besides ``date``.
        sample: what ``field`` could be.
        by_week: whether a week has one file.

    Raises:
        ValueError: the path makes no sense.
    """
    rest, fields = _FIELD.sub("", path), list(_FIELD.finditer(path))
    forms = [match[2] or "%Y-%m-%d" for match in fields if match[1] == "date"]
    is_known = all(match[1] == "date" or match[0] == f"{{{field}}}" for match in fields)
    is_plain = is_known and not {"{", "}"} & set(rest) and all(map(_DATE_DIRECTIVES.fullmatch, forms))
    names = path.format(**{field: sample}, date=_SAMPLE_DATE).split("/") if is_plain else [""]
    if {"", ".", ".."} & set(names):
        words = f"expected a relative path of {{{field}}} and {{date:%Y-%m-%d}}"
        raise ValueError(f"{where}: {words}, found {quoted(path)}")
    directives = set(_DIRECTIVE.findall("".join(forms)))
    has_day = {"m", "d"} <= directives or "j" in directives
    if not ({"Y", "y"} & directives and has_day) and not {"G", "V", *(() if by_week else "u")} <= directives:
        words = "expected year, month and day in it, so that no two dates share a file"
        raise ValueError(f"{where}: {words}: {quoted(path)}")
    if names[0] == ".git" or any(name.endswith(_TAKEN) for name in names):
        raise ValueError(f"{where}: expected no name that ends with {', '.join(_TAKEN)}: other files have these names")
    if max(len(name.encode()) for name in names) > _LONGEST_NAME:
        raise ValueError(f"{where}: expected names of at most {_LONGEST_NAME} bytes, found a longer one")


def check_portable(config: Config) -> None:
    """Refuse a new name that not every system can have.

    Raises:
        ValueError: there is one.
    """
    for words, is_used in odd_names(config).items():
        if not is_used:
            raise ValueError(words)


def odd_names(config: Config) -> dict[str, bool]:
    """Return which names in the configuration not every system can have that a repository is cloned on.

    Each is said in words, with whether files by it are here already: these go on, a new one is refused.
    """
    found: dict[str, bool] = {}
    places = {"[digest] directory": config.output, "[store] records": config.records, "[store] raw": config.raw}
    for key, place in places.items():
        if place is not None and place.is_relative_to(config.folder):
            inner = place.relative_to(config.folder).parts
            found |= {words: os.path.lexists(place) for words in _oddities(key, inner)}
    for category in config.arxiv.categories:
        names = config.digest_path(category, _SAMPLE_DATE).split("/")
        found |= {words: _has_files(config, config.digest.path) for words in _oddities("[digest] path", names)}
    for view in config.views:
        where, names = f"[[view]] {view.name!r}", view.digest_path(_SAMPLE_DATE).split("/")
        odd = (*_oddities(f"{where} name", [view.name]), *_oddities(f"{where} path", names))
        found |= {words: _has_files(config, view.path.replace("{view}", view.name)) for words in odd}
    return found


def _oddities(key: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if why := next((why for why, pattern in _ODD.items() if pattern.fullmatch(name)), ""):
            yield f"{key}: expected a name that every system allows, found {name!r}, {why}"


def _has_files(config: Config, path: str) -> bool:
    """Whether there is a file at ``path``, of whatever date and category."""
    import glob  # noqa: PLC0415 - nearly no configuration needs it

    pieces = re.split(r"(\{[^{}]*\})", path)
    return any(config.output.glob("".join("*" if piece[:1] == "{" else glob.escape(piece) for piece in pieces)))


def check_shared(config: Config) -> None:
    """Refuse views that would write a file that something else writes, on whatever dates.

    Raises:
        ValueError: two files share a path.
    """
    if not config.views:  # a digest's own path is checked already
        return
    for one, other in combinations([view.name for view in config.views], 2):
        if folded(one) == folded(other):
            raise ValueError(f"[[view]] name: expected names that differ in more than case, found {[one, other]}")
    owners = [(f"the archive's {name}", _shape(name, {})) for name in ("README.md", LLMS)]
    for category in config.arxiv.categories:
        names = {"category": category}
        owners.append((f"the README.md of a year of {category}", _shape("{category}/{date:%Y}/README.md", names)))
        owners.append((f"the digests of {category}", _shape(config.digest.path, names)))
        forms = {form: _shape(config.format_form(form), names) for form in config.digest.formats}
        owners.extend((f"[digest] formats {form} of {category}", shape) for form, shape in forms.items())
    for view in config.views:
        where, names = f"[[view]] {view.name!r}", {"view": view.name}
        owners.append((f"{where} path", _shape(view.path, names)))
        owners.extend((f"{where} feeds {kind} ({path})", _shape(path, {})) for kind, path in view.feed_paths.items())
    for (one, mine), (other, theirs) in combinations(owners, 2):
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

    return folded(re.sub(_PART, "", _FIELD.sub(value, path)))


def folded(name: str) -> str:
    """Return what is equal for two names that are one on some systems."""
    return composed(name).casefold()


def composed(name: str) -> str:
    """Return a name with each letter and its accents as one character, where there is one."""
    import unicodedata  # noqa: PLC0415 - only views need it, and every command reads the configuration

    return unicodedata.normalize("NFC", name)
