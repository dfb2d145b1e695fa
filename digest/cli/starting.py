"""Commands to begin with: init, doctor, demo."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from digest.cli.console import print_line
from digest.cli.group import as_path, cli, json_option, program_name
from digest.cli.session import Session, checked_category
from digest.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from digest.config.settings import Config
    from digest.setup import SetUp, Wanted

_COMMIT = "git commit -m 'Set up the archive'"
_ADD_REMOTE = "git remote add origin ADDRESS"
_PUSH = "git push -u origin HEAD"


@cli.command()
@click.argument("folder", metavar="DIR", callback=as_path)
@click.option("--github", "on_github", is_flag=True, help="Also a workflow, so that GitHub runs it.")
@click.option("--from", "source", metavar="SPEC", help="With --github: what pip installs there.")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="What to keep; may be repeated.")
@click.option("--contact", default="", metavar="TEXT", help="Your mail address or page, for arXiv.")
@click.option("--no-git", is_flag=True, help="No repository, no commits.")
@json_option
@click.pass_obj
def init(
    session: Session,
    folder: Path,
    *,
    on_github: bool,
    source: str | None,
    categories: Sequence[str],
    contact: str,
    no_git: bool,
) -> int:
    """Set up an archive in DIR.

    It gets a configuration, a README, a .gitignore, and the files by which cron, systemd or GitHub run it every
    night. What is there already is left alone. What was written is committed, in a new git repository unless DIR lies
    in one.

    \b
    Examples:
      digest init my-archive && cd my-archive && digest run
      digest init my-archive --category cs.CV --category cs.LG --contact you@example.org
      digest init my-archive --github --from git+https://example.org/digest@v1.0
    """
    import shutil

    from digest.setup import Wanted, set_up

    if source is not None and (not on_github or not source):
        raise UsageError("expected --from SPEC together with --github, and what pip should install there")
    has_git = shutil.which("git") is not None
    wanted = Wanted(
        program=_program(),
        categories=tuple(dict.fromkeys(map(checked_category, categories))),
        contact=contact,
        commits=has_git and not no_git,
        on_github=on_github,
        source=source or "",
    )
    done = set_up(folder, wanted)
    made = [str(path) for path in done.made]
    remarks = [*done.remarks, *_without_effect(wanted, done.config, no_git=no_git)]
    if not has_git and not no_git:
        remarks.append(f"git is not installed: {_without_git(done.config)}")
    steps = list(_next_steps(folder, done, on_github=on_github))
    session.console.answer({"made": made, "remarks": remarks, "next": [step.strip() for step in steps[1:]]}, made)
    if made:
        session.console.say(f"set up an archive in {folder}: {len(made)} files")
    for line in (*remarks, *steps):
        session.console.say(line)
    if done.failure is None:
        return 0
    session.console.fail(done.failure)
    return done.failure.exit_code


def _without_effect(wanted: Wanted, config: Config, *, no_git: bool) -> Iterator[str]:
    """Tell of each option that says otherwise than the config.toml that was there before."""
    words = "has no effect: config.toml is there; change"
    if wanted.categories and wanted.categories != config.arxiv.categories:
        yield f"--category {words} [arxiv] categories"
    if wanted.contact and wanted.contact != config.arxiv.contact:
        yield f"--contact {words} [arxiv] contact"
    if no_git and config.git.commit:
        yield f"--no-git {words} [git] commit"


def _without_git(config: Config) -> str:
    if config.git.commit:
        return "no run can commit; install it, or change [git] commit in config.toml"
    return "config.toml has [git] commit = false"


def _program() -> tuple[str, ...]:
    """Return the words by which this program can be called from anywhere."""
    import shutil
    from pathlib import Path

    name = sys.argv[0]
    if name.endswith("__main__.py"):
        return sys.executable, "-m", "digest"
    # A link to it, such as pipx makes, outlives an upgrade; what it leads to may not.
    return (str(Path(shutil.which(name) or name).absolute()),)


def _next_steps(folder: Path, done: SetUp, *, on_github: bool) -> Iterator[str]:
    """Yield what to do next, in lines that can be pasted."""
    yield "next:"
    yield f"  cd {shlex.quote(str(folder))}"
    if not done.config.arxiv.contact:
        words = "put your address into config.toml ([arxiv] contact), so that arXiv can write to you"
        yield f"  {words}{', and commit it' if done.config.git.commit else ''}"
    if done.uncommitted:
        files = " ".join(done.uncommitted)
        yield f"  git add --force {files} && {_COMMIT} {files}"
    yield f"  {program_name()} run"
    yield from _on_github(done) if on_github else _by_a_clock(done)


def _on_github(done: SetUp) -> Iterator[str]:
    """Yield how it gets to GitHub, which runs it."""
    if done.repository.root is None:
        yield f"  git init && git add . && {_COMMIT}"
    yield f"  {_PUSH if done.repository.has_remote else f'{_ADD_REMOTE} && {_PUSH}'}"
    yield "  from then on GitHub runs it; .github/workflows/digest.yml says when"


def _by_a_clock(done: SetUp) -> Iterator[str]:
    """Yield how it is run every night here, and how it gets elsewhere."""
    yield "  (crontab -l 2>/dev/null; cat schedule/crontab) | crontab -"
    yield "  or by systemd, as schedule/digest.service says"
    if done.config.git.commit and not done.config.git.push:
        first = "" if done.repository.has_remote else f"{_ADD_REMOTE}, and "
        yield f"  {first}[git] push = true in config.toml, to have it elsewhere, too"


@cli.command()
@click.option("--online", is_flag=True, help="Ask arXiv (twice) and the git remote, too.")
@click.option("--notify", is_flag=True, help="Send each channel of [notify] a test message, too.")
@click.option("--bundle", metavar="FILE", callback=as_path, help="Pack what a bug report needs, without secrets.")
@json_option
@click.pass_obj
def doctor(session: Session, *, online: bool, notify: bool, bundle: Path | None) -> int:
    """Check this installation and its archive.

    Each finding says what to do about it. The configuration in effect is shown, too, and where each value is from.
    Nothing is changed, and without --online and --notify nobody is asked or told anything. With --bundle, the newest
    refused pages, the versions, the last runs and the settings are packed into FILE (a new zip file) instead.

    \b
    Examples:
      digest doctor
      digest doctor --online --notify
      digest doctor --bundle report.zip
    """
    from digest.doctor import examine, pack

    if bundle is not None:
        packed = list(pack(session, bundle))
        session.console.answer({"file": str(bundle), "packed": packed}, packed)
        session.console.say(f"packed into {bundle}; look into it before you send it")
        return 0
    found = examine(session, online=online, notify=notify)
    session.console.answer(found.data, found.lines)
    return found.exit_code


@cli.command(name="demo")
@click.argument("folder", metavar="[DIR]", default="digest-demo", callback=as_path)
@click.pass_obj
def demo_(session: Session, folder: Path) -> int:
    """Show the whole pipeline offline, in DIR.

    DIR is digest-demo unless you say otherwise; its papers are invented. A stand-in for arXiv serves a week of
    listings on this machine; the nightly job runs for each day.

    \b
    Example:
      digest demo
    """
    from digest.jobs.run import run as run_job
    from digest.setup import demo

    config_path = demo.prepare(folder)
    nights = demo.nights(session.now)
    for night, environment in demo.serve(nights):
        nightly = Session(session.console, config_path, night.now, environment=environment)
        report = nightly.work("run", lambda archive: run_job(archive, demo.CATEGORIES))
        if report.exit_code:
            return report.exit_code
    for line in demo.tell(folder, nights, program_name()):
        print_line(line)
    return 0
