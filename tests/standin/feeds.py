"""One day's mailing as the feeds of rss.arxiv.org: RSS 2.0 and Atom, element by element as arXiv has them.

A feed is a function of its announcement alone. Where arXiv puts the time at which it built the feed, noon
of the announcement's date stands here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

from digest.standin.announcements import CATEGORY_NAMES, InventedPaper, Mailing, version_of

RSS = "application/rss+xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"

FEED_TYPES = {"rss": RSS, "atom": ATOM}
"""The content type of each kind of feed."""

MOST_ITEMS = 2000
"""arXiv's feeds stop here, and leave out new papers first."""

_NEW_YORK = ZoneInfo("America/New_York")
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
_NAMESPACES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_RIGHTS = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
_SKIPPED = """    <skipDays>
      <day>Saturday</day>
      <day>Sunday</day>
    </skipDays>
"""


@dataclass(frozen=True)
class _Item:
    paper: InventedPaper
    announce_type: str
    version: int


@dataclass(frozen=True)
class _Head:
    """What a feed says of itself."""

    name: str  # what was asked for; a category if it is known
    title: str
    description: str
    day: date
    is_error: bool = False


def feed(kind: str, announcement: Mailing) -> str:
    """Return ``/rss/CATEGORY`` or ``/atom/CATEGORY``, by ``kind``; every date in it is the announcement's."""
    name = announcement.category
    about = f"{name} updates on"
    head = _Head(name, f"{about} arXiv.org", f"{about} the arXiv.org e-print archive.", announcement.date)
    return _FORMATS[kind](head, list(_items(announcement))[-MOST_ITEMS:])


def error_feed(kind: str, name: str, day: date) -> str:
    """Return what arXiv answers to a feed of something that is no category: a feed that says so."""
    archive, _, subject = name.partition(".")
    known = ", ".join(sorted(known for known in CATEGORY_NAMES if known.startswith(f"{archive}.")))
    message = f"Bad subject class '{subject}'. Valid subject classes for the archive '{archive}' are: {known}."
    title = f"Feed error for query: {_address(kind, name)}"
    return _FORMATS[kind](_Head(name, title, message, day, is_error=True), [])


def _items(announcement: Mailing) -> Iterator[_Item]:
    for paper in announcement.new:
        yield _Item(paper, "new", version_of(paper, revised=False))
    for paper in announcement.cross:
        yield _Item(paper, "cross", version_of(paper, revised=False))
    for paper in announcement.replacement:
        is_home = paper.primary_category == announcement.category
        yield _Item(paper, "replace" if is_home else "replace-cross", version_of(paper, revised=True))


def _rss(head: _Head, items: list[_Item]) -> str:
    address = _text(_address("rss", head.name))
    published = format_datetime(_midnight(head.day))
    content = 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    editor = "rss-help.arxiv.org" if head.is_error else "rss-help@arxiv.org"
    return f"""{_DECLARATION}<rss {_NAMESPACES} {content} version="2.0">
  <channel>
    <title>{_text(head.title)}</title>
    <link>{address}</link>
    <description>{_text(head.description)}</description>
    <atom:link href="{address}" rel="self" type="application/rss+xml"/>
    <docs>http://www.rssboard.org/rss-specification</docs>
    <language>en-us</language>
    <lastBuildDate>{format_datetime(_built(head.day))}</lastBuildDate>
    <managingEditor>{editor}</managingEditor>
    <pubDate>{published}</pubDate>
{"" if head.is_error else _SKIPPED}{"".join(_rss_item(item, published) for item in items)}  </channel>
</rss>
"""


def _rss_item(item: _Item, published: str) -> str:
    categories = "".join(f"      <category>{name}</category>\n" for name in item.paper.primary_first)
    return f"""    <item>
      <title>{_text(item.paper.title)}</title>
      <link>https://arxiv.org/abs/{item.paper.arxiv_id}</link>
      <description>{_description(item)}</description>
      <guid isPermaLink="false">{_oai_id(item)}</guid>
{categories}      <pubDate>{published}</pubDate>
{_announced(item, "      ")}    </item>
"""


def _atom(head: _Head, items: list[_Item]) -> str:
    address = _text(_address("atom", head.name))
    updated = _built(head.day).isoformat(timespec="microseconds")
    published = _midnight(head.day).isoformat()
    return f"""{_DECLARATION}<feed {_NAMESPACES} xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
  <id>{address}</id>
  <title>{_text(head.title)}</title>
  <updated>{updated}</updated>
  <link href="{address}" rel="self" type="application/atom+xml"/>
  <subtitle>{_text(head.description)}</subtitle>
{"".join(_atom_entry(item, updated, published) for item in items)}</feed>
"""


def _atom_entry(item: _Item, updated: str, published: str) -> str:
    categories = "".join(f'    <category term="{name}"/>\n' for name in item.paper.primary_first)
    return f"""  <entry>
    <id>{_oai_id(item)}</id>
    <title>{_text(item.paper.title)}</title>
    <updated>{updated}</updated>
    <link href="https://arxiv.org/abs/{item.paper.arxiv_id}" rel="alternate" type="text/html"/>
    <summary>{_description(item)}</summary>
{categories}    <published>{published}</published>
{_announced(item, "    ")}  </entry>
"""


_FORMATS: Mapping[str, Callable[[_Head, list[_Item]], str]] = {"rss": _rss, "atom": _atom}


def _announced(item: _Item, indent: str) -> str:
    reference = item.paper.journal_ref
    lines = [
        f"<arxiv:announce_type>{item.announce_type}</arxiv:announce_type>",
        f"<dc:rights>{_RIGHTS}</dc:rights>",
        *((f"<arxiv:journal_reference>{_text(reference)}</arxiv:journal_reference>",) if reference else ()),
        f"<dc:creator>{_text(', '.join(item.paper.authors))}</dc:creator>",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def _description(item: _Item) -> str:
    head = f"arXiv:{item.paper.arxiv_id}v{item.version} Announce Type: {item.announce_type} \n"
    return f"{head}Abstract: {_text(item.paper.abstract)}"


def _oai_id(item: _Item) -> str:
    return f"oai:arXiv.org:{item.paper.arxiv_id}v{item.version}"


def _address(kind: str, name: str) -> str:
    return f"http://rss.arxiv.org/{kind}/{name}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _NEW_YORK)


def _built(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _text(raw: str) -> str:
    return escape(raw, quote=False)
