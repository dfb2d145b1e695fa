"""Files that are no listing: `digest import` says what each is and what to do instead, and takes the others."""

import gzip
import io
import os
import re
import socket
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import DAY, Sandbox
from tests.standin import Request, StandIn, invent

DIGEST = "cs.CV/2025/03/2025-03-05.md"


def page(title: str, inside: str = "<p>words</p>") -> bytes:
    """Return a web page."""
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{inside}</body></html>\n".encode()


def listing(inside: str) -> bytes:
    """Return a page of arXiv's that lists papers in some way."""
    return page("cs.CV", f"<div id='dlpage'><h1>Computer Vision</h1>{inside}<dl><dt>1</dt><dd>a paper</dd></dl></div>")


def tarred() -> bytes:
    """Return a compressed tar archive of one file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.html"))
    return made.getvalue()


KINDS: Mapping[str, tuple[bytes, str, str]] = {
    "empty": (b"", "an empty file", "save the page again"),
    "blank": (b" \n\r\n", "an empty file", "save the page again"),
    "PDF": (b"%PDF-1.7\n...", "a PDF", "/list/"),
    "PNG": (b"\x89PNG\r\n\x1a\n....", "an image", "/list/"),
    "JPEG": (b"\xff\xd8\xff\xe0....", "an image", "/list/"),
    "tar.gz": (tarred(), "a tar archive", "unpack"),
    "binary": (b"\x7fELF\0\0\0", "a binary file", "/list/"),
    "UTF-16": ("<html></html>".encode("utf-16"), "a text in UTF-16", "UTF-8"),
    "words": (b"Dear diary,\n", "a plain text that begins with 'Dear diary,'", "/list/"),
    "throttled": (b"Rate exceeded.", "an error", "later"),
    "lagging": (b"This listing is temporarily unavailable; please retry.", "an error", "later"),
    "JSON": (b'{"feed": []}', "JSON", "/list/"),
    "Kaggle": (b'{"id":"0704.0001","submitter":"A","authors":"B"}\n', "metadata as Kaggle", "digest backfill --file"),
    "BibTeX": (b"@misc{plaat-2503.00001,\n", "an export as BibTeX", "json, jsonl or csv"),
    "RIS": (b"TY  - GEN\r\n", "an export as RIS", "json, jsonl or csv"),
    "JSON Feed": (b'{"version": "https://jsonfeed.org/version/1.1"', "a JSON Feed", "json, jsonl or csv"),
    "state": (b'{\n  "format": 1,\n  "corrections": []\n}\n', "what digest keeps beside its days", "back where it was"),
    "MHTML": (b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n", "(MHTML)", "HTML only"),
    "mailing": (b"------\n\\\\\narXiv:2503.00001\nDate: x\n", "e-mail", "digest fetch"),
    "RSS": (b'<?xml version="1.0"?>\n<!-- a --><rss version="2.0"><channel/></rss>', "an RSS feed", "/list/"),
    "Atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>a</title></feed>', "an Atom feed", "/list/"),
    "API": (b'<feed xmlns:opensearch="x"><opensearch:totalResults/></feed>', "arXiv's API", "digest fetch"),
    "OAI": (b'<?xml version="1.0"?><OAI-PMH><error code="x"/></OAI-PMH>', "OAI-PMH", "digest backfill --file"),
    "XML": (b"<?xml version='1.0'?><thing/>", "XML", "/list/"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an image", "/list/"),
    "recent": (listing("<h2>Authors and titles for recent submissions</h2>"), "a /recent or /pastweek", "/list/"),
    "month": (listing("<h2>Authors and titles for October 2021</h2>"), "of a month or a year", "/list/"),
    "month of 2014": (listing("<h2>Authors and titles for cs.CV in Jun 2014</h2>"), "of a month or a year", "/list/"),
    "no abstracts": (listing("<h1>Catchup results for Vision on Wed, 05 Mar 2025</h1>"), "without abs", "abs=True"),
    "old catchup": (listing("<a href='/catchup?smonth=10&amp;sday=20'>next</a>"), "a catchup page from", "fetch"),
    "Wayback": (listing("<a href='https://web.archive.org/web/2021/x'>a</a>"), "the Wayback Machine", "id_"),
    "abstract": (page("[2503.00001] A title"), "the abstract page", "/list/"),
    "old abstract": (page("[hep-th/9901001] A title"), "the abstract page", "/list/"),
    "no such paper": (page("[9999.99999] Article identifier not recognized"), "an error page", "another"),
    "search": (page("Search | arXiv e-print repository"), "search results", "/list/"),
    "error 500": (page("500 Internal Server Error"), "an error page", "later"),
    "gateway": (page("502 Bad Gateway"), "an error page", "later"),
    "login": (page("Welcome", "<form><input type='password'></form>"), "a login page", "log in"),
    "portal": (page("Hotel Wi-Fi"), "a login page", "log in"),
    "captcha": (page("Just a moment..."), "asks who is there", "save"),
    "front": (page("arXiv.org e-Print archive"), "a web page titled 'arXiv.org e-Print archive'", "/list/"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_called_by_its_name(archive: Sandbox, kind: str) -> None:
    """One line: what it is, and what to do instead; exit 5, and nothing of it is kept."""
    body, name, advice = KINDS[kind]
    file = archive.folder / "file"
    file.write_bytes(body)
    result = archive.digest("import", str(file))
    (line,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 5
    assert line.startswith(f"error: {file}: expected a listing with abstracts, found ")
    assert name in line
    assert advice in line.partition(name)[2]
    assert not list((archive.folder / "raw").rglob("*.gz"))


REAL = {
    "a /recent or /pastweek page": ("*/*/list_*_recent.html", "*/*pastweek*.html", "*/*/*pastweek*.html"),
    "the listing of a month": ("*/list_cs.CV_2021-10.html",),
    "without abstracts": ("*/catchup_noabs.html",),
    "the abstract page of one paper": ("*/abs_2110.09903.html", "errors/abs_withdrawn*.html"),
    "an error page": ("errors/err_bad*.html", "errors/catchup_err_*.html", "errors/abs_nosuch.html"),
    "an RSS feed": ("feeds/err_badcat_rss.xml",),
    "an answer of arXiv's API": ("api/*.xml",),
    "an answer of arXiv's OAI-PMH": ("oai/*.xml",),
}  # fmt: skip


@pytest.mark.parametrize("kind", REAL)
def test_the_real_files_are_called_by_their_names(archive: Sandbox, shared: Path, kind: str) -> None:
    """Whatever arXiv itself serves."""
    files = [str(file) for pattern in REAL[kind] for file in (shared / "pages").glob(pattern)]
    files = [file for file in files if not Path(file).read_bytes().startswith(b"This listing is")]
    result = archive.digest("import", *files)
    lines = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 5
    assert len(lines) == len(set(files)) > 0
    assert [line for line in lines if kind not in line] == []


def test_no_updates_on_one_page_is_settled_by_a_person(archive: Sandbox, saved: Path) -> None:
    """The way is named, with the date; on a day without a listing there is none."""
    empty = re.sub(rb"<dl.*</dl>", b"<p>No updates today.</p>", saved.read_bytes(), flags=re.DOTALL)
    empty = re.sub(rb"<div class='paging'>.*?</div>", b"", empty, flags=re.DOTALL)
    saved.write_bytes(empty)
    told = archive.digest("import", str(saved))
    assert (told.code, "`digest accept 2025-03-05`" in told.err) == (5, True)
    saved.write_bytes(empty.replace(b"Wednesday, 5 March 2025", b"Saturday, 8 March 2025"))
    assert "arXiv has no listing of 2025-03-08" in archive.digest("import", str(saved)).err


@pytest.fixture
def saved(arxiv: StandIn, tmp_path: Path) -> Path:
    """The listing of the day as a browser saves it."""
    path = tmp_path / "saved.html"
    path.write_bytes(arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body)
    return path


def test_a_file_that_is_not_there_is_exit_2_before_any_work(archive: Sandbox, saved: Path) -> None:
    """Also one of many, and a link that leads nowhere; each is named, and nothing is made."""
    (archive.folder / "dangling.html").symlink_to("nowhere")
    before = sorted(archive.folder.rglob("*"))
    result = archive.digest("import", str(saved), "absent.html", str(archive.folder / "dangling.html"), "x" * 300)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert "absent.html" in result.err
    assert "dangling.html" in result.err
    assert sorted(archive.folder.rglob("*")) == before


def test_what_is_no_file_holds_nobody_up(archive: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a socket, a device: exit 5, each by its name."""
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    os.mkfifo("pipe.html")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.html")
        result = archive.digest("import", "pipe.html", "socket.html", "/dev/zero", "/dev/null")
    found = re.findall(r"error: (\S+): expected a saved page, found (a \w+)", result.err)
    assert result.code == 5
    assert found == [
        *(("pipe.html", "a pipe"), ("socket.html", "a socket"), ("/dev/zero", "a device"), ("/dev/null", "a device")),
    ]


def test_a_file_beyond_all_measure_is_not_read(archive: Sandbox, tmp_path: Path) -> None:
    """A terabyte of nothing is refused at once."""
    with (tmp_path / "big.html").open("wb") as stream:
        stream.truncate(1 << 40)
    result = archive.digest("import", str(tmp_path / "big.html"))
    assert (result.code, "bytes, found more" in result.err) == (5, True)


def test_a_folder_gives_its_pages(archive: Sandbox, saved: Path, tmp_path: Path) -> None:
    """Those below it, too; not what a browser put beside a page, and not what bears another name."""
    folder = tmp_path / "pages"
    (folder / "2025" / "saved_files").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "2025" / "saved.html.gz").write_bytes(gzip.compress(saved.read_bytes()))
    (folder / "2025" / "saved.html").write_bytes(saved.read_bytes())
    for junk in ("notes.txt", "2025/saved_files/frame.html", ".hidden/a.html", ".b.html"):
        (folder / junk).write_text("junk")
    result = archive.digest("import", str(folder))
    assert result.code == 0
    assert f"{folder}: 2 of 4 files left out" in result.err
    assert "date=2025-03-05 category=cs.CV state=complete" in result.err
    (folder / "2025" / "feed.html").write_text("<rss></rss>")
    again = archive.digest("import", str(folder))
    assert again.code == 5
    assert f"error: {folder}/2025/feed.html: " in again.err


def test_a_folder_without_pages_says_so(archive: Sandbox, tmp_path: Path) -> None:
    """Exit 5, as for any other file of no use."""
    (tmp_path / "none").mkdir()
    result = archive.digest("import", str(tmp_path / "none"))
    assert (result.code, "found none" in result.err) == (5, True)


@pytest.mark.parametrize("name", ["new\nline\x1b[31m.html", os.fsdecode(b"bad\xff.html"), "[red] [bold.html"])
def test_the_strangest_name_is_one_line(archive: Sandbox, tmp_path: Path, name: str) -> None:
    """Escaped where a terminal would obey it, and so that two names stay two."""
    (tmp_path / name).write_text("words")
    result = archive.digest("import", str(tmp_path / name), str(tmp_path))
    (line,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 5
    assert "\x1b" not in result.err
    assert (repr(name)[1:-1] if not name.isprintable() else name) in line


def test_a_folder_of_kept_pages_can_be_taken_in_again(archive: Sandbox, arxiv: StandIn) -> None:
    """It gives the same digest."""
    archive.digest("run")
    clean = Sandbox(archive.folder.parent / "clean", archive.capture)
    clean.folder.mkdir()
    clean.configure("arxiv", pages_url=arxiv.url, pages_delay=0)
    assert clean.digest("import", str(archive.folder / "raw")).code == 0
    assert clean.read(DIGEST) == archive.read(DIGEST)


def test_a_part_of_a_listing_names_the_way(archive: Sandbox, arxiv: StandIn, tmp_path: Path) -> None:
    """Its other pages are missing."""
    arxiv.announce(invent("cs.CV", DAY, new=40))
    (tmp_path / "part.html").write_bytes(arxiv.answer(Request("/list/cs.CV/new?skip=0&show=25", {}, 0)).body)
    result = archive.digest("import", str(tmp_path / "part.html"))
    assert (result.code, "further pages: import them together" in result.err) == (5, True)


def test_a_bad_page_of_the_right_kind_keeps_its_own_reason(archive: Sandbox, arxiv: StandIn, saved: Path) -> None:
    """It is kept, too: a mended parser may understand it."""
    body = arxiv.answer(Request("/list/cs.CV/new", {}, 0)).body
    saved.write_bytes(body.replace(b"<p class='mathjax'>", b"", 1))
    result = archive.digest("import", str(saved))
    assert result.code == 5
    assert "expected a listing with abstracts" not in result.err
    assert len(list((archive.folder / "raw").rglob("*.gz"))) == 1
