"""A site shown on this machine alone, and made anew when the archive changes."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from digest.cli.session import Session
from digest.errors import DigestError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Build = Callable[[Session], tuple[Path, str, int]]
    """Brings the site up to date; returns its folder, what was done in words, the exit code."""

_HERE = "127.0.0.1"
_PAUSE = 1.0  # seconds between two looks at the archive

Stamp = dict[str, tuple[int, int]]
"""When files were changed, and how large they are."""


def serve(session: Session, build: Build, port: int) -> int:
    """Build the site, show it, and build it again on each change, until somebody interrupts it.

    Raises:
        DigestError: it cannot be built at first, or the port is taken.
    """
    folder, words, code = build(session)
    session.console.say(words)
    handler = partial(_Handler, directory=str(folder.absolute()))
    try:
        server = ThreadingHTTPServer((_HERE, port), handler)
    except OSError as error:
        raise StoreError(f"port {port}: {error.strerror}; name another one with --serve PORT") from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{_HERE}:{server.server_port}/"
        session.console.answer({"address": address}, [f"{address} shows it; Ctrl-C ends"])
        with suppress(KeyboardInterrupt):
            while True:
                code = _rebuild_on_change(session, build)
        server.shutdown()
    return code


def _rebuild_on_change(session: Session, build: Build) -> int:
    """Wait until something changed, and build the site again; what is wrong then is said, and mended by the next."""
    before = dict(_stamps(session))
    while dict(_stamps(session)) == before:
        session.machine.sleep(_PAUSE)
    anew = Session(session.console, session.config_path, session.later, environment=session.environment)
    try:
        _, words, code = build(anew)
    except DigestError as error:
        session.console.fail(error)
        return error.exit_code
    session.console.say(words)
    return code


def _stamps(session: Session) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield what tells whether a site would be another: the configuration, the database, the user's templates."""
    config = session.config
    places = [session.config_path]
    if config.database is not None:
        places += [config.database, config.database.with_name(f"{config.database.name}-wal")]
    if config.site.templates:
        places += sorted((config.folder / config.site.templates).glob("*"))
    for place in places:
        with suppress(OSError):
            found = place.stat()
            if found.st_size:  # an empty log of the database comes and goes with whoever reads it
                yield str(place), (found.st_mtime_ns, found.st_size)


class _Handler(SimpleHTTPRequestHandler):
    """Shows files of a folder to whoever asks on this machine by its name, and to no page of another host."""

    def send_head(self) -> object:  # type: ignore[override]
        """Refuse what names another host: a page elsewhere could make a name of its own lead here."""
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if name not in (_HERE, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        return super().send_head()

    def list_directory(self, _path: object) -> None:
        """Show no list of a folder that is no page."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Let the browser ask again each time."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing of each page."""
