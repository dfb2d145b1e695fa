"""What digest connects to: the database, git, arXiv, the channels of messages.

Nothing is upgraded or sent but what is asked for.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.clone import require_records, unkept_settings
from digest.archive.days import read_record, record_paths
from digest.archive.files import outdated_products
from digest.archive.products import digest_of
from digest.config.checks import require_manners
from digest.config.paths import odd_names
from digest.disk.files import hold_lock
from digest.doctor.installation import Case, Result
from digest.doctor.schedule import given_by
from digest.errors import (
    BudgetSpentError,
    ConfigError,
    DamageError,
    DigestError,
    GitError,
    NotifyError,
    StoreError,
    TryLaterError,
    UsageError,
    how_many,
    quoted,
)
from digest.fetch.documents import FEEDS, PAGES, Kind, listing_url, rss_url
from digest.git.examining import RepositoryState, can_push, examine_repository
from digest.git.program import OLDEST
from digest.git.repository import named
from digest.model import Day, RawPage, RunSummary
from digest.notify import read_addresses
from digest.notify.channels import Channels
from digest.notify.messages import Entry, Message
from digest.parse import PARSER_VERSION
from digest.parse.links import LINK_RULES
from digest.records.day import record_path
from digest.store.engine import can_be_written, schemas
from digest.store.soundness import open_file
from digest.store.tables import SCHEMA

_TOO_OLD = timedelta(hours=26)  # a night and two hours: runs do not begin to the minute
_SLACK = timedelta(minutes=5)
_LOOKED_AT = 100  # runs; `run` is not the only command that is noted
_FAILS = GitError.exit_code
_FLUSHING = (2, 36)  # the first with core.fsync: before, a commit may be lost with the power
_NO_COMMITS = "or set [git] commit = false"
_MOST = timedelta(minutes=2)  # a clock that is further off than this is not set by NTP
_BUDGET_WORDS = ": not asked for, because no request is left for this part of the job"
_OTHERS = 0o044  # may read: the file holds a secret


def check_database(case: Case) -> Iterator[Result]:
    """Open the database as it is, if it is there, and tell what it knows of the runs before."""
    database = case.config.database
    if database is not None and not os.path.lexists(database):
        yield from _without_database(case)
        return
    changes = list(_changes_by_opening(database)) if database is not None else []
    yield from changes
    if changes:
        return
    try:
        place = case.config.store_url, database
        with case.session.open_archive(*place, is_fixed=case.session.is_fixed) as archive:
            # All of it while the archive is open, and nothing if its reading fails half way.
            yield from list(_history(archive, case))
    except StoreError as error:
        yield Result(f"database: {error}", "fix the disk, or the database as `digest verify` says", error.exit_code)
    except UsageError as error:
        yield Result("database not opened", "fix the template first", error.exit_code)
    except DigestError as error:
        yield Result(f"database: {error}", "try again later", error.exit_code)


def is_ready(case: Case) -> bool:
    """Whether there is a database that can be opened without making or changing anything."""
    database = case.config.database
    return database is None or (database.exists() and not list(_changes_by_opening(database)))


def _changes_by_opening(database: Path) -> Iterator[Result]:
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
        yield Result(
            f"database with the journal mode {quoted(journal)}, not 'wal'",
            "the next run sets it; if this comes back, the disk cannot do it: keep it off network drives",
        )


def _without_database(case: Case) -> Iterator[Result]:
    try:
        require_records(case.config)
    except DamageError as error:
        yield Result(str(error), exit_code=error.exit_code)
        return
    records = case.config.records
    if records is None or not records.is_dir():
        yield Result("no database yet", "`digest run` makes it")
        return
    yield Result("no database; the next run makes it from the day records, if it needs one")
    with (
        suppress(UsageError),
        case.session.open_archive("sqlite://", None) as archive,
    ):  # of a template: "Settings" has said so
        yield from list(_upgrades_of_records(archive))


def _given(day: Day, *_: object) -> Day:
    return day


def _upgrades_of_records(archive: Archive) -> Iterator[Result]:
    """Tell by the day records alone what an upgrade left as it was."""
    outdated = older = 0
    for path in record_paths(archive):
        try:
            day, _ = read_record(archive, path)
            product = digest_of(archive, day.summary(""), partial(_given, day))
            found = {name: (archive.output.read(name), data) for name, data in product.make().items()}
        except StoreError as error:
            yield Result(f"day record: {error}", "`digest verify` says more", error.exit_code)
            continue
        except UsageError:  # of the template: "Settings" has said so
            continue
        outdated += any(here is not None and here != data for here, data in found.values())
        older += day.parser_version < PARSER_VERSION or day.link_rules < LINK_RULES
    yield from _upgrades(outdated, older)


def _upgrades(outdated: int, older: int) -> Iterator[Result]:
    """Tell how many days each command would touch that takes an upgrade to stored days."""
    if outdated:
        yield Result(f"{outdated} digests were written by an older template", "`digest regenerate --outdated`")
    if older:
        how = "`digest replay --all` shows what today's would change, and with --write stores it"
        yield Result(f"{older} days were read by older rules; {how}")


def _history(archive: Archive, case: Case) -> Iterator[Result]:
    days = archive.store.summaries()
    newest = f", the newest {max(day.date for day in days)}" if days else ""
    yield Result(f"database with {len(days)} days{newest}")
    yield from _upgrades(len(outdated_products(archive)), archive.store.count_read_before(PARSER_VERSION, LINK_RULES))
    runs = archive.store.runs(_LOOKED_AT)
    yield from _clock_by_runs(archive, runs, case)
    last = next((run for run in runs if run.command == "run"), None)
    if last is None:
        yield Result("no nightly run yet", "`digest run`")
        return
    how = "was cut short" if last.exit_code is None else f"ended with {last.exit_code}"
    advice = ""
    if case.now - last.started_at > _TOO_OLD:
        advice = "that is over a day ago: check the schedule and this machine's clock"
    elif last.exit_code not in (None, 0, TryLaterError.exit_code):
        advice = "`digest status` shows what is open, `digest run -v` what happens"
    yield Result(f"the last nightly run, {last.started_at:%Y-%m-%d %H:%M} UTC, {how}", advice)


def _clock_by_runs(archive: Archive, runs: list[RunSummary], case: Case) -> Iterator[Result]:
    """Find a clock that went back: what was done cannot be later than now."""
    machine = datetime.fromtimestamp(case.session.machine.time(), UTC)
    # Runs bear the time that is decided by, which --now can set, pages the machine's own.
    known = [(run.started_at, case.now) for run in runs]
    known += [(page.fetched_at, machine) for page in archive.store.raw_pages()[-1:]]
    done, now = max(known, key=lambda pair: pair[0] - pair[1], default=(case.now, case.now))
    if done > now + _SLACK:
        words = f"the clock shows {now:%Y-%m-%d %H:%M}, but something was already done here at {done:%Y-%m-%d %H:%M}"
        yield Result(words, "set the clock, by NTP if possible")


def check_repository(case: Case) -> Iterator[Result]:
    """Look at the repository of the digests, if runs commit: at whatever would keep them from it."""
    config, git = case.config, case.config.git
    if not git.commit:
        yield Result("nothing is committed ([git] commit = false)")
        return
    category, day = config.arxiv.categories[0], case.now.date()
    written = [config.output / config.digest_path(category, day)]
    if config.records is not None:
        written.append(config.records / record_path(category, day))
    try:
        state = examine_repository(config.output, git, paths=written)
    except GitError as error:
        yield Result(f"git: {error}", f"fix that, {_NO_COMMITS}", _FAILS)
        return
    if state.version is None:
        yield Result("git is not installed", f"install it, {_NO_COMMITS}", _FAILS)
        return
    yield _version(state)
    if state.root is None:
        yield Result(f"{config.output} is in no git repository", f"`git init` there, {_NO_COMMITS}", _FAILS)
        return
    yield Result(f"the repository in {state.root}")
    yield from _commits(case, state)
    if git.push:
        yield from _pushes(case, state)


def _version(state: RepositoryState) -> Result:
    number, words = state.number or _FLUSHING, f"git {state.version}"
    if number < OLDEST:
        return Result(words, f"{OLDEST[0]}.{OLDEST[1]} or newer is needed, {_NO_COMMITS}", _FAILS)
    if number < _FLUSHING:
        return Result(words, "it does not flush commits to the disk; from 2.36 on, a power cut loses none")
    return Result(words)


def _commits(case: Case, state: RepositoryState) -> Iterator[Result]:
    """Find what keeps a run from a commit, or makes it one that nobody wants."""
    wanted, words = case.config.git.branch, f"the branch {state.branch} is checked out"
    if state.branch is None:
        yield Result("no branch is checked out", f"`git switch {wanted or 'BRANCH'}`", _FAILS)
    elif wanted and state.branch != wanted:
        yield Result(words, f"`git switch {wanted}`, as [git] branch says", _FAILS)
    else:
        yield Result(words)
    if state.is_busy:
        yield Result(f"{state.is_busy} is in progress", "end it, or abort it: nothing is committed until then", _FAILS)
    foreign = [path for path in state.foreign_staged if not _is_likely_ours(case, state, path)]
    if foreign:
        advice = "commit it, or `git restore --staged` it: while it is staged, no run commits"
        yield Result(f"staged: {named(foreign)}", advice, _FAILS)
    elif state.foreign_staged:
        advice = "a run was cut short; the next one commits it"
        yield Result(f"staged: {named(state.foreign_staged)}", advice)
    for path in state.unkept:
        words = f"git ignores {path}, or its folder is in another repository or none"
        advice = "check .gitignore and the folders in the configuration: such files are never committed"
        yield Result(words, advice, _FAILS if case.config.git.durable else 0)
    for words, way_out in unkept_settings(case.config, case.path):
        yield Result(words, way_out)
    for words, is_used in odd_names(case.config).items():
        if is_used:
            yield Result(words, "its files are still written; rename it if others clone the repository")
    advice = "`git config user.name` and `user.email`, or [git] author" if state.is_identity_made_up else ""
    yield Result(f"commits are by {state.identity}", advice)


def _is_likely_ours(case: Case, state: RepositoryState, path: str) -> bool:
    """Whether a path is in a folder that digest alone writes; the next run looks at each file itself."""
    config, file = case.config, (state.root or Path()) / path
    folders = [config.output / category for category in config.arxiv.categories]
    folders += [config.output / view.path.partition("/")[0] for view in config.views]
    folders += [config.records] if config.records else []
    is_below = any(file.is_relative_to(folder.resolve()) for folder in folders)
    return is_below or file == config.output.resolve() / "README.md"


def _pushes(case: Case, state: RepositoryState) -> Iterator[Result]:
    """Find what keeps a run from pushing."""
    git = case.config.git
    if not state.has_remote:
        advice = f"`git remote add {git.remote} ADDRESS`, or [git] push = false"
        yield Result(f"no remote {git.remote}", advice, _FAILS)
        return
    yield Result(f"pushes to {git.remote}, {', '.join(state.remote_urls)}")
    if state.has_secret_in_url:
        advice = "remove it (`git remote set-url`), and use a credential helper or SSH"
        yield Result(f"the address of {git.remote} holds a name or password", advice, _FAILS)
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
    if not case.config.git.push:
        return
    reason = can_push(case.config.output, case.config.git)
    if reason is None:
        yield Result(f"{case.config.git.remote} accepts pushes")
    else:
        yield Result(f"no push: {reason}", "fix that: commits stay here until then", _FAILS)


def check_arxiv(case: Case) -> Iterator[Result]:
    """Ask arXiv for one page and one feed, as gently as a run does; neither is kept."""
    arxiv, database = case.config.arxiv, case.config.database
    is_new = database is not None and not database.exists()
    if not is_new and not is_ready(case):
        yield Result("arXiv was not asked", "fix the database first: it knows when arXiv was last asked")
        return
    # Where there is no database, nobody remembers when arXiv was asked last: then only the two are spaced.
    place = ("sqlite://", None) if is_new else (case.config.store_url, database)
    try:
        require_manners(arxiv)
        with ExitStack() as stack:
            if case.config.lock.exists():
                stack.enter_context(hold_lock(case.config.lock))
            archive = stack.enter_context(case.session.open_archive(*place))
            page = list(_answer(archive, listing_url(arxiv.pages_url, arxiv.categories[0]), PAGES))
            yield from [*page, *_answer(archive, rss_url(arxiv.feeds_url, arxiv.categories[0]), FEEDS)]
    except DigestError as error:
        what = "correct the configuration" if isinstance(error, ConfigError) else "try again later"
        yield Result(f"arXiv was not asked: {error}", what, error.exit_code)


def _answer(archive: Archive, url: str, kind: Kind) -> Iterator[Result]:
    archive.client.budget = 1
    try:
        page = archive.client.get(url, kind=kind)
    except DigestError as error:
        reason = str(error).removesuffix(_BUDGET_WORDS) if isinstance(error, BudgetSpentError) else str(error)
        yield Result(f"arXiv: {reason}", "try it in a browser; a run tries again by itself", error.exit_code)
        return
    yield Result(f"arXiv answers: {page.url}, status {page.status}, {len(page.body)} bytes")
    if kind is PAGES:
        yield from _clock_by_arxiv(page)


def _clock_by_arxiv(page: RawPage) -> Iterator[Result]:
    """Compare this machine's clock with arXiv's, by the Date of its answer (RFC 9110, 6.6.1)."""
    try:
        difference = page.fetched_at - parsedate_to_datetime(dict(page.headers).get("date", ""))
    except (ValueError, TypeError):  # no date, or one without a zone
        return
    seconds = difference.total_seconds()
    which = "ahead of" if seconds > 0 else "behind"
    advice = "set the clock, by NTP if possible" if abs(difference) > _MOST else ""
    yield Result(f"this machine's clock is {abs(seconds):.0f} s {which} arXiv's", advice)


def check_channels(case: Case) -> Iterator[Result]:
    """Look for the address of each channel and of the health check, never for what it is; and for what sends."""
    urls, health = case.config.notify.urls, case.config.notify.health
    if not urls:
        yield Result("no channel for messages ([notify] urls is empty)")
    elif find_spec("apprise") is None:
        yield Result("no message can be sent", "pip install 'arxiv-listing-digest[notify]'", NotifyError.exit_code)
    for place in urls:
        yield from _place(case, "messages", place)
    if health:
        yield from _place(case, "health check", health)


def _place(case: Case, what: str, place: str) -> Iterator[Result]:
    kind, _, name = place.partition(":")
    try:
        found = len(read_addresses(place, case.environment, case.config.folder))
    except NotifyError as error:
        if kind == "env" and (by := given_by(case, name)):
            yield Result(f"{what}: {place} is not set here, but it is for the runs of {by}")
            return
        advice = "set this variable where digest runs" if kind == "env" else "write the address into this file"
        yield Result(f"{what}: {error}", advice, error.exit_code)
        return
    yield Result(f"{what}: {place} has {how_many(found, 'address', 'addresses')}")
    file = case.config.folder / name
    if kind == "file" and file.stat().st_mode & _OTHERS:
        yield Result(f"{what}: others can read {file}", f"chmod 600 {file}")


def check_delivery(case: Case) -> Iterator[Result]:
    """Send each channel a message, and tell what became of it."""
    addresses = []
    for place in case.config.notify.urls:
        with suppress(NotifyError):  # ``check_channels`` has said so
            addresses += read_addresses(place, case.environment, case.config.folder)
    if not addresses:
        advice = "see above" if case.config.notify.urls else "name the address of a channel in [notify] urls"
        yield Result("no test message was sent", advice)
        return
    name, categories = case.path.parent.name, ", ".join(case.config.arxiv.categories)
    words = f"This is a test, sent by `digest doctor --notify` for the archive {name} of {categories}. All is well."
    fates = Channels(addresses).deliver(Message("A test of digest", ((Entry(words),),)))
    for channel, fate in fates.items():
        if fate.failure:
            yield Result(fate.failure, "check its address, and the service", NotifyError.exit_code)
        else:
            yield Result(f"{channel} accepted a test message; check that it arrived")
