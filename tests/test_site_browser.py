"""The site in a real browser: reading, filters, keys, marks; and what checkers of pages say of it.

Chromium is Debian's, driven by playwright; axe and html-validate come from .ci/node/package.json.
"""

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.model import Day, Link, Paper, Section
from tests.conftest import Sandbox
from tests.days import day_of, paper
from tests.test_site import build, store

pytestmark = pytest.mark.long

NODE = Path(sys.executable).parent.parent / "node/node_modules"
CHROMIUM = shutil.which("chromium")
LAST = date(2025, 6, 27)
DAYS = 60
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
KINDS = [
    *("", "cs.CV/2025-06-26/", "cs.CV/2025-06/", "cs.CV/2025/", "cs.CV/", "views/", "views/splatting/", "papers/"),
    *("views/splatting/2025-06-26/", "papers/2506.00001/", "marks/", "404.html"),
]
"""A page of each kind."""


def dates() -> list[date]:
    """Return sixty listing dates, the oldest first."""
    found = [LAST - timedelta(days=days) for days in range(2 * DAYS)]
    return [when for when in found if when.weekday() < 5][DAYS - 1 :: -1]


def some_paper(arxiv_id: str, number: int) -> Paper:
    """Return an invented paper; each third has code, each fifth is about splatting and has maths."""
    words = "Splatting $O(n^2)$ scenes" if number % 5 == 0 else "Points and clouds"
    links = (Link(f"https://github.com/own/p{number}", "code", "abstract"),) if number % 3 == 0 else ()
    return paper(
        arxiv_id,
        title=f"{words} {number}",
        abstract=f"An abstract of $\\alpha_{{{number}}}$ and &amp; much more. " + "All of it is invented. " * 40,
        categories=("cs.CV", "cs.RO") if number % 2 else ("cs.CV",),
        links=links,
    )


def some_days() -> Iterator[Day]:
    """Yield sixty days of twelve papers; each has a replacement of a paper of the day before."""
    before: Paper | None = None
    for when in dates():
        ids = [f"{when:%y%m}.{when.day * 100 + number:05d}" for number in range(12)]
        if when == date(2025, 6, 25):
            ids[0] = "2506.00001"
        papers = [some_paper(one, number) for number, one in enumerate(ids)]
        listed = [(Section.NEW if number < 9 else Section.CROSS, one) for number, one in enumerate(papers)]
        again = [(Section.REPLACEMENT, replace(before, title=f"{before.title}, revised"))] if before else []
        yield day_of([*listed, *again], date=when)
        before = papers[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive with a site of sixty days."""
    sandbox = Sandbox(tmp_path_factory.mktemp("site"), None)  # type: ignore[arg-type]
    sandbox.configure("arxiv", categories=["cs.CV"])
    sandbox.configure("store", records="")
    config = sandbox.folder / "config.toml"
    view = '[[view]]\nname = "splatting"\nkeywords = ["splatting"]\n'
    config.write_text(f"{config.read_text(encoding='utf-8')}{view}", encoding="utf-8")
    store(sandbox, [*some_days()])
    subprocess.run([sys.executable, "-m", "digest", "site"], cwd=sandbox.folder, check=True, capture_output=True)
    return sandbox.folder / "site"


@pytest.fixture(scope="module")
def address(made: Path) -> Iterator[str]:
    """Where the site is shown: not at the top of the host, as on GitHub Pages."""
    with shown(made) as address:
        yield address


@contextmanager
def shown(folder: Path) -> Iterator[str]:
    """Show a folder below /archive/ on a port of this machine."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def translate_path(self, path: str) -> str:
            return super().translate_path(path.removeprefix("/archive"))

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/archive/"
        server.shutdown()


@dataclass
class Browser:
    """A browser of its own, with what it complained of and what it asked other hosts for."""

    context: Any
    address: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, "blob:")):
            self.elsewhere.append(url)

    def open(self, path: str) -> Any:
        """Open a page of the site."""
        page = self.context.new_page()
        page.on("console", lambda one: self.complaints.append(one.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda one: self._note(one.url))
        page.goto(self.address + path)
        return page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def browsing(chromium: Any, address: str, **options: Any) -> Iterator[Browser]:
    """Open a browser; in the end nothing was complained of, and nothing asked of another host."""
    context = chromium.new_context(**{"viewport": DESKTOP, **options})
    browser = Browser(context, address)
    yield browser
    context.close()
    assert (browser.complaints, browser.elsewhere) == ([], [])


@pytest.fixture
def browser(chromium: Any, address: str) -> Iterator[Browser]:
    """A browser at a desk."""
    with browsing(chromium, address) as opened:
        yield opened


def seen(page: Any) -> list[str]:
    """Return the ids of the papers that are shown."""
    found: list[str] = page.evaluate("[...document.querySelectorAll('.paper:not([hidden])')].map((one) => one.id)")
    return found


def test_a_day_is_read_and_leads_to_the_next(browser: Browser) -> None:
    """From the first page to the newest day, from there to the day before and back."""
    page = browser.open("")
    page.get_by_role("link", name="Read all 12 papers").click()
    assert page.title().startswith("cs.CV, Fri, 27 Jun 2025")
    assert len(seen(page)) == 12
    assert page.locator(".abstract").first.is_visible()
    assert page.locator("math").count() >= 12
    page.get_by_role("navigation", name="Days", exact=True).get_by_role("link", name="Thu, 26 Jun").click()
    assert "/cs.CV/2025-06-26/" in page.url
    page.get_by_role("navigation", name="Days", exact=True).get_by_role("link", name="Fri, 27 Jun").click()
    assert "/cs.CV/2025-06-27/" in page.url


def test_papers_are_filtered_by_section_code_category_and_words(browser: Browser) -> None:
    """How many are left is said; the address remembers it."""
    page = browser.open("cs.CV/2025-06-26/")
    page.get_by_role("button", name="With code").click()
    assert len(seen(page)) == 4
    assert page.locator("#shown").text_content() == "4 of 12 papers"
    page.get_by_role("button", name="Cross-lists").click()
    assert len(seen(page)) == 1
    assert "section=cross" in page.url
    page.reload()
    assert len(seen(page)) == 1
    for name in ("With code", "Cross-lists"):
        page.get_by_role("button", name=name).click()
    page.get_by_label("Category").select_option("cs.RO")
    assert len(seen(page)) == 6
    page.get_by_label("Category").select_option("")
    page.get_by_label("Words").fill("splatting")
    assert len(seen(page)) == 3
    page.get_by_label("Words").fill("")
    assert len(seen(page)) == 12
    assert "?" not in page.url


def test_the_keyboard_goes_from_paper_to_paper(browser: Browser) -> None:
    """J and k, s and r mark, / looks for words, ? helps; what is typed into a field is typed."""
    page = browser.open("cs.CV/2025-06-26/")
    first, second, *_ = seen(page)
    focused = "document.activeElement.id"
    page.keyboard.press("j")
    assert page.evaluate(focused) == first
    page.keyboard.press("j")
    assert page.evaluate(focused) == second
    page.keyboard.press("k")
    page.keyboard.press("s")
    page.keyboard.press("r")
    assert {"starred", "read"} <= set(page.locator(f"[id='{first}']").get_attribute("class").split())
    page.keyboard.press("/")
    page.keyboard.type("jks?")
    assert page.get_by_label("Words").input_value() == "jks?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_o_opens_the_papers_page_in_a_window_of_its_own(chromium: Any, address: str) -> None:
    """At arXiv, which is not told from where."""
    context = chromium.new_context()
    context.route("https://arxiv.org/**", lambda route: route.fulfill(body="<p>arXiv</p>", content_type="text/html"))
    page = context.new_page()
    page.goto(f"{address}cs.CV/2025-06-26/")
    page.keyboard.press("j")
    with context.expect_page() as opened:
        page.keyboard.press("o")
    other = opened.value
    other.wait_for_load_state()
    assert other.url.startswith("https://arxiv.org/abs/2506.")
    assert other.evaluate("[document.referrer, window.opener]") == ["", None]
    context.close()


def test_marks_are_kept_exported_and_taken_in_again(browser: Browser, tmp_path: Path) -> None:
    """A line an id, + or -; what is not understood is told, and harms nothing."""
    page = browser.open("cs.CV/2025-06-26/")
    first, second, *_ = seen(page)
    page.get_by_role("button", name="Star: ").first.click()
    page.get_by_role("button", name="Read: ").nth(1).click()
    page = browser.open("marks/")
    page.locator("#starred a").click()
    assert page.url.endswith(f"/cs.CV/2025-06-26/#{first}")
    page.go_back()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    assert waiting.value.suggested_filename == "marks.txt"
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    assert [line for line in lines if line] == [f"+{first}", f"-{second}"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove all marks").click()
    assert page.locator("#starred a").count() == 0
    more = tmp_path / "marks.txt"
    more.write_text(f"{text}# mine\r\n + math.GT/0309136 # a knot\n-2506.01234\n<b>x</b>\n+../../x\n", encoding="utf-8")
    page.locator("#import").set_input_files(more)
    page.get_by_text("4 marks taken in. Not understood: lines").wait_for()
    links = page.locator("#starred a")
    assert [one.get_attribute("href") for one in links.all()] == [
        *("https://arxiv.org/abs/math.GT/0309136", f"https://arxiv.org/abs/{first}"),
    ]
    assert links.first.text_content() == "a knot"


def test_unread_papers_alone_are_shown(browser: Browser) -> None:
    """A paper that is being marked as read does not vanish under the reader's hands."""
    page = browser.open("cs.CV/2025-06-26/")
    page.get_by_role("button", name="Unread").click()
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id")
    page.keyboard.press("r")
    assert first in seen(page)
    page.reload()
    assert first not in seen(page)
    assert len(seen(page)) == 11


def test_keys_act_on_what_is_seen(browser: Browser) -> None:
    """Not on a hidden paper; in "Unread", one that was read leaves when the next is chosen."""
    page = browser.open("cs.CV/2025-06-26/")
    hidden = seen(page)[1]
    page.goto(f"{page.url}#{hidden}")
    page.get_by_label("Words").fill("splatting")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    assert page.locator(".starred").count() == 0
    page.get_by_label("Words").fill("nowhere at all")
    assert page.locator("#shown").text_content() == "No paper is as you chose (0 of 12)."
    page.get_by_label("Words").fill("")
    page.get_by_role("button", name="Unread").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id")
    page.keyboard.press("r")
    assert first in seen(page)
    page.keyboard.press("j")
    assert first not in seen(page)
    assert page.locator("#shown").text_content() == "11 of 12 papers"


def test_h_and_l_go_to_the_day_before_and_after(browser: Browser) -> None:
    """With the filters that were chosen; / goes to a search box wherever there is one."""
    page = browser.open("cs.CV/2025-06-26/")
    page.get_by_role("button", name="With code").click()
    page.keyboard.press("l")
    page.wait_for_url("**/cs.CV/2025-06-27/?show=code")
    page.keyboard.press("h")
    page.wait_for_url("**/cs.CV/2025-06-26/?show=code")
    page = browser.open("")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"


def test_the_first_title_stands_on_the_first_screen_of_a_phone(chromium: Any, address: str) -> None:
    """Filters are folded there, and unfold."""
    with browsing(chromium, address, viewport={"width": 390, "height": 660}) as browser:
        page = browser.open("cs.CV/2025-06-26/")
        box = page.locator(".paper h3").first.bounding_box()
        assert box["y"] + box["height"] < 500
        page.get_by_role("button", name="Filter", exact=True).click()
        assert page.get_by_label("Words").is_visible()


def test_a_query_that_is_too_long_says_so(browser: Browser) -> None:
    """Rather than to be cut."""
    page = browser.open("search/?q=" + "ab " * 400)
    page.get_by_text("Please ask in at most 1,000 characters.").wait_for()


def test_a_marked_paper_is_marked_wherever_it_stands(browser: Browser) -> None:
    """On the first page and in views, too, and in another window at once."""
    other = browser.open("views/splatting/2025-06-27/")
    page = browser.open("cs.CV/2025-06-27/")
    marked = next(one for one in seen(page) if one in seen(other))
    page.locator(f"[id='{marked}']").get_by_role("button", name="Star").click()
    other.locator(f"[id='{marked}'].starred").wait_for()
    assert browser.open("").locator(f"li.starred[data-id='{marked}']").count() >= 1


def test_pages_follow_the_readers_light_and_dark(chromium: Any, address: str) -> None:
    """By the system's wish, without a switch."""
    colours = []
    for scheme in ("light", "dark"):
        with browsing(chromium, address, color_scheme=scheme) as browser:
            page = browser.open("cs.CV/2025-06-26/")
            colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, one[4:-1].split(","))) for one in colours)
    assert light > 700
    assert dark < 120


def test_pages_are_readable_without_javascript(chromium: Any, address: str) -> None:
    """Abstracts, links, the way from day to day; no control is shown that does nothing."""
    with browsing(chromium, address, java_script_enabled=False) as browser:
        page = browser.open("cs.CV/2025-06-26/")
        assert page.locator(".abstract").count() == 12
        assert page.locator(".abstract").last.is_visible()
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
        page.get_by_role("navigation", name="Days", exact=True).get_by_role("link", name="Fri, 27 Jun").click()
        assert "/cs.CV/2025-06-27/" in page.url


@pytest.mark.parametrize("path", KINDS)
def test_no_page_is_wider_than_a_phone(chromium: Any, address: str, path: str) -> None:
    """Of 360 pixels; nothing has to be moved aside to be read."""
    with browsing(chromium, address, viewport=PHONE) as browser:
        page = browser.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        browser.complaints = [one for one in browser.complaints if path != "404.html"]
        browser.elsewhere = [one for one in browser.elsewhere if path != "404.html"]


@pytest.mark.parametrize("path", [path for path in KINDS if path != "404.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Any, address: str, path: str, scheme: str) -> None:
    """By WCAG 2.2 AA and its best practices, on a phone and at a desk."""
    script = NODE / "axe-core/axe.min.js"
    if not script.exists():
        pytest.skip("axe-core is not installed")
    for viewport in (PHONE, DESKTOP):
        with browsing(chromium, address, viewport=viewport, color_scheme=scheme) as browser:
            page = browser.open(path)
            page.evaluate(script.read_text(encoding="utf-8"))
            if page.locator(".paper").count():
                page.keyboard.press("j")
                page.keyboard.press("s")
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", tags)
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
            assert len(found["passes"]) > 10


RULES = {
    "extends": ["html-validate:recommended", "html-validate:document"],
    "rules": {
        # HTML lets an id begin with a digit, as those of papers do.
        "valid-id": ["error", {"relaxed": True}],
        # What comes from the site's own host needs no proof.
        "require-sri": ["error", {"target": "crossorigin"}],
    },
}


def test_html_validate_finds_nothing(made: Path, tmp_path: Path) -> None:
    """In a page of each kind; and it notices what is wrong in another."""
    program = NODE / ".bin/html-validate"
    if not program.exists():
        pytest.skip("html-validate is not installed")
    config = tmp_path / "rules.json"
    config.write_text(json.dumps({"root": True, **RULES}), encoding="utf-8")
    pages = [made / path / "index.html" if not path.endswith("html") else made / path for path in KINDS]
    done = subprocess.run([program, "--config", config, *pages], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.html"
    wrong.write_text(pages[0].read_text(encoding="utf-8").replace("</main>", "<p><div></p></main>"), encoding="utf-8")
    assert subprocess.run([program, "--config", config, wrong], capture_output=True, check=False).returncode == 1


def test_a_day_of_650_papers_is_light_and_there_at_once(chromium: Any, sandbox: Sandbox) -> None:
    """Less than 1.5 MB, and the reader can go on within two seconds."""
    pool = [some_paper(f"2506.{number:05d}", number) for number in range(1, 651)]
    long = [replace(one, abstract=(one.abstract or "") + "It is as long as a long one. " * 12) for one in pool]
    sandbox.configure("arxiv", categories=["cs.CV"])
    sandbox.configure("store", records="")
    store(sandbox, [day_of([(Section.NEW, one) for one in long], date=LAST)])
    build(sandbox)
    size = (sandbox.folder / f"site/cs.CV/{LAST}/index.html").stat().st_size
    assert 1_000_000 < size < 1_500_000
    with shown(sandbox.folder / "site") as address, browsing(chromium, address) as browser:
        page = browser.open(f"cs.CV/{LAST}/")
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        assert loaded < 2000
        filtering = """() => { const began = performance.now(); const words = document.getElementById("words");
        words.value = "splatting"; words.dispatchEvent(new Event("input")); document.body.offsetHeight;
        return performance.now() - began; }"""
        assert page.evaluate(filtering) < 1000
        assert len(seen(page)) == 130
