"""What a program of the user's own says of a paper: a foreign text, kept with what it was said of, by what, when."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

MOST_BYTES = 64_000
"""So much of an answer is read."""

_DEEPEST = 20
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Annotation:
    """An answer about a paper, as it was announced on ``date``.

    ``about`` is the hash of the text that it is about, ``version`` what its owner called the program's, ``answer`` a
    text or an object, as JSON.
    """

    date: date
    name: str
    arxiv_id: str
    about: str
    version: str
    made_at: datetime
    answer: str

    @property
    def value(self) -> Any:
        """The answer: a text, or an object."""
        return json.loads(self.answer)

    @property
    def day(self) -> str:
        """The date on which it was given (UTC)."""
        return f"{self.made_at:%Y-%m-%d}"

    @property
    def lines(self) -> list[str]:
        """The answer as paragraphs to read, each on one line; of an object, one for each of its keys."""
        value = self.value
        if isinstance(value, str):
            return [*filter(None, (" ".join(line.split()) for line in value.split("\n")))]
        return [" ".join(f"{key}: {words}".split()) for key, one in value.items() if (words := _in_words(one).strip())]

    @property
    def data(self) -> dict[str, Any]:
        """It, as programs read it."""
        return {"name": self.name, "version": self.version, "date": self.day, "answer": self.value}


def _in_words(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else as_answer(value)


@dataclass(frozen=True, slots=True)
class Failure:
    """That a program gave no answer about a paper: how often it was asked by now in vain, when last, what was wrong."""

    date: date
    name: str
    arxiv_id: str
    about: str
    version: str
    tries: int
    failed_at: datetime
    problem: str


def hash_of_text(title: str, abstract: str | None) -> str:
    """Return the hash of the text that an annotation is about."""
    return sha256(json.dumps([title, abstract]).encode()).hexdigest()


def hash_of(annotations: Iterable[Annotation]) -> str:
    """Return the hash of what one program said of the papers of a date; "" if that is nothing."""
    told = [
        [one.arxiv_id, one.about, one.version, one.made_at.isoformat(), one.answer]
        for one in sorted(annotations, key=lambda one: one.arxiv_id)
    ]
    return sha256(json.dumps(told).encode()).hexdigest() if told else ""


def as_answer(value: Any) -> str:
    """Return an answer as JSON, in the one form in which it is kept."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_answer(output: bytes) -> str:
    """Return what a program printed, as it is kept: a JSON object or string, or else plain text.

    Control characters are left out, and every line ends alike.

    Raises:
        ValueError: it is no text in UTF-8, or none at all.
    """
    try:
        text = output.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError("expected a text in UTF-8, found other bytes") from error
    if not text.strip():
        raise ValueError("expected an answer, found nothing printed")
    try:
        value = json.loads(text)
        answer = as_answer(cleaned(value if isinstance(value, (str, dict)) else text.strip()))
    except (ValueError, RecursionError):
        answer = as_answer(cleaned(text.strip()))
    try:
        answer.encode()
    except UnicodeEncodeError as error:
        raise ValueError("expected characters, found half of one") from error
    return answer


def cleaned(value: Any, depth: int = 0) -> Any:
    """Return an answer without control characters, whose lines end alike.

    Raises:
        ValueError: it holds lists in lists in lists, deeper than anybody means.
    """
    if depth > _DEEPEST:
        raise ValueError(f"expected a value of at most {_DEEPEST} levels")
    if isinstance(value, str):
        return _CONTROL.sub("", _LINE_END.sub("\n", value))
    if isinstance(value, list):
        return [cleaned(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(one, depth + 1) for key, one in value.items()}
    return value
