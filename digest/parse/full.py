"""A digest by the template ``full`` → its entries, exact or refused, with the line of what is not as it should be.

It bears all fields of a paper, as markdown; this undoes what ``render/markdown.py`` does. Abstracts and comments are
text there, to which arXiv's anchors are added again. Whoever makes the digest again proves that all was understood.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from digest.errors import PageRefusedError, quoted
from digest.model import CATEGORY, ArxivId, Entry, Paper, Section
from digest.parse.document import MOST_ENTRIES, parse_date, require_at_most, require_modest_text
from digest.parse.links import find_links
from digest.parse.markup import with_anchors

CONTENTS = '## <a id="contents"></a>Contents'
"""The line with which that part of a digest begins that tells of its papers."""

_HEADING = re.compile(r"# arXiv (?P<category>\S+) · (?P<date>.+)")
_SECTIONS = {
    "New submissions": Section.NEW,
    "Cross-lists": Section.CROSS,
    "Replacements": Section.REPLACEMENT,
}
_NOUNS = {Section.NEW: "new submission", Section.CROSS: "cross-list", Section.REPLACEMENT: "replacement"}
_HEAD = re.compile(
    r"(?:---\ndate: (?P<date>[0-9-]{10})\ncategory: .+\nstate: \w+\nsource: \w+\ndeclared: .+\nstored: .+\n---\n\n)?"
    r"# arXiv .+\n\n(?P<counts>.+)\n(?:\n> \*\*\w+\.\*\* .+\n)?\n"
)
_RECONSTRUCTED = "> **Reconstructed.** "
_COUNT = rf"(?P<number>[0-9]+)(?: of [0-9]+)? (?P<noun>{'|'.join(_NOUNS.values())})s?(?P<hidden> \(not shown\))?"
_SECTION = re.compile(rf"## (?P<name>{'|'.join(_SECTIONS)}) \([0-9]+\)(?P<continued>, continued)?")
_TITLE = re.compile(r'### <a id="(?P<anchor>[^"]+)"></a>[0-9]+\. (?P<title>.+)')
_MORE_AUTHORS = re.compile(r"<details><summary>and [0-9]+(?: or)? more authors</summary>")
_PLACE = re.compile(r"(?P<categories>.+) · \[PDF\]\(https://arxiv\.org/pdf/(?P<id>[^()\s]+)\.pdf\)(?: ·.*)?")
_ABSTRACT = "<details><summary>Abstract</summary>"
_END = "</details>"
_MARKED = re.compile(
    r'<span dir="auto">|<span>(?:\\(?P<sign>[^<])|(?P<piece>[^<\\]*))</span>|</span>|\$`(?P<tex>[^`]*)`\$'
    r"|\\(?P<escaped>.)|&#(?P<code>[0-9]{1,7});",
    re.DOTALL | re.ASCII,
)


@dataclass(frozen=True)
class FullDigest:
    """What such a digest tells; ``sections`` are those that it would show, ``entries`` in the order of a listing.

    ``is_reconstructed``: it says that the day was.
    """

    category: str
    date: date
    sections: tuple[Section, ...]
    entries: tuple[Entry, ...]
    is_reconstructed: bool


def parse_full(body: bytes) -> FullDigest:
    """Parse the bytes of a digest of a category by the template ``full``.

    Raises:
        PageRefusedError: it cannot be read, is of a view, or is one of several parts.
    """
    try:
        lines = body.decode().split("\n")
    except UnicodeDecodeError as error:
        raise _refused(body.count(b"\n", 0, error.start) + 1, "UTF-8", f"other bytes ({error.reason})") from error
    if lines[-1] != "":
        raise _refused(len(lines), "a line end", "the digest cut")
    begin = next((number for number, line in enumerate(lines) if line.startswith("# arXiv ")), 0)
    category, day = _heading(lines[begin], begin + 1)
    try:
        contents = lines.index(CONTENTS, begin)
    except ValueError:
        raise PageRefusedError(
            "expected a whole digest with its contents, found none, or one of several parts"
        ) from None
    head = lines[:contents]
    if any(line.startswith(("view: ", "part: ", "**Part ", "[Part ")) for line in head):
        raise PageRefusedError("expected a category's digest in one file, found a view's, or one of several parts")
    blocks = list(_blocks(lines, contents))
    require_at_most("papers in a digest", len(blocks), MOST_ENTRIES)
    require_modest_text(len(body), 2 * len(blocks))
    found = [(section, _paper(block)) for section, block in blocks]
    counts = _counts(head, day, begin + 3)
    wrong = [section for section, count in counts.items() if count != sum(one is section for one, _ in found)]
    if wrong:
        raise _refused(begin + 3, f"as many of {wrong[0]} as it counts, {counts[wrong[0]]}", "others")
    shown = _shown_sections("\n".join(head), several=any(f"**{name}**" in lines for name in _SECTIONS))
    order = list(Section)
    if any(section not in shown for section, _ in found) or shown != tuple(order[: len(shown)]):
        raise PageRefusedError("expected new submissions, then cross-lists, found a digest of other sections")
    found.sort(key=lambda one: (order.index(one[0]), one[1].arxiv_id))
    entries = tuple(Entry(section, place, paper) for place, (section, paper) in enumerate(found, 1))
    is_reconstructed = any(line.startswith(_RECONSTRUCTED) for line in head)
    return FullDigest(category, day, shown, entries, is_reconstructed)


def _refused(line: int, expected: str, found: str) -> PageRefusedError:
    return PageRefusedError(f"line {line}: expected {expected}, found {found}")


def _heading(line: str, number: int) -> tuple[str, date]:
    match = _HEADING.fullmatch(line)
    category = _plain(match["category"]) if match else ""
    if match is None or not CATEGORY.fullmatch(category):
        raise _refused(number, "a heading such as '# arXiv cs.CV · Wed, 20 Oct 2021'", quoted(line))
    try:
        return category, parse_date(match["date"])
    except PageRefusedError as error:
        raise PageRefusedError(f"line {number}: {error}") from error


def _counts(head: Sequence[str], day: date, number: int) -> dict[Section, int]:
    """Return how many papers of the sections that it shows a digest counts in its ``head``."""
    match = _HEAD.fullmatch("".join(f"{line}\n" for line in head))
    if match is None or match["date"] not in (None, str(day)):
        raise _refused(number, "the head of a digest", "another")
    counts = [re.fullmatch(_COUNT, one) for one in match["counts"].split(" · ")]
    if not all(counts):
        raise _refused(number, "numbers of papers", quoted(match["counts"]))
    sections = {noun: section for section, noun in _NOUNS.items()}
    return {sections[one["noun"]]: int(one["number"]) for one in counts if one and not one["hidden"]}


def _shown_sections(head: str, *, several: bool) -> tuple[Section, ...]:
    """Return the sections that the digest shows, or would show, by its first lines."""
    hidden = [section for section in Section if re.search(rf" {_NOUNS[section]}s? \(not shown\)", head)]
    shown = tuple(section for section in Section if section not in hidden)
    return shown if several else shown[:1]


@dataclass(frozen=True)
class _Block:
    """The lines of one paper that are not empty, with their numbers."""

    lines: Sequence[tuple[int, str]]

    def at(self, place: int) -> tuple[int, str]:
        """Return a line and its number; beyond the end, an empty one."""
        return self.lines[place] if place < len(self.lines) else (self.lines[-1][0], "")


def _blocks(lines: Sequence[str], start: int) -> Iterator[tuple[Section, _Block]]:
    section, block = None, list[tuple[int, str]]()
    for number, line in enumerate(lines[start:], start + 1):
        match = _SECTION.fullmatch(line)
        is_title = line.startswith("### ")
        if (match or is_title) and block and section:
            yield section, _Block(block)
            block = []
        if match and match["continued"]:
            raise _refused(number, "a whole digest", "one of several parts")
        if match:
            section = _SECTIONS[match["name"]]
        elif section and line and (block or is_title):
            block.append((number, line))
    if block and section:
        yield section, _Block(block)


def _paper(block: _Block) -> Paper:
    number, line = block.at(0)
    match = _TITLE.fullmatch(line)
    if match is None:
        raise _refused(number, "'### NUMBER. [TITLE](ADDRESS)'", quoted(line))
    place, authors = _authors(block)
    number, line = block.at(place)
    where = _PLACE.fullmatch(line)
    if where is None:
        raise _refused(number, "categories and a link to the PDF", quoted(line))
    try:
        arxiv_id = ArxivId.parse(where["id"])
    except ValueError as error:
        raise _refused(number, "an arXiv id", quoted(where["id"])) from error
    named = [_plain(one).strip("*") for one in where["categories"].split(" · ")]
    categories = () if named[0].startswith("listed in ") else tuple(named)
    if not all(map(CATEGORY.fullmatch, categories)):
        raise _refused(number, "categories", quoted(where["categories"]))
    link = rf"(?<!\\)\[((?:\\.|[^\[\]\\])*)\]\(https://arxiv\.org/abs/{re.escape(str(arxiv_id))}\)"
    title = _plain(re.sub(link, r"\1", match["title"]))
    abstract, comments, journal = _texts(block, place + 1)
    links = find_links(abstract=abstract, comments=comments, title=title)
    primary = next(iter(categories), "")
    return Paper(arxiv_id, title, authors, primary, categories, abstract, comments, journal, links)


def _authors(block: _Block) -> tuple[int, tuple[str, ...]]:
    """Return the place after the authors, and their names."""
    if _PLACE.fullmatch(block.at(1)[1]):
        return 1, ()
    names = block.at(1)[1].split(", ")
    if not _MORE_AUTHORS.fullmatch(block.at(2)[1]):
        return 2, tuple(map(_plain, names))
    number, line = block.at(4)
    if line != _END:
        raise _refused(number, _END, quoted(line))
    return 5, tuple(map(_plain, [*names, *block.at(3)[1].split(", ")]))


def _texts(block: _Block, place: int) -> tuple[str | None, str | None, str | None]:
    """Return abstract, comments and journal reference, which stand from ``place`` on."""
    if re.match(r"\*\*[A-Z]", block.at(place)[1]):  # links are found anew
        place += 1
    comments = journal = abstract = None
    if block.at(place)[1].startswith("*Comments:* "):
        comments, place = with_anchors(_plain(block.at(place)[1].removeprefix("*Comments:* "))), place + 1
    if block.at(place)[1].startswith("*Journal reference:* "):
        journal, place = _plain(block.at(place)[1].removeprefix("*Journal reference:* ")), place + 1
    rest = list(block.lines[place:])
    if len(rest) == 3 and (rest[0][1], rest[2][1]) == (_ABSTRACT, _END):
        rest = rest[1:2]
    if len(rest) > 1 or (rest and rest[0][1].startswith(("*", "<", "#"))):
        raise _refused(rest[0][0], "an abstract on one line", quoted(rest[0][1]))
    if rest:
        abstract = with_anchors(_plain(rest[0][1]))
    return abstract, comments, journal


def _plain(line: str) -> str:
    """Return the text that a line of markdown shows, as ``render/markdown.py`` made it."""
    return _MARKED.sub(_shown, line)


def _shown(match: re.Match[str]) -> str:
    if match["tex"] is not None:
        return f"${match['tex']}$"
    if match["code"]:
        return chr(int(match["code"])) if int(match["code"]) < 0x110000 else "\ufffd"
    return match["sign"] or match["piece"] or match["escaped"] or ""
