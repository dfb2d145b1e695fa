"""What makes sense: each check refuses a value that its type alone allows."""

import re
from urllib.parse import urlsplit

from digest.config.paths import check_path, odd_names
from digest.config.values import Arxiv, Config
from digest.config.views import are_some_of, check_views
from digest.errors import ConfigError, quoted
from digest.resources import renamed_categories
from digest.secrets import masked
from digest.terms import CATEGORY, YEARS, Section, parse_listing_date

_HEADER_TEXT = re.compile(r"[\x20-\x7e]*")
_ARXIV_DELAYS = {"pages_delay": 15.0, "feeds_delay": 3.0}
_LONGEST_CONTACT = 200
_MOST_DAYS = 36500
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BRANCH = re.compile(r"[^\W-][^\s~^:?*\[\\]*")
_NO_BRANCH = re.compile(r"\.\.|//|@\{|[./]$|\.lock(?:/|$)|/\.")
_AUTHOR = re.compile(r"[^<>\s][^<>]* <[^<>\s]+>")
_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_WEB_ADDRESS = re.compile(r"[A-Za-z0-9._~:/@!$&+,;=%-]+")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?|[0-9a-f:.]+")


def check(config: Config, origin: str) -> None:
    """Check all values; ``origin`` is named in errors.

    Raises:
        ConfigError: a value makes no sense.
    """
    checks = (_check_arxiv, _check_calendar, _check_store, _check_digest, _check_git, _check_notify, check_views)
    for one in (*checks, _check_names):
        try:
            one(config)
        except ValueError as error:
            raise ConfigError(masked(f"{origin}: {error}")) from error


def _check_arxiv(config: Config) -> None:
    arxiv = config.arxiv
    if not arxiv.categories or len(set(arxiv.categories)) != len(arxiv.categories):
        raise ValueError(f"[arxiv] categories: expected one or more different ones, found {list(arxiv.categories)}")
    for category in arxiv.categories:
        check_category(category)
    if not _HEADER_TEXT.fullmatch(arxiv.contact) or len(arxiv.contact) > _LONGEST_CONTACT:
        raise ValueError(f"[arxiv] contact: expected at most {_LONGEST_CONTACT} characters of printable ASCII")
    for key in ("pages_url", "feeds_url", "api_url", "oai_url"):
        if not _is_base_address(getattr(arxiv, key)):
            raise ValueError(f"[arxiv] {key}: expected http(s)://host, found another address")
    _check_numbers(arxiv)


def _is_base_address(text: str) -> bool:
    """Whether ``text`` is a web address that others can be built on, without a name, a password or a query."""
    try:
        parts = urlsplit(text)
        is_port = parts.port is None or parts.port > 0
    except ValueError:  # such as a port beyond 65535
        return False
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    is_host = _HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in ("http", "https") and is_host and is_port and is_plain


def _check_numbers(arxiv: Arxiv) -> None:
    for key in _ARXIV_DELAYS:
        if not 0 <= getattr(arxiv, key) <= 3600:
            raise ValueError(f"[arxiv] {key}: expected 0 to 3600 seconds, found {getattr(arxiv, key):g}")
    if not 0 < arxiv.timeout <= 3600:
        raise ValueError(f"[arxiv] timeout: expected more than 0 and at most 3600 seconds, found {arxiv.timeout:g}")
    if arxiv.heal_requests < 0:
        raise ValueError(f"[arxiv] heal_requests: expected 0 or more, found {arxiv.heal_requests}")


def require_manners(arxiv: Arxiv) -> None:
    """Refuse to ask arXiv's own hosts more often than their rules allow; other hosts may be asked at any pace.

    Raises:
        ConfigError: a delay is too short for the host that it is for.
    """
    for key, least in _ARXIV_DELAYS.items():
        delay = getattr(arxiv, key)
        host = (urlsplit(getattr(arxiv, key.replace("_delay", "_url"))).hostname or "").rstrip(".")
        if delay < least and (host == "arxiv.org" or host.endswith(".arxiv.org")):
            raise ConfigError(f"[arxiv] {key}: arXiv asks for at least {least:g} s between requests, found {delay:g}")


def check_category(category: str) -> None:
    """Refuse what cannot be the category of an arXiv listing.

    Raises:
        ValueError: it is malformed, or arXiv lists it under another name.
    """
    if not CATEGORY.fullmatch(category):
        raise ValueError(f"unknown category {quoted(category)}: expected one such as cs.CV or astro-ph")
    listed = renamed_categories().get(category)
    if listed:
        raise ValueError(f"category {category}: arXiv lists it as {listed}; use that name")


def _check_calendar(config: Config) -> None:
    for text in (*config.calendar.deferred, *filter(None, [config.store.start])):
        try:
            parse_listing_date(text)
        except ValueError as error:
            span = f"from {YEARS[0]} to {YEARS[-1]}"
            raise ValueError(f"expected dates such as 2021-10-20, {span}, found {quoted(text)}") from error


def _check_store(config: Config) -> None:
    url = config.store.url
    if not url.startswith(("sqlite:///", "postgresql")) or url == "sqlite:///" or ":memory:" in url:
        raise ValueError("[store] url: expected 'sqlite:///FILE' or 'postgresql+psycopg://…'")
    if not 0 <= config.store.raw_days <= _MOST_DAYS:
        raise ValueError(f"[store] raw_days: expected 0 (for ever) to {_MOST_DAYS} days, found {config.store.raw_days}")
    if config.store.raw_days and not config.store.records:
        raise ValueError('[store] raw_days: expected [store] records, too, such as "data": what they lack is kept')


def _check_digest(config: Config) -> None:
    sections = config.digest.sections
    if not are_some_of(Section, sections):
        raise ValueError(f"[digest] sections: expected some of {', '.join(Section)}, found {list(sections)}")
    check_path(config.digest.path, "[digest] path", "category", "cs.CV")
    if len(config.arxiv.categories) > 1 and "{category}" not in config.digest.path:
        raise ValueError("[digest] path: expected {category} in it, because there are several")
    address = config.digest.address
    if address and not (_WEB_ADDRESS.fullmatch(address) and _is_base_address(address)):
        raise ValueError("[digest] address: expected http(s)://host/…, without a name, a password, a query; or none")


def _check_git(config: Config) -> None:
    git = config.git
    for key, needed in (("push", "commit"), ("durable", "push")):
        if getattr(git, key) and not getattr(git, needed):
            raise ValueError(f"[git] {key} = true: expected {needed} = true, too")
    if git.durable and not config.store.records:
        raise ValueError('[git] durable = true: expected [store] records, such as "data": only day records last')
    # The address of a remote may hold a password: it is not repeated in the message.
    if not _REMOTE.fullmatch(git.remote):
        raise ValueError("[git] remote: expected the name of a remote, such as origin, found something else")
    if git.branch and (not _BRANCH.fullmatch(git.branch) or _NO_BRANCH.search(git.branch)):
        raise ValueError(f"[git] branch: expected a branch's name, or none, found {quoted(git.branch)}")
    if git.author and not _AUTHOR.fullmatch(git.author):
        raise ValueError(f"[git] author: expected 'Name <mail@example.org>', or none, found {quoted(git.author)}")
    rest = re.sub(r"\{(?:summary|dates|counts)\}", "", git.message)
    if not git.message.strip() or "{" in rest or "}" in rest:
        allowed = "{summary}, {dates}, {counts}"
        raise ValueError(f"[git] message: expected a text with some of {allowed}, found {quoted(git.message)}")


def _check_notify(config: Config) -> None:
    # Such an address is a secret: it is not repeated in the message.
    if not all(map(_SECRET.fullmatch, config.notify.urls)):
        raise ValueError("[notify] urls: expected 'env:NAME' or 'file:PATH', found something else")
    if config.notify.health and not _SECRET.fullmatch(config.notify.health):
        raise ValueError("[notify] health: expected 'env:NAME' or 'file:PATH', found something else")


def _check_names(config: Config) -> None:
    for words, is_used in odd_names(config).items():
        if not is_used:
            raise ValueError(words)
