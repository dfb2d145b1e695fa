"""Values → texts: digests, indexes, exports. Pure; the only importer of jinja2."""
