"""What looks like an address in a text → the anchors that arXiv makes of it.

arXiv links web addresses with or without a scheme, arXiv identifiers and DOIs; as it does so, it swallows closing
quotes and the like (``urls`` of https://github.com/arXiv/arxiv-base).
"""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_BEGIN = r"\b(?<![@/])"
_NAME = r"(?:[\w-]{1,63}\.){1,20}[a-z]{2,63}"
_NUMBERS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_SCHEME = r"(?P<scheme>https?|ftp):/{0,3}(?:(?:\w{1,40}:)?\w{1,40}@)?"
_REST = r"(?:[/?][^\s{}|\\^\[\]`]*)?"
_WEB = rf"{_BEGIN}(?:{_SCHEME})?(?:{_NAME}|{_NUMBERS})(?::[0-9]{{1,5}})?(?!\.\w)\b{_REST}"
_DOI = r"10\.[0-9]{4,9}/[-._;()/:a-z0-9]+"
_ID = r"(?P<prefix>arxiv:)?(?P<id>[a-z-]{2,10}(?:\.[a-z]{2})?/[0-9]{7}|[0-9]{4}\.[0-9]{4,5})(?P<version>v[0-9]{1,2})?"
_TARGET = re.compile(rf"(?P<doi>{_DOI})|{_BEGIN}{_ID}(?![0-9])|(?P<web>{_WEB})", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:astro-ph|cond-mat|cs|econ|eess|math|nlin|physics|q-bio|q-fin|stat)\.[a-zA-Z-]{2,}")
_MAY_HAVE_ONE = re.compile(r"\w\.\w|/[0-9]{7}")
_REL = 'rel="external noopener nofollow"'


def with_anchors(text: str) -> str:
    """Return plain ``text`` as HTML in which what arXiv takes for an address is an anchor in canonical form."""
    if not _MAY_HAVE_ONE.search(text):
        return _escaped(text)
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    end = 0
    for match in _TARGET.finditer(text):
        start, stop, anchor = _anchor(match)
        yield _escaped(text[end:start]) + anchor
        end = stop
    yield _escaped(text[end:])


def _anchor(match: re.Match[str]) -> tuple[int, int, str]:
    """Return where the address that ``match`` found begins and ends, and its anchor."""
    start, stop = match.span()
    if match["doi"]:
        doi = match["doi"].rstrip(".,:;&([{")
        doi = doi.removesuffix(")") if doi.count(")") > doi.count("(") else doi
        return start, start + len(doi), _doi_anchor(doi)
    if match["id"]:
        return start, stop, _id_anchor(match)
    address = _without_punctuation(match["web"])
    if (match["scheme"] or "").lower() == "ftp" or _CATEGORY.fullmatch(address):
        return start, stop, _escaped(match[0])  # the digest links web addresses only, and arXiv no category
    return start, start + len(address), _web_anchor(address, match["scheme"])


def _without_punctuation(address: str) -> str:
    """Cut what ends a sentence, and a bracket that was opened before the address."""
    while address.endswith((".", ",")) or (address.endswith(")") and "(" not in address):
        address = address[:-1]
    return address


def _web_anchor(address: str, scheme: str | None) -> str:
    target = address if scheme else f"http://{address}"
    shown = (scheme or "http").lower()
    if _host(target).endswith("arxiv.org"):
        return f'<a class="link-internal link-{shown}" href="{_quoted(target)}">{_escaped(address)}</a>'
    return f'<a class="link-external link-{shown}" href="{_quoted(target)}" {_REL}>this {shown} URL</a>'


def _host(target: str) -> str:
    try:
        return urlsplit(target).hostname or ""
    except ValueError:  # an address that is none, such as one with an odd bracket
        return ""


def _doi_anchor(doi: str) -> str:
    target = f"https://doi.org/{doi}"
    return f'<a class="link-https link-external" data-doi="{doi}" href="{target}" {_REL}>{target}</a>'


def _id_anchor(match: re.Match[str]) -> str:
    versioned = match["id"] + (match["version"] or "")
    shown = f"arXiv:{versioned}" if match["prefix"] else versioned
    return f'<a class="link-https" data-arxiv-id="{versioned}" href="https://arxiv.org/abs/{versioned}">{shown}</a>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _quoted(text: str) -> str:
    return html.escape(text).replace("&#x27;", "'")
