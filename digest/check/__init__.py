"""Whether the archive holds: the database, the kept pages, the records and all files against one another.

::

    database ─┬─ rows of a day ── record ── digest ── indexes
              ├─ state.json
              └─ kept pages

Nothing is asked of arXiv. A check only looks; a repair makes each part again from those that are whole.
"""

from digest.check.backup import Backup, back_up
from digest.check.database import broken_database, has_database, lost_database, may_be_read, mend_database
from digest.check.findings import Finding, Kind, Part, Verified, difference
from digest.check.repair import repair
from digest.check.whole import verify

__all__ = [
    "Backup",
    "Finding",
    "Kind",
    "Part",
    "Verified",
    "back_up",
    "broken_database",
    "difference",
    "has_database",
    "lost_database",
    "may_be_read",
    "mend_database",
    "repair",
    "verify",
]
