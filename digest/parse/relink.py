"""The texts and links of a stored day, made again by the rules of now."""

from dataclasses import replace

from digest.model import Day, Entry, Paper
from digest.parse.links import LINK_RULES, find_links
from digest.parse.tex import abstract_of, comments_of, title_of


def relinked(day: Day) -> Day:
    """Return ``day`` with the links that today's rules find in its texts; what was typed in TeX is read anew, too."""
    return replace(day, entries=tuple(map(_relinked, day.entries)), link_rules=LINK_RULES)


def _relinked(entry: Entry) -> Entry:
    paper = _set_anew(entry.paper)
    links = find_links(abstract=paper.abstract, comments=paper.comments, title=paper.title)
    return replace(entry, paper=replace(paper, links=links))


def _set_anew(paper: Paper) -> Paper:
    raw = paper.raw
    if raw is None:
        return paper
    return replace(
        paper,
        title=title_of(raw.title),
        authors=tuple(map(title_of, raw.authors)),
        abstract=None if raw.abstract is None else abstract_of(raw.abstract),
        comments=None if raw.comments is None else comments_of(raw.comments),
    )
