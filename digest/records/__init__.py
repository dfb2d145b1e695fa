"""The committed text that outlives the database: each format is written and read in one module (docs/RECORDS.md). Pure.

What is read was brought by git or by a person, so it is held to the same rules as a page: what breaks them is damage.
"""
