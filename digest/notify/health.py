"""Pings of a health check, as healthchecks.io documents them: https://healthchecks.io/docs/http_api/."""

from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from digest import __version__
from digest.errors import NotifyError
from digest.notify import Address
from digest.notify.channels import all_within

TIMEOUT = 10.0
"""Seconds that a ping may take."""

_TRIES = 2
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def ping(address: Address, run_id: str, sign: str = "", body: str = "") -> None:
    """Tell a health check how the run ``run_id`` goes.

    Args:
        address: that of the check; a query in it is kept.
        run_id: a UUID, which binds the pings of one run together.
        sign: "start", "fail", or "" when the run ended well.
        body: what is shown beside the ping, sent as UTF-8.

    Raises:
        NotifyError: it did not get through; its text does not hold the address.
    """
    try:
        parts = urlsplit(address.url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port beyond 65535
        is_web = False
    if not is_web or not address.url.isascii() or not address.url.isprintable() or " " in address.url:
        raise NotifyError(f"{address.name}: expected one address http(s)://host/…, found something else")
    query = "&".join(filter(None, [parts.query, urlencode({"rid": run_id})]))
    path = f"{parts.path.rstrip('/')}/{sign}" if sign else parts.path
    url = parts._replace(path=path, query=query, fragment="").geturl()
    for _ in range(_TRIES):
        (reason,) = all_within(TIMEOUT, [partial(_why_not, url, body)])
        if reason == "":
            return
    word = f"the ping {sign or 'of success'!r}"
    raise NotifyError(f"{address.name}: {word} did not get through ({reason or f'no answer within {TIMEOUT:g} s'})")


def _why_not(url: str, body: str) -> str:
    """Ask for ``url``; return why that failed, "" if it did not. No reason holds an address."""
    data = body.encode() if body else None
    headers = {"User-Agent": f"arxiv-listing-digest/{__version__}", "Content-Type": "text/plain; charset=utf-8"}
    request = Request(url, data, headers)  # noqa: S310 - of http or https, as was seen to
    # A proxy of the environment cannot reach this machine's own loopback.
    proxies = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
    try:
        with build_opener(_NoRedirects, *proxies).open(request, timeout=TIMEOUT):
            return ""
    except HTTPError as error:
        error.close()
        return f"status {error.code}"
    except URLError as error:
        return type(error.reason).__name__ if isinstance(error.reason, Exception) else type(error).__name__
    except (OSError, HTTPException, ValueError) as error:
        return type(error).__name__


class _NoRedirects(HTTPRedirectHandler):
    """The address is a secret: nobody takes it, or what is sent, elsewhere. An answer that redirects is a failure."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""
