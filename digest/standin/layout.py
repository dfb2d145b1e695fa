"""What all of the stand-in's pages share: the document around them, and dates in arXiv's words."""

from datetime import date

from digest.standin.markup import escaped

# arXiv's names, whatever the language of the machine; strftime would ask the locale.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def document(title: str, content: str) -> str:
    """Return ``content`` as a whole page; arXiv's header and footer are left out."""
    # No meta charset, as on arXiv: only the header and the reader know that this is UTF-8.
    return f"""<!DOCTYPE html>
<html lang="en">

<head>  <title>{escaped(title)}</title>
</head>

<body>
    <main>
      <div id="content">
{content}      </div>
    </main>
</body>

</html>
"""


def listing_document(heading: str, content: str) -> str:
    """Return a page of entries under ``heading``."""
    inner = f"<div id='content-inner'>\n<div id='dlpage'>\n  <h1>{escaped(heading)}</h1>\n{content}</div>"
    return document(heading, inner)


def cut_words(*, continued: bool, last: bool) -> str:
    """Return the words of a heading whose entries go over several pages, such as "showing first"."""
    if continued:
        return "continued, showing last" if last else "continued, showing"
    return "showing" if last else "showing first"


def long_date(day: date) -> str:
    """Return the date as ``/new`` shows it: "Wednesday, 6 October 2021"."""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    """Return the date as ``/recent`` shows it: "Wed, 6 Oct 2021"."""
    return f"{_WEEKDAYS[day.weekday()][:3]}, {day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def padded_date(day: date) -> str:
    """Return the date as ``/catchup`` shows it: "Wed, 06 Oct 2021"."""
    return f"{_WEEKDAYS[day.weekday()][:3]}, {day.day:02d} {_MONTHS[day.month - 1][:3]} {day.year}"
