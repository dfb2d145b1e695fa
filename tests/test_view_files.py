"""What an archive makes of its views: their digests and feeds, the README, the command that shows them."""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import feedparser  # type: ignore[import-untyped]
import pytest
from markdown_it import MarkdownIt

from digest.archive.markers import merge
from digest.config import resources
from digest.config.resources import built_in_template, read_template
from digest.errors import ConfigError
from digest.model import Hit, Link, Section
from digest.render.indexes import NewestHits, root_index
from digest.render.markdown import linked
from digest.render.templates import BUILT_IN, compile_template, traits_of
from tests.conftest import DAY, Sandbox
from tests.days import day_of, paper
from tests.nights import after, show
from tests.standin import InventedPaper, Mailing, StandIn, faults, invent

EVE = date(2025, 3, 4)
SPLATTING = '[[view]]\nname = "splatting"\nkeywords = ["gaussian splatting"]\n'
EVERYTHING = '[[view]]\nname = "everything"\ntemplate = "classic"\n'
WHY = 'keyword "gaussian splatting" in the title'


def configure(sandbox: Sandbox, *views: str, **arxiv: object) -> None:
    """Write config.toml with these views at its end."""
    sandbox.configure("arxiv", **arxiv)
    path = sandbox.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(views), encoding="utf-8")


def path_of(view: str, when: date = DAY) -> str:
    """Return where the digest of a view lies."""
    return f"views/{view}/{when:%Y/%m}/{when}.md"


def about(arxiv_id: str, title: str, abstract: str = "It works.", *categories: str) -> InventedPaper:
    """Return a paper with this title and abstract; its first category is the primary one."""
    found = categories or ("cs.CV",)
    return InventedPaper(arxiv_id, title, abstract, ("Ada Example", "Bo Sample"), None, None, found[0], found)


def announced(when: date, *new: InventedPaper, category: str = "cs.CV") -> Mailing:
    """Return an announcement of these papers."""
    return Mailing(category, when, new=new)


def ids_in(text: str) -> list[str]:
    """Return the papers whose headings stand in a digest, in order."""
    return re.findall(r"^### .*arxiv\.org/(?:abs|pdf)/([0-9.]+?)(?:\.pdf)?\)", text, re.MULTILINE)


def views_of(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the files of views."""
    return {path: data for path, data in sandbox.tree().items() if path.startswith("views/")}


@pytest.fixture
def splats(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of two days, each with papers about Gaussian splatting, and a view of them; nothing ran yet."""
    tuesday = [about("2503.00001", "Gaussian Splatting at Dusk"), about("2503.00002", "Another Subject")]
    wednesday = [about("2503.00011", "Gaussian-splatting at Dawn", "Code: https://github.com/example/dawn")]
    wednesday += [about("2503.00012", "A Third Subject")]
    show(arxiv, announced(EVE, *tuesday), announced(DAY, *wednesday))
    configure(archive, SPLATTING)
    return archive


def run_both(sandbox: Sandbox, arxiv: StandIn) -> None:
    """Let both nights be run."""
    for when in (EVE, DAY):
        arxiv.today = when
        assert sandbox.digest("run", now=after(when)).code == 0


# --- digests of views ------------------------------------------------------------------------------


def test_a_name_and_keywords_make_a_view(splats: Sandbox, arxiv: StandIn) -> None:
    """Each stored date has a digest that shows what hits, and why."""
    run_both(splats, arxiv)
    assert sorted(views_of(splats)) == [path_of("splatting", EVE), path_of("splatting")]
    text = splats.read(path_of("splatting")).decode()
    assert ids_in(text) == ["2503.00011"]
    assert WHY in text
    assert text.startswith("# arXiv splatting · Wed, 5 Mar 2025\n")
    assert ids_in(splats.read(path_of("splatting", EVE)).decode()) == ["2503.00001"]
    assert ids_in(splats.read("cs.CV/2025/03/2025-03-05.md").decode()) == ["2503.00012", "2503.00011"]


def test_views_are_filtered_at_rendering(splats: Sandbox, arxiv: StandIn) -> None:
    """A view that is added or changed later has all stored dates, and nobody is asked for anything."""
    run_both(splats, arxiv)
    arxiv.requests.clear()
    configure(splats, SPLATTING, '[[view]]\nname = "dusk"\nkeywords = ["dusk"]\ntemplate = "classic"\n')
    before = views_of(splats)
    changed = splats.digest("regenerate", "--outdated").out.splitlines()
    added = {path_of("dusk", EVE), path_of("dusk")}
    assert {Path(path).relative_to(splats.folder).as_posix() for path in changed} == added
    assert {path: data for path, data in views_of(splats).items() if path not in added} == before
    configure(splats, SPLATTING.replace("gaussian", "another"))
    assert splats.digest("run").code == 0
    assert ids_in(splats.read(path_of("splatting")).decode()) == []
    configure(splats, SPLATTING.replace("gaussian splatting", "subject"))
    assert splats.digest("run").code == 0
    assert ids_in(splats.read(path_of("splatting", EVE)).decode()) == ["2503.00002"]
    assert arxiv.requests == []


def test_what_is_up_to_date_is_not_touched(splats: Sandbox, arxiv: StandIn) -> None:
    """A second run, and a regeneration of what is outdated, write nothing."""
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n', EVERYTHING)
    run_both(splats, arxiv)
    stamps = {path: path.stat().st_mtime_ns for path in splats.folder.rglob("views/**/*") if path.is_file()}
    assert len(stamps) == 6
    assert splats.digest("run").code == 0
    assert splats.digest("regenerate", "--outdated").out == ""
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_a_file_that_is_gone_is_made_again(splats: Sandbox, arxiv: StandIn) -> None:
    """The very same bytes, by the next job."""
    configure(splats, SPLATTING + 'feeds = ["atom"]\n')
    run_both(splats, arxiv)
    before = views_of(splats)
    for path in before:
        (splats.folder / path).unlink()
    assert splats.digest("regenerate", "--outdated").code == 0
    assert views_of(splats) == before


def test_the_files_of_a_view_that_is_gone_stay(splats: Sandbox, arxiv: StandIn) -> None:
    """Nobody's file is destroyed; a view of another name has files of its own."""
    run_both(splats, arxiv)
    before = views_of(splats)
    configure(splats, SPLATTING.replace("splatting", "splats", 1))
    assert splats.digest("run").code == 0
    assert {path: data for path, data in views_of(splats).items() if path in before} == before
    assert len(views_of(splats)) == 2 * len(before)


def test_a_day_that_is_proven_later_renews_its_views(archive: Sandbox, arxiv: StandIn) -> None:
    """The digest says that its day is provisional, until the listing proves it."""
    configure(archive, '[[view]]\nname = "all"\n')
    arxiv.fault = faults.only("^/list/cs.CV/new", faults.login_page())
    assert archive.digest("run").code == 5
    assert "> cs.CV: **Provisional.**" in archive.read(path_of("all")).decode()
    arxiv.fault = None
    assert archive.digest("run").code == 0
    assert "rovisional" not in archive.read(path_of("all")).decode()


def test_the_same_digest_wherever_it_is_made(splats: Sandbox, arxiv: StandIn) -> None:
    """A view's files are made again byte for byte, after the database is lost, too."""
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n', EVERYTHING)
    run_both(splats, arxiv)
    before = splats.tree()
    for path in [*splats.folder.glob("archive.db*"), *splats.folder.glob("views/**/*.*")]:
        path.unlink()
    assert splats.digest("rebuild").code == 0
    assert splats.tree() == before


@pytest.fixture
def two(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of two categories, whose listings share a paper: new in the one, a cross-list of the other."""
    shared = about("2503.00021", "Gaussian Splatting for Learners", "It works.", "cs.LG", "cs.CV")
    own = about("2503.00022", "Gaussian Splatting for Viewers")
    show(arxiv, Mailing("cs.CV", DAY, new=(own,), cross=(shared,)), announced(DAY, shared, category="cs.LG"))
    configure(archive, SPLATTING, categories=["cs.CV", "cs.LG"])
    return archive


def test_a_paper_of_several_categories_stands_once(two: Sandbox) -> None:
    """As a new paper, where one of them announces it so; the category's digests are as ever."""
    assert two.digest("run").code == 0
    text = two.read(path_of("splatting")).decode()
    assert ids_in(text) == ["2503.00022", "2503.00021"]
    assert "Cross-lists" not in text
    assert ids_in(two.read("cs.CV/2025/03/2025-03-05.md").decode()) == ["2503.00022", "2503.00021"]


def test_a_view_is_made_of_what_is_stored(two: Sandbox, arxiv: StandIn) -> None:
    """A category that fails keeps the others from nothing; once it is there, the view has it."""
    arxiv.fault = faults.only("cs.LG", faults.status(404))
    assert two.digest("run").code != 0
    assert ids_in(two.read(path_of("splatting")).decode()) == ["2503.00022", "2503.00021"]
    assert "Cross-lists" in two.read(path_of("splatting")).decode()
    arxiv.fault = None
    assert two.digest("run", now="2025-03-05T09:00:00Z").code == 0
    assert "Cross-lists" not in two.read(path_of("splatting")).decode()


def test_a_template_that_fails_stops_nothing_else(splats: Sandbox, arxiv: StandIn) -> None:
    """Days, indexes and the other views are written; the failure is told once, by the template's name; exit 2."""
    (splats.folder / "broken.md.j2").write_text("{{ nothing }}", encoding="utf-8")
    broken = '[[view]]\nname = "broken"\ntemplate = "broken.md.j2"\n'
    unknown = '[[view]]\nname = "unknown"\ntemplate = "fulll"\n'
    configure(splats, broken, unknown, SPLATTING)
    arxiv.today = DAY
    result = splats.digest("run")
    assert result.code == 2
    failures = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert len(failures) == 2
    assert [line for line in failures if "broken.md.j2:1" in line]
    assert [line for line in failures if "'unknown'" in line and "'fulll'" in line]
    assert ids_in(splats.read(path_of("splatting")).decode()) == ["2503.00011"]
    assert "2025-03-05.md" in splats.read("README.md").decode()


def test_a_template_that_broke_is_named_although_nothing_is_to_be_made(splats: Sandbox, arxiv: StandIn) -> None:
    """Exit 2, on a night that brings nothing; once it is mended, all is well."""
    template = splats.folder / "my.md.j2"
    template.write_text("# {{ date }}\n", encoding="utf-8")
    configure(splats, SPLATTING + 'template = "my.md.j2"\n')
    arxiv.today = DAY
    for text, code in (("# {{ date }}\n", 0), ("# {{ date }\n", 2), ("# {{ date }}\n", 0)):
        template.write_text(text, encoding="utf-8")
        result = splats.digest("run")
        assert (result.code, "my.md.j2:1" in result.err) == (code, code == 2)


def test_a_path_of_one_s_own(splats: Sandbox, arxiv: StandIn) -> None:
    """Numeric directives and the view's name; feeds lie where the path has no date yet."""
    own = 'path = "mine/{view}/{date:%G-W%V-%u}.md"\nfeeds = ["atom"]\n'
    configure(splats, SPLATTING + own)
    run_both(splats, arxiv)
    found = {path for path in splats.tree() if path.startswith("mine/")}
    assert found == {"mine/splatting/2025-W10-2.md", "mine/splatting/2025-W10-3.md", "mine/splatting/atom.xml"}


@pytest.mark.parametrize("name", ["Points de vue 3D", "点云", "a-b_c", "Überblick"])
def test_a_name_may_be_in_any_language(splats: Sandbox, arxiv: StandIn, name: str) -> None:
    """It is a folder, a heading and an argument."""
    configure(splats, SPLATTING.replace('"splatting"', f'"{name}"', 1))
    run_both(splats, arxiv)
    text = splats.read(path_of(name)).decode()
    assert name in text.replace("\\", "")
    assert splats.digest("view", name, "latest").out == text


# --- feeds -----------------------------------------------------------------------------------------


def test_a_view_s_feeds_have_its_newest_papers(splats: Sandbox, arxiv: StandIn) -> None:
    """The newest first, dated by the announcement, in both forms; only where they are asked for."""
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n', EVERYTHING)
    run_both(splats, arxiv)
    atom = feedparser.parse(splats.read("views/splatting/atom.xml"))
    assert not atom.bozo
    expected = ["https://arxiv.org/abs/2503.00011", "https://arxiv.org/abs/2503.00001"]
    assert [entry.id for entry in atom.entries] == expected
    assert atom.feed.updated == "2025-03-04T20:00:00-05:00"
    feed = json.loads(splats.read("views/splatting/feed.json"))
    assert [item["id"] for item in feed["items"]] == expected
    assert "splatting" in feed["title"]
    assert not [path for path in views_of(splats) if path.startswith("views/everything/") and not path.endswith(".md")]


def test_a_view_s_feed_leads_to_its_digests_where_they_are_published(splats: Sandbox, arxiv: StandIn) -> None:
    """The next run writes it anew once there is an address, and as it was once there is none; nothing else changes."""
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n')
    run_both(splats, arxiv)
    before = splats.tree()
    splats.configure("digest", address="https://example.org/archive")
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n')
    assert splats.digest("run", now=after(DAY, 3)).code == 0
    changed = {path for path, data in splats.tree().items() if data != before[path]} - {"config.toml"}
    assert changed == {"views/splatting/atom.xml", "views/splatting/feed.json"}
    entries = feedparser.parse(splats.read("views/splatting/atom.xml")).entries
    links = [link.href for entry in entries for link in entry.links if link.get("title") == "digest"]
    assert links == [f"https://example.org/archive/{path_of('splatting', when)}" for when in (DAY, EVE)]
    items = json.loads(splats.read("views/splatting/feed.json"))["items"]
    assert [item["_digest"]["digest_url"] for item in items] == links
    own = {link.rel: link.href for link in feedparser.parse(splats.read("views/splatting/atom.xml")).feed.links}
    assert own == {
        "self": "https://example.org/archive/views/splatting/atom.xml",
        "alternate": "https://example.org/archive/",
    }
    feed = json.loads(splats.read("views/splatting/feed.json"))
    assert feed["feed_url"] == "https://example.org/archive/views/splatting/feed.json"
    assert feed["home_page_url"] == own["alternate"]
    splats.settings.pop("digest")
    configure(splats, SPLATTING + 'feeds = ["atom", "jsonfeed"]\n')
    assert splats.digest("run", now=after(DAY, 4)).code == 0
    assert splats.tree() == before


def test_a_view_s_feed_on_a_code_host(splats: Sandbox, arxiv: StandIn) -> None:
    """Its own address is that of the file, not of the page about it; its page is the folder of the view."""
    splats.configure("digest", address="https://github.com/me/archive/blob/main")
    configure(splats, SPLATTING + 'feeds = ["atom"]\n')
    run_both(splats, arxiv)
    feed = feedparser.parse(splats.read("views/splatting/atom.xml")).feed
    assert {link.rel: link.href for link in feed.links} == {
        "self": "https://github.com/me/archive/raw/main/views/splatting/atom.xml",
        "alternate": "https://github.com/me/archive/tree/main/views/splatting",
    }


def test_a_feed_ends_after_a_hundred_papers(archive: Sandbox, arxiv: StandIn) -> None:
    """Of days with 90 papers each, the newest day's and the first of the day before."""
    for when in (EVE, DAY):
        arxiv.announce(invent("cs.CV", when, new=90, cross=0, replacement=0))
    configure(archive, EVERYTHING + 'feeds = ["jsonfeed"]\n')
    run_both(archive, arxiv)
    items = json.loads(archive.read("views/everything/feed.json"))["items"]
    dates = [item["_digest"]["date"] for item in items]
    assert dates == ["2025-03-05"] * 90 + ["2025-03-04"] * 10
    assert len({item["id"] for item in items}) == 100


def test_a_feed_without_papers_is_a_feed(splats: Sandbox, arxiv: StandIn) -> None:
    """Nothing hits: a reader may subscribe all the same."""
    configure(splats, SPLATTING.replace("gaussian", "unheard-of") + 'feeds = ["atom", "jsonfeed"]\n')
    run_both(splats, arxiv)
    atom = feedparser.parse(splats.read("views/splatting/atom.xml"))
    assert (bool(atom.bozo), atom.entries) == (False, [])
    assert json.loads(splats.read("views/splatting/feed.json"))["items"] == []


# --- the archive's README --------------------------------------------------------------------------


def links(text: str) -> list[tuple[str, str]]:
    """Return the texts and targets of the links that a markdown engine finds."""
    found = []
    for block in MarkdownIt().parse(text):
        children = block.children or []
        for place, token in enumerate(children):
            if token.type == "link_open":
                end = next(at for at in range(place, len(children)) if children[at].type == "link_close")
                shown = "".join(child.content for child in children[place + 1 : end])
                found.append((shown, unquote(str(token.attrs["href"]))))
    return found


def test_the_readme_shows_the_first_view_s_newest_papers(splats: Sandbox, arxiv: StandIn) -> None:
    """At its top, the newest first: title, date and code; what stands around the markers stays."""
    configure(splats, SPLATTING, EVERYTHING)
    mine = "# Mine\n\n<!-- digest:begin -->\n<!-- digest:end -->\n\nMy words.\n"
    (splats.folder / "README.md").write_text(mine, encoding="utf-8")
    run_both(splats, arxiv)
    text = splats.read("README.md").decode()
    assert text.startswith("# Mine\n\n<!-- digest:begin -->\n## splatting\n")
    assert text.endswith("<!-- digest:end -->\n\nMy words.\n")
    assert links(text.partition("## cs.CV")[0]) == [
        ("Gaussian-splatting at Dawn", "https://arxiv.org/abs/2503.00011"),
        ("Wed, 5 Mar 2025", path_of("splatting")),
        ("code", "https://github.com/example/dawn"),
        ("Gaussian Splatting at Dusk", "https://arxiv.org/abs/2503.00001"),
        ("Tue, 4 Mar 2025", path_of("splatting", EVE)),
    ]


def test_the_readme_shows_ten_papers_at_most(archive: Sandbox) -> None:
    """Of a day with 12 new papers."""
    configure(archive, EVERYTHING)
    assert archive.digest("run").code == 0
    part = archive.read("README.md").decode().partition("## cs.CV")[0]
    assert part.count("\n- ") == 10


@pytest.mark.parametrize("views", [(), (SPLATTING.replace("gaussian", "unheard-of"),)])
def test_a_readme_without_papers_of_views_is_as_ever(splats: Sandbox, arxiv: StandIn, views: Sequence[str]) -> None:
    """Neither a heading nor a list stands there for nothing."""
    configure(splats, *views)
    run_both(splats, arxiv)
    assert splats.read("README.md").decode().startswith("# arXiv digests\n\n<!-- digest:begin -->\n## cs.CV\n")


HOSTILE = [
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "](https://evil.example) [",
    "<script>alert(1)</script> <img src=x>",
    "# Heading",
    "<!-- digest:end -->",
    "`code` *bold* _em_ ~~del~~ https://evil.example",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_is_text_in_the_readme(text: str) -> None:
    """No element but the project's own, and the title reads as it is; nor does a hostile address get out."""
    code = Link('https://github.com/a/b"><script>)[x](javascript:1)', "code", "abstract")
    listed = paper(title=text, links=(code,))
    found = [Hit(one, ("all",)) for one in day_of([(Section.NEW, listed)]).announcements]
    hits = NewestHits("mine", found, path_of_mine)
    made = root_index(built_in_template("index"), [], hits)
    *shown, (_, target) = links(made)
    assert shown == [(text, listed.abstract_url), ("Wed, 5 Mar 2025", path_of("mine"))]
    assert target.startswith("https://github.com/a/b")
    assert set(re.findall(r"<([a-z0-9]+)", MarkdownIt().render(made))) <= {"h2", "ul", "li", "a", "span"}
    assert merge(merge(None, "Mine", made.encode()), "Mine", made.encode()) is not None


def path_of_mine(when: date) -> str:
    """Return where the digest of a view called mine lies."""
    return path_of("mine", when)


# --- digest view -----------------------------------------------------------------------------------


def test_view_prints_the_file(splats: Sandbox, arxiv: StandIn) -> None:
    """Byte for byte, by whatever name of its date, and its name in whatever case."""
    run_both(splats, arxiv)
    text = splats.read(path_of("splatting")).decode()
    for name, when in (("splatting", "2025-03-05"), ("splatting", "latest"), ("SPLATTING", "today")):
        result = splats.digest("view", name, when, now="2025-03-05T15:00:00Z")
        assert (result.code, result.out, result.err) == (0, text, "")


def test_view_is_for_trials(splats: Sandbox, arxiv: StandIn) -> None:
    """A view that no run has seen is shown, and nothing is written."""
    run_both(splats, arxiv)
    configure(splats, '[[view]]\nname = "trial"\nauthors = ["B. Sample"]\nhas_code = true\n')
    before = splats.tree()
    result = splats.digest("view", "trial", "latest")
    assert result.code == 0
    assert ids_in(result.out) == ["2503.00011"]
    assert "author Bo Sample" in result.out
    assert splats.tree() == before


def test_view_of_a_day_that_is_not_stored_says_why(splats: Sandbox, arxiv: StandIn) -> None:
    """Exit 4 for a day that is missing, 2 for one that cannot be; stdout stays empty."""
    run_both(splats, arxiv)
    missing = splats.digest("view", "splatting", "2025-03-03")
    assert (missing.code, missing.out) == (4, "")
    assert "cs.CV 2025-03-03" in missing.err
    assert "digest fetch" in missing.err
    weekend = splats.digest("view", "splatting", "2025-03-02")
    assert (weekend.code, weekend.out) == (2, "")
    assert "unday" in weekend.err


def test_view_of_an_empty_archive_makes_nothing(splats: Sandbox) -> None:
    """There is no latest day, and no database afterwards."""
    before = sorted(splats.folder.rglob("*"))
    assert splats.digest("view", "splatting", "latest").code == 4
    assert splats.digest("view", "splatting", "2025-03-05").code == 4
    assert sorted(splats.folder.rglob("*")) == before


def test_view_shows_what_is_stored_and_names_the_rest(two: Sandbox, arxiv: StandIn) -> None:
    """The digest has the categories that are here; the others are named on stderr, exit 4."""
    arxiv.fault = faults.only("cs.LG", faults.status(404))
    two.digest("run")
    result = two.digest("view", "splatting", "latest")
    assert result.code == 4
    assert ids_in(result.out) == ["2503.00022", "2503.00021"]
    (line,) = result.err.splitlines()
    assert line.startswith("error: cs.LG 2025-03-05: ")


def test_an_unknown_view_is_told_from_the_known_ones(splats: Sandbox) -> None:
    """The nearest name, or all of them; one line, exit 2."""
    configure(splats, SPLATTING, EVERYTHING)
    for name, hint in (("spatting", "did you mean 'splatting'?"), ("zzz", "known: splatting, everything")):
        result = splats.digest("view", name, "latest")
        assert (result.code, result.out) == (2, "")
        (line,) = result.err.splitlines()
        assert line == f"error: no view {name!r}; {hint}"


def test_without_views_the_message_shows_how_to_add_one(archive: Sandbox) -> None:
    """Its last three lines can be pasted into config.toml: they make a view."""
    result = archive.digest("view", "splatting", "latest")
    assert (result.code, result.out) == (2, "")
    first, *example = result.err.splitlines()
    assert "config.toml" in first
    assert len(example) == 3
    assert archive.digest("run").code == 0
    configure(archive, "\n".join(example))
    assert archive.digest("view", "splatting", "latest").code == 0


def test_the_environment_does_not_reach_into_views(splats: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be many of them: a variable could not say which one it is for."""
    monkeypatch.setenv("DIGEST_VIEW_NAME", "other")
    monkeypatch.setenv("DIGEST_VIEW_KEYWORDS", "subject")
    assert splats.digest("run").code == 0
    assert ids_in(splats.digest("view", "splatting", "latest").out) == ["2503.00011"]


@pytest.mark.parametrize("keywords", ['["fine", "subject AND dawn"]', '["fine", ["subject AND dawn", "good"]]'])
def test_the_query_of_another_tool_is_refused(splats: Sandbox, keywords: str) -> None:
    """By `view`, `export` and `doctor`, exit 2: the file, the view and the keyword are named, and what to write."""
    configure(splats, f'[[view]]\nname = "mine"\nkeywords = {keywords}\n')
    result = splats.digest("view", "mine", "latest")
    assert splats.digest("export", "..", "--format", "csv", "--view", "mine") == result
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    words = "[[view]] 'mine' keywords: expected words without the syntax of other tools, found 'subject AND dawn'"
    way_out = 'write ["subject", "dawn"] in its place; "and" in small letters is a word like others'
    assert line == f"error: {splats.folder / 'config.toml'}: {words}; {way_out}"
    found = splats.digest("doctor")
    assert found.code == 2
    assert f"FAIL  {words}: {way_out}" in found.out
    configure(splats, f'[[view]]\nname = "mine"\nkeywords = {keywords.replace("AND", "and")}\n')
    assert splats.digest("doctor").code == 0


@pytest.mark.parametrize(("author", "way_out"), [("-He", "only keywords can"), ("He; Li", 'write "He", "Li"')])
def test_an_author_who_cannot_be_found_is_refused(splats: Sandbox, author: str, way_out: str) -> None:
    """By `view`, `export` and `doctor`, exit 2, with what to write; `run` goes on with other views."""
    configure(splats, f'[[view]]\nname = "mine"\nauthors = ["{author}"]\n')
    for words in (("view", "mine", "latest"), ("export", "..", "--format", "csv", "--view", "mine")):
        result = splats.digest(*words)
        assert (result.code, result.out) == (2, "")
        assert way_out in result.err
    found = splats.digest("doctor")
    assert found.code == 2
    assert way_out in found.out
    result = splats.digest("run", now=after(DAY))
    assert result.code == 0
    assert way_out in result.err


def test_a_run_leaves_a_view_whose_words_are_a_query(splats: Sandbox, arxiv: StandIn) -> None:
    """Its files stay as they are, with one warning; other views are written; once it is mended, it is made again."""
    configure(splats, SPLATTING + 'feeds = ["atom"]\n')
    run_both(splats, arxiv)
    before = views_of(splats)
    wrong = SPLATTING.replace("gaussian splatting", "gaussian AND dawn") + 'feeds = ["atom"]\n'
    configure(splats, wrong, EVERYTHING)
    result = splats.digest("run", now=after(DAY))
    assert result.code == 0
    (warning,) = [line for line in result.err.splitlines() if "gaussian AND dawn" in line]
    assert warning.startswith("warning: [[view]] 'splatting' keywords: ")
    assert "stay as they are" in warning
    assert {path: data for path, data in views_of(splats).items() if path in before} == before
    assert path_of("everything") in views_of(splats)
    assert "## splatting" not in splats.read("README.md").decode()
    (splats.folder / path_of("splatting")).unlink()
    assert splats.digest("verify", now=after(DAY)).code == 0
    configure(splats, wrong.replace('"gaussian AND dawn"', '["gaussian", "dawn"]'))
    assert splats.digest("run", now=after(DAY)).code == 0
    assert 'keywords "gaussian" and "dawn" in the title' in splats.read(path_of("splatting")).decode()
    assert ids_in(splats.read(path_of("splatting", EVE)).decode()) == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_form_of_accents_does_not_matter(splats: Sandbox, arxiv: StandIn, form: Literal["NFC", "NFD"]) -> None:
    """In a view's name, its keywords and authors, on the command line: composed or not, it is the same."""
    text = f'[[view]]\nname = "{unicodedata.normalize(form, "Überblick")}"\nauthors = ["Bó Sample"]\n'
    configure(splats, unicodedata.normalize(form, text))
    run_both(splats, arxiv)
    made = splats.read(path_of("Überblick")).decode()
    assert ids_in(made) == ["2503.00012", "2503.00011"]
    for name in ("Überblick", unicodedata.normalize("NFD", "überblick")):
        assert splats.digest("view", name, "latest").out == made


# --- verify ----------------------------------------------------------------------------------------


def test_verify_finds_an_edited_view_and_keeps_it(splats: Sandbox, arxiv: StandIn) -> None:
    """The digest of a view is proven as any other; a repair makes it again and keeps what a person wrote."""
    run_both(splats, arxiv)
    path, data = path_of("splatting"), splats.read(path_of("splatting"))
    assert splats.digest("verify").code == 0
    (splats.folder / path).write_bytes(data + b"A note of mine.\n")
    found = splats.digest("verify")
    assert (found.code, found.out.startswith("edited ")) == (6, True)
    assert path in found.out
    assert splats.digest("verify", "--repair").code == 0
    assert splats.read(path) == data
    assert splats.read(f"{path}.edited") == data + b"A note of mine.\n"


def test_regenerate_all_restores_a_damaged_view(splats: Sandbox, arxiv: StandIn) -> None:
    """As it does with a digest, and keeps what was there; regenerating what is outdated reads no file that is there."""
    run_both(splats, arxiv)
    before = splats.tree()
    (splats.folder / path_of("splatting")).write_bytes(b"half of i")
    assert splats.digest("regenerate", "--outdated", now=after(DAY)).out == ""
    assert path_of("splatting") in splats.digest("regenerate", "--all", "--dry-run", now=after(DAY)).out
    assert path_of("splatting") in splats.digest("regenerate", "--all", now=after(DAY)).out
    assert splats.tree() == before | {f"{path_of('splatting')}.edited": b"half of i"}


def test_a_view_that_changed_is_outdated_and_no_damage(splats: Sandbox, arxiv: StandIn) -> None:
    """Between a change of the configuration and the next run, verify names what will be written again."""
    run_both(splats, arxiv)
    configure(splats, SPLATTING.replace("gaussian splatting", "subject"), EVERYTHING)
    found = splats.digest("verify")
    assert found.code == 0
    assert found.out.count("outdated ") == 4 + 1  # two dates of two views; the README
    assert splats.digest("regenerate", "--outdated", "--dry-run").out.count("views/") == 4
    assert splats.digest("regenerate", "--outdated").out.count("views/") == 4
    assert "0 outdated" in splats.digest("verify").out


@pytest.mark.parametrize("is_clone", [False, True], ids=["with a database", "a fresh clone"])
def test_an_upgrade_alters_no_file(
    splats: Sandbox, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch, *, is_clone: bool
) -> None:
    """When a template of the package changed, `full` and views of stored days wait for `regenerate --outdated`."""
    splats.configure("digest", template="full")
    configure(splats, SPLATTING, EVERYTHING)
    run_both(splats, arxiv)
    before = {path: data for path, data in splats.tree().items() if path.endswith(f"{DAY}.md") or f"{EVE}.md" in path}
    assert len(before) == 6
    built_in = resources.built_in_template
    monkeypatch.setattr(
        resources, "built_in_template", lambda name: built_in(name).replace("{% endfor", "Newer.\n{% endfor", 1)
    )
    for command in ("rebuild", "run") if is_clone else ("run", "run", "rebuild", "run"):
        for path in splats.folder.glob("archive.db*" if command == "rebuild" and is_clone else "none"):
            path.unlink()
        result = splats.digest(command, now=after(DAY, 1))
        assert result.code == 0
        assert {path: splats.read(path) for path in before} == before
    assert "6 digests were written by an older template" in result.err
    assert "6 files were made by an older template" in splats.digest("doctor", now=after(DAY, 1)).out
    assert splats.digest("verify", now=after(DAY)).code == 0
    assert splats.digest("regenerate", "--outdated", now=after(DAY)).code == 0
    assert all(b"Newer.\n" in splats.read(path) for path in before)
    assert "0 outdated" in splats.digest("verify", now=after(DAY)).out


@pytest.mark.parametrize("is_clone", [False, True], ids=["with a database", "a fresh clone"])
def test_other_texts_than_before_alter_no_file(
    splats: Sandbox, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch, *, is_clone: bool
) -> None:
    """Where digests show other texts than an older version did, `full` waits for `regenerate --outdated`.

    What shows no text by a filter that changed stays current: the classic digests, here those of a view.
    """
    splats.configure("digest", template="full")
    configure(splats, SPLATTING, EVERYTHING)
    with monkeypatch.context() as older:
        older.setattr("digest.render.digest._TEXTS", 1)
        filters = compile_template("", "").environment.filters
        older.setitem(filters, "linked", lambda text, target: linked(text.replace(" at D", " near D"), target))
        run_both(splats, arxiv)
    before = {path: data for path, data in splats.tree().items() if path.endswith(f"{DAY}.md") or f"{EVE}.md" in path}
    for path in splats.folder.glob("archive.db*" if is_clone else "none"):
        path.unlink()
    for command in ("rebuild", "run", "verify") if is_clone else ("verify", "run", "rebuild", "run", "verify"):
        result = splats.digest(command, now=after(DAY, 1))
        assert result.code == 0, result
        assert {path: splats.read(path) for path in before} == before
    assert "0 damaged, 0 edited, 4 outdated, 0 missing" in result.out
    planned = splats.digest("regenerate", "--outdated", "--dry-run", now=after(DAY)).out.splitlines()
    changed = splats.digest("regenerate", "--outdated", now=after(DAY)).out.splitlines()
    assert sorted(planned) == sorted(path for path in changed if not path.endswith("README.md"))
    assert len([path for path in changed if path.endswith(".md")]) == 4
    assert {path for path in before if splats.read(path) != before[path]} == {
        *(path for path in before if "everything" not in path)
    }
    assert "0 damaged, 0 edited, 0 outdated, 0 missing" in splats.digest("verify", now=after(DAY)).out


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        (built_in_template("full"), True),
        (built_in_template("classic"), False),
        ("{{ entries[0].text }}", True),
        ("{% for e in entries %}{{ e['comments_text'] }}{% endfor %}", True),
        ("{{ entries | map(attribute='text') | first }}", True),
        ("{{ entries[0].title | markdown }}", True),
        ("{{ entries[0].title | linked(entries[0].pdf_url) }}", True),
        ("{% macro m(t) %}{{ t | markdown }}{% endmacro %}", True),
        ("{% filter markdown %}{{ entries[0].title }}{% endfilter %}", True),
        ("{{ entries[0].authors | map('markdown') | join }}", True),
        ("{{ category | markdown }}{{ entries[0].abstract | unarmed }} text, markdown", False),
    ],
)
def test_a_template_is_known_to_show_texts(source: str, *, shows: bool) -> None:
    """Its digests are outdated when texts are shown otherwise, and no others are."""
    assert traits_of(source).texts is shows


def test_what_the_built_in_templates_show_is_known() -> None:
    """All of those that a configuration may name, without parsing them; these compile."""
    assert {name: traits_of(built_in_template(name)) for name in ("classic", "full")} == BUILT_IN
    with pytest.raises(ConfigError, match=f"expected {' or '.join(BUILT_IN)}, or"):
        read_template("other", Path())


@pytest.mark.parametrize("is_clone", [False, True], ids=["with a database", "a fresh clone"])
def test_new_rules_alter_no_file(
    splats: Sandbox, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch, *, is_clone: bool
) -> None:
    """When the same words find other papers, files that are written wait for `regenerate --outdated`; edits do not."""
    monkeypatch.setattr("digest.views._RULES", 1)
    configure(splats, SPLATTING + 'feeds = ["atom"]\n', EVERYTHING)
    run_both(splats, arxiv)
    before, rows = views_of(splats), file_rows(splats)
    assert len(before) == 5
    monkeypatch.setattr("digest.views._RULES", 3)
    if is_clone:
        (splats.folder / path_of("splatting")).write_bytes(before[path_of("splatting")] + b"By older rules.\n")
        before = views_of(splats)
        for path in splats.folder.glob("archive.db*"):
            path.unlink()
        assert splats.digest("rebuild", now=after(DAY)).code == 0
    for _ in range(2):
        assert splats.digest("run", now=after(DAY)).code == 0
        assert views_of(splats) == before
    assert is_clone or file_rows(splats) == rows
    configure(splats, SPLATTING.replace("gaussian splatting", "subject") + 'feeds = ["atom"]\n', EVERYTHING)
    assert splats.digest("run", now=after(DAY)).code == 0
    assert ids_in(splats.read(path_of("splatting")).decode()) == ["2503.00012"]
    assert splats.digest("regenerate", "--outdated", now=after(DAY)).code == 0
    assert set(file_rows(splats)) == set(rows)
    assert set(file_rows(splats).values()).isdisjoint(rows.values())
    assert "0 outdated" in splats.digest("verify", now=after(DAY)).out


def file_rows(sandbox: Sandbox) -> dict[str, str]:
    """Return what the files of views were made from, as the database remembers it."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database:
        return dict(database.execute("SELECT path, inputs_hash FROM file WHERE path LIKE 'views/%'"))


@pytest.mark.parametrize("is_clone", [False, True], ids=["with a database", "a fresh clone"])
@pytest.mark.parametrize("wanted", [True, False], ids=["on", "off"])
def test_front_matter_comes_and_goes_when_a_person_asks(
    splats: Sandbox, arxiv: StandIn, *, wanted: bool, is_clone: bool
) -> None:
    """One key for digests and views: runs leave what is there, `--outdated` changes `full`, and `classic` never is."""
    splats.configure("digest", template="full", front_matter=not wanted)
    configure(splats, SPLATTING, EVERYTHING)
    run_both(splats, arxiv)
    before = {path: data for path, data in splats.tree().items() if path.endswith((f"{DAY}.md", f"{EVE}.md"))}
    splats.configure("digest", front_matter=wanted)
    configure(splats, SPLATTING, EVERYTHING)
    for path in splats.folder.glob("archive.db*" if is_clone else "none"):
        path.unlink()
    for hour in (1, 2):
        assert splats.digest("rebuild" if is_clone and hour == 1 else "run", now=after(DAY, hour)).code == 0
        assert {path: splats.read(path) for path in before} == before
    assert splats.digest("regenerate", "--outdated", now=after(DAY)).code == 0
    own = {path for path in before if "everything" not in path}
    assert len(own) == 4
    begins = {path: splats.read(path).startswith(b"---\ndate: ") for path in before}
    assert begins == {path: wanted and path in own for path in before}
    assert not [path for path in splats.tree() if path.endswith(".edited")]
    assert "0 outdated" in splats.digest("verify", now=after(DAY)).out
    splats.configure("digest", front_matter=not wanted)
    configure(splats, SPLATTING, EVERYTHING)
    assert splats.digest("regenerate", "--outdated", now=after(DAY)).code == 0
    assert {path: splats.read(path) for path in before} == before


def test_a_view_that_changed_is_made_again_in_a_clone_too(splats: Sandbox, arxiv: StandIn) -> None:
    """Where the database is known, a new day's papers and new words are no upgrade: the next run writes them."""
    run_both(splats, arxiv)
    for path in splats.folder.glob("archive.db*"):
        path.unlink()
    assert splats.digest("rebuild", now=after(DAY)).code == 0
    configure(splats, SPLATTING.replace("gaussian splatting", "subject"))
    assert splats.digest("run", now=after(DAY)).code == 0
    assert ids_in(splats.read(path_of("splatting", EVE)).decode()) == ["2503.00002"]


def test_doctor_checks_the_templates_of_views(splats: Sandbox) -> None:
    """One that cannot be read is named with its view and the way out."""
    configure(splats, '[[view]]\nname = "mine"\ntemplate = "none.md.j2"\n')
    result = splats.digest("doctor")
    assert result.code != 0
    assert "[[view]] 'mine' template" in result.out + result.err


def test_what_stands_in_a_file_s_place_stops_nothing_else(splats: Sandbox, arxiv: StandIn) -> None:
    """A symbolic link where a view's digest was is named, exit 6; the new day, other files and the total are there."""
    arxiv.today = EVE
    assert splats.digest("run", now=after(EVE)).code == 0
    old = splats.folder / path_of("splatting", EVE)
    old.unlink()
    old.symlink_to("elsewhere")
    arxiv.today = DAY
    result = splats.digest("run", now=after(DAY))
    assert result.code == 6
    assert f"{path_of('splatting', EVE)}: a symbolic link" in result.err
    assert result.err.splitlines()[-1].startswith("ok=")
    assert (splats.folder / path_of("splatting")).is_file()
    assert "2025-03-05" in splats.read("README.md").decode()
    assert "move it away, then" in splats.digest("verify", now=after(DAY)).out
    assert splats.digest("regenerate", "--outdated", "--dry-run", now=after(DAY)).code == 0
    (splats.folder / "cs.CV/2025/03/2025-03-04.md").unlink()
    (splats.folder / "cs.CV/2025/03/2025-03-04.md").symlink_to("elsewhere")
    assert splats.digest("run", now=after(DAY)).err.splitlines()[-1].startswith("ok=")


def test_a_view_destroys_nobody_s_file(splats: Sandbox) -> None:
    """What stands at its path and was not written by digest is kept beside it, with a warning."""
    own = "notes/2025-03-05.md"
    (splats.folder / "notes").mkdir()
    (splats.folder / own).write_text("# What I thought\n", encoding="utf-8")
    configure(splats, SPLATTING + 'path = "notes/{date:%Y-%m-%d}.md"\n')
    result = splats.digest("run", now=after(DAY))
    assert f"{own}: what was there is kept as {own}.edited" in result.err
    assert splats.read(f"{own}.edited") == b"# What I thought\n"
    assert ids_in(splats.read(own).decode()) == ["2503.00011"]
    assert splats.digest("run", now=after(DAY)).err.count("kept as") == 0


def test_a_damaged_day_costs_no_index(splats: Sandbox, arxiv: StandIn) -> None:
    """The README is written without the view's newest papers; show, export and paper tell the damage, exit 6."""
    run_both(splats, arxiv)
    with closing(sqlite3.connect(splats.folder / "archive.db")) as database, database:
        database.execute("UPDATE revision SET authors = '[' WHERE arxiv_id = '2503.00011'")
    (splats.folder / "README.md").unlink()
    for path in splats.folder.glob("views/**/*.md"):
        path.unlink()
    result = splats.digest("regenerate", "--outdated", now=after(DAY))
    assert result.code == 6
    assert "the newest papers of the first view are left out" in result.err
    assert "2025-03-05" in splats.read("README.md").decode()
    for command in (("export", "..", "--format", "json"), ("paper", "2503.00011"), ("view", "splatting", "2025-03-05")):
        told = splats.digest(*command, now=after(DAY))
        assert (told.code, "expected rows that can be read, found damage" in told.err) == (6, True), command


def test_a_feed_has_no_replacements(archive: Sandbox, arxiv: StandIn) -> None:
    """They are no news to its readers, also where the view's digests show them."""
    old = about("2501.00001", "An Older Paper")
    show(arxiv, Mailing("cs.CV", DAY, new=(about("2503.00011", "A New Paper"),), replacement=(old,)))
    configure(archive, '[[view]]\nname = "all"\nsections = ["new", "replacement"]\nfeeds = ["jsonfeed"]\n')
    assert archive.digest("run").code == 0
    assert ids_in(archive.read(path_of("all")).decode()) == ["2503.00011", "2501.00001"]
    (item,) = json.loads(archive.read("views/all/feed.json"))["items"]
    assert item["id"] == "https://arxiv.org/abs/2503.00011"


def test_a_person_s_words_around_an_index_are_no_damage(splats: Sandbox, arxiv: StandIn) -> None:
    """Also when the settings changed since: the generated part is outdated, and a repair leaves the words alone."""
    run_both(splats, arxiv)
    readme = splats.folder / "README.md"
    readme.write_text(f"My archive.\n\n{readme.read_text(encoding='utf-8')}\nThanks.\n", encoding="utf-8")
    configure(splats, SPLATTING.replace("gaussian splatting", "subject"))
    result = splats.digest("verify", now=after(DAY))
    assert result.code == 0
    assert "outdated" in next(line for line in result.out.splitlines() if "README.md" in line)
    splats.digest("regenerate", "--outdated", now=after(DAY))
    assert readme.read_text(encoding="utf-8").startswith("My archive.\n\n")
    assert readme.read_text(encoding="utf-8").endswith("\nThanks.\n")
