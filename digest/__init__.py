"""The arXiv daily digest that never loses a day.

A fetcher pulls an arXiv listing (``fetch``), a parser normalises its entries into numbered records
(``parse``), a SQLite store keeps them by date (``store``), and a Jinja renderer emits the markdown
digest (``render``). ``jobs`` puts these steps in order; ``cli`` is the door.
"""

__version__ = "0.1.0"
