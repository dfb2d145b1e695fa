"""What makes sense: each rule refuses a value that its type alone allows."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from digest.config.paths import check_path, check_portable, check_shared, folded
from digest.config.resources import renamed_categories
from digest.config.secrets import masked
from digest.config.settings import FEED_FILES, FORMAT_FILES, NEVER_SHOWN, Arxiv, Config, excludes
from digest.errors import ConfigError, quoted
from digest.terms import CATEGORY, YEARS, Section


@dataclass(frozen=True)
class _Each:
    """What each item of a list must fulfil; ``is_once``: none is there twice; ``is_deep``: in lists in it, too."""

    is_right: Callable[[Any], object]
    is_once: bool = False
    is_deep: bool = False

    def faults(self, items: Sequence[object]) -> Iterator[tuple[int, object, str]]:
        """Yield the items that are wrong, with their numbers, and what else to say of them."""
        if self.is_deep:
            items = [text for item in items for text in (item if isinstance(item, tuple) else (item,))]
        for number, item in enumerate(items, 1):
            if not self.is_right(item):
                yield number, item, ""
            elif self.is_once and item in items[: number - 1]:
                yield number, item, " twice"


_Rule = tuple[str, Callable[[Any], object] | _Each, str]
"""A key, what its value must fulfil, and what is expected, in words."""

_ARXIV_DELAYS = {"pages_delay": 15.0, "feeds_delay": 3.0}
"""What arXiv asks for: the Crawl-delay of its robots.txt, and https://info.arxiv.org/help/api/tou.html."""

_MOST_DAYS = 36500
_MOST_RANKED = 1000
_HOST_NAME = r"[A-Za-z0-9._-]{0,100}"
_LEAST_LEASE, _LONGEST_LEASE = 1, 86400
_MOST_ASKED, _MOST_MINUTES = 10_000, 720
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?|[0-9a-f:.]+"
# As git-check-ref-format(1) has it, of the names that are no option and no revision.
_BRANCH = r"|(?!.*(?:\.\.|//|@\{|[./]$|\.lock(?:/|$)|/\.))[^\W-][^\s~^:?*\[\\]*"
_DATABASE = r"(?!.*:memory:)(?:sqlite:///.+|postgresql.*)"
_MESSAGE = r"(?=.*\S)(?:[^{}]|\{(?:summary|dates|counts)\})+"
# Where a secret is, never the secret itself: people show their configuration to others.
_PLACE = r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+"
# A view's name becomes a folder's name and a heading, and is typed on command lines.
_NAME = r"(?=.{1,60}$)[^\W_]+(?:[ _-][^\W_]+)*"
_WORDS = r".*[^\W_].*"
_NO_STRAY_STAR = r"(?:[^*]|(?<=[^\W_])\*(?!\w))*"


def check(config: Config, origin: str) -> None:
    """Check all values; ``origin`` is named in errors.

    Raises:
        ConfigError: a value makes no sense.
    """
    kept = config.arxiv.categories
    among_kept = ("categories", _some_of(kept), f"some of those in [arxiv] categories ({', '.join(kept)}), each once")
    try:
        for category in kept:
            check_category(category)
        for section, rules in _RULES.items():
            _obey(rules, getattr(config, section), f"[{section}]")
        _check_needs(config)
        check_path(config.digest.path, "[digest] path", "category", "cs.CV")
        for view in config.views:
            where = f"[[view]] {quoted(view.name)}"
            _obey((*_VIEW_RULES, among_kept), view, where)
            check_path(view.path, f"{where} path", "view", view.name, by_week=view.period == "week")
        _check_annotators(config)
        check_shared(config)
        check_portable(config)
    except ValueError as error:
        raise ConfigError(masked(f"{origin}: {error}")) from error


def check_category(category: str) -> None:
    """Refuse what cannot be the category of an arXiv listing.

    Raises:
        ValueError: it is malformed, or arXiv lists it under another name.
    """
    if "*" in category:
        raise ValueError(f"{quoted(category)}: arXiv has no such category; expected a pattern such as cs.* or hep-*")
    if not CATEGORY.fullmatch(category):
        raise ValueError(f"unknown category {quoted(category)}: expected one such as cs.CV or astro-ph")
    listed = renamed_categories().get(category)
    if listed:
        raise ValueError(f"category {category}: arXiv lists it as {listed}; use that name")


def require_manners(arxiv: Arxiv, *, harvests: bool = False) -> None:
    """Refuse to ask arXiv's own hosts more often than their rules allow; other hosts may be asked at any pace.

    ``harvests``: OAI-PMH is to be asked, too, at the pace of the feeds.

    Raises:
        ConfigError: a delay is too short for the host that it is for.
    """
    asked = [(key, key.replace("_delay", "_url")) for key in _ARXIV_DELAYS]
    for key, address in [*asked, *([("feeds_delay", "oai_url")] if harvests else [])]:
        delay, least = getattr(arxiv, key), _ARXIV_DELAYS[key]
        # A name with a dot at its end is the same host to DNS.
        host = (urlsplit(getattr(arxiv, address)).hostname or "").rstrip(".")
        if delay < least and (host == "arxiv.org" or host.endswith(".arxiv.org")):
            raise ConfigError(f"[arxiv] {key}: arXiv asks for at least {least:g} s between requests, found {delay:g}")


def _obey(rules: Iterable[_Rule], settings: object, where: str) -> None:
    for key, is_right, expected in rules:
        value = getattr(settings, key)
        if value == getattr(type(settings), key, None):
            continue  # a default is right: every command reads a configuration, and most leave most keys out
        if isinstance(is_right, _Each):
            for number, item, more in is_right.faults(value):
                place = f" in place {number}" if key in NEVER_SHOWN else ""
                raise ValueError(f"{where} {key}: expected {expected}, found {shown(key, item)}{place}{more}")
        elif not is_right(value):
            raise ValueError(f"{where} {key}: expected {expected}, found {shown(key, value)}")


def shown(key: str, value: object) -> str:
    """Return how a message shows the wrong ``value`` of a key, if it may."""
    return "something else" if key in NEVER_SHOWN else quoted(list(value) if isinstance(value, tuple) else value)


def _check_needs(config: Config) -> None:
    """Refuse a setting that makes no sense without another one."""
    git, records, several = config.git, config.store.records, len(config.arxiv.categories) > 1
    for key, is_set, is_met, needed in (
        ("[git] push", git.push, git.commit, "commit = true, too"),
        ("[git] durable", git.durable, git.push, "push = true, too"),
        ("[git] durable", git.durable, records, '[store] records, such as "data": only day records last'),
        # Without records, the pages are all that a lost database could be made from.
        ("[store] raw_days", config.store.raw_days, records, '[store] records, too, such as "data"'),
        ("[git] host", git.host, config.is_shared, "a database server in [store] url, which hosts can share"),
        ("[digest] path", several, "{category}" in config.digest.path, "{category} in it, because there are several"),
    ):
        if is_set and not is_met:
            raise ValueError(f"{key}: expected {needed}")


def _check_annotators(config: Config) -> None:
    views = [view.name for view in config.views]
    is_view = (
        "view",
        lambda name: not name or name in views,
        f"the name of a view ({', '.join(views) or 'none'} here)",
    )
    for place, one in enumerate(config.annotators):
        where = f"[[annotate]] {quoted(one.name)}"
        _obey((*_ANNOTATE_RULES, is_view), one, where)
        if not one.command:
            raise ValueError(
                f'{where} command: expected a program and its arguments, such as ["./summary.py"], found none'
            )
        if folded(one.name) in (folded(other.name) for other in config.annotators[:place]):
            raise ValueError(f"{where} name: expected names that differ in more than case, found it twice")


def _some_of(known: Iterable[str]) -> _Each:
    return _Each(frozenset(known).__contains__, is_once=True)


def _matches(pattern: str) -> Callable[[str], object]:
    return lambda text: re.fullmatch(pattern, text)


def _texts(pattern: str) -> _Each:
    """Return the rule that ``pattern`` matches each text without its accents, also of the lists among them."""
    return _Each(lambda text: re.fullmatch(pattern, _bare(text)), is_deep=True)


def _bare(text: str) -> str:
    if text.isascii():
        return text
    import unicodedata  # noqa: PLC0415 - only views need it, and every command reads the configuration

    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


def _is_wanted(item: str | tuple[str, ...]) -> bool:
    """Whether an entry of keywords asks for something, if it is a list."""
    return isinstance(item, str) or not all(map(excludes, item))


def _is_date(text: str) -> bool:
    from digest.calendar import parse_listing_date  # noqa: PLC0415 - with the zones; few configurations have a date

    try:
        parse_listing_date(text)
    except ValueError:
        return False
    return True


def _is_base_address(text: str) -> bool:
    """Whether ``text`` is a web address that others can be built on, without a name, a password or a query."""
    try:
        parts = urlsplit(text)
        is_port = parts.port is None or parts.port > 0
    except ValueError:  # such as a port beyond 65535
        return False
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    is_host = re.fullmatch(_HOST, parts.hostname or "") is not None
    return parts.scheme in ("http", "https") and is_host and is_port and is_plain


# An address stands in Markdown and feeds as it is, so it has only what needs no escape there.
_PLAIN = r"[A-Za-z0-9._~:/@!$&+,;=%-]*"


def _is_published(text: str) -> bool:
    """Whether ``text`` is an address at which something may be published; or none."""
    return not text or (_is_base_address(text) and re.fullmatch(_PLAIN, text) is not None)


_PUBLISHED = "http(s)://host/…, without a name, a password, a query; or none"
_DATES = f"dates such as 2021-10-20, from {YEARS[0]} to {YEARS[-1]}"
_RULES: dict[str, tuple[_Rule, ...]] = {
    "arxiv": (
        ("categories", len, "one or more categories"),
        ("categories", _Each(bool, is_once=True), "each category once"),
        ("contact", _matches(r"[\x20-\x7e]{0,200}"), "at most 200 characters of printable ASCII"),
        *((key, _is_base_address, "http(s)://host") for key in ("pages_url", "feeds_url", "api_url", "oai_url")),
        *((key, lambda seconds: 0 <= seconds <= 3600, "0 to 3600 seconds") for key in _ARXIV_DELAYS),
        ("timeout", lambda seconds: 0 < seconds <= 3600, "more than 0 and at most 3600 seconds"),
        ("heal_requests", lambda number: number >= 0, "0 or more"),
    ),
    "calendar": (("deferred", _Each(_is_date), _DATES),),
    "store": (
        ("url", _matches(_DATABASE), "'sqlite:///FILE' or 'postgresql+psycopg://…'"),
        ("raw_days", lambda days: 0 <= days <= _MOST_DAYS, f"0 (for ever) to {_MOST_DAYS} days"),
        ("start", lambda text: not text or _is_date(text), f"{_DATES}, or none"),
        ("host", _matches(_HOST_NAME), "the name of a host, or none"),
        (
            "lease",
            lambda seconds: _LEAST_LEASE <= seconds <= _LONGEST_LEASE,
            f"{_LEAST_LEASE} to {_LONGEST_LEASE} seconds",
        ),
    ),
    "digest": (
        ("sections", _some_of(Section), f"some of {', '.join(Section)}, each once"),
        ("formats", _some_of(FORMAT_FILES), f"some of {', '.join(FORMAT_FILES)}, each once"),
        ("address", _is_published, _PUBLISHED),
    ),
    "git": (
        ("remote", _matches(r"[A-Za-z0-9][A-Za-z0-9._-]*"), "the name of a remote, such as origin"),
        ("branch", _matches(_BRANCH), "a branch's name, or none"),
        ("author", _matches(r"|[^<>\s][^<>]* <[^<>\s]+>"), "'Name <mail@example.org>', or none"),
        ("message", _matches(_MESSAGE), "a text with some of {summary}, {dates}, {counts}"),
        ("host", _matches(_HOST_NAME), "the name of a host, or none"),
    ),
    "notify": (
        ("urls", _Each(_matches(_PLACE)), "'env:NAME' or 'file:PATH'"),
        ("health", _matches(f"|{_PLACE}"), "'env:NAME' or 'file:PATH'"),
    ),
    "site": (
        ("title", _matches(r".{0,80}"), "at most 80 characters"),
        ("address", _is_published, _PUBLISHED),
        ("since", lambda text: not text or _is_date(text), f"{_DATES}, or none"),
    ),
}
_VIEW_RULES: tuple[_Rule, ...] = (
    ("name", _matches(_NAME), "at most 60 letters and digits, with single blanks, - or _ between them"),
    ("sections", _some_of(Section), f"some of {', '.join(Section)}, each once"),
    ("feeds", _some_of(FEED_FILES), f"some of {', '.join(FEED_FILES)}, each once"),
    ("keywords", _texts(_WORDS), "words such as 'diffusion' or '-medical'"),
    ("keywords", _texts(_NO_STRAY_STAR), "* only at the end of a word, such as 'segment*'"),
    ("keywords", _Each(_is_wanted), "in a list of its own at least one word that is wanted"),
    ("authors", _texts(_WORDS), "names such as 'Kaiming He' or 'K. He'"),
    ("period", {"day", "week"}.__contains__, "day or week"),
    ("top", lambda number: 1 <= number <= _MOST_RANKED, f"1 to {_MOST_RANKED} papers"),
    ("threshold", lambda score: 0 <= score <= 1, "a score from 0 (all) to 1"),
)
_ANNOTATE_RULES: tuple[_Rule, ...] = (
    ("name", _matches(_NAME), "at most 60 letters and digits, with single blanks, - or _ between them"),
    ("command", lambda words: words[0], "a program and its arguments, such as ['./summary.py']"),
    ("version", _matches(r"\S.{0,59}"), "at most 60 characters, such as '2'"),
    ("timeout", lambda seconds: 0 < seconds <= 3600, "more than 0 and at most 3600 seconds"),
    ("max_per_night", lambda number: 0 <= number <= _MOST_ASKED, f"0 to {_MOST_ASKED} papers"),
    ("max_minutes", lambda number: 0 < number <= _MOST_MINUTES, f"1 to {_MOST_MINUTES} minutes"),
)
