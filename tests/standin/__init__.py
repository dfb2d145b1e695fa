"""The stand-in for arXiv that tests ask: all its pages and feeds, over real HTTP, and all the ways in which it fails.

The papers, their entries and the server are those of ``digest demo`` (``digest/standin``).
"""

from digest.standin.announcements import InventedPaper, Mailing, invent
from tests.standin import faults
from tests.standin.server import StandIn
from tests.standin.site import Fault, Reply, Request

__all__ = [
    "Fault",
    "InventedPaper",
    "Mailing",
    "Reply",
    "Request",
    "StandIn",
    "faults",
    "invent",
]
