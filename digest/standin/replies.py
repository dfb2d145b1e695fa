"""What passes between the stand-in's site, its server and its faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from digest.standin.announcements import Announcement

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request as it came: ``path`` with its query, ``headers`` by lower-case name, ``at`` monotonic."""

    path: str
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Reply:
    """An answer, and in what ways its sending goes wrong.

    Attributes:
        declared_length: The Content-Length to send if it is not the body's; the connection then closes.
        send_length: When false, no Content-Length is sent and the end of the connection ends the body.
        chunk_delay: Seconds to wait between the pieces of the body.
        chunk_size: How many bytes a piece has; 0 sends the body at once.
        header_delay: Seconds to wait before the status line.
        chunked_and_cut: Send the first half in the chunked coding, then close without its end.
        hang_up: Close the connection without a word.
        announcement: What the page or feed shows (of several days the newest), for faults that build it anew.
        render: Makes a page from what a replica holds of ``announcement``, a feed from any announcement.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    declared_length: int | None = None
    send_length: bool = True
    chunk_delay: float = 0.0
    chunk_size: int = 0
    header_delay: float = 0.0
    chunked_and_cut: bool = False
    hang_up: bool = False
    announcement: Announcement | None = None
    render: Callable[[Announcement], str] | None = None

    def with_header(self, name: str, value: str) -> "Reply":
        """Return this reply with the header ``name`` set to ``value``, instead of any it had."""
        others = tuple(header for header in self.headers if header[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))


Fault: TypeAlias = Callable[[Request, Reply], Reply]


def html_reply(page: str, status: int = 200) -> Reply:
    """Return ``page`` as arXiv sends its pages."""
    return Reply(status=status, headers=(("Content-Type", HTML),), body=page.encode())
