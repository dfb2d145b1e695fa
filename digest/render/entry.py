"""An entry as a template sees it (docs/TEMPLATES.md)."""

from dataclasses import dataclass

from digest.model import Link, Paper, readable
from digest.render.markdown import is_web_address

_FIRST_WITH_HTML = (2023, 12)


def _one_line(text: str) -> str:
    """Return ``text`` without line breaks: a record of an older version may hold one, which could begin a heading."""
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


@dataclass(slots=True)
class NumberedEntry:
    """An entry as a template sees it; a field that the listing does not carry is "".

    ``announced_in`` is the category of the listing; ``reasons`` say why a view shows it.
    """

    number: int
    section: str
    announced_in: str
    reasons: tuple[str, ...]
    _paper: Paper

    @property
    def id(self) -> str:
        """The arXiv id."""
        return str(self._paper.arxiv_id)

    @property
    def anchor(self) -> str:
        """The arXiv id in a form that can be the name of a place in a page."""
        return self.id.replace("/", "-")

    @property
    def title(self) -> str:
        """Plain text, on one line."""
        return _one_line(self._paper.title)

    @property
    def authors(self) -> tuple[str, ...]:
        """Plain texts."""
        return tuple(map(_one_line, self._paper.authors))

    @property
    def more_authors(self) -> bool:
        """Whether there may be more authors than arXiv's listing showed."""
        return self._paper.may_have_more_authors

    @property
    def abstract(self) -> str:
        """HTML in which only ``a`` and ``br`` occur."""
        return _one_line(self._paper.abstract or "")

    @property
    def text(self) -> str:
        """The abstract as plain text, with the addresses that it names."""
        return readable(self.abstract)

    @property
    def comments(self) -> str:
        """HTML in which only ``a`` and ``br`` occur."""
        return _one_line(self._paper.comments or "")

    @property
    def comments_text(self) -> str:
        """The comments as plain text, with the addresses that they name."""
        return readable(self.comments)

    @property
    def journal_ref(self) -> str:
        """Plain text."""
        return _one_line(self._paper.journal_ref or "")

    @property
    def primary_category(self) -> str:
        """Such as ``cs.CV``."""
        return self._paper.primary_category

    @property
    def categories(self) -> tuple[str, ...]:
        """All, the primary one too."""
        return self._paper.categories

    @property
    def links(self) -> list[Link]:
        """Those that lead into the web; ``url``, ``kind`` and ``found_in`` of each."""
        return [link for link in self._paper.links if is_web_address(link.url)]

    @property
    def code_urls(self) -> tuple[str, ...]:
        """The addresses of the links that are code."""
        return tuple(link.url for link in self._paper.links if link.kind == "code" and is_web_address(link.url))

    @property
    def abstract_url(self) -> str:
        """The abstract page."""
        return self._paper.abstract_url

    @property
    def pdf_url(self) -> str:
        """The PDF, in the digest's form."""
        return self._paper.pdf_url

    @property
    def html_url(self) -> str:
        """The page that arXiv makes of TeX submissions since December 2023; "" before.

        Source: https://info.arxiv.org/about/accessible_HTML.html. A paper without TeX sources has none all the same,
        and nothing tells which these are.
        """
        one = self._paper.arxiv_id
        return f"https://arxiv.org/html/{one}" if (one.year, one.month) >= _FIRST_WITH_HTML else ""
