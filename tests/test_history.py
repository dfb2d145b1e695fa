"""A paper's history over the days: what was announced, what changed, what is not known."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.errors import UsageError
from digest.history import Field, History, history_of
from digest.history.wording import Mark, difference, says_withdrawn
from digest.model import ArxivId, Day, Paper, Section, Source, State
from digest.model.reference import parse_paper_id
from digest.store.whole import Store
from tests.conftest import NIGHT, Sandbox
from tests.days import AWKWARD, day_of, paper
from tests.nights import after, show
from tests.nights import paper as invented
from tests.standin import InventedPaper, Mailing, Request, StandIn, faults, invent

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2025, 3, day) for day in (4, 5, 6, 7))
MONDAY = date(2025, 3, 10)
FIRST_STORED = date(2025, 3, 3)
LATER = after(MONDAY, 4)

ID = "2503.08999"
TITLE = "LumoNet: Depth without Labels"
ABSTRACT = (
    "We present LumoNet, a method for monocular depth estimation in underwater footage. It recycles tokens between "
    "frames and reaches 91.2% accuracy on a survey of glaciers. Code is at https://github.com/example-lab/LumoNet now."
)
NEWER = ABSTRACT.replace("91.2%", "93.4%")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines break where they do in a pipe, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "100")


# --- through the command line: nights of an archive ------------------------------------------------

V1 = replace(invented(ID, ABSTRACT, TITLE), comments="8 pages, 3 figures")
CROSSED = replace(V1, categories=("cs.CV", "cs.LG"))
V2 = replace(CROSSED, title="LumoNet: Depth without Any Labels", abstract=NEWER, comments="12 pages")
V3 = replace(V2, journal_ref="J. Invented Vis. 4 (2025) 17", authors=("Ada Example", "Bo Sample", "Cy Third"))
GONE = replace(V3, comments="This paper has been withdrawn by the authors due to an error in Table 2")


def announced(when: date, category: str, section: str = "", one: InventedPaper | None = None) -> Mailing:
    """Invent a day that also has ``one`` paper in a ``section``."""
    day = invent(category, when)
    if one is None:
        return day
    fuller: dict[str, Any] = {section: (*getattr(day, section), one)}
    return replace(day, **fuller)


NIGHTS: dict[date, Sequence[Mailing]] = {
    TUESDAY: (announced(TUESDAY, "cs.CV", "new", V1), announced(TUESDAY, "cs.LG")),
    WEDNESDAY: (announced(WEDNESDAY, "cs.CV"), announced(WEDNESDAY, "cs.LG", "cross", CROSSED)),
    THURSDAY: (announced(THURSDAY, "cs.CV", "replacement", V2), announced(THURSDAY, "cs.LG", "replacement", V2)),
    FRIDAY: (announced(FRIDAY, "cs.CV", "replacement", V3), announced(FRIDAY, "cs.LG", "replacement", V3)),
    MONDAY: (announced(MONDAY, "cs.CV", "replacement", GONE), announced(MONDAY, "cs.LG", "replacement", GONE)),
}


def live(archive: Sandbox, arxiv: StandIn, nights: Sequence[date] = tuple(NIGHTS)) -> None:
    """Let the archive of two categories run in these nights."""
    archive.configure("arxiv", categories=["cs.CV", "cs.LG"])
    for when in nights:
        show(arxiv, *NIGHTS[when])
        assert archive.digest("run", now=after(when)).code == 0


def told(sandbox: Sandbox, reference: str = ID) -> dict[str, Any]:
    """Return what ``paper --json`` tells."""
    result = sandbox.digest("paper", reference, "--json", now=LATER)
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what an event changed: the fields, before and after."""
    return {change["field"]: (change["before"], change["after"]) for change in event["changes"]}


def test_a_paper_s_life_is_told(archive: Sandbox, arxiv: StandIn) -> None:
    """Announced, cross-listed later, replaced twice, withdrawn: one event a date, each with what changed."""
    live(archive, arxiv)
    found = told(archive)
    assert (found["id"], found["title"], found["withdrawn"]) == (ID, V2.title, True)
    assert found["authors"] == ["Ada Example", "Bo Sample", "Cy Third"]
    assert found["categories"] == ["cs.CV", "cs.LG"]
    events = found["events"]
    assert [(event["date"], event["revision"], event["withdrawn"]) for event in events] == [
        ("2025-03-04", 1, False),
        ("2025-03-05", 2, False),
        ("2025-03-06", 3, False),
        ("2025-03-07", 4, False),
        ("2025-03-10", 5, True),
    ]
    assert [[(one["category"], one["section"]) for one in event["announcements"]] for event in events] == [
        [("cs.CV", "new")],
        [("cs.LG", "cross")],
        *([[("cs.CV", "replacement"), ("cs.LG", "replacement")]] * 3),
    ]
    assert {(one["state"], one["source"]) for event in events for one in event["announcements"]} == {
        ("complete", "listing")
    }
    assert [changes(event) for event in events] == [
        {},
        {"categories": (["cs.CV"], ["cs.CV", "cs.LG"])},
        {
            "title": (TITLE, V2.title),
            "comments": ("8 pages, 3 figures", "12 pages"),
            "abstract": (ABSTRACT, NEWER),
        },
        {
            "journal_ref": (None, V3.journal_ref),
            "authors": (["Ada Example", "Bo Sample"], ["Ada Example", "Bo Sample", "Cy Third"]),
        },
        {"withdrawn": (False, True), "comments": ("12 pages", GONE.comments)},
    ]


def test_a_replacement_leads_to_the_day_that_first_announced_it(archive: Sandbox, arxiv: StandIn) -> None:
    """By date and by the path of that day's digest, which is there and shows the paper."""
    live(archive, arxiv, [TUESDAY, WEDNESDAY, THURSDAY])
    *others, replaced = told(archive)["events"]
    assert [event["replaces"] for event in others] == [None, None]
    first = replaced["replaces"]
    assert (first["date"], first["category"], first["section"]) == ("2025-03-04", "cs.CV", "new")
    assert TITLE.encode() in archive.read(first["digest"])
    line = f"replaces the paper first announced on 2025-03-04 ({first['digest']})"
    assert line in [line.strip() for line in archive.digest("paper", ID, now=LATER).out.splitlines()]


def test_a_person_sees_it_in_a_dated_list(archive: Sandbox, arxiv: StandIn) -> None:
    """The paper, its addresses, then what happened, the newest last; what went and came is marked in a pipe."""
    live(archive, arxiv)
    result = archive.digest("paper", ID, now=LATER)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert V2.title in lines[0]
    assert f"https://arxiv.org/abs/{ID}" in result.out
    assert f"https://arxiv.org/pdf/{ID}" in result.out
    assert [line.split()[0] for line in lines if line.startswith("2025-")] == [str(when) for when in NIGHTS]
    text = " ".join(result.out.split())
    assert "2025-03-04 announced as new in cs.CV (listing, complete)" in text
    assert "2025-03-05 cross-listed in cs.LG (listing, complete)" in text
    assert "2025-03-06 replaced in cs.CV, cs.LG (listing, complete)" in text
    assert f"title: {TITLE} → {V2.title}" in text
    assert "comments: 8 pages, 3 figures → 12 pages" in text
    assert "abstract: … tokens between frames and reaches [-91.2%-]{+93.4%+} accuracy on a survey of …" in text
    assert "authors: Ada Example, Bo Sample, {+Cy Third+}" in text
    assert f"journal reference: none → {V3.journal_ref}" in text
    assert "withdrawn comments: 12 pages → This paper has been withdrawn by the authors" in text
    assert "\x1b" not in result.out


@pytest.mark.parametrize(
    "reference",
    [
        f"arXiv:{ID}",
        f"https://arxiv.org/abs/{ID}",
        f"http://arxiv.org/pdf/{ID}",
        f"https://arxiv.org/pdf/{ID}.pdf",
        f"https://www.arxiv.org/abs/{ID}?context=cs.LG",
        f"https://arxiv.org/html/{ID}/",
        f"arxiv.org/abs/{ID}",
        f" {ID} ",
    ],
)
def test_a_paper_may_be_named_by_its_address(archive: Sandbox, arxiv: StandIn, reference: str) -> None:
    """An id as arXiv cites it, or what the browser's address line shows."""
    live(archive, arxiv, [TUESDAY])
    assert archive.digest("paper", reference).out == archive.digest("paper", ID).out


@pytest.mark.parametrize("reference", [f"{ID}v2", f"arXiv:{ID}v2", f"https://arxiv.org/pdf/{ID}v2"])
def test_a_version_shows_the_paper_and_says_why(archive: Sandbox, arxiv: StandIn, reference: str) -> None:
    """Listings tell no versions: one line on stderr says so, and the history is the whole paper's."""
    live(archive, arxiv, [TUESDAY])
    result = archive.digest("paper", reference)
    assert (result.code, result.out) == (0, archive.digest("paper", ID).out)
    (line,) = result.err.splitlines()
    assert "versions" in line
    assert "v2" in line


@pytest.mark.parametrize(
    "reference",
    [
        *("", "LumoNet", "2503.1", "2513.00001", "2503.00001v", "2503.00001v0", "2503.00001\n"),
        *("2503.00001/v2", "doi:2503.00001", "https://example.org/abs/2503.00001", "https://arxiv.org/list/cs.CV/new"),
        *("https://arxiv.org.example.org/abs/2503.00001", "٢٥٠٣.٠٠٠٠١", "\x1b[31m2503.00001"),  # noqa: RUF001  # digits
    ],
)
def test_what_names_no_paper_is_one_line_and_exit_2(sandbox: Sandbox, reference: str) -> None:
    """With the forms that do, and without a control character."""
    result = sandbox.digest("paper", reference)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert "2110.10101" in line
    assert "\x1b" not in line


def test_a_paper_that_is_not_stored_is_exit_4(archive: Sandbox, arxiv: StandIn) -> None:
    """In one line that says so, and from when to when the archive knows."""
    live(archive, arxiv, [TUESDAY])
    result = archive.digest("paper", "2503.55555", now=after(TUESDAY))
    assert (result.code, result.out) == (4, "")
    (line,) = result.err.splitlines()
    assert "2503.55555: not stored" in line
    assert "2025-03-04" in line


def test_a_paper_that_may_stand_in_a_missing_day_names_it(archive: Sandbox, arxiv: StandIn) -> None:
    """The missing listing dates of its month, and what tells more."""
    live(archive, arxiv, [TUESDAY])
    (line,) = archive.digest("paper", "2503.55555", now=after(THURSDAY)).err.splitlines()
    assert "2025-03-05, 2025-03-06" in line
    assert "digest status" in line


@pytest.mark.parametrize(
    ("missing", "words"), [("2401.00001", "begins on 2025-03-04"), ("2504.00001", "newest stored day is 2025-03-04")]
)
def test_a_paper_of_another_time_than_the_archive(archive: Sandbox, arxiv: StandIn, missing: str, words: str) -> None:
    """Older than the first stored day, newer than the last: what the archive knows of time is told."""
    live(archive, arxiv, [TUESDAY])
    result = archive.digest("paper", missing, now=after(TUESDAY))
    assert result.code == 4
    assert words in result.err


def test_an_empty_archive_has_no_paper(sandbox: Sandbox) -> None:
    """Exit 4, and the command that begins it."""
    result = sandbox.digest("paper", ID)
    assert (result.code, result.out) == (4, "")
    assert "digest run" in result.err


def test_nothing_is_asked_or_written(archive: Sandbox, arxiv: StandIn) -> None:
    """It is offline, and leaves every file as it is."""
    live(archive, arxiv, [TUESDAY])
    before = archive.tree()
    arxiv.requests.clear()
    assert archive.digest("paper", ID).code == 0
    assert (arxiv.requests, archive.tree()) == ([], before)


def test_the_feed_first_and_then_the_listing_are_no_change(archive: Sandbox, arxiv: StandIn) -> None:
    """A day made from the feed has no comments; the listing of a later day brings them, and nothing is new."""
    archive.configure("arxiv", categories=["cs.CV"])
    show(arxiv, announced(TUESDAY, "cs.CV", "new", V1))
    arxiv.fault = faults.only("^/list/cs.CV/new", faults.login_page())
    assert archive.digest("run", now=after(TUESDAY)).code == 5
    arxiv.fault = faults.only("^/catchup/", faults.status(404))
    show(arxiv, announced(WEDNESDAY, "cs.CV", "replacement", V1))
    archive.digest("run", now=after(WEDNESDAY))
    first, second = told(archive)["events"]
    assert [(one["state"], one["source"]) for one in first["announcements"]] == [("provisional", "feed")]
    assert [(one["state"], one["source"]) for one in second["announcements"]] == [("complete", "listing")]
    assert changes(second) == {}
    assert (first["withdrawn"], second["withdrawn"]) == (None, False)
    assert "nothing changed that the listings show" in archive.digest("paper", ID, now=LATER).out


def test_an_imported_day_is_part_of_the_history(archive: Sandbox, arxiv: StandIn) -> None:
    """Saved pages of two categories tell of one date what a night would have."""
    live(archive, arxiv, [WEDNESDAY, THURSDAY])
    with StandIn(NIGHTS[TUESDAY], today=TUESDAY) as other:
        for category in ("cs.CV", "cs.LG"):
            saved = archive.folder / f"{category}.html"
            saved.write_bytes(other.answer(Request(f"/list/{category}/new", {}, 0.0)).body)
            assert archive.digest("import", str(saved), now=LATER).code == 0
    events = told(archive)["events"]
    assert [event["date"] for event in events] == ["2025-03-04", "2025-03-05", "2025-03-06"]
    assert events[0]["announcements"][0]["source"] == "import"
    assert events[2]["replaces"]["date"] == "2025-03-04"


# --- hostile texts, terminals ----------------------------------------------------------------------


def keep(sandbox: Sandbox, *days: Day) -> None:
    """Store days as a run does, without their files."""
    database = sandbox.folder / "archive.db"
    with closing(Store(f"sqlite:///{database}", database)) as store:
        for number, day in enumerate(days):
            store.save_day(day, f"{number:064d}", outdated_file="none")


HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202egnorw\u2028\r\nmore :smile: [bold]x[/bold] \U000e0001" + AWKWARD


def hostile_days() -> tuple[Day, Day]:
    """Return a paper of two days, hostile in every field."""
    texts = {"title": HOSTILE, "authors": (HOSTILE, "Bo"), "abstract": HOSTILE, "comments": HOSTILE}
    changed = {"title": HOSTILE + "!", "authors": ("Bo", HOSTILE), "abstract": "x" + HOSTILE, "comments": "y" + HOSTILE}
    first = day_of([(Section.NEW, paper(ID, **texts, journal_ref=HOSTILE))])
    return first, day_of([(Section.REPLACEMENT, paper(ID, **changed, journal_ref="z" + HOSTILE))], date=THURSDAY)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_foreign_control_characters_are_shown_escaped(sandbox: Sandbox, options: tuple[str, ...]) -> None:
    """Nothing that a terminal obeys or that is not seen gets out; what it was can be read."""
    keep(sandbox, *hostile_days())
    result = sandbox.digest("paper", ID, *options)
    assert result.code == 0
    assert [character for character in result.out if not character.isprintable() and character != "\n"] == []
    assert ("\\u001b" if options else "\\x1b") in result.out
    assert ":smile:" in result.out
    assert "[bold]x[/bold]" in result.out


def test_the_json_of_hostile_texts_is_what_they_are(sandbox: Sandbox) -> None:
    """Escaped as JSON does it, so that a machine reads the very text, blanks collapsed."""
    keep(sandbox, *hostile_days())
    assert told(sandbox)["title"] == " ".join((HOSTILE + "!").split())


def on_a_terminal(sandbox: Sandbox, columns: int, **env: str) -> str:
    """Return what ``paper`` prints on a terminal of so many columns."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "digest", "--config", "config.toml", "--now", NIGHT, "paper", ID]
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    clean |= {"TERM": "xterm", "COLUMNS": str(columns)} | env
    with subprocess.Popen(command, cwd=sandbox.folder, stdout=theirs, env=clean) as process:
        os.close(theirs)
        printed = b""
        while chunk := _read(ours):
            printed += chunk
    os.close(ours)
    assert process.returncode == 0
    return printed.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def two_days(**newer: Any) -> tuple[Day, Day]:
    """Return the days that announce and replace a paper."""
    first = paper(ID, abstract=ABSTRACT, comments="8 pages")
    return day_of([(Section.NEW, first)]), day_of([(Section.REPLACEMENT, replace(first, **newer))], date=THURSDAY)


def test_on_a_terminal_what_went_and_came_is_coloured(sandbox: Sandbox) -> None:
    """Struck through in red, bold in green; the marks of pipes are not needed."""
    keep(sandbox, *two_days(abstract=NEWER))
    printed = on_a_terminal(sandbox, 80)
    assert re.search(r"\x1b\[9;31m91\.2%\x1b\[0m \x1b\[1;32m93\.4%\x1b\[0m", printed)
    assert "[-" not in printed


def test_no_color_is_honoured(sandbox: Sandbox) -> None:
    """Without colours, the marks tell (https://no-color.org)."""
    keep(sandbox, *two_days(abstract=NEWER))
    printed = on_a_terminal(sandbox, 80, NO_COLOR="1")
    assert "\x1b" not in printed
    assert "[-91.2%-]{+93.4%+}" in printed


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_keep_to_the_terminal_s_width(sandbox: Sandbox, columns: int) -> None:
    """All but that of the addresses, which must stay whole to be followed."""
    keep(sandbox, *two_days(abstract=NEWER, title="A Title That Is Much Longer " * 5))
    lines = on_a_terminal(sandbox, columns, NO_COLOR="1").splitlines()
    assert max(len(line) for line in lines if not line.startswith("https:")) <= columns
    assert max(map(len, lines)) > min(columns - 10, 60)  # and the width is used


def test_a_long_list_of_authors_is_shortened_for_people(sandbox: Sandbox) -> None:
    """Ten of them, and how many more; machines get all."""
    keep(sandbox, day_of([(Section.NEW, paper(ID, authors=tuple(f"Author {number}" for number in range(40))))]))
    assert "Author 9, and 30 more" in " ".join(sandbox.digest("paper", ID).out.split())
    assert len(told(sandbox)["authors"]) == 40


def test_the_output_is_the_same_each_time(sandbox: Sandbox) -> None:
    """Nothing of the time of the reading is in it."""
    keep(sandbox, *two_days(title="Another"))
    assert sandbox.digest("paper", ID).out == sandbox.digest("paper", ID, now="2025-06-01T00:00:00Z").out


# --- what is an event, what is a change ------------------------------------------------------------

Shown = tuple[date, Section, Paper]


def history(*shown: Shown | Day) -> History:
    """Return the history over days of cs.CV that show one paper each, and over other days."""
    days = [one if isinstance(one, Day) else day_of([(one[1], one[2])], date=one[0]) for one in shown]
    announcements = [one for day in days for one in day.announcements]
    return history_of(ArxivId.parse(ID), announcements, FIRST_STORED)


def changed(*shown: Shown | Day) -> list[list[str]]:
    """Return the names of what changed at each event."""
    return [[change.field.value for change in event.changes] for event in history(*shown).events]


FULL = paper(ID, comments="8 pages", journal_ref="J. Invented Vis. 4")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another Title"),
        ("abstract", "Another abstract."),
        ("authors", ("Zoë van der Plaat",)),
        ("comments", None),
        ("comments", "9 pages"),
        ("journal_ref", None),
        ("categories", ("cs.CV",)),
        ("primary_category", "cs.LG"),
    ],
)
def test_each_field_that_listings_show_can_change(field: str, value: Any) -> None:
    """And it alone is told; what a listing leaves out is known to be absent."""
    name = "categories" if field == "primary_category" else field
    newer = replace(FULL, **{field: value})
    assert changed((TUESDAY, Section.NEW, FULL), (WEDNESDAY, Section.REPLACEMENT, newer)) == [[], [name]]


@pytest.mark.parametrize(
    "newer",
    [
        replace(FULL, abstract=None),
        replace(FULL, abstract=f"  An abstract\nof  {ID}. "),
        replace(FULL, categories=("cs.LG", "cs.CV")),
        replace(FULL, authors=()),
    ],
    ids=["no abstract, as in old listings", "blanks", "order of categories", "no authors"],
)
def test_what_is_not_shown_or_shown_alike_is_no_change(newer: Paper) -> None:
    """A source's lack is not the paper's, and the same text is the same however it is laid out."""
    assert changed((TUESDAY, Section.NEW, FULL), (WEDNESDAY, Section.REPLACEMENT, newer)) == [[], []]


def test_a_field_is_compared_with_what_was_last_known_of_it() -> None:
    """Over announcements that do not tell it: a change in between is not lost, and none is invented."""
    bare = replace(FULL, comments=None, abstract=None)
    feed = day_of([(Section.REPLACEMENT, bare)], date=WEDNESDAY, source=Source.FEED, state=State.PROVISIONAL)
    first, same = (TUESDAY, Section.NEW, FULL), (THURSDAY, Section.REPLACEMENT, FULL)
    other = (THURSDAY, Section.REPLACEMENT, replace(FULL, comments="9 pages"))
    assert changed(first, feed, same) == [[], [], []]
    assert changed(first, feed, other) == [[], [], ["comments"]]
    assert history(first, feed).latest[Field.COMMENTS] == "8 pages"


def test_an_address_is_the_same_as_text_and_as_link() -> None:
    """A listing shows "this https URL" where a feed has the address itself."""
    address = "https://github.com/example-lab/LumoNet"
    link = f'<a class="link-external link-https" href="{address}" rel="external noopener nofollow">this https URL</a>'
    old, new = (replace(FULL, abstract=f"Code: {shown}.") for shown in (address, link))
    assert changed((TUESDAY, Section.NEW, old), (WEDNESDAY, Section.REPLACEMENT, new)) == [[], []]
    moved = replace(FULL, abstract=f"Code: {link.replace('LumoNet', 'Other')}.")
    assert changed((TUESDAY, Section.NEW, new), (WEDNESDAY, Section.REPLACEMENT, moved)) == [[], ["abstract"]]


def test_a_list_of_authors_that_arxiv_cut_is_no_change() -> None:
    """A listing shows 100 authors at most, a feed all; those that were known stay known."""
    names = tuple(f"Author {number}" for number in range(130))
    whole, cut = replace(FULL, authors=names), replace(FULL, authors=names[:100])
    found = history((TUESDAY, Section.NEW, whole), (WEDNESDAY, Section.REPLACEMENT, cut))
    assert found.events[1].changes == ()
    assert found.latest[Field.AUTHORS] == names
    left = replace(FULL, authors=names[1:101])
    assert changed((TUESDAY, Section.NEW, cut), (WEDNESDAY, Section.REPLACEMENT, left)) == [[], ["authors"]]


def test_two_categories_of_one_date_are_one_event() -> None:
    """With one set of changes; what one source does not carry, the other tells."""
    feed = day_of([(Section.CROSS, replace(FULL, comments=None))], category="cs.LG", date=TUESDAY, source=Source.FEED)
    (event,) = history((TUESDAY, Section.NEW, FULL), feed).events
    assert [(one.category, one.section) for one in event.announcements] == [
        ("cs.CV", Section.NEW),
        ("cs.LG", Section.CROSS),
    ]
    assert (event.revision, event.changes, event.withdrawn) == (1, (), False)
    assert history(feed, (TUESDAY, Section.NEW, FULL)).latest[Field.COMMENTS] == "8 pages"


def test_of_one_date_the_listing_is_believed_before_a_catchup_page() -> None:
    """A catchup page shows the text of the day on which it was fetched: the change comes with the replacement."""
    newer = replace(FULL, title="A Newer Title")
    caught = day_of([(Section.CROSS, newer)], category="cs.LG", date=TUESDAY, source=Source.CATCHUP)
    assert changed(caught, (TUESDAY, Section.NEW, FULL), (THURSDAY, Section.REPLACEMENT, newer)) == [[], ["title"]]


def test_a_replacement_without_a_change_is_a_revision_all_the_same() -> None:
    """Its files changed; a later cross-list alone, with the same texts, is none."""
    events = history(
        (TUESDAY, Section.NEW, FULL), (WEDNESDAY, Section.CROSS, FULL), (FRIDAY, Section.REPLACEMENT, FULL)
    )
    assert [event.revision for event in events.events] == [1, 1, 2]


@pytest.mark.parametrize(
    ("arxiv_id", "words"),
    [
        ("2502.08999", "first announced before this archive begins"),
        ("hep-th/9901001", "first announced before this archive begins"),
        ("2503.00077", "its first announcement is not stored"),
    ],
)
def test_a_replacement_whose_beginning_is_not_here_says_so(sandbox: Sandbox, arxiv_id: str, words: str) -> None:
    """By the month of its id: of an earlier one than the first stored day, or simply not stored."""
    keep(sandbox, day_of([(Section.REPLACEMENT, paper(arxiv_id))], date=TUESDAY))
    assert words in sandbox.digest("paper", arxiv_id).out
    found = told(sandbox, arxiv_id)
    assert found["first_announced"] is found["events"][0]["replaces"] is None
    assert found["is_older_than_archive"] is ("before" in words)


def test_a_cross_list_is_the_first_where_its_own_category_is_not_kept() -> None:
    """The paper is announced here by it, as new submissions are."""
    found = history((TUESDAY, Section.CROSS, FULL), (THURSDAY, Section.REPLACEMENT, FULL))
    assert found.first is found.events[0].announcements[0] is found.replaces(found.events[1])


def test_a_late_cross_list_is_not_the_first_announcement() -> None:
    """After a replacement, or months after the id was given, it announces nothing new."""
    late = history((TUESDAY, Section.REPLACEMENT, FULL), (THURSDAY, Section.CROSS, FULL))
    assert (late.first, late.is_older) == (None, False)
    older = paper("2411.08999")
    shown = day_of([(Section.CROSS, older)], date=TUESDAY).announcements
    found = history_of(older.arxiv_id, shown, FIRST_STORED)
    assert (found.first, found.is_older) == (None, True)


def test_the_old_form_of_an_old_id_finds_its_paper(sandbox: Sandbox) -> None:
    """Arxiv once wrote the subject class into ids of archives such as math; listings no longer do."""
    keep(sandbox, day_of([(Section.REPLACEMENT, paper("math/0309136"))], date=TUESDAY))
    assert sandbox.digest("paper", "math.GT/0309136").out == sandbox.digest("paper", "math/0309136").out != ""


# --- withdrawn -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "This paper has been withdrawn",
        "This paper has been withdrawn by the author due to a crucial sign error in equation 1.",
        "this submission has been temporarily withdrawn by the authors",
        "This article has been withdrawn by arXiv administrators because of disputed authorship",
        "arXiv admin note: This submission has been withdrawn due to inappropriate text overlap",
        "The manuscript is withdrawn pending further experiments",
        "The paper has been withdrawn because it will be split in two",
        "This paper was withdrawn from arXiv by its authors",
        "Paper withdrawn by the authors",
        "(This preprint is withdrawn.)",
        "Withdrawn",
        "WITHDRAWN.",
        "[withdrawn]",
        "Withdrawn by the author; see the erratum",
        "Withdrawn due to an error in the proof of Lemma 2",
        "Withdrawn: the data were mislabelled",
        "The authors have withdrawn this paper because of an error in Table 2",
        "We withdraw this submission, since parts of the analysis were faulty",
        "I have withdrawn my paper",
        "This paper has been withdrawn and superseded by arXiv:2503.00002",
    ],
)
def test_a_notice_says_that_a_paper_is_withdrawn(text: str) -> None:
    """At the start of the abstract or of the comments, in the words of arXiv's help and those that people use."""
    assert says_withdrawn(abstract="We measure depth.", comments=text) is True
    assert says_withdrawn(abstract=text, comments="8 pages") is True
    assert says_withdrawn(abstract=text, comments=None) is True


@pytest.mark.parametrize(
    "text",
    [
        "8 pages, 3 figures. This paper has been withdrawn by the author",
        "8 pages; withdrawn by the authors",
        "8 pages (withdrawn)",
        "8 pages, this paper has been withdrawn due to an error",
        "8 pages. Withdrawn.",
    ],
)
def test_comments_may_say_it_after_something_else(text: str) -> None:
    """As long as it begins a sentence of its own; an abstract must begin with it."""
    assert says_withdrawn(abstract="We measure depth.", comments=text) is True
    assert says_withdrawn(abstract=text, comments="") is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8 pages, 3 figures",
        "We withdraw blood samples by robot and count cells.",
        "We withdraw the claim of Section 3; all else holds",
        "Withdrawn drugs are often studied too late.",
        "Withdrawn students leave few traces in forums.",
        "Withdrawal symptoms are read from video.",
        "Withdrawal due to opioids is hard to see.",
        "Work withdrawn from a quantum battery is bounded.",
        "The paper is withdrawn from the tray by two rollers.",
        "Withdrawn from ICLR 2025",
        "Withdrawn submission to ICLR 2025",
        "This paper was withdrawn from ICLR 2025",
        "This paper was withdrawn by the authors from ICLR 2025",
        "We withdrew this paper from VISAPP and extended it",
        "A previous version of this paper was withdrawn because of an error",
        "This is a replacement of the previously withdrawn paper",
        "Replaces the withdrawn manuscript arXiv:2503.00002",
        "8 pages. Merged with the withdrawn paper arXiv:2503.00002",
        "8 pages. Section 6 is withdrawn. Lemma 1 is new",
        "v2: the bound of v1 is wrong and withdrawn",
        "v3: the main claims of v2 are withdrawn",
        "It will be withdrawn if it is accepted elsewhere",
        "This paper will be withdrawn once it is published",
        "This paper has not been withdrawn",
        "This paper studies how papers are withdrawn",
        "This paper has been accepted; the workshop version has been withdrawn",
        "The MiT-B2 encoder, notwithstanding; cells were withdrawn by pipette",
    ],
)
def test_what_only_speaks_of_withdrawing_is_no_notice(text: str) -> None:
    """A claim, an earlier version, another paper, a conference, blood: this paper stands."""
    assert says_withdrawn(abstract=text, comments=text) is False


@pytest.mark.parametrize("text", ["[" * 20_000, ". " * 20_000, "( " * 20_000, "*_" * 20_000, "note: " * 5_000])
def test_a_row_of_signs_takes_no_time(text: str) -> None:
    """An author can type anything, and each paper's history reads it."""
    before = time.process_time()
    assert says_withdrawn(abstract=text, comments=text) is False
    assert time.process_time() - before < 2


@pytest.mark.parametrize(("abstract", "comments"), [(None, "8 pages"), ("We measure depth.", None), (None, None)])
def test_what_is_not_known_does_not_tell(abstract: str | None, comments: str | None) -> None:
    """A feed without comments, or a listing without abstracts, proves no paper alive."""
    assert says_withdrawn(abstract=abstract, comments=comments) is None


def test_a_withdrawal_holds_until_something_tells_otherwise() -> None:
    """A feed that cannot tell changes nothing; a paper that came back is no longer withdrawn."""
    gone = (WEDNESDAY, Section.REPLACEMENT, replace(FULL, comments="This paper has been withdrawn"))
    silent = day_of([(Section.REPLACEMENT, replace(FULL, comments=None))], date=THURSDAY, source=Source.FEED)
    back = (FRIDAY, Section.REPLACEMENT, FULL)
    still = history((TUESDAY, Section.NEW, FULL), gone, silent)
    assert [event.withdrawn for event in still.events] == [False, True, None]
    assert still.withdrawn_since == WEDNESDAY
    assert still.events[2].changes == ()
    assert history((TUESDAY, Section.NEW, FULL), gone, silent, back).withdrawn_since is None
    assert changed((TUESDAY, Section.NEW, FULL), gone, silent, back)[3] == ["withdrawn", "comments"]


def test_a_withdrawn_paper_is_told_at_a_glance(sandbox: Sandbox) -> None:
    """Beside its title and authors, with the date; and in the list where it happened."""
    keep(sandbox, *two_days(comments="This paper has been withdrawn by Bo Sample"))
    head, _, events = sandbox.digest("paper", ID).out.partition("\n\n")
    assert "withdrawn (listed so since 2025-03-06)" in head
    assert "withdrawn" in [line.strip() for line in events.splitlines()]


# --- words -----------------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["a", "b", "c", "the", "depth", "…"]), max_size=30)


@given(before=WORDS, after=WORDS, least=st.integers(1, 3))
def test_a_difference_tells_both_texts(before: list[str], after: list[str], least: int) -> None:
    """With context enough, what was removed and what stayed are the old words, and the new ones likewise."""
    assume(before != after)
    pieces = difference(before, after, context=100, least=least)
    for mark, words in ((Mark.REMOVED, before), (Mark.ADDED, after)):
        assert [word for piece in pieces if piece.mark in (mark, Mark.SAME) for word in piece.words] == words


@given(words=WORDS)
def test_equal_words_have_no_difference(words: list[str]) -> None:
    """Nothing is marked."""
    assert {piece.mark for piece in difference(words, words, context=2)} <= {Mark.SAME}


def test_a_difference_keeps_only_the_words_near_it() -> None:
    """A gap stands for the others, unless it would stand for one word alone."""
    before = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    after = ["a", "b", "c", "d", "X", "f", "g", "h", "i", "j"]
    found = difference(before, after, context=2)
    assert [(piece.mark, " ".join(piece.words)) for piece in found] == [
        (Mark.SAME, "… c d"),
        (Mark.REMOVED, "e"),
        (Mark.ADDED, "X"),
        (Mark.SAME, "f g …"),
    ]
    assert " ".join(difference(before, after, context=3)[0].words) == "a b c d"


def test_a_text_that_is_quite_another_is_exchanged_whole() -> None:
    """Words that two texts have in common by chance would make a puzzle of them."""
    before, after = (
        ["we", "show", "that", "the", "method", "is", "fast"],
        ["in", "this", "work", "a", "lake", "is", "seen"],
    )
    assert [piece.mark for piece in difference(before, after, context=2, least=2)] == [Mark.REMOVED, Mark.ADDED]


def test_a_monstrous_text_is_compared_in_no_time() -> None:
    """No listing has such an abstract; a hostile one shall not hold the command up."""
    found = difference(["a"] * 100_000, ["a"] * 99_999 + ["b"], context=2)
    assert [piece.mark for piece in found] == [Mark.REMOVED, Mark.ADDED]


# --- how a paper is named --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arxiv_id", "version"),
    [
        ("2110.10101", "2110.10101", None),
        ("2110.10101v2", "2110.10101", 2),
        ("arXiv:0704.0001", "0704.0001", None),
        ("arxiv:hep-th/9901001v12", "hep-th/9901001", 12),
        ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001", None),
        ("https://arxiv.org/pdf/2110.10101v3.pdf", "2110.10101", 3),
        ("HTTPS://ARXIV.ORG/abs/2110.10101#content", "2110.10101", None),
        # as it is printed on the paper, cited and copied
        ("arXiv:2110.10101v1 [cs.CV] 19 Oct 2021", "2110.10101", 1),
        ("arXiv:2110.10101v1  [cs.CV]  19 Oct 2021", "2110.10101", 1),
        ("arXiv:hep-th/9901001v3 4 Jan 1999", "hep-th/9901001", 3),
        ("arXiv:math/9910001v1 [math.AT] 1 Oct 1999", "math/9910001", 1),
        ("arXiv:1501.00001v12 [cond-mat.mes-hall] 1 Jan 2015", "1501.00001", 12),
        ("arXiv:0706.1234 [math.FA]", "0706.1234", None),
        ("(arXiv:2110.10101v1 [cs.CV]).", "2110.10101", 1),
        ("arXiv: 2110.10101", "2110.10101", None),
        ("arXiv 2110.10101", "2110.10101", None),
        ("ARXIV:HEP-TH/9901001V3", "hep-th/9901001", 3),
        ("MATH.gt/0309136", "math.GT/0309136", None),
        ("math.GT/0309136v2", "math.GT/0309136", 2),
        ("\t 2110.10101v2  ", "2110.10101", 2),
        ("\u00a02110.10101\u200b", "2110.10101", None),
        ("2110.10101.", "2110.10101", None),
        ("[2110.10101],", "2110.10101", None),
        ("\u201c2110.10101\u201d", "2110.10101", None),
        ("2110.10101v1.pdf", "2110.10101", 1),
        # its addresses
        ("arxiv.org/abs/2110.10101", "2110.10101", None),
        ("https://www.arxiv.org/pdf/2110.10101v1.pdf", "2110.10101", 1),
        ("https://arxiv.org/pdf/2110.10101v1#page=3", "2110.10101", 1),
        ("http://export.arxiv.org/abs/2110.10101", "2110.10101", None),
        ("https://arxiv.org/html/2110.10101v1/", "2110.10101", 1),
        ("https://arxiv.org/html/2110.10101v1#S3.F2", "2110.10101", 1),
        ("https://arxiv.org/abs/2110.10101v2?context=cs.LG", "2110.10101", 2),
        ("<https://arxiv.org/abs/2110.10101>", "2110.10101", None),
        ("https://arxiv.org/abs/2110.10101).", "2110.10101", None),
        ("https://arxiv.org/e-print/hep-th/9901001v3", "hep-th/9901001", 3),
        ("https://ar5iv.labs.arxiv.org/html/2110.10101", "2110.10101", None),
        ("https://ar5iv.org/abs/2110.10101", "2110.10101", None),
        ("https://www.alphaxiv.org/abs/2110.10101v1", "2110.10101", 1),
        # its DOI, its name in OAI-PMH and in feeds
        ("10.48550/arXiv.2110.10101", "2110.10101", None),
        ("https://doi.org/10.48550/ARXIV.2110.10101", "2110.10101", None),
        ("http://dx.doi.org/10.48550/arxiv.hep-th/9901001", "hep-th/9901001", None),
        ("https://doi.org/10.48550/arXiv.hep-th%2F9901001", "hep-th/9901001", None),
        ("doi:10.48550/arXiv.math/0309136", "math/0309136", None),
        ("DOI: 10.48550/arXiv.2110.10101.", "2110.10101", None),
        ("oai:arXiv.org:hep-th/9901001", "hep-th/9901001", None),
        ("oai:arXiv.org:2110.10101v1", "2110.10101", 1),
        # as it is cited and stamped
        ("arXiv preprint arXiv:2110.10101", "2110.10101", None),
        ("arXiv preprint arXiv:2110.10101v2 (2021).", "2110.10101", 2),
        ("arXiv preprint arXiv:2110.10101, 2021", "2110.10101", None),
        ("arXiv e-prints, arXiv:hep-th/9901001", "hep-th/9901001", None),
        ("CoRR abs/2110.10101", "2110.10101", None),
        ("CoRR, abs/2110.10101, 2021.", "2110.10101", None),
        ("arxiv/2110.10101", "2110.10101", None),
        ("arXiv/hep-th/9901001v1", "hep-th/9901001", 1),
        ("arXiv:2110.10101v1 [cond-mat.mes-hall] 31 December 2021", "2110.10101", 1),
        ("arXiv:hep-th/9901001v1 [hep-th] 1 Jan 1999", "hep-th/9901001", 1),
    ],
)
def test_a_paper_is_named_by_its_id_and_perhaps_a_version(text: str, arxiv_id: str, version: int | None) -> None:
    """In each of the forms in which arXiv itself writes it."""
    found = parse_paper_id(text)
    assert (str(found[0]), found[1]) == (arxiv_id, version)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "arXiv:", "arXiv", "[cs.CV]", "cs.CV", "2110", "2110.101", "2110.1010", "2110.101010", "0704.00010"),
        *(
            "2113.10101",
            "2100.10101",
            "2110.10101v",
            "2110.10101v0",
            "2110.10101vv1",
            "2110.10101 2110.10102",
            "9901001",
        ),
        *("hep-th/990100", "hep-th/9913001", "hep-th/0704001", "hep-th/2110.10101", "math.GTX/0309136", "-/9901001"),
        *(
            "\uff12\uff11\uff11\uff10.10101",
            "2110.1010\u0661",
            "2110\u200b.10101",
            "\u212arXiv:2110.10101",
            "2110.10101\0",
        ),
        *("https://arxiv.org/2110.10101", "https://arxiv.org/abs/", "https://arxiv.org/list/cs.CV/new", "arxiv.org"),
        *("https://arxiv.org/abs/9901001", "https://example.org/abs/2110.10101", "https://notarxiv.org/abs/2110.10101"),
        *("https://arxiv.org.example.org/abs/2110.10101", "https://arxiv.org@example.org/abs/2110.10101"),
        *("10.1234/arXiv.2110.10101", "https://doi.org/10.1234/2110.10101", "arXiv:2110.10101v1 [cs.CV] 19 Oct 2021 x"),
        *("arXiv:2110.10101 [foo]", "arXiv:2110.10101v1 [cs.CV] 99 Oct 2021", "arXiv:2110.10101v1 [cs.CV] 9 Foo 2021"),
        *(
            "arXiv:2110.10101v1 [cs.CV] 9 Oct 1821",
            "arXiv:2110.10101 [cs.]",
            "arXiv:2110.10101 [csx.CV]",
            "abs 2110.10101",
        ),
        *("arXiv preprint", "preprint 2110.10101", "arXiv:2110.10101 1821", "arxiv//2110.10101", "CoRR 2110.10101"),
    ],
)
def test_what_is_no_id_is_told_with_an_example(text: str) -> None:
    """The whole of it must be one, in ASCII; ids are as long as they were in their year."""
    with pytest.raises(UsageError, match=r"expected an arXiv id such as 2110\.10101 or hep-th/9901001"):
        parse_paper_id(text)


def test_a_paper_is_found_by_its_stamp_and_by_its_doi(archive: Sandbox, arxiv: StandIn) -> None:
    """On the command line, as by its id; a mistake is one line, exit 2."""
    live(archive, arxiv, [TUESDAY])
    stored = told(archive)
    for spelling in (f"arXiv:{ID}v1 [cs.CV] 3 Mar 2025", f"https://doi.org/10.48550/arXiv.{ID}"):
        assert told(archive, spelling) == stored
    result = archive.digest("paper", "2110.1010")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert "2110.10101" in result.err


@given(text=st.text(max_size=30) | st.from_regex(r"(arXiv:)?[0-9./vabs]{4,20}"))
def test_any_other_text_is_a_usage_error(text: str) -> None:
    """Whatever is typed is a paper's id or refused, never a bug."""
    try:
        arxiv_id, _ = parse_paper_id(text)
    except UsageError:
        return
    assert str(arxiv_id) in text
