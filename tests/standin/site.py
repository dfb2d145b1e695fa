"""What passes between the stand-in's site, its server and its faults; and which page or feed answers which path.

Requests that arXiv refuses are refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from digest.standin.announcements import CATEGORY_NAMES, Mailing
from tests.standin.feeds import FEED_TYPES, error_feed, feed
from tests.standin.pages import (
    RECENT_DAYS,
    RECENT_SHOW,
    SHOW_VALUES,
    catchup_page,
    error_page,
    listing_page,
    recent_page,
)

HTML = "text/html; charset=utf-8"

_CATCHUP_REACH = timedelta(days=91)
_LISTING = re.compile(r"/list/(?P<category>[\w.-]+)/new")
_RECENT = re.compile(r"/list/(?P<category>[\w.-]+)/(?P<name>recent|pastweek)")
_FEED = re.compile(r"/(?P<kind>rss|atom)/(?P<category>[\w.-]+)")
_CATCHUP = re.compile(r"/catchup/(?P<category>[\w.-]+)/(?P<day>[^/]+)")
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Request:
    """A request as it came: ``path`` with its query, ``headers`` by lower-case name, ``at`` monotonic."""

    path: str
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Reply:
    """An answer, and in what ways its sending goes wrong.

    Attributes:
        declared_length: The Content-Length to send if it is not the body's; the connection then closes.
        send_length: When false, no Content-Length is sent and the end of the connection ends the body.
        chunk_delay: Seconds to wait between the pieces of the body.
        chunk_size: How many bytes a piece has; 0 sends the body at once.
        header_delay: Seconds to wait before the status line.
        chunked_and_cut: Send the first half in the chunked coding, then close without its end.
        hang_up: Close the connection without a word.
        announcement: What the page or feed shows (of several days the newest), for faults that build it anew.
        render: Makes a page from what a replica holds of ``announcement``, a feed from any announcement.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    declared_length: int | None = None
    send_length: bool = True
    chunk_delay: float = 0.0
    chunk_size: int = 0
    header_delay: float = 0.0
    chunked_and_cut: bool = False
    hang_up: bool = False
    announcement: Mailing | None = None
    render: Callable[[Mailing], str] | None = None

    def with_header(self, name: str, value: str) -> "Reply":
        """Return this reply with the header ``name`` set to ``value``, instead of any it had."""
        others = tuple(header for header in self.headers if header[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))


Fault: TypeAlias = Callable[[Request, Reply], Reply]


def html_reply(page: str, status: int = 200) -> Reply:
    """Return ``page`` as arXiv sends its pages."""
    return Reply(status=status, headers=(("Content-Type", HTML),), body=page.encode())


class _BadRequest(Exception):  # noqa: N818  # named after the status
    """The text is the heading of a page with status 400."""


@dataclass(frozen=True)
class Site:
    """arXiv at one moment: all announcements by category and date, and the date of today."""

    announcements: Mapping[tuple[str, date], Mailing]
    today: date
    page_size: int

    def answer(self, target: str) -> Reply:
        """Return the honest reply to a GET of ``target``, a path with its query."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            if match := _LISTING.fullmatch(parts.path):
                return self._listing(self._known(match["category"]), query)
            if match := _RECENT.fullmatch(parts.path):
                return self._recent(self._known(match["category"]), match["name"], query)
            if match := _CATCHUP.fullmatch(parts.path):
                return self._catchup(self._known(match["category"]), match["day"], query)
            if match := _FEED.fullmatch(parts.path):
                return self._feed(match["kind"], match["category"])
        except _BadRequest as error:
            return html_reply(error_page(str(error)), 400)
        return html_reply(error_page("Page not found"), 404)

    def _known(self, category: str) -> str:
        if not self._is_known(category):
            raise _BadRequest(f"Invalid archive or category: {category}")
        return category

    def _is_known(self, category: str) -> bool:
        return category in CATEGORY_NAMES or any(category == known for known, _ in self.announcements)

    def _mailings(self) -> list[date]:
        return sorted({day for _, day in self.announcements if day <= self.today})

    def _announced(self, category: str, day: date) -> Mailing:
        return self.announcements.get((category, day), Mailing(category, day))

    def _listing(self, category: str, query: Mapping[str, str]) -> Reply:
        skip, show = self._part(query, self.page_size)
        announcement = self._announced(category, max(self._mailings(), default=self.today))
        return _page(announcement, lambda held: listing_page(announcement, skip=skip, show=show, held=held))

    def _recent(self, category: str, name: str, query: Mapping[str, str]) -> Reply:
        skip, show = self._part(query, RECENT_SHOW)
        days = [self._announced(category, day) for day in reversed(self._mailings()[-RECENT_DAYS:])]
        newest = days[0] if days else Mailing(category, self.today)
        return _page(newest, lambda held: recent_page(category, days, name=name, skip=skip, show=show, held=held))

    def _feed(self, kind: str, category: str) -> Reply:
        if not self._is_known(category):
            return _feed_reply(kind, error_feed(kind, category, self.today), 400)
        announcement = self._announced(category, self.today)
        reply = _feed_reply(kind, feed(kind, announcement), 200)
        return replace(reply, announcement=announcement, render=lambda other: feed(kind, other))

    def _part(self, query: Mapping[str, str], default: int) -> tuple[int, int]:
        skip = _number(query, "skip", 0)
        show = _number(query, "show", default)
        if show not in (*SHOW_VALUES, self.page_size):
            raise _BadRequest(f"Invalid show value. Valid values: {', '.join(map(str, SHOW_VALUES))}")
        return skip, show

    def _catchup(self, category: str, text: str, query: Mapping[str, str]) -> Reply:
        if not query.keys() <= {"abs", "page"}:
            raise _BadRequest("Unexpected parameters. Only accepted parameters are: 'page', and 'abs'")
        if query.get("abs", "False") not in ("True", "False"):
            raise _BadRequest("Invalid abs value. Valid values: True, False")
        page = _number(query, "page", 1)
        if page < 1:
            raise _BadRequest("Invalid page value")
        day = self._catchup_day(text)
        announcement = self._announced(category, day)
        next_day = next((mailing for mailing in self._mailings() if mailing > day), None)
        return _page(
            announcement,
            lambda held: catchup_page(
                announcement,
                page=page,
                next_day=next_day,
                per_page=self.page_size,
                abstracts=query.get("abs") == "True",
                held=held,
            ),
        )

    def _catchup_day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise _BadRequest(f"Invalid date: {text}. Use format: YYYY-MM-DD") from None
        if day > self.today:
            raise _BadRequest(f"Invalid date: {day}. Can't request date later than today")
        if day < self.today - _CATCHUP_REACH:
            raise _BadRequest(f"Invalid date: {day}. Catchup only allowed for past 90 days")
        return day


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not _NUMBER.fullmatch(text):
        raise _BadRequest(f"Invalid {name} value")
    return int(text)


def _page(announcement: Mailing, render: Callable[[Mailing], str]) -> Reply:
    return replace(html_reply(render(announcement)), announcement=announcement, render=render)


def _feed_reply(kind: str, text: str, status: int) -> Reply:
    return Reply(status=status, headers=(("Content-Type", FEED_TYPES[kind]),), body=text.encode())
