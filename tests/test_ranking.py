"""Ranked views and what belongs to them: marks, recommend, similar. What the formats say is in docs/RANKING.md."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from digest.errors import ConfigError
from digest.views.marks import parse_marks
from digest.views.ranking import rank
from tests.conftest import DAY, Sandbox
from tests.nights import after, show
from tests.standin import InventedPaper, Mailing, StandIn

EVE, LAST = date(2025, 3, 4), date(2025, 3, 6)
MINE = '[[view]]\nname = "mine"\nrank = "marks.txt"\nsections = ["new", "cross"]\n'
PATH = "views/mine/2025/03/2025-03-05.md"
BEES = [f"2503.0000{number}" for number in range(1, 7)]
"""Papers of the eve that are marked."""


def about(arxiv_id: str, title: str, abstract: str) -> InventedPaper:
    """Return a new paper of cs.CV with this text."""
    return InventedPaper(arxiv_id, title, abstract, ("Ada Example",), None, None, "cs.CV", ("cs.CV",))


def bees(arxiv_id: str, what: str) -> InventedPaper:
    """Return a paper on what the reader keeps."""
    return about(
        arxiv_id, f"{what} of honey bees", f"We watch honey bees at the hive entrance. {what} of bees is told."
    )


def roads(arxiv_id: str, what: str) -> InventedPaper:
    """Return a paper on what the reader does not care for."""
    return about(arxiv_id, f"{what} of asphalt roads", f"We inspect asphalt roads from cars. {what} of roads is told.")


EVENING = [
    *(
        bees(one, what)
        for one, what in zip(BEES, ("Counting", "Tracking", "Tagging", "Care", "Flight", "Dance"), strict=True)
    ),
    *(roads(f"2503.0001{number}", what) for number, what in enumerate(("Cracks", "Holes", "Lanes", "Signs", "Ice"))),
]
MORNING = [
    roads("2503.00029", "Maps"),
    bees("2503.00021", "Health"),
    roads("2503.00028", "Repair"),
    bees("2503.00022", "Song"),
]


@pytest.fixture
def hive(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of one evening, whose reader marked the papers on bees; the next night has not run."""
    show(arxiv, *(Mailing("cs.CV", when, new=tuple(new)) for when, new in ((EVE, EVENING), (DAY, MORNING))))
    archive.configure("arxiv")
    arxiv.today = EVE
    assert archive.digest("run", now=after(EVE)).code == 0
    arxiv.today = DAY
    configure(archive, MINE)
    mark(archive, *BEES)
    return archive


def configure(sandbox: Sandbox, *views: str) -> None:
    """Write config.toml with these views at its end."""
    sandbox.configure("arxiv")
    path = sandbox.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(views), encoding="utf-8")


def mark(sandbox: Sandbox, *ids: str) -> None:
    """Write a file of marks by hand."""
    (sandbox.folder / "marks.txt").write_text("".join(f"+{one}\n" for one in ids), encoding="utf-8")


def run(sandbox: Sandbox) -> str:
    """Let the night be run; return what the view shows of it."""
    assert sandbox.digest("run").code == 0
    return sandbox.read(PATH).decode()


def order(text: str) -> list[str]:
    """Return the ids of a digest by the template full, in order."""
    return [line.partition('"')[2].partition('"')[0] for line in text.splitlines() if line.startswith("### ")]


# --- ranked views ----------------------------------------------------------------------------------


def test_what_is_like_the_marks_comes_first(hive: Sandbox) -> None:
    """The papers on bees stand before those on roads; each says why, and the file says what ranked it."""
    text = run(hive)
    assert set(order(text)[:2]) == {"2503.00021", "2503.00022"}
    assert set(order(text)[2:]) == {"2503.00028", "2503.00029"}
    first = text.partition("### ")[2].partition("### ")[0]
    assert "score " in first
    assert "bees" in first.partition("words ")[2].partition(";")[0]
    assert "of honey bees" in first.partition("like ")[2]
    assert "Ranked by 6 marked papers (marks " in text
    assert "model 1" in text


def test_top_and_threshold_bound_what_is_shown(hive: Sandbox) -> None:
    """At most so many papers, and none below the score."""
    configure(hive, MINE + "top = 1\n")
    assert len(order(run(hive))) == 1
    configure(hive, MINE + "threshold = 0.5\n")
    assert set(order(run(hive))) == {"2503.00021", "2503.00022"}


def test_keywords_give_reasons_and_keep_papers_out(hive: Sandbox) -> None:
    """With enough marks a word picks no paper, but says that it is there; one with a hyphen still keeps it out."""
    configure(hive, MINE + 'keywords = ["repair", "-song"]\n')
    text = run(hive)
    assert order(text)[0] == "2503.00021"
    assert set(order(text)) == {"2503.00021", "2503.00028", "2503.00029"}
    assert 'keyword "repair" in the title' in text


@pytest.mark.parametrize("marked", [[], BEES[:4]])
def test_few_marks_fall_back_to_keywords(hive: Sandbox, marked: list[str]) -> None:
    """Fewer than five rank nothing: the file says so, and shows what the words find, as any view."""
    configure(hive, MINE + 'keywords = ["repair", "maps"]\n')
    mark(hive, *marked)
    text = run(hive)
    assert order(text) == ["2503.00029", "2503.00028"]
    assert f"Not ranked: that takes 5 marked papers, here are {len(marked)} marked papers" in text
    assert "score" not in text


def test_later_marks_change_no_old_file(hive: Sandbox) -> None:
    """A night ranks by the marks of that night; what was ranked is neither outdated for run nor damaged for verify."""
    text = run(hive)
    mark(hive, *(f"2503.0001{number}" for number in range(5)))
    again = hive.digest("run")
    assert (again.code, hive.read(PATH).decode()) == (0, text)
    assert "older template" not in again.err
    assert hive.digest("verify").code == 0
    assert hive.digest("regenerate", "--outdated").code == 0
    changed = hive.read(PATH).decode()
    assert set(order(changed)[:2]) == {"2503.00028", "2503.00029"}
    assert hive.digest("verify").code == 0


def test_feeds_have_the_order_and_why(hive: Sandbox) -> None:
    """Of the newest dates, as they are ranked; later marks change no feed either, until it is made again."""
    configure(hive, MINE + 'feeds = ["atom", "jsonfeed"]\n')
    text = run(hive)
    feed = json.loads(hive.read("views/mine/feed.json"))
    ids = [item["id"].rpartition("/")[2] for item in feed["items"]]
    assert ids[: len(order(text))] == order(text)
    assert feed["items"][0]["_digest"]["reasons"][0].startswith("score ")
    atom = hive.read("views/mine/atom.xml")
    assert b"score " in atom
    mark(hive, *(f"2503.0001{number}" for number in range(5)))
    assert hive.digest("run").code == 0
    assert (hive.read("views/mine/atom.xml"), json.loads(hive.read("views/mine/feed.json"))) == (atom, feed)
    assert hive.digest("verify").code == 0
    hive.digest("regenerate", "--outdated")
    assert hive.read("views/mine/atom.xml") != atom


def test_a_week_is_ranked_as_one_list(hive: Sandbox) -> None:
    """Both of its days are in the one list, by their scores; the command and an export show the same."""
    configure(hive, MINE + 'period = "week"\ntop = 100\n')
    assert hive.digest("run").code == 0
    text = hive.read("views/mine/2025/03/2025-03-07.md").decode()
    assert {"2503.00021", "2503.00022", "2503.00028", "2503.00029", *BEES} <= set(order(text))
    assert "## By your marks" in text
    assert order(hive.digest("view", "mine", "latest").out) == order(text)
    lines = hive.digest("export", "..", "--format", "jsonl", "--view", "mine").out.splitlines()
    assert {json.loads(line)["id"] for line in lines} == set(order(text))
    assert hive.digest("verify").code == 0


def test_the_mail_says_by_what_it_is_ordered(hive: Sandbox) -> None:
    """The papers in the order of the file, each with its score, words and nearest marked papers."""
    text = run(hive)
    mail = hive.digest("view", "mine", "latest", "--mail", "text").out
    assert re.findall(r"^   https://arxiv.org/abs/(.*)", mail, re.MULTILINE) == order(text)
    assert "Ranked by 6 marked papers (marks " in mail
    assert "score -" not in mail
    assert re.search(r"^   Why: score \d\.\d\d; words ", mail, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("marks.txt", "+2503.00001\nhoney\n", "marks.txt:2: expected an arXiv id behind + or -"),
        ("marks.txt", "+2503.00001\n\0\n", "marks.txt: expected a text of marks"),
        ("marks.bib", "@article{a,\n eprint = {2503.00001},\n", "marks.bib:1: expected a whole entry"),
        ("marks.bib", "honey", "marks.bib: expected entries of BibTeX, found none"),
        ("marks.ris", "TY  - JOUR\nUR  - https://arxiv.org/abs/2503.00001\n", "found one without its ER"),
        ("gone.txt", None, "expected marks, found no file; `digest mark ID` begins one"),
    ],
)
def test_damaged_marks_are_told_and_rank_nothing(hive: Sandbox, name: str, data: str | None, told: str) -> None:
    """One clear line; the night is stored, and no file of the view is written that looks ranked."""
    configure(hive, MINE.replace("marks.txt", name))
    if data is not None:
        (hive.folder / name).write_text(data, encoding="utf-8")
    found = hive.digest("run")
    assert found.code == 2
    assert told in found.err
    assert found.err.count(told) == 1
    assert not (hive.folder / PATH).exists()
    assert (hive.folder / "cs.CV/2025/03/2025-03-05.md").exists()
    shown = hive.digest("view", "mine", "latest")
    assert (shown.code, shown.out) == (2, "")
    assert told in shown.err


def test_doctor_looks_at_the_marks(hive: Sandbox) -> None:
    """Whether there are enough, and whether they can be read."""
    assert "'mine' rank: 6 marked papers" in hive.digest("doctor").out
    mark(hive, BEES[0])
    assert "'mine' rank: 1 marked paper: that takes 5" in hive.digest("doctor").out
    mark(hive, "honey")
    assert "marks.txt:1: expected an arXiv id" in hive.digest("doctor").out


def test_a_bibliography_marks(hive: Sandbox) -> None:
    """A folder of what other programs write ranks as the marks by hand do."""
    text = run(hive)
    folder = hive.folder / "library"
    folder.mkdir()
    entries = [f"@article{{k{one},\n  title = {{T}},\n  eprint = {{{one}}},\n}}\n" for one in BEES[:2]]
    entries += [
        f"@misc{{m,\n  url = {{https://arxiv.org/abs/{BEES[2]}v2}}\n}}\n",
        "@book{b, title={No {arXiv} at all}}\n",
    ]
    (folder / "zotero.bib").write_text("".join(entries), encoding="latin-1")
    references = [f"TY  - JOUR\nDO  - 10.48550/arXiv.{one}\nER  - \n" for one in BEES[3:]]
    (folder / "refs.RIS").write_text("".join(references), encoding="utf-8")
    (folder / "notes.md").write_text("not read", encoding="utf-8")
    configure(hive, MINE.replace("marks.txt", "library"))
    assert hive.digest("regenerate", "--outdated").out == ""
    assert hive.read(PATH).decode() == text


def test_view_and_export_are_ranked(hive: Sandbox) -> None:
    """The command shows the file's order; machines are told by what it is; an export has the reasons."""
    text = run(hive)
    assert order(hive.digest("view", "mine", "latest").out) == order(text)
    found = json.loads(hive.digest("view", "mine", "latest", "--titles", "--json").out)
    assert [one["id"] for one in found["papers"]] == order(text)
    assert found["ranking"]["marks"] == 6
    assert found["ranking"]["ordered"] is True
    configure(hive, MINE + "top = 2\n")
    lines = hive.digest("export", "2025-03-05", "--format", "jsonl", "--view", "mine").out.splitlines()
    records = [json.loads(line) for line in lines]
    assert {one["id"] for one in records} == {"2503.00021", "2503.00022"}
    assert "score " in str(records[0])


def test_ranking_without_its_library_names_the_extra(hive: Sandbox) -> None:
    """Where scikit-learn is not installed, nothing looks ranked."""
    run(hive)
    blocked = hive.folder / "blocked"
    blocked.mkdir()
    block = "import sys, importlib.abc\nclass No(importlib.abc.MetaPathFinder):\n"
    block += "    def find_spec(self, name, path=None, target=None):\n"
    block += "        if name.startswith('sklearn'): raise ModuleNotFoundError(name)\nsys.meta_path.insert(0, No())\n"
    (blocked / "sitecustomize.py").write_text(block, encoding="utf-8")
    path = os.pathsep.join([str(blocked), *filter(None, [os.environ.get("PYTHONPATH")]), str(Path.cwd())])
    for asked in (("recommend",), ("similar", BEES[0]), ("view", "mine", "latest")):
        found = hive.process(*asked, env={"PYTHONPATH": path})
        assert (found.returncode, found.stdout) == (2, "")
        assert "arxiv-listing-digest[rank]" in found.stderr


# --- commands --------------------------------------------------------------------------------------


def test_marks_are_made_and_taken_away(hive: Sandbox) -> None:
    """A line a paper, in whatever spelling the id comes; a person's own lines stay."""
    path = hive.folder / "marks.txt"
    path.write_text("# mine\n\n+2503.00001  # keep\n", encoding="utf-8")
    assert hive.digest("mark", "https://arxiv.org/abs/2503.00002v1", "arXiv:2503.00001").code == 0
    text = "# mine\n\n+2503.00001  # keep\n+2503.00002  # Tracking of honey bees\n"
    assert path.read_text(encoding="utf-8") == text
    assert hive.digest("mark", "2503.00001", "--not").code == 0
    assert "-2503.00001  # Counting of honey bees\n" in path.read_text(encoding="utf-8")
    assert hive.digest("mark", "2503.00001", "2503.00002", "--clear").code == 0
    assert path.read_text(encoding="utf-8") == "# mine\n\n"


def test_a_paper_that_is_not_stored_can_be_marked(hive: Sandbox) -> None:
    """It counts once it is there, and the command says so; what is no id is refused, and nothing is written."""
    before = hive.read("marks.txt")
    refused = hive.digest("mark", "honey")
    assert (refused.code, hive.read("marks.txt")) == (2, before)
    found = hive.digest("mark", "2503.09999")
    assert found.code == 0
    assert "2503.09999 is not stored here; it counts once it is" in found.err
    assert hive.read("marks.txt") == before + b"+2503.09999\n"


def test_a_damaged_file_of_marks_is_not_written_to(hive: Sandbox) -> None:
    """What a person may have meant is not lost."""
    path = hive.folder / "marks.txt"
    path.write_text("+2503.00001\nhoney\n", encoding="utf-8")
    found = hive.digest("mark", "2503.00002")
    assert found.code == 2
    assert "marks.txt:2" in found.err
    assert path.read_text(encoding="utf-8") == "+2503.00001\nhoney\n"


def test_recommend_leaves_out_what_is_marked(hive: Sandbox) -> None:
    """Of a day, of several, and for machines; by other marks, too."""
    run(hive)
    found = json.loads(hive.digest("recommend", "--json").out)
    assert {one["id"] for one in found["papers"][:2]} == {"2503.00021", "2503.00022"}
    several = json.loads(hive.digest("recommend", "2025-03-04..2025-03-05", "--top", "3", "--json").out)
    assert {one["id"] for one in several["papers"][:2]} == {"2503.00021", "2503.00022"}
    assert len(several["papers"]) == 3
    other = hive.folder / "roads.txt"
    other.write_text("".join(f"2503.0001{number}\n" for number in range(5)), encoding="utf-8")
    roads_first = json.loads(hive.digest("recommend", "--marks", str(other), "--json").out)
    assert {one["id"] for one in roads_first["papers"][:2]} == {"2503.00028", "2503.00029"}


def test_recommend_without_enough_marks_says_so(hive: Sandbox) -> None:
    """It recommends nothing then, unless the view has keywords."""
    run(hive)
    mark(hive, *BEES[:2])
    found = hive.digest("recommend")
    assert found.code == 0
    assert "Not ranked: that takes 5 marked papers, here are 2 marked papers" in found.out
    assert "2503.0002" not in found.out
    assert "too few marks to rank by" in found.err


def test_similar_finds_what_shares_words(hive: Sandbox) -> None:
    """The papers on bees are like one of them; a paper that is not stored is named."""
    run(hive)
    rows = json.loads(hive.digest("similar", "2503.00021", "--limit", "7", "--json").out)
    assert {one["id"] for one in rows} == {*BEES, "2503.00022"}
    assert all("bees" in " ".join(one["words"]) for one in rows)
    missing = hive.digest("similar", "2503.09999")
    assert missing.code == 4


# --- marks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "+2503.01234",
        "2503.01234",
        "+ arXiv:2503.01234v2  # a title",
        "https://arxiv.org/abs/2503.01234",
        "+2503.01234\t#x",
    ],
)
def test_an_id_has_any_spelling(line: str) -> None:
    """As `digest paper` takes it, with a comment behind it."""
    assert parse_marks(f"\ufeff# Marks\r\n\r\n{line}\r\n".encode(), "marks.txt").wanted == ("2503.01234",)


def test_the_last_line_of_a_paper_counts() -> None:
    """A mark that was changed by a line below it is the later one; old ids stand without their class."""
    marks = parse_marks(b"+2503.01234\n-2503.01234\n+math.GT/0309136\n", "marks.txt")
    assert (marks.wanted, marks.unwanted) == (("math/0309136",), ("2503.01234",))


def test_marks_in_another_order_are_the_same() -> None:
    """What is marked has one hash, however it is written."""
    one = parse_marks(b"+2503.01234\n-2503.01235\n", "marks.txt")
    other = parse_marks(b"# later\n-2503.01235\n2503.01234  # a title\n", "marks.txt")
    assert one.hash == other.hash
    assert one.hash != parse_marks(b"+2503.01234\n+2503.01235\n", "marks.txt").hash


def test_a_text_in_another_encoding_is_refused() -> None:
    """With the line at which that shows."""
    with pytest.raises(ConfigError, match=r"marks\.txt:2: expected UTF-8"):
        parse_marks(b"+2503.01234\n# \xff\n", "marks.txt")


# --- the model -------------------------------------------------------------------------------------


def test_texts_without_words_are_ranked_all_the_same() -> None:
    """Nothing to learn from gives the given order."""
    assert [one.place for one in rank(["", "", "!"], ["?"] * 5, [""], 3)] == [0, 1, 2]
    assert rank([], ["a"] * 5, [], 3) == []


_ORDER = """
import json, random, sys
from digest.views.ranking import rank
chance = random.Random(7)
words = [f"word{n}" for n in range(400)]
def text(): return " ".join(chance.choice(words[:chance.randrange(20, 400)]) for _ in range(80))
found = rank([text() for _ in range(120)], [text() for _ in range(12)], [text() for _ in range(90)], 120)
print(json.dumps([[one.place, one.score, one.words, one.nearest] for one in found]))
"""


def ordered(seed: str, threads: str) -> str:
    """Return the order, scores and reasons of invented texts, from a process of its own."""
    env = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    made = subprocess.run([sys.executable, "-c", _ORDER], env=env, capture_output=True, text=True, check=True)
    return made.stdout


@pytest.mark.long
def test_the_order_is_the_same_everywhere() -> None:
    """Whatever the hash seed, and however many threads there are."""
    first = ordered("0", "1")
    assert len(json.loads(first)) == 120
    assert ordered("1", "2") == ordered("4242", "4") == first


def test_marks_of_several_at_once_are_all_kept(sandbox: Sandbox) -> None:
    """One waits for the other, and none is lost."""
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "-q", "mark"]
    ids = [f"2503.0000{number}" for number in range(1, 7)]
    running = [subprocess.Popen([*command, one], cwd=sandbox.folder, stdout=subprocess.DEVNULL) for one in ids]
    assert [process.wait() for process in running] == [0] * len(ids)
    assert sorted(re.findall(r"^\+(\S+)", (sandbox.folder / "marks.txt").read_text(), re.MULTILINE)) == ids
