"""A listing page proves itself complete, or is refused in one line that says what was expected and found."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import DigestError, ListingIncompleteError, PageRefusedError
from digest.model import Section, Source
from digest.parse.listing import Listing, Page, join_pages, parse_page
from tests.standin import InventedPaper, Mailing, invent
from tests.standin.pages import catchup_page, empty_catchup_page, error_page, listing_page, no_updates_page

Edit = Callable[[str], str]

DAY = date(2025, 3, 5)
WHOLE = invent("cs.CV", DAY)
"""12 new submissions, 5 cross-lists and 6 replacements, on a Wednesday."""

IDS = [paper.arxiv_id for paper in (*WHOLE.new, *WHOLE.cross, *WHOLE.replacement)]
DECLARED = {Section.NEW: 12, Section.CROSS: 5, Section.REPLACEMENT: 6}


def parts(show: int) -> list[str]:
    """Return the day's listing in pages of ``show`` entries."""
    return [listing_page(WHOLE, skip=skip, show=show) for skip in range(0, WHOLE.total, show)]


def read(*pages: str, category: str = "cs.CV") -> Listing:
    """Parse and join pages."""
    return join_pages([parse_page(page.encode()) for page in pages], category)


def refusal(*pages: str | bytes, category: str = "cs.CV") -> DigestError:
    """Return the error that the pages are refused with, for good or for now; its text is one line."""
    bodies = [page if isinstance(page, bytes) else page.encode() for page in pages]
    with pytest.raises(DigestError) as caught:
        raise join_pages([parse_page(body) for body in bodies], category).shortage or AssertionError("not refused")
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def swap(old: str, new: str, count: int = -1) -> Edit:
    """Return the edit of a page that puts ``new`` in the place of ``old``, which has to be there."""

    def edit(page: str) -> str:
        assert old in page
        return page.replace(old, new, count)

    return edit


def sub(pattern: str, new: str, count: int = 1) -> Edit:
    """Return the edit of a page that replaces a regular expression, which has to match."""

    def edit(page: str) -> str:
        edited, found = re.subn(pattern, new, page, count=count, flags=re.DOTALL)
        assert found
        return edited

    return edit


def positions(listing: Listing | Page) -> list[int]:
    """Return the positions of the entries."""
    return [entry.position for entry in listing.entries]


def ids(listing: Listing) -> list[str]:
    """Return the ids of the entries."""
    return [str(entry.paper.arxiv_id) for entry in listing.entries]


# What is accepted


@pytest.mark.parametrize(
    ("page", "source"),
    [
        (listing_page(WHOLE), Source.LISTING),
        (catchup_page(WHOLE), Source.CATCHUP),
        (catchup_page(WHOLE, next_day=DAY + timedelta(1)), Source.CATCHUP),
    ],
)
def test_a_whole_page_is_the_whole_day(page: str, source: Source) -> None:
    """Date, source, the declared sizes and every paper's fields come out as they were announced."""
    listing = read(page)
    assert (listing.date, listing.source, listing.category) == (DAY, source, "cs.CV")
    assert dict(listing.declared) == DECLARED
    assert positions(listing) == list(range(1, 24))
    for entry, paper in zip(listing.entries, (*WHOLE.new, *WHOLE.cross, *WHOLE.replacement), strict=True):
        assert str(entry.paper.arxiv_id) == paper.arxiv_id
        assert entry.paper.title == paper.title
        assert entry.paper.authors == paper.authors
        assert entry.paper.primary_category == paper.primary_category
        assert entry.paper.categories == paper.categories
        assert entry.paper.journal_ref == paper.journal_ref
        assert (entry.paper.comments is None) == (paper.comments is None)


@pytest.mark.parametrize("show", [1, 5, 10, 12, 17, 22, 23, 100])
def test_pages_of_every_size_make_the_same_day(show: int) -> None:
    """However arXiv cuts a day into pages, together they are the day."""
    assert read(*parts(show)) == read(listing_page(WHOLE))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_pages_does_not_matter(order: tuple[int, ...]) -> None:
    """Three pages in any order are the same day."""
    pages = parts(10)
    assert read(*(pages[index] for index in order)) == read(*pages)


def test_pages_that_overlap_agree() -> None:
    """Pages of different sizes, and the same page twice, are joined by item number."""
    assert read(*parts(10), *parts(7), parts(10)[1]) == read(listing_page(WHOLE))


@pytest.mark.parametrize(
    ("new", "cross", "replacement"), [(1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 0, 2), (0, 4, 5), (2, 1, 0)]
)
def test_a_section_that_is_empty_is_left_out(new: int, cross: int, replacement: int) -> None:
    """A day without one or two of the sections is whole; what arXiv leaves out is not declared."""
    listing = read(listing_page(invent("cs.CV", DAY, new=new, cross=cross, replacement=replacement)))
    sizes = dict(zip(Section, (new, cross, replacement), strict=True))
    assert dict(listing.declared) == {section: size for section, size in sizes.items() if size}
    assert len(listing.entries) == new + cross + replacement


@pytest.mark.parametrize("page", [no_updates_page("cs.CV", DAY), empty_catchup_page("cs.CV", DAY)])
def test_no_updates_is_an_empty_page(page: str) -> None:
    """The parser says what the page says: its date and nothing; /new has no total then, catchup one of 0."""
    found = parse_page(page.encode())
    assert (found.date, found.total, found.entries) == (DAY, 0, ())


@pytest.mark.parametrize(
    "page",
    [
        re.sub(r"Total of [0-9]+ entries", "", listing_page(WHOLE)),
        re.sub(r"Total of [0-9]+ entries", "", empty_catchup_page("cs.CV", DAY)),
        no_updates_page("cs.CV", DAY).replace("No updates today.", ""),
        no_updates_page("cs.CV", DAY).replace(
            "<p>No updates today.</p>", "<h3>New submissions (showing 0 of 2 entries)</h3><p>No updates today.</p>"
        ),
    ],
    ids=["with entries", "catchup", "without the words", "with a section"],
)
def test_only_an_empty_new_may_lack_its_total(page: str) -> None:
    """ArXiv's list template leaves the total out with the count at 0, and nowhere else."""
    assert "expected one total" in str(refusal(page))


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("Wednesday, 5 March 2025", DAY),
        ("Sunday, 29 February 2004", date(2004, 2, 29)),
        ("Friday, 1 January 2100", date(2100, 1, 1)),
    ],
)
def test_the_date_is_the_page_s_own(heading: str, shown: date) -> None:
    """The page's date is taken whatever day it is, weekends and leap days included."""
    page = swap("Wednesday, 5 March 2025", heading)(listing_page(WHOLE))
    assert read(page).date == shown


def test_a_page_without_a_date_is_whole_without_one() -> None:
    """The layout of September 2024 bears no date; the parser invents none."""
    assert read(sub(r"<h3>Showing new listings[^<]*</h3>", "")(listing_page(WHOLE))).date is None


def test_links_of_authors_to_other_listings_do_not_matter() -> None:
    """An abstract that links to another category's listing leaves the page what it is."""
    other = '<a href="https://arxiv.org/list/cs.LG/recent" class="link-internal link-https">there</a>'
    listing = read(sub(r"(<p class='mathjax'>\s*)", rf"\1{other} ")(listing_page(WHOLE)))
    assert listing.category == "cs.CV"
    assert "list/cs.LG/recent" in (listing.entries[0].paper.abstract or "")


def test_a_link_to_what_is_no_category_does_not_matter() -> None:
    """A group, such as ``grp_physics`` of arxiv-base's taxonomy, is another name in a category's place."""
    page = swap("<h3>Showing", '<a href="/list/grp_physics/new">Physics</a><h3>Showing', 1)(listing_page(WHOLE))
    assert read(page).category == "cs.CV"


def test_an_abstract_may_quote_what_the_page_itself_says() -> None:
    """Totals, headings and "No updates" inside a paper's own text are not the page's."""
    words = "Total of 7 entries. No updates today. New submissions (showing 1 of 1 entries) Wed, 20 Oct 2021 "
    page = sub(r"(<p class='mathjax'>\s*)", rf"\1{words}")(listing_page(WHOLE))
    assert (read(page).entries[0].paper.abstract or "").startswith(words)


def test_an_archive_holds_its_categories() -> None:
    """A listing of astro-ph has papers of astro-ph.EP, and of none whose name only begins alike."""
    assert read(listing_page(invent("astro-ph", DAY)), category="astro-ph").category == "astro-ph"


def _paper(number: int, *authors: str) -> InventedPaper:
    return InventedPaper(f"2503.1{number:04d}", "A Title", "Text.", authors, None, None, "cs.CV", ("cs.CV",))


def test_authors_are_read_from_the_text_and_not_from_its_links() -> None:
    """A short name has no link, alone or among others; a record whose authors arXiv cannot read has none.

    A listing shows 101 authors, and of more the first 100 (``queries_for_authors``, ``split_long_author_list`` and
    ``do_author_list`` of arXiv's own code).
    """
    many = [f"Author {number}" for number in range(150)]
    papers = [
        *(_paper(1, "Li"), _paper(2, "Anna Bell", "Wu", "Cho"), _paper(3)),
        *(_paper(4, *many[:100]), _paper(5, *many[:101]), _paper(6, *many)),
    ]
    found = [entry.paper for entry in read(listing_page(Mailing("cs.CV", DAY, tuple(papers)))).entries]
    assert [paper.authors for paper in found[:3]] == [("Li",), ("Anna Bell", "Wu", "Cho"), ()]
    assert [len(paper.authors) for paper in found[3:]] == [100, 101, 100]
    assert [paper.may_have_more_authors for paper in found[2:]] == [False, True, False, True]


TITLE = "An $\\alpha<1$ Title"
SAVED = (
    '<span class="MathJax_Preview" style="display: none;"></span><span class="MathJax" tabindex="0"><nobr><span class='
    '"math"><span class="mi">a</span></span></nobr></span><script type="math/tex">\\alpha<1</script>'
)


def test_a_page_that_was_saved_after_mathjax_ran() -> None:
    """MathJax 2 leaves the TeX beside what it made of it; MathJax 3 leaves none, and the way out is named."""
    paper = replace(_paper(1, "Anna Bell"), title=TITLE, abstract=f"Where {TITLE}.", comments=TITLE)
    page = listing_page(Mailing("cs.CV", DAY, (paper,)))
    saved = page.replace("$\\alpha&lt;1$", SAVED)
    assert saved.count("math/tex") == 3
    assert read(saved).entries == read(page).entries
    assert read(page).entries[0].paper.title == TITLE
    error = refusal(page.replace("$\\alpha&lt;1$", '<mjx-container class="MathJax">a</mjx-container>'))
    assert "MathJax 3" in str(error)
    assert "curl" in str(error)


DISPLAYED = (
    '<span class="MathJax_Preview"></span><div class="MathJax_Display" style="text-align: center;">'
    '<span class="MathJax"><nobr><span>b</span></nobr></span></div>'
    '<script type="math/tex; mode=display" id="MathJax-Element-2">{}</script>'
)


def test_a_displayed_formula_does_not_end_the_abstract() -> None:
    """MathJax 2 puts a ``div`` into the abstract's ``p``, which ends it for a parser; environments have no dollars."""
    formulas = ("$$\\beta<2$$", "\\begin{equation}a\\end{equation}", "$$b$$")
    words = "Where {} holds, {}, and {} last."
    paper = replace(_paper(1, "Anna Bell"), abstract=words.format(*formulas))
    page = listing_page(Mailing("cs.CV", DAY, (paper, replace(_paper(2, "Anna Bell"), title=TITLE))))
    saved = page.replace("$\\alpha&lt;1$", SAVED)
    for served, formula in zip((formulas[0].replace("<", "&lt;"), *formulas[1:]), formulas, strict=True):
        assert served in saved
        saved = saved.replace(served, DISPLAYED.format(formula.strip("$")))
    assert saved.count("MathJax_Display") == 3
    assert read(saved).entries == read(page).entries
    assert "&lt;2$$ holds" in str(read(saved).entries[0].paper.abstract)


# What is refused: a page that is no listing, or not whole

OVER = [
    pytest.param(b"", "empty", id="empty body"),
    pytest.param(b" \n\t", "empty", id="blank body"),
    pytest.param(b"Rate exceeded.", "cut", id="throttled"),
    pytest.param(error_page("Invalid archive or category: cs.XX").encode(), "cs.XX", id="error page"),
    pytest.param(b"<html><title>Sign in</title><body><form></form></body></html>", "Sign in", id="login page"),
    pytest.param(b"<html></html>", "unknown layout", id="nothing in it"),
    pytest.param(b"</html>", "expected a listing page", id="an end without a page"),
    pytest.param(b"<!-- --></html>", "expected a listing page", id="a comment"),
    pytest.param(b"\x00</html>", "expected a listing page", id="a NUL"),
    pytest.param(b"<html><body><div id='dlpage'></div></body></html>", "total", id="an empty listing"),
    pytest.param(b'{"entries": 3}</html>', "expected a listing page", id="JSON"),
    pytest.param(b"\x1f\x8b\x08\x00binary</html>", "UTF-8", id="gzip"),
    pytest.param(listing_page(WHOLE).encode("utf-16"), "expected", id="UTF-16"),
    pytest.param(listing_page(WHOLE).encode("latin-1", "replace").replace(b"?", b"\xff"), "UTF-8", id="Latin-1"),
]


@pytest.mark.parametrize(("body", "words"), OVER)
def test_what_is_no_listing_page_is_refused(body: bytes, words: str) -> None:
    """Anything but a listing is refused, and the reason names what was found."""
    error = refusal(body)
    assert type(error) is PageRefusedError
    assert error.exit_code == 5
    assert "expected" in str(error)
    assert words in str(error)


@given(st.integers(min_value=0, max_value=len(listing_page(WHOLE).rstrip().encode()) - 1))
def test_a_page_cut_at_any_byte_is_refused(at: int) -> None:
    """A page that ends too early is refused wherever it ends."""
    assert type(refusal(listing_page(WHOLE).encode()[:at])) is PageRefusedError


@given(st.data())
def test_a_page_with_a_hole_loses_no_paper(data: st.DataObject) -> None:
    """A page that lacks bytes in its middle is refused, or still shows each of the day's papers."""
    body = listing_page(WHOLE).encode()
    start = data.draw(st.integers(0, len(body)))
    length = data.draw(st.integers(1, 4000))
    try:
        listing = join_pages([parse_page(body[:start] + body[start + length :])], "cs.CV")
    except DigestError:
        return
    assert listing.shortage or ids(listing) == IDS
    assert dict(listing.declared) == DECLARED


NEW = "New submissions (showing 12 of 12 entries)"
FIRST = f'<a href ="/abs/{IDS[0]}" title'


def _entry(number: int) -> str:
    return rf"    <dt>\s*<a name='item{number}'>.*?</dd>\n"


def _exchanged(page: str) -> str:
    """Put the cross-lists before the new submissions, with numbers that run on all the same."""
    first, second, _ = re.findall(r"<dl id='articles'>.*?</dl>", page, re.DOTALL)
    page = page.replace(first, "FIRST").replace(second, first).replace("FIRST", second)
    numbers = (f"name='item{number}'>[{number}]" for number in range(1, 24))
    return re.sub(r"name='item\d+'>\[\d+\]", lambda _: next(numbers), page)


def _shifted(page: str) -> str:
    """Count the items from 2."""
    return re.sub(r"name='item(\d+)'>\[\d+\]", lambda match: "name='item{0}'>[{0}]".format(int(match[1]) + 1), page)


CONTRADICTIONS: list[tuple[str, Edit, str]] = [
    ("shows one more than there is", swap(NEW, "New submissions (showing 13 of 13 entries)"), "13 of 13 new.* 12"),
    ("shows one less than there is", swap(NEW, "New submissions (showing 11 of 11 entries)"), "11 of 11 new.* 12"),
    ("has more than all", swap(NEW, "New submissions (showing 12 of 11 entries)"), "12 of 11 new"),
    ("has more in all than the total", swap(NEW, "New submissions (showing 12 of 13 entries)"), "add up to 23"),
    ("counts 0", swap(NEW, "New submissions (showing 0 of 0 entries)"), "0 of 0 new"),
    ("cross-lists off by one", swap("(showing 5 of 5 entries)", "(showing 4 of 4 entries)"), "4 of 4 cross"),
    ("replacements off by one", swap("(showing 6 of 6 entries)", "(showing 7 of 7 entries)"), "7 of 7 replacement"),
    ("total too high", swap("Total of 23 entries", "Total of 24 entries"), "24"),
    ("total too low", swap("Total of 23 entries", "Total of 22 entries"), "22"),
    ("two totals", swap("Total of 23 entries", "Total of 46 entries", 1), "one total.*'23', '46'"),
    ("no total", swap("Total of 23 entries", ""), "one total"),
    ("an entry left out", sub(_entry(3), ""), "numbers that run on"),
    ("the last entry left out", sub(_entry(23), ""), "6 of 6 replacement.* 5"),
    ("an entry twice", sub(rf"({_entry(3)})", r"\1\1"), "12 of 12 new.* 13"),
    ("an id twice", swap(IDS[1], IDS[0]), "23 different ids, found 22"),
    ("another id in the address", swap(f"/abs/{IDS[1]}", f"/abs/{IDS[0]}"), f"{IDS[0]} all over item 2.*{IDS[1]}"),
    ("another id in the text", swap(f"arXiv:{IDS[1]}", f"arXiv:{IDS[0]}"), f"{IDS[1]} all over item 2.*{IDS[0]}"),
    ("another id of the link", swap(f'id="{IDS[1]}"', f'id="{IDS[0]}"'), f"{IDS[1]} all over item 2.*{IDS[0]}"),
    ("another PDF", swap(f"/pdf/{IDS[1]}", f"/pdf/{IDS[0]}"), f"{IDS[1]} all over item 2.*{IDS[0]}"),
    ("a number twice", swap("name='item2'>[2]", "name='item3'>[3]"), "item numbers that run on"),
    ("a number left out", swap("name='item12'>[12]", "name='item99'>[99]"), "item numbers that run on"),
    ("numbers that begin at 2, all there", _shifted, "items 1 to 23"),
    ("no number", swap("<a name='item2'>[2]</a>", ""), "item number"),
    ("two numbers", swap("name='item2'>[2]", "name='item2'>[3]"), "item number"),
    ("a number in other digits", swap("name='item2'>[2]", "name='item\u0662'>[\u0662]"), "item number"),
    ("numbers that begin at 2", sub(rf"{_entry(1)}", ""), "12 of 12 new.* 11"),
    ("no id", swap(FIRST, "<a title"), "arXiv id in item 1"),
    ("an id with a version", swap(FIRST, FIRST.replace(IDS[0], f"{IDS[0]}v1")), "arXiv id in item 1"),
    ("an id with a line end", swap(FIRST, FIRST.replace(IDS[0], f"{IDS[0]}\n")), "arXiv id in item 1"),
    ("an id with an escaped line end", swap(FIRST, FIRST.replace(IDS[0], f"{IDS[0]}&#10;")), "arXiv id in item 1"),
    ("an id in other digits", swap(FIRST, FIRST.replace("2503.", "25\u0660\u0663.")), "arXiv id in item 1"),
    ("an id that climbs", swap(FIRST, FIRST.replace(IDS[0], "../../etc/passwd")), "arXiv id in item 1"),
    ("no title", sub(r"<div class='list-title.*?</div>", ""), f"list-title in {IDS[0]}"),
    ("a blank title", sub(r"(Title:</span>).*?(</div>)", r"\1 \2"), f"title in {IDS[0]}"),
    ("no authors", sub(r"<div class='list-authors'>.*?</div>", ""), f"list-authors in {IDS[0]}"),
    ("authors without a name", sub(r"(<div class='list-authors'>).*?</div>", r"\1</div>"), f"authors of {IDS[0]}"),
    ("names that are glued", sub(r"(<div class='list-authors'>[^\n]*?</a>), <a", r"\1<a"), "expected the authors of"),
    ("a name that is blank", sub(r"(searchtype=author[^>]*>)[^<]*<", r"\1<"), f"authors of {IDS[0]}"),
    ("no label", swap("<span class='descriptor'>Title:</span>", "", 1), f"'Title:' before the list-title of {IDS[0]}"),
    ("another field's label", swap("Title:<", "Subjects:<", 1), f"'Title:' before the list-title of {IDS[0]}"),
    (
        "text before a label",
        swap("<span class='descriptor'>Title:", "x <span class='descriptor'>Title:", 1),
        "elsewhere",
    ),
    (
        "a field before a label",
        swap("<span class='descriptor'>Title:", "<i>x</i><span class='descriptor'>Title:", 1),
        "elsewhere",
    ),
    ("a label that holds more", swap("Title:</span>", "Title:<i>x</i></span>", 1), "elsewhere"),
    ("text between fields", swap("<div class='list-authors'>", "x<div class='list-authors'>", 1), "in one div"),
    ("a paper of another category", swap("(cs.CV)", "(cs.LG)", 1), f"cs.CV, found {IDS[0]} in cs.LG"),
    ("no subjects", sub(r"<div class='list-subjects'>.*?</div>", ""), f"list-subjects in {IDS[0]}"),
    ("no primary subject", swap('class="primary-subject"', "", 1), f"subjects of {IDS[0]}"),
    ("a subject without a name", sub(r"\(cs\.CV\)</span>", "</span>"), f"subjects of {IDS[0]}"),
    ("no abstract", sub(r"<p class='mathjax'>.*?</p>", ""), f"abstract in {IDS[0]}"),
    ("two abstracts", sub(r"(<p class='mathjax'>.*?</p>)", r"\1\1"), "abstract twice"),
    ("a field twice", sub(r"(<div class='list-authors'>.*?</div>)", r"\1\1"), "list-authors twice"),
    ("an unknown section", swap("<h3>Cross submissions", "<h3>Withdrawn submissions"), "Withdrawn submissions"),
    ("a section twice", swap("Cross submissions (", "New submissions ("), "new twice"),
    ("sections in another order", _exchanged, "in this order"),
    ("a heading without numbers", swap(NEW, "New submissions"), "known section"),
    ("a heading in other digits", swap(NEW, "New submissions (showing \u0661\u0662 of 12 entries)"), "known section"),
    ("a date that is none", swap("5 March 2025", "31 February 2025"), "expected a date"),
    ("no date after all", swap("Wednesday, 5 March 2025", "today"), "expected a date"),
    ("another weekday", swap("Wednesday, 5 March", "Thursday, 5 March"), "2025-03-05 to be a Wednesday.*Thursday"),
    ("another language", swap("Wednesday, 5 March", "Mittwoch, 5 Maerz"), "expected a date"),
    (
        "two dates",
        swap(NEW, "New submissions for Tue, 4 Mar 2025 (showing 12 of 12 entries)"),
        "2025-03-04, 2025-03-05",
    ),
    ("two categories", swap('href="/list/cs.CV/recent"', 'href="/list/cs.LG/recent"'), "one category.*cs.LG"),
    ("entries outside a section", swap(f"<h3>{NEW}</h3>", ""), "inside a section"),
    ("a dd without its dt", sub(r"<dt>.*?</dt>", ""), "after its dt"),
    ("a dt without its dd", sub(r"<dd>.*?</dd>", ""), "followed by its dd"),
    ("the last dd left out", sub(r"(.*)<dd>.*?</dd>", r"\1"), "dt"),
    ("no entries", sub(r"<dl id='articles'>.*</dl>", ""), "entries or 'No updates'"),
]


@pytest.mark.parametrize(
    ("edit", "words"), [pytest.param(edit, words, id=name) for name, edit, words in CONTRADICTIONS]
)
def test_a_page_that_contradicts_itself_is_refused(edit: Edit, words: str) -> None:
    """Whatever does not add up, the page is refused for good, and the reason says what and where."""
    page = edit(listing_page(WHOLE))
    error = refusal(page)
    assert type(error) is PageRefusedError, error
    assert "expected" in str(error)
    assert "found" in str(error)
    assert re.search(words, str(error)), error


def damaged(page: str) -> Iterator[str]:
    """Yield a page with each tag of a record in the middle of each section left out, or exchanged with the next.

    A ``br`` is left alone: without it the line is one that its author did not break, and nothing tells so.
    """
    for section in re.finditer(r"<dl.*?</dl>", page, re.DOTALL):
        records = list(re.finditer(r"<dt>.*?</dd>", section[0], re.DOTALL))
        record = records[len(records) // 2]
        start = section.start() + record.start()
        tags = [(start + tag.start(), start + tag.end()) for tag in re.finditer(r"<(?!br)[^>]*>", record[0])]
        for begin, end in tags:
            yield page[:begin] + page[end:]
        for (begin, end), (second, last) in pairwise(tags):
            yield page[:begin] + page[second:last] + page[end:second] + page[begin:end] + page[last:]


def check_no_field_differs(page: str, category: str = "cs.CV") -> None:
    """Whatever tag of a page is lost or exchanged: it is refused, or every field is that of the page as it was."""
    whole = join_pages([parse_page(page.encode())], category).entries
    tried = 0
    for broken in damaged(page):
        tried += 1
        try:
            found = join_pages([parse_page(broken.encode())], category).entries
        except DigestError:
            continue
        assert found == whole, next(
            f"{one}, not {other}" for one, other in zip(found, whole, strict=True) if one != other
        )
    assert tried > 50


def test_a_lost_or_exchanged_tag_changes_no_field() -> None:
    """The page is refused, or read as if nothing had happened."""
    check_no_field_differs(listing_page(invent("cs.CV", DAY, new=3, cross=3, replacement=3)))


@pytest.mark.parametrize("digits", [20, 5000])
@pytest.mark.parametrize("place", ["Total of {} entries", "showing {} of", "of {} entries)", "name='item{0}'>[{0}]"])
def test_a_number_beyond_all_measure_is_refused(place: str, digits: int) -> None:
    """A count or an item number of many digits refuses the page; nothing else happens."""
    honest = {
        "Total of {} entries": "Total of 23 entries",
        "showing {} of": "showing 12 of",
        "of {} entries)": "of 12 entries)",
        "name='item{0}'>[{0}]": "name='item1'>[1]",
    }[place]
    refusal(swap(honest, place.format("9" * digits))(listing_page(WHOLE)))


def test_a_replacement_without_its_abstract_is_no_whole_record() -> None:
    """Today's pages show the abstracts of replacements too; one without is refused."""
    page = listing_page(invent("cs.CV", DAY, new=0, cross=0, replacement=3))
    error = refusal(sub(r"<p class='mathjax'>.*?</p>", "")(page))
    assert type(error) is PageRefusedError
    assert "abstract" in str(error)


@pytest.mark.parametrize("sizes", [(3, 2, 1), (0, 0, 2)])
def test_a_catchup_page_without_abstracts_is_refused(sizes: tuple[int, int, int]) -> None:
    """A page asked for without abstracts is evidence, never a day, whichever sections it has."""
    new, cross, replacement = sizes
    day = invent("cs.CV", DAY, new=new, cross=cross, replacement=replacement)
    error = refusal(catchup_page(day, abstracts=False))
    assert type(error) is PageRefusedError
    assert "expected an abstract" in str(error)


@pytest.mark.parametrize(
    "heading",
    [
        "Wed, 5 Mar 2025 (showing 23 of 23 entries )",
        "Authors and titles for March 2025",
        "New submissions, Cross-lists",
        "",
    ],
)
def test_other_views_of_a_category_are_refused(heading: str) -> None:
    """The headings of /recent, of a month and of nothing at all are no section's."""
    error = refusal(swap(f"<h3>{NEW}</h3>", f"<h3>{heading}</h3>")(listing_page(WHOLE)))
    assert type(error) is PageRefusedError
    assert "known section" in str(error)


def test_a_page_of_another_category_is_refused() -> None:
    """A page that lists cs.LG is no listing of cs.CV, and the reason names both."""
    error = refusal(listing_page(invent("cs.LG", DAY)))
    assert type(error) is PageRefusedError
    assert "expected a listing of cs.CV, found one of cs.LG" in str(error)


def test_a_catchup_page_of_another_category_is_refused() -> None:
    """Where no link names the category, the papers themselves do."""
    strangers = tuple(_of(paper, "math.AG") for paper in invent("math.AG", DAY).new)
    error = refusal(catchup_page(Mailing("math.AG", DAY, new=strangers)))
    assert type(error) is PageRefusedError
    assert "math.AG" in str(error)


def _of(paper: InventedPaper, category: str) -> InventedPaper:
    return InventedPaper(paper.arxiv_id, paper.title, paper.abstract, paper.authors, None, None, category, (category,))


@pytest.mark.parametrize("category", ["cs.C", "cs.CV2", "c", "cs.CVX", "CS.CV"])
def test_a_category_is_matched_whole(category: str) -> None:
    """A category that only begins alike is another one."""
    assert type(refusal(listing_page(WHOLE), category=category)) is PageRefusedError
    assert type(refusal(catchup_page(WHOLE), category=category)) is PageRefusedError


# What is refused for now: arXiv itself says that something is missing


@pytest.mark.parametrize("hidden", [1, 5, 11])
@pytest.mark.parametrize("render", [listing_page, catchup_page])
def test_a_replica_that_lags_is_incomplete(render: Callable[..., str], hidden: int) -> None:
    """A page "showing 7 of 12" without any paging says that the rest is on its way: try later."""
    held = Mailing("cs.CV", DAY, WHOLE.new[:-hidden], WHOLE.cross, WHOLE.replacement)
    error = refusal(render(WHOLE, held=held))
    assert type(error) is ListingIncompleteError
    assert error.exit_code == 75
    assert f"expected 23 entries, found {23 - hidden} (new {12 - hidden} of 12, cross 5 of 5" in str(error)


@pytest.mark.parametrize("kept", ["new", "cross", "replacement"])
def test_a_replica_that_lacks_whole_sections_is_incomplete(kept: str) -> None:
    """A lagging page leaves out sections of which it has nothing; the total tells."""
    held = Mailing("cs.CV", DAY, **{kept: getattr(WHOLE, kept)})
    error = refusal(listing_page(WHOLE, held=held))
    assert type(error) is ListingIncompleteError
    assert "expected 23 entries, found" in str(error)


def test_a_short_page_says_whether_it_was_cut_or_lags() -> None:
    """A section that is short without a word of paging lags; "first", "last" and "continued" are arXiv's cuts."""
    held = Mailing("cs.CV", DAY, WHOLE.new[:-1], WHOLE.cross, WHOLE.replacement[:-1])
    lagging = parse_page(listing_page(WHOLE, held=held).encode())
    assert lagging.partial == (Section.NEW, Section.REPLACEMENT)
    assert [parse_page(page.encode()).partial for page in parts(5)] == [()] * 5


def test_a_single_page_with_an_id_twice_is_refused() -> None:
    """A repeated id refuses the page that has it, before any other page is looked at."""
    with pytest.raises(PageRefusedError, match="10 different ids, found 9"):
        parse_page(swap(IDS[1], IDS[0])(parts(10)[0]).encode())


def test_a_catchup_page_with_a_total_and_no_updates_is_incomplete() -> None:
    """The catchup page of a replica that has nothing yet: a total, and "No updates"."""
    error = refusal(catchup_page(WHOLE, held=Mailing("cs.CV", DAY)))
    assert type(error) is ListingIncompleteError
    assert "expected 23 entries, found 'No updates'" in str(error)


def test_a_listing_with_a_total_and_no_updates_is_refused() -> None:
    """What /list shows past its end is no day."""
    error = refusal(listing_page(WHOLE, skip=5000))
    assert type(error) is PageRefusedError
    assert "expected 23 entries, found 'No updates'" in str(error)


@pytest.mark.parametrize("left_out", range(5))
def test_a_day_lacks_a_page(left_out: int) -> None:
    """With one of five pages missing, whichever, the day is incomplete, and the numbers say by how much."""
    pages = parts(5)
    short = 3 if left_out == 4 else 5
    error = refusal(*(page for index, page in enumerate(pages) if index != left_out))
    assert type(error) is ListingIncompleteError
    assert f"expected 23 entries, found {23 - short}" in str(error)


# What is not joined


@cache
def _other_day() -> Mailing:
    return invent("cs.CV", DAY - timedelta(1))


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([listing_page(_other_day())], "one date, found 2025-03-04, 2025-03-05"),
        ([catchup_page(WHOLE)], "one kind of page, found catchup, listing"),
        ([swap("Total of 23 entries", "Total of 24 entries")(parts(10)[1])], "one total, found 23, 24"),
        ([swap("of 12 entries", "of 13 entries")(parts(10)[1])], "number of new entries, found 12, 13"),
        ([no_updates_page("cs.CV", DAY)], "one total, found 0, 23"),
        ([listing_page(invent("cs.LG", DAY))], "found"),
        ([sub(r"Title:</span>\s*", "Title:</span>Another: ")(listing_page(WHOLE))], "one item 1, found two"),
    ],
)
def test_pages_that_contradict_one_another_are_refused(others: list[str], words: str) -> None:
    """Pages of different days, kinds or sizes, or with different items of one number, are no day together."""
    error = refusal(*parts(10), *others)
    assert type(error) is PageRefusedError
    assert words in str(error)


def test_pages_that_lack_entries_may_not_have_more_than_declared_either() -> None:
    """With 13 of 12 new submissions and 5 of 6 replacements the day is refused for good: it is not merely short."""
    new = (*WHOLE.new, _other_day().new[0])
    second = listing_page(Mailing("cs.CV", DAY, new, WHOLE.cross, WHOLE.replacement[:-1]), skip=12, show=25)
    second = sub(r"(?<=Replacement submissions \(showing 5 of )5", "6")(swap("of 13 entries", "of 12 entries")(second))
    error = refusal(listing_page(WHOLE, show=12), second)
    assert type(error) is PageRefusedError
    assert "no more entries than declared, found new 13 of 12" in str(error)


def test_an_id_may_not_come_back_on_a_later_page() -> None:
    """The same paper on two pages of a day, under different numbers, refuses the day."""
    first, second, third = parts(10)
    error = refusal(first, swap(IDS[10], IDS[0])(second), third)
    assert type(error) is PageRefusedError
    assert "23 different ids, found 22" in str(error)


# Nothing but a listing or a refusal


HOSTILE = st.sampled_from(
    [
        *("<dl>", "</dl>", "<dt>", "</dt>", "<dd>", "</dd>", "<h1>", "</h1>", "<h3>", "</h3>", "<p>", "</p>"),
        *("<div id='dlpage'>", "</div>", "<!--", "-->", "<script>", "</script>", "<plaintext>", "<table>", "<td>"),
        *("</body>", "</html>", "<![CDATA[", "<?x", "<a href='/list/cs.LG/new'>", "</a>", "<template>", "<svg>"),
        *("Total of 5 entries", "No updates today.", "&#0;", "&#xD800;", "&bogus;", "\x00", "\x0b", "\ufffe"),
        *("<textarea>", "<title>", "<select>", "<iframe>", "<noscript>", "<frameset>", "<base href=x>", "<b>" * 3000),
    ]
)


@given(st.lists(st.tuples(st.floats(0, 1), HOSTILE | st.text(max_size=9)), min_size=1, max_size=4))
def test_whatever_stands_in_a_page_it_is_a_day_or_refused(insertions: list[tuple[float, str]]) -> None:
    """Foreign markup anywhere in a page never ends in anything but a whole day or a refusal."""
    page = listing_page(invent("cs.CV", DAY, new=2, cross=1, replacement=1))
    for place, text in insertions:
        at = int(place * len(page))
        page = page[:at] + text + page[at:]
    try:
        listing = read(page)
    except DigestError:
        return
    assert listing.shortage or len(listing.entries) == 4
    assert sum(listing.declared.values()) == 4


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(body: bytes) -> None:
    """Bytes from anywhere are refused, never a crash."""
    with pytest.raises(PageRefusedError):
        parse_page(body + b"</html>")
