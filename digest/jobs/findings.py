"""What a check finds, as values; how found bytes differ from those expected. Pure."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from digest.errors import DamageError, MissingError, gravest


class Fault(StrEnum):
    """What is wrong with something."""

    DAMAGED = "damaged"
    EDITED = "edited"
    OUTDATED = "outdated"
    MISSING = "missing"


class Part(StrEnum):
    """What a finding is about, in the order in which repairs are done: each is made from those before it."""

    DATABASE = "database"
    DAY = "day"
    REVISION = "revision"
    SEARCH = "full-text index"
    RECORD = "record"
    DIGEST = "digest"
    VIEW = "view"
    LEDGER = "state"
    INDEX = "index"
    FILE = "file"
    PAGE = "page"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    ``where`` is what a person knows it by, ``path`` what its folder does; ``sha256`` is that of a page.
    ``is_unique``: the found file may hold what nothing else holds.
    """

    kind: Fault
    part: Part
    where: str
    problem: str
    way_out: str
    category: str = ""
    when: date | None = None
    path: str = ""
    sha256: str = ""
    is_unique: bool = False

    @property
    def line(self) -> str:
        """The finding on one line."""
        return f"{self.kind:<8} {self.where}: {self.problem}; {self.way_out}"

    @property
    def is_broken(self) -> bool:
        """Whether something does not hold that did."""
        return self.kind in (Fault.DAMAGED, Fault.EDITED)


_MOST_MISSING = 20
"""How many missing listings are told one by one."""


@dataclass(frozen=True)
class Verified:
    """What was checked and what was found; ``remarks`` are no faults."""

    findings: Sequence[Finding] = ()
    days: int = 0
    pages: int = 0
    files: int = 0
    remarks: Sequence[str] = ()

    @property
    def lines(self) -> Iterator[str]:
        """A line for each finding and remark, and a total."""
        missing = [finding for finding in self.findings if finding.kind is Fault.MISSING]
        yield from (finding.line for finding in self.findings if finding.kind is not Fault.MISSING)
        yield from (finding.line for finding in missing[:_MOST_MISSING])
        if len(missing) > _MOST_MISSING:
            yield f"{Fault.MISSING:<8} and {len(missing) - _MOST_MISSING} more listings; `digest status` tells which"
        yield from self.remarks
        yield self.total

    @property
    def data(self) -> dict[str, object]:
        """What was checked and found as machines read it; all missing listings are among the findings."""
        return {
            "findings": [
                {
                    "kind": finding.kind.value,
                    "part": finding.part.value,
                    "where": finding.where,
                    "problem": finding.problem,
                    "way_out": finding.way_out,
                }
                for finding in self.findings
            ],
            "verified": {"days": self.days, "pages": self.pages, "files": self.files},
            "remarks": list(self.remarks),
        }

    @property
    def total(self) -> str:
        """How much was checked, and how many findings there are of each kind."""
        kinds = Counter(finding.kind for finding in self.findings)
        counted = ", ".join(f"{kinds[kind]} {kind}" for kind in Fault)
        checked = (counts(self.days, "day"), counts(self.pages, "page"), counts(self.files, "file"))
        return f"verified {', '.join(checked)}: {counted}"

    @property
    def exit_code(self) -> int:
        """6 when something does not hold, else 4 when a listing date is missing, else 0."""
        return gravest(_EXIT_CODES.get(finding.kind, 0) for finding in self.findings)


_EXIT_CODES = {
    Fault.DAMAGED: DamageError.exit_code,
    Fault.EDITED: DamageError.exit_code,
    Fault.MISSING: MissingError.exit_code,
}


def counts(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 page``, ``2 pages``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a file differs from what it should hold; ``sha256`` is that of its bytes, "" if there are none."""

    kind: Fault
    problem: str
    is_unique: bool = False
    sha256: str = ""
    is_in_the_way: bool = False
    """Whether what stands there is no plain file, which nothing but a person may remove."""


def difference(found: bytes | None, expected: bytes) -> Difference | None:
    """Say how ``found`` differs from ``expected``: damaged by a machine, or edited by a person; None if it does not.

    A file that is missing, cut or off by one bit holds nothing that ``expected`` does not.
    """
    if found == expected:
        return None
    if found is None:
        return Difference(Fault.DAMAGED, f"expected {len(expected)} bytes, found no file")
    sha256 = hashlib.sha256(found).hexdigest()
    if expected.startswith(found):
        cut = f"the first {len(found)} (cut)" if found else "an empty file"
        return Difference(Fault.DAMAGED, f"expected {len(expected)} bytes, found {cut}", sha256=sha256)
    if is_one_bit_off(found, expected):
        flipped = f"expected other bytes, found one bit flipped {_place(found, expected)}"
        return Difference(Fault.DAMAGED, flipped, sha256=sha256)
    unreadable = _unreadable(found, expected)
    if unreadable:
        return Difference(Fault.DAMAGED, f"expected text, found {unreadable}", is_unique=True, sha256=sha256)
    problem = f"expected what digest wrote, found another text {_place(found, expected)}"
    return Difference(Fault.EDITED, problem, is_unique=True, sha256=sha256)


def is_one_bit_off(found: bytes, expected: bytes) -> bool:
    """Whether the two differ in a single bit: what a failing disk does, and no person."""
    if len(found) != len(expected):
        return False
    return (int.from_bytes(found) ^ int.from_bytes(expected)).bit_count() == 1


def _unreadable(found: bytes, expected: bytes) -> str:
    """Say what in ``found`` no editor of text leaves behind; "" if there is nothing of the kind."""
    try:
        strange = _controls(found.decode()) - _controls(expected.decode())
    except UnicodeDecodeError as error:
        return f"bytes that are no UTF-8 at {error.start}"
    return f"the control character U+{ord(min(strange)):04X}" if strange else ""


def _controls(text: str) -> frozenset[str]:
    return frozenset(one for one in set(text) - {"\n", "\t"} if unicodedata.category(one) == "Cc")


def _place(found: bytes, expected: bytes) -> str:
    """Say where the two differ first, as an editor counts."""
    lines = zip(_padded(found), _padded(expected), strict=False)
    line = next(number for number, (one, other) in enumerate(lines, 1) if one != other)
    return f"in line {line}"


def _padded(data: bytes) -> Iterable[bytes | None]:
    yield from data.split(b"\n")
    yield None
