"""Values → texts: digests, indexes, day records. Pure; the only importer of jinja2."""

from digest.config.paths import year_index_path
from digest.render.digest import UNKNOWN, DigestTemplate
from digest.render.index import merge_into, year_index, years_of
from digest.render.readme import NewestHits, root_index

__all__ = [
    "UNKNOWN",
    "DigestTemplate",
    "NewestHits",
    "merge_into",
    "root_index",
    "year_index",
    "year_index_path",
    "years_of",
]
