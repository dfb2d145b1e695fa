"""The search of the site: its files, and what a browser finds in them."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Clause, Day, Query, Section, Term
from digest.render.site.search import ROOM, catalogue, segment_files, segments_of
from digest.store.light import open_light
from digest.store.whole import Store
from digest.views.search import indexed_words, parse_query
from tests.conftest import Sandbox
from tests.days import day_of, paper, real_days
from tests.test_search import DAYS, FIRST, FORMS, QUERIES, SPLATTING, fill

SCRIPT = Path(__file__).parents[1] / "templates" / "site" / "search.js"
ASK = Path(__file__).with_name("search.mjs")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

with_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def publish(days: Sequence[Day], folder: Path, version: str = "0" * 8) -> Path:
    """Write the files in which ``days`` are searched, the oldest of which comes first."""
    segments = segments_of([(day.date, len(day.entries)) for day in days])
    for segment in segments:
        announcements = [one for number in segment.days for one in days[number].announcements]
        files = segment_files(announcements, version, lambda category, when: f"{category}/{when}/", indexed_words)
        (folder / segment.path).mkdir(parents=True)
        for name, data in files.items():
            (folder / segment.path / name).write_bytes(data)
    rows = [(one.path, version, days[one.days.start].date, days[one.days.stop - 1].date) for one in segments]
    (folder / "index.json").write_bytes(catalogue(rows))
    return folder


def ask(folder: Path, *queries: str, most: int = 10**6) -> list[dict[str, Any]]:
    """Return what the script of the site finds by each query."""
    arguments = ["node", str(ASK), str(SCRIPT), str(folder), str(most)]
    result = subprocess.run(arguments, input=json.dumps(queries), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def ids(found: dict[str, Any]) -> list[str]:
    """Return the ids of what a query found."""
    return [hit["id"] for hit in found["hits"]]


# What is found


ONLY_ON_A_TERMINAL = {"code:github.com/someone", "code:GitHub.com", "code:x.example"}


@with_node
def test_a_query_finds_what_it_finds_on_a_terminal(tmp_path: Path) -> None:
    """Words, phrases, stars, hyphens, OR, brackets, fields and conditions; only addresses of code are not known."""
    found = ask(publish(DAYS, tmp_path), *(query for query, _ in QUERIES))
    for (query, expected), one in zip(QUERIES, found, strict=True):
        if expected is None or query in ONLY_ON_A_TERMINAL:
            assert "error" in one, query
        else:
            assert "".join(name.partition(".0000")[2] for name in ids(one)) == expected, query


TYPED_AS_TEX = {"Gödel"}


@with_node
def test_words_are_found_in_other_forms(tmp_path: Path) -> None:
    """Hyphens, plurals, digits and accents make as little difference as on a terminal; TeX for a letter does."""
    forms = [one for one in FORMS if one[0] not in TYPED_AS_TEX]
    papers = [paper(f"2503.{number:05d}", title=title, abstract=None) for number, (_, title, _) in enumerate(forms)]
    folder = publish([day_of([(Section.NEW, one) for one in papers])], tmp_path)
    found = ask(folder, *(f"title:({query})" for query, _, _ in forms))
    for one, (query, title, is_found), answer in zip(papers, forms, found, strict=True):
        assert (str(one.arxiv_id) in ids(answer)) is is_found, (query, title)


@with_node
@pytest.mark.parametrize(
    "query",
    [
        *("", "-", '"', 'a "b', "(a", "a)", "a OR", "a:b", "title: a", "has:it", "in:x", "in:..", "a*b", "*", "s*"),
        *("a NOT", "()", "(in:2021 a)", "a OR b in:2021", "in:(a)", f"{'(' * 9}a{')' * 9}", "code:github.com", "NOT a"),
    ],
)
def test_a_query_that_cannot_be_understood_is_told(tmp_path: Path, query: str) -> None:
    """In one sentence; nothing is read for it."""
    (one,) = ask(tmp_path, query)
    assert re.fullmatch(r"[^\n]+\.", one["error"])


@with_node
def test_whatever_is_typed_finds_papers_or_is_told(tmp_path: Path) -> None:
    """No query makes the script fail."""
    pieces = [
        '"',
        "(",
        ")",
        "-",
        "*",
        ":",
        " ",
        "OR",
        "NOT",
        "title:",
        "in:",
        "2025",
        "point",
        "cloud",
        "é",
        "ß",
        "\0",
        "点",
    ]
    queries = [one + other + third for one in pieces for other in pieces for third in ("", "a", '"', ")")]
    assert len(ask(publish(DAYS, tmp_path), *queries)) == len(queries)


ASKED = (
    *(
        "network",
        "the",
        "gaussian splatting",
        "gaussian splatting -medical",
        '"point cloud" (completion OR registration)',
    ),
    *(
        "author:li has:code",
        "title:nerf",
        "segment*",
        'title:"point cloud"',
        "few-shot",
        "fewshot",
        "U-Net",
        "SAM2",
        "3D",
    ),
    *('"3D gaussian"', "has:code -network", "in:2026", "in:2025-09 diffusion", "category:cs.RO", "-category:cs"),
    *(
        "category:cs.*,math",
        "code:no diffusion",
        '"state of the art"',
        "state-of-the-art",
        'au:"Wei Wang"',
        "-the network",
    ),
    *(
        "network OR the",
        "in-painting",
        "inpainting",
        "(a OR b) -c",
        "title:(diffusion OR transformer) abs:video",
        "cvpr",
    ),
    *('"point clo"*', "-diffusion video", '"of a"', '"a the"', "multi-view", "text-to-image", "zero-shot -few-shot"),
)


@pytest.mark.long
@with_node
def test_real_papers_are_found_as_on_a_terminal(shared: Path, tmp_path: Path) -> None:
    """In 2,290 real papers by forty queries: the very same, in the same order.

    By words and phrases of their titles: nothing else than on a terminal, and all but where a blank tears a word.
    """
    days = real_days(shared)
    with closing(Store(f"sqlite:///{tmp_path}/archive.db", tmp_path / "archive.db")) as store:
        for day in days:
            store.save_day(day, "0" * 64, outdated_file="none")
    titles = [re.sub(r'["*]', "", entry.paper.title).split() for entry in days[-1].entries]
    own = [f'"{" ".join(words[first : first + 1 + first % 3])}"' for words in titles for first in (0, len(words) // 2)]
    answers = ask(publish(days, tmp_path / "search"), *ASKED, *own)
    light = open_light(tmp_path / "archive.db")
    assert light is not None

    def find(query: Query) -> list[str]:
        return [hit.arxiv_id for hit in light.find(query, ranked=False, limit=10**6)]

    with closing(light):
        for query, one in zip(ASKED, answers, strict=False):
            assert ids(one) == find(parse_query(query)), query
        for query, one in zip(own, answers[len(ASKED) :], strict=True):
            asked = parse_query(query)
            assert asked.text is not None
            terms = [replace(part, torn=()) for part in asked.text.parts if isinstance(part, Term)]
            whole = replace(asked, text=Clause(tuple(terms)))
            assert {*find(whole)} <= {*ids(one)} <= {*find(asked)}, query
            assert ids(one)[:1] or "$" in query, query


@pytest.mark.long
@with_node
def test_real_words_are_found_where_they_stand(shared: Path, tmp_path: Path) -> None:
    """The beginning of a word is found in just those papers whose texts have it, by a search in plain Python."""
    days = real_days(shared)
    texts = {
        str(one.arxiv_id): " ".join([one.title, *one.authors, one.abstract or "", one.comments or ""]).lower()
        for day in days
        for one in (entry.paper for entry in day.entries)
        if "<" not in f"{one.abstract}{one.comments}" and f"{one}".isascii()
    }
    for word, one in zip(WORDS, ask(publish(days, tmp_path), *(f'"{word}"*' for word in WORDS)), strict=True):
        expected = {name for name, text in texts.items() if re.search(rf"(?<![a-z0-9]){word}", text)}
        assert expected <= set(ids(one)), word
        assert expected == set(ids(one)) & texts.keys(), word


WORDS = ("attention", "camera", "speckle", "lesion", "infrared", "curvature", "echocardio", "benchmark", "wang", "cvpr")


@with_node
def test_a_paper_is_shown_once_with_its_newest_text(tmp_path: Path) -> None:
    """A replaced paper is found by each of its texts, across years, too; a hit tells where it stands."""
    again = paper(str(SPLATTING.arxiv_id), title="Splatting in another year", categories=("cs.CV",))
    later = day_of([(Section.REPLACEMENT, again)], date=date(2026, 1, 5))
    old, new, both = ask(publish([*DAYS, later], tmp_path), "medical", "another", "splatting")
    assert [hit["date"] for hit in old["hits"]] == ["2025-04-01"]
    assert [hit["date"] for hit in both["hits"]] == ["2026-01-05"]
    assert new["hits"] == [
        {
            "id": "2503.00001",
            "path": "cs.CV/2026-01-05/#2503.00001",
            "date": "2026-01-05",
            "category": "cs.CV",
            "section": "replacement",
            "title": "Splatting in another year",
            "authors": "Zoë van der Plaat, Mei O'Dunmore",
        }
    ]


@with_node
def test_long_words_and_long_texts(tmp_path: Path) -> None:
    """Words are told apart by 64 letters; far down in a text, words are found, and phrases as far as it is said."""
    long = " ".join(f"w{number}" for number in range(3000))
    papers = [
        paper("2503.00001", title="x" * 300, abstract=f"needle {long} needle"),
        paper("2503.00002", abstract=long),
    ]
    folder = publish([day_of([(Section.NEW, one) for one in papers])], tmp_path)
    queries = ["x" * 300, "x" * 64, "x" * 63, "needle", "w2999", '"w2000 w2001"', '"w2 w1"']
    assert [len(one["hits"]) for one in ask(folder, *queries)] == [1, 1, 0, 1, 2, 2, 0]


@with_node
def test_a_file_of_another_day_is_noticed(tmp_path: Path) -> None:
    """Nothing is found by words of one day in papers of another."""
    folder = publish(DAYS, tmp_path)
    head = folder / "2025" / "0" / "head.json"
    head.write_bytes(head.read_bytes().replace(b'"00000000"', b'"00000001"'))
    with pytest.raises(AssertionError, match="Stale"):
        ask(folder, "splatting")


# What is made


def test_the_same_papers_give_the_same_bytes() -> None:
    """Whenever they are made; and each file is of the version that the catalogue tells."""
    announcements = [one for day in DAYS for one in day.announcements]
    once, again = (
        segment_files(announcements, "0123abcd", lambda category, when: f"{category}/{when}/", indexed_words)
        for _ in range(2)
    )
    assert once == again
    for name, data in once.items():
        assert json.loads(data)["v"] == "0123abcd" if name.endswith("json") else data[:4].hex() == "0123abcd"


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 3000)), min_size=1, max_size=60))
def test_segments_are_never_cut_anew(steps: list[tuple[int, int]]) -> None:
    """They have all days once; of one year, and no more than there is room for; a later day changes but the last."""
    when, days = date(2019, 11, 1), []
    for step, size in steps:
        when += timedelta(days=step // 10)
        days.append((when, size))
    found = segments_of(days)
    assert [number for one in found for number in one.days] == list(range(len(days)))
    assert len({one.path for one in found}) == len(found)
    for one in found:
        its = [days[number] for number in one.days]
        assert {f"{when.year}" for when, _ in its} == {one.path.partition("/")[0]}
        assert sum(size for _, size in its) <= ROOM or len({when for when, _ in its}) == 1
    assert segments_of(days[:-1])[: len(found) - 2] == found[: max(len(found) - 2, 0)]


@with_node
@pytest.mark.parametrize(
    "text", ["SAM-2 and U-Nets' Garcías", "x\u2019s C++ 点云 ﬁne É", "state-of-the-art re\u2010use"]
)
def test_words_of_a_text_are_those_of_a_query(tmp_path: Path, text: str) -> None:
    """Whatever a text has, the same typed as a phrase finds."""
    words, _ = indexed_words(text)
    phrases = parse_query(f'"{text}"').text
    assert phrases is not None
    (term,) = phrases.parts
    assert isinstance(term, Term)
    assert " ".join(words) in [one.words for one in term.phrases]
    (one,) = ask(publish([day_of([(Section.NEW, paper(title=text))])], tmp_path), f'"{text}"')
    assert len(one["hits"]) == 1


# In the site


@pytest.fixture
def site(sandbox: Sandbox) -> Sandbox:
    """An archive of four papers, and its site."""
    pytest.importorskip("latex2mathml")
    return fill(sandbox)


def test_a_new_day_costs_its_own_segment(site: Sandbox) -> None:
    """The others stay untouched; files that a segment has no more are removed, and lost ones come back."""
    assert site.digest("site").code == 0
    folder = site.folder / "site" / "search"
    old = day_of([(Section.NEW, paper("2402.00001"))], date=date(2024, 2, 1))
    fill(site, [old])
    site.digest("site")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*") if "index" not in path.name}
    assert {str(path.relative_to(folder).parent) for path in before} == {"2024/0", "2025/0"}

    fill(site, [day_of([(Section.NEW, paper("2506.00001"))], date=date(2025, 6, 2))])
    site.digest("site")
    after = {path: path.stat().st_mtime_ns for path in before}
    assert {path.parent.parent.name for path in before if before[path] != after[path]} == {"2025"}

    lost = folder / "2025" / "0" / "w0.bin"
    lost.unlink()
    site.digest("site")
    assert lost.exists()
    site.configure("site", since="2025-01-01")
    site.digest("site")
    assert not list(folder.glob("2024/*/*"))


@with_node
def test_the_site_searches_the_sections_that_it_shows(site: Sandbox) -> None:
    """By default, no replacements; a hit leads to a page of the site, and to an element in it."""
    site.digest("site")
    folder = site.folder / "site"
    revised, first = ask(folder / "search", "diffusion", "splatting")
    assert revised["hits"] == []
    ((path, anchor),) = [hit["path"].split("#") for hit in first["hits"]]
    assert (path, anchor) == (f"cs.CV/{FIRST}/", "2503.00001")
    assert f'id="{anchor}"' in (folder / path / "index.html").read_text()


@pytest.mark.long
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_a_person_searches_in_a_browser(site: Sandbox) -> None:
    """Typed, marked, opened, gone back to; twenty at a time; what is wrong is told; no error, no other host."""
    api = pytest.importorskip("playwright.sync_api")
    evil = '<img src=x onerror="document.title=1">'
    papers = [paper(f"2505.{number:05d}", title=f"{evil} number {number}") for number in range(1, 46)]
    fill(site, [day_of([(Section.NEW, one) for one in papers], date=date(2025, 5, 5))])
    site.digest("site")
    handler = partial(_Quiet, directory=str(site.folder / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    wrong: list[str] = []
    with closing(server.socket), api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, here = browser.new_page(), f"http://127.0.0.1:{server.server_port}/"
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.extend([request.url] * (not request.url.startswith(here))))
        _search(page, here, api.expect)
        browser.close()
        server.shutdown()
    assert wrong == []


def _search(page: Any, here: str, expect: Any) -> None:
    told, hits = page.locator("#told"), page.locator("#hits li")
    page.goto(f"{here}search/?q=splatting")
    expect(told).to_have_text("1 paper, and no more.")
    expect(hits.locator("mark")).to_have_text("Splatting")
    hits.locator("a").click()
    expect(page.locator(":target h3")).to_have_text("Splatting of medical scenes")
    page.go_back()
    expect(told).to_have_text("1 paper, and no more.")
    for query, words in (
        ("nothing", "No paper has this."),
        ('"a', "A quote is not closed."),
        ("number", "The newest 20."),
    ):
        page.fill("#query", query)
        page.press("#query", "Enter")
        expect(told).to_have_text(words)
    expect(hits.nth(19).locator("a")).to_have_text('<img src=x onerror="document.title=1"> number 20')
    page.press("#more", "Enter")
    expect(told).to_have_text("The newest 40.")
    expect(hits.nth(20).locator("a")).to_be_focused()
    page.press("#more", "Enter")
    expect(told).to_have_text("45 papers, and no more.")
    assert page.title().startswith("Search")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
