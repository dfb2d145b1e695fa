"""A classic digest → its entries, exact or refused, with the line of whatever is not as the format has it.

The format is that of ``templates/classic.md.j2``: a heading, then two lines a paper, with its title and abstract alone.
Digests of other programs and of other years differ in small things that leave no doubt (line ends, the order of an
anchor's attributes): these are named. Where cross-lists begin is inferred: ids descend in each section, so that they
rise there.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, pairwise

from digest.calendar import heading_date
from digest.errors import PageRefusedError, quoted
from digest.model import CATEGORY, ArxivId, Entry, Paper, Section
from digest.parse.document import MOST_ENTRIES, collapse, parse_date, require_at_most, require_modest_text
from digest.parse.links import find_links
from digest.parse.markup import anchor_anew

START = b"# ArXiv "
"""How a classic digest begins, whatever wrote it."""

_HEADING = re.compile(r"# ArXiv (?P<category>\S+) --(?P<date>.+)")
_TITLE = re.compile(
    r"### (?P<number>[1-9][0-9]{0,4})\.(?P<title>.+?)  \[ :arrow_down: \]\(https?://arxiv\.org/pdf/(?P<id>[^()\s]+?)"
    r"(?:v[1-9][0-9]?)?(?:\.pdf)?\)",
    re.ASCII,
)
_AS_WRITTEN = re.compile(r"\(https://arxiv\.org/pdf/[^()\s]+\.pdf\)\Z")
_VERSION = re.compile(r"[0-9]v[1-9][0-9]?(?:\.pdf)?\)\Z", re.ASCII)
_ABSTRACT = re.compile(r">  (?P<text>[^ ](?:.*[^ ])?)(?P<end> *)")
_LONGEST_LINE = 20_000  # arXiv takes abstracts of up to 1920 characters; anchors make them longer
_END = " " * 6  # what follows an abstract
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

# What an abstract is made of; possessive, so that no text takes long to refuse.
_ATTRIBUTE = r"\s++[a-z-]++=(?:\"[^\"<>]*+\"|'[^'<>]*+')"
_TOKEN = re.compile(
    rf"(?P<text>[^<>&]++)|(?P<entity>&(?:amp|lt|gt);)|(?P<break><br>)"
    rf"|<a(?P<attributes>(?:{_ATTRIBUTE})++)\s*+>(?P<shown>(?:[^<>&]|&(?:amp|lt|gt);)++)</a>"
    r"|(?P<other_break><br ?/>)|(?P<other_entity>&(?:quot|apos|#39|#34);)"
    r"|(?P<bare>>|&(?![#A-Za-z0-9]+;)|<(?![A-Za-z/!?]))"
)
_NAME_AND_VALUE = re.compile(r"([a-z-]+)=(?:\"([^\"]*)\"|'([^']*)')")
_ATTRIBUTES = frozenset({"class", "data-arxiv-id", "data-doi", "href", "rel", "target", "title"})
_ESCAPED_TAG = re.compile(r"&lt;(?=[A-Za-z/!?])")


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a digest is not as the format has it, and leaves no doubt all the same; lines count from 1."""

    line: int
    words: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.words}"


@dataclass(frozen=True)
class ClassicDigest:
    """What a classic digest tells.

    ``entries`` stand in the order of a listing: in each section, ids ascend. ``cross_lists_begin`` is the number of the
    first cross-list; None where ids rise nowhere, so that all are taken for new submissions.
    """

    category: str
    date: date
    entries: tuple[Entry, ...]
    cross_lists_begin: int | None
    deviations: tuple[Deviation, ...]


@dataclass
class _Reading:
    """The lines of a digest, and what was found odd about them."""

    lines: Sequence[str]
    deviations: dict[Deviation, None] = field(default_factory=dict)

    def note(self, number: int, words: str) -> None:
        """Note that something about a line is odd; the same is noted once."""
        self.deviations[Deviation(number, words)] = None


def parse_classic(body: bytes) -> ClassicDigest:
    """Parse the bytes of a classic digest of a category.

    Raises:
        PageRefusedError: it cannot be read exactly; the line is named.
    """
    reading = _Reading([])
    reading.lines = _lines_of(body, reading)
    category, day = _heading(reading)
    rest = reading.lines[1:]
    require_at_most("papers in a digest", len(rest) // 2, MOST_ENTRIES)
    require_modest_text(sum(map(len, rest)), len(rest) // 2)
    require_at_most("characters in a line", max(map(len, rest), default=0), _LONGEST_LINE)
    papers = [_paper(reading, number) for number in range(1, len(rest) // 2 + 1)]
    if len(rest) % 2:
        raise _refused(len(reading.lines), "an abstract after each title", "the digest to end")
    _prove_ends(reading)
    begin = _cross_lists_begin([paper.arxiv_id for paper in papers])
    _prove_ids([paper.arxiv_id for paper in papers], day)
    own = len(papers) if begin is None else begin - 1
    sections = [(Section.NEW, paper) for paper in papers[own - 1 :: -1] if own]
    sections += [(Section.CROSS, paper) for paper in papers[: own - 1 if own else None : -1]]
    entries = tuple(Entry(section, place, paper) for place, (section, paper) in enumerate(sections, 1))
    return ClassicDigest(category, day, entries, begin, tuple(sorted(reading.deviations, key=lambda one: one.line)))


def _refused(line: int, expected: str, found: str) -> PageRefusedError:
    return PageRefusedError(f"line {line}: expected {expected}, found {found}")


def _lines_of(body: bytes, reading: _Reading) -> list[str]:
    """Return the lines of a digest without their ends, and without the empty ones at its end."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _refused(body.count(b"\n", 0, error.start) + 1, "UTF-8", f"other bytes ({error.reason})") from error
    if text.startswith("\ufeff"):
        text = text[1:]
        reading.note(1, "begins with a byte order mark")
    if "\r" in text:
        returns = text.count("\r\n")
        if returns != text.count("\r") or returns != text.count("\n"):
            raise _refused(text.count("\n", 0, text.index("\r")) + 1, "line ends of one kind", "several")
        text = text.replace("\r\n", "\n")
        reading.note(1, "lines end with CR LF")
    if control := _CONTROLS.search(text):
        raise _refused(text.count("\n", 0, control.start()) + 1, "no control characters", quoted(control[0]))
    lines = text.split("\n")
    has_end, written = lines[-1] == "", len(lines)
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    if written - len(lines) > 1:
        reading.note(len(lines) + 1, "empty lines at the end")
    elif not has_end:
        reading.note(len(lines), "ends without a line end")
    return lines


def _heading(reading: _Reading) -> tuple[str, date]:
    line = reading.lines[0]
    match = _HEADING.fullmatch(line)
    if match is None or not CATEGORY.fullmatch(match["category"]):
        raise _refused(1, "a heading such as '# ArXiv cs.CV --Wed, 20 Oct 2021'", quoted(line))
    shown = match["date"]
    try:
        day = parse_date(collapse(shown))
    except PageRefusedError as error:
        raise PageRefusedError(f"line 1: {error}") from error
    if shown != heading_date(day):
        reading.note(1, f"the date is not written as {heading_date(day)!r}")
    return match["category"], day


def _paper(reading: _Reading, number: int) -> Paper:
    """Return the paper with this number in the digest."""
    place = 2 * number  # of its first line
    match = _TITLE.fullmatch(reading.lines[place - 1])
    if match is None:
        expected = f"'### {number}.TITLE  [ :arrow_down: ](https://arxiv.org/pdf/ID.pdf)'"
        raise _refused(place, expected, quoted(reading.lines[place - 1]))
    if int(match["number"]) != number:
        raise _refused(place, f"number {number}", match["number"])
    try:
        arxiv_id = ArxivId.parse(match["id"])
    except ValueError as error:
        raise _refused(place, "an arXiv id", quoted(match["id"])) from error
    if not _AS_WRITTEN.search(match[0]) or _VERSION.search(match[0]):
        reading.note(place, "the address of the PDF is another")
    # The template escapes what would begin a tag; titles are plain text.
    title = collapse(_ESCAPED_TAG.sub("<", match["title"]))
    if _ESCAPED_TAG.sub("<", match["title"]) != title:
        reading.note(place, "several blanks in the title, or blanks around it")
    if re.search(r"<(?=[A-Za-z/!?])", match["title"]):
        reading.note(place, "the title has a '<' that is written as &lt;")
    if not title:
        raise _refused(place, "a title", "none")
    abstract = _abstract(reading, place + 1)
    links = find_links(abstract=abstract, comments=None, title=title)
    return Paper(arxiv_id, title, (), "", (), abstract, links=links)


def _abstract(reading: _Reading, place: int) -> str:
    """Return the abstract in the line ``place`` in its canonical form."""
    line = reading.lines[place - 1] if place <= len(reading.lines) else ""
    match = _ABSTRACT.fullmatch(line)
    if match is None:
        raise _refused(place, "'>  ABSTRACT'", quoted(line))
    text, end, pieces = match["text"], 0, []
    while end < len(text):
        token = _TOKEN.match(text, end)
        if token is None:
            raise _refused(place, "text, <br> and links of one word", quoted(text[end : end + 60]))
        pieces.append(_canonical(reading, place, token))
        end = token.end()
    return "".join(pieces)


def _canonical(reading: _Reading, place: int, token: re.Match[str]) -> str:
    """Return a piece of an abstract as the format has it."""
    match token.lastgroup:
        case "text" | "entity" | "break":
            return token[0]
        case "shown":
            return _anchor(reading, place, token)
        case "other_break":
            reading.note(place, f"{token[0]} for <br>")
            return "<br>"
        case "other_entity":
            reading.note(place, f"{token[0]} for {html.unescape(token[0])}")
            return html.unescape(token[0])
        case _:
            reading.note(place, f"a bare {token[0]}")
            return html.escape(token[0], quote=False)


def _anchor(reading: _Reading, place: int, token: re.Match[str]) -> str:
    found = [(name, html.unescape(one or other)) for name, one, other in _NAME_AND_VALUE.findall(token["attributes"])]
    attributes = dict(found)
    if len(attributes) != len(found) or not attributes.keys() <= _ATTRIBUTES or "href" not in attributes:
        raise _refused(place, "a link with class, href and rel", quoted(token[0]))
    made = anchor_anew(token["shown"], attributes.get)
    if not made.startswith("<a "):
        raise _refused(place, "a link with an address of http or https", quoted(token[0]))
    if made != token[0]:
        reading.note(place, "a link in another form")
    return made


def _prove_ends(reading: _Reading) -> None:
    """See that each abstract ends as the format has it; an editor may have stripped all, a cut leaves one."""
    ends = [len(line) - len(line.rstrip(" ")) for line in reading.lines[2::2]]
    if ends and not any(ends) and Deviation(len(reading.lines), "ends without a line end") not in reading.deviations:
        reading.note(3, "no blanks after the abstracts")
        return
    for number, found in enumerate(ends, 1):
        if found != len(_END):
            raise _refused(2 * number + 1, f"the abstract to end with {len(_END)} blanks", str(found))


def _cross_lists_begin(ids: Sequence[ArxivId]) -> int | None:
    """Return the number of the first paper whose id is greater than the one before.

    Raises:
        PageRefusedError: there are several.
    """
    rises = [number for number, (one, other) in enumerate(pairwise(ids), 2) if other > one]
    if len(rises) > 1:
        expected = "ids that descend in two sections, new submissions and cross-lists"
        raise _refused(2 * rises[1], expected, f"another rise, to {ids[rises[1] - 1]}")
    return rises[0] if rises else None


def _prove_ids(ids: Sequence[ArxivId], day: date) -> None:
    """See that no paper occurs twice, that no id is of a month after the date's, and that the newest is recent."""
    seen: dict[ArxivId, int] = {}
    for number, arxiv_id in enumerate(ids, 1):
        if arxiv_id in seen:
            raise _refused(2 * number, "each paper once", f"{arxiv_id} again (line {2 * seen[arxiv_id]})")
        seen[arxiv_id] = number
        if (arxiv_id.year, arxiv_id.month) > (day.year, day.month):
            raise _refused(2 * number, f"an id of {day:%Y-%m} or before", str(arxiv_id))
    months = [12 * one.year + one.month for one in ids]
    if months and max(months) < 12 * day.year + day.month - 1:
        raise _refused(1, "the date of a month that suits the ids", f"{day}, and {max(ids)} as the newest")


def by_line(digest: ClassicDigest) -> Iterator[tuple[int, str]]:
    """Yield the deviations, each line once with all that is odd about it."""
    for line, members in groupby(digest.deviations, key=lambda one: one.line):
        yield line, ", ".join(one.words for one in members)
