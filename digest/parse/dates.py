"""arXiv's English dates, read without any locale."""

import re
from datetime import date

from digest.calendar import MONTH_NAMES, WEEKDAY_NAMES, YEARS
from digest.errors import PageRefusedError, quoted

_DATE = re.compile(r"([A-Z][a-z]+), ([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4}|[0-9]{2})")


def parse_date(text: str) -> date:
    """Return the date in ``text``, such as ``Wednesday, 20 October 2021``, ``Wed, 20 Oct 2021`` or ``…, 13 Jun 14``.

    Raises:
        PageRefusedError: it is no date, or falls on another weekday than it says.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise PageRefusedError(f"expected a date such as 'Wed, 20 Oct 2021', found {quoted(text)}")
    weekday, day, month, year = match.groups()
    if _full_year(year) not in YEARS:
        raise PageRefusedError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {quoted(text)}")
    try:
        found = date(_full_year(year), _index(month, MONTH_NAMES) + 1, int(day))
        agrees = found.weekday() == _index(weekday, WEEKDAY_NAMES)
    except ValueError as error:
        raise PageRefusedError(f"expected a date such as 'Wed, 20 Oct 2021', found {quoted(text)}") from error
    if not agrees:
        raise PageRefusedError(f"expected {found} to be a {WEEKDAY_NAMES[found.weekday()]}, found {quoted(text)}")
    return found


def _full_year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    century = 1900 if int(text) >= YEARS[0] % 100 else 2000  # arXiv's 91 to 99 lie in the last century
    return century + int(text)


def _index(name: str, names: tuple[str, ...]) -> int:
    for index, full in enumerate(names):
        if name in (full, full[:3]):
            return index
    raise ValueError(name)
