"""The order of the steps of each job, and nothing else.

::

    lock → fetch → RawPage ─file─→ parse → Listing → decide → one transaction → Day → render → atomic files
                   (kept before           (complete           (or a reason
                    anything else)         or refused)         why not)

Every step can be repeated, so recovery from any crash is: run again.
"""

from digest.archive.status import CategoryStatus, status
from digest.jobs.accepting import Acceptance, accept, undo
from digest.jobs.committing import commit
from digest.jobs.files import Selection, outdated_by_template, plan_regenerate, rebuild, regenerate
from digest.jobs.healing import fetch_missing, plan_missing
from digest.jobs.nightly import plan_run, run
from digest.jobs.past import fetch, plan_fetch
from digest.jobs.proving import Chosen
from digest.jobs.replay import replay
from digest.jobs.replayed import SHOWN, Replay
from digest.jobs.saved import import_pages, require_there
from digest.jobs.steps import load_records

__all__ = [
    "SHOWN",
    "Acceptance",
    "CategoryStatus",
    "Chosen",
    "Replay",
    "Selection",
    "accept",
    "commit",
    "fetch",
    "fetch_missing",
    "import_pages",
    "load_records",
    "outdated_by_template",
    "plan_fetch",
    "plan_missing",
    "plan_regenerate",
    "plan_run",
    "rebuild",
    "regenerate",
    "replay",
    "require_there",
    "run",
    "status",
    "undo",
]
