"""What the network before arXiv does to a page, and what others answer in arXiv's place."""

import gzip
import zlib
from dataclasses import replace

from digest.standin.faults.combine import always
from digest.standin.replies import HTML, Fault, Reply, Request, html_reply

_LOGIN = """<!DOCTYPE html>
<html><head><title>Guest network</title></head>
<body><form action="/login" method="post"><p>Please sign in to go online.</p>
<input name="room"><button>Sign in</button></form></body>
</html>
"""


def down() -> Fault:
    """Take the request, and close the connection without a word."""
    return always(Reply(hang_up=True))


def login_page() -> Fault:
    """Answer with another site's page and status 200, as a guest network does."""
    return always(html_reply(_LOGIN))


def empty_body() -> Fault:
    """Answer with status 200 and nothing."""
    return always(html_reply(""))


def redirect_to(url: str) -> Fault:
    """Send the client to ``url``."""
    return always(Reply(status=302, headers=(("Location", url), ("Content-Type", HTML))))


def content_type(value: str) -> Fault:
    """Call the honest page ``value``."""
    return lambda _request, reply: reply.with_header("Content-Type", value)


def cut_transfer(at: int) -> Fault:
    """Declare the whole length, and break off after ``at`` bytes."""
    return lambda _request, reply: replace(reply, body=reply.body[:at], declared_length=len(reply.body))


def cut_page(at: int) -> Fault:
    """Send ``at`` bytes of the page as though they were all: the length is right, the page is not."""
    return lambda _request, reply: replace(reply, body=reply.body[:at])


def no_length_cut(at: int) -> Fault:
    """Declare no length, and close after ``at`` bytes."""
    return lambda _request, reply: replace(reply, body=reply.body[:at], send_length=False)


def chunked_cut() -> Fault:
    """Send half of the page in the chunked coding, without the coding's end."""
    return lambda _request, reply: replace(reply, chunked_and_cut=True)


def gzip_encoded() -> Fault:
    """Compress the page, properly."""
    return lambda _request, reply: _gzipped(reply, gzip.compress(reply.body, mtime=0))


def cut_gzip() -> Fault:
    """Compress the page and send half of that, with the length of the half."""

    def fail(_request: Request, reply: Reply) -> Reply:
        packed = gzip.compress(reply.body, mtime=0)
        return _gzipped(reply, packed[: len(packed) // 2])

    return fail


def gzip_bomb(size_bytes: int) -> Fault:
    """Send the page, followed by blanks that unpack to ``size_bytes`` in all or more."""
    block = b" " * 1_000_000

    def fail(_request: Request, reply: Reply) -> Reply:
        packer = zlib.compressobj(wbits=31)
        parts = [packer.compress(reply.body)]
        parts += [packer.compress(block) for _ in range(0, size_bytes - len(reply.body), len(block))]
        return _gzipped(reply, b"".join([*parts, packer.flush()]))

    return fail


def slow_drip(seconds_per_byte: float) -> Fault:
    """Send the page byte by byte."""
    return lambda _request, reply: replace(reply, chunk_size=1, chunk_delay=seconds_per_byte)


def slow_start(seconds: float) -> Fault:
    """Wait before answering at all."""
    return lambda _request, reply: replace(reply, header_delay=seconds)


def _gzipped(reply: Reply, body: bytes) -> Reply:
    return replace(reply, body=body).with_header("Content-Encoding", "gzip")
