"""Which days DATE and FROM..TO name on the command line."""

from collections.abc import Sequence
from datetime import date, timedelta

from digest.cli.session import Session
from digest.errors import MissingError, UsageError, quoted

_DIGITS = 6
"""More than the days of any age have."""


def parse_dates(session: Session, text: str, categories: Sequence[str]) -> tuple[date | None, date | None]:
    """Return the first and the last date of DATE, FROM..TO, FROM.. or ..TO; None for an end that is left out.

    ``categories``: of which the latest is meant.

    Raises:
        UsageError: it is none of these.
        MissingError: the latest is asked for, and nothing is stored yet.
    """
    first, dots, last = text.partition("..")  # a third dot stays with the last date, and is refused there
    start = parse_date(session, first, categories) if first or not dots else None
    end = parse_date(session, last, categories) if last else None
    if start is not None and end is not None and end < start:
        raise UsageError(f"expected FROM..TO in this order, found {text}")
    return start, end if dots else start


def parse_date(session: Session, text: str, categories: Sequence[str] = ()) -> date:
    """Return the date that ``text`` names: YYYY-MM-DD, today, yesterday (New York's) or latest.

    The latest is the newest stored date of ``categories`` (default: all configured).

    Raises:
        UsageError: it names none.
        MissingError: nothing is stored yet, so that there is no latest.
    """
    if text in ("today", "yesterday"):
        from digest.calendar import today  # with the zones: most dates are spelled out

        return today(session.now) - timedelta(days=text == "yesterday")
    if text == "latest":
        wanted = categories or session.config.arxiv.categories
        with session.reading(whole=False) as archive:
            known = archive.snapshot
            stored = [day.date for day in known.summaries if day.category in wanted]
            stored += [unfiled.last for category, unfiled in known.unfiled.items() if category in wanted]
        if not stored:
            raise nothing_stored()
        return max(stored)
    try:
        # fromisoformat alone takes other forms too, such as 20211020 and 2021-W42-3.
        day = date.fromisoformat(text if len(text) == 10 and "W" not in text else "")
    except ValueError as error:
        expected = "a date such as 2021-10-20, today, yesterday or latest"
        raise UsageError(f"expected {expected}, found {quoted(text)}") from error
    from digest.terms import YEARS

    if day.year not in YEARS:
        raise UsageError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {day.year}")
    return day


def parse_since(session: Session, text: str) -> date:
    """Return the first day of what is asked for: a date, or so many days ago in New York, as in ``90d``.

    Raises:
        UsageError: it is neither, or arXiv serves no listing so old.
    """
    from digest.calendar import CATCHUP_DAYS, today

    number = text.removesuffix("d")
    is_age = number != text and number.isascii() and number.isdigit() and len(number) < _DIGITS
    try:
        day = today(session.now) - timedelta(days=int(number)) if is_age else parse_date(session, text)
    except UsageError as error:
        raise UsageError(f"--since: expected an age such as 90d, or a date, found {quoted(text)}") from error
    except OverflowError:
        day = date.min
    if (today(session.now) - day).days > CATCHUP_DAYS:
        raise UsageError(f"--since: expected at most {CATCHUP_DAYS}d, for so long arXiv serves a listing, found {text}")
    return day


def nothing_stored() -> MissingError:
    """Return what to say where no day is stored that could be shown."""
    return MissingError("nothing is stored yet; `digest run` fetches the newest listing")
