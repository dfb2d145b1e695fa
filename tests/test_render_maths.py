r"""Which dollars of a text pair, for every format alike; what GitHub sets of it is asked of MathJax itself."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.markup import readable
from digest.render.markdown import escaped, linked
from digest.render.maths import maths_in
from tests.hostile.engines import ENGINES, Page, set_by_github
from tests.hostile.test_hostile_full import ANY_TEXT
from tests.test_render_full import body, real_days, real_papers

SIGNS = ["<", ">", "=", "+", "-", "/", "~", "|", r"\sim", r"\pm", r"\times", r"\approx", r"\geq", "\u2265", "\u00d7"]


def pairs(text: str) -> list[str]:
    """Return the TeX of all maths in ``text``."""
    return [maths.tex for maths in maths_in(text)]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("frame", ["a ${}$40 b", "a ($ {} $9)", "2${}$2", "x${}$fold", "50\\% and ${}$50\\%."])
def test_a_sign_alone_is_maths_whatever_follows(frame: str, sign: str) -> None:
    """A relation, an operator or a command between two dollars, also before a digit, also with blanks inside."""
    assert [tex.strip() for tex in pairs(frame.format(sign))] == [sign]
    assert [tex.strip() for tex in pairs(f"{frame.format(sign)} of it, then $y_1$.")] == [sign, "y_1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Signs alone before digits, and what comes after them.
        (r"below a third ($<$33\% of pages) and then more of it ($\sim$700 readers)", ["<", r"\sim"]),
        (r"adds $<$0.3% weight and trains the heads alone, 4$\times$ smaller", ["<", r"\times"]),
        (r"at $>$90 FPS, $\pm$2, and $10$-fold on a $3$D grid of $128$128", [">", r"\pm", "10", "3", "128"]),
        (r"from 5$-$10 to 20$\sim$30", ["-", r"\sim"]),
        # Blanks inside the dollars.
        (
            r"$ \times $ wider, $ Q(Y) \in A $ holds, $ n = 5 $ and $x_i $",
            [r" \times ", r" Q(Y) \in A ", " n = 5 ", "x_i "],
        ),
        (
            r"$ -0.3 $ to $ +1.5 $, $ 90 \% $, $ 5 $, $ (+1.2\%) $ and $-3\%$",
            [" -0.3 ", " +1.5 ", r" 90 \% ", " 5 ", r" (+1.2\%) ", r"-3\%"],
        ),
        ("$ k $ of $ f(x) $, $N $ and $ (a, b) $", [" k ", " f(x) ", "N ", " (a, b) "]),
        # Directly beside letters.
        (r"H$^2$O, $k$NN, an $n$th, top-$k$, ($p$)", ["^2", "k", "n", "k", "p"]),
        # Money.
        ("costs $5 and $10", []),
        ("from $5-$10 to $7/$8, or $1,000, $2,000", []),
        ("at $5 a page, where $x$ is free, and at $20", ["x"]),
        (r"US\$5 or \$6, then $x$", ["x"]),
        ("about 5$ a page, or 7$ for two pages of it", []),
        ("$0.05 per image ($0.20 per clip) where $\\alpha=2$", [r"\alpha=2"]),
        (r"$5 (\approx 4 EUR), $10", []),
        ("5 $ / h, 10 $ / h", []),
        ("from 5 $ - 10 $ to $ 5, $ 10", []),
        # Variables of a shell.
        ("set $PATH and $HOME/.config/$USER", []),
        ("set $PATH:$HOME/bin:$USER", []),
        ("in $DATA_DIR/$SET/$NAME, where $x$ is", ["x"]),
        ("in ${HOME}/x/${USER}", []),
        ("a speed of $km/h$ and $a/b$c", ["km/h", "a/b"]),
        ("It is $5 a page. D$^2$R", ["^2"]),
        ("$5 million$ or $10 to 20$", []),
        # Prose, also with signs of TeX in it.
        (r"$40\% of words and then more ($", []),
        (r"$40\% of words_and then^more words ($", []),
        (r"one dollar too many$ before $\alpha$ and so on, $\beta_{i}$ then", [r"\alpha", r"\beta_{i}"]),
        (r"a slip $\gamma here and it goes on, while $\alpha$ is set", [r"\alpha"]),
        (
            r"$\mathcal{L}_{total loss}$ and $\text{for all of them } x$",
            [r"\mathcal{L}_{total loss}", r"\text{for all of them } x"],
        ),
        # Two dollars on each side; none that is paired with another kind.
        ("$$a+b$$ and $c$", ["a+b", "c"]),
        ("$a$$b$", ["a", "b"]),
        ("in $$ and in $ or $$x", []),
        ("$", []),
        ("$$", []),
        ("$$$$", []),
        ("$ $", []),
        # A backslash takes the dollar behind it along.
        (r"$\alpha\$$", [r"\alpha\$"]),
        (r"\\$x$ and \$y$", ["x"]),
        (r"\(x_1\) and \[y\] stay", []),
    ],
)
def test_which_dollars_pair(text: str, expected: list[str]) -> None:
    """Money and prose are never maths, and a dollar too many does not turn what comes after it inside out."""
    assert pairs(text) == expected


@pytest.mark.parametrize("sign", ["$", "$a", "$ a", "$$x", "$\\a ", "${", "$a b", "$aa", "$ aa bb", "\\$"])
def test_long_texts_are_read_in_no_time(sign: str) -> None:
    """The time grows with the length and not with its square."""
    long = sign * (200_000 // len(sign))
    assert len(pairs(long)) <= len(long)
    assert len(pairs(long.replace("$", "") + "$x$")) <= 1


# On GitHub


def on_github(text: str) -> list[str]:
    """Return what GitHub sets of a text that ``full`` shows."""
    return set_by_github(ENGINES["GitHub"](escaped(text)))


@pytest.mark.parametrize("before", ["H", "2", "é", "-", "/", ",", '"', "[", "*", "$y$", "\u00a0", "(", " ", ""])
def test_maths_is_set_on_github_whatever_stands_before_it(before: str) -> None:
    """GitHub opens maths at a blank, a bracket or the start of a text alone, so that another text starts there."""
    expected = ["y", "^2"] if "y" in before else ["^2"]
    assert on_github(f"{before}$^2$R") == expected
    assert on_github(f"So {before}$^2$R") == expected
    for engine in ENGINES.values():
        assert Page(engine(f"x {escaped(f'{before}$^2$R')}")).shown == [("p", f"x {before}$^2$R")]


@pytest.mark.parametrize(
    ("title", "markdown"),
    [
        ("No maths: $5 [a]", r"[No maths: <span>\$</span>5 \[a\]](u)"),
        ("H$^2$R: a title", "[H](u)$`^2`$[R: a title](u)"),
        (r"Up to $\times$ 4 and $x$$y$ (z)", r"[Up to](u) $`\times`$ [4 and](u) $`x`$<span></span>$`y`$ [(z)](u)"),
        ("$x$-y! $5", r"$`x`$[\-y! <span>\$</span>5](u)"),
        ("$x$ $y$", "[$`x`$ $`y`$](u)"),
        (" ", "[&#32;](u)"),
    ],
)
def test_maths_stands_beside_a_link(title: str, markdown: str) -> None:
    """GitHub sets none inside; what is all maths is a link all the same, and its TeX is read there."""
    assert linked(title, "u") == markdown
    for engine in ENGINES.values():
        assert Page(engine(f"x {markdown}")).shown == [("p", f"x {title}")]


@pytest.mark.parametrize("engine", ENGINES)
@given(text=st.one_of(ANY_TEXT, st.lists(st.sampled_from(["$x^2$", "$", " ", "a", "![", "*", "$y$"])).map("".join)))
def test_a_link_shows_any_text(engine: str, text: str) -> None:
    """The same characters, and no element but the link."""
    page, tame = (Page(ENGINES[engine](f"x {linked(one, 'https://x.org')} y")) for one in (text, "tame"))
    assert [block.text for block in page.blocks] == [f"x {text} y"]
    assert {*page.elements} == {*tame.elements}


def test_all_maths_of_a_digest_is_set_on_github(shared: Path) -> None:
    """Of every real day: in titles, comments and abstracts."""
    for day in real_days(real_papers(shared)):
        page = ENGINES["GitHub"](body(day))
        assert set_by_github(page) == Page(page).maths


def test_blanks_inside_the_dollars_are_kept() -> None:
    """A code span loses one at both its ends if both have one; so it gets one more."""
    for text in (r"a $ \times $ b", r"a $\times $ b", r"a $ \times$ b", r"a $  \times  $ b"):
        for engine in ENGINES.values():
            assert Page(engine(escaped(text))).shown == [("p", text)]


@pytest.mark.parametrize(
    "tex",
    [
        *(
            r"\operatorname{argmax}_x",
            r"\operatornamewithlimits{x}",
            r"\phantom{x}",
            r"\colorbox{red}{x}",
            r"\unicode{65}",
        ),
        *(r"\bbox{x}", r"\newcommand{\x}{y}", r"\def\x{y}", r"\DeclareMathOperator{\x}{x}", r"\cellcolor{red}"),
        *("x_{i", "x}", "x^", "x_ ", "50%", "#1", "a & b", r"\left( x", "`x`"),
    ],
)
def test_what_github_could_not_set_is_text(tex: str) -> None:
    """An error, or maths of which a part is gone, would say less than what the author typed."""
    assert on_github(f"so ${tex}$ it is") == []
    assert on_github(f"so ${tex}$ it is, and $y$") == ["y"]


TYPED = [
    *(
        r"\mathcal{L}_{\text{total}}",
        r"\mathbb{R}^{3\times 3}",
        r"\left\{a\right\}",
        r"\frac{1}{2}",
        r"\ell_1",
        r"\bf x",
    ),
    *(r"a<b", "<", ">", "=", r"\lVert x \rVert_2", r"x \text{ if } y", r"50\%", r"^\circ", r"^{\dagger}", r"_{2}"),
    *(
        r"\begin{cases} a & b \\ c & d \end{cases}",
        r"\boldsymbol{\theta}",
        r"\mathrm{SE}(3)",
        r"O(n \log n)",
        r"\tilde{x}",
    ),
]


@pytest.mark.long
def test_what_full_sets_is_set_by_mathjax() -> None:
    """Each of the usual forms, and none of those that GitHub refuses."""
    assert faults(TYPED) == {}
    assert {*faults([r"\operatorname{x}", r"\ours", "x_{i", "#", "a & b"])} == {
        r"\operatorname{x}",
        r"\ours",
        "x_{i",
        "#",
        "a & b",
    }


@pytest.mark.long
def test_the_maths_of_real_papers_is_set_by_mathjax(shared: Path) -> None:
    """Of all formulas that ``full`` writes, GitHub's renderer fails at one in 200 at most."""
    papers = [one for _, one in real_papers(shared)]
    texts = [text for one in papers for text in (one.title, readable(one.abstract or ""), readable(one.comments or ""))]
    formulas = [tex for text in texts for tex in on_github(text)]
    found = faults(formulas)
    assert len(formulas) > 350
    assert sum(tex in found for tex in formulas) <= len(formulas) / 200, found


def faults(formulas: list[str]) -> dict[str, str]:
    """Return what MathJax says of those formulas that it cannot set."""
    modules = Path(sys.prefix) / "node"
    if not shutil.which("node") or not (modules / "node_modules" / "mathjax").is_dir():
        pytest.skip("node and MathJax are not here; .ci/run installs them")
    command = ["node", str(Path(__file__).with_name("mathjax.cjs")), str(modules)]
    asked = json.dumps(formulas)
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=300).stdout
    return {tex: fault for tex, fault in zip(formulas, json.loads(answer), strict=True) if fault}
