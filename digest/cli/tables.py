"""The state of an archive in words: a table for people, JSON for machines."""

import io
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from digest.archive.report import day_fields
from digest.archive.snapshot import CategoryStatus
from digest.calendar import Calendar, expected_at, today
from digest.decide import counted, in_reach_until, in_short
from digest.errors import how_many
from digest.model import DaySummary, RunSummary, Section, State

_DAYS = 10
_ID_SHOWN = 8


@dataclass(frozen=True)
class ArchiveStatus:
    """All that a status tells, as of ``now``."""

    categories: Sequence[CategoryStatus]
    runs: Sequence[RunSummary]
    calendar: Calendar
    now: datetime

    @property
    def guess(self) -> str | None:
        """What the calendar does not know, in words; None if it knows all that is needed."""
        if not self.calendar.is_guess(self.calendar.newest_expected(self.now)):
            return None
        return (
            f"the calendar is guessing: arXiv's deferrals are known from {self.calendar.first_year} to "
            f"{self.calendar.last_year} only; upgrade digest, or add later ones to [calendar] deferred"
        )


def status_data(status: ArchiveStatus) -> dict[str, object]:
    """Return all stored days, the missing and lost dates and the last runs as machines read them."""
    newest = status.calendar.newest_expected(status.now)
    return {
        "now": status.now.isoformat(),
        "calendar": {
            "newest_expected": newest.isoformat(),
            "expected_at": expected_at(newest).isoformat(),
            "known_until": status.calendar.last_year,
            "guess": status.calendar.is_guess(newest),
            "corrections": {day.isoformat(): has for day, has in status.calendar.surprises.items()},
        },
        "categories": {item.category: _category(item, status.now) for item in status.categories},
        "runs": [_run(run) for run in status.runs],
    }


def _category(item: CategoryStatus, now: datetime) -> dict[str, Any]:
    return {
        "days": [day_fields(day) | _acceptance(item, day.date) for day in item.days],
        "missing": [_missing(day, now) for day in item.missing],
        "lost": [{"date": day.isoformat()} | _acceptance(item, day) for day in item.lost],
        "overdue": [day.isoformat() for day in item.overdue],
        "provisional": [_missing(day, now) for day in item.provable],
        "provisional_for_good": [day.isoformat() for day in item.stuck],
        "counts": counts(item),
    }


def counts(item: CategoryStatus) -> dict[str, int]:
    """Return how many dates are in each state, those that are missing and lost included."""
    states = Counter(day.state.value for day in item.days)
    return {state.value: states[state.value] for state in State} | {
        "missing": len(item.missing),
        "lost": len(item.lost),
    }


def _missing(day: date, now: datetime) -> dict[str, Any]:
    until = in_reach_until(day)
    return {"date": day.isoformat(), "served_until": until.isoformat(), "days_left": (until - today(now)).days}


def _acceptance(item: CategoryStatus, day: date) -> dict[str, Any]:
    decision = item.accepted.get(day)
    if decision is None:
        return {"accepted": None}
    return {"accepted": {"at": decision.decided_at.isoformat(), "note": decision.note}}


def _run(run: RunSummary) -> dict[str, Any]:
    return {
        "run_id": run.run_id or None,
        "command": run.command,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": _seconds(run),
        "exit": run.exit_code,
        "requests": run.requests,
    }


def _seconds(run: RunSummary) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def status_table(status: ArchiveStatus) -> str:
    """Return each category's newest days, missing and lost dates, and the last runs, as text for a terminal."""
    out = io.StringIO()
    console = Console(file=out, width=shutil.get_terminal_size((100, 24)).columns, highlight=False, markup=False)
    for item in status.categories:
        console.print(f"{item.category}: {_in_words(item)}", soft_wrap=True)
        if item.days:
            console.print(_days_table(item))
        for line in _gaps(item, status.now):
            console.print(line, soft_wrap=True)
    if status.runs:
        console.print(_runs_table(status.runs))
    if status.guess:
        console.print(status.guess, soft_wrap=True)
    return out.getvalue().rstrip("\n")


def _in_words(item: CategoryStatus) -> str:
    if not item.days:
        return "nothing stored yet" + (f"; {len(item.missing) + len(item.lost)} missing" if item.overdue else "")
    found = counts(item)
    counted = ", ".join(f"{number} {state}" for state, number in found.items() if number and state not in _GAPS)
    missing = f"{found['missing']} missing" if found["missing"] else "none missing"
    lost = f", {found['lost']} lost" if found["lost"] else ""
    overdue = f" ({len(item.overdue)} overdue)" if item.overdue else ""
    return f"{item.days[0].date} to {item.days[-1].date}: {counted}; {missing}{lost}{overdue}"


_GAPS = ("missing", "lost")


def _gaps(item: CategoryStatus, now: datetime) -> Iterator[str]:
    """Yield what is missing, what is lost, what nothing but a person can settle."""
    if item.missing:
        soonest = item.missing[0]
        left = (in_reach_until(soonest) - today(now)).days
        days = {0: "until tonight", 1: "until tomorrow"}.get(left, f"for another {left} days")
        yield f"missing: {in_short(item.missing)}"
        yield f"  arXiv serves {soonest} {days}: `digest fetch --missing`"
    yield from _unproven(item)
    yield from _short(item)
    given_up = [day for day in item.lost if day in item.accepted]
    open_ends = [day for day in item.lost if day not in item.accepted]
    if open_ends:
        yield f"lost: {in_short(open_ends)}"
        yield "  arXiv's catchup pages no longer have them: take in saved pages with `digest import`,"
        yield f"  settle them with `digest accept {_span(open_ends)}`, or let [store] start be later"
    for day in sorted(given_up, reverse=True)[:_DAYS]:
        decision = item.accepted[day]
        yield f"lost: {day}, accepted on {decision.decided_at:%Y-%m-%d}" + (
            f": {decision.note}" if decision.note else ""
        )


def _short(item: CategoryStatus) -> Iterator[str]:
    """Yield which days arXiv counts more entries of than it lists."""
    short = [day for day in item.days if day.shortage]
    if short:
        entries = sum(day.shortage for day in short)
        more = how_many(entries, "entry", "entries")
        yield f"short for good: {in_short([day.date for day in short])}"
        yield f"  arXiv counts {more} there that it lists nowhere; nothing is missing"


def _unproven(item: CategoryStatus) -> Iterator[str]:
    """Yield which days are provisional, and until when arXiv can still prove them."""
    if item.provable:
        first = item.provable[0]
        yield f"provisional: {in_short(item.provable)}"
        yield f"  arXiv can prove {first} until {in_reach_until(first)}: each `digest run` asks for it"
    if item.stuck:
        yield f"provisional for good: {in_short(item.stuck)}"
        yield f"  arXiv can prove no more; settle it with `digest accept {_span(item.stuck)}`"


def _span(dates: Sequence[date]) -> str:
    return str(dates[0]) if len(dates) == 1 else f"{dates[0]}..{dates[-1]}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="", show_edge=False)
    for column in columns:
        table.add_column(column.strip(), justify="right" if column.startswith(" ") else "left")
    return table


def _days_table(item: CategoryStatus) -> Table:
    """Return the newest listing dates, those that are not here among them."""
    table = _table("date", "state", " new", " cross-lists", " replacements", "source")
    rows = {day.date: _stored_row(day) for day in item.days[-_DAYS:]}
    first = min(rows)
    rows |= {when: (state, "", "", "", "") for state, dates in _absent(item) for when in dates if when >= first}
    for when in sorted(rows, reverse=True)[:_DAYS]:
        table.add_row(str(when), *rows[when])
    return table


def _absent(item: CategoryStatus) -> tuple[tuple[str, Sequence[date]], ...]:
    return ("missing", item.missing), ("lost", item.lost)


def _stored_row(day: DaySummary) -> tuple[str, ...]:
    return (day.state.value, *(counted(day, section) for section in Section), day.source.value)


def _runs_table(runs: Sequence[RunSummary]) -> Table:
    table = _table("run", "id", "started (UTC)", " seconds", " requests", "exit")
    for run in runs:
        seconds = _seconds(run)
        took = "" if seconds is None else f"{seconds:.1f}"
        ended = "unfinished" if run.exit_code is None else str(run.exit_code)
        began = f"{run.started_at:%Y-%m-%d %H:%M}"
        table.add_row(run.command, run.run_id[:_ID_SHOWN], began, took, str(run.requests), ended)
    return table
