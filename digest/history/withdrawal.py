r"""Whether a paper's own texts say that it is withdrawn.

A withdrawal is a replacement whose comments give the reason (https://info.arxiv.org/help/withdraw.html); listings
mark it in no other way. Older ones say it in the abstract too, in words that arXiv's help proposed: "This paper has
been withdrawn by the author due to …". A notice stands at the start of a sentence; what is withdrawn elsewhere in
a text (a section, an earlier version, another paper, blood) is not this paper.
"""

import re

_OPENING = r"[\W_]*(?:(?:arxiv\s+admin(?:istrator)?s?\s+)?note\s*:\s*)?[\W_]*"
_NOUN = r"(?:paper|article|manuscript|submission|preprint|e-?print)"
_THIS = rf"(?:this\s+(?:{_NOUN}|work|version)|(?:our|my)\s+(?:{_NOUN}|work))"
_BEING = r"(?:(?:has|have)\s+been|was|is(?:\s+being)?)\s+(?:(?:temporarily|voluntarily|hereby|now)\s+)?"
# From a conference or a journal, a paper is withdrawn otherwise.
_NOT_ELSEWHERE = r"(?!(?:\s+by(?:\s+[\w()]+){1,3}?)?\s+from\s+(?!(?:the\s+)?arxiv\b))"
_SUBJECT_FIRST = rf"(?:(?:{_THIS}|the\s+{_NOUN})\s+(?:{_BEING})?|{_NOUN}\s+(?:{_BEING})?)withdrawn\b{_NOT_ELSEWHERE}"
_BY_AUTHORS = (
    r"(?:(?:the|all)\s+)?(?:authors?|we|i)\s+(?:(?:have|has|hereby)\s+)?withdr(?:aw|aws|awn|ew)\s+"
    rf"(?:this|the|our|my|their)\s+(?:{_NOUN}|work)\b{_NOT_ELSEWHERE}"
)
_NOTICE = rf"(?:{_SUBJECT_FIRST}|{_BY_AUTHORS})"
_REASON = r"(?:by|due|owing|because|since|as|for|pending|until|from\s+(?:the\s+)?arxiv)\b"
_BARE = rf"withdrawn(?=\s*(?:[.,;:!)\]\u2013\u2014-]|$)|\s+(?:{_REASON})){_NOT_ELSEWHERE}"

_FLAGS = re.IGNORECASE
_AT_START = re.compile(rf"{_OPENING}(?:{_NOTICE}|{_BARE})", _FLAGS)
_IN_COMMENTS = re.compile(
    rf"(?:[.;!?\n]\s+|[(\[]){_OPENING}(?:{_NOTICE}|withdrawn\s*(?:$|[.!)\]])|withdrawn\s+by\s+(?:the\s+)?(?:author|arxiv))"
    rf"|,\s+{_THIS}\s+{_BEING}withdrawn\b{_NOT_ELSEWHERE}",
    _FLAGS,
)


def says_withdrawn(*, abstract: str | None, comments: str | None) -> bool | None:
    """Whether the plain texts of a paper say that it is withdrawn; None if what is known of them does not tell."""
    if _AT_START.match(abstract or "") or _AT_START.match(comments or "") or _IN_COMMENTS.search(comments or ""):
        return True
    return None if abstract is None or comments is None else False
