"""The links of a stored day, found again by the rules of now."""

from dataclasses import replace

from digest.model import Day, Entry
from digest.parse.links import LINK_RULES, find_links


def relinked(day: Day) -> Day:
    """Return ``day`` with the links that today's rules find in its texts; all else stays."""
    return replace(day, entries=tuple(map(_relinked, day.entries)), link_rules=LINK_RULES)


def _relinked(entry: Entry) -> Entry:
    paper = entry.paper
    links = find_links(abstract=paper.abstract, comments=paper.comments, title=paper.title)
    return replace(entry, paper=replace(paper, links=links))
