"""The settings: what is wrong with them, and which are in effect, from where."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from digest.calendar import expected_at
from digest.config import unknown_variables
from digest.config.resources import built_in_template, read_calendar, read_template
from digest.config.secrets import HIDDEN, masked
from digest.config.settings import Config
from digest.doctor.case import Case, Finding
from digest.errors import DigestError
from digest.render.digest import DigestTemplate


def check_variables(case: Case) -> Iterator[Finding]:
    """Find misspelt variables: they look like settings, and set nothing."""
    places = (*case.config.notify.urls, case.config.notify.health)
    for name, near in unknown_variables(case.environment).items():
        if f"env:{name}" not in places:
            advice = f"did you mean {near}?" if near else "DIGEST_SECTION_KEY is what a variable's name looks like"
            yield Finding(f"the environment's {name} sets nothing", advice)


def check_contact(case: Case) -> Iterator[Finding]:
    """See whether arXiv can write before it blocks."""
    contact = case.config.arxiv.contact
    if contact:
        yield Finding(f"arXiv can write to {contact}")
    else:
        yield Finding("no contact", "set [arxiv] contact, so that arXiv can write before it blocks you")


def check_templates(case: Case) -> Iterator[Finding]:
    """Read and compile the template of digests, and those of views."""
    yield _template(case.config, case.config.digest.template, "[digest] template", "classic")
    for view in case.config.views:
        yield _template(case.config, view.template, f"[[view]] {view.name!r} template", "full")


def _template(config: Config, name: str, key: str, built_in: str) -> Finding:
    try:
        DigestTemplate(read_template(name, config.folder, key), name, config.sections)
        built_in_template("index")
    except DigestError as error:
        return Finding(
            f"{key}: {str(error).removeprefix(f'{key}: ')}", f'mend it, or take "{built_in}"', error.exit_code
        )
    return Finding(f"{key} {name}")


def check_calendar(case: Case) -> Iterator[Finding]:
    """Tell which listing is the newest, and whether the clock and arXiv's table of deferrals fit together."""
    calendar = read_calendar(case.config.calendar.dates)
    newest = calendar.newest_expected(case.now)
    yield Finding(f"the newest listing expected is {newest}, out since {expected_at(newest).isoformat()}")
    if calendar.is_guess(newest):
        yield Finding(
            f"the calendar is guessing: arXiv's deferrals are known from {calendar.first_year} to {calendar.last_year}",
            f"if the year {case.now.year} is right, upgrade digest, or add later ones to [calendar] deferred",
        )


def effective(case: Case) -> Iterator[str]:
    """Yield the configuration in effect as TOML, with where each value is from, and without secrets."""
    yield f"# In effect: {case.path}, the environment over it; relative paths start from {case.config.folder}"
    for section, values in asdict(case.config).items():
        if isinstance(values, dict):
            yield from _table(case, f"[{section}]", section, values)
    for number, view in enumerate(case.config.views, 1):
        yield from _table(case, "[[view]]", f"view {number}", asdict(view))


def _table(case: Case, heading: str, section: str, values: dict[str, object]) -> Iterator[str]:
    yield heading
    for key, value in values.items():
        shown = _without_password(value) if (section, key) == ("store", "url") else value
        yield f"{key} = {_toml(shown)}  # {case.origins.get((section, key), 'default')}"


def _without_password(address: object) -> object:
    # Not only before the host: a server's address may have a password among its options, after "?".
    place, mark, _options = str(address).partition("?")
    return address if place.startswith("sqlite:") else masked(place) + (mark and f"?{HIDDEN}")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return "".join(map(_printable, json.dumps(masked(value), ensure_ascii=False)))
    return repr(value)


def _printable(character: str) -> str:
    return character if character.isprintable() else f"\\U{ord(character):08X}"
