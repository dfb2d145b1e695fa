"""What makes sense in a view's table; what its words mean is told by ``digest.views``."""

import re
from collections.abc import Collection, Iterable

from digest.config.paths import check_path, check_shared, different
from digest.config.values import FEED_FILES, Config, View
from digest.errors import quoted
from digest.terms import Section

_NAME = re.compile(r"[^\W_]+(?:[ _-][^\W_]+)*")
_LONGEST_NAME = 60
_STRAY_STAR = re.compile(r"(?<![^\W_])\*|\*(?=\w)")


def check_views(config: Config) -> None:
    """Check all views of ``config``.

    Raises:
        ValueError: a value makes no sense; its text names the view.
    """
    for view in config.views:
        _check_name(view.name)
        try:
            _check_view(view, config.arxiv.categories)
        except ValueError as error:
            raise ValueError(f"[[view]] {view.name!r} {error}") from error
    names = [view.name for view in config.views]
    if not different(names):
        raise ValueError(f"[[view]] name: expected different ones, whatever their case, found {names}")
    check_shared(config)


def _check_name(name: str) -> None:
    # It becomes a folder's name and a heading, and is typed on command lines.
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        allowed = "letters and digits, with single blanks, - or _ between them"
        raise ValueError(f"[[view]] name: expected at most {_LONGEST_NAME} {allowed}, found {quoted(name)}")


def _check_view(view: View, kept: Collection[str]) -> None:
    if not are_some_of(kept, view.categories):
        raise ValueError(
            f"categories: expected some of those in [arxiv] categories ({', '.join(kept)}), "
            f"found {list(view.categories)}"
        )
    if not are_some_of(Section, view.sections):
        raise ValueError(f"sections: expected some of {', '.join(Section)}, found {list(view.sections)}")
    if not are_some_of(FEED_FILES, view.feeds):
        raise ValueError(f"feeds: expected some of {', '.join(FEED_FILES)}, found {list(view.feeds)}")
    for keyword in view.keywords:
        _check_keyword(keyword)
    for author in view.authors:
        if not _has_word(author):
            raise ValueError(f"authors: expected names such as 'Kaiming He' or 'K. He', found {quoted(author)}")
    check_path(view.path, "path", "view", view.name)


def _check_keyword(keyword: str) -> None:
    if not _has_word(keyword):
        raise ValueError(f"keywords: expected words such as 'diffusion' or '-medical', found {quoted(keyword)}")
    if _STRAY_STAR.search(keyword):
        raise ValueError(f"keywords: expected * only at the end of a word, such as 'segment*', found {quoted(keyword)}")


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)


def are_some_of(known: Iterable[str], chosen: Collection[str]) -> bool:
    """Whether the ``chosen`` are different ones, all of them ``known``."""
    return len(set(chosen)) == len(chosen) and set(chosen) <= set(known)
