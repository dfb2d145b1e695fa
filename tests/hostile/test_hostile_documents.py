"""Hostile pages, feeds and files: a clear refusal within two seconds and 200 MiB, in a process of its own."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.errors import SHOWN, PageRefusedError, quoted, shortened
from digest.model import LARGEST_BODY
from digest.parse.feed import parse_feed
from digest.parse.listing import parse_page
from digest.parse.typed import names_in
from tests.conftest import DAY, NIGHT, Sandbox, long_after
from tests.standin import Reply, Request, StandIn, faults

MOST_MEMORY = 200 * 1024  # KiB
MOST_SECONDS = 2.0  # of the processor's time: the machine may be busy with something else

# Started from a small process: what a child is known to have used includes what its parent had.
LAUNCHER = """
import os, sys
pid = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, used = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss, used.ru_utime + used.ru_stime)
"""

ALMOST = LARGEST_BODY - 100_000
XML = (("Content-Type", "text/xml"),)


def measured(sandbox: Sandbox, *arguments: str) -> tuple[int, str]:
    """Run a command in a process of its own within the bounds; return its exit code and its stderr."""
    command = ["-m", "digest", "--config", "config.toml", "--now", NIGHT, *arguments]
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *command],
        cwd=sandbox.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, memory, seconds = done.stdout.splitlines()[-1].split()
    assert "Traceback" not in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 600
    assert int(memory) < MOST_MEMORY
    assert float(seconds) < MOST_SECONDS
    return int(code), done.stderr


def served(arxiv: StandIn, path: str) -> bytes:
    """Return what the stand-in serves when nothing is wrong."""
    return arxiv.answer(Request(path, {}, 0.0)).body


def filled(
    document: bytes, before: bytes, unit: bytes, after: bytes = b"", size: int = LARGEST_BODY - 100_000
) -> bytes:
    """Put ``unit`` into a document, as often as there is room for it, in front of the first ``before``."""
    place = document.index(before)
    return document[:place] + unit * (size // len(unit)) + after + document[place:]


def tag_of(number: int) -> bytes:
    """Return a tag with so many attributes, which a quoted bracket seems to end."""
    return b"<a b='>' " + b" ".join(b"a%d" % place for place in range(number)) + b">"


def into_abstract(page: bytes, text: bytes) -> bytes:
    """Put a text in the place of the first abstract."""
    start = page.index(b"<p class='mathjax'>") + len(b"<p class='mathjax'>")
    return page[:start] + text + page[page.index(b"</p>", start) :]


PAGES: dict[str, Callable[[bytes], bytes]] = {
    "flat": lambda page: filled(page, b"<dl", b"<b>x</b>"),
    "void": lambda page: filled(page, b"<dl", b"x<br>"),
    "deep": lambda page: filled(page, b"<dl", b"<div>"),
    "attributes": lambda page: page.replace(b"<dl", tag_of(200_000) + b"<dl", 1),
    "giant attribute": lambda page: filled(page, b"<dl", b"x", b"'></a>").replace(b"xxx", b"<a href='", 1),
    "entities": lambda page: into_abstract(page, b"&amp;" * 3_000_000),
    "giant text": lambda page: filled(page, b"<dl", "\U0001f600 ".encode()),
    "entries": lambda page: filled(page, b"</dl>", b"<dt></dt><dd></dd>"),
    "addresses": lambda page: into_abstract(page, b"http://github.com/a/b " * 45_000),
    "comments": lambda page: filled(page, b"</html>", b"<!-- -->"),
    "ends": lambda page: page + b"<!-- -->" * 2_000_000,
    "too big": lambda page: filled(page, b"<dl", b" ", size=LARGEST_BODY + 1),
}


@pytest.mark.parametrize("name", long_after(2, PAGES))
def test_a_hostile_page_is_refused_in_time(archive: Sandbox, arxiv: StandIn, name: str) -> None:
    """As catchup's page, as a file, and compressed: exit 5, within the bounds."""
    body = PAGES[name](served(arxiv, "/list/cs.CV/new"))
    arxiv.fault = faults.only("^/catchup/", lambda _request, reply: Reply(200, reply.headers, body))
    code, said = measured(archive, "fetch", str(DAY))
    assert (code, "expected" in said) == (5, True)
    (archive.folder / "saved.html.gz").write_bytes(gzip.compress(body, 1))
    assert measured(archive, "import", "saved.html.gz")[0] == 5


def laughs(feed: bytes) -> bytes:
    """Declare entities that double twenty times, where a feed may have them."""
    doubled = b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 21))
    declared = b'<!DOCTYPE rss [<!ENTITY a0 "aaaaaaaaaa">%b]>' % doubled
    return feed.replace(b"<channel>", declared + b"<channel>", 1).replace(b"<title>", b"<title>&a20;", 1)


FEEDS: dict[str, Callable[[bytes], bytes]] = {
    "laughs": laughs,
    "flat": lambda feed: filled(feed, b"<title>", b"<x/>"),
    "flat and small": lambda feed: filled(feed, b"<title>", b"<x/>", size=1_000_000),
    "deep": lambda feed: filled(feed, b"<title>", b"<x>", size=150_000),
    "giant title": lambda feed: filled(feed, b"</title>", b"x "),
    "items": lambda feed: filled(feed, b"</channel>", b"<item/>", size=200_000),
    "giant abstract": lambda feed: feed.replace(b"Abstract: ", b"Abstract: " + b"{" * 200_000, 1),
}


@pytest.mark.parametrize("name", long_after(2, FEEDS))
def test_a_hostile_feed_is_not_used_in_time(archive: Sandbox, arxiv: StandIn, name: str) -> None:
    """The page is refused and the feed is hostile: exit 5 for the page, and the feed a warning."""
    body = FEEDS[name](served(arxiv, "/rss/cs.CV"))
    arxiv.fault = faults.chain(
        faults.only("^/list/", faults.login_page()),
        faults.only("^/(rss|atom)/", lambda _request, _reply: Reply(200, XML, body)),
    )
    code, said = measured(archive, "run")
    assert code == 5
    assert said.count("the feed is not used") == 2


@pytest.mark.long
def test_a_bomb_in_a_file_is_refused(archive: Sandbox) -> None:
    """A hundred megabytes from a few kilobytes, as one member and as two."""
    packer = zlib.compressobj(wbits=31)
    member = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(50)), packer.flush()])
    for name, data in (("one.html.gz", member), ("two.html.gz", member * 2)):
        (archive.folder / name).write_bytes(data)
        assert measured(archive, "import", name)[0] == 5


def test_a_file_of_two_members_is_read_whole(archive: Sandbox, arxiv: StandIn) -> None:
    """As gunzip reads it."""
    page = served(arxiv, "/list/cs.CV/new")
    (archive.folder / "saved.html.gz").write_bytes(gzip.compress(page[:9000]) + gzip.compress(page[9000:]))
    assert archive.digest("import", str(archive.folder / "saved.html.gz")).code == 0


@pytest.mark.long
def test_the_biggest_pages_of_arxiv_pass(shared: Path) -> None:
    """2000 entries with abstracts, and a feed of 1350 items: nothing of arXiv's is near a bound."""
    pages = shared / "pages"
    page = gzip.decompress((pages / "huge-day-2025-06-03/list_cs.CV_new.html.gz").read_bytes())
    assert len(parse_page(page).entries) == 2000
    assert len(parse_feed((pages / "feeds/bigday_rss_cs.CV.xml").read_bytes()).entries) == 1350


def test_brackets_that_are_never_closed_take_no_time() -> None:
    """Two hundred thousand of them; the names are those that commas part."""
    assert len(names_in("Ann Bell, " + "Bo (a, " * 50_000)) > 1


@pytest.mark.parametrize("value", ["x" * 10_000_000, ["x" * 10_000_000], "\x1b]0;x\x07" * 1000, "\u202e" * 5000])
def test_a_foreign_value_is_cut_and_escaped(value: object) -> None:
    """No more than some two hundred characters of it, with an ellipsis, and none that a terminal obeys."""
    texts = [quoted(value), shortened(str(value))]
    assert all(text.isprintable() and "…" in text and len(text) < 8 * SHOWN for text in texts)


def test_a_short_value_is_shown_as_it_is() -> None:
    """In quotes or without, in any script."""
    assert (quoted("\u674e"), shortened("\u674e"), quoted(["a"])) == ("'\u674e'", "\u674e", "['a']")


def test_a_long_heading_is_cut_in_the_error() -> None:
    """A megabyte of a heading makes no megabyte of an error."""
    page = b"<html><body><div id='dlpage'><h3>" + b"New " * 200_000 + b"</h3></div></body></html>"
    with pytest.raises(PageRefusedError) as caught:
        parse_page(page)
    assert len(str(caught.value)) < 2 * SHOWN
