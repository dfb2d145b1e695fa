"""The user's crontab, as cron has it."""

import os
import subprocess

_LIMIT = 10.0  # seconds


def read_crontab() -> str:
    """Return the text of the user's crontab; "" if there is none, or no cron."""
    try:
        done = subprocess.run(
            ["crontab", "-l"],  # noqa: S607 - the system's own, wherever it is
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else os.fsdecode(done.stdout)
