"""Everything that can go wrong, grouped by what the caller should do about it.

::

    DigestError                 exit  what to do
    ├── UsageError                2   mend the command line or the configuration
    │   ├── ConfigError
    │   ├── TemplateError
    │   └── NotServedError
    ├── LockHeldError             3   another run is at work; it will do the job
    ├── MissingError              4   a day is overdue, or not stored
    ├── PageRefusedError          5   look at the kept page; the layout may have changed
    ├── StoreError                6   mend the disk or the database
    │   ├── SchemaTooNewError
    │   ├── UnpushedError
    │   └── DamageError
    │       └── FormatTooNewError
    ├── PublishError              7   mend git or the channel; the archive here is whole
    │   ├── GitError
    │   └── NotifyError
    └── TryLaterError            75   arXiv is unreachable, throttling or lagging
        ├── ListingIncompleteError
        ├── ListingDoubtfulError
        └── NotAskedError
            └── BudgetSpentError

Exit 1 is kept for bugs: an exception of any other class. Codes 2 to 7 are this project's own; 75 is
``EX_TEMPFAIL`` of BSD's sysexits.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

# When several parts of one job fail, the gravest code is the job's: what ends it before all, the store
# before a page, a page before a missing day, anything that needs a person before "try later".
_GRAVITY = (1, 2, 3, 6, 5, 4, 7, 75)
SHOWN = 200
"""So much of a foreign text stands in a message."""

ENDING = frozenset({1, 2, 3})
"""Codes of failures after which the other parts of a job make no sense, ``NotServedError`` aside."""

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
"""What reading a record or a row raises where a value is missing, or is of another kind or shape."""


class DigestError(Exception):
    """Base of all expected failures; its text is one line for a person."""

    exit_code = 1


class UsageError(DigestError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is missing, unreadable or wrong."""


class TemplateError(UsageError):
    """A template is missing, or cannot be parsed or rendered."""


class NotServedError(UsageError):
    """arXiv says that it has no such thing (400), a category above all; others may be had all the same."""


class LockHeldError(DigestError):
    """Another run holds the archive's lock."""

    exit_code = 3


class MissingError(DigestError):
    """A listing is overdue and missing, or the day asked for is not stored."""

    exit_code = 4


class PageRefusedError(DigestError):
    """A page does not prove itself a complete listing; says what was expected and found."""

    exit_code = 5


class StoreError(DigestError):
    """The database or the disk cannot be read or written."""

    exit_code = 6


class SchemaTooNewError(StoreError):
    """The database was made by a newer version of digest."""


class DamageError(StoreError):
    """Something kept here does not hold together any more, such as a day record."""


class FormatTooNewError(DamageError):
    """A record was written by a newer version of digest; it must be left as it is."""


class UnpushedError(StoreError):
    """Where only what is pushed counts ([git] durable), something is not."""


class PublishError(DigestError):
    """git or a notification failed; the archive here is whole."""

    exit_code = 7


class GitError(PublishError):
    """What was written could not be committed or pushed."""


class NotifyError(PublishError):
    """A message or a ping did not get through."""


class TryLaterError(DigestError):
    """arXiv is unreachable, throttling or lagging; the same command will do later."""

    exit_code = 75


class ListingIncompleteError(TryLaterError):
    """arXiv itself says that it shows only part of the listing (a lagging replica)."""


class ListingDoubtfulError(TryLaterError):
    """A listing proves itself and is doubtful all the same; it is provisional until it was seen twice."""


class NotAskedError(TryLaterError):
    """arXiv was not asked, because it did not answer before, or wants no request now."""


class BudgetSpentError(NotAskedError):
    """This part of the job may make no more requests; the next run goes on."""


def quoted(value: object) -> str:
    """Return a foreign value as Python writes it, texts in quotes, cut after ``SHOWN`` characters."""
    if not isinstance(value, str):
        return shortened(repr(value))
    return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}…")


def shortened(text: str) -> str:
    """Return a foreign text that is shown without quotes: control characters escaped, cut after ``SHOWN`` of it."""
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return cut if cut.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in cut)


def how_many(number: int, one: str, several: str = "") -> str:
    """Return a number in words: ``1 page``, ``2 pages``; ``several`` where more than an s differs."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def named(values: Sequence[object], most: int = 3) -> str:
    """Name the first ``most`` of some values, and how many more there are: ``a, b, c and 4 more``."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(map(str, values[:most])) + more


def gravest(codes: Iterable[int]) -> int:
    """Return the exit code for a run whose parts ended with ``codes``; 0 when none failed."""
    failed = {code for code in codes if code}
    return next((code for code in _GRAVITY if code in failed), max(failed, default=0))


@contextmanager
def errors_about(where: str) -> Iterator[None]:
    """Say in every error which page it is about."""
    try:
        yield
    except DigestError as error:
        raise type(error)(f"{where}: {error}") from error
