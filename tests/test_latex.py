"""A bibliography through the programs that print it: BibTeX and biber, with LaTeX. Debian packages them."""

import os
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from digest.model import Day, Section
from digest.store.whole import Store
from tests.conftest import Sandbox
from tests.days import day_of, paper, real_days

pytestmark = pytest.mark.exhaustive

PROGRAMS = {
    "lualatex": "texlive-luatex, texlive-latex-recommended",
    "bibtex": "texlive-binaries",
    "biber": "biber, texlive-bibtex-extra",
    "pdftotext": "poppler-utils",
}

# One line a paragraph, and no hyphen but those of the text, so that what is printed can be found.
_PAGE = r"\usepackage[paperwidth=400cm,paperheight=500cm,margin=1cm]{geometry}\usepackage{amsmath,amssymb}"
_DOCUMENTS = {
    "bibtex": rf"""\documentclass{{article}}{_PAGE}
\begin{{document}}\nocite{{*}}\bibliographystyle{{plain}}\bibliography{{out}}\end{{document}}""",
    "biber": rf"""\documentclass{{article}}{_PAGE}
\usepackage[backend=biber,maxbibnames=9999,isbn=false]{{biblatex}}\addbibresource{{out.bib}}
\begin{{document}}\nocite{{*}}\printbibliography\end{{document}}""",
}


@pytest.fixture(autouse=True)
def _programs() -> None:
    missing = [packages for name, packages in PROGRAMS.items() if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs Debian's packages {', '.join(missing)}")


def run(folder: Path, *command: str) -> str:
    """Run a program in a folder; return all that it says, once it ends well."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=1200,
        env={**os.environ, "max_print_line": "9999"},
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0, said[-3000:]
    return said


def printed(folder: Path, program: str) -> str:
    """Print the whole of out.bib with BibTeX or biber, see that nothing complains, and return the text of the pages."""
    (folder / "main.tex").write_text(_DOCUMENTS[program], encoding="utf-8")
    latex = ("lualatex", "-interaction=nonstopmode", "-halt-on-error", "main")
    run(folder, *latex)
    said = run(folder, program, "main")
    assert not re.search(r"(?i)\bwarning|\berror", said), said[-3000:]
    for _ in range(2):
        run(folder, *latex)
    log = (folder / "main.log").read_text(encoding="utf-8", errors="replace")
    assert not re.search(r"(?m)^!|LaTeX Error|Citation .* undefined", log)
    run(folder, "pdftotext", "-layout", "main.pdf", "main.txt")
    return squeezed((folder / "main.txt").read_text(encoding="utf-8"))


def squeezed(text: str) -> str:
    """Return the letters and digits of ``text``: typesetting changes blanks, quotes and the look of some signs."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() and letter.isascii())


def export(sandbox: Sandbox, *days: Day) -> None:
    """Store days in an archive, and export them as out.bib."""
    file = sandbox.folder / "archive.db"
    store = Store(f"sqlite:///{file}", file)
    for day in days:
        store.save_day(day, "0" * 64, outdated_file=f"{day.category}/{day.date}.md")
    store.close()
    done = sandbox.digest("export", "..", "--format", "bibtex", "--output", str(sandbox.folder / "out.bib"))
    assert done.code in (0, 4), done.err  # days may be missing between them


def expected(authors: tuple[str, ...], title: str, *, are_more: bool) -> str:
    """Return what is printed of an entry, squeezed: the names, then the title up to its first maths."""
    *others, last = authors
    names = [*authors, "et al"] if are_more else [*others, "and" if others else "", last]
    return squeezed(" ".join(names)) + squeezed(title.partition("$")[0])


HOSTILE = [
    r"50% of A&B #1 costs_x ~ y ^ z \ w",
    "{balanced {braces}} and } unbalanced {",
    r"\input{/etc/passwd} \write18{ls} \end{document} \csname x\endcsname",
    r"Maths $\input{x}$, $x^^5c$, $a % b$, $\def\x{y}$, $\text{a_b}$ and $\mathcal{L}_{a}^{b}$",
    "$5 and $10, 3D--2D --- ``quoted'' 'single' !` ?` <<x>> ,,",
    '@article{x, title = {y}}, @string(a), "quoted" = b # c',
    "A title that ends with a backslash \\",
    "Control \x07 and \x1b[31m, line\u2028ends\r\nhere",
]
NAMES = [
    ("John Smith Jr.", "Ada Bell"),
    ("Martin Luther King III",),
    ("Ada Bell--Fox", "Ada de la Rosa, Jr.", "The X Collaboration"),
    ("Pandiyaraju V", "Laurens van der Maaten", "Rock and Roll"),
    ("Team, The X", "Li"),
    ("Yuan (Cher) Li", "A_b %c", "{Odd"),
    ("Jean Émile Dupont", "Łukasz Größer"),
    ("\\input Evil", "$x$ Dollar", "~ # &"),
]


@pytest.mark.parametrize("program", ["bibtex", "biber"])
def test_hostile_texts_are_printed(sandbox: Sandbox, program: str) -> None:
    """Nothing that a title or a name holds stops LaTeX, and its words are on the page."""
    papers = [
        paper(f"2503.{place:05d}", title=title, authors=authors, journal_ref=title, comments=title, abstract=title)
        for place, (title, authors) in enumerate(zip(HOSTILE, NAMES, strict=True), 1)
    ]
    export(sandbox, day_of([(Section.NEW, one) for one in papers]))
    text = printed(sandbox.folder, program)
    for one in papers:
        assert expected(one.authors, one.title, are_more=False) in text


@pytest.mark.parametrize("program", ["bibtex", "biber"])
def test_real_papers_are_printed(sandbox: Sandbox, shared: Path, program: str) -> None:
    """2,290 real papers: each with all its authors, then its title."""
    days = real_days(shared)
    export(sandbox, *days)
    text = printed(sandbox.folder, program)
    papers = [one.paper for day in days for one in day.announcements]
    lost = [
        one.arxiv_id for one in papers if expected(one.authors, one.title, are_more=len(one.authors) == 100) not in text
    ]
    assert (len(papers), lost) == (2290, [])
