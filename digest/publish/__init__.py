"""Channels: who is told of what. The only importer of apprise, in a module of its own: most commands tell nothing."""

from digest.publish.addresses import read_addresses

__all__ = ["read_addresses"]
