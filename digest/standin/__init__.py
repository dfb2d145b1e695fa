"""A stand-in for arXiv: invented announcements, served over real HTTP on the loopback interface.

``digest demo`` shows the whole program with it; ``tests/standin`` makes of the same papers an arXiv that has all
that digest asks for, and that fails in all ways that are known. Nothing here is arXiv's text: every title, name and
address is made up.
"""

from digest.standin.announcements import InventedPaper, Mailing, invent
from digest.standin.server import StandIn

__all__ = ["InventedPaper", "Mailing", "StandIn", "invent"]
