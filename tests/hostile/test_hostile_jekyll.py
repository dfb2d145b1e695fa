"""Jekyll itself builds pages of an archive whose papers hold its commands. Needs ``jekyll`` and the plugin of Pages.

Debian has both: ``apt-get install jekyll ruby-jekyll-optional-front-matter``. GitHub Pages makes pages of all
markdown by that plugin (https://github.com/github/pages-gem/blob/v232/lib/github-pages/plugins.rb).
"""

import html
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from digest.model import Section
from digest.setup.texts import file_text
from tests.days import day_of, paper
from tests.hostile.engines import template

PLUGIN = "jekyll-optional-front-matter"
HARM = [
    *("{{ site.time }}", "{{ open", "{% raw %}", "{% endraw %}", "x {% if", "{{{%", "{{ 1 | nosuch }}"),
    *("{%- include x -%}", "$x_{{a}}$", "${%$", r"\{{\%"),
]
DAY = day_of(
    [(Section.NEW, replace(paper(f"2503.{place:05d}"), title=f"T {harm}")) for place, harm in enumerate(HARM, 1)]
)


def build(site: Path, digest: bytes, config: str = "") -> Path | None:
    """Let Jekyll build a site of one digest; return the page or file that it made of it, None if it failed."""
    site.mkdir()
    (site / "_config.yml").write_text(f"plugins: [{PLUGIN}]\n{config}")
    (site / "day.md").write_bytes(digest)
    done = subprocess.run(["jekyll", "build"], cwd=site, capture_output=True, text=True, timeout=120, check=False)
    if PLUGIN in done.stderr:
        pytest.skip(f"{PLUGIN} is not here")
    made = [site / "_site" / name for name in ("day.html", "day.md")]
    return None if done.returncode else next(path for path in made if path.exists())


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("jekyll") is None, reason="Jekyll is not here")
def test_no_paper_stops_jekyll(tmp_path: Path) -> None:
    """`full` becomes a page with the very titles; `classic` would stop the build, and by init's settings does not."""
    ours = file_text("pages").replace("markdown: GFM", "")  # which only Pages knows
    full, classic = template("full").render(DAY), template("classic").render(DAY)
    assert build(tmp_path / "classic", classic) is None
    as_it_is = build(tmp_path / "classic, ours", classic, ours)
    assert as_it_is is not None
    assert (as_it_is.name, as_it_is.read_bytes()) == ("day.md", classic)
    front = template("full", front_matter=True).render(DAY)
    for name, digest, config in (("full", full, ""), ("front matter", front, ours)):
        page = build(tmp_path / name, digest, config)
        assert page is not None
        assert page.name == "day.html"
        titles = re.findall("<h3.*?>(.*?)</h3>", page.read_text())
        shown = [html.unescape(re.sub("<.*?>", "", title)).partition(" T ")[2] for title in titles]
        assert [re.sub(r"\{ (?=[{%])", "{", title) for title in shown] == HARM[::-1]
