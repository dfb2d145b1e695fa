"""Several categories in one run: each on its own, one text for all, one grid."""

import json
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from tests.conftest import DAY, NIGHT, Result, Sandbox
from tests.nights import after, asked, catchup, listing, noon, paper, show
from tests.standin import Fault, Mailing, StandIn, faults, invent

THREE = ("cs.CV", "cs.LG", "cs.RO")
OTHERS = ("cs.CV", "cs.RO")


@pytest.fixture
def three(archive: Sandbox, arxiv: StandIn) -> Sandbox:
    """An archive of three categories."""
    for category in THREE:
        arxiv.announce(invent(category, DAY))
    archive.configure("arxiv", categories=THREE)
    return archive


def errors(result: Result) -> list[str]:
    """Return the lines that say what failed."""
    return [line for line in result.err.splitlines() if line.startswith("error: ")]


def changed(result: Result) -> list[str]:
    """Return the categories that the summary has a line of."""
    return [line.split()[1].removeprefix("category=") for line in result.err.splitlines() if line.startswith("date=")]


def digests(sandbox: Sandbox) -> list[str]:
    """Return the categories that have a digest of the day."""
    return sorted(path.parts[-4] for path in sandbox.folder.glob(f"*/{DAY:%Y/%m}/{DAY}.md"))


def asked_by_category(arxiv: StandIn) -> Counter[str]:
    """Return how often arXiv was asked for each category since this was asked last."""
    return Counter(path.split("/")[2] for path in asked(arxiv))


@dataclass(frozen=True)
class Failure:
    """How the middle category fails, when, and what the run then ends with."""

    fault: Fault
    now: str
    code: int
    requests: int
    words: str


# The listing is asked for, then the RSS and the Atom feed; once six hours have passed the catchup page, too. Of a page
# that cannot be had now there are four attempts; before the six hours nothing stands in for it.
MIDDLE = {
    "refused": Failure(faults.only(r"cs\.LG", faults.login_page()), NIGHT, 5, 3, "expected"),
    "refused, and overdue": Failure(faults.only(r"cs\.LG", faults.status(404)), noon(DAY), 5, 4, "404"),
    "out of reach, and overdue": Failure(faults.only(r"cs\.LG", faults.status(503)), noon(DAY), 4, 16, "overdue"),
    "silent": Failure(faults.only(r"cs\.LG", faults.down()), NIGHT, 75, 4, "cs.LG/new"),
    "out of reach before that": Failure(faults.only(r"cs\.LG", faults.status(503)), NIGHT, 75, 4, "503"),
}


@pytest.mark.parametrize("name", MIDDLE)
def test_a_middle_category_that_fails_leaves_the_others_alone(three: Sandbox, arxiv: StandIn, name: str) -> None:
    """The others have their line, their files and one request each; the failing one has an error and the exit code."""
    failure = MIDDLE[name]
    arxiv.fault = failure.fault
    result = three.digest("run", now=failure.now)
    paths = asked_by_category(arxiv)
    assert (result.code, changed(result)) == (failure.code, list(OTHERS)), result.err
    (error,) = errors(result)
    assert error.startswith("error: cs.LG: ")
    assert failure.words in error
    assert digests(three) == sorted(OTHERS)
    assert [paths[category] for category in OTHERS] == [1, 1]
    assert f"ok=2 failed=1 requests={paths.total()} exit={failure.code}" in result.err
    assert paths["cs.LG"] == failure.requests
    arxiv.fault = None
    again = three.digest("run", now=failure.now)
    assert (again.code, changed(again)) == (0, ["cs.LG"])
    assert list(asked_by_category(arxiv)) == ["cs.LG"]
    assert digests(three) == sorted(THREE)


def test_a_category_that_arxiv_does_not_know_stops_no_other(three: Sandbox, arxiv: StandIn) -> None:
    """Exit 2, because the configuration has to be mended; until then the others have all their days."""
    three.configure("arxiv", categories=["cs.CV", "cs.XX", "cs.RO"])
    for when in (DAY, date(2025, 3, 6)):
        show(arxiv, *(invent(category, when) for category in THREE))
        result = three.digest("run", now=after(when))
        assert (result.code, changed(result)) == (2, list(OTHERS))
        assert [line for line in errors(result) if "Invalid archive or category: cs.XX" in line] == errors(result)
        assert asked(arxiv) == [listing("cs.CV"), listing("cs.XX"), listing("cs.RO")]
    assert not list(three.folder.glob("cs.XX/2025/03/*.md"))


def test_a_span_asks_once_of_a_category_that_arxiv_does_not_know(three: Sandbox, arxiv: StandIn) -> None:
    """Its other dates would be refused as well; those of the other categories are fetched."""
    three.configure("arxiv", categories=["cs.CV", "cs.XX"])
    arxiv.announce(invent("cs.CV", date(2025, 3, 4)))
    result = three.digest("fetch", "2025-03-04..2025-03-05")
    assert (result.code, changed(result)) == (2, ["cs.CV", "cs.CV"])
    dates = (date(2025, 3, 4), DAY)
    assert sorted(asked(arxiv)) == sorted([*(catchup(when) for when in dates), catchup(dates[0], category="cs.XX")])


def test_the_readme_names_the_one_that_failed(three: Sandbox, arxiv: StandIn) -> None:
    """A row a date, with all categories; with the next run the link is there."""
    three.digest("run")
    tomorrow = date(2025, 3, 6)
    show(arxiv, *(invent(category, tomorrow, new=7, cross=2) for category in THREE))
    arxiv.fault = faults.only(r"cs\.LG", faults.login_page())
    three.digest("run", now=after(tomorrow))
    link = "[{0}]({0}/2025/03/2025-03-06.md) 7 + 2"
    date_cell = "Thu, 6 Mar 2025".replace(" ", "\u00a0")  # it is never broken on a narrow screen
    row = f"| {date_cell} | {link.format('cs.CV')}<br>{{}}<br>{link.format('cs.RO')} |"
    readme = three.read("README.md").decode()
    assert row.format("cs.LG missing") in readme
    arxiv.fault = None
    three.digest("run", now=after(tomorrow, 2))
    assert row.format(link.format("cs.LG")) in three.read("README.md").decode()


# --- one text for all ---------------------------------------------------------------------------------


def listed_in_three() -> list[Mailing]:
    """Return the announcements of a paper that is new in one category and cross-listed into two."""
    text = "We release code: https://github.com/invented/shared and https://github.com/invented/data too."
    one = replace(paper("2503.02001", text, "A Shared Title"), primary_category="cs.CV", categories=THREE)
    filled = [invent(category, DAY) for category in THREE]
    return [
        replace(filled[0], new=(one, *filled[0].new)),
        *(replace(announcement, cross=(one, *announcement.cross)) for announcement in filled[1:]),
    ]


def rows(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database:
        return database.execute(query).fetchall()


REVISIONS = "SELECT id FROM revision WHERE arxiv_id = '2503.02001'"
ENTRIES = """SELECT d.category, e.revision_id FROM entry e JOIN day d ON d.id = e.day_id
    WHERE e.arxiv_id = '2503.02001' ORDER BY 1"""
LINKS = f"SELECT url FROM link WHERE revision_id IN ({REVISIONS})"  # noqa: S608 - of constants


def test_a_paper_s_text_is_stored_once(three: Sandbox, arxiv: StandIn) -> None:
    """Announced in three categories, it is one revision with one set of links, which three entries refer to."""
    show(arxiv, *listed_in_three())
    assert three.digest("run").code == 0
    ((number,),) = rows(three, REVISIONS)
    assert rows(three, ENTRIES) == [(category, number) for category in THREE]
    assert len(rows(three, LINKS)) == 2


def test_what_a_feed_says_is_a_reading_of_its_own_until_the_listing_is_there(three: Sandbox, arxiv: StandIn) -> None:
    """A feed shows TeX and no comments: its text is the same; with the proof all entries refer to one revision."""
    show(arxiv, *listed_in_three())
    arxiv.fault = faults.only(r"/(list|catchup)/cs\.LG", faults.login_page())
    assert three.digest("run").code == 5
    texts = rows(three, "SELECT DISTINCT text_hash FROM revision WHERE arxiv_id = '2503.02001'")
    assert len(texts) == 1
    assert len({number for _, number in rows(three, ENTRIES)}) == 2
    arxiv.fault = None
    assert three.digest("run", now=after(DAY, 8)).code == 0
    (number,) = {number for _, number in rows(three, ENTRIES)}
    assert [category for category, _ in rows(three, ENTRIES)] == list(THREE)
    assert len(rows(three, f"SELECT url FROM link WHERE revision_id = {number}")) == 2  # noqa: S608 - a number


def test_a_renamed_category_goes_on_beside_the_old_one(archive: Sandbox, arxiv: StandIn) -> None:
    """What is stored under the old name stays, is linked and proven; nothing of it is missing since."""
    tomorrow = date(2025, 3, 6)
    archive.configure("arxiv", categories=["eess.IV", "cs.CV"])
    show(arxiv, *(invent(name, DAY) for name in ("eess.IV", "cs.CV")))
    assert archive.digest("run").code == 0
    before = {path: data for path, data in archive.tree().items() if "eess.IV/" in path}
    archive.configure("arxiv", categories=["cs.SY", "cs.CV"])
    refused = archive.digest("run", now=after(tomorrow))
    assert (refused.code, "arXiv lists it as eess.SY" in refused.err) == (2, True)
    archive.configure("arxiv", categories=["eess.SY", "cs.CV"])
    show(arxiv, *(invent(name, tomorrow) for name in ("eess.SY", "cs.CV")))
    asked(arxiv)
    assert archive.digest("run", now=after(tomorrow)).code == 0
    assert asked(arxiv) == [listing("eess.SY"), listing("cs.CV")]
    assert {path: data for path, data in archive.tree().items() if "eess.IV/" in path} == before
    readme = archive.read("README.md").decode()
    assert "[2025](eess.IV/2025/README.md)" in readme
    assert "missing" not in readme
    assert "eess.IV" not in archive.digest("status", now=after(tomorrow)).out
    found = archive.digest("verify", now=after(tomorrow))
    assert (found.code, found.out.splitlines()[-1].startswith("verified 4 days")) == (0, True)


# Patterns


def kept(sandbox: Sandbox) -> list[str]:
    """Return the categories that an archive follows."""
    return list(json.loads(sandbox.digest("status", "--json").out)["categories"])


def test_a_pattern_stands_for_the_categories_that_match(sandbox: Sandbox) -> None:
    """In the order of the alphabet, none twice; by the names that arXiv lists: cs.NA is listed as math.NA.

    Source: arxiv/taxonomy/definitions.py of arXiv/arxiv-base, which has 155 active categories, 6 of them aliases.
    """
    sandbox.configure("arxiv", categories=["stat.ML", "econ.*", "hep-*", "stat.*"])
    econ, hep = ["econ.EM", "econ.GN", "econ.TH"], ["hep-ex", "hep-lat", "hep-ph", "hep-th"]
    assert kept(sandbox) == ["stat.ML", *econ, *hep, "stat.AP", "stat.CO", "stat.ME", "stat.OT"]
    sandbox.configure("arxiv", categories=["*"])
    found = kept(sandbox)
    assert (
        len(found),
        "cs.CV" in found,
        {"cs.NA", "cs.SY", "math.IT", "math.MP", "q-fin.EC", "stat.TH"} & {*found},
    ) == (
        149,
        True,
        set(),
    )


def test_a_pattern_that_nothing_matches_is_refused(sandbox: Sandbox) -> None:
    """In one line that names it, in the configuration and on the command line."""
    sandbox.configure("arxiv", categories=["xx.*"])
    result = sandbox.digest("status")
    assert (result.code, "'xx.*': arXiv has no such category; expected a pattern such as cs.*" in result.err) == (
        2,
        True,
    )
    sandbox.configure("arxiv", categories=["cs.*"])
    assert sandbox.digest("status", "--category", "math.*").code == 2


def test_a_pattern_chooses_among_what_is_kept(three: Sandbox, arxiv: StandIn) -> None:
    """On the command line, and in a view."""
    three.configure("arxiv", categories=[*THREE, "eess.IV"])
    arxiv.announce(invent("eess.IV", DAY))
    asked(arxiv)
    assert three.digest("run", "--category", "cs.*").code == 0
    assert asked_by_category(arxiv) == dict.fromkeys(THREE, 1)


@pytest.mark.exhaustive
def test_a_night_of_all_of_arxiv_takes_no_longer_than_its_delays(archive: Sandbox, arxiv: StandIn) -> None:
    """One request for each of 149 listings; what is read, stored and written in between costs no time of its own.

    It prints the requests, the time at this delay and at the polite one, and how much the database grew.
    """
    delay, sizes = 0.4, random.Random(1)  # noqa: S311 - no secret
    archive.configure("arxiv", categories=["*"], pages_delay=delay)
    for category in kept(archive):
        new = 1 + min(int(sizes.lognormvariate(1.9, 1)), 59)
        arxiv.announce(invent(category, DAY, new=new, cross=new // 2, replacement=new * 2 // 3))
    asked(arxiv)
    begun = time.monotonic()
    result = archive.process("run")
    passed, asked_for = time.monotonic() - begun, [request.at for request in arxiv.requests]
    assert result.returncode == 0, result.stderr
    assert len(asked_for) == 149
    asking = asked_for[-1] - asked_for[0]
    size = (archive.folder / "archive.db").stat().st_size
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database:
        ((entries,),) = database.execute("SELECT count(*) FROM entry")
    own = passed - asking
    print(  # noqa: T201 - of few tests, figures are quoted
        f"{len(asked_for)} requests, {entries} entries, {passed:.1f} s ({asking:.1f} s asking, {own:.1f} s besides); "
        f"at 15 s a request {(148 * 15 + own) / 60:.1f} min; {size / 1e6:.1f} MB"
    )
    assert asking <= 1.05 * 148 * delay


def test_a_paper_that_five_categories_announce_is_stored_once(archive: Sandbox, arxiv: StandIn) -> None:
    """With one text and one set of links; each category lists it."""
    five = ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO")
    both = replace(paper("2503.00001", "See https://github.com/o/r."), primary_category="cs.CV", categories=five)
    for category in five:
        new, cross = ([both], []) if category == "cs.CV" else ([], [both])
        arxiv.announce(Mailing(category, DAY, tuple(new), tuple(cross), ()))
    archive.configure("arxiv", categories=five)
    assert archive.digest("run").code == 0
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database:
        tables = ("entry", "revision", "link")
        counts = [database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables]  # noqa: S608
    assert counts == [5, 1, 1]
