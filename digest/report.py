"""The state of an archive in words: a table for people, JSON for machines."""

import io
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from digest.decide import in_short
from digest.jobs import CategoryStatus
from digest.model import DaySummary, RunSummary, Section

_DAYS = 10


def status_json(found: Sequence[CategoryStatus], runs: Sequence[RunSummary]) -> str:
    """Return all stored days, the missing dates and the last runs as JSON."""
    data = {
        "categories": {item.category: _category(item) for item in found},
        "runs": [_run(run) for run in runs],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _category(item: CategoryStatus) -> dict[str, Any]:
    return {
        "days": [_day(day) for day in item.days],
        "missing": [day.isoformat() for day in item.missing],
        "overdue": [day.isoformat() for day in item.overdue],
    }


def _day(day: DaySummary) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "state": day.state.value,
        "source": day.source.value,
        "stored": {section.value: day.counts[section] for section in Section},
        "declared": {section.value: day.declared.get(section, 0) for section in Section},
    }


def _run(run: RunSummary) -> dict[str, Any]:
    return {
        "command": run.command,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "exit": run.exit_code,
        "requests": run.requests,
    }


def status_table(found: Sequence[CategoryStatus], runs: Sequence[RunSummary]) -> str:
    """Return each category's newest days and missing dates, and the last runs, as text for a terminal."""
    out = io.StringIO()
    console = Console(file=out, width=shutil.get_terminal_size((100, 24)).columns, highlight=False)
    for item in found:
        console.print(f"{item.category}: {_in_words(item)}", soft_wrap=True)
        if item.days:
            console.print(_days_table(item.days[-_DAYS:]))
        if item.missing:
            console.print(f"missing: {in_short(item.missing)}", soft_wrap=True)
    if runs:
        console.print(_runs_table(runs))
    return out.getvalue().rstrip("\n")


def _in_words(item: CategoryStatus) -> str:
    if not item.days:
        return "nothing stored yet"
    states = Counter(day.state.value for day in item.days)
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    missing = f"{len(item.missing)} missing ({len(item.overdue)} overdue)" if item.missing else "none missing"
    return f"{item.days[0].date} to {item.days[-1].date}: {counted}; {missing}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="", show_edge=False)
    for column in columns:
        table.add_column(column.strip(), justify="right" if column.startswith(" ") else "left")
    return table


def _days_table(days: Sequence[DaySummary]) -> Table:
    table = _table("date", "state", " new", " cross-lists", " replacements", "source")
    for day in reversed(days):
        counts = [f"{day.counts[section]}/{day.declared.get(section, 0)}" for section in Section]
        table.add_row(str(day.date), day.state.value, *counts, day.source.value)
    return table


def _runs_table(runs: Sequence[RunSummary]) -> Table:
    table = _table("run", "started (UTC)", " seconds", " requests", "exit")
    for run in runs:
        seconds = f"{(run.finished_at - run.started_at).total_seconds():.1f}" if run.finished_at else ""
        ended = "unfinished" if run.exit_code is None else str(run.exit_code)
        table.add_row(run.command, f"{run.started_at:%Y-%m-%d %H:%M}", seconds, str(run.requests), ended)
    return table
