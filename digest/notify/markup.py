"""A message in the markup of a channel, in parts that fit it. Pure.

Foreign words stay words in every form: what a chat would take for a call, an emoji or an address gets a character that
nobody sees, what markdown would take for markup a backslash (https://spec.commonmark.org/0.31.2/#backslash-escapes),
what HTML would an entity.
"""

import html
import re
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from itertools import pairwise

from digest.notify.messages import Item, Message, cut

MOST_PARTS = 5
"""So many parts a message has at most; the last one says how many entries are left out."""

_UNSEEN = "\u200b"
_CALLS = re.compile(r"[@<]|:(?=(?:[\w+-]*[A-Za-z_+-][\w+-]*|100|1234):)|(?<=\])(?=\()", re.ASCII)
"""What chats take for a call of somebody, the name of an emoji, or a link; the number of a line is none."""

_ADDRESSES = re.compile(r"(?<=:)(?=//)|(?<=\bwww\.)", re.IGNORECASE)
_MARKUP = re.compile(
    r"[\\`*\[\]<~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\|(?=\|)|(?<=\|)\||&(?=#?[A-Za-z0-9]+;)", re.ASCII
)
"""What no chat's dialect of markdown leaves alone; a single sign inside a word means nothing to any."""

_FIRST = re.compile(r"(?=[-+=>#])|\d{1,9}(?=[.)](?:\s|$))", re.ASCII)
"""What begins a list, a quote or a heading, if it comes first."""


class Form(StrEnum):
    """The markup that a channel takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


def harmless(text: str) -> str:
    """Return ``text`` on one line in which no chat finds anybody to call, an emoji, or a link with other words."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return _CALLS.sub(lambda call: f"{call[0]}{_UNSEEN}", " ".join(line.split()))


def escaped(text: str, form: Form, *, is_label: bool = False) -> str:
    """Return one line that shows ``text`` in a form, and nothing else; no address in the label of a link is live."""
    line = _ADDRESSES.sub(_UNSEEN, harmless(text)) if is_label else harmless(text)
    match form:
        case Form.TEXT:
            return line
        case Form.HTML:
            return html.escape(line)
    line = _MARKUP.sub(lambda sign: f"\\{sign[0]}", line)
    first = _FIRST.match(line)
    return f"{first[0]}\\{line[first.end() :]}" if first else line


def parts(message: Message, form: Form, fits: Callable[[bool, str], bool]) -> list[str]:
    """Return the body of ``message`` in parts; an entry without room in a part of its own is cut, its link kept.

    Args:
        message: the message.
        form: the markup.
        fits: whether there is room for a text in the first part, which has the title beside it, or in another.
    """
    made: list[list[_Placed]] = []
    left = [(number, entry) for number, paragraph in enumerate(message.paragraphs) for entry in paragraph]
    while left and len(made) < MOST_PARTS:
        has_room = partial(fits, not made)
        paragraph, first = left[0]
        taken = [(paragraph, _fitted(first, form, has_room))]
        for entry in left[1:]:
            if not has_room(_joined([*taken, entry], form)):
                break
            taken.append(entry)
        made.append(taken)
        left = left[len(taken) :]
    if left:
        made[-1] = _ended(made[-1], len(left), message, form, partial(fits, len(made) == 1))
    return [_joined(part, form) for part in made]


_Placed = tuple[int, Item]
"""The number of a paragraph, and an entry of it."""

_Fits = Callable[[str], bool]


def _ended(part: list[_Placed], left: int, message: Message, form: Form, fits: _Fits) -> list[_Placed]:
    """Return a last part that says how many entries are left out, those among them that make room for that."""
    for kept in range(len(part), -1, -1):
        number = left + len(part) - kept
        note = Item(f"… {number} more {'is' if number == 1 else 'are'} left out", message.address)
        ended = [*part[:kept], (len(message.paragraphs), _fitted(note, form, fits))]
        if fits(_joined(ended, form)):
            break
    return ended


def _fitted(entry: Item, form: Form, fits: _Fits) -> Item:
    """Return an entry, without its note and the end of its text where it is too long alone; its link stays."""
    if fits(_shown(entry, form)):
        return entry
    shortest, *others = (replace(entry, text=cut(entry.text, length), note="") for length in range(len(entry.text) + 1))
    if entry.url and not fits(_shown(shortest, form)):  # not even the link has room
        return _fitted(Item(entry.text), form, fits)
    # The longer the text, the less it fits.
    return ([shortest, *others])[bisect(others, 0, key=lambda one: not fits(_shown(one, form)))]


def _joined(part: Sequence[_Placed], form: Form) -> str:
    text = _shown(part[0][1], form)
    for (before, _), (paragraph, entry) in pairwise(part):
        # In markdown a line that is no item of a list needs blanks before its end, else it goes on.
        hard = "  " if form is Form.MARKDOWN and paragraph == before and not entry.number else ""
        end = "<br/>\n" if form is Form.HTML else f"{hard}\n"
        text += end * (1 if paragraph == before else 2) + _shown(entry, form)
    return text


def _shown(entry: Item, form: Form) -> str:
    number = f"{entry.number}. " if entry.number else ""
    words, note = escaped(entry.text, form, is_label=bool(entry.url)), escaped(entry.note, form)
    match form:
        case Form.TEXT:
            return "\n   ".join(filter(None, [f"{number}{words}", note, entry.url]))
        case Form.HTML:
            # The address is its own label: a mail's plain part is made of what is read.
            url = html.escape(entry.url)
            link = f'<a href="{url}">{url}</a>' if url else ""
            return "<br/>\n".join(filter(None, [f"{number}{words}", note, link]))
    url = entry.url.replace("(", "%28").replace(")", "%29")  # a bracket in it would end the link
    link = f"[{words}]({url})" if url else words
    return f"{number}{link}{f' ({note})' if note else ''}"
