"""The polite client, and which address serves which day. The only importer of requests."""

from digest.fetch.client import Client, Machine, Memory, new_session
from digest.fetch.documents import FEEDS, PAGES, Kind, atom_url, catchup_url, listing_url, recent_url, rss_url

__all__ = [
    "FEEDS",
    "PAGES",
    "Client",
    "Kind",
    "Machine",
    "Memory",
    "atom_url",
    "catchup_url",
    "listing_url",
    "new_session",
    "recent_url",
    "rss_url",
]
