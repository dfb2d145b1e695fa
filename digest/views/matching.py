"""One view, ready to be asked which papers it shows and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.config.settings import View
from digest.model import Announcement, Paper, readable
from digest.views.keywords import Keyword, parse_keyword
from digest.views.name_forms import parse_name
from digest.views.names import Name
from digest.views.words import words_of

_CODE = "code"


@dataclass(frozen=True)
class Matcher:
    """A view's conditions, and what picks papers among those that meet them."""

    view: View
    wanted: tuple[Keyword, ...]
    excluded: tuple[Keyword, ...]
    authors: tuple[Name, ...]
    surnames: frozenset[str]

    def reasons(self, one: Announcement) -> tuple[str, ...]:
        """Return why the view shows a paper, in words for its reader; none if it does not."""
        if not self._is_met_by(one):
            return ()
        texts = _texts(one.paper) if self.wanted or self.excluded else {}
        if any(keyword.is_in(words) for keyword in self.excluded for words in texts.values()):
            return ()
        if not self.wanted and not self.authors:
            return (f"all of {one.category}{' with code' if self.view.has_code else ''}",)
        authors = one.paper.authors if self.authors else ()
        return (*_keyword_reasons(self.wanted, texts), *self._author_reasons(authors))

    def _is_met_by(self, one: Announcement) -> bool:
        is_chosen = one.category in self.view.categories and one.section in self.view.sections
        return is_chosen and (not self.view.has_code or any(link.kind == _CODE for link in one.paper.links))

    def _author_reasons(self, authors: Sequence[str]) -> Iterator[str]:
        for author in filter(self._may_be_asked_for, dict.fromkeys(authors)):
            name = parse_name(author)
            if any(asked.suits(name) for asked in self.authors):
                yield f"author {author}"

    def _may_be_asked_for(self, author: str) -> bool:
        """Whether the letters of a surname stand in a name; it costs a fraction of reading the name."""
        letters = words_of(author).replace(" ", "")
        return not author.isascii() or "," in author or any(surname in letters for surname in self.surnames)


@lru_cache(maxsize=256)
def matcher_of(view: View) -> Matcher:
    """Read what picks papers for ``view``, once."""
    keywords = [parse_keyword(text) for text in view.keywords]
    authors = tuple(map(parse_name, view.authors))
    return Matcher(
        view,
        wanted=tuple(keyword for keyword in keywords if not keyword.excludes),
        excluded=tuple(keyword for keyword in keywords if keyword.excludes),
        authors=authors,
        surnames=frozenset().union(*(name.surnames for name in authors)),
    )


def _keyword_reasons(wanted: Iterable[Keyword], texts: dict[str, str]) -> Iterator[str]:
    for keyword in wanted:
        place = next((place for place, words in texts.items() if keyword.is_in(words)), "")
        if place:
            yield f'keyword "{keyword.shown}" in the {place}'


def _texts(paper: Paper) -> dict[str, str]:
    """Return the words of the texts that are searched, the most telling first."""
    return {
        "title": words_of(paper.title),
        "abstract": _words_of_line(paper.abstract or ""),
        "comments": _words_of_line(paper.comments or ""),
    }


@lru_cache(maxsize=4096)
def _words_of_line(line: str) -> str:
    return words_of(readable(line))
