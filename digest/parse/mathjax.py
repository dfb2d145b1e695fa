"""What MathJax has made of a page in a browser that saved it → the page as arXiv served it."""

import re

from lxml import etree

from digest.errors import PageRefusedError

_MADE_BY_MATHJAX = ("MathJax", "MJX")
"""What the classes of MathJax 2 begin with; arXiv's own class is ``mathjax``."""

_DISPLAY = re.compile(rb'<div\b[^<>]{0,300}?\bclass="MathJax\w*Display"[^<>]{0,300}>', re.IGNORECASE)
_END = re.compile(rb"</div>(?=\s*<script\b)", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"\s*\\begin\{(?:equation|align|alignat|eqnarray|gather|multline|flalign)\*?\}")
"""What MathJax 2 reads without dollars around it (``processEnvironments``)."""


def without_displays(body: bytes) -> bytes:
    """Return a saved page without what MathJax 2 made of displayed formulas; the TeX stands behind each.

    It is a ``div`` inside a ``p``, which no markup may have: to a parser, the abstract would end there.
    """
    pieces, place = [], 0
    for begin in _DISPLAY.finditer(body):
        if begin.start() < place:
            continue
        end = _END.search(body, begin.end())
        if end is None:
            break
        pieces.append(body[place : begin.start()])
        place = end.end()
    return b"".join([*pieces, body[place:]])


def put_tex_back(root: etree._Element) -> None:
    """Put the TeX that MathJax 2 left beside each formula in the formula's place, between dollars.

    Raises:
        PageRefusedError: the page was saved after MathJax 3 ran, which leaves no TeX.
    """
    if next(root.iter("mjx-container"), None) is not None:
        words = "save its source instead, for example with curl"
        raise PageRefusedError(f"expected the page as arXiv served it, found it saved after MathJax 3 ran; {words}")
    for element in list(root.iter("span", "div")):
        if (element.get("class") or "").startswith(_MADE_BY_MATHJAX):
            _replace(element, "")
    for script in list(root.iter("script")):
        kind = script.get("type") or ""
        if kind.startswith("math/tex"):
            tex = script.text or ""
            dollars = "$$" if "mode=display" in kind else "$"
            _replace(script, tex if _ENVIRONMENT.match(tex) else f"{dollars}{tex}{dollars}")


def _replace(element: etree._Element, text: str) -> None:
    """Put ``text`` in the place of an element; one whose parent is gone already goes with it."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    text += element.tail or ""
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text
    parent.remove(element)
