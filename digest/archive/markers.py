"""The markers of an index: what stands between them is generated, what stands around them is its owner's. Pure.

Bytes, not text: an owner may write around the generated part in any encoding. And with any line ends: git's autocrlf
and editors on Windows make CR LF of each LF, in the generated part too, which nobody takes for an edit.
"""

import re
from itertools import pairwise

BEGIN, END = b"<!-- digest:begin -->", b"<!-- digest:end -->"
PAIR = f"{BEGIN.decode()} and {END.decode()}"
"""The markers in words."""

_MARKER = re.compile(BEGIN + b"|" + END)
_JOINED = re.compile(rb"[^\r\n](?:%b|%b)|(?:%b|%b)[^\r\n]" % (BEGIN, END, BEGIN, END))
_ALIKE = 0.7


def split(index: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return what stands before, between and after the markers; None without just one pair, in its order."""
    if index.count(BEGIN) != 1 or index.count(END) != 1 or index.index(END) < index.index(BEGIN):
        return None
    before, _, rest = index.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


def merge(existing: bytes | None, title: str, generated: bytes) -> bytes | None:
    """Put ``generated`` between the markers of an ``existing`` index, or into a new one under ``title``.

    Returns None if the file has no pair of markers: it is somebody's own, and stays as it is.
    """
    if existing is None:
        return f"# {title}\n\n".encode() + _block(generated) + b"\n"
    parts = split(existing)
    if parts is None:
        return None
    before, inside, after = parts
    if BEGIN + with_lf(inside) + END == _block(generated):
        return existing  # else each run and each checkout would undo the other's line ends
    return before + with_ends_of(existing, _block(generated)) + after


def between(index: bytes) -> bytes:
    """Return what stands between the markers of an index but for the line breaks beside them; all, without markers."""
    parts = split(index)
    return with_lf(index if parts is None else parts[1]).removeprefix(b"\n").removesuffix(b"\n")


def generated_part(index: bytes) -> bytes:
    """Return what stands between the markers, as it was generated; b"" without a pair of them."""
    _, inside, _ = split(with_lf(index)) or (b"", b"", b"")
    return inside.strip()


def owners_part(index: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the generated part, whatever its line ends; all, without markers."""
    before, _, after = split(with_lf(index)) or (with_lf(index), b"", b"")
    return before, after


def with_lf(text: bytes) -> bytes:
    """Return ``text`` with LF in the place of each CR LF."""
    return text.replace(b"\r\n", b"\n")


def with_ends_of(index: bytes, text: bytes) -> bytes:
    """Return ``text`` with the line ends that most lines of ``index`` have: no editor likes them mixed."""
    is_crlf = 2 * index.count(b"\r\n") > index.count(b"\n")
    return with_lf(text).replace(b"\n", b"\r\n") if is_crlf else with_lf(text)


def _block(generated: bytes) -> bytes:
    return b"\n".join((BEGIN, generated.strip(), END))


# Where the markers were lost


def is_beside_markers(index: bytes, generated: bytes) -> bool:
    """Whether more of what is generated stands outside of the markers than between them."""
    ours = _lines_of(generated)
    inside, everywhere = (
        sum(line.strip() in ours for line in part.splitlines()) for part in (generated_part(index), index)
    )
    return everywhere > 2 * inside and everywhere >= len(ours) // 2


def shows_its_origin(index: bytes, generated: bytes) -> bool:
    """Whether there is a marker, and half of what is generated now: nobody else wrote that."""
    ours = _lines_of(generated)
    return _MARKER.search(index) is not None and len(ours & _lines_of(index)) >= max(2, len(ours) // 2)


def _lines_of(*texts: bytes) -> set[bytes]:
    return {line.strip() for text in texts for line in text.splitlines()} - {b""}


def mend(damaged: bytes, generated: bytes, former: bytes = b"") -> bytes | None:
    """Put ``generated`` back into an index that lost its pair of markers; its owner's text around it stays.

    Of several pairs one stays. Where no pair is left, the generated part is told by its lines, those that it has now
    or may have had in the ``former`` one. Returns None if nothing in the index is like them.
    """
    # Markers on lines of their own: an editor may have joined them with others.
    parted = _MARKER.sub(rb"\n\g<0>\n", damaged) if _JOINED.search(damaged) else damaged
    lines = parted.splitlines(keepends=True)
    ours = _lines_of(generated, former)
    markers = [(place, line.strip()) for place, line in enumerate(lines) if _MARKER.fullmatch(line.strip())]
    pairs = [(first, last + 1) for (first, one), (last, other) in pairwise(markers) if (one, other) == (BEGIN, END)]
    dropped: set[int] = set()
    if pairs:
        first, last = max(pairs, key=lambda pair: sum(line.strip() in ours for line in lines[slice(*pair)]))
        dropped = {place for pair in pairs for place in range(*pair)} | {place for place, _ in markers}
    else:
        places = [place for place, line in enumerate(lines) if line.strip() in ours or _is_like_marker(line)]
        found = {lines[place].strip() for place in places}
        if not any(map(_is_like_marker, found)) and len(found) < max(2, len(ours) // 3):
            return None  # a person may have written a line or two as digest does
        first, last = places[0], places[-1] + 1
        if last == len(lines) - 1 and any(line.startswith(lines[last].strip()) for line in ours):
            last += 1  # of a text that was cut
    before = [line for place, line in enumerate(lines[:first]) if place not in dropped]
    after = [line for place, line in enumerate(lines[last:], last) if place not in dropped]
    while ours & {line.strip() for line in before[-2:]}:  # what a marker in a wrong place left outside
        before.pop()
    while ours & {line.strip() for line in after[:2]}:
        del after[0]
    return b"".join([*before, with_ends_of(damaged, _block(generated) + b"\n"), *after])


def _is_like_marker(line: bytes) -> bool:
    """Whether a line is a marker, or what damage leaves of one."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - for damage alone, and every run in a fresh clone reads this module

    frame = b" <>!-\r\n"
    name = line.strip(frame).lower()
    is_alike = any(SequenceMatcher(None, name, marker.strip(frame)).ratio() > _ALIKE for marker in (BEGIN, END))
    return is_alike and (b"<" in line or b">" in line or b"--" in line)
