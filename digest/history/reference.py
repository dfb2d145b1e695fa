"""What a person types or pastes for a paper → its id."""

import re
from dataclasses import dataclass

from digest.errors import UsageError, quoted
from digest.model import ArxivId

_VERSIONED = r"(?P<id>[^\s?#]+?)(?:v(?P<version>[1-9][0-9]{0,3}))?"
_FORMS = (
    re.compile(rf"(?:(?i:arxiv):)?{_VERSIONED}"),
    re.compile(rf"(?i:(?:https?://)?(?:www\.)?arxiv\.org)/(?:abs|pdf|html)/{_VERSIONED}(?:\.pdf)?/?(?:[?#]\S*)?"),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper that somebody names; ``version`` is None where none was given."""

    arxiv_id: ArxivId
    version: int | None


def parse_reference(text: str) -> Reference:
    """Return the paper that ``text`` names.

    That is an id (https://info.arxiv.org/help/arxiv_identifier.html), bare or after ``arXiv:``, or the address of
    the abstract page, the PDF or the HTML, each with a version or without.

    Raises:
        UsageError: it is none of these.
    """
    for form in _FORMS:
        match = form.fullmatch(text.strip(" "))
        if match:
            try:
                arxiv_id = ArxivId.parse(match["id"])
            except ValueError:
                continue
            return Reference(arxiv_id, int(match["version"]) if match["version"] else None)
    raise UsageError(
        f"expected an arXiv id such as 2110.10101 or hep-th/9901001, or the address of its page, found {quoted(text)}"
    )
