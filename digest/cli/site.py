"""The command that makes a static site of an archive, and shows it on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.group import as_path, command
from digest.errors import gravest

if TYPE_CHECKING:
    from pathlib import Path

    from digest.cli.session import Session
    from digest.jobs.site import Built

_PORT = 8000


@command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(), callback=as_path)
@click.option(
    "--serve",
    "port",
    metavar="[PORT]",
    is_flag=False,
    flag_value=_PORT,
    type=click.IntRange(0, 65535),
    help=f"Also show it on this machine alone, and make it anew on each change. Default: {_PORT}.",
)
def site(session: Session, folder: Path | None, *, port: int | None) -> int:
    """Make a static site of the archive, to read in the browser.

    DIR is the folder site beside config.toml unless you say otherwise. It gets a page for each day, month and year,
    for each view, and for each paper that was announced on several dates; any web server can show them. Only the
    pages that changed are written, and what else is in the folder stays. Needs the extra "site".

    \b
    Examples:
      digest site
      digest site --serve                look at it: http://127.0.0.1:8000/
      digest site /srv/www/arxiv
    """
    if port is not None:
        from digest.cli.serving import serve

        def build_anew(anew: Session) -> tuple[Path, str, int]:
            built, code = build(anew, folder)
            return built.folder, built.words, code

        return serve(session, build_anew, port)
    built, code = build(session, folder)
    report = built.report
    data = {
        "folder": str(built.folder),
        "files": built.files,
        "written": report.written,
        "removed": list(built.removed),
    }
    session.console.answer(data, [built.words])
    return code


def build(session: Session, folder: Path | None) -> tuple[Built, int]:
    """Bring a site up to date, and tell what went wrong; return what was done, and the exit code."""
    from digest.jobs.site import build_site

    target = folder or session.config.site_folder
    with session.reading() as archive:
        built = build_site(archive, target, session.console.track)
    for remark in built.report.remarks:
        session.console.say(remark)
    for warning in built.report.warnings:
        session.console.say(warning, "warning")
    for failure in built.report.failures:
        session.console.fail(failure)
    return built, gravest([built.report.exit_code, session.damage])
