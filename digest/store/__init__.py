"""The store: days, and what is noted besides. The only importer of sqlalchemy.

``whole`` is all of it, ``light`` the little that most commands ask of it: without SQLAlchemy, which takes ten times as
long to load.
"""
