"""Values → texts: digests, indexes, day records. Pure; the only importer of jinja2."""

from digest.config import LEDGER_PATH, is_record_path, record_path, year_index_path
from digest.render.digest import UNKNOWN, DigestTemplate
from digest.render.index import merge_into, year_index, years_of
from digest.render.ledger import render_ledger
from digest.render.readme import NewestHits, root_index
from digest.render.record import render_record

__all__ = [
    "LEDGER_PATH",
    "UNKNOWN",
    "DigestTemplate",
    "NewestHits",
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
