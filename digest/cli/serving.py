"""A site shown on this machine alone, and made anew when the archive changes."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from digest.cli.session import Session
from digest.errors import DigestError, LockHeldError, StoreError

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
    seen, (folder, words, code) = _built(session, build)
    session.console.say(words)
    handler = partial(_Handler, directory=str(folder.absolute()))
    try:
        server = _Server((_HERE, port), handler)
    except OSError as error:
        raise StoreError(f"port {port}: {error.strerror}; name another one with --serve PORT") from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{_HERE}:{server.server_port}/"
        session.console.answer({"address": address}, [f"{address} shows it; Ctrl-C ends"])
        with suppress(KeyboardInterrupt):
            while True:
                seen, code = _rebuild_on_change(session, build, seen)
        server.shutdown()
    return code


def _built(session: Session, build: Build) -> tuple[Stamp, tuple[Path, str, int]]:
    """Build for the first time, as soon as no other build is at work; return also what the archive was before."""
    is_told = False
    while True:
        seen = dict(_stamps(session))
        try:
            return seen, build(session)
        except LockHeldError as error:
            if not is_told:
                session.console.say(f"waiting: {error}", "warning")
            is_told = True
            session.machine.sleep(_PAUSE)


def _rebuild_on_change(session: Session, build: Build, seen: Stamp) -> tuple[Stamp, int]:
    """Wait until something is not as it was ``seen``, and build the site again; return what was seen before, and how.

    What changes during a build is seen by the next look. What is wrong is said, and mended by the next change.
    """
    while (now := dict(_stamps(session))) == seen:
        session.machine.sleep(_PAUSE)
    anew = Session(session.console, session.config_path, session.later, environment=session.environment)
    try:
        _, words, code = build(anew)
    except LockHeldError:  # another build is at work
        session.machine.sleep(_PAUSE)
        return {}, 0
    except DigestError as error:
        session.console.fail(error)
        return now, error.exit_code
    session.console.say(words)
    return now, code


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


class _Server(ThreadingHTTPServer):
    """Says nothing of a browser that went away in the middle of a page."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of all else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # a socket and an address


class _Handler(SimpleHTTPRequestHandler):
    """Shows files of a folder to whoever asks on this machine by its name, and to no page of another host."""

    def send_head(self) -> object:  # type: ignore[override]
        """Refuse what names another host: a page elsewhere could make a name of its own lead here."""
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if name not in (_HERE, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        if "\0" in self.translate_path(self.path):
            self.send_error(HTTPStatus.NOT_FOUND)
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
