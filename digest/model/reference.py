"""What a person types or pastes for a paper → its id."""

import re
from contextlib import suppress
from urllib.parse import unquote

from digest.errors import UsageError, quoted
from digest.model import ArxivId

_ID = r"(?P<id>[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[a-z]{2})?/[0-9]{7})(?: ?v(?P<version>[1-9][0-9]{0,3}))?"
_HOST = r"(?:(?:[a-z0-9-]+\.)*arxiv\.org|xxx\.lanl\.gov|(?:www\.)?(?:ar5iv|alphaxiv)\.org)"
_PAGE = rf"(?:https?://)?{_HOST}/(?:abs|pdf|html|format|ps|dvi|src|e-print|bibtex|overview)/"
_DOI = r"(?:(?:https?://)?(?:www\.|dx\.)?doi\.org/|doi ?:? ?)?10\.48550/arxiv\."
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|econ"
    "|eess|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|math|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg"
    "|q-bio|q-fin|quant-ph|solv-int|stat|supr-con"
)
"""https://arxiv.org/archive"""
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_YEAR = "(?:199[1-9]|20[0-9]{2})"
_DATE = rf"(?:0?[1-9]|[12][0-9]|3[01]) (?:{_MONTHS}) {_YEAR}"
_STAMP = rf"(?: ?\[(?:{_ARCHIVES})(?:\.[a-z]+(?:-[a-z]+)?)?\])?(?: {_DATE})?"
_CITED = r"(?:arxiv (?:preprint|e-?prints?)[:,]? |corr,? (?=abs/))(?:abs/)?"
_BLANKS = re.compile("[ \t\u00a0]+")
_BEFORE, _AFTER = "\"'\u201c\u2018\u00ab<([\u200b\ufeff", "\"'\u201d\u2019\u00bb>)\\].,;:!?\u200b\ufeff"
_REFERENCE = re.compile(
    rf"[{_BEFORE}]*(?:{_PAGE}|{_DOI}|oai:arxiv\.org:|{_CITED})?(?:arxiv(?: ?[:./] ?| ))?{_ID}"
    rf"(?:(?:\.pdf)?/?(?:[?#][^ ]*+)?|{_STAMP}|,? \(?{_YEAR})[{_AFTER}]*",
    re.ASCII | re.IGNORECASE,
)


def parse_paper_id(text: str) -> tuple[ArxivId, int | None]:
    """Return the paper that a person means by ``text``, and the version, if one is named.

    That is an id (https://info.arxiv.org/help/arxiv_identifier.html) as it is typed and copied: bare, after ``arXiv:``
    or ``oai:arXiv.org:``, as the stamp of a PDF with category and date, as bibliographies cite it, in the DOI that
    arXiv gives it, in an address of arXiv's hosts or of those that show its papers under their ids, with a version or
    without, in any case, in brackets, with a sentence's end behind it.

    Raises:
        UsageError: it is none of these.
    """
    match = _REFERENCE.fullmatch(unquote(_BLANKS.sub(" ", text).strip(" ")))
    if match is not None:
        archive, slash, number = match["id"].rpartition("/")
        name, dot, subject = archive.lower().partition(".")
        with suppress(ValueError):
            arxiv_id = ArxivId.parse(f"{name}{dot}{subject.upper()}{slash}{number}")
            return arxiv_id, int(match["version"]) if match["version"] else None
    words = "expected an arXiv id such as 2110.10101 or hep-th/9901001, or the address of its page"
    raise UsageError(f"{words}, found {quoted(text)}")
