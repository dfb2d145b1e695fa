"""The arXiv daily digest that never loses a day.

A fetcher pulls an arXiv listing (``fetch``), a parser normalises its entries into numbered records
(``parse``), a SQLite store keeps them by date (``store``), and a Jinja renderer emits the markdown
digest (``render``). ``jobs`` puts these steps in order; ``cli`` is the door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__version__ = "0.1.0"


def package_file(name: str) -> Path:
    """Return the file or folder ``name`` inside the installed package, or at the top of a checkout.

    Raises:
        FileNotFoundError: the installation is damaged.
    """
    from pathlib import Path  # noqa: PLC0415 - whoever asks for the version alone does not wait for it

    package = Path(__file__).parent
    # In a checkout, people look for them at the top; a wheel carries them inside (pyproject.toml, force-include).
    for place in (package / name, package.parent / name):
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is missing from the installed package; install digest again")
