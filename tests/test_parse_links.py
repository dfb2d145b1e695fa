r"""The addresses in abstracts and comments come out in one canonical form with their kind, linked by arXiv or not."""

import html
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Link
from digest.parse.links import LINK_RULES, find_links
from digest.parse.links.addresses import canonical_url
from digest.standin.entries import linked
from tests.benchmarks.links import PREDICTIONS, Record, predictions, read_records
from tests.conftest import long_after
from tests.test_parse_markup import paper

REPO = "https://github.com/own-lab/Repo_1"
PAGE = "https://own-lab.github.io/own-page"


def unlinked(text: str) -> str:
    """Return a text as it was typed, as one line of canonical HTML without anchors."""
    return html.escape(text.replace("\n", " "), quote=False)


def links_of(abstract: str, comments: str = "", title: str = "A Title") -> tuple[Link, ...]:
    """Return the links of a paper whose authors typed these texts, after proving that arXiv's anchors change none."""
    shown = paper(title=title, abstract=f"Text. {linked(abstract)}", comments=linked(comments)).links
    assert find_links(abstract=f"Text. {unlinked(abstract)}", comments=unlinked(comments), title=title) == shown
    return shown


def urls_of(abstract: str, comments: str = "") -> list[str]:
    """Return their addresses."""
    return [link.url for link in links_of(abstract, comments)]


def kind_of(text: str) -> str:
    """Return the kind of the only link in ``text``."""
    (link,) = links_of(text)
    return link.kind


def test_the_rules_have_a_version() -> None:
    """It is stored with each day, so that a day whose links were found by older rules is known."""
    assert LINK_RULES == 3


# Canonical form


@pytest.mark.parametrize(
    "typed",
    [
        "https://github.com/own-lab/Repo_1",
        "http://github.com/own-lab/Repo_1",
        "github.com/own-lab/Repo_1",
        "HTTPS://GitHub.com/own-lab/Repo_1",
        "https://www.github.com/own-lab/Repo_1",
        "www.github.com/own-lab/Repo_1",
        "https://github.com/own-lab/Repo_1/",
        "https://github.com//own-lab/Repo_1",
        "https://github.com/own-lab/Repo_1.git",
        "https://github.com/own-lab/Repo_1.git/",
        "https://github.com/own-lab/Repo_1#readme",
        "https://github.com/own-lab/Repo_1#",
        "https://github.com/own-lab/Repo_1/#installation",
    ],
)
def test_a_repository_has_one_spelling(typed: str) -> None:
    """Scheme, www, the host's case, a final slash, ``.git`` and fragments make no difference."""
    assert links_of(f"Code: {typed}") == (Link(REPO, "code", "abstract"),)


@pytest.mark.parametrize(
    "frame",
    [
        *("{}", "{}.", "{},", "{};", "{}:", "{}!", "{}?", "{}...", "({})", "({}).", "[{}]", "{{{}}}", "{})and"),
        *('"{}"', "'{}'", '"{}".', "<{}>", "<{}>.", "`{}`", "``{}''", "**{}**", "*{}*", "$ {} $", "${}$", "{} ."),
        *("\u201c{}\u201d", "\u2018{}\u2019", "\uff08{}\uff09", "{}\u3002", "{}\uff0cand", "{}\u2014and", "{}\u2026"),
        *("\u200b{}\u200b", "\ufeff{}", "at\xa0{}\xa0.", "\u4ee3\u7801\uff1a{}", "{}'s code", "{}(code)", "{},and"),
        *("[the code]({})", "[the code]({}).", "{}) and", "see {}, or not", "{}\nand more", "{}\n  and more"),
        *("{}.Our code", "{}.The data", "{}/ Code", "{} and/or", "{}%comment", "{} pytorch", "{}|"),
        *("{}.Warning: this", "{}.Contribution.", "{}.Project page", "{}.Keywords: one", "{}.Own words: one"),
        *(
            "{}.Clinical relevance",
            "{}.Additionally, we",
            "{}.Surprisingly, we",
            "{}.Acknowledgements.",
            "({})and more",
        ),
        *(
            "{}.WARNING: it",
            "{}.Camera-ready version",
            "{}.Pre-trained models",
            "{}.Equal contribution",
            "{}/ ICCV 2025",
        ),
        *("{},which is", "{}(code) is", "{}.12 pages", "{}.ICML 2026", "{}/ 11 pages", "{}/ 23rd Meeting"),
    ],
)
def test_what_stands_around_an_address_is_not_of_it(frame: str) -> None:
    """Punctuation, quotes, brackets, stars, CJK signs, what has no width, and the next sentence are not its own."""
    assert urls_of(frame.format(REPO)) == [REPO]


@pytest.mark.parametrize(
    "frame",
    [
        *(r"\url{{{}}}", r"\url{{{}}}.", r"\href{{{}}}{{here}}", r"\footnote{{{}.}}", r"\texttt{{{}}}", r"{{\tt {}}}"),
        *(r"$\href{{{}}}{{\text{{here}}}}$", r"\textcolor{{blue}}{{\url{{{}}}}}", "{}{{}}", r"{}\\", r"at~\url{{{}}}"),
        *(
            r"\hyperlink{{{0}}}{{{0}}}",
            r"\href{{{0}}}{{\texttt{{{0}}}}}",
            r"\href{{{0}}}{{\underline{{\textit{{x}}}}}}",
        ),
        *(r"\href{{{}}}", r"\href{{{}}}{{the code", r"{0}}}{{{0}", r"\textbf{{\textit{{{}}}", r"{}\newline Next"),
        *("[{0}]({0})", r"\href {{{}}} {{here}}", r"\footnote{{\url{{{}}}}}", r"~{}~.", "{}$", r"\({}\)"),
    ],
)
def test_tex_and_markdown_around_an_address_go(frame: str) -> None:
    """Commands are unwrapped, nested or left open, and an address that is its own words counts once."""
    assert urls_of(frame.format(REPO)) == [REPO]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (r"https://github.com/own-lab/Repo\_1", REPO),
        (r"https://github.com/own-lab/Repo{\_}1", REPO),
        (r"https://github.com/own-lab/Repo$\_$1", REPO),
        (r"https://github.com/own-lab/Repo\textunderscore{}1", REPO),
        (r"https://github.com/own-lab/Repo\string_1", REPO),
        (r"https://github.com/own\-lab/Repo\_1", REPO),
        (r"https://own.edu/ctrl\-page", "https://own.edu/ctrl-page"),
        (r"https://own.edu/\~user/a\%20b", "https://own.edu/~user/a%20b"),
        (r"https:\/\/github.com\/own-lab\/Repo_1", REPO),
        (r"https://github$.$com/own-lab/Repo_1", REPO),
        (r"https://own-lab.github$.io/own-page", PAGE),
        (r"\url{https://own.edu/a\%20b\&c}", "https://own.edu/a%20b&c"),
        (r"https://own.edu/a\#part", "https://own.edu/a#part"),
        (r"https://own.edu/\~{}user/x", "https://own.edu/~user/x"),
        (r"https://own.edu/\textasciitilde{}user/x", "https://own.edu/~user/x"),
        (r"https://own.edu/{\textasciitilde}user/x", "https://own.edu/~user/x"),
        (r"https://own.edu/$\sim$user/x", "https://own.edu/~user/x"),
        (r"https://own.edu/$\tilde{}$user/x", "https://own.edu/~user/x"),
        (r"https://own.edu/\texttildelow user/x", "https://own.edu/~user/x"),
        ("https://own.edu/\u223cuser/x", "https://own.edu/~user/x"),
        ("https://own.edu/\u0169ser/x", "https://own.edu/~user/x"),  # what arXiv makes of \~u
        ("https://github.com/own\u2011lab/Repo_1", REPO),
    ],
)
def test_the_spelling_of_tex_is_undone(typed: str, url: str) -> None:
    r"""``\_``, ``\~{}``, ``$.$`` and the like are the characters that they stand for."""
    assert urls_of(f"See {typed} .") == [url]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://own.org/page/a_(b)", "https://own.org/page/a_(b)"),
        ("(https://own.org/page/a_(b)).", "https://own.org/page/a_(b)"),
        ("https://openreview.net/forum?id=a1&ref=(/own)", "https://openreview.net/forum?id=a1&ref=(/own)"),
        ("https://own.org/a%20b", "https://own.org/a%20b"),
        ("https://own.org/~someone/p", "https://own.org/~someone/p"),
        ("https://Own.ORG/Path/CASE", "https://own.org/Path/CASE"),
        ("http://www.own.org/p/", "https://own.org/p"),
        ("https://own.org:8443/p", "https://own.org:8443/p"),
        ("https://192.168.0.1/y", "https://192.168.0.1/y"),
        ("http://192.168.0.1:8080/y", "https://192.168.0.1:8080/y"),
        ("http://own.zw/y", "https://own.zw/y"),
        ("https://own.org/p?q=1&r=2", "https://own.org/p?q=1&r=2"),
        ("https://own.org/p?q=a/", "https://own.org/p?q=a"),
        ("https://own.org/p/?view_only=1a2b", "https://own.org/p/?view_only=1a2b"),
        ("https://own.org/p#part", "https://own.org/p#part"),
        ("https://own.org/p#", "https://own.org/p"),
        ("https://own.org/code.git", "https://own.org/code.git"),
        ("https://own.org/2024,5/p", "https://own.org/2024,5/p"),
        (f"{REPO}/tree/main/part", f"{REPO}/tree/main/part"),
        (f"{REPO}/tree/main/#part", f"{REPO}/tree/main"),
        (f"{REPO}?tab=readme-ov-file", f"{REPO}?tab=readme-ov-file"),
        (f"{REPO}/blob/main/a(1).mp4", f"{REPO}/blob/main/a(1).mp4"),
        ("https://huggingface.co/own/x/blob/main/a(1).mp4", "https://huggingface.co/own/x/blob/main/a(1).mp4"),
        (f"{PAGE}/", PAGE),
        ("https://own-lab.github.io", "https://own-lab.github.io"),
        ("https://anonymous.4open.science/r/anonymous-1A2B/", "https://anonymous.4open.science/r/anonymous-1A2B"),
        ("https://colab.research.google.com/drive/1aB#part", "https://colab.research.google.com/drive/1aB#part"),
        ("https://github.com/own-lab/x+y", "https://github.com/own-lab/x"),
        ("https://own-lab.github.io/own.gitub.io/", "https://own-lab.github.io/own.gitub.io"),
        ("https://github.com/own-lab", "https://github.com/own-lab"),
        ("https://web.archive.org/web/2020/https://own.org/p", "https://web.archive.org/web/2020/https://own.org/p"),
        ("https://doi.org/10.1000/S0045-7906(02)00032-5.", "https://doi.org/10.1000/S0045-7906(02)00032-5"),
    ],
)
def test_an_address_comes_out_in_canonical_form(typed: str, url: str) -> None:
    """What is an address's own is kept: balanced brackets, case, ports, queries, fragments off the code hosts."""
    assert urls_of(f"See {typed}") == [url]


# What is run into an address, and where it is broken


@pytest.mark.parametrize(
    "typed",
    [
        *("athttps://{}", "urlhttps://{}", "githubhttps://{}", "acceptance.https://{}", "(Code)https://{}"),
        *("http://http://{}", "http://https://{}", "https://https://{}", "Code:https://{}", "link:{}"),
        *("https:/{}", "https:///{}", "https://www.{}", "https: //{}", "https:// {}", "https:\n//{}", "https : // {}"),
        *("https//{}", "https:{}", "https::/{}", "ttps://{}", "htps://{}", "at{}", "GitHub{}", "hTTps://{}"),
    ],
)
def test_a_scheme_may_be_glued_doubled_or_broken(typed: str) -> None:
    """The word before, a second scheme, a missing or broken part of the scheme do not hide the address."""
    assert urls_of("Available " + typed.format("github.com/own-lab/Repo_1.")) == [REPO]


@pytest.mark.parametrize(
    "between", [";", ",", "|", " ", " and ", "", "/", "&", ") (", "; ", "\\\\", "\uff1b", "%", "}{", "][", "</a><a>"]
)
def test_two_addresses_side_by_side_are_two(between: str) -> None:
    """Whatever stands between them, or nothing at all."""
    assert urls_of(f"See {REPO}{between}{PAGE}.") == [REPO, PAGE]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://github.com/own-lab/\nRepo_1", REPO),
        ("https://github.com/\nown-lab/Repo_1", REPO),
        ("https://github.com/own-\nlab/Repo_1", REPO),
        ("https://github.com/own- lab/ Repo_ 1 .", REPO),
        ("https://github.com/own-lab/Repo _1", REPO),
        ("https://github.com/own-lab /Repo_1", REPO),
        (r"https://github.com/own-lab/Repo\_ 1", REPO),
        ("https://github.\ncom/own-lab/Repo_1", REPO),
        ("https://github .com/own-lab/Repo_1", REPO),
        ("https: // github. com/ own-lab/ Repo_1 .", REPO),
        ("github. com/own-lab/Repo_1", REPO),
        ("https://www. github.com/own-lab/Repo_1", REPO),
        ("https://own-lab.github. io/own-page", PAGE),
        ("https://own-\nlab.github.io/own-page", PAGE),
        ("https://www.own.\nch/paper/x", "https://own.ch/paper/x"),
        ("https://www.own.ac.\nin/paper/x", "https://own.ac.in/paper/x"),
        ("https://own.ac.in/ research/projects/x", "https://own.ac.in/research/projects/x"),
        ("https://huggingface.co/datasets/ own/x", "https://huggingface.co/datasets/own/x"),
        ("https://huggingface.co/ datasets/own/x", "https://huggingface.co/datasets/own/x"),
        ("https://drive.google.com/drive/ folders/1aB", "https://drive.google.com/drive/folders/1aB"),
        ("https://www.youtube.com/watch?v= a-1B", "https://youtube.com/watch?v=a-1B"),
        ("https://doi.org/ 10.1000/x.1", "https://doi.org/10.1000/x.1"),
        ("https://own.ac.in/ lab/hands/", "https://own.ac.in/lab/hands"),
        ("https://own.org/ page.php?id=3", "https://own.org/page.php?id=3"),
        ("https://own.org/page? id=3", "https://own.org/page?id=3"),
        ("https://www.youtube.com/ watch?v=a-1B", "https://youtube.com/watch?v=a-1B"),
        ("https://vimeo.com/ a123", "https://vimeo.com/a123"),
        ("https://openreview.net/ forum?id=a1B", "https://openreview.net/forum?id=a1B"),
        ("https://gist.github.com/own/ 0123abcd", "https://gist.github.com/own/0123abcd"),
        ("https://colab.research.google.com/drive/ 1aB", "https://colab.research.google.com/drive/1aB"),
        ("https://www.kaggle.com/ datasets/own/x", "https://kaggle.com/datasets/own/x"),
        ("https://doi.org/10.5281/zenodo. 1234567", "https://doi.org/10.5281/zenodo.1234567"),
        ("https://doi.org/10.5281/zenodo .1234567", "https://doi.org/10.5281/zenodo.1234567"),
        ("https://zenodo.org/records/ 1234567", "https://zenodo.org/records/1234567"),
        (f"{REPO}/tree/ main", f"{REPO}/tree/main"),
        (f"{REPO}/blob/ main/part.md", f"{REPO}/blob/main/part.md"),
        (f"{REPO}/blob/main/ part.md", f"{REPO}/blob/main/part.md"),
        (f"{REPO}/releases/tag/ v1.0", f"{REPO}/releases/tag/v1.0"),
        ("https://github.com/OwnA ILab/OwnEval.", "https://github.com/OwnAILab/OwnEval"),
        ("https://github.com/Own\nLab/Own-Eval2", "https://github.com/OwnLab/Own-Eval2"),
        ("https://github.com/Own AI Lab/OwnEval.", "https://github.com/OwnAILab/OwnEval"),
        ("https://github.com/own -lab/OwnEval.", "https://github.com/own-lab/OwnEval"),
        ("https://huggingface.co/Own Lab/OwnNet.", "https://huggingface.co/OwnLab/OwnNet"),
        ("https://git hub.com/own-lab/Repo_1", REPO),
        ("https://github.c om/own-lab/Repo_1", REPO),
        ("https://own. our-lab.org/paper", "https://own.our-lab.org/paper"),
        ("https://anonymous.4open.science/r/Own Net-12AB", "https://anonymous.4open.science/r/OwnNet-12AB"),
    ],
)
def test_a_broken_address_is_joined(typed: str, url: str) -> None:
    """Over a line end or a blank, where it is not complete: in the host, after a hyphen, before a name."""
    assert urls_of(f"See {typed}") == [url]


def test_a_name_of_the_paper_goes_on_behind_a_slash() -> None:
    """A word that the text writes as a name elsewhere, and here as part of an address, is part of the address."""
    found = urls_of("OwnPage-Net is fast. Project page: https://own-lab.github.io/ own-page-net")
    assert found == ["https://own-lab.github.io/own-page-net"]


@pytest.mark.parametrize(
    "typed", ["own-lab/Own Tracker", "own-lab/Own -Tracker.", "own-lab/OwnTrac\nker.", "Own Lab/Own-Tracker is"]
)
def test_a_broken_name_of_the_paper_is_put_together(typed: str) -> None:
    """An owner or a repository that a blank or a line's end cuts, where the whole is what the paper calls its work."""
    (found,) = urls_of(f"We present OwnTracker. Code: https://github.com/{typed}")
    assert found.lower().replace("-", "") == "https://github.com/ownlab/owntracker"


@pytest.mark.parametrize(
    ("title", "comments"), [("OwnPage-Net: A Title", ""), ("A Title", "The code of OwnPage-Net follows.")]
)
def test_a_name_may_stand_in_any_text_of_the_paper(title: str, comments: str) -> None:
    """What the title or the comments name tells where an address of the abstract goes on, and whose a site is."""
    typed = "Project page: https://own-lab.github.io/ own-page-net. More at https://own.org/ownpagenet"
    found = links_of(typed, comments, title)
    assert [link.url for link in found] == ["https://own-lab.github.io/own-page-net", "https://own.org/ownpagenet"]
    assert [link.kind for link in found] == ["project", "project"]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (f"{REPO}.Extensive experiments show", REPO),
        (f"{REPO}Our tests show", REPO),
        (f"{REPO}.Studio and more", f"{REPO}.Studio"),
        (f"{REPO}.Studio. Then", f"{REPO}.Studio"),
        (f"{REPO}.Studio tests, for Repo_1.Studio is new", f"{REPO}.Studio"),
        (f"{PAGE}.Studio tests show", f"{PAGE}.Studio"),
    ],
)
def test_the_next_sentence_glued_on_to_a_repository_is_not_of_it(typed: str, url: str) -> None:
    """A word with a capital and a small one after it; unless the paper has such a name elsewhere."""
    assert urls_of(f"See {typed}") == [url]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (f"_{REPO}_", REPO),
        (f"__{REPO}__.", REPO),
        (f"_{REPO}_ Results", REPO),
        ("_github.com/own-lab/Repo_1_", REPO),
        (f"_{REPO}", REPO),
        ("https://huggingface.co/own-lab/x(model)", "https://huggingface.co/own-lab/x"),
        ("https://huggingface.co/datasets/own-lab/x(data).", "https://huggingface.co/datasets/own-lab/x"),
    ],
)
def test_marks_and_brackets_glued_on_are_not_of_an_address(typed: str, url: str) -> None:
    """Markdown's underscores before and behind it, and what stands in brackets behind the name of a model."""
    assert urls_of(f"See {typed}") == [url]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://github.com/own-lab/\nand our data", "https://github.com/own-lab"),
        ("https://github.com/own-lab/\nsoon.", "https://github.com/own-lab"),
        ("https://github.com/own-lab/ Code is", "https://github.com/own-lab"),
        ("https://github.com/own-lab/ 12 pages", "https://github.com/own-lab"),
        ("https://github.com/own-lab/ 23rd Meeting", "https://github.com/own-lab"),
        ("https://github.com/own-lab. Own/OwnNet.", "https://github.com/own-lab"),
        ("https://github.com/own-lab image/video data", "https://github.com/own-lab"),
        ("https://own.edu/2026.own-1.18/ 11 pages, 9 tables", "https://own.edu/2026.own-1.18"),
        ("https://own.edu/poster-demo/ 23rd Meeting, the 23rd", "https://own.edu/poster-demo"),
        ("https://own.edu/page/ 10-page supplement, of 10 pages", "https://own.edu/page"),
        (f"{PAGE}/ 3d and 2d of 3D and 2D", PAGE),
        (f"{PAGE}.Warning: it", PAGE),
        ("https://own-lab.github.io.Extensive tests", "https://own-lab.github.io"),
        ("https://own-lab.github.io/x,where", "https://own-lab.github.io/x"),
        ("https://github.com/own-lab/ ICCV 2025 Workshop", "https://github.com/own-lab"),
        ("https://own.edu/x/11 pages, 3 figures", "https://own.edu/x"),
        ("https://own-lab.github.io/x:Code is here", "https://own-lab.github.io/x"),
        ("https://own-lab.github.io/x!Our code is here", "https://own-lab.github.io/x"),
        ("https://own-lab.github.io/x(project page)", "https://own-lab.github.io/x"),
        ("https://github.com/own-lab/ own.org/x", "https://github.com/own-lab"),
        ("https://github.com/own-lab/ https://own.org/x", "https://github.com/own-lab"),
        ("https://github.com/own-lab/x- https://own.org/x", "https://github.com/own-lab/x-"),
        (f"{REPO}/ Accepted", REPO),
        (f"{REPO} -based", REPO),
        (f"{REPO} / appendix", REPO),
        (f"{PAGE}/ training/testing code", PAGE),
        ("https://own-lab.github.io. In this", "https://own-lab.github.io"),
        ("https://own-lab.github.io. in brief", "https://own-lab.github.io"),
        ("https://own-lab.github.io. own-bench.com/data too", "https://own-lab.github.io"),
    ],
)
def test_an_address_ends_where_a_sentence_goes_on(typed: str, url: str) -> None:
    """Words of a sentence are never taken for the rest of an address."""
    assert urls_of(f"See {typed}")[0] == url


def test_a_commented_out_address_run_into_a_word_is_the_one_before() -> None:
    """TeX's comment sign in front tells that it is a remnant."""
    assert urls_of(f"See {REPO}. %{REPO}Our code") == [REPO]


def test_an_anchor_without_arxivs_words_leads_where_it_leads() -> None:
    """Whatever it shows; an arXiv id and a DOI alone, which arXiv links too, are no addresses."""
    anchors = (
        f'Our <a href="{REPO}">code</a>, see <a href="https://arxiv.org/abs/2301.00001">arXiv:2301.00001</a>',
        '<a href="https://arxiv.org/abs/hep-th/9901001" data-arxiv-id="hep-th/9901001">hep-th/9901001</a>',
        '<a href="https://doi.org/10.1000/x" data-doi="10.1000/x">https://doi.org/10.1000/x</a>',
    )
    assert find_links(abstract=", ".join(anchors), comments=None) == (Link(REPO, "code", "abstract"),)


# Links with words


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (rf"\href{{{REPO}}}{{https://github.com/own-lab/Other}}", REPO),
        (rf"\href{{{REPO}}}{{own.org}}", REPO),
        (rf"[own.org/other]({REPO})", REPO),
        (rf"\href{{https://github.com/own-lab/xx}}{{{REPO}}}", REPO),
        (r"\href{URL}{here} " + REPO, REPO),
    ],
)
def test_where_a_link_leads_counts_not_what_it_shows(typed: str, url: str) -> None:
    """Unless it leads nowhere."""
    assert urls_of(typed) == [url]


# No links


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Code will be released.",
        "Our code will be on GitHub upon acceptance, the weights on Hugging Face.",
        "Such as (i.e. version 3.5 of cs.CV, e.g. v1.2, U.S. data, et.al).",
        "As in arXiv:2305.12345 and 2306.54321v3.",
        "Mail someone@own.com, {a,b}@own.org or c @ own.net.",
        "Code: https://github.com",
        "Code: https://github.com/",
        "Code: github.com/ and more",
        "Code: www.github.com.",
        "Code: https://github.com/\n-- and more",
        "Models: https://huggingface.co/",
        "Code: https://anonymous.4open.science",
        "DOI: https://doi.org/",
        "DOI: 10.5281/zenodo.123",
        "DOI: https://doi.org/[pending]",
        "Data: https://doi.org/10.5281/zenodo. 12 pages",
        "Data: https://doi.org/10.5281/zenodo.XXXXXXX",
        "From https://www.youtube.com/ and https://www.kaggle.com, by https://openreview.net.",
        "Page: https://xxx.github.io, https://xxx.github.io/x or https://XXXX.netlify.app",
        "With MR.DETR, images.BSGS/x and model.py/utils.py",
        "https://",
        "http://localhost/x and https://[::1",
        "https://x.y:port/",
        "See https://example.com/code.",
        "README.md, model.py, train.sh, ResNet.50, FLUX.1, Node.js and ASP.NET",
        "With PyTorch.org, Socket.io, Booking.com reviews (e.g., Leonardo.Ai).",
        "A dataset from Shutterstock.com, made at Character.ai; code by Stability.ai.",
        "New methods.In this work, images.BSGS and scenarios.To do so, results.We",
    ],
)
def test_where_no_address_is_none_is_found(text: str) -> None:
    """Promises, names of hosts, files and products, lost blanks, arXiv's own ids, hosts alone, broken addresses."""
    assert links_of(text) == ()


@pytest.mark.parametrize(
    "path",
    [
        *("anonymous", "anonymized-link", "anonymous-submission", "open_upon_acceptance", "to-be-released"),
        *("to/be/released", "coming-soon", "[your-repo-link]", "your-username/your-repo", "username/repo", "XXXX"),
        *("xxx/xxx", "own-lab/xx", "...", "TBD", "<anonymous>", "own-lab/pending", "after_publication"),
    ],
)
def test_a_promise_in_place_of_a_name_is_no_link(path: str) -> None:
    """Nothing is there, and nobody knows what will be."""
    assert links_of(f"Code: https://github.com/{path}.") == ()


@pytest.mark.parametrize(
    "text",
    [
        "The benchmark is available at own-bench.com.",
        "Website: own-bench.com",
        "The data at own-bench.com.",
        "Its weights are at own-bench.com.",
        "See own-bench.com for more.",
        "Visit www.own-bench.com or not.",
    ],
)
def test_a_host_alone_is_an_address_where_words_point_to_it(text: str) -> None:
    """Without a scheme and a path it might be a mere name."""
    assert urls_of(text) == ["https://own-bench.com"]


def test_a_host_with_a_subdomain_or_alone_in_the_comments_is_an_address() -> None:
    """Nobody names a product so, and nobody comments with a mere name."""
    assert urls_of("It is (own.github.io) ours.", "own-bench.com") == ["https://own.github.io", "https://own-bench.com"]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("It can be used through the Own Lab platform (ownlab.cloud).", "demo ownlab.cloud"),
        ("We launch Own Arena (ownarena.ai), an online platform.", "demo ownarena.ai"),
        ("We launch OwnChat (ownchat.ai), an interactive tutor.", "demo ownchat.ai"),
        ("We open-source OwnBench at own-bench.com.", "project own-bench.com"),
        ("OwnBench lives at own-bench.com.", "project own-bench.com"),
        ("A public leaderboard at ownboard.com .", "demo ownboard.com"),
        ("The leaderboard is publicly available at OwnWorld-Bench.com.", "demo ownworld-bench.com"),
        ("Project: ownnet.ai", "project ownnet.ai"),
        ("Project website: own-net.space.", "project own-net.space"),
        ("Data: own-data.org", "project own-data.org"),
        ("It is used via OwnHub (ownhub.space).", "project ownhub.space"),
        ("Unlike others, Big Wheel (own-net.org) turns.", "other own-net.org"),
        ("The demo is hosted at own-viewer.app.", "demo own-viewer.app"),
        ("A web app (ownseg.app) lets anybody use it.", "demo ownseg.app"),
        ("The tool is deployed at ownlab.studio and free.", "demo ownlab.studio"),
        ("The maps can be browsed via the portal own-portal.eu.", "demo own-portal.eu"),
        ("The OwnCam dataset is released at owncam.world.", "project owncam.world"),
        ("We built the annotation system Own Desk (owndesk.de).", "project owndesk.de"),
        ("See our project page (ownproject.xyz) for videos.", "project ownproject.xyz"),
        ("The service can be reached at own.tools.", "demo own.tools"),
        ("Project: www.own.hku.hk", "project own.hku.hk"),
        ("Website: www.owns.lt.", "project owns.lt"),
        ("Please visit www.own-lab.gal for more.", "project own-lab.gal"),
        ("It is (www.own.museum) ours.", "other own.museum"),
        ("Demo: WWW.own-demo.org", "demo own-demo.org"),
    ],
)
def test_an_own_host_without_scheme_is_known_by_what_stands_around_it(text: str, link: str) -> None:
    """A thing that is offered and "at" or a bracket behind it, the paper's own name, or ``www.`` before any host."""
    kind, _, host = link.partition(" ")
    assert links_of(text) == (Link(f"https://{host}", kind, "abstract"),)


@pytest.mark.parametrize(
    "text",
    [
        "under review. DOR number: [20.1001.2.0425023682.1404.10.1.440.7]",
        "Version 1.0.3.2 of the tool, 10.1.44.7 and v1.0.In this work, more.",
        "A large improvement.To this end, we do more.",
        "It fails under occlusions.While others do not, ours does, and under occlusions.while others do not.",
        "We present OWN.ai 2.0. The platform OWN.ai 2.0 counts.",
        "Available files: train.py, data.zip, weights.pt, main.rs, kernel.cc; main.py (main.py) of the tool (main.rs).",
        "e.g. this, i.e.that, cf.others, vs.all and et al.in 2020, See Sec.in the appendix, Fig.no 3 and Eq.is (2).",
        "The code is available.In addition, we show more. The method is available to all.at no cost",
        "Reviews at Booking.com and photos from flickr.com, found at flickr.com or (pexels.com).",
        "Answers were collected on own-forum.com, such as own-answers.com; users of own-shop.com rated them.",
        "The app was tested.it works in real world.no more, on the platform.it is new; the page.my friend.",
        "We used tools (ASP.NET, Node.js, Socket.io) and compare with Luma.ai, Runway.com and Character.ai.",
        "Mail (own at own.org).",
        "Unlike others, Big Wheel (own.run) turns.",
        "Write www. before it, as in www.something, not www.xxx.com.",
        "trained on Own.v2.ai-generated images through OpenAI.com's models and Own.com's",
        "loss.item(), torch.cuda.is_available, os.path.join, np.linalg.norm, model.to(device), config.site",
    ],
)
def test_what_only_looks_like_a_host_is_none(text: str) -> None:
    """Numbers, lost blanks, files, products, and sites of others that are no more than named."""
    assert links_of(text) == ()


def test_four_numbers_that_arxiv_links_are_no_address() -> None:
    """Its pattern takes any four for an IP address (``IP_ADDRESS`` in arxiv-base's urls/links.py)."""
    anchor = (
        '<a href="http://10.1.44.7" rel="external noopener nofollow" class="link-external link-http">this http URL</a>'
    )
    assert find_links(abstract=None, comments=f"DOR: [20.1001.2.0425.1404.{anchor}]") == ()


# Kinds


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (REPO, "code"),
        (f"{REPO}/blob/main/data.md", "code"),
        (f"{REPO}/blob/main/video.mp4", "code"),
        ("https://gist.github.com/someone/0123abcd", "code"),
        ("https://raw.githubusercontent.com/own-lab/x/main/y.py", "code"),
        ("https://gitlab.com/own-lab/x", "code"),
        ("https://gitlab.own.edu/own-lab/x", "code"),
        ("https://gitlab-ext.own.edu/own-lab/x", "code"),
        ("https://own-lab.gitlab.io/x", "project"),
        ("https://git.own.edu/own-lab/x", "code"),
        ("https://bitbucket.org/own-lab/x", "code"),
        ("https://codeberg.org/own-lab/x", "code"),
        ("https://gitee.com/own-lab/x", "code"),
        ("https://sourceforge.net/projects/x", "code"),
        ("https://anonymous.4open.science/r/x-1A2B", "code"),
        ("https://anonymous.4open.science/w/x-1A2B", "project"),
        ("https://colab.research.google.com/drive/0123", "code"),
        ("https://kaggle.com/code/someone/x", "code"),
        ("https://kaggle.com/datasets/someone/x", "data"),
        ("https://kaggle.com/competitions/x", "other"),
        (PAGE, "project"),
        (f"{PAGE}/assets/poster.pdf", "project"),
        ("https://sites.google.com/view/x", "project"),
        ("https://huggingface.co/own-lab/x", "model"),
        ("https://huggingface.co/own-lab/x/tree/main", "model"),
        ("https://huggingface.co/datasets/own-lab/x", "data"),
        ("https://huggingface.co/datasets/own-lab", "data"),
        ("https://huggingface.co/spaces/own-lab/x", "demo"),
        ("https://hf.co/spaces/own-lab/x", "demo"),
        ("https://huggingface.co/collections/own-lab/x", "other"),
        ("https://huggingface.co/papers/2301.00001", "paper"),
        ("https://modelscope.cn/models/own-lab/x", "model"),
        ("https://zenodo.org/records/123", "data"),
        ("https://doi.org/10.5281/zenodo.123", "data"),
        ("https://figshare.com/articles/x/123", "data"),
        ("https://dataverse.own.edu/dataset.xhtml?persistentId=x", "data"),
        ("https://osf.io/ab12c", "data"),
        ("https://youtu.be/abc", "video"),
        ("https://youtube.com/watch?v=abc", "video"),
        ("https://vimeo.com/123", "video"),
        ("https://bilibili.com/video/x", "video"),
        ("https://own.org/x/teaser.mp4", "video"),
        ("https://openreview.net/forum?id=abc", "paper"),
        ("https://openaccess.thecvf.com/content/x.html", "paper"),
        ("https://arxiv.org/abs/2301.00001", "paper"),
        ("https://own.grand-challenge.org", "other"),
        ("https://codalab.own.org/competitions/1#learn_the_details", "other"),
        ("https://creativecommons.org/licenses/by/4.0", "other"),
        ("https://hub.docker.com/r/own/x", "other"),
    ],
)
def test_the_host_decides_the_kind(url: str, kind: str) -> None:
    """A host that says what it holds decides, whatever the sentence calls it."""
    assert links_of(f"The code, the data and the video are at {url} now.") == (Link(url, kind, "abstract"),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Project page: https://own.org/x", "project"),
        ("See our website https://www.own.org.", "project"),
        (r"See our \href{https://own.org/x}{project page}.", "project"),
        ("More at [Homepage](https://own.org/x)", "project"),
        ("The code is available at https://own.org/x", "project"),
        ("Code and data: https://own.org/x", "project"),
        ("OwnNet-3D wins. More at https://own.org/own_net3d", "project"),
        ("More at https://own.edu/~someone/x", "project"),
        ("More at https://own-net.netlify.app", "project"),
        ("https://own.org/x (project page)", "project"),
        ("A live demo runs at https://own.org/x", "demo"),
        ("An interactive demo: https://own-net.vercel.app", "demo"),
        ("A video is at https://own.org/x", "video"),
        ("The dataset is at https://own.org/x", "project"),
        ("The scans can be requested at https://own.org/x", "project"),
        ("Page: https://own.org/x", "project"),
        ("See our page https://own.org/x", "project"),
        ("Please visit https://own.org/x for more", "project"),
        ("Done; https://own.org/x", "project"),
        (r"\href{https://own.org/x}{own.org/x}", "project"),
        ("https://own.org/x is what others made", "other"),
        ("By Own (https://own.org)", "other"),
        ("The weights are at https://own.org/x", "model"),
        ("More at https://own.org/x", "other"),
        ("The challenge page is https://own.org/x", "other"),
        ("Under the license https://own.org/license/1", "other"),
        ("A movie: https://bit.ly/own1", "video"),
        ("Project page: https://aka.ms/own1", "project"),
        ("The dataset: https://w3id.org/own1", "data"),
        ("The code: https://bit.ly/own1", "other"),
        ("https://cutt.ly/own1", "other"),
        ("The dataset: https://drive.google.com/drive/folders/1aB", "data"),
        ("The images can be downloaded from https://drive.google.com/drive/folders/1aB", "data"),
        ("The videos can be requested at https://bit.ly/own1", "data"),
        ("Demo videos can be downloaded from https://bit.ly/own1", "video"),
        ("Pretrained weights: https://drive.google.com/drive/folders/1aB", "model"),
        ("https://drive.google.com/drive/folders/1aB", "other"),
        ("The dataset: https://doi.org/10.1000/x.1", "data"),
        ("Published as https://doi.org/10.1000/x.1", "paper"),
        ("The models are at https://huggingface.co/own-lab", "model"),
        ("The datasets are at https://huggingface.co/own-lab", "data"),
        ("The code is at https://github.com/own-lab", "code"),
        ("Sources are available at: https://github.com/own-lab.", "code"),
        ("The software is available at https://github.com/own-lab", "code"),
        ("The repo: https://github.com/own-lab", "code"),
        ("An online viewer is at https://own.org/x", "demo"),
        ("A dashboard is at https://own.org/x", "demo"),
        ("The web-based interface is at https://own.org/x", "demo"),
        ("The final authenticated version is available online at https://ownpress.org/a/1", "paper"),
        ("See http://hdl.handle.net/10.1/2", "paper"),
        ("The data: http://dx.doi.org/10.1000/x.1", "data"),
        ("The data: http://dx.doi.org/10.5281/zenodo.12", "data"),
        ("published at http://dx.doi.org/10.1000/x.1", "paper"),
        ("The demonstrator is accessible at https://ownkb.org.", "demo"),
        ("The prototype can be tried at https://ownkb.org.", "demo"),
        ("All of it is accessible at https://ownkb.org.", "demo"),
        ("The dataset is accessible at https://ownkb.org.", "project"),
        ("Accepted for publication at the Journal of Own https://own-journal.org/2025:020", "paper"),
        ("The published version of this article is at https://ownpress.org/a/17", "paper"),
        ("This is the version of record: https://ownpress.org/a/17", "paper"),
        ("Published in Own Letters, https://ownpress.org/a/17", "paper"),
        ("More results: https://own.org/x", "project"),
        ("Visualizations are available at https://own.org/x", "project"),
        ("Supplementary material: https://own.org/x", "project"),
        ("Video demonstrations are at https://own.org/x", "video"),
        ("Second place in the Own challenge 2026 (https://own.org/x)", "other"),
        ("Paper: https://own.org/x.pdf", "paper"),
        ("The full paper is available at https://own.org/x/17", "paper"),
        ("Website of the paper: https://own.org/x", "project"),
        ("The data of the paper: https://own.org/x", "project"),
        ("Published in Scientific Data: https://doi.org/10.1038/s41597-1", "paper"),
        ("The dataset is published at https://doi.org/10.25835/x1", "data"),
        ("See https://doi.org/10.17632/abc.1", "data"),
        ("Our weights: https://doi.org/10.57967/hf/1", "model"),
        ("Published in the Own Journal; project page: https://own.org/a/17", "project"),
        ("The benchmark OWN is available at https://github.com/own-lab", "data"),
        ("The code is at https://notgithub.com/a/b", "project"),
        (
            "The implementation, with all the models and figures, is free for use by anybody at https://github.com/own-lab",
            "code",
        ),
        ("The system is publicly accessible at https://own.org", "demo"),
        ("The model is offered to developers by an interface at https://own.org/api", "project"),
        ("It is held on the platform https://own.com/competition/entrance/1", "other"),
        ("Submitted to OWN 2026 (https://own2026.org)", "other"),
        ("More at https://github.com.own.org/a/b", "other"),
        ("A playable version is hosted on https://play.own.org", "demo"),
        ("A playable demo video is at https://play.own.org", "video"),
        ("We open-source everything at https://own.org/x", "project"),
        ("Our open-source rivals, all of them, are at https://own.org/x", "other"),
        ("More information at https://lab.own.co.uk/x.", "project"),
        ("Further details can be found at https://own.edu/x/y", "project"),
        ("Additional information: https://own-company.com", "other"),
        ("The dataset portal is https://own.org/portal.", "data"),
        ("The catalogue is in the data hub at https://own.org/x", "data"),
        ("The portal is at https://own.org/x", "demo"),
        ("Own Annals, https://own-annals.copernicus.org/articles/1/2", "paper"),
        ("We thank https://github.com/own-person for help", "other"),
        ("We gratefully acknowledge https://own.org for the project", "other"),
        ("We thank our readers; the data is at https://github.com/own-lab", "data"),
    ],
)
def test_the_words_decide_where_the_host_says_nothing(text: str, kind: str) -> None:
    """Those of its own sentence, in front of it first."""
    assert kind_of(text) == kind


def test_words_in_front_of_two_addresses_are_for_both() -> None:
    """Where nothing but "and" stands between them."""
    found = links_of("Data: https://bit.ly/own1 and https://bit.ly/own2. Video: https://bit.ly/own3")
    assert [link.kind for link in found] == ["data", "data", "video"]


@pytest.mark.parametrize(
    ("comments", "kind"),
    [
        ("https://own.org", "project"),
        ("12 pages; https://own.org", "project"),
        ("https://own.org 12 pages", "project"),
        ("Additional information available at: https://own.org", "other"),
        ("Submitted to OWN (https://own.org)", "other"),
    ],
)
def test_an_address_alone_in_the_comments_is_the_papers_own_site(comments: str, kind: str) -> None:
    """One that a sentence of theirs leads to may be anybody's."""
    assert links_of("No address here.", comments) == (Link("https://own.org", kind, "comments"),)


# The links of a paper


def test_links_come_in_the_order_of_their_mention() -> None:
    """First those of the abstract, then those only in the comments, each where it was found first."""
    found = links_of(f"Page: {PAGE}, code: {REPO}.", f"Code: {REPO}; data: https://zenodo.org/records/1")
    assert found == (
        Link(PAGE, "project", "abstract"),
        Link(REPO, "code", "abstract"),
        Link("https://zenodo.org/records/1", "data", "comments"),
    )


def test_a_link_only_in_the_comments_is_found() -> None:
    """A paper that names its code in the comments alone has a code link."""
    assert links_of("No address here.", f"8 pages. Code: {REPO}") == (Link(REPO, "code", "comments"),)


def test_both_names_of_doi_org_lead_to_one_document() -> None:
    """What dx.doi.org and doi.org say is one link, in its first spelling."""
    found = links_of("See http://dx.doi.org/10.1000/x.1 or https://doi.org/10.1000/x.1")
    assert found == (Link("https://dx.doi.org/10.1000/x.1", "paper", "abstract"),)


@pytest.mark.parametrize(
    "again",
    [REPO, f"{REPO}/", f"{REPO}.git", "http://www.github.com/Own-Lab/REPO_1", r"github.com/own-lab/Repo\_1"],
)
def test_an_address_counts_once(again: str) -> None:
    """A repository mentioned twice, in whatever spelling, is one link in its first spelling."""
    assert urls_of(f"Code: {REPO} and {again}.", f"Code: {again}") == [REPO]


def test_the_case_of_a_path_tells_addresses_apart() -> None:
    """Only GitHub's owner and repository ignore case: elsewhere another case is another address."""
    typed = ["https://own.org/AbC", "https://own.org/aBc", f"{REPO}/tree/Main", f"{REPO}/tree/main"]
    assert urls_of(" and ".join(typed)) == typed


def test_two_addresses_in_brackets_are_two() -> None:
    """Code and models in one sentence are both found, without the sentence."""
    assert urls_of(f"Code ({REPO}) and models (https://huggingface.co/own-lab/x) are public.") == [
        REPO,
        "https://huggingface.co/own-lab/x",
    ]


def test_a_paper_without_texts_has_no_links() -> None:
    """A source that carries neither abstract nor comments gives none."""
    assert find_links(abstract=None, comments=None) == ()


# Whatever the text

_PIECES = st.sampled_from(
    [
        *(
            "https://",
            "http://",
            "github.com/",
            "own.github.io",
            "huggingface.co/datasets/",
            "own-lab",
            "Repo_1",
            ".git",
        ),
        *("\\href{", "\\url{", "}{", "}", "\\_", "\\~{}", "$", "](", "[", ")", "(", "*", '"', "'", "`", "<", ">", "\\"),
        *(" ", "\n", ".", ",", ";", ":", "/", "-", "_", "#", "?", "=", "&", "%", "~", "@", "\u200b", "\u3002", "code"),
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=20).map("".join))
def test_whatever_the_text_a_link_is_a_canonical_address(text: str) -> None:
    """Nothing raises; every link is in canonical form already, and comes once."""
    found = find_links(abstract=unlinked(text), comments=linked(text).replace("\n", " "))
    for link in found:
        assert re.fullmatch(r"https://[^\s/\"<>{}|\\^`A-Z]+([/?#][^\s\"<>{}|\\^`]*)?", link.url), link
        assert canonical_url(link.url) == link.url
    assert len({link.url for link in found}) == len(found)


@pytest.mark.parametrize(
    "piece",
    long_after(
        20,
        [
            *(
                "(",
                "https://",
                "https://a",
                "a.",
                "a.com",
                "a.com ",
                "a.com/ ",
                "https://github.com/a- ",
                "- a",
                "\\href{",
            ),
            *(
                "\\href{https://own.org}{",
                "[a](",
                "$",
                "\\_",
                "{}",
                "()",
                ")",
                ",",
                "/",
                "http: / ",
                "%https://own.org/d ",
            ),
            *(
                '<a href="https://own.org" ',
                "&lt;",
                "a@",
                "a-",
                ".git",
                "https://own1.org/OwnName ",
                "github. com ",
                "A. ",
            ),
            *(
                "https://own.org/x and ",
                "available at own.com ",
                "https://own.org/ own-x1 ",
                "\u200b",
                "/\u00e3",
                "code",
            ),
            *(
                "_https://own.org/x_ ",
                "github.com/a/b.Cd ef ",
                "/A.Bc",
                "https://doi.org/10.5281/zenodo. ",
                "Page: ",
                "_",
            ),
            *(
                "www.",
                "www.a.b ",
                "a.ai (",
                "the platform (a.ai) ",
                "tool at a.cloud ",
                "A.ai's ",
                "https://git hub",
                "a.Bc:",
            ),
            *("platform ", "https://github.com/a b/C1 ", "1.1.1.1", "published at ", "journal ", "a.a.a.", "[", " "),
            *("visit and or ", "http://a.b", '<a href="http://a.zw/">this http URL</a> ', "https://own.org/ a?b= "),
        ],
    ),
)
def test_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    """A hundred thousand characters of it are read in seconds, where a pattern that goes back takes hours."""
    text = f"https://own.org/{piece * (100_000 // len(piece))}github.com/x/y"
    start = time.process_time()
    find_links(abstract=text, comments=unlinked(text), title=text)
    assert time.process_time() - start < 10


# Against the labelled papers


def _scores(shared: Path, links: Mapping[str, tuple[Link, ...]], folder: Path) -> tuple[dict[str, Any], float]:
    """Return the scorer's rows by metric and stratum, and how many of the kinds are right."""
    predicted = folder / "predicted.jsonl"
    predicted.write_text(predictions(links), encoding="utf-8")
    data = shared / "data/links"
    done = subprocess.run(
        [sys.executable, str(data / "score.py"), str(data / "gold.jsonl"), str(predicted), "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    result = json.loads(done.stdout)
    return {f"{row['metric']} {row['stratum']}": row for row in result["rows"]}, result["kind_accuracy"]


@pytest.fixture(scope="session")
def gold(shared: Path) -> list[Record]:
    """The labelled papers."""
    return read_records(shared / "data/links/gold.jsonl")


@pytest.mark.parametrize("form", PREDICTIONS)
def test_the_links_of_labelled_papers_are_right(shared: Path, gold: list[Record], form: str, tmp_path: Path) -> None:
    """By the strict scorer: code F1 at least .98, all .97, kinds .97, and nothing where nothing is."""
    predict = PREDICTIONS[form]
    rows, kinds = _scores(shared, {record["id"]: predict(record) for record in gold}, tmp_path)
    assert rows["code TOTAL"]["f1"] >= 0.98
    assert rows["all TOTAL"]["f1"] >= 0.97
    assert kinds >= 0.97
    assert rows["all none"]["fp"] == 0


def test_plain_text_and_html_of_labelled_papers_give_the_same_links(gold: list[Record]) -> None:
    """For 99 % of them at least."""
    plain, shown = PREDICTIONS["plain"], PREDICTIONS["html"]
    same = sum(plain(record) == shown(record) for record in gold)
    assert same >= 0.99 * len(gold)
