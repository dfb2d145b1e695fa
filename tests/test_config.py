"""config.toml and the environment → the settings in effect, or one clear refusal."""

import re
import tomllib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import load
from digest.config.checks import require_manners
from digest.config.paths import odd_names
from digest.config.settings import Config, DigestSettings, View
from digest.errors import ConfigError
from tests.conftest import Sandbox

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def read(folder: Path, text: str, **environment: str) -> Config:
    """Load a configuration file with this text."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment)


def settings(config: Config) -> dict[str, Any]:
    """Return the sections of a configuration as TOML would have them; views and programs have no place among them."""
    sections = {name: values for name, values in asdict(config).items() if isinstance(values, dict)}
    return {
        name: {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        for name, values in sections.items()
    }


def refusal(folder: Path, text: str, **environment: str) -> str:
    """Return the one line in which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environment)
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert len(message.splitlines()) == 1
    return message


def test_an_empty_file_gives_the_defaults_of_the_example(tmp_path: Path) -> None:
    """The example explains every key, and equals what is in effect without any."""
    assert settings(read(tmp_path, "")) == tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def test_the_defaults_are_those_of_the_design(tmp_path: Path, shared: Path) -> None:
    """Every key of the design is there, with its default."""
    block = re.search(r"```toml\n(.*?)```", (shared / "DESIGN.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    found = settings(read(tmp_path, ""))
    for section, keys in tomllib.loads(block[1]).items():
        assert {key: found[section][key] for key in keys} == keys


@pytest.mark.parametrize(
    "address",
    [
        "github.com/me/archive",
        "ftp://example.org/a",
        "javascript:alert(1)",
        "https://",
        "https://me:t0ken@example.org/a",
        "https://example.org/a?b=c",
        "https://example.org/a#b",
        "https://example.org/a b",
        "https://example.org/a)",
        "https://example.org/<a>",
        "https://example.org/\u00e4",
    ],
)
def test_where_digests_are_published_is_a_web_address(tmp_path: Path, address: str) -> None:
    """Of http or https, on which others can be built, and in which nothing is secret; it is not repeated."""
    message = refusal(tmp_path, f'[digest]\naddress = "{address}"\n')
    assert "[digest] address: expected http(s)://host/" in message
    assert "t0ken" not in message


def test_digests_have_addresses_where_they_are_published(tmp_path: Path) -> None:
    """With a slash at its end or without one; characters that no address has are quoted."""
    for end in ("", "/"):
        text = (
            f'[digest]\naddress = "https://example.org/a/blob/main{end}"\npath = "{{category}}/d #{{date:%Y%j}}.md"\n'
        )
        found = read(tmp_path, text).digest_address("cs.CV", date(2025, 3, 5))
        assert found == "https://example.org/a/blob/main/cs.CV/d%20%232025064.md"
    assert read(tmp_path, "").digest_address("cs.CV", date(2025, 3, 5)) == ""


def test_relative_paths_start_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command was started does not matter."""
    (tmp_path / "here").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = '[store]\nurl = "sqlite:///db/a.db"\nraw = "pages"\nrecords = "../data"\n[digest]\ndirectory = "out"\n'
    (tmp_path / "here" / "config.toml").write_text(text, encoding="utf-8")
    config = load(Path("../here/config.toml"), {})
    here = tmp_path / "here"
    places = [config.output, config.raw, config.records, config.database]
    expected = [here / "out", here / "pages", tmp_path / "data", here / "db" / "a.db"]
    assert [place and place.resolve() for place in places] == expected


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """DIGEST_SECTION_KEY is stronger than the file, for every kind of value."""
    config = read(
        tmp_path,
        '[arxiv]\ncontact = "file@example.org"\npages_url = "http://127.0.0.1:1"\nheal_requests = 1\n',
        DIGEST_ARXIV_CONTACT="env@example.org",
        DIGEST_ARXIV_CATEGORIES="cs.LG",
        DIGEST_ARXIV_PAGES_DELAY="1.5",
        DIGEST_ARXIV_HEAL_REQUESTS="7",
        DIGEST_GIT_COMMIT="true",
    )
    assert config.arxiv.contact == "env@example.org"
    assert config.arxiv.categories == ("cs.LG",)
    assert config.arxiv.pages_delay == 1.5
    assert config.arxiv.heal_requests == 7
    assert config.git.commit is True


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        *(("cs.SY", "eess.SY"), ("math.MP", "math-ph"), ("cs.NA", "math.NA"), ("stat.TH", "math.ST")),
        *(("q-fin.EC", "econ.GN"), ("math.IT", "cs.IT"), ("cmp-lg", "cs.CL"), ("alg-geom", "math.AG")),
    ],
)
def test_a_category_that_arxiv_lists_under_another_name_is_refused_with_it(
    tmp_path: Path, name: str, listed: str
) -> None:
    """ArXiv answers for the one with the other's listing (ARXIV.md § 4), whose entries are not of the first."""
    assert f"category {name}: arXiv lists it as {listed}" in refusal(tmp_path, f'[arxiv]\ncategories = ["{name}"]\n')
    assert read(tmp_path, f'[arxiv]\ncategories = ["{listed}"]\n').arxiv.categories == (listed,)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[arxiv]\npages_dely = 15.0\n", "pages_delay"),
        ('[arxiv]\ncategory = ["cs.CV"]\n', "categories"),
        ('[store]\nrecord = "data"\n', "records"),
        ("[git]\ncomit = true\n", "commit"),
        ('[digests]\ndirectory = "."\n', "digest"),
        ('[arXiv]\ncontact = "me"\n', "arxiv"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(tmp_path: Path, text: str, near: str) -> None:
    """A misspelt key or section is never ignored, and the message has the right one."""
    assert f"'{near}'" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[arxiv]\ncategories = "cs.CV"\n', "categories"),
        ("[arxiv]\ncategories = []\n", "categories"),
        ('[arxiv]\ncategories = ["cs.CV", "cs.CV"]\n', "categories"),
        ("[arxiv]\ncategories = [1]\n", "categories"),
        ('[arxiv]\ncategories = ["cs..CV"]\n', "cs..CV"),
        ('[arxiv]\ncategories = ["../etc"]\n', "../etc"),
        ('[arxiv]\ncategories = ["cs.CV\\n"]\n', "cs.CV"),
        ('[arxiv]\ncategories = ["cs.ＣＶ"]\n', "category"),  # noqa: RUF001  # other letters are the point
        ('[arxiv]\ncontact = "me\\nX-Evil: 1"\n', "contact"),
        ("[arxiv]\ncontact = 5\n", "contact"),
        ('[arxiv]\npages_url = "ftp://arxiv.org"\n', "pages_url"),
        ('[arxiv]\npages_url = "arxiv.org"\n', "pages_url"),
        ('[arxiv]\npages_delay = "15"\n', "pages_delay"),
        ("[arxiv]\npages_delay = -1.0\n", "pages_delay"),
        ("[arxiv]\npages_delay = nan\n", "pages_delay"),
        ('[arxiv]\npages_url = "http://127.0.0.1:99999"\n', "pages_url"),
        ('[arxiv]\npages_url = "http://a b"\n', "pages_url"),
        ('[arxiv]\npages_url = "https://arxiv.org?x=1"\n', "pages_url"),
        (f'[arxiv]\ncontact = "{"x" * 201}"\n', "contact"),
        (f"[arxiv]\ntimeout = 1{'0' * 400}\n", "timeout"),
        ('[store]\nstart = "0001-01-01"\n', "0001-01-01"),
        ('[store]\nraw = "a\\u0000b"\n', "raw"),
        ('[digest]\npath = "{date:%Y/%V/%u}.md"\n', "year, month and day"),
        ('[digest]\npath = "{date:../%Y%m%d}.md"\n', "path"),
        ('[digest]\npath = "data/{date:%Y-%m-%d}.jsonl"\n', "other files"),
        ("[arxiv]\ntimeout = 0\n", "timeout"),
        ("[arxiv]\ntimeout = inf\n", "timeout"),
        ("[arxiv]\ntimeout = true\n", "timeout"),
        ("[arxiv]\nheal_requests = 1.5\n", "heal_requests"),
        ("[arxiv]\nheal_requests = -1\n", "heal_requests"),
        ('[calendar]\ndeferred = ["2027-02-30"]\n', "2027-02-30"),
        ('[store]\nstart = "yesterday"\n', "yesterday"),
        ('[store]\nurl = "mysql://localhost/x"\n', "url"),
        ('[store]\nurl = "sqlite:///:memory:"\n', "url"),
        ('[store]\nurl = "sqlite:///"\n', "url"),
        ('[digest]\nsections = ["new", "old"]\n', "sections"),
        ('[digest]\nsections = ["new", "new"]\n', "sections"),
        ('[digest]\npath = "/etc/{date:%Y-%m-%d}.md"\n', "path"),
        ('[digest]\npath = "../{date:%Y-%m-%d}.md"\n', "path"),
        ('[digest]\npath = "{category}/{date:%d %B %Y}.md"\n', "path"),
        ('[digest]\npath = "{category}/{date:%Y-%m}.md"\n', "path"),
        ('[digest]\npath = "{category}/{date:%d}.md"\n', "path"),
        ('[digest]\npath = "{date.year}/{date:%Y-%m-%d}.md"\n', "path"),
        ('[digest]\npath = "{category!r}/{date:%Y-%m-%d}.md"\n', "path"),
        ('[digest]\npath = "{section}/{date:%Y-%m-%d}.md"\n', "path"),
        ('[arxiv]\ncategories = ["cs.CV", "cs.LG"]\n[digest]\npath = "{date:%Y-%m-%d}.md"\n', "category"),
        ('[git]\ncommit = "yes"\n', "commit"),
        ("[git]\npush = true\n", "commit = true"),
        ("[git]\ncommit = true\ndurable = true\n", "push = true"),
        ('[store]\nrecords = ""\n[git]\ncommit = true\npush = true\ndurable = true\n', "[store] records"),
        ('[git]\nremote = ""\n', "remote"),
        ('[git]\nremote = "--mirror"\n', "remote"),
        ('[git]\nremote = "https://example.org/a.git"\n', "remote"),
        ('[git]\nbranch = "-d"\n', "branch"),
        ('[git]\nbranch = "+main"\n', "branch"),
        ('[git]\nbranch = "main:other"\n', "branch"),
        ('[git]\nbranch = "a..b"\n', "branch"),
        ('[git]\nbranch = "main~1"\n', "branch"),
        ('[git]\nauthor = "Ada Example"\n', "author"),
        ('[git]\nauthor = "Ada <ada@example.org> <b>"\n', "author"),
        ('[git]\nauthor = "Ada\\nExample <ada@example.org>"\n', "author"),
        ('[git]\nmessage = ""\n', "message"),
        ('[git]\nmessage = "{sumary}"\n', "{summary}"),
        ('[git]\nmessage = "{summary!r}"\n', "{summary}"),
        ('[git]\nmessage = "{0}"\n', "{summary}"),
        ('[notify]\nurls = "env:HOOK"\n', "urls"),
        ('[notify]\nurls = ["env:"]\n', "urls"),
        ('[notify]\nurls = ["file:"]\n', "urls"),
        ('[notify]\nlistings = "no"\n', "listings"),
        ("arxiv = 5\n", "arxiv"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, text: str, key: str) -> None:
    """The message has the file, and the key or the value that is wrong."""
    message = refusal(tmp_path, text)
    assert key in message
    assert "config.toml" in message


def test_a_secret_stands_in_no_configuration_and_no_message(tmp_path: Path) -> None:
    """Addresses of notices come as env:NAME or file:PATH only; another one is refused unread."""
    read(tmp_path, '[notify]\nurls = ["env:HOOK", "file:hook.txt"]\n')
    for key in ('urls = ["{}"]', 'health = "{}"'):
        message = refusal(tmp_path, f"[notify]\n{key.format('https://hooks.example.org/s3cret')}\n")
        assert f"[notify] {key.split()[0]}" in message
        assert "s3cret" not in message
    message = refusal(tmp_path, '[git]\nremote = "https://s3cret@example.org/a.git"\n')
    assert "s3cret" not in message


def test_a_repository_is_configured_in_words_that_git_knows(tmp_path: Path) -> None:
    """Names of remotes and branches as git allows them, an author, a message with its fields."""
    text = 'commit = true\npush = true\nremote = "my-remote.2"\nbranch = "feature/archive_2"\ndurable = true\n'
    text += 'author = "Ada B. Example <ada@example.org>"\nmessage = "{dates}: {counts} ({summary})"\n'
    git = read(tmp_path, f'[store]\nrecords = "data"\n[git]\n{text}').git
    assert (git.remote, git.branch, git.author) == (
        *("my-remote.2", "feature/archive_2"),
        "Ada B. Example <ada@example.org>",
    )
    assert (git.commit, git.push, git.durable) == (True, True, True)
    assert git.message == "{dates}: {counts} ({summary})"


def test_a_wrong_value_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    """Not the file, which is right."""
    assert "DIGEST_ARXIV_TIMEOUT" in refusal(tmp_path, "", DIGEST_ARXIV_TIMEOUT="soon")


@pytest.mark.parametrize("delay", ["0", "0.25", "15", "3600"])
def test_another_host_than_arxiv_may_be_asked_faster(tmp_path: Path, delay: str) -> None:
    """The delays that arXiv asks for bind its own hosts; whole numbers serve as numbers."""
    config = read(tmp_path, f'[arxiv]\npages_url = "http://127.0.0.1:8000"\npages_delay = {delay}\n')
    assert config.arxiv.pages_delay == float(delay)


@pytest.mark.parametrize("text", ['deferred = ["2027-01-01", "2027-01-18"]', "deferred = [2027-01-01, 2027-01-18]"])
def test_dates_may_stand_with_and_without_quotes(tmp_path: Path, text: str) -> None:
    """TOML has dates of its own."""
    assert read(tmp_path, f"[calendar]\n{text}\n").calendar.dates == (date(2027, 1, 1), date(2027, 1, 18))


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    """The line of the mistake is in the message."""
    message = refusal(tmp_path, "[arxiv]\ncontact = \n")
    assert "config.toml" in message
    assert "line 2" in message


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    """Configuration is UTF-8."""
    path = tmp_path / "config.toml"
    path.write_bytes(b'[arxiv]\ncontact = "\xff\xfe"\n')
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(path, {})


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A file that is absent, and a folder in its place."""
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        load(tmp_path / name, {})


def test_a_digest_lies_where_the_path_says(tmp_path: Path) -> None:
    """Category and numeric directives of strftime."""
    config = read(tmp_path, '[digest]\npath = "{category}/{date:%Y}/{date:%j}-{date:%Y%m%d}.md"\n')
    assert config.digest_path("cs.CV", date(2021, 10, 20)) == "cs.CV/2021/293-20211020.md"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[arxiv]\npages_delay = 14.9\n", "pages_delay"),
        ('[arxiv]\npages_url = "https://ARXIV.org"\npages_delay = 0\n', "pages_delay"),
        ('[arxiv]\npages_url = "https://export.arxiv.org"\npages_delay = 3\n', "pages_delay"),
        ("[arxiv]\nfeeds_delay = 2.9\n", "feeds_delay"),
        ('[arxiv]\npages_url = "https://arxiv.org."\npages_delay = 0\n', "pages_delay"),
    ],
)
def test_arxiv_s_own_hosts_are_not_asked_too_often(tmp_path: Path, text: str, key: str) -> None:
    """A delay below arXiv's rules is refused for its hosts, however they are written."""
    config = read(tmp_path, text)
    with pytest.raises(ConfigError, match=key):
        require_manners(config.arxiv)


# --- views -----------------------------------------------------------------------------------------


def test_a_view_is_a_name_and_keywords(tmp_path: Path) -> None:
    """All else has a default: the categories that are kept, the sections of digests, the full template."""
    text = '[arxiv]\ncategories = ["cs.CV", "cs.LG"]\n[digest]\nsections = ["new"]\n'
    (view,) = read(tmp_path, f'{text}[[view]]\nname = "splatting"\nkeywords = ["gaussian splatting"]\n').views
    assert (view.name, view.keywords) == ("splatting", ("gaussian splatting",))
    assert (view.categories, view.sections) == (("cs.CV", "cs.LG"), ("new",))
    assert (view.authors, view.has_code, view.template, view.feeds) == ((), False, "full", ())
    assert view.notify is False
    assert view.digest_path(date(2025, 3, 5)) == "views/splatting/2025/03/2025-03-05.md"


def test_the_example_shows_a_view(tmp_path: Path) -> None:
    """Without its signs of a comment it is a view, with every key, and the defaults where it says so."""
    lines = commented("[[view]]")
    (shown,) = tomllib.loads("\n".join(lines))["view"]
    (view,) = read(tmp_path, "\n".join(lines)).views
    assert set(shown) == set(asdict(view))
    (bare,) = read(tmp_path, f'[[view]]\nname = "{view.name}"\n').views
    for key in ("categories", "sections", "has_code", "template", "path", "feeds", "notify"):
        assert getattr(view, key) == getattr(bare, key)


def test_the_example_shows_a_program(tmp_path: Path) -> None:
    """As it shows a view; the defaults are all but its name and command."""
    lines = commented("[[annotate]]")
    (shown,) = tomllib.loads("\n".join(lines))["annotate"]
    (program,) = read(tmp_path, "\n".join(lines)).annotators
    assert set(shown) == set(asdict(program))
    (bare,) = read(tmp_path, '[[annotate]]\nname = "summary"\ncommand = ["./summary.py"]\n').annotators
    assert program == bare


def commented(heading: str) -> list[str]:
    """Return the lines of a table that the example shows in comments."""
    text = EXAMPLE.read_text(encoding="utf-8").partition(f"# {heading}\n")[2].partition("\n\n")[0]
    return [heading, *(line.removeprefix("# ") for line in text.splitlines())]


def test_a_keyword_may_be_a_list(tmp_path: Path) -> None:
    """It asks for all that is in it; accents may be composed or not, before a star, too."""
    keywords = '[["diffusion", "video*"], "splatting", "Poincare\u0301*"]'
    (view,) = read(tmp_path, f'[[view]]\nname = "mine"\nkeywords = {keywords}\n').views
    assert view.keywords == (("diffusion", "video*"), "splatting", "Poincare\u0301*")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[arxiv]\ncategories = ["cs.CV", "cs.LG", "cs.CV"]\n', "found 'cs.CV' twice"),
        ("[arxiv]\ncategories = []\n", "one or more categories, found []"),
        ('[digest]\nsections = ["new", "old"]\n', "found 'old'"),
        ('[calendar]\ndeferred = ["2026-11-26", "2026-13-01"]\n', "found '2026-13-01'"),
        ('[notify]\nurls = ["env:GOOD", "json://secret.example"]\n', "found something else in place 2"),
        ('[[view]]\nname = "a"\n[[view]]\nname = "b"\n[[view]]\nname = "B"\n', "found ['b', 'B']"),
    ],
)
def test_the_one_item_at_fault_is_named(tmp_path: Path, text: str, words: str) -> None:
    """Of a list, not the whole of it; of what may be secret, its place."""
    message = refusal(tmp_path, text)
    assert words in message
    assert "secret" not in message


def test_there_may_be_many_views(tmp_path: Path) -> None:
    """In the order of the file; their feeds lie where their paths have no date yet."""
    text = "".join(f'[[view]]\nname = "{name}"\nfeeds = ["atom", "jsonfeed"]\n' for name in ("b", "a", "c d"))
    views = read(tmp_path, text + 'path = "mine/{view}/of/{date:%Y%m%d}/x.md"\n').views
    assert [view.name for view in views] == ["b", "a", "c d"]
    assert views[0].feed_paths == {"atom": "views/b/atom.xml", "jsonfeed": "views/b/feed.json"}
    assert views[2].feed_paths == {"atom": "mine/c d/of/atom.xml", "jsonfeed": "mine/c d/of/feed.json"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('keyword = ["x"]', "did you mean 'keywords'?"),
        ('category = ["cs.CV"]', "did you mean 'categories'?"),
        ('keywords = "x"', "keywords: expected a list of strings"),
        ("keywords = [5]", "keywords: expected a text"),
        ('keywords = [""]', "keywords"),
        ('keywords = ["-"]', "keywords"),
        ('keywords = ["*"]', "keywords"),
        ('keywords = ["seg*ment"]', "keywords"),
        ('keywords = ["*net"]', "keywords"),
        ('keywords = ["gaussian *"]', "keywords"),
        ('keywords = ["a\\u0000"]', "keywords"),
        ('keywords = ["fine", "seg*ment", "good"]', "found 'seg*ment'"),
        ('keywords = ["fine", ["good", "seg*ment"]]', "found 'seg*ment'"),
        ('keywords = ["fine", []]', "in a list of its own at least one word"),
        ('keywords = [["-a", "-b"]]', "in a list of its own at least one word"),
        ('keywords = [["a", 5]]', "keywords: expected a text, found 5"),
        ('keywords = [["a", ["b"]]]', "keywords: expected a text, found ['b']"),
        ('authors = ["..."]', "authors"),
        ('authors = ["K. He", "..."]', "found '...'"),
        ('authors = [["K. He"]]', "authors: expected a text"),
        ('sections = ["new", "old"]', "found 'old'"),
        ('sections = ["new", "cross", "new"]', "found 'new' twice"),
        ('categories = ["cs.LG"]', "cs.LG"),
        ('categories = ["cs.CV", "cs.CV"]', "categories"),
        ('sections = ["old"]', "sections"),
        ('sections = ["new", "new"]', "sections"),
        ('feeds = ["rss"]', "feeds"),
        ('feeds = ["atom", "atom"]', "feeds"),
        ('has_code = "yes"', "has_code: expected true or false"),
        ("template = 5", "template"),
        ('path = "views/{date:%Y-%m}.md"', "year, month and day"),
        ('path = "/views/{date:%Y-%m-%d}.md"', "path"),
        ('path = "../{view}/{date:%Y-%m-%d}.md"', "path"),
        ('path = "{category}/{date:%Y-%m-%d}/x.md"', "path"),
        ('path = "{view}/{date:%d %B %Y}.md"', "path"),
        ('path = "{view!r}/{date:%Y-%m-%d}.md"', "path"),
        ('path = "{view:>99}/{date:%Y-%m-%d}.md"', "path"),
        ('path = "{date:%Y-%m-%d}/README.md"', "other files"),
        ('path = "README.md/{date:%Y-%m-%d}.md"', "other files"),
        ('path = ".git/{date:%Y-%m-%d}.md"', "other files"),
        ('path = "{date:%Y-%m-%d}.digest-tmp"', "other files"),
        (f'path = "{"a" * 200}{{date:%Y-%m-%d}}.md"', "at most 200 bytes"),
    ],
)
def test_a_wrong_value_of_a_view_is_refused_by_its_name(tmp_path: Path, keys: str, words: str) -> None:
    """The message has the file, the view and the key or the value; exit 2."""
    message = refusal(tmp_path, f'[[view]]\nname = "mine"\n{keys}\n')
    assert "config.toml" in message
    assert "[[view]] 'mine'" in message
    assert words in message


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            ".",
            "..",
            "../etc",
            "a/b",
            "/etc",
            "a\\\\b",
            "a  b",
            " a",
            "a ",
            "-a",
            "a-",
            "a.b",
            "{view}",
            "%Y",
            "~",
        ),
        *("a\\nb", "a\\u0000b", "a\\u202eb", "a\\u200bb", "<b>", "a:b", "x" * 61, "`a`", "\U0001f600"),
    ],
)
def test_a_name_that_is_no_good_path_and_heading_is_refused(tmp_path: Path, name: str) -> None:
    """Letters and digits, with single blanks, hyphens or underscores between them."""
    assert "name" in refusal(tmp_path, f'[[view]]\nname = "{name}"\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[view]]\nkeywords = ["x"]\n', "[[view]] 1: expected a name, found none"),
        ('[[view]]\nname = "a"\n[[view]]\nkeyword = ["x"]\n', "[[view]] 2: unknown key"),
        ("[[view]]\nname = 5\n", "name: expected a text"),
        ('[view]\nname = "a"\n', "expected [[view]]"),
        ("view = 5\n", "expected [[view]]"),
        ('[[views]]\nname = "a"\n', "did you mean 'view'?"),
        ('[[view]]\nname = "a"\n[[view]]\nname = "a"\n', "names that differ"),
        ('[[view]]\nname = "Über"\n[[view]]\nname = "über"\n', "names that differ"),
    ],
)
def test_a_view_s_table_is_told_from_others(tmp_path: Path, text: str, words: str) -> None:
    """Every one has a name of its own, also where letters' cases do not count, as in some file systems."""
    assert words in refusal(tmp_path, text)


def table(name: str, path: str, *feeds: str) -> str:
    """Return a view's table."""
    return f'[[view]]\nname = "{name}"\npath = "{path}"\nfeeds = {list(feeds)}\n'


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        (table("a", "cs.CV/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md"), "the digests of cs.CV"),
        (table("a", "CS.cv/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md"), "the digests of cs.CV"),
        (table("a", "cs.CV/{date:%Y}/{date:%d}/{date:%Y-%d-%m}.md"), "the digests of cs.CV"),
        (table("a", "cs.CV/{date:%Y}/{date:%m}/{date}.2.md"), "the digests of cs.CV"),
        ('[digest]\npath = "{date:%Y/%y%m%d}.md"\n' + table("2024", "{view}/{date:%y%m%d}.md"), "the digests of cs.CV"),
        (table("a", "a/{date:%Y%j}.md") + table("b", "a/{date:%Y%j}.{date:%u}.md"), "'a'"),
        (table("a", "{date:%Y/%m/%d}.md") + table("b", "{date:%Y/%d/%m}.md"), "'a'"),
        (table("a-b", "{view}-{date:%Y%j}.md") + table("a", "{view}-b-{date:%Y%j}.md"), "'a-b'"),
        (table("a", "v/{date}-{view}.md", "atom") + table("b", "v/{date}-{view}.md", "atom"), "v/atom.xml"),
    ],
)
def test_no_two_files_share_a_path(tmp_path: Path, text: str, owner: str) -> None:
    """On whatever dates: what could ever meet is refused before anything is written, and both are named."""
    message = refusal(tmp_path, text)
    assert "[[view]]" in message
    assert owner in message


@pytest.mark.parametrize(
    "text",
    [
        table("a", "cs.CV/{view}/{date:%Y-%m-%d}.md", "atom"),
        table("2024", "{view}/{date:%Y-%m-%d}.md"),
        table("a", "v/{date:%Y%m%d}.md") + table("b", "v/{date:%Y-%m-%d}.md"),
        table("a", "v/{date}-{view}.md", "atom") + table("b", "v/{date}-{view}.md", "jsonfeed"),
    ],
)
def test_paths_that_never_meet_are_allowed(tmp_path: Path, text: str) -> None:
    """Neighbours in one folder are no conflict."""
    assert read(tmp_path, text).views


ODD_NAMES = {
    "aux": "which Windows reserves",
    "Con": "which Windows reserves",
    "NUL.tar.x": "which Windows reserves",
    "prn ": "which Windows reserves",
    "COM1": "which Windows reserves",
    "lpt9.md": "which Windows reserves",
    "com\u00b9": "which Windows reserves",
    "conin$": "which Windows reserves",
    "a.": "drops a dot or blank",
    "a ": "drops a dot or blank",
    "a...": "drops a dot or blank",
    "a<b": "allows none of",
    "a>b": "allows none of",
    "a:b": "allows none of",
    'a\\"b': "allows none of",
    "a|b": "allows none of",
    "a?b": "allows none of",
    "a*b": "allows none of",
    "a\\\\b": "allows none of",
    ".GIT": "git's own",
    "git~1": "git's own",
}
"""Names as TOML has them that a clone on Windows could not have, or git would not add: see the sources in paths.py."""

IN_PATHS = (
    '[digest]\npath = "NAME/{date:%Y-%m-%d}.md"\n',
    '[digest]\npath = "{category}/NAME/{date:%Y-%m-%d}.md"\n',
    '[digest]\ndirectory = "out/NAME/x"\n',
    '[store]\nrecords = "NAME"\n',
    '[store]\nraw = "pages/NAME"\n',
    '[[view]]\nname = "mine"\npath = "{view}/NAME/{date:%Y-%m-%d}.md"\n',
)


@pytest.mark.parametrize("text", IN_PATHS)
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_not_every_system_can_have_is_refused(tmp_path: Path, text: str, name: str) -> None:
    """A repository is cloned on Windows, too: exit 2 names the key, the name and the reason."""
    message = refusal(tmp_path, text.replace("NAME", name))
    assert ODD_NAMES[name] in message
    assert re.search(r"\] path|'mine' path|\[digest\] directory|\[store\] (?:records|raw)", message)


@pytest.mark.parametrize("name", ["aux", "CON", "Nul", "prn", "com7", "LPT1"])
def test_a_view_s_name_is_none_that_windows_reserves(tmp_path: Path, name: str) -> None:
    """Whatever its path: people type it, and it becomes a folder's name."""
    for keys in ("", 'path = "x/{date:%Y-%m-%d}.md"'):
        message = refusal(tmp_path, f'[[view]]\nname = "{name}"\n{keys}\n')
        assert f"[[view]] '{name}' name" in message
        assert "Windows reserves" in message


def test_a_reserved_name_that_a_date_makes_is_seen(tmp_path: Path) -> None:
    """On Mondays this would be COM1."""
    assert "reserves" in refusal(tmp_path, '[digest]\npath = "{date:%G-%V}/com{date:%u}.md"\n')


@pytest.mark.parametrize(
    "name", ["auxiliary", "console", "com10", "com", "nul-x", "a.aux", ".hidden", "a b", "gitea", "日"]
)
def test_names_that_only_look_like_these_are_allowed(tmp_path: Path, name: str) -> None:
    """Archives of before have them."""
    for text in IN_PATHS:
        read(tmp_path, text.replace("NAME", name))


def test_folders_outside_of_the_archive_are_the_machine_s_own(tmp_path: Path) -> None:
    """No repository of the archive holds them."""
    read(tmp_path, '[store]\nraw = "/srv/a:b/raw"\nrecords = "/srv/a?/data"\n')


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ("a:b/2025-03-05.md", '[digest]\npath = "a:b/{date:%Y-%m-%d}.md"\n'),
        ("x/cs.CV: 2025-03-05.md", '[digest]\ndirectory = "x"\npath = "{category}: {date:%Y-%m-%d}.md"\n'),
        ("views/aux/2025/03/2025-03-05.md", '[[view]]\nname = "aux"\n'),
        ("nul/cs.CV/2025/2025-03-05.jsonl", '[store]\nrecords = "nul"\n'),
        ("a[b?/2025-03-05.md", '[digest]\npath = "a[b?/{date:%Y-%m-%d}.md"\n'),
    ],
)
def test_what_is_used_already_goes_on(tmp_path: Path, made: str, text: str) -> None:
    """An archive of before opens and runs; a new name of the kind is refused."""
    assert "every system" in refusal(tmp_path, text)
    (tmp_path / made).parent.mkdir(parents=True)
    (tmp_path / made).touch()
    config = read(tmp_path, text)
    assert list(odd_names(config).values()) == [True] * len(odd_names(config)) != []


def test_the_environment_says_nothing_of_views(tmp_path: Path) -> None:
    """A variable could not say which of the views it is for."""
    (view,) = read(tmp_path, '[[view]]\nname = "a"\n', DIGEST_VIEW_NAME="b", DIGEST_VIEW_HAS_CODE="true").views
    assert (view.name, view.has_code) == ("a", False)


def test_a_retired_key_is_a_warning(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older version knew is read past, with what to do instead, in sections and views; no other key is."""
    retired = {("git", "sign"): "git signs as it is configured", ("view", "colour"): "views have none"}
    monkeypatch.setattr("digest.config.RETIRED", retired)
    sandbox.configure("git", sign=True)
    path = sandbox.folder / "config.toml"
    path.write_text(path.read_text() + '[[view]]\nname = "x"\ncolour = "red"\n')
    result = sandbox.digest("status")
    assert f"warning: {path}: [git] sign is no longer used: git signs as it is configured" in result.err.splitlines()
    assert f"warning: {path}: [view] colour is no longer used: views have none" in result.err.splitlines()
    assert result.code != 2
    sandbox.configure("git", sigh=True)
    assert sandbox.digest("status").code == 2


PATHS = [
    "{category}/{date:%Y}/{date:%m}/{date:%Y-%m-%d}.md",
    "{category}/{date}.md",
    "täglich/{category}/{date:%y.%m.%d}.md",
    "{category}/{date:%G}-W{date:%V}/{date:%u}-{date:%d}.md",
    "{date:%Y}/{date:%j}/{category}.md",
    "{date:%d%m%Y}/{category}.md",
]


@given(days=st.lists(st.dates(date(1991, 1, 1), date(2990, 12, 31)), min_size=1), path=st.sampled_from(PATHS))
def test_a_path_is_as_its_directives_say(days: list[date], path: str) -> None:
    """As Python's own formatting fills it in, for one day and for many; a view's as well as a category's."""
    config = Config(Path("here"), digest=DigestSettings(path=path))
    expected = {day: path.format(category="cs.CV", date=day) for day in days}
    assert config.digest_paths("cs.CV", days) == expected == {day: config.digest_path("cs.CV", day) for day in days}
    of_view = path.replace("{category}", "{view}")
    view = View("mine {0}", path=of_view)
    assert view.digest_paths(days) == {day: of_view.format(view="mine {0}", date=day) for day in days}
