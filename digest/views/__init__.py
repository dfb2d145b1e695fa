"""Stored days → the papers that a view shows, and why. Pure; docs/VIEWS.md tells its rules to users."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from digest.config.settings import View
from digest.markup import readable
from digest.model import Announcement, Day, Hit, Section
from digest.views.keywords import Keyword
from digest.views.names import parse_name
from digest.views.words import Text, letters_of

__all__ = ["description", "descriptions", "finder", "hits", "newest"]

_RULES = 2
"""Raised when the same view finds other papers, or gives other reasons, than before."""


def hits(view: View, days: Sequence[Day]) -> tuple[Hit, ...]:
    """Return what ``view`` shows of the ``days`` of one digest, in its order; the days of a category by date.

    A paper that several of them announce stands once: by its strongest section (new, cross-list, replacement), then by
    the order of the view's categories, then by the first date.
    """
    strength = list(Section).index
    matcher = _matcher_of(view)
    found: dict[str, Hit] = {}
    shown = [day for day in days if day.category in view.categories]
    for day in sorted(shown, key=lambda day: view.categories.index(day.category)):
        for one in day.announcements:
            known = found.get(one.paper.arxiv_id.text)
            # A weaker one is asked as well while nothing was found: a feed, say, lacks the comments that would be it.
            if known is None or strength(one.section) < strength(known.announcement.section):
                reasons = matcher.reasons(one)
                if reasons:
                    found[one.paper.arxiv_id.text] = Hit(one, reasons)
    by_id = sorted(found.values(), key=lambda hit: hit.announcement.paper.arxiv_id, reverse=True)
    return tuple(sorted(by_id, key=lambda hit: view.sections.index(hit.announcement.section)))


def newest(shown: Iterable[Sequence[Hit]], limit: int) -> tuple[Hit, ...]:
    """Return the newest ``limit`` papers that a view shows, each as it was announced last.

    ``shown`` is what it shows of each date, the newest first; no more of it is made than is needed.
    """
    found: dict[str, Hit] = {}
    for found_then in shown:
        for hit in found_then:
            found.setdefault(hit.announcement.paper.arxiv_id.text, hit)
        if len(found) >= limit:
            break
    return tuple(found.values())[:limit]


def finder(view: View) -> Callable[[Announcement], tuple[str, ...]]:
    """Return what tells why ``view`` shows an announcement, in words for its reader; none if it does not."""
    return _matcher_of(view).reasons


def description(view: View) -> str:
    """Return all of ``view`` that tells what it shows of given days; two equal ones show the same."""
    return descriptions(view)[-1]


def descriptions(view: View) -> list[str]:
    """Return the ``description`` of ``view`` by the rules of each version until now, the current ones last."""
    shown = [view.name, view.sections, view.keywords, view.authors, view.has_code]
    shown += [view.top, view.threshold] if view.rank else []
    shown += [view.period] if view.period != "day" else []
    return [json.dumps([rules, *shown]) for rules in range(1, _RULES + 1)]


class _Wanted:
    """An entry of a view's keywords: one, or several of which a paper must have all."""

    def __init__(self, entry: str | tuple[str, ...]) -> None:
        self.keywords = [Keyword(text) for text in ((entry,) if isinstance(entry, str) else entry)]

    @property
    def excludes(self) -> bool:
        """Whether it picks no paper, but keeps papers out."""
        return all(keyword.excludes for keyword in self.keywords)

    def reason(self, texts: Mapping[str, Text], letters: str) -> str:
        """Return where a paper has what is wanted, by the most telling text; "" if it does not have all of it."""
        found: dict[str, list[str]] = {}
        for keyword in self.keywords:
            place = keyword.place_in(texts, letters)
            if bool(place) is keyword.excludes:
                return ""
            if place:
                found.setdefault(place, []).append(f'"{keyword.shown}"')
        places = [f"{' and '.join(words)} in the {place}" for place, words in found.items()]
        return f"keyword{'s' if sum(map(len, found.values())) > 1 else ''} {' and '.join(places)}"


class _Matcher:
    """A view's conditions, and what picks papers among those that meet them."""

    def __init__(self, view: View) -> None:
        entries = [_Wanted(entry) for entry in view.keywords]
        self.view = view
        self.wanted = [entry for entry in entries if not entry.excludes]
        self.excluded = [keyword for entry in entries if entry.excludes for keyword in entry.keywords]
        self.authors = [parse_name(author) for author in view.authors]
        self.surnames = {surname for author in self.authors for surname in author.surnames}

    def reasons(self, one: Announcement) -> tuple[str, ...]:
        """Return why the view shows a paper, in words for its reader; none if it does not."""
        view, paper = self.view, one.paper
        if one.category not in view.categories or one.section not in view.sections:
            return ()
        if view.has_code and not any(link.kind == "code" for link in paper.links):
            return ()
        texts = {}
        if self.wanted or self.excluded:  # the most telling text first
            texts = {"title": _text(paper.title), "abstract": _readable(paper.abstract)}
            texts["comments"] = _readable(paper.comments)
        letters = "\n".join(text.letters for text in texts.values())
        if any(keyword.place_in(texts, letters) for keyword in self.excluded):
            return ()
        if not self.wanted and not self.authors:
            return (f"all of {one.category}{' with code' if view.has_code else ''}",)
        found = [reason for entry in self.wanted if (reason := entry.reason(texts, letters))]
        for author in dict.fromkeys(paper.authors if self.authors else ()):
            own = letters_of(author)
            # To look for the letters of a surname costs a fraction of reading a name, which few need.
            may_be = not author.isascii() or "," in author or any(surname in own for surname in self.surnames)
            if may_be and any(asked.suits(parse_name(author)) for asked in self.authors):
                found.append(f"author {author}")
        return tuple(found)


_text = lru_cache(maxsize=4096)(Text)


@lru_cache(maxsize=4096)
def _readable(line: str | None) -> Text:
    return Text(readable(line or ""))


_matcher_of = lru_cache(maxsize=256)(_Matcher)
"""What picks papers for a view, read once."""
