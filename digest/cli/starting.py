"""Commands to begin with: init, doctor, demo."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, cli, program_name
from digest.session import Session

if TYPE_CHECKING:
    from pathlib import Path


@cli.command()
@click.argument("folder", metavar="DIR", callback=as_path)
@click.pass_obj
def init(session: Session, folder: Path) -> int:
    """Set up an archive in DIR.

    It gets a configuration, a README and a .gitignore. What is there already is left alone.

    \b
    Example:
      digest init my-archive && cd my-archive && digest run
    """
    from digest.setup import set_up

    for path in set_up(folder):
        click.echo(path)
    session.console.say(
        f"next: cd {shlex.quote(str(folder))}, put your address into config.toml ([arxiv] contact), `digest run`"
    )
    return 0


@cli.command()
@click.pass_obj
def doctor(session: Session) -> int:
    """Check this installation and its archive.

    The configuration in effect is shown, too. Nothing is asked of arXiv.

    \b
    Example:
      digest doctor
    """
    from digest.doctor import examine

    findings, code = examine(session.config, session.now)
    for line in findings:
        click.echo(line)
    return code


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
    from digest import demo, jobs

    config_path = demo.prepare(folder)
    nights = demo.nights(session.now)
    for night, environment in demo.serve(nights):
        nightly = Session(session.console, config_path, night.now, environment=environment)
        report = nightly.work("run", lambda archive: jobs.run(archive, demo.CATEGORIES))
        if report.exit_code:
            return report.exit_code
    for line in demo.tell(folder, nights, program_name()):
        click.echo(line)
    return 0
