"""Stored days → the papers that a view shows, and why. Pure; docs/VIEWS.md tells its rules to users."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from digest.config.settings import View
from digest.markup import readable
from digest.model import Announcement, Day, Hit, Section
from digest.views.names import parse_name
from digest.views.words import CJK, words_of

__all__ = ["description", "finder", "hits", "newest"]

_RULES = 1
"""Raised when the same view finds other papers, or gives other reasons, than before."""

_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_MINUS_SIGN = "\u2212"  # typed or pasted for a hyphen; unlike dashes, Unicode counts it among the mathematical signs
_SHORTEST_PLURAL = 3  # "AI" is not found in "Ais", but "GAN" is in "GANs"
_IS_CJK = re.compile(f"[{CJK}]")


def hits(view: View, days: Sequence[Day]) -> tuple[Hit, ...]:
    """Return what ``view`` shows of the ``days`` of one date, in the order in which a digest shows it.

    A paper that several categories announce stands once: by its strongest section (new, cross-list, replacement),
    then by the order of the view's categories.
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


def newest(view: View, dates: Iterable[Sequence[Day]], limit: int) -> tuple[Hit, ...]:
    """Return the newest ``limit`` papers that ``view`` shows, each as it was announced last.

    ``dates`` has the days of each date, the newest first; no more of it is read than is needed.
    """
    found: dict[str, Hit] = {}
    for days in dates:
        for hit in hits(view, days):
            found.setdefault(hit.announcement.paper.arxiv_id.text, hit)
        if len(found) >= limit:
            break
    return tuple(found.values())[:limit]


def finder(view: View) -> Callable[[Announcement], tuple[str, ...]]:
    """Return what tells why ``view`` shows an announcement, in words for its reader; none if it does not."""
    return _matcher_of(view).reasons


def description(view: View) -> str:
    """Return all of ``view`` that tells what it shows of given days; two equal ones show the same."""
    shown = [view.name, view.sections, view.keywords, view.authors, view.has_code]
    return json.dumps([_RULES, *shown])


class _Keyword:
    """A keyword as its user wrote it, and what finds it among words; ``excludes`` says what it is for."""

    def __init__(self, text: str) -> None:
        """Read ``diffusion``, ``gaussian splatting``, ``segment*``, ``-medical`` or ``-"medical imaging"``.

        The words are found in sequence. A star stands for the rest of a word; a plain plural of the last word is
        found, too. Where words have no blanks between them, a keyword may be a part of one.
        """
        text = text.strip()
        self.excludes = unicodedata.category(text[:1] or " ") == "Pd" or text.startswith(_MINUS_SIGN)
        self.shown = (text[1:] if self.excludes else text).strip().strip(_QUOTES).strip()
        pieces = [words_of(piece).strip() for piece in self.shown.split("*")]
        first, last = pieces[0], pieces[-1]
        before = "" if _IS_CJK.match(first) else " "
        after = "" if not last or _IS_CJK.match(last[-1]) else " "
        has_plural = after and last[-1].isalpha() and len(last.rpartition(" ")[2]) >= _SHORTEST_PLURAL
        words = "[^ ]* ".join(map(re.escape, pieces))
        # Signs alone, and stars alone, find nothing.
        self.pattern = re.compile(f"{before}{words}{'s?' if has_plural else ''}{after}" if any(pieces) else "(?!)")


class _Matcher:
    """A view's conditions, and what picks papers among those that meet them."""

    def __init__(self, view: View) -> None:
        keywords = [_Keyword(text) for text in view.keywords]
        self.view = view
        self.wanted = [keyword for keyword in keywords if not keyword.excludes]
        self.excluded = [keyword for keyword in keywords if keyword.excludes]
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
            texts = {"title": words_of(paper.title), "abstract": _words(paper.abstract)}
            texts["comments"] = _words(paper.comments)
        if any(keyword.pattern.search(words) for keyword in self.excluded for words in texts.values()):
            return ()
        if not self.wanted and not self.authors:
            return (f"all of {one.category}{' with code' if view.has_code else ''}",)
        found = []
        for keyword in self.wanted:
            places = [place for place, words in texts.items() if keyword.pattern.search(words)]
            found += [f'keyword "{keyword.shown}" in the {places[0]}'] if places else []
        for author in dict.fromkeys(paper.authors if self.authors else ()):
            letters = words_of(author).replace(" ", "")
            # To look for the letters of a surname costs a fraction of reading a name, which few need.
            may_be = not author.isascii() or "," in author or any(surname in letters for surname in self.surnames)
            if may_be and any(asked.suits(parse_name(author)) for asked in self.authors):
                found.append(f"author {author}")
        return tuple(found)


@lru_cache(maxsize=4096)
def _words(line: str | None) -> str:
    return words_of(readable(line or ""))


_matcher_of = lru_cache(maxsize=256)(_Matcher)
"""What picks papers for a view, read once."""
