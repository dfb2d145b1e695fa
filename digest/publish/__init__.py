"""git, channels: what leaves this machine. The only importer of subprocess.

What starts other programs, or asks the network, stands in modules of its own (``publish.git``, ``publish.schedule``):
most commands need neither.
"""

from digest.publish.addresses import read_addresses

__all__ = ["read_addresses"]
