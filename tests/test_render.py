"""Digests, users' templates and indexes: texts that depend on nothing but what is stored."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from digest.calendar import Calendar
from digest.config.paths import year_index_path
from digest.config.resources import built_in_template
from digest.config.settings import DigestSettings
from digest.errors import TemplateError
from digest.model import Day, DaySummary, Link, Section, State
from digest.render.digest import DigestTemplate
from digest.render.indexes import CategoryDays, root_index, year_index
from tests.conftest import DAY, Sandbox
from tests.days import WHEN, any_day, day_of, paper, simple_day, summary_of
from tests.standin import StandIn, invent

DIGEST = "cs.CV/2025/03/2025-03-05.md"
SHOWN = (Section.NEW, Section.CROSS)


def classic(day: Day, sections: Sequence[Section] = SHOWN) -> str:
    """Return the classic digest of ``day``."""
    return DigestTemplate(built_in_template("classic"), "classic", sections).render(day).decode()


def own(source: str, day: Day | None = None) -> str:
    """Return the digest of ``day`` by a user's template."""
    return DigestTemplate(source, "own.md.j2", SHOWN).render(day or simple_day(["2503.00001"])).decode()


def ids(digest: str) -> list[str]:
    """Return the ids of a digest's papers in its order."""
    return re.findall(r"https://arxiv\.org/pdf/(.*?)\.pdf", digest)


# The classic digest


def test_the_classic_digest_follows_the_grammar_to_the_byte() -> None:
    """Heading, titles and abstracts stand as in the seed: two blanks, six trailing ones, one final newline."""
    day = day_of(
        [
            (Section.NEW, paper("2110.10101", title="First", abstract="One &lt; two.")),
            (Section.CROSS, paper("2110.09999", title="Second", abstract="Three.")),
        ],
        date=date(2021, 10, 20),
    )
    assert classic(day) == (
        "# ArXiv cs.CV --Wed, 20 Oct 2021\n"
        "### 1.First  [ :arrow_down: ](https://arxiv.org/pdf/2110.10101.pdf)\n"
        ">  One &lt; two.      \n"
        "### 2.Second  [ :arrow_down: ](https://arxiv.org/pdf/2110.09999.pdf)\n"
        ">  Three.      \n"
    )


@pytest.mark.parametrize("sections", [SHOWN, (Section.REPLACEMENT,)])
def test_a_day_with_nothing_to_show_is_its_heading_alone(sections: Sequence[Section]) -> None:
    """Every stored day has a file, an empty one too; the day of the month is not padded."""
    assert classic(simple_day(state=State.EMPTY), sections) == "# ArXiv cs.CV --Wed, 5 Mar 2025\n"


def test_numbers_run_through_new_submissions_and_then_cross_lists() -> None:
    """One numbering for both sections; replacements are left out."""
    digest = classic(simple_day(["2503.00001", "2503.00002"], ["2503.00003"], ["2502.00004"]))
    assert re.findall(r"^### ([0-9]+)\.A title of (\S+)", digest, re.MULTILINE) == [
        ("1", "2503.00002"),
        ("2", "2503.00001"),
        ("3", "2503.00003"),
    ]


def test_ids_descend_by_year_month_and_number() -> None:
    """The order is that of time, not of text, through both schemes of ids and both lengths of numbers."""
    mixed = ["1412.1234", "1501.00001", "hep-th/9912999", "0704.0001", "math/0703001", "2503.00009", "2503.00010"]
    assert ids(classic(simple_day(mixed))) == [
        "2503.00010",
        "2503.00009",
        "1501.00001",
        "1412.1234",
        "0704.0001",
        "math/0703001",
        "hep-th/9912999",
    ]


def test_equal_old_numbers_are_ordered_by_their_archive() -> None:
    """Old ids that differ in their archive alone have one order, whatever the page's was."""
    several = ["cs/0112017", "math/0112017", "hep-th/0112017", "cs/0112018"]
    expected = ["cs/0112018", "math/0112017", "hep-th/0112017", "cs/0112017"]
    assert ids(classic(simple_day(several))) == expected
    assert ids(classic(simple_day(several[::-1]))) == expected


def test_each_section_descends_by_itself() -> None:
    """A cross-list that is newer than all new submissions still comes after them."""
    assert ids(classic(simple_day(["2503.00001"], ["2503.00009", "2503.00008"]))) == [
        "2503.00001",
        "2503.00009",
        "2503.00008",
    ]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (("cross", "new"), ["2503.00002", "2503.00001"]),
        (("new",), ["2503.00001"]),
        (("new", "cross", "replacement"), ["2503.00001", "2503.00002", "2503.00003"]),
        (("replacement",), ["2503.00003"]),
        ((), []),
    ],
)
def test_the_setting_says_which_sections_are_shown_and_in_what_order(
    sections: tuple[str, ...], expected: list[str]
) -> None:
    """``[digest] sections`` decides; the numbers always run from 1."""
    digest = classic(simple_day(["2503.00001"], ["2503.00002"], ["2503.00003"]), [Section(name) for name in sections])
    assert ids(digest) == expected
    assert re.findall(r"^### ([0-9]+)\.", digest, re.MULTILINE) == [str(n + 1) for n in range(len(expected))]


@given(day=any_day())
def test_any_day_gives_the_same_text_twice(day: Day) -> None:
    """Rendering is a function of the day: whatever it holds, twice is the same, and it ends with one newline."""
    digest = classic(day)
    assert classic(day) == digest
    assert digest.endswith("\n")
    assert len(ids(digest)) == sum(entry.section in SHOWN for entry in day.entries)


def test_no_setting_of_the_machine_shows(archive: Sandbox) -> None:
    """The same bytes under other zones, languages and hash seeds, all of them in English."""
    archive.digest("run")
    whole = archive.tree()
    for env in (
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/Los_Angeles", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
        {"TZ": "UTC", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONHASHSEED": "3"},
    ):
        for path in whole:
            if path.endswith(".md"):
                (archive.folder / path).unlink()
        result = archive.process("regenerate", "--all", env=env)
        assert (result.returncode, archive.tree()) == (0, whole)


IN_FRENCH = """
import locale, sys, time
locale.setlocale(locale.LC_ALL, "")
print(time.strftime("%A", (2025, 3, 5, 0, 0, 0, 2, 64, 0)))
from digest.__main__ import main
main(sys.argv[1:])
"""


def test_the_heading_is_english_where_the_locale_is_not(archive: Sandbox, tmp_path: Path) -> None:
    """A process that names days in French still writes the heading and the calendar in English."""
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/fr_FR").exists():
        pytest.skip("no other locale can be made: the package 'locales' is not installed")
    command = ["localedef", "-i", "fr_FR", "-f", "UTF-8", str(tmp_path / "fr_FR.UTF-8")]
    subprocess.run(command, check=True, timeout=60)
    archive.digest("run")
    whole = archive.tree()
    (archive.folder / DIGEST).unlink()
    (archive.folder / "cs.CV/2025/README.md").unlink()
    result = subprocess.run(
        [sys.executable, "-c", IN_FRENCH, "--config", "config.toml", "regenerate", "--all"],
        cwd=archive.folder,
        env={**os.environ, "LOCPATH": str(tmp_path), "LC_ALL": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stdout.splitlines()[0] == "mercredi"
    assert (result.returncode, archive.tree()) == (0, whole)


# A user's own template


def test_a_template_of_one_s_own_sees_all_fields() -> None:
    """What docs/TEMPLATES.md promises is there, in the classic order."""
    link = Link("https://github.com/x/y", "code", "comments")
    page = Link("https://x.example", "page", "abstract")
    one = paper(
        "hep-th/9901001", title="a<b", comments="8 pages", journal_ref="J. 1", links=(link, page), abstract=None
    )
    source = (
        "{{ category }} {{ date }} {{ heading_date }}\n"
        "{% for e in entries %}\n"
        "{{ [e.number, e.section, e.id, e.title, e.abstract, e.authors, e.comments, e.journal_ref] }}\n"
        "{{ [e.primary_category, e.categories, e.pdf_url, e.abstract_url, e.code_urls] }}\n"
        "{% endfor %}\n"
    )
    addresses = "'https://arxiv.org/pdf/hep-th/9901001.pdf', 'https://arxiv.org/abs/hep-th/9901001'"
    assert own(source, day_of([(Section.CROSS, one)])).splitlines() == [
        "cs.CV 2025-03-05 Wed, 5 Mar 2025",
        "[1, 'cross', 'hep-th/9901001', 'a<b', '', ('Zoë van der Plaat', \"Mei O'Dunmore\"), '8 pages', 'J. 1']",
        f"['cs.CV', ('cs.CV', 'cs.LG'), {addresses}, ('https://github.com/x/y',)]",
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("{{ categroy }}", 1),
        ("one\ntwo {{ entries[0].titel }}\n", 2),
        ("{% for entry in entries %}\n\n{{ entry.title.nothing }}\n{% endfor %}", 3),
        ("one\n\n{{ entries[7] }}", 3),
        ("one\n{{ 1 / 0 }}", 2),
        ("one\n{{ category + 1 }}", 2),
        ("one\n{{ category() }}", 2),
        ("one\n\n{% include 'other.md.j2' %}", 3),
        ("{% macro again() %}\n{{ again() }}\n{% endmacro %}\n{{ again() }}", 2),
        ("one\n{% if %}", 2),
        ("one\n{% for entry in entries %}\n", 2),
        ("one\ntwo\n{{ entries | nothing }}", 3),
        ("{{ 'open }}", 1),
    ],
)
def test_a_wrong_template_is_told_with_file_and_line(source: str, line: int) -> None:
    """Wrong syntax, a name that is not there, or a failing expression: never an empty text, never a crash."""
    with pytest.raises(TemplateError, match=rf"^own\.md\.j2:{line}: "):
        own(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ entries | random }}",
        "{{ lipsum() }}",
        "{{ now() }}",
        "{{ now }}",
        "{{ today }}",
        "{{ env }}",
        "{{ random() }}",
    ],
)
def test_a_template_has_neither_clock_nor_chance(source: str) -> None:
    """What would make two renderings differ is not there."""
    with pytest.raises(TemplateError):
        own(source)


def test_inert_takes_the_life_of_every_tag() -> None:
    """The filter escapes a ``<`` that could start a tag, a comment or the like, and no other."""
    assert own("{{ '<b> </b> <!-- <?x a < b <3 <<i>' | inert }}") == "&lt;b> &lt;/b> &lt;!-- &lt;?x a < b <3 <&lt;i>"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"{{ categroy }}\n", "mine.md.j2:1: 'categroy' is undefined"),
        (b"\n{% if %}\n", "mine.md.j2:2: "),
        (b"\xff", "mine.md.j2: "),
        (None, "mine.md.j2: No such file"),
    ],
)
def test_run_with_a_wrong_template_says_so(archive: Sandbox, text: bytes | None, error: str) -> None:
    """One error, exit 2, no traceback; mended, the next run writes what is missing without asking again."""
    archive.configure("digest", template="mine.md.j2")
    if text is not None:
        (archive.folder / "mine.md.j2").write_bytes(text)
    result = archive.digest("run")
    assert result.code == 2
    assert error in result.err
    assert len([line for line in result.err.splitlines() if line.startswith("error: ")]) == 1
    assert "Traceback" not in result.err
    (archive.folder / "mine.md.j2").write_text("{{ category }}: {{ entries | length }}\n")
    assert archive.digest("run").code == 0
    assert archive.read(DIGEST) == b"cs.CV: 17\n"


def test_a_template_has_no_clock(archive: Sandbox) -> None:
    """The listing's date is a text, so that no template can ask it for today's."""
    archive.configure("digest", template="mine.md.j2")
    (archive.folder / "mine.md.j2").write_text("{{ date.today() }}\n")
    result = archive.digest("run")
    assert (result.code, "has no attribute 'today'" in result.err) == (2, True)


def test_a_template_with_foreign_line_ends_is_read_as_text(archive: Sandbox) -> None:
    """A template saved on another system gives line feeds alone."""
    archive.configure("digest", template="mine.md.j2")
    (archive.folder / "mine.md.j2").write_bytes(b"{{ category }}\r\n{{ date }}\r\n")
    archive.digest("run")
    assert archive.read(DIGEST) == b"cs.CV\n2025-03-05\n"


# A README that is somebody's own


@pytest.mark.parametrize("mine", [b"# My own\n", b"\xff\xfe no text", b""])
def test_somebody_s_readme_is_left_alone_and_named(archive: Sandbox, mine: bytes) -> None:
    """The run goes on; a warning names the file."""
    (archive.folder / "README.md").write_bytes(mine)
    result = archive.digest("run")
    assert result.code == 0
    assert archive.read("README.md") == mine
    assert [line for line in result.err.splitlines() if "warning" in line and "README.md" in line]
    assert archive.read("cs.CV/2025/README.md").startswith(b"# cs.CV 2025\n")


# The archive's README


def path_of(category: str, when: date) -> str:
    """Return the default path of a digest."""
    return f"{category}/{when:%Y/%m}/{when}.md"


def root(
    days: Mapping[str, Sequence[DaySummary]],
    *,
    deferred: Collection[date] = (),
    lost: Mapping[str, Collection[date]] = MappingProxyType({}),
) -> str:
    """Return the generated part of the archive's README; ``deferred`` are all deferrals that are known."""
    known = Calendar(frozenset(deferred))
    categories = [
        CategoryDays(name, stored, known, stored[0].date if stored else None, lost.get(name, ()), path_of)
        for name, stored in days.items()
    ]
    return root_index(built_in_template("index"), categories)


def links(text: str) -> list[tuple[str, str]]:
    """Return the texts and targets of the links that a markdown engine finds in ``text``, unquoted."""
    found = []
    for block in MarkdownIt().enable("table").parse(text):
        children = block.children or []
        for place, token in enumerate(children):
            if token.type == "link_open":
                found.append((children[place + 1].content, unquote(str(token.attrs["href"]))))
    return found


def newest(text: str) -> dict[str, str]:
    """Return what the README's table says of each date, which no narrow screen breaks; links give their texts alone."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    plain = [[re.sub(r"\[(.*?)\]\(.*?\)", r"\1", cell).strip() for cell in row] for row in rows]
    assert plain[0] == ["Date", "New + cross-lists"]
    assert all(re.fullmatch(r"\w+,\u00a0\d+\u00a0\w+\u00a0\d+", when) for when, _ in plain[2:])
    return {when.replace("\u00a0", " "): says for when, says in plain[2:]}


def test_several_categories_share_a_row() -> None:
    """One for each of the newest dates that any category has; what is not there says why, if it was to be."""
    days = [date(2025, 3, day) for day in (3, 4, 5, 6)]
    text = root(
        {
            "cs.CV": [summary_of(when, new=when.day, cross=2, replacement=9) for when in days],
            "cs.LG": [summary_of(when, "cs.LG", new=1) for when in (days[0], days[2])],
            "cs.RO": [],
            "math.GT": [summary_of(days[2], "math.GT", State.PROVISIONAL, new=4, cross=5)],
        },
        deferred=[date(2025, 3, 5)],
        lost={"cs.LG": [days[1]]},
    )
    assert newest(text) == {
        "Thu, 6 Mar 2025": "cs.CV 6 + 2",  # deferred, says the calendar: nothing is missing
        "Wed, 5 Mar 2025": "cs.CV 5 + 2<br>cs.LG 1 + 0<br>math.GT 4 + 5, provisional",
        "Tue, 4 Mar 2025": "cs.CV 4 + 2<br>cs.LG lost",
        "Mon, 3 Mar 2025": "cs.CV 3 + 2<br>cs.LG 1 + 0",
    }
    assert ("math.GT", "math.GT/2025/03/2025-03-05.md") in links(text)
    assert [link for link in links(text) if link[0] == "2025"] == [
        ("2025", f"{category}/2025/README.md") for category in ("cs.CV", "cs.LG", "math.GT")
    ]


def test_the_readme_names_what_one_category_lacks() -> None:
    """What arXiv announced in one category it announced in all: the newest date that a failing one lacks is missing."""
    days = [date(2025, 3, day) for day in (3, 4, 5)]
    ours = [summary_of(when) for when in days]
    theirs = [summary_of(days[0], "cs.LG", State.EMPTY)]
    rows = newest(root({"cs.CV": ours, "cs.LG": theirs})).values()
    assert [row.partition("<br>")[2] for row in rows] == ["cs.LG missing", "cs.LG missing", "cs.LG 0 + 0, empty"]


def test_many_categories_are_a_table_of_two_columns_still() -> None:
    """Each row as long as its head, seven rows; the second column can be broken, so that it fits a phone."""
    names = [f"cs.{letter}{letter}" for letter in "ABCDEFGHIJ"]
    dates = [date(2025, 3, day) for day in range(3, 15)]
    text = root({name: [summary_of(when, name, new=400, cross=250) for when in dates] for name in names})
    rendered = MarkdownIt().enable("table").render(text)
    (table,) = re.findall(r"<table>.*?</table>", rendered, re.DOTALL)
    rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    assert [len(re.findall(r"<t[hd]", row)) for row in rows] == [2] * 8
    cells = [row.split("<br>") for row in newest(text).values()]
    assert {len(cell) for cell in cells} == {10}
    assert max(len(word) for cell in cells for one in cell for word in one.split(" ")) == len("cs.AA")


def test_the_readme_shows_the_newest_digests_first() -> None:
    """One category has a table of its newest days with their counts, and states if not complete; each year a link."""
    days = [summary_of(date(2024, 12, 31), new=1), *(summary_of(date(2025, 1, day), new=day) for day in range(2, 11))]
    days[-1] = summary_of(date(2025, 1, 10), state=State.PROVISIONAL, new=7, cross=8, replacement=9)
    text = root({"cs.CV": days, "cs.RO": []})
    expected = ("Fri, 10", "Thu, 9", "Wed, 8", "Tue, 7", "Mon, 6", "Sun, 5", "Sat, 4")
    assert list(newest(text)) == [f"{day} Jan 2025" for day in expected]
    assert list(newest(text).values())[:2] == ["7 + 8, provisional", "9 + 0"]
    assert ("Fri,\u00a010\u00a0Jan\u00a02025", "cs.CV/2025/01/2025-01-10.md") in links(text)
    years = [link for link in links(text) if link[0].isdigit()]
    assert years == [("2025", "cs.CV/2025/README.md"), ("2024", "cs.CV/2024/README.md")]
    assert "cs.RO" not in text


def test_an_archive_without_days_says_so() -> None:
    """In the words that ``digest init`` wrote."""
    assert root({"cs.CV": []}).strip() == "Nothing is stored yet."


# A year's README


def year(year_: int, stored: Sequence[DaySummary], *deferred: date, lost: Sequence[date] = ()) -> str:
    """Return the generated part of a year's README; ``deferred`` are all deferrals that are known."""
    known = Calendar(frozenset(deferred))
    category = CategoryDays(stored[0].category, stored, known, stored[0].date, lost, path_of)
    return year_index(built_in_template("year"), year_, category)


def cells(text: str, month: str) -> dict[int, str]:
    """Return what the calendar of ``month`` says of each day that it shows; "" where it has no cell."""
    part = re.search(rf"^## {month}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    found = {}
    for line in part[1].splitlines() if part else []:
        for cell in line.strip().strip("|").split("|"):
            shown = re.match(r"\s*\[?([0-9]+)(?:\]\(.*?\))?<br>(.*?)\s*$", cell)
            if shown:
                found[int(shown[1])] = re.sub("&shy;|</?sub>", "", shown[2])
    return found


def test_gaps_show_only_between_the_first_and_the_last_stored_day() -> None:
    """Before the archive's first day and after its last there are no gaps."""
    stored = [summary_of(date(2025, 3, 5), new=3, cross=4), summary_of(date(2025, 3, 11), new=5, cross=6)]
    text = year(2025, stored)
    assert cells(text, "March") == {5: "3 + 4", 6: "missing", 7: "missing", 10: "missing", 11: "5 + 6"}
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["March"]
    assert "2 listings" in text
    assert "3 missing" in text


def test_gaps_go_over_the_turn_of_the_year() -> None:
    """A gap between a stored day of one year and one of the next shows in both calendars."""
    stored = [summary_of(date(2024, 12, 30), new=1), summary_of(date(2025, 1, 3), new=2)]
    deferred = date(2024, 12, 31)
    assert cells(year(2024, stored, deferred), "December") == {30: "1 + 0", 31: "missing"}
    assert cells(year(2025, stored, deferred), "January") == {1: "deferred", 2: "missing", 3: "2 + 0"}


def test_a_deferred_day_is_told_from_a_missing_one() -> None:
    """A deferral on a Friday takes Monday's listing, one on a Wednesday Thursday's; neither counts as missing."""
    stored = [summary_of(date(2025, 3, 5)), summary_of(date(2025, 3, 14))]
    text = year(2025, stored, date(2025, 3, 7), date(2025, 3, 12))
    shown = cells(text, "March")
    assert (shown[10], shown[13]) == ("deferred", "deferred")
    assert [day for day, what in shown.items() if what == "missing"] == [6, 7, 11, 12]
    assert "4 missing" in text


@pytest.mark.parametrize("day", [8, 9])
def test_weekends_have_columns_only_where_a_day_is_stored(day: int) -> None:
    """A listing that arXiv dated on a weekend is shown; other months keep five columns."""
    stored = [summary_of(date(2025, 2, 28)), summary_of(date(2025, 3, day), new=2), summary_of(date(2025, 3, 10))]
    text = year(2025, stored)
    assert text.count("| Mon | Tue | Wed | Thu | Fri |\n") == 1
    assert text.count("| Mon | Tue | Wed | Thu | Fri | Sat | Sun |\n") == 1
    shown = cells(text, "March")
    assert shown[day] == "2 + 0"
    assert 17 - day not in shown  # the weekend's other day


@pytest.mark.parametrize("state", State)
def test_a_week_of_remarks_fits_a_phone(state: State) -> None:
    """Five columns have 38 pixels each beside their margins: four characters, six of the small ones, and a hyphen."""
    days = [summary_of(date(2025, 3, day), state=state, new=123, cross=117) for day in (3, 5, 7)]
    text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", year(2025, days, date(2025, 3, 5)))
    found = [cell for line in text.splitlines() if line.startswith("|") for cell in line.split("|")]
    small, large = ("".join(one.partition("<sub>")[part] + " " for one in found) for part in (2, 0))
    assert max(map(len, re.split("<br>|&shy;| ", small.replace("</sub>", "")))) <= 6
    assert max(map(len, re.split("<br>| ", large))) <= 4


@pytest.mark.parametrize("state", State)
def test_every_state_but_complete_is_named(state: State) -> None:
    """What is not proven says so, and so does a day that is empty."""
    shown = cells(year(2025, [summary_of(WHEN, state=state, new=1)]), "March")[5]
    assert shown == ("1 + 0" if state is State.COMPLETE else f"1 + 0<br>{state.value}")


def test_the_calendar_is_a_table_for_markdown() -> None:
    """A markdown engine sees one table a month, each row as long as its head."""
    stored = [summary_of(date(2025, 1, 31)), summary_of(date(2025, 3, 3))]
    rendered = MarkdownIt().enable("table").render(year(2025, stored))
    tables = re.findall(r"<table>.*?</table>", rendered, re.DOTALL)
    assert len(tables) == 3
    for table in tables:
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        assert {row.count("</t") for row in rows} == {5}


PATHS = [
    DigestSettings.path,
    "{date:%Y-%m-%d}.md",
    "my digests/{category} (new)/{date:%Y}/100%/{date:%Y-%m-%d}#.md",
    "{category}/{date:%Y}/{date:%m-%d}.md",
    "cs.CV/2025/ü/{date:%Y-%m-%d}.md",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_to_a_file(sandbox: Sandbox, path: str) -> None:
    """From both places of a README, relative links resolve to real files, however the digests are named."""
    sandbox.configure("digest", path=path, directory="out")
    days = [date(2025, 3, 4), DAY]
    with StandIn([invent("cs.CV", when) for when in days], today=days[0]) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url)
        assert sandbox.digest("run", now="2025-03-04T02:00:00Z").code == 0
        arxiv.today = DAY
        assert sandbox.digest("run").code == 0
    out = sandbox.folder / "out"
    digests = {out / path.format(category="cs.CV", date=when) for when in days}
    for readme in (out / "README.md", out / year_index_path("cs.CV", 2025)):
        text = readme.read_text(encoding="utf-8")
        targets = {(readme.parent / target).resolve() for _, target in links(text)}
        assert all(target.is_file() for target in targets)
        assert digests <= targets
        assert re.findall(r"\]\(([^)]*[ #?][^)]*)\)", text) == []


def test_indexes_are_the_same_whatever_order_days_came_in(sandbox: Sandbox) -> None:
    """The indexes tell what is stored, not how it came to be stored."""
    days = [date(2025, 3, 3), date(2025, 3, 4), DAY]
    trees = []
    with StandIn([invent("cs.CV", when) for when in days], today=DAY) as arxiv:
        sandbox.configure("arxiv", pages_url=arxiv.url)
        for order in (days, days[::-1]):
            for when in order:
                assert sandbox.digest("fetch", str(when)).code == 0
            trees.append({path: data for path, data in sandbox.tree().items() if path.endswith(".md")})
            for left in sandbox.folder.rglob("*"):
                if left.is_file() and left.name != "config.toml":
                    left.unlink()
    assert trees[0] == trees[1]
    assert len(trees[0]) == 5
