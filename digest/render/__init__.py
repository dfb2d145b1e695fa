"""Values → texts: digests, indexes, day records. Pure; the only importer of jinja2."""

from digest.render.digest import DigestTemplate
from digest.render.index import merge_into, root_index, year_index, year_index_path, years_of
from digest.render.ledger import LEDGER_PATH, render_ledger
from digest.render.record import is_record_path, record_path, render_record

__all__ = [
    "LEDGER_PATH",
    "DigestTemplate",
    "is_record_path",
    "merge_into",
    "record_path",
    "render_ledger",
    "render_record",
    "root_index",
    "year_index",
    "year_index_path",
    "years_of",
]
