"""What is left out, put in and kept between two sequences of words, or of names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

GAP = "…"
"""Stands where words that did not change are left out."""

_MOST = 3000  # words of both; beyond that a comparison takes seconds, and nobody would read it
_ALIKE = 0.3


class Mark(StrEnum):
    """What happened to a run of words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words with one fate."""

    mark: Mark
    words: tuple[str, ...]


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
        pieces += _piece(Mark.REMOVED, before[at:start])
        pieces += _piece(Mark.ADDED, after[to:begin])
        at, to = start + size, begin + size
        pieces += _piece(Mark.SAME, before[start:at])
    return list(_shortened(pieces, context))


def _common_runs(before: Sequence[str], after: Sequence[str], least: int) -> Iterator[tuple[int, int, int]]:
    """Yield the runs that both have: where each begins in both, and its length; an empty one ends them."""
    ends = (len(before), len(after))
    if sum(ends) <= _MOST:
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        blocks = matcher.get_matching_blocks() if matcher.ratio() >= _ALIKE else []
        for start, begin, size in blocks:
            is_edge = start == begin == 0 or (start + size, begin + size) == ends
            if size and (size >= least or is_edge):
                yield start, begin, size
    yield *ends, 0


def _piece(mark: Mark, words: Sequence[str]) -> list[Piece]:
    return [Piece(mark, tuple(words))] if words else []


def _shortened(pieces: Sequence[Piece], context: int) -> Iterator[Piece]:
    """Yield the pieces, those that are the same with no more words than show where the change is."""
    for place, piece in enumerate(pieces):
        if piece.mark is not Mark.SAME:
            yield piece
            continue
        head = piece.words[:context] if place else ()
        tail = piece.words[-context:] if place < len(pieces) - 1 else ()
        is_short = len(piece.words) <= len(head) + len(tail) + 1
        yield piece if is_short else Piece(Mark.SAME, (*head, GAP, *tail))
