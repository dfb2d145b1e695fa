"""A digest that is split: its parts are written, shown, checked, restored and removed together."""

import re

import pytest

from digest.disk.files import Folder
from digest.errors import StoreError
from digest.render import digest as rendering
from tests.conftest import Sandbox
from tests.standin import StandIn

FIRST = "cs.CV/2025/03/2025-03-05.md"
SECOND = "cs.CV/2025/03/2025-03-05.2.md"


@pytest.fixture
def split(archive: Sandbox, arxiv: StandIn, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An archive whose digest of the day is too long for one file."""
    archive.configure("digest", template="full")
    assert archive.digest("run").code == 0
    arxiv.requests.clear()
    longest = len(archive.read(FIRST)) * 3 // 4
    monkeypatch.setattr(rendering, "MOST_BYTES", longest)
    (archive.folder / FIRST).unlink()
    assert archive.digest("regenerate", "--all").code == 0
    return archive


def paths(sandbox: Sandbox) -> list[str]:
    """Return the digests that are there."""
    return sorted(path for path in sandbox.tree() if path.startswith("cs.CV/2025/03/"))


def test_a_long_digest_is_split(split: Sandbox) -> None:
    """Both parts are there, are known, and a second look changes nothing."""
    assert paths(split) == [SECOND, FIRST]
    before = split.tree()
    result = split.digest("regenerate", "--all")
    assert (result.code, result.out) == (0, "")
    assert split.tree() == before
    assert "0 damaged, 0 edited, 0 outdated" in split.digest("verify").out


def test_show_prints_all_parts(split: Sandbox) -> None:
    """As one text, which has every paper."""
    out = split.digest("show", "latest").out
    both = (split.read(FIRST) + split.read(SECOND)).decode()
    assert re.findall(r'<a id="([0-9.]+)">', out) == re.findall(r'<a id="([0-9.]+)">', both) != []


@pytest.mark.parametrize("path", [FIRST, SECOND])
def test_a_part_that_is_lost_is_written_again(split: Sandbox, path: str) -> None:
    """By regenerate, and by verify --repair."""
    before = split.tree()
    (split.folder / path).unlink()
    assert path in split.digest("regenerate", "--all").out
    assert split.tree() == before
    (split.folder / path).unlink()
    assert path in split.digest("verify").out
    assert split.digest("verify", "--repair").code == 0
    assert split.tree() == before


def test_a_part_that_is_lost_is_healed_by_the_next_run(split: Sandbox, arxiv: StandIn) -> None:
    """As a digest that is lost, without a request."""
    before = split.tree()
    (split.folder / SECOND).unlink()
    assert split.digest("run").code == 0
    assert split.tree() == before
    assert arxiv.requests == []


def test_an_edited_part_is_kept_beside(split: Sandbox) -> None:
    """What a person wrote into the second part is found, and not lost by a repair."""
    data = split.read(SECOND)
    (split.folder / SECOND).write_bytes(b"# My notes\n" + data)
    assert split.digest("verify").code == 6
    split.digest("verify", "--repair")
    assert split.read(SECOND) == data
    assert split.read(f"{SECOND}.edited") == b"# My notes\n" + data


def test_parts_that_are_no_longer_made_are_removed(split: Sandbox) -> None:
    """With a template that is not split, no stale second part misleads a reader."""
    split.configure("digest", template="classic")
    assert split.digest("regenerate", "--outdated").code == 0
    assert paths(split) == [FIRST]
    assert split.digest("regenerate", "--all").out == ""


def test_an_interrupted_removal_goes_on(split: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many stale parts, none is forgotten when the removal of one fails."""
    monkeypatch.setattr(rendering, "MOST_BYTES", rendering.MOST_BYTES // 4)
    (split.folder / FIRST).unlink()
    split.digest("regenerate", "--all")
    assert len(paths(split)) > 4
    split.configure("digest", template="classic")
    remove = Folder.remove

    def failing(folder: Folder, path: str) -> None:
        if path.endswith(".3.md"):
            raise StoreError(f"{path}: not now")
        remove(folder, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "remove", failing)
        assert split.digest("regenerate", "--outdated").code == 6
    assert split.digest("regenerate", "--outdated").code == 0
    assert paths(split) == [FIRST]


def test_show_prints_no_stale_part(split: Sandbox) -> None:
    """A second file beside a digest that has one part is none of it."""
    split.configure("digest", template="classic")
    split.digest("regenerate", "--outdated")
    (split.folder / SECOND).write_text("# My notes\n", encoding="utf-8")
    assert split.digest("show", "latest").out.encode() == split.read(FIRST)


def test_a_stale_part_that_a_person_edited_stays(split: Sandbox) -> None:
    """Nobody's text is destroyed, also when the part is no longer made."""
    (split.folder / SECOND).write_text("# My notes\n", encoding="utf-8")
    split.configure("digest", template="classic")
    assert f"{SECOND}: left alone, because it was edited" in split.digest("regenerate", "--outdated").err
    assert split.read(SECOND) == b"# My notes\n"
    assert split.digest("regenerate", "--all").out == ""
    split.configure("digest", template="full")
    result = split.digest("regenerate", "--outdated")
    assert f"{SECOND}: what was there is kept as {SECOND}.edited" in result.err
    assert split.read(f"{SECOND}.edited") == b"# My notes\n"
