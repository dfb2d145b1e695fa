"""Mails: what `digest run` sends to an SMTP server, and what a mail program makes of it."""

import json
import re
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from digest.config.settings import View
from digest.model import Hit, Link, Section
from digest.notify import Address
from digest.notify.channels import Channels
from digest.notify.messages import Item, Message
from digest.render.digest import contents_of_day, contents_of_view
from digest.render.mail import MOST_BYTES, Mail, render_mail
from tests.conftest import DAY, Sandbox
from tests.days import WHEN, day_of, paper
from tests.receiver import mail_to, post_office
from tests.standin import StandIn, invent
from tests.test_notifier import add_view, announced
from tests.test_site_browser import NODE, RULES

HARMLESS = (
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "table",
    "tbody",
    "tr",
    "td",
    "h1",
    "h2",
    "h3",
    "p",
    "br",
    "a",
    "bdi",
    "em",
)
HOSTILE = [
    '<script>alert(1)</script> <img src="https://evil.example/x.png"> &amp; <b>x</b>',
    "bell \x07 escape \x1b[31m red \x9b",
    "W" * 400,
    "\u05e9\u05dc\u05d5\u05dd \u202eevil \u2066x",
    "{{ 7*7 }} {% raw %} {# gone #}",
    "lines\r\n.\r\nSubject: another\u2028From x",
]


@pytest.fixture
def office(archive: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EmailMessage]]:
    """The mails that an archive sends; nothing ran yet."""
    with post_office() as (port, mails):
        monkeypatch.setenv("CHANNELS", mail_to(port))
        archive.configure("notify", urls=["env:CHANNELS"])
        yield mails


def parts_of(mail: EmailMessage) -> Mail:
    """Return the two forms of a mail, as a mail program finds them."""
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return Mail(html.get_content(), plain.get_content().replace("\r\n", "\n"))


def test_a_night_sends_mails_of_two_parts(archive: Sandbox, office: list[EmailMessage], arxiv: StandIn) -> None:
    """One of the day and one of a view: each with its links, and why the view shows it; the plain part has it all."""
    announced(arxiv, DAY, "Gaussian Splatting at Dusk", "Another Subject")
    add_view(archive, "splatting", 'keywords = ["gaussian splatting"]')
    assert archive.digest("run").code == 0
    day, view = office
    assert (day["Subject"], day["To"]) == ("arXiv cs.CV, Wed, 5 Mar 2025: 2 new", "bo@example.org")
    assert view["Subject"] == "splatting, Wed, 5 Mar 2025: 1 paper"
    assert view["Auto-Submitted"] == "auto-generated"
    assert parts_of(view).text == (
        "splatting, Wed, 5 Mar 2025: 1 paper\n"
        "\n"
        "1. Gaussian Splatting at Dusk\n"
        "   Ada Example\n"
        "   cs.CV\n"
        "   https://arxiv.org/abs/2503.00051\n"
        "   https://arxiv.org/pdf/2503.00051.pdf\n"
        '   Why: keyword "gaussian splatting" in the title\n'
        "\n"
        "   Abstract.\n"
    )
    page = BeautifulSoup(parts_of(view).html, "html.parser")
    assert [(one["href"], one.get_text()) for one in page.find_all("a")] == [
        ("https://arxiv.org/abs/2503.00051", "Gaussian Splatting at Dusk"),
        ("https://arxiv.org/pdf/2503.00051.pdf", "PDF"),
    ]
    assert 'Why: keyword "gaussian splatting" in the title' in page.get_text()
    both = parts_of(day)
    assert re.findall(r"^\d\. .*", both.text, re.MULTILINE) == ["1. Another Subject", "2. Gaussian Splatting at Dusk"]
    assert "Why" not in both.html


def test_the_mail_of_a_view_can_be_looked_at(archive: Sandbox, arxiv: StandIn) -> None:
    """Without being sent: the very parts; its page on the site is where all of it is, if no file is published."""
    announced(arxiv, DAY, "Gaussian Splatting at Dusk")
    archive.configure("site", address="https://example.org/a/")
    add_view(archive, "gaussian splatting", 'keywords = ["splatting"]')
    archive.digest("run")
    text = archive.digest("view", "gaussian splatting", "latest", "--mail", "text").out
    address = "https://example.org/a/views/gaussian%20splatting/2025-03-05/"
    assert text.startswith(
        f"gaussian splatting, Wed, 5 Mar 2025: 1 paper\n{address}\n\n1. Gaussian Splatting at Dusk\n"
    )
    html = archive.digest("view", "gaussian splatting", str(DAY), "--mail", "html").out
    assert html.startswith("<!DOCTYPE html>\n")
    assert f'<a href="{address}">' in html
    told = json.loads(archive.digest("view", "gaussian splatting", str(DAY), "--mail", "html", "--json").out)
    assert told["text"] == html
    assert archive.digest("view", "gaussian splatting", str(DAY), "--mail", "pdf").code == 2


def test_hostile_texts_are_texts() -> None:
    """In both parts: no element, no address that is loaded, no sign that a terminal obeys, no line of their own."""
    papers = [
        paper(f"2503.{number:05d}", title=text, abstract=text, authors=(text,))
        for number, text in enumerate(HOSTILE, 1)
    ]
    day = day_of([(Section.NEW, one) for one in papers])
    hits = [Hit(one, (f"author {one.paper.title}",)) for one in day.announcements]
    made = render_mail("<i>mine</i>\r\nBcc: x", [contents_of_view(View("mine"), WHEN, [day], hits, [Section.NEW])])
    page = BeautifulSoup(made.html, "html.parser")
    names = {element.name for element in page.find_all()}
    assert names <= {*HARMLESS}
    assert not page.find_all(src=True)
    assert all(str(one["href"]).startswith("https://arxiv.org/") for one in page.find_all("a"))
    assert "{{ 7*7 }} {% raw %} {# gone #}" in page.get_text()
    assert {HOSTILE[0], "<i>mine</i> Bcc: x"} <= {one.get_text() for one in page.find_all(["bdi", "h1"])}
    for text in made:
        assert all(line.isprintable() for line in text.split("\n"))
        assert not re.search(r"^(\.|From |Subject:|Bcc:)", text, re.MULTILINE)


def test_maths_is_read_and_code_is_linked() -> None:
    """As on a terminal; the address of code is shown, and is the link's."""
    link = Link("https://github.com/own/code?a=1&b=2", "code", "abstract")
    one = paper(title=r"An $O(n^2)$ bound of \emph{ours}", links=(link,))
    made = render_mail("Today", [contents_of_day(day_of([(Section.NEW, one)]), [Section.NEW])])
    assert "1. An O(n²) bound of ours" in made.text
    assert "   https://github.com/own/code?a=1&b=2\n" in made.text
    found = BeautifulSoup(made.html, "html.parser").find("a", string=re.compile("Code: github.com/own/code"))
    assert found is not None
    assert found["href"] == link.url


@pytest.mark.parametrize(
    ("count", "has_all", "has_abstracts"), [(20, True, True), (200, True, False), (700, False, False)]
)
def test_a_mail_is_as_long_as_programs_show(count: int, *, has_all: bool, has_abstracts: bool) -> None:
    """Gmail clips at 102 kB: abstracts are cut first; then papers are left out, and their number leads to the file."""
    papers = [(Section.NEW, paper(f"2503.{n:05d}", abstract="A word of many. " * 90)) for n in range(1, count + 1)]
    address = "https://example.org/2025-03-05.md"
    made = render_mail("Today", [contents_of_day(day_of(papers), [Section.NEW])], address=address)
    assert len(made.html.encode()) <= MOST_BYTES
    shown = len(re.findall(r"^\d+\. ", made.text, re.MULTILINE))
    assert len(BeautifulSoup(made.html, "html.parser").find_all("h2")) == shown
    assert (shown == count) is has_all
    assert ("A word of many" in made.html) is has_abstracts
    assert (made.text.endswith(f"\n… and {count - shown} more papers.\n{address}\n")) is not has_all
    assert made.html.count(f'href="{address}"') == (1 if has_all else 2)


def test_a_paper_of_two_categories_stands_once() -> None:
    """In the mail of a date, by the first of them."""
    one = paper()
    days = [day_of([(Section.NEW, one)]), day_of([(Section.CROSS, one)], category="cs.LG")]
    made = render_mail("Today", [contents_of_day(day, [Section.NEW, Section.CROSS]) for day in days])
    assert made.text.count("A title of 2503.00001") == 1


def told(address: str) -> list[str]:
    """Send a message that has a mail, and return what failed."""
    message = Message("A title", ((Item("In short"),),), mail=lambda: ("<p>All of it</p>", "All of it"))
    return [fate.failure for fate in Channels([Address("env:A", address)]).deliver(message).values()]


def test_an_address_may_ask_for_text_alone() -> None:
    """As apprise lets it; then a mail says what a chat would."""
    with post_office() as (port, mails):
        assert told(mail_to(port, more="&format=text")) == [""]
    (mail,) = mails
    assert (mail.get_content_type(), mail.get_content().strip()) == ("text/plain", "In short")


def test_who_took_a_mail_does_not_get_it_again() -> None:
    """Each recipient has a mail of their own; one that is unknown costs no other anything; nobody is a failure."""
    with post_office() as (port, mails):
        assert told(mail_to(port, "bo@example.org", "nobody@example.org", "cy@example.org")) == [""]
        assert sorted(mail["To"] for mail in mails) == ["bo@example.org", "cy@example.org"]
        (failure,) = told(mail_to(port, "nobody@example.org"))
        assert failure == "env:A (E-Mail): a message did not get through (the service refused it)"


def test_a_server_that_is_not_there_is_a_failure_without_its_address() -> None:
    """Its name is a secret."""
    with post_office() as (port, _):
        pass
    (failure,) = told(mail_to(port))
    assert "127.0.0.1" not in failure
    assert failure.startswith("env:A (E-Mail): a message did not get through (")


def test_a_large_day_is_one_mail(archive: Sandbox, office: list[EmailMessage], arxiv: StandIn) -> None:
    """A chat gets five papers; a mail has them all."""
    arxiv.announce(invent("cs.CV", DAY, new=60, cross=0))
    archive.digest("run")
    (mail,) = office
    assert len(re.findall(r"^\d+\. ", parts_of(mail).text, re.MULTILINE)) == 60


@pytest.mark.long
def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    """In the mail of a day, and in one of a view; styles stand in place, since mail programs drop style sheets."""
    program = NODE / ".bin/html-validate"
    if not program.exists():
        pytest.skip("html-validate is not installed")
    config = tmp_path / "rules.json"
    rules = {"valid-id": ["error", {"relaxed": True}], "no-inline-style": "off"}
    config.write_text(json.dumps({"root": True, **RULES, "rules": rules}), encoding="utf-8")
    day = day_of([(Section.NEW, paper("2503.00001")), (Section.CROSS, paper("2503.00002", title=HOSTILE[0]))])
    hits = [Hit(one, ("author <A>",)) for one in day.announcements[:1]]
    both = ["a", "b"]
    contents = (
        contents_of_day(day, [Section.NEW, Section.CROSS]),
        contents_of_view(View("v"), WHEN, [day], hits, [*Section]),
    )
    for name, one in zip(both, contents, strict=True):
        made = render_mail("Today", [one], notes=["a note"], address="https://example.org/a?b=1&c=2")
        (tmp_path / f"{name}.html").write_text(made.html, encoding="utf-8")
    pages = [tmp_path / f"{name}.html" for name in both]
    done = subprocess.run([program, "--config", config, *pages], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
