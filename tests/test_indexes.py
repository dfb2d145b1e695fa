"""When an index is made: what it shows has changed, or its generated part is not as it was written; else it is left."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from digest.config import resources
from digest.model import Correction, Decision, Ledger
from digest.records.day import record_path, render_record
from digest.records.state import render_ledger
from digest.render.templates import render
from tests.conftest import DAY, NIGHT, Sandbox
from tests.days import simple_day
from tests.nights import after, show
from tests.standin import StandIn, invent

EVE = date(2025, 3, 4)
OLD = (date(2023, 5, 2), date(2023, 5, 4), date(2024, 12, 30))
SEEN = datetime(2025, 3, 4, 12, tzinfo=UTC)
README, OLDEST, OLDER, NEWEST = "README.md", "cs.CV/2023/README.md", "cs.CV/2024/README.md", "cs.CV/2025/README.md"
VIEW = '[[view]]\nname = "mine"\nkeywords = ["title"]\n'

Made = list[str]
"""The templates of the indexes that were made, in turn."""


@pytest.fixture
def years(archive: Sandbox) -> Sandbox:
    """An archive of three years, whose indexes are there; it has to be whole since the eve of the newest day."""
    archive.configure("store", start=str(EVE))

    def make() -> None:
        for when in (*OLD, EVE):
            path = archive.folder / "data" / record_path("cs.CV", when)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render_record(simple_day(["2503.00001"], date=when)))
        assert archive.digest("rebuild").code == 0
        assert archive.digest("run").code == 0

    archive.once(make)
    return archive


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """Which indexes are made from now on."""
    names: Made = []

    def noted(source: str, name: str, context: dict[str, object]) -> str:
        names.append(name)
        return render(source, name, context)

    monkeypatch.setattr("digest.render.indexes.render", noted)
    return names


def know(sandbox: Sandbox, ledger: Ledger) -> None:
    """Let the archive know something besides its days, as another machine does through git."""
    (sandbox.folder / "data/state.json").write_bytes(render_ledger(ledger))


def changed(sandbox: Sandbox, before: dict[str, bytes]) -> set[str]:
    """Return which indexes are not as they were."""
    return {path for path in (README, OLDEST, OLDER, NEWEST) if sandbox.read(path) != before[path]}


def test_an_idle_run_makes_no_index(years: Sandbox, made: Made) -> None:
    """Nothing that they show has changed, and they are there."""
    before = years.tree()
    assert years.digest("run", now=after(DAY, 2)).code == 0
    assert (made, years.tree()) == ([], before)


def test_a_new_day_makes_the_archive_s_and_its_year_s(years: Sandbox, arxiv: StandIn, made: Made) -> None:
    """Those of the years before stay, however many there are."""
    before, tomorrow = years.tree(), date(2025, 3, 6)
    show(arxiv, invent("cs.CV", tomorrow))
    assert years.digest("run", now=after(tomorrow)).code == 0
    assert sorted(made) == ["index.md.j2", "year.md.j2"]
    assert changed(years, before) == {README, NEWEST}
    assert str(tomorrow) in years.read(NEWEST).decode()


GIVEN_UP = Decision("cs.CV", date(2023, 5, 3), "lost", "", SEEN)

CHANGES: dict[str, tuple[Callable[[Sandbox], object], set[str]]] = {
    "a day that was given up": (
        lambda years: know(years, Ledger(decisions=(GIVEN_UP,))),
        {OLDEST},
    ),
    "a day that the archive has to have": (lambda years: years.configure("store", start="2024-12-02"), {OLDER, NEWEST}),
    "a day that arXiv deferred": (
        lambda years: know(years, Ledger((Correction(date(2023, 5, 3), False, "x", SEEN),), (GIVEN_UP,))),
        {OLDEST},
    ),
    "another place for digests": (
        lambda years: years.configure("digest", path="{category}/{date:%Y}/d{date:%m-%d}.md"),
        {README, OLDEST, OLDER, NEWEST},
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_an_index_shows_makes_it_anew(years: Sandbox, what: str) -> None:
    """As it would be made where no database tells what was written."""
    before = years.tree()
    change, expected = CHANGES[what]
    change(years)
    assert years.digest("regenerate", "--outdated").code == 0  # offline
    assert changed(years, before) == expected
    once = years.tree()
    for path in (README, OLDEST, OLDER, NEWEST):
        (years.folder / path).unlink()
    with closing(sqlite3.connect(years.folder / "archive.db")) as database, database:
        database.execute("DELETE FROM file WHERE template_version = 'index'")
    assert years.digest("regenerate", "--outdated").code == 0
    assert changed(years, once) == set()


def test_another_template_makes_all_anew(years: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is always current, unlike a digest."""
    built_in = resources.built_in_template
    monkeypatch.setattr(resources, "built_in_template", lambda name: f"{built_in(name)}\nNewer.\n")
    assert years.digest("run", now=after(DAY, 2)).code == 0
    for path in (README, OLDEST, OLDER, NEWEST):
        assert b"\nNewer.\n<!-- digest:end -->" in years.read(path)


@pytest.mark.parametrize(
    ("edit", "is_left"),
    [
        (lambda text: text.replace("All digests", "All of mine"), False),
        (lambda text: f"My words.\n\n{text}\nMore.\n", True),
        (lambda text: text.replace("\n", "\r\n"), True),
        (lambda _text: "", False),
    ],
    ids=["inside", "around", "line ends", "gone"],
)
def test_an_edited_index_is_mended_between_its_markers(
    years: Sandbox, made: Made, edit: Callable[[str], str], *, is_left: bool
) -> None:
    """What a person writes around it stays, and is no reason to make it; what stands inside comes back."""
    file = years.folder / OLDER
    whole = file.read_text(encoding="utf-8")
    if text := edit(whole):
        file.write_bytes(text.encode())
    else:
        file.unlink()
    edited = text.encode()
    assert years.digest("run", now=after(DAY, 2)).code == 0
    assert file.read_bytes() == (edited if is_left else whole.encode())
    assert made == ([] if is_left else ["year.md.j2"])
    assert years.digest("verify").code == 0


def test_an_index_of_an_older_version_is_written_once_more(years: Sandbox, made: Made) -> None:
    """Its row told the hash of its text and that of the whole file: nothing of it is called damaged or edited."""
    with closing(sqlite3.connect(years.folder / "archive.db")) as database, database:
        database.execute("UPDATE file SET inputs_hash = sha256 WHERE template_version = 'index'")
        database.execute("UPDATE file SET sha256 = ? WHERE template_version = 'index'", ("0" * 64,))
    before = years.tree()
    assert years.digest("verify").code == 0
    made.clear()
    assert years.digest("run", now=after(DAY, 2)).code == 0
    assert (len(made), years.tree()) == (4, before)
    made.clear()
    assert years.digest("run", now=after(DAY, 3)).code == 0
    assert made == []


def test_what_was_left_out_for_damage_comes_back(years: Sandbox) -> None:
    """The README is written without the view's newest papers while a day cannot be read, and anew after that."""
    with (years.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(VIEW)
    assert years.digest("run", now=after(DAY, 2)).code == 0
    whole = years.read(README)
    assert b"A title of 2503.00001" in whole
    with closing(sqlite3.connect(years.folder / "archive.db")) as database, database:
        (authors,) = database.execute("SELECT authors FROM revision WHERE arxiv_id = '2503.00001'").fetchone()
        database.execute("UPDATE revision SET authors = '[' WHERE arxiv_id = '2503.00001'")
    (years.folder / README).unlink()
    assert "the newest papers of the first view are left out" in years.digest("run", now=after(DAY, 3)).err
    assert b"A title of" not in years.read(README)
    with closing(sqlite3.connect(years.folder / "archive.db")) as database, database:
        database.execute("UPDATE revision SET authors = ? WHERE arxiv_id = '2503.00001'", (authors,))
    assert years.digest("run", now=after(DAY, 4)).code == 0
    assert years.read(README) == whole


def test_verify_tells_an_outdated_index_from_an_edited_one(years: Sandbox) -> None:
    """By the generated part as it was written, whatever stands around it."""
    file = years.folder / OLDER
    file.write_text(f"Mine.\n\n{file.read_text()}", encoding="utf-8")
    years.configure("digest", path="{category}/{date:%Y}/d{date:%m-%d}.md")
    found = years.digest("verify", now=NIGHT).out
    assert f"outdated {file}: expected the index by the current settings" in found
    file.write_text(file.read_text().replace("All digests", "All of mine"), encoding="utf-8")
    assert f"edited   {file}" in years.digest("verify", now=NIGHT).out
