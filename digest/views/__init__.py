"""Stored days → the papers that a view shows, and why. Pure; docs/VIEWS.md tells its rules to users."""

import json
from collections.abc import Iterable, Sequence

from digest.config.settings import View
from digest.model import Announcement, Day, Hit, Section
from digest.views.matching import matcher_of

_RULES = 1
"""Raised when the same view finds other papers, or gives other reasons, than before."""

__all__ = ["description", "hits", "newest"]


def hits(view: View, days: Sequence[Day]) -> tuple[Hit, ...]:
    """Return what ``view`` shows of the ``days`` of one date, in the order in which a digest shows it.

    A paper that several categories announce stands once: by its strongest section (new, cross-list, replacement),
    then by the order of the view's categories.
    """
    matcher = matcher_of(view)
    found: dict[str, Hit] = {}
    for day in sorted(days, key=lambda day: _place(view.categories, day.category)):
        for one in day.announcements:
            known = found.get(one.paper.arxiv_id.text)
            if known is None or _strength(one) < _strength(known.announcement):
                reasons = matcher.reasons(one)
                if reasons:
                    found[one.paper.arxiv_id.text] = Hit(one, reasons)
    by_id = sorted(found.values(), key=lambda hit: hit.announcement.paper.arxiv_id, reverse=True)
    return tuple(sorted(by_id, key=lambda hit: _place(view.sections, hit.announcement.section)))


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


def description(view: View) -> str:
    """Return all of ``view`` that tells what it shows of given days; two equal ones show the same."""
    shown = [view.name, view.sections, view.keywords, view.authors, view.has_code]
    return json.dumps([_RULES, *shown])


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _strength(one: Announcement) -> int:
    return _SECTIONS[one.section]


_SECTIONS = {section: place for place, section in enumerate(Section)}
