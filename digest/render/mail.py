"""What a listing date or a view shows → a mail: its HTML, and the same as plain text. Pure.

Mail programs show no more of a long mail than its beginning (Gmail: 102 kB), so abstracts are cut first, then papers
are left out, and both parts say how many.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from digest.config.resources import mail_template
from digest.errors import how_many
from digest.render.formats import wrapped
from digest.render.markdown import web_address
from digest.render.site import shortened
from digest.render.templates import filled_in, without_chance
from digest.render.unicode import in_unicode

if TYPE_CHECKING:
    from jinja2 import Template

    from digest.render.digest import DigestContents, NumberedEntry

MOST_BYTES = 95_000
"""Of HTML in UTF-8: some less than what Gmail shows."""

_ABSTRACTS = (700, 350, 180, 0)
"""So many characters of each abstract are shown: the most with which all papers have room."""

_AUTHORS, _CODE_LINKS, _TITLE, _WHY = 6, 3, 300, 400
_WIDTH = 76
_NAME = "mail.html.j2"


class Mail(NamedTuple):
    """The two forms of a mail."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class _Paper:
    """A paper as a mail shows it: plain texts of signs that are seen."""

    number: int
    title: str
    url: str
    authors: str
    links: tuple[_Link, ...]
    facts: str
    why: str
    abstract: str


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    papers: Sequence[_Paper]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a mail is made of; ``more`` says what is left out, "" if nothing is."""

    title: str
    notes: Sequence[str]
    address: str
    sections: Sequence[_Section]
    more: str


def render_mail(
    title: str, contents: Sequence[DigestContents], *, notes: Iterable[str] = (), address: str = ""
) -> Mail:
    """Return the mail of what is shown; a paper that several of the ``contents`` have stands once.

    ``notes`` stand under the title; ``address`` leads to all of it, "" if it is published nowhere.
    """
    sections = _sections(contents)
    total = sum(len(section.papers) for section in sections)

    def parts(number: int, length: int) -> _Parts:
        shown, left = [], number
        for section in sections:
            papers = [replace(one, abstract=_cut(one.abstract, length)) for one in section.papers[:left]]
            left -= len(papers)
            shown += [replace(section, papers=papers)] if papers else []
        more = f"… and {how_many(total - number, 'more paper')}." if number < total else ""
        return _Parts(_plain(title), told, web_address(address), shown, more)

    def fits(number: int, length: int) -> bool:
        return len(_html(parts(number, length)).encode()) <= MOST_BYTES  # its text is shorter

    told = [_plain(note) for note in notes]
    length = next((one for one in _ABSTRACTS if fits(total, one)), None)
    number = total
    if length is None:  # the more papers, the less they fit
        length, number = 0, bisect(range(total), 0, key=lambda one: not fits(one, 0)) - 1
    chosen = parts(number, length)
    return Mail(_html(chosen), _text(chosen))


def _sections(contents: Sequence[DigestContents]) -> list[_Section]:
    seen: set[str] = set()
    found = []
    for one in contents:
        shown = [section for section in one.sections if section.entries]
        for section in shown:
            papers = [_paper(entry, one) for entry in section.entries if entry.id not in seen]
            seen |= {entry.id for entry in section.entries}
            names = [one.name] if len(contents) > 1 else []
            names += [f"{section.title} ({len(papers)})"] if names or len(shown) > 1 else []
            found += [_Section(" · ".join(names), papers)] if papers else []
    return found


def _paper(entry: NumberedEntry, shown: DigestContents) -> _Paper:
    authors = ", ".join(entry.authors[:_AUTHORS])
    if rest := len(entry.authors) - _AUTHORS if len(entry.authors) > _AUTHORS else 0:
        authors += f" and {rest} more"
    elif entry.more_authors:
        authors += " and more"
    code = [_Link(web_address(url), f"Code: {shortened(web_address(url))}") for url in entry.code_urls[:_CODE_LINKS]]
    return _Paper(
        number=entry.number,
        title=_cut(_plain(in_unicode(entry.title)), _TITLE) or entry.id,
        url=entry.abstract_url,
        authors=_plain(authors),
        links=(_Link(entry.pdf_url, "PDF"), *code),
        facts=_plain(", ".join(filter(None, entry.categories))),
        why=_cut(_plain(in_unicode("; ".join(entry.reasons))), _WHY) if shown.view else "",
        abstract=_plain(in_unicode(entry.text)),
    )


def _plain(text: str) -> str:
    """Return ``text`` on one line of signs that are seen: no other could do anything but harm."""
    return " ".join("".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text).split())


def _cut(text: str, length: int) -> str:
    """Return ``text``, or its beginning up to the end of a word, of a sentence if one ends late enough."""
    if len(text) <= length:
        return text
    head = text[: length + 1]
    if (end := head.rfind(". ")) >= length * 2 // 3:
        return f"{head[: end + 1]} …"
    start = head.rpartition(" ")[0]
    return f"{(start if len(start) > length // 2 else head[:length]).rstrip(' ,:;(-')}…" if length else ""


def _html(parts: _Parts) -> str:
    context = {name: getattr(parts, name) for name in _Parts.__slots__}
    return filled_in(_template(), _NAME, context)


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - a run that sends no mail does not wait for it

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return without_chance(environment).from_string(mail_template(_NAME))


def _text(parts: _Parts) -> str:
    address = [parts.address] if parts.address else []
    lines = [line for one in (parts.title, *parts.notes) for line in wrapped(one, "", _WIDTH)] + address
    for section in parts.sections:
        lines += ["", *wrapped(section.title.upper(), "", _WIDTH)] if section.title else []
        for paper in section.papers:
            lines += ["", *_lines(paper)]
    return "\n".join([*lines, *(["", parts.more, *address] if parts.more else [])]) + "\n"


def _lines(paper: _Paper) -> list[str]:
    lines = [*wrapped(paper.title, f"{paper.number}. ", _WIDTH)]
    for text in (paper.authors, paper.facts):
        lines += wrapped(text, width=_WIDTH) if text else []
    lines += [f"   {paper.url}", *(f"   {one.url}" for one in paper.links)]
    lines += wrapped(f"Why: {paper.why}", width=_WIDTH) if paper.why else []
    return [*lines, *(["", *wrapped(paper.abstract, width=_WIDTH)] if paper.abstract else [])]
