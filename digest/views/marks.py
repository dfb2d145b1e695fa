"""Files that say which papers a person wants → marks: the site's own text, BibTeX, RIS. Pure; docs/RANKING.md.

In a bibliography each paper counts that names its arXiv id anywhere; the others are passed over.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from digest.errors import ConfigError, UsageError, quoted
from digest.model.marks import Marks
from digest.model.reference import parse_paper_id

HEADING = "# Marks of digest"
ENDINGS = (".txt", ".bib", ".ris")
"""What the files of marks end with in a folder of them."""

_COMMENT = re.compile(r"(?:^|\s)#.*")
_NUMBER = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[a-z]{2})?/[0-9]{7})(?:v[0-9]+)?(?![0-9.])"
_IN_TEXT = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.|\barxiv ?[:.] ?|\beprint\s*=\s*[{\"]\s*(?:arxiv:)?)"
    rf"({_NUMBER})",
    re.ASCII | re.IGNORECASE,
)
_BIBTEX_ENTRY = re.compile(r"^[ \t]*@[ \t]*(?!comment|string|preamble)[a-z]+[ \t]*[{(]", re.IGNORECASE | re.MULTILINE)
_RIS_TAG = re.compile(r"^([A-Z][A-Z0-9])  -", re.MULTILINE)


def parse_marks(data: bytes, name: str) -> Marks:
    """Return the marks that a file holds; its ``name`` tells the format, and is named in errors.

    Raises:
        ConfigError: it is damaged, or no such file.
    """
    if b"\0" in data:
        raise ConfigError(f"{name}: expected a text of marks, found a file that is no text")
    ending = name.rpartition(".")[2].lower()
    if ending in ("bib", "ris"):
        text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        (_require_bibtex if ending == "bib" else _require_ris)(text, name)
        return Marks.of(dict.fromkeys(_ids_in(text), True))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: expected UTF-8, found something else") from error
    return Marks.of(_signs_in(text, name))


def joined(files: Iterable[Marks]) -> Marks:
    """Return what several files say together; a paper that one of them wants is wanted."""
    signs: dict[str, bool] = {}
    for marks in files:
        signs |= {one: signs.get(one, False) for one in marks.unwanted} | dict.fromkeys(marks.wanted, True)
    return Marks.of(signs)


def edited(text: str, signs: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """Return a text of marks in which each of these ids has this sign, "+" or "-", or ("") none; the rest stays."""
    lines = [line for line in text.splitlines() if _id_of(line) not in signs]
    lines = lines or [HEADING]
    for one, sign in signs.items():
        title = f"  # {' '.join(titles[one].split())}" if titles.get(one) else ""
        lines += [f"{sign}{one}{title}"] if sign else []
    return "\n".join(lines) + "\n"


def _signs_in(text: str, name: str) -> dict[str, bool]:
    signs: dict[str, bool] = {}
    for number, line in enumerate(text.splitlines(), 1):
        own = _COMMENT.sub("", line).strip()
        if not own:
            continue
        try:
            arxiv_id, _ = parse_paper_id(own.removeprefix("+") if own[0] == "+" else own.removeprefix("-"))
        except UsageError as error:
            found = quoted(own)
            words = "expected an arXiv id behind + or -, such as +2110.10101"
            raise ConfigError(f"{name}:{number}: {words}, found {found}") from error
        signs[arxiv_id.without_class] = own[0] != "-"
    return signs


def _id_of(line: str) -> str:
    """Return which paper a line marks; "" if it marks none."""
    try:
        return parse_paper_id(_COMMENT.sub("", line).strip().lstrip("+-"))[0].without_class
    except UsageError:
        return ""


def _ids_in(text: str) -> Iterator[str]:
    for found in _IN_TEXT.finditer(text):
        try:
            yield parse_paper_id(found[1])[0].without_class
        except UsageError:  # such as 0000.00000
            continue


def _require_bibtex(text: str, name: str) -> None:
    starts = [found.start() for found in _BIBTEX_ENTRY.finditer(text)]
    if not starts and text.strip():
        raise ConfigError(f"{name}: expected entries of BibTeX, found none")
    last = text[starts[-1] :] if starts else ""
    bare = last.replace("\\{", "").replace("\\}", "")
    if bare.count("{") > bare.count("}"):
        line = text[: starts[-1]].count("\n") + 1
        raise ConfigError(f"{name}:{line}: expected a whole entry, found one without its end")


def _require_ris(text: str, name: str) -> None:
    tags = [found[1] for found in _RIS_TAG.finditer(text)]
    if "TY" not in tags and text.strip():
        raise ConfigError(f"{name}: expected references in RIS, found none")
    if tags and tags.count("TY") > tags.count("ER"):
        raise ConfigError(f"{name}: expected whole references, found one without its ER")
