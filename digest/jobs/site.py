"""The archive as a static site: pages for a browser, in a folder that any server can serve. Offline."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digest.archive.archive import Archive
from digest.archive.report import Report, Track, untracked
from digest.archive.site import site_products
from digest.archive.site.folder import LOCK, open_folder, write_site
from digest.disk.files import hold_lock
from digest.errors import UsageError
from digest.render.site.texts import require_mathml


@dataclass(frozen=True)
class Built:
    """What became of a site: how many files it has, which were removed; ``report`` has what was written."""

    folder: Path
    files: int
    removed: tuple[str, ...]
    report: Report

    @property
    def words(self) -> str:
        """What was done, in words for a person."""
        written = len(self.report.written)
        if not written and not self.removed:
            return f"nothing to do: {self.files:,} files in {self.folder}"
        gone = f", removed {len(self.removed):,}" if self.removed else ""
        return f"wrote {written:,} of {self.files:,} files in {self.folder}{gone}"


def build_site(archive: Archive, target: Path, track: Track = untracked) -> Built:
    """Bring the site in the folder ``target`` up to date; only what changed is read and written.

    Raises:
        UsageError: something else is in the folder; what makes MathML is not installed.
        LockHeldError: another build is at work in the folder.
        TemplateError: a user's template is wrong.
        StoreError: the folder cannot be written.
    """
    _require_foreign(archive, target)
    open_folder(target)  # like all that may be refused, before anything is made in it
    require_mathml()
    with hold_lock(target / LOCK):
        folder, report = open_folder(target), Report()
        products = site_products(archive, folder, report, track)
        removed = write_site(folder, products, report, track)
    if report.written and archive.config.git.commit and target == archive.config.site_folder:
        report.remarks += _hints(archive)
    files = len(folder.pages) + sum(map(len, folder.parts.values()))
    return Built(target, files, tuple(removed), report)


def _hints(archive: Archive) -> Iterator[str]:
    """Say how an archive of before keeps the pages out of its commits; digest itself commits none."""
    place = archive.config.folder / ".gitignore"
    with suppress(OSError, UnicodeDecodeError):
        lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
        if not {"/site/", "/site", "site/", "site"} & set(lines):
            yield f"{place} does not name /site/: add that line, so that `git add .` takes no pages"


def _require_foreign(archive: Archive, target: Path) -> None:
    """Refuse what is no folder, and a folder in which the archive keeps something else, or which it lies in.

    Raises:
        UsageError: it is one.
    """
    config, place = archive.config, target.resolve()
    if (target.exists() and not target.is_dir()) or (target.is_symlink() and not target.exists()):
        raise UsageError(f"{target}: expected a folder, or a place for one, found something else")
    around = [config.folder, config.output, *filter(None, (config.raw, config.records))]
    digests = [config.digest_path(name, archive.now.date()) for name in config.arxiv.categories]
    shown = [view.digest_path(archive.now.date()) for view in config.views]
    # Where a digest lies in folders, all of the first of them is the archive's.
    own = [config.output / Path(path).parts[0] for path in (*digests, *shown) if len(Path(path).parts) > 1]
    own += [*around[2:], config.folder / "schedule", *(one for one in (place, *place.parents) if one.name == ".git")]
    is_inside = any(place.is_relative_to(folder.resolve()) for folder in own)
    if is_inside or any(folder.resolve().is_relative_to(place) for folder in around):
        raise UsageError(f"{target}: expected a folder of the site's own, found one of the archive's")
