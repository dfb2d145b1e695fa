"""Those who are told how the nightly job goes: messages, alerts, pings; and what they can never do to the archive."""

import builtins
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest.archive.report import Report
from digest.cli.runner import has_told_all
from digest.config import load
from digest.disk.files import hold_lock
from digest.errors import GitError, UnpushedError
from digest.notify import Address
from digest.notify.channels import Channels
from digest.notify.messages import Item, Message
from digest.notify.notifier import Notifier
from digest.records.notices import NOTICES_PATH
from tests.conftest import DAY, NIGHT, Result, Sandbox
from tests.nights import after, beside, lose_database, noon, show
from tests.receiver import Receiver, receiving
from tests.standin import Fault, InventedPaper, StandIn, faults, invent

THURSDAY = date(2025, 3, 6)
NOTICES = "data/notices.json"
RUN_ID = "4a6cbe0c-4d4b-4f7e-8c66-111111111111"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with receiving() as one:
        yield one


@pytest.fixture
def told(archive: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive that tells the receiver; nothing ran yet."""
    monkeypatch.setenv("CHANNELS", receiver.channel)
    archive.configure("notify", urls=["env:CHANNELS"])
    return archive


@pytest.fixture
def three(told: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of three categories that tells the receiver; arXiv does not answer for the middle one."""
    for category in ("cs.LG", "cs.RO"):
        arxiv.announce(invent(category, DAY))
    told.configure("arxiv", categories=["cs.CV", "cs.LG", "cs.RO"])
    arxiv.fault = faults.only(r"cs\.LG", faults.status(503))
    return told


def state(sandbox: Sandbox) -> dict[str, Any]:
    """Return what the archive keeps of what was told."""
    found: dict[str, Any] = json.loads(sandbox.read(NOTICES))
    return found


def add_view(sandbox: Sandbox, name: str, *lines: str) -> None:
    """Add a view that has messages."""
    path = sandbox.folder / "config.toml"
    table = "\n".join(["[[view]]", f'name = "{name}"', "notify = true", *lines, ""])
    path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")


def announced(arxiv: StandIn, when: date, *titles: str) -> None:
    """Let arXiv announce new papers of cs.CV with these titles, their numbers from 1 on."""
    papers = [
        InventedPaper(f"2503.{10 * when.day + number:05d}", title, "Abstract.", ("Ada Example",), None, None, *_CV)
        for number, title in enumerate(titles, 1)
    ]
    show(arxiv, type(invent("cs.CV", when))("cs.CV", when, new=tuple(papers)))


_CV: tuple[str, tuple[str, ...]] = ("cs.CV", ("cs.CV",))


# --- one message a listing date --------------------------------------------------------------------


def test_a_listing_date_has_one_message(told: Sandbox, receiver: Receiver) -> None:
    """It comes with the run that has the listing proven; the runs after it tell nothing."""
    assert told.digest("run").code == 0
    (message,) = receiver.messages()
    assert message["title"] == "arXiv cs.CV, Wed, 5 Mar 2025: 12 new, 5 cross-lists"
    assert message["message"].startswith("cs.CV: 12 new, 5 cross-lists, 6 replacements\n\n1. ")
    assert message["type"] == "info"
    for hours in (2, 9, 20, 23):
        assert told.digest("run", now=after(DAY, hours)).code == 0
    assert receiver.messages() == []


def test_the_first_papers_are_named_in_the_order_of_the_digest(
    told: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """Five new submissions, the highest numbers first, each with the address of its abstract."""
    announced(arxiv, DAY, *(f"Paper {number}" for number in range(1, 8)))
    told.digest("run")
    (message,) = receiver.messages()
    ids = re.findall(r"https://arxiv\.org/abs/(\S+)", message["message"])
    assert ids == ["2503.00057", "2503.00056", "2503.00055", "2503.00054", "2503.00053"]
    assert re.findall(r"^\d\. (.*)$", message["message"], re.MULTILINE) == [f"Paper {n}" for n in (7, 6, 5, 4, 3)]


def test_each_date_of_one_run_has_its_own_message(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """A listing that was missed is brought in and told of together with the newest, the older one first."""
    told.digest("run")
    show(arxiv, invent("cs.CV", THURSDAY), invent("cs.CV", date(2025, 3, 7)))
    receiver.messages()
    assert told.digest("run", now=after(date(2025, 3, 7), 8)).code == 0
    assert [title.split(":")[0] for title in receiver.titles()] == [
        "arXiv cs.CV, Thu, 6 Mar 2025",
        "arXiv cs.CV, Fri, 7 Mar 2025",
    ]


def test_last_week_is_no_news_for_those_who_begin(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """When messages are set up for an archive that has days already, only the newest one is told."""
    told.configure("notify", urls=[])
    told.digest("run")
    show(arxiv, invent("cs.CV", THURSDAY))
    told.digest("run", now=after(THURSDAY))
    assert NOTICES not in told.tree()
    told.configure("notify", urls=["env:CHANNELS"])
    told.digest("run", now=after(THURSDAY, 2))
    assert [title.split(":")[0] for title in receiver.titles()] == ["arXiv cs.CV, Thu, 6 Mar 2025"]


def test_three_categories_have_one_message_together(three: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """It waits for the last of them."""
    assert three.digest("run").code == 75
    assert receiver.messages() == []
    arxiv.fault = None
    assert three.digest("run", now=after(DAY, 3)).code == 0
    (message,) = receiver.messages()
    assert message["title"] == "arXiv cs.CV, cs.LG, cs.RO, Wed, 5 Mar 2025: 36 new, 15 cross-lists"
    lines = message["message"].splitlines()[:3]
    assert lines == [f"{one}: 12 new, 5 cross-lists, 6 replacements" for one in ("cs.CV", "cs.LG", "cs.RO")]


def test_at_noon_the_missing_are_named(three: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """From noon in New York what is there is told, once; when the missing one comes, no second message does."""
    assert three.digest("run", now=noon(DAY, seconds=-1)).code == 75
    assert receiver.messages() == []
    assert three.digest("run", now=noon(DAY)).code == 4
    title = "arXiv cs.CV, cs.LG, cs.RO, Wed, 5 Mar 2025: 24 new, 10 cross-lists; missing: cs.LG"
    listing = [message for message in receiver.messages() if message["type"] == "info"]
    assert [message["title"] for message in listing] == [title]
    assert "\ncs.LG: missing\n" in listing[0]["message"]
    assert three.digest("run", now=noon(DAY, seconds=3600)).code == 4
    arxiv.fault = None
    assert three.digest("run", now=noon(DAY, seconds=7200)).code == 0
    assert receiver.titles() == ["digest of cs.CV, cs.LG, cs.RO is well again"]


def test_a_category_that_was_given_up_holds_nothing_back(three: Sandbox, receiver: Receiver) -> None:
    """What a person settled as lost is not waited for, and is called so."""
    three.digest("run")
    assert three.digest("accept", str(DAY), "--category", "cs.LG", now=noon(DAY)).code == 0
    three.digest("run", now=noon(DAY, seconds=60))
    (message,) = [message for message in receiver.messages() if message["type"] == "info"]
    assert "missing" not in message["title"]
    assert "\ncs.LG: given up\n" in message["message"]


def test_where_nothing_is_stored_there_is_only_an_alert(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """An overdue listing of which no category has anything is trouble, and no news."""
    arxiv.fault = faults.status(503)
    assert told.digest("run", now=noon(DAY)).code == 4
    assert [message["type"] for message in receiver.messages()] == ["failure"]


def test_a_date_that_all_gave_up_waits_for_nothing(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """There is no news of it, and nothing is left to tell."""
    arxiv.fault = faults.status(503)
    told.digest("run", now=noon(DAY))
    assert told.digest("accept", str(DAY), now=noon(DAY, seconds=1)).code == 0
    assert told.digest("run", now=noon(DAY, seconds=60)).code == 0
    assert receiver.titles() == ["digest of cs.CV needs you (exit 4)", "digest of cs.CV is well again"]
    assert _is_calm(told, noon(DAY, seconds=120))


def test_the_general_messages_can_be_turned_off(told: Sandbox, receiver: Receiver) -> None:
    """With listings = false only views and alerts are told."""
    told.configure("notify", listings=False)
    assert told.digest("run").code == 0
    assert receiver.messages() == []


def test_a_listing_that_is_brought_in_by_hand_is_told_by_the_next_run(
    told: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """The job that is watched is the nightly one; it tells of what other commands stored."""
    told.digest("run")
    receiver.messages()
    show(arxiv, invent("cs.CV", THURSDAY))
    assert told.digest("fetch", str(THURSDAY), now=after(THURSDAY)).code == 0
    assert receiver.messages() == []
    assert told.digest("run", now=after(THURSDAY, 2)).code == 0
    assert [title.split(":")[0] for title in receiver.titles()] == ["arXiv cs.CV, Thu, 6 Mar 2025"]


def test_an_archive_that_tells_nobody_keeps_no_notes(archive: Sandbox) -> None:
    """Without addresses nothing is noted, and the files are those of an archive that never heard of messages."""
    archive.digest("run")
    assert NOTICES not in archive.tree()


# --- views ------------------------------------------------------------------------------------------


def test_a_view_has_messages_of_its_own(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """They name its papers of the date and why it shows them; without papers there is none."""
    announced(arxiv, DAY, "Gaussian Splatting at Dusk", "Another Subject")
    add_view(told, "splatting", 'keywords = ["gaussian splatting"]')
    add_view(told, "nerfs", 'keywords = ["nerf*"]')
    told.digest("run")
    general, view = receiver.messages()
    assert general["title"].startswith("arXiv cs.CV")
    assert view["title"] == "splatting, Wed, 5 Mar 2025: 1 paper"
    assert view["message"].splitlines() == [
        "1. Gaussian Splatting at Dusk",
        '   keyword "gaussian splatting" in the title',
        "   https://arxiv.org/abs/2503.00051",
    ]
    told.digest("run", now=after(DAY, 3))
    assert receiver.messages() == []


def test_ten_papers_of_a_view_are_named(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """Five minutes a day: of more, their number is told."""
    show(arxiv, invent("cs.CV", DAY, new=30, cross=0))
    told.configure("notify", listings=False)
    add_view(told, "all")
    told.digest("run")
    (message,) = receiver.messages()
    assert message["title"] == "all, Wed, 5 Mar 2025: 30 papers"
    assert len(re.findall("https://arxiv.org/abs/", message["message"])) == 10
    assert message["message"].endswith("\n\n… and 20 more")


def test_messages_lead_to_the_digests_where_they_are_published(
    told: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """With [digest] address: each category to its digest of the date, a view to its own."""
    announced(arxiv, DAY, "Gaussian Splatting at Dusk")
    told.configure("digest", address="https://example.org/archive")
    add_view(told, "splatting", 'keywords = ["gaussian splatting"]')
    told.digest("run")
    general, view = receiver.messages()
    path = "2025/03/2025-03-05.md"
    assert general["message"].startswith(f"cs.CV: 1 new\n   https://example.org/archive/cs.CV/{path}\n\n1. ")
    assert view["message"].endswith(f"\n\nThe digest\n   https://example.org/archive/views/splatting/{path}")


# --- alerts -----------------------------------------------------------------------------------------


def test_trouble_is_told_when_it_changes_then_daily_then_when_it_is_over(
    told: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """The same trouble is told once a day; other trouble at once; the end of all of it once."""
    told.digest("run")
    receiver.messages()
    arxiv.fault = faults.chain(faults.new_layout(), faults.only("/(rss|atom)/", faults.status(503)))
    show(arxiv, invent("cs.CV", THURSDAY))
    assert told.digest("run", now=after(THURSDAY, 1)).code == 5
    (alert,) = receiver.messages()
    assert alert["type"] == "failure"
    assert alert["title"] == "digest of cs.CV needs you (exit 5)"
    assert "cs.CV: " in alert["message"]
    assert "Since 2025-03-06 02:00 UTC" in alert["message"]
    assert told.digest("run", now=after(THURSDAY, 12)).code == 5
    assert receiver.messages() == []
    assert told.digest("run", now=after(THURSDAY, 25)).code == 5
    (again,) = receiver.messages()
    assert again["title"] == alert["title"]
    assert "Since 2025-03-06 02:00 UTC" in again["message"]
    arxiv.fault = faults.status(503)
    assert told.digest("run", now=after(THURSDAY, 26)).code == 4
    assert receiver.titles() == ["digest of cs.CV needs you (exit 4)"]
    arxiv.fault = None
    assert told.digest("run", now=after(THURSDAY, 27)).code == 0
    well, listing = receiver.messages()
    assert (well["title"], well["type"]) == ("digest of cs.CV is well again", "success")
    assert listing["title"].startswith("arXiv cs.CV, Thu, 6 Mar 2025")
    assert told.digest("run", now=after(THURSDAY, 28)).code == 0
    assert receiver.messages() == []


def test_try_later_changes_nothing(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """ArXiv is silent before noon: that is no alert, and no end of one."""
    told.digest("run")
    receiver.messages()
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.status(503)
    assert told.digest("run", now=after(THURSDAY, 2)).code == 75
    assert receiver.messages() == []
    arxiv.fault = faults.new_layout()
    assert told.digest("run", now=after(THURSDAY, 3)).code == 5
    assert len(receiver.messages()) == 1
    arxiv.fault = faults.status(503)
    assert told.digest("run", now=after(THURSDAY, 4)).code == 75
    assert receiver.messages() == []
    assert state(told)["alert"]["about"] == [[5, "cs.CV"]]


def test_a_run_of_some_categories_leaves_the_trouble_of_others(
    three: Sandbox, arxiv: StandIn, receiver: Receiver
) -> None:
    """It neither ends nor repeats it; what it finds itself is told; only a run of all tells that all is well."""
    assert three.digest("run", now=noon(DAY)).code == 4
    assert [message["type"] for message in receiver.messages()] == ["failure", "info"]
    for hours in (1, 30):
        one = ("run", "--category", "cs.CV", "--category", "cs.RO")
        assert three.digest(*one, now=noon(DAY, seconds=hours * 60)).code == 0
        assert receiver.messages() == []
    assert state(three)["alert"]["about"] == [[4, "cs.LG"]]
    assert three.digest("run", "--category", "cs.LG", now=noon(DAY, seconds=3600)).code == 4
    assert receiver.messages() == []
    arxiv.fault = None
    assert three.digest("run", "--category", "cs.LG", now=noon(DAY, seconds=7200)).code == 0
    assert receiver.titles() == ["digest of cs.CV, cs.LG, cs.RO is well again"]


def test_a_run_that_ends_early_is_told_of(told: Sandbox, receiver: Receiver) -> None:
    """A database that cannot be opened gives an alert, and word when it can be opened again."""
    (told.folder / "archive.db").write_bytes(b"no database at all" * 100)
    assert told.digest("run").code == 6
    (alert,) = receiver.messages()
    assert alert["title"] == "digest of cs.CV needs you (exit 6)"
    assert told.digest("run", now=after(DAY, 2)).code == 6
    assert receiver.messages() == []
    lose_database(told)
    assert told.digest("run", now=after(DAY, 3)).code == 0
    assert receiver.titles()[0] == "digest of cs.CV is well again"


def test_of_a_bug_its_class_is_told(told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of an unexpected error may hold anything; they stay here."""

    def broken(*_: object) -> None:
        raise IndexError("a-secret-of-ours")

    monkeypatch.setattr("digest.jobs.run.run", broken)
    assert told.digest("run").code == 1
    (alert,) = receiver.messages()
    assert alert["title"] == "digest of cs.CV needs you (exit 1)"
    assert "IndexError" in alert["message"]
    assert "a-secret" not in alert["message"]


def test_paths_are_not_published(told: Sandbox, receiver: Receiver) -> None:
    """What is noted may be committed: of a path that failed only its last part is kept."""
    (told.folder / "data").mkdir()
    (told.folder / "data/state.json").write_text("{", encoding="utf-8")
    assert told.digest("run").code == 6
    assert state(told)["alert"]["about"] == [[6, "state.json"]]
    assert any(message["type"] == "failure" for message in receiver.messages())


# --- channels that fail -----------------------------------------------------------------------------


def test_a_failing_channel_harms_nothing(told: Sandbox, receiver: Receiver) -> None:
    """Exit 7; the archive is that of one without channels; the next run sends the message, once."""
    receiver.status = 500
    result = told.digest("run")
    assert result.code == 7
    assert "env:CHANNELS (JSON): a message did not get through" in result.err
    assert state(told)["told"]["listings"] == ["2025-02-27", "2025-02-28", "2025-03-03", "2025-03-04"]
    since = "2025-03-05T02:00:00+00:00"
    assert state(told)["reached"] == [{"date": str(DAY), "channels": [], "since": since}]
    alone = beside(told, "alone")
    alone.configure("notify", urls=[])
    assert alone.digest("run").code == 0
    assert files_of(told) == files_of(alone)
    receiver.messages()
    receiver.status = 200
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert len(receiver.messages()) == 1
    assert told.digest("run", now=after(DAY, 3)).code == 0
    assert receiver.messages() == []


def files_of(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the files of an archive but its configuration and what it told."""
    return {path: data for path, data in sandbox.tree().items() if path not in ("config.toml", NOTICES)}


def test_one_failing_channel_does_not_stop_the_others(
    told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has the message; nobody gets it twice for the sake of the one that failed, which gets it later."""
    lines = ["# two channels", "json://127.0.0.1:9/dead", "", receiver.channel]
    monkeypatch.setenv("CHANNELS", "\n".join(lines))
    for hours, number in ((1, 1), (2, 0)):
        result = told.digest("run", now=after(DAY, hours))
        assert (result.code, "env:CHANNELS line 2 (JSON)" in result.err) == (7, True)
        assert len(receiver.messages()) == number
    with receiving() as other:
        monkeypatch.setenv("CHANNELS", "\n".join([lines[0], other.channel, *lines[2:]]))
        assert told.digest("run", now=after(DAY, 3)).code == 0
        assert len(other.messages()) == 1
    assert receiver.messages() == []
    assert "reached" not in state(told)


def nightly(sandbox: Sandbox, arxiv: StandIn, nights: int) -> list[Result]:
    """Run once a night, from DAY on; return how that went."""
    results = []
    for number in range(nights):
        when = DAY + timedelta(days=number)
        show(arxiv, invent("cs.CV", when))
        results.append(sandbox.digest("run", now=after(when)))
    return results


def test_a_refused_message_is_given_up_on_the_third_night(
    told: Sandbox, arxiv: StandIn, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is said once, in words, with exit 7; after it all is well; the other channel has each message once."""
    with receiving() as refusing:
        refusing.refuses = lambda taken: b"5 Mar 2025" in taken.body
        monkeypatch.setenv("CHANNELS", f"{receiver.channel}\n{refusing.channel}")
        results = nightly(told, arxiv, 3)
        results.append(told.digest("run", now=after(date(2025, 3, 7), 3)))
        assert [result.code for result in results] == [7, 7, 7, 0]
        words = "the message of 2025-03-05 is given up"
        assert [result.err.count(words) for result in results] == [0, 0, 1, 0]
        titles = [title.split(": ")[0] for title in refusing.titles()]
    assert titles.count("arXiv cs.CV, Wed, 5 Mar 2025") == 3
    assert [title.split(", ")[2][:10] for title in receiver.titles()] == ["5 Mar 2025", "6 Mar 2025", "7 Mar 2025"]
    assert "reached" not in state(told)


@pytest.mark.parametrize("status", [500, 429, 408])
def test_a_channel_that_is_out_of_order_is_tried_for_a_week(
    told: Sandbox, arxiv: StandIn, receiver: Receiver, status: int
) -> None:
    """What may pass is waited for; what is a week old is given up, in words, once."""
    told.digest("run")
    receiver.status = status
    receiver.messages()
    show(arxiv, invent("cs.CV", THURSDAY))
    for days in (0, 3, 6):
        assert told.digest("run", now=after(THURSDAY, 24 * days + 1)).code in (4, 7)
        assert any("6 Mar 2025" in title for title in receiver.titles())
    show(arxiv, *(invent("cs.CV", date(2025, 3, day)) for day in (7, 10, 11, 12, 13)))
    receiver.status = 200
    result = told.digest("run", now=after(date(2025, 3, 13)))
    assert (result.code, "env:CHANNELS: the message of 2025-03-06 is too old, and is given up" in result.err) == (
        7,
        True,
    )
    assert not any("6 Mar 2025" in title for title in receiver.titles())
    assert told.digest("run", now=after(date(2025, 3, 13), 2)).code == 0


def test_a_channel_that_takes_the_place_of_a_broken_one_has_its_message(told: Sandbox, receiver: Receiver) -> None:
    """Wherever its address is from."""
    receiver.status = 400
    assert told.digest("run").code == 7
    receiver.status = 200
    receiver.messages()
    (told.folder / "channel").write_text(receiver.channel)
    told.configure("notify", urls=["file:channel"])
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert len(receiver.messages()) == 1


def test_an_address_that_cannot_be_read_holds_no_other_back(
    told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can be told is told, once; the others are once their address is there."""
    told.configure("notify", urls=["env:CHANNELS", "env:OTHERS"])
    for hours, number in ((1, 1), (2, 0)):
        assert told.digest("run", now=after(DAY, hours)).code == 7
        assert len(receiver.messages()) == number
    with receiving() as other:
        monkeypatch.setenv("OTHERS", f"# mine\n{other.channel}")
        assert told.digest("run", now=after(DAY, 3)).code == 0
        assert len(other.messages()) == 1
    assert receiver.messages() == []


@pytest.mark.parametrize("ends", [False, True])
def test_an_alert_goes_to_each_channel_once(
    told: Sandbox, arxiv: StandIn, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    """The one that did not take it, or its end, gets it with the next run; the other does not get it twice."""
    told.digest("run")
    receiver.messages()
    with receiving() as failing:
        monkeypatch.setenv("CHANNELS", f"{receiver.channel}\n{failing.channel}")
        show(arxiv, invent("cs.CV", THURSDAY))
        arxiv.fault = faults.new_layout()
        if ends:
            assert told.digest("run", now=after(THURSDAY, 1)).code == 5
            assert receiver.titles() == failing.titles() == ["digest of cs.CV needs you (exit 5)"]
            arxiv.fault = None
        title = f"digest of cs.CV {'is well again' if ends else 'needs you (exit 5)'}"
        failing.status = 500
        assert told.digest("run", now=after(THURSDAY, 2)).code == (7 if ends else 5)
        failing.status = 200
        assert failing.titles()[0] == receiver.titles()[0] == title
        for hours, titles in ((3, [title]), (4, [])):
            assert told.digest("run", now=after(THURSDAY, hours)).code == (0 if ends else 5)
            assert failing.titles()[:1] == titles
            assert receiver.titles() == []


def test_an_alert_that_did_not_get_through_is_sent_again(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """Trouble counts as told only once a channel took it."""
    arxiv.fault = faults.new_layout()
    receiver.status = 500
    assert told.digest("run").code == 5
    assert state(told)["alert"] is None
    receiver.messages()
    receiver.status = 200
    assert told.digest("run", now=after(DAY, 2)).code == 5
    assert receiver.titles() == ["digest of cs.CV needs you (exit 5)"]


def test_a_missing_variable_is_named(told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 7 in each run, with or without anything to tell; the message comes once the variable is there."""
    monkeypatch.delenv("CHANNELS")
    for hours in (1, 2):
        result = told.digest("run", now=after(DAY, hours))
        assert (result.code, "error: env:CHANNELS: expected an address, found none" in result.err) == (7, True)
    monkeypatch.setenv("CHANNELS", receiver.channel)
    assert told.digest("run", now=after(DAY, 3)).code == 0
    assert len(receiver.messages()) == 1


def test_addresses_may_stand_in_a_file(told: Sandbox, receiver: Receiver) -> None:
    """It is looked for beside the configuration; one that is not there is named."""
    told.configure("notify", urls=["file:secret/channels"])
    result = told.digest("run")
    assert result.code == 7
    assert "file:secret/channels: No such file or directory" in result.err
    (told.folder / "secret").mkdir()
    (told.folder / "secret/channels").write_text(f"# mine\n{receiver.channel}\n", encoding="utf-8")
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert len(receiver.messages()) == 1


@pytest.mark.parametrize(
    "address",
    ["unheardof://tok3n-of-mine@example.org/", "tok3n-of-mine", "slack://tok3n-of-mine", "json://[tok3n-of-mine"],
)
def test_an_address_that_nobody_knows_is_told_by_its_line(
    told: Sandbox, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The secret is in no output and in no file."""
    monkeypatch.setenv("CHANNELS", f"# mine\n{address}")
    result = told.digest("-v", "run")
    assert result.code == 7
    assert "env:CHANNELS line 2: expected an address that apprise knows, found another" in result.err
    assert "tok3n" not in result.err + result.out
    files = (path for path in told.folder.rglob("*") if path.is_file())
    assert not any(b"tok3n" in path.read_bytes() for path in files)


def test_a_channel_that_fails_gives_no_secret_away(
    told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither apprise nor what it uses logs an address, whatever fails."""
    dead = "json://user:tok3n-pass@127.0.0.1:9/tok3n-path?+X-Key=tok3n-head&retry=1&wait=0"
    refused = receiver.channel.replace("/hook", "/tok3n-path")
    monkeypatch.setenv("CHANNELS", f"{dead}\n{refused}")
    receiver.status = 403
    result = told.process("-v", "run", env={"CHANNELS": f"{dead}\n{refused}"})
    assert result.returncode == 7
    assert "tok3n" not in result.stdout + result.stderr
    files = (path for path in told.folder.rglob("*") if path.is_file())
    assert not any(b"tok3n" in path.read_bytes() for path in files)


def test_without_apprise_the_extra_is_named(told: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive is whole all the same."""
    real = builtins.__import__

    def without_apprise(name: str, *rest: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_apprise)
    result = told.digest("run")
    assert result.code == 7
    assert "pip install 'arxiv-listing-digest[notify]'" in result.err
    assert f"date={DAY} category=cs.CV state=complete" in result.err


def test_a_hanging_channel_is_not_waited_for(receiver: Receiver) -> None:
    """What takes longer than allowed counts as failed; the others have the message, and the next at once."""
    with receiving() as other:
        receiver.released.clear()
        addresses = [Address("env:A", receiver.channel + "?rto=19"), Address("env:B", other.channel)]
        channels = Channels(addresses, patience=0.5)
        begun = time.monotonic()
        words = "env:A (JSON): a message did not get through (no answer within 0.5 s)"
        for title in ("First", "Second"):
            fates = channels.deliver(Message(title, ((Item("text"),),)))
            assert {name: fate.failure for name, fate in fates.items()} == {"env:A": words, "env:B": ""}
        assert time.monotonic() - begun < 10
        assert other.titles() == ["First", "Second"]


def test_a_process_ends_while_a_channel_hangs(receiver: Receiver) -> None:
    """Nothing that was left behind keeps a cron job alive."""
    code = (
        "from digest.notify.messages import Item, Message\nfrom digest.notify import Address\n"
        "from digest.notify.channels import Channels\n"
        f"channels = Channels([Address('env:A', {receiver.channel + '?rto=19'!r})], patience=0.3)\n"
        "print(bool(channels.deliver(Message('T', ((Item('text'),),)))['env:A'].failure))\n"
    )
    receiver.released.clear()
    begun = time.monotonic()
    result = _python(code)
    assert result.strip() == "True"
    assert time.monotonic() - begun < 15


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_disk_that_takes_no_notes_stops_no_alert(told: Sandbox, receiver: Receiver) -> None:
    """The alert is sent; the news waits, since each run would send it again."""
    (told.folder / NOTICES).mkdir(parents=True)
    assert told.digest("run").code == 6
    assert [message["type"] for message in receiver.messages()] == ["failure"]


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 0}', '{"format": 1}', '{"format": 1, "told": {"views": {}}, "alert": [1]}', "[]"]
)
def test_damaged_notes_are_begun_anew(told: Sandbox, receiver: Receiver, text: str) -> None:
    """A warning, no failure; only the newest date can be told again."""
    told.digest("run")
    receiver.messages()
    (told.folder / NOTICES).write_text(text, encoding="utf-8")
    result = told.digest("run", now=after(DAY, 2))
    assert result.code == 0
    assert "warning: notices.json: expected" in result.err
    assert len(receiver.messages()) == 1
    assert state(told)["told"]["listings"][-1] == str(DAY)


def test_notes_of_the_version_before_are_taken_over(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """What they say was told is not told again; what they say was not, is, and nothing older than them."""
    told.configure("notify", urls=[])
    eve = date(2025, 3, 4)
    for when in (eve, DAY):
        show(arxiv, invent("cs.CV", when))
        assert told.digest("run", now=after(when)).code == 0
    dates = ["2025-02-20", "2025-02-21", "2025-02-24", "2025-02-25", "2025-02-26", "2025-02-27", "2025-02-28"]
    dates += ["2025-03-03", "2025-03-04"]
    notes = {"format": 1, "told": {"listings": [*dates, str(DAY)], "views": {}}, "alert": None}
    (told.folder / NOTICES).write_text(json.dumps(notes), encoding="utf-8")
    told.configure("notify", urls=["env:CHANNELS"])
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert receiver.messages() == []
    notes["told"] = {"listings": dates, "views": {}}
    (told.folder / NOTICES).write_text(json.dumps(notes), encoding="utf-8")
    assert told.digest("run", now=after(DAY, 3)).code == 0
    assert [title.split(":")[0] for title in receiver.titles()] == ["arXiv cs.CV, Wed, 5 Mar 2025"]


def test_notes_of_another_age_end_no_run(told: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """Whatever times stand in them."""
    told.digest("run")
    end = "9999-12-31T23:59:59+00:00"
    reach = {"channels": ["env:CHANNELS"], "since": end}
    for about, code in (([[5, "cs.CV"]], 5), ([[4, "cs.LG"]], 5)):
        alert = {"about": about, "since": end, "told_at": end, "reached": reach}
        notes = {
            "format": 1,
            "told": {"listings": [], "views": {}},
            "reached": [{"date": str(DAY), **reach}],
            "alert": alert,
        }
        (told.folder / NOTICES).write_text(json.dumps(notes), encoding="utf-8")
        show(arxiv, invent("cs.CV", THURSDAY))
        arxiv.fault = faults.new_layout()
        receiver.status = 400
        assert told.digest("run", now=after(THURSDAY)).code == code


@pytest.mark.parametrize(("fault", "code"), [(None, 0), (faults.new_layout(), 5)])
def test_notes_of_a_newer_digest_are_left_as_they_are(
    told: Sandbox, arxiv: StandIn, receiver: Receiver, fault: Fault | None, code: int
) -> None:
    """Nothing is sent or written, whatever there would be to tell; one warning, and the exit is that of the job."""
    told.digest("run")
    receiver.messages()
    newer = '{"format": 2, "sent": []}'
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = fault
    (told.folder / NOTICES).write_text(newer, encoding="utf-8")
    result = told.digest("--log-json", "run", now=after(THURSDAY))
    lines = [line for line in map(json.loads, result.err.splitlines()) if NOTICES_PATH in line["message"]]
    words = "notices.json: expected format 1, found 2; upgrade digest; until then no messages are sent"
    assert [(line["level"], line["message"]) for line in lines] == [("warning", words)]
    assert result.code == code
    assert receiver.taken == []
    assert told.read(NOTICES).decode() == newer


def test_words_that_no_file_takes_are_told_all_the_same(
    told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name on the disk may be of other bytes than UTF-8."""

    def commit(_archive: object, report: Report) -> None:
        report.failures.append(GitError("f\udcff: refused"))

    monkeypatch.setattr("digest.cli.runner._commit", commit)
    assert told.digest("run").code == 7
    assert [message["type"] for message in receiver.messages()] == ["failure", "info"]
    assert state(told)["alert"]["about"] == [[7, "f?"]]


# --- the commit, and machines without a disk ----------------------------------------------------------


def test_a_fresh_clone_tells_nothing_twice(told: Sandbox, receiver: Receiver) -> None:
    """What was told lies beside the day records: a machine that has only these knows it."""
    told.digest("run")
    assert len(receiver.messages()) == 1
    lose_database(told)
    assert told.digest("run", now=after(DAY, 2)).code == 0
    assert receiver.messages() == []


def test_what_was_told_is_in_the_commit_of_its_run(told: Sandbox, receiver: Receiver) -> None:
    """A second commit holds that the day was told; a run that has nothing to tell makes none."""
    _git(told, "init", "-q", "-b", "main")
    told.configure("git", commit=True, author="Ada Example <ada@example.org>")
    for hours in (1, 2):
        assert told.digest("run", now=after(DAY, hours)).code == 0
    assert len(receiver.messages()) == 1
    assert len(_git(told, "log", "--format=%H").split()) == 2
    assert _git(told, "show", f"HEAD:{NOTICES}").encode() == told.read(NOTICES)


def _git(sandbox: Sandbox, *arguments: str) -> str:
    command = ["git", "-C", str(sandbox.folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_day_is_committed_before_it_is_told_and_told_before_that_is_noted(
    told: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored, committed, sent, noted as sent, committed again: wherever a run stops, nothing untold counts as told."""
    seen = []

    def commit(*_: object) -> None:
        seen.append((state(told)["told"]["listings"][-1], len(receiver.taken)))

    monkeypatch.setattr("digest.cli.runner._commit", commit)
    told.digest("run")
    assert seen == [("2025-03-04", 0), (str(DAY), 1)]


@pytest.mark.parametrize(("failure", "news"), [(UnpushedError("push: refused"), 0), (GitError("push: refused"), 1)])
def test_a_day_that_does_not_count_yet_is_no_news(
    told: Sandbox,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    failure: UnpushedError | GitError,
    news: int,
) -> None:
    """Where the push is the commit point and fails, only that is told; the next run tells of the listing."""

    def commit(_archive: object, report: Report) -> None:
        report.failures.append(failure)

    with monkeypatch.context() as patch:
        patch.setattr("digest.cli.runner._commit", commit)
        assert told.digest("run").code == failure.exit_code
    kinds = [message["type"] for message in receiver.messages()]
    assert kinds == ["failure"] + ["info"] * news
    assert state(told)["alert"]["about"] == [[failure.exit_code, "push"]]
    assert told.digest("run", now=after(DAY, 2)).code == 0
    kinds = [message["type"] for message in receiver.messages()]
    assert kinds == ["success"] + ["info"] * (1 - news)


def test_a_run_is_calm_once_all_is_told(told: Sandbox, arxiv: StandIn) -> None:
    """Neither news nor an alert is left: only then may a run end before it opens anything."""
    assert not _is_calm(told, NIGHT)
    told.digest("run")
    assert _is_calm(told, NIGHT)
    assert not _is_calm(told, after(THURSDAY))
    show(arxiv, invent("cs.CV", THURSDAY))
    arxiv.fault = faults.new_layout()
    told.digest("run", now=after(THURSDAY))
    arxiv.fault = None
    assert told.digest("fetch", str(THURSDAY), now=after(THURSDAY, 2)).code == 0
    assert not _is_calm(told, after(THURSDAY, 3))
    told.digest("run", now=after(THURSDAY, 3))
    assert _is_calm(told, after(THURSDAY, 4))
    told.configure("notify", urls=[])
    assert _is_calm(told, after(date(2025, 3, 7)))


def _is_calm(sandbox: Sandbox, now: str) -> bool:
    config, moment = load(sandbox.folder / "config.toml", {}), datetime.fromisoformat(now).astimezone(UTC)
    return has_told_all(Notifier(config, {}, moment, RUN_ID), config)


# --- the health check -------------------------------------------------------------------------------


@pytest.fixture
def checked(archive: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive with a health check; nothing ran yet."""
    monkeypatch.setenv("HEALTH", receiver.health)
    archive.configure("notify", health="env:HEALTH")
    return archive


def test_a_health_check_is_told_of_begin_and_success(checked: Sandbox, receiver: Receiver) -> None:
    """Two pings with the id of the run, the second with its totals; also when there was nothing to do."""
    for hours in (1, 2):
        assert checked.digest("run", now=after(DAY, hours)).code == 0
        start, end = receiver.pings()
        assert (start.method, start.route) == ("GET", "/ping/a-secret-check/start")
        assert (end.method, end.route) == ("POST", "/ping/a-secret-check")
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", start.query["rid"][0])
        assert start.query == end.query
        assert end.body.endswith(b"failed=0 exit=0")


def test_try_later_is_no_failure_to_a_health_check(checked: Sandbox, arxiv: StandIn, receiver: Receiver) -> None:
    """A run that ended with 75 did what it could; one that found a layout that nobody knows did not."""
    arxiv.fault = faults.status(503)
    assert checked.digest("run").code == 75
    assert receiver.pings()[-1].route == "/ping/a-secret-check"
    arxiv.fault = faults.new_layout()
    assert checked.digest("run", now=after(DAY, 2)).code == 5
    assert receiver.pings()[-1].route == "/ping/a-secret-check/fail"


def test_a_run_that_ends_early_fails_its_health_check(checked: Sandbox, receiver: Receiver) -> None:
    """Also when the database cannot be opened."""
    (checked.folder / "archive.db").write_bytes(b"no database at all" * 100)
    assert checked.digest("run").code == 6
    assert [ping.route.rpartition("/")[2] for ping in receiver.pings()] == ["start", "fail"]


def test_a_query_of_the_address_is_kept(checked: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of a check which makes itself."""
    monkeypatch.setenv("HEALTH", f"{receiver.health}?create=1")
    checked.digest("run")
    assert [ping.query["create"] for ping in receiver.pings()] == [["1"], ["1"]]


@pytest.mark.parametrize(("status", "headers"), [(404, {}), (302, {"Location": "http://127.0.0.1:9/tok3n"}), (500, {})])
def test_a_health_check_that_does_not_answer_harms_nothing(
    checked: Sandbox, receiver: Receiver, status: int, headers: dict[str, str]
) -> None:
    """Exit 7 and no address; it was tried twice; the day is stored."""
    receiver.status, receiver.headers = status, headers
    result = checked.digest("run")
    assert result.code == 7
    assert f"env:HEALTH: the ping 'start' did not get through (status {status})" in result.err
    assert f"date={DAY} category=cs.CV state=complete" in result.err
    assert "a-secret-check" not in result.err
    assert [ping.route.rpartition("/")[2] for ping in receiver.pings()] == ["start"] * 2 + ["fail"] * 2


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://127.0.0.1/a-secret",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/a-secret",
        "a-secret",
        "http://127.0.0.1:9/a-secret",
        "http://127.0.0.1/a secret",
    ],
)
def test_a_wrong_address_of_a_health_check_is_not_repeated(
    checked: Sandbox, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Exit 7, and the place that it was read from is named."""
    monkeypatch.setenv("HEALTH", address)
    result = checked.digest("run")
    assert result.code == 7
    assert "error: env:HEALTH: " in result.err
    assert "secret" not in result.err
    assert "passwd" not in result.err


def test_a_run_that_finds_another_at_work_pings_nobody(checked: Sandbox, receiver: Receiver) -> None:
    """The other one will."""
    with hold_lock(checked.folder / "archive.db.lock"):
        assert checked.digest("run").code == 3
    assert receiver.pings() == []


def test_other_commands_tell_nobody(told: Sandbox, receiver: Receiver) -> None:
    """Only the nightly job is watched: whoever types a command sees how it goes."""
    told.digest("fetch", str(DAY))
    told.digest("run", "--dry-run")
    assert receiver.taken == []
