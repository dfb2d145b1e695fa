r"""arXiv's texts → HTML: maths as MathML, addresses as links, all else escaped.

What is maths is decided by ``render/maths.py``, as for the digests. latex2mathml makes elements of it; what becomes of
them is ours: its own way to write them down undoes the escapes, so that ``\text{<b>}`` would be a tag.
"""

import html
import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

from digest.errors import UsageError
from digest.markup import LINE_BREAK, pieces
from digest.render.markdown import is_web_address, web_address
from digest.render.maths import Maths, maths_in
from digest.render.unicode import prose

# latex2mathml is imported inside functions: nothing but the site needs it.

_LONGEST = 1000  # characters of TeX; beyond that it is no formula in a sentence
_DEEPEST = 40  # elements inside one another, which browsers lay out in no time

_ELEMENTS = frozenset(
    (
        *("math", "maction", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded"),
        *("mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup"),
        *("mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *("accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "depth", "display"),
        *("displaystyle", "fence", "form", "frame", "height", "largeop", "linethickness", "lspace", "mathvariant"),
        *("maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing", "rspace", "scriptlevel"),
        *("separator", "stretchy", "symmetric", "voffset", "width"),
    )
)
"""What makes a page prettier and does nothing else. ``href``, ``style``, ``class`` and ``id`` are not among them."""

_VALUE = re.compile(r"[\w .%+-]*", re.ASCII)
_LINK = re.compile(r"\\href\{(?P<address>[^{}\\$]*)\}\{(?P<words>[^{}\\$^_&]*)\}")
_WIDE = 18  # characters of a formula, beyond which it may not fit a phone in one piece
_WORD_END = re.compile(r"(?<=[/\s-])(?=[^\s/])")
_BREAKING = frozenset("=<>≤≥≈≠\u223c≃≅≡∈⊂⊆→←↦⇒+\u2212-±\u00d7⋅,;")
"""Operators before which, and separators behind which, a formula goes on in the next line."""

_REFERENCE = re.compile(r"&#(?:x[0-9A-Fa-f]{1,6}|[0-9]{1,7});")  # how latex2mathml spells its signs
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_OVERRIDE = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Html(str):
    """A text that is HTML already: Jinja escapes all others."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return it as it is."""
        return self


def require_mathml() -> str:
    """Return the version of what makes MathML.

    Raises:
        UsageError: it is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        return version("latex2mathml")
    except PackageNotFoundError as error:
        words = "a site needs latex2mathml, which is not installed"
        raise UsageError(f"{words}: install the extra \"site\" (pip install 'arxiv-listing-digest[site]')") from error


def shown(text: str) -> Html:
    """Return plain ``text`` on one line as HTML, its maths as MathML; no link is in it."""
    return Html("".join(_with_maths([(text, "")], links=False)))


def name_of(text: str) -> Html:
    """Return an attribute that names a link, or a heading, whose ``text`` is maths alone, which names none; or ""."""
    made = shown(text)
    if re.sub(r"<math.*?</math>|<wbr>", "", made).strip():
        return Html()
    words = re.sub(r"<[^>]*>", "", made).strip() or escaped(text)
    return Html(f' aria-label="{words}"')


def linked(line: str) -> Html:
    """Return a ``line`` of canonical HTML (an abstract, comments) as HTML for a page: with maths, and with its links.

    An address is shown as it was typed, where arXiv shows "this https URL".
    """
    return Html("".join(_with_maths([*pieces(line)], links=True)))


def escaped(text: str) -> str:
    """Return ``text`` for any place in HTML; controls become U+FFFD, and turns of direction end with the text."""
    safe = html.escape(_CONTROL.sub("\ufffd", text))
    return f'<bdi dir="auto">{safe}</bdi>' if not text.isascii() and _OVERRIDE.search(text) else safe


def _with_maths(runs: Sequence[tuple[str, str]], *, links: bool) -> Iterator[str]:
    """Yield the HTML of ``runs`` of text, each with the address that it leads to, or "".

    What is maths is looked for in all of the text, as in a digest: arXiv makes links inside of formulas, too.
    """
    text = "".join(one for one, _ in runs if one != LINE_BREAK)
    formulas = deque(maths_in(text) if "$" in text else ())
    here = 0
    for run, address in runs:
        begin, end = here, here + len(run)
        if run == LINE_BREAK:
            yield "<br>"
            continue
        while here < end:
            if formulas and formulas[0].start <= here:
                if formulas[0].start == here:
                    yield _formula(formulas[0], text, links=links)
                here = min(formulas[0].end, end)
                if here == formulas[0].end:
                    formulas.popleft()
                continue
            stop = min(formulas[0].start, end) if formulas else end
            yield _run(run[here - begin : stop - begin], address if links else "")
            here = stop


def _run(text: str, address: str) -> str:
    words = escaped(text if address else prose(text))  # an address stays as it was typed
    return f'<a href="{escaped(web_address(address))}">{words}</a>' if is_web_address(address) else words


def _formula(formula: Maths, text: str, *, links: bool) -> str:
    made, address = mathml(formula.tex, is_display=formula.is_display)
    if not made:
        return f"<code>{escaped(text[formula.start : formula.end])}</code>"
    if not (links and address):
        return made
    # A link that holds MathML alone has no name for those who hear the page.
    words = re.sub(r"<[^>]*>", "", made).strip() or escaped(address)
    return f'<a href="{escaped(web_address(address))}" aria-label="{words}">{made}</a>'


@lru_cache(maxsize=4096)  # a few formulas are most of all
def mathml(tex: str, *, is_display: bool = False) -> tuple[str, str]:
    r"""Return TeX as MathML, and the address that it leads to, if any (``\href``); "" if it cannot be made.

    That is the case where a command stays, which shows as a backslash, and where anything would come out that is not
    known to be harmless.
    """
    from latex2mathml.converter import Converter  # noqa: PLC0415 - see above

    if len(tex) > _LONGEST:
        return "", ""
    if link := _LINK.fullmatch(tex.strip()):  # words, which TeX would set as a product of their letters
        address = link["address"] if is_web_address(link["address"]) else ""
        return (_in_pieces(_element("math", _element("mtext", text=link["words"]))) if address else ""), address
    try:
        element = Converter(display="block" if is_display else "inline").convert_to_element(tex)
    except (Exception, MemoryError):  # noqa: BLE001 - it fails in many ways at what authors typed
        return "", ""
    addresses = {address for one in element.iter() if (address := one.attrib.pop("href", None)) is not None}
    address = next(iter(addresses), "")
    if len(addresses) > 1 or (addresses and not is_web_address(address)) or not _tame(element):
        return "", ""
    return _in_pieces(element), address


def _element(name: str, *inner: Element, text: str | None = None) -> Element:
    element = Element(name)
    element.text = text
    element.extend(inner)
    return element


def _in_pieces(element: Element) -> str:
    """Return a formula as text: a wide one in pieces, between which a line may end; browsers break none themselves."""
    row = element
    while len(row) == 1 and row[0].tag == "mrow":
        row = row[0]
    if element.get("display") == "block" or sum(map(len, element.itertext())) <= _WIDE:
        return tostring(element, encoding="unicode", short_empty_elements=False)
    lines: list[list[Element]] = [[]]
    for part in (part for child in row for part in _words(child)):
        before = lines[-1][-1] if lines[-1] else None
        text = part.text or ""
        if before is not None and _may_break(before, part):
            lines.append([])
            if part.tag == "mo" and text not in (",", ";"):
                part.set("form", "infix")  # as it would be between its neighbours
        lines[-1].append(part)
    made = (_element("math", _element("mrow", *parts)) for parts in lines)
    return "<wbr>".join(tostring(one, encoding="unicode", short_empty_elements=False) for one in made)


def _may_break(before: Element, part: Element) -> bool:
    if before.tag == part.tag == "mtext":
        return True
    return (part.tag == "mo" and (part.text or "") in _BREAKING - {",", ";"}) or (
        before.tag == "mo" and before.text in (",", ";")
    )


def _words(child: Element) -> list[Element]:
    """Return an element of a formula, a text word by word."""
    if child.tag != "mtext" or len(child) or not child.text:
        return [child]
    words = _WORD_END.split(child.text)
    found = [_element("mtext", text=re.sub(r"\s+$", "\u00a0", word)) for word in words]
    for one in found:
        one.attrib.update(child.attrib)
    return found


def _tame(element: Element, depth: int = 0) -> bool:
    """Give the signs of an element their own characters, and return whether it may stand in a page."""
    element.attrib.pop("xmlns", None)
    if depth == 0 and element.attrib.get("display") == "inline":
        del element.attrib["display"]  # as it is by default
    element.text, element.tail = _signs(element.text), _signs(element.tail)
    is_known = element.tag in _ELEMENTS and _ATTRIBUTES.issuperset(element.attrib)
    texts = f"{element.text or ''}{element.tail or ''}"
    is_harmless = "\\" not in texts and not _CONTROL.search(texts) and not _OVERRIDE.search(texts)
    is_plain = all(map(_VALUE.fullmatch, element.attrib.values()))
    return is_known and is_harmless and is_plain and depth < _DEEPEST and all(_tame(one, depth + 1) for one in element)


def _signs(text: str | None) -> str | None:
    return text and _REFERENCE.sub(lambda reference: html.unescape(reference[0]), text)
