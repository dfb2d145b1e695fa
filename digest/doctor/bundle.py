"""What a bug report needs, in one file: refused pages, versions, the last runs, the settings. No secret is in it."""

import os
import platform
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import islice
from pathlib import Path

from digest.archive.kept_pages import KeptListing, kept_listings, proven_day
from digest.config import load_with_origins
from digest.config.secrets import HIDDEN, without
from digest.config.settings import Config
from digest.disk.files import Folder, new_file
from digest.disk.raw import read_raw
from digest.doctor.installation import Case, Session, check_machine, effective
from digest.errors import ConfigError, DigestError, GitError, PageRefusedError, UsageError
from digest.git.program import Program
from digest.notify import secrets_of
from digest.parse.listing import parse_page
from digest.store.whole import Store

_PACKAGE = "arxiv-listing-digest"
_MOST_PAGES = 3  # the newest that were refused
_LOOKED_AT = 100  # kept pages, where no database says which were refused
_RUNS = 20
_MAIL = r"[\w.%+-]+@[\w.-]+"
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say
_TELLING = re.compile(
    r"age|cache-control|connection|content-(?:encoding|language|length|type)|date|etag|expires|last-modified"
    r"|retry-after|server|transfer-encoding|vary|via|x-cache|x-served-by",
    re.IGNORECASE,
)
"""Headers whose values are shown; those of others, cookies above all, may be about the person who asked."""


@dataclass(frozen=True)
class _Refused:
    """A page that proves no day: why and what is known of how it came, in lines; its bytes."""

    lines: list[str]
    body: bytes


def pack(session: Session, target: Path) -> list[str]:
    """Pack what a bug report needs into a new zip file at ``target``; return what is in it, a line each.

    Nothing tells the time or the place: the same archive gives the same bytes.

    Raises:
        ConfigError: there is no configuration; what is wrong with one stands in the file.
        UsageError: there is something at ``target``.
        StoreError: it cannot be written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} exists already; name a file that does not")
    path, broken = session.config_path.absolute(), ""
    try:
        config, origins = load_with_origins(path, session.environment)
    except ConfigError as error:  # the archive is then looked for where it would be by default
        config, origins, broken = Config(path.parent), {}, str(error)
    contact, author = config.arxiv.contact, config.git.author
    about_person = f"{contact}\n{author}"
    if broken:
        with suppress(OSError):  # what cannot be read is not in the message either
            about_person += path.read_text(encoding="utf-8", errors="replace")
    secrets = secrets_of(config, session.environment)
    hidden = frozenset({*secrets, contact, author, *re.findall(_MAIL, about_person)})
    arxiv, git = replace(config.arxiv, contact=contact and HIDDEN), replace(config.git, author=author and HIDDEN)
    files = _contents(Case(replace(config, arxiv=arxiv, git=git), origins, path, session), broken, hidden)
    with new_file(target) as made, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _NO_TIME)
            # Of Python's own choice would be 0600, which another user's unzip keeps.
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            bundle.writestr(entry, data)
    absent = [] if "refused/1.html" in files else [f"no refused page was found in {config.raw}"]
    return [*(f"{name} ({len(data)} bytes)" for name, data in sorted(files.items())), *absent]


def _contents(case: Case, broken: str, hidden: frozenset[str]) -> dict[str, bytes]:
    """Return the files of a bundle by name, without the ``hidden`` values and the person's home folder."""
    files = {}
    runs, pages = _known(case)
    settings = [broken] if broken else list(effective(case))
    texts = {"versions.txt": list(_versions(case)), "configuration.toml": settings, "runs.txt": runs}
    for number, page in enumerate(pages, 1):
        texts[f"refused/{number}.txt"] = page.lines
        # A server may repeat what it was told; a page that does not stays as it came.
        body = page.body.decode("utf-8", "surrogateescape")
        is_told = any(value in body for value in hidden if value)
        data = without(body, hidden).encode("utf-8", "surrogateescape") if is_told else page.body
        files[f"refused/{number}.html"] = data
    home = case.session.environment.get("HOME", "").rstrip("/")
    # The longest first: the one may begin with the other. Without a home, realpath would be the folder we are in.
    homes = sorted({home, os.path.realpath(home)} - {"/"}, key=len, reverse=True) if home else []
    for name, lines in texts.items():
        text = without("".join(f"{line}\n" for line in lines), hidden)
        for place in homes:
            text = text.replace(place, "~")
        files[name] = text.encode("utf-8", "backslashreplace")
    return files


def _versions(case: Case) -> Iterator[str]:
    yield from (result.text for result in check_machine(case))
    yield f"system {platform.system()} {platform.release()} {platform.machine()}"
    try:
        yield f"git {Program(Path('/')).version()}"
    except GitError as error:
        yield f"git: {error}"
    with suppress(metadata.PackageNotFoundError):  # digest itself may run where it is not installed
        wanted = metadata.requires(_PACKAGE) or []  # those of the extras, too
        for name in sorted({re.split(r"[^A-Za-z0-9._-]", text)[0].lower() for text in wanted} - {_PACKAGE}):
            with suppress(metadata.PackageNotFoundError):
                yield f"{name} {metadata.version(name)}"


def _known(case: Case) -> tuple[list[str], list[_Refused]]:
    """Return the last runs, and the newest refused pages; without a database, those that the parser refuses."""
    raw = Folder(case.config.raw)
    try:
        with closing(Store(case.config.store_url, case.config.database, is_fixed=True)) as store:
            runs = [
                f"{run.started_at:%Y-%m-%d %H:%M} UTC {run.command}: "
                f"exit {'none, it was cut short' if run.exit_code is None else run.exit_code}, {run.requests} requests"
                for run in store.runs(_RUNS)
            ]
            return runs, list(islice(_refused_pages(store, raw), _MOST_PAGES))
    except DigestError as error:
        return [f"database: {error}"], list(islice(_unknown_pages(raw), _MOST_PAGES))


def _refused_pages(store: Store, raw: Folder) -> Iterator[_Refused]:
    named = {sha256 for pages in store.page_hashes().values() for sha256 in pages}
    looks = [kept for kept in kept_listings(store.raw_pages()) if not named & {row.sha256 for row in kept.rows}]
    for kept in sorted(looks, key=lambda kept: kept.rows[-1].fetched_at, reverse=True):
        why = _why_refused(raw, kept)
        for row in kept.rows if why else ():
            facts = [why, "", row.url, f"status {row.status}, fetched {row.fetched_at:%Y-%m-%d %H:%M} UTC", ""]
            headers = [
                f"{name}: {value if _TELLING.fullmatch(name) else HIDDEN}" for name, value in store.headers(row.sha256)
            ]
            yield _Refused([*facts, *headers], read_raw(raw, row.sha256))


def _why_refused(raw: Folder, kept: KeptListing) -> str:
    """Return why kept pages prove no day; "" if they do, or are not there, or are whole and without entries."""
    try:
        proven_day(raw, kept)
    except PageRefusedError as error:
        with suppress(DigestError):
            # One page that says "no updates" proves nothing alone, and nothing is wrong with it.
            if not any(parse_page(read_raw(raw, row.sha256)).entries for row in kept.rows):
                return ""
        return str(error)
    except DigestError:  # a page that is lost cannot be packed
        return ""
    return ""


def _unknown_pages(raw: Folder) -> Iterator[_Refused]:
    """Yield those of the newest kept pages that the parser refuses."""
    newest = sorted(raw.paths(".html.gz"), key=lambda path: (raw.root / path).stat().st_mtime_ns)[-_LOOKED_AT:]
    for path in reversed(newest):
        body = b""
        try:
            body = read_raw(raw, path)
            parse_page(body)
        except DigestError as error:
            if body:  # a page that is damaged cannot be packed
                yield _Refused([str(error), "", "its address is not known: there is no database"], body)
