"""Which hosts without a scheme are addresses: that in "the Own platform (own.cloud)", not that in "from own-shop.com".

A path, ``www.``, or a subdomain tells; of a host alone, what stands around it.
"""

import re

from digest.parse.links.addresses import ANYBODYS_HOST, NEVER_ALONE, PROPER_TOP_LEVEL, is_incomplete
from digest.parse.links.authored import LEAST_OF_A_NAME, Words, small_letters

_WWW = re.compile(r"[Ww]{3}\.")
_WWW_HOST = re.compile(rf"{_WWW.pattern}(?:[\w-]+\.)+(?:[a-z]{{2,24}}|[A-Z]{{2,6}})(?![\w-])")
_PATH = re.compile(r"(?::[0-9]+)?[/?#]")
_POINTER = re.compile(
    r"\b(?:available|access\w*|found|hosted|released|provided|shared|download\w*|online|visit|see|published|demo|page"
    r"|website|webpage|homepage|site|link|url|code|dataset|repository|via|through"
    r"|(?:benchmark|data|models?|results|software|videos?|weights)(?: is| are)? at"
    r"|(?:app|benchmark|data|leaderboard|platform|project|tool|video|web) ?:)"
    r"(?:\W+(?:at|on|in|is|are|via|through|under|here|the|this|our|following|publicly|online|link|url))*\W*$",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\b(?:platform|arena|leaderboard|portal|demo\w*|(?:web)?app|tool|system|service|(?:web)?site|hub|viewer|interface"
    r"|playground|server|project|bench\w*|dataset|releas\w+|launch\w*|open-sourc\w+|maintain\w*|deploy\w*|reach\w*"
    r"|tr(?:y|ied)|brows\w+|explor\w+|access\w*|runs?|running|live|hosted)\b[^.;!?]*$",
    re.IGNORECASE,
)
"""A thing that authors offer, or that they do."""
_TAKEN = re.compile(
    r"\b(?:from|crawl\w*|scrap\w+|collected|gathered|recruit\w*|purchas\w+|bought|sold|such as|like|e\.g\.?|using)\b"
    r"[^.;!?]*$",
    re.IGNORECASE,
)
"""Where others' sites are named."""
_NAME_AND_BRACKET = re.compile(r"\b[A-Z][\w-]*,? \($")
_LEADS_TO = re.compile(
    r"(?:\b(?:at|via|through|under)(?: the)?(?: (?:page|platform|portal|(?:web)?site))?|[(:])\W*$", re.IGNORECASE
)
"""What leads from there to an address."""
_GOES_ON_AS_NAME = re.compile(r"['\u2019]s\b| v?[0-9]+\.[0-9]")
_LONGEST, _BEFORE, _TAKEN_BEFORE, _LEADING = 100, 80, 40, 20  # characters


def is_host_meant(text: str, start: int, end: int, words: Words) -> bool:
    """Whether a host without scheme is one, and no name ("Booking.com") or lost blank ("methods.In").

    It is if a path follows, if it begins with ``www.`` or has a subdomain, if it is the whole text, or if the words
    before point to it.
    """
    if _WWW.match(text, start):
        return _WWW_HOST.match(text, start, start + _LONGEST) is not None
    if _PATH.match(text, end):
        return True
    host = text[start:end]
    *labels, top = host.split(".")
    before = text[max(0, start - _BEFORE) : start]
    if top in NEVER_ALONE or before.endswith(("@", "@ ")):
        return False
    if is_incomplete(host) or ANYBODYS_HOST.fullmatch(host) or _GOES_ON_AS_NAME.match(text, end):
        return False
    if top in PROPER_TOP_LEVEL:
        is_alone = start == 0 and len(text) - end < 2
        if len(labels) > 1 or is_alone or _POINTER.search(before):
            return True
    return _is_offered(labels[-1], top, before, text[end : end + 1], words)


def _is_offered(label: str, top: str, before: str, after: str, words: Words) -> bool:
    """Whether authors offer the host: "the Own platform (own.cloud)", "we release OwnBench at own-bench.com"."""
    if not _LEADS_TO.search(before[-_LEADING:]):
        return False
    name = small_letters(label)
    if len(name) >= LEAST_OF_A_NAME and words.use_as_name(name):
        return True
    if not label.islower() or _TAKEN.search(before[-_TAKEN_BEFORE:]):
        return False
    is_bracketed = top in PROPER_TOP_LEVEL and after == ")" and _NAME_AND_BRACKET.search(before) is not None
    return is_bracketed or _OFFER.search(before) is not None
