"""annotations/YYYY/MM/DATE.jsonl: what programs of the user's own said of the papers of a date."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from digest.errors import UNREADABLE, DamageError, FormatTooNewError
from digest.model import ArxivId
from digest.model.annotations import Annotation, as_answer, cleaned
from digest.records.values import from_json, line, moment, text, to_json

FORMAT = 1
"""The version of the format."""

# Not that of a day record: digests without annotations would take it for one.
_PATH = re.compile(r"annotations/([0-9]{4})/([0-9]{2})/(\1-\2-[0-9]{2})\.jsonl")


def annotations_path(when: date) -> str:
    """Return where those of a date lie in the folder of records."""
    return f"annotations/{when:%Y}/{when:%m}/{when.isoformat()}.jsonl"


def annotations_date(path: str) -> date | None:
    """Return of which date those at ``path`` are; None if it is somebody else's."""
    match = _PATH.fullmatch(path)
    try:
        return date.fromisoformat(match[3]) if match else None
    except ValueError:
        return None


def render_annotations(when: date, annotations: Iterable[Annotation]) -> bytes:
    """Return those of a date as lines of JSON in UTF-8, a head first; the same give the same bytes."""
    rows: list[dict[str, Any]] = [{"format": FORMAT, "date": when.isoformat()}]
    rows += [
        {
            "name": one.name,
            "id": one.arxiv_id,
            "about": one.about,
            "version": one.version,
            "made_at": one.made_at.isoformat(),
            "answer": one.value,
        }
        for one in sorted(annotations, key=lambda one: (one.name, one.arxiv_id))
    ]
    return "".join(f"{to_json(row)}\n" for row in rows).encode()


def parse_annotations(data: bytes, when: date) -> list[Annotation]:
    """Read those of the date ``when``.

    Raises:
        FormatTooNewError: a newer digest wrote them.
        DamageError: they are damaged, with the line.
    """
    number = 1
    found: list[Annotation] = []
    try:
        head, *rows = data.removesuffix(b"\n").split(b"\n")
        told = from_json(head)
        if isinstance(told["format"], int) and told["format"] > FORMAT:
            raise FormatTooNewError(f"expected format {FORMAT} of annotations, found {told['format']}; upgrade digest")
        if told != {"format": FORMAT, "date": when.isoformat()}:
            raise ValueError(f"expected the head of annotations of {when}")
        for row in rows:
            number += 1
            found.append(_annotation(when, from_json(row)))
        if render_annotations(when, found) != data:
            number = 1
            raise ValueError("expected lines as digest writes them, each paper once a name")
    except UNREADABLE as error:
        words = f"line {number}: expected what programs said of papers, found it damaged"
        raise DamageError(f"{words} ({type(error).__name__}: {error})") from error
    return found


def readable_annotations(data: bytes, when: date) -> list[Annotation]:
    """Read what can be read of a damaged text, a line by itself."""
    found: dict[tuple[str, str], Annotation] = {}
    for row in data.split(b"\n"):
        with suppress(*UNREADABLE):
            one = _annotation(when, from_json(row))
            found[one.name, one.arxiv_id] = one
    return [*found.values()]


def _annotation(when: date, row: dict[str, Any]) -> Annotation:
    answer, about = row["answer"], text(row["about"])
    if not isinstance(answer, (str, dict)) or cleaned(answer) != answer:
        raise ValueError("expected a text or an object without control characters")
    if not re.fullmatch(r"[0-9a-f]{64}", about):
        raise ValueError("expected the hash of a text")
    return Annotation(
        when,
        line(row["name"]),
        str(ArxivId.parse(text(row["id"]))),
        about,
        line(row["version"]),
        moment(row["made_at"]),
        as_answer(answer),
    )
