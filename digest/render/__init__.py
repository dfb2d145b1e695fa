"""Values → texts: digests, indexes, exports. Pure; the only importer of jinja2.

Nothing is imported here: whoever only looks for the markers of a README does not load what renders a digest.
"""
