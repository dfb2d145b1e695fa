"""What acts in a markdown text, made text, and nothing else changed: for templates that keep texts as they are.

Unlike ``markdown.escaped``, these leave emphasis, code, links to web pages and all the rest alone.
"""

import html
import re

_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")

_UNESCAPED = r"(?<!\\)(?P<before>(?:\\\\)*"
_IMAGE = re.compile(rf"{_UNESCAPED}!)\[")
_LINK = re.compile(rf"{_UNESCAPED})(?P<target>\]\([^()\[\]]*)")
_DEFINITION = re.compile(
    r"(?P<before>(?:[>*+-]|\d{1,9}[.)]|\s)*"  # it may stand in a list or a quote
    r"\[(?:[^\[\]\\]|\\.)*)(?P<target>\]:[^()\[\]]*)"
)

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\\]")
_SCHEME = re.compile(r"\][(:]<?(?P<scheme>[a-z][a-z0-9+.-]*):")
_HARMLESS = ("http", "https", "ftp", "mailto")


def inert(text: str) -> str:
    """Return plain ``text`` with every ``<`` escaped that markdown would take for the start of a tag."""
    return _TAG_START.sub("&lt;", text)


def unarmed(text: str) -> str:
    """Return markdown in which no image is loaded, and no link leads to a script, a file or the like.

    It may hold tags, such as those of an abstract. An image's ``[`` gets a backslash; so does the ``]`` of a link, or
    of a reference's definition, whose target has another scheme than http, https, ftp and mailto, however spelled.
    """
    if "]" not in text:
        return text
    if "![" in text:
        text = _IMAGE.sub(r"\g<before>\[", text)
    if "](" in text:
        text = _LINK.sub(_without_script, text)
    if "]:" in text and (definition := _DEFINITION.match(text)):
        text = _without_script(definition) + text[definition.end() :]
    return text


def _without_script(link: re.Match[str]) -> str:
    # An engine undoes entities and backslashes; a browser leaves out what is not seen.
    target = _UNSEEN.sub("", html.unescape(link["target"])).lower()
    scheme = _SCHEME.match(target)
    is_harmless = scheme is None or scheme["scheme"] in _HARMLESS
    return link[0] if is_harmless else f"{link['before']}\\{link['target']}"
