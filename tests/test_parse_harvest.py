"""What OAI-PMH and Kaggle's snapshot tell: whole, or refused; record by record."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import NotServedError, PageRefusedError
from digest.jobs.reconstruct import paper_of
from digest.model import Basis, Dating, Day, Entry, Section, Source, State
from digest.model.harvest import Version
from digest.parse import PARSER_VERSION
from digest.parse.harvest import DeadTokenError, Part, parse_line, parse_part
from digest.records.day import parse_record, render_record
from tests.standin.oai import Record, Repository

NOW = datetime(2025, 3, 5, 2, tzinfo=UTC)
ASKED = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs:cs:CV"}
FIRST, SECOND = datetime(2021, 10, 19, 15, 4, 5, tzinfo=UTC), datetime(2022, 1, 3, 9, 8, 7, tzinfo=UTC)
PAPER = Record(
    "2110.09903",
    date(2022, 1, 4),
    (FIRST, SECOND),
    title=r"On $a<b$ & Poincar\'e",
    authors="A. Bell (1), C. Dietz ((1) Inst. A)",
    categories="cs.CV q-bio.QM",
    comments="12 pages",
    journal_ref="J. Things 3 (2022)",
    abstract="We do  things.\n  They \\emph{work}.",
)


def answer(*records: Record, asked: Mapping[str, str] = ASKED, page_size: int = 2000, counts: bool = False) -> str:
    """Return the stand-in's response to a request."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return Repository(records, page_size, counts).answer(query, NOW)


def parse(text: str, asked: Mapping[str, str] = ASKED) -> Part:
    """Parse a response."""
    return parse_part(text.encode(), asked)


def test_a_paper_is_told_in_the_words_of_the_source() -> None:
    """Texts as they were typed, with their blanks and line ends; each version with its time; the last is shown."""
    part = parse(answer(PAPER))
    (one,) = part.papers
    assert (one.arxiv_id, one.datestamp, one.version) == ("2110.09903", date(2022, 1, 4), 2)
    assert (one.categories, one.title, one.authors) == ("cs.CV q-bio.QM", PAPER.title, PAPER.authors)
    assert (one.comments, one.journal_ref) == ("12 pages", "J. Things 3 (2022)")
    assert one.abstract == PAPER.abstract
    assert one.versions == (Version(1, FIRST), Version(2, SECOND))
    assert (part.records, part.first, part.last, part.token) == (1, date(2022, 1, 4), date(2022, 1, 4), None)


def test_kaggle_tells_the_same() -> None:
    """Its abstracts are framed by blanks, which stay; what a paper has not is null there."""
    (one,) = parse(answer(PAPER)).papers
    assert parse_line(PAPER.kaggle_line) == one._replace(abstract=f"  {PAPER.abstract}\n")
    assert parse_line(replace(PAPER, comments=None).kaggle_line).comments is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [("math.GT/0309136", "math/0309136"), ("hep-th/9108001", "hep-th/9108001"), ("0704.0001", "0704.0001")],
)
def test_old_ids_are_known_in_one_form(written: str, kept: str) -> None:
    """Of 1991, and with a subject class or without."""
    one = replace(PAPER, arxiv_id=written, categories="math.GT")
    assert parse_line(one.kaggle_line).arxiv_id == kept
    asked = {**ASKED, "set": "math:math"}
    assert [found.arxiv_id for found in parse(answer(one, asked=asked), asked).papers] == [kept]


def test_versions_may_stand_in_any_order_and_lack_one() -> None:
    """As of a paper of which arXiv removed one."""
    found = json.loads(PAPER.kaggle_line)
    found["versions"] = [found["versions"][1] | {"version": "v3"}, found["versions"][0]]
    one = parse_line(json.dumps(found).encode())
    assert ([v for v, *_ in one.versions], one.version) == ([1, 3], 3)


def test_the_other_format_tells_days_alone() -> None:
    """Of the first version the day, of the others that there are some, but not how many; names are put together."""
    plain = """<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2110.09903</id><created>2021-10-19</created>{}
<authors><author><keyname>Bell</keyname><forenames>Anna</forenames><suffix>Jr</suffix></author>
<author><keyname>The Team</keyname></author></authors><title>T</title><categories>cs.CV</categories></arXiv>"""
    whole = re.compile("<arXivRaw.*</arXivRaw>", re.DOTALL)
    for more, version in (("", 1), ("<updated>2022-01-03</updated>", None)):
        (one,) = parse(whole.sub(plain.format(more), answer(PAPER))).papers
        assert (one.version, one.authors, one.abstract) == (version, "Anna Bell Jr, The Team", "")
        assert one.versions == (Version(1, datetime(2021, 10, 19, tzinfo=UTC), is_day=True),)


def test_real_responses_are_whole(shared: Path) -> None:
    """What arXiv's own code makes: both formats, a token, the page that it continues with, no records."""
    pages, more = shared / "pages" / "oai", {"from": "2021-10-20", "until": "2021-10-20"}
    raw = parse_part((pages / "seedday_listrecords_arXivRaw.xml").read_bytes(), ASKED | more)
    plain = parse_part(
        (pages / "seedday_listrecords_arXiv.xml").read_bytes(), {**ASKED, **more, "metadataPrefix": "arXiv"}
    )
    assert (raw.records, plain.records, raw.refused, plain.refused) == (86, 86, (), ())
    assert {one.arxiv_id: one.title for one in raw.papers} == {one.arxiv_id: one.title for one in plain.papers}
    huge = {**ASKED, "metadataPrefix": "arXiv", "from": "2025-06-03", "until": "2025-06-03"}
    first = parse_part(gzip.decompress((pages / "huge_page1_arXiv.xml.gz").read_bytes()), huge)
    assert (first.records, first.token_until) == (2000, datetime(2026, 11, 23, tzinfo=UTC))
    following = {"verb": "ListRecords", "resumptionToken": first.token or ""}
    second = parse_part(gzip.decompress((pages / "huge_page2_arXiv.xml.gz").read_bytes()), following)
    assert (second.records, second.token) == (600, None)
    none = {**huge, "from": "2025-05-31", "until": "2025-06-01"}
    assert parse_part((pages / "err_norecordsmatch.xml").read_bytes(), none).records == 0
    with pytest.raises(DeadTokenError):
        parse_part((pages / "err_badtoken.xml").read_bytes(), following)
    for name in ("identify.xml", "getrecord_2110.09903_arXivRaw.xml"):
        with pytest.raises(PageRefusedError, match="expected the answer to"):
            parse_part((pages / name).read_bytes(), ASKED)


def test_a_token_is_told_with_its_end() -> None:
    """It lives until the time that is told with it, else until midnight UTC."""
    papers = [replace(PAPER, arxiv_id=f"2110.0000{number}") for number in range(1, 4)]
    text = answer(*papers, page_size=2, counts=True)
    part = parse(text)
    assert part.token is not None
    assert (part.records, part.size, part.token_until) == (2, 3, datetime(2025, 3, 6, tzinfo=UTC))
    assert parse(re.sub(" expirationDate='[^']*'", "", text)).token_until == part.token_until
    asked = {"verb": "ListRecords", "resumptionToken": part.token}
    query = "verb=ListRecords&resumptionToken=" + part.token.replace("%", "%25")
    rest = parse_part(Repository(papers, 2).answer(query, NOW).encode(), asked)
    assert [one.arxiv_id for one in rest.papers] == ["2110.00003"]
    empty = "<resumptionToken completeListSize='1' cursor='0'/></ListRecords>"
    last = parse(answer(PAPER).replace("</ListRecords>", empty))
    assert (last.token, last.size, last.cursor) == (None, 1, 0)


def test_a_deleted_record_is_told_by_its_id() -> None:
    """It has a header alone."""
    part = parse(answer(PAPER, replace(PAPER, arxiv_id="2110.00001", is_deleted=True)))
    assert (len(part.papers), part.deleted, part.records) == (1, ("2110.00001",), 2)


def test_a_record_that_stands_twice_is_one() -> None:
    """Of two of one paper the later counts."""
    newer = replace(PAPER, title="Newer", datestamp=date(2022, 1, 5))
    assert [one.title for one in parse(answer(PAPER, PAPER, newer)).papers] == ["Newer"]


def test_a_paper_that_was_deleted_and_came_back_is_told_by_datestamps() -> None:
    """Whichever stands first."""
    gone = replace(PAPER, is_deleted=True, datestamp=date(2022, 1, 5))
    back = replace(PAPER, datestamp=date(2022, 1, 6))
    for one, other in ((gone, back), (back, gone)):
        part = parse(answer(one, other))
        assert ([paper.datestamp for paper in part.papers], part.deleted) == ([date(2022, 1, 6)], ())
    assert parse(answer(PAPER, gone)).deleted == ("2110.09903",)


def test_of_records_that_cannot_be_read_the_first_datestamp_is_told() -> None:
    """Its own, or that of what stands before it: a list is in their order."""
    papers = [replace(PAPER, arxiv_id=f"2110.0000{number}", datestamp=date(2022, 1, number)) for number in range(1, 5)]
    text = answer(*papers)
    assert parse(text.replace("<id>2110.00003", "<id>2110.1")).unread_since == date(2022, 1, 3)
    assert parse(text.replace("2022-01-03", "2026-01-03")).unread_since == date(2022, 1, 2)
    assert parse(text.replace("2022-01-01", "2022-01-99")).unread_since == date(2022, 1, 2)
    assert parse(text).unread_since is None


TITLE = r"<title>On $a&lt;b$ &amp; Poincar\'e</title>"
DAMAGE = {
    "an id that is none": ("2110.09903", "2110.9903", "is no arXiv id"),
    "another paper's metadata": ("<id>2110.09903", "<id>2110.09904", "expected the metadata of '2110.09903'"),
    "a foreign identifier": ("oai:arXiv.org:", "oai:example.org:", "expected an identifier oai:arXiv.org:ID"),
    "no datestamp": ("<datestamp>2022-01-04</datestamp>", "", "expected a date as datestamp"),
    "no day": ("<datestamp>2022-01-04", "<datestamp>2022-01-44", "expected a date as datestamp, found '2022-01-44'"),
    "no time": ("Tue, 19 Oct 2021", "19 October 2021", "expected a version and its time"),
    "an impossible time": ("19 Oct 2021", "39 Oct 2021", "expected a version and its time"),
    "a version that is none": ('version="v1"', 'version="first"', "expected a version and its time"),
    "a version twice": ('version="v1"', 'version="v2"', "each once"),
    "no category": ("<categories>cs.CV q-bio.QM", "<categories>cs.CV; DROP", "expected categories"),
    "another format": ("http://arxiv.org/OAI/arXivRaw/", "http://arxiv.org/OAI/arXivOld/", "expected metadata as"),
    "no metadata": ("<metadata>", "<metadata><x/>", "expected metadata as"),
    "no title": (TITLE, "", "expected a title, found none"),
    "a title of blanks": (TITLE, "<title> \u00a0\n</title>", "expected a title, found ' "),
    "a title that nobody sees": (TITLE, "<title>\u200b\u0085\u202e</title>", "expected a title, found '"),
    "two titles": ("<title>", "<title>Another</title><title>", "expected each field once, found 'title' twice"),
    "markup in a title": ("<title>", "<title><b>So</b>", "expected a text as title, found '{http"),
    "markup in the authors": ("<authors>", "<authors><author/>", "expected a text as authors, found '{http"),
    "a datestamp of tomorrow": (">2022-01-04<", ">2025-03-06<", "expected a datestamp up to 2025-03-05"),
}


@pytest.mark.parametrize(("whole", "damaged", "words"), DAMAGE.values(), ids=DAMAGE)
def test_a_record_that_cannot_be_read_is_named_and_the_rest_counts(whole: str, damaged: str, words: str) -> None:
    """One odd record among thousands must not keep the others out."""
    other = replace(PAPER, arxiv_id="2110.00001")
    text = answer(PAPER, other)
    record = other.xml("arXivRaw")
    part = parse(text.replace(whole, damaged).replace(record.replace(whole, damaged), record))
    assert [one.arxiv_id for one in part.papers] == ["2110.00001"]
    (said,) = part.refused
    assert words in said


REFUSED = {
    "a login page": ("<!DOCTYPE html><html><p>Sign in</p></html>", "document type declarations"),
    "a page": ("<html><p>Sign in</p></html>", "expected an answer of OAI-PMH, found 'html'"),
    "nothing": ("", "expected whole XML"),
    "an error of no known kind": (
        answer(PAPER).replace("<ListRecords>", "<error code='tooHot'>Not today</error><ListRecords>"),
        "arXiv says: tooHot: Not today$",
    ),
    "another set": (answer(PAPER, asked={**ASKED, "set": "cs:cs"}), "found that to .*set=cs:cs'?$"),
    "no request": (re.sub("<request.*</request>", "", answer(PAPER)), "a request that is not named"),
    "no list": (answer(PAPER).replace("ListRecords>", "ListSets>"), "expected one ListRecords, found 0"),
    "two lists": (answer(PAPER).replace("</OAI-PMH>", "<ListRecords/></OAI-PMH>"), "found 2"),
    "no time": (answer(PAPER).replace("2025-03-05T", "05/03/2025 "), "expected a time as responseDate"),
    "an odd size": (
        answer(PAPER).replace("</ListRecords>", "<resumptionToken cursor='-1'/></ListRecords>"),
        "expected a number as cursor",
    ),
    "a time that no clock shows": (
        answer(PAPER).replace("2025-03-05T", "9999-12-31T"),
        "expected a time as responseDate",
    ),
    "a token without end": (
        answer(PAPER).replace("</ListRecords>", f"<resumptionToken>{'A' * 200_000}</resumptionToken></ListRecords>"),
        "expected at most 1000 characters of a token, found 200000",
    ),
    "a token that lives for ever": (
        answer(PAPER).replace(
            "</ListRecords>",
            "<resumptionToken expirationDate='9999-12-31T23:59:59Z'>t</resumptionToken></ListRecords>",
        ),
        "expected a time as expirationDate",
    ),
    "an entity": (answer(PAPER).replace("<OAI-PMH", '<!DOCTYPE x [<!ENTITY a "b">]><OAI-PMH'), "declarations"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_answer_to_the_request_is_refused(text: str, words: str) -> None:
    """Pages of others, answers to other requests, answers that contradict themselves."""
    with pytest.raises(PageRefusedError, match=words):
        parse(text)


@given(st.integers(1, len(answer(PAPER).strip()) - 1))
def test_a_response_that_is_cut_anywhere_is_refused(at: int) -> None:
    """Whatever is left of it."""
    with pytest.raises(PageRefusedError):
        parse(answer(PAPER).strip()[:at])


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_refused(encoding: str) -> None:
    """OAI-PMH is UTF-8; in others, what is refused could hide."""
    with pytest.raises(PageRefusedError, match="expected UTF-8"):
        parse_part(answer(replace(PAPER, title="Zoë")).encode(encoding), ASKED)


@pytest.mark.parametrize("count", [2_500_000, 200_000])
def test_a_flood_of_tags_or_attributes_is_refused_at_once(count: int) -> None:
    """Before anything is built of it."""
    flood = "<a/>" * count if count > 1_000_000 else "<a " + " ".join(f'b{n}="1"' for n in range(count)) + "/>"
    with pytest.raises(PageRefusedError, match=r"expected at most [0-9]+ (tags|attributes)"):
        parse(f"<OAI-PMH>{flood}</OAI-PMH>")


@pytest.mark.parametrize("code", ["badArgument", "badVerb", "cannotDisseminateFormat"])
def test_a_request_that_makes_no_sense_is_told_as_arxiv_tells_it(code: str) -> None:
    """Such as a set that is not there."""
    text = answer().replace("noRecordsMatch", code)
    with pytest.raises(NotServedError, match=f"arXiv says: {code}: The combination"):
        parse(text)


def test_a_dead_token_is_one_only_where_one_was_sent() -> None:
    """In answer to another request it is an answer that nobody understands."""
    text = answer().replace("noRecordsMatch", "badResumptionToken")
    with pytest.raises(DeadTokenError):
        parse(text, {"verb": "ListRecords", "resumptionToken": "x"})
    with pytest.raises(PageRefusedError):
        parse(text)


def test_the_same_token_again_is_refused() -> None:
    """Who went on by it would never come to an end."""
    text = answer(PAPER, replace(PAPER, arxiv_id="2110.00001"), page_size=1)
    part = parse(text)
    token = part.token or ""
    named = f"<request verb='ListRecords' resumptionToken='{token}'>"
    with pytest.raises(PageRefusedError, match="expected another token"):
        parse(re.sub("<request[^>]*>", lambda _match: named, text), {"verb": "ListRecords", "resumptionToken": token})


LINES: Mapping[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "expected texts as id"),
    "a number as id": ({"id": 704.0001}, "expected texts as id"),
    "an id that is none": ({"id": "../x"}, "is no arXiv id"),
    "a list as title": ({"title": ["x"]}, "expected texts as id"),
    "half a character": ({"title": "\ud800"}, "half a character"),
    "a NUL": ({"abstract": "a\0b"}, "NUL"),
    "an empty title": ({"title": ""}, "expected a title, found ''"),
    "no title": ({"title": None}, "expected a title, found none"),
    "a title of blanks": ({"title": " \n\u00a0\u3000"}, "expected a title, found ' "),
    "no date": ({"update_date": 20220104}, "expected a date as update_date"),
    "no versions": ({"versions": []}, "expected one version"),
    "versions that are none": ({"versions": ["v1"]}, "expected an object with versions"),
    "versions without a time": ({"versions": [{"version": "v1"}]}, "expected a version and its time"),
}


@pytest.mark.parametrize(("change", "words"), LINES.values(), ids=LINES)
def test_a_line_that_is_not_whole_is_told_with_the_reason(change: dict[str, Any], words: str) -> None:
    """Each as a ValueError, whatever stands in it."""
    with pytest.raises(ValueError, match=words):
        parse_line(json.dumps(json.loads(PAPER.kaggle_line) | change).encode())


NO_OBJECTS = {
    "a word": (b"Expecting", r"expected an object in JSON, found 'Expecting' at character 1$"),
    "a cut line": (b'{"id": ', "expected an object in JSON, found it cut$"),
    "a text that is cut": (b'{"id": "2110', "expected an object in JSON, found '\"2110' at character 8$"),
    "another encoding": (b'{"id": "\xe9"}', "expected UTF-8, found the byte 0xe9 at 9$"),
    "a number without end": (b'{"id": ' + b"9" * 10_000 + b"}", "found what no paper has"),
    "brackets without end": (b"[" * 100_000, "found what no paper has"),
}


@pytest.mark.parametrize(("line", "words"), NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_a_line_that_is_no_object_is_told_in_plain_words(line: bytes, words: str) -> None:
    """What stands there and where, and no more of it than fits into a line."""
    with pytest.raises(ValueError, match=words):
        parse_line(line)


@pytest.mark.parametrize(
    "told",
    [
        *("Tue, 19 Oct 2021 15:04:05", "Tue, 19 Oct 2021 15:04:05  GMT", "Tue, 19 Oct 2021 1504:05. GMT"),
        *("Tue, 31 Feb 2021 15:04:05 GMT", "Tue, 19 Okt 2021 15:04:05 GMT", "Tue, 19 Oct 1821 15:04:05 GMT"),
        *("Tue, 19 Oct 2021 24:04:05 GMT", "Tue, 19 Oct 2021 15:04:05 GMT\n", "\u0661, 19 Oct 2021 15:04:05 GMT"),
    ],
)
def test_a_time_that_is_none_is_refused(told: str) -> None:
    """Whole, as mail has it, of a day that was."""
    line = json.loads(PAPER.kaggle_line) | {"versions": [{"version": "v1", "created": told}]}
    with pytest.raises(ValueError, match="expected a version and its time"):
        parse_line(json.dumps(line).encode())


@pytest.mark.parametrize(
    "written", ["2110.0990", "2110.099033", "1412.01234", "0703.0001", "2113.00001", "2110.0990\u0663", "2110.09903v1"]
)
def test_an_id_that_no_paper_has_is_refused(written: str) -> None:
    """Each month has ids of its length, in ASCII."""
    with pytest.raises(ValueError, match="is no arXiv id"):
        parse_line(json.dumps(json.loads(PAPER.kaggle_line) | {"id": written}).encode())


def test_a_category_that_stands_there_twice_is_taken_once() -> None:
    """Where it stood first: the primary one stays that."""
    twice = replace(PAPER, categories="cs.CV q-bio.QM cs.CV cs.CV")
    assert parse_line(twice.kaggle_line).categories == "cs.CV q-bio.QM"
    assert parse(answer(twice)).papers[0].categories == "cs.CV q-bio.QM"


def test_blank_fields_are_no_fields() -> None:
    """A comment or a reference of blanks is none; authors and an abstract may be missing."""
    change = {"comments": " \n", "journal-ref": "", "authors": None, "abstract": None}
    one = parse_line(json.dumps(json.loads(PAPER.kaggle_line) | change).encode())
    assert (one.comments, one.journal_ref, one.authors, one.abstract) == (None, None, "", "")


@pytest.mark.parametrize("is_ascii", [True, False])
def test_controls_come_into_no_text(is_ascii: bool) -> None:
    """As a digest shows them: U+FFFD, and a blank for what parts lines; TeX and the source's own line ends stay."""
    change = {
        "title": "a\x1b[31m b\x9b c\x7f",
        "authors": "A.\u2028Bell\x85, C.\x0bDietz",
        "abstract": "\\frac \\beta\n\t\ufffe\x08\r\n",
        "comments": "\x0c\x07",
        "journal-ref": "\u2029",
    }
    line = json.dumps(json.loads(PAPER.kaggle_line) | change, ensure_ascii=is_ascii).encode()
    one = parse_line(line)
    assert (one.title, one.authors) == ("a\ufffd[31m b\ufffd c\ufffd", "A. Bell , C. Dietz")
    assert (one.abstract, one.comments, one.journal_ref) == ("\\frac \\beta\n\t\ufffd\ufffd\r\n", " \ufffd", None)
    shown = parse(answer(replace(PAPER, title="a\x9b31m\x7f\u2028b"))).papers[0].title
    assert shown == "a\ufffd31m\ufffd b"


TEXTS = st.none() | st.text(max_size=20) | st.text(" \n\r\t\x0b\x1c\x85\xa0\u2028\x1b\\{}',.()<>&", max_size=12)


@given(st.fixed_dictionaries(dict.fromkeys(("title", "authors", "abstract", "comments", "journal-ref"), TEXTS)))
def test_what_is_taken_in_can_be_read_from_a_record(texts: dict[str, str | None]) -> None:
    """Whatever stands in a text: what a record could not hold is refused before it can make a day."""
    line = json.dumps(json.loads(PAPER.kaggle_line) | texts).encode()
    try:
        one = parse_line(line)
    except ValueError:
        return
    when = date(2021, 10, 20)
    entry = Entry(Section.NEW, 1, paper_of(one), Dating(Basis.CLOCK, when, when, one.version))
    day = Day("cs.CV", when, State.RECONSTRUCTED, Source.OAI, {}, (entry,), (), parser_version=PARSER_VERSION)
    assert parse_record(render_record(day)) == day


@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode),
    )
)
def test_any_line_is_read_or_is_a_value_error(line: bytes) -> None:
    """Nothing else gets out."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        parse_line(line)
