r"""The addresses in abstracts and comments, as arXiv links them, come out in one canonical form with their kind."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Link
from digest.parse.links import find_links
from digest.standin.markup import linked
from tests.test_parse_markup import paper

REPO = "https://github.com/example-lab/Repo_1"


def links_of(abstract: str, comments: str = "") -> tuple[Link, ...]:
    """Return the links of a paper whose authors typed these texts, after arXiv has linked them."""
    return paper(abstract=f"Text. {linked(abstract)}", comments=linked(comments)).links


def urls_of(abstract: str, comments: str = "") -> list[str]:
    """Return their addresses."""
    return [link.url for link in links_of(abstract, comments)]


@pytest.mark.parametrize(
    "typed",
    [
        "https://github.com/example-lab/Repo_1",
        "http://github.com/example-lab/Repo_1",
        "github.com/example-lab/Repo_1",
        "HTTPS://GitHub.com/example-lab/Repo_1",
        "https://www.github.com/example-lab/Repo_1",
        "https://github.com/example-lab/Repo_1/",
        "https://github.com/example-lab/Repo_1.git",
        "https://github.com/example-lab/Repo_1.git/",
        "https://github.com/example-lab/Repo_1#readme",
        "https://github.com/example-lab/Repo_1#",
        "https://github.com/example-lab/Repo_1/#installation",
    ],
)
def test_a_repository_has_one_spelling(typed: str) -> None:
    """Scheme, www, the host's case, a final slash, ``.git`` and fragments make no difference."""
    assert links_of(f"Code: {typed}") == (Link(REPO, "code", "abstract"),)


@pytest.mark.parametrize(
    "frame",
    [
        *("{}", "{}.", "{},", "{};", "{}:", "{}!", "{}?", "{}...", "({})", "({}).", "[{}]", "{{{}}}"),
        *('"{}"', "'{}'", '"{}".', "<{}>", "<{}>.", "`{}`", "**{}**", "*{}*", "$ {} $", "\u201c{}\u201d", "{} ."),
        *("[the code]({})", "[the code]({}).", "{}) and", "see {}, or not", "{}\nand more", "{}\n  and more"),
        *(r"\url{{{}}}", r"\url{{{}}}.", r"\href{{{}}}{{here}}", r"\footnote{{{}}}", r"\texttt{{{}}}"),
        *(r"$\href{{{}}}{{\text{{here}}}}$", r"\textcolor{{blue}}{{\url{{{}}}}}", "{}{{}}", r"{}\\"),
    ],
)
def test_what_stands_around_an_address_is_not_of_it(frame: str) -> None:
    """Punctuation, quotes, brackets, stars and LaTeX around an address go, as far as they are not its own."""
    assert urls_of(frame.format(REPO)) == [REPO]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://x.example.org/page/a_(b)", "https://x.example.org/page/a_(b)"),
        ("(https://x.example.org/page/a_(b)).", "https://x.example.org/page/a_(b)"),
        (r"https://github.com/example-lab/Repo\_1", REPO),
        (r"https://github.com/example\_lab/a\_b\_c.", "https://github.com/example_lab/a_b_c"),
        (r"\url{https://x.example.org/a\%20b\&c}", "https://x.example.org/a%20b&c"),
        ("https://x.example.org/a%20b", "https://x.example.org/a%20b"),
        ("https://x.example.org/~someone/p", "https://x.example.org/~someone/p"),
        ("https://X.Example.ORG/Path/CASE", "https://x.example.org/Path/CASE"),
        ("http://www.example.org/p/", "https://example.org/p"),
        ("https://x.example.org:8443/p", "https://x.example.org:8443/p"),
        ("https://x.example.org/p?q=1&r=2", "https://x.example.org/p?q=1&r=2"),
        ("https://x.example.org/p?q=a/", "https://x.example.org/p?q=a"),
        ("https://x.example.org/p/?view_only=1a2b", "https://x.example.org/p/?view_only=1a2b"),
        ("https://x.example.org/p#part", "https://x.example.org/p#part"),
        ("https://x.example.org/p#", "https://x.example.org/p"),
        ("https://x.example.org/code.git", "https://x.example.org/code.git"),
        (f"{REPO}/tree/main/part", f"{REPO}/tree/main/part"),
        (f"{REPO}/tree/main/#part", f"{REPO}/tree/main"),
        (f"{REPO}?tab=readme-ov-file", f"{REPO}?tab=readme-ov-file"),
        ("https://example-lab.github.io/Repo_1/", "https://example-lab.github.io/Repo_1"),
        ("https://example-lab.github.io", "https://example-lab.github.io"),
    ],
)
def test_an_address_comes_out_in_canonical_form(typed: str, url: str) -> None:
    """The rules of the labelled data: what is kept, what is undone and what is cut."""
    assert urls_of(f"See {typed}") == [url]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (REPO, "code"),
        (f"{REPO}/blob/main/data.md", "code"),
        ("https://gist.github.com/someone/0123abcd", "code"),
        ("https://gitlab.com/example-lab/x", "code"),
        ("https://gitlab.example.edu/example-lab/x", "code"),
        ("https://git.example.edu/example-lab/x", "code"),
        ("https://bitbucket.org/example-lab/x", "code"),
        ("https://codeberg.org/example-lab/x", "code"),
        ("https://gitee.com/example-lab/x", "code"),
        ("https://sourceforge.net/projects/x", "code"),
        ("https://anonymous.4open.science/r/x-1A2B", "code"),
        ("https://colab.research.google.com/drive/0123", "code"),
        ("https://kaggle.com/code/someone/x", "code"),
        ("https://kaggle.com/datasets/someone/x", "data"),
        ("https://example-lab.github.io/x", "project"),
        ("https://sites.google.com/view/x", "project"),
        ("https://huggingface.co/example-lab/x", "model"),
        ("https://huggingface.co/example-lab/x/tree/main", "model"),
        ("https://huggingface.co/datasets/example-lab/x", "data"),
        ("https://huggingface.co/spaces/example-lab/x", "demo"),
        ("https://huggingface.co/collections/example-lab/x", "other"),
        ("https://zenodo.org/records/123", "data"),
        ("https://doi.org/10.5281/zenodo.123", "data"),
        ("https://osf.io/ab12c", "data"),
        ("https://youtu.be/abc", "video"),
        ("https://youtube.com/watch?v=abc", "video"),
        ("https://doi.org/10.1000/x.1", "paper"),
        ("https://openreview.net/forum?id=abc", "paper"),
        ("https://openaccess.thecvf.com/content/x.html", "paper"),
        ("https://example.org/notgithub.com/a", "other"),
        ("https://github.com.example.org/a/b", "other"),
        ("https://notgithub.com/a/b", "other"),
    ],
)
def test_the_host_decides_the_kind(url: str, kind: str) -> None:
    """A host that says what it holds decides, whatever the sentence calls it."""
    assert links_of(f"The code and data are at {url} now.") == (Link(url, kind, "abstract"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Code will be released.",
        "Our code will be on GitHub upon acceptance.",
        "Such as (i.e. version 3.5 of cs.CV, e.g. v1.2).",
        "As in arXiv:2305.12345 and 2306.54321v3.",
        "Mail someone@example.com.",
        "Code: https://github.com",
        "Code: https://github.com/",
        "Code: github.com/ and more",
        "DOI: https://doi.org/",
        "https://",
        "http://localhost/x and https://[::1",
        "https://x.y:port/",
    ],
)
def test_where_no_address_is_none_is_found(text: str) -> None:
    """Promises, abbreviations, arXiv's own ids, bare code hosts and broken addresses are no links."""
    assert links_of(text) == ()


def test_links_come_in_the_order_of_their_mention() -> None:
    """First those of the abstract, then those only in the comments, each where it was found first."""
    found = links_of(
        f"Page: https://example-lab.github.io/x, code: {REPO}.",
        f"Code: {REPO}; data: https://zenodo.org/records/1",
    )
    assert found == (
        Link("https://example-lab.github.io/x", "project", "abstract"),
        Link(REPO, "code", "abstract"),
        Link("https://zenodo.org/records/1", "data", "comments"),
    )


def test_a_link_only_in_the_comments_is_found() -> None:
    """A paper that names its code in the comments alone has a code link."""
    assert links_of("No address here.", f"8 pages. Code: {REPO}") == (Link(REPO, "code", "comments"),)


@pytest.mark.parametrize(
    "again",
    [REPO, f"{REPO}/", f"{REPO}.git", "http://www.github.com/Example-Lab/REPO_1", r"github.com/example-lab/Repo\_1"],
)
def test_an_address_counts_once(again: str) -> None:
    """A repository mentioned twice, in whatever spelling, is one link in its first spelling."""
    assert urls_of(f"Code: {REPO} and {again}.", f"Code: {again}") == [REPO]


def test_the_case_of_a_path_tells_addresses_apart() -> None:
    """Only GitHub's owner and repository ignore case: elsewhere another case is another address."""
    typed = ["https://x.example.org/AbC", "https://x.example.org/aBc", f"{REPO}/tree/Main", f"{REPO}/tree/main"]
    assert urls_of(" and ".join(typed)) == typed


def test_two_addresses_in_brackets_are_two() -> None:
    """Code and models in one sentence are both found, without the sentence."""
    assert urls_of(f"Code ({REPO}) and models (https://huggingface.co/example-lab/x) are public.") == [
        REPO,
        "https://huggingface.co/example-lab/x",
    ]


def test_a_paper_without_texts_has_no_links() -> None:
    """A source that carries neither abstract nor comments gives none."""
    assert find_links(abstract=None, comments=None) == ()


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_the_text_a_link_is_an_address(before: str, after: str) -> None:
    """Every link is https, has a host in lower case, holds no blank, quote or angle bracket, and comes once."""
    found = links_of(f"{before}https://github.com/{after}")
    for link in found:
        assert re.fullmatch(r"https://[^\s/\"<>]+([/?#][^\s\"<>]*)?", link.url), link
        assert link.url.split("/")[2] == link.url.split("/")[2].lower()
    assert len({link.url for link in found}) == len(found)


# Against the labelled papers

_NAIVE = re.compile(r"(?:https?://|github\.com/)[^\s{}]+")


@cache
def _gold(shared: Path) -> tuple[dict[str, Any], ...]:
    lines = (shared / "data/links/gold.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def _score(shared: Path, predicted: Mapping[str, Sequence[tuple[str, str]]], file: Path) -> dict[tuple[str, str], Any]:
    rows = (
        {"id": name, "links": [{"url": url, "kind": kind} for url, kind in links]} for name, links in predicted.items()
    )
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    folder = shared / "data/links"
    done = subprocess.run(
        [sys.executable, str(folder / "score.py"), str(folder / "gold.jsonl"), str(file), "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return {(row["metric"], row["stratum"]): row for row in json.loads(done.stdout)["rows"]}


def test_the_extractor_beats_a_plain_pattern(shared: Path, tmp_path: Path) -> None:
    """On 300 labelled papers it is better than the pattern that anybody would write, for code and for all links.

    How good it has to be is a later issue's; that it earns its keep is the floor.
    """
    ours, naive = {}, {}
    for row in _gold(shared):
        found = paper(abstract=row["abstract_html"], comments=row["comments_html"] or "").links
        ours[row["id"]] = [(link.url, link.kind) for link in found]
        text = f"{row['abstract']} {row['comment']}"
        plain = dict.fromkeys(url.rstrip(".,;:)/") for url in _NAIVE.findall(text))
        naive[row["id"]] = [(url, "code" if "github.com" in url else "other") for url in plain]
    scores = _score(shared, ours, tmp_path / "ours.jsonl")
    floors = _score(shared, naive, tmp_path / "naive.jsonl")
    for metric in ("code", "all"):
        assert scores[metric, "TOTAL"]["f1"] > floors[metric, "TOTAL"]["f1"]
    assert scores["code", "none"]["fp"] == 0  # no code where there is none
