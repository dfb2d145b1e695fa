"""What nobody may read: names and passwords in addresses, and the values that are known to be secret."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

HIDDEN = "…"
"""What stands in a secret's place."""

# Patterns are compiled when they are needed: every command loads this module, and most say nothing.
# A host ends at the first of "/?#" (RFC 3986, 3.2), so that what stands between two "://" is looked at once: the
# time is linear. A password may hold these all the same, unless what follows the colon is a port.
_USER_INFO = r"(?<=://)(?:[^\s/?#]*|[^\s/?#@:]+:(?!\d*[/?#])(?:(?!://)\S)*)@"
_QUOTED_USER_INFO = r"(?i)(?<=%3a%2f%2f)(?:(?!%2f|%3f|%23)[^\s/?#])*%40"

_TELLING_NAME = r"(?i)TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_KEY|CREDENTIAL"
_PLACE_NAME = r"(?i)_(?:FILE|DIR|PATH|HELPER)$"
_AFTER_NAME = r"(?s)://[^:/?#\s]*:(.*)@"
_SEPARATORS = r"[^\w.~%+-]+"
_SHORTEST = 6  # what is shorter stands in many a word
_SHORTEST_MIXED, _SHORTEST_KEY = 8, 20  # of letters and digits, of letters alone: longer than hosts' names


def masked(text: str) -> str:
    """Return ``text`` without the user information of the addresses in it: ``scheme://…@host``."""
    text = re.sub(_USER_INFO, f"{HIDDEN}@", text) if "@" in text else text
    return re.sub(_QUOTED_USER_INFO, f"{HIDDEN}%40", text) if "%40" in text else text


def without(text: str, values: Iterable[str]) -> str:
    """Return ``text`` with none of ``values`` in it, as they are, as addresses quote them, as Python shows them."""
    for form in _forms(frozenset(values)):
        text = text.replace(form, HIDDEN)
    return masked(text)


@lru_cache(maxsize=4)
def _forms(values: frozenset[str]) -> tuple[str, ...]:
    """Return the forms of the values, the longest first: one may be part of another."""
    # Imported here: most commands say nothing.
    from urllib.parse import quote  # noqa: PLC0415

    lines = {line.strip() for value in values for line in (value, *value.splitlines())}
    secret = {line for line in lines if len(line) >= _SHORTEST}
    quoted = {quote(line, safe=safe, errors="replace") for line in secret for safe in ("", "/")}
    shown = {repr(line)[1:-1] for line in secret}
    return tuple(sorted(secret | quoted | shown, key=lambda form: (-len(form), form)))


def of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of the variables whose names say that they are secret, and those of digest's own."""
    for name, value in environment.items():
        if re.search(_TELLING_NAME, name) and not re.search(_PLACE_NAME, name):
            yield value
        elif name == "DIGEST_STORE_URL":
            yield from of_address(value)
        elif name in ("DIGEST_NOTIFY_URLS", "DIGEST_NOTIFY_HEALTH"):
            yield from (item for item in map(str.strip, value.split(",")) if not item.startswith(("env:", "file:")))


def of_channel(address: str) -> Iterator[str]:
    """Yield an address that is itself a secret, as those of messages are, and the parts of it that look like keys."""
    yield address.strip()
    for word in re.split(_SEPARATORS, address):
        is_mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
        if len(word) >= (_SHORTEST_MIXED if is_mixed else _SHORTEST_KEY):
            yield word


def of_address(address: str) -> Iterator[str]:
    """Yield the password that an address holds: with and without an ``@`` in it, as it stands there and is meant."""
    found = re.search(_AFTER_NAME, address)
    if found:
        # Imported here: few addresses hold one.
        from urllib.parse import unquote  # noqa: PLC0415

        for password in (found[1], found[1].partition("@")[0]):
            yield from (password, unquote(password))
