"""What travels with the package: the table of deferrals, the renamed categories, the templates."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from digest import package_file
from digest.errors import ConfigError, TemplateError, quoted

if TYPE_CHECKING:
    from digest.calendar import Calendar

_DIGESTS = ("classic", "full")
"""The templates of digests that travel with the package."""


def read_calendar(extra: Iterable[date] = ()) -> Calendar:
    """Return arXiv's calendar: the package's table of deferrals, and the dates that a user adds."""
    from digest.calendar import Calendar, parse_deferrals  # noqa: PLC0415 - with the zones; `show` asks for none

    return Calendar(parse_deferrals(package_file("deferrals.txt").read_text(encoding="ascii")) | frozenset(extra))


@cache
def renamed_categories() -> Mapping[str, str]:
    """Return the categories that arXiv lists under another name, each with that name."""
    lines = package_file("renamed_categories.txt").read_text(encoding="ascii").splitlines()
    return dict(line.split(" ") for line in lines if not line.startswith("#"))


@cache
def listed_categories() -> tuple[str, ...]:
    """Return the categories that arXiv lists under their own names, in the order of the alphabet."""
    lines = package_file("categories.txt").read_text(encoding="ascii").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


def expanded(names: Iterable[str], known: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return ``names`` with the categories that match in the place of each pattern, such as ``cs.*``, none twice.

    They are those of ``known``; by default of all that arXiv lists. A pattern that matches none stays.
    """
    found: list[str] = []
    for name in names:
        its = fnmatch.filter(listed_categories() if known is None else known, name) if "*" in name else []
        found += [one for one in its if one not in found] or [name]
    return tuple(found)


def names_of(categories: Iterable[str]) -> frozenset[str]:
    """Return the names that papers in ``categories`` may bear: those of today, and older ones."""
    kept = frozenset(categories)
    return kept | {old for old, name in renamed_categories().items() if name in kept}


def read_template(name: str, relative_to: Path, key: str = "[digest] template") -> str:
    """Return the text of a built-in template, or of a user's own, which has a path that ends with ``.j2``.

    ``key`` is where the name is configured, for errors.

    Raises:
        ConfigError: there is no such built-in template.
        TemplateError: the user's file cannot be read.
    """
    if name in _DIGESTS:
        return built_in_template(name)
    if not name.endswith(".j2"):
        raise ConfigError(f"{key}: expected {' or '.join(_DIGESTS)}, or a path FILE.md.j2, found {quoted(name)}")
    try:
        return (relative_to / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{relative_to / name}: {getattr(error, 'strerror', None) or error}") from error


def built_in_template(name: str) -> str:
    """Return the text of a template of the package, such as ``index``."""
    return (package_file("templates") / f"{name}.md.j2").read_text(encoding="utf-8")


def mail_template(name: str) -> str:
    """Return the text of the package's template of mails."""
    return (package_file("templates") / name).read_text(encoding="utf-8")


def site_templates(folder: str, relative_to: Path) -> dict[str, str]:
    """Return the files of the package's templates/site/ by name, and over them those of the user's ``folder``, if any.

    Raises:
        TemplateError: the user's folder cannot be read, or has a file that no page uses.
    """
    found = {path.name: path.read_text(encoding="utf-8") for path in (package_file("templates") / "site").iterdir()}
    if not folder:
        return found
    own, texts = relative_to / folder, {}
    place = own
    try:
        for place in sorted(own.iterdir()):
            if place.name[0] != ".":
                if not place.is_file():  # a pipe would be waited for
                    raise TemplateError(f"[site] templates: {place}: expected a file")
                texts[place.name] = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"[site] templates: {place}: {getattr(error, 'strerror', None) or error}") from error
    if unknown := sorted(texts.keys() - found):
        raise TemplateError(f"{own / unknown[0]}: no page uses it; expected some of {', '.join(sorted(found))}")
    return found | texts
