"""What arXiv does to authors' text on its way to a page."""

import re

_ENTITY_END = re.compile(r"&#?\w+;$")
_BREAK = re.compile(r"(?<!^)\n[ \t]+(?!$)")

# Applied to text that is escaped already, as on arXiv: this is how a closing quote gets into an address.
_LINKED = re.compile(
    r"(?P<url>(?:https?|ftp)://[^\s<>{}|\\^`]+)"
    r"|(?<![\w.@/-])(?P<doi>10\.[0-9]{4,9}/[^\s<>{}|\\^`]+)"
    r"|(?<![\w.@/-])(?P<id>(?:arXiv:)?(?P<bare>[0-9]{4}\.[0-9]{4,5}(?:v[0-9]+)?))(?![\w-])"
    r"|(?<![\w.@/-])(?P<host>(?:[\w-]+\.)+(?:com|edu|io|js|md|net|org)\b(?:/[^\s<>{}|\\^`]*)?)",
    re.ASCII | re.IGNORECASE,
)


def escaped(text: str) -> str:
    """``text`` with the five characters escaped that arXiv escapes, and in its spelling."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text


def linked(text: str) -> str:
    """``text`` escaped, its addresses, bare hosts, DOIs and arXiv ids made into links."""
    return _LINKED.sub(_link, escaped(text))


def abstract_html(text: str) -> str:
    """``text`` as :func:`linked` gives it, with a ``br`` where a line begins with blanks."""
    return linked(_BREAK.sub("\n\x00", text).replace("\n\n", "\n")).replace("\x00", "<br>")


def _link(match: re.Match[str]) -> str:
    if match["id"]:
        bare = match["bare"]
        return f'<a href="https://arxiv.org/abs/{bare}" data-arxiv-id="{bare}" class="link-https">{match[0]}</a>'
    address, rest = _without_stop(match[0])
    if match["doi"]:
        target = f"https://doi.org/{address}"
        return (
            f'<a href="{target}" data-doi="{address}" class="link-https link-external"'
            f' rel="external noopener nofollow">{target}</a>{rest}'
        )
    target = address if match["url"] else f"http://{address}"
    scheme = target.partition(":")[0].lower()
    if target.startswith("https://arxiv.org/"):
        return f'<a href="{target}" class="link-internal link-https">{target}</a>{rest}'
    return (
        f'<a href="{target}" rel="external noopener nofollow" class="link-external link-{scheme}">'
        f"this {scheme} URL</a>{rest}"
    )


def _without_stop(address: str) -> tuple[str, str]:
    end = len(address)
    while end and address[end - 1] in ".,:;!?)":
        head = address[:end]
        if _ENTITY_END.search(head) or (head[-1] == ")" and head.count("(") >= head.count(")")):
            break
        end -= 1
    return address[:end], address[end:]
