"""Views of a week: one file, written as its days come in; one message, when the week is over."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.conftest import Sandbox
from tests.nights import after, show
from tests.receiver import Receiver, receiving
from tests.standin import InventedPaper, StandIn, invent
from tests.test_notifier import add_view

MONDAY = date(2025, 3, 3)
DAYS = [MONDAY + timedelta(days=number) for number in range(5)]
FRIDAY = DAYS[4]
NEXT = date(2025, 3, 10)
FILE = "views/week/2025/03/2025-03-07.md"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with receiving() as one:
        yield one


@pytest.fixture
def weekly(archive: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive with a weekly view that has messages; nothing ran yet."""
    monkeypatch.setenv("CHANNELS", receiver.channel)
    archive.configure("notify", urls=["env:CHANNELS"], listings=False)
    archive.configure("store", start=str(MONDAY))
    add_view(archive, "week", 'period = "week"', 'keywords = ["splatting"]', 'feeds = ["atom", "jsonfeed"]')
    return archive


def announce(arxiv: StandIn, when: date, *papers: str, cross: tuple[str, ...] = ()) -> None:
    """Let arXiv announce papers about splatting with these ids, and one that is about something else."""
    made = [_paper(one, f"Splatting of {one}") for one in papers]
    other = _paper(f"2503.{when.day:02d}999", "Another Subject")
    crosses = tuple(_paper(one, f"Splatting of {one}") for one in cross)
    show(arxiv, type(invent("cs.CV", when))("cs.CV", when, new=(other, *made), cross=crosses))


def _paper(one: str, title: str) -> InventedPaper:
    return InventedPaper(one, title, "Abstract.", ("Ada Example",), None, None, "cs.CV", ("cs.CV",))


def titles(sandbox: Sandbox, path: str = FILE) -> list[str]:
    """Return which papers a digest by the template ``full`` shows, in its order."""
    lines = sandbox.read(path).decode().splitlines()
    return [line.partition("[")[2].partition("]")[0] for line in lines if line.startswith("### ")]


def test_a_week_is_one_file_and_one_message(weekly: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """Its file grows from night to night; its message comes with its last listing, and names the whole week."""
    shown: list[str] = []
    for when in DAYS:
        announce(arxiv, when, f"2503.{when.day:02d}001")
        assert receiver.titles() == []
        assert weekly.digest("run", now=after(when)).code == 0
        shown = [f"Splatting of 2503.{when.day:02d}001", *shown]
        assert titles(weekly) == shown
    assert weekly.read(FILE).decode().startswith("# arXiv week · week to Fri, 7 Mar 2025\n\n5 new submissions\n")
    assert "announced on 2025-03-03" in weekly.read(FILE).decode()
    assert sorted(one for one in weekly.tree() if one.startswith("views/")) == [
        "views/week/2025/03/2025-03-07.md",
        "views/week/atom.xml",
        "views/week/feed.json",
    ]
    (message,) = receiver.messages()
    assert message["title"] == "week, week to Fri, 7 Mar 2025: 5 papers"
    assert json.loads(weekly.read("data/notices.json"))["told"]["views"] == {"week": ["2025-02-28", "2025-03-07"]}
    announce(arxiv, NEXT, "2503.10001")
    weekly.digest("run", now=after(NEXT))
    assert receiver.titles() == []
    assert titles(weekly, "views/week/2025/03/2025-03-14.md") == ["Splatting of 2503.10001"]
    assert weekly.digest("verify", now=after(NEXT, 2)).code == 0


def test_between_two_weeks_a_night_has_nothing_to_do(weekly: Sandbox, arxiv: StandIn) -> None:
    """The message that a running week will have keeps no run from being over at once."""
    announce(arxiv, MONDAY, "2503.03001")
    weekly.digest("run", now=after(MONDAY))
    (weekly.folder / "archive.db").unlink()
    again = weekly.digest("run", now=after(MONDAY, 3))
    assert "nothing to do: the day records prove every listing" in again.err


def test_a_paper_of_two_days_stands_once(weekly: Sandbox, arxiv: StandIn) -> None:
    """By its strongest section, then as it was announced first."""
    announce(arxiv, DAYS[0], cross=("2503.00001", "2503.00002"))
    weekly.digest("run", now=after(DAYS[0]))
    announce(arxiv, DAYS[1], "2503.00001", cross=("2503.00002",))
    weekly.digest("run", now=after(DAYS[1]))
    assert titles(weekly) == ["Splatting of 2503.00001", "Splatting of 2503.00002"]
    shown = weekly.digest("view", "week", str(DAYS[1]), "--titles", "--json", now=after(DAYS[1], 2))
    data = json.loads(shown.out)
    assert (data["date"], [one["id"] for one in data["papers"]]) == (str(FRIDAY), ["2503.00001", "2503.00002"])
    for path in ("views/week/atom.xml", "views/week/feed.json"):
        assert weekly.read(path).decode().count("Splatting of 2503.00001") == 1


def test_a_day_that_is_healed_changes_the_file_and_sends_nothing(
    weekly: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """The next week has begun: the message went out with what there was."""
    for when in DAYS[:4]:
        announce(arxiv, when, f"2503.{when.day:02d}001")
        weekly.digest("run", now=after(when))
    assert receiver.titles() == []
    announce(arxiv, NEXT, "2503.10001")  # Friday's listing never came
    weekly.digest("run", now=after(NEXT))
    assert receiver.titles() == ["week, week to Fri, 7 Mar 2025: 4 papers"]
    assert len(titles(weekly)) == 4
    announce(arxiv, FRIDAY, "2503.07001")
    arxiv.today = NEXT
    weekly.digest("fetch", str(FRIDAY), now=after(NEXT, 5))
    assert len(titles(weekly)) == 5
    weekly.digest("run", now=after(NEXT, 6))
    assert receiver.titles() == []


def test_a_view_of_a_week_says_what_is_missing(weekly: Sandbox, arxiv: StandIn) -> None:
    """Of the listings that are expected by now, not of those to come; a date of the week leads to all of it."""
    announce(arxiv, DAYS[0], "2503.03001")
    weekly.digest("run", now=after(DAYS[0]))
    found = weekly.digest("view", "week", str(FRIDAY), now=after(DAYS[1]))
    assert found.code == 4
    assert "# arXiv week · week to Fri, 7 Mar 2025" in found.out
    assert "cs.CV 2025-03-04" in found.err
    assert "2025-03-05" not in found.err


def test_regenerate_makes_the_same_file(weekly: Sandbox, arxiv: StandIn) -> None:
    """Of one of its dates, or of all; a damaged one is found and mended by verify."""
    for when in DAYS[:2]:
        announce(arxiv, when, f"2503.{when.day:02d}001")
        weekly.digest("run", now=after(when))
    before = weekly.read(FILE)
    (weekly.folder / FILE).write_bytes(b"gone")
    assert weekly.digest("verify", now=after(DAYS[1], 2)).code == 6
    weekly.digest("regenerate", "--all", now=after(DAYS[1], 2))
    assert weekly.read(FILE) == before
    (weekly.folder / FILE).unlink()
    weekly.digest("verify", "--repair", now=after(DAYS[1], 2))
    assert weekly.read(FILE) == before


def test_a_fresh_clone_goes_on_with_the_week(weekly: Sandbox, arxiv: StandIn) -> None:
    """Without a database, the earlier days of the week are read from their records."""
    for when in DAYS[:3]:
        announce(arxiv, when, f"2503.{when.day:02d}001")
        weekly.digest("run", now=after(when))
        (weekly.folder / "archive.db").unlink()
    assert titles(weekly) == [f"Splatting of 2503.{day:02d}001" for day in (5, 4, 3)]


def test_weeks_may_be_called_by_their_numbers(weekly: Sandbox, arxiv: StandIn) -> None:
    """The path of a weekly view needs no day; that of a daily one does."""
    path = weekly.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace('name = "week"', 'name = "week"\npath = "{view}/{date:%G-W%V}.md"')
    path.write_text(text, encoding="utf-8")
    announce(arxiv, MONDAY, "2503.03001")
    assert weekly.digest("run", now=after(MONDAY)).code == 0
    assert titles(weekly, "week/2025-W10.md") == ["Splatting of 2503.03001"]
    path.write_text(text.replace('period = "week"', ""), encoding="utf-8")
    refused = weekly.digest("status")
    assert (refused.code, "expected year, month and day in it" in refused.err) == (2, True)
    path.write_text(text.replace('"week"\nkeywords', '"month"\nkeywords'), encoding="utf-8")
    refused = weekly.digest("status")
    assert (refused.code, "period: expected day or week, found 'month'" in refused.err) == (2, True)


def test_the_site_shows_weeks(weekly: Sandbox, arxiv: StandIn) -> None:
    """A page a week, called by it; its papers lead there."""
    for when in DAYS[:2]:
        announce(arxiv, when, f"2503.{when.day:02d}001")
        weekly.digest("run", now=after(when))
    assert weekly.digest("site", now=after(DAYS[1], 2)).code == 0
    page = weekly.read("site/views/week/2025-03-07/index.html").decode()
    assert "<h1>Week to Friday, 7 March 2025</h1>" in page
    assert all(f"Splatting of 2503.{day:02d}001" in page for day in (3, 4))
    own = weekly.read("site/views/week/index.html").decode()
    assert "2 papers on 1 of 1 weeks" in own
    assert "week to Fri, 7 Mar 2025" in own
    assert not (weekly.folder / "site/views/week/2025-03-03").exists()
