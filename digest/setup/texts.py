"""The files of a new archive, as they are made, and what stands in them for this machine: commands, a source."""

import json
import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from digest import __version__, package_file
from digest.config.paths import SCHEDULES
from digest.config.settings import Config
from digest.errors import UsageError
from digest.git.remote import has_secret

CONFIG = "config.toml"
PAGES = "_config.yml"
_FILES = Path(__file__).with_name("files")

PROJECT = "arxiv-listing-digest"
# The names by which projects call the place of their source ("Well-known Project URLs" of the packaging guide).
_LABELS = ("source", "repository", "sourcecode", "github", "homepage")
# What --from may say: a form that neither YAML nor a shell can misread.
_DISTRIBUTION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAME = rf"{_DISTRIBUTION}(?:\[[A-Za-z0-9._, -]*\])?"
_VERSION = r"(?:===?|~=|!=|<=?|>=?) ?v?[0-9][A-Za-z0-9.*+!_-]*"
_REQUIREMENT = rf"{_NAME}(?: ?{_VERSION}(?: ?, ?{_VERSION})*)?"
_ADDRESS = rf"(?:{_NAME} ?@ ?)?(?:[A-Za-z][A-Za-z0-9+.-]*://|\.{{0,2}}/)[A-Za-z0-9._~/:@=%+,#\[\]-]+"
_SOURCE = re.compile(f"{_REQUIREMENT}|{_ADDRESS}")
_BY_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@"')
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def texts(program: Sequence[str], config: Config) -> dict[str, str]:
    """Return the text of each file, by its path, for an archive with the settings ``config``.

    ``program`` is the command that runs digest, with an absolute path.
    """
    folder = config.folder.absolute()
    if ".." in folder.parts:  # of what is typed, no more is changed: a link may be how the user names the place
        folder = folder.resolve()
    run = ("--config", str(folder / CONFIG), "run")
    categories = config.arxiv.categories
    *others, last = categories
    listed = f"{', '.join(others)} and {last}" if others else last
    folders = ", ".join(f"`{category}/`" for category in categories)
    crontab, service, timer = SCHEDULES
    return {
        CONFIG: _config(config),
        ".gitignore": file_text("gitignore"),
        ".gitattributes": file_text("gitattributes"),
        PAGES: file_text("pages"),
        "README.md": file_text("readme", CATEGORIES=listed, FOLDERS=folders),
        crontab: file_text("crontab", COMMAND=cron_command((*program, "-q", *run))),
        service: file_text("service", COMMAND=systemd_command((*program, *run))),
        timer: file_text("timer"),
    }


def workflow(inner: str, source: str) -> str:
    """Return GitHub's workflow for an archive in the folder ``inner`` of its repository; "" is the top.

    ``source`` is what pip should install, without any sign that YAML or a shell would heed in double quotes.
    """
    return file_text("workflow", FOLDER=json.dumps(inner or ".", ensure_ascii=False), SOURCE=source)


def file_text(name: str, **values: str) -> str:
    """Return the text of a file that digest makes, with ``values`` in their places."""
    # Marked by @: braces, dollars and percents have a meaning of their own in workflows, crontabs and units.
    text = (_FILES / f"{name}.txt").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda place: values[place[1]], text)


def _config(config: Config) -> str:
    """Return the example with its lines for this archive."""
    text = package_file("config.example.toml").read_text(encoding="utf-8")
    lines = {
        'categories = ["cs.CV"]': f"categories = {json.dumps(list(config.arxiv.categories))}",
        'contact = ""': f"contact = {json.dumps(config.arxiv.contact)}",
        'records = ""': 'records = "data"',
        "commit = false": f"commit = {str(config.git.commit).lower()}",
    }
    for line, wish in lines.items():  # whole lines: the comments around them name these keys, too
        text = text.replace(f"\n{line}\n", f"\n{wish}\n")
    return text


def cron_command(words: Sequence[str]) -> str:
    r"""Return a command for a crontab, which a shell gets after cron has made \% a % (crontab(5)).

    Some crons make \\ a backslash, too, and others do not: no backslash of a word stands before either here.
    """
    # Inside the single quotes of shlex, '' ends one quoted part and begins the next.
    return " ".join(shlex.quote(word).replace("\\", "\\''").replace("%", r"\%") for word in words)


def systemd_command(words: Sequence[str]) -> str:
    """Return a command for ExecStart= after a colon, by which no $ in it is replaced (systemd.service(5))."""
    # Of the program's own name, systemd takes no quotes and no backslash, however they are quoted.
    through_shell = _BY_SHELL if set(words[0]) & set("\"'\\") else ()
    return " ".join(map(_systemd_word, (*through_shell, *words)))


def _systemd_word(word: str) -> str:
    word = word.replace("%", "%%")
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def requirement(wanted: str) -> str:
    """Return what pip should install: ``wanted``, or this version from the project's own address.

    Raises:
        UsageError: it is nothing that can be written down safely; or nothing is wanted, and no address known.
    """
    if not wanted:
        return _own_source()
    if has_secret(wanted):
        raise UsageError("--from: expected an address without a name or password: everybody can read the workflow")
    if not _SOURCE.fullmatch(wanted):
        expected = f"a requirement or address for pip, such as '{PROJECT}==1.2' or git+https://HOST/PATH@v1.2"
        raise UsageError(f"--from: expected {expected}, without quotes and signs of the shell, found {wanted!r}")
    return wanted


def with_extras(source: str, config: Config) -> str:
    """Return what pip should install, with the extra that views need which rank."""
    if not any(view.rank for view in config.views):
        return source
    named = re.match(rf"({_DISTRIBUTION})(?:\[([^\]]*)\])?(?=\s*(?:@|[=~!<>]|$))", source)
    if named is None:  # an address, or a place on the disk
        return f"{source}[rank]" if source[0] in "./" else f"{PROJECT}[rank] @ {source}"
    extras = dict.fromkeys([*filter(None, map(str.strip, (named[2] or "").split(","))), "rank"])
    return f"{named[1]}[{','.join(extras)}]{source[named.end() :]}"


def _own_source() -> str:
    entries: list[str] = []
    with suppress(PackageNotFoundError):
        entries = metadata(PROJECT).get_all("Project-URL") or []
    pairs = (entry.partition(",")[::2] for entry in entries)
    known = {re.sub(r"[\W_]", "", label).lower(): address.strip().rstrip("/") for label, address in pairs}
    for own in (f"git+{known[label]}@v{__version__}" for label in _LABELS if label in known):
        if own.startswith("git+https://") and _SOURCE.fullmatch(own) and not has_secret(own):
            return own
    way_out = f"name what pip should install there with --from, such as git+https://HOST/PATH@v{__version__}"
    raise UsageError(f"this installation does not know where digest is published: {way_out}")
