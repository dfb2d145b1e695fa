"""The generated part of a README, between its two markers: put in, found, and found again where they were damaged.

What stands around the markers is a person's, and a README that never had them is somebody's own.
"""

import re
from itertools import pairwise

BEGIN = "<!-- digest:begin -->"
END = "<!-- digest:end -->"

_MARKER = re.compile(f"{BEGIN}|{END}")
_JOINED = re.compile(f"[^\n](?:{BEGIN}|{END})|(?:{BEGIN}|{END})[^\n]")
_ALIKE = 0.7


def merge_into(existing: str | None, title: str, generated: str) -> str | None:
    """Put ``generated`` between the markers of an ``existing`` README, or into a new one under ``title``.

    Returns None if the README has no pair of markers: it is somebody's own, and stays as it is.
    """
    if existing is None:
        return f"# {title}\n\n{_block(generated)}\n"
    parts = split_at_markers(existing)
    return None if parts is None else f"{parts[0]}{_block(generated)}{parts[2]}"


def _block(generated: str) -> str:
    return f"{BEGIN}\n{generated.strip()}\n{END}"


def split_at_markers(text: str) -> tuple[str, str, str] | None:
    """Return what stands before, between and after a README's one pair of markers; None if it has not just one."""
    before, begin, rest = text.partition(BEGIN)
    inside, end, after = rest.partition(END)
    has_more = BEGIN in rest or END in after
    return None if not begin or not end or has_more else (before, inside, after)


def has_markers(text: str) -> bool:
    """Whether a README has one pair of markers, in their order, and no other marker."""
    return split_at_markers(text) is not None


def generated_part(text: str) -> str:
    """Return what stands between the markers of a README; "" if it has not just one pair."""
    parts = split_at_markers(text)
    return parts[1].strip() if parts else ""


def is_beside_markers(text: str, generated: str) -> bool:
    """Whether more of what is generated stands outside of a README's markers than between them."""
    ours = _lines_of(generated)
    inside, all_of_it = (
        sum(line.strip() in ours for line in part.splitlines()) for part in (generated_part(text), text)
    )
    return all_of_it > 2 * inside and all_of_it >= len(ours) // 2


def shows_its_origin(text: str, generated: str) -> bool:
    """Whether a README has a marker, and half of what is generated now: nobody else wrote that."""
    ours = _lines_of(generated)
    return _MARKER.search(text) is not None and len(ours & _lines_of(text)) >= max(2, len(ours) // 2)


def _lines_of(*texts: str) -> set[str]:
    return {line.strip() for text in texts for line in text.splitlines()} - {""}


def mend_markers(damaged: str, generated: str, former: str = "") -> str | None:
    """Put ``generated`` back into a README that lost its pair of markers; a person's text around it stays.

    Of several pairs one stays. Where no pair is left, the generated part is told by its lines, those that it has now
    or may have had in the ``former`` one. Returns None if nothing in the README is like them.
    """
    # Markers on lines of their own: an editor may have joined them with others.
    parted = _MARKER.sub(r"\n\g<0>\n", damaged) if _JOINED.search(damaged) else damaged
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
    return f"{''.join(before)}{_block(generated)}\n{''.join(after)}"


def _is_like_marker(line: str) -> bool:
    """Whether a line is a marker, or what damage leaves of one."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - for damage alone, and every run in a fresh clone reads this module

    name = line.strip(" <>!-\r\n").lower()
    is_alike = any(SequenceMatcher(None, name, marker.strip(" <>!-")).ratio() > _ALIKE for marker in (BEGIN, END))
    return is_alike and ("<" in line or ">" in line or "--" in line)
