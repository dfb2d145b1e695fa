"""Announcements → the formats that other programs read, piece by piece (docs/EXPORTS.md).

Every function takes any number of announcements, holds one of them at a time (and the ids that it has shown,
where a paper stands once), and yields text. The same announcements give the same text.
"""

from digest.render.exports.bibtex import bibtex
from digest.render.exports.feeds import atom_feed, json_feed
from digest.render.exports.ris import ris
from digest.render.exports.rows import csv_rows, json_array, json_lines

RECORDS = {
    "json": json_array,
    "jsonl": json_lines,
    "csv": csv_rows,
    "bibtex": bibtex,
    "ris": ris,
}
"""The formats for programs and bibliographies; they take the oldest announcement first, and why a view shows it."""

FEEDS = {"atom": atom_feed, "jsonfeed": json_feed}
"""The formats for feed readers; they take the newest announcement first."""
