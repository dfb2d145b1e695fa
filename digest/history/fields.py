"""What an announcement is known to show of its paper, and how two showings differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from digest.history.withdrawal import says_withdrawn
from digest.model import MOST_AUTHORS_LISTED, Announcement, Paper, Source, readable

Value = str | tuple[str, ...] | bool
"""A text ("" if there is none), names, or whether it is so."""


class Field(StrEnum):
    """What a revision may change, in the order in which a person wants to know it."""

    WITHDRAWN = "withdrawn"
    TITLE = "title"
    AUTHORS = "authors"
    CATEGORIES = "categories"
    COMMENTS = "comments"
    JOURNAL_REF = "journal_ref"
    ABSTRACT = "abstract"


@dataclass(frozen=True, slots=True)
class Change:
    """A field that was shown otherwise before."""

    field: Field
    before: Value
    after: Value


def known_fields(announcement: Announcement) -> dict[Field, Value]:
    """Return the fields that an announcement shows, as plain text on one line.

    One that its source does not carry is left out: the comments in a feed (https://info.arxiv.org/help/rss.html),
    the abstracts of replacements in old listings.
    """
    paper = announcement.paper
    abstract = None if paper.abstract is None else _plain(readable(paper.abstract))
    comments = None if _lacks_comments(announcement) else _plain(readable(paper.comments or ""))
    fields: dict[Field, Value | None] = {
        Field.WITHDRAWN: says_withdrawn(abstract=abstract, comments=comments),
        Field.TITLE: _plain(paper.title),
        Field.AUTHORS: tuple(map(_plain, paper.authors)) or None,
        Field.CATEGORIES: _categories(paper),
        Field.COMMENTS: comments,
        Field.JOURNAL_REF: _plain(paper.journal_ref or ""),
        Field.ABSTRACT: abstract,
    }
    return {field: value for field, value in fields.items() if value is not None}


def _lacks_comments(announcement: Announcement) -> bool:
    return announcement.source is Source.FEED and announcement.paper.comments is None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _categories(paper: Paper) -> tuple[str, ...]:
    """Return the categories, the primary one first; the order of the others says nothing."""
    return (paper.primary_category, *sorted({*paper.categories} - {paper.primary_category}))


def changes_between(before: Mapping[Field, Value], after: Mapping[Field, Value]) -> tuple[Change, ...]:
    """Return what differs of the fields that both know."""
    both = (field for field in Field if field in before and field in after)
    return tuple(
        Change(field, before[field], after[field]) for field in both if not is_same(field, before[field], after[field])
    )


def is_same(field: Field, before: Value, after: Value) -> bool:
    """Whether a field was shown twice alike; a list of authors may be cut, as arXiv's listings do at 100."""
    if field is Field.AUTHORS and isinstance(before, tuple) and isinstance(after, tuple):
        is_cut = MOST_AUTHORS_LISTED in (len(before), len(after))
        return before[:MOST_AUTHORS_LISTED] == after[:MOST_AUTHORS_LISTED] if is_cut else before == after
    return before == after
