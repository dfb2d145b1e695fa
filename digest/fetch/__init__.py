"""The polite client, and which address serves which day. The only importer of requests."""

from digest.fetch.addresses import SHOW_VALUES, catchup_url, listing_url
from digest.fetch.client import Client, Machine, Memory, new_session

__all__ = ["SHOW_VALUES", "Client", "Machine", "Memory", "catchup_url", "listing_url", "new_session"]
