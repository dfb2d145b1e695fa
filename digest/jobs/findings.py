"""What verify finds, as values: a finding knows how it is mended; how found bytes differ from those expected. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from digest.errors import DamageError, MissingError, gravest, how_many

REPAIR = "`digest verify --repair`"

_MOST_MISSING = 20
"""How many missing listings are named one by one."""


class Fault(StrEnum):
    """What is wrong with something."""

    DAMAGED = "damaged"
    EDITED = "edited"
    OUTDATED = "outdated"
    MISSING = "missing"


_EXIT_CODES = {
    Fault.DAMAGED: DamageError.exit_code,
    Fault.EDITED: DamageError.exit_code,
    Fault.MISSING: MissingError.exit_code,
}


class Part(StrEnum):
    """What a finding is about, in the order in which repairs are done: each is made from those before it."""

    DATABASE = "database"
    DAY = "day"
    REVISION = "revision"
    SEARCH = "full-text index"
    RECORD = "record"
    DIGEST = "digest"
    FORMAT = "format"
    VIEW = "view"
    LEDGER = "state"
    INDEX = "index"
    FILE = "file"
    PAGE = "page"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    ``where`` is what a person knows it by, ``path`` what its folder does; ``day`` is a category and date. ``mend``
    makes it again and says what was done; it reads anew what it needs, for many findings may wait for their repair.
    """

    kind: Fault
    part: Part
    where: str
    problem: str
    way_out: str
    mend: Callable[[], str] | None = None
    path: str = ""
    day: tuple[str, date] | None = None

    @property
    def line(self) -> str:
        """The finding on one line."""
        return f"{self.kind:<8} {self.where}: {self.problem}; {self.way_out}"

    @property
    def is_broken(self) -> bool:
        """Whether something does not hold that did."""
        return self.kind in (Fault.DAMAGED, Fault.EDITED)


class LostError(DamageError):
    """What was damaged cannot be made again, and was put aside; the text says what was done."""


@dataclass
class Verified:
    """What was checked and what was found, so far; ``remarks`` are no faults."""

    findings: list[Finding] = field(default_factory=list)
    days: int = 0
    pages: int = 0
    files: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[str]:
        """A line for each finding and remark, and a total."""
        missing = [finding for finding in self.findings if finding.kind is Fault.MISSING]
        yield from (finding.line for finding in self.findings if finding.kind is not Fault.MISSING)
        yield from (finding.line for finding in missing[:_MOST_MISSING])
        if len(missing) > _MOST_MISSING:
            yield f"{Fault.MISSING:<8} and {len(missing) - _MOST_MISSING} more listings; `digest status` says which"
        yield from self.remarks
        kinds = Counter(finding.kind for finding in self.findings)
        checked = (how_many(self.days, "day"), how_many(self.pages, "page"), how_many(self.files, "file"))
        yield f"verified {', '.join(checked)}: {', '.join(f'{kinds[kind]} {kind}' for kind in Fault)}"

    @property
    def data(self) -> dict[str, object]:
        """What was checked and found as machines read it; all missing listings are among the findings."""
        told = ("kind", "part", "where", "problem", "way_out")
        return {
            "findings": [{name: str(getattr(finding, name)) for name in told} for finding in self.findings],
            "verified": {"days": self.days, "pages": self.pages, "files": self.files},
            "remarks": self.remarks,
        }

    @property
    def exit_code(self) -> int:
        """6 when something does not hold, else 4 when a listing date is missing, else 0."""
        return gravest(_EXIT_CODES.get(finding.kind, 0) for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How a file differs from what it should hold.

    ``is_unique``: it may hold what nothing else holds. ``is_in_the_way``: what stands there is no plain file, which
    nothing but a person may remove.
    """

    kind: Fault
    problem: str
    is_unique: bool = False
    is_in_the_way: bool = False


def mismatch(found: bytes | None, expected: bytes) -> Mismatch | None:
    """Say how ``found`` differs from ``expected``: damaged by a machine, or edited by a person; None if it does not.

    A file that is missing, cut or off by one bit holds nothing that ``expected`` does not.
    """
    if found == expected:
        return None
    if found is None:
        return Mismatch(Fault.DAMAGED, f"expected {len(expected)} bytes, found no file")
    if expected.startswith(found):
        cut = f"the first {len(found)} (cut)" if found else "an empty file"
        return Mismatch(Fault.DAMAGED, f"expected {len(expected)} bytes, found {cut}")
    # As an editor counts lines. Neither text begins with the other, or found has more lines: one of them differs.
    pairs = enumerate(zip([*found.split(b"\n"), None], [*expected.split(b"\n"), None], strict=False), 1)
    place = f"in line {next(number for number, (one, other) in pairs if one != other)}"
    is_as_long = len(found) == len(expected)
    # What a failing disk or memory does, and no person.
    if is_as_long and (int.from_bytes(found) ^ int.from_bytes(expected)).bit_count() == 1:
        return Mismatch(Fault.DAMAGED, f"expected other bytes, found one bit flipped {place}")
    try:
        strange = set(found.decode()) - set(expected.decode()) - {"\n", "\t"}
        controls = sorted(one for one in strange if unicodedata.category(one) == "Cc")
        unreadable = f"the control character U+{ord(controls[0]):04X}" if controls else ""
    except UnicodeDecodeError as error:
        unreadable = f"bytes that are no UTF-8 at {error.start}"
    if unreadable:  # no editor of text leaves that behind
        return Mismatch(Fault.DAMAGED, f"expected text, found {unreadable}", is_unique=True)
    return Mismatch(Fault.EDITED, f"expected what digest wrote, found another text {place}", is_unique=True)
