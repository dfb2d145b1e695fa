r"""LaTeX as Unicode, for a terminal: what is sure is read, what is not stays as it was typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.markup import readable
from digest.render.maths import maths_in
from digest.render.unicode import in_unicode
from tests.days import real_days
from tests.hostile.test_hostile_full import ANY_TEXT


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        # Signs and letters.
        (r"a 2.3$\times$ gain of $\sim$75\%, $\approx 50\%$", "a 2.3\u00d7 gain of \u223c75%, ≈ 50%"),
        (r"over 360$^\circ$ at $\pm 2^{\circ}$", "over 360° at ± 2°"),
        (r"$\alpha\beta$ and $\mathbb{R}^3$, $\mathcal{O}(n\log n)$", "αβ and ℝ³, \U0001d4aa(n log n)"),
        (r"$\mathbf{x}$, $\boldsymbol{\theta}$, $\mathrm{SO}(3)$, $\texttt{ViT}$", "x, θ, SO(3), ViT"),
        (r"$f: X \to Y$, $X\to Y$, $\mu\in (0,1)$, $\alpha = 3$", "f: X → Y, X→Y, μ∈ (0,1), \u03b1 = 3"),
        # Above and below the line.
        (r"$x_0^2$, $10^{-3}$, $H_2O$, $A^T$, $L_{1.5}$", "x₀², 10⁻³, H₂O, Aᵀ, L_1.5"),
        (r"$d^{T-1}$ is no $d^T-1$", "dᵀ⁻¹ is no dᵀ-1"),
        (r"$\mathcal{L}_\mathrm{flow} + \lambda$", "\u2112_flow + λ"),
        (r"$L_{flow}x$, $2^{2^n}$, $x_{a,b}$", "L_(flow)x, 2^(2ⁿ), x_(a,b)"),
        # Fractions and roots keep what belongs together.
        (r"$\frac{1}{2}$, $\frac{a+b}{c}$, $\frac12$, $\sqrt{x}$, $\sqrt{x+y}$", "1/2, (a+b)/c, 1/2, √x, √(x+y)"),
        # Accents, which arXiv's listings leave before a letter that they have set.
        ("$\\hat{X} = \\bar{Z}$, $\\hat\u03c1$", "X\u0302 = Z\u0304, \u03c1\u0302"),
        (r"$\left( x \right)$, $\left. x \right|_{0}$, $\{a, b\}$, $\|x\|$", "( x ), x |₀, {a, b}, ‖x‖"),
        # In prose.
        (r"\textbf{S}urface \emph{e.g.} 12\% \& more", "Surface e.g. 12% & more"),
        (r"\textbf{\textit{both}} m\textsuperscript{2}", "both m²"),
        (r"$x$ costs \$5", "x costs $5"),
    ],
)
def test_what_is_sure_is_read(typed: str, read: str) -> None:
    """As somebody would write it by hand."""
    assert in_unicode(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        r"$\unknown{x}$",
        r"$\href{https://example.org}{x}$",
        r"$\input{/etc/passwd}$",
        r"$\today$",
        r"$\cite{x}$ and $\footnote{x}$",
        r"$\overline{AB}$",  # an accent is over one letter
        r"$\sqrt[3]{x}$",
        r"$\begin{pmatrix}1&2\end{pmatrix}$",
        r"$x^$ $\frac{1}$ ${x$",
        r"$\not= x$",
        r"$\not\in$",
        "${" + "{" * 99 + "x" + "}" * 99 + "}$",
        r"$" + r"\frac" * 50 + "$",
        "costs $5 and $10, in $HOME/.config/$USER",
        r"\methodname{} and \ours, \href{https://example.org}{here}",
        r"C:\new\text",
        "100% sure ~ `a_b` -- 'x'^2",
    ],
)
def test_what_is_not_sure_stays(typed: str) -> None:
    """Each character, dollars too; and nothing is read from the disk or the clock."""
    assert in_unicode(typed) == typed


@given(ANY_TEXT | st.text("\\$^_{}&%~ abfrcsqt123\n", max_size=60))
def test_any_text_is_read(text: str) -> None:
    """Without an error, and without a line more than it had."""
    assert len(in_unicode(text).splitlines()) <= len(text.splitlines())


def test_text_without_latex_costs_nothing() -> None:
    """It is returned as it is; the tables of TeX's commands are loaded for maths alone."""
    assert in_unicode("A title, 50% of it: a_b {c}") == "A title, 50% of it: a_b {c}"
    program = (
        "import sys, digest.render.unicode as one; one.in_unicode('5\\\\% of $x$'); print('pylatexenc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"


def test_real_formulas_are_set(shared: Path) -> None:
    """Of 381 in 2,290 real papers all but five: four links, and a % that TeX would hide the rest behind."""
    papers = [entry.paper for day in real_days(shared) for entry in day.entries]
    texts = [text for one in papers for text in (one.title, readable(one.abstract or ""))]
    formulas = [text[one.start : one.end] for text in texts for one in maths_in(text)]
    left = [one for one in formulas if in_unicode(one) == one]
    assert len(formulas) == 381
    assert sorted(re.sub(r"\{.*", "", one) for one in left) == [r"$\href"] * 4 + [r"$\textit"]
