"""config.toml and the environment → the settings in effect, or one clear refusal."""

import re
import tomllib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config, load, require_manners
from digest.errors import ConfigError

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def read(folder: Path, text: str, **environment: str) -> Config:
    """Load a configuration file with this text."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment)


def settings(config: Config) -> dict[str, Any]:
    """Return the sections of a configuration as TOML would have them."""
    sections = {name: values for name, values in asdict(config).items() if name != "folder"}
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
        ('[notify]\nurls = "env:HOOK"\n', "urls"),
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
    message = refusal(tmp_path, '[notify]\nurls = ["https://hooks.example.org/s3cret"]\n')
    assert "urls" in message
    assert "s3cret" not in message


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
