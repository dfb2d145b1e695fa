"""The files that an archive has of days beside their digests: in other formats, and of views."""

from collections.abc import Iterator
from datetime import date

from digest.archive.annotated import inputs_of
from digest.archive.archive import Archive
from digest.archive.products import Kind, Product, ReadDay, day_reader, sha256, views, views_of
from digest.archive.report import Report
from digest.config.paths import LLMS
from digest.model import DaySummary

# What renders formats is imported where some are configured: most archives have none.


def formats(archive: Archive, when: date | None = None) -> Iterator[Product]:
    """Yield the files of formats of every stored day (``when``: of that date), and what tells programs of them."""
    if not (wanted := archive.config.digest.formats):
        return
    from digest.render.formats import llms_text  # noqa: PLC0415 - see above

    read, known = day_reader(archive), archive.snapshot
    for category in known.categories:
        days = {day.date: day for day in known.days_of(category) if when in (None, day.date)}
        paths = {form: archive.config.format_paths(form, category, days) for form in wanted}
        yield from (_format(archive, day, form, paths[form][at], read) for at, day in days.items() for form in wanted)
    if when is None and known.summaries:
        text = llms_text(archive.config).encode()
        yield Product(Kind.FORMAT, LLMS, LLMS, sha256(text), LLMS, lambda: {LLMS: text})


def _format(archive: Archive, day: DaySummary, form: str, path: str, read: ReadDay) -> Product:
    from digest.render.formats import ANNOTATED, FORMATS, VERSION, told, told_before  # noqa: PLC0415 - see above

    sections, annotated = archive.config.sections, inputs_of(archive, day.date) if form in ANNOTATED else []
    return Product(
        Kind.FORMAT,
        name=f"{day.category} {day.date} {form}",
        path=path,
        inputs_hash=sha256(told(VERSION, form, sections, day.content_hash, *annotated).encode()),
        version=f"{form} {VERSION}",
        make=lambda: {path: FORMATS[form](read(day.category, day.date), sections).encode()},
        hashes_by=lambda _: [sha256(one.encode()) for one in told_before(form, day.content_hash, *annotated)],
        days=(day,),
    )


def further(archive: Archive, report: Report) -> Iterator[Product]:
    """Yield all files that are made of days beside their digests: of formats, of views."""
    yield from formats(archive)
    yield from views(archive, report)


def further_of(archive: Archive, when: date, report: Report) -> Iterator[Product]:
    """Yield those of a date."""
    yield from formats(archive, when)
    yield from views_of(archive, when, report)
