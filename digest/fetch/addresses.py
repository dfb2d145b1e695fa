"""Which of arXiv's addresses serves what."""

from datetime import date


def listing_url(base: str, category: str, *, skip: int = 0, show: int = 0) -> str:
    """Return the address of the newest listing of ``category``.

    The first page is asked for plainly: its size is arXiv's default, 2000 entries.
    """
    query = f"?skip={skip}&show={show}" if skip else ""
    return f"{base}/list/{category}/new{query}"


def catchup_url(base: str, category: str, day: date, *, page: int = 1) -> str:
    """Return the address of a past listing; arXiv keeps 91 days and accepts no other parameters."""
    return f"{base}/catchup/{category}/{day}?abs=True&page={page}"


def recent_url(base: str, category: str) -> str:
    """Return the address of the page that counts the entries of the newest listing dates, with few of them on it."""
    return f"{base}/list/{category}/recent?skip=0&show=25"


def rss_url(base: str, category: str) -> str:
    """Return the address of the newest mailing of ``category`` as RSS; ``base`` is the feeds' own host."""
    return f"{base}/rss/{category}"


def atom_url(base: str, category: str) -> str:
    """Return the address of the newest mailing of ``category`` as Atom; ``base`` is the feeds' own host."""
    return f"{base}/atom/{category}"
