"""A new archive: its configuration, its README, what git should not keep."""

from pathlib import Path

from digest.publish import Folder
from digest.render import merge_into
from digest.resources import folder

_IGNORED = "# The database is made again from the records in data/.\narchive.db*\nraw/\n*.digest-tmp\n"


def set_up(target: Path) -> list[Path]:
    """Write the files of a new archive into ``target``; return those that were not there before.

    Raises:
        StoreError: the folder cannot be written.
    """
    config = folder("config.example.toml").read_text(encoding="utf-8")
    files = {
        "config.toml": config.replace('records = ""', 'records = "data"'),
        "README.md": merge_into(None, "arXiv digests", "Nothing is stored yet.") or "",
        ".gitignore": _IGNORED,
    }
    output = Folder(target)
    missing = [name for name in files if output.read(name) is None]
    for name in missing:
        output.write(name, files[name].encode())
    return [target / name for name in missing]
