"""Papers that a person marked, and a list of others → that list by what it means to them, and why. Pure.

::

    texts ─TF-IDF of words and pairs of words→ vectors ─linear SVM, wanted against others→ scores

scikit-learn, the extra ``rank``, is imported here alone, and only when something is ranked. The order is a pure
function of the texts: the solver has no chance in it, and scores are compared as far as every machine agrees on them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from statistics import fmean
from typing import Any

from digest.errors import UsageError
from digest.markup import readable
from digest.model import Paper

MODEL = 1
"""Raised when the same texts give another order, or other reasons, than before."""

_WORDS, _NEAREST = 4, 2
_ALIKE = 0.08
"""Papers that share less than this have nothing in common but the field."""

_WORD = re.compile(r"\w\w+")
_EVERYWHERE = ""
"""A term of each text, so that there is one where no word occurs twice; it is never told."""

_FREEDOM = 0.03
"""So little a model may trust single words of few papers. From .01 to 10, the less the more was found of real days."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Rank:
    """How a paper, the one at ``place`` of the list, was ranked: 0 is one like any other, 1 one like those wanted.

    ``words`` are those that spoke most for it; ``nearest`` are the places of the wanted papers that it is most like.
    """

    place: int
    score: float
    words: tuple[str, ...]
    nearest: tuple[int, ...]


def text_of(paper: Paper) -> str:
    """Return what of a paper is compared: its title, which counts twice, and its abstract."""
    return f"{paper.title}\n{paper.title}\n{readable(paper.abstract or '')}"


def rank(papers: Sequence[str], wanted: Sequence[str], others: Sequence[str], most: int) -> list[Rank]:
    """Return the first ``most`` of the ``papers`` in the order of their scores, the best first.

    Those of the same score stand in the given order. Where there are no ``others`` that are not wanted, the papers
    themselves are taken for what is common.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    if not papers or not wanted:
        return []
    others = others or papers
    terms, vectors = _vectors([*wanted, *others, *papers])
    known = len(wanted) + len(others)
    weights = _trained(vectors[:known], len(wanted))
    spoken, listed = (vectors @ weights).tolist(), vectors[known:]
    like_any, like_wanted = fmean(spoken[len(wanted) : known]), fmean(spoken[: len(wanted)])
    span = like_wanted - like_any or 1.0
    order = [round((one - like_any) / span, _DIGITS) + 0.0 for one in spoken[known:]]
    best = sorted(range(len(papers)), key=lambda place: (-order[place], place))[:most]
    alike = (listed[best] @ vectors[: len(wanted)].T).toarray()
    return [
        Rank(
            place, min(max(order[place], 0.0), 1.0), _strongest(terms, listed[place], weights), _nearest(alike[number])
        )
        for number, place in enumerate(best)
    ]


def nearest(text: str, others: Sequence[str], limit: int) -> list[Rank]:
    """Return the places of those ``others`` that are most like ``text``, the most alike first, and the shared words.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    if not others:
        return []
    terms, vectors = _vectors([text, *others])
    own = vectors[0].toarray()[0]
    scores = [round(float(score), _DIGITS) for score in vectors[1:] @ own]
    best = sorted(range(len(others)), key=lambda place: (-scores[place], place))[:limit]
    return [
        Rank(place, scores[place], _strongest(terms, vectors[place + 1], own), ())
        for place in best
        if scores[place] >= _ALIKE
    ]


def common_words(paper: Paper, most: int) -> list[str]:
    """Return the words that a paper has most often, its title counting twice, at most so many; ASCII alone.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    require_library()
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415 - it takes most of a second

    words = re.findall("[a-z0-9]{3,}", text_of(paper).lower())
    counts = Counter(word for word in words if word not in ENGLISH_STOP_WORDS)
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:most]


def require_library() -> None:
    """See to it that papers can be ranked here.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    found = None
    with suppress(ImportError):
        found = find_spec("sklearn")
    if found is None:
        raise UsageError("ranking needs scikit-learn; `pip install 'arxiv-listing-digest[rank]'` brings it")


def _vectors(texts: Sequence[str]) -> tuple[Sequence[str], Any]:
    """Return the terms of ``texts`` in the order of the alphabet, and a row for each text: what each term weighs."""
    require_library()
    from sklearn.feature_extraction.text import (  # noqa: PLC0415 - it takes most of a second
        ENGLISH_STOP_WORDS,
        TfidfVectorizer,
    )

    def terms_of(text: str) -> list[str]:
        words = [word for word in _WORD.findall(text.lower()) if word not in ENGLISH_STOP_WORDS]
        return [*words, *map(" ".join, pairwise(words)), _EVERYWHERE]

    vectorizer = TfidfVectorizer(analyzer=terms_of, sublinear_tf=True, min_df=2)
    rows = vectorizer.fit_transform(texts).tocsr()
    return vectorizer.get_feature_names_out().tolist(), rows


def _trained(vectors: Any, wanted: int) -> Any:
    """Return the weight of each term, by which the first ``wanted`` are told from the others."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - as above

    labels = [1] * wanted + [0] * (vectors.shape[0] - wanted)
    # In its primal form the solver is Newton's, without any chance.
    machine = LinearSVC(C=_FREEDOM, dual=False, class_weight="balanced", tol=1e-6, max_iter=200).fit(vectors, labels)
    return machine.coef_[0]


def _strongest(terms: Sequence[str], row: Any, weights: Any) -> tuple[str, ...]:
    """Return the terms that speak most for a paper; none that stands in another."""
    spoken = [
        (-round(float(weight * weights[term]), 6), terms[term])
        for term, weight in zip(row.indices, row.data, strict=True)
        if weights[term] > 0 and terms[term]
    ]
    found: list[str] = []
    for _, term in sorted(spoken):
        words = set(term.split())
        if not any(words & set(other.split()) for other in found):
            found.append(term)
        if len(found) == _WORDS:
            break
    return tuple(found)


def _nearest(alike: Sequence[float]) -> tuple[int, ...]:
    near = [(-round(float(much), _DIGITS), place) for place, much in enumerate(alike) if much >= _ALIKE]
    return tuple(place for _, place in sorted(near)[:_NEAREST])
