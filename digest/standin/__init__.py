"""A stand-in for arXiv: invented announcements, served over real HTTP on the loopback interface.

``digest demo`` shows the whole program with it, and the tests break it in all the ways in which arXiv
and the network between break. Nothing here is arXiv's text: every title, name and address is made up.
"""

from digest.standin import faults
from digest.standin.announcements import Announcement, InventedPaper, invent
from digest.standin.replies import Fault, Reply, Request
from digest.standin.server import StandIn

__all__ = [
    "Announcement",
    "Fault",
    "InventedPaper",
    "Reply",
    "Request",
    "StandIn",
    "faults",
    "invent",
]
