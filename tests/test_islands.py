"""Where an archive begins: with its first run. Days before it are islands, with no gap that anybody has to fill."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta

import pytest

from digest.model import Ledger, Source, Start
from tests.conftest import DAY, NIGHT, Sandbox
from tests.nights import after, asked, beside, catchup, known_as, listing, lose_database, noon, show, status
from tests.standin import StandIn, faults, invent
from tests.standin.pages import listing_page
from tests.test_jobs import errors

OLD, EVE, THURSDAY = date(2021, 10, 20), date(2025, 3, 4), date(2025, 3, 6)
ISLAND = date(2025, 2, 12)
STATE = "data/state.json"


def import_page(sandbox: Sandbox, when: date = OLD, now: str = NIGHT) -> None:
    """Take in a saved page of this date."""
    page = sandbox.folder.parent / f"{when}.html"
    page.write_text(listing_page(invent("cs.CV", when)), encoding="utf-8")
    assert sandbox.digest("import", str(page), now=now).code == 0


def fetch(sandbox: Sandbox) -> None:
    """Get one past listing."""
    assert sandbox.digest("fetch", str(ISLAND)).code == 0


def accept(sandbox: Sandbox) -> None:
    """Note the loss of a date of long ago."""
    assert sandbox.digest("accept", str(OLD), "--force", "--note", "before our time").code == 0


def gaps(sandbox: Sandbox, now: str) -> tuple[int, list[str]]:
    """Return the exit code of the status, and which dates are missing or overdue."""
    code, told = status(sandbox, now)
    found = told["categories"]["cs.CV"]
    return code, sorted({*(one["date"] for one in found["missing"]), *found["overdue"]})


@pytest.mark.parametrize("made", [import_page, fetch, accept])
def test_what_was_before_the_first_run_stands_alone(
    archive: Sandbox, arxiv: StandIn, made: Callable[[Sandbox], None]
) -> None:
    """Imported, fetched or accepted: nothing between it and the first run is missing, and no run ends with 4."""
    show(arxiv, invent("cs.CV", ISLAND), invent("cs.CV", DAY))
    made(archive)
    asked(arxiv)
    assert archive.digest("run").code == 0
    assert asked(arxiv) == [listing()]
    assert gaps(archive, noon(DAY)) == (0, [])
    assert archive.digest("run", now=noon(DAY)).code == 0
    assert archive.digest("verify", now=noon(DAY)).code == 0
    assert json.loads(archive.read(STATE))["starts"] == [{"category": "cs.CV", "date": str(DAY)}]


def test_two_islands_have_no_gap_between_them(archive: Sandbox) -> None:
    """The indexes show the days and nothing else: no missing dates, no README of a year without days."""
    for when in (OLD, date(2023, 3, 1), EVE - timedelta(weeks=2)):
        import_page(archive, when)
    assert archive.digest("run").code == 0
    assert gaps(archive, noon(DAY)) == (0, [])
    texts = [path.read_text(encoding="utf-8").replace("&shy;", "") for path in archive.folder.rglob("README.md")]
    assert len(texts) == 4
    assert not [text for text in texts if "missing" in text.replace("0 missing", "").replace("none missing", "")]


def test_a_day_imported_after_the_first_run_makes_no_gap(archive: Sandbox) -> None:
    """The start stays what it was."""
    assert archive.digest("run").code == 0
    import_page(archive, OLD, noon(DAY))
    assert gaps(archive, noon(DAY)) == (0, [])
    assert archive.digest("run", now=noon(DAY)).code == 0


def test_an_archive_of_imports_alone_has_no_gaps(archive: Sandbox) -> None:
    """Without any run nobody follows arXiv: nothing is missing, and nothing is red."""
    import_page(archive)
    import_page(archive, ISLAND)
    assert gaps(archive, noon(DAY)) == (0, [])
    assert archive.digest("verify", now=noon(DAY)).code == 0


def test_what_the_first_run_asked_for_in_vain_is_missing(archive: Sandbox, arxiv: StandIn) -> None:
    """The island does not hide it: from noon on it is overdue, and the next runs ask for it."""
    import_page(archive)
    arxiv.fault = faults.status(503)
    assert archive.digest("run").code == 75
    arxiv.fault = None
    assert gaps(archive, noon(DAY)) == (4, [str(DAY)])
    show(arxiv, invent("cs.CV", THURSDAY))
    asked(arxiv)
    assert archive.digest("run", now=after(THURSDAY)).code == 0
    assert asked(arxiv) == [listing(), catchup(DAY)]


def test_a_fresh_clone_knows_where_the_archive_begins(archive: Sandbox, arxiv: StandIn) -> None:
    """From the records: with an island, and with a gap after the first run, which is healed."""
    import_page(archive)
    assert archive.digest("run").code == 0
    clone = beside(archive, "clone")
    for name in ("cs.CV", "data", "README.md"):
        source = archive.folder / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, clone.folder / name)
    assert gaps(clone, noon(DAY)) == (0, [])
    lose_database(clone)
    show(arxiv, invent("cs.CV", THURSDAY), invent("cs.CV", date(2025, 3, 7)))
    asked(arxiv)
    assert clone.digest("run", now=after(date(2025, 3, 7))).code == 0
    assert asked(arxiv) == [listing(), catchup(THURSDAY)]


def test_a_configured_start_goes_before(archive: Sandbox, arxiv: StandIn) -> None:
    """Who wants the dates before the first run says so."""
    assert archive.digest("run").code == 0
    arxiv.announce(invent("cs.CV", EVE))
    archive.configure("store", start=str(EVE))
    assert gaps(archive, noon(DAY)) == (4, [str(EVE)])
    assert archive.digest("run", now=noon(DAY)).code == 0
    assert known_as(archive, EVE, noon(DAY)) == ("complete", "catchup")


def test_an_older_listing_that_the_first_run_was_shown_is_no_island(archive: Sandbox, arxiv: StandIn) -> None:
    """ArXiv still showed Monday's when Wednesday's was due: Tuesday's is missing, and healed."""
    monday = date(2025, 3, 3)
    show(arxiv, invent("cs.CV", monday))
    assert archive.digest("run").code == 4
    show(arxiv, invent("cs.CV", EVE), invent("cs.CV", DAY))
    assert archive.digest("run", now=after(DAY, 8)).code == 0
    assert known_as(archive, EVE, noon(DAY)) == ("complete", "catchup")


def test_dates_that_arxiv_no_longer_serves_come_before_why(archive: Sandbox) -> None:
    """Of a range: which they are, the newest first; then why, and the way out."""
    assert archive.digest("run").code == 0
    (line,) = errors(archive.digest("fetch", "2021-10-18..2021-10-20", now=noon(DAY)))
    assert line.startswith("error: cs.CV: 2021-10-20, 2021-10-19, 2021-10-18: not stored, and arXiv serves")
    assert line.endswith("; the archive begins later")


# --- what accept says of dates before the start ----------------------------------------------------


@pytest.mark.parametrize("has_run", [True, False])
def test_a_date_before_the_start_needs_force(archive: Sandbox, *, has_run: bool) -> None:
    """One line, exit 2, nothing noted: nothing is missing there."""
    import_page(archive)
    if has_run:
        assert archive.digest("run").code == 0
    before = archive.tree()
    result = archive.digest("accept", "2021-10-22", now=noon(DAY))
    assert result.code == 2
    (line,) = errors(result)
    assert "--force" in line
    assert (str(DAY) if has_run else "first run") in line
    assert archive.tree() == before


def test_a_forced_loss_can_be_undone(archive: Sandbox) -> None:
    """It is shown as accepted, makes no gap, and goes again."""
    assert archive.digest("run").code == 0
    accept(archive)
    lost = status(archive, noon(DAY))[1]["categories"]["cs.CV"]["lost"]
    assert [one["date"] for one in lost] == [str(OLD)]
    assert archive.digest("accept", str(OLD), "--undo", now=noon(DAY)).code == 0
    code, told = status(archive, noon(DAY))
    assert (code, told["categories"]["cs.CV"]["lost"]) == (0, [])
    lose_database(archive)
    assert status(archive, noon(DAY))[1]["categories"]["cs.CV"]["lost"] == []


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_an_error_names_the_way_that_fits_the_date(archive: Sandbox, command: str) -> None:
    """Before the start nothing can be settled: a saved page is the way. Since the start, accept is one, too."""
    archive.configure("store", start="2024-01-02")
    assert archive.digest("run").code in (0, 4)
    (early,) = errors(archive.digest(command, "2021-10-22"))
    (late,) = errors(archive.digest(command, "2024-10-22"))
    assert "digest import" in early
    assert "digest accept" not in early
    assert "digest accept 2024-10-22" in late


# --- archives of before starts were kept -----------------------------------------------------------


def test_days_of_an_older_archive_tell_that_it_has_run() -> None:
    """A listing or a feed is a run's; what was fetched counts with it, an import never does."""
    days = [(OLD, Source.IMPORT), (ISLAND, Source.CATCHUP), (DAY, Source.LISTING)]
    assert Ledger().start_of("cs.CV", days) == ISLAND
    assert Ledger().start_of("cs.CV", days[:2]) is None
    assert Ledger(starts=(Start("cs.CV", EVE),)).start_of("cs.CV", days) == EVE
    assert Ledger(starts=(Start("cs.LG", OLD),)).start_of("cs.CV", [(DAY, Source.FEED)]) == DAY


def as_before(sandbox: Sandbox) -> None:
    """Make an archive what the version before would have left: a first attempt, and no start."""
    with closing(sqlite3.connect(sandbox.folder / "archive.db")) as database, database:
        for view in ("links", "days", "papers_with_code", "papers", "revision_plain"):
            database.execute(f"DROP VIEW {view}")
        database.execute("DROP TABLE revision_text")
        database.execute("DROP INDEX revision_place")
        for column in ("place", "authors_text", "abstract_text", "comments_text"):
            database.execute(f"ALTER TABLE revision DROP COLUMN {column}")
        columns = "title, authors, abstract, comments, content='', tokenize='unicode61 remove_diacritics 2'"
        database.execute(f"CREATE VIRTUAL TABLE revision_text USING fts5({columns})")
        for table in ("harvested", "version", "harvest", "gathered", "start", "annotation", "annotated", "unanswered"):
            database.execute(f"DROP TABLE {table}")
        database.execute("DROP TABLE lease")
        database.execute("ALTER TABLE raw_page DROP COLUMN host")
        for column in ("asking", "answered_at", "asking_until"):
            database.execute(f"ALTER TABLE politeness DROP COLUMN {column}")
        for index in ("day_with_files", "day_without_files"):
            database.execute(f"DROP INDEX {index}")
        database.execute("ALTER TABLE day DROP COLUMN has_files")
        for column in ("basis", "earliest", "latest", "text_version"):
            database.execute(f"ALTER TABLE entry DROP COLUMN {column}")
        database.execute("INSERT INTO attempt VALUES ('cs.CV', ?, '2025-03-04 01:00:00')", (str(EVE),))
        database.execute("UPDATE alembic_version SET version_num = '0004'")
    state = sandbox.folder / STATE
    state.unlink(missing_ok=True)


def test_an_older_database_tells_what_was_asked_for_first(archive: Sandbox) -> None:
    """An attempt older than all days was the first run's: its date is missing as it was before."""
    assert archive.digest("run").code == 0
    as_before(archive)
    assert gaps(archive, noon(DAY)) == (4, [str(EVE)])
    (copy,) = archive.folder.glob("archive.db.before-upgrade-*")
    assert copy.name.endswith("0004")


def test_an_older_archive_loses_its_thousand_gaps(archive: Sandbox) -> None:
    """The imported page is an island from now on; the files of its days stay as they were."""
    import_page(archive)
    assert archive.digest("run").code == 0
    with closing(sqlite3.connect(archive.folder / "archive.db")) as database, database:
        database.execute("DELETE FROM start")
    (archive.folder / STATE).unlink()
    before = archive.tree()
    assert gaps(archive, noon(DAY)) == (0, [])
    assert archive.digest("run", now=noon(DAY)).code == 0
    after_run = archive.tree()
    assert {path: data for path, data in after_run.items() if path != STATE} == before


def test_the_last_three_months_are_fetched_in_one_command(archive: Sandbox, arxiv: StandIn) -> None:
    """`fetch --since 90d`: all that arXiv still serves, and the days stand alone as any fetched day does."""
    days = [DAY - timedelta(days=days) for days in (1, 2, 5, 40, 89, 90, 91)]
    show(arxiv, *(invent("cs.CV", when) for when in (*reversed(days), DAY)))
    archive.digest("fetch", "--since", "90d")  # some dates have no listing at this stand-in, and are told
    found = {one["date"] for one in status(archive, noon(DAY))[1]["categories"]["cs.CV"]["days"]}
    # In New York it is 4 March: 90 days before it was 4 December.
    assert found >= {str(when) for when in days if when.weekday() < 5 and date(2024, 12, 4) <= when <= EVE}
    assert not {when for when in found if when < "2024-12-04"}


@pytest.mark.parametrize("age", ["92d", "2024-11-01", "d", "-1d", "90", "90D", "99999d", "9999999d", "1990-01-01", ""])
def test_an_age_that_arxiv_does_not_serve_is_a_mistake(archive: Sandbox, arxiv: StandIn, age: str) -> None:
    """Exit 2, one line, and nothing is asked."""
    result = archive.digest("fetch", "--since", age)
    assert (result.code, len(result.err.splitlines()), asked(arxiv)) == (2, 1, [])
    assert "--since" in result.err


def test_how_long_a_fetch_takes_is_said_beforehand(archive: Sandbox, arxiv: StandIn) -> None:
    """At the polite pace, before anything is asked; also by a plan. What is proven already does not count."""
    archive.configure("arxiv", pages_delay=15)
    words = "60 listings, about 15 minutes at a request every 15 seconds"
    assert f"would ask arXiv for {words}" in archive.digest("fetch", "--since", "90d", "--dry-run").err
    arxiv.fault = faults.status(403)  # after which arXiv is asked nothing more
    err = archive.digest("fetch", "--since", "90d").err
    assert err.startswith(f"asks arXiv for {words}; if it is interrupted, run it again: it goes on\n")
    assert len(asked(arxiv)) == 1
