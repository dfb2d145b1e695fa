"""The kinds of document that arXiv serves: what to ask for, and whether an answer is one. Pure."""

import html
import re
from dataclasses import dataclass

from digest.errors import NotServedError, PageRefusedError, quoted, shortened
from digest.model import RawPage

FORBIDDEN = "403 Forbidden: arXiv refuses this client; ask nothing more, and write to its help desk"

# A page of arXiv's errors says why in its heading, a feed in its description.
_REASON = re.compile(rb"<(h1|description)>([^<]*)</\1>")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: the content ``types`` that it may have, and the tags of which one ``ends`` it."""

    types: tuple[str, ...]
    ends: tuple[bytes, ...]

    @property
    def accept(self) -> str:
        """The Accept header that asks for it."""
        return ", ".join(self.types)

    def is_whole(self, payload: bytes) -> bool:
        """Whether a body that came without a length ends as it should."""
        return not payload or payload.rstrip().endswith(self.ends)

    def judge(self, page: RawPage) -> None:
        """Pass an answer that is a document of this kind.

        Raises:
            NotServedError: arXiv says that the request makes no sense (400).
            PageRefusedError: it is anything else.
        """
        if page.status == 400:
            raise NotServedError(f"arXiv says: {shortened(_reason(page))}")
        if page.status == 403:
            raise PageRefusedError(FORBIDDEN)
        if page.status != 200:
            raise PageRefusedError(f"expected status 200, found {page.status}")
        found = dict(page.headers).get("content-type", "").partition(";")[0].strip().lower()
        if found not in self.types:
            raise PageRefusedError(f"expected {' or '.join(self.types)}, found content type {quoted(found)}")


def _reason(page: RawPage) -> str:
    """Return what arXiv's error says, in its own words."""
    match = _REASON.search(page.body)
    return html.unescape(match[2].decode("utf-8", "replace")).strip() if match else "no reason given"


PAGES = Kind(("text/html", "application/xhtml+xml"), (b"</html>",))
FEEDS = Kind(("application/rss+xml", "application/atom+xml", "application/xml", "text/xml"), (b"</rss>", b"</feed>"))
