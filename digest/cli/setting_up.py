"""Commands to begin with, and for when it does not work: init, doctor, demo."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, command
from digest.cli.session import Session, checked_category
from digest.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from digest.config.settings import Config
    from digest.setup import SetUp, Wanted

_COMMIT = "git commit -m 'Set up the archive'"
_ADD_REMOTE = "git remote add origin ADDRESS"
_PUSH = "git push -u origin HEAD"
_PAST = 90
"""Days; arXiv serves past listings for one more."""


@command()
@click.argument("folder", metavar="DIR", type=click.Path(), callback=as_path)
@click.option("--github", is_flag=True, help="Also a workflow, so that GitHub runs it.")
@click.option("--from", "source", metavar="SPEC", help="With --github: what pip installs there.")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="What to keep; may be repeated.")
@click.option("--contact", default="", metavar="TEXT", help="Your mail address or page, for arXiv.")
@click.option("--no-git", is_flag=True, help="No repository, no commits.")
def init(
    session: Session,
    folder: Path,
    *,
    github: bool,
    source: str | None,
    categories: Sequence[str],
    contact: str,
    no_git: bool,
) -> int:
    """Set up an archive in DIR.

    It gets a configuration, a README, a .gitignore, and the files by which cron, systemd or GitHub run it every
    night. Files that are there already are left alone. The new ones are committed, in a new git repository unless DIR
    lies in one.

    \b
    Examples:
      digest init my-archive && cd my-archive && digest run
      digest init my-archive --category cs.CV --category cs.LG --contact you@example.org
      digest init my-archive --github --from git+https://example.org/digest@v1.0
    """
    import shutil

    from digest.setup import Wanted, set_up

    if source is not None and (not github or not source):
        raise UsageError("expected --from SPEC together with --github, and what pip should install there")
    from digest.config.resources import expanded

    chosen = tuple(dict.fromkeys(map(checked_category, expanded(categories))))
    # Without git an archive is set up all the same: it can be committed once git is there.
    has_git = shutil.which("git") is not None
    wanted = Wanted(_program(), chosen, contact, has_git and not no_git, github, source or "")
    done = set_up(folder, wanted)
    made = [str(path) for path in done.made]
    remarks = [*done.remarks, *_without_effect(wanted, done.config, no_git=no_git, has_git=has_git)]
    steps = list(_next_steps(session, folder, done, on_github=github))
    session.console.answer({"made": made, "remarks": remarks, "next": steps}, made)
    if made:
        session.console.say(f"set up an archive in {folder}: {len(made)} files")
    else:
        session.console.say(f"nothing to do: an archive is set up in {folder}")
    for line in (*remarks, "next:", *(f"  {step}" for step in steps)):
        session.console.say(line)
    if done.failure is None:
        return 0
    session.console.fail(done.failure)
    return done.failure.exit_code


def _without_effect(wanted: Wanted, config: Config, *, no_git: bool, has_git: bool) -> Iterator[str]:
    """Name each option that says otherwise than the config.toml that was there before; and that git is wanting."""
    words = "has no effect: config.toml is there; change"
    if wanted.categories and wanted.categories != config.arxiv.categories:
        yield f"--category {words} [arxiv] categories"
    if wanted.contact and wanted.contact != config.arxiv.contact:
        yield f"--contact {words} [arxiv] contact"
    if no_git and config.git.commit:
        yield f"--no-git {words} [git] commit"
    if not has_git and not no_git and config.git.commit:
        yield "git is not installed: no run can commit; install it, or change [git] commit in config.toml"
    elif not has_git and not no_git:
        yield "git is not installed: config.toml has [git] commit = false"


def _program() -> tuple[str, ...]:
    """Return the words by which this program can be called from anywhere, as a crontab does."""
    import shutil
    from pathlib import Path

    name = sys.argv[0]
    if name.endswith("__main__.py"):
        return sys.executable, "-m", "digest"
    # A link to it, such as pipx makes, outlives an upgrade; what it leads to may not.
    return (str(Path(shutil.which(name) or name).absolute()),)


def _program_name() -> str:
    """Return how this program was called, for a line that can be pasted."""
    name = sys.argv[0]
    return f"{sys.executable} -m digest" if name.endswith("__main__.py") else shlex.quote(name)


def _past_in_words(session: Session, config: Config) -> str:
    """Say how much of the past there is to fetch, and how long that takes."""
    from datetime import timedelta

    from digest.calendar import today
    from digest.config.resources import read_calendar
    from digest.jobs.fetch import time_needed

    last = today(session.now)
    dates = list(read_calendar(config.calendar.dates).listing_dates(last - timedelta(days=_PAST), last))
    return time_needed(len(dates) * len(config.arxiv.categories), config.arxiv.pages_delay)


def _next_steps(session: Session, folder: Path, done: SetUp, *, on_github: bool) -> Iterator[str]:
    """Yield what to do next, in lines that can be pasted."""
    git = done.config.git
    yield f"cd {shlex.quote(str(folder))}"
    if not done.config.arxiv.contact:
        words = "put your address into config.toml ([arxiv] contact), so that arXiv can write to you"
        yield f"{words}{', and commit it' if git.commit else ''}"
    if done.uncommitted:
        # By force: the .gitignore of a repository around the archive may name some of them.
        files = " ".join(done.uncommitted)
        yield f"git add --force {files} && {_COMMIT} {files}"
    yield f"{_program_name()} run"
    yield f"{_program_name()} fetch --since {_PAST}d    # the past: {_past_in_words(session, done.config)}"
    if on_github:
        if done.repository.root is None:
            yield f"git init && git add . && {_COMMIT}"
        yield _PUSH if done.repository.remote_urls else f"{_ADD_REMOTE} && {_PUSH}"
        yield "from then on GitHub runs it; .github/workflows/digest.yml says when"
        return
    yield "(crontab -l 2>/dev/null; cat schedule/crontab) | crontab -"
    yield "or by systemd, as schedule/digest.service says"
    if git.commit and not git.push:
        first = "" if done.repository.remote_urls else f"{_ADD_REMOTE}, and "
        yield f"{first}[git] push = true in config.toml, to have it elsewhere, too"


@command()
@click.option("--online", is_flag=True, help="Also ask arXiv (twice) and the git remote.")
@click.option("--notify", is_flag=True, help="Also send a test message to each channel of [notify].")
@click.option(
    "--bundle",
    metavar="FILE",
    type=click.Path(),
    callback=as_path,
    help="Pack what a bug report needs, without secrets.",
)
def doctor(session: Session, *, online: bool, notify: bool, bundle: Path | None) -> int:
    """Check this installation and its archive.

    Each finding says what to do about it. The configuration in effect is shown, too, and where each value is from.
    Nothing is changed, and nothing leaves this machine without --online or --notify. --bundle packs the newest refused
    pages, the versions, the last runs and the settings into FILE (a new zip file) instead.

    \b
    Examples:
      digest doctor
      digest doctor --online --notify
      digest doctor --bundle report.zip
    """
    from digest.doctor import examine

    if bundle is not None:
        from digest.doctor.bundle import pack

        packed = list(pack(session, bundle))
        session.console.answer({"file": str(bundle), "packed": packed}, packed)
        session.console.say(f"packed into {bundle}; look into it before you send it")
        return 0
    found = examine(session, online=online, notify=notify)
    session.console.answer(found.data, found.lines)
    return found.exit_code


@command(name="demo")
@click.argument("folder", metavar="[DIR]", default="digest-demo", type=click.Path(), callback=as_path)
def demo_(session: Session, folder: Path) -> int:
    """Show the whole pipeline offline, in DIR.

    DIR is digest-demo unless you say otherwise; its papers are invented. A stand-in for arXiv serves a week of
    listings on this machine; the nightly job runs for each day.

    \b
    Example:
      digest demo
    """
    from digest.cli.runner import work
    from digest.jobs.run import run as run_job
    from digest.setup import demo

    config_path = demo.prepare(folder)
    dates = demo.listing_dates(session.now)
    # Each night is a use of the command line of its own, by a clock of its own, as cron would start it.
    for now, environment in demo.serve(dates):
        nightly = Session(session.console, config_path, now, environment=environment)
        report = work(nightly, "run", lambda archive: run_job(archive, demo.CATEGORIES))
        if report.exit_code:
            return report.exit_code
    site = _demo_site(Session(session.console, config_path, session.now))
    lines = demo.tell(folder, dates, _program_name(), site)
    files = {name: str(path) for name, path in demo.files(folder, dates, site).items()}
    session.console.answer({"files": files, "lines": lines}, lines)
    return 0


def _demo_site(session: Session) -> Path | None:
    """Make a site of the demo, too, and return its folder; None where the extra for it is not installed."""
    from digest.cli.site import build

    try:
        return build(session, None)[0].folder
    except UsageError:
        return None
