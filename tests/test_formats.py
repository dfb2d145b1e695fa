"""``[digest] formats``: a JSON and a plain-text file a day beside the digest, and an llms.txt."""

import json
import re

import pytest

from digest.model import Link, Section
from digest.render.formats import day_json, day_text
from tests.conftest import Sandbox
from tests.days import day_of, paper
from tests.hostile.payloads import PAYLOADS
from tests.repositories import git

DIGEST = "cs.CV/2025/03/2025-03-05"
SHOWN = (Section.NEW, Section.CROSS)


@pytest.fixture
def both(archive: Sandbox) -> Sandbox:
    """An archive of a day that has all formats."""
    archive.configure("digest", formats=["json", "text"])
    archive.once(lambda: archive.digest("run"))
    return archive


def own(sandbox: Sandbox) -> set[str]:
    """Return the paths of the files of formats."""
    return {path for path in sandbox.tree() if path.endswith((".json", ".txt")) and not path.startswith("data/")}


def test_there_are_none_unless_somebody_asks(archive: Sandbox) -> None:
    """A night writes what it wrote before."""
    assert archive.digest("run").code == 0
    assert own(archive) == set()


def test_a_day_has_a_file_of_each(both: Sandbox) -> None:
    """Beside its digest, with the same papers and numbers; verify proves them."""
    assert own(both) == {f"{DIGEST}.json", f"{DIGEST}.txt", "llms.txt"}
    page = json.loads(both.read(f"{DIGEST}.json"))
    assert (page["date"], page["category"], page["state"], page["source"]) == (
        *("2025-03-05", "cs.CV"),
        *("complete", "listing"),
    )
    titles = re.findall(r"^### (\d+)\.(.*)  \[", both.read(f"{DIGEST}.md").decode(), re.MULTILINE)
    assert [(str(one["number"]), one["title"]) for one in page["papers"]] == titles
    assert len(titles) == 17
    text = both.read(f"{DIGEST}.txt").decode()
    assert text.startswith("arXiv cs.CV, Wed, 5 Mar 2025\ncomplete, by listing\n\nNEW SUBMISSIONS (12)\n\n1. ")
    assert all(one["abstract_url"] in text for one in page["papers"])
    assert "0 damaged, 0 edited, 0 outdated, 0 missing" in both.digest("verify").out


def test_programs_are_told_where_files_are(both: Sandbox) -> None:
    """By the paths of the configuration, without a date: nights leave it as it is."""
    with (both.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[[view]]\nname = "mine"\nkeywords = ["the"]\nfeeds = ["atom"]\n')
    assert both.digest("run").code == 0
    lines = both.read("llms.txt").decode().splitlines()
    assert lines[0] == "# arXiv cs.CV"
    assert "- cs.CV: `cs.CV/YYYY/MM/YYYY-MM-DD.json`" in lines
    assert "- mine: `views/mine/YYYY/MM/YYYY-MM-DD.md`" in lines
    assert "- [views/mine/atom.xml](views/mine/atom.xml)" in lines


def test_days_of_before_get_them_as_from_a_new_view(archive: Sandbox) -> None:
    """By regenerate, offline, or by the next run; until then verify calls them outdated, which is no damage."""
    archive.once(lambda: archive.digest("run"))
    archive.configure("digest", formats=["text"])
    found = archive.digest("verify")
    assert (found.code, found.out.count("outdated ")) == (0, 2)
    assert archive.digest("regenerate", "latest", "--dry-run").out.count(".txt\n") == 2
    assert archive.digest("regenerate", "latest").code == 0
    assert own(archive) == {f"{DIGEST}.txt", "llms.txt"}
    archive.configure("digest", formats=["text", "json"])
    assert archive.digest("run").code == 0
    assert own(archive) == {f"{DIGEST}.txt", f"{DIGEST}.json", "llms.txt"}


@pytest.mark.parametrize("name", [f"{DIGEST}.json", f"{DIGEST}.txt", "llms.txt"])
def test_what_is_wrong_with_one_is_found_and_mended(both: Sandbox, name: str) -> None:
    """A lost one is written by the next run; an edited one is restored, and kept beside it."""
    whole = both.read(name)
    (both.folder / name).unlink()
    assert both.digest("run").code == 0
    assert both.read(name) == whole
    (both.folder / name).write_bytes(whole + b"mine\n")
    found = both.digest("verify")
    assert (found.code, "edited   " in found.out, name in found.out) == (6, True, True)
    assert both.digest("verify", "--repair").code == 0
    assert both.read(name) == whole
    assert both.read(f"{name}.edited") == whole + b"mine\n"


def test_a_day_that_changes_changes_them(both: Sandbox) -> None:
    """A day that was imported is proven later: nothing of before is kept aside, for nobody edited it."""
    whole, saved = both.tree(), both.folder.parent / "2025-03-05.md"
    saved.write_bytes(both.read(f"{DIGEST}.md"))
    for path in [*both.folder.glob("archive.db*"), *(both.folder / name for name in whole if name != "config.toml")]:
        path.unlink()
    assert both.digest("import", str(saved)).code == 0
    assert json.loads(both.read(f"{DIGEST}.json"))["state"] == "imported"
    assert both.digest("run").code == 0
    assert all(both.read(name) == whole[name] for name in own(both))
    assert own(both) == {f"{DIGEST}.json", f"{DIGEST}.txt", "llms.txt"}


def test_the_files_of_a_clone_are_those_of_the_archive(both: Sandbox) -> None:
    """Without a database they stay byte for byte, by a run as by rebuild; nothing is taken for edited."""
    before = both.tree()
    for path in both.folder.glob("archive.db*"):
        path.unlink()
    assert both.digest("run").code == 0
    assert both.digest("rebuild").code == 0
    assert both.digest("regenerate", "--all").code == 0
    assert both.tree() == before


def test_other_settings_leave_old_files_until_somebody_asks(both: Sandbox) -> None:
    """As of digests."""
    before = both.read(f"{DIGEST}.json")
    both.configure("digest", sections=["new", "cross", "replacement"])
    assert both.digest("run").code == 0
    assert both.read(f"{DIGEST}.json") == before
    assert both.digest("regenerate", "--outdated").code == 0
    assert len(json.loads(both.read(f"{DIGEST}.json"))["papers"]) == 23


def test_they_are_committed(both: Sandbox) -> None:
    """With the digest, in one commit."""
    git(both.folder, "init", "-q")
    both.configure("git", commit=True, author="A <a@example.org>")
    assert both.digest("run").code == 0
    listed = git(both.folder, "ls-files").split()
    assert {f"{DIGEST}.json", f"{DIGEST}.txt", "llms.txt"} <= {*listed}


def test_hostile_texts_are_data_in_both() -> None:
    """JSON has no character that is hidden or obeyed; each line of the text that strangers wrote is indented."""
    papers = [
        paper(
            f"2503.{number:05d}",
            title=harm,
            authors=(harm or "?",),
            abstract=harm.replace("&", "&amp;").replace("<", "&lt;"),
            comments=harm.replace("&", "&amp;").replace("<", "&lt;"),
            links=(Link(f"https://good.example/{harm}", "code", "abstract"),),
        )
        for number, harm in enumerate(["\x1b]0;x\x07\u202e\n\nNEW SUBMISSIONS (9)\n1. mine", *PAYLOADS], 1)
    ]
    day = day_of([(Section.NEW, one) for one in papers])
    made = day_json(day, SHOWN)
    assert made.replace("\n", "").isprintable()
    assert {one["id"]: one["title"] for one in json.loads(made)["papers"]} == {
        str(one.arxiv_id): " ".join(one.title.splitlines()) if set(one.title) & {"\n", "\r"} else one.title
        for one in papers
    }
    text = day_text(day, SHOWN)
    assert text.replace("\n", "").isprintable()
    ours = r"arXiv cs\.CV, .*|complete, by listing|NEW SUBMISSIONS \(\d+\)|CROSS-LISTS \(0\)|\d+\. .*|\d+\.|   .*|"
    lines = text.splitlines()
    assert [line for line in lines if not re.fullmatch(ours, line)] == []
    assert [line for line in lines if line.startswith("NEW SUB")] == [f"NEW SUBMISSIONS ({len(papers)})"]
    numbers = [int(line.split(".")[0]) for line in lines if line[:1].isdigit()]
    assert numbers == [*range(1, len(papers) + 1)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"formats": ["xml"]}, "[digest] formats: expected some of json, text, each once"),
        ({"formats": ["json", "json"]}, "[digest] formats: expected some of json, text, each once"),
    ],
)
def test_a_format_that_there_is_not_is_refused(sandbox: Sandbox, settings: dict[str, object], said: str) -> None:
    """Exit 2, with those that there are."""
    sandbox.configure("digest", **settings)
    found = sandbox.digest("status")
    assert (found.code, said in found.err) == (2, True)


def test_a_view_that_would_write_the_same_file_is_refused(sandbox: Sandbox) -> None:
    """Exit 2, with both names."""
    sandbox.configure("digest", formats=["json"])
    with (sandbox.folder / "config.toml").open("a", encoding="utf-8") as config:
        path = "cs.CV/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.json"
        config.write(f'[[view]]\nname = "a"\nkeywords = ["a"]\npath = "{path}"\n')
    found = sandbox.digest("status")
    assert (found.code, "found that of [digest] formats json of cs.CV" in found.err) == (2, True)
