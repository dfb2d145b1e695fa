"""What digest connects to: the database, git, arXiv, the channels of messages.

Nothing is upgraded or sent but what is asked for.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.clone import require_records, unkept_settings
from digest.archive.files import Standard, due_products, outdated_digests
from digest.archive.formats import further
from digest.archive.products import digest_of
from digest.archive.recorded import read_record, record_paths, record_place
from digest.archive.report import Report
from digest.config.checks import require_manners
from digest.config.paths import odd_names
from digest.disk.files import hold_lock
from digest.doctor.installation import Case, Result, judge
from digest.doctor.schedule import given_by
from digest.errors import DigestError, GitError, NotifyError, StoreError, TryLaterError, UsageError, how_many, named
from digest.fetch.documents import FEEDS, PAGES, RequestKind, listing_url, rss_url
from digest.git.examining import RepositoryState, can_push, examine_repository
from digest.git.program import OLDEST, number_of
from digest.model import Day
from digest.notify import read_addresses
from digest.notify.channels import Channels
from digest.notify.messages import Item, Message
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.store.file import SCHEMA, can_be_written, schemas
from digest.store.soundness import open_file

_TOO_OLD = timedelta(hours=26)  # a night and two hours: runs do not begin to the minute
_SLACK = timedelta(minutes=5)
_LOOKED_AT = 100  # runs; `run` is not the only command that is noted
_FAILS = GitError.exit_code
_FLUSHING = (2, 36)  # the first with core.fsync: before, a commit may be lost with the power
_NO_COMMITS = "or set [git] commit = false"
_SET_CLOCK = "set the clock, by NTP if possible"
_MOST = 120  # seconds; a clock that is further off than this is not set by NTP
_OTHERS = 0o044  # may read: the file holds a secret


def check_database(case: Case) -> Iterator[Result]:
    """Open the database as it is, if it is there, and tell what it knows of the runs before."""
    database = case.config.database
    try:
        if database is not None and not os.path.lexists(database):
            yield from _without_database(case)
        elif changes := list(_changes_by_opening(database)):
            yield from changes
        else:
            with case.session.open_archive(case.config.store_url, database, is_fixed=True) as archive:
                # All of it while the archive is open, and nothing if its reading fails half way.
                yield from list(_history(archive, case))
    except DigestError as error:
        yield Result(f"database: {error}", "fix that, or try again later if it passes by itself", error.exit_code)


def _changes_by_opening(database: Path | None) -> Iterator[Result]:
    if database is None:
        return
    try:
        with open_file(database) as connection:
            (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    except (sqlite3.Error, OSError, TypeError, UnicodeDecodeError):  # the store says better what is wrong
        return
    if str(schema) in schemas()[1:]:
        yield Result(f"database with the schema {schema}", f"the next run upgrades it to {SCHEMA}, and keeps a copy")
    # Without a write-ahead log, whoever reads keeps a run from writing (https://sqlite.org/wal.html).
    if journal != "wal" and can_be_written(database):
        advice = "the next run sets it; if this comes back, the disk cannot do it: keep it off network drives"
        yield Result(f"database with the journal mode {journal!r}, not 'wal'", advice)


def _without_database(case: Case) -> Iterator[Result]:
    """Tell by the day records alone what the next run has to begin with, and what an upgrade left as it was."""
    require_records(case.config)
    records = case.config.records
    if records is None or not records.is_dir():
        yield Result("no database yet", "`digest run` makes it")
        return
    yield Result("no database; the next run makes it from the day records, if it needs one")
    counts: Counter[str] = Counter()
    with case.session.open_archive("sqlite://", None) as archive:
        yield from _look_through(archive, record_paths(archive.records), counts)
    yield from _upgrades(counts["outdated"], counts["older"])


def _look_through(archive: Archive, paths: Iterable[str], counts: Counter[str]) -> Iterator[Result]:
    """Count which records an upgrade left as they were read, or with digests as they were; tell what is damaged."""
    for path in paths:
        try:
            day, _ = read_record(archive.records, path)
            counts["outdated"] += _is_outdated(archive, day)
        except StoreError as error:
            yield Result(f"day record: {error}", "`digest verify` says more", error.exit_code)
        else:
            counts["older"] += day.parser_version < PARSER_VERSION or day.link_rules < LINK_RULES


def _is_outdated(archive: Archive, day: Day) -> bool:
    """Whether a digest that is there has other bytes than today's template would give it."""
    made = digest_of(archive, day.summary(""), lambda *_: day).make()
    return any(archive.output.read(path) not in (None, data) for path, data in made.items())


def _upgrades(outdated: int, older: int) -> Iterator[Result]:
    """Tell how many days each command would touch that takes an upgrade to stored days."""
    if outdated:
        files = how_many(outdated, "file was", "files were")
        advice = "`digest regenerate --outdated` writes what differs again"
        yield Result(f"{files} made by an older template, by older rules or other settings", advice)
    if older:
        how = "`digest replay --all` shows what today's would change, and with --write stores it"
        yield Result(f"{older} days were read by older rules; {how}")


def _history(archive: Archive, case: Case) -> Iterator[Result]:
    days, unloaded, now = archive.snapshot.summaries, archive.snapshot.unloaded, case.session.now
    newest = f", the newest {max(day.date for day in days)}" if days else ""
    partial = f"; the entries of {len(unloaded)} of them are in the day records alone" if unloaded else ""
    yield Result(f"database with {len(days)} days{newest}{partial}")
    counts: Counter[str] = Counter()
    keys = {(day.category, day.date) for day in unloaded}
    yield from _look_through(archive, (path for path, key in archive.snapshot.records.items() if key in keys), counts)
    others, _ = due_products(archive, further(archive, Report()), Standard.CURRENT)
    outdated = len(outdated_digests(archive)) + len(others) + counts["outdated"]
    yield from _upgrades(outdated, archive.store.count_read_before(PARSER_VERSION, LINK_RULES))
    runs = archive.store.runs(_LOOKED_AT)
    # What was done cannot be later than now, unless the clock went back. Runs bear the time that is decided by, which
    # --now can set, pages the machine's own.
    known = [(run.started_at, now) for run in runs]
    machine = datetime.fromtimestamp(case.session.machine.time(), UTC)
    known += [(page.fetched_at, machine) for page in archive.store.raw_pages()[-1:]]
    for done, clock in sorted(known, key=lambda pair: pair[0] - pair[1])[-1:]:
        if done > clock + _SLACK:
            so_late = f"something was already done here at {done:%Y-%m-%d %H:%M}"
            yield Result(f"the clock shows {clock:%Y-%m-%d %H:%M}, but {so_late}", _SET_CLOCK)
    last = next((run for run in runs if run.command == "run"), None)
    if last is None:
        yield Result("no nightly run yet", "`digest run`")
        return
    how = "was cut short" if last.exit_code is None else f"ended with {last.exit_code}"
    advice = ""
    if now - last.started_at > _TOO_OLD:
        advice = "that is over a day ago: check the schedule and this machine's clock"
    elif last.exit_code not in (None, 0, TryLaterError.exit_code):
        advice = "`digest status` shows what is open, `digest run -v` what happens"
    yield Result(f"the last nightly run, {last.started_at:%Y-%m-%d %H:%M} UTC, {how}", advice)


def check_repository(case: Case) -> Iterator[Result]:
    """Look at the repository of the digests, if runs commit: at whatever would keep them from it."""
    config, git = case.config, case.config.git
    if not git.commit:
        yield Result("nothing is committed ([git] commit = false)")
        return
    category, day = config.arxiv.categories[0], case.session.now.date()
    written = [config.output / config.digest_path(category, day)]
    written += [record_place(config.records, category, day)] if config.records else []
    try:
        state = examine_repository(config.output, git, paths=written)
    except GitError as error:
        yield Result(f"git: {error}", f"fix that, {_NO_COMMITS}", _FAILS)
        return
    if state.version is None:
        yield Result("git is not installed", f"install it, {_NO_COMMITS}", _FAILS)
        return
    number, needed = number_of(state.version) or _FLUSHING, f"{OLDEST[0]}.{OLDEST[1]} or newer is needed, {_NO_COMMITS}"
    flushing = "it does not flush commits to the disk; from 2.36 on, a power cut loses none"
    advice, code = (needed, _FAILS) if number < OLDEST else (flushing, 0)
    yield judge(f"git {state.version}", advice, code, is_well=number >= _FLUSHING)
    if state.root is None:
        yield Result(f"{config.output} is in no git repository", f"`git init` there, {_NO_COMMITS}", _FAILS)
        return
    yield Result(f"the repository in {state.root}")
    yield from _commits(case, state)
    if git.push:
        yield from _pushes(case, state)


def _commits(case: Case, state: RepositoryState) -> Iterator[Result]:
    """Find what keeps a run from a commit, or makes it one that nobody wants."""
    git = case.config.git
    words = f"the branch {state.branch} is checked out" if state.branch else "no branch is checked out"
    is_right = state.branch is not None and git.branch in ("", state.branch)
    yield judge(words, f"`git switch {git.branch or 'BRANCH'}`", _FAILS, is_well=is_right)
    if state.is_busy:
        yield Result(f"{state.is_busy} is in progress", "end it, or abort it: nothing is committed until then", _FAILS)
    foreign = [path for path in state.foreign_staged if not _is_likely_ours(case, state, path)]
    if foreign:
        advice = "commit it, or `git restore --staged` it: while it is staged, no run commits"
        yield Result(f"staged: {named(foreign)}", advice, _FAILS)
    elif state.foreign_staged:
        yield Result(f"staged: {named(state.foreign_staged)}", "a run was cut short; the next one commits it")
    for path in state.unkept:
        advice = "check .gitignore and the folders in the configuration: such files are never committed"
        words = f"git ignores {path}, or its folder is in another repository or none"
        yield Result(words, advice, _FAILS if git.durable else 0)
    for words, way_out in unkept_settings(case.config, case.path):
        yield Result(words, way_out)
    for words, is_used in odd_names(case.config).items():
        if is_used:
            yield Result(words, "its files are still written; rename it if others clone the repository")
    advice = "`git config user.name` and `user.email`, or [git] author"
    yield judge(f"commits are by {state.identity}", advice, is_well=not state.is_identity_made_up)


def _is_likely_ours(case: Case, state: RepositoryState, path: str) -> bool:
    """Whether a path is in a folder that digest alone writes; the next run looks at each file itself."""
    config, file = case.config, (state.root or Path()) / path
    names = [*config.arxiv.categories, *(view.path.partition("/")[0] for view in config.views)]
    folders = [*(config.output / name for name in names), *filter(None, [config.records])]
    is_below = any(file.is_relative_to(folder.resolve()) for folder in folders)
    return is_below or file == config.output.resolve() / "README.md"


def _pushes(case: Case, state: RepositoryState) -> Iterator[Result]:
    """Find what keeps a run from pushing."""
    remote = case.config.git.remote
    if not state.remote_urls:
        yield Result(f"no remote {remote}", f"`git remote add {remote} ADDRESS`, or [git] push = false", _FAILS)
        return
    yield Result(f"pushes to {remote}, {', '.join(state.remote_urls)}")
    if state.has_secret_in_url:
        advice = "remove it (`git remote set-url`), and use a credential helper or SSH"
        yield Result(f"the address of {remote} holds a name or password", advice, _FAILS)
    elif state.credential_helper:
        yield Result(f"credentials from {state.credential_helper}")
    elif any(url.startswith("http") for url in state.remote_urls):
        advice = "set `git config credential.helper`, or use SSH, if the remote asks for a password"
        yield Result("no credential helper", advice)
    if state.unpushed:
        commits = how_many(state.unpushed, "commit is", "commits are")
        yield Result(f"{commits} not pushed yet", "the next run pushes them, or says why it cannot")


def check_push(case: Case) -> Iterator[Result]:
    """Ask the git remote whether it would take a push."""
    git = case.config.git
    if git.push:
        reason = can_push(case.config.output, git)
        words = f"no push: {reason}" if reason else f"{git.remote} accepts pushes"
        yield judge(words, "fix that: commits stay here until then", _FAILS, is_well=reason is None)


def check_arxiv(case: Case) -> Iterator[Result]:
    """Ask arXiv for one page and one feed, as gently as a run does; neither is kept."""
    arxiv, database = case.config.arxiv, case.config.database
    is_new = database is not None and not database.exists()
    if list(_changes_by_opening(database)):
        yield Result("arXiv was not asked", "fix the database first: it knows when arXiv was last asked")
        return
    # Where there is no database, nobody remembers when arXiv was asked last: then only the two are spaced.
    place = ("sqlite://", None) if is_new else (case.config.store_url, database)
    try:
        require_manners(arxiv)
        held = hold_lock(case.config.lock) if case.config.lock.exists() else nullcontext()
        with held, case.session.open_archive(*place) as archive:
            page = list(_answer(archive, listing_url(arxiv.pages_url, arxiv.categories[0]), PAGES))
            yield from [*page, *_answer(archive, rss_url(arxiv.feeds_url, arxiv.categories[0]), FEEDS)]
    except DigestError as error:
        what = "correct the configuration" if isinstance(error, UsageError) else "try again later"
        yield Result(f"arXiv was not asked: {error}", what, error.exit_code)


def _answer(archive: Archive, url: str, kind: RequestKind) -> Iterator[Result]:
    archive.client.attempts = 1
    try:
        page = archive.client.get(url, kind=kind)
    except DigestError as error:
        yield Result(f"arXiv: {error}", "try it in a browser; a run tries again by itself", error.exit_code)
        return
    yield Result(f"arXiv answers: {page.url}, status {page.status}, {len(page.body)} bytes")
    # This machine's clock beside arXiv's, by the Date of its answer (RFC 9110, 6.6.1): once is enough.
    with suppress(ValueError, TypeError):  # no date, or one without a zone
        ahead = (page.fetched_at - parsedate_to_datetime(dict(page.headers).get("date", ""))).total_seconds()
        if kind is PAGES:
            words = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} arXiv's"
            yield judge(words, _SET_CLOCK, is_well=abs(ahead) <= _MOST)


def check_channels(case: Case) -> Iterator[Result]:
    """Look for the address of each channel and of the health check, never for what it is; and for what sends."""
    urls, health = case.config.notify.urls, case.config.notify.health
    if not urls:
        yield Result("no channel for messages ([notify] urls is empty)")
    elif find_spec("apprise") is None:
        yield Result("no message can be sent", "pip install 'arxiv-listing-digest[notify]'", NotifyError.exit_code)
    places = [("messages", place) for place in urls] + ([("health check", health)] if health else [])
    for what, place in places:
        kind, _, name = place.partition(":")
        try:
            found = len(read_addresses(place, case.session.environment, case.config.folder))
        except NotifyError as error:
            if kind == "env" and (by := given_by(case, name)):
                yield Result(f"{what}: {place} is not set here, but it is for the runs of {by}")
            else:
                advice = "set this variable where digest runs" if kind == "env" else "write the address into this file"
                yield Result(f"{what}: {error}", advice, error.exit_code)
            continue
        yield Result(f"{what}: {place} has {how_many(found, 'address', 'addresses')}")
        file = case.config.folder / name
        if kind == "file" and file.stat().st_mode & _OTHERS:
            yield Result(f"{what}: others can read {file}", f"chmod 600 {file}")


def check_delivery(case: Case) -> Iterator[Result]:
    """Send each channel a message, and tell what became of it."""
    addresses = []
    for place in case.config.notify.urls:
        with suppress(NotifyError):  # ``check_channels`` has said so
            addresses += read_addresses(place, case.session.environment, case.config.folder)
    if not addresses:
        advice = "see above" if case.config.notify.urls else "name the address of a channel in [notify] urls"
        yield Result("no test message was sent", advice)
        return
    name, categories = case.path.parent.name, ", ".join(case.config.arxiv.categories)
    words = f"This is a test, sent by `digest doctor --notify` for the archive {name} of {categories}. All is well."
    for channel, fate in Channels(addresses).deliver(Message("A test of digest", ((Item(words),),))).items():
        text = fate.failure or f"{channel} accepted a test message; check that it arrived"
        yield judge(text, "check its address, and the service", NotifyError.exit_code, is_well=not fate.failure)
