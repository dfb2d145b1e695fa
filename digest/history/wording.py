r"""What the words of a paper's texts tell: that it is withdrawn, and how they changed.

A withdrawal is a replacement whose comments give the reason (https://info.arxiv.org/help/withdraw.html); listings
mark it in no other way. Older ones say it in the abstract too, in words that arXiv's help proposed: "This paper has
been withdrawn by the author due to …". A notice stands at the start of a sentence; what is withdrawn elsewhere in
a text (a section, an earlier version, another paper, blood) is not this paper.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# Of not too many signs, and possessive ("+"): a row of brackets takes no time. What follows begins with a letter.
_OPENING = r"[\W_]{0,40}+(?:(?:arxiv\s+admin(?:istrator)?s?\s+)?note\s*:\s*)?[\W_]{0,40}+"
_NOUN = r"(?:paper|article|manuscript|submission|preprint|e-?print)"
_THIS = rf"(?:this\s+(?:{_NOUN}|work|version)|(?:our|my)\s+(?:{_NOUN}|work))"
_BEING = r"(?:(?:has|have)\s+been|was|is(?:\s+being)?)\s+(?:(?:temporarily|voluntarily|hereby|now)\s+)?"
# From a conference or a journal, a paper is withdrawn otherwise.
_NOT_ELSEWHERE = r"(?!(?:\s+by(?:\s+[\w()]+){1,3}?)?\s+from\s+(?!(?:the\s+)?arxiv\b))"
_SUBJECT_FIRST = rf"(?:(?:{_THIS}|the\s+{_NOUN})\s+(?:{_BEING})?|{_NOUN}\s+(?:{_BEING})?)withdrawn\b{_NOT_ELSEWHERE}"
_BY_AUTHORS = (
    r"(?:(?:the|all)\s+)?(?:authors?|we|i)\s+(?:(?:have|has|hereby)\s+)?withdr(?:aw|aws|awn|ew)\s+"
    rf"(?:this|the|our|my|their)\s+(?:{_NOUN}|work)\b{_NOT_ELSEWHERE}"
)
_NOTICE = rf"(?:{_SUBJECT_FIRST}|{_BY_AUTHORS})"
_REASON = r"(?:by|due|owing|because|since|as|for|pending|until|from\s+(?:the\s+)?arxiv)\b"
_BARE = rf"withdrawn(?=\s*(?:[.,;:!)\]\u2013\u2014-]|$)|\s+(?:{_REASON})){_NOT_ELSEWHERE}"

_FLAGS = re.IGNORECASE
_AT_START = re.compile(rf"{_OPENING}(?:{_NOTICE}|{_BARE})", _FLAGS)
_IN_COMMENTS = re.compile(
    rf"(?:[.;!?\n]\s+|[(\[]){_OPENING}(?:{_NOTICE}|withdrawn\s*(?:$|[.!)\]])|withdrawn\s+by\s+(?:the\s+)?(?:author|arxiv))"
    rf"|,\s+{_THIS}\s+{_BEING}withdrawn\b{_NOT_ELSEWHERE}",
    _FLAGS,
)


def says_withdrawn(*, abstract: str | None, comments: str | None) -> bool | None:
    """Whether the plain texts of a paper say that it is withdrawn; None if what is known of them does not tell."""
    if _AT_START.match(abstract or "") or _AT_START.match(comments or "") or _IN_COMMENTS.search(comments or ""):
        return True
    return None if abstract is None or comments is None else False


class Mark(StrEnum):
    """What happened to a run of words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words, or of names, that were all kept, left out or put in."""

    mark: Mark
    words: tuple[str, ...]


_GAP = "…"  # stands where words that did not change are left out
_MOST = 3000  # words of both; beyond that a comparison takes seconds, and nobody would read it
_ALIKE = 0.3


def difference(before: Sequence[str], after: Sequence[str], *, context: int, least: int = 1) -> list[Piece]:
    """Return how ``before`` became ``after``, in pieces.

    Args:
        before: the words as they were.
        after: the words as they are.
        context: how many words are kept on each side of a change.
        least: shorter runs of common words between two changes count as changed: they would only confuse.
    """
    pieces: list[Piece] = []
    at, to = 0, 0
    for start, begin, size in _common_runs(before, after, least):
        pieces += [Piece(Mark.REMOVED, tuple(before[at:start])), Piece(Mark.ADDED, tuple(after[to:begin]))]
        at, to = start + size, begin + size
        pieces += [Piece(Mark.SAME, tuple(before[start:at]))]
    return _shortened([piece for piece in pieces if piece.words], context)


def _common_runs(before: Sequence[str], after: Sequence[str], least: int) -> list[tuple[int, int, int]]:
    """Return the runs that both have: where each begins in both, and its length; an empty one ends them."""
    ends = (len(before), len(after))
    # The matcher's own "junk" would leave out words that are frequent in a long abstract, such as "the".
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if sum(ends) > _MOST or matcher.ratio() < _ALIKE:
        return [(*ends, 0)]
    return [
        (start, begin, size)
        for start, begin, size in matcher.get_matching_blocks()
        if size >= least or start == begin == 0 or (start + size, begin + size) == ends
    ]


def _shortened(pieces: Sequence[Piece], context: int) -> list[Piece]:
    """Return the pieces, those that are the same with no more words than show where the change is."""
    shown = []
    for place, piece in enumerate(pieces):
        head = piece.words[:context] if place else ()
        tail = piece.words[-context:] if place < len(pieces) - 1 else ()
        # One word alone is shorter than, or as short as, the sign that it was left out.
        is_cut = piece.mark is Mark.SAME and len(piece.words) > len(head) + len(tail) + 1
        shown.append(Piece(Mark.SAME, (*head, _GAP, *tail)) if is_cut else piece)
    return shown
